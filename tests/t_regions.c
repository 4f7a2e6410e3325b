/* t_regions.c - the tree of a space's regions against a sorted array: finds, gaps, inserts, removals and changes in several shapes, steps of one or several operations
 * rolled back at random and cut off after every machine instruction, the worst trees there are, the table at its fullest, and damaged nodes.
 * VIPC_TEST_SEED=n repeats a run. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mock.h"
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

enum { MODEL = 20000, LOG_MOST = 110 };
typedef struct model { vipci_area r[MODEL]; uint32_t n; } model;
typedef struct bed { mock m; vipc *v; vipci_domain *d; vipci_space *s; unsigned char *copy; uint64_t seed, log_most; } bed;
static model told;

static uint64_t random_below(bed *b, uint64_t n) { return (mock_random(&b->seed) >> 16) % n; }
static void bed_make(bed *b, uint32_t max_regions)
{
    vipc_config c = VIPC_INIT;
    const char *given = getenv("VIPC_TEST_SEED");
    memset(b, 0, sizeof *b);
    c.max_processes = c.max_threads = 2;
    c.max_objects = c.max_capabilities = 16;
    c.max_spaces = 2;
    c.max_regions = max_regions;
    c.max_frames = 16;
    mock_open(&b->m, &c, 1, 16);
    b->v = &b->m.v[0];
    b->d = vipci_d(b->v);
    b->s = vipci_space_at(b->v, 0);
    b->copy = (unsigned char *)malloc((size_t)b->v->length);
    REQUIRE(b->copy != NULL);
    b->seed = given ? strtoull(given, NULL, 0) : 0x9e3779b97f4a7c15u;
    told.n = 0;
}
static void bed_end(bed *b)
{
    free(b->copy);
    b->s->tree = b->s->regions = 0;                          /* the record was never anybody's */
    mock_release(&b->m);
}

/* ---- the model ---- */
static uint32_t model_at(uint64_t at)                        /* index of the first that ends above */
{
    uint32_t low = 0, high = told.n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (told.r[mid].end > at) high = mid; else low = mid + 1;
    }
    return low;
}
static int model_fits(uint64_t start, uint64_t end)
{
    uint32_t i = model_at(start);
    return start < end && (i == told.n || told.r[i].start >= end);
}
static void model_insert(const vipci_area *r)
{
    uint32_t i = model_at(r->start);
    memmove(&told.r[i + 1], &told.r[i], (told.n++ - i) * sizeof told.r[0]);
    told.r[i] = *r;
}
static void model_remove(uint32_t i) { memmove(&told.r[i], &told.r[i + 1], (--told.n - i) * sizeof told.r[0]); }
static int model_low(uint64_t from, uint64_t to, uint64_t size, uint64_t *at)
{
    if (size == 0 || from >= to) return 0;
    for (uint32_t i = model_at(from); ; i++) {
        if (i < told.n && told.r[i].start <= from) { from = told.r[i].end; continue; }
        uint64_t top = i < told.n && told.r[i].start < to ? told.r[i].start : to;
        *at = from;
        if (from < top && top - from >= size) return 1;
        if (top == to) return 0;
        from = told.r[i].end;
        if (from >= to) return 0;
    }
}
static int model_high(uint64_t from, uint64_t to, uint64_t size, uint64_t *at)
{
    if (size == 0 || from >= to) return 0;
    for (uint32_t i = model_at(to - 1) + 1; ; i--) {         /* i - 1: the next region downwards */
        if (i > told.n) continue;
        uint64_t end = i ? told.r[i - 1].end : 0, bottom = end > from ? end : from;
        if (i && told.r[i - 1].start >= to) continue;
        if (bottom < to && to - bottom >= size) { *at = to - size; return 1; }
        if (i == 0 || end <= from) return 0;
        if (told.r[i - 1].start < to) to = told.r[i - 1].start;
        if (to <= from) return 0;
    }
}

