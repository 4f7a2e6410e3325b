/* t_call.c - send, receive, call and reply as the contracts in the header say.  "The other side" runs in the block hook. */
#include "mock.h"

enum { REQUEST = 100, ANSWER = 200 };
typedef struct play {
    vipc_cap door, his;                /* v[0] serves door, v[1] calls his */
    int done, reply_twice, with_cap;
    vipc_error said, again, dropped;
    vipc_reply_right right;
    vipc_info info;
    vipc_message got;
    vipc_time deadline;
    vipc_cap gift;
} play;

static void setup(mock *m, play *p, unsigned identities)
{
    memset(p, 0, sizeof *p);
    mock_open(m, NULL, identities, 64);
    p->door = mock_endpoint(m, 0, 4);
    p->his = mock_grant(m, 0, p->door, 1, VIPC_RIGHT_SEND);
    m->script = p;
}
static int is_answer(const vipc_message *m)
{
    vipc_message want = mock_message(ANSWER);
    return m->opcode == want.opcode && memcmp(m->data, want.data, sizeof want.data) == 0 && m->flags == VIPC_IS_REPLY && m->capability.token == 0;
}
static vipc_error call_as(mock *m, unsigned i, vipc_cap to, vipc_message *reply, vipc_time deadline)
{
    vipc_message request = mock_message(REQUEST);
    return vipc_call(&m->v[i], to, &request, reply, deadline);
}
static void serve(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    p->done++;
    p->said = vipc_receive(&m->v[0], p->door, &p->got, &p->info, VIPC_NOW);
    if (p->said != VIPC_OK) return;
    p->right = p->info.reply;
    p->said = vipc_reply(&m->v[0], p->right, &answer);
}
static void take_only(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_receive(&m->v[0], p->door, &p->got, &p->info, VIPC_NOW);
    p->right = p->info.reply;
}

