/* t_limits.c - the configuration and its limits: what is refused, each limit met exactly and left again, the sizes of queues and payloads,
 * frames taken and given back, and a million endpoints.  VIPC_TEST_SHORT=1 leaves the million out. */
#include "mock.h"
#include <time.h>

static int brief(void)
{
    const char *s = getenv("VIPC_TEST_SHORT");
    return s && s[0] == '1';
}

/* ---- configuration ---- */
TEST(defaults)
{
    mock m;
    vipc_config c;
    mock_open(&m, NULL, 1, 16);
    CHECK_OK(vipc_config_get(&m.v[0], &c));
    CHECK_EQ(c.max_processes, 64);
    CHECK_EQ(c.max_threads, 128);
    CHECK_EQ(c.max_objects, 1024);
    CHECK_EQ(c.max_capabilities, 4096);
    CHECK_EQ(c.max_names, 256);
    CHECK_EQ(c.page_shift, 12);
    CHECK_EQ(c.objects_per_process, 1024);
    CHECK_EQ(c.capabilities_per_process, 4096);
    CHECK_EQ(vipc_required_size(&c), vipc_required_size(NULL));
    CHECK_EQ(vipc_config_get(&m.v[0], NULL), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}
TEST(defaults_that_follow_others)
{
    mock m;
    vipc_config c = VIPC_INIT, got;
    c.max_processes = 5;
    c.max_objects = 7;
    c.page_shift = 9;
    mock_open(&m, &c, 1, 16);
    CHECK_OK(vipc_config_get(&m.v[0], &got));
    CHECK_EQ(got.max_processes, 5);
    CHECK_EQ(got.max_threads, 10);
    CHECK_EQ(got.max_objects, 7);
    CHECK_EQ(got.max_capabilities, 28);
    CHECK_EQ(got.objects_per_process, 7);
    CHECK_EQ(got.capabilities_per_process, 28);
    CHECK_EQ(got.page_shift, 9);
    MOCK_END(&m);
    c.max_processes = 40000;                                 /* twice, or four times, that is more than there can be */
    c.max_objects = 5000000;
    uint64_t size = vipc_required_size(&c);
    c.max_threads = 65534;
    c.max_capabilities = 16777214;
    CHECK_EQ(vipc_required_size(&c), size);
}
TEST(fields_past_their_maximum)
{
    static const struct { size_t field; uint32_t most; } all[] = {
        { offsetof(vipc_config, max_processes), 65534 }, { offsetof(vipc_config, max_threads), 65534 }, { offsetof(vipc_config, max_objects), 16777214 },
        { offsetof(vipc_config, max_capabilities), 16777214 }, { offsetof(vipc_config, max_names), 1048576 }, { offsetof(vipc_config, page_shift), 20 } };
    mock m;
    vipc v;
    mock_port(&m, NULL, 4);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        vipc_config c = VIPC_INIT;
        uint32_t *field = (uint32_t *)(void *)((char *)&c + all[i].field), bad[3] = { all[i].most + 1, 0x80000000u, 0xffffffffu };
        c.max_objects = c.max_capabilities = 16;
        *field = all[i].most;
        if (sizeof(size_t) > 4 || all[i].most < 1000000) CHECK(vipc_required_size(&c) != 0);
        for (int k = 0; k < 3; k++) {
            *field = bad[k];
            CHECK_EQ(vipc_required_size(&c), 0);
            CHECK_EQ(vipc_init(&v, m.memory, m.size, &c, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
        }
    }
    for (uint32_t shift = 1; shift < 8; shift++) {
        vipc_config c = VIPC_INIT;
        c.page_shift = shift;
        CHECK_EQ(vipc_required_size(&c), 0);
    }
    mock_release(&m);
}
/* All at their largest: some 4.6 GB of tables, which a 32-bit address space cannot hold. */
TEST(sums_past_the_address_space)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = c.max_threads = 65534;
    c.max_objects = c.max_capabilities = 16777214;
    c.max_names = 1048576;
    uint64_t size = vipc_required_size(&c);
    if (sizeof(size_t) > 4) CHECK(size > 0xffffffffu);
    else CHECK_EQ(size, 0);
    c.objects_per_process = c.capabilities_per_process = 0xffffffffu;          /* shares are numbers, nothing is allotted for them */
    CHECK_EQ(vipc_required_size(&c), size);
}
TEST(memory_of_just_that_size)
{
    mock m;
    vipc v;
    vipc_config c = VIPC_INIT;
    c.max_objects = 3;
    mock_port(&m, &c, 4);
    CHECK_EQ(vipc_init(&v, m.memory, m.size - 1, &c, NULL, &m.hooks), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(vipc_init(&v, m.memory, 0, &c, NULL, &m.hooks), VIPC_ERR_OUT_OF_MEMORY);
    REQUIRE_OK(vipc_init(&v, m.memory, m.size, &c, NULL, &m.hooks));
    CHECK_OK(vipc_leave(&v));
    mock_release(&m);
}
TEST(smallest_of_all)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap out = { 4711 };
    vipc w;
    c.max_processes = c.max_threads = c.max_objects = c.max_capabilities = c.max_names = 1;
    c.page_shift = 8;
    mock_open(&m, &c, 1, 4);
    CHECK_EQ(vipc_thread_enter(&m.v[0], 1, &w), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_process_create(&m.v[0], NULL, &w, NULL), VIPC_ERR_LIMIT);
    vipc_cap door = mock_endpoint(&m, 0, 1);
    CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_derive(&m.v[0], door, NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_publish(&m.v[0], "x", door, 0), VIPC_ERR_LIMIT);
    CHECK_EQ(out.token, 4711);
    for (uint64_t i = 0; i < 10; i++) {
        CHECK_OK(mock_send(&m.v[0], door, i));
        CHECK_EQ(mock_send(&m.v[0], door, i), VIPC_ERR_CHANNEL_FULL);
        CHECK_EQ(mock_receive(&m.v[0], door), i);
        CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    }
    CHECK_OK(vipc_close(&m.v[0], door));
    (void)mock_endpoint(&m, 0, 1);
    MOCK_END(&m);
}

/* ---- each limit, met exactly and left again; three times over, so that what is given back can be had again ---- */
TEST(limit_of_processes)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap out = { 4711 };
    vipc w;
    c.max_processes = 4;
    c.max_threads = 10;
    mock_open(&m, &c, 1, 4);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 1; i < 4; i++) {
            vipc_process_desc d = mock_desc(i);
            REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[i], NULL));
            m.member[i] = 1;
        }
        vipc_process_desc d = mock_desc(5);
        CHECK_EQ(vipc_process_create(&m.v[0], &d, &w, &out), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_LIMIT);
        CHECK_EQ(out.token, 4711);
        MOCK_CHECK(&m, 0);
        mock_leave_domain(&m, 2);
        REQUIRE_OK(vipc_attach(&w, m.memory, m.size, NULL, &d, &m.hooks));
        CHECK_OK(vipc_leave(&w));
        mock_leave_domain(&m, 1);
        mock_leave_domain(&m, 3);
    }
    MOCK_END(&m);
}
TEST(limit_of_threads)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc w;
    vipc_process_info info;
    c.max_processes = 3;
    c.max_threads = 4;
    mock_open(&m, &c, 2, 4);
    for (int round = 0; round < 3; round++) {
        vipc_process_desc d = mock_desc(5);
        mock_thread(&m, 0, 2);
        mock_thread(&m, 1, 3);
        CHECK_EQ(vipc_thread_enter(&m.v[0], 4, &w), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_process_create(&m.v[0], &d, &w, NULL), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_LIMIT);
        CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[1]), &info));
        CHECK_EQ(info.threads, 2);
        MOCK_CHECK(&m, 0);
        mock_leave_domain(&m, 2);
        CHECK_OK(vipc_process_create(&m.v[0], &d, &w, NULL));            /* the process's record was given back, though its view was not to be had */
        CHECK_OK(vipc_leave(&w));
        mock_leave_domain(&m, 3);
    }
    MOCK_END(&m);
}
TEST(limits_of_objects_and_capabilities)
{
    enum { N = 6 };
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap doors[N], caps[2 * N], out = { 4711 };
    c.max_objects = N;
    c.max_capabilities = 2 * N;
    mock_open(&m, &c, 2, 4);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < N; i++) doors[i] = mock_endpoint(&m, i & 1, 2);
        CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
        for (int i = 0; i < N; i++) caps[i] = mock_derive(&m, 0, doors[0], 0);
        CHECK_EQ(vipc_derive(&m.v[0], doors[0], NULL, &out), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_grant(&m.v[0], doors[0], vipc_self(&m.v[1]), NULL, &out), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_publish(&m.v[0], "x", doors[0], 0), VIPC_ERR_LIMIT);
        vipc_process_desc d = mock_desc(2);
        CHECK_EQ(vipc_process_create(&m.v[0], &d, &m.v[2], &out), VIPC_ERR_LIMIT);
        vipc_message msg = mock_message(1);
        msg.flags = VIPC_HAS_CAPABILITY;
        msg.capability = doors[0];
        CHECK_EQ(vipc_send(&m.v[0], doors[0], &msg, VIPC_NOW), VIPC_ERR_LIMIT);
        CHECK_OK(vipc_close(&m.v[0], caps[0]));
        CHECK_OK(vipc_send(&m.v[0], doors[0], &msg, VIPC_NOW));          /* the one place left, for the one that travels */
        CHECK_EQ(vipc_derive(&m.v[0], doors[0], NULL, &out), VIPC_ERR_LIMIT);
        CHECK_OK(vipc_receive(&m.v[0], doors[0], &msg, NULL, VIPC_NOW));
        CHECK(mock_alive_cap(&m.v[0], msg.capability));
        CHECK_EQ(out.token, 4711);
        MOCK_CHECK(&m, 1);
        for (unsigned i = 0; i < N; i++) CHECK_OK(vipc_destroy(&m.v[i & 1], doors[i], VIPC_NOW));
    }
    MOCK_END(&m);
}
TEST(limit_of_names)
{
    mock m;
    vipc_config c = VIPC_INIT;
    char longest[VIPC_NAME_MAX + 2];
    c.max_names = 3;
    mock_open(&m, &c, 1, 4);
    vipc_cap door = mock_endpoint(&m, 0, 2), out;
    memset(longest, 'n', sizeof longest);
    longest[VIPC_NAME_MAX + 1] = 0;
    for (int round = 0; round < 3; round++) {
        longest[VIPC_NAME_MAX] = 'n';
        CHECK_EQ(vipc_publish(&m.v[0], longest, door, 0), VIPC_ERR_NAME_TOO_LONG);
        longest[VIPC_NAME_MAX] = 0;
        CHECK_OK(vipc_publish(&m.v[0], longest, door, 0));
        CHECK_OK(vipc_publish(&m.v[0], "b", door, 0));
        CHECK_OK(vipc_publish(&m.v[0], "c", door, 0));
        CHECK_EQ(vipc_publish(&m.v[0], "d", door, 0), VIPC_ERR_LIMIT);
        CHECK_EQ(vipc_publish(&m.v[0], "b", door, 0), VIPC_ERR_EXISTS);
        CHECK_OK(vipc_lookup(&m.v[0], longest, 0, &out, VIPC_NOW));
        CHECK_OK(vipc_close(&m.v[0], out));
        CHECK_EQ(vipc_lookup(&m.v[0], "d", 0, &out, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_OK(vipc_unpublish(&m.v[0], "b"));
        CHECK_OK(vipc_publish(&m.v[0], "d", door, 0));
        CHECK_OK(vipc_unpublish(&m.v[0], "d"));
        CHECK_OK(vipc_unpublish(&m.v[0], "c"));
        CHECK_OK(vipc_unpublish(&m.v[0], longest));
        MOCK_CHECK(&m, 0);
    }
    MOCK_END(&m);
}
TEST(shares_of_a_process)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap doors[3], caps[5], out = { 4711 };
    vipc_process_info info;
    c.objects_per_process = 3;
    c.capabilities_per_process = 5;
    mock_open(&m, &c, 3, 4);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++) doors[i] = mock_endpoint(&m, 0, 2);
        CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
        for (int i = 0; i < 2; i++) caps[i] = mock_derive(&m, 0, doors[0], 0);
        CHECK_EQ(vipc_derive(&m.v[0], doors[0], NULL, &out), VIPC_ERR_LIMIT);
        for (int i = 0; i < 5; i++) (void)mock_grant(&m, 0, doors[0], 1, 0);
        CHECK_EQ(vipc_grant(&m.v[0], doors[0], vipc_self(&m.v[1]), NULL, &out), VIPC_ERR_LIMIT);
        vipc_cap his = mock_grant(&m, 0, doors[0], 2, 0);    /* the share of one is no limit for another */
        CHECK_OK(vipc_process_get(&m.v[2], vipc_self(&m.v[0]), &info));
        CHECK_EQ(info.objects, 3);
        CHECK_EQ(info.capabilities, 5);
        CHECK_OK(vipc_process_get(&m.v[2], vipc_self(&m.v[1]), &info));
        CHECK_EQ(info.objects, 0);
        CHECK_EQ(info.capabilities, 5);
        CHECK_EQ(out.token, 4711);
        CHECK_OK(vipc_close(&m.v[0], caps[1]));
        caps[1] = mock_derive(&m, 0, doors[0], 0);
        CHECK(mock_alive_cap(&m.v[2], his));
        for (int i = 0; i < 3; i++) CHECK_OK(vipc_destroy(&m.v[0], doors[i], VIPC_NOW));
        CHECK_OK(vipc_process_get(&m.v[2], vipc_self(&m.v[1]), &info));
        CHECK_EQ(info.capabilities, 0);
        MOCK_CHECK(&m, 0);
    }
    MOCK_END(&m);
}
/* A domain full of the dead: who comes finds all records taken, cleans up, and joins. */
TEST(joining_a_domain_of_the_dead)
{
    for (int threads = 0; threads < 2; threads++) {
        mock m;
        vipc_config c = VIPC_INIT;
        vipc_process_desc d = mock_desc(9);
        c.max_processes = 3;
        c.max_threads = threads ? 3 : 8;
        mock_open(&m, &c, threads ? 2 : 3, 8);
        if (threads) mock_thread(&m, 1, 2);
        vipc_cap door = mock_endpoint(&m, 1, 2);
        CHECK_OK(mock_send(&m.v[1], door, 1));
        CHECK_OK(vipc_publish(&m.v[1], "door", door, 0));
        CHECK_EQ(vipc_attach(&m.v[9], m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_LIMIT);
        CHECK_EQ(m.in_use, 1);
        for (unsigned i = 0; i < 3; i++)
            if (i < 2 || !threads) mock_kill(&m, i);
        m.member[2] = 0;
        int (*alive)(void *, uint64_t) = m.hooks.process_alive;
        m.hooks.process_alive = NULL;                        /* nobody to ask: they may live */
        CHECK_EQ(vipc_attach(&m.v[9], m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_LIMIT);
        m.hooks.process_alive = alive;
        REQUIRE_OK(vipc_attach(&m.v[9], m.memory, m.size, NULL, &d, &m.hooks));
        m.member[9] = 1;
        CHECK_EQ(m.in_use, 0);
        CHECK_EQ(mock_stats(&m).reaped, threads ? 2 : 3);
        CHECK_EQ(vipc_lookup(&m.v[9], "door", 0, &door, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(labels_are_cut_at_31_bytes)
{
    mock m;
    char label[64];
    mock_open(&m, NULL, 1, 4);
    for (size_t n = 0; n < 40; n++) {
        vipc_endpoint_desc d = VIPC_INIT;
        vipc_endpoint_info info;
        vipc_process_info pi;
        vipc_cap door;
        size_t kept = n < VIPC_LABEL_MAX ? n : VIPC_LABEL_MAX;
        for (size_t i = 0; i < n; i++) label[i] = (char)('a' + i % 26);
        label[n] = 0;
        d.label = label;
        REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
        memset(&info, 0xFF, sizeof info);
        CHECK_OK(vipc_endpoint_get(&m.v[0], door, &info));
        CHECK_EQ(strlen(info.label), kept);
        CHECK_EQ(memcmp(info.label, label, kept), 0);
        vipc_process_desc p = mock_desc(1);
        p.label = label;
        REQUIRE_OK(vipc_process_create(&m.v[0], &p, &m.v[1], NULL));
        m.member[1] = 1;
        memset(&pi, 0xFF, sizeof pi);
        CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[1]), &pi));
        CHECK_EQ(strlen(pi.label), kept);
        CHECK_EQ(memcmp(pi.label, label, kept), 0);
        mock_leave_domain(&m, 1);
        CHECK_OK(vipc_close(&m.v[0], door));
    }
    MOCK_END(&m);
}

/* ---- queues ---- */
TEST(capacities)
{
    static const uint32_t all[] = { 1, 2, 3, 4, 5, 63, 64, 65, 1023, 1024 };
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_endpoint_info info;
    vipc_cap out = { 4711 };
    mock_open(&m, NULL, 1, 64);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        uint32_t n = all[k];
        uint64_t in = 0, back = 0;
        int wrong = 0;
        vipc_cap door = mock_endpoint(&m, 0, n);
        for (uint32_t round = 0; round < 5; round++) {       /* full, half empty, full, empty: the ends meet at every slot in turn */
            while (in < back + n) wrong += mock_send(&m.v[0], door, in++) != VIPC_OK;
            CHECK_EQ(mock_send(&m.v[0], door, in), VIPC_ERR_CHANNEL_FULL);
            CHECK_OK(vipc_endpoint_get(&m.v[0], door, &info));
            CHECK_EQ(info.queued, n);
            CHECK_EQ(info.capacity, n);
            for (uint32_t i = 0; i < (n + 1) / 2; i++) wrong += mock_receive(&m.v[0], door) != (long long)back++;
            while (in < back + n) wrong += mock_send(&m.v[0], door, in++) != VIPC_OK;
            CHECK_EQ(mock_send(&m.v[0], door, in), VIPC_ERR_CHANNEL_FULL);
            while (back < in) wrong += mock_receive(&m.v[0], door) != (long long)back++;
            CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
            wrong += mock_send(&m.v[0], door, in++) != VIPC_OK;
            wrong += mock_receive(&m.v[0], door) != (long long)back++;
        }
        CHECK_EQ(wrong, 0);
        CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
        CHECK_EQ(m.in_use, 0);
    }
    d.capacity = VIPC_CAPACITY_MAX + 1;
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    d.capacity = 0xffffffffu;
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    d.capacity = 0;
    d.payload_max = VIPC_PAYLOAD_MAX + 1;
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(out.token, 4711);
    vipc_cap usual;
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &usual));
    CHECK_OK(vipc_endpoint_get(&m.v[0], usual, &info));
    CHECK_EQ(info.capacity, 64);
    CHECK_EQ(info.payload_max, 0);
    MOCK_END(&m);
}

