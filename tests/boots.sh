#!/bin/sh
# tests/boots.sh [COUNT [CPUS...]] - boots kernel_demo COUNT times (100) on so many CPUs each (1 2 4 8), with a short stress and another seed each time: each must end with 33 and
# all of its cases passed.  Not a part of make test: a hundred boots on each take some twenty minutes.  One that failed is kept, with how to repeat it.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
. tests/qemu.sh
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD;; esac
workspace boots
count=${1:-100}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 1 2 4 8
if ! qemu_ready; then missing "emulator: $qemu_why" boots; end_of_cases; exit; fi
make -s -C kernel_demo CC="$CC" BUILD="$tmp/kernel" DEBUG=1 >"$tmp/log" 2>&1
ok $? kernel_builds "$tmp/log"
boot() {        # CPUs, seed
    limit 320 make -s -C kernel_demo run CC=false QEMU="$qemu" BUILD="$tmp/kernel" CPUS="$1" NODES="$(($1 > 1 ? 2 : 1))" APPEND="stress seed=$2 rounds=1" SECONDS_TO_BOOT=300 >"$tmp/$1.log" 2>&1 &&
        grep -q '^[0-9]* passed, 0 failed' "$tmp/$1.log" && return
    cp "$tmp/$1.log" "$BUILD/boot_$1_$2.log"
    echo "    make -C kernel_demo run DEBUG=1 CPUS=$1 NODES=$(($1 > 1 ? 2 : 1)) APPEND=\"stress seed=$2 rounds=1\"      ($BUILD/boot_$1_$2.log)"
    return 1
}
for cpus; do
    start=$(date +%s); bad=0; seed=1
    while [ $seed -le "$count" ]; do
        boot "$cpus" $seed || bad=$((bad + 1))
        seed=$((seed + 1))
    done
    [ $bad -eq 0 ]
    ok $? "$count boots on $cpus CPUs, $bad failed, in $(($(date +%s) - start)) s"
done
end_of_cases
