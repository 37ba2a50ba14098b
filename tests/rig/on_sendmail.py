"""on_sendmail.py - Debian's Sendmail with SASL, opendkim and the rig's own
milter (milter.py)."""
import re

from on_postfix import start_milters

CAN = {"auth", "mute", "milter", "dsn", "lmtp", "hold", "delete", "alias",
       "too-many", "dkim", "dnsbl", "forward"}
FINALS = {}
# Causes that differ from what was meant, for what the MTA says.
CAUSES = {}
BY_PROGRAM = ()
UNLOGGED = {
    ("too-many", "ok+many20"): "one line each, without their names",
    ("too-many", "ok+many21"): "the same",
    ("too-many", "ok+many22"): "the same",
    ("too-many", "ok+many23"): "the same",
    ("too-many", "ok+many24"): "the same",
    ("trap-too", "alice"): "only the recipient with the DISCARD is named",
    ("old", "old"): "only the words of the table, in a line of their own",
    ("answers", "ok+virtual"): "logged as what it was before",
    ("doubles", "drop+drop"): "Deferred, without a word why",
    ("milter-discard", "alice"): "names no recipient",
    ("delete", "temp+delete"): "files were removed by hand",
}
LOGS = ["/var/log/mail.log"]
SPOOL = ["var/spool/mqueue", "var/spool/mqueue-client"]
# What a site says in its own words cannot be told from what is new.
SITE_WORDS = ("Has moved",)
SENDMAIL = "/usr/sbin/sendmail"

BEFORE = """
DAEMON_OPTIONS(`Family=inet, Name=MTA-lo, Port=smtp, Addr=127.0.0.1')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confDOMAIN_NAME', `mx.rig.example')dnl
define(`confTO_QUEUERETURN', `25s')dnl
define(`confTO_QUEUEWARN', `6s')dnl
define(`confTO_IDENT', `0s')dnl
define(`confTO_INITIAL', `3s')dnl
define(`confMAX_RCPTS_PER_MESSAGE', `20')dnl
define(`confMAX_MESSAGE_SIZE', `200000')dnl
define(`confAUTH_OPTIONS', `A')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
INPUT_MAIL_FILTER(`dkim', `S=inet:8891@127.0.0.1, F=T')dnl
INPUT_MAIL_FILTER(`rig', `S=inet:8892@127.0.0.1, F=T')dnl
FEATURE(`dnsbl', `bl.example')dnl
FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl
"""
LMTP = """
MAILER_DEFINITIONS
Mrlmtp, P=[IPC], F=XmnDFMuz, S=EnvFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990,
\tT=DNS/RFC822/SMTP, A=TCP $h 2424
"""


