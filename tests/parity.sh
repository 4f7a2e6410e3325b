#!/bin/sh
# tests/parity.sh - holds tests/parity.txt against veridian_ipc.h, and the list of known defects against the names of the tests.
#   Every row that there must be is there once; what a row has is declared by the header; what is for later is not, so that a row is kept up once it is built.
#   Every known defect that concerns what is built has a test whose name says which (d072_..., e003_...), or a reason that stands below.
# Each of these is tried on a table with that very mistake, too.  The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
workspace parity; show=40

numbers() {     # prefix, highest: PREFIX1 .. PREFIXn
    i=1; while [ $i -le "$2" ]; do echo "$1$i"; i=$((i + 1)); done
}
wanted_rows() {
    numbers SM 27; numbers PS 13; numbers PM 14; numbers CH 16; numbers RG 13
    numbers 2.1. 10; numbers 2.2. 5; numbers 2.3. 8; numbers 2.4. 4; numbers 2.5. 6; numbers 2.6. 11; numbers 2.7. 1; numbers 2.8. 1; numbers 2.9. 3
    numbers 2.10. 2; numbers 2.11. 1; numbers 2.12. 1; numbers 2.13. 1; numbers 2.14. 1
    numbers 3.1. 6; numbers 3.2. 5; numbers 3.3. 2; numbers 3.4. 1; numbers 3.5. 2; numbers 3.6. 2; numbers 3.7. 2; numbers 3.8. 1; numbers 3.9. 1
    numbers 3.10. 1; numbers 3.11. 2; numbers 3.12. 2; numbers 3.13. 7
}
# A table as lines "row kind symbol", with _ for the blank in "enum x"; what has no right shape goes to $tmp/shape.
take_apart() {
    awk -F ' [|] ' -v shape="$tmp/shape" '
        BEGIN { printf "" > shape }
        /^#/ || /^$/ { next }
        NF != 4 || $2 == "" { print FILENAME ":" FNR ": not four columns: " $0 > shape; next }
        { kind = $3; n = 0; text = $4 }
        kind == "folded" { if (text !~ /^because [^ ]+ [^ ]+/) print FILENAME ":" FNR ": " $1 " is folded, and does not say why" > shape; print $1, "folded", "-"; next }
        kind !~ /^has$|^later: priorities$/ { print FILENAME ":" FNR ": " $1 ": unknown kind: " kind > shape; next }
        { sub(/ -- .*/, "", text); gsub(/enum vipc/, "enum_vipc", text); count = split(text, s, " ")
          for (i = 1; i <= count; i++) {
              if (s[i] !~ /^(enum_)?vipc(_[a-z0-9_]+)?(\(\)|\.[a-z_]+)?$|^VIPC_[A-Z0-9_]+$/) { print FILENAME ":" FNR ": " $1 ": no symbol: " s[i] > shape; continue }
              sub(/:.*/, "", kind); print $1, kind, s[i]; n++
          }
          if (!n) print FILENAME ":" FNR ": " $1 " names nothing" > shape }' "$1"
}
# C that does not compile unless this symbol is declared.
mention() {     # symbol, number
    case $1 in
    enum_*)    echo "int use_$2(void); int use_$2(void) { return (int)sizeof(enum ${1#enum_}); }";;
    *"()")     echo "int use_$2(void); int use_$2(void) { return (int)sizeof(&${1%??}) + (${1%??} == 0); }";;
    *.*)       echo "int use_$2(void); int use_$2(void) { return (int)sizeof(((${1%%.*} *)0)->${1#*.}); }";;
    VIPC_*)    echo "int use_$2(void); int use_$2(void) { return (int)sizeof($1) + (($1) == 0); }";;
    *)         echo "int use_$2(void); int use_$2(void) { return (int)sizeof($1); }";;
    esac
}
compiles() {    # symbols in a file, one a line; symbol n is mentioned in line n + 2
    { printf '#define VIPC_UNSTABLE\n#include "veridian_ipc.h"\n'; n=0; while read -r mentioned; do n=$((n + 1)); mention "$mentioned" $n; done <"$1"; } >"$tmp/use.c"
    $CC -std=c99 -w -I. -c "$tmp/use.c" -o "$tmp/use.o" >"$tmp/use.log" 2>&1
}
# The symbols of a file that are declared, or (not) those that are not: a first look takes them all together, and who is suspected is tried by itself.
declared() {    # yes or no, file
    compiles "$2" && { [ "$1" = no ] || cat "$2"; return; }
    sed -n 's/.*use\.c:\([0-9]*\):.*/\1/p' "$tmp/use.log" | sort -u >"$tmp/lines"
    awk -v want="$1" 'NR == FNR { bad[$1] = 1; next } ((FNR + 2) in bad) == (want == "no")' "$tmp/lines" "$2" >"$tmp/suspects"
    while read -r symbol; do
        echo "$symbol" >"$tmp/one"
        if compiles "$tmp/one"; then [ "$1" = no ] || echo "$symbol"; else [ "$1" = yes ] || echo "$symbol"; fi
    done <"$tmp/suspects"
}
# Everything that is wrong with a table, in $tmp/wrong; 0 if nothing is.
verify() {
    take_apart "$1" >"$tmp/apart"
    cp "$tmp/shape" "$tmp/wrong"
    sed -n 's/^\([A-Z0-9][A-Z0-9.]*\) | .*/\1/p' "$1" >"$tmp/rows"
    sort "$tmp/rows" | uniq -d | sed 's/$/: named twice/' >>"$tmp/wrong"
    wanted_rows | grep -vxFf "$tmp/rows" | sed 's/$/: missing/' >>"$tmp/wrong"
    wanted_rows >"$tmp/wanted"; grep -vxFf "$tmp/wanted" "$tmp/rows" | sed 's/$/: no such row/' >>"$tmp/wrong"
    awk '$2 == "has" { print $3 }' "$tmp/apart" | sort -u >"$tmp/has"
    compiles "$tmp/has"; rc=$?
    declared no "$tmp/has" | sed 's/$/: not declared by veridian_ipc.h/' >>"$tmp/wrong"
    [ $rc -eq 0 ] || [ -s "$tmp/wrong" ] || cat "$tmp/use.log" >>"$tmp/wrong"
    awk '$2 == "later" { print $3 }' "$tmp/apart" | sort -u >"$tmp/later"
    declared yes "$tmp/later" | sed 's/$/: for later, and there already/' >>"$tmp/wrong"
    [ ! -s "$tmp/wrong" ]
}
planted() {     # name, what verify must say of it: the table in $tmp/table, which has that mistake and no other
    verify "$tmp/table" && { ok 1 "$1"; return; }
    [ "$(wc -l <"$tmp/wrong")" -eq 1 ] && grep -qE "$2" "$tmp/wrong"; ok $? "$1" "$tmp/wrong"
}

