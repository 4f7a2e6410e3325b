#!/bin/sh
# tests/matrix.sh [PART...] - header and shims under every compiler, standard and machine at hand.  Parts: compile, object, bare, sanitize, emulate; all without
# an argument; or a piece of one, as they are named below.  Pieces run as many at a time as there are processors; their output stands together.
# What is missing is skipped and said, with CI=true it fails.  The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
. tests/cases.sh
pieces=
[ $# -gt 0 ] || set -- sanitize compile emulate object bare    # the longest first
for part in "$@"; do
    case $part in
    compile)  pieces="$pieces compile.gcc compile.clang compile.gcc.without compile.clang.without compile.g++ compile.clang++ compile.other";;
    sanitize) pieces="$pieces sanitize.0 sanitize.1 sanitize.2 sanitize.3 sanitize.threads";;
    emulate)  pieces="$pieces emulate.aarch64 emulate.s390x emulate.i386";;
    *)        pieces="$pieces $part";;
    esac
done
# shellcheck disable=SC2086
if [ "$(echo $pieces | wc -w)" -gt 1 ]; then at_once tests/matrix.sh $pieces; end_of_cases; exit; fi
parts=" ${pieces# } "
warn="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align -Wundef -Werror"
core_max=24576          # bytes of code of the core with all that can be left out left out
least="-DVIPC_NO_CALLS=1 -DVIPC_NO_NAMES=1 -DVIPC_NO_INSPECT=1 -DVIPC_NO_LIMITS=1 -DVIPC_NO_TAKE=1 -DVIPC_NO_DROP=1 -DVIPC_NO_BATCH=1 -DVIPC_NO_URGENT=1 -DVIPC_NO_NOTIFICATIONS=1 -DVIPC_NO_CHANNELS=1 -DVIPC_NO_INITIAL=1 -DVIPC_NO_FAST=1 -DVIPC_NO_LARGE=1 -DVIPC_NO_SPACES=1"        # all that can be left out
workspace matrix

check() {       # name, command...: the command's result is the case's
    name=$1; shift
    limit 300 "$@" >"$tmp/log" 2>&1; ok $? "$name" "$tmp/log"
}
works() { limit 60 "$@" "$tmp/empty.c" -o "$tmp/empty" >/dev/null 2>&1; }     # can this compiler, with these flags, make a program?
# The flags for 32-bit x86, if it is here.  Debian's kernel headers serve both widths and lie where -m32 does not look unless gcc-multilib links them.
m32=none
find_m32() {
    have gcc || return
    if works gcc -m32; then m32="-m32"; return; fi
    beside="-idirafter /usr/include/$(gcc -print-multiarch)"
    # shellcheck disable=SC2086
    if works gcc -m32 $beside; then m32="-m32 $beside"; fi
}
part() { case $parts in " $1 ") echo "== $1"; started=$(date +%s); return 0;; esac; return 1; }
done_part() { echo "   $(($(date +%s) - started)) s"; }

