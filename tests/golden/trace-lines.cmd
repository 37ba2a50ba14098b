cp -r test-corpus/postfix-throttle-and-pause/logs {}/logs && cd {} && gzip -dc logs/mail.log.2.gz | grep -n 4jXHnD215qzBQ >want
mailmortem trace 4jXHnD215qzBQ logs --alone --lines -q | sed -n 's,^    | logs/mail.log.2.gz:\([0-9]*\): ,\1:,p' | diff want - && wc -l <want
