/* t_caplimits.c - limits of capabilities, as the contracts in the header say: size, rate, bandwidth, expiry; who shares them, what they cost, what a kill leaves. */
#define VIPC_UNSTABLE
#include "mock.h"

#define SECOND ((vipc_time)1000000000)

static void open_still(mock *m, unsigned count)             /* a clock that the case alone moves */
{
    mock_open(m, NULL, count, 64);
    m->tick = 0;
}
static vipc_limits limits(uint64_t message_max, uint64_t rate, uint64_t bandwidth, vipc_time expires)
{
    vipc_limits l;
    l.message_max = message_max;
    l.rate = rate;
    l.bandwidth = bandwidth;
    l.expires = expires;
    return l;
}
static vipc_error derive(vipc *who, vipc_cap from, vipc_limits l, vipc_cap *out)
{
    vipc_derive_desc d = VIPC_INIT;
    d.limits = l;
    return vipc_derive(who, from, &d, out);
}
static vipc_cap limited(vipc *who, vipc_cap from, vipc_limits l)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(derive(who, from, l, &out));
    return out;
}
static vipc_cap granted(mock *m, vipc_cap from, unsigned to, vipc_limits l)
{
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.limits = l;
    REQUIRE_OK(vipc_grant(&m->v[0], from, vipc_self(&m->v[to]), &d, &out));
    return out;
}
static vipc_limits limits_of(vipc *who, vipc_cap cap)
{
    vipc_cap_info i;
    memset(&i, 0, sizeof i);
    CHECK_OK(vipc_cap_get(who, cap, &i));
    return i.limits;
}
static int same(vipc_limits a, vipc_limits b) { return a.message_max == b.message_max && a.rate == b.rate && a.bandwidth == b.bandwidth && a.expires == b.expires; }
static uint32_t slots(mock *m)                               /* of the table of capabilities in use */
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < vipci_d(&m->v[0])->used_caps; i++) n += vipci_entry_at(&m->v[0], i)->kind != 0;
    return n;
}
/* Send until it is refused; all is received at once.  How many passed. */
static unsigned flood(mock *m, vipc *who, vipc_cap to, vipc_cap door, unsigned most)
{
    unsigned n = 0;
    vipc_error e = VIPC_OK;
    while (n < most && (e = mock_send(who, to, n)) == VIPC_OK) {
        CHECK_EQ(mock_receive(&m->v[0], door), n);
        n++;
    }
    if (n < most) CHECK_EQ(e, VIPC_ERR_RATE_LIMIT);
    return n;
}
static vipc_error send_bytes(vipc *who, vipc_cap to, size_t size)
{
    static unsigned char bytes[4096];
    vipc_outgoing o = VIPC_INIT;
    memset(&o, 0, sizeof o);
    o.message = mock_message(1);
    o.payload = bytes;
    o.payload_size = size;
    return vipc_send_large(who, to, &o, VIPC_NOW);
}
static vipc_cap wide_endpoint(mock *m, uint32_t capacity)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = 4096;
    REQUIRE_OK(vipc_endpoint_create(&m->v[0], &d, &out));
    return out;
}

/* ---- what may be derived ---- */
TEST(d104_no_limit_is_wider_than_any)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), one, child, none = { 4711 };
    const uint64_t have = 5000000000u, most[] = { 1, have - 1, have, have + 1, ~(uint64_t)0 };
    for (int field = 0; field < 4; field++) {
        uint64_t l[4] = { 0, 0, 0, 0 };
        l[field] = have;
        one = limited(&m.v[0], door, limits(l[0], l[1], l[2], l[3]));          /* from no limit to any: allowed */
        CHECK(same(limits_of(&m.v[0], one), limits(l[0], l[1], l[2], l[3])));
        CHECK(same(limits_of(&m.v[0], door), limits(0, 0, 0, 0)));
        child = limited(&m.v[0], one, limits(0, 0, 0, 0));                     /* 0 from a limit: the same limit, not none */
        CHECK(same(limits_of(&m.v[0], child), limits(l[0], l[1], l[2], l[3])));
        REQUIRE_OK(vipc_close(&m.v[0], child));
        child = mock_grant(&m, 0, one, 1, VIPC_RIGHT_SEND);
        CHECK(same(limits_of(&m.v[1], child), limits(l[0], l[1], l[2], l[3])));
        REQUIRE_OK(vipc_close(&m.v[1], child));
        for (size_t k = 0; k < sizeof most / sizeof *most; k++) {
            uint64_t want[4] = { 0, 0, 0, 0 };
            want[field] = most[k];
            vipc_error e = derive(&m.v[0], one, limits(want[0], want[1], want[2], want[3]), &none);
            CHECK_EQ(e, most[k] > have ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK);
            if (e == VIPC_OK) CHECK_OK(vipc_close(&m.v[0], none));
        }
        MOCK_CHECK(&m, 0);
        CHECK_OK(vipc_close(&m.v[0], one));
        CHECK_EQ(slots(&m), 1);
    }
    MOCK_END(&m);
}
TEST(d108_each_limit_is_kept_beside_the_others)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = limited(&m.v[0], door, limits(1000, 100, 0, 0)), b = limited(&m.v[0], a, limits(0, 50, 9000, 77 * SECOND)),
             c = limited(&m.v[0], b, limits(500, 0, 0, 0)), d = limited(&m.v[0], c, limits(0, 50, 8000, 0));
    CHECK(same(limits_of(&m.v[0], a), limits(1000, 100, 0, 0)));
    CHECK(same(limits_of(&m.v[0], b), limits(1000, 50, 9000, 77 * SECOND)));
    CHECK(same(limits_of(&m.v[0], c), limits(500, 50, 9000, 77 * SECOND)));
    CHECK(same(limits_of(&m.v[0], d), limits(500, 50, 8000, 77 * SECOND)));
    CHECK_EQ(slots(&m), 5 + 1 + 2 + 1 + 1);                  /* a bucket each, and one record for numbers alone */
    CHECK_OK(vipc_close(&m.v[0], a));                        /* what comes of it keeps its limits */
    CHECK_OK(vipc_close(&m.v[0], b));
    CHECK(same(limits_of(&m.v[0], d), limits(500, 50, 8000, 77 * SECOND)));
    MOCK_CHECK(&m, 0);
    CHECK_OK(vipc_close(&m.v[0], c));
    CHECK_OK(vipc_close(&m.v[0], d));
    CHECK_EQ(slots(&m), 1);
    MOCK_END(&m);
}
TEST(badges_and_limits_go_together)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = limited(&m.v[0], door, limits(0, 3, 0, 0)), b = VIPC_INIT;
    vipc_derive_desc d = VIPC_INIT;
    vipc_message got;
    vipc_info info;
    d.badge = 99;
    REQUIRE_OK(vipc_grant(&m.v[0], a, vipc_self(&m.v[1]), &d, &b));
    CHECK(same(limits_of(&m.v[1], b), limits(0, 3, 0, 0)));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(mock_send(i ? &m.v[0] : &m.v[1], i ? a : b, 1));
        CHECK_OK(vipc_receive(&m.v[0], door, &got, &info, VIPC_NOW));
        CHECK_EQ(info.badge, i ? 0 : 99);
    }
    CHECK_EQ(flood(&m, &m.v[1], b, door, 9), 1);             /* the badge gave it no allowance of its own */
    CHECK_EQ(flood(&m, &m.v[0], a, door, 9), 0);
    vipc_message carrying = mock_message(1);                 /* on its way the badge lies elsewhere */
    carrying.flags = VIPC_HAS_CAPABILITY;
    carrying.capability = b;
    vipc_cap back = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    REQUIRE_OK(vipc_send(&m.v[1], back, &carrying, VIPC_NOW));
    MOCK_CHECK(&m, 1);
    REQUIRE_OK(vipc_receive(&m.v[0], door, &got, &info, VIPC_NOW));
    m.now += SECOND;
    CHECK_OK(mock_send(&m.v[0], got.capability, 1));
    CHECK_OK(vipc_receive(&m.v[0], door, &got, &info, VIPC_NOW));
    CHECK_EQ(info.badge, 99);
    MOCK_END(&m);
}