# ------------------------------------------------------------------------------------------- what is compiled
printf '#include <errno.h>\n#include <stdio.h>\nint main(void) { return 0; }\n' >"$tmp/empty.c"
cat >"$tmp/core.c" <<'END'
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
END
cat >"$tmp/both.c" <<'END'
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
END
cat >"$tmp/both_shim_first.c" <<'END'
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
END
cat >"$tmp/use_core.c" <<'END'
#include "veridian_ipc.h"
#include "veridian_ipc.h"
#include "shims/veridian_posix.h"
END
cat >"$tmp/mock_both.c" <<'END'
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "shims/veridian_mock.h"
END
cat >"$tmp/mock_both_shim_first.c" <<'END'
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "shims/veridian_mock.h"
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
END
cat >"$tmp/mock_use_core.c" <<'END'
#include "veridian_ipc.h"
#include "shims/veridian_mock.h"
#include "shims/veridian_mock.h"
END
cat >"$tmp/mock_main.c" <<'END'
static unsigned char memory[1 << 20];
static void serve(vipc_mock *m, uint64_t who)
{
    vipc_message q;
    vipc_info info;
    if (vipc_receive(&m->v[who], *(vipc_cap *)m->script, &q, &info, VIPC_NOW) == VIPC_OK) (void)vipc_cancel(&m->v[who]);
}
static void meanwhile(vipc_mock *m, uint64_t asleep)
{
    (void)asleep;
    (void)vipc_mock_run(m, 0, serve);
}
int main(void)
{
    vipc_mock m;
    vipc_cap door, his;
    vipc_message q = VIPC_INIT;
    if (vipc_mock_open(&m, memory, sizeof memory, NULL) != VIPC_OK) return 1;
    if (vipc_endpoint_create(&m.v[0], NULL, &door) != VIPC_OK) return 2;
    if (vipc_grant(&m.v[0], door, vipc_self(&m.v[1]), NULL, &his) != VIPC_OK) return 3;
    m.script = &door;
    m.asleep = meanwhile;
    vipc_mock_kill_at(&m, 0, VIPC_MOCK_ANY_HOOK, 3);
    if (vipc_send(&m.v[1], his, &q, VIPC_NOW) != VIPC_OK) return 4;
    if (vipc_process_wait(&m.v[1], vipc_self(&m.v[0]), VIPC_FOREVER) != VIPC_OK || m.kills != 1) return 5;
    return vipc_mock_close(&m) == NULL ? 0 : 6;
}
END
cat >"$tmp/port_suite.c" <<'END'
#include "veridian_ipc.h"
#include "tests/port_suite.h"
int run(const struct port_suite *s);
int run(const struct port_suite *s) { return port_suite_run(s); }
END
cp "$tmp/port_suite.c" "$tmp/port_suite.cpp"
cat >"$tmp/main.c" <<'END'
int main(void)
{
    vipc ipc;
    vipc_cap door;
    int fd;
    vipc_message m = VIPC_INIT;
    if (vipc_posix_create_fd(&ipc, NULL, &fd) != VIPC_OK) return 1;
    if (vipc_endpoint_create(&ipc, NULL, &door) != VIPC_OK) return 2;
    m.data[0] = 42;
    if (vipc_send(&ipc, door, &m, VIPC_NOW) != VIPC_OK) return 3;
    m.data[0] = 0;
    if (vipc_receive(&ipc, door, &m, NULL, VIPC_FOREVER) != VIPC_OK) return 4;
    if (m.data[0] != 42 || vipc_version() >> 16 != VIPC_VERSION_MAJOR) return 5;
    return vipc_posix_close(&ipc) == VIPC_OK ? 0 : 6;
}
END
cat >"$tmp/no_limits_main.c" <<'END'
int main(void)
{
    vipc ipc;
    vipc_cap door, child;
    int fd;
    vipc_derive_desc d = VIPC_INIT;
    if (vipc_posix_create_fd(&ipc, NULL, &fd) != VIPC_OK || vipc_endpoint_create(&ipc, NULL, &door) != VIPC_OK) return 1;
    if (vipc_derive(&ipc, door, NULL, &child) != VIPC_OK || vipc_derive(&ipc, door, &d, &child) != VIPC_OK) return 2;
    d.limits.expires = 1;
    return vipc_derive(&ipc, door, &d, &child) == VIPC_ERR_NOT_SUPPORTED ? 0 : 3;
}
END
cat >"$tmp/no_large_main.c" <<'END'
int main(void)
{
    vipc ipc; vipc_cap door; int fd;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_outgoing o = VIPC_INIT; vipc_incoming in = VIPC_INIT;
    char b[8] = "seven!", c[8] = "";
    d.payload_max = 8;
    if (vipc_posix_create_fd(&ipc, NULL, &fd) != VIPC_OK || vipc_endpoint_create(&ipc, &d, &door) != VIPC_OK) return 1;
    o.cap_count = 1; o.caps[0] = door;
    if (vipc_send_large(&ipc, door, &o, VIPC_NOW) != VIPC_ERR_NOT_SUPPORTED) return 2;
    o.cap_count = 0; o.message.flags = VIPC_HAS_CAPABILITY; o.message.capability = door; o.payload = b; o.payload_size = 8;
    if (vipc_send_large(&ipc, door, &o, VIPC_NOW) != VIPC_OK) return 3;
    in.payload = c; in.payload_capacity = 8;
    if (vipc_receive_large(&ipc, door, &in, VIPC_NOW) != VIPC_OK || c[3] != 'e' || !in.message.capability.token) return 4;
    return vipc_posix_close(&ipc) == VIPC_OK ? 0 : 5;
}
END
cat "$tmp/both.c" "$tmp/no_large_main.c" >"$tmp/no_large.c"
cat "$tmp/both.c" "$tmp/no_limits_main.c" >"$tmp/no_limits.c"
cat >"$tmp/no_initial_main.c" <<'END'
int main(void)
{
    vipc ipc, child;
    vipc_cap door;
    int fd;
    vipc_process_desc d = VIPC_INIT;
    if (vipc_posix_create_fd(&ipc, NULL, &fd) != VIPC_OK || vipc_endpoint_create(&ipc, NULL, &door) != VIPC_OK) return 1;
    d.initial = &door;
    d.initial_count = 1;
    if (vipc_process_create(&ipc, &d, &child, NULL) != VIPC_ERR_INVALID_ARGUMENT) return 2;
    d.initial_count = 0;
    return vipc_process_create(&ipc, &d, &child, NULL) == VIPC_OK ? 0 : 3;
}
END
cat "$tmp/both.c" "$tmp/no_initial_main.c" >"$tmp/no_initial.c"
cat "$tmp/both.c" "$tmp/main.c" >"$tmp/one.c"
cat "$tmp/both_shim_first.c" "$tmp/main.c" >"$tmp/shim_first.c"
cat "$tmp/use_core.c" "$tmp/main.c" >"$tmp/use.c"
{ echo '#define VIPC_STATIC'; cat "$tmp/one.c"; } >"$tmp/static.c"
cat "$tmp/mock_both.c" "$tmp/mock_main.c" >"$tmp/mock_one.c"
cat "$tmp/mock_both_shim_first.c" "$tmp/mock_main.c" >"$tmp/mock_shim_first.c"
cat "$tmp/mock_use_core.c" "$tmp/mock_main.c" >"$tmp/mock_use.c"
{ echo '#define VIPC_STATIC'; cat "$tmp/both.c" "$tmp/mock_both.c" "$tmp/mock_main.c"; } >"$tmp/mock_static.c"    # beside the other shim
for f in "$tmp"/*.c; do cp "$f" "${f%.c}.cpp"; done

two_units() {   # compiler, suffix, "" or mock_, flags...: the implementation in one, its use in the other
    compiler=$1; suffix=$2; which=$3; shift 3
    "$compiler" "$@" -c "$tmp/${which}both.$suffix" -o "$tmp/both.o" && "$compiler" "$@" -c "$tmp/${which}use.$suffix" -o "$tmp/use.o" &&
        "$compiler" "$@" "$tmp/both.o" "$tmp/use.o" -o "$tmp/two" && "$tmp/two"
}
one_unit() {    # compiler, source, flags...
    compiler=$1; source=$2; shift 2
    "$compiler" "$@" "$source" -o "$tmp/one" && "$tmp/one"
}
unit() {        # compiler, suffix, label, flags...: with each of the two shims
    compiler=$1; suffix=$2; label=$3; shift 3
    # shellcheck disable=SC2086
    for which in "" mock_; do alone "${label}_${which}one_unit" one_unit "$compiler" "$tmp/${which}one.$suffix" "$@" $warn -I.; done
}
shapes() {      # compiler, suffix, label, flags...
    unit "$@"
    compiler=$1; suffix=$2; label=$3; shift 3
    # shellcheck disable=SC2086
    set -- "$@" $warn -I.
    for which in "" mock_; do
        alone "${label}_${which}shim_first" one_unit "$compiler" "$tmp/${which}shim_first.$suffix" "$@"
        alone "${label}_${which}two_units" two_units "$compiler" "$suffix" "$which" "$@"
        alone "${label}_${which}static" one_unit "$compiler" "$tmp/${which}static.$suffix" "$@"
    done
}
alone() {       # as check, for a function of this script; the programs in it end by themselves
    name=$1; shift
    "$@" >"$tmp/log" 2>&1; ok $? "$name" "$tmp/log"
}

find_m32
for compiler in gcc clang; do
    part compile.$compiler || continue
    if ! have $compiler; then missing $compiler "${compiler}_c"; continue; fi
    shapes $compiler c "${compiler}_c99" -std=c99              # which shape it has and which standard it is are two things
    for std in c11 c17; do unit $compiler c "${compiler}_$std" -std=$std; done
    for level in O0 O2 Os; do
        # shellcheck disable=SC2086
        for which in "" mock_; do check "${compiler}_c99_$which$level" $compiler -std=c99 -$level $warn -I. "$tmp/${which}one.c" -o "$tmp/one"; done
    done
    # shellcheck disable=SC2086
    check "${compiler}_unstable" $compiler -std=c99 -O1 $warn -I. -DVIPC_UNSTABLE "$tmp/one.c" -o "$tmp/one"
    for off in "" "$least"; do
        # shellcheck disable=SC2086
        check "${compiler}_port_suite${off:+_least}" $compiler -std=c99 -O2 -ffreestanding $warn -I. $off -c "$tmp/port_suite.c" -o "$tmp/port_suite.o"
    done
    done_part
done
# Strict C, and whatever came first has settled what libc declares: that is the same for all compilers.
if part compile.other; then
    strict=gcc; have gcc || strict=clang
    if have $strict; then
        for header in assert ctype dirent errno fcntl limits locale math poll pthread semaphore setjmp signal stdio stdlib string sys/ipc sys/mman sys/socket sys/stat \
            sys/types sys/wait time unistd wchar; do
            { echo "#include <$header.h>"; cat "$tmp/both.c"; } >"$tmp/after.c"
            check "strict_after_$(echo $header | tr / _)" $strict -std=c99 -pedantic -Wall -Werror -I. -fsyntax-only "$tmp/after.c"
        done
    else missing "gcc and clang" strict_after; fi
fi
# Each switch by itself.  clang says all that it has to say before it makes code, gcc most of it without optimising; of the smallest they make all.
for compiler in gcc clang; do
    part compile.$compiler.without || continue
    if ! have $compiler; then missing $compiler "${compiler}_without"; continue; fi
    look="-O0 -c -o $tmp/without.o"; if [ $compiler = clang ]; then look=-fsyntax-only; fi
    for off in "-DVIPC_NO_SPACES=1" "-DVIPC_NO_LARGE=1" "-DVIPC_NO_CALLS=1" "-DVIPC_NO_NAMES=1" "-DVIPC_NO_INSPECT=1" "-DVIPC_NO_LIMITS=1" "-DVIPC_NO_TAKE=1" "-DVIPC_NO_FAST=1" "-DVIPC_NO_BATCH=1" "-DVIPC_NO_URGENT=1" "-DVIPC_NO_DROP=1" "-DVIPC_NO_BATCH=1 -DVIPC_NO_DROP=1" "-DVIPC_NO_CHANNELS=1" "-DVIPC_NO_NOTIFICATIONS=1" "-DVIPC_NO_INITIAL=1"; do
        # shellcheck disable=SC2086
        for which in "" mock_; do
            check "${compiler}_${which}without$(echo "$off" | sed 's/-DVIPC_NO\(_[A-Z]*\)=1 */\1/g')" $compiler -std=c99 $warn -I. $off "$tmp/${which}one.c" $look
        done
    done
    # shellcheck disable=SC2086
    for which in "" mock_; do
        check "${compiler}_${which}without_all" $compiler -std=c99 -O1 $warn -I. $least "$tmp/${which}one.c" -o "$tmp/one"
    done
    # shellcheck disable=SC2086
    check "${compiler}_unstable_without_fast" $compiler -std=c99 $warn -I. -DVIPC_UNSTABLE -DVIPC_NO_FAST=1 "$tmp/one.c" $look
    # shellcheck disable=SC2086
    check "${compiler}_unstable_without_calls" $compiler -std=c99 $warn -I. -DVIPC_UNSTABLE -DVIPC_NO_CALLS=1 "$tmp/one.c" $look
    alone "${compiler}_without_large_one_capability_travels" one_unit $compiler "$tmp/no_large.c" -std=c99 -Os $warn -I. -DVIPC_NO_LARGE=1
    alone "${compiler}_without_limits_none_can_be_set" one_unit $compiler "$tmp/no_limits.c" -std=c99 -Os $warn -I. -DVIPC_NO_LIMITS=1
    # shellcheck disable=SC2086
    alone "${compiler}_without_initial_none_can_be_given" one_unit $compiler "$tmp/no_initial.c" -std=c99 -Os $warn -I. -DVIPC_NO_INITIAL=1
    # shellcheck disable=SC2086
    alone "${compiler}_least_none_can_be_given" one_unit $compiler "$tmp/no_initial.c" -std=c99 -Os $warn -I. $least
    done_part
