/* sharedmodel.h - operations on shared regions and named objects by several processes, and on a naive model beside them: an array of pages for each region, a list of capabilities and
 * of mappings, an array of pages for each space.  After each operation its result is compared, and the space and the region that it was about, as the core tells of them and as a
 * program there sees them; every 500 operations everything.  Frames run out, other CPUs answer late, the port forgets translations, processes leave, die and join again.  What is done
 * comes from a random source or from given bytes.
 * Who includes it drives it: run (tests/t_sharedmodel.c), run_bytes (with libFuzzer, tests/fuzz/fuzz_shared.c). */
#ifndef VIPC_TEST_SHAREDMODEL_H
#define VIPC_TEST_SHAREDMODEL_H
#include "../shared.h"
#include "tale.h"

enum { PROCESSES = 3, CLONES = 2, SPACES = PROCESSES + CLONES, STORES = 14, NAMES = 4, PAGES = 40, STORE_PAGES = 12, CAPS = 80, MAPS = 400, QUOTA = 40, ANY = VIPC_RIGHT_ALL };
typedef struct m_store {
    bool used, object, sealed, now;    /* now: copied at once */
    uint64_t id, size;
    uint32_t access_max, cache;
    int owner, name, pages;            /* owner: process, -1 none; name: -1 none; frame numbers of the model + 1 */
    int page[STORE_PAGES];
} m_store;
typedef struct m_cap { bool used; int process, store, parent; uint32_t rights; vipc_cap cap; } m_cap;       /* parent: -1 none */
typedef struct m_map { bool used; int space, store, parent, pages; uint32_t max; } m_map;                   /* pages: left of it */
typedef struct m_page { int kind, map, frame, from; uint32_t prot; } m_page;                                /* kind 1: of mapping `map`, page `from` of its store; 2: private, frame */
typedef struct m_space { bool used; vipc_cap cap; int process; uint64_t root; m_page p[PAGES]; } m_space;

static world *c;
static world world_;
static m_store stores[STORES];
static m_cap caps[CAPS];
static m_map maps[MAPS];
static m_space spaces[SPACES];
static bool there[PROCESSES];
static uint64_t proofs, proof[PROCESSES], id_last;
static const char *const names[NAMES] = { "/one", "/two", "/three", "/four" };

static void print_model(void)
{
    print_owed(&c->m);
    for (int i = 0; i < STORES; i++) {
        if (!stores[i].used) continue;
        printf("        store %d: id %llu, %d pages, %llu bytes, owner %d%s%s, access %u, name %d\n", i, (unsigned long long)stores[i].id, stores[i].pages, (unsigned long long)stores[i].size,
               stores[i].owner, stores[i].sealed ? ", sealed" : "", stores[i].now ? ", copied at once" : "", stores[i].access_max, stores[i].name);
        for (int k = 0; k < CAPS; k++)
            if (caps[k].used && caps[k].store == i) printf("          capability %d of %d, below %d, rights %x\n", k, caps[k].process, caps[k].parent, caps[k].rights);
        for (int k = 0; k < MAPS; k++)
            if (maps[k].used && maps[k].store == i) printf("          mapping %d in space %d, below %d, %d pages, at most %u\n", k, maps[k].space, maps[k].parent, maps[k].pages, maps[k].max);
    }
}

/* ---- stores, capabilities, mappings ---- */
static vipc_addr address(int page) { return SPOT + (uint64_t)page * page_size; }
static vipc_addr byte_at(int page, int which) { return address(page) + (which == 0 ? 0 : which == 1 ? 100 : page_size / 2 + 1); }
static int free_store(void)
{
    for (int i = 0; i < STORES; i++) if (!stores[i].used) return i;
    return -1;
}
static int count_caps(int store)
{
    int n = 0;
    for (int i = 0; i < CAPS; i++) n += caps[i].used && caps[i].store == store;
    return n;
}
static int count_maps(int store)
{
    int n = 0;
    for (int i = 0; i < MAPS; i++) n += maps[i].used && maps[i].store == store;
    return n;
}
static int owned_pages(int process)
{
    int n = 0;
    for (int i = 0; i < STORES; i++) n += stores[i].used && stores[i].owner == process ? stores[i].pages : 0;
    return n;
}
static void resize(m_store *s, int pages)
{
    for (; s->pages > pages; s->pages--) drop_frame(&s->page[s->pages - 1]);
    for (; s->pages < pages; s->pages++) s->page[s->pages] = new_frame();
}
static void perhaps_gone(int store)
{
    m_store *s = &stores[store];
    if (!s->used || count_caps(store) || count_maps(store) || s->name >= 0) return;
    resize(s, 0);
    s->used = false;
}
static uint64_t fresh_id(uint64_t id)  /* numbers never come again: each is larger than all before it */
{
    if (id <= id_last) differ("an id that was there before", (long long)id, (long long)id_last);
    return id_last = id;
}
static int new_cap(int process, int store, int parent, uint32_t rights, vipc_cap token)
{
    for (int i = 0; i < CAPS; i++) {
        if (caps[i].used) continue;
        caps[i].used = true;
        caps[i].process = process;
        caps[i].store = store;
        caps[i].parent = parent;
        caps[i].rights = rights;
        caps[i].cap = token;
        SAME("the token", vipc_cap_require(&c->m.v[process], token, stores[store].object ? VIPC_TYPE_OBJECT : VIPC_TYPE_REGION, rights), VIPC_OK);
        return i;
    }
    differ("capabilities of the model", CAPS, 0);
    return -1;
}
static int live_caps(void)
{
    int n = 0;
    for (int i = 0; i < CAPS; i++) n += caps[i].used;
    return n;
}
static void clear_page(m_space *s, int i)
{
    m_page *p = &s->p[i];
    if (p->kind == 2) drop_frame(&p->frame);
    if (p->kind == 1 && --maps[p->map].pages == 0) {
        int store = maps[p->map].store;
        maps[p->map].used = false;
        memset(p, 0, sizeof *p);
        perhaps_gone(store);
    }
    memset(p, 0, sizeof *p);
}
static void withdraw(int map)
{
    m_space *s = &spaces[maps[map].space];
    for (int i = 0; i < PAGES && maps[map].used; i++)
        if (s->p[i].kind == 1 && s->p[i].map == map) clear_page(s, i);
}
static void close_cap(int k)           /* what hung on it hangs on its parent */
{
    const int store = caps[k].store;
    for (int i = 0; i < CAPS; i++) if (caps[i].used && caps[i].parent == k) caps[i].parent = caps[k].parent;
    for (int i = 0; i < MAPS; i++) if (maps[i].used && maps[i].parent == k) maps[i].parent = caps[k].parent;
    caps[k].used = false;
    perhaps_gone(store);
}
static void revoke_below(int k)
{
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].parent != k) continue;
        revoke_below(i);
        caps[i].used = false;
    }
    for (int m = 0; m < MAPS; m++) if (maps[m].used && maps[m].parent == k) withdraw(m);
}
static void revoke_cap(int k)          /* those of whoever revokes stay, out of reach of this capability */
{
    for (int m = 0; m < MAPS; m++) if (maps[m].used && maps[m].parent == k && spaces[maps[m].space].process == turn) maps[m].parent = caps[k].parent;
    revoke_below(k);
}
static void end_store(int store)
{
    m_store *s = &stores[store];
    s->name = -1;
    for (int i = 0; i < CAPS; i++) if (caps[i].used && caps[i].store == store) caps[i].used = false;
    for (int i = 0; i < MAPS; i++) if (maps[i].used && maps[i].store == store) withdraw(i);
    if (!s->used) return;
    resize(s, 0);
    s->used = false;
}
static int some_cap(int process)       /* -1: it has none */
{
    int found = -1, n = 0;
    for (int i = 0; i < CAPS; i++)
        if (caps[i].used && caps[i].process == process && one_in((uint32_t)++n)) found = i;
    return found;
}
static m_space *some_space(void)       /* of whose turn it is */
{
    if (one_in(4))
        for (int i = PROCESSES; i < SPACES; i++)
            if (spaces[i].used && spaces[i].process == turn) return &spaces[i];
    return &spaces[turn];
}
static void some_range(int *from, int *to)
{
    *from = (int)rnd(PAGES);
    *to = *from + 1 + (int)rnd(one_in(6) ? PAGES : 5);
    if (*to > PAGES) *to = PAGES;
}
static bool is_free(const m_space *s, int from, int pages)
{
    for (int i = from; i < from + pages; i++) if (s->p[i].kind) return false;
    return true;
}
/* The frame behind a page; NULL: none, or past the end of an object. */
static int *frame_of(m_space *s, int i)
{
    m_page *p = &s->p[i];
    if (p->kind == 2) return &p->frame;
    if (p->kind != 1) return NULL;
    m_store *t = &stores[maps[p->map].store];
    return p->from < t->pages ? &t->page[p->from] : NULL;
}
static uint32_t max_of(const m_space *s, int i) { return s->p[i].kind == 1 ? maps[s->p[i].map].max : 7; }
static bool sealed(const m_space *s, int i) { return s->p[i].kind == 1 && stores[maps[s->p[i].map].store].sealed; }

