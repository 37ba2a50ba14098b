#!/usr/bin/env python3
"""evidence.py FOLDER: logs and spools in every wrapping, and what a reader
is to make of them. For each case FOLDER/NAME.args holds the paths to give and
FOLDER/NAME.want the outcome in the words of test_evidence.c; all of it is
computed here, by Python's own modules and zstd, lz4, lzip, compress."""
import bz2
import calendar
import datetime
import gzip
import hashlib
import io
import lzma
import os
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

TOP = sys.argv[1]
T0 = 1700000000  # 2023-11-14 22:13:20 UTC


def sha(b):
    return hashlib.sha256(b).hexdigest()


def log(minute, n, eol=b"\n"):
    """n lines, one a second, from a minute of that evening on."""
    out = []
    for i in range(n):
        t = minute * 60 + i
        out.append(b"Nov 14 %02d:%02d:%02d mx1 postfix/smtp[%d]: %X: to=<u%d@"
                   b"example.org>, status=sent (250 ok)" % (
                       t // 3600, t // 60 % 60, t % 60, 100 + i % 7,
                       0xA0000 + i, i * i % 1009))
    return eol.join(out) + eol


def write(path, data, mtime=T0 + 7200, mode=0o640):
    path = os.path.join(TOP, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, mode)
    os.utime(path, (mtime, mtime))
    return data


def lines(text, copies=()):
    """The digest of numbered lines with their places, without those that are
    copies, and the count of all."""
    h, at, n = hashlib.sha256(), 0, 0
    for raw in text.split(b"\n"):
        if raw == b"" and at >= len(text):
            break
        n += 1
        bare = raw[:-1] if raw.endswith(b"\r") else raw
        if n - 1 not in copies:
            h.update(b"%d %d %s\n" % (n, at, bare))
        at += len(raw) + 1
    return h.hexdigest(), n


def span(text):
    """The first and the last of the times that log() wrote, as "a..b"."""
    times = [calendar.timegm((2023, 11, 14, int(h), int(m), int(s)))
             for h, m, s in re.findall(rb"Nov 14 (\d\d):(\d\d):(\d\d)", text)]
    return "%d..%d" % (min(times), max(times)) if times else "-..-"


def row(name, data, text, compression="none", member=False, torn=-1, note="",
        copies=(), times=None):
    digest, n = lines(text, copies)
    return "row %s|log|%s|%d|%s|%d|%d|%s|%d|%s|%s" % (
        name, compression, len(data), "" if member else sha(data), n,
        len(copies), times or span(text), torn, digest, note)


def other(name, kind, data, compression="none", note="", member=False,
          torn=-1):
    return "row %s|%s|%s|%d|%s|0|0|-..-|%d||%s" % (
        name, kind, compression, len(data), "" if member else sha(data), torn,
        note)


def leaf(name, root, path, data, mode=0o640, mtime=T0 + 7200):
    return "leaf %s|%s|%s|%o|%d|%d|%s" % (
        name, root, path, mode, mtime, len(data), sha(data))


def case(name, args, want):
    with open(os.path.join(TOP, name + ".args"), "w") as f:
        f.write("\n".join(args) + "\n")
    with open(os.path.join(TOP, name + ".want"), "w") as f:
        f.write("\n".join(want) + "\n")


def tool(argv, data):
    return subprocess.run(argv, input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def tar(members, mode="w", fmt=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=fmt) as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), T0 + 7200, 0o640
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


# Plain files.
a, b, c = log(600, 2000), log(640, 1500), log(670, 900)
write("plain/mail.log", a)
case("plain", ["plain/mail.log"], [row("plain/mail.log", a, a)])
write("crlf/mail.log", log(600, 50, b"\r\n"))
case("crlf", ["crlf/mail.log"],
     [row("crlf/mail.log", log(600, 50, b"\r\n"), log(600, 50, b"\r\n"))])
write("nolf/mail.log", a[:-1])
case("no-last-lf", ["nolf/mail.log"], [row("nolf/mail.log", a[:-1], a[:-1])])

