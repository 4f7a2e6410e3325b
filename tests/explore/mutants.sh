#!/bin/sh
# tests/explore/mutants.sh [share|full [NAME]] - plants the bugs of mutants.list in the header, one at a time, and asks the explorer, or a test program, to
# find each; or the one of that name.  As many at a time as there are processors.
#   share   of those that are quick a third, by the clock (or by VIPC_SHARE, which may be any number)
#   full    all
# A bug is caught only if the explorer says FAIL itself, and says ok of the header as it is under the very same bounds (share: finds nothing there in four
# seconds); by a test, if the case that is named fails, or dies, and passes with the header as it is.  What hangs has caught nothing.  A bug whose old text is
# not in the header exactly once is out of date, and fails, whether or not it is of this third.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}; mode=${1:-share}
only=${2:-}
list=tests/explore/mutants.list
mkdir -p "$BUILD"
jobs=${VIPC_JOBS:-$(nproc 2>/dev/null || echo 1)}
tab=$(printf '\t')
controls=$BUILD/mutants.controls
: >"$controls"

explorer() {    # header, VIPC_SMALL, program, optimisation: a bug that is found at once is found soonest with the quickest build
    $CC "$4" -std=gnu11 -w -I. -DVIPC_SMALL="$2" -DHEADER="\"$1\"" tests/explore/explore.c -o "$3" >"$3.log" 2>&1
}
control() {     # VIPC_SMALL, arguments...: is the header fine under these bounds?  Asked once.
    if grep -qxF "$*" "$controls"; then return 0; fi
    small=$1; shift
    [ -x "$BUILD/unplanted$small" ] || return 1
    if [ "$mode" = full ]; then "$BUILD/unplanted$small" "$@" -T 200 2>&1 | grep -q "^ok$tab" || return 1
    else "$BUILD/unplanted$small" "$@" -T 4 2>&1 | grep -qE "^(ok|CUT)$tab" || return 1; fi
    echo "$small $*" >>"$controls"
}
run_case() {    # log, program, case, operation or "": with a time limit where the system has one
    limited=; if command -v timeout >/dev/null 2>&1; then limited="timeout -k 5 60"; fi
    # shellcheck disable=SC2086
    env VIPC_TEST_SHORT=1 ${4:+"VIPC_TEST_OP=$4"} $limited "$2" "$3" >"$1" 2>&1
}
control_case() {    # program, case, operation: does it pass with the header as it is?  Asked once.
    if grep -qxF "$*" "$controls"; then return 0; fi
    sound=$mine.$1
    if [ ! -x "$sound" ]; then $CC -O0 -std=gnu11 -w -pthread "tests/$1.c" -o "$sound" >"$mine.log" 2>&1 || return 1; fi
    run_case "$mine.log" "$sound" "$2" "${3:-}" || return 1
    echo "$*" >>"$controls"
}
verdict() {     # name, why not caught ("" if it was), more
    if [ -z "$2" ]; then passed=$((passed + 1)); echo "caught $1: $3"
    else failed=$((failed + 1)); echo "FAIL $1: $2"; fi
}
mutate() {      # name, file: false, and said, if there is none
    "$BUILD/mutate" "$list" "$1" veridian_ipc.h "$2" 2>"$mine.log" && return 0
    verdict "$1" "out of date: $(head -n 2 "$mine.log" | tr '\n' ' ')"; return 1
}
plant() {       # name, VIPC_SMALL, optimisation, arguments...: one bug, for the explorer
    name=$1; small=$2; how_fast=$3; shift 3
    mutate "$name" "$mine.h" || return
    if ! explorer "$mine.h" "$small" "$mine" "$how_fast"; then
        verdict "$name" "does not build: $(head -n 1 "$mine.log")"; return
    fi
    "$mine" "$@" -T 200 >"$mine.out" 2>&1
    rc=$?
    if [ $rc -ne 1 ] || ! grep -q "^FAIL$tab" "$mine.out"; then
        verdict "$name" "not found by $* (exit $rc): $(tail -n 1 "$mine.out")"
    elif ! control "$small" "$@"; then
        verdict "$name" "the header itself is not ok with $*"
    else
        verdict "$name" "" "$* - $(sed -n 's/^FAIL: //p' "$mine.out" | head -n 1)"
    fi
}
# The tests look for the header beside their own folder: theirs stands in a tree of links, in which the header alone is another.
tree() {
    rm -rf "$mine.tree"
    mkdir -p "$mine.tree/tests/fuzz" "$mine.tree/shims"
    ln -s "$PWD"/tests/*.[ch] "$mine.tree/tests"
    ln -s "$PWD"/tests/fuzz/*.[ch] "$mine.tree/tests/fuzz"
    ln -s "$PWD"/shims/*.h "$mine.tree/shims"
}
plant_for_test() {      # name, program, case, operation: one bug, for a test
    mutate "$1" "$mine.tree/veridian_ipc.h" || return
    if ! $CC -O0 -std=gnu11 -w -pthread "$mine.tree/tests/$2.c" -o "$mine" >"$mine.log" 2>&1; then
        verdict "$1" "does not build: $(head -n 1 "$mine.log")"; return
    fi
    name=$1; shift
    [ -n "$3" ] || set -- "$1" "$2"
    run_case "$mine.out" "$mine" "$2" "${3:-}"
    rc=$?
    if ! grep -q "^FAIL $2\$" "$mine.out" && { [ $rc -lt 128 ] || [ $rc -eq 137 ]; }; then
        verdict "$name" "not found by $* (exit $rc): $(tail -n 1 "$mine.out")"
    elif ! control_case "$@"; then
        verdict "$name" "the header itself does not pass $*"
    else
        verdict "$name" "" "$* - $(grep -m 1 '^    ' "$mine.out" | sed 's/^ *//')"
    fi
}
worker() {      # number: whichever of the bugs no other has begun
    mine=$BUILD/mutant$1; n=0; passed=0; failed=0
    tree
    while IFS=$tab read -r name how arguments; do
        n=$((n + 1))
        if [ -n "$only" ] && [ "$only" != "$name" ]; then continue; fi
        mkdir "$begun/$n" 2>/dev/null || continue
        small=0; opt=-O0
        if [ -z "$only" ] && [ "$mode" != full ] && [ $((n % 3)) -ne "$share" ]; then mutate "$name" "$mine.h"; continue; fi
        case $how in
        explore)            ;;
        explore:small)      small=1;;
        explore:full)       [ "$mode" = full ] || continue; opt=-O2;;
        explore:full:small) [ "$mode" = full ] || continue; opt=-O2; small=1;;
        test)               program=${arguments%% *}; arguments=${arguments#* }; which=${arguments%% *}; operation=${arguments#"$which"}
                            plant_for_test "$name" "$program" "$which" "${operation# }"; continue;;
        *)                  verdict "$name" "who is to find it? $how"; continue;;
        esac
        # shellcheck disable=SC2086
        plant "$name" $small $opt $arguments
    done <"$BUILD/mutants.names"
    rm -rf "$mine" "$mine".*
    echo "$passed $failed" >"$BUILD/mutants.sum$1"
}

