/* t_spacethreads.c - four threads of two processes map, unmap, protect, fault, clone, read and write in the same two spaces, over a port without a lock: page tables
 * are atomic words, each thread is a CPU with a TLB of its own, and a flush waits until no access by an old translation is under way.  Each thread has bands of pages
 * in both spaces, next to the others', so that regions meet and part, and knows what must be in them.  A frame that is freed is written over at once: an access
 * to it finds wrong bytes, and is a race for -fsanitize=thread. */
#define _GNU_SOURCE
#include "spaceport.h"
#include <pthread.h>
#include <sched.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TURNS 4000
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define TURNS 4000
#endif
#ifndef TURNS
#define TURNS 60000
#endif
enum { WORKERS = 4, BAND = 12, BANDS = 4, GONE = 0, READS = 1, WRITES = 2 };
static sp *port;
static struct cpu { uint64_t busy; char pad[56]; } cpus[WORKERS];        /* odd: in the middle of an access */
typedef struct worker {
    pthread_t thread;
    unsigned me;
    vipc_cap space[2];
    unsigned char is[2][BANDS * BAND], byte[2][BANDS * BAND];            /* its pages: GONE, READS, WRITES; what is in them */
    uint64_t seed, done[16];
    char why[160];
} worker;
static worker workers[WORKERS];
static __thread unsigned here;                                           /* which CPU this is */

/* ---- the port ---- */
static void wait_for(unsigned c)
{
    const uint64_t was = SP_GET(&cpus[c].busy);
    while ((was & 1) && SP_GET(&cpus[c].busy) == was) sched_yield();
}
static vipc_error threads_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    sp *p = (sp *)user;
    const uint64_t first = (at - SP_START) >> p->page_shift;
    if (!sp_at(p, root, at, &pages)) return VIPC_OK;
    for (unsigned c = 0; c < WORKERS; c++) {
        if (deadline == VIPC_NOW && c != here) {
            if (SP_GET(&cpus[c].busy) & 1) return VIPC_ERR_WOULD_BLOCK;
            for (uint64_t i = 0; i < pages; i++) if (SP_GET(&p->tlb[c][root][first + i])) return VIPC_ERR_WOULD_BLOCK;
            continue;
        }
        /* An access that began before may use what is taken away, and keep it for the next: so twice. */
        for (int turn = 0; turn < 2; turn++) {
            for (uint64_t i = 0; i < pages; i++) SP_PUT(&p->tlb[c][root][first + i], 0);
            wait_for(c);
        }
    }
    if (deadline != VIPC_NOW) SP_ADD(&p->flushes, 1);
    return VIPC_OK;
}
static vipc_error threads_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user; (void)self; (void)deadline;
    for (int i = 0; i < 100 && __atomic_load_n(word, __ATOMIC_SEQ_CST) == expected; i++) sched_yield();
    return VIPC_OK;
}
static vipc_time threads_now(void *user) { static uint64_t now = 1; (void)user; return SP_ADD(&now, 1); }
/* One access of this CPU, as the hardware does it: by the TLB, or by the tables and into the TLB.  False: a fault. */
static bool access_once(uint64_t root, uint64_t page, uint64_t offset, bool write, unsigned char *byte)
{
    bool well = false;
    uint64_t *t = &port->tlb[here][root][page], entry;
    SP_ADD(&cpus[here].busy, 1);
    entry = SP_GET(t);
    if (!entry || (write && !(entry & VIPC_PROT_WRITE))) {
        entry = SP_GET(&port->table[root][page]);
        SP_PUT(t, entry);
    }
    if (entry && (!write || (entry & VIPC_PROT_WRITE))) {
        const uint64_t frame = (entry >> 8) - 1;
        unsigned char *at = port->pool + (frame << port->page_shift) + offset;
        if (!SP_GET(&port->used[frame])) SP_ADD(&port->freed_uses, 1);
        if (write) __atomic_store_n(at, *byte, __ATOMIC_RELAXED);
        else *byte = __atomic_load_n(at, __ATOMIC_RELAXED);
        well = true;
        if ((frame + page) % 16 == here) sched_yield();      /* now and then others run in the middle of it */
    }
    SP_ADD(&cpus[here].busy, 1);
    return well;
}
static vipc_error access_at(worker *w, int s, uint64_t root, uint64_t page, uint64_t offset, bool write, unsigned char *byte)
{
    for (int turn = 0; turn < 100000; turn++) {
        if (access_once(root, page, offset, write, byte)) return VIPC_OK;
        vipc_error e = vipc_page_fault(&port->v[w->me], w->space[s], sp_addr(port, page), write ? VIPC_PROT_WRITE : VIPC_PROT_READ, NULL);
        if (e != VIPC_OK) return e;
    }
    return VIPC_ERR_TIMEOUT;
}
static vipc_error access_page(worker *w, int s, uint64_t root, uint64_t page, bool write, unsigned char *byte) { return access_at(w, s, root, page, 5, write, byte); }

