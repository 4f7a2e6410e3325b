#!/bin/sh
# spaces.sh - instructions that the core takes for address spaces, by valgrind's callgrind: they repeat exactly.  From the repository root.
#
# Prints rows      work <TAB> instructions for one (a fault, a page) <TAB> of them in memset and memcpy <TAB> what the program says
# Each is the difference of two runs of tests/bench/spaces.c, of 2,000 and of 4,000 pages; hooks are counted too, but do next to nothing (about 30 instructions a fault).
# map: for one fault, which maps up to 16 pages.  unmap_flushes: how often hook tlb_flush was called for 1 GiB.  CC, CFLAGS: cc, -O2.
set -u
[ -f veridian_ipc.h ] && [ -f tests/bench/spaces.c ] || { echo "spaces.sh: run it from the repository root" >&2; exit 1; }
command -v valgrind >/dev/null 2>&1 || { echo "SKIPPED: needs valgrind"; exit 0; }
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM
# shellcheck disable=SC2086
${CC:-cc} ${CFLAGS:--O2} -std=gnu11 tests/bench/spaces.c -o "$out/spaces" || exit 1
# shellcheck source=tests/bench/count.sh
. tests/bench/count.sh
row() {         # name, work, other regions
    small=$(count "$out/spaces" "$2" 2000 "$3") && big=$(count "$out/spaces" "$2" 4000 "$3") || { echo "spaces.sh: $1 failed" >&2; return 1; }
    echo "$1 $small $big $(cat "$out/said")" | awk '{ f = $1 == "map" ? 125 : 2000; printf "%s\t%.1f\t%.1f\t", $1, ($4 - $2) / f, ($5 - $3) / f; for (i = 6; i <= NF; i++) printf "%s%s", $i, i < NF ? " " : "\n" }'
}
for work in zero copy seen keep map unmap clone sparse; do row $work $work 0; done
row zero_100000_regions zero 100000
printf 'unmap_flushes\t%s\n' "$("$out/spaces" unmap 262144 | sed 's/.*flushes //')"
