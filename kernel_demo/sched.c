/* sched.c - threads that run in turn, on several CPUs: four priorities, on each CPU the highest that is ready there runs, those of one priority take turns at the ticks.
 *
 * Every thread has a kernel stack.  One that does not run has its registers on it: below switch_stacks, whether it was preempted in ring 3 (its frame lies
 * above), preempted in the kernel, or sleeps.  Whatever is here runs with interrupts off.
 *
 * A thread belongs to one CPU (`cpu`): who makes it ready puts it into that CPU's queue, and that CPU alone takes it out.  So nobody runs on a stack that another CPU still
 * stands on, although a thread may be made ready before its CPU has quite left it.  It goes to another CPU in three ways: from the queue, when its CPU gives it away at a
 * tick (give_away); from the last step of a switch, when it asks for it (thread_run_on); or before it has ever run.
 * A thread's state changes under its CPU's lock, but for that of who is parked or resumed by the fast path, which its own CPU does.  The lock is dropped before stacks are
 * switched; what must not be seen before that is done (a thread that is dead, or another CPU's now) is left to switch_done. */
#include "kernel.h"

struct thread threads[THREADS];              /* the first are the idle threads, one for each CPU: never in a queue, each runs when its CPU's are empty */

uint64_t thread_number(const struct thread *t) { return (uint64_t)(t - threads) + 1; }
struct thread *thread_of(uint64_t number)
{
    return number >= 1 && number <= THREADS && threads[number - 1].state != THREAD_FREE ? &threads[number - 1] : NULL;
}
static bool is_idle(const struct thread *t) { return t < threads + machine.cpus; }

/* ---- the queues: all under the CPU's lock ---- */
/* The lock of the CPU that the thread belongs to. */
static struct cpu *lock_home(const struct thread *t)
{
    for (;;) {
        struct cpu *c = &cpus[*(const volatile uint32_t *)&t->cpu];
        __asm__("" : "+r"(c));               /* computed once */
        lock_take(&c->lock);
        if (*(const volatile uint32_t *)&t->cpu == c->number) return c;
        lock_drop(&c->lock);
    }
}
/* The core's fast path may switch to nobody who is less urgent than one who is ready, and to nobody at all while others wait for the end of a slice. */
static void set_floor(struct cpu *c)
{
    uint32_t p = PRIORITIES;
    while (p > 0 && !c->ready[p - 1].first) p--;
    c->ipc.floor = c->reschedule ? ~0u : p ? p - 1 : 0;
}
static void reschedule_soon(struct cpu *c)
{
    c->reschedule = 1;
    c->ipc.floor = ~0u;
}
static void enqueue(struct cpu *c, struct thread *t)
{
    t->state = THREAD_READY;
    t->next = NULL;
    t->queued = true;
    if (c->ready[t->priority].first) c->ready[t->priority].last->next = t;
    else c->ready[t->priority].first = t;
    c->ready[t->priority].last = t;
    c->load++;
    if (c->ipc.floor < t->priority) c->ipc.floor = t->priority;            /* as set_floor would have it */
}
/* The floor is the caller's to set: before the lock is dropped, as switch_to does. */
static void unlink(struct cpu *c, struct thread *t)
{
    struct thread **at = &c->ready[t->priority].first, *before = NULL;
    while (*at != t) { before = *at; at = &before->next; }
    *at = t->next;
    if (c->ready[t->priority].last == t) c->ready[t->priority].last = before;
    t->queued = false;
    c->load--;
}
static struct thread *first_ready(const struct cpu *c)
{
    for (uint32_t p = PRIORITIES; p-- > 0;)
        if (c->ready[p].first) return c->ready[p].first;
    return NULL;
}
static struct thread *dequeue(struct cpu *c)
{
    struct thread *t = first_ready(c);
    if (!t) return &threads[c->number];
    unlink(c, t);
    return t;
}
/* For one who goes to sleep: whom it has woken, if that takes nobody's turn away. */
static struct thread *dequeue_woken(struct cpu *c)
{
    struct thread *t = c->woken;
    if (!t || c->reschedule || !t->queued || t->cpu != c->number || t->priority < c->ipc.floor) return dequeue(c);
    unlink(c, t);
    c->handed_over++;
    return t;
}
/* A thread of c's has become ready, and the lock is dropped: who runs there is to give way if that is more urgent. */
static void drop_and_tell(struct cpu *c, const struct thread *t)
{
    const bool urgent = t->priority > cpu_priority(c);
    struct cpu *me = this_cpu();
    if (urgent && c == me) reschedule_soon(c);
    lock_drop(&c->lock);
    if (urgent && c != me) apic_interrupt(c, VECTOR_RESCHEDULE);
}
/* The same of one that somebody has woken, or won. */
static void enqueue_woken(struct cpu *c, struct thread *t)
{
    enqueue(c, t);
    if (c != this_cpu() || t->priority > cpu_priority(c)) { drop_and_tell(c, t); return; }
    c->woken = t;
    lock_drop(&c->lock);
}

