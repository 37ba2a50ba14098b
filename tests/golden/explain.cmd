mailmortem explain test-corpus/postfix-throttle-and-pause/logs/mail.log.2.gz:7449 && mailmortem explain --json test-corpus/exim-c/logs/mainlog.1.gz:299
