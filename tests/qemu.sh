#!/bin/sh
# tests/qemu.sh - the x86-64 emulator for the tests of the kernel.  To be read in:
#
#     . tests/qemu.sh
#     if qemu_ready; then "$qemu" -kernel ...
#     else echo "skip NAME: $qemu_why"; fi
#
# Where qemu-system-x86_64 is missing it is installed, after one line that says so, if that needs no password: as root, or where `sudo -n` works.
# Else qemu_why names the one command that brings it.  QEMU=skip installs nothing and uses none; QEMU=PATH names an emulator.
# Run by itself it says what it has found.
qemu=; qemu_why=; qemu_state=; qemu_line=

# Package managers in order of preference: "program|command that installs".
qemu_install_commands='apt-get|apt-get install -y --no-install-recommends qemu-system-x86
dnf|dnf install -y qemu-system-x86-core
pacman|pacman -S --noconfirm qemu-system-x86
apk|apk add qemu-system-x86_64
zypper|zypper --non-interactive install qemu-x86
brew|brew install qemu'

qemu_command() {        # the command for this system, as the user would type it; nothing: no package manager that is known here
    echo "$qemu_install_commands" | while IFS='|' read -r program command; do
        command -v "$program" >/dev/null 2>&1 || continue
        if [ "$program" = brew ] || [ "$(id -u)" = 0 ]; then echo "$command"; else echo "sudo $command"; fi
        break
    done
}
qemu_limit() {          # seconds command...
    if command -v timeout >/dev/null 2>&1; then timeout -k 5 "$@"; else shift; "$@"; fi
}
qemu_try() {            # command: run it without a question; a package list that is too old, or missing, is fetched anew
    qemu_as=
    case $1 in sudo\ *) qemu_as="sudo -n"; set -- "${1#sudo }";; esac
    # shellcheck disable=SC2086
    qemu_limit 300 $qemu_as env DEBIAN_FRONTEND=noninteractive $1 </dev/null >/dev/null 2>&1 && return 0
    # shellcheck disable=SC2086
    case $1 in
    apt-get*) qemu_limit 120 $qemu_as apt-get update </dev/null >/dev/null 2>&1;;
    pacman*) qemu_limit 120 $qemu_as pacman -Sy </dev/null >/dev/null 2>&1;;
    apk*) qemu_limit 120 $qemu_as apk update </dev/null >/dev/null 2>&1;;
    *) return 1;;
    esac || return 1
    # shellcheck disable=SC2086
    qemu_limit 300 $qemu_as env DEBIAN_FRONTEND=noninteractive $1 </dev/null >/dev/null 2>&1
}
qemu_look() {           # sets qemu_state: ready, or absent and why; asks once
    qemu=${QEMU:-qemu-system-x86_64}
    qemu_state=absent
    if [ "$qemu" = skip ]; then qemu_why="QEMU=skip"; return; fi
    if command -v "$qemu" >/dev/null 2>&1; then qemu_state=ready; return; fi
    if [ -n "${QEMU:-}" ]; then qemu_why="no $QEMU"; return; fi
    qemu_line=$(qemu_command)
    if [ -z "$qemu_line" ]; then qemu_why="no qemu-system-x86_64, and no package manager that is known here"; return; fi
    qemu_why="no qemu-system-x86_64; to get it: $qemu_line"
    case $qemu_line in sudo\ *) { command -v sudo && sudo -n true; } >/dev/null 2>&1 || return;; esac
    echo "qemu-system-x86_64 is missing, installing it: $qemu_line    (QEMU=skip: do without)" >&2
    qemu_try "$qemu_line"
    hash -r 2>/dev/null
    if command -v "$qemu" >/dev/null 2>&1; then qemu_state=ready; qemu_why=; else qemu_why="$qemu_why (tried, and it failed)"; fi
}
qemu_ready() {
    [ -n "$qemu_state" ] || qemu_look
    [ "$qemu_state" = ready ]
}
case $0 in
*/qemu.sh|qemu.sh) if qemu_ready; then echo "$qemu: $("$qemu" --version | head -n 1)"; else echo "$qemu_why"; exit 1; fi;;
esac
