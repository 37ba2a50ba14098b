#!/usr/bin/env python3
"""replay.py MAILMORTEM REPLAY_SPEED: the replay engine by workload and by how
many messages wait, and one scenario beside the Python reference.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

SCENARIO = {
    "dests": [{"name": "d", "receiver": {"rate_per_hour": 1800, "burst": 12}}],
    "groups": [{"prefix": "m", "dest": "d", "count": 3000, "created": -7200000}],
    "sender": {"connect_ms": 150, "accept_ms": 120, "reject_ms": 40, "refuse_ms": 90, "max_age_ms": 432000000,
               "retry": {"kind": "postfix", "min_ms": 300000, "max_ms": 4000000, "queue_run_ms": 300000}},
}


def seconds(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main(program, speed):
    print("\nreplay: the engine alone, by how many messages wait", flush=True)
    for workload in ("flush", "age", "paced", "hold"):
        for n in (10000, 100000, 1000000):
            subprocess.run([speed, workload, str(n)], check=True)
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "scenario.json")
        with open(name, "w", encoding="ascii") as f:
            json.dump(SCENARIO, f)
        slow = seconds([sys.executable, "tests/fuzz/rs1_reference.py", "run", name])
        fast = seconds([program, "replay", "--scenario", name])
    print("a scenario of %d messages: reference %.2f s, mailmortem %.3f s, ratio %.0f"
          % (SCENARIO["groups"][0]["count"], slow, fast, slow / fast))


if __name__ == "__main__":
    main(*sys.argv[1:])
