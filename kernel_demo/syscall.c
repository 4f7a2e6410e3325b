/* syscall.c - from registers to the core and back.
 *
 * Each call copies in what it needs, makes sure that what comes out can be written (so that no message, no capability is taken that cannot be told of, unless the memory that it
 * was to go to is shared, and withdrawn just then), calls the core with the thread's own view, and copies out.  The core never sees an address of the user's. */
#include "kernel.h"
#include "syscalls.h"

#define TRY(expression) do { vipc_error tried = (expression); if (tried != VIPC_OK) return tried; } while (0)
typedef int64_t (*handler)(struct thread *t, const uint64_t *a);
static vipc_cap cap_of(uint64_t token) { vipc_cap c = { token }; return c; }
static vipc_reply_right right_of(uint64_t token) { vipc_reply_right r = { token }; return r; }
static vipc_pid pid_of(uint64_t id) { vipc_pid p = { id }; return p; }

/* A desc of the user's (0: NULL) and its label: *d becomes NULL or `to`. */
#define DESC_IN(type, d, a) type d##_copy = VIPC_INIT; const type *d = (a) ? &d##_copy : NULL; if (a) TRY(user_in(&d##_copy, (a), sizeof d##_copy))
static vipc_error label_in(char to[VIPC_LABEL_MAX + 1], const char **label)
{
    if (!*label) return VIPC_OK;
    vipc_error e = user_text(to, VIPC_LABEL_MAX + 1, (uint64_t)*label);
    if (e == VIPC_ERR_NAME_TOO_LONG) to[VIPC_LABEL_MAX] = 0;
    else if (e != VIPC_OK) return e;
    *label = to;
    return VIPC_OK;
}
/* Results that go out with success alone. */
static vipc_error give(vipc_error e, uint64_t to, const void *from, size_t bytes) { return e == VIPC_OK ? user_out(to, from, bytes) : e; }

/* ---- the process and its machine ---- */
/* 0, or those of the caller's flags that the kernel should not run with: TF, DF, IOPL, NT, AC. */
static int64_t do_nothing(struct thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    const uint64_t flags = read_flags();
    return (int64_t)(flags & 0x47500);
}
static int64_t do_exit(struct thread *t, const uint64_t *a) { (void)t; process_exit(a[0] & 0xff); }
static int64_t do_yield(struct thread *t, const uint64_t *a)
{
    (void)t;
    (void)a;
    interrupts_off();
    thread_yield();
    interrupts_on();
    return 0;
}
static int64_t do_sleep(struct thread *t, const uint64_t *a)
{
    (void)t;
    interrupts_off();
    while (vipc_x86_64_now(&port) < a[0] && !current()->process->killed) (void)thread_sleep(a[0]);
    interrupts_on();
    return 0;
}
static int64_t do_run_on(struct thread *t, const uint64_t *a)
{
    (void)t;
    if (a[0] != ~0ull && a[0] >= machine.cpus) return VIPC_ERR_INVALID_ARGUMENT;
    interrupts_off();
    thread_run_on(a[0] == ~0ull ? ANY_CPU : (uint32_t)a[0]);
    interrupts_on();
    return 0;
}
static int64_t do_log(struct thread *t, const uint64_t *a)
{
    char text[LOG_MAX];
    size_t n = a[1] < LOG_MAX ? a[1] : LOG_MAX;
    (void)t;
    TRY(user_in(text, a[0], n));
    for (size_t i = 0; i < n; i++)
        if ((text[i] < ' ' && text[i] != '\n' && text[i] != '\t') || text[i] > '~') text[i] = '?';     /* a terminal obeys what it is sent */
    console_write(text, n);
    return (int64_t)n;
}
static int64_t do_spawn(struct thread *t, const uint64_t *a)
{
    struct spawn s;
    memset(&s, 0, sizeof s);
    TRY(user_text(s.program, sizeof s.program, a[0]));
    if (a[1]) TRY(user_text(s.arguments, sizeof s.arguments, a[1]));
    s.may_control = (a[2] & SPAWN_CONTROL) != 0;
    const uint64_t priority = a[2] & ~(uint64_t)SPAWN_CONTROL;
    if (priority < USER_PRIORITY || priority > URGENT_PRIORITY) return VIPC_ERR_INVALID_ARGUMENT;
    if (priority > t->priority || (s.may_control && !t->process->may_control)) return VIPC_ERR_PERMISSION_DENIED;
    TRY(user_can_write(a[3], sizeof s.cap));
    TRY(user_can_write(a[4], sizeof s.pid));
    s.priority = (uint32_t)priority;
    s.only = t->only;
    s.parent = vipc_self(&t->ipc);
    TRY(process_spawn(&s));
    TRY(user_out(a[3], &s.cap, sizeof s.cap));
    return user_out(a[4], &s.pid, sizeof s.pid);
}
static int64_t do_wait(struct thread *t, const uint64_t *a)
{
    uint64_t status = 0;
    TRY(user_can_write(a[1], sizeof status));
    TRY(vipc_process_wait(&t->ipc, pid_of(a[0]), a[2]));
    if (!process_status(pid_of(a[0]), &status)) return VIPC_ERR_NOT_FOUND;
    return user_out(a[1], &status, sizeof status);
}
static int64_t do_control(struct thread *t, const uint64_t *a) { return control(t, a[0], a[1], a[2]); }

