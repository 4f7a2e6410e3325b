/* vipc.c - this library, through its public interface alone: every send, receive, call and reply checks its capability.  A message carries 48 bytes.
 *
 * vipc-endpoint       the queue; works a, c, d and f try with VIPC_NOW as the peers do; b sleeps at once (spin = 1)
 * vipc-endpoint-wait  the same with VIPC_FOREVER and the adaptive spin: what a user gets who says nothing
 * vipc-batch16        send_many and receive_many, up to 16 messages at a time, with VIPC_FOREVER and the adaptive spin
 * vipc-call           call and reply_receive with VIPC_FOREVER; a spins adaptively, b sleeps at once
 *
 * BENCH_AS is put behind the names, to tell two versions of the headers apart.
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
#include "bulk.h"
#ifndef BENCH_AS
#define BENCH_AS ""
#endif
#define DO(call) do { vipc_error did_ = (call); if (did_ != VIPC_OK) give_up(__FILE__, __LINE__, vipc_error_string(did_)); } while (0)

/* ------------------------------------------------------------------------------------------------------ members */
typedef struct vipc_end { vipc *self; vipc_cap cap; } vipc_end;
static vipc maker;                     /* the parent's view; in a worker process its own, after the fork */
static vipc_cap made[2];
static __thread vipc own;              /* a worker thread's */
static __thread vipc *self;

static void domain_begin(team *t, const vipc_endpoint_desc *desc, uint64_t frames_bytes)
{
    static unsigned rounds;
    static const char *const names[2] = { "0", "1" };
    vipc_posix_desc d = VIPC_INIT;
    vipc_endpoint_desc other = VIPC_INIT;
    vipc_message m = VIPC_INIT;
    vipc_cap spacer;
    int fd;
    (void)t;
    d.frames_bytes = frames_bytes;
    d.config.max_processes = 8;
    DO(vipc_posix_create_fd(&maker, &d, &fd));
    close(fd);
    other.capacity = 64 * (1 + rounds++ % 8);               /* takes some frames, so that the queues lie elsewhere in each round */
    DO(vipc_endpoint_create(&maker, &other, &spacer));
    DO(vipc_send(&maker, spacer, &m, VIPC_NOW));
    for (int i = 0; i < 2; i++) {
        DO(vipc_endpoint_create(&maker, desc, &made[i]));
        DO(vipc_publish(&maker, names[i], made[i], 0));
        DO(vipc_send(&maker, made[i], &m, VIPC_NOW));        /* the first use, which takes frames */
        DO(vipc_receive(&maker, made[i], &m, NULL, VIPC_NOW));
    }
}
static vipc_endpoint_desc desc_of(uint32_t capacity, uint32_t payload, uint32_t spin)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload;
    d.spin = spin;
    return d;
}
static void begin(team *t)
{
    vipc_endpoint_desc d = desc_of(CAPACITY, 0, 0);
    domain_begin(t, &d, 1 << 20);
}
static void begin_asleep(team *t)
{
    vipc_endpoint_desc d = desc_of(CAPACITY, 0, 1);
    domain_begin(t, &d, 1 << 20);
}
static void begin_bulk(team *t)
{
    vipc_endpoint_desc d = desc_of(16, CHUNK, 0);
    domain_begin(t, &d, 4 << 20);
}
static void finish(team *t)
{
    (void)t;
    DO(vipc_posix_close(&maker));
}
static void enter(team *t)
{
    cpu_set_t all, pinned;
    self = t->mode == 'p' ? &maker : &own;
    sched_getaffinity(0, sizeof pinned, &pinned);            /* who joins with one processor to itself never spins */
    memset(&all, 0xff, sizeof all);
    (void)sched_setaffinity(0, sizeof all, &all);
    if (t->mode == 'p') DO(vipc_posix_after_fork(&maker, "worker"));
    else DO(vipc_posix_thread(&maker, &own));
    (void)sched_setaffinity(0, sizeof pinned, &pinned);
}
static void leave(team *t)
{
    if (t->mode == 'p') DO(vipc_posix_close(&maker));
    else DO(vipc_leave(&own));
}
static void open_end(void *end, team *t, int queue)
{
    vipc_end *e = (vipc_end *)end;
    e->self = self;
    e->cap = made[queue];
    if (t->mode == 'p') DO(vipc_lookup(self, queue ? "1" : "0", 0, &e->cap, VIPC_FOREVER));
}

