#!/usr/bin/env python3
"""run.py MAILMORTEM GENLOG MEGABYTES BUILD_FOLDER

Times mailmortem beside programs of the distribution, in turn, on a generated
Postfix log, and prints medians and ratios; whole processes, by the operating
system's own accounting. A line a run is added to BUILD_FOLDER/bench.tsv.
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 3


def measure(command, stdin=None):
    """(wall seconds, CPU seconds, peak MB) of one run."""
    start = time.monotonic()
    with open(os.devnull, "wb") as null:
        p = subprocess.Popen(command, stdout=null, stderr=null, stdin=stdin)
        _, status, usage = os.wait4(p.pid, 0)
    wall = time.monotonic() - start
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode != 0:
        sys.exit("bench: %s: exit %d" % (command[0], p.returncode))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(runs):
    return [statistics.median(r[i] for r in runs) for i in range(3)]


def side_by_side(commands):
    """All commands in turn, ROUNDS times: the machine's moods hit them all."""
    runs = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            runs[name].append(measure(command))
    return {name: medians(r) for name, r in runs.items()}


def show(title, figures, base):
    print("\n" + title)
    print("%-34s %9s %9s %9s %12s %12s" %
          ("", "wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio"))
    for name, (wall, cpu, peak) in figures.items():
        print("%-34s %9.2f %9.2f %9.0f %12.2f %12.2f" %
              (name, wall, cpu, peak, wall / figures[base][0], cpu / figures[base][1]))


def main(argv):
    program, genlog, megabytes, build = argv[1], argv[2], int(argv[3]), argv[4]
    work = os.path.join(build, "bench")
    log = os.path.join(work, "log-%d.gz" % megabytes)
    small = os.path.join(work, "log-small")
    case = os.path.join(work, "case.mm")
    if not os.path.exists(log):
        print("generating %d MB of Postfix log" % megabytes)
        with open(log + ".tmp", "wb") as f:
            gen = subprocess.Popen([genlog, str(megabytes * 1000000), "7"], stdout=subprocess.PIPE)
            subprocess.run(["gzip", "-6"], stdin=gen.stdout, stdout=f, check=True)
            gen.wait()
        os.rename(log + ".tmp", log)
    with open(small, "wb") as f:
        subprocess.run([genlog, str(megabytes * 100000), "7"], stdout=f, check=True)

    def ingest(path):
        return ["sh", "-c", "rm -f %s; exec %s ingest -q -c %s %s" % (case, program, case, path)]

    zcat = "zcat > /dev/null"
    figures = side_by_side({zcat: ["zcat", log], "mailmortem ingest": ingest(log)})
    size = os.path.getsize(case)
    show("%d MB of log, gzip -6: ingest beside zcat" % megabytes, figures, zcat)
    print("case file: %.0f MB, %.3f byte per log byte" % (size / 1e6, size / 1e6 / megabytes))
    with open(os.path.join(build, "bench.tsv"), "a", encoding="ascii") as f:
        f.write("%d\t%.3f\t%.3f\t%.0f\t%.3f\n" % (
            megabytes, figures["mailmortem ingest"][0] / figures[zcat][0],
            figures["mailmortem ingest"][1] / figures[zcat][1],
            figures["mailmortem ingest"][2], size / 1e6 / megabytes))

    address = "u77@d4d.example"
    subprocess.run([program, "trace", address, "-q", "-c", case], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, check=False)  # builds its indexes
    figures = side_by_side({
        "zgrep -c (one address)": ["sh", "-c", "zgrep -c %s %s || true" % (address, log)],
        "mailmortem trace": ["sh", "-c", "%s trace %s -q -c %s || true" % (program, address, case)],
        "mailmortem report --html": [program, "report", "-q", "-c", case, "--html",
                                     os.path.join(work, "r.html")],
    })
    show("questions to the case of that log", figures, "zgrep -c (one address)")

    if shutil.which("pflogsumm"):
        figures = side_by_side({"pflogsumm (its one page)": ["pflogsumm", small],
                                "mailmortem summary": [program, "summary", "-q", small]})
        show("%d MB of plain log: one page each" % (megabytes // 10), figures,
             "pflogsumm (its one page)")
    for path in (case, small):
        os.unlink(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