/* ---- comparing ---- */
static int same(const vipci_area *a, const vipci_area *b) { return a->start == b->start && a->end == b->end && a->a == b->a && a->b == b->b; }
static void compare_finds(bed *b, uint64_t at)
{
    vipci_area got;
    uint32_t i = model_at(at);
    bool found = vipci_region_at(b->v, b->s, at, &got);
    if (CHECK_EQ(found, i < told.n) && found) CHECK(same(&got, &told.r[i]));
    found = vipci_region_below(b->v, b->s, at, &got);
    if (CHECK_EQ(found, i > 0) && found) CHECK(same(&got, &told.r[i - 1]));
}
static void compare_gaps(bed *b, uint64_t from, uint64_t to, uint64_t size)
{
    uint64_t got = 0, want = 0;
    int is = model_low(from, to, size, &want);
    if (CHECK_EQ(vipci_gap_low(b->v, b->s, from, to, size, &got), is) && is) CHECK_EQ(got, want);
    is = model_high(from, to, size, &want);
    if (CHECK_EQ(vipci_gap_high(b->v, b->s, from, to, size, &got), is) && is) CHECK_EQ(got, want);
    if (test_failures_) printf("    gap of %llu in [%llu, %llu)\n", (unsigned long long)size, (unsigned long long)from, (unsigned long long)to);
}
static uint32_t free_nodes(bed *b)
{
    uint32_t n = 0;
    for (uint32_t link = b->d->free_node; link && link <= b->v->max_nodes && n <= b->v->max_nodes; link = vipci_node_at(b->v, link - 1)->next) {
        n++;
        if (vipci_node_at(b->v, link - 1)->order) return ~0u;
    }
    return n;
}
static void compare_all(bed *b)
{
    uint32_t nodes = 0;
    vipci_area got;
    uint64_t at = 0;
    CHECK_EQ(vipci_regions_check(b->v, b->s, &nodes), 0);
    CHECK_EQ(b->s->regions, told.n);
    CHECK_EQ(b->d->regions, told.n);
    CHECK_EQ(b->d->used_nodes, nodes + free_nodes(b));
    CHECK(nodes <= told.n / 6 + 1);                          /* what vipci_nodes promises, of one space */
    for (uint32_t i = 0; i < told.n && test_failures_ == 0; i++, at = got.end) REQUIRE(vipci_region_at(b->v, b->s, at, &got) && same(&got, &told.r[i]));
}
/* All of the domain but what nobody looks at: slots that no order names, links of nodes in use, bodies and levels of free nodes, and the log's old entries. */
static int changed_since(bed *b)
{
    vipci_domain *then = (vipci_domain *)(void *)b->copy;
    if (memcmp(b->v->base + offsetof(vipci_domain, next_space), b->copy + offsetof(vipci_domain, next_space), offsetof(vipci_domain, log_count) - offsetof(vipci_domain, next_space))) return 1;
    vipci_space space = *b->s;
    space.version = ((vipci_space *)(void *)(b->copy + ((unsigned char *)b->s - b->v->base)))->version;     /* is not logged */
    if (memcmp(&space, b->copy + ((unsigned char *)b->s - b->v->base), sizeof space)) return 2;
    for (uint32_t i = 0; i < b->v->max_nodes; i++) {
        vipci_node *now = vipci_node_at(b->v, i), *was = (vipci_node *)(void *)(b->copy + ((unsigned char *)now - b->v->base));
        if (now->order != was->order) return 3;
        if (was->order == 0) {
            if (i < then->used_nodes && now->next != was->next) return 4;
            continue;
        }
        if (now->level != was->level) return 5;
        for (uint32_t k = 0; k < vipci_entries(was->order); k++) {
            uint32_t slot = vipci_nth(was->order, k);
            if (now->start[slot] != was->start[slot] || now->end[slot] != was->end[slot] || now->a[slot] != was->a[slot] || now->b[slot] != was->b[slot]) return 6;
        }
    }
    return 0;
}
static void remember(bed *b) { memcpy(b->copy, b->v->base, (size_t)b->v->length); }

/* ---- operations: each sees to its step itself ---- */
static void step_ends(bed *b)
{
    if (b->d->log_count > b->log_most) b->log_most = b->d->log_count;
    vipci_commit(b->v);
}
static void do_insert(bed *b, const vipci_area *r)
{
    if (!model_fits(r->start, r->end)) {
        CHECK_EQ(vipci_region_insert(b->v, b->s, r), b->d->regions == b->v->max_regions ? VIPC_ERR_LIMIT : VIPC_ERR_CORRUPT);
        CHECK_EQ(b->d->log_count, 0);
        return;
    }
    if (b->d->regions == b->v->max_regions) {
        CHECK_EQ(vipci_regions_room(b->v, b->s, 1), VIPC_ERR_LIMIT);
        CHECK_EQ(vipci_region_insert(b->v, b->s, r), VIPC_ERR_LIMIT);
        CHECK_EQ(b->d->log_count, 0);
        return;
    }
    CHECK_OK(vipci_regions_room(b->v, b->s, 1));
    REQUIRE_OK(vipci_region_insert(b->v, b->s, r));
    model_insert(r);
    step_ends(b);
}
static void do_remove(bed *b, uint32_t i)
{
    REQUIRE_OK(vipci_region_remove(b->v, b->s, told.r[i].start));
    model_remove(i);
    step_ends(b);
}
static void do_change(bed *b, uint32_t i, const vipci_area *to)
{
    int fits = to->start < to->end && (i == 0 || told.r[i - 1].end <= to->start) && (i + 1 == told.n || to->end <= told.r[i + 1].start);
    CHECK_EQ(vipci_region_change(b->v, b->s, told.r[i].start, to), fits ? VIPC_OK : VIPC_ERR_CORRUPT);
    if (!fits) CHECK_EQ(b->d->log_count, 0);
    if (fits) told.r[i] = *to;
    step_ends(b);
}
/* Several operations in one step, taken back. */
static void do_and_undo(bed *b, uint32_t operations, uint64_t span)
{
    remember(b);
    for (uint32_t k = 0; k < operations && b->d->log_count < VIPCI_LOG_MAX - LOG_MOST; k++) {
        vipci_area r;
        r.start = random_below(b, span);
        r.end = r.start + 1 + random_below(b, 40);
        r.a = r.b = k;
        if (random_below(b, 2)) (void)vipci_region_insert(b->v, b->s, &r);
        else if (vipci_region_at(b->v, b->s, r.start, &r)) {
            if (random_below(b, 4)) CHECK_OK(vipci_region_remove(b->v, b->s, r.start));
            else { vipci_area to = r; to.end -= to.end - to.start > 1; to.a++; CHECK_OK(vipci_region_change(b->v, b->s, r.start, &to)); }
        }
    }
    CHECK(b->d->log_count < VIPCI_LOG_MAX);
    if (random_below(b, 2)) vipci_rollback(b->v);
    else {                                                   /* cut off in the roll-back: the next one does it again */
        uint64_t all = b->d->log_count;
        vipci_rollback(b->v);
        b->d->log_count = all;
        vipci_rollback(b->v);
    }
    CHECK_EQ(changed_since(b), 0);
}

