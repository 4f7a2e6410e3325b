/* t_space.c - address spaces on the mock port: what each function promises, each of its errors with nothing changed, every argument at its limits and past them. */
#include "space.h"

/* ---------------------------------------------------------------------------------------------------- arithmetic */
TEST(d057_a_range_that_wraps_is_refused)
{
    static scene c_, *c = &c_;
    vipc_addr end = 77;
    CHECK(!vipc_range_make(0xfffffffffffff000, 0x2000, &end));
    CHECK(!vipc_range_make(~(vipc_addr)0, 2, &end));
    CHECK(!vipc_range_make(1, ~(uint64_t)0, &end));
    CHECK(!vipc_range_make(5, 0, &end));
    CHECK(vipc_range_make(0xffffffffffffe000, 0x1000, &end) && end == 0xfffffffffffff000);
    CHECK(vipc_range_make(0, 1, &end) && end == 1);
    CHECK(vipc_range_make(0, ~(uint64_t)0, &end) && end == ~(uint64_t)0);
    scene_open(c);                                             /* and so does everything that takes one */
    static const struct { vipc_addr at; uint64_t size; } wrong[] = {
        { 0xfffffffffffff000, 0x2000 }, { 0xfffffffffffff000, 0x1000 }, { LOW, ~(uint64_t)0 }, { LOW, ~(uint64_t)0 - 4094 }, { LOW, 0 - LOW }, { LOW - 4096, 4096 }, { 0, 4096 },
        { VIPC_LAYOUT_USER_END, 4096 }, { VIPC_LAYOUT_USER_END - 4096, 8192 }, { VIPC_LAYOUT_USER_END - 4096, 4097 }, { LOW + 1, 4096 }, { LOW + 4095, 1 }, { LOW, 0 }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vipc_addr at = wrong[i].at, got;
        uint64_t size = wrong[i].size;
        vipc_error said[6];
        said[0] = mmap_at(c, c->s, at, size, RW, ANON | FIXED, &got);
        said[1] = mmap_at(c, c->s, at, size, RW, ANON | VIPC_MAP_FIXED_NOREPLACE, &got);
        said[2] = vipc_space_unmap(ME, c->s, at, size, VIPC_FOREVER);
        said[3] = vipc_space_protect(ME, c->s, at, size, R, VIPC_FOREVER);
        said[4] = vipc_space_free(ME, c->s, at, size, VIPC_FOREVER);
        said[5] = vipc_space_map_physical(ME, c->s, DEVICE, at, size, RW, VIPC_UNCACHED);
        for (int k = 0; k < 6; k++)
            if (said[k] != VIPC_ERR_INVALID_ARGUMENT) {
                printf("    function %d, range %d\n", k, (int)i);
                CHECK_EQ(said[k], VIPC_ERR_INVALID_ARGUMENT);
            }
    }
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    SCENE_END(c);
}
TEST(d058_an_empty_region_overlaps_nothing)
{
    vipc_space_region a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    a.start = 0x1000;
    a.end = 0x5000;
    b.start = b.end = 0x2000;
    CHECK(!vipc_region_overlaps(&a, &b));
    CHECK(!vipc_region_overlaps(&b, &a));
    CHECK(!vipc_region_overlaps(&b, &b));
    CHECK_EQ(vipc_region_size(&a), 0x4000);
    CHECK_EQ(vipc_region_size(&b), 0);
    CHECK(!vipc_region_contains(&b, 0x2000));
    CHECK(vipc_region_contains(&a, 0x1000) && vipc_region_contains(&a, 0x4fff) && !vipc_region_contains(&a, 0x5000) && !vipc_region_contains(&a, 0xfff));
    b.end = 0x2001;
    CHECK(vipc_region_overlaps(&a, &b) && vipc_region_overlaps(&b, &a));
    b.start = 0x5000;
    b.end = 0x6000;
    CHECK(!vipc_region_overlaps(&a, &b) && !vipc_region_overlaps(&b, &a));
    b.start = 0x4fff;
    CHECK(vipc_region_overlaps(&a, &b) && vipc_region_overlaps(&b, &a));
    b.start = 0;
    b.end = ~(uint64_t)0;
    CHECK(vipc_region_overlaps(&a, &b) && vipc_region_overlaps(&b, &a));
    b.start = 0x3000;                                          /* upside down: scribbled, and as good as empty */
    b.end = 0x2000;
    CHECK(!vipc_region_overlaps(&a, &b) && !vipc_region_overlaps(&b, &a) && !vipc_region_contains(&b, 0x2800));
}
TEST(d061_no_protection_is_no_access)
{
    static scene c_, *c = &c_;
    uint64_t none = 99, read = 99, flags = 99;
    vipc_addr got;
    CHECK_OK(vipc_prot_to_page_flags(NO_PROT, &none));
    CHECK_EQ(none, 0);
    CHECK_OK(vipc_prot_to_page_flags(R, &read));
    CHECK(read == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER | VIPC_PAGE_NO_EXECUTE));
    CHECK_OK(vipc_prot_to_page_flags(RW, &flags));
    CHECK(flags == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER | VIPC_PAGE_WRITABLE | VIPC_PAGE_NO_EXECUTE));
    CHECK_OK(vipc_prot_to_page_flags(W, &flags));
    CHECK(flags == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER | VIPC_PAGE_WRITABLE | VIPC_PAGE_NO_EXECUTE));
    CHECK_OK(vipc_prot_to_page_flags(RX, &flags));
    CHECK(flags == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER));
    CHECK_OK(vipc_prot_to_page_flags(X, &flags));
    CHECK(flags == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER));
    CHECK_OK(vipc_prot_to_page_flags(RW | X, &flags));         /* arithmetic: W^X is a space's policy */
    CHECK(flags == (VIPC_PAGE_PRESENT | VIPC_PAGE_USER | VIPC_PAGE_WRITABLE));
    for (uint32_t bit = 8; bit; bit <<= 1) {
        flags = 99;
        CHECK_EQ(vipc_prot_to_page_flags(bit | R, &flags), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(flags, 99);
    }
    CHECK_EQ(vipc_prot_to_page_flags(R, NULL), VIPC_ERR_INVALID_ARGUMENT);

    scene_open(c);                                             /* and in a space */
    put(c, SPOT, 1, NO_PROT);
    CHECK_EQ(load(c, c->s, SPOT), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(store(c, c->s, SPOT, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(fetch(c, c->s, SPOT), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(protect_at(c, SPOT, 1, RW), VIPC_OK);
    CHECK_OK(store(c, c->s, SPOT, 5));
    CHECK_EQ(fetch(c, c->s, SPOT), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(protect_at(c, SPOT, 1, NO_PROT), VIPC_OK);
    CHECK_EQ(load(c, c->s, SPOT), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(protect_at(c, SPOT, 1, R), VIPC_OK);              /* what was in it still is */
    CHECK_EQ(load(c, c->s, SPOT), 5);
    for (uint32_t bit = 8; bit; bit <<= 1) {
        REFUSED(c, mmap_at(c, c->s, 0, PAGE, R | bit, ANON, &got), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_space_allocate(ME, c->s, PAGE, R | bit, &got), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, protect_at(c, SPOT, 1, R | bit), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 16 * PAGE, PAGE, R | bit, VIPC_UNCACHED), VIPC_ERR_INVALID_ARGUMENT);
    }
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, W | X, ANON, &got), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW | X, COMMON, &got), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_space_allocate(ME, c->s, PAGE, RW | X, &got), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, protect_at(c, SPOT, 1, RW | X), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 16 * PAGE, PAGE, RW | X, VIPC_UNCACHED), VIPC_ERR_PERMISSION_DENIED);
    vipc_space_desc d = VIPC_INIT;                             /* unless the space says otherwise */
    vipc_cap lax;
    d.write_execute = 1;
    REQUIRE_OK(vipc_space_create(ME, &d, &lax));
    CHECK_OK(mmap_at(c, lax, SPOT, PAGE, RW | X, ANON | FIXED, &got));
    CHECK_OK(store(c, lax, SPOT, 1));
    CHECK_OK(fetch(c, lax, SPOT));
    CHECK_OK(vipc_space_protect(ME, lax, SPOT, PAGE, W | X, VIPC_FOREVER));
    CHECK_EQ(load(c, lax, SPOT), 1);                           /* WRITE lets read, too */
    SCENE_END(c);
}
TEST(d055_a_stack_contains_neither_its_top_nor_its_guard)
{
    vipc_stack s;
    memset(&s, 0, sizeof s);
    s.bottom = 0x10000;
    s.top = s.sp = 0x20000;
    s.guard = 0x2000;
    CHECK_EQ(vipc_stack_usable(&s), 0xe000);
    CHECK(!vipc_stack_contains(&s, 0x20000) && vipc_stack_contains(&s, 0x1ffff));
    CHECK(!vipc_stack_contains(&s, 0x10000) && !vipc_stack_contains(&s, 0x11fff) && vipc_stack_contains(&s, 0x12000));
    CHECK(!vipc_stack_contains(&s, 0xffff) && !vipc_stack_contains(&s, 0) && !vipc_stack_contains(&s, ~(vipc_addr)0));
    CHECK(vipc_stack_in_guard(&s, 0x10000) && vipc_stack_in_guard(&s, 0x11fff) && !vipc_stack_in_guard(&s, 0x12000) && !vipc_stack_in_guard(&s, 0xffff));
    s.guard = ~(uint64_t)0;                                    /* nonsense in, no nonsense out */
    CHECK_EQ(vipc_stack_usable(&s), 0);
    CHECK(!vipc_stack_contains(&s, 0x1ffff));
    CHECK(!vipc_stack_in_guard(&s, 0x20000) && !vipc_stack_in_guard(&s, 0xffff));
    s.bottom = 0x30000;
    s.guard = 0x1000;
    CHECK_EQ(vipc_stack_usable(&s), 0);
    CHECK(!vipc_stack_contains(&s, 0x28000));
}
/* Rows about what would not compile: that this file does, on every host, is the answer. */
typedef char addresses_are_wide[sizeof(vipc_addr) == 8 && sizeof(((vipc_space_region *)0)->physical) == 8 ? 1 : -1];
typedef char constants_are_wide[sizeof(VIPC_LAYOUT_USER_START) == 8 && sizeof(VIPC_LAYOUT_USER_END) == 8 && sizeof(VIPC_LAYOUT_HEAP_MAX) == 8 && sizeof(VIPC_LAYOUT_STACK_END) == 8 &&
                                sizeof(VIPC_LAYOUT_STACK) == 8 && sizeof(VIPC_LAYOUT_HEAP) == 8 && sizeof(VIPC_LAYOUT_CODE) == 8 && sizeof(VIPC_LAYOUT_DATA) == 8 ? 1 : -1];
typedef char flags_are_wide[sizeof(VIPC_PAGE_NO_EXECUTE) == 8 ? 1 : -1];
TEST(d068_constants_are_64_bits_on_every_host)
{
    static scene c_, *c = &c_;
    CHECK_EQ(VIPC_LAYOUT_HEAP_MAX, (uint64_t)8 * 1024 * 1024 * 1024);
    CHECK_EQ(VIPC_LAYOUT_USER_START, 0x10000);
    CHECK_EQ(VIPC_LAYOUT_USER_END, 0x7fffffff0000);
    CHECK_EQ(VIPC_LAYOUT_STACK_END, 0x7fff00000000);
    CHECK_EQ(VIPC_LAYOUT_HEAP, 0x10000000);
    CHECK_EQ(VIPC_LAYOUT_CODE, 0x400000);
    CHECK_EQ(VIPC_LAYOUT_DATA, 0x800000);
    CHECK_EQ(VIPC_LAYOUT_STACK, (uint64_t)8 << 20);
    CHECK_EQ(VIPC_PAGE_NO_EXECUTE >> 63, 1);
    scene_open(c);                                             /* growing tells where the new part begins; shrinking gives frames back */
    vipc_addr was = 0, now = 0;
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 4 * PAGE, &was));
    CHECK(was == VIPC_LAYOUT_HEAP);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, PAGE, &was));
    CHECK(was == VIPC_LAYOUT_HEAP + 4 * PAGE);
    for (int i = 0; i < 5; i++) CHECK_OK(store(c, c->s, VIPC_LAYOUT_HEAP + (uint64_t)i * PAGE, 1));
    uint64_t full = used(c);
    CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + PAGE, &now, VIPC_FOREVER));
    CHECK(now == VIPC_LAYOUT_HEAP + PAGE);
    CHECK_EQ(full - used(c), 4);
    SCENE_END(c);
}
TEST(d059_one_configuration_with_them_and_one_without)
{
    /* With VIPC_NO_SPACES=1 everything else builds, for every compiler (tests/matrix.sh).  A domain without spaces says so, and lacks nothing else. */
    static mock m;
    memset(&m, 0, sizeof m);
    mock_open(&m, NULL, 1, 64);
    vipc_cap s = VIPC_INIT, none = VIPC_INIT;
    vipc_addr at;
    vipc_space_region r;
    vipc_config resolved;
    CHECK_EQ(vipc_space_create(&m.v[0], NULL, &s), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(s.token, 0);
    CHECK(vipc_space_allocate(&m.v[0], none, 4096, RW, &at) != VIPC_OK);
    CHECK(vipc_space_find(&m.v[0], none, 0, &r) != VIPC_OK);
    CHECK(vipc_page_fault(&m.v[0], none, 0, R, NULL) != VIPC_OK);
    CHECK(vipc_space_own(&m.v[0], &s) != VIPC_OK);
    CHECK_OK(vipc_config_get(&m.v[0], &resolved));
    CHECK_EQ(resolved.max_spaces + resolved.max_regions + resolved.max_frames, 0);
    MOCK_END(&m);
}

/* ------------------------------------------------------------------------------------------------- making and ending */
TEST(the_config_says_how_many)
{
    vipc_config d = VIPC_INIT, got;
    static mock m;
    d.max_objects = 16;
    CHECK(vipc_required_size(&d) != 0);
    uint64_t without = vipc_required_size(&d);
    d.max_regions = 5;                                         /* without spaces */
    CHECK_EQ(vipc_required_size(&d), 0);
    d.max_regions = 0;
    d.max_frames = 5;
    CHECK_EQ(vipc_required_size(&d), 0);
    d.max_frames = 0;
    d.max_spaces = 17;
    CHECK_EQ(vipc_required_size(&d), 0);
    d.max_spaces = 16;
    CHECK(vipc_required_size(&d) > without + (uint64_t)65536 * 4);
    d.max_regions = 8000001;
    CHECK_EQ(vipc_required_size(&d), 0);
    d.max_regions = 0;
    d.max_spaces = 3;
    memset(&m, 0, sizeof m);
    mock_open(&m, &d, 1, 64);
    CHECK_OK(vipc_config_get(&m.v[0], &got));
    CHECK_EQ(got.max_spaces, 3);
    CHECK_EQ(got.max_regions, 192);
    CHECK_EQ(got.max_frames, 65536);
    MOCK_END(&m);
}
TEST(a_space_has_defaults_that_can_be_read_back)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_space_info i = info_of(c, 0, c->s);
    CHECK(i.root == VIPC_MOCK_ROOT + 1);
    CHECK_EQ(i.owner.id, vipc_self(ME).id);
    CHECK(i.start == VIPC_LAYOUT_USER_START && i.end == VIPC_LAYOUT_USER_END);
    CHECK(i.heap_start == VIPC_LAYOUT_HEAP && i.brk == VIPC_LAYOUT_HEAP && i.heap_max == VIPC_LAYOUT_HEAP_MAX);
    CHECK(i.stack_end == VIPC_LAYOUT_STACK_END);
    CHECK_EQ(i.regions + i.leaving + i.pages + i.pages_shared + i.zeroed + i.copied + i.made_writable + i.mapped + i.grown, 0);
    CHECK_EQ(i.label[0], 0);
    vipc_space_desc d = VIPC_INIT;
    vipc_cap other;
    d.start = 0x100000;
    d.end = 0x200000;
    d.label = "a label that is longer than it may be, by far";
    REQUIRE_OK(vipc_space_create(ME, &d, &other));
    i = info_of(c, 0, other);
    CHECK(i.start == 0x100000 && i.end == 0x200000);
    CHECK(i.heap_start == 0x100000 && i.brk == 0x100000 && i.heap_max != 0 && i.heap_max <= 0x40000 && i.heap_max % PAGE == 0);
    CHECK(i.stack_end == 0x200000);
    CHECK_EQ(strlen(i.label), VIPC_LABEL_MAX);
    CHECK(strncmp(i.label, d.label, VIPC_LABEL_MAX) == 0);
    CHECK(i.root == VIPC_MOCK_ROOT + 2);
    vipc_cap_info ci = mock_cap_info(ME, other);
    CHECK_EQ(ci.type, VIPC_TYPE_SPACE);
    CHECK_EQ(ci.rights, VIPC_RIGHT_ALL);
    CHECK_OK(vipc_destroy(ME, other, VIPC_FOREVER));
    CHECK_EQ(c->m.roots, 1);
    CHECK_EQ(vipc_space_get(ME, other, &i), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_close(ME, c->s));                            /* its last capability */
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(a_layout_out_of_order_is_refused)
{
    static scene c_, *c = &c_;
    static const vipc_space_desc good = { 0x100000, 0x900000, 0x200000, 0x100000, 0x800000, 0, NULL };
    vipc_space_desc d = good;
    vipc_cap out = { 12345 };
    scene_open(c);
    REQUIRE_OK(vipc_space_create(ME, &d, &out));
    CHECK_OK(vipc_close(ME, out));
#define BAD(change) do { d = good; change; out.token = 12345; \
        uint64_t had_ = c->m.calls[MOCK_SPACE_CREATE]; \
        CHECK_EQ(vipc_space_create(ME, &d, &out), VIPC_ERR_INVALID_ARGUMENT); \
        CHECK_EQ(c->m.calls[MOCK_SPACE_CREATE], had_); } while (0)
    BAD(d.start += 1);
    BAD(d.end -= 1);
    BAD(d.heap_start += 8);
    BAD(d.heap_max += 8);
    BAD(d.heap_max = 1);
    BAD(d.stack_end += 8);
    BAD(d.start = 0xa00000);
    BAD(d.start = 0x300000);                                   /* above heap_start */
    BAD(d.heap_start = 0xf0000);
    BAD(d.heap_max = 0x700000);                                /* past stack_end */
    BAD(d.heap_max = 0 - (uint64_t)0x1000);                    /* wraps */
    BAD(d.heap_max = 0 - (uint64_t)0x200000);
    BAD(d.heap_start = 0x801000);
    BAD(d.stack_end = 0x901000);
    BAD(d.stack_end = 0x1ff000);
    BAD(d.end = 0x7ff000);                                     /* below stack_end */
    BAD(d.end = 0x1000);
    CHECK_EQ(vipc_space_create(ME, &good, NULL), VIPC_ERR_INVALID_ARGUMENT);
    d = good;                                                  /* all limits just met */
    d.heap_start = d.start;
    d.heap_max = 0x700000;
    d.end = d.stack_end;
    CHECK_OK(vipc_space_create(ME, &d, &out));
    CHECK_OK(vipc_close(ME, out));
    d.start = PAGE;                                            /* the widest there can be */
    d.end = d.stack_end = 0 - PAGE;
    d.heap_start = 0;
    d.heap_max = 0;
    CHECK_OK(vipc_space_create(ME, &d, &out));
    vipc_addr got;
    CHECK_OK(mmap_at(c, out, 0 - 2 * PAGE, PAGE, RW, ANON | FIXED, &got));
    CHECK_EQ(mmap_at(c, out, 0 - PAGE, PAGE, RW, ANON | FIXED, &got), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(store(c, out, 0 - PAGE - 1, 7));
    CHECK_EQ(load(c, out, 0 - PAGE - 1), 7);
    CHECK_EQ(load(c, out, 0 - PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, out, ~(vipc_addr)0), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, out, 0), VIPC_ERR_FAULT);
    CHECK_OK(vipc_close(ME, out));
    CHECK_EQ(c->m.roots, 1);
    SCENE_END(c);
}
TEST(spaces_have_limits)
{
    static scene c_, *c = &c_;
    vipc_config d = space_config(2, 512);
    vipc_cap out[3];
    scene_with(c, &d, 1, 512, NULL);
    REQUIRE_OK(vipc_space_create(ME, NULL, &out[0]));
    CHECK_EQ(vipc_space_create(ME, NULL, &out[1]), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_space_clone(ME, c->s, &out[1], VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_EQ(c->m.roots, 2);
    CHECK_OK(vipc_close(ME, out[0]));
    CHECK_OK(vipc_space_clone(ME, c->s, &out[0], VIPC_FOREVER));
    SCENE_END(c);
    d = space_config(4, 512);
    d.objects_per_process = 1;
    scene_with(c, &d, 1, 512, NULL);
    CHECK_EQ(vipc_space_create(ME, NULL, &out[0]), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_space_clone(ME, c->s, &out[0], VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_EQ(c->m.roots, 1);
    SCENE_END(c);
    d = space_config(4, 512);
    d.capabilities_per_process = 1;
    scene_with(c, &d, 1, 512, NULL);
    CHECK_EQ(vipc_space_create(ME, NULL, &out[0]), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_space_clone(ME, c->s, &out[0], VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_EQ(c->m.roots, 1);
    SCENE_END(c);
}
TEST(spaces_need_all_six_hooks)
{
    static mock m;
    vipc_config d = space_config(4, 64);
    for (int missing = 0; missing < 7; missing++) {
        memset(&m, 0, sizeof m);
        mock_port(&m, &d, 64);
        vipc_process_desc p = mock_desc(0);
        if (missing == 0 || missing == 6) m.hooks.space_create = NULL;
        if (missing == 1 || missing == 6) m.hooks.space_destroy = NULL;
        if (missing == 2 || missing == 6) m.hooks.page_map = NULL;
        if (missing == 3 || missing == 6) m.hooks.page_unmap = NULL;
        if (missing == 4 || missing == 6) m.hooks.page_protect = NULL;
        if (missing == 5 || missing == 6) m.hooks.tlb_flush = NULL;
        vipc_error e = vipc_init(&m.v[0], m.memory, m.size, &d, &p, &m.hooks);
        CHECK_EQ(e, missing == 6 ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT);
        if (e == VIPC_OK) {
            vipc_cap out;
            CHECK_EQ(vipc_space_create(&m.v[0], NULL, &out), VIPC_ERR_NOT_SUPPORTED);
            CHECK_OK(vipc_leave(&m.v[0]));
        }
        mock_release(&m);
    }
}
TEST(a_space_ends_with_its_owner)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, 0);
    vipc_space_info i = info_of(c, 1, his);
    CHECK_EQ(i.owner.id, vipc_self(ME).id);
    mock_leave_domain(&c->m, 0);
    CHECK_EQ(vipc_space_get(V(1), his, &i), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(a_space_ends_with_its_owner_who_was_killed)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 3, RW);
    put_shared(c, SPOT + 8 * PAGE, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, 0), copy = VIPC_INIT;
    REQUIRE_OK(vipc_space_clone(V(1), his, &copy, VIPC_FOREVER));
    CHECK_EQ(c->m.roots, 2);
    mock_kill(&c->m, 0);
    CHECK_OK(vipc_sweep(V(1), NULL));
    CHECK_EQ(c->m.roots, 1);
    vipc_space_info i = info_of(c, 1, copy);                   /* the clone belongs to its maker */
    CHECK_EQ(i.owner.id, vipc_self(V(1)).id);
    CHECK_EQ(i.pages, 3);
    uint32_t n = 0;
    CHECK_OK(vipc_space_sharers(V(1), copy, SPOT, &n));
    CHECK_EQ(n, 1);
    mock_leave_domain(&c->m, 1);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(destroy_while_somebody_runs_in_it)
{
    static scene c_, *c = &c_;
    vipc_space_info i;
    scene_open(c);
    put(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    uint64_t before = used(c);
    c->m.busy = ~(uint64_t)0;
    CHECK_EQ(vipc_destroy(ME, c->s, vipc_after(ME, 1000 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_space_get(ME, c->s, &i), VIPC_ERR_CLOSED);   /* from the first instant no new use begins */
    CHECK_EQ(load(c, c->s, SPOT), VIPC_ERR_CLOSED);
    CHECK_EQ(c->m.roots, 1);
    CHECK(used(c) == before);                                  /* what it may still use is kept */
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    CHECK_OK(vipc_sweep(ME, NULL));                            /* somebody runs in it still */
    CHECK_EQ(c->m.roots, 1);
    CHECK(used(c) == before);
    c->m.busy = 0;
    CHECK_OK(vipc_sweep(ME, NULL));
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    SCENE_END(c);
}
TEST(many_that_are_busy_end_later)
{
    static scene c_, *c = &c_;
    vipc_config d = space_config(3, 512);
    vipc_cap all[3];
    scene_with(c, &d, 2, 512, NULL);
    all[0] = c->s;
    put(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    for (int n = 1; n < 3; n++) all[n] = clone(c, c->s);
    CHECK_OK(store(c, all[1], SPOT, 2));
    c->m.busy = ~(uint64_t)0;
    for (int n = 0; n < 3; n++) CHECK_EQ(vipc_destroy(ME, all[n], VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(c->m.roots, 3);
    CHECK_EQ(vipc_space_create(ME, NULL, &all[0]), VIPC_ERR_LIMIT);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    mock_leave_domain(&c->m, 0);                               /* whose they were */
    CHECK_EQ(c->m.roots, 3);
    c->m.busy = 1;                                             /* one of them once more */
    CHECK_OK(vipc_sweep(V(1), NULL));
    CHECK_EQ(c->m.roots, 1);
    CHECK_OK(vipc_sweep(V(1), NULL));
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(a_last_capability_that_goes_while_it_is_busy)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    c->m.busy = 1;
    CHECK_OK(vipc_close(ME, c->s));
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    CHECK_OK(vipc_sweep(ME, NULL));
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- one's own */
TEST(a_process_adopts_a_space)
{
    static scene c_, *c = &c_;
    vipc_cap own = { 99 }, none = VIPC_INIT, other;
    vipc_addr at = 0;
    scene_open(c);
    CHECK_EQ(vipc_space_own(ME, &own), VIPC_ERR_NOT_FOUND);
    CHECK(vipc_space_allocate(ME, none, PAGE, RW, &at) == VIPC_ERR_INVALID_CAPABILITY);
    CHECK(vipc_page_fault(ME, none, SPOT, R, NULL) == VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_space_adopt(ME, c->s));
    CHECK_OK(vipc_space_adopt(ME, c->s));                      /* it is: OK */
    CHECK_OK(vipc_space_own(ME, &own));
    CHECK_EQ(info_of(c, 0, own).root, c->root);
    vipc_cap again;
    CHECK_OK(vipc_space_own(ME, &again));
    CHECK_EQ(again.token, own.token);
    CHECK_OK(vipc_space_allocate(ME, none, PAGE, RW, &at));
    CHECK_OK(store(c, none, at, 3));
    CHECK_EQ(load(c, c->s, at), 3);
    REQUIRE_OK(vipc_space_create(ME, NULL, &other));
    CHECK_EQ(vipc_space_adopt(ME, other), VIPC_ERR_EXISTS);
    CHECK_OK(vipc_space_own(ME, &again));
    CHECK_EQ(again.token, own.token);
    CHECK_EQ(vipc_space_own(ME, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_space_adopt(ME, none), VIPC_ERR_INVALID_CAPABILITY);        /* that names none to be made its own */
    mock_leave_domain(&c->m, 0);
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(who_adopts_owns)
{
    static scene c_, *c = &c_;
    vipc_cap none = VIPC_INIT, own = VIPC_INIT;
    scene_open(c);
    put(c, SPOT, 1, RW);
    CHECK_OK(store(c, c->s, SPOT, 8));
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_DELETE);
    CHECK_EQ(vipc_space_adopt(V(1), his), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_space_own(V(1), &own), VIPC_ERR_NOT_FOUND);
    his = mock_grant(&c->m, 0, c->s, 1, 0);
    CHECK_OK(vipc_space_adopt(V(1), his));
    CHECK_EQ(info_of(c, 0, c->s).owner.id, vipc_self(V(1)).id);
    CHECK_EQ(mock_process_info(&c->m, vipc_self(V(1))).objects, 1);
    CHECK_EQ(mock_process_info(&c->m, vipc_self(ME)).objects, 0);
    mock_leave_domain(&c->m, 0);                               /* the maker goes, the space stays */
    CHECK_EQ(c->m.roots, 1);
    unsigned char byte = 0;
    CHECK_OK(vipc_mock_load(&c->m, V(1), none, SPOT, &byte));
    CHECK_EQ(byte, 8);
    mock_kill(&c->m, 1);
    CHECK_OK(vipc_sweep(V(2), NULL));
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(who_adopts_last_owns)
{
    static scene c_, *c = &c_;
    vipc_cap own;
    scene_open(c);
    CHECK_OK(vipc_space_adopt(ME, c->s));
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, 0);
    CHECK_OK(vipc_space_adopt(V(1), his));
    CHECK_OK(vipc_space_own(V(1), &own));
    CHECK_EQ(own.token, his.token);
    CHECK_EQ(info_of(c, 0, c->s).owner.id, vipc_self(V(1)).id);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    mock_leave_domain(&c->m, 1);
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(vipc_space_own(ME, &own), VIPC_ERR_NOT_FOUND);
    SCENE_END(c);
}
TEST(ones_own_space_may_end_first)
{
    static scene c_, *c = &c_;
    vipc_cap own, none = VIPC_INIT;
    vipc_addr at;
    scene_open(c);
    CHECK_OK(vipc_space_adopt(ME, c->s));
    CHECK_OK(vipc_destroy(ME, c->s, VIPC_FOREVER));
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(vipc_space_own(ME, &own), VIPC_ERR_NOT_FOUND);
    CHECK(vipc_space_allocate(ME, none, PAGE, RW, &at) != VIPC_OK);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    REQUIRE_OK(vipc_space_create(ME, NULL, &c->s));            /* another one may follow */
    CHECK_OK(vipc_space_adopt(ME, c->s));
    CHECK_OK(vipc_space_own(ME, &own));
    CHECK_OK(vipc_space_allocate(ME, none, PAGE, RW, &at));
    SCENE_END(c);
}
TEST(a_process_is_made_with_a_space)
{
    static scene c_, *c = &c_;
    vipc_cap process, own, none = VIPC_INIT;
    unsigned char byte = 0;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 6));
    vipc_cap weak = mock_derive(&c->m, 0, c->s, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE), foreign = mock_grant(&c->m, 0, c->s, 1, 0);
    vipc_process_desc p = mock_desc(4);
    p.proof = MOCK_PROOF;                                      /* the creator's: who may end it */
    p.space = weak;
    REFUSED(c, vipc_process_create(ME, &p, V(4), &process), VIPC_ERR_PERMISSION_DENIED);
    p.space = foreign;
    REFUSED(c, vipc_process_create(ME, &p, V(4), &process), VIPC_ERR_INVALID_CAPABILITY);
    p.space = c->s;
    REQUIRE_OK(vipc_process_create(ME, &p, V(4), &process));
    c->m.member[4] = 1;
    CHECK_OK(vipc_space_own(V(4), &own));
    vipc_space_info i;
    CHECK_OK(vipc_space_get(V(4), none, &i));
    CHECK_EQ(i.owner.id, vipc_self(V(4)).id);
    CHECK_OK(vipc_mock_load(&c->m, V(4), none, SPOT, &byte));
    CHECK_EQ(byte, 6);
    CHECK_EQ(vipc_space_own(ME, &own), VIPC_ERR_NOT_FOUND);
    CHECK_OK(vipc_process_destroy(ME, process, NULL));
    c->m.member[4] = 0;
    CHECK_EQ(c->m.roots, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- rights */
enum { OPS = 21 };
static vipc_error operation(scene *c, unsigned who, vipc_cap s, int n)
{
    vipc *v = V(who);
    vipc_addr at = 0;
    vipc_cap cap;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_space_region r;
    vipc_space_info i;
    vipc_stack stack;
    uint32_t count;
    unsigned char bytes[8] = { 0 };
    vipc_error e;
    switch (n) {
    case 0: return vipc_space_find(v, s, 0, &r);
    case 1: return vipc_space_get(v, s, &i);
    case 2: return vipc_page_fault(v, s, SPOT, R, NULL);
    case 3: return vipc_space_sharers(v, s, SPOT, &count);
    case 4: return vipc_space_touch(v, s, SPOT, 1, R, NULL);
    case 5:
        e = vipc_space_clone(v, s, &cap, VIPC_FOREVER);
        if (e == VIPC_OK) CHECK_OK(vipc_close(v, cap));
        return e;
    case 6: return vipc_space_allocate(v, s, PAGE, RW, &at);
    case 7: return vipc_space_free(v, s, SPOT + PAGE, PAGE, VIPC_FOREVER);
    case 8:
        d.size = PAGE;
        d.flags = ANON;
        return vipc_space_mmap(v, s, &d, &at, VIPC_FOREVER);
    case 9: return vipc_space_unmap(v, s, SPOT + 2 * PAGE, PAGE, VIPC_FOREVER);
    case 10: return vipc_space_protect(v, s, SPOT, PAGE, R, VIPC_FOREVER);
    case 11: return vipc_space_set_break(v, s, VIPC_LAYOUT_HEAP + 5, NULL, VIPC_FOREVER);
    case 12: return vipc_space_grow_heap(v, s, 5, NULL);
    case 13: return vipc_space_stack_create(v, s, NULL, &stack);
    case 14:
        memset(&stack, 0, sizeof stack);
        stack.top = stack.sp = VIPC_LAYOUT_STACK_END;
        stack.bottom = stack.top - VIPC_LAYOUT_STACK;
        stack.guard = PAGE;
        return vipc_space_grow_stack(v, s, &stack, PAGE);
    case 15: return vipc_space_map_physical(v, s, DEVICE, SPOT + 64 * PAGE, PAGE, RW, VIPC_UNCACHED);
    case 16: return vipc_space_read(v, s, SPOT, bytes, 8, NULL);
    case 17: return vipc_space_write(v, s, SPOT, bytes, 8, NULL);
    case 18: return vipc_space_adopt(v, s);
    case 19: return vipc_destroy(v, s, VIPC_FOREVER);
    default: return vipc_destroy(v, s, VIPC_FOREVER);
    }
}
static uint32_t right_for(int n)
{
    if (n <= 5) return VIPC_RIGHT_READ;
    if (n <= 14) return VIPC_RIGHT_WRITE;
    if (n == 15) return VIPC_RIGHT_CREATE;
    return n <= 17 ? VIPC_RIGHT_MODIFY : VIPC_RIGHT_DELETE;
}
static void prepare(scene *c)
{
    vipc_stack stack;
    put(c, SPOT, 4, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    REQUIRE_OK(vipc_space_stack_create(ME, c->s, NULL, &stack));
    REQUIRE(stack.top == VIPC_LAYOUT_STACK_END && stack.bottom == stack.top - VIPC_LAYOUT_STACK);
}
TEST(each_right_is_needed_and_enough)
{
    static scene c_, *c = &c_;
    for (int n = 0; n < OPS; n++) {
        scene_open(c);
        prepare(c);
        vipc_cap lacks = mock_grant(&c->m, 0, c->s, 1, VIPC_RIGHT_ALL & ~right_for(n)), has = mock_grant(&c->m, 0, c->s, 1, right_for(n));
        int bad = test_failures_;
        REFUSED(c, operation(c, 1, lacks, n), VIPC_ERR_PERMISSION_DENIED);
        CHECK_OK(operation(c, 1, has, n));
        if (test_failures_ != bad) printf("    operation %d\n", n);
        SCENE_END(c);
    }
}
TEST(no_other_token_will_do)
{
    static scene c_, *c = &c_;
    for (int n = 0; n < OPS; n++) {
        scene_open(c);
        prepare(c);
        vipc_cap door = mock_endpoint(&c->m, 0, 4), his = mock_grant(&c->m, 0, c->s, 1, 0), gone = mock_derive(&c->m, 0, c->s, 0), wild = c->s, none = VIPC_INIT;
        CHECK_OK(vipc_close(ME, gone));
        int bad = test_failures_;
        REFUSED(c, operation(c, 0, his, n), VIPC_ERR_INVALID_CAPABILITY);     /* somebody else's */
        REFUSED(c, operation(c, 0, gone, n), VIPC_ERR_INVALID_CAPABILITY);
        for (int bit = 0; bit < 64; bit += 5) {
            wild.token = c->s.token ^ (uint64_t)1 << bit;
            if (wild.token == his.token || wild.token == door.token) continue;
            REFUSED(c, operation(c, 0, wild, n), VIPC_ERR_INVALID_CAPABILITY);
        }
        if (n < 19) {                                          /* destroy knows other things, too */
            REFUSED(c, operation(c, 0, door, n), VIPC_ERR_INVALID_CAPABILITY);
            REFUSED(c, operation(c, 0, none, n), VIPC_ERR_INVALID_CAPABILITY);
            CHECK_OK(vipc_space_adopt(ME, c->s));
            if (n < 18) CHECK_OK(operation(c, 0, none, n));    /* its own */
        }
        if (test_failures_ != bad) printf("    operation %d\n", n);
        SCENE_END(c);
    }
}
TEST(what_was_revoked_serves_no_more)
{
    static scene c_, *c = &c_;
    scene_open(c);
    prepare(c);
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, 0);
    CHECK_OK(operation(c, 1, his, 2));
    CHECK_OK(vipc_revoke(ME, c->s, VIPC_FOREVER));
    for (int n = 0; n < OPS; n++) CHECK_EQ(operation(c, 1, his, n), VIPC_ERR_INVALID_CAPABILITY);
    SCENE_END(c);
}
TEST(without_a_domain_nothing_works)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_cap his = mock_grant(&c->m, 0, c->s, 2, 0);
    mock_leave_domain(&c->m, 2);
    for (int n = 0; n < OPS; n++) CHECK_EQ(operation(c, 2, his, n), VIPC_ERR_NOT_INITIALIZED);
    SCENE_END(c);
}
TEST(where_results_go_must_be_said)
{
    static scene c_, *c = &c_;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_stack stack;
    unsigned char byte = 0;
    scene_open(c);
    prepare(c);
    d.size = PAGE;
    d.flags = ANON;
    memset(&stack, 0, sizeof stack);
    REFUSED(c, vipc_space_clone(ME, c->s, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_allocate(ME, c->s, PAGE, RW, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_mmap(ME, c->s, &d, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    vipc_addr at;
    REFUSED(c, vipc_space_mmap(ME, c->s, NULL, &at, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_stack_create(ME, c->s, NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, NULL, PAGE), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_find(ME, c->s, 0, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_get(ME, c->s, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_sharers(ME, c->s, SPOT, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_read(ME, c->s, SPOT, NULL, 1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_write(ME, c->s, SPOT, NULL, 1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_space_write(ME, c->s, SPOT, &byte, 1, NULL));
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- mapping */
TEST(allocate_rounds_up_and_finds_room)
{
    static scene c_, *c = &c_;
    vipc_addr a = 0, b = 0, d = 0;
    scene_open(c);
    REFUSED(c, vipc_space_allocate(ME, c->s, 0, RW, &a), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_space_allocate(ME, c->s, 1, RW, &a));
    CHECK(a % PAGE == 0 && a >= VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX);      /* above the heap's room */
    REGION(c, c->s, a, 1, VIPC_REGION_DATA, RW);
    CHECK_EQ(region_at(c, c->s, a).flags, VIPC_MAP_PRIVATE);
    CHECK_OK(vipc_space_allocate(ME, c->s, PAGE + 1, R, &b));
    REGION(c, c->s, b, 2, VIPC_REGION_DATA, R);
    CHECK_OK(vipc_space_allocate(ME, c->s, PAGE, NO_PROT, &d));
    CHECK_OK(store(c, c->s, a, 0x99));
    CHECK_EQ(load(c, c->s, a + 1), 0);                         /* zero-filled */
    CHECK_EQ(load(c, c->s, b + PAGE), 0);
    uint64_t room = VIPC_LAYOUT_USER_END - (VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX);
    static const uint64_t too_much[] = { VIPC_LAYOUT_USER_END, VIPC_LAYOUT_USER_END - LOW, ~(uint64_t)0 >> 1, (uint64_t)1 << 63, ~(uint64_t)0 - 4095 };
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) REFUSED(c, vipc_space_allocate(ME, c->s, too_much[i], RW, &d), VIPC_ERR_LIMIT);
    vipc_error e = vipc_space_allocate(ME, c->s, ~(uint64_t)0, RW, &d);       /* does not even round up */
    CHECK(e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_LIMIT);
    REFUSED(c, vipc_space_allocate(ME, c->s, room, RW, &d), VIPC_ERR_LIMIT);
    CHECK_OK(unmap_at(c, LOW, (VIPC_LAYOUT_USER_END - LOW) / PAGE));
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    CHECK_OK(vipc_space_allocate(ME, c->s, room, RW, &d));     /* all of it: one region, no frame */
    CHECK_EQ(used(c), c->nothing);
    CHECK_OK(vipc_space_free(ME, c->s, d, room, VIPC_FOREVER));
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    SCENE_END(c);
}
TEST(a_small_space_is_used_to_its_last_page)
{
    static scene c_, *c = &c_;
    vipc_config config = space_config(2, 256);
    vipc_space_desc d = VIPC_INIT;
    vipc_addr at, pages[64];
    d.start = 0x10000;
    d.end = 0x10000 + 64 * PAGE;
    scene_with(c, &config, 1, 256, &d);
    int taken[64] = { 0 };
    for (int i = 0; i < 64; i++) {
        REQUIRE_OK(vipc_space_allocate(ME, c->s, PAGE, i % 3 ? RW : R, &pages[i]));
        REQUIRE(pages[i] >= d.start && pages[i] < d.end && pages[i] % PAGE == 0);
        CHECK_EQ(taken[(pages[i] - d.start) / PAGE]++, 0);
    }
    REFUSED(c, vipc_space_allocate(ME, c->s, PAGE, RW, &at), VIPC_ERR_LIMIT);
    REFUSED(c, vipc_space_allocate(ME, c->s, 1, RW, &at), VIPC_ERR_LIMIT);
    for (int i = 0; i < 64; i++) CHECK_EQ(load(c, c->s, d.start + (uint64_t)i * PAGE), 0);
    CHECK_EQ(info_of(c, 0, c->s).pages, 64);
    CHECK_OK(unmap_at(c, d.start + 17 * PAGE, 1));
    CHECK_OK(unmap_at(c, d.start + 40 * PAGE, 2));
    REFUSED(c, vipc_space_allocate(ME, c->s, 3 * PAGE, RW, &at), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_space_allocate(ME, c->s, 2 * PAGE, RW, &at));
    CHECK(at == d.start + 40 * PAGE);
    CHECK_OK(vipc_space_allocate(ME, c->s, PAGE, RW, &at));
    CHECK(at == d.start + 17 * PAGE);
    CHECK_EQ(load(c, c->s, at), 0);
    CHECK_OK(unmap_at(c, d.start, 64));
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(free_wants_all_of_it_mapped)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 4, RW);
    put(c, SPOT + 6 * PAGE, 2, RW);
    CHECK_OK(store(c, c->s, SPOT + 3 * PAGE, 1));
    REFUSED(c, vipc_space_free(ME, c->s, SPOT, 5 * PAGE, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    REFUSED(c, vipc_space_free(ME, c->s, SPOT - PAGE, 2 * PAGE, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    REFUSED(c, vipc_space_free(ME, c->s, SPOT, 8 * PAGE, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    REFUSED(c, vipc_space_free(ME, c->s, SPOT + 20 * PAGE, PAGE, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    CHECK_OK(vipc_space_free(ME, c->s, SPOT + PAGE, PAGE, VIPC_FOREVER));      /* a part of one is well */
    REFUSED(c, vipc_space_free(ME, c->s, SPOT, 4 * PAGE, VIPC_FOREVER), VIPC_ERR_NOT_FOUND);
    put(c, SPOT + PAGE, 1, R);
    CHECK_OK(vipc_space_free(ME, c->s, SPOT, 3 * PAGE + 1, VIPC_FOREVER));     /* of several */
    CHECK_OK(vipc_space_free(ME, c->s, SPOT + 6 * PAGE, 2 * PAGE, VIPC_FOREVER));
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(d062_mmap_keeps_the_rules_of_posix)
{
    static scene c_, *c = &c_;
    vipc_addr got = 0;
    vipc_mmap_desc d = VIPC_INIT;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 7));
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, VIPC_MAP_ANONYMOUS, &got), VIPC_ERR_INVALID_ARGUMENT);            /* neither */
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, ANON | VIPC_MAP_SHARED, &got), VIPC_ERR_INVALID_ARGUMENT);        /* both */
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, VIPC_MAP_PRIVATE, &got), VIPC_ERR_INVALID_ARGUMENT);              /* of what? */
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, 0, &got), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_at(c, c->s, 0, 0, RW, ANON, &got), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_at(c, c->s, SPOT + 1, PAGE, RW, ANON | FIXED, &got), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_at(c, c->s, SPOT + 9 * PAGE + 1, PAGE, RW, ANON | VIPC_MAP_FIXED_NOREPLACE, &got), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, ANON | FIXED, &got), VIPC_ERR_INVALID_ARGUMENT);
    const uint32_t known = ANON | VIPC_MAP_SHARED | FIXED | ALL_AT_ONCE | VIPC_MAP_FIXED_NOREPLACE;
    for (uint32_t bit = 1; bit; bit <<= 1)
        if (!(bit & known)) REFUSED(c, mmap_at(c, c->s, 0, PAGE, RW, ANON | bit, &got), VIPC_ERR_INVALID_ARGUMENT);
    d.size = PAGE;
    d.flags = ANON;
    d.backing.token = 1;
    REFUSED(c, vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);      /* anonymous and not, at once */
    d.flags = VIPC_MAP_PRIVATE;
    REFUSED(c, vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    d.backing = c->s;
    REFUSED(c, vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    d.flags = ANON;
    d.backing.token = 0;
    d.offset = PAGE;
    REFUSED(c, vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    d.offset = 0;
    for (uint32_t type = VIPC_REGION_NONE; type < 20; type++)
        for (int shared = 0; shared < 2; shared++) {
            int good = type == VIPC_REGION_NONE || (shared ? type == VIPC_REGION_SHARED : type <= VIPC_REGION_RODATA);
            d.type = type;
            d.flags = shared ? COMMON : ANON;
            if (!good) REFUSED(c, vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
            else {
                CHECK_OK(vipc_space_mmap(ME, c->s, &d, &got, VIPC_FOREVER));
                CHECK_EQ(region_at(c, c->s, got).type, type ? type : shared ? VIPC_REGION_SHARED : VIPC_REGION_DATA);
                CHECK_EQ(region_at(c, c->s, got).flags, shared ? VIPC_MAP_SHARED : VIPC_MAP_PRIVATE);
                CHECK_OK(unmap_at(c, got, 1));
            }
        }
    REFUSED(c, mmap_at(c, c->s, SPOT + PAGE, 2 * PAGE, RW, ANON | VIPC_MAP_FIXED_NOREPLACE, &got), VIPC_ERR_EXISTS);
    REFUSED(c, mmap_at(c, c->s, SPOT, PAGE, RW, ANON | FIXED | VIPC_MAP_FIXED_NOREPLACE, &got), VIPC_ERR_EXISTS);
    REFUSED(c, mmap_at(c, c->s, SPOT - PAGE, 8 * PAGE, RW, COMMON | VIPC_MAP_FIXED_NOREPLACE, &got), VIPC_ERR_EXISTS);
    CHECK_OK(mmap_at(c, c->s, SPOT + 2 * PAGE, PAGE, RW, ANON | VIPC_MAP_FIXED_NOREPLACE, &got));              /* just beside it */
    CHECK(got == SPOT + 2 * PAGE);
    REGION(c, c->s, SPOT, 3, VIPC_REGION_DATA, RW);            /* and one with it */
    CHECK_OK(mmap_at(c, c->s, SPOT, 2 * PAGE, R, ANON | FIXED, &got));         /* FIXED replaces, content and all */
    CHECK(got == SPOT);
    REGION(c, c->s, SPOT, 2, VIPC_REGION_DATA, R);
    REGION(c, c->s, SPOT + 2 * PAGE, 1, VIPC_REGION_DATA, RW);
    CHECK_EQ(load(c, c->s, SPOT), 0);
    CHECK_EQ(store(c, c->s, SPOT, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(mmap_at(c, c->s, SPOT, PAGE, RW, ANON, &got));    /* a wish that cannot be */
    CHECK(got != SPOT && got % PAGE == 0);
    CHECK_OK(mmap_at(c, c->s, SPOT + 100 * PAGE, PAGE, RW, ANON, &got));       /* one that can */
    CHECK(got == SPOT + 100 * PAGE);
    CHECK_OK(mmap_at(c, c->s, SPOT + 200 * PAGE + 123, PAGE, RW, ANON, &got)); /* no more than a wish: unaligned, or outside */
    CHECK(got % PAGE == 0);
    CHECK_OK(mmap_at(c, c->s, ~(uint64_t)0, PAGE, RW, ANON, &got));
    CHECK(got % PAGE == 0 && got >= LOW && got < VIPC_LAYOUT_USER_END);
    CHECK_OK(mmap_at(c, c->s, 1, PAGE, RW, ANON, &got));
    CHECK(got % PAGE == 0 && got >= LOW && got < VIPC_LAYOUT_USER_END);
    CHECK_OK(mmap_at(c, c->s, VIPC_LAYOUT_USER_END - PAGE, 2 * PAGE, RW, ANON, &got));
    CHECK(got % PAGE == 0 && got >= LOW && got + 2 * PAGE <= VIPC_LAYOUT_USER_END);
    CHECK_OK(mmap_at(c, c->s, LOW, 1, RW, ANON | FIXED, &got));                /* the first page, and the last */
    CHECK_OK(mmap_at(c, c->s, VIPC_LAYOUT_USER_END - PAGE, PAGE, RW, ANON | FIXED, &got));
    CHECK_OK(store(c, c->s, VIPC_LAYOUT_USER_END - 1, 3));
    CHECK_OK(store(c, c->s, LOW, 3));
    SCENE_END(c);
}
TEST(populate_gives_all_frames_at_once)
{
    static scene c_, *c = &c_;
    vipc_addr got;
    scene_open(c);
    CHECK_OK(mmap_at(c, c->s, SPOT, 100 * PAGE, RW, ANON | ALL_AT_ONCE, &got));
    CHECK_EQ(info_of(c, 0, c->s).pages, 100);
    for (uint64_t i = 0; i < 100; i++) CHECK_EQ(sharers(c, c->s, SPOT + i * PAGE), 1);
    uint64_t had = used(c), copied = info_of(c, 0, c->s).zeroed;
    for (uint64_t i = 0; i < 100; i++) CHECK_EQ(load(c, c->s, SPOT + i * PAGE + i), 0);
    CHECK_EQ(used(c), had);
    CHECK_EQ(info_of(c, 0, c->s).zeroed, copied);
    CHECK(c->m.faults < 60);                                   /* neighbours come along */
    put_shared(c, SPOT + 200 * PAGE, 50, RW);                  /* shared memory always has */
    CHECK_EQ(info_of(c, 0, c->s).pages, 150);
    CHECK_EQ(info_of(c, 0, c->s).pages_shared, 0);
    put(c, SPOT + 300 * PAGE, 50, RW);
    CHECK_EQ(info_of(c, 0, c->s).pages, 150);
    REFUSED(c, mmap_at(c, c->s, SPOT + 400 * PAGE, 400 * PAGE, RW, ANON | ALL_AT_ONCE, &got), VIPC_ERR_OUT_OF_MEMORY);
    REFUSED(c, mmap_at(c, c->s, 0, 400 * PAGE, RW, COMMON, &got), VIPC_ERR_OUT_OF_MEMORY);
    REFUSED(c, mmap_at(c, c->s, SPOT + 400 * PAGE, 400 * PAGE, RW, COMMON | FIXED, &got), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_OK(unmap_at(c, SPOT, 1000));
    CHECK_EQ(used(c), c->nothing);
    CHECK_OK(mmap_at(c, c->s, SPOT, 400 * PAGE, NO_PROT, ANON | ALL_AT_ONCE, &got));
    CHECK_EQ(info_of(c, 0, c->s).pages, 400);
    SCENE_END(c);
}
TEST(a_fault_without_frames_leaves_no_tables)
{
    static scene c_, *c = &c_;
    for (uint64_t n = 1;; n++) {                               /* the n-th frame that it asks for is not to be had: one of the page map's, or the page */
        scene_open(c);
        put(c, SPOT, 1, RW);
        const uint64_t had = used(c);
        mock_fail(&c->m, MOCK_ALLOC, n, VIPC_ERR_OUT_OF_MEMORY);
        vipc_error e = vipc_page_fault(ME, c->s, SPOT, W, NULL);
        const bool failed = c->m.failures != 0;
        mock_heal(&c->m);
        CHECK_EQ(e, failed ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK);
        if (failed) {
            CHECK_EQ(used(c), had);
            CHECK_EQ(info_of(c, 0, c->s).table_frames, 0);
            CHECK_OK(vipc_page_fault(ME, c->s, SPOT, W, NULL));
        }
        CHECK_EQ(used(c), had + info_of(c, 0, c->s).table_frames + 1);
        SCENE_END(c);
        if (!failed) { CHECK(n > 2); break; }
    }
}
TEST(frames_beyond_the_config_come_into_no_space)
{
    static scene c_, *c = &c_;
    vipc_config d = space_config(2, 16);                       /* of 64 */
    scene_with(c, &d, 1, 64, NULL);
    put(c, SPOT, 64, RW);
    int i = 0, e = 0;
    while (i < 64 && (e = (int)store(c, c->s, SPOT + (uint64_t)i * PAGE, 1)) == VIPC_OK) i++;
    CHECK(i > 4 && i <= 16);
    CHECK(e == VIPC_ERR_OUT_OF_MEMORY || e == VIPC_ERR_HOOK);
    uint64_t had = used(c);
    CHECK(store(c, c->s, SPOT + 63 * PAGE, 1) != VIPC_OK);
    CHECK_EQ(used(c), had);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- unmapping */
TEST(unmap_splits_and_passes_over_holes)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 10, RW);
    for (uint64_t i = 0; i < 10; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i + 1));
    CHECK_OK(unmap_at(c, SPOT + 4 * PAGE, 2));                 /* the middle */
    REGION(c, c->s, SPOT, 4, VIPC_REGION_DATA, RW);
    REGION(c, c->s, SPOT + 6 * PAGE, 4, VIPC_REGION_DATA, RW);
    CHECK_EQ(load(c, c->s, SPOT + 4 * PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, c->s, SPOT + 5 * PAGE), VIPC_ERR_FAULT);
    CHECK_OK(unmap_at(c, SPOT, 1));                            /* the head */
    CHECK_OK(unmap_at(c, SPOT + 9 * PAGE, 1));                 /* the tail */
    REGION(c, c->s, SPOT + PAGE, 3, VIPC_REGION_DATA, RW);
    REGION(c, c->s, SPOT + 6 * PAGE, 3, VIPC_REGION_DATA, RW);
    for (uint64_t i = 0; i < 10; i++) {
        int there = (i >= 1 && i < 4) || (i >= 6 && i < 9);
        CHECK_EQ(load(c, c->s, SPOT + i * PAGE), there ? (int)i + 1 : VIPC_ERR_FAULT);
    }
    CHECK_EQ(info_of(c, 0, c->s).pages, 6);
    put(c, SPOT + 4 * PAGE, 2, R);
    CHECK_OK(unmap_at(c, SPOT + 3 * PAGE, 4));                 /* the end of one, another, the beginning of a third */
    REGION(c, c->s, SPOT + PAGE, 2, VIPC_REGION_DATA, RW);
    REGION(c, c->s, SPOT + 7 * PAGE, 2, VIPC_REGION_DATA, RW);
    CHECK_OK(unmap_at(c, SPOT - 100 * PAGE, 1000));            /* with holes */
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    CHECK_EQ(used(c), c->nothing);
    CHECK_OK(unmap_at(c, SPOT, 1));                            /* nothing there: no error */
    CHECK_OK(unmap_at(c, LOW, (VIPC_LAYOUT_USER_END - LOW) / PAGE));
    put(c, SPOT, 2, RW);                                       /* zero again */
    CHECK_EQ(load(c, c->s, SPOT), 0);
    CHECK_OK(vipc_space_unmap(ME, c->s, SPOT, 1, VIPC_FOREVER));       /* rounded up */
    REGION(c, c->s, SPOT + PAGE, 1, VIPC_REGION_DATA, RW);
    SCENE_END(c);
}
TEST(one_flush_however_large)
{
    static scene c_, *c = &c_;
    vipc_config d = space_config(2, 1024);
    const uint64_t gib = (uint64_t)1 << 30;
    scene_with(c, &d, 1, 1024, NULL);
    put(c, SPOT, gib / PAGE, RW);
    for (uint64_t i = 0; i < 256; i++) CHECK_OK(store(c, c->s, SPOT + i * (gib / 256), 1));
    CHECK_EQ(info_of(c, 0, c->s).pages, 256);
    c->m.calls[MOCK_FLUSH] = c->m.calls[MOCK_UNMAP] = 0;
    CHECK_OK(unmap_at(c, SPOT, gib / PAGE));
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    CHECK_EQ(used(c), c->nothing);
    CHECK_EQ(c->m.stale, 0);
    put(c, SPOT, gib / PAGE, RW);                              /* of many regions */
    for (uint64_t i = 0; i < 32; i++) {
        CHECK_OK(store(c, c->s, SPOT + i * 8 * PAGE, 1));
        CHECK_OK(protect_at(c, SPOT + i * 8 * PAGE, 1, R));
    }
    c->m.calls[MOCK_FLUSH] = 0;
    CHECK_OK(unmap_at(c, SPOT, gib / PAGE));
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    CHECK_EQ(used(c), c->nothing);
    put(c, SPOT, gib / PAGE, RW);                              /* what nobody has touched needs none */
    c->m.calls[MOCK_FLUSH] = c->m.calls[MOCK_UNMAP] = 0;
    CHECK_OK(unmap_at(c, SPOT, gib / PAGE));
    CHECK_EQ(c->m.calls[MOCK_FLUSH] + c->m.calls[MOCK_UNMAP], 0);
    put(c, SPOT, 64, RW);
    for (uint64_t i = 0; i < 64; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 1));
    c->m.calls[MOCK_FLUSH] = 0;
    CHECK_OK(protect_at(c, SPOT, 64, R));
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    CHECK_OK(protect_at(c, SPOT, 64, RW));                     /* wider: nothing is taken away */
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    c->m.calls[MOCK_FLUSH] = 0;
    vipc_cap copy = clone(c, c->s);
    CHECK(c->m.calls[MOCK_FLUSH] <= 1);
    CHECK_OK(store(c, c->s, SPOT, 2));
    CHECK_OK(vipc_close(ME, copy));
    for (uint64_t i = 0; i < 64; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 1));
    c->m.calls[MOCK_FLUSH] = 0;
    copy = clone(c, c->s);
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    c->m.calls[MOCK_FLUSH] = 0;
    vipc_addr got;
    CHECK_OK(mmap_at(c, c->s, SPOT, 64 * PAGE, RW, ANON | FIXED, &got));
    CHECK_EQ(c->m.calls[MOCK_FLUSH], 1);
    SCENE_END(c);
}
TEST(a_split_needs_a_region)
{
    static scene c_, *c = &c_;
    vipc_config d = space_config(2, 256);
    vipc_addr got;
    d.max_regions = 8;
    scene_with(c, &d, 1, 256, NULL);
    for (uint64_t i = 0; i < 8; i++) put(c, SPOT + i * 16 * PAGE, 8, RW);
    CHECK_OK(store(c, c->s, SPOT + PAGE, 9));
    REFUSED(c, vipc_space_allocate(ME, c->s, PAGE, R, &got), VIPC_ERR_LIMIT);
    REFUSED(c, unmap_at(c, SPOT + PAGE, 1), VIPC_ERR_LIMIT);
    REFUSED(c, protect_at(c, SPOT + PAGE, 1, R), VIPC_ERR_LIMIT);
    REFUSED(c, vipc_space_grow_heap(ME, c->s, PAGE, NULL), VIPC_ERR_LIMIT);
    REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT - PAGE, PAGE, R, 0), VIPC_ERR_LIMIT);
    vipc_stack stack;
    REFUSED(c, vipc_space_stack_create(ME, c->s, NULL, &stack), VIPC_ERR_LIMIT);
    REFUSED(c, mmap_at(c, c->s, SPOT + PAGE, PAGE, R, ANON | FIXED, &got), VIPC_ERR_LIMIT);
    vipc_cap other;
    REFUSED(c, vipc_space_clone(ME, c->s, &other, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_OK(unmap_at(c, SPOT + 7 * 16 * PAGE, 8));            /* a whole one can go */
    CHECK_OK(unmap_at(c, SPOT + 6 * 16 * PAGE, 8));
    CHECK_OK(unmap_at(c, SPOT + PAGE, 1));
    CHECK_EQ(load(c, c->s, SPOT + PAGE), VIPC_ERR_FAULT);
    SCENE_END(c);
}
TEST(neighbours_that_are_alike_are_one)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 1, RW);
    put(c, SPOT + 2 * PAGE, 1, RW);
    CHECK_EQ(info_of(c, 0, c->s).regions, 2);
    put(c, SPOT + PAGE, 1, RW);                                /* both sides */
    CHECK_EQ(info_of(c, 0, c->s).regions, 1);
    REGION(c, c->s, SPOT, 3, VIPC_REGION_DATA, RW);
    put(c, SPOT + 3 * PAGE, 1, R);                             /* not alike */
    CHECK_EQ(info_of(c, 0, c->s).regions, 2);
    put_shared(c, SPOT + 4 * PAGE, 1, R);
    CHECK_EQ(info_of(c, 0, c->s).regions, 3);
    put_shared(c, SPOT + 5 * PAGE, 1, R);
    CHECK_EQ(info_of(c, 0, c->s).regions, 3);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 10 * PAGE, PAGE, R, VIPC_UNCACHED));
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE + PAGE, SPOT + 11 * PAGE, PAGE, R, VIPC_UNCACHED));      /* goes on where the first ends */
    CHECK_EQ(info_of(c, 0, c->s).regions, 4);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE + 3 * PAGE, SPOT + 12 * PAGE, PAGE, R, VIPC_UNCACHED));  /* does not */
    CHECK_EQ(info_of(c, 0, c->s).regions, 5);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE + 4 * PAGE, SPOT + 13 * PAGE, PAGE, R, VIPC_WRITE_COMBINING));
    CHECK_EQ(info_of(c, 0, c->s).regions, 6);
    vipc_space_region r = region_at(c, c->s, SPOT + 11 * PAGE);
    CHECK(r.physical == DEVICE && r.start == SPOT + 10 * PAGE);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- protecting */
TEST(protect_over_several_and_back)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 10, RW);
    for (uint64_t i = 0; i < 10; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i + 1));
    REFUSED(c, protect_at(c, SPOT + 5 * PAGE, 6, R), VIPC_ERR_NOT_FOUND);
    REFUSED(c, protect_at(c, SPOT - PAGE, 2, R), VIPC_ERR_NOT_FOUND);
    REFUSED(c, protect_at(c, SPOT + 100 * PAGE, 1, R), VIPC_ERR_NOT_FOUND);
    CHECK_OK(protect_at(c, SPOT + 3 * PAGE, 2, R));
    CHECK_EQ(info_of(c, 0, c->s).regions, 3);
    REGION(c, c->s, SPOT + 3 * PAGE, 2, VIPC_REGION_DATA, R);
    CHECK_EQ(store(c, c->s, SPOT + 3 * PAGE, 99), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(load(c, c->s, SPOT + 3 * PAGE), 4);
    CHECK_OK(store(c, c->s, SPOT + 5 * PAGE, 66));
    CHECK_OK(protect_at(c, SPOT + PAGE, 7, NO_PROT));          /* over all three */
    CHECK_EQ(info_of(c, 0, c->s).regions, 3);
    for (uint64_t i = 1; i < 8; i++) CHECK_EQ(load(c, c->s, SPOT + i * PAGE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_space_protect(ME, c->s, SPOT + PAGE, 6 * PAGE + 1, RX, VIPC_FOREVER));       /* rounded up */
    CHECK_OK(fetch(c, c->s, SPOT + 7 * PAGE));
    CHECK_EQ(store(c, c->s, SPOT + 7 * PAGE, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(protect_at(c, SPOT + PAGE, 7, RW));               /* and back: one again */
    CHECK_EQ(info_of(c, 0, c->s).regions, 1);
    REGION(c, c->s, SPOT, 10, VIPC_REGION_DATA, RW);
    for (uint64_t i = 0; i < 10; i++) CHECK_EQ(load(c, c->s, SPOT + i * PAGE), i == 5 ? 66 : (int)i + 1);
    CHECK_EQ(fetch(c, c->s, SPOT + 7 * PAGE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(protect_at(c, SPOT, 10, RW));                     /* as it is */
    CHECK_OK(protect_at(c, SPOT, 10, W));
    CHECK_EQ(load(c, c->s, SPOT), 1);                          /* WRITE lets read */
    CHECK_OK(protect_at(c, SPOT, 10, X));
    CHECK_EQ(load(c, c->s, SPOT), 1);
    CHECK_OK(fetch(c, c->s, SPOT));
    CHECK_EQ(store(c, c->s, SPOT, 1), VIPC_ERR_PERMISSION_DENIED);
    put_shared(c, SPOT + 20 * PAGE, 3, RW);                    /* shared, and devices, too */
    CHECK_OK(store(c, c->s, SPOT + 21 * PAGE, 5));
    CHECK_OK(protect_at(c, SPOT + 21 * PAGE, 1, R));
    CHECK_EQ(store(c, c->s, SPOT + 21 * PAGE, 6), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(protect_at(c, SPOT + 21 * PAGE, 1, RW));
    CHECK_OK(store(c, c->s, SPOT + 21 * PAGE, 6));
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 30 * PAGE, 4 * PAGE, RW, VIPC_UNCACHED));
    CHECK_OK(store(c, c->s, SPOT + 31 * PAGE, 5));
    CHECK_OK(protect_at(c, SPOT + 31 * PAGE, 2, R));
    CHECK_EQ(store(c, c->s, SPOT + 31 * PAGE, 5), VIPC_ERR_PERMISSION_DENIED);
    CHECK(region_at(c, c->s, SPOT + 31 * PAGE).physical == DEVICE + PAGE);
    CHECK(region_at(c, c->s, SPOT + 33 * PAGE).physical == DEVICE + 3 * PAGE);
    CHECK_OK(protect_at(c, SPOT + 30 * PAGE, 4, RW));
    CHECK_OK(store(c, c->s, SPOT + 31 * PAGE, 5));
    CHECK_EQ(region_at(c, c->s, SPOT + 33 * PAGE).start, SPOT + 30 * PAGE);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- devices */
TEST(device_memory)
{
    static scene c_, *c = &c_;
    uint32_t access, cache, n = 77;
    uint64_t frame;
    unsigned char byte = 0;
    scene_open(c);
    put(c, SPOT, 1, RW);
    REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT, PAGE, RW, VIPC_UNCACHED), VIPC_ERR_EXISTS);
    REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT - 3 * PAGE, 8 * PAGE, RW, VIPC_UNCACHED), VIPC_ERR_EXISTS);
    REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE + 1, SPOT + PAGE, PAGE, RW, VIPC_UNCACHED), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_map_physical(ME, c->s, 0 - PAGE, SPOT + PAGE, 2 * PAGE, RW, VIPC_UNCACHED), VIPC_ERR_INVALID_ARGUMENT);
    for (uint32_t bad = 4; bad; bad <<= 1) REFUSED(c, vipc_space_map_physical(ME, c->s, DEVICE, SPOT + PAGE, PAGE, RW, bad), VIPC_ERR_INVALID_ARGUMENT);
    uint64_t had = used(c);
    for (uint32_t k = VIPC_WRITE_BACK; k <= VIPC_WRITE_COMBINING; k++) {
        vipc_addr at = SPOT + (10 + 10 * (uint64_t)k) * PAGE;
        CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE + k * 0x100000, at, 3 * PAGE - 5, RW, k));
        vipc_space_region r = region_at(c, c->s, at + PAGE);
        CHECK(r.start == at && r.end == at + 3 * PAGE && r.type == VIPC_REGION_DEVICE && r.prot == RW && r.cache == k && r.physical == DEVICE + k * 0x100000);
        CHECK(vipc_mock_translation(&c->m, c->root, at + 2 * PAGE, &frame, &access, &cache));  /* at once */
        CHECK(frame == (DEVICE + k * 0x100000) / PAGE + 2 && access == RW && cache == k);
    }
    CHECK_EQ(c->m.faults, 0);
    CHECK_EQ(load(c, c->s, SPOT + 21 * PAGE + 0x12), 0x12);
    CHECK_OK(store(c, c->s, SPOT + 21 * PAGE, 1));
    CHECK_EQ(c->m.device_stores, 1);
    CHECK_EQ(c->m.faults, 0);
    vipc_mock_forget(&c->m, c->root);                          /* the port may forget: a fault brings it back */
    CHECK_OK(store(c, c->s, SPOT + 21 * PAGE, 1));
    CHECK(vipc_mock_translation(&c->m, c->root, SPOT + 21 * PAGE, &frame, &access, &cache) && frame == (DEVICE + 0x100000) / PAGE + 1 && cache == 1);
    CHECK_EQ(vipc_space_sharers(ME, c->s, SPOT + 21 * PAGE, &n), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_space_read(ME, c->s, SPOT + 21 * PAGE, &byte, 1, NULL), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_space_write(ME, c->s, SPOT + 21 * PAGE, &byte, 1, NULL), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(info_of(c, 0, c->s).pages, 0);
    CHECK_EQ(used(c), had);
    CHECK_OK(unmap_at(c, SPOT + 21 * PAGE, 1));                /* the middle of one: what is left knows where it is */
    CHECK(region_at(c, c->s, SPOT + 20 * PAGE).physical == DEVICE + 0x100000);
    CHECK(region_at(c, c->s, SPOT + 22 * PAGE).physical == DEVICE + 0x100000 + 2 * PAGE);
    CHECK_EQ(load(c, c->s, SPOT + 21 * PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, c->s, SPOT + 22 * PAGE + 3), 3);
    CHECK_OK(vipc_space_map_physical(ME, c->s, 0 - 2 * PAGE, SPOT + 100 * PAGE, 2 * PAGE, R, 0) == VIPC_ERR_INVALID_ARGUMENT ? VIPC_OK : VIPC_OK);  /* the last pages there are: either */
    CHECK_OK(vipc_space_map_physical(ME, c->s, 0, SPOT + 110 * PAGE, PAGE, NO_PROT, 0) == VIPC_OK ? VIPC_OK : VIPC_ERR_HOOK);
    CHECK_EQ(load(c, c->s, SPOT + 110 * PAGE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(unmap_at(c, SPOT + 110 * PAGE, 1));
    CHECK_OK(protect_at(c, SPOT + 10 * PAGE, 3, NO_PROT));     /* given back by a fault */
    CHECK_EQ(load(c, c->s, SPOT + 10 * PAGE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(protect_at(c, SPOT + 10 * PAGE, 3, R));
    CHECK_EQ(load(c, c->s, SPOT + 10 * PAGE + 9), 9);
    SCENE_END(c);
}
TEST(e012_what_is_shared_or_a_device_is_not_freed_under_the_others)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put_shared(c, SPOT, 4, RW);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 10 * PAGE, 4 * PAGE, RW, VIPC_UNCACHED));
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 10 + (unsigned)i));
    vipc_cap copy = clone(c, c->s);
    for (uint64_t i = 0; i < 4; i++) CHECK_EQ(sharers(c, copy, SPOT + i * PAGE), 2);
    uint64_t had = used(c), freed = c->m.calls[MOCK_FREE];
    CHECK_OK(unmap_at(c, SPOT, 14));                           /* the first one unmaps both */
    CHECK_EQ(c->m.calls[MOCK_FREE] - freed, had - used(c));    /* nodes of its own map at most: no frame of memory */
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_EQ(load(c, copy, SPOT + i * PAGE), 10 + (int)i);
        CHECK_EQ(sharers(c, copy, SPOT + i * PAGE), 1);
    }
    CHECK_EQ(load(c, copy, SPOT + 11 * PAGE + 7), 7);
    CHECK_OK(vipc_space_unmap(ME, copy, SPOT, 4 * PAGE, VIPC_FOREVER));        /* the last one frees */
    CHECK(used(c) <= had - 4);
    CHECK_EQ(load(c, copy, SPOT + 11 * PAGE + 7), 7);
    CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    CHECK_EQ(c->m.device_stores, 0);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- heap */
TEST(d051_a_break_below_the_heap_is_an_invalid_argument)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_addr now = 5;
    for (int full = 0; full < 2; full++) {
        REFUSED(c, vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP - 1, &now, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP - PAGE, &now, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_space_set_break(ME, c->s, 0, &now, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
        REFUSED(c, vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX + 1, &now, VIPC_FOREVER), VIPC_ERR_LIMIT);
        REFUSED(c, vipc_space_set_break(ME, c->s, ~(vipc_addr)0, &now, VIPC_FOREVER), VIPC_ERR_LIMIT);
        REFUSED(c, vipc_space_set_break(ME, c->s, (vipc_addr)1 << 63, &now, VIPC_FOREVER), VIPC_ERR_LIMIT);
        CHECK_EQ(now, 5);
        CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + 3 * PAGE, NULL, VIPC_FOREVER));
    }
    CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX, &now, VIPC_FOREVER));     /* its maximum */
    CHECK(now == VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX);
    CHECK_OK(store(c, c->s, now - 1, 1));
    CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP, &now, VIPC_FOREVER));            /* its start */
    CHECK_EQ(info_of(c, 0, c->s).regions, 0);
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(d052_growth_that_overflows_is_a_limit)
{
    static scene c_, *c = &c_;
    vipc_addr was = 5;
    scene_open(c);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 3 * PAGE, &was));
    CHECK(was == VIPC_LAYOUT_HEAP);
    static const uint64_t too_much[] = { ~(uint64_t)0, ~(uint64_t)0 - 4095, 0 - VIPC_LAYOUT_HEAP - 3 * 4096, 0 - VIPC_LAYOUT_HEAP - 3 * 4096 - 1, (uint64_t)1 << 63, VIPC_LAYOUT_HEAP_MAX, VIPC_LAYOUT_HEAP_MAX - 3 * 4096 + 1 };
    was = 5;
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) REFUSED(c, vipc_space_grow_heap(ME, c->s, too_much[i], &was), VIPC_ERR_LIMIT);
    CHECK_EQ(was, 5);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 0, &was));         /* asks */
    CHECK(was == VIPC_LAYOUT_HEAP + 3 * PAGE);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, VIPC_LAYOUT_HEAP_MAX - 3 * PAGE, NULL));
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 0, &was));
    CHECK(was == VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX);
    REFUSED(c, vipc_space_grow_heap(ME, c->s, 1, &was), VIPC_ERR_LIMIT);
    SCENE_END(c);
}
TEST(d060_the_heap_maps_and_unmaps_pages)
{
    static scene c_, *c = &c_;
    vipc_addr now = 0;
    scene_open(c);
    vipc_addr heap = VIPC_LAYOUT_HEAP;
    CHECK_EQ(load(c, c->s, heap), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 1, &now, VIPC_FOREVER));    /* any address */
    CHECK(now == heap + 1 && info_of(c, 0, c->s).brk == heap + 1);
    REGION(c, c->s, heap, 1, VIPC_REGION_HEAP, RW);
    CHECK_OK(store(c, c->s, heap + 4000, 4));
    CHECK_EQ(load(c, c->s, heap + PAGE), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + PAGE, &now, VIPC_FOREVER)); /* within the page: nothing changes */
    REGION(c, c->s, heap, 1, VIPC_REGION_HEAP, RW);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 5 * PAGE + 7, &now, VIPC_FOREVER));
    REGION(c, c->s, heap, 6, VIPC_REGION_HEAP, RW);            /* one region */
    for (uint64_t i = 1; i < 6; i++) CHECK_OK(store(c, c->s, heap + i * PAGE, (unsigned)i));
    CHECK_EQ(load(c, c->s, heap + 4000), 4);
    uint64_t had = used(c);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 2 * PAGE + 1, &now, VIPC_FOREVER));
    CHECK_EQ(had - used(c), 3);
    REGION(c, c->s, heap, 3, VIPC_REGION_HEAP, RW);
    CHECK_EQ(load(c, c->s, heap + 2 * PAGE), 2);
    CHECK_EQ(load(c, c->s, heap + 3 * PAGE), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 4 * PAGE, &now, VIPC_FOREVER));
    CHECK_EQ(load(c, c->s, heap + 3 * PAGE), 0);               /* what comes back is zero */
    put(c, heap + 6 * PAGE, 1, RW);                            /* in the way */
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 6 * PAGE, &now, VIPC_FOREVER));
    now = 5;
    REFUSED(c, vipc_space_set_break(ME, c->s, heap + 6 * PAGE + 1, &now, VIPC_FOREVER), VIPC_ERR_EXISTS);
    REFUSED(c, vipc_space_grow_heap(ME, c->s, 10 * PAGE, &now), VIPC_ERR_EXISTS);
    CHECK_EQ(now, 5);
    CHECK_OK(unmap_at(c, heap + 6 * PAGE, 1));
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 10 * PAGE, &now));
    CHECK(now == heap + 6 * PAGE);
    /* one layout: heap, stacks and what is mapped anywhere keep clear of one another */
    vipc_addr at;
    vipc_stack stack;
    CHECK_OK(vipc_space_allocate(ME, c->s, PAGE, RW, &at));
    CHECK_OK(vipc_space_stack_create(ME, c->s, NULL, &stack));
    vipc_space_info i = info_of(c, 0, c->s);
    CHECK(at >= i.heap_start + i.heap_max && stack.bottom >= i.heap_start + i.heap_max && stack.top <= i.stack_end);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap, &now, VIPC_FOREVER));
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + VIPC_LAYOUT_HEAP_MAX, &now, VIPC_FOREVER));
    SCENE_END(c);
}
TEST(d067_what_is_mapped_anywhere_keeps_clear_of_the_heap)
{
    static scene c_, *c = &c_;
    vipc_addr got, now;
    scene_open(c);
    for (int i = 0; i < 40; i++) {                             /* whatever its kind and size, before the heap has grown */
        vipc_error e = i % 3 ? vipc_space_allocate(ME, c->s, (uint64_t)PAGE << i % 20, RW, &got) : mmap_at(c, c->s, 0, PAGE, RW, COMMON, &got);
        CHECK_OK(e);
        CHECK(got >= VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX && got < VIPC_LAYOUT_USER_END);
    }
    CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + VIPC_LAYOUT_HEAP_MAX, &now, VIPC_FOREVER));
    CHECK_OK(store(c, c->s, now - 1, 1));
    CHECK_OK(vipc_space_allocate(ME, c->s, PAGE, RW, &got));
    CHECK(got >= now);
    SCENE_END(c);
}
TEST(holes_in_the_heap_are_its_owners)
{
    static scene c_, *c = &c_;
    vipc_addr heap = VIPC_LAYOUT_HEAP, now;
    scene_open(c);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 8 * PAGE, NULL, VIPC_FOREVER));
    for (uint64_t i = 0; i < 8; i++) CHECK_OK(store(c, c->s, heap + i * PAGE, (unsigned)i + 1));
    CHECK_OK(unmap_at(c, heap + 2 * PAGE, 2));
    CHECK_OK(protect_at(c, heap + 5 * PAGE, 1, R));
    CHECK_OK(vipc_space_grow_heap(ME, c->s, PAGE, &now));      /* the end is free: fine */
    CHECK(now == heap + 8 * PAGE);
    CHECK_EQ(load(c, c->s, heap + 3 * PAGE), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 3 * PAGE, &now, VIPC_FOREVER));     /* over hole and all */
    REGION(c, c->s, heap, 2, VIPC_REGION_HEAP, RW);
    CHECK_EQ(info_of(c, 0, c->s).regions, 1);
    CHECK_EQ(info_of(c, 0, c->s).pages, 2);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 4 * PAGE, &now, VIPC_FOREVER));
    CHECK_EQ(load(c, c->s, heap + 2 * PAGE), VIPC_ERR_FAULT);  /* the break moves from where it was: the hole stays */
    CHECK_EQ(load(c, c->s, heap + 3 * PAGE), 0);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- stacks */
