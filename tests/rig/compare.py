#!/usr/bin/env python3
"""compare.py MAILMORTEM MTA OUT: what mailmortem says of OUT/logs and
OUT/spool.tar beside OUT/truth.json. Prints a table, each difference by name and
each line that was not understood. What is expected comes from the sender, the
sink, the mailboxes and the MTA's own queue listing alone.
"""
import collections
import glob
import importlib
import json
import os
import re
import sqlite3
import subprocess
import sys

PROGRAM, MTA, OUT = sys.argv[1:4]
GIVEN_UP_S = 18     # mail lives for 25 s; Exim tells one code for all
SLACK_S = 2.5   # stamps of whole seconds, and who writes when
# By what the sink said (sink.py).
CAUSES = {"perm": "recipient_unknown", "full": "mailbox_full",
          "many": "block_policy", "endperm": "content_spam"}
SINKS = ("192.0.2.24", "192.0.2.25", "192.0.2.26", "mx.sink.example",
         "mx.bare.example")
LOCAL = ("@rig.example", "@dove.example", "@mx.rig.example")
CASE, MAILBOX = OUT + "/case.mm", OUT + "/notices.mbox"
ON = importlib.import_module("on_" + MTA.rstrip("+"))
UNLOGGED, FINALS = ON.UNLOGGED, ON.FINALS
BECOMES = getattr(ON, "BECOMES", {})


def run(*args):
    p = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE,
                       encoding="utf-8", check=False)
    if p.returncode not in (0, 1, 3):
        raise SystemExit("%s: exit %d" % (" ".join(args), p.returncode))
    return [json.loads(line) for line in p.stdout.splitlines()]


def name(address):
    """A local user has one name, whatever the MTA wrote."""
    address = address.lower()
    address = address.replace('"', "")
    for domain in LOCAL:
        if address.endswith(domain):
            return address[:-len(domain)]
    return address


# ---- what is true ----