/* ---- shapes ---- */
enum shape { ASCENDING, DESCENDING, RANDOM, CLUSTERED };
static void workload(enum shape shape, uint32_t max_regions, uint32_t operations)
{
    bed b;
    bed_make(&b, max_regions);
    uint64_t span = (uint64_t)max_regions * 64, place = shape == DESCENDING ? span : 0, cluster = 0;
    printf("    seed 0x%llx\n", (unsigned long long)b.seed);
    for (uint32_t k = 0, grow = 1; k < operations && test_failures_ == 0; k++) {
        vipci_area r = { 0, 0, mock_random(&b.seed), k };
        uint64_t size = 1 + random_below(&b, 30), dice = random_below(&b, 16);
        if (told.n >= max_regions || k % 30011 == 30010) grow = 0;      /* phases: up to the brim, down to little */
        if (told.n <= 2 + random_below(&b, max_regions / 3)) grow = 1;
        if (shape == CLUSTERED && random_below(&b, 200) == 0) cluster = random_below(&b, span);
        if (dice < (grow ? 11u : 3u)) {
            r.start = shape == ASCENDING ? place : shape == DESCENDING ? place - size : shape == CLUSTERED ? cluster : random_below(&b, span);
            if ((shape == ASCENDING && r.start > span) || (shape == DESCENDING && r.start < size)) r.start = random_below(&b, span);     /* one lap in order is enough */
            r.end = r.start + size;
            if (shape == ASCENDING) place = r.end + random_below(&b, 3) * 8;
            if (shape == DESCENDING) place = r.start > 64 ? r.start - random_below(&b, 3) * 8 : 0;
            if (shape == CLUSTERED) cluster = r.end + random_below(&b, 2);
            do_insert(&b, &r);
        } else if (dice < 13 && told.n) {
            do_remove(&b, shape == ASCENDING && !grow ? told.n - 1 : (uint32_t)random_below(&b, told.n));
        } else if (dice == 13 && told.n) {
            uint32_t i = (uint32_t)random_below(&b, told.n);
            r.start = told.r[i].start + random_below(&b, 5) - 2;
            r.end = told.r[i].end + random_below(&b, 5) - 2;
            if (r.start > ~(uint64_t)0 - 9) r.start = 0;
            do_change(&b, i, &r);
        } else if (dice == 14) {
            if (random_below(&b, 8) == 0) do_and_undo(&b, 1 + (uint32_t)random_below(&b, 6), span);
        } else {
            uint64_t from = random_below(&b, span), to = from + random_below(&b, span / 8);
            compare_gaps(&b, from, to, 1 + random_below(&b, 100));
            compare_gaps(&b, random_below(&b, 100), span + random_below(&b, 100), 1 + random_below(&b, 900));
        }
        compare_finds(&b, random_below(&b, span + 50));
        if (told.n) {                                        /* at edges */
            vipci_area *e = &told.r[random_below(&b, told.n)];
            compare_finds(&b, e->start);
            compare_finds(&b, e->end);
            compare_finds(&b, e->end - 1);
            compare_gaps(&b, e->end, e->end + size, size);
            compare_gaps(&b, 0, e->start, size);
        }
        if (k % 100 == 0) compare_all(&b);
    }
    compare_all(&b);
    CHECK(b.log_most <= LOG_MOST);
    printf("    %u operations, %u regions at the end, %llu words at most in a step\n", operations, told.n, (unsigned long long)b.log_most);
    bed_end(&b);
}
TEST(ascending) { workload(ASCENDING, 3000, 100000); }
TEST(descending) { workload(DESCENDING, 3000, 100000); }
TEST(random_places) { workload(RANDOM, 3000, 200000); }
TEST(clustered) { workload(CLUSTERED, 3000, 100000); }
TEST(few) { workload(RANDOM, 40, 100000); }


