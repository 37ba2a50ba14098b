#!/usr/bin/env python3
"""Differential fuzzer of the replay engine: random RS1 scenarios, played by mailmortem and by
rs1_reference.py beside this file; every number and the log's hash must be equal.

usage: rs1_diff.py [--n 10000] [--seed 1] [--program ./mailmortem] [--keep DIR]

Scenarios come from a counter: scenario k of seed s is always the same. A failure is shrunk to the
smallest scenario that still differs and written to DIR. What the reference refuses (a division by
zero, say) or what runs past EVENT_LIMIT or CPU_LIMIT_S is drawn again, and counted.
"""
import argparse
import copy
import json
import os
import random
import signal
import subprocess
import sys
import tempfile

import rs1_reference as ref

EVENT_LIMIT = 60000
CPU_LIMIT_S = 2
BATCH = 40
MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000
HUGE = 1 << 62


class TooLong(Exception):
    pass


class Limited(ref.Sim):
    """The reference with an end."""

    n_events = 0

    def event(self, *args):
        self.n_events += 1
        if self.n_events > EVENT_LIMIT:
            raise TooLong
        super().event(*args)


def play_reference(scenario):
    def stop(*_):
        raise TooLong
    signal.signal(signal.SIGVTALRM, stop)           # a step of 1 ms over years has no event at all
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)
    try:
        return Limited(copy.deepcopy(scenario)).run()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


# ------------------------------------------------------------------ drawing

class Draw:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, p):
        return self.rng.random() < p

    def of(self, *values):
        return self.rng.choice(values)

    def span(self, least=0):
        """A duration: mostly of the size that matters, now and then an edge."""
        r = self.rng
        v = r.choice([
            lambda: r.randint(0, 3), lambda: r.randint(1, 60), lambda: r.randint(1, 1000),
            lambda: r.randint(1, 600) * 1000, lambda: r.choice([300, 600, 900, 3600, 7200]) * 1000,
            lambda: r.randint(1, 100000), lambda: r.randint(1, 48) * HOUR])()
        if self.chance(0.01):
            v = r.choice([0, 1, DAY, 1 << 31, 1 << 32, 1 << 40, 1 << 53, HUGE - 1, HUGE])
        return max(least, v)

    def short(self):
        r = self.rng
        return r.choice([1, 1, 2, r.randint(1, 20), r.randint(1, 500), r.randint(1, 5000)])

    def rate(self):
        r = self.rng
        v = r.choice([
            lambda: r.randint(1, 50), lambda: r.randint(50, 5000), lambda: r.randint(1000, 40000),
            lambda: r.randint(1, 10) * 3600, lambda: r.randint(40000, 4000000)])()
        if self.chance(0.03):
            v = r.choice([0, 1, 3600000, 3600001, 1 << 40, HUGE])
        return v

    def few(self, most=6):
        v = self.rng.randint(1, most)
        return self.rng.choice([0, 1, 50, 1 << 40]) if self.chance(0.04) else v

    def maybe(self, o, key, value, p=0.5):
        if self.chance(p):
            o[key] = value() if callable(value) else value


def draw_rep(d):
    r = d.rng
    ppm = lambda: d.of(0, 1, 1000000, r.randint(0, 1000000), r.randint(0, 1000000))
    rep = {"base": ppm()}
    d.maybe(rep, "start", ppm)
    d.maybe(rep, "tick_ms", lambda: d.of(1000, 60000, d.span(100), 0), 0.8)
    d.maybe(rep, "recover_ppm", lambda: d.of(0, 1, 11486, 1000000, 2000000, r.randint(1, 500000)), 0.8)
    d.maybe(rep, "good_ppm", lambda: d.of(0, 20, r.randint(0, 50000)))
    if d.chance(0.8):
        rep["pen"] = {w: d.of(0, r.randint(0, 2000), r.randint(0, 300000))
                      for w in ("blocked", "connlimit", "connmsgs", "daily", "greylist", "hard", "rate")
                      if d.chance(0.6)}
    if d.chance(0.7):
        rep["scale"] = [[d.of(0, ppm()), d.of(0, 50, 999, 1000, 1500, r.randint(0, 2000))]
                        for _ in range(r.randint(0, 5))]
    return rep


