/* t_spacehostile.c - a member that scribbles over what address spaces are made of: records, nodes of the tree, page maps, counts of frames, the domain's own words,
 * the log.  Whatever lies there, every operation ends, within a bound, touches nothing outside, and says something documented.  Each domain is damaged in a child,
 * so that a crash or a hang is a result and not the end; run it under the sanitizers. */
#define _GNU_SOURCE
#include "spaceport.h"
#include <sys/wait.h>
#include <unistd.h>

#define RW (VIPC_PROT_READ | VIPC_PROT_WRITE)
enum { HOSTILE_SECONDS = 20 };
static uint64_t hostile_seed;
static uint64_t hostile_random(void)
{
    hostile_seed ^= hostile_seed << 13;
    hostile_seed ^= hostile_seed >> 7;
    hostile_seed ^= hostile_seed << 17;
    return hostile_seed;
}
static uint64_t hostile_below(uint64_t n) { return hostile_random() % n; }
static vipci_space *hostile_record(sp *p, vipc_cap s)
{
    return vipci_space_of(&p->v[0], vipci_object_at(&p->v[0], vipci_entry_at(&p->v[0], (uint32_t)(s.token & 0xffffff) - 1)->object));
}
static void hostile_said(vipc_error e)
{
    if (e > VIPC_OK || e < VIPC_ERR_HOOK) { printf("    an error that is none: %d\n", (int)e); fflush(stdout); abort(); }
}

