mailmortem causes -q -n 6 test-corpus/exim-c/logs