/* ---- messages ---- */
TEST(send_and_receive_fifo_with_sender)
{
    mock m;
    play p;
    vipc_message got;
    vipc_info info;
    setup(&m, &p, 2);
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[i & 1], i & 1 ? p.his : p.door, 10 + i));
    CHECK_EQ(mock_send(&m.v[1], p.his, 99), VIPC_ERR_CHANNEL_FULL);
    for (uint64_t i = 0; i < 4; i++) {
        memset(&info, 0xFF, sizeof info);
        CHECK_OK(vipc_receive(&m.v[0], p.door, &got, &info, VIPC_NOW));
        CHECK(mock_is(&got, 10 + i));
        CHECK_EQ(info.sender.id, vipc_self(&m.v[i & 1]).id);
        CHECK_EQ(info.badge, 0);
        CHECK_EQ(info.reply.token, 0);
        CHECK_EQ(info.payload_size, 0);
        CHECK_EQ(info.redelivered, 0);
    }
    CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
    vipc_stats s = mock_stats(&m);
    CHECK_EQ(s.sent, 4);
    CHECK_EQ(s.received, 4);
    MOCK_END(&m);
}
TEST(deadlines)
{
    mock m;
    play p;
    vipc_message msg = mock_message(1);
    setup(&m, &p, 2);
    vipc_time start = vipc_time_now(&m.v[1]), until = vipc_after(&m.v[1], 30 * MS);
    CHECK(start > 0 && until > start + 29 * MS && until < start + 31 * MS);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, NULL, until), VIPC_ERR_TIMEOUT);
    CHECK(m.now >= until && m.now < until + MS);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, NULL, until), VIPC_ERR_TIMEOUT);     /* in the past */
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, NULL, 1), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    uint64_t blocks = m.calls[MOCK_BLOCK];
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[1], p.his, i));
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, 1), VIPC_ERR_TIMEOUT);
    CHECK_EQ(m.calls[MOCK_BLOCK], blocks);
    until = vipc_after(&m.v[1], 7000 * MS);                 /* over several slices */
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, until), VIPC_ERR_TIMEOUT);
    CHECK(m.now >= until && m.now < until + MS);
    CHECK_OK(vipc_receive(&m.v[0], p.door, &msg, NULL, 1));  /* a past deadline tries once */
    CHECK_OK(vipc_send(&m.v[1], p.his, &msg, 1));
    CHECK_EQ(vipc_after(&m.v[1], VIPC_FOREVER), VIPC_FOREVER - 1);
    CHECK_EQ(vipc_after(&m.v[1], VIPC_FOREVER - 5), VIPC_FOREVER - 1);
    MOCK_END(&m);
}
TEST(full_policies)
{
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    vipc_message msg = mock_message(1);
    mock_open(&m, NULL, 1, 16);
    d.capacity = 1;
    d.full = VIPC_FULL_FAIL;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    CHECK_OK(vipc_send(&m.v[0], door, &msg, VIPC_FOREVER));
    CHECK_EQ(vipc_send(&m.v[0], door, &msg, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(vipc_send(&m.v[0], door, &msg, vipc_after(&m.v[0], MS)), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    d.full = 3;
    CHECK_EQ(vipc_endpoint_create(&m.v[0], &d, &door), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}
TEST(flags_of_senders)
{
    mock m;
    play p;
    vipc_message msg = mock_message(1), out;
    setup(&m, &p, 2);
    for (uint32_t bit = 0; bit < 32; bit++) {
        msg.flags = 1u << bit;
        if (msg.flags == VIPC_URGENT || msg.flags == VIPC_UNORDERED || msg.flags == VIPC_HAS_CAPABILITY || msg.flags == VIPC_IS_REPLY) continue;
        CHECK_EQ(vipc_call(&m.v[1], p.his, &msg, &out, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
        if (msg.flags == VIPC_NEEDS_ACK) continue;
        CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
        vipc_outgoing o = VIPC_INIT;
        memset(&o, 0, sizeof o);
        o.message = msg;
        CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
    }
    msg.flags = VIPC_UNORDERED;
    CHECK_OK(vipc_send(&m.v[1], p.his, &msg, VIPC_NOW));
    CHECK_OK(vipc_receive(&m.v[0], p.door, &out, NULL, VIPC_NOW));
    CHECK_EQ(out.flags, VIPC_UNORDERED);
    CHECK_EQ(out.capability.token, 0);
    msg.flags = VIPC_IS_REPLY;                                /* ignored in what is sent, and never forged */
    CHECK_OK(vipc_send(&m.v[1], p.his, &msg, VIPC_NOW));
    CHECK_OK(vipc_receive(&m.v[0], p.door, &out, NULL, VIPC_NOW));
    CHECK_EQ(out.flags, 0);
    MOCK_END(&m);
}
TEST(payloads)
{
    enum { MOST = 1000 };
    static unsigned char in[MOST + 1], out[MOST + 1];
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming i;
    vipc_message msg;
    vipc_info info;
    mock_open(&m, NULL, 1, 64);
    d.capacity = 3;
    d.payload_max = MOST;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door));
    memset(&o, 0, sizeof o);
    memset(&i, 0, sizeof i);
    for (size_t k = 0; k <= MOST; k++) in[k] = (unsigned char)(k * 7 + 1);
    o.payload = in;
    i.payload = out;
    for (size_t size = 0; size <= MOST; size += size < 20 ? 1 : 49) {
        o.message = mock_message(size);
        o.payload_size = size;
        memset(out, 0xEE, sizeof out);
        i.payload_capacity = size;
        CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
        CHECK_OK(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW));
        CHECK_EQ(i.info.payload_size, size);
        CHECK(mock_is(&i.message, size));
        CHECK(memcmp(in, out, size) == 0 && out[size] == 0xEE);
    }
    o.payload_size = MOST + 1;
    CHECK_EQ(vipc_send_large(&m.v[0], door, &o, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = (size_t)-1;
    CHECK_EQ(vipc_send_large(&m.v[0], door, &o, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = 10;
    o.payload = NULL;
    CHECK_EQ(vipc_send_large(&m.v[0], door, &o, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    o.payload = in;
    o.payload_size = MOST;
    o.message = mock_message(7);
    CHECK_OK(vipc_send_large(&m.v[0], door, &o, VIPC_NOW));
    CHECK_OK(mock_send(&m.v[0], door, 8));
    i.payload_capacity = MOST - 1;
    memset(&i.info, 0xFF, sizeof i.info);
    for (int k = 0; k < 3; k++) {
        CHECK_EQ(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(i.info.payload_size, MOST);
        memset(&info, 0xFF, sizeof info);
        CHECK_EQ(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(info.payload_size, MOST);
        CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_FOREVER), VIPC_ERR_MESSAGE_TOO_LARGE);
    }
    i.payload_capacity = sizeof out;
    CHECK_OK(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW));
    CHECK(mock_is(&i.message, 7));
    CHECK_EQ(i.info.payload_size, MOST);
    CHECK_EQ(mock_receive(&m.v[0], door), 8);                /* it kept its place in the order */
    i.payload = NULL;
    CHECK_EQ(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    i.payload_capacity = 0;
    CHECK_EQ(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_OK(mock_send(&m.v[0], door, 9));
    CHECK_OK(vipc_receive_large(&m.v[0], door, &i, VIPC_NOW));
    CHECK(mock_is(&i.message, 9));
    MOCK_END(&m);
}
TEST(a_small_endpoint_takes_no_payload)
{
    mock m;
    play p;
    vipc_outgoing o = VIPC_INIT;
    setup(&m, &p, 2);
    memset(&o, 0, sizeof o);
    o.payload = &o;
    o.payload_size = 1;
    CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = 0;
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    CHECK_EQ(mock_receive(&m.v[0], p.door), -999);            /* message 0 with all-zero words is not mock_message(0) */
    MOCK_END(&m);
}
TEST(bind_once)
{
    mock m;
    play p;
    vipc_message msg;
    vipc_endpoint_info info;
    vipc_pid nobody = { 12345 };
    setup(&m, &p, 3);
    vipc_cap first = mock_grant(&m, 0, p.door, 1, 0), second = mock_grant(&m, 0, p.door, 2, 0);
    CHECK_OK(mock_send(&m.v[0], p.door, 1));
    CHECK_EQ(vipc_endpoint_bind(&m.v[0], p.door, nobody), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_OK(vipc_endpoint_get(&m.v[0], p.door, &info));
    CHECK_EQ(info.bound.id, 0);
    CHECK_OK(vipc_endpoint_bind(&m.v[0], p.door, vipc_self(&m.v[1])));
    CHECK_EQ(vipc_endpoint_bind(&m.v[0], p.door, vipc_self(&m.v[1])), VIPC_ERR_ENDPOINT_BUSY);
    CHECK_EQ(vipc_endpoint_bind(&m.v[0], p.door, vipc_self(&m.v[2])), VIPC_ERR_ENDPOINT_BUSY);
    CHECK_OK(vipc_endpoint_get(&m.v[2], second, &info));
    CHECK_EQ(info.bound.id, vipc_self(&m.v[1]).id);
    CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[2], second), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_receive(&m.v[2], second, &msg, NULL, VIPC_FOREVER), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[1], first), 1);
    CHECK_OK(mock_send(&m.v[2], second, 2));
    CHECK_EQ(mock_receive(&m.v[1], first), 2);
    MOCK_END(&m);
}
static void bind_to_two(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_endpoint_bind(&m->v[0], p->door, vipc_self(&m->v[0]));
}
TEST(bind_turns_a_sleeping_receiver_away)
{
    mock m;
    play p;
    vipc_message msg;
    setup(&m, &p, 2);
    vipc_cap all = mock_grant(&m, 0, p.door, 1, 0);
    m.asleep = bind_to_two;
    CHECK_EQ(vipc_receive(&m.v[1], all, &msg, NULL, VIPC_FOREVER), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(p.said, VIPC_OK);
    MOCK_END(&m);
}
/* ---- acknowledged sends ---- */
static void takes_one(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message got;
    vipc_info info;
    (void)self;
    p->done++;
    CHECK_OK(vipc_receive(&m->v[0], p->door, &got, p->done & 1 ? &info : NULL, VIPC_NOW));      /* with info or without: it is no call */
    if (p->done & 1) CHECK_EQ(info.reply.token, 0);
    CHECK_EQ(got.flags & ~(uint32_t)VIPC_HAS_CAPABILITY, 0);
    if (got.flags & VIPC_HAS_CAPABILITY) CHECK_OK(vipc_close(&m->v[0], got.capability));
    got.flags = 0;
    got.capability.token = 0;
    CHECK(mock_is(&got, 7));
}
TEST(needs_ack_returns_when_it_was_taken)
{
    for (int n = 0; n < 8; n++) {
        mock m;
        play p;
        vipc_message msg = mock_message(7);
        setup(&m, &p, 2);
        p.done = (unsigned)n & 1;
        msg.flags = VIPC_NEEDS_ACK;
        if (n & 4) { msg.flags |= VIPC_HAS_CAPABILITY; msg.capability = mock_endpoint(&m, 1, 1); }
        if (n & 2) m.asleep = takes_one;
        else m.before_sleep = takes_one;
        CHECK_OK(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER));
        CHECK_EQ(p.done, (n & 1) + 1);
        CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
        CHECK_EQ(m.stuck, 0);
        CHECK_OK(vipc_cancel(&m.v[1]));                        /* and the view can call again */
        CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER), VIPC_ERR_CANCELLED);
        MOCK_END(&m);
    }
}
static void dies_with_it(mock *m, uint64_t self) { (void)self; ((play *)m->script)->done++; mock_kill(m, 0); }
static void destroys_it(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->said = vipc_destroy(&m->v[0], p->door, VIPC_NOW);
}
TEST(needs_ack_says_why_nobody_took_it)
{
    mock m;
    play p;
    vipc_message msg = mock_message(7), got;
    setup(&m, &p, 2);
    msg.flags = VIPC_NEEDS_ACK;
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &got, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);      /* its sender said that it was not sent: nobody gets it */
    CHECK_EQ(vipc_send(&m.v[0], p.door, &msg, VIPC_FOREVER), VIPC_ERR_DEADLOCK);                 /* who alone could take it */
    CHECK_EQ(vipc_reply(&m.v[0], (vipc_reply_right){ 0 }, &msg), VIPC_ERR_INVALID_MESSAGE);
    m.asleep = destroys_it;
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER), VIPC_ERR_CLOSED);
    p.door = mock_endpoint(&m, 0, 1);
    p.his = mock_grant(&m, 0, p.door, 1, VIPC_RIGHT_SEND);
    m.asleep = dies_with_it;
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
    MOCK_END(&m);
}
static void count_waiting(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_endpoint_info info;
    p->done++;
    CHECK_OK(vipc_endpoint_get(&m->v[0], p->door, &info));
    CHECK_EQ(info.receivers_waiting, self == 2);
    CHECK_EQ(info.senders_waiting, self == 1);
    CHECK_EQ(info.queued, self == 1 ? 4 : 0);
}
TEST(endpoint_get_tells)
{
    mock m;
    play p;
    vipc_endpoint_info info;
    vipc_message msg = mock_message(1);
    setup(&m, &p, 3);
    vipc_cap all = mock_grant(&m, 0, p.door, 2, VIPC_RIGHT_RECEIVE);
    CHECK_OK(vipc_endpoint_get(&m.v[2], all, &info));
    CHECK_EQ(info.owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(info.bound.id, 0);
    CHECK_EQ(info.capacity, 4);
    CHECK_EQ(info.payload_max, 0);
    CHECK_EQ(info.frames, 0);
    CHECK_EQ(info.queued + info.senders_waiting + info.receivers_waiting, 0);
    m.asleep = count_waiting;
    CHECK_EQ(vipc_receive(&m.v[2], all, &msg, NULL, vipc_after(&m.v[2], MS)), VIPC_ERR_TIMEOUT);
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[1], p.his, i));
    m.asleep = count_waiting;
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, vipc_after(&m.v[2], MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(p.done, 2);
    CHECK_OK(vipc_endpoint_get(&m.v[1], p.his, &info));
    CHECK_EQ(info.queued, 4);
    CHECK_EQ(info.senders_waiting + info.receivers_waiting, 0);
    CHECK_EQ(info.frames, m.in_use);
    CHECK_EQ(info.frames, 1);
    CHECK_EQ(vipc_endpoint_get(&m.v[1], p.his, NULL), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}

/* ---- calls ---- */
TEST(call_and_reply)
{
    mock m;
    play p;
    vipc_message reply;
    for (int asleep = 0; asleep < 2; asleep++) {
        setup(&m, &p, 2);
        if (asleep) m.asleep = serve;
        else m.before_sleep = serve;
        CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
        CHECK_EQ(p.said, VIPC_OK);
        CHECK(mock_is(&p.got, REQUEST));
        CHECK(is_answer(&reply));
        CHECK_EQ(p.info.sender.id, vipc_self(&m.v[1]).id);
        CHECK(p.right.token != 0);
        vipc_stats s = mock_stats(&m);
        CHECK_EQ(s.calls, 1);
        CHECK_EQ(s.replies, 1);
        MOCK_END(&m);
    }
}
TEST(request_and_reply_may_be_one_object)
{
    mock m;
    play p;
    setup(&m, &p, 2);
    vipc_message both = mock_message(REQUEST);
    m.asleep = serve;
    CHECK_OK(vipc_call(&m.v[1], p.his, &both, &both, VIPC_FOREVER));
    CHECK(mock_is(&p.got, REQUEST));
    CHECK(is_answer(&both));
    both = mock_message(REQUEST);
    CHECK_EQ(vipc_call(&m.v[1], p.his, &both, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_call(&m.v[1], p.his, NULL, &both, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}
static void serve_and_try_again(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER + 1);
    vipc_info info;
    serve(m, self);
    p->again = vipc_reply(&m->v[0], p->right, &answer);
    p->dropped = vipc_reply_drop(&m->v[0], p->right, VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_reply_receive(&m->v[0], p->right, &answer, p->door, &p->got, &info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
TEST(a_reply_right_is_one_shot)
{
    mock m;
    play p;
    vipc_message reply, more = mock_message(ANSWER + 2);
    setup(&m, &p, 2);
    m.asleep = serve_and_try_again;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    CHECK_EQ(p.again, VIPC_ERR_CANCELLED);
    CHECK_EQ(p.dropped, VIPC_ERR_CANCELLED);
    CHECK_EQ(vipc_reply(&m.v[0], p.right, &more), VIPC_ERR_CANCELLED);       /* the caller has its answer and has gone on */
    MOCK_END(&m);
}
/* An old right against a later call of the same caller. */
static void try_old_right(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message wrong = mock_message(ANSWER + 3);
    vipc_reply_right old = p->right;
    (void)self;
    take_only(m, self);
    CHECK(p->right.token != old.token);
    p->again = vipc_reply(&m->v[0], old, &wrong);
    p->dropped = vipc_reply_drop(&m->v[0], old, VIPC_ERR_LIMIT);
    wrong = mock_message(ANSWER);
    p->said = vipc_reply(&m->v[0], p->right, &wrong);
}
TEST(an_old_right_does_not_answer_a_later_call)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    m.asleep = serve;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    m.asleep = try_old_right;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    CHECK(p.again == VIPC_ERR_INVALID_ARGUMENT || p.again == VIPC_ERR_CANCELLED);
    CHECK(p.dropped == VIPC_ERR_INVALID_ARGUMENT || p.dropped == VIPC_ERR_CANCELLED);
    CHECK_EQ(p.said, VIPC_OK);
    MOCK_END(&m);
}
static void reply_by_strangers(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    vipc_reply_right forged;
    take_only(m, self);
    CHECK_EQ(vipc_reply(&m->v[2], p->right, &answer), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply(&m->v[1], p->right, &answer), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[2], p->right, VIPC_ERR_LIMIT), VIPC_ERR_INVALID_ARGUMENT);
    for (unsigned bit = 0; bit < 64; bit++) {
        forged.token = p->right.token ^ (uint64_t)1 << bit;
        vipc_error e = vipc_reply(&m->v[0], forged, &answer);
        CHECK(e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_CANCELLED);
    }
    forged.token = 0;
    CHECK_EQ(vipc_reply(&m->v[0], forged, &answer), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[0], forged, VIPC_ERR_LIMIT), VIPC_ERR_INVALID_ARGUMENT);
    answer.flags = VIPC_UNORDERED | 64;
    CHECK_EQ(vipc_reply(&m->v[0], p->right, &answer), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(vipc_reply(&m->v[0], p->right, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[0], p->right, VIPC_OK), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[0], p->right, (vipc_error)5), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[0], p->right, (vipc_error)-1000), VIPC_ERR_INVALID_ARGUMENT);
    answer = mock_message(ANSWER);
    CHECK_OK(vipc_reply(&m->v[0], p->right, &answer));         /* after all that it is still good */
}
TEST(only_the_receiver_can_reply)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 3);
    m.asleep = reply_by_strangers;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}
static void reply_by_the_other_thread(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    take_only(m, self);
    p->said = vipc_reply(&m->v[2], p->right, &answer);
}
TEST(any_thread_of_the_server_may_reply)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    mock_thread(&m, 0, 2);
    m.asleep = reply_by_the_other_thread;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK_EQ(p.said, VIPC_OK);
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}
/* The thread that took the request leaves, though its process goes on: the call ends there and then, and the right with it. */
static void taker_leaves(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    p->said = vipc_receive(&m->v[2], p->door, &p->got, &p->info, VIPC_NOW);
    mock_leave_domain(m, 2);
    p->again = vipc_reply(&m->v[0], p->info.reply, &answer);
}
TEST(a_thread_that_leaves_ends_the_calls_it_took)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    mock_thread(&m, 0, 2);
    m.asleep = taker_leaves;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
    CHECK_EQ(p.said, VIPC_OK);
    CHECK_EQ(p.again, VIPC_ERR_CANCELLED);
    CHECK_EQ(m.stuck, 0);
    MOCK_END(&m);
}
static void taker_leaves_then_its_process(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->said = vipc_receive(&m->v[2], p->door, &p->got, &p->info, VIPC_NOW);
    mock_leave_domain(m, 2);
    mock_leave_domain(m, 0);
}
static void taker_leaves_then_its_process_dies(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->said = vipc_receive(&m->v[2], p->door, &p->got, &p->info, VIPC_NOW);
    mock_leave_domain(m, 2);
    mock_kill(m, 0);
}
TEST(callers_of_a_process_whose_thread_left_hear_of_its_end)
{
    for (int dies = 0; dies < 2; dies++) {
        mock m;
        play p;
        vipc_message reply;
        setup(&m, &p, 2);
        mock_thread(&m, 0, 2);
        m.asleep = dies ? taker_leaves_then_its_process_dies : taker_leaves_then_its_process;
        CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
        CHECK_EQ(p.said, VIPC_OK);
        CHECK_EQ(m.stuck, 0);
        MOCK_END(&m);
    }
}
static void drop_it(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    take_only(m, self);
    p->said = vipc_reply_drop(&m->v[0], p->right, p->dropped);
    p->again = vipc_reply_drop(&m->v[0], p->right, p->dropped);
}
TEST(reply_drop_says_why)
{
    mock m;
    play p;
    vipc_message reply = mock_message(5);
    setup(&m, &p, 2);
    for (int why = -1; why >= VIPC_ERR_HOOK; why--) {
        p.dropped = (vipc_error)why;
        m.asleep = drop_it;
        CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), why);
        CHECK_EQ(p.said, VIPC_OK);
        CHECK_EQ(p.again, VIPC_ERR_CANCELLED);
        CHECK(mock_is(&reply, 5));                            /* outputs are written on VIPC_OK only */
    }
    MOCK_END(&m);
}
static void receive_without_info(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_receive(&m->v[0], p->door, &p->got, NULL, VIPC_NOW);
}
TEST(a_receiver_without_info_refuses_calls)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    m.asleep = receive_without_info;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(p.said, VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
static void serve_large(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_incoming in;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    memset(&in, 0, sizeof in);
    p->said = vipc_receive_large(&m->v[0], p->door, &in, VIPC_NOW);
    CHECK_OK(vipc_reply(&m->v[0], in.info.reply, &answer));
}
TEST(receive_large_takes_calls)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    m.asleep = serve_large;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}

