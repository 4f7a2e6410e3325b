/* spacemodel.h - operations on address spaces, and on a naive model beside them: an array of pages for each space, one small record a page.  After each operation result,
 * outputs and all regions of the space are compared, and some contents, as a program there sees them; every 500 operations everything.  Hooks fail, other CPUs answer late, the port
 * forgets translations.  What is done comes from a random source or from given bytes.
 * Who includes it drives it: run (tests/t_spacemodel.c), run_bytes (with libFuzzer, tests/fuzz/fuzz_space.c). */
#ifndef VIPC_TEST_SPACEMODEL_H
#define VIPC_TEST_SPACEMODEL_H
#include "tale.h"

enum { PAGES = 160, SPACES = 6, VIEWS = 3, ISLANDS = 8, R = VIPC_PROT_READ, W = VIPC_PROT_WRITE, X = VIPC_PROT_EXEC };
typedef struct m_page {                /* type 0: nothing is mapped */
    uint8_t type, prot, shared, guard, growth, leaving, cache;
    uint16_t stack;                    /* which one it is part of */
    int frame;                         /* its number in the model + 1; 0: it has none */
    uint64_t physical;
} m_page;
typedef struct m_stack { bool used; uint16_t id; vipc_stack k; } m_stack;
typedef struct m_space { bool used; vipc_cap cap[VIEWS]; uint64_t root, brk; m_page p[PAGES]; m_stack stack[4]; } m_space;
typedef struct island { vipc_addr start; int pages, first; } island;

static mock world;
static m_space spaces[SPACES];
static island islands[ISLANDS];
static int island_count;
static vipc_space_desc layout;
static uint64_t regions_max;
static uint16_t stacks;                /* ever made */
static bool small;                     /* the one island is all there is */

/* ---- addresses ---- */
static vipc_addr address(int page)
{
    int i = 0;
    while (i + 1 < island_count && page >= islands[i + 1].first) i++;
    return islands[i].start + (uint64_t)(page - islands[i].first) * page_size;
}
static int page_of(vipc_addr at)       /* -1: none of the model's */
{
    for (int i = 0; i < island_count; i++)
        if (at >= islands[i].start && (at - islands[i].start) / page_size < (uint64_t)islands[i].pages) return islands[i].first + (int)((at - islands[i].start) / page_size);
    return -1;
}
static int end_of_island(int page)
{
    int i = 0;
    while (i + 1 < island_count && page >= islands[i + 1].first) i++;
    return islands[i].first + islands[i].pages;
}
static int total_pages(void) { return islands[island_count - 1].first + islands[island_count - 1].pages; }
/* Some pages of one island: [*from, *to). */
static void some_range(int *from, int *to)
{
    *from = (int)rnd((uint32_t)total_pages());
    int end = end_of_island(*from), most = one_in(4) ? end - *from : 4;
    *to = *from + 1 + (int)rnd((uint32_t)most);
    if (*to > end) *to = end;
}

static int touched = -1;               /* the space that the operation is about */
static void print_model(void)
{
    print_owed(&world);
    if (touched < 0 || !spaces[touched].used) return;
    printf("        space %d by the model, break at %llx; by the core:\n", touched, (unsigned long long)spaces[touched].brk);
    for (int i = 0; i < PAGES; i++) {
        const m_page *p = &spaces[touched].p[i];
        uint32_t n = 0;
        if (i < total_pages()) (void)vipc_space_sharers(view, spaces[touched].cap[turn], address(i), &n);
        if (p->type || n) printf("          %d: type %d prot %d%s%s%s%s frame %d refs %d (%u) physical %llx\n", i, p->type, p->prot, p->shared ? " shared" : "", p->guard ? " guard" : "",
                                 p->growth ? " growth" : "", p->leaving ? " leaving" : "", p->frame, p->frame ? frames[p->frame - 1].refs : 0, n, (unsigned long long)p->physical);
    }
    vipc_space_region r;
    for (vipc_addr at = 0; vipc_space_find(view, spaces[touched].cap[turn], at, &r) == VIPC_OK; at = r.end)
        printf("          [%llx, %llx) type %u prot %u flags %x%s%s%s physical %llx\n", (unsigned long long)r.start, (unsigned long long)r.end, r.type, r.prot, r.flags, r.guard ? " guard" : "",
               r.growth ? " growth" : "", r.leaving ? " leaving" : "", (unsigned long long)r.physical);
}
/* ---- the model ---- */
static void clear_page(m_page *p)
{
    drop_frame(&p->frame);
    memset(p, 0, sizeof *p);
}
static bool is_free(const m_space *s, int from, int to)
{
    for (int i = from; i < to; i++)
        if (s->p[i].type) return false;
    return true;
}
static bool is_mapped(const m_space *s, int from, int to)
{
    for (int i = from; i < to; i++)
        if (!s->p[i].type || s->p[i].leaving) return false;
    return true;
}
static void fill(m_space *s, int from, int to, m_page like, bool all)
{
    for (int i = from; i < to; i++) {
        clear_page(&s->p[i]);
        s->p[i] = like;
        s->p[i].physical = like.physical ? like.physical + (uint64_t)(i - from) * page_size : 0;
        if (all) s->p[i].frame = new_frame();
    }
}
static m_page a_page(int type, uint32_t prot, bool shared)
{
    m_page p;
    memset(&p, 0, sizeof p);
    p.type = (uint8_t)type;
    p.prot = (uint8_t)prot;
    p.shared = shared;
    return p;
}
static bool alike(const m_page *a, const m_page *b)            /* as neighbours of one region */
{
    return a->type == b->type && a->prot == b->prot && a->shared == b->shared && a->guard == b->guard && a->growth == b->growth && a->leaving == b->leaving && a->cache == b->cache &&
           (!a->physical || b->physical == a->physical + page_size);
}
static int pages_with_frames(const m_space *s)
{
    int n = 0;
    for (int i = 0; i < total_pages(); i++) n += s->p[i].frame != 0;
    return n;
}

