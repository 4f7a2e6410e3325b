/* spaceport.h - a small port with address spaces, for t_spaceedges, t_spacehostile and t_spacethreads: its page tables are arrays, and so is each CPU's TLB,
 * whose stale translations are used until they are flushed, as hardware does.  What the core asks of it is compared with what is so:
 *   a translation that is used, or set up, for a frame that nobody has: `freed_uses`;  a root that was destroyed, or never made: `bad_roots`;
 *   an `at`, frame or count out of range: `bad_ranges`.
 * Page tables, TLBs and what is looked at without the core's lock are atomic words; there is no lock: hooks that the core calls under its own have no other.
 */
#ifndef VIPC_TEST_SPACEPORT_H
#define VIPC_TEST_SPACEPORT_H
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#include "test.h"

enum { SP_FRAMES = 1024, SP_PAGES = 4096, SP_ROOTS = 48, SP_CPUS = 4, SP_MEMBERS = 8, SP_PROOF = 100 };
#define SP_START 0x100000u
#define SP_GET(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define SP_PUT(p, n) __atomic_store_n(p, n, __ATOMIC_SEQ_CST)
#define SP_ADD(p, n) __atomic_fetch_add(p, n, __ATOMIC_SEQ_CST)

typedef struct sp {
    vipc_hooks hooks;
    vipc v[SP_MEMBERS];
    unsigned char *memory, *pool;
    uint64_t size;
    uint32_t page_shift;
    unsigned char used[SP_FRAMES], low_first;
    uint64_t in_use, budget;                             /* budget: frames that may be handed out yet */
    uint64_t made[SP_ROOTS];                             /* 1: made, 2: destroyed */
    uint64_t table[SP_ROOTS][SP_PAGES];                  /* (frame + 1) << 8 | access */
    uint64_t tlb[SP_CPUS][SP_ROOTS][SP_PAGES];
    uint64_t flush_waits;                                /* tlb_flush with NOW: WOULD_BLOCK, if somebody else has the translation */
    uint64_t cpu;                                        /* that hook calls are made from */
    uint64_t freed_uses, bad_roots, bad_ranges, calls, limit;
    uint64_t flushes, flushed_pages;
    int fail_hook, fail_after, lie;                      /* see SP_... */
    int reuse;                                           /* roots that were destroyed are given to others */
    vipc_error fail_with;
    int dead[SP_MEMBERS];
    void (*on_flush)(struct sp *p), (*on_wake)(struct sp *p), (*on_hook)(struct sp *p, int hook);
    void *arg;
    uint64_t number[8];                                  /* the test's own */
    jmp_buf out;                                         /* where a hook that "is killed" goes */
} sp;
enum { SP_ALLOC = 1, SP_FREE, SP_POINTER, SP_CREATE, SP_DESTROY, SP_MAP, SP_UNMAP, SP_PROTECT, SP_FLUSH };

