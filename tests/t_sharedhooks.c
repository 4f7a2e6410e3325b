/* t_sharedhooks.c - every operation on shared regions and named objects with every hook failing at its n-th call, n = 1, 2, ... until it succeeds: the error is a documented one,
 * nothing has changed, vipc_check is clean, nothing is leaked, and the same operation succeeds afterwards.  And with its caller killed at the n-th call of any hook: another member
 * cleans up, no frame is missing, vipc_check is clean, no old translation stays, and whatever was not in that operation's hands is as before. */
#include "shared.h"

enum { ACTOR = 1, A_PAGES = 12, B_PAGES = 6, K_PAGES = 5, O_PAGES = 6, SEVEN = 7 };
/* v[1] makes everything and does everything, v[0] looks on, v[2] is a third.
 *   a  12 pages of v[1]'s: v[0] may read and write, v[2] read; all three have it mapped.  Page n holds 10 + n
 *   c  a copy of a, of the time when it held nothing else, v[2] has it mapped; v[1] has since written 110 + n to pages 0 - 2 of a
 *   b  6 pages of v[1]'s, mapped by v[1] and, to be read, by v[0].  40 + n
 *   k  5 neighbouring pages of v[1]'s, uncached, mapped by v[1].  80 + n
 *   o  a named object of 6 pages, "/o", open and mapped by v[0] and v[1].  60 + n
 *   e  one page, never mapped for writing
 *   f  3 pages of v[2]'s, mapped by it, 30 + n; some operations find it in a message in v[1]'s inbox.  v[0] has an endpoint, too */
typedef struct stage {
    world w;
    vipc_cap a[3], b[3], k, o[2], e, f, copy, bell, made, inbox, to_inbox, door, to_door;
    vipc_mapping ma[3], mb[2], mk, mo[2], mc, me, mf;
} stage;
static stage stage_, *const g = &stage_;
static world *const c = &stage_.w;

