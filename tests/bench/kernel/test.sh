#!/bin/sh
# test.sh - run.sh and its plugin on a guest whose instructions were counted by hand: guest.S.  The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/../../.." || exit 1
here=tests/bench/kernel
. tests/cases.sh
workspace bench_kernel_test
# shellcheck source=tests/qemu.sh
. tests/qemu.sh
run() {         # NAME=VALUE...: run.sh on the guest
    env CC="$CC" BUILD="$BUILD" BENCH_KBASE=0x200000 BENCH_KEPT="$tmp/kept" BENCH_OPERATIONS="call_reply_0 call_reply_32 send_waiting send_queued stretches null_syscall" \
        BENCH_OPERATIONS_APART=shootdown_1 "$@" sh $here/run.sh "$tmp/guest.elf" >"$tmp/out" 2>&1
}
says() { grep -q "$1" "$tmp/out"; }
rows() { sed -n '/^operation.*core/,/^null_syscall/p' "$tmp/out" | cmp -s - "$1"; }

if ! qemu_ready; then echo "skip bench_kernel: $qemu_why"; skipped=16; end_of_cases; exit; fi
: >"$tmp/out"
guest() {       # what it is built with
    # shellcheck disable=SC2086
    $CC $1 -nostdlib -static -no-pie -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096,--section-start=.user=0x100000,--section-start=.kernel=0x200000,-e,start \
        $here/guest.S -o "$tmp/guest.elf" >"$tmp/out" 2>&1
}
guest ""; ok $? the_guest_builds "$tmp/out"

cat >"$tmp/all" <<'END'
operation	total	user	kernel	entries	cr3_loads	rep	core	port
call_reply_0	10	2	8	2	4	0	-	-
call_reply_32	16	2	14	1	0	10	-	-
send_waiting	9	8	1	1	0	0	0	0
send_queued	8	5	3	3	0	0	0	0
stretches	89	2	87	2	0	0	10	0
null_syscall	2	1	1	1	0	0	0	0
END
sed '2,$s/\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t[-0-9]*\t[-0-9]*$/\t-\t-\t-\t-\t-\t-\t-/' "$tmp/all" >"$tmp/totals"
run; ok $? a_run_ends_well "$tmp/out"
if says 'loads no plugin'; then skipped=$((skipped + 1)); echo "skip every_column_is_what_was_counted_by_hand: $(grep 'loads no plugin' "$tmp/out")"
else rows "$tmp/all" && says 'agree, to the instruction, on 6 of 6; 2 instructions'; ok $? every_column_is_what_was_counted_by_hand "$tmp/out"; fi
cat >"$tmp/apart" <<'END'
operation	total	here_user	kernel	interrupts	there_user	kernel	interrupts	share
shootdown_1	16	5	0	0	0	11	1	100 %
END
cat >"$tmp/off" <<'END'
bench	0 of 1	kernel	43	noise console_write noise .. console_write noise	console_write 41, noise 2
bench	0 of 1	silent	35	stretch vectors nested .. core_text port_text_end	stretch 21, core_text 10, nested 2, port_text_end 1
bench	0 of 1	core	10	stretch vectors nested .. core_text port_text_end	stretch 21, core_text 10, nested 2, port_text_end 1
bench apart	1 of 2	kernel	9	vectors shot shot .. vectors shot	shot 8, vectors 1
bench apart	1 of 2	silent	9	vectors shot shot .. vectors shot	shot 8, vectors 1
END
if says 'loads no plugin'; then skipped=$((skipped + 2)); echo "skip each_processor_is_counted_for_itself, interrupts_off_are_followed: no plugin"
else
    sed -n '/^operation.*here_user/,/^shootdown_1/p' "$tmp/out" | cmp -s - "$tmp/apart" && says 'on 1 of 1, of both CPUs together'; ok $? each_processor_is_counted_for_itself "$tmp/out"
    sed -n '/^bench.*	kernel	/,/^NOTE/p' "$tmp/out" | grep -v NOTE | cmp -s - "$tmp/off" && says 'bench apart on 2: .* 0 interrupts came'; ok $? interrupts_off_are_followed "$tmp/out"
fi
says 'seL4, fast path, empty	404	40.4	call_reply_0' && says 'compared with nothing'; ok $? others_stand_beside_it "$tmp/out"
run BENCH_PLUGIN=0 && rows "$tmp/totals"; ok $? without_the_plugin_totals_alone "$tmp/out"

kept=8; says 'loads no plugin' && kept=6                     # with two of interrupts off
run BENCH_KEEP=1 && [ "$(wc -l <"$tmp/kept")" -eq "$kept" ] && run && says "compared $kept with"; ok $? what_is_kept_is_compared "$tmp/out"
cp "$tmp/kept" "$tmp/kept_all"
sed 's/send_queued	8/send_queued	7/' "$tmp/kept_all" >"$tmp/kept"; ! run && says 'GREW: send_queued: 8, kept 7'; ok $? a_growth_fails "$tmp/out"
sed 's/send_queued	8/send_queued	9/' "$tmp/kept_all" >"$tmp/kept"; run && says 'send_queued is less than kept'; ok $? less_is_told "$tmp/out"
sed 's/^[a-z]*-[^	]*/gcc-0.0/' "$tmp/kept_all" >"$tmp/kept"; run && says 'compared with nothing'; ok $? another_compiler_is_compared_with_nothing "$tmp/out"
rm -f "$tmp/kept"
! run BENCH_OPERATIONS="null_syscall reboot" && says 'MISSING: the kernel says nothing of reboot'; ok $? an_operation_that_is_not_there_fails "$tmp/out"
if says 'loads no plugin'; then skipped=$((skipped + 1)); echo "skip totals_that_differ_fail: no plugin"
else ! run BENCH_KBASE=0x100000 && says 'DIFFERS: null_syscall: the kernel has read 4,'; ok $? totals_that_differ_fail "$tmp/out"; fi
! run BENCH_APART="bench  not" && says "QEMU ended with 35, not with 33, of 'bench  not' on 2"; ok $? the_second_boot_is_looked_at_too "$tmp/out"
if says 'loads no plugin'; then skipped=$((skipped + 1)); echo "skip an_interrupt_where_they_are_off_fails: no plugin"
else guest -DNESTED=0x84; ! run BENCH_APART="" && says 'bench on 1: .* 20 interrupts came where they should be off'; ok $? an_interrupt_where_they_are_off_fails "$tmp/out"; fi
! run BENCH_APPEND=no && says 'QEMU ended with 1, not with 33'; ok $? a_guest_that_fails_fails "$tmp/out"
end_of_cases