/* ---- size ---- */
TEST(d108_message_max_counts_48_and_the_payload)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = wide_endpoint(&m, 4), a = limited(&m.v[0], door, limits(148, 0, 0, 0)), none = limited(&m.v[0], door, limits(47, 0, 0, 0)),
             words = limited(&m.v[0], door, limits(48, 0, 0, 0));
    vipc_message reply;
    CHECK_EQ(send_bytes(&m.v[0], a, 101), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_OK(send_bytes(&m.v[0], a, 100));
    CHECK_OK(mock_send(&m.v[0], words, 1));
    CHECK_EQ(send_bytes(&m.v[0], words, 1), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(mock_send(&m.v[0], none, 1), VIPC_ERR_MESSAGE_TOO_LARGE);
    vipc_message request = mock_message(1);
    CHECK_EQ(vipc_call(&m.v[0], none, &request, &reply, m.now + SECOND), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_OK(send_bytes(&m.v[0], door, 4096));
    MOCK_END(&m);
}

/* ---- rate ---- */
TEST(d108_rate_is_a_second_at_once_and_then_so_many_a_second)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), ten = granted(&m, door, 1, limits(0, 10, 0, 0)), one = granted(&m, door, 1, limits(0, 1, 0, 0));
    CHECK_EQ(flood(&m, &m.v[1], ten, door, 100), 10);
    CHECK_EQ(flood(&m, &m.v[1], one, door, 100), 1);
    m.now += SECOND / 10 - 1;
    CHECK_EQ(flood(&m, &m.v[1], ten, door, 100), 0);
    m.now += 1;
    CHECK_EQ(flood(&m, &m.v[1], ten, door, 100), 1);
    m.now += SECOND / 2;
    CHECK_EQ(flood(&m, &m.v[1], ten, door, 100), 5);
    CHECK_EQ(flood(&m, &m.v[1], one, door, 100), 0);
    m.now += 1000000 * SECOND;                               /* idle: no more than a second's worth gathers */
    CHECK_EQ(flood(&m, &m.v[1], ten, door, 100), 10);
    CHECK_EQ(flood(&m, &m.v[1], one, door, 100), 1);
    CHECK_EQ(mock_stats(&m).rate_limited, 8);
    CHECK_EQ(mock_stats(&m).checks_failed, 0);
    CHECK_EQ(flood(&m, &m.v[0], door, door, 100), 100);      /* the unlimited one feels nothing of it */
    MOCK_END(&m);
}
TEST(d108_rate_limit_comes_at_once_whatever_the_deadline)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = limited(&m.v[0], door, limits(0, 1, 0, 0));
    vipc_message msg = mock_message(1);
    CHECK_OK(vipc_send(&m.v[0], a, &msg, VIPC_FOREVER));
    CHECK_EQ(vipc_send(&m.v[0], a, &msg, VIPC_FOREVER), VIPC_ERR_RATE_LIMIT);
    CHECK_EQ(vipc_send(&m.v[0], a, &msg, m.now + SECOND), VIPC_ERR_RATE_LIMIT);
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    MOCK_END(&m);
}
/* Nothing is rounded off: after t seconds of asking all the time exactly burst + floor(rate * t) have passed. */
TEST(d108_rate_does_not_drift)
{
    static const uint64_t rates[] = { 1, 3, 7, 999 };
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        m.now = 12345678901234567u;                          /* a clock that has run for months */
        vipc_cap a = limited(&m.v[0], door, limits(0, rates[k], 0, 0));
        uint64_t passed = flood(&m, &m.v[0], a, door, 5000), start = m.now, state = 1;
        CHECK_EQ(passed, rates[k]);
        for (int i = 0; i < 20000; i++) {
            m.now += mock_random(&state) % (SECOND / rates[k]);         /* never idle for as long as a bucket takes to fill */
            passed += flood(&m, &m.v[0], a, door, 5000);
        }
        /* floor(rate * now) - floor(rate * start), with 128 bits */
        vipci_instant now = vipci_instant_of(m.now), then = vipci_instant_of(start);
        CHECK_EQ(passed, rates[k] + vipci_earned(now, rates[k]) - vipci_earned(then, rates[k]));
        uint64_t about = (m.now - start) / SECOND * rates[k];
        CHECK(passed >= about && passed <= about + 2 * rates[k] + 1);
        CHECK_OK(vipc_close(&m.v[0], a));
    }
    MOCK_END(&m);
}
#if defined(__SIZEOF_INT128__)
__extension__ typedef unsigned __int128 wide;
#endif
TEST(arithmetic_is_exact_for_every_number)
{
    static const uint64_t edges[] = { 0, 1, 511, 512, 999999999, 1000000000, 1000000001, 1999999999, 0xffffffffu, 0x100000000u, 999999999999999999u,
        1000000000000000000u, 0x7fffffffffffffffu, 0x8000000000000000u, 18446744073000000000u, 18446744073709551614u, 18446744073709551615u };
    uint64_t state = 7;
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) CHECK_EQ(vipci_seconds(edges[i]), edges[i] / 1000000000u);
    for (int i = 0; i < 200000; i++) {
        uint64_t n = mock_random(&state) >> (i & 63), s = n / 1000000000u;
        if (vipci_seconds(n) != s) { CHECK_EQ(vipci_seconds(n), s); break; }
        uint64_t at = s * 1000000000u;
        if (vipci_seconds(at) != s || (at && vipci_seconds(at - 1) != s - 1)) { CHECK_EQ(vipci_seconds(at), s); break; }
#if defined(__SIZEOF_INT128__)
        uint64_t rate = mock_random(&state) >> (mock_random(&state) & 63), e = vipci_earned(vipci_instant_of(n), rate);
        if (e != (uint64_t)((wide)n * rate / 1000000000u)) { CHECK_EQ(e, (uint64_t)((wide)n * rate / 1000000000u)); break; }
#endif
    }
}
/* Idle for any number of seconds up to some hours, at the greatest value that is kept: it is idle, and not in use up to its limit. */
TEST(idle_for_long_at_the_greatest_value)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = wide_endpoint(&m, 4), a = limited(&m.v[0], door, limits(0, ~(uint64_t)0, ~(uint64_t)0, 0));
    for (uint64_t pause = 1; pause < 60000; pause += pause / 3 + 1) {
        CHECK_OK(send_bytes(&m.v[0], a, 0));
        CHECK_EQ(mock_receive(&m.v[0], door), 1);
        m.now += pause * SECOND + 500 * MS;
    }
    CHECK_OK(send_bytes(&m.v[0], a, 0));
    MOCK_END(&m);
}
/* Any 64-bit number is a limit: nothing overflows, none refuses the first message, and the highest never refuses at all. */
TEST(any_number_is_a_limit)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = wide_endpoint(&m, 4);
    for (int shift = 0; shift < 64; shift++)
        for (int less = 0; less < 2; less++) {
            uint64_t n = ((uint64_t)1 << shift) - (uint64_t)less;
            if (n == 0) n = ~(uint64_t)0;
            vipc_cap a = limited(&m.v[0], door, limits(0, n, n, 0)), same_again, b;
            vipc_limits got = limits_of(&m.v[0], a);
            CHECK_EQ(got.rate, n > (uint64_t)1 << 40 ? (uint64_t)1 << 40 : n);
            CHECK_EQ(got.bandwidth, got.rate);
            CHECK_OK(derive(&m.v[0], a, limits(0, n, n, 0), &same_again));
            CHECK_OK(send_bytes(&m.v[0], a, 4096));
            CHECK_EQ(send_bytes(&m.v[0], same_again, 4096), n >= 2 * 4144 ? VIPC_OK : VIPC_ERR_RATE_LIMIT);
            m.now += 5000 * SECOND;
            CHECK_OK(send_bytes(&m.v[0], a, 4096));
            CHECK_OK(derive(&m.v[0], a, limits(0, 1, 0, 0), &b));
            CHECK_OK(vipc_close(&m.v[0], b));
            CHECK_OK(vipc_close(&m.v[0], a));
            CHECK_OK(vipc_close(&m.v[0], same_again));
            for (vipc_incoming in = VIPC_INIT;;) {
                static unsigned char room[4096];
                in.payload = room;
                in.payload_capacity = sizeof room;
                if (vipc_receive_large(&m.v[0], door, &in, VIPC_NOW) != VIPC_OK) break;
            }
        }
    MOCK_END(&m);
}

