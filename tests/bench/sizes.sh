#!/bin/sh
# sizes.sh - bytes of shared memory for each thing, of stack for each call, of code.  From the repository root; needs cc, and gcc 10 or later for the stack.
#   CC, CFLAGS   the compiler, and what to measure with: -O2
# Stack: the deepest chain of calls within the library, from the compiler's own call graph; what the hooks take comes on top (posix: some 300 bytes,
# and the kernel's).
set -eu
cc=${CC:-cc}; flags=${CFLAGS:--O2}
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT INT TERM

cat >"$tmp/bytes.c" <<'END'
#include <stdio.h>
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
static double with(uint32_t processes, uint32_t threads, uint32_t objects, uint32_t capabilities, uint32_t names)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = processes;
    c.max_threads = threads;
    c.max_objects = objects;
    c.max_capabilities = capabilities;
    c.max_names = names;
    return (double)vipc_required_size(&c);
}
static void say(const char *what, double bytes) { printf("%-48s %12.0f bytes\n", what, bytes); }
int main(void)
{
    double base = with(1024, 1024, 1024, 1024, 1024), n = 1024;
    say("a domain with one of each", with(1, 1, 1, 1, 1));
    say("a domain of default size", (double)vipc_required_size(NULL));
    say("process", (with(2048, 1024, 1024, 1024, 1024) - base) / n);
    say("view (thread)", (with(1024, 2048, 1024, 1024, 1024) - base) / n);
    say("endpoint", (with(1024, 1024, 2048, 1024, 1024) - base) / n);
    say("capability", (with(1024, 1024, 1024, 2048, 1024) - base) / n);
    say("name", (with(1024, 1024, 1024, 1024, 2048) - base) / n);
    say("1,000,000 endpoints, each with its capability", with(1, 1, 1000000, 1000000, 1));
    say("  each", (with(1, 1, 1000000, 1000000, 1) - with(1, 1, 1, 1, 1)) / 999999);
    say("10,000 processes of one thread", with(10000, 10000, 1, 1, 1));
    say("a message in a queue", 64);
    say("vipc, the caller's own", (double)sizeof(vipc));
    return 0;
}
END
$cc -std=gnu11 -O1 -I. "$tmp/bytes.c" -o "$tmp/bytes"
"$tmp/bytes"

printf '#define VERIDIAN_IPC_IMPLEMENTATION\n#include "veridian_ipc.h"\n' >"$tmp/core.c"
for f in "$flags" -Os; do
    $cc -std=c99 $f -I. -c "$tmp/core.c" -o "$tmp/core.o"
    size "$tmp/core.o" 2>/dev/null | awk -v f="$f" 'NR == 2 { printf "%-48s %12d bytes\n", "code, " f, $1 }' || echo "code: no size(1)"
done

if ! $cc -std=c99 $flags -I. -fcallgraph-info=su -c "$tmp/core.c" -o "$tmp/core.o" 2>/dev/null; then
    echo "stack: skipped, this compiler has no -fcallgraph-info"
    exit 0
fi
awk '
    function quoted(key,   s) { s = $0; if (!sub(".*" key ": \"", "", s)) return ""; sub(/".*/, "", s); return s }
    function depth(f,   i, d, most) {
        if (f in deep) return deep[f]
        if (f in busy) { loops = 1; return 0 }
        busy[f] = 1
        for (i = 1; i <= calls[f]; i++) { d = depth(call[f, i]); if (d > most) { most = d; next_of[f] = call[f, i] } }
        delete busy[f]
        return deep[f] = own[f] + 8 * (f in own) + most          # 8: the return address
    }
    /^node:/ {
        label = $0
        if (match(label, /[0-9]+ bytes/)) own[quoted("title")] = substr(label, RSTART) + 0
        if (label ~ /dynamic\)/) unbounded = 1
    }
    /^edge:/ { f = quoted("sourcename"); call[f, ++calls[f]] = quoted("targetname") }
    END {
        for (f in own) {
            name = f
            sub(/.*:/, "", name)
            if (name !~ /^vipc_/) continue
            d = depth(f)
            if (d > most) { most = d; worst = name }
            if (name ~ /^vipc_(send|receive|send_large|receive_large|call|reply|reply_receive|cap_require|endpoint_create|destroy|sweep)$/) printf "%-48s %12d bytes\n", "stack, " name, d
        }
        printf "%-48s %12d bytes\n", "stack, the most: " worst, most
        if (loops) print "stack: NOTE a call leads back to itself: counted once round"
        if (unbounded) print "stack: NOTE a function has a stack of variable size"
    }' "$tmp/core.ci" | sort
