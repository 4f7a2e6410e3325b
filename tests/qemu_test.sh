#!/bin/sh
# tests/qemu_test.sh - qemu.sh on systems that are made up: a PATH of a few programs, package managers that note what they are asked.
# The last line is "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.." || exit 1
here=$PWD
. tests/cases.sh
workspace qemu
tmp=$here/$tmp
program() { printf '#!/bin/sh\n%s\n' "$2" >"$tmp/bin/$1"; chmod +x "$tmp/bin/$1"; }
# shellcheck disable=SC2016
manager='echo "$(basename "$0") $*" >>"$ASKED"
case " $* " in *" install "*|*" add "*|*" -S "*) ;; *) touch "$ASKED.fetched"; exit 0;; esac
[ "${BROKEN:-0}" = 1 ] && exit 1
[ "${STALE:-0}" = 1 ] && [ ! -e "$ASKED.fetched" ] && exit 1
printf "#!/bin/sh\necho emulator 1.0\n" >"$BIN/qemu-system-x86_64"; chmod +x "$BIN/qemu-system-x86_64"'
world() {       # user number, sudo: works, refuses or none; package managers...
    user=$1; sudo=$2; shift 2
    rm -rf "${tmp:?}/bin" "$tmp/asked"*; mkdir "$tmp/bin"; : >"$tmp/asked"
    for tool in sh env timeout head basename touch chmod cat; do ln -s "$(command -v $tool)" "$tmp/bin/$tool"; done
    program id "echo $user"
    program true "exit 0"
    # shellcheck disable=SC2016
    [ "$sudo" = none ] || program sudo '[ "$1" = -n ] || exit 99; shift; '"$([ "$sudo" = works ] && echo 'exec "$@"' || echo 'exit 1')"
    for tool in "$@"; do program "$tool" "$manager"; done
}
ask() {         # NAME=VALUE...: what qemu.sh says; its result
    env -i PATH="$tmp/bin" ASKED="$tmp/asked" BIN="$tmp/bin" "$@" sh "$here/tests/qemu.sh" >"$tmp/out" 2>"$tmp/err"
}
asked() { [ "$(cat "$tmp/asked")" = "$1" ]; }
told() { [ "$(cat "$tmp/out")" = "$1" ]; }
lines() { [ "$(grep -c . "$tmp/err")" = "$1" ]; }

while IFS='|' read -r tool command; do
    world 0 none "$tool"
    ask && asked "$command" && lines 1 && told "qemu-system-x86_64: emulator 1.0"; ok $? "as_root_${tool}_installs_it_and_says_so" "$tmp/out"
done <<'END'
apt-get|apt-get install -y --no-install-recommends qemu-system-x86
dnf|dnf install -y qemu-system-x86-core
pacman|pacman -S --noconfirm qemu-system-x86
apk|apk add qemu-system-x86_64
zypper|zypper --non-interactive install qemu-x86
brew|brew install qemu
END
world 1000 works dnf
ask && asked "dnf install -y qemu-system-x86-core" && lines 1; ok $? a_user_with_sudo_installs_it "$tmp/out"
world 1000 refuses apt-get
! ask && asked "" && lines 0 && told "no qemu-system-x86_64; to get it: sudo apt-get install -y --no-install-recommends qemu-system-x86"; ok $? a_user_whom_sudo_would_ask_is_told_the_command "$tmp/out"
world 1000 none zypper
! ask && asked "" && lines 0 && grep -q 'to get it: sudo zypper' "$tmp/out"; ok $? a_user_without_sudo_is_told_the_command "$tmp/out"
world 1000 none brew
ask && asked "brew install qemu"; ok $? brew_needs_nobody_else "$tmp/out"
world 0 none apt-get
! ask QEMU=skip && asked "" && lines 0 && told "QEMU=skip"; ok $? qemu_skip_asks_for_nothing "$tmp/out"
world 0 none apt-get
! ask QEMU=/nowhere/emulator && asked "" && told "no /nowhere/emulator"; ok $? an_emulator_that_was_named_is_not_installed "$tmp/out"
world 0 none
! ask && lines 0 && grep -q 'no package manager' "$tmp/out"; ok $? a_system_without_a_known_package_manager "$tmp/out"
world 0 none apt-get
! ask BROKEN=1 && grep -q 'tried, and it failed' "$tmp/out" && lines 1; ok $? an_installation_that_fails_is_told "$tmp/out"
world 0 none apt-get
ask STALE=1 && [ "$(grep -c . "$tmp/asked")" = 3 ] && grep -qx 'apt-get update' "$tmp/asked"; ok $? a_stale_package_list_is_fetched_anew "$tmp/out"
world 0 none apt-get dnf
program qemu-system-x86_64 'echo emulator 2.0'
ask && asked "" && lines 0 && told "qemu-system-x86_64: emulator 2.0"; ok $? what_is_there_is_used "$tmp/out"
end_of_cases
