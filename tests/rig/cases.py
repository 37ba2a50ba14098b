"""cases.py - what is sent through every MTA that can do it.

A call of `send` is a mail; its case names sender, Message-ID and, behind the
`+`, its recipients, so that every row of a result has its truth. The words
before the `+` tell the sink what to answer (sink.py). What neither an answer
of the server nor the sink tells is said here, from what was asked of the MTA (FINALS of on_MTA.py comes first):

    becomes   {recipient: [who gets it instead]}: aliases
    final     {recipient: final} where no sink is: DNS, holds, deletions
    cause     why it failed, where not the sink said so
    one_name  the MTA logs those of an alias under its name
    verdict   (program, opinion): what a filter must have said of it
    notices   how many notices about it the sender must have got
"""
import time

from dns import LISTED, NAMELESS, SHORT, STRANGER

S, L = "@sink.example", "@rig.example"


def plain(send, can, mta, stage):
    send("plain", "ok+plain" + S)
    send("mixed", "ok+mixed" + S, "perm+mixed" + S, "temp+mixed" + S,
         "full+mixed" + S, "ok+mixed@bare.example", "alice" + L)
    send("many-lines", "many+many-lines" + S)
    send("once", "once+once" + S)
    send("slow", "slow+slow" + S)
    send("drop", "drop+drop" + S)
    send("endperm", "endperm+endperm" + S, "endperm+endperm@bare.example")
    send("endtemp", "endtemp+endtemp" + S)
    for case in ("same-ok", "same-perm"):
        send(case, case.replace("same-", "") + "+" + case + S,
             sender="ok+from-same" + S)
    send("null", "ok+null" + S, sender="")
    send("null-perm", "perm+null-perm" + S, sender="")
    # The bounce is refused as well.
    send("bad-return", "perm+bad-return" + S, sender="perm+return" + S)
    send("quoted", '"ok+quo ted"@sink.example')
    send("bare", "ok+bare@bare.example", "perm+bare@bare.example")
    send("two", "ok+two@two.example")
    send("down", "ok+down@down.example", cause="net_unreachable",
         final={"ok+down@down.example":
                                               "expired"})
    send("nullmx", "ok+nullmx@nullmx.example",
         cause="domain_no_mail",
         final={"ok+nullmx@nullmx.example": "bounced"})
    send("nxdomain", "ok+nxdomain@gone.example",
         cause="domain_unknown",
         final={"ok+nxdomain@gone.example": "bounced"})
    send("slowdns", "ok+slowdns@slow.example",
         cause="dns_failure",
         final={"ok+slowdns@slow.example": "expired"})


def dialogue(send, can, mta, stage):
    """Refused at each step. Whether and when it was given up is told by the
    notice that came."""
    send("nomail", "ok+nomail" + S)
    send("latermail", "ok+latermail" + S)
    send("nodata", "nodata+nodata" + S)
    send("laterdata", "laterdata+laterdata" + S)
    send("hangup", "hangup+hangup" + S)
    for short in sorted(SHORT):
        if short != "mute" or "mute" in can:
            send(short, "ok+%s@%s.example" % (short, short))


def local(send, can, mta, stage):
    send("local", "alice" + L, ip=STRANGER)
    send("two-local", "alice" + L, "bob" + L)
    send("unknown", "ghost" + L, ip=STRANGER,
         cause="recipient_unknown")
    send("unknown-too", "alice" + L, "ghost" + L, ip=STRANGER,
         cause="recipient_unknown")
    send("relay-denied", "ok+relay" + S, ip=STRANGER,
         cause="relay_denied")
    send("nameless", "alice" + L, ip=NAMELESS, helo="[192.0.2.202]")
    send("bad-sender", "alice" + L, sender="x@gone.example", ip=STRANGER)
    send("tls", "ok+tls" + S, tls=True)
    if "dnsbl" in can:
        send("listed", "alice" + L, ip=LISTED, helo="listed.client.example",
             cause="block_dnsbl")
    if "forward" in can:
        send("forward", "carol" + L, becomes={"carol" + L: [
            "carol" + L, "ok+forward" + S]})
    send("cut-rcpt", "alice" + L, cut="RCPT")
    send("cut-data", "alice" + L, cut="DATA")
    send("big", "alice" + L, size=5000000)
    send("bigger", "alice" + L, body="x" * 70 + "\r\n"
         + ("y" * 70 + "\r\n") * 5000)
    if "alias" in can:
        send("team", "team" + L, one_name="one-name" in can,
             becomes={"team" + L: ["alice" + L, "bob" + L]})
        send("out", "out" + L, becomes={"out" + L: ["ok+alias" + S]})
    if hasattr(mta, "SENDMAIL"):
        submit(stage, mta, "cmdline", "ok+cmdline" + S)


def submit(stage, mta, case, rcpt):
    """By the command line, as alice."""
    sender = "alice" + L
    stage.sender.mails.append({
        "case": case, "message_id": case + "@client.example",
        "sender": sender, "t": time.time(), "t_end": time.time() + 9,
        "ip": None, "user": None,
        "rcpts": [{"recipient": rcpt, "code": 250, "text": ""}],
        "end": 250, "said": "", "want": {}})
    stage.run("su", "alice", "-c", mta.SENDMAIL + " -i " + rcpt,
              text="From: %s\nTo: %s\nSubject: %s\n"
              "Message-ID: <%s@client.example>\n\nHello\n"
              % (sender, rcpt, case, case))


