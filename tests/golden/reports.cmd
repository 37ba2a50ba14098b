mailmortem export reports -q test-corpus/dsn/bounces.mbox --format text | cut -c 1-400 && mailmortem export ledger -q test-corpus/dsn/bounces.mbox --csv | cut -d, -f1,4
