#!/bin/sh
# tests/run.sh [NAME] - builds and runs the tests: all, one program (t_call), or one case (d072_...).
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
    if ! $CC -std=gnu11 -O1 -g $warn -pthread "$1" -o "$BUILD/$name" >"$BUILD/$name.build" 2>&1; then
        echo "$name: does not build:"; head -n 15 "$BUILD/$name.build"
        count 0 1 0; return
    fi
    if [ -n "${3:-}" ]; then run_log "$name" "$2" "$BUILD/$name" "$3"; else run_log "$name" "$2" "$BUILD/$name"; fi
}
script() {      # file, seconds, arguments...
    name=$(basename "$(dirname "$1")")_$(basename "$1" .sh); file=$1; seconds=$2; shift 2
    run_log "$name" "$seconds" sh "$file" "$@"
}

for file in tests/t_*.c; do
    name=$(basename "$file" .c)
    case $name in t_process|t_stepkill|t_spacehooks|t_window) seconds=500;; *) seconds=150;; esac
    if [ -z "$want" ] || [ "$want" = "$name" ]; then program "$file" "$seconds"
    elif grep -qE "^TEST\($want\)" "$file"; then program "$file" "$seconds" "$want"; fi
done
if [ -z "$want" ] || [ "$want" = docs ]; then script tests/docs.sh 120; fi
if [ -z "$want" ] || [ "$want" = parity ]; then script tests/parity.sh 120; fi
if [ -z "$want" ] || [ "$want" = qemu_test ]; then script tests/qemu_test.sh 60; fi
if [ -z "$want" ] || [ "$want" = bench_kernel ]; then script tests/bench/kernel/test.sh 120; fi
if [ -z "$want" ] || [ "$want" = examples ]; then script tests/examples.sh 120; fi
if [ -z "$want" ] || [ "$want" = kernel ]; then script tests/kernel.sh 400; fi
if [ -z "$want" ] || [ "$want" = chaos ]; then script tests/chaos.sh 350; fi
if [ -z "$want" ] || [ "$want" = explore ]; then script tests/explore/run.sh 1200 share; fi
if [ -z "$want" ] || [ "$want" = mutants ]; then script tests/explore/mutants.sh 1200 share; fi
if [ $((passed + failed + skipped)) -eq 0 ]; then echo "no test is called $want"; failed=1; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
