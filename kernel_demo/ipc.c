/* ipc.c - what the shim asks of this kernel: four functions of the scheduler's, who runs where, on which node, and shootdown.c's.  (The core's implementation is in fast.c.) */
#include "kernel.h"

static uint64_t lock(void *user) { (void)user; return lock_enter(&port_lock); }
static void unlock(void *user, uint64_t was) { (void)user; lock_leave(&port_lock, was); }

/* A killed thread ends here instead of sleeping on: the core holds nothing at this point.  A wake-up that comes after the lock is dropped ends the sleep that follows. */
static bool sleep(void *user, uint64_t thread, vipc_time deadline)
{
    (void)user;
    (void)thread;
    lock_drop(&port_lock);
    process_end_if_killed();
    bool late = thread_sleep(deadline);
    process_end_if_killed();
    lock_take(&port_lock);
    return late;
}
static void ready(void *user, uint64_t number)
{
    struct thread *t = thread_of(number);
    (void)user;
    if (!t) return;
    if (!thread_unpark_if_parked(t)) thread_ready(t);
}
/* A space's tables stay as long as a thread has them in CR3, or will. */
static bool runs_in(void *user, uint64_t root)
{
    (void)user;
    for (uint32_t i = 0; i < THREADS; i++)
        if (threads[i].state != THREAD_FREE && threads[i].state != THREAD_DEAD && threads[i].root == root) return true;
    return shoot_may_hold(root);
}
static uint32_t node(void *user) { (void)user; return machine.node_of_cpu[cpu_number()]; }
static void log_core(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)user;
    if (id != VIPC_LOG_REAPED) say("kernel: ipc %s %u: %lx %lx\n", level ? "warning" : "error", id, a, b);       /* the manager says itself who has ended */
}
const vipc_x86_64_kernel *ipc_kernel(void)
{
    static vipc_x86_64_kernel kernel = { .direct_map = DIRECT_MAP, .lock = lock, .unlock = unlock, .sleep = sleep, .ready = ready,
                                               .runs_in = runs_in, .log = log_core, .flush_others = shoot_others, .node = node };
    kernel.cpus = machine.cpus;
    if (machine.cpus == 1) kernel.flush_others = NULL;
    return &kernel;
}
