/* t_take.c - vipc_take and vipc_done: messages that stay in hand until they are done; then the same between processes that are killed. */
#define _GNU_SOURCE
#define VIPC_UNSTABLE
#include "mock.h"
#undef MS
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "proc.h"
#define MS ((vipc_time)1000000)

static vipc_hand hand_[MOCK_VIEWS];            /* what each identity has taken last */
static vipc_info info_;                        /* and what was said of it */
/* The number taken, or the error; how it came: info_. */
static long long take_by(mock *m, unsigned i, vipc_cap from, vipc_time deadline)
{
    vipc_incoming in = VIPC_INIT;
    vipc_error e = vipc_take(&m->v[i], from, &in, &hand_[i], deadline);
    info_ = in.info;
    return e != VIPC_OK ? (long long)e : mock_is(&in.message, in.message.opcode) ? (long long)in.message.opcode : -999;
}
static long long take(mock *m, unsigned i, vipc_cap from) { return take_by(m, i, from, VIPC_NOW); }
static vipc_error done(mock *m, unsigned i) { return vipc_done(&m->v[i], hand_[i], true); }
static vipc_error back(mock *m, unsigned i) { return vipc_done(&m->v[i], hand_[i], false); }
static uint32_t queued(mock *m, vipc_cap door) { return mock_seen(m, 0, door).queued; }
/* v[0] owns the door, v[1] .. have all rights to it. */
static vipc_cap door_, cap_[MOCK_VIEWS];
static void open_door(mock *m, unsigned count, uint32_t capacity)
{
    mock_open(m, NULL, count, 16);
    door_ = cap_[0] = mock_endpoint(m, 0, capacity);
    for (unsigned i = 1; i < count; i++) cap_[i] = mock_grant(m, 0, door_, i, 0);
    memset(hand_, 0, sizeof hand_);
}
static void send_range(mock *m, uint64_t from, uint64_t to) { for (uint64_t n = from; n <= to; n++) REQUIRE_OK(mock_send(&m->v[0], door_, n)); }
static void die(mock *m, unsigned i)
{
    uint32_t n = 0;
    mock_kill(m, i);
    REQUIRE_OK(vipc_sweep(&m->v[0], &n));
    CHECK_EQ(n, 1);
}

