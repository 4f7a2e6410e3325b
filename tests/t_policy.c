/* t_policy.c - what a send to a full queue does: it waits, fails, or drops the oldest message; and what an endpoint counts. */
#include "mock.h"

static vipc_cap dropping(mock *m, unsigned i, uint32_t capacity, uint32_t payload_max)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload_max;
    d.full = VIPC_FULL_DROP_OLDEST;
    REQUIRE_OK(vipc_endpoint_create(&m->v[i], &d, &out));
    return out;
}
/* The number received, or the error; *dropped as info says. */
static long long receive_told(vipc *who, vipc_cap from, uint32_t *dropped)
{
    vipc_message m;
    vipc_info info;
    memset(&info, 0xff, sizeof info);
    vipc_error e = vipc_receive(who, from, &m, &info, VIPC_NOW);
    *dropped = e == VIPC_OK ? info.dropped : 0;
    return e == VIPC_OK ? (long long)m.opcode : (long long)e;
}

TEST(the_three_policies)
{
    mock m;
    vipc_message msg = mock_message(9);
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door[3], out;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 2;
    for (d.full = 0; d.full <= 2; d.full++) {
        REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door[d.full]));
        CHECK_OK(mock_send(&m.v[0], door[d.full], 1));
        CHECK_OK(mock_send(&m.v[0], door[d.full], 2));
        CHECK_EQ(mock_seen(&m, 0, door[d.full]).capacity, 2);
    }
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);      /* 3 */
    d.full = 0xffffffffu;
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &out), VIPC_ERR_INVALID_ARGUMENT);
    uint64_t blocked = m.calls[MOCK_BLOCK];
    CHECK_EQ(vipc_send(&m.v[0], door[0], &msg, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(vipc_send(&m.v[0], door[1], &msg, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    CHECK_OK(vipc_send(&m.v[0], door[2], &msg, VIPC_FOREVER));
    CHECK_EQ(m.calls[MOCK_BLOCK], blocked);
    CHECK_EQ(vipc_send(&m.v[0], door[0], &msg, vipc_after(&m.v[0], MS)), VIPC_ERR_TIMEOUT);
    CHECK(m.calls[MOCK_BLOCK] > blocked);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(mock_receive(&m.v[0], door[i]), 1);
        CHECK_EQ(mock_receive(&m.v[0], door[i]), 2);
    }
    CHECK_EQ(mock_receive(&m.v[0], door[2]), 2);
    CHECK_EQ(mock_receive(&m.v[0], door[2]), 9);
    for (int i = 0; i < 3; i++) CHECK_EQ(mock_receive(&m.v[0], door[i]), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
TEST(the_oldest_goes_and_is_counted)
{
    static const uint32_t capacity[] = { 1, 2, 3, 64, 1024 };
    for (size_t c = 0; c < 5; c++) {
        mock m;
        uint32_t told = 0, k = capacity[c], lost = 0;
        mock_open(&m, NULL, 2, 64);
        vipc_cap door = dropping(&m, 0, k, 0), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
        for (uint32_t round = 0; round < 3; round++) {
            for (uint32_t n = 1; n <= k; n++) CHECK_OK(mock_send(&m.v[1], his, n));
            CHECK_EQ(mock_seen(&m, 0, door).dropped, lost);
            for (uint32_t n = 1; n <= k + round; n++) {
                CHECK_OK(mock_send(n % 2 ? &m.v[1] : &m.v[0], n % 2 ? his : door, k + n));
                CHECK_EQ(mock_seen(&m, 0, door).queued, k);      /* the capacity holds, and is not left unused */
            }
            lost += k + round;
            CHECK_EQ(mock_seen(&m, 0, door).dropped, lost);
            for (uint32_t n = 1; n <= k; n++) {
                CHECK_EQ(receive_told(&m.v[0], door, &told), k + round + n);
                CHECK_EQ(told, n == 1 ? k + round : 0);
            }
            CHECK_EQ(receive_told(&m.v[0], door, &told), VIPC_ERR_CHANNEL_EMPTY);
        }
        CHECK_EQ(mock_stats(&m).dropped, lost);
        CHECK_EQ(mock_stats(&m).sent, mock_stats(&m).received + lost);
        CHECK_EQ(m.calls[MOCK_BLOCK], 0);
        MOCK_END(&m);
    }
}
/* A receive without info leaves the number to the next one; who is told is told once, and a receive that fails is not told. */
TEST(each_is_told_once)
{
    mock m;
    uint32_t told = 99;
    mock_open(&m, NULL, 3, 64);
    vipc_cap door = dropping(&m, 0, 3, 0), his = mock_grant(&m, 0, door, 1, 0), hers = mock_grant(&m, 0, door, 2, 0);
    for (uint32_t n = 1; n <= 5; n++) CHECK_OK(mock_send(&m.v[1], his, n));
    CHECK_EQ(mock_receive(&m.v[0], door), 3);
    CHECK_EQ(receive_told(&m.v[2], hers, &told), 4);
    CHECK_EQ(told, 2);
    CHECK_EQ(receive_told(&m.v[1], his, &told), 5);
    CHECK_EQ(told, 0);
    for (uint32_t n = 1; n <= 4; n++) CHECK_OK(mock_send(&m.v[1], his, n));
    while (mock_receive(&m.v[0], door) > 0) { }
    CHECK_EQ(receive_told(&m.v[1], his, &told), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    CHECK_EQ(receive_told(&m.v[1], his, &told), 1);
    CHECK_EQ(told, 1);
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 3);
    MOCK_END(&m);
}
/* The counter's halves wrap without spoiling each other. */
TEST(the_count_wraps)
{
    mock m;
    uint32_t told = 99;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = dropping(&m, 0, 1, 0);
    *vipci_dropped(vipci_object_at(&m.v[0], 0)) = 0xfffffffffffffffeu;
    for (uint32_t n = 1; n <= 3; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 0x100000001);     /* the endpoint's own number does not wrap */
    CHECK_EQ(receive_told(&m.v[0], door, &told), 3);
    CHECK_EQ(told, 3);
    CHECK_EQ(*vipci_dropped(vipci_object_at(&m.v[0], 0)), 0x100000001u);
    MOCK_END(&m);
}
TEST(a_new_endpoint_counts_from_zero)
{
    mock m;
    uint32_t told = 99;
    mock_open(&m, NULL, 1, 64);
    for (int i = 0; i < 2; i++) {
        vipc_cap door = dropping(&m, 0, 1, 0);
        CHECK_EQ(mock_seen(&m, 0, door).dropped, 0);
        CHECK_OK(mock_send(&m.v[0], door, 1));
        CHECK_OK(mock_send(&m.v[0], door, 2));
        if (i == 1) CHECK_EQ(receive_told(&m.v[0], door, &told), 2);
        if (i == 1) CHECK_EQ(told, 1);
        CHECK_EQ(mock_seen(&m, 0, door).dropped, 1);
        CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
    }
    MOCK_END(&m);
}
TEST(payloads_are_dropped_too)
{
    mock m;
    unsigned char bytes[300], back[300];
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = dropping(&m, 0, 2, 300);
    memset(&o, 0, sizeof o);
    memset(&in, 0, sizeof in);
    for (uint32_t n = 1; n <= 5; n++) {
        memset(bytes, (int)n, sizeof bytes);
        o.message = mock_message(n);
        o.payload = bytes;
        o.payload_size = 100 * (n % 4);
        CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
    }
    in.payload = back;
    in.payload_capacity = 50;
    CHECK_EQ(vipc_receive_large(&m.v[0], door, &in, VIPC_NOW), VIPC_OK);       /* 4: no payload */
    CHECK_EQ(in.message.opcode, 4);
    CHECK_EQ(in.info.dropped, 3);
    CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
    CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
    CHECK_EQ(vipc_receive_large(&m.v[0], door, &in, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(in.info.dropped, 0);                              /* it stays, and so does what is to be told */
    in.payload_capacity = sizeof back;
    CHECK_OK(vipc_receive_large(&m.v[0], door, &in, VIPC_NOW));
    CHECK_EQ(in.info.dropped, 1);
    CHECK_EQ(in.info.payload_size, 100);
    CHECK_EQ(back[99], 5);
    MOCK_END(&m);
}

/* ---- what hangs on a dropped message ---- */
static vipc_cap script_door;
static void send_two(mock *m, uint64_t self)
{
    (void)self;
    CHECK_OK(mock_send(&m->v[2], script_door, 1));
    CHECK_OK(mock_send(&m->v[2], script_door, 2));
}
TEST(a_call_that_is_dropped)
{
    mock m;
    uint32_t told;
    vipc_message msg = mock_message(7), reply;
    mock_open(&m, NULL, 3, 64);
    vipc_cap door = dropping(&m, 0, 2, 0), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    script_door = mock_grant(&m, 0, door, 2, VIPC_RIGHT_SEND);
    m.asleep = send_two;
    CHECK_EQ(vipc_call(&m.v[1], his, &msg, &reply, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(receive_told(&m.v[0], door, &told), 1);
    CHECK_EQ(told, 1);
    CHECK_EQ(mock_receive(&m.v[0], door), 2);
    CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(m.calls[MOCK_WAKE], 1);
    m.asleep = NULL;
    CHECK_EQ(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(mock_send(&m.v[2], script_door, 1));
    CHECK_OK(mock_send(&m.v[2], script_door, 2));            /* drops a request that nobody waits for any more */
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 2);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    MOCK_END(&m);
}
/* A call to a full queue drops a message like any send. */
static void answer_it(mock *m, uint64_t self)
{
    vipc_message got;
    vipc_info info;
    (void)self;
    CHECK_EQ(mock_receive(&m->v[0], script_door), 2);
    CHECK_OK(vipc_receive(&m->v[0], script_door, &got, &info, VIPC_NOW));
    CHECK_EQ(info.dropped, 1);
    CHECK_OK(vipc_reply(&m->v[0], info.reply, &got));
}
TEST(a_call_that_drops)
{
    mock m;
    vipc_message msg = mock_message(7), reply;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = dropping(&m, 0, 2, 0), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    script_door = door;
    CHECK_OK(mock_send(&m.v[1], his, 1));
    CHECK_OK(mock_send(&m.v[1], his, 2));
    m.asleep = answer_it;
    CHECK_OK(vipc_call(&m.v[1], his, &msg, &reply, VIPC_FOREVER));
    CHECK_EQ(reply.opcode, 7);
    MOCK_END(&m);
}
static vipc_error send_gift(vipc *who, vipc_cap to, vipc_cap gift)
{
    vipc_message m = mock_message(5);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = gift;
    return vipc_send(who, to, &m, VIPC_NOW);
}
TEST(d079_a_capability_that_is_dropped_ends)
{
    mock m;
    vipc_cap_info ci;
    vipc_process_info pi;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = dropping(&m, 0, 2, 0), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND), gift = mock_endpoint(&m, 0, 1);
    CHECK_OK(send_gift(&m.v[0], door, gift));
    CHECK_OK(send_gift(&m.v[0], door, gift));
    CHECK_OK(vipc_cap_get(&m.v[0], gift, &ci));
    CHECK_EQ(ci.children, 2);
    CHECK_OK(mock_send(&m.v[1], his, 1));                      /* drops the first */
    CHECK_OK(vipc_cap_get(&m.v[0], gift, &ci));
    CHECK_EQ(ci.children, 1);
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[1]), &pi));
    CHECK_EQ(pi.capabilities, 1);
    MOCK_CHECK(&m, 1);
    CHECK_OK(vipc_close(&m.v[0], gift));                       /* now the one that travels is the gift's last */
    CHECK_EQ(mock_stats(&m).objects_destroyed, 0);
    CHECK_OK(mock_send(&m.v[1], his, 2));
    CHECK_EQ(mock_stats(&m).objects_destroyed, 1);
    CHECK_OK(send_gift(&m.v[0], door, door));
    CHECK_OK(send_gift(&m.v[0], door, door));
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));            /* a dead one is dropped too */
    CHECK_OK(mock_send(&m.v[0], door, 3));
    CHECK_OK(mock_send(&m.v[0], door, 4));
    CHECK_EQ(mock_receive(&m.v[0], door), 3);
    CHECK_EQ(mock_receive(&m.v[0], door), 4);
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 6);
    MOCK_END(&m);
}
/* Somebody holds the lock, and what is to be dropped carries a capability: with NOW RESOURCE_BUSY, and nothing has changed; others are not held up. */
static vipc_cap script_other;
static void send_beside_the_lock(mock *m, uint64_t self)
{
    (void)self;
    CHECK_EQ(mock_send(&m->v[1], script_door, 8), VIPC_ERR_RESOURCE_BUSY);
    CHECK_OK(mock_send(&m->v[1], script_other, 8));
}
TEST(a_capability_waits_for_the_lock)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = dropping(&m, 0, 1, 0), plain = dropping(&m, 0, 1, 0), cold = mock_endpoint(&m, 0, 1);
    script_door = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    script_other = mock_grant(&m, 0, plain, 1, VIPC_RIGHT_SEND);
    CHECK_OK(send_gift(&m.v[0], door, door));
    CHECK_OK(mock_send(&m.v[0], plain, 1));
    m.on_alloc = send_beside_the_lock;
    CHECK_OK(mock_send(&m.v[0], cold, 1));
    CHECK_EQ(mock_receive(&m.v[0], plain), 8);
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 0);
    CHECK_EQ(mock_seen(&m, 0, door).queued, 1);
    CHECK_OK(mock_send(&m.v[0], door, 3));
    CHECK_EQ(mock_receive(&m.v[0], door), 3);
    MOCK_END(&m);
}

