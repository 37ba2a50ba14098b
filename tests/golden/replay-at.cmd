mailmortem replay --at yesterday test-corpus/postfix-throttle-and-pause/logs