done
for compiler in g++ clang++; do
    part compile.$compiler || continue
    if ! have $compiler; then missing $compiler "${compiler}"; continue; fi
    shapes $compiler cpp "${compiler}_c++11" -std=c++11
    unit $compiler cpp "${compiler}_c++20" -std=c++20
    # shellcheck disable=SC2086
    check "${compiler}_port_suite" $compiler -std=c++11 -O2 -ffreestanding $warn -I. -c "$tmp/port_suite.cpp" -o "$tmp/port_suite.o"
    # shellcheck disable=SC2086
    check "${compiler}_unstable" $compiler -std=c++11 -O1 $warn -I. -DVIPC_UNSTABLE "$tmp/one.cpp" -o "$tmp/one"
    for level in O0 O2 Os; do
        # shellcheck disable=SC2086
        for which in "" mock_; do check "${compiler}_c++11_$which$level" $compiler -std=c++11 -$level $warn -I. "$tmp/${which}one.cpp" -o "$tmp/one"; done
    done
    done_part
done
if [ "$parts" = " compile.other " ]; then
    if have clang && echo | clang -Werror -Wreserved-identifier -fsyntax-only -x c - >/dev/null 2>&1; then
        check clang_no_reserved_identifier clang -std=c99 -Werror -Wreserved-identifier -I. -fsyntax-only "$tmp/one.c"
        check clang_mock_no_reserved_identifier clang -std=c99 -Werror -Wreserved-identifier -I. -fsyntax-only "$tmp/mock_one.c"
    else missing "clang with -Wreserved-identifier" clang_no_reserved_identifier; fi
    if [ "$m32" != none ]; then
        # shellcheck disable=SC2086
        shapes gcc c gcc_m32_c99 $m32 -std=c99
        # shellcheck disable=SC2086
        for level in O0 O2 Os; do check "gcc_m32_c99_$level" gcc $m32 -std=c99 -$level $warn -I. "$tmp/one.c" -o "$tmp/one"; done
    else missing "gcc -m32" gcc_m32; fi
    if have musl-gcc; then
        # shellcheck disable=SC2086
        check musl_c99 musl-gcc -std=c99 $warn -I. "$tmp/one.c" -o "$tmp/one"
        # shellcheck disable=SC2086
        check musl_mock_c99 musl-gcc -std=c99 $warn -I. "$tmp/mock_one.c" -o "$tmp/one"
        check musl_hello_builds musl-gcc -static examples/hello.c -o "$tmp/hello"
        check musl_hello_runs "$tmp/hello"
        [ "$(cat "$tmp/log")" = "parent: received 42 from process 2" ]; ok $? musl_hello_says_what_it_should "$tmp/log"
    else missing musl-gcc musl; fi
    if have tcc; then check tcc tcc -Wall -Werror -DVIPC_CRITICAL_ATOMICS -I. -c "$tmp/core.c" -o "$tmp/core.o"
    else missing tcc tcc; fi
    done_part