/* ---- the worst trees ---- */
/* A tree of so many levels by hand, each node with `fill` entries, the root with `root_fill`: region i at 64 i + 64, 32 bytes. */
static uint32_t build(bed *b, uint32_t levels, uint32_t root_fill, uint32_t fill)
{
    uint32_t below = 0, count = root_fill, first = 0, at = 0, regions = root_fill;
    for (uint32_t k = 1; k < levels; k++) regions *= fill;
    REQUIRE(regions <= b->v->max_regions);
    for (uint32_t level = 0; level < levels; level++, below = first, first = at) {
        uint32_t each = level + 1 == levels ? root_fill : fill;
        count = level ? count / each : regions / each;
        for (uint32_t i = 0; i < count; i++, at++) {
            vipci_node *n = vipci_node_at(b->v, at);
            n->level = level;
            n->order = each;
            for (uint32_t k = 0; k < each; k++) {
                n->order |= (uint64_t)k << (4 * k + 4);
                uint64_t start = 64 * ((uint64_t)i * each + k) + 64;
                vipci_area leaf = { start, start + 32, i, k };
                vipci_area e = level ? vipci_node_sum(b->v, vipci_node_at(b->v, below + i * each + k), level > 1) : leaf;
                n->start[k] = e.start, n->end[k] = e.end, n->a[k] = e.a, n->b[k] = e.b;
            }
        }
    }
    b->d->used_nodes = at;
    b->s->tree = at;
    b->s->regions = b->d->regions = regions;
    uint32_t nodes;
    REQUIRE_EQ(vipci_regions_check(b->v, b->s, &nodes), 0);
    CHECK_EQ(nodes, at);
    CHECK(at <= regions / 6 + 1);
    return regions;
}
static void check_tree(bed *b, uint32_t regions)
{
    uint32_t nodes;
    CHECK_EQ(vipci_regions_check(b->v, b->s, &nodes), 0);
    CHECK_EQ(b->s->regions, regions);
    CHECK_EQ(b->d->used_nodes, nodes + free_nodes(b));
    CHECK(nodes <= regions / 6 + 1);
}
static vipc_error insert_at(bed *b, uint64_t start)
{
    vipci_area r = { start, start + 8, 5, 6 };
    return vipci_region_insert(b->v, b->s, &r);
}
/* Every node full: one more splits one node of each level, and makes a root. */
TEST(splits_up_to_a_new_root)
{
    for (uint32_t levels = 1, most = 15; levels <= 5; levels++, most *= 15)
        for (uint32_t where = 0; where < 3; where++) {
            bed b;
            bed_make(&b, most + 8);
            uint32_t regions = build(&b, levels, 15, 15);
            uint64_t start = 64 * (uint64_t)(where * (regions / 2)) + 40;
            remember(&b);
            for (uint32_t twice = 0; twice < 2; twice++) {
                REQUIRE_OK(insert_at(&b, start));
                CHECK(b.d->log_count <= 8 * (levels + 1) + 16);
                if (where == 1) printf("    %u levels: %llu words\n", levels, (unsigned long long)b.d->log_count);
                check_tree(&b, regions + 1);
                CHECK_EQ(vipci_node_at(b.v, b.s->tree - 1)->level, levels);
                if (twice) vipci_commit(b.v);
                else {
                    vipci_rollback(b.v);
                    CHECK_EQ(changed_since(&b), 0);
                }
            }
            bed_end(&b);
        }
}
/* A hole in a region of a full tree, in one step: the most that a step of two is to log. */
TEST(a_hole_in_a_full_tree)
{
    for (uint32_t levels = 1, most = 15; levels <= 5; levels++, most *= 15) {
        bed b;
        bed_make(&b, most + 8);
        uint32_t regions = build(&b, levels, 15, 15);
        remember(&b);
        for (uint32_t twice = 0; twice < 2; twice++) {
            vipci_area got, upper;
            REQUIRE(vipci_region_at(b.v, b.s, 64 * (uint64_t)(regions / 2) + 64, &got));
            upper = got;
            got.end -= 20;
            upper.start += 20;
            REQUIRE_OK(vipci_region_change(b.v, b.s, got.start, &got));
            REQUIRE_OK(vipci_region_insert(b.v, b.s, &upper));
            CHECK(b.d->log_count <= 11 * (levels + 1) + 20);
            if (!twice) printf("    %u levels: %llu words\n", levels, (unsigned long long)b.d->log_count);
            check_tree(&b, regions + 1);
            if (twice) vipci_commit(b.v);
            else {
                vipci_rollback(b.v);
                CHECK_EQ(changed_since(&b), 0);
            }
        }
        bed_end(&b);
    }
}
/* Every node at its emptiest: one less merges two nodes of each level, and the root goes.  No tree takes more nodes for its regions. */
TEST(merges_down_to_a_lower_root)
{
    for (uint32_t levels = 2, most = 14; levels <= 7; levels++, most *= 7)
        for (uint32_t where = 0; where < 4; where++) {
            bed b;
            bed_make(&b, most);
            uint32_t regions = build(&b, levels, 2, 7), i = where * (regions / 3);
            uint64_t start = 64 * (uint64_t)(i < regions ? i : regions - 1) + 64;
            remember(&b);
            for (uint32_t twice = 0; twice < 2; twice++) {
                REQUIRE_OK(vipci_region_remove(b.v, b.s, start));
                CHECK(b.d->log_count <= 8 * levels + 12);
                if (where == 1 && !twice) printf("    %u levels: %llu words\n", levels, (unsigned long long)b.d->log_count);
                check_tree(&b, regions - 1);
                CHECK_EQ(vipci_node_at(b.v, b.s->tree - 1)->level, levels - 2);
                CHECK_EQ(free_nodes(&b), levels);            /* one of each level, the root among them */
                if (twice) vipci_commit(b.v);
                else {
                    vipci_rollback(b.v);
                    CHECK_EQ(changed_since(&b), 0);
                }
            }
            CHECK_OK(insert_at(&b, start));                  /* full of regions again: there are nodes enough */
            CHECK_EQ(insert_at(&b, start + 10), VIPC_ERR_LIMIT);
            vipci_commit(b.v);
            CHECK_OK(vipci_regions_free_all(b.v, b.s));
            CHECK_EQ(b.d->regions + b.s->regions + b.s->tree, 0);
            CHECK_EQ(free_nodes(&b), b.d->used_nodes);
            bed_end(&b);
        }
}
/* Inserts in order leave full leaves behind. */
TEST(in_order_nodes_are_full)
{
    for (uint32_t down = 0; down < 2; down++) {
        bed b;
        uint32_t nodes, n = 15 * 15 * 15 * 4;
        bed_make(&b, n);
        for (uint32_t i = 0; i < n; i++) {
            REQUIRE_OK(insert_at(&b, 64 + 64 * (uint64_t)(down ? n - 1 - i : i)));
            vipci_commit(b.v);
        }
        CHECK_EQ(vipci_regions_check(b.v, b.s, &nodes), 0);
        CHECK(nodes <= n / 15 + n / 15 / 14 + 8);
        bed_end(&b);
    }
}
/* All regions that there may be, and then the nodes: nothing is changed by what is refused. */
TEST(full)
{
    bed b;
    bed_make(&b, 500);
    vipci_space *other = vipci_space_at(b.v, 1);
    CHECK_OK(vipci_regions_room(b.v, b.s, 500));
    CHECK_EQ(vipci_regions_room(b.v, b.s, 501), VIPC_ERR_LIMIT);
    for (uint32_t i = 0; i < 500; i++) {
        vipci_area r = { 100 * (uint64_t)(i * 37 % 500), 100 * (uint64_t)(i * 37 % 500) + 50, 1, 2 };
        CHECK_OK(vipci_region_insert(b.v, i & 1 ? other : b.s, &r));
        vipci_commit(b.v);
    }
    remember(&b);
    CHECK_EQ(b.d->regions, 500);
    CHECK_EQ(insert_at(&b, 60), VIPC_ERR_LIMIT);
    CHECK_EQ(vipci_regions_room(b.v, b.s, 1), VIPC_ERR_LIMIT);
    CHECK_OK(vipci_regions_room(b.v, b.s, 0));
    CHECK_EQ(b.d->log_count, 0);
    CHECK_EQ(changed_since(&b), 0);
    vipci_area got;
    CHECK_EQ(vipci_region_remove(b.v, b.s, 1), VIPC_ERR_CORRUPT);      /* none starts there */
    REQUIRE(vipci_region_at(b.v, b.s, 0, &got));
    CHECK_EQ(vipci_region_remove(b.v, b.s, got.start + 1), VIPC_ERR_CORRUPT);
    got.end = got.start;
    CHECK_EQ(vipci_region_change(b.v, b.s, got.start, &got), VIPC_ERR_CORRUPT);
    CHECK_EQ(vipci_region_insert(b.v, b.s, &got), VIPC_ERR_CORRUPT);
    CHECK_EQ(changed_since(&b), 0);
    b.v->max_regions = 600;                                  /* no node that was never used, and none that is free */
    b.v->max_nodes = b.d->used_nodes;
    b.d->free_node = 0;
    remember(&b);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < 100; i++) {
        vipc_error e = insert_at(&b, 100 * (uint64_t)i + 60);
        CHECK(e == VIPC_OK || e == VIPC_ERR_LIMIT);
        if (e == VIPC_OK) vipci_commit(b.v);
        else {
            vipci_rollback(b.v);
            CHECK_EQ(changed_since(&b), 0);
            refused++;
        }
        uint32_t nodes;
        CHECK_EQ(vipci_regions_check(b.v, b.s, &nodes), 0);
        remember(&b);
    }
    CHECK(refused > 0);
    bed_end(&b);
}
/* Nodes from the free list that go back there in the same step, in another order, and one in use that goes and comes back as another. */
TEST(nodes_within_a_step)
{
    bed b;
    vipci_node *n[4];
    vipc_error e;
    vipci_area r = { 1, 2, 3, 4 }, other = { 5, 6, 7, 8 };
    bed_make(&b, 100);
    for (uint32_t i = 0; i < 4; i++) {
        REQUIRE((n[i] = vipci_node_take(b.v, 0, &e)) != NULL);
        CHECK(vipci_node_add(b.v, n[i], 0, &r));
    }
    for (uint32_t i = 0; i < 3; i++) vipci_node_free(b.v, n[i]);
    vipci_commit(b.v);
    CHECK_EQ(free_nodes(&b), 3);
    remember(&b);
    vipci_node *x = vipci_node_take(b.v, 1, &e), *y = vipci_node_take(b.v, 2, &e);
    REQUIRE(x == n[2] && y == n[1]);
    vipci_node_free(b.v, x);
    vipci_node_free(b.v, y);
    vipci_node_free(b.v, n[3]);
    REQUIRE(vipci_node_take(b.v, 1, &e) == n[3]);
    CHECK(vipci_node_add(b.v, n[3], 0, &other) && vipci_node_add(b.v, n[3], 0, &other));
    vipci_rollback(b.v);
    CHECK_EQ(changed_since(&b), 0);
    CHECK_EQ(free_nodes(&b), 3);
    b.d->free_node = vipci_node_link(b.v, n[3]);             /* which is in use */
    CHECK(vipci_node_take(b.v, 0, &e) == NULL);
    CHECK_EQ(e, VIPC_ERR_CORRUPT);
    bed_end(&b);
}
/* Neither end of the numbers is special. */
TEST(edges)
{
    bed b;
    uint64_t top = ~(uint64_t)0, at;
    vipci_area low = { 0, 10, 1, 2 }, high = { top - 10, top, 3, 4 }, got;
    bed_make(&b, 100);
    CHECK(!vipci_region_at(b.v, b.s, 0, &got) && !vipci_region_below(b.v, b.s, top, &got));
    CHECK(vipci_gap_low(b.v, b.s, 0, top, top, &at) && at == 0);
    CHECK(vipci_gap_high(b.v, b.s, 0, top, top, &at) && at == 0);
    CHECK(!vipci_gap_low(b.v, b.s, 5, 5, 1, &at) && !vipci_gap_high(b.v, b.s, 5, 5, 1, &at));
    CHECK(!vipci_gap_low(b.v, b.s, 5, 9, 0, &at) && !vipci_gap_high(b.v, b.s, 5, 9, 0, &at));
    CHECK(!vipci_gap_low(b.v, b.s, 5, 9, 5, &at) && !vipci_gap_high(b.v, b.s, 5, 9, 5, &at));
    CHECK_OK(vipci_region_insert(b.v, b.s, &low));
    CHECK_OK(vipci_region_insert(b.v, b.s, &high));
    vipci_commit(b.v);
    CHECK(vipci_region_at(b.v, b.s, 0, &got) && same(&got, &low));
    CHECK(vipci_region_at(b.v, b.s, 10, &got) && same(&got, &high));
    CHECK(!vipci_region_at(b.v, b.s, top, &got));
    CHECK(vipci_region_below(b.v, b.s, top, &got) && same(&got, &high));
    CHECK(vipci_region_below(b.v, b.s, 10, &got) && same(&got, &low));
    CHECK(!vipci_region_below(b.v, b.s, 9, &got));
    CHECK(vipci_gap_low(b.v, b.s, 0, top, top - 20, &at) && at == 10);
    CHECK(vipci_gap_high(b.v, b.s, 0, top, top - 20, &at) && at == 10);
    CHECK(!vipci_gap_low(b.v, b.s, 0, top, top - 19, &at) && !vipci_gap_high(b.v, b.s, 0, top, top - 19, &at));
    CHECK(!vipci_gap_low(b.v, b.s, 3, 7, 1, &at) && !vipci_gap_high(b.v, b.s, 3, 7, 1, &at));
    CHECK(!vipci_gap_low(b.v, b.s, top - 5, top, 1, &at) && !vipci_gap_high(b.v, b.s, top - 5, top, 1, &at));
    bed_end(&b);
}

