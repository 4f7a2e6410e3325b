/* t_fast.c - the register fast path, in a kernel that is played on the host: CPUs, threads with a register image, run queues; nothing is switched but
 * pointers.  A thread's words pass from image to image as registers would; the core sees none of a message that goes the fast way. */
#define VIPC_UNSTABLE
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include "mock.h"

/* ---- the kernel ---- */
#define THREADS 12
#define CPUS 2
enum { NOTHING, CALL, RECEIVE };
typedef struct registers { uint32_t opcode, flags; uint64_t data[VIPC_MESSAGE_WORDS]; } registers;
typedef struct thread {
    vipc *view;
    uint32_t number, priority, home;       /* home: the CPU that it is made ready on */
    registers r;                            /* its message: what it sends, what it got */
    vipc_info info;
    int op, sent, parked;                   /* what it waits in; sent: its request is under way; parked: for people, where no other CPU runs */
    vipc_cap cap;
    vipc_time deadline;
    vipc_error error;                       /* what its last operation said */
    uint64_t next, got, wrong;              /* of its program, in the stress */
    int refused;
} thread;
typedef struct cpu {
    vipc_cpu core;
    uint32_t number;
    thread *now, *queue[THREADS];
    int ready;
    pthread_mutex_t lock;                   /* of the queue */
    uint64_t fast, slow;
} cpu;
static thread threads[THREADS];
static cpu cpus[CPUS];
static uint64_t woken;

static void enqueue(thread *t)
{
    cpu *c = &cpus[t->home];
    pthread_mutex_lock(&c->lock);
    for (int i = 0; i < c->ready; i++) if (c->queue[i] == t) { printf("    thread %u is ready twice\n", t->number); test_failures_++; }
    if (c->ready < THREADS) c->queue[c->ready++] = t;
    pthread_mutex_unlock(&c->lock);
}
static thread *dequeue(cpu *c)
{
    pthread_mutex_lock(&c->lock);
    thread *t = c->ready ? c->queue[0] : NULL;
    if (t) memmove(c->queue, c->queue + 1, (size_t)--c->ready * sizeof *c->queue);
    pthread_mutex_unlock(&c->lock);
    return t;
}
static void run_on(cpu *c, thread *t) { c->now = t; c->core.here = vipc_here(c->number, t->priority); }
static void hook_wake(void *user, uint64_t target, uint32_t *word)
{
    (void)user; (void)word;
    __atomic_add_fetch(&woken, 1, __ATOMIC_RELAXED);
    if (target > 0 && target < THREADS && threads[target].view && vipc_unpark(threads[target].view)) enqueue(&threads[target]);
}
static vipc_message to_message(const registers *r)
{
    vipc_message m = VIPC_INIT;
    m.opcode = r->opcode;
    m.flags = r->flags;
    memcpy(m.data, r->data, sizeof m.data);
    return m;
}
static void from_message(registers *r, const vipc_message *m)
{
    r->opcode = m->opcode;
    r->flags = m->flags;
    memcpy(r->data, m->data, sizeof r->data);
}
/* The other half of a fast path: what was in the registers goes on to `next`, who runs. */
static thread *switched(cpu *c, thread *from, registers r, vipc_fast f)
{
    thread *t = &threads[f.next];
    c->fast++;
    if (f.ready) enqueue(from);
    r.flags = f.flags;
    t->r = r;
    t->info.sender = f.sender;
    t->info.badge = f.badge;
    t->info.reply = f.reply;
    t->error = VIPC_OK;
    t->op = NOTHING;
    t->parked = 0;
    run_on(c, t);
    return t;
}
/* The end of a step: the thread if it goes on in user mode; NULL: it parked, and may be somewhere else by now. */
static thread *stepped(thread *t, vipc_error e, uint32_t parked, const vipc_message *got, const vipc_info *info)
{
    if (parked) { if (e != VIPC_ERR_WOULD_BLOCK) test_failures_++; return NULL; }
    t->parked = 0;
    t->op = NOTHING;
    t->error = e;
    t->info = *info;
    if (e == VIPC_OK) from_message(&t->r, got);
    return t;
}
/* A step of the slow way. */
static thread *step(cpu *c, thread *t)
{
    vipc_message m = to_message(&t->r), got = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    uint32_t parked = 7;
    vipc_error e;
    run_on(c, t);
    t->parked = 1;
    if (t->op == CALL) e = vipc_park_call(t->view, &c->core, t->cap, t->sent ? NULL : &m, &got, t->deadline, &parked);
    else e = vipc_park_receive(t->view, &c->core, t->cap, &got, &info, t->deadline, &parked);
    return stepped(t, e, parked, &got, &info);
}
static thread *sys_call(cpu *c, vipc_cap to, vipc_time deadline)
{
    thread *t = c->now;
    registers r = t->r;
    t->op = CALL; t->cap = to; t->deadline = deadline; t->sent = 1; t->parked = 1;
    vipc_fast f = vipc_fast_call(t->view, &c->core, to, r.flags, deadline);
    if (f.next) return switched(c, t, r, f);
    c->slow++;
    t->sent = 0;
    return step(c, t);
}
static thread *sys_receive(cpu *c, vipc_cap from, vipc_time deadline)
{
    thread *t = c->now;
    t->op = RECEIVE; t->cap = from; t->deadline = deadline;
    return step(c, t);
}
static thread *sys_reply_receive(cpu *c, vipc_reply_right to, vipc_cap from)
{
    thread *t = c->now;
    registers r = t->r;
    vipc_message m = to_message(&r), got = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    uint32_t parked = 7;
    t->op = RECEIVE; t->cap = from; t->deadline = VIPC_FOREVER; t->parked = 1;
    vipc_fast f = vipc_fast_reply_receive(t->view, &c->core, to, from, r.flags, VIPC_FOREVER);
    if (f.next) return switched(c, t, r, f);
    c->slow++;
    vipc_error e = vipc_park_reply_receive(t->view, &c->core, to, &m, from, &got, &info, VIPC_FOREVER, &parked);
    return stepped(t, e, parked, &got, &info);
}
/* The next that is ready goes on in what it waited for. */
static thread *next_ready(cpu *c)
{
    thread *t = dequeue(c);
    return t ? step(c, t) : NULL;
}

