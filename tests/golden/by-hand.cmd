mailmortem export deliveries -q test-corpus/timeline/by-hand/mail.log test-corpus/timeline/by-hand/one test-corpus/timeline/by-hand/two --csv | cut -d, -f4,7,11