/* ---- bandwidth ---- */
TEST(d108_bandwidth_counts_bytes)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = wide_endpoint(&m, 16), a = limited(&m.v[0], door, limits(0, 0, 1000, 0));
    for (int i = 0; i < 6; i++) CHECK_OK(send_bytes(&m.v[0], a, 100));         /* 148 each: 888 */
    CHECK_EQ(send_bytes(&m.v[0], a, 100), VIPC_ERR_RATE_LIMIT);
    CHECK_OK(send_bytes(&m.v[0], a, 64));                    /* 112: to the last byte */
    CHECK_EQ(mock_send(&m.v[0], a, 1), VIPC_ERR_RATE_LIMIT);
    m.now += 48 * MS - 1;
    CHECK_EQ(mock_send(&m.v[0], a, 1), VIPC_ERR_RATE_LIMIT);
    m.now += 1;
    CHECK_OK(mock_send(&m.v[0], a, 1));
    m.now += SECOND;
    CHECK_OK(send_bytes(&m.v[0], a, 4096));                  /* more than a second's worth passes a full allowance */
    m.now += 3 * SECOND;                                     /* and is paid for: 4,144 bytes take until 48 fit again */
    CHECK_EQ(mock_send(&m.v[0], a, 1), VIPC_ERR_RATE_LIMIT);
    m.now += 192 * MS - 1;
    CHECK_EQ(mock_send(&m.v[0], a, 1), VIPC_ERR_RATE_LIMIT);
    m.now += 1;
    CHECK_OK(mock_send(&m.v[0], a, 1));
    MOCK_END(&m);
}

