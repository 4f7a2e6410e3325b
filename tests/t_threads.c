/* t_threads.c - several threads of one process, each with a view of its own: what a race detector can watch.  Run it under -fsanitize=thread */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "proc.h"
#include "test.h"
#include <pthread.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SLOW 10
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define SLOW 10
#endif
#ifndef SLOW
#define SLOW 1
#endif

/* ------------------------------------------------------------------------------------------------------- threads
 * A worker's seat is its number + 1; seat 0 is the main thread's, which only the watchdog and `top` use while workers run. */
enum { WORKERS = 8, TRACKS = 8, PAYLOAD = 64, END = 0x7eeeeeee };

typedef struct worker {
    pthread_t thread;
    vipc view;
    int number;
    void (*run)(struct worker *me);
    vipc_cap cap, other;               /* what it works with */
    uint32_t count;                    /* how much */
    uint64_t done, refused;            /* results, read after it has been joined */
    char why[200];                     /* empty: all well */
} worker;

static seat seats[SEATS];
static worker workers[WORKERS];
static vipc top;
static int domain_fd;
static uint64_t frames_before;
static _Atomic uint32_t stop;

static void begin(const char *what)
{
    vipc_posix_desc d = VIPC_INIT;
    vipc_stats s;
    d.config.max_processes = 16;
    d.config.max_threads = 32;
    d.config.max_objects = 64;
    d.config.max_capabilities = 256;
    d.config.max_names = 32;
    d.frames_bytes = 1 << 20;
    memset(seats, 0, sizeof seats);
    memset(workers, 0, sizeof workers);
    stop = 0;
    REQUIRE_OK(vipc_posix_create_fd(&top, &d, &domain_fd));
    REQUIRE_OK(vipc_stats_get(&top, &s));
    frames_before = s.frames_in_use;
    watch_begin(seats, &top, what);
}
static void expect_sound(void)
{
    uint32_t violations = 99;
    CHECK_OK(vipc_check(&top, &violations));
    if (!CHECK_EQ(violations, 0)) vipc_dump(&top, print_line, NULL);
}
static void finish(void)
{
    vipc_stats s;
    expect_sound();
    CHECK_OK(vipc_trim(&top, NULL));
    CHECK_OK(vipc_stats_get(&top, &s));
    if (!CHECK_EQ(s.frames_in_use, frames_before)) vipc_dump(&top, print_line, NULL);
    watch_end();
    CHECK_OK(vipc_posix_close(&top));
    close(domain_fd);
}

#define FAIL(me, ...) do { if (!(me)->why[0]) snprintf((me)->why, sizeof (me)->why, __VA_ARGS__); return; } while (0)
#define WANT(me, condition) do { if (!(condition)) FAIL(me, "line %d: not so: %s", __LINE__, #condition); } while (0)
#define WANT_OK(me, call) do { vipc_error e_ = (call); if (e_ != VIPC_OK) FAIL(me, "line %d: %s: %s", __LINE__, #call, vipc_error_string(e_)); } while (0)
static void step(worker *me) { seats[me->number + 1].progress++; }

static void *worker_main(void *argument)
{
    worker *me = argument;
    me->run(me);
    seats[me->number + 1].busy = 0;
    if (vipc_leave(&me->view) != VIPC_OK && !me->why[0]) snprintf(me->why, sizeof me->why, "leave failed");
    return NULL;
}
/* The view is made here, because `top` must not be used by two threads at once. */
static worker *go_with(int number, void (*run)(worker *), vipc_cap cap, vipc_cap other, uint32_t count)
{
    worker *me = &workers[number];
    memset(me, 0, sizeof *me);
    me->number = number;
    me->run = run;
    me->cap = cap;
    me->other = other;
    me->count = count;
    CHECK_OK(vipc_posix_thread(&top, &me->view));
    seats[number + 1].busy = 1;
    if (pthread_create(&me->thread, NULL, worker_main, me) != 0) {
        perror("pthread_create");
        exit(1);
    }
    return me;
}
static worker *go(int number, void (*run)(worker *), vipc_cap cap, uint32_t count)
{
    const vipc_cap none = VIPC_INIT;
    return go_with(number, run, cap, none, count);
}
static void wait_worker(worker *me)
{
    pthread_join(me->thread, NULL);
    if (me->why[0]) printf("    worker %d: %s\n", me->number, me->why);
    CHECK(me->why[0] == 0);
}
static vipc_cap endpoint(uint32_t capacity, uint32_t payload, uint32_t spin)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap c = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload;
    d.spin = spin;
    CHECK_OK(vipc_endpoint_create(&top, &d, &c));
    return c;
}

