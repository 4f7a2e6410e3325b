#!/bin/sh
# run.sh [IMAGE] - what a call, a send and a system call cost in the demo kernel: in instructions, counted by QEMU, so the same numbers on every machine.
# From the repository root: sh tests/bench/kernel/run.sh, or make bench-kernel.  Ends within 85 seconds.
#
# Boots the kernel (built from kernel_demo/ unless IMAGE names one) with `bench` as its command line.  It prints on its serial port, for each operation,
#     bench OPERATION MINIMUM SHARE ROUNDS
# the fewest instructions between two rdtsc in ring 3 (as read: those of the marks themselves are told in a line `bench rdtsc_pair ...`, and taken off here),
# the share of the rounds, in percent, that took just that many, and how many rounds there were; and ends with QEMU's status 33.
# Prints rows      operation <TAB> total <TAB> user <TAB> kernel <TAB> entries <TAB> cr3_loads <TAB> rep <TAB> core <TAB> port
# The columns behind total come from a plugin (count.c), which must count the very totals that the kernel has read; where QEMU loads no plugin they are `-`.
# core, port: those of kernel that are veridian_ipc.h's own, and the port's beneath it (page tables, frames), by the image's symbols core_text, core_text_end,
# port_text, port_text_end; `-` without them, and where the compiler has made both one (a call by registers).  What is left is the kernel's: entry, exit, scheduling.
# Then the same of other kernels, and the totals against tests/bench/kernel/kept.tsv: more than kept there for this compiler is a failure.
#
# Environment:
#   CC              the compiler that builds, or has built, the kernel: its version is the key of what is kept; cc
#   BENCH_KEEP=1    keep these figures for this compiler
#   BENCH_KEPT      another file of kept figures        BENCH_OPERATIONS   the operations that must be there, "call_reply_0 ..."
#   BENCH_APPEND    the kernel's command line, bench    BENCH_KBASE        addresses from here on are the kernel's, 2^63
#   QEMU            see tests/qemu.sh                   BENCH_PLUGIN=0     do without
set -u
here=tests/bench/kernel
[ -f $here/count.c ] || { echo "run.sh: run it from the repository root" >&2; exit 1; }
CC=${CC:-cc}; BUILD=${BUILD:-build}; image=${1:-}
kept=${BENCH_KEPT:-$here/kept.tsv}
regions='region_map_4k region_map_4m region_unmap_4k region_unmap_4m region_move_4k region_move_4m region_pass_none region_pass_4k region_pass_4m'
operations=${BENCH_OPERATIONS:-call_reply_0 call_reply_32 send_waiting send_queued null_syscall fault_zeroed fault_copied fault_made_writable fault_mapped fork_256 fork_1024 $regions}
# shellcheck source=tests/qemu.sh
. tests/qemu.sh
mkdir -p "$BUILD"
tmp=$(mktemp -d "$BUILD/bench_kernel.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

if ! qemu_ready; then echo "SKIPPED: $qemu_why"; exit 0; fi
if [ -z "$image" ]; then
    where=$BUILD/kernel_$(basename "${CC%% *}")                # a compiler's own: its objects are nobody else's
    case $where in /*) ;; *) where=$PWD/$where;; esac
    [ -f kernel_demo/Makefile ] || { echo "run.sh: no kernel_demo/ here, and no image was named" >&2; exit 1; }
    qemu_limit 150 make -s -j2 -C kernel_demo CC="$CC" BUILD="$where" >"$tmp/make" 2>&1 ||
        { echo "run.sh: the kernel does not build:" >&2; tail -n 15 "$tmp/make" >&2; exit 1; }
    image=$where/kernel.elf
fi

# ------------------------------------------------------------------------------------------------------- counting
# The plugin for this QEMU: the first version of its interface that loads.
plugin=
find_plugin() {
    [ "${BENCH_PLUGIN:-1}" = 1 ] || return
    for api in 1 2 3; do
        # shellcheck disable=SC2086
        $CC -O2 -shared -fPIC -fvisibility=hidden -DPLUGIN_API=$api $here/count.c -o "$tmp/count.so" 2>"$tmp/errors" || continue
        echo quit | qemu_limit 10 "$qemu" -accel tcg -machine none -nodefaults -display none -monitor stdio -plugin "$tmp/count.so,out=$tmp/regions" \
            >/dev/null 2>"$tmp/errors" || continue
        plugin=$tmp/count.so; return
    done
    echo "NOTE: QEMU loads no plugin: $(grep . "$tmp/errors" | head -n 1)"
}
find_plugin
rm -f "$tmp/regions"
set -- -accel tcg -icount shift=0,sleep=off -cpu max -smp 1 -m 128 -display none -serial "file:$tmp/serial" -monitor none -no-reboot \
    -device isa-debug-exit,iobase=0xf4,iosize=4
symbol() { nm "$image" 2>/dev/null | awk -v name="$1" '$3 == name { print "0x" $1; exit }'; }
parts=
for part in core port; do
    low=$(symbol ${part}_text); high=$(symbol ${part}_text_end)
    if [ -n "$low" ] && [ -n "$high" ]; then parts="$parts,part=$low-$high"; fi
done
case $parts in *part*part*) ;; *) parts=;; esac
if [ -n "$plugin" ]; then set -- "$@" -plugin "$plugin,out=$tmp/regions,kbase=${BENCH_KBASE:-0x8000000000000000}$parts"; fi
: >"$tmp/serial"
qemu_limit 20 "$qemu" "$@" -append "${BENCH_APPEND:-bench}" -kernel "$image" >"$tmp/errors" 2>&1 </dev/null
rc=$?
tr -d '\r' <"$tmp/serial" | grep '^bench ' >"$tmp/bench"
if [ $rc -ne 33 ]; then
    echo "run.sh: QEMU ended with $rc, not with 33; the last it said:" >&2
    tail -n 5 "$tmp/errors" "$tmp/serial" >&2
    exit 1
fi
[ -s "$tmp/bench" ] || { echo "run.sh: the kernel has printed no line that begins with 'bench '" >&2; exit 1; }

# ----------------------------------------------------------------------------------------------------------- rows
# An instruction that faults is begun twice, and the plugin counts both (once, for the guest): taken off.
# For each operation the region with its total, which has been in the kernel, seen about as often as the kernel says; the first such that is not yet another operation's.
: >>"$tmp/regions"; : >"$tmp/notes"
awk -v operations="$operations" -v plugin="$plugin" -v parts="$parts" -v notes="$tmp/notes" '
    BEGIN { OFS = "\t"; n = split(operations, name, " ") }
    FNR == 1 { file++ }
    file == 1 && $2 == "rdtsc_pair" { pair = $3; next }
    file == 1 { least[$2] = $3; share[$2] = $4; rounds[$2] = $5; next }
    /^#/ { print "NOTE: " $0 > notes; next }
    { regions++; total[regions] = $3; user[regions] = $4; kernel[regions] = $5; entries[regions] = $6; cr3[regions] = $7; rep[regions] = $8; core[regions] = $9; port[regions] = $10; times[regions] = $11 }
    function find(op, twice,   i, again) {
        for (again = 0; again < 2; again++)
            for (i = 1; i <= regions; i++)
                if (total[i] == least[op] + twice && kernel[i] > 0 && times[i] >= int(rounds[op] * share[op] / 100 * 0.98) - 2 && (again || !taken[i])) {
                    taken[i] = 1
                    return i
                }
        return 0
    }
    END {
        print "operation", "total", "user", "kernel", "entries", "cr3_loads", "rep", "core", "port"
        for (k = 1; k <= n; k++) {
            op = name[k]
            if (!(op in least)) {
                print op, "-", "-", "-", "-", "-", "-", "-", "-"
                print "MISSING: the kernel says nothing of " op > notes
                bad = 1
                continue
            }
            twice = op ~ /^fault_/
            i = plugin == "" ? 0 : find(op, twice)
            apart = parts != "" && op !~ /^call_/
            if (i) print op, least[op] - pair, user[i] - pair - twice, kernel[i], entries[i], cr3[i], rep[i], apart ? core[i] : "-", apart ? port[i] : "-"
            else print op, least[op] - pair, "-", "-", "-", "-", "-", "-", "-"
            if (plugin != "" && !i) {
                print "DIFFERS: " op ": the kernel has read " least[op] ", and the plugin counted no such region that enters the kernel often enough" \
                    " (idle time counts for rdtsc alone)" > notes
                bad = 1
            } else if (i) agree++
            if (share[op] < 50) print "NOTE: " op ": only " share[op] " % of " rounds[op] " rounds took the minimum" > notes
        }
        if (plugin != "") print "NOTE: plugin and rdtsc agree, to the instruction, on " agree + 0 " of " n "; " pair + 0 " instructions of the marks are taken off" > notes
        exit bad
    }' "$tmp/bench" "$tmp/regions" >"$tmp/rows"
rc=$?
cat "$tmp/rows" "$tmp/notes"

# ----------------------------------------------------------------------------------------------------- comparison
# A call and its reply between two ring-3 address spaces on one processor, and the shortest system call, in instructions; counted likewise unless said.
cat >"$tmp/others" <<'END'
call_reply_0|404|seL4, fast path, empty|394 in the kernel and some 5 a side; master of August 2026, SkimWindow off, QEMU 7.2 -icount
call_reply_32|446|seL4, fast path, 32 bytes in registers|436 in the kernel and some 5 a side; the same run
call_reply_0|488|seL4 MCS, fast path, empty|the kernel alone; SkimWindow off, passive server
call_reply_0|1198|L4Re/Fiasco, empty|16 user, 1,182 kernel; master of June 2026, no kernel isolation
call_reply_0|1385|seL4 without its fast path, empty|the kernel alone; FASTPATH off
call_reply_32|1461|seL4 without its fast path, 32 bytes|the kernel alone; FASTPATH off
call_reply_32|9588|Linux 6.1, two eventfds, 8 bytes|mean of one run, Debian, mitigations=off
call_reply_32|11666|Linux 6.1, futexes|mean, likewise
call_reply_32|12173|Linux 6.1, two pipes, 8 bytes|mean, likewise
call_reply_32|18839|Linux 6.1, AF_UNIX stream, 8 bytes|mean, likewise
call_reply_32|27261|xv6, two pipes, 1 byte|x86-32
call_reply_32|35461|Resea 0.9, 256-byte message|1,665 without the repetitions of REP
null_syscall|127|Resea 0.9, nop|
null_syscall|152|L4Re/Fiasco|160 with kernel isolation
null_syscall|340|Linux 6.1, getppid|348 with pti=on
null_syscall|1397|xv6, getpid|x86-32
END
echo
echo "elsewhere	instructions	times ours	which	of what"
awk -F '[|\t]' 'FNR == NR { ours[$1] = $2; next }
    { times = "-"; if (ours[$1] + 0 > 0) times = sprintf("%.1f", $2 / ours[$1]); print $3 "\t" $2 "\t" times "\t" $1 "\t" $4 }' "$tmp/rows" "$tmp/others"
echo "Theirs were counted earlier, the same way, and not in this run.  It is not the same work: seL4 keeps all user registers and walks a tree of capabilities,"
echo "pipes and sockets buffer and reschedule, in four system calls.  Instructions say nothing of what a switch of address spaces costs; processors took some 2.4"
echo "to 4.2 cycles for each of seL4's and Fiasco's."

# ----------------------------------------------------------------------------------------------------------- kept
version=$($CC -dumpfullversion 2>/dev/null || $CC -dumpversion)
if $CC --version 2>/dev/null | head -n 1 | grep -qi clang; then compiler=clang-$version; else compiler=gcc-$version; fi
figures() { awk -F '\t' -v c="$compiler" -v all=" $operations " 'index(all, " " $1 " ") && $2 ~ /^[0-9]+$/ { print c "\t" $1 "\t" $2 }' "$tmp/rows"; }
if [ "${BENCH_KEEP:-0}" = 1 ]; then
    [ $rc -eq 0 ] || { echo "run.sh: not kept" >&2; exit 1; }
    { grep -v "^$compiler	" "$kept" 2>/dev/null; figures; } >"$tmp/kept" && cp "$tmp/kept" "$kept"
    echo "kept for $compiler in $kept"
elif grep -q "^$compiler	" "$kept" 2>/dev/null; then
    figures | awk -F '\t' -v kept="$kept" '
        FNR == NR { was[$1 "\t" $2] = $3; next }
        !(($1 "\t" $2) in was) { next }
        $3 > was[$1 "\t" $2] { print "GREW: " $2 ": " $3 ", kept " was[$1 "\t" $2] " (" $1 ")"; bad = 1 }
        $3 < was[$1 "\t" $2] { print "NOTE: " $2 " is less than kept, " $3 " for " was[$1 "\t" $2] "; BENCH_KEEP=1 keeps it" }
        { same++ }
        END { print "compared " same + 0 " with " kept; exit bad }' "$kept" - || rc=1
else
    echo "nothing is kept for $compiler: compared with nothing (BENCH_KEEP=1 keeps these)"
fi
exit $rc