/* ---- a domain: 0 administers (and never parks), 1.. are threads ---- */
static mock m;
static vipc_cap door, at[MOCK_VIEWS];       /* each one's capability */
static vipc *const admin = &m.v[0];
static void begin(unsigned members)
{
    vipc_config config = VIPC_INIT;
    config.max_objects = 16; config.max_capabilities = 64; config.max_processes = 12; config.max_threads = 16;
    mock_open(&m, &config, members, 32);
    m.hooks.wake = hook_wake;
    m.hooks.process_alive = NULL;           /* a kernel tells of deaths itself */
    memset(threads, 0, sizeof threads);
    for (unsigned i = 1; i < members; i++) {
        threads[i].view = &m.v[i];
        threads[i].number = i;
        threads[i].priority = 5;
    }
    for (uint32_t i = 0; i < CPUS; i++) {
        memset(&cpus[i], 0, sizeof cpus[i]);
        cpus[i].number = i;
        pthread_mutex_init(&cpus[i].lock, NULL);
    }
    woken = 0;
    door = mock_endpoint(&m, 0, 4);
    for (unsigned i = 1; i < members; i++) at[i] = mock_grant(&m, 0, door, i, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE);
}
/* Bring thread i onto CPU c. */
static thread *enter(unsigned i, unsigned c) { threads[i].home = c; run_on(&cpus[c], &threads[i]); return &threads[i]; }
static int is_parked(unsigned i) { return vipci_view_at(admin, m.v[i].view)->parked != 0; }
static void park_server(unsigned i, unsigned c)
{
    enter(i, c);
    CHECK(sys_receive(&cpus[c], at[i], VIPC_FOREVER) == NULL);
    CHECK(is_parked(i));
}
static void put(thread *t, uint64_t n)
{
    vipc_message q = mock_message(n);
    from_message(&t->r, &q);
}
static int holds(const thread *t, uint64_t n, uint32_t flags)
{
    vipc_message want = mock_message(n);
    return t->r.opcode == want.opcode && t->r.flags == flags && memcmp(t->r.data, want.data, sizeof want.data) == 0;
}
/* Client 1 calls server 2, which has parked on the same CPU; the server answers and waits again. */
static void round_trip(uint64_t n, int fast)
{
    cpu *c = &cpus[0];
    uint64_t before = c->fast;
    enter(1, 0);
    put(&threads[1], n);
    thread *t = sys_call(c, at[1], VIPC_FOREVER);
    if (!t) t = next_ready(c);
    REQUIRE(t == &threads[2]);
    CHECK_OK(t->error);
    CHECK(holds(t, n, 0));
    CHECK_EQ(t->info.sender.id, vipc_self(&m.v[1]).id);
    CHECK(t->info.reply.token != 0);
    put(t, n + 1000);
    t = sys_reply_receive(c, t->info.reply, at[2]);
    if (!t) t = next_ready(c);
    REQUIRE(t == &threads[1]);
    CHECK_OK(t->error);
    CHECK(holds(t, n + 1000, VIPC_IS_REPLY));
    CHECK_EQ(c->fast - before, fast);
    CHECK(is_parked(2) && !is_parked(1));
}
static unsigned char *copy_of_domain(void)
{
    unsigned char *p = (unsigned char *)malloc((size_t)m.size);
    if (!p) exit(2);
    memcpy(p, m.memory, (size_t)m.size);
    return p;
}
/* Neither fast path does anything now, and nothing in the domain changes, not a bit. */
static void expect_nothing(vipc_fast f, unsigned char *before, int line)
{
    test_equal_(__FILE__, line, "next", (long long)f.next, 0);
    test_equal_(__FILE__, line, "ready", f.ready, 0);
    test_equal_(__FILE__, line, "the domain has changed", memcmp(before, m.memory, (size_t)m.size), 0);
    free(before);
}
static void expect_no_call(unsigned i, unsigned c, vipc_cap to, uint32_t flags, vipc_time deadline, int line)
{
    enter(i, c);
    unsigned char *before = copy_of_domain();
    vipc_fast f = vipc_fast_call(&m.v[i], &cpus[c].core, to, flags, deadline);
    expect_nothing(f, before, line);
}
static void expect_no_reply(unsigned i, unsigned c, vipc_reply_right to, vipc_cap from, uint32_t flags, vipc_time deadline, int line)
{
    enter(i, c);
    unsigned char *before = copy_of_domain();
    vipc_fast f = vipc_fast_reply_receive(&m.v[i], &cpus[c].core, to, from, flags, deadline);
    expect_nothing(f, before, line);
}
#define NO_CALL(i, to) expect_no_call(i, 0, to, 0, VIPC_FOREVER, __LINE__)
#define NO_REPLY(i, right, from) expect_no_reply(i, 0, right, from, 0, VIPC_FOREVER, __LINE__)
/* Everybody who still waits is let go, then the domain is judged. */
static void finish(void)
{
    m.hooks.wake = mock_wake;
    for (unsigned i = 1; i < THREADS; i++) {
        if (!threads[i].view || !m.member[i]) continue;
        if (vipc_unpark(threads[i].view) || cpus[0].ready + cpus[1].ready) {
            vipc_message q;
            uint32_t parked;
            if (threads[i].op == CALL) (void)vipc_park_call(threads[i].view, &cpus[0].core, at[i], NULL, &q, VIPC_NOW, &parked);
            else if (threads[i].op == RECEIVE) (void)vipc_park_receive(threads[i].view, &cpus[0].core, at[i], &q, NULL, VIPC_NOW, &parked);
        }
    }
    m.lost = m.stuck = 0;
    m.hooks.process_alive = mock_alive;
    MOCK_END(&m);
}

