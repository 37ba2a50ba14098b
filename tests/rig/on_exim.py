"""on_exim.py - Debian's Exim (daemon-heavy) with an authenticator, an LMTP
route and ACLs that refuse, discard and freeze."""
import re

CAN = {"auth", "mute", "utf8", "dsn", "bdat", "lmtp", "hold", "delete", "alias",
       "too-many", "dnsbl", "forward", "done"}
FINALS = {
    ("closed", "closed"): "bounced",
    ("null-perm", "perm+null-perm"): "held",    # frozen: no sender to tell
    ("notice", "perm+return"): "held",
}
# To a hop without SMTPUTF8 the name goes on as ASCII.
BECOMES = {("utf8-bare", "ok+grün"): ["xn--ok+grn-7ya@bare.example"]}
# Causes that differ from what was meant, for what the MTA says.
CAUSES = {
    ("cut-perm", "perm+cut"): None,     # refused without a word
    # Said of every address that no router takes.
    ("nxdomain", "ok+nxdomain"): "recipient_unknown",
}
BY_PROGRAM = ()
UNLOGGED = {
    ("doubles", "hangup+hangup"): "pipelined: the stage is not told",
    ("answers", "perm+cut"): "asked while its client waits: refused, not tried",
    ("answers", "temp+cut"): "the same, the first time",
    ("bigger", "alice"): "refused at its end: names no recipient",
    ("acl-reject", "ok+acl-reject"): "the same",
    ("acl-tempfail", "ok+acl-tempfail"): "the same",
    ("acl-discard", "ok+acl-discard"): "the same",
    ("too-many", "ok+many20"): "one line for all, without their names",
    ("too-many", "ok+many21"): "the same",
    ("too-many", "ok+many22"): "the same",
    ("too-many", "ok+many23"): "the same",
    ("too-many", "ok+many24"): "the same",
}
LOGS = ["/var/log/exim4/*log", "/var/log/mail.log"]
SPOOL = ["var/spool/exim4"]
SENDMAIL = "/usr/sbin/sendmail"

SETTINGS = """
dc_eximconfig_configtype='internet'
dc_other_hostnames='rig.example:mx.rig.example'
dc_local_interfaces='192.0.2.1 ; 127.0.0.1'
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets='192.0.2.201'
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='false'
dc_hide_mailname=''
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""
MACROS = """
primary_hostname = mx.rig.example
recipients_max = 20
message_size_limit = 200K
delay_warning = 6s
dsn_advertise_hosts = *
MAIN_SMTPUTF8_ADVERTISE_HOSTS = *
SYSTEM_ALIASES_PIPE_TRANSPORT = address_pipe
SYSTEM_ALIASES_FILE_TRANSPORT = address_file
SYSTEM_ALIASES_USER = mail
"""
# What is put behind a line of Debian's template.
BEHIND = {
    "acl_check_rcpt:": """
  deny    dnslists = bl.example
          message = $sender_host_address is listed at $dnslist_domain
  deny    condition = ${if match{$local_part}{probe}}
          !verify = recipient/callout=10s
  warn    condition = ${if match{$local_part}{cut}}
          control = cutthrough_delivery
  discard local_parts = trap
          log_message = caught
  defer   local_parts = grey
          condition = ${if eq{$acl_c_grey}{}}
          message = Greylisted, come back later
""",
    "acl_check_data:": """
  deny    condition = ${if eq{$h_x-rig:}{reject}}
          message = Content is refused
  defer   condition = ${if eq{$h_x-rig:}{tempfail}}
          message = Scanner is away
  discard condition = ${if eq{$h_x-rig:}{discard}}
          log_message = thrown away
  warn    condition = ${if eq{$h_x-rig:}{quarantine}}
          control = freeze
  warn    condition = ${if eq{$h_x-rig:}{warn}}
          log_message = looks odd
""",
    "begin routers": """
lmtp_rig:
  driver = manualroute
  domains = lmtp.example
  transport = lmtp_rig
  route_list = * 192.0.2.24 byname
retired:
  driver = redirect
  domains = retired.example
  allow_fail
  data = :fail: Domain is retired
""",
    "begin transports": """
lmtp_rig:
  driver = smtp
  protocol = lmtp
  port = 2424
""",
    "begin authenticators": """