/* ---- who shares ---- */
TEST(siblings_share_what_their_parent_has)
{
    mock m;
    open_still(&m, 3);
    vipc_cap door = mock_endpoint(&m, 0, 4), ten = limited(&m.v[0], door, limits(0, 10, 0, 0)), a = mock_grant(&m, 0, ten, 1, VIPC_RIGHT_SEND),
             b = mock_grant(&m, 0, ten, 2, VIPC_RIGHT_SEND), eight = granted(&m, ten, 1, limits(0, 8, 0, 0)), other = granted(&m, ten, 2, limits(0, 8, 0, 0));
    CHECK_EQ(flood(&m, &m.v[1], a, door, 6), 6);
    CHECK_EQ(flood(&m, &m.v[2], b, door, 100), 4);
    CHECK_EQ(flood(&m, &m.v[1], a, door, 100) + flood(&m, &m.v[0], ten, door, 100) + flood(&m, &m.v[1], eight, door, 100), 0);
    m.now += SECOND;
    CHECK_EQ(flood(&m, &m.v[1], eight, door, 100), 8);       /* tighter ones draw on it too */
    CHECK_EQ(flood(&m, &m.v[2], other, door, 100), 2);
    CHECK_EQ(flood(&m, &m.v[2], b, door, 100), 0);
    m.now += SECOND / 2;                                     /* what the parent refused was given back below: 6 + 4 are there, 5 above */
    CHECK_EQ(flood(&m, &m.v[2], other, door, 100), 5);
    CHECK_OK(vipc_close(&m.v[0], ten));                      /* it stays between them without the parent */
    m.now += SECOND;
    CHECK_EQ(flood(&m, &m.v[1], a, door, 6), 6);
    CHECK_EQ(flood(&m, &m.v[2], b, door, 100), 4);
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}
/* Ten seconds of two children that try all the time, in all ways that make a child. */
TEST(no_child_multiplies_the_allowance)
{
    mock m;
    open_still(&m, 3);
    vipc_cap door = mock_endpoint(&m, 0, 4), ten = limited(&m.v[0], door, limits(0, 10, 0, 0)), a = mock_grant(&m, 0, ten, 1, 0), named, carried;
    vipc_message msg = mock_message(1);
    REQUIRE_OK(vipc_publish(&m.v[0], "ten", ten, 0));
    REQUIRE_OK(vipc_lookup(&m.v[2], "ten", 0, &named, VIPC_NOW));
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = a;
    REQUIRE_OK(vipc_send(&m.v[1], a, &msg, VIPC_NOW));       /* 1 of the first ten */
    REQUIRE_OK(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW));
    carried = msg.capability;
    CHECK(same(limits_of(&m.v[2], named), limits(0, 10, 0, 0)));
    CHECK(same(limits_of(&m.v[0], carried), limits(0, 10, 0, 0)));
    CHECK_EQ(slots(&m), 1 + 1 + 1 + 1 + 1 + 1 + 1);          /* all of them share one record */
    unsigned sum = 1;
    for (int step = 0; step <= 1000; step++) {
        sum += flood(&m, &m.v[1], a, door, 100) + flood(&m, &m.v[2], named, door, 100) + flood(&m, &m.v[0], carried, door, 100);
        vipc_cap fresh = mock_derive(&m, 1, a, VIPC_RIGHT_SEND);       /* a new child has no new second's worth */
        sum += flood(&m, &m.v[1], fresh, door, 100);
        CHECK_OK(vipc_close(&m.v[1], fresh));
        fresh = limited(&m.v[1], a, limits(0, 9, 0, 0));
        sum += flood(&m, &m.v[1], fresh, door, 100);
        CHECK_OK(vipc_close(&m.v[1], fresh));
        m.now += 10 * MS;
    }
    CHECK_EQ(sum, 10 + 100);
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}
TEST(children_of_different_limits_under_one)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = wide_endpoint(&m, 16), a = limited(&m.v[0], door, limits(0, 100, 1000, 0)), b = limited(&m.v[0], a, limits(0, 5, 0, 0)),
             c = limited(&m.v[0], b, limits(0, 0, 200, 0));
    for (int i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[0], c, 1));            /* 192 of its 200 */
    CHECK_EQ(mock_send(&m.v[0], c, 1), VIPC_ERR_RATE_LIMIT);
    CHECK_OK(mock_send(&m.v[0], b, 1));                      /* 5 of 5: what c was refused took none */
    CHECK_EQ(mock_send(&m.v[0], b, 1), VIPC_ERR_RATE_LIMIT);
    CHECK_OK(send_bytes(&m.v[0], a, 1000 - 5 * 48 - 48));
    CHECK_EQ(mock_send(&m.v[0], a, 1), VIPC_ERR_RATE_LIMIT);
    MOCK_END(&m);
}

