/* main.c - from the boot code to the first process; then this thread is the one that runs when nobody else wants to */
#include "kernel.h"

static struct tally ring0;
void kmain(uint64_t start_info);

void check(struct tally *t, bool good, const char *name)
{
    if (good) t->passed++;
    else t->failed++;
    say("%s %s\n", good ? "ok  " : "FAIL", name);
}
/* What ring 3 counted, and what ring 0 did. */
void machine_off(uint64_t passed, uint64_t failed)
{
    passed += ring0.passed;
    failed += ring0.failed;
    say("%lu passed, %lu failed\n", passed, failed);
    power_off(failed == 0 && passed > 0);
}
/* Is that the first word of the command line? */
static bool asked_for(const char *word)
{
    size_t n = 0;
    while (word[n]) n++;
    return memcmp(command_line, word, n) == 0 && (command_line[n] == 0 || command_line[n] == ' ');
}
void kmain(uint64_t start_info)
{
    struct spawn first;
    cpu_start(&cpus[0]);
    console_start();
    say("veridian_ipc %u.%u.%u, demo kernel\n", VIPC_VERSION_MAJOR, VIPC_VERSION_MINOR, VIPC_VERSION_PATCH);
    memory_start(start_info);
    say("cpu: SMEP %s, SMAP %s, NX %s\n", cpus[0].smep ? "on" : "absent", cpus[0].smap ? "on" : "absent", port.no_execute ? "on" : "absent");
    sched_start(&cpus[0]);
    apic_start(&cpus[0]);
    apic_start_others();
    process_start_manager();
    timer_start(1000);
    selftest_disaster(command_line);
    memset(&first, 0, sizeof first);
    const bool tests = asked_for("test");
    if (command_line[0] == 0) memcpy(command_line, "story", 6);
    memcpy(first.program, tests ? "init" : command_line, tests ? 5 : sizeof first.program - 1);
    for (char *c = first.program; *c; c++)                   /* the first word names the first process; the rest is its arguments */
        if (*c == ' ') {
            memcpy(first.arguments, command_line + (c + 1 - first.program), sizeof command_line - (size_t)(c + 1 - first.program));
            *c = 0;
            break;
        }
    if (tests) {
        trap_watchdog(240000000000u);
        selftest(&ring0);
        port_suite(&ring0);
    }
    console_input_start();
    interrupts_on();
    first.priority = URGENT_PRIORITY;
    first.only = ANY_CPU;
    vipc_error e = process_spawn(&first);
    if (e != VIPC_OK) panic("the first process: %s", vipc_error_string(e));
    sched_idle();
}
