mailmortem trace bob@far.example -q test-corpus/timeline/remote-bounce.csv
