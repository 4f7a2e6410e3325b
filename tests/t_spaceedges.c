/* t_spaceedges.c - address spaces at their edges: the last word and the first frame; what others do while the lock was let go; who is killed between a
 * step and its hook; and what one step may change at most. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stddef.h>
/* The library's own atomics, but for a look at each release store: the most that the log, and the redo list, ever held. */
static void *edge_log_count, *edge_redo_count;
static uint64_t edge_log_most, edge_redo_most;
static inline void edge_store64(uint64_t *p, uint64_t n)
{
    if ((void *)p == edge_log_count && n > edge_log_most) edge_log_most = n;
    __atomic_store_n(p, n, __ATOMIC_RELEASE);
}
static inline void edge_store32(uint32_t *p, uint32_t n)
{
    if ((void *)p == edge_redo_count && n > edge_redo_most) edge_redo_most = n;
    __atomic_store_n(p, n, __ATOMIC_RELEASE);
}
#define VIPC_ATOMIC_STORE32(p, v) edge_store32(p, v)
#define VIPC_ATOMIC_STORE64(p, v) edge_store64(p, v)
#include "atomics.h"
#include "spaceport.h"

#define RW (VIPC_PROT_READ | VIPC_PROT_WRITE)
static sp *edge_open(uint32_t shift, unsigned members)
{
    vipc_config c = sp_config(shift);
    sp *p = sp_open(&c, members);
    edge_log_count = &vipci_d(&p->v[0])->log_count;
    edge_redo_count = &vipci_d(&p->v[0])->redo_count;
    return p;
}
static vipci_space *edge_record(sp *p, unsigned by, vipc_cap s)      /* white box */
{
    return vipci_space_of(&p->v[by], vipci_object_at(&p->v[by], vipci_entry_at(&p->v[by], (uint32_t)(s.token & 0xffffff) - 1)->object));
}
/* Next time the lock is let go, `then` runs before it is had again: somebody seems to sleep for it. */
static void edge_at_breath(sp *p, unsigned sleeper, void (*then)(sp *p))
{
    vipci_domain *d = vipci_d(&p->v[0]);
    vipci_store64(&p->v[0], vipci_cell_at(&p->v[0], p->v[sleeper].view), (uint64_t)VIPCI_FOR_LOCK << 32 | 1u << 2 | VIPCI_WAITING);
    vipci_store64(&p->v[0], &d->lock_flag, (d->lock_flag + 4) | 1);
    p->on_wake = then;
}
static void edge_awake(sp *p, unsigned sleeper)
{
    p->on_wake = NULL;
    vipci_store64(&p->v[0], vipci_cell_at(&p->v[0], p->v[sleeper].view), VIPCI_AWAKE);
}
static void edge_killed(sp *p, int hook)     /* whoever calls that hook is killed there, before it has done anything */
{
    if (hook != (int)p->number[7]) return;
    p->on_hook = NULL;
    longjmp(p->out, 1);
}