static vipc_stack stack_of(scene *c, uint64_t size, uint64_t first, uint64_t guard)
{
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack out;
    d.size = size;
    d.first = first;
    d.guard = guard;
    memset(&out, 0, sizeof out);
    REQUIRE_OK(vipc_space_stack_create(ME, c->s, &d, &out));
    return out;
}
TEST(d053_each_thread_has_a_stack_of_its_own)
{
    static scene c_, *c = &c_;
    vipc_stack s[6];
    scene_open(c);
    for (int i = 0; i < 6; i++) {
        s[i] = stack_of(c, i % 2 ? 0 : 16 * PAGE, 0, 0);
        CHECK_EQ(s[i].top - s[i].bottom, i % 2 ? VIPC_LAYOUT_STACK : 16 * PAGE);
        CHECK(s[i].sp == s[i].top && s[i].guard == PAGE && s[i].top % PAGE == 0 && s[i].top <= VIPC_LAYOUT_STACK_END);
        for (int k = 0; k < i; k++) CHECK(s[i].top <= s[k].bottom || s[i].bottom >= s[k].top);
        CHECK_OK(store(c, c->s, s[i].sp - 1, 10 + (unsigned)i));
        CHECK_OK(store(c, c->s, s[i].bottom + PAGE, 20 + (unsigned)i));        /* its lowest */
    }
    CHECK(s[0].top == VIPC_LAYOUT_STACK_END);                  /* the highest that is free */
    CHECK(s[1].top == s[0].bottom);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(load(c, c->s, s[i].sp - 1), 10 + i);
        CHECK_EQ(load(c, c->s, s[i].bottom + PAGE), 20 + i);
        CHECK_EQ(load(c, c->s, s[i].bottom), VIPC_ERR_GUARD_PAGE);
    }
    CHECK_OK(vipc_space_unmap(ME, c->s, s[1].bottom, s[1].top - s[1].bottom, VIPC_FOREVER));
    CHECK_EQ(load(c, c->s, s[1].bottom), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, c->s, s[0].bottom + PAGE), 20);
    CHECK_EQ(load(c, c->s, s[2].sp - 1), 12);
    vipc_stack again = stack_of(c, 0, 0, 0);
    CHECK(again.top == s[1].top && again.bottom == s[1].bottom);
    CHECK_EQ(load(c, c->s, again.sp - 1), 0);
    SCENE_END(c);
}
TEST(d054_a_stacks_size_is_whole_pages_within_bounds)
{
    static scene c_, *c = &c_;
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack s, out;
    scene_open(c);
    s = stack_of(c, 8193, 0, 0);
    CHECK_EQ(s.top - s.bottom, 3 * PAGE);
    CHECK(s.bottom % PAGE == 0 && s.top % PAGE == 0);
    s = stack_of(c, 8192, 0, 0);                               /* the least: one page, one guard */
    CHECK_EQ(s.top - s.bottom, 2 * PAGE);
    CHECK_EQ(vipc_stack_usable(&s), PAGE);
    CHECK_OK(store(c, c->s, s.top - PAGE, 1));
    CHECK_EQ(load(c, c->s, s.top - PAGE - 1), VIPC_ERR_GUARD_PAGE);
    static const struct { uint64_t size, first, guard; vipc_error e; } wrong[] = {
        { 1, 0, 0, VIPC_ERR_INVALID_ARGUMENT }, { 4096, 0, 0, VIPC_ERR_INVALID_ARGUMENT }, { 8191, 0, 0, VIPC_ERR_INVALID_ARGUMENT },
        { 8192, 0, 8192, VIPC_ERR_INVALID_ARGUMENT }, { 8192, 0, 4097, VIPC_ERR_INVALID_ARGUMENT }, { 8192, 0, ~(uint64_t)0, VIPC_ERR_INVALID_ARGUMENT },
        { ~(uint64_t)0, 0, 0, VIPC_ERR_INVALID_ARGUMENT }, { ~(uint64_t)0 - 4095, 0, 0, VIPC_ERR_LIMIT }, { (uint64_t)1 << 63, 0, 0, VIPC_ERR_LIMIT },
        { VIPC_LAYOUT_STACK_END, 0, 0, VIPC_ERR_LIMIT }, { 65536, 61441, 0, VIPC_ERR_INVALID_ARGUMENT }, { 65536, ~(uint64_t)0, 0, VIPC_ERR_INVALID_ARGUMENT }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int bad = test_failures_;
        d.size = wrong[i].size;
        d.first = wrong[i].first;
        d.guard = wrong[i].guard;
        REFUSED(c, vipc_space_stack_create(ME, c->s, &d, &out), wrong[i].e);
        if (test_failures_ != bad) printf("    stack %d\n", (int)i);
    }
    s = stack_of(c, 65536, 61440, 0);                          /* all of it from the start */
    CHECK_EQ(region_at(c, c->s, s.bottom).guard, 1);
    REGION(c, c->s, s.bottom + PAGE, 15, VIPC_REGION_STACK, RW);
    s = stack_of(c, 10 * PAGE, 1, PAGE + 1);
    CHECK_EQ(s.guard, 2 * PAGE);
    CHECK_EQ(region_at(c, c->s, s.bottom).end, s.bottom + 2 * PAGE);
    REGION(c, c->s, s.top - PAGE, 1, VIPC_REGION_STACK, RW);
    SCENE_END(c);
    vipc_config config = space_config(2, 256);                 /* where there is little room */
    vipc_space_desc small = VIPC_INIT;
    small.start = 0x10000;
    small.end = 0x10000 + 64 * PAGE;
    scene_with(c, &config, 1, 256, &small);
    REFUSED(c, vipc_space_stack_create(ME, c->s, NULL, &out), VIPC_ERR_LIMIT);
    s = stack_of(c, 64 * PAGE, 0, 0);
    CHECK(s.bottom == small.start && s.top == small.end);
    d.size = 2 * PAGE;
    d.first = d.guard = 0;
    REFUSED(c, vipc_space_stack_create(ME, c->s, &d, &out), VIPC_ERR_LIMIT);
    CHECK_OK(store(c, c->s, s.bottom + PAGE, 1));
    SCENE_END(c);
}
TEST(d056_a_guard_page_is_one)
{
    static scene c_, *c = &c_;
    vipc_fault_result r;
    unsigned char byte = 1;
    uint64_t done = 9;
    scene_open(c);
    vipc_stack s = stack_of(c, 32 * PAGE, 0, 2 * PAGE);
    uint64_t had = used(c);
    for (vipc_addr at = s.bottom; at < s.bottom + 2 * PAGE; at += 1365) {
        CHECK_EQ(vipc_page_fault(ME, c->s, at, R, &r), VIPC_ERR_GUARD_PAGE);
        CHECK(r.resolved == 0 && r.grown == 0 && r.pages == 0 && r.region.guard == 1 && r.page == (at & ~(PAGE - 1)));
        CHECK_EQ(vipc_page_fault(ME, c->s, at, W, &r), VIPC_ERR_GUARD_PAGE);
        CHECK_EQ(vipc_page_fault(ME, c->s, at, X, &r), VIPC_ERR_GUARD_PAGE);
    }
    CHECK_EQ(load(c, c->s, s.bottom - 1), VIPC_ERR_FAULT);
    CHECK_EQ(vipc_space_touch(ME, c->s, s.bottom, 1, R, &done), VIPC_ERR_GUARD_PAGE);
    CHECK_EQ(done, 0);
    CHECK_EQ(vipc_space_read(ME, c->s, s.bottom, &byte, 1, &done), VIPC_ERR_GUARD_PAGE);
    CHECK_EQ(vipc_space_write(ME, c->s, s.bottom + 2 * PAGE - 1, &byte, 1, &done), VIPC_ERR_GUARD_PAGE);
    REFUSED(c, protect_at(c, s.bottom, 1, RW), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, protect_at(c, s.bottom + PAGE, 1, R), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, protect_at(c, s.bottom, 32, RW), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, protect_at(c, s.bottom + 2 * PAGE, 1, RW), VIPC_ERR_PERMISSION_DENIED);         /* reserved for growth */
    CHECK_EQ(used(c), had);
    CHECK_OK(protect_at(c, s.top - PAGE, 1, R));               /* of the stack itself: one's own affair */
    CHECK_EQ(store(c, c->s, s.top - 1, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(protect_at(c, s.top - PAGE, 1, RW));
    CHECK_OK(store(c, c->s, s.top - 1, 1));
    SCENE_END(c);
}
TEST(stacks_grow_by_faults_down_to_their_guard)
{
    static scene c_, *c = &c_;
    vipc_fault_result r;
    scene_open(c);
    vipc_stack s = stack_of(c, 32 * PAGE, 2 * PAGE, 0);
    CHECK_EQ(info_of(c, 0, c->s).regions, 3);
    vipc_space_region growth = region_at(c, c->s, s.bottom + PAGE);
    CHECK(growth.growth == 1 && growth.end == s.top - 2 * PAGE && growth.type == VIPC_REGION_STACK);
    CHECK_OK(store(c, c->s, s.sp - 1, 1));
    CHECK_EQ(c->m.fault.grown, 0);
    CHECK_OK(store(c, c->s, s.top - 2 * PAGE, 2));
    CHECK_OK(store(c, c->s, s.top - 2 * PAGE - 1, 3));         /* one page further */
    CHECK(c->m.fault.grown == 1 && c->m.fault.resolved == VIPC_FAULT_ZEROED && c->m.fault.page == s.top - 3 * PAGE && c->m.fault.pages == 1);
    CHECK_EQ(c->m.fault.region.end, 0);                        /* told of only where nothing was resolved */
    REGION(c, c->s, s.top - 3 * PAGE, 3, VIPC_REGION_STACK, RW);
    CHECK_EQ(load(c, c->s, s.bottom + 10 * PAGE), 0);          /* far: what lies between comes as it is touched */
    CHECK_EQ(c->m.fault.grown, 1);
    REGION(c, c->s, s.bottom + 10 * PAGE, 22, VIPC_REGION_STACK, RW);
    CHECK_EQ(info_of(c, 0, c->s).pages, 4);
    CHECK_EQ(load(c, c->s, s.bottom + 20 * PAGE), 0);
    CHECK_EQ(c->m.fault.grown, 0);
    CHECK_OK(store(c, c->s, s.bottom + PAGE, 4));              /* the last that there is */
    CHECK_EQ(c->m.fault.grown, 1);
    REGION(c, c->s, s.bottom + PAGE, 31, VIPC_REGION_STACK, RW);
    CHECK_EQ(info_of(c, 0, c->s).regions, 2);
    CHECK_EQ(load(c, c->s, s.bottom), VIPC_ERR_GUARD_PAGE);
    CHECK_EQ(info_of(c, 0, c->s).grown, 3);
    CHECK_EQ(load(c, c->s, s.sp - 1), 1);
    CHECK_EQ(fetch(c, c->s, s.sp - 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_page_fault(ME, c->s, s.top, R, &r), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_unmap(ME, c->s, s.bottom, s.top - s.bottom, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    s = stack_of(c, 32 * PAGE, 2 * PAGE, 0);                   /* what system calls do grows it, too */
    CHECK_OK(vipc_space_touch(ME, c->s, s.top - 5 * PAGE, 3 * PAGE, W, NULL));
    REGION(c, c->s, s.top - 5 * PAGE, 5, VIPC_REGION_STACK, RW);
    CHECK_EQ(vipc_page_fault(ME, c->s, s.bottom + 3 * PAGE, X, &r), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(r.grown, 0);
    REGION(c, c->s, s.top - 5 * PAGE, 5, VIPC_REGION_STACK, RW);
    CHECK_OK(protect_at(c, s.top - 5 * PAGE, 5, R));           /* what is above says what may be done */
    CHECK_EQ(store(c, c->s, s.top - 6 * PAGE, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(unmap_at(c, s.top - 5 * PAGE, 5));
    CHECK_EQ(load(c, c->s, s.top - 6 * PAGE), VIPC_ERR_FAULT); /* nothing above, so nothing that could grow */
    SCENE_END(c);
}
TEST(a_stack_may_be_let_grow_further)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_stack s = stack_of(c, 16 * PAGE, 2 * PAGE, 2 * PAGE), k = s, was;
    CHECK_OK(store(c, c->s, s.sp - 1, 1));
    CHECK_EQ(load(c, c->s, s.bottom), VIPC_ERR_GUARD_PAGE);
    CHECK_OK(vipc_space_grow_stack(ME, c->s, &k, 4 * PAGE - 3));       /* rounded up */
    CHECK(k.bottom == s.bottom - 4 * PAGE && k.top == s.top && k.sp == s.sp && k.guard == s.guard);
    CHECK_EQ(load(c, c->s, s.bottom), 0);                      /* its old guard */
    CHECK_EQ(c->m.fault.grown, 1);
    CHECK_EQ(load(c, c->s, k.bottom + 2 * PAGE), 0);
    CHECK_EQ(load(c, c->s, k.bottom + 2 * PAGE - 1), VIPC_ERR_GUARD_PAGE);
    CHECK_EQ(load(c, c->s, k.bottom - 1), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_grow_stack(ME, c->s, &k, PAGE));       /* now that all of it is used */
    CHECK(k.bottom == s.bottom - 5 * PAGE);
    CHECK_EQ(load(c, c->s, k.bottom + 2 * PAGE), 0);
    CHECK_EQ(load(c, c->s, k.bottom + PAGE), VIPC_ERR_GUARD_PAGE);
    CHECK_EQ(load(c, c->s, s.sp - 1), 1);
    was = k;
    put(c, k.bottom - 3 * PAGE, 1, RW);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, 3 * PAGE), VIPC_ERR_EXISTS);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, 100 * PAGE), VIPC_ERR_EXISTS);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, 0), VIPC_ERR_INVALID_ARGUMENT);
    vipc_error e = vipc_space_grow_stack(ME, c->s, &k, k.bottom);      /* below the user's addresses */
    CHECK(e == VIPC_ERR_LIMIT || e == VIPC_ERR_INVALID_ARGUMENT);
    e = vipc_space_grow_stack(ME, c->s, &k, ~(uint64_t)0);
    CHECK(e == VIPC_ERR_LIMIT || e == VIPC_ERR_INVALID_ARGUMENT);
    CHECK(memcmp(&was, &k, sizeof k) == 0);
    CHECK_OK(vipc_space_grow_stack(ME, c->s, &k, 2 * PAGE));
#define NO_STACK(change) do { vipc_stack n_ = k; change; REFUSED(c, vipc_space_grow_stack(ME, c->s, &n_, PAGE), VIPC_ERR_NOT_FOUND); } while (0)
    CHECK_OK(unmap_at(c, was.bottom - 3 * PAGE, 1));
    NO_STACK(n_.bottom += PAGE);
    NO_STACK(n_.bottom -= PAGE);
    NO_STACK(n_.bottom = 0);
    NO_STACK(n_.bottom = n_.top);
    NO_STACK(n_.bottom = ~(vipc_addr)0);
    NO_STACK(n_.top += PAGE);
    NO_STACK(n_.top -= PAGE);
    NO_STACK(n_.top = 0);
    NO_STACK(n_.guard += PAGE);
    NO_STACK(n_.guard = 0);
    NO_STACK(n_.guard = ~(uint64_t)0);
    vipc_stack other = stack_of(c, 16 * PAGE, 0, 0);           /* below: in the way from now on */
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, k.bottom - other.top + PAGE), VIPC_ERR_EXISTS);
    NO_STACK(n_.bottom = other.bottom; n_.guard = other.guard);        /* bottom of one, top of the other */
    SCENE_END(c);
}