def start(stage):
    mc = stage.read("/etc/mail/sendmail.mc")
    mc = mc.replace("Port=smtp, Addr=127.0.0.1", "Port=smtp, Addr=192.0.2.1")
    mc = re.sub(r"^FEATURE\(`(greet_pause|conncontrol|ratecontrol).*\n", "",
                mc, flags=re.M)
    mc = re.sub(r"^define\(`confCONNECTION_RATE.*\n", "", mc, flags=re.M)
    mc = mc.replace("MAILER_DEFINITIONS", BEFORE + "MAILER_DEFINITIONS", 1)
    if stage.loud:
        mc = mc.replace("MAILER_DEFINITIONS",
                        "define(`confLOG_LEVEL', `14')dnl\n"
                        "MAILER_DEFINITIONS", 1)
    stage.write("/etc/mail/sendmail.mc", mc + LMTP)
    stage.run("sh", "-c", "cd /etc/mail && m4 sendmail.mc >sendmail.cf")
    stage.write("/etc/mail/local-host-names",
                "localhost\nrig.example\nmx.rig.example\n")
    stage.write("/etc/mail/access", "Connect:192.0.2.201 RELAY\n"
                "To:trap@rig.example DISCARD\n"
                "To:closed@rig.example ERROR:5.2.1:550 Mailbox is closed\n"
                "To:later@rig.example ERROR:4.2.1:450 Mailbox is moving\n")
    stage.write("/etc/mail/mailertable", "lmtp.example rlmtp:[192.0.2.24]\n"
                "retired.example error:5.7.9:550 Domain is retired\n")
    stage.write("/etc/mail/virtusertable",
                "sales@rig.example ok+virtual@sink.example\n"
                "old@rig.example error:5.1.6:551 Has moved\n")
    for name in ("access", "mailertable", "virtusertable"):
        stage.run("sh", "-c", "makemap hash /etc/mail/%s </etc/mail/%s"
                  % (name, name))
    stage.write("/etc/aliases", "postmaster: root\nroot: alice\n"
                "team: alice, bob\nout: ok+alias@sink.example\n"
                "mailer-daemon: postmaster\nclosed: alice\nlater: alice\n"
                "trap: alice\nlist: alice, ok+list@sink.example, "
                "perm+list@sink.example\nowner-list: bob\n"
                "prog: \"|/bin/cat\"\nfile: /var/mail/shared\n")
    stage.run("newaliases")
    stage.write("/usr/lib/sasl2/Sendmail.conf",
                "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                "mech_list: PLAIN LOGIN\n")
    stage.run("saslpasswd2", "-p", "-c", "-u", "mx.rig.example", "bob",
              text="secret")
    stage.run("chmod", "640", "/etc/sasldb2")
    start_milters(stage)
    stage.run("sendmail-mta", "-Am", "-L", "sm-mta", "-bd", "-q4s")
    stage.run("sendmail-msp", "-Ac", "-L", "sm-msp", "-q4s")


def queue(stage):
    """(id, recipients) of what is in the queue."""
    entry, text = None, ""
    for words in (["-Am"], ["-Am", "-qQ"], ["-Ac"]):
        text += stage.run("mailq", *words, ok=False)
    for line in text.splitlines():
        found = re.match(r"([0-9A-Za-z]{14})[*X? -]", line)
        if found:
            entry = (found.group(1), [])
            yield entry
        elif entry and re.match(r"\t\t+ *<.*>$", line):
            entry[1].append(line.strip(" \t<>"))


def waiting(stage):
    return [r for _, rcpts in list(queue(stage)) for r in rcpts]


def flush(stage):
    stage.run("sendmail-mta", "-Am", "-q", ok=False)


def hold(stage, rcpt):
    stage.run("sendmail-mta", "-Am", "-Qlooked at", "-qR" + rcpt, ok=False)


def release(stage, rcpt):
    stage.run("sendmail-mta", "-Am", "-Q", "-qQ", "-qR" + rcpt, ok=False)


def delete(stage, rcpt):
    for qid, rcpts in list(queue(stage)):
        if rcpt in rcpts:
            stage.run("sh", "-c", "rm -f /var/spool/mqueue/?f" + qid)


def own(send, stage):
    S, L = "@sink.example", "@rig.example"
    send("retired", "x@retired.example")
    send("trap", "trap" + L, final={"trap" + L: "deleted"})
    send("trap-too", "alice" + L, "trap" + L, final={"trap" + L: "deleted"})
    send("closed", "closed" + L)
    send("virtual", "sales" + L, one_name=True,
         becomes={"sales" + L: ["ok+virtual" + S]})
    send("old", "old" + L)
    send("list", "list" + L, becomes={"list" + L: [
        "alice" + L, "ok+list" + S, "perm+list" + S]})
    send("prog", "prog" + L, becomes={"prog" + L: ["|/bin/cat"]},
         final={"|/bin/cat": "sent"})
    send("later", "later" + L)


def stop(stage):
    stage.run("sh", "-c", "kill $(head -n 1 /run/sendmail/mta/sendmail.pid)")
