"""on_postfix.py - Debian's Postfix, with Dovecot, opendkim, two greylisters and
the rig's own milter (milter.py)."""
import json
import os

import sink
from dns import NAMELESS, STRANGER

CAN = {"auth", "mute", "milter", "utf8", "dsn", "bdat", "lmtp", "hold", "delete",
       "alias", "greylist", "too-many", "dkim", "requeue", "dovecot",
       "dnsbl", "forward", "expire"}
# What the log does not hold, and why: (case, who) -> reason.
UNLOGGED = {
    ("too-many", "ok+many20"): "452 too many recipients is not logged",
    ("too-many", "ok+many21"): "the same",
    ("too-many", "ok+many22"): "the same",
    ("too-many", "ok+many23"): "the same",
    ("too-many", "ok+many24"): "the same",
    ("answers", "perm+scan"): "the filter's host passed it on",
    ("bigger", "alice"): "only the size is told, not for whom it was",
    ("trap-too", "alice"): "only the recipient with the DISCARD is named",
    ("milter-reject", "alice"): "only the last recipient is named",
}
# Where the MTA's way decides, not the answer: (case, who) -> final.
FINALS = {}
# Causes that differ from what was meant, for what the MTA says.
CAUSES = {}
BY_PROGRAM = ()     # domains whose receiver is not named: a program connects
LOGS = ["/var/log/mail.log"]
SPOOL = ["var/spool/postfix"]
SENDMAIL = "/usr/sbin/sendmail"

MAIN = """
myhostname=mx.rig.example
mydestination=rig.example, mx.rig.example, localhost
mynetworks=127.0.0.0/8 192.0.2.201/32
inet_interfaces=192.0.2.1, 127.0.0.1
inet_protocols=ipv4
relayhost=
alias_maps=hash:/etc/aliases
virtual_alias_domains=alias.example
virtual_alias_maps=hash:/etc/postfix/virtual
transport_maps=hash:/etc/postfix/transport
virtual_mailbox_domains=dove.example
virtual_transport=lmtp:unix:private/dovecot-lmtp
smtpd_sasl_auth_enable=yes
smtpd_sasl_type=dovecot
smtpd_sasl_path=private/auth
smtpd_tls_auth_only=no
smtpd_milters=inet:127.0.0.1:8891, inet:127.0.0.1:8892
non_smtpd_milters=inet:127.0.0.1:8891
milter_default_action=accept
smtpd_recipient_limit=20
smtpd_error_sleep_time=0
message_size_limit=200000
smtpd_recipient_restrictions=check_recipient_access hash:/etc/postfix/access
smtpd_relay_restrictions=permit_mynetworks, permit_sasl_authenticated, \
reject_unauth_destination
smtpd_sender_restrictions=reject_unknown_sender_domain
smtpd_helo_restrictions=reject_invalid_helo_hostname
smtpd_client_restrictions=reject_rbl_client bl.example
smtpd_tls_security_level=may
header_checks=regexp:/etc/postfix/header_checks
postscreen_greet_wait=2s
postscreen_greet_action=enforce
smtp_helo_timeout=3s
queue_run_delay=4s
minimal_backoff_time=4s
maximal_backoff_time=8s
delay_warning_time=6s
maximal_queue_lifetime=25s
bounce_queue_lifetime=25s
notify_classes=bounce, 2bounce, resource, software
"""
# Other ports: restrictions of their own.
GREYLISTERS = {2525: "postgrey", 2526: "sqlgrey"}
PORTS = """
2525 inet n - n - - smtpd
 -o { smtpd_recipient_restrictions = reject_unauth_destination,
  check_policy_service inet:127.0.0.1:10023 }
2526 inet n - n - - smtpd
 -o { smtpd_recipient_restrictions = reject_unauth_destination,
  check_policy_service inet:127.0.0.1:2501 }
2527 inet n - n - - smtpd
 -o content_filter=scan:[127.0.0.1]:10024
scan unix - - n - - smtp
 -o smtp_send_xforward_command=yes
 -o syslog_name=postfix/scan
10025 inet n - n - - smtpd
 -o syslog_name=postfix/back
 -o smtpd_milters= -o smtpd_authorized_xforward_hosts=127.0.0.1
 -o receive_override_options=no_header_body_checks
2528 inet n - n - - smtpd
 -o { smtpd_recipient_restrictions = permit_auth_destination,
  reject_unverified_recipient }
2529 inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
2530 inet n - n - - smtpd
 -o smtpd_milters=inet:127.0.0.1:9999 -o milter_default_action=tempfail
2531 inet n - n - - smtpd
 -o { smtpd_recipient_restrictions =
  check_policy_service inet:127.0.0.1:9998 }
2587 inet n - n - - smtpd
 -o syslog_name=postfix/submission -o smtpd_tls_security_level=encrypt
"""
HEADERS = """
/^X-Rig: hc-reject/ REJECT no (thanks); really
/^X-Rig: hc-hold/ HOLD to look at
/^X-Rig: hc-discard/ DISCARD not wanted
/^X-Rig: hc-redirect/ REDIRECT ok+redirected@sink.example
/^X-Rig: hc-warn/ WARN looks odd
/^X-Rig: hc-bcc/ BCC ok+bcc@sink.example
/^X-Rig: hc-filter/ FILTER smtp:[192.0.2.25]:25
"""
DOVECOT = """
protocols = lmtp
log_path = syslog
mail_location = maildir:/home/%n/Maildir
auth_username_format = %n
disable_plaintext_auth = no
auth_verbose = yes
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = passwd
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
  }
}
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0666
  }
}
"""


