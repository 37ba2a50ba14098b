cd {} && grep '^line = ' $OLDPWD/test-corpus/own-formats/james.ini | sed 's/^line = //' >james.log && cp $OLDPWD/test-corpus/own-formats/james.ini .
mailmortem ingest -q -c case.mm --log-format james.ini james.log && mailmortem trace kyle@example.org -c case.mm
echo 'Nov  4 09:29:26 host postfix/qmgr[7]: E362BF1: removed' >mail.log && touch -d 2023-11-05T00:00:00Z mail.log
mailmortem ingest -q -c case.mm mail.log && mailmortem export ledger -c case.mm --csv | cut -d, -f1,9-12
