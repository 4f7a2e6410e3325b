/* t_spacehooks.c - every operation on address spaces with every hook failing at its n-th call, n = 1, 2, ... until it succeeds: the error is a documented one, nothing has
 * changed, vipc_check is clean, nothing is leaked, and the same operation succeeds afterwards.  And with its caller killed at the n-th call of any hook: another member
 * cleans up, no frame is missing, vipc_check is clean, and whatever was not in that operation's hands is as before. */
#include "mock.h"

enum { NO_PROT = 0, R = VIPC_PROT_READ, W = VIPC_PROT_WRITE, RW = VIPC_PROT_READ | VIPC_PROT_WRITE, RX = VIPC_PROT_READ | VIPC_PROT_EXEC,
       ANON = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE, COMMON = VIPC_MAP_ANONYMOUS | VIPC_MAP_SHARED, MEMBERS = 3, MANY = 60 };
#define SPOT ((vipc_addr)0x700000000000)
#define DEVICE ((uint64_t)0xfe000000)

/* v[0] owns the space `s` and its clone `copy`; each member has all rights to both.  Private pages SPOT + 0 .. MANY - 1: 0 - 9 are s's own, 10 too, but s need not know that yet, the rest
 * has both; s has translations of all, copy of those below 40.  SPOT + 64: 4 shared ones.  SPOT + 128: 2 of a device.  A heap of 3, a stack of 16 of which it has 2. */
typedef struct scene {
    mock m;
    vipc_cap s[MEMBERS], copy[MEMBERS], none;
    uint64_t root, copy_root, page, nothing;
    vipc_stack stack;
    vipc_cap made;                     /* by the operation */
    int alone;                         /* a fault in it, a failure: the picture of `copy` counts, too */
} scene;
static vipc_addr at(const scene *c, uint64_t page) { return SPOT + page * c->page; }
static vipc_error map(scene *c, unsigned who, vipc_addr where, uint64_t pages, uint32_t prot, uint32_t flags)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = where;
    d.size = pages * c->page;
    d.prot = prot;
    d.flags = flags;
    return vipc_space_mmap(&c->m.v[who], c->s[who], &d, &got, VIPC_FOREVER);
}
static int see(scene *c, unsigned who, vipc_cap s, vipc_addr where)
{
    unsigned char byte = 0;
    vipc_error e = vipc_mock_load(&c->m, &c->m.v[who], s, where, &byte);
    return e != VIPC_OK ? (int)e : byte;
}
static vipc_error set(scene *c, unsigned who, vipc_cap s, vipc_addr where, unsigned byte) { return vipc_mock_store(&c->m, &c->m.v[who], s, where, (unsigned char)byte); }

