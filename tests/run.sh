#!/bin/sh
# run.sh BUILD_FOLDER TEST...: run each test program from the top folder, go on
# after a failure, and end with a line that counts them.
build=$1
shift
MAILMORTEM=$PWD/$build/mailmortem
export MAILMORTEM
passed=0 failed=0
for t in "$@" "sh tests/golden.sh" \
	"python3 tests/second_opinion.py $MAILMORTEM $build/opinion" \
	"python3 tests/properties.py $MAILMORTEM $build/opinion" \
	"python3 tests/packings.py $MAILMORTEM $build/packings" \
	"python3 tests/merging.py $MAILMORTEM $build/merging" \
	"python3 tests/clocks.py $MAILMORTEM $build/clocks" \
	"python3 tests/circle.py $MAILMORTEM $build/circle" \
	"python3 tests/story.py $MAILMORTEM $build/story"; do
	if $t; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $t"
	fi
done
echo "test programs: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
