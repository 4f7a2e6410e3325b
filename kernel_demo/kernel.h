/* kernel.h - what the parts of the kernel know of each other, by file */
#ifndef KERNEL_H
#define KERNEL_H
#include "layout.h"
#include "../shims/veridian_x86_64.h"
#include "user/include/string.h"

#define KERNEL_BASE 0xffffffff80000000ull    /* the kernel as linked */
#define DIRECT_MAP 0xffff800000000000ull     /* all physical memory */
#define LOCAL_APIC 0xffffffffbf000000ull     /* the page of the local APIC's registers, uncached: each CPU sees its own there */
#define STACK_AREA 0xffffffffc0000000ull     /* kernel stacks, an unmapped page below each */
#define BOOT_MAPPED (1ull << 30)             /* physical: boot.S maps so much; the demo uses no memory above it */
#define USER_TOP VIPC_X86_64_USER_TOP
#define PAGE 4096ull
#define NOTHING_MORE __attribute__((noreturn))

/* What a thread was doing when it entered the kernel; entry.S makes it. */
struct frame {
    uint64_t r15, r14, r13, r12, r11, rbp, rcx, rbx;
    uint64_t rdi, rsi, rdx, r10, r8, r9;     /* the arguments of a system call, in a row */
    uint64_t rax;
    uint64_t vector, error;
    uint64_t rip, cs, flags, rsp, ss;
};
_Static_assert(sizeof(struct frame) == FRAME_SIZE && offsetof(struct frame, rip) == FRAME_RIP && offsetof(struct frame, vector) == FRAME_VECTOR && offsetof(struct frame, rdi) == FRAME_RDI &&
               offsetof(struct frame, rbp) == FRAME_RBP && offsetof(struct frame, rdx) == FRAME_RDX && offsetof(struct frame, r9) == FRAME_R9 && offsetof(struct frame, rax) == FRAME_RAX, "layout.h");

/* ---- acpi.c: CPUs and NUMA nodes, as the firmware tells ---- */
enum { CPUS_MAX = 8, NODES_MAX = 8, RANGES_MAX = 16 };
struct machine {
    uint32_t cpus, left_alone;       /* 1 and up; CPU 0 is the one that booted.  Those that there are beyond what is used */
    uint8_t apic_id[CPUS_MAX], node_of_cpu[CPUS_MAX];
    uint64_t local_apic;             /* physical */
    uint32_t nodes, ranges;          /* 1 and up; memory in no range is node 0.  Ranges do not overlap */
    struct { uint64_t first, bytes; uint32_t node; } range[RANGES_MAX];
};
extern struct machine machine;
void machine_read(uint64_t rsdp);    /* physical; while boot.S's page tables are in use.  0: there is none */
void machine_show(const vipc_x86_64_range *ram, uint32_t n);
struct firmware { const uint8_t *seen; uint64_t first, bytes; };      /* this physical memory, and where it is seen */
bool machine_parse(struct machine *m, const struct firmware *f, uint64_t rsdp, uint8_t boot_apic_id);      /* false: no table of CPUs, so that there is one */

/* ---- lock.c: locks between CPUs.  Each is taken with interrupts off, and by who has taken none of its rank or of a higher one: so no two wait for each other.  Nobody
 * sleeps, switches or shoots translations down while it holds one. ---- */
enum lock_rank {
    RANK_PROCESS = 1,                /* process_lock: the table of processes, errands, who ended */
    RANK_PORT,                       /* port_lock: what the shim asks for (frames, tables set aside), the table of threads, their views for all others */
    RANK_QUEUE,                      /* of each CPU: its ready queue, the state of the threads that are its; never two of them */
    RANK_CONSOLE,
    RANKS
};
struct lock { uint32_t taken; enum lock_rank rank; };
void lock_wait(struct lock *l);              /* until it is free, and taken */
void lock_may_take(const struct lock *l);    /* these two for a debug build */
void lock_may_drop(const struct lock *l);
static inline void lock_take(struct lock *l) /* interrupts are off */
{
    if (KERNEL_DEBUG) lock_may_take(l);
    if (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE)) lock_wait(l);
}
static inline void lock_drop(struct lock *l)
{
    if (KERNEL_DEBUG) lock_may_drop(l);
    __atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}
static inline uint64_t lock_enter(struct lock *l)            /* turns them off; returns what lock_leave wants */
{
    uint32_t was = vipc_x86_64_enter();
    lock_take(l);
    return was;
}
static inline void lock_leave(struct lock *l, uint64_t was)
{
    lock_drop(l);
    vipc_x86_64_leave((uint32_t)was);
}
extern struct lock process_lock, port_lock;

