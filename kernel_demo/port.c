/* port.c - the suite that checks any port, on this one, in ring 0: two kernel threads that the timer preempts */
#include "kernel.h"
#include "../tests/port_suite.h"

static struct second { port_suite_part run; void *argument; struct thread *thread, *waiter; } second;     /* waiter: who is to be told of its end */
static struct suite { struct tally *tally; struct thread *thread, *waiter; } suite;

/* Sleeps until `t` is dead, and gives back what it had. */
static void bury_thread(struct thread *t)
{
    uint32_t was = vipc_x86_64_enter();
    while (*(volatile uint16_t *)&t->state != THREAD_DEAD) {
        if (current()->priority == IDLE_PRIORITY) __asm__ volatile("sti\n\thlt\n\tcli");     /* the idle thread has nowhere to sleep */
        else (void)thread_sleep(VIPC_FOREVER);
    }
    vipc_x86_64_leave(was);
    thread_free(t);
}
static NOTHING_MORE void end(struct thread *waiter)
{
    interrupts_off();
    thread_end(waiter);
}

/* ---- what the suite asks ---- */
static void print(void *user, const char *line)
{
    struct tally *t = user;
    if (line[0] == 'o') t->passed++;
    else if (line[0] == 'F') t->failed++;
    if (line[0] == 's') say("     port_%s\n", line + 5);     /* a hook that a kernel does without */
    else if (line[0] == 'o' || line[0] == 'F') say("%c%c%c%c port_%s\n", line[0], line[1], line[2], line[3], line + 5);
}
static void run_second(void *unused)
{
    (void)unused;
    interrupts_on();
    second.run(second.argument, &port.hooks, thread_number(current()));
    end(second.waiter);
}
static int start(void *user, port_suite_part run, void *argument)
{
    (void)user;
    second.run = run;
    second.argument = argument;
    second.waiter = current();
    second.thread = thread_make(run_second, NULL, USER_PRIORITY, ANY_CPU);
    if (!second.thread) return 0;
    uint32_t was = vipc_x86_64_enter();
    thread_begin(second.thread);
    vipc_x86_64_leave(was);
    return 1;
}
static void join(void *user) { (void)user; bury_thread(second.thread); }
static void rest(void *user)
{
    uint32_t was = vipc_x86_64_enter();
    (void)user;
    thread_yield();
    vipc_x86_64_leave(was);
}
static int critical(void *user)
{
    (void)user;
    const uint64_t flags = read_flags();
    return !(flags & 0x200);
}

/* The suite's own thread runs in that space, until it is told otherwise: so its translations stay in the CPU from one look to the next, and it comes back to them. */
static int look(void *user, uint64_t root, uint64_t at, uint32_t access, unsigned char *byte)
{
    uint32_t was = vipc_x86_64_enter();
    (void)user;
    current()->root = root ? root : kernel_root;
    if (this_cpu()->root != current()->root) cpu_set_root(this_cpu(), current()->root);
    vipc_x86_64_leave(was);
    if (root == 0) return 1;
    return access == VIPC_PROT_WRITE ? user_copy((void *)at, byte, 1) == 0 : user_copy(byte, (const void *)at, 1) == 0;
}

static void run_suite(void *unused)
{
    struct port_suite s = { .hooks = &port.hooks, .user = suite.tally, .print = print, .start = start, .join = join, .rest = rest, .critical = critical, .access = look };
    uint64_t first;
    (void)unused;
    interrupts_on();
    s.thread = thread_number(current());
    s.end = vipc_frames_total(&port.frames);
    s.size = port_suite_required_size(&s);
    uint64_t frames = (s.size + PAGE - 1) / PAGE;
    if (vipc_x86_64_take(&port, frames, &first) != VIPC_OK) check(suite.tally, false, "port_suite_has_memory");
    else {
        s.memory = vipc_x86_64_at(&port, first);
        (void)port_suite_run(&s);
        vipc_x86_64_give(&port, first, frames);
    }
    end(suite.waiter);
}
void port_suite(struct tally *t)
{
    uint64_t before = vipc_x86_64_available(&port);
    suite.tally = t;
    suite.waiter = current();
    suite.thread = thread_make(run_suite, NULL, USER_PRIORITY, ANY_CPU);
    if (!suite.thread) { check(t, false, "port_suite_has_a_thread"); return; }
    uint32_t was = vipc_x86_64_enter();
    thread_begin(suite.thread);
    vipc_x86_64_leave(was);
    bury_thread(suite.thread);
    check(t, vipc_x86_64_available(&port) == before, "port_suite_leaves_every_frame");
}
