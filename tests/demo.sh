#!/bin/sh
# demo.sh: the main job on a real server's log and spool, into demo/.
set -eu
mm=./mailmortem
ev=test-corpus/postfix-throttle-and-pause
case=demo/case.mm
mkdir -p demo
rm -f "$case"
say() { printf '\n== %s\n' "$*"; }
run() {
	say "mailmortem $*"
	"$mm" "$@"
}

run ingest -c "$case" "$ev/logs" "$ev/spool"
run incidents -c "$case"
run summary -c "$case" -n 5 -q
run trace --limit 1 -c "$case" niaj@corp.example
run queue -c "$case"
run replay -c "$case" --at 2026-11-22T05:34:41Z \
	--policy full-flush --policy constant --policy linear \
	--policy exponential -o demo/replay.txt
cat demo/replay.txt
run report -c "$case" --html demo/report.html --csv demo/csv
say "made: demo/case.mm (SQLite), demo/report.html (open it in a browser),"
echo "   demo/csv/ (a file a table), demo/replay.txt (four ways to resume)"