class Truth:
    def __init__(self, data):
        self.data = data
        self.mails = {m["message_id"]: m for m in data["mails"]}
        self.cases = {m["case"]: m for m in data["mails"]}
        self.boxes = collections.Counter((u, m) for u, m in data["mailboxes"])
        self.sink = collections.defaultdict(list)
        for row in data["sink"]:
            # Questions whether a recipient exists are no mail.
            if "probe" not in row["recipient"]:
                self.sink[name(row["recipient"])].append(row)
        self.waiting = {name(w) for w in data["waiting"]}

    def final(self, mail, recipient):
        said = FINALS.get((mail["case"], recipient.split("@")[0]))
        said = said or mail["want"].get("final", {}).get(recipient)
        if (mail["case"], recipient.split("@")[0]) in BECOMES:
            said = None
        if said:
            return said
        rows = self.sink.get(name(recipient), ())
        codes = [row["code"] for row in rows if row["code"]]
        if any(row["stage"] == "end" and row["code"] in (None, 250)
               for row in rows):
            return "sent"
        if (name(recipient), mail["message_id"]) in self.boxes:
            return "sent"
        if any(c >= 500 for c in codes):
            return "bounced"
        if name(recipient) in self.waiting:
            return "deferred"
        return self.notice_of(mail, recipient) or "nowhere"

    def notice_of(self, mail, recipient):
        """Given up at once or after all its time, as the sender was told."""
        for row in self.data["sink"]:
            if row["sender"] != "" or row["stage"] != "end" or \
                    "<%s>" % mail["message_id"] not in row["original"]:
                continue
            for block in re.split(r"\r?\n\r?\n", row["original"]):
                fields = dict(re.findall(r"^([\w-]+): *(.*?)\r?$", block,
                                         re.M))
                status = fields.get("Status", "")
                # OpenSMTPD calls what expired "delayed".
                if name(fields.get("Final-Recipient", "").split(";")[-1]
                        .strip()) != name(recipient) or \
                        (fields.get("Action") != "failed" and
                         status != "4.4.7"):
                    continue
                if status[0] == "4" or (status == "5.0.0" and row["t"] -
                                        mail["t"] > GIVEN_UP_S):
                    return "expired"
                return "bounced"
        return None

    def rows(self):
        """(case, Message-ID or None, sender, recipient, final)"""
        for mail in self.data["mails"]:
            whole = mail["end"] is None or mail["end"] < 300
            for rcpt in mail["rcpts"]:
                to, case = rcpt["recipient"], mail["case"]
                if rcpt["code"] >= 300:
                    yield case, None, mail["sender"], name(to), "rejected"
                elif not whole:
                    yield (case, mail["message_id"], mail["sender"], name(to),
                           "rejected")
                elif mail["end"] is not None:
                    reals = mail["want"].get("becomes", {}).get(to, [to])
                    reals = BECOMES.get((case, to.split("@")[0]), reals)
                    finals = [self.final(mail, real) for real in reals]
                    if mail["want"].get("one_name"):
                        reals, finals = [to], sorted(finals)[-1:]
                    for real, final in zip(reals, finals):
                        yield (case, mail["message_id"], mail["sender"],
                               name(real), final)
        for row in self.data["sink"]:
            if row["sender"] == "" and row["message_id"] not in self.mails \
                    and row["stage"] == "end":
                yield ("notice to " + row["recipient"], row["message_id"], None,
                       name(row["recipient"]), "sent")
        for row in self.data["sink"]:
            # A notice that its sender's host refuses.
            if row["sender"] == "" and row["stage"] == "rcpt" and \
                    "+return" in row["recipient"]:
                who = name(row["recipient"])
                yield ("notice", None, "", who, FINALS.get(
                    ("notice", who.split("@")[0]), "bounced"))
        for who in sorted(self.waiting):
            if who.startswith("ok+from-"):
                yield "notice that waits", None, "", who, "deferred"
        for user, mid in self.data["mailboxes"]:
            if mid not in self.mails:
                yield "notice to " + user, mid, None, user, "sent"

    def codes(self, recipient):
        return [r["code"] for r in self.sink[name(recipient)]]

    def notices(self):
        """The case that each notice at the sink is about: it quotes the
        Message-ID."""
        for row in self.data["sink"]:
            about = re.findall("[Mm]essage-I[Dd]: *<(.*?)@client.example>",
                               row["original"])
            if row["sender"] == "" and about and row["stage"] == "end" and \
                    row["message_id"] not in self.mails:
                yield about[0]


# ---- what mailmortem says ----

class Told:
    def __init__(self):
        run("ingest", "-q", "-c", CASE, OUT + "/logs", OUT + "/spool.tar",
            MAILBOX)
        self.db = sqlite3.connect("file:%s?mode=ro" % CASE, uri=True)
        self.rows = run("export", "deliveries", "-c", CASE)

    def ask(self, sql, *args):
        return self.db.execute(sql, args).fetchall()


class Check:
    table = []

    def __init__(self, title):
        self.title, self.n, self.differences = title, 0, []
        self.unlogged = 0   # not in the log: on_MTA.py says why
        Check.table.append(self)

    def same(self, what, want, got):
        self.n += 1
        if want != got:
            self.differences.append("%s: %s, but mailmortem says %s"
                                    % (what, want, got))


def cause_of(mail, rcpt):
    """Why it failed, as far as the truth tells."""
    case = mail["case"]
    if (case, rcpt.split("@")[0]) in ON.CAUSES:
        return ON.CAUSES[case, rcpt.split("@")[0]]
    return mail["want"].get("cause") or CAUSES.get(rcpt.split("+")[0])