static void open_scene(scene *c, uint32_t shift)
{
    static unsigned char memory[8 << 20];
    vipc_mock_desc d = VIPC_INIT;
    vipc_space_info i;
    vipc_stack_desc k = VIPC_INIT;
    memset(c, 0, sizeof *c);
    d.config.max_objects = 32;
    d.config.max_names = 4;
    d.config.max_spaces = 6;
    d.config.max_regions = 64;
    d.config.max_frames = 600;
    d.config.page_shift = shift;
    d.frames = 600;
    d.members = MEMBERS;
    REQUIRE_OK(vipc_mock_open(&c->m, memory, sizeof memory, &d));
    c->m.say = mock_say;
    c->m.log = mock_log;
    c->page = (uint64_t)1 << shift;
    c->nothing = c->m.in_use;
    vipc *v = &c->m.v[0];
    REQUIRE_OK(vipc_space_create(v, NULL, &c->s[0]));
    REQUIRE_OK(map(c, 0, at(c, 0), MANY, RW, ANON | VIPC_MAP_FIXED));
    for (uint64_t n = 0; n < MANY; n++) REQUIRE_OK(set(c, 0, c->s[0], at(c, n), (unsigned)n));
    REQUIRE_OK(map(c, 0, at(c, 64), 4, RW, COMMON | VIPC_MAP_FIXED));
    REQUIRE_OK(set(c, 0, c->s[0], at(c, 65), 165));
    REQUIRE_OK(vipc_space_map_physical(v, c->s[0], DEVICE, at(c, 128), 2 * c->page, RW, VIPC_UNCACHED));
    REQUIRE_OK(vipc_space_grow_heap(v, c->s[0], 3 * c->page, NULL));
    REQUIRE_OK(set(c, 0, c->s[0], VIPC_LAYOUT_HEAP + c->page, 177));
    k.size = 16 * c->page;
    k.first = 2 * c->page;
    REQUIRE_OK(vipc_space_stack_create(v, c->s[0], &k, &c->stack));
    REQUIRE_OK(set(c, 0, c->s[0], c->stack.sp - 1, 188));
    REQUIRE_OK(vipc_space_clone(v, c->s[0], &c->copy[0], VIPC_FOREVER));
    for (uint64_t n = 0; n < 10; n++) REQUIRE_OK(set(c, 0, c->s[0], at(c, n), 100 + (unsigned)n));
    REQUIRE_OK(set(c, 0, c->copy[0], at(c, 10), 210));
    for (uint64_t n = 0; n < 40; n++) REQUIRE_EQ(see(c, 0, c->copy[0], at(c, n)), n == 10 ? 210 : (int)n);
    for (uint64_t n = 10; n < MANY; n++) REQUIRE_EQ(see(c, 0, c->s[0], at(c, n)), n);
    for (unsigned w = 1; w < MEMBERS; w++) {
        c->s[w] = mock_grant(&c->m, 0, c->s[0], w, 0);
        c->copy[w] = mock_grant(&c->m, 0, c->copy[0], w, 0);
    }
    REQUIRE_OK(vipc_space_get(v, c->s[0], &i));
    c->root = i.root;
    REQUIRE_OK(vipc_space_get(v, c->copy[0], &i));
    c->copy_root = i.root;
}