/* ---- the domain ---- */
static int64_t do_self(struct thread *t, const uint64_t *a) { (void)a; return (int64_t)vipc_self(&t->ipc).id; }
static int64_t do_time(struct thread *t, const uint64_t *a) { (void)a; return (int64_t)vipc_time_now(&t->ipc); }
static int64_t do_config_get(struct thread *t, const uint64_t *a)
{
    vipc_config c;
    TRY(user_can_write(a[0], sizeof c));
    return give(vipc_config_get(&t->ipc, &c), a[0], &c, sizeof c);
}
static int64_t do_stats_get(struct thread *t, const uint64_t *a)
{
    vipc_stats s;
    TRY(user_can_write(a[0], sizeof s));
    return give(vipc_stats_get(&t->ipc, &s), a[0], &s, sizeof s);
}
static int64_t do_check(struct thread *t, const uint64_t *a)
{
    uint32_t violations;
    TRY(user_can_write(a[0], sizeof violations));
    return give(vipc_check(&t->ipc, &violations), a[0], &violations, sizeof violations);
}
static int64_t do_trim(struct thread *t, const uint64_t *a)
{
    uint64_t frames;
    vipc_error e = a[0] ? user_can_write(a[0], sizeof frames) : VIPC_OK;
    if (e == VIPC_OK) e = vipc_trim(&t->ipc, &frames);
    return a[0] ? give(e, a[0], &frames, sizeof frames) : e;
}
static int64_t do_cancel(struct thread *t, const uint64_t *a) { (void)a; return vipc_cancel(&t->ipc); }
static int64_t do_process_wait(struct thread *t, const uint64_t *a) { return vipc_process_wait(&t->ipc, pid_of(a[0]), a[1]); }
static int64_t do_process_watch(struct thread *t, const uint64_t *a) { return vipc_process_watch(&t->ipc, pid_of(a[0]), cap_of(a[1]), a[2]); }
static int64_t do_process_get(struct thread *t, const uint64_t *a)
{
    vipc_process_info i;
    TRY(user_can_write(a[1], sizeof i));
    return give(vipc_process_get(&t->ipc, pid_of(a[0]), &i), a[1], &i, sizeof i);
}
static int64_t do_process_find(struct thread *t, const uint64_t *a)
{
    vipc_pid p;
    TRY(user_can_write(a[1], sizeof p));
    return give(vipc_process_find(&t->ipc, a[0], &p), a[1], &p, sizeof p);
}

/* ---- capabilities ---- */
static int64_t do_derive(struct thread *t, const uint64_t *a)
{
    vipc_cap c;
    DESC_IN(vipc_derive_desc, d, a[1]);
    TRY(user_can_write(a[2], sizeof c));
    return give(vipc_derive(&t->ipc, cap_of(a[0]), d, &c), a[2], &c, sizeof c);
}
static int64_t do_grant(struct thread *t, const uint64_t *a)
{
    vipc_cap c;
    DESC_IN(vipc_derive_desc, d, a[2]);
    TRY(user_can_write(a[3], sizeof c));
    return give(vipc_grant(&t->ipc, cap_of(a[0]), pid_of(a[1]), d, &c), a[3], &c, sizeof c);
}
static int64_t do_revoke(struct thread *t, const uint64_t *a) { return vipc_revoke(&t->ipc, cap_of(a[0]), a[1]); }
static int64_t do_close(struct thread *t, const uint64_t *a) { return vipc_close(&t->ipc, cap_of(a[0])); }
/* Of a process: the core may be told of its end only when its thread has stopped, which the manager sees to. */
static int64_t do_destroy(struct thread *t, const uint64_t *a)
{
    vipc_cap_info i;
    TRY(vipc_cap_get(&t->ipc, cap_of(a[0]), &i));
    if (i.type != VIPC_TYPE_PROCESS) return vipc_destroy(&t->ipc, cap_of(a[0]), a[1]);
    TRY(vipc_cap_require(&t->ipc, cap_of(a[0]), VIPC_TYPE_PROCESS, VIPC_RIGHT_DELETE));
    uint64_t was = lock_enter(&process_lock);
    struct process *p = process_of(i.owner);
    if (p && p->first) p = NULL;
    else if (p) process_kill(p, STATUS_KILLED);
    lock_leave(&process_lock, was);
    if (p == t->process) return VIPC_OK;                     /* it ends on its way out */
    return vipc_process_wait(&t->ipc, i.owner, a[1]);
}
static int64_t do_cap_get(struct thread *t, const uint64_t *a)
{
    vipc_cap_info i;
    TRY(user_can_write(a[1], sizeof i));
    return give(vipc_cap_get(&t->ipc, cap_of(a[0]), &i), a[1], &i, sizeof i);
}
static int64_t do_cap_require(struct thread *t, const uint64_t *a) { return vipc_cap_require(&t->ipc, cap_of(a[0]), (uint32_t)a[1], (uint32_t)a[2]); }