/* ----------------------------------------------------------------------------------------------------- messages */
static bool try_send(void *end, const line *m)
{
    vipc_end *e = (vipc_end *)end;
    vipc_error r = vipc_send(e->self, e->cap, (const vipc_message *)m, VIPC_NOW);
    if (r != VIPC_OK && r != VIPC_ERR_CHANNEL_FULL) DO(r);
    return r == VIPC_OK;
}
static bool try_receive(void *end, line *m)
{
    vipc_end *e = (vipc_end *)end;
    vipc_error r = vipc_receive(e->self, e->cap, (vipc_message *)m, NULL, VIPC_NOW);
    if (r != VIPC_OK && r != VIPC_ERR_CHANNEL_EMPTY) DO(r);
    return r == VIPC_OK;
}
static bool wait_send(void *end, const line *m)
{
    vipc_end *e = (vipc_end *)end;
    DO(vipc_send(e->self, e->cap, (const vipc_message *)m, VIPC_FOREVER));
    return true;
}
static bool wait_receive(void *end, line *m)
{
    vipc_end *e = (vipc_end *)end;
    DO(vipc_receive(e->self, e->cap, (vipc_message *)m, NULL, VIPC_FOREVER));
    return true;
}
#define MEMBERS .first = 2, .last = 5, .finish = finish, .enter = enter, .leave = leave, .open = open_end
static const queue_kind tries = { .name = "vipc-endpoint" BENCH_AS, .begin = begin, .send = try_send, .receive = try_receive, MEMBERS };
static const queue_kind asleep = { .name = "vipc-endpoint" BENCH_AS, .sleeps = true, .begin = begin_asleep, .send = wait_send, .receive = wait_receive, MEMBERS };
static const queue_kind waits = { .name = "vipc-endpoint-wait" BENCH_AS, .sleeps = true, .begin = begin, .send = wait_send, .receive = wait_receive, MEMBERS };
static const queue_kind bulk = { .name = "vipc-endpoint" BENCH_AS, .begin = begin_bulk, MEMBERS };
QUEUE(tries)
QUEUE(asleep)
QUEUE(waits)

/* ---------------------------------------------------------------------------------------------------- e: payloads */
static void payload_give(void *end, const uint64_t *from)
{
    vipc_end *e = (vipc_end *)end;
    vipc_outgoing o = VIPC_INIT;
    o.payload_size = CHUNK;
    for (int i = 0; i < BULK / CHUNK; i++) {
        o.payload = (const char *)from + (size_t)i * CHUNK;
        DO(vipc_send_large(e->self, e->cap, &o, VIPC_FOREVER));
    }
}
static const uint64_t *payload_take(void *end, uint64_t *into)
{
    vipc_end *e = (vipc_end *)end;
    vipc_incoming in = VIPC_INIT;
    in.payload_capacity = CHUNK;
    for (int i = 0; i < BULK / CHUNK; i++) {
        in.payload = (char *)into + (size_t)i * CHUNK;
        DO(vipc_receive_large(e->self, e->cap, &in, VIPC_FOREVER));
        MUST(in.info.payload_size == CHUNK);
    }
    return into;
}
static void payload_bulk(team *t, int me) { work_bulk(t, me, payload_give, payload_take, NULL); }

/* --------------------------------------------------------------------------------------------------- a, b: calls */
static void call_round_trip(team *t, int me)
{
    vipc_end e;
    line m = { { 0 } };
    vipc_message *text = (vipc_message *)&m;   /* a line's first six words are a message */
    vipc_reply_right right = VIPC_INIT;
    vipc_info info;
    enter(t);
    open_end(&e, t, 0);
    gate(t, 0);
    for (long i = -WARM_UP; i < t->n; i++) {
        if (i == 0) go(t, me);
        if (me == 0) {
            fill(t->kind, &m, (uint64_t)i);
            DO(vipc_call(e.self, e.cap, text, text, VIPC_FOREVER));
            MUST(verify(t->kind, &m) == (uint64_t)i);
            text->flags = 0;
        } else {
            DO(vipc_reply_receive(e.self, right, text, e.cap, text, &info, VIPC_FOREVER));
            right = info.reply;
        }
    }
    if (me == 1) DO(vipc_reply(e.self, right, text));
    halt(t, me);
    leave(t);
}
static void call_rows(void)
{
    for (const char *m = "tp"; *m; m++) {
        row a = { "vipc-call" BENCH_AS, "a_rtt_spin", *m, 2, call_round_trip, &waits, 1, "ns", false };
        row b = { "vipc-call" BENCH_AS, "b_rtt_block", *m, 2, call_round_trip, &asleep, 1, "ns", true };
        measure(a);
        measure(b);
    }
}