/* ---- messages in others' hands ---- */
static vipci_claimed in_hand(vipc *v, uint32_t object)         /* view v receives, and stands still halfway */
{
    vipci_ring *r;
    vipci_claimed c;
    vipci_intend(v, vipci_at_object(object));
    REQUIRE_OK(vipci_ring_open(v, vipci_object_at(v, object), &r));
    REQUIRE_OK(vipci_take(v, r, vipci_object_at(v, object), true, &c));
    return c;
}
TEST(what_is_in_hand_is_not_dropped)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap one = dropping(&m, 0, 1, 0), two = dropping(&m, 0, 2, 0);
    CHECK_OK(mock_send(&m.v[0], one, 1));
    vipci_claimed c = in_hand(&m.v[1], 0);
    CHECK_EQ(mock_send(&m.v[0], one, 2), VIPC_ERR_CHANNEL_FULL);       /* one slot, and it is in use */
    CHECK(vipci_finish(&m.v[1], &m.v[1].seen[0], vipci_object_at(&m.v[1], 0), &c));
    vipci_intend_nothing(&m.v[1]);
    CHECK_OK(mock_send(&m.v[0], one, 3));
    CHECK_EQ(mock_receive(&m.v[0], one), 3);
    CHECK_EQ(mock_seen(&m, 0, one).dropped, 0);
    for (uint32_t n = 1; n <= 2; n++) CHECK_OK(mock_send(&m.v[0], two, n));
    c = in_hand(&m.v[1], 1);
    for (uint32_t n = 3; n <= 9; n++) CHECK_OK(mock_send(&m.v[0], two, n));        /* beside it 2 to 8 are dropped */
    CHECK_EQ(mock_seen(&m, 0, two).dropped, 7);
    CHECK_EQ(mock_receive(&m.v[0], two), 9);
    CHECK(vipci_finish(&m.v[1], &m.v[1].seen[1], vipci_object_at(&m.v[1], 1), &c));             /* late, and still its own */
    vipci_intend_nothing(&m.v[1]);
    for (uint32_t n = 1; n <= 3; n++) CHECK_OK(mock_send(&m.v[0], two, n));
    CHECK_EQ(mock_receive(&m.v[0], two), 2);
    CHECK_EQ(mock_receive(&m.v[0], two), 3);
    MOCK_END(&m);
}
TEST(a_dropper_that_dies_gives_it_back)
{
    mock m;
    uint32_t reaped = 0;
    vipc_info info;
    vipc_message msg;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = dropping(&m, 0, 2, 0);
    for (uint32_t n = 1; n <= 2; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    (void)in_hand(&m.v[1], 0);                                 /* as far as a dropper comes before it frees the slot */
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], &reaped));
    CHECK_EQ(reaped, 1);
    CHECK_EQ(mock_seen(&m, 0, door).queued, 2);
    CHECK_EQ(mock_seen(&m, 0, door).dropped, 0);
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW));
    CHECK_EQ(msg.opcode, 1);
    CHECK_EQ(info.redelivered, 1);
    for (uint32_t n = 3; n <= 9; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    CHECK_EQ(mock_receive(&m.v[0], door), 8);
    CHECK_EQ(mock_receive(&m.v[0], door), 9);
    MOCK_END(&m);
}
/* Scribbled hints and words: an error or a message, never a hang. */
TEST(scribbled_hints_do_not_hang_it)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = dropping(&m, 0, 4, 0);
    static const uint64_t junk[] = { 0, 1, 3, 4, 5, 0x7ffff, 0x80000, 0x80001, 0x12345678, 0xffffffffffffffffu, 0x8000000000000000u, 0xfffffffffff80000u };
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        for (uint32_t n = 1; n <= 5; n++) CHECK_OK(mock_send(&m.v[0], door, n));
        vipci_object_at(&m.v[0], 0)->tail = junk[i];
        CHECK_OK(mock_send(&m.v[0], door, 6));
        for (uint32_t n = 3; n <= 6; n++) CHECK_EQ(mock_receive(&m.v[0], door), n);
    }
    vipci_ring *r;
    REQUIRE_OK(vipci_ring_open(&m.v[0], vipci_object_at(&m.v[0], 0), &r));
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++)
        for (uint32_t k = 0; k < 4; k++) {
            uint64_t was = vipci_slot_at(r, k)->state;
            vipci_slot_at(r, k)->state = junk[i] << 16;
            CHECK(mock_documented(mock_send(&m.v[0], door, 1)));
            for (uint32_t n = 0; n < 4; n++) CHECK(mock_documented(mock_send(&m.v[0], door, n)));
            vipci_slot_at(r, k)->state = was;
            while (mock_receive(&m.v[0], door) >= 0) { }
            for (uint32_t n = 0; n < 4; n++) vipci_slot_at(r, n)->state = VIPCI_WORD(VIPCI_LAP * (100 * (i + 1)), VIPCI_FREE, 0);
            vipci_object_at(&m.v[0], 0)->tail = vipci_object_at(&m.v[0], 0)->head = VIPCI_LAP * (100 * (i + 1));
            vipci_object_at(&m.v[0], 0)->behind = 0;
        }
    MOCK_END(&m);
}
/* Any order of sends and receives: what was sent is received, queued or dropped, and what is received comes in order. */
TEST(d079_sent_is_received_or_queued_or_dropped)
{
    mock m;
    uint64_t random = 12345;
    uint32_t told = 0, sum = 0;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = dropping(&m, 0, 5, 0), his = mock_grant(&m, 0, door, 1, 0);
    uint32_t sent = 0, received = 0;
    long long last = 0;
    for (int i = 0; i < 20000; i++) {
        if (mock_random(&random) >> 33 & 1) {
            CHECK_OK(mock_send(&m.v[1], his, ++sent));
        } else {
            long long n = receive_told(&m.v[0], door, &told);
            if (n < 0) { CHECK_EQ(n, VIPC_ERR_CHANNEL_EMPTY); CHECK_EQ(sent, received + sum); continue; }
            sum += told;
            received++;
            CHECK_EQ(n, last + 1 + (long long)told);           /* exactly those between this one and the last were dropped */
            last = n;
        }
    }
    vipc_endpoint_info e = mock_seen(&m, 0, door);
    CHECK_EQ(sent, received + e.queued + e.dropped);
    CHECK(e.dropped > 100);
    MOCK_END(&m);
}

