/* hooks.c - all that the header asks of this kernel: frames, threads that sleep and wake, time, interrupts, words; and the core itself */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "kernel.h"

/* Frames: those of the range of memory that the kernel lies in, from its end on, numbered from 0. */
enum { MAPPED = 1 << 30 };                         /* what boot.S maps */
extern char kernel_end[];
static uint8_t taken[MAPPED / FRAME];
static uint64_t base, frames;
uint64_t frames_taken, preemptions;

struct start_info { uint32_t magic, version, flags, modules; uint64_t module_list, command_line, rsdp, map; uint32_t map_entries, reserved; };
struct map_entry { uint64_t start, size; uint32_t type, reserved; };
bool frames_find(uint64_t start_info)
{
    const struct start_info *info = (const struct start_info *)start_info;
    if (info->magic != 0x336ec578 || info->version < 1) return false;          /* the first version had no map */
    base = ((uint64_t)kernel_end + FRAME - 1) / FRAME * FRAME;
    for (uint32_t i = 0; i < info->map_entries; i++) {
        const struct map_entry *e = (const struct map_entry *)info->map + i;
        uint64_t end = e->start + e->size < MAPPED ? e->start + e->size : MAPPED;
        if (e->type == 1 && e->start <= base && base < end) frames = (end - base) / FRAME;       /* 1: RAM */
    }
    return frames != 0;
}
uint64_t frames_count(void) { return frames; }
static bool are_frames(uint64_t first, uint64_t count) { return first < frames && count <= frames - first; }
static vipc_error hook_frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    bool was = interrupts_off();                   /* stacks are taken here too, without the core's lock */
    uint64_t run = 0, i = 0;
    (void)user;
    for (; i < frames && run < count; i++) run = taken[i] ? 0 : run + 1;
    if (run == count) {
        *first = i - count;
        memset(taken + *first, 1, count);
        frames_taken += count;
    }
    interrupts_back(was);
    return run == count ? VIPC_OK : VIPC_ERR_OUT_OF_MEMORY;
}
static void hook_frame_free(void *user, uint64_t first, uint64_t count)
{
    bool was = interrupts_off();
    (void)user;
    for (uint64_t i = 0; are_frames(first, count) && i < count; i++) {
        frames_taken -= taken[first + i];
        taken[first + i] = 0;
    }
    interrupts_back(was);
}
static void *hook_frame_pointer(void *user, uint64_t first, uint64_t count) { (void)user; return are_frames(first, count) ? (void *)(base + first * FRAME) : NULL; }

/* Threads take turns.  All of it with interrupts off, which on one CPU is the scheduler's lock. */
struct thread threads[THREADS] = { [KERNEL] = { .state = READY } };
static struct thread *running = threads;
void switch_stacks(uint64_t *save, uint64_t load);
void thread_begin(void);

static struct thread *who_is_next(void)            /* NULL: everybody sleeps */
{
    for (int i = 1; i <= THREADS; i++) {
        struct thread *t = &threads[(running - threads + i) % THREADS];
        if (t->state == READY) return t;
    }
    return NULL;
}
static void switch_to(struct thread *next)
{
    struct thread *was = running;
    if (next == was) return;
    running = next;
    switch_stacks(&was->rsp, next->rsp);
}
static void let_others_run(void)
{
    struct thread *next = who_is_next();
    if (next) switch_to(next);
    else __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");     /* on the stack of who slept last; the timer switches from here */
}
void timer_tick(void)
{
    struct thread *next;
    out8(0x20, 0x20);                              /* first: the next one may come while another thread runs */
    ticks++;
    for (struct thread *t = threads; t < threads + THREADS; t++)
        if (t->state == ASLEEP && t->until <= nanoseconds()) {
            t->late = true;
            t->state = READY;
        }
    next = who_is_next();
    if (!next || next == running) return;
    preemptions += running->state == READY;
    switch_to(next);
}
bool thread_start(struct thread *t, void (*function)(struct thread *))
{
    uint64_t *top;
    if (hook_frame_alloc(NULL, STACK_FRAMES, &t->stack) != VIPC_OK) return false;
    top = (uint64_t *)hook_frame_pointer(NULL, t->stack, STACK_FRAMES) + STACK_FRAMES * FRAME / 8;
    memset(top - 7, 0, 56);
    top[-1] = (uint64_t)thread_begin;              /* below it what switch_stacks takes up: rbp rbx r12 r13 r14 r15 */
    top[-3] = (uint64_t)function;
    top[-4] = (uint64_t)t;
    t->rsp = (uint64_t)(top - 7);
    t->state = READY;
    return true;
}
_Noreturn void thread_end(void)                    /* of who runs; no waker and no tick makes it ready again */
{
    interrupts_off();
    running->state = ENDED;
    for (;;) let_others_run();
}
/* It runs on until it comes to block, where it holds nothing of the core's, or to its own end. */
void thread_kill(struct thread *t)
{
    bool was = interrupts_off();
    t->killed = true;
    if (t->state == ASLEEP) t->state = READY;
    interrupts_back(was);
}
void thread_join(struct thread *t)                 /* looks on and on: only the timer takes the CPU from it */
{
    while (t->state != ENDED) __asm__ volatile("pause" : : : "memory");
    hook_frame_free(NULL, t->stack, STACK_FRAMES);
}

static vipc_error hook_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    struct thread *t = running;                    /* each view is used by its own thread alone, so that is `self` */
    bool was = interrupts_off(), late;
    (void)user, (void)self;
    t->late = false;
    if (!t->killed && __atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) {
        t->until = deadline;
        t->state = ASLEEP;
        while (t->state == ASLEEP) let_others_run();
    }
    if (t->killed) thread_end();
    late = t->late;
    interrupts_back(was);
    return late ? VIPC_ERR_TIMEOUT : VIPC_OK;
}
static void hook_wake(void *user, uint64_t target, uint32_t *word)
{
    bool was = interrupts_off();
    (void)user, (void)word;
    if (target >= 1 && target <= THREADS && threads[target - 1].state == ASLEEP) threads[target - 1].state = READY;
    interrupts_back(was);
}

static vipc_time hook_now(void *user) { (void)user; return nanoseconds(); }
static uint32_t hook_enter(void *user) { (void)user; return interrupts_off(); }
static void hook_leave(void *user, uint32_t was) { (void)user; interrupts_back(was); }
static void hook_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    static const char *const what[] = { "", "cleaned up after process, capabilities", "undone, words", "violation, where" };
    (void)user;
    say("core       %s: %s: %lx, %lu\n", level ? "note" : "error", what[id <= VIPC_LOG_CHECK ? id : 0], a, b);
}
const vipc_hooks hooks = { .size = sizeof hooks, .frame_alloc = hook_frame_alloc, .frame_free = hook_frame_free, .frame_pointer = hook_frame_pointer,
                           .block = hook_block, .wake = hook_wake, .now = hook_now, .enter = hook_enter, .leave = hook_leave, .log = hook_log, .cpus = 1 };
