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
void kmain(uint64_t start_info)
{
    struct spawn first;
    console_start();
    say("veridian_ipc %u.%u.%u, demo kernel\n", VIPC_VERSION_MAJOR, VIPC_VERSION_MINOR, VIPC_VERSION_PATCH);
    cpu_start();
    memory_start(start_info);
    say("cpu: SMEP %s, SMAP %s, NX %s\n", cpu.smep ? "on" : "absent", cpu.smap ? "on" : "absent", port.no_execute ? "on" : "absent");
    sched_start();
    process_start_manager();
    trap_watchdog(90000000000u);
    timer_start(1000);
    selftest_disaster(command_line);
    memset(&first, 0, sizeof first);
    if (memcmp(command_line, "bench", 5) == 0) memcpy(first.program, "bench", 6);      /* see tests/bench/kernel */
    else {
        memcpy(first.program, "init", 5);
        selftest(&ring0);
        port_suite(&ring0);
    }
    interrupts_on();
    first.priority = URGENT_PRIORITY;
    vipc_error e = process_spawn(&first);
    if (e != VIPC_OK) panic("the first process: %s", vipc_error_string(e));
    for (;;) __asm__ volatile("sti\n\thlt");
}