/* ---- cpu.c: what is each CPU's own, descriptors, features, control registers ---- */
enum { PRIORITIES = 4 };
struct thread;
struct __attribute__((packed, aligned(16))) task_state {
    uint32_t reserved;
    uint64_t rsp[3], reserved2, ist[7], reserved3;
    uint16_t reserved4, io_map;
};
struct fast_counts { uint64_t calls, replies, slow; };
struct __attribute__((aligned(64))) cpu {
    uint64_t user_rsp;               /* of the thread that is in a system call, for two instructions */
    uint64_t kernel_rsp;             /* top of the running thread's kernel stack; the same is in the TSS */
    uint32_t smap, smep;             /* 1: the CPU has it */
    struct cpu *self;
    struct thread *current;
    uint32_t number;
    uint32_t reschedule;             /* somebody more urgent is ready, or the slice is over */
    uint32_t fpu_open;               /* CR0.TS is clear: the running thread's FPU registers are in the CPU */
    vipc_cpu ipc;                    /* for the core's fast path: who runs, and below which priority nobody may be switched to; both under `lock`, but when that path switches */
    uint64_t root;                   /* in CR3, or forgotten just now; others read it, and that of `current`: see shootdown.c */
    struct fast_counts fast;
    struct thread *woken;            /* by the current thread, since it runs: who is next if that goes to sleep, so that a call reaches its server at once */
    struct thread *left;             /* by the switch that is under way: it ends, or goes to another CPU */
    uint64_t nowhere;                /* where the stack pointer goes of a thread that leaves nothing on its stack */
    uint64_t preempted, handed_over; /* how often the timer took the CPU from the kernel itself; who went to sleep gave it to whom it had woken */
    uint64_t interrupts_sent;        /* to other CPUs */
    uint32_t page_attributes;        /* 1: the CPU has a table of them */
    uint32_t period;                 /* of its timer, in microseconds; 0: it does not tick */

    /* For others too. */
    struct lock lock __attribute__((aligned(64)));           /* of the next three, and of the states of the threads whose `cpu` this is */
    struct { struct thread *first, *last; } ready[PRIORITIES];
    uint32_t load;                   /* threads in there, and the running one if it is not the idle one; may be read without the lock, as a hint */
    uint32_t online;
    uint32_t to_end;                 /* somebody whose thread may be parked here is to end */
    uint64_t shots[2];               /* bits: of which threads there are translations to forget, see shootdown.c */
    uint32_t held;                   /* bits: the ranks of the locks that it holds, see lock.c */
    struct task_state tss;
    uint64_t gdt[7];
};
_Static_assert(offsetof(struct cpu, user_rsp) == CPU_USER_RSP && offsetof(struct cpu, kernel_rsp) == CPU_KERNEL_RSP && offsetof(struct cpu, smap) == CPU_SMAP &&
               offsetof(struct cpu, self) == CPU_SELF && offsetof(struct cpu, current) == CPU_CURRENT, "layout.h");
extern struct cpu cpus[CPUS_MAX];
/* Whose thread this is may change wherever interrupts are on: only with interrupts off it means anything. */
static inline struct cpu *this_cpu(void) { struct cpu *c; __asm__ volatile("mov %%gs:%c1, %0" : "=r"(c) : "i"(CPU_SELF)); return c; }
static inline uint32_t cpu_number(void) { return this_cpu()->number; }
static inline uint32_t cpu_priority(const struct cpu *c) { return (uint32_t)(*(const volatile uint64_t *)&c->ipc.here >> 32); }     /* of who runs there */
void cpu_start(struct cpu *c);
static inline void cpu_set_stack(struct cpu *c, uint64_t top) { c->kernel_rsp = c->tss.rsp[0] = top; }
void cpu_open_fpu(struct cpu *c, bool open);

/* ---- apic.c: the local APIC's timer, interrupts between CPUs, the start of further ones.  All with interrupts off ---- */
void apic_start(struct cpu *c);              /* on that CPU; the first one's measures the timer */
void apic_start_others(void);
void apic_acknowledge(void);
void apic_interrupt(struct cpu *to, uint32_t vector);
void apic_stop_others(void);                 /* by NMI: see trap.c */
void timer_start(uint32_t microseconds);     /* 20 to 50,000: the period of VECTOR_TIMER on each CPU, from its next tick on */
void timer_follow(struct cpu *c, bool idle); /* at each tick, and when the CPU falls idle or begins to work: all but the first tick only while they do */

