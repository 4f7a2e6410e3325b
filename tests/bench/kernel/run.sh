#!/bin/sh
# run.sh [IMAGE] - what a call, a send and a system call cost in the demo kernel: in instructions, counted by QEMU, so the same numbers on every machine.
# From the repository root: sh tests/bench/kernel/run.sh, or make bench-kernel.  Takes some 40 seconds on two idle processors, most of them for the compiler and for `test`.
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
# A second boot, with `bench apart` on two CPUs, does what takes both: a call to a server on the other one, and a region withdrawn from who runs on the other one.  Rows
#     operation <TAB> total <TAB> here user <TAB> kernel <TAB> interrupts <TAB> there user <TAB> kernel <TAB> interrupts <TAB> share
# `here` is the CPU that measures; interrupts: of the other CPU's, that have come.  What most rounds came to (not the fewest: two CPUs can miss each other); share: how many did.  An idle CPU is halted, and counts nothing.
# Under -icount QEMU lets the CPUs run in turns, one at a time, on one clock of instructions: a turn ends with hlt, with pause, or when a timer is due.  So whoever waits for
# the other one spins once a turn, and what spinning comes to is the emulator's doing, not a machine's.  It repeats exactly; it is told, and compared with nothing.
#
# For each boot, that of the kernel's tests among them, the longest stretch of instructions with interrupts off (count.c says what is one), from the first return to ring 3 on:
#     boot <TAB> CPU <TAB> which <TAB> instructions <TAB> from function .. to function <TAB> most of it in
# which: `kernel`: any; `silent`: that does not pass through console_write; `core`: most instructions of veridian_ipc.h's in one stretch (and of fast.c), as core above.  A
# repetition of REP counts as one.  Those of the first boot are kept and compared.
#
# Environment:
#   CC              the compiler that builds, or has built, the kernel: its version is the key of what is kept; cc
#   BENCH_KEEP=1    keep these figures for this compiler
#   BENCH_KEPT      another file of kept figures        BENCH_OPERATIONS   the operations that must be there, "call_reply_0 ..."
#   BENCH_APPEND    the kernel's command line, bench    BENCH_KBASE        addresses from here on are the kernel's, 2^63
#   BENCH_APART     likewise for two CPUs; "": none     BENCH_TEST         on how many CPUs the tests are booted, 1; "1 4"; "": not (all that follow the first without -icount)
#   QEMU            see tests/qemu.sh                   BENCH_PLUGIN=0     do without
set -u
here=tests/bench/kernel
[ -f $here/count.c ] || { echo "run.sh: run it from the repository root" >&2; exit 1; }
CC=${CC:-cc}; BUILD=${BUILD:-build}; image=${1:-}
kept=${BENCH_KEPT:-$here/kept.tsv}
regions='region_map_4k region_map_4m region_unmap_4k region_unmap_4m region_move_4k region_move_4m region_pass_none region_pass_4k region_pass_4m'
operations=${BENCH_OPERATIONS:-call_reply_0 call_reply_32 send_waiting send_queued null_syscall fault_zeroed fault_copied fault_made_writable fault_mapped fork_256 fork_1024 $regions}
shots='shootdown_1 shootdown_32 shootdown_512 no_shootdown_1 no_shootdown_32 no_shootdown_512'
apart=${BENCH_OPERATIONS_APART:-apart_call_registers apart_call_memory apart_call_asleep $shots}
tests=${BENCH_TEST-$([ -n "$image" ] || echo 1)}
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
symbol() { nm "$image" 2>/dev/null | awk -v name="$1" '$3 == name { sub(/^0+/, "", $1); print "0x" $1; exit }'; }
parts=
for part in core port; do
    low=$(symbol ${part}_text); high=$(symbol ${part}_text_end)
    if [ -n "$low" ] && [ -n "$high" ]; then parts="$parts,part=$low-$high"; fi
done
case $parts in *part*part*) ;; *) parts=;; esac
nm -n "$image" 2>/dev/null | awk '$2 ~ /^[tT]$/ { sub(/^0+/, "", $1); print $1, $3 }' >"$tmp/functions"
cut -d ' ' -f 1 "$tmp/functions" | uniq >"$tmp/starts"
after() { awk -v from="$1" 'found { print "0x" $1; exit } "0x" $1 == from { found = 1 }' "$tmp/functions"; }
where=
for at in vectors console_write; do
    low=$(symbol $at)
    [ -n "$low" ] || continue
    if [ $at = vectors ]; then where="$where,vectors=$low"; else where="$where,quiet=$low-$(after "$low")"; fi