begun=$BUILD/mutants.begun
rm -rf "$BUILD/unplanted0" "$BUILD/unplanted1" "$BUILD"/mutants.sum* "$begun"
mkdir -p "$begun"
explorer veridian_ipc.h 1 "$BUILD/unplanted1" -O2 &
if ! $CC -O1 -std=gnu11 -w tests/explore/mutate.c -o "$BUILD/mutate" >"$BUILD/mutant.log" 2>&1 || ! explorer veridian_ipc.h 0 "$BUILD/unplanted0" -O2; then
    cat "$BUILD/mutant.log" "$BUILD/unplanted0.log" 2>/dev/null | head -n 5; echo "0 passed, 1 failed, 0 skipped"; exit 1
fi
wait
passed=0; failed=0
share=$((${VIPC_SHARE:-$(date +%s) / 7} % 3))
[ "$mode" = full ] || echo "a third of the bugs: VIPC_SHARE=$share"
if ! "$BUILD/mutate" "$list" >"$BUILD/mutants.names" 2>"$BUILD/mutant.log"; then verdict mutants.list "$(head -n 1 "$BUILD/mutant.log")"; fi
if [ -n "$(cut -f1 "$BUILD/mutants.names" | sort | uniq -d)" ]; then verdict mutants.list "a name stands there twice"; fi
i=0
while [ $i -lt "$jobs" ]; do worker $i & i=$((i + 1)); done
wait
i=0
while [ $i -lt "$jobs" ]; do
    p=0; f=1                            # a worker that did not come to its end has failed
    if [ -f "$BUILD/mutants.sum$i" ]; then read -r p f <"$BUILD/mutants.sum$i"; fi
    passed=$((passed + p)); failed=$((failed + f)); i=$((i + 1))
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