/* ---- messages ---- */
static int64_t do_endpoint_create(struct thread *t, const uint64_t *a)
{
    char label[VIPC_LABEL_MAX + 1];
    vipc_cap c;
    DESC_IN(vipc_endpoint_desc, d, a[0]);
    TRY(label_in(label, &d_copy.label));
    TRY(user_can_write(a[1], sizeof c));
    return give(vipc_endpoint_create(&t->ipc, d, &c), a[1], &c, sizeof c);
}
static int64_t do_endpoint_bind(struct thread *t, const uint64_t *a) { return vipc_endpoint_bind(&t->ipc, cap_of(a[0]), pid_of(a[1])); }
static int64_t do_endpoint_get(struct thread *t, const uint64_t *a)
{
    vipc_endpoint_info i;
    TRY(user_can_write(a[1], sizeof i));
    return give(vipc_endpoint_get(&t->ipc, cap_of(a[0]), &i), a[1], &i, sizeof i);
}
static int64_t do_channel_create(struct thread *t, const uint64_t *a)
{
    char label[VIPC_LABEL_MAX + 1];
    vipc_cap x, y;
    DESC_IN(vipc_channel_desc, d, a[0]);
    TRY(label_in(label, &d_copy.label));
    TRY(user_can_write(a[1], sizeof x));
    TRY(user_can_write(a[2], sizeof y));
    TRY(vipc_channel_create(&t->ipc, d, &x, &y));
    TRY(user_out(a[1], &x, sizeof x));
    return user_out(a[2], &y, sizeof y);
}
static int64_t do_send(struct thread *t, const uint64_t *a)
{
    vipc_message m;
    TRY(user_in(&m, a[1], sizeof m));
    return vipc_send(&t->ipc, cap_of(a[0]), &m, a[2]);
}
static vipc_error can_receive(uint64_t m, uint64_t info)
{
    TRY(user_can_write(m, sizeof(vipc_message)));
    return info ? user_can_write(info, sizeof(vipc_info)) : VIPC_OK;
}
static vipc_error received(vipc_error e, uint64_t to, const vipc_message *m, uint64_t info_to, const vipc_info *info)
{
    if (info_to && (e == VIPC_OK || e == VIPC_ERR_MESSAGE_TOO_LARGE)) TRY(user_out(info_to, info, sizeof *info));
    return give(e, to, m, sizeof *m);
}
static int64_t do_receive(struct thread *t, const uint64_t *a)
{
    vipc_message m;
    vipc_info info = VIPC_INIT;
    TRY(can_receive(a[1], a[2]));
    return received(vipc_receive(&t->ipc, cap_of(a[0]), &m, a[2] ? &info : NULL, a[3]), a[1], &m, a[2], &info);
}
/* A payload passes through frames of the kernel's, so that the core finds it whatever the user does to its own meanwhile.  They hang on the thread:
 * one that is killed in the middle leaves them to the manager. */
