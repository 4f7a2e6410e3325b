# shellcheck shell=sh
# tests/cases.sh - what the scripts that are tests have in common; they read it (". tests/cases.sh") when they stand in the project's folder.
# A case is "ok NAME", "FAIL NAME" or "skip NAME: no TOOL", each in a line; `end_of_cases` ends a script with the line that tests/run.sh adds up.
CC=${CC:-cc}; CXX=${CXX:-c++}; BUILD=${BUILD:-build}
passed=0; failed=0; skipped=0
show=15                 # lines of a log that are shown of a failure

workspace() {   # NAME: $tmp, a folder below the build's that goes when the script ends
    mkdir -p "$BUILD"
    tmp=$(mktemp -d "$BUILD/$1.XXXXXX") || exit 1
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 130' INT TERM HUP
}
ok() {          # result, name, log shown on failure
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "ok   $2"; return; fi
    failed=$((failed + 1)); echo "FAIL $2"
    [ -z "${3:-}" ] || head -n "$show" "$3" | sed 's/^/    /'
}
missing() {     # what, name: skipped, and with CI=true failed
    if [ "${CI:-}" = true ]; then failed=$((failed + 1)); echo "FAIL $2: no $1"; else skipped=$((skipped + 1)); echo "skip $2: no $1"; fi
}
have() { command -v "$1" >/dev/null 2>&1; }
limit() {       # seconds COMMAND...: with a time limit where the system has one
    if have timeout; then timeout -k 5 "$@"; else shift; "$@"; fi
}
# Each piece by the script itself, which gets its name, as many at a time as there are processors.  Their output stands together, their sums are added up.
at_once() {     # script, pieces...
    script=$1; log=$BUILD/$(basename "$1" .sh)-piece; shift
    mkdir -p "$BUILD"; rm -f "$log".*
    # shellcheck disable=SC2016
    printf '%s\n' "$@" | xargs -n 1 -P "$(nproc 2>/dev/null || echo 1)" sh -c \
        'sh "$0" "$2" >"$1.$2" 2>&1 </dev/null; grep -v "^[0-9]* passed, [0-9]* failed, [0-9]* skipped$" "$1.$2"; :' "$script" "$log"
    for piece in "$@"; do
        sum=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log.$piece" | tail -n 1)
        if [ -z "$sum" ]; then ok 1 "$piece ended before it was done"; continue; fi
        read -r p f s <<END
$sum
END
        passed=$((passed + p)); failed=$((failed + f)); skipped=$((skipped + s))
    done
}
end_of_cases() { echo "$passed passed, $failed failed, $skipped skipped"; [ "$failed" -eq 0 ]; }
