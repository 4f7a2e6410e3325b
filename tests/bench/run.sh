#!/bin/sh
# tests/bench/run.sh [PROGRAM ...] - what the library costs beside what a user would take instead, in one run of at most 250 seconds.
# Prints  peer <TAB> work <TAB> mode <TAB> median <TAB> min <TAB> max <TAB> unit <TAB> ratio  - ratio: median to that of the work's floor, in the same mode.
#   a_rtt_spin   a message there and back, both sides spin        b_rtt_block  the same, both asleep
#   c_1p1c       one sender, one receiver, per message            d_2p2c       two and two, on two processors
#   e_1MiB       1 MiB handed over and read                       f_pair       send and receive in one thread; f_instr: its instructions
# A message of a peer carries 64 bytes, of the library 48.  Peers whose headers are not installed are skipped, with a line that says so.
# NOTE lines on standard error name rows in which somebody else had the processors: run again when the machine is quiet.
# Environment: BENCH_WORKS, BENCH_MODES (see bench.h); CFLAGS (-O2); BENCH_HEADERS: a folder with another veridian_ipc.h and shims/, measured too,
# as vipc-...-other, in the same run: how one compares two versions.
set -u
cd "$(dirname "$0")/../.." || exit 1
CC=${CC:-cc}; CFLAGS=${CFLAGS:--O2}
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
export BENCH_MODES="${BENCH_MODES:-tp}" BENCH_ROW_MS="${BENCH_ROW_MS:-1000}"
here=tests/bench; start=$(cut -d. -f1 /proc/uptime 2>/dev/null || echo 0)
[ "$start" -gt 0 ] && export BENCH_UNTIL=$((start + 235))
build() {       # name, source, compiler and flags...
    name=$1; source=$2; shift 2
    # shellcheck disable=SC2086
    "$@" $CFLAGS -w -pthread -I. -I"$here" "$source" -o "$tmp/$name" $libs >"$tmp/$name.log" 2>&1 && return 0
    echo "SKIPPED $name: $(grep -m1 -E 'error|cannot find|not found' "$tmp/$name.log" | cut -c1-110)" >&2; return 1
}
run() { "$tmp/$1" >>"$tmp/rows" || echo "FAILED $1" >&2; }
wanted=" ${*:-floors kernel ck boost dpdk vipc} "
for program in floors kernel ck boost dpdk vipc; do
    case $wanted in *" $program "*) ;; *) continue;; esac
    libs=
    case $program in
    boost) build boost $here/boost.cc c++ -std=c++17 && run boost;;
    dpdk) libs=$(pkg-config --libs libdpdk 2>/dev/null || echo -lrte_ring -lrte_eal)
          # shellcheck disable=SC2046
          build dpdk $here/dpdk.c "$CC" -std=gnu11 $(pkg-config --cflags libdpdk 2>/dev/null) && run dpdk;;
    kernel) libs=-lrt; build kernel $here/kernel.c "$CC" -std=gnu11 && run kernel;;
    *) build $program $here/$program.c "$CC" -std=gnu11 && run $program;;
    esac
done
if [ -n "${BENCH_HEADERS:-}" ]; then
    libs=; build other $here/vipc.c "$CC" -std=gnu11 -I"$BENCH_HEADERS" '-DBENCH_AS="-other"' && run other
fi
[ -s "$tmp/rows" ] || exit 1
awk -F'\t' '
    BEGIN { floor["a_rtt_spin"] = "floor:mailbox"; floor["b_rtt_block"] = "floor:futex"; floor["c_1p1c"] = "floor:lines"; floor["d_2p2c"] = "floor:xadd"
            floor["e_1MiB"] = "floor:share"; floor["f_pair"] = floor["f_instr"] = "floor:plain-ring"; kinds = "floor pipe uds posix vipc" }
    { line[NR] = $1 FS $2 FS $3 FS $4 FS $5 FS $6 FS $7; peer[NR] = $1; work[NR] = $2; mode[NR] = $3; median[NR] = $4; at[$1, $2, $3] = $4
      if ($1 == floor[$2]) base[$2, $3] = $4
      class[NR] = $1 ~ /^floor/ ? 0 : $1 ~ /^pipe/ ? 1 : $1 ~ /^(uds|af_unix|unix)/ ? 2 : $1 ~ /^posix/ ? 3 : $1 ~ /^vipc/ ? 5 : 4 }
    END { for (k = 0; k <= 5; k++) for (i = 1; i <= NR; i++) if (class[i] == k)
              printf "%s\t%s\n", line[i], (base[work[i], mode[i]] > 0 ? sprintf("%.2f", median[i] / base[work[i], mode[i]]) : "-")
          m = "process"
          summary("streaming, one to one", "vipc-endpoint", "c_1p1c", m, "best of ck_ring-spsc and boost-spsc", least(at["ck_ring-spsc", "c_1p1c", m], at["boost-spsc", "c_1p1c", m]))
          summary("two to two", "vipc-endpoint", "d_2p2c", m, "rte_ring-mpmc", at["rte_ring-mpmc", "d_2p2c", m])
          summary("round trip, spinning", "vipc-endpoint", "a_rtt_spin", m, "rte_ring-mpmc", at["rte_ring-mpmc", "a_rtt_spin", m])
          summary("call, spinning", "vipc-call", "a_rtt_spin", m, "rte_ring-mpmc", at["rte_ring-mpmc", "a_rtt_spin", m])
          summary("alone, send and receive", "vipc-endpoint", "f_pair", "thread", "rte_ring-mpmc", at["rte_ring-mpmc", "f_pair", "thread"])
          summary("both asleep", "vipc-endpoint", "b_rtt_block", m, "floor:futex", at["floor:futex", "b_rtt_block", m]) }
    function least(a, b) { return a > 0 && (b == 0 || a < b) ? a : b }
    function summary(what, ours, w, mode, theirs, value) {
        if (at[ours, w, mode] > 0 && value > 0) printf "# %s: %s %.1f, %s %.1f, ratio %.2f\n", what, ours, at[ours, w, mode], theirs, value, at[ours, w, mode] / value }
' "$tmp/rows"