/* ------------------------------------------------------------------------------------------------------- streams */
static void send_numbered(worker *me, uint32_t payload_max)
{
    unsigned char payload[PAYLOAD];
    vipc_outgoing o = VIPC_INIT;
    o.payload = payload;
    for (uint32_t n = 1; n <= me->count; n++) {
        o.message.opcode = n;
        o.message.data[0] = (uint64_t)me->number;
        o.message.data[1] = mix((uint64_t)me->number << 32 | n);
        o.payload_size = n % (payload_max + 1);
        memset(payload, (int)(n & 0xff), o.payload_size);
        if (payload_max) WANT_OK(me, vipc_send_large(&me->view, me->cap, &o, VIPC_FOREVER));
        else WANT_OK(me, vipc_send(&me->view, me->cap, &o.message, VIPC_FOREVER));
        step(me);
    }
}
static void send_many(worker *me) { send_numbered(me, 0); }
/* To a queue that drops.  With four slots and five threads all of them may be in somebody's hands just now, and then it says full, as vipc_send's contract has it. */
static void send_dropping(worker *me)
{
    for (uint32_t n = 1; n <= me->count; n++) {
        vipc_message m = VIPC_INIT;
        vipc_error e;
        m.opcode = n;
        m.data[0] = (uint64_t)me->number;
        m.data[1] = mix((uint64_t)me->number << 32 | n);
        do e = vipc_send(&me->view, me->cap, &m, VIPC_FOREVER); while (e == VIPC_ERR_CHANNEL_FULL);
        WANT_OK(me, e);
        step(me);
    }
}
static void send_many_large(worker *me) { send_numbered(me, PAYLOAD); }
static void receive_many(worker *me)
{
    unsigned char payload[PAYLOAD];
    uint32_t last[WORKERS] = { 0 };
    vipc_incoming in = VIPC_INIT;
    for (;;) {
        in.payload = payload;
        in.payload_capacity = PAYLOAD;
        WANT_OK(me, vipc_receive_large(&me->view, me->cap, &in, VIPC_FOREVER));
        uint32_t n = in.message.opcode;
        if (n == END) return;
        uint64_t from = in.message.data[0];
        WANT(me, from < WORKERS && in.message.data[1] == mix(from << 32 | n));
        WANT(me, n > last[from] && !in.info.redelivered);
        for (uint32_t i = 0; i < in.info.payload_size; i++) WANT(me, payload[i] == (unsigned char)(n & 0xff));
        last[from] = n;
        me->done++;
        step(me);
    }
}
static void stream(int senders, int receivers, uint32_t capacity, uint32_t payload, uint32_t each)
{
    vipc_cap c = endpoint(capacity, payload, 0);
    vipc_message end = VIPC_INIT;
    uint64_t received = 0;
    end.opcode = END;
    for (int i = 0; i < receivers; i++) go(senders + i, receive_many, c, 0);
    for (int i = 0; i < senders; i++) go(i, payload ? send_many_large : send_many, c, each);
    for (int i = 0; i < senders; i++) wait_worker(&workers[i]);
    for (int i = 0; i < receivers; i++) CHECK_OK(vipc_send(&top, c, &end, VIPC_FOREVER));
    for (int i = 0; i < receivers; i++) {
        wait_worker(&workers[senders + i]);
        received += workers[senders + i].done;
    }
    CHECK_EQ(received, (uint64_t)senders * each);
    CHECK_OK(vipc_destroy(&top, c, VIPC_FOREVER));
}
TEST(streams)
{
    static const uint32_t capacity[] = { 1, 3, 64 };
    begin("streams");
    for (int i = 0; i < 3; i++) {
        stream(1, 1, capacity[i], 0, 60000 / SLOW);
        stream(3, 2, capacity[i], 0, 20000 / SLOW);
        stream(2, 3, capacity[i], PAYLOAD, 20000 / SLOW);
    }
    finish();
}

