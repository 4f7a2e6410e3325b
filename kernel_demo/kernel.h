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
#define START_PAGE 0x8000ull                 /* physical: kept for the code that further CPUs start with */
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

/* ---- cpu.c: descriptors, features, control registers, the interval timer ---- */
struct thread;
struct cpu {
    uint64_t user_rsp;               /* of the thread that is in a system call, for two instructions */
    uint64_t kernel_rsp;             /* top of the running thread's kernel stack; the same is in the TSS */
    uint32_t smap, smep;             /* 1: the CPU has it */
    struct thread *current;
    uint32_t reschedule;             /* somebody more urgent is ready, or the slice is over */
    uint32_t page_attributes;        /* 1: the CPU has a table of them */
    uint32_t fpu_open;               /* CR0.TS is clear: the running thread's FPU registers are in the CPU */
    vipc_cpu ipc;                    /* for the core's fast path: who runs, and below which priority nobody may be switched to */
};
_Static_assert(offsetof(struct cpu, user_rsp) == CPU_USER_RSP && offsetof(struct cpu, kernel_rsp) == CPU_KERNEL_RSP && offsetof(struct cpu, smap) == CPU_SMAP, "layout.h");
extern struct cpu cpu;
extern struct __attribute__((packed, aligned(16))) task_state {
    uint32_t reserved;
    uint64_t rsp[3], reserved2, ist[7], reserved3;
    uint16_t reserved4, io_map;
} tss;
void cpu_start(void);
static inline void cpu_set_stack(uint64_t top) { cpu.kernel_rsp = tss.rsp[0] = top; }
void cpu_open_fpu(bool open);
void timer_start(uint32_t microseconds);     /* 20 to 50,000: the period of vector 32 from now on */
void timer_acknowledge(void);

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
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));        /* %s %c %d %u %x, l, and for %u and %x a width */
void say_list(const char *format, __builtin_va_list a);
NOTHING_MORE void power_off(bool passed);    /* QEMU ends: with 33 if passed, else with 35 */

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
static inline uint32_t cpu_number(void) { return 0; }        /* of the CPU that asks */

/* ---- memory.c: frames and the kernel's own page tables ---- */
extern vipc_x86_64 port;
extern uint64_t kernel_root;
extern char command_line[64];                                /* the kernel's, its beginning */
void memory_start(uint64_t start_info);
uint64_t kernel_stack_make(uint32_t index);  /* top of a fresh one; 0: no frames */
void kernel_stack_drop(uint32_t index);

/* ---- sched.c: threads that run in turn ---- */
enum { THREADS = 64, PRIORITIES = 4, STACK_BYTES = 16384 };
enum { IDLE_PRIORITY = 0, USER_PRIORITY = 1, URGENT_PRIORITY = 2, MANAGER_PRIORITY = 3 };
enum thread_state { THREAD_FREE, THREAD_READY, THREAD_RUNNING, THREAD_SLEEPING, THREAD_PARKED, THREAD_DEAD };
enum thread_wait { WAIT_NOTHING, WAIT_CALL, WAIT_REPLY, WAIT_MESSAGE, WAIT_ANSWER };     /* see fast.c: to send a call; its reply; a message; to reply, then a message */
struct process;
struct __attribute__((aligned(2048))) thread {      /* a power of two: found from its number by a shift */
    uint64_t rsp;                    /* of its kernel stack, while it does not run */
    uint64_t stack_top;
    enum thread_state state : 16;    /* side by side: the fast path sets both at once */
    enum thread_wait wait : 16;      /* what it does in the kernel, of a message in registers */
    uint32_t priority;
    uint64_t here;                   /* vipc_here() of this CPU and its priority */
    uint64_t root;                   /* of the page tables that it runs on */
    struct thread *next;             /* in the ready queue */
    struct process *process;         /* NULL: the kernel's own */
    vipc_time deadline;              /* while it sleeps or is parked */
    uint64_t door;                   /* where it receives messages in registers */
    bool late;                       /* the deadline ended its sleep */
    bool uses_fpu;
    vipc ipc;                        /* its view of the domain */
    uint64_t bounce, bounce_frames;  /* frames that a large message passes through, while it does; 0: none */
    uint8_t fpu[512] __attribute__((aligned(16)));
};
extern struct thread threads[THREADS];                       /* the first is the idle thread */
static inline struct thread *current(void) { return cpu.current; }
static inline struct frame *user_frame(const struct thread *t) { return (struct frame *)(t->stack_top - FRAME_SIZE); }
uint64_t thread_number(const struct thread *t);              /* its native_thread: 1 and up */
struct thread *thread_of(uint64_t number);                   /* NULL: no such thread now */
struct thread *thread_make(void (*run)(void *), void *argument, uint32_t priority);    /* sleeping until thread_ready; NULL: no more threads or memory */
void thread_free(struct thread *t);                          /* of one that is dead */
/* All of these with interrupts off. */
void thread_ready(struct thread *t);
bool thread_sleep(vipc_time deadline);                       /* true: the deadline passed */
void thread_yield(void);
NOTHING_MORE void thread_end(void);
NOTHING_MORE void thread_park(void);                         /* away from the current one, which the core has parked: nothing of its stack is needed */
void thread_switch_fpu(struct thread *was, const struct thread *next);        /* where one of them uses it */
void thread_begin_at(struct thread *t, void (*run)(void *), void *argument);   /* where it goes on when it is switched to, on an empty stack; then to its frame */
void thread_raise(struct thread *t, uint32_t priority);
void sched_start(void);                                      /* what runs now becomes the idle thread */
void sched_tick(void);
void sched_leave_kernel(void);                               /* before every return to ring 3: let others run if it is their turn */
void fpu_first_use(void);
void sched_show(void);
extern uint64_t sched_handed_over;                           /* how often who went to sleep gave the CPU to whom it had woken */