def start(stage):
    for line in MAIN.strip().splitlines():
        stage.run("postconf", "-e", line)
    if stage.loud:
        stage.run("postconf", "-e", "enable_long_queue_ids=yes")
        stage.run("postconf", "-e", "smtp_tls_loglevel=1")
        stage.run("postconf", "-e", "smtpd_tls_loglevel=1")
        stage.run("postconf", "-e", "smtpd_tls_received_header=yes")
        stage.run("postconf", "-e", "smtpd_client_port_logging=yes")
    stage.write("/etc/postfix/master.cf", stage.read("/etc/postfix/master.cf")
                + PORTS)
    stage.write("/etc/postfix/header_checks", HEADERS)
    os.mkdir(stage.path("/var/mail/dave"))
    stage.run("useradd", "-m", "dave")
    sink.serve("127.0.0.1", 10024, stage.record, sink.PLAIN, back=10025)
    stage.write("/etc/aliases", "postmaster: root\nroot: alice\n"
                "team: alice, bob\nout: ok+alias@sink.example\n"
                "gone: nobody-here\npipe: \"|/bin/cat >/dev/null\"\n"
                "paper: alice\nwarned: bob\n"
                "both: |/bin/true, |/bin/cat\nbroken: |/bin/false\n")
    stage.write("/etc/postfix/virtual",
                "sales@alias.example alice@rig.example, "
                "ok+virtual@sink.example\n")
    stage.write("/etc/postfix/transport",
                "lmtp.example lmtp:inet:[192.0.2.24]:2424\n"
                "retired.example error:5.7.9 Domain is retired\n")
    stage.write("/etc/postfix/access",
                "trap@rig.example DISCARD quietly\n"
                "paper@rig.example HOLD for a look\n"
                "warned@rig.example WARN have an eye on it\n")
    stage.run("newaliases")
    for name in ("virtual", "transport", "access"):
        stage.run("postmap", "/etc/postfix/" + name)
    stage.write("/etc/dovecot/dovecot.conf", DOVECOT)
    stage.write("/etc/dovecot/users", "bob:{PLAIN}secret\n")
    start_milters(stage)
    stage.start("dovecot", "-F")
    stage.run("postgrey", "--inet=127.0.0.1:10023", "--delay=3", "-d",
              "--pidfile=/run/postgrey.pid")
    stage.write("/etc/sqlgrey/sqlgrey.conf", stage.read(
        "/etc/sqlgrey/sqlgrey.conf") + "\nreconnect_delay = 0\ndb_type = "
        "SQLite\ndb_name = /var/lib/sqlgrey/sqlgrey.db\nloglevel = 3\n")
    os.makedirs(stage.path("/var/lib/sqlgrey"), exist_ok=True)
    stage.run("chown", "sqlgrey", "/var/lib/sqlgrey")
    stage.run("sqlgrey", "-d")
    # As Debian's unit does: copies resolv.conf and the like.
    stage.run("/usr/lib/postfix/configure-instance.sh", "-")
    stage.run("postfix", "start")


