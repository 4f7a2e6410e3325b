#!/bin/sh
# tests/kernel.sh - builds kernel_demo and boots it in QEMU: with all that the emulator's processor can, as qemu64 (no SMEP, no SMAP), without no-execute, built by the
# other compiler, on 2 CPUs, and on 4 of two NUMA nodes, there with locks that check their order.  Each case that a kernel printed counts; so does how it ended: with 33, and
# with the sum of them.  On 4 CPUs everything at once (kernel_demo/user/stress.c): for 15 seconds in parallel; and where the emulator counts instructions, twice with one seed,
# which must print the same to the byte, and with another, which must not.  Then kernel_demo/minimal, which is one case, built by both compilers.  Without QEMU (see tests/qemu.sh) it only builds, and says so.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
. tests/qemu.sh
. tests/kernel_shell.sh
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD;; esac
workspace kernel
seconds=260             # a boot takes 10 to 40; the kernel's own watchdog bites at 240 s of its clock, and tells where it was

build() {       # name, compiler, what make is told more, folder
    make -s -C "${4:-kernel_demo}" CC="$2" BUILD="$tmp/$1" ${3:+"$3"} >"$tmp/log" 2>&1
    result=$?
    [ ! -s "$tmp/log" ] || result=1  # a warning too is a failure
    ok $result "$1_builds" "$tmp/log"
    return $result
}
boot() {        # name, which build, CPU, what it must have said, how many CPUs, NUMA nodes
    if ! qemu_ready; then missing "emulator: $qemu_why" "$1_boots"; return; fi
    start=$(date +%s)
    limit $((seconds + 20)) make -s -C kernel_demo run CC=false QEMU="$qemu" BUILD="$tmp/$2" CPU="$3" CPUS="${5:-1}" NODES="${6:-1}" APPEND=test SECONDS_TO_BOOT="$seconds" >"$tmp/raw" 2>&1
    result=$?
    tr -d '\r' <"$tmp/raw" >"$BUILD/$1.log"
    good=$(grep -c '^ok   ' "$BUILD/$1.log"); bad=$(grep -c '^FAIL ' "$BUILD/$1.log")
    grep -E '^FAIL |^PANIC' "$BUILD/$1.log" | sed "s/^FAIL /FAIL $1_/"
    passed=$((passed + good)); failed=$((failed + bad))
    grep -qx "$good passed, 0 failed" "$BUILD/$1.log" && grep -q "$4" "$BUILD/$1.log" || result=1
    [ $result -eq 0 ] || tail -n "$show" "$BUILD/$1.log" | sed 's/^/    /'
    ok $result "$1_ends_well: $good cases in $(($(date +%s) - start)) s"
}
ends() {        # name, kernel's command line, what it must say, which build: it ends with 35, its registers (but where it gives up by itself) and who called whom
    if ! qemu_ready; then missing "emulator: $qemu_why" "$1"; return; fi
    limit 40 "$qemu" -accel tcg -cpu max -m 64 -display none -serial stdio -monitor none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -append "$2" -kernel "$tmp/${4:-kernel}/kernel.elf" >"$tmp/log" 2>&1 </dev/null
    [ $? -eq 35 ] && grep -q "^PANIC: $3" "$tmp/log" && { [ -n "${4:-}" ] || grep -q 'rip ffffffff8' "$tmp/log"; } && grep -q 'called from: ffffffff8[0-9a-f]* ffffffff8' "$tmp/log"
    ok $? "$1" "$tmp/log"
}
stress() {      # name, which build, kernel's command line, what make is told more; what it printed is in $BUILD/NAME.log
    limit $((seconds + 20)) make -s -C kernel_demo run CC=false QEMU="$qemu" BUILD="$tmp/$2" CPUS=4 APPEND="$3" SECONDS_TO_BOOT="$seconds" ${4:+"$4"} >"$BUILD/$1.log" 2>&1 </dev/null
    result=$?
    grep -q '^[0-9]* passed, 0 failed' "$BUILD/$1.log" || result=1
    grep -aE '^FINDING|^PANIC' "$BUILD/$1.log" | sed 's/^/    /'
    ok $result "$1" "$BUILD/$1.log"
}
stresses() {    # which build, and the one with locks that check their order
    if ! qemu_ready; then missing "emulator: $qemu_why" kernel_stress; return; fi
    stress kernel_stress_in_parallel "$2" "stress seconds=15"
    stress kernel_stress_of_a_seed "$1" "stress seed=7 rounds=1" ICOUNT=1
    stress kernel_stress_of_it_again "$1" "stress seed=7 rounds=1" ICOUNT=1
    stress kernel_stress_of_another "$1" "stress seed=8 rounds=1" ICOUNT=1
    cmp "$BUILD/kernel_stress_of_a_seed.log" "$BUILD/kernel_stress_of_it_again.log" >"$tmp/log" 2>&1
    ok $? kernel_stress_of_a_seed_is_the_same_to_the_byte "$tmp/log"
    for i in of_a_seed of_another; do grep -v '^stress: seed' "$BUILD/kernel_stress_$i.log" >"$tmp/$i"; done
    ! cmp -s "$tmp/of_a_seed" "$tmp/of_another"
    ok $? kernel_stress_of_another_seed_is_not
}
minimal() {     # name, compiler: the second port, which ends with 33 if it has found all right
    build "$1" "$2" "" kernel_demo/minimal || return
    if ! qemu_ready; then missing "emulator: $qemu_why" "$1_boots"; return; fi
    limit 60 make -s -C kernel_demo/minimal run CC=false QEMU="$qemu" BUILD="$tmp/$1" >"$tmp/log" 2>&1 </dev/null && grep -q '^all was right' "$tmp/log"
    ok $? "$1_boots" "$tmp/log"
}
story() {       # CPUs, which build: what a visitor sees: all of its chapters, none of which may end otherwise than it should
    if ! qemu_ready; then missing "emulator: $qemu_why" "kernel_story_on_$1"; return; fi
    limit 70 make -s -C kernel_demo run CC=false QEMU="$qemu" BUILD="$tmp/$2" CPUS="$1" SECONDS_TO_BOOT=60 >"$tmp/raw" 2>&1
    result=$?
    tr -d '\r' <"$tmp/raw" >"$BUILD/kernel_story_$1.log"
    for chapter in 'A machine' 'Processes, each' 'Calls from' 'Four MiB' 'Copy-on-write' 'A server is killed' 'An attacker' 'What is left'; do
        grep -q "^[1-8]\. $chapter" "$BUILD/kernel_story_$1.log" || result=1
    done
    [ "$(grep -c 'As it should be\.$' "$BUILD/kernel_story_$1.log")" -eq 8 ] && ! grep -q FAIL "$BUILD/kernel_story_$1.log" &&
        grep -q '^[0-9]* passed, 0 failed$' "$BUILD/kernel_story_$1.log" && ! grep -q '.\{101\}' "$BUILD/kernel_story_$1.log" || result=1
    tail -n "$show" "$BUILD/kernel_story_$1.log" >"$tmp/log"
    ok $result "kernel_story_on_$1" "$tmp/log"
}
other=clang
case $(basename "${CC%% *}") in *clang*) other=gcc;; esac
if build kernel "$CC"; then
    boot kernel_max kernel max 'SMEP on, SMAP on, NX on'
    ends kernel_panic_shows_where panic 'a fault in the kernel'
    ends kernel_stack_overflow_is_a_double_fault overflow 'a double fault'
    story 1 kernel
    boot kernel_qemu64 kernel qemu64 'SMEP absent, SMAP absent, NX on'
    boot kernel_without_nx_and_pat kernel qemu64,-nx,-pat 'NX absent'
