/* t_batch.c - vipc_send_many and vipc_receive_many: what is sent and taken, where a batch ends, what it says. */
#include "mock.h"

enum { MOST = 40 };
static vipc_message letters[MOST], back[MOST];
static vipc_info infos[MOST];
static uint32_t n;

static void write_letters(uint64_t first)
{
    for (uint32_t k = 0; k < MOST; k++) letters[k] = mock_message(first + k);
    memset(back, 0x5c, sizeof back);
    memset(infos, 0x5c, sizeof infos);
    n = 4711;
}
/* back[0] .. back[count - 1] are first, first + 1, ...; behind them is what stood there. */
static void expect(uint64_t first, uint32_t count)
{
    CHECK_EQ(n, count);
    for (uint32_t k = 0; k < count; k++) CHECK(mock_is(&back[k], first + k));
}

TEST(arguments)
{
    mock m;
    vipc copy;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND), none = VIPC_INIT;
    write_letters(1);
    CHECK_EQ(vipc_send_many(NULL, door, letters, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(n, 0);
    copy = m.v[0];
    n = 4711;
    CHECK_EQ(vipc_send_many(&copy, door, letters, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(n, 0);
    CHECK_EQ(vipc_send_many(&m.v[0], door, NULL, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_send_many(&m.v[0], door, letters, 0, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_send_many(&m.v[0], door, letters, 1, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    n = 4711;
    CHECK_EQ(vipc_send_many(&m.v[0], none, letters, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(n, 0);
    CHECK_EQ(vipc_receive_many(NULL, door, back, NULL, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_receive_many(&m.v[0], door, NULL, NULL, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_receive_many(&m.v[0], door, back, NULL, 0, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_receive_many(&m.v[0], door, back, NULL, 1, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    n = 4711;
    CHECK_EQ(vipc_receive_many(&m.v[1], his, back, NULL, 1, &n, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(n, 0);
    n = 4711;
    CHECK_EQ(vipc_receive_many(&m.v[0], door, back, NULL, 1, &n, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(n, 0);
    letters[0].flags = 32;
    CHECK_EQ(vipc_send_many(&m.v[0], door, letters, 2, &n, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(n, 0);
    MOCK_END(&m);
}
/* All sizes of batches through all kinds of capacities: everything arrives once and in order, and is counted. */
TEST(all_sizes)
{
    static const uint32_t capacity[] = { 1, 2, 3, 7, 8, 16, 33, 64, 100, 1024 };
    for (size_t c = 0; c < 10; c++) {
        mock m;
        uint64_t sent = 0, got = 0, random = 7 + c;
        mock_open(&m, NULL, 2, 64);
        vipc_cap door = mock_endpoint(&m, 0, capacity[c]), his = mock_grant(&m, 0, door, 1, 0);
        for (int i = 0; i < 2000; i++) {
            uint32_t want = 1 + (uint32_t)(mock_random(&random) >> 33) % MOST, room = capacity[c] - (uint32_t)(sent - got);
            if (mock_random(&random) >> 40 & 1) {
                write_letters(sent);
                vipc_error e = vipc_send_many(&m.v[1], his, letters, want, &n, VIPC_NOW);
                CHECK_EQ(n, want < room ? want : room);
                CHECK_EQ(e, room ? VIPC_OK : VIPC_ERR_CHANNEL_FULL);
                sent += n;
            } else {
                write_letters(0);
                vipc_error e = vipc_receive_many(&m.v[0], door, back, i % 3 ? infos : NULL, want, &n, VIPC_NOW);
                uint32_t there = (uint32_t)(sent - got);
                CHECK_EQ(e, there ? VIPC_OK : VIPC_ERR_CHANNEL_EMPTY);
                expect(got, there < want ? there : want);
                for (uint32_t k = 0; i % 3 && k < n; k++) {
                    CHECK_EQ(infos[k].sender.id, vipc_self(&m.v[1]).id);
                    CHECK_EQ(infos[k].badge + infos[k].reply.token + infos[k].payload_size + infos[k].redelivered + infos[k].dropped, 0);
                }
                got += n;
            }
        }
        CHECK_EQ(mock_seen(&m, 0, door).sent, sent);
        CHECK_EQ(mock_seen(&m, 0, door).received, got);
        CHECK_EQ(mock_seen(&m, 0, door).queued, sent - got);
        CHECK(mock_seen(&m, 0, door).high_water <= capacity[c]);
        CHECK_EQ(mock_stats(&m).sent, sent);
        CHECK_EQ(mock_stats(&m).received, got);
        CHECK_EQ(m.calls[MOCK_BLOCK], 0);
        MOCK_END(&m);
    }
}
TEST(badges_and_flags)
{
    mock m;
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap with;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = mock_endpoint(&m, 0, 8);
    d.badge = 77;
    REQUIRE_OK(vipc_derive(&m.v[0], door, &d, &with));
    write_letters(1);
    letters[1].flags = VIPC_UNORDERED;
    letters[2].flags = VIPC_IS_REPLY;
    for (int turn = 0; turn < 2; turn++) {
        CHECK_OK(vipc_send_many(&m.v[0], with, letters, 4, &n, VIPC_NOW));
        CHECK_OK(vipc_receive_many(&m.v[0], door, back, infos, 8, &n, VIPC_NOW));
        CHECK_EQ(n, 4);
        for (uint32_t k = 0; k < 4; k++) {
            CHECK_EQ(infos[k].badge, 77);
            CHECK_EQ(back[k].flags, k == 1 ? VIPC_UNORDERED : 0);
            CHECK_EQ(back[k].opcode, k + 1);
        }
    }
    letters[2].flags = 32;                                     /* unknown: the two before it are sent, and the next call says why */
    CHECK_OK(vipc_send_many(&m.v[0], with, letters, 4, &n, VIPC_NOW));
    CHECK_EQ(n, 2);
    CHECK_EQ(vipc_send_many(&m.v[0], with, letters + n, 2, &n, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
    MOCK_END(&m);
}

/* ---- waiting ---- */
static vipc_cap door_, his_;
static uint32_t taken_;
static void take_three(mock *m, uint64_t self)
{
    (void)self;
    for (int k = 0; k < 3; k++) CHECK_EQ(mock_receive(&m->v[0], door_), ++taken_);
    m->asleep = take_three;
}
TEST(send_many_waits_until_the_last_is_sent)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    door_ = mock_endpoint(&m, 0, 4);
    his_ = mock_grant(&m, 0, door_, 1, VIPC_RIGHT_SEND);
    taken_ = 0;
    write_letters(1);
    m.asleep = take_three;
    CHECK_OK(vipc_send_many(&m.v[1], his_, letters, 20, &n, VIPC_FOREVER));
    CHECK_EQ(n, 20);
    CHECK(taken_ >= 15);
    m.asleep = NULL;
    while (mock_seen(&m, 0, door_).queued) CHECK_EQ(mock_receive(&m.v[0], door_), ++taken_);
    CHECK_EQ(taken_, 20);
    CHECK_OK(vipc_send_many(&m.v[1], his_, letters, 20, &n, vipc_after(&m.v[1], 5 * MS)));     /* nobody takes them */
    CHECK_EQ(n, 4);
    CHECK_EQ(vipc_send_many(&m.v[1], his_, letters + 4, 16, &n, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(n, 0);
    MOCK_END(&m);
}
static void send_five(mock *m, uint64_t self)
{
    uint32_t sent;
    (void)self;
    CHECK_OK(vipc_send_many(&m->v[1], his_, letters, 5, &sent, VIPC_NOW));
    CHECK_EQ(sent, 5);
}
TEST(receive_many_waits_for_the_first_alone)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    door_ = mock_endpoint(&m, 0, 8);
    his_ = mock_grant(&m, 0, door_, 1, VIPC_RIGHT_SEND);
    for (int turn = 0; turn < 3; turn++) {
        write_letters(1);
        m.asleep = send_five;
        CHECK_OK(vipc_receive_many(&m.v[0], door_, back, infos, 8, &n, VIPC_FOREVER));
        expect(1, 5);
        m.before_sleep = send_five;                            /* between its last look and its sleep */
        CHECK_OK(vipc_receive_many(&m.v[0], door_, back, NULL, 3, &n, VIPC_FOREVER));
        expect(1, 3);
        CHECK_OK(vipc_receive_many(&m.v[0], door_, back, NULL, 8, &n, VIPC_FOREVER));
        expect(4, 2);
    }
    CHECK_EQ(vipc_receive_many(&m.v[0], door_, back, NULL, 8, &n, vipc_after(&m.v[0], MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(n, 0);
    MOCK_END(&m);
}
/* Three are asleep to receive; a batch of two wakes two of them, one of three the third too, and not more than there are. */
static int asleep_;
static void sleep_too(mock *m, uint64_t self)
{
    vipc_message got;
    (void)self;
    if (++asleep_ < 3) {
        m->asleep = sleep_too;
        CHECK_OK(vipc_receive(&m->v[1 + asleep_], mock_grant(m, 0, door_, (unsigned)(1 + asleep_), 0), &got, NULL, VIPC_FOREVER));
        return;
    }
    uint32_t sent;
    uint64_t wakes = m->calls[MOCK_WAKE];
    CHECK_OK(mock_send(&m->v[0], door_, 1));                   /* the queue is known from now on */
    CHECK_EQ(mock_receive(&m->v[0], door_), 1);
    wakes = m->calls[MOCK_WAKE];
    CHECK_EQ(mock_seen(m, 0, door_).receivers_waiting, 2);
    CHECK_OK(vipc_send_many(&m->v[0], door_, letters, 6, &sent, VIPC_NOW));
    CHECK_EQ(sent, 6);
    CHECK_EQ(m->calls[MOCK_WAKE] - wakes, 2);                  /* with the one that the first had woken already: all three */
    CHECK_EQ(mock_seen(m, 0, door_).receivers_waiting, 0);
}
TEST(a_batch_wakes_as_many_as_it_serves)
{
    mock m;
    vipc_message got;
    mock_open(&m, NULL, 5, 64);
    door_ = mock_endpoint(&m, 0, 8);
    write_letters(10);
    asleep_ = 0;
    m.asleep = sleep_too;
    vipc_cap first = mock_grant(&m, 0, door_, 1, 0);
    CHECK_OK(vipc_receive(&m.v[1], first, &got, NULL, VIPC_FOREVER));
    CHECK_EQ(asleep_, 3);
    CHECK_OK(vipc_receive_many(&m.v[0], door_, back, NULL, 8, &n, VIPC_NOW));
    CHECK_EQ(n, 3);
    MOCK_END(&m);
}
static int fills_;
static void fill_too(mock *m, uint64_t self)
{
    (void)self;
    if (++fills_ < 3) {
        vipc_message msg = mock_message(100);
        m->asleep = fill_too;
        CHECK_OK(vipc_send(&m->v[1 + fills_], mock_grant(m, 0, door_, (unsigned)(1 + fills_), 0), &msg, VIPC_FOREVER));
        return;
    }
    uint64_t wakes = m->calls[MOCK_WAKE];
    CHECK_EQ(mock_seen(m, 0, door_).senders_waiting, 3);
    CHECK_OK(vipc_receive_many(&m->v[0], door_, back, NULL, 2, &n, VIPC_NOW));
    expect(1, 2);
    CHECK_EQ(m->calls[MOCK_WAKE] - wakes, 2);
    CHECK_OK(vipc_receive_many(&m->v[0], door_, back, NULL, 8, &n, VIPC_NOW));
    expect(3, 2);
    CHECK_EQ(m->calls[MOCK_WAKE] - wakes, 3);
}
TEST(and_as_many_as_it_makes_room_for)
{
    mock m;
    vipc_message msg = mock_message(100);
    mock_open(&m, NULL, 5, 64);
    door_ = mock_endpoint(&m, 0, 4);
    write_letters(1);
    CHECK_OK(vipc_send_many(&m.v[0], door_, letters, 4, &n, VIPC_NOW));
    CHECK_EQ(mock_send(&m.v[0], door_, 1), VIPC_ERR_CHANNEL_FULL);
    fills_ = 0;
    m.asleep = fill_too;
    vipc_cap first = mock_grant(&m, 0, door_, 1, 0);
    CHECK_OK(vipc_send(&m.v[1], first, &msg, VIPC_FOREVER));
    for (int k = 0; k < 3; k++) CHECK_EQ(mock_receive(&m.v[0], door_), 100);
    MOCK_END(&m);
}

/* ---- messages that are more than words ---- */
TEST(capabilities_in_batches)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 16), his = mock_grant(&m, 0, door, 1, 0), gift = mock_endpoint(&m, 1, 1);
    write_letters(1);
    for (uint32_t k = 2; k < 10; k += 3) {
        letters[k].flags = VIPC_HAS_CAPABILITY;
        letters[k].capability = gift;
    }
    CHECK_OK(vipc_send_many(&m.v[1], his, letters, 10, &n, VIPC_NOW));
    CHECK_EQ(n, 10);
    uint32_t got = 0, gifts = 0, batches = 0;
    while (vipc_receive_many(&m.v[0], door, back, infos, 16, &n, VIPC_NOW) == VIPC_OK) {
        batches++;
        for (uint32_t k = 0; k < n; k++, got++) {
            CHECK_EQ(back[k].opcode, got + 1);
            CHECK_EQ(back[k].data[3], letters[got].data[3]);
            CHECK_EQ((back[k].flags & VIPC_HAS_CAPABILITY) != 0, got % 3 == 2);
            if (!(back[k].flags & VIPC_HAS_CAPABILITY)) { CHECK_EQ(back[k].capability.token, 0); continue; }
            gifts++;
            CHECK_OK(mock_send(&m.v[0], back[k].capability, 1));
            CHECK_EQ(mock_receive(&m.v[1], gift), 1);
        }
    }
    CHECK_EQ(got, 10);
    CHECK_EQ(gifts, 3);
    CHECK(VIPC_SMALL || batches == 4);                         /* 1 2 | G 4 5 | G 7 8 | G 10 */
    letters[0].flags = VIPC_HAS_CAPABILITY;
    letters[0].capability.token = 12345;
    CHECK_EQ(vipc_send_many(&m.v[1], his, letters, 3, &n, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(n, 0);
    CHECK_OK(vipc_send_many(&m.v[1], his, letters + 9, 3, &n, VIPC_NOW));
    CHECK_EQ(n, 3);
    MOCK_END(&m);
}
/* The receiver has no room for the capability: what is before it comes, then the error, and it stays queued. */
TEST(a_capability_that_cannot_be_taken)
{
    mock m;
    vipc_config c = VIPC_INIT;
    c.capabilities_per_process = 2;
    mock_open(&m, &c, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 16), his = mock_grant(&m, 0, door, 1, 0), extra = mock_derive(&m, 0, door, 0);
    write_letters(1);
    letters[2].flags = VIPC_HAS_CAPABILITY;
    letters[2].capability = his;
    CHECK_OK(vipc_send_many(&m.v[1], his, letters, 4, &n, VIPC_NOW));
    CHECK_OK(vipc_receive_many(&m.v[0], door, back, NULL, 16, &n, VIPC_NOW));
    expect(1, 2);
    CHECK_EQ(vipc_receive_many(&m.v[0], door, back, NULL, 16, &n, VIPC_NOW), VIPC_ERR_LIMIT);
    CHECK_EQ(n, 0);
    CHECK_OK(vipc_close(&m.v[0], extra));
    CHECK_OK(vipc_receive_many(&m.v[0], door, back, NULL, 16, &n, VIPC_NOW));
    CHECK_EQ(n, 2);
    MOCK_END(&m);
}
static void answer_in_a_batch(mock *m, uint64_t self)
{
    (void)self;
    CHECK_OK(mock_send(&m->v[0], door_, 8));
    CHECK_OK(vipc_receive_many(&m->v[0], door_, back, infos, 16, &n, VIPC_NOW));
    CHECK_EQ(n, 1);                                            /* 6; the call behind it begins a batch of its own */
    CHECK_EQ(infos[0].reply.token, 0);
    CHECK_OK(vipc_receive_many(&m->v[0], door_, back, infos, 16, &n, VIPC_NOW));
    CHECK_EQ(n, 2);
    CHECK(infos[0].reply.token != 0 && infos[1].reply.token == 0);
    CHECK_EQ(back[1].opcode, 8);
    CHECK_OK(vipc_reply(&m->v[0], infos[0].reply, &back[0]));
}
static void refuse_in_a_batch(mock *m, uint64_t self)
{
    (void)self;
    CHECK_EQ(vipc_receive_many(&m->v[0], door_, back, NULL, 16, &n, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
TEST(calls_in_batches)
{
    mock m;
    vipc_message msg = mock_message(7), reply;
    mock_open(&m, NULL, 2, 64);
    door_ = mock_endpoint(&m, 0, 16);
    his_ = mock_grant(&m, 0, door_, 1, VIPC_RIGHT_SEND);
    CHECK_OK(mock_send(&m.v[0], door_, 6));
    CHECK_EQ(mock_receive(&m.v[0], door_), 6);
    CHECK_OK(mock_send(&m.v[0], door_, 6));
    m.asleep = answer_in_a_batch;
    if (!VIPC_SMALL) CHECK_OK(vipc_call(&m.v[1], his_, &msg, &reply, VIPC_FOREVER));
    m.asleep = refuse_in_a_batch;                              /* without info nobody can answer */
    if (!VIPC_SMALL) CHECK_EQ(vipc_call(&m.v[1], his_, &msg, &reply, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
    MOCK_END(&m);
}
TEST(payloads_and_batches)
{
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    vipc_outgoing o = VIPC_INIT;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 8;
    d.payload_max = 100;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    write_letters(1);
    CHECK_OK(vipc_send_many(&m.v[0], door, letters, 3, &n, VIPC_NOW));
    CHECK_EQ(n, 3);
    o.payload = letters;
    o.payload_size = 100;
    CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
    uint32_t got = 0;
    while (vipc_receive_many(&m.v[0], door, back, infos, 8, &n, VIPC_NOW) == VIPC_OK) got += n;
    CHECK_EQ(got, 3);
    CHECK_EQ(vipc_receive_many(&m.v[0], door, back, infos, 8, &n, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(infos[0].payload_size, 100);
    MOCK_END(&m);
}
TEST(batches_that_drop)
{
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 8;
    d.full = VIPC_FULL_DROP_OLDEST;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    write_letters(1);
    CHECK_OK(vipc_send_many(&m.v[0], door, letters, 20, &n, VIPC_FOREVER));
    CHECK_EQ(n, 20);
    CHECK_OK(vipc_receive_many(&m.v[0], door, back, infos, MOST, &n, VIPC_NOW));
    expect(13, 8);
    uint32_t told = 0;
    for (uint32_t k = 0; k < n; k++) told += infos[k].dropped;
    CHECK_EQ(told, 12);
    d.full = VIPC_FULL_FAIL;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    CHECK_OK(vipc_send_many(&m.v[0], door, letters, 20, &n, VIPC_FOREVER));
    CHECK_EQ(n, 8);
    CHECK_EQ(vipc_send_many(&m.v[0], door, letters, 20, &n, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    MOCK_END(&m);
}

/* ---- ends in the middle ---- */
static int which_;
static void end_it(mock *m, uint64_t self)
{
    (void)self;
    if (which_ == 0) CHECK_OK(vipc_revoke(&m->v[0], door_, VIPC_NOW));
    else CHECK_EQ(vipc_destroy(&m->v[0], door_, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
}
TEST(revoked_and_destroyed_in_the_middle)
{
    for (which_ = 0; which_ < 2; which_++)
        for (uint64_t at = 0; at < 24; at++)
            for (int sends = 0; sends < 2; sends++) {
                mock m;
                mock_open(&m, NULL, 2, 64);
                door_ = mock_endpoint(&m, 0, 16);
                his_ = mock_grant(&m, 0, door_, 1, 0);
                write_letters(1);
                CHECK_OK(mock_send(&m.v[1], his_, 0));
                CHECK_EQ(mock_receive(&m.v[1], his_), 0);
                if (!sends) CHECK_OK(vipc_send_many(&m.v[1], his_, letters, 8, &n, VIPC_NOW));
                m.skip = at;
                if (at & 1) m.on_leave = end_it;
                else m.on_enter = end_it;
                n = 4711;
                vipc_error e = sends ? vipc_send_many(&m.v[1], his_, letters, 8, &n, VIPC_NOW) : vipc_receive_many(&m.v[1], his_, back, NULL, 8, &n, VIPC_NOW);
                CHECK(e == VIPC_OK ? n > 0 && n <= 8 : n == 0);
                CHECK(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY || e == VIPC_ERR_CLOSED);
                if (at < 7 && !VIPC_SMALL && !VIPCI_CRITICAL) CHECK_EQ(n, at + (at & 1));      /* before one, or right after it */
                if (!sends) for (uint32_t k = 0; k < n; k++) CHECK(mock_is(&back[k], 1 + k));
                if (which_ == 0 && n < 8 && sends) {
                    uint32_t sent = n;
                    CHECK_OK(sent ? vipc_receive_many(&m.v[0], door_, back, NULL, 16, &n, VIPC_NOW) : VIPC_OK);
                    CHECK_EQ(n, sent);                         /* what was sent stays sent */
                }
                m.on_enter = m.on_leave = NULL;
                if (which_ == 1) CHECK_OK(vipc_trim(&m.v[0], NULL));
                MOCK_END(&m);
            }
}
static void bind_it(mock *m, uint64_t self) { (void)self; CHECK_OK(vipc_endpoint_bind(&m->v[0], door_, vipc_self(&m->v[0]))); }
TEST(bound_away_in_the_middle)
{
    mock m;
    mock_open(&m, NULL, 2, 64);
    door_ = mock_endpoint(&m, 0, 16);
    his_ = mock_grant(&m, 0, door_, 1, 0);
    write_letters(1);
    CHECK_OK(mock_send(&m.v[1], his_, 0));
    CHECK_EQ(mock_receive(&m.v[1], his_), 0);
    CHECK_OK(vipc_send_many(&m.v[1], his_, letters, 8, &n, VIPC_NOW));
    m.skip = 3;
    m.on_enter = bind_it;
    CHECK_OK(vipc_receive_many(&m.v[1], his_, back, NULL, 8, &n, VIPC_NOW));
    CHECK(VIPC_SMALL || VIPCI_CRITICAL || n == 3);
    CHECK_EQ(vipc_receive_many(&m.v[1], his_, back, NULL, 8, &n, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(n, 0);
    CHECK_OK(vipc_receive_many(&m.v[0], door_, back, NULL, 8, &n, VIPC_NOW));
    CHECK(mock_is(&back[0], 4));
    MOCK_END(&m);
}
TEST(scribbled_words)
{
    static const uint64_t junk[] = { 0, 1, 7, 8, 9, 0x7ffff, 0x80000, 0x12345678, 0xffffffffffffffffu, 0x8000000000000000u, 0x20000, 0x40000 };
    mock m;
    mock_open(&m, NULL, 1, 64);
    vipc_cap door = mock_endpoint(&m, 0, 8);
    write_letters(1);
    CHECK_OK(mock_send(&m.v[0], door, 0));
    CHECK_EQ(mock_receive(&m.v[0], door), 0);
    vipci_object *o = vipci_object_at(&m.v[0], 0);
    vipci_ring *r;
    REQUIRE_OK(vipci_ring_open(&m.v[0], o, &r));
    for (size_t i = 0; i < 12; i++)
        for (int what = 0; what < 10; what++) {
            if (what == 8) o->tail = junk[i];
            else if (what == 9) o->head = junk[i];
            else vipci_slot_at(r, (uint64_t)what)->state = junk[i];
            for (int turn = 0; turn < 3; turn++) {
                CHECK(mock_documented(vipc_send_many(&m.v[0], door, letters, 5, &n, VIPC_NOW)));
                CHECK(n <= 5);
                CHECK(mock_documented(vipc_receive_many(&m.v[0], door, back, infos, 7, &n, VIPC_NOW)));
                CHECK(n <= 7);
            }
            for (uint32_t k = 0; k < 8; k++) vipci_slot_at(r, k)->state = 0;
            o->tail = o->head = o->behind = 0;
        }
    MOCK_END(&m);
}

RUN_TESTS(T(arguments), T(all_sizes), T(badges_and_flags), T(send_many_waits_until_the_last_is_sent), T(receive_many_waits_for_the_first_alone),
          T(a_batch_wakes_as_many_as_it_serves), T(and_as_many_as_it_makes_room_for), T(capabilities_in_batches), T(a_capability_that_cannot_be_taken),
          T(calls_in_batches), T(payloads_and_batches), T(batches_that_drop), T(revoked_and_destroyed_in_the_middle), T(bound_away_in_the_middle),
          T(scribbled_words))
