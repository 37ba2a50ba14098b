: >{}/empty && mailmortem summary {}/empty