fi

# ---------------------------------------------------------------------------------- a freestanding object file
# Bytes in sections whose name starts so.  What the program size calls text is more than code: constants and unwind tables too; those are shown apart.
bytes() { size -A "$1" | awk -v name="$2" 'index($1, name) == 1 { n += $2 } END { print n + 0 }'; }
figures() { echo "   $1: code $(bytes "$2" .text), constants $(bytes "$2" .rodata), unwind tables $(bytes "$2" .eh_frame) bytes"; }
object() {      # label, flags...: what it asks for, what it shows, what it keeps
    label=$1; shift; rm -f "$tmp/core.o"
    # shellcheck disable=SC2086
    check "${label}_compiles" gcc -std=c99 -Os -ffreestanding $warn -I. "$@" -c "$tmp/core.c" -o "$tmp/core.o"
    nm -u "$tmp/core.o" | sed 's/^ *U //' | grep -vxE 'mem(cpy|set|move|cmp)|_GLOBAL_OFFSET_TABLE_' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? "${label}_asks_for_mem_functions_alone" "$tmp/log"
    nm -g --defined-only "$tmp/core.o" | sed 's/^[^ ]* . //' | grep -v '^vipc_' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? "${label}_shows_vipc_names_alone" "$tmp/log"
    [ "$(bytes "$tmp/core.o" .data)$(bytes "$tmp/core.o" .bss)" = 00 ]; ok $? "${label}_keeps_no_data"
    figures "$label" "$tmp/core.o"
}
mock_object() { # label, flags...: beside the core's few functions it asks for the two of setjmp.h, by whatever name
    label=$1; shift; rm -f "$tmp/mock.o"
    # shellcheck disable=SC2086
    check "${label}_compiles" gcc -std=c99 -Os -ffreestanding $warn -I. "$@" -c "$tmp/mock_both.c" -o "$tmp/mock.o"
    nm -u "$tmp/mock.o" | sed 's/^ *U //' | grep -vxE 'mem(cpy|set|move|cmp)|_*setjmp|_*longjmp|_GLOBAL_OFFSET_TABLE_' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? "${label}_asks_for_mem_functions_and_jumps_alone" "$tmp/log"
    nm -g --defined-only "$tmp/mock.o" | sed 's/^[^ ]* . //' | grep -v '^vipc_' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? "${label}_shows_vipc_names_alone" "$tmp/log"
    [ "$(bytes "$tmp/mock.o" .data)$(bytes "$tmp/mock.o" .bss)" = 00 ]; ok $? "${label}_keeps_no_data"
}
x86_object() {  # the port for kernels, under each compiler and language at hand
    printf '#define VERIDIAN_X86_64_IMPLEMENTATION\n#include "shims/veridian_x86_64.h"\n' | cat "$tmp/core.c" - >"$tmp/x86_both.c"
    cp "$tmp/x86_both.c" "$tmp/x86_both.cpp"
    for compiler in gcc clang; do
        # shellcheck disable=SC2086
        if have $compiler; then check "object_x86_64_${compiler}_c99" $compiler -std=c99 -O2 -ffreestanding -mgeneral-regs-only $warn -I. -c "$tmp/x86_both.c" -o "$tmp/x86.o"; else missing $compiler "object_x86_64_${compiler}_c99"; fi
    done
    for compiler in g++ clang++; do
        # shellcheck disable=SC2086
        if have $compiler; then check "object_x86_64_${compiler}_c++11" $compiler -std=c++11 -O2 -ffreestanding $warn -I. -c "$tmp/x86_both.cpp" -o "$tmp/x86.o"; else missing $compiler "object_x86_64_${compiler}_c++11"; fi
    done
    check object_x86_64_compiles gcc -std=c99 -Os -ffreestanding -fno-pic -fno-pie -I. -c "$tmp/x86_both.c" -o "$tmp/x86.o"
    nm -u "$tmp/x86.o" | sed 's/^ *U //' | grep -vxE 'mem(cpy|set|move|cmp)' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? object_x86_64_asks_for_mem_functions_alone "$tmp/log"
    nm -g --defined-only "$tmp/x86.o" | sed 's/^[^ ]* . //' | grep -v '^vipc_' >"$tmp/log"
    [ ! -s "$tmp/log" ]; ok $? object_x86_64_shows_vipc_names_alone "$tmp/log"
    [ "$(bytes "$tmp/x86.o" .data)$(bytes "$tmp/x86.o" .bss)" = 00 ]; ok $? object_x86_64_keeps_no_data
}
if part object; then
    if have gcc && have nm && have size; then
        object object_64
        object object_64_no_pie -fno-pic -fno-pie
        mock_object object_mock -fno-pic -fno-pie
        case $(uname -m) in x86_64) x86_object;; esac
        # shellcheck disable=SC2086
        object object_64_least $least
        [ "$(bytes "$tmp/core.o" .text)" -le $core_max ]; ok $? "object_64_least_code_fits_in_$core_max"
        # shellcheck disable=SC2086
        if [ "$m32" != none ]; then object object_32 $m32 -fno-pic -fno-pie
        else missing "gcc -m32" object_32; fi
    else missing "gcc, nm and size" object; fi
    done_part