/* ---- comparing ---- */
static void same_space(m_space *s)
{
    vipc_space_region r;
    int covered = 0, has = 0;
    vipc *v = &c->m.v[s->process];
    for (vipc_addr at = 0; vipc_space_find(v, s->cap, at, &r) == VIPC_OK; at = r.end) {
        if (r.start < address(0) || r.end > address(PAGES) || r.start >= r.end) differ("a region where the model has no pages", (long long)r.start, (long long)r.end);
        for (int i = (int)((r.start - SPOT) / page_size); address(i) < r.end; i++, covered++) {
            const m_page *p = &s->p[i];
            if (!p->kind) differ("a page that is mapped", i, 0);
            SAME("type", r.type, p->kind == 1 ? VIPC_REGION_SHARED : VIPC_REGION_DATA);
            SAME("prot", r.prot, p->prot);
            SAME("flags", r.flags, p->kind == 1 ? VIPC_MAP_SHARED : VIPC_MAP_PRIVATE);
            SAME("cache", r.cache, p->kind == 1 ? stores[maps[p->map].store].cache : VIPC_WRITE_BACK);
            SAME("leaving", r.leaving, 0);
        }
    }
    for (int i = 0; i < PAGES; i++) has += s->p[i].kind != 0;
    SAME("pages in regions", covered, has);
}
static void same_page(m_space *s, int i)
{
    unsigned char byte = 0xEE;
    const int *f = frame_of(s, i);
    if (!s->p[i].kind || !s->p[i].prot) return;
    for (int b = 0; b < BYTES; b++) {
        vipc_error e = vipc_space_read(&c->m.v[s->process], s->cap, byte_at(i, b), &byte, 1, NULL);
        SAME("read", e, f ? VIPC_OK : VIPC_ERR_FAULT);
        if (f) SAME("content", byte, frames[*f - 1].byte[b]);
    }
}
static void same_store(int k)          /* by one capability */
{
    const m_cap *m = &caps[k];
    const m_store *s = &stores[m->store];
    vipc_region_info i;
    SAME("region_get", vipc_region_get(&c->m.v[m->process], m->cap, &i), VIPC_OK);
    SAME("id", i.id, s->id);
    SAME("size", i.size, s->size);
    SAME("owner", i.owner.id, s->owner < 0 ? 0 : vipc_self(&c->m.v[s->owner]).id);
    SAME("holders", i.holders, count_caps(m->store));
    SAME("mappings", i.mappings, count_maps(m->store));
    SAME("access_max", i.access_max, s->access_max);
    SAME("cache", i.cache, s->cache);
    SAME("sealed", i.sealed, s->sealed);
    int mine = 0;
    for (int p = 0; p < PAGES; p++) mine += spaces[m->process].p[p].kind == 1 && maps[spaces[m->process].p[p].map].store == m->store;
    SAME("is it mapped here", i.mine.size != 0, mine != 0);
    for (uint64_t at = 0; at < i.mine.size; at += page_size) {
        const m_page *p = &spaces[m->process].p[(i.mine.at + at - SPOT) / page_size];
        if (p->kind != 1 || maps[p->map].store != m->store || p->prot != i.mine.access) differ("mine", (long long)i.mine.at, (long long)at);
    }
    vipc_cap_info ci;
    SAME("cap_get", vipc_cap_get(&c->m.v[m->process], m->cap, &ci), VIPC_OK);
    SAME("rights", ci.rights, m->rights);
    int children = 0;
    for (int n = 0; n < CAPS; n++) children += caps[n].used && caps[n].parent == k;
    SAME("children", ci.children, children);
    vipc_cap found;
    SAME("region_find", vipc_region_find(&c->m.v[m->process], s->id, &found), VIPC_OK);
}
static void same_frames(void)
{
    uint64_t want = 0;
    for (int i = 0; i < SPACES; i++) {
        vipc_space_info info;
        if (!spaces[i].used) continue;
        SAME("space_get", vipc_space_get(&c->m.v[spaces[i].process], spaces[i].cap, &info), VIPC_OK);
        want += info.table_frames;
    }
    for (int i = 0; i < STORES; i++) want += stores[i].used && stores[i].pages;    /* a node of its page map */
    for (int f = 0; f < FRAMES; f++) want += frames[f].refs != 0;
    SAME("frames in use", c->m.in_use, want);
}
static void same_everything(void)
{
    uint64_t pages = 0, bytes = 0;
    uint32_t wrong = 0, count = 0, named_ = 0;
    for (int i = 0; i < SPACES; i++) {
        m_space *s = &spaces[i];
        if (!s->used) continue;
        same_space(s);
        for (int p = 0; p < PAGES; p++) same_page(s, p);
        mock_audit_space(&c->m, &c->m.v[s->process], s->cap, __FILE__, __LINE__);
        if (test_failures_) differ("translations", 1, 0);
    }
    for (int i = 0; i < CAPS; i++) if (caps[i].used) same_store(i);
    for (int i = 0; i < STORES; i++) {
        pages += stores[i].used ? (uint64_t)stores[i].pages : 0;
        named_ += stores[i].used && stores[i].name >= 0;
    }
    SAME("node_usage", vipc_node_usage(view, 0, &bytes), VIPC_OK);
    SAME("bytes of the node", bytes, pages * page_size);
    SAME("object_count", vipc_object_count(view, &count), VIPC_OK);
    SAME("names", count, named_);
    SAME("vipc_check", vipc_check(view, &wrong), VIPC_OK);
    SAME("violations", wrong, 0);
    if (c->m.unasked) differ("translations that were taken away and not flushed", (long long)c->m.unasked, 0);
}

