echo junk >{}/c.mm && mailmortem summary -c {}/c.mm && cat {}/c.mm
