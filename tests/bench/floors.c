/* floors.c - what this machine allows: every ratio is taken against one of these rows (ratio 1). */
#include "bulk.h"
#include <linux/futex.h>

/* a: a request of 56 bytes, answered in the request's own line */
static void answer_in_place(team *t, int me)
{
    line *box = (line *)t->queue[0], m;
    memset(&m, 0, sizeof m);
    gate(t, 0);
    go(t, me);
    for (uint64_t i = (uint64_t)me; i < 2 * (uint64_t)t->n; i += 2) {
        while (__atomic_load_n(&box->w[7], __ATOMIC_ACQUIRE) != i) relax();
        memcpy(&m, box, 56);
        touch(&m);
        MUST(m.w[0] == i && m.w[6] == i);
        m.w[0] = m.w[6] = i + 1;
        touch(&m);
        memcpy(box, &m, 56);
        __atomic_store_n(&box->w[7], i + 1, __ATOMIC_RELEASE);
    }
    halt(t, me);
}

/* b: one wakes the other only once that one sleeps (the kernel says whom it woke), and then sleeps itself */
static long futex(uint32_t *word, int op, uint32_t value) { return syscall(SYS_futex, word, op, value, NULL, NULL, 0); }
static void sleep_on(uint32_t *bed) { while (futex(bed, FUTEX_WAIT, 0) != 0) { } }
static void wake_from(uint32_t *bed) { while (futex(bed, FUTEX_WAKE, 1) != 1) relax(); }
static void wake_each_other(team *t, int me)
{
    uint32_t *mine = (uint32_t *)t->queue[me], *other = (uint32_t *)t->queue[1 - me];
    gate(t, 0);
    go(t, me);
    for (long i = 0; i < t->n; i++) {
        if (me == 1) sleep_on(mine);
        wake_from(other);
        if (me == 0) sleep_on(mine);
    }
    halt(t, me);
}

/* d: a queue with many at both ends must change a shared word at each send and each receive: here each of four has its own */
static void add_alone(team *t, int me)
{
    uint64_t *word = (uint64_t *)t->queue[0] + 16 * me;
    gate(t, 0);
    go(t, me);
    for (long i = 0; i < t->n / 2; i++) __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
    halt(t, me);
}

/* a: a box for one message: 56 bytes and the number of it, one box each way */
typedef struct box_end { line *box; uint64_t number; } box_end;
static bool box_send(void *end, const line *m)
{
    box_end *e = (box_end *)end;
    memcpy(e->box, m, 56);
    __atomic_store_n(&e->box->w[7], ++e->number, __ATOMIC_RELEASE);
    return true;
}
static bool box_receive(void *end, line *m)
{
    box_end *e = (box_end *)end;
    if (__atomic_load_n(&e->box->w[7], __ATOMIC_ACQUIRE) != e->number + 1) return false;
    memcpy(m, e->box, 56);
    e->number++;
    return true;
}
static const queue_kind box = { .name = "floor:mailbox", .bytes = sizeof(line), .first = 0, .last = 6, .send = box_send, .receive = box_receive };
QUEUE(box)

/* c: lines written and read in order.  The other end is told every 64 lines; lines are fetched for writing ahead of use.  The reader writes into
 * each line too: on some machines a line that is only read over there comes back many times slower than one that was written. */
enum { TOLD_EVERY = 64, AHEAD = 16 };
typedef struct strip {
    __attribute__((aligned(128))) uint64_t written;
    __attribute__((aligned(128))) uint64_t read;
    __attribute__((aligned(128))) line at[CAPACITY];
} strip;
typedef struct strip_end { strip *s; uint64_t here, limit; } strip_end;
static inline void fetch_to_write(const void *p)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
    __builtin_prefetch(p, 1);