/* ---- what is not charged ---- */
TEST(a_send_that_fails_costs_nothing)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 1), a = granted(&m, door, 1, limits(0, 3, 3 * 48, 0));
    vipc_message msg = mock_message(1), reply;
    CHECK_OK(mock_send(&m.v[1], a, 1));                      /* full now */
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(mock_send(&m.v[1], a, 1), VIPC_ERR_CHANNEL_FULL);
        CHECK_EQ(vipc_send(&m.v[1], a, &msg, 1), VIPC_ERR_TIMEOUT);
        msg.flags = 32;
        CHECK_EQ(vipc_send(&m.v[1], a, &msg, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
        msg.flags = VIPC_HAS_CAPABILITY;
        msg.capability = door;
        CHECK_EQ(vipc_send(&m.v[1], a, &msg, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
        msg.capability = a;
        CHECK_EQ(vipc_send(&m.v[1], a, &msg, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
        msg.flags = 0;
        CHECK_EQ(vipc_call(&m.v[1], a, &msg, &reply, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    }
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    CHECK_EQ(flood(&m, &m.v[1], a, door, 9), 2);
    MOCK_END(&m);
}
static void serve(mock *m, uint64_t self)
{
    vipc_message got, answer = mock_message(2);
    vipc_info info;
    (void)self;
    CHECK_OK(vipc_receive(&m->v[0], *(vipc_cap *)m->script, &got, &info, VIPC_NOW));
    CHECK_OK(vipc_reply(&m->v[0], info.reply, &answer));
}
TEST(calls_are_charged_answers_are_not)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), client = granted(&m, door, 1, limits(0, 2, 0, 0)), server = limited(&m.v[0], door, limits(1, 1, 1, 0));
    vipc_message msg = mock_message(1), reply;
    m.script = &server;                                      /* receives and answers by a capability that may send nothing */
    for (int i = 0; i < 2; i++) {
        m.asleep = serve;
        CHECK_OK(vipc_call(&m.v[1], client, &msg, &reply, VIPC_FOREVER));
        CHECK_EQ(reply.opcode, 2);
    }
    m.asleep = NULL;
    CHECK_EQ(vipc_call(&m.v[1], client, &msg, &reply, VIPC_FOREVER), VIPC_ERR_RATE_LIMIT);
    CHECK_EQ(mock_send(&m.v[1], client, 1), VIPC_ERR_RATE_LIMIT);
    CHECK_EQ(mock_stats(&m).rate_limited, 2);
    MOCK_END(&m);
}

/* ---- expiry ---- */
TEST(d108_an_expired_capability_is_no_capability)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = granted(&m, door, 1, limits(0, 0, 0, m.now + SECOND)), out = VIPC_INIT, b = mock_derive(&m, 1, a, 0);
    vipc_message msg = mock_message(1), reply;
    REQUIRE_OK(vipc_publish(&m.v[1], "a", a, 0));
    vipc_message carrying = mock_message(1);
    carrying.flags = VIPC_HAS_CAPABILITY;
    carrying.capability = a;
    REQUIRE_OK(vipc_send(&m.v[1], a, &carrying, VIPC_NOW));
    m.now += SECOND - 1;
    CHECK_OK(mock_send(&m.v[1], a, 1));
    CHECK_OK(vipc_cap_require(&m.v[1], a, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_ALL));
    CHECK_OK(vipc_lookup(&m.v[0], "a", 0, &out, VIPC_NOW));
    CHECK_OK(vipc_close(&m.v[0], out));
    m.now += 1;
    CHECK_EQ(mock_send(&m.v[1], a, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_send(&m.v[1], b, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[1], a), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_call(&m.v[1], a, &msg, &reply, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_cap_require(&m.v[1], a, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_derive(&m.v[1], a, NULL, &out), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_grant(&m.v[1], a, vipc_self(&m.v[0]), NULL, &out), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_publish(&m.v[1], "b", a, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_lookup(&m.v[0], "a", 0, &out, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_revoke(&m.v[1], a, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_destroy(&m.v[1], a, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_endpoint_bind(&m.v[1], a, vipc_self(&m.v[1])), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW));       /* arrives, and is as expired as what was sent */
    CHECK_EQ(mock_send(&m.v[0], msg.capability, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(limits_of(&m.v[1], a).expires, m.now);
    CHECK_OK(vipc_close(&m.v[0], msg.capability));
    CHECK_OK(vipc_close(&m.v[1], b));
    CHECK_OK(vipc_unpublish(&m.v[1], "a"));
    CHECK_OK(vipc_close(&m.v[1], a));
    CHECK_EQ(slots(&m), 1);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    MOCK_END(&m);
}
TEST(sleepers_wake_when_their_capability_expires)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 1), a = granted(&m, door, 1, limits(0, 5, 0, m.now + SECOND));
    vipc_message msg = mock_message(1);
    CHECK_EQ(vipc_receive(&m.v[1], a, &msg, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    CHECK(m.now < 2002 * MS);
    a = granted(&m, door, 1, limits(0, 5, 0, m.now + SECOND));
    CHECK_EQ(vipc_receive(&m.v[1], a, &msg, NULL, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    CHECK_EQ(vipc_send(&m.v[1], a, &msg, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_send(&m.v[1], a, &msg, vipc_after(&m.v[1], 10 * SECOND)), VIPC_ERR_INVALID_CAPABILITY);
    CHECK(m.now < 3100 * MS);
    MOCK_END(&m);
}
TEST(so_do_takers_and_those_who_wait_for_bits_or_sets)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap to[3] = { mock_endpoint(&m, 0, 1), VIPC_INIT, VIPC_INIT };
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand = { 4711 };
    uint64_t bits = 4711;
    uint32_t count = 4711;
    REQUIRE_OK(vipc_notification_create(&m.v[0], NULL, &to[1]));
    REQUIRE_OK(vipc_wait_set_create(&m.v[0], 1, NULL, &to[2]));
    for (int way = 0; way < 3; way++) {
        vipc_time since = m.now, soon = since + 10 * MS, deadline[3] = { soon, since + 10 * SECOND, VIPC_FOREVER };
        vipc_cap a = limited(&m.v[0], to[way], limits(0, 0, 0, since + SECOND));
        for (int n = 0; n < 3; n++) {
            vipc_wait_item item;
            vipc_error e = way == 0 ? vipc_take(&m.v[0], a, &in, &hand, deadline[n]) : way == 1 ? vipc_notification_wait(&m.v[0], a, 1, &bits, deadline[n])
                         : vipc_wait_set_wait(&m.v[0], a, &item, 1, &count, deadline[n]);
            CHECK_EQ(e, n ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_TIMEOUT);
            CHECK(m.now - since < (n ? 1010 : 20) * MS);
        }
    }
    CHECK_EQ(hand.token, 4711);
    CHECK_EQ(bits, 4711);
    CHECK_EQ(count, 4711);
    MOCK_END(&m);
}

/* ---- clocks ---- */
TEST(limits_by_time_need_a_clock)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4), rate = limited(&m.v[0], door, limits(0, 1, 0, 0)), bytes = limited(&m.v[0], door, limits(0, 0, 99, 0)),
             late = limited(&m.v[0], door, limits(0, 0, 0, m.now + SECOND)), size = limited(&m.v[0], door, limits(48, 0, 0, 0)), out = VIPC_INIT;
    for (int dumb = 0; dumb < 2; dumb++) {                   /* none at all; one that says 0 */
        vipc_error e = dumb ? VIPC_ERR_HOOK : VIPC_ERR_NOT_SUPPORTED;
        if (!dumb) m.hooks.now = NULL;
        else { m.hooks.now = mock_now; mock_fail(&m, MOCK_NOW, 1, 0); m.fail_on = 1; }
        CHECK_EQ(derive(&m.v[0], door, limits(0, 1, 0, 0), &out), e);
        CHECK_EQ(derive(&m.v[0], door, limits(0, 0, 1, 0), &out), e);
        if (!dumb) CHECK_EQ(derive(&m.v[0], door, limits(0, 0, 0, 1), &out), e);
        CHECK_EQ(mock_send(&m.v[0], rate, 1), e);
        CHECK_EQ(mock_send(&m.v[0], bytes, 1), e);
        CHECK_EQ(mock_send(&m.v[0], late, 1), e);
        CHECK_EQ(mock_receive(&m.v[0], late), e);
        CHECK_EQ(vipc_cap_require(&m.v[0], late, 0, 0), e);
        CHECK_OK(mock_send(&m.v[0], size, 1));
        CHECK_EQ(mock_receive(&m.v[0], rate), 1);            /* receiving is free */
        REQUIRE_OK(vipc_derive(&m.v[0], rate, NULL, &out));  /* and so is handing on */
        CHECK_OK(vipc_close(&m.v[0], out));
        REQUIRE_OK(derive(&m.v[0], door, limits(9, 0, 0, 0), &out));
        CHECK_OK(vipc_close(&m.v[0], out));
        MOCK_CHECK(&m, 1);
    }
    mock_heal(&m);
    CHECK_OK(mock_send(&m.v[0], rate, 1));
    MOCK_END(&m);
}
TEST(clocks_that_differ_a_little_widen_nothing)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = limited(&m.v[0], door, limits(0, 1000, 0, 0));
    m.now += 9 * SECOND;
    CHECK_EQ(flood(&m, &m.v[0], a, door, 5000), 1000);
    m.now -= SECOND;                                         /* as one that is a second behind sees it */
    CHECK_EQ(flood(&m, &m.v[0], a, door, 5000), 0);
    m.now += SECOND + 5 * MS;
    CHECK_EQ(flood(&m, &m.v[0], a, door, 5000), 5);
    MOCK_END(&m);
}

/* ---- room ---- */
TEST(limits_take_slots_and_give_them_back)
{
    mock m;
    vipc_config c = VIPC_INIT;
    c.max_objects = 2;
    c.max_capabilities = 6;
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = limited(&m.v[0], door, limits(0, 9, 9, 0)), out = { 4711 };
    CHECK_EQ(slots(&m), 4);                                  /* two of six are left: one for it, one of the two that it needs */
    CHECK_EQ(derive(&m.v[0], a, limits(0, 8, 8, 0), &out), VIPC_ERR_LIMIT);
    CHECK_EQ(out.token, 4711);
    MOCK_CHECK(&m, 0);
    CHECK_EQ(slots(&m), 4);
    vipc_cap b = mock_grant(&m, 0, a, 1, 0), d = mock_derive(&m, 0, a, 0);      /* sharing takes none */
    CHECK_EQ(slots(&m), 6);
    CHECK_OK(vipc_close(&m.v[0], d));
    CHECK_OK(vipc_close(&m.v[0], a));
    CHECK_EQ(slots(&m), 4);
    mock_kill(&m, 1);                                        /* the last holder dies */
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK_EQ(slots(&m), 1);
    CHECK_EQ(mock_alive_cap(&m.v[0], b), 0);
    for (int i = 0; i < 100; i++) {
        a = limited(&m.v[0], door, limits(0, 9, 9, 0));
        CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_FOREVER));
    }
    CHECK_EQ(slots(&m), 1);
    MOCK_END(&m);
}
TEST(the_deepest_chain_fits_one_step)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4), chain[9], out = VIPC_INIT;
    chain[0] = door;
    for (unsigned i = 1; i <= 8; i++) chain[i] = limited(&m.v[0], chain[i - 1], limits(0, i & 1 ? 100 - i : 0, i & 1 ? 0 : 10000 - i, 0));
    CHECK_EQ(derive(&m.v[0], chain[8], limits(0, 1, 0, 0), &out), VIPC_ERR_LIMIT);
    vipc_cap last = limited(&m.v[0], chain[8], limits(500, 0, 0, m.now + SECOND));     /* numbers alone stack no bucket */
    last = limited(&m.v[0], last, limits(400, 0, 0, 0));
    CHECK_OK(mock_send(&m.v[0], last, 1));
    REQUIRE_OK(vipc_publish(&m.v[0], "last", last, 0));
    vipc_cap gone;
    for (int i = 0; i < 64 && m.v[0].max_caps; i++) {        /* all its links at once: name, tree, list, and nine records */
        vipci_entry *e = vipci_linked(&m.v[0], vipci_name_at(&m.v[0], 0)->cap);
        for (uint32_t k = 0; k < vipci_d(&m.v[0])->used_caps; k++) {
            vipci_entry *x = vipci_entry_at(&m.v[0], k);
            gone.token = x->token;
            if (x != e && (x->kind & VIPCI_LIMITED) && x->token && vipc_close(&m.v[0], gone) == VIPC_OK) break;
        }
    }
    CHECK_EQ(slots(&m), 2 + 9);
    vipci_entry *e = vipci_linked(&m.v[0], vipci_name_at(&m.v[0], 0)->cap);
    REQUIRE_OK(vipci_lock(&m.v[0], VIPC_FOREVER));
    vipci_entry_remove(&m.v[0], e);
    CHECK(vipci_d(&m.v[0])->log_count > 30 && vipci_d(&m.v[0])->log_count < VIPCI_LOG_MAX);
    vipci_rollback(&m.v[0]);                                 /* a kill in the middle */
    vipci_unlock(&m.v[0]);
    MOCK_CHECK(&m, 1);
    CHECK_EQ(slots(&m), 2 + 9);
    CHECK_OK(vipc_unpublish(&m.v[0], "last"));
    CHECK_EQ(slots(&m), 1);
    MOCK_END(&m);
}
TEST(travelling_capabilities_keep_their_limits_or_give_them_up)
{
    for (int how = 0; how < 5; how++) {
        mock m;
        open_still(&m, 3);
        vipc_cap door = mock_endpoint(&m, 0, 4), a = mock_grant(&m, 0, door, 1, 0), gift = limited(&m.v[1], a, limits(60, 7, 0, m.now + SECOND));
        vipc_message msg = mock_message(1);
        msg.flags = VIPC_HAS_CAPABILITY;
        msg.capability = gift;
        REQUIRE_OK(vipc_send(&m.v[1], a, &msg, VIPC_NOW));
        CHECK_EQ(slots(&m), 5);
        if (how == 0) { CHECK_OK(vipc_close(&m.v[1], gift)); }
        if (how == 1) { CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_FOREVER)); CHECK_EQ(slots(&m), 3); }
        if (how == 2) { mock_kill(&m, 1); CHECK_OK(vipc_sweep(&m.v[0], NULL)); CHECK_EQ(slots(&m), 3); }
        if (how == 3) { CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW)); CHECK_EQ(slots(&m), 0); }
        MOCK_CHECK(&m, how != 3);
        if (how != 3) {
            CHECK_OK(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW));
            CHECK_EQ(msg.capability.token != 0, how != 1);
            if (msg.capability.token) CHECK(same(limits_of(&m.v[0], msg.capability), limits(60, 7, 0, m.now + SECOND)));
            if (msg.capability.token) CHECK_EQ(flood(&m, &m.v[0], msg.capability, door, 99), 7);
            if (how == 1) CHECK_EQ(slots(&m), 1);
        }
        MOCK_END(&m);
    }
}
static unsigned lines;
static void find_line(void *user, const char *line, size_t length)
{
    static const char want[] = " named message_max 99 rate 5 bandwidth 1000 expires 12345";
    (void)user;
    lines += length > sizeof want && memcmp(line, "limits of object", 16) == 0 && memcmp(line + length - (sizeof want - 1), want, sizeof want - 1) == 0;
}
TEST(the_dump_shows_them)
{
    mock m;
    open_still(&m, 1);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    m.now = 5;
    vipc_cap a = limited(&m.v[0], door, limits(99, 5, 1000, 12345));
    REQUIRE_OK(vipc_publish(&m.v[0], "name", a, 0));
    lines = 0;
    CHECK_OK(vipc_dump(&m.v[0], find_line, NULL));
    CHECK_EQ(lines, 1);
    MOCK_END(&m);
}

/* ---- races ---- */
static struct { mock *m; vipc_cap door, parent, fresh; int how, left; } race;
static vipc_time now_and_revoke(void *user)
{
    (void)user;
    if (race.left && --race.left == 0) {
        CHECK_OK(vipc_revoke(&race.m->v[0], race.parent, VIPC_FOREVER));
        /* whoever comes takes the freed slots: another bucket where the old one was, an entry, or one and the other */
        if (race.how & 1) (void)mock_derive(race.m, 0, race.door, 0);
        if (race.how & 2) race.fresh = limited(&race.m->v[0], race.door, limits(0, 2, 0, 0));
        if (race.how & 4) (void)mock_derive(race.m, 0, race.door, 0);
        if (race.how & 8) race.fresh = limited(&race.m->v[0], race.parent, limits(0, 2, 0, 0));
    }
    return race.m->now;
}
/* RACE 20: revoked, and its slots given to others, between a sender's look at its record and its charge. */
TEST(race20_a_charge_to_a_record_that_is_gone)
{
    for (int how = 0; how < 16; how++) {
        mock m;
        open_still(&m, 2);
        vipc_cap door = mock_endpoint(&m, 0, 4), none = VIPC_INIT;
        CHECK_EQ(flood(&m, &m.v[0], door, door, 1), 1);
        race.m = &m;
        race.door = door;
        race.fresh = none;
        race.parent = how & 8 ? limited(&m.v[0], door, limits(0, 4, 0, 0)) : mock_derive(&m, 0, door, 0);
        vipc_cap his = granted(&m, race.parent, 1, limits(0, 3, 0, 0));
        race.how = how;
        race.left = 1;
        m.hooks.now = now_and_revoke;
        CHECK_EQ(mock_send(&m.v[1], his, 1), VIPC_ERR_INVALID_CAPABILITY);
        m.hooks.now = mock_now;
        CHECK_EQ(race.left, 0);
        MOCK_CHECK(&m, 1);                                   /* every token and link is as it should be */
        if (race.fresh.token) CHECK_EQ(flood(&m, &m.v[0], race.fresh, door, 9), 2);
        CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
        CHECK_EQ(mock_stats(&m).rate_limited, race.fresh.token ? 1 : 0);
        MOCK_END(&m);
    }
}
static void revoke_his(mock *m, uint64_t self)
{
    (void)self;
    CHECK_OK(vipc_revoke(&m->v[0], race.parent, VIPC_FOREVER));
    race.fresh = limited(&m->v[0], race.door, limits(0, 2, 0, 0));
    CHECK_OK(mock_send(&m->v[0], race.fresh, 9));
}
/* The same between the charge and the send: nothing is given back to a record that is another's now. */
TEST(race20_nothing_is_given_back_to_a_stranger)
{
    mock m;
    open_still(&m, 2);
    race.door = mock_endpoint(&m, 0, 4);
    CHECK_EQ(flood(&m, &m.v[0], race.door, race.door, 1), 1);
    race.parent = mock_derive(&m, 0, race.door, 0);
    vipc_cap his = granted(&m, race.parent, 1, limits(0, 2, 0, 0));
    m.on_enter = revoke_his;
    CHECK_EQ(mock_send(&m.v[1], his, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[0], race.door), 9);
    CHECK_EQ(flood(&m, &m.v[0], race.fresh, race.door, 9), 1);
    MOCK_END(&m);
}
static void sibling_sends(mock *m, uint64_t self)
{
    (void)self;
    CHECK_EQ(mock_send(&m->v[0], race.fresh, 5), VIPC_ERR_RATE_LIMIT);
}
/* RACE 21: a sibling is refused while a send that is about to fail has the last of the allowance, and not afterwards. */
TEST(race21_what_a_failing_send_holds)
{
    mock m;
    open_still(&m, 2);
    vipc_cap door = mock_endpoint(&m, 0, 1), ten = limited(&m.v[0], door, limits(0, 2, 0, 0)), his = mock_grant(&m, 0, ten, 1, 0);
    race.fresh = ten;
    CHECK_OK(mock_send(&m.v[1], his, 1));
    m.on_enter = sibling_sends;
    CHECK_EQ(mock_send(&m.v[1], his, 1), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    CHECK_EQ(flood(&m, &m.v[0], ten, door, 9), 1);
    MOCK_END(&m);
}
/* Words of the records hold nonsense: errors, no crash, no endless walk. */
TEST(scribbled_records_are_survived)
{
    static const uint64_t what[] = { 0, 1, ~(uint64_t)0, 0x0f00000000000000u, 0x0000000100000001u, 0x0010000100100001u, 0x0000000700000007u };
    for (size_t word = 0; word < 8; word++)
        for (size_t k = 0; k < sizeof what / sizeof *what; k++)
            for (unsigned which = 0; which < 4; which++) {
                mock m;
                open_still(&m, 2);
                vipc_cap door = mock_endpoint(&m, 0, 8), a = limited(&m.v[0], door, limits(0, 9, 9000, 0)), b = limited(&m.v[0], a, limits(99, 8, 0, 0)), out;
                uint32_t at = 0, seen = 0;
                while (!(vipci_entry_at(&m.v[0], at)->kind & VIPCI_EXTENSION) || seen++ < which) if (++at == 6) break;
                ((uint64_t *)(void *)vipci_entry_at(&m.v[0], at))[word] = what[k];
                vipc_message msg = mock_message(1);
                for (int i = 0; i < 3; i++) {
                    CHECK(mock_documented(mock_send(&m.v[0], b, 1)));
                    CHECK(mock_documented(mock_send(&m.v[0], a, 1)));
                    CHECK(mock_documented(vipc_derive(&m.v[0], b, NULL, &out)));
                    CHECK(mock_documented(derive(&m.v[0], b, limits(0, 7, 0, 0), &out)));
                    msg.flags = VIPC_HAS_CAPABILITY;
                    msg.capability = b;
                    CHECK(mock_documented(vipc_send(&m.v[0], door, &msg, VIPC_NOW)));
                    CHECK(mock_documented(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW)));
                    CHECK_OK(vipc_dump(&m.v[0], find_line, NULL));
                }
                (void)vipc_close(&m.v[0], b);
                (void)vipc_revoke(&m.v[0], door, VIPC_FOREVER);
                mock_release(&m);
            }
}

TEST(so_do_those_who_wait_for_any_of_several)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = mock_endpoint(&m, 0, 1), full = mock_endpoint(&m, 0, 1), note = VIPC_INIT;
    REQUIRE_OK(vipc_notification_create(&m.v[0], NULL, &note));
    CHECK_OK(mock_send(&m.v[0], full, 1));
    for (int way = 0; way < 3; way++)
        for (int n = 0; n < 3; n++) {
            vipc_time since = m.now, deadline[3] = { since + 10 * MS, since + 10 * SECOND, VIPC_FOREVER };
            vipc_wait_item item[3];
            memset(item, 0, sizeof item);
            item[0].object = note;
            item[1].object = limited(&m.v[0], way == 0 ? door : way == 1 ? full : note, limits(0, 0, 0, since + SECOND));
            item[1].for_send = way == 1;
            item[2].object = limited(&m.v[0], door, limits(0, 0, 0, since + 5 * SECOND));
            CHECK_EQ(vipc_wait_any(&m.v[0], item, 3, deadline[n]), n ? VIPC_OK : VIPC_ERR_TIMEOUT);
            CHECK_EQ(item[1].ready, n ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_WOULD_BLOCK);
            CHECK(item[0].ready == VIPC_ERR_WOULD_BLOCK && item[2].ready == VIPC_ERR_WOULD_BLOCK);
            CHECK(m.now - since < (n ? 1010 : 20) * MS);
            if (n) {                                         /* the one that is left */
                item[1] = item[0];
                CHECK_OK(vipc_wait_any(&m.v[0], item, 3, VIPC_FOREVER));
                CHECK_EQ(item[2].ready, VIPC_ERR_INVALID_CAPABILITY);
                CHECK(m.now - since < 5010 * MS);
            }
        }
    MOCK_END(&m);
}
/* What a send would say at once. */
TEST(a_wait_for_room_by_what_has_expired)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 1);
    vipc_derive_desc d = VIPC_INIT;
    vipc_wait_item item = VIPC_INIT;
    d.limits.expires = m.now + 1000 * MS;
    REQUIRE_OK(vipc_derive(&m.v[0], door, &d, &item.object));
    item.for_send = 1;
    CHECK_OK(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW));
    CHECK_EQ(item.ready, VIPC_OK);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    CHECK_EQ(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    m.now += 1000 * MS;
    CHECK_EQ(mock_send(&m.v[0], item.object, 2), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW));
    CHECK_EQ(item.ready, VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&m);
}
RUN_TESTS(T(a_wait_for_room_by_what_has_expired), T(d104_no_limit_is_wider_than_any), T(d108_each_limit_is_kept_beside_the_others), T(badges_and_limits_go_together),
          T(d108_message_max_counts_48_and_the_payload), T(d108_rate_is_a_second_at_once_and_then_so_many_a_second),
          T(d108_rate_limit_comes_at_once_whatever_the_deadline), T(d108_rate_does_not_drift), T(arithmetic_is_exact_for_every_number), T(idle_for_long_at_the_greatest_value),
          T(any_number_is_a_limit), T(d108_bandwidth_counts_bytes), T(siblings_share_what_their_parent_has), T(no_child_multiplies_the_allowance),
          T(children_of_different_limits_under_one), T(a_send_that_fails_costs_nothing), T(calls_are_charged_answers_are_not),
          T(d108_an_expired_capability_is_no_capability), T(sleepers_wake_when_their_capability_expires), T(so_do_those_who_wait_for_any_of_several),
          T(so_do_takers_and_those_who_wait_for_bits_or_sets), T(limits_by_time_need_a_clock),
          T(clocks_that_differ_a_little_widen_nothing), T(limits_take_slots_and_give_them_back), T(the_deepest_chain_fits_one_step),
          T(travelling_capabilities_keep_their_limits_or_give_them_up), T(the_dump_shows_them), T(race20_a_charge_to_a_record_that_is_gone),
          T(race20_nothing_is_given_back_to_a_stranger), T(race21_what_a_failing_send_holds), T(scribbled_records_are_survived))