/* ------------------------------------------------------------------------------------------- c, d, f: batches of 16 */
enum { BATCH = 16 };
static uint64_t batch_word(const vipc_message *m)
{
    MUST(m->data[3] == ~m->data[0]);
    return m->data[0];
}
static inline void batch_fill(vipc_message *m, uint64_t i)
{
    m->opcode = m->flags = 0;
    m->data[0] = i;
    m->data[3] = ~i;
    touch(m);
}
static void batch_stream(team *t, int me)
{
    vipc_end e;
    vipc_message m[BATCH];
    uint32_t n = 0;
    memset(m, 0, sizeof m);
    enter(t);
    open_end(&e, t, 0);
    gate(t, 0);
    bool begun = false;
    for (long i = -WARM_UP; i < t->n; i += n) {
        if (i >= 0 && !begun) { begun = true; go(t, me); }
        if (me == 0) {
            n = (uint32_t)(i < 0 ? -i < BATCH ? -i : BATCH : t->n - i < BATCH ? t->n - i : BATCH);
            for (uint32_t k = 0; k < n; k++) batch_fill(&m[k], (uint64_t)(i + (long)k));
            DO(vipc_send_many(e.self, e.cap, m, n, &n, VIPC_FOREVER));
        } else {
            DO(vipc_receive_many(e.self, e.cap, m, NULL, i < 0 && -i < BATCH ? (uint32_t)-i : BATCH, &n, VIPC_FOREVER));
            for (uint32_t k = 0; k < n; k++) MUST(batch_word(&m[k]) == (uint64_t)(i + (long)k));
        }
    }
    halt(t, me);
    leave(t);
}
static void batch_crowd(team *t, int me)
{
    vipc_end e;
    vipc_message m[BATCH];
    uint64_t got = 0, sum = 0;
    uint32_t n = 0;
    memset(m, 0, sizeof m);
    enter(t);
    open_end(&e, t, 0);
    gate(t, 0);
    go(t, me);
    if (me < 2) {
        for (long i = me; i < t->n; i += 2 * (long)n) {
            n = 0;
            for (long j = i; j < t->n && n < BATCH; j += 2) batch_fill(&m[n++], (uint64_t)j);
            DO(vipc_send_many(e.self, e.cap, m, n, &n, VIPC_FOREVER));
        }
        if (__atomic_add_fetch(&t->word, 1, __ATOMIC_SEQ_CST) == 2)
            for (int i = 0; i < 2; i++) {                    /* one farewell to each receiver, sent when the other's is gone */
                batch_fill(&m[0], FAREWELL);
                DO(vipc_send(e.self, e.cap, &m[0], VIPC_FOREVER));
            }
    } else {
        for (bool over = false; !over;) {
            DO(vipc_receive_many(e.self, e.cap, m, NULL, BATCH, &n, VIPC_FOREVER));
            for (uint32_t k = 0; k < n; k++) {
                uint64_t i = batch_word(&m[k]);
                if (i == FAREWELL && over) { batch_fill(&m[0], FAREWELL); DO(vipc_send(e.self, e.cap, &m[0], VIPC_FOREVER)); continue; }     /* the other's */
                if (i == FAREWELL) { over = true; continue; }
                sum += i;
                got++;
            }
        }
    }
    t->at[me].got = got;
    t->at[me].sum = sum;
    halt(t, me);
    if (me == 0) MUST(t->at[2].got + t->at[3].got == (uint64_t)t->n && t->at[2].sum + t->at[3].sum == (uint64_t)t->n * (uint64_t)(t->n - 1) / 2);
    leave(t);
}
static void batch_pairs(vipc_end *e, long from, long to)       /* whole batches */
{
    vipc_message m[BATCH], back[BATCH];
    uint32_t n;
    memset(m, 0, sizeof m);
    for (long i = from; i < to; i += BATCH) {
        for (uint32_t k = 0; k < BATCH; k++) batch_fill(&m[k], (uint64_t)(i + (long)k));
        DO(vipc_send_many(e->self, e->cap, m, BATCH, &n, VIPC_FOREVER));
        MUST(n == BATCH);
        DO(vipc_receive_many(e->self, e->cap, back, NULL, BATCH, &n, VIPC_FOREVER));
        MUST(n == BATCH);
        for (uint32_t k = 0; k < BATCH; k++) MUST(batch_word(&back[k]) == (uint64_t)(i + (long)k));
    }
}
static void batch_pair(team *t, int me)
{
    vipc_end e;
    enter(t);
    open_end(&e, t, 0);
    batch_pairs(&e, -2 * CAPACITY, 0);
    go(t, me);
    batch_pairs(&e, 0, t->n - t->n % BATCH);
    halt(t, me);
    leave(t);
}
static void batch_counted(void *unused)
{
    team *t = (team *)share(sizeof(team) + 128);
    vipc_end e;
    (void)unused;
    t->workers = 1;
    t->mode = 't';
    t->kind = &waits;
    begin(t);
    enter(t);
    open_end(&e, t, 0);
    batch_pairs(&e, -2 * CAPACITY, 0);
    mark();
    batch_pairs(&e, 0, COUNTED);
    mark();
}
static void batch_rows(void)
{
    double count[MARKS];
    static const char name[] = "vipc-batch16" BENCH_AS;
    for (const char *m = "tp"; *m; m++) {
        row c = { name, "c_1p1c", *m, 2, batch_stream, &waits, 1, "ns", true };
        row d = { name, "d_2p2c", *m, 4, batch_crowd, &waits, 1, "ns", true };
        row f = { name, "f_pair", *m, 1, batch_pair, &waits, 1, "ns", false };
        measure(c);
        measure(d);
        if (*m == 't') measure(f);
    }
    if (wanted("f_instr") && !too_late(name, "f_instr") && step(batch_counted, NULL, count) == 1) print_count(name, "f_instr", count[0] / COUNTED);
}

int main(void)
{
    queue_rows_tries("acdf", "tp");
    queue_rows_asleep("b", "tp");
    bulk_rows("vipc-endpoint" BENCH_AS, &bulk, payload_bulk, false);
    queue_rows_waits("cd", "tp");
    batch_rows();
    call_rows();
    return 0;
}
