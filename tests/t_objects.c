/* t_objects.c - named shared-memory objects on the mock port: rows D31 to D50 and D66 of the list of known defects, one case each, by name; then what each function promises, and each
 * of its errors with nothing changed. */
#include "shared.h"

enum { CREATE = VIPC_OPEN_CREATE, EXCLUSIVE = VIPC_OPEN_EXCLUSIVE, READ_ONLY = VIPC_OPEN_READ_ONLY, TRUNCATE = VIPC_OPEN_TRUNCATE };
static uint64_t size_of(world *c, unsigned i, vipc_cap o) { return stat_of(c, i, o).size; }

/* ------------------------------------------------------------------------------------------------- known defects */
TEST(d031_an_unlinked_name_is_free_at_once)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2), b = open_object(c, 1, "/x", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_EQ(named(c), 1);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    CHECK_EQ(named(c), 0);
    REFUSED(c, vipc_object_unlink(V(0), "/x"), VIPC_ERR_NOT_FOUND);            /* a second time */
    CHECK_EQ(try_open(c, 2, "/x", 0, 0), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(stat_of(c, 0, a).unlinked, 1);
    CHECK_EQ(stat_of(c, 1, b).unlinked, 1);
    vipc_cap n = object(c, 2, "/x", 1);                        /* another, under the same name, though it must not exist */
    CHECK(stat_of(c, 2, n).id != stat_of(c, 0, a).id);
    CHECK_EQ(stat_of(c, 2, n).unlinked, 0);
    vipc_mapping z = map(c, 2, n, VIPC_WRITE);
    CHECK_EQ(see(c, 2, z.at), 0);
    CHECK_OK(set(c, 2, z.at, 9));
    CHECK_EQ(see(c, 0, w.at), 5);                              /* its contents live on for those who have it */
    CHECK_OK(set(c, 1, q.at, 6));
    CHECK_EQ(see(c, 0, w.at), 6);
    CHECK_EQ(size_of(c, 0, a), 2 * PAGE);
    CHECK_OK(cut(c, 1, b, 3 * PAGE));
    CHECK_EQ(size_of(c, 0, a), 3 * PAGE);
    CHECK_EQ(size_of(c, 2, n), PAGE);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_OK(vipc_close(V(1), b));
    CHECK_EQ(see(c, 1, q.at), 6);                              /* until the last open and the last mapping */
    uint64_t before = used(c);
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(unmap(c, 1, q));
    CHECK(used(c) <= before - 3);
    CHECK_OK(vipc_object_unlink(V(2), "/x"));
    DONE(c);
}
TEST(d032_a_handle_is_closed_once)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 1), b = open_object(c, 0, "/x", 0);
    CHECK_EQ(stat_of(c, 0, a).opens, 2);
    CHECK_OK(vipc_close(V(0), b));
    for (int i = 0; i < 5; i++) REFUSED(c, vipc_close(V(0), b), STALE);
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    CHECK_OK(vipc_close(V(0), a));
    REFUSED(c, vipc_close(V(0), a), STALE);
    a = open_object(c, 0, "/x", 0);                            /* and it can still be ended */
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d033_who_closes_closes_its_own)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2), b = open_object(c, 1, "/x", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    REFUSED(c, vipc_close(V(2), a), STALE);                    /* a stranger */
    REFUSED(c, vipc_close(V(1), a), STALE);                    /* another who has it open */
    CHECK_OK(vipc_close(V(1), b));
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    CHECK_EQ(see(c, 0, w.at), 5);
    CHECK_OK(set(c, 0, w.at + PAGE, 6));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(see(c, 0, w.at + PAGE), 6);
    DONE(c);
}
TEST(d034_closing_what_is_none_is_an_error)
{
    world *c = a_world();
    vipc_cap none = VIPC_INIT, wild = { 0x7712345678901234 };
    REFUSED(c, vipc_close(V(0), none), STALE);
    REFUSED(c, vipc_close(V(0), wild), STALE);
    vipc_object_stat s;
    REFUSED(c, vipc_object_get(V(0), none, &s), STALE);
    REFUSED(c, vipc_object_truncate(V(0), wild, PAGE, VIPC_FOREVER), STALE);
    DONE(c);
}
TEST(d035_truncate_takes_translations_away_before_frames)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 4), b = open_object(c, 1, "/x", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_OK(set(c, 0, w.at + i * PAGE, 0x77));
        CHECK_EQ(see(c, 1, q.at + i * PAGE), 0x77);
    }
    CHECK_OK(cut(c, 0, a, 1 * PAGE));
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(see(c, 1, q.at), 0x77);                           /* what survives, stays */
    for (uint64_t i = 1; i < 4; i++) {
        CHECK_EQ(see(c, 0, w.at + i * PAGE), FAULT);
        CHECK_EQ(see(c, 1, q.at + i * PAGE), FAULT);
        CHECK_EQ(set(c, 1, q.at + i * PAGE, 1), FAULT);
    }
    vipc_cap z = region(c, 2, 100);                            /* who gets those frames gets zeros */
    ZEROS(c, 2, map(c, 2, z, VIPC_READ));
    CHECK_OK(vipc_close(V(2), z));
    CHECK_OK(vipc_space_unmap(V(2), c->s[2], VIPC_LAYOUT_USER_START, VIPC_LAYOUT_USER_END - VIPC_LAYOUT_USER_START, VIPC_FOREVER));
    CHECK_OK(cut(c, 0, a, 4 * PAGE));                          /* it grows again: they are there again, and new */
    for (uint64_t i = 1; i < 4; i++) {
        CHECK_EQ(see(c, 0, w.at + i * PAGE), 0);
        CHECK_OK(set(c, 1, q.at + i * PAGE, 0x11));
        CHECK_EQ(see(c, 0, w.at + i * PAGE), 0x11);
    }
    c->m.held = 1;                                             /* another CPU does not answer at once */
    uint64_t before = used(c);
    CHECK_EQ(vipc_object_truncate(V(0), a, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(size_of(c, 0, a), PAGE);                          /* it has the new size */
    CHECK_EQ(used(c), before);                                 /* and no frame has gone */
    c->m.late = 1;
    CHECK_EQ(vipc_object_truncate(V(0), a, PAGE, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(used(c), before);
    vipc_fault_result f;
    CHECK_EQ(vipc_page_fault(V(0), c->s[0], w.at + PAGE, R, &f), FAULT);
    c->m.held = 0;
    CHECK_OK(cut(c, 0, a, PAGE));                              /* again: that finishes it */
    CHECK(used(c) <= before - 3);
    CHECK_EQ(c->m.stale, 0);
    c->m.held = 1;                                             /* grown while the old frames are still owed: new ones */
    CHECK_OK(cut(c, 0, a, 2 * PAGE));
    CHECK_OK(set(c, 0, w.at + PAGE, 0x55));
    CHECK_EQ(vipc_object_truncate(V(0), a, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    vipc_error e = vipc_object_truncate(V(0), a, 2 * PAGE, VIPC_FOREVER);
    CHECK_OK(e);
    CHECK_EQ(see(c, 0, w.at + PAGE), 0);
    CHECK_EQ(see(c, 1, q.at + PAGE), 0);
    c->m.held = 0;
    DONE(c);
}
TEST(d036_truncate_keeps_what_stays)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 1);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 1));
    CHECK_OK(set(c, 0, w.at + PAGE - 1, 2));
    CHECK_OK(cut(c, 0, a, PAGE));                              /* the same size */
    CHECK_EQ(see(c, 0, w.at), 1);
    CHECK_EQ(see(c, 0, w.at + PAGE - 1), 2);
    CHECK_OK(cut(c, 0, a, 2 * PAGE));                          /* grown */
    vipc_mapping q;
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT, 0, 0, &q));
    CHECK_EQ(q.size, 2 * PAGE);
    CHECK_EQ(see(c, 0, q.at), 1);
    CHECK_EQ(see(c, 0, q.at + PAGE - 1), 2);
    for (uint64_t i = 0; i < PAGE; i += 97) CHECK_EQ(see(c, 0, q.at + PAGE + i), 0);
    CHECK_OK(set(c, 0, q.at + PAGE, 3));
    CHECK_OK(cut(c, 0, a, PAGE));                              /* cut and grown: what is new is zero */
    CHECK_OK(cut(c, 0, a, 2 * PAGE));
    CHECK_EQ(see(c, 0, q.at), 1);
    CHECK_EQ(see(c, 0, q.at + PAGE), 0);
    for (uint64_t i = 0; i < 200; i++) CHECK_OK(set(c, 0, q.at + i, 0x40 + (unsigned)i % 64));
    CHECK_OK(cut(c, 0, a, 100));                               /* within a page, to the byte */
    CHECK_EQ(size_of(c, 0, a), 100);
    CHECK_EQ(see(c, 0, q.at + 99), 0x40 + 99 % 64);
    CHECK_EQ(see(c, 0, q.at + PAGE), FAULT);
    CHECK_OK(set(c, 0, q.at + 150, 0x99));                     /* past the end, in its last page: is not part of it */
    CHECK_OK(cut(c, 0, a, PAGE));
    CHECK_EQ(see(c, 0, q.at + 99), 0x40 + 99 % 64);
    for (uint64_t i = 100; i < PAGE; i++) CHECK_EQ(see(c, 0, q.at + i), 0);
    for (uint64_t size = 0; size < 3 * PAGE; size += 511) {
        CHECK_OK(cut(c, 0, a, size));
        CHECK_EQ(size_of(c, 0, a), size);
    }
    CHECK_OK(cut(c, 0, a, 0));
    CHECK_EQ(see(c, 0, q.at), FAULT);
    CHECK_OK(cut(c, 0, a, 1));
    CHECK_EQ(see(c, 0, q.at), 0);
    DONE(c);
}
TEST(d037_a_failing_grow_changes_nothing)
{
    vipc_config config = shared_config();
    config.object_pages = 300;
    world *c = a_world_with(&config, 200);
    vipc_cap a = object(c, 0, "/x", 2);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at + PAGE, 7));
    REFUSED(c, cut(c, 0, a, 250 * PAGE), VIPC_ERR_OUT_OF_MEMORY);
    REFUSED(c, cut(c, 0, a, 301 * PAGE), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, a, 300 * PAGE + 1), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, a, ~(uint64_t)0), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, a, ~(uint64_t)0 - 4095), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, a, (uint64_t)1 << 63), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, a, (uint64_t)1 << 44), VIPC_ERR_LIMIT);
    CHECK_EQ(size_of(c, 0, a), 2 * PAGE);
    CHECK_EQ(see(c, 0, w.at + PAGE), 7);
    for (uint64_t n = 1; n < 200; n++) {                       /* out of frames at each of them */
        mock_fail(&c->m, MOCK_ALLOC, n, VIPC_ERR_OUT_OF_MEMORY);
        vipc_error e = cut(c, 0, a, 40 * PAGE);
        uint64_t failures = c->m.failures;
        mock_heal(&c->m);
        if (e == VIPC_OK && failures) {                        /* it made do with less at a time */
            CHECK_OK(cut(c, 0, a, 2 * PAGE));
            continue;
        }
        if (e == VIPC_OK) break;
        CHECK_EQ(e, VIPC_ERR_OUT_OF_MEMORY);
        CHECK_EQ(size_of(c, 0, a), 2 * PAGE);
        CHECK_EQ(see(c, 0, w.at + PAGE), 7);
        CHECK_EQ(node_bytes(c, 0), 2 * PAGE);
    }
    CHECK_EQ(size_of(c, 0, a), 40 * PAGE);
    CHECK_EQ(see(c, 0, w.at + PAGE), 7);
    DONE(c);
}
TEST(d038_objects_can_be_mapped)
{
    world *c = a_world();
    vipc_mapping w, q;
    vipc_cap a = object(c, 0, "/x", 0), b = open_object(c, 1, "x", READ_ONLY);
    REFUSED(c, map_part(c, 0, a, VIPC_READ, 0, 0, 0, &w), VIPC_ERR_INVALID_ARGUMENT);  /* there is nothing of it yet */
    REFUSED(c, map_part(c, 0, a, VIPC_READ, 0, 0, PAGE, &w), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(cut(c, 0, a, 5 * PAGE - 100));
    w = map(c, 0, a, VIPC_WRITE);
    CHECK_EQ(w.size, 5 * PAGE);
    CHECK_OK(map_part(c, 1, b, VIPC_READ, SPOT, 2 * PAGE, 2 * PAGE, &q));
    FILL(c, 0, w.at, 5, 10);
    CHECK_EQ(see(c, 1, SPOT), 12);
    CHECK_EQ(see(c, 1, SPOT + PAGE), 13);
    CHECK_EQ(see(c, 1, SPOT + 2 * PAGE), FAULT);
    CHECK_EQ(stat_of(c, 0, a).mappings, 2);
    vipc_region_info info = info_of(c, 1, b);                  /* of a named object too */
    CHECK_EQ(info.mine.at, SPOT);
    CHECK_EQ(info.mine.size, 2 * PAGE);
    CHECK_EQ(info.id, stat_of(c, 0, a).id);
    REFUSED(c, map_part(c, 0, a, VIPC_READ, 0, 5 * PAGE, 0, &w), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, map_part(c, 0, a, VIPC_READ, 0, 4 * PAGE, 2 * PAGE, &w), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(unmap(c, 1, q));
    CHECK_EQ(see(c, 1, SPOT), FAULT);
    DONE(c);
}
TEST(d039_read_only_is_read_only)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap a = object(c, 0, "/x", 2), r = open_object(c, 0, "/x", READ_ONLY), s = open_object(c, 1, "/x", READ_ONLY);
    REFUSED(c, cut(c, 0, r, 0), DENIED);                       /* even its creator, by that handle */
    REFUSED(c, cut(c, 1, s, PAGE), DENIED);
    REFUSED(c, map_part(c, 1, s, VIPC_WRITE, 0, 0, 0, &w), DENIED);
    REFUSED(c, map_part(c, 0, r, VIPC_WRITE, 0, 0, 0, &w), DENIED);
    REFUSED(c, vipc_region_seal(V(1), s, VIPC_FOREVER), DENIED);
    w = map(c, 1, s, VIPC_READ);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, RW, VIPC_FOREVER), DENIED);
    CHECK_EQ(set(c, 1, w.at, 1), DENIED);
    CHECK_EQ(try_open(c, 1, "/x", READ_ONLY | TRUNCATE, 0), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(size_of(c, 0, a), 2 * PAGE);
    uint32_t rights = mock_cap_info(V(1), s).rights;
    CHECK_EQ(rights, VIPC_RIGHT_READ | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE);
    DONE(c);
}
TEST(d040_modes_are_checked)
{
    world *c = a_world();
    static const struct { uint32_t mode; int mine_r, mine_w, other_r, other_w; } modes[] = {
        { 0666, 1, 1, 1, 1 }, { 0600, 1, 1, 0, 0 }, { 0644, 1, 1, 1, 0 }, { 0400, 1, 0, 0, 0 }, { 0200, 0, 1, 0, 0 }, { 0006, 0, 0, 1, 1 }, { 0004, 0, 0, 1, 0 }, { 0002, 0, 0, 0, 1 },
        { 0, 1, 1, 1, 1 }, { 0060, 0, 0, 0, 0 }, { 0111, 0, 0, 0, 0 }, { 07777, 1, 1, 1, 1 }, { 0x80000000u | 0444, 1, 0, 1, 0 } };
    for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
        vipc_cap a;
        REQUIRE_OK(vipc_object_open(V(0), "/m", CREATE | EXCLUSIVE, modes[k].mode, &a, VIPC_FOREVER));     /* whoever makes it has it open, as it asked */
        keep(c, 0, a);
        forget_name(c, "/m");
        CHECK_OK(cut(c, 0, a, PAGE));
        vipc_error mine = modes[k].mine_r && modes[k].mine_w ? VIPC_OK : DENIED, other = modes[k].other_r && modes[k].other_w ? VIPC_OK : DENIED;
        vipc_error mine_ro = modes[k].mine_r ? VIPC_OK : DENIED, other_ro = modes[k].other_r ? VIPC_OK : DENIED;
        int bad = test_failures_;
        CHECK_EQ(try_open(c, 0, "/m", 0, 0), mine);
        CHECK_EQ(try_open(c, 0, "/m", CREATE, 0666), mine);                    /* mode is for a new one */
        CHECK_EQ(try_open(c, 0, "/m", READ_ONLY, 0), mine_ro);
        CHECK_EQ(try_open(c, 1, "/m", 0, 0), other);
        CHECK_EQ(try_open(c, 1, "/m", READ_ONLY, 0), other_ro);
        CHECK_EQ(try_open(c, 1, "/m", TRUNCATE, 0), other);
        CHECK_EQ(size_of(c, 0, a), other == VIPC_OK ? 0 : PAGE);
        if (!modes[k].other_w) REFUSED(c, vipc_object_unlink(V(1), "/m"), DENIED);
        CHECK_OK(vipc_object_unlink(V(k % 2 && modes[k].other_w ? 1 : 0), "/m"));
        if (bad != test_failures_) printf("    mode %o\n", modes[k].mode);
        for (int i = 0; i < c->kept_count; i++) (void)vipc_close(V(c->kept[i].who), c->kept[i].cap);
        c->kept_count = 0;
    }
    DONE(c);
}
TEST(d040_who_did_not_make_it_is_another)
{
    world *c = a_world();
    vipc_cap a;
    REQUIRE_OK(vipc_object_open(V(3), "/m", CREATE, 0600, &a, VIPC_FOREVER));
    CHECK_EQ(try_open(c, 1, "/m", READ_ONLY, 0), DENIED);
    CHECK_OK(vipc_close(V(3), a));
    CHECK_EQ(try_open(c, 3, "/m", 0, 0), VIPC_OK);
    die(c, 3);
    CHECK_EQ(try_open(c, 1, "/m", READ_ONLY, 0), DENIED);      /* its maker's death changes nothing for the others */
    REFUSED(c, vipc_object_unlink(V(1), "/m"), DENIED);
    vipc_process_desc pd = mock_desc(3);                       /* and whoever comes in its place is not its maker */
    pd.proof = 4444;
    REQUIRE_OK(vipc_process_create(V(0), &pd, V(3), NULL));
    c->m.member[3] = 1;
    CHECK_EQ(try_open(c, 3, "/m", READ_ONLY, 0), DENIED);
    REFUSED(c, vipc_object_unlink(V(3), "/m"), DENIED);
    MOCK_END(&c->m);
}
TEST(d041_one_name_one_object)
{
    world *c = a_world();
    static char long_name[400];
    vipc_cap a = object(c, 0, "/x", 1);
    CHECK_EQ(try_open(c, 1, "x", CREATE | EXCLUSIVE, 0), VIPC_ERR_EXISTS);
    vipc_cap b = open_object(c, 1, "x", 0);
    CHECK_EQ(stat_of(c, 1, b).id, stat_of(c, 0, a).id);
    CHECK_OK(vipc_object_unlink(V(1), "x"));
    CHECK_EQ(named(c), 0);
    static const char *const wrong[] = { "", "/", "//", "a/b", "/a/b", "//x", "x/", "/x/", "a/b/../c", "./a" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int bad = test_failures_;
        CHECK_EQ(try_open(c, 0, wrong[i], CREATE, 0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(try_open(c, 0, wrong[i], 0, 0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_object_unlink(V(0), wrong[i]), VIPC_ERR_INVALID_ARGUMENT);
        if (bad != test_failures_) printf("    name \"%s\"\n", wrong[i]);
    }
    vipc_cap out;
    CHECK_EQ(vipc_object_open(V(0), NULL, CREATE, 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_object_unlink(V(0), NULL), VIPC_ERR_INVALID_ARGUMENT);
    memset(long_name, 'n', sizeof long_name - 1);
    CHECK_EQ(try_open(c, 0, long_name, CREATE, 0), VIPC_ERR_NAME_TOO_LONG);
    CHECK_EQ(vipc_object_unlink(V(0), long_name), VIPC_ERR_NAME_TOO_LONG);
    long_name[VIPC_OBJECT_NAME_MAX + 1] = 0;
    CHECK_EQ(try_open(c, 0, long_name, CREATE, 0), VIPC_ERR_NAME_TOO_LONG);
    long_name[VIPC_OBJECT_NAME_MAX] = 0;
    CHECK_EQ(try_open(c, 0, long_name, CREATE, 0), VIPC_OK);
    static char slashed[400] = "/";
    strcpy(slashed + 1, long_name);
    CHECK_EQ(try_open(c, 0, slashed, EXCLUSIVE | CREATE, 0), VIPC_ERR_EXISTS);         /* the slash is not counted */
    CHECK_EQ(try_open(c, 0, slashed, 0, 0), VIPC_OK);
    long_name[VIPC_OBJECT_NAME_MAX - 1] = 0;                   /* one letter less is another, and so is another letter at the end */
    CHECK_EQ(try_open(c, 0, long_name, 0, 0), VIPC_ERR_NOT_FOUND);
    slashed[VIPC_OBJECT_NAME_MAX] = 'm';
    CHECK_EQ(try_open(c, 0, slashed, 0, 0), VIPC_ERR_NOT_FOUND);
    slashed[VIPC_OBJECT_NAME_MAX] = 'n';
    CHECK_OK(vipc_object_unlink(V(0), slashed));
    static const char *const good[] = { "a", "A", " ", "a b", "...", ".", "\xff\xfe", "a.b-c_d:e" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) CHECK_EQ(try_open(c, 0, good[i], CREATE | EXCLUSIVE, 0), VIPC_OK);
    CHECK_EQ(named(c), sizeof good / sizeof *good);
    DONE(c);
}
TEST(d041_names_of_endpoints_are_others)
{
    world *c = a_world();
    vipc_cap door = keep(c, 0, mock_endpoint(&c->m, 0, 4)), found;
    CHECK_OK(vipc_publish(V(0), "svc", door, 0));
    (void)object(c, 0, "svc", 1);
    CHECK_OK(vipc_lookup(V(1), "svc", 0, &found, VIPC_NOW));
    CHECK_EQ(vipc_cap_type(found), VIPC_TYPE_ENDPOINT);
    CHECK_OK(vipc_close(V(1), found));
    CHECK_OK(vipc_object_unlink(V(0), "svc"));
    CHECK_OK(vipc_lookup(V(1), "svc", 0, &found, VIPC_NOW));
    CHECK_OK(vipc_close(V(1), found));
    CHECK_OK(vipc_unpublish(V(0), "svc"));
    DONE(c);
}
TEST(d042_flags_of_open)
{
    world *c = a_world();
    static const struct { uint32_t flags; vipc_error fresh, existing; } cases[] = {
        { 0, VIPC_ERR_NOT_FOUND, VIPC_OK }, { CREATE, VIPC_OK, VIPC_OK }, { EXCLUSIVE, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT },
        { CREATE | EXCLUSIVE, VIPC_OK, VIPC_ERR_EXISTS }, { READ_ONLY, VIPC_ERR_NOT_FOUND, VIPC_OK }, { CREATE | READ_ONLY, VIPC_OK, VIPC_OK },
        { EXCLUSIVE | READ_ONLY, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT }, { CREATE | EXCLUSIVE | READ_ONLY, VIPC_OK, VIPC_ERR_EXISTS },
        { TRUNCATE, VIPC_ERR_NOT_FOUND, VIPC_OK }, { CREATE | TRUNCATE, VIPC_OK, VIPC_OK }, { EXCLUSIVE | TRUNCATE, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT },
        { CREATE | EXCLUSIVE | TRUNCATE, VIPC_OK, VIPC_ERR_EXISTS }, { READ_ONLY | TRUNCATE, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT },
        { CREATE | READ_ONLY | TRUNCATE, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT }, { 16, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT },
        { 0x80000000u | CREATE, VIPC_ERR_INVALID_ARGUMENT, VIPC_ERR_INVALID_ARGUMENT } };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        int bad = test_failures_;
        vipc_cap out = VIPC_INIT;
        uint32_t before = named(c);
        vipc_error e = vipc_object_open(V(0), "/f", cases[k].flags, 0, &out, VIPC_FOREVER);
        CHECK_EQ(e, cases[k].fresh);
        CHECK_EQ(named(c), before + (e == VIPC_OK));
        if (e == VIPC_OK) {
            uint32_t rights = mock_cap_info(V(0), out).rights, base = VIPC_RIGHT_READ | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_DELETE;
            CHECK_EQ(rights, cases[k].flags & READ_ONLY ? base : base | VIPC_RIGHT_WRITE | VIPC_RIGHT_MODIFY);
            CHECK_EQ(size_of(c, 0, out), 0);                   /* empty */
            CHECK_EQ(cut(c, 0, out, PAGE), cases[k].flags & READ_ONLY ? DENIED : VIPC_OK);
            CHECK(stat_of(c, 0, out).owner.id == PID(0).id);
            CHECK_OK(vipc_object_unlink(V(0), "/f"));
            CHECK_OK(vipc_close(V(0), out));
        }
        vipc_cap a = object(c, 0, "/g", 2);
        e = vipc_object_open(V(1), "/g", cases[k].flags, 0, &out, VIPC_FOREVER);
        CHECK_EQ(e, cases[k].existing);
        if (e == VIPC_OK) {
            uint32_t rights = mock_cap_info(V(1), out).rights, base = VIPC_RIGHT_READ | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE;
            CHECK_EQ(rights, cases[k].flags & READ_ONLY ? base : base | VIPC_RIGHT_WRITE | VIPC_RIGHT_MODIFY);
            CHECK_OK(vipc_close(V(1), out));
        }
        CHECK_EQ(size_of(c, 0, a), e == VIPC_OK && cases[k].flags & TRUNCATE ? 0 : 2 * PAGE);
        CHECK_OK(vipc_object_unlink(V(0), "/g"));
        CHECK_OK(vipc_close(V(0), a));
        if (bad != test_failures_) printf("    flags %x\n", cases[k].flags);
    }
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d043_each_open_is_a_handle_of_its_own)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2), b = open_object(c, 0, "/x", 0), d = open_object(c, 1, "/x", READ_ONLY);
    CHECK(a.token != b.token);
    CHECK_EQ(stat_of(c, 0, a).opens, 3);
    CHECK_EQ(stat_of(c, 0, a).id, stat_of(c, 1, d).id);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    vipc_cap n = object(c, 0, "/x", 1);                        /* what is done by handle is done to what was opened */
    CHECK_OK(cut(c, 0, b, 3 * PAGE));
    CHECK_EQ(size_of(c, 0, a), 3 * PAGE);
    CHECK_EQ(size_of(c, 0, n), PAGE);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(size_of(c, 0, b), 3 * PAGE);
    vipc_object_stat s;
    CHECK_EQ(vipc_object_get(V(0), a, &s), STALE);
    CHECK_EQ(stat_of(c, 0, b).opens, 2);
    CHECK_OK(vipc_close(V(1), d));
    CHECK_EQ(stat_of(c, 0, b).opens, 1);
    CHECK_EQ(vipc_cap_type(b), VIPC_TYPE_OBJECT);
    CHECK_OK(vipc_cap_require(V(0), b, VIPC_TYPE_OBJECT, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE));
    DONE(c);
}
TEST(d044_exit_closes_and_nothing_is_used_up)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2);
    for (int i = 0; i < 2000; i++) {                           /* opens are not counted for ever */
        vipc_cap b;
        REQUIRE_OK(vipc_object_open(V(1), "/x", 0, 0, &b, VIPC_FOREVER));
        CHECK_OK(vipc_close(V(1), b));
    }
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    for (int i = 0; i < 300; i++) {                            /* nor names */
        vipc_cap b;
        REQUIRE_OK(vipc_object_open(V(1), "/y", CREATE | EXCLUSIVE, 0, &b, VIPC_FOREVER));
        CHECK_OK(vipc_close(V(1), b));
        CHECK_OK(vipc_object_unlink(V(1), "/y"));
    }
    vipc_cap b = open_object(c, 3, "/x", 0), d = object(c, 3, "/z", 3);
    (void)map(c, 3, b, VIPC_WRITE);
    vipc_mapping w = map(c, 3, d, VIPC_WRITE);
    CHECK_OK(set(c, 3, w.at, 9));
    vipc_cap copy;                                             /* a fork has what its parent has mapped */
    unsigned char byte = 0;
    REQUIRE_OK(vipc_space_clone(V(3), c->s[3], &copy, VIPC_FOREVER));
    CHECK_OK(vipc_mock_load(&c->m, V(3), copy, w.at, &byte));
    CHECK_EQ(byte, 9);
    CHECK_EQ(stat_of(c, 3, d).mappings, 2);
    CHECK_EQ(stat_of(c, 0, a).opens, 2);
    CHECK_EQ(stat_of(c, 0, a).mappings, 2);
    die(c, 3);
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    CHECK_EQ(stat_of(c, 0, a).mappings, 0);
    d = open_object(c, 0, "/z", 0);                            /* names live on, whoever dies */
    CHECK_EQ(stat_of(c, 0, d).owner.id, 0);
    CHECK_EQ(stat_of(c, 0, d).opens, 1);
    CHECK_EQ(stat_of(c, 0, d).mappings, 0);
    w = map(c, 0, d, VIPC_READ);
    CHECK_EQ(see(c, 0, w.at), 9);
    mock_leave_domain(&c->m, 2);
    CHECK_OK(vipc_object_unlink(V(0), "/z"));
    CHECK_OK(vipc_close(V(0), d));
    CHECK_OK(unmap(c, 0, w));
    DONE(c);
}
TEST(d045_nobody_takes_all)
{
    vipc_config config = shared_config();
    config.max_named = 6;
    config.objects_per_process = 4;                            /* its space is one */
    config.object_pages = 20;
    config.shared_per_process = 30;
    world *c = a_world_with(&config, 512);
    static const char *const names[] = { "/a", "/b", "/c", "/d", "/e", "/f", "/g", "/h" };
    for (int i = 0; i < 3; i++) (void)object(c, 0, names[i], 0);
    CHECK_EQ(try_open(c, 0, names[3], CREATE, 0), VIPC_ERR_LIMIT);             /* what one process may have */
    for (int i = 3; i < 6; i++) (void)object(c, 1, names[i], 0);
    CHECK_EQ(try_open(c, 2, names[6], CREATE, 0), VIPC_ERR_LIMIT);             /* what there is */
    CHECK_EQ(named(c), 6);
    vipc_cap a = open_object(c, 0, "/a", 0), b = open_object(c, 0, "/b", 0);
    REFUSED(c, cut(c, 0, a, 21 * PAGE), VIPC_ERR_LIMIT);
    CHECK_OK(cut(c, 0, a, 20 * PAGE));
    REFUSED(c, cut(c, 0, b, 11 * PAGE), VIPC_ERR_LIMIT);
    CHECK_OK(cut(c, 0, b, 10 * PAGE));
    vipc_cap his = open_object(c, 2, "/b", 0);                 /* whoever asks: it is charged to its owner */
    REFUSED(c, cut(c, 2, his, 11 * PAGE), VIPC_ERR_LIMIT);
    CHECK_OK(cut(c, 0, a, 0));
    CHECK_OK(cut(c, 2, his, 20 * PAGE));
    CHECK_OK(vipc_object_unlink(V(1), "/d"));
    CHECK_EQ(try_open(c, 2, names[6], CREATE, 0), VIPC_OK);    /* a name that is free again, though its object is open still */
    DONE(c);
}
/* D46 needs 2^32 opens to be seen.  Each open is a capability here, and there are no more of those than their table has room for, which is less than 2^24: the limit comes first.  And
 * the count of who shares a frame, the one that copies raise, stops before it wraps. */