/* ---- switching ---- */
static void fpu_save(struct thread *t) { __asm__ volatile("fxsave %0" : "=m"(t->fpu)); }
static void fpu_load(const struct thread *t) { __asm__ volatile("fxrstor %0" : : "m"(t->fpu)); }
void thread_put_fpu_away(void)
{
    uint32_t was = vipc_x86_64_enter();
    if (current()->uses_fpu) fpu_save(current());
    vipc_x86_64_leave(was);
}

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
    if (was->uses_fpu && was->state != THREAD_ENDING) fpu_save(was);
    cpu_open_fpu(this_cpu(), next->uses_fpu);
    if (next->uses_fpu) fpu_load(next);
}
/* Under c's lock, which is dropped.  save: where the stack pointer of who runs now is kept. */
static void switch_to(struct cpu *c, struct thread *next, uint64_t *save)
{
    void switch_stacks(uint64_t *save, uint64_t load);
    struct thread *was = c->current;
    c->load += !is_idle(next) - !is_idle(was);
    c->reschedule = 0;
    c->woken = NULL;
    c->ipc.here = next->here;
    set_floor(c);
    next->state = THREAD_RUNNING;
    lock_drop(&c->lock);
    if (next == was && save == &was->rsp) return;
    if (was->uses_fpu | next->uses_fpu) thread_switch_fpu(was, next);
    forget_selectors();
    if (is_idle(was) != is_idle(next)) timer_follow(c, is_idle(next));
    cpu_set_stack(c, next->stack_top);
    c->current = next;
    __asm__ volatile("" : : : "memory");
    if (c->root != next->root) cpu_set_root(c, next->root);
    switch_stacks(save, next->rsp);
    switch_done();
}
/* On the new stack: nobody stands on the old one any more. */
void switch_done(void)
{
    struct cpu *c = this_cpu(), *to;
    struct thread *t = c->left;
    if (!t) return;
    c->left = NULL;
    if (t->state == THREAD_ENDING) {
        struct thread *heir = t->heir;
        __atomic_store_n(&t->state, THREAD_DEAD, __ATOMIC_RELEASE);            /* from here on it may be gone */
        if (heir) thread_ready(heir);
        return;
    }
    to = &cpus[t->only];
    lock_take(&c->lock);
    t->cpu = t->only;
    t->here = vipc_here(t->cpu, t->priority);
    lock_drop(&c->lock);
    lock_take(&to->lock);
    enqueue(to, t);
    drop_and_tell(to, t);
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
    cpu_open_fpu(this_cpu(), true);
    fpu_load(t);
}

