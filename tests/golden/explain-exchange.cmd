mailmortem explain test-corpus/exchange/logs/EX01-MSGTRK20261122-1.LOG:1-7
