#!/usr/bin/env python3
"""second_opinion.py MAILMORTEM FOLDER

What other programs make of the same logs: pflogsumm of the Postfix capture,
exigrep of the Exim one (taken out of its package into FOLDER, not installed),
Python's reader of CSV of the rows of PowerMTA and Exchange.
Where they count otherwise on purpose, the difference is named here.
"""
import collections
import csv
import glob
import gzip
import os
import re
import sqlite3
import subprocess
import sys

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
POSTFIX = "test-corpus/postfix-throttle-and-pause/logs"
EXIM = "test-corpus/exim-c/logs"
POWERMTA = "test-corpus/powermta/logs"
EXCHANGE = "test-corpus/exchange/logs"
failed = passed = 0


def check(what, theirs, ours):
    global failed, passed
    if theirs == ours:
        passed += 1
    else:
        failed += 1
        print("second opinion: %s: theirs %s, ours %s" % (what, theirs, ours))


def case(logs):
    path = os.path.join(FOLDER, "case.mm")
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run([PROGRAM, "ingest", "-q", "-c", path, logs], check=True)
    return sqlite3.connect(path)


def text(*paths):
    out = b""
    for path in paths:
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rb") as f:
            out += f.read()
    return out


def one(db, sql):
    return db.execute(sql).fetchone()[0] or 0