/* ---- cut off anywhere ---- */
#if defined(__linux__) && (defined(__x86_64__) || defined(__i386__))
/* The processor traps after each instruction of an operation.  Where memory has changed since the last one, the handler is the survivor: it rolls back what is not committed, looks,
 * and puts everything back as it was for the next instruction. */
static struct { bed *b; unsigned char *last; uint64_t looks, committed; int clearing, begun, failures; } cut;
static void look(void)
{
    bed *b = cut.b;
    uint32_t nodes = 0;
    if (memcmp(cut.last, b->v->base, (size_t)b->v->length) == 0) return;
    memcpy(cut.last, b->v->base, (size_t)b->v->length);
    cut.looks++;
    int done = cut.begun && b->d->log_count == 0;
    cut.begun |= b->d->log_count != 0;
    if (b->d->log_count) vipci_rollback(b->v);
    cut.committed += (uint64_t)done;
    if (!cut.clearing && !done && changed_since(b)) cut.failures++;
    if (vipci_regions_check(b->v, b->s, &nodes) || b->d->used_nodes != nodes + free_nodes(b)) cut.failures++;
    if (cut.clearing && (vipci_regions_free_all(b->v, b->s) != VIPC_OK || b->d->regions || b->s->regions || b->s->tree || free_nodes(b) != b->d->used_nodes)) cut.failures++;
    memcpy(b->v->base, cut.last, (size_t)b->v->length);
}
#define FLAGS(context) ((ucontext_t *)(context))->uc_mcontext.gregs[REG_EFL]
static void trapped(int number, siginfo_t *info, void *context)
{
    (void)info;
    if (number == SIGUSR1) FLAGS(context) |= 0x100;
    else if (number == SIGUSR2) FLAGS(context) &= ~0x100;
    else look();
}
static void cut_begin(bed *b)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    memset(&cut, 0, sizeof cut);
    cut.b = b;
    cut.last = (unsigned char *)malloc((size_t)b->v->length);
    REQUIRE(cut.last != NULL);
    action.sa_sigaction = trapped;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    remember(b);
    memcpy(cut.last, b->v->base, (size_t)b->v->length);
}
static void cut_end(const char *what)
{
    printf("    %s: %llu moments, %llu of them committed\n", what, (unsigned long long)cut.looks, (unsigned long long)cut.committed);
    CHECK_EQ(cut.failures, 0);
    CHECK(cut.looks > 10);
    free(cut.last);
}
#define CUT(b, what, code) do { cut_begin(b); cut.clearing = 0; raise(SIGUSR1); code; vipci_commit((b)->v); raise(SIGUSR2); cut_end(what); } while (0)
TEST(cut_off_after_every_instruction)
{
    bed b;
    vipc_error e = VIPC_OK;
    vipci_area to = { 64 * 3 + 70, 64 * 3 + 80, 7, 8 };
    bed_make(&b, 15 * 15 + 20);
    (void)build(&b, 2, 15, 15);
    CUT(&b, "splits, a new root", e = insert_at(&b, 64 * 100 + 40));
    CHECK_OK(e);
    CUT(&b, "into a leaf", e = insert_at(&b, 64 * 100 + 50));
    CHECK_OK(e);
    for (uint64_t i = 0; i < 6; i++) CHECK_OK(insert_at(&b, 64 * 101 + 40 + 64 * i));
    vipci_commit(b.v);
    check_tree(&b, 225 + 8);
    CUT(&b, "a change", e = vipci_region_change(b.v, b.s, 64 * 3 + 64, &to));
    CHECK_OK(e);
    for (uint64_t i = 0; i < 8; i++) CHECK_OK(vipci_region_remove(b.v, b.s, 64 * (15 + i) + 64));
    vipci_commit(b.v);
    CUT(&b, "one that borrows", e = vipci_region_remove(b.v, b.s, 64 * 23 + 64));
    CHECK_OK(e);
    CUT(&b, "a shift", e = insert_at(&b, 64 * 4 + 40));
    CHECK_OK(e);
    cut_begin(&b);
    cut.clearing = 1;
    raise(SIGUSR1);
    e = vipci_regions_free_all(b.v, b.s);
    raise(SIGUSR2);
    CHECK_OK(e);
    cut_end("all go");
    bed_end(&b);

    bed_make(&b, 98);
    (void)build(&b, 3, 2, 7);
    CUT(&b, "merges, the root goes", e = vipci_region_remove(b.v, b.s, 64 * 50 + 64));
    CHECK_OK(e);
    CUT(&b, "a removal and two inserts", {
        e = vipci_region_remove(b.v, b.s, 64 * 51 + 64);
        for (uint64_t i = 0; i < 2 && e == VIPC_OK; i++) e = insert_at(&b, 64 * 50 + 70 + 9 * i); });
    CHECK_OK(e);
    check_tree(&b, 98);
    bed_end(&b);
}
#else
TEST(cut_off_after_every_instruction) { SKIP("single steps need Linux on x86"); }
#endif