fi

# --------------------------------------------------------------------------------------- machines without a host
bare() {        # label, size program, compiler, flags...
    label=$1; sizer=$2; shift 2
    if ! have "$1"; then missing "$1" "$label"; return; fi
    rm -f "$tmp/core.o"
    # shellcheck disable=SC2086
    check "$label" "$@" -std=c99 -Os -ffreestanding $warn -I. -c "$tmp/core.c" -o "$tmp/core.o"
    if have "$sizer" && [ -f "$tmp/core.o" ]; then echo "   $label: $("$sizer" "$tmp/core.o" | awk 'NR == 2 { print $1 }') bytes of code and constants"; fi
    # shellcheck disable=SC2086
    check "${label}_least" "$@" -std=c99 -Os -ffreestanding $warn $least -I. -c "$tmp/core.c" -o "$tmp/core.o"
}
if part bare; then
    bare thumbv6m arm-none-eabi-size arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb
    bare thumbv7m arm-none-eabi-size arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb
    bare rv32imac riscv64-unknown-elf-size riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32
    done_part
fi

# ------------------------------------------------------------------------------------- tests under other lights
summary() { sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2/p' "$tmp/log" | tail -n 1; }
run_test() {    # case, seconds, command...: a test program; one case here, whatever it holds
    name=$1; seconds=$2; shift 2
    VIPC_TEST_SHORT=1 limit "$seconds" "$@" >"$tmp/log" 2>&1
    rc=$?; sum=$(summary)
    if [ $rc -eq 0 ] && [ -n "$sum" ] && [ "${sum%% *}" -gt 0 ] && [ "${sum#* }" -eq 0 ]; then ok 0 "$name (${sum%% *} tests)"; return; fi
    grep -vE '^(ok|skip) ' "$tmp/log" >"$tmp/log2"; echo "ended with $rc" >>"$tmp/log2"
    ok 1 "$name" "$tmp/log2"
}
test_under() {  # case, source, seconds, runner or "", compiler, flags...
    name=$1; source=$2; seconds=$3; runner=$4; shift 4
    program=$tmp/$(basename "$source" .c)
    if ! limit 180 "$@" -std=gnu11 -g -pthread "$source" -o "$program" >"$tmp/log" 2>&1; then ok 1 "${name}_builds" "$tmp/log"; return; fi
    # shellcheck disable=SC2086
    run_test "$name" "$seconds" $runner "$program"
    rm -f "$program"
}
sanitizers() {  # Address space randomisation of recent kernels leaves old sanitizers no room for their shadow.
    fixed=; if have setarch && setarch -R true 2>/dev/null; then fixed="setarch -R"; fi
    # Children that end by _exit or by kill are no leaks.
    export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 TSAN_OPTIONS=halt_on_error=1
}
for share in 0 1 2 3; do
    part sanitize.$share || continue
    sanitizers
    n=0
    for file in tests/t_*.c; do
        name=$(basename "$file" .c)
        case $name in t_stepkill|t_signal|t_process) continue;; esac     # they single-step, and kill by the thousand: no sanitizer keeps up
        n=$((n + 1))
        if [ $((n % 4)) -ne $share ]; then continue; fi
        if have gcc && works gcc -fsanitize=address,undefined; then
            test_under "${name}_address_undefined" "$file" 150 "$fixed" gcc -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
        else missing "gcc -fsanitize=address,undefined" "${name}_address_undefined"; fi
    done
    done_part
