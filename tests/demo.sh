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
run incidents -c "$case" | sed -n 1,40p
run summary -c "$case" -n 5 -q
run trace --limit 1 -q -c "$case" niaj@corp.example
run queue -c "$case"
set -- --at 2026-11-22T05:34:42Z --policy full-flush --policy constant \
	--policy linear --policy exponential --seeds 20
run replay -q -c "$case" "$@" -o demo/replay.txt
cat demo/replay.txt
run replay -q -c "$case" "$@" --json -o demo/replay.json
run report -c "$case" --replay demo/replay.json --html demo/report.html \
	--csv demo/csv
say "made:"
echo "  demo/report.html   the report: open it in a browser"
echo "  demo/csv/          its tables, a file each"
echo "  demo/replay.txt    four ways to resume the queue, compared"
echo "  demo/case.mm       the case: SQLite, see the views v_*"
