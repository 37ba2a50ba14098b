#!/usr/bin/env python3
"""circle.py MAILMORTEM FOLDER

The circle of replay and analysis: each scenario of the corpus is played, what
Postfix and Exim would have logged of it is ingested, and the deliveries that
come out are compared with the run's own canonical log and outcome (whose
numbers stand in the scenarios, from another program): every attempt, its time
to the millisecond, its result and cause, every end, and nothing besides.
"""
import glob
import json
import os
import subprocess
import sys

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
T0_MS = 1704067200000  # 2024-01-01T00:00:00Z
passed = failed = 0

# What the analysis must call each result: outcome, causes that may be given.
RESULTS = {
    "ok": ("sent", [None]),
    "hard": ("bounced", ["recipient_unknown"]),
    "defer:rate": ("deferred", ["throttle_rate"]),
    "defer:daily": ("deferred", ["throttle_rate"]),
    "defer:connmsgs": ("deferred", ["throttle_connections"]),
    "defer:blocked": ("deferred", ["throttle_reputation", "block_ip"]),
    "defer:greylist": ("deferred", ["greylist"]),
    "defer:other": ("deferred", ["remote_error"]),
    "refused:blocked": ("deferred", ["throttle_reputation", "block_ip"]),
    "refused:connlimit": ("deferred", ["throttle_connections"]),
}
FINALS = {"delivered": "sent", "bounced": "bounced", "expired": "expired",
          "queued": "deferred"}


def check(what, want, got):
    global passed, failed
    if want == got:
        passed += 1
        return
    failed += 1
    print("circle: %s: want %.400s, got %.400s" % (what, want, got))


def run(*args):
    return subprocess.run([PROGRAM, *args], check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def played(path):
    """By message id: the attempts that ended, as (ms, result)."""
    out = {}
    for line in run("replay", "--scenario", path, "--log").splitlines():
        _, _, _, end, name, _, _, result = line.split(" ")
        if result != "-":
            out.setdefault(name, []).append((T0_MS + int(end), result))
    return {name: sorted(a) for name, a in out.items()}


def compare(path, form):
    stem = os.path.basename(path)[:-len(".json")]
    what = "%s as %s" % (stem, form)
    expect = json.load(open(path))["expect"]
    log = "%s/%s/%s.log" % (FOLDER, form, stem)
    run("replay", "--scenario", path, "--emit-log",
        "%s=%s/%s" % (form, FOLDER, form))
    rows = [json.loads(line) for line in
            run("export", "deliveries", "-q", log).splitlines()]
    ledger = json.loads(run("export", "ledger", "-q", log))
    want = played(path)
    check(what + ": lines not understood", 0,
          ledger["malformed"] + ledger["foreign"])
    check(what + ": deliveries", expect["messages"], len(rows))
    check(what + ": ids", len(rows),
          len({(r["queue_id"], r["recipient"]) for r in rows}))
    finals, suspended = {name: 0 for name in FINALS}, 0
    for r in rows:
        name = r["recipient"].split("@")[0]
        tried = [a for a in r["attempts"] if a["contact"]]
        suspended += len(r["attempts"]) - len(tried)
        check("%s: %s: times" % (what, name),
              [t for t, _ in want.get(name, [])],
              [round(a["t"] * 1000) for a in tried])
        for (_, result), a in zip(want.get(name, []), tried):
            outcome, causes = RESULTS[result]
            check("%s: %s: outcome of %s" % (what, name, result), outcome,
                  a["outcome"])
            check("%s: %s: cause %s of %s" % (what, name, a["cause"], result),
                  True, a["cause"] in causes)
        for status, final in FINALS.items():
            finals[status] += r["final"] == final
        if r["final"] in ("sent", "bounced"):
            check("%s: %s: end" % (what, name), want[name][-1][0],
                  round(r["final_at"] * 1000))
    check(what + ": finals", expect["status"], finals)
    check(what + ": suspended", expect["suspended_defers"], suspended)
    check(what + ": attempts", expect["attempts"],
          sum(len(a) for a in want.values()))


for form in ("postfix", "exim"):
    os.makedirs(os.path.join(FOLDER, form), exist_ok=True)
    for scenario in sorted(glob.glob("test-corpus/replay/s*.json")):
        compare(scenario, form)
print("circle: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
