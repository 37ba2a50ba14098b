mailmortem queue -q test-corpus/postfix-throttle-and-pause/spool