def draw_receiver(d):
    r, c = d.rng, {}
    if d.chance(0.75):
        c["rate_per_hour"] = d.rate()
        d.maybe(c, "burst", lambda: d.of(0, 1, 2, r.randint(1, 40), 1 << 45), 0.7)
        d.maybe(c, "level", lambda: d.of(0, 1, r.randint(0, 60)), 0.3)
        d.maybe(c, "reject_cost_permille", lambda: d.of(0, 100, 999, 1000, 2500, r.randint(0, 1000)), 0.3)
    if d.chance(0.25):
        t, steps = r.randint(-HOUR, HOUR), []
        for _ in range(r.randint(0, 4)):
            steps.append([t, d.rate()])
            t += d.of(0, d.span())
        c["rate_steps"] = steps
    d.maybe(c, "max_conn", lambda: d.few(5), 0.35)
    d.maybe(c, "max_msgs_per_conn", lambda: d.few(5), 0.25)
    d.maybe(c, "daily_cap", lambda: d.of(0, 1, r.randint(1, 40)), 0.2)
    d.maybe(c, "day_offset_ms", lambda: d.of(r.randint(-DAY, DAY), r.randint(-10 * DAY, 10 * DAY)), 0.2)
    if d.chance(0.25):
        c["greylist_ms"] = d.of(0, d.span(), 300000)
        d.maybe(c, "greylist_awl", lambda: d.of(0, 1, r.randint(1, 10)))
    if d.chance(0.4):
        c.update(strike_n=d.of(0, 1, r.randint(1, 12)), strike_window_ms=d.of(0, d.span(), 10 ** 9), block_ms=d.span())
        d.maybe(c, "block_mult", lambda: d.of(0, 1, 2, 2, 3, 10, 1 << 30))
        d.maybe(c, "block_max_ms", lambda: d.of(0, d.span(1)))
        d.maybe(c, "block_stage", lambda: d.of("mail", "connect"))
        d.maybe(c, "extend_ms", d.span, 0.4)
    d.maybe(c, "rep", lambda: draw_rep(d), 0.4)
    return c


def draw_retry(d):
    r = d.rng
    kind = d.of("postfix", "postfix", "exponential", "interval", "exim")
    c = {"kind": kind}
    if kind == "postfix":
        d.maybe(c, "min_ms", d.span, 0.8)
        d.maybe(c, "max_ms", d.span, 0.8)
        d.maybe(c, "granularity_ms", lambda: d.of(1, 1000, d.span(1)))
        d.maybe(c, "slack_ms", lambda: d.of(0, 1000, d.span()), 0.4)
    elif kind == "exponential":
        c["base_ms"] = d.of(0, d.span(), d.span(1), 60000)
        d.maybe(c, "max_ms", d.span, 0.7)
        if d.chance(0.6):
            c["den"] = d.of(1, 2, 10, 1000, r.randint(1, 100))
            d.maybe(c, "num", lambda: d.of(0, 1, c["den"], c["den"] + 1, c["den"] - 1, 11, r.randint(1, 300)), 0.9)
    elif kind == "interval":
        c["every_ms"] = d.span()
    else:
        cut, rules = 0, []
        for _ in range(r.randint(1, 4)):
            cut += d.span()
            rules.append([d.of("F", "G"), cut, d.span(), d.of(0, 1000, 1500, r.randint(0, 4000))])
        c["rules"] = rules if d.chance(0.97) else []
        d.maybe(c, "max_gap_ms", d.span, 0.3)
    d.maybe(c, "queue_run_ms", lambda: d.of(0, 300000, 1000, d.span()), 0.4)
    return c


def draw_concurrency(d):
    r, c = d.rng, {}
    step = lambda: d.of("1/N", "1", "0.5", "0", "0.1", "2.5", "1e-3", "7")
    d.maybe(c, "adaptive", lambda: d.of(True, True, False), 0.6)
    d.maybe(c, "init", lambda: r.randint(1, 12))
    d.maybe(c, "limit", lambda: d.of(0, 1, r.randint(1, 30)))
    d.maybe(c, "pos", step)
    d.maybe(c, "neg", step)
    d.maybe(c, "cohort_limit", lambda: d.of(0, 1, 2, 10), 0.5)
    d.maybe(c, "dead_ms", lambda: d.of(0, 1, d.span(), 300000))
    return c


