for m in postfix exim sendmail opensmtpd; do mailmortem export reports -q test-corpus/spools/$m --csv | tail -n +2 | cut -d, -f1,3,5-7,9,10,12,14; done