static void fill(unsigned who, vipc_mapping m, uint64_t pages, unsigned with)
{
    for (uint64_t i = 0; i < pages; i++) REQUIRE_OK(set(c, who, m.at + i * PAGE + SEVEN, with + (unsigned)i));
}
static vipc_error post(unsigned from, vipc_cap to, vipc_cap region, uint32_t mode)
{
    vipc_outgoing m = VIPC_INIT;
    m.region = region;
    m.region_mode = mode;
    return vipc_send_large(V(from), to, &m, VIPC_FOREVER);
}
static vipc_error fetch(unsigned who, vipc_cap from)
{
    vipc_incoming m;
    memset(&m, 0, sizeof m);
    vipc_error e = vipc_receive_large(V(who), from, &m, VIPC_NOW);
    if (e == VIPC_OK) g->made = m.region;
    return e;
}
static void open_door(unsigned owner, unsigned sender, vipc_cap *to)       /* whose queue has its frames */
{
    vipc_cap *door = owner ? &g->inbox : &g->door;
    vipc_cap nothing = VIPC_INIT;
    *door = keep(c, owner, mock_endpoint(&c->m, owner, 4));
    *to = grant(c, owner, *door, sender, VIPC_RIGHT_SEND);
    REQUIRE_OK(post(sender, *to, nothing, 0));
    REQUIRE_OK(fetch(owner, *door));
}
static void open_stage(void)
{
    vipc_config config = shared_config();
    vipc_region_desc d;
    config.max_objects = 40;
    config.max_capabilities = 200;
    config.max_spaces = 5;
    config.max_regions = 200;
    config.max_shared = 16;
    config.max_named = 4;
    memset(g, 0, sizeof *g);
    world_of_mortals(c, &config, 400, 3);
    g->a[1] = region(c, ACTOR, A_PAGES);
    g->a[0] = grant(c, ACTOR, g->a[1], 0, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE | VIPC_RIGHT_GRANT);
    g->a[2] = hand(c, ACTOR, g->a[1], 2, VIPC_SHARE, VIPC_READ);
    g->ma[1] = map(c, ACTOR, g->a[1], VIPC_WRITE);
    g->ma[0] = map(c, 0, g->a[0], VIPC_WRITE);
    g->ma[2] = map_lazy(c, 2, g->a[2], VIPC_READ);
    fill(ACTOR, g->ma[1], A_PAGES, 10);
    for (uint64_t i = 0; i < 6; i++) REQUIRE_EQ(see(c, 2, g->ma[2].at + i * PAGE + SEVEN), 10 + i);
    g->copy = hand(c, ACTOR, g->a[1], 2, VIPC_COPY_ON_WRITE, 0);
    g->mc = map(c, 2, g->copy, VIPC_WRITE);
    fill(ACTOR, g->ma[1], 3, 110);
    for (uint64_t i = 0; i < 9; i++) REQUIRE_EQ(see(c, 0, g->ma[0].at + i * PAGE + SEVEN), i < 3 ? 110 + i : 10 + i);
    g->b[1] = region(c, ACTOR, B_PAGES);
    g->b[0] = hand(c, ACTOR, g->b[1], 0, VIPC_SHARE, VIPC_READ);
    g->mb[1] = map(c, ACTOR, g->b[1], VIPC_WRITE);
    g->mb[0] = map(c, 0, g->b[0], VIPC_READ);
    fill(ACTOR, g->mb[1], B_PAGES, 40);
    d = wanted(K_PAGES, 0);
    d.contiguous = 1;
    d.cache = VIPC_UNCACHED;
    g->k = region_of(c, ACTOR, &d);
    g->mk = map(c, ACTOR, g->k, VIPC_WRITE);
    fill(ACTOR, g->mk, K_PAGES, 80);
    g->o[1] = object(c, ACTOR, "/o", O_PAGES);
    g->o[0] = open_object(c, 0, "/o", 0);
    g->mo[1] = map(c, ACTOR, g->o[1], VIPC_WRITE);
    g->mo[0] = map(c, 0, g->o[0], VIPC_WRITE);
    fill(0, g->mo[0], O_PAGES, 60);
    for (uint64_t i = 0; i < O_PAGES; i++) REQUIRE_EQ(see(c, ACTOR, g->mo[1].at + i * PAGE + SEVEN), 60 + i);
    g->e = region(c, ACTOR, 1);
    g->me = map(c, ACTOR, g->e, VIPC_READ);
    REQUIRE_OK(vipc_notification_create(V(ACTOR), NULL, &g->bell));
    keep(c, ACTOR, g->bell);
    g->f = region(c, 2, 3);
    g->mf = map(c, 2, g->f, VIPC_WRITE);
    fill(2, g->mf, 3, 30);
    open_door(0, ACTOR, &g->to_door);
    open_door(ACTOR, 2, &g->to_inbox);
}