fi
if build kernel_debug "$CC" DEBUG=1; then
    boot kernel_on_4_cpus_of_2_nodes kernel_debug max '^machine: 4 CPUs, 2 nodes: node 0: CPUs 0 1, 64 MiB; node 1: CPUs 2 3, 64 MiB$' 4 2
    story 4 kernel_debug
    if qemu_ready; then shell_session "$tmp/kernel_debug/kernel.elf"; else missing "emulator: $qemu_why" shell_session; fi
    ends kernel_lock_order_is_checked disorder 'the process lock after one of its rank or a higher' kernel_debug
fi
[ -f "$tmp/kernel/kernel.elf" ] && [ -f "$tmp/kernel_debug/kernel.elf" ] && stresses kernel kernel_debug
if have $other; then
    if build kernel_$other $other; then boot kernel_${other}_on_2_cpus kernel_$other max 'SMEP on, SMAP on, NX on' 2; fi
else missing $other kernel_$other; fi
minimal minimal "$CC"
if have $other; then minimal minimal_$other $other; else missing $other minimal_$other; fi
lines=$(find kernel_demo/minimal -type f ! -path '*/build/*' -exec cat {} + | wc -l)
[ "$lines" -lt 400 ]; ok $? "minimal_is_under_400_lines: $lines"
end_of_cases
