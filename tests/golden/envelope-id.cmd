sed -n '15,21p' test-corpus/timeline/opensmtpd.txt > {}/mail.log
mailmortem trace -q 1a2b3c4d00000002 {}/mail.log | head -n 5; mailmortem trace -q 1a2b3c4d00000009 {}/mail.log
mailmortem export incidents -q {}/mail.log | cut -d, -f1-5
