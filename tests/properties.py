#!/usr/bin/env python3
"""properties.py MAILMORTEM FOLDER

What must hold of every case, whatever the logs: each row of RULES is a
question whose answer has no rows. Asked of each capture of the corpus, of its
logs in another order, and of its middle alone (the edges of the logs missing).
"""
import glob
import os
import sqlite3
import subprocess
import sys

PROGRAM, FOLDER = sys.argv[1], sys.argv[2]

RULES = [
    ("attempts of a recipient are counted",
     "SELECT r.id FROM recipient r LEFT JOIN attempt t ON t.recipient = r.id"
     " GROUP BY r.id HAVING count(t.id) <> r.attempts"),
    ("an attempt belongs to a recipient of a message",
     "SELECT t.id FROM attempt t LEFT JOIN recipient r ON r.id = t.recipient"
     " LEFT JOIN message m ON m.id = r.message WHERE m.id IS NULL"),
    ("a recipient has one row, and so one final",
     "SELECT message, address FROM recipient GROUP BY 1, 2"
     " HAVING count(*) > 1"),
    ("a final is one of the eight",
     "SELECT id FROM recipient WHERE final NOT BETWEEN 0 AND 7"),
    # 2: no end in the logs; 4: cut; 128: refused after it had its id.
    # What was handed on has the final of the last hop that the logs hold.
    ("who left the queue has a final",
     "SELECT r.id FROM recipient r JOIN message m ON m.id = r.message"
     " WHERE r.final IN (0, 4, 5) AND m.flags & (1 + 2 + 4 + 64 + 128) = 0"
     " AND m.ended_us IS NOT NULL AND r.next IS NULL"),
    ("sent means that an attempt says so",
     "SELECT r.id FROM recipient r WHERE r.final = 1 AND r.next IS NULL"
     " AND NOT EXISTS (SELECT 1 FROM attempt t WHERE t.recipient = r.id"
     "  AND t.outcome IN (1, 4))"),
    ("a final is not before the message",
     "SELECT r.id FROM recipient r JOIN message m ON m.id = r.message"
     " WHERE r.final_us < m.arrived_us - 1000000"),
    # A second: stamps are whole seconds, late lines of other processes.
    ("no life overlaps the next of its key",
     "SELECT id FROM (SELECT id, ended_us, lead(arrived_us) OVER"
     " (PARTITION BY origin, queue_id ORDER BY arrived_us, id) AS next_us"
     " FROM message) WHERE ended_us > next_us + 1000000"),
    ("an edge joins two messages and has its line",
     "SELECT e.rowid FROM edge e LEFT JOIN message a ON a.id = e.from_message"
     " LEFT JOIN message b ON b.id = e.to_message LEFT JOIN file f"
     " ON f.id = e.file AND e.line BETWEEN 1 AND f.lines"
     " WHERE a.id IS NULL OR b.id IS NULL OR a.id = b.id OR f.id IS NULL"),
    ("a line proves an edge once",
     "SELECT from_message, to_message, recipient, kind, file, line FROM edge"
     " GROUP BY 1, 2, 3, 4, 5, 6 HAVING count(*) > 1"),
    ("a join by Message-ID has one",
     "SELECT e.rowid FROM edge e JOIN message m ON m.id = e.from_message"
     " WHERE e.kind = 8 AND coalesce(m.message_id, '') = ''"),
    ("what a recipient went on as is a message of an edge",
     "SELECT r.id FROM recipient r WHERE r.next IS NOT NULL AND NOT EXISTS"
     " (SELECT 1 FROM edge e WHERE e.from_message = r.message"
     "  AND e.to_message = r.next)"),
    ("the heir is a recipient of the next hop",
     "SELECT r.id FROM recipient r LEFT JOIN recipient h ON h.id = r.heir"
     " WHERE r.heir IS NOT NULL AND h.id IS NULL"),
    ("every line of evidence is a line of its file",
     "SELECT x.file, x.line FROM (SELECT file, line FROM message UNION ALL"
     " SELECT file, line FROM attempt UNION ALL SELECT file, line FROM leg"
     " UNION ALL SELECT file, line FROM step UNION ALL SELECT file, line"
     " FROM reject UNION ALL SELECT file, line FROM event UNION ALL"
     " SELECT file, line FROM verdict) x"
     " LEFT JOIN file f ON f.id = x.file AND x.line BETWEEN 1 AND f.lines"
     " WHERE f.id IS NULL"),
    ("a contact names whom",
     "SELECT t.id FROM attempt t WHERE t.flags & 1 AND t.relay IS NULL"
     " AND t.outcome = 1"),
    ("the parts of a delay are not more than it",
     "SELECT id FROM attempt WHERE a_us + b_us + c_us + d_us >"
     " delay_us * 1.1 + 1000000"),
    ("what a filter says is of a mail that was there",
     "SELECT v.id FROM verdict v JOIN message m ON m.id = v.message"
     " WHERE v.tie IS NULL OR v.t_us < m.arrived_us - 60000000"
     " OR v.t_us > m.ended_us + 60000000"),
    ("the ledger adds up",
     "SELECT id FROM file WHERE lines <> records + noise + foreign_lines"
     " + malformed + duplicate_lines AND kind = 'log'"),
    ("no two files are the same",
     "SELECT sha256 FROM file WHERE kind <> 'duplicate' AND bytes > 0"
     " AND sha256 IS NOT NULL GROUP BY 1 HAVING count(*) > 1"),
]

failed = passed = 0


def hold(name, paths):
    global failed, passed
    path = os.path.join(FOLDER, "case.mm")
    if os.path.exists(path):
        os.unlink(path)
    subprocess.run([PROGRAM, "ingest", "-q", "-c", path] + paths, check=True)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM attempt").fetchone()[0] > 0
    for what, question in RULES:
        rows = db.execute(question).fetchall()
        passed += not rows
        failed += bool(rows)
        if rows:
            print("properties: %s: %s: %d rows, the first %s" %
                  (name, what, len(rows), rows[0]))


os.makedirs(FOLDER, exist_ok=True)
for logs in sys.argv[3:] or sorted(glob.glob("test-corpus/*/logs")):
    files = sorted(glob.glob(logs + "/*"))
    hold(logs, [logs])
    hold(logs + " backwards", files[::-1])
    hold(logs + " in part", files[1:-1] or files[:1])
hold("filters", ["test-corpus/filters/story.log"])
print("properties: %d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