/* ---- the first and the last ---- */
TEST(the_last_word_of_the_tables_is_rolled_back)
{
    for (int spaces = 0; spaces < 2; spaces++) {
        vipc_config c = sp_config(12);
        if (!spaces) c.max_spaces = c.max_regions = c.max_frames = 0;
        sp *p = sp_open(&c, 1);
        vipc *v = &p->v[0];
        uint32_t *last = spaces ? vipci_refs_at(v, v->max_frames - 1) : vipci_bucket(v, vipci_buckets(v->max_names) - 1);
        REQUIRE_EQ((uint64_t)((unsigned char *)last + 4 - p->memory), p->size);
        REQUIRE_OK(vipci_lock(v, VIPC_FOREVER));
        vipci_set32(v, last, 7);
        CHECK_EQ(*last, 7);
        CHECK_EQ(vipci_fail(v, VIPC_ERR_LIMIT), VIPC_ERR_LIMIT);
        CHECK_EQ(*last, 0);
        *last = 0;
        SP_END(p, 1);
    }
}
TEST(frame_0_has_no_neighbour_before_it)
{
    sp *p = edge_open(12, 1);
    vipc_cap s = sp_space(p, 0);
    uint32_t sharers = 0;
    const uint64_t root = sp_root(p, 0, s);
    p->used[0] = 1;
    REQUIRE_OK(sp_mmap(p, 0, s, 4, 6, VIPC_MAP_FIXED, VIPC_NOW));
    REQUIRE_OK(vipc_space_write(&p->v[0], s, sp_addr(p, 9), "n", 1, NULL));
    p->used[0] = 0;
    REQUIRE_OK(vipc_space_write(&p->v[0], s, sp_addr(p, 5), "z", 1, NULL));
    CHECK_EQ(vipci_frames_at(&p->v[0], 0, 1) == NULL, 0);
    CHECK_EQ(p->used[0], 1);
    CHECK_EQ(sp_load(p, 0, 0, s, root, 5), 'z');
    CHECK_EQ(vipc_space_sharers(&p->v[0], s, sp_addr(p, 4), &sharers), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(sp_load(p, 0, 0, s, root, 4), 0);
    SP_END(p, 1);
}
TEST(no_two_spaces_are_taken_for_one_another)
{
    sp *p = edge_open(12, 2);
    for (int other_record = 0; other_record < 2; other_record++) {
        vipc_cap a = sp_space(p, 0), b, c = VIPC_INIT;
        REQUIRE_OK(sp_mmap(p, 0, a, 10, 2, VIPC_MAP_FIXED, VIPC_NOW));
        CHECK_OK(sp_store(p, 0, 0, a, sp_root(p, 0, a), 10, 1));
        CHECK_OK(sp_store(p, 0, 0, a, sp_root(p, 0, a), 11, 1));     /* by now it knows where that space has its entries */
        const uint64_t number = edge_record(p, 0, a)->number;
        REQUIRE_OK(vipc_destroy(&p->v[0], a, VIPC_NOW));
        if (other_record) c = sp_space(p, 1);
        vipci_d(&p->v[0])->next_space = number - 1 + ((uint64_t)1 << 24);       /* so many have been made since */
        b = sp_space(p, 0);
        REQUIRE_OK(sp_mmap(p, 0, b, 10, 2, VIPC_MAP_FIXED, VIPC_NOW));
        CHECK_EQ(sp_load(p, 0, 0, b, sp_root(p, 0, b), 10), 0);
        SP_CHECK(p, 0);
        if (other_record) CHECK_OK(vipc_destroy(&p->v[1], c, VIPC_NOW));
        CHECK_OK(vipc_destroy(&p->v[0], b, VIPC_NOW));
    }
    SP_END(p, 2);
}
TEST(a_port_that_makes_nothing_and_says_ok)
{
    sp *p = edge_open(12, 1);
    vipc_cap s = VIPC_INIT;
    p->fail_hook = SP_CREATE;
    p->fail_after = 1;
    p->lie = 1;
    CHECK_EQ(sp_space_make(p, 0, &s), VIPC_ERR_HOOK);
    CHECK_EQ(s.token, 0);
    p->lie = 0;
    s = sp_space(p, 0);
    SP_END(p, 1);
}

/* Pages of every size, in a space of nearly all addresses: its first page and its last; and the usual layout. */
TEST(to_the_last_page_of_all_sizes)
{
    for (uint32_t shift = 8; shift <= 20; shift++) {
        sp *p = edge_open(shift, 1);
        vipc *v = &p->v[0];
        const uint64_t page = (uint64_t)1 << shift, top = ~(page - 1);
        vipc_space_desc d = VIPC_INIT;
        vipc_cap s = VIPC_INIT, c = VIPC_INIT;
        vipc_mmap_desc m = VIPC_INIT;
        vipc_stack_desc kd = VIPC_INIT;
        vipc_stack k;
        vipc_space_region r;
        vipc_space_info i;
        vipc_addr at = 0;
        uint64_t done = 0;
        char text[8] = "";
        REQUIRE_OK(vipc_space_create(v, NULL, &s));
        CHECK_OK(vipc_destroy(v, s, VIPC_NOW));
        d.start = page;
        d.end = top;
        REQUIRE_OK(vipc_space_create(v, &d, &s));
        m.size = page;
        m.prot = RW;
        m.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_FIXED;
        for (int last = 0; last < 2; last++) {
            m.at = last ? top - page : page;
            CHECK_OK(vipc_space_mmap(v, s, &m, &at, VIPC_NOW));
            CHECK_EQ(at, m.at);
            CHECK_OK(vipc_space_write(v, s, at + page - 4, "abcd", 4, &done));
            CHECK_EQ(vipc_space_write(v, s, at + page - 2, "xyz", 3, &done), VIPC_ERR_FAULT);
            CHECK_EQ(done, 2);
            CHECK_OK(vipc_space_read(v, s, at + page - 4, text, 4, NULL));
            CHECK(memcmp(text, "abxy", 4) == 0);
        }
        m.at = top;
        CHECK_EQ(vipc_space_mmap(v, s, &m, &at, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        m.at = 0;
        m.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS;
        m.size = ~(uint64_t)0;
        CHECK_EQ(vipc_space_mmap(v, s, &m, &at, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        m.size = top - 2 * page;
        CHECK_EQ(vipc_space_mmap(v, s, &m, &at, VIPC_NOW), VIPC_ERR_LIMIT);      /* one page more than is left */
        CHECK_EQ(vipc_space_unmap(v, s, top - page, 2 * page, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_space_unmap(v, s, top - page, ~(uint64_t)0, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_space_find(v, s, ~(uint64_t)0, &r), VIPC_ERR_NOT_FOUND);
        CHECK_EQ(vipc_page_fault(v, s, ~(uint64_t)0, VIPC_PROT_READ, NULL), VIPC_ERR_FAULT);
        kd.size = 8 * page;
        kd.first = page;
        CHECK_OK(vipc_space_stack_create(v, s, &kd, &k));
        CHECK_EQ(vipc_space_grow_stack(v, s, &k, ~(uint64_t)0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_space_grow_stack(v, s, &k, top - page), VIPC_ERR_LIMIT);
        CHECK_OK(vipc_space_grow_stack(v, s, &k, 1));
        CHECK_EQ(vipc_space_grow_heap(v, s, ~(uint64_t)0, NULL), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_space_set_break(v, s, ~(uint64_t)0, NULL, VIPC_NOW), VIPC_ERR_LIMIT);
        CHECK_OK(vipc_space_clone(v, s, &c, VIPC_NOW));
        CHECK_OK(vipc_space_write(v, c, page, "c", 1, NULL));
        SP_CHECK(p, 0);
        CHECK_OK(vipc_space_unmap(v, s, page, top - page, VIPC_NOW));
        CHECK_OK(vipc_space_get(v, s, &i));
        CHECK_EQ(i.regions + i.pages + i.table_frames, 0);
        SP_END(p, 1);
    }
}

/* ---- killed between a step and its hook ---- */
/* Member 1 is killed at `hook` of what it does to member 0's space. */
static void edge_kill_at(sp *p, int hook, vipc_error (*what)(sp *p, vipc_cap s), vipc_cap s)
{
    p->number[7] = (uint64_t)hook;
    p->on_hook = edge_killed;
    if (setjmp(p->out) == 0) {
        vipc_error e = what(p, s);
        CHECK_EQ(e, -1000);                                  /* it got past the hook */
    }
    p->on_hook = NULL;
    p->dead[1] = 1;
}
static vipc_error edge_unmap_4(sp *p, vipc_cap s) { return vipc_space_unmap(&p->v[1], s, sp_addr(p, 4), (uint64_t)2 << p->page_shift, VIPC_NOW); }
static vipc_error edge_protect_4(sp *p, vipc_cap s) { return vipc_space_protect(&p->v[1], s, sp_addr(p, 4), (uint64_t)2 << p->page_shift, VIPC_PROT_READ, VIPC_NOW); }
static vipc_error edge_clone(sp *p, vipc_cap s) { vipc_cap c = VIPC_INIT; return vipc_space_clone(&p->v[1], s, &c, VIPC_NOW); }
TEST(killed_before_the_page_tables_know)
{
    static const struct { int hook; vipc_error (*what)(sp *p, vipc_cap s); } way[] = {
        { SP_UNMAP, edge_unmap_4 }, { SP_FLUSH, edge_unmap_4 }, { SP_FREE, edge_unmap_4 }, { SP_PROTECT, edge_protect_4 }, { SP_FLUSH, edge_protect_4 }, { SP_PROTECT, edge_clone },
        { SP_FLUSH, edge_clone },
    };
    for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
        sp *p = edge_open(12, 2);
        vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1);
        const uint64_t root = sp_root(p, 0, s);
        vipc_space_region r;
        REQUIRE_OK(sp_mmap(p, 0, s, 2, 8, VIPC_MAP_FIXED, VIPC_NOW));
        for (uint64_t k = 2; k < 10; k++) CHECK_OK(sp_store(p, 0, 0, s, root, k, (unsigned char)k));
        edge_kill_at(p, way[i].hook, way[i].what, t);
        CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 2), (uint64_t)1 << p->page_shift, VIPC_FOREVER));      /* pays all debts */
        for (uint64_t k = 2; k < 10; k++) {
            const bool there = vipc_space_find(&p->v[0], s, sp_addr(p, k), &r) == VIPC_OK && vipc_region_contains(&r, sp_addr(p, k)) && !r.leaving;
            CHECK_EQ(sp_load(p, 0, 0, s, root, k), there ? (int)k : VIPC_ERR_FAULT);
            CHECK_EQ(sp_store(p, 0, 0, s, root, k, (unsigned char)k), !there ? VIPC_ERR_FAULT : r.prot & VIPC_PROT_WRITE ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED);
        }
        vipc_space_info info;
        CHECK_OK(vipc_space_get(&p->v[0], s, &info));
        CHECK_EQ(info.leaving, 0);
        SP_END(p, 2);
    }
}
/* A port gives the root of a space that has ended to the next one.  Member 1 is killed when the port has ended one and the core has not noted that; or in the middle of being given one.
 * Member 0 makes a space before anybody cleans up, and keeps it. */
static vipc_error edge_destroy_killed(void *user, uint64_t root)
{
    sp *p = (sp *)user;
    p->hooks.space_destroy = sp_destroy;
    (void)sp_destroy(user, root);
    longjmp(p->out, 1);
}
static vipc_error edge_create_killed(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    sp *p = (sp *)user;
    p->hooks.space_create = sp_create;
    (void)sp_create(user, space, start, end, root);
    if (p->number[0]) SP_PUT(&p->made[*root], 2);           /* it does not count as taken yet */
    longjmp(p->out, 1);
}
static void edge_killed_in_the_hook(sp *p, vipc_cap t, int way)
{
    vipc_cap made = VIPC_INIT;
    if (setjmp(p->out) != 0) return;
    if (way == 0) (void)vipc_destroy(&p->v[1], t, VIPC_NOW);
    else if (way == 1) (void)vipc_leave(&p->v[1]);
    else (void)vipc_space_clone(&p->v[1], t, &made, VIPC_NOW);
    test_equal_(__FILE__, __LINE__, "it was killed in the hook", 0, 1);
}
TEST(a_root_that_was_given_to_another_is_left_alone)
{
    for (int way = 0; way < 4; way++) {
        sp *p = edge_open(12, 3);
        vipc_cap t = sp_space(p, 1);
        const uint64_t old = sp_root(p, 1, t);
        p->reuse = 1;
        p->number[0] = way == 3;
        if (way < 2) p->hooks.space_destroy = edge_destroy_killed;
        else p->hooks.space_create = edge_create_killed;
        edge_killed_in_the_hook(p, t, way);
        p->dead[1] = 1;
        vipc_cap s = sp_space(p, 0);
        const uint64_t root = sp_root(p, 0, s);
        if (way < 2) CHECK_EQ(root, old);                    /* else this says nothing */
        if (way == 3) CHECK_EQ(root, old + 1);
        REQUIRE_OK(sp_mmap(p, 0, s, 2, 8, VIPC_MAP_FIXED, VIPC_NOW));
        CHECK_OK(sp_store(p, 0, 0, s, root, 2, 12));
        CHECK_OK(vipc_sweep(&p->v[2], NULL));
        CHECK_OK(vipc_sweep(&p->v[0], NULL));
        CHECK_OK(sp_store(p, 0, 0, s, root, 3, 13));
        CHECK_EQ(sp_load(p, 0, 0, s, root, 2), 12);
        uint64_t made_now = 0;
        for (int r = 0; r < SP_ROOTS; r++) made_now += p->made[r] == 1;
        CHECK_EQ(made_now, 1);
        SP_END(p, 3);
    }
}
TEST(killed_while_it_gives_back_what_nobody_saw)
{
    for (int step = 1; step <= 3; step++) {
        sp *p = edge_open(8, 2);
        vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1);
        vipc_space_info info;
        REQUIRE_OK(sp_mmap(p, 0, s, 4, 1, VIPC_MAP_FIXED, VIPC_NOW));
        REQUIRE_OK(sp_mmap(p, 0, s, 5, 1, VIPC_MAP_FIXED | VIPC_MAP_SHARED, VIPC_NOW));      /* two regions: unmapped in two steps */
        REQUIRE_OK(vipc_space_write(&p->v[0], s, sp_addr(p, 4), "abc", 3, NULL));
        p->number[7] = SP_FREE;
        p->number[6] = (uint64_t)step;
        edge_kill_at(p, SP_FREE, edge_unmap_4, t);
        uint32_t bad = 0;
        CHECK_OK(vipc_check(&p->v[0], &bad));
        CHECK_EQ(bad, 0);
        CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 40), 1, VIPC_FOREVER));    /* of nothing: pays what is owed */
        CHECK_OK(vipc_space_get(&p->v[0], s, &info));
        CHECK_EQ(info.leaving, 0);
        CHECK_EQ(info.regions, 0);
        SP_END(p, 2);
    }
}

