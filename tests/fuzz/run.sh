#!/bin/sh
# run.sh SECONDS FUZZER...: run each for so long. Seeds are what test-corpus
# holds for it: the lines of the logs one by one, and tables whole, since their
# rows mean nothing without their names; else the files of the folder of its
# name. What it finds anew stays in build/, crashes beside it.
seconds=$1
shift
bad=0
for f; do
	name=$(basename "$f" | sed 's/^fuzz_//')
	seeds=$f.seeds
	mkdir -p "$seeds" "$f.found"
	case $name in
	logs)
		for t in test-corpus/*/*.txt; do
			stem=$seeds/$(echo "$t" | tr / -)
			awk -v stem="$stem" '!/^[\t#]/ && NF {
				print >(stem "-" FNR); close(stem "-" FNR) }' "$t"
			grep -q '^| ' "$t" &&
				sed -n 's/^| //p' "$t" >"$stem-table"
		done
		;;
	*) cp -r "test-corpus/$name/." "$seeds" ;;
	esac
	"$f" -max_total_time="$seconds" -max_len=4096 -verbosity=0 \
		-artifact_prefix="$f." -print_final_stats=1 \
		"$f.found" "$seeds" || bad=1
done
exit $bad
