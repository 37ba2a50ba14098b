#!/usr/bin/env python3
"""story.py MAILMORTEM FOLDER

Two days of one Postfix, as one story: a receiver is down, the operator puts
its mail off, a flush in the evening brings it all at once, the receiver
throttles that and then blocks the address, and by the next day the rest goes
out. From the flush on it is a simulated log of the replay; what went before
is written here, for the same messages. What `incidents` must tell of it is
the plan below: one main incident and its chain, and nothing else.
"""
import json
import os
import sys
from datetime import datetime, timezone
from subprocess import PIPE, run

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
HOUR = 3600
T0 = datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()
DOWN, PAUSE, FLUSH, END = 10 * HOUR, 14 * HOUR, 20 * HOUR, 48 * HOUR
BIG, OTHERS = "big.example", ["other.example", "small.example"]
SCENARIO = {
    "dests": [{"name": BIG, "receiver": {
        "rate_per_hour": 2000, "burst": 100, "strike_n": 800,
        "strike_window_ms": 1800000, "block_ms": 7200000,
        "block_stage": "connect"}}],
    "groups": [
        {"prefix": "a", "dest": BIG, "count": 1000, "arrive": DOWN * 1000,
         "arrive_step": 36000},
        {"prefix": "b", "dest": BIG, "count": 1600, "arrive": FLUSH * 1000,
         "arrive_step": 60000}],
    "sender": {
        "connect_ms": 100, "accept_ms": 400, "reject_ms": 100,
        "refuse_ms": 50, "reuse": True, "max_age_ms": 432000000,
        "retry": {"kind": "postfix", "min_ms": 300000, "max_ms": 4000000,
                  "granularity_ms": 1000, "queue_run_ms": 300000},
        "concurrency": {"adaptive": False, "limit": 20}},
    "policy": {"resume_at_ms": FLUSH * 1000, "flush": True},
    "horizon_ms": END * 1000}
passed = failed = 0


def check(what, want, got):
    global passed, failed
    if want == got:
        passed += 1
        return
    failed += 1
    print("story: %s: want %.300s, got %.300s" % (what, want, got))


def mailmortem(*args):
    return run([PROGRAM, *args], check=True, stdout=PIPE).stdout.decode()


def line(t, program, text):
    stamp = datetime.fromtimestamp(T0 + t, timezone.utc)
    return "%s replay.invalid postfix/%s: %s\n" % (
        stamp.isoformat(timespec="microseconds"), program, text)


def tried(t, queue_id, to, since, dsn, words, relay="none"):
    delay = t - since
    return line(t, "smtp[110]" if relay != "none" or "connect" in words
                else "error[111]",
                "%s: to=<%s>, relay=%s, delay=%.1f, delays=%.1f/0/0/0, "
                "dsn=%s, status=%s" % (queue_id, to, relay, delay, delay, dsn,
                                       words))


def ordinary(t, n, domain):
    """A mail that is taken at once."""
    queue_id, to = "%010X" % (0xA000000000 + n), "u%d@%s" % (n, domain)
    yield line(t, "pickup[101]", queue_id + ": uid=1000 from=<x@own.example>")
    yield line(t, "cleanup[102]", "%s: message-id=<o%d@own.example>" %
               (queue_id, n))
    yield line(t, "qmgr[103]", queue_id + ": from=<x@own.example>, size=900, "
               "nrcpt=1 (queue active)")
    yield tried(t + 1, queue_id, to, t, "2.0.0", "sent (250 2.0.0 OK)",
                "mx.%s[192.0.2.9]:25" % domain)
    yield line(t + 1, "qmgr[103]", queue_id + ": removed")


def before_the_flush(queue_id, name, arrived):
    """What Postfix did with a mail while the receiver was down, and while its
    transport was put off: again after as long as it is old, 300 to 4000 s."""
    to, t = "%s@%s" % (name, BIG), arrived + 1
    while t < FLUSH:
        if t < PAUSE:
            yield tried(t, queue_id, to, arrived, "4.4.1",
                        "deferred (connect to mx.%s[192.0.2.1]:25: Connection "
                        "refused)" % BIG)
        else:
            yield tried(t, queue_id, to, arrived, "4.3.2",
                        "deferred (deferred transport)")
        t += min(4000, max(300, t - arrived))