def auth(send, can, mta, stage):
    if "auth" not in can:
        return
    port = getattr(mta, "AUTH_PORT", 25)
    send("sasl", "ok+sasl" + S, "perm+sasl" + S, ip=STRANGER, port=port,
         auth=("bob", "secret"))
    send("sasl-wrong", "ok+sasl-wrong" + S, ip=STRANGER, port=port,
         auth=("bob", "guess"))
    send("sasl-nobody", "ok+sasl-nobody" + S, ip=STRANGER, port=port,
         auth=("mallory", "guess"))


def milter(send, can, mta, stage):
    if "dkim" in can:
        send("signed", "ok+signed" + S, verdict=("opendkim", "signed"))
    if "milter" not in can:
        return
    send("milter-reject", "alice" + L, "ok+milter-reject" + S,
         header=["X-Rig: reject"])
    send("milter-tempfail", "alice" + L, header=["X-Rig: tempfail"])
    send("milter-discard", "alice" + L, header=["X-Rig: discard"],
         final={"alice" + L: "deleted"})
    send("milter-quarantine", "ok+quarantine" + S,
         header=["X-Rig: quarantine"], final={"ok+quarantine" + S: "held"})
    send("milter-add", "ok+milter-add" + S, header=["X-Rig: add"],
         becomes={"ok+milter-add" + S: ["ok+milter-add" + S,
                                       "ok+added" + S]})
    send("milter-rcpt", "milter-no+a" + S, "milter-later+b" + S,
         "ok+milter-rcpt" + S)


def extensions(send, can, mta, stage):
    if "utf8" in can:
        send("utf8", "ok+grün" + S, utf8=True)
        send("utf8-sender", "ok+utf8-sender" + S, utf8=True,
             sender="ok+von-jürgen" + S)
        send("utf8-domain", "ok+utf8-domain@bücher.example", utf8=True)
        # The next hop cannot.
        send("utf8-bare", "ok+grün@bare.example", utf8=True,
             final={"ok+grün@bare.example": "bounced"})
        send("utf8-perm", "perm+grün" + S, utf8=True)
    if "dsn" in can:
        send("dsn-success", "ok+dsn-success@bare.example", notify="SUCCESS",
             notices=1)
        send("dsn-relayed", "ok+dsn-relayed" + S, notify="SUCCESS")
        send("dsn-local", "alice" + L, notify="SUCCESS", notices=1)
        send("dsn-never", "perm+dsn-never" + S, notify="NEVER", notices=0)
        send("dsn-delay", "temp+dsn-delay" + S, notify="DELAY,FAILURE")
        send("dsn-both", "ok+dsn-both@bare.example", "perm+dsn-both" + S,
             notify="SUCCESS,FAILURE")
    if "bdat" in can:
        send("bdat", "ok+bdat" + S, bdat=1)
        send("bdat-parts", "ok+bdat-parts" + S, "perm+bdat-parts" + S, bdat=3)
        send("bdat-cut", "alice" + L, bdat=3, cut="DATA")
    if "lmtp" in can:
        send("lmtp", "ok+lmtp@lmtp.example", "perm+lmtp@lmtp.example",
             "endperm+lmtp@lmtp.example", "endtemp+lmtp@lmtp.example")
    if "dovecot" in can:
        send("dovecot", "carol@dove.example", verdict=("dovecot", "stored"))
        send("dovecot-nobody", "ghost@dove.example",
             final={"ghost@dove.example": "bounced"})
    if "too-many" in can:
        send("too-many", *["ok+many%d" % n + S for n in range(25)])


def admin(send, can, mta, stage):
    """What must wait is sent to `temp`, then taken in hand."""
    deeds = [d for d in ("hold", "delete", "requeue", "release", "expire",
                         "done") if d in can
             or (d == "release" and "hold" in can)]
    for deed in deeds:
        # A requeued mail comes again, as it were.
        send(deed, "temp+%s" % deed + S, t=deed != "requeue",
             final={"hold": {"temp+hold" + S: "held"},
                    "delete": {"temp+delete" + S: "deleted"},
                    "done": {"temp+done" + S: "deleted"}}.get(deed, {}))
    time.sleep(2)
    for deed in deeds:
        if deed == "release":
            mta.hold(stage, "temp+release" + S)
            time.sleep(1)
        getattr(mta, deed)(stage, "temp+%s" % deed + S)


def greylist(send, can, mta, stage):
    for port, program in getattr(mta, "GREYLISTERS", {}).items():
        for n, opinion in enumerate(("greylist", "pass")):
            case = "%s-%d" % (program, n)
            send(case, "bob" + L, sender="ok+" + program + S, ip=STRANGER,
                 port=port, verdict=(program, opinion))
            time.sleep(4 * (1 - n))


def play(stage, mta):
    send, can = stage.sender.send, mta.CAN
    for part in (plain, dialogue, local, auth, milter, extensions, admin, greylist):
        part(send, can, mta, stage)
    if hasattr(mta, "own"):
        mta.own(send, stage)
    # Time for retries, delay notices, and what expires.
    for _ in range(8):
        time.sleep(5)
        mta.flush(stage)
    # The end comes before its second try.
    send("last", "temp+last" + S, "alice" + L)
    time.sleep(2)