# A rotated set: any order of arguments, read in the order of time.
g = gzip.compress(a, mtime=T0)
write("set/mail.log.2.gz", g)
write("set/mail.log.1", b)
write("set/mail.log", c)
want = [row("set/mail.log.2.gz", g, a, "gzip"), row("set/mail.log.1", b, b),
        row("set/mail.log", c, c)]
case("set", ["set"], want)
case("set-shuffled",
     ["set/mail.log.1", "set/mail.log", "set/mail.log.2.gz"], want)

# gzip: several members, padding, and the ways to break.
two = gzip.compress(a[:50000]) + gzip.compress(a[50000:])
write("gz/members.gz", two)
case("gzip-members", ["gz/members.gz"], [row("gz/members.gz", two, a, "gzip")])
write("gz/padded.gz", g + bytes(1000))
case("gzip-padded", ["gz/padded.gz"],
     [row("gz/padded.gz", g + bytes(1000), a, "gzip")])
write("gz/no-name", g)
case("gzip-no-name", ["gz/no-name"], [row("gz/no-name", g, a, "gzip")])
write("gz/plain.gz", a)
case("plain-named-gz", ["gz/plain.gz"], [row("gz/plain.gz", a, a)])
torn = g[:len(g) * 2 // 3]
seen = zlib.decompressobj(31).decompress(torn)
write("gz/torn.gz", torn)
case("gzip-torn", ["gz/torn.gz"],
     [row("gz/torn.gz", torn, seen, "gzip", torn=len(torn),
          note="the gzip data ends too early at byte %d" % len(torn))])
tail = g + b"rubbish behind"
write("gz/tail.gz", tail)
case("gzip-tail", ["gz/tail.gz"],
     [row("gz/tail.gz", tail, a, "gzip", torn=len(g),
          note="bytes that are not gzip at byte %d" % len(g))])

# Large enough for restart points, within members and between them.
big = b"".join(b"Nov 14 22:00:00 mx1 postfix/smtp[%d]: %x: to=<%d@example.org>"
               b"\n" % (i % 977, i * 2654435761 % 1048573, i)
               for i in range(200000))
large = gzip.compress(big, 6) + gzip.compress(a, 1) + gzip.compress(big, 1)
write("gz/large.gz", large)
case("gzip-large", ["gz/large.gz"],
     [row("gz/large.gz", large, big + a + big, "gzip")])
write("plain/large", big)
case("plain-large", ["plain/large"], [row("plain/large", big, big)])

# Other compressions.
packed = {
    "bzip2": bz2.compress(a), "xz": lzma.compress(a),
    "lzma": lzma.compress(a, format=lzma.FORMAT_ALONE),
    "zstd": tool(["zstd", "-q", "-c"], a), "lz4": tool(["lz4", "-q", "-c"], a),
    "lzip": tool(["lzip", "-q", "-c"], a), "compress": tool(["compress"], a),
}
for name, data in packed.items():
    write("packed/" + name, data)
    case("packed-" + name, ["packed/" + name],
         [row("packed/" + name, data, a, name)])
# libarchive hands out whole blocks of 64 KiB.
cut = packed["xz"][:len(packed["xz"]) * 3 // 4]
seen = lzma.LZMADecompressor().decompress(cut)
seen = seen[:len(seen) // 65536 * 65536]
write("packed/torn.xz", cut)
case("packed-torn", ["packed/torn.xz"],
     [row("packed/torn.xz", cut, seen, "xz", torn=len(cut),
          note="damaged or cut short at byte %d" % len(cut))])

# Archives: logs come out of them, spool files are offered.
s1, s2 = b"spool file one\n", bytes(range(256)) * 400
members = [("./var/log/mail.log", b), ("./var/log/mail.log.1.gz", g),
           ("deferred/4/take-1", s1), ("deferred/5/take-2", s2),
           ("empty", b"")]


def unpacked(root, whole, compression="none", kind="tar", sha_of=True):
    note = "holds 2 x log, 2 x spool file, 1 x empty"
    return [
        leaf(root + "!deferred/4/take-1", root, "deferred/4/take-1", s1),
        leaf(root + "!deferred/5/take-2", root, "deferred/5/take-2", s2),
        row(root + "!var/log/mail.log.1.gz", g, a, "gzip", True),
        row(root + "!var/log/mail.log", b, b, "none", True),
        other(root, kind, whole, compression, note, not sha_of)]


tars = {"tar": (tar(members), "none"),
        "tar.gz": (gzip.compress(tar(members)), "gzip"),
        "tar.xz": (lzma.compress(tar(members)), "xz"),
        "pax.tar": (tar(members, fmt=tarfile.PAX_FORMAT), "none")}
for name, (data, how) in tars.items():
    write("tars/x." + name, data)
    case(name, ["tars/x." + name], unpacked("tars/x." + name, data, how))
case("tar-stdin", ["-", "<tars/x.tar.gz"],
     unpacked("-", tars["tar.gz"][0], "gzip"))
case("log-stdin", ["-", "<plain/mail.log"], [row("-", a, a)])
case("gzip-stdin", ["-", "<gz/no-name"], [row("-", g, a, "gzip")])

inner = tars["tar.gz"][0]
outer = tar([("ev/all.tgz", inner), ("ev/readme.png", b"\x89PNG\r\n\x1a\n")])
write("tars/outer.tar", outer)
case("tar-in-tar", ["tars/outer.tar"],
     unpacked("tars/outer.tar!ev/all.tgz", inner, "gzip", sha_of=False)[:-1] +
     [other("tars/outer.tar", "tar", outer, note="holds 1 x tar, "
            "1 x a PNG image"),
      other("tars/outer.tar!ev/all.tgz", "tar", inner, "gzip",
            "holds 2 x log, 2 x spool file, 1 x empty", True)])

zbytes = io.BytesIO()
with zipfile.ZipFile(zbytes, "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("mail.log", b)
write("zip/x.zip", zbytes.getvalue())
case("zip", ["zip/x.zip"],
     [row("zip/x.zip!mail.log", b, b, "none", True),
      other("zip/x.zip", "zip", zbytes.getvalue(), note="holds 1 x log")])
bang = io.BytesIO()
with zipfile.ZipFile(bang, "w") as z:
    z.writestr("mx1!mail.log", b)
write("zip/bang.zip", bang.getvalue())
case("zip-bang", ["zip/bang.zip"],
     [row("zip/bang.zip!mx1!mail.log", b, b, "none", True),
      other("zip/bang.zip", "zip", bang.getvalue(), note="holds 1 x log")])

def cpio(form, name, data):
    """One file in each form of cpio(5): new, with a sum, odc, and the old
    binary ones of either byte order."""
    out = b""
    for n, d in ((name, data), ("TRAILER!!!", b"")):
        text, mode = n.encode() + b"\0", 0o100640 if d else 0
        time = T0 + 7200 if d else 0
        if form in ("newc", "crc"):
            head = (b"07070" + (b"1" if form == "newc" else b"2") +
                    b"".join(b"%08x" % v for v in (
                        7, mode, 0, 0, 1, time, len(d), 0, 0, 0, 0, len(text),
                        sum(d) & 0xffffffff if form == "crc" else 0)))
            out += head + text + bytes(-(len(head) + len(text)) % 4)
            out += d + bytes(-len(d) % 4)
        elif form == "odc":
            out += b"070707" + b"%06o%06o%06o%06o%06o%06o%06o" % (
                0, 7, mode, 0, 0, 1, 0)
            out += b"%011o%06o%011o" % (time, len(text), len(d)) + text + d
        else:
            words = (0o70707, 0, 7, mode, 0, 0, 1, 0, time >> 16,
                     time & 0xffff, len(text), len(d) >> 16, len(d) & 0xffff)
            out += struct.pack((">" if form == "bin-be" else "<") + "13H",
                               *words)
            out += text + bytes(len(text) % 2) + d + bytes(len(d) % 2)
    return out + bytes(-len(out) % 512)


for form in ("newc", "crc", "odc", "bin-le", "bin-be"):
    data = cpio(form, "mail.log", b)
    write("cpio/" + form, data)
    case("cpio-" + form, ["cpio/" + form],
         [row("cpio/%s!mail.log" % form, b, b, "none", True),
          other("cpio/" + form, "cpio", data, note="holds 1 x log")])

# What lies too deep, or is locked, says so and does not hide the rest.
deep = b
for depth in range(3):
    deep = tar([("mail.log" if depth == 0 else "in.tar", deep)])
    write("deep/%d.tar" % depth, deep)
twice = tar([("mail.log", c), ("in.tar", deep)])
too_deep = "in more than two archives; unpack the outer one first"
case("deep-2", ["deep/2.tar"],
     ["error deep/2.tar: no log and no spool among 3 files; "
      "deep/2.tar!in.tar!in.tar is tar: " + too_deep])
write("deep/beside.tar", twice)
case("deep-beside", ["deep/beside.tar"], [
    row("deep/beside.tar!mail.log", c, c, "none", True),
    other("deep/beside.tar", "tar", twice, note="holds 1 x log, 1 x tar"),
    other("deep/beside.tar!in.tar", "tar", deep, note="holds 1 x tar",
          member=True),
    other("deep/beside.tar!in.tar!in.tar", "tar",
          tar([("in.tar", tar([("mail.log", b)]))]), note=too_deep,
          member=True)])
wrapped = b
for depth in range(3):
    wrapped = gzip.compress(wrapped, mtime=T0)
write("deep/thrice.gz", wrapped)
case("deep-gz", ["deep/thrice.gz"],
     ["error deep/thrice.gz: packed more than twice, not a log; unpack it "
      "first"])
locked = bytearray(zbytes.getvalue())
locked[6] |= 1  # APPNOTE.TXT 4.4.4: bit 0, encrypted
locked[locked.index(b"PK\1\2") + 8] |= 1
write("zip/locked.zip", bytes(locked))
case("zip-locked", ["zip/locked.zip"],
     ["error zip/locked.zip: no log and no spool among 2 files; "
      "zip/locked.zip!mail.log is encrypted: unpack it with its password "
      "first"])

data = tars["tar.gz"][0][:len(tars["tar.gz"][0]) // 4]
write("tars/torn.tar.gz", data)
seen = zlib.decompressobj(31).decompress(data)[512:]
why = "the gzip data ends too early at byte %d" % len(data)
case("tar-torn", ["tars/torn.tar.gz"],
     ["row tars/torn.tar.gz!var/log/mail.log|log|none|%d||%d|0|%s|%d|%s|%s" % (
         len(b), lines(seen)[1], span(seen), len(data), lines(seen)[0], why),
      other("tars/torn.tar.gz", "tar", data, "gzip",
            why + "; holds 1 x log", torn=len(data))])

# A folder: the spool files below it keep their path.
write("folder/spool/deferred/4/take-1", s1)
write("folder/spool/active/take-2", s2, mode=0o700)
write("folder/mail.log", b)
write("folder/picture.png", b"\x89PNG\r\n\x1a\n....")
write("folder/nothing", b"")
write("folder/noise.bin", bytes(range(256)) * 4)
os.symlink("mail.log", os.path.join(TOP, "folder/link"))
case("folder", ["folder"], [
    leaf("folder/spool/active/take-2", "folder", "spool/active/take-2", s2,
         0o700),
    leaf("folder/spool/deferred/4/take-1", "folder", "spool/deferred/4/take-1",
         s1),
    row("folder/mail.log", b, b),
    other("folder/noise.bin", "binary", bytes(range(256)) * 4),
    other("folder/nothing", "empty", b""),
    other("folder/picture.png", "a PNG image", b"\x89PNG\r\n\x1a\n...."),
    other("folder/spool/active/take-2", "spool file", s2),
    other("folder/spool/deferred/4/take-1", "spool file", s1)])
case("single", ["folder/spool/active/take-2"], [
    leaf("folder/spool/active/take-2", "folder/spool/active/take-2", "take-2",
         s2, 0o700),
    other("folder/spool/active/take-2", "spool file", s2)])

# The same bytes count once, however they are wrapped or named.
write("same/a.log", a)
write("same/b.gz", g)
write("same/c.xz", packed["xz"])
write("same/d.log", a[:90000])
case("same", ["same/d.log", "same/c.xz", "same/b.gz", "same/a.log"], [
    row("same/a.log", a, a),
    row("same/d.log", a[:90000], a[:90000],
        copies=range(len(a[:90000].split(b"\n")) - 1)),
    other("same/b.gz", "duplicate", g, "gzip", "the same as same/a.log"),
    other("same/c.xz", "duplicate", packed["xz"], "xz",
          "the same as same/a.log")])
case("given-twice", ["set", "set/mail.log", "set"], want)
write("tars/y.tar", tars["tar"][0])
case("archive-twice", ["tars/x.tar", "tars/y.tar"],
     unpacked("tars/x.tar", tars["tar"][0]) +
     [other("tars/y.tar", "duplicate", tars["tar"][0],
            note="the same as tars/x.tar")])

# Overlapping logs: a copy made before the rotation, a file of warnings.
split = a.split(b"\n")[:-1]
part = b"\n".join(split[1500:]) + b"\n" + b
write("overlap/mail.log.1", a)
write("overlap/mail.log", part)
case("overlap", ["overlap"],
     [row("overlap/mail.log.1", a, a),
      row("overlap/mail.log", part, part, copies=range(500))])
warn = b"\n".join(split[3::7]) + b"\n"
write("warn/mail.log", a)
write("warn/mail.warn", warn)
case("overlap-subset", ["warn"],
     [row("warn/mail.log", a, a),
      row("warn/mail.warn", warn, warn, copies=range(len(split[3::7])))])
write("early/mail.log", b"\n".join(split[10:]) + b"\n")
write("early/mail.err", b"\n".join(split[3::7]) + b"\n")
rest = b"\n".join(split[10:]) + b"\n"
case("overlap-subset-first", ["early"],
     [row("early/mail.err", warn, warn),
      row("early/mail.log", rest, rest, copies=range(14, len(split) - 10, 7))])
# Equal lines are no copies: not within a file, not at a rotation.
twice = log(640, 2) + log(641, 1) * 3
after = log(641, 1) * 2 + log(642, 5)
write("equal/mail.log.1", twice)
write("equal/mail.log", after)
case("equal-lines", ["equal"], [row("equal/mail.log.1", twice, twice),
                                row("equal/mail.log", after, after)])

# Nor are runs of them, in the second of a rotation (a queue run that tells the
# same of several recipients).
run = (log(1344, 1) + b"Nov 14 22:25:00 mx1 sm-mta[5]: connect on mx\n"
       b"Nov 14 22:25:00 mx1 sm-mta[5]: handshake\n"
       b"Nov 14 22:25:00 mx1 sm-mta[5]: closed\n")
later = b"Nov 14 22:25:00 mx1 sm-mta[5]: another\n" + run[-len(
    run.split(b"\n", 1)[1]):] + log(1346, 3)
write("turn/mail.log.1", run)
write("turn/mail.log", later)
case("rotation-second", ["turn"], [row("turn/mail.log.1", run, run),
                                   row("turn/mail.log", later, later)])

# Clocks: ids of the MTAs tell zone and year where the stamps do not.
D62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
D52 = "".join(c for c in D62 if c not in "AEIOUaeiou")


def based(v, digits, n):
    out = ""
    for _ in range(n):
        out = digits[v % len(digits)] + out
        v //= len(digits)
    return out


def clock(t, fmt, zone):
    return datetime.datetime.utcfromtimestamp(t + zone).strftime(fmt)


def clock_parts(t):
    d = datetime.datetime.utcfromtimestamp(t)
    return ((d.year - 1900) % 60, d.month - 1, d.day, d.hour, d.minute,
            d.second)


def told(path, fmt, zone, start, line, mtime=T0 + 7200):
    """Ten arrivals, a minute apart; the ledger is to have their real times."""
    text = "".join(clock(start + 60 * i, fmt, zone) + line(start + 60 * i) +
                   "\n" for i in range(10)).encode()
    write(path, text, mtime)
    note = ("" if zone == 0 else "its local time is UTC%s%02d:%02d, as queue "
            "ids tell" % ("-" if zone < 0 else "+", abs(zone) // 3600,
                          abs(zone) // 60 % 60))
    return row(path, text, text, note=note,
               times="%d..%d" % (start, start + 540))


SYSLOG = "%b %d %H:%M:%S mx1 "
case("clock-exim", ["clock/exim"], [
    told("clock/exim/mainlog", "%Y-%m-%d %H:%M:%S ", 7200, T0 - 9000000,
         lambda t: based(t, D62, 6) + "-0000cm-2j <= a@example.org S=1"),
    told("clock/exim/rejectlog", "%Y-%m-%d %H:%M:%S ", 7200, T0 - 9000000 + 30,
         lambda t: "H=[192.0.2.1] rejected RCPT <a@example.org>: no")])
case("clock-postfix", ["clock/postfix/mail.log"], [
    told("clock/postfix/mail.log", SYSLOG, -8 * 3600, T0 - 70000000,
         lambda t: "postfix/smtpd[7]: " + based(t, D52, 6) + "C1wHz9B: "
         "client=a.example.org[192.0.2.1]")])
case("clock-sendmail", ["clock/sendmail/mail.log"], [
    told("clock/sendmail/mail.log", SYSLOG, 19800, T0 - 40000000,
         lambda t: "sm-mta[7]: " + "".join(
             D62[v] for v in clock_parts(t)) + "uN000113: from=<a@b.c>")])
case("clock-utc", ["clock/utc/mail.log"], [
    told("clock/utc/mail.log", SYSLOG, 0, T0 - 4000,
         lambda t: "postfix/cleanup[7]: " + based(t, D52, 6) + "C1wHz9B: "
         "message-id=<a@b>")])

# What Windows exports.
for name, codec in (("le", "utf-16-le"), ("be", "utf-16-be")):
    text = a + "Gr\u00fc\u00dfe \U0001f4e7\r\n".encode()
    wide = "\ufeff".encode(codec) + text.decode().encode(codec)
    write("utf16/" + name, wide)
    case("utf16-" + name, ["utf16/" + name],
         [row("utf16/" + name, wide, text)])

# A bomb: 1.5 GB out of a few kilobytes.
write("bomb.zst", tool(["zstd", "-q", "-c"], b"y" * (1 << 26) + b"\n") * 24)

# Nothing to read.
hint = ("give mail logs, spool folders or queue listings (plain, compressed "
        "or archived)")
case("missing", ["folder/mail.log", "no/such/file"],
     ["error no/such/file: No such file or directory"])
case("png", ["folder/picture.png"],
     ["error folder/picture.png: a PNG image, not a log; " + hint])
case("empty", ["folder/nothing"],
     ["error folder/nothing: empty, not a log; " + hint])
os.makedirs(os.path.join(TOP, "hollow/below"))
case("no-files", ["hollow"],
     ["error hollow: no log and no spool among 0 files; " + hint])
write("images/a.png", b"\x89PNG\r\n\x1a\n")
write("images/b.png", b"\x89PNG\r\n\x1a\n")
case("no-logs", ["images"],
     ["error images: no log and no spool among 2 files; " + hint])
write("lzop/a.lzo", b"\x89LZO\0\r\n\x1a\n" + bytes(100))
write("lzop/b.png", b"\x89PNG\r\n\x1a\n")
case("lzop", ["lzop"],
     ["error lzop: no log and no spool among 2 files; lzop/a.lzo is lzop data: "
      "unpack it first"])
write("journal", b"LPKSHHRH" + bytes(100))
case("journal", ["journal"],
     ["error journal: a systemd journal, not a log; export it with "
      "journalctl --file=FILE -o export"])

# Lines longer than the limit are cut; what follows them is read.
limit = 1 << 20
for n in (limit, limit + 1, 3 * limit + 17):
    name = "long-%d" % n
    text = b"y" * n
    data = a[:1000] + b"\n" + text + b"\n" + b
    write("long/" + name, data)
    h, at = hashlib.sha256(), 0
    count = 0
    for raw in data.split(b"\n")[:-1]:
        count += 1
        h.update(b"%d %d %s%s\n" % (count, at, raw[:limit],
                                    b" cut" if len(raw) > limit else b""))
        at += len(raw) + 1
    cuts = "1 line longer than 1 MiB was cut" if n > limit else ""
    case(name, ["long/" + name], ["row long/%s|log|none|%d|%s|%d|0|%s|-1|%s|%s" % (
        name, len(data), sha(data), count, span(data), h.hexdigest(), cuts)])
