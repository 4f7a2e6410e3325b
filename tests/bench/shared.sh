#!/bin/sh
# shared.sh - what handing over shared regions costs.  From the repository root.
#
# First, instructions of the core for one hand-over, both sides together, by valgrind's callgrind (they repeat exactly): the difference of two runs of
# tests/bench/shared.c.  Rows      work <TAB> pages <TAB> instructions for one <TAB> of them in memset and memcpy <TAB> for each page
# Hooks are counted too, but do next to nothing.  share (both keep it mapped) is to be flat: the last line says how far its rows are apart.
# Then times, between two processes on a processor each, beside what the same would cost otherwise: rows of `shared time`, see shared.c.
# Environment: CC, CFLAGS (cc, -O2); SHARED_PAGES: sizes that are counted; SHARED_MIB: the largest that is timed, 1024; SHARED_ONLY: count or time.
set -u
[ -f veridian_ipc.h ] && [ -f tests/bench/shared.c ] || { echo "shared.sh: run it from the repository root" >&2; exit 1; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS:--O2} -std=gnu11 tests/bench/shared.c -o "$out/shared" || exit 1
# shellcheck source=tests/bench/count.sh
. tests/bench/count.sh
sound() { count "$out/shared" "$@" && grep -q 'violations 0$' "$out/said"; }      # work, pages, how often
row() {         # work, pages, few, more
    small=$(sound "$1" "$2" "$3") && big=$(sound "$1" "$2" "$4") || { echo "shared.sh: $1 of $2 pages failed" >&2; return 1; }
    echo "$small $big" | awk -v work="$1" -v pages="$2" -v n=$(($4 - $3)) '{ printf "%s\t%d\t%.0f\t%.0f\t%.2f\n", work, pages, ($3 - $1) / n, ($4 - $2) / n, ($3 - $1 - $4 + $2) / n / pages }'
}
if [ "${SHARED_ONLY:-count}" = count ]; then
    if command -v valgrind >/dev/null 2>&1; then
        : >"$out/rows"
        for pages in ${SHARED_PAGES:-1 16 256 4096 65536 262144}; do row share "$pages" 20 40 | tee -a "$out/rows"; done
        awk -F'\t' '{ if (!low || $3 < low) low = $3; if ($3 > high) high = $3 } END { if (low) printf "# share: %.1f %% between the cheapest and the dearest (aim: at most 10)\n", (high / low - 1) * 100 }' "$out/rows"
        for work in first move cow create; do for pages in 1 256 4096; do row $work $pages 2 4; done; done
    else echo "SKIPPED: counting needs valgrind"; fi
fi
if [ "${SHARED_ONLY:-time}" = time ]; then
    [ "$(getconf _NPROCESSORS_ONLN)" -ge 2 ] || { echo "SKIPPED: times need two processors"; exit 0; }
    printf '# work\tsize\tmicroseconds\tof the floor\tfloor\tratio\n'
    "$out/shared" time "${SHARED_MIB:-1024}"
fi