def draw_sender(d):
    c = {k: d.short() for k in ("connect_ms", "accept_ms", "reject_ms", "refuse_ms")}
    c["retry"] = draw_retry(d)
    d.maybe(c, "reuse", lambda: d.of(True, True, False), 0.7)
    d.maybe(c, "max_msgs_per_conn", lambda: d.few(5), 0.4)
    d.maybe(c, "global_limit", lambda: d.few(8), 0.3)
    d.maybe(c, "max_age_ms", lambda: d.of(0, 1, d.span(), 5 * DAY, 10 * HOUR), 0.8)
    d.maybe(c, "concurrency", lambda: draw_concurrency(d), 0.8)
    return c


def draw_pace(d):
    r = d.rng
    kind = d.of("constant", "linear", "exp", "aimd")
    c = {"kind": kind, "rate_per_hour": d.rate()}
    d.maybe(c, "burst", lambda: d.of(1, 2, r.randint(1, 30), 1 << 45))
    d.maybe(c, "scope", lambda: d.of("dest", "global"))
    if kind in ("linear", "aimd"):
        c["inc"] = d.of(0, d.rate(), r.randint(1, 500))
    if kind in ("exp", "aimd"):
        c["den"] = d.of(1, 1, 2, 10)
        c["num"] = d.of(0, 1, 2, 3, 11, 1 << 40)
    if kind in ("linear", "exp"):
        c["step_ms"] = d.of(d.span(500), 900000, 60000)
    if kind == "aimd":
        c["period_ms"] = d.of(d.span(500), 300000)
        c["threshold_permille"] = d.of(0, 10, r.randint(0, 1000))
    d.maybe(c, "max_per_hour", lambda: d.of(0, d.rate()), 0.6)
    d.maybe(c, "min_per_hour", lambda: d.of(0, d.rate()), 0.4)
    return c


def draw_windows(d):
    out = []
    for _ in range(d.rng.randint(0, 3)):
        a = d.of(0, d.rng.randrange(DAY))
        out.append([a, d.of(DAY, d.rng.randint(a + 1, DAY), min(DAY, a + d.span(1)))])
    return out


def draw_policy(d):
    c = {}
    d.maybe(c, "resume_at_ms", d.span)
    d.maybe(c, "stagger_ms", d.span, 0.4)
    d.maybe(c, "order", lambda: d.of("fifo", "age", "newest", "priority"), 0.8)
    d.maybe(c, "concurrency", lambda: d.few(6), 0.3)
    d.maybe(c, "flush", lambda: d.of(True, True, False), 0.5)
    if d.chance(0.25):
        c.update(suspend_after=d.of(0, 1, d.rng.randint(1, 8)), suspend_ms=d.span())
    d.maybe(c, "windows", lambda: draw_windows(d), 0.3)
    d.maybe(c, "day_offset_ms", lambda: d.rng.randint(-3 * DAY, 3 * DAY), 0.3)
    d.maybe(c, "pace", lambda: draw_pace(d), 0.6)
    return c


def draw_instant(d):
    r = d.rng
    return d.of(0, r.randint(-HOUR, HOUR), r.randint(0, 60000), r.randint(-5 * DAY, DAY), r.randint(-20, 20))


def draw_mail(d, sc, names):
    r = d.rng
    sc["groups"] = []
    for g in range(r.randint(0, 4)):
        c = {"prefix": d.of("m", "x%d-" % g, "m1"), "dest": d.of(*names),
             "count": d.of(0, 1, r.randint(1, 12), r.randint(1, 60))}
        step = lambda: d.of(0, r.randint(-2000, 2000), r.randint(0, 100000))
        d.maybe(c, "arrive", lambda: draw_instant(d))
        d.maybe(c, "arrive_step", step, 0.4)
        d.maybe(c, "created", lambda: draw_instant(d), 0.6)
        d.maybe(c, "created_step", step, 0.4)
        d.maybe(c, "next", lambda: draw_instant(d), 0.4)
        d.maybe(c, "next_step", step, 0.3)
        d.maybe(c, "prio", lambda: r.randint(-3, 3), 0.4)
        d.maybe(c, "bad_every", lambda: d.few(6), 0.3)
        sc["groups"].append(c)
    if d.chance(0.5):
        sc["messages"] = []
        for i in range(r.randint(0, 15)):
            c = {"id": d.of("m%d" % r.randint(0, 5), "u%d" % i, "é%d" % i), "dest": d.of(*names)}
            d.maybe(c, "arrive", lambda: draw_instant(d))
            d.maybe(c, "created", lambda: draw_instant(d))
            d.maybe(c, "next", lambda: draw_instant(d), 0.3)
            d.maybe(c, "prio", lambda: r.randint(-3, 3), 0.4)
            d.maybe(c, "bad", lambda: d.of(True, False), 0.3)
            d.maybe(c, "key", lambda: d.of("k", "k2", "m1"), 0.4)
            sc["messages"].append(c)


