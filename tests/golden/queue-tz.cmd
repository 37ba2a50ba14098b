printf '%s\n' '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------' 'F223D163       1045 Sun Nov 22 06:37:39  a@corp.example' '(connect to mx.far.example[192.0.2.1]:25: Connection refused)' '                                         b@far.example' '' '-- 1 Kbytes in 1 Request.' > {}/berlin.txt
cp {}/berlin.txt {}/utc.txt; touch -d 2026-11-23 {}/berlin.txt {}/utc.txt
mailmortem export queue -q --tz berlin.txt=Europe/Berlin {}/berlin.txt {}/utc.txt --csv | cut -d, -f5,7,9 | tail -n 2
