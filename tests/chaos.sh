#!/bin/sh
# tests/chaos.sh - builds tests/chaos.c and runs it for some seconds; then with a planted loss and a planted double, which it must find.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
workspace chaos; show=1000
planted() {     # what, the complaint that it must lead to
    limit 100 "$tmp/chaos" 2 --plant "$1" >"$tmp/log" 2>&1
    [ $? -eq 1 ] && grep -qE "^  WRONG: .* $2" "$tmp/log" && [ "$(grep -c '^  WRONG: ' "$tmp/log")" = "$(grep -cE "^  WRONG: .* $2" "$tmp/log")" ]
    ok $? "planted_$1_is_found" "$tmp/log"
}

# shellcheck disable=SC2086
$CC -std=gnu11 -O1 -g -Wall -Wextra -Wpedantic -Wshadow -Wundef -pthread tests/chaos.c -o "$tmp/chaos" >"$tmp/log" 2>&1 || {
    echo "chaos: does not build:"; head -n 15 "$tmp/log"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
limit 140 "$tmp/chaos" 6 >"$tmp/log" 2>&1; ok $? chaos "$tmp/log"
planted lose 'are missing'
planted double 'were received twice'
end_of_cases
