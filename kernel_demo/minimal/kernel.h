/* kernel.h - what the files of this kernel know of one another */
#include "veridian_ipc.h"
enum { FRAME = 4096, STACK = 16384, KERNEL = 0, SERVER, CLIENT, THREADS };      /* bytes; threads: the core knows each as its number here + 1 */
struct thread {
    uint64_t rsp, stack;                           /* stack: its first frame */
    enum { ENDED, READY, ASLEEP } state;
    bool late, killed;                             /* killed: does not come back from hook block any more */
    vipc_time until;                               /* where it is asleep */
    vipc ipc;
};
extern struct thread threads[THREADS];
extern const vipc_hooks hooks;
extern uint64_t frames, frames_taken, preemptions;
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));        /* %s, %ld and %lx alone; nobody's words come in between */
_Noreturn void machine_end(bool good), thread_end(void), exception(uint64_t number, uint64_t first, uint64_t second), kmain(uint64_t start_info);
void machine_start(uint64_t start_info), timer_tick(void), switch_stacks(uint64_t *save, uint64_t load), thread_begin(void);
void thread_kill(struct thread *t), thread_join(struct thread *t);
bool thread_start(struct thread *t, void (*function)(vipc *ipc));
void *memset(void *to, int v, size_t n), *memcpy(void *to, const void *from, size_t n), *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