done
# Name, CPUs, seconds, command line, what else the plugin is told: boots, and leaves NAME.serial, NAME.bench (what it has said), NAME.regions and NAME.off (what the plugin has counted).
boot() {
    boot_name=$1 boot_cpus=$2 boot_seconds=$3 boot_append=$4 boot_more=$5
    set -- -accel tcg -cpu max -smp "$boot_cpus" -m 128 -display none -serial "file:$tmp/$boot_name.serial" -monitor none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4
    case $boot_more in *at_once*) boot_more=;; *) set -- "$@" -icount shift=0,sleep=off;; esac
    if [ -n "$plugin" ]; then set -- "$@" -plugin "$plugin,off=$tmp/$boot_name.off,starts=$tmp/starts,kbase=${BENCH_KBASE:-0x8000000000000000}$parts$where$boot_more"; fi
    : >"$tmp/$boot_name.serial"; : >"$tmp/$boot_name.regions"; : >"$tmp/$boot_name.off"
    qemu_limit "$boot_seconds" "$qemu" "$@" -append "$boot_append" -kernel "$image" >"$tmp/errors" 2>&1 </dev/null
    boot_rc=$?
    tr -d '\r' <"$tmp/$boot_name.serial" | grep '^bench ' >"$tmp/$boot_name.bench"
    [ $boot_rc -eq 33 ] && return
    echo "run.sh: QEMU ended with $boot_rc, not with 33, of '$boot_append' on $boot_cpus; the last it said:" >&2
    tail -n 5 "$tmp/errors" "$tmp/$boot_name.serial" >&2
    exit 1
}
boot one 1 40 "${BENCH_APPEND:-bench}" ",out=$tmp/one.regions"
[ -s "$tmp/one.bench" ] || { echo "run.sh: the kernel has printed no line that begins with 'bench '" >&2; exit 1; }

# ----------------------------------------------------------------------------------------------------------- rows
# An instruction that faults is begun twice, and the plugin counts both (once, for the guest): taken off.
# For each operation the region with its total, which has been in the kernel, seen about as often as the kernel says; the first such that is not yet another operation's.
: >"$tmp/notes"
awk -v operations="$operations" -v plugin="$plugin" -v parts="$parts" -v notes="$tmp/notes" '
    BEGIN { OFS = "\t"; n = split(operations, name, " ") }
    FNR == 1 { file++ }
    file == 1 && $2 == "rdtsc_pair" { pair = $3; next }
    file == 1 { least[$2] = $3; share[$2] = $4; rounds[$2] = $5; next }
    /^#/ { print "NOTE: " $0 > notes; next }
    { regions++; total[regions] = $3; user[regions] = $4; kernel[regions] = $5; entries[regions] = $6; cr3[regions] = $7; rep[regions] = $8; core[regions] = $9; port[regions] = $10; times[regions] = $15 }
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
    }' "$tmp/one.bench" "$tmp/one.regions" >"$tmp/rows"
rc=$?
cat "$tmp/rows" "$tmp/notes"