static void edge_killed_waiting(sp *p)
{
    p->on_flush = NULL;
    longjmp(p->out, 1);
}
TEST(killed_while_its_copy_waits)
{
    sp *p = edge_open(12, 2);
    vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1), c = VIPC_INIT;
    const uint64_t root = sp_root(p, 0, s);
    REQUIRE_OK(sp_mmap(p, 0, s, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 0, 0, s, root, 8, 1));
    REQUIRE_OK(vipc_space_clone(&p->v[0], s, &c, VIPC_FOREVER));
    CHECK_EQ(sp_load(p, 1, 0, s, root, 8), 1);
    p->flush_waits = 1;
    p->on_flush = edge_killed_waiting;
    if (setjmp(p->out) == 0) CHECK_EQ(vipc_page_fault(&p->v[1], t, sp_addr(p, 8), VIPC_PROT_WRITE, NULL), -1000);
    p->dead[1] = 1;
    CHECK(edge_record(p, 0, s)->limbo != 0);                 /* the original, which the clone may have as long as it likes */
    CHECK_OK(vipc_destroy(&p->v[0], s, VIPC_FOREVER));
    CHECK_EQ(sp_load(p, 3, 0, c, sp_root(p, 0, c), 8), 1);
    CHECK_OK(vipc_destroy(&p->v[0], c, VIPC_FOREVER));       /* and then it is nobody's */
    SP_END(p, 2);
}

