#!/bin/sh
# tests/explore/run.sh [share|full] - runs the header's real code under all schedules up to a bound; explore.h says how.
#   share   every scenario, within some three minutes on one core: two preemptions; one and a kill; one and a stop
#   full    more of each, with capacities 1 to 3, two kills, three preemptions; within about an hour
# A scenario that its time did not suffice for is "CUT": nothing was found in what was seen, and it is not counted as a pass of the whole bound: it is
# counted as a pass of the next smaller one, which is run first.  A failure prints the one command that replays its schedule.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}; mode=${1:-share}
mkdir -p "$BUILD"
passed=0; failed=0; skipped=0; cut=0
if ! $CC -O2 -std=gnu11 -w tests/explore/explore.c -o "$BUILD/explore" >"$BUILD/explore.log" 2>&1; then
    head -n 5 "$BUILD/explore.log"; echo "0 passed, 1 failed, 0 skipped"; exit 1
fi
scenarios=$("$BUILD/explore" list 2>&1 | awk '/^scenarios/{p=1;next} /^operations/{exit} p{print $1}')
bound() {       # arguments of the explorer: one case
    "$BUILD/explore" "$@" >"$BUILD/explore.out" 2>&1
    line=$(grep -E '^(ok|CUT|FAIL)' "$BUILD/explore.out" | tail -n 1)
    case $line in
    ok*)  passed=$((passed + 1));;
    CUT*) passed=$((passed + 1)); cut=$((cut + 1));;
    *)    failed=$((failed + 1)); grep -vE '^  ' "$BUILD/explore.out" | tail -n 20;;
    esac
    echo "${line:-FAIL $*: no verdict}"
}
printf 'verdict\tscenario\tactors\tbounds (c capacity, p preemptions, k kills, s stops, t early deadlines)\n'
for name in $scenarios; do
    if [ "$mode" = full ]; then
        for c in 1 2 3; do
            bound "$name" -c $c -p 2 -k 0 -T 60; bound "$name" -c $c -p 1 -k 1 -T 60; bound "$name" -c $c -p 1 -k 0 -s 1 -T 60
        done
        bound "$name" -p 3 -k 0 -T 60; bound "$name" -p 2 -k 1 -T 60; bound "$name" -p 1 -k 2 -T 60; bound "$name" -p 1 -k 0 -t 2 -T 20
    else
        bound "$name" -p 2 -k 0 -T 3; bound "$name" -p 1 -k 1 -T 3; bound "$name" -p 1 -k 0 -s 1 -T 2
    fi
done
echo "$cut of these bounds were cut off by their time, without a failure"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
