cp -r test-corpus/exim-c/logs {}/logs && cd {} && tar -cf logs.tar logs
mailmortem ingest -q -c case.mm logs.tar && mkdir new && mv logs.tar new/evidence && mv logs/mainlog.1.gz logs/mainlog.gz
mailmortem trace 1xV0do-0000Iq-1C -c case.mm --alone --lines -q | grep '^    |' | cut -c 1-150
mailmortem trace 1xV0do-0000Iq-1C -c case.mm --alone --lines --evidence new -q | grep '^    |' | cut -c 1-90
mailmortem trace 1xV0do-0000Iq-1C -c case.mm --alone --lines --evidence logs -q | grep '^    |' | cut -c 1-150
