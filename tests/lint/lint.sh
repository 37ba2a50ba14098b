#!/bin/sh
# lint.sh: the house rules that a program can check. Silent when all is well.
files=$(find mailmortem.c formats analyze replay reports tests -name '*.[ch]' |
	sort)
bad=0
for rule in layers budget banned; do
	awk -f "tests/lint/$rule.awk" $files || bad=1
done
exit $bad
