# shellcheck shell=sh
# tests/kernel_shell.sh - plays the shell of kernel_demo: all that is typed comes at once, through the serial port, and what it answers is looked at.  To be read in by tests/kernel.sh.
#
#     shell_session KERNEL        the cases; needs $qemu, $tmp, $BUILD, limit and ok

shell_keys() {  # what is typed.  The first line is lost, or a part of it: the port is not set up yet.  Ctrl-C comes before any other program that is waited for.
    printf '\n'
    printf 'run rpc_server\n\003'
    printf 'start probe wait sleep\003'
    printf 'start rpc_server\nps\nrun rpc_client 50 10\nobjects endpoint\nobjects name\nkill 4\nps\nobjects endpoint\n'
    printf 'foo\nkill\nkill x\nkill 99999999999999999999\nkill 4\nkill 1\nkill 2\nrun\nstart\nrun nosuch\nstart a_name_longer_than_any_program_has\n'
    printf 'stats\nrun probe fault cli\nrun probe fault null_write\nrun shell\nrun story\nstress seconds=1 turns=10\n'
    printf 'programs\nmemory\nstats\ncpus\nhelp\n'
    printf 'cheX\b\177eck\n'                                   # a key too many, and two that take one back
    printf 'nonsense\025check\n\033[A\n'                       # Ctrl-U; the line before
    head -c 5000 /dev/zero | tr '\0' x; printf '\n'
    printf '\033[31mstart\033Q\n\033[999999999999999999999q\n'
    awk 'BEGIN { for (i = 0; i < 4096; i++) { c = (i * 31 + i / 256) % 256; if (c != 3 && c != 10 && c != 13 && c != 27) printf "%d\n", c } }' |
        while read -r c; do printf "\\$(printf %o "$c")"; done
    printf '\nps\nmemory\nstats\ncheck\nquit\n'
}
shell_answer() {        # command, which of them: what stands between it and the next prompt
    awk -v command="$1" -v nth="${2:-1}" 'BEGIN { RS = "veridian> " } index($0, command "\n") == 1 && ++n == nth { print substr($0, length(command) + 2) }' "$tmp/screen"
}
says() {        # name, command, which, patterns that its answer must have...
    name=$1; shell_answer "$2" "$3" >"$tmp/answer"; result=0; shift 3
    for pattern in "$@"; do grep -q -e "$pattern" "$tmp/answer" || { result=1; echo "no: $pattern" >>"$tmp/answer"; }; done
    ok $result "shell_$name" "$tmp/answer"
}
says_not() {    # name, command, which, pattern
    shell_answer "$2" "$3" >"$tmp/answer"
    [ -s "$tmp/answer" ] && ! grep -q -e "$4" "$tmp/answer"; ok $? "shell_$1" "$tmp/answer"
}
shell_session() {
    shell_keys >"$tmp/keys"
    limit 60 "$qemu" -accel tcg -cpu max -smp 2 -m 128 -display none -serial stdio -monitor none -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 -append shell \
        -kernel "$1" <"$tmp/keys" >"$tmp/raw" 2>&1
    result=$?
    # lines that were shown again, keys taken back, and what the server in the background has said meanwhile, in whatever line
    return=$(printf '\r'); back=$(printf '\b'); escape=$(printf '\033')
    sed -e "s/^.*$return//; s/$escape\\[K//g" -e ":a" -e "s/[^$back]$back $back//" -e ta "$tmp/raw" |
        awk '{ said = index($0, "adder: "); if (said) printf "%s", substr($0, 1, said - 1); else print }' >"$tmp/screen"
    cp "$tmp/raw" "$BUILD/kernel_shell.log"
    tail -n 5 "$tmp/screen" >"$tmp/log"
    [ $result -eq 33 ]; ok $? "shell_quits_with_33" "$tmp/log"
    ! grep -q PANIC "$tmp/screen"; ok $? shell_without_a_panic "$tmp/log"
    says ctrl_c_ends_what_is_waited_for 'run rpc_server' 1 '^^C$' '^process 3 (rpc_server) was killed$'
    says ctrl_c_drops_a_line 'start probe wait sleep^C' 1
    says starts_a_server 'start rpc_server' 1 '^process 4$'
    says shows_it ps 1 '^ *pid ' '^ *2  shell  .* running ' '^ *4  rpc_server  *1  *[0-9]'
    says shows_its_endpoint 'objects endpoint' 1 '^  endpoint [0-9]* owner 4 capacity 64'
    says shows_its_name 'objects name' 1 '^  name "adder" object [0-9]*$'
    says runs_a_client 'run rpc_client 50 10' 1 '^client: 40 + 41 = 81$' '^client: 50 calls, 50 right$' '^process 5 (rpc_client) ended with 0$'
    says kills_it 'kill 4' 1 '^process 4 (rpc_server) was killed$'
    says_not shows_it_no_more ps 2 rpc_server
    says its_endpoint_is_gone 'objects endpoint' 2 '^no line of the core'
    says unknown_command foo 1 '^no command "foo": '
    says kill_without_a_number kill 1 '^kill which process?'
    says kill_a_word 'kill x' 1 '^kill which process?'
    says kill_too_large_a_number 'kill 99999999999999999999' 1 '^kill which process?'
    says kill_the_dead 'kill 4' 2 '^no process 4$'
    says kill_the_kernel 'kill 1' 1 '^that is the kernel$'
    says kill_the_shell 'kill 2' 1 '^that is this shell'
    says run_nothing run 1 '^run which program?'
    says start_nothing start 1 '^start which program?'
    says run_what_is_not_there 'run nosuch' 1 '^no program "nosuch"'
    says start_too_long_a_name 'start a_name_longer_than_any_program_has' 1 '^a_name_longer_than_any_program_has: '
    says tells_of_a_fault 'run probe fault cli' 1 '(probe) was ended: general protection$'
    says tells_of_a_page_fault 'run probe fault null_write' 1 '(probe) was ended: a page fault, "'
    says is_the_only_one_to_have_the_port 'run shell' 1 '^the shell wants to be the first process' ' ended with 3$'
    says gives_no_control_to_what_it_runs 'run story' 1 '^the story has to look at the machine' ' ended with 3$'
    says stress_finds_nothing 'stress seconds=1 turns=10' 1 '^ok   stress_the_domain_is_sound$' '^[0-9]* passed, 0 failed$' ' (stress) ended with 0$'
    says lists_programs programs 1 ' rpc_server$' ' attacker$'
    says memory memory 1 '^ *[0-9]* frames of 4 KiB to hand out' 'are mapped in the spaces of 1 processes'
    says statistics stats 1 '^ *5[0-9] calls$' '^ *[0-9]* by so many signals$'
    says cpus cpus 1 '^  *0  *0  *[0-9]*  [s-]' '^  *1  *0  *[0-9]*  [s-]' '^  SMEP on, SMAP on, NX on$'
    says help help 1 '^  kill  *PID '
    says backspace 'check' 1 ': 0 violations$'
    says ctrl_u_and_the_line_before check 2 ': 0 violations$'
    says the_line_before check 3 ': 0 violations$'
    [ "$(grep -c '^more than 120 characters: not done$' "$tmp/screen")" -ge 1 ]; ok $? shell_too_long_a_line "$tmp/log"
    says escape_sequences_are_no_keys start 2 '^start which program?'
    says_not nothing_was_started_by_noise ps 3 '^ *[0-9][0-9]*  [^s ]'
    says is_sound_after_noise check 4 ': 0 violations$'
    says lost_no_byte stats 3 '^ *0 times that bytes were lost there$'
}