def details(truth, row, case, rcpt, times, causes):
    """Of a row whose final is right: when, and why."""
    mail = truth.cases.get(case)
    if mail is None:
        return
    what = "%s to %s" % (case, rcpt)
    # Without a Message-ID it is not sure which mail of a sender it is.
    if row["message_id"] and mail["want"].get("t", True):
        times.same(what + " came", True, mail["t"] - SLACK_S
                   <= row["arrived"] <= mail["t_end"] + SLACK_S)
    taken = [r["t"] for r in truth.sink.get(rcpt, ()) if r["stage"] == "end" and
             r["code"] == 250 and r["message_id"] == mail["message_id"]]
    if row["final"] == "sent" and taken:
        times.same(what + " was taken", True, any(
            abs(row["final_at"] - t) <= SLACK_S for t in taken))
    cause = cause_of(mail, rcpt)
    if cause and row["final"] in ("bounced", "rejected", "expired"):
        causes.same(what, cause, row["cause"])


def finals(truth, told):
    check, times, causes = Check("finals"), Check("times"), Check("causes")
    left = list(told.rows)

    def take(fits):
        for row in left:
            if fits(row):
                left.remove(row)
                return row
        return None

    unmatched = []
    for case, mid, sender, rcpt, final in truth.rows():
        def same(row, strict):
            if name(row["recipient"] or "") != rcpt:
                return False
            if strict and (row["final"] != final or row["next"]):
                return False
            if row["message_id"] and mid:
                return row["message_id"] == mid
            # None: a log that names no sender.
            return row["sender"] in (None, sender or "")
        if (case, rcpt.split("@")[0]) in UNLOGGED:
            check.unlogged += 1
            take(lambda r: same(r, False))
            continue
        row = take(lambda r: same(r, True))
        if row:
            check.n += 1
            details(truth, row, case, rcpt, times, causes)
        else:
            unmatched.append((case, rcpt, final, same))
    for case, rcpt, final, same in unmatched:
        row = take(lambda r: same(r, False))
        check.same("%s to %s" % (case, rcpt), final, row and "%s (%s)" % (
            row["final"], row["source"]) or "nothing")
    ends = {(r["message_id"], r["final"]) for r in told.rows}
    for row in left:
        # Handed on: the row of the last hop was compared, this has its final.
        if row["next"] and (row["message_id"], row["final"]) in ends:
            continue
        check.same("%s (%s) to %s" % (row["message_id"], row["sender"],
                                      row["recipient"]),
                   "no such row", "%s (%s)" % (row["final"], row["source"]))


def attempts(truth, told):
    """The answers of the sink, in their order, and the words of refusals."""
    check, words = Check("answers"), Check("words")
    got, found = collections.defaultdict(list), set()
    # Those of the hop that it was handed on to stand with both rows.
    for row in sorted(told.rows, key=lambda r: r["next"] is not None):
        for a in row["attempts"]:
            if row["next"] and a["source"] in found:
                continue
            found.add(a["source"])
            if a["contact"] and (a["ip"] in SINKS or a["relay"] in SINKS):
                # Some write no code where a mail was taken.
                code = a["code"] or (250 if a["outcome"] == "sent" else None)
                got[name(row["recipient"])].append((a["t"], code, a["text"]))
    for rcpt in truth.sink:
        # A connection that breaks off is tried again in several ways.
        if rcpt.startswith(("ok+from-", "hangup")) or any(
                r["recipient"].endswith(ON.BY_PROGRAM)
                for r in truth.sink[rcpt]):
            continue
        told_of = sorted(got[rcpt], key=lambda x: x[0])
        codes = [c for _, c, _ in told_of]
        if ("answers", rcpt.split("@")[0]) in UNLOGGED:
            check.unlogged += 1
            continue
        check.same(rcpt, truth.codes(rcpt), codes)
        for row, (_, code, text) in zip(truth.sink[rcpt], told_of):
            said = re.match(r"\d{3} (?:\d\.\d\.\d )?(.*)$", row["text"])
            if said and row["code"] >= 400 and row["code"] == code:
                words.same(rcpt, said.group(1), text)


