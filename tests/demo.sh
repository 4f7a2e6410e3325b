#!/bin/sh
# tests/demo.sh - what the library is for, on real input, in under a minute: a file through an endpoint, a server with four clients of which one is
# killed, then the server itself, memory handed over without a copy, and a picture.  All figures are measured as it runs.  Exit 0 only if all was right; whatever happens, nothing is left behind.
set -u
cd "$(dirname "$0")/.." || exit 1
CC=${CC:-cc}; BUILD=${BUILD:-build}
mkdir -p "$BUILD"
dir=$(mktemp -d "$BUILD/demo.XXXXXX") || exit 1
pids=; found=; wrong=0

cleanup() {
    trap '' INT TERM HUP
    for pid in $pids; do kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
    if [ "$found" = no ]; then "$dir/aid" unlink /calc; fi       # a domain that was there before the demo stays
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'echo; echo "interrupted"; exit 130' INT TERM HUP

row() { printf '  %-10s %13s  %s\n' "$1" "$2" "$3"; }
wrong() { wrong=1; echo "  WRONG: $1"; }
stop() { wrong "$1"; [ -z "${2:-}" ] || sed 's/^/    /' "$2"; exit 1; }
commas() { echo "$1" | sed -e ':a' -e 's/^\([0-9]*[0-9]\)\([0-9][0-9][0-9]\)/\1,\2/' -e 'ta'; }
event() { printf '  %-10s %s\n' "$1" "$2"; }
seconds() { printf '%d.%02d s' $(($1 / 1000)) $(($1 % 1000 / 10)); }
clock() { seconds $(($("$dir/aid" now) - began)); }

build() {       # a name: the example by its own plain line
    $CC "examples/$1.c" -o "$dir/$1" >"$dir/log" 2>&1 || stop "$CC examples/$1.c -o $1" "$dir/log"
}

# Small things that a shell cannot do alike everywhere.
cat >"$dir/aid.c" <<'END'
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>

static unsigned long long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long long)t.tv_sec * 1000u + (unsigned long long)t.tv_nsec / 1000000u;
}

/* 64 MiB of xorshift, always the same. */
static int make(const char *path)
{
    static uint64_t block[8192];
    uint64_t x = 88172645463325252u;
    FILE *f = fopen(path, "wb");
    if (!f) return 1;
    for (int n = 0; n < 1024; n++) {
        for (int i = 0; i < 8192; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            block[i] = x;
        }
        if (fwrite(block, sizeof block, 1, f) != 1) return 1;
    }
    return fclose(f) != 0;
}

/* Calls that a client is known to have made: its output says which call each line is of; the last one may be cut. */
static unsigned long calls(const char *path)
{
    char line[128];
    unsigned long n, made = 0;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strchr(line, '\n') && sscanf(line, "client: %lu + ", &n) == 1) made = n + 1;
    if (f) fclose(f);
    return made;
}
static int reached(const char *path, unsigned long wanted, unsigned long long limit)
{
    struct timespec pause = { 0, 5000000 };
    for (limit += now(); now() < limit; nanosleep(&pause, NULL))
        if (calls(path) >= wanted) return 0;
    return 1;
}
static int says(const char *path, const char *text, unsigned long long limit)
{
    struct timespec pause = { 0, 5000000 };
    char line[128];
    for (limit += now(); now() < limit; nanosleep(&pause, NULL)) {
        FILE *f = fopen(path, "r");
        int seen = 0;
        while (f && !seen && fgets(line, sizeof line, f)) seen = strstr(line, text) != NULL;
        if (f) fclose(f);
        if (seen) return 0;
    }
    return 1;
}
static int served(const char *domain, const char *name)
{
    vipc ipc;
    vipc_cap cap;
    vipc_posix_desc desc = VIPC_INIT;
    desc.must = VIPC_POSIX_JOIN;
    if (vipc_posix_open(&ipc, domain, &desc) != VIPC_OK) return 1;
    vipc_error e = vipc_lookup(&ipc, name, VIPC_RIGHT_SEND, &cap, VIPC_NOW);
    vipc_posix_close(&ipc);
    return e != VIPC_OK;
}

