mailmortem export ledger -q test-corpus/postfix-throttle-and-pause/logs/mail.log -o /dev/full
