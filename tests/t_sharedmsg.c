/* t_sharedmsg.c - regions in messages, on the mock port: vipc_send_large, vipc_call_large and vipc_reply_large in the three modes, with capabilities beside them; refused, dropped, taken
 * back on the way, to receivers that are dead or have no room: all or nothing, and no frame lost. */
#include "shared.h"

typedef struct post { vipc_cap door[PEOPLE]; } post;           /* one endpoint of v[1]'s; everybody may send */
static post post_open(world *c, uint32_t capacity, uint32_t full)
{
    vipc_endpoint_desc d = VIPC_INIT;
    post p;
    d.capacity = capacity;
    d.full = full;
    d.payload_max = 64;
    REQUIRE_OK(vipc_endpoint_create(V(1), &d, &p.door[1]));
    keep(c, 1, p.door[1]);
    for (unsigned i = 0; i < PEOPLE; i++) if (i != 1) p.door[i] = grant(c, 1, p.door[1], i, VIPC_RIGHT_SEND);
    return p;
}
static vipc_outgoing letter(vipc_cap region, uint32_t mode, uint32_t access)
{
    vipc_outgoing m = VIPC_INIT;
    m.message.opcode = 7;
    m.region = region;
    m.region_mode = mode;
    m.region_access = access;
    return m;
}
static vipc_error try_send(world *c, const post *p, unsigned who, vipc_cap region, uint32_t mode, uint32_t access, vipc_time deadline)
{
    vipc_outgoing m = letter(region, mode, access);
    return vipc_send_large(V(who), p->door[who], &m, deadline);
}
static vipc_error try_receive(world *c, const post *p, vipc_incoming *m)
{
    memset(m, 0, sizeof *m);
    return vipc_receive_large(V(1), p->door[1], m, VIPC_NOW);
}
static vipc_incoming receive(world *c, const post *p)
{
    vipc_incoming m;
    REQUIRE_OK(try_receive(c, p, &m));
    CHECK_EQ(m.message.opcode, 7);
    if (m.region.token) keep(c, 1, m.region);
    for (int i = 0; i < (int)VIPC_MESSAGE_CAPS; i++) if (m.caps[i].token) keep(c, 1, m.caps[i]);
    return m;
}
static vipc_cap filled(world *c, unsigned who, uint64_t pages, unsigned with)
{
    vipc_cap a = region(c, who, pages);
    vipc_mapping w = map(c, who, a, VIPC_WRITE);
    FILL(c, who, w.at, pages, with);
    CHECK_OK(unmap(c, who, w));
    return a;
}