static vipc_error bounce_make(struct thread *t, uint64_t bytes, void **at)
{
    *at = NULL;
    if (bytes == 0) return VIPC_OK;
    uint64_t first, frames = (bytes + PAGE - 1) / PAGE;
    TRY(vipc_x86_64_take(&port, frames, &first));
    t->bounce = first;
    t->bounce_frames = frames;
    *at = vipc_x86_64_at(&port, first);
    return VIPC_OK;
}
static int64_t bounce_drop(struct thread *t, vipc_error e)
{
    uint64_t frames = t->bounce_frames;
    t->bounce_frames = 0;
    if (frames) vipc_x86_64_give(&port, t->bounce, frames);
    return e;
}
/* The payload of a message that goes out, in frames that are room for `more` bytes beside. */
static vipc_error outgoing_in(struct thread *t, uint64_t from, vipc_outgoing *m, uint64_t more)
{
    void *payload;
    TRY(user_in(m, from, sizeof *m));
    if (m->payload_size && !m->payload) return VIPC_ERR_INVALID_ARGUMENT;
    if (m->payload_size > VIPC_PAYLOAD_MAX) return VIPC_ERR_MESSAGE_TOO_LARGE;
    TRY(bounce_make(t, m->payload_size + more, &payload));
    vipc_error e = m->payload_size ? user_in(payload, (uint64_t)m->payload, m->payload_size) : VIPC_OK;
    m->payload = payload;
    return e;
}
/* What is to come in, and where to: all of it can be written. */
static vipc_error incoming_in(uint64_t from, vipc_incoming *m, uint64_t *room)
{
    TRY(user_in(m, from, sizeof *m));
    TRY(user_can_write(from, sizeof *m));
    *room = m->payload_capacity < VIPC_PAYLOAD_MAX ? m->payload_capacity : VIPC_PAYLOAD_MAX;
    return *room ? user_can_write((uint64_t)m->payload, *room) : VIPC_OK;
}
/* *asked is what the user gave, m what the core made of it, with the payload in frames of the kernel's. */
static vipc_error incoming_out(vipc_error e, uint64_t to, vipc_incoming *m, const vipc_incoming *asked)
{
    if (e != VIPC_OK && e != VIPC_ERR_MESSAGE_TOO_LARGE) return e;
    if (e == VIPC_OK && m->info.payload_size) TRY(user_out((uint64_t)asked->payload, m->payload, m->info.payload_size));
    m->payload = asked->payload;
    m->payload_capacity = asked->payload_capacity;
    TRY(user_out(to, m, sizeof *m));
    return e;
}
static int64_t do_send_large(struct thread *t, const uint64_t *a)
{
    vipc_outgoing m;
    vipc_error e = outgoing_in(t, a[1], &m, 0);
    if (e == VIPC_OK) e = vipc_send_large(&t->ipc, cap_of(a[0]), &m, a[2]);
    return bounce_drop(t, e);
}
static int64_t do_receive_large(struct thread *t, const uint64_t *a)
{
    vipc_incoming m, asked;
    uint64_t room;
    TRY(incoming_in(a[1], &asked, &room));
    m = asked;
    TRY(bounce_make(t, room, &m.payload));
    m.payload_capacity = room;
    vipc_error e = vipc_receive_large(&t->ipc, cap_of(a[0]), &m, a[2]);
    return bounce_drop(t, incoming_out(e, a[1], &m, &asked));
}
static int64_t do_call_large(struct thread *t, const uint64_t *a)
{
    vipc_outgoing request = VIPC_INIT;
    vipc_incoming m, asked;
    uint64_t room;
    TRY(incoming_in(a[2], &asked, &room));
    m = asked;
    vipc_error e = outgoing_in(t, a[1], &request, room);
    m.payload = room ? (char *)vipc_x86_64_at(&port, t->bounce) + request.payload_size : NULL;
    m.payload_capacity = room;
    if (e == VIPC_OK) e = vipc_call_large(&t->ipc, cap_of(a[0]), &request, &m, a[3]);
    return bounce_drop(t, e == VIPC_OK ? incoming_out(e, a[2], &m, &asked) : e);
}
static int64_t do_reply_large(struct thread *t, const uint64_t *a)
{
    vipc_outgoing m;
    vipc_error e = outgoing_in(t, a[1], &m, 0);
    if (e == VIPC_OK) e = vipc_reply_large(&t->ipc, right_of(a[0]), &m);
    return bounce_drop(t, e);
}
/* Batches: as many as one call moves; the core's contract lets it be fewer than asked for. */
static int64_t do_send_many(struct thread *t, const uint64_t *a)
{
    vipc_message m[BATCH_MAX];
    uint32_t count = (uint32_t)a[2] < BATCH_MAX ? (uint32_t)a[2] : BATCH_MAX, sent = 0;
    TRY(user_can_write(a[3], sizeof sent));
    if (count == 0) return VIPC_ERR_INVALID_ARGUMENT;
    TRY(user_in(m, a[1], count * sizeof *m));
    vipc_error e = vipc_send_many(&t->ipc, cap_of(a[0]), m, count, &sent, a[4]);
    TRY(user_out(a[3], &sent, sizeof sent));
    return e;
}
static int64_t do_receive_many(struct thread *t, const uint64_t *a)
{
    struct { uint64_t from, m, info, capacity, count, deadline; } p;      /* seven arguments with the view: more than there are registers */
    vipc_message m[BATCH_MAX];
    vipc_info info[BATCH_MAX];
    TRY(user_in(&p, a[0], sizeof p));
    uint32_t capacity = (uint32_t)p.capacity < BATCH_MAX ? (uint32_t)p.capacity : BATCH_MAX, count = 0;
    TRY(user_can_write(p.count, sizeof count));
    if (capacity == 0) return VIPC_ERR_INVALID_ARGUMENT;
    TRY(user_can_write(p.m, capacity * sizeof *m));
    if (p.info) TRY(user_can_write(p.info, capacity * sizeof *info));
    vipc_error e = vipc_receive_many(&t->ipc, cap_of(p.from), m, p.info ? info : NULL, capacity, &count, p.deadline);
    TRY(user_out(p.count, &count, sizeof count));
    if (count) TRY(user_out(p.m, m, count * sizeof *m));
    if (count && p.info) TRY(user_out(p.info, info, count * sizeof *info));
    return e;
}
static int64_t do_call(struct thread *t, const uint64_t *a)
{
    vipc_message m;
    TRY(user_can_write(a[2], sizeof m));
    TRY(user_in(&m, a[1], sizeof m));
    return give(vipc_call(&t->ipc, cap_of(a[0]), &m, &m, a[3]), a[2], &m, sizeof m);
}
static int64_t do_reply(struct thread *t, const uint64_t *a)
{
    vipc_message m;
    TRY(user_in(&m, a[1], sizeof m));
    return vipc_reply(&t->ipc, right_of(a[0]), &m);
}
static int64_t do_reply_drop(struct thread *t, const uint64_t *a) { return vipc_reply_drop(&t->ipc, right_of(a[0]), (vipc_error)(int32_t)a[1]); }
static int64_t do_reply_receive(struct thread *t, const uint64_t *a)
{
    vipc_message m;
    vipc_info info = VIPC_INIT;
    TRY(user_can_write(a[3], sizeof m));
    TRY(user_can_write(a[4], sizeof info));
    if (a[0]) TRY(user_in(&m, a[1], sizeof m));
    return received(vipc_reply_receive(&t->ipc, right_of(a[0]), a[0] ? &m : NULL, cap_of(a[2]), &m, &info, a[5]), a[3], &m, a[4], &info);
}