/* ---- what the rest of the kernel calls ---- */
static void wake(struct thread *t, bool late)
{
    struct cpu *c = lock_home(t);
    if (t->state != THREAD_SLEEPING || t->unborn || (late && t->deadline > vipc_x86_64_now(&port))) {
        t->woken |= !late;
        lock_drop(&c->lock);
        return;
    }
    t->late = late;
    enqueue_woken(c, t);
}
void thread_ready(struct thread *t) { wake(t, false); }
void thread_begin(struct thread *t)
{
    t->unborn = false;
    wake(t, false);
}
void thread_resume(struct thread *t) { enqueue_woken(lock_home(t), t); }
void thread_yield(void)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    lock_take(&c->lock);
    if (is_idle(t)) t->state = THREAD_READY;
    else enqueue(c, t);
    switch_to(c, dequeue(c), &t->rsp);
}
bool thread_sleep(vipc_time deadline)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    lock_take(&c->lock);
    t->late = false;
    if (t->woken) {
        t->woken = false;
        lock_drop(&c->lock);
        return false;
    }
    t->deadline = deadline;
    t->state = THREAD_SLEEPING;
    switch_to(c, dequeue_woken(c), &t->rsp);
    return t->late;
}
/* From the moment that the core had parked it others may have made it ready. */
NOTHING_MORE void thread_park(void)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    lock_take(&c->lock);
    if (!t->queued) t->state = THREAD_PARKED;
    switch_to(c, dequeue_woken(c), &c->nowhere);
    panic("a parked thread runs");
}
NOTHING_MORE void thread_end(struct thread *heir)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->left = c->current;
    t->heir = heir;
    t->wait = WAIT_NOTHING;
    lock_take(&c->lock);
    t->state = THREAD_ENDING;
    switch_to(c, dequeue(c), &c->nowhere);
    panic("a dead thread runs");
}
void thread_run_on(uint32_t cpu)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    t->only = cpu;
    if (cpu == ANY_CPU || cpu == c->number) return;
    c->left = t;
    lock_take(&c->lock);
    t->state = THREAD_READY;                 /* in no queue yet: see switch_done */
    switch_to(c, dequeue(c), &t->rsp);
}
void thread_raise(struct thread *t, uint32_t priority)
{
    struct cpu *c = lock_home(t);
    const bool queued = t->queued;
    if (t->priority >= priority) { lock_drop(&c->lock); return; }
    if (queued) unlink(c, t);
    t->priority = priority;
    t->here = vipc_here(t->cpu, priority);
    if (!queued) { lock_drop(&c->lock); return; }
    enqueue(c, t);
    drop_and_tell(c, t);
}
void sched_leave_kernel(void)
{
    for (;;) {
        process_end_if_killed();
        if (!this_cpu()->reschedule) return;
        thread_yield();
    }
}
/* Those who wait here for a turn would have it at once on a CPU that has two fewer: one of them goes there.  Not one who is in a step of the core's, which has been told the
 * CPU, nor who is to run next. */
