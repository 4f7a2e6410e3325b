/* t_channel.c - channels: two ends that send and receive, one-way pairs, and what is left when one end closes. */
#include "mock.h"

typedef struct pair { mock m; vipc_cap a, b, his; uint32_t by; vipc_cap to; vipc_error said; unsigned done; } pair;
/* Identity 0 makes the channel and keeps both ends; 1 has end b too. */
static void open_pair(pair *p, uint32_t capacity, uint32_t one_way)
{
    vipc_channel_desc d = VIPC_INIT;
    memset(p, 0, sizeof *p);
    mock_open(&p->m, NULL, 3, 8);
    d.capacity = capacity;
    d.one_way = one_way;
    d.label = "line";
    REQUIRE_OK(vipc_channel_create(&p->m.v[0], &d, &p->a, &p->b));
    p->his = mock_grant(&p->m, 0, p->b, 1, 0);
    p->m.script = p;
    p->by = 1;
}
/* Did the sleep end because somebody ended it, and not with its first slice of 50 ms? */
#define WOKEN(m, since) CHECK((m)->now - (since) < 50 * MS)
static void sends(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    p->said = mock_send(&m->v[p->by], p->to, 9);
}
static void receives(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    CHECK_EQ(mock_receive(&m->v[p->by], p->to), 0);
}
static void closes(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_close(&m->v[p->by], p->to);
}
static void destroys(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_destroy(&m->v[p->by], p->to, VIPC_NOW);
}
static void revokes(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_revoke(&m->v[p->by], p->to, VIPC_NOW);
}
static void dies(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    (void)self;
    p->done++;
    mock_kill(m, p->by);
}

