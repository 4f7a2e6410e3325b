/* sched.c - threads that run in turn: four priorities, the highest that is ready runs, those of one priority take turns at the timer's ticks.
 *
 * Every thread has a kernel stack.  One that does not run has its registers on it: below switch_stacks, whether it was preempted in ring 3 (its frame lies
 * above), preempted in the kernel, or sleeps.  Whatever is here runs with interrupts off: on one CPU that is the lock. */
#include "kernel.h"

struct thread threads[THREADS];              /* the first is the idle thread: never in a queue, it runs when all are empty */
static struct { struct thread *first, *last; } ready[PRIORITIES];
static struct thread *woken;                 /* by the current thread, since it runs: who is next if that goes to sleep, so that a call reaches its server at once */

uint64_t sched_handed_over;
uint64_t thread_number(const struct thread *t) { return (uint64_t)(t - threads) + 1; }
struct thread *thread_of(uint64_t number)
{
    return number >= 1 && number <= THREADS && threads[number - 1].state != THREAD_FREE ? &threads[number - 1] : NULL;
}

/* ---- the queues ---- */
/* The core's fast path may switch to nobody who is less urgent than one who is ready, and to nobody at all while others wait for the end of a slice. */
static void set_floor(void)
{
    uint32_t p = PRIORITIES;
    while (p > 0 && !ready[p - 1].first) p--;
    cpu.ipc.floor = cpu.reschedule ? ~0u : p ? p - 1 : 0;
}
static void reschedule_soon(void) { cpu.reschedule = 1; cpu.ipc.floor = ~0u; }
static void enqueue(struct thread *t)
{
    t->state = THREAD_READY;
    t->next = NULL;
    if (ready[t->priority].first) ready[t->priority].last->next = t;
    else ready[t->priority].first = t;
    ready[t->priority].last = t;
    set_floor();
}
static void unlink(struct thread *t)
{
    struct thread **at = &ready[t->priority].first, *before = NULL;
    while (*at && *at != t) { before = *at; at = &before->next; }
    if (!*at) return;
    *at = t->next;
    if (ready[t->priority].last == t) ready[t->priority].last = before;
    set_floor();
}
static struct thread *dequeue(void)
{
    for (uint32_t p = PRIORITIES; p-- > 0;) {
        struct thread *t = ready[p].first;
        if (!t) continue;
        ready[p].first = t->next;
        return t;
    }
    return &threads[0];
}
/* For one who goes to sleep: whom it has woken, if that takes nobody's turn away. */
static struct thread *dequeue_woken(void)
{
    struct thread *t = woken;
    if (!t || cpu.reschedule || t->state != THREAD_READY || t->priority < cpu.ipc.floor) return dequeue();
    unlink(t);
    sched_handed_over++;
    return t;
}

/* ---- switching ---- */
static void fpu_save(struct thread *t) { __asm__ volatile("fxsave %0" : "=m"(t->fpu)); }
static void fpu_load(const struct thread *t) { __asm__ volatile("fxrstor %0" : : "m"(t->fpu)); }

/* Segment registers mean nothing in long mode, but ring 3 can write and read them: what one process leaves there the next must not find.  While %gs is
 * loaded its base must be the user's: an NMI looks at it. */
static void forget_selectors(void)
{
    uint32_t d, e, f, g;
    __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3" : "=r"(d), "=r"(e), "=r"(f), "=r"(g));
    if (((d | e | f | g) & 0xffff) == 0) return;
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tswapgs\n\tmov %0, %%gs\n\tswapgs" : : "r"(0) : "memory");
}
void thread_switch_fpu(struct thread *was, const struct thread *next)
{
    if (was->uses_fpu && was->state != THREAD_DEAD) fpu_save(was);
    cpu_open_fpu(next->uses_fpu);
    if (next->uses_fpu) fpu_load(next);
}
static void switch_to(struct thread *next)
{
    void switch_stacks(uint64_t *save, uint64_t load);
    struct thread *was = current();
    cpu.reschedule = 0;
    woken = NULL;
    set_floor();
    next->state = THREAD_RUNNING;
    if (next == was) return;
    if (was->uses_fpu | next->uses_fpu) thread_switch_fpu(was, next);
    forget_selectors();
    if (read_cr3() != next->root) write_cr3(next->root);
    cpu_set_stack(next->stack_top);
    cpu.current = next;
    cpu.ipc.here = next->here;
    switch_stacks(&was->rsp, next->rsp);
}
/* The first time that a thread touches an FPU register: from now on it has some of its own, clean ones. */
void fpu_first_use(void)
{
    struct thread *t = current();
    memset(t->fpu, 0, sizeof t->fpu);
    t->fpu[0] = 0x7f;                /* FCW 0x037f, MXCSR 0x1f80: all exceptions masked */
    t->fpu[1] = 0x03;
    t->fpu[24] = 0x80;
    t->fpu[25] = 0x1f;
    t->uses_fpu = true;
    cpu_open_fpu(true);
    fpu_load(t);
}