/* ---- notifications, and waiting for several things ---- */
static int64_t do_notification_create(struct thread *t, const uint64_t *a)
{
    char text[VIPC_LABEL_MAX + 1];
    const char *label = (const char *)a[0];
    vipc_cap c;
    TRY(label_in(text, &label));
    TRY(user_can_write(a[1], sizeof c));
    return give(vipc_notification_create(&t->ipc, label, &c), a[1], &c, sizeof c);
}
static int64_t do_signal(struct thread *t, const uint64_t *a) { return vipc_signal(&t->ipc, cap_of(a[0]), a[1]); }
static int64_t do_notification_wait(struct thread *t, const uint64_t *a)
{
    uint64_t bits;
    TRY(user_can_write(a[2], sizeof bits));
    return give(vipc_notification_wait(&t->ipc, cap_of(a[0]), a[1], &bits, a[3]), a[2], &bits, sizeof bits);
}
static int64_t do_wait_any(struct thread *t, const uint64_t *a)
{
    vipc_wait_item items[ITEMS_MAX];
    uint64_t bytes = (uint32_t)a[1] * sizeof *items;
    if (a[1] == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (a[1] > ITEMS_MAX) return VIPC_ERR_LIMIT;
    TRY(user_in(items, a[0], bytes));
    TRY(user_can_write(a[0], bytes));
    vipc_error e = vipc_wait_any(&t->ipc, items, (uint32_t)a[1], a[2]);
    if (e == VIPC_OK || e == VIPC_ERR_WOULD_BLOCK) TRY(user_out(a[0], items, bytes));
    return e;
}
static int64_t do_wait_set_create(struct thread *t, const uint64_t *a)
{
    char text[VIPC_LABEL_MAX + 1];
    const char *label = (const char *)a[1];
    vipc_cap c;
    TRY(label_in(text, &label));
    TRY(user_can_write(a[2], sizeof c));
    return give(vipc_wait_set_create(&t->ipc, (uint32_t)a[0], label, &c), a[2], &c, sizeof c);
}
static int64_t do_wait_set_add(struct thread *t, const uint64_t *a)
{
    vipc_wait_item i;
    TRY(user_in(&i, a[1], sizeof i));
    return vipc_wait_set_add(&t->ipc, cap_of(a[0]), &i);
}
static int64_t do_wait_set_remove(struct thread *t, const uint64_t *a) { return vipc_wait_set_remove(&t->ipc, cap_of(a[0]), cap_of(a[1])); }
static int64_t do_wait_set_wait(struct thread *t, const uint64_t *a)
{
    vipc_wait_item ready[ITEMS_MAX];
    uint32_t room = (uint32_t)a[2] < ITEMS_MAX ? (uint32_t)a[2] : ITEMS_MAX, count = 0;
    if (room == 0) return VIPC_ERR_INVALID_ARGUMENT;
    TRY(user_can_write(a[1], room * sizeof *ready));
    TRY(user_can_write(a[3], sizeof count));
    TRY(vipc_wait_set_wait(&t->ipc, cap_of(a[0]), ready, room, &count, a[4]));
    TRY(user_out(a[1], ready, count * sizeof *ready));
    return user_out(a[3], &count, sizeof count);
}

/* ---- names ---- */
static int64_t do_publish(struct thread *t, const uint64_t *a)
{
    char name[VIPC_NAME_MAX + 2];
    TRY(user_text(name, sizeof name, a[0]));
    return vipc_publish(&t->ipc, name, cap_of(a[1]), (uint32_t)a[2]);
}
static int64_t do_unpublish(struct thread *t, const uint64_t *a)
{
    char name[VIPC_NAME_MAX + 2];
    TRY(user_text(name, sizeof name, a[0]));
    return vipc_unpublish(&t->ipc, name);
}
static int64_t do_lookup(struct thread *t, const uint64_t *a)
{
    char name[VIPC_NAME_MAX + 2];
    vipc_cap c;
    TRY(user_text(name, sizeof name, a[0]));
    TRY(user_can_write(a[2], sizeof c));
    return give(vipc_lookup(&t->ipc, name, (uint32_t)a[1], &c, a[3]), a[2], &c, sizeof c);
}

/* ---- the process's memory ---- */
static int64_t do_space_mmap(struct thread *t, const uint64_t *a)
{
    vipc_mmap_desc d;
    vipc_addr at;
    TRY(user_in(&d, a[1], sizeof d));
    TRY(user_can_write(a[2], sizeof at));
    return give(vipc_space_mmap(&t->ipc, cap_of(a[0]), &d, &at, a[3]), a[2], &at, sizeof at);
}
static int64_t do_space_unmap(struct thread *t, const uint64_t *a) { return vipc_space_unmap(&t->ipc, cap_of(a[0]), a[1], a[2], a[3]); }
static int64_t do_space_protect(struct thread *t, const uint64_t *a) { return vipc_space_protect(&t->ipc, cap_of(a[0]), a[1], a[2], (uint32_t)a[3], a[4]); }
static int64_t do_space_set_break(struct thread *t, const uint64_t *a)
{
    vipc_addr now;
    if (a[2]) TRY(user_can_write(a[2], sizeof now));
    vipc_error e = vipc_space_set_break(&t->ipc, cap_of(a[0]), a[1], &now, a[3]);
    return a[2] ? give(e, a[2], &now, sizeof now) : e;
}
static int64_t do_space_grow_heap(struct thread *t, const uint64_t *a)
{
    vipc_addr was;
    if (a[2]) TRY(user_can_write(a[2], sizeof was));
    vipc_error e = vipc_space_grow_heap(&t->ipc, cap_of(a[0]), a[1], &was);
    return a[2] ? give(e, a[2], &was, sizeof was) : e;
}
static int64_t do_space_stack_create(struct thread *t, const uint64_t *a)
{
    vipc_stack s;
    DESC_IN(vipc_stack_desc, d, a[1]);
    TRY(user_can_write(a[2], sizeof s));
    return give(vipc_space_stack_create(&t->ipc, cap_of(a[0]), d, &s), a[2], &s, sizeof s);
}
static int64_t do_space_find(struct thread *t, const uint64_t *a)
{
    vipc_space_region r;
    TRY(user_can_write(a[2], sizeof r));
    return give(vipc_space_find(&t->ipc, cap_of(a[0]), a[1], &r), a[2], &r, sizeof r);
}
/* Where the page tables lie is the kernel's business alone. */
static int64_t do_space_get(struct thread *t, const uint64_t *a)
{
    vipc_space_info i;
    TRY(user_can_write(a[1], sizeof i));
    vipc_error e = vipc_space_get(&t->ipc, cap_of(a[0]), &i);
    i.root = 0;
    return give(e, a[1], &i, sizeof i);
}
static int64_t do_initial(struct thread *t, const uint64_t *a)
{
    vipc_cap c;
    TRY(user_can_write(a[1], sizeof c));
    return give(vipc_initial(&t->ipc, (uint32_t)a[0], &c), a[1], &c, sizeof c);
}
/* The results are in registers: whatever the user's memory is like then, it is told of the child. */
static int64_t do_fork(struct thread *t, const uint64_t *a)
{
    vipc_cap initial[VIPC_INITIAL_MAX];
    struct spawn s;
    if (a[1] > VIPC_INITIAL_MAX) return VIPC_ERR_INVALID_ARGUMENT;
    if (a[1]) TRY(user_in(initial, a[0], a[1] * sizeof *initial));
    memset(&s, 0, sizeof s);
    TRY(process_fork(&s, initial, (uint32_t)a[1]));
    user_frame(t)->rdx = s.cap.token;
    return (int64_t)s.pid.id;
}

/* ---- shared regions ---- */
static int64_t do_region_create(struct thread *t, const uint64_t *a)
{
    char label[VIPC_LABEL_MAX + 1];
    vipc_cap c;
    DESC_IN(vipc_region_desc, d, a[0]);
    TRY(label_in(label, &d_copy.label));
    TRY(user_can_write(a[1], sizeof c));
    return give(vipc_region_create(&t->ipc, d, &c), a[1], &c, sizeof c);
}
/* Where its frames lie is the kernel's business alone. */
static int64_t do_region_get(struct thread *t, const uint64_t *a)
{
    vipc_region_info i;
    TRY(user_can_write(a[1], sizeof i));
    vipc_error e = vipc_region_get(&t->ipc, cap_of(a[0]), &i);
    i.physical = 0;
    return give(e, a[1], &i, sizeof i);
}
static int64_t do_region_find(struct thread *t, const uint64_t *a)
{
    vipc_cap c;
    TRY(user_can_write(a[1], sizeof c));
    return give(vipc_region_find(&t->ipc, a[0], &c), a[1], &c, sizeof c);
}
static int64_t do_region_transfer(struct thread *t, const uint64_t *a)
{
    vipc_cap c;
    TRY(user_can_write(a[4], sizeof c));
    return give(vipc_region_transfer(&t->ipc, cap_of(a[0]), pid_of(a[1]), (uint32_t)a[2], (uint32_t)a[3], &c, a[5]), a[4], &c, sizeof c);
}
static int64_t do_region_seal(struct thread *t, const uint64_t *a) { return vipc_region_seal(&t->ipc, cap_of(a[0]), a[1]); }
static int64_t do_map(struct thread *t, const uint64_t *a)
{
    vipc_mapping m;
    DESC_IN(vipc_map_desc, d, a[1]);
    TRY(user_can_write(a[2], sizeof m));
    return give(vipc_map(&t->ipc, cap_of(a[0]), d, &m), a[2], &m, sizeof m);
}
static int64_t do_unmap(struct thread *t, const uint64_t *a)
{
    vipc_mapping m;
    TRY(user_in(&m, a[0], sizeof m));
    return vipc_unmap(&t->ipc, &m, a[1]);
}

static int64_t do_node_usage(struct thread *t, const uint64_t *a)
{
    uint64_t bytes;
    TRY(user_can_write(a[1], sizeof bytes));
    return give(vipc_node_usage(&t->ipc, a[0] < VIPC_NODES_MAX ? (uint32_t)a[0] : VIPC_NODES_MAX, &bytes), a[1], &bytes, sizeof bytes);
}

/* ---- named objects ---- */
enum { OBJECT_NAME_ROOM = VIPC_OBJECT_NAME_MAX + 3 };        /* a slash before it, one byte too many, 0 */
static int64_t do_object_open(struct thread *t, const uint64_t *a)
{
    char name[OBJECT_NAME_ROOM];
    vipc_cap c;
    TRY(user_text(name, sizeof name, a[0]));
    TRY(user_can_write(a[3], sizeof c));
    return give(vipc_object_open(&t->ipc, name, (uint32_t)a[1], (uint32_t)a[2], &c, a[4]), a[3], &c, sizeof c);
}
static int64_t do_object_unlink(struct thread *t, const uint64_t *a)
{
    char name[OBJECT_NAME_ROOM];
    TRY(user_text(name, sizeof name, a[0]));
    return vipc_object_unlink(&t->ipc, name);
}
static int64_t do_object_truncate(struct thread *t, const uint64_t *a) { return vipc_object_truncate(&t->ipc, cap_of(a[0]), a[1], a[2]); }
static int64_t do_object_get(struct thread *t, const uint64_t *a)
{
    vipc_object_stat s;
    TRY(user_can_write(a[1], sizeof s));
    return give(vipc_object_get(&t->ipc, cap_of(a[0]), &s), a[1], &s, sizeof s);
}
static int64_t do_object_count(struct thread *t, const uint64_t *a)
{
    uint32_t count;
    TRY(user_can_write(a[0], sizeof count));
    return give(vipc_object_count(&t->ipc, &count), a[0], &count, sizeof count);
}
static int64_t do_unknown(struct thread *t, const uint64_t *a) { (void)t; (void)a; return VIPC_ERR_NOT_SUPPORTED; }

static const handler handlers[SYSCALLS] = {
    [SYS_NOTHING] = do_nothing, [SYS_EXIT] = do_exit, [SYS_YIELD] = do_yield, [SYS_SLEEP] = do_sleep, [SYS_LOG] = do_log, [SYS_SPAWN] = do_spawn, [SYS_WAIT] = do_wait,
    [SYS_CONTROL] = do_control, [SYS_SELF] = do_self, [SYS_TIME] = do_time, [SYS_CONFIG_GET] = do_config_get, [SYS_STATS_GET] = do_stats_get, [SYS_CHECK] = do_check,
    [SYS_TRIM] = do_trim, [SYS_CANCEL] = do_cancel, [SYS_PROCESS_WAIT] = do_process_wait, [SYS_PROCESS_WATCH] = do_process_watch, [SYS_PROCESS_GET] = do_process_get,
    [SYS_PROCESS_FIND] = do_process_find, [SYS_DERIVE] = do_derive, [SYS_GRANT] = do_grant, [SYS_REVOKE] = do_revoke, [SYS_CLOSE] = do_close, [SYS_DESTROY] = do_destroy,
    [SYS_CAP_GET] = do_cap_get, [SYS_CAP_REQUIRE] = do_cap_require, [SYS_ENDPOINT_CREATE] = do_endpoint_create, [SYS_ENDPOINT_BIND] = do_endpoint_bind,
    [SYS_ENDPOINT_GET] = do_endpoint_get, [SYS_CHANNEL_CREATE] = do_channel_create, [SYS_SEND] = do_send, [SYS_RECEIVE] = do_receive, [SYS_SEND_LARGE] = do_send_large,
    [SYS_RECEIVE_LARGE] = do_receive_large, [SYS_SEND_MANY] = do_send_many, [SYS_RECEIVE_MANY] = do_receive_many, [SYS_CALL] = do_call,
    [SYS_CALL_LARGE] = do_call_large, [SYS_REPLY] = do_reply, [SYS_REPLY_LARGE] = do_reply_large,
    [SYS_REPLY_DROP] = do_reply_drop, [SYS_REPLY_RECEIVE] = do_reply_receive, [SYS_NOTIFICATION_CREATE] = do_notification_create, [SYS_SIGNAL] = do_signal,
    [SYS_NOTIFICATION_WAIT] = do_notification_wait, [SYS_WAIT_ANY] = do_wait_any, [SYS_WAIT_SET_CREATE] = do_wait_set_create, [SYS_WAIT_SET_ADD] = do_wait_set_add,
    [SYS_WAIT_SET_REMOVE] = do_wait_set_remove, [SYS_WAIT_SET_WAIT] = do_wait_set_wait, [SYS_PUBLISH] = do_publish, [SYS_UNPUBLISH] = do_unpublish,
    [SYS_LOOKUP] = do_lookup,
    [SYS_SPACE_MMAP] = do_space_mmap, [SYS_SPACE_UNMAP] = do_space_unmap, [SYS_SPACE_PROTECT] = do_space_protect, [SYS_SPACE_SET_BREAK] = do_space_set_break,
    [SYS_SPACE_GROW_HEAP] = do_space_grow_heap, [SYS_SPACE_STACK_CREATE] = do_space_stack_create, [SYS_SPACE_FIND] = do_space_find, [SYS_SPACE_GET] = do_space_get,
    [SYS_INITIAL] = do_initial, [SYS_FORK] = do_fork, [SYS_REGION_CREATE] = do_region_create, [SYS_REGION_GET] = do_region_get, [SYS_REGION_FIND] = do_region_find,
    [SYS_REGION_TRANSFER] = do_region_transfer, [SYS_REGION_SEAL] = do_region_seal, [SYS_MAP] = do_map, [SYS_UNMAP] = do_unmap, [SYS_OBJECT_GET] = do_object_get,
    [SYS_OBJECT_COUNT] = do_object_count, [SYS_NODE_USAGE] = do_node_usage, [SYS_RUN_ON] = do_run_on, [SYS_GAP ... SYS_OBJECT_OPEN - 1] = do_unknown,
    [SYS_OBJECT_OPEN] = do_object_open, [SYS_OBJECT_UNLINK] = do_object_unlink, [SYS_OBJECT_TRUNCATE] = do_object_truncate,
};

/* From entry.S, interrupts off; on in between: a system call is preempted like anything else. */
void syscall(struct frame *f)
{
    int64_t result = VIPC_ERR_NOT_SUPPORTED;
    interrupts_on();
    if (f->rax < SYSCALLS) result = handlers[f->rax](current(), &f->rdi);
    interrupts_off();
    f->rax = (uint64_t)result;
    if (this_cpu()->reschedule || current()->process->killed) sched_leave_kernel();
}