done
if part sanitize.threads; then
    sanitizers
    for compiler in gcc clang; do
        if have $compiler && works $compiler -fsanitize=thread; then
            for name in t_threads t_fast; do test_under "${name}_thread_$compiler" tests/$name.c 150 "$fixed" $compiler -O1 -fsanitize=thread; done
        else missing "$compiler -fsanitize=thread" "t_threads_thread_$compiler"; fi
    done
    done_part
fi

emulated() {    # machine: its tests, statically linked
    machine=$1; compiler=$machine-linux-gnu-gcc; qemu=qemu-$machine-static
    have "$compiler" || compiler=$machine-linux-gnu-gcc-12
    have "$qemu" || qemu=qemu-$machine
    if ! have "$compiler" || ! works "$compiler" -static; then missing "$machine-linux-gnu-gcc" "$machine"; return; fi
    if ! have "$qemu"; then missing "$qemu" "$machine"; return; fi
    # shellcheck disable=SC2086
    check "${machine}_warnings" "$compiler" -std=c99 -O2 $warn -I. -c "$tmp/both.c" -o "$tmp/both.o"
    check "${machine}_hello_builds" "$compiler" -static examples/hello.c -o "$tmp/hello"
    check "${machine}_hello_runs" "$qemu" "$tmp/hello"
    for name in t_caps t_caplimits t_call t_mock t_names t_tokens t_initial t_stats t_model t_space t_spacemodel t_shared t_objects t_sharedmsg t_sharedmodel; do
        if [ -f tests/$name.c ]; then test_under "${machine}_$name" tests/$name.c 120 "$qemu" "$compiler" -O1 -static; fi
    done
}
if part emulate.i386; then
    if [ "$m32" != none ]; then
        # shellcheck disable=SC2086
        for name in t_caps t_caplimits t_call t_names t_mock t_notify t_channel t_waitset t_tokens t_initial t_stats t_threads t_fast t_urgent t_space t_spacehooks t_spacemodel t_shared t_objects t_sharedmsg t_sharedhooks t_sharedraces t_sharedmodel t_window; do test_under "i386_$name" tests/$name.c 120 "" gcc $m32 -O1; done
    else missing "gcc -m32" i386; fi
    done_part
fi
for machine in aarch64 s390x; do
    part emulate.$machine || continue
    emulated $machine
    done_part
done

if [ $((passed + failed + skipped)) -eq 0 ]; then ok 1 "no part is called$pieces"; fi
end_of_cases
