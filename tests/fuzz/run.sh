#!/bin/sh
# tests/fuzz/run.sh [SECONDS] - libFuzzer, with the address and undefined-behaviour sanitizers, on the three models: first their corpora, then a third of so many seconds (60) each.
# An input that fails is kept as build/fuzz-found-*: mend the header or the model, and put it into tests/fuzz/corpus (of fuzz.c), spaces (of fuzz_space.c) or regions (of
# fuzz_shared.c).
# tests/fuzz/run.sh collect [SECONDS] - makes the corpus anew, from random runs, and keeps what is in it besides.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}; CLANG=${CLANG:-clang}
mkdir -p "$BUILD"
if [ "${1:-}" = collect ]; then
    ${CC:-cc} -std=gnu11 -O2 tests/fuzz/collect.c -o "$BUILD/collect" || exit 1
    "$BUILD/collect" "${2:-20}" tests/fuzz/corpus
    exit
fi
seconds=${1:-60}
if ! echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n); int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return p && n > 9; }' |
    "$CLANG" -x c -fsanitize=fuzzer,address,undefined - -o "$BUILD/fuzz-probe" >/dev/null 2>&1; then
    echo "NO FUZZING: $CLANG with libFuzzer and the sanitizers is missing (packages clang, libclang-rt-14-dev)"
    if [ "${CI:-}" = true ]; then echo "0 passed, 1 failed, 0 skipped"; exit 1; fi
    echo "0 passed, 0 failed, 1 skipped"; exit 0
fi
for target in fuzz fuzz_space fuzz_shared; do
    if ! "$CLANG" -std=gnu11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined tests/fuzz/$target.c -o "$BUILD/$target" >"$BUILD/fuzz.build" 2>&1; then
        echo "$target: does not build:"; head -n 15 "$BUILD/fuzz.build"
        echo "0 passed, 1 failed, 0 skipped"; exit 1
    fi
done
# Address space randomisation of recent kernels leaves old sanitizers no room for their shadow.
fixed=; if command -v setarch >/dev/null 2>&1 && setarch -R true 2>/dev/null; then fixed="setarch -R"; fi
passed=0; failed=0
stage() {       # target, title, arguments...
    target=$1; title=$2; shift 2
    # shellcheck disable=SC2086
    if $fixed "$BUILD/$target" -print_final_stats=1 -timeout=10 -artifact_prefix="$BUILD/fuzz-found-" "$@" >"$BUILD/fuzz.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $target, $title: $(sed -n 's/^stat::number_of_executed_units: *//p' "$BUILD/fuzz.log") runs, $(sed -n 's/.*cov: \([0-9]*\).*/\1/p' "$BUILD/fuzz.log" | tail -n 1) edges"
    else
        failed=$((failed + 1))
        echo "FAIL $target, $title:"; grep -v '^#[0-9]' "$BUILD/fuzz.log" | tail -n 60
    fi
}
each=$(((seconds + 2) / 3))
both() {        # target, its corpus: what is in that, and then what comes of it
    before=$failed
    mkdir -p "$BUILD/fuzz-$2"
    stage "$1" corpus -runs=0 "tests/fuzz/$2"
    [ "$failed" -gt "$before" ] || stage "$1" "$each seconds" -max_total_time="$each" -max_len=4096 "$BUILD/fuzz-$2" "tests/fuzz/$2"
}
both fuzz corpus
both fuzz_space spaces
both fuzz_shared regions
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]