# ------------------------------------------------------------------------------------------------------- two CPUs
if [ -n "${BENCH_APART-bench apart}" ]; then
    boot two 2 40 "${BENCH_APART-bench apart}" ",out=$tmp/two.regions"
    : >"$tmp/notes"
    awk -v operations="$apart" -v plugin="$plugin" -v notes="$tmp/notes" '
        BEGIN { OFS = "\t"; n = split(operations, name, " ") }
        FNR == 1 { file++ }
        file == 1 && $2 == "rdtsc_pair" { pair = $3; next }
        file == 1 { least[$2] = $3; share[$2] = $4; rounds[$2] = $5; next }
        /^#/ { print "NOTE: " $0 > notes; next }
        { regions++; total[regions] = $3; row[regions] = $4 - pair OFS $5 OFS $11 OFS $12 OFS $13 OFS $14; times[regions] = $15; at[regions] = $1 " " $2 }
        END {
            print "operation", "total", "here_user", "kernel", "interrupts", "there_user", "kernel", "interrupts", "share"
            for (k = 1; k <= n; k++) {
                op = name[k]
                if (!(op in least)) { print op, "-", "-", "-", "-", "-", "-", "-", "-"; print "MISSING: the kernel says nothing of " op > notes; bad = 1; continue }
                best = 0
                for (i = 1; i <= regions; i++) if (total[i] == least[op] && !taken[i] && (!best || times[i] > times[best])) best = i
                if (best) {
                    taken[best] = 1; agree++
                    usual = best                             # of those with its marks, which other operations may have too
                    for (i = 1; i <= regions; i++) if (at[i] == at[best] && times[i] > times[usual] && total[i] > total[best] && total[i] < total[best] * 1.05) usual = i
                    part = int(100 * times[usual] / rounds[op])
                    print op, total[usual] - pair, row[usual], (part < 100 ? part : 100) " %"
                } else print op, least[op] - pair, "-", "-", "-", "-", "-", "-", share[op] " %"
                if (plugin != "" && !best) { print "DIFFERS: " op ": the kernel has read " least[op] ", and the plugin counted no such region" > notes; bad = 1 }
            }
            if (plugin != "") print "NOTE: plugin and rdtsc agree, to the instruction, on " agree + 0 " of " n ", of both CPUs together" > notes
            exit bad
        }' "$tmp/two.bench" "$tmp/two.regions" >"$tmp/rows_apart" || rc=1
    echo
    cat "$tmp/rows_apart" "$tmp/notes"
fi

# ------------------------------------------------------------------------------------------------- interrupts off
turns=
for cpus in $tests; do
    boot "test_$cpus" "$cpus" 200 test "$turns"
    turns=at_once
done
if [ -n "$plugin" ]; then
    echo
    echo "interrupts off	CPU	which	instructions	from .. to	most of it in"
    : >"$tmp/notes"; : >"$tmp/rows_off"
    for what in one two $(for cpus in $tests; do echo "test_$cpus"; done); do
        [ -s "$tmp/$what.off" ] || continue
        cpus=1; title=bench
        case $what in two) cpus=2; title="bench apart";; test_*) cpus=${what#test_}; title=test;; esac
        awk -F '\t' -v title="$title" -v cpus="$cpus" -v notes="$tmp/notes" -v console="$where" '
            FNR == NR { split($0, f, " "); name[f[1]] = f[2]; next }
            $1 == "stretches" { stretches = $2; next }
            $1 == "contradictions" { contradictions = $2; next }
            $3 + 0 > most[$1] + 0 { most[$1] = $3; runs[$1] = $4; on[$1] = $2 }
            function called(run,   f) { split(run, f, "*"); return f[1] in name ? name[f[1]] : "0x" f[1] }
            function tell(kind, which,   n, i, k, r, f, in_it, best, list, done) {
                if (!(kind in most)) return
                n = split(runs[kind], r, " ")
                for (i = 1; i <= n; i++) { split(r[i], f, "*"); in_it[called(r[i])] += f[2] }
                for (k = 0; k < 4; k++) {
                    best = ""
                    for (i in in_it) if (!(i in done) && (best == "" || in_it[i] > in_it[best] || (in_it[i] == in_it[best] && i < best))) best = i
                    if (best == "") break
                    done[best] = 1
                    list = list (k ? ", " : "") best " " in_it[best]
                }
                print title "\t" on[kind] " of " cpus "\t" which "\t" most[kind] "\t" called(r[1]) " " called(r[n > 1 ? 2 : 1]) " " called(r[n > 2 ? 3 : n]) " .. " called(r[n > 1 ? n - 1 : 1]) " " called(r[n]) "\t" list
            }
            END {
                tell("longest", "kernel"); if (console ~ /quiet/) tell("quiet", "silent"); tell("part", "core")
                print "NOTE: " title " on " cpus ": " stretches " stretches, " contradictions " interrupts came where they should be off" >> notes
                exit contradictions != 0 || stretches == 0
            }' "$tmp/functions" "$tmp/$what.off" >"$tmp/stretches" || rc=1
        cat "$tmp/stretches" >>"$tmp/rows_off"
    done
    cat "$tmp/rows_off" "$tmp/notes"
    awk -F '\t' '$1 == "bench" && $3 != "silent" { print "off_" $3 "\t" $4 }' "$tmp/rows_off" >>"$tmp/rows"
fi

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
figures() { awk -F '\t' -v c="$compiler" -v all=" $operations off_kernel off_core " 'index(all, " " $1 " ") && $2 ~ /^[0-9]+$/ { print c "\t" $1 "\t" $2 }' "$tmp/rows"; }
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
