#!/bin/sh
# tests/run.sh [NAME] - builds and runs the tests: all, one program (t_call), or one case (d072_...).
# All: as many at a time as there are processors, but for those that look at the time, or want the processors for themselves; these are built beside the
# others, and then run one after the other.
# The last line is "N passed, N failed, N skipped"; exit 0 only without failures.  A program that crashes or hangs counts as one failed.
set -u
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}; want=${1:-}
mkdir -p "$BUILD"
passed=0; failed=0; skipped=0
warn="-Wall -Wextra -Wpedantic -Wshadow -Wundef"

count() {       # add up a summary line
    passed=$((passed + $1)); failed=$((failed + $2)); skipped=$((skipped + $3))
}
summary() {     # the numbers of the last summary line in a log, or nothing
    sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed, \([0-9][0-9]*\) skipped$/\1 \2 \3/p' "$1" | tail -n 1
}
limit() {       # seconds COMMAND...: with a time limit where the system has one
    if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$@"; else shift; "$@"; fi
}
run_log() {     # name, seconds, command...: run it, show what matters, add up
    name=$1; seconds=$2; shift 2
    start=$(date +%s)
    limit "$seconds" "$@" >"$BUILD/$name.log" 2>&1
    rc=$?
    sum=$(summary "$BUILD/$name.log")
    if [ -z "$sum" ] || { [ $rc -ne 0 ] && [ "$(echo "$sum" | cut -d' ' -f2)" = 0 ]; }; then
        echo "$name: ended with $rc before it was done:"; tail -n 15 "$BUILD/$name.log"
        count 0 1 0; return
    fi
    grep -E '^(FAIL|skip)|^    tests/' "$BUILD/$name.log"
    echo "$name: $(echo "$sum" | sed 's/\([0-9]*\) \([0-9]*\) \([0-9]*\)/\1 passed, \2 failed, \3 skipped/') ($(($(date +%s) - start)) s)"
    # shellcheck disable=SC2086
    count $sum
}
program() {     # file, seconds, case: build one program and run it
    name=$(basename "$1" .c)
    # shellcheck disable=SC2086
    if [ "${VIPC_BUILT:-}" = yes ] && [ -x "$BUILD/$name" ]; then :
    elif ! $CC -std=gnu11 -O1 -g $warn -pthread "$1" -o "$BUILD/$name" >"$BUILD/$name.build" 2>&1; then
        echo "$name: does not build:"; head -n 15 "$BUILD/$name.build"
        count 0 1 0; return
    fi
    if [ -n "${3:-}" ]; then run_log "$name" "$2" "$BUILD/$name" "$3"; else run_log "$name" "$2" "$BUILD/$name"; fi
}
script() {      # file, seconds, arguments...
    name=$(basename "$(dirname "$1")")_$(basename "$1" .sh); file=$1; seconds=$2; shift 2
    run_log "$name" "$seconds" sh "$file" "$@"
}

# One of all, or all cases of that name.
one() {
    case $want in
    build_t_*)
        rm -f "$BUILD/${want#build_}"
        # shellcheck disable=SC2086
        $CC -std=gnu11 -O1 -g $warn -pthread "tests/${want#build_}.c" -o "$BUILD/${want#build_}" >/dev/null 2>&1       # if it fails, it will again, and be told
        count 0 0 1
        return;;
    docs)         script tests/docs.sh 120;;
    parity)       script tests/parity.sh 120;;
    qemu_test)    script tests/qemu_test.sh 60;;
    bench_kernel) script tests/bench/kernel/test.sh 120;;
    examples)     script tests/examples.sh 120;;
    kernel)       script tests/kernel.sh 1500;;
    chaos)        script tests/chaos.sh 350;;
    explore)      script tests/explore/run.sh 1200 share;;
    mutants)      script tests/explore/mutants.sh 1200 share;;
    esac
    for file in tests/t_*.c; do
        name=$(basename "$file" .c)
        case $name in t_stepkill) seconds=900;; t_process|t_spacehooks|t_window) seconds=500;; *) seconds=150;; esac
        if [ "$want" = "$name" ]; then program "$file" "$seconds"
        elif grep -qE "^TEST\($want\)" "$file"; then program "$file" "$seconds" "$want"; fi
    done
}
# Names of tests, in the order in which they are begun.
some() {        # how many at a time, names...
    jobs=$1; shift
    # shellcheck disable=SC2016
    printf '%s\n' "$@" | xargs -n 1 -P "$jobs" sh -c \
        'sh tests/run.sh "$1" >"$0/run.$1" 2>&1 </dev/null; grep -v "^[0-9]* passed, [0-9]* failed, [0-9]* skipped$" "$0/run.$1"; :' "$BUILD"
    for name in "$@"; do
        case $name in build_*) continue;; esac
        sum=$(summary "$BUILD/run.$name")
        # shellcheck disable=SC2086
        if [ -n "$sum" ]; then count $sum; else echo "$name: ended before it was done"; count 0 1 0; fi
    done
}

if [ -n "$want" ]; then
    one
    if [ $((passed + failed + skipped)) -eq 0 ]; then echo "no test is called $want"; failed=1; fi
else
    processors=$(nproc 2>/dev/null || echo 1)
    export VIPC_JOBS=1                       # of those that would take all processors
    alone="t_fast t_input t_pollable t_port t_process t_shim t_spacethreads t_take t_threads t_window"
    long="t_stepkill mutants explore kernel t_spacehooks t_signal"      # first, so that none of them is the last one to end
    beside=; builds=
    for file in tests/t_*.c; do
        name=$(basename "$file" .c)
        case " $alone $long " in *" $name "*) ;; *) beside="$beside $name";; esac
    done
    for name in $alone; do builds="$builds build_$name"; done
    rm -f "$BUILD"/run.*
    # shellcheck disable=SC2086
    some "$processors" $long $beside $builds docs parity qemu_test bench_kernel
    # shellcheck disable=SC2086
    VIPC_BUILT=yes some 1 $alone examples chaos
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
