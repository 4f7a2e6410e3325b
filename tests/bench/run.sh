#!/bin/sh
# run.sh - the benchmarks, side by side in one run of at most 250 seconds.  From the repository root: tests/bench/run.sh, or make bench.
#
# Prints rows      peer <TAB> work <TAB> mode <TAB> median <TAB> min <TAB> max <TAB> unit <TAB> ratio
# floors first, then what the kernel offers, then other libraries where they are installed, then this one; at the end, what the ratios say.
# ratio: the median to that of the same work's floor, in the same mode.
#   a_rtt_spin   request and reply, both sides spin            b_rtt_block  the same, both sides sleep in the kernel
#   c_1p1c       one sends, one receives, queue of 1,024       d_2p2c       two send, two receive, on two processors: time per message
#   e_1MiB       1 MiB written, handed over and read           f_pair       send+receive by one thread, nobody else; f_instr: its instructions
#   g_...        how costs grow: see scale.c
# Workers are pinned: worker i runs on processor i mod 2.  Mode process: forked, with memory shared.
# Peers carry messages of 64 bytes; a message of this library carries 48, and checks a capability at each operation.
#
# It needs cc.  With libck-dev, libboost-dev, libdpdk-dev (Debian) come their rows; what is missing is said.  NOTE lines name rows to distrust:
# others had the processors, or a row and its floor were measured on different hardware (two cores, or one core's two threads: a virtual
# machine's processors wander).  A busy machine: run it as root under `chrt -f 10`.
#
# Environment:
#   BENCH_ONLY      programs (floors kernel ck boost dpdk vipc scale) and letters of works, as in BENCH_ONLY="floors vipc cd"; all
#   BENCH_SECONDS   for the whole run, 235; rows that would begin later are left out, with a NOTE
#   BENCH_ROW_MS    how long a row may look for undisturbed rounds, 1200
#   BENCH_AGAINST   another checkout: its rows stand beside ours, named ...@against, measured in turn with them:
#                       git worktree add ../before HEAD~1; BENCH_AGAINST=../before BENCH_ONLY="floors vipc acd" tests/bench/run.sh
#   CC CXX CFLAGS   cc, c++, -O2
set -u
here=tests/bench
[ -f veridian_ipc.h ] && [ -f $here/bench.h ] || { echo "run.sh: run it from the repository root" >&2; exit 1; }
case $(uname -s) in Linux) ;; *) echo "SKIPPED: the benchmarks need Linux"; exit 0;; esac
[ "$(getconf _NPROCESSORS_ONLN)" -ge 2 ] || { echo "SKIPPED: the benchmarks need two processors"; exit 0; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

programs="floors kernel ck boost dpdk vipc scale"; chosen=; works=
for word in ${BENCH_ONLY:-}; do
    case " $programs " in *" $word "*) chosen="$chosen $word"; continue;; esac
    case $word in *[!a-g]*) echo "run.sh: no such program or work: $word" >&2; exit 1;; esac
    works=$works$word
done
[ -n "$chosen" ] || chosen=$programs
[ -n "$works" ] || works=abcdefg

build() {   # source, program, flags and libraries
    source=$1; program=$2; shift 2
    case $source in *.cc) compile="${CXX:-c++} -std=c++17";; *) compile="${CC:-cc} -std=gnu11";; esac
    if $compile ${CFLAGS:--O2} -w -pthread "$here/$source" -o "$out/$program" "$@" 2>"$out/errors"; then
        built="$built $program"
    else
        echo "SKIPPED $program: $(grep -m1 -E 'error|cannot find' "$out/errors" | cut -c1-150)" >&2
        case $program in floors|kernel|vipc|scale|against) failed=1;; esac
    fi
}
built=; failed=0
for program in $chosen; do
    case $program in
    floors|ck) build $program.c $program;;
    kernel) build kernel.c kernel -lrt;;
    boost) build boost.cc boost;;
    dpdk) build dpdk.c dpdk $(pkg-config --cflags libdpdk 2>/dev/null || echo -I/usr/include/dpdk) -lrte_ring -lrte_eal;;
    vipc)
        build vipc.c vipc -I.
        [ -z "${BENCH_AGAINST:-}" ] || build vipc.c against -I"$BENCH_AGAINST" '-DBENCH_AS="@against"';;
    scale) build scale.c scale -I.;;
    esac
done

BENCH_UNTIL=$(($(date +%s) + ${BENCH_SECONDS:-235})); export BENCH_UNTIL
: >"$out/notes"
for work in $(echo "$works" | sed 's/./& /g'); do           # work by work: what is compared is measured close together
    for program in $built; do
        [ ! -t 2 ] || printf '\rmeasuring work %s: %-10s' "$work" "$program" >&2
        BENCH_WORKS=$work timeout 120 "$out/$program" >>"$out/$program.rows" 2>>"$out/notes" || { echo "FAILED  $program, work $work" >>"$out/notes"; failed=1; }
    done
