/* works.h - the works a, b, c, d and f for one kind of queue:
 *     static const queue_kind ring = { ... };
 *     QUEUE(ring)
 *     int main(void) { queue_rows_ring("acdf", "tp"); }
 * The works are written once, over a queue_kind that is constant where they are expanded, so its functions are inlined as a user's would be.
 */
#ifndef VIPC_BENCH_WORKS_H
#define VIPC_BENCH_WORKS_H
#include "bench.h"

typedef struct port { __attribute__((aligned(64))) unsigned char bytes[END_BYTES]; } port;

INLINE void port_open(const queue_kind *k, port *p, team *t, int queue)
{
    memset(p, 0, sizeof *p);
    if (k->open) k->open(p->bytes, t, queue);
    else memcpy(p->bytes, &t->queue[queue], sizeof(void *));
}

/* Two stores of 16 bytes: a copy by vectors that follows at once would have to wait for stores of 8. */
typedef uint64_t half __attribute__((vector_size(16), may_alias));
INLINE void fill(const queue_kind *k, line *m, uint64_t i)
{
    half *h = (half *)(void *)m->w;
    half first = { i, 0 }, even = { ~i, 0 }, odd = { 0, ~i };
    h[k->first / 2] = first;
    h[k->last / 2] = k->last % 2 ? odd : even;
    touch(m);
}
INLINE uint64_t verify(const queue_kind *k, line *m)
{
    touch(m);
    MUST(m->w[k->last] == ~m->w[k->first]);
    return m->w[k->first];
}
INLINE void put(const queue_kind *k, port *p, const line *m)
{
    if (k->sleeps) (void)k->send(p->bytes, m);
    else while (!k->send(p->bytes, m)) relax();
}
INLINE void get(const queue_kind *k, port *p, line *m)
{
    if (k->sleeps) (void)k->receive(p->bytes, m);
    else while (!k->receive(p->bytes, m)) relax();
}
/* Where four share two processors, whoever cannot go on soon lets another run. */
INLINE void put_or_yield(const queue_kind *k, port *p, const line *m)
{
    if (k->sleeps) { (void)k->send(p->bytes, m); return; }
    for (unsigned tries = 1; !k->send(p->bytes, m); tries++)
        if (tries % 16) relax(); else sched_yield();
}
INLINE void get_or_yield(const queue_kind *k, port *p, line *m)
{
    if (k->sleeps) { (void)k->receive(p->bytes, m); return; }
    for (unsigned tries = 1; !k->receive(p->bytes, m); tries++)
        if (tries % 16) relax(); else sched_yield();
}

/* a, b: worker 0 sends through queue 0 and waits for the answer in queue 1. */
INLINE void work_round_trip(const queue_kind *k, team *t, int me)
{
    port in, out;
    line m, answer;
    memset(&m, 0, sizeof m);
    memset(&answer, 0, sizeof answer);
    if (k->enter) k->enter(t);
    port_open(k, &out, t, me);
    port_open(k, &in, t, 1 - me);
    gate(t, 0);
    for (long i = -WARM_UP; i < t->n; i++) {
        if (i == 0) go(t, me);
        if (me == 0) {
            fill(k, &m, (uint64_t)i);
            put(k, &out, &m);
            get(k, &in, &answer);
            MUST(verify(k, &answer) == (uint64_t)i);
        } else {
            get(k, &in, &m);
            touch(&m);
            put(k, &out, &m);
        }
    }
    halt(t, me);
    if (k->leave) k->leave(t);
}

/* c: worker 0 sends, worker 1 receives; first in, first out. */
INLINE void work_stream(const queue_kind *k, team *t, int me)
{
    port p;
    line m;
    memset(&m, 0, sizeof m);
    if (k->enter) k->enter(t);
    port_open(k, &p, t, 0);
    gate(t, 0);
    if (me == 0) {
        for (long i = -WARM_UP; i < t->n; i++) {
            if (i == 0) go(t, me);
            fill(k, &m, (uint64_t)i);
            put(k, &p, &m);
        }
    } else {
        for (long i = -WARM_UP; i < t->n; i++) {
            if (i == 0) go(t, me);
            get(k, &p, &m);
            MUST(verify(k, &m) == (uint64_t)i);
        }
    }
    halt(t, me);
    if (k->leave) k->leave(t);
}