def draw_scenario(seed, k):
    d = Draw(random.Random("%d/%d" % (seed, k)))
    names = ["d%d" % i for i in range(d.of(1, 1, 2, 3, d.rng.randint(1, 9)))]
    sc = {"format": "rs1", "dests": []}
    for name in names:
        c = {"name": name}
        d.maybe(c, "receiver", lambda: draw_receiver(d), 0.9)
        sc["dests"].append(c)
    draw_mail(d, sc, names)
    sc["sender"] = draw_sender(d)
    d.maybe(sc, "policy", lambda: draw_policy(d), 0.95)
    d.maybe(sc, "horizon_ms", lambda: d.of(0, d.span(1), d.span(1), 2 * DAY), 0.4)
    return sc


# ------------------------------------------------------------------ comparing

def play_program(program, scenarios, folder):
    """One process for the lot; the outcomes of those it came to, and what it said."""
    names = []
    for i, sc in enumerate(scenarios):
        names.append(os.path.join(folder, "%d.json" % i))
        with open(names[-1], "w", encoding="utf-8") as f:
            json.dump(sc, f)
    args = [program, "replay"]
    for name in names:
        args += ["--scenario", name]
    p = subprocess.run(args, capture_output=True, timeout=600)
    return [json.loads(line) for line in p.stdout.splitlines()], p.stderr.decode("utf-8", "replace")


def differs(program, sc, folder):
    try:
        want = play_reference(sc)
    except Exception:
        return None
    got, said = play_program(program, [sc], folder)
    if not got:
        return {"said": said}
    diff = {k: [want[k], got[0].get(k)] for k in want if want[k] != got[0].get(k)}
    return diff or None


def smaller(sc):
    """Every scenario with one thing less, or one number simpler."""
    def walk(v, path):
        if isinstance(v, dict):
            for k in list(v):
                yield path + [k], None
                yield from walk(v[k], path + [k])
        elif isinstance(v, list):
            for i in range(len(v)):
                yield path + [i], None
            for i, x in enumerate(v):
                yield from walk(x, path + [i])
        elif isinstance(v, int) and not isinstance(v, bool):
            for n in (0, 1, v // 2, v - 1 if v > 0 else v + 1):
                if n != v and abs(n) < abs(v):
                    yield path, n
    for path, value in walk(sc, []):
        new = copy.deepcopy(sc)
        o = new
        for k in path[:-1]:
            o = o[k]
        if value is None:
            del o[path[-1]]
        else:
            o[path[-1]] = value
        yield new


def shrink(program, sc, folder):
    """The smallest that fails in the same way: refused, or another outcome."""
    refused = "said" in (differs(program, sc, folder) or {})
    again = True
    while again:
        again = False
        for new in smaller(sc):
            diff = differs(program, new, folder)
            if diff and ("said" in diff) == refused:
                sc, again = new, True
                break
    return sc


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--n", type=int, default=10000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--program", default="./mailmortem")
    p.add_argument("--keep", default=".")
    a = p.parse_args()
    clean = refused = long = k = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        while clean + failed < a.n:
            batch, wants = [], []
            while len(batch) < min(BATCH, a.n - clean - failed):
                k += 1
                sc = draw_scenario(a.seed, k)
                try:
                    wants.append(play_reference(sc))
                    batch.append(sc)
                except TooLong:
                    long += 1
                except (KeyError, ZeroDivisionError):
                    refused += 1
            got, said = play_program(a.program, batch, folder)
            bad = next((i for i, w in enumerate(wants) if i >= len(got) or w != got[i]), None)
            if bad is None:
                clean += len(batch)
                continue
            small = shrink(a.program, batch[bad], folder)
            name = os.path.join(a.keep, "rs1-differs-%d.json" % a.seed)
            with open(name, "w", encoding="utf-8") as f:
                json.dump(small, f, indent=1)
            print("differs: %s %s\n%s" % (name, said, json.dumps(differs(a.program, small, folder), indent=1)))
            failed += 1
            break
    print("seed %d: %d scenarios equal, %d differ; drawn again: %d too long, %d refused by the reference"
          % (a.seed, clean, failed, long, refused))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
