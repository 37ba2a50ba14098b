#!/usr/bin/env python3
"""packings.py MAILMORTEM FOLDER [LOGS...]

The same logs under every wrapping and in any order make the same case. Each
set of logs (those of the corpus, or the folders named) is read plain, packed
by each packer, as archives, shuffled, twice over, rotated at other places and
cut at a byte; deliveries, hops and the counts of the ledger are compared with
the plain set, and the ledger's lines with a count of line ends made here.
"""
import bz2
import glob
import gzip
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile

PROGRAM, FOLDER = os.path.abspath(sys.argv[1]), sys.argv[2]
passed = failed = 0
# A day before the logs' files: stamps without a year get theirs from it.
T0 = 1795500000


def check(what, want, got):
    global passed, failed
    if want == got:
        passed += 1
        return
    failed += 1
    print("packings: %s: want %.300s, got %.300s" % (what, want, got))


def filtered(command):
    def pack(data):
        return subprocess.run(command, input=data, stdout=subprocess.PIPE,
                              check=True).stdout
    return pack


PACKERS = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
    "zst": filtered(["zstd", "-q", "-c"]), "lz4": filtered(["lz4", "-q", "-c"]),
    "lz": filtered(["lzip", "-c"]), "Z": filtered(["compress", "-c"]),
}


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    os.utime(path, (T0, T0))


