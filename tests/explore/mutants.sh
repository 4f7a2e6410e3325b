#!/bin/sh
# tests/explore/mutants.sh [share|full] - plants the bugs of mutants.list in the header, one at a time, and asks the explorer to find each.
#   share   those that are quick, within about a minute on one core
#   full    all
# A bug is caught only if the explorer says FAIL itself, and says ok of the header as it is under the very same bounds.  A bug whose old text
# is not in the header exactly once is out of date, and fails.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}; mode=${1:-share}
list=tests/explore/mutants.list
mkdir -p "$BUILD"
passed=0; failed=0; skipped=0
tab=$(printf '\t')
controls=$BUILD/mutants.controls
: >"$controls"

explorer() {    # header, VIPC_SMALL, program, optimisation: a bug that is found at once is found soonest with the quickest build
    $CC "$4" -std=gnu11 -w -I. -DVIPC_SMALL="$2" -DHEADER="\"$1\"" tests/explore/explore.c -o "$3" >"$BUILD/mutant.log" 2>&1
}
control() {     # VIPC_SMALL, arguments...: is the header fine under these bounds?  Asked once.
    if grep -qxF "$*" "$controls"; then return 0; fi
    small=$1; shift
    [ -x "$BUILD/unplanted$small" ] || return 1
    "$BUILD/unplanted$small" "$@" -T 200 2>&1 | grep -q "^ok$tab" || return 1
    echo "$small $*" >>"$controls"
}
verdict() {     # name, why not caught ("" if it was), more
    if [ -z "$2" ]; then passed=$((passed + 1)); echo "caught $1: $3"
    else failed=$((failed + 1)); echo "FAIL $1: $2"; fi
}
plant() {       # name, VIPC_SMALL, optimisation, arguments...: one bug
    name=$1; small=$2; how_fast=$3; shift 3
    if ! "$BUILD/mutate" "$list" "$name" veridian_ipc.h "$BUILD/mutant.h" 2>"$BUILD/mutant.log"; then
        verdict "$name" "out of date: $(head -n 2 "$BUILD/mutant.log" | tr '\n' ' ')"; return
    fi
    if ! explorer "$BUILD/mutant.h" "$small" "$BUILD/mutant" "$how_fast"; then
        verdict "$name" "does not build: $(head -n 1 "$BUILD/mutant.log")"; return
    fi
    "$BUILD/mutant" "$@" -T 200 >"$BUILD/mutant.out" 2>&1
    rc=$?
    if [ $rc -ne 1 ] || ! grep -q "^FAIL$tab" "$BUILD/mutant.out"; then
        verdict "$name" "not found by $* (exit $rc): $(tail -n 1 "$BUILD/mutant.out")"
    elif ! control "$small" "$@"; then
        verdict "$name" "the header itself is not ok with $*"
    else
        verdict "$name" "" "$* - $(sed -n 's/^FAIL: //p' "$BUILD/mutant.out" | head -n 1)"
    fi
}

rm -f "$BUILD/unplanted0" "$BUILD/unplanted1"
if ! $CC -O1 -std=gnu11 -w tests/explore/mutate.c -o "$BUILD/mutate" >"$BUILD/mutant.log" 2>&1 || ! explorer veridian_ipc.h 0 "$BUILD/unplanted0" -O2; then
    head -n 5 "$BUILD/mutant.log"; echo "0 passed, 1 failed, 0 skipped"; exit 1
fi
explorer veridian_ipc.h 1 "$BUILD/unplanted1" -O2
if ! "$BUILD/mutate" "$list" >"$BUILD/mutants.names" 2>"$BUILD/mutant.log"; then verdict mutants.list "$(head -n 1 "$BUILD/mutant.log")"; fi
if [ -n "$(cut -f1 "$BUILD/mutants.names" | sort | uniq -d)" ]; then verdict mutants.list "a name stands there twice"; fi
while IFS=$tab read -r name how arguments; do
    small=0; opt=-O0
    case $how in
    explore)            ;;
    explore:small)      small=1;;
    explore:full)       [ "$mode" = full ] || continue; opt=-O2;;
    explore:full:small) [ "$mode" = full ] || continue; opt=-O2; small=1;;
    *)                  verdict "$name" "who is to find it? $how"; continue;;
    esac
    # shellcheck disable=SC2086
    plant "$name" $small $opt $arguments
done <"$BUILD/mutants.names"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