/* A domain with something of everything: three spaces, two of them clones of one another; a debt now and then. */
static sp *hostile_domain(uint32_t shift, vipc_cap s[3])
{
    vipc_config c = sp_config(shift);
    vipc_stack k;
    c.max_regions = 600;
    sp *p = sp_open(&c, 2);
    p->lie = 1;                                              /* the log says nothing */
    p->low_first = hostile_random() & 1;
    s[0] = sp_space(p, 0);
    const uint64_t root = sp_root(p, 0, s[0]);
    for (uint64_t i = 0; i < 40; i++) {
        const uint32_t flags = (i % 5 == 0 ? VIPC_MAP_SHARED : 0) | (i % 7 == 0 ? VIPC_MAP_POPULATE : 0);
        REQUIRE_OK(sp_mmap(p, 0, s[0], 4 + 23 * i, 1 + i % 9, VIPC_MAP_FIXED | flags, VIPC_FOREVER));
        if (i % 3) CHECK_OK(sp_store(p, (unsigned)(i & 3), 0, s[0], root, 4 + 23 * i, 1));
        if (i % 4 == 0) CHECK_OK(vipc_space_protect(&p->v[0], s[0], sp_addr(p, 4 + 23 * i), 1, VIPC_PROT_READ, VIPC_FOREVER));
    }
    CHECK_OK(vipc_space_grow_heap(&p->v[0], s[0], (uint64_t)40 << shift, NULL));
    vipc_stack_desc d = VIPC_INIT;
    d.size = (uint64_t)20 << shift;
    d.first = (uint64_t)2 << shift;
    CHECK_OK(vipc_space_stack_create(&p->v[0], s[0], &d, &k));
    CHECK_OK(vipc_space_map_physical(&p->v[0], s[0], (uint64_t)7 << shift, sp_addr(p, 3970), (uint64_t)3 << shift, RW, VIPC_UNCACHED));
    CHECK_OK(vipc_space_clone(&p->v[0], s[0], &s[1], VIPC_FOREVER));
    for (uint64_t i = 0; i < 20; i++) (void)sp_store(p, 1, 0, s[1], sp_root(p, 0, s[1]), 4 + 23 * i, 2);
    s[2] = sp_space(p, 0);
    REQUIRE_OK(sp_mmap(p, 0, s[2], 9, 30, VIPC_MAP_FIXED, VIPC_FOREVER));
    CHECK_OK(vipc_space_write(&p->v[0], s[2], sp_addr(p, 12), "abc", 3, NULL));
    p->flush_waits = 1;
    if (hostile_random() & 1) {
        (void)vipc_space_unmap(&p->v[0], s[0], sp_addr(p, 27), (uint64_t)50 << shift, VIPC_NOW);
        (void)vipc_space_protect(&p->v[0], s[1], sp_addr(p, 4), (uint64_t)1 << shift, VIPC_PROT_READ, VIPC_NOW);
    }
    return p;
}
static uint64_t hostile_value(sp *p, uint64_t was)
{
    vipci_domain *d = vipci_d(&p->v[0]);
    const uint64_t page = (uint64_t)1 << p->page_shift;
    switch (hostile_below(14)) {
    case 0: return 0;
    case 1: return ~(uint64_t)0;
    case 2: return was ^ (uint64_t)1 << hostile_below(64);
    case 3: return was + 1 - hostile_below(3);
    case 4: return hostile_below(40);
    case 5: return hostile_below(SP_FRAMES + 2);             /* a link of a map */
    case 6: return hostile_below(SP_FRAMES + 2) << 8 | hostile_below(4);      /* an entry */
    case 7: return 1 + hostile_below(d->used_nodes + 2);
    case 8: return SP_START + hostile_below(SP_PAGES + 2) * page;
    case 9: return hostile_random() & ~(page - 1);
    case 10: return (uint64_t)1 << hostile_below(64);
    case 11: return hostile_random() & 0xfffffffffffffff0u;
    case 12: return hostile_below(VIPCI_LOG_MAX + 2);
    default: return hostile_random();
    }
}
static uint64_t *hostile_word(sp *p)
{
    vipc *v = &p->v[0];
    vipci_domain *d = vipci_d(v);
    uint64_t *at = NULL;
    switch (hostile_below(12)) {
    case 0: case 1: case 2: at = (uint64_t *)(void *)vipci_space_at(v, (uint32_t)hostile_below(3)) + hostile_below(sizeof(vipci_space) / 8); break;
    case 3: case 4: case 5: at = (uint64_t *)(void *)vipci_node_at(v, (uint32_t)hostile_below(d->used_nodes % v->max_nodes + 1)) + hostile_below(sizeof(vipci_node) / 8); break;
    case 6: at = (uint64_t *)(void *)(v->refs + 8 * hostile_below(SP_FRAMES / 2)); break;
    case 7: case 8: case 9: {                                /* a frame in use: a map's most likely */
        uint64_t f = hostile_below(SP_FRAMES);
        for (uint64_t n = 0; n < SP_FRAMES && !(p->used[f] && !*vipci_refs_at(v, f)); n++) f = (f + 1) % SP_FRAMES;
        at = (uint64_t *)(void *)(p->pool + (f << p->page_shift)) + hostile_below(((uint64_t)1 << p->page_shift) / 8 < 64 ? ((uint64_t)1 << p->page_shift) / 8 : 64);
        break;
    }
    case 10: at = (uint64_t *)(void *)(p->memory + offsetof(vipci_domain, next_pid)) + hostile_below((sizeof(vipci_domain) - offsetof(vipci_domain, next_pid)) / 8); break;
    default: at = (uint64_t *)(void *)vipci_object_at(v, (uint32_t)hostile_below(4)) + hostile_below(sizeof(vipci_object) / 8); break;
    }
    return at;
}
static void hostile_line(void *user, const char *line, size_t length) { (void)line; *(uint64_t *)user += length; }
/* Whatever there is, by either member; answers are of no interest, as long as they are some. */
static void hostile_operations(sp *p, vipc_cap s[3], int turns)
{
    const uint32_t shift = p->page_shift;
    for (int i = 0; i < turns; i++) {
        vipc *v = &p->v[0];
        vipc_cap c = s[hostile_below(3)], copy = VIPC_INIT;
        const vipc_time until = hostile_below(3) ? VIPC_FOREVER : hostile_below(2) ? VIPC_NOW : 1;
        const vipc_addr at = sp_addr(p, hostile_below(SP_PAGES)), where = hostile_below(9) ? at : hostile_random();
        const uint64_t size = (1 + hostile_below(hostile_below(4) ? 12 : 3000)) << shift;
        vipc_space_region r;
        vipc_space_info info;
        vipc_fault_result f;
        vipc_stack k = { at, at + size, at + size, (uint64_t)1 << shift };
        vipc_addr a;
        uint64_t done, text = 0;
        uint32_t n;
        unsigned char bytes[9000];
        p->calls = 0;
        p->fail_hook = hostile_below(6) ? 0 : 1 + (int)hostile_below(9);
        p->fail_after = 1 + (int)hostile_below(5);
        p->fail_with = hostile_below(2) ? VIPC_ERR_OUT_OF_MEMORY : VIPC_ERR_WOULD_BLOCK;
        switch (hostile_below(20)) {
        case 0: hostile_said(sp_mmap(p, 0, c, hostile_below(SP_PAGES), 1 + hostile_below(9), VIPC_MAP_FIXED, until)); break;
        case 1: hostile_said(sp_mmap(p, 0, c, hostile_below(SP_PAGES), 1 + hostile_below(90), hostile_below(2) ? VIPC_MAP_POPULATE : VIPC_MAP_SHARED, until)); break;
        case 2: case 3: hostile_said(vipc_space_unmap(v, c, at, size, until)); break;
        case 4: hostile_said(vipc_space_protect(v, c, at, size, (uint32_t)hostile_below(4), until)); break;
        case 5: case 6: case 7: hostile_said(vipc_page_fault(v, c, where, (uint32_t)1 << hostile_below(3), &f)); break;
        case 8: hostile_said(vipc_space_clone(v, c, &copy, until)); if (copy.token) hostile_said(vipc_destroy(v, copy, VIPC_NOW)); break;
        case 9: hostile_said(vipc_space_set_break(v, c, where, &a, until)); break;
        case 10: hostile_said(vipc_space_grow_heap(v, c, hostile_below(size), &a)); break;
        case 11: hostile_said(vipc_space_stack_create(v, c, NULL, &k)); break;
        case 12: hostile_said(vipc_space_grow_stack(v, c, &k, size)); break;
        case 13: hostile_said(vipc_space_find(v, c, where, &r)); hostile_said(vipc_space_sharers(v, c, where, &n)); hostile_said(vipc_space_get(v, c, &info)); break;
        case 14: hostile_said(vipc_space_read(v, c, where, bytes, 1 + hostile_below(sizeof bytes - 1), &done)); break;
        case 15: memset(bytes, 1, sizeof bytes); hostile_said(vipc_space_write(v, c, where, bytes, 1 + hostile_below(sizeof bytes - 1), &done)); break;
        case 16: hostile_said(vipc_space_touch(v, c, where, hostile_below(20 << shift), RW & (uint32_t)hostile_below(4), &done)); break;
        case 17: hostile_said(vipc_space_map_physical(v, c, hostile_random() & ~(size - 1), at, size, RW, (uint32_t)hostile_below(5))); break;
        case 18: hostile_said(vipc_space_free(v, c, at, size, until)); hostile_said(sp_space_make(p, 1, &copy)); if (copy.token) hostile_said(vipc_destroy(&p->v[1], copy, VIPC_NOW)); break;
        default: if (hostile_below(4) == 0) { hostile_said(vipc_check(v, &n)); hostile_said(vipc_dump(v, hostile_line, &text)); } else hostile_said(vipc_sweep(v, NULL)); break;
        }
    }
}
static void hostile_end(sp *p, vipc_cap s[3])
{
    p->fail_hook = 0;
    for (int i = 0; i < 3; i++) { p->calls = 0; hostile_said(vipc_destroy(&p->v[0], s[i], VIPC_NOW)); }
    p->calls = 0;
    hostile_said(vipc_sweep(&p->v[0], NULL));
    for (int i = 0; i < 2; i++) { p->calls = 0; hostile_said(vipc_leave(&p->v[i])); }
    sp_drop(p);
}
/* `run` in a child of its own; it says where it was when it ends badly. */
static void hostile_child(void (*run)(uint64_t seed), uint64_t seed)
{
    fflush(stdout);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        alarm(HOSTILE_SECONDS);
        hostile_seed = seed * 0x9e3779b97f4a7c15u + 1;
        test_failures_ = 0;
        if (setjmp(test_out_) == 0) run(seed);
        fflush(stdout);
        _exit(test_failures_ != 0);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    if (status) printf("    seed %llu: %s %d\n", (unsigned long long)seed, WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    CHECK_EQ(status, 0);
}
static void hostile_few(uint64_t seed)
{
    for (int round = 0; round < 12; round++) {
        vipc_cap s[3];
        sp *p = hostile_domain(seed % 3 ? 12 : 8, s);
        p->limit = 200000000;
        for (int k = 0; k < 25; k++) {
            for (uint64_t n = hostile_below(3); n-- > 0;) { uint64_t *w = hostile_word(p); *w = hostile_value(p, *w); }
            hostile_operations(p, s, 6);
        }
        hostile_end(p, s);
    }
}
static void hostile_many(uint64_t seed)
{
    for (int round = 0; round < 12; round++) {
        vipc_cap s[3];
        sp *p = hostile_domain(seed & 1 ? 12 : 8, s);
        p->limit = 200000000;
        for (uint64_t n = 20 + hostile_below(300); n-- > 0;) { uint64_t *w = hostile_word(p); *w = hostile_value(p, *w); }
        hostile_operations(p, s, 60);
        hostile_end(p, s);
    }
}
TEST(a_word_here_and_there) { for (uint64_t seed = 1; seed <= 40; seed++) hostile_child(hostile_few, seed); }
TEST(many_words_at_once) { for (uint64_t seed = 101; seed <= 140; seed++) hostile_child(hostile_many, seed); }

/* A page map of nodes that all lead to the same nodes below: as many ways as a map can have, and hardly a frame.  `leaf`: what is at their end. */
static void hostile_maze(uint64_t seed)
{
    static const uint64_t leaves[] = { 0, VIPCI_SEEN, (5u << 8) | VIPCI_SEEN, (5u << 8) | VIPCI_COW | VIPCI_SEEN };
    vipc_cap s[3];
    const uint32_t shift = seed & 1 ? 12 : 8;
    sp *p = hostile_domain(shift, s);
    p->limit = 400000000;
    vipci_space *r = hostile_record(p, s[0]);
    const uint32_t levels = shift == 12 ? 7 : 12, words = 1u << (shift - 3);
    for (uint32_t l = 0; l < levels; l++) {
        uint64_t *node = (uint64_t *)(void *)(p->pool + ((uint64_t)(SP_FRAMES - 1 - l) << shift));
        for (uint32_t i = 0; i < words; i++) node[i] = l ? SP_FRAMES - 1 - l + 1 + 1 : leaves[seed >> 1 & 3];
        p->used[SP_FRAMES - 1 - l] = 1;
    }
    r->levels = levels;
    r->map = SP_FRAMES - levels + 1;
    vipci_node *n = vipci_node_at(&p->v[0], r->tree - 1);    /* one region, of all there is */
    n->level = 0;
    n->order = 1;
    n->start[0] = SP_START;
    n->end[0] = seed & 8 ? ~(uint64_t)0xffff : sp_addr(p, SP_PAGES);
    n->a[0] = VIPCI_R_MAKE(VIPC_REGION_DATA, RW, 0);
    if (seed & 16) r->end = n->end[0];
    uint32_t bad;
    uint64_t text = 0;
    vipc_cap c = VIPC_INIT;
    p->calls = 0;
    hostile_said(vipc_check(&p->v[0], &bad));
    hostile_said(vipc_dump(&p->v[0], hostile_line, &text));
    p->calls = 0;
    hostile_said(vipc_space_protect(&p->v[0], s[0], SP_START, n->end[0] - SP_START, VIPC_PROT_READ, VIPC_FOREVER));
    p->calls = 0;
    hostile_said(vipc_space_clone(&p->v[0], s[0], &c, VIPC_FOREVER));
    p->calls = 0;
    hostile_said(vipc_space_unmap(&p->v[0], s[0], SP_START, n->end[0] - SP_START, VIPC_FOREVER));
    hostile_end(p, s);
}
TEST(a_map_in_which_all_ways_meet) { for (uint64_t seed = 0; seed < 32; seed++) hostile_child(hostile_maze, seed); }
/* How deep a map is: each number, with pages of each size. */
static void hostile_depth(uint64_t seed)
{
    for (uint32_t levels = 0; levels < 70; levels++) {
        vipc_cap s[3];
        sp *p = hostile_domain((uint32_t)seed, s);
        p->limit = 400000000;
        hostile_record(p, s[0])->levels = levels < 40 ? levels : levels < 45 ? 1u << (levels - 13) : (uint32_t)hostile_random();
        hostile_record(p, s[1])->levels = levels < 40 ? levels : ((uint32_t)1 << (levels & 31)) + 1;
        hostile_operations(p, s, 20);
        hostile_end(p, s);
    }
}
TEST(a_map_of_any_depth) { for (uint64_t shift = 8; shift <= 14; shift++) hostile_child(hostile_depth, shift); }

RUN_TESTS(T(a_word_here_and_there), T(many_words_at_once), T(a_map_in_which_all_ways_meet), T(a_map_of_any_depth))