/* ---- cases ---- */
TEST(ping_pong)
{
    begin(3);
    park_server(2, 0);
    for (uint64_t n = 1; n <= 1000; n++) round_trip(n, 2);
    CHECK_EQ(woken, 0);                                      /* no hook was called */
    vipc_stats s = mock_stats(&m);
    CHECK_EQ(s.calls, 1000);
    CHECK_EQ(s.replies, 1000);
    CHECK_EQ(s.frames_in_use, 0);                            /* and no queue was made */
    finish();
}
TEST(badges_and_senders)
{
    begin(4);
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap badged = VIPC_INIT;
    d.rights = VIPC_RIGHT_SEND; d.badge = 77;
    REQUIRE_OK(vipc_grant(admin, door, vipc_self(&m.v[3]), &d, &badged));
    park_server(2, 0);
    thread *t = enter(3, 0);
    put(t, 5);
    t = sys_call(&cpus[0], badged, VIPC_FOREVER);
    REQUIRE(t == &threads[2]);
    CHECK_EQ(cpus[0].fast, 1);
    CHECK_EQ(t->info.badge, 77);
    CHECK_EQ(t->info.sender.id, vipc_self(&m.v[3]).id);
    t = sys_reply_receive(&cpus[0], t->info.reply, at[2]);
    REQUIRE(t == &threads[3]);
    CHECK_EQ(t->info.badge, 0);                              /* a reply says nothing but its words */
    CHECK_EQ(t->info.reply.token, 0);
    finish();
}
TEST(vetoes_of_a_call)
{
    begin(4);
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap limited, only_receive, note, a, b, gone;
    vipc_cap forged = at[1], none = VIPC_INIT;
    d.limits.message_max = 48;
    REQUIRE_OK(vipc_derive(&m.v[1], at[1], &d, &limited));
    only_receive = mock_derive(&m, 1, at[1], VIPC_RIGHT_RECEIVE);
    REQUIRE_OK(vipc_notification_create(&m.v[1], NULL, &note));
    REQUIRE_OK(vipc_channel_create(&m.v[1], NULL, &a, &b));
    gone = mock_derive(&m, 1, at[1], VIPC_RIGHT_SEND);
    NO_CALL(1, at[1]);                                       /* nobody is parked */
    park_server(2, 0);
    cpus[0].core.floor = 6;
    NO_CALL(1, at[1]);
    cpus[0].core.floor = ~0u;
    NO_CALL(1, at[1]);
    cpus[0].core.floor = 5;
    expect_no_call(1, 1, at[1], 0, VIPC_FOREVER, __LINE__);  /* parked on another CPU */
    NO_CALL(1, limited);
    NO_CALL(1, only_receive);
    NO_CALL(1, note);
    NO_CALL(1, a);
    NO_CALL(1, at[2]);                                       /* another's */
    NO_CALL(1, none);
    forged.token ^= (uint64_t)1 << 40;
    NO_CALL(1, forged);
    forged.token = at[1].token ^ (uint64_t)1 << 60;
    NO_CALL(1, forged);
    forged.token = ~(uint64_t)0;
    NO_CALL(1, forged);
    expect_no_call(1, 0, at[1], VIPC_HAS_CAPABILITY, VIPC_FOREVER, __LINE__);
    expect_no_call(1, 0, at[1], VIPC_NEEDS_ACK, VIPC_FOREVER, __LINE__);
    expect_no_call(1, 0, at[1], 0, 1000, __LINE__);          /* a deadline */
    expect_no_call(1, 0, at[1], 0, VIPC_NOW, __LINE__);
    REQUIRE_OK(vipc_close(&m.v[1], gone));                   /* whoever waits there is told to look again */
    REQUIRE(next_ready(&cpus[0]) == NULL);
    NO_CALL(1, gone);
    vipci_view_at(admin, m.v[1].view)->abandoned[1] = 1;     /* a late server is in a reply buffer */
    NO_CALL(1, at[1]);
    vipci_view_at(admin, m.v[1].view)->abandoned[1] = 0;
    vipci_object_at(admin, 0)->server = 99;                  /* rubbish */
    NO_CALL(1, at[1]);
    vipci_object_at(admin, 0)->server = m.v[2].view + 1;
    round_trip(9, 2);                                        /* and with all that out of the way */
    finish();
}
/* Member i has used the queue before: what vetoes is what is in it, not that it is unknown. */
static void knows_the_queue(unsigned i)
{
    REQUIRE_OK(mock_send(&m.v[i], at[i], 99));
    CHECK_EQ(mock_receive(&m.v[i], at[i]), 99);
}
/* What a view starts with is no token that it could be asked for, and leads nowhere.  (A kernel's attacker found that ~0 was, and did.) */
TEST(a_fresh_view_knows_no_token)
{
    begin(4);
    vipc fresh;
    vipc_cap ones;
    vipc_process_desc d = VIPC_INIT;
    vipc_reply_right right = { (uint64_t)1 << 32 | (uint64_t)2 << 8 | 1 };
    ones.token = ~(uint64_t)0;
    park_server(2, 0);
    memset(admin->fast, 0, sizeof admin->fast);              /* it is handed down */
    d.native_thread = 9;
    REQUIRE_OK(vipc_process_create(admin, &d, &fresh, NULL));
    CHECK_EQ(vipc_fast_call(&fresh, &cpus[0].core, ones, 0, VIPC_FOREVER).next, 0);
    CHECK_EQ(vipc_fast_reply_receive(&fresh, &cpus[0].core, right, ones, 0, VIPC_FOREVER).next, 0);
    CHECK(fresh.fast[0].entry && fresh.fast[0].object && fresh.fast[1].entry && fresh.fast[1].object);
    REQUIRE_OK(vipc_leave(&fresh));
    finish();
}
TEST(veto_of_a_queue_that_is_not_empty)
{
    begin(4);
    knows_the_queue(1);
    park_server(3, 0);                                       /* who came first is chosen for what is sent; 2 parked last */
    park_server(2, 0);
    REQUIRE_OK(mock_send(admin, door, 1));
    CHECK_EQ(cpus[0].ready, 1);
    NO_CALL(1, at[1]);                                       /* it would overtake */
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[3]);
    CHECK(holds(t, 1, 0));
    round_trip(7, 2);                                        /* beside an empty queue */
    finish();
}
/* Client 1 has called, server 2 has it in hand.  The right. */
static vipc_reply_right called(void)
{
    park_server(2, 0);
    thread *t = enter(1, 0);
    put(t, 3);
    t = sys_call(&cpus[0], at[1], VIPC_FOREVER);
    REQUIRE(t == &threads[2]);
    return t->info.reply;
}
/* Nothing passes what is urgent, whether there is a usual queue or not: not a call, nor a server that would wait for the next one. */
static vipc_error urgently(uint64_t n)
{
    vipc_message q = mock_message(n);
    q.flags = VIPC_URGENT;
    return vipc_send(admin, door, &q, VIPC_NOW);
}
TEST(vetoes_of_an_urgent_message)
{
    for (int queue = 0; queue < 2; queue++) {
        begin(4);
        if (queue) { knows_the_queue(1); knows_the_queue(2); }
        park_server(3, 0);
        park_server(2, 0);
        REQUIRE_OK(urgently(1));
        NO_CALL(1, at[1]);
        thread *t = next_ready(&cpus[0]);
        REQUIRE(t == &threads[3]);
        CHECK(holds(t, 1, VIPC_URGENT));
        enter(1, 0);
        put(&threads[1], 5);
        t = sys_call(&cpus[0], at[1], VIPC_FOREVER);         /* the lane is empty, and shown until somebody finds it so: the slow way */
        if (!t) t = next_ready(&cpus[0]);
        REQUIRE(t == &threads[2]);
        CHECK(holds(t, 5, 0));
        REQUIRE_OK(urgently(2));
        NO_REPLY(2, t->info.reply, at[2]);
        put(t, 6);
        t = sys_reply_receive(&cpus[0], t->info.reply, at[2]);
        REQUIRE(t == &threads[2]);
        CHECK(holds(t, 2, VIPC_URGENT));
        t = next_ready(&cpus[0]);
        REQUIRE(t == &threads[1]);
        CHECK(holds(t, 6, VIPC_IS_REPLY));
        finish();
    }
}
TEST(vetoes_of_a_reply)
{
    begin(5);
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap limited, only_send;
    vipc_reply_right right, bad, none = VIPC_INIT;
    d.limits.message_max = 48;
    REQUIRE_OK(vipc_derive(&m.v[2], at[2], &d, &limited));
    only_send = mock_derive(&m, 2, at[2], VIPC_RIGHT_SEND);
    knows_the_queue(1);
    knows_the_queue(2);
    right = called();
    cpus[0].core.floor = 6;
    NO_REPLY(2, right, at[2]);
    cpus[0].core.floor = 0;
    expect_no_reply(2, 1, right, at[2], 0, VIPC_FOREVER, __LINE__);
    NO_REPLY(2, right, limited);
    NO_REPLY(2, right, only_send);
    NO_REPLY(2, right, at[1]);
    NO_REPLY(2, none, at[2]);
    NO_REPLY(3, right, at[3]);                               /* another process's right */
    bad = right; bad.token += (uint64_t)1 << 32; NO_REPLY(2, bad, at[2]);
    bad = right; bad.token ^= 2; NO_REPLY(2, bad, at[2]);
    bad = right; bad.token ^= (uint64_t)1 << 24; NO_REPLY(2, bad, at[2]);
    bad = right; bad.token |= 0xffff00; NO_REPLY(2, bad, at[2]);
    bad = right; bad.token &= ~(uint64_t)0xffff00; NO_REPLY(2, bad, at[2]);
    expect_no_reply(2, 0, right, at[2], VIPC_HAS_CAPABILITY, VIPC_FOREVER, __LINE__);
    expect_no_reply(2, 0, right, at[2], 0, 1000, __LINE__);
    REQUIRE_OK(mock_send(admin, door, 44));                  /* the queue is not empty */
    NO_REPLY(2, right, at[2]);
    enter(2, 0);
    put(&threads[2], 4);
    thread *t = sys_reply_receive(&cpus[0], right, at[2]);   /* the slow way answers, and takes that */
    REQUIRE(t == &threads[2]);
    CHECK(holds(t, 44, 0));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 4, VIPC_IS_REPLY));
    NO_REPLY(2, right, at[2]);                               /* used up */
    finish();
}
TEST(veto_of_an_endpoint_bound_away)
{
    begin(4);
    vipc_reply_right right = called();
    REQUIRE_OK(vipc_endpoint_bind(admin, door, vipc_self(&m.v[3])));
    NO_REPLY(2, right, at[2]);
    enter(2, 0);
    put(&threads[2], 4);
    thread *t = sys_reply_receive(&cpus[0], right, at[2]);
    REQUIRE(t == &threads[2]);
    CHECK_EQ(t->error, VIPC_ERR_PERMISSION_DENIED);
    t = next_ready(&cpus[0]);                                /* the reply was given all the same */
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 4, VIPC_IS_REPLY));
    finish();
}
TEST(veto_of_a_capability_that_was_revoked)
{
    begin(4);
    park_server(2, 0);
    REQUIRE_OK(vipc_revoke(admin, door, VIPC_FOREVER));
    NO_CALL(1, at[1]);
    thread *t = next_ready(&cpus[0]);                        /* the server's went too */
    REQUIRE(t == &threads[2]);
    CHECK_EQ(t->error, VIPC_ERR_INVALID_CAPABILITY);
    CHECK(!is_parked(2));
    finish();
}
TEST(revoke_between_call_and_reply)
{
    begin(4);
    vipc_reply_right right = called();
    REQUIRE_OK(vipc_revoke(admin, door, VIPC_FOREVER));
    NO_REPLY(2, right, at[2]);
    CHECK(is_parked(1));                                     /* calls that were made are answered */
    enter(2, 0);
    vipc_message q = mock_message(6);
    REQUIRE_OK(vipc_reply(&m.v[2], right, &q));
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_OK(t->error);
    CHECK(holds(t, 6, VIPC_IS_REPLY));
    finish();
}
TEST(slow_send_to_a_parked_server)
{
    begin(3);
    park_server(2, 0);
    REQUIRE_OK(mock_send(admin, door, 12));
    CHECK(!is_parked(2));                                    /* the wake hook has won it */
    NO_CALL(1, at[1]);
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[2]);
    CHECK(holds(t, 12, 0));
    CHECK_EQ(t->info.sender.id, vipc_self(admin).id);
    park_server(2, 0);
    round_trip(20, 1);                                       /* once, as the client does not know the queue */
    round_trip(30, 2);
    finish();
}
TEST(slow_reply_to_a_parked_caller)
{
    begin(3);
    vipc_reply_right right = called();
    vipc_message q = mock_message(8);
    REQUIRE_OK(vipc_reply(&m.v[2], right, &q));
    CHECK(!is_parked(1));
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_OK(t->error);
    CHECK(holds(t, 8, VIPC_IS_REPLY));
    right = (vipc_reply_right){ 0 };
    park_server(2, 0);
    round_trip(40, 2);
    finish();
}
TEST(a_refused_call)
{
    begin(3);
    vipc_reply_right right = called();
    REQUIRE_OK(vipc_reply_drop(&m.v[2], right, VIPC_ERR_RATE_LIMIT));
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_EQ(t->error, VIPC_ERR_RATE_LIMIT);
    finish();
}
/* A meeting on the slow path: the client calls before anybody serves; both sides park all the same. */
TEST(fast_again_after_a_slow_meeting)
{
    begin(3);
    thread *t = enter(1, 0);
    put(t, 1);
    CHECK(sys_call(&cpus[0], at[1], VIPC_FOREVER) == NULL);
    CHECK(is_parked(1));
    enter(2, 0);
    t = sys_receive(&cpus[0], at[2], VIPC_FOREVER);
    REQUIRE(t == &threads[2]);
    CHECK(holds(t, 1, 0));
    put(t, 2);
    uint64_t before = cpus[0].fast;
    t = sys_reply_receive(&cpus[0], t->info.reply, at[2]);
    if (!t) t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 2, VIPC_IS_REPLY));
    CHECK_EQ(cpus[0].fast - before, 0);                      /* nobody had waited there yet: the flag is low, so the server parks by a step */
    for (uint64_t n = 3; n < 10; n++) round_trip(n, 2);      /* and from now on all is fast */
    cpus[0].core.floor = ~0u;
    round_trip(20, 0);                                       /* all the slow way */
    cpus[0].core.floor = 0;
    round_trip(21, 2);
    finish();
}
TEST(call_that_waits_for_room)
{
    begin(5);
    for (uint64_t n = 0; n < 4; n++) REQUIRE_OK(mock_send(admin, door, n));
    thread *t = enter(1, 0);
    put(t, 60);
    CHECK(sys_call(&cpus[0], at[1], VIPC_FOREVER) == NULL);
    CHECK(is_parked(1));
    CHECK_EQ(VIPCI_CALL_STATE(vipci_view_at(admin, m.v[1].view)->call), VIPCI_IDLE);
    CHECK_EQ(mock_receive(admin, door), 0);
    CHECK(next_ready(&cpus[0]) == NULL);                     /* now it is sent, and it waits for the reply */
    CHECK(is_parked(1));
    CHECK_EQ(VIPCI_CALL_STATE(vipci_view_at(admin, m.v[1].view)->call), VIPCI_QUEUED);
    for (uint64_t n = 1; n < 4; n++) CHECK_EQ(mock_receive(admin, door), (long long)n);
    vipc_message q;
    vipc_info info;
    REQUIRE_OK(vipc_receive(admin, door, &q, &info, VIPC_NOW));
    q = mock_message(61);
    REQUIRE_OK(vipc_reply(admin, info.reply, &q));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 61, VIPC_IS_REPLY));
    finish();
}
TEST(an_urgent_call_waits_for_urgent_room)
{
    begin(5);
    for (uint64_t n = 0; n < 8; n++) REQUIRE_OK(urgently(n));
    REQUIRE_OK(mock_send(admin, door, 50));
    thread *t = enter(1, 0);
    put(t, 60);
    t->r.flags = VIPC_URGENT;
    CHECK(sys_call(&cpus[0], at[1], VIPC_FOREVER) == NULL);
    CHECK(is_parked(1));
    CHECK_EQ(VIPCI_CALL_STATE(vipci_view_at(admin, m.v[1].view)->call), VIPCI_IDLE);
    vipc_message q;
    vipc_info info;
    REQUIRE_OK(vipc_receive(admin, door, &q, NULL, VIPC_NOW));       /* the first urgent one: its slot is for the call */
    CHECK_EQ(q.opcode, 0);
    CHECK_EQ(cpus[0].ready, 1);
    CHECK(next_ready(&cpus[0]) == NULL);                     /* sent, and waiting for the reply */
    CHECK_EQ(VIPCI_CALL_STATE(vipci_view_at(admin, m.v[1].view)->call), VIPCI_QUEUED);
    for (uint64_t n = 1; n < 8; n++) {
        REQUIRE_OK(vipc_receive(admin, door, &q, NULL, VIPC_NOW));
        CHECK_EQ(q.opcode, n);
    }
    REQUIRE_OK(vipc_receive(admin, door, &q, &info, VIPC_NOW));
    CHECK(q.opcode == 60 && q.flags == VIPC_URGENT && info.reply.token != 0);
    REQUIRE_OK(vipc_reply(admin, info.reply, &q));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 60, VIPC_IS_REPLY));
    CHECK_EQ(mock_receive(admin, door), 50);
    finish();
}
/* Who was chosen for urgent room and goes elsewhere hands it on: to one who waits for urgent room, and nobody else. */
TEST(urgent_room_is_handed_on)
{
    begin(5);
    vipc_cap other = mock_endpoint(&m, 1, 4);
    vipc_message q;
    uint32_t parked;
    for (uint64_t n = 0; n < 8; n++) REQUIRE_OK(urgently(n));
    for (unsigned i = 1; i <= 2; i++) {
        thread *t = enter(i, 0);
        put(t, 60 + i);
        t->r.flags = VIPC_URGENT;
        CHECK(sys_call(&cpus[0], at[i], VIPC_FOREVER) == NULL);
    }
    REQUIRE_OK(vipc_receive(admin, door, &q, NULL, VIPC_NOW));
    CHECK_EQ(cpus[0].ready, 1);
    REQUIRE(dequeue(&cpus[0]) == &threads[1]);
    enter(1, 0);
    CHECK_EQ(vipc_park_receive(&m.v[1], &cpus[0].core, other, &q, NULL, VIPC_NOW, &parked), VIPC_ERR_CHANNEL_EMPTY);
    threads[1].op = NOTHING;
    CHECK_EQ(cpus[0].ready, 1);
    CHECK(next_ready(&cpus[0]) == NULL);                     /* 2 has sent, and waits for its reply */
    CHECK_EQ(VIPCI_CALL_STATE(vipci_view_at(admin, m.v[2].view)->call), VIPCI_QUEUED);
    finish();
}
TEST(capabilities_go_the_slow_way)
{
    begin(3);
    vipc_cap extra = mock_endpoint(&m, 1, 1);
    park_server(2, 0);
    uint32_t parked;
    vipc_message q = mock_message(5), got;
    vipc_info info;
    q.flags = VIPC_HAS_CAPABILITY; q.capability = extra;
    enter(1, 0);
    CHECK_EQ(vipc_park_call(&m.v[1], &cpus[0].core, at[1], &q, &got, VIPC_FOREVER, &parked), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(parked, 1);
    REQUIRE_EQ(cpus[0].ready, 1);
    REQUIRE(dequeue(&cpus[0]) == &threads[2]);
    REQUIRE_OK(vipc_park_receive(&m.v[2], &cpus[0].core, at[2], &got, &info, VIPC_FOREVER, &parked));
    CHECK(got.capability.token != 0 && vipc_cap_require(&m.v[2], got.capability, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND) == VIPC_OK);
    q = mock_message(6);
    q.flags = VIPC_HAS_CAPABILITY; q.capability = got.capability;
    REQUIRE_EQ(vipc_park_reply_receive(&m.v[2], &cpus[0].core, info.reply, &q, at[2], &got, &info, VIPC_FOREVER, &parked), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(parked, 1);
    REQUIRE(dequeue(&cpus[0]) == &threads[1]);
    REQUIRE_OK(vipc_park_call(&m.v[1], &cpus[0].core, at[1], NULL, &got, VIPC_FOREVER, &parked));
    CHECK(vipc_cap_require(&m.v[1], got.capability, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND) == VIPC_OK);
    threads[2].op = RECEIVE;
    finish();
}
TEST(deadlines_of_the_parked)
{
    begin(3);
    thread *t = enter(2, 0);
    CHECK(sys_receive(&cpus[0], at[2], m.now + 10 * MS) == NULL);
    m.now += 5 * MS;
    CHECK(vipc_unpark(t->view));                             /* a timer that fires early: it parks again */
    CHECK(step(&cpus[0], t) == NULL);
    CHECK(is_parked(2));
    m.now += 6 * MS;
    CHECK(vipc_unpark(t->view));
    CHECK(!vipc_unpark(t->view));                            /* once */
    REQUIRE(step(&cpus[0], t) == t);
    CHECK_EQ(t->error, VIPC_ERR_TIMEOUT);
    CHECK(!is_parked(2));
    park_server(2, 0);
    t = enter(1, 0);
    put(t, 1);
    REQUIRE(sys_call(&cpus[0], at[1], VIPC_FOREVER) == &threads[2]);
    vipc_reply_right right = threads[2].info.reply;
    t->deadline = m.now + 10 * MS;                         /* the port's own timer */
    m.now += 11 * MS;
    CHECK(vipc_unpark(t->view));
    NO_REPLY(2, right, at[2]);                               /* it is being resumed */
    REQUIRE(step(&cpus[0], t) == t);
    CHECK_EQ(t->error, VIPC_ERR_TIMEOUT);
    NO_REPLY(2, right, at[2]);
    vipc_message q = mock_message(1);
    CHECK_EQ(vipc_reply(&m.v[2], right, &q), VIPC_ERR_CANCELLED);
    park_server(2, 0);
    round_trip(4, 2);
    finish();
}
TEST(cancel_of_the_parked)
{
    begin(3);
    park_server(2, 0);
    REQUIRE_OK(vipc_cancel(&m.v[2]));
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[2]);
    CHECK_EQ(t->error, VIPC_ERR_CANCELLED);
    vipc_reply_right right = called();
    REQUIRE_OK(vipc_cancel(&m.v[1]));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_EQ(t->error, VIPC_ERR_CANCELLED);
    NO_REPLY(2, right, at[2]);
    park_server(2, 0);
    REQUIRE_OK(vipc_cancel(&m.v[1]));                        /* of the next wait: the request goes, the wait ends */
    enter(1, 0);
    t = sys_call(&cpus[0], at[1], VIPC_FOREVER);
    REQUIRE(t == &threads[2]);
    CHECK(!is_parked(1));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_EQ(t->error, VIPC_ERR_CANCELLED);
    park_server(2, 0);
    round_trip(4, 2);
    REQUIRE_OK(vipc_cancel(&m.v[2]));
    REQUIRE(next_ready(&cpus[0]) == &threads[2]);
    CHECK_EQ(threads[2].error, VIPC_ERR_CANCELLED);
    right = called();
    REQUIRE_OK(vipc_cancel(&m.v[2]));                        /* the server's next wait: its reply is given, its wait ends */
    enter(2, 0);
    put(&threads[2], 5);
    t = sys_reply_receive(&cpus[0], right, at[2]);
    REQUIRE(t == &threads[1]);
    CHECK(holds(t, 5, VIPC_IS_REPLY));
    t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[2]);
    CHECK_EQ(t->error, VIPC_ERR_CANCELLED);
    finish();
}
TEST(destroy_with_both_parked)
{
    begin(5);
    vipc_reply_right right = called();
    park_server(3, 0);
    REQUIRE_OK(vipc_destroy(admin, door, VIPC_FOREVER));
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[3]);
    CHECK(t->error == VIPC_ERR_CLOSED || t->error == VIPC_ERR_INVALID_CAPABILITY);
    NO_CALL(4, at[4]);
    NO_REPLY(2, right, at[2]);
    CHECK(is_parked(1));                                     /* its request is in somebody's hand, who may answer */
    vipc_message q = mock_message(2);
    REQUIRE_OK(vipc_reply(&m.v[2], right, &q));
    REQUIRE(next_ready(&cpus[0]) == &threads[1]);
    CHECK(holds(&threads[1], 2, VIPC_IS_REPLY));
    finish();
}
/* The process of member i ends; on one CPU its thread need not be unparked first. */
static void end_of(unsigned i)
{
    vipc_cap p = VIPC_INIT;
    vipci_entry *e = NULL;
    REQUIRE_OK(vipci_lock(admin, VIPC_FOREVER));
    REQUIRE_OK(vipci_entry_new(admin, VIPC_TYPE_PROCESS << 8 | VIPC_RIGHT_ALL, m.v[i].process, 0, 0, vipci_us(admin), &e));
    vipci_validate(admin, e);
    p.token = e->token;
    vipci_commit(admin);
    vipci_unlock(admin);
    REQUIRE_OK(vipc_process_destroy(admin, p, NULL));
    m.member[i] = 0;
    threads[i].view = NULL;
}
TEST(death_of_a_server_with_a_parked_caller)
{
    begin(4);
    vipc_reply_right right = called();
    (void)right;
    end_of(2);
    thread *t = next_ready(&cpus[0]);
    REQUIRE(t == &threads[1]);
    CHECK_EQ(t->error, VIPC_ERR_PEER_DEAD);
    CHECK(!is_parked(1));
    NO_CALL(1, at[1]);
    finish();
}
TEST(death_of_a_parked_caller)
{
    begin(4);
    vipc_reply_right right = called();
    end_of(1);
    CHECK(!is_parked(1));
    NO_REPLY(2, right, at[2]);
    vipc_message q = mock_message(2);
    CHECK_EQ(vipc_reply(&m.v[2], right, &q), VIPC_ERR_CANCELLED);
    finish();
}
TEST(death_of_a_parked_server)
{
    begin(4);
    park_server(2, 0);
    end_of(2);
    CHECK(!is_parked(2));
    NO_CALL(1, at[1]);
    vipc_process_desc d = mock_desc(2);                      /* its view is given out again: nothing of the old parking is left */
    REQUIRE_OK(vipc_process_create(admin, &d, &m.v[2], NULL));
    m.member[2] = 1;
    threads[2].view = &m.v[2];
    CHECK(!is_parked(2));
    NO_CALL(1, at[1]);
    at[2] = mock_grant(&m, 0, door, 2, VIPC_RIGHT_RECEIVE);
    park_server(2, 0);
    round_trip(3, 2);
    finish();
}
/* Who sleeps in hook block is no business of the fast path, even where it parked before. */
static thread *asleep_here;
static void while_asleep(mock *mm, uint64_t who)
{
    (void)mm; (void)who;
    CHECK(!vipc_unpark(asleep_here->view));
    NO_CALL(1, at[1]);
    REQUIRE_OK(vipc_cancel(asleep_here->view));
}
TEST(sleepers_are_not_parked)
{
    begin(3);
    park_server(2, 0);
    REQUIRE_OK(mock_send(admin, door, 1));
    REQUIRE(next_ready(&cpus[0]) == &threads[2]);
    m.hooks.wake = mock_wake;
    asleep_here = &threads[2];
    m.asleep = while_asleep;
    vipc_message q;
    CHECK_EQ(vipc_receive(&m.v[2], at[2], &q, NULL, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    m.asleep = NULL;
    finish();
}
TEST(race32_one_resumes)
{
    begin(3);
    park_server(2, 0);
    CHECK(vipc_unpark(&m.v[2]));
    CHECK(!vipc_unpark(&m.v[2]));
    REQUIRE_OK(mock_send(admin, door, 1));                   /* it is up already: nobody makes it ready again */
    CHECK_EQ(cpus[0].ready, 0);
    REQUIRE(step(&cpus[0], &threads[2]) == &threads[2]);
    CHECK(holds(&threads[2], 1, 0));
    CHECK(!vipc_unpark(&m.v[2]));
    park_server(2, 0);
    vipci_wake_all(admin, VIPCI_FOR_MESSAGE, 0);             /* two wake-ups for one choice */
    vipci_wake_all(admin, VIPCI_FOR_MESSAGE, 0);
    CHECK_EQ(cpus[0].ready, 1);
    CHECK(next_ready(&cpus[0]) == NULL);
    round_trip(5, 1);
    round_trip(6, 2);
    finish();
}
TEST(handed_on_choice)                                       /* RACE 4: who is chosen and gives up hands the message on */
{
    begin(4);
    park_server(3, 0);
    park_server(2, 0);
    REQUIRE_OK(vipc_cancel(&m.v[3]));                        /* chosen by this; the message then chooses 2 */
    REQUIRE_OK(mock_send(admin, door, 1));
    CHECK_EQ(cpus[0].ready, 2);
    REQUIRE(next_ready(&cpus[0]) == &threads[3]);
    CHECK(threads[3].error == VIPC_OK || threads[3].error == VIPC_ERR_CANCELLED);
    if (threads[3].error == VIPC_OK) { CHECK(next_ready(&cpus[0]) == NULL); CHECK(is_parked(2)); }
    else { REQUIRE(next_ready(&cpus[0]) == &threads[2]); CHECK(holds(&threads[2], 1, 0)); }
    finish();
}
TEST(choice_of_one_who_goes_elsewhere)
{
    begin(4);
    vipc_cap other = mock_endpoint(&m, 3, 4);
    vipc_message q;
    uint32_t parked;
    park_server(3, 0);
    park_server(2, 0);
    REQUIRE_OK(mock_send(admin, door, 1));
    REQUIRE(dequeue(&cpus[0]) == &threads[3]);
    enter(3, 0);                                             /* say, a handler ran, and receives from another endpoint */
    CHECK_EQ(vipc_park_receive(&m.v[3], &cpus[0].core, other, &q, NULL, VIPC_NOW, &parked), VIPC_ERR_CHANNEL_EMPTY);
    threads[3].op = NOTHING;
    REQUIRE(next_ready(&cpus[0]) == &threads[2]);
    CHECK(holds(&threads[2], 1, 0));
    finish();
}
TEST(steps_refuse_nonsense)
{
    begin(3);
    uint32_t parked = 9;
    vipc_message q = mock_message(1), r;
    vipc_info info;
    CHECK_EQ(vipc_park_call(&m.v[1], &cpus[0].core, at[1], &q, &r, VIPC_FOREVER, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_call(&m.v[1], NULL, at[1], &q, &r, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_call(&m.v[1], &cpus[0].core, at[1], &q, NULL, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_call(&m.v[1], &cpus[0].core, at[1], NULL, &r, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_call(&m.v[1], &cpus[0].core, at[1], &q, &r, VIPC_NOW, &parked), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(parked, 0);
    CHECK_EQ(vipc_park_receive(admin, &cpus[0].core, door, &r, NULL, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);     /* thread 0 */
    CHECK_EQ(vipc_park_receive(&m.v[1], &cpus[0].core, at[1], &r, NULL, VIPC_NOW, &parked), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_park_receive(&m.v[1], &cpus[0].core, at[1], NULL, NULL, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_receive(&m.v[1], &cpus[0].core, at[2], &r, NULL, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_park_receive(NULL, &cpus[0].core, at[2], &r, NULL, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_reply_receive(&m.v[1], &cpus[0].core, (vipc_reply_right){ 1 }, NULL, at[1], &r, &info, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_park_reply_receive(&m.v[1], &cpus[0].core, (vipc_reply_right){ 12345 }, &q, at[1], &r, &info, VIPC_FOREVER, &parked), VIPC_ERR_INVALID_ARGUMENT);
    CHECK(!vipc_unpark(&m.v[1]));
    CHECK(!vipc_unpark(NULL));
    finish();
}
TEST(d085_what_went_fast_arrives)
{
    begin(3);
    park_server(2, 0);
    enter(1, 0);
    put(&threads[1], 85);
    vipc_fast f = vipc_fast_call(&m.v[1], &cpus[0].core, at[1], 0, VIPC_FOREVER);
    CHECK_EQ(f.next, 2);                                     /* success names who has it */
    CHECK(f.reply.token != 0);
    CHECK_EQ(f.ready, 0);
    threads[1].op = CALL;
    vipc_fast again = vipc_fast_call(&m.v[1], &cpus[0].core, at[1], 0, VIPC_FOREVER);
    CHECK_EQ(again.next, 0);                                 /* and with nobody there it is no success */
    enter(2, 0);
    f = vipc_fast_reply_receive(&m.v[2], &cpus[0].core, f.reply, at[2], 0, VIPC_FOREVER);
    CHECK_EQ(f.next, 1);
    threads[1].op = NOTHING;
    threads[2].op = RECEIVE;
    finish();
}
TEST(d086_only_a_server_of_that_endpoint_is_woken)
{
    begin(6);
    vipc_cap other = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, other, 4, VIPC_RIGHT_RECEIVE), mine = mock_grant(&m, 0, other, 1, VIPC_RIGHT_SEND), any = VIPC_INIT;
    enter(4, 0);
    CHECK(sys_receive(&cpus[0], his, VIPC_FOREVER) == NULL); /* parked, but elsewhere */
    vipc_reply_right right = called();
    (void)right;                                             /* 1 is parked for a reply; 2 runs */
    vipci_object_at(admin, 0)->server = m.v[4].view + 1;     /* even if the hint names them */
    NO_CALL(3, at[3]);
    vipci_object_at(admin, 0)->server = m.v[1].view + 1;
    NO_CALL(3, at[3]);
    vipci_object_at(admin, 0)->server = m.v[5].view + 1;     /* one who runs */
    NO_CALL(3, at[3]);
    for (uint64_t n = 1; n < 100; n++) { any.token = n; NO_CALL(3, any); }       /* any number will not do */
    NO_CALL(3, mine);
    CHECK(is_parked(4) && is_parked(1));
    CHECK_EQ(woken, 0);
    REQUIRE_OK(vipc_reply_drop(&m.v[2], right, VIPC_ERR_CANCELLED));
    REQUIRE(next_ready(&cpus[0]) == &threads[1]);
    threads[4].cap = his;
    at[4] = his;
    finish();
}

/* ---- two CPUs at once ----
 * Threads 1 to 4 are clients, 5 and 6 serve the same endpoint; odd ones live on CPU 0, even ones on CPU 1, so that calls go both ways, and fast only at home.
 * A third thread cancels, wakes and sends. */
#define ROUNDS 20000u
static uint32_t clients_left, arrived;
static void all_here(void)
{
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) < 3) sched_yield();
}
static thread *user_mode(cpu *c, thread *t)
{
    if (t->number >= 5) {
        if (t->error == VIPC_OK && t->info.reply.token) {
            t->r.data[1] = t->r.data[0] * 3 + t->r.opcode;
            return sys_reply_receive(c, t->info.reply, at[t->number]);
        }
        if (t->error != VIPC_OK && t->error != VIPC_ERR_CANCELLED) t->wrong++;
        return sys_receive(c, at[t->number], VIPC_FOREVER);
    }
    if (t->next) {                                           /* the answer to its last call */
        if (t->error == VIPC_OK) {
            t->got++;
            if (t->r.data[0] != t->next || t->r.data[1] != t->next * 3 + t->number || t->r.data[3] != ~t->next || t->r.flags != VIPC_IS_REPLY) t->wrong++;
        } else if (t->error == VIPC_ERR_CANCELLED) {
            t->refused++;
        } else {
            t->wrong++;
        }
    }
    if (t->next == ROUNDS) { __atomic_sub_fetch(&clients_left, 1, __ATOMIC_SEQ_CST); return NULL; }
    t->next++;
    memset(&t->r, 0, sizeof t->r);
    t->r.opcode = t->number;
    t->r.data[0] = t->next;
    t->r.data[3] = ~t->next;
    return sys_call(c, at[t->number], VIPC_FOREVER);
}
static void *cpu_main(void *arg)
{
    cpu *c = (cpu *)arg;
    all_here();
    while (__atomic_load_n(&clients_left, __ATOMIC_SEQ_CST)) {
        thread *t = dequeue(c);
        if (!t) { sched_yield(); continue; }
        if (t->op != NOTHING) t = step(c, t);
        else run_on(c, t);
        for (uint32_t turn = 0; t; turn++) {
            t = user_mode(c, t);
            if (turn == 50 && t) { enqueue(t); sched_yield(); break; }      /* its time is up; it goes on in user mode */
        }
    }
    return NULL;
}
static uint64_t troubles;
static void *troubler(void *arg)
{
    uint64_t seed = 12345;
    vipc *v = (vipc *)arg;
    all_here();
    while (__atomic_load_n(&clients_left, __ATOMIC_SEQ_CST)) {
        uint64_t r = mock_random(&seed);
        unsigned who = 1 + (unsigned)(r % 6);
        if (r >> 20 & 1) (void)vipc_cancel(threads[who].view);
        else if (vipc_unpark(threads[who].view)) enqueue(&threads[who]);
        if ((r >> 24 & 7) == 0) (void)mock_send(v, at[7], 7);      /* a message that is no call */
        troubles++;
        sched_yield();
    }
    return NULL;
}
static void nothing_here(void *user, uint32_t state) { (void)user; (void)state; }
static uint32_t nothing_there(void *user) { (void)user; return 0; }
static void only_yield(void *user) { (void)user; sched_yield(); }
static vipc_error only_sleep(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)      /* for the lock: early returns are allowed */
{
    (void)user; (void)self; (void)word; (void)expected; (void)deadline;
    sched_yield();
    return VIPC_OK;
}
static pthread_mutex_t pool = PTHREAD_MUTEX_INITIALIZER;     /* the mock counts what it is asked, for one thread */
static void *one_pointer(void *user, uint64_t first, uint64_t count)
{
    pthread_mutex_lock(&pool);
    void *p = mock_pointer(user, first, count);
    pthread_mutex_unlock(&pool);
    return p;
}
static vipc_error one_alloc(void *user, uint64_t count, uint64_t *first)
{
    pthread_mutex_lock(&pool);
    vipc_error e = mock_alloc(user, count, first);
    pthread_mutex_unlock(&pool);
    return e;
}
TEST(race30_34_two_cpus)
{
    pthread_t id[3];
    uint64_t got = 0, refused = 0, wrong = 0;
    begin(8);
    m.hooks.enter = nothing_there; m.hooks.leave = nothing_here; m.hooks.relax = only_yield;
    m.hooks.block = only_sleep; m.hooks.frame_pointer = one_pointer; m.hooks.frame_alloc = one_alloc;
    for (unsigned i = 1; i <= 6; i++) {
        threads[i].home = i & 1 ? 0 : 1;
        enqueue(&threads[i]);
    }
    threads[7].view = &m.v[7];
    clients_left = 4;
    arrived = 0;
    for (int i = 0; i < CPUS; i++) REQUIRE_EQ(pthread_create(&id[i], NULL, cpu_main, &cpus[i]), 0);
    REQUIRE_EQ(pthread_create(&id[2], NULL, troubler, &m.v[7]), 0);
    for (int i = 0; i < 3; i++) pthread_join(id[i], NULL);
    for (int i = 1; i <= 6; i++) {
        got += threads[i].got;
        refused += (uint64_t)threads[i].refused;
        wrong += threads[i].wrong;
    }
    printf("    %llu answers, %llu cancelled, %llu fast switches, %llu slow ones, %llu troubles\n", (unsigned long long)got, (unsigned long long)refused,
           (unsigned long long)(cpus[0].fast + cpus[1].fast), (unsigned long long)(cpus[0].slow + cpus[1].slow), (unsigned long long)troubles);
    CHECK_EQ(wrong, 0);
    CHECK_EQ(got + refused, 4 * ROUNDS);
    CHECK(cpus[0].fast + cpus[1].fast > 0);
    for (int i = 0; i < CPUS; i++) while (dequeue(&cpus[i])) { }
    m.hooks.wake = mock_wake;
    for (unsigned i = 1; i <= 6; i++) {
        vipc_message q;
        uint32_t parked;
        (void)vipc_unpark(&m.v[i]);
        (void)vipc_park_receive(&m.v[i], &cpus[0].core, at[i], &q, NULL, VIPC_NOW, &parked);
        threads[i].op = NOTHING;
    }
    while (mock_receive(admin, door) >= 0) { }
    m.hooks.enter = NULL; m.hooks.leave = NULL;
    m.hooks.block = mock_block; m.hooks.frame_pointer = mock_pointer; m.hooks.frame_alloc = mock_alloc;
    finish();
}
RUN_TESTS(T(ping_pong), T(badges_and_senders), T(vetoes_of_a_call), T(a_fresh_view_knows_no_token), T(veto_of_a_queue_that_is_not_empty), T(vetoes_of_an_urgent_message), T(vetoes_of_a_reply), T(veto_of_an_endpoint_bound_away),
          T(veto_of_a_capability_that_was_revoked), T(revoke_between_call_and_reply), T(slow_send_to_a_parked_server), T(slow_reply_to_a_parked_caller), T(a_refused_call),
          T(fast_again_after_a_slow_meeting), T(call_that_waits_for_room), T(an_urgent_call_waits_for_urgent_room), T(urgent_room_is_handed_on), T(capabilities_go_the_slow_way), T(deadlines_of_the_parked), T(cancel_of_the_parked),
          T(destroy_with_both_parked), T(death_of_a_server_with_a_parked_caller), T(death_of_a_parked_caller), T(death_of_a_parked_server), T(sleepers_are_not_parked),
          T(race32_one_resumes), T(handed_on_choice), T(choice_of_one_who_goes_elsewhere), T(steps_refuse_nonsense), T(d085_what_went_fast_arrives), T(d086_only_a_server_of_that_endpoint_is_woken),
          T(race30_34_two_cpus))
