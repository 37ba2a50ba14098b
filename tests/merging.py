#!/usr/bin/env python3
"""merging.py MAILMORTEM FOLDER

Cases made apart and merged are the case that one ingest of it all makes:
every export is compared byte for byte. Cases carry their evidence (--embed)
and the folders are gone when they are merged, or they do not and it is where
it was. What cannot be exact has to be refused with the way on.
"""
import glob
import os
import shutil
import subprocess
import sys

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
CORPUS = os.path.abspath("test-corpus")
EXPORTS = ("deliveries", "hops", "ledger", "causes", "templates",
           "timeseries", "incidents", "duplicates", "queue", "reports")
passed = failed = 0


def check(what, ok, why=""):
    global passed, failed
    passed += bool(ok)
    failed += not ok
    if not ok:
        print("merging: %s: %.400s" % (what, why))


def run(*args):
    p = subprocess.run([PROGRAM] + list(args), stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    return p.returncode, p.stdout, p.stderr.decode(errors="replace")


def make(case, paths, *options):
    if os.path.exists(case):
        os.unlink(case)
    code, _, err = run("ingest", "-q", "-c", case, *options, *paths)
    assert code in (0, 3), err


def exports(case):
    return {what: run("export", what, "-c", case)[1] for what in EXPORTS}


def same(what, want, case):
    got = exports(case)
    for name in EXPORTS:
        check("%s: %s" % (what, name), want[name] == got[name],
              "%d bytes, wanted %d" % (len(got[name]), len(want[name])))


def merge(case, *cases):
    if os.path.exists(case):
        os.unlink(case)
    return run("merge", "-q", "-c", case, *cases)


# One host whose logs are split between two cases, another MTA, a spool in a
# folder, an archive of another, a mailbox, an empty file.
shutil.rmtree(FOLDER, ignore_errors=True)
os.makedirs(FOLDER)
os.chdir(FOLDER)
for name, logs in (("early", "postfix-throttle-and-pause/logs/*.[23].gz"),
                   ("late", "postfix-throttle-and-pause/logs/mail.log*"),
                   ("other", "exim-c/logs/*"), ("other", "dsn/*")):
    os.makedirs(name, exist_ok=True)
    for path in glob.glob(os.path.join(CORPUS, logs)):
        shutil.copy2(path, name)
spools = sorted(glob.glob(os.path.join(
    CORPUS, "postfix-throttle-and-pause/spool/*.tar.gz")))
shutil.copy2(spools[0], "other")
os.makedirs("spool")
subprocess.run(["tar", "xzf", spools[0], "-C", "spool"], check=True)
open("late/empty", "w").close()
PARTS = (["early", "spool"], ["late"], ["other"])
everything = sum(PARTS, [])

make("all.mm", everything)
want = exports("all.mm")
check("something to compare", all(len(want[x]) > 300 for x in
                                  ("deliveries", "hops", "incidents",
                                   "queue", "reports")))
for i, paths in enumerate(PARTS):
    make("plain%d.mm" % i, paths)
    make("held%d.mm" % i, paths, "--embed")
code, _, err = merge("merged.mm", "plain0.mm", "plain1.mm", "plain2.mm")
check("sources in place", code in (0, 3), err)
same("sources in place", want, "merged.mm")

for name in ("early", "late", "other", "spool"):
    os.rename(name, name + ".away")
code, _, err = merge("merged.mm", "held0.mm", "held1.mm", "held2.mm")
check("sources held", code in (0, 3), err)
same("sources held", want, "merged.mm")
# What was merged can be merged, grown and read again.
code, _, err = merge("again.mm", "merged.mm", "held1.mm")
check("merged twice", code in (0, 3), err)
same("merged twice", want, "again.mm")
code, _, err = merge("two.mm", "held0.mm", "held1.mm")
os.rename("other.away", "other")
code, _, err = run("ingest", "-q", "-c", "two.mm", "other")
check("a merged case grows", code in (0, 3), err)
same("a merged case grows", want, "two.mm")
code, out, err = run("trace", "-c", "merged.mm", "--lines", "*@bigmail.example")
check("lines of a merged case", code == 0 and b"status=" in out, err)

# Refused, and why; nothing is left behind.
code, _, err = merge("no.mm", "plain0.mm", "plain1.mm")
check("gone", code == 2 and "--embed" in err, err)
check("nothing is made", not os.path.exists("no.mm"))
with open("other/grown", "w") as f:
    f.write("Nov 22 05:33:54 mail postfix/qmgr[1]: 4jXHn13NLnz20: removed\n")
make("plain3.mm", ["other"])
with open("other/grown", "a") as f:
    f.write("Nov 22 05:33:55 mail postfix/qmgr[1]: 4jXHn13NLnz21: removed\n")
code, _, err = merge("no.mm", "plain3.mm", "held1.mm")
check("grown", code == 2 and "grew" in err, err)
code, _, err = merge("no.mm", "held1.mm", "nothing.mm")
check("no case", code == 2 and "nothing.mm" in err, err)
make("zoned.mm", ["other"], "--tz", "+02:00", "--embed")
code, _, err = merge("no.mm", "held1.mm", "zoned.mm")
check("another zone", code == 2 and "--tz" in err, err)

# The logs of two hosts under one path.
LINE = "Nov 22 05:33:54 %s postfix/qmgr[1]: 4jXHn13NLnz2%d: removed\n"
for i, host in enumerate(("one", "two")):
    os.makedirs("log", exist_ok=True)
    with open("log/mail.log", "w") as f:
        f.write("".join(LINE % (host, k) for k in range(i + 1)))
    make(host + ".mm", ["log"], "--embed")
code, _, err = merge("both.mm", "one.mm", "two.mm")
check("one path, two hosts", code == 0, err)
out = run("export", "ledger", "-c", "both.mm")[1].decode()
check("one path, two hosts: names", '"log/mail.log"' in out and
      '"two.mm!log/mail.log"' in out, out)
code, out, err = run("trace", "-c", "both.mm", "--lines", "4jXHn13NLnz21")
check("one path, two hosts: lines", b" two postfix" in out, out)

print("merging: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