def write_log(path):
    scenario = os.path.join(FOLDER, "flush.json")
    with open(scenario, "w") as f:
        json.dump(SCENARIO, f)
    mailmortem("replay", "--scenario", scenario, "--emit-log",
               "postfix=" + FOLDER)
    with open(os.path.join(FOLDER, "flush.log")) as f:
        lines = f.readlines()
    for text in list(lines):
        if "message-id=<a" in text:
            queue_id = text.split(": ")[1]
            name = text.split("message-id=<")[1].split("@")[0]
            arrived = DOWN + 36 * int(name[1:])
            lines.extend(before_the_flush(queue_id, name, arrived))
    for n, t in enumerate(range(0, END, 60)):
        lines.extend(ordinary(t, n, OTHERS[n % 2]))
    for n, t in enumerate(range(0, DOWN, 36)):
        lines.extend(ordinary(t + 5, 100000 + n, BIG))
    lines.append(line(PAUSE - 2, "master[100]", "reload -- version 3.7.11, "
                      "configuration /etc/postfix"))
    lines.sort(key=lambda text: text[:32])
    with open(path, "w") as f:
        f.writelines(lines)


def near(what, want, got, within):
    check("%s: %s is near %s" % (what, got, want), True,
          got is not None and abs(got - want) <= within)


log = os.path.join(FOLDER, "story.log")
os.makedirs(FOLDER, exist_ok=True)
write_log(log)
found = [json.loads(row) for row in
         mailmortem("export", "incidents", "-q", log).splitlines()]
kinds = [row["kind"] for row in found]
for row in found:
    print("story: %d after %s: %-11s %-12s %s %5.1f h  %s" % (
        row["number"], row["after"], row["kind"], row["target"],
        datetime.fromtimestamp(row["start"], timezone.utc).strftime("%d %H:%M"),
        ((row["end"] or T0 + END) - row["start"]) / HOUR, row["link"] or ""))
check("one chain", {1}, {row["chain"] for row in found})
check("the outage leads it", "outage", kinds[0])
check("what is told", {"outage", "pause", "backlog", "throttle", "block",
                       "retry-storm"}, set(kinds))
check("one outage, pause, backlog", [1, 1, 1],
      [kinds.count(k) for k in ("outage", "pause", "backlog")])
by = {row["kind"]: row for row in reversed(found)}
near("outage start", T0 + DOWN, by["outage"]["start"], 60)
# Nobody tried between the last refusal and the flush.
check("outage end", True, T0 + PAUSE - 600 <= by["outage"]["end"] <= T0 + FLUSH)
near("pause start", T0 + PAUSE, by["pause"]["start"], 60)
near("pause end", T0 + FLUSH, by["pause"]["end"], 60)
near("backlog start", T0 + DOWN, by["backlog"]["start"], 1200)
check("how the pause was made", True,
      "refused" not in (by["pause"]["trigger"] or "") and
      "reload" in (by["pause"]["trigger"] or ""))
near("throttle start", T0 + FLUSH, by["throttle"]["start"], 60)
near("block end", by["block"]["start"] + 2 * HOUR, by["block"]["end"], 600)
number = {row["number"]: row["kind"] for row in found}
CAUSES = {"pause": {"outage"}, "backlog": {"outage", "pause"},
          "throttle": {"pause", "backlog", "retry-storm", "block", "throttle"},
          "retry-storm": {"pause", "backlog", "throttle", "block"},
          "block": {"throttle", "retry-storm", "block", "pause"}}
for row in found[1:]:
    check("%d came of" % row["number"], True,
          number.get(row["after"]) in CAUSES[row["kind"]])
    check("%d has its proof" % row["number"], True, bool(row["link"]))
# 400 mails came in the four hours, each tried at once; the pause kept 1000.
check("recipients of the outage", 400, by["outage"]["recipients"])
check("recipients of the pause", 1000, by["pause"]["recipients"])
print("story: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