plain_rig:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{bob}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
""",
}


def start(stage):
    stage.write("/etc/exim4/update-exim4.conf.conf", SETTINGS)
    stage.write("/etc/exim4/exim4.conf.localmacros", MACROS + (
        "MAIN_LOG_SELECTOR = +all\n" if stage.loud else ""))
    template = "/etc/exim4/exim4.conf.template"
    text = stage.read(template)
    for line, more in BEHIND.items():
        text = re.sub("^%s$" % line, lambda m: m.group(0) + "\n" + more, text,
                      count=1, flags=re.M)
    text = re.sub(r"^(remote_smtp:.*?driver = smtp\n)",
                  r"\1  command_timeout = 3s\n", text, flags=re.M | re.S)
    text = re.sub(r"^\*  .*F,2h.*$", "*  *  F,25s,4s", text, flags=re.M)
    stage.write(template, text)
    stage.write("/etc/aliases", "postmaster: root\nroot: alice\n"
                "team: alice, bob\nout: ok+alias@sink.example\n"
                "pipe: \"|/bin/cat\"\nbroken: \"|/bin/false\"\n"
                "sinkhole: :blackhole:\nclosed: :fail: mailbox is closed\n"
                "later: :defer: mailbox is moving\n"
                "file: /var/mail/shared\n")
    stage.run("update-exim4.conf")
    stage.start("exim4", "-bdf", "-q4s")


def waiting(stage):
    """Undelivered recipients; indented, delivered ones begin with D."""
    for line in stage.run("exim4", "-bpu").splitlines():
        if line.startswith("          ") and line.strip():
            yield line.strip()


def find(stage, rcpt):
    return stage.run("exiqgrep", "-i", "-r", rcpt.replace("+", "."),
                     ok=False).split()


def flush(stage):
    stage.run("exim4", "-qf")


def hold(stage, rcpt):
    stage.run("exim4", "-Mf", *find(stage, rcpt))


def release(stage, rcpt):
    stage.run("exim4", "-Mt", *find(stage, rcpt))


def delete(stage, rcpt):
    stage.run("exim4", "-Mrm", *find(stage, rcpt))


def done(stage, rcpt):
    """Marked as delivered."""
    for qid in find(stage, rcpt):
        stage.run("exim4", "-Mmd", qid, rcpt)


def own(send, stage):
    S, L = "@sink.example", "@rig.example"
    send("retired", "x@retired.example",
         final={"x@retired.example": "bounced"})
    send("trap", "trap" + L, final={"trap" + L: "deleted"})
    send("trap-too", "alice" + L, "trap" + L, final={"trap" + L: "deleted"})
    send("grey", "grey" + L)
    for wish, final in (("reject", None), ("tempfail", None),
                        ("discard", "deleted"), ("quarantine", "held"),
                        ("warn", None)):
        to = "ok+acl-%s" % wish + S
        send("acl-" + wish, to, header=["X-Rig: " + wish],
             final={to: final} if final else {})
    send("sinkhole", "sinkhole" + L, final={"sinkhole" + L: "sent"})
    send("closed", "closed" + L)
    send("pipe", "pipe" + L, becomes={"pipe" + L: ["|/bin/cat"]},
         final={"|/bin/cat": "sent"})
    send("broken", "broken" + L, becomes={"broken" + L: ["|/bin/false"]},
         final={"|/bin/false": "bounced"})
    send("cancel", "temp+cancel" + S, final={"temp+cancel" + S: "bounced"})
    stage.run("exim4", "-Mg", *find(stage, "temp+cancel" + S))
    for who in ("ok", "perm", "temp"):
        send("probe-" + who, who + "+probe" + S, final={
            "ok+probe" + S: "sent"})
        send("cut-" + who, who + "+cut" + S)
    send("more", "temp+more" + S, becomes={"temp+more" + S: [
        "temp+more" + S, "ok+more-added" + S]})
    for qid in find(stage, "temp+more" + S):
        stage.run("exim4", "-Mar", qid, "ok+more-added" + S)
        stage.run("exim4", "-Mes", qid, "ok+from-more-edited" + S)
    send("later", "later" + L, final={"later" + L: "expired"})
    send("sink-and-file", "file" + L, becomes={"file" + L: [
        "/var/mail/shared"]}, final={"/var/mail/shared": "sent"})
    send("dkim", "alice" + L, header=[
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; "
        "d=sink.example; s=rig; h=from:to; bh=AAAA; b=AAAA"])


def stop(stage):
    for p in stage.processes[1:]:
        p.terminate()