TEST(take_and_done)
{
    mock m;
    open_door(&m, 2, 4);
    send_range(&m, 1, 3);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK(hand_[1].token != 0);
    CHECK_EQ(info_.redelivered, 0);
    CHECK_EQ(info_.sender.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(info_.reply.token, 0);
    CHECK_EQ(queued(&m, door_), 2);
    CHECK_EQ(mock_stats(&m).received, 0);      /* not yet */
    MOCK_CHECK(&m, 1);
    CHECK_OK(done(&m, 1));
    CHECK_EQ(mock_stats(&m).received, 1);
    CHECK_EQ(take(&m, 1, cap_[1]), 2);
    CHECK_OK(done(&m, 1));
    CHECK_EQ(mock_receive(&m.v[1], cap_[1]), 3);
    CHECK_EQ(take(&m, 1, cap_[1]), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_stats(&m).received, 3);
    MOCK_END(&m);
}

/* An end keeps its peer's state where an endpoint keeps whom it is bound to. */
TEST(take_and_done_at_a_channel)
{
    mock m;
    vipc_cap a, b;
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand;
    mock_open(&m, NULL, 2, 16);
    REQUIRE_OK(vipc_channel_create(&m.v[0], NULL, &a, &b));
    vipc_cap his = mock_grant(&m, 0, b, 1, 0);
    for (uint64_t n = 1; n <= 3; n++) CHECK_OK(mock_send(&m.v[0], a, n));
    for (unsigned i = 0; i < 2; i++) {
        REQUIRE_OK(vipc_take(&m.v[i], i ? his : b, &in, &hand, VIPC_NOW));
        CHECK(mock_is(&in.message, i + 1));
        CHECK_OK(vipc_done(&m.v[i], hand, true));
    }
    REQUIRE_OK(vipc_take(&m.v[1], his, &in, &hand, VIPC_NOW));
    CHECK_OK(vipc_done(&m.v[1], hand, false));
    CHECK_EQ(mock_receive(&m.v[0], b), 3);
    MOCK_END(&m);
}
static void closes_his_end(mock *m, uint64_t self)
{
    (void)self;
    CHECK_OK(vipc_close(&m->v[0], *(vipc_cap *)m->script));
}
/* As a receive: what was sent before the other end closed can be taken, then it is CLOSED; who sleeps is told. */
TEST(take_at_a_channel_whose_other_end_closes)
{
    mock m;
    vipc_cap a, b;
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand;
    mock_open(&m, NULL, 2, 16);
    REQUIRE_OK(vipc_channel_create(&m.v[0], NULL, &a, &b));
    CHECK_OK(mock_send(&m.v[0], a, 1));
    vipc_cap his = mock_grant(&m, 0, b, 1, 0);
    REQUIRE_OK(vipc_take(&m.v[1], his, &in, &hand, VIPC_NOW));
    CHECK_OK(vipc_done(&m.v[1], hand, false));
    CHECK_OK(vipc_take(&m.v[1], his, &in, &hand, VIPC_NOW));
    CHECK_OK(vipc_done(&m.v[1], hand, true));
    m.script = &a;
    m.asleep = closes_his_end;
    vipc_time since = m.now;
    CHECK_EQ(vipc_take(&m.v[1], his, &in, &hand, vipc_after(&m.v[1], 1000 * MS)), VIPC_ERR_CLOSED);
    CHECK(m.now - since < 50 * MS);
    CHECK_EQ(vipc_take(&m.v[1], his, &in, &hand, VIPC_NOW), VIPC_ERR_CLOSED);
    MOCK_END(&m);
}
TEST(take_and_done_refuse)
{
    mock m;
    vipc_incoming in = VIPC_INIT;
    vipc_hand h = { 4711 }, none = { 0 };
    open_door(&m, 2, 4);
    vipc_cap send_only = mock_grant(&m, 0, door_, 1, VIPC_RIGHT_SEND), nothing = { 0 };
    vipc v = m.v[1];                           /* a copy */
    CHECK_EQ(vipc_take(NULL, cap_[1], &in, &h, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_take(&v, cap_[1], &in, &h, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], NULL, &h, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    in.payload_capacity = 1;
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, &h, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    in.payload_capacity = 0;
    CHECK_EQ(vipc_take(&m.v[1], nothing, &in, &h, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_take(&m.v[1], door_, &in, &h, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_take(&m.v[1], send_only, &in, &h, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, &h, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    send_range(&m, 1, 1);
    CHECK_EQ(mock_receive(&m.v[0], door_), 1);
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, &h, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, &h, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(h.token, 4711);                   /* written on success only */
    CHECK_EQ(vipc_done(&m.v[1], none, true), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_done(&m.v[1], h, true), VIPC_ERR_INVALID_ARGUMENT);
    send_range(&m, 1, 2);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK_EQ(take(&m, 1, cap_[1]), VIPC_ERR_RESOURCE_BUSY);          /* one at a time */
    CHECK_EQ(vipc_done(NULL, hand_[1], true), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_done(&v, hand_[1], true), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_done(&m.v[0], hand_[1], true), VIPC_ERR_INVALID_ARGUMENT);     /* another's */
    CHECK_EQ(vipc_done(&m.v[1], none, true), VIPC_ERR_INVALID_ARGUMENT);
    for (unsigned bit = 0; bit < 64; bit++) {
        h.token = hand_[1].token ^ (uint64_t)1 << bit;
        CHECK_EQ(vipc_done(&m.v[1], h, true), VIPC_ERR_INVALID_ARGUMENT);
    }
    h = hand_[1];
    CHECK_OK(done(&m, 1));
    CHECK_EQ(done(&m, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(back(&m, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(take(&m, 1, cap_[1]), 2);
    CHECK_EQ(vipc_done(&m.v[1], h, true), VIPC_ERR_INVALID_ARGUMENT);            /* an old one */
    CHECK_OK(done(&m, 1));
    MOCK_END(&m);
}

/* Nothing, or the payload of another message, is handed out: bytes come at the take, and again at the next. */
TEST(take_with_a_payload)
{
    mock m;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    unsigned char bytes[300], got[300];
    mock_open(&m, NULL, 2, 16);
    d.capacity = 2;
    d.payload_max = 300;
    REQUIRE_OK(vipc_endpoint_create(&m.v[0], &d, &door_));
    vipc_cap his = mock_grant(&m, 0, door_, 1, 0);
    for (int i = 0; i < 300; i++) bytes[i] = (unsigned char)(i * 7);
    out.payload = bytes;
    out.payload_size = 300;
    out.message = mock_message(5);
    REQUIRE_OK(vipc_send_large(&m.v[0], door_, &out, VIPC_NOW));
    in.payload = got;
    in.payload_capacity = 299;
    CHECK_EQ(vipc_take(&m.v[1], his, &in, &hand_[1], VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(in.info.payload_size, 300);
    CHECK_EQ(queued(&m, door_), 1);
    in.payload_capacity = 300;
    for (int again = 0; again < 3; again++) {
        memset(got, 0, sizeof got);
        REQUIRE_OK(vipc_take(&m.v[1], his, &in, &hand_[1], VIPC_NOW));
        CHECK(mock_is(&in.message, 5) && in.info.payload_size == 300 && memcmp(bytes, got, 300) == 0);
        CHECK_EQ(in.info.redelivered, again > 0);
        CHECK_OK(vipc_done(&m.v[1], hand_[1], again == 2));
    }
    CHECK_EQ(queued(&m, door_), 0);
    MOCK_END(&m);
}

TEST(put_back_comes_first)
{
    mock m;
    open_door(&m, 3, 4);
    send_range(&m, 1, 4);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK_EQ(take(&m, 2, cap_[2]), 2);
    CHECK_OK(back(&m, 2));
    CHECK_OK(back(&m, 1));
    CHECK_EQ(queued(&m, door_), 4);
    CHECK_EQ(take(&m, 2, cap_[2]), 1);
    CHECK_EQ(info_.redelivered, 1);
    vipc_message got;
    vipc_info info;
    CHECK_OK(vipc_receive(&m.v[1], cap_[1], &got, &info, VIPC_NOW));
    CHECK(mock_is(&got, 2) && info.redelivered == 1);
    CHECK_OK(done(&m, 2));
    CHECK_OK(vipc_receive(&m.v[1], cap_[1], &got, &info, VIPC_NOW));
    CHECK(mock_is(&got, 3) && info.redelivered == 0);
    CHECK_EQ(mock_receive(&m.v[0], door_), 4);
    MOCK_END(&m);
}

/* Three workers; whichever dies, its message is the next, in the order in which they were sent. */
TEST(death_gives_back_at_the_front)
{
    for (unsigned first = 1; first <= 3; first++) {
        mock m;
        open_door(&m, 5, 8);
        send_range(&m, 1, 6);
        for (unsigned i = 1; i <= 3; i++) CHECK_EQ(take(&m, i, cap_[i]), i);
        CHECK_EQ(mock_receive(&m.v[4], cap_[4]), 4);
        die(&m, first);
        CHECK_EQ(queued(&m, door_), 3);
        CHECK_EQ(take(&m, 4, cap_[4]), first);
        CHECK_EQ(info_.redelivered, 1);
        CHECK_OK(done(&m, 4));
        for (unsigned i = 1; i <= 3; i++) if (i != first) die(&m, i);
        for (unsigned i = 1; i <= 3; i++) if (i != first) { CHECK_EQ(take(&m, 4, cap_[4]), i); CHECK_OK(done(&m, 4)); }
        CHECK_EQ(mock_receive(&m.v[0], door_), 5);
        CHECK_EQ(mock_receive(&m.v[0], door_), 6);
        CHECK_EQ(mock_receive(&m.v[0], door_), VIPC_ERR_CHANNEL_EMPTY);
        MOCK_END(&m);
    }
}

/* The message in hand is passed over by the senders again and again.  vipc_take finds it first all the same, vipc_receive finds it. */
TEST(passed_over_and_given_back)
{
    for (unsigned how = 0; how < 3; how++)
        for (uint32_t capacity = 3; capacity <= 6; capacity++)
            for (uint64_t rounds = 1; rounds <= 3 * capacity; rounds++) {
                mock m;
                open_door(&m, 3, capacity);
                send_range(&m, 1, 1);
                CHECK_EQ(take(&m, 1, cap_[1]), 1);
                for (uint64_t n = 2; n <= rounds + 1; n++) {
                    REQUIRE_OK(mock_send(&m.v[0], door_, n));
                    if (n > 2) CHECK_EQ(mock_receive(&m.v[1], cap_[1]), (long long)n - 1);     /* by the very thread, at the very endpoint */
                }
                if (how == 0) CHECK_OK(back(&m, 1));
                else if (how == 1) die(&m, 1);
                else CHECK_OK(done(&m, 1));
                if (how < 2) {
                    CHECK_EQ(take(&m, 2, cap_[2]), 1);
                    CHECK_EQ(info_.redelivered, 1);
                    CHECK_OK(back(&m, 2));
                    long long a = mock_receive(&m.v[2], cap_[2]), b = mock_receive(&m.v[2], cap_[2]), last = (long long)rounds + 1;
                    CHECK((a == 1 && b == last) || (a == last && b == 1));
                } else CHECK_EQ(mock_receive(&m.v[2], cap_[2]), (long long)rounds + 1);
                CHECK_EQ(mock_receive(&m.v[2], cap_[2]), VIPC_ERR_CHANNEL_EMPTY);
                for (uint64_t n = 0; n < capacity; n++) CHECK_OK(mock_send(&m.v[0], door_, 100 + n));
                CHECK_EQ(mock_send(&m.v[0], door_, 200), VIPC_ERR_CHANNEL_FULL);
                for (uint64_t n = 0; n < capacity; n++) CHECK_EQ(mock_receive(&m.v[2], cap_[2]), (long long)(100 + n));
                MOCK_END(&m);
            }
}

TEST(a_hand_holds_a_slot)
{
    for (uint32_t capacity = 1; capacity <= 3; capacity++) {
        mock m;
        open_door(&m, 5, capacity);
        for (unsigned i = 1; i <= capacity; i++) {
            send_range(&m, i, i);
            CHECK_EQ(take(&m, i, cap_[i]), i);
        }
        CHECK_EQ(mock_send(&m.v[0], door_, 9), VIPC_ERR_CHANNEL_FULL);
        CHECK_EQ(take(&m, 4, cap_[4]), VIPC_ERR_CHANNEL_EMPTY);
        CHECK_OK(done(&m, 1));
        CHECK_OK(mock_send(&m.v[0], door_, 9));
        CHECK_EQ(mock_receive(&m.v[0], door_), 9);
        for (unsigned i = 2; i <= capacity; i++) CHECK_OK(done(&m, i));
        MOCK_END(&m);
    }
}

/* ---- waiting ---- */
static void others_send(mock *m, uint64_t self) { (void)self; CHECK_OK(mock_send(&m->v[0], door_, 7)); }
static void others_finish(mock *m, uint64_t self) { (void)self; CHECK_OK(done(m, 2)); }
static void others_put_back(mock *m, uint64_t self) { (void)self; CHECK_OK(back(m, 2)); }
static void others_leave(mock *m, uint64_t self) { (void)self; mock_leave_domain(m, 2); }
static void others_die(mock *m, uint64_t self) { (void)self; mock_kill(m, 2); }
static void others_destroy(mock *m, uint64_t self) { (void)self; CHECK_OK(vipc_destroy(&m->v[0], door_, VIPC_NOW)); }
static void others_revoke(mock *m, uint64_t self) { (void)self; CHECK_OK(vipc_revoke(&m->v[0], door_, VIPC_FOREVER)); }
static void others_cancel(mock *m, uint64_t self) { (void)self; CHECK_OK(vipc_cancel(&m->v[1])); }
TEST(take_waits)
{
    static const struct { mock_script script; long long result; int in_hand; } cases[] = {
        { others_send, 7, 0 }, { others_put_back, 1, 1 }, { others_leave, 1, 1 }, { others_die, 1, 1 }, { others_destroy, VIPC_ERR_CLOSED, 0 },
        { others_revoke, VIPC_ERR_INVALID_CAPABILITY, 0 }, { others_cancel, VIPC_ERR_CANCELLED, 0 },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int before = 0; before < 2; before++) {
            mock m;
            open_door(&m, 3, 2);
            send_range(&m, 1, 1);
            CHECK_EQ(take(&m, 2, cap_[2]), 1);
            if (!cases[k].in_hand) CHECK_OK(done(&m, 2));
            if (before) m.before_sleep = cases[k].script;
            else m.asleep = cases[k].script;
            CHECK_EQ(take_by(&m, 1, cap_[1], VIPC_FOREVER), cases[k].result);
            CHECK_EQ(info_.redelivered, cases[k].in_hand ? 1 : 0);
            if (cases[k].result > 0) CHECK_OK(done(&m, 1));
            MOCK_END(&m);
        }
}
TEST(done_wakes_a_sender)
{
    mock m;
    open_door(&m, 3, 1);
    send_range(&m, 1, 1);
    CHECK_EQ(take(&m, 2, cap_[2]), 1);
    vipc_message msg = mock_message(2);
    m.asleep = others_finish;
    CHECK_OK(vipc_send(&m.v[1], cap_[1], &msg, VIPC_FOREVER));
    CHECK_EQ(mock_receive(&m.v[0], door_), 2);
    MOCK_END(&m);
}

/* An old message that came back keeps a sender out, though younger ones are done; once it is in a hand it is passed over. */
static void others_take_it_again(mock *m, uint64_t self) { (void)self; CHECK_EQ(take(m, 2, cap_[2]), 1); }
TEST(take_wakes_a_sender)
{
    for (int before = 0; before < 2; before++) {
        mock m;
        open_door(&m, 4, 3);
        send_range(&m, 1, 3);
        CHECK_EQ(take(&m, 1, cap_[1]), 1);
        CHECK_EQ(mock_receive(&m.v[0], door_), 2);
        CHECK_EQ(mock_receive(&m.v[0], door_), 3);
        CHECK_OK(back(&m, 1));
        CHECK_EQ(mock_send(&m.v[0], door_, 4), VIPC_ERR_CHANNEL_FULL);
        vipc_message msg = mock_message(4);
        if (before) m.before_sleep = others_take_it_again;
        else m.asleep = others_take_it_again;
        CHECK_OK(vipc_send(&m.v[3], cap_[3], &msg, VIPC_FOREVER));
        CHECK_OK(done(&m, 2));
        CHECK_EQ(mock_receive(&m.v[0], door_), 4);
        MOCK_END(&m);
    }
}

/* ---- what ends a hand ---- */
TEST(destroy_does_not_wait_for_a_hand)
{
    for (unsigned by = 0; by < 2; by++) {      /* by its owner; by the very one who has it in hand */
        mock m;
        open_door(&m, 3, 2);
        send_range(&m, 1, 2);
        CHECK_EQ(take(&m, 1, cap_[1]), 1);
        CHECK_EQ(m.in_use, 1);
        CHECK_OK(vipc_destroy(&m.v[by], cap_[by], VIPC_NOW));
        MOCK_CHECK(&m, 0);
        vipc_cap next = mock_endpoint(&m, 0, 2);           /* in the same record */
        CHECK_OK(mock_send(&m.v[0], next, 5));
        CHECK_EQ(take(&m, 0, next), 5);
        CHECK_EQ(take(&m, 1, mock_grant(&m, 0, next, 1, 0)), VIPC_ERR_RESOURCE_BUSY);
        CHECK_EQ(by ? back(&m, 1) : done(&m, 1), VIPC_ERR_CLOSED);
        CHECK_EQ(done(&m, 1), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_OK(done(&m, 0));
        MOCK_END(&m);
    }
}
TEST(the_owner_dies_before_done)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    door_ = mock_endpoint(&m, 2, 2);
    vipc_cap his = mock_grant(&m, 2, door_, 1, 0);
    CHECK_OK(mock_send(&m.v[2], door_, 1));
    CHECK_EQ(take(&m, 1, his), 1);
    die(&m, 2);
    CHECK_EQ(done(&m, 1), VIPC_ERR_PEER_DEAD);
    CHECK_EQ(done(&m, 1), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}
/* A hand of a dead process at an endpoint that has gone, and whose record another has by now: that one is not disturbed. */
TEST(a_dead_hand_at_a_record_in_new_use)
{
    mock m;
    open_door(&m, 3, 2);
    send_range(&m, 1, 1);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK_OK(vipc_destroy(&m.v[0], door_, VIPC_NOW));
    vipc_cap next = mock_endpoint(&m, 0, 2);
    CHECK_OK(mock_send(&m.v[0], next, 5));
    CHECK_OK(mock_send(&m.v[0], next, 6));
    CHECK_EQ(take(&m, 0, next), 5);
    die(&m, 1);
    CHECK_OK(done(&m, 0));
    CHECK_EQ(mock_receive(&m.v[0], next), 6);
    CHECK_EQ(mock_receive(&m.v[0], next), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
TEST(revoke_gives_back_and_spares_others)
{
    mock m;
    open_door(&m, 4, 4);
    vipc_cap under = mock_grant(&m, 0, cap_[0], 3, 0), his = mock_grant(&m, 3, under, 1, 0);
    send_range(&m, 1, 3);
    CHECK_EQ(take(&m, 1, his), 1);
    CHECK_EQ(take(&m, 2, cap_[2]), 2);
    CHECK_OK(vipc_revoke(&m.v[3], under, VIPC_FOREVER));   /* all that came of it: v[1]'s */
    CHECK_EQ(queued(&m, door_), 2);
    CHECK_EQ(take(&m, 3, cap_[3]), 1);
    CHECK_EQ(info_.redelivered, 1);
    CHECK_EQ(done(&m, 1), VIPC_ERR_INVALID_CAPABILITY);    /* whatever it did: the other's done counts */
    CHECK_OK(done(&m, 3));
    CHECK_OK(done(&m, 2));                                 /* innocent */
    CHECK_EQ(mock_receive(&m.v[0], door_), 3);
    CHECK_EQ(mock_receive(&m.v[0], door_), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
TEST(close_gives_back_at_done)
{
    for (int finished = 0; finished < 2; finished++) {
        mock m;
        open_door(&m, 2, 2);
        send_range(&m, 1, 1);
        CHECK_EQ(take(&m, 1, cap_[1]), 1);
        CHECK_OK(vipc_close(&m.v[1], cap_[1]));
        CHECK_EQ(vipc_done(&m.v[1], hand_[1], finished), VIPC_ERR_INVALID_CAPABILITY);
        CHECK_EQ(take(&m, 0, door_), 1);
        CHECK_EQ(info_.redelivered, 1);
        CHECK_OK(done(&m, 0));
        MOCK_END(&m);
    }
}
TEST(bind_gives_back)
{
    mock m;
    open_door(&m, 3, 4);
    send_range(&m, 1, 3);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK_EQ(take(&m, 2, cap_[2]), 2);
    CHECK_OK(vipc_endpoint_bind(&m.v[0], door_, vipc_self(&m.v[2])));
    CHECK_EQ(done(&m, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(take(&m, 1, cap_[1]), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(done(&m, 2));
    CHECK_EQ(take(&m, 2, cap_[2]), 1);
    CHECK_EQ(info_.redelivered, 1);
    CHECK_OK(done(&m, 2));
    CHECK_EQ(take(&m, 2, cap_[2]), 3);
    CHECK_OK(done(&m, 2));
    MOCK_END(&m);
}
TEST(leaving_gives_back)
{
    for (int how = 0; how < 3; how++) {
        mock m;
        vipc_cap process = VIPC_INIT;
        open_door(&m, 2, 2);
        if (how == 1) mock_thread(&m, 1, 3);               /* one thread of two */
        if (how == 2) {                                    /* ended by its creator */
            vipc_process_desc p = mock_desc(3);
            p.proof = MOCK_PROOF;
            REQUIRE_OK(vipc_process_create(&m.v[0], &p, &m.v[3], &process));
            m.member[3] = 1;
            cap_[1] = mock_grant(&m, 0, door_, 3, 0);
        }
        unsigned who = how ? 3 : 1;
        send_range(&m, 1, 2);
        CHECK_EQ(take(&m, who, cap_[1]), 1);
        if (how == 1) CHECK_EQ(vipc_done(&m.v[1], hand_[3], true), VIPC_ERR_INVALID_ARGUMENT);       /* its own thread's alone */
        if (how == 2) CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
        else CHECK_OK(vipc_leave(&m.v[who]));
        m.member[who] = 0;
        MOCK_CHECK(&m, 1);
        CHECK_EQ(take(&m, 0, door_), 1);
        CHECK_EQ(info_.redelivered, 1);
        CHECK_OK(done(&m, 0));
        CHECK_EQ(mock_receive(&m.v[0], door_), 2);
        MOCK_END(&m);
    }
}
TEST(trim_leaves_a_hand_alone)
{
    mock m;
    uint64_t frames = 99;
    open_door(&m, 2, 2);
    send_range(&m, 1, 1);
    CHECK_EQ(take(&m, 1, cap_[1]), 1);
    CHECK_OK(vipc_trim(&m.v[0], &frames));
    CHECK_EQ(frames, 0);
    CHECK_OK(done(&m, 1));
    CHECK_OK(vipc_trim(&m.v[0], &frames));
    CHECK_EQ(frames, 1);
    CHECK_EQ(m.in_use, 0);
    CHECK_EQ(take(&m, 1, cap_[1]), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
/* vipc_trim of v[2] stands in the middle: it holds the lock, and its mark is on the queue. */
static void trim_goes_on(mock *m, uint64_t self)
{
    (void)self;
    vipci_rollback(&m->v[2]);
    vipci_unlock(&m->v[2]);
}
TEST(done_and_take_beside_a_trim)
{
    for (int what = 0; what < 4; what++) {
        mock m;
        open_door(&m, 4, 3);
        send_range(&m, 1, 2);
        CHECK_EQ(take(&m, 1, cap_[1]), 1);
        vipci_object *o = vipci_object_at(&m.v[2], 0);
        REQUIRE_OK(vipci_lock(&m.v[2], VIPC_NOW));
        vipci_set64(&m.v[2], &o->queue, o->queue | 1);
        CHECK_EQ(take(&m, 3, cap_[3]), VIPC_ERR_RESOURCE_BUSY);
        if (what == 3) {                                   /* the wait for the lock fails: nothing has changed */
            mock_fail(&m, MOCK_BLOCK, 1, VIPC_ERR_FAULT);
            CHECK_EQ(done(&m, 1), VIPC_ERR_HOOK);
            mock_heal(&m);
            trim_goes_on(&m, 0);
        } else m.asleep = trim_goes_on;
        if (what == 2) { CHECK_EQ(take_by(&m, 3, cap_[3], VIPC_FOREVER), 2); CHECK_OK(done(&m, 3)); }
        CHECK_OK(what == 1 ? back(&m, 1) : done(&m, 1));
        if (what == 1) CHECK_EQ(mock_receive(&m.v[0], door_), 1);
        if (what != 2) CHECK_EQ(mock_receive(&m.v[0], door_), 2);
        CHECK_EQ(mock_receive(&m.v[0], door_), VIPC_ERR_CHANNEL_EMPTY);
        MOCK_END(&m);
    }
}

/* ---- what is no job ---- */
#if !VIPC_NO_CALLS
static void others_take(mock *m, uint64_t self)
{
    (void)self;
    CHECK_EQ(take(m, 1, cap_[1]), 5);
    CHECK_OK(done(m, 1));
}
TEST(a_call_is_refused)
{
    mock m;
    open_door(&m, 3, 4);
    vipc_message msg = mock_message(4), reply;
    m.before_sleep = others_take;
    vipc_error e = VIPC_OK;
    /* the request stands before message 5 */
    m.skip = 0;
    REQUIRE_OK(mock_send(&m.v[0], door_, 1));
    CHECK_EQ(mock_receive(&m.v[0], door_), 1);
    CHECK_OK(mock_send(&m.v[0], door_, 5));
    e = vipc_call(&m.v[2], cap_[2], &msg, &reply, vipc_after(&m.v[2], 10 * MS));
    CHECK_EQ(e, VIPC_ERR_TIMEOUT);                         /* 5 was taken, the request is still there */
    CHECK_EQ(take(&m, 1, cap_[1]), VIPC_ERR_CHANNEL_EMPTY);      /* and stale: nobody waits for it */
    m.before_sleep = NULL;
    MOCK_END(&m);
}
static void others_take_in_vain(mock *m, uint64_t self)
{
    (void)self;
    CHECK_EQ(take(m, 1, cap_[1]), VIPC_ERR_CHANNEL_EMPTY);
}
TEST(a_call_that_waits_is_refused)
{
    mock m;
    open_door(&m, 3, 4);
    vipc_message msg = mock_message(4), reply;
    m.asleep = others_take_in_vain;
    CHECK_EQ(vipc_call(&m.v[2], cap_[2], &msg, &reply, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(queued(&m, door_), 0);
    MOCK_END(&m);
}
#endif
static struct { vipc_cap door; vipc_error said; } taker;
static void takes_it(mock *m, uint64_t self)
{
    vipc_incoming in = VIPC_INIT;
    vipc_hand hand;
    (void)self;
    taker.said = vipc_take(&m->v[0], taker.door, &in, &hand, VIPC_NOW);
}
/* Not lost while its sender is told that it was taken. */
TEST(a_send_to_be_acknowledged_is_refused)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    taker.door = mock_endpoint(&m, 0, 4);
    vipc_cap his = mock_grant(&m, 0, taker.door, 1, 0);
    vipc_message q = mock_message(7);
    q.flags = VIPC_NEEDS_ACK;
    m.asleep = takes_it;
    CHECK_EQ(vipc_send(&m.v[1], his, &q, vipc_after(&m.v[1], 1000 * MS)), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(taker.said, VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_receive(&m.v[0], taker.door), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}
TEST(a_capability_stays_queued)
{
    mock m;
    vipc_incoming in = VIPC_INIT;
    vipc_message msg = mock_message(4);
    open_door(&m, 2, 4);
    vipc_cap gift = mock_endpoint(&m, 0, 1);
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = gift;
    REQUIRE_OK(vipc_send(&m.v[0], door_, &msg, VIPC_NOW));
    CHECK_EQ(vipc_take(&m.v[1], cap_[1], &in, &hand_[1], VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(in.info.sender.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(queued(&m, door_), 1);
    CHECK_OK(vipc_receive(&m.v[1], cap_[1], &msg, NULL, VIPC_NOW));
    CHECK(msg.flags == VIPC_HAS_CAPABILITY && mock_alive_cap(&m.v[1], msg.capability));
    MOCK_END(&m);
}

/* A long life of many hands: hints keep up, nothing is lost, and positions go on. */
TEST(many_hands_for_long)
{
    for (uint32_t capacity = 1; capacity <= 7; capacity += 2) {
        mock m;
        uint64_t seed = 1 + capacity, sent = 0, finished = 0, alive = 0, in_hand[6] = { 0 };
        static unsigned char state[20000];                 /* 1 queued or in a hand, 2 finished, 3 put back */
        memset(state, 0, sizeof state);
        open_door(&m, 6, capacity);
        for (int step = 0; step < 20000; step++) {
            unsigned i = 1 + (unsigned)(mock_random(&seed) % 5), what = (unsigned)(mock_random(&seed) % 8);
            if (what < 3) {
                vipc_error e = mock_send(&m.v[0], door_, sent);
                uint64_t hands = 0;                        /* the queue may be full early, but not when nothing waits in it */
                for (unsigned k = 1; k < 6; k++) hands += in_hand[k] != 0;
                CHECK(e == VIPC_OK ? alive < capacity : e == VIPC_ERR_CHANNEL_FULL && (alive == capacity || alive > hands));
                if (e == VIPC_OK) { state[sent++] = 1; alive++; }
            } else if (!in_hand[i] && what < 6) {
                long long n = take(&m, i, cap_[i]);
                if (n >= 0) {
                    CHECK_EQ(state[n], info_.redelivered ? 3 : 1);
                    for (uint64_t k = 0; k < sent; k++) CHECK(state[k] != 3 || info_.redelivered);     /* what came back goes first */
                    state[n] = 1;
                    for (unsigned k = 1; k < 6; k++) CHECK(in_hand[k] != (uint64_t)n + 1);
                    in_hand[i] = (uint64_t)n + 1;
                } else {
                    CHECK_EQ(n, VIPC_ERR_CHANNEL_EMPTY);
                    uint64_t hands = 0;
                    for (unsigned k = 1; k < 6; k++) hands += in_hand[k] != 0;
                    CHECK_EQ(alive, hands);
                }
            } else if (in_hand[i]) {
                int finish = what != 7;
                CHECK_OK(finish ? done(&m, i) : back(&m, i));
                state[in_hand[i] - 1] = finish ? 2 : 3;
                if (finish) { finished++; alive--; }
                in_hand[i] = 0;
            }
            if (test_failures_) break;
        }
        for (unsigned i = 1; i < 6; i++) if (in_hand[i]) { CHECK_OK(done(&m, i)); finished++; }
        for (long long n; (n = take(&m, 1, cap_[1])) >= 0; finished++) CHECK_OK(done(&m, 1));
        CHECK_EQ(finished, sent);
        uint64_t head = vipci_object_at(&m.v[0], 0)->head, tail = vipci_object_at(&m.v[0], 0)->tail;
        CHECK((tail >> 19) - (head >> 19) <= 2);           /* not left behind at the first message in hand */
        MOCK_END(&m);
    }
}

/* Whatever stands in a view's two words: no crash, no hang, and the domain goes on. */
TEST(scribbled_hands)
{
    static const uint64_t rubbish[] = { 1, 2, 0xffffff, ~(uint64_t)0, 0x7ff000001u, 0x1000001, 0x5000001, (uint64_t)1 << 63, 0x8000000001000001u };
    for (size_t k = 0; k < sizeof rubbish / sizeof *rubbish; k++)
        for (size_t j = 0; j < sizeof rubbish / sizeof *rubbish; j++)
            for (int how = 0; how < 5; how++) {
                mock m;
                vipc_hand h = { rubbish[k] };
                open_door(&m, 4, 4);
                mock_thread(&m, 1, 4);
                send_range(&m, 1, 2);
                CHECK_EQ(take(&m, 2, cap_[2]), 1);
                vipci_view *w = vipci_view_at(&m.v[0], m.v[1].view);
                w->hand = rubbish[k];
                w->hand_cap = rubbish[j];
                if (how == 0) CHECK(mock_documented(vipc_done(&m.v[1], h, true)));
                else if (how == 1) CHECK(mock_documented(vipc_done(&m.v[1], h, false)));
                else if (how == 2) { if (vipc_leave(&m.v[1]) == VIPC_OK) m.member[1] = 0; }
                else if (how == 3) { CHECK_OK(vipc_revoke(&m.v[0], door_, VIPC_FOREVER)); w->hand = 0; }
                else { m.member[4] = 0; die(&m, 1); }
                w->hand = 0;
                if (how != 3) { CHECK_OK(done(&m, 2)); CHECK_EQ(mock_receive(&m.v[0], door_), 2); }
                MOCK_END(&m);
            }
}

/* ==================================================================================================== processes
 * Workers that are killed.  The board knows of each job: who has it, whether somebody was about to say that it is done, and how often vipc_done said OK. */
enum { WORKERS = 5, JOBS = 400000, PAYLOAD = 64 };
typedef struct job {
    _Atomic uint32_t holder;           /* run that has taken it; 0: nobody, or it put it back */
    _Atomic uint32_t finishing;        /* a run is about to call vipc_done, or has */
    _Atomic uint32_t done;             /* times that it returned VIPC_OK */
} job;
typedef struct board {
    seat seats[SEATS];
    _Atomic uint32_t stop, no_futex;
    _Atomic uint64_t taken, again, put_back;
    _Atomic uint32_t doomed[4096];     /* by run: its kill is on the way */
    job jobs[JOBS];
} board;
static struct top { vipc ipc; vipc_posix_desc desc; int domain_fd, board_fd; board *b; unsigned runs; } top;

static void job_bytes(uint64_t n, unsigned char *to) { for (unsigned i = 0; i < PAYLOAD; i++) to[i] = (unsigned char)(mix(n) >> (i % 8 * 8)) ^ (unsigned char)i; }
/* A job came: it is whole, nobody has it, it is not done. */
static const char *wrong_with(board *b, const vipc_incoming *in, uint32_t run)
{
    unsigned char want[PAYLOAD];
    uint64_t n = in->message.data[0];
    if (n >= JOBS || in->message.opcode != 77) return "not a job";
    job_bytes(n, want);
    if (in->info.payload_size != n % PAYLOAD || memcmp(want, in->payload, n % PAYLOAD) != 0) return "its payload is another";
    if (b->jobs[n].done) return "it was done before";
    uint32_t was = atomic_exchange(&b->jobs[n].holder, run);
    if (was && !in->info.redelivered) return "it was in a hand, and comes unmarked";
    if (was && !b->doomed[was]) return "it is in the hand of one who lives";
    b->taken++;
    b->again += in->info.redelivered != 0;
    return NULL;
}
static int role_work(const part *p, board *b)
{
    vipc ipc;
    vipc_cap door;
    vipc_incoming in = VIPC_INIT;
    vipc_hand h;
    unsigned char bytes[PAYLOAD];
    seat *me = &b->seats[p->seat];
    uint64_t seed = mix(p->run);
    vipc_posix_desc d = VIPC_INIT;
    d.label = "worker";
    d.no_futex = b->no_futex;
    MUST(p, vipc_posix_open_fd(&ipc, p->domain_fd, &d));
    me->owner = ipc.view + 1;
    me->progress++;
    MUST(p, vipc_lookup(&ipc, "jobs", 0, &door, VIPC_FOREVER));
    in.payload = bytes;
    in.payload_capacity = sizeof bytes;
    for (;;) {
        bool last = b->stop != 0;
        vipc_error e = vipc_take(&ipc, door, &in, &h, vipc_after(&ipc, 20 * MS));
        me->progress++;
        if (e == VIPC_ERR_TIMEOUT) { if (last) break; continue; }
        MUST(p, e);
        const char *wrong = wrong_with(b, &in, p->run);
        if (wrong) give_up(p, "job %llu: %s", (unsigned long long)in.message.data[0], wrong);
        job *j = &b->jobs[in.message.data[0]];
        for (uint64_t spin = below(&seed, 4000); spin > 0; spin--) VIPC_ATOMIC_PAUSE();
        if (below(&seed, 16) == 0) {
            j->holder = 0;
            b->put_back++;
            MUST(p, vipc_done(&ipc, h, false));
            /* marked for whoever comes next, as `wrong_with` cannot know */
            continue;
        }
        j->finishing = 1;
        MUST(p, vipc_done(&ipc, h, true));
        j->done++;
        me->told[0]++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static void start_worker(int where)
{
    part p = { "work", top.board_fd, top.domain_fd, where, ++top.runs };
    spawn(top.b->seats, p);
}
static void finish(void)
{
    for (int i = 1; i < SEATS; i++)
        if (top.b->seats[i].pid) kill_and_wait(&top.b->seats[i]);
    watch_end();
    CHECK_OK(vipc_posix_close(&top.ipc));
    munmap(top.b, sizeof(board));
    close(top.board_fd);
    close(top.domain_fd);
}
#define NEED(condition) do { if (!CHECK(condition)) { finish(); longjmp(test_out_, 1); } } while (0)

static uint64_t sent_;
static void send_more(vipc_cap door)           /* as many as there is room for */
{
    vipc_outgoing out = VIPC_INIT;
    unsigned char bytes[PAYLOAD];
    for (vipc_error e = VIPC_OK; e == VIPC_OK && sent_ < JOBS; sent_ += e == VIPC_OK) {
        out.message.opcode = 77;
        out.message.data[0] = sent_;
        job_bytes(sent_, bytes);
        out.payload = bytes;
        out.payload_size = (size_t)(sent_ % PAYLOAD);
        e = vipc_send_large(&top.ipc, door, &out, VIPC_NOW);
        NEED(e == VIPC_OK || e == VIPC_ERR_CHANNEL_FULL);
    }
}
static void kill_workers(int goal, uint32_t capacity, uint32_t no_futex)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap door;
    int kills = 0;
    memset(&top, 0, sizeof top);
    top.desc.config.max_processes = 24;
    top.desc.frames_bytes = 4u << 20;
    top.desc.no_futex = no_futex;
    REQUIRE_OK(vipc_posix_create_fd(&top.ipc, &top.desc, &top.domain_fd));
    top.board_fd = share_fd(sizeof(board));
    top.b = share_map(top.board_fd, sizeof(board));
    top.b->no_futex = no_futex;
    sent_ = 0;
    watch_begin(top.b->seats, &top.ipc, "killed workers");
    uint64_t seed = seed_from_environment();
    d.capacity = capacity;
    d.payload_max = PAYLOAD;
    NEED(vipc_endpoint_create(&top.ipc, &d, &door) == VIPC_OK);
    NEED(vipc_publish(&top.ipc, "jobs", door, VIPC_RIGHT_RECEIVE) == VIPC_OK);
    for (int i = 1; i <= WORKERS; i++) start_worker(i);
    double began = seconds();
    while (kills < goal) {
        int who = 1 + (int)below(&seed, WORKERS);
        seat *s = &top.b->seats[who];
        uint64_t begun = s->progress + below(&seed, 20);
        int young = below(&seed, 8) == 0;
        do {
            send_more(door);
            top.b->seats[0].progress++;
            nap();
        } while (!young && s->progress < begun + 1);
        top.b->doomed[s->run] = 1;
        int status = kill_and_wait(s);
        NEED(status == -SIGKILL);                          /* else it had found something wrong, and said so */
        kills++;
        start_worker(who);
        NEED(test_failures_ == 0 && top.runs < 4000);
    }
    double took = seconds() - began;
    top.b->stop = 1;
    for (int i = 1; i <= WORKERS; i++) NEED(wait_for(&top.b->seats[i]) == 0);
    unsigned char bytes[PAYLOAD];
    vipc_incoming in = VIPC_INIT;
    in.payload = bytes;
    in.payload_capacity = sizeof bytes;
    vipc_hand h;
    CHECK_OK(vipc_sweep(&top.ipc, NULL));
    for (vipc_error e; (e = vipc_take(&top.ipc, door, &in, &h, VIPC_NOW)) == VIPC_OK;) {
        const char *wrong = wrong_with(top.b, &in, ++top.runs);
        if (wrong) printf("    job %llu: %s\n", (unsigned long long)in.message.data[0], wrong);
        CHECK(!wrong);
        CHECK_OK(vipc_done(&top.ipc, h, true));
        top.b->jobs[in.message.data[0]].done++;
    }
    uint64_t done_once = 0, in_doubt = 0, lost = 0, twice = 0;
    for (uint64_t n = 0; n < sent_; n++) {
        job *j = &top.b->jobs[n];
        done_once += j->done == 1;
        twice += j->done > 1;
        in_doubt += !j->done && j->finishing;              /* killed between the last instruction of vipc_done and the note on the board */
        lost += !j->done && !j->finishing;
    }
    uint32_t bad = 1;
    vipc_stats stats;
    CHECK_OK(vipc_check(&top.ipc, &bad));
    CHECK_EQ(bad, 0);
    CHECK_OK(vipc_stats_get(&top.ipc, &stats));
    printf("    %d kills in %.1f s: %llu jobs, %llu taken, %llu of them again, %llu put back; %llu done once, %llu as far as the queue knows, "
           "%llu in the killed ones' last step\n", kills, took, (unsigned long long)sent_, (unsigned long long)top.b->taken, (unsigned long long)top.b->again, (unsigned long long)top.b->put_back,
           (unsigned long long)done_once, (unsigned long long)stats.received, (unsigned long long)in_doubt);
    CHECK_EQ(lost, 0);
    CHECK_EQ(twice, 0);
    CHECK_EQ(done_once + in_doubt, sent_);
    CHECK(in_doubt <= (uint64_t)kills);
    CHECK(stats.received <= sent_ && stats.received + (uint64_t)kills >= sent_);   /* a kill may come between the slot and the count */
    CHECK(top.b->again > 0);
    finish();
}
TEST(three_hundred_kills)
{
    const char *wanted = getenv("VIPC_TEST_KILLS");
    kill_workers(wanted ? atoi(wanted) : 300, 16, 0);
}
TEST(kills_with_few_slots) { kill_workers(60, WORKERS + 1, 0); }
TEST(kills_of_workers_without_futex) { kill_workers(60, 16, 1); }

int main(int argc, char **argv)
{
    static const test_case cases[] = {
        T(take_and_done), T(take_and_done_at_a_channel), T(take_at_a_channel_whose_other_end_closes), T(take_and_done_refuse), T(take_with_a_payload), T(put_back_comes_first), T(death_gives_back_at_the_front),
        T(passed_over_and_given_back), T(a_hand_holds_a_slot), T(take_waits), T(done_wakes_a_sender), T(take_wakes_a_sender), T(destroy_does_not_wait_for_a_hand),
        T(the_owner_dies_before_done), T(a_dead_hand_at_a_record_in_new_use), T(revoke_gives_back_and_spares_others), T(close_gives_back_at_done),
        T(bind_gives_back), T(leaving_gives_back), T(trim_leaves_a_hand_alone), T(done_and_take_beside_a_trim),
        T(a_call_is_refused), T(a_call_that_waits_is_refused), T(a_send_to_be_acknowledged_is_refused), T(a_capability_stays_queued), T(many_hands_for_long), T(scribbled_hands),
        T(three_hundred_kills), T(kills_with_few_slots), T(kills_of_workers_without_futex),
    };
    part p;
    if (!role_of(argc, argv, &p)) return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
    setvbuf(stdout, NULL, _IOLBF, 0);
    return role_work(&p, share_map(p.board_fd, sizeof(board)));
}
