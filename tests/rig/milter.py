#!/usr/bin/env python3
"""milter.py: does to a mail what its header X-Rig says. Runs in the root."""
import Milter


class Rig(Milter.Base):
    def __init__(self):
        self.wish = None

    def envfrom(self, sender, *words):
        self.wish = None
        return Milter.CONTINUE

    def envrcpt(self, rcpt, *words):
        if rcpt.startswith("<milter-no"):
            self.setreply("550", "5.7.1", "The milter does not like it")
            return Milter.REJECT
        if rcpt.startswith("<milter-later"):
            self.setreply("451", "4.7.1", "The milter asks for patience")
            return Milter.TEMPFAIL
        return Milter.CONTINUE

    def header(self, name, value):
        if name.lower() == "x-rig":
            self.wish = value.strip()
        return Milter.CONTINUE

    def eom(self):
        if self.wish == "reject":
            self.setreply("550", "5.7.1", "Content, (rejected) by <milter>")
            return Milter.REJECT
        if self.wish == "tempfail":
            return Milter.TEMPFAIL
        if self.wish == "discard":
            return Milter.DISCARD
        if self.wish == "quarantine":
            self.quarantine("looks odd")
        if self.wish == "add":
            self.addrcpt("<ok+added@sink.example>")
            self.addheader("X-Seen", "yes")
        return Milter.ACCEPT


Milter.factory = Rig
Milter.set_flags(Milter.QUARANTINE | Milter.ADDRCPT | Milter.ADDHDRS)
Milter.runmilter("rig", "inet:8892@127.0.0.1", 60)
