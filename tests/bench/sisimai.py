#!/usr/bin/env python3
"""sisimai.py MAILMORTEM [LABELS.tsv]

The same replies to `mailmortem classify` and to Sisimai (Debian's
libsisimai-perl), side by side: how many land in the right group of causes, and
in the right cause. LABELS.tsv has the columns code, enhanced, text, cause; the
default are the samples under the rules, which is no fair test of mailmortem:
give it replies that the rules were not written from.

Sisimai reads bounce mails, so each reply is put into one (RFC 3464), with the
name of an MX of the provider where the text tells who said it, since Sisimai has
tables by receiver. Its reasons are fewer than our causes: a reason counts as right when
any cause that it may mean is of the right group.
"""
import os
import subprocess
import sys
import tempfile

RULES = "analyze/cause/rules.tsv"
CAUSES = "analyze/cause/causes.tsv"

# What each reason of Sisimai may mean, generously.
MEANS = {
    "blocked": "block auth throttle greylist", "contenterror": "content",
    "exceedlimit": "content throttle mailbox", "expired": "expired network domain greylist throttle",
    "filtered": "recipient block content", "hasmoved": "recipient", "hostunknown": "domain",
    "mailboxfull": "mailbox", "mailererror": "system", "mesgtoobig": "content",
    "networkerror": "network domain system", "norelaying": "protocol", "notaccept": "domain block",
    "onhold": "", "policyviolation": "block content auth", "rejected": "sender auth block",
    "securityerror": "auth protocol tls block content", "spamdetected": "content block",
    "suspend": "recipient", "syntaxerror": "protocol", "systemerror": "system network",
    "systemfull": "system", "toomanyconn": "throttle", "undefined": "unknown",
    "userunknown": "recipient", "virusdetected": "content", "speeding": "throttle",
    "authfailure": "auth", "badreputation": "block throttle", "requireptr": "auth",
    "notcompliantrfc": "content", "failedstarttls": "tls",
}

# Words of a reply, and the MX that Sisimai knows the provider by.
MX = [
    ("google", "aspmx.l.google.com"), ("gsmtp", "aspmx.l.google.com"),
    ("outlook.com", "example-org.mail.protection.outlook.com"),
    ("office.com", "example-org.mail.protection.outlook.com"),
    ("5.7.5", "example-org.mail.protection.outlook.com"), ("5.7.6", "example-org.mail.protection.outlook.com"),
    ("mail.qq.com", "mx1.qq.com"), ("ofr", "smtp-in.orange.fr"), ("lpn", "smtp.laposte.net"),
    ("mimecast", "eu-smtp-inbound-1.mimecast.com"), ("ib5", "smtp.secureserver.net"),
    ("ib1", "smtp.secureserver.net"), ("aup#cx", "cxr.mx.a.cloudfilter.net"), ("aup#i", "charter.net"),
    ("docomo", "mfsmax.docomo.ne.jp"),
]

MAIL = """From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
To: sender@example.org
Subject: Undelivered Mail Returned to Sender
Date: Mon, 3 Aug 2026 10:00:00 +0000
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
Message-Id: <%(n)d@mx.example.org>

--b
Content-Type: text/plain

This is the mail system at host mx.example.org.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 3 Aug 2026 09:00:00 +0000

Final-Recipient: rfc822; u%(n)d@example.com
Action: %(action)s
Status: %(status)s
Remote-MTA: dns; %(mx)s
Diagnostic-Code: smtp; %(code)s%(enhanced)s%(text)s

--b
Content-Type: message/rfc822

From: sender@example.org
To: u%(n)d@example.com
Subject: x
Message-Id: <o%(n)d@example.org>

x

--b--
"""

PERL = r"""
use Sisimai;
binmode STDOUT, ":utf8";
my $v = Sisimai->make($ARGV[0], 'delivered' => 1) || [];
print $_->recipient->user, "\t", $_->reason, "\n" for @$v;
"""


def labels(path):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    return [r[:4] for r in rows if len(r) > 3]


def samples():
    found, cause = [], None
    for line in open(RULES, encoding="utf-8"):
        cell = line.rstrip("\n").split("\t")
        if cell[0] == "+":
            code, enhanced, text = ("" if c == "*" else c for c in (cell[2], cell[3], cell[5]))
            found.append([code, enhanced, text, cause])
        elif len(cell) > 6 and not line.startswith("#"):
            cause = cell[6]
    return found


def ours(program, rows):
    text = "".join("%s\t%s\t%s\n" % tuple(r[:3]) for r in rows)
    out = subprocess.run([program, "classify", "--tsv"], input=text.encode(), stdout=subprocess.PIPE, check=True)
    return [line.split("\t")[0] for line in out.stdout.decode().splitlines()]


def theirs(rows):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "new"))
        for n, (code, enhanced, text, _) in enumerate(rows):
            low = text.lower()
            mx = next((host for word, host in MX if word in low or word in enhanced), "mx.example.com")
            family = (enhanced or code or "5")[0]
            fields = {"n": n, "mx": mx, "text": text, "code": code + " " if code else "",
                      "enhanced": enhanced + " " if enhanced else "",
                      "status": enhanced or family + ".0.0",
                      "action": "delayed" if family == "4" else "failed"}
            with open(os.path.join(folder, "new", "%06d.eml" % n), "w", encoding="utf-8") as f:
                f.write(MAIL % fields)
        out = subprocess.run(["perl", "-e", PERL, os.path.join(folder, "new")], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, check=True)
    reasons = {}
    for line in out.stdout.decode("utf-8", "replace").splitlines():
        user, reason = line.split("\t")
        reasons[int(user[1:])] = reason
    return [reasons.get(n, "none") for n in range(len(rows))]


def main(argv):
    rows = labels(argv[2]) if len(argv) > 2 else samples()
    group = {}
    for line in open(CAUSES, encoding="utf-8"):
        cell = line.rstrip("\n").split("\t")
        if len(cell) > 1 and not line.startswith("#"):
            group[cell[1]] = cell[0]
    mine, other = ours(argv[1], rows), theirs(rows)
    n = len(rows)
    print("\nreplies judged, %d of %s" % (n, argv[2] if len(argv) > 2 else "our own samples"))
    print("%-34s %9.1f %% of the groups %9.1f %% of the causes" % (
        "mailmortem", 100 * sum(group[m] == group[r[3]] for m, r in zip(mine, rows)) / n,
        100 * sum(m == r[3] for m, r in zip(mine, rows)) / n))
    print("%-34s %9.1f %% of the groups, generously; %d of no bounce" % (
        "Sisimai", 100 * sum(group[r[3]] in MEANS.get(o, "").split() for o, r in zip(other, rows)) / n,
        sum(o == "none" for o in other)))


if __name__ == "__main__":
    main(sys.argv)