/* Batches of all sizes: every message once, those of one sender in order. */
static void send_batches(worker *me)
{
    vipc_message m[20];
    uint64_t random = (uint64_t)me->number;
    memset(m, 0, sizeof m);
    for (uint32_t n = 1; n <= me->count;) {
        uint32_t count = 0, sent = 0, most = 1 + (uint32_t)below(&random, 20);
        for (; count < most && n + count <= me->count; count++) {
            m[count].opcode = n + count;
            m[count].data[0] = (uint64_t)me->number;
            m[count].data[1] = mix((uint64_t)me->number << 32 | (n + count));
        }
        WANT_OK(me, vipc_send_many(&me->view, me->cap, m, count, &sent, VIPC_FOREVER));
        WANT(me, sent == count);
        n += sent;
        step(me);
    }
}
static void receive_batches(worker *me)
{
    uint32_t last[WORKERS] = { 0 };
    vipc_message m[20];
    vipc_info info[20];
    uint64_t random = (uint64_t)me->number;
    for (bool over = false; !over;) {
        uint32_t count = 0;
        WANT_OK(me, vipc_receive_many(&me->view, me->cap, m, info, 1 + (uint32_t)below(&random, 20), &count, VIPC_FOREVER));
        for (uint32_t k = 0; k < count; k++) {
            uint32_t n = m[k].opcode;
            uint64_t from = m[k].data[0];
            if (n == END && over) { WANT_OK(me, vipc_send(&me->view, me->cap, &m[k], VIPC_FOREVER)); continue; }     /* the other's */
            if (n == END) { over = true; continue; }
            WANT(me, from < WORKERS && m[k].data[1] == mix(from << 32 | n));
            WANT(me, n > last[from] && !info[k].redelivered);
            last[from] = n;
            me->done++;
        }
        step(me);
    }
}
TEST(streams_of_batches)
{
    static const uint32_t capacity[] = { 1, 3, 64, 1024 };
    static const int senders[] = { 1, 3, 2, 1 }, receivers[] = { 1, 2, 3, 1 };
    vipc_message end = VIPC_INIT;
    end.opcode = END;
    begin("streams of batches");
    for (int i = 0; i < 4; i++)
        for (int mixed = 0; mixed < 2; mixed++) {              /* with others that send and receive one at a time */
            uint64_t received = 0, each = 40000 / SLOW;
            vipc_cap c = endpoint(capacity[i], 0, 0);
            for (int k = 0; k < receivers[i]; k++) go(senders[i] + k, mixed && k == 1 ? receive_many : receive_batches, c, 0);
            for (int k = 0; k < senders[i]; k++) go(k, mixed && k == 1 ? send_many : send_batches, c, (uint32_t)each);
            for (int k = 0; k < senders[i]; k++) wait_worker(&workers[k]);
            for (int k = 0; k < receivers[i]; k++) CHECK_OK(vipc_send(&top, c, &end, VIPC_FOREVER));
            for (int k = 0; k < receivers[i]; k++) {
                wait_worker(&workers[senders[i] + k]);
                received += workers[senders[i] + k].done;
            }
            CHECK_EQ(received, (uint64_t)senders[i] * each);
            CHECK_OK(vipc_destroy(&top, c, VIPC_FOREVER));
        }
    finish();
}

/* Three that never wait fill a queue of four that drops its oldest message; two receive what is left.  Nothing is missing but what was counted. */
static void receive_left(worker *me)
{
    uint32_t last[WORKERS] = { 0 };
    vipc_message m;
    vipc_info info;
    while (!stop || vipc_receive(&me->view, me->cap, &m, &info, VIPC_NOW) == VIPC_OK) {
        if (!stop) {
            vipc_error e = vipc_receive(&me->view, me->cap, &m, &info, VIPC_NOW);
            if (e == VIPC_ERR_CHANNEL_EMPTY) { step(me); continue; }
            WANT_OK(me, e);
        }
        uint64_t from = m.data[0];
        WANT(me, from < WORKERS && m.data[1] == mix(from << 32 | m.opcode) && m.opcode > last[from]);
        last[from] = m.opcode;
        me->done++;
        me->refused += info.dropped;
        step(me);
    }
}
TEST(streams_that_drop)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_endpoint_info info;
    vipc_stats before, after;
    vipc_cap c;
    uint64_t received = 0, told = 0, each = 60000 / SLOW;
    begin("streams that drop");
    d.capacity = 4;
    d.full = VIPC_FULL_DROP_OLDEST;
    CHECK_OK(vipc_endpoint_create(&top, &d, &c));
    CHECK_OK(vipc_stats_get(&top, &before));
    for (int i = 0; i < 2; i++) go(3 + i, receive_left, c, 0);
    for (int i = 0; i < 3; i++) go(i, send_dropping, c, (uint32_t)each);
    for (int i = 0; i < 3; i++) wait_worker(&workers[i]);
    stop = 1;
    for (int i = 3; i < 5; i++) {
        wait_worker(&workers[i]);
        received += workers[i].done;
        told += workers[i].refused;
    }
    CHECK_OK(vipc_endpoint_get(&top, c, &info));
    CHECK_OK(vipc_stats_get(&top, &after));
    CHECK_EQ(received + info.dropped + info.queued, 3 * each);
    CHECK_EQ(after.dropped - before.dropped, info.dropped);
    CHECK(told <= info.dropped);
    CHECK_OK(vipc_destroy(&top, c, VIPC_FOREVER));
    finish();
}