#endif
}
static bool strip_send(void *end, const line *m)
{
    strip_end *e = (strip_end *)end;
    if (e->here == e->limit && (e->limit = __atomic_load_n(&e->s->read, __ATOMIC_ACQUIRE) + CAPACITY) == e->here) return false;
    fetch_to_write(&e->s->at[(e->here + AHEAD) % CAPACITY]);
    e->s->at[e->here++ % CAPACITY] = *m;
    if (e->here % TOLD_EVERY == 0) __atomic_store_n(&e->s->written, e->here, __ATOMIC_RELEASE);
    return true;
}
static bool strip_receive(void *end, line *m)
{
    strip_end *e = (strip_end *)end;
    if (e->here == e->limit && (e->limit = __atomic_load_n(&e->s->written, __ATOMIC_ACQUIRE)) == e->here) return false;
    fetch_to_write(&e->s->at[(e->here + AHEAD) % CAPACITY]);
    *m = e->s->at[e->here % CAPACITY];
    e->s->at[e->here++ % CAPACITY].w[1] = 0;
    if (e->here % TOLD_EVERY == 0) __atomic_store_n(&e->s->read, e->here, __ATOMIC_RELEASE);
    return true;
}
static const queue_kind lines = { .name = "floor:lines", .bytes = sizeof(strip), .first = 0, .last = 7, .send = strip_send, .receive = strip_receive };
QUEUE(lines)

/* f: a ring for one thread: a test for full, a test for empty, two copies */
static bool plain_send(void *end, const line *m)
{
    strip *s = *(strip **)end;
    if (s->written - s->read == CAPACITY) return false;
    s->at[s->written % CAPACITY] = *m;
    __asm__ volatile("" : : : "memory");
    s->written++;
    return true;
}
static bool plain_receive(void *end, line *m)
{
    strip *s = *(strip **)end;
    if (s->written == s->read) return false;
    *m = s->at[s->read % CAPACITY];
    __asm__ volatile("" : : : "memory");
    s->read++;
    return true;
}
static const queue_kind plain = { .name = "floor:plain-ring", .bytes = sizeof(strip), .first = 0, .last = 7, .send = plain_send, .receive = plain_receive };
QUEUE(plain)

/* e: nothing is copied: the reader reads what the writer wrote; and, for comparison, one copy by one processor in warm caches */
static uint64_t *common;
static void share_give(void *end, const uint64_t *from)
{
    (void)end;
    (void)from;
    __atomic_add_fetch(&common[BULK / 8], 1, __ATOMIC_RELEASE);
}
static uint64_t share_taken;
static const uint64_t *share_take(void *end, uint64_t *into)
{
    (void)end;
    share_taken++;
    while (__atomic_load_n(&common[BULK / 8], __ATOMIC_ACQUIRE) < share_taken) relax();
    return into;
}
static void share_begin(team *t)
{
    (void)t;
    if (!common) common = (uint64_t *)share(BULK + 4096);
    common[BULK / 8] = share_taken = 0;
}
static const queue_kind shared_memory = { .name = "floor:share", .begin = share_begin };
static void share_bulk(team *t, int me) { work_bulk(t, me, share_give, share_take, common); }

static void copy_bulk(team *t, int me)
{
    unsigned char *from = (unsigned char *)share(BULK), *to = (unsigned char *)share(BULK);
    memset(from, 1, BULK);
    go(t, me);
    for (long i = 0; i < t->n; i++) {
        memcpy(to, from, BULK);
        touch(to);
    }
    halt(t, me);
    munmap(from, BULK);
    munmap(to, BULK);
}

static void rows_of(const char *peer, const char *work, int workers, job run, bool idles)
{
    for (const char *m = "tp"; *m; m++) {
        row r = { peer, work, *m, workers, run, NULL, 1, "ns", idles };
        measure(r);
    }
}

int main(void)
{
    queue_rows_box("a", "tp");
    rows_of("floor:flip", "a_rtt_spin", 2, flip, false);
    rows_of("floor:answer-in-place", "a_rtt_spin", 2, answer_in_place, false);
    rows_of("floor:futex", "b_rtt_block", 2, wake_each_other, true);
    queue_rows_lines("c", "tp");
    rows_of("floor:xadd", "d_2p2c", 4, add_alone, false);
    bulk_rows("floor:share", &shared_memory, share_bulk, false);
    row copy = { "floor:memcpy", "e_1MiB", 't', 1, copy_bulk, NULL, 1e3, "us", false };
    measure(copy);
    queue_rows_plain("f", "t");
    return 0;
}