/* ---- fast.c: messages in registers ---- */
extern struct fast_counts { uint64_t calls, replies, slow; } fast_counts;
void thread_unpark(struct thread *t);
void thread_unpark_if_parked(struct thread *t);

/* ---- trap.c: exceptions, interrupts, the end of everything ---- */
NOTHING_MORE void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));
void trap_watchdog(vipc_time deadline);                      /* panic if the machine still runs then */
extern uint64_t trap_nmis;
extern uint64_t trap_preempted;                              /* how often the timer took the CPU from the kernel itself */

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
struct process {
    struct thread *thread;           /* NULL: free */
    vipc_pid pid;
    vipc_cap cap;                    /* the manager's, with all rights over it */
    uint64_t status;                 /* how it ended: see syscalls.h */
    bool killed;                     /* it is to end at its next safe point */
    bool may_control;                /* the first one: it may set the timer and switch the machine off */
    uint64_t frames_before;          /* that were free when it was made; 0: it is the copy of another */
    uint32_t lent;                   /* of `loan`, those that are there */
    vipc_cap loan[1 + VIPC_INITIAL_MAX];     /* the manager's, of what it has in a fork: the child's space, then what the child starts with */
    char name[NAME_BYTES];
};
struct program { const char *name; const uint8_t *image, *end; };
extern const struct program programs[];                      /* programs.c; ends with a NULL name */
struct spawn {                       /* an errand for the manager */
    char program[NAME_BYTES], arguments[ARGUMENT_BYTES];
    struct process *fork;            /* of whom the new one is a copy, with what it has lent; NULL: a program is loaded */
    uint32_t priority;
    vipc_pid parent;                 /* 0: the kernel */
    vipc_error result;
    vipc_pid pid;
    vipc_cap cap;                    /* the parent's, to end it with */
    struct thread *asker;            /* NULL once done */
    struct spawn *next;
};
void process_start_manager(void);
vipc_error process_spawn(struct spawn *s);                   /* sleeps until it is done */
vipc_error process_fork(struct spawn *s, const vipc_cap *initial, uint32_t count);     /* of the current one */
NOTHING_MORE void process_exit(uint64_t status);             /* the current one */
void process_kill(struct process *p, uint64_t status);       /* it ends soon; safe for the current one, which ends at its next safe point */
void process_end_if_killed(void);                            /* a safe point */
struct process *process_of(vipc_pid pid);                    /* NULL: ended */
uint32_t process_count(void);                                /* those that are there, to be buried included */
extern vipc manager_ipc;                                     /* the kernel's own view of the domain, the manager thread's */
extern bool process_tell;                                    /* say of each program that ends what its memory came to */
bool process_status(vipc_pid pid, uint64_t *status);         /* of one of the last that ended */

/* ---- ipc.c: the core, and what the shim asks of the scheduler ---- */
const vipc_x86_64_kernel *ipc_kernel(void);

/* ---- syscall.c ---- */
void syscall(struct frame *f);

/* ---- selftest.c: what only ring 0 can try ---- */
struct tally { uint32_t passed, failed; };
void selftest(struct tally *t);
#define FRAME_OF_ENTRY 0x000ffffffffff000ull
uint64_t page_entry(uint64_t root, uint64_t at);             /* of the last level; 0: not mapped */
uint64_t policy_bits(uint32_t cache);                        /* of enum vipc_cache, in such an entry */
void shared_test(struct tally *t);                           /* sharedtest.c */
NOTHING_MORE void machine_off(uint64_t passed, uint64_t failed);      /* main.c: prints the sums */
void port_suite(struct tally *t);                            /* port.c */
void check(struct tally *t, bool good, const char *name);
void selftest_disaster(char *which);                         /* "panic", "overflow": ends the machine; else nothing */
#endif