static void give_away(struct cpu *c)
{
    struct cpu *to = c;
    struct thread *t = NULL;
    for (uint32_t i = 0; i < machine.cpus; i++)
        if (cpus[i].online && cpus[i].load < to->load) to = &cpus[i];
    if (to->load + 2 > c->load) return;
    lock_take(&c->lock);
    for (uint32_t p = USER_PRIORITY; p < PRIORITIES && !t; p++)
        for (t = c->ready[p].first; t && (t->only != ANY_CPU || t->wait != WAIT_NOTHING || t == c->woken);) t = t->next;
    if (t) {
        unlink(c, t);
        set_floor(c);
        t->cpu = to->number;
        t->here = vipc_here(t->cpu, t->priority);
    }
    lock_drop(&c->lock);
    if (!t) return;
    lock_take(&to->lock);
    enqueue(to, t);
    drop_and_tell(to, t);
}
static void look(struct cpu *c, uint32_t from)
{
    lock_take(&c->lock);
    for (uint32_t p = from; p < PRIORITIES; p++)
        if (c->ready[p].first) reschedule_soon(c);
    lock_drop(&c->lock);
}
void sched_tick(void)
{
    struct cpu *c = this_cpu();
    if (machine.cpus > 1) give_away(c);
    look(c, cpu_priority(c));
}
void sched_look(void)
{
    struct cpu *c = this_cpu();
    look(c, cpu_priority(c) + 1);
    if (__atomic_exchange_n(&c->to_end, 0, __ATOMIC_ACQUIRE)) process_unpark_ending(c->number);
}
void sched_deadlines(void)
{
    vipc_time now = vipc_x86_64_now(&port);
    for (struct thread *t = threads + machine.cpus; t < threads + THREADS; t++) {
        if (t->state == THREAD_SLEEPING && t->deadline <= now) wake(t, true);
        if (t->wait == WAIT_NOTHING || t->until > now) continue;
        lock_take(&port_lock);
        if (t->state != THREAD_FREE && t->until <= now) thread_unpark_if_parked(t);
        lock_drop(&port_lock);
    }
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
static uint32_t least_loaded(void)
{
    uint32_t best = cpu_number();
    for (uint32_t i = 0; i < machine.cpus; i++)
        if (cpus[i].online && cpus[i].load < cpus[best].load) best = i;
    return best;
}
static void clear(struct thread *t, uint32_t priority, uint32_t cpu, uint32_t only)
{
    memset(t, 0, sizeof *t);
    t->unborn = true;
    __atomic_store_n(&t->state, THREAD_SLEEPING, __ATOMIC_RELEASE);
    t->deadline = VIPC_FOREVER;
    t->priority = priority;
    t->cpu = cpu;
    t->only = only;
    t->here = vipc_here(cpu, priority);
    t->root = kernel_root;
    t->stack_top = kernel_stack((uint32_t)(t - threads));
}
struct thread *thread_make(void (*run)(void *), void *argument, uint32_t priority, uint32_t only)
{
    uint64_t was = lock_enter(&port_lock);
    struct thread *t = threads + machine.cpus;
    while (t < threads + THREADS && t->state != THREAD_FREE) t++;
    if (t < threads + THREADS) clear(t, priority, only == ANY_CPU ? least_loaded() : only, only);
    lock_leave(&port_lock, was);
    if (t == threads + THREADS) return NULL;
    thread_begin_at(t, run, argument);
    return t;
}
void thread_free(struct thread *t)
{
    uint64_t was = lock_enter(&port_lock);
    t->state = THREAD_FREE;
    lock_leave(&port_lock, was);
}
/* The first CPU's for itself, on the stack it stands on; the others' before they start. */
void sched_start(struct cpu *c)
{
    extern char boot_stack_top[];
    const uint32_t number = (uint32_t)(c - cpus);
    struct thread *t = &threads[number];
    clear(t, IDLE_PRIORITY, number, number);
    t->state = THREAD_RUNNING;
    if (number == 0) t->stack_top = (uint64_t)boot_stack_top;
    c->ipc.here = t->here;
    c->root = kernel_root;
    c->current = t;
    cpu_set_stack(c, t->stack_top);
    if (number == 0) c->online = 1;
}
NOTHING_MORE void sched_idle(void)
{
    for (;;) {
        interrupts_off();
        while (this_cpu()->reschedule) thread_yield();       /* the last step of the switch to here may have made somebody ready */
        __asm__ volatile("sti\n\thlt");                      /* nothing comes between the two */
    }
}
void sched_show(void)
{
    static const char *const states[] = { "free", "ready", "running", "sleeping", "parked", "ending", "dead" };
    for (uint32_t i = 0; i < THREADS; i++)
        if (threads[i].state != THREAD_FREE)
            say("    thread %u: CPU %u, %s, priority %u, %s, until %lx, rip %lx\n", i + 1, threads[i].cpu, states[threads[i].state], threads[i].priority,
                threads[i].process ? threads[i].process->name : "kernel", threads[i].wait ? threads[i].until : threads[i].deadline, threads[i].process ? user_frame(&threads[i])->rip : 0);
}