/* ---- operations ---- */
typedef vipc_error (*act)(void);
#define ME V(ACTOR)
#define MINE (c->s[ACTOR])
static vipc_error create(uint64_t pages, uint32_t contiguous, vipc_cap idle)
{
    vipc_region_desc d = wanted(pages, 0);
    d.contiguous = contiguous;
    d.idle = idle;
    d.idle_bits = 1;
    return vipc_region_create(ME, &d, &g->made);
}
static vipc_error map_as(vipc_cap cap, uint32_t access, vipc_addr at, uint64_t offset, uint64_t size, uint32_t lazy)
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m;
    d.access = access;
    d.at = at;
    d.offset = offset;
    d.size = size;
    d.lazy = lazy;
    return vipc_map(ME, cap, &d, &m);
}
static vipc_error mmap_as(vipc_cap cap, uint64_t pages, uint32_t prot, uint32_t flags, vipc_addr at)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.backing = cap;
    d.size = pages * PAGE;
    d.prot = prot;
    d.flags = flags;
    d.at = at;
    return vipc_space_mmap(ME, MINE, &d, &got, VIPC_FOREVER);
}
static vipc_error pass(vipc_cap cap, unsigned to, uint32_t mode) { return vipc_region_transfer(ME, cap, PID(to), mode, 0, &g->made, VIPC_FOREVER); }
#define OP(name, ...) static vipc_error op_##name(void) { __VA_ARGS__ }
static const vipc_cap none;
OP(create, return create(60, 0, none);)
OP(create_contiguous, return create(60, 1, none);)
OP(create_idle, return create(1, 0, g->bell);)
OP(map, return map_as(g->a[1], VIPC_READ, SPOT, 0, 0, 0);)
OP(map_far, return map_as(g->k, VIPC_WRITE, (vipc_addr)0x123456789000, 0, 0, 0);)
OP(map_part, return map_as(g->a[1], VIPC_WRITE, SPOT, 2 * PAGE, 9 * PAGE, 0);)
OP(map_lazily, return map_as(g->a[1], VIPC_WRITE, SPOT, 0, 0, 1);)
OP(map_again, return map_as(g->a[1], VIPC_WRITE, 0, 0, 0, 0);)
OP(map_chosen, return map_as(g->o[1], VIPC_READ, 0, 0, 0, 0);)
OP(unmap, return vipc_unmap(ME, &g->ma[1], VIPC_FOREVER);)
OP(unmap_middle, return vipc_space_unmap(ME, MINE, g->ma[1].at + 3 * PAGE, 5 * PAGE, VIPC_FOREVER);)
OP(unmap_object, return vipc_unmap(ME, &g->mo[1], VIPC_FOREVER);)
OP(unmap_all, return vipc_space_unmap(ME, MINE, VIPC_LAYOUT_USER_START, VIPC_LAYOUT_USER_END - VIPC_LAYOUT_USER_START, VIPC_FOREVER);)
OP(protect_less, return vipc_space_protect(ME, MINE, g->ma[1].at + PAGE, 9 * PAGE, R, VIPC_FOREVER);)
OP(protect_none, return vipc_space_protect(ME, MINE, g->ma[1].at, A_PAGES * PAGE, 0, VIPC_FOREVER);)
OP(mmap_shared, return mmap_as(g->a[1], A_PAGES, RW, VIPC_MAP_SHARED | VIPC_MAP_FIXED_NOREPLACE, SPOT);)
OP(mmap_shared_now, return mmap_as(g->a[1], A_PAGES, R, VIPC_MAP_SHARED | VIPC_MAP_POPULATE | VIPC_MAP_FIXED_NOREPLACE, SPOT);)
OP(mmap_private, return mmap_as(g->a[1], A_PAGES, RW, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE, SPOT);)
OP(mmap_private_object, return mmap_as(g->o[1], O_PAGES, RW, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE, SPOT);)
OP(mmap_over, return mmap_as(g->b[1], B_PAGES, R, VIPC_MAP_SHARED | VIPC_MAP_FIXED, g->ma[1].at);)
OP(share, return pass(g->a[1], 2, VIPC_SHARE);)
OP(share_object, return pass(g->o[1], 2, VIPC_SHARE);)
OP(move, return pass(g->b[1], 2, VIPC_MOVE);)
OP(move_shared, return pass(g->a[1], 0, VIPC_MOVE);)
OP(copy, return pass(g->b[1], 2, VIPC_COPY_ON_WRITE);)
OP(copy_again, return pass(g->a[1], 0, VIPC_COPY_ON_WRITE);)
OP(copy_now, return pass(g->k, 2, VIPC_COPY_ON_WRITE);)
OP(copy_object, return pass(g->o[1], 0, VIPC_COPY_ON_WRITE);)
OP(revoke, return vipc_revoke(ME, g->a[1], VIPC_FOREVER);)
OP(revoke_object, return vipc_revoke(ME, g->o[1], VIPC_FOREVER);)
OP(destroy, return vipc_destroy(ME, g->a[1], VIPC_FOREVER);)
OP(destroy_alone, return vipc_destroy(ME, g->k, VIPC_FOREVER);)
OP(destroy_object, return vipc_destroy(ME, g->o[1], VIPC_FOREVER);)
OP(close, return vipc_close(ME, g->a[1]);)
OP(close_alone, return vipc_close(ME, g->k);)
OP(seal, return vipc_region_seal(ME, g->e, VIPC_FOREVER);)
OP(fault_mapped, return vipc_page_fault(ME, MINE, g->ma[1].at + 9 * PAGE, R, NULL);)
OP(fault_copy, return vipc_page_fault(ME, MINE, g->ma[1].at + 5 * PAGE, W, NULL);)
OP(fault_again, return vipc_page_fault(ME, MINE, g->mb[1].at, W, NULL);)
OP(touch, return vipc_space_touch(ME, MINE, g->ma[1].at, A_PAGES * PAGE, W, NULL);)
OP(write_copy, return vipc_space_write(ME, MINE, g->ma[1].at + 5 * PAGE, "new", 3, NULL);)
OP(write_own, return vipc_space_write(ME, MINE, g->mb[1].at, "new", 3, NULL);)
OP(read, char bytes[9]; return vipc_space_read(ME, MINE, g->ma[1].at + 5 * PAGE - 4, bytes, 9, NULL);)
OP(clone, return vipc_space_clone(ME, MINE, &g->made, VIPC_FOREVER);)
OP(open, return vipc_object_open(ME, "/o", 0, 0, &g->made, VIPC_FOREVER);)
OP(open_new, return vipc_object_open(ME, "/n", VIPC_OPEN_CREATE, 0, &g->made, VIPC_FOREVER);)
OP(open_truncate, return vipc_object_open(ME, "/o", VIPC_OPEN_TRUNCATE, 0, &g->made, VIPC_FOREVER);)
OP(grow, return vipc_object_truncate(ME, g->o[1], 60 * PAGE, VIPC_FOREVER);)
OP(grow_a_little, return vipc_object_truncate(ME, g->o[1], O_PAGES * PAGE + 1, VIPC_FOREVER);)
OP(shrink, return vipc_object_truncate(ME, g->o[1], 2 * PAGE, VIPC_FOREVER);)
OP(shrink_in_a_page, return vipc_object_truncate(ME, g->o[1], 2 * PAGE + 100, VIPC_FOREVER);)
OP(empty, return vipc_object_truncate(ME, g->o[1], 0, VIPC_FOREVER);)
OP(unlink, return vipc_object_unlink(ME, "/o");)
OP(close_object, return vipc_close(ME, g->o[1]);)
OP(trim, return vipc_trim(ME, NULL);)
OP(send_share, return post(ACTOR, g->to_door, g->a[1], VIPC_SHARE);)
OP(send_move, return post(ACTOR, g->to_door, g->b[1], VIPC_MOVE);)
OP(send_move_shared, return post(ACTOR, g->to_door, g->a[1], VIPC_MOVE);)
OP(send_copy, return post(ACTOR, g->to_door, g->a[1], VIPC_COPY_ON_WRITE);)
OP(send_copy_now, return post(ACTOR, g->to_door, g->k, VIPC_COPY_ON_WRITE);)
OP(receive, return fetch(ACTOR, g->inbox);)
OP(receive_moved, return fetch(ACTOR, g->inbox);)
OP(receive_copy, return fetch(ACTOR, g->inbox);)
enum { ENDS = 1, LOOKS = 2, SEVERAL = 4, OVER = 8, TAKES_A = 16, TAKES_O = 32, GIVEN = 64, MOVED = 128, COPIED = 256, MAIL = GIVEN | MOVED | COPIED };
/* What is in the inbox when it begins. */
static void prepare(int kind)
{
    if (kind & MAIL) REQUIRE_OK(post(2, g->to_inbox, g->f, kind & MOVED ? VIPC_MOVE : kind & COPIED ? VIPC_COPY_ON_WRITE : VIPC_SHARE));
}
static const struct operation { const char *name; act run; int kind; } operations[] = {
#define O(name, kind) { #name, op_##name, kind }
    O(create, 0), O(create_contiguous, 0), O(create_idle, 0), O(map, 0), O(map_far, 0), O(map_part, 0), O(map_lazily, 0), O(map_again, LOOKS), O(map_chosen, 0), O(unmap, ENDS),
    O(unmap_middle, 0), O(unmap_object, ENDS), O(unmap_all, 0), O(protect_less, 0), O(protect_none, 0), O(mmap_shared, 0), O(mmap_shared_now, 0), O(mmap_private, 0),
    O(mmap_private_object, 0), O(mmap_over, OVER), O(share, 0), O(share_object, 0), O(move, ENDS), O(move_shared, ENDS), O(copy, 0), O(copy_again, 0), O(copy_now, 0),
    O(copy_object, 0), O(revoke, TAKES_A), O(revoke_object, 0), O(destroy, ENDS | TAKES_A), O(destroy_alone, ENDS), O(destroy_object, ENDS | TAKES_O), O(close, ENDS),
    O(close_alone, ENDS), O(seal, 0), O(fault_mapped, 0), O(fault_copy, SEVERAL), O(fault_again, 0), O(touch, SEVERAL), O(write_copy, 0), O(write_own, 0), O(read, LOOKS), O(clone, 0),
    O(open, 0), O(open_new, 0), O(open_truncate, TAKES_O), O(grow, 0), O(grow_a_little, 0), O(shrink, TAKES_O), O(shrink_in_a_page, TAKES_O), O(empty, TAKES_O), O(unlink, ENDS),
    O(close_object, ENDS), O(trim, 0), O(send_share, 0), O(send_move, ENDS), O(send_move_shared, ENDS), O(send_copy, 0), O(send_copy_now, 0), O(receive, GIVEN | ENDS),
    O(receive_moved, MOVED | ENDS), O(receive_copy, COPIED | ENDS)
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* ---- the end of each ---- */
static void say(const char *name, int hook, uint64_t n, const char *what)
{
    printf("    %s, hook %d failing at call %llu: %s\n", name, hook, (unsigned long long)n, what);
    test_failures_++;
}
static void audit_all(void)
{
    for (unsigned i = 0; i < 3; i++)
        if (here(c, i) && !c->m.seat[i].dead && vipc_cap_require(V(i), c->s[i], VIPC_TYPE_SPACE, 0) == VIPC_OK) MOCK_AUDIT(&c->m, i, c->s[i]);
}
static void close_stage(void)
{
    if (here(c, ACTOR) && g->made.token) {                     /* by whom it may be */
        for (unsigned i = 0; i < 3; i++) if (here(c, i)) (void)vipc_close(V(i), g->made);
    }
    forget_name(c, "/n");
    for (unsigned i = 0; i < 3; i++) {                         /* what was handed to somebody by an operation that was then killed */
        vipc_cap found;
        if (!here(c, i)) continue;
        for (uint64_t id = 1; id < 60; id++)
            for (int again = 0; again < 6 && vipc_region_find(V(i), id, &found) == VIPC_OK; again++) (void)vipc_close(V(i), found);
    }
    close_everything(c, __FILE__, __LINE__);
    CHECK_OK(vipc_trim(V(0), NULL));
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(used(c), c->nothing);
    uint64_t bytes = 1;
    CHECK_OK(vipc_node_usage(V(0), 0, &bytes));
    CHECK_EQ(bytes, 0);
    mock_check_by(&c->m, V(0), __FILE__, __LINE__);
    const char *trouble = vipc_mock_close(&c->m);
    if (trouble) { printf("    at the end: %s\n", trouble); test_failures_++; }
}

/* ---- failures ---- */
static int tolerated(int hook) { return hook == MOCK_FLUSH; }  /* what it puts off is put off, not undone */
enum { MOST_CALLS = 3000 };            /* of hooks, by one operation: the longest makes 178 */
static const char *only(void) { return getenv("VIPC_TEST_OP"); }
static void fail_at_every_call(int hook, int with, int half, int held)
{
    uint64_t met = 0, looked = 0;
    for (int k = 0; k < OPERATIONS; k++) {
        const struct operation *o = &operations[k];
        if (only() && strcmp(only(), o->name)) continue;
        looked++;
        for (uint64_t n = 1;; n++) {
            static picture before, after;
            const int bad = test_failures_;
            open_stage();
            prepare(o->kind);
            picture_take(c, &before);
            mock_fail(&c->m, hook, n, with);
            c->m.half = half;
            c->m.held = held;
            vipc_error e = o->run();
            uint64_t failures = c->m.failures;
            met += failures;
            mock_heal(&c->m);
            if (!mock_documented(e)) say(o->name, hook, n, "an error that is not documented");
            if (c->m.trouble) say(o->name, hook, n, c->m.trouble);
            if (e != VIPC_OK) {
                if (!failures) say(o->name, hook, n, vipc_error_string(e));
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                audit_all();
                if (!tolerated(hook)) {
                    picture_take(c, &after);
                    if (!(o->kind & (SEVERAL | OVER)) && picture_same(__FILE__, __LINE__, &after, &before)) say(o->name, hook, n, "something has changed");
                }
                vipc_error again = o->run();
                if (again != VIPC_OK && !(tolerated(hook) && ((o->kind & ENDS) || again == VIPC_ERR_NOT_FOUND || again == VIPC_ERR_INVALID_REGION)))
                    say(o->name, hook, n, vipc_error_string(again));
            }
            for (uint64_t i = 0; i < A_PAGES; i++) CHECK_EQ(see(c, 2, g->mc.at + i * PAGE + SEVEN), 10 + i);
            audit_all();
            close_stage();
            if (c->m.trouble) say(o->name, hook, n, c->m.trouble);
            if (bad != test_failures_) {
                printf("    %s, hook %d failing at call %llu (%s)\n", o->name, hook, (unsigned long long)n, vipc_error_string(e));
                break;
            }
            if (failures == 0) break;
            if (n == MOST_CALLS) { say(o->name, hook, n, "it goes on calling"); break; }
        }
    }
    CHECK(looked > 0);                                         /* VIPC_TEST_OP names one of them */
    if (!only()) CHECK(met > 0);                               /* some of them do call it */
}
TEST(alloc_fails) { fail_at_every_call(MOCK_ALLOC, VIPC_ERR_OUT_OF_MEMORY, 0, 0); }
TEST(alloc_fails_strangely)
{
    static const int with[] = { VIPC_ERR_LIMIT, -33, 77 };
    for (int i = 0; i < 3; i++) fail_at_every_call(MOCK_ALLOC, with[i], 0, 0);
}
TEST(map_fails) { fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 0, 0); }
TEST(map_fails_half_way) { fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 1, 0); }
TEST(map_fails_half_way_and_others_answer_late) { fail_at_every_call(MOCK_MAP, VIPC_ERR_OUT_OF_MEMORY, 1, 1); }
TEST(map_fails_strangely)
{
    static const int with[] = { VIPC_ERR_LIMIT, -33, 77 };
    for (int i = 0; i < 3; i++) fail_at_every_call(MOCK_MAP, with[i], i & 1, 0);
}
TEST(space_create_fails)
{
    static const int with[] = { VIPC_ERR_OUT_OF_MEMORY, -33 };
    for (int i = 0; i < 2; i++) fail_at_every_call(MOCK_SPACE_CREATE, with[i], 0, 0);
}
TEST(flush_fails)
{
    static const int with[] = { 0, VIPC_ERR_CANCELLED, -33, 77 };
    for (int i = 0; i < 4; i++)
        for (int held = 0; held < 2; held++) fail_at_every_call(MOCK_FLUSH, with[i], 0, held);
}
/* A frame that exists has a pointer, so one without it is a sign of memory that somebody has scribbled over: frames may be lost then, and vipc_check says so, but nobody crashes, and
 * none is freed or used that somebody else still has. */