TEST(what_one_end_sends_the_other_receives)
{
    pair p;
    open_pair(&p, 2, 0);
    CHECK_EQ(vipc_cap_type(p.a), VIPC_TYPE_CHANNEL);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    CHECK_OK(mock_send(&p.m.v[0], p.a, 2));
    CHECK_EQ(mock_send(&p.m.v[0], p.a, 3), VIPC_ERR_CHANNEL_FULL);     /* each direction has its own room */
    CHECK_OK(mock_send(&p.m.v[1], p.his, 11));
    CHECK_OK(mock_send(&p.m.v[1], p.his, 12));
    CHECK_EQ(mock_send(&p.m.v[1], p.his, 13), VIPC_ERR_CHANNEL_FULL);
    CHECK_EQ(mock_receive(&p.m.v[1], p.his), 1);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), 11);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), 12);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_receive(&p.m.v[0], p.b), 2);
    CHECK_EQ(mock_receive(&p.m.v[1], p.his), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&p.m);
}
TEST(one_way_gives_a_sender_and_a_receiver)
{
    pair p;
    open_pair(&p, 2, 1);
    CHECK_OK(vipc_cap_require(&p.m.v[0], p.a, VIPC_TYPE_CHANNEL, VIPC_RIGHT_SEND));
    CHECK_OK(vipc_cap_require(&p.m.v[0], p.b, VIPC_TYPE_CHANNEL, VIPC_RIGHT_RECEIVE));
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    CHECK_EQ(mock_send(&p.m.v[0], p.b, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&p.m.v[0], p.b), 1);
    MOCK_END(&p.m);
}
TEST(what_create_refuses)
{
    mock m;
    vipc_channel_desc d = VIPC_INIT;
    vipc_cap a = { 4711 }, b = { 4712 };
    vipc_config c = VIPC_INIT;
    vipc_stats before, after;
    c.max_objects = 3;
    c.max_capabilities = 4;
    mock_open(&m, &c, 2, 8);
    CHECK_EQ(vipc_channel_create(&m.v[0], NULL, NULL, &b), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_channel_create(&m.v[0], NULL, &a, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_channel_create(&m.v[0], NULL, &a, &a), VIPC_ERR_INVALID_ARGUMENT);
    d.capacity = VIPC_CAPACITY_MAX + 1;
    CHECK_EQ(vipc_channel_create(&m.v[0], &d, &a, &b), VIPC_ERR_INVALID_ARGUMENT);
    d.capacity = 1;
    d.payload_max = VIPC_PAYLOAD_MAX + 1;
    CHECK_EQ(vipc_channel_create(&m.v[0], &d, &a, &b), VIPC_ERR_INVALID_ARGUMENT);
    d.payload_max = 0;
    d.full = 77;
    CHECK_EQ(vipc_channel_create(&m.v[0], &d, &a, &b), VIPC_ERR_INVALID_ARGUMENT);
    vipc_cap one = mock_endpoint(&m, 0, 4), two = mock_endpoint(&m, 0, 4);
    before = mock_stats(&m);
    CHECK_EQ(vipc_channel_create(&m.v[0], NULL, &a, &b), VIPC_ERR_LIMIT);      /* room for one end only: none is left behind */
    after = mock_stats(&m);
    CHECK_EQ(after.channels_created, 0);
    CHECK_EQ(after.objects_created - before.objects_created, after.objects_destroyed - before.objects_destroyed);
    MOCK_CHECK(&m, 0);
    CHECK_EQ(a.token, 4711);
    CHECK_EQ(b.token, 4712);
    CHECK_OK(vipc_close(&m.v[0], one));
    vipc_cap held[2] = { mock_derive(&m, 0, two, 0), mock_derive(&m, 0, two, 0) };
    CHECK_EQ(vipc_channel_create(&m.v[0], NULL, &a, &b), VIPC_ERR_LIMIT);      /* one capability only */
    MOCK_CHECK(&m, 0);
    CHECK_OK(vipc_close(&m.v[0], held[0]));
    CHECK_OK(vipc_channel_create(&m.v[0], NULL, &a, &b));
    CHECK_OK(mock_send(&m.v[0], a, 5));
    CHECK_EQ(mock_receive(&m.v[0], b), 5);
    MOCK_END(&m);
}
/* One end goes, in each of the ways: the other is drained, and then says so; sending says so at once. */
TEST(a_closed_end_is_drained_by_the_other)
{
    for (int way = 0; way < 3; way++) {
        pair p;
        open_pair(&p, 4, 0);
        vipc_cap a = mock_grant(&p.m, 0, p.a, 2, 0);
        if (way == 0) CHECK_OK(vipc_close(&p.m.v[0], p.a));    /* 2 has the last capability of that end */
        CHECK_OK(mock_send(&p.m.v[2], a, 1));
        CHECK_OK(mock_send(&p.m.v[2], a, 2));
        CHECK_OK(mock_send(&p.m.v[1], p.his, 3));              /* lost with the end that it was for */
        if (way == 0) CHECK_OK(vipc_close(&p.m.v[2], a));
        if (way == 1) CHECK_OK(vipc_destroy(&p.m.v[2], a, VIPC_NOW));
        if (way == 2) { CHECK_OK(vipc_revoke(&p.m.v[0], p.a, VIPC_NOW)); CHECK_OK(vipc_close(&p.m.v[0], p.a)); }
        CHECK_EQ(mock_send(&p.m.v[1], p.his, 4), VIPC_ERR_CLOSED);
        CHECK_EQ(mock_receive(&p.m.v[1], p.his), 1);
        CHECK_EQ(mock_send(&p.m.v[1], p.his, 4), VIPC_ERR_CLOSED);
        CHECK_EQ(mock_receive(&p.m.v[1], p.his), 2);
        CHECK_EQ(mock_receive(&p.m.v[1], p.his), VIPC_ERR_CLOSED);
        vipc_cap other = mock_endpoint(&p.m, 2, 4);            /* in the record of the end that is gone, perhaps */
        CHECK_OK(mock_send(&p.m.v[2], other, 6));
        CHECK_EQ(mock_receive(&p.m.v[1], p.his), VIPC_ERR_CLOSED);
        CHECK_EQ(mock_send(&p.m.v[1], p.his, 4), VIPC_ERR_CLOSED);
        CHECK_EQ(mock_receive(&p.m.v[2], other), 6);
        CHECK_EQ(mock_stats(&p.m).channels_destroyed, 0);
        CHECK_OK(vipc_destroy(&p.m.v[0], p.b, VIPC_NOW));
        CHECK_EQ(mock_stats(&p.m).channels_destroyed, 1);
        MOCK_END(&p.m);
    }
}
TEST(both_ends_go_with_their_owner)
{
    pair p;
    open_pair(&p, 4, 0);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    mock_kill(&p.m, 0);
    CHECK_OK(vipc_sweep(&p.m.v[1], NULL));
    vipc_message msg = mock_message(1);
    CHECK_EQ(vipc_receive(&p.m.v[1], p.his, &msg, NULL, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&p.m);
}
TEST(a_sleeper_is_woken_by_the_other_end)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        pair p;
        vipc_message msg = mock_message(0);
        open_pair(&p, 1, 0);
        p.to = p.his;
        if (asleep) p.m.asleep = sends;
        else p.m.before_sleep = sends;
        vipc_time since = p.m.now;
        CHECK_OK(vipc_receive(&p.m.v[0], p.a, &msg, NULL, VIPC_FOREVER));
        CHECK(mock_is(&msg, 9));
        CHECK_OK(mock_send(&p.m.v[0], p.a, 0));
        if (asleep) p.m.asleep = receives;
        else p.m.before_sleep = receives;
        msg = mock_message(5);
        CHECK_OK(vipc_send(&p.m.v[0], p.a, &msg, VIPC_FOREVER));
        WOKEN(&p.m, since);
        CHECK_EQ(p.done, 2);
        CHECK_EQ(p.m.stuck, 0);
        MOCK_END(&p.m);
    }
}
/* The other end goes while this one sleeps: to receive, to send; in each way. */
TEST(a_sleeper_is_told_that_the_other_end_has_gone)
{
    for (int n = 0; n < 16; n++) {
        int asleep = n & 1, send = n >> 1 & 1, how = n >> 2;
        static const mock_script does[4] = { closes, destroys, revokes, dies };
        static const vipc_error says[4] = { VIPC_ERR_CLOSED, VIPC_ERR_CLOSED, VIPC_ERR_TIMEOUT, VIPC_ERR_CLOSED };
        pair p;
        vipc_message msg = mock_message(0);
        open_pair(&p, 1, 0);
        vipc_cap b = p.his;
        if (how == 2) p.to = p.b, p.by = 0;                    /* revoked, but the end stays: its owner has it still */
        else { CHECK_OK(vipc_close(&p.m.v[0], p.b)); p.to = b; }
        if (send) CHECK_OK(mock_send(&p.m.v[0], p.a, 0));
        if (asleep) p.m.asleep = does[how];
        else p.m.before_sleep = does[how];
        vipc_time until = how == 2 ? vipc_after(&p.m.v[0], 10 * MS) : VIPC_FOREVER, since = p.m.now;
        vipc_error e = send ? vipc_send(&p.m.v[0], p.a, &msg, until) : vipc_receive(&p.m.v[0], p.a, &msg, NULL, until);
        if (!CHECK_EQ(e, says[how])) printf("      n %d\n", n);
        if (how != 3) WOKEN(&p.m, since);                      /* a death is found at a slice's end */
        CHECK_EQ(p.done, 1);
        CHECK_EQ(p.m.stuck, 0);
        MOCK_END(&p.m);
    }
}
/* One's own capability goes while one sleeps with it. */
TEST(a_sleeper_loses_its_own_capability)
{
    for (int n = 0; n < 4; n++) {
        int asleep = n & 1, send = n >> 1;
        pair p;
        vipc_message msg = mock_message(0);
        open_pair(&p, 1, 0);
        if (send) CHECK_OK(mock_send(&p.m.v[1], p.his, 0));
        p.by = 0;
        p.to = p.b;
        if (asleep) p.m.asleep = revokes;
        else p.m.before_sleep = revokes;
        vipc_time since = p.m.now;
        vipc_error e = send ? vipc_send(&p.m.v[1], p.his, &msg, VIPC_FOREVER) : vipc_receive(&p.m.v[1], p.his, &msg, NULL, VIPC_FOREVER);
        CHECK_EQ(e, VIPC_ERR_INVALID_CAPABILITY);
        WOKEN(&p.m, since);
        CHECK_EQ(p.m.stuck, 0);
        MOCK_END(&p.m);
    }
}
static void answers(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    vipc_message msg;
    vipc_info info;
    (void)self;
    p->done++;
    CHECK_OK(vipc_receive(&m->v[1], p->his, &msg, &info, VIPC_NOW));
    msg.data[0] += 100;
    CHECK_OK(vipc_reply(&m->v[1], info.reply, &msg));
}
TEST(calls_go_through_a_channel)
{
    pair p;
    vipc_message msg = mock_message(5);
    open_pair(&p, 2, 0);
    uint64_t was = msg.data[0];
    p.m.asleep = answers;
    CHECK_OK(vipc_call(&p.m.v[0], p.a, &msg, &msg, VIPC_FOREVER));
    CHECK_EQ(msg.data[0], was + 100);
    vipc_reply_right none = VIPC_INIT;
    vipc_info info;
    CHECK_OK(mock_send(&p.m.v[0], p.a, 3));
    CHECK_OK(vipc_reply_receive(&p.m.v[1], none, NULL, p.his, &msg, &info, VIPC_NOW));
    CHECK(mock_is(&msg, 3));
    msg.flags = 0;
    CHECK_OK(vipc_close(&p.m.v[0], p.b));
    p.to = p.his;
    p.m.asleep = closes;                                       /* with the request in its queue */
    CHECK_EQ(vipc_call(&p.m.v[0], p.a, &msg, &msg, VIPC_FOREVER), VIPC_ERR_CLOSED);
    MOCK_END(&p.m);
}
static void answers_at_his_end(mock *m, uint64_t self)
{
    pair *p = (pair *)m->script;
    vipc_message q;
    vipc_info info;
    (void)self;
    p->done++;
    CHECK_OK(vipc_receive(&m->v[p->by], p->to, &q, &info, VIPC_NOW));
    CHECK_OK(vipc_reply(&m->v[p->by], info.reply, &q));
}
/* An end keeps its peer's state, 257 at first, where an endpoint keeps whom it is bound to: a process with that number is not the only one that can answer. */
TEST(a_caller_s_number_is_no_deadlock)
{
    pair p;
    mock *m = &p.m;
    memset(&p, 0, sizeof p);
    mock_open(m, NULL, 1, 16);
    for (vipc_process_desc d = mock_desc(1); vipc_self(&m->v[1]).id < 257;) {
        if (m->member[1]) mock_leave_domain(m, 1);
        REQUIRE_OK(vipc_process_create(&m->v[0], &d, &m->v[1], NULL));
        m->member[1] = 1;
    }
    CHECK_EQ(vipc_self(&m->v[1]).id, 257);
    REQUIRE_OK(vipc_channel_create(&m->v[1], NULL, &p.a, &p.b));
    vipc_message q = mock_message(5);
    m->script = &p;
    p.by = 0;
    p.to = mock_grant(m, 1, p.b, 0, 0);
    m->asleep = answers_at_his_end;
    CHECK_OK(vipc_call(&m->v[1], p.a, &q, &q, VIPC_FOREVER));
    CHECK_EQ(p.done, 1);
    m->asleep = NULL;
    CHECK_OK(vipc_close(&m->v[0], p.to));
    CHECK_EQ(vipc_call(&m->v[1], p.a, &q, &q, VIPC_FOREVER), VIPC_ERR_DEADLOCK);       /* now it is: nobody else has that end */
    MOCK_END(m);
}
TEST(payloads_and_capabilities_go_through_a_channel)
{
    mock m;
    vipc_channel_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    char bytes[100];
    vipc_cap a, b;
    mock_open(&m, NULL, 2, 8);
    d.payload_max = 100;
    d.capacity = 2;
    REQUIRE_OK(vipc_channel_create(&m.v[0], &d, &a, &b));
    vipc_cap his = mock_grant(&m, 0, b, 1, 0), door = mock_endpoint(&m, 0, 2);
    out.payload = "through the line";
    out.payload_size = 17;
    out.message.flags = VIPC_HAS_CAPABILITY;
    out.message.capability = door;
    CHECK_OK(vipc_send_large(&m.v[0], a, &out, VIPC_NOW));
    in.payload = bytes;
    in.payload_capacity = sizeof bytes;
    CHECK_OK(vipc_receive_large(&m.v[1], his, &in, VIPC_NOW));
    CHECK_EQ(in.info.payload_size, 17);
    CHECK(!strcmp(bytes, "through the line"));
    CHECK_OK(mock_send(&m.v[1], in.message.capability, 5));
    CHECK_EQ(mock_receive(&m.v[0], door), 5);
    out.message.capability = a;                                /* the very end that it goes through, to itself: the last one of it, after that */
    CHECK_OK(vipc_send_large(&m.v[0], a, &out, VIPC_NOW));
    CHECK_OK(vipc_close(&m.v[0], a));
    CHECK_OK(vipc_receive_large(&m.v[1], his, &in, VIPC_NOW));
    CHECK_OK(mock_send(&m.v[1], his, 7));
    CHECK_EQ(mock_receive(&m.v[1], in.message.capability), 7);
    MOCK_END(&m);
}
TEST(what_is_said_of_a_channel)
{
    pair p;
    vipc_endpoint_info info;
    vipc_cap_info cap;
    open_pair(&p, 3, 0);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    CHECK_OK(vipc_endpoint_get(&p.m.v[0], p.b, &info));
    CHECK_EQ(info.queued, 1);
    CHECK_EQ(info.capacity, 3);
    CHECK_EQ(info.bound.id, 0);
    CHECK(!strcmp(info.label, "line"));
    CHECK_OK(vipc_endpoint_get(&p.m.v[0], p.a, &info));
    CHECK_EQ(info.queued, 0);
    CHECK_OK(vipc_cap_get(&p.m.v[0], p.a, &cap));
    CHECK_EQ(cap.type, VIPC_TYPE_CHANNEL);
    CHECK_EQ(cap.object, info.id);
    CHECK_EQ(vipc_endpoint_bind(&p.m.v[0], p.b, vipc_self(&p.m.v[1])), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_stats(&p.m).channels_created, 1);
    CHECK_EQ(mock_stats(&p.m).objects_created, 2);
    MOCK_END(&p.m);
}
TEST(wait_any_at_a_channel)
{
    pair p;
    vipc_wait_item items[2];
    open_pair(&p, 1, 0);
    memset(items, 0, sizeof items);
    items[0].object = items[1].object = p.a;
    items[1].for_send = 1;
    CHECK_OK(mock_send(&p.m.v[0], p.a, 0));
    CHECK_EQ(vipc_wait_any(&p.m.v[0], items, 2, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    p.to = p.his;
    p.m.asleep = sends;
    CHECK_OK(vipc_wait_any(&p.m.v[0], items, 2, VIPC_FOREVER));
    CHECK_EQ(items[0].ready, VIPC_OK);
    CHECK_EQ(items[1].ready, VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), 9);
    CHECK_OK(vipc_close(&p.m.v[0], p.b));
    p.m.asleep = closes;
    CHECK_OK(vipc_wait_any(&p.m.v[0], items, 2, VIPC_FOREVER));
    CHECK_EQ(items[0].ready, VIPC_ERR_CLOSED);
    CHECK_EQ(items[1].ready, VIPC_ERR_CLOSED);
    MOCK_END(&p.m);
}

/* ---- known defects of systems of this kind ---- */
TEST(d069_a_channel_holds_what_it_was_made_for)
{
    for (uint32_t capacity = 1; capacity <= 16; capacity *= 4) {
        pair p;
        open_pair(&p, capacity, 0);
        for (uint32_t i = 0; i < capacity; i++) CHECK_OK(mock_send(&p.m.v[0], p.a, i));
        CHECK_EQ(mock_send(&p.m.v[0], p.a, 0), VIPC_ERR_CHANNEL_FULL);
        MOCK_END(&p.m);
    }
}
TEST(d070_no_end_receives_what_it_sends)
{
    pair p;
    open_pair(&p, 2, 0);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_receive(&p.m.v[1], p.his), 1);
    CHECK_OK(mock_send(&p.m.v[1], p.his, 2));
    CHECK_EQ(mock_receive(&p.m.v[1], p.his), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_receive(&p.m.v[0], p.a), 2);
    MOCK_END(&p.m);
}
TEST(d084_memory_by_capacity_and_not_before_it_is_used)
{
    pair p;
    open_pair(&p, 4, 0);
    CHECK_EQ(mock_stats(&p.m).frames_in_use, 0);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));                    /* one direction: four slots of a line each */
    CHECK_EQ(mock_stats(&p.m).frames_in_use, ((4 * 64 - 1) >> p.m.page_shift) + 1);
    MOCK_END(&p.m);
}
/* What one process closes, or leaves behind, is its own: 92 and 93 are of numbers that meant two things at once. */
TEST(d089_d092_d093_closing_a_channel_ends_nobody_else_s_endpoint)
{
    for (int way = 0; way < 3; way++) {
        pair p;
        vipc_cap_info one, other;
        open_pair(&p, 2, 0);
        vipc_cap door = mock_endpoint(&p.m, 1, 2);
        CHECK_OK(vipc_cap_get(&p.m.v[0], p.a, &one));
        CHECK_OK(vipc_cap_get(&p.m.v[1], door, &other));
        CHECK(one.object != other.object);
        if (way == 0) { CHECK_OK(vipc_close(&p.m.v[0], p.a)); CHECK_OK(vipc_close(&p.m.v[0], p.b)); }
        if (way == 1) { CHECK_OK(vipc_destroy(&p.m.v[0], p.a, VIPC_NOW)); CHECK_OK(vipc_destroy(&p.m.v[0], p.b, VIPC_NOW)); }
        if (way == 2) mock_leave_domain(&p.m, 0);
        CHECK_OK(mock_send(&p.m.v[1], door, 5));
        CHECK_EQ(mock_receive(&p.m.v[1], door), 5);
        MOCK_END(&p.m);
    }
}
TEST(d092_an_endpoint_s_end_leaves_channels_their_rights)
{
    pair p;
    open_pair(&p, 2, 1);
    vipc_cap door = mock_endpoint(&p.m, 0, 2);
    CHECK_OK(vipc_destroy(&p.m.v[0], door, VIPC_NOW));
    CHECK_EQ(vipc_cap_require(&p.m.v[0], p.a, VIPC_TYPE_CHANNEL, VIPC_RIGHT_RECEIVE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(mock_send(&p.m.v[0], p.a, 1));
    CHECK_EQ(mock_receive(&p.m.v[0], p.b), 1);
    MOCK_END(&p.m);
}
TEST(d095_a_channel_is_used_by_its_handles_however_they_came)
{
    static const char *name[2] = { "left", "right" };
    vipc_endpoint_info i[2];
    vipc_cap found[2];
    pair p;
    open_pair(&p, 2, 0);
    for (int k = 0; k < 2; k++) {                            /* published, looked up, asked about, sent and received through: either end */
        REQUIRE_OK(vipc_publish(&p.m.v[0], name[k], k ? p.b : p.a, 0));
        REQUIRE_OK(vipc_lookup(&p.m.v[2], name[k], 0, &found[k], VIPC_NOW));
        CHECK_OK(vipc_endpoint_get(&p.m.v[2], found[k], &i[k]));
    }
    CHECK(i[0].id != i[1].id);
    CHECK_OK(mock_send(&p.m.v[2], found[0], 5));
    CHECK_EQ(mock_receive(&p.m.v[0], p.b), 5);               /* it is the same channel as its maker's */
    CHECK_OK(mock_send(&p.m.v[0], p.b, 6));
    CHECK_EQ(mock_receive(&p.m.v[2], found[0]), 6);
    CHECK_OK(mock_send(&p.m.v[2], found[1], 7));
    CHECK_EQ(mock_receive(&p.m.v[2], found[0]), 7);
    MOCK_END(&p.m);
}
TEST(d096_either_end_s_handle_removes_the_channel)
{
    for (int k = 0; k < 4; k++) {                            /* either end, destroyed, or given up by all who have it */
        pair p;
        open_pair(&p, 2, 0);
        vipc_cap other = mock_endpoint(&p.m, 0, 2), here = k & 1 ? p.b : p.a, there = k & 1 ? p.a : p.b;
        if (k < 2) {
            CHECK_OK(vipc_destroy(&p.m.v[0], here, VIPC_NOW));
        } else {
            if (k & 1) CHECK_OK(vipc_close(&p.m.v[1], p.his));
            CHECK_OK(vipc_close(&p.m.v[0], here));
        }
        CHECK_EQ(mock_send(&p.m.v[0], there, 1), VIPC_ERR_CLOSED);
        CHECK_EQ(mock_receive(&p.m.v[0], there), VIPC_ERR_CLOSED);
        CHECK(!mock_alive_cap(&p.m.v[0], here));
        CHECK_OK(vipc_close(&p.m.v[0], there));
        CHECK_OK(mock_send(&p.m.v[0], other, 1));            /* and nothing else */
        CHECK_EQ(mock_stats(&p.m).channels_destroyed, k == 0 || k == 2 ? 0 : 1);
        MOCK_END(&p.m);
    }
}
TEST(d090_only_who_may_delete_destroys)
{
    pair p;
    open_pair(&p, 2, 0);
    vipc_cap weak = mock_grant(&p.m, 0, p.a, 2, VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_DELETE);
    CHECK_EQ(vipc_destroy(&p.m.v[2], weak, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_destroy(&p.m.v[2], p.a, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(mock_send(&p.m.v[2], weak, 1));
    CHECK_EQ(mock_receive(&p.m.v[1], p.his), 1);
    MOCK_END(&p.m);
}
TEST(d115_every_flag_is_acted_on_or_refused)
{
    pair p;
    vipc_message msg = mock_message(1), got;
    open_pair(&p, 2, 0);
    for (uint32_t bit = 0; bit < 32; bit++) {
        msg.flags = 1u << bit;
        msg.capability = p.his;
        vipc_error e = vipc_send(&p.m.v[1], p.his, &msg, VIPC_NOW);
        if (msg.flags == VIPC_NEEDS_ACK) { CHECK_EQ(e, VIPC_ERR_WOULD_BLOCK); continue; }
        if (msg.flags != VIPC_URGENT && msg.flags != VIPC_UNORDERED && msg.flags != VIPC_IS_REPLY && msg.flags != VIPC_HAS_CAPABILITY) { CHECK_EQ(e, VIPC_ERR_INVALID_MESSAGE); continue; }
        CHECK_OK(e);
        CHECK_OK(vipc_receive(&p.m.v[0], p.a, &got, NULL, VIPC_NOW));
        CHECK_EQ(got.flags, msg.flags == VIPC_IS_REPLY ? 0 : msg.flags);         /* only the core says that something is a reply */
        CHECK_EQ(got.capability.token != 0, msg.flags == VIPC_HAS_CAPABILITY);
    }
    MOCK_END(&p.m);
}

RUN_TESTS(T(d069_a_channel_holds_what_it_was_made_for), T(d070_no_end_receives_what_it_sends), T(d084_memory_by_capacity_and_not_before_it_is_used),
          T(d089_d092_d093_closing_a_channel_ends_nobody_else_s_endpoint), T(d092_an_endpoint_s_end_leaves_channels_their_rights),
          T(d095_a_channel_is_used_by_its_handles_however_they_came), T(d096_either_end_s_handle_removes_the_channel),
          T(d090_only_who_may_delete_destroys), T(d115_every_flag_is_acted_on_or_refused),
          T(what_one_end_sends_the_other_receives), T(one_way_gives_a_sender_and_a_receiver), T(what_create_refuses),
          T(a_closed_end_is_drained_by_the_other), T(both_ends_go_with_their_owner), T(a_sleeper_is_woken_by_the_other_end),
          T(a_sleeper_is_told_that_the_other_end_has_gone), T(a_sleeper_loses_its_own_capability), T(calls_go_through_a_channel), T(a_caller_s_number_is_no_deadlock),
          T(payloads_and_capabilities_go_through_a_channel), T(what_is_said_of_a_channel), T(wait_any_at_a_channel))