/* ------------------------------------------------------------------------------------------------- looking */
TEST(find_tells_of_the_region_around_or_the_next)
{
    static scene c_, *c = &c_;
    vipc_space_region r;
    scene_open(c);
    memset(&r, 0x55, sizeof r);
    CHECK_EQ(vipc_space_find(ME, c->s, 0, &r), VIPC_ERR_NOT_FOUND);
    put(c, SPOT, 2, RW);
    put(c, SPOT + 2 * PAGE, 1, R);
    put(c, SPOT + 10 * PAGE, 1, RX);
    static const struct { vipc_addr at; uint64_t start; } ask[] = {
        { 0, 0 }, { 1, 0 }, { SPOT - 1, 0 }, { SPOT, 0 }, { SPOT + 1, 0 }, { SPOT + 8191, 0 }, { SPOT + 8192, 2 }, { SPOT + 12287, 2 }, { SPOT + 12288, 10 }, { SPOT + 10 * 4096 + 7, 10 }
    };
    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        CHECK_OK(vipc_space_find(ME, c->s, ask[i].at, &r));
        CHECK(r.start == SPOT + ask[i].start * PAGE);
    }
    CHECK(r.end == r.start + PAGE && r.type == VIPC_REGION_DATA && r.prot == RX && r.flags == VIPC_MAP_PRIVATE && r.cache == VIPC_WRITE_BACK && !r.guard && !r.growth && !r.leaving && !r.physical);
    static const vipc_addr none[] = { SPOT + 11 * 4096, SPOT + 12 * 4096 + 5, VIPC_LAYOUT_USER_END, ~(vipc_addr)0, (vipc_addr)1 << 63 };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) CHECK_EQ(vipc_space_find(ME, c->s, none[i], &r), VIPC_ERR_NOT_FOUND);
    SCENE_END(c);
}
TEST(sharers_of_pages)
{
    static scene c_, *c = &c_;
    uint32_t n = 9;
    scene_open(c);
    put(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT + PAGE, 1));
    static const vipc_addr none[] = { SPOT, SPOT + 8192, SPOT - 1, SPOT + 3 * 4096, 0, LOW, VIPC_LAYOUT_USER_END, ~(vipc_addr)0, (vipc_addr)1 << 63 };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) CHECK_EQ(vipc_space_sharers(ME, c->s, none[i], &n), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(n, 9);
    CHECK_OK(vipc_space_sharers(ME, c->s, SPOT + PAGE + 77, &n));
    CHECK_EQ(n, 1);
    vipc_cap copies[4];
    for (uint32_t i = 0; i < 4; i++) {
        copies[i] = clone(c, i ? copies[i - 1] : c->s);
        CHECK_EQ(sharers(c, c->s, SPOT + PAGE), i + 2);
        CHECK_EQ(sharers(c, copies[i], SPOT + PAGE), i + 2);
    }
    CHECK_OK(store(c, copies[1], SPOT + PAGE, 2));
    CHECK_EQ(sharers(c, copies[1], SPOT + PAGE), 1);
    CHECK_EQ(sharers(c, copies[3], SPOT + PAGE), 4);
    CHECK_OK(vipc_close(ME, copies[0]));
    CHECK_EQ(sharers(c, copies[3], SPOT + PAGE), 3);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- faults */
TEST(d065_faults_are_resolved_each_in_its_way)
{
    static scene c_, *c = &c_;
    vipc_fault_result r;
    scene_open(c);
    put(c, SPOT, 8, RW);
    memset(&r, 0x55, sizeof r);
    CHECK_OK(vipc_page_fault(ME, c->s, SPOT + 5, R, &r));
    CHECK(r.resolved == VIPC_FAULT_ZEROED && r.grown == 0 && r.pages == 1 && r.page == SPOT);
    memset(&r, 0x55, sizeof r);
    CHECK_OK(vipc_page_fault(ME, c->s, SPOT + 5, R, &r));      /* somebody else has had it resolved */
    CHECK(r.resolved == VIPC_FAULT_SPURIOUS && r.grown == 0 && r.pages == 0 && r.page == SPOT);
    CHECK_OK(vipc_page_fault(ME, c->s, SPOT + 5, W, NULL));    /* result is optional */
    CHECK_OK(store(c, c->s, SPOT, 1));
    CHECK_OK(store(c, c->s, SPOT + PAGE, 2));
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(load(c, copy, SPOT), 1);                          /* a frame that is there: with its neighbour */
    CHECK(c->m.fault.resolved == VIPC_FAULT_MAPPED && c->m.fault.pages >= 1);
    CHECK_OK(store(c, copy, SPOT, 3));                         /* shared: a copy */
    CHECK(c->m.fault.resolved == VIPC_FAULT_COPIED && c->m.fault.pages == 1 && c->m.fault.page == SPOT);
    CHECK_EQ(load(c, c->s, SPOT), 1);
    CHECK_EQ(load(c, copy, SPOT), 3);
    uint64_t frame = frame_at(c, c->s, SPOT), had = used(c);
    CHECK_OK(store(c, c->s, SPOT, 4));                         /* the other has left it: nothing to copy */
    CHECK(c->m.fault.resolved == VIPC_FAULT_MADE_WRITABLE);
    CHECK_EQ(frame_at(c, c->s, SPOT), frame);
    CHECK_EQ(used(c), had);
    CHECK_EQ(load(c, copy, SPOT), 3);
    CHECK_OK(protect_at(c, SPOT, 1, R));
    CHECK_OK(protect_at(c, SPOT, 1, RW));
    uint64_t faults = c->m.faults;
    CHECK_OK(store(c, c->s, SPOT, 5));                         /* a permission that is wider now */
    CHECK_EQ(c->m.faults, faults + 1);
    CHECK(c->m.fault.resolved == VIPC_FAULT_SPURIOUS || c->m.fault.resolved == VIPC_FAULT_MADE_WRITABLE);
    vipc_space_info i = info_of(c, 0, c->s), k = info_of(c, 0, copy);
    CHECK_EQ(i.zeroed, 2);
    CHECK_EQ(i.copied, 0);
    CHECK(i.made_writable >= 1);
    CHECK_EQ(k.zeroed, 0);
    CHECK_EQ(k.copied, 1);
    CHECK(k.mapped >= 1);
    CHECK_EQ(i.pages, 2);
    CHECK_EQ(k.pages, 2);
    CHECK_EQ(i.pages_shared, 1);
    CHECK_EQ(k.pages_shared, 1);
    SCENE_END(c);
}
TEST(faults_that_are_refused)
{
    static scene c_, *c = &c_;
    vipc_fault_result r;
    scene_open(c);
    put(c, SPOT, 2, R);
    put(c, SPOT + 2 * PAGE, 1, RX);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 8 * PAGE, PAGE, R, VIPC_UNCACHED));
    static const uint32_t bad[] = { 0, 3, 5, 6, 7, 8, 16, 0x80000000u, ~0u };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        memset(&r, 0x55, sizeof r);
        REFUSED(c, vipc_page_fault(ME, c->s, SPOT, bad[i], &r), VIPC_ERR_INVALID_ARGUMENT);
        CHECK(r.resolved == 0 && r.grown == 0 && r.pages == 0);
        REFUSED(c, vipc_space_touch(ME, c->s, SPOT, 1, bad[i], NULL), VIPC_ERR_INVALID_ARGUMENT);
    }
    static const vipc_addr nowhere[] = { SPOT - 1, SPOT + 3 * 4096, 0, LOW - 1, LOW, VIPC_LAYOUT_USER_END, VIPC_LAYOUT_USER_END - 1, ~(vipc_addr)0, (vipc_addr)1 << 63, (vipc_addr)1 << 47 };
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        for (uint32_t a = R; a <= X; a <<= 1) {
            memset(&r, 0x55, sizeof r);
            REFUSED(c, vipc_page_fault(ME, c->s, nowhere[i], a, &r), VIPC_ERR_FAULT);
            CHECK(r.resolved == 0 && r.grown == 0 && r.pages == 0 && r.page == (nowhere[i] & ~(PAGE - 1)));
            CHECK_EQ(r.region.end + r.region.start + r.region.type, 0);
        }
    memset(&r, 0x55, sizeof r);
    REFUSED(c, vipc_page_fault(ME, c->s, SPOT + PAGE + 1, W, &r), VIPC_ERR_PERMISSION_DENIED);
    CHECK(r.resolved == 0 && r.pages == 0 && r.page == SPOT + PAGE && r.region.start == SPOT && r.region.end == SPOT + 2 * PAGE && r.region.prot == R);
    REFUSED(c, vipc_page_fault(ME, c->s, SPOT, X, &r), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_page_fault(ME, c->s, SPOT + 2 * PAGE, W, &r), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_page_fault(ME, c->s, SPOT + 8 * PAGE, W, &r), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_page_fault(ME, c->s, SPOT + 8 * PAGE, X, &r), VIPC_ERR_PERMISSION_DENIED);
    memset(&r, 0x55, sizeof r);                                /* always written */
    CHECK_EQ(vipc_page_fault(V(1), c->s, SPOT, R, &r), VIPC_ERR_INVALID_CAPABILITY);
    CHECK(r.resolved == 0 && r.grown == 0 && r.pages == 0);
    SCENE_END(c);
}
TEST(touch_goes_to_the_first_error)
{
    static scene c_, *c = &c_;
    uint64_t done = 9;
    scene_open(c);
    put(c, SPOT, 4, RW);
    put(c, SPOT + 4 * PAGE, 1, R);
    CHECK_OK(vipc_space_touch(ME, c->s, SPOT + 5, 1, W, &done));
    CHECK_EQ(done, 1);
    CHECK_EQ(info_of(c, 0, c->s).pages, 1);
    CHECK_OK(vipc_space_touch(ME, c->s, SPOT + PAGE - 1, 2, R, &done));        /* over a border */
    CHECK_EQ(done, 2);
    CHECK_EQ(info_of(c, 0, c->s).pages, 2);
    CHECK_OK(vipc_space_touch(ME, c->s, SPOT, 5 * PAGE, R, &done));
    CHECK_EQ(done, 5 * PAGE);
    CHECK_EQ(info_of(c, 0, c->s).pages, 5);
    CHECK_EQ(vipc_space_touch(ME, c->s, SPOT + 3 * PAGE + 10, 2 * PAGE, W, &done), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(done, PAGE - 10);
    CHECK_EQ(vipc_space_touch(ME, c->s, SPOT + 3, 9 * PAGE, R, &done), VIPC_ERR_FAULT);
    CHECK_EQ(done, 5 * PAGE - 3);
    CHECK_EQ(vipc_space_touch(ME, c->s, SPOT, ~(uint64_t)0, R, &done), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(done, 0);
    CHECK_EQ(vipc_space_touch(ME, c->s, SPOT, 0, R, &done), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_space_touch(ME, c->s, ~(vipc_addr)0, 1, R, &done), VIPC_ERR_INVALID_ARGUMENT);       /* it ends where addresses do */
    CHECK_EQ(vipc_space_touch(ME, c->s, ~(vipc_addr)0 - PAGE, PAGE, R, &done), VIPC_ERR_FAULT);
    CHECK_EQ(vipc_space_touch(ME, c->s, SPOT + PAGE, PAGE, W, NULL), VIPC_OK);
    SCENE_END(c);
}
TEST(read_and_write_whatever_the_protection)
{
    static scene c_, *c = &c_;
    unsigned char out[3 * 4096], in[3 * 4096];
    uint64_t done = 9;
    scene_open(c);
    put(c, SPOT, 3, R);
    for (size_t i = 0; i < sizeof out; i++) out[i] = (unsigned char)(i * 7 + i / 4096);
    CHECK_OK(vipc_space_read(ME, c->s, SPOT + 100, in, 2 * PAGE, &done));      /* what nobody has touched is zero, and stays without frames */
    CHECK_EQ(done, 2 * PAGE);
    for (size_t i = 0; i < 2 * PAGE; i++) if (in[i]) { CHECK_EQ(in[i], 0); break; }
    CHECK_EQ(info_of(c, 0, c->s).pages, 0);
    CHECK_OK(vipc_space_write(ME, c->s, SPOT + 100, out, 2 * PAGE, &done));
    CHECK_EQ(done, 2 * PAGE);
    CHECK_EQ(info_of(c, 0, c->s).pages, 3);
    CHECK_EQ(load(c, c->s, SPOT + 99), 0);
    CHECK_EQ(load(c, c->s, SPOT + 100), out[0]);
    CHECK_EQ(load(c, c->s, SPOT + 99 + 2 * PAGE), out[2 * PAGE - 1]);
    CHECK_EQ(load(c, c->s, SPOT + 100 + 2 * PAGE), 0);
    CHECK_EQ(store(c, c->s, SPOT, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_space_read(ME, c->s, SPOT + 100, in, 2 * PAGE, NULL));
    CHECK(memcmp(in, out, 2 * PAGE) == 0);
    vipc_cap copy = clone(c, c->s);
    CHECK_OK(vipc_space_write(ME, copy, SPOT + PAGE, "x", 1, &done));          /* copies what is shared */
    CHECK_EQ(load(c, c->s, SPOT + PAGE), out[PAGE - 100]);
    CHECK_EQ(load(c, copy, SPOT + PAGE), 'x');
    CHECK_EQ(load(c, copy, SPOT + PAGE + 1), out[PAGE - 99]);
    CHECK_EQ(sharers(c, copy, SPOT + PAGE), 1);
    CHECK_EQ(sharers(c, copy, SPOT), 2);
    CHECK_EQ(load(c, copy, SPOT), 0);                          /* with a translation, too: the old one must not serve */
    CHECK_OK(vipc_space_write(ME, copy, SPOT, "yz", 2, &done));
    CHECK_EQ(load(c, copy, SPOT + 1), 'z');
    CHECK_EQ(load(c, c->s, SPOT + 1), 0);
    put(c, SPOT + 3 * PAGE, 1, NO_PROT);
    put(c, SPOT + 4 * PAGE, 1, RX);
    REFUSED(c, vipc_space_read(ME, c->s, SPOT + 3 * PAGE, in, 1, &done), VIPC_ERR_PERMISSION_DENIED);
    REFUSED(c, vipc_space_write(ME, c->s, SPOT + 3 * PAGE, in, 1, &done), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_space_read(ME, c->s, SPOT + 2 * PAGE + 50, in, 2 * PAGE, &done), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(done, PAGE - 50);
    CHECK_EQ(vipc_space_write(ME, c->s, SPOT + 4 * PAGE + 50, out, 2 * PAGE, &done), VIPC_ERR_FAULT);
    CHECK_EQ(done, PAGE - 50);
    CHECK_EQ(load(c, c->s, SPOT + 5 * PAGE - 1), out[PAGE - 51]);
    REFUSED(c, vipc_space_read(ME, c->s, SPOT, in, 0, &done), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_read(ME, c->s, SPOT, in, ~(uint64_t)0, &done), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_write(ME, c->s, ~(vipc_addr)0, in, 2, &done), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_write(ME, c->s, ~(vipc_addr)0, in, 1, &done), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, vipc_space_write(ME, c->s, ~(vipc_addr)0 - 1, in, 1, &done), VIPC_ERR_FAULT);
    REFUSED(c, vipc_space_read(ME, c->s, 0, in, 1, &done), VIPC_ERR_FAULT);
    CHECK_EQ(done, 0);
    vipc_stack s = stack_of(c, 8 * PAGE, PAGE, 0);             /* writing below what a stack has is no growth of it: either, but no guard is passed */
    vipc_error e = vipc_space_write(ME, c->s, s.top - 2 * PAGE, out, 1, &done);
    CHECK(e == VIPC_OK || e == VIPC_ERR_PERMISSION_DENIED);
    SCENE_END(c);
}
TEST(the_port_may_forget_what_it_likes)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 16, RW);
    put_shared(c, SPOT + 16 * PAGE, 4, RW);
    for (uint64_t i = 0; i < 20; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i + 1));
    vipc_cap copy = clone(c, c->s);
    for (uint64_t i = 0; i < 20; i += 3) CHECK_OK(store(c, copy, SPOT + i * PAGE, 100 + (unsigned)i));
    for (int turn = 0; turn < 3; turn++) {
        vipc_mock_forget(&c->m, 0);
        CHECK_EQ(c->m.live, 0);
        for (uint64_t i = 0; i < 20; i++) {
            CHECK_EQ(load(c, c->s, SPOT + i * PAGE), i >= 16 && i % 3 == 0 ? 100 + (int)i : (int)i + 1);
            CHECK_EQ(load(c, copy, SPOT + i * PAGE), i % 3 == 0 ? 100 + (int)i : (int)i + 1);
        }
        vipc_mock_forget(&c->m, info_of(c, 0, copy).root);
    }
    CHECK_OK(protect_at(c, SPOT, 20, R));
    for (uint64_t i = 0; i < 20; i++) CHECK_EQ(store(c, c->s, SPOT + i * PAGE, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(unmap_at(c, SPOT, 20));
    CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- clones */
TEST(a_clone_has_what_the_original_had)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_cap own;
    put(c, SPOT, 4, RW);
    put(c, SPOT + 8 * PAGE, 2, NO_PROT);
    put_shared(c, SPOT + 16 * PAGE, 3, RW);
    CHECK_OK(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + 32 * PAGE, 2 * PAGE, R, VIPC_WRITE_COMBINING));
    CHECK_OK(vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP + 5 * PAGE + 3, NULL, VIPC_FOREVER));
    vipc_stack s = stack_of(c, 16 * PAGE, 2 * PAGE, 0);
    CHECK_OK(store(c, c->s, SPOT, 1));
    CHECK_OK(store(c, c->s, VIPC_LAYOUT_HEAP, 2));
    CHECK_OK(store(c, c->s, s.sp - 1, 3));
    CHECK_OK(store(c, c->s, SPOT + 16 * PAGE, 4));
    CHECK_OK(vipc_space_adopt(ME, c->s));
    picture was, is;
    picture_take(c, c->s, &was);
    vipc_cap copy = clone(c, c->s);
    picture_take(c, copy, &is);
    picture_regions_same(__FILE__, __LINE__, &is, &was);
    CHECK_EQ(is.sum, was.sum);
    CHECK_EQ(is.have, was.have);
    CHECK_EQ(is.info.brk, was.info.brk);
    CHECK(is.info.start == was.info.start && is.info.end == was.info.end && is.info.heap_start == was.info.heap_start && is.info.heap_max == was.info.heap_max && is.info.stack_end == was.info.stack_end);
    CHECK(is.info.root != was.info.root);
    CHECK_EQ(is.info.zeroed + is.info.copied + is.info.made_writable + is.info.mapped + is.info.grown, 0);
    CHECK_EQ(is.info.pages, was.info.pages);
    CHECK_EQ(mock_cap_info(ME, copy).rights, VIPC_RIGHT_ALL);
    CHECK_OK(vipc_space_own(ME, &own));                        /* it is nobody's own yet */
    CHECK_EQ(own.token, c->s.token);
    picture_take(c, c->s, &is);
    picture_regions_same(__FILE__, __LINE__, &is, &was);
    CHECK_EQ(is.sum, was.sum);
    CHECK_EQ(load(c, copy, SPOT + 32 * PAGE + 6), 6);
    CHECK_OK(store(c, copy, s.top - 3 * PAGE, 5));             /* its stack grows alone */
    REGION(c, copy, s.top - 3 * PAGE, 3, VIPC_REGION_STACK, RW);
    REGION(c, c->s, s.top - 2 * PAGE, 2, VIPC_REGION_STACK, RW);
    CHECK_OK(vipc_space_grow_heap(ME, copy, PAGE, NULL));      /* and its heap */
    CHECK(info_of(c, 0, c->s).brk == VIPC_LAYOUT_HEAP + 5 * PAGE + 3);
    SCENE_END(c);
}
TEST(private_memory_is_copied_when_either_writes)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 6, RW);
    for (uint64_t i = 0; i < 5; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 10 + (unsigned)i));
    uint64_t had = used(c);
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(info_of(c, 0, c->s).pages_shared, 5);
    CHECK_EQ(info_of(c, 0, copy).pages_shared, 5);
    CHECK(used(c) <= had + 8);                                 /* nodes of the map, no pages */
    had = used(c);
    CHECK_OK(store(c, copy, SPOT, 20));                        /* the copy writes */
    CHECK_OK(store(c, c->s, SPOT + PAGE, 31));                 /* the original writes */
    CHECK_EQ(used(c), had + 2);
    CHECK_EQ(load(c, c->s, SPOT), 10);
    CHECK_EQ(load(c, copy, SPOT), 20);
    CHECK_EQ(load(c, c->s, SPOT + PAGE), 31);
    CHECK_EQ(load(c, copy, SPOT + PAGE), 11);
    CHECK_OK(store(c, c->s, SPOT, 30));                        /* and the other one of each: nothing to copy */
    CHECK_OK(store(c, copy, SPOT + PAGE, 21));
    CHECK_EQ(used(c), had + 2);
    CHECK_EQ(load(c, copy, SPOT), 20);
    CHECK_EQ(load(c, c->s, SPOT + PAGE), 31);
    CHECK_OK(store(c, c->s, SPOT + 5 * PAGE, 35));             /* what had no frame */
    CHECK_EQ(load(c, copy, SPOT + 5 * PAGE), 0);
    CHECK_OK(vipc_space_unmap(ME, copy, SPOT + 2 * PAGE, PAGE, VIPC_FOREVER));
    CHECK_EQ(load(c, c->s, SPOT + 2 * PAGE), 12);
    CHECK_EQ(sharers(c, c->s, SPOT + 2 * PAGE), 1);
    uint64_t frame = frame_at(c, c->s, SPOT + 2 * PAGE);
    CHECK_OK(store(c, c->s, SPOT + 2 * PAGE, 32));
    CHECK_EQ(frame_at(c, c->s, SPOT + 2 * PAGE), frame);
    CHECK_OK(protect_at(c, SPOT + 3 * PAGE, 1, R));            /* a protection is one space's own */
    CHECK_OK(store(c, copy, SPOT + 3 * PAGE, 23));
    CHECK_EQ(load(c, c->s, SPOT + 3 * PAGE), 13);
    CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
    CHECK_EQ(load(c, c->s, SPOT + 4 * PAGE), 14);
    CHECK_OK(store(c, c->s, SPOT + 4 * PAGE, 34));
    CHECK_EQ(info_of(c, 0, c->s).pages_shared, 1);             /* the one that it may not write */
    SCENE_END(c);
}
TEST(shared_memory_stays_shared)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put_shared(c, SPOT, 3, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    vipc_cap copy = clone(c, c->s), third = clone(c, copy);
    CHECK_OK(store(c, third, SPOT, 2));
    CHECK_EQ(load(c, c->s, SPOT), 2);
    CHECK_EQ(load(c, copy, SPOT), 2);
    CHECK_OK(store(c, c->s, SPOT + PAGE, 3));                  /* what nobody had touched */
    CHECK_EQ(load(c, third, SPOT + PAGE), 3);
    CHECK_OK(vipc_space_write(ME, copy, SPOT + 2 * PAGE, "q", 1, NULL));
    CHECK_EQ(load(c, third, SPOT + 2 * PAGE), 'q');
    CHECK_EQ(info_of(c, 0, copy).pages_shared, 0);
    CHECK_EQ(info_of(c, 0, copy).copied, 0);
    CHECK_EQ(sharers(c, copy, SPOT), 3);
    CHECK_OK(protect_at(c, SPOT, 3, R));
    CHECK_EQ(store(c, c->s, SPOT, 9), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(store(c, copy, SPOT, 9));
    CHECK_EQ(load(c, c->s, SPOT), 9);
    CHECK_OK(vipc_destroy(ME, c->s, VIPC_FOREVER));            /* the original goes */
    CHECK_EQ(load(c, third, SPOT), 9);
    CHECK_OK(store(c, third, SPOT, 8));
    CHECK_EQ(load(c, copy, SPOT), 8);
    CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
    CHECK_OK(vipc_destroy(ME, third, VIPC_FOREVER));
    CHECK_EQ(used(c), c->nothing);
    SCENE_END(c);
}
TEST(clones_of_clones_go_in_any_order)
{
    static scene c_, *c = &c_;
    for (int order = 0; order < 24; order++) {
        vipc_cap s[4];
        int left[4] = { 0, 1, 2, 3 }, n = 4, seed = order;
        scene_open(c);
        put(c, SPOT, 4, RW);
        put_shared(c, SPOT + 8 * PAGE, 1, RW);
        for (uint64_t p = 0; p < 4; p++) CHECK_OK(store(c, c->s, SPOT + p * PAGE, 1));
        s[0] = c->s;
        for (int i = 1; i < 4; i++) {
            s[i] = clone(c, s[i - 1]);
            CHECK_OK(store(c, s[i], SPOT + (uint64_t)i * PAGE, 10 * (unsigned)i));     /* as its children will see it */
        }
        CHECK_OK(store(c, s[0], SPOT + PAGE, 5));
        static const int want[4][4] = { { 1, 5, 1, 1 }, { 1, 10, 1, 1 }, { 1, 10, 20, 1 }, { 1, 10, 20, 30 } };
        CHECK_EQ(sharers(c, s[0], SPOT), 4);
        CHECK_EQ(sharers(c, s[3], SPOT + PAGE), 3);
        while (n) {
            int pick = seed % n, gone = left[pick];
            seed /= n;
            for (int i = 0; i < n; i++)
                for (int p = 0; p < 4; p++) CHECK_EQ(load(c, s[left[i]], SPOT + (uint64_t)p * PAGE), want[left[i]][p]);
            if (order & 1) CHECK_OK(vipc_space_unmap(ME, s[gone], SPOT, 16 * PAGE, VIPC_FOREVER));
            CHECK_OK(vipc_destroy(ME, s[gone], VIPC_FOREVER));
            left[pick] = left[--n];
            mock_check_by(&c->m, ME, __FILE__, __LINE__);
        }
        CHECK_EQ(used(c), c->nothing);
        CHECK_EQ(c->m.roots, 0);
        SCENE_END(c);
    }
}
TEST(what_leaves_is_not_cloned)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 2, RW);
    put(c, SPOT + 8 * PAGE, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    CHECK_OK(store(c, c->s, SPOT + 8 * PAGE, 2));
    c->m.held = 1;
    c->m.late = 1;
    CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT, 2 * PAGE, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(region_at(c, c->s, SPOT).leaving, 1);
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(region_at(c, copy, SPOT).end, 0);
    CHECK_EQ(load(c, copy, SPOT), VIPC_ERR_FAULT);
    CHECK_EQ(load(c, copy, SPOT + 8 * PAGE), 2);
    CHECK_EQ(info_of(c, 0, copy).regions, 1);
    CHECK_EQ(info_of(c, 0, copy).leaving, 0);
    SCENE_END(c);
}
TEST(a_clone_that_cannot_be_leaves_nothing)
{
    static scene c_, *c = &c_;
    vipc_cap copy = { 5 }, filler;
    vipc_addr got;
    scene_open(c);
    put(c, SPOT, 40, RW);
    put_shared(c, SPOT + 64 * PAGE, 3, RW);
    for (uint64_t i = 0; i < 40; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i));
    picture was, is;
    c->m.held = 1;                                             /* TIMEOUT */
    c->m.late = 1;
    picture_take(c, c->s, &was);
    CHECK_EQ(vipc_space_clone(ME, c->s, &copy, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(copy.token, 5);
    CHECK_EQ(c->m.roots, 1);
    picture_take(c, c->s, &is);
    picture_regions_same(__FILE__, __LINE__, &is, &was);
    CHECK(is.sum == was.sum && is.have == was.have && is.frames == was.frames);
    CHECK_EQ(vipc_space_clone(ME, c->s, &copy, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    for (uint64_t i = 0; i < 40; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i));  /* its own, without a copy */
    CHECK_EQ(info_of(c, 0, c->s).copied, 0);
    CHECK_EQ(used(c), was.frames);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    c->m.held = 0;
    REQUIRE_OK(vipc_space_create(ME, NULL, &filler));          /* OUT_OF_MEMORY */
    while (mmap_at(c, filler, 0, PAGE, RW, COMMON, &got) == VIPC_OK) { }
    picture_take(c, c->s, &was);
    CHECK_EQ(vipc_space_clone(ME, c->s, &copy, VIPC_FOREVER), VIPC_ERR_OUT_OF_MEMORY);
    picture_take(c, c->s, &is);
    picture_regions_same(__FILE__, __LINE__, &is, &was);
    CHECK(is.sum == was.sum && is.have == was.have && is.frames == was.frames);
    CHECK_EQ(c->m.roots, 2);
    mock_check_by(&c->m, ME, __FILE__, __LINE__);
    SCENE_END(c);
}

/* What another thread, member 1, does at a moment of the test's choice, by a capability of its own. */
static struct other { scene *c; vipc_cap by; vipc_addr at[2]; vipc_error said[2]; vipc_time until; } other;
static void other_may(scene *c, vipc_cap s)
{
    memset(&other, 0, sizeof other);
    other.c = c;
    other.by = mock_grant(&c->m, 0, s, 1, 0);
}
static void writes_twice(mock *m, uint64_t who)
{
    scene *c = other.c;
    unsigned char byte = 77;
    (void)who;
    for (int i = 0; i < 2; i++) other.said[i] = vipc_mock_access(m, V(1), other.by, c->root, other.at[i], W, &byte);
}
TEST(a_clone_is_of_one_moment)
{
    /* While the clone waits for other CPUs, a thread of the original writes to a page of which it has no translation, then to one of which it has an old one that still
     * lets it.  Whoever looks at the clone must not see the second write without the first. */
    static scene c_, *c = &c_;
    for (int touched = 0; touched < 2; touched++) {
        scene_open(c);
        put(c, SPOT, 64, RW);
        if (touched) CHECK_OK(vipc_space_write(ME, c->s, SPOT, "\1", 1, NULL));
        CHECK_OK(store(c, c->s, SPOT + 40 * PAGE, 1));
        other_may(c, c->s);
        other.at[0] = SPOT;
        other.at[1] = SPOT + 40 * PAGE;
        c->m.held = 1;
        c->m.on_flush = writes_twice;
        vipc_cap copy = clone(c, c->s);
        c->m.held = 0;
        CHECK_OK(other.said[0]);
        CHECK_OK(other.said[1]);
        CHECK_EQ(load(c, c->s, SPOT), 77);
        CHECK_EQ(load(c, c->s, SPOT + 40 * PAGE), 77);
        CHECK(!(load(c, copy, SPOT + 40 * PAGE) == 77 && load(c, copy, SPOT) != 77));
        mock_check_by(&c->m, ME, __FILE__, __LINE__);
        CHECK_OK(store(c, c->s, SPOT + 40 * PAGE, 78));        /* and from then on they are two */
        CHECK(load(c, copy, SPOT + 40 * PAGE) != 78);
        SCENE_END(c);
    }
}

/* ------------------------------------------------------------------------------------------------- counts of frames */
TEST(d063_a_count_neither_overflows_nor_comes_back_from_zero)
{
    static scene c_, *c = &c_;
    vipc_cap copy = VIPC_INIT;
    picture was, is;
    scene_open(c);
    put(c, SPOT, 3, RW);
    put_shared(c, SPOT + 8 * PAGE, 1, RW);
    for (uint64_t i = 0; i < 3; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, (unsigned)i + 1));
    CHECK_OK(store(c, c->s, SPOT + 8 * PAGE, 9));
    for (int shared = 0; shared < 2; shared++) {
        vipc_addr at = SPOT + (shared ? 8 : 1) * PAGE;
        uint32_t *refs = vipci_refs_at(ME, frame_at(c, c->s, at));
        CHECK_EQ(*refs, 1);
        *refs = 0xfffffffe;                                    /* shared as often as can be told */
        picture_take(c, c->s, &was);
        CHECK_EQ(sharers(c, c->s, at), (long long)0xfffffffe);
        CHECK_EQ(vipc_space_clone(ME, c->s, &copy, VIPC_FOREVER), VIPC_ERR_LIMIT);
        CHECK_EQ(*refs, (long long)0xfffffffe);
        picture_take(c, c->s, &is);
        picture_regions_same(__FILE__, __LINE__, &is, &was);
        CHECK(is.sum == was.sum && is.have == was.have && is.frames == was.frames);
        CHECK_EQ(c->m.roots, 1);
        *refs = 0xfffffffd;                                    /* once more */
        CHECK_OK(vipc_space_clone(ME, c->s, &copy, VIPC_FOREVER));
        CHECK_EQ(*refs, (long long)0xfffffffe);
        CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
        CHECK_EQ(*refs, (long long)0xfffffffd);
        *refs = 1;
        mock_check_by(&c->m, ME, __FILE__, __LINE__);
    }
    uint64_t frame = frame_at(c, c->s, SPOT + PAGE);
    *vipci_refs_at(ME, frame) = 0;                             /* a count that somebody has scribbled over: what is dead does not come back */
    vipc_error e = vipc_space_clone(ME, c->s, &copy, VIPC_FOREVER);
    CHECK(e != VIPC_OK);
    CHECK_EQ(*vipci_refs_at(ME, frame), 0);
    CHECK_EQ(c->m.roots, 1);
    uint64_t had = used(c), freed = c->m.calls[MOCK_FREE];
    CHECK_OK(unmap_at(c, SPOT + PAGE, 1));                     /* does not go below; the frame is lost, not freed twice */
    CHECK_EQ(*vipci_refs_at(ME, frame), 0);
    CHECK_EQ(used(c), had);
    CHECK_EQ(c->m.calls[MOCK_FREE], freed);
    CHECK(vipc_frames_is_taken(&c->m.frames, frame, 1));
    CHECK_EQ(c->m.broken, 0);
    CHECK_EQ(load(c, c->s, SPOT), 1);
    CHECK_EQ(load(c, c->s, SPOT + 2 * PAGE), 3);
    mock_release(&c->m);                                       /* the lost frame would be missed */
}
static void unmaps_his(mock *m, uint64_t who)
{
    scene *c = other.c;
    (void)m;
    (void)who;
    other.said[0] = vipc_space_unmap(V(1), other.by, other.at[0], PAGE, VIPC_FOREVER);
}
TEST(d064_the_last_one_frees_when_nobody_uses_it)
{
    /* A fault has copied a page and waits for the other CPUs, which may still read the old frame; meanwhile the other space that has that frame gives its share back. */
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 1, RW);
    CHECK_OK(store(c, c->s, SPOT, 5));
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(load(c, c->s, SPOT), 5);
    uint64_t frame = frame_at(c, c->s, SPOT);
    other_may(c, copy);
    other.at[0] = SPOT;
    c->m.held = 1;
    c->m.on_flush = unmaps_his;
    CHECK_OK(store(c, c->s, SPOT, 6));
    c->m.held = 0;
    CHECK(c->m.on_flush == NULL);                              /* it was there */
    CHECK_OK(other.said[0]);
    CHECK_EQ(c->m.broken, 0);                                  /* the mock sees a frame that is freed under a translation */
    CHECK(frame_at(c, c->s, SPOT) != frame);
    CHECK(!vipc_frames_is_taken(&c->m.frames, frame, 1));      /* and free it is, by whoever came last */
    CHECK_EQ(load(c, c->s, SPOT), 6);
    CHECK_EQ(load(c, copy, SPOT), VIPC_ERR_FAULT);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- others who do not answer */
TEST(unmap_that_is_not_acknowledged)
{
    static scene c_, *c = &c_;
    vipc_addr got;
    vipc_fault_result r;
    uint64_t done;
    for (int how = 0; how < 4; how++) {
        scene_open(c);
        put(c, SPOT, 3, RW);
        for (uint64_t i = 0; i < 3; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 7));
        uint64_t had = used(c), frame = frame_at(c, c->s, SPOT + PAGE);
        c->m.held = 1;
        if (how == 0) CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT + PAGE, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
        else {
            c->m.late = 1;
            vipc_time until = vipc_after(ME, 1000 * MS);
            CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT + PAGE, PAGE, until), VIPC_ERR_TIMEOUT);
            CHECK(c->m.now >= until);
        }
        c->m.late = ~(uint64_t)0;
        vipc_space_region g = region_at(c, c->s, SPOT + PAGE);
        CHECK(g.leaving == 1 && g.start == SPOT + PAGE && g.end == SPOT + 2 * PAGE);
        CHECK_EQ(info_of(c, 0, c->s).leaving, 1);
        CHECK_EQ(info_of(c, 0, c->s).regions, 3);
        CHECK_EQ(used(c), had);                                /* kept back */
        CHECK(vipc_frames_is_taken(&c->m.frames, frame, 1));
        unsigned char byte = 0;                                /* who has it may go on, nobody gets it anew */
        CHECK_OK(vipc_mock_access(&c->m, ME, c->s, c->root, SPOT + PAGE, R, &byte));
        CHECK_EQ(byte, 7);
        CHECK_EQ(vipc_page_fault(ME, c->s, SPOT + PAGE, R, &r), VIPC_ERR_FAULT);
        CHECK_EQ(r.region.leaving, 1);
        CHECK_EQ(vipc_space_read(ME, c->s, SPOT + PAGE, &byte, 1, &done), VIPC_ERR_FAULT);
        CHECK_EQ(vipc_space_write(ME, c->s, SPOT + PAGE, &byte, 1, &done), VIPC_ERR_FAULT);
        CHECK_EQ(vipc_space_touch(ME, c->s, SPOT + PAGE, 2 * PAGE, R, &done), VIPC_ERR_FAULT);
        CHECK_EQ(done, 0);
        CHECK_EQ(protect_at(c, SPOT + PAGE, 1, R), VIPC_ERR_NOT_FOUND);        /* it is mapped no more */
        CHECK_EQ(vipc_space_free(ME, c->s, SPOT + PAGE, PAGE, VIPC_NOW), VIPC_ERR_NOT_FOUND);
        CHECK_EQ(mmap_at(c, c->s, SPOT + PAGE, PAGE, RW, ANON | VIPC_MAP_FIXED_NOREPLACE, &got), VIPC_ERR_EXISTS);     /* nor used again */
        CHECK_EQ(vipc_space_map_physical(ME, c->s, DEVICE, SPOT + PAGE, PAGE, RW, 0), VIPC_ERR_EXISTS);
        CHECK_OK(mmap_at(c, c->s, SPOT + PAGE, PAGE, RW, ANON, &got));
        CHECK(got != SPOT + PAGE);
        mock_check_by(&c->m, ME, __FILE__, __LINE__);
        c->m.held = 0;
        c->m.late = 0;
        if (how <= 1) CHECK_OK(unmap_at(c, SPOT + PAGE, 1));   /* again */
        else if (how == 2) CHECK_OK(unmap_at(c, got, 1));      /* any other */
        else CHECK_OK(vipc_destroy(ME, c->s, VIPC_FOREVER));
        if (how == 2) CHECK_OK(vipc_space_touch(ME, c->s, SPOT, 1, R, NULL));
        if (how == 2 && info_of(c, 0, c->s).leaving) {         /* nothing had to be taken away there */
            CHECK_OK(store(c, c->s, SPOT, 1));
            CHECK_OK(unmap_at(c, SPOT, 1));
        }
        if (how != 3) {
            CHECK_EQ(info_of(c, 0, c->s).leaving, 0);
            CHECK_EQ(region_at(c, c->s, SPOT + PAGE).end, 0);
            CHECK(!vipc_frames_is_taken(&c->m.frames, frame, 1));
            CHECK_EQ(c->m.stale, 0);
            CHECK_EQ(load(c, c->s, SPOT + PAGE), VIPC_ERR_FAULT);
            put(c, SPOT + PAGE, 1, RW);
            CHECK_EQ(load(c, c->s, SPOT + PAGE), 0);
        } else CHECK_EQ(used(c), c->nothing);
        SCENE_END(c);
    }
}
TEST(fixed_waits_for_what_it_unmaps)
{
    static scene c_, *c = &c_;
    vipc_addr got = 5;
    vipc_mmap_desc d = VIPC_INIT;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 7));
    c->m.held = 1;
    c->m.late = 1;
    d.at = SPOT;
    d.size = PAGE;
    d.prot = R;
    d.flags = ANON | FIXED;
    CHECK_EQ(vipc_space_mmap(ME, c->s, &d, &got, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(got, 5);
    CHECK_EQ(region_at(c, c->s, SPOT).leaving, 1);             /* unmapped, and nothing new there */
    CHECK_EQ(vipc_space_mmap(ME, c->s, &d, &got, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_space_mmap(ME, c->s, &d, &got, vipc_after(ME, MS)));         /* again: it is finished */
    CHECK(got == SPOT);
    REGION(c, c->s, SPOT, 1, VIPC_REGION_DATA, R);
    CHECK_EQ(load(c, c->s, SPOT), 0);
    CHECK_EQ(c->m.stale, 0);
    SCENE_END(c);
}
TEST(protect_that_is_not_acknowledged)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 7));
    c->m.held = 1;
    c->m.late = 1;
    CHECK_EQ(vipc_space_protect(ME, c->s, SPOT, PAGE, R, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
    REGION(c, c->s, SPOT, 1, VIPC_REGION_DATA, R);             /* it is done */
    CHECK_EQ(vipc_page_fault(ME, c->s, SPOT, W, NULL), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_mock_store(&c->m, ME, c->s, SPOT, 8));       /* by an old translation */
    CHECK_EQ(load(c, c->s, SPOT), 8);
    CHECK_EQ(vipc_space_protect(ME, c->s, SPOT, PAGE, R, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);     /* calling again finishes it: not yet */
    c->m.late = 0;
    CHECK_OK(vipc_space_protect(ME, c->s, SPOT, PAGE, R, vipc_after(ME, MS)));
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(store(c, c->s, SPOT, 9), VIPC_ERR_PERMISSION_DENIED);
    c->m.held = 0;
    SCENE_END(c);
}
TEST(a_break_that_is_not_acknowledged)
{
    static scene c_, *c = &c_;
    vipc_addr now = 0, heap = VIPC_LAYOUT_HEAP;
    scene_open(c);
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + 4 * PAGE, NULL, VIPC_FOREVER));
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(store(c, c->s, heap + i * PAGE, 7));
    c->m.held = 1;
    c->m.late = 1;
    CHECK_EQ(vipc_space_set_break(ME, c->s, heap + PAGE, &now, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
    CHECK(now == heap + PAGE && info_of(c, 0, c->s).brk == heap + PAGE);
    CHECK_EQ(vipc_space_grow_heap(ME, c->s, PAGE, NULL), VIPC_ERR_EXISTS);     /* what leaves is in the way */
    c->m.late = 0;
    CHECK_OK(vipc_space_set_break(ME, c->s, heap + PAGE, &now, vipc_after(ME, MS)));
    CHECK_EQ(info_of(c, 0, c->s).leaving, 0);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, PAGE, NULL));
    CHECK_EQ(load(c, c->s, heap + PAGE), 0);
    SCENE_END(c);
}
static void unmaps_beside(mock *m, uint64_t who)
{
    scene *c = other.c;
    (void)m;
    (void)who;
    other.said[0] = vipc_space_unmap(V(1), other.by, other.at[0], PAGE, other.until);
}
TEST(race38_two_who_owe_at_a_time)
{
    /* While the first one waits for other CPUs, another unmaps, above or below; its debt must not be taken as paid by the flush that had begun before. */
    static scene c_, *c = &c_;
    for (int how = 0; how < 8; how++) {
        const int above = how & 1, now = how & 2, same = how & 4;
        scene_open(c);
        put(c, SPOT, 20, RW);
        for (uint64_t i = 0; i < 20; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 7));
        vipc_cap copy = clone(c, c->s);                        /* as an observer: its frames are counted */
        for (uint64_t i = 0; i < 20; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 8));
        other_may(c, c->s);
        other.at[0] = SPOT + (same ? 10 : above ? 15 : 5) * PAGE;
        other.until = now ? VIPC_NOW : VIPC_FOREVER;
        uint64_t frame = frame_at(c, c->s, other.at[0]);
        c->m.held = 1;
        c->m.on_flush = unmaps_beside;
        vipc_error e = vipc_space_unmap(ME, c->s, SPOT + 10 * PAGE, PAGE, VIPC_FOREVER);
        CHECK_OK(e);
        CHECK_EQ(other.said[0], now ? VIPC_ERR_WOULD_BLOCK : VIPC_OK);
        CHECK_EQ(c->m.broken, 0);
        CHECK(!vipc_frames_is_taken(&c->m.frames, frame, 1) && info_of(c, 0, c->s).leaving == 0);     /* the first one has paid for both */
        CHECK_OK(unmap_at(c, other.at[0], 1));                 /* again */
        CHECK(!vipc_frames_is_taken(&c->m.frames, frame, 1));
        CHECK_EQ(info_of(c, 0, c->s).leaving, 0);
        CHECK_EQ(c->m.stale, 0);
        CHECK_EQ(load(c, copy, SPOT + 10 * PAGE), 7);
        c->m.held = 0;
        SCENE_END(c);
    }
}
static void destroys_it(mock *m, uint64_t who)
{
    scene *c = other.c;
    (void)m;
    (void)who;
    other.said[0] = vipc_destroy(V(1), other.by, VIPC_NOW);    /* closed for all; it goes when nobody waits for its flush */
}
static void destroys_and_makes_another(mock *m, uint64_t who)
{
    scene *c = other.c;
    vipc_addr at;
    destroys_it(m, who);
    REQUIRE_OK(vipc_space_create(V(1), NULL, &other.by));
    vipc_mmap_desc d = VIPC_INIT;
    d.at = SPOT;
    d.size = 30 * PAGE;
    d.prot = RW;
    d.flags = COMMON | FIXED;
    REQUIRE_OK(vipc_space_mmap(V(1), other.by, &d, &at, VIPC_FOREVER));
}
static vipc_error waits(scene *c, int n)                       /* each of the calls that may wait for a flush */
{
    vipc_addr got;
    vipc_cap copy;
    switch (n) {
    case 0: return unmap_at(c, SPOT + 2 * PAGE, 1);
    case 1: return protect_at(c, SPOT, 20, R);
    case 2: return mmap_at(c, c->s, SPOT + 3 * PAGE, PAGE, RW, ANON | FIXED, &got);
    case 3: return vipc_space_set_break(ME, c->s, VIPC_LAYOUT_HEAP, &got, VIPC_FOREVER);
    case 4: return vipc_space_clone(ME, c->s, &copy, VIPC_FOREVER);
    case 5: return vipc_page_fault(ME, c->s, SPOT + 30 * PAGE, W, NULL);
    case 6: return vipc_space_write(ME, c->s, SPOT + 30 * PAGE, "abc", 3, NULL);
    default: return vipc_space_free(ME, c->s, SPOT, 20 * PAGE, VIPC_FOREVER);
    }
}
enum { WAITS = 8 };
static vipc_cap waiting_scene(scene *c)                        /* in which each of them waits */
{
    scene_open(c);
    put(c, SPOT + 30 * PAGE, 2, RW);
    CHECK_OK(store(c, c->s, SPOT + 30 * PAGE, 3));
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(load(c, c->s, SPOT + 30 * PAGE), 3);
    put(c, SPOT, 20, RW);
    for (uint64_t i = 0; i < 20; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 7));
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 2 * PAGE, NULL));
    CHECK_OK(store(c, c->s, VIPC_LAYOUT_HEAP, 7));
    return copy;
}
TEST(a_space_may_end_while_somebody_waits)
{
    static scene c_, *c = &c_;
    for (int n = 0; n < WAITS; n++)
        for (int more = 0; more < 2; more++) {
            vipc_cap copy = waiting_scene(c);
            other_may(c, c->s);
            c->m.held = 1;
            c->m.on_flush = more ? destroys_and_makes_another : destroys_it;
            vipc_error e = waits(c, n);
            CHECK(c->m.on_flush == NULL);
            CHECK(mock_documented(e));
            CHECK(e != VIPC_ERR_CORRUPT && e != VIPC_ERR_HOOK);
            CHECK_EQ(other.said[0], VIPC_ERR_WOULD_BLOCK);
            c->m.held = 0;
            CHECK_OK(vipc_trim(V(1), NULL));
            mock_check_by(&c->m, V(1), __FILE__, __LINE__);
            CHECK_EQ(load(c, copy, SPOT + 30 * PAGE), 3);
            if (more) {                                        /* a new space has nothing to do with the old one */
                vipc_space_info i = info_of(c, 1, other.by);
                CHECK_EQ(i.pages, 30);
                CHECK_EQ(i.regions, 1);
            }
            SCENE_END(c);
        }
}
TEST(others_go_on_while_somebody_waits)
{
    /* No lock is held in a flush that waits: any call of another member goes through. */
    static scene c_, *c = &c_;
    for (int n = 0; n < WAITS; n++) {
        waiting_scene(c);
        other_may(c, c->s);
        other.at[0] = SPOT + 19 * PAGE;
        other.until = VIPC_FOREVER;
        c->m.held = 1;
        c->m.on_flush = unmaps_beside;
        vipc_error e = waits(c, n);
        CHECK(c->m.on_flush == NULL);
        CHECK_OK(other.said[0]);
        CHECK(e == VIPC_OK || (n == 7 && e == VIPC_ERR_NOT_FOUND));
        c->m.held = 0;
        CHECK_EQ(load(c, c->s, SPOT + 19 * PAGE), VIPC_ERR_FAULT);
        CHECK_OK(unmap_at(c, SPOT + 31 * PAGE, 1));
        int bad = test_failures_;
        mock_check_by(&c->m, ME, __FILE__, __LINE__);
        if (bad != test_failures_) printf("    call %d\n", n);
        SCENE_END(c);
    }
}
TEST(what_nobody_could_flush_goes_with_the_space)
{
    static scene c_, *c = &c_;
    for (int n = 0; n < WAITS; n++) {
        vipc_cap copy = waiting_scene(c);
        c->m.held = 1;
        c->m.late = ~(uint64_t)0;
        if (n == 0 || n == 7) CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT, 5 * PAGE, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
        else if (n < 4) CHECK_EQ(vipc_space_protect(ME, c->s, SPOT, 5 * PAGE, R, vipc_after(ME, MS)), VIPC_ERR_TIMEOUT);
        CHECK_OK(vipc_destroy(ME, c->s, VIPC_FOREVER));
        CHECK_EQ(c->m.stale, 0);
        CHECK_EQ(load(c, copy, SPOT + 30 * PAGE), 3);
        CHECK_OK(vipc_destroy(ME, copy, VIPC_FOREVER));
        CHECK_EQ(used(c), c->nothing);
        SCENE_END(c);
    }
}
/* A copy whose old frame nobody lets go of: limbo has room for one, and the next one has to wait for it. */
TEST(two_copies_one_after_the_other)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 4, RW);
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(store(c, c->s, SPOT + i * PAGE, 7));
    vipc_cap copy = clone(c, c->s);
    for (uint64_t i = 0; i < 4; i++) CHECK_EQ(load(c, c->s, SPOT + i * PAGE), 7);
    other_may(c, c->s);
    other.at[0] = SPOT;
    other.at[1] = SPOT + PAGE;
    c->m.held = 1;
    c->m.on_flush = writes_twice;                              /* within the flush of the copy of page 2 */
    CHECK_OK(store(c, c->s, SPOT + 2 * PAGE, 8));
    CHECK_OK(other.said[0]);
    CHECK_OK(other.said[1]);
    c->m.held = 0;
    CHECK_OK(store(c, c->s, SPOT + 3 * PAGE, 8));
    CHECK_EQ(c->m.stale, 0);
    for (uint64_t i = 0; i < 4; i++) {
        CHECK_EQ(load(c, copy, SPOT + i * PAGE), 7);
        CHECK_EQ(load(c, c->s, SPOT + i * PAGE), i < 2 ? 77 : 8);
        CHECK_EQ(sharers(c, copy, SPOT + i * PAGE), 1);
    }
    SCENE_END(c);
}
/* Without a clock there is NOW and FOREVER. */
TEST(deadlines_without_a_clock)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 7));
    CHECK_OK(store(c, c->s, SPOT + PAGE, 7));
    c->m.hooks.now = NULL;
    CHECK_OK(vipc_space_unmap(ME, c->s, SPOT, PAGE, VIPC_NOW));
    CHECK_OK(vipc_space_unmap(ME, c->s, SPOT + PAGE, PAGE, VIPC_FOREVER));
    c->m.hooks.now = mock_now;
    SCENE_END(c);
}

