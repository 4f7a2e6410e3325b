/* trap.c - exceptions and interrupts.  A page fault is the core's first, by vipc_page_fault.  What it does not resolve, and any other fault in ring 3, ends that process and
 * no other; one in ring 0 is forgiven where usercopy.S expects it, and ends everything elsewhere. */
#include <stdarg.h>
#include "kernel.h"
#include "syscalls.h"

enum { DEBUG = 1, NMI = 2, NO_FPU = 7, DOUBLE_FAULT = 8, PAGE_FAULT = 14, MACHINE_CHECK = 18, EXCEPTIONS = 32 };
static const char *const names[EXCEPTIONS] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound", "invalid opcode", "no FPU", "double fault", "-", "invalid TSS", "segment not present",
    "stack fault", "general protection", "page fault", "-", "FPU error", "alignment check", "machine check", "SIMD error", "virtualization", "control protection",
    "-", "-", "-", "-", "-", "-", "hypervisor", "VMM communication", "security", "-"
};
uint64_t trap_nmis;
static uint32_t panicking;                   /* 1: a CPU is; the others stop */
static vipc_time watchdog = VIPC_FOREVER;
void trap(struct frame *f);
void critical_trap(struct frame *f);

/* ---- the end of everything ---- */
static void backtrace(uint64_t rip, uint64_t rbp)
{
    extern char kernel_text[], kernel_rodata[];
    say("    called from: %lx", rip);
    for (int depth = 0; depth < 24 && rbp >= KERNEL_BASE && rbp % 8 == 0; depth++) {
        const uint64_t *link = (const uint64_t *)rbp;
        if (link[1] < (uint64_t)kernel_text || link[1] >= (uint64_t)kernel_rodata) break;
        say(" %lx", link[1]);
        if (link[0] <= rbp) break;
        rbp = link[0];
    }
    say("\n");
}
static void show(const struct frame *f)
{
    say("    vector %lu (%s), error %lx, cr2 %lx, cr3 %lx, thread %lu\n", f->vector, f->vector < EXCEPTIONS ? names[f->vector] : "-", f->error, read_cr2(), read_cr3(),
        current() ? thread_number(current()) : 0);
    say("    rip %lx cs %lx flags %lx rsp %lx ss %lx\n", f->rip, f->cs, f->flags, f->rsp, f->ss);
    say("    rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx\n", f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->rbp);
    say("    r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx\n", f->r8, f->r9, f->r10, f->r11, f->r12, f->r13, f->r14, f->r15);
}
static NOTHING_MORE void stop(void) { for (;;) __asm__ volatile("cli\n\thlt"); }
/* One CPU speaks; the others are stopped wherever they are, be it with the console's lock. */
static void last_words(void)
{
    interrupts_off();
    if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST)) stop();
    apic_stop_others();
    console_break();
}
static void nmi(void)
{
    if (__atomic_load_n(&panicking, __ATOMIC_SEQ_CST)) stop();
    __atomic_fetch_add(&trap_nmis, 1, __ATOMIC_RELAXED);
}
NOTHING_MORE void panic(const char *format, ...)
{
    va_list a;
    last_words();
    say("\nPANIC: ");
    va_start(a, format);
    say_list(format, a);
    va_end(a);
    say("\n");
    backtrace((uint64_t)__builtin_return_address(0), *(const uint64_t *)__builtin_frame_address(0));
    power_off(false);
}
static NOTHING_MORE void panic_at(const struct frame *f, const char *what)
{
    last_words();
    say("\nPANIC: %s\n", what);
    show(f);
    backtrace(f->rip, f->rbp);
    power_off(false);
}

/* ---- the timer ---- */
void trap_watchdog(vipc_time deadline) { watchdog = deadline; }
static void tick(const struct frame *f)
{
    struct cpu *c = this_cpu();
    timer_follow(c, false);
    if (c->number == 0 && vipc_x86_64_now(&port) > watchdog) {
        watchdog = VIPC_FOREVER;
        say("\nwhat the machine was at:\n");
        sched_show();
        panic_at(f, "the time is over");
    }
    if (c->number == 0) sched_deadlines();
    sched_tick();
}
static void interrupt(const struct frame *f)
{
    struct cpu *c = this_cpu();
    if (f->vector != VECTOR_SPURIOUS && f->vector != VECTOR_CONSOLE) apic_acknowledge();
    if (f->vector == VECTOR_TIMER) tick(f);
    else if (f->vector == VECTOR_CONSOLE) console_interrupt();
    else if (f->vector == VECTOR_RESCHEDULE) sched_look();
    else if (f->vector == VECTOR_SHOOTDOWN) shoot_here();
    if (!(f->cs & 3) && c->reschedule) {                     /* the kernel itself is preempted */
        if (current()->process) c->preempted++;
        thread_yield();
    }
}

