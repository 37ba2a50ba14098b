mailmortem export duplicates -q test-corpus/timeline/duplicates.log
