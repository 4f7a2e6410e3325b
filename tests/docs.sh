#!/bin/sh
# tests/docs.sh - what the documentation shows is compiled, as C99 and as C++11, and programs are run; and the header's index is held against its banners.
#
# Shown code is every ```c block of README.md (unless the line before it says "C only": then C alone), and every part of the first comments of
# veridian_ipc.h and the shims that stands 5 columns behind its asterisk after an empty line.  A block with `int main` is a whole program.
# A block whose first line is `/* inside a function */` is compiled as the body of one that has `vipc ipc` and `vipc_error e`.  All others are compiled as
# they stand.
# kernel_demo/README.md is a tour: its ```c blocks are one file of a kernel, in order, its ```asm block another, linked as its ```ld block says.
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
workspace docs; show=12

# Cut a document into $tmp/NAME_1.code, NAME_2.code, ...; beside each that is for C alone lies NAME_n.c_only.
cut_readme() {
    awk -v out="$tmp/readme_" '
        inside && /^```/ { inside = 0; close(file); next }
        inside { print > file; next }
        /^```c$/ { inside = 1; file = out (++n) ".code"; printf "" > file; if (last ~ /C only/) printf "" > (out n ".c_only"); next }
        /^```/ { skip = !skip }
        !/^[ \t]*$/ { last = $0 }' README.md
}
cut_header() {  # file, name
    awk -v out="$tmp/$2_" '
        /\*\// { exit }
        /^ \*[ \t]*$/ { empty = 1; if (inside) blank = blank "\n"; next }
        (inside && /^ \*     /) || (empty && /^ \*     [^ ]/) {
            if (!inside) { inside = 1; blank = ""; file = out (++n) ".code"; printf "" > file }
            printf "%s%s\n", blank, substr($0, 8) > file; blank = ""; empty = 0; next
        }
        { inside = 0; empty = 0 }' "$1"
}
as_file() {     # block, source file: what a compiler is to see
    if head -n 1 "$1" | grep -q '^/\* inside a function \*/'; then
        printf '#include "veridian_ipc.h"\n#include "shims/veridian_posix.h"\nvoid shown(void);\nvoid shown(void)\n{\n'
        printf 'static vipc ipc;\nvipc_error e = VIPC_OK;\n'
        cat "$1"
        printf '(void)ipc;\n(void)e;\n}\n'
    else cat "$1"; fi >"$2"
}
try() {         # case, block, suffix, compiler and flags...
    name=$1; block=$2; source=$tmp/$1.$3; shift 3
    as_file "$block" "$source"
    if grep -q 'int main' "$block"; then
        "$@" -Wall -Werror -I. "$source" -o "$tmp/$name" >"$tmp/log" 2>&1; ok $? "${name}_builds" "$tmp/log"
        if [ -x "$tmp/$name" ]; then limit 20 "$tmp/$name" >"$tmp/log" 2>&1; ok $? "${name}_runs" "$tmp/log"; fi
    else "$@" -Wall -Werror -I. -c "$source" -o "$tmp/$name.o" >"$tmp/log" 2>&1; ok $? "${name}_compiles" "$tmp/log"; fi
}
blocks() {      # readme, header, mock or x86_64: try all that was cut from it
    [ -f "$tmp/$1_1.code" ]; ok $? "$1_shows_code"
    for block in "$tmp/$1"_*.code; do
        [ -f "$block" ] || continue
        case=$(basename "$block" .code)
        # shellcheck disable=SC2086
        try "${case}_c99" "$block" c $CC -std=c99 -pedantic
        if [ -f "${block%.code}.c_only" ]; then continue; fi
        # shellcheck disable=SC2086
        if command -v ${CXX%% *} >/dev/null 2>&1; then try "${case}_cpp11" "$block" cpp $CXX -std=c++11 -pedantic; else missing "$CXX" "${case}_cpp11"; fi
    done
}

if [ -f README.md ]; then cut_readme; blocks readme; else ok 1 readme_exists; fi
cut_header veridian_ipc.h header; blocks header
cut_header shims/veridian_mock.h mock; blocks mock
case $(uname -m) in x86_64) cut_header shims/veridian_x86_64.h x86_64; blocks x86_64;; esac

# The tour's blocks, by the flags of kernel_demo; what they leave to the reader stays undefined, and the note must be where QEMU looks for it.
cut_tour() {    # language, file
    awk -v open="^\`\`\`$1\$" 'inside && /^```/ { inside = 0; print ""; next } inside { print; next } $0 ~ open { inside = 1 }' kernel_demo/README.md >"$2"
}
tour() {
    bare="-std=gnu11 -O2 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -mno-red-zone -mgeneral-regs-only"
    cut_tour c "$tmp/tour.c"; cut_tour asm "$tmp/tour_boot.S"; cut_tour ld "$tmp/tour.ld"
    # shellcheck disable=SC2086
    $CC $bare -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-const-variable -Wno-unused-variable -I. -c "$tmp/tour.c" -o "$tmp/tour.o" >"$tmp/log" 2>&1; ok $? tour_hooks_compile "$tmp/log"
    $CC -c "$tmp/tour_boot.S" -o "$tmp/tour_boot.o" >"$tmp/log" 2>&1; ok $? tour_boot_assembles "$tmp/log"
    $CC -nostdlib -static -Wl,--build-id=none,-z,max-page-size=4096,-z,noexecstack,--unresolved-symbols=ignore-all -Wl,-T,"$tmp/tour.ld" "$tmp/tour_boot.o" "$tmp/tour.o" \
        -o "$tmp/tour.elf" >"$tmp/log" 2>&1; ok $? tour_links "$tmp/log"
    if have readelf; then
        readelf -lW "$tmp/tour.elf" >"$tmp/log" 2>&1; grep -Eq '^ *NOTE .* 0x4$' "$tmp/log"; ok $? tour_note_is_where_a_loader_looks "$tmp/log"
    else missing readelf tour_note_is_where_a_loader_looks; fi
}
case $(uname -m) in x86_64) tour;; esac

