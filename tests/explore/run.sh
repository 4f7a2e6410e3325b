#!/bin/sh
# tests/explore/run.sh [share|full] - runs the header's real code under all schedules up to a bound; explore.h says how.
#   share   every scenario, within some four minutes on one core: two preemptions; and one and a kill, or one and a stop, by turns, which
#           begin by the clock (or by VIPC_SHARE, which may be any number)
#   full    more of each, with capacities 1 to 3, two kills, three preemptions; within about an hour
# Before them some small ones, each searched with and without leaving out known states (mutants.sh shows what the explorer would catch).
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
# Does leaving out known states leave out anything that could show something new?  Each of these is searched twice, with and without, and must end in
# the same set of states.
twice='ring -x ss,r -p 2|ring -x s,s,r -c 1 -p 2|lap -x srs,sr -p 2|ring -x ss,r -p 1 -s 1|block -x R,S,w -p 0 -k 1|block -x R,R,S -p 1|timeout -x Q,s -p 1 -t 1|call -p 2|call_timeout -p 2 -t 1|lock -x x,g -p 1|gate_revoke -x s,v -p 2|gate_destroy -x s,D -p 1'
[ "$mode" = full ] && twice="$twice|ring -x s,s,r -p 3|gate_destroy -x s,D -p 1 -k 1|lock_reap -x x,w -p 0 -k 1"
printf 'verdict\tscenario\tactors\tbounds (c capacity, p preemptions, k kills, s stops, t early deadlines)\n'
old_ifs=$IFS; IFS='|'
for small in $twice; do
    IFS=$old_ifs
    # shellcheck disable=SC2086
    bound $small -n
    case $line in ok*) ;; CUT*) passed=$((passed - 1)); failed=$((failed + 1));; esac     # both searches must come to their end
done
IFS=$old_ifs
share=${VIPC_SHARE:-$(($(date +%s) / 7))}
[ "$mode" = full ] || echo "kills and stops: VIPC_SHARE=$((share % 2))"
for name in $scenarios; do
    if [ "$mode" = full ]; then
        for c in 1 2 3; do
            bound "$name" -c $c -p 2 -k 0 -T 60; bound "$name" -c $c -p 1 -k 1 -T 60; bound "$name" -c $c -p 1 -k 0 -s 1 -T 60
        done
        bound "$name" -p 3 -k 0 -T 60; bound "$name" -p 2 -k 1 -T 60; bound "$name" -p 1 -k 2 -T 60; bound "$name" -p 1 -k 0 -t 2 -T 20
    else
        bound "$name" -p 2 -k 0 -T 1
        case $name in fast*|park*) continue;; esac             # a kernel's threads: nobody vanishes, or stands still, in the middle of the core
        share=$((share + 1))
        if [ $((share % 2)) -eq 1 ]; then bound "$name" -p 1 -k 1 -T 1.5; else bound "$name" -p 1 -k 0 -s 1 -T 1; fi
    fi
done
echo "$cut of these bounds were cut off by their time, without a failure"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
