#!/bin/sh
# tests/lint.sh [PIECE] - cppcheck and clang-tidy over header and shims, all pieces at once.  What is not listened to is named here, each with its reason.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
if [ $# -eq 0 ]; then
    at_once tests/lint.sh tidy_core cppcheck_c cppcheck_cpp tidy_shims
    end_of_cases; exit
fi
workspace lint; show=40

# Checks that do not fit, as a whole:
#   bugprone-easily-swappable-parameters    numbers beside numbers are what an interface in C is made of; their order is one rule for all functions
checks='-*,bugprone-*,clang-analyzer-*,cert-*,-bugprone-easily-swappable-parameters'

# Single findings that are wrong: known CHECK TEXT, where the line that is complained about holds TEXT.
known() { printf '%s\t%s\n' "$1" "$2" >>"$tmp/known"; }
: >"$tmp/known"
# A parcel's body is written by the receive before anybody reads it; until then the struct is copied with that member unset, which is defined.
known uninitvar 'return p;'
known uninitStructMember 'return p;'
# The two words that are read there were set, one by one, just before the call.
known ctuuninitvar 'vipci_body_view'
# The macro is an addend, to be pasted after another.
known bugprone-macro-parentheses '#define VIPCI_ERROR_COUNT'
# Both arms are printable ASCII.
known bugprone-narrowing-conversions "s[i] >= ' ' && s[i] < 127"
# A word without a set bit is left two lines above: there all 64 (or as many as are left) are zeros.
known clang-analyzer-core.UndefinedBinaryOperatorResult '~(word >> zeros)'

# Findings in a log that are not known.  Both tools print "FILE:LINE: severity: message [check]", and the line itself after it.
findings() {
    awk -F '\t' 'NR == FNR { check[++n] = $1; text[n] = $2; next }
        /(warning|error|performance|portability): .*\[[A-Za-z0-9.,-]+\]$/ {
            found = $0; getline code; wrong = 0
            for (i = 1; i <= n; i++) if (index(found, "[" check[i] "]") && index(code, text[i])) wrong = 1
            if (!wrong) { print found; print code }
        }' "$tmp/known" "$1"
}
run_cppcheck() {    # language, standard, file
    limit 150 cppcheck --quiet --language="$1" --std="$2" --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
        --template='{file}:{line}: {severity}: {message} [{id}]\n{code}' -I. \
        -D__linux__=1 -D__x86_64__=1 -D__LP64__=1 -D__GNUC__=12 -D__GCC_ATOMIC_LLONG_LOCK_FREE=2 "$3" >"$tmp/log" 2>&1
}
run_tidy() {        # file, macro: the file is the compiler's main file, since the analyzer looks at no function of an included one
    limit 1000 clang-tidy --quiet --checks="$checks" --line-filter="[{\"name\":\"$(basename "$1")\"}]" "$1" -- \
        -x c -std=c99 -I. "-DVERIDIAN_$2_IMPLEMENTATION" >"$tmp/log" 2>&1
}
verdict() {         # result of the tool, highest that means "it did its work", name
    findings "$tmp/log" >"$tmp/found"
    if [ "$1" -gt "$2" ]; then ok 1 "$3" "$tmp/log"; else [ ! -s "$tmp/found" ]; ok $? "$3" "$tmp/found"; fi
}
planted() {         # name: a division by zero, which the tool was just given, is in its log
    findings "$tmp/log" >"$tmp/found"; [ -s "$tmp/found" ]; ok $? "$1" "$tmp/log"
}
cat >"$tmp/both.c" <<'END'
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "shims/veridian_mock.h"
END
cp "$tmp/both.c" "$tmp/both.cpp"
printf 'int planted(int n);\nint planted(int n)\n{\n    int zero = 0;\n    return n / zero;\n}\n' >"$tmp/planted.c"

case $1 in
cppcheck_c|cppcheck_cpp)
    if ! have cppcheck; then missing cppcheck "$1"
    elif [ "$1" = cppcheck_c ]; then
        run_cppcheck c c99 "$tmp/planted.c"; planted cppcheck_finds_a_planted_bug
        run_cppcheck c c99 "$tmp/both.c"; verdict $? 1 cppcheck_c
    else run_cppcheck c++ c++11 "$tmp/both.cpp"; verdict $? 1 cppcheck_cpp
    fi;;
tidy_core|tidy_shims)
    if ! have clang-tidy; then missing clang-tidy "clang_$1"
    elif [ "$1" = tidy_core ]; then
        run_tidy "$tmp/planted.c" IPC; planted clang_tidy_finds_a_planted_bug
        run_tidy veridian_ipc.h IPC; verdict $? 0 clang_tidy_core
    else
        run_tidy shims/veridian_frames.h FRAMES; verdict $? 0 clang_tidy_frames
        run_tidy shims/veridian_posix.h POSIX; verdict $? 0 clang_tidy_posix
        run_tidy shims/veridian_mock.h MOCK; verdict $? 0 clang_tidy_mock
        case $(uname -m) in x86_64) run_tidy shims/veridian_x86_64.h X86_64; verdict $? 0 clang_tidy_x86_64;; esac
    fi;;
*)  echo "no piece is called $1"; exit 1;;
esac
end_of_cases
