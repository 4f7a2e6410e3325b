/* t_large.c - messages with several capabilities, and calls with payloads both ways: vipc_send_large, vipc_receive_large, vipc_call_large,
 * vipc_reply_large; every error, what stays behind after one, whose frames the reply takes, and the numbered races. */
#define VIPC_UNSTABLE
#include "mock.h"

enum { FOUR = VIPC_MESSAGE_CAPS };

/* v[0] owns `door` (small messages) and `wide` (payloads); v[1] has his[] for both, and gifts of its own; v[2] is a third. */
typedef struct play {
    vipc_cap door, wide, his, his_wide, gift[FOUR];
    uint64_t object[FOUR];
    unsigned char bytes[9000], room[9000];
    vipc_incoming got;                 /* what the server received */
    vipc_error received, replied;
    vipc_outgoing answer;
    vipc_cap present[FOUR];            /* the server's */
    int twice;                         /* the server answers again: it must not */
} play;

static uint32_t entries(mock *m)       /* in use in the table, and how many of them travel */
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->v[0].max_caps; i++) n += vipci_entry_at(&m->v[0], i)->kind != 0;
    return n;
}
static uint32_t travelling(mock *m)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->v[0].max_caps; i++) n += (vipci_entry_at(&m->v[0], i)->kind & VIPCI_TRAVELS) != 0;
    return n;
}
static void set_up(mock *m, play *p, const vipc_config *config)
{
    vipc_endpoint_desc d = VIPC_INIT;
    memset(p, 0, sizeof *p);
    mock_open(m, config, 3, 128);
    p->door = mock_endpoint(m, 0, 2);
    d.capacity = 2;
    d.payload_max = 5000;
    REQUIRE_OK(vipc_endpoint_create(&m->v[0], &d, &p->wide));
    p->his = mock_grant(m, 0, p->door, 1, 0);
    p->his_wide = mock_grant(m, 0, p->wide, 1, 0);
    for (unsigned i = 0; i < FOUR; i++) {
        p->gift[i] = mock_endpoint(m, 1, 1);
        p->object[i] = mock_cap_info(&m->v[1], p->gift[i]).object;
        p->present[i] = mock_endpoint(m, 0, 1);
    }
    for (size_t i = 0; i < sizeof p->bytes; i++) p->bytes[i] = (unsigned char)(i * 7 + 1);
    m->script = p;
}
/* A message with so many capabilities, the first of them its own. */
static vipc_outgoing carrying(const vipc_cap *caps, uint32_t n, uint64_t number)
{
    vipc_outgoing o = VIPC_INIT;
    o.message = mock_message(number);
    if (n) {
        o.message.flags = VIPC_HAS_CAPABILITY;
        o.message.capability = caps[0];
        o.cap_count = n - 1;
        for (uint32_t i = 1; i < n; i++) o.caps[i - 1] = caps[i];
    }
    return o;
}
static vipc_incoming place(play *p, size_t capacity)
{
    vipc_incoming in;
    memset(&in, 0xEE, sizeof in);
    in.payload = capacity ? p->room : NULL;
    in.payload_capacity = capacity;
    memset(p->room, 0, sizeof p->room);
    return in;
}
static void close_all(vipc *who, const vipc_cap *caps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (caps[i].token) CHECK_OK(vipc_close(who, caps[i]));
}

