#!/bin/sh
# tests/examples.sh - builds every example by the line that stands in its own first comment, and runs it as a person would.
set -u
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc}
passed=0; failed=0; skipped=0
tmp=$(mktemp -d); server=
there=$(ls /dev/shm/vipc.calc /tmp/vipc.calc 2>/dev/null)    # somebody's domain of that name: leave it
trap 'kill -9 $server 2>/dev/null; rm -rf "$tmp"; [ -n "$there" ] || rm -f /dev/shm/vipc.calc /tmp/vipc.calc' EXIT
ok() { if [ "$1" -eq 0 ]; then passed=$((passed + 1)); echo "ok   $2"; else failed=$((failed + 1)); echo "FAIL $2"; fi; }
same() { [ "$1" = "$2" ] || { echo "    got:      $1"; echo "    expected: $2"; return 1; }; }

for file in examples/*.c examples/*.cpp; do
    name=$(basename "$file"); line=$(grep -m1 -oE '(cc|c\+\+) examples/[a-z_]*\.(c|cpp) -o [a-z_]*' "$file")
    case $name in *.cpp) compiler=c++;; *) compiler=$CC;; esac
    if [ $compiler = c++ ] && ! command -v c++ >/dev/null 2>&1; then skipped=$((skipped + 1)); echo "skip build_$name: no c++"; continue; fi
    [ "$(echo "$line" | awk '{print $2}')" = "$file" ]; ok $? "names_its_line_$name"
    $compiler "$file" -o "$tmp/$name.bin" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]; ok $? "builds_plainly_$name"
done
same "$("$tmp/hello.c.bin")" "parent: received 42 from process 2"; ok $? hello_c
if [ -x "$tmp/hello.cpp.bin" ]; then same "$("$tmp/hello.cpp.bin")" "parent: received 42 from process 2"; ok $? hello_cpp; fi
[ "$(wc -l <examples/hello.c)" -lt 40 ]; ok $? hello_c_is_short

# two shells: the client first, then the server; the server killed and started again while the client goes on
"$tmp/rpc_client.c.bin" 20000 0 >"$tmp/client" 2>"$tmp/client.err" & client=$!
"$tmp/rpc_server.c.bin" >"$tmp/server" 2>&1 & server=$!
wait $client; ok $? client_before_server
same "$(cat "$tmp/client")" "client: 20000 calls, 20000 right"; ok $? client_counts
"$tmp/rpc_client.c.bin" 100000 0 >"$tmp/client" 2>"$tmp/client.err" & client=$!
kill -9 $server; wait $server 2>/dev/null
"$tmp/rpc_server.c.bin" >"$tmp/server" 2>&1 & server=$!
wait $client; ok $? client_outlives_its_server
same "$(cat "$tmp/client")" "client: 100000 calls, 100000 right"; ok $? client_counts_over_a_restart
"$tmp/rpc_client.c.bin" 1000000000 0 >/dev/null 2>&1 & client=$!
kill -9 $client; wait $client 2>/dev/null
same "$("$tmp/rpc_client.c.bin" 2)" "client: 0 + 1 = 1
client: 1 + 2 = 3
client: 2 calls, 2 right"; ok $? server_outlives_a_client
"$tmp/rpc_server.c.bin" >"$tmp/second" 2>&1; same "$(cat "$tmp/second")" "adder: exists already"; ok $? one_server_at_a_time
kill -INT $server; wait $server; ok $? server_ends_by_interrupt
server=

pipe=$tmp/file_pipe.c.bin
head -c 3000001 /dev/zero | tr '\0' 'x' >"$tmp/in"
"$pipe" "$tmp/in" "$tmp/out" >"$tmp/log" && cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_copies
[ "$(sed -n 's/^.*checksum //p' "$tmp/log" | sort -u | wc -l)" -eq 1 ] && [ "$(grep -c checksum "$tmp/log")" -eq 2 ]; ok $? file_pipe_prints_both_checksums
: >"$tmp/empty"; "$pipe" "$tmp/empty" >/dev/null; ok $? file_pipe_empty_file
refused() { "$pipe" "$@" >"$tmp/log" 2>"$tmp/err"; [ $? -eq 1 ] && [ -s "$tmp/err" ]; }
refused "$tmp/nothing"; ok $? file_pipe_missing_file
refused "$tmp"; ok $? file_pipe_directory
refused "$tmp/in" "$tmp/no/such/place"; ok $? file_pipe_unwritable_copy
if [ -c /dev/full ]; then refused "$tmp/in" /dev/full; ok $? file_pipe_full_disk; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
