"""client.py - who sends: SMTP over a raw socket, every answer kept.

`Sender.send` is one mail and one session. What was answered goes into
`Sender.mails`: it is the truth about what the server took on.
"""
import base64
import socket
import ssl
import time

from dns import FRIEND, SERVER


class Gone(Exception):
    pass


class Sender:
    def __init__(self):
        self.mails = []
        self.auth_tls = False   # no login without STARTTLS

    def talk(self, text):
        self.peer.sendall(text.encode("utf-8") + b"\r\n")
        return self.hear()

    def hear(self):
        lines = []
        while True:
            line = self.file.readline().decode("utf-8", "replace")
            if not line:
                raise Gone
            lines.append(line.rstrip())
            if line[3:4] != "-":
                return int(line[:3]), " / ".join(lines)

    def send(self, case, *rcpts, sender=None, ip=FRIEND, port=25, auth=None,
             notify=None, utf8=False, bdat=0, header=(), body="Hello\r\n",
             cut=None, size=None, helo="friend.client.example", mid=None,
             tls=False, early=False, **want):
        """Send one mail to `rcpts`. `auth`: (user, password); `bdat`: the
        number of chunks; `cut`: leave after that verb; `early`: speak before
        the greeting. `want` goes to the comparison (compare.py)."""
        if sender is None:
            sender = "ok+from-%s@sink.example" % case
        mid = mid or "%s@client.example" % case
        mail = {"case": case, "message_id": mid, "sender": sender,
                "t": time.time(), "ip": ip, "rcpts": [], "end": None,
                "user": None, "said": None, "want": want}
        self.mails.append(mail)
        text = ("From: <%s>\r\nTo: <%s>\r\nSubject: case %s\r\n"
                "Message-ID: <%s>\r\nDate: %s\r\n%s\r\n%s" % (
                    sender or "postmaster@client.example", rcpts[0], case, mid,
                    time.strftime("%a, %d %b %Y %H:%M:%S +0000",
                                  time.gmtime()),
                    "".join(h + "\r\n" for h in header), body)).encode()
        self.peer = socket.create_connection((SERVER, port), 60, (ip, 0))
        self.file = self.peer.makefile("rb")
        try:
            if early:
                self.peer.sendall(b"EHLO %s\r\n" % helo.encode())
            self.hear()
            self.talk("EHLO " + helo)
            if tls or (auth and self.auth_tls):
                self.talk("STARTTLS")
                self.peer = ssl._create_unverified_context().wrap_socket(
                    self.peer)
                self.file = self.peer.makefile("rb")
                self.talk("EHLO " + helo)
            self.session(mail, rcpts, text, auth, notify, utf8, bdat, cut,
                         size)
        except (Gone, OSError):
            mail["said"] = mail["said"] or "closed"
        self.peer.close()
        mail["t_end"] = time.time()
        return mail

    def session(self, mail, rcpts, text, auth, notify, utf8, bdat, cut, size):
        if auth:
            plain = base64.b64encode(("\0%s\0%s" % auth).encode()).decode()
            code, mail["said"] = self.talk("AUTH PLAIN " + plain)
            if code != 235:
                self.talk("QUIT")
                return
            mail["user"] = auth[0]
        words = " SMTPUTF8" if utf8 else ""
        words += " BODY=8BITMIME" if utf8 else ""
        words += " SIZE=%d" % size if size else ""
        words += " RET=HDRS ENVID=" + mail["case"] if notify else ""
        code, said = self.talk("MAIL FROM:<%s>%s" % (mail["sender"], words))
        if code != 250:
            mail["said"] = said
            mail["mail"] = code
            self.talk("QUIT")
            return
        for rcpt in rcpts:
            words = " NOTIFY=" + notify if notify else ""
            code, said = self.talk("RCPT TO:<%s>%s" % (rcpt, words))
            mail["rcpts"].append({"recipient": rcpt, "code": code,
                                  "text": said})
        if cut == "RCPT" or not any(r["code"] == 250 for r in mail["rcpts"]):
            if cut is None:
                self.talk("QUIT")
            return
        if bdat:
            step = -(-len(text) // bdat)
            for n in range(bdat):
                part = text[n * step:(n + 1) * step]
                last = " LAST" if n == bdat - 1 else ""
                self.peer.sendall(b"BDAT %d%s\r\n" % (len(part),
                                                      last.encode()) + part)
                code, said = self.hear()
                if cut == "DATA" or code != 250:
                    break
        else:
            code, said = self.talk("DATA")
            self.peer.sendall(text)
            if cut is None:
                code, said = self.talk(".")
        if cut is None:
            mail["end"], mail["said"] = code, said
            self.talk("QUIT")
