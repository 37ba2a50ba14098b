mailmortem ingest -q -c {}/c.mm --tz UTC test-corpus/filters/before-and-behind.log && sqlite3 {}/c.mm 'SELECT queue_id, tie, text FROM v_verdict'