/* Two threads that sleep in turn. */
static void answer(worker *me)
{
    for (uint32_t n = 1; n <= me->count; n++) {
        vipc_message m;
        WANT_OK(me, vipc_receive(&me->view, me->cap, &m, NULL, VIPC_FOREVER));
        WANT(me, m.opcode == n);
        WANT_OK(me, vipc_send(&me->view, me->other, &m, VIPC_FOREVER));
        step(me);
    }
}
TEST(ping_pong)
{
    begin("ping-pong");
    vipc_cap ping = endpoint(1, 0, 1), pong = endpoint(1, 0, 1);
    const uint32_t rounds = 10000 / SLOW;
    worker *w = go_with(0, answer, ping, pong, rounds);
    for (uint32_t n = 1; n <= rounds; n++) {
        vipc_message m = VIPC_INIT;
        m.opcode = n;
        REQUIRE_OK(vipc_send(&top, ping, &m, VIPC_FOREVER));
        REQUIRE_OK(vipc_receive(&top, pong, &m, NULL, VIPC_FOREVER));
        REQUIRE_EQ(m.opcode, n);
    }
    wait_worker(w);
    CHECK_OK(vipc_destroy(&top, ping, VIPC_FOREVER));
    CHECK_OK(vipc_destroy(&top, pong, VIPC_FOREVER));
    finish();
}

/* --------------------------------------------------------------------------------------------------------- calls */
static void call_many(worker *me)
{
    for (uint32_t n = 1; n <= me->count; n++) {
        vipc_message m = VIPC_INIT;
        m.opcode = n;
        m.data[0] = (uint64_t)me->number << 32 | n;
        vipc_error e = vipc_call(&me->view, me->cap, &m, &m, VIPC_FOREVER);
        if (e == VIPC_ERR_LIMIT && n % 16 == 0) { me->refused++; continue; }   /* the servers drop every sixteenth */
        WANT_OK(me, e);
        WANT(me, n % 16 != 0 && m.flags == VIPC_IS_REPLY && m.data[1] == mix((uint64_t)me->number << 32 | n));
        me->done++;
        step(me);
    }
}
static void serve(worker *me)
{
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    for (;;) {
        WANT_OK(me, vipc_reply_receive(&me->view, info.reply, &m, me->cap, &m, &info, VIPC_FOREVER));
        step(me);
        if (m.opcode == END) return;
        WANT(me, info.reply.token != 0);
        if (m.opcode % 16 == 0) {
            WANT_OK(me, vipc_reply_drop(&me->view, info.reply, VIPC_ERR_LIMIT));
            info.reply.token = 0;
        }
        m.data[1] = mix(m.data[0]);
        m.flags = 0;
        me->done++;
    }
}
TEST(calls)
{
    begin("calls");
    vipc_cap c = endpoint(3, 0, 0);
    vipc_message end = VIPC_INIT;
    const uint32_t each = 16000 / SLOW;
    for (int i = 0; i < 2; i++) go(i, serve, c, 0);
    for (int i = 2; i < 5; i++) go(i, call_many, c, each);
    for (int i = 2; i < 5; i++) {
        wait_worker(&workers[i]);
        CHECK_EQ(workers[i].done + workers[i].refused, each);
        CHECK_EQ(workers[i].refused, each / 16);
    }
    end.opcode = END;
    for (int i = 0; i < 2; i++) CHECK_OK(vipc_send(&top, c, &end, VIPC_FOREVER));
    for (int i = 0; i < 2; i++) wait_worker(&workers[i]);
    CHECK_EQ(workers[0].done + workers[1].done, 3 * (uint64_t)each);
    CHECK_OK(vipc_destroy(&top, c, VIPC_FOREVER));
    finish();
}