/* ---- operations ---- */
typedef vipc_error (*act)(scene *c, unsigned who);
#define V(w) (&c->m.v[w])
#define S(w) (c->s[w])
#define OP(name, ...) static vipc_error op_##name(scene *c, unsigned w) { __VA_ARGS__ }
OP(create, return vipc_space_create(V(w), NULL, &c->made);)
OP(clone, return vipc_space_clone(V(w), S(w), &c->made, VIPC_FOREVER);)
OP(clone_copy, return vipc_space_clone(V(w), c->copy[w], &c->made, VIPC_FOREVER);)
OP(adopt, return vipc_space_adopt(V(w), S(w));)
OP(allocate, vipc_addr a; return vipc_space_allocate(V(w), S(w), 5 * c->page, RW, &a);)
OP(map_one, return map(c, w, at(c, 200), 5, RW, ANON | VIPC_MAP_FIXED_NOREPLACE);)
OP(map_joining, return map(c, w, at(c, MANY), 2, RW, ANON | VIPC_MAP_FIXED_NOREPLACE);)
OP(populate, return map(c, w, at(c, 200), 40, RW, ANON | VIPC_MAP_POPULATE | VIPC_MAP_FIXED_NOREPLACE);)
OP(populate_far, return map(c, w, (vipc_addr)0x123456789000, 3, RW, ANON | VIPC_MAP_POPULATE | VIPC_MAP_FIXED_NOREPLACE);)
OP(map_shared, return map(c, w, at(c, 200), 40, RW, COMMON | VIPC_MAP_FIXED_NOREPLACE);)
OP(map_over, return map(c, w, at(c, 5), 40, R, ANON | VIPC_MAP_FIXED);)
OP(map_over_all, return map(c, w, at(c, 0), 200, RW, ANON | VIPC_MAP_FIXED);)
OP(map_physical, return vipc_space_map_physical(V(w), S(w), DEVICE + 64 * c->page, at(c, 200), 9 * c->page, RW, VIPC_WRITE_COMBINING);)
OP(map_physical_joining, return vipc_space_map_physical(V(w), S(w), DEVICE + 2 * c->page, at(c, 130), 9 * c->page, RW, VIPC_UNCACHED);)
OP(unmap_middle, return vipc_space_unmap(V(w), S(w), at(c, 20), 5 * c->page, VIPC_FOREVER);)
OP(unmap_own, return vipc_space_unmap(V(w), S(w), at(c, 3), 1 * c->page, VIPC_FOREVER);)
OP(unmap_all, return vipc_space_unmap(V(w), S(w), at(c, 0), 300 * c->page, VIPC_FOREVER);)
OP(unmap_shared, return vipc_space_unmap(V(w), S(w), at(c, 65), 2 * c->page, VIPC_FOREVER);)
OP(unmap_device, return vipc_space_unmap(V(w), S(w), at(c, 129), 1 * c->page, VIPC_FOREVER);)
OP(unmap_nothing, return vipc_space_unmap(V(w), S(w), at(c, 300), 9 * c->page, VIPC_FOREVER);)
OP(unmap_stack, return vipc_space_unmap(V(w), S(w), c->stack.bottom, 16 * c->page, VIPC_FOREVER);)
OP(free, return vipc_space_free(V(w), S(w), at(c, 0), MANY * c->page, VIPC_FOREVER);)
OP(protect_less, return vipc_space_protect(V(w), S(w), at(c, 2), 50 * c->page, R, VIPC_FOREVER);)
OP(protect_none, return vipc_space_protect(V(w), S(w), at(c, 0), MANY * c->page, NO_PROT, VIPC_FOREVER);)
OP(protect_other, return vipc_space_protect(V(w), S(w), at(c, 2), 50 * c->page, RX, VIPC_FOREVER);)
OP(protect_device, return vipc_space_protect(V(w), S(w), at(c, 128), 1 * c->page, R, VIPC_FOREVER);)
OP(protect_same, return vipc_space_protect(V(w), S(w), at(c, 2), 5 * c->page, RW, VIPC_FOREVER);)
OP(break_up, return vipc_space_set_break(V(w), S(w), VIPC_LAYOUT_HEAP + 9 * c->page, NULL, VIPC_FOREVER);)
OP(break_down, return vipc_space_set_break(V(w), S(w), VIPC_LAYOUT_HEAP + 1, NULL, VIPC_FOREVER);)
OP(break_away, return vipc_space_set_break(V(w), S(w), VIPC_LAYOUT_HEAP, NULL, VIPC_FOREVER);)
OP(stack_create, vipc_stack k; return vipc_space_stack_create(V(w), S(w), NULL, &k);)
OP(grow_stack, vipc_stack k = c->stack; return vipc_space_grow_stack(V(w), S(w), &k, 4 * c->page);)
OP(fault_zero, return vipc_page_fault(V(w), S(w), VIPC_LAYOUT_HEAP, R, NULL);)
OP(fault_zero_beside, return vipc_page_fault(V(w), S(w), at(c, 66), R, NULL);)
OP(fault_copy, return vipc_page_fault(V(w), S(w), at(c, 30), W, NULL);)
OP(fault_copy_unseen, return vipc_page_fault(V(w), c->copy[w], at(c, 50), W, NULL);)
OP(fault_keep, return vipc_page_fault(V(w), S(w), at(c, 10), W, NULL);)
OP(fault_around, return vipc_page_fault(V(w), c->copy[w], at(c, 50), R, NULL);)
OP(fault_again, return vipc_page_fault(V(w), S(w), at(c, 5), R, NULL);)
OP(fault_growth, return vipc_page_fault(V(w), S(w), c->stack.bottom + 5 * c->page, W, NULL);)
OP(fault_growth_last, return vipc_page_fault(V(w), S(w), c->stack.bottom + c->page, W, NULL);)
OP(fault_device, return vipc_page_fault(V(w), S(w), at(c, 129), W, NULL);)
OP(touch, return vipc_space_touch(V(w), S(w), VIPC_LAYOUT_HEAP, 3 * c->page, W, NULL);)
OP(write_new, return vipc_space_write(V(w), S(w), VIPC_LAYOUT_HEAP, "new", 3, NULL);)
OP(write_shared, return vipc_space_write(V(w), S(w), at(c, 30), "new", 3, NULL);)
OP(write_sole, return vipc_space_write(V(w), S(w), at(c, 10), "\12", 1, NULL);)
OP(write_unseen, return vipc_space_write(V(w), c->copy[w], at(c, 50), "new", 3, NULL);)
OP(read, char b[9]; return vipc_space_read(V(w), S(w), at(c, 9), b, 9, NULL);)
OP(destroy, return vipc_destroy(V(w), S(w), VIPC_FOREVER);)
OP(destroy_copy, return vipc_destroy(V(w), c->copy[w], VIPC_FOREVER);)
enum { ENDS = 1, LOOKS = 2, SEVERAL = 4, OVER = 8 };
static const struct operation { const char *name; act run; int kind; } operations[] = {
#define O(name, kind) { #name, op_##name, kind }
    O(create, 0), O(clone, 0), O(clone_copy, 0), O(adopt, 0), O(allocate, 0), O(map_one, 0), O(map_joining, 0), O(populate, 0), O(populate_far, 0), O(map_shared, 0), O(map_over, OVER),
    O(map_over_all, OVER), O(map_physical, 0), O(map_physical_joining, 0), O(unmap_middle, 0), O(unmap_own, 0), O(unmap_all, 0), O(unmap_shared, 0), O(unmap_device, 0),
    O(unmap_nothing, 0), O(unmap_stack, 0), O(free, 0), O(protect_less, 0), O(protect_none, 0), O(protect_other, 0), O(protect_device, 0), O(protect_same, 0), O(break_up, 0),
    O(break_down, 0), O(break_away, 0), O(stack_create, 0), O(grow_stack, 0), O(fault_zero, 0), O(fault_zero_beside, 0), O(fault_copy, 0), O(fault_copy_unseen, 0), O(fault_keep, 0),
    O(fault_around, 0), O(fault_again, 0), O(fault_growth, 0), O(fault_growth_last, 0), O(fault_device, 0), O(touch, SEVERAL), O(write_new, 0), O(write_shared, 0), O(write_sole, 0),
    O(write_unseen, 0), O(read, LOOKS), O(destroy, ENDS), O(destroy_copy, ENDS)
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* ---- pictures ---- */
enum { REGIONS = 40 };
typedef struct picture {
    uint64_t frames, roots;
    struct { int n; vipc_space_region r[REGIONS]; uint64_t have, sum, brk, pages, shared, counts, regions, leaving; vipc_error e; } of[2];
} picture;
static void contents(scene *c, vipc_cap s, const vipc_space_region *r, uint64_t *have, uint64_t *sum)
{
    unsigned char bytes[4096];
    if (r->type == VIPC_REGION_DEVICE || r->guard || r->growth || r->leaving || r->end - r->start > 1000 * c->page) return;
    for (vipc_addr a = r->start; a < r->end; a += c->page) {
        uint32_t n;
        if (vipc_space_sharers(V(0), s, a, &n) != VIPC_OK) continue;
        ++*have;
        if (!r->prot) continue;
        CHECK_OK(vipc_space_read(V(0), s, a, bytes, c->page, NULL));
        for (uint64_t i = 0; i < c->page; i++) *sum = (*sum ^ bytes[i] ^ a) * 0x9E3779B97F4A7C15u;
    }
}
static void look(scene *c, picture *p)
{
    memset(p, 0, sizeof *p);
    for (int k = 0; k < 2; k++) {
        vipc_cap s = k ? c->copy[0] : c->s[0];
        vipc_space_info i;
        vipc_addr from = 0;
        p->of[k].e = vipc_space_get(V(0), s, &i);
        if (p->of[k].e != VIPC_OK) continue;
        for (vipc_space_region r; p->of[k].n < REGIONS && vipc_space_find(V(0), s, from, &r) == VIPC_OK; from = r.end) {
            memset(&p->of[k].r[p->of[k].n], 0, sizeof r);
            p->of[k].r[p->of[k].n++] = r;
            contents(c, s, &r, &p->of[k].have, &p->of[k].sum);
        }
        p->of[k].brk = i.brk;
        p->of[k].pages = i.pages;
        p->of[k].shared = i.pages_shared;
        p->of[k].regions = i.regions;
        p->of[k].leaving = i.leaving;
        p->of[k].counts = i.zeroed + 1000 * i.copied + 1000000 * i.made_writable + 1000000000 * i.mapped + 1000000000000 * i.grown;
    }
    p->frames = c->m.in_use;
    p->roots = c->m.roots;
}
static int differ_in(const char *what, unsigned long long is, unsigned long long was)
{
    if (is == was) return 0;
    printf("        %s: %llx, was %llx\n", what, is, was);
    return 1;
}
static int differs(const picture *is, const picture *was)
{
    int n = differ_in("frames", is->frames, was->frames) + differ_in("roots", is->roots, was->roots);
    for (int k = 0; k < 2; k++) {
#define D(f) differ_in(k ? "copy " #f : #f, (unsigned long long)is->of[k].f, (unsigned long long)was->of[k].f)
        n += D(e) + D(n) + D(have) + D(sum) + D(brk) + D(pages) + D(shared) + D(counts) + D(regions) + D(leaving);
#undef D
        for (int i = 0; i < is->of[k].n && i < was->of[k].n; i++) {
            const vipc_space_region *a = &is->of[k].r[i], *b = &was->of[k].r[i];
            if (a->start == b->start && a->end == b->end && a->type == b->type && a->prot == b->prot && a->flags == b->flags && a->cache == b->cache && a->guard == b->guard &&
                a->growth == b->growth && a->leaving == b->leaving && a->physical == b->physical) continue;
            n += differ_in("region", a->start, b->start) + differ_in("... end", a->end, b->end) + 1;
        }
    }
    return n;
}
static int close_scene(scene *c, const char *name)
{
    int bad = test_failures_;
    c->m.held = 0;
    if (vipc_self(V(0)).id && !c->m.seat[0].dead) {
        for (int k = 0; k < 2; k++) {
            vipc_cap s = k ? c->copy[0] : c->s[0];
            vipc_space_info i;
            if (vipc_space_get(V(0), s, &i) == VIPC_OK) CHECK_OK(vipc_destroy(V(0), s, VIPC_FOREVER));
        }
    }
    const char *trouble = vipc_mock_close(&c->m);
    if (trouble) { printf("    %s: at the end: %s\n", name, trouble); test_failures_++; }
    return bad != test_failures_;
}

/* ---- failures ---- */
static void say(const char *name, int hook, uint64_t n, const char *what)
{
    printf("    %s, hook %d failing at call %llu: %s\n", name, hook, (unsigned long long)n, what);
    test_failures_++;
}
static int tolerated(int hook) { return hook == MOCK_FLUSH || hook == MOCK_SPACE_DESTROY; }       /* what they put off is put off, not undone */
/* VIPC_TEST_SHORT=1: not at each call, but at the first ones, and the later the fewer. */
static uint64_t after(uint64_t n)
{
    const char *brief = getenv("VIPC_TEST_SHORT");
    return brief && brief[0] == '1' ? n + n / 4 + 1 : n + 1;
}
static void fail_at_every_call(int hook, int with, int half, int held, uint32_t shift)
{
    for (int k = 0; k < OPERATIONS; k++)
        for (uint64_t n = 1; n < 1000; n = after(n)) {
            static scene c_, *c = &c_;
            static picture before, after;
            const struct operation *o = &operations[k];
            open_scene(c, shift);
            look(c, &before);
            mock_fail(&c->m, hook, n, with);
            c->m.half = half;
            c->m.held = held;
            vipc_error e = o->run(c, 0);
            uint64_t failures = c->m.failures;
            mock_heal(&c->m);
            if (!mock_documented(e)) say(o->name, hook, n, "an error that is not documented");
            if (c->m.trouble) say(o->name, hook, n, c->m.trouble);
            if (e != VIPC_OK) {
                if (!failures) say(o->name, hook, n, vipc_error_string(e));
                look(c, &after);
                if (o->run == op_clone || o->run == op_clone_copy)                     /* what it would have shared is each page's only space still, which the next write finds out */
                        for (int i = 0; i < 2; i++) before.of[i].shared = after.of[i].shared;
                if (held && (o->run == op_fault_copy || o->run == op_write_shared)) {          /* it was copied, and is its own from now on: the next fault maps it */
                    before.of[0].shared = after.of[0].shared;
                    before.frames = after.frames;
                }
                if (o->run == op_fault_keep) before.of[0].shared = after.of[0].shared;         /* it is its own, and will not be copied */
                if (!tolerated(hook) && !(o->kind & (SEVERAL | OVER)) && differs(&after, &before)) say(o->name, hook, n, "something has changed");
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                if (after.of[0].e == VIPC_OK) MOCK_AUDIT(&c->m, 0, c->s[0]);
                if (after.of[1].e == VIPC_OK) MOCK_AUDIT(&c->m, 0, c->copy[0]);
                if (!(tolerated(hook) && after.of[0].e != before.of[0].e)) {
                    vipc_error again = o->run(c, 0);
                    if (again != VIPC_OK && !(tolerated(hook) && ((o->kind & ENDS) || again == VIPC_ERR_NOT_FOUND))) say(o->name, hook, n, "it does not succeed afterwards");
                }
            }
            if (c->m.trouble) say(o->name, hook, n, c->m.trouble);
            int bad = test_failures_;
            if (vipc_space_get(V(0), c->s[0], &(vipc_space_info){ 0 }) == VIPC_OK) {       /* whatever was put off is finished by the next one */
                CHECK_OK(vipc_space_unmap(V(0), c->s[0], VIPC_LAYOUT_USER_START, VIPC_LAYOUT_USER_END - VIPC_LAYOUT_USER_START, VIPC_FOREVER));
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                CHECK_EQ(c->m.unasked, 0);
                MOCK_AUDIT(&c->m, 0, c->s[0]);
            }
            close_scene(c, o->name);
            if (bad != test_failures_) say(o->name, hook, n, "not well afterwards");
            if (failures == 0) break;
        }
}
static const uint32_t shifts[] = { 8, 12 };
TEST(alloc_fails) { for (int i = 0; i < 2; i++) fail_at_every_call(MOCK_ALLOC, VIPC_ERR_OUT_OF_MEMORY, 0, 0, shifts[i]); }
TEST(alloc_fails_strangely)
{
    static const int with[] = { VIPC_ERR_LIMIT, -33, 77 };
    for (int i = 0; i < 3; i++) fail_at_every_call(MOCK_ALLOC, with[i], 0, 0, 12);
}
TEST(map_fails) { for (int i = 0; i < 2; i++) fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 0, 0, shifts[i]); }
TEST(map_fails_half_way) { for (int i = 0; i < 2; i++) fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 1, 0, shifts[i]); }
TEST(map_fails_half_way_and_others_answer_late) { fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 1, 1, 12); }
TEST(map_fails_strangely)
{
    static const int with[] = { VIPC_ERR_LIMIT, -33, 77 };
    for (int i = 0; i < 3; i++) fail_at_every_call(MOCK_MAP, with[i], i & 1, 0, 12);
}
TEST(space_create_fails)
{
    static const int with[] = { VIPC_ERR_OUT_OF_MEMORY, VIPC_ERR_LIMIT, -33, 77 };
    for (int i = 0; i < 4; i++) fail_at_every_call(MOCK_SPACE_CREATE, with[i], 0, 0, 12);
}
TEST(space_destroy_fails)
{
    static const int with[] = { VIPC_ERR_RESOURCE_BUSY, VIPC_ERR_TIMEOUT, -33, 77 };
    for (int i = 0; i < 4; i++) fail_at_every_call(MOCK_SPACE_DESTROY, with[i], 0, 0, 12);
}
TEST(flush_fails)
{
    static const int with[] = { 0, VIPC_ERR_CANCELLED, -33, 77 };
    for (int i = 0; i < 4; i++)
        for (int held = 0; held < 2; held++) fail_at_every_call(MOCK_FLUSH, with[i], 0, held, 12);
}
/* A frame that exists has a pointer, so one without it is a sign of memory that somebody has scribbled over: then frames may be lost, and vipc_check says so, but none is freed or
 * used that somebody still has, and nobody crashes. */
