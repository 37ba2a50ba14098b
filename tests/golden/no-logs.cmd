mkdir {}/f && echo hello >{}/f/readme && mailmortem ingest -c {}/c.mm {}/f
