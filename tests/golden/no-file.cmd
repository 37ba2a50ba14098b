mailmortem ingest -c {}/c.mm {}/none
