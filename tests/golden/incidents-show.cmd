mailmortem incidents show 9 -q test-corpus/exim-c/logs | tail -n 6 | cut -c 1-120; mailmortem incidents show 99 -q test-corpus/exim-c/logs