TEST(pointer_says_null_from_then_on)
{
    for (int with = 0; with < 2; with++)                       /* or is unaligned */
        for (int k = 0; k < OPERATIONS; k++)
            for (uint64_t n = 1; n < 1000; n = after(n)) {
                static scene c_, *c = &c_;
                const struct operation *o = &operations[k];
                open_scene(c, 12);
                mock_fail(&c->m, MOCK_POINTER, n, with);
                c->m.fail_on = 1;
                vipc_error e = o->run(c, 0);
                uint64_t failures = c->m.failures;
                mock_heal(&c->m);
                if (!mock_documented(e)) say(o->name, MOCK_POINTER, n, "an error that is not documented");
                for (uint64_t p = 11; p < 40; p++) {           /* the other space loses nothing */
                    int byte = o->run == op_destroy_copy ? (int)p : see(c, 0, c->copy[0], at(c, p));
                    if (byte != (int)p && !(p == 30 && byte == 'n')) say(o->name, MOCK_POINTER, n, "a page of somebody else's is lost");
                }
                if (c->m.trouble) say(o->name, MOCK_POINTER, n, c->m.trouble);
                if (failures == 0) break;
            }
}

/* ---- deaths ---- */
static struct { act run; vipc_error e; } task;
static void does_it(vipc_mock *m, uint64_t who)
{
    scene *c = (scene *)m->script;
    task.e = task.run(c, (unsigned)who);
}
/* Pages that no operation touches but those that take everything away. */
static void others_are_whole(scene *c, const char *name)
{
    for (uint64_t n = 0; n < 40; n++) CHECK_EQ(see(c, 0, c->copy[0], at(c, n)), n == 10 ? 210 : (int)n);
    CHECK_EQ(see(c, 0, c->copy[0], c->stack.sp - 1), 188);
    CHECK_EQ(see(c, 0, c->copy[0], VIPC_LAYOUT_HEAP + c->page), 177);
    CHECK_EQ(see(c, 0, c->copy[0], at(c, 65)), 165);
    int byte = see(c, 0, c->copy[0], at(c, 50));               /* some write there */
    CHECK(byte == 50 || byte == 'n');
    (void)name;
}
static void kill_at_every_call(int half, int held, int owns, uint32_t shift)
{
    for (int k = 0; k < OPERATIONS; k++)
        for (uint64_t n = 1; n < 2000; n = after(n)) {
            static scene c_, *c = &c_;
            const struct operation *o = &operations[k];
            const int destroys = o->run == op_destroy_copy, bad = test_failures_;
            vipc_space_info i;
            open_scene(c, shift);
            if (owns) REQUIRE_OK(vipc_space_adopt(V(1), c->s[1]));
            c->m.script = c;
            c->m.half = half;
            c->m.held = held;
            task.run = o->run;
            task.e = VIPC_ERR_HOOK;
            vipc_mock_kill_at(&c->m, 1, VIPC_MOCK_ANY_HOOK, n);
            bool lives = vipc_mock_run(&c->m, 1, does_it);
            if (lives) {
                CHECK_OK(task.e);
                vipc_mock_kill(&c->m, 1);                      /* and of having done all of it */
            }
            c->m.kill_at = 0;
            CHECK_OK(vipc_sweep(V(0), NULL));
            c->m.half = 0;
            mock_check_by(&c->m, V(0), __FILE__, __LINE__);
            if (!destroys) others_are_whole(c, o->name);
            vipc_error there = vipc_space_get(V(0), c->s[0], &i);
            if (o->run == op_adopt || o->run == op_destroy || owns) CHECK(there == VIPC_OK || there == VIPC_ERR_INVALID_CAPABILITY);
            else CHECK_OK(there);
            if (owns) CHECK(there != VIPC_OK);
            if (there == VIPC_OK) {                            /* a survivor goes on with it */
                for (uint64_t p = 0; p < MANY; p += 7) {
                    vipc_error e = set(c, 0, c->s[0], at(c, p), 99);
                    CHECK(e == VIPC_OK || e == VIPC_ERR_FAULT || e == VIPC_ERR_PERMISSION_DENIED);
                }
                CHECK_OK(vipc_space_unmap(V(0), c->s[0], at(c, 59), c->page, VIPC_FOREVER));   /* pays what is owed */
                MOCK_AUDIT(&c->m, 0, c->s[0]);
                CHECK_OK(vipc_space_unmap(V(0), c->s[0], VIPC_LAYOUT_USER_START, VIPC_LAYOUT_USER_END - VIPC_LAYOUT_USER_START, VIPC_FOREVER));
                CHECK_OK(vipc_space_get(V(0), c->s[0], &i));
                CHECK_EQ(i.regions + i.leaving + i.pages + i.pages_shared, 0);
                if (o->run == op_clone_copy) CHECK_OK(vipc_space_unmap(V(0), c->copy[0], at(c, 59), c->page, VIPC_FOREVER));   /* what that one owes */
                CHECK_EQ(c->m.stale, 0);
                MOCK_AUDIT(&c->m, 0, c->s[0]);
                if (!destroys) MOCK_AUDIT(&c->m, 0, c->copy[0]);
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                if (!destroys) others_are_whole(c, o->name);
            }
            if (!destroys) CHECK_OK(vipc_destroy(V(0), c->copy[0], VIPC_FOREVER));
            if (there == VIPC_OK) CHECK_OK(vipc_destroy(V(0), c->s[0], VIPC_FOREVER));
            CHECK_EQ(c->m.in_use, c->nothing);
            CHECK_EQ(c->m.roots, 0);
            close_scene(c, o->name);
            if (bad != test_failures_) {
                printf("    %s: killed at hook call %llu%s\n", o->name, (unsigned long long)n, lives ? " (after its end)" : "");
                break;
            }
            if (lives) break;
        }
}
TEST(killed_at_every_hook) { for (int i = 0; i < 2; i++) kill_at_every_call(0, 0, 0, shifts[i]); }
TEST(killed_half_way_through_every_hook) { for (int i = 0; i < 2; i++) kill_at_every_call(1, 0, 0, shifts[i]); }
TEST(killed_while_others_answer_late) { kill_at_every_call(1, 1, 0, 12); }
TEST(an_owner_killed_at_every_hook) { for (int half = 0; half < 2; half++) kill_at_every_call(half, half, 1, 12); }