def logins(truth, told):
    check = Check("logins")
    for mail in truth.data["mails"]:
        if mail["user"]:
            users = told.ask("SELECT DISTINCT sasl_user FROM v_message WHERE"
                             " message_id = ?", mail["message_id"])
            check.same(mail["case"], mail["user"],
                       users[0][0] if users else None)
    others = [m for m in truth.mails.values() if not m["user"]]
    for mail in others:
        users = told.ask("SELECT DISTINCT sasl_user FROM v_message WHERE"
                         " message_id = ? AND sasl_user IS NOT NULL",
                         mail["message_id"])
        check.same(mail["case"], [], users)


def clients(truth, told):
    check = Check("clients")
    for mail in truth.data["mails"]:
        if mail["ip"] and mail["end"] == 250:
            rows = told.ask("SELECT DISTINCT client_ip FROM v_message WHERE"
                            " message_id = ? OR sender = ?",
                            mail["message_id"], mail["sender"])
            check.same(mail["case"], True, not rows or
                       (mail["ip"],) in rows or rows)


def verdicts(truth, told):
    check = Check("verdicts")
    for mail in truth.data["mails"]:
        want = mail["want"].get("verdict")
        if not want:
            continue
        if mail["end"] == 250:
            rows = told.ask(
                "SELECT v.program, v.opinion FROM v_verdict v JOIN message m"
                " ON m.id = v.message WHERE m.message_id = ?",
                mail["message_id"])
        else:
            # A refused one is known by its envelope.
            rows = told.ask("SELECT program, opinion FROM v_verdict"
                            " WHERE sender = ?", mail["sender"])
        fits = [r for r in rows if r[0].startswith(want[0])
                and r[1] == want[1]]
        check.same(mail["case"], list(want), list(want) if fits else rows)


def case_of(told, message):
    """By its recipients, where the log has no Message-ID."""
    for text, in told.ask(
            "SELECT a.text FROM recipient r JOIN address a ON a.id = r.address"
            " WHERE r.message = ? UNION ALL SELECT s.text FROM message m"
            " JOIN address s ON s.id = m.sender WHERE m.id = ?",
            message, message):
        tag = text.split("@")[0].partition("+")[2]
        if tag:
            return tag.replace("from-", "")
    return None


def notices(truth, told):
    check = Check("notices")
    want = collections.Counter(truth.notices())
    # What comes back to the sink; not those to the postmaster.
    rows = told.ask(
        "SELECT DISTINCT c.id, p.id, p.message_id FROM edge e"
        " JOIN message p ON p.id = e.from_message"
        " JOIN message c ON c.id = e.to_message"
        " JOIN recipient r ON r.message = c.id"
        " JOIN address a ON a.id = r.address"
        " WHERE e.kind = 7 AND r.final = 1 AND a.text LIKE 'ok+from-%'")
    got = collections.Counter(
        mid.split("@")[0] if mid else case_of(told, message)
        for _, message, mid in rows)
    for case in sorted(set(want) | set(got)):
        if ("notices", "*") in UNLOGGED:
            check.unlogged += 1
            continue
        check.same(case, want[case], got[case])
    for mail in truth.data["mails"]:
        n = mail["want"].get("notices")
        if n is not None:
            check.same("rig: " + mail["case"], n, want[mail["case"]])


def blocks(text):
    """The fields of each block of a notice that tells of a recipient."""
    for block in re.split(r"\r?\n\r?\n", text):
        fields = dict(re.findall(r"^([\w-]+): *(.*?)\r?$", block, re.M))
        if "Action" in fields and "Final-Recipient" in fields:
            yield fields


def mailbox(truth):
    """The notices that came to the sink, in one file; and what stands in them:
    (recipient, action, status, Message-ID of the mail that they are about)."""
    want = collections.Counter()
    with open(MAILBOX, "w", encoding="utf-8") as f:
        for row in truth.data["sink"]:
            if row["sender"] != "" or row["stage"] != "end" or \
                    row["message_id"] in truth.mails:
                continue
            f.write("From MAILER-DAEMON Fri Nov 27 12:00:00 2026\n%s\n"
                    % re.sub("^(>*From )", r">\1", row["original"].replace(
                        "\r\n", "\n"), flags=re.M))
            about = re.findall("[Mm]essage-I[Dd]: *<(.*?@client.example)>",
                               row["original"])
            for fields in blocks(row["original"]):
                want[name(fields["Final-Recipient"].split(";")[-1].strip()),
                     fields["Action"].split()[0].lower(),
                     fields["Status"].split()[0],
                     about[0] if about else None] += 1
    return want