/* ---- what others do while the lock was let go ---- */
static void edge_fill(sp *p, vipc_cap s, uint64_t from, uint64_t to)        /* a page in each node of the map; nobody has a translation */
{
    for (uint64_t k = from; k < to; k += 32) CHECK_OK(vipc_space_write(&p->v[0], s, sp_addr(p, k), "x", 1, NULL));
}
static void edge_new_space(sp *p)
{
    vipc_cap s = { p->number[0] };
    edge_awake(p, 1);
    CHECK_OK(vipc_destroy(&p->v[1], s, VIPC_NOW));
    p->number[1] = sp_space(p, 1).token;
    CHECK_OK(vipc_space_set_break(&p->v[1], (vipc_cap){ p->number[1] }, sp_addr(p, 1024) + 700, NULL, VIPC_NOW));
}
TEST(a_break_is_not_moved_in_another_space)
{
    sp *p = edge_open(8, 2);
    vipc_cap s = sp_space(p, 1), t = sp_grant(p, 1, s, 0);
    vipc_space_info i;
    p->number[0] = s.token;
    REQUIRE_OK(vipc_space_set_break(&p->v[0], t, sp_addr(p, 1024 + 2560), NULL, VIPC_NOW));
    edge_fill(p, t, 1024, 1024 + 2560);
    edge_at_breath(p, 1, edge_new_space);
    CHECK_EQ(vipc_space_set_break(&p->v[0], t, sp_addr(p, 1024), NULL, VIPC_NOW), VIPC_ERR_CLOSED);
    CHECK(p->on_wake == NULL);                               /* it did breathe */
    CHECK_OK(vipc_space_get(&p->v[1], (vipc_cap){ p->number[1] }, &i));
    CHECK_EQ(i.brk, sp_addr(p, 1024) + 700);
    SP_END(p, 2);
}
static void edge_new_space_that_owes(sp *p)      /* as often as the old one did, for what has the same address */
{
    vipc_cap s = { p->number[0] };
    edge_awake(p, 1);
    CHECK_OK(vipc_destroy(&p->v[1], s, VIPC_NOW));
    s = sp_space(p, 1);
    p->number[1] = s.token;
    CHECK_OK(sp_mmap(p, 1, s, 0, 3000, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 1, 1, s, sp_root(p, 1, s), 2900, 1));
    p->flush_waits = 1;
    CHECK_EQ(vipc_space_unmap(&p->v[1], s, SP_START, (uint64_t)3000 << p->page_shift, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
}
TEST(nothing_is_freed_in_another_space)
{
    sp *p = edge_open(8, 2);
    vipc_cap s = sp_space(p, 1), t = sp_grant(p, 1, s, 0);
    vipc_space_info i;
    p->number[0] = s.token;
    REQUIRE_OK(sp_mmap(p, 0, t, 0, 3000, VIPC_MAP_FIXED, VIPC_NOW));
    edge_fill(p, t, 0, 3000);
    edge_at_breath(p, 1, edge_new_space_that_owes);
    CHECK_EQ(vipc_space_unmap(&p->v[0], t, SP_START, (uint64_t)3000 << p->page_shift, VIPC_NOW), VIPC_ERR_CLOSED);
    CHECK(p->on_wake == NULL);                               /* it did breathe */
    CHECK_OK(vipc_space_get(&p->v[1], (vipc_cap){ p->number[1] }, &i));
    CHECK_EQ(i.leaving, 1);                                  /* CPU 1 can still write to that page */
    CHECK_EQ(i.pages, 1);
    CHECK_OK(vipc_space_unmap(&p->v[1], (vipc_cap){ p->number[1] }, sp_addr(p, 3900), 1, VIPC_FOREVER));
    CHECK_OK(vipc_space_get(&p->v[1], (vipc_cap){ p->number[1] }, &i));
    CHECK_EQ(i.leaving + i.pages, 0);
    SP_END(p, 2);
}
static void edge_grow(sp *p)
{
    edge_awake(p, 1);
    vipc_error e = vipc_space_grow_heap(&p->v[1], (vipc_cap){ p->number[0] }, (uint64_t)4 << p->page_shift, NULL);
    CHECK(e == VIPC_OK || e == VIPC_ERR_EXISTS);
}
TEST(a_heap_that_grows_while_it_shrinks)
{
    sp *p = edge_open(8, 2);
    vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1);
    vipc_space_info i;
    vipc_space_region r;
    p->number[0] = t.token;
    REQUIRE_OK(vipc_space_set_break(&p->v[0], s, sp_addr(p, 1024 + 2500), NULL, VIPC_NOW));
    edge_fill(p, s, 1024, 1024 + 2500);
    edge_at_breath(p, 1, edge_grow);
    CHECK_OK(vipc_space_set_break(&p->v[0], s, sp_addr(p, 1026), NULL, VIPC_NOW));
    CHECK(p->on_wake == NULL);
    CHECK_OK(vipc_space_get(&p->v[0], s, &i));
    CHECK_EQ(i.brk, sp_addr(p, 1026));
    CHECK_OK(vipc_space_find(&p->v[0], s, sp_addr(p, 1024), &r));
    CHECK_EQ(r.end, i.brk);
    CHECK_EQ(vipc_space_find(&p->v[0], s, sp_addr(p, 1027), &r), VIPC_ERR_NOT_FOUND);
    CHECK_OK(vipc_space_grow_heap(&p->v[0], s, (uint64_t)4 << p->page_shift, NULL));
    SP_END(p, 2);
}
static void edge_other_leaves(sp *p)
{
    vipc_cap t = { p->number[0] };
    edge_awake(p, 1);
    CHECK_OK(vipc_space_unmap(&p->v[1], t, sp_addr(p, 4000), 1, VIPC_NOW));      /* of nothing: but it pays, and so reaps what the other was at */
    CHECK_OK(sp_mmap(p, 1, t, 3000, 40, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(vipc_space_write(&p->v[1], t, sp_addr(p, 3000), "y", 1, NULL));
    CHECK_OK(vipc_space_write(&p->v[1], t, sp_addr(p, 3039), "y", 1, NULL));
    p->number[7] = SP_FREE;
    p->on_hook = edge_killed;
    if (setjmp(p->out) == 0) CHECK_EQ(vipc_space_unmap(&p->v[1], t, sp_addr(p, 3000), (uint64_t)40 << p->page_shift, VIPC_NOW), -1000);
    p->dead[1] = 1;
}
TEST(another_region_leaves_where_one_has_left)
{
    sp *p = edge_open(8, 2);
    vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1);
    vipc_space_info i;
    p->number[0] = t.token;
    REQUIRE_OK(sp_mmap(p, 0, s, 0, 3000, VIPC_MAP_FIXED, VIPC_NOW));
    edge_fill(p, s, 0, 3000);
    CHECK_OK(sp_store(p, 0, 0, s, sp_root(p, 0, s), 2, 9));
    edge_at_breath(p, 1, edge_other_leaves);
    CHECK_OK(vipc_space_unmap(&p->v[0], s, SP_START, (uint64_t)3000 << p->page_shift, VIPC_NOW));
    CHECK_EQ(p->dead[1], 1);
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 3900), 1, VIPC_FOREVER));
    CHECK_OK(vipc_space_get(&p->v[0], s, &i));
    CHECK_EQ(i.leaving, 0);
    CHECK_EQ(i.pages, 0);
    SP_END(p, 2);
}
/* A debt: CPU 1 has a translation of page 100, which is unmapped, and has not acknowledged. */
static void edge_debt(sp *p, unsigned by, vipc_cap s)
{
    const uint64_t root = sp_root(p, by, s);
    REQUIRE_OK(sp_mmap(p, by, s, 100, 1, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 1, by, s, root, 100, 1));
    p->flush_waits = 1;
    CHECK_EQ(vipc_space_unmap(&p->v[by], s, sp_addr(p, 100), 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
}
TEST(a_heap_grows_whatever_else_is_owed)
{
    sp *p = edge_open(12, 1);
    vipc_cap s = sp_space(p, 0);
    vipc_addr was = 0;
    REQUIRE_OK(vipc_space_grow_heap(&p->v[0], s, 100, NULL));
    edge_debt(p, 0, s);
    CHECK_OK(vipc_space_grow_heap(&p->v[0], s, 16, &was));
    CHECK_EQ(was, sp_addr(p, 1024) + 100);
    CHECK_OK(vipc_space_grow_heap(&p->v[0], s, 0, &was));
    CHECK_EQ(was, sp_addr(p, 1024) + 116);
    CHECK_OK(vipc_space_set_break(&p->v[0], s, sp_addr(p, 1024) + 200, &was, VIPC_NOW));
    CHECK_EQ(was, sp_addr(p, 1024) + 200);
    SP_END(p, 1);
}
TEST(what_was_touched_is_there_whatever_else_is_owed)
{
    sp *p = edge_open(12, 1);
    vipc_cap s = sp_space(p, 0), c = VIPC_INIT;
    uint32_t sharers = 0;
    uint64_t done = 0;
    REQUIRE_OK(sp_mmap(p, 0, s, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(vipc_space_touch(&p->v[0], s, sp_addr(p, 8), 4096, VIPC_PROT_WRITE, NULL));
    REQUIRE_OK(vipc_space_clone(&p->v[0], s, &c, VIPC_FOREVER));
    edge_debt(p, 0, s);
    CHECK_OK(vipc_space_touch(&p->v[0], s, sp_addr(p, 9) + 5, 4096, VIPC_PROT_WRITE, &done));
    CHECK_EQ(done, 4096);
    CHECK_OK(vipc_space_sharers(&p->v[0], s, sp_addr(p, 9), &sharers));
    CHECK_OK(vipc_space_sharers(&p->v[0], s, sp_addr(p, 10), &sharers));
    edge_debt(p, 0, s);
    CHECK_OK(vipc_space_touch(&p->v[0], s, sp_addr(p, 8), 1, VIPC_PROT_WRITE, NULL));
    CHECK_OK(vipc_space_sharers(&p->v[0], s, sp_addr(p, 8), &sharers));
    CHECK_EQ(sharers, 1);
    SP_END(p, 1);
}
static void edge_no_answer(sp *p) { (void)p; }
/* CPU 3 gets a translation of page 6 (or one after that), which member 1 then unmaps: between the pages for which member 0 owes, behind the flush that it waits for. */
static vipc_error edge_unmaps_behind(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    sp *p = (sp *)user;
    vipc_cap t = { p->number[0] };
    vipc_error e = sp_flush(user, root, at, pages, deadline);
    if (deadline == VIPC_NOW || p->number[1] == 0) return e;
    p->number[1]--;
    CHECK_OK(sp_store(p, 3, 1, t, root, 6 + p->number[2], 33));
    CHECK_EQ(vipc_space_unmap(&p->v[1], t, sp_addr(p, 6 + p->number[2]++), 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    if (p->number[4]) p->on_flush = edge_no_answer;
    return e;
}
static sp *edge_owes_two(uint64_t times, vipc_cap *s)
{
    sp *p = edge_open(12, 2);
    *s = sp_space(p, 0);
    const uint64_t root = sp_root(p, 0, *s);
    p->number[0] = sp_grant(p, 0, *s, 1).token;
    p->number[1] = times;
    REQUIRE_OK(sp_mmap(p, 0, *s, 2, 99, VIPC_MAP_FIXED, VIPC_NOW));
    for (uint64_t k = 2; k < 101; k++) CHECK_OK(sp_store(p, k == 2 || k == 100, 0, *s, root, k, 1));
    p->flush_waits = 1;
    CHECK_EQ(vipc_space_unmap(&p->v[0], *s, sp_addr(p, 2), 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    p->hooks.tlb_flush = edge_unmaps_behind;
    return p;
}
static uint64_t edge_leaving(sp *p, vipc_cap s)
{
    vipc_space_info i = VIPC_INIT;
    CHECK_OK(vipc_space_get(&p->v[0], s, &i));
    return i.leaving;
}
TEST(race38_what_is_unmapped_behind_a_flush)
{
    vipc_cap s;
    sp *p = edge_owes_two(1, &s);                            /* it is not given back before it is flushed, and all is when unmap has returned */
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 100), 1, VIPC_FOREVER));
    CHECK_EQ(edge_leaving(p, s), 0);
    CHECK_EQ(sp_load(p, 3, 0, s, sp_root(p, 0, s), 6), VIPC_ERR_FAULT);
    SP_END(p, 2);

    p = edge_owes_two(1, &s);                                /* the other's is not acknowledged: one's own frames come later, too */
    p->number[4] = 1;
    CHECK_EQ(vipc_space_unmap(&p->v[0], s, sp_addr(p, 100), 1, 1000000), VIPC_ERR_TIMEOUT);
    CHECK_EQ(edge_leaving(p, s), 3);
    p->on_flush = NULL;
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 100), 1, VIPC_FOREVER));
    CHECK_EQ(edge_leaving(p, s), 0);
    SP_END(p, 2);

    p = edge_owes_two(1000000, &s);                          /* others who owe without end */
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 100), 1, VIPC_FOREVER));
    CHECK(p->number[2] > 4 && p->number[2] < 40);
    p->number[1] = 0;
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 100), 1, VIPC_FOREVER));
    CHECK_EQ(edge_leaving(p, s), 0);
    SP_END(p, 2);
}
/* Member 0's second thread: p->v[2]. */
static void edge_second_writer(sp *p)
{
    const uint64_t root = p->number[1], page = 8;
    vipc_cap s = { p->number[0] };
    p->on_flush = NULL;
    CHECK_OK(sp_store(p, 2, 2, s, root, page, 77));
    const uint64_t stale = SP_GET(&p->tlb[1][root][page]), now = SP_GET(&p->tlb[2][root][page]);
    CHECK(!stale || stale >> 8 == now >> 8);
    p->number[2]++;
}
TEST(nobody_sees_a_copy_while_another_sees_the_original)
{
    sp *p = edge_open(12, 2);
    vipc_cap s = sp_space(p, 0), c = VIPC_INIT;
    REQUIRE_OK(vipc_thread_enter(&p->v[0], 3, &p->v[2]));
    p->number[0] = s.token;
    const uint64_t root = p->number[1] = sp_root(p, 0, s);
    REQUIRE_OK(sp_mmap(p, 0, s, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 0, 0, s, root, 8, 1));
    REQUIRE_OK(vipc_space_clone(&p->v[0], s, &c, VIPC_FOREVER));
    CHECK_EQ(sp_load(p, 1, 0, s, root, 8), 1);
    p->flush_waits = 1;
    p->on_flush = edge_second_writer;
    CHECK_OK(sp_store(p, 0, 0, s, root, 8, 2));
    CHECK_EQ(p->number[2], 1);
    CHECK_EQ(sp_load(p, 1, 0, s, root, 8), 2);
    CHECK_EQ(sp_load(p, 3, 0, c, sp_root(p, 0, c), 8), 1);
    CHECK_OK(vipc_leave(&p->v[2]));
    SP_END(p, 2);
}
static void edge_goes_on_writing(sp *p)      /* CPU 1, by what it still has, if anything: its flush is just on the way */
{
    const uint64_t entry = SP_GET(&p->tlb[1][p->number[1]][8]);
    p->on_flush = NULL;
    if (entry & VIPC_PROT_WRITE) p->pool[((entry >> 8) - 1) << p->page_shift] = 5;
    p->number[2] = entry & VIPC_PROT_WRITE;
}
static void edge_debugger_writes(sp *p)
{
    p->on_flush = edge_goes_on_writing;
    CHECK_OK(vipc_space_write(&p->v[1], (vipc_cap){ p->number[0] }, sp_addr(p, 8) + 1, "d", 1, NULL));
}
TEST(a_write_during_a_clone_loses_no_other)
{
    sp *p = edge_open(12, 2);
    vipc_cap s = sp_space(p, 0), t = sp_grant(p, 0, s, 1), c = VIPC_INIT;
    p->number[0] = t.token;
    const uint64_t root = p->number[1] = sp_root(p, 0, s);
    REQUIRE_OK(sp_mmap(p, 0, s, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 1, 0, s, root, 8, 1));
    p->flush_waits = 1;
    p->on_flush = edge_debugger_writes;
    REQUIRE_OK(vipc_space_clone(&p->v[0], s, &c, VIPC_FOREVER));
    CHECK_EQ(sp_load(p, 0, 0, s, root, 8), p->number[2] ? 5 : 1);
    char d = 0;
    CHECK_OK(vipc_space_read(&p->v[0], s, sp_addr(p, 8) + 1, &d, 1, NULL));
    CHECK_EQ(d, 'd');
    SP_END(p, 2);
}
static void edge_destroys(sp *p)
{
    vipc_cap s = { p->number[0] };
    p->on_flush = NULL;
    CHECK(vipc_destroy(&p->v[1], s, VIPC_NOW) != VIPC_OK);
    p->number[2]++;
}
TEST(a_space_does_not_go_while_it_is_flushed)
{
    sp *p = edge_open(12, 2);
    vipc_cap s = sp_space(p, 1), t = sp_grant(p, 1, s, 0);
    const uint64_t root = sp_root(p, 0, t);
    REQUIRE_OK(sp_mmap(p, 0, t, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 1, 0, t, root, 8, 1));
    p->flush_waits = 1;
    p->number[0] = s.token;
    p->on_flush = edge_destroys;
    CHECK_OK(vipc_space_unmap(&p->v[0], t, sp_addr(p, 8), 1, VIPC_FOREVER));
    CHECK_EQ(p->number[2], 1);
    CHECK_EQ(vipci_load64(&p->v[0], &vipci_mine(&p->v[0])->intent), 0);
    CHECK_EQ(vipc_space_unmap(&p->v[0], t, sp_addr(p, 9), 1, VIPC_FOREVER), VIPC_ERR_CLOSED);
    CHECK_OK(vipc_destroy(&p->v[1], s, VIPC_NOW));
    SP_END(p, 2);
}
static void edge_revokes(sp *p)
{
    p->on_flush = NULL;
    CHECK_OK(vipc_revoke(&p->v[1], (vipc_cap){ p->number[0] }, VIPC_NOW));
    p->number[2]++;
}
TEST(a_revoked_capability_maps_and_writes_nothing)
{
    for (int write = 0; write < 2; write++) {
        sp *p = edge_open(12, 2);
        vipc_cap top = sp_space(p, 1), s = VIPC_INIT, t = VIPC_INIT, c = VIPC_INIT;
        REQUIRE_OK(vipc_derive(&p->v[1], top, NULL, &s));
        REQUIRE_OK(vipc_grant(&p->v[1], s, vipc_self(&p->v[0]), NULL, &t));
        const uint64_t root = sp_root(p, 0, t);
        vipc_space_region r;
        char now = 0;
        REQUIRE_OK(sp_mmap(p, 0, t, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
        CHECK_OK(sp_store(p, 1, 0, t, root, 8, 1));
        REQUIRE_OK(vipc_space_clone(&p->v[1], top, &c, VIPC_FOREVER));
        CHECK_EQ(sp_load(p, 1, 0, t, root, 8), 1);
        p->flush_waits = 1;
        p->number[0] = s.token;
        p->on_flush = edge_revokes;
        if (write) {
            REQUIRE_OK(sp_mmap(p, 1, top, 100, 1, VIPC_MAP_FIXED, VIPC_NOW));
            p->on_flush = NULL;
            CHECK_OK(sp_store(p, 1, 0, t, root, 100, 1));
            CHECK_EQ(vipc_space_unmap(&p->v[1], top, sp_addr(p, 100), 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
            p->on_flush = edge_revokes;
            CHECK_EQ(vipc_space_write(&p->v[0], t, sp_addr(p, 8), "w", 1, NULL), VIPC_ERR_INVALID_CAPABILITY);
            CHECK_OK(vipc_space_read(&p->v[1], top, sp_addr(p, 8), &now, 1, NULL));
            CHECK_EQ(now, 1);
        } else {
            CHECK_EQ(sp_mmap(p, 0, t, 8, 4, VIPC_MAP_FIXED, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
            CHECK_EQ(vipc_space_find(&p->v[1], top, sp_addr(p, 8), &r), VIPC_ERR_NOT_FOUND);
        }
        CHECK_EQ(p->number[2], 1);
        SP_END(p, 2);
    }
}
TEST(what_is_being_freed_is_unmapped_by_unmap)
{
    sp *p = edge_open(12, 1);
    vipc_cap s = sp_space(p, 0);
    vipc_space_region r;
    REQUIRE_OK(sp_mmap(p, 0, s, 8, 4, VIPC_MAP_FIXED, VIPC_NOW));
    CHECK_OK(sp_store(p, 1, 0, s, sp_root(p, 0, s), 8, 1));
    p->flush_waits = 1;
    CHECK_EQ(vipc_space_free(&p->v[0], s, sp_addr(p, 8), 4 << 12, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(vipc_space_protect(&p->v[0], s, sp_addr(p, 8), 4 << 12, VIPC_PROT_READ, VIPC_NOW), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_space_free(&p->v[0], s, sp_addr(p, 8), 4 << 12, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    CHECK_OK(vipc_space_unmap(&p->v[0], s, sp_addr(p, 8), 4 << 12, VIPC_FOREVER));
    CHECK_EQ(vipc_space_find(&p->v[0], s, sp_addr(p, 8), &r), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_space_free(&p->v[0], s, sp_addr(p, 8), 4 << 12, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    SP_END(p, 1);
}

/* ---- the largest steps ---- */
static uint64_t edge_random(uint64_t *x) { *x ^= *x << 13; *x ^= *x >> 7; *x ^= *x << 17; return *x; }
TEST(steps_stay_within_the_log)
{
    uint64_t x = 88172645463325252u;
    vipc_stack_desc small = VIPC_INIT;
    small.size = 5 << 12;
    small.first = 1 << 12;
    edge_log_most = edge_redo_most = 0;
    for (uint32_t shift = 8; shift <= 12; shift += 4) {
        sp *p = edge_open(shift, 2);
        vipc_cap s[3] = { sp_space(p, 0), VIPC_INIT, VIPC_INIT };
        for (int i = 0; i < 12000; i++) {
            vipc_cap *c = &s[edge_random(&x) % 3];
            const uint64_t at = edge_random(&x) % 4000, n = 1 + edge_random(&x) % (edge_random(&x) % 4 ? 3 : 90);
            p->low_first = edge_random(&x) & 1;              /* frames that are no neighbours */
            if (!c->token) { (void)vipc_space_clone(&p->v[0], s[0], c, VIPC_FOREVER); continue; }
            const uint64_t root = sp_root(p, 0, *c);
            switch (edge_random(&x) % 9) {
            case 0: case 1: (void)sp_mmap(p, 0, *c, at, n, VIPC_MAP_FIXED | (edge_random(&x) & 1 ? VIPC_MAP_POPULATE : VIPC_MAP_SHARED), VIPC_FOREVER); break;
            case 2: (void)sp_mmap(p, 0, *c, at, n, VIPC_MAP_FIXED, VIPC_FOREVER); break;
            case 3: CHECK_OK(vipc_space_unmap(&p->v[0], *c, sp_addr(p, at), n << shift, VIPC_FOREVER)); break;
            case 4: (void)vipc_space_protect(&p->v[0], *c, sp_addr(p, at), n << shift, (uint32_t)(edge_random(&x) % 4), VIPC_FOREVER); break;
            case 5: case 6: for (uint64_t k = at; k < at + n && k < 4090; k++) (void)sp_store(p, (unsigned)(k & 3), 0, *c, root, k, 1); break;
            case 7: (void)sp_load(p, 0, 0, *c, root, at); break;
            default: if (edge_random(&x) & 1) { vipc_stack k; (void)vipc_space_stack_create(&p->v[0], *c, &small, &k); }
                     else if (c != s && edge_random(&x) % 4 == 0) { CHECK_OK(vipc_destroy(&p->v[0], *c, VIPC_NOW)); c->token = 0; }
            }
            if (i % 1000 == 0) SP_CHECK(p, 1);
        }
        vipc_space_info info;
        CHECK_OK(vipc_space_get(&p->v[0], s[0], &info));
        printf("    %u regions; at most %llu words in the log, %llu runs of frames to give back\n", info.regions, (unsigned long long)edge_log_most, (unsigned long long)edge_redo_most);
        SP_END(p, 2);
    }
    CHECK(edge_log_most > 100 && edge_log_most <= VIPCI_LOG_MAX - 32);
    CHECK(edge_redo_most >= VIPCI_STEP_PAGES - 4 && edge_redo_most < VIPCI_REDO_MAX);
}

RUN_TESTS(T(the_last_word_of_the_tables_is_rolled_back), T(frame_0_has_no_neighbour_before_it), T(no_two_spaces_are_taken_for_one_another),
          T(a_port_that_makes_nothing_and_says_ok), T(to_the_last_page_of_all_sizes), T(killed_before_the_page_tables_know), T(a_root_that_was_given_to_another_is_left_alone),
          T(killed_while_it_gives_back_what_nobody_saw), T(killed_while_its_copy_waits),
          T(a_break_is_not_moved_in_another_space), T(nothing_is_freed_in_another_space), T(a_heap_that_grows_while_it_shrinks), T(another_region_leaves_where_one_has_left),
          T(a_heap_grows_whatever_else_is_owed), T(what_was_touched_is_there_whatever_else_is_owed), T(nobody_sees_a_copy_while_another_sees_the_original),
          T(a_write_during_a_clone_loses_no_other), T(a_space_does_not_go_while_it_is_flushed), T(a_revoked_capability_maps_and_writes_nothing),
          T(what_is_being_freed_is_unmapped_by_unmap), T(steps_stay_within_the_log),
          T(race38_what_is_unmapped_behind_a_flush))