static unsigned char pattern(size_t size, size_t i) { return (unsigned char)(size * 31 + i * 7 + (i >> 8)); }
static void through(mock *m, vipc_cap door, size_t size, size_t room)
{
    vipc_outgoing og = VIPC_INIT;
    vipc_incoming in;
    vipc_endpoint_info info;
    unsigned char *from = (unsigned char *)malloc(size + 1), *to = (unsigned char *)malloc(room + 16);
    size_t wrong = 0;
    if (!CHECK(from && to)) { free(from); free(to); return; }
    for (size_t i = 0; i < size; i++) from[i] = pattern(size, i);
    memset(to, 0xC3, room + 16);
    memset(&og, 0, sizeof og);
    memset(&in, 0, sizeof in);
    og.message = mock_message(5);
    og.payload = size ? from : NULL;
    og.payload_size = size;
    CHECK_OK(vipc_send_large(&m->v[0], door, &og, VIPC_NOW));
    if (size) {
        vipc_message small = mock_message(6);
        vipc_info said;
        in.payload = to;
        in.payload_capacity = size - 1;
        CHECK_EQ(vipc_receive_large(&m->v[0], door, &in, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(in.info.payload_size, size);
        CHECK_EQ(vipc_receive(&m->v[0], door, &small, &said, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(said.payload_size, size);
        CHECK_EQ(vipc_receive(&m->v[0], door, &small, NULL, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK(mock_is(&small, 6));
        CHECK_OK(vipc_endpoint_get(&m->v[0], door, &info));
        CHECK_EQ(info.queued, 1);
        memset(to, 0xC3, room + 16);
    }
    in.payload = room ? to : NULL;
    in.payload_capacity = room;
    CHECK_OK(vipc_receive_large(&m->v[0], door, &in, VIPC_NOW));
    CHECK(mock_is(&in.message, 5));
    CHECK_EQ(in.info.payload_size, size);
    for (size_t i = 0; i < size; i++) wrong += to[i] != pattern(size, i);
    for (size_t i = size; i < room + 16; i++) wrong += to[i] != 0xC3;
    CHECK_EQ(wrong, 0);
    free(from);
    free(to);
}
TEST(payloads)
{
    static const uint32_t all[] = { 1, 2, 7, 8, 9, 55, 56, 57, 63, 64, 65, 4000, 4096, 65536, VIPC_PAYLOAD_MAX - 1, VIPC_PAYLOAD_MAX };
    mock m;
    mock_open(&m, NULL, 1, 1100);
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        uint32_t most = all[k], sizes[4] = { 0, 1, most - 1, most };
        vipc_endpoint_desc d = VIPC_INIT;
        vipc_cap door;
        vipc_outgoing og = VIPC_INIT;
        d.capacity = 3;
        d.payload_max = most;
        REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
        unsigned char *bytes = (unsigned char *)calloc(1, (size_t)most + 1);
        REQUIRE(bytes != NULL);
        for (int round = 0; round < 2; round++)
            for (int i = 0; i < 4; i++) {
                through(&m, door, sizes[i], sizes[i]);
                through(&m, door, sizes[i], most);
            }
        memset(&og, 0, sizeof og);
        og.payload = bytes;
        og.payload_size = (size_t)most + 1;
        CHECK_EQ(vipc_send_large(&m.v[0], door, &og, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        og.payload_size = ~(size_t)0;
        CHECK_EQ(vipc_send_large(&m.v[0], door, &og, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        og.payload = NULL;
        og.payload_size = 1;
        CHECK_EQ(vipc_send_large(&m.v[0], door, &og, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        for (uint64_t i = 0; i < 3; i++) CHECK_OK(mock_send(&m.v[0], door, i));         /* words alone go through such a queue too */
        CHECK_EQ(mock_send(&m.v[0], door, 3), VIPC_ERR_CHANNEL_FULL);
        for (int i = 0; i < 3; i++) CHECK_EQ(mock_receive(&m.v[0], door), i);
        free(bytes);
        CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
        CHECK_EQ(m.in_use, 0);
    }
    vipc_cap plain = mock_endpoint(&m, 0, 2);
    vipc_outgoing og = VIPC_INIT;
    memset(&og, 0, sizeof og);
    og.payload = "x";
    og.payload_size = 1;
    CHECK_EQ(vipc_send_large(&m.v[0], plain, &og, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    through(&m, plain, 0, 0);
    MOCK_END(&m);
}

/* ---- frames ---- */
TEST(trim_gives_frames_back)
{
    for (uint32_t shift = 8; shift <= 20; shift += 4) {
        mock m;
        vipc_config c = VIPC_INIT;
        vipc_cap doors[4];
        vipc_endpoint_info info;
        uint64_t frames = 4711, each;
        c.page_shift = shift;
        mock_open(&m, &c, 1, shift == 20 ? 8 : 128);
        for (int i = 0; i < 4; i++) doors[i] = mock_endpoint(&m, 0, 33);
        CHECK_OK(vipc_trim(&m.v[0], &frames));
        CHECK_EQ(frames, 0);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[0], doors[i], (uint64_t)i));
            each = m.in_use / 4;
            CHECK(each << shift >= 33 * 64 && (each - 1) << shift < 33 * 64);
            CHECK_OK(vipc_endpoint_get(&m.v[0], doors[0], &info));
            CHECK_EQ(info.frames, each);
            CHECK_EQ(mock_receive(&m.v[0], doors[1]), 1);
            CHECK_EQ(mock_receive(&m.v[0], doors[3]), 3);
            CHECK_OK(vipc_trim(&m.v[0], &frames));           /* the two that are empty */
            CHECK_EQ(frames, 2 * each);
            CHECK_EQ(m.in_use, 2 * each);
            CHECK_OK(vipc_endpoint_get(&m.v[0], doors[1], &info));
            CHECK_EQ(info.frames, 0);
            CHECK_EQ(mock_receive(&m.v[0], doors[1]), VIPC_ERR_CHANNEL_EMPTY);
            CHECK_EQ(mock_receive(&m.v[0], doors[0]), 0);
            CHECK_EQ(mock_receive(&m.v[0], doors[2]), 2);
            CHECK_OK(vipc_trim(&m.v[0], NULL));
            MOCK_CHECK(&m, 0);
            CHECK_EQ(mock_stats(&m).frames_high_water, 4 * each);
            CHECK_EQ(mock_stats(&m).frames_high_water, m.high_water);
        }
        for (uint64_t i = 0; i < 33; i++) CHECK_OK(mock_send(&m.v[0], doors[1], i));
        CHECK_EQ(mock_send(&m.v[0], doors[1], 33), VIPC_ERR_CHANNEL_FULL);
        for (int i = 0; i < 33; i++) CHECK_EQ(mock_receive(&m.v[0], doors[1]), i);
        MOCK_END(&m);
    }
}
TEST(the_last_frame)
{
    mock m;
    vipc_cap doors[4];
    mock_open(&m, NULL, 1, 3);                               /* each of these queues takes one */
    for (int i = 0; i < 4; i++) doors[i] = mock_endpoint(&m, 0, 8);
    for (int i = 0; i < 3; i++) CHECK_OK(mock_send(&m.v[0], doors[i], 1));
    CHECK_EQ(mock_send(&m.v[0], doors[3], 1), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(mock_send(&m.v[0], doors[3], 1), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(mock_receive(&m.v[0], doors[1]), 1);
    CHECK_OK(vipc_trim(&m.v[0], NULL));
    CHECK_OK(mock_send(&m.v[0], doors[3], 1));
    CHECK_EQ(mock_send(&m.v[0], doors[1], 1), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_OK(vipc_destroy(&m.v[0], doors[0], VIPC_NOW));
    CHECK_OK(mock_send(&m.v[0], doors[1], 1));
    CHECK_EQ(mock_stats(&m).frames_high_water, 3);
    MOCK_CHECK(&m, 3);
    MOCK_END(&m);
}

/* ---- a million ---- */
TEST(a_million_endpoints)
{
    enum { MILLION = 1000000 };
    vipc_config c = VIPC_INIT, more;
    if (brief()) SKIP("VIPC_TEST_SHORT");
    c.max_processes = 2;
    c.max_names = 1;
    c.max_objects = c.max_capabilities = 10;
    more = c;
    more.max_objects = more.max_capabilities = 10 + MILLION;
    CHECK(vipc_required_size(&more) - vipc_required_size(&c) <= (uint64_t)256 * MILLION);
    uint64_t size = vipc_required_size(&more);
    void *probe = size && size == (size_t)size ? malloc((size_t)size + 65536) : NULL;
    vipc_cap *doors = (vipc_cap *)malloc(MILLION * sizeof *doors);
    if (!probe || !doors) { free(probe); free(doors); SKIP("no memory for a million endpoints"); }
    free(probe);
    static mock m;
    uint32_t wrong = 0;
    mock_open(&m, &more, 1, 16);
    clock_t start = clock();
    for (uint32_t i = 0; i < MILLION; i++) wrong += vipc_endpoint_create(&m.v[0], NULL, &doors[i]) != VIPC_OK;
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    CHECK(seconds < 5);
    for (uint32_t i = 0; i < MILLION; i++) wrong += vipc_cap_require(&m.v[0], doors[i], VIPC_TYPE_ENDPOINT, VIPC_RIGHT_ALL) != VIPC_OK;
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_stats(&m).objects_created, MILLION);
    for (uint32_t i = 0; i < MILLION; i += MILLION / 4 - 1) {
        CHECK_OK(mock_send(&m.v[0], doors[i], i));
        CHECK_EQ(mock_receive(&m.v[0], doors[i]), i);
    }
    for (uint32_t i = 0; i < MILLION; i += 2) wrong += vipc_destroy(&m.v[0], doors[i], VIPC_NOW) != VIPC_OK;
    for (uint32_t i = 0; i < MILLION; i++) wrong += mock_alive_cap(&m.v[0], doors[i]) != (i % 2 == 1);
    CHECK_EQ(wrong, 0);
    free(doors);
    MOCK_END(&m);
}

RUN_TESTS(T(defaults), T(defaults_that_follow_others), T(fields_past_their_maximum), T(sums_past_the_address_space), T(memory_of_just_that_size),
          T(smallest_of_all), T(limit_of_processes), T(limit_of_threads), T(limits_of_objects_and_capabilities), T(limit_of_names),
          T(shares_of_a_process), T(joining_a_domain_of_the_dead), T(labels_are_cut_at_31_bytes), T(capacities), T(payloads),
          T(trim_gives_frames_back), T(the_last_frame), T(a_million_endpoints))
