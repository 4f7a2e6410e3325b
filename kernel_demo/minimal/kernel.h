/* kernel.h - what the three C files of this kernel know of one another */
#ifndef MINIMAL_KERNEL_H
#define MINIMAL_KERNEL_H
#include "veridian_ipc.h"

enum { FRAME = 4096, STACK_FRAMES = 4, TICKS_A_SECOND = 1000 };
enum { KERNEL, SERVER, CLIENT, THREADS };          /* the core knows each as native_thread = index + 1 */
enum thread_state { ENDED, READY, ASLEEP };
struct thread {
    uint64_t rsp, stack;                           /* the stack's first frame */
    enum thread_state state;
    bool late, killed;                             /* killed: never returns from block again */
    vipc_time until;                               /* asleep: at most until then */
    vipc ipc;
};

/* machine.c */
void *memset(void *to, int v, size_t n);
extern volatile uint64_t ticks;
uint64_t nanoseconds(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));      /* %s, %lu and %lx alone; a call is one piece */
void machine_start(void);
_Noreturn void machine_end(bool good);

/* hooks.c */
extern const vipc_hooks hooks;
extern struct thread threads[THREADS];
extern uint64_t frames_taken, preemptions;
bool frames_find(uint64_t start_info);
uint64_t frames_count(void);
bool thread_start(struct thread *t, void (*function)(struct thread *));
void thread_kill(struct thread *t);
void thread_join(struct thread *t);
_Noreturn void thread_end(void);
void timer_tick(void);

static inline bool interrupts_off(void)            /* tells how it was: they nest */
{
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return flags >> 9 & 1;
}
static inline void interrupts_back(bool on)
{
    if (on) __asm__ volatile("sti" : : : "memory");
    else __asm__ volatile("" : : : "memory");      /* still: nothing may be moved past it */
}
static inline void out8(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port)); }
static inline uint8_t in8(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
#endif
