/* hooks.c - the machine, and all that the header asks of it: interrupts, words, frames, time, threads that sleep and wake; and the core itself */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "kernel.h"
#include <stdarg.h>
enum { COM1 = 0x3f8, EXIT = 0xf4, MAPPED = 1 << 30, TIMER_HZ = 1193182, TIMER_DIVISOR = TIMER_HZ / 1000 };      /* bytes, by boot.S; 1,000 ticks a second */
static inline void out8(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline uint8_t in8(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }

/* What compilers call */
void *memset(void *to, int v, size_t n) { for (char *p = to; n--; p++) *p = (char)v; return to; }
void *memcpy(void *to, const void *from, size_t n) { return memmove(to, from, n); }
void *memmove(void *to, const void *from, size_t n)
{
    bool up = (uintptr_t)to < (uintptr_t)from;
    for (size_t k, i = 0; i < n; i++) k = up ? i : n - 1 - i, ((char *)to)[k] = ((const char *)from)[k];
    return to;
}
int memcmp(const void *a, const void *b, size_t n)
{
    for (const uint8_t *x = a, *y = b; n--; x++, y++) if (*x != *y) return *x - *y;
    return 0;
}

/* Interrupts off is the lock of all that follows: there is one CPU. */
static uint32_t hook_enter(void *user)
{
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return (uint32_t)(flags >> 9 & 1);
}
static void hook_leave(void *user, uint32_t was)
{
    if (was) __asm__ volatile("sti" : : : "memory");
    else __asm__ volatile("" : : : "memory");      /* still: nothing may be moved past it */
}

static void put(char c) { while (!(in8(COM1 + 5) & 0x20)) {} out8(COM1, (uint8_t)c); }
static void put_number(uint64_t n, unsigned radix) { if (n >= radix) put_number(n / radix, radix); put("0123456789abcdef"[n % radix]); }
void say(const char *format, ...)
{
    uint32_t was = hook_enter(NULL);
    va_list list;
    va_start(list, format);
    for (; *format; format++) {
        if (*format != '%') put(*format);
        else if (*++format == 's') for (const char *s = va_arg(list, const char *); *s; s++) put(*s);
        else put_number(va_arg(list, uint64_t), *++format == 'x' ? 16 : 10);
    }
    va_end(list);
    hook_leave(NULL, was);
}
static void hook_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    static const char *const what[] = { "", "has cleaned up after a dead process", "has put back what the dead had begun", "has found a violation" };
    say("core       %s: %s (%lx, %lx)\n", level ? "warning" : "error", what[id <= VIPC_LOG_CHECK ? id : 0], a, b);
}
void machine_end(bool good) { for (;;) out8(EXIT, good ? 0x10 : 0x11); }       /* QEMU ends with 2v + 1 */
void exception(uint64_t number, uint64_t first, uint64_t second)   /* words on the stack: for some exceptions an error code comes first, then rip */
{
    say("exception %ld at %lx\n", number, 0x60227d00 >> number & 1 ? second : first);
    machine_end(false);
}

/* Frames: those of the range of memory that the kernel lies in, from its end on, numbered from 0 */
static uint8_t taken[MAPPED / FRAME];
static uint64_t base;
uint64_t frames, frames_taken, preemptions;
static void frames_find(uint64_t start_info)
{
    struct map_entry { uint64_t start, size; uint32_t type, reserved; } *e;
    struct { uint32_t magic, version, flags, modules; uint64_t module_list, command_line, rsdp, map; uint32_t map_entries; } *info = (void *)start_info;
    extern char kernel_end[];
    base = ((uint64_t)kernel_end + FRAME - 1) / FRAME * FRAME;
    if (info->magic != 0x336ec578 || info->version < 1) return;         /* the first version, 0, had no map */
    for (e = (void *)info->map; e < (struct map_entry *)info->map + info->map_entries; e++) {
        uint64_t end = e->start + e->size < MAPPED ? e->start + e->size : MAPPED;
        if (e->type == 1 && e->start <= base && base < end) frames = (end - base) / FRAME;       /* 1: RAM */
    }
}
static bool are_frames(uint64_t first, uint64_t count) { return first < frames && count <= frames - first; }
static void *hook_frame_pointer(void *user, uint64_t first, uint64_t count) { return are_frames(first, count) ? (char *)base + first * FRAME : NULL; }
static vipc_error hook_frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    uint32_t was = hook_enter(user);               /* stacks are taken here too, without the core's lock */
    uint64_t run = 0, i = 0;
    while (i < frames && run < count) run = taken[i++] ? 0 : run + 1;
    if (run == count) *first = i - count, memset(taken + *first, 1, count), frames_taken += count;
    hook_leave(user, was);
    return run == count ? VIPC_OK : VIPC_ERR_OUT_OF_MEMORY;
}
static void hook_frame_free(void *user, uint64_t first, uint64_t count)
{
    uint32_t was = hook_enter(user);
    for (uint64_t i = first; are_frames(first, count) && i < first + count; taken[i++] = 0) frames_taken -= taken[i];
    hook_leave(user, was);
}

