#!/bin/sh
# tests/deaths.sh - prints the table of README.md "What a kill does, call by call": a process is stepped through each call and killed after every instruction.
# With VIPC_TEST_OP="vipc_send, to a sleeper" one row alone.  `make test T=deaths` says at which instructions each outcome begins and ends.
set -u
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}
mkdir -p "$BUILD"
$CC -std=gnu11 -O1 -g -pthread tests/t_stepkill.c -o "$BUILD/t_stepkill" || exit 1
"$BUILD/t_stepkill" --table >"$BUILD/deaths.table"
rc=$?
grep '^|' "$BUILD/deaths.table"
[ $rc -eq 0 ] || grep -v '^|' "$BUILD/deaths.table"
exit $rc
