/* t_urgent.c - urgent messages: a lane of their own, past all that is not urgent. */
#define VIPC_UNSTABLE
#include "mock.h"

static vipc_cap door_, his_;                   /* member 0's, with all rights; member 1's */
static vipc_endpoint_desc shape(uint32_t capacity, uint32_t urgent)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = capacity;
    d.urgent = urgent;
    return d;
}
static void open_door(mock *m, const vipc_endpoint_desc *d)
{
    mock_open(m, NULL, 3, 64);
    REQUIRE_OK(vipc_endpoint_create(&m->v[0], d, &door_));
    his_ = mock_grant(m, 0, door_, 1, 0);
}
static void open_shape(mock *m, uint32_t capacity, uint32_t urgent)
{
    vipc_endpoint_desc d = shape(capacity, urgent);
    open_door(m, &d);
}
static vipc_error urgently(vipc *who, vipc_cap to, uint64_t n, vipc_time deadline)
{
    vipc_message m = mock_message(n);
    m.flags = VIPC_URGENT;
    return vipc_send(who, to, &m, deadline);
}
/* The number received, 1000 more if it was urgent, 10000 more if redelivered; or the error. */
static long long next_by(vipc *who, vipc_cap from, vipc_time deadline)
{
    vipc_message m;
    vipc_info info;
    vipc_error e = vipc_receive(who, from, &m, &info, deadline);
    if (e != VIPC_OK) return e;
    vipc_message want = mock_message(m.opcode);
    if (memcmp(m.data, want.data, sizeof want.data) != 0 || (m.flags & ~(uint32_t)VIPC_URGENT)) return -999;
    return (long long)m.opcode + (m.flags ? 1000 : 0) + (info.redelivered ? 10000 : 0);
}
static long long next(mock *m) { return next_by(&m->v[0], door_, VIPC_NOW); }
static vipc_endpoint_info seen(mock *m) { return mock_seen(m, 0, door_); }

