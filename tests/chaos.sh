#!/bin/sh
# tests/chaos.sh - builds tests/chaos.c and runs it for some seconds; then with a planted loss and a planted double, which it must find.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}
passed=0; failed=0; skipped=0
mkdir -p "$BUILD"
dir=$(mktemp -d "$BUILD/chaos.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
ok() {          # result, name, log shown on failure
    if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "ok   $2"; return; fi
    failed=$((failed + 1)); echo "FAIL $2"; sed 's/^/    /' "$3"
}
limit() { if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$@"; else shift; "$@"; fi; }
planted() {     # what, the complaint that it must lead to
    limit 100 "$dir/chaos" 2 --plant "$1" >"$dir/log" 2>&1
    [ $? -eq 1 ] && grep -qE "^  WRONG: .* $2" "$dir/log" && [ "$(grep -c '^  WRONG: ' "$dir/log")" = "$(grep -cE "^  WRONG: .* $2" "$dir/log")" ]
    ok $? "planted_$1_is_found" "$dir/log"
}

# shellcheck disable=SC2086
$CC -std=gnu11 -O1 -g -Wall -Wextra -Wpedantic -Wshadow -Wundef -pthread tests/chaos.c -o "$dir/chaos" >"$dir/log" 2>&1 || {
    echo "chaos: does not build:"; head -n 15 "$dir/log"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
limit 140 "$dir/chaos" 6 >"$dir/log" 2>&1; ok $? chaos "$dir/log"
planted lose 'are missing'
planted double 'were received twice'
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