/* ---- comparing ---- */
static vipc_cap cap_of(const m_space *s) { return s->cap[turn]; }
static int number(const m_space *s) { return (int)(s - spaces); }
static void same_region(m_space *s, const vipc_space_region *r)
{
    if (r->start % page_size || r->end % page_size || r->start >= r->end || r->start < layout.start || r->end > layout.end) differ("a region out of shape", (long long)r->start, (long long)r->end);
    for (vipc_addr at = r->start; at < r->end; at += page_size) {
        int i = page_of(at);
        if (i < 0) differ("a region where the model has no pages", (long long)at, 0);
        const m_page *p = &s->p[i];
        SAME("type", r->type, p->type);
        SAME("prot", r->prot, p->prot);
        SAME("flags", r->flags, (uint32_t)(p->shared ? VIPC_MAP_SHARED : VIPC_MAP_PRIVATE));
        SAME("guard", r->guard, p->guard);
        SAME("growth", r->growth, p->growth);
        SAME("leaving", r->leaving, p->leaving);
        SAME("cache", r->cache, p->cache);
        SAME("physical", r->physical ? r->physical + (at - r->start) : 0, p->physical);
    }
}
static void same_regions(m_space *s)
{
    vipc_space_region r, before;
    vipc_addr at = 0;
    uint32_t n = 0, leaving = 0;
    int covered = 0, mapped = 0;
    memset(&before, 0, sizeof before);
    for (;;) {
        vipc_error e = vipc_space_find(view, cap_of(s), at, &r);
        if (e == VIPC_ERR_NOT_FOUND) break;
        SAME("find", e, VIPC_OK);
        if (r.start < at) differ("a region that overlaps another", (long long)r.start, (long long)at);
        same_region(s, &r);
        covered += (int)((r.end - r.start) / page_size);
        if (before.end == r.start && n && r.type != VIPC_REGION_STACK && !r.leaving && alike(&s->p[page_of(before.end - page_size)], &s->p[page_of(r.start)]))
            differ("neighbours that are alike", (long long)before.start, (long long)r.start);
        n++;
        leaving += r.leaving;
        before = r;
        at = r.end;
    }
    for (int i = 0; i < total_pages(); i++) mapped += s->p[i].type != 0;
    SAME("pages in regions", covered, mapped);
    vipc_space_info info;
    SAME("get", vipc_space_get(view, cap_of(s), &info), VIPC_OK);
    SAME("regions", info.regions, n);
    SAME("leaving", info.leaving, leaving);
    SAME("brk", info.brk, s->brk);
    SAME("pages", info.pages, (uint64_t)pages_with_frames(s));
    SAME("root", info.root, s->root);
}
/* What was unmapped and not acknowledged goes in its own time. */
static void see_who_has_left(m_space *s)
{
    for (int i = 0; i < total_pages(); i++) {
        vipc_space_region r;
        if (!s->p[i].leaving) continue;
        vipc_error e = vipc_space_find(view, cap_of(s), address(i), &r);
        if (e != VIPC_OK || r.start > address(i)) clear_page(&s->p[i]);
    }
}
static void same_sharers(m_space *s, int i)
{
    uint32_t n = 0;
    vipc_error e = vipc_space_sharers(view, cap_of(s), address(i) + rnd((uint32_t)page_size), &n);
    SAME("sharers: found", e, s->p[i].frame ? VIPC_OK : VIPC_ERR_NOT_FOUND);
    if (e == VIPC_OK) SAME("sharers", (int)n, frames[s->p[i].frame - 1].refs);
}
static vipc_addr byte_at(int page, int which)
{
    return address(page) + (which == 0 ? 0 : which == 1 ? page_size / 2 + 1 : page_size - 1);
}
static unsigned model_byte(const m_page *p, int which) { return p->frame ? frames[p->frame - 1].byte[which] : 0; }
static void same_contents(m_space *s, int i)
{
    const m_page *p = &s->p[i];
    unsigned char byte = 0xEE;
    if (!p->type || p->leaving || p->guard || p->type == VIPC_REGION_DEVICE || !p->prot) return;
    for (int b = 0; b < BYTES; b++) {
        SAME("read", vipc_space_read(view, cap_of(s), byte_at(i, b), &byte, 1, NULL), VIPC_OK);
        SAME("content", byte, model_byte(p, b));
    }
}
static void same_everything(void)
{
    uint64_t tables = 0, have = 0;
    vipc_space_info info;
    for (m_space *s = spaces; s < spaces + SPACES; s++) {
        if (!s->used) continue;
        see_who_has_left(s);
        same_regions(s);
        for (int i = 0; i < total_pages(); i++) {
            same_sharers(s, i);
            same_contents(s, i);
        }
        SAME("get", vipc_space_get(view, cap_of(s), &info), VIPC_OK);
        if (!info.regions) SAME("nodes of an empty map", info.table_frames, 0);
        tables += info.table_frames;
        uint64_t shared = 0;
        for (int i = 0; i < total_pages(); i++) shared += s->p[i].frame && !s->p[i].shared && frames[s->p[i].frame - 1].refs > 1;
        if (info.pages_shared < shared) differ("pages_shared", (long long)info.pages_shared, (long long)shared);
        mock_audit_space(&world, view, cap_of(s), __FILE__, __LINE__);
        if (test_failures_) differ("translations", 1, 0);
    }
    for (int f = 0; f < FRAMES; f++) have += frames[f].refs != 0;
    SAME("frames in use", world.in_use, tables + have);
    uint32_t wrong = 0;
    SAME("vipc_check", vipc_check(view, &wrong), VIPC_OK);
    SAME("violations", wrong, 0);
    if (world.unasked) differ("translations that were taken away and not flushed", (long long)world.unasked, 0);
}