int main(int argc, char **argv)
{
    char path[VIPC_POSIX_PATH_MAX];
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "now")) return printf("%llu\n", now()) < 0;
    if (!strcmp(what, "make")) return make(argv[2]);
    if (!strcmp(what, "calls")) return printf("%lu\n", calls(argv[2])) < 0;
    if (!strcmp(what, "reached")) return reached(argv[2], strtoul(argv[3], NULL, 10), strtoul(argv[4], NULL, 10) * 1000u);
    if (!strcmp(what, "says")) return says(argv[2], argv[3], strtoul(argv[4], NULL, 10) * 1000u);
    if (!strcmp(what, "served")) return served(argv[2], argv[3]);
    if (!strcmp(what, "exists")) return vipc_posix_path(argv[2], NULL, path, sizeof path) != VIPC_OK || access(path, F_OK) != 0;
    if (!strcmp(what, "unlink")) return vipc_posix_unlink(argv[2], NULL) != VIPC_OK;
    if (!strcmp(what, "limit")) {        /* the alarm goes on across exec and ends what hangs */
        alarm((unsigned)strtoul(argv[2], NULL, 10));
        execv(argv[3], argv + 3);
    }
    return 1;
}
END
aid=$dir/aid
$CC -I. "$dir/aid.c" -o "$aid" >"$dir/log" 2>&1 || stop "building the demo's own tool with $CC" "$dir/log"

# ---------------------------------------------------------------------------------------------------- the file
echo "1. A file of 64 MiB goes from one process to another, through an endpoint."
echo "   Built by:  $CC examples/file_pipe.c -o file_pipe"
echo
build file_pipe
$CC -O2 examples/file_pipe.c -o "$dir/quick" >"$dir/log" 2>&1 || stop "$CC -O2 examples/file_pipe.c" "$dir/log"
"$aid" make "$dir/file" || stop "could not write 64 MiB to $dir"
size=$(($(wc -c <"$dir/file")))
row file "$(commas $size)" "bytes, pseudo-random"
"$aid" limit 15 "$dir/file_pipe" "$dir/file" "$dir/copy" >"$dir/out" 2>"$dir/err" || stop "file_pipe ended with $?:" "$dir/err"
for side in sender receiver; do
    line=$(sed -n "s/^$side: *\([0-9]*\) bytes, checksum \([0-9a-f]*\)$/\1 \2/p" "$dir/out")
    row $side "$(commas "${line% *}")" "bytes, checksum ${line#* }"
    [ "${line% *}" = "$size" ] || wrong "the $side counted other bytes than the file has"
done
if cmp "$dir/file" "$dir/copy" >"$dir/log" 2>&1; then row copy "$(commas $(($(wc -c <"$dir/copy"))))" "bytes, equal to the file (cmp)"
else stop "the copy differs:" "$dir/log"; fi
speed() { sed -n 's/^equal, \([0-9]*\) MB.s$/\1/p' "$dir/out"; }
row speed "$(speed)" "MB/s, both checksums and the writing included"
"$aid" limit 10 "$dir/quick" "$dir/file" "$dir/copy" >"$dir/out" 2>"$dir/err" || stop "file_pipe with -O2 ended with $?:" "$dir/err"
row "" "$(speed)" "MB/s, the same, built with -O2"
cmp -s "$dir/file" "$dir/copy" || wrong "the second copy differs"
"$aid" limit 10 "$dir/quick" -z "$dir/file" "$dir/copy" >"$dir/out" 2>"$dir/err" || stop "file_pipe -z ended with $?:" "$dir/err"
row "" "$(sed -n 's/^equal, \([0-9]*\) MB.s, without a copy$/\1/p' "$dir/out")" "MB/s, -O2, through a region that both have mapped"
cmp -s "$dir/file" "$dir/copy" || wrong "the third copy differs"
rm -f "$dir/file" "$dir/copy"

# -------------------------------------------------------------------------------------------------- the server
server() {      # start one, and wait until it is ready
    "$aid" limit 35 "$dir/rpc_server" >"$dir/server" 2>"$dir/server.err" & server=$!
    pids="$pids $server"
    "$aid" says "$dir/server" "adder: ready" 5 || stop "the server does not start:" "$dir/server.err"
}
client() {      # number, calls, print every so many
    "$aid" limit 25 "$dir/rpc_client" "$2" "$3" >"$dir/client$1" 2>"$dir/client$1.err" & client=$!
    pids="$pids $client"
}
echo
echo "2. A server adds numbers for four clients, each in a process of its own."
echo "   One client is killed with -9, then the server; the others are to go on."
echo "   Built by:  $CC examples/rpc_server.c -o rpc_server"
echo "              $CC examples/rpc_client.c -o rpc_client"
echo
build rpc_server; build rpc_client
if "$aid" served /calc adder; then stop "another rpc_server is running on this machine; end it and try again"; fi
if "$aid" exists /calc; then found=yes; else found=no; fi
server; first=$server