TEST(pointer_says_null_from_then_on)
{
    for (int with = 0; with < 2; with++)                       /* or is unaligned */
        for (int k = 0; k < OPERATIONS; k++)
            for (uint64_t n = 1;; n++) {
                const struct operation *o = &operations[k];
                const int bad = test_failures_;
                if (only() && strcmp(only(), o->name)) break;
                open_stage();
                prepare(o->kind);
                mock_fail(&c->m, MOCK_POINTER, n, with);
                c->m.fail_on = 1;
                vipc_error e = o->run();
                uint64_t failures = c->m.failures;
                mock_heal(&c->m);
                if (!mock_documented(e)) say(o->name, MOCK_POINTER, n, "an error that is not documented");
                for (uint64_t i = 0; i < A_PAGES; i++)
                    if (see(c, 2, g->mc.at + i * PAGE + SEVEN) != 10 + (int)i) say(o->name, MOCK_POINTER, n, "a page of somebody else's is lost");
                if (c->m.trouble) say(o->name, MOCK_POINTER, n, c->m.trouble);
                if (n == MOST_CALLS) say(o->name, MOCK_POINTER, n, "it goes on calling");
                if (failures == 0 || bad != test_failures_) break;
            }
}

/* ---- deaths ---- */
static struct { act run; vipc_error e; } task;
static void does_it(vipc_mock *m, uint64_t who)
{
    (void)m;
    (void)who;
    task.e = task.run();
}
/* Is the byte one of these, or the error of what was taken away, where that may be? */
static void sees(unsigned who, vipc_addr at, int want, bool may_be_gone, const char *what)
{
    int byte = see(c, who, at);
    if (byte == want || (may_be_gone && byte == (int)FAULT)) return;
    printf("    %s: %d sees %d, expected %d\n", what, (int)who, byte, want);
    test_failures_++;
}
static void others_are_whole(const struct operation *o)
{
    const bool a = o->kind & TAKES_A, ob = o->kind & TAKES_O;
    for (uint64_t i = 0; i < A_PAGES; i++) {
        int want = (i < 3 ? 110 : 10) + (int)i;
        sees(2, g->mc.at + i * PAGE + SEVEN, 10 + (int)i, false, "the copy");
        sees(0, g->ma[0].at + i * PAGE + SEVEN, want, a || o->run == op_move_shared, "what is shared");
        sees(2, g->ma[2].at + i * PAGE + SEVEN, want, a, "what is shared");
    }
    for (uint64_t i = 0; i < B_PAGES; i++) sees(0, g->mb[0].at + i * PAGE + SEVEN, 40 + (int)i, false, "the other region");
    for (uint64_t i = 0; i < O_PAGES; i++) {
        const bool cut_off = ob || o->run == op_revoke_object;
        sees(0, g->mo[0].at + i * PAGE + SEVEN, 60 + (int)i, cut_off, "the object");
    }
    for (uint64_t i = 0; i < 3; i++) sees(2, g->mf.at + i * PAGE + SEVEN, o->kind & MOVED ? (int)FAULT : 30 + (int)i, false, "what was in a message");
}
static void survivors_go_on(void)
{
    for (uint64_t i = 0; i < A_PAGES; i++) {
        vipc_error e = set(c, 0, g->ma[0].at + i * PAGE, 99);
        CHECK(e == VIPC_OK || e == FAULT);
        CHECK_OK(set(c, 2, g->mc.at + i * PAGE, 98));
        if (e == VIPC_OK) CHECK_EQ(see(c, 0, g->ma[0].at + i * PAGE), 99);
        CHECK_EQ(see(c, 2, g->mc.at + i * PAGE), 98);
        if (e == VIPC_OK) { int byte = see(c, 2, g->ma[2].at + i * PAGE); CHECK(byte == 99 || byte == (int)FAULT); }
    }
    vipc_cap o;
    while (fetch(0, g->door) == VIPC_OK) {                     /* what it has sent arrives, whole */
        if (!g->made.token) continue;
        vipc_mapping m = map(c, 0, keep(c, 0, g->made), VIPC_READ);
        int byte = see(c, 0, m.at + 4 * PAGE + SEVEN);
        CHECK(byte == 14 || byte == 44 || byte == 84);
    }
    vipc_error e = vipc_object_open(V(2), "/o", 0, 0, &o, VIPC_FOREVER);
    CHECK(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND);
    if (e == VIPC_OK) {
        CHECK_OK(vipc_object_truncate(V(2), o, 9 * PAGE, VIPC_FOREVER));
        vipc_mapping m = map(c, 2, o, VIPC_WRITE);
        CHECK_EQ(m.size, 9 * PAGE);
        for (uint64_t i = 0; i < 9; i++) CHECK(see(c, 2, m.at + i * PAGE) >= 0);
        CHECK_EQ(see(c, 2, m.at + 8 * PAGE), 0);
        CHECK_OK(vipc_close(V(2), o));
    }
    vipc_region_desc d = wanted(30, 0);                        /* new frames read as zeros */
    vipc_cap n = region_of(c, 2, &d);
    ZEROS(c, 2, map(c, 2, n, VIPC_READ));
}
static void kill_at_every_call(int half, int held)
{
    for (int k = 0; k < OPERATIONS; k++) {
        const struct operation *o = &operations[k];
        if (only() && strcmp(only(), o->name)) continue;
        for (uint64_t n = 1;; n++) {
            const int bad = test_failures_;
            open_stage();
            prepare(o->kind);
            c->m.half = half;
            c->m.held = held;
            task.run = o->run;
            task.e = VIPC_ERR_HOOK;
            vipc_mock_kill_at(&c->m, ACTOR, VIPC_MOCK_ANY_HOOK, n);
            bool lives = vipc_mock_run(&c->m, ACTOR, does_it);
            if (lives) {
                CHECK_OK(task.e);
                vipc_mock_kill(&c->m, ACTOR);                  /* and of having done all of it */
            }
            c->m.kill_at = 0;
            CHECK_OK(vipc_sweep(V(0), NULL));
            c->m.half = 0;
            mock_check_by(&c->m, V(0), __FILE__, __LINE__);
            audit_all();
            others_are_whole(o);
            audit_all();
            survivors_go_on();
            mock_check_by(&c->m, V(0), __FILE__, __LINE__);
            audit_all();
            close_stage();
            if (bad != test_failures_) {
                printf("    %s: killed at hook call %llu%s\n", o->name, (unsigned long long)n, lives ? " (after its end)" : "");
                break;
            }
            if (n == MOST_CALLS) say(o->name, VIPC_MOCK_ANY_HOOK, n, "it goes on calling");
            if (lives || n == MOST_CALLS) break;
        }
    }
}
TEST(killed_at_every_hook) { kill_at_every_call(0, 0); }
TEST(killed_half_way_through_every_hook) { kill_at_every_call(1, 0); }
TEST(killed_while_others_answer_late) { kill_at_every_call(1, 1); }

