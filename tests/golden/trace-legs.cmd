mailmortem trace A1B2C3D4 -q test-corpus/timeline/legs.log --lines