/* ---- a call that ends otherwise ---- */
static void server_leaves(mock *m, uint64_t self) { (void)self; mock_leave_domain(m, 0); }
static void server_dies(mock *m, uint64_t self) { (void)self; mock_kill(m, 0); }
static void server_takes_and_leaves(mock *m, uint64_t self) { take_only(m, self); mock_leave_domain(m, 0); }
static void server_takes_and_dies(mock *m, uint64_t self) { take_only(m, self); mock_kill(m, 0); }
static void server_takes_and_destroys(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    take_only(m, self);
    p->said = vipc_destroy(&m->v[0], p->door, VIPC_NOW);
    p->again = vipc_reply(&m->v[0], p->right, &answer);
}
TEST(the_server_ends_with_the_request_queued_or_in_hand)
{
    static const mock_script ends[4] = { server_leaves, server_dies, server_takes_and_leaves, server_takes_and_dies };
    for (int asleep = 0; asleep < 2; asleep++)
        for (int i = 0; i < 4; i++) {
            mock m;
            play p;
            vipc_message reply;
            setup(&m, &p, 2);
            if (asleep) m.asleep = ends[i];
            else m.before_sleep = ends[i];
            CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
            CHECK_EQ(m.stuck, 0);
            CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
            MOCK_END(&m);
        }
}
TEST(waiters_at_an_endpoint_whose_owner_ends)
{
    for (int dies = 0; dies < 2; dies++)
        for (int kind = 0; kind < 2; kind++) {
            mock m;
            play p;
            vipc_message msg = mock_message(1);
            setup(&m, &p, 2);
            vipc_cap all = mock_grant(&m, 0, p.door, 1, 0);
            for (uint64_t i = 0; kind && i < 4; i++) CHECK_OK(mock_send(&m.v[1], all, i));
            m.asleep = dies ? server_dies : server_leaves;
            vipc_error e = kind ? vipc_send(&m.v[1], all, &msg, VIPC_FOREVER) : vipc_receive(&m.v[1], all, &msg, NULL, VIPC_FOREVER);
            CHECK_EQ(e, VIPC_ERR_PEER_DEAD);
            CHECK_EQ(m.stuck, 0);
            MOCK_END(&m);
        }
}
TEST(destroying_the_endpoint_ends_its_calls)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        mock m;
        play p;
        vipc_message reply;
        setup(&m, &p, 2);
        if (asleep) m.asleep = destroys_it;
        else m.before_sleep = destroys_it;
        CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_CLOSED);
        CHECK_EQ(p.said, VIPC_OK);
        MOCK_END(&m);
    }
}
TEST(a_request_in_hand_and_a_destroyed_endpoint)
{
    /* "Sleepers wake with CLOSED, callers too": either that, or the answer that the server still gave. */
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    m.asleep = server_takes_and_destroys;
    vipc_error e = call_as(&m, 1, p.his, &reply, VIPC_FOREVER);
    CHECK_EQ(p.said, VIPC_OK);
    if (e == VIPC_OK) { CHECK_OK(p.again); CHECK(is_answer(&reply)); }
    else { CHECK_EQ(e, VIPC_ERR_CLOSED); CHECK_EQ(p.again, VIPC_ERR_CANCELLED); }
    CHECK_EQ(m.stuck, 0);
    MOCK_END(&m);
}
TEST(call_timeouts)
{
    mock m;
    play p;
    vipc_message reply = mock_message(3), late = mock_message(ANSWER + 9);
    setup(&m, &p, 2);
    /* nobody takes it */
    vipc_time until = vipc_after(&m.v[1], 20 * MS);
    CHECK_EQ(call_as(&m, 1, p.his, &reply, until), VIPC_ERR_TIMEOUT);
    CHECK(m.now >= until);
    CHECK(mock_is(&reply, 3));
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &p.got, &p.info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);      /* stale: its caller is gone */
    /* taken, and answered too late */
    m.asleep = take_only;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, vipc_after(&m.v[1], 20 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(p.said, VIPC_OK);
    CHECK_EQ(vipc_reply(&m.v[0], p.right, &late), VIPC_ERR_CANCELLED);
    CHECK_EQ(vipc_reply_drop(&m.v[0], p.right, VIPC_ERR_LIMIT), VIPC_ERR_CANCELLED);
    CHECK(mock_is(&reply, 3));
    /* the next call is none the worse */
    m.asleep = serve;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    /* the queue is full: the request was never queued */
    for (uint64_t i = 0; i < 4; i++) CHECK_OK(mock_send(&m.v[1], p.his, i));
    CHECK_EQ(call_as(&m, 1, p.his, &reply, vipc_after(&m.v[1], 20 * MS)), VIPC_ERR_TIMEOUT);
    for (int i = 0; i < 4; i++) CHECK_EQ(mock_receive(&m.v[0], p.door), i);
    CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
TEST(a_past_deadline_and_now)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(call_as(&m, 1, p.his, &reply, 1), VIPC_ERR_TIMEOUT);
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    MOCK_END(&m);
}
static void cancel_it(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    p->done++;
    p->said = vipc_cancel(&m->v[self]);
}
TEST(cancel_ends_a_wait)
{
    for (int asleep = 0; asleep < 2; asleep++)
        for (int kind = 0; kind < 6; kind++) {
            mock m;
            play p;
            vipc_message msg = mock_message(1);
            vipc_cap out;
            vipc_incoming in;
            vipc_error e;
            setup(&m, &p, 3);
            vipc_cap all = mock_grant(&m, 0, p.door, 1, 0);
            memset(&in, 0, sizeof in);
            for (uint64_t i = 0; kind == 1 && i < 4; i++) CHECK_OK(mock_send(&m.v[1], all, i));
            if (asleep == 1) m.asleep = cancel_it;
            else m.before_sleep = cancel_it;
            switch (kind) {
            case 0: e = vipc_receive(&m.v[1], all, &msg, NULL, VIPC_FOREVER); break;
            case 1: e = vipc_send(&m.v[1], all, &msg, VIPC_FOREVER); break;
            case 2: e = vipc_call(&m.v[1], all, &msg, &msg, VIPC_FOREVER); break;
            case 3: e = vipc_lookup(&m.v[1], "nobody", 0, &out, VIPC_FOREVER); break;
            case 4: e = vipc_process_wait(&m.v[1], vipc_self(&m.v[2]), VIPC_FOREVER); break;
            default: e = vipc_receive_large(&m.v[1], all, &in, VIPC_FOREVER); break;
            }
            CHECK_EQ(e, VIPC_ERR_CANCELLED);
            CHECK_EQ(p.done, 1);
            CHECK_EQ(p.said, VIPC_OK);
            CHECK_EQ(m.stuck, 0);
            /* once only */
            if (kind == 0) CHECK_EQ(vipc_receive(&m.v[1], all, &msg, NULL, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
            MOCK_END(&m);
        }
}
TEST(cancel_waits_for_the_next_wait)
{
    mock m;
    play p;
    vipc_message msg = mock_message(1);
    setup(&m, &p, 2);
    CHECK_OK(vipc_cancel(&m.v[1]));
    CHECK_OK(vipc_cancel(&m.v[1]));
    CHECK_OK(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER));       /* does not wait */
    vipc_cap all = mock_grant(&m, 0, p.door, 1, 0);
    CHECK_EQ(mock_receive(&m.v[1], all), 1);
    CHECK_EQ(mock_receive(&m.v[1], all), VIPC_ERR_CHANNEL_EMPTY);   /* nor does this */
    CHECK_EQ(vipc_receive(&m.v[1], all, &msg, NULL, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    CHECK_EQ(vipc_receive(&m.v[1], all, &msg, NULL, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    MOCK_END(&m);
}
static void cancel_the_caller_then_reply(mock *m, uint64_t self)
{
    take_only(m, self);
    CHECK_OK(vipc_cancel(&m->v[1]));
}
TEST(a_cancelled_call_discards_its_reply)
{
    mock m;
    play p;
    vipc_message reply = mock_message(3), late = mock_message(ANSWER + 9);
    setup(&m, &p, 2);
    m.asleep = cancel_the_caller_then_reply;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    CHECK_EQ(vipc_reply(&m.v[0], p.right, &late), VIPC_ERR_CANCELLED);
    CHECK(mock_is(&reply, 3));
    m.asleep = serve;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}
TEST(the_caller_dies)
{
    mock m;
    play p;
    vipc_message answer = mock_message(ANSWER), reply;
    setup(&m, &p, 2);
    m.asleep = take_only;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    mock_kill(&m, 1);
    CHECK_EQ(vipc_reply(&m.v[0], p.right, &answer), VIPC_ERR_CANCELLED);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK(vipc_reply(&m.v[0], p.right, &answer) != VIPC_OK);
    MOCK_END(&m);
}
/* The caller is found dead while its call sleeps; what its thread does after that does not count (in truth it does not run). */
static void caller_dies(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    p->done++;
    if (p->with_cap) {
        p->said = vipc_receive(&m->v[0], p->door, &p->got, &p->info, VIPC_NOW);
        mock_kill(m, 1);
        CHECK_OK(vipc_sweep(&m->v[0], NULL));
        CHECK_EQ(vipc_reply(&m->v[0], p->info.reply, &answer), VIPC_ERR_CANCELLED);
    } else {
        mock_kill(m, 1);
        CHECK_OK(vipc_sweep(&m->v[0], NULL));
        p->said = vipc_receive(&m->v[0], p->door, &p->got, &p->info, VIPC_NOW);
        CHECK_EQ(p->said, VIPC_ERR_CHANNEL_EMPTY);
    }
    uint32_t bad = 1;
    CHECK_OK(vipc_check(&m->v[0], &bad));
    CHECK_EQ(bad, 0);
}
TEST(a_dead_callers_request_is_answered_to_nobody)
{
    for (int taken = 0; taken < 2; taken++) {
        mock m;
        play p;
        vipc_message reply;
        setup(&m, &p, 2);
        p.with_cap = taken;
        m.asleep = caller_dies;
        CHECK(call_as(&m, 1, p.his, &reply, vipc_after(&m.v[1], MS)) != VIPC_OK);
        CHECK_EQ(p.done, 1);
        m.lost = 0;                                          /* nobody owes the dead a wake-up */
        MOCK_END(&m);
    }
}

/* ---- deadlock ---- */
TEST(a_call_to_oneself_is_a_deadlock)
{
    mock m;
    play p;
    vipc_message reply = mock_message(3);
    setup(&m, &p, 2);
    CHECK_EQ(call_as(&m, 0, p.door, &reply, VIPC_FOREVER), VIPC_ERR_DEADLOCK);
    CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
    CHECK(mock_is(&reply, 3));
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    MOCK_END(&m);
}
static void serve_by_the_other_thread(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    p->said = vipc_receive(&m->v[2], p->door, &p->got, &p->info, VIPC_NOW);
    if (p->said == VIPC_OK) p->said = vipc_reply(&m->v[2], p->info.reply, &answer);
}
TEST(a_call_to_ones_own_other_thread_is_none)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    mock_thread(&m, 0, 2);
    m.asleep = serve_by_the_other_thread;
    CHECK_OK(call_as(&m, 0, p.door, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}
static void serve_as_one(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    (void)self;
    p->said = vipc_lookup(&m->v[1], "door", 0, &p->gift, VIPC_NOW);
    if (p->said == VIPC_OK) p->said = vipc_receive(&m->v[1], p->gift, &p->got, &p->info, VIPC_NOW);
    if (p->said == VIPC_OK) p->said = vipc_reply(&m->v[1], p->info.reply, &answer);
}
TEST(a_published_right_to_receive_can_bring_a_server)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));       /* whoever looks it up may serve it */
    m.asleep = serve_as_one;
    CHECK_OK(call_as(&m, 0, p.door, &reply, vipc_after(&m.v[0], 100 * MS)));
    CHECK_EQ(p.said, VIPC_OK);
    MOCK_END(&m);
}
static void call_back(mock *m, uint64_t self)
{
    /* v[0], in the middle of v[1]'s request, calls v[1]'s own endpoint. */
    play *p = (play *)m->script;
    vipc_message reply, answer = mock_message(ANSWER);
    p->done++;
    (void)self;
    if (p->with_cap) take_only(m, self);
    p->again = call_as(m, 0, p->gift, &reply, VIPC_FOREVER);
    if (!p->with_cap) take_only(m, self);
    CHECK_OK(vipc_reply(&m->v[0], p->right, &answer));
}
TEST(two_that_call_each_other)
{
    for (int taken = 0; taken < 2; taken++) {
        mock m;
        play p;
        vipc_message reply;
        setup(&m, &p, 2);
        vipc_cap back = mock_endpoint(&m, 1, 4);
        p.gift = mock_grant(&m, 1, back, 0, VIPC_RIGHT_SEND);
        p.with_cap = taken;
        m.asleep = call_back;
        CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
        CHECK_EQ(p.again, VIPC_ERR_DEADLOCK);
        CHECK(is_answer(&reply));
        CHECK_EQ(m.stuck, 0);
        CHECK_EQ(mock_receive(&m.v[1], back), VIPC_ERR_CHANNEL_EMPTY);
        MOCK_END(&m);
    }
}
/* A ring of three: 1 calls 0, 0 calls 2, 2 calls 1. */
static void ring_third(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message reply, answer = mock_message(ANSWER);
    vipc_info info;
    vipc_message got;
    (void)self;
    CHECK_OK(vipc_receive(&m->v[2], p[1].door, &got, &info, VIPC_NOW));
    p->again = call_as(m, 2, p[2].his, &reply, VIPC_FOREVER);
    CHECK_OK(vipc_reply(&m->v[2], info.reply, &answer));
}
static void ring_second(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message reply, answer = mock_message(ANSWER);
    take_only(m, self);
    m->asleep = ring_third;
    p->dropped = call_as(m, 0, p[1].his, &reply, VIPC_FOREVER);
    CHECK_OK(vipc_reply(&m->v[0], p->right, &answer));
}
TEST(three_in_a_ring)
{
    mock m;
    play p[3];
    vipc_message reply;
    setup(&m, &p[0], 3);
    memset(&p[1], 0, 2 * sizeof p[1]);
    p[1].door = mock_endpoint(&m, 2, 4);
    p[1].his = mock_grant(&m, 2, p[1].door, 0, VIPC_RIGHT_SEND);
    p[2].door = mock_endpoint(&m, 1, 4);
    p[2].his = mock_grant(&m, 1, p[2].door, 2, VIPC_RIGHT_SEND);
    m.asleep = ring_second;
    CHECK_OK(call_as(&m, 1, p[0].his, &reply, VIPC_FOREVER));
    CHECK_OK(p[0].dropped);
    CHECK_EQ(p[0].again, VIPC_ERR_DEADLOCK);
    MOCK_END(&m);
}

/* ---- reply_receive ---- */
TEST(reply_receive)
{
    mock m;
    play p;
    vipc_message msg, none_wanted;
    vipc_info info;
    vipc_reply_right none = VIPC_INIT, forged;
    setup(&m, &p, 2);
    CHECK_OK(mock_send(&m.v[1], p.his, 1));
    CHECK_OK(vipc_reply_receive(&m.v[0], none, NULL, p.door, &msg, &info, VIPC_NOW));         /* a right of none: only a receive */
    CHECK(mock_is(&msg, 1));
    CHECK_EQ(vipc_reply_receive(&m.v[0], none, NULL, p.door, &msg, &info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_reply_receive(&m.v[0], none, NULL, p.door, &msg, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_receive(&m.v[0], none, NULL, p.door, NULL, &info, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_receive(&m.v[1], none, NULL, p.his, &msg, &info, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(mock_send(&m.v[1], p.his, 2));
    forged.token = 0xFFFFFFFFFFFFFFFFu;
    none_wanted = mock_message(3);
    CHECK_EQ(vipc_reply_receive(&m.v[0], forged, &none_wanted, p.door, &msg, &info, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(mock_receive(&m.v[0], p.door), 2);                /* an error of the reply comes before the receive */
    /* a reply that nobody waits for any more does not stop the receive */
    m.asleep = take_only;
    CHECK_EQ(call_as(&m, 1, p.his, &msg, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(mock_send(&m.v[1], p.his, 4));
    CHECK_OK(vipc_reply_receive(&m.v[0], p.right, &none_wanted, p.door, &msg, &info, VIPC_NOW));
    CHECK(mock_is(&msg, 4));
    MOCK_END(&m);
}
static void next_client(mock *m, uint64_t self);
static void server_loop(mock *m, uint64_t self)
{
    /* v[0]: take the first request, then reply to each and take the next in one step, with one object for both. */
    play *p = (play *)m->script;
    vipc_message msg;
    vipc_info info;
    (void)self;
    CHECK_OK(vipc_receive(&m->v[0], p->door, &msg, &info, VIPC_NOW));
    while (p->done < 20) {
        vipc_message answer = mock_message(ANSWER);
        p->done++;
        msg = answer;
        m->before_sleep = next_client;
        vipc_error e = vipc_reply_receive(&m->v[0], info.reply, &msg, p->door, &msg, &info, vipc_after(&m->v[0], MS));
        if (e != VIPC_OK) { CHECK_EQ(e, VIPC_ERR_TIMEOUT); return; }
        CHECK(mock_is(&msg, (uint64_t)p->done));
    }
}
static void next_client(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    if (p->done < 10) CHECK_OK(mock_send(&m->v[1], p->his, (uint64_t)p->done));
}
TEST(reply_receive_is_a_servers_loop)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 3);
    vipc_cap hers = mock_grant(&m, 0, p.door, 2, VIPC_RIGHT_SEND);
    m.asleep = server_loop;
    CHECK_OK(call_as(&m, 2, hers, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    CHECK_EQ(p.done, 10);
    MOCK_END(&m);
}

/* ---- capabilities in calls ---- */
static void serve_with_gift(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    take_only(m, self);
    CHECK((p->got.capability.token != 0) == (p->with_cap != 0));
    answer.flags = VIPC_HAS_CAPABILITY;
    answer.capability = p->gift;
    p->said = vipc_reply(&m->v[0], p->right, &answer);
    if (p->reply_twice == 1) CHECK_OK(vipc_revoke(&m->v[0], p->gift, VIPC_NOW));
}
TEST(a_reply_carries_a_capability)
{
    for (int revoked = 0; revoked < 2; revoked++) {
        mock m;
        play p;
        vipc_message reply;
        setup(&m, &p, 2);
        p.gift = mock_endpoint(&m, 0, 4);
        p.reply_twice = revoked;
        m.asleep = serve_with_gift;
        CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
        CHECK_EQ(p.said, VIPC_OK);
        if (revoked) {
            CHECK_EQ(reply.flags, VIPC_IS_REPLY);
            CHECK_EQ(reply.capability.token, 0);
        } else {
            CHECK_EQ(reply.flags, VIPC_IS_REPLY | VIPC_HAS_CAPABILITY);
            CHECK(mock_alive_cap(&m.v[1], reply.capability));
            CHECK_OK(mock_send(&m.v[1], reply.capability, 6));
            CHECK_EQ(mock_receive(&m.v[0], p.gift), 6);
        }
        MOCK_END(&m);
    }
}
TEST(a_request_carries_a_capability)
{
    mock m;
    play p;
    vipc_message msg = mock_message(REQUEST), reply;
    setup(&m, &p, 2);
    vipc_cap back = mock_endpoint(&m, 1, 4);
    p.gift = mock_endpoint(&m, 0, 4);
    p.with_cap = 1;
    m.asleep = serve_with_gift;
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = back;
    CHECK_OK(vipc_call(&m.v[1], p.his, &msg, &reply, VIPC_FOREVER));
    CHECK(mock_alive_cap(&m.v[0], p.got.capability));
    CHECK_OK(mock_send(&m.v[0], p.got.capability, 6));
    CHECK_EQ(mock_receive(&m.v[1], back), 6);
    /* one that times out takes its capability along */
    vipc_cap_info i;
    CHECK_OK(vipc_close(&m.v[0], p.got.capability));
    CHECK_EQ(vipc_call(&m.v[1], p.his, &msg, &reply, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &p.got, &p.info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_OK(vipc_cap_get(&m.v[1], back, &i));
    CHECK_EQ(i.children, 0);
    MOCK_END(&m);
}
static void reply_with_what_is_not_ours(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message answer = mock_message(ANSWER);
    take_only(m, self);
    answer.flags = VIPC_HAS_CAPABILITY;
    answer.capability = p->his;
    CHECK_EQ(vipc_reply(&m->v[0], p->right, &answer), VIPC_ERR_INVALID_CAPABILITY);
    answer.capability = mock_derive(m, 0, p->door, VIPC_RIGHT_SEND);
    CHECK_EQ(vipc_reply(&m->v[0], p->right, &answer), VIPC_ERR_PERMISSION_DENIED);
    answer = mock_message(ANSWER);
    CHECK_OK(vipc_reply(&m->v[0], p->right, &answer));
}
TEST(a_refused_reply_keeps_the_right)
{
    mock m;
    play p;
    vipc_message reply;
    setup(&m, &p, 2);
    m.asleep = reply_with_what_is_not_ours;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    CHECK(is_answer(&reply));
    MOCK_END(&m);
}
TEST(a_reply_whose_capability_the_caller_has_no_room_for)
{
    /* It cannot stay queued as a message does: the call says LIMIT, and nothing is left over. */
    mock m;
    play p;
    vipc_config c = VIPC_INIT;
    vipc_message reply = mock_message(3);
    vipc_cap_info i;
    c.capabilities_per_process = 2;
    memset(&p, 0, sizeof p);
    mock_open(&m, &c, 2, 16);
    p.door = mock_endpoint(&m, 0, 4);
    p.his = mock_grant(&m, 0, p.door, 1, VIPC_RIGHT_SEND);
    (void)mock_derive(&m, 1, p.his, 0);
    m.script = &p;
    p.gift = p.door;
    m.asleep = serve_with_gift;
    CHECK_EQ(call_as(&m, 1, p.his, &reply, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK(mock_is(&reply, 3));
    CHECK_EQ(p.said, VIPC_OK);
    CHECK_OK(vipc_cap_get(&m.v[0], p.door, &i));
    CHECK_EQ(i.children, 1);
    m.asleep = serve;
    CHECK_OK(call_as(&m, 1, p.his, &reply, VIPC_FOREVER));
    MOCK_END(&m);
}
/* The reply arrives in the moment of the time-out: taken, or discarded with what it carries. */
static void reply_at_the_last_moment(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    m->now = p->deadline + 1;
    serve_with_gift(m, self);
}
TEST(a_reply_at_the_last_moment)
{
    mock m;
    play p;
    vipc_message reply;
    vipc_cap_info i;
    setup(&m, &p, 2);
    p.gift = mock_endpoint(&m, 0, 4);
    p.deadline = vipc_after(&m.v[1], MS);
    m.before_sleep = reply_at_the_last_moment;
    vipc_error e = call_as(&m, 1, p.his, &reply, p.deadline);
    CHECK_OK(vipc_cap_get(&m.v[0], p.gift, &i));
    CHECK_EQ(i.children, e == VIPC_OK);
    CHECK(e == VIPC_OK || e == VIPC_ERR_TIMEOUT);
    MOCK_END(&m);
}

/* ---- without hooks ---- */
TEST(without_block_nothing_sleeps)
{
    mock m;
    vipc_message msg = mock_message(1);
    vipc_cap door, out;
    mock_port(&m, NULL, 16);
    m.hooks.block = NULL;
    m.hooks.wake = NULL;
    REQUIRE_OK(vipc_init(&m.v[0], m.memory, m.size, NULL, NULL, &m.hooks));
    m.member[0] = 1;
    REQUIRE_OK(vipc_process_create(&m.v[0], NULL, &m.v[1], NULL));
    m.member[1] = 1;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], NULL, &door));
    CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_OK(vipc_send(&m.v[0], door, &msg, VIPC_FOREVER));
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_FOREVER));
    CHECK_EQ(vipc_call(&m.v[0], door, &msg, &msg, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_lookup(&m.v[0], "x", 0, &out, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_lookup(&m.v[0], "x", 0, &out, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(vipc_process_wait(&m.v[0], vipc_self(&m.v[1]), VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_process_wait(&m.v[0], vipc_self(&m.v[1]), VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_cancel(&m.v[0]));
    MOCK_END(&m);
}
TEST(without_a_clock_only_now_and_forever)
{
    mock m;
    vipc_message msg = mock_message(1);
    vipc_cap door;
    mock_port(&m, NULL, 16);
    m.hooks.now = NULL;
    REQUIRE_OK(vipc_init(&m.v[0], m.memory, m.size, NULL, NULL, &m.hooks));
    m.member[0] = 1;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], NULL, &door));
    CHECK_EQ(vipc_time_now(&m.v[0]), 0);
    CHECK_EQ(vipc_after(&m.v[0], 5), VIPC_FOREVER);
    CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_receive(&m.v[0], door, &msg, NULL, 12345), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(vipc_call(&m.v[0], door, &msg, &msg, 12345), VIPC_ERR_NOT_SUPPORTED);
    MOCK_END(&m);
}

RUN_TESTS(T(send_and_receive_fifo_with_sender), T(deadlines), T(full_policies), T(flags_of_senders), T(needs_ack_returns_when_it_was_taken), T(needs_ack_says_why_nobody_took_it), T(payloads), T(a_small_endpoint_takes_no_payload),
          T(bind_once), T(bind_turns_a_sleeping_receiver_away), T(endpoint_get_tells), T(call_and_reply), T(request_and_reply_may_be_one_object),
          T(a_reply_right_is_one_shot), T(an_old_right_does_not_answer_a_later_call), T(only_the_receiver_can_reply), T(any_thread_of_the_server_may_reply),
          T(a_thread_that_leaves_ends_the_calls_it_took), T(callers_of_a_process_whose_thread_left_hear_of_its_end), T(reply_drop_says_why),
          T(a_receiver_without_info_refuses_calls), T(receive_large_takes_calls), T(the_server_ends_with_the_request_queued_or_in_hand),
          T(waiters_at_an_endpoint_whose_owner_ends), T(destroying_the_endpoint_ends_its_calls), T(a_request_in_hand_and_a_destroyed_endpoint),
          T(call_timeouts), T(a_past_deadline_and_now), T(cancel_ends_a_wait), T(cancel_waits_for_the_next_wait), T(a_cancelled_call_discards_its_reply),
          T(the_caller_dies), T(a_dead_callers_request_is_answered_to_nobody), T(a_call_to_oneself_is_a_deadlock), T(a_call_to_ones_own_other_thread_is_none),
          T(a_published_right_to_receive_can_bring_a_server), T(two_that_call_each_other), T(three_in_a_ring), T(reply_receive),
          T(reply_receive_is_a_servers_loop), T(a_reply_carries_a_capability), T(a_request_carries_a_capability), T(a_refused_reply_keeps_the_right),
          T(a_reply_whose_capability_the_caller_has_no_room_for), T(a_reply_at_the_last_moment), T(without_block_nothing_sleeps),
          T(without_a_clock_only_now_and_forever))