# What the tour says it cost: each row's files and functions, to within a tenth.
lines_of() {    # a file of kernel_demo, or a function of the shim
    case $1 in
    *.*) wc -l <"kernel_demo/$1";;
    *) awk -v n="$1(" 'index($0, n) && /^[a-zV]/ && !/;$/ { on = 1 } on { k++ } on && (/^}/ || (k == 1 && /}$/)) { print k; exit }' shims/veridian_x86_64.h;;
    esac
}
sed -n '/^## .*What it cost$/,/^## Mistakes/p' kernel_demo/README.md | grep -E '\| [0-9]+ \|$' >"$tmp/rows"
: >"$tmp/log"
while IFS='|' read -r _ what where told _; do
    # shellcheck disable=SC2016
    counted=0; for name in $(echo "$where" | grep -o '`[^`]*`' | tr -d '`'); do n=$(lines_of "$name"); counted=$((counted + ${n:--100000})); done
    off=$((counted > told ? counted - told : told - counted))
    [ $((off * 10)) -le "$((told))" ] || echo "$what: $told, counted $counted" >>"$tmp/log"
done <"$tmp/rows"
[ "$(wc -l <"$tmp/rows")" -gt 10 ] && [ ! -s "$tmp/log" ]; ok $? tour_lines_are_as_counted "$tmp/log"

# Tags.  The index is the run of lines of tags after "INDEX"; a banner is a comment line of dashes that ends in its tag.  The first comment itself is the
# first tag's place.
sed -n '/^ \* INDEX/,/^ \*[[:space:]]*$/p' veridian_ipc.h | sed 1d | grep -oE '>>[a-z]+' >"$tmp/index"
sed -nE 's|^/\* -{10,} (>>[a-z]+)( \*/)?$|\1|p; s|^ \* (>>intro)$|\1|p' veridian_ipc.h >"$tmp/banners"
[ "$(wc -l <"$tmp/index")" -gt 5 ]; ok $? header_has_an_index
[ "$(sort "$tmp/index" | uniq -d | wc -l)" -eq 0 ]; ok $? index_names_each_tag_once
sort "$tmp/banners" | uniq -d >"$tmp/log"; [ ! -s "$tmp/log" ]; ok $? one_banner_for_each_tag "$tmp/log"
cmp -s "$tmp/index" "$tmp/banners" || diff "$tmp/index" "$tmp/banners" >"$tmp/log" 2>&1; ok $? index_and_banners_agree_in_order "$tmp/log"
grep -qx '>>licence' "$tmp/banners" && grep -qx '>>licence' "$tmp/index"; ok $? licence_has_its_tag
grep -E '^/\* -{10,} ' veridian_ipc.h | grep -vE '>>[a-z]+( \*/)?$' >"$tmp/log"; [ ! -s "$tmp/log" ]; ok $? no_banner_without_a_tag "$tmp/log"
grep -oE '>>[a-z]+' veridian_ipc.h | sort -u | grep -vxFf "$tmp/banners" >"$tmp/log"
[ ! -s "$tmp/log" ]; ok $? every_reference_has_its_banner "$tmp/log"
end_of_cases