/* -------------------------------------------------------------------------------------------------------- cancel */
static _Atomic uint32_t cancelled;
static void be_cancelled(worker *me)
{
    vipc_message m = VIPC_INIT;
    for (uint32_t n = 1; n <= me->count; n++) {
        vipc_error e = n % 2 ? vipc_receive(&me->view, me->cap, &m, NULL, VIPC_FOREVER) : vipc_call(&me->view, me->other, &m, &m, VIPC_FOREVER);
        WANT(me, e == VIPC_ERR_CANCELLED);
        step(me);
        cancelled = n;
    }
    while (!stop) sched_yield();       /* the view stays until the last vipc_cancel has returned */
}
TEST(cancel)
{
    begin("cancel");
    vipc_cap empty = endpoint(1, 0, 0), door = endpoint(8, 0, 0);
    const uint32_t times = 3000 / SLOW;
    vipc_message m;
    vipc_info info;
    cancelled = 0;
    worker *w = go_with(0, be_cancelled, empty, door, times);
    for (uint32_t n = 1; n <= times; n++) {
        CHECK_OK(vipc_cancel(&w->view));
        while (cancelled < n) sched_yield();
        if (n % 2 == 0 && vipc_receive(&top, door, &m, &info, VIPC_NOW) == VIPC_OK) CHECK_EQ(vipc_reply(&top, info.reply, &m), VIPC_ERR_CANCELLED);
    }
    stop = 1;
    wait_worker(w);
    CHECK_OK(vipc_destroy(&top, empty, VIPC_FOREVER));
    CHECK_OK(vipc_destroy(&top, door, VIPC_FOREVER));
    finish();
}

/* -------------------------------------------------------------------------------- revoke and destroy against use
 * The workers use whatever capability is published in `current`; 0 means wait for the next.  `accepted` counts what was sent with OK. */
static _Atomic uint64_t current, accepted;
static _Atomic uint32_t inside;

static void use_for_sending(worker *me)
{
    vipc_message m = VIPC_INIT;
    while (!stop) {
        vipc_cap c = { current };
        if (!c.token) { sched_yield(); continue; }
        inside++;
        vipc_error e = vipc_send(&me->view, c, &m, VIPC_NOW);
        if (e == VIPC_OK) accepted++;
        inside--;
        if (e != VIPC_OK && e != VIPC_ERR_CHANNEL_FULL) {
            WANT(me, e == VIPC_ERR_INVALID_CAPABILITY || e == VIPC_ERR_CLOSED || e == VIPC_ERR_PEER_DEAD || e == VIPC_ERR_RESOURCE_BUSY || e == VIPC_ERR_WOULD_BLOCK);
            me->refused++;
        }
        step(me);
    }
}
static uint64_t drain(vipc_cap c)
{
    vipc_message m;
    uint64_t n = 0;
    while (vipc_receive(&top, c, &m, NULL, VIPC_NOW) == VIPC_OK) n++;
    return n;
}
TEST(revoke_against_use)
{
    begin("revoke against use");
    vipc_cap c = endpoint(16, 0, 0), d, none = VIPC_INIT;
    uint64_t received = 0;
    current = accepted = 0;
    for (int i = 0; i < 3; i++) go(i, use_for_sending, none, 0);
    for (int round = 0; round < 2000 / SLOW; round++) {
        CHECK_OK(vipc_derive(&top, c, NULL, &d));
        current = d.token;
        for (int i = 0; i < 20; i++) received += drain(c);
        CHECK_OK(vipc_revoke(&top, c, VIPC_FOREVER));
        /* From here on nothing that was derived from c has an effect, though the workers go on trying. */
        received += drain(c);
        for (int i = 0; i < 3; i++)
            if (!CHECK_EQ(drain(c), 0)) break;
        current = 0;
        while (inside) sched_yield();
        if (!CHECK_EQ(received, accepted)) break;
        seats[0].progress++;
    }
    stop = 1;
    for (int i = 0; i < 3; i++) wait_worker(&workers[i]);
    CHECK_OK(vipc_destroy(&top, c, VIPC_FOREVER));
    finish();
}