verify tests/parity.txt; ok $? the_table "$tmp/wrong"
awk '!seen[$1]++ { rows++; n[$2]++ } END { printf "   %d rows: %d have a counterpart, %d are folded, %d are for later\n", rows, n["has"], n["folded"], n["later"] }' "$tmp/apart"
sed -n 's/^\([^#|]*\) | .* | later: \([a-z ]*\) | .*/\2/p' tests/parity.txt | sort | uniq -c | sed 's/^ *\([0-9]*\) \(.*\)/   not built yet: \1 rows of \2/'

# The mistakes, one at a time.  Looking for what is there already takes one compilation for each symbol: here a few rows are enough.
small() {       # the table with what is for later made short
    awk -F ' [|] ' '$3 ~ /^later/ { print $1 " | " $2 " | " $3 " | vipc_priority_set()"; next } { print }' tests/parity.txt
}
small >"$tmp/table"; verify "$tmp/table"; ok $? a_good_table_is_good "$tmp/wrong"
small | sed 's/^\(CH7 .* | \)vipc_send()/\1vipc_sendd()/' >"$tmp/table";                     planted an_unknown_function_is_found '^vipc_sendd\(\): not declared'
small | sed 's/^\(RG11 .*\)vipc_stats.lookups /\1vipc_stats.lookup /' >"$tmp/table";         planted an_unknown_field_is_found '^vipc_stats.lookup: not declared'
small | sed 's/^\(2.3.7 .*\)enum vipc_type/\1enum vipc_typ/' >"$tmp/table";                  planted an_unknown_enum_is_found '^enum_vipc_typ: not declared'
small | sed 's/^\(CH1 .*\)VIPC_CAPACITY_MAX/\1VIPC_CAPACITY/' >"$tmp/table";                 planted an_unknown_constant_is_found '^VIPC_CAPACITY: not declared'
small | sed 's/^\(2.1.6 .*\)vipc_outgoing /\1vipc_outgoings /' >"$tmp/table";                planted an_unknown_type_is_found '^vipc_outgoings: not declared'
small | grep -v '^CH12 ' >"$tmp/table";                                                      planted a_missing_row_is_found '^CH12: missing'
{ small; grep '^RG7 ' tests/parity.txt; } >"$tmp/table";                                     planted a_row_named_twice_is_found '^RG7: named twice'
{ small; echo 'CH17 | more | has | vipc'; } >"$tmp/table";                                   planted a_row_that_is_none_is_found '^CH17: no such row'
small | sed 's/^\(3.13.4 .* | \)vipc_priority_set()/\1vipc_send()/' >"$tmp/table";          planted a_later_row_that_is_built_is_found '^vipc_send\(\): for later, and there already'
small | sed 's/^\(3.13.4 .* | \)vipc_priority_set()/\1VIPC_UNORDERED/' >"$tmp/table";      planted a_later_constant_that_is_built_is_found '^VIPC_UNORDERED: for later'
small | sed 's/^\(3.13.4 .* | \)vipc_priority_set()/\1/' >"$tmp/table";                     planted a_row_that_names_nothing_is_found '3.13.4 names nothing|not four columns'
small | sed 's/^\(RG12 .* | \)because .*/\1because/' >"$tmp/table";                          planted a_fold_without_a_reason_is_found 'RG12 is folded, and does not say why'

