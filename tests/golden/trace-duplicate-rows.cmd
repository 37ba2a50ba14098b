mailmortem trace a@far.example -q test-corpus/timeline/duplicates.log --json
