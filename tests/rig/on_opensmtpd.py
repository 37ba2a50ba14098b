"""on_opensmtpd.py - Debian's OpenSMTPD with a table of logins, LMTP and its
built-in filters."""

CAN = {"auth", "dsn", "lmtp", "hold", "delete", "alias", "too-many",
       "one-name", "forward"}
FINALS = {
    ("nullmx", "ok+nullmx"): "expired",     # asks again
    # mail.lmtp tells every refusal as one for now.
    ("lmtp", "perm+lmtp"): "expired",
    ("lmtp", "endperm+lmtp"): "expired",
}
# Causes that differ from what was meant, for what the MTA says.
CAUSES = {}
BY_PROGRAM = ("@lmtp.example",)
UNLOGGED = {
    ("bigger", "alice"): "only the size is told, not for whom it was",
    ("hold", "temp+hold"): "a paused envelope is not logged",
    ("doubles", "drop+drop"): "the same words at every stage",
}
LOGS = ["/var/log/mail.log"]
SPOOL = ["var/spool/smtpd"]
SENDMAIL = "/usr/sbin/sendmail"
AUTH_TLS = True

CONFIG = """
pki mx.rig.example cert "/etc/rig.pem"
pki mx.rig.example key "/etc/rig.key"
table aliases file:/etc/aliases
table users file:/etc/rig-users
table friends { 192.0.2.201 }
table trapped { "trap@rig.example" }
smtp max-message-size 200K
smtp limit max-rcpt 20
queue ttl 25s
bounce warn-interval 6s
filter "trap" phase rcpt-to match rcpt-to <trapped> reject "550 5.7.1 It is a trap"
filter "odd" phase mail-from match mail-from regex ".*+from-odd@.*" \
reject "451 4.7.1 Come back in a while"
filter "both" chain { "trap", "odd" }
listen on 192.0.2.1 port 25 tls pki mx.rig.example auth-optional <users> \
filter "both"
listen on socket
action "local" mbox alias <aliases>
action "lmtp" lmtp "192.0.2.24:2424" rcpt-to virtual { "@" = alice }
action "relay" relay
match from any for domain "lmtp.example" action "lmtp"
match from any for domain { "rig.example", "mx.rig.example" } action "local"
match from local for local action "local"
match from local for any action "relay"
match from src <friends> for any action "relay"
match auth from any for any action "relay"
"""


def start(stage):
    stage.write("/etc/smtpd.conf", CONFIG.lstrip())
    stage.write("/etc/mail/mailname", "mx.rig.example\n")
    stage.write("/etc/mailname", "mx.rig.example\n")
    stage.write("/etc/aliases", "postmaster: root\nroot: alice\n"
                "team: alice, bob\nout: ok+alias@sink.example\n"
                "MAILER-DAEMON: postmaster\nprog: \"|/bin/false\"\n"
                "gone: error:550 This one has left\n")
    secret = stage.run("smtpctl", "encrypt", "secret").strip()
    stage.write("/etc/rig-users", "bob %s\n" % secret)
    cert, key = stage.certificate()
    stage.write("/etc/rig.pem", cert)
    stage.write("/etc/rig.key", key, 0o600)
    stage.start("smtpd", "-F", *(["-v"] if stage.loud else []))


def queue(stage):
    """(envelope id, recipient) of what is in the queue."""
    for line in stage.run("smtpctl", "show", "queue").splitlines():
        cells = line.split("|")
        if len(cells) > 7:
            yield cells[0], cells[6]


def waiting(stage):
    return [r for _, r in queue(stage)]


def find(stage, rcpt):
    return [q for q, r in queue(stage) if r == rcpt]


def flush(stage):
    stage.run("smtpctl", "schedule", "all", ok=False)


def hold(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("smtpctl", "pause", "envelope", qid)


def release(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("smtpctl", "resume", "envelope", qid)


def delete(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("smtpctl", "remove", qid)


def own(send, stage):
    S, L = "@sink.example", "@rig.example"
    send("trap", "trap" + L, "alice" + L)
    send("prog", "prog" + L, final={"prog" + L: "bounced"})
    send("gone", "gone" + L)
    send("odd", "alice" + L, sender="ok+from-odd" + S)


def stop(stage):
    for p in stage.processes[1:]:
        p.terminate()