/* ---- what the rest of the kernel calls ---- */
void thread_ready(struct thread *t)
{
    if (t->state != THREAD_SLEEPING) return;
    enqueue(t);
    if (t->priority > current()->priority) reschedule_soon();
    else woken = t;
}
void thread_yield(void)
{
    struct thread *t = current();
    if (t == &threads[0]) t->state = THREAD_READY;
    else enqueue(t);
    switch_to(dequeue());
}
bool thread_sleep(vipc_time deadline)
{
    struct thread *t = current();
    t->deadline = deadline;
    t->late = false;
    t->state = THREAD_SLEEPING;
    switch_to(dequeue_woken());
    return t->late;
}
NOTHING_MORE void thread_park(void)
{
    current()->state = THREAD_PARKED;
    switch_to(dequeue_woken());
    panic("a parked thread runs");
}
NOTHING_MORE void thread_end(void)
{
    current()->state = THREAD_DEAD;
    switch_to(dequeue());
    panic("a dead thread runs");
}
void thread_raise(struct thread *t, uint32_t priority)
{
    if (t->priority >= priority) return;
    bool queued = t->state == THREAD_READY;
    if (queued) unlink(t);
    t->priority = priority;
    t->here = vipc_here(0, priority);
    if (queued) enqueue(t);
    if (queued && priority > current()->priority) reschedule_soon();
}
void sched_leave_kernel(void)
{
    for (;;) {
        process_end_if_killed();
        if (!cpu.reschedule) return;
        thread_yield();
    }
}
void sched_tick(void)
{
    vipc_time now = vipc_x86_64_now(&port);
    for (uint32_t i = 1; i < THREADS; i++) {
        if (threads[i].deadline > now) continue;
        thread_unpark_if_parked(&threads[i]);
        if (threads[i].state != THREAD_SLEEPING) continue;
        threads[i].late = true;
        thread_ready(&threads[i]);
    }
    for (uint32_t p = current()->priority; p < PRIORITIES; p++)
        if (ready[p].first) reschedule_soon();
}

/* ---- making and ending ---- */
/* What switch_stacks will find, at the lower end of the stack: whoever is about to leave the upper end may still stand there. */
void thread_begin_at(struct thread *t, void (*run)(void *), void *argument)
{
    extern char thread_start[];
    uint64_t *sp = (uint64_t *)(t->stack_top - STACK_BYTES + 512);
    *--sp = (uint64_t)thread_start;
    *--sp = 0;                       /* rbp */
    *--sp = (uint64_t)run;           /* rbx */
    *--sp = (uint64_t)argument;      /* r12 */
    *--sp = t->stack_top - FRAME_SIZE;       /* r13 */
    sp -= 2;                         /* r14, r15 */
    t->rsp = (uint64_t)sp;
}
struct thread *thread_make(void (*run)(void *), void *argument, uint32_t priority)
{
    uint32_t i = 1, was = vipc_x86_64_enter();
    while (i < THREADS && threads[i].state != THREAD_FREE) i++;
    if (i < THREADS) {
        memset(&threads[i], 0, sizeof threads[i]);
        threads[i].state = THREAD_SLEEPING;
        threads[i].deadline = VIPC_FOREVER;
        threads[i].priority = priority;
        threads[i].here = vipc_here(0, priority);
        threads[i].root = kernel_root;
    }
    vipc_x86_64_leave(was);
    if (i == THREADS) return NULL;
    uint64_t top = kernel_stack_make(i);
    if (top == 0) { threads[i].state = THREAD_FREE; return NULL; }
    threads[i].stack_top = top;
    thread_begin_at(&threads[i], run, argument);
    return &threads[i];
}
void thread_free(struct thread *t)
{
    kernel_stack_drop((uint32_t)(t - threads));
    t->state = THREAD_FREE;
}
void sched_start(void)
{
    extern char boot_stack_top[];
    threads[0].state = THREAD_RUNNING;
    threads[0].priority = IDLE_PRIORITY;
    threads[0].here = cpu.ipc.here = vipc_here(0, IDLE_PRIORITY);
    threads[0].root = kernel_root;
    threads[0].stack_top = (uint64_t)boot_stack_top;
    cpu.current = &threads[0];
    cpu_set_stack(threads[0].stack_top);
}
void sched_show(void)
{
    static const char *const states[] = { "free", "ready", "running", "sleeping", "parked", "dead" };
    for (uint32_t i = 0; i < THREADS; i++)
        if (threads[i].state != THREAD_FREE)
            say("    thread %u: %s, priority %u, %s, until %lx, rip %lx\n", i + 1, states[threads[i].state], threads[i].priority,
                threads[i].process ? threads[i].process->name : "kernel", threads[i].deadline, threads[i].process ? user_frame(&threads[i])->rip : 0);
}
