mailmortem queue -q test-corpus/postfix-throttle-and-pause --due | head -6; mailmortem queue -q test-corpus/postfix-throttle-and-pause --list --csv | head -3 | cut -d, -f1-4,8-10,12,13
