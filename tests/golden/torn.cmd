head -c 60000 test-corpus/postfix-throttle-and-pause/logs/mail.log.2.gz >{}/t.gz && mailmortem export ledger -q {}/t.gz --csv
