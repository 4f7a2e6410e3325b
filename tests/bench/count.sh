# shellcheck shell=sh
# tests/bench/count.sh - what the scripts that count instructions have in common; they read it (". tests/bench/count.sh").
# count PROGRAM ARGUMENTS...: how many instructions bench_part takes, and all that it calls, by valgrind's callgrind, and how many of them memset and memcpy do: two numbers.  What the
# program says is in $out/said.
out=${out:?a folder for the files}
count() {
    valgrind --tool=callgrind --toggle-collect=bench_part --callgrind-out-file="$out/calls" "$@" >"$out/said" 2>/dev/null || return 1
    callgrind_annotate --threshold=100 "$out/calls" | awk '
        /PROGRAM TOTALS/ { n = $1; gsub(",", "", n); total = n }
        /:_*(memset|memcpy|memmove)/ { n = $1; gsub(",", "", n); copies += n }
        END { print total + 0, copies + 0 }'
}