# How fast is this machine?  The count of calls is to give some seconds of work on any.
began=$("$aid" now)
"$aid" limit 10 "$dir/rpc_client" 10000 0 >"$dir/log" 2>&1 || stop "a first client failed:" "$dir/log"
spent=$(($("$aid" now) - began + 1))
count=$((10000 * 2000 / spent / 1000 * 1000)); every=$((count / 2000))
if [ $count -lt 20000 ]; then count=20000; every=10; fi

began=$("$aid" now)
client 1 $count $every; one=$client
client 2 $count $every; two=$client
client 3 $count $every; three=$client
client 4 $count $every; victim=$client
event "at 0.00 s" "four clients start, each to make $(commas $count) calls"

"$aid" reached "$dir/client4" $((count / 4)) 25 || stop "client 4 does not get on:" "$dir/client4.err"
kill -9 $victim; at=$(clock)
wait $victim 2>/dev/null; [ $? -eq 137 ] || wrong "client 4 ended by itself"
lost=$("$aid" calls "$dir/client4")
event "at $at" "client 4 killed with -9, in the middle of its calls"

"$aid" reached "$dir/client1" $((count / 2)) 25 || stop "client 1 does not get on:" "$dir/client1.err"
kill -9 "$first"; at=$(clock)
wait "$first" 2>/dev/null; [ $? -eq 137 ] || wrong "the server ended by itself"
event "at $at" "server killed with -9"
server
event "at $(clock)" "another server is ready"

total=$lost; n=0
for pid in $one $two $three; do
    n=$((n + 1))
    wait "$pid"; code=$?
    [ $code -eq 0 ] || { wrong "client $n ended with $code:"; sed 's/^/    /' "$dir/client$n.err"; }
done
spent=$(($("$aid" now) - began))
event "at $(seconds $spent)" "the last client is done"
kill -INT "$server"; wait "$server" || wrong "the second server did not end well"
pids=

echo
for n in 1 2 3; do
    line=$(sed -n 's/^client: \([0-9]*\) calls, \([0-9]*\) right$/\1 \2/p' "$dir/client$n"); calls=${line% *}; right=${line#* }
    row "client $n" "$(commas "$calls")" "calls, $(commas "$right") right"
    [ "$right" = "$count" ] || wrong "$(commas $count) were to be right"
    sed -n 's/^client: the server has gone (\(.*\)) at call \([0-9]*\)$/\2 \1/p' "$dir/client$n.err" | while read -r call why; do
        row "" "" "saw \"$why\" at call $(commas "$call"), and made it again"
    done
    total=$((total + right))
done
row "client 4" "$(commas "$lost")" "calls or a few more, then killed"
[ "$lost" -gt 0 ] && [ "$lost" -lt $count ] || wrong "client 4 was not in the middle of its calls"
row together "$(commas $((total * 1000 / spent)))" "calls per second, the deaths included"

# ------------------------------------------------------------------------------------------------- shared memory
echo
echo "3. 256 MiB go to another process without a copy, and beside it as copies."
echo "   Built by:  $CC examples/zero_copy.c -o zero_copy"
echo
build zero_copy
"$aid" limit 40 "$dir/zero_copy" 256 >"$dir/out" 2>"$dir/err" || stop "zero_copy ended with $?:" "$dir/err"
sed 's/^/  /' "$dir/out"
grep -q "all right" "$dir/out" || wrong "zero_copy does not say that all was right"

echo
echo "4. One process draws into a named object, another one shows it."
echo "   Built by:  $CC examples/framebuffer.c -o framebuffer"
echo
build framebuffer
if [ -t 1 ]; then live=-l; else live=-n; fi
"$aid" limit 40 "$dir/framebuffer" $live -f 20 -w 320 "$BUILD/framebuffer.bmp" 2>"$dir/err" | tee "$dir/out" | sed 's/^/  /'
grep -q "none torn" "$dir/out" || stop "framebuffer did not end well:" "$dir/err"
[ -s "$BUILD/framebuffer.bmp" ] || wrong "there is no picture"
echo "  The picture is $BUILD/framebuffer.bmp: look at it."

echo
if [ $wrong -eq 0 ]; then echo "All was right."; else echo "NOT all was right."; fi
exit $wrong
