/* t_shared.c - shared regions on the mock port: rows D1 to D30 and D67 of the list of known defects, one case each, by name; then what each function promises, each of its errors
 * with nothing changed, and every way to reach what one was not given. */
#include "shared.h"

/* ------------------------------------------------------------------------------------------------- known defects */
TEST(d001_sharers_see_each_others_bytes)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 5), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping p = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE), l;
    vipc_cap third = hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ);
    l = map_lazy(c, 2, third, VIPC_READ);
    for (uint64_t i = 0; i < 5; i++) {                         /* from the start: no fault is needed */
        uint64_t f = frame_at(c, 0, p.at + i * PAGE);
        CHECK(f != ~(uint64_t)0);
        CHECK_EQ(frame_at(c, 1, q.at + i * PAGE), f);
        CHECK_EQ(frame_at(c, 2, l.at + i * PAGE), ~(uint64_t)0);
    }
    uint64_t faults = c->m.faults;
    for (uint64_t i = 0; i < 5; i++) {
        CHECK_OK(set(c, 0, p.at + i * PAGE, 10 + (unsigned)i));
        CHECK_OK(set(c, 1, q.at + i * PAGE + PAGE - 1, 20 + (unsigned)i));
    }
    for (uint64_t i = 0; i < 5; i++) {
        CHECK_EQ(see(c, 1, q.at + i * PAGE), 10 + i);
        CHECK_EQ(see(c, 0, p.at + i * PAGE + PAGE - 1), 20 + i);
    }
    CHECK_EQ(c->m.faults, faults);
    HOLDS(c, 2, l.at, 5, 10);
    CHECK(c->m.faults > faults);
    CHECK_OK(set(c, 1, q.at, 99));                             /* what comes later too */
    CHECK_EQ(see(c, 2, l.at), 99);
    CHECK_EQ(set(c, 2, l.at, 1), DENIED);
    DONE(c);
}
TEST(d002_a_region_has_most_rights)
{
    static const uint32_t max[] = { VIPC_READ, VIPC_WRITE, VIPC_EXECUTE, VIPC_READ_EXECUTE, VIPC_READ_WRITE_EXECUTE, 0 };
    for (size_t i = 0; i < sizeof max / sizeof *max; i++) {
        world *c = a_world();
        vipc_mapping w;
        vipc_region_desc d = wanted(2, max[i]);
        vipc_cap a = region_of(c, 0, &d), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
        uint32_t most = max[i] ? max[i] : (uint32_t)VIPC_WRITE;
        CHECK_EQ(info_of(c, 0, a).access_max, most);
        for (uint32_t access = 1; access < 8; access++) {
            bool known = access == VIPC_READ || access == VIPC_WRITE || access == VIPC_EXECUTE || access == VIPC_READ_EXECUTE || access == VIPC_READ_WRITE_EXECUTE;
            bool allowed = (access & ~most) == 0 && (access & 6) != 6;         /* the spaces have W^X */
            for (unsigned who = 0; who < 2; who++) {
                if (known && allowed) {
                    w = map(c, who, who ? b : a, access);
                    CHECK_EQ(w.access, access);
                    CHECK_OK(unmap(c, who, w));
                } else REFUSED(c, map_part(c, who, who ? b : a, access, 0, 0, 0, &w), known ? DENIED : VIPC_ERR_INVALID_ARGUMENT);
            }
        }
        REFUSED(c, map_part(c, 0, a, 8, 0, 0, 0, &w), VIPC_ERR_INVALID_ARGUMENT);
        DONE(c);
    }
    world *c = a_world();                                       /* and a capability has its own */
    vipc_region_desc d = wanted(2, VIPC_READ_WRITE_EXECUTE);
    vipc_cap a = region_of(c, 0, &d);
    static const uint32_t access[] = { VIPC_READ, VIPC_WRITE, VIPC_EXECUTE, VIPC_READ_EXECUTE };
    for (uint32_t rights = 1; rights < 16; rights++) {
        vipc_cap b = grant(c, 0, a, 1, rights);
        for (int k = 0; k < 4; k++) {
            vipc_mapping w;
            vipc_error e = map_part(c, 1, b, access[k], 0, 0, 0, &w);
            CHECK_EQ(e, (access[k] & ~rights) ? DENIED : VIPC_OK);
            if (e == VIPC_OK) CHECK_OK(unmap(c, 1, w));
        }
    }
    DONE(c);
}
TEST(d003_nobody_maps_what_it_was_not_given)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap found;
    vipc_cap a = region(c, 0, 2), none = VIPC_INIT;
    REFUSED(c, map_part(c, 1, a, VIPC_READ, 0, 0, 0, &w), STALE);
    REFUSED(c, map_part(c, 1, none, VIPC_READ, 0, 0, 0, &w), STALE);
    REFUSED(c, map_part(c, 0, none, VIPC_READ, 0, 0, 0, &w), STALE);
    REFUSED(c, vipc_region_find(V(1), id_of(c, 0, a), &found), VIPC_ERR_INVALID_REGION);
    vipc_region_info info;
    REFUSED(c, vipc_region_get(V(1), a, &info), STALE);
    REFUSED(c, vipc_region_seal(V(1), a, VIPC_FOREVER), STALE);
    REFUSED(c, vipc_destroy(V(1), a, VIPC_FOREVER), STALE);
    REFUSED(c, vipc_close(V(1), a), STALE);
    REFUSED(c, vipc_region_transfer(V(1), a, PID(2), VIPC_SHARE, 0, &found, VIPC_FOREVER), STALE);
    (void)map(c, 0, a, VIPC_WRITE);                            /* that the owner has it mapped changes nothing */
    REFUSED(c, map_part(c, 1, a, VIPC_READ, 0, 0, 0, &w), STALE);
    DONE(c);
}
TEST(d004_another_space_needs_authority_over_it)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap out;
    vipc_cap a = region(c, 0, 2);
    vipc_map_desc d = VIPC_INIT;
    d.access = VIPC_WRITE;
    d.space = c->s[1];
    REFUSED(c, vipc_map(V(0), a, &d, &w), STALE);              /* a token of another's */
    d.space = grant(c, 1, c->s[1], 0, VIPC_RIGHT_READ | VIPC_RIGHT_CREATE | VIPC_RIGHT_MODIFY | VIPC_RIGHT_GRANT);
    REFUSED(c, vipc_map(V(0), a, &d, &w), DENIED);
    d.space = a;
    REFUSED(c, vipc_map(V(0), a, &d, &w), STALE);              /* no space at all */
    d.space = grant(c, 1, c->s[1], 0, VIPC_RIGHT_WRITE);
    CHECK_OK(vipc_map(V(0), a, &d, &w));
    CHECK_OK(set(c, 1, w.at, 7));                              /* in v[1]'s space, though it has no capability for it */
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(info_of(c, 0, a).mine.size, 0);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    vipc_pid nobody = { 123456 }, zero = { 0 };
    REFUSED(c, vipc_region_transfer(V(0), a, nobody, VIPC_SHARE, 0, &out, VIPC_FOREVER), VIPC_ERR_PROCESS_NOT_FOUND);
    REFUSED(c, vipc_region_transfer(V(0), a, zero, VIPC_SHARE, 0, &out, VIPC_FOREVER), VIPC_ERR_PROCESS_NOT_FOUND);
    vipc_pid gone = PID(3);
    die(c, 3);
    for (uint32_t mode = 0; mode < 3; mode++) REFUSED(c, vipc_region_transfer(V(0), a, gone, mode, 0, &out, VIPC_FOREVER), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], w.at, w.size, VIPC_FOREVER));     /* who owns a space rules in it */
    CHECK_EQ(see(c, 1, w.at), FAULT);
    vipc p;                                                    /* a process without a space of its own */
    vipc_process_desc pd = mock_desc(9);
    REQUIRE_OK(vipc_process_create(V(0), &pd, &p, NULL));
    REQUIRE_OK(vipc_region_transfer(V(0), a, vipc_self(&p), VIPC_SHARE, 0, &out, VIPC_FOREVER));
    CHECK_EQ(vipc_map(&p, out, NULL, &w), VIPC_ERR_NOT_FOUND);
    vipc_mapping none = VIPC_INIT;
    none.at = SPOT;
    none.size = PAGE;
    CHECK_EQ(vipc_unmap(&p, &none, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);
    CHECK_OK(vipc_leave(&p));
    DONE(c);
}
TEST(d005_addresses_are_checked)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap a = region(c, 0, 4), b = region(c, 0, 4);
    static const vipc_addr wrong[] = { 0x10000001, SPOT + 1, SPOT + 4095, 0x1000, 0xFFFFFFFFFFFFF000, 0xFFFFFFFFFFFFE000, VIPC_LAYOUT_USER_END, VIPC_LAYOUT_USER_END - PAGE,
                                       VIPC_LAYOUT_USER_END - 3 * PAGE, VIPC_LAYOUT_USER_START - PAGE, 0x8000000000000000 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vipc_error e = VIPC_OK;
        REFUSED(c, e = map_part(c, 0, a, VIPC_READ, wrong[i], 0, 0, &w), VIPC_ERR_INVALID_ARGUMENT);
        if (e != VIPC_ERR_INVALID_ARGUMENT) printf("    at %llx\n", (unsigned long long)wrong[i]);
    }
    CHECK_OK(map_part(c, 0, a, VIPC_READ, VIPC_LAYOUT_USER_END - 4 * PAGE, 0, 0, &w));
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(map_part(c, 0, a, VIPC_READ, VIPC_LAYOUT_USER_START, 0, 0, &w));
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT, 0, 0, &w));
    for (uint64_t off = 0; off < 8; off++) {                   /* b over a, at each of its pages */
        vipc_addr at = SPOT - 3 * PAGE + off * PAGE;
        vipc_error want = at + 4 * PAGE > SPOT && at < SPOT + 4 * PAGE ? VIPC_ERR_EXISTS : VIPC_OK;
        if (want) REFUSED(c, map_part(c, 0, b, VIPC_WRITE, at, 0, 0, &w), want);
        else {
            CHECK_OK(map_part(c, 0, b, VIPC_WRITE, at, 0, 0, &w));
            CHECK_OK(unmap(c, 0, w));
        }
    }
    (void)anonymous(c, 0, SPOT + 100 * PAGE, PAGE, VIPC_MAP_PRIVATE);          /* nor over private memory */
    REFUSED(c, map_part(c, 0, b, VIPC_WRITE, SPOT + 97 * PAGE, 0, 0, &w), VIPC_ERR_EXISTS);
    static const struct { uint64_t offset, size; } parts[] = { { 1, 0 }, { 4095, PAGE }, { 4 * PAGE, 0 }, { 5 * PAGE, PAGE }, { 0, 4 * PAGE + 1 }, { PAGE, 4 * PAGE }, { 3 * PAGE, PAGE + 1 },
        { ~(uint64_t)0 & ~(PAGE - 1), PAGE }, { ~(uint64_t)0 & ~(PAGE - 1), 0 }, { 0, ~(uint64_t)0 }, { PAGE, ~(uint64_t)0 - PAGE + 1 }, { 0x8000000000000000, 0x8000000000000000 } };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        vipc_error e = VIPC_OK;
        REFUSED(c, e = map_part(c, 0, b, VIPC_READ, 0, parts[i].offset, parts[i].size, &w), VIPC_ERR_INVALID_ARGUMENT);
        if (e != VIPC_ERR_INVALID_ARGUMENT) printf("    offset %llx, size %llx\n", (unsigned long long)parts[i].offset, (unsigned long long)parts[i].size);
    }
    DONE(c);
}
TEST(d006_what_is_granted_can_be_mapped)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 2);
    vipc_cap by_transfer = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ), by_grant = grant(c, 0, a, 2, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), p = map(c, 1, by_transfer, VIPC_READ), q = map(c, 2, by_grant, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 3));
    CHECK_EQ(see(c, 1, p.at), 3);
    CHECK_EQ(see(c, 2, q.at), 3);
    DONE(c);
}
TEST(d007_what_was_unmapped_can_be_mapped_again)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 3), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    for (unsigned n = 0; n < 5; n++) {
        vipc_mapping p = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
        CHECK_OK(set(c, 1, q.at + PAGE, 40 + n));
        CHECK_EQ(see(c, 0, p.at + PAGE), 40 + n);
        CHECK_OK(unmap(c, 1, q));
        CHECK_EQ(see(c, 1, q.at + PAGE), FAULT);
        CHECK_EQ(see(c, 0, p.at + PAGE), 40 + n);
        CHECK_OK(unmap(c, 0, p));
        CHECK_EQ(info_of(c, 0, a).mappings, 0);
    }
    CHECK_OK(vipc_close(V(1), b));
    vipc_cap again = hand(c, 0, a, 1, VIPC_SHARE, 0);          /* and given again */
    vipc_mapping q = map(c, 1, again, VIPC_READ);
    CHECK_EQ(see(c, 1, q.at + PAGE), 44);
    DONE(c);
}
TEST(d008_what_was_given_and_never_mapped_can_be_taken_back)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap a = region(c, 0, 3), b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = grant(c, 0, a, 2, 0);
    CHECK_EQ(info_of(c, 0, a).holders, 3);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(info_of(c, 0, a).holders, 1);
    CHECK_EQ(map_part(c, 1, b, VIPC_READ, 0, 0, 0, &w), STALE);
    CHECK_EQ(map_part(c, 2, d, VIPC_READ, 0, 0, 0, &w), STALE);
    CHECK_EQ(mock_held(&c->m, 1), 1);                          /* its space */
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(used(c), c->nothing);                             /* no reference stayed */
    DONE(c);
}
TEST(d009_the_creator_lets_go_as_anybody_else)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 10);
    CHECK(used(c) >= c->nothing + 10);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(used(c), c->nothing);
    a = region(c, 0, 10);                                      /* handles and mappings: it goes with the last of either */
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_EQ(see(c, 0, w.at), 5);
    CHECK(used(c) >= c->nothing + 10);
    CHECK_OK(unmap(c, 0, w));
    CHECK_EQ(used(c), c->nothing);
    a = region(c, 0, 10);
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(0), a));
    vipc_mapping q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(set(c, 1, q.at, 5));
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], q.at, q.size, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    CHECK_EQ(node_bytes(c, 0), 0);
    DONE(c);
}
TEST(d010_no_frame_is_orphaned)
{
    world *c = a_world();
    for (unsigned who = 2; who < 4; who++) {                   /* dropped by leaving, and by dying */
        (void)region(c, who, 10);
        vipc_cap a = region(c, who, 10);
        (void)map(c, who, a, VIPC_WRITE);
        CHECK(used(c) >= c->nothing + 20);
        if (who == 3) mock_leave_domain(&c->m, who);
        else die(c, who);
        CHECK_OK(vipc_trim(V(0), NULL));
        CHECK_EQ(used(c), c->nothing);
    }
    vipc_region_desc d = wanted(1000, 0);                      /* one that cannot be made leaves none either */
    vipc_cap out;
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
    d.size = 512 * PAGE;
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d011_everything_can_be_done_by_id)
{
    world *c = a_world();
    vipc_cap found;
    vipc_cap a = region(c, 0, 2);
    uint64_t id = id_of(c, 0, a);
    CHECK(id != 0);
    CHECK_OK(vipc_region_find(V(0), id, &found));
    CHECK(found.token == a.token);
    vipc_mapping w = map(c, 0, found, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 1));
    CHECK_EQ(info_of(c, 0, found).size, 2 * PAGE);
    CHECK_OK(unmap(c, 0, w));
    (void)hand(c, 0, found, 1, VIPC_SHARE, VIPC_READ);         /* told by id alone */
    vipc_cap his;
    CHECK_OK(vipc_region_find(V(1), id, &his));
    w = map(c, 1, his, VIPC_READ);
    CHECK_EQ(see(c, 1, w.at), 1);
    CHECK_EQ(id_of(c, 1, his), id);
    vipc_cap second = hand(c, 0, a, 1, VIPC_SHARE, 0);         /* the youngest */
    CHECK_OK(vipc_region_find(V(1), id, &found));
    CHECK(found.token == second.token);
    CHECK_OK(vipc_close(V(1), second));
    CHECK_OK(vipc_region_find(V(1), id, &found));
    CHECK(found.token == his.token);
    REFUSED(c, vipc_region_find(V(2), id, &found), VIPC_ERR_INVALID_REGION);
    REFUSED(c, vipc_region_find(V(0), 0, &found), VIPC_ERR_INVALID_REGION);
    REFUSED(c, vipc_region_find(V(0), id + 1, &found), VIPC_ERR_INVALID_REGION);
    REFUSED(c, vipc_region_find(V(0), ~(uint64_t)0, &found), VIPC_ERR_INVALID_REGION);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    REFUSED(c, vipc_region_find(V(0), id, &found), VIPC_ERR_INVALID_REGION);
    REFUSED(c, vipc_region_find(V(1), id, &found), VIPC_ERR_INVALID_REGION);
    DONE(c);
}
TEST(d012_sizes_are_checked)
{
    vipc_config config = shared_config();
    vipc_cap out;
    config.region_pages = 20;
    world *c = a_world_with(&config, 512);
    static const uint64_t sizes[] = { 20 * 4096 + 1, 21 * 4096, 1 << 20, ~(uint64_t)0, ~(uint64_t)0 - 4095, ~(uint64_t)0 - 4096, 0x8000000000000000, 0xFFFFFFFF00000000, 0x100000000000, (uint64_t)1 << 44 };
    vipc_region_desc d = VIPC_INIT;
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_create(V(0), NULL, &out), VIPC_ERR_INVALID_ARGUMENT);       /* all defaults: no size */
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (uint32_t contiguous = 0; contiguous < 2; contiguous++) {
            d.size = sizes[i];
            d.contiguous = contiguous;
            vipc_error e = VIPC_OK;
            REFUSED(c, e = vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
            if (e != VIPC_ERR_LIMIT) printf("    size %llx\n", (unsigned long long)d.size);
        }
    d.contiguous = 0;
    static const uint64_t good[][2] = { { 1, 1 }, { 4095, 1 }, { 4096, 1 }, { 4097, 2 }, { 20 * 4096, 20 }, { 19 * 4096 + 1, 20 } };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        d.size = good[i][0];
        vipc_cap a = region_of(c, 0, &d);
        CHECK_EQ(info_of(c, 0, a).size, good[i][1] * PAGE);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        CHECK_EQ(w.size, good[i][1] * PAGE);
        CHECK_OK(set(c, 0, w.at + w.size - 1, 1));
        CHECK_EQ(set(c, 0, w.at + w.size, 1), FAULT);
        CHECK_OK(unmap(c, 0, w));
        CHECK_OK(vipc_close(V(0), a));
    }
    DONE(c);
}
TEST(d013_fresh_region_reads_as_zeros_after_reuse)
{
    world *c = a_world();
    for (int round = 0; round < 6; round++) {
        vipc_region_desc d = wanted(100, 0);
        d.contiguous = round & 1;
        vipc_cap a = region_of(c, 0, &d);
        vipc_mapping w = round & 2 ? map_lazy(c, 0, a, VIPC_WRITE) : map(c, 0, a, VIPC_WRITE);
        ZEROS(c, 0, w);
        for (uint64_t i = 0; i < 100; i++)
            for (uint64_t b = 0; b < PAGE; b += 511) CHECK_OK(set(c, 0, w.at + i * PAGE + b, 0xAA));
        CHECK_OK(vipc_close(V(0), a));
        CHECK_OK(unmap(c, 0, w));
        CHECK_EQ(used(c), c->nothing);
        vipc_cap o = region(c, 1, 100);                        /* another process's, of the same frames */
        vipc_mapping q = map(c, 1, o, VIPC_WRITE);
        ZEROS(c, 1, q);
        for (uint64_t i = 0; i < 100; i++) CHECK_OK(set(c, 1, q.at + i * PAGE + 77, 0xBB));
        CHECK_OK(unmap(c, 1, q));
        CHECK_OK(vipc_close(V(1), o));
    }
    (void)region(c, 2, 400);                                   /* of the dead, too */
    vipc_cap a = region(c, 3, 50);
    vipc_mapping w = map(c, 3, a, VIPC_WRITE);
    for (uint64_t i = 0; i < 50; i++) CHECK_OK(set(c, 3, w.at + i * PAGE, 0xCC));
    die(c, 3);
    vipc_cap b = region(c, 0, 60);
    ZEROS(c, 0, map(c, 0, b, VIPC_READ));
    DONE(c);
}
TEST(d014_what_is_charged_is_what_is_given_back)
{
    vipc_config config = shared_config();
    vipc_cap out;
    config.shared_per_process = 10;
    world *c = a_world_with(&config, 512);
    vipc_region_desc d = VIPC_INIT;
    for (int round = 0; round < 50; round++) {                 /* neither the domain's books nor the process's drift */
        d.size = 100;
        vipc_cap a = region_of(c, 0, &d);
        CHECK_EQ(node_bytes(c, 0), PAGE);
        d.size = 8 * PAGE + 1;
        vipc_cap b = region_of(c, 0, &d);
        CHECK_EQ(node_bytes(c, 0), 10 * PAGE);
        d.size = 1;
        CHECK_EQ(vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
        CHECK_OK(round & 1 ? vipc_close(V(0), a) : vipc_destroy(V(0), a, VIPC_FOREVER));
        CHECK_EQ(node_bytes(c, 0), 9 * PAGE);
        CHECK_OK(round & 1 ? vipc_destroy(V(0), b, VIPC_FOREVER) : vipc_close(V(0), b));
        CHECK_EQ(node_bytes(c, 0), 0);
        c->kept_count = 0;
    }
    DONE(c);
}
/* Frames of eight nodes, 64 each: whoever asks one of them gets what it has, while all others look taken; and what there is when it has none. */
enum { PER_NODE = 64 };
static uint32_t near_calls;
static uint32_t node_of(void *user, uint64_t frame)
{
    (void)user;
    return (uint32_t)(frame / PER_NODE);
}
static vipc_error alloc_near(void *user, uint32_t node, uint64_t count, uint64_t *first)
{
    mock *m = ((vipc_mock_seat *)user)->mock;
    volatile uint64_t *bits = m->frames.state + VIPC_FRAMES_BITS_;
    uint64_t was[8], got = 0;
    near_calls++;
    for (uint32_t i = 0; i < 8; i++) {
        was[i] = bits[i];
        if (i != node) bits[i] = ~(uint64_t)0;
    }
    vipc_error e = vipci_mock_alloc(user, count, first);
    got = bits[node];
    for (uint32_t i = 0; i < 8; i++) bits[i] = i == node ? got : was[i];
    m->frames.state[VIPC_FRAMES_HINT_] = 0;
    vipci_mock_count(m);
    return e == VIPC_OK ? e : vipci_mock_alloc(user, count, first);
}
static void world_of_nodes(world *c, uint32_t nodes, bool hooks)
{
    vipc_config config = shared_config();
    config.numa_nodes = nodes;
    memset(c, 0, sizeof *c);
    mock_port(&c->m, &config, 512);
    if (hooks) {
        c->m.hooks.frame_node = node_of;
        c->m.hooks.frame_alloc_near = alloc_near;
    }
    people_join(c, &config, 2);
    near_calls = 0;
}
TEST(d015_nodes_are_charged_for_what_they_gave)
{
    static world c_, *c = &c_;
    vipc_cap out;
    uint64_t bytes = 77;
    world_of_nodes(c, 8, true);
    vipc_region_desc d = wanted(10, 0);
    d.node = 3 + 1;
    vipc_cap a = region_of(c, 0, &d);
    CHECK(near_calls > 0);
    CHECK_EQ(info_of(c, 0, a).node, 4);
    CHECK_EQ(node_bytes(c, 3), 10 * PAGE);
    vipc_mapping w = map(c, 0, a, VIPC_READ);
    for (uint64_t i = 0; i < 10; i++) CHECK_EQ(frame_at(c, 0, w.at + i * PAGE) / PER_NODE, 3);
    d.size = 80 * PAGE;                                        /* more than the node has: from others, and those are charged */
    vipc_cap b = region_of(c, 0, &d);
    uint64_t all = 0;
    for (uint32_t i = 0; i < 8; i++) all += node_bytes(c, i);
    CHECK_EQ(all, 90 * PAGE);
    CHECK(node_bytes(c, 3) <= PER_NODE * PAGE && node_bytes(c, 3) > 50 * PAGE);
    vipc_mapping q = map(c, 0, b, VIPC_READ);
    uint64_t by_frame[8] = { 0 };
    for (uint64_t i = 0; i < 10; i++) by_frame[frame_at(c, 0, w.at + i * PAGE) / PER_NODE] += PAGE;
    for (uint64_t i = 0; i < 80; i++) by_frame[frame_at(c, 0, q.at + i * PAGE) / PER_NODE] += PAGE;
    for (uint32_t i = 0; i < 8; i++) CHECK_EQ(node_bytes(c, i), by_frame[i]);
    static const uint32_t unknown[] = { 9, 10, 99 + 1, 0xffff, ~(uint32_t)0 };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        d.node = unknown[i];
        d.size = PAGE;
        REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    }
    d.node = 8;
    d.contiguous = 1;
    d.size = 5 * PAGE;
    vipc_cap e = region_of(c, 0, &d);
    CHECK_EQ(node_bytes(c, 7), 5 * PAGE + by_frame[7]);
    CHECK_OK(vipc_close(V(0), e));
    CHECK_EQ(node_bytes(c, 7), by_frame[7]);
    near_calls = 0;                                            /* no preference is another thing than node 0 */
    d.node = 0;
    d.contiguous = 0;
    vipc_cap f = region_of(c, 0, &d);
    CHECK_EQ(near_calls, 0);
    CHECK_EQ(info_of(c, 0, f).node, 0);
    CHECK_EQ(vipc_node_usage(V(0), 8, &bytes), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_node_usage(V(0), ~(uint32_t)0, &bytes), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(bytes, 77);
    CHECK_EQ(vipc_node_usage(V(0), 0, NULL), VIPC_ERR_INVALID_ARGUMENT);
    DONE(c);
    world_of_nodes(c, 2, true);                                /* a hook that names nodes that there are not */
    a = region(c, 0, 300);
    CHECK(node_bytes(c, 0) + node_bytes(c, 1) <= 300 * PAGE);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(node_bytes(c, 0) + node_bytes(c, 1), 0);
    DONE(c);
    world_of_nodes(c, 4, false);                               /* without hooks: all on node 0, whatever was asked for */
    d = wanted(3, 0);
    d.node = 2 + 1;
    (void)region_of(c, 0, &d);
    CHECK_EQ(node_bytes(c, 0), 3 * PAGE);
    CHECK_EQ(node_bytes(c, 2), 0);
    DONE(c);
}
TEST(nodes_are_charged_for_copies_and_moves)
{
    static world c_, *c = &c_;
    world_of_nodes(c, 8, true);
    vipc_region_desc d = wanted(4, 0);
    d.node = 5 + 1;
    vipc_cap a = region_of(c, 0, &d);
    vipc_cap b = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0);
    CHECK_EQ(node_bytes(c, 5), 8 * PAGE);                      /* what two of them share counts twice */
    vipc_mapping w = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(set(c, 1, w.at, 1));
    uint64_t all = 0;
    for (uint32_t i = 0; i < 8; i++) all += node_bytes(c, i);
    CHECK_EQ(all, 8 * PAGE);
    CHECK_OK(unmap(c, 1, w));
    CHECK_OK(vipc_close(V(1), b));
    all = 0;
    for (uint32_t i = 0; i < 8; i++) all += node_bytes(c, i);
    CHECK_EQ(all, 4 * PAGE);
    vipc_cap o = hand(c, 0, a, 1, VIPC_MOVE, 0);
    CHECK_EQ(node_bytes(c, 5), 4 * PAGE);
    CHECK_EQ(info_of(c, 1, o).node, 6);
    DONE(c);
}
TEST(d016_frames_need_not_be_neighbours)
{
    static scattered h;
    vipc_config config = shared_config();
    config.max_shared = config.max_objects = 700;
    config.max_capabilities = 1000;
    world *c = a_world_with(&config, 512);
    scatter(c, &h);
    vipc_cap out;
    vipc_region_desc d = wanted(64, 0);
    d.contiguous = 1;
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_OUT_OF_MEMORY);
    d.contiguous = 0;
    vipc_cap a = region_of(c, 0, &d);
    CHECK_EQ(info_of(c, 0, a).contiguous, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    for (uint64_t i = 0; i < 64; i++) CHECK_OK(set(c, 0, w.at + i * PAGE, (unsigned)i));
    for (uint64_t i = 0; i < 64; i++) CHECK_EQ(see(c, 0, w.at + i * PAGE), i);
    gather(c, &h);
    d.contiguous = 1;
    vipc_cap b = region_of(c, 0, &d);
    CHECK_EQ(info_of(c, 0, b).contiguous, 1);
    w = map(c, 0, b, VIPC_WRITE);
    for (uint64_t i = 1; i < 64; i++) CHECK_EQ(frame_at(c, 0, w.at + i * PAGE), frame_at(c, 0, w.at) + i);
    CHECK_EQ(info_of(c, 0, b).physical, frame_at(c, 0, w.at) * PAGE);
    DONE(c);
}
TEST(d017_no_stale_translation_survives)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping p = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_OK(set(c, 0, p.at + i * PAGE, 1));
        CHECK_EQ(see(c, 1, q.at + i * PAGE), 1);
    }
    c->m.held = 1;                                             /* another CPU does not answer at once */
    CHECK_EQ(vipc_unmap(V(1), &q, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(c->m.unasked, 0);
    CHECK(c->m.stale > 0);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(vipc_close(V(0), a));
    c->m.late = 1;
    CHECK_EQ(vipc_unmap(V(0), &p, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK(used(c) >= c->nothing + 4);                          /* nobody has it any more, but that CPU: no frame goes before */
    CHECK_EQ(vipc_mock_translation(&c->m, root_of(c, 1), q.at, NULL, NULL, NULL), 0);
    vipc_fault_result r;                                       /* no new one is given */
    CHECK_EQ(vipc_page_fault(V(1), c->s[1], q.at, R, &r), FAULT);
    CHECK_EQ(vipc_page_fault(V(0), c->s[0], p.at, W, &r), FAULT);
    c->m.held = 0;
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], q.at, q.size, VIPC_FOREVER));     /* calling again finishes it */
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], p.at, p.size, VIPC_FOREVER));
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d018_only_its_owner_hands_over_a_region)
{
    world *c = a_world();
    vipc_cap out;
    vipc_cap a = region(c, 0, 4), all = grant(c, 0, a, 1, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), his = map(c, 1, all, VIPC_READ);
    CHECK_OK(set(c, 0, w.at + PAGE, 9));
    REFUSED(c, vipc_region_transfer(V(1), all, PID(2), VIPC_MOVE, 0, &out, VIPC_FOREVER), DENIED);     /* all rights, and not the owner */
    CHECK_EQ(see(c, 1, his.at + PAGE), 9);
    vipc_cap weak = keep(c, 0, mock_derive(&c->m, 0, a, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_MODIFY));
    REFUSED(c, vipc_region_transfer(V(0), weak, PID(2), VIPC_MOVE, 0, &out, VIPC_FOREVER), DENIED);    /* the owner, without DELETE */
    CHECK(info_of(c, 0, a).owner.id == PID(0).id);
    vipc_cap b = hand(c, 0, a, 2, VIPC_MOVE, 0);
    CHECK_EQ(see(c, 0, w.at + PAGE), FAULT);                   /* mapping and rights went in the same step */
    CHECK_EQ(set(c, 0, w.at + PAGE, 1), FAULT);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 0, weak, VIPC_READ), STALE);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(3), VIPC_MOVE, 0, &out, VIPC_FOREVER), STALE);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(3), VIPC_SHARE, 0, &out, VIPC_FOREVER), STALE);
    vipc_region_info info = info_of(c, 2, b);
    CHECK(info.owner.id == PID(2).id);
    vipc_mapping q = map(c, 2, b, VIPC_WRITE);
    CHECK_EQ(see(c, 2, q.at + PAGE), 9);
    CHECK_EQ(id_of(c, 1, all), info.id);                       /* what was derived from it stays below it */
    CHECK_OK(vipc_revoke(V(2), b, VIPC_FOREVER));
    CHECK_EQ(try_map(c, 1, all, VIPC_READ), STALE);
    vipc_cap again = hand(c, 2, b, 0, VIPC_MOVE, 0);           /* and back: old tokens stay old */
    CHECK(again.token != a.token && again.token != b.token);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    w = map(c, 0, again, VIPC_WRITE);
    CHECK_EQ(see(c, 0, w.at + PAGE), 9);
    CHECK_EQ(see(c, 2, q.at + PAGE), FAULT);
    DONE(c);
}
TEST(d019_the_token_that_is_handed_out_is_good)
{
    world *c = a_world();
    for (uint32_t mode = 0; mode < 3; mode++) {
        vipc_cap a = region(c, 0, 2);
        CHECK_EQ(try_map(c, 0, a, VIPC_WRITE), VIPC_OK);
        CHECK_OK(vipc_cap_require(V(0), a, VIPC_TYPE_REGION, VIPC_RIGHT_ALL));
        vipc_cap b = hand(c, 0, a, 1, mode, 0), found;
        CHECK_OK(vipc_cap_require(V(1), b, VIPC_TYPE_REGION, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE));
        CHECK_EQ(vipc_cap_type(b), VIPC_TYPE_REGION);
        CHECK_EQ(try_map(c, 1, b, VIPC_WRITE), VIPC_OK);
        CHECK_OK(vipc_region_find(V(1), id_of(c, 1, b), &found));
        CHECK(found.token == b.token);
        CHECK_EQ(mock_cap_info(V(1), b).type, VIPC_TYPE_REGION);
        CHECK_EQ(vipc_cap_require(V(0), b, 0, 0), STALE);      /* for `to` only */
        CHECK_EQ(vipc_cap_require(V(2), b, 0, 0), STALE);
    }
    DONE(c);
}
TEST(d020_ids_and_tokens_are_never_the_same)
{
    world *c = a_world();
    static uint64_t ids[400], tokens[400];
    int n = 0;
    for (int round = 0; round < 40; round++) {
        vipc_cap cap[5];
        unsigned who = (unsigned)round % PEOPLE;
        for (int k = 0; k < 5; k++, n++) {
            vipc_region_desc d = wanted(1, 0);
            REQUIRE_OK(vipc_region_create(V(who), &d, &cap[k]));
            ids[n] = id_of(c, who, cap[k]);
            tokens[n] = cap[k].token;
            CHECK(ids[n] != 0 && tokens[n] != 0);
            for (int i = 0; i < n; i++)
                if (ids[i] == ids[n] || tokens[i] == tokens[n]) { CHECK(ids[i] != ids[n]); CHECK(tokens[i] != tokens[n]); }
        }
        for (int k = 0; k < 5; k++) CHECK_OK(vipc_close(V(who), cap[k]));
    }
    for (int i = 0; i < n; i++) {                              /* none of them means anything any more, to nobody */
        vipc_cap t = { tokens[i] };
        for (unsigned who = 0; who < PEOPLE; who++) CHECK_EQ(try_map(c, who, t, VIPC_READ), STALE);
    }
    vipc_cap a = region(c, 0, 1), b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = hand(c, 0, a, 1, VIPC_SHARE, 0);
    CHECK(a.token != b.token && b.token != d.token);
    CHECK_EQ(id_of(c, 1, b), id_of(c, 0, a));
    DONE(c);
}
TEST(d021_modes_do_what_they_are_called)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4);                              /* share */
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 1));
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    uint32_t rights = mock_cap_info(V(1), b).rights;
    CHECK_EQ(rights & (VIPC_RIGHT_READ | VIPC_RIGHT_WRITE), VIPC_RIGHT_READ | VIPC_RIGHT_WRITE);
    CHECK_EQ(rights & ~7u, 0);
    CHECK_EQ(vipc_cap_flags(b), rights & 15);                  /* what the token says is what it may */
    vipc_cap ro = hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ);
    CHECK_EQ(mock_cap_info(V(2), ro).rights, VIPC_RIGHT_READ);
    CHECK_EQ(id_of(c, 1, b), id_of(c, 0, a));
    CHECK(info_of(c, 1, b).owner.id == PID(0).id);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE), o = map(c, 2, ro, VIPC_READ);
    CHECK_OK(set(c, 1, q.at, 2));
    CHECK_EQ(see(c, 0, w.at), 2);
    CHECK_EQ(see(c, 2, o.at), 2);
    CHECK_EQ(set(c, 2, o.at, 1), DENIED);
    vipc_cap d = hand(c, 0, a, 3, VIPC_COPY_ON_WRITE, 0);      /* copy on write */
    CHECK(id_of(c, 3, d) != id_of(c, 0, a));
    vipc_mapping z = map(c, 3, d, VIPC_WRITE);
    CHECK_EQ(see(c, 3, z.at), 2);
    CHECK_OK(set(c, 0, w.at, 3));                              /* isolated, in both directions */
    CHECK_EQ(see(c, 3, z.at), 2);
    CHECK_EQ(see(c, 1, q.at), 3);
    CHECK_OK(set(c, 3, z.at + PAGE, 4));
    CHECK_EQ(see(c, 0, w.at + PAGE), 0);
    CHECK_EQ(see(c, 1, q.at + PAGE), 0);
    CHECK_EQ(see(c, 3, z.at + PAGE), 4);
    vipc_cap m = hand(c, 0, a, 3, VIPC_MOVE, 0);               /* move */
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    CHECK_EQ(mock_cap_info(V(3), m).rights, VIPC_RIGHT_ALL);   /* the capability itself */
    CHECK_EQ(vipc_cap_flags(m), VIPC_RIGHT_ALL & 15);
    CHECK(info_of(c, 3, m).owner.id == PID(3).id);
    CHECK_OK(set(c, 1, q.at, 5));                              /* who shares it goes on */
    vipc_mapping y = map(c, 3, m, VIPC_WRITE);
    CHECK_EQ(see(c, 3, y.at), 5);
    CHECK_OK(vipc_revoke(V(3), m, VIPC_FOREVER));              /* and by it all of that is taken back */
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(see(c, 2, o.at), FAULT);
    CHECK_EQ(try_map(c, 1, b, VIPC_READ), STALE);
    CHECK_EQ(see(c, 3, y.at), 5);
    CHECK_EQ(see(c, 3, z.at), 2);                              /* the copy is nobody's child */
    DONE(c);
}
TEST(d022_no_address_is_told_and_no_number_comes_again)
{
    world *c = a_world();
    vipc_region_desc d = wanted(4, 0);
    d.contiguous = 1;
    vipc_cap a = region_of(c, 0, &d), s = region(c, 0, 4);
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_EQ(info_of(c, 0, a).physical, frame_at(c, 0, w.at) * PAGE);
    CHECK_EQ(info_of(c, 0, s).physical, 0);                    /* scattered */
    CHECK_EQ(info_of(c, 1, b).physical, 0);                    /* without MODIFY */
    CHECK_EQ(info_of(c, 0, keep(c, 0, mock_derive(&c->m, 0, a, VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_MODIFY))).physical, 0);
    uint64_t id = id_of(c, 0, a), frame = frame_at(c, 0, w.at);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 0, w.at), FAULT);
    vipc_cap n = region_of(c, 2, &d);                          /* of the same frames, as it happens */
    vipc_mapping z = map(c, 2, n, VIPC_WRITE);
    CHECK_EQ(frame_at(c, 2, z.at), frame);
    CHECK(id_of(c, 2, n) != id);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 1, b, VIPC_READ), STALE);
    vipc_cap found;
    CHECK_EQ(vipc_region_find(V(0), id, &found), VIPC_ERR_INVALID_REGION);
    DONE(c);
}
TEST(d023_without_grant_nobody_hands_on)
{
    world *c = a_world();
    vipc_cap out;
    vipc_cap a = region(c, 0, 2), b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = grant(c, 0, a, 2, VIPC_RIGHT_READ | VIPC_RIGHT_GRANT);
    REFUSED(c, vipc_region_transfer(V(1), b, PID(3), VIPC_SHARE, VIPC_READ, &out, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_grant(V(1), b, PID(3), NULL, &out), DENIED);
    REFUSED(c, vipc_region_transfer(V(2), d, PID(3), VIPC_SHARE, VIPC_WRITE, &out, VIPC_FOREVER), DENIED);     /* no more than it has */
    REFUSED(c, vipc_region_transfer(V(0), a, PID(3), VIPC_SHARE, 2, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(3), VIPC_SHARE, 8, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(3), 3, 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    vipc_cap e = hand(c, 2, d, 3, VIPC_SHARE, 0);
    CHECK_EQ(mock_cap_info(V(3), e).rights, VIPC_RIGHT_READ);
    vipc_pid never = { 999 };
    REFUSED(c, vipc_region_transfer(V(0), a, never, VIPC_SHARE, 0, &out, VIPC_FOREVER), VIPC_ERR_PROCESS_NOT_FOUND);
    vipc_cap w = grant(c, 0, a, 1, VIPC_RIGHT_WRITE | VIPC_RIGHT_GRANT | VIPC_RIGHT_DELETE);
    REFUSED(c, vipc_region_transfer(V(1), w, PID(3), VIPC_COPY_ON_WRITE, 0, &out, VIPC_FOREVER), DENIED);      /* copying is reading */
    DONE(c);
}
TEST(d024_nobody_speaks_for_another)
{
    world *c = a_world();
    vipc_cap out;
    vipc_cap a = region(c, 1, 2);
    for (uint32_t mode = 0; mode < 3; mode++) {                /* process 3 with process 1's token, for itself and for others */
        REFUSED(c, vipc_region_transfer(V(3), a, PID(3), mode, 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_region_transfer(V(3), a, PID(0), mode, 0, &out, VIPC_FOREVER), STALE);
    }
    CHECK_EQ(info_of(c, 1, a).holders, 1);
    vipc_cap own = region(c, 3, 1);                            /* nor does one say whose it is to be */
    CHECK(info_of(c, 3, own).owner.id == PID(3).id);
    DONE(c);
}
TEST(d025_giving_to_oneself_spoils_nothing)
{
    world *c = a_world();
    vipc_cap out;
    vipc_cap a = region(c, 0, 2);
    for (uint32_t mode = 0; mode < 3; mode++) REFUSED(c, vipc_region_transfer(V(0), a, PID(0), mode, 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q;
    CHECK_OK(set(c, 0, w.at, 1));
    vipc_region_info info;
    CHECK_OK(vipc_close(V(0), a));                             /* one error for what is not there, whoever is asked */
    CHECK_EQ(map_part(c, 0, a, VIPC_READ, 0, 0, 0, &q), STALE);
    CHECK_EQ(vipc_region_get(V(0), a, &info), STALE);
    CHECK_EQ(vipc_region_seal(V(0), a, VIPC_FOREVER), STALE);
    CHECK_EQ(vipc_region_transfer(V(0), a, PID(1), VIPC_SHARE, 0, &out, VIPC_FOREVER), STALE);
    CHECK_EQ(vipc_destroy(V(0), a, VIPC_FOREVER), STALE);
    CHECK_EQ(vipc_close(V(0), a), STALE);
    CHECK_EQ(vipc_revoke(V(0), a, VIPC_FOREVER), STALE);
    DONE(c);
}
TEST(d026_only_who_may_destroys)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 6), b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = grant(c, 0, a, 2, VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_DELETE);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
    REFUSED(c, vipc_destroy(V(1), b, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_destroy(V(2), d, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_destroy(V(3), a, VIPC_FOREVER), STALE);
    CHECK_OK(set(c, 0, w.at, 1));
    CHECK_EQ(see(c, 1, q.at), 1);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));             /* it is in use, and goes for everybody */
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 1, b, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 2, d, VIPC_READ), STALE);
    CHECK_EQ(region_at(c, 1, q.at).type, VIPC_REGION_NONE);
    CHECK_EQ(used(c), c->nothing);
    vipc_cap e = region(c, 0, 6), f = grant(c, 0, e, 1, VIPC_RIGHT_DELETE);
    CHECK_OK(vipc_destroy(V(1), f, VIPC_FOREVER));
    CHECK_EQ(try_map(c, 0, e, VIPC_READ), STALE);
    CHECK_EQ(used(c), c->nothing);
    e = region(c, 0, 6);                                       /* who cannot wait is told so, and finishes it later */
    w = map(c, 0, e, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 1));
    c->m.held = 1;
    CHECK_EQ(vipc_destroy(V(0), e, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(try_map(c, 0, e, VIPC_READ), STALE);
    CHECK(used(c) >= c->nothing + 6);
    vipc_fault_result r;
    CHECK_EQ(vipc_page_fault(V(0), c->s[0], w.at, R, &r), FAULT);
    c->m.held = 0;
    CHECK_EQ(vipc_destroy(V(0), e, VIPC_FOREVER), STALE);
    CHECK_OK(vipc_trim(V(0), NULL));
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], w.at, w.size, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(d027_a_mapping_says_where_it_is_and_what_it_allows)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_region_desc d = wanted(5, VIPC_READ_WRITE_EXECUTE);
    d.cache = VIPC_UNCACHED;
    vipc_cap a = region_of(c, 0, &d);
    static const uint32_t access[] = { VIPC_READ, VIPC_WRITE, VIPC_EXECUTE, VIPC_READ_EXECUTE };
    for (int i = 0; i < 4; i++) {
        CHECK_OK(map_part(c, 0, a, access[i], SPOT, PAGE, 2 * PAGE + 5, &w));
        CHECK_EQ(w.at, SPOT);
        CHECK_EQ(w.size, 3 * PAGE);
        CHECK_EQ(w.access, access[i]);
        CHECK_EQ(w.cache, VIPC_UNCACHED);
        vipc_region_info info = info_of(c, 0, a);
        CHECK_EQ(info.mine.at, w.at);
        CHECK_EQ(info.mine.size, w.size);
        CHECK_EQ(info.mine.access, w.access);
        CHECK_EQ(info.mine.cache, w.cache);
        CHECK(vipc_pointer(&w) == (void *)(uintptr_t)w.at);
        vipc_space_region r = region_at(c, 0, SPOT + PAGE);
        CHECK_EQ(r.start, SPOT);
        CHECK_EQ(r.end, SPOT + 3 * PAGE);
        CHECK_EQ(r.prot, access[i]);
        CHECK_EQ(r.type, VIPC_REGION_SHARED);
        CHECK_EQ(r.flags, VIPC_MAP_SHARED);
        CHECK_EQ(r.cache, VIPC_UNCACHED);
        CHECK_EQ(r.physical, 0);
        CHECK_EQ(see(c, 0, SPOT) >= 0, 1);                     /* EXECUTE lets read, too */
        CHECK_EQ(set(c, 0, SPOT, 1), access[i] & 2 ? VIPC_OK : DENIED);
        CHECK_EQ(run_at(c, 0, SPOT), access[i] & 4 ? VIPC_OK : DENIED);
        CHECK_OK(unmap(c, 0, w));
        CHECK_EQ(info_of(c, 0, a).mine.size, 0);
    }
    vipc_mapping none;
    memset(&none, 0, sizeof none);
    CHECK(vipc_pointer(&none) == NULL && vipc_pointer(NULL) == NULL);
    DONE(c);
}
TEST(d028_the_cache_policy_is_in_every_translation)
{
    for (uint32_t cache = 0; cache < 4; cache++) {
        world *c = a_world();
        vipc_region_desc d = wanted(3, 0);
        d.cache = cache;
        vipc_cap a = region_of(c, 0, &d), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
        CHECK_EQ(info_of(c, 1, b).cache, cache);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map_lazy(c, 1, b, VIPC_READ);
        CHECK_EQ(w.cache, cache);
        for (uint64_t i = 0; i < 3; i++) {
            uint32_t is = 99;
            CHECK_EQ(see(c, 1, q.at + i * PAGE), 0);
            CHECK(vipc_mock_translation(&c->m, root_of(c, 0), w.at + i * PAGE, NULL, NULL, &is));
            CHECK_EQ(is, cache);
            is = 99;
            CHECK(vipc_mock_translation(&c->m, root_of(c, 1), q.at + i * PAGE, NULL, NULL, &is));
            CHECK_EQ(is, cache);
        }
        vipc_mock_forget(&c->m, 0);
        CHECK_EQ(see(c, 0, w.at + PAGE), 0);
        uint32_t is = 99;
        CHECK(vipc_mock_translation(&c->m, root_of(c, 0), w.at + PAGE, NULL, NULL, &is));
        CHECK_EQ(is, cache);
        vipc_cap y = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);  /* of a copy, too */
        vipc_mapping z = map(c, 2, y, VIPC_WRITE);
        CHECK_EQ(z.cache, cache);
        CHECK_OK(set(c, 2, z.at, 1));
        CHECK(vipc_mock_translation(&c->m, root_of(c, 2), z.at, NULL, NULL, &is));
        CHECK_EQ(is, cache);
        DONE(c);
    }
    world *c = a_world();
    vipc_cap out;
    vipc_region_desc d = wanted(3, 0);
    for (d.cache = 4; d.cache; d.cache <<= 1) REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    DONE(c);
}
TEST(d029_the_dead_hold_nothing)
{
    for (int how = 0; how < 2; how++) {
        world *c = a_world();
        vipc_cap a = region(c, 0, 3), b = hand(c, 0, a, 3, VIPC_SHARE, 0);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        (void)map(c, 3, b, VIPC_WRITE);
        (void)hand(c, 0, a, 3, VIPC_SHARE, VIPC_READ);         /* a grant that it never used */
        vipc_cap his = region(c, 3, 4), mine = grant(c, 3, his, 1, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE), kept = region(c, 3, 5);
        vipc_cap below = grant(c, 3, kept, 2, 0);
        vipc_mapping q = map(c, 1, mine, VIPC_WRITE), o = map(c, 2, below, VIPC_READ);
        CHECK_OK(set(c, 1, q.at, 6));
        CHECK_OK(vipc_close(V(2), below));
        CHECK_EQ(info_of(c, 0, a).holders, 3);
        CHECK_EQ(info_of(c, 0, a).mappings, 2);
        if (how) die(c, 3);
        else mock_leave_domain(&c->m, 3);
        CHECK_EQ(info_of(c, 0, a).holders, 1);
        CHECK_EQ(info_of(c, 0, a).mappings, 1);
        CHECK_EQ(see(c, 0, w.at), 0);
        CHECK_EQ(info_of(c, 1, mine).owner.id, 0);             /* it lives on, without an owner */
        CHECK_EQ(see(c, 1, q.at), 6);
        CHECK_EQ(see(c, 2, o.at), 0);                          /* by a mapping alone, too */
        CHECK_OK(unmap(c, 2, o));
        CHECK_OK(vipc_close(V(1), mine));
        CHECK_OK(set(c, 1, q.at, 7));
        CHECK_OK(unmap(c, 1, q));
        CHECK_OK(unmap(c, 0, w));
        CHECK_OK(vipc_close(V(0), a));
        CHECK_EQ(used(c), c->nothing);
        CHECK_EQ(node_bytes(c, 0), 0);
        DONE(c);
    }
}
/* D30 cannot be seen to happen in one thread.  What rules it out can: a frame is freed by one who has the lock of the domain, under which all its counts change, and with nobody's
 * translation left; and the text of the core's sections on pages and shared memory has no relaxed atomic, nor an increment that is not a step of the undo log. */
static unsigned freed_unlocked, freed_mapped, freed_at_all;
static void watched_free(void *user, uint64_t first, uint64_t count)
{
    mock *m = ((vipc_mock_seat *)user)->mock;
    freed_at_all++;
    freed_unlocked += vipci_load64(&m->v[0], &vipci_d(&m->v[0])->lock) == 0;
    for (uint64_t k = 0; k < count; k++) freed_mapped += m->leads[first + k] != 0;
    vipci_mock_free(user, first, count);
}
static int source_says(FILE *f, const char *from, const char *to, const char *what)
{
    static char line[4096];
    int inside = 0, n = 0;
    rewind(f);
    while (fgets(line, sizeof line, f)) {
        if (strstr(line, "/* ---")) inside = strstr(line, from) ? 1 : strstr(line, to) ? 0 : inside;
        n += inside && strstr(line, what) != NULL;
    }
    return n;
}
TEST(d030_the_last_reference_goes_under_the_lock)
{
    static world c_, *c = &c_;
    freed_unlocked = freed_mapped = freed_at_all = 0;
    vipc_config config = shared_config();
    memset(c, 0, sizeof *c);
    mock_port(&c->m, &config, 512);
    c->m.hooks.frame_free = watched_free;
    people_join(c, &config, PEOPLE);
    for (int how = 0; how < 5; how++) {
        const unsigned other = how == 2 ? 3 : 1;               /* who shares it, or has a copy */
        vipc_cap a = region(c, 0, 8), b = hand(c, 0, a, other, how == 4 ? VIPC_COPY_ON_WRITE : VIPC_SHARE, 0);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, other, b, VIPC_WRITE);
        CHECK_OK(set(c, 0, w.at, 1));
        CHECK_OK(set(c, other, q.at, 2));
        if (how == 0) CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
        if (how == 1) CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
        if (how != 0) CHECK_OK(unmap(c, 0, w));
        if (how != 0) CHECK_OK(vipc_close(V(0), a));
        if (how == 2) die(c, 3);
        if (how > 2) CHECK_OK(unmap(c, 1, q));
        if (how > 2) CHECK_OK(vipc_close(V(1), b));
        CHECK_EQ(used(c), c->nothing);
    }
    CHECK(freed_at_all >= 5 * 2);
    CHECK_EQ(freed_unlocked, 0);
    CHECK_EQ(freed_mapped, 0);
    FILE *f = fopen("veridian_ipc.h", "r");
    REQUIRE(f != NULL);
    static const char *const sections[][2] = { { ">>pages", ">>limits" }, { ">>spaces", ">>queue" }, { ">>giving", ">>carry" }, { ">>memory", ">>process" } };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        CHECK(source_says(f, sections[i][0], sections[i][1], "vipci_set32") + source_says(f, sections[i][0], sections[i][1], "vipci_set64") > 0);     /* it looks at the right lines */
        CHECK_EQ(source_says(f, sections[i][0], sections[i][1], "RELAXED"), 0);
        CHECK_EQ(source_says(f, sections[i][0], sections[i][1], "relaxed"), 0);
    }
    CHECK(source_says(f, ">>atomics", ">>layout", "SEQ_CST") > 0);
    fclose(f);
    DONE(c);
}
TEST(d067_chosen_addresses_are_free_and_keep_clear_of_the_heap)
{
    world *c = a_world();
    enum { MANY = 60 };
    vipc_mapping w[MANY];
    vipc_space_info s;
    REQUIRE_OK(vipc_space_get(V(0), c->s[0], &s));
    vipc_cap a = region(c, 0, MANY);
    vipc_addr private_at;
    for (uint64_t i = 0; i < MANY; i++) {
        REQUIRE_OK(map_part(c, 0, a, VIPC_WRITE, 0, i * PAGE, PAGE, &w[i]));
        CHECK(w[i].at + w[i].size <= s.heap_start || w[i].at >= s.heap_start + s.heap_max);
        CHECK(w[i].at >= s.start && w[i].at + w[i].size <= s.end);
        for (uint64_t k = 0; k < i; k++) CHECK(w[i].at + w[i].size <= w[k].at || w[k].at + w[k].size <= w[i].at);
        if (i % 10 == 0) REQUIRE_OK(vipc_space_allocate(V(0), c->s[0], PAGE, RW, &private_at));
        CHECK_OK(set(c, 0, w[i].at, (unsigned)i));
    }
    vipc_addr was;
    CHECK_OK(vipc_space_grow_heap(V(0), c->s[0], s.heap_max, &was));           /* all of it is there still */
    CHECK_EQ(was, s.heap_start);
    for (unsigned i = 0; i < MANY; i++) CHECK_EQ(see(c, 0, w[i].at), i);
    vipc_stack k;
    CHECK_OK(vipc_space_stack_create(V(0), c->s[0], NULL, &k));
    for (unsigned i = 0; i < MANY; i++) CHECK(w[i].at + w[i].size <= k.bottom || w[i].at >= k.top);
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------ mappings */
TEST(eager_and_lazy)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 6), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map_lazy(c, 1, b, VIPC_WRITE);
    for (uint64_t i = 0; i < 6; i++) {
        uint32_t access = 0;
        CHECK(vipc_mock_translation(&c->m, root_of(c, 0), w.at + i * PAGE, NULL, &access, NULL));
        CHECK_EQ(access & W, W);
        CHECK(!vipc_mock_translation(&c->m, root_of(c, 1), q.at + i * PAGE, NULL, NULL, NULL));
    }
    uint64_t faults = c->m.faults;
    CHECK_OK(set(c, 0, w.at + 5 * PAGE, 1));
    CHECK_EQ(c->m.faults, faults);
    CHECK_EQ(see(c, 1, q.at + 5 * PAGE), 1);
    CHECK_EQ(c->m.fault.resolved, VIPC_FAULT_MAPPED);
    CHECK_EQ(c->m.faults, faults + 1);
    CHECK_OK(set(c, 1, q.at + 5 * PAGE, 2));                   /* it may write, and that was known */
    vipc_mock_forget(&c->m, 0);                                /* a port may forget */
    CHECK_EQ(see(c, 0, w.at + 5 * PAGE), 2);
    CHECK_OK(set(c, 0, w.at, 3));
    CHECK_EQ(see(c, 1, q.at), 3);
    CHECK_OK(unmap(c, 1, q));                                  /* the other way round: by the process that has least */
    vipc_mapping r = map_lazy(c, 1, b, VIPC_READ);
    CHECK_EQ(set(c, 1, r.at, 1), DENIED);
    CHECK_EQ(see(c, 1, r.at), 3);
    uint64_t bytes = 0;
    CHECK_OK(vipc_space_touch(V(1), c->s[1], r.at + 1, 5 * PAGE, R, &bytes));
    CHECK_EQ(bytes, 5 * PAGE);
    CHECK_EQ(vipc_space_touch(V(1), c->s[1], r.at, PAGE, W, NULL), DENIED);
    DONE(c);
}
TEST(what_is_mapped_already_stays_where_it_is)
{
    world *c = a_world();
    vipc_mapping w, q;
    vipc_cap a = region(c, 0, 4), same = keep(c, 0, mock_derive(&c->m, 0, a, 0));
    w = map(c, 0, a, VIPC_WRITE);
    uint64_t mapped = c->m.mapped;
    for (int i = 0; i < 3; i++) {
        q = map(c, 0, a, VIPC_WRITE);
        CHECK(q.at == w.at && q.size == w.size && q.access == w.access && q.cache == w.cache);
    }
    CHECK_EQ(c->m.mapped, mapped);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, w.at, 0, 0, &q));   /* where it is already */
    CHECK_EQ(q.at, w.at);
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, 0, 0, 4 * PAGE, &q));
    CHECK_EQ(q.at, w.at);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    CHECK_OK(map_part(c, 0, a, VIPC_READ, 0, 0, 0, &q));       /* with another access, from another offset, of another size: that is another */
    CHECK(q.at != w.at);
    CHECK_EQ(info_of(c, 0, a).mappings, 2);
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, 0, PAGE, 0, &q));
    CHECK(q.at != w.at);
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, 0, 0, 3 * PAGE, &q));
    CHECK(q.at != w.at);
    CHECK_EQ(info_of(c, 0, a).mappings, 4);
    CHECK_EQ(info_of(c, 0, a).mine.at != 0, 1);
    CHECK_OK(vipc_close(V(0), a));                             /* by whatever capability */
    q = map(c, 0, same, VIPC_WRITE);
    CHECK_EQ(q.at, w.at);
    CHECK_EQ(info_of(c, 0, same).mappings, 4);
    CHECK_OK(unmap(c, 0, w));
    q = map(c, 0, same, VIPC_WRITE);
    CHECK_OK(set(c, 0, q.at, 3));
    DONE(c);
}
TEST(what_leaves_is_mapped_no_more)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    c->m.held = 1;                                             /* another CPU does not answer at once */
    CHECK_EQ(vipc_unmap(V(0), &w, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(region_at(c, 0, w.at).leaving, 1);
    CHECK_EQ(info_of(c, 0, a).mine.size, 0);
    vipc_mapping q = map_lazy(c, 0, a, VIPC_WRITE);            /* anew, and not what is there still */
    CHECK(q.at != w.at);
    CHECK_EQ(info_of(c, 0, a).mine.at, q.at);
    c->m.held = 0;
    CHECK_EQ(see(c, 0, q.at), 5);
    CHECK_OK(set(c, 0, q.at, 6));
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], w.at, w.size, VIPC_FOREVER));
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(see(c, 0, q.at), 6);
    DONE(c);
}
TEST(what_comes_again_and_again_stays_mapped)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), first = VIPC_INIT, q;
    for (unsigned n = 0; n < 20; n++) {
        vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ);
        c->kept_count--;
        CHECK_OK(set(c, 0, w.at + n, n));
        q = map(c, 1, b, VIPC_READ);
        if (!n) first = q;
        CHECK_EQ(q.at, first.at);
        CHECK_EQ(see(c, 1, q.at + n), n);
        CHECK_OK(vipc_close(V(1), b));
        CHECK_EQ(see(c, 1, q.at + n), n);                      /* mapped still, though it has no capability */
        CHECK_EQ(info_of(c, 0, a).mappings, 2);
        CHECK_EQ(info_of(c, 0, a).holders, 1);
    }
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, first.at), FAULT);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    DONE(c);
}
TEST(parts_of_a_region)
{
    world *c = a_world();
    vipc_mapping all, w;
    vipc_cap a = region(c, 0, 40);
    all = map(c, 0, a, VIPC_WRITE);
    FILL(c, 0, all.at, 40, 100);
    static const struct { uint64_t from, n; } parts[] = { { 0, 1 }, { 39, 1 }, { 1, 38 }, { 20, 20 }, { 7, 9 }, { 33, 0 } };
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        uint64_t n = parts[k].n ? parts[k].n : 40 - parts[k].from;
        CHECK_OK(map_part(c, 0, a, VIPC_READ, 0, parts[k].from * PAGE, parts[k].n * PAGE, &w));
        CHECK_EQ(w.size, n * PAGE);
        for (uint64_t i = 0; i < n; i++) CHECK_EQ(see(c, 0, w.at + i * PAGE), 100 + parts[k].from + i);
        vipc_mock_forget(&c->m, 0);
        for (uint64_t i = n; i-- > 0;) CHECK_EQ(see(c, 0, w.at + i * PAGE), 100 + parts[k].from + i);
    }
    CHECK_EQ(info_of(c, 0, a).mappings, 7);
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], all.at + 10 * PAGE, 5 * PAGE, VIPC_FOREVER));     /* a part out of the middle */
    CHECK_EQ(see(c, 0, all.at + 9 * PAGE), 109);
    CHECK_EQ(see(c, 0, all.at + 10 * PAGE), FAULT);
    CHECK_EQ(see(c, 0, all.at + 14 * PAGE), FAULT);
    CHECK_EQ(see(c, 0, all.at + 15 * PAGE), 115);
    vipc_mock_forget(&c->m, 0);
    CHECK_EQ(see(c, 0, all.at + 15 * PAGE), 115);              /* by its own offset still */
    CHECK_EQ(see(c, 0, all.at + 9 * PAGE), 109);
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], all.at, 3 * PAGE, VIPC_FOREVER));         /* its ends */
    CHECK_OK(vipc_space_unmap(V(0), c->s[0], all.at + 38 * PAGE, 2 * PAGE, VIPC_FOREVER));
    vipc_mock_forget(&c->m, 0);
    CHECK_EQ(see(c, 0, all.at + 3 * PAGE), 103);
    CHECK_EQ(see(c, 0, all.at + 37 * PAGE), 137);
    CHECK_EQ(see(c, 0, all.at + 38 * PAGE), FAULT);
    CHECK_OK(vipc_space_protect(V(0), c->s[0], all.at + 20 * PAGE, 2 * PAGE, R, VIPC_FOREVER));
    vipc_mock_forget(&c->m, 0);
    CHECK_EQ(see(c, 0, all.at + 19 * PAGE), 119);
    CHECK_EQ(see(c, 0, all.at + 20 * PAGE), 120);
    CHECK_EQ(see(c, 0, all.at + 22 * PAGE), 122);
    CHECK_EQ(set(c, 0, all.at + 21 * PAGE, 1), DENIED);
    CHECK_OK(set(c, 0, all.at + 22 * PAGE, 122));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(see(c, 0, all.at + 19 * PAGE), 119);
    DONE(c);
}
/* Neighbours in the space that are of two regions, or of two places of one, never become one. */
TEST(neighbours_keep_what_is_behind_them)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_cap a = region(c, 0, 4), b = region(c, 0, 4);
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT + i * 2 * PAGE, (3 - i) * PAGE, PAGE, &w));
        CHECK_OK(map_part(c, 0, b, VIPC_WRITE, SPOT + (i * 2 + 1) * PAGE, i * PAGE, PAGE, &w));
    }
    FILL(c, 0, SPOT, 8, 50);
    CHECK_OK(vipc_space_protect(V(0), c->s[0], SPOT, 8 * PAGE, R, VIPC_FOREVER));      /* after which all that are alike would be made one */
    CHECK_OK(vipc_space_protect(V(0), c->s[0], SPOT, 8 * PAGE, RW, VIPC_FOREVER));
    for (uint64_t i = 0; i < 8; i++) CHECK_EQ(region_at(c, 0, SPOT + i * PAGE).start, SPOT + i * PAGE);
    HOLDS(c, 0, SPOT, 8, 50);
    CHECK_OK(map_part(c, 0, b, VIPC_READ, SPOT + 100 * PAGE, 0, 0, &w));
    CHECK_OK(map_part(c, 0, a, VIPC_READ, SPOT + 104 * PAGE, 0, 0, &w));
    vipc_mock_forget(&c->m, 0);
    for (uint64_t i = 0; i < 4; i++) CHECK_EQ(see(c, 0, SPOT + (100 + i) * PAGE), 50 + 2 * i + 1);
    for (uint64_t i = 0; i < 4; i++) CHECK_EQ(see(c, 0, SPOT + (104 + i) * PAGE), 50 + 2 * (3 - i));
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT + 200 * PAGE, 0, 2 * PAGE, &w));       /* one region in two pieces, and they follow one another */
    CHECK_OK(map_part(c, 0, a, VIPC_WRITE, SPOT + 202 * PAGE, 2 * PAGE, 2 * PAGE, &w));
    CHECK_OK(vipc_space_protect(V(0), c->s[0], SPOT + 200 * PAGE, 4 * PAGE, R, VIPC_FOREVER));
    CHECK_EQ(region_at(c, 0, SPOT + 202 * PAGE).start, SPOT + 202 * PAGE);     /* they are two mappings still, whatever follows what */
    vipc_mock_forget(&c->m, 0);
    for (uint64_t i = 0; i < 4; i++) CHECK_EQ(see(c, 0, SPOT + (200 + i) * PAGE), 50 + 2 * (3 - i));
    CHECK_OK(unmap(c, 0, w));
    CHECK_EQ(see(c, 0, SPOT + 201 * PAGE), 54);
    CHECK_EQ(see(c, 0, SPOT + 202 * PAGE), FAULT);
    (void)anonymous(c, 0, SPOT + 202 * PAGE, 2 * PAGE, VIPC_MAP_SHARED);       /* memory that forks share beside it is another thing */
    CHECK_EQ(see(c, 0, SPOT + 202 * PAGE), 0);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 0, SPOT + 201 * PAGE), FAULT);
    CHECK_EQ(see(c, 0, SPOT + 202 * PAGE), 0);
    CHECK_EQ(see(c, 0, SPOT + PAGE), 51);
    CHECK_EQ(see(c, 0, SPOT), FAULT);
    DONE(c);
}
TEST(unmap_says_what_is_wrong)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), x;
    vipc_addr mine = anonymous(c, 0, 0, 4 * PAGE, VIPC_MAP_PRIVATE);
    CHECK_OK(set(c, 0, mine, 5));
    x = w;
    x.at = mine;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);   /* private memory */
    x = w;
    x.size += PAGE;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);   /* and more */
    x = w;
    x.at -= PAGE;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);
    x.at = SPOT;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);   /* nothing */
    x = w;
    x.at += 1;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    x = w;
    x.size = 0;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    x.size = ~(uint64_t)0;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    x.at = ~(uint64_t)0 - 4095;
    x.size = 2 * PAGE;
    REFUSED(c, vipc_unmap(V(0), &x, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_unmap(V(0), NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_unmap(V(1), &w, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);   /* another's */
    CHECK_OK(vipc_unmap(V(0), &w, VIPC_FOREVER));
    REFUSED(c, vipc_unmap(V(0), &w, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);   /* twice */
    CHECK_EQ(see(c, 0, mine), 5);
    DONE(c);
}
TEST(unmap_while_another_maps_it)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE), r = map(c, 2, d, VIPC_READ);
    CHECK_OK(set(c, 0, w.at, 1));
    CHECK_OK(unmap(c, 0, w));
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(see(c, 1, q.at), 1);
    CHECK_EQ(see(c, 2, r.at), 1);
    CHECK_OK(set(c, 1, q.at, 2));
    CHECK_EQ(see(c, 2, r.at), 2);
    CHECK_OK(unmap(c, 2, r));
    CHECK_OK(set(c, 1, q.at, 3));
    w = map(c, 0, a, VIPC_READ);
    CHECK_EQ(see(c, 0, w.at), 3);
    CHECK_OK(unmap(c, 1, q));
    CHECK_EQ(see(c, 0, w.at), 3);
    DONE(c);
}
TEST(close_while_mapped)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = grant(c, 0, a, 1, 0), d = grant(c, 1, b, 2, VIPC_RIGHT_READ);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE), r = map(c, 2, d, VIPC_READ);
    CHECK_OK(set(c, 1, q.at, 1));
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(set(c, 1, q.at, 2));                              /* the mapping is the space's */
    CHECK_EQ(see(c, 2, r.at), 2);
    CHECK_EQ(info_of(c, 0, a).holders, 2);
    CHECK_EQ(info_of(c, 0, a).mappings, 2);
    vipc_mock_forget(&c->m, 0);
    CHECK_OK(set(c, 1, q.at + PAGE, 3));
    CHECK_OK(vipc_close(V(2), d));
    CHECK_EQ(see(c, 2, r.at + PAGE), 3);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));              /* what hung on it hangs on its parent now */
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(see(c, 2, r.at), FAULT);
    CHECK_EQ(info_of(c, 0, a).mappings, 0);
    CHECK_EQ(region_at(c, 1, q.at).type, VIPC_REGION_NONE);
    DONE(c);
}
TEST(revoke_while_mapped)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = grant(c, 0, a, 1, 0), d = grant(c, 1, b, 2, 0), e = grant(c, 2, d, 3, VIPC_RIGHT_READ), own = keep(c, 0, mock_derive(&c->m, 0, a, 0));
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE), r = map_lazy(c, 2, d, VIPC_WRITE), s = map(c, 3, e, VIPC_READ), o;
    CHECK_OK(map_part(c, 0, own, VIPC_READ, 0, 0, 0, &o));
    CHECK_OK(set(c, 0, w.at, 9));
    CHECK_EQ(see(c, 2, r.at), 9);
    CHECK_OK(vipc_revoke(V(1), b, VIPC_FOREVER));              /* what came of it, and not it itself */
    CHECK_EQ(see(c, 2, r.at), FAULT);
    CHECK_EQ(set(c, 2, r.at, 1), FAULT);
    CHECK_EQ(see(c, 3, s.at), FAULT);
    CHECK_EQ(try_map(c, 2, d, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 3, e, VIPC_READ), STALE);
    CHECK_OK(set(c, 1, q.at, 8));
    CHECK_EQ(see(c, 0, w.at), 8);
    CHECK_EQ(info_of(c, 0, a).holders, 3);
    CHECK_EQ(info_of(c, 0, a).mappings, 3);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(see(c, 0, o.at), FAULT);                          /* made by one that was derived from it */
    CHECK_EQ(see(c, 0, w.at), 8);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    CHECK_EQ(info_of(c, 0, a).holders, 1);
    for (unsigned i = 1; i < 4; i++) {
        vipc_space_info info;
        CHECK_OK(vipc_space_get(V(i), c->s[i], &info));
        CHECK_EQ(info.regions, 0);
        CHECK_EQ(info.leaving, 0);
    }
    DONE(c);
}
TEST(revoke_needs_its_right_and_may_have_to_wait)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), weak = keep(c, 0, mock_derive(&c->m, 0, a, VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_REVOKE));
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0), d = grant(c, 0, a, 2, VIPC_RIGHT_READ);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE), r = map(c, 2, d, VIPC_READ);
    CHECK_OK(set(c, 1, q.at, 1));
    CHECK_EQ(see(c, 2, r.at), 1);
    REFUSED(c, vipc_revoke(V(0), weak, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_revoke(V(1), b, VIPC_FOREVER), DENIED);
    c->m.held = 1;
    c->m.late = 100;
    CHECK_EQ(vipc_revoke(V(0), a, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(try_map(c, 1, b, VIPC_READ), STALE);              /* from now on nobody gets one */
    vipc_fault_result f;
    CHECK_EQ(vipc_page_fault(V(1), c->s[1], q.at, R, &f), FAULT);
    CHECK_EQ(vipc_page_fault(V(2), c->s[2], r.at, R, &f), FAULT);
    CHECK(used(c) >= c->nothing + 4);
    CHECK_EQ(vipc_close(V(0), weak), STALE);
    CHECK_OK(vipc_close(V(0), a));                             /* nobody has it now, but those CPUs */
    CHECK(c->m.stale > 0);
    CHECK(used(c) >= c->nothing + 4);
    c->m.held = 0;
    c->m.late = 0;
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], q.at, q.size, VIPC_FOREVER));
    CHECK_OK(vipc_space_unmap(V(2), c->s[2], r.at, r.size, VIPC_FOREVER));
    CHECK_OK(vipc_trim(V(0), NULL));
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(used(c), c->nothing);
    a = region(c, 0, 4);                                       /* and by asking again */
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    q = map(c, 1, b, VIPC_WRITE);
    c->m.held = 1;
    c->m.late = 1;
    CHECK_EQ(vipc_revoke(V(0), a, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, q.at), FAULT);
    CHECK_EQ(c->m.stale, 0);
    DONE(c);
}
TEST(access_is_never_wider_than_the_capability)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_region_desc d = wanted(4, VIPC_READ_WRITE_EXECUTE);
    vipc_cap a = region_of(c, 0, &d), ro = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ), rw = hand(c, 0, a, 2, VIPC_SHARE, VIPC_WRITE);
    w = map(c, 1, ro, VIPC_READ);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, RW, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, W, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, RX, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at + PAGE, PAGE, RW, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, 8, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_space_protect(V(1), c->s[1], w.at, w.size, 0, VIPC_FOREVER));        /* narrower, and back */
    CHECK_EQ(see(c, 1, w.at), DENIED);
    CHECK_OK(vipc_space_protect(V(1), c->s[1], w.at, w.size, R, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, w.at), 0);
    REFUSED(c, vipc_space_write(V(1), c->s[1], w.at, "x", 1, NULL), DENIED);   /* "whatever the protection" is not: whatever the capability */
    CHECK_EQ(vipc_space_touch(V(1), c->s[1], w.at, 1, W, NULL), DENIED);
    vipc_mapping q = map(c, 2, rw, VIPC_READ);                 /* less than it might: then it may have that */
    CHECK_EQ(set(c, 2, q.at, 1), DENIED);
    CHECK_OK(vipc_space_protect(V(2), c->s[2], q.at, q.size, RW, VIPC_FOREVER));
    CHECK_OK(set(c, 2, q.at, 1));
    REFUSED(c, vipc_space_protect(V(2), c->s[2], q.at, q.size, RX, VIPC_FOREVER), DENIED);
    CHECK_OK(vipc_space_protect(V(2), c->s[2], q.at, q.size, R, VIPC_FOREVER));
    CHECK_EQ(set(c, 2, q.at, 1), DENIED);
    CHECK_OK(vipc_close(V(2), rw));                            /* what it was made by is gone: what it was made with stays the most */
    CHECK_OK(vipc_space_protect(V(2), c->s[2], q.at, q.size, RW, VIPC_FOREVER));
    REFUSED(c, vipc_space_protect(V(2), c->s[2], q.at, q.size, RX, VIPC_FOREVER), DENIED);
    CHECK_OK(vipc_close(V(1), ro));                            /* though its parent may more */
    REFUSED(c, vipc_space_protect(V(1), c->s[1], w.at, w.size, RW, VIPC_FOREVER), DENIED);
    d.access_max = VIPC_READ;                                  /* nor than the region, whatever the rights */
    vipc_cap e = region_of(c, 0, &d);
    vipc_mapping m = map(c, 0, e, VIPC_READ);
    CHECK_EQ(mock_cap_info(V(0), e).rights, VIPC_RIGHT_ALL);
    REFUSED(c, vipc_space_protect(V(0), c->s[0], m.at, m.size, RW, VIPC_FOREVER), DENIED);
    vipc_mapping own = map(c, 0, a, VIPC_WRITE);               /* two capabilities in one space do not lend one another anything */
    vipc_cap weak = keep(c, 0, mock_derive(&c->m, 0, a, VIPC_RIGHT_READ));
    CHECK_OK(map_part(c, 0, weak, VIPC_READ, own.at + own.size + 16 * PAGE, 0, 0, &m));
    REFUSED(c, vipc_space_protect(V(0), c->s[0], m.at, m.size, RW, VIPC_FOREVER), DENIED);
    CHECK_OK(map_part(c, 0, weak, VIPC_READ, SPOT, 0, 2 * PAGE, &m));          /* and of two that lie side by side, all or nothing */
    CHECK_OK(map_part(c, 0, a, VIPC_READ, SPOT + 2 * PAGE, 2 * PAGE, 2 * PAGE, &m));
    REFUSED(c, vipc_space_protect(V(0), c->s[0], SPOT, 4 * PAGE, RW, VIPC_FOREVER), DENIED);
    CHECK_OK(vipc_space_protect(V(0), c->s[0], SPOT + 2 * PAGE, 2 * PAGE, RW, VIPC_FOREVER));
    REFUSED(c, vipc_space_protect(V(0), c->s[0], SPOT + PAGE, 2 * PAGE, RW, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_protect(V(0), c->s[0], own.at, own.size, W | X, VIPC_FOREVER), DENIED);      /* W^X is the space's */
    DONE(c);
}
TEST(an_executable_region_in_a_space_that_allows_it)
{
    world *c = a_world();
    vipc_mapping w;
    vipc_space_desc lax = VIPC_INIT;
    lax.write_execute = 1;
    vipc_cap other;
    REQUIRE_OK(vipc_space_create(V(0), &lax, &other));
    vipc_region_desc d = wanted(2, VIPC_READ_WRITE_EXECUTE);
    vipc_cap a = region_of(c, 0, &d);
    vipc_map_desc m = VIPC_INIT;
    m.access = VIPC_READ_WRITE_EXECUTE;
    REFUSED(c, vipc_map(V(0), a, &m, &w), DENIED);
    m.space = other;
    CHECK_OK(vipc_map(V(0), a, &m, &w));
    CHECK_OK(vipc_mock_store(&c->m, V(0), other, w.at, 7));
    vipc_space_info info;
    unsigned char byte = 0;
    CHECK_OK(vipc_space_get(V(0), other, &info));
    CHECK_OK(vipc_mock_access(&c->m, V(0), other, info.root, w.at, X, &byte));
    CHECK_EQ(byte, 7);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    CHECK_EQ(info_of(c, 0, a).mine.size, 0);
    CHECK_OK(vipc_destroy(V(0), other, VIPC_FOREVER));         /* a mapping goes with its space */
    CHECK_EQ(info_of(c, 0, a).mappings, 0);
    CHECK_OK(vipc_close(V(0), a));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
TEST(a_region_goes_with_the_last_space_that_maps_it)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 7), other;
    REQUIRE_OK(vipc_space_create(V(1), NULL, &other));
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_map_desc m = VIPC_INIT;
    vipc_mapping w;
    m.space = other;
    m.access = VIPC_WRITE;
    CHECK_OK(vipc_map(V(1), b, &m, &w));
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_OK(vipc_mock_store(&c->m, V(1), other, w.at, 7));
    CHECK(used(c) >= c->nothing + 7);
    CHECK_OK(vipc_close(V(1), other));
    CHECK_EQ(used(c), c->nothing);
    vipc_cap d = region(c, 2, 7);                              /* of a process that dies, with its own */
    (void)map(c, 2, d, VIPC_WRITE);
    CHECK_OK(vipc_close(V(2), d));
    CHECK(used(c) >= c->nothing + 7);
    die(c, 2);
    CHECK_EQ(used(c), c->nothing);
    CHECK_EQ(node_bytes(c, 0), 0);
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------- handing over */
TEST(copies_are_of_one_moment_and_apart_from_then_on)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 8);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    FILL(c, 0, w.at, 8, 10);
    uint64_t before = used(c);
    vipc_cap b = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0), d = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, VIPC_READ);
    CHECK(used(c) <= before + 4);                              /* nodes of page maps at most: no page is copied */
    CHECK_EQ(info_of(c, 1, b).size, 8 * PAGE);
    CHECK(info_of(c, 1, b).owner.id == PID(0).id);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE), r = map(c, 2, d, VIPC_READ);
    CHECK_EQ(try_map(c, 2, d, VIPC_WRITE), DENIED);
    for (uint64_t i = 0; i < 8; i++) {
        CHECK_EQ(see(c, 1, q.at + i * PAGE), 10 + i);
        CHECK_EQ(see(c, 2, r.at + i * PAGE), 10 + i);
        CHECK_EQ(see(c, 0, w.at + i * PAGE), 10 + i);
    }
    before = used(c);
    CHECK_OK(set(c, 0, w.at, 50));                             /* a writer copies */
    CHECK_EQ(c->m.fault.resolved, VIPC_FAULT_COPIED);
    CHECK_EQ(used(c), before + 1);
    CHECK_OK(set(c, 1, q.at, 60));
    CHECK_EQ(used(c), before + 2);
    CHECK_EQ(see(c, 0, w.at), 50);
    CHECK_EQ(see(c, 1, q.at), 60);
    CHECK_EQ(see(c, 2, r.at), 10);
    CHECK_OK(set(c, 1, q.at + PAGE, 61));
    CHECK_OK(set(c, 0, w.at + PAGE, 51));
    CHECK_EQ(see(c, 0, w.at + PAGE), 51);
    CHECK_EQ(see(c, 1, q.at + PAGE), 61);
    CHECK_EQ(see(c, 2, r.at + PAGE), 11);
    vipc_cap e = hand(c, 1, b, 3, VIPC_COPY_ON_WRITE, 0);      /* a copy of a copy */
    vipc_mapping s = map(c, 3, e, VIPC_WRITE);
    CHECK_EQ(see(c, 3, s.at), 60);
    CHECK_EQ(see(c, 3, s.at + 2 * PAGE), 12);
    CHECK_OK(set(c, 1, q.at, 62));
    CHECK_OK(set(c, 3, s.at + 2 * PAGE, 72));
    CHECK_EQ(see(c, 3, s.at), 60);
    CHECK_EQ(see(c, 1, q.at + 2 * PAGE), 12);
    CHECK_EQ(see(c, 0, w.at + 2 * PAGE), 12);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));             /* the first goes: the others have what they had */
    CHECK_EQ(see(c, 2, r.at + 3 * PAGE), 13);
    CHECK_EQ(see(c, 3, s.at + 3 * PAGE), 13);
    CHECK_EQ(see(c, 1, q.at), 62);
    DONE(c);
}
TEST(the_last_one_writes_without_a_copy)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_EQ(see(c, 0, w.at), 0);
    CHECK_OK(vipc_close(V(1), b));
    uint64_t before = used(c);
    CHECK_OK(set(c, 0, w.at, 1));
    CHECK_EQ(used(c), before);
    CHECK_EQ(see(c, 0, w.at), 1);
    DONE(c);
}
TEST(a_copied_page_changes_for_all_who_map_it)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0), ro = hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE), r = map(c, 2, ro, VIPC_READ);
    FILL(c, 0, w.at, 4, 1);
    vipc_cap snap = hand(c, 0, a, 3, VIPC_COPY_ON_WRITE, 0);
    vipc_mapping s = map(c, 3, snap, VIPC_WRITE);
    for (uint64_t i = 0; i < 4; i++) {                         /* all have read translations of the frame that is shared */
        CHECK_EQ(see(c, 0, w.at + i * PAGE), 1 + i);
        CHECK_EQ(see(c, 1, q.at + i * PAGE), 1 + i);
        CHECK_EQ(see(c, 2, r.at + i * PAGE), 1 + i);
        CHECK_EQ(see(c, 3, s.at + i * PAGE), 1 + i);
    }
    CHECK_OK(set(c, 1, q.at, 11));
    CHECK_EQ(see(c, 0, w.at), 11);
    CHECK_EQ(see(c, 2, r.at), 11);
    CHECK_EQ(see(c, 3, s.at), 1);
    CHECK_OK(set(c, 0, w.at, 12));
    CHECK_EQ(see(c, 1, q.at), 12);
    CHECK_EQ(see(c, 2, r.at), 12);
    CHECK_EQ(frame_at(c, 0, w.at), frame_at(c, 1, q.at));
    CHECK_EQ(frame_at(c, 0, w.at), frame_at(c, 2, r.at));
    CHECK_OK(set(c, 3, s.at + PAGE, 22));
    CHECK_EQ(see(c, 0, w.at + PAGE), 2);
    CHECK_EQ(see(c, 2, r.at + PAGE), 2);
    c->m.held = 1;                                             /* other CPUs answer late: their old translations are waited for */
    CHECK_OK(set(c, 0, w.at + 2 * PAGE, 33));
    CHECK_EQ(c->m.unasked, 0);
    CHECK_EQ(see(c, 1, q.at + 2 * PAGE), 33);
    CHECK_EQ(see(c, 2, r.at + 2 * PAGE), 33);
    CHECK_EQ(see(c, 3, s.at + 2 * PAGE), 3);
    c->m.held = 0;
    DONE(c);
}
TEST(what_cannot_be_shared_until_it_is_written_is_copied_at_once)
{
    for (int k = 0; k < 4; k++) {
        world *c = a_world();
        vipc_region_desc d = wanted(6, 0);
        if (k == 0) d.contiguous = 1;
        else d.cache = (uint32_t)k;
        vipc_cap a = region_of(c, 0, &d);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        for (uint64_t i = 0; i < 6; i++) CHECK_OK(set(c, 0, w.at + i * PAGE + 5, 10 + (unsigned)i));
        uint64_t before = used(c);
        vipc_cap b = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0);
        CHECK(used(c) >= before + 6);
        vipc_mapping q = map(c, 1, b, VIPC_WRITE);
        for (uint64_t i = 0; i < 6; i++) CHECK_EQ(see(c, 1, q.at + i * PAGE + 5), 10 + i);
        before = used(c);
        CHECK_OK(set(c, 0, w.at + 5, 99));
        CHECK_OK(set(c, 1, q.at + PAGE + 5, 98));
        CHECK_EQ(used(c), before);
        CHECK_EQ(see(c, 1, q.at + 5), 10);
        CHECK_EQ(see(c, 0, w.at + PAGE + 5), 11);
        CHECK_EQ(info_of(c, 1, b).cache, d.cache);
        CHECK_EQ(info_of(c, 1, b).contiguous, d.contiguous);
        if (d.contiguous) for (uint64_t i = 1; i < 6; i++) CHECK_EQ(frame_at(c, 1, q.at + i * PAGE), frame_at(c, 1, q.at) + i);
        DONE(c);
    }
}
TEST(move_takes_all_of_the_givers_mappings)
{
    world *c = a_world();
    vipc_cap other, a = region(c, 0, 4), second = keep(c, 0, mock_derive(&c->m, 0, a, 0));
    REQUIRE_OK(vipc_space_create(V(0), NULL, &other));
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), o, t;
    CHECK_OK(map_part(c, 0, second, VIPC_READ, 0, 0, 0, &o));
    vipc_map_desc m = VIPC_INIT;
    m.space = other;
    m.access = VIPC_WRITE;
    CHECK_OK(vipc_map(V(0), a, &m, &t));
    CHECK_OK(set(c, 0, w.at, 5));
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE);
    CHECK_EQ(info_of(c, 0, a).mappings, 4);
    vipc_cap to = hand(c, 0, a, 2, VIPC_MOVE, 0);
    unsigned char byte;
    CHECK_EQ(see(c, 0, w.at), FAULT);
    CHECK_EQ(see(c, 0, o.at), FAULT);
    CHECK_EQ(vipc_mock_load(&c->m, V(0), other, t.at, &byte), FAULT);
    CHECK_EQ(try_map(c, 0, second, VIPC_READ), STALE);
    CHECK_OK(set(c, 1, q.at, 6));                              /* it was shared: who shares it goes on */
    CHECK_EQ(info_of(c, 2, to).mappings, 1);
    CHECK_EQ(info_of(c, 2, to).holders, 2);
    vipc_cap found;
    CHECK_EQ(vipc_region_find(V(0), id_of(c, 2, to), &found), VIPC_ERR_INVALID_REGION);
    die(c, 0);                                                 /* it has nothing to do with it any more */
    vipc_mapping z = map(c, 2, to, VIPC_WRITE);
    CHECK_EQ(see(c, 2, z.at), 6);
    CHECK_EQ(see(c, 1, q.at), 6);
    DONE(c);
}
/* What hung on other capabilities of the giver's is below the one that was handed over, however they stood to one another. */
TEST(move_of_a_capability_far_below_a_root)
{
    world *c = a_world();
    vipc_cap r = region(c, 1, 2), far = grant(c, 1, r, 3, VIPC_RIGHT_READ), p1 = grant(c, 1, r, 0, 0), p2 = keep(c, 0, mock_derive(&c->m, 0, p1, 0));
    vipc_cap side = grant(c, 0, p1, 3, VIPC_RIGHT_READ), low = grant(c, 0, p2, 3, VIPC_RIGHT_READ);
    vipc_mapping m = map(c, 3, far, VIPC_READ), n;
    (void)hand(c, 1, r, 0, VIPC_MOVE, 0);
    mock_check_by(&c->m, V(0), __FILE__, __LINE__);
    CHECK_EQ(mock_cap_info(V(0), p1).children, 2);
    vipc_cap to = hand(c, 0, p2, 2, VIPC_MOVE, 0);
    mock_check_by(&c->m, V(0), __FILE__, __LINE__);
    CHECK_EQ(mock_held(&c->m, 0), 1);                          /* its space */
    CHECK_EQ(info_of(c, 2, to).holders, 4);
    CHECK_EQ(mock_cap_info(V(2), to).children, 3);
    CHECK_OK(vipc_cap_require(V(3), far, 0, VIPC_RIGHT_READ));
    CHECK_OK(map_part(c, 3, side, VIPC_READ, SPOT, 0, PAGE, &n));
    CHECK_EQ(see(c, 3, m.at), 0);
    CHECK_OK(vipc_revoke(V(2), to, VIPC_FOREVER));             /* whoever owns it now can take back all of it */
    CHECK_EQ(vipc_cap_require(V(3), far, 0, 0), STALE);
    CHECK_EQ(vipc_cap_require(V(3), side, 0, 0), STALE);
    CHECK_EQ(vipc_cap_require(V(3), low, 0, 0), STALE);
    CHECK_EQ(see(c, 3, m.at), FAULT);
    CHECK_EQ(see(c, 3, n.at), FAULT);
    CHECK_EQ(info_of(c, 2, to).holders, 1);
    DONE(c);
}
TEST(move_waits_for_old_translations)
{
    world *c = a_world();
    vipc_cap out = VIPC_INIT;
    vipc_cap a = region(c, 0, 4);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    c->m.held = 1;
    c->m.late = 1;
    CHECK_EQ(vipc_region_transfer(V(0), a, PID(1), VIPC_MOVE, 0, &out, vipc_after(V(0), 1000)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(out.token, 0);
    CHECK_EQ(mock_held(&c->m, 1), 1);                          /* the mappings are gone, and nothing was moved */
    CHECK(info_of(c, 0, a).owner.id == PID(0).id);
    vipc_fault_result f;
    CHECK_EQ(vipc_page_fault(V(0), c->s[0], w.at, R, &f), FAULT);
    CHECK_EQ(vipc_region_transfer(V(0), a, PID(1), VIPC_MOVE, 0, &out, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_region_transfer(V(0), a, PID(1), VIPC_MOVE, 0, &out, VIPC_FOREVER));
    keep(c, 1, out);
    CHECK_EQ(c->m.stale, 0);
    vipc_mapping q = map(c, 1, out, VIPC_WRITE);
    CHECK_EQ(see(c, 1, q.at), 5);
    CHECK_OK(unmap(c, 1, q));
    vipc_cap b = hand(c, 1, out, 2, VIPC_MOVE, 0);             /* without mappings there is nothing to wait for */
    vipc_cap d;
    CHECK_OK(vipc_region_transfer(V(2), b, PID(3), VIPC_MOVE, 0, &d, VIPC_NOW));
    keep(c, 3, d);
    c->m.held = 0;
    DONE(c);
}
TEST(copies_wait_for_writers)
{
    world *c = a_world();
    vipc_cap out = VIPC_INIT;
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(set(c, 1, q.at + PAGE, 6));
    c->m.held = 1;
    c->m.late = 1;
    uint64_t caps = mock_held(&c->m, 2);
    vipc_error e = vipc_region_transfer(V(0), a, PID(2), VIPC_COPY_ON_WRITE, 0, &out, vipc_after(V(0), 1000));
    CHECK_EQ(e, VIPC_ERR_TIMEOUT);
    CHECK_EQ(mock_held(&c->m, 2), caps);
    CHECK_EQ(vipc_region_transfer(V(0), a, PID(2), VIPC_COPY_ON_WRITE, 0, &out, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    c->m.late = 0;
    CHECK_OK(set(c, 0, w.at, 7));                              /* the region is as before */
    CHECK_OK(set(c, 1, q.at + PAGE, 8));
    CHECK_OK(vipc_region_transfer(V(0), a, PID(2), VIPC_COPY_ON_WRITE, 0, &out, VIPC_FOREVER));
    keep(c, 2, out);
    vipc_mapping z = map(c, 2, out, VIPC_READ);
    CHECK_OK(set(c, 1, q.at, 9));                              /* nobody writes unseen to what both share, by an old translation either */
    CHECK_OK(set(c, 0, w.at + PAGE, 9));
    CHECK_EQ(see(c, 2, z.at), 7);
    CHECK_EQ(see(c, 2, z.at + PAGE), 8);
    CHECK_EQ(see(c, 0, w.at), 9);
    CHECK_EQ(see(c, 1, q.at + PAGE), 9);
    c->m.held = 0;
    DONE(c);
}
TEST(limits_of_who_is_given)
{
    vipc_config config = shared_config();
    vipc_cap out = VIPC_INIT;
    config.shared_per_process = 10;
    config.capabilities_per_process = 6;
    world *c = a_world_with(&config, 512);
    vipc_cap a = region(c, 0, 6), his = region(c, 1, 6);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(1), VIPC_MOVE, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);       /* it may own 10 pages */
    REFUSED(c, vipc_region_transfer(V(0), a, PID(1), VIPC_COPY_ON_WRITE, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);      /* the copy is the giver's */
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0);              /* what is shared is charged to its owner alone */
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(vipc_close(V(1), his));
    b = hand(c, 0, a, 1, VIPC_MOVE, 0);
    vipc_cap more = region(c, 0, 10);                          /* and what is gone is not charged any more */
    CHECK_OK(vipc_close(V(0), more));
    vipc_region_desc d = wanted(5, 0);
    REFUSED(c, vipc_region_create(V(1), &d, &out), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_close(V(1), b));
    vipc_cap small_one = region(c, 0, 1);
    while (mock_held(&c->m, 2) < 6) (void)hand(c, 0, small_one, 2, VIPC_SHARE, VIPC_READ);
    for (uint32_t mode = 0; mode < 3; mode++) REFUSED(c, vipc_region_transfer(V(0), small_one, PID(2), mode, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_EQ(out.token, 0);
    DONE(c);
}
TEST(an_owner_may_not_be_rid_of_its_share_by_dying)
{
    vipc_config config = shared_config();
    config.shared_per_process = 10;
    world *c = a_world_with(&config, 512);
    vipc_cap a = region(c, 3, 10), b = hand(c, 3, a, 1, VIPC_SHARE, 0), out;
    vipc_mapping q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(set(c, 1, q.at, 1));
    die(c, 3);
    vipc_region_desc d = wanted(10, 0);
    vipc_cap mine = region_of(c, 1, &d);                       /* what nobody owns is charged to nobody */
    d = wanted(1, 0);
    REFUSED(c, vipc_region_create(V(1), &d, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(see(c, 1, q.at), 1);
    CHECK_OK(vipc_close(V(1), mine));
    vipc_process_desc pd = mock_desc(3);                       /* a new process in the place of the dead one owns none of it */
    pd.proof = 5555;
    REQUIRE_OK(vipc_process_create(V(0), &pd, V(3), NULL));
    c->m.member[3] = 1;
    vipc_region_info info;
    CHECK_EQ(vipc_region_get(V(3), a, &info), STALE);
    vipc_cap found;
    CHECK_EQ(vipc_region_find(V(3), id_of(c, 1, b), &found), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(info_of(c, 1, b).owner.id, 0);
    vipc_region_desc all = wanted(10, 0);
    vipc_cap fresh = region_of(c, 3, &all);
    CHECK(info_of(c, 3, fresh).owner.id == PID(3).id);
    DONE(c);
}

/* --------------------------------------------------------------------------------------------------------- sealing */
TEST(sealed_is_never_written_again)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q;
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_EQ(info_of(c, 0, a).sealed, 0);
    REFUSED(c, vipc_region_seal(V(1), b, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_region_seal(V(0), a, VIPC_FOREVER), VIPC_ERR_RESOURCE_BUSY);       /* mapped for writing */
    q = map(c, 1, b, VIPC_WRITE);
    CHECK_OK(vipc_space_protect(V(0), c->s[0], w.at, w.size, R, VIPC_FOREVER));
    REFUSED(c, vipc_region_seal(V(0), a, VIPC_FOREVER), VIPC_ERR_RESOURCE_BUSY);       /* by another */
    CHECK_OK(unmap(c, 1, q));
    q = map(c, 1, b, VIPC_READ);
    CHECK_OK(vipc_region_seal(V(0), a, VIPC_FOREVER));
    CHECK_OK(vipc_region_seal(V(0), a, VIPC_FOREVER));
    CHECK_EQ(info_of(c, 0, a).sealed, 1);
    CHECK_EQ(info_of(c, 1, b).sealed, 1);
    REFUSED(c, map_part(c, 0, a, VIPC_WRITE, 0, 0, 0, &q), DENIED);
    REFUSED(c, map_part(c, 1, b, VIPC_WRITE, 0, 0, 0, &q), DENIED);
    REFUSED(c, vipc_space_protect(V(0), c->s[0], w.at, w.size, RW, VIPC_FOREVER), DENIED);
    q = map(c, 1, b, VIPC_READ);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], q.at, q.size, RW, VIPC_FOREVER), DENIED);
    REFUSED(c, vipc_space_write(V(0), c->s[0], w.at, "x", 1, NULL), DENIED);
    CHECK_EQ(set(c, 0, w.at, 6), DENIED);
    CHECK_EQ(see(c, 1, q.at), 5);
    vipc_cap d = hand(c, 0, a, 2, VIPC_SHARE, 0);              /* handed on, it stays so */
    CHECK_EQ(try_map(c, 2, d, VIPC_WRITE), DENIED);
    vipc_addr got = 0;                                         /* a private copy of it is one's own */
    CHECK_OK(mmap_of(c, 2, d, 0, 0, 4 * PAGE, RW, VIPC_MAP_PRIVATE, &got));
    CHECK_OK(set(c, 2, got, 77));
    CHECK_EQ(see(c, 1, q.at), 5);
    vipc_cap o = hand(c, 0, a, 3, VIPC_MOVE, 0);
    CHECK_EQ(info_of(c, 3, o).sealed, 1);
    CHECK_EQ(try_map(c, 3, o, VIPC_WRITE), DENIED);
    CHECK_EQ(try_map(c, 3, o, VIPC_READ), VIPC_OK);
    DONE(c);
}
TEST(a_copy_of_what_is_sealed_may_be_written)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 2);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(vipc_region_seal(V(0), a, VIPC_FOREVER));
    w = map(c, 0, a, VIPC_READ);
    vipc_cap b = hand(c, 0, a, 1, VIPC_COPY_ON_WRITE, 0);
    CHECK_EQ(info_of(c, 1, b).sealed, 0);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE);
    CHECK_EQ(see(c, 1, q.at), 5);
    CHECK_OK(set(c, 1, q.at, 6));
    CHECK_EQ(see(c, 0, w.at), 5);
    DONE(c);
}
TEST(sealing_waits_for_old_translations)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 2);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 5));
    c->m.held = 1;
    CHECK_EQ(vipc_space_protect(V(0), c->s[0], w.at, w.size, R, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(vipc_region_seal(V(0), a, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);       /* another CPU may write to it still */
    CHECK_OK(vipc_region_seal(V(0), a, VIPC_FOREVER));
    CHECK_EQ(set(c, 0, w.at, 6), DENIED);                      /* not by an old translation either */
    CHECK_EQ(see(c, 0, w.at), 5);
    c->m.held = 0;
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------------ idle */
TEST(the_creator_is_told_when_it_is_alone)
{
    world *c = a_world();
    vipc_cap bell, out;
    REQUIRE_OK(vipc_notification_create(V(0), NULL, &bell));
    keep(c, 0, bell);
    vipc_region_desc d = wanted(2, 0);
    d.idle = bell;
    d.idle_bits = 0x30;
    vipc_cap a = region_of(c, 0, &d);
    CHECK_EQ(bits_of(c, 0, bell), 0);
    vipc_cap b = hand(c, 0, a, 1, VIPC_SHARE, 0), e = hand(c, 0, a, 2, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_EQ(bits_of(c, 0, bell), 0);                          /* one is left */
    CHECK_OK(vipc_close(V(2), e));
    CHECK_EQ(bits_of(c, 0, bell), 0x30);                       /* by close */
    CHECK_EQ(bits_of(c, 0, bell), 0);
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(bits_of(c, 0, bell), 0x30);                       /* by revoke */
    b = hand(c, 0, a, 3, VIPC_SHARE, 0);
    e = hand(c, 0, a, 2, VIPC_SHARE, 0);
    die(c, 3);
    CHECK_EQ(bits_of(c, 0, bell), 0);
    mock_leave_domain(&c->m, 2);
    CHECK_EQ(bits_of(c, 0, bell), 0x30);                       /* by death, and by leaving */
    vipc_cap own = keep(c, 0, mock_derive(&c->m, 0, a, 0));    /* its own are not others */
    CHECK_OK(vipc_close(V(0), own));
    CHECK_EQ(bits_of(c, 0, bell), 0);
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_cap b2 = hand(c, 0, a, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_EQ(bits_of(c, 0, bell), 0);                          /* the same process has another */
    CHECK_OK(vipc_close(V(1), b2));
    CHECK_EQ(bits_of(c, 0, bell), 0x30);
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);                       /* a mapping alone is no capability */
    (void)map(c, 1, b, VIPC_READ);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_EQ(bits_of(c, 0, bell), 0x30);
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_cap mid = keep(c, 0, mock_derive(&c->m, 0, a, 0));
    b2 = hand(c, 0, mid, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(vipc_revoke(V(0), mid, VIPC_FOREVER));
    CHECK_EQ(bits_of(c, 0, bell), 0x30);
    CHECK_OK(vipc_destroy(V(0), bell, VIPC_FOREVER));          /* nobody to tell: no harm */
    b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(1), b));
    vipc_cap n = VIPC_INIT, other;
    REQUIRE_OK(vipc_notification_create(V(1), NULL, &other));
    keep(c, 1, other);
    d.idle = other;
    REFUSED(c, vipc_region_create(V(0), &d, &n), STALE);       /* another's */
    d.idle = a;
    REFUSED(c, vipc_region_create(V(0), &d, &n), STALE);       /* no notification */
    d.idle = grant(c, 1, other, 0, VIPC_RIGHT_RECEIVE);
    REFUSED(c, vipc_region_create(V(0), &d, &n), DENIED);
    d.idle = grant(c, 1, other, 0, VIPC_RIGHT_SEND);
    vipc_cap r = region_of(c, 0, &d);
    out = hand(c, 0, r, 1, VIPC_SHARE, 0);
    CHECK_OK(vipc_close(V(1), out));
    CHECK_EQ(bits_of(c, 1, other), 0x30);
    DONE(c);
}
TEST(an_idle_notification_that_was_taken_back_is_silent)
{
    world *c = a_world();
    vipc_cap other;
    REQUIRE_OK(vipc_notification_create(V(1), NULL, &other));
    keep(c, 1, other);
    vipc_region_desc d = wanted(2, 0);
    d.idle = grant(c, 1, other, 0, VIPC_RIGHT_SEND);
    d.idle_bits = 1;
    vipc_cap a = region_of(c, 0, &d), b = hand(c, 0, a, 2, VIPC_SHARE, 0);
    CHECK_OK(vipc_revoke(V(1), other, VIPC_FOREVER));
    CHECK_OK(vipc_close(V(2), b));
    CHECK_EQ(bits_of(c, 1, other), 0);
    CHECK_EQ(see(c, 0, map(c, 0, a, VIPC_READ).at), 0);
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------------ mmap */
TEST(mmap_shared_of_a_region)
{
    world *c = a_world();
    vipc_addr at = 0, other = 0;
    vipc_cap a = region(c, 0, 8), b = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    FILL(c, 0, w.at, 8, 10);
    CHECK_OK(mmap_of(c, 1, b, SPOT, 2 * PAGE, 4 * PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_FIXED, &at));
    CHECK_EQ(at, SPOT);
    HOLDS(c, 1, at, 4, 12);
    CHECK_OK(set(c, 0, w.at + 2 * PAGE, 99));
    CHECK_EQ(see(c, 1, at), 99);
    CHECK_EQ(set(c, 1, at, 1), DENIED);
    CHECK_EQ(info_of(c, 0, a).mappings, 2);
    REFUSED(c, vipc_space_protect(V(1), c->s[1], at, PAGE, RW, VIPC_FOREVER), DENIED);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, RW, VIPC_MAP_SHARED, &other), DENIED);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, RX, VIPC_MAP_SHARED, &other), DENIED);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_ANONYMOUS, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, R, 0, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_PRIVATE, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, 0, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 1, PAGE, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 8 * PAGE, PAGE, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, 9 * PAGE, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, ~(uint64_t)0 - 4095, PAGE, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, a, 0, 0, PAGE, R, VIPC_MAP_SHARED, &other), STALE);
    REFUSED(c, mmap_of(c, 1, c->s[1], 0, 0, PAGE, R, VIPC_MAP_SHARED, &other), STALE);
    vipc_cap none = VIPC_INIT;
    REFUSED(c, mmap_of(c, 1, none, 0, 0, PAGE, R, VIPC_MAP_SHARED, &other), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, SPOT + PAGE, 0, PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_FIXED_NOREPLACE, &other), VIPC_ERR_EXISTS);
    CHECK_OK(mmap_of(c, 1, b, SPOT + PAGE, 7 * PAGE, PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_FIXED, &other));       /* over it */
    CHECK_EQ(see(c, 1, SPOT), 99);
    CHECK_EQ(see(c, 1, SPOT + PAGE), 17);
    CHECK_EQ(see(c, 1, SPOT + 2 * PAGE), 14);
    CHECK_OK(mmap_of(c, 1, b, 0, 0, 8 * PAGE, R, VIPC_MAP_SHARED | VIPC_MAP_POPULATE, &other));
    for (uint64_t i = 0; i < 8; i++) CHECK(vipc_mock_translation(&c->m, root_of(c, 1), other + i * PAGE, NULL, NULL, NULL));
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    GONE(c, 1, SPOT, 4);
    CHECK_EQ(see(c, 1, other), FAULT);
    DONE(c);
}
TEST(mmap_private_of_a_region)
{
    world *c = a_world();
    vipc_addr at = 0, x = 0;
    vipc_cap a = region(c, 0, 8), b = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    FILL(c, 0, w.at, 8, 10);
    CHECK_OK(mmap_of(c, 1, b, 0, 2 * PAGE, 4 * PAGE, RW, VIPC_MAP_PRIVATE, &at));              /* to be written, by READ alone */
    HOLDS(c, 1, at, 4, 12);
    CHECK_OK(set(c, 1, at, 50));
    CHECK_EQ(see(c, 0, w.at + 2 * PAGE), 12);
    CHECK_OK(set(c, 0, w.at + 3 * PAGE, 60));                  /* its pages are those of that moment */
    CHECK_EQ(see(c, 1, at + PAGE), 13);
    CHECK_EQ(see(c, 0, w.at + 3 * PAGE), 60);
    CHECK_EQ(region_at(c, 1, at).flags, VIPC_MAP_PRIVATE);
    vipc_cap wo = grant(c, 0, a, 2, VIPC_RIGHT_WRITE);
    REFUSED(c, mmap_of(c, 2, wo, 0, 0, PAGE, RW, VIPC_MAP_PRIVATE, &x), DENIED);
    REFUSED(c, mmap_of(c, 1, b, 0, 8 * PAGE, PAGE, R, VIPC_MAP_PRIVATE, &x), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, RW | X, VIPC_MAP_PRIVATE, &x), DENIED);
    REFUSED(c, mmap_of(c, 1, b, 0, 0, PAGE, R, VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS, &x), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));              /* a copy is nobody's to take back */
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, at), 50);
    CHECK_EQ(see(c, 1, at + PAGE), 13);
    CHECK_EQ(see(c, 1, at + 2 * PAGE), 14);
    CHECK_OK(set(c, 1, at + 2 * PAGE, 51));
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], at, 4 * PAGE, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}
/* Some of neighbouring frames are shared with a private copy, some are not: what is mapped at once is not mapped as one. */
TEST(mmap_private_of_a_part)
{
    world *c = a_world();
    vipc_addr at;
    for (uint64_t from = 0; from < 3; from += 2) {
        vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        FILL(c, 0, w.at, 4, 10);
        for (uint64_t i = 1; i < 4; i++) CHECK_EQ(frame_at(c, 0, w.at + i * PAGE), frame_at(c, 0, w.at) + i);
        CHECK_OK(mmap_of(c, 2, hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ), 0, from * PAGE, 2 * PAGE, R, VIPC_MAP_PRIVATE, &at));
        vipc_mapping q = map(c, 1, b, VIPC_WRITE);
        FILL(c, 1, q.at, 4, 20);
        for (uint64_t i = 0; i < 2; i++) CHECK_EQ(see(c, 2, at + i * PAGE), 10 + from + i);
        HOLDS(c, 0, w.at, 4, 20);
    }
    DONE(c);
}
TEST(fork_of_mapped_regions)
{
    world *c = a_world();
    vipc_cap copy;
    vipc_addr private_at;
    unsigned char byte;
    vipc_cap a = region(c, 0, 4), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
    vipc_mapping q = map(c, 1, b, VIPC_WRITE), w = map(c, 0, a, VIPC_WRITE), ro;
    CHECK_OK(map_part(c, 1, b, VIPC_READ, 0, 0, 0, &ro));
    CHECK_OK(mmap_of(c, 1, b, 0, 0, 2 * PAGE, RW, VIPC_MAP_PRIVATE, &private_at));
    CHECK_OK(set(c, 1, q.at, 1));
    CHECK_OK(set(c, 1, private_at, 2));
    REQUIRE_OK(vipc_space_clone(V(1), c->s[1], &copy, VIPC_FOREVER));
    keep(c, 1, copy);
    CHECK_EQ(info_of(c, 0, a).mappings, 5);
    CHECK_OK(vipc_mock_load(&c->m, V(1), copy, q.at, &byte));
    CHECK_EQ(byte, 1);
    CHECK_OK(vipc_mock_store(&c->m, V(1), copy, q.at, 5));     /* what is shared is in both */
    CHECK_EQ(see(c, 1, q.at), 5);
    CHECK_EQ(see(c, 0, w.at), 5);
    CHECK_EQ(vipc_mock_store(&c->m, V(1), copy, ro.at, 5), DENIED);
    CHECK_EQ(vipc_space_protect(V(1), copy, ro.at, ro.size, RX, VIPC_FOREVER), DENIED);
    CHECK_OK(vipc_mock_store(&c->m, V(1), copy, private_at, 6));               /* what is private is not */
    CHECK_EQ(see(c, 1, private_at), 2);
    CHECK_OK(unmap(c, 1, q));
    CHECK_OK(vipc_mock_load(&c->m, V(1), copy, q.at, &byte));
    CHECK_EQ(byte, 5);
    CHECK_OK(vipc_close(V(1), b));
    CHECK_OK(vipc_mock_store(&c->m, V(1), copy, q.at, 7));
    CHECK_EQ(see(c, 0, w.at), 7);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));              /* and is taken back from both */
    CHECK_EQ(vipc_mock_load(&c->m, V(1), copy, q.at, &byte), FAULT);
    CHECK_EQ(vipc_mock_load(&c->m, V(1), copy, ro.at, &byte), FAULT);
    CHECK_EQ(see(c, 1, ro.at), FAULT);
    CHECK_OK(vipc_mock_load(&c->m, V(1), copy, private_at, &byte));
    CHECK_EQ(byte, 6);
    CHECK_EQ(info_of(c, 0, a).mappings, 1);
    CHECK_OK(unmap(c, 0, w));
    w = map(c, 0, a, VIPC_WRITE);
    vipc_cap twin;
    REQUIRE_OK(vipc_space_clone(V(0), c->s[0], &twin, VIPC_FOREVER));
    CHECK_OK(unmap(c, 0, w));
    CHECK_OK(vipc_close(V(0), a));
    CHECK_OK(vipc_mock_store(&c->m, V(0), twin, w.at, 9));     /* the copy of the space is the last to have it */
    CHECK_OK(vipc_destroy(V(0), twin, VIPC_FOREVER));
    CHECK_OK(vipc_destroy(V(1), copy, VIPC_FOREVER));
    CHECK_OK(vipc_space_unmap(V(1), c->s[1], private_at, 2 * PAGE, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}

/* ---------------------------------------------------------------------------------------------- limits and arguments */
TEST(limits_of_the_domain)
{
    vipc_config config = shared_config();
    vipc_cap out;
    config.max_shared = 5;
    config.max_named = 3;
    world *c = a_world_with(&config, 512);
    vipc_region_desc d = wanted(1, 0);
    for (int i = 0; i < 5; i++) (void)region(c, (unsigned)i % 2, 1);
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
    REFUSED(c, vipc_region_transfer(V(0), c->kept[0].cap, PID(1), VIPC_COPY_ON_WRITE, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);
    REFUSED(c, vipc_object_open(V(0), "/x", VIPC_OPEN_CREATE, 0, &out, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_close(V(0), c->kept[0].cap));
    (void)region(c, 0, 1);
    DONE(c);
    config = shared_config();
    config.objects_per_process = 4;                            /* an object like others: its space is one */
    world_with(c, &config, 512);
    for (int i = 0; i < 3; i++) (void)region(c, 0, 1);
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
    DONE(c);
    config = shared_config();
    config.capabilities_per_process = 4;
    world_with(c, &config, 512);
    for (int i = 0; i < 3; i++) (void)region(c, 0, 1);
    REFUSED(c, vipc_region_create(V(0), &d, &out), VIPC_ERR_LIMIT);
    DONE(c);
}
TEST(fields_of_the_configuration)
{
    vipc_config config = shared_config(), got;
    world *c = a_world_with(&config, 512);
    REQUIRE_OK(vipc_config_get(V(0), &got));
    CHECK_EQ(got.max_shared, 40);
    CHECK_EQ(got.max_named, 12);
    CHECK_EQ(got.region_pages, got.max_frames);
    CHECK_EQ(got.object_pages, got.max_frames);                /* 256 MiB are more than there is */
    CHECK_EQ(got.shared_per_process, got.max_frames);
    CHECK_EQ(got.numa_nodes, 1);
    DONE(c);
    config = shared_config();
    config.max_frames = 0;
    config.max_named = 0;
    CHECK(vipc_required_size(&config) != 0);
#define WRONG(change) do { config = shared_config(); change; CHECK_EQ(vipc_required_size(&config), 0); } while (0)
    WRONG(config.max_shared = config.max_objects + 1);
    WRONG(config.max_spaces = 0);                              /* regions need spaces */
    WRONG(config.max_named = config.max_shared + 1);
    WRONG(config.max_objects = config.max_capabilities = config.max_shared = config.max_named = 65537);
    WRONG(config.object_pages = config.max_frames; config.region_pages = config.max_frames - 1);
    WRONG(config.numa_nodes = VIPC_NODES_MAX + 1);
#undef WRONG
    config = shared_config();
    config.numa_nodes = VIPC_NODES_MAX;
    CHECK(vipc_required_size(&config) != 0);
    config.max_shared = config.max_named = 1;
    CHECK(vipc_required_size(&config) != 0);
}
TEST(a_domain_without_regions)
{
    vipc_config config = shared_config();
    vipc_cap out;
    vipc_mapping w;
    config.max_shared = config.max_named = 0;
    world *c = a_world_with(&config, 512);
    vipc_region_desc d = wanted(1, 0);
    CHECK_EQ(vipc_region_create(V(0), &d, &out), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_object_open(V(0), "/x", VIPC_OPEN_CREATE, 0, &out, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_map(V(0), c->s[0], NULL, &w), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_region_find(V(0), 1, &out), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(named(c), 0);
    MOCK_END(&c->m);
}
TEST(arguments_that_are_none)
{
    world *c = a_world();
    vipc_cap out;
    vipc_mapping w;
    vipc_region_info info;
    uint64_t bytes;
    vipc_cap a = region(c, 0, 1);
    vipc_region_desc d = wanted(1, 0);
    vipc never = VIPC_INIT;
    vipc copy;
    memcpy(&copy, V(0), sizeof copy);
    vipc *const bad[] = { NULL, &never, &copy };
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(vipc_region_create(bad[i], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_region_get(bad[i], a, &info), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_region_find(bad[i], 1, &out), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_map(bad[i], a, NULL, &w), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_unmap(bad[i], &w, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_region_transfer(bad[i], a, PID(1), 0, 0, &out, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_region_seal(bad[i], a, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_node_usage(bad[i], 0, &bytes), VIPC_ERR_INVALID_ARGUMENT);
    }
    REFUSED(c, vipc_region_create(V(0), &d, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_get(V(0), a, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_find(V(0), id_of(c, 0, a), NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_map(V(0), a, NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_region_transfer(V(0), a, PID(1), VIPC_SHARE, 0, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_map(V(0), a, NULL, &w));                     /* a desc of none: all of it, to be read */
    CHECK_EQ(w.access, VIPC_READ);
    CHECK_EQ(w.size, PAGE);
    vipc_cap door = mock_endpoint(&c->m, 0, 4);                /* other things' capabilities */
    keep(c, 0, door);
    REFUSED(c, vipc_map(V(0), door, NULL, &w), STALE);
    REFUSED(c, vipc_region_get(V(0), c->s[0], &info), STALE);
    REFUSED(c, vipc_region_seal(V(0), door, VIPC_FOREVER), STALE);
    REFUSED(c, vipc_region_transfer(V(0), door, PID(1), VIPC_SHARE, 0, &out, VIPC_FOREVER), STALE);
    vipc_message m = VIPC_INIT;
    vipc_wait_item item = VIPC_INIT;
    CHECK_EQ(vipc_send(V(0), a, &m, VIPC_NOW), STALE);         /* and a region's elsewhere */
    CHECK_EQ(vipc_receive(V(0), a, &m, NULL, VIPC_NOW), STALE);
    CHECK_EQ(vipc_signal(V(0), a, 1), STALE);
    item.object = a;
    (void)vipc_wait_any(V(0), &item, 1, VIPC_NOW);
    CHECK_EQ(item.ready, STALE);
    vipc_space_info si;
    CHECK_EQ(vipc_space_get(V(0), a, &si), STALE);
    mock_leave_domain(&c->m, 3);
    CHECK_EQ(vipc_region_create(V(3), &d, &out), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_map(V(3), a, NULL, &w), VIPC_ERR_NOT_INITIALIZED);
    DONE(c);
}
TEST(what_a_region_says_of_itself)
{
    world *c = a_world();
    vipc_region_desc d = wanted(3, VIPC_READ_EXECUTE);
    d.label = "a label that is rather longer than thirty-one bytes";
    d.node = 1;
    vipc_cap a = region_of(c, 0, &d);
    for (uint32_t right = 1; right < 256; right <<= 1) {       /* any right will do */
        vipc_region_info i = info_of(c, 1, grant(c, 0, a, 1, right));
        CHECK_EQ(i.size, 3 * PAGE);
        CHECK(i.owner.id == PID(0).id);
        CHECK_EQ(i.access_max, VIPC_READ_EXECUTE);
        CHECK_EQ(i.node, 1);
        CHECK_EQ(i.contiguous, 0);
        CHECK_EQ(strlen(i.label), VIPC_LABEL_MAX);
        CHECK(!strncmp(i.label, d.label, VIPC_LABEL_MAX));
    }
    CHECK_EQ(info_of(c, 0, a).holders, 9);
    vipc_cap_info k = mock_cap_info(V(0), a);
    CHECK_EQ(k.type, VIPC_TYPE_REGION);
    CHECK(k.owner.id == PID(0).id);
    CHECK_EQ(k.children, 8);
    vipc_process_info p = mock_process_info(&c->m, PID(0));
    CHECK_EQ(p.objects, 2);
    vipc_stats s = mock_stats(&c->m);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(mock_stats(&c->m).objects_destroyed, s.objects_destroyed + 1);
    CHECK_EQ(mock_process_info(&c->m, PID(0)).objects, 1);
    DONE(c);
}
TEST(regions_by_name_and_from_the_start)
{
    world *c = a_world();
    vipc_cap his, given;
    vipc_cap a = region(c, 0, 2);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), q;
    CHECK_OK(set(c, 0, w.at, 5));
    CHECK_OK(vipc_publish(V(0), "scratch", a, VIPC_RIGHT_READ));
    CHECK_OK(vipc_lookup(V(1), "scratch", 0, &his, VIPC_NOW));
    keep(c, 1, his);
    q = map(c, 1, his, VIPC_READ);
    CHECK_EQ(see(c, 1, q.at), 5);
    CHECK_EQ(try_map(c, 1, his, VIPC_WRITE), DENIED);
    CHECK_OK(vipc_unpublish(V(0), "scratch"));
    vipc p;
    vipc_process_desc pd = mock_desc(9);
    pd.initial = &a;
    pd.initial_count = 1;
    vipc_cap space;
    REQUIRE_OK(vipc_process_create(V(0), &pd, &p, NULL));
    REQUIRE_OK(vipc_initial(&p, 0, &given));
    REQUIRE_OK(vipc_space_create(&p, NULL, &space));
    REQUIRE_OK(vipc_space_adopt(&p, space));
    vipc_map_desc md = VIPC_INIT;
    md.access = VIPC_WRITE;
    CHECK_OK(vipc_map(&p, given, &md, &q));
    CHECK_OK(vipc_mock_store(&c->m, &p, space, q.at, 6));
    CHECK_EQ(see(c, 0, w.at), 6);
    CHECK_OK(vipc_leave(&p));
    CHECK_EQ(info_of(c, 0, a).mappings, 2);
    DONE(c);
}
TEST(a_capability_that_expires)
{
    world *c = a_world();
    vipc_derive_desc dd = VIPC_INIT;
    vipc_cap his;
    vipc_cap a = region(c, 0, 2);
    dd.limits.expires = c->m.now + 1000 * MS;
    REQUIRE_OK(vipc_grant(V(0), a, PID(1), &dd, &his));
    keep(c, 1, his);
    vipc_mapping q = map(c, 1, his, VIPC_READ);
    c->m.now += 2000 * MS;
    vipc_mapping w;
    CHECK_EQ(map_part(c, 1, his, VIPC_READ, 0, PAGE, 0, &w), STALE);
    vipc_region_info info;
    CHECK_EQ(vipc_region_get(V(1), his, &info), STALE);
    CHECK_EQ(see(c, 1, q.at), 0);                              /* a mapping belongs to the space */
    CHECK_OK(vipc_close(V(1), his));
    DONE(c);
}

/* ------------------------------------------------------------------------------------------------------- attempts */
TEST(no_number_near_a_token_opens_anything)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 1), b = hand(c, 0, a, 1, VIPC_SHARE, VIPC_READ);
    (void)map(c, 0, a, VIPC_WRITE);
    (void)b;
    for (unsigned who = 1; who < PEOPLE; who++)
        for (int bit = 0; bit < 64; bit++) {                   /* flags, type, generation, id */
            vipc_cap t = { a.token ^ (uint64_t)1 << bit };
            CHECK_EQ(try_map(c, who, t, VIPC_READ), STALE);
            t.token = b.token ^ (uint64_t)1 << bit;
            CHECK_EQ(try_map(c, who, t, VIPC_READ), STALE);
            CHECK_EQ(try_map(c, who, t, VIPC_WRITE), STALE);
        }
    for (int i = 0; i < 20000; i++) {
        vipc_cap t = { mock_random(&c->seed) };
        if (i & 1) t.token = (a.token & ~(uint64_t)0xffffff) | (t.token & 0xfff);
        if (t.token == a.token || t.token == b.token) continue;
        if (!(i & 7)) { vipc_region_info info; CHECK_EQ(vipc_region_get(V(2), t, &info), STALE); }
        CHECK_EQ(try_map(c, 2, t, VIPC_READ), STALE);
    }
    vipc_cap found;
    for (uint64_t id = 0; id < 3000; id++) CHECK_EQ(vipc_region_find(V(2), id, &found), VIPC_ERR_INVALID_REGION);
    DONE(c);
}
TEST(stale_tokens_in_slots_that_were_used_again)
{
    world *c = a_world();
    static vipc_cap old[600];
    int n = 0;
    for (int i = 0; i < 600; i++) {                            /* the same few slots, more often than a generation's bits count */
        vipc_cap a;
        vipc_region_desc d = wanted(1, 0);
        REQUIRE_OK(vipc_region_create(V(0), &d, &a));
        old[n++] = a;
        CHECK_OK(vipc_close(V(0), a));
    }
    vipc_cap a = region(c, 0, 1);
    for (int i = 0; i < n; i++) {
        CHECK(old[i].token != a.token);
        CHECK_EQ(try_map(c, 0, old[i], VIPC_READ), STALE);
        CHECK_EQ(vipc_close(V(0), old[i]), STALE);
    }
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), VIPC_OK);
    DONE(c);
}
/* A mapping that somebody kept in mind, after its region has gone and its frames are another's. */
TEST(old_addresses_lead_nowhere)
{
    for (int how = 0; how < 5; how++) {
        world *c = a_world();
        vipc_cap a = region(c, 0, 100), b = hand(c, 0, a, 1, VIPC_SHARE, 0);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map(c, 1, b, VIPC_WRITE);
        for (uint64_t i = 0; i < 100; i++) CHECK_OK(set(c, i & 1, (i & 1 ? q.at : w.at) + i * PAGE, 0xAB));
        if (how == 0) CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
        if (how == 1) CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
        if (how == 2) die(c, 0);                               /* its owner's end is not its end */
        if (how == 3) { CHECK_OK(unmap(c, 1, q)); CHECK_OK(unmap(c, 0, w)); CHECK_OK(vipc_close(V(0), a)); CHECK_OK(vipc_close(V(1), b)); }
        if (how == 4) (void)hand(c, 0, a, 2, VIPC_MOVE, 0);
        unsigned char bytes[8];
        for (uint64_t i = 0; i < 100; i++) {
            if (how != 2) CHECK_EQ(see(c, 0, w.at + i * PAGE), how == 1 ? 0xAB : FAULT);
            CHECK_EQ(see(c, 1, q.at + i * PAGE), how == 2 || how == 4 ? 0xAB : FAULT);
        }
        if (how == 0) {
            CHECK_EQ(vipc_space_read(V(1), c->s[1], q.at, bytes, 8, NULL), FAULT);
            CHECK_EQ(vipc_space_write(V(1), c->s[1], q.at, bytes, 8, NULL), FAULT);
            CHECK_EQ(vipc_space_touch(V(1), c->s[1], q.at, 8, R, NULL), FAULT);
        }
        vipc_cap z = region(c, 3, 100);
        vipc_mapping r = map(c, 3, z, VIPC_WRITE);
        ZEROS(c, 3, r);
        DONE(c);
    }
}
TEST(a_dead_process_mapping_goes_and_the_frames_read_as_zeros)
{
    world *c = a_world();
    vipc_cap a = region(c, 3, 200);
    vipc_mapping w = map(c, 3, a, VIPC_WRITE);
    for (uint64_t i = 0; i < 200; i++) CHECK_OK(set(c, 3, w.at + i * PAGE + 123, 0xCD));
    die(c, 3);
    CHECK_EQ(used(c), c->nothing);
    vipc_addr got = anonymous(c, 0, 0, 200 * PAGE, VIPC_MAP_PRIVATE | VIPC_MAP_POPULATE);      /* private memory that comes of them, too */
    for (uint64_t i = 0; i < 200; i++) CHECK_EQ(see(c, 0, got + i * PAGE + 123), 0);
    DONE(c);
}
/* Every page size, and regions of more pages than one node of a page map has. */
TEST(page_sizes)
{
    static const uint32_t shifts[] = { 8, 9, 12, 14 };
    for (int k = 0; k < 4; k++) {
        vipc_config config = shared_config();
        uint64_t page = (uint64_t)1 << shifts[k], pages = 250;
        config.page_shift = shifts[k];
        world *c = a_world_with(&config, 512);
        vipc_region_desc d = VIPC_INIT;
        d.size = pages * page - 1;
        vipc_cap a = region_of(c, 0, &d), b = hand(c, 0, a, 1, VIPC_SHARE, 0), s;
        vipc_mapping w = map(c, 0, a, VIPC_WRITE), q = map_lazy(c, 1, b, VIPC_READ);
        CHECK_EQ(w.size, pages * page);
        for (uint64_t i = 0; i < pages; i++) CHECK_OK(set(c, 0, w.at + i * page, (unsigned)(i % 251)));
        for (uint64_t i = pages; i-- > 0;) CHECK_EQ(see(c, 1, q.at + i * page), i % 251);
        s = hand(c, 0, a, 2, VIPC_COPY_ON_WRITE, 0);
        vipc_mapping z = map(c, 2, s, VIPC_WRITE);
        for (uint64_t i = 0; i < pages; i += 7) CHECK_OK(set(c, 0, w.at + i * page, 252));
        for (uint64_t i = 3; i < pages; i += 7) CHECK_OK(set(c, 2, z.at + i * page, 253));
        for (uint64_t i = 0; i < pages; i++) {
            CHECK_EQ(see(c, 1, q.at + i * page), i % 7 == 0 ? 252 : i % 251);
            CHECK_EQ(see(c, 2, z.at + i * page), i % 7 == 3 ? 253 : i % 251);
        }
        DONE(c);
    }
}

/* ------------------------------------------------------------------------------------------------------------ races */
static struct { vipc_cap a, b, door, got; vipc_mapping w, q, r; int how, ran; } race;
static void race_44_maps_again(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    vipc_mapping w;
    unsigned char byte;
    vipc_fault_result f;
    (void)who;
    race.ran++;
    for (uint64_t i = 1; i < 4; i++) CHECK_EQ(vipc_page_fault(V(1), c->s[1], race.q.at + i * PAGE, R, &f), FAULT);
    CHECK_EQ(vipc_page_fault(V(1), c->s[1], race.q.at, W, &f), FAULT);
    CHECK_EQ(vipc_space_read(V(1), c->s[1], race.q.at, &byte, 1, NULL), FAULT);
    CHECK_EQ(map_part(c, 1, race.b, VIPC_READ, 0, 0, 0, &w), STALE);
    vipc_map_desc lazily = VIPC_INIT;                          /* else it would wait for what is owed there, and then the place is free */
    lazily.at = race.q.at;
    lazily.lazy = 1;
    CHECK_EQ(vipc_map(V(1), race.a, &lazily, &w), VIPC_ERR_EXISTS);    /* its place is nobody's yet */
}
static void revokes(vipc_mock *m, uint64_t who) { (void)vipc_revoke(&m->v[who], race.a, VIPC_FOREVER); }
TEST(race_44_who_is_withdrawn_maps_again)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 4);
    race.b = grant(c, 0, a, 1, 0);
    race.a = region(c, 1, 4);
    race.q = map_lazy(c, 1, race.b, VIPC_WRITE);
    race.ran = 0;
    CHECK_OK(set(c, 1, race.q.at, 5));
    c->m.script = c;
    c->m.held = 1;
    c->m.on_flush = race_44_maps_again;
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(race.ran, 1);
    c->m.held = 0;
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(region_at(c, 1, race.q.at).type, VIPC_REGION_NONE);
    DONE(c);
    vipc_config config = shared_config();                      /* and when the one who revokes is killed before the region says that it leaves */
    for (int half = 0; half < 2; half++) {
        world_of_mortals(c, &config, 400, 3);
        race.a = region(c, 0, 4);
        vipc_cap b = grant(c, 0, race.a, 1, 0);
        vipc_mapping q = map(c, 1, b, VIPC_WRITE), own;
        CHECK_OK(set(c, 1, q.at, 5));
        c->m.half = half;
        vipc_mock_kill_at(&c->m, 0, VIPC_MOCK_UNMAP, 1);
        CHECK(!vipc_mock_run(&c->m, 0, revokes));
        c->m.half = 0;
        vipc_fault_result f;
        CHECK_EQ(vipc_cap_require(V(1), b, 0, 0), STALE);
        for (uint64_t i = 0; i < 4; i++) CHECK_EQ(vipc_page_fault(V(1), c->s[1], q.at + i * PAGE, R, &f), FAULT);
        CHECK_OK(vipc_sweep(V(1), NULL));
        CHECK_OK(vipc_space_unmap(V(1), c->s[1], q.at, q.size, VIPC_FOREVER));  /* waits for who has not acknowledged yet */
        CHECK_EQ(c->m.stale, 0);
        GONE(c, 1, q.at, 4);
        own = map(c, 1, region(c, 1, 100), VIPC_READ);
        ZEROS(c, 1, own);
        close_everything(c, __FILE__, __LINE__);
        CHECK_EQ(used(c), c->nothing);
        CHECK(vipc_mock_close(&c->m) == NULL);
    }
}
static void race_45_meanwhile(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    (void)who;
    race.ran++;
    if (race.how == 0) CHECK_EQ(see(c, 1, race.q.at), 10);                     /* what was there before, and to be had no longer than until the copy is in */
    if (race.how == 1) CHECK_OK(set(c, 1, race.q.at + 1, 20));
    if (race.how == 2) CHECK_OK(vipc_unmap(V(1), &race.q, VIPC_FOREVER));
    if (race.how == 3) die(c, 1);
    if (race.how == 4) {                                       /* nobody shares it any more */
        CHECK_OK(vipc_space_unmap(V(2), c->s[2], race.r.at, race.r.size, VIPC_FOREVER));
        CHECK_OK(vipc_close(V(2), race.got));
    }
    if (race.how == 5) CHECK_OK(vipc_destroy(V(1), race.b, VIPC_FOREVER));
    if (race.how == 6) CHECK_OK(vipc_unmap(V(0), &race.w, VIPC_FOREVER));      /* another thread of the one who writes */
    if (race.how == 7) {                                       /* the page beside it, which is mapped with its neighbours, but not with that one */
        vipc_mock_forget(&c->m, root_of(c, 1));
        CHECK_EQ(see(c, 1, race.q.at + PAGE), 11);
        CHECK_EQ(frame_at(c, 1, race.q.at), ~(uint64_t)0);
        CHECK_EQ(frame_at(c, 1, race.q.at + 2 * PAGE), frame_at(c, 1, race.q.at + PAGE) + 1);
    }
}
TEST(race_45_a_page_is_copied_while_another_may_read_it)
{
    for (race.how = 0; race.how < 8; race.how++) {
        world *c = a_world();
        const int how = race.how;
        race.a = region(c, 0, 3);
        race.b = grant(c, 0, race.a, 1, 0);
        race.w = map(c, 0, race.a, VIPC_WRITE);
        race.q = map(c, 1, race.b, VIPC_WRITE);
        race.ran = 0;
        CHECK_OK(set(c, 0, race.w.at, 10));
        CHECK_OK(set(c, 0, race.w.at + PAGE, 11));
        vipc_cap copy = hand(c, 0, race.a, 2, VIPC_COPY_ON_WRITE, 0);
        race.got = copy;
        vipc_mapping z = race.r = map(c, 2, copy, VIPC_READ);
        CHECK_EQ(see(c, 0, race.w.at), 10);
        CHECK_EQ(see(c, 1, race.q.at), 10);
        CHECK_EQ(see(c, 2, z.at), 10);
        c->m.script = c;
        c->m.held = 1;
        c->m.on_flush = race_45_meanwhile;
        vipc_error e = set(c, 0, race.w.at, 30);
        c->m.held = 0;
        CHECK_EQ(e, how == 5 || how == 6 ? FAULT : VIPC_OK);
        CHECK_EQ(race.ran, 1);
        if (how != 4) CHECK_EQ(see(c, 2, z.at), 10);
        if (how == 0 || how == 1 || how == 4 || how == 7) {
            CHECK_EQ(see(c, 1, race.q.at), 30);
            CHECK_EQ(see(c, 0, race.w.at + 1), how == 1 ? 20 : 0);
            CHECK_EQ(frame_at(c, 0, race.w.at), frame_at(c, 1, race.q.at));
            CHECK_OK(set(c, 1, race.q.at, 40));
            CHECK_EQ(see(c, 0, race.w.at), 40);
            if (how != 4) CHECK_EQ(see(c, 2, z.at), 10);
        }
        DONE(c);
    }
}
static void race_46_receives(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    vipc_incoming in;
    (void)who;
    race.ran++;
    memset(&in, 0, sizeof in);
    REQUIRE_OK(vipc_receive_large(V(1), race.door, &in, VIPC_NOW));
    race.got = keep(c, 1, in.region);
    if (race.how == 3) return;
    race.q = map(c, 1, race.got, VIPC_WRITE);
    CHECK_EQ(see(c, 1, race.q.at), 10);
    CHECK_OK(set(c, 1, race.q.at, 20));
    if (race.how == 1) race.got = hand(c, 1, race.got, 2, VIPC_MOVE, 0);
    if (race.how == 2) die(c, 1);
    if (race.how == 4) race.got = hand(c, 1, race.got, 0, VIPC_MOVE, 0);       /* back to the one who is letting go */
}
TEST(race_46_received_before_its_giver_has_let_go)
{
    for (race.how = 0; race.how < 5; race.how++) {
        world *c = a_world();
        race.door = keep(c, 1, mock_endpoint(&c->m, 1, 4));
        vipc_cap to = grant(c, 1, race.door, 0, VIPC_RIGHT_SEND), a = region(c, 0, 3);
        vipc_mapping w = map(c, 0, a, VIPC_WRITE);
        CHECK_OK(set(c, 0, w.at, 10));
        vipc_outgoing m = VIPC_INIT;
        m.region = a;
        m.region_mode = VIPC_MOVE;
        race.ran = 0;
        c->m.script = c;
        c->m.held = 1;
        c->m.on_flush = race_46_receives;
        CHECK_OK(vipc_send_large(V(0), to, &m, VIPC_FOREVER));
        c->m.held = 0;
        CHECK_EQ(race.ran, 1);
        CHECK_EQ(see(c, 0, w.at), FAULT);
        CHECK_EQ(set(c, 0, w.at, 99), FAULT);
        CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
        if (race.how == 0 || race.how == 3) {
            CHECK(info_of(c, 1, race.got).owner.id == PID(1).id);
            CHECK_EQ(info_of(c, 1, race.got).holders, 1);
            CHECK_EQ(see(c, 1, map(c, 1, race.got, VIPC_WRITE).at), race.how ? 10 : 20);
        }
        if (race.how == 1) {
            CHECK(info_of(c, 2, race.got).owner.id == PID(2).id);
            CHECK_EQ(see(c, 2, map(c, 2, race.got, VIPC_READ).at), 20);
            CHECK_EQ(see(c, 1, race.q.at), FAULT);
        }
        if (race.how == 4) {
            CHECK(info_of(c, 0, race.got).owner.id == PID(0).id);
            CHECK_EQ(see(c, 0, map(c, 0, race.got, VIPC_READ).at), 20);
        }
        DONE(c);
    }
}

/* What vipc_dump says of the memory that can be shared, by its kind. */
struct shown { int regions, objects; };
static void show(void *user, const char *line, size_t length)
{
    struct shown *n = (struct shown *)user;
    char text[200];
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    if (strstr(text, "\"the region\"")) n->regions += !strncmp(text, "region ", 7) && strstr(text, " owner 1 bytes 12288 pages 3") != NULL;
    else if (strstr(text, "\"the object\"")) n->objects += !strncmp(text, "object ", 7) && strstr(text, " bytes 5000 pages 2") != NULL;
}
TEST(the_dump_shows_regions_and_objects)
{
    world *c = a_world();
    vipc_region_desc d = VIPC_INIT;
    struct shown n = { 0, 0 };
    vipc_cap a;
    d.size = 3 * PAGE;
    d.label = "the region";
    REQUIRE_OK(vipc_region_create(V(0), &d, &a));
    keep(c, 0, a);
    CHECK_OK(vipc_object_truncate(V(0), object(c, 0, "the object", 0), 5000, VIPC_FOREVER));
    CHECK_OK(vipc_dump(V(1), show, &n));
    CHECK_EQ(n.regions, 1);
    CHECK_EQ(n.objects, 1);
    DONE(c);
}
/* Capabilities: a mapping is made by one, and is none. */
TEST(what_is_mapped_is_no_child)
{
    world *c = a_world();
    vipc_cap a = region(c, 0, 2);
    CHECK_EQ(mock_cap_info(V(0), a).children, 0);
    vipc_mapping m = map(c, 0, a, VIPC_WRITE);
    CHECK_EQ(mock_cap_info(V(0), a).children, 0);
    grant(c, 0, a, 1, VIPC_RIGHT_READ);
    CHECK_EQ(mock_cap_info(V(0), a).children, 1);
    CHECK_OK(unmap(c, 0, m));
    CHECK_EQ(mock_cap_info(V(0), a).children, 1);
    DONE(c);
}
RUN_TESTS(T(race_44_who_is_withdrawn_maps_again), T(race_45_a_page_is_copied_while_another_may_read_it), T(race_46_received_before_its_giver_has_let_go),
          T(d001_sharers_see_each_others_bytes), T(d002_a_region_has_most_rights), T(d003_nobody_maps_what_it_was_not_given), T(d004_another_space_needs_authority_over_it),
          T(d005_addresses_are_checked), T(d006_what_is_granted_can_be_mapped), T(d007_what_was_unmapped_can_be_mapped_again),
          T(d008_what_was_given_and_never_mapped_can_be_taken_back), T(d009_the_creator_lets_go_as_anybody_else), T(d010_no_frame_is_orphaned),
          T(d011_everything_can_be_done_by_id), T(d012_sizes_are_checked), T(d013_fresh_region_reads_as_zeros_after_reuse), T(d014_what_is_charged_is_what_is_given_back),
          T(d015_nodes_are_charged_for_what_they_gave), T(nodes_are_charged_for_copies_and_moves), T(d016_frames_need_not_be_neighbours), T(d017_no_stale_translation_survives),
          T(d018_only_its_owner_hands_over_a_region), T(d019_the_token_that_is_handed_out_is_good), T(d020_ids_and_tokens_are_never_the_same),
          T(d021_modes_do_what_they_are_called), T(d022_no_address_is_told_and_no_number_comes_again), T(d023_without_grant_nobody_hands_on), T(d024_nobody_speaks_for_another),
          T(d025_giving_to_oneself_spoils_nothing), T(d026_only_who_may_destroys), T(d027_a_mapping_says_where_it_is_and_what_it_allows),
          T(d028_the_cache_policy_is_in_every_translation), T(d029_the_dead_hold_nothing), T(d030_the_last_reference_goes_under_the_lock),
          T(d067_chosen_addresses_are_free_and_keep_clear_of_the_heap), T(eager_and_lazy), T(what_is_mapped_already_stays_where_it_is), T(what_leaves_is_mapped_no_more), T(what_comes_again_and_again_stays_mapped),
          T(parts_of_a_region), T(neighbours_keep_what_is_behind_them), T(unmap_says_what_is_wrong), T(unmap_while_another_maps_it), T(close_while_mapped), T(revoke_while_mapped),
          T(revoke_needs_its_right_and_may_have_to_wait), T(access_is_never_wider_than_the_capability), T(an_executable_region_in_a_space_that_allows_it),
          T(a_region_goes_with_the_last_space_that_maps_it), T(copies_are_of_one_moment_and_apart_from_then_on), T(the_last_one_writes_without_a_copy),
          T(a_copied_page_changes_for_all_who_map_it), T(what_cannot_be_shared_until_it_is_written_is_copied_at_once), T(move_takes_all_of_the_givers_mappings),
          T(move_of_a_capability_far_below_a_root), T(move_waits_for_old_translations), T(copies_wait_for_writers), T(limits_of_who_is_given), T(an_owner_may_not_be_rid_of_its_share_by_dying),
          T(sealed_is_never_written_again), T(a_copy_of_what_is_sealed_may_be_written), T(sealing_waits_for_old_translations), T(the_creator_is_told_when_it_is_alone),
          T(an_idle_notification_that_was_taken_back_is_silent), T(mmap_shared_of_a_region), T(mmap_private_of_a_region), T(mmap_private_of_a_part), T(fork_of_mapped_regions), T(limits_of_the_domain),
          T(fields_of_the_configuration), T(a_domain_without_regions), T(arguments_that_are_none), T(what_a_region_says_of_itself), T(regions_by_name_and_from_the_start),
          T(a_capability_that_expires), T(no_number_near_a_token_opens_anything), T(stale_tokens_in_slots_that_were_used_again), T(old_addresses_lead_nowhere),
          T(a_dead_process_mapping_goes_and_the_frames_read_as_zeros), T(page_sizes),
          T(the_dump_shows_regions_and_objects), T(what_is_mapped_is_no_child))