/* The one who cleans up dies of it: at some hooks of both, the later the fewer; at all with VIPC_TEST_ALL=1. */
static void sweeps(vipc_mock *m, uint64_t who) { (void)vipc_sweep(&m->v[who], NULL); }
TEST(a_reaper_killed_too)
{
    const bool all = getenv("VIPC_TEST_ALL") != NULL;
    for (int k = 0; k < OPERATIONS; k++) {
        const struct operation *o = &operations[k];
        bool lives = false;
        if (only() && strcmp(only(), o->name)) continue;
        for (uint64_t n = 1; n < MOST_CALLS && !lives; n += all ? 1 : n / 2 + 1)
            for (uint64_t second = 1; second < MOST_CALLS; second += all ? 1 : second / 4 + 1) {
                const int bad = test_failures_;
                open_stage();
                prepare(o->kind);
                c->m.half = 1;
                task.run = o->run;
                vipc_mock_kill_at(&c->m, ACTOR, VIPC_MOCK_ANY_HOOK, n);
                lives = vipc_mock_run(&c->m, ACTOR, does_it);
                if (lives) vipc_mock_kill(&c->m, ACTOR);
                vipc_mock_kill_at(&c->m, 2, VIPC_MOCK_ANY_HOOK, second);
                bool swept = vipc_mock_run(&c->m, 2, sweeps);
                c->m.kill_at = 0;
                CHECK_OK(vipc_sweep(V(0), NULL));
                mock_check_by(&c->m, V(0), __FILE__, __LINE__);
                for (uint64_t i = 0; i < B_PAGES; i++) sees(0, g->mb[0].at + i * PAGE + SEVEN, 40 + (int)i, false, "the other region");
                for (uint64_t i = 0; i < A_PAGES; i++)
                    sees(0, g->ma[0].at + i * PAGE + SEVEN, (i < 3 ? 110 : 10) + (int)i, (o->kind & TAKES_A) || o->run == op_move_shared, "what is shared");
                audit_all();
                close_stage();
                if (bad != test_failures_) {
                    printf("    %s: killed at hook call %llu, its reaper at %llu\n", o->name, (unsigned long long)n, (unsigned long long)second);
                    if (test_failures_ > 30) return;
                }
                if (swept) break;
            }
        CHECK(lives);
    }
}

RUN_TESTS(T(alloc_fails), T(alloc_fails_strangely), T(map_fails), T(map_fails_half_way), T(map_fails_half_way_and_others_answer_late), T(map_fails_strangely), T(space_create_fails),
          T(flush_fails), T(pointer_says_null_from_then_on), T(killed_at_every_hook), T(killed_half_way_through_every_hook), T(killed_while_others_answer_late), T(a_reaper_killed_too))