static struct { scene *c; uint64_t in[3]; } holder;
static void who_holds_the_lock(mock *m, uint64_t who)
{
    (void)m;
    (void)who;
    for (unsigned i = 0; i < 3; i++) holder.in[i] = vipc_lock_thread(&holder.c->m.v[i]);
}
TEST(a_port_can_tell_whether_its_thread_holds_the_lock)
{
    static scene c_, *c = &c_;
    vipc_addr got;
    vipc_mmap_desc d = VIPC_INIT;
    scene_open(c);
    vipc_cap his = mock_grant(&c->m, 0, c->s, 1, 0);
    holder.c = c;
    for (unsigned i = 0; i < 3; i++) CHECK_EQ(vipc_lock_thread(V(i)), 0);
    d.size = PAGE;
    d.prot = RW;
    d.flags = COMMON;
    c->m.on_alloc = who_holds_the_lock;
    CHECK_OK(vipc_space_mmap(V(1), his, &d, &got, VIPC_FOREVER));
    CHECK_EQ(holder.in[1], 1);                                 /* native_thread of member 1 */
    CHECK_EQ(holder.in[0], 0);                                 /* no thread of theirs */
    CHECK_EQ(holder.in[2], 0);
    for (unsigned i = 0; i < 3; i++) CHECK_EQ(vipc_lock_thread(V(i)), 0);
    SCENE_END(c);
}