/* ---- what comes of it ---- */
static uint64_t bit(vipc_error e) { return (uint64_t)1 << -(int)e; }
/* Exactly this, but for want of memory where that can be. */
static bool came(vipc_error e, vipc_error must)
{
    ended(" -> %d", (int)e);
    if (e == must) return e == VIPC_OK;
    if (must == VIPC_OK && strange && (e == VIPC_ERR_OUT_OF_MEMORY || e == VIPC_ERR_LIMIT)) return false;
    differ("result", e, must);
    return false;
}
/* The same, of a call that may have to wait. */
static bool came_in_time(vipc_error e, vipc_error must, vipc_time deadline, bool *late)
{
    *late = false;
    if (must == VIPC_OK && world.held && ((deadline == VIPC_NOW && e == VIPC_ERR_WOULD_BLOCK) || (deadline != VIPC_NOW && deadline != VIPC_FOREVER && e == VIPC_ERR_TIMEOUT))) {
        ended(" -> %d", (int)e);
        *late = true;
        return true;
    }
    return came(e, must);
}
static vipc_time a_deadline(void)
{
    uint32_t k = rnd(4);
    world.late = world.held && one_in(2) ? 1 : 0;
    return k == 0 ? VIPC_NOW : k == 1 ? vipc_after(view, 1000) : VIPC_FOREVER;
}
static m_space *some_space(void)
{
    for (int tries = 0; tries < 30; tries++) {
        m_space *s = &spaces[rnd(SPACES)];
        if (s->used) return s;
    }
    return NULL;
}
static uint32_t a_prot(void)
{
    static const uint32_t some[] = { R | W, R | W, R | W, R, R | X, 0, W, X };
    return some[rnd(8)];
}

