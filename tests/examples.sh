#!/bin/sh
# tests/examples.sh - builds every example by the line that stands in its own first comment, and runs it as a person would.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
tmp=$(mktemp -d) || exit 1
domain=calc-test-$$
server=; client=; receiver=; sender=        # what runs: emptied as soon as it is known to have ended
cleanup() {
    for pid in $server $client $receiver $sender; do kill -9 "$pid" 2>/dev/null; done
    rm -rf "$tmp" "/dev/shm/vipc.$domain" "/tmp/vipc.$domain"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
same() { [ "$1" = "$2" ] || { echo "    got:      $1"; echo "    expected: $2"; return 1; }; }
until_says() {  # file, text: wait for it, at most some 20 seconds
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        tries=$((tries + 1)); [ $tries -lt 400 ] || { echo "    $1 does not say \"$2\""; return 1; }
        sleep 0.05
    done
}
find_sender() { # the child of the receiver, at most some 20 seconds from now
    sender=; tries=0
    while [ -z "$sender" ] && [ $tries -lt 400 ]; do
        if [ -r /proc/self/stat ]; then sender=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$receiver" '$4 == parent { print $1; exit }')
        else sender=$(ps -A -o pid= -o ppid= | awk -v parent="$receiver" '$2 == parent { print $1; exit }'); fi
        tries=$((tries + 1)); [ -n "$sender" ] || sleep 0.05
    done
}

for file in examples/*.c examples/*.cpp; do
    name=$(basename "$file"); line=$(grep -m1 -oE '(cc|c\+\+) examples/[a-z_]*\.(c|cpp) -o [a-z_]*' "$file")
    case $name in *.cpp) compiler=c++;; *) compiler=$CC;; esac
    if [ "$compiler" = c++ ] && ! command -v c++ >/dev/null 2>&1; then missing c++ "build_$name"; continue; fi
    [ "$(echo "$line" | awk '{print $2}')" = "$file" ]; ok $? "names_its_line_$name"
    $compiler "$file" -o "$tmp/${name%.*}.${name##*.}.bin" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]; ok $? "builds_plainly_$name"
done
same "$("$tmp/hello.c.bin")" "parent: received 42 from process 2"; ok $? hello_c
if [ -x "$tmp/hello.cpp.bin" ]; then same "$("$tmp/hello.cpp.bin")" "parent: received 42 from process 2"; ok $? hello_cpp; fi
[ "$(wc -l <examples/hello.c)" -lt 40 ]; ok $? hello_c_is_short
limit 60 "$tmp/supervisor.c.bin" >"$tmp/log"; [ $? -eq 0 ] && grep -qxE '400 sums, all right; [1-9][0-9]* workers died and were replaced, [0-9]+ calls were made again' "$tmp/log"; ok $? supervisor_c
case $(uname -s) in
Linux)
    same "$(limit 60 "$tmp/epoll_server.c.bin" | sed 's/, [0-9]* wake-ups$//')" "1000 lines through a socket, 1000 calls through an endpoint, one thread"; ok $? epoll_server_c;;
*)  echo "skip epoll_server_c: no epoll"; skipped=$((skipped + 1));;
esac

# Address spaces.
limit 20 "$tmp/cow_fork.c.bin" >"$tmp/log"; ok $? cow_fork_c
same "$(cat "$tmp/log")" "$(sed -nE '/^ \* Expected output:/,/^ \* Of the/s/^ \*     //p' examples/cow_fork.c)"; ok $? cow_fork_prints_what_it_says
case $(uname -s) in
Linux)
    limit 20 "$tmp/guarded_stack.c.bin" >"$tmp/log"; ok $? guarded_stack_c
    same "$(sed -E 's/depth [0-9]+,/depth N,/; s/, [0-9]+ bytes/, N bytes/; 2s/[0-9]+ KiB/N KiB/' "$tmp/log")" \
        "$(sed -nE '/^ \* Expected output/,/^ \*\//s/^ \*     //p' examples/guarded_stack.c | sed -E 's/depth [0-9]+,/depth N,/; s/, [0-9]+ bytes/, N bytes/; 2s/[0-9]+ KiB/N KiB/')"; ok $? guarded_stack_prints_what_it_says;;
*)  echo "skip guarded_stack_c: makecontext may be missing"; skipped=$((skipped + 1));;
esac

# Shared regions and named objects.
limit 60 "$tmp/zero_copy.c.bin" 16 >"$tmp/log" 2>&1; ok $? zero_copy_c
[ "$(grep -cE '^(share|share again|move|copy-on-write|AF_UNIX socket|memcpy) +[0-9.]+ [um]s +[0-9.]+ [um]s +[0-9.]+ [um]s$' "$tmp/log")" -eq 6 ]; ok $? zero_copy_has_a_row_for_each
same "$(tail -n 1 "$tmp/log")" "$(sed -nE '/^ \* Expected output/,/^ \*\//s/^ \*     (contents)/\1/p' examples/zero_copy.c)"; ok $? zero_copy_checks_contents
limit 20 "$tmp/zero_copy.c.bin" 1 >"$tmp/log" 2>&1; [ $? -eq 1 ] && grep -q usage "$tmp/log"; ok $? zero_copy_refuses_nonsense
limit 60 "$tmp/framebuffer.c.bin" -f 5 -w 160 "$tmp/picture.bmp" >"$tmp/log" 2>&1; ok $? framebuffer_c      # no terminal: no live view
same "$(sed "s|^$tmp/||" "$tmp/log")" "picture.bmp: 160 x 90, frame 5 of 5
5 frames through 2 buffers, none copied, none torn; the consumer may not write: right missing"; ok $? framebuffer_prints_what_it_says
[ "$(wc -c <"$tmp/picture.bmp")" -eq $((54 + 160 * 90 * 3)) ] && [ "$(head -c 2 "$tmp/picture.bmp")" = BM ]; ok $? framebuffer_writes_a_picture
[ "$(tail -c +55 "$tmp/picture.bmp" | od -An -v -tx1 -w3 | sort -u | wc -l)" -gt 1000 ]; ok $? framebuffer_picture_has_many_colours
COLUMNS=80 limit 60 "$tmp/framebuffer.c.bin" -l -f 3 -w 64 "$tmp/picture.bmp" >"$tmp/log" 2>&1 && [ "$(grep -c '▀' "$tmp/log")" -gt 30 ]; ok $? framebuffer_shows_it_live_when_asked
limit 60 "$tmp/framebuffer.c.bin" -n -f 2 -w 64 "$tmp/no/such/place.bmp" >"$tmp/log" 2>&1; [ $? -eq 1 ] && grep -q "No such file" "$tmp/log"; ok $? framebuffer_unwritable_picture

# What it prints is what its first comment says.
limit 20 "$tmp/test_your_code.c.bin" >"$tmp/log"; ok $? test_your_code_passes
same "$(cat "$tmp/log")" "$(sed -nE '/^ \* prints:/,/passed/s/^ \*( prints:|        )  //p' examples/test_your_code.c)"; ok $? test_your_code_prints_what_it_says

# Two shells.  In a domain of the test's own, so that it meets no server of somebody else's.
for name in rpc_server rpc_client; do
    sed -e "s|\"/calc\"|\"/$domain\"|" -e "s|\"\\.\\./|\"$PWD/|" "examples/$name.c" >"$tmp/$name.c"
    $CC "$tmp/$name.c" -o "$tmp/$name"
done
server() {      # start one, and wait until it is ready
    : >"$tmp/server"            # what an earlier one said is not to be taken for this one's word
    "$tmp/rpc_server" >"$tmp/server" 2>&1 & server=$!
    until_says "$tmp/server" "adder: ready"
}
client() {      # calls, every: in the background
    : >"$tmp/client"; : >"$tmp/client.err"
    "$tmp/rpc_client" "$1" "$2" >"$tmp/client" 2>"$tmp/client.err" & client=$!
}
client 3 1
until_says "$tmp/client.err" "waiting for a server"; ok $? client_waits_for_its_server
server; ok $? server_starts_after_its_client
wait $client; ok $? client_before_server; client=
same "$(cat "$tmp/client")" "client: 0 + 1 = 1
client: 1 + 2 = 3
client: 2 + 3 = 5
client: 3 calls, 3 right"; ok $? client_prints_its_results
client 500000 100
until_says "$tmp/client" "client: "; kill -9 $server; wait $server 2>/dev/null; server=
until_says "$tmp/client.err" "the server has gone"; ok $? client_is_told_of_a_death
server; ok $? server_starts_again
wait $client; ok $? client_outlives_its_server; client=
same "$(tail -n 1 "$tmp/client")" "client: 500000 calls, 500000 right"; ok $? client_counts_over_a_restart
client 1000000000 100
until_says "$tmp/client" "client: "; kill -9 $client; wait $client 2>/dev/null; client=
same "$("$tmp/rpc_client" 2 1)" "client: 0 + 1 = 1
client: 1 + 2 = 3
client: 2 calls, 2 right"; ok $? server_outlives_a_client
limit 20 "$tmp/rpc_server" >"$tmp/second" 2>&1; same "$(cat "$tmp/second")" "adder: exists already"; ok $? one_server_at_a_time
kill -INT $server; wait $server; ok $? server_ends_by_interrupt; server=

pipe=$tmp/file_pipe.c.bin
head -c 3000001 /dev/zero | tr '\0' 'x' >"$tmp/in"
limit 20 "$pipe" "$tmp/in" "$tmp/out" >"$tmp/log" && cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_copies
[ "$(sed -n 's/^.*checksum //p' "$tmp/log" | sort -u | wc -l)" -eq 1 ] && [ "$(grep -c checksum "$tmp/log")" -eq 2 ]; ok $? file_pipe_prints_both_checksums
limit 20 "$pipe" "$tmp/in" >"$tmp/log2" && same "$(grep checksum "$tmp/log2")" "$(grep checksum "$tmp/log")"; ok $? file_pipe_needs_no_copy
{ head -c 2000000 "$tmp/in"; printf y; head -c 1000000 "$tmp/in"; } >"$tmp/in2"
limit 20 "$pipe" "$tmp/in2" >"$tmp/log2" && ! grep -qF "$(sed -n 's/^.*checksum //p' "$tmp/log" | head -n 1)" "$tmp/log2"; ok $? file_pipe_sums_differ_by_one_byte
: >"$tmp/empty"; limit 20 "$pipe" "$tmp/empty" "$tmp/out" >/dev/null && cmp -s "$tmp/empty" "$tmp/out"; ok $? file_pipe_empty_file
cat "$tmp/in" | limit 20 "$pipe" /dev/stdin "$tmp/out" >/dev/null && cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_from_a_pipe
limit 20 "$pipe" -z "$tmp/in" "$tmp/out" >"$tmp/log2" && cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_without_a_copy
same "$(grep checksum "$tmp/log2" | sort)" "$(grep checksum "$tmp/log" | sort)" && grep -q "without a copy" "$tmp/log2"; ok $? file_pipe_without_a_copy_says_the_same
limit 20 "$pipe" -b "$tmp/in" "$tmp/out" >"$tmp/log2" && cmp -s "$tmp/in" "$tmp/out" && tail -n 1 "$tmp/log2" | grep -qxE '[0-9]+ MB/s copied, [0-9]+ MB/s shared'; ok $? file_pipe_both_ways
limit 20 "$pipe" -z "$tmp/empty" "$tmp/out" >/dev/null && cmp -s "$tmp/empty" "$tmp/out"; ok $? file_pipe_without_a_copy_empty_file
head -c 10000000 /dev/urandom >"$tmp/in3"; limit 20 "$pipe" -z "$tmp/in3" "$tmp/out" >/dev/null && cmp -s "$tmp/in3" "$tmp/out"; ok $? file_pipe_without_a_copy_goes_round_the_blocks
refused() {     # words that are to be said, arguments
    words=$1; shift
    limit 20 "$pipe" "$@" >"$tmp/log" 2>"$tmp/err"
    [ $? -eq 1 ] && grep -q "$words" "$tmp/err" || { sed 's/^/    /' "$tmp/err"; return 1; }
}
refused "usage"; ok $? file_pipe_without_a_file
cp "$tmp/in" "$tmp/out"
refused "No such file" "$tmp/nothing" "$tmp/out"; ok $? file_pipe_missing_file
refused "directory" "$tmp" "$tmp/out"; ok $? file_pipe_directory
cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_leaves_the_copy_alone_when_there_is_no_file
refused "is the file itself" "$tmp/in" "$tmp/in" && cmp -s "$tmp/in" "$tmp/out"; ok $? file_pipe_onto_itself
refused "No such file" "$tmp/in" "$tmp/no/such/place"; ok $? file_pipe_unwritable_copy
if [ -c /dev/full ]; then refused "No space left" "$tmp/in" /dev/full; ok $? file_pipe_full_disk; else missing /dev/full file_pipe_full_disk; fi

limit 60 "$tmp/job_queue.c.bin" >"$tmp/log" 2>&1; ok $? job_queue_ends_well
jobs=$(sed -n 's/^\([0-9]*\) jobs by 4 workers in .* while \([0-9]*\) of these were killed$/\1/p' "$tmp/log")
kills=$(sed -n 's/^\([0-9]*\) jobs by 4 workers in .* while \([0-9]*\) of these were killed$/\2/p' "$tmp/log")
[ "${jobs:-0}" -gt 100 ] && [ "${kills:-0}" -gt 10 ] || { sed 's/^/    /' "$tmp/log"; false; }; ok $? job_queue_has_jobs_and_kills
same "$(tail -n 1 "$tmp/log")" "$jobs results are there, and right; 0 jobs lost, 0 finished twice"; ok $? job_queue_counts_every_job

# Deaths, while the sender waits for more to read.
mkfifo "$tmp/fifo"
"$pipe" "$tmp/fifo" >"$tmp/log" 2>"$tmp/err" & receiver=$!
exec 9>"$tmp/fifo"
cat "$tmp/in" >&9
find_sender
kill -9 "$sender"; wait $receiver; [ $? -eq 1 ] && grep -q "the sender was killed" "$tmp/err"; ok $? file_pipe_sender_killed
receiver=; sender=
exec 9>&-
"$pipe" /dev/zero >"$tmp/log" 2>"$tmp/err" & receiver=$!
find_sender
kill -9 $receiver; wait $receiver 2>/dev/null; receiver=
until_says "$tmp/err" "^sender: "; ok $? file_pipe_receiver_killed
sender=
end_of_cases
