/* t_input.c - bad input: each kind gets its named error and changes nothing; and what a peer scribbles over in shared memory crashes and hangs
 * nobody.  The scribbling runs in children, so that a crash or a hang is a result and not the end. */
#include "mock.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- memory and configuration ---- */
TEST(init_memory)
{
    mock m;
    mock_port(&m, NULL, 16);
    vipc *v = &m.v[0];
    CHECK_EQ(vipc_init(NULL, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_init(v, NULL, m.size, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    for (uint64_t off = 1; off < VIPC_LINE; off++)
        CHECK_EQ(vipc_init(v, m.memory + off, m.size, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_init(v, m.memory, m.size - 1, NULL, NULL, &m.hooks), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(vipc_init(v, m.memory, 0, NULL, NULL, &m.hooks), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(m.memory[0], 0x5A);                              /* nothing was written */
    CHECK_EQ(m.memory[m.size - 1], 0x5A);
    REQUIRE_OK(vipc_init(v, m.memory, m.size, NULL, NULL, &m.hooks));
    m.member[0] = 1;
    MOCK_END(&m);
}
TEST(attach_memory)
{
    mock m;
    vipc w;
    memset(&w, 0x77, sizeof w);
    mock_open(&m, NULL, 1, 16);
    CHECK_EQ(vipc_attach(NULL, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_attach(&w, NULL, m.size, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    for (uint64_t off = 1; off < VIPC_LINE; off++)
        CHECK_EQ(vipc_attach(&w, m.memory + off, m.size - VIPC_LINE, NULL, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    for (uint64_t size = 0; size < m.size; size = size * 2 + 1)          /* cut short, by little and by much */
        CHECK_EQ(vipc_attach(&w, m.memory, size, NULL, NULL, &m.hooks), VIPC_ERR_BAD_DOMAIN);
    CHECK_EQ(vipc_attach(&w, m.memory, m.size - 1, NULL, NULL, &m.hooks), VIPC_ERR_BAD_DOMAIN);
    REQUIRE_OK(vipc_attach(&m.v[1], m.memory, m.size + 5, NULL, NULL, &m.hooks));       /* more than needed is no harm */
    m.member[1] = 1;
    MOCK_END(&m);
}
TEST(attach_to_what_is_no_domain)
{
    mock m;
    vipc w;
    mock_port(&m, NULL, 16);
    memset(m.memory, 0, (size_t)m.size);
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_NOT_INITIALIZED);
    memset(m.memory, 'x', (size_t)m.size);
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_BAD_DOMAIN);
    uint64_t seed = 1;
    for (uint64_t i = 0; i + 8 <= m.size; i += 8) { uint64_t r = mock_random(&seed); memcpy(m.memory + i, &r, 8); }
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_BAD_DOMAIN);
    mock_guards(&m, __FILE__, __LINE__);
    mock_release(&m);
}
/* The first bytes: magic (8), layout (4), order of bytes (4), total (8), configuration (32).  Each changed in turn. */
TEST(attach_to_another_version)
{
    mock m;
    vipc w;
    mock_open(&m, NULL, 1, 16);
    unsigned char magic[8], other[8];
    memcpy(magic, m.memory, 8);
    for (int i = 0; i < 8; i++) other[i] = magic[7 - i];
    memcpy(m.memory, other, 8);
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_VERSION);      /* written by the other byte order */
    memcpy(m.memory, magic, 8);
    m.memory[8] ^= 2;
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_VERSION);
    m.memory[8] ^= 2;
    m.memory[12] ^= 0xFF;
    CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_VERSION);
    m.memory[12] ^= 0xFF;
    for (int at = 16; at < 56; at++)
        for (int bit = 0; bit < 8; bit++) {
            unsigned char was = m.memory[at];
            m.memory[at] = (unsigned char)(was ^ 1 << bit);
            vipc_error e = vipc_attach(&w, m.memory, m.size, NULL, NULL, &m.hooks);
            if (at < 44) CHECK_EQ(e, VIPC_ERR_BAD_DOMAIN);    /* total and what decides the tables' places; page size and quotas do not */
            else if (e == VIPC_OK) CHECK_OK(vipc_leave(&w));
            m.memory[at] = was;
        }
    MOCK_END(&m);
}
TEST(attach_expects)
{
    mock m;
    vipc_config c = VIPC_INIT, expect;
    uint32_t *field = (uint32_t *)(void *)&expect;
    c.max_processes = 5;
    c.max_objects = 77;
    mock_open(&m, &c, 1, 16);
    CHECK_OK(vipc_config_get(&m.v[0], &c));
    expect = c;
    REQUIRE_OK(vipc_attach(&m.v[1], m.memory, m.size, &expect, NULL, &m.hooks));
    m.member[1] = 1;
    memset(&expect, 0, sizeof expect);
    REQUIRE_OK(vipc_attach(&m.v[2], m.memory, m.size, &expect, NULL, &m.hooks));
    m.member[2] = 1;
    for (size_t i = 0; i < sizeof expect / 4; i++)
        for (int only = 0; only < 2; only++)
            for (int up = 0; up < 2; up++) {
                expect = c;
                if (only) memset(&expect, 0, sizeof expect);
                memcpy(&field[i], (const char *)&c + 4 * i, 4);
                field[i] += up ? 1u : ~0u;
                if (field[i] == 0) continue;
                CHECK_EQ(vipc_attach(&m.v[3], m.memory, m.size, &expect, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
            }
    MOCK_END(&m);
}
TEST(configurations_out_of_range)
{
    static const uint32_t most[6] = { 65534, 65534, 16777214, 16777214, 1048576, 20 };
    vipc_config c;
    vipc v;
    mock m;
    uint32_t *field = (uint32_t *)(void *)&c;
    mock_port(&m, NULL, 16);
    for (size_t i = 0; i < 6; i++) {
        memset(&c, 0, sizeof c);
        field[i] = most[i];
        CHECK(vipc_required_size(&c) > 0);
        for (uint32_t over = 1; over; over *= 2) {
            if (most[i] + over < over) break;
            field[i] = most[i] + over;
            CHECK_EQ(vipc_required_size(&c), 0);
            CHECK_EQ(vipc_init(&v, m.memory, m.size, &c, NULL, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
        }
        field[i] = ~0u;
        CHECK_EQ(vipc_required_size(&c), 0);
    }
    memset(&c, 0, sizeof c);
    for (c.page_shift = 1; c.page_shift < 8; c.page_shift++) CHECK_EQ(vipc_required_size(&c), 0);
    CHECK(vipc_required_size(&c) > 0);
    mock_release(&m);
}
TEST(hooks_of_another_size_or_missing)
{
    for (int attach = 0; attach < 2; attach++)
        for (int what = 0; what < 12; what++) {
            mock m;
            vipc_hooks h;
            vipc w;
            mock_open(&m, NULL, 1, 16);
            h = m.hooks;
            switch (what) {
            case 0: h.size = 0; break;
            case 1: h.size--; break;
            case 2: h.size++; break;
            case 3: h.size = (size_t)-1; break;
            case 4: h.frame_alloc = NULL; break;
            case 5: h.frame_free = NULL; break;
            case 6: h.frame_pointer = NULL; break;
            case 7: h.block = NULL; break;
            case 8: h.wake = NULL; break;
            case 9: h.enter = NULL; break;
            case 10: h.leave = NULL; break;
            default: break;
            }
            if (attach) CHECK_EQ(vipc_attach(&w, m.memory, m.size, NULL, NULL, what == 11 ? NULL : &h), VIPC_ERR_INVALID_ARGUMENT);
            else CHECK_EQ(vipc_init(&w, m.memory, m.size, NULL, NULL, what == 11 ? NULL : &h), VIPC_ERR_INVALID_ARGUMENT);
            MOCK_END(&m);
        }
}
TEST(a_port_ends_a_membership)
{
    /* A child after fork: its port sets the table's size to 0.  Everything says NOT_INITIALIZED until it is put right. */
    mock m;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    m.hooks.size = 0;
    CHECK_EQ(mock_send(&m.v[0], door, 1), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_leave(&m.v[0]), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_self(&m.v[0]).id, 0);
    CHECK_EQ(vipc_time_now(&m.v[0]), 0);
    m.hooks.size = sizeof m.hooks;
    CHECK_OK(mock_send(&m.v[0], door, 1));
    MOCK_END(&m);
}

/* ---- who asks ---- */
static void swallow(void *user, const char *line, size_t length) { (void)user; (void)line; (void)length; }
/* Every public function with this self; all else as good as can be. */
static void everything_says(vipc *self, vipc_error want, vipc_cap cap, vipc *fresh)
{
    vipc_message msg = mock_message(1), out;
    vipc_info info;
    vipc_cap c;
    vipc_pid pid = { 1 };
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in;
    vipc_process_info pi;
    vipc_endpoint_info ei;
    vipc_cap_info ci;
    vipc_config config;
    vipc_stats stats;
    vipc_reply_right right = { 257 };
    uint32_t n;
    uint64_t f;
    memset(&o, 0, sizeof o);
    memset(&in, 0, sizeof in);
    CHECK_EQ(vipc_thread_enter(self, 9, fresh), want);
    CHECK_EQ(vipc_leave(self), want);
    CHECK_EQ(vipc_config_get(self, &config), want);
    CHECK_EQ(vipc_process_create(self, NULL, fresh, NULL), want);
    CHECK_EQ(vipc_process_destroy(self, cap, &n), want);
    CHECK_EQ(vipc_process_wait(self, pid, VIPC_NOW), want);
    CHECK_EQ(vipc_process_get(self, pid, &pi), want);
    CHECK_EQ(vipc_process_find(self, 1, &pid), want);
    CHECK_EQ(vipc_sweep(self, &n), want);
    CHECK_EQ(vipc_trim(self, &f), want);
    CHECK_EQ(vipc_self(self).id, 0);
    CHECK_EQ(vipc_time_now(self), 0);
    CHECK_EQ(vipc_after(self, 5), VIPC_FOREVER);
    CHECK_EQ(vipc_derive(self, cap, NULL, &c), want);
    CHECK_EQ(vipc_grant(self, cap, pid, NULL, &c), want);
    CHECK_EQ(vipc_revoke(self, cap, VIPC_NOW), want);
    CHECK_EQ(vipc_close(self, cap), want);
    CHECK_EQ(vipc_destroy(self, cap, VIPC_NOW), want);
    CHECK_EQ(vipc_cap_get(self, cap, &ci), want);
    CHECK_EQ(vipc_cap_require(self, cap, 0, 0), want);
    CHECK_EQ(vipc_endpoint_create(self, NULL, &c), want);
    CHECK_EQ(vipc_endpoint_bind(self, cap, pid), want);
    CHECK_EQ(vipc_endpoint_get(self, cap, &ei), want);
    CHECK_EQ(vipc_send(self, cap, &msg, VIPC_NOW), want);
    CHECK_EQ(vipc_receive(self, cap, &out, &info, VIPC_NOW), want);
    CHECK_EQ(vipc_send_large(self, cap, &o, VIPC_NOW), want);
    CHECK_EQ(vipc_receive_large(self, cap, &in, VIPC_NOW), want);
    CHECK_EQ(vipc_call(self, cap, &msg, &out, VIPC_NOW), want);
    CHECK_EQ(vipc_call_large(self, cap, &o, &in, VIPC_NOW), want);
    CHECK_EQ(vipc_reply_large(self, right, &o), want);
    CHECK_EQ(vipc_reply(self, right, &msg), want);
    CHECK_EQ(vipc_reply_drop(self, right, VIPC_ERR_LIMIT), want);
    CHECK_EQ(vipc_reply_receive(self, right, &msg, cap, &out, &info, VIPC_NOW), want);
    CHECK_EQ(vipc_cancel(self), want);
    CHECK_EQ(vipc_publish(self, "n", cap, 0), want);
    CHECK_EQ(vipc_unpublish(self, "n"), want);
    CHECK_EQ(vipc_lookup(self, "n", 0, &c, VIPC_NOW), want);
    CHECK_EQ(vipc_stats_get(self, &stats), want);
    CHECK_EQ(vipc_check(self, &n), want);
    CHECK_EQ(vipc_dump(self, swallow, NULL), want);
}
TEST(self_that_is_none)
{
    mock m;
    vipc fresh, copy, zero, rubbish;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    everything_says(NULL, VIPC_ERR_INVALID_ARGUMENT, door, &fresh);
    memset(&zero, 0, sizeof zero);
    everything_says(&zero, VIPC_ERR_INVALID_ARGUMENT, door, &fresh);
    memset(&rubbish, 0xA7, sizeof rubbish);
    everything_says(&rubbish, VIPC_ERR_INVALID_ARGUMENT, door, &fresh);
    copy = m.v[0];
    everything_says(&copy, VIPC_ERR_INVALID_ARGUMENT, door, &fresh);
    CHECK_OK(vipc_leave(&m.v[1]));
    m.member[1] = 0;
    everything_says(&m.v[1], VIPC_ERR_NOT_INITIALIZED, door, &fresh);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    MOCK_END(&m);
}
TEST(self_whose_process_was_ended)
{
    mock m;
    vipc fresh;
    vipc_cap process;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    REQUIRE_OK(vipc_process_create(&m.v[0], NULL, &m.v[1], &process));
    mock_thread(&m, 1, 2);
    CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
    m.member[1] = m.member[2] = 0;
    everything_says(&m.v[1], VIPC_ERR_NOT_INITIALIZED, door, &fresh);
    everything_says(&m.v[2], VIPC_ERR_NOT_INITIALIZED, door, &fresh);
    /* and it stays so when another takes its place */
    REQUIRE_OK(vipc_process_create(&m.v[0], NULL, &m.v[3], NULL));
    m.member[3] = 1;
    everything_says(&m.v[1], VIPC_ERR_NOT_INITIALIZED, door, &fresh);
    everything_says(&m.v[2], VIPC_ERR_NOT_INITIALIZED, door, &fresh);
    MOCK_END(&m);
}
TEST(self_of_another_domain)
{
    mock a, b;
    mock_open(&a, NULL, 2, 16);
    mock_open(&b, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&a, 0, 4), other;
    CHECK_EQ(mock_send(&b.v[0], door, 1), VIPC_ERR_INVALID_CAPABILITY);
    other = mock_endpoint(&b, 0, 4);
    CHECK_EQ(vipc_cap_require(&a.v[1], other, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&a);
    MOCK_END(&b);
}

/* ---- arguments ---- */
TEST(null_outputs_and_inputs)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc *v = &m.v[0];
    vipc_cap door = mock_endpoint(&m, 0, 4), out = { 4711 };
    vipc_message msg = mock_message(1);
    vipc_info info;
    vipc_pid pid = vipc_self(&m.v[1]);
    vipc_reply_right none = VIPC_INIT, some = { 257 };
    const vipc_error bad = VIPC_ERR_INVALID_ARGUMENT;
    CHECK_EQ(vipc_thread_enter(v, 1, NULL), bad);
    CHECK_EQ(vipc_config_get(v, NULL), bad);
    CHECK_EQ(vipc_process_create(v, NULL, NULL, NULL), bad);
    CHECK_EQ(vipc_process_create(v, NULL, NULL, &out), bad);
    CHECK_EQ(vipc_process_get(v, pid, NULL), bad);
    CHECK_EQ(vipc_process_find(v, 1, NULL), bad);
    CHECK_EQ(vipc_derive(v, door, NULL, NULL), bad);
    CHECK_EQ(vipc_grant(v, door, pid, NULL, NULL), bad);
    CHECK_EQ(vipc_cap_get(v, door, NULL), bad);
    CHECK_EQ(vipc_endpoint_create(v, NULL, NULL), bad);
    CHECK_EQ(vipc_endpoint_get(v, door, NULL), bad);
    CHECK_EQ(vipc_send(v, door, NULL, VIPC_NOW), bad);
    CHECK_EQ(vipc_send_large(v, door, NULL, VIPC_NOW), bad);
    CHECK_OK(mock_send(v, door, 1));
    CHECK_EQ(vipc_receive(v, door, NULL, &info, VIPC_NOW), bad);
    CHECK_EQ(vipc_receive_large(v, door, NULL, VIPC_NOW), bad);
    CHECK_EQ(vipc_call(v, door, NULL, &msg, VIPC_FOREVER), bad);
    CHECK_EQ(vipc_call(v, door, &msg, NULL, VIPC_FOREVER), bad);
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    CHECK_EQ(vipc_call_large(v, door, NULL, &in, VIPC_FOREVER), bad);
    CHECK_EQ(vipc_call_large(v, door, &o, NULL, VIPC_FOREVER), bad);
    in.payload_capacity = 1;
    CHECK_EQ(vipc_call_large(v, door, &o, &in, VIPC_FOREVER), bad);
    CHECK_EQ(vipc_receive_large(v, door, &in, VIPC_NOW), bad);
    in.payload_capacity = 0;
    o.payload_size = 1;
    CHECK_EQ(vipc_send_large(v, door, &o, VIPC_NOW), bad);
    CHECK_EQ(vipc_call_large(v, door, &o, &in, VIPC_FOREVER), bad);
    CHECK_EQ(vipc_reply_large(v, some, &o), bad);
    CHECK_EQ(vipc_reply_large(v, some, NULL), bad);
    o.payload_size = 0;
    for (uint32_t over = 1; over; over *= 2) {
        o.cap_count = VIPC_MESSAGE_CAPS + over;
        CHECK_EQ(vipc_send_large(v, door, &o, VIPC_NOW), bad);
        CHECK_EQ(vipc_call_large(v, door, &o, &in, VIPC_FOREVER), bad);
        CHECK_EQ(vipc_reply_large(v, some, &o), bad);
    }
    o.cap_count = 0;
    o.region = door;
    CHECK_EQ(vipc_send_large(v, door, &o, VIPC_NOW), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(vipc_call_large(v, door, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(vipc_reply_large(v, some, &o), VIPC_ERR_INVALID_REGION);
    o.region.token = 0;
    CHECK_EQ(vipc_reply_large(v, none, &o), bad);
    for (uint32_t bit = 1; bit; bit *= 2) {
        o.message.flags = bit;
        if (bit == VIPC_URGENT || bit == VIPC_UNORDERED || bit == VIPC_IS_REPLY || bit == VIPC_HAS_CAPABILITY) continue;
        CHECK_EQ(vipc_call_large(v, door, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
        CHECK_EQ(vipc_reply_large(v, some, &o), VIPC_ERR_INVALID_MESSAGE);
    }
    CHECK_EQ(vipc_reply(v, some, NULL), bad);
    CHECK_EQ(vipc_reply_receive(v, some, NULL, door, &msg, &info, VIPC_NOW), bad);
    CHECK_EQ(vipc_reply_receive(v, none, NULL, door, NULL, &info, VIPC_NOW), bad);
    CHECK_EQ(vipc_reply_receive(v, none, NULL, door, &msg, NULL, VIPC_NOW), bad);
    CHECK_EQ(vipc_publish(v, NULL, door, 0), bad);
    CHECK_EQ(vipc_unpublish(v, NULL), bad);
    CHECK_EQ(vipc_lookup(v, NULL, 0, &out, VIPC_NOW), bad);
    CHECK_EQ(vipc_lookup(v, "x", 0, NULL, VIPC_NOW), bad);
    CHECK_EQ(vipc_stats_get(v, NULL), bad);
    CHECK_EQ(vipc_check(v, NULL), bad);
    CHECK_EQ(vipc_dump(v, NULL, NULL), bad);
    CHECK_EQ(vipc_thread_enter(v, 1, v), bad);
    CHECK_EQ(vipc_process_create(v, NULL, v, NULL), bad);
    /* what may be NULL */
    CHECK_EQ(mock_receive(v, door), 1);
    CHECK_OK(vipc_sweep(v, NULL));
    CHECK_OK(vipc_trim(v, NULL));
    CHECK_EQ(out.token, 4711);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(endpoint_descriptors)
{
    mock m;
    vipc_cap out = { 4711 };
    vipc_endpoint_info info;
    mock_open(&m, NULL, 1, 16);
    for (uint32_t over = 1; over; over *= 2) {
        vipc_endpoint_desc d = VIPC_INIT;
        d.capacity = VIPC_CAPACITY_MAX + over;
        CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
        d.capacity = 1;
        d.payload_max = VIPC_PAYLOAD_MAX + over;
        CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
        d.payload_max = 0;
        d.full = 2 + over;
        CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    }
    CHECK_EQ(out.token, 4711);
    vipc_endpoint_desc d = VIPC_INIT;
    CHECK_OK(vipc_endpoint_create(&m.v[0], &d, &out));
    CHECK_OK(vipc_endpoint_get(&m.v[0], out, &info));
    CHECK_EQ(info.capacity, 64);
    d.capacity = VIPC_CAPACITY_MAX;
    d.payload_max = VIPC_PAYLOAD_MAX;
    d.spin = ~0u;
    CHECK_OK(vipc_endpoint_create(&m.v[0], &d, &out));
    CHECK_OK(vipc_endpoint_get(&m.v[0], out, &info));
    CHECK_EQ(info.capacity, VIPC_CAPACITY_MAX);
    CHECK_EQ(info.payload_max, VIPC_PAYLOAD_MAX);
    CHECK_EQ(mock_send(&m.v[0], out, 1), VIPC_ERR_OUT_OF_MEMORY);      /* a gigabyte: the pool has sixteen frames */
    CHECK_EQ(mock_receive(&m.v[0], out), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(names)
{
    static char text[VIPC_NAME_MAX + 3];
    mock m;
    vipc_cap out;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    static const char *const bad[] = { "", "/", "/a", "a/", "a/b" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQ(vipc_publish(&m.v[0], bad[i], door, 0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_unpublish(&m.v[0], bad[i]), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_lookup(&m.v[0], bad[i], 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    }
    for (size_t length = VIPC_NAME_MAX - 1; length <= VIPC_NAME_MAX + 2; length++) {
        memset(text, 'n', length);
        text[length > sizeof text - 1 ? sizeof text - 1 : length] = 0;
        vipc_error e = vipc_publish(&m.v[0], text, door, 0);
        CHECK_EQ(e, length <= VIPC_NAME_MAX ? VIPC_OK : VIPC_ERR_NAME_TOO_LONG);
        CHECK_EQ(vipc_lookup(&m.v[0], text, 0, &out, VIPC_NOW), length <= VIPC_NAME_MAX ? VIPC_OK : VIPC_ERR_NAME_TOO_LONG);
        CHECK_EQ(vipc_unpublish(&m.v[0], text), length <= VIPC_NAME_MAX ? VIPC_OK : VIPC_ERR_NAME_TOO_LONG);
    }
    CHECK_OK(vipc_publish(&m.v[0], "\xff\x01 .", door, 0));    /* bytes are bytes */
    CHECK_EQ(vipc_publish(&m.v[0], "x", door, VIPC_RIGHT_ALL + 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_lookup(&m.v[0], "x", VIPC_RIGHT_ALL + 1, &out, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}
TEST(numbers_for_every_argument)
{
    CHECK(strcmp(vipc_error_string(VIPC_OK), vipc_error_string(VIPC_ERR_HOOK)) != 0);
    for (int e = -40; e < 5; e++) {
        const char *text = vipc_error_string((vipc_error)e);
        REQUIRE(text != NULL);
        CHECK_EQ(strcmp(text, "unknown error") == 0, !mock_documented((vipc_error)e));
    }
    CHECK_EQ(strcmp(vipc_error_string((vipc_error)2147483647), "unknown error"), 0);
    CHECK_EQ(strcmp(vipc_error_string((vipc_error)(-2147483647 - 1)), "unknown error"), 0);
    CHECK_EQ(vipc_version(), VIPC_VERSION_MAJOR << 16 | VIPC_VERSION_MINOR << 8 | VIPC_VERSION_PATCH);
}

/* ---- scribbling ----
 * A small domain in full use: messages queued, one with a capability, a payload, names, a call that sleeps, a sleeper's cell, derived
 * capabilities, a closed endpoint.  For every word of its memory and of its queues, and every hostile value: put the scene back, let
 * v[1] call, and while it sleeps scribble and let v[0] and v[2] do a bit of everything. */
enum { CASE_SECONDS = 4, VALUES = 18, POOL = 40 };
typedef struct stage {
    mock m, m_saved;
    unsigned char *memory_saved, pool_saved[POOL << 8], taken_saved[POOL + 64];
    vipc_cap door, wide, his, hers, named, process, other;
    uint64_t word, seed, used;         /* used: words of the pool that hold queues */
    int value;                         /* -1: nothing; VALUES: several words at random */
    unsigned battery;
} stage;
typedef struct board { volatile uint64_t at, slowest; volatile unsigned undocumented, wild_frees, op; volatile int error; } board;
static board *note;

static uint64_t *stage_word(stage *s, uint64_t w)
{
    uint64_t own = s->m.size / 8;
    return w < own ? (uint64_t *)(void *)s->m.memory + w : (uint64_t *)(void *)s->m.pool + (w - own);
}
static uint64_t hostile(stage *s, int value, uint64_t w, uint64_t old, uint64_t words)
{
    uint64_t low = old & 0xFFFFFFFFu, high = old & ~(uint64_t)0xFFFFFFFFu;
    switch (value) {
    case 0: return 0;
    case 1: return ~(uint64_t)0;
    case 2: return 1;
    case 3: return old + 1;
    case 4: return old - 1;
    case 5: return mock_random(&s->seed);
    case 6: return *stage_word(s, (w + 8) % words);           /* a neighbouring record's */
    case 7: return *stage_word(s, mock_random(&s->seed) % words);
    case 8: return high | 0xFFFFFFFFu;
    case 9: return high | 1;
    case 10: return high;
    case 11: return high | 3;
    case 12: return low | ~(uint64_t)0xFFFFFFFFu;
    case 13: return low;
    case 14: return low | (uint64_t)1 << 32;
    case 15: return old ^ (uint64_t)1 << (mock_random(&s->seed) & 63);
    case 16: return old ^ (uint64_t)1 << (mock_random(&s->seed) & 63);
    default: return (mock_random(&s->seed) & 7) | (mock_random(&s->seed) & 7) << 32;
    }
}
static void said(stage *s, int op, vipc_error e)
{
    (void)s;
    note->op = (unsigned)op;
    if (mock_documented(e)) return;
    note->undocumented++;
    note->error = (int)e;
}
/* A bit of everything; each step bounded by a deadline or not waiting at all. */
static void battery(stage *s)
{
    mock *m = &s->m;
    vipc *a = &m->v[0], *b = &m->v[2];
    vipc_message msg = mock_message(1), reply;
    vipc_info info;
    vipc_cap out = VIPC_INIT, mine = VIPC_INIT;
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in;
    vipc_endpoint_info ei;
    vipc_cap_info ci;
    vipc_process_info pi;
    vipc_stats st;
    vipc_pid pid;
    vipc joiner;
    unsigned char bytes[128];
    uint32_t n;
    uint64_t f;
    int op = 0;
#define DO(call) do { op++; note->op = (unsigned)op; said(s, op, (call)); } while (0)
    memset(bytes, 1, sizeof bytes);
    memset(&joiner, 0, sizeof joiner);                       /* a stale one in this place would look like a member */
    memset(&o, 0, sizeof o);
    memset(&in, 0, sizeof in);
    o.payload = bytes;
    o.payload_size = 60;
    in.payload = bytes;
    in.payload_capacity = 64;
    DO(vipc_endpoint_get(a, s->door, &ei));
    DO(vipc_cap_get(a, s->door, &ci));
    DO(vipc_stats_get(b, &st));
    DO(vipc_dump(b, swallow, NULL));
    DO(vipc_receive(a, s->door, &msg, &info, VIPC_NOW));
    DO(vipc_receive(a, s->door, &msg, &info, VIPC_NOW));
    DO(vipc_receive(a, s->door, &msg, &info, vipc_after(a, 10 * MS)));
    DO(vipc_reply(a, info.reply, &(vipc_message){ .opcode = 1 }));
    msg = mock_message(1);
    DO(vipc_send(b, s->hers, &msg, VIPC_NOW));
    DO(vipc_send(b, s->hers, &msg, vipc_after(a, 10 * MS)));
    DO(vipc_send(b, s->hers, &msg, vipc_after(a, 10 * MS)));
    DO(vipc_send(b, s->hers, &msg, vipc_after(a, 100 * MS)));
    DO(vipc_call(b, s->hers, &msg, &reply, vipc_after(a, 10 * MS)));
    DO(vipc_send_large(b, s->wide, &o, VIPC_NOW));
    DO(vipc_send_large(a, s->wide, &o, VIPC_NOW));
    DO(vipc_receive_large(a, s->wide, &in, VIPC_NOW));
    DO(vipc_receive_large(a, s->wide, &in, VIPC_NOW));
    DO(vipc_receive_large(a, s->wide, &in, VIPC_NOW));
    DO(vipc_call_large(b, s->hers, &(vipc_outgoing){ .cap_count = 2, .caps = { s->hers, s->hers } }, &in, vipc_after(a, 10 * MS)));
    DO(vipc_receive_large(a, s->door, &in, VIPC_NOW));
    DO(vipc_reply_large(a, in.info.reply, &o));
    DO(vipc_send_large(a, s->door, &(vipc_outgoing){ .cap_count = 4, .caps = { s->other, s->other, s->wide, s->door } }, VIPC_NOW));
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = s->other;
    DO(vipc_send(a, s->door, &msg, VIPC_NOW));
    DO(vipc_receive(a, s->door, &msg, &info, VIPC_NOW));
    DO(vipc_endpoint_create(b, NULL, &mine));
    DO(vipc_derive(b, mine, NULL, &out));
    DO(vipc_grant(b, mine, vipc_self(a), NULL, &out));
    msg = mock_message(1);
    DO(vipc_send(b, mine, &msg, VIPC_NOW));
    DO(vipc_lookup(b, "one", 0, &out, VIPC_NOW));
    DO(vipc_lookup(b, "two", 0, &out, vipc_after(b, 10 * MS)));
    DO(vipc_publish(b, "two", mine, 0));
    DO(vipc_unpublish(b, "two"));
    DO(vipc_unpublish(a, "one"));
    DO(vipc_process_get(a, vipc_self(b), &pi));
    DO(vipc_process_find(a, MOCK_NATIVE + 1, &pid));
    DO(vipc_process_wait(a, vipc_self(b), vipc_after(a, 10 * MS)));
    DO(vipc_attach(&joiner, m->memory, m->size, NULL, NULL, &m->hooks));
    if (joiner.here == &joiner) DO(vipc_leave(&joiner));
    memset(&joiner, 0, sizeof joiner);
    DO(vipc_thread_enter(b, 5, &joiner));
    if (joiner.here == &joiner) DO(vipc_leave(&joiner));
    memset(&joiner, 0, sizeof joiner);
    DO(vipc_trim(a, &f));
    DO(vipc_check(b, &n));
    DO(vipc_endpoint_bind(b, s->hers, vipc_self(b)));
    DO(vipc_revoke(a, s->door, vipc_after(a, 10 * MS)));
    DO(vipc_close(b, mine));
    DO(vipc_process_create(a, NULL, &joiner, &out));
    DO(vipc_process_destroy(a, out, &n));
    DO(vipc_process_destroy(a, s->process, &n));
    DO(vipc_destroy(a, s->wide, vipc_after(a, 10 * MS)));
    DO(vipc_destroy(a, s->door, vipc_after(a, 10 * MS)));
    DO(vipc_sweep(a, &n));
    DO(vipc_check(a, &n));
    DO(vipc_dump(a, swallow, NULL));
    DO(vipc_leave(b));
    DO(vipc_cancel(a));
    DO(vipc_leave(a));
    DO(vipc_attach(&joiner, m->memory, m->size, NULL, NULL, &m->hooks));
#undef DO
    s->battery++;
}
static void scribble(mock *m, uint64_t self)
{
    stage *s = (stage *)m->script;
    uint64_t *at = stage_word(s, s->word);
    (void)self;
    uint64_t words = m->size / 8 + s->used;
    if (s->value >= 0 && s->value < VALUES) *at = hostile(s, s->value, s->word, *at, words);
    for (uint64_t n = s->value == VALUES ? 2 + mock_random(&s->seed) % 10 : 0; n > 0; n--) {
        uint64_t w = mock_random(&s->seed) % words;
        at = stage_word(s, w);
        *at = hostile(s, (int)(mock_random(&s->seed) % VALUES), w, *at, words);
    }
    battery(s);
}
static void open_stage(stage *s)
{
    vipc_config c = VIPC_INIT;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_message msg = mock_message(1);
    vipc_outgoing o = VIPC_INIT;
    vipc_cap closed;
    c.max_processes = 5;
    c.max_threads = 6;
    c.max_objects = 6;
    c.max_capabilities = 20;
    c.max_names = 3;
    c.page_shift = 8;
    memset(s, 0, sizeof *s);
    mock_open(&s->m, &c, 3, POOL);
    s->m.hooks.log = NULL;
    s->m.bare = 1;
    s->door = mock_endpoint(&s->m, 0, 4);
    d.capacity = 2;
    d.payload_max = 64;
    REQUIRE_OK(vipc_endpoint_create(&s->m.v[0], &d, &s->wide));
    s->other = mock_endpoint(&s->m, 0, 1);
    closed = mock_endpoint(&s->m, 0, 1);
    REQUIRE_OK(mock_send(&s->m.v[0], closed, 1));
    s->his = mock_grant(&s->m, 0, s->door, 1, 0);
    s->hers = mock_grant(&s->m, 1, s->his, 2, 0);
    s->named = mock_derive(&s->m, 0, s->door, 0);
    REQUIRE_OK(vipc_publish(&s->m.v[0], "one", s->named, 0));
    vipc_process_desc p = mock_desc(3);
    p.proof = MOCK_PROOF;
    REQUIRE_OK(vipc_process_create(&s->m.v[0], &p, &s->m.v[3], &s->process));
    REQUIRE_OK(mock_send(&s->m.v[2], s->hers, 1));
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = s->other;
    REQUIRE_OK(vipc_send(&s->m.v[0], s->door, &msg, VIPC_NOW));
    memset(&o, 0, sizeof o);
    o.payload = s;
    o.payload_size = 50;
    o.cap_count = 3;                                          /* a chain of three, and room for a reply, to be scribbled over too */
    o.caps[0] = o.caps[1] = o.caps[2] = s->other;
    REQUIRE_OK(vipc_send_large(&s->m.v[0], s->wide, &o, VIPC_NOW));
    const unsigned char *room;
    REQUIRE_OK(vipci_room_make(&s->m.v[2], 60, VIPC_NOW, &room));
    vipci_mine(&s->m.v[2])->room = 0;
    REQUIRE_OK(vipc_close(&s->m.v[0], closed));
    s->memory_saved = (unsigned char *)malloc((size_t)s->m.size);
    memcpy(s->memory_saved, s->m.memory, (size_t)s->m.size);
    memcpy(s->pool_saved, s->m.pool, sizeof s->pool_saved);
    memcpy(s->taken_saved, s->m.bitmap, (size_t)vipc_frames_required_size(POOL));
    for (uint64_t f = 0; f < POOL; f++)
        if (vipc_frames_is_taken(&s->m.frames, f, 1)) s->used = (f + 1) << 8 >> 3;
    s->m_saved = s->m;
}
static void one_case(stage *s, uint64_t word, int value)
{
    vipc_message msg = mock_message(2), reply;
    memcpy(&s->m, &s->m_saved, sizeof s->m);
    memcpy(s->m.memory, s->memory_saved, (size_t)s->m.size);
    memcpy(s->m.pool, s->pool_saved, sizeof s->pool_saved);
    memcpy(s->m.bitmap, s->taken_saved, (size_t)vipc_frames_required_size(POOL));
    s->m.broken = 100;                                        /* hooks are told nonsense now: said by the count alone */
    s->word = word;
    s->value = value;
    s->seed = (word + 1) * 0x9E3779B97F4A7C15u + (uint64_t)value;
    s->m.script = s;
    s->m.asleep = scribble;
    said(s, 0, vipc_call(&s->m.v[1], s->his, &msg, &reply, vipc_after(&s->m.v[1], 100 * MS)));
    note->wild_frees += s->m.broken - 100;
}
static uint64_t microseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}
/* Case k: below `singles`, value k % VALUES into word k / VALUES; from there on several words at random, k being the seed. */
static void run_cases(stage *s, uint64_t from, uint64_t to, uint64_t singles)
{
    for (uint64_t k = from; k < to; k++) {
        struct itimerval limit = { { 0, 0 }, { CASE_SECONDS, 0 } };
        uint64_t start = microseconds();
        note->at = k;
        setitimer(ITIMER_REAL, &limit, NULL);
        unsigned before = note->undocumented;
        if (k < singles) one_case(s, k / VALUES, (int)(k % VALUES));
        else one_case(s, k, VALUES);
        if (note->undocumented != before) printf("    case %llu: error %d, last operation %u\n", (unsigned long long)k, note->error, note->op);
        if (microseconds() - start > note->slowest) note->slowest = microseconds() - start;
        if (s->m.memory[-1] != 0xEE || s->m.memory[s->m.size] != 0xEE) { printf("    written outside\n"); _exit(3); }
    }
    _exit(0);
}
/* SCRIBBLE=n in the environment: case n alone.  RANDOM_CASES=n: so many random ones (20,000). */
TEST(scribbled_over)
{
    static stage s;
    unsigned crashes = 0, hangs = 0;
    note = (board *)mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(note != MAP_FAILED);
    open_stage(&s);
    one_case(&s, 0, -1);                                      /* with nothing wrong, the battery goes through */
    CHECK_EQ(s.battery, 1);
    CHECK_EQ(note->undocumented, 0);
    const char *one = getenv("SCRIBBLE"), *many = getenv("RANDOM_CASES");
    uint64_t words = s.m.size / 8 + s.used, singles = words * VALUES, from = 0, to = singles + (many ? strtoull(many, NULL, 10) : 20000);
    if (one) { from = strtoull(one, NULL, 10); to = from + 1; }
    uint64_t start = from;
    while (from < to && crashes + hangs < 40) {
        int status = 0;
        fflush(stdout);
        pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) run_cases(&s, from, to, singles);
        REQUIRE(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
        int hang = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
        if (hang) hangs++;
        else crashes++;
        printf("    %s: case %llu, operation %u, status %x", hang ? "hang" : "crash", (unsigned long long)note->at, note->op, (unsigned)status);
        if (note->at < singles) printf(" (word %llu of %llu, value %llu)", (unsigned long long)(note->at / VALUES), (unsigned long long)words,
                                       (unsigned long long)(note->at % VALUES));
        printf("\n");
        from = note->at + 1;
    }
    printf("    %llu cases, the slowest took %llu us; %u wild arguments to hooks\n", (unsigned long long)(to - start), (unsigned long long)note->slowest, note->wild_frees);
    CHECK_EQ(crashes, 0);
    CHECK_EQ(hangs, 0);
    CHECK_EQ(note->undocumented, 0);
    free(s.memory_saved);
    mock_release(&s.m);
    munmap(note, sizeof *note);
}

RUN_TESTS(T(init_memory), T(attach_memory), T(attach_to_what_is_no_domain), T(attach_to_another_version), T(attach_expects), T(configurations_out_of_range),
          T(hooks_of_another_size_or_missing), T(a_port_ends_a_membership), T(self_that_is_none), T(self_whose_process_was_ended), T(self_of_another_domain),
          T(null_outputs_and_inputs), T(endpoint_descriptors), T(names), T(numbers_for_every_argument), T(scribbled_over))