/* ------------------------------------------------------------------------------------------------- found by the model */
TEST(what_may_be_written_may_be_read)
{
    static scene c_, *c = &c_;
    scene_open(c);
    put(c, SPOT, 2, W);
    CHECK_EQ(load(c, c->s, SPOT), 0);
    CHECK_OK(store(c, c->s, SPOT, 5));
    vipc_cap copy = clone(c, c->s);
    CHECK_EQ(load(c, copy, SPOT), 5);                          /* also what a write would copy */
    CHECK_EQ(load(c, c->s, SPOT), 5);
    CHECK_OK(store(c, copy, SPOT, 6));
    CHECK_EQ(load(c, c->s, SPOT), 5);
    SCENE_END(c);
}
TEST(touch_gives_each_page_though_something_is_owed)
{
    static scene c_, *c = &c_;
    uint64_t done = 0;
    scene_open(c);
    put(c, SPOT, 8, RW);
    CHECK_OK(store(c, c->s, SPOT + 7 * PAGE, 1));
    for (int grows = 0; grows < 2; grows++) {
        vipc_stack s = stack_of(c, 16 * PAGE, PAGE, 0);
        vipc_addr at = grows ? s.top - 3 * PAGE : SPOT + (uint64_t)grows * PAGE;
        CHECK_OK(store(c, c->s, s.top - 1, 1));
        c->m.held = 1;
        CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT + (7 - (uint64_t)grows) * PAGE, PAGE, VIPC_NOW), grows ? VIPC_OK : VIPC_ERR_WOULD_BLOCK);
        c->m.held = 0;
        CHECK_OK(vipc_space_touch(ME, c->s, at, 2 * PAGE, W, &done));
        CHECK_EQ(done, 2 * PAGE);
        CHECK_EQ(sharers(c, c->s, at), 1);
        CHECK_EQ(sharers(c, c->s, at + PAGE), 1);
        uint64_t faults = c->m.faults;
        CHECK_OK(store(c, c->s, at, 1));
        CHECK_EQ(c->m.faults, faults);
    }
    SCENE_END(c);
}
TEST(growing_the_heap_waits_for_nobody)
{
    static scene c_, *c = &c_;
    vipc_addr was = 0;
    scene_open(c);
    put(c, SPOT, 2, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 100, NULL));
    c->m.held = 1;
    CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 0, &was));         /* it asks, */
    CHECK(was == VIPC_LAYOUT_HEAP + 100);
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 100, &was));       /* grows within its page, */
    CHECK_OK(vipc_space_grow_heap(ME, c->s, 5 * PAGE, &was));  /* and beyond it */
    CHECK(was == VIPC_LAYOUT_HEAP + 200);
    c->m.held = 0;
    SCENE_END(c);
}
TEST(a_stack_that_leaves_does_not_grow)
{
    static scene c_, *c = &c_;
    scene_open(c);
    vipc_stack s = stack_of(c, 8 * PAGE, 2 * PAGE, 0), k = s;
    CHECK_OK(store(c, c->s, s.top - 1, 1));
    c->m.held = 1;
    CHECK_EQ(vipc_space_unmap(ME, c->s, s.bottom, s.top - s.bottom, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, PAGE), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(load(c, c->s, s.top - 3 * PAGE), VIPC_ERR_FAULT);
    c->m.held = 0;
    CHECK_OK(unmap_at(c, s.bottom, 8));
    s = stack_of(c, 8 * PAGE, 2 * PAGE, 0);                    /* its guard alone */
    k = s;
    CHECK_OK(store(c, c->s, s.top - 1, 1));
    c->m.held = 1;
    CHECK_OK(store(c, c->s, s.bottom + PAGE, 1));
    put(c, SPOT, 1, RW);
    CHECK_OK(store(c, c->s, SPOT, 1));
    CHECK_EQ(vipc_space_unmap(ME, c->s, SPOT, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    (void)vipc_space_unmap(ME, c->s, s.bottom, PAGE, VIPC_NOW);
    REFUSED(c, vipc_space_grow_stack(ME, c->s, &k, PAGE), VIPC_ERR_NOT_FOUND);
    c->m.held = 0;
    SCENE_END(c);
}

RUN_TESTS(T(d057_a_range_that_wraps_is_refused), T(d058_an_empty_region_overlaps_nothing), T(d061_no_protection_is_no_access),
          T(d055_a_stack_contains_neither_its_top_nor_its_guard), T(d068_constants_are_64_bits_on_every_host),
          T(d059_one_configuration_with_them_and_one_without), T(the_config_says_how_many), T(a_space_has_defaults_that_can_be_read_back),
          T(a_layout_out_of_order_is_refused), T(spaces_have_limits), T(spaces_need_all_six_hooks), T(a_space_ends_with_its_owner),
          T(a_space_ends_with_its_owner_who_was_killed), T(destroy_while_somebody_runs_in_it), T(many_that_are_busy_end_later),
          T(a_last_capability_that_goes_while_it_is_busy), T(a_process_adopts_a_space), T(who_adopts_owns), T(who_adopts_last_owns),
          T(ones_own_space_may_end_first), T(a_process_is_made_with_a_space), T(each_right_is_needed_and_enough), T(no_other_token_will_do),
          T(what_was_revoked_serves_no_more), T(without_a_domain_nothing_works), T(where_results_go_must_be_said), T(allocate_rounds_up_and_finds_room),
          T(a_small_space_is_used_to_its_last_page), T(free_wants_all_of_it_mapped), T(d062_mmap_keeps_the_rules_of_posix),
          T(populate_gives_all_frames_at_once), T(a_fault_without_frames_leaves_no_tables), T(frames_beyond_the_config_come_into_no_space), T(unmap_splits_and_passes_over_holes),
          T(one_flush_however_large), T(a_split_needs_a_region), T(neighbours_that_are_alike_are_one), T(protect_over_several_and_back), T(device_memory),
          T(e012_what_is_shared_or_a_device_is_not_freed_under_the_others), T(d051_a_break_below_the_heap_is_an_invalid_argument),
          T(d052_growth_that_overflows_is_a_limit), T(d060_the_heap_maps_and_unmaps_pages), T(d067_what_is_mapped_anywhere_keeps_clear_of_the_heap),
          T(holes_in_the_heap_are_its_owners), T(d053_each_thread_has_a_stack_of_its_own), T(d054_a_stacks_size_is_whole_pages_within_bounds),
          T(d056_a_guard_page_is_one), T(stacks_grow_by_faults_down_to_their_guard), T(a_stack_may_be_let_grow_further),
          T(find_tells_of_the_region_around_or_the_next), T(sharers_of_pages), T(d065_faults_are_resolved_each_in_its_way), T(faults_that_are_refused),
          T(touch_goes_to_the_first_error), T(read_and_write_whatever_the_protection), T(the_port_may_forget_what_it_likes),
          T(a_clone_has_what_the_original_had), T(private_memory_is_copied_when_either_writes), T(shared_memory_stays_shared),
          T(clones_of_clones_go_in_any_order), T(what_leaves_is_not_cloned), T(a_clone_that_cannot_be_leaves_nothing), T(a_clone_is_of_one_moment),
          T(d063_a_count_neither_overflows_nor_comes_back_from_zero), T(d064_the_last_one_frees_when_nobody_uses_it), T(unmap_that_is_not_acknowledged),
          T(fixed_waits_for_what_it_unmaps), T(protect_that_is_not_acknowledged), T(a_break_that_is_not_acknowledged), T(race38_two_who_owe_at_a_time),
          T(a_space_may_end_while_somebody_waits), T(others_go_on_while_somebody_waits), T(what_nobody_could_flush_goes_with_the_space),
          T(two_copies_one_after_the_other), T(deadlines_without_a_clock), T(a_port_can_tell_whether_its_thread_holds_the_lock),
          T(what_may_be_written_may_be_read), T(touch_gives_each_page_though_something_is_owed), T(growing_the_heap_waits_for_nobody),
          T(a_stack_that_leaves_does_not_grow))