/* ---- what an endpoint counts ---- */
#define COUNTS(m, door, sent_, received_, dropped_, queued_) do { \
        vipc_endpoint_info e_ = mock_seen((m), 0, (door)); \
        CHECK_EQ(e_.sent, sent_); \
        CHECK_EQ(e_.received, received_); \
        CHECK_EQ(e_.dropped, dropped_); \
        CHECK_EQ(e_.queued, queued_); \
    } while (0)
TEST(d111_each_counter_counts_one_thing)
{
    static const uint32_t capacity[] = { 1, 2, 3, 7, 64, 100, 1024 };
    for (size_t c = 0; c < 7; c++) {
        mock m;
        uint64_t k = capacity[c], sent = 0, received = 0;
        mock_open(&m, NULL, 2, 64);
        vipc_cap door = mock_endpoint(&m, 0, (uint32_t)k), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
        COUNTS(&m, door, 0, 0, 0, 0);
        CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
        for (uint64_t round = 0; round < 5; round++) {
            for (uint64_t n = 0; n < k; n++) { CHECK_OK(mock_send(&m.v[1], his, n)); sent++; }
            CHECK_EQ(mock_send(&m.v[1], his, 0), VIPC_ERR_CHANNEL_FULL);       /* what was refused is not counted */
            CHECK_EQ(mock_send(&m.v[0], his, 0), VIPC_ERR_INVALID_CAPABILITY);
            CHECK_EQ(mock_receive(&m.v[1], his), VIPC_ERR_PERMISSION_DENIED);
            COUNTS(&m, door, sent, received, 0, k);
            for (uint64_t n = 0; n < k - (round & 1); n++) { CHECK_EQ(mock_receive(&m.v[0], door), n); received++; }
            COUNTS(&m, door, sent, received, 0, round & 1);
            if (round & 1) { CHECK_EQ(mock_receive(&m.v[0], door), k - 1); received++; }
            if (round == 3) {                                  /* the queue goes, and what was counted stays */
                CHECK_OK(vipc_trim(&m.v[0], NULL));
                CHECK_EQ(mock_seen(&m, 0, door).frames, 0);
                COUNTS(&m, door, sent, received, 0, 0);
            }
        }
        CHECK_EQ(mock_stats(&m).sent, sent);
        CHECK_EQ(mock_stats(&m).received, received);
        CHECK_EQ(mock_stats(&m).checks_failed, 10);
        CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
        door = mock_endpoint(&m, 0, 5);                        /* in the same place, with a history of its own */
        COUNTS(&m, door, 0, 0, 0, 0);
        CHECK_EQ(mock_seen(&m, 0, door).high_water, 0);
        CHECK_OK(mock_send(&m.v[0], door, 1));
        COUNTS(&m, door, 1, 0, 0, 1);
        MOCK_END(&m);
    }
}
TEST(trim_in_the_middle_of_a_lap)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = mock_endpoint(&m, 0, 5);
    for (uint64_t n = 0; n < 200; n++) {
        for (uint64_t i = 0; i <= n % 5; i++) CHECK_OK(mock_send(&m.v[0], door, n + i));
        for (uint64_t i = 0; i <= n % 5; i++) CHECK_EQ(mock_receive(&m.v[0], door), n + i);
        if (n % 3 == 0) { CHECK_OK(vipc_trim(&m.v[0], NULL)); CHECK_EQ(m.in_use, 0); }
    }
    COUNTS(&m, door, 600, 600, 0, 0);
    for (uint32_t n = 0; n < 5; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    CHECK_EQ(mock_send(&m.v[0], door, 5), VIPC_ERR_CHANNEL_FULL);
    MOCK_END(&m);
}
/* The mark is never above what was queued (one thread: nothing is in between), is the capacity once the queue was full, and is looked at in each lap. */
TEST(high_water)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = mock_endpoint(&m, 0, 64);
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 0);
    for (uint32_t n = 0; n < 10; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 10);           /* the present look */
    for (uint32_t n = 0; n < 7; n++) CHECK_EQ(mock_receive(&m.v[0], door), n);
    for (uint32_t n = 0; n < 1000; n++) {                      /* three or four at a time: some sender of these has looked */
        CHECK_OK(mock_send(&m.v[0], door, n));
        CHECK(mock_receive(&m.v[0], door) >= 0);
    }
    CHECK_EQ(mock_seen(&m, 0, door).queued, 3);
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 4);
    while (mock_seen(&m, 0, door).queued < 64) CHECK_OK(mock_send(&m.v[0], door, 1));
    for (uint32_t n = 0; n < 30; n++) CHECK(mock_receive(&m.v[0], door) >= 0);
    for (uint32_t n = 0; n < 30; n++) CHECK_OK(mock_send(&m.v[0], door, 1));
    CHECK_EQ(mock_send(&m.v[0], door, 1), VIPC_ERR_CHANNEL_FULL);
    while (mock_receive(&m.v[0], door) >= 0) { }
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 64);           /* somebody met it full */
    CHECK_EQ(mock_seen(&m, 0, door).queued, 0);
    CHECK_OK(vipc_trim(&m.v[0], NULL));
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 64);
    MOCK_END(&m);
}
TEST(high_water_of_payloads)
{
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 8;
    d.payload_max = 100;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    for (uint32_t n = 0; n < 5; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    for (uint32_t n = 0; n < 40; n++) {
        vipc_incoming in = VIPC_INIT;
        CHECK_OK(mock_send(&m.v[0], door, n));
        CHECK_OK(vipc_receive_large(&m.v[0], door, &in, VIPC_NOW));
    }
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 6);
    COUNTS(&m, door, 45, 40, 0, 5);
    MOCK_END(&m);
}
TEST(drops_are_counted_apart)
{
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = dropping(&m, 0, 3, 0);
    for (uint32_t n = 0; n < 10; n++) CHECK_OK(mock_send(&m.v[0], door, n));
    COUNTS(&m, door, 10, 0, 7, 3);
    CHECK_EQ(mock_receive(&m.v[0], door), 7);
    COUNTS(&m, door, 10, 1, 7, 2);
    CHECK_EQ(mock_seen(&m, 0, door).high_water, 3);
    while (mock_receive(&m.v[0], door) >= 0) { }
    CHECK_OK(vipc_trim(&m.v[0], NULL));
    COUNTS(&m, door, 10, 3, 7, 0);
    MOCK_END(&m);
}
/* A claim that a revoke or a death has undone leaves a position that is in both. */
TEST(positions_that_were_given_up)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    vipci_ring *r;
    vipci_slot *s;
    uint64_t lap;
    vipci_intend(&m.v[1], vipci_at_object(0));
    REQUIRE_OK(vipci_ring_open(&m.v[1], vipci_object_at(&m.v[1], 0), &r));
    REQUIRE_OK(vipci_claim(&m.v[1], r, vipci_object_at(&m.v[1], 0), &s, &lap));
    COUNTS(&m, door, 2, 0, 0, 1);                              /* halfway: counted as sent, not as received */
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    COUNTS(&m, door, 2, 1, 0, 1);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    COUNTS(&m, door, 2, 2, 0, 0);
    MOCK_END(&m);
}

RUN_TESTS(T(the_three_policies), T(the_oldest_goes_and_is_counted), T(each_is_told_once), T(the_count_wraps), T(a_new_endpoint_counts_from_zero),
          T(payloads_are_dropped_too), T(a_call_that_is_dropped), T(a_call_that_drops), T(d079_a_capability_that_is_dropped_ends),
          T(a_capability_waits_for_the_lock), T(what_is_in_hand_is_not_dropped), T(a_dropper_that_dies_gives_it_back),
          T(scribbled_hints_do_not_hang_it), T(d079_sent_is_received_or_queued_or_dropped),
          T(d111_each_counter_counts_one_thing), T(trim_in_the_middle_of_a_lap), T(high_water), T(high_water_of_payloads), T(drops_are_counted_apart),
          T(positions_that_were_given_up))
