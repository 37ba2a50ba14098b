"""sink.py - the receiver of the rig: SMTP and LMTP, and a record of what it
accepted and refused, of whom, when, with which words.

What it does is told by the local part of the recipient, up to the first `+`:
see RCPT and END. Other local parts are accepted.
"""
import re
import smtplib
import socket
import ssl
import threading
import time

PLAIN = ["PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES"]
FULL = PLAIN + ["CHUNKING", "SMTPUTF8", "DSN"]

# Answers to RCPT; a pair: the first time, and later.
RCPT = {
    "temp": "450 4.2.0 Mailbox busy, try again later",
    "perm": "550 5.1.1 No such user here",
    "full": "552 5.2.2 Mailbox full (quota 10 MB), <see> \"help\"",
    "many": "550-5.7.1 Message refused,\r\n550-5.7.1 see the list; (code=7)\r\n"
            "550 5.7.1 https://sink.example/why?to=<you>",
    "once": ("451 4.7.1 Greylisted, come back in 3 seconds", None),
}
# Answers to DATA, or to the first chunk.
DATA = {
    "nodata": "554 5.7.1 No such mail, please",
    "laterdata": "451 4.7.1 Not now",
}
# Answers to MAIL, by the sender's case.
MAIL = {
    "nomail": "550 5.1.8 Sender refused",
    "latermail": "451 4.1.8 Cannot check the sender now",
}
# Hosts of few words (dns.SHORT): their greeting, and what EHLO gets.
SHORT = {
    "banner5": ("554 5.7.1 192.0.2.1 is not welcome", ""),
    "banner4": ("421 4.3.2 Too busy, come back later", ""),
    "closer": ("", ""),
    "nohelo": ("220 mx.nohelo.example ESMTP", "550 5.7.1 Who are you?"),
    "mute": (None, None),
}
# Answers to the end of data; "" closes without one.
END = {
    "endtemp": "451 4.3.0 Cannot store it now",
    "endperm": "554 5.7.1 Message looks like spam",
    "drop": ("", None),
    "slow": None,
}


class Record:
    """What the sink saw: a row for each recipient and answer."""

    def __init__(self):
        self.rows, self.seen, self.lock = [], {}, threading.Lock()

    def add(self, **row):
        with self.lock:
            self.rows.append({"t": round(time.time(), 6), **row})

    def reply(self, table, recipient, default):
        answer = table.get(recipient.split("@")[0].split("+")[0].lower())
        if isinstance(answer, tuple):
            with self.lock:
                n = self.seen.get((id(table), recipient), 0)
                self.seen[id(table), recipient] = n + 1
            answer = answer[min(n, len(answer) - 1)]
        return default if answer is None else answer