/* ---- shootdown.c: translations that other CPUs may hold ---- */
vipc_error shoot_others(void *user, uint64_t root, uint64_t address, uint64_t count, vipc_time deadline);      /* the shim's flush_others */
void shoot_here(void);                       /* VECTOR_SHOOTDOWN: forget what this CPU has been asked to */
bool shoot_may_hold(uint64_t root);          /* has a CPU these tables in CR3, or is about to? */
extern struct shoot_counts { uint64_t ranges, interrupts, full; } shoot_counts;
/* To that of the thread that is `current` by now.  Others see that before this CPU can look anything up there, and c->root change only after it has forgotten the old: to write
 * CR3 is serializing. */
static inline void cpu_set_root(struct cpu *c, uint64_t root)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
    *(volatile uint64_t *)&c->root = root;
}

#define FRAME_OF_ENTRY 0x000ffffffffff000ull /* what is an address in a page-table entry, or in CR3 */
static inline uint64_t read_flags(void) { uint64_t v; __asm__ volatile("pushfq\n\tpopq %0" : "=r"(v)); return v; }
static inline uint64_t read_cr2(void) { uint64_t v; __asm__ volatile("mov %%cr2, %0" : "=r"(v)); return v; }
static inline uint64_t read_cr3(void) { uint64_t v; __asm__ volatile("mov %%cr3, %0" : "=r"(v)); return v; }
static inline void write_cr3(uint64_t v) { __asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory"); }
static inline void out8(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline uint8_t in8(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline void interrupts_on(void) { __asm__ volatile("sti" : : : "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("cli" : : : "memory"); }

/* ---- console.c: the serial port, and words for people ---- */
void console_start(void);
void console_write(const char *text, size_t length);
void console_break(void);                    /* whoever writes has been stopped: from now on all that is said, and was said before, has left when the call returns */
void console_input_start(void);              /* its interrupt from now on */
void console_interrupt(void);
vipc_error console_bind(vipc *self, vipc_cap notification, uint64_t bits);      /* who is to be signalled, with the view of who may; EXISTS: somebody is */
void console_ask(void);                      /* for the next signal, which comes when there is something to be read */
int console_register(uint64_t number);       /* read from the port; -1: not one that a driver reads */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));        /* %s %c %d %u %x, l, and for %u and %x a width */
void say_list(const char *format, __builtin_va_list a);
NOTHING_MORE void power_off(bool passed);    /* QEMU ends: with 33 if passed, else with 35 */

/* ---- memory.c: frames and the kernel's own page tables ---- */
extern vipc_x86_64 port;
extern uint64_t kernel_root;
extern char command_line[64];                                /* the kernel's, its beginning */
void memory_start(uint64_t start_info);
uint64_t kernel_stack(uint32_t index);       /* its top */

/* ---- sched.c: threads that run in turn ---- */
enum { THREADS = 128, STACK_BYTES = 16384 };
enum { IDLE_PRIORITY = 0, USER_PRIORITY = 1, URGENT_PRIORITY = 2, MANAGER_PRIORITY = 3 };
enum thread_state { THREAD_FREE, THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_PARKED, THREAD_ENDING, THREAD_DEAD };     /* ENDING: a CPU still stands on its stack */
enum { ANY_CPU = ~0u };
enum thread_wait { WAIT_NOTHING, WAIT_CALL, WAIT_REPLY, WAIT_MESSAGE, WAIT_ANSWER };     /* see fast.c: to send a call; its reply; a message; to reply, then a message */
struct process;
struct __attribute__((aligned(2048))) thread {      /* a power of two: found from its number by a shift */
    uint64_t rsp;                    /* of its kernel stack, while it does not run */
    uint64_t stack_top;
    uint16_t state;                  /* enum thread_state */
    uint16_t wait;                   /* enum thread_wait: what it does in the kernel, of a message in registers; as long as it is not 0, others may try to unpark it */
    uint32_t priority;
    uint32_t cpu;                    /* whose queue it belongs to: only that CPU runs it, and only that CPU sends it to another */
    uint32_t only;                   /* it stays on that CPU; ANY_CPU */
    bool queued;
    bool unborn;                     /* made, and not told to start yet: a wake-up is meant for who had its number before */
    bool woken;                      /* somebody made it ready while it did not sleep: its next sleep ends at once */
    uint64_t here;                   /* vipc_here() of this CPU and its priority */
    uint64_t root;                   /* of the page tables that it runs on */
    struct thread *next;             /* in the ready queue */
    struct process *process;         /* NULL: the kernel's own, or it is still being made, or has been buried */
    vipc_time deadline;              /* while it sleeps */
    vipc_time until;                 /* while it is parked */
    struct thread *heir;             /* who is told when it is dead */
    uint64_t door;                   /* where it receives messages in registers */
    bool late;                       /* the deadline ended its sleep */
    bool uses_fpu;
    vipc ipc;                        /* its view of the domain */
    uint64_t bounce, bounce_frames;  /* frames that a large message passes through, while it does; 0: none */
    uint8_t fpu[512] __attribute__((aligned(16)));
};
extern struct thread threads[THREADS];                       /* the first is the idle thread */
/* The same all along, wherever it runs: so the compiler may keep it. */
static inline struct thread *current(void) { struct thread *t; __asm__("mov %%gs:%c1, %0" : "=r"(t) : "i"(CPU_CURRENT)); return t; }
static inline struct frame *user_frame(const struct thread *t) { return (struct frame *)(t->stack_top - FRAME_SIZE); }
uint64_t thread_number(const struct thread *t);              /* its native_thread: 1 and up */
struct thread *thread_of(uint64_t number);                   /* NULL: no such thread now */
struct thread *thread_make(void (*run)(void *), void *argument, uint32_t priority, uint32_t only);     /* only: a CPU, or ANY_CPU.  Asleep until thread_begin, whoever wakes it; NULL: no more threads */
void thread_free(struct thread *t);                          /* of one that is dead */
/* All of these with interrupts off. */
void thread_begin(struct thread *t);                         /* of one that was made */
void thread_ready(struct thread *t);                         /* of one that does not sleep: its next sleep ends at once.  So who looks for something and then sleeps misses nothing */
void thread_resume(struct thread *t);                        /* of one that is parked, by who has won it, and given it a place to go on */
bool thread_sleep(vipc_time deadline);                       /* true: the deadline passed.  False: thread_ready, or nothing */
void thread_yield(void);
void thread_run_on(uint32_t cpu);                            /* the current one, from now on; ANY_CPU */
NOTHING_MORE void thread_end(struct thread *heir);
NOTHING_MORE void thread_park(void);                         /* away from the current one, which the core has parked: nothing of its stack is needed */
void thread_switch_fpu(struct thread *was, const struct thread *next);        /* where one of them uses it */
void thread_begin_at(struct thread *t, void (*run)(void *), void *argument);   /* where it goes on when it is switched to, on an empty stack; then to its frame */
void thread_raise(struct thread *t, uint32_t priority);
void sched_start(struct cpu *c);                             /* that CPU's idle thread: on the first one, what runs now */
NOTHING_MORE void sched_idle(void);
void sched_tick(void);
void sched_deadlines(void);                                  /* of all threads; the first CPU's errand */
void sched_look(void);                                       /* VECTOR_RESCHEDULE */
void switch_done(void);                                      /* the last step of a switch, on the new stack: entry.S */
void sched_leave_kernel(void);                               /* before every return to ring 3: let others run if it is their turn */
void fpu_first_use(void);
void thread_put_fpu_away(void);                              /* a copy of the current one's FPU registers into its thread */
void sched_show(void);

/* ---- fast.c: messages in registers ---- */
void thread_unpark(struct thread *t);
bool thread_unpark_if_parked(struct thread *t);              /* under port_lock: so its view is there.  False: it was not */

/* ---- trap.c: exceptions, interrupts, the end of everything ---- */
NOTHING_MORE void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trap_watchdog(vipc_time deadline);                      /* panic if the machine still runs then */
extern uint64_t trap_nmis;

/* ---- usercopy.S: the only code that touches user memory.  0, or 1 if an address was not accessible ---- */
int user_copy(void *to, const void *from, size_t bytes);
int user_touch(void *at);                                    /* writable?  changes nothing */
struct fixup { uint64_t at, go_on, limit; }; /* an instruction that may fault on an address below the limit */
extern const struct fixup fixups[], fixups_end[];
int try_read(const void *at);                                /* these three for selftest.c: 0, or 1 if there was a fault */
int try_write(void *at);
int try_jump(const void *at);
extern uint64_t jump_expected;
extern const uint64_t jump_fixup;

/* ---- user.c: the checked ways to it ---- */
vipc_error user_in(void *to, uint64_t from, size_t bytes);           /* INVALID_ARGUMENT: 0; FAULT: not all of it is the process's */
vipc_error user_out(uint64_t to, const void *from, size_t bytes);
vipc_error user_can_write(uint64_t to, size_t bytes);                /* to be asked before what cannot be undone */
vipc_error user_text(char *to, size_t room, uint64_t from);          /* a string, with its 0; NAME_TOO_LONG */

/* ---- process.c: programs in spaces of their own ---- */
enum { NAME_BYTES = 32, ARGUMENT_BYTES = 128 };
struct process {                     /* made and buried by the manager; the rest look at it under process_lock, once its thread's `process` is set */
    struct thread *thread;           /* NULL: free */
    vipc_pid pid;
    vipc_cap cap;                    /* the manager's, with all rights over it */
    uint64_t status;                 /* how it ended: see syscalls.h */
    bool killed;                     /* it is to end at its next safe point; for good */
    bool first;                      /* nobody ends it, and the machine goes with it */
    bool may_control;                /* the first one, and whom it has given that to: see control.c */
    uint64_t frames_before;          /* that were free when it was made; 0: it is the copy of another, or nobody wanted to be told */
    uint32_t lent;                   /* of `loan`, those that are there */
    vipc_cap loan[1 + VIPC_INITIAL_MAX];     /* the manager's, of what it has in a fork: the child's space, then what the child starts with */
    char name[NAME_BYTES];
};
struct program { const char *name; const uint8_t *image, *end; };
extern const struct program programs[];                      /* programs.c; ends with a NULL name */
struct spawn {                       /* an errand for the manager */
    char program[NAME_BYTES], arguments[ARGUMENT_BYTES];
    struct process *fork;            /* of whom the new one is a copy, with what it has lent; NULL: a program is loaded */
    uint32_t priority, only;
    bool may_control;                /* as its parent */
    vipc_pid parent;                 /* 0: the kernel */
    vipc_error result;
    vipc_pid pid;
    vipc_cap cap;                    /* the parent's, to end it with */
    struct thread *asker;            /* NULL once done */
    struct spawn *next;
};
void process_start_manager(void);
vipc_error process_spawn(struct spawn *s);                   /* sleeps until it is done */
void process_settle(void);                                   /* sleeps until all who had ended by now are buried */
vipc_error process_fork(struct spawn *s, const vipc_cap *initial, uint32_t count);     /* of the current one */
NOTHING_MORE void process_exit(uint64_t status);             /* the current one */
void process_kill(struct process *p, uint64_t status);       /* under process_lock: it ends soon; the current one at its next safe point */
void process_kill_current(uint64_t status);
void process_end_if_killed(void);                            /* a safe point */
struct process *process_of(vipc_pid pid);                    /* under process_lock.  NULL: ended */
const struct process *process_at(uint64_t index);            /* the table, place by place (thread is NULL: nobody); NULL behind its end */
uint32_t process_count(void);                                /* those that are there, to be buried included */
void process_unpark_ending(uint32_t cpu);                    /* those of its threads that are to end */
extern vipc manager_ipc;                                     /* the kernel's own view of the domain, the manager thread's */
extern bool process_tell;                                    /* say of each program that ends what its memory came to */
bool process_status(vipc_pid pid, uint64_t *status);         /* of one of the last that ended */

/* ---- ipc.c: the core, and what the shim asks of the scheduler ---- */
const vipc_x86_64_kernel *ipc_kernel(void);

/* ---- syscall.c; control.c ---- */
void syscall(struct frame *f);
int64_t control(struct thread *t, uint64_t what, uint64_t a, uint64_t b);      /* SYS_CONTROL */

/* ---- selftest.c: what only ring 0 can try ---- */
struct tally { uint32_t passed, failed; };
void selftest(struct tally *t);
uint64_t page_entry(uint64_t root, uint64_t at);             /* of the last level; 0: not mapped */
uint64_t policy_bits(uint32_t cache);                        /* of enum vipc_cache, in such an entry */
void shared_test(struct tally *t);                           /* sharedtest.c */
void smp_test(struct tally *t);                              /* smptest.c */
void node_test(struct tally *t);                             /* nodetest.c */
NOTHING_MORE void machine_off(uint64_t passed, uint64_t failed);      /* main.c: prints the sums */
void port_suite(struct tally *t);                            /* port.c */
void check(struct tally *t, bool good, const char *name);
void selftest_disaster(char *which);                         /* "panic", "overflow", "disorder": ends the machine; else nothing */
#endif