static void use_for_all(worker *me)
{
    vipc_message m = VIPC_INIT;
    vipc_info info;
    for (uint32_t n = 0; !stop; n++) {
        vipc_cap c = { current };
        vipc_error e;
        if (!c.token) { sched_yield(); continue; }
        m.flags = 0;
        inside++;
        switch ((n + (uint32_t)me->number) % 4) {
        case 0: e = vipc_send(&me->view, c, &m, VIPC_FOREVER); break;
        case 1: e = vipc_call(&me->view, c, &m, &m, VIPC_FOREVER); break;
        default:
            e = vipc_receive(&me->view, c, &m, &info, VIPC_FOREVER);
            m.flags = 0;
            if (e == VIPC_OK && info.reply.token) e = vipc_reply(&me->view, info.reply, &m);
            if (e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_CANCELLED) e = VIPC_OK;   /* its caller's endpoint went meanwhile */
            break;
        }
        inside--;
        WANT(me, e == VIPC_OK || e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY || e == VIPC_ERR_DEADLOCK);
        if (e != VIPC_OK) me->refused++;
        step(me);
    }
}
/* All of them sleep in it, or work in it, when it goes. */
TEST(destroy_against_use)
{
    begin("destroy against use");
    vipc_cap none = VIPC_INIT;
    uint64_t seed = seed_from_environment();
    current = 0;
    for (int i = 0; i < 4; i++) go(i, use_for_all, none, 0);
    for (int round = 0; round < 1500 / SLOW; round++) {
        vipc_cap c = endpoint(1 + (uint32_t)(round % 4), 0, (uint32_t)(round & 1));
        current = c.token;
        for (uint64_t i = below(&seed, 30); i; i--) sched_yield();
        vipc_error e = vipc_destroy(&top, c, vipc_after(&top, 10000000000u));
        if (!CHECK_EQ(e, VIPC_OK)) break;
        current = 0;
        while (inside) sched_yield();
        seats[0].progress++;
    }
    stop = 1;
    for (int i = 0; i < 4; i++) wait_worker(&workers[i]);
    finish();
}

/* ----------------------------------------------------------------------------------------------------- slow path */
static void churn(worker *me)
{
    char name[16];
    snprintf(name, sizeof name, "name%d", me->number);
    for (uint32_t n = 0; n < me->count; n++) {
        vipc_cap e, d, f;
        vipc second;
        vipc_message m = VIPC_INIT;
        WANT_OK(me, vipc_endpoint_create(&me->view, NULL, &e));
        WANT_OK(me, vipc_publish(&me->view, name, e, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
        WANT_OK(me, vipc_lookup(&me->view, name, 0, &d, VIPC_FOREVER));
        WANT_OK(me, vipc_process_create(&me->view, NULL, &second, NULL));
        WANT_OK(me, vipc_grant(&me->view, d, vipc_self(&second), NULL, &f));
        WANT_OK(me, vipc_send(&second, f, &m, VIPC_FOREVER));
        m.flags = VIPC_HAS_CAPABILITY;
        m.capability = f;
        WANT_OK(me, vipc_send(&second, f, &m, VIPC_FOREVER));
        WANT_OK(me, vipc_leave(&second));
        WANT_OK(me, vipc_receive(&me->view, e, &m, NULL, VIPC_FOREVER));
        WANT_OK(me, vipc_receive(&me->view, e, &m, NULL, VIPC_FOREVER));
        WANT(me, m.flags & VIPC_HAS_CAPABILITY);
        WANT_OK(me, vipc_revoke(&me->view, e, VIPC_FOREVER));
        WANT(me, vipc_send(&me->view, d, &m, VIPC_NOW) == VIPC_ERR_INVALID_CAPABILITY);
        WANT_OK(me, vipc_destroy(&me->view, e, VIPC_FOREVER));
        if (n % 8 == 0) WANT_OK(me, vipc_trim(&me->view, NULL));
        if (n % 8 == 4) WANT_OK(me, vipc_sweep(&me->view, NULL));
        step(me);
    }
}
static void look(worker *me)
{
    vipc_stats s;
    while (!stop) {
        uint32_t violations = 99;
        WANT_OK(me, vipc_check(&me->view, &violations));
        WANT(me, violations == 0);
        WANT_OK(me, vipc_stats_get(&me->view, &s));
        step(me);
    }
}
TEST(slow_path_of_many)
{
    begin("the slow path of many threads");
    vipc_cap none = VIPC_INIT;
    for (int i = 0; i < 4; i++) go(i, churn, none, 1500 / SLOW);
    go(4, look, none, 0);
    for (int i = 0; i < 4; i++) wait_worker(&workers[i]);
    stop = 1;
    wait_worker(&workers[4]);
    finish();
}

RUN_TESTS(T(streams), T(streams_of_batches), T(streams_that_drop), T(ping_pong), T(calls), T(cancel), T(revoke_against_use), T(destroy_against_use), T(slow_path_of_many))