/* d: workers 0 and 1 send, 2 and 3 receive; each processor has one of each.  The sender that finishes last says farewell to both receivers. */
#define FAREWELL ((uint64_t)1 << 62)
INLINE void work_crowd(const queue_kind *k, team *t, int me)
{
    port p;
    line m;
    uint64_t got = 0, sum = 0;
    memset(&m, 0, sizeof m);
    if (k->enter) k->enter(t);
    port_open(k, &p, t, 0);
    gate(t, 0);
    go(t, me);
    if (me < 2) {
        for (long i = me; i < t->n; i += 2) {
            fill(k, &m, (uint64_t)i);
            put_or_yield(k, &p, &m);
        }
        bool last = __atomic_add_fetch(&t->word, 1, __ATOMIC_SEQ_CST) == 2;
        for (int i = 0; i < 2 && last; i++) {
            fill(k, &m, FAREWELL);
            put_or_yield(k, &p, &m);
        }
    } else {
        for (;;) {
            get_or_yield(k, &p, &m);
            uint64_t i = verify(k, &m);
            if (i == FAREWELL) break;
            sum += i;
            got++;
        }
    }
    t->at[me].got = got;
    t->at[me].sum = sum;
    halt(t, me);
    if (me == 0) MUST(t->at[2].got + t->at[3].got == (uint64_t)t->n && t->at[2].sum + t->at[3].sum == (uint64_t)t->n * (uint64_t)(t->n - 1) / 2);
    if (k->leave) k->leave(t);
}

/* f: one worker sends and receives. */
INLINE void pairs(const queue_kind *k, port *out, port *in, long from, long to)
{
    line m, back;
    memset(&m, 0, sizeof m);
    memset(&back, 0, sizeof back);
    for (long i = from; i < to; i++) {
        fill(k, &m, (uint64_t)i);
        put(k, out, &m);
        get(k, in, &back);
        MUST(verify(k, &back) == (uint64_t)i);
    }
}
INLINE void work_pair(const queue_kind *k, team *t, int me)
{
    port in, out;
    if (k->enter) k->enter(t);
    port_open(k, &out, t, 0);
    port_open(k, &in, t, 0);
    pairs(k, &out, &in, -2 * CAPACITY, 0);
    go(t, me);
    pairs(k, &out, &in, 0, t->n);
    halt(t, me);
    if (k->leave) k->leave(t);
}

/* f_instr: the same, counted, in the child that is stepped.  The loop around it, some ten instructions, is counted too, for every peer alike. */
enum { COUNTED = 64 };
INLINE void work_counted(const queue_kind *k)
{
    port in, out;
    team *t = (team *)share(sizeof(team) + k->bytes + 128);
    t->workers = 1;
    t->mode = 't';
    t->kind = k;
    t->queue[0] = t->queue[1] = t + 1;
    if (k->begin) k->begin(t);
    if (k->make) k->make(t->queue[0]);
    if (k->enter) k->enter(t);
    port_open(k, &out, t, 0);
    port_open(k, &in, t, 0);
    pairs(k, &out, &in, -2 * CAPACITY, 0);
    mark();
    pairs(k, &out, &in, 0, COUNTED);
    mark();
}

#define QUEUE(id) \
    static void id##_round_trip(team *t, int me) { work_round_trip(&id, t, me); } \
    static void id##_stream(team *t, int me) { work_stream(&id, t, me); } \
    static void id##_crowd(team *t, int me) { work_crowd(&id, t, me); } \
    static void id##_pair(team *t, int me) { work_pair(&id, t, me); } \
    static void id##_counted(void *unused) { (void)unused; work_counted(&id); } \
    static const job id##_jobs[4] = { id##_round_trip, id##_stream, id##_crowd, id##_pair }; \
    UNUSED static void queue_rows_##id(const char *works, const char *modes) { queue_rows(&id, id##_jobs, id##_counted, works, modes); }

UNUSED static void queue_rows(const queue_kind *k, const job jobs[4], void (*counted)(void *), const char *works, const char *modes)
{
    double count[MARKS];
    for (const char *m = modes; *m; m++) {
        row a = { k->name, k->sleeps ? "b_rtt_block" : "a_rtt_spin", *m, 2, jobs[0], k, 1, "ns", k->sleeps };
        row c = { k->name, "c_1p1c", *m, 2, jobs[1], k, 1, "ns", k->sleeps };
        row d = { k->name, "d_2p2c", *m, 4, jobs[2], k, 1, "ns", k->sleeps };
        row f = { k->name, "f_pair", *m, 1, jobs[3], k, 1, "ns", false };
        if (strchr(works, a.work[0])) measure(a);
        if (strchr(works, 'c')) measure(c);
        if (strchr(works, 'd')) measure(d);
        if (strchr(works, 'f') && *m == 't') measure(f);
    }
    if (!strchr(works, 'f') || k->sleeps || !wanted("f_instr") || too_late(k->name, "f_instr")) return;
    if (step(counted, NULL, count) == 1) print_count(k->name, "f_instr", count[0] / COUNTED);
}
#endif
