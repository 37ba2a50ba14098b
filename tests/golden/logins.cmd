mailmortem ingest -q -c {}/c.mm test-corpus/timeline/logins.log && sqlite3 {}/c.mm 'SELECT queue_id, message_id, sasl_user FROM v_message'
