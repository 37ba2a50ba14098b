cp -r test-corpus/exim-c/logs {}/logs && cd {}
mailmortem ingest -q --embed -c case.mm logs && rm -r logs
mailmortem trace 1xV0do-0000Iq-1C -c case.mm --alone --lines -q | grep '^    |' | cut -c 1-90