TEST(share_in_a_message)
{
    world *c = a_world();
    post p = post_open(c, 8, 0);
    vipc_cap a = filled(c, 0, 3, 10);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(try_send(c, &p, 0, a, VIPC_SHARE, 0, VIPC_NOW));
    CHECK_EQ(info_of(c, 0, a).holders, 2);                     /* the one on its way included */
    CHECK_OK(try_send(c, &p, 0, a, VIPC_SHARE, VIPC_READ, VIPC_NOW));
    CHECK_EQ(info_of(c, 0, a).holders, 3);
    vipc_incoming m = receive(c, &p);
    CHECK_EQ(m.info.cap_count, 0);
    CHECK_EQ(m.region_mode, VIPC_SHARE);
    CHECK_EQ(m.region_size, 3 * PAGE);
    CHECK_EQ(m.region_access & VIPC_WRITE, VIPC_WRITE);
    CHECK(m.info.sender.id == PID(0).id);
    CHECK_EQ(m.caps[0].token, 0);
    vipc_mapping q = map(c, 1, m.region, VIPC_WRITE);
    CHECK_EQ(see(c, 1, q.at + PAGE), 11);
    CHECK_OK(set(c, 1, q.at + PAGE, 50));
    CHECK_EQ(see(c, 0, w.at + PAGE), 50);
    CHECK_EQ(id_of(c, 1, m.region), id_of(c, 0, a));
    CHECK_EQ(mock_cap_info(V(1), m.region).rights & ~7u, 0);
    vipc_incoming r = receive(c, &p);
    CHECK_EQ(r.region_access, VIPC_READ);
    CHECK_EQ(mock_cap_info(V(1), r.region).rights, VIPC_RIGHT_READ);
    CHECK_EQ(try_map(c, 1, r.region, VIPC_WRITE), DENIED);
    CHECK(r.region.token != m.region.token);
    CHECK_EQ(info_of(c, 0, a).holders, 3);
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, q.at), FAULT);
    vipc_outgoing plain = letter((vipc_cap){ 0 }, 0, 0);       /* and a message without one says so */
    CHECK_OK(vipc_send_large(V(0), p.door[0], &plain, VIPC_NOW));
    m = receive(c, &p);
    CHECK_EQ(m.region.token, 0);
    CHECK_EQ(m.region_size, 0);
    DONE(c);
}
TEST(move_in_a_message)
{
    world *c = a_world();
    post p = post_open(c, 8, 0);
    vipc_cap a = filled(c, 0, 3, 10), mine = keep(c, 0, mock_derive(&c->m, 0, a, 0)), other = hand(c, 0, a, 2, VIPC_SHARE, VIPC_READ);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE), o = map(c, 2, other, VIPC_READ);
    CHECK_OK(set(c, 0, w.at, 77));
    CHECK_OK(try_send(c, &p, 0, a, VIPC_MOVE, 0, VIPC_FOREVER));
    CHECK_EQ(see(c, 0, w.at), FAULT);                          /* gone at once, whether anybody receives it or not */
    CHECK_EQ(set(c, 0, w.at, 1), FAULT);
    CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
    CHECK_EQ(try_map(c, 0, mine, VIPC_READ), STALE);
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(info_of(c, 2, other).owner.id, 0);                /* on its way */
    CHECK_EQ(info_of(c, 2, other).holders, 2);
    CHECK_EQ(mock_process_info(&c->m, PID(0)).objects, 1);
    CHECK_EQ(see(c, 2, o.at), 77);
    vipc_incoming m = receive(c, &p);
    CHECK_EQ(m.region_mode, VIPC_MOVE);
    CHECK_EQ(m.region_size, 3 * PAGE);
    CHECK_EQ(m.info.cap_count, 0);
    CHECK_EQ(mock_cap_info(V(1), m.region).rights, VIPC_RIGHT_ALL);
    CHECK(info_of(c, 1, m.region).owner.id == PID(1).id);
    vipc_mapping q = map(c, 1, m.region, VIPC_WRITE);
    CHECK_EQ(see(c, 1, q.at), 77);
    CHECK_EQ(see(c, 1, q.at + 2 * PAGE), 12);
    CHECK_OK(vipc_revoke(V(1), m.region, VIPC_FOREVER));       /* what was derived from it is below it */
    CHECK_EQ(see(c, 2, o.at), FAULT);
    CHECK_EQ(see(c, 1, q.at), 77);
    DONE(c);
}
TEST(copy_in_a_message)
{
    world *c = a_world();
    post p = post_open(c, 8, 0);
    vipc_cap a = filled(c, 0, 3, 10);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    uint64_t before = used(c);
    CHECK_OK(try_send(c, &p, 0, a, VIPC_COPY_ON_WRITE, 0, VIPC_FOREVER));
    CHECK(used(c) <= before + 3);                              /* no page is copied: queue, and a node of a page map */
    CHECK_OK(set(c, 0, w.at, 77));                             /* it is as it was sent */
    CHECK_EQ(info_of(c, 0, a).holders, 1);
    vipc_incoming m = receive(c, &p);
    CHECK_EQ(m.region_mode, VIPC_COPY_ON_WRITE);
    CHECK_EQ(m.region_size, 3 * PAGE);
    CHECK(id_of(c, 1, m.region) != id_of(c, 0, a));
    vipc_mapping q = map(c, 1, m.region, VIPC_WRITE);
    CHECK_EQ(see(c, 1, q.at), 10);
    CHECK_OK(set(c, 1, q.at + PAGE, 88));
    CHECK_EQ(see(c, 0, w.at + PAGE), 11);
    CHECK_EQ(see(c, 0, w.at), 77);
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));
    CHECK_EQ(see(c, 1, q.at + 2 * PAGE), 12);
    DONE(c);
}
TEST(with_capabilities_and_a_payload_beside)
{
    static const char text[] = "what belongs to it";
    for (uint32_t mode = 0; mode < 3; mode++) {
        world *c = a_world();
        char got[64];
        post p = post_open(c, 8, 0);
        vipc_cap a = filled(c, 0, 2, 10), x = keep(c, 0, mock_endpoint(&c->m, 0, 4)), y = keep(c, 0, mock_endpoint(&c->m, 0, 4)), z = region(c, 0, 1);
        vipc_outgoing m = letter(a, mode, 0);
        m.message.capability = x;
        m.message.flags = VIPC_HAS_CAPABILITY;
        m.caps[0] = y;
        m.caps[1] = z;
        m.caps[2] = x;
        m.cap_count = 3;
        m.payload = text;
        m.payload_size = sizeof text;
        REFUSED(c, vipc_send_large(V(0), p.door[0], &m, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);     /* it counts as one of four */
        m.cap_count = 2;
        CHECK_OK(vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER));
        vipc_incoming r;
        memset(&r, 0, sizeof r);
        r.payload = got;
        r.payload_capacity = sizeof got;
        REQUIRE_OK(vipc_receive_large(V(1), p.door[1], &r, VIPC_NOW));
        CHECK_EQ(r.info.cap_count, 3);
        CHECK_EQ(r.info.payload_size, sizeof text);
        CHECK(!memcmp(got, text, sizeof text));
        for (int i = 0; i < 3; i++) CHECK(keep(c, 1, r.caps[i]).token != 0);
        CHECK_EQ(r.caps[3].token, 0);
        CHECK(r.message.capability.token == r.caps[0].token);
        CHECK_OK(vipc_cap_require(V(1), r.caps[0], VIPC_TYPE_ENDPOINT, 0));
        CHECK_OK(vipc_cap_require(V(1), r.caps[1], VIPC_TYPE_ENDPOINT, 0));
        CHECK_OK(vipc_cap_require(V(1), r.caps[2], VIPC_TYPE_REGION, VIPC_RIGHT_ALL));     /* as any capability: not as a region that is handed over */
        keep(c, 1, r.region);
        CHECK_EQ(r.region_mode, mode);
        vipc_mapping q = map(c, 1, r.region, VIPC_WRITE);
        CHECK_EQ(see(c, 1, q.at + PAGE), 11);
        DONE(c);
    }
}
TEST(what_cannot_be_sent_changes_nothing)
{
    world *c = a_world();
    post p = post_open(c, 2, VIPC_FULL_FAIL);
    vipc_cap a = filled(c, 0, 2, 10), his = hand(c, 0, a, 2, VIPC_SHARE, 0), all = grant(c, 0, a, 3, 0), door = keep(c, 0, mock_endpoint(&c->m, 0, 4)), o = object(c, 0, "/o", 2);
    vipc_cap ro = keep(c, 0, mock_derive(&c->m, 0, a, VIPC_RIGHT_READ | VIPC_RIGHT_GRANT)), wild = { 0x0612345678000011 };
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    for (uint32_t mode = 0; mode < 3; mode++) {
        REFUSED(c, try_send(c, &p, 1, a, mode, 0, VIPC_FOREVER), STALE);       /* another's */
        REFUSED(c, try_send(c, &p, 0, wild, mode, 0, VIPC_FOREVER), STALE);
        REFUSED(c, try_send(c, &p, 0, door, mode, 0, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);          /* no memory */
    }
    REFUSED(c, try_send(c, &p, 2, his, VIPC_SHARE, 0, VIPC_FOREVER), DENIED);  /* without GRANT */
    REFUSED(c, try_send(c, &p, 3, all, VIPC_MOVE, 0, VIPC_FOREVER), DENIED);   /* not the owner */
    REFUSED(c, try_send(c, &p, 0, ro, VIPC_MOVE, 0, VIPC_FOREVER), DENIED);    /* without DELETE */
    REFUSED(c, try_send(c, &p, 0, ro, VIPC_SHARE, VIPC_WRITE, VIPC_FOREVER), DENIED);
    REFUSED(c, try_send(c, &p, 0, o, VIPC_MOVE, 0, VIPC_FOREVER), VIPC_ERR_INVALID_REGION);
    REFUSED(c, try_send(c, &p, 0, a, 3, 0, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, try_send(c, &p, 0, a, VIPC_SHARE, 2, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    REFUSED(c, try_send(c, &p, 0, a, VIPC_SHARE, 8, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    vipc_outgoing m = letter(a, VIPC_SHARE, 0);                /* a bad capability beside it */
    m.caps[0] = wild;
    m.cap_count = 1;
    for (m.region_mode = 0; m.region_mode < 3; m.region_mode++) REFUSED(c, vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER), STALE);
    m = letter(a, VIPC_SHARE, 0);                              /* more bytes than it takes */
    static char bytes[65];
    m.payload = bytes;
    m.payload_size = 65;
    for (m.region_mode = 0; m.region_mode < 3; m.region_mode++) REFUSED(c, vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER), VIPC_ERR_MESSAGE_TOO_LARGE);
    m = letter(a, VIPC_SHARE, 0);
    m.message.flags = 64;
    for (m.region_mode = 0; m.region_mode < 3; m.region_mode++) REFUSED(c, vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER), VIPC_ERR_INVALID_MESSAGE);
    vipc_outgoing plain = letter((vipc_cap){ 0 }, 0, 0);       /* a full queue */
    CHECK_OK(vipc_send_large(V(0), p.door[0], &plain, VIPC_NOW));
    CHECK_OK(vipc_send_large(V(0), p.door[0], &plain, VIPC_NOW));
    REFUSED(c, try_send(c, &p, 0, a, VIPC_SHARE, 0, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    REFUSED(c, try_send(c, &p, 0, a, VIPC_COPY_ON_WRITE, 0, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);
    REFUSED(c, try_send(c, &p, 0, a, VIPC_MOVE, 0, VIPC_FOREVER), VIPC_ERR_CHANNEL_FULL);      /* it is the sender's still, and mapped */
    CHECK_EQ(see(c, 0, w.at), 10);
    (void)receive(c, &p);
    (void)receive(c, &p);
    CHECK_OK(vipc_destroy(V(1), p.door[1], VIPC_FOREVER));     /* an endpoint that has gone */
    for (uint32_t mode = 0; mode < 3; mode++) REFUSED(c, try_send(c, &p, 0, a, mode, 0, VIPC_FOREVER), STALE);
    DONE(c);
}
TEST(a_send_that_waits_and_gives_up)
{
    world *c = a_world();
    post p = post_open(c, 1, VIPC_FULL_BLOCK);
    vipc_cap a = filled(c, 0, 2, 10);
    vipc_outgoing plain = letter((vipc_cap){ 0 }, 0, 0);
    CHECK_OK(vipc_send_large(V(0), p.door[0], &plain, VIPC_NOW));
    for (uint32_t mode = 0; mode < 3; mode++) {
        REFUSED(c, try_send(c, &p, 0, a, mode, 0, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
        REFUSED(c, try_send(c, &p, 0, a, mode, 0, vipc_after(V(0), 50 * MS)), VIPC_ERR_TIMEOUT);
        CHECK_OK(vipc_cancel(V(0)));
        REFUSED(c, try_send(c, &p, 0, a, mode, 0, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    }
    vipc_mapping w = map(c, 0, a, VIPC_READ);
    CHECK_EQ(see(c, 0, w.at), 10);
    DONE(c);
}
TEST(move_in_a_message_waits_for_old_translations)
{
    world *c = a_world();
    post p = post_open(c, 4, 0);
    vipc_cap a = filled(c, 0, 2, 10);
    vipc_mapping w = map(c, 0, a, VIPC_WRITE);
    CHECK_OK(set(c, 0, w.at, 20));
    c->m.held = 1;
    CHECK_OK(try_send(c, &p, 0, a, VIPC_MOVE, 0, VIPC_NOW));   /* sent: whoever receives it waits before it touches it */
    CHECK(c->m.stale > 0);
    vipc_incoming m = receive(c, &p);
    vipc_mapping q = map(c, 1, m.region, VIPC_WRITE);
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(see(c, 1, q.at), 20);
    CHECK_OK(set(c, 1, q.at, 30));
    CHECK_EQ(see(c, 0, w.at), FAULT);
    c->m.held = 0;
    DONE(c);
}
/* Nobody takes it: with the endpoint, with its owner, because something younger comes. */
TEST(dropped_on_the_way)
{
    for (uint32_t mode = 0; mode < 3; mode++)
        for (int each = 0; each < 10; each++) {
            world *c = a_world();
            const int how = each % 5, shared = each / 5;       /* shared: somebody else has it, too */
            post p = post_open(c, 1, how == 3 ? VIPC_FULL_DROP_OLDEST : VIPC_FULL_BLOCK);
            vipc_cap a = filled(c, 0, 3, 10), his = VIPC_INIT;
            if (shared) his = grant(c, 0, a, 3, 0);
            vipc_mapping w = map(c, 0, a, VIPC_WRITE);
            uint64_t before = used(c);
            CHECK_OK(try_send(c, &p, 0, a, mode, 0, VIPC_FOREVER));
            if (how == 0) CHECK_OK(vipc_destroy(V(1), p.door[1], VIPC_FOREVER));
            if (how == 1) die(c, 1);
            if (how == 2) mock_leave_domain(&c->m, 1);
            if (how == 3) { vipc_outgoing plain = letter((vipc_cap){ 0 }, 0, 0); CHECK_OK(vipc_send_large(V(2), p.door[2], &plain, VIPC_FOREVER)); }
            if (how == 4) { die(c, 0); CHECK_OK(vipc_destroy(V(1), p.door[1], VIPC_FOREVER)); }       /* the sender first */
            CHECK_OK(vipc_trim(V(2), NULL));
            mock_check_by(&c->m, V(2), __FILE__, __LINE__);
            if (shared) {
                CHECK_EQ(see(c, 3, map(c, 3, his, VIPC_READ).at), 10);
                if (mode == VIPC_MOVE || how == 4) CHECK_EQ(info_of(c, 3, his).owner.id, 0);
                CHECK_EQ(info_of(c, 3, his).holders, mode == VIPC_MOVE || how == 4 ? 1 : 2);
            }
            if (how == 4) { if (!shared) CHECK_EQ(used(c), c->nothing); }
            else if (mode == VIPC_MOVE) {
                CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
                if (!shared) CHECK(used(c) <= c->nothing + 1);                 /* the queue */
            } else {
                CHECK_EQ(info_of(c, 0, a).holders, 1 + shared);
                CHECK_EQ(see(c, 0, w.at), 10);
                CHECK_OK(set(c, 0, w.at, 11));
                CHECK(used(c) <= before + 1);
            }
            DONE(c);
        }
}
TEST(its_sender_dies_and_it_arrives)
{
    for (uint32_t mode = 0; mode < 3; mode++) {
        world *c = a_world();
        post p = post_open(c, 4, 0);
        vipc_cap a = filled(c, 0, 3, 10);
        CHECK_OK(try_send(c, &p, 0, a, mode, 0, VIPC_FOREVER));
        die(c, 0);
        mock_check_by(&c->m, V(1), __FILE__, __LINE__);
        vipc_incoming m = receive(c, &p);
        REQUIRE(m.region.token != 0);
        CHECK_EQ(info_of(c, 1, m.region).owner.id, mode == VIPC_MOVE ? PID(1).id : 0);
        CHECK_EQ(m.region_size, 3 * PAGE);
        vipc_mapping q = map(c, 1, m.region, VIPC_WRITE);
        HOLDS(c, 1, q.at, 3, 10);
        CHECK_OK(unmap(c, 1, q));
        CHECK_OK(vipc_close(V(1), m.region));
        CHECK_OK(vipc_trim(V(1), NULL));
        CHECK_EQ(used(c), c->nothing);
        DONE(c);
    }
}
TEST(taken_back_on_the_way)
{
    world *c = a_world();
    post p = post_open(c, 8, 0);
    vipc_cap a = filled(c, 0, 2, 10), x = keep(c, 0, mock_endpoint(&c->m, 0, 4)), b = filled(c, 0, 2, 20);
    vipc_outgoing m = letter(a, VIPC_SHARE, 0);
    m.caps[0] = x;
    m.cap_count = 1;
    CHECK_OK(vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER));
    CHECK_OK(vipc_revoke(V(0), a, VIPC_FOREVER));
    vipc_incoming r = receive(c, &p);
    CHECK_EQ(r.region.token, 0);                               /* the rest of it arrives */
    CHECK(r.caps[0].token != 0);
    CHECK_EQ(r.info.cap_count, 1);
    m.region = b;
    CHECK_OK(vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER));
    CHECK_OK(vipc_revoke(V(0), x, VIPC_FOREVER));              /* the other way round */
    r = receive(c, &p);
    CHECK(r.region.token != 0);
    CHECK_EQ(r.caps[0].token, 0);
    CHECK_EQ(r.info.cap_count, 1);
    CHECK_EQ(see(c, 1, map(c, 1, r.region, VIPC_READ).at), 20);
    m.cap_count = 0;
    m.region = a;
    CHECK_OK(vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER));
    CHECK_OK(vipc_destroy(V(0), a, VIPC_FOREVER));             /* with all of it */
    r = receive(c, &p);
    CHECK_EQ(r.region.token, 0);
    m.region = b;
    CHECK_OK(vipc_send_large(V(0), p.door[0], &m, VIPC_FOREVER));
    CHECK_OK(vipc_close(V(0), b));                             /* closing is not taking back */
    r = receive(c, &p);
    CHECK(r.region.token != 0);
    CHECK_EQ(see(c, 1, map(c, 1, r.region, VIPC_READ).at + PAGE), 21);
    DONE(c);
}
TEST(what_is_on_its_way_is_not_idle)
{
    world *c = a_world();
    vipc_cap bell;
    post p = post_open(c, 8, 0);
    REQUIRE_OK(vipc_notification_create(V(0), NULL, &bell));
    keep(c, 0, bell);
    vipc_region_desc d = wanted(2, 0);
    d.idle = bell;
    d.idle_bits = 4;
    vipc_cap a = region_of(c, 0, &d), b = hand(c, 0, a, 2, VIPC_SHARE, 0);
    CHECK_OK(try_send(c, &p, 0, a, VIPC_SHARE, 0, VIPC_NOW));
    CHECK_OK(vipc_close(V(2), b));
    CHECK_EQ(bits_of(c, 0, bell), 0);                          /* whoever receives it will have it */
    vipc_incoming m = receive(c, &p);
    CHECK_EQ(bits_of(c, 0, bell), 0);
    CHECK_OK(vipc_close(V(1), m.region));
    CHECK_EQ(bits_of(c, 0, bell), 4);
    CHECK_OK(try_send(c, &p, 0, a, VIPC_SHARE, 0, VIPC_NOW));
    CHECK_OK(vipc_destroy(V(1), p.door[1], VIPC_FOREVER));     /* nobody will */
    CHECK_EQ(bits_of(c, 0, bell), 4);
    DONE(c);
}
TEST(no_room_at_the_receiver)
{
    for (uint32_t mode = 0; mode < 3; mode++)
        for (int what = 0; what < 3; what++) {                 /* capabilities; objects; pages */
            vipc_config config = shared_config();
            vipc_incoming m;
            if (what == 0) config.capabilities_per_process = 7;
            if (what == 1) config.objects_per_process = 6;
            if (what == 2) config.shared_per_process = 10;
            world *c = a_world_with(&config, 512);
            post p = post_open(c, 4, 0);
            vipc_cap a = filled(c, 0, 3, 10), x = keep(c, 0, mock_endpoint(&c->m, 0, 4)), full[8];
            vipc_outgoing o = letter(a, mode, 0);
            o.caps[0] = x;
            o.cap_count = 1;
            CHECK_OK(vipc_send_large(V(0), p.door[0], &o, VIPC_FOREVER));
            int n = 0;
            for (vipc_region_desc d = wanted(what == 2 ? 4 : 1, 0); n < 8 && vipc_region_create(V(1), &d, &full[n]) == VIPC_OK; n++) keep(c, 1, full[n]);
            CHECK(n > 1);
            if (what == 0 || mode == VIPC_MOVE) {
                uint64_t held = mock_held(&c->m, 1);
                for (int again = 0; again < 3; again++) CHECK_EQ(try_receive(c, &p, &m), VIPC_ERR_LIMIT);
                CHECK_EQ(mock_held(&c->m, 1), held);           /* none is taken: it stays queued */
                CHECK_EQ(mock_seen(&c->m, 1, p.door[1]).queued, 1);
                mock_check_by(&c->m, V(1), __FILE__, __LINE__);
                CHECK_OK(vipc_close(V(1), full[0]));
                if (what == 0) {
                    CHECK_EQ(try_receive(c, &p, &m), VIPC_ERR_LIMIT);          /* room for one of two */
                    CHECK_OK(vipc_close(V(1), full[1]));
                }
            }
            m = receive(c, &p);
            CHECK(m.region.token != 0 && m.caps[0].token != 0);
            CHECK_EQ(see(c, 1, map(c, 1, m.region, VIPC_READ).at), 10);
            if (mode == VIPC_MOVE) CHECK(info_of(c, 1, m.region).owner.id == PID(1).id);
            DONE(c);
        }
}
TEST(receivers_that_do_not_take_regions)
{
    world *c = a_world();
    vipc_message m;
    vipc_info info;
    post p = post_open(c, 4, 0);
    vipc_cap a = filled(c, 0, 2, 10);
    for (uint32_t mode = 0; mode < 3; mode++) {
        vipc_cap b = filled(c, 0, 2, 30);
        CHECK_OK(try_send(c, &p, 0, mode == VIPC_MOVE ? b : a, mode, 0, VIPC_FOREVER));
        memset(&info, 0, sizeof info);
        CHECK_EQ(vipc_receive(V(1), p.door[1], &m, &info, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);      /* it stays queued */
        CHECK_EQ(vipc_receive(V(1), p.door[1], &m, NULL, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        uint32_t count = 9;
        CHECK_EQ(vipc_receive_many(V(1), p.door[1], &m, &info, 1, &count, VIPC_NOW), VIPC_ERR_MESSAGE_TOO_LARGE);
        CHECK_EQ(count, 0);
        vipc_incoming r = receive(c, &p);
        CHECK(r.region.token != 0);
    }
    DONE(c);
}
TEST(to_oneself)
{
    for (uint32_t mode = 0; mode < 3; mode++) {
        world *c = a_world();
        post p = post_open(c, 4, 0);
        vipc_cap a = filled(c, 1, 2, 10);
        CHECK_OK(try_send(c, &p, 1, a, mode, 0, VIPC_FOREVER));
        if (mode == VIPC_MOVE) CHECK_EQ(try_map(c, 1, a, VIPC_READ), STALE);
        vipc_incoming m = receive(c, &p);
        CHECK_EQ(see(c, 1, map(c, 1, m.region, VIPC_WRITE).at), 10);
        CHECK(info_of(c, 1, m.region).owner.id == PID(1).id);
        DONE(c);
    }
}

/* ------------------------------------------------------------------------------------------------- calls and replies */
static struct { post *p; vipc_cap answer, took; uint32_t mode, how; vipc_error e; vipc_incoming got; } server;
static void serves(vipc_mock *m, uint64_t who)
{
    world *c = (world *)m->script;
    vipc_outgoing o = letter(server.answer, server.mode, 0);
    (void)who;
    memset(&server.got, 0, sizeof server.got);
    if (vipc_receive_large(V(1), server.p->door[1], &server.got, VIPC_NOW) != VIPC_OK) {
        m->asleep = serves;
        return;
    }
    if (server.got.region.token) keep(c, 1, server.got.region);
    if (server.how == 1) { mock_kill(m, 1); CHECK_OK(vipc_sweep(V(2), NULL)); return; }
    if (server.how == 2) { server.e = vipc_reply_drop(V(1), server.got.info.reply, VIPC_ERR_LIMIT); return; }
    if (server.how == 3) {                                     /* first one that cannot be */
        vipc_outgoing bad = o;
        bad.region.token ^= 0x100;
        CHECK_EQ(vipc_reply_large(V(1), server.got.info.reply, &bad), STALE);
        bad = o;
        bad.region_mode = 5;
        CHECK_EQ(vipc_reply_large(V(1), server.got.info.reply, &bad), VIPC_ERR_INVALID_ARGUMENT);
    }
    server.e = vipc_reply_large(V(1), server.got.info.reply, &o);
}
static vipc_error call(world *c, post *p, vipc_cap region, uint32_t mode, vipc_cap answer, uint32_t answer_mode, uint32_t how, vipc_incoming *reply)
{
    vipc_outgoing o = letter(region, mode, 0);
    memset(reply, 0, sizeof *reply);
    server.p = p;
    server.answer = answer;
    server.mode = answer_mode;
    server.how = how;
    server.e = VIPC_ERR_HOOK;
    c->m.script = c;
    c->m.asleep = serves;
    vipc_error e = vipc_call_large(V(0), p->door[0], &o, reply, VIPC_FOREVER);
    c->m.asleep = NULL;
    if (e == VIPC_OK && reply->region.token) keep(c, 0, reply->region);
    return e;
}
TEST(regions_in_calls_and_replies)
{
    for (uint32_t there = 0; there < 3; there++)
        for (uint32_t back = 0; back < 3; back++)
            for (uint32_t how = 0; how < 4; how += 3) {
                world *c = a_world();
                vipc_incoming r;
                post p = post_open(c, 4, 0);
                vipc_cap a = filled(c, 0, 2, 10), b = filled(c, 1, 3, 20);
                vipc_mapping w = map(c, 0, a, VIPC_WRITE), x = map(c, 1, b, VIPC_WRITE);
                CHECK_OK(call(c, &p, a, there, b, back, how, &r));
                CHECK_OK(server.e);
                CHECK_EQ(server.got.region_mode, there);
                CHECK_EQ(server.got.region_size, 2 * PAGE);
                CHECK_EQ(see(c, 0, w.at), there == VIPC_MOVE ? (int)FAULT : 10);
                CHECK_EQ(see(c, 1, x.at), back == VIPC_MOVE ? (int)FAULT : 20);
                CHECK_EQ(see(c, 1, map(c, 1, server.got.region, VIPC_WRITE).at + PAGE), 11);
                CHECK_EQ(r.region_mode, back);
                CHECK_EQ(r.region_size, 3 * PAGE);
                CHECK_EQ(r.info.cap_count, 0);
                REQUIRE(r.region.token != 0);
                CHECK_EQ(see(c, 0, map(c, 0, r.region, VIPC_WRITE).at + PAGE), 21);
                CHECK(info_of(c, 0, r.region).owner.id == (back == VIPC_MOVE ? PID(0).id : PID(1).id));
                DONE(c);
            }
}
TEST(calls_that_are_not_answered)
{
    for (uint32_t mode = 0; mode < 3; mode++)
        for (uint32_t how = 1; how < 3; how++) {
            world *c = a_world();
            vipc_incoming r;
            vipc_cap none = VIPC_INIT;
            post p = post_open(c, 4, 0);
            vipc_cap a = filled(c, 0, 2, 10);
            CHECK_EQ(call(c, &p, a, mode, none, 0, how, &r), how == 1 ? VIPC_ERR_PEER_DEAD : VIPC_ERR_LIMIT);
            CHECK_EQ(r.region.token, 0);
            if (mode != VIPC_MOVE) CHECK_EQ(see(c, 0, map(c, 0, a, VIPC_READ).at), 10);
            else CHECK_EQ(try_map(c, 0, a, VIPC_READ), STALE);
            if (how == 1) {                                    /* what the dead had goes with them */
                CHECK_OK(vipc_trim(V(0), NULL));
                if (mode == VIPC_MOVE) CHECK_EQ(used(c), c->nothing);
                else CHECK_EQ(info_of(c, 0, a).holders, 1);
            }
            DONE(c);
        }
}
static void answers_small(vipc_mock *m, uint64_t who)          /* to one who cannot take a region */
{
    world *c = (world *)m->script;
    vipc_outgoing o = letter(server.answer, server.mode, 0);
    vipc_message q;
    vipc_info info;
    (void)who;
    if (vipc_receive(V(1), server.p->door[1], &q, &info, VIPC_NOW) != VIPC_OK) {
        m->asleep = answers_small;
        return;
    }
    REFUSED(c, vipc_reply_large(V(1), info.reply, &o), VIPC_ERR_MESSAGE_TOO_LARGE);
    CHECK_OK(vipc_reply(V(1), info.reply, &q));
}
TEST(a_reply_that_does_not_fit)
{
    for (uint32_t mode = 0; mode < 3; mode++) {
        world *c = a_world();
        vipc_message q = VIPC_INIT;
        post p = post_open(c, 4, 0);
        server.p = &p;
        server.answer = filled(c, 1, 2, 20);
        server.mode = mode;
        c->m.script = c;
        c->m.asleep = answers_small;
        CHECK_OK(vipc_call(V(0), p.door[0], &q, &q, VIPC_FOREVER));
        c->m.asleep = NULL;
        CHECK_EQ(see(c, 1, map(c, 1, server.answer, VIPC_READ).at), 20);
        DONE(c);
    }
}
static void takes_its_time(vipc_mock *m, uint64_t who)         /* it has the request in hand when the caller gives up */
{
    world *c = (world *)m->script;
    (void)who;
    CHECK_OK(try_receive(c, server.p, &server.got));
}
TEST(a_reply_that_nobody_waits_for)
{
    for (uint32_t mode = 0; mode < 3; mode++) {
        world *c = a_world();
        vipc_incoming r;
        post p = post_open(c, 4, 0);
        vipc_cap b = filled(c, 1, 2, 20);
        vipc_mapping w = map(c, 1, b, VIPC_READ);
        vipc_outgoing o = letter((vipc_cap){ 0 }, 0, 0), answer = letter(b, mode, 0);
        memset(&r, 0, sizeof r);
        server.p = &p;
        c->m.script = c;
        c->m.asleep = takes_its_time;
        CHECK_EQ(vipc_call_large(V(0), p.door[0], &o, &r, vipc_after(V(0), 50 * MS)), VIPC_ERR_TIMEOUT);
        CHECK(c->m.asleep == NULL);
        REFUSED(c, vipc_reply_large(V(1), server.got.info.reply, &answer), VIPC_ERR_CANCELLED);        /* what was to be sent is the server's still */
        CHECK_OK(vipc_cap_require(V(1), b, VIPC_TYPE_REGION, VIPC_RIGHT_ALL));
        CHECK_EQ(see(c, 1, w.at), 20);
        CHECK_EQ(info_of(c, 1, b).holders, 1);
        DONE(c);
    }
}
TEST(no_room_at_the_caller)
{
    for (uint32_t mode = 0; mode < 3; mode++) {
        vipc_incoming r;
        vipc_config config = shared_config();
        config.capabilities_per_process = 8;
        world *c = a_world_with(&config, 512);
        post p = post_open(c, 4, 0);
        vipc_cap b = filled(c, 1, 2, 20), none = VIPC_INIT;
        vipc_region_desc d = wanted(1, 0);
        vipc_cap more;
        while (vipc_region_create(V(0), &d, &more) == VIPC_OK) keep(c, 0, more);
        CHECK_EQ(call(c, &p, none, 0, b, mode, 0, &r), VIPC_ERR_LIMIT);        /* the reply is lost, and what was in it */
        CHECK_EQ(r.region.token, 0);
        if (mode != VIPC_MOVE) CHECK_EQ(info_of(c, 1, b).holders, 1);
        DONE(c);
    }
}

/* -------------------------------------------------------------------------------------------------------- at random */
TEST(round_and_round)
{
    vipc_cap inbox[PEOPLE], to[PEOPLE][PEOPLE];
    static vipc_cap has[PEOPLE][400];
    int n[PEOPLE] = { 0 };
    vipc_config config = shared_config();
    config.capabilities_per_process = 60;
    world *c = a_world_with(&config, 512);
    for (unsigned i = 0; i < PEOPLE; i++) {
        vipc_endpoint_desc d = VIPC_INIT;
        d.capacity = 3;
        d.full = i & 1 ? VIPC_FULL_DROP_OLDEST : VIPC_FULL_FAIL;
        REQUIRE_OK(vipc_endpoint_create(V(i), &d, &inbox[i]));
        keep(c, i, inbox[i]);
        for (unsigned k = 0; k < PEOPLE; k++) to[k][i] = grant(c, i, inbox[i], k, VIPC_RIGHT_SEND);
    }
    for (int turn = 0; turn < 30000 && !test_failures_; turn++) {
        const unsigned i = (unsigned)(mock_random(&c->seed) >> 33) % PEOPLE, k = (unsigned)(mock_random(&c->seed) >> 33) % PEOPLE;
        const uint32_t what = (uint32_t)(mock_random(&c->seed) >> 33) % 10, mode = (uint32_t)(mock_random(&c->seed) >> 33) % 3;
        const int which = n[i] ? (int)((mock_random(&c->seed) >> 33) % (uint64_t)n[i]) : 0;
        if (what == 0 || !n[i]) {
            vipc_region_desc d = wanted(1 + turn % 3, 0);
            vipc_cap a;
            vipc_error e = vipc_region_create(V(i), &d, &a);
            CHECK(e == VIPC_OK || e == VIPC_ERR_LIMIT || e == VIPC_ERR_OUT_OF_MEMORY);
            if (e == VIPC_OK) has[i][n[i]++] = a;
        } else if (what < 5) {
            vipc_outgoing m = letter(has[i][which], mode, 0);
            vipc_error e = vipc_send_large(V(i), to[i][k], &m, VIPC_FOREVER);
            CHECK(e == VIPC_OK || e == VIPC_ERR_CHANNEL_FULL || e == DENIED || e == VIPC_ERR_LIMIT || e == VIPC_ERR_OUT_OF_MEMORY || e == STALE);
        } else if (what < 8) {
            vipc_incoming m;
            memset(&m, 0, sizeof m);
            vipc_error e = vipc_receive_large(V(i), inbox[i], &m, VIPC_NOW);
            CHECK(e == VIPC_OK || e == VIPC_ERR_CHANNEL_EMPTY || e == VIPC_ERR_LIMIT);
            if (e == VIPC_OK && m.region.token) has[i][n[i]++] = m.region;
        } else if (what == 8) {
            vipc_mapping w;
            vipc_map_desc d = VIPC_INIT;
            d.access = mode ? VIPC_READ : VIPC_WRITE;
            vipc_error e = vipc_map(V(i), has[i][which], &d, &w);
            CHECK(e == VIPC_OK || e == STALE || e == DENIED);
            if (e == VIPC_OK && !mode) CHECK_OK(set(c, i, w.at, (unsigned)turn & 255));
            if (e == VIPC_OK && turn & 4) CHECK_OK(unmap(c, i, w));
        } else {
            vipc_error e = mode == 2 ? vipc_close(V(i), has[i][which]) : mode == 1 ? vipc_revoke(V(i), has[i][which], VIPC_FOREVER) : vipc_destroy(V(i), has[i][which], VIPC_FOREVER);
            CHECK(e == VIPC_OK || e == STALE || e == DENIED);
            if (e == VIPC_OK && mode == 1) continue;           /* what came of it is taken back, not it */
            if (e == DENIED) (void)vipc_close(V(i), has[i][which]);
            has[i][which] = has[i][--n[i]];
        }
        for (int x = 0; x < n[i]; x++) if (vipc_cap_require(V(i), has[i][x], 0, 0) != VIPC_OK) { has[i][x] = has[i][--n[i]]; x--; }
        while (n[i] > 40) { n[i]--; (void)vipc_close(V(i), has[i][n[i]]); }
        if (turn % 100 == 0) mock_check_by(&c->m, V(0), __FILE__, __LINE__);
        if (turn % 1000 == 0) for (unsigned x = 0; x < PEOPLE; x++) CHECK_OK(vipc_space_unmap(V(x), c->s[x], VIPC_LAYOUT_USER_START, VIPC_LAYOUT_USER_END - VIPC_LAYOUT_USER_START, VIPC_FOREVER));
    }
    for (unsigned i = 0; i < PEOPLE; i++) while (n[i]) { n[i]--; (void)vipc_close(V(i), has[i][n[i]]); }
    for (unsigned i = 0; i < PEOPLE; i++) CHECK_OK(vipc_destroy(V(i), inbox[i], VIPC_FOREVER));
    for (unsigned i = 0; i < PEOPLE; i++) CHECK_EQ(mock_held(&c->m, i), 1);    /* its space */
    DONE(c);
}

RUN_TESTS(T(share_in_a_message), T(move_in_a_message), T(copy_in_a_message), T(with_capabilities_and_a_payload_beside), T(what_cannot_be_sent_changes_nothing),
          T(a_send_that_waits_and_gives_up), T(move_in_a_message_waits_for_old_translations), T(dropped_on_the_way), T(its_sender_dies_and_it_arrives), T(taken_back_on_the_way),
          T(what_is_on_its_way_is_not_idle), T(no_room_at_the_receiver), T(receivers_that_do_not_take_regions), T(to_oneself), T(regions_in_calls_and_replies), T(calls_that_are_not_answered), T(a_reply_that_does_not_fit),
          T(a_reply_that_nobody_waits_for), T(no_room_at_the_caller), T(round_and_round))