def start_milters(stage):
    os.makedirs(stage.path("/etc/dkimkeys"), exist_ok=True)
    stage.run("opendkim-genkey", "-D", "/etc/dkimkeys", "-d", "sink.example",
              "-s", "rig")
    stage.run("chown", "-R", "opendkim", "/etc/dkimkeys")
    stage.write("/etc/opendkim.conf",
                "Syslog yes\nLogResults yes\nSyslogSuccess yes\n"
                "Domain sink.example\nSelector rig\n"
                "KeyFile /etc/dkimkeys/rig.private\nUserID opendkim\n"
                "Socket inet:8891@127.0.0.1\nMode sv\n"
                "InternalHosts 192.0.2.201\nPidFile /run/dkim.pid\n")
    stage.run("opendkim")
    with open(os.path.join(os.path.dirname(__file__), "milter.py"),
              encoding="utf-8") as f:
        stage.write("/usr/local/bin/rig-milter", f.read())
    stage.start("python3", "/usr/local/bin/rig-milter")
    stage.wait_port(8892, "127.0.0.1")


def queue(stage):
    """(queue id, recipients) of what is in the queue."""
    for line in stage.run("postqueue", "-j").splitlines():
        if not line.startswith("{"):
            continue    # a warning: the mail system is down
        entry = json.loads(line)
        yield entry["queue_id"], [r["address"] for r in entry["recipients"]]


def waiting(stage):
    return [r for _, rcpts in queue(stage) for r in rcpts]


def find(stage, rcpt):
    return [q for q, rcpts in queue(stage) if rcpt in rcpts]


def flush(stage):
    stage.run("postqueue", "-f")


def hold(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("postsuper", "-h", qid)


def release(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("postsuper", "-H", qid)


def delete(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("postsuper", "-d", qid)


def requeue(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("postsuper", "-r", qid)


def own(send, stage):
    """What only Postfix has."""
    S, L = "@sink.example", "@rig.example"
    send("virtual", "sales@alias.example", becomes={
        "sales@alias.example": ["alice" + L, "ok+virtual@sink.example"]})
    send("retired", "x@retired.example",
         final={"x@retired.example": "bounced"})
    send("trap", "trap" + L, final={"trap" + L: "deleted"})
    send("trap-too", "alice" + L, "trap" + L,
         final={"trap" + L: "deleted", "alice" + L: "deleted"})
    send("paper", "paper" + L, final={"paper" + L: "held"})
    send("warned", "warned" + L, becomes={"warned" + L: ["bob" + L]})
    send("broken", "broken" + L, final={"broken" + L: "bounced"})
    send("both", "both" + L, final={"both" + L: "sent"})
    send("unwritable", "dave" + L, final={"dave" + L: "bounced"})
    send("tagged", "alice+list" + L, final={"alice+list" + L: "sent"})
    for wish, final in (("reject", None), ("hold", "held"), ("warn", None),
                        ("discard", "deleted"), ("filter", None)):
        to = "ok+hc-%s" % wish + S
        send("hc-" + wish, to, header=["X-Rig: hc-" + wish],
             final={to: final} if final else {})
    send("hc-redirect", "ok+hc-redirect" + S, header=["X-Rig: hc-redirect"],
         becomes={"ok+hc-redirect" + S: ["ok+redirected" + S]})
    send("hc-bcc", "ok+hc-bcc" + S, header=["X-Rig: hc-bcc"],
         becomes={"ok+hc-bcc" + S: ["ok+hc-bcc" + S, "ok+bcc" + S]})
    send("scan", "ok+scan" + S, "perm+scan" + S, port=2527)
    send("scan-no", "scan-no+x" + S, port=2527,
         final={"scan-no+x" + S: "bounced"})
    for who in ("ok", "perm", "temp"):
        send("probe-" + who, who + "+probe" + S, port=2528,
             final={"ok+probe" + S: "sent"})
    send("screened", "alice" + L, port=2529, ip=STRANGER)
    send("early", "alice" + L, port=2529, ip=NAMELESS, early=True)
    send("no-milter", "alice" + L, port=2530)
    send("no-policy", "alice" + L, port=2531)
    send("submission", "ok+submission" + S, port=2587, tls=True,
         ip=STRANGER, auth=("bob", "secret"))
    send("pipe", "pipe" + L, final={"pipe" + L: "sent"})


def expire(stage, rcpt):
    for qid in find(stage, rcpt):
        stage.run("postsuper", "-e", qid)


def stop(stage):
    stage.run("postfix", "stop")