TEST(four_travel_in_order)
{
    for (int form = 0; form < 4; form++)                     /* with and without the message's own, with and without a payload */
        for (uint32_t n = 1; n <= FOUR; n++) {
            mock m;
            play p;
            set_up(&m, &p, NULL);
            bool own = form & 1, wide = form & 2;
            uint32_t before = mock_held(&m, 0), his = mock_held(&m, 1), used = entries(&m);
            vipc_outgoing o = carrying(p.gift, own ? n : 0, 7);
            if (!own) {
                o.cap_count = n;
                memcpy(o.caps, p.gift, n * sizeof *o.caps);
            }
            o.payload = p.bytes;
            o.payload_size = wide ? 4711 : 0;
            CHECK_OK(vipc_send_large(&m.v[1], wide ? p.his_wide : p.his, &o, VIPC_NOW));
            CHECK_EQ(mock_held(&m, 1), his + n);             /* it holds them until they are received */
            CHECK_EQ(travelling(&m), n);
            mock_check_by(&m, &m.v[0], __FILE__, __LINE__);
            vipc_incoming in = place(&p, 4711);
            CHECK_OK(vipc_receive_large(&m.v[0], wide ? p.wide : p.door, &in, VIPC_NOW));
            CHECK_EQ(in.info.cap_count, n);
            CHECK_EQ(in.info.payload_size, wide ? 4711 : 0);
            CHECK_EQ(in.info.sender.id, vipc_self(&m.v[1]).id);
            CHECK_EQ(in.message.opcode, 7);
            CHECK_EQ(in.message.flags, VIPC_HAS_CAPABILITY);
            CHECK_EQ(in.message.capability.token, in.caps[0].token);
            CHECK(!wide || memcmp(p.room, p.bytes, 4711) == 0);
            for (uint32_t i = 0; i < FOUR; i++) {
                if (i >= n) { CHECK_EQ(in.caps[i].token, 0); continue; }
                vipc_cap_info c = mock_cap_info(&m.v[0], in.caps[i]);
                CHECK_EQ(c.object, p.object[i]);
                CHECK_EQ(c.rights, VIPC_RIGHT_ALL);
                CHECK_EQ(c.holder.id, vipc_self(&m.v[0]).id);
                CHECK_OK(vipc_cap_require(&m.v[1], p.gift[i], 0, VIPC_RIGHT_ALL));      /* the sender keeps its own */
            }
            CHECK_EQ(mock_held(&m, 0), before + n);
            CHECK_EQ(mock_held(&m, 1), his);
            CHECK_EQ(travelling(&m), 0);
            close_all(&m.v[0], in.caps, FOUR);
            CHECK_EQ(entries(&m), used);
            MOCK_END(&m);
        }
}
TEST(more_than_four_are_refused)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(p.gift, 4, 1);
    uint32_t used = entries(&m);
    o.cap_count = 4;
    o.caps[3] = p.gift[0];
    CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    o.message.flags = 0;
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    static const uint32_t many[] = { 5, 6, 255, 0x7fffffff, 0x80000000u, 0xfffffffeu, 0xffffffffu };
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        for (int own = 0; own < 2; own++) {
            o.cap_count = many[i];
            o.message.flags = own ? VIPC_HAS_CAPABILITY : 0;
            CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        }
    vipc_incoming in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
    CHECK_EQ(in.info.cap_count, 4);
    CHECK_EQ(mock_cap_info(&m.v[0], in.caps[3]).object, p.object[0]);
    close_all(&m.v[0], in.caps, FOUR);
    CHECK_EQ(entries(&m), used);
    MOCK_END(&m);
}
TEST(the_same_one_four_times)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_cap same[FOUR] = { p.gift[1], p.gift[1], p.gift[1], p.gift[1] };
    vipc_outgoing o = carrying(same, 4, 1);
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    vipc_incoming in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[1], p.his, &in, VIPC_NOW));         /* by the sender itself */
    for (uint32_t i = 0; i < FOUR; i++) {
        CHECK_EQ(mock_cap_info(&m.v[1], in.caps[i]).object, p.object[1]);
        for (uint32_t k = 0; k < i; k++) CHECK(in.caps[i].token != in.caps[k].token);
    }
    CHECK_EQ(mock_cap_info(&m.v[1], p.gift[1]).children, 4);
    MOCK_END(&m);
}
TEST(all_or_none)
{
    for (uint32_t at = 0; at < FOUR; at++)
        for (int why = 0; why < 4; why++) {
            mock m;
            play p;
            set_up(&m, &p, NULL);
            vipc_cap caps[FOUR];
            memcpy(caps, p.gift, sizeof caps);
            if (why == 0) caps[at].token = 0;
            if (why == 1) caps[at] = p.present[0];           /* another's */
            if (why == 2) caps[at] = mock_derive(&m, 1, p.gift[at], VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_GRANT);
            if (why == 3) { CHECK_OK(vipc_close(&m.v[1], p.gift[at])); }
            uint32_t used = entries(&m), his = mock_held(&m, 1);
            vipc_outgoing o = carrying(caps, FOUR, 1);
            CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), why == 2 ? VIPC_ERR_PERMISSION_DENIED : VIPC_ERR_INVALID_CAPABILITY);
            CHECK_EQ(entries(&m), used);
            CHECK_EQ(mock_held(&m, 1), his);
            CHECK_EQ(mock_receive(&m.v[0], p.door), VIPC_ERR_CHANNEL_EMPTY);
            for (uint32_t i = 0; i < FOUR; i++)
                if (mock_alive_cap(&m.v[1], p.gift[i])) CHECK_EQ(mock_cap_info(&m.v[1], p.gift[i]).children, why == 2 && i == at);
            MOCK_END(&m);
        }
}
TEST(a_sender_without_room_sends_none)
{
    for (uint32_t room = 0; room <= FOUR; room++)
        for (int table = 0; table < 2; table++) {            /* its own share, or the whole table */
            mock m;
            play p;
            vipc_config c = VIPC_INIT;
            if (table) c.max_capabilities = 12 + room;       /* set_up takes 12 */
            else c.capabilities_per_process = 6 + room;
            set_up(&m, &p, &c);
            uint32_t used = entries(&m), his = mock_held(&m, 1);
            vipc_outgoing o = carrying(p.gift, FOUR, 1);
            CHECK_EQ(used, 12);
            CHECK_EQ(his, 6);
            if (room < FOUR) {
                CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_LIMIT);
                CHECK_EQ(entries(&m), used);
                CHECK_EQ(mock_held(&m, 1), his);
                o = carrying(p.gift, room, 1);
            }
            CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
            vipc_incoming in = place(&p, 0);
            CHECK_OK(vipc_receive_large(&m.v[1], p.his, &in, VIPC_NOW));
            CHECK_EQ(in.info.cap_count, room);
            MOCK_END(&m);
        }
}
TEST(a_receiver_without_room_takes_none)
{
    for (uint32_t room = 0; room < FOUR; room++) {
        mock m;
        play p;
        vipc_config c = VIPC_INIT;
        c.capabilities_per_process = 20;
        set_up(&m, &p, &c);
        vipc_cap fill[20];
        uint32_t n = 0;
        while (mock_held(&m, 0) < 20 - room) fill[n++] = mock_derive(&m, 0, p.door, 0);
        vipc_outgoing o = carrying(p.gift, FOUR, 3);
        CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
        vipc_incoming in = place(&p, 0);
        CHECK_EQ(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW), VIPC_ERR_LIMIT);
        CHECK_EQ(mock_held(&m, 0), 20 - room);
        CHECK_EQ(travelling(&m), FOUR);
        mock_check_by(&m, &m.v[0], __FILE__, __LINE__);
        while (mock_held(&m, 0) > 16) CHECK_OK(vipc_close(&m.v[0], fill[--n]));
        CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
        CHECK_EQ(in.info.cap_count, FOUR);
        CHECK_EQ(in.message.opcode, 3);
        CHECK_EQ(mock_held(&m, 0), 20);
        MOCK_END(&m);
    }
}
TEST(small_receives_leave_it_queued)
{
    mock m;
    play p;
    vipc_message msg;
    vipc_info info;
    vipc_hand hand;
    uint32_t count = 0;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(p.gift, 3, 5);
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    memset(&info, 0xEE, sizeof info);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, &info, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(info.cap_count, 3);
    CHECK_EQ(info.payload_size, 0);
    CHECK_EQ(info.sender.id, vipc_self(&m.v[1]).id);
    CHECK_EQ(vipc_receive(&m.v[0], p.door, &msg, NULL, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(vipc_receive_many(&m.v[0], p.door, &msg, &info, 1, &count, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    vipc_incoming in = place(&p, 0);
    CHECK_EQ(vipc_take(&m.v[0], p.door, &in, &hand, VIPC_NOW), VIPC_ERR_INVALID_MESSAGE);
    CHECK_EQ(in.info.cap_count, 3);
    in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
    CHECK_EQ(in.info.cap_count, 3);
    CHECK_EQ(in.info.redelivered, 0);
    close_all(&m.v[0], in.caps, FOUR);
    /* one alone fits, whichever way it was given */
    memset(&o, 0, sizeof o);
    o.cap_count = 1;
    o.caps[0] = p.gift[2];
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    CHECK_OK(vipc_receive(&m.v[0], p.door, &msg, &info, VIPC_NOW));
    CHECK_EQ(info.cap_count, 1);
    CHECK_EQ(msg.flags, VIPC_HAS_CAPABILITY);
    CHECK_EQ(mock_cap_info(&m.v[0], msg.capability).object, p.object[2]);
    CHECK_OK(vipc_close(&m.v[0], msg.capability));
    /* too large a payload says how many too */
    o = carrying(p.gift, 4, 6);
    o.payload = p.bytes;
    o.payload_size = 100;
    CHECK_OK(vipc_send_large(&m.v[1], p.his_wide, &o, VIPC_NOW));
    in = place(&p, 99);
    CHECK_EQ(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(in.info.payload_size, 100);
    CHECK_EQ(in.info.cap_count, 4);
    in = place(&p, 100);
    CHECK_OK(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW));
    /* what carries none says none, in every way of receiving */
    close_all(&m.v[0], in.caps, FOUR);
    CHECK_OK(mock_send(&m.v[1], p.his, 1));
    in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
    CHECK_EQ(in.info.cap_count, 0);
    for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(in.caps[i].token, 0);
    for (int i = 0; i < 2; i++) {                            /* the usual case, and the first after another queue was used */
        CHECK_OK(mock_send(&m.v[1], p.his, 1));
        memset(&info, 0xEE, sizeof info);
        CHECK_OK(vipc_receive(&m.v[0], p.door, &msg, &info, VIPC_NOW));
        CHECK_EQ(info.cap_count, 0);
    }
    CHECK_OK(mock_send(&m.v[1], p.his, 1));
    memset(&info, 0xEE, sizeof info);
    CHECK_OK(vipc_receive_many(&m.v[0], p.door, &msg, &info, 1, &count, VIPC_NOW));
    CHECK_EQ(info.cap_count, 0);
    CHECK_OK(mock_send(&m.v[1], p.his, 1));
    in = place(&p, 0);
    CHECK_OK(vipc_take(&m.v[0], p.door, &in, &hand, VIPC_NOW));
    CHECK_EQ(in.info.cap_count, 0);
    for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(in.caps[i].token, 0);
    CHECK_OK(vipc_done(&m.v[0], hand, true));
    MOCK_END(&m);
}
TEST(revoked_on_the_way_is_none_at_its_place)
{
    for (uint32_t which = 1; which < 16; which++) {          /* a bit each */
        mock m;
        play p;
        set_up(&m, &p, NULL);
        vipc_outgoing o = carrying(p.gift, FOUR, 1);
        uint32_t used = entries(&m);
        CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
        for (uint32_t i = 0; i < FOUR; i++)
            if (which >> i & 1) CHECK_OK(vipc_revoke(&m.v[1], p.gift[i], VIPC_FOREVER));
        mock_check_by(&m, &m.v[0], __FILE__, __LINE__);
        vipc_incoming in = place(&p, 0);
        CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
        CHECK_EQ(in.info.cap_count, FOUR);
        for (uint32_t i = 0; i < FOUR; i++) {
            CHECK_EQ(in.caps[i].token == 0, which >> i & 1);
            if (in.caps[i].token) CHECK_EQ(mock_cap_info(&m.v[0], in.caps[i]).object, p.object[i]);
        }
        CHECK_EQ(in.message.capability.token, in.caps[0].token);
        CHECK_EQ(in.message.flags, which & 1 ? 0 : VIPC_HAS_CAPABILITY);
        close_all(&m.v[0], in.caps, FOUR);
        CHECK_EQ(entries(&m), used);
        MOCK_END(&m);
    }
}
/* Whatever ends a message that nobody received ends what travelled in it. */
TEST(nothing_travels_for_ever)
{
    for (int how = 0; how < 7; how++) {
        mock m;
        play p;
        set_up(&m, &p, NULL);
        vipc_outgoing o = carrying(p.gift, FOUR, 1);
        uint32_t used = entries(&m);
        if (how == 5) {                                      /* dropped by a sender */
            vipc_endpoint_desc d = VIPC_INIT;
            d.capacity = 1;
            d.full = VIPC_FULL_DROP_OLDEST;
            CHECK_OK(vipc_close(&m.v[1], p.his));
            CHECK_OK(vipc_endpoint_create(&m.v[1], &d, &p.his));
        }
        if (how == 6) CHECK_OK(mock_send(&m.v[1], p.his, 1));
        CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
        if (how == 0) CHECK_OK(vipc_destroy(&m.v[0], p.door, VIPC_NOW));
        if (how == 1 || how == 2) for (uint32_t i = 0; i < FOUR; i++) CHECK_OK(vipc_close(&m.v[1], p.gift[i]));      /* what travels is their last */
        if (how == 1) CHECK_OK(vipc_destroy(&m.v[0], p.door, VIPC_NOW));
        if (how == 2) {
            vipc_incoming in = place(&p, 0);
            CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
            for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(mock_cap_info(&m.v[0], in.caps[i]).object, p.object[i]);
            close_all(&m.v[0], in.caps, FOUR);
        }
        if (how == 3) {                                      /* the sender dies: the message comes all the same */
            mock_kill(&m, 1);
            CHECK_OK(vipc_sweep(&m.v[0], NULL));
            CHECK_EQ(travelling(&m), FOUR);
            mock_check_by(&m, &m.v[0], __FILE__, __LINE__);
            vipc_incoming in = place(&p, 0);
            CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
            CHECK_EQ(in.info.cap_count, FOUR);
            for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(in.caps[i].token, 0);       /* its endpoints went with it */
        }
        if (how == 4) {                                      /* the owner of the endpoint dies */
            mock_kill(&m, 0);
            CHECK_OK(vipc_sweep(&m.v[2], NULL));
        }
        if (how == 5) CHECK_OK(mock_send(&m.v[1], p.his, 2));
        if (how == 6) {                                      /* no room, and a time-out */
            CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
            CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, vipc_after(&m.v[1], 20 * MS)), VIPC_ERR_TIMEOUT);
            CHECK_EQ(travelling(&m), FOUR);
            CHECK_EQ(entries(&m), used + FOUR);
            CHECK_EQ(mock_receive(&m.v[0], p.door), 1);
            CHECK_OK(vipc_destroy(&m.v[0], p.door, VIPC_NOW));
        }
        CHECK_EQ(travelling(&m), 0);
        MOCK_END(&m);
    }
}
TEST(channels_and_acknowledged_sends_carry_four)
{
    mock m;
    play p;
    vipc_cap a, b;
    set_up(&m, &p, NULL);
    CHECK_OK(vipc_channel_create(&m.v[1], NULL, &a, &b));
    vipc_cap far = mock_grant(&m, 1, b, 2, 0);
    vipc_outgoing o = carrying(p.gift, FOUR, 1);
    CHECK_OK(vipc_send_large(&m.v[1], a, &o, VIPC_NOW));
    CHECK_OK(vipc_destroy(&m.v[1], a, VIPC_NOW));            /* what was sent stays */
    vipc_incoming in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[2], far, &in, VIPC_NOW));
    for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(mock_cap_info(&m.v[2], in.caps[i]).object, p.object[i]);
    o.message.flags |= VIPC_NEEDS_ACK;
    CHECK_EQ(vipc_send_large(&m.v[1], p.his, &o, vipc_after(&m.v[1], 20 * MS)), VIPC_ERR_TIMEOUT);      /* nobody takes it: it stays queued, stale */
    CHECK_EQ(travelling(&m), FOUR);
    in = place(&p, 0);
    CHECK_EQ(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(travelling(&m), 0);
    MOCK_END(&m);
}
TEST(limits_count_words_and_payload)
{
    mock m;
    play p;
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap tight;
    set_up(&m, &p, NULL);
    d.limits.bandwidth = 2 * (48 + 100);
    REQUIRE_OK(vipc_grant(&m.v[0], p.wide, vipc_self(&m.v[1]), &d, &tight));
    vipc_outgoing o = carrying(p.gift, FOUR, 1);
    o.payload = p.bytes;
    o.payload_size = 100;
    uint32_t used = entries(&m);
    CHECK_OK(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW));
    CHECK_OK(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW));
    CHECK_EQ(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW), VIPC_ERR_RATE_LIMIT);
    vipc_incoming in = place(&p, 100);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW));
        close_all(&m.v[0], in.caps, FOUR);
    }
    CHECK_EQ(entries(&m), used);
    /* what fails gives back what it took */
    m.now += 2000 * MS;
    o.caps[2].token = 1;
    CHECK_EQ(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    o.caps[2] = p.gift[3];
    CHECK_OK(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW));
    CHECK_OK(vipc_send_large(&m.v[1], tight, &o, VIPC_NOW));
    /* and those that travel keep, and share, theirs */
    CHECK_OK(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW));
    CHECK_OK(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW));
    d.limits.bandwidth = 0;
    d.limits.rate = 2;
    vipc_cap rated[FOUR];
    for (uint32_t i = 0; i < FOUR; i++) CHECK_OK(vipc_derive(&m.v[1], i & 1 ? p.gift[i] : p.his, &d, &rated[i]));
    o = carrying(rated, FOUR, 2);
    CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
    CHECK_OK(vipc_revoke(&m.v[1], rated[2], VIPC_FOREVER));
    in = place(&p, 0);
    CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
    CHECK_EQ(in.caps[2].token, 0);
    CHECK_EQ(mock_cap_info(&m.v[0], in.caps[0]).limits.rate, 2);
    CHECK_EQ(mock_cap_info(&m.v[0], in.caps[3]).limits.rate, 2);
    CHECK_OK(mock_send(&m.v[0], in.caps[0], 1));
    CHECK_OK(mock_send(&m.v[1], rated[0], 1));
    CHECK_EQ(mock_send(&m.v[0], in.caps[0], 1), VIPC_ERR_RATE_LIMIT);
    /* a call's request is charged as a send; its reply is free */
    m.now += 2000 * MS;
    o = carrying(p.gift, FOUR, 1);
    o.payload = p.bytes;
    o.payload_size = 2 * (48 + 100) - 48 + 1;
    in = place(&p, 5000);
    CHECK_EQ(vipc_call_large(&m.v[1], tight, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);       /* passes: the allowance is full */
    CHECK_EQ(vipc_call_large(&m.v[1], tight, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_RATE_LIMIT);
    MOCK_END(&m);
}

/* ---- calls ---- */
static void serve(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    m->asleep = NULL;
    memset(&p->got, 0, sizeof p->got);
    static unsigned char room[9000];
    p->got.payload = room;
    p->got.payload_capacity = sizeof room;
    p->received = vipc_receive_large(&m->v[0], p->wide, &p->got, VIPC_NOW);
    if (p->received == VIPC_OK) p->replied = vipc_reply_large(&m->v[0], p->got.info.reply, &p->answer);
    if (p->twice) CHECK_EQ(vipc_reply_large(&m->v[0], p->got.info.reply, &p->answer), VIPC_ERR_CANCELLED);
}
static vipc_error call(mock *m, play *p, const vipc_outgoing *o, vipc_incoming *in)
{
    m->asleep = serve;
    vipc_error e = vipc_call_large(&m->v[1], p->his_wide, o, in, vipc_after(&m->v[1], 100 * MS));
    m->asleep = NULL;
    return e;
}
TEST(a_call_with_payloads_and_capabilities_both_ways)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(p.gift, FOUR, 11);
    o.payload = p.bytes;
    o.payload_size = 5000;
    uint64_t frames = 0;
    uint32_t used = entries(&m);
    p.twice = 1;
    for (int round = 0; round < 3; round++) {
        p.answer = carrying(p.present, FOUR, 12);
        p.answer.payload = p.bytes + 1;
        p.answer.payload_size = 8191;
        vipc_incoming in = place(&p, 8192);
        CHECK_OK(call(&m, &p, &o, &in));
        CHECK_OK(p.received);
        CHECK_OK(p.replied);
        CHECK_EQ(p.got.info.payload_size, 5000);
        CHECK_EQ(p.got.info.cap_count, FOUR);
        CHECK_EQ(p.got.message.opcode, 11);
        CHECK(memcmp(p.got.payload, p.bytes, 5000) == 0);
        CHECK_EQ(in.message.opcode, 12);
        CHECK_EQ(in.message.flags, VIPC_IS_REPLY | VIPC_HAS_CAPABILITY);
        CHECK_EQ(in.info.payload_size, 8191);
        CHECK_EQ(in.info.cap_count, FOUR);
        CHECK_EQ(in.info.sender.id, vipc_self(&m.v[0]).id);
        CHECK_EQ(in.info.reply.token, 0);
        CHECK_EQ(in.info.badge, 0);
        CHECK_EQ(in.info.dropped, 0);
        CHECK_EQ(in.info.redelivered, 0);
        CHECK_EQ(in.message.capability.token, in.caps[0].token);
        CHECK(memcmp(p.room, p.bytes + 1, 8191) == 0);
        CHECK_EQ(p.room[8191], 0);
        for (uint32_t i = 0; i < FOUR; i++) {
            CHECK_EQ(mock_cap_info(&m.v[0], p.got.caps[i]).object, p.object[i]);
            CHECK_EQ(mock_cap_info(&m.v[1], in.caps[i]).object, mock_cap_info(&m.v[0], p.present[i]).object);
        }
        close_all(&m.v[0], p.got.caps, FOUR);
        close_all(&m.v[1], in.caps, FOUR);
        CHECK_EQ(entries(&m), used);
        if (round == 0) frames = m.in_use;
        CHECK_EQ(m.in_use, frames);                          /* kept, and used again */
        MOCK_CHECK(&m, frames);
    }
    uint64_t back = 0;
    CHECK_OK(vipc_trim(&m.v[2], &back));
    CHECK_EQ(back, frames);
    MOCK_CHECK(&m, 0);
    p.twice = 0;
    vipc_incoming in = place(&p, 8192);                      /* and taken anew */
    CHECK_OK(call(&m, &p, &o, &in));
    CHECK_EQ(m.in_use, frames);
    MOCK_END(&m);
}
TEST(a_reply_must_fit)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    for (size_t room = 0; room <= 4097; room += room < 3 ? 1 : room < 4094 ? 4091 : 1) {
        vipc_incoming in = place(&p, room);
        p.answer = carrying(NULL, 0, 2);
        p.answer.payload = p.bytes;
        p.answer.payload_size = room + 1;
        CHECK_EQ(call(&m, &p, &o, &in), VIPC_ERR_TIMEOUT);
        CHECK_EQ(p.replied, VIPC_ERR_MESSAGE_TOO_LARGE);
        in = place(&p, room);
        p.answer.payload_size = room;
        CHECK_OK(call(&m, &p, &o, &in));
        CHECK_OK(p.replied);
        CHECK_EQ(in.info.payload_size, room);
        CHECK_EQ(in.info.cap_count, 0);
        CHECK(memcmp(p.room, p.bytes, room) == 0 && p.room[room] == 0);
    }
    MOCK_END(&m);
}
static void serve_again(mock *m, uint64_t self)              /* too large first, and all that is wrong; the right is still good */
{
    play *p = (play *)m->script;
    (void)self;
    m->asleep = NULL;
    CHECK_OK(vipc_receive_large(&m->v[0], p->wide, &p->got, VIPC_NOW));
    vipc_reply_right to = p->got.info.reply, none = VIPC_INIT;
    vipc_outgoing o = carrying(NULL, 0, 2);
    vipc *v = &m->v[0];
    uint32_t used = entries(m);
    bool large = vipci_view_at(v, m->v[1].view)->room != 0;
    o.payload = p->bytes;
    o.payload_size = 1001;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = VIPC_PAYLOAD_MAX;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = (size_t)-1;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = 1;
    if (!large) CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload = NULL;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_large(v, to, NULL), VIPC_ERR_INVALID_ARGUMENT);
    o = carrying(p->present, FOUR, 2);
    o.cap_count = 4;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_INVALID_ARGUMENT);
    o.cap_count = 3;
    if (!large) CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.cap_count = 1;
    if (!large) CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.cap_count = 3;
    o.caps[2] = p->gift[0];                                  /* another's */
    CHECK_EQ(vipc_reply_large(v, to, &o), large ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_MESSAGE_TOO_LARGE);
    o.caps[2] = mock_derive(m, 0, p->present[0], VIPC_RIGHT_SEND);
    CHECK_EQ(vipc_reply_large(v, to, &o), large ? VIPC_ERR_PERMISSION_DENIED : VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_OK(vipc_close(v, o.caps[2]));
    o = carrying(NULL, 0, 2);
    o.message.flags = 32;
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_INVALID_MESSAGE);
    o.message.flags = 0;
    CHECK_EQ(vipc_reply_large(v, none, &o), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_large(&m->v[2], to, &o), VIPC_ERR_INVALID_ARGUMENT);     /* of another process */
    CHECK_EQ(entries(m), used);
    o = carrying(p->present, 1, 3);                          /* any caller has room for this */
    CHECK_OK(vipc_reply_large(v, to, &o));
    CHECK_EQ(vipc_reply_large(v, to, &o), VIPC_ERR_CANCELLED);
    CHECK_EQ(entries(m), used + 1);
}
TEST(a_reply_that_fails_leaves_the_right)
{
    mock m;
    play p;
    vipc_message q = mock_message(1), a;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    vipc_incoming in = place(&p, 1000);
    m.asleep = serve_again;
    CHECK_OK(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER));
    CHECK_EQ(in.info.cap_count, 1);
    CHECK_EQ(in.info.payload_size, 0);
    m.asleep = serve_again;                                  /* a plain caller: no payload, one capability */
    CHECK_OK(vipc_call(&m.v[1], p.his_wide, &q, &a, VIPC_FOREVER));
    CHECK_EQ(a.opcode, 3);
    CHECK_EQ(a.flags, VIPC_IS_REPLY | VIPC_HAS_CAPABILITY);
    m.asleep = serve_again;                                  /* a large one after it, and without room for a byte */
    in = place(&p, 0);
    CHECK_OK(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER));
    MOCK_END(&m);
}
static void answer_small(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    vipc_message a = mock_message(4);
    (void)self;
    m->asleep = NULL;
    CHECK_OK(vipc_receive_large(&m->v[0], p->wide, &p->got, VIPC_NOW));
    if (p->twice) CHECK_OK(vipc_reply_drop(&m->v[0], p->got.info.reply, VIPC_ERR_FAULT));
    else CHECK_OK(vipc_reply(&m->v[0], p->got.info.reply, &a));
}
TEST(small_answers_to_large_calls)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    p.answer = carrying(NULL, 0, 2);
    p.answer.payload = p.bytes;
    p.answer.payload_size = 77;
    vipc_incoming in = place(&p, 100);
    CHECK_OK(call(&m, &p, &o, &in));
    CHECK_EQ(in.info.payload_size, 77);
    m.asleep = answer_small;                                 /* of the last reply nothing is left */
    in = place(&p, 100);
    CHECK_OK(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER));
    CHECK_EQ(in.info.payload_size, 0);
    CHECK_EQ(in.info.cap_count, 0);
    CHECK_EQ(in.message.opcode, 4);
    CHECK_EQ(in.message.capability.token | in.caps[0].token | in.caps[3].token, 0);
    CHECK_EQ(p.room[0], 0);
    p.twice = 1;
    m.asleep = answer_small;
    CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_FAULT);
    MOCK_END(&m);
}
TEST(a_caller_without_room_for_the_capabilities_loses_the_reply)
{
    for (uint32_t room = 0; room <= FOUR; room++) {
        mock m;
        play p;
        vipc_config c = VIPC_INIT;
        c.capabilities_per_process = 16;
        set_up(&m, &p, &c);
        while (mock_held(&m, 1) < 16 - room) (void)mock_derive(&m, 1, p.his, 0);
        uint32_t used = entries(&m);
        vipc_outgoing o = carrying(NULL, 0, 1);
        p.answer = carrying(p.present, FOUR, 2);
        vipc_incoming in = place(&p, 0);
        CHECK_EQ(call(&m, &p, &o, &in), room < FOUR ? VIPC_ERR_LIMIT : VIPC_OK);
        CHECK_OK(p.replied);
        CHECK_EQ(entries(&m), used + (room < FOUR ? 0 : FOUR));
        CHECK_EQ(mock_held(&m, 1), 16 - room + (room < FOUR ? 0 : FOUR));
        MOCK_END(&m);
    }
}
static void drop_silently(mock *m, uint64_t self) { (void)m; (void)self; }
TEST(calls_that_fail)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc *v = &m.v[1];
    vipc_outgoing o = carrying(p.gift, FOUR, 1);
    vipc_incoming in = place(&p, 100);
    uint32_t used = entries(&m);
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(vipc_call_large(v, p.his_wide, NULL, &in, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    in.payload = NULL;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    in = place(&p, 100);
    o.payload_size = 1;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    o.payload = p.bytes;
    o.payload_size = 5001;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_EQ(vipc_call_large(v, p.his, &o, &in, VIPC_FOREVER), VIPC_ERR_MESSAGE_TOO_LARGE);
    o.payload_size = 0;
    o.cap_count = 4;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    o.cap_count = 3;
    o.message.flags |= VIPC_NEEDS_ACK;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
    o.message.flags = VIPC_HAS_CAPABILITY;
    CHECK_EQ(vipc_call_large(v, p.gift[0], &o, &in, VIPC_FOREVER), VIPC_ERR_DEADLOCK);
    vipc_cap deaf = mock_derive(&m, 1, p.his_wide, VIPC_RIGHT_RECEIVE);
    CHECK_EQ(vipc_call_large(v, deaf, &o, &in, VIPC_FOREVER), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_close(v, deaf));
    CHECK_EQ(vipc_call_large(v, p.present[0], &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    o.caps[1].token = 77;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    o.caps[1] = p.gift[2];
    CHECK_EQ(entries(&m), used);
    CHECK_EQ(vipci_mine(v)->room, 0);
    CHECK_EQ(VIPCI_CALL_STATE(vipci_mine(v)->call), VIPCI_IDLE);
    /* no frames: nothing is sent, nothing stays */
    CHECK_OK(vipc_trim(v, NULL));
    in.payload_capacity = VIPC_PAYLOAD_MAX;                  /* more than there are */
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_OUT_OF_MEMORY);
    in.payload_capacity = (size_t)-1;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(entries(&m), used);
    CHECK_EQ(m.in_use, 0);
    CHECK_EQ(vipci_mine(v)->room, 0);
    /* time-out, then the request is stale and its capabilities end with it */
    in = place(&p, 100);
    m.asleep = drop_silently;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, vipc_after(v, 10 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(travelling(&m), FOUR);
    CHECK_EQ(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(entries(&m), used);
    m.hooks.block = NULL;
    CHECK_EQ(vipc_call_large(v, p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    m.hooks.block = mock_block;
    CHECK_EQ(entries(&m), used);
    MOCK_END(&m);
}
static void take_and_die(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    m->asleep = NULL;
    CHECK_OK(vipc_receive_large(&m->v[2], p->gift[0], &p->got, VIPC_NOW));
    if (p->twice) CHECK_OK(vipc_reply_large(&m->v[2], p->got.info.reply, &p->answer));
    mock_kill(m, 2);
    CHECK_OK(vipc_sweep(&m->v[0], NULL));
}
TEST(a_server_that_dies)
{
    for (int replied = 0; replied < 2; replied++) {
        mock m;
        play p;
        set_up(&m, &p, NULL);
        vipc_cap gift = p.gift[0], hers[FOUR];
        p.gift[0] = mock_grant(&m, 1, gift, 2, 0);           /* v[2] serves v[1]'s own endpoint */
        for (uint32_t i = 0; i < FOUR; i++) hers[i] = mock_grant(&m, 0, p.present[i], 2, 0);
        uint32_t used = entries(&m);
        p.answer = carrying(hers, FOUR, 9);
        p.twice = replied;
        vipc_outgoing o = carrying(p.gift + 1, 3, 1);
        vipc_incoming in = place(&p, 300);
        m.asleep = take_and_die;
        CHECK_EQ(vipc_call_large(&m.v[1], gift, &o, &in, VIPC_FOREVER), replied ? VIPC_OK : VIPC_ERR_PEER_DEAD);
        CHECK_EQ(travelling(&m), 0);
        CHECK_EQ(entries(&m), used - 5 + (replied ? FOUR : 0));      /* the reply had been given: it came with all */
        if (replied) for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(mock_cap_info(&m.v[1], in.caps[i]).object, mock_cap_info(&m.v[0], p.present[i]).object);
        MOCK_END(&m);
    }
}
TEST(a_caller_that_dies_gives_its_frames_back)
{
    for (int how = 0; how < 4; how++) {
        mock m;
        play p;
        set_up(&m, &p, NULL);
        vipc_outgoing o = carrying(NULL, 0, 1);
        vipc_incoming in = place(&p, 8000);
        if (how == 2) mock_thread(&m, 1, 4);
        if (how == 3) CHECK_OK(vipc_process_create(&m.v[0], NULL, &m.v[5], NULL));
        if (how == 3) m.member[5] = 1;
        m.asleep = drop_silently;
        CHECK_EQ(vipc_call_large(&m.v[how == 2 ? 4 : 1], p.his_wide, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
        CHECK_EQ(vipc_receive_large(&m.v[0], p.wide, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
        uint64_t queue = vipci_queue_frames(&m.v[0], vipci_object_at(&m.v[0], 1)->shape);
        CHECK_EQ(m.in_use, queue + 2);
        if (how == 0) { mock_kill(&m, 1); CHECK_OK(vipc_sweep(&m.v[0], NULL)); }
        if (how == 1) mock_leave_domain(&m, 1);
        if (how == 2) { CHECK_OK(vipc_leave(&m.v[4])); m.member[4] = 0; }
        if (how == 3) { mock_leave_domain(&m, 5); CHECK_EQ(m.in_use, queue + 2); mock_leave_domain(&m, 1); }
        MOCK_CHECK(&m, queue);
        MOCK_END(&m);
    }
}
TEST(more_room_takes_the_place_of_less)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    p.answer = carrying(NULL, 0, 2);
    p.answer.payload = p.bytes;
    static const size_t sizes[] = { 1, 4096, 4097, 8192, 8193, 100, 0, 8999 };
    static const uint64_t frames[] = { 1, 1, 2, 2, 3, 3, 3, 3 };
    uint64_t queue = vipci_queue_frames(&m.v[0], vipci_object_at(&m.v[0], 1)->shape);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        vipc_incoming in = place(&p, sizes[i]);
        p.answer.payload_size = sizes[i];
        CHECK_OK(call(&m, &p, &o, &in));
        CHECK_OK(p.replied);
        CHECK(memcmp(p.room, p.bytes, sizes[i]) == 0);
        MOCK_CHECK(&m, queue + frames[i]);
    }
    /* when there are no more, the old ones stay */
    m.fail_hook = -1;
    mock_fail(&m, MOCK_ALLOC, 1, VIPC_ERR_OUT_OF_MEMORY);
    vipc_incoming in = place(&p, 9000);
    in.payload_capacity = 20000;
    CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_OUT_OF_MEMORY);
    mock_heal(&m);
    MOCK_CHECK(&m, queue + 3);
    in = place(&p, 8999);
    p.answer.payload_size = 8999;
    CHECK_OK(call(&m, &p, &o, &in));
    MOCK_END(&m);
}

/* ---- the numbered races, by hand; explore does them at every step ---- */
static void trim_then_serve(mock *m, uint64_t self)
{
    uint64_t back = 77;
    CHECK_OK(vipc_trim(&m->v[2], &back));                    /* not the queue, it has a request; not the reply's room */
    CHECK_EQ(back, 0);
    serve(m, self);
    CHECK_OK(vipc_trim(&m->v[2], &back));                    /* the reply stands in it: not yet */
    play *p = (play *)m->script;
    CHECK_EQ(back, vipci_queue_frames(&m->v[0], vipci_object_at(&m->v[0], 1)->shape));
    CHECK(p->replied == VIPC_OK);
}
TEST(race35_trim_leaves_the_room_of_a_call_under_way)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    p.answer = carrying(NULL, 0, 2);
    p.answer.payload = p.bytes;
    p.answer.payload_size = 5555;
    vipc_incoming in = place(&p, 6000);
    m.asleep = trim_then_serve;
    CHECK_OK(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER));
    CHECK(memcmp(p.room, p.bytes, 5555) == 0);
    uint64_t back = 0;
    CHECK_OK(vipc_trim(&m.v[2], &back));
    CHECK_EQ(back, 2);
    /* one that died with its mark made: the next call takes it off */
    in = place(&p, 6000);
    CHECK_OK(call(&m, &p, &o, &in));
    vipci_view *c = vipci_mine(&m.v[1]);
    uint32_t b = VIPCI_CALL_BUFFER(c->call);
    CHECK_EQ(vipci_lock_try(&m.v[2]), VIPC_OK);
    (void)vipci_log(&m.v[2], &c->large[b], c->large[b], 1);
    (void)vipci_swap64(&m.v[2], &c->large[b], c->large[b] | VIPCI_TRIMMED);
    mock_kill(&m, 2);
    in = place(&p, 6000);
    CHECK_OK(call(&m, &p, &o, &in));
    CHECK_EQ(c->large[b] & VIPCI_TRIMMED, 0);
    CHECK(memcmp(p.room, p.bytes, 5555) == 0);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    MOCK_END(&m);
}
static uint64_t stood_still;                                 /* the call word of a server in the middle of replying */
static void stand_still(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    uint32_t caller = 0;
    uint64_t word = 0;
    (void)self;
    m->asleep = drop_silently;
    CHECK_OK(vipc_receive_large(&m->v[0], p->wide, &p->got, VIPC_NOW));
    CHECK_OK(vipci_right(&m->v[0], p->got.info.reply, &caller, &word));
    stood_still = vipci_call_word(word, VIPCI_REPLYING, m->v[0].view + 1);
    CHECK(vipci_cas64(&m->v[0], &vipci_view_at(&m->v[0], caller)->call, word, stood_still));
}
TEST(race36_a_late_server_writes_where_nobody_else_is)
{
    for (int how = 0; how < 4; how++) {
        mock m;
        play p;
        set_up(&m, &p, NULL);
        uint64_t queue = vipci_queue_frames(&m.v[0], vipci_object_at(&m.v[0], 1)->shape), back = 0;
        uint32_t view = m.v[1].view;
        vipci_view *c = vipci_view_at(&m.v[0], view);
        vipc_outgoing o = carrying(NULL, 0, 1);
        vipc_incoming in = place(&p, 4096);
        m.asleep = stand_still;
        CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
        uint32_t b = VIPCI_CALL_BUFFER(stood_still);
        uint64_t word = c->large[b];
        CHECK_EQ(c->abandoned[b], stood_still);
        CHECK_EQ(VIPCI_RUN_FRAMES(word), 1);
        p.answer = carrying(NULL, 0, 2);
        p.answer.payload = p.bytes;
        p.answer.payload_size = 9000;
        if (how == 0) {                                      /* the caller goes on, with more room: in the other buffer */
            in = place(&p, 9000);
            CHECK_OK(call(&m, &p, &o, &in));
            CHECK(memcmp(p.room, p.bytes, 9000) == 0);
            CHECK_EQ(m.in_use, queue + 1 + 3);
        }
        if (how == 1) { mock_kill(&m, 1); CHECK_OK(vipc_sweep(&m.v[0], NULL)); }       /* it goes, and the room stays */
        if (how == 2) mock_leave_domain(&m, 1);
        if (how == 3) {                                      /* and both late: the third has no room */
            m.asleep = stand_still;
            uint64_t first = stood_still;
            CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
            CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, VIPC_FOREVER), VIPC_ERR_RESOURCE_BUSY);
            CHECK(vipci_cas64(&m.v[0], &c->abandoned[VIPCI_CALL_BUFFER(stood_still)], stood_still, 0));
            stood_still = first;
            in = place(&p, 9000);
            CHECK_OK(call(&m, &p, &o, &in));
        }
        CHECK_OK(vipc_trim(&m.v[0], &back));
        CHECK_EQ(c->large[b], word);
        MOCK_CHECK(&m, 1);
        unsigned char *at = vipci_run_at(&m.v[0], word, 4096);
        REQUIRE(at != NULL);
        memset(at, 0x55, 4096);                              /* the sanitizer, or the next taker, would notice */
        CHECK(!vipci_cas64(&m.v[0], &c->call, stood_still, vipci_call_word(stood_still, VIPCI_REPLIED, m.v[0].view + 1)));
        CHECK(vipci_cas64(&m.v[0], &c->abandoned[b], stood_still, 0));
        CHECK_OK(vipc_trim(&m.v[0], &back));
        CHECK_EQ(back, 1);
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(race36_the_server_that_was_late_dies)
{
    mock m;
    play p;
    set_up(&m, &p, NULL);
    vipc_outgoing o = carrying(NULL, 0, 1);
    vipc_incoming in = place(&p, 4096);
    m.asleep = stand_still;
    CHECK_EQ(vipc_call_large(&m.v[1], p.his_wide, &o, &in, vipc_after(&m.v[1], 10 * MS)), VIPC_ERR_TIMEOUT);
    mock_leave_domain(&m, 1);
    CHECK(m.in_use > 0);
    mock_kill(&m, 0);
    CHECK_OK(vipc_sweep(&m.v[2], NULL));
    MOCK_CHECK(&m, 0);                                       /* the room of one who is gone, and the queue */
    MOCK_END(&m);
}
/* A process that is killed at each hook, and in each step under the lock, is the work of t_stepkill and explore; here: pieces of a chain by hand. */
TEST(race37_a_piece_of_a_chain_is_freed_whole)
{
    for (uint32_t pieces = 1; pieces <= FOUR; pieces++) {
        mock m;
        play p;
        uint32_t link = 0;
        set_up(&m, &p, NULL);
        vipc_cap gift[FOUR];
        for (uint32_t i = 0; i < FOUR; i++) gift[i] = mock_grant(&m, 0, p.present[i], 1, 0);
        uint32_t used = entries(&m);
        CHECK_EQ(vipci_lock_try(&m.v[1]), VIPC_OK);
        for (uint32_t i = 0; i < pieces; i++) CHECK_OK(vipci_pack_one(&m.v[1], gift[FOUR - 1 - i], 1, i == FOUR - 1, &link));
        mock_kill(&m, 1);                                    /* with the lock */
        CHECK_EQ(travelling(&m), pieces);
        CHECK_OK(vipc_sweep(&m.v[0], NULL));
        CHECK_EQ(travelling(&m), 0);
        CHECK_EQ(entries(&m), used - 6 - FOUR);
        MOCK_END(&m);
    }
}
TEST(race37_a_receiver_that_dies_halfway_through)
{
    for (int step = 0; step <= 8; step++) {                  /* held so many, then received so many */
        mock m;
        play p;
        set_up(&m, &p, NULL);
        vipc_cap hers = mock_grant(&m, 0, p.door, 2, 0);
        uint32_t used = entries(&m);
        vipc_outgoing o = carrying(p.gift, FOUR, 1);
        CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
        vipci_ring *r;
        vipci_claimed c;
        vipci_object *door = vipci_object_at(&m.v[2], 0);
        vipci_entry *all[FOUR];
        (void)hers;
        CHECK_EQ(vipci_lock_try(&m.v[2]), VIPC_OK);
        vipci_intend(&m.v[2], vipci_at_object(0));
        CHECK_OK(vipci_ring_open(&m.v[2], door, &r));
        CHECK_OK(vipci_take(&m.v[2], r, door, true, &c));
        CHECK_EQ(vipci_travellers(&m.v[2], (uint32_t)c.slot->body.head, 1, all), FOUR);
        for (int i = 0; i < FOUR && i < step; i++) { vipci_hold(&m.v[2], all[FOUR - 1 - i], vipci_us(&m.v[2])); vipci_commit(&m.v[2]); }
        if (step > 4) CHECK(vipci_finish(&m.v[2], r, door, &c));
        for (int i = 0; i < step - 5; i++) CHECK(vipci_unwrap(&m.v[2], all[i]).token != 0);
        mock_kill(&m, 2);
        CHECK_OK(vipc_sweep(&m.v[0], NULL));
        mock_check_by(&m, &m.v[0], __FILE__, __LINE__);
        vipc_incoming in = place(&p, 0);
        if (step <= 4) {                                     /* it is there again, with all */
            CHECK_OK(vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW));
            CHECK_EQ(in.info.cap_count, FOUR);
            CHECK_EQ(in.info.redelivered, 1);
            for (uint32_t i = 0; i < FOUR; i++) CHECK_EQ(mock_cap_info(&m.v[0], in.caps[i]).object, p.object[i]);
            close_all(&m.v[0], in.caps, FOUR);
        }
        CHECK_EQ(travelling(&m), 0);
        CHECK_EQ(entries(&m), used - 1);
        MOCK_END(&m);
    }
}
TEST(race37_a_reaper_that_dies_halfway_through_a_chain)
{
    for (int steps = 0; steps < 4; steps++) {
        mock m;
        play p;
        set_up(&m, &p, NULL);
        uint32_t used = entries(&m);
        vipc_outgoing o = carrying(p.gift, FOUR, 1);
        CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
        /* v[2] has begun to end the endpoint: the slot is claimed, some of the chain is gone */
        vipci_object *door = vipci_object_at(&m.v[2], 0);
        vipci_ring *r;
        CHECK_EQ(vipci_lock_try(&m.v[2]), VIPC_OK);
        vipci_intend(&m.v[2], vipci_at_object(0));
        uint64_t s = vipci_load64(&m.v[2], &door->state);
        CHECK(vipci_cas64(&m.v[2], &door->state, s, (s & ~(uint64_t)VIPCI_STATE) | VIPCI_CLOSING));
        CHECK_OK(vipci_ring_open(&m.v[2], door, &r));
        CHECK(vipci_seize(&m.v[2], vipci_slot_at(r, 0)));
        vipci_entry *first = vipci_linked(&m.v[2], (uint32_t)vipci_slot_at(r, 0)->body.head);
        for (int i = 0; i < steps; i++) {                    /* as vipci_forget_traveller does */
            vipci_entry *next = vipci_follower(&m.v[2], first);
            REQUIRE(next != NULL);
            vipci_set64(&m.v[2], &first->place, (next->place & ~(uint64_t)0xffffffff) | (uint32_t)first->place);
            vipci_set32(&m.v[2], &first->kind, (first->kind & ~(uint32_t)VIPCI_MORE) | (next->kind & VIPCI_MORE));
            vipci_forget_one(&m.v[2], vipci_link(&m.v[2], next));
        }
        mock_kill(&m, 2);
        CHECK_EQ(travelling(&m), FOUR - (uint32_t)steps);
        vipc_cap fresh = mock_endpoint(&m, 0, 1);            /* takes a slot that was freed */
        CHECK_OK(vipc_sweep(&m.v[0], NULL));
        CHECK_EQ(travelling(&m), 0);
        CHECK(mock_alive_cap(&m.v[0], fresh));
        CHECK(entries(&m) <= used);
        MOCK_END(&m);
    }
}

/* What lies in shared memory is not believed: chains that go round, go nowhere, or lead to what is another's. */
TEST(chains_that_were_scribbled_over)
{
    for (uint32_t which = 0; which < FOUR; which++)
        for (int value = 0; value < 8; value++) {
            mock m;
            play p;
            set_up(&m, &p, NULL);
            vipc_outgoing o = carrying(p.gift, FOUR, 1);
            CHECK_OK(vipc_send_large(&m.v[1], p.his, &o, VIPC_NOW));
            vipci_ring *r;
            vipci_entry *all[FOUR];
            CHECK_OK(vipci_ring_open(&m.v[0], vipci_object_at(&m.v[0], 0), &r));
            CHECK_EQ(vipci_travellers(&m.v[0], (uint32_t)vipci_slot_at(r, 0)->body.head, 1, all), FOUR);
            const uint64_t links[8] = { 0, vipci_link(&m.v[0], all[which]), vipci_link(&m.v[0], all[0]), 1, 0xffffffffu, m.v[0].max_caps, m.v[0].max_caps + 1, 12 };
            all[which]->place = links[value] << 32 | (uint32_t)all[which]->place;
            all[which]->kind |= VIPCI_MORE;
            vipc_incoming in = place(&p, 0);
            vipc_error e = vipc_receive_large(&m.v[0], p.door, &in, VIPC_NOW);
            CHECK(e == VIPC_OK || mock_documented(e));
            CHECK(e != VIPC_OK || in.info.cap_count <= FOUR);
            if (e == VIPC_OK) for (uint32_t i = 0; i < FOUR; i++) CHECK(!in.caps[i].token || mock_alive_cap(&m.v[0], in.caps[i]) || value);
            m.broken = m.lost = m.stuck = 0;
            mock_release(&m);
        }
}
TEST(rooms_that_were_scribbled_over)
{
    static const uint64_t words[] = { 0, 1, VIPCI_TRIMMED, 1 << 14, ~(uint64_t)0, (uint64_t)1 << 63, 8191, (5ull << 14) | 8191, (100000ull << 14) | 1 };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int b = 0; b < 2; b++) {
            mock m;
            play p;
            set_up(&m, &p, NULL);
            vipc_outgoing o = carrying(NULL, 0, 1);
            p.answer = carrying(NULL, 0, 2);
            p.answer.payload = p.bytes;
            p.answer.payload_size = 50;
            vipc_incoming in = place(&p, 100);
            CHECK_OK(call(&m, &p, &o, &in));
            m.broken = 100;
            vipci_mine(&m.v[1])->large[b] = words[i];
            in = place(&p, 100);
            vipc_error e = call(&m, &p, &o, &in);
            CHECK(e == VIPC_OK || mock_documented(e));
            CHECK(mock_documented(p.replied));
            vipci_mine(&m.v[1])->reply_size[b] = (uint32_t)words[i];
            vipci_mine(&m.v[1])->room = words[i];
            in = place(&p, 100);
            e = call(&m, &p, &o, &in);
            CHECK(e == VIPC_OK || mock_documented(e));
            (void)vipc_trim(&m.v[0], NULL);
            m.lost = m.stuck = 0;
            mock_release(&m);
        }
}
TEST(members_with_and_without_cannot_share)
{
    mock m;
    vipc other;
    mock_open(&m, NULL, 1, 8);
    ((vipci_domain *)(void *)m.memory)->layout ^= 0x200;      /* as one built with VIPC_NO_LARGE writes it */
    vipc_process_desc d = mock_desc(1);
    CHECK_EQ(vipc_attach(&other, m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_VERSION);
    ((vipci_domain *)(void *)m.memory)->layout ^= 0x200;
    MOCK_END(&m);
}

RUN_TESTS(T(four_travel_in_order), T(more_than_four_are_refused), T(the_same_one_four_times), T(all_or_none), T(a_sender_without_room_sends_none),
          T(a_receiver_without_room_takes_none), T(small_receives_leave_it_queued), T(revoked_on_the_way_is_none_at_its_place), T(nothing_travels_for_ever),
          T(channels_and_acknowledged_sends_carry_four), T(limits_count_words_and_payload), T(a_call_with_payloads_and_capabilities_both_ways),
          T(a_reply_must_fit), T(a_reply_that_fails_leaves_the_right), T(small_answers_to_large_calls),
          T(a_caller_without_room_for_the_capabilities_loses_the_reply), T(calls_that_fail), T(a_server_that_dies),
          T(a_caller_that_dies_gives_its_frames_back), T(more_room_takes_the_place_of_less), T(race35_trim_leaves_the_room_of_a_call_under_way),
          T(race36_a_late_server_writes_where_nobody_else_is), T(race36_the_server_that_was_late_dies), T(race37_a_piece_of_a_chain_is_freed_whole),
          T(race37_a_receiver_that_dies_halfway_through), T(race37_a_reaper_that_dies_halfway_through_a_chain), T(chains_that_were_scribbled_over),
          T(rooms_that_were_scribbled_over), T(members_with_and_without_cannot_share))
