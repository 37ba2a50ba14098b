mailmortem trace 4jXHlG40Xnzd -q test-corpus/postfix-throttle-and-pause/logs/mail.log.3.gz