/* ---- faults ---- */
enum { FAULT_WRITE = 2, FAULT_RESERVED = 8, FAULT_FETCH = 16 };      /* in the error code */
enum { FLAG_INTERRUPTS = 0x200 };
static uint32_t access_of(const struct frame *f) { return f->error & FAULT_FETCH ? VIPC_PROT_EXEC : f->error & FAULT_WRITE ? VIPC_PROT_WRITE : VIPC_PROT_READ; }

/* The core is asked with the thread's own view: that is in no other call then.  For a fault in ring 3 that is plain; and in the kernel only usercopy.S faults, which system
 * calls use before they call the core and after, and never while they are in it.  Interrupts are on meanwhile, so the address is read first. */
static vipc_error resolve(const struct frame *f, uint64_t address)
{
    const vipc_cap own = { 0 };
    if (f->error & FAULT_RESERVED) panic_at(f, "page tables that the CPU does not take");
    if (address >= USER_TOP) return VIPC_ERR_FAULT;
    interrupts_on();
    vipc_error e = vipc_page_fault(&current()->ipc, own, address, access_of(f), NULL);
    interrupts_off();
    return e;
}
static const char *reason(vipc_error e, uint32_t access)
{
    if (e == VIPC_ERR_FAULT) return "no region";
    if (e == VIPC_ERR_GUARD_PAGE) return "a stack's guard page";
    if (e == VIPC_ERR_OUT_OF_MEMORY) return "out of frames";
    if (e != VIPC_ERR_PERMISSION_DENIED) return vipc_error_string(e);
    return access == VIPC_PROT_EXEC ? "not to be executed" : access == VIPC_PROT_WRITE ? "not to be written" : "not to be read";
}
static void kernel_fault(struct frame *f)
{
    const uint64_t address = read_cr2();
    if (f->vector == PAGE_FAULT)
        for (const struct fixup *fix = fixups; fix < fixups_end; fix++)
            if (fix->at == f->rip && address < fix->limit) {
                const struct process *p = current()->process;
                if (!p || p->killed || !(f->flags & FLAG_INTERRUPTS) || resolve(f, address) != VIPC_OK) f->rip = fix->go_on;
                return;
            }
    if (f->vector == PAGE_FAULT && jump_expected && f->rip == jump_expected) { f->rip = jump_fixup; return; }
    panic_at(f, "a fault in the kernel");
}
static void page_fault(const struct frame *f)
{
    const uint64_t address = read_cr2();
    const struct process *p = current()->process;
    vipc_error e = resolve(f, address);
    if (e == VIPC_OK) return;
    say("kernel: %s (process %lu) ended: page fault, %s, at %lx\n        error %lx, rip %lx, rsp %lx\n", p->name, p->pid.id, reason(e, access_of(f)), address, f->error, f->rip, f->rsp);
    process_kill_current((uint64_t)(STATUS_MEMORY - e));
}
static void user_fault(const struct frame *f)
{
    const struct process *p = current()->process;
    if (f->vector == PAGE_FAULT) { page_fault(f); return; }
    if (f->vector == NO_FPU && !current()->uses_fpu) { fpu_first_use(); return; }
    if (f->vector == DOUBLE_FAULT || f->vector == MACHINE_CHECK) panic_at(f, "the machine itself");
    say("kernel: %s (process %lu) ended: %s, error %lx, rip %lx, rsp %lx\n", p->name, p->pid.id, names[f->vector], f->error, f->rip, f->rsp);
    process_kill_current(STATUS_FAULT + f->vector);
}
/* A program may set AC, which opens its memory to ring 0: entries close it (entry.S, close_user_memory). */
static void is_closed(void)
{
    const uint64_t flags = read_flags();
    if (this_cpu()->smap && (flags & 0x40000)) panic("a trap with user memory open");
}

void trap(struct frame *f)
{
    if (KERNEL_DEBUG) is_closed();
    if (f->vector == NMI) nmi();
    else if (f->vector >= EXCEPTIONS) interrupt(f);
    else if (f->cs & 3) user_fault(f);
    else kernel_fault(f);
    if ((f->cs & 3) && f->vector != NMI) sched_leave_kernel();       /* no switch before the iret that lets the next NMI in */
}
/* From ring 0 on a stack of its own: nothing here may sleep or switch. */
void critical_trap(struct frame *f)
{
    if (KERNEL_DEBUG) is_closed();
    if (f->vector == NMI) nmi();
    else if (f->vector == DEBUG) {                           /* a user's, that struck one instruction late: at the entry of a system call */
        f->flags &= ~0x100ull;
        __asm__ volatile("mov %0, %%dr6" : : "r"(0xffff0ff0ull));
    } else panic_at(f, f->vector == DOUBLE_FAULT ? "a double fault: most likely a kernel stack was too small" : "a machine check");
}