static inline int sp_hook(sp *p, int hook)           /* 1: it is to fail */
{
    const uint64_t calls = SP_ADD(&p->calls, 1);
    if (p->limit && calls > p->limit) { printf("    endless: %llu hook calls\n", (unsigned long long)calls); fflush(stdout); abort(); }
    if (p->on_hook) p->on_hook(p, hook);
    if (p->fail_hook != hook) return 0;
    return p->fail_after > 0 && --p->fail_after == 0;
}
static vipc_error sp_alloc(void *user, uint64_t count, uint64_t *first)
{
    sp *p = (sp *)user;
    if (sp_hook(p, SP_ALLOC)) return p->fail_with;
    for (uint64_t k = 0; count <= SP_FRAMES && k + count <= SP_FRAMES; k++) {
        uint64_t at = p->low_first ? k : SP_FRAMES - count - k, n = 0;
        while (n < count && !SP_GET(&p->used[at + n])) n++;
        if (n < count) continue;
        if (p->budget < count) break;
        p->budget -= count;
        *first = at;
        for (n = 0; n < count; n++) SP_PUT(&p->used[at + n], 1);
        p->in_use += count;
        return VIPC_OK;
    }
    return VIPC_ERR_OUT_OF_MEMORY;
}
static void sp_free(void *user, uint64_t first, uint64_t count)
{
    sp *p = (sp *)user;
    (void)sp_hook(p, SP_FREE);
    for (uint64_t i = 0; first < SP_FRAMES && i < count && i < SP_FRAMES - first; i++) {
        if (!SP_GET(&p->used[first + i])) continue;
        SP_PUT(&p->used[first + i], 0);
        p->in_use--;
        p->budget++;
        memset(p->pool + ((first + i) << p->page_shift), 0xDD, (size_t)1 << p->page_shift);
    }
}
static void *sp_pointer(void *user, uint64_t first, uint64_t count)
{
    sp *p = (sp *)user;
    const uint64_t calls = SP_ADD(&p->calls, 1);
    if (p->limit && calls > p->limit) { printf("    endless: %llu hook calls\n", (unsigned long long)calls); fflush(stdout); abort(); }
    if (first >= SP_FRAMES || count > SP_FRAMES - first || count == 0) return NULL;
    return p->pool + (first << p->page_shift);
}
static uint64_t *sp_at(sp *p, uint64_t root, uint64_t at, uint64_t *pages)      /* NULL: no such root, or out of range */
{
    const uint64_t page = (at - SP_START) >> p->page_shift;
    if (root == 0 || root >= SP_ROOTS || SP_GET(&p->made[root]) != 1) { SP_ADD(&p->bad_roots, 1); return NULL; }
    if (at < SP_START || (at & (((uint64_t)1 << p->page_shift) - 1)) || page >= SP_PAGES || *pages == 0 || *pages > SP_PAGES - page) {
        SP_ADD(&p->bad_ranges, 1);
        return NULL;
    }
    return &p->table[root][page];
}
static vipc_error sp_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    sp *p = (sp *)user;
    (void)space;
    (void)start; (void)end;
    if (sp_hook(p, SP_CREATE)) { if (p->lie) return VIPC_OK; return p->fail_with; }
    for (uint64_t i = 1; i < SP_ROOTS; i++) {
        if (SP_GET(&p->made[i]) == 1 || (SP_GET(&p->made[i]) && !p->reuse)) continue;
        *root = i;
        SP_PUT(&p->made[i], 1);
        return VIPC_OK;
    }
    return VIPC_ERR_OUT_OF_MEMORY;
}
static vipc_error sp_destroy(void *user, uint64_t root)
{
    sp *p = (sp *)user;
    if (root == 0) return VIPC_OK;
    if (sp_hook(p, SP_DESTROY)) return p->fail_with;
    if (root >= SP_ROOTS) return VIPC_OK;
    for (int i = 0; i < SP_PAGES; i++) {
        SP_PUT(&p->table[root][i], 0);
        for (int c = 0; c < SP_CPUS; c++) SP_PUT(&p->tlb[c][root][i], 0);
    }
    if (SP_GET(&p->made[root]) == 1) SP_PUT(&p->made[root], 2);
    return VIPC_OK;
}
static vipc_error sp_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    sp *p = (sp *)user;
    (void)cache;
    if (sp_hook(p, SP_MAP)) return p->fail_with;
    uint64_t *t = sp_at(p, root, at, &pages);
    if (!t) return VIPC_ERR_INVALID_ARGUMENT;
    if (frame >= SP_FRAMES || pages > SP_FRAMES - frame || !access) { SP_ADD(&p->bad_ranges, 1); return VIPC_ERR_INVALID_ARGUMENT; }
    for (uint64_t i = 0; i < pages; i++) {
        if (!SP_GET(&p->used[frame + i])) SP_ADD(&p->freed_uses, 1);
        SP_PUT(&t[i], (frame + i + 1) << 8 | access);
    }
    return VIPC_OK;
}
static void sp_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages)
{
    sp *p = (sp *)user;
    (void)sp_hook(p, SP_UNMAP);
    uint64_t *t = sp_at(p, root, at, &pages);
    for (uint64_t i = 0; t && i < pages; i++) SP_PUT(&t[i], 0);
}
static void sp_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    sp *p = (sp *)user;
    (void)sp_hook(p, SP_PROTECT);
    uint64_t *t = sp_at(p, root, at, &pages);
    for (uint64_t i = 0; t && i < pages; i++) {
        uint64_t e = SP_GET(&t[i]), left = e & 0xff & access;
        if (e) SP_PUT(&t[i], left ? (e & ~(uint64_t)0xff) | left : 0);
    }
}
static vipc_error sp_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    sp *p = (sp *)user;
    if (sp_hook(p, SP_FLUSH)) return p->fail_with;
    uint64_t *t = sp_at(p, root, at, &pages), first = (at - SP_START) >> p->page_shift;
    if (!t) return VIPC_OK;
    if (deadline == VIPC_NOW && p->flush_waits)
        for (unsigned c = 0; c < SP_CPUS; c++)
            for (uint64_t i = 0; i < pages; i++) if (c != p->cpu && SP_GET(&p->tlb[c][root][first + i])) return VIPC_ERR_WOULD_BLOCK;
    if (deadline != VIPC_NOW && p->on_flush) {
        p->on_flush(p);
        if (deadline != VIPC_FOREVER) return VIPC_ERR_TIMEOUT;     /* as if nobody had acknowledged */
    }
    if (!sp_at(p, root, at, &pages)) return VIPC_OK;
    p->flushes++;
    p->flushed_pages += pages;
    for (unsigned c = 0; c < SP_CPUS; c++)
        for (uint64_t i = 0; i < pages; i++) SP_PUT(&p->tlb[c][root][first + i], 0);
    return VIPC_OK;
}
static vipc_error sp_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user; (void)self; (void)word; (void)expected;
    return deadline == VIPC_FOREVER ? VIPC_OK : VIPC_ERR_TIMEOUT;      /* one thread: nobody else runs */
}
static void sp_wake(void *user, uint64_t target, uint32_t *word)
{
    sp *p = (sp *)user;
    (void)target; (void)word;
    if (p->on_wake) p->on_wake(p);
}
static uint64_t sp_clock = 1;
static vipc_time sp_now(void *user) { (void)user; return ++sp_clock; }
static int sp_alive(void *user, uint64_t proof)
{
    sp *p = (sp *)user;
    return proof < SP_PROOF || proof >= SP_PROOF + SP_MEMBERS || !p->dead[proof - SP_PROOF];
}
static void sp_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    sp *p = (sp *)user;
    if (id == VIPC_LOG_CHECK && !p->lie) printf("    check: level %u kind %llu at %llu\n", level, (unsigned long long)a, (unsigned long long)b);
}
static inline vipc_config sp_config(uint32_t page_shift)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = 8;
    c.max_threads = 16;
    c.max_objects = 64;
    c.max_capabilities = 256;
    c.max_names = 16;
    c.page_shift = page_shift;
    c.max_spaces = 16;
    c.max_regions = 4096;
    c.max_frames = SP_FRAMES;
    return c;
}
static inline sp *sp_open(const vipc_config *c, unsigned members)
{
    sp *p = (sp *)calloc(1, sizeof *p);
    if (!p) { printf("    no memory\n"); exit(2); }
    p->size = vipc_required_size(c);
    p->page_shift = c->page_shift;
    p->budget = SP_FRAMES;
    p->low_first = 1;
    if (posix_memalign((void **)(void *)&p->memory, 64, (size_t)p->size) || posix_memalign((void **)(void *)&p->pool, 4096, (size_t)SP_FRAMES << c->page_shift)) {
        printf("    no memory\n");
        exit(2);
    }
    vipc_hooks *h = &p->hooks;
    h->size = sizeof *h;
    h->user = p;
    h->frame_alloc = sp_alloc; h->frame_free = sp_free; h->frame_pointer = sp_pointer;
    h->block = sp_block; h->wake = sp_wake; h->now = sp_now; h->process_alive = sp_alive; h->log = sp_log;
    h->space_create = sp_create; h->space_destroy = sp_destroy; h->page_map = sp_map; h->page_unmap = sp_unmap; h->page_protect = sp_protect; h->tlb_flush = sp_flush;
    for (unsigned i = 0; i < members; i++) {
        vipc_process_desc d = VIPC_INIT;
        d.native_id = d.native_thread = i + 1;
        d.proof = SP_PROOF + i;
        REQUIRE_OK(i ? vipc_attach(&p->v[i], p->memory, p->size, NULL, &d, h) : vipc_init(&p->v[i], p->memory, p->size, c, &d, h));
    }
    return p;
}
/* vipc_check, what the port noticed, and after all have left not a frame missing. */
static inline void sp_check(sp *p, unsigned by, const char *file, int line)
{
    uint32_t bad = 0;
    vipc_stats s;
    test_equal_(file, line, "vipc_check", vipc_check(&p->v[by], &bad), VIPC_OK);
    test_equal_(file, line, "violations", bad, 0);
    test_equal_(file, line, "stats", vipc_stats_get(&p->v[by], &s), VIPC_OK);
    test_equal_(file, line, "frames that the core counts", (long long)s.frames_in_use, (long long)p->in_use);
    test_equal_(file, line, "uses of freed frames", (long long)p->freed_uses, 0);
    test_equal_(file, line, "roots that are no more", (long long)p->bad_roots, 0);
    test_equal_(file, line, "ranges that are none", (long long)p->bad_ranges, 0);
}
#define SP_CHECK(p, by) sp_check((p), (by), __FILE__, __LINE__)
static inline void sp_drop(sp *p)
{
    free(p->memory);
    free(p->pool);
    free(p);
}
static inline void sp_close(sp *p, unsigned members, const char *file, int line)
{
    p->on_flush = p->on_wake = NULL;
    p->on_hook = NULL;
    p->fail_hook = 0;
    unsigned by = 0;
    while (p->dead[by]) by++;
    (void)vipc_sweep(&p->v[by], NULL);
    sp_check(p, by, file, line);
    for (unsigned i = members; i-- > 0;) if (!p->dead[i]) test_equal_(file, line, "leave", vipc_leave(&p->v[i]), VIPC_OK);
    test_equal_(file, line, "frames left", (long long)p->in_use, 0);
    sp_drop(p);
}
#define SP_END(p, members) sp_close((p), (members), __FILE__, __LINE__)