def reports(truth, told):
    check = Check("reports")
    got = collections.Counter(
        (name(r["recipient"] or ""), r["action"], r["status"],
         r["original_message_id"]) for r in run("export", "reports", "-c",
                                                CASE)
        # Those in the MTA's own queue have not come yet.
        if r["source"].endswith("notices.mbox"))
    for key in sorted(set(truth.reports) | set(got), key=str):
        check.same(" ".join(map(str, key)), truth.reports[key], got[key])
    # Where the log has Message-IDs they are tied to their mail.
    for about, mid in told.ask(
            "SELECT d.original_message_id, m.message_id FROM v_dsn d"
            " LEFT JOIN message m ON m.id = d.message WHERE EXISTS (SELECT 1"
            " FROM message WHERE message_id = d.original_message_id)"):
        check.same("about %s" % about, about, mid)


def doubles(truth, told):
    check = Check("doubles")
    copies = collections.Counter(
        (rcpt, row["message_id"]) for rcpt, rows in truth.sink.items()
        for row in rows
        if row["stage"] == "end" and row["code"] in (None, 250))
    twice = {rcpt for (rcpt, _), n in copies.items() if n > 1}
    got = {name(r["recipient"]) for r in run("export", "duplicates", "-c",
                                             CASE)}
    for rcpt in sorted(twice | got):
        if ("doubles", rcpt.split("@")[0]) in UNLOGGED:
            check.unlogged += 1
            continue
        check.same(rcpt, rcpt in twice, rcpt in got)


def queue(truth, told):
    check = Check("queue")
    got = {name(r["recipient"]) for r in run("export", "queue", "-c", CASE)}
    for rcpt in sorted(truth.waiting | got):
        check.same(rcpt, rcpt in truth.waiting, rcpt in got)


def lines():
    check = Check("lines")
    for path in sorted(glob.glob(OUT + "/logs/*")):
        with open(path, "rb") as f:
            n = sum(1 for _ in f)
        if n == 0:
            continue
        for row in run("explain", "--json", "%s:1-%d" % (path, n)):
            verdict = row["verdict"].split(":")[0]
            check.n += 1
            if row["text"].split(": ")[-1] in getattr(ON, "SITE_WORDS", ()):
                check.unlogged += 1
                continue
            # The logger's own lines are nobody's mail.
            if verdict in ("understood", "noise") or \
                    row["tag"] in ("rsyslogd", "systemd"):
                continue
            check.differences.append("%s:%d: %s: %s: %s" % (
                os.path.basename(path), row["line"], verdict, row["tag"],
                row["text"]))


def main():
    with open(OUT + "/truth.json", encoding="utf-8") as f:
        truth = Truth(json.load(f))
    if os.path.exists(CASE):
        os.unlink(CASE)
    truth.reports = mailbox(truth)
    told = Told()
    for ask in (finals, attempts, logins, clients, verdicts, notices, reports, doubles,
                queue):
        ask(truth, told)
    lines()
    print("%-10s  %-9s  %5s  %5s  %10s" % (MTA, "what", "rows", "agree",
                                           "not logged"))
    for c in Check.table:
        n = len(c.differences)
        print("%-10s  %-9s  %5d  %5d  %10d" % ("", c.title, c.n, c.n - n,
                                               c.unlogged))
    for c in Check.table:
        for text in c.differences:
            print("%s: %s: %s" % (MTA, c.title, text))
    sys.exit(any(c.differences for c in Check.table))


main()
