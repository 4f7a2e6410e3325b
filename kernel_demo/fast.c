/* fast.c - messages in registers, and threads that are parked at the user boundary.
 *
 * A parked thread has nothing on its kernel stack: its frame, at the top, and what `wait` says is all there is of it.  The core's fast path switches
 * from one parked thread to another: four words are saved, four loaded, the message stays in the registers (entry.S).  Where the fast path says no, the same call
 * is made as a step of the core's slow way, which parks too if it must wait, so that the next meeting can be fast.  A thread that was parked and is woken by the
 * slow way makes its step again, with the arguments that its frame has kept.
 *
 * All of this runs with interrupts off, as the core asks.  From the moment that the core has parked a thread another CPU may win it, and make it ready: so what
 * is said of it (state, wait, until) is said before.  It still runs on its own CPU alone, after this CPU has left its stack.  The core itself is in this file, so that the compiler can make its fast path part of ours. */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "kernel.h"
#include "syscalls.h"

struct frame *fast_call(uint64_t token, uint64_t flags, vipc_time deadline) __attribute__((flatten));
struct frame *fast_reply_receive(uint64_t right, uint64_t token, vipc_time deadline) __attribute__((flatten));
void fast_slowly(struct frame *f);

static vipc_cap cap_of(uint64_t token) { vipc_cap c = { token }; return c; }
static vipc_reply_right right_of(uint64_t token) { vipc_reply_right r = { token }; return r; }

static inline void set_state(struct thread *t, enum thread_state state, enum thread_wait wait)      /* one store */
{
    t->state = (uint16_t)state;
    t->wait = (uint16_t)wait;
}
/* ---- the fast way: `t` has parked, who is in `f` runs on in its place.  (What is in the segment registers stays: the two talk to one another anyway.) ---- */
static inline struct frame *go_on(struct cpu *c, struct thread *t, const vipc_fast *f)
{
    struct thread *next = (struct thread *)((uint64_t)threads - sizeof *threads + f->next * sizeof *threads);      /* of its number: threads[f->next - 1] */
    __asm__("" : "+r"(next));                                /* computed once */
    const uint64_t top = next->stack_top;
    struct frame *frame = (struct frame *)(top - FRAME_SIZE);
    if (f->ready) thread_unpark(t);
    frame->rdi = f->badge;
    frame->rsi = f->reply.token;
    frame->rdx = f->sender.id;
    set_state(next, THREAD_RUNNING, WAIT_NOTHING);
    if (t->uses_fpu | next->uses_fpu) thread_switch_fpu(t, next);
    cpu_set_stack(c, top);
    c->current = next;
    c->ipc.here = next->here;
    cpu_set_root(c, next->root);
    return frame;
}
struct frame *fast_call(uint64_t token, uint64_t flags, vipc_time deadline)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    set_state(t, THREAD_PARKED, WAIT_REPLY);
    t->until = deadline;
    vipc_fast f = vipc_fast_call(&t->ipc, &c->ipc, cap_of(token), (uint32_t)flags, VIPC_FOREVER);
    if (!f.next) {
        set_state(t, THREAD_RUNNING, WAIT_NOTHING);
        return NULL;
    }
    c->fast.calls++;
    return go_on(c, t, &f);
}
struct frame *fast_reply_receive(uint64_t right, uint64_t token, vipc_time deadline)
{
    struct cpu *c = this_cpu();
    struct thread *t = c->current;
    set_state(t, THREAD_PARKED, WAIT_MESSAGE);
    t->until = deadline;
    t->door = token;
    vipc_fast f = vipc_fast_reply_receive(&t->ipc, &c->ipc, right_of(right), cap_of(token), 0, VIPC_FOREVER);
    if (!f.next) {
        set_state(t, THREAD_RUNNING, WAIT_NOTHING);
        return NULL;
    }
    c->fast.replies++;
    return go_on(c, t, &f);
}

/* ---- the slow way ---- */
static void message_from(const struct frame *f, vipc_message *m, uint32_t flags)
{
    m->capability.token = 0;
    m->opcode = (uint32_t)f->r15;
    m->flags = flags;
    m->data[0] = f->rbx;
    m->data[1] = f->r12;
    m->data[2] = f->r13;
    m->data[3] = f->r14;
}
/* What the caller finds in its registers: the message and what is said of it, or nothing. */
static void message_to(struct frame *f, vipc_error e, const vipc_message *m, const vipc_info *info)
{
    bool good = e == VIPC_OK;
    f->rax = (uint64_t)(int64_t)e;
    f->r15 = good ? m->opcode : 0;
    f->rbx = good ? m->data[0] : 0;
    f->r12 = good ? m->data[1] : 0;
    f->r13 = good ? m->data[2] : 0;
    f->r14 = good ? m->data[3] : 0;
    f->r8 = (good ? m->flags : 0) | (uint64_t)info->dropped << 32;
    f->r9 = good ? m->capability.token : 0;
    f->rdi = info->badge;
    f->rsi = info->reply.token;
    f->rdx = info->sender.id;
    f->r10 = info->payload_size | (uint64_t)(info->redelivered & 1) << 32 | (uint64_t)info->cap_count << 40;
    f->vector = VECTOR_SYSCALL;
    f->cs = USER_CODE;
    f->ss = USER_DATA;
    f->rcx = f->r11 = f->error = 0;
}
static void step(void *thread)
{
    struct thread *t = thread;
    struct frame *f = user_frame(t);
    vipc_message m, out;
    vipc_info info = VIPC_INIT;
    vipc_error e = VIPC_ERR_NOT_SUPPORTED;
    uint32_t parked = 0;
    const vipc_cpu *here = &this_cpu()->ipc;
    const vipc_time deadline = t->until;
    process_end_if_killed();
    if (t->wait == WAIT_REPLY) e = vipc_park_call(&t->ipc, here, cap_of(0), NULL, &out, deadline, &parked);
    else if (t->wait == WAIT_MESSAGE) e = vipc_park_receive(&t->ipc, here, cap_of(t->door), &out, &info, deadline, &parked);
    else if (t->wait == WAIT_CALL) {
        message_from(f, &m, (uint32_t)f->rsi);
        e = vipc_park_call(&t->ipc, here, cap_of(f->rdi), &m, &out, deadline, &parked);
    } else {
        message_from(f, &m, 0);
        t->wait = WAIT_MESSAGE;                              /* if it parks, the reply is done */
        e = vipc_park_reply_receive(&t->ipc, here, right_of(f->rdi), &m, cap_of(t->door), &out, &info, deadline, &parked);
    }
    if (parked) thread_park();
    t->wait = WAIT_NOTHING;
    message_to(f, e, &out, &info);
    sched_leave_kernel();
}
void fast_slowly(struct frame *f)
{
    struct thread *t = current();
    this_cpu()->fast.slow++;
    t->until = f->rdx;
    t->door = f->rsi;
    t->wait = f->rax == SYS_FAST_CALL ? WAIT_CALL : f->rax == SYS_FAST_RECEIVE ? WAIT_MESSAGE : WAIT_ANSWER;
    step(t);
}
/* Somebody has won a parked thread (or was given it `ready`): it makes its step again when its turn comes. */
void thread_unpark(struct thread *t)
{
    thread_begin_at(t, step, t);
    thread_resume(t);
}
bool thread_unpark_if_parked(struct thread *t)
{
    if (t->wait == WAIT_NOTHING || !vipc_unpark(&t->ipc)) return false;
    thread_unpark(t);
    return true;
}