TEST(d046_no_count_wraps)
{
    vipc_config config = shared_config();
    vipc_cap out;
    config.max_capabilities = 16777214;
    CHECK(vipc_required_size(&config) != 0);
    config.max_capabilities++;
    CHECK_EQ(vipc_required_size(&config), 0);
    config = shared_config();
    config.capabilities_per_process = 50;
    world *c = a_world_with(&config, 512);
    vipc_cap a = object(c, 0, "/x", 1);
    int n = 1;
    while (try_open(c, 0, "/x", 0, 0) == VIPC_OK) n++;
    CHECK_EQ(n, 49);                                           /* and its space */
    CHECK_EQ(stat_of(c, 0, a).opens, 49);
    CHECK_EQ(try_open(c, 0, "/x", 0, 0), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    CHECK_EQ(size_of(c, 0, a), PAGE);
    vipc_mapping w = map(c, 0, a, VIPC_READ);
    CHECK_EQ(see(c, 0, w.at), 0);
    uint64_t frame = frame_at(c, 0, w.at);
    for (int i = 2; i < 10; i++) CHECK_OK(vipc_close(V(0), c->kept[i].cap));
    uint32_t was = *vipci_refs_at(V(0), frame);                /* as if 2^32 - 2 had it */
    *vipci_refs_at(V(0), frame) = 0xfffffffe;
    CHECK_EQ(vipc_region_transfer(V(0), a, PID(1), VIPC_COPY_ON_WRITE, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_EQ(*vipci_refs_at(V(0), frame), 0xfffffffe);
    *vipci_refs_at(V(0), frame) = was;
    DONE(c);
}
TEST(d047_a_mapping_keeps_it)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 3);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    CHECK_EQ(named(c), 0);
    CHECK(used(c) >= c->nothing + 3);
    vipc_cap z = region(c, 1, 100);                            /* nobody gets its frames */
    vipc_mapping q = map(c, 1, z, VIPC_WRITE);
    for (uint64_t i = 0; i < 100; i++) CHECK_OK(set(c, 1, q.at + i * PAGE, 0xEE));
    CHECK_EQ(see(c, 0, w.at), 5);
    CHECK_EQ(see(c, 0, w.at + PAGE), 0);
    CHECK_OK(set(c, 0, w.at + 2 * PAGE, 6));
    vipc_mock_forget(&c->m, 0);
    CHECK_EQ(see(c, 0, w.at + 2 * PAGE), 6);
    CHECK_OK(vipc_close(V(1), z));
    CHECK_OK(unmap(c, 1, q));
    CHECK_OK(unmap(c, 0, w));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d048_pages_lie_anywhere)
{
    static scattered h;
    vipc_config config = shared_config();
    config.max_shared = config.max_objects = 400;
    config.max_capabilities = 900;
    world *c = a_world_with(&config, 300);
    scatter(c, &h);
    vipc_cap a = object(c, 1, "/x", 50);
    vipc_mapping w = map(c, 1, a, VIPC_WRITE);
    ZEROS(c, 1, w);
    int neighbours = 0;
    for (uint64_t i = 1; i < 50; i++) neighbours += frame_at(c, 1, w.at + i * PAGE) == frame_at(c, 1, w.at + (i - 1) * PAGE) + 1;
    CHECK(neighbours <= 25);                                   /* holes are of two frames */
    gather(c, &h);
    DONE(c);
}
TEST(d049_errors_are_told_apart)
{
    vipc_config config = shared_config();
    config.max_named = 2;
    config.object_pages = 400;
    world *c = a_world_with(&config, 300);
    static char long_name[400];
    memset(long_name, 'n', sizeof long_name - 1);
    vipc_cap a = object(c, 0, "/a", 1), r = open_object(c, 0, "/a", READ_ONLY), reg = region(c, 0, 1), secret;
    REQUIRE_OK(vipc_object_open(V(0), "/b", CREATE, 0600, &secret, VIPC_FOREVER));
    keep(c, 0, secret);
    forget_name(c, "/b");
    CHECK_EQ(try_open(c, 0, "/zz", 0, 0), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(try_open(c, 0, "/a", CREATE | EXCLUSIVE, 0), VIPC_ERR_EXISTS);
    CHECK_EQ(try_open(c, 1, "/b", 0, 0), DENIED);
    CHECK_EQ(try_open(c, 0, "/c", CREATE, 0), VIPC_ERR_LIMIT);
    CHECK_EQ(try_open(c, 0, long_name, CREATE, 0), VIPC_ERR_NAME_TOO_LONG);    /* and not cut to what would fit */
    CHECK_EQ(try_open(c, 0, "/", CREATE, 0), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, cut(c, 0, r, PAGE), DENIED);
    REFUSED(c, cut(c, 0, a, 350 * PAGE), VIPC_ERR_OUT_OF_MEMORY);
    REFUSED(c, cut(c, 0, a, 401 * PAGE), VIPC_ERR_LIMIT);
    REFUSED(c, cut(c, 0, reg, PAGE), VIPC_ERR_INVALID_REGION);
    REFUSED(c, cut(c, 1, a, PAGE), STALE);
    vipc_object_stat s;
    REFUSED(c, vipc_object_get(V(0), reg, &s), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(named(c), 2);
    DONE(c);
}
TEST(d050_what_there_is_to_know_is_for_who_has_it_open)
{
    world *c = a_world();
    vipc_object_stat s;
    vipc_cap a;
    REQUIRE_OK(vipc_object_open(V(0), "/x", CREATE, 0640, &a, VIPC_FOREVER));
    keep(c, 0, a);
    forget_name(c, "/x");
    CHECK_OK(cut(c, 0, a, 1234));
    REFUSED(c, vipc_object_get(V(1), a, &s), STALE);
    REFUSED(c, vipc_object_get(V(0), a, NULL), VIPC_ERR_INVALID_ARGUMENT);
    s = stat_of(c, 0, a);
    CHECK(s.id != 0);
    CHECK_EQ(s.size, 1234);
    CHECK(s.owner.id == PID(0).id);
    CHECK_EQ(s.opens, 1);
    CHECK_EQ(s.mappings, 0);
    CHECK_EQ(s.mode & 0777, 0640);
    CHECK_EQ(s.unlinked, 0);
    CHECK_EQ(s.sealed, 0);
    (void)map(c, 0, a, VIPC_READ);
    (void)grant(c, 0, a, 1, VIPC_RIGHT_READ);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));
    s = stat_of(c, 0, a);
    CHECK_EQ(s.opens, 2);
    CHECK_EQ(s.mappings, 1);
    CHECK_EQ(s.unlinked, 1);
    CHECK_OK(vipc_close(V(0), a));
    REFUSED(c, vipc_object_get(V(0), a, &s), STALE);
    DONE(c);
}
TEST(d066_a_mapping_is_of_what_was_opened)
{
    world *c = a_world();
    vipc_addr shared_at = 0, private_at = 0;
    vipc_cap a = object(c, 0, "/a", 2), b = open_object(c, 1, "/a", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(set(c, 0, w.at + PAGE, 6));
    CHECK_OK(mmap_of(c, 1, b, 0, 0, 2 * PAGE, RW, VIPC_MAP_SHARED, &shared_at));
    CHECK_OK(mmap_of(c, 1, b, 0, PAGE, PAGE, RW, VIPC_MAP_PRIVATE, &private_at));
    CHECK_OK(vipc_close(V(1), b));                             /* the handle is closed, and its place taken by another */
    CHECK_OK(vipc_object_unlink(V(0), "/a"));
    for (int i = 0; i < 20; i++) {
        static const char *const names[] = { "/b", "/c", "/d" };
        vipc_cap n = object(c, 1, names[i % 3], 2);
        vipc_mapping q = map(c, 1, n, VIPC_WRITE);
        CHECK_OK(set(c, 1, q.at, 99));
        CHECK_OK(unmap(c, 1, q));
        CHECK_OK(vipc_object_unlink(V(1), names[i % 3]));
        if (i % 2) CHECK_OK(vipc_close(V(1), n));
    }
    vipc_mock_forget(&c->m, 0);
    CHECK_EQ(see(c, 1, shared_at), 5);
    CHECK_EQ(see(c, 1, shared_at + PAGE), 6);
    CHECK_EQ(see(c, 1, private_at), 6);
    CHECK_OK(set(c, 1, shared_at, 7));
    CHECK_EQ(see(c, 0, w.at), 7);
    CHECK_OK(set(c, 1, private_at, 8));
    CHECK_EQ(see(c, 0, w.at + PAGE), 6);
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------- the rest */
TEST(a_name_alone_keeps_it)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(vipc_close(V(0), a));
    CHECK(used(c) >= c->nothing + 2);
    CHECK_EQ(named(c), 1);
    a = open_object(c, 1, "/x", READ_ONLY);
    CHECK_EQ(see(c, 1, map(c, 1, a, VIPC_READ).at), 5);
    CHECK_EQ(stat_of(c, 1, a).opens, 1);
    CHECK(stat_of(c, 1, a).owner.id == PID(0).id);
    DONE(c);
}
TEST(destroy_takes_the_name_too)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2), b = open_object(c, 1, "/x", 0);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(set(c, 1, q.at, 5));
    REFUSED(c, vipc_destroy(V(1), b, VIPC_FOREVER), DENIED);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(named(c), 0);
    CHECK_EQ(try_open(c, 1, "/x", 0, 0), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(revoke_leaves_the_name)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2), b = open_object(c, 1, "/x", 0), d = grant(c, 0, a, 2, VIPC_RIGHT_READ), e = grant(c, 1, b, 3, VIPC_RIGHT_READ);
    vipc_mapping q = map(c, 1, b, VIPC_READ), r = map(c, 2, d, VIPC_READ), s = map(c, 3, e, VIPC_READ);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));              /* what came of this handle: not of the other */
    CHECK_EQ(see(c, 2, r.at), FAULT);
    CHECK_EQ(see(c, 1, q.at), 0);
    CHECK_EQ(see(c, 3, s.at), 0);
    CHECK_OK(vipc_revoke(V(1), b, VIPC_FOREVER));
    CHECK_EQ(see(c, 3, s.at), FAULT);
    CHECK_EQ(see(c, 1, q.at), 0);
    CHECK_EQ(try_open(c, 2, "/x", 0, 0), VIPC_OK);
    CHECK_EQ(named(c), 1);
    DONE(c);
}
TEST(objects_are_handed_over)
{
    world *c = a_world();
    vipc_cap out;
    vipc_cap a = object(c, 0, "/x", 3);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ);
    CHECK_EQ(vipc_cap_type(b), VIPC_TYPE_OBJECT);
    CHECK_EQ(see(c, 1, map(c, 1, b, VIPC_READ).at), 5);
    CHECK_EQ(stat_of(c, 0, a).opens, 2);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(1), VIPC_MOVE, 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);
    vipc_cap d = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);      /* a region of its own, without a name */
    CHECK_EQ(vipc_cap_type(d), VIPC_TYPE_REGION);
    vipc_mapping q = map(c, 2, d, VIPC_WRITE);
    CHECK_EQ(see(c, 2, q.at), 5);
    CHECK_OK(set(c, 2, q.at, 6));
    CHECK_OK(set(c, 0, w.at + PAGE, 7));
    CHECK_EQ(see(c, 0, w.at), 5);
    CHECK_EQ(see(c, 2, q.at + PAGE), 0);
    CHECK_OK(cut(c, 0, a, 0));                                 /* whose size is its own */
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(see(c, 2, q.at), 6);
    CHECK_EQ(see(c, 2, q.at + 2 * PAGE), 0);
    CHECK_EQ(named(c), 1);
    vipc_cap found;
    CHECK_OK(vipc_region_find(V(1), stat_of(c, 0, a).id, &found));
    CHECK(found.token == b.token);
    DONE(c);
}
TEST(sealed_objects)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap a = object(c, 0, "/x", 3), b = open_object(c, 1, "/x", 0), r = open_object(c, 2, "/x", READ_ONLY);
    w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    REFUSED(c, vipc_region_seal(V(1), b, VIPC_FOREVER), VIPC_ERR_RESOURCE_BUSY);
    REFUSED(c, vipc_region_seal(V(2), r, VIPC_FOREVER), DENIED);
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(vipc_region_seal(V(1), b, VIPC_FOREVER));
    CHECK_EQ(stat_of(c, 0, a).sealed, 1);
    REFUSED(c, cut(c, 0, a, 0), DENIED);
    REFUSED(c, cut(c, 0, a, 4 * PAGE), DENIED);
    REFUSED(c, map_part(c, 0, a, VIPC_WRITE, 0, 0, 0, &w), DENIED);
    CHECK_EQ(try_open(c, 0, "/x", TRUNCATE, 0), DENIED);
    CHECK_EQ(size_of(c, 0, a), 3 * PAGE);
    vipc_cap again = open_object(c, 3, "/x", 0);               /* opened anew, it stays so */
    CHECK_EQ(try_map(c, 3, again, VIPC_WRITE), DENIED);
    CHECK_EQ(see(c, 3, map(c, 3, again, VIPC_READ).at), 5);
    CHECK_OK(vipc_object_unlink(V(0), "/x"));                  /* a name is no part of it */
    DONE(c);
}
TEST(truncate_while_copied_pages_are_shared)
{
    world *c = a_world();
    vipc_addr at = 0;
    vipc_cap a = object(c, 0, "/x", 4);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    FILL(c, 0, w.at + 200, 4, 10);
    CHECK_OK(mmap_of(c, 0, a, 0, 0, 4 * PAGE, RW, VIPC_MAP_PRIVATE, &at));
    vipc_cap copy = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0);
    vipc_mapping q = map(c, 1, copy, VIPC_WRITE);
    CHECK_OK(cut(c, 0, a, PAGE + 100));                        /* within a page that others have, too */
    CHECK_OK(cut(c, 0, a, 4 * PAGE));
    CHECK_EQ(see(c, 0, w.at + 200), 10);
    CHECK_EQ(see(c, 0, w.at + PAGE + 200), 0);
    CHECK_EQ(see(c, 0, w.at + 2 * PAGE + 200), 0);
    HOLDS(c, 0, at + 200, 4, 10);
    HOLDS(c, 1, q.at + 200, 4, 10);
    CHECK_OK(cut(c, 0, a, 2 * PAGE + 100));                    /* and grown out of one */
    CHECK_OK(set(c, 0, w.at + 2 * PAGE + 200, 33));
    vipc_cap later = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
    vipc_mapping z = map(c, 2, later, VIPC_READ);
    CHECK_EQ(see(c, 2, z.at + 2 * PAGE + 200), 33);
    CHECK_OK(cut(c, 0, a, 3 * PAGE));
    CHECK_EQ(see(c, 0, w.at + 2 * PAGE + 200), 0);
    CHECK_EQ(see(c, 2, z.at + 2 * PAGE + 200), 33);
    DONE(c);
}
TEST(mapping_past_a_later_end)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 6), b = open_object(c, 1, "/x", 0);
    vipc_mapping w, q = map_lazy(c, 1, b, VIPC_WRITE);
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT, 3 * PAGE, 3 * PAGE, &w));
    CHECK_OK(cut(c, 0, a, 2 * PAGE));                          /* before a byte of it */
    CHECK_EQ(see(c, 0, SPOT), FAULT);
    CHECK_EQ(see(c, 1, q.at + PAGE), 0);
    CHECK_EQ(see(c, 1, q.at + 2 * PAGE), FAULT);
    CHECK_OK(vipc_space_protect(V(0), c->s[0], SPOT, PAGE, R, VIPC_FOREVER));
    unsigned char byte;
    CHECK_EQ(vipc_space_read(V(0), c->s[0], SPOT, &byte, 1, NULL), FAULT);
    CHECK_EQ(vipc_space_write(V(0), c->s[0], SPOT + PAGE, "x", 1, NULL), FAULT);
    vipc_cap copy;
    REQUIRE_OK(vipc_space_clone(V(0), c->s[0], &copy, VIPC_FOREVER));
    CHECK_OK(cut(c, 1, b, 5 * PAGE));
    CHECK_EQ(see(c, 0, SPOT), 0);
    CHECK_EQ(set(c, 0, SPOT, 1), DENIED);
    CHECK_OK(set(c, 0, SPOT + PAGE, 1));
    CHECK_EQ(see(c, 1, q.at + 4 * PAGE), 1);
    CHECK_EQ(see(c, 0, SPOT + 2 * PAGE), FAULT);
    CHECK_OK(vipc_mock_load(&c->m, V(0), copy, SPOT + PAGE, &byte));
    CHECK_EQ(byte, 1);
    CHECK_OK(vipc_destroy(V(0), copy, VIPC_FOREVER));
    CHECK_OK(unmap(c, 0, w));
    DONE(c);
}
TEST(open_with_truncate_may_have_to_wait)
{
    world *c = a_world();
    vipc_cap out = VIPC_INIT;
    vipc_cap a = object(c, 0, "/x", 3);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    c->m.held = 1;
    vipc_error e = vipc_object_open(V(1), "/x", TRUNCATE, 0, &out, VIPC_NOW);
    CHECK_EQ(e, VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(out.token, 0);
    CHECK_EQ(stat_of(c, 0, a).opens, 1);
    CHECK_OK(vipc_object_open(V(1), "/x", TRUNCATE, 0, &out, VIPC_FOREVER));
    keep(c, 1, out);
    CHECK_EQ(size_of(c, 0, a), 0);
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(c->m.stale, 0);
    c->m.held = 0;
    DONE(c);
}
/* What happens while one who changes the size waits until nobody can read the page that the end lies in, of which a copy is to be made first. */
static struct { vipc_cap b; vipc_mapping q; } beside;
static void beside_grows(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    (void)who;
    CHECK_OK(cut(c, 1, beside.b, 6 * PAGE));
    beside.q = map(c, 1, beside.b, VIPC_WRITE);
    CHECK_OK(set(c, 1, beside.q.at + 5 * PAGE, 9));
}
TEST(who_shrinks_takes_away_what_another_has_added_meanwhile)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 2);
    beside.b = open_object(c, 1, "/x", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    for (uint64_t i = 0; i < 2; i++) CHECK_OK(set(c, 0, w.at + i * PAGE, 5));
    (void)hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
    CHECK_EQ(see(c, 0, w.at), 5);
    c->m.script = c;
    c->m.held = 1;
    c->m.on_flush = beside_grows;
    CHECK_OK(cut(c, 0, a, 100));
    CHECK(c->m.on_flush == NULL);
    c->m.held = 0;
    CHECK_EQ(size_of(c, 1, beside.b), 100);
    for (uint64_t i = 1; i < 6; i++) CHECK_EQ(see(c, 1, beside.q.at + i * PAGE), FAULT);
    CHECK_EQ(c->m.stale, 0);
    DONE(c);
}
static void beside_shrinks(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    (void)who;
    CHECK_OK(set(c, 1, beside.q.at + 2 * PAGE, 6));            /* which makes the copy */
    CHECK_EQ(vipc_object_truncate(V(1), beside.b, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
}
TEST(what_was_cut_off_does_not_come_back_when_another_lets_it_grow)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 0);
    CHECK_OK(cut(c, 0, a, 2 * PAGE + 100));
    beside.b = open_object(c, 1, "/x", 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    beside.q = map(c, 1, beside.b, VIPC_WRITE);
    for (uint64_t i = 0; i < 3; i++) CHECK_OK(set(c, 0, w.at + i * PAGE, 5));
    (void)hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
    for (uint64_t i = 0; i < 3; i++) CHECK_EQ(see(c, 1, beside.q.at + i * PAGE), 5);
    c->m.script = c;
    c->m.held = 1;
    c->m.on_flush = beside_shrinks;
    CHECK_OK(cut(c, 0, a, 6 * PAGE));
    CHECK(c->m.on_flush == NULL);
    c->m.held = 0;
    CHECK_EQ(size_of(c, 0, a), 6 * PAGE);
    vipc_mapping all = map(c, 0, a, VIPC_READ);
    CHECK_EQ(see(c, 0, all.at), 5);
    for (uint64_t i = 1; i < 6; i++) CHECK_EQ(see(c, 0, all.at + i * PAGE), 0);
    CHECK_EQ(c->m.stale, 0);
    DONE(c);
}
TEST(a_page_that_a_copy_has_too_is_waited_for_until_the_deadline)
{
    world *c = a_world();
    vipc_cap a = object(c, 0, "/x", 0);
    CHECK_OK(cut(c, 0, a, PAGE + 100));
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at + PAGE, 5));
    vipc_cap copy = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
    CHECK_EQ(see(c, 0, w.at + PAGE), 5);
    c->m.held = 1;
    CHECK_EQ(vipc_object_truncate(V(0), a, 2 * PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    c->m.late = 1;
    CHECK_EQ(vipc_object_truncate(V(0), a, PAGE + 10, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(size_of(c, 0, a), PAGE + 100);
    c->m.held = 0;
    CHECK_OK(cut(c, 0, a, PAGE + 10));
    CHECK_EQ(see(c, 0, w.at + PAGE), 5);
    CHECK_EQ(see(c, 2, map(c, 2, copy, VIPC_READ).at + PAGE), 5);
    DONE(c);
}
static void beside_seals(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    (void)who;
    CHECK_OK(vipc_region_seal(V(1), beside.b, VIPC_FOREVER));
}
TEST(what_is_sealed_meanwhile_keeps_its_size)
{
    for (int grows = 0; grows < 2; grows++) {
        world *c = a_world();
        vipc_cap a = object(c, 0, "/x", 0);
        CHECK_OK(cut(c, 0, a, PAGE + 100));
        beside.b = open_object(c, 1, "/x", 0);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        CHECK_OK(set(c, 0, w.at + PAGE, 5));
        (void)hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
        CHECK_OK(unmap(c, 0, w));
        w = map(c, 0, a, VIPC_READ);
        CHECK_EQ(see(c, 0, w.at + PAGE), 5);
        c->m.script = c;
        c->m.held = 1;
        c->m.on_flush = beside_seals;
        CHECK_EQ(cut(c, 0, a, grows ? 3 * PAGE : PAGE + 10), DENIED);
        CHECK(c->m.on_flush == NULL);
        c->m.held = 0;
        CHECK_EQ(size_of(c, 0, a), PAGE + 100);
        DONE(c);
    }
}
TEST(names_come_and_go)
{
    world *c = a_world();
    static char names[12][8];
    bool there[12] = { false };
    int count = 0;
    for (int i = 0; i < 12; i++) sprintf(names[i], "/n%d", i);
    for (int n = 0; n < 4000; n++) {
        int k = (int)(mock_random(&c->seed) >> 33) % 12;
        unsigned who = (unsigned)(mock_random(&c->seed) >> 33) % PEOPLE;
        if (mock_random(&c->seed) >> 63) {
            vipc_cap out;
            vipc_error e = vipc_object_open(V(who), names[k], CREATE | EXCLUSIVE, 0, &out, VIPC_FOREVER);
            CHECK_EQ(e, there[k] ? VIPC_ERR_EXISTS : VIPC_OK);
            if (e != VIPC_OK) continue;
            CHECK_OK(vipc_close(V(who), out));
            there[k] = true;
            count++;
        } else {
            vipc_error e = vipc_object_unlink(V(who), names[k]);
            CHECK_EQ(e, there[k] ? VIPC_OK : VIPC_ERR_NOT_FOUND);
            if (e == VIPC_OK) count--;
            there[k] = false;
        }
        CHECK_EQ(named(c), count);
        if (test_failures_ > 10) break;
    }
    for (int i = 0; i < 12; i++) if (there[i]) CHECK_OK(vipc_object_unlink(V(0), names[i]));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
/* That new pages are cleared while nobody waits for the lock cannot be seen in one thread: the text of the function that does it says so. */
static int line_of(FILE *f, const char *function, const char *what)       /* the first after the function's head; 0: none before its end */
{
    static char line[4096];
    int inside = 0;
    rewind(f);
    for (int n = 1; fgets(line, sizeof line, f); n++) {
        if (!inside) inside = strstr(line, function) && line[0] != ' ' && strchr(line, ';') == NULL;
        else if (line[0] == '}') return 0;
        else if (strstr(line, what)) return n;
    }
    return 0;
}
TEST(d048_new_pages_are_cleared_without_the_lock)
{
    static const char fill[] = "vipc_error vipci_store_fill(";
    FILE *f = fopen("veridian_ipc.h", "r");
    REQUIRE(f != NULL);
    int unlocked = line_of(f, fill, "vipci_unlock(v)"), cleared = line_of(f, fill, "vipci_zero_frame("), locked = line_of(f, fill, "vipci_lock_again(v)");
    CHECK(unlocked != 0 && unlocked < cleared && cleared < locked);
    fclose(f);
}
TEST(arguments_that_are_none)
{
    world *c = a_world();
    vipc_cap out;
    vipc_object_stat s;
    uint32_t n;
    vipc_cap a = object(c, 0, "/x", 1);
    vipc never = VIPC_INIT;
    vipc *const bad[] = { NULL, &never };
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(vipc_object_open(bad[i], "/x", 0, 0, &out, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_object_unlink(bad[i], "/x"), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_object_truncate(bad[i], a, 0, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_object_get(bad[i], a, &s), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_object_count(bad[i], &n), VIPC_ERR_INVALID_ARGUMENT);
    }
    REFUSED(c, vipc_object_open(V(0), "/x", 0, 0, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_object_count(V(0), NULL), VIPC_ERR_INVALID_ARGUMENT);
    mock_leave_domain(&c->m, 3);
    CHECK_EQ(vipc_object_open(V(3), "/x", 0, 0, &out, VIPC_NOW), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_object_unlink(V(3), "/x"), VIPC_ERR_NOT_INITIALIZED);
    DONE(c);
}

RUN_TESTS(T(d031_an_unlinked_name_is_free_at_once), T(d032_a_handle_is_closed_once), T(d033_who_closes_closes_its_own), T(d034_closing_what_is_none_is_an_error),
          T(d035_truncate_takes_translations_away_before_frames), T(d036_truncate_keeps_what_stays), T(d037_a_failing_grow_changes_nothing), T(d038_objects_can_be_mapped),
          T(d039_read_only_is_read_only), T(d040_modes_are_checked), T(d040_who_did_not_make_it_is_another), T(d041_one_name_one_object), T(d041_names_of_endpoints_are_others),
          T(d042_flags_of_open), T(d043_each_open_is_a_handle_of_its_own), T(d044_exit_closes_and_nothing_is_used_up), T(d045_nobody_takes_all), T(d046_no_count_wraps),
          T(d047_a_mapping_keeps_it), T(d048_pages_lie_anywhere), T(d048_new_pages_are_cleared_without_the_lock), T(d049_errors_are_told_apart), T(d050_what_there_is_to_know_is_for_who_has_it_open),
          T(d066_a_mapping_is_of_what_was_opened), T(a_name_alone_keeps_it), T(destroy_takes_the_name_too), T(revoke_leaves_the_name), T(objects_are_handed_over), T(sealed_objects),
          T(truncate_while_copied_pages_are_shared), T(mapping_past_a_later_end), T(open_with_truncate_may_have_to_wait), T(who_shrinks_takes_away_what_another_has_added_meanwhile),
          T(what_was_cut_off_does_not_come_back_when_another_lets_it_grow), T(a_page_that_a_copy_has_too_is_waited_for_until_the_deadline), T(what_is_sealed_meanwhile_keeps_its_size),
          T(names_come_and_go),
          T(arguments_that_are_none))