done
[ ! -t 2 ] || printf '\r%40s\r' '' >&2

for program in $built; do cat "$out/$program.rows"; done | awk -F'\t' -v OFS='\t' -v notes="$out/notes" '
    BEGIN {
        floor["a_rtt_spin"] = "floor:mailbox"; floor["b_rtt_block"] = "floor:futex"; floor["c_1p1c"] = "floor:lines"; floor["d_2p2c"] = "floor:xadd"
        floor["e_1MiB"] = "floor:share"; floor["f_pair"] = floor["f_instr"] = "floor:plain-ring"
    }
    {
        row[NR] = $1 OFS $2 OFS $3 OFS $4 OFS $5 OFS $6 OFS $7
        key[NR] = $1 SUBSEP $2 SUBSEP $3; base[NR] = floor[$2] SUBSEP $2 SUBSEP $3
        median[key[NR]] = $4; where[key[NR]] = $8
    }
    function elsewhere(a, b) { return where[a] != "-" && where[b] != "-" && where[a] != where[b] }
    # Smallest median among the peers that match, in one work and mode.
    function best(pattern, work, mode,   i, part, b) {
        for (i = 1; i <= NR; i++) {
            split(key[i], part, SUBSEP)
            if (part[2] == work && part[3] == mode && part[1] ~ pattern && (b == "" || median[key[i]] < median[b])) b = key[i]
        }
        return b
    }
    function say(what, ours, theirs, aim,   a, b, mode) {
        mode = what ~ /^alone/ ? "thread" : "process"
        a = best("^" ours "$", work, mode); b = best("^(" theirs ")$", work, mode)
        if (a == "" || b == "" || median[b] == 0) return
        split(a, x, SUBSEP); split(b, y, SUBSEP)
        printf "# %-30s %-19s %10.1f  / %-14s %10.1f  = %.2f   (aim: %s)%s\n", what, x[1], median[a], y[1], median[b], median[a] / median[b], aim,
            elsewhere(a, b) ? "  measured on different hardware: run again" : ""
    }
    END {
        for (i = 1; i <= NR; i++) {
            b = median[base[i]]
            print row[i], (b > 0 ? sprintf("%.2f", median[key[i]] / b) : "-")
            split(key[i], part, SUBSEP)
            if (where[key[i]] == "core") one_core++
            if (b > 0 && elsewhere(key[i], base[i])) apart = apart " " part[1] "/" substr(part[2], 1, 1) "/" part[3]
        }
        print "#"
        print "# Peers carry 64 bytes a message, vipc rows 48; vipc rows check a capability at each operation.  Between processes, median, ns:"
        work = "c_1p1c"
        say("stream, one to one", "vipc-endpoint-wait", "boost-spsc|ck_ring-spsc|rte_ring-spsc", "below 1")
        say("stream, one to one, trying", "vipc-endpoint", "boost-spsc|ck_ring-spsc|rte_ring-spsc", "below 1")
        say("stream, batches of 16", "vipc-batch16", "floor:lines", "at most 1.5")
        work = "d_2p2c"
        say("two to two, batches of 16", "vipc-batch16", "rte_ring-mpmc", "below 1")
        say("two to two", "vipc-endpoint-wait", "rte_ring-mpmc", "below 1")
        say("two to two, trying", "vipc-endpoint", "rte_ring-mpmc", "below 1")
        work = "a_rtt_spin"
        say("round trip, spinning", "vipc-endpoint", "rte_ring-spsc|rte_ring-mpmc", "below 1")
        say("round trip, call and reply", "vipc-call", "rte_ring-spsc|rte_ring-mpmc", "below 1")
        work = "f_pair"
        say("alone, send and receive", "vipc-endpoint", "rte_ring-mpmc", "at most 2.5")
        work = "b_rtt_block"
        say("both asleep, messages", "vipc-endpoint", "floor:futex", "at most 1.1")
        say("both asleep, call and reply", "vipc-call", "floor:futex", "at most 1.1")
        few = median["vipc-endpoint:10" SUBSEP "g_lookup" SUBSEP "thread"]; many = median["vipc-endpoint:1000000" SUBSEP "g_lookup" SUBSEP "thread"]
        if (few) printf "# send+receive at one of 10 endpoints %d instructions, at one of 1,000,000 %d\n", few, many
        if (one_core) printf "# %d of %d rows were measured while both processors were threads of one core\n", one_core, NR
        if (apart) print "NOTE    on other hardware than their floor, so the ratio means little:" apart >>notes
    }'
sed 's/^/# /' "$out/notes"
exit $failed