class Session:
    def __init__(self, peer, record, words, lmtp, tls, back):
        self.peer, self.record, self.lmtp, self.tls = peer, record, lmtp, tls
        self.back = back    # a filter: hands on what it gets to this port
        self.words = list(words) + (["STARTTLS"] if tls else [])
        self.file = peer.makefile("rb")
        self.reset()

    def reset(self):
        self.sender, self.rcpts, self.data, self.notify = None, [], b"", {}

    def say(self, text):
        self.peer.sendall(text.encode("utf-8") + b"\r\n")

    def run(self):
        self.say("220 mx.sink.example ESMTP rig")
        while True:
            line = self.file.readline()
            if not line:
                return
            text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
            verb = text.split(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            method = getattr(self, "do_" + verb.lower(), None)
            if method is None:
                self.say("502 5.5.2 Unknown command")
            elif method(text) is False:
                return

    def hello(self, text):
        lines = ["mx.sink.example"] + self.words
        self.say("\r\n".join("250%s%s" % ("-" if x < len(lines) - 1 else " ", l)
                             for x, l in enumerate(lines)))
    do_ehlo = do_lhlo = hello

    def do_helo(self, text):
        self.say("250 mx.sink.example")

    def do_starttls(self, text):
        self.say("220 2.0.0 Go ahead")
        self.peer = self.tls.wrap_socket(self.peer, server_side=True)
        self.file = self.peer.makefile("rb")
        self.words.remove("STARTTLS")

    def do_rset(self, text):
        self.reset()
        self.say("250 2.0.0 Ok")

    def do_noop(self, text):
        self.say("250 2.0.0 Ok")

    def do_mail(self, text):
        self.reset()
        self.sender = re.search("<(.*?)>", text).group(1)
        case = self.sender.split("@")[0].partition("+from-")[2]
        self.say(MAIL.get(case, "250 2.1.0 Ok"))
        if case in MAIL:
            self.sender = None

    def do_rcpt(self, text):
        rcpt = re.search("<(.*?)>", text).group(1)
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
            return None
        if rcpt.startswith("hangup"):
            self.tell(rcpt, "", "rcpt")
            return False
        answer = self.record.reply(RCPT, rcpt, "250 2.1.5 Ok")
        if answer[0] == "2":
            self.rcpts.append(rcpt)
        else:
            self.tell(rcpt, answer, "rcpt")
        self.say(answer)
        return None

    def tell(self, rcpt, answer, stage):
        found = re.search(rb"^message-id:\s*<(.*?)>", self.data,
                          re.I | re.M)
        self.record.add(
            sender=self.sender, recipient=rcpt, stage=stage,
            code=int(answer[:3]) if answer else None, text=answer,
            message_id=found and found.group(1).decode("utf-8", "replace"),
            lmtp=self.lmtp, original=self.data.decode("utf-8", "replace"))

    def may_send(self):
        for rcpt in self.rcpts:
            answer = self.record.reply(DATA, rcpt, None)
            if answer:
                for each in self.rcpts:
                    self.tell(each, answer, "data")
                self.say(answer)
                self.reset()
                return False
        if not self.rcpts:
            self.say("554 5.5.1 No valid recipients")
        return bool(self.rcpts)

    def do_data(self, text):
        if not self.may_send():
            return None
        self.say("354 Go ahead")
        while True:
            line = self.file.readline()
            if not line:
                return False
            if line == b".\r\n":
                return self.finish()
            self.data += line[1:] if line.startswith(b"..") else line

    def do_bdat(self, text):
        words = text.upper().split()
        self.data += self.file.read(int(words[1]))
        if not self.may_send():
            return None
        if "LAST" not in words[2:]:
            self.say("250 2.0.0 Ok")
            return None
        return self.finish()

    def hand_back(self):
        if any(r.startswith("scan-no") for r in self.rcpts):
            return self.say("554 5.7.0 Reject, id=1 - spam")
        with smtplib.SMTP("127.0.0.1", self.back) as s:
            s.ehlo("scan.rig.example")
            s.mail(self.sender)
            for rcpt in self.rcpts:
                s.rcpt(rcpt)
            code, words = s.data(self.data)
        return self.say("%d 2.0.0 from MTA(smtp:[127.0.0.1]:%d): %d %s" % (
            code, self.back, code, words.decode()))

    def finish(self):
        if self.back:
            self.hand_back()
            self.reset()
            return None
        answers = [self.record.reply(END, r, "250 2.0.0 Ok: kept as %d"
                                     % len(self.record.rows))
                   for r in self.rcpts]
        if any(r.startswith("slow") for r in self.rcpts):
            time.sleep(3)
        if not self.lmtp:
            # One answer for all; the worst of them.
            worst = min(answers, key=lambda a: (a != "", -int(a[:3] or 0)))
            answers = [worst] * len(answers)
        for rcpt, answer in zip(self.rcpts, answers):
            # Who closes without an answer has kept the mail.
            self.tell(rcpt, answer, "end")
        if "" in answers:
            return False
        for answer in answers if self.lmtp else answers[:1]:
            self.say(answer)
        self.reset()
        return None


def serve(address, port, record, words, lmtp=False, tls=None, back=None):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen(50)

    def handle(peer):
        with peer:
            peer.settimeout(60)
            try:
                Session(peer, record, words, lmtp, tls, back).run()
            except (OSError, ValueError, ssl.SSLError):
                pass    # the client went away

    def loop():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=handle, args=(peer,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def serve_short(address, greeting, hello):
    """One that says no more than that."""
    server = socket.socket()
    server.bind((address, 25))
    server.listen(50)

    def handle(peer):
        with peer:
            peer.settimeout(60)
            try:
                while greeting is None:
                    if not peer.recv(1000):
                        return
                if greeting:
                    peer.sendall(greeting.encode() + b"\r\n")
                while hello and b"QUIT" not in (peer.recv(1000) or b"QUIT"):
                    peer.sendall(hello.encode() + b"\r\n")
            except OSError:
                pass    # the client went away

    def loop():
        while True:
            peer, _ = server.accept()
            threading.Thread(target=handle, args=(peer,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()