/* ---- what comes of it ---- */
static bool came(vipc_error e, vipc_error must)
{
    ended(" -> %d", (int)e);
    if (e == must) return e == VIPC_OK;
    if (must == VIPC_OK && strange && e == VIPC_ERR_OUT_OF_MEMORY) return false;
    differ("result", e, must);
    return false;
}
static bool has(int cap, uint32_t rights) { return (caps[cap].rights & rights) == rights; }
static vipc_pid pid(int process) { return vipc_self(&c->m.v[process]); }
static int other_process(void)
{
    int to = (turn + 1 + (int)rnd(PROCESSES - 1)) % PROCESSES;
    return there[to] ? to : -1;
}
static uint32_t an_access(void)
{
    static const uint32_t some[] = { VIPC_READ, VIPC_WRITE, VIPC_WRITE, VIPC_WRITE, VIPC_EXECUTE, VIPC_READ_EXECUTE };
    return some[rnd(6)];
}

/* ---- operations ---- */
static int furnish(int at, vipc_cap made, bool object, uint64_t size, uint32_t access_max, uint32_t cache, bool now, uint32_t rights)
{
    m_store *s = &stores[at];
    vipc_region_info info;
    memset(s, 0, sizeof *s);
    s->used = true;
    s->object = object;
    s->size = size;
    s->access_max = access_max;
    s->cache = cache;
    s->now = now;
    s->owner = turn;
    s->name = -1;
    int k = new_cap(turn, at, -1, rights, made);
    SAME("region_get", vipc_region_get(view, made, &info), VIPC_OK);
    s->id = fresh_id(info.id);
    return k;
}
static void op_create(void)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_cap made;
    const int pages = (int)rnd(STORE_PAGES + (one_in(20) ? 9 : 0)) + 1, at = free_store();
    d.size = (uint64_t)pages * page_size - rnd((uint32_t)page_size);
    static const uint32_t max[] = { 0, VIPC_READ, VIPC_READ_WRITE_EXECUTE, VIPC_READ_WRITE_EXECUTE, VIPC_READ_EXECUTE };
    d.access_max = max[rnd(5)];
    if (one_in(6)) d.cache = 1 + rnd(3);
    d.contiguous = one_in(6);
    began("create %d: %d pages, access %u%s", at, pages, d.access_max, d.contiguous ? ", neighbours" : "");
    vipc_error must = pages > STORE_PAGES || owned_pages(turn) + pages > QUOTA || at < 0 ? VIPC_ERR_LIMIT : VIPC_OK;
    if (!came(vipc_region_create(view, &d, &made), must)) return;
    (void)furnish(at, made, false, (uint64_t)pages * page_size, d.access_max ? d.access_max : (uint32_t)VIPC_WRITE, d.cache, d.contiguous || d.cache, ANY);
    resize(&stores[at], pages);
}
static int new_map(int space, int store, int parent, uint32_t max)
{
    for (int i = 0; i < MAPS; i++) {
        if (maps[i].used) continue;
        maps[i].used = true;
        maps[i].space = space;
        maps[i].store = store;
        maps[i].parent = parent;
        maps[i].max = max;
        maps[i].pages = 0;
        return i;
    }
    differ("mappings of the model", MAPS, 0);
    return -1;
}
static void put_map(m_space *s, int at, int pages, int map, int from, uint32_t prot)
{
    for (int i = 0; i < pages; i++) {
        m_page *p = &s->p[at + i];
        p->kind = 1;
        p->map = map;
        p->from = from + i;
        p->prot = prot;
        maps[map].pages++;
    }
}
static void op_map(bool by_mmap)
{
    const int k = some_cap(turn);
    m_space *s = some_space();
    if (k < 0) return;
    const m_cap *m = &caps[k];
    const m_store *t = &stores[m->store];
    const uint32_t access = an_access();
    int from = t->pages ? (int)rnd((uint32_t)t->pages) : 0, pages = 1 + (int)rnd((uint32_t)(t->pages - from > 0 ? t->pages - from : 1));
    if (one_in(3)) { from = 0; pages = t->pages; }
    if (one_in(40)) pages += 1 + (int)rnd(3);
    int at = (int)rnd(PAGES);
    const bool chosen = !by_mmap && one_in(8);
    uint64_t size = (uint64_t)pages * page_size;
    if (size) size -= rnd((uint32_t)page_size);
    else if (by_mmap) return;
    if (from + pages == t->pages && one_in(2) && !by_mmap) size = 0;
    vipc_error must = !has(k, access) || (access & ~t->access_max) || ((access & W) && t->sealed) ? DENIED : from >= t->pages || from + pages > t->pages ? VIPC_ERR_INVALID_ARGUMENT : VIPC_OK;
    if (must == VIPC_OK && !chosen && at + pages > PAGES) at = PAGES - pages;
    began("%s in space %d: store %d by %d, pages %d + %d at %d%s, access %u", by_mmap ? "mmap" : "map", (int)(s - spaces), m->store, k, from, pages, at, chosen ? " (chosen)" : "", access);
    vipc_mapping out;
    vipc_error e;
    memset(&out, 0, sizeof out);
    bool same = false;                                         /* what is there already, exactly */
    if (must == VIPC_OK && !chosen) {
        const m_page *p = &s->p[at];
        same = !by_mmap && p->kind == 1;
        for (int i = 0; i < pages && same; i++)
            same = p[i].kind == 1 && p[i].map == p->map && maps[p[i].map].store == m->store && p[i].from == from + i && p[i].prot == access;
        if (!same && !is_free(s, at, pages)) must = VIPC_ERR_EXISTS;
    }
    if (by_mmap) {
        vipc_mmap_desc d = VIPC_INIT;
        d.at = address(at);
        d.size = size;
        d.offset = (uint64_t)from * page_size;
        d.prot = access;
        d.flags = VIPC_MAP_SHARED | VIPC_MAP_FIXED_NOREPLACE | (one_in(2) ? VIPC_MAP_POPULATE : 0);
        d.backing = m->cap;
        e = vipc_space_mmap(view, s->cap, &d, &out.at, VIPC_FOREVER);
        out.size = (uint64_t)pages * page_size;
        out.access = access;
    } else {
        vipc_map_desc d = VIPC_INIT;
        d.at = chosen ? 0 : address(at);
        d.offset = (uint64_t)from * page_size;
        d.size = size;
        d.access = access;
        d.lazy = one_in(2);
        if (s != &spaces[turn] || one_in(3)) d.space = s->cap;
        e = vipc_map(view, m->cap, &d, &out);
    }
    if (same && e == VIPC_ERR_EXISTS) must = e;                /* of several that are there, it may know another; or this is one in pieces */
    if (must != VIPC_OK && by_mmap && e == VIPC_ERR_EXISTS && !is_free(s, at, at + pages > PAGES ? PAGES - at : pages)) must = e;       /* of two errors either will do */
    if (!came(e, must)) return;
    SAME("size of the mapping", out.size, (uint64_t)pages * page_size);
    SAME("its access", out.access, access);
    if (same) {
        SAME("where it is", out.at, address(at));
        return;
    }
    if (chosen) {
        if (out.at >= address(0) && out.at < address(PAGES)) { /* one that is there */
            at = (int)((out.at - SPOT) / page_size);
            for (int i = 0; i < pages; i++)
                if (s->p[at + i].kind != 1 || maps[s->p[at + i].map].store != m->store || s->p[at + i].from != from + i || s->p[at + i].prot != access) differ("what is there already", at, i);
        } else SAME("unmap what was chosen elsewhere", vipc_space_unmap(view, s->cap, out.at, out.size, VIPC_FOREVER), VIPC_OK);
        return;
    }
    SAME("where it is", out.at, address(at));
    put_map(s, at, pages, new_map((int)(s - spaces), m->store, k, m->rights & t->access_max & 7), from, access);
}
static void op_private(void)           /* a private mapping of what is there */
{
    const int k = some_cap(turn);
    m_space *s = some_space();
    if (k < 0) return;
    const m_cap *m = &caps[k];
    m_store *t = &stores[m->store];
    if (!t->pages) return;
    const int from = (int)rnd((uint32_t)t->pages), pages = 1 + (int)rnd((uint32_t)(t->pages - from));
    const int at = (int)rnd((uint32_t)(PAGES - pages + 1));
    static const uint32_t prots[] = { R, RW, RW, X, 0 };
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = address(at);
    d.size = (uint64_t)pages * page_size - rnd((uint32_t)page_size);
    d.offset = (uint64_t)from * page_size;
    d.prot = prots[rnd(5)];
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE;
    d.backing = m->cap;
    began("private in space %d: store %d by %d, pages %d + %d at %d, prot %u", (int)(s - spaces), m->store, k, from, pages, at, d.prot);
    vipc_error must = !has(k, VIPC_RIGHT_READ) ? DENIED : t->now ? VIPC_ERR_NOT_SUPPORTED : !is_free(s, at, pages) ? VIPC_ERR_EXISTS : VIPC_OK;
    vipc_error e = vipc_space_mmap(view, s->cap, &d, &got, VIPC_FOREVER);
    if (must != VIPC_OK && e == VIPC_ERR_EXISTS && !is_free(s, at, pages)) must = e;
    if (!came(e, must)) return;
    for (int i = 0; i < pages; i++) {
        m_page *p = &s->p[at + i];
        p->kind = 2;
        p->prot = d.prot;
        p->frame = same_frame(t->page[from + i]);
    }
}
static void op_unmap(void)
{
    m_space *s = some_space();
    int from, to;
    some_range(&from, &to);
    if (one_in(free_store() < 0 ? 8 : 40)) { from = 0; to = PAGES; }
    const bool mapping = s == &spaces[turn] && one_in(2);
    bool all = true;
    for (int i = from; i < to; i++) all = all && s->p[i].kind == 1;
    began("%s space %d: [%d, %d)", mapping ? "vipc_unmap" : "unmap", (int)(s - spaces), from, to);
    vipc_mapping w = VIPC_INIT;
    w.at = address(from);
    w.size = (uint64_t)(to - from) * page_size;
    if (!came(mapping ? vipc_unmap(view, &w, VIPC_FOREVER) : vipc_space_unmap(view, s->cap, w.at, w.size, VIPC_FOREVER), mapping && !all ? VIPC_ERR_INVALID_REGION : VIPC_OK)) return;
    for (int i = from; i < to; i++) clear_page(s, i);
}
static void op_protect(void)
{
    m_space *s = some_space();
    int from, to;
    some_range(&from, &to);
    static const uint32_t prots[] = { R, RW, RW, W, X, RX, 0, RW | X };
    const uint32_t prot = prots[rnd(8)], need = prot | (prot & W ? R : 0);
    bool holes = false, denied = (prot & W) && (prot & X);
    for (int i = from; i < to; i++) {
        holes = holes || !s->p[i].kind;
        denied = denied || (s->p[i].kind && ((need & ~max_of(s, i)) || ((prot & W) && sealed(s, i))));
    }
    began("protect space %d: [%d, %d) prot %u", (int)(s - spaces), from, to, prot);
    vipc_error e = vipc_space_protect(view, s->cap, address(from), (uint64_t)(to - from) * page_size, prot, VIPC_FOREVER);
    if (holes && denied && (e == VIPC_ERR_NOT_FOUND || e == DENIED)) { ended(" -> %d", (int)e); return; }
    if (!came(e, denied ? DENIED : holes ? VIPC_ERR_NOT_FOUND : VIPC_OK)) return;
    for (int i = from; i < to; i++) s->p[i].prot = prot;
}
static void op_access(void)
{
    m_space *s = some_space();
    int i = (int)rnd(PAGES), which = (int)rnd(BYTES);
    for (int tries = 0; tries < 4 && !s->p[i].kind; tries++) i = (int)rnd(PAGES);
    const uint32_t access = one_in(2) ? W : one_in(6) ? X : R;
    unsigned char byte = (unsigned char)(1 + rnd(255)), wrote = byte;
    int *f = frame_of(s, i);
    const uint32_t prot = s->p[i].prot;
    vipc_error must = !s->p[i].kind ? VIPC_ERR_FAULT : access == R ? (prot ? VIPC_OK : DENIED) : prot & access ? VIPC_OK : DENIED;
    if (must == VIPC_OK && !f) must = VIPC_ERR_FAULT;
    began("access space %d: page %d byte %d, %u", (int)(s - spaces), i, which, access);
    vipc_error e = vipc_mock_access(&c->m, view, s->cap, s->root, byte_at(i, which), access, &byte);
    if (must != VIPC_OK && s->p[i].kind && !f && (e == DENIED || e == VIPC_ERR_FAULT)) must = e;
    if (!came(e, must)) return;
    if (access == W) {
        own_frame(f);
        frames[*f - 1].byte[which] = wrote;
    } else SAME("loaded", byte, frames[*f - 1].byte[which]);
}
static void op_copy(void)              /* as a loader, or a debugger */
{
    m_space *s = some_space();
    const int i = (int)rnd(PAGES), which = (int)rnd(BYTES);
    const bool write = one_in(2);
    unsigned char byte = (unsigned char)(1 + rnd(255));
    int *f = frame_of(s, i);
    vipc_error must = !s->p[i].kind ? VIPC_ERR_FAULT : !s->p[i].prot || (write && (!(max_of(s, i) & W) || sealed(s, i))) ? DENIED : !f ? VIPC_ERR_FAULT : VIPC_OK;
    began("%s space %d: page %d byte %d", write ? "write" : "read", (int)(s - spaces), i, which);
    vipc_error e = write ? vipc_space_write(view, s->cap, byte_at(i, which), &byte, 1, NULL) : vipc_space_read(view, s->cap, byte_at(i, which), &byte, 1, NULL);
    if (must != VIPC_OK && s->p[i].kind && !f && (e == DENIED || e == VIPC_ERR_FAULT)) must = e;
    if (!came(e, must)) return;
    if (write) {
        own_frame(f);
        frames[*f - 1].byte[which] = byte;
    } else SAME("read", byte, frames[*f - 1].byte[which]);
}
static void op_grant(void)
{
    const int k = some_cap(turn), to = other_process();
    if (k < 0 || live_caps() > CAPS - 4) return;
    const bool derive = one_in(5);
    if (!derive && to < 0) return;
    uint32_t rights = one_in(3) ? caps[k].rights : 1 + rnd(255);
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap out;
    d.rights = rights;
    began("%s %d to %d, rights %x", derive ? "derive" : "grant", k, derive ? turn : to, rights);
    vipc_error must = (rights & ~caps[k].rights) || (!derive && !has(k, VIPC_RIGHT_GRANT)) ? DENIED : VIPC_OK;
    if (!came(derive ? vipc_derive(view, caps[k].cap, &d, &out) : vipc_grant(view, caps[k].cap, pid(to), &d, &out), must)) return;
    (void)new_cap(derive ? turn : to, caps[k].store, k, rights, out);
}
static void op_share(void)
{
    const int k = some_cap(turn), to = other_process();
    if (k < 0 || to < 0 || live_caps() > CAPS - 4) return;
    const uint32_t access = one_in(2) ? 0 : an_access(), most = caps[k].rights & 7;
    vipc_cap out;
    began("share %d with %d, access %u", k, to, access);
    vipc_error must = !has(k, VIPC_RIGHT_GRANT) || (access & ~most) ? DENIED : VIPC_OK;
    if (must == VIPC_OK && !access && !most) return;           /* a capability for nothing */
    if (!came(vipc_region_transfer(view, caps[k].cap, pid(to), VIPC_SHARE, access, &out, VIPC_FOREVER), must)) return;
    (void)new_cap(to, caps[k].store, k, access ? access : most, out);
}
static void op_move(void)
{
    const int k = some_cap(turn), to = other_process();
    if (k < 0 || to < 0) return;
    const int store = caps[k].store;
    m_store *s = &stores[store];
    vipc_cap out;
    began("move %d (store %d) to %d", k, store, to);
    vipc_error must = !has(k, VIPC_RIGHT_DELETE) ? DENIED : s->object ? VIPC_ERR_INVALID_REGION : s->owner != turn ? DENIED : owned_pages(to) + s->pages > QUOTA ? VIPC_ERR_LIMIT : VIPC_OK;
    if (!came(vipc_region_transfer(view, caps[k].cap, pid(to), VIPC_MOVE, 0, &out, VIPC_FOREVER), must)) return;
    for (int i = 0; i < MAPS; i++) if (maps[i].used && maps[i].store == store && spaces[maps[i].space].process == turn) withdraw(i);
    caps[k].parent = -1;
    for (int i = 0; i < CAPS; i++) {                           /* what hung on a root of the giver's is below what was handed over */
        if (!caps[i].used || i == k || caps[i].store != store || caps[i].process != turn) continue;
        for (int n = 0; n < CAPS && caps[i].parent < 0; n++) if (caps[n].used && caps[n].parent == i) caps[n].parent = k;
        for (int n = 0; n < MAPS && caps[i].parent < 0; n++) if (maps[n].used && maps[n].parent == i) maps[n].parent = k;
        close_cap(i);
    }
    caps[k].process = to;
    caps[k].cap = out;
    s->owner = to;
}
static void op_snapshot(void)
{
    const int k = some_cap(turn), to = other_process(), at = free_store();
    if (k < 0 || to < 0 || live_caps() > CAPS - 4) return;
    m_store *s = &stores[caps[k].store];
    const uint32_t access = one_in(2) ? 0 : an_access(), most = caps[k].rights & 7;
    vipc_cap out;
    if (!s->pages) return;
    began("copy %d (store %d) to %d as %d, access %u", k, caps[k].store, to, at, access);
    vipc_error must = !has(k, VIPC_RIGHT_READ) || (access & ~most) ? DENIED : owned_pages(turn) + s->pages > QUOTA || at < 0 ? VIPC_ERR_LIMIT : VIPC_OK;
    if (!came(vipc_region_transfer(view, caps[k].cap, pid(to), VIPC_COPY_ON_WRITE, access, &out, VIPC_FOREVER), must)) return;
    vipc_region_info ri;
    SAME("region_get", vipc_region_get(&c->m.v[to], out, &ri), VIPC_OK);
    m_store *n = &stores[at];
    memset(n, 0, sizeof *n);
    n->used = true;
    n->owner = turn;
    n->name = -1;
    n->id = fresh_id(ri.id);
    n->size = (uint64_t)s->pages * page_size;
    n->access_max = (access ? access : most) & s->access_max;
    n->cache = s->cache;
    n->now = s->now;
    n->pages = s->pages;
    for (int i = 0; i < n->pages; i++) n->page[i] = s->now ? copied_frame(s->page[i]) : same_frame(s->page[i]);
    (void)new_cap(to, at, -1, (access ? access : most) | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_MODIFY, out);
}
static void op_close(void)
{
    const int k = some_cap(turn);
    if (k < 0) return;
    began("close %d (store %d)", k, caps[k].store);
    if (came(vipc_close(view, caps[k].cap), VIPC_OK)) close_cap(k);
}
static void op_revoke(void)
{
    const int k = some_cap(turn);
    if (k < 0) return;
    began("revoke %d (store %d)", k, caps[k].store);
    if (came(vipc_revoke(view, caps[k].cap, VIPC_FOREVER), has(k, VIPC_RIGHT_REVOKE) ? VIPC_OK : DENIED)) revoke_cap(k);
}
static void op_destroy(void)
{
    const int k = some_cap(turn);
    if (k < 0) return;
    began("destroy %d (store %d)", k, caps[k].store);
    if (came(vipc_destroy(view, caps[k].cap, VIPC_FOREVER), has(k, VIPC_RIGHT_DELETE) ? VIPC_OK : DENIED)) end_store(caps[k].store);
}
static void op_seal(void)
{
    const int k = some_cap(turn);
    if (k < 0) return;
    m_store *s = &stores[caps[k].store];
    bool busy = false;
    for (int i = 0; i < SPACES; i++)
        for (int p = 0; p < PAGES && spaces[i].used; p++)
            busy = busy || (spaces[i].p[p].kind == 1 && maps[spaces[i].p[p].map].store == caps[k].store && (spaces[i].p[p].prot & W));
    began("seal %d (store %d)", k, caps[k].store);
    if (came(vipc_region_seal(view, caps[k].cap, VIPC_FOREVER), !has(k, VIPC_RIGHT_MODIFY) ? DENIED : busy ? VIPC_ERR_RESOURCE_BUSY : VIPC_OK)) s->sealed = true;
}
/* A copy of a space: each region that a store is behind is a mapping of its own there. */
static void op_clone(void)
{
    int to = -1;
    for (int i = PROCESSES; i < SPACES; i++) if (!spaces[i].used) to = i;
    m_space *s = &spaces[turn], *n;
    vipc_cap made;
    vipc_space_info info;
    vipc_space_region r;
    if (to < 0) return;
    n = &spaces[to];
    began("clone space %d as %d", turn, to);
    if (!came(vipc_space_clone(view, s->cap, &made, VIPC_FOREVER), VIPC_OK)) return;
    memset(n, 0, sizeof *n);
    n->used = true;
    n->cap = made;
    n->process = turn;
    SAME("space_get", vipc_space_get(view, made, &info), VIPC_OK);
    n->root = info.root;
    for (vipc_addr at = 0; vipc_space_find(view, s->cap, at, &r) == VIPC_OK; at = r.end) {
        const int from = (int)((r.start - SPOT) / page_size), to_page = (int)((r.end - SPOT) / page_size);
        const m_page *p = &s->p[from];
        int map = p->kind == 1 ? new_map(to, maps[p->map].store, maps[p->map].parent, maps[p->map].max) : -1;
        for (int i = from; i < to_page; i++) {
            if (s->p[i].kind == 1) put_map(n, i, 1, map, s->p[i].from, s->p[i].prot);
            else {
                n->p[i] = s->p[i];
                n->p[i].frame = same_frame(s->p[i].frame);
            }
        }
    }
}
static void drop_space(int i)
{
    for (int p = 0; p < PAGES; p++) clear_page(&spaces[i], p);
    spaces[i].used = false;
}
static void op_drop_clone(void)
{
    for (int i = PROCESSES; i < SPACES; i++) {
        if (!spaces[i].used || spaces[i].process != turn) continue;
        began("destroy space %d", i);
        if (came(one_in(2) ? vipc_destroy(view, spaces[i].cap, VIPC_FOREVER) : vipc_close(view, spaces[i].cap), VIPC_OK)) drop_space(i);
        return;
    }
}
static void op_open(void)
{
    static const uint32_t some[] = { VIPC_OPEN_CREATE, VIPC_OPEN_CREATE, VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE, 0, VIPC_OPEN_READ_ONLY, VIPC_OPEN_CREATE | VIPC_OPEN_READ_ONLY, VIPC_OPEN_TRUNCATE,
                                     VIPC_OPEN_EXCLUSIVE };
    const uint32_t flags = some[rnd(8)];
    const int name = (int)rnd(NAMES), at = free_store();
    int store = -1;
    vipc_cap out;
    if (live_caps() > CAPS - 4) return;
    for (int i = 0; i < STORES; i++) if (stores[i].used && stores[i].name == name) store = i;
    const bool fresh = store < 0;
    began("open %s, flags %u: store %d", names[name], flags, fresh ? at : store);
    vipc_error must = (flags & VIPC_OPEN_EXCLUSIVE) && !(flags & VIPC_OPEN_CREATE) ? VIPC_ERR_INVALID_ARGUMENT
                    : !fresh && (flags & VIPC_OPEN_EXCLUSIVE) ? VIPC_ERR_EXISTS : fresh && !(flags & VIPC_OPEN_CREATE) ? VIPC_ERR_NOT_FOUND
                    : fresh && at < 0 ? VIPC_ERR_LIMIT : !fresh && (flags & VIPC_OPEN_TRUNCATE) && stores[store].sealed ? DENIED : VIPC_OK;
    if (!came(vipc_object_open(view, names[name], flags, 0, &out, VIPC_FOREVER), must)) return;
    uint32_t rights = VIPC_RIGHT_READ | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | (flags & VIPC_OPEN_READ_ONLY ? 0 : VIPC_RIGHT_WRITE | VIPC_RIGHT_MODIFY);
    if (fresh) {
        (void)furnish(at, out, true, 0, VIPC_WRITE, VIPC_WRITE_BACK, false, rights | VIPC_RIGHT_DELETE);
        stores[at].name = name;
        return;
    }
    (void)new_cap(turn, store, -1, rights, out);
    if (flags & VIPC_OPEN_TRUNCATE) {
        resize(&stores[store], 0);
        stores[store].size = 0;
    }
}
static void op_truncate(void)
{
    int k = some_cap(turn);
    for (int tries = 0; tries < 3 && k >= 0 && !stores[caps[k].store].object; tries++) k = some_cap(turn);
    if (k < 0) return;
    m_store *s = &stores[caps[k].store];
    const int pages = (int)rnd(STORE_PAGES + (one_in(10) ? 5 : 1)), more = pages - s->pages;
    uint64_t size = (uint64_t)pages * page_size;
    if (size && one_in(2)) size -= rnd((uint32_t)page_size / 2 - 2);           /* never into the bytes that the model looks at */
    began("truncate %d (store %d) to %d pages, %llu bytes", k, caps[k].store, pages, (unsigned long long)size);
    vipc_error must = !s->object ? VIPC_ERR_INVALID_REGION : !has(k, VIPC_RIGHT_WRITE) || s->sealed ? DENIED
                    : pages > STORE_PAGES || (more > 0 && s->owner >= 0 && owned_pages(s->owner) + more > QUOTA) ? VIPC_ERR_LIMIT : VIPC_OK;
    vipc_error e = vipc_object_truncate(view, caps[k].cap, size, VIPC_FOREVER);
    if (must == VIPC_ERR_INVALID_REGION && e == DENIED && !has(k, VIPC_RIGHT_WRITE)) must = e;
    if (must == DENIED && e == VIPC_ERR_LIMIT && pages > STORE_PAGES) must = e;
    if (!came(e, must)) return;
    uint64_t part = size < s->size ? size : s->size;           /* what lies past it in its page is zeroed: that page is its own */
    if (size != s->size && part % page_size) own_frame(&s->page[part / page_size]);
    resize(s, pages);
    s->size = size;
}
static void op_unlink(void)
{
    const int name = (int)rnd(NAMES);
    int store = -1;
    for (int i = 0; i < STORES; i++) if (stores[i].used && stores[i].name == name) store = i;
    began("unlink %s: store %d", names[name], store);
    if (!came(vipc_object_unlink(view, names[name]), store < 0 ? VIPC_ERR_NOT_FOUND : VIPC_OK)) return;
    stores[store].name = -1;
    perhaps_gone(store);
}
static void op_nonsense(void)          /* what others have, and what nobody has */
{
    const int other = (turn + 1 + (int)rnd(PROCESSES - 1)) % PROCESSES, k = there[other] ? some_cap(other) : -1;
    vipc_cap t, out;
    vipc_mapping w;
    vipc_region_info info;
    t.token = k >= 0 && one_in(2) ? caps[k].cap.token : k >= 0 ? caps[k].cap.token ^ (uint64_t)1 << rnd(64) : any_number();
    for (int i = 0; i < CAPS; i++) if (caps[i].used && caps[i].process == turn && caps[i].cap.token == t.token) return;
    for (int i = 0; i < SPACES; i++) if (spaces[i].used && spaces[i].process == turn && spaces[i].cap.token == t.token) return;
    began("nonsense: %llx", (unsigned long long)t.token);
    SAME("map", vipc_map(view, t, NULL, &w), STALE);
    SAME("get", vipc_region_get(view, t, &info), STALE);
    SAME("close", vipc_close(view, t), STALE);
    SAME("destroy", vipc_destroy(view, t, VIPC_FOREVER), STALE);
    SAME("seal", vipc_region_seal(view, t, VIPC_FOREVER), STALE);
    if (there[other]) SAME("transfer", vipc_region_transfer(view, t, pid(other), rnd(3), 0, &out, VIPC_FOREVER), STALE);
}
static void join(int p)
{
    vipc_process_desc d = mock_desc((unsigned)p);
    vipc_space_info info;
    d.proof = proof[p] = 10000 + ++proofs;
    if (p) SAME("process_create", vipc_process_create(view, &d, &c->m.v[p], NULL), VIPC_OK);
    else SAME("init", vipc_init(&c->m.v[0], c->m.memory, c->m.size, &c->m.config, &d, &c->m.hooks), VIPC_OK);
    c->m.member[p] = 1;
    there[p] = true;
    m_space *s = &spaces[p];
    memset(s, 0, sizeof *s);
    SAME("space_create", vipc_space_create(&c->m.v[p], NULL, &s->cap), VIPC_OK);
    SAME("space_adopt", vipc_space_adopt(&c->m.v[p], s->cap), VIPC_OK);
    SAME("space_get", vipc_space_get(&c->m.v[p], s->cap, &info), VIPC_OK);
    s->used = true;
    s->process = p;
    s->root = info.root;
}
static void op_end(void)
{
    const int p = 1 + (int)rnd(PROCESSES - 1);                 /* 0 stays */
    turn = 0;
    view = &c->m.v[0];
    mock_heal(&c->m);
    if (!there[p]) {
        began("join %d", p);
        join(p);
        return;
    }
    const bool dies = one_in(2);
    began("%s %d", dies ? "die" : "leave", p);
    if (dies) c->m.dead[c->m.deaths++] = proof[p];
    else SAME("leave", vipc_leave(&c->m.v[p]), VIPC_OK);
    SAME("sweep", vipc_sweep(view, NULL), VIPC_OK);
    c->m.deaths = 0;                                           /* nobody asks about that one again */
    c->m.member[p] = 0;
    there[p] = false;
    for (int i = 0; i < SPACES; i++) if (spaces[i].used && spaces[i].process == p) drop_space(i);
    for (int i = 0; i < STORES; i++) if (stores[i].used && stores[i].owner == p) stores[i].owner = -1;
    for (int i = 0; i < CAPS; i++) if (caps[i].used && caps[i].process == p) close_cap(i);
}

