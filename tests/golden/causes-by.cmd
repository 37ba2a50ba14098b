mailmortem causes -q -n 5 --by receiver test-corpus/exim-c/logs
mailmortem causes -q -n 5 --by template test-corpus/exim-c/logs
mailmortem causes -q -n 3 --by hour test-corpus/exim-c/logs
mailmortem causes -q -n 3 --by sender test-corpus/exim-c/logs
mailmortem causes -q --by lunch test-corpus/exim-c/logs