static inline vipc_addr sp_addr(const sp *p, uint64_t page) { return SP_START + (page << p->page_shift); }
static inline vipc_error sp_space_make(sp *p, unsigned by, vipc_cap *cap)
{
    vipc_space_desc d = VIPC_INIT;
    d.start = SP_START;
    d.end = sp_addr(p, SP_PAGES);
    d.heap_start = sp_addr(p, 1024);
    d.heap_max = (uint64_t)2560 << p->page_shift;
    d.stack_end = sp_addr(p, 4000);
    return vipc_space_create(&p->v[by], &d, cap);
}
static inline vipc_cap sp_space(sp *p, unsigned by)
{
    vipc_cap cap = VIPC_INIT;
    REQUIRE_OK(sp_space_make(p, by, &cap));
    return cap;
}
static inline vipc_cap sp_grant(sp *p, unsigned from, vipc_cap cap, unsigned to)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_grant(&p->v[from], cap, vipc_self(&p->v[to]), NULL, &out));
    return out;
}
static inline vipc_error sp_mmap(sp *p, unsigned by, vipc_cap s, uint64_t page, uint64_t pages, uint32_t flags, vipc_time deadline)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr out = 0;
    d.at = sp_addr(p, page);
    d.size = pages << p->page_shift;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = flags | VIPC_MAP_ANONYMOUS | (flags & VIPC_MAP_SHARED ? 0 : VIPC_MAP_PRIVATE);
    return vipc_space_mmap(&p->v[by], s, &d, &out, deadline);
}
static inline uint64_t sp_root(sp *p, unsigned by, vipc_cap s)
{
    vipc_space_info i;
    memset(&i, 0, sizeof i);
    CHECK_OK(vipc_space_get(&p->v[by], s, &i));
    return i.root;
}
/* The byte at the start of a page, as CPU `cpu` sees it when it accesses it for `access`; NULL and *e: the fault's error.  *faults: how many there were. */
static inline unsigned char *sp_touch(sp *p, unsigned cpu, unsigned by, vipc_cap s, uint64_t root, uint64_t page, uint32_t access, vipc_error *e, unsigned *faults)
{
    for (unsigned n = 0; n < 50; n++) {
        uint64_t *t = &p->tlb[cpu][root][page], entry = SP_GET(t);
        if (!(entry & access)) {
            entry = SP_GET(&p->table[root][page]);
            SP_PUT(t, entry);
        }
        if (faults) *faults = n;
        if (entry && (access == VIPC_PROT_READ || (entry & access))) {
            const uint64_t frame = (entry >> 8) - 1;
            if (frame >= SP_FRAMES || !SP_GET(&p->used[frame])) SP_ADD(&p->freed_uses, 1);
            *e = VIPC_OK;
            return frame < SP_FRAMES ? p->pool + (frame << p->page_shift) : NULL;
        }
        *e = vipc_page_fault(&p->v[by], s, sp_addr(p, page), access, NULL);
        if (*e != VIPC_OK) return NULL;
    }
    *e = VIPC_ERR_RESOURCE_BUSY;
    return NULL;
}
static inline vipc_error sp_store(sp *p, unsigned cpu, unsigned by, vipc_cap s, uint64_t root, uint64_t page, unsigned char byte)
{
    vipc_error e;
    unsigned char *at = sp_touch(p, cpu, by, s, root, page, VIPC_PROT_WRITE, &e, NULL);
    if (at) *at = byte;
    return e;
}
static inline int sp_load(sp *p, unsigned cpu, unsigned by, vipc_cap s, uint64_t root, uint64_t page)      /* negative: the fault's error */
{
    vipc_error e;
    const unsigned char *at = sp_touch(p, cpu, by, s, root, page, VIPC_PROT_READ, &e, NULL);
    return at ? *at : (int)e;
}
#endif
