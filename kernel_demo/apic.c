/* apic.c - the local APIC of each CPU: its timer, interrupts from one CPU to another, and how the further CPUs are started.  By its registers in memory (xAPIC), at LOCAL_APIC */
#include "kernel.h"

enum { END_OF_INTERRUPT = 0xb0, SPURIOUS = 0xf0, COMMAND = 0x300, COMMAND_TO = 0x310, TIMER = 0x320, LINT0 = 0x350, LINT1 = 0x360, TIMER_COUNT = 0x380, TIMER_NOW = 0x390, TIMER_DIVIDE = 0x3e0 };
enum { MASKED = 1 << 16, PERIODIC = 1 << 17, EXTERNAL = 7 << 8, NMI = 4 << 8, INIT = 5 << 8, START = 6 << 8, PENDING = 1 << 12, ASSERT = 1 << 14, ALL_OTHERS = 3 << 18 };
static uint32_t timer_steps;                 /* in 1,024 microseconds */
static uint32_t timer_period;                /* in microseconds */
extern uint64_t ap_stack;
extern struct cpu *ap_cpu;
NOTHING_MORE void ap_main(struct cpu *c);

static volatile uint32_t *reg(uint32_t offset) { return (volatile uint32_t *)(LOCAL_APIC + offset); }
void apic_acknowledge(void) { *reg(END_OF_INTERRUPT) = 0; }

/* ---- to other CPUs ---- */
static void command(uint32_t to, uint32_t what)
{
    while (*reg(COMMAND) & PENDING) __asm__ volatile("pause");
    *reg(COMMAND_TO) = to << 24;
    *reg(COMMAND) = what;
}
void apic_interrupt(struct cpu *to, uint32_t vector)
{
    this_cpu()->interrupts_sent++;
    command(machine.apic_id[to->number], ASSERT | vector);
}
void apic_stop_others(void)
{
    if (machine.cpus > 1 && cpus[1].online) command(0, ASSERT | ALL_OTHERS | NMI);
}

/* ---- the timer ---- */
static void pause_for(uint64_t nanoseconds)
{
    vipc_time end = vipc_x86_64_now(&port) + nanoseconds;
    while (vipc_x86_64_now(&port) < end) __asm__ volatile("pause");
}
static void timer_measure(void)
{
    *reg(TIMER_COUNT) = ~0u;
    pause_for(2048000);
    timer_steps = (~0u - *reg(TIMER_NOW)) / 2;
    *reg(TIMER_COUNT) = 0;
}
void timer_follow(struct cpu *c, bool idle)
{
    uint32_t wanted = idle && c->number ? 0 : timer_period;
    if (c->period == wanted) return;
    c->period = wanted;
    *reg(TIMER_COUNT) = (uint32_t)((uint64_t)wanted * timer_steps / 1024);       /* 0 stops it */
}
void timer_start(uint32_t microseconds)
{
    uint32_t was = vipc_x86_64_enter();
    struct cpu *c = this_cpu();
    timer_period = microseconds;
    timer_follow(c, cpu_priority(c) == IDLE_PRIORITY);
    vipc_x86_64_leave(was);
}

/* The first CPU's takes in what the PC's old interrupt controllers (cpu.c) have to say. */
void apic_start(struct cpu *c)
{
    *reg(SPURIOUS) = 0x100 | VECTOR_SPURIOUS;
    *reg(LINT0) = c->number == 0 ? EXTERNAL : MASKED;
    *reg(LINT1) = NMI;
    *reg(TIMER_DIVIDE) = 0xb;                /* by 1 */
    *reg(TIMER) = PERIODIC | VECTOR_TIMER;
    if (c->number == 0) timer_measure();
}

/* ---- the further CPUs: all are reset, then each is told where to begin, and comes before the next one is ---- */
NOTHING_MORE void ap_main(struct cpu *c)
{
    cpu_start(c);
    apic_start(c);
    vipc_x86_64_cpu(&port);
    __atomic_store_n(&c->online, 1, __ATOMIC_SEQ_CST);
    sched_idle();
}
static bool comes(const struct cpu *c, uint64_t nanoseconds)
{
    vipc_time end = vipc_x86_64_now(&port) + nanoseconds;
    while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
        if (vipc_x86_64_now(&port) > end) return false;
        __asm__ volatile("pause");
    }
    return true;
}
void apic_start_others(void)
{
    extern const char ap_start[], ap_start_end[];
    memcpy((void *)(DIRECT_MAP + AP_START), ap_start, (size_t)(ap_start_end - ap_start));
    for (uint32_t i = 1; i < machine.cpus; i++) command(machine.apic_id[i], ASSERT | INIT);
    if (machine.cpus > 1) pause_for(10000000);
    for (uint32_t i = 1; i < machine.cpus; i++) {
        sched_start(&cpus[i]);
        ap_cpu = &cpus[i];
        ap_stack = cpus[i].kernel_rsp;
        command(machine.apic_id[i], ASSERT | START | AP_START >> 12);
        if (comes(&cpus[i], 1000000)) continue;
        command(machine.apic_id[i], ASSERT | START | AP_START >> 12);          /* the manuals ask for a second one */
        if (!comes(&cpus[i], 2000000000)) panic("CPU %u does not start", i);
    }
}