/* ---- runs ---- */
static void one_operation(void)
{
    turn = (int)rnd(PROCESSES);
    if (!there[turn]) turn = 0;
    view = &c->m.v[turn];
    const uint32_t k = rnd(1000);
    c->m.held = one_in(6);
    if (one_in(30)) mock_fail(&c->m, MOCK_ALLOC, 1 + rnd(3), VIPC_ERR_OUT_OF_MEMORY);
    strange = c->m.fail_at || vipc_frames_available(&c->m.frames) < 100;
    if (k < 40) op_create();
    else if (k < 180) op_map(false);
    else if (k < 220) op_map(true);
    else if (k < 250) op_private();
    else if (k < 330) op_unmap();
    else if (k < 400) op_protect();
    else if (k < 670) op_access();
    else if (k < 740) op_copy();
    else if (k < 780) op_grant();
    else if (k < 820) op_share();
    else if (k < 840) op_move();
    else if (k < 865) op_snapshot();
    else if (k < 905) op_close();
    else if (k < 918) op_revoke();
    else if (k < 926) op_destroy();
    else if (k < 931) op_seal();
    else if (k < 936) op_clone();
    else if (k < 941) op_drop_clone();
    else if (k < 956) op_open();
    else if (k < 976) op_truncate();
    else if (k < 981) op_unlink();
    else if (k < 992) op_nonsense();
    else op_end();
    operation_ends(&c->m);
    if (one_in(100)) vipc_mock_forget(&c->m, 0);
    same_frames();
    m_space *s = &spaces[rnd(SPACES)];
    if (s->used) {
        same_space(s);
        same_page(s, (int)rnd(PAGES));
    }
    const int cap = (int)rnd(CAPS);
    if (caps[cap].used) same_store(cap);
    if (operations % 500 == 0) same_everything();
}
static inline void run(uint32_t shift, uint64_t pool, uint32_t translations, uint64_t count)
{
    vipc_config config = VIPC_INIT;
    c = &world_;
    memset(c, 0, sizeof *c);
    memset(stores, 0, sizeof stores);
    memset(caps, 0, sizeof caps);
    memset(maps, 0, sizeof maps);
    memset(spaces, 0, sizeof spaces);
    memset(frames, 0, sizeof frames);
    memset(there, 0, sizeof there);
    id_last = 0;
    page_size = (uint64_t)1 << shift;
    config.max_processes = 8;
    config.max_objects = 64;
    config.max_capabilities = 1000;
    config.max_names = 4;
    config.max_spaces = 8;
    config.max_regions = 1000;
    config.max_frames = 1024;
    config.page_shift = shift;
    config.max_shared = STORES;
    config.max_named = NAMES;
    config.region_pages = config.object_pages = STORE_PAGES;
    config.shared_per_process = QUOTA;
    mock_port_of(&c->m, &config, pool, translations);
    for (int p = 0; p < PROCESSES; p++) {
        view = &c->m.v[0];
        join(p);
    }
    operations = 0;
    while (goes_on(count)) one_operation();
    turn = 0;
    view = &c->m.v[0];
    same_everything();
    for (int i = PROCESSES; i < SPACES; i++) if (spaces[i].used) SAME("destroy", vipc_destroy(&c->m.v[spaces[i].process], spaces[i].cap, VIPC_FOREVER), VIPC_OK);
    for (int i = 0; i < PROCESSES; i++) if (there[i]) SAME("unmap", vipc_space_unmap(&c->m.v[i], spaces[i].cap, address(0), PAGES * page_size, VIPC_FOREVER), VIPC_OK);
    for (int i = 0; i < CAPS; i++) if (caps[i].used) SAME("close", vipc_close(&c->m.v[caps[i].process], caps[i].cap), VIPC_OK);
    for (int i = 0; i < STORES; i++) if (stores[i].used && stores[i].name >= 0) SAME("unlink", vipc_object_unlink(view, names[stores[i].name]), VIPC_OK);
    SAME("frames in the end", c->m.in_use, 0);
    MOCK_END(&c->m);
}
/* What the bytes say; the first one says where. */
static inline void run_bytes(const unsigned char *bytes, size_t size)
{
    const uint32_t shape = size ? bytes[0] % 4 : 0;
    by_bytes(bytes + (size != 0), size - (size != 0));
    run(shape == 1 ? 12 : 8, shape == 3 ? 60 : 200, 600, 0);
    input.at = NULL;
}
#endif