def tar(files, mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as t:
        for name, data in files:
            info = tarfile.TarInfo("logs/" + name)
            info.size, info.mtime = len(data), T0
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            z.writestr(zipfile.ZipInfo("logs/" + name, (2026, 11, 24, 6, 0, 0)),
                       data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def cpio(files):
    work = os.path.join(FOLDER, "cpio")
    shutil.rmtree(work, ignore_errors=True)
    for name, data in files:
        write(os.path.join(work, "logs", name), data)
    names = "".join("logs/%s\n" % name for name, _ in files).encode()
    return subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=work,
                          input=names, stdout=subprocess.PIPE,
                          check=True).stdout


def rows(what, paths, case):
    out = subprocess.run([PROGRAM, "export", what, "-c", case],
                         stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def without_source(v):
    if isinstance(v, list):
        return [without_source(x) for x in v]
    if isinstance(v, dict):
        return {k: without_source(x) for k, x in v.items() if k != "source"}
    return v


def key(row):
    return json.dumps(without_source(row), sort_keys=True)


class Case:
    def __init__(self, paths, fails=False):
        case = os.path.join(FOLDER, "case.mm")
        if os.path.exists(case):
            os.unlink(case)
        self.exit = subprocess.run([PROGRAM, "ingest", "-q", "-c", case] +
                                   paths, stderr=subprocess.PIPE).returncode
        self.ledger = rows("ledger", paths, case)
        self.deliveries = sorted(map(key, rows("deliveries", paths, case)))
        self.hops = sorted(map(key, rows("hops", paths, case)))

    def lines(self):
        return sum(r["lines"] or 0 for r in self.ledger)

    def counts(self):
        """What rejectlog repeats of mainlog is a copy or a record, as the
        two happen to be rotated."""
        sums = {k: sum(r[k] or 0 for r in self.ledger)
                for k in ("records", "noise", "foreign", "malformed",
                          "duplicate_lines")}
        sums["records"] += sums.pop("duplicate_lines")
        return sums


def adds_up(what, case):
    for r in case.ledger:
        check(what + ": the sum of " + r["file"], r["lines"] or 0,
              sum(r[k] or 0 for k in ("records", "noise", "foreign",
                                      "malformed", "duplicate_lines")))


def same(what, plain, paths, lines=None):
    case = Case(paths)
    adds_up(what, case)
    check(what + ": exit", 0, case.exit)
    check(what + ": lines", plain.lines() if lines is None else lines,
          case.lines())
    check(what + ": counts", plain.counts(), case.counts())
    check(what + ": deliveries", plain.deliveries, case.deliveries)
    check(what + ": hops", plain.hops, case.hops)
    return case


def load(logs):
    """(name, bytes), oldest first as rotation names them."""
    files = []
    for path in sorted(glob.glob(logs + "/*")):
        with open(path, "rb") as f:
            data = f.read()
        name = os.path.basename(path)
        if data[:2] == b"\x1f\x8b":
            data, name = gzip.decompress(data), name.removesuffix(".gz")
        files.append((name, data))
    return files


def rotated_elsewhere(files, rng):
    """The logs of one stem joined and cut at other line ends."""
    stems = {}
    for name, data in files:
        stem, _, age = name.partition(".")
        if stem == "mail":
            stem, age = "mail.log", name[len("mail.log"):].lstrip(".")
        stems.setdefault(stem, []).append((int(age) if age.isdigit() else 0,
                                           age, data))
    for stem, parts in stems.items():
        if all(age == "" or age.isdigit() for _, age, _ in parts):
            parts.sort(key=lambda p: -p[0])
        else: # dates: the plain one is the youngest
            parts.sort(key=lambda p: (p[1] == "", p[1]))
        lines = b"".join(p[2] for p in parts).splitlines(keepends=True)
        cuts = sorted(rng.sample(range(1, len(lines)), 3))
        for i, (a, b) in enumerate(zip([0] + cuts, cuts + [len(lines)])):
            yield "%s.%d" % (stem, 4 - i), b"".join(lines[a:b])


def cut_at_a_byte(what, files, plain, rng):
    """What stands before the cut is read as it was."""
    name, data = max(files, key=lambda f: len(f[1]))
    rest = [f for f in files if f[0] != name]
    for packer in ("gz", "xz", None):
        packed = PACKERS[packer](data) if packer else data
        cut = rng.randrange(len(packed) // 3, len(packed))
        base = os.path.join(FOLDER, "cut")
        shutil.rmtree(base, ignore_errors=True)
        for other, bytes_ in rest:
            write(os.path.join(base, other), bytes_)
        write(os.path.join(base, name), packed[:cut])
        case = Case([base])
        label = "%s: %s cut at byte %d" % (what, packer or "plain", cut)
        adds_up(label, case)
        row = [r for r in case.ledger if r["file"].endswith("/" + name)][0]
        if packer:
            check(label + ": torn at", cut, row["torn_at"])
        else:
            check(label + ": lines", data[:cut].count(b"\n") +
                  (data[:cut][-1:] != b"\n"), row["lines"])
        before = {json.loads(k)["queue_id"] for k in plain.deliveries}
        check(label + ": no message that was not there", set(),
              {json.loads(k)["queue_id"] for k in case.deliveries} - before -
              {None})


def try_all(logs, rng):
    files = load(logs)
    base = os.path.join(FOLDER, "plain")
    shutil.rmtree(base, ignore_errors=True)
    for name, data in files:
        write(os.path.join(base, name), data)
    paths = [os.path.join(base, name) for name, _ in files]
    plain = Case([base])
    adds_up(logs, plain)
    check(logs + ": lines", sum(d.count(b"\n") for _, d in files),
          plain.lines())
    for end, pack in PACKERS.items():
        folder = os.path.join(FOLDER, "packed")
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in files:
            write(os.path.join(folder, name + "." + end), pack(data))
        same("%s as %s" % (logs, end), plain, [folder])
    archives = {
        "tar": tar(files, "w"), "tar.gz": tar(files, "w:gz"),
        "tar.xz": tar(files, "w:xz"), "zip": zipped(files),
        "cpio": cpio(files),
        "tar of gz": tar([(n + ".gz", gzip.compress(d)) for n, d in files],
                         "w"),
    }
    for end, data in archives.items():
        path = os.path.join(FOLDER, "archive." + end.replace(" ", "-"))
        write(path, data)
        same("%s in a %s" % (logs, end), plain, [path])
    shuffled = paths[:]
    rng.shuffle(shuffled)
    same(logs + " shuffled", plain, shuffled)
    twice = os.path.join(FOLDER, "twice")
    shutil.rmtree(twice, ignore_errors=True)
    for name, data in files:
        write(os.path.join(twice, name + ".gz"), gzip.compress(data))
    same(logs + " twice", plain, [base, twice, base])
    moved = os.path.join(FOLDER, "moved")
    shutil.rmtree(moved, ignore_errors=True)
    for name, data in rotated_elsewhere(files, rng):
        write(os.path.join(moved, name), data)
    same(logs + " rotated elsewhere", plain, [moved])
    cut_at_a_byte(logs, files, plain, rng)


os.makedirs(FOLDER, exist_ok=True)
for number, logs in enumerate(sys.argv[3:] or
                              sorted(glob.glob("test-corpus/*/logs"))):
    try_all(logs, random.Random(20261122 + number))
print("packings: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