TEST(it_passes_all_that_is_not_urgent)
{
    mock m;
    open_shape(&m, 4, 0);
    for (int turn = 0; turn < 20; turn++) {
        for (uint64_t n = 1; n <= 3; n++) CHECK_OK(mock_send(&m.v[1], his_, n));
        for (uint64_t n = 1; n <= 3; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        CHECK_EQ(next(&m), 1001);
        CHECK_EQ(next(&m), 1002);
        CHECK_OK(urgently(&m.v[1], his_, 4, VIPC_NOW));
        CHECK_OK(mock_send(&m.v[1], his_, 4));
        CHECK_EQ(next(&m), 1003);
        CHECK_EQ(next(&m), 1004);
        for (int n = 1; n <= 4; n++) CHECK_EQ(next(&m), n);
        CHECK_EQ(next(&m), VIPC_ERR_CHANNEL_EMPTY);
    }
    MOCK_END(&m);
}
TEST(its_room_is_its_own)
{
    mock m;
    open_shape(&m, 2, 3);
    for (int turn = 0; turn < 5; turn++) {
        for (uint64_t n = 1; n <= 2; n++) CHECK_OK(mock_send(&m.v[1], his_, n));
        CHECK_EQ(mock_send(&m.v[1], his_, 3), VIPC_ERR_CHANNEL_FULL);
        for (uint64_t n = 1; n <= 3; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        CHECK_EQ(urgently(&m.v[1], his_, 4, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
        CHECK_EQ(urgently(&m.v[1], his_, 4, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
        CHECK_EQ(seen(&m).queued, 5);
        CHECK_EQ(seen(&m).queued_urgent, 3);
        for (int n = 1; n <= 3; n++) CHECK_EQ(next(&m), 1000 + n);
        CHECK_EQ(mock_send(&m.v[1], his_, 3), VIPC_ERR_CHANNEL_FULL);       /* urgent room is no room */
        for (int n = 1; n <= 2; n++) CHECK_EQ(next(&m), n);
    }
    MOCK_END(&m);
}
TEST(it_takes_frames_when_it_is_used)
{
    mock m;
    open_shape(&m, 64, 0);
    MOCK_CHECK(&m, 0);
    CHECK_OK(urgently(&m.v[1], his_, 1, VIPC_NOW));            /* beside a queue that was never used */
    MOCK_CHECK(&m, 1);
    CHECK_EQ(seen(&m).frames, 1);
    CHECK_EQ(seen(&m).urgent, 8);
    CHECK_OK(mock_send(&m.v[1], his_, 2));
    MOCK_CHECK(&m, 2);
    CHECK_EQ(seen(&m).frames, 2);
    uint64_t frames = 77;
    CHECK_OK(vipc_trim(&m.v[0], &frames));                     /* there are messages in both */
    CHECK_EQ(frames, 0);
    CHECK_EQ(next(&m), 1001);
    CHECK_OK(vipc_trim(&m.v[0], &frames));
    CHECK_EQ(frames, 1);
    CHECK_EQ(next(&m), 2);
    CHECK_OK(vipc_trim(&m.v[0], &frames));
    CHECK_EQ(frames, 1);
    MOCK_CHECK(&m, 0);
    CHECK_EQ(next(&m), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_OK(urgently(&m.v[1], his_, 3, VIPC_NOW));
    CHECK_EQ(next(&m), 1003);
    MOCK_END(&m);
}
TEST(what_is_counted)
{
    mock m;
    open_shape(&m, 4, 3);
    uint64_t sent = 0, received = 0;
    for (uint64_t turn = 0; turn < 50; turn++) {
        for (uint64_t n = 0; n < turn % 4; n++, sent++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        for (uint64_t n = 0; n < turn % 5; n++, sent++) CHECK_OK(mock_send(&m.v[1], his_, n));
        CHECK_EQ(seen(&m).sent, sent);
        CHECK_EQ(seen(&m).received, received);
        CHECK_EQ(seen(&m).queued, sent - received);
        while (received < sent) { CHECK(next(&m) >= 0); received++; }
        CHECK_EQ(seen(&m).received, received);
        if (turn % 7 == 0) CHECK_OK(vipc_trim(&m.v[0], NULL));
        CHECK_EQ(seen(&m).sent, sent);
        CHECK_EQ(seen(&m).received, received);
    }
    CHECK(seen(&m).high_water >= 1 && seen(&m).high_water <= 4);        /* of what is not urgent */
    CHECK_EQ(mock_stats(&m).sent, sent);
    CHECK_EQ(mock_stats(&m).received, received);
    MOCK_END(&m);
}
TEST(what_create_refuses)
{
    mock m;
    vipc_cap a, b;
    vipc_channel_desc c = VIPC_INIT;
    mock_open(&m, NULL, 1, 64);
    for (uint32_t urgent = VIPC_URGENT_MAX; urgent <= VIPC_URGENT_MAX + 1; urgent++) {
        vipc_error e = urgent == VIPC_URGENT_MAX ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT;
        vipc_endpoint_desc d = shape(1, urgent);
        c.urgent = urgent;
        CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &a), e);
        CHECK_EQ(vipc_channel_create(&m.v[0], &c, &a, &b), e);
    }
    vipc_endpoint_desc d = shape(VIPC_CAPACITY_MAX, 0xffffffffu);
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &a), VIPC_ERR_INVALID_ARGUMENT);
    d = shape(VIPC_CAPACITY_MAX, VIPC_URGENT_MAX);
    CHECK_OK(vipc_endpoint_create(&m.v[0], &d, &a));
    for (uint64_t n = 0; n < VIPC_URGENT_MAX; n++) CHECK_OK(urgently(&m.v[0], a, n, VIPC_NOW));
    CHECK_EQ(urgently(&m.v[0], a, 0, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    for (uint64_t n = 0; n < VIPC_URGENT_MAX; n++) CHECK_EQ(next_by(&m.v[0], a, VIPC_NOW), 1000 + (long long)n);
    MOCK_END(&m);
}

/* ---- waiting ---- */
typedef struct act { uint64_t what; vipc_error said; int done; } act;
static void sends_it(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = a->what ? urgently(&m->v[1], his_, 7, VIPC_NOW) : mock_send(&m->v[1], his_, 7);
}
static void receives_two(mock *m, uint64_t self)               /* the first makes urgent room, the second ordinary room */
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = (vipc_error)(next(m) - 1001);
    if (a->what) a->said = (vipc_error)(next(m) - 1);
}
TEST(a_receiver_is_woken_by_either)
{
    for (uint64_t n = 0; n < 4; n++) {
        mock m;
        act a = { n & 1, VIPC_ERR_HOOK, 0 };
        open_shape(&m, 2, 0);
        m.script = &a;
        if (n & 2) m.asleep = sends_it;
        else m.before_sleep = sends_it;
        vipc_time since = m.now;
        CHECK_EQ(next_by(&m.v[0], door_, VIPC_FOREVER), n & 1 ? 1007 : 7);
        CHECK(m.now - since < 50 * MS);
        CHECK_OK(a.said);
        CHECK_EQ(a.done, 1);
        MOCK_END(&m);
    }
}
TEST(a_sender_waits_for_room_of_its_kind)
{
    for (uint64_t n = 0; n < 4; n++) {
        mock m;
        act a = { n & 1, VIPC_ERR_HOOK, 0 };
        vipc_message msg = mock_message(9);
        open_shape(&m, 1, 1);
        CHECK_OK(mock_send(&m.v[1], his_, 1));
        CHECK_OK(urgently(&m.v[1], his_, 1, VIPC_NOW));
        m.script = &a;
        if (n & 2) m.asleep = receives_two;
        else m.before_sleep = receives_two;
        vipc_time since = m.now;
        if (n & 1) CHECK_OK(vipc_send(&m.v[1], his_, &msg, VIPC_FOREVER));
        else CHECK_OK(urgently(&m.v[1], his_, 9, VIPC_FOREVER));
        CHECK(m.now - since < 50 * MS);
        CHECK_OK(a.said);
        CHECK_EQ(seen(&m).queued_urgent, n & 1 ? 0 : 1);
        MOCK_END(&m);
    }
}
static void ends_it(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    if (a->what == 0) a->said = vipc_destroy(&m->v[0], door_, VIPC_NOW);
    else if (a->what == 1) a->said = vipc_revoke(&m->v[0], door_, VIPC_FOREVER);
    else a->said = vipc_cancel(&m->v[1]);
}
TEST(an_urgent_sender_s_wait_ends)
{
    static const vipc_error says[3] = { VIPC_ERR_CLOSED, VIPC_ERR_INVALID_CAPABILITY, VIPC_ERR_CANCELLED };
    for (uint64_t n = 0; n < 6; n++) {
        mock m;
        act a = { n / 2, VIPC_ERR_HOOK, 0 };
        open_shape(&m, 1, 1);
        CHECK_OK(urgently(&m.v[1], his_, 1, VIPC_NOW));
        m.script = &a;
        if (n & 1) m.asleep = ends_it;
        else m.before_sleep = ends_it;
        vipc_time since = m.now;
        CHECK_EQ(urgently(&m.v[1], his_, 2, VIPC_FOREVER), says[n / 2]);
        CHECK(m.now - since < 50 * MS);
        CHECK_OK(a.said);
        CHECK_EQ(a.done, 1);
        MOCK_END(&m);
    }
}
TEST(waits_for_several_things_see_it)
{
    mock m;
    vipc_wait_item item = VIPC_INIT, told;
    vipc_cap set;
    uint32_t n = 0;
    act a = { 1, VIPC_ERR_HOOK, 0 };
    open_shape(&m, 2, 0);
    item.object = door_;
    item.key = 5;
    CHECK_EQ(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_wait_set_create(&m.v[0], 2, NULL, &set));
    CHECK_OK(vipc_wait_set_add(&m.v[0], set, &item));
    CHECK_EQ(vipc_wait_set_wait(&m.v[0], set, &told, 1, &n, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    for (int how = 0; how < 2; how++) {
        vipc_time since = m.now;
        m.script = &a;
        m.asleep = sends_it;
        if (how) CHECK_OK(vipc_wait_set_wait(&m.v[0], set, &told, 1, &n, VIPC_FOREVER));
        else CHECK_OK(vipc_wait_any(&m.v[0], &item, 1, VIPC_FOREVER));
        CHECK(m.now - since < 50 * MS);                        /* woken, and not at the end of a slice */
        CHECK_OK(how ? told.ready : item.ready);
        CHECK_EQ(next(&m), 1007);
        if (how) CHECK_EQ(vipc_wait_set_wait(&m.v[0], set, &told, 1, &n, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
        else CHECK_EQ(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    }
    for (uint64_t k = 0; k < 8; k++) CHECK_OK(urgently(&m.v[1], his_, k, VIPC_NOW));
    item.for_send = 1;                                         /* room is room for what is not urgent */
    CHECK_OK(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW));
    MOCK_END(&m);
}

/* ---- the rest of what messages do ---- */
TEST(the_policies_of_a_full_lane)
{
    for (uint32_t full = VIPC_FULL_FAIL; full <= VIPC_FULL_DROP_OLDEST; full++) {
        mock m;
        vipc_endpoint_desc d = shape(2, 2);
        d.full = full;
        open_door(&m, &d);
        CHECK_OK(mock_send(&m.v[1], his_, 1));
        for (uint64_t n = 1; n <= 2; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        CHECK_EQ(urgently(&m.v[1], his_, 3, VIPC_FOREVER), full == VIPC_FULL_FAIL ? VIPC_ERR_CHANNEL_FULL : VIPC_OK);
        if (full == VIPC_FULL_DROP_OLDEST) {                   /* the oldest of its kind goes */
            CHECK_EQ(seen(&m).dropped, 1);
            CHECK_EQ(next(&m), 1002);
            CHECK_EQ(next(&m), 1003);
        }
        MOCK_END(&m);
    }
}
TEST(many_at_once)
{
    mock m;
    vipc_message out[6], in[8];
    uint32_t n = 0;
    open_shape(&m, 8, 0);
    for (uint32_t k = 0; k < 6; k++) {
        out[k] = mock_message(k);
        out[k].flags = k % 3 == 1 ? VIPC_URGENT : 0;
    }
    CHECK_OK(vipc_send_many(&m.v[1], his_, out, 6, &n, VIPC_NOW));
    CHECK_EQ(n, 6);
    uint32_t order[6] = { 1, 4, 0, 2, 3, 5 }, got = 0;
    while (got < 6) {
        CHECK_OK(vipc_receive_many(&m.v[0], door_, in, NULL, 8, &n, VIPC_NOW));
        for (uint32_t k = 0; k < n && got < 6; k++, got++) {
            CHECK_EQ(in[k].opcode, order[got]);
            CHECK_EQ(in[k].flags, got < 2 ? VIPC_URGENT : 0);
        }
        if (!n) break;
    }
    MOCK_END(&m);
}
TEST(payloads_and_capabilities_are_carried)
{
    mock m;
    vipc_endpoint_desc d = shape(2, 2);
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    unsigned char bytes[200], got[200];
    d.payload_max = 200;
    open_door(&m, &d);
    memset(bytes, 0x5a, sizeof bytes);
    CHECK_OK(mock_send(&m.v[1], his_, 1));
    out.message = mock_message(3);
    out.message.flags = VIPC_URGENT | VIPC_HAS_CAPABILITY;
    out.message.capability = his_;
    out.payload = bytes;
    out.payload_size = sizeof bytes;
    CHECK_OK(vipc_send_large(&m.v[1], his_, &out, VIPC_NOW));
    CHECK_EQ(next(&m), VIPC_ERR_MESSAGE_TOO_LARGE);            /* the urgent one is next, and stays */
    in.payload = got;
    in.payload_capacity = sizeof got;
    CHECK_OK(vipc_receive_large(&m.v[0], door_, &in, VIPC_NOW));
    CHECK_EQ(in.message.flags, VIPC_URGENT | VIPC_HAS_CAPABILITY);
    CHECK_EQ(in.info.payload_size, 200);
    CHECK(memcmp(bytes, got, sizeof got) == 0);
    CHECK(mock_alive_cap(&m.v[0], in.message.capability));
    CHECK_OK(vipc_send_large(&m.v[1], his_, &out, VIPC_NOW));
    CHECK_OK(vipc_revoke(&m.v[0], door_, VIPC_FOREVER));       /* one that travels in the lane goes too */
    CHECK_OK(vipc_receive_large(&m.v[0], door_, &in, VIPC_NOW));
    CHECK_EQ(in.message.capability.token, 0);
    CHECK_EQ(next(&m), 1);
    MOCK_END(&m);
}
static void serves(mock *m, uint64_t self)
{
    vipc_message msg;
    vipc_info info;
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    CHECK_OK(vipc_receive(&m->v[0], door_, &msg, &info, VIPC_NOW));
    CHECK_EQ(msg.opcode, 5);
    CHECK_EQ(msg.flags, VIPC_URGENT);
    msg.opcode = 6;                                            /* a request may be sent back as it is */
    a->said = vipc_reply(&m->v[0], info.reply, &msg);
}
static void takes_one(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = (vipc_error)(next(m) - 1005);
}
TEST(calls_and_acknowledged_sends)
{
    mock m;
    act a = { 0, VIPC_ERR_HOOK, 0 };
    vipc_message msg = mock_message(5), reply;
    open_shape(&m, 2, 0);
    CHECK_OK(mock_send(&m.v[1], his_, 1));
    vipc_time since = m.now;
    m.script = &a;
    msg.flags = VIPC_URGENT;
    m.asleep = serves;
    CHECK_OK(vipc_call(&m.v[1], his_, &msg, &reply, VIPC_FOREVER));
    CHECK_OK(a.said);
    CHECK_EQ(reply.opcode, 6);
    CHECK_EQ(reply.flags, VIPC_IS_REPLY);
    msg.flags = VIPC_URGENT | VIPC_NEEDS_ACK;
    m.asleep = takes_one;
    CHECK_OK(vipc_send(&m.v[1], his_, &msg, VIPC_FOREVER));
    CHECK_OK(a.said);
    CHECK_EQ(a.done, 2);
    CHECK_EQ(next(&m), 1);
    msg.flags = VIPC_URGENT;
    a.what = 0;
    m.asleep = ends_it;                                        /* a request in the lane is refused with the endpoint's end */
    CHECK_EQ(vipc_call(&m.v[1], his_, &msg, &reply, VIPC_FOREVER), VIPC_ERR_CLOSED);
    CHECK(m.now - since < 50 * MS);                            /* each was woken, and not at the end of a slice */
    MOCK_END(&m);
}
TEST(what_a_dead_receiver_had_comes_back_in_its_lane)
{
    mock m;
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand;
    open_shape(&m, 4, 2);
    vipc_cap cap = mock_grant(&m, 0, door_, 2, 0);
    for (int way = 0; way < 2; way++) {
        for (uint64_t n = 1; n <= 2; n++) CHECK_OK(mock_send(&m.v[1], his_, n));
        for (uint64_t n = 1; n <= 2; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        vipc *who = way ? &m.v[2] : &m.v[0];
        CHECK_OK(vipc_take(who, way ? cap : door_, &in, &hand, VIPC_NOW));
        CHECK_EQ(in.message.opcode, 1);
        CHECK_EQ(in.message.flags, VIPC_URGENT);
        CHECK_EQ(next(&m), 1002);
        CHECK_EQ(next(&m), 1);                                 /* nothing else is urgent now */
        CHECK_OK(urgently(&m.v[1], his_, 3, VIPC_NOW));        /* passes over what is in hand */
        if (way) {
            mock_kill(&m, 2);
            CHECK_OK(vipc_sweep(&m.v[0], NULL));
        } else {
            CHECK_OK(vipc_done(who, hand, false));
        }
        CHECK_EQ(next(&m), 11001);
        CHECK_EQ(next(&m), 1003);
        CHECK_EQ(next(&m), 2);
        CHECK_EQ(next(&m), VIPC_ERR_CHANNEL_EMPTY);
    }
    MOCK_END(&m);
}
TEST(jobs_that_are_urgent)
{
    mock m;
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand;
    open_shape(&m, 2, 2);
    for (int turn = 0; turn < 9; turn++) {
        CHECK_OK(mock_send(&m.v[1], his_, 1));
        for (uint64_t n = 1; n <= 2; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
        for (uint32_t n = 1; n <= 3; n++) {
            CHECK_OK(vipc_take(&m.v[0], door_, &in, &hand, VIPC_NOW));
            CHECK_EQ(in.message.opcode, n < 3 ? n : 1);
            CHECK_EQ(in.message.flags, n < 3 ? VIPC_URGENT : 0);
            CHECK_OK(vipc_done(&m.v[0], hand, true));
        }
        CHECK_EQ(vipc_take(&m.v[0], door_, &in, &hand, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    }
    CHECK_EQ(seen(&m).received, 27);
    for (uint64_t n = 1; n <= 2; n++) CHECK_OK(urgently(&m.v[1], his_, n, VIPC_NOW));
    vipc_cap mine = mock_derive(&m, 0, door_, 0);
    CHECK_OK(vipc_take(&m.v[0], mine, &in, &hand, VIPC_NOW));
    CHECK_OK(vipc_revoke(&m.v[0], door_, VIPC_FOREVER));       /* and with it what is in hand: given back, in front */
    CHECK_EQ(vipc_done(&m.v[0], hand, true), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(next(&m), 11001);
    CHECK_EQ(next(&m), 1002);
    MOCK_END(&m);
}
TEST(through_a_channel)
{
    mock m;
    vipc_channel_desc d = VIPC_INIT;
    vipc_cap a, b;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 2;
    d.urgent = 2;
    REQUIRE_OK(vipc_channel_create(&m.v[0], &d, &a, &b));
    for (int way = 0; way < 2; way++) {
        vipc_cap from = way ? b : a, to = way ? a : b;
        CHECK_OK(mock_send(&m.v[0], from, 1));
        CHECK_OK(urgently(&m.v[0], from, 2, VIPC_NOW));
        CHECK_EQ(next_by(&m.v[0], to, VIPC_NOW), 1002);
        CHECK_EQ(next_by(&m.v[0], to, VIPC_NOW), 1);
    }
    CHECK_OK(mock_send(&m.v[0], a, 1));
    CHECK_OK(urgently(&m.v[0], a, 2, VIPC_NOW));
    CHECK_OK(vipc_close(&m.v[0], a));                          /* both are drained before the end is told */
    CHECK_EQ(next_by(&m.v[0], b, VIPC_NOW), 1002);
    CHECK_EQ(next_by(&m.v[0], b, VIPC_NOW), 1);
    CHECK_EQ(next_by(&m.v[0], b, VIPC_NOW), VIPC_ERR_CLOSED);
    MOCK_END(&m);
}
TEST(an_endpoint_s_end_takes_both)
{
    for (int way = 0; way < 3; way++) {
        mock m;
        open_shape(&m, 4, 0);
        vipc_message msg = mock_message(1);
        msg.flags = VIPC_URGENT | VIPC_HAS_CAPABILITY;
        msg.capability = his_;
        for (int n = 0; n < 3; n++) CHECK_OK(vipc_send(&m.v[1], his_, &msg, VIPC_NOW));
        CHECK_OK(mock_send(&m.v[1], his_, 2));
        if (way == 0) CHECK_OK(vipc_destroy(&m.v[0], door_, VIPC_NOW));
        if (way == 1) mock_leave_domain(&m, 0);
        if (way == 2) { mock_kill(&m, 0); CHECK_OK(vipc_sweep(&m.v[1], NULL)); }
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(no_frames_no_lane)
{
    mock m;
    open_shape(&m, 2, 0);
    CHECK_OK(mock_send(&m.v[1], his_, 1));
    for (uint64_t n = 1; n <= 2; n++) {
        mock_fail(&m, MOCK_ALLOC, 1, VIPC_ERR_OUT_OF_MEMORY);
        CHECK_EQ(urgently(&m.v[1], his_, 1, n == 1 ? VIPC_NOW : VIPC_FOREVER), VIPC_ERR_OUT_OF_MEMORY);
        mock_heal(&m);
        MOCK_CHECK(&m, 1);
    }
    CHECK_EQ(next(&m), 1);
    CHECK_OK(urgently(&m.v[1], his_, 2, VIPC_NOW));
    CHECK_EQ(next(&m), 1002);
    MOCK_END(&m);
}
TEST(lanes_of_many_endpoints)
{
    enum { DOORS = 9 };
    mock m;
    vipc_cap door[DOORS];
    mock_open(&m, NULL, 1, 64);
    for (uint32_t i = 0; i < DOORS; i++) {
        vipc_endpoint_desc d = shape(2, 2);
        d.payload_max = i % 3 * 50;
        REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door[i]));
    }
    for (uint64_t turn = 0; turn < 4; turn++) {
        for (uint64_t i = 0; i < DOORS; i++) CHECK_OK(urgently(&m.v[0], door[i], i + turn, VIPC_NOW));
        for (uint64_t i = 0; i < DOORS; i++) CHECK_OK(mock_send(&m.v[0], door[i], i + turn));
        for (uint64_t i = 0; i < DOORS; i++) {
            CHECK_EQ(next_by(&m.v[0], door[i], VIPC_NOW), 1000 + (long long)(i + turn));
            CHECK_EQ(next_by(&m.v[0], door[i], VIPC_NOW), (long long)(i + turn));
        }
        if (turn & 1) CHECK_OK(vipc_trim(&m.v[0], NULL));
    }
    MOCK_END(&m);
}
TEST(a_lane_that_was_scribbled_over)
{
    uint64_t seed = 42;
    for (int turn = 0; turn < 300; turn++) {
        mock m;
        vipc_message msg;
        open_shape(&m, 2, 2);
        m.say = NULL;                                          /* the port is asked for frames that do not exist */
        CHECK_OK(urgently(&m.v[1], his_, 1, VIPC_NOW));
        vipci_object *o = vipci_object_at(&m.v[0], 0);
        uint64_t *words = (uint64_t *)vipci_frames_at(&m.v[0], (o->urgent >> 1) - 1, 1), r = mock_random(&seed);
        switch (turn % 3) {
        case 0: words[r % 32] = mock_random(&seed) >> r % 60; break;
        case 1: o->urgent = mock_random(&seed) >> r % 60; break;
        default: o->shape ^= 1ull << r % 64; break;
        }
        for (uint64_t n = 0; n < 4; n++) {                     /* any documented answer, and no crash */
            CHECK(mock_documented(urgently(&m.v[1], his_, n, VIPC_NOW)));
            CHECK(mock_documented(vipc_receive(&m.v[0], door_, &msg, NULL, VIPC_NOW)));
            CHECK(mock_documented(mock_send(&m.v[1], his_, n)));
        }
        (void)vipc_trim(&m.v[0], NULL);
        (void)vipc_destroy(&m.v[0], door_, VIPC_NOW);
        mock_release(&m);
    }
}

RUN_TESTS(T(it_passes_all_that_is_not_urgent), T(its_room_is_its_own), T(it_takes_frames_when_it_is_used), T(what_is_counted), T(what_create_refuses),
          T(a_receiver_is_woken_by_either), T(a_sender_waits_for_room_of_its_kind), T(an_urgent_sender_s_wait_ends), T(waits_for_several_things_see_it),
          T(the_policies_of_a_full_lane), T(many_at_once), T(payloads_and_capabilities_are_carried), T(calls_and_acknowledged_sends),
          T(what_a_dead_receiver_had_comes_back_in_its_lane), T(jobs_that_are_urgent), T(through_a_channel), T(an_endpoint_s_end_takes_both),
          T(no_frames_no_lane), T(lanes_of_many_endpoints), T(a_lane_that_was_scribbled_over))