# ---------------------------------------------------------------------------------------------------- known defects
# All rows of the list of defects, and what their tests are called.  One may be excused, with a reason; none is, but where this script tries that out:
excuse=
excused() { [ "$1" = "$excuse" ] && echo "tried out"; }
defects() { i=1; while [ $i -le 115 ]; do printf 'd%03d\n' $i; i=$((i + 1)); done; i=1; while [ $i -le 14 ]; do printf 'e%03d\n' $i; i=$((i + 1)); done; }
# Names of cases that are both written and run.
cases() {
    for file in "$@"; do
        awk 'function names(pattern, cut,   rest) { rest = $0; while (match(rest, pattern)) { found[substr(rest, RSTART + cut, RLENGTH - cut - 1)] = 1; rest = substr(rest, RSTART + RLENGTH) } }
            /^TEST\([a-z0-9_]*\)/ { match($0, /\([a-z0-9_]*\)/); written[++n] = substr($0, RSTART + 1, RLENGTH - 2); next }
            { names("[^A-Za-z0-9_]T\\([a-z0-9_]*\\)", 3) }
            END { for (i = 1; i <= n; i++) if (written[i] in found) print written[i] }' "$file"
    done
}
untested() {    # names in $1: defects with neither a test nor an excuse, and excuses for what has a test
    for row in $(defects); do
        if grep -qE "(^|_)${row}_" "$1"; then excused "$row" >/dev/null && echo "$row: excused, and there is a test"
        else excused "$row" >/dev/null || echo "$row: no test of that name"; fi
    done
}
cases tests/t_*.c >"$tmp/cases"
untested "$tmp/cases" >"$tmp/log"; [ ! -s "$tmp/log" ]; ok $? each_known_defect_has_its_test "$tmp/log"
for row in $(defects); do why=$(excused "$row") && echo "   $row: $why"; done
grep -v d103_ "$tmp/cases" >"$tmp/fewer"; untested "$tmp/fewer" >"$tmp/log"
grep -qx 'd103: no test of that name' "$tmp/log"; ok $? a_defect_without_a_test_is_found "$tmp/log"
excuse=d103; untested "$tmp/fewer" >"$tmp/log"; [ ! -s "$tmp/log" ]; ok $? a_defect_that_is_excused_needs_none "$tmp/log"
untested "$tmp/cases" >"$tmp/log"
grep -qx 'd103: excused, and there is a test' "$tmp/log"; ok $? an_excuse_that_is_none_is_found "$tmp/log"

end_of_cases