/* ---- operations ---- */
static m_space *free_slot(void)
{
    for (int i = 0; i < SPACES; i++)
        if (!spaces[i].used) return &spaces[i];
    return NULL;
}
static void furnish(m_space *s, vipc_cap made)
{
    vipc_space_info info;
    s->used = true;
    for (int i = 0; i < VIEWS; i++) s->cap[i] = i == turn ? made : mock_grant(&world, (unsigned)turn, made, (unsigned)i, 0);
    SAME("get", vipc_space_get(view, made, &info), VIPC_OK);
    s->root = info.root;
}
static void op_create(void)
{
    vipc_cap made;
    m_space *s = free_slot();
    began("create %d", s ? number(s) : -1);
    vipc_error e = vipc_space_create(view, &layout, &made);
    if (!came(e, s ? VIPC_OK : VIPC_ERR_LIMIT)) return;
    memset(s, 0, sizeof *s);
    s->brk = layout.heap_start;
    furnish(s, made);
    same_regions(s);
}
static void op_clone(m_space *s)
{
    vipc_cap made;
    m_space *to = free_slot();
    vipc_time deadline = a_deadline();
    bool late;
    began("clone %d to %d%s", number(s), to ? number(to) : -1, world.held ? ", held" : "");
    vipc_error e = vipc_space_clone(view, cap_of(s), &made, deadline);
    if (!came_in_time(e, to ? VIPC_OK : VIPC_ERR_LIMIT, deadline, &late)) { see_who_has_left(s); return; }
    if (late) return;
    see_who_has_left(s);
    memset(to, 0, sizeof *to);
    to->brk = s->brk;
    memcpy(to->stack, s->stack, sizeof to->stack);
    for (int i = 0; i < total_pages(); i++) {
        if (s->p[i].leaving) continue;
        to->p[i] = s->p[i];
        if (to->p[i].frame) frames[to->p[i].frame - 1].refs++;
    }
    furnish(to, made);
    same_regions(to);
}
static void op_destroy(m_space *s)
{
    began("destroy %d", number(s));
    vipc_cap mine = cap_of(s);
    bool busy = one_in(3), close = !busy && one_in(3);
    if (close) {                       /* the capabilities of all, one by one */
        for (int i = 0; i < VIEWS; i++) (void)vipc_close(&world.v[i], s->cap[i]);
    } else {
        world.busy = busy ? 2 : 0;
        vipc_error e = vipc_destroy(view, mine, busy ? vipc_after(view, 10) : VIPC_FOREVER);
        if (!busy) SAME("destroy", e, VIPC_OK);
        else if (e != VIPC_OK && e != VIPC_ERR_TIMEOUT) differ("destroy of a busy one", e, VIPC_ERR_TIMEOUT);
        world.busy = 0;
        SAME("sweep", vipc_sweep(view, NULL), VIPC_OK);
    }
    for (int i = 0; i < total_pages(); i++) clear_page(&s->p[i]);
    s->used = false;
    uint64_t live = 0;
    for (int i = 0; i < SPACES; i++) live += spaces[i].used;
    SAME("spaces that the port has", world.roots, live);
}
static int lowest_gap(const m_space *s, int from, int size)    /* in the one island; -1 */
{
    for (int i = from; i + size <= total_pages(); i++)
        if (is_free(s, i, i + size)) return i;
    return -1;
}
static void after_fixed(m_space *s, int from, int to)          /* which failed: what was there may be gone */
{
    vipc_space_region r;
    for (int i = from; i < to; i++) {
        vipc_error e = vipc_space_find(view, cap_of(s), address(i), &r);
        if (s->p[i].type && (e != VIPC_OK || r.start > address(i))) clear_page(&s->p[i]);
        else if (s->p[i].type && r.leaving) s->p[i].leaving = 1;
    }
}
static void op_map(m_space *s)
{
    int from, to;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got = 0;
    bool late = false;
    some_range(&from, &to);
    const uint32_t how = rnd(4);       /* 0: anywhere, 1: a wish, 2: NOREPLACE, 3: FIXED */
    const bool shared = one_in(4), all = shared || one_in(5), wx = one_in(50);
    d.size = (uint64_t)(to - from) * page_size - rnd((uint32_t)page_size);
    d.prot = wx ? R | W | X : a_prot();
    d.type = !shared && one_in(3) ? VIPC_REGION_CODE + rnd(3) : 0;
    d.flags = (shared ? VIPC_MAP_SHARED : VIPC_MAP_PRIVATE) | VIPC_MAP_ANONYMOUS | (all && !shared ? VIPC_MAP_POPULATE : 0) | (how == 2 ? VIPC_MAP_FIXED_NOREPLACE : how == 3 ? VIPC_MAP_FIXED : 0);
    if (how) d.at = address(from);
    vipc_time deadline = a_deadline();
    m_page like = a_page(d.type ? (int)d.type : shared ? VIPC_REGION_SHARED : VIPC_REGION_DATA, d.prot, shared);
    began("map %d: [%d, %d) how %u prot %u %s%s%s", number(s), from, to, how, d.prot, shared ? "shared" : "", all ? " all" : "", world.held ? ", held" : "");
    vipc_error must = wx ? VIPC_ERR_PERMISSION_DENIED : how == 2 && !is_free(s, from, to) ? VIPC_ERR_EXISTS : VIPC_OK;
    const int low = (int)(layout.heap_max / page_size);
    if (must == VIPC_OK && how < 2 && small && !(how == 1 && is_free(s, from, to)) && lowest_gap(s, 0, to - from) < 0) must = VIPC_ERR_LIMIT;
    vipc_error e = vipc_space_mmap(view, cap_of(s), &d, &got, deadline);
    if (!came_in_time(e, must, deadline, &late)) {
        if (how == 3 && e != VIPC_ERR_PERMISSION_DENIED) after_fixed(s, from, to);
        see_who_has_left(s);
        return;
    }
    if (late) {
        for (int i = from; i < to; i++)
            if (s->p[i].type) s->p[i].leaving = 1;
        see_who_has_left(s);
        return;
    }
    see_who_has_left(s);
    if (how >= 2) SAME("at", got, d.at);
    else if (how == 1 && is_free(s, from, to)) SAME("at the wish", got, d.at);
    else {
        int size = to - from;
        if (got % page_size || got < layout.start || got + (uint64_t)size * page_size > layout.end) differ("chosen address", (long long)got, 0);
        if (small && how == 0) {                               /* lowest that is free above the heap, else anywhere */
            int gap = lowest_gap(s, low, size);
            if (gap < 0) gap = lowest_gap(s, 0, size);
            SAME("chosen", page_of(got), gap);
        }
        from = page_of(got);
        to = from + size;
        if (from < 0 || page_of(got + (uint64_t)size * page_size - 1) != to - 1) {      /* between the model's pages */
            SAME("unmap what was chosen elsewhere", vipc_space_unmap(view, cap_of(s), got, (uint64_t)size * page_size, VIPC_FOREVER), VIPC_OK);
            see_who_has_left(s);
            return;
        }
        if (!is_free(s, from, to)) differ("chosen where something is", (long long)got, 0);
    }
    fill(s, from, to, like, all);
}
static void op_map_physical(m_space *s)
{
    int from, to;
    some_range(&from, &to);
    uint32_t cache = rnd(4), prot = a_prot();
    uint64_t physical = ((uint64_t)0x100000 + rnd(64)) * page_size;
    m_page like = a_page(VIPC_REGION_DEVICE, prot, true);
    began("map_physical %d: [%d, %d) %llx prot %u cache %u", number(s), from, to, (unsigned long long)physical, prot, cache);
    vipc_error e = vipc_space_map_physical(view, cap_of(s), physical, address(from), (uint64_t)(to - from) * page_size, prot, cache);
    if (!came(e, is_free(s, from, to) ? VIPC_OK : VIPC_ERR_EXISTS)) {
        if (e == VIPC_ERR_OUT_OF_MEMORY && world.held) {       /* LIMIT of the model: what leaves after that is not followed, but waited for */
            world.held = 0;
            SAME("unmap", vipc_space_unmap(view, cap_of(s), address(from), (uint64_t)(to - from) * page_size, VIPC_FOREVER), VIPC_OK);
        }
        see_who_has_left(s);
        return;
    }
    like.cache = (uint8_t)cache;
    like.physical = physical;
    fill(s, from, to, like, false);
}
static void op_unmap(m_space *s)
{
    int from, to;
    bool late;
    some_range(&from, &to);
    const bool all = one_in(4);        /* vipc_space_free */
    const bool wide = !all && one_in(20);
    vipc_addr at = address(from), end = address(to - 1) + page_size;
    if (wide) {
        from = 0;
        to = total_pages();
        at = layout.start;
        end = layout.end;
    }
    vipc_time deadline = a_deadline();
    began("unmap %d: [%d, %d)%s%s", number(s), from, to, all ? " all" : "", world.held ? ", held" : "");
    vipc_error must = all && !is_mapped(s, from, to) ? VIPC_ERR_NOT_FOUND : VIPC_OK;
    uint64_t size = end - at - rnd((uint32_t)page_size);
    vipc_error e = all ? vipc_space_free(view, cap_of(s), at, size, deadline) : vipc_space_unmap(view, cap_of(s), at, size, deadline);
    if (!came_in_time(e, must, deadline, &late)) { see_who_has_left(s); return; }
    for (int i = from; i < to; i++) {
        if (late) { if (s->p[i].type) s->p[i].leaving = 1; }
        else clear_page(&s->p[i]);
    }
    see_who_has_left(s);
}
static void op_protect(m_space *s)
{
    int from, to;
    bool late;
    some_range(&from, &to);
    const bool wx = one_in(50);
    uint32_t prot = wx ? W | X : a_prot();
    vipc_time deadline = a_deadline();
    vipc_error must = wx ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
    for (int i = from; i < to && must == VIPC_OK; i++)
        must = !s->p[i].type || s->p[i].leaving ? VIPC_ERR_NOT_FOUND : s->p[i].guard || s->p[i].growth ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
    began("protect %d: [%d, %d) prot %u%s", number(s), from, to, prot, world.held ? ", held" : "");
    vipc_error e = vipc_space_protect(view, cap_of(s), address(from), (uint64_t)(to - from) * page_size - rnd((uint32_t)page_size), prot, deadline);
    bool done = came_in_time(e, must, deadline, &late);
    see_who_has_left(s);
    for (int i = from; i < to && done; i++) s->p[i].prot = (uint8_t)prot;
}
static void op_break(m_space *s)
{
    bool late;
    const bool grow = one_in(3);
    uint64_t heap = (uint64_t)page_size * 20;
    vipc_addr to = one_in(10) ? (one_in(2) ? layout.heap_start - 1 - rnd(9999) : layout.heap_start + layout.heap_max + 1 + rnd(99999)) : layout.heap_start + rnd((uint32_t)heap);
    vipc_addr now = 5, was = s->brk;
    uint64_t by = to - was;
    if (grow && to < was) by = one_in(3) ? 0 - (uint64_t)rnd(5000) - 1 : 0;
    if (grow) to = was + by;
    int old = (int)((was - layout.heap_start + page_size - 1) / page_size), top = 0;
    const int heap_page = page_of(layout.heap_start);
    vipc_error must = grow && by && to < was ? VIPC_ERR_LIMIT : to < layout.heap_start ? VIPC_ERR_INVALID_ARGUMENT : to - layout.heap_start > layout.heap_max ? VIPC_ERR_LIMIT : VIPC_OK;
    if (must == VIPC_OK) {
        top = (int)((to - layout.heap_start + page_size - 1) / page_size);
        if (top > old && !is_free(s, heap_page + old, heap_page + top)) must = VIPC_ERR_EXISTS;
    }
    vipc_time deadline = a_deadline();
    began("break %d: to %llx of pages %d to %d%s%s", number(s), (unsigned long long)to, old, top, grow ? ", grow" : "", world.held ? ", held" : "");
    vipc_error e = grow ? vipc_space_grow_heap(view, cap_of(s), by, &now) : vipc_space_set_break(view, cap_of(s), to, &now, deadline);
    if (!came_in_time(e, must, grow ? VIPC_FOREVER : deadline, &late)) {
        SAME("untouched", now, 5);
        see_who_has_left(s);
        return;
    }
    SAME("now", now, grow ? was : to);
    s->brk = to;
    for (int i = heap_page + top; i < heap_page + old; i++) {
        if (late) { if (s->p[i].type) s->p[i].leaving = 1; }
        else clear_page(&s->p[i]);
    }
    see_who_has_left(s);
    if (top > old) fill(s, heap_page + old, heap_page + top, a_page(VIPC_REGION_HEAP, R | W, false), false);
}
static void op_stack(m_space *s)
{
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack k;
    int guard = 1 + (int)rnd(2), size = guard + 1 + (int)rnd(8), first = 1 + (int)rnd((uint32_t)(size - guard)), place = -1;
    d.size = (uint64_t)size * page_size - (size > 2 ? rnd((uint32_t)page_size) : 0);
    d.guard = (uint64_t)guard * page_size - rnd((uint32_t)page_size);
    d.first = (uint64_t)first * page_size - rnd((uint32_t)page_size);
    int top = page_of(layout.stack_end - 1) + 1, island_end = end_of_island(top - 1), bottom = top;
    (void)island_end;
    while (bottom > 0 && end_of_island(bottom - 1) == end_of_island(top - 1)) bottom--;
    for (int i = top - size; i >= bottom && place < 0; i--)
        if (is_free(s, i, i + size)) place = i;
    began("stack %d: %d pages, %d first, %d guard", number(s), size, first, guard);
    vipc_error e = vipc_space_stack_create(view, cap_of(s), &d, &k);
    if (!came(e, small && place < 0 ? VIPC_ERR_LIMIT : VIPC_OK)) { see_who_has_left(s); return; }
    SAME("top", k.top - k.bottom, (uint64_t)size * page_size);
    SAME("sp", k.sp, k.top);
    SAME("guard", k.guard, (uint64_t)guard * page_size);
    if (place >= 0) SAME("the highest place", k.bottom, address(place));
    else {
        if (page_of(k.bottom) >= 0 && page_of(k.top - 1) >= 0) differ("a stack where there was no room", (long long)k.bottom, 0);
        SAME("unmap a stack elsewhere", vipc_space_unmap(view, cap_of(s), k.bottom, k.top - k.bottom, VIPC_FOREVER), VIPC_OK);
        see_who_has_left(s);
        return;
    }
    m_page p = a_page(VIPC_REGION_STACK, 0, false);
    p.stack = ++stacks;
    p.guard = 1;
    fill(s, place, place + guard, p, false);
    p.guard = 0;
    p.growth = 1;
    fill(s, place + guard, place + size - first, p, false);
    p.growth = 0;
    p.prot = R | W;
    fill(s, place + size - first, place + size, p, false);
    m_stack *m = &s->stack[rnd(4)];
    m->used = true;
    m->id = p.stack;
    m->k = k;
}
static void op_grow_stack(m_space *s)
{
    m_stack *m = &s->stack[rnd(4)];
    if (!m->used) return;
    const int by = 1 + (int)rnd(3), bottom = page_of(m->k.bottom), guard = (int)(m->k.guard / page_size), top = page_of(m->k.top - 1) + 1;
    bool whole = true;                 /* nobody has touched it since */
    for (int i = bottom; i < top; i++) whole = whole && s->p[i].type == VIPC_REGION_STACK && !s->p[i].leaving && s->p[i].stack == m->id && s->p[i].guard == (i < bottom + guard);
    bool guarded = true;
    for (int i = bottom; i < bottom + guard; i++) guarded = guarded && s->p[i].type == VIPC_REGION_STACK && !s->p[i].leaving && s->p[i].guard;
    if (guarded && bottom > 0 && s->p[bottom - 1].guard) guarded = whole = false;
    const bool inside = bottom - by >= 0 && end_of_island(bottom - by) == end_of_island(bottom);
    if (!inside && !small) return;
    vipc_stack k = m->k;
    began("grow_stack %d: at %d by %d%s", number(s), bottom, by, whole ? "" : ", spoilt");
    vipc_error e = vipc_space_grow_stack(view, cap_of(s), &k, (uint64_t)by * page_size - rnd((uint32_t)page_size));
    if (whole) {
        if (!came(e, !inside ? VIPC_ERR_LIMIT : is_free(s, bottom - by, bottom) ? VIPC_OK : VIPC_ERR_EXISTS)) { see_who_has_left(s); return; }
    } else {
        ended(" -> %d", (int)e);
        if (!((bit(VIPC_OK) | bit(VIPC_ERR_NOT_FOUND) | bit(VIPC_ERR_EXISTS) | bit(VIPC_ERR_LIMIT)) >> -(int)e & 1)) differ("grow_stack of one that is spoilt", e, VIPC_ERR_NOT_FOUND);
        if (e == VIPC_OK && (!guarded || !inside || !is_free(s, bottom - by, bottom))) differ("grow_stack", e, VIPC_ERR_NOT_FOUND);
        if (e != VIPC_OK) {
            if (!guarded) m->used = false;
            return;
        }
    }
    SAME("bottom", k.bottom, m->k.bottom - (uint64_t)by * page_size);
    m_page p = a_page(VIPC_REGION_STACK, 0, false);
    p.stack = m->id;
    p.growth = 1;
    fill(s, bottom - by, bottom + guard, p, false);
    p.growth = 0;
    p.guard = 1;
    fill(s, bottom - by, bottom - by + guard, p, false);
    m->k = k;
}
/* What an access to a page must come to; what it does to the model. */
static vipc_error access_page(m_space *s, int i, uint32_t access, int *from)     /* *from: where a stack grows to, or -1 */
{
    const m_page *p = &s->p[i];
    *from = -1;
    if (!p->type || p->leaving) return VIPC_ERR_FAULT;
    if (p->guard) return VIPC_ERR_GUARD_PAGE;
    if (p->growth) {
        int above = i, end = end_of_island(i);
        while (above < end && s->p[above].growth && !s->p[above].leaving && s->p[above].type) above++;
        if (above == end || s->p[above].type != VIPC_REGION_STACK || s->p[above].leaving) return VIPC_ERR_FAULT;
        *from = above;
        p = &s->p[above];
    }
    return access == R ? (p->prot ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED) : p->prot & access ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
static void done_access(m_space *s, int i, uint32_t access, int above)
{
    if (above >= 0) {
        m_page like = s->p[above];
        like.frame = 0;
        for (int k = i; k < above; k++) {
            int frame = s->p[k].frame;
            s->p[k] = like;
            s->p[k].frame = frame;
        }
    }
    m_page *p = &s->p[i];
    if (p->type == VIPC_REGION_DEVICE) return;
    if (!p->frame) p->frame = new_frame();
    else if (access == W && !p->shared && frames[p->frame - 1].refs > 1) {
        int old = p->frame;
        frames[old - 1].refs--;
        p->frame = new_frame();
        memcpy(frames[p->frame - 1].byte, frames[old - 1].byte, BYTES);
    }
}
static void op_access(m_space *s)
{
    int i = (int)rnd((uint32_t)total_pages()), which = (int)rnd(BYTES), above;
    for (int tries = 0; tries < 3 && (!s->p[i].type || s->p[i].leaving); tries++) i = (int)rnd((uint32_t)total_pages());
    uint32_t access = one_in(2) ? W : one_in(5) ? X : R;
    unsigned char byte = (unsigned char)(1 + rnd(255)), wrote = byte;
    const uint64_t faults = world.faults, resolved_before = (uint64_t)(s->p[i].frame != 0);
    const bool sole = s->p[i].frame && frames[s->p[i].frame - 1].refs == 1;
    if (s->p[i].leaving) return;       /* whoever has it may use it, or not */
    vipc_error must = access_page(s, i, access, &above);
    if (must == VIPC_ERR_PERMISSION_DENIED && vipci_mock_find(&world, s->root, address(i) >> world.page_shift, true, access)) return;      /* protect was not acknowledged: likewise */
    began("access %d: page %d byte %d, %u", number(s), i, which, access);
    vipc_error e = vipc_mock_access(&world, view, cap_of(s), s->root, byte_at(i, which), access, &byte);
    if (must != VIPC_OK && s->p[i].growth && e == VIPC_ERR_FAULT) must = e;
    if (!came(e, must)) { see_who_has_left(s); return; }
    see_who_has_left(s);
    if (world.faults != faults) {
        const vipc_fault_result *f = &world.fault;
        SAME("page of the fault", f->page, address(i));
        if (world.faults == faults + 1) SAME("grown", f->grown, above >= 0);           /* else it may have grown in the one before */
        if (s->p[i].type != VIPC_REGION_DEVICE) {
            if (!resolved_before) SAME("resolved", f->resolved, VIPC_FAULT_ZEROED);
            else if (access == W && !s->p[i].shared && !sole) SAME("resolved", f->resolved, VIPC_FAULT_COPIED);
            else if (f->resolved < VIPC_FAULT_MADE_WRITABLE || f->resolved > VIPC_FAULT_SPURIOUS) differ("resolved", f->resolved, VIPC_FAULT_MAPPED);
        }
    }
    done_access(s, i, access, above);
    m_page *p = &s->p[i];
    if (p->type == VIPC_REGION_DEVICE) {
        if (access != W) SAME("a device's byte", byte, (unsigned char)(p->physical + (byte_at(i, which) - address(i))));
        return;
    }
    if (access == W) frames[p->frame - 1].byte[which] = wrote;
    else SAME("loaded", byte, model_byte(p, which));
}
static void op_touch(m_space *s)
{
    int from, to, above;
    some_range(&from, &to);
    uint32_t access = one_in(2) ? W : R;
    vipc_addr at = address(from) + rnd((uint32_t)page_size), end = address(to - 1) + 1 + rnd((uint32_t)page_size);
    uint64_t done = 77;
    if (end <= at) return;
    began("touch %d: [%d, %d) %u", number(s), from, to, access);
    vipc_error e = vipc_space_touch(view, cap_of(s), at, end - at, access, &done);
    see_who_has_left(s);
    int i = from;
    vipc_error must = VIPC_OK;
    for (; i < to; i++) {
        if (e != VIPC_OK && at + done <= address(i)) break;
        if (i == from && e != VIPC_OK && done == 0) break;
        must = access_page(s, i, access, &above);
        if (must != VIPC_OK) break;
        done_access(s, i, access, above);
    }
    if (e == VIPC_OK) {
        SAME("touch", must, VIPC_OK);
        SAME("done", done, end - at);
        came(e, must);
        return;
    }
    if (must == VIPC_OK) must = i < to ? access_page(s, i, access, &above) : VIPC_OK;
    if (must == VIPC_ERR_PERMISSION_DENIED && e == VIPC_ERR_FAULT && s->p[i].growth) must = e;
    came(e, must);
    SAME("done", done, i == from ? 0 : address(i) - at);
}
static void op_copy(m_space *s)
{
    int i = (int)rnd((uint32_t)total_pages()), which = (int)rnd(BYTES);
    const bool write = one_in(2);
    const m_page *p = &s->p[i];
    unsigned char byte = (unsigned char)(1 + rnd(255));
    uint64_t done = 9;
    vipc_error must = !p->type || p->leaving ? VIPC_ERR_FAULT : p->guard ? VIPC_ERR_GUARD_PAGE : p->type == VIPC_REGION_DEVICE ? VIPC_ERR_NOT_SUPPORTED : !p->prot ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
    began("%s %d: page %d byte %d", write ? "write" : "read", number(s), i, which);
    vipc_error e = write ? vipc_space_write(view, cap_of(s), byte_at(i, which), &byte, 1, &done) : vipc_space_read(view, cap_of(s), byte_at(i, which), &byte, 1, &done);
    bool good = came(e, must);
    see_who_has_left(s);
    SAME("done", done, good);
    if (!good) return;
    if (!write) { SAME("read", byte, model_byte(p, which)); return; }
    done_access(s, i, W, -1);
    frames[s->p[i].frame - 1].byte[which] = byte;
}
static void op_nonsense(m_space *s)    /* arguments past all limits */
{
    vipc_addr at = layout.start, got;
    uint64_t size = page_size;
    switch (rnd(8)) {
    case 0: at = layout.start - page_size; break;
    case 1: at = layout.end; break;
    case 2: at = layout.end - page_size; size = page_size + 1; break;
    case 3: at += 1 + rnd(100); break;
    case 4: size = 0; break;
    case 5: size = ~(uint64_t)0 - rnd(9000); break;
    case 6: at = 0 - page_size; size = 2 * page_size; break;
    default: size = layout.end - layout.start + 1; break;
    }
    began("nonsense %d: %llx, %llx", number(s), (unsigned long long)at, (unsigned long long)size);
    vipc_mmap_desc d = VIPC_INIT;
    d.at = at;
    d.size = size;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | (one_in(2) ? VIPC_MAP_FIXED : VIPC_MAP_FIXED_NOREPLACE);
    SAME("mmap", vipc_space_mmap(view, cap_of(s), &d, &got, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    SAME("unmap", vipc_space_unmap(view, cap_of(s), at, size, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    SAME("protect", vipc_space_protect(view, cap_of(s), at, size, R, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    SAME("free", vipc_space_free(view, cap_of(s), at, size, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    SAME("map_physical", vipc_space_map_physical(view, cap_of(s), 0x10000000, at, size, R, 0), VIPC_ERR_INVALID_ARGUMENT);
}

/* ---- runs ---- */
static void one_operation(void)
{
    turn = (int)rnd(VIEWS);
    view = &world.v[turn];
    m_space *s = some_space();
    uint32_t k = rnd(100);
    uint64_t regions = 0;
    touched = s ? number(s) : -1;
    world.held = one_in(8);
    world.late = 0;
    if (one_in(40)) {
        static const int hooks[] = { MOCK_ALLOC, MOCK_ALLOC, MOCK_MAP, MOCK_SPACE_CREATE };
        mock_fail(&world, hooks[rnd(4)], 1 + rnd(3), VIPC_ERR_OUT_OF_MEMORY);
        world.half = one_in(2);
    }
    for (int i = 0; i < SPACES; i++) {
        vipc_space_info info;
        if (spaces[i].used && vipc_space_get(view, spaces[i].cap[turn], &info) == VIPC_OK) regions += info.regions;
    }
    strange = world.fail_at || regions + 40 > regions_max || vipc_frames_available(&world.frames) < 200 || world.live + world.stale + 400 > world.pages_max;
    if (!s || (k == 0 && one_in(2))) op_create();
    else if (k < 2) op_clone(s);
    else if (k < 3) { if (free_slot() == NULL || one_in(4)) op_destroy(s); }
    else if (k < 20) op_map(s);
    else if (k < 24) op_map_physical(s);
    else if (k < 36) op_unmap(s);
    else if (k < 46) op_protect(s);
    else if (k < 52) op_break(s);
    else if (k < 55) op_stack(s);
    else if (k < 58) op_grow_stack(s);
    else if (k < 85) op_access(s);
    else if (k < 89) op_touch(s);
    else if (k < 98) op_copy(s);
    else op_nonsense(s);
    operation_ends(&world);
    if (one_in(200)) vipc_mock_forget(&world, 0);
    if (s && s->used) {
        int i = (int)rnd((uint32_t)total_pages());
        same_regions(s);
        same_sharers(s, i);
        same_contents(s, i);
    }
    if (operations % 500 == 0) same_everything();
}
static void add_island(vipc_addr start, int pages)
{
    islands[island_count].start = start;
    islands[island_count].pages = pages;
    islands[island_count].first = island_count ? total_pages() : 0;
    island_count++;
}
/* The whole user range, of which the model has a few places: ends, heap, stacks, and borders of nodes of the map. */
static void sparse(uint32_t shift)
{
    memset(&layout, 0, sizeof layout);
    layout.start = VIPC_LAYOUT_USER_START;
    layout.end = VIPC_LAYOUT_USER_END;
    layout.heap_start = VIPC_LAYOUT_HEAP;
    layout.heap_max = 16 * page_size;
    layout.stack_end = VIPC_LAYOUT_STACK_END;
    add_island(layout.start, 8);
    add_island(layout.heap_start, 52);
    add_island(layout.start + ((uint64_t)1 << (2 * (shift - 3) + shift)) - 6 * page_size, 12);
    add_island(layout.start + ((uint64_t)5 << (3 * (shift - 3) + shift)) - 6 * page_size, 12);
    add_island((vipc_addr)0x6123456780000, 0);
    island_count--;
    add_island((vipc_addr)0x612345670000, 12);
    add_island(layout.stack_end - 48 * page_size, 48);
    add_island(layout.end - 8 * page_size, 8);
}
static inline void run(uint32_t shift, bool is_small, uint32_t max_regions, uint64_t pool, uint32_t translations, uint64_t count)
{
    vipc_config config = VIPC_INIT;
    page_size = (uint64_t)1 << shift;
    small = is_small;
    island_count = 0;
    if (small) {
        memset(&layout, 0, sizeof layout);
        layout.start = layout.heap_start = 0x10000;
        layout.end = layout.stack_end = 0x10000 + 64 * page_size;
        layout.heap_max = 16 * page_size;
        add_island(layout.start, 64);
    } else sparse(shift);
    memset(spaces, 0, sizeof spaces);
    memset(frames, 0, sizeof frames);
    memset(&world, 0, sizeof world);
    config.max_objects = 64;
    config.max_names = 4;
    config.max_spaces = SPACES;
    config.max_regions = max_regions;
    config.max_frames = 2048;
    config.page_shift = shift;
    regions_max = max_regions ? max_regions : 64 * SPACES;
    mock_port_of(&world, &config, pool, translations);
    mock_join(&world, &config, VIEWS);
    operations = 0;
    while (goes_on(count)) one_operation();
    turn = 0;
    view = &world.v[0];
    same_everything();
    for (int i = 0; i < SPACES; i++)
        if (spaces[i].used) op_destroy(&spaces[i]);
    SAME("frames in the end", world.in_use, 0);
    MOCK_END(&world);
}
/* What the bytes say; the first one says where. */
static inline void run_bytes(const unsigned char *bytes, size_t size)
{
    const uint32_t shape = size ? bytes[0] % 4 : 0;
    by_bytes(bytes + (size != 0), size - (size != 0));
    run(8, shape != 1, shape == 2 ? 40 : 0, shape == 3 ? 60 : 320, shape == 3 ? 100 : 600, 0);
    input.at = NULL;
}
#endif
