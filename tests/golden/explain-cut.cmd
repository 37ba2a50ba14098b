echo 'Nov 22 05:34:08 mail postfix/smtp[3463]: 4jXHnD215qzBQ: to=<desk@smallbiz.exampl' | mailmortem explain - --tz=+01:00 | sed 's/20[0-9][0-9]/YYYY/g'