/* ---- damage ---- */
static void damage(bed *b)
{
    uint32_t nodes = b->d->used_nodes ? b->d->used_nodes : 1;
    for (uint64_t words = 1 + random_below(b, 6); words; words--) {
        vipci_node *n = vipci_node_at(b->v, (uint32_t)random_below(b, nodes)), *other = vipci_node_at(b->v, (uint32_t)random_below(b, nodes));
        vipci_u64 *word = (vipci_u64 *)(void *)n + random_below(b, sizeof *n / 8), *elsewhere = (vipci_u64 *)(void *)other + random_below(b, sizeof *n / 8);
        switch (random_below(b, 9)) {
        case 0: *word = mock_random(&b->seed); break;
        case 1: *word = random_below(b, nodes + 3); break;
        case 2: *word ^= (uint64_t)1 << random_below(b, 64); break;
        case 3: *word = *elsewhere; break;
        case 4: *word = ~(uint64_t)0 - random_below(b, 3); break;
        case 5: n->level = (uint32_t)random_below(b, 13); break;
        case 6: n->order = (mock_random(&b->seed) & ~(uint64_t)15) | random_below(b, 16); break;
        case 7: n->b[random_below(b, 15)] = random_below(b, nodes + 2); break;
        default:
            switch (random_below(b, 6)) {
            case 0: b->s->tree = (uint32_t)random_below(b, nodes + 2); break;
            case 1: b->s->regions = (uint32_t)mock_random(&b->seed); break;
            case 2: b->d->free_node = (uint32_t)random_below(b, nodes + 2); break;
            case 3: b->d->used_nodes = (uint32_t)random_below(b, nodes + 9); break;
            case 4: b->d->regions = (uint32_t)random_below(b, 600); break;
            default: b->d->log_count = random_below(b, 250); break;
            }
        }
    }
}
/* One thing at a time, and somebody notices. */
TEST(nonsense_is_found)
{
    enum { LEVEL, NO_LINK, FAR_LINK, SLOT_15, TWICE, WIDER, LATER, EMPTY, FEWER, ROOT, KINDS };
    for (uint32_t kind = 0; kind < KINDS; kind++) {
        bed b;
        uint32_t nodes;
        vipci_area got;
        bed_make(&b, 15 * 15 * 15 + 10);
        uint32_t regions = build(&b, 3, 15, 15);
        vipci_node *root = vipci_node_at(b.v, b.s->tree - 1), *middle = vipci_node_at(b.v, (uint32_t)root->b[7] - 1), *leaf = vipci_node_at(b.v, (uint32_t)middle->b[7] - 1);
        uint64_t at = leaf->start[7];
        remember(&b);
        switch (kind) {
        case LEVEL: leaf->level = 1; break;
        case NO_LINK: middle->b[7] = 0; break;
        case FAR_LINK: root->b[7] += (uint64_t)1 << 32; break;
        case SLOT_15: middle->order |= (uint64_t)15 << 20; break;
        case TWICE: leaf->order ^= (uint64_t)1 << 32; break;
        case WIDER: root->a[7]++; break;
        case LATER: middle->end[7]++; break;
        case EMPTY: leaf->order = 0; break;
        case FEWER: b.s->regions--; break;
        default: b.s->tree = b.v->max_nodes + 1; break;
        }
        CHECK(vipci_regions_check(b.v, b.s, &nodes) > 0);
        if (kind < TWICE || kind == EMPTY || kind == ROOT) {
            CHECK(!vipci_region_at(b.v, b.s, at, &got));
            CHECK_EQ(insert_at(&b, at + 40), VIPC_ERR_CORRUPT);
            CHECK_EQ(vipci_region_remove(b.v, b.s, at), VIPC_ERR_CORRUPT);
            CHECK_EQ(b.d->log_count, 0);
        }
        memcpy(b.v->base, b.copy, (size_t)b.v->length);
        b.d->free_node = 1;                                  /* a node that is in use */
        CHECK_EQ(insert_at(&b, at + 40), VIPC_ERR_CORRUPT);
        vipci_rollback(b.v);
        b.d->free_node = b.v->max_nodes + 1;
        CHECK_EQ(insert_at(&b, at + 40), VIPC_ERR_CORRUPT);
        vipci_rollback(b.v);
        b.d->free_node = 0;
        CHECK_EQ(changed_since(&b), 0);
        CHECK_OK(insert_at(&b, at + 40));
        vipci_commit(b.v);
        check_tree(&b, regions + 1);
        bed_end(&b);
    }
}
static void damaged(uint32_t max_regions, uint32_t rounds)
{
    bed b;
    bed_make(&b, max_regions);
    uint64_t span = max_regions * 64;
    uint32_t found = 0, refused = 0;
    alarm(140);                                              /* a hang is a failure, not a wait */
    printf("    seed 0x%llx\n", (unsigned long long)b.seed);
    while (b.d->regions < max_regions * 3 / 4) {
        (void)insert_at(&b, random_below(&b, span));
        vipci_commit(b.v);
    }
    unsigned char *whole = (unsigned char *)malloc((size_t)b.v->length);
    REQUIRE(whole != NULL);
    memcpy(whole, b.v->base, (size_t)b.v->length);
    for (uint32_t k = 0; k < rounds; k++) {
        memcpy(b.v->base, whole, (size_t)b.v->length);
        damage(&b);
        uint32_t nodes;
        found += vipci_regions_check(b.v, b.s, &nodes) != 0;
        for (uint32_t i = 0; i < 12; i++) {
            vipci_area got = { 0, 0, 0, 0 }, to;
            uint64_t at = random_below(&b, span), answer = 0, size = 1 + random_below(&b, 200);
            vipc_error e = VIPC_OK;
            if (vipci_region_at(b.v, b.s, at, &got)) CHECK(got.start < got.end && got.end > at);
            to = got;
            if (vipci_region_below(b.v, b.s, at, &got)) CHECK(got.start < got.end && got.end <= at);
            if (vipci_gap_low(b.v, b.s, at, span, size, &answer)) CHECK(answer >= at && answer < span && size <= span - answer);
            if (vipci_gap_high(b.v, b.s, 5, at + 6, size, &answer)) CHECK(answer >= 5 && answer < at + 6 && size <= at + 6 - answer);
            switch (random_below(&b, 4)) {
            case 0: case 1: e = insert_at(&b, random_below(&b, 4) ? at : to.end); break;
            case 2: e = vipci_region_remove(b.v, b.s, to.start); break;
            default: to.b++; to.end += random_below(&b, 3); e = vipci_region_change(b.v, b.s, to.start, &to); break;
            }
            CHECK(e == VIPC_OK || e == VIPC_ERR_CORRUPT || e == VIPC_ERR_LIMIT);
            refused += e == VIPC_ERR_CORRUPT;
            if (e == VIPC_OK) vipci_commit(b.v); else vipci_rollback(b.v);
        }
        (void)vipci_regions_check(b.v, b.s, &nodes);
        vipc_error e = vipci_regions_free_all(b.v, b.s);
        CHECK(e == VIPC_OK || e == VIPC_ERR_CORRUPT);
    }
    alarm(0);
    printf("    %u damaged trees, %u of them noticed by the check; %u changes refused\n", rounds, found, refused);
    CHECK(found > rounds / 4);
    mock_guards(&b.m, __FILE__, __LINE__);
    free(whole);
    bed_end(&b);
}
TEST(damaged_small) { damaged(60, 60000); }
TEST(damaged_large) { damaged(1500, 8000); }

RUN_TESTS(T(ascending), T(descending), T(random_places), T(clustered), T(few), T(splits_up_to_a_new_root), T(a_hole_in_a_full_tree), T(merges_down_to_a_lower_root),
          T(in_order_nodes_are_full), T(full), T(nodes_within_a_step), T(edges), T(cut_off_after_every_instruction), T(nonsense_is_found), T(damaged_small), T(damaged_large))
