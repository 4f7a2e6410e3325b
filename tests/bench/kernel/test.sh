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
    env CC="$CC" BUILD="$BUILD" BENCH_KBASE=0x200000 BENCH_KEPT="$tmp/kept" BENCH_OPERATIONS="call_reply_0 call_reply_32 send_waiting send_queued null_syscall" "$@" sh $here/run.sh "$tmp/guest.elf" >"$tmp/out" 2>&1
}
says() { grep -q "$1" "$tmp/out"; }
rows() { sed -n '/^operation/,/^null_syscall/p' "$tmp/out" | cmp -s - "$1"; }

if ! qemu_ready; then echo "skip bench_kernel: $qemu_why"; skipped=12; end_of_cases; exit; fi
: >"$tmp/out"
# shellcheck disable=SC2086
$CC -nostdlib -static -no-pie -Wl,--build-id=none,-z,noexecstack,-z,max-page-size=4096,--section-start=.user=0x100000,--section-start=.kernel=0x200000,-e,start \
    $here/guest.S -o "$tmp/guest.elf" >"$tmp/out" 2>&1; ok $? the_guest_builds "$tmp/out"

cat >"$tmp/all" <<'END'
operation	total	user	kernel	entries	cr3_loads	rep	core	port
call_reply_0	10	2	8	2	4	0	-	-
call_reply_32	16	2	14	1	0	10	-	-
send_waiting	9	8	1	1	0	0	-	-
send_queued	8	5	3	3	0	0	-	-
null_syscall	2	1	1	1	0	0	-	-
END
sed '2,$s/\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t[0-9]*\t-\t-$/\t-\t-\t-\t-\t-\t-\t-/' "$tmp/all" >"$tmp/totals"
run; ok $? a_run_ends_well "$tmp/out"
if says 'loads no plugin'; then skipped=$((skipped + 1)); echo "skip every_column_is_what_was_counted_by_hand: $(grep 'loads no plugin' "$tmp/out")"
else rows "$tmp/all" && says 'agree, to the instruction, on 5 of 5; 2 instructions'; ok $? every_column_is_what_was_counted_by_hand "$tmp/out"; fi
says 'seL4, fast path, empty	404	40.4	call_reply_0' && says 'compared with nothing'; ok $? others_stand_beside_it "$tmp/out"
run BENCH_PLUGIN=0 && rows "$tmp/totals"; ok $? without_the_plugin_totals_alone "$tmp/out"

run BENCH_KEEP=1 && [ "$(wc -l <"$tmp/kept")" -eq 5 ] && run && says 'compared 5 with'; ok $? what_is_kept_is_compared "$tmp/out"
cp "$tmp/kept" "$tmp/kept_all"
sed 's/send_queued	8/send_queued	7/' "$tmp/kept_all" >"$tmp/kept"; ! run && says 'GREW: send_queued: 8, kept 7'; ok $? a_growth_fails "$tmp/out"
sed 's/send_queued	8/send_queued	9/' "$tmp/kept_all" >"$tmp/kept"; run && says 'send_queued is less than kept'; ok $? less_is_told "$tmp/out"
sed 's/^[a-z]*-[^	]*/gcc-0.0/' "$tmp/kept_all" >"$tmp/kept"; run && says 'compared with nothing'; ok $? another_compiler_is_compared_with_nothing "$tmp/out"
rm -f "$tmp/kept"
! run BENCH_OPERATIONS="null_syscall reboot" && says 'MISSING: the kernel says nothing of reboot'; ok $? an_operation_that_is_not_there_fails "$tmp/out"
if says 'loads no plugin'; then skipped=$((skipped + 1)); echo "skip totals_that_differ_fail: no plugin"
else ! run BENCH_KBASE=0x100000 && says 'DIFFERS: null_syscall: the kernel has read 4,'; ok $? totals_that_differ_fail "$tmp/out"; fi
! run BENCH_APPEND=no && says 'QEMU ended with 1, not with 33'; ok $? a_guest_that_fails_fails "$tmp/out"
end_of_cases