/* Ticks are all the time that there is: deadlines are as fine as they. */
static volatile uint64_t ticks;
static vipc_time hook_now(void *user) { return ticks * (TIMER_DIVISOR * 1000000000ull / TIMER_HZ) + 1; }

/* Threads take turns. */
struct thread threads[THREADS] = { [KERNEL] = { .state = READY } };
static struct thread *running = threads;
static struct thread *who_is_next(void)            /* NULL: everybody sleeps */
{
    struct thread *t = running;
    do t = t + 1 < threads + THREADS ? t + 1 : threads; while (t->state != READY && t != running);
    return t->state == READY ? t : NULL;
}
static void let_others_run(void)
{
    struct thread *was = running, *next = who_is_next();
    if (!next) __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");       /* on the stack of who slept last, until a tick switches away from it */
    if (!next || next == was) return;
    running = next;
    switch_stacks(&was->rsp, next->rsp);
}
void timer_tick(void)
{
    out8(0x20, 0x20);                              /* first: the next one may come while another thread runs */
    ticks++;
    for (struct thread *t = threads; t < threads + THREADS; t++)
        if (t->state == ASLEEP && t->until <= hook_now(NULL)) t->late = true, t->state = READY;
    if (!who_is_next()) return;
    preemptions += running->state == READY && who_is_next() != running;
    let_others_run();
}
static vipc_error hook_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    uint32_t was = hook_enter(user);
    struct thread *t = &threads[self - 1];
    t->late = false;
    if (!t->killed && __atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) {
        t->until = deadline;
        t->state = ASLEEP;
        while (t->state == ASLEEP) let_others_run();
    }
    if (t->killed) thread_end();
    hook_leave(user, was);
    return t->late ? VIPC_ERR_TIMEOUT : VIPC_OK;
}
static void hook_wake(void *user, uint64_t target, uint32_t *word)
{
    uint32_t was = hook_enter(user);
    if (target - 1 < THREADS && threads[target - 1].state == ASLEEP) threads[target - 1].state = READY;
    hook_leave(user, was);
}
const vipc_hooks hooks = { .size = sizeof hooks, .frame_alloc = hook_frame_alloc, .frame_free = hook_frame_free, .frame_pointer = hook_frame_pointer,
                           .block = hook_block, .wake = hook_wake, .now = hook_now, .enter = hook_enter, .leave = hook_leave, .log = hook_log, .cpus = 1 };

bool thread_start(struct thread *t, void (*function)(vipc *ipc))
{
    uint64_t *top;
    if (hook_frame_alloc(NULL, STACK / FRAME, &t->stack) != VIPC_OK) return false;
    top = (uint64_t *)(base + t->stack * FRAME + STACK);
    top[-1] = (uint64_t)thread_begin;              /* switch_stacks returns to it, and takes rbp, rbx, r12 to r15 from below */
    top[-3] = (uint64_t)function;
    top[-4] = (uint64_t)&t->ipc;
    t->rsp = (uint64_t)(top - 7);
    t->state = READY;
    return true;
}
/* Wake and the tick look for sleepers, so nobody makes ready who has ended.  Who is killed runs on until hook block, where it holds nothing of the core's. */
void thread_end(void) { hook_enter(NULL); running->state = ENDED; for (;;) let_others_run(); }
void thread_kill(struct thread *t) { t->killed = true; hook_wake(NULL, (uint64_t)(t - threads) + 1, NULL); }
void thread_join(struct thread *t)                 /* looks on and on: the timer alone takes the CPU from who does */
{
    while (t->state != ENDED) __asm__ volatile("pause" : : : "memory");
    hook_frame_free(NULL, t->stack, STACK / FRAME);
}

void machine_start(uint64_t start_info)
{
    static const uint8_t out[] = { 0x20, 0x11, 0xa0, 0x11, 0x21, 0x20, 0xa1, 0x28, 0x21, 4, 0xa1, 2, 0x21, 1, 0xa1, 1, 0x21, 0xfe, 0xa1, 0xff,
                                   0x43, 0x34, 0x40, TIMER_DIVISOR & 0xff, 0x40, TIMER_DIVISOR >> 8 };     /* the timer alone, as vector 32; its period */
    static struct { uint16_t low, selector, type, middle; uint32_t high, zero; } gates[40];
    extern char exceptions[], timer_entry[], spurious_entry[];
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) idt = { sizeof gates - 1, (uint64_t)gates };
    for (int i = 0; i < 40; i++) {                 /* 39 is what the controller says when a request has gone away meanwhile */
        uint64_t at = (uint64_t)(i < 32 ? exceptions + 16 * i : i == 32 ? timer_entry : spurious_entry);
        gates[i].low = (uint16_t)at, gates[i].middle = (uint16_t)(at >> 16), gates[i].high = (uint32_t)(at >> 32);
        gates[i].selector = 8, gates[i].type = 0x8e00;
    }
    __asm__ volatile("lidt %0" : : "m"(idt), "m"(gates));
    for (size_t i = 0; i < sizeof out; i += 2) out8(out[i], out[i + 1]);
    frames_find(start_info);
    hook_leave(NULL, 1);
}
