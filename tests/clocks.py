#!/usr/bin/env python3
"""clocks.py MAILMORTEM FOLDER

Clocks that are wrong by a known amount: two hosts apart (exact stamps, whole
seconds, a drift), and steps of one clock. What is found is compared with what
was made.
"""
import datetime
import json
import os
import random
import sqlite3
import subprocess
import sys

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]
T0 = 1700000000
passed = failed = 0


def check(what, ok, got):
    global passed, failed
    passed += ok
    failed += not ok
    if not ok:
        print("clocks: %s: got %s" % (what, got))


def exact(t):
    return datetime.datetime.utcfromtimestamp(t).strftime(
        "%Y-%m-%dT%H:%M:%S.%f+00:00")


def seconds(t):
    return datetime.datetime.utcfromtimestamp(t).strftime("%b %d %H:%M:%S")


def write(name, lines, stamp):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as f:
        f.writelines("%s %s\n" % (stamp(t), text)
                     for t, text in sorted(lines, key=lambda x: x[0]))
    os.utime(path, (T0 + 90000, T0 + 90000))
    return path


def two_hosts(rng, skew, n=60):
    """Mail from mx1 to mx2; skew(t) is how far the clock of mx2 is ahead."""
    one, two = [], []
    for i in range(n):
        t = T0 + i * 7 + rng.random()
        q, r = "%XA0" % (0x10000 + i), "%XB0" % (0x20000 + i)
        connect, send = rng.uniform(.01, .3), rng.uniform(.01, .4)
        there = t + .05 + connect
        sent = there + send
        wrong = there + skew(t)
        mid = "message-id=<%d@a.example>" % i
        active = "from=<s@a.example>, size=100, nrcpt=1 (queue active)"
        one += [
            (t, "mx1 postfix/smtpd[7]: %s: client=a.example[192.0.2.1]" % q),
            (t + .01, "mx1 postfix/cleanup[7]: %s: %s" % (q, mid)),
            (t + .02, "mx1 postfix/qmgr[7]: %s: %s" % (q, active)),
            (sent, "mx1 postfix/smtp[7]: %s: to=<u%d@b.example>, relay=mx2."
             "example[192.0.2.2]:25, delay=%.2f, delays=0.05/0/%.2f/%.2f, dsn="
             "2.0.0, status=sent (250 2.0.0 Ok: queued as %s)" %
             (q, i, sent - t, connect, send, r)),
            (sent + .01, "mx1 postfix/qmgr[7]: %s: removed" % q)]
        two += [
            (wrong, "mx2 postfix/smtpd[9]: %s: client=mx1[192.0.2.9]" % r),
            (wrong + .01, "mx2 postfix/cleanup[9]: %s: %s" % (r, mid)),
            (wrong + .02, "mx2 postfix/qmgr[9]: %s: %s" % (r, active)),
            (wrong + .5, "mx2 postfix/local[9]: %s: to=<u%d@b.example>, relay="
             "local, delay=0.5, delays=0.1/0/0/0.4, dsn=2.0.0, status=sent "
             "(delivered to mailbox)" % (r, i)),
            (wrong + .51, "mx2 postfix/qmgr[9]: %s: removed" % r)]
    return one, two


def ingest(paths, *options):
    case = os.path.join(FOLDER, "case.mm")
    if os.path.exists(case):
        os.unlink(case)
    subprocess.run([PROGRAM, "ingest", "-q", "-c", case, *options, *paths],
                   check=True)
    return case


def export(what, case):
    out = subprocess.run([PROGRAM, "export", what, "-c", case], check=True,
                         stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in out.splitlines()]


def apart(label, skew, stamp, give):
    """The ledger says the skew within `give`; --fix-skew takes it off."""
    rng = random.Random(label)
    one, two = two_hosts(rng, skew)
    paths = [write("a.log", one, stamp), write("b.log", two, stamp)]
    found = {os.path.basename(r["file"]): r["skew"]
             for r in export("ledger", ingest(paths))}
    want = skew(T0 + 210)
    check(label + ": the reference has none", found["a.log"] is None, found)
    if want == 0:
        check(label + ": none", found["b.log"] is None, found)
        return
    check(label, found["b.log"] is not None and
          abs(found["b.log"] - want) <= give, found)
    case = ingest(paths, "--fix-skew")
    rows = export("deliveries", case)
    late = [r for r in rows if r["host"] == "mx1" and
            not -give <= r["final_at"] - r["arrived"] < 2 + give]
    check(label + ": finals of both hosts line up", not late, late[:1])
    check(label + ": joined", all(r["next"] for r in rows
                                  if r["host"] == "mx1"), rows[:1])


def steps(label, times, want):
    """Lines at these times; the steps that are found."""
    path = os.path.join(FOLDER, "step.log")
    with open(path, "w") as f:
        f.writelines("%s mx1 postfix/smtpd[7]: connect from a[192.0.2.1]\n" %
                     exact(t) for t in times)
    db = sqlite3.connect(ingest([path]))
    got = db.execute("SELECT line, t_us, text FROM event WHERE what ="
                     " 'clock-step' ORDER BY line").fetchall()
    check(label, got == want, got)


os.makedirs(FOLDER, exist_ok=True)
apart("42 s ahead", lambda t: 42.0, exact, .1)
apart("2 h behind", lambda t: -7205.5, exact, .1)
apart("whole seconds", lambda t: 93.0, seconds, 1.1)
apart("a drift", lambda t: 10 + (t - T0) * .01, exact, 2.5)
apart("right clocks", lambda t: 0.0, exact, 0)
apart("right clocks, whole seconds", lambda t: 0.0, seconds, 0)

run = [T0 + i for i in range(100)]
us = 1000000
steps("no step", run, [])
steps("a minute back", run[:50] + [t - 60 for t in run[50:]],
      [(51, (T0 - 10) * us, "the stamps go back by 59.0 s")])
steps("lines that came late", run[:50] + [run[40]] + run[50:70] +
      [run[55], run[56]] + run[70:], [])
steps("another day's lines below", run + [t - 86400 for t in run], [])
steps("twice", run[:50] + [t - 60 for t in run[50:]] +
      [t - 600 for t in run],
      [(51, (T0 - 10) * us, "the stamps go back by 59.0 s"),
       (101, (T0 - 600) * us, "the stamps go back by 10 min 39 s")])
print("clocks: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