/* ---- the threads ---- */
static uint64_t below(worker *w, uint64_t n)
{
    w->seed ^= w->seed << 13;
    w->seed ^= w->seed >> 7;
    w->seed ^= w->seed << 17;
    return (w->seed >> 11) % n;
}
/* Its k-th page: bands of the four follow one another. */
static uint64_t page_of(const worker *w, unsigned k) { return 3 + (uint64_t)(k / BAND) * WORKERS * BAND + w->me * BAND + k % BAND; }
#define EXPECT(is, want) do { long long is_ = (long long)(is), want_ = (long long)(want); if (is_ != want_ && !w->why[0]) \
        snprintf(w->why, sizeof w->why, "line %d: thread %u, turn %d, page %u: %lld, expected %lld", __LINE__, w->me, turn, k, is_, want_); } while (0)
static void *run(void *arg)
{
    worker *w = (worker *)arg;
    here = w->me;
    vipc *v = &port->v[w->me];
    const uint64_t page = (uint64_t)1 << port->page_shift;
    uint64_t root[2];
    for (int s = 0; s < 2; s++) {
        vipc_space_info i;
        if (vipc_space_get(v, w->space[s], &i) != VIPC_OK) { snprintf(w->why, sizeof w->why, "no space"); return NULL; }
        root[s] = i.root;
    }
    for (int turn = 0; turn < TURNS && !w->why[0]; turn++) {
        const int s = (int)below(w, 2);
        unsigned k = (unsigned)below(w, BANDS * BAND), n = 1 + (unsigned)below(w, BAND - k % BAND), i;
        unsigned char *is = w->is[s], *byte = w->byte[s], got = 0, all = 1;
        const vipc_addr at = sp_addr(port, page_of(w, k));
        const unsigned what = (unsigned)below(w, 15);
        vipc_cap c = VIPC_INIT;
        uint32_t sharers;
        for (i = 0; i < n; i++) all &= is[k + i] != GONE;
        w->done[what]++;
        switch (what) {
        case 0: case 1: {                                    /* new, over whatever is there */
            const uint32_t flags = VIPC_MAP_FIXED | (below(w, 4) ? 0 : VIPC_MAP_POPULATE) | (below(w, 6) ? 0 : VIPC_MAP_SHARED);
            EXPECT(sp_mmap(port, w->me, w->space[s], page_of(w, k), n, flags, VIPC_FOREVER), VIPC_OK);
            for (i = 0; i < n; i++) { is[k + i] = WRITES; byte[k + i] = 0; }
            break;
        }
        case 2:
            EXPECT(vipc_space_unmap(v, w->space[s], at, n * page, VIPC_FOREVER), VIPC_OK);
            for (i = 0; i < n; i++) is[k + i] = GONE;
            EXPECT(access_page(w, s, root[s], page_of(w, k), false, &got), VIPC_ERR_FAULT);
            break;
        case 3: {
            const bool write = below(w, 2);
            EXPECT(vipc_space_protect(v, w->space[s], at, n * page, VIPC_PROT_READ | (write ? (uint32_t)VIPC_PROT_WRITE : 0), VIPC_FOREVER), all ? VIPC_OK : VIPC_ERR_NOT_FOUND);
            for (i = 0; all && i < n; i++) is[k + i] = write ? WRITES : READS;
            break;
        }
        case 4: case 5: case 6:
            for (i = k; i < k + n; i++) {
                unsigned char next = (unsigned char)(1 + below(w, 255));
                vipc_error e = access_page(w, s, root[s], page_of(w, i), true, &next);
                EXPECT(e, is[i] == WRITES ? VIPC_OK : is[i] == READS ? VIPC_ERR_PERMISSION_DENIED : VIPC_ERR_FAULT);
                if (e == VIPC_OK) byte[i] = next;
            }
            break;
        case 7: case 8:
            for (i = k; i < k + n; i++) {
                vipc_error e = access_page(w, s, root[s], page_of(w, i), false, &got);
                EXPECT(e, is[i] ? VIPC_OK : VIPC_ERR_FAULT);
                if (e == VIPC_OK) EXPECT(got, byte[i]);
            }
            break;
        case 9:                                              /* a debugger's way */
            got = (unsigned char)below(w, 256);
            if (is[k]) { EXPECT(vipc_space_write(v, w->space[s], at + 5, &got, 1, NULL), VIPC_OK); byte[k] = got; }
            EXPECT(vipc_space_read(v, w->space[s], at + 5, &got, 1, NULL), is[k] ? VIPC_OK : VIPC_ERR_FAULT);
            if (is[k]) EXPECT(got, byte[k]);
            break;
        case 11: case 12: case 13:                           /* what others have: so this CPU, too, has translations that they take away */
            for (i = 0; i < 6; i++) (void)access_at(w, s, root[s], below(w, 200), 6, false, &got);      /* a byte that nobody writes */
            break;
        case 10: {
            uint64_t done = 0;
            vipc_error e = vipc_space_touch(v, w->space[s], at + 1, n * page - 1, VIPC_PROT_READ, &done);
            EXPECT(e, all ? VIPC_OK : VIPC_ERR_FAULT);
            break;
        }
        default:
            if (below(w, 4)) break;
            vipc_error e = vipc_space_clone(v, w->space[s], &c, VIPC_FOREVER);
            if (e == VIPC_ERR_OUT_OF_MEMORY || e == VIPC_ERR_LIMIT) break;
            EXPECT(e, VIPC_OK);
            for (i = k; i < k + n; i++) {                    /* its own pages stand still, so the copy has them as they are; shared ones it must not write */
                e = vipc_space_read(v, c, sp_addr(port, page_of(w, i)) + 5, &got, 1, NULL);
                EXPECT(e, is[i] ? VIPC_OK : VIPC_ERR_FAULT);
                if (e == VIPC_OK) EXPECT(got, byte[i]);
                vipc_space_region r;
                if (is[i] != WRITES || vipc_space_find(v, c, sp_addr(port, page_of(w, i)), &r) != VIPC_OK || (r.flags & VIPC_MAP_SHARED)) continue;
                got = (unsigned char)~byte[i];
                if (below(w, 2)) EXPECT(vipc_space_write(v, c, sp_addr(port, page_of(w, i)) + 5, &got, 1, NULL), VIPC_OK);
                else if (access_page(w, s, root[s], page_of(w, i), true, &got) == VIPC_OK) {
                    const unsigned char was = byte[i];
                    byte[i] = got;
                    EXPECT(vipc_space_read(v, c, sp_addr(port, page_of(w, i)) + 5, &got, 1, NULL), VIPC_OK);
                    EXPECT(got, was);
                }
            }
            (void)vipc_space_sharers(v, c, at, &sharers);
            EXPECT(vipc_destroy(v, c, VIPC_FOREVER), VIPC_OK);
            w->done[15]++;
        }
    }
    return NULL;
}
TEST(threads_in_two_spaces)
{
    vipc_config c = sp_config(8);
    port = sp_open(&c, 1);
    sp *p = port;
    p->reuse = 1;
    p->hooks.tlb_flush = threads_flush;
    p->hooks.block = threads_block;
    p->hooks.now = threads_now;
    vipc_process_desc d = VIPC_INIT;
    d.native_thread = 3;
    d.proof = SP_PROOF + 1;
    REQUIRE_OK(vipc_attach(&p->v[2], p->memory, p->size, NULL, &d, &p->hooks));
    REQUIRE_OK(vipc_thread_enter(&p->v[0], 2, &p->v[1]));
    REQUIRE_OK(vipc_thread_enter(&p->v[2], 4, &p->v[3]));
    vipc_cap s[2][2];                                        /* [whose process's][which space] */
    s[0][0] = sp_space(p, 0);
    s[1][1] = sp_space(p, 2);
    s[1][0] = sp_grant(p, 0, s[0][0], 2);
    s[0][1] = sp_grant(p, 2, s[1][1], 0);
    memset(workers, 0, sizeof workers);
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].me = i;
        workers[i].seed = 0x9e3779b97f4a7c15u * (i + 1);
        for (int k = 0; k < 2; k++) workers[i].space[k] = s[i / 2][k];
    }
    for (unsigned i = 0; i < WORKERS; i++) REQUIRE_EQ(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    for (unsigned i = 0; i < WORKERS; i++) pthread_join(workers[i].thread, NULL);
    uint64_t did = 0, clones = 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        worker *w = &workers[i];
        for (int k = 0; k < 15; k++) did += w->done[k];
        clones += w->done[15];
        if (w->why[0]) { printf("    %s\n", w->why); test_failures_++; }
        for (int k = 0; k < 2 && !w->why[0]; k++)
            for (unsigned n = 0; n < BANDS * BAND; n++) {    /* all is as its thread left it */
                unsigned char got = 0;
                CHECK_EQ(vipc_space_read(&p->v[0], s[0][k], sp_addr(p, page_of(w, n)) + 5, &got, 1, NULL), w->is[k][n] ? VIPC_OK : VIPC_ERR_FAULT);
                if (w->is[k][n]) CHECK_EQ(got, w->byte[k][n]);
            }
    }
    printf("    %llu operations, %llu clones, %llu hook calls, %llu flushes that waited\n", (unsigned long long)did, (unsigned long long)clones,
           (unsigned long long)p->calls, (unsigned long long)p->flushes);
    CHECK_EQ(did, (uint64_t)WORKERS * TURNS);
    CHECK(clones > 100);
    SP_CHECK(p, 0);
    for (int k = 0; k < 2; k++) {
        vipc_space_info i;
        CHECK_OK(vipc_space_unmap(&p->v[0], s[0][k], SP_START, (uint64_t)SP_PAGES << p->page_shift, VIPC_FOREVER));
        CHECK_OK(vipc_space_get(&p->v[0], s[0][k], &i));
        CHECK_EQ(i.regions + i.leaving + i.pages + i.pages_shared + i.table_frames, 0);
    }
    CHECK_EQ(p->in_use, 0);
    SP_CHECK(p, 0);
    for (unsigned i = 4; i-- > 0;) CHECK_OK(vipc_leave(&p->v[i]));
    CHECK_EQ(p->in_use, 0);
    sp_drop(p);
}
RUN_TESTS(T(threads_in_two_spaces))