/* The one who cleans up dies of it: at some hooks of both, the later the fewer; at all with VIPC_TEST_ALL=1. */
static void sweeps(vipc_mock *m, uint64_t who) { task.e = vipc_sweep(&m->v[who], NULL); }
TEST(a_reaper_killed_too)
{
    const bool all = getenv("VIPC_TEST_ALL") != NULL;
    for (int k = 0; k < OPERATIONS; k++)
        for (uint64_t n = 1; n < 2000; n += all ? 1 : n / 2 + 1) {
            bool lives = false;
            for (uint64_t second = 1; second < 2000; second += all ? 1 : second / 4 + 1) {
                static scene c_, *c = &c_;
                const struct operation *o = &operations[k];
                const int destroys = o->run == op_destroy_copy, bad = test_failures_;
                vipc_space_info i;
                open_scene(c, 12);
                REQUIRE_OK(vipc_space_adopt(V(1), c->s[1]));
                c->m.script = c;
                c->m.half = 1;
                task.run = o->run;
                vipc_mock_kill_at(&c->m, 1, VIPC_MOCK_ANY_HOOK, n);
                lives = vipc_mock_run(&c->m, 1, does_it);
                if (lives) vipc_mock_kill(&c->m, 1);
                vipc_mock_kill_at(&c->m, 2, VIPC_MOCK_ANY_HOOK, second);
                bool swept = vipc_mock_run(&c->m, 2, sweeps);
                c->m.kill_at = 0;
                CHECK_OK(vipc_sweep(V(0), NULL));
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                CHECK(vipc_space_get(V(0), c->s[0], &i) != VIPC_OK);
                if (!destroys) {
                    others_are_whole(c, o->name);
                    CHECK_OK(vipc_destroy(V(0), c->copy[0], VIPC_FOREVER));
                }
                CHECK_EQ(c->m.in_use, c->nothing);
                CHECK_EQ(c->m.roots, 0);
                close_scene(c, o->name);
                if (bad != test_failures_) {
                    printf("    %s: killed at hook call %llu, its reaper at %llu\n", o->name, (unsigned long long)n, (unsigned long long)second);
                    if (test_failures_ > 30) return;
                }
                if (swept) break;
            }
            if (lives) break;
        }
}

RUN_TESTS(T(alloc_fails), T(alloc_fails_strangely), T(map_fails), T(map_fails_half_way), T(map_fails_half_way_and_others_answer_late),
          T(map_fails_strangely), T(space_create_fails), T(space_destroy_fails), T(flush_fails), T(pointer_says_null_from_then_on), T(killed_at_every_hook),
          T(killed_half_way_through_every_hook), T(killed_while_others_answer_late), T(an_owner_killed_at_every_hook), T(a_reaper_killed_too))
