mailmortem trace nobody@nowhere.example -q test-corpus/postfix-throttle-and-pause/logs/mail.log
