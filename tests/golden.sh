#!/bin/sh
# golden.sh [bless]: run each command of tests/golden/*.cmd from the top folder
# and compare what it prints, and its exit status, with the .want beside it.
# `mailmortem` in a command is $MAILMORTEM; {} is an empty folder of its own.
dir=$(mktemp -d) || exit 2
trap 'rm -rf "$dir"' EXIT
bad=0 n=0
for cmd in tests/golden/*.cmd; do
	want=${cmd%.cmd}.want
	mkdir "$dir/x"
	{
		sed "s|mailmortem |$MAILMORTEM |g; s|{}|$dir/x|g" "$cmd" | sh
		echo "exit $?"
	} 2>&1 | sed "s|$dir/x|{}|g" >"$dir/got"
	rm -rf "$dir/x"
	if [ "${1-}" = bless ]; then
		cp "$dir/got" "$want"
	elif ! diff -u "$want" "$dir/got"; then
		echo "not as $want says: $(head -n 1 "$cmd")"
		bad=$((bad + 1))
	fi
	n=$((n + 1))
done
echo "command lines: $((n - bad)) passed, $bad failed"
[ "$bad" -eq 0 ]