def pflogsumm():
    log = text(*(POSTFIX + "/mail.log" + end
                 for end in (".3.gz", ".2.gz", ".1.gz", "")))
    page = subprocess.run(["pflogsumm"], input=log, stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    theirs = {name: int(n) for n, name in
              re.findall(r"^ +(\d+) +([a-z][a-z ]*?)(?: +\(.*)?$", page,
                         re.M)}
    theirs["deferrals"] = int(re.search(r"\((\d+) +deferrals\)", page)[1])
    db = case(POSTFIX)
    attempts = dict(db.execute(
        "SELECT outcome, count(*) FROM v_attempt GROUP BY 1"))
    # "forwarded as" is one more status=sent for them; discard(8) writes
    # status=sent as well, which counts as discarded here.
    check("delivered and forwarded",
          theirs["delivered"] + theirs["forwarded"],
          attempts["sent"] + attempts.get("discarded", 0))
    check("forwarded", theirs["forwarded"], one(
        db, "SELECT count(*) FROM v_attempt WHERE shape GLOB 'forwarded as*'"))
    check("deferrals", theirs["deferrals"], attempts["deferred"])
    check("deferred messages", theirs["deferred"], one(
        db, "SELECT count(DISTINCT d.message) FROM v_attempt t JOIN v_delivery"
            " d ON d.recipient_no = t.recipient_no"
            " WHERE t.outcome = 'deferred'"))
    check("bounced", theirs["bounced"], attempts["bounced"])
    check("rejected", theirs["rejected"],
          one(db, "SELECT count(*) FROM reject WHERE action = 0"))
    check("reject warnings", theirs["reject warnings"],
          one(db, "SELECT count(*) FROM reject WHERE action = 1"))
    # They do not count what Postfix itself makes: notices and forwards.
    check("received", theirs["received"], one(
        db, "SELECT count(*) FROM message") - one(
        db, "SELECT count(DISTINCT to_message) FROM edge"))
    check("recipients", theirs["recipients"], one(
        db, "SELECT count(DISTINCT lower(d.recipient)) FROM v_attempt t"
            " JOIN v_delivery d ON d.recipient_no = t.recipient_no"
            " WHERE t.outcome IN ('sent', 'discarded')"
            " AND t.shape NOT GLOB 'forwarded as*'"))


def exigrep_blocks(log):
    script = os.path.join(FOLDER, "exim/usr/sbin/exigrep")
    if not os.path.exists(script):
        download = ["apt-get", "download", "-q", "exim4-base"]
        if subprocess.run(download, cwd=FOLDER, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode != 0:
            subprocess.run(["apt-get", "update", "-q"], check=True)
            subprocess.run(download, cwd=FOLDER, check=True)
        deb = glob.glob(os.path.join(FOLDER, "exim4-base_*.deb"))[0]
        subprocess.run(["dpkg-deb", "-x", deb, os.path.join(FOLDER, "exim")],
                       check=True)
    out = subprocess.run(["perl", script, "-l", "", "-"], input=log,
                         stdout=subprocess.PIPE, check=True).stdout
    return out.decode("utf-8", "replace").split("\n\n")


def exigrep():
    log = text(*(EXIM + "/mainlog" + end for end in (".2.gz", ".1.gz", ".gz")))
    theirs = collections.defaultdict(collections.Counter)
    known = {"=>": "sent", "->": "sent", "==": "deferred", "**": "bounced"}
    for block in exigrep_blocks(log):
        for line in block.splitlines():
            m = re.search(r" (\w{6}-\w{6}-\w\w) (\S\S) ", line)
            if m and m[2] in known:
                theirs[m[1]][known[m[2]]] += 1
    db = case(EXIM)
    ours = collections.defaultdict(collections.Counter)
    for queue_id, outcome, n in db.execute(
            "SELECT d.queue_id, t.outcome, count(*) FROM v_attempt t"
            " JOIN v_delivery d ON d.recipient_no = t.recipient_no"
            " GROUP BY 1, 2"):
        # Exim writes `=> :blackhole:` for what it throws away.
        ours[queue_id]["sent" if outcome == "discarded" else outcome] += n
    # `** ... retry timeout exceeded` is no attempt: nobody was tried.
    for queue_id, n in db.execute("SELECT queue_id, count(*) FROM v_delivery"
                                  " WHERE final = 'expired' GROUP BY 1"):
        ours[queue_id]["bounced"] += n
    check("messages with an outcome", set(theirs) ^ set(ours), set())
    for queue_id in theirs:
        check("outcomes of " + queue_id, dict(theirs[queue_id]),
              dict(ours[queue_id]))


def rows_of(pattern):
    for path in sorted(glob.glob(pattern)):
        with open(path, encoding="utf-8-sig", newline="") as f:
            lines = [line[9:] if line.startswith("#Fields: ") else line
                     for line in f if not re.match("#[A-EG-Z]", line)]
            yield from csv.DictReader(lines)


def outcomes(db):
    return dict(db.execute("SELECT outcome, count(*) FROM v_attempt"
                           " GROUP BY 1"))


def powermta():
    theirs, messages = collections.Counter(), set()
    words = {"d": "sent", "b": "bounced", "t": "deferred"}
    for row in rows_of(POWERMTA + "/*.csv"):
        if row["type"] in words:
            theirs[words[row["type"]]] += 1
        messages.add((row["timeQueued"], row["orig"], row["rcpt"]))
    db = case(POWERMTA)
    check("outcomes of PowerMTA", dict(theirs), outcomes(db))
    check("recipients of PowerMTA", len(messages),
          one(db, "SELECT count(*) FROM v_delivery"))


def exchange():
    theirs = collections.Counter()
    words = {"SEND": "sent", "SENDEXTERNAL": "sent", "DELIVER": "sent",
             "FAIL": "bounced", "DEFER": "deferred"}
    for row in rows_of(EXCHANGE + "/*.LOG"):
        what = words.get(row["event-id"])
        if row["internal-message-id"] == "0":
            what = "rejected"
        if what:
            theirs[what] += len(row["recipient-address"].split(";"))
    db = case(EXCHANGE)
    ours = outcomes(db)
    ours["rejected"] = one(db, "SELECT count(*) FROM reject")
    check("outcomes of Exchange", dict(theirs), ours)


os.makedirs(FOLDER, exist_ok=True)
pflogsumm()
exigrep()
powermta()
exchange()
print("second opinion: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
