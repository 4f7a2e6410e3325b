/* t_caps.c - capabilities, as the contracts in the header say: rights, badges, derive, grant, revoke, close, destroy, quotas, transfer. */
#include "mock.h"

static vipc_error derive(vipc *who, vipc_cap from, uint32_t rights, uint64_t badge, vipc_cap *out)
{
    vipc_derive_desc d = VIPC_INIT;
    d.rights = rights;
    d.badge = badge;
    return vipc_derive(who, from, &d, out);
}

TEST(create_gives_all_rights)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = VIPC_INIT;
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &door));
    CHECK(vipc_cap_id(door) != 0);
    CHECK_EQ(vipc_cap_type(door), VIPC_TYPE_ENDPOINT);
    CHECK_EQ(vipc_cap_flags(door), VIPC_RIGHT_ALL & 15);
    CHECK_EQ(vipc_cap_id(door), door.token & 0xFFFFFFFFFFFFu);
    CHECK_EQ(vipc_cap_generation(door), (door.token >> 48) & 255);
    CHECK_EQ(vipc_cap_type(door), (door.token >> 56) & 15);
    CHECK_EQ(vipc_cap_flags(door), door.token >> 60);
    vipc_cap_info i = mock_cap_info(&m.v[0], door);
    CHECK_EQ(i.type, VIPC_TYPE_ENDPOINT);
    CHECK_EQ(i.rights, VIPC_RIGHT_ALL);
    CHECK_EQ(i.badge, 0);
    CHECK(i.object != 0);
    CHECK_EQ(i.holder.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(i.owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(i.children, 0);
    CHECK_EQ(m.in_use, 0);
    MOCK_END(&m);
}

TEST(token_accessors_take_anything)
{
    vipc_cap none = VIPC_INIT, ones;
    ones.token = ~(uint64_t)0;
    CHECK_EQ(vipc_cap_id(none), 0);
    CHECK_EQ(vipc_cap_generation(none), 0);
    CHECK_EQ(vipc_cap_type(none), 0);
    CHECK_EQ(vipc_cap_flags(none), 0);
    CHECK_EQ(vipc_cap_id(ones), 0xFFFFFFFFFFFFll);
    CHECK_EQ(vipc_cap_generation(ones), 255);
    CHECK_EQ(vipc_cap_type(ones), 15);
    CHECK_EQ(vipc_cap_flags(ones), 15);
}

TEST(derive_only_ever_fewer_rights)
{
    mock m;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), child;
    for (uint32_t rights = 1; rights <= VIPC_RIGHT_ALL; rights++) {
        vipc_cap first = VIPC_INIT;
        REQUIRE_OK(derive(&m.v[0], door, rights, 0, &first));
        CHECK(first.token != door.token);
        CHECK_EQ(vipc_cap_flags(first), rights & 15);
        CHECK_EQ(mock_cap_info(&m.v[0], first).rights, rights);
        CHECK_EQ(mock_cap_info(&m.v[0], first).object, mock_cap_info(&m.v[0], door).object);
        for (uint32_t more = 1; more <= VIPC_RIGHT_ALL; more = more * 2 + (more & 1)) {
            vipc_cap second = { 4711 };
            vipc_error e = derive(&m.v[0], first, more, 0, &second);
            CHECK_EQ(e, (more & ~rights) == 0 ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED);
            if (e == VIPC_OK) CHECK_OK(vipc_close(&m.v[0], second));
            else CHECK_EQ(second.token, 4711);
        }
        CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);
        CHECK_OK(vipc_close(&m.v[0], first));
        CHECK_EQ(mock_cap_info(&m.v[0], door).children, 0);
    }
    CHECK_EQ(derive(&m.v[0], door, VIPC_RIGHT_ALL + 1, 0, &child), VIPC_ERR_INVALID_ARGUMENT);       /* bits that are no right at all */
    CHECK_EQ(derive(&m.v[0], door, 0x80000001u, 0, &child), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(vipc_derive(&m.v[0], door, NULL, &child));
    CHECK_EQ(mock_cap_info(&m.v[0], child).rights, VIPC_RIGHT_ALL);
    CHECK(child.token != door.token);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(badge_is_set_once)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), seven, child, none = VIPC_INIT;
    REQUIRE_OK(derive(&m.v[0], door, 0, 7, &seven));
    CHECK_EQ(mock_cap_info(&m.v[0], seven).badge, 7);
    CHECK_EQ(derive(&m.v[0], seven, 0, 8, &none), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(none.token, 0);
    REQUIRE_OK(derive(&m.v[0], seven, VIPC_RIGHT_SEND, 0, &child));
    CHECK_EQ(mock_cap_info(&m.v[0], child).badge, 7);
    vipc_derive_desc d = VIPC_INIT;
    d.badge = 9;
    CHECK_EQ(vipc_grant(&m.v[0], seven, vipc_self(&m.v[1]), &d, &none), VIPC_ERR_PERMISSION_DENIED);
    d.badge = ~(uint64_t)0;
    REQUIRE_OK(vipc_grant(&m.v[0], door, vipc_self(&m.v[1]), &d, &none));
    vipc_message msg;
    vipc_info info;
    CHECK_OK(mock_send(&m.v[1], none, 1));
    CHECK_OK(mock_send(&m.v[0], child, 2));
    CHECK_OK(mock_send(&m.v[0], door, 3));
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW));
    CHECK_EQ(info.badge, ~(uint64_t)0);
    CHECK_EQ(info.sender.id, vipc_self(&m.v[1]).id);
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW));
    CHECK_EQ(info.badge, 7);
    CHECK_EQ(info.sender.id, vipc_self(&m.v[0]).id);
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW));
    CHECK_EQ(info.badge, 0);
    MOCK_END(&m);
}

TEST(grant_is_for_the_grantee_only)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), out = VIPC_INIT;
    vipc_pid nobody = { 987654321 }, none = { 0 };
    vipc_cap his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    CHECK_EQ(vipc_cap_require(&m.v[0], his, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_cap_require(&m.v[2], his, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_cap_require(&m.v[1], his, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND));
    CHECK_EQ(vipc_cap_require(&m.v[1], door, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    vipc_cap_info i = mock_cap_info(&m.v[1], his);
    CHECK_EQ(i.holder.id, vipc_self(&m.v[1]).id);
    CHECK_EQ(i.owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);
    CHECK_EQ(vipc_grant(&m.v[1], his, vipc_self(&m.v[2]), NULL, &out), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_grant(&m.v[0], door, nobody, NULL, &out), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_EQ(vipc_grant(&m.v[0], door, none, NULL, &out), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_EQ(out.token, 0);
    CHECK_EQ(mock_send(&m.v[0], his, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    CHECK_EQ(mock_receive(&m.v[1], his), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    vipc_cap own = mock_grant(&m, 0, door, 0, 0);
    CHECK(own.token != door.token);
    CHECK_OK(vipc_cap_require(&m.v[0], own, 0, VIPC_RIGHT_ALL));
    MOCK_END(&m);
}

TEST(require_tells_type_and_rights)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), child = mock_derive(&m, 0, door, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT), process;
    CHECK_OK(vipc_cap_require(&m.v[0], child, 0, 0));
    CHECK_OK(vipc_cap_require(&m.v[0], child, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    CHECK_EQ(vipc_cap_require(&m.v[0], child, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_cap_require(&m.v[0], child, VIPC_TYPE_PROCESS, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_cap_require(&m.v[0], child, 99, 0), VIPC_ERR_PERMISSION_DENIED);
    vipc_process_desc d = mock_desc(2);
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[2], &process));
    m.member[2] = 1;
    CHECK_EQ(vipc_cap_type(process), VIPC_TYPE_PROCESS);
    CHECK_OK(vipc_cap_require(&m.v[0], process, VIPC_TYPE_PROCESS, VIPC_RIGHT_ALL));
    CHECK_EQ(mock_send(&m.v[0], process, 1), VIPC_ERR_INVALID_CAPABILITY);      /* no token of an endpoint */
    CHECK_EQ(mock_receive(&m.v[0], process), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&m);
}

/* Every operation with every one of the 255 sets of rights: refused exactly when its right is missing. */
static vipc_error with_rights(mock *m, int operation, vipc_cap cap, vipc_cap carrier)
{
    vipc_message msg = mock_message(1);
    vipc_cap out;
    vipc_endpoint_info ei;
    vipc_cap_info ci;
    vipc *me = &m->v[0];
    switch (operation) {
    case 0: return vipc_send(me, cap, &msg, VIPC_NOW);
    case 1: return vipc_receive(me, cap, &msg, NULL, VIPC_NOW);
    case 2: return vipc_endpoint_bind(me, cap, vipc_self(me));
    case 3: return vipc_grant(me, cap, vipc_self(&m->v[1]), NULL, &out);
    case 4: return vipc_revoke(me, cap, VIPC_NOW);
    case 5: return vipc_publish(me, "name", cap, 0);
    case 6: msg.flags = VIPC_HAS_CAPABILITY; msg.capability = cap; return vipc_send(me, carrier, &msg, VIPC_NOW);
    case 7: { vipc_outgoing o = VIPC_INIT; memset(&o, 0, sizeof o); return vipc_send_large(me, cap, &o, VIPC_NOW); }
    case 8: { vipc_incoming in; memset(&in, 0, sizeof in); return vipc_receive_large(me, cap, &in, VIPC_NOW); }
    case 9: return vipc_call(me, cap, &msg, &msg, VIPC_NOW);
    case 10: return vipc_destroy(me, cap, VIPC_NOW);
    case 11: return vipc_endpoint_get(me, cap, &ei);
    case 12: return vipc_cap_get(me, cap, &ci);
    case 13: return vipc_derive(me, cap, NULL, &out);
    default: return vipc_close(me, cap);
    }
}
TEST(every_operation_needs_its_right)
{
    static const uint32_t needs[15] = { VIPC_RIGHT_SEND, VIPC_RIGHT_RECEIVE, VIPC_RIGHT_BIND, VIPC_RIGHT_GRANT, VIPC_RIGHT_REVOKE, VIPC_RIGHT_GRANT,
                                        VIPC_RIGHT_GRANT, VIPC_RIGHT_SEND, VIPC_RIGHT_RECEIVE, VIPC_RIGHT_SEND, VIPC_RIGHT_DELETE, 0, 0, 0, 0 };
    mock m;
    mock_open(&m, NULL, 2, 64);
    vipc_cap carrier = mock_endpoint(&m, 0, 4);
    for (int operation = 0; operation < 15; operation++)
        for (uint32_t rights = 1; rights <= VIPC_RIGHT_ALL; rights++) {
            vipc_cap door = mock_endpoint(&m, 0, 4), cap = mock_derive(&m, 0, door, rights);
            vipc_error e = with_rights(&m, operation, cap, carrier);
            int refused = (needs[operation] & ~rights) != 0;
            if ((e == VIPC_ERR_PERMISSION_DENIED) != refused) {
                printf("    operation %d with rights %u: %s\n", operation, rights, vipc_error_string(e));
                test_failures_++;
            }
            (void)mock_receive(&m.v[0], carrier);
            (void)vipc_unpublish(&m.v[0], "name");
            if (operation != 10 || e != VIPC_OK) CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
        }
    CHECK_OK(vipc_close(&m.v[0], carrier));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(revoke_takes_the_subtree_and_nothing_else)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    vipc_cap a = mock_derive(&m, 0, door, 0), b = mock_derive(&m, 0, door, 0);
    vipc_cap a1 = mock_grant(&m, 0, a, 1, 0), a2 = mock_grant(&m, 0, a, 2, 0);
    vipc_cap a11 = mock_grant(&m, 1, a1, 2, 0), a12 = mock_derive(&m, 1, a1, VIPC_RIGHT_SEND);
    vipc_cap b1 = mock_grant(&m, 0, b, 1, 0);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 2);
    CHECK_EQ(mock_cap_info(&m.v[0], a).children, 2);
    CHECK_EQ(mock_cap_info(&m.v[1], a1).children, 2);
    CHECK_OK(vipc_revoke(&m.v[0], a, VIPC_NOW));
    CHECK(mock_alive_cap(&m.v[0], door) && mock_alive_cap(&m.v[0], a) && mock_alive_cap(&m.v[0], b) && mock_alive_cap(&m.v[1], b1));
    CHECK(!mock_alive_cap(&m.v[1], a1) && !mock_alive_cap(&m.v[2], a2) && !mock_alive_cap(&m.v[2], a11) && !mock_alive_cap(&m.v[1], a12));
    CHECK_EQ(mock_send(&m.v[1], a12, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_close(&m.v[1], a1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_revoke(&m.v[1], a1, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_cap_info(&m.v[0], a).children, 0);
    CHECK_OK(vipc_revoke(&m.v[0], a, VIPC_NOW));
    CHECK_OK(mock_send(&m.v[1], b1, 5));
    CHECK_EQ(mock_receive(&m.v[0], door), 5);
    MOCK_END(&m);
}

TEST(messages_sent_before_a_revoke_stay_sent)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    CHECK_OK(mock_send(&m.v[1], his, 2));
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK_EQ(mock_send(&m.v[1], his, 3), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    CHECK_EQ(mock_receive(&m.v[0], door), 2);
    CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    MOCK_END(&m);
}

/* Scripts know what to do it with through this. */
typedef struct play { vipc_cap door, his; vipc_error said; int done; vipc_time deadline; } play;
static void revoke_door(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_revoke(&m->v[0], p->door, VIPC_NOW);
}
static void destroy_door(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_destroy(&m->v[0], p->door, VIPC_NOW);
}
static void close_door(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_close(&m->v[0], p->door);
}
static void close_his(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_close(&m->v[2], p->his);
}

/* A sleeper (receiver at an empty, sender at a full queue, caller) is met by what the script does; at both moments of its sleep. */
static vipc_error sleeper_meets(mock_script what, int kind, int asleep, vipc_error *said)
{
    mock m;
    play p;
    vipc_message msg = mock_message(9);
    vipc_error e;
    mock_open(&m, NULL, 2, 16);
    memset(&p, 0, sizeof p);
    p.door = mock_endpoint(&m, 0, 2);
    p.his = mock_grant(&m, 0, p.door, 1, 0);
    m.script = &p;
    if (kind == 1) { CHECK_OK(mock_send(&m.v[0], p.door, 1)); CHECK_OK(mock_send(&m.v[0], p.door, 2)); }
    if (asleep) m.asleep = what;
    else m.before_sleep = what;
    if (kind == 0) e = vipc_receive(&m.v[1], p.his, &msg, NULL, VIPC_FOREVER);
    else if (kind == 1) e = vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER);
    else e = vipc_call(&m.v[1], p.his, &msg, &msg, VIPC_FOREVER);
    CHECK_EQ(p.done, 1);
    CHECK_EQ(m.stuck, 0);
    *said = p.said;
    MOCK_END(&m);
    return e;
}
TEST(revoke_wakes_sleepers)
{
    vipc_error said;
    for (int asleep = 0; asleep < 2; asleep++)
        for (int kind = 0; kind < 2; kind++) {
            CHECK_EQ(sleeper_meets(revoke_door, kind, asleep, &said), VIPC_ERR_INVALID_CAPABILITY);
            CHECK_EQ(said, VIPC_OK);
        }
}
TEST(destroy_wakes_sleepers)
{
    vipc_error said;
    for (int asleep = 0; asleep < 2; asleep++)
        for (int kind = 0; kind < 3; kind++) {
            CHECK_EQ(sleeper_meets(destroy_door, kind, asleep, &said), VIPC_ERR_CLOSED);
            CHECK(said == VIPC_OK || said == VIPC_ERR_WOULD_BLOCK);   /* the sleeper is still inside: its memory may be kept back */
        }
}
TEST(closing_another_capability_wakes_nobody)
{
    /* The owner gives up its own capability; the sleeper's hangs on nothing now, and stays good. */
    mock m;
    play p;
    vipc_message msg;
    mock_open(&m, NULL, 2, 16);
    memset(&p, 0, sizeof p);
    p.door = mock_endpoint(&m, 0, 2);
    p.his = mock_grant(&m, 0, p.door, 1, 0);
    m.script = &p;
    m.asleep = close_door;
    CHECK_EQ(vipc_receive(&m.v[1], p.his, &msg, NULL, vipc_after(&m.v[1], 5000 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(p.said, VIPC_OK);
    CHECK_OK(mock_send(&m.v[1], p.his, 3));
    CHECK_EQ(mock_receive(&m.v[1], p.his), 3);
    MOCK_END(&m);
}
TEST(closing_the_last_capability_ends_a_sleep_in_the_object)
{
    mock m;
    play p;
    vipc_message msg;
    mock_open(&m, NULL, 2, 16);
    mock_thread(&m, 1, 2);
    memset(&p, 0, sizeof p);
    p.door = mock_endpoint(&m, 0, 2);
    p.his = mock_grant(&m, 0, p.door, 1, 0);
    CHECK_OK(vipc_close(&m.v[0], p.door));
    m.script = &p;
    m.asleep = close_his;
    vipc_error e = vipc_receive(&m.v[1], p.his, &msg, NULL, VIPC_FOREVER);
    CHECK_EQ(p.said, VIPC_OK);
    CHECK(e == VIPC_ERR_INVALID_CAPABILITY || e == VIPC_ERR_CLOSED);
    CHECK_EQ(m.stuck, 0);
    CHECK_EQ(mock_stats(&m).objects_destroyed, mock_stats(&m).objects_created);
    MOCK_END(&m);
}

/* frame_alloc is called with the lock held: another thread asks for it in that moment. */
static void revoke_meanwhile(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_revoke(&m->v[1], p->his, p->deadline);
}
TEST(revoke_waits_for_the_lock_to_its_deadline_only)
{
    for (int past = 0; past < 2; past++) {
        mock m;
        play p;
        mock_open(&m, NULL, 2, 16);
        memset(&p, 0, sizeof p);
        p.door = mock_endpoint(&m, 0, 2);
        p.his = mock_grant(&m, 0, p.door, 1, 0);
        p.deadline = past ? vipc_after(&m.v[1], 10 * MS) : VIPC_NOW;
        m.script = &p;
        m.on_alloc = revoke_meanwhile;
        CHECK_OK(mock_send(&m.v[0], p.door, 1));
        CHECK_EQ(p.done, 1);
        CHECK_EQ(p.said, past ? VIPC_ERR_TIMEOUT : VIPC_ERR_RESOURCE_BUSY);
        CHECK_OK(vipc_revoke(&m.v[1], p.his, VIPC_NOW));
        MOCK_END(&m);
    }
}

TEST(close_hangs_children_on_the_parent)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = mock_grant(&m, 0, door, 1, 0);
    vipc_cap a1 = mock_derive(&m, 1, a, 0), a2 = mock_grant(&m, 1, a, 2, 0), b = mock_derive(&m, 0, door, 0);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 2);
    CHECK_OK(vipc_close(&m.v[1], a));
    CHECK_EQ(vipc_close(&m.v[1], a), VIPC_ERR_INVALID_CAPABILITY);
    CHECK(mock_alive_cap(&m.v[1], a1) && mock_alive_cap(&m.v[2], a2) && mock_alive_cap(&m.v[0], b));
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 3);
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[1], a1) && !mock_alive_cap(&m.v[2], a2) && !mock_alive_cap(&m.v[0], b));
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 0);
    MOCK_END(&m);
}

TEST(closing_the_root_leaves_the_children)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = mock_derive(&m, 0, door, VIPC_RIGHT_SEND), b = mock_grant(&m, 0, door, 1, VIPC_RIGHT_RECEIVE);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    CHECK_OK(vipc_close(&m.v[0], door));
    CHECK_OK(mock_send(&m.v[0], a, 2));
    CHECK_EQ(mock_receive(&m.v[1], b), 1);
    CHECK_EQ(mock_receive(&m.v[1], b), 2);
    CHECK_EQ(mock_stats(&m).objects_destroyed, 0);
    MOCK_CHECK(&m, m.in_use);
    CHECK_OK(vipc_close(&m.v[0], a));
    CHECK_EQ(mock_stats(&m).objects_destroyed, 0);
    CHECK_OK(vipc_close(&m.v[1], b));
    CHECK_EQ(mock_stats(&m).objects_destroyed, 1);
    CHECK_OK(vipc_trim(&m.v[0], NULL));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(destroy_ends_it_for_everybody)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = mock_grant(&m, 0, door, 1, 0), b = mock_grant(&m, 1, a, 2, VIPC_RIGHT_SEND | VIPC_RIGHT_DELETE), out;
    vipc_cap other = mock_endpoint(&m, 0, 4);
    CHECK_OK(mock_send(&m.v[2], b, 1));
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    CHECK_OK(vipc_destroy(&m.v[2], b, VIPC_NOW));
    CHECK_EQ(mock_send(&m.v[0], door, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[1], a), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_destroy(&m.v[0], door, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(mock_send(&m.v[0], other, 4));
    CHECK_EQ(mock_receive(&m.v[0], other), 4);
    CHECK_EQ(mock_stats(&m).objects_created, 2);
    CHECK_EQ(mock_stats(&m).objects_destroyed, 1);
    MOCK_END(&m);
}

static void destroy_again(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_destroy(&m->v[0], p->door, vipc_after(&m->v[0], MS));
}
TEST(destroy_past_somebody_inside_can_be_finished)
{
    /* The sleeper stands still inside the endpoint: it is closed at once, its memory may be kept back, and comes back later. */
    mock m;
    play p;
    vipc_message msg = mock_message(3);
    mock_open(&m, NULL, 2, 16);
    memset(&p, 0, sizeof p);
    p.door = mock_endpoint(&m, 0, 1);
    p.his = mock_grant(&m, 0, p.door, 1, 0);
    CHECK_OK(mock_send(&m.v[0], p.door, 1));
    m.script = &p;
    m.asleep = destroy_again;
    CHECK_EQ(vipc_send(&m.v[1], p.his, &msg, VIPC_FOREVER), VIPC_ERR_CLOSED);
    CHECK(p.said == VIPC_OK || p.said == VIPC_ERR_TIMEOUT);
    if (p.said == VIPC_ERR_TIMEOUT) CHECK_OK(vipc_destroy(&m.v[0], p.door, VIPC_NOW));
    CHECK_EQ(vipc_destroy(&m.v[0], p.door, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_trim(&m.v[0], NULL));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(process_capability)
{
    mock m;
    uint32_t removed = 77;
    vipc_cap process, child, weak, door;
    mock_open(&m, NULL, 1, 16);
    vipc_process_desc d = mock_desc(1);
    d.proof = 0;                                          /* the creator's: the creator may end it */
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], &process));
    vipc_cap_info i = mock_cap_info(&m.v[0], process);
    CHECK_EQ(i.type, VIPC_TYPE_PROCESS);
    CHECK_EQ(i.rights, VIPC_RIGHT_ALL);
    CHECK_EQ(i.holder.id, vipc_self(&m.v[0]).id);
    child = mock_derive(&m, 0, process, 0);
    weak = mock_derive(&m, 0, process, VIPC_RIGHT_ALL & ~VIPC_RIGHT_DELETE);
    REQUIRE_OK(vipc_endpoint_create(&m.v[1], NULL, &door));
    REQUIRE_OK(vipc_endpoint_create(&m.v[1], NULL, &door));
    CHECK_EQ(vipc_process_destroy(&m.v[0], weak, &removed), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_process_destroy(&m.v[1], process, &removed), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(removed, 77);
    CHECK_OK(vipc_process_destroy(&m.v[0], child, &removed));
    CHECK_EQ(removed, 2);
    CHECK_EQ(vipc_process_destroy(&m.v[0], process, &removed), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_cap_require(&m.v[0], weak, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_endpoint_create(&m.v[1], NULL, &door), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(mock_stats(&m).objects_destroyed, 2);
    /* a capability on somebody who lives under a proof of its own */
    d = mock_desc(2);
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[2], &process));
    m.member[2] = 1;
    CHECK_EQ(vipc_process_destroy(&m.v[0], process, NULL), VIPC_ERR_RESOURCE_BUSY);
    CHECK_EQ(vipc_destroy(&m.v[0], process, VIPC_NOW), VIPC_ERR_RESOURCE_BUSY);
    CHECK(mock_alive_cap(&m.v[0], process));
    mock_kill(&m, 2);
    CHECK_OK(vipc_destroy(&m.v[0], process, VIPC_NOW));
    CHECK_EQ(vipc_destroy(&m.v[0], process, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(closing_a_process_capability_ends_no_process)
{
    mock m;
    vipc_cap process;
    vipc_process_info pi;
    mock_open(&m, NULL, 1, 16);
    vipc_process_desc d = mock_desc(1);
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], &process));
    m.member[1] = 1;
    CHECK_OK(vipc_close(&m.v[0], process));
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[1]), &pi));
    vipc_cap door = mock_endpoint(&m, 1, 2);
    CHECK_OK(mock_send(&m.v[1], door, 1));
    MOCK_END(&m);
}

TEST(quotas_hold_for_each_process)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap door[4], out, caps[8];
    c.objects_per_process = 3;
    c.capabilities_per_process = 6;
    mock_open(&m, &c, 2, 16);
    for (int i = 0; i < 3; i++) REQUIRE_OK(vipc_endpoint_create(&m.v[0], NULL, &door[i]));
    CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_close(&m.v[0], door[2]));
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &door[2]));
    for (int i = 0; i < 3; i++) REQUIRE_OK(vipc_derive(&m.v[0], door[0], NULL, &caps[i]));
    out.token = 4711;
    CHECK_EQ(vipc_derive(&m.v[0], door[0], NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(out.token, 4711);
    vipc_process_desc d = mock_desc(2);
    CHECK_EQ(vipc_process_create(&m.v[0], &d, &m.v[2], &out), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_publish(&m.v[0], "door", door[0], 0), VIPC_ERR_LIMIT);    /* a name holds one as well */
    CHECK_OK(vipc_close(&m.v[0], caps[0]));
    CHECK_OK(vipc_publish(&m.v[0], "door", door[0], 0));
    CHECK_EQ(vipc_lookup(&m.v[0], "door", 0, &out, VIPC_NOW), VIPC_ERR_LIMIT);
    for (int i = 0; i < 6; i++) REQUIRE_OK(vipc_grant(&m.v[0], door[0], vipc_self(&m.v[1]), NULL, &caps[i]));
    CHECK_EQ(vipc_grant(&m.v[0], door[0], vipc_self(&m.v[1]), NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_endpoint_create(&m.v[1], NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(mock_stats(&m).objects_created - mock_stats(&m).objects_destroyed, 3);
    for (int i = 0; i < 6; i++) CHECK_OK(vipc_close(&m.v[1], caps[i]));
    CHECK_OK(vipc_endpoint_create(&m.v[1], NULL, &out));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(full_tables_say_limit_and_recover)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap door[5], caps[16], out = { 4711 };
    int n = 0;
    c.max_objects = 5;
    c.max_capabilities = 9;
    mock_open(&m, &c, 2, 16);
    for (int i = 0; i < 5; i++) REQUIRE_OK(vipc_endpoint_create(&m.v[i & 1], NULL, &door[i]));
    CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
    while (n < 16 && vipc_derive(&m.v[0], door[0], NULL, &caps[n]) == VIPC_OK) n++;
    CHECK_EQ(n, 4);
    CHECK_EQ(vipc_derive(&m.v[0], door[0], NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_grant(&m.v[0], door[0], vipc_self(&m.v[1]), NULL, &out), VIPC_ERR_LIMIT);
    CHECK_EQ(out.token, 4711);
    CHECK_OK(vipc_destroy(&m.v[1], door[1], VIPC_NOW));
    CHECK_OK(vipc_endpoint_create(&m.v[1], NULL, &out));
    MOCK_CHECK(&m, 0);
    CHECK_OK(vipc_revoke(&m.v[0], door[0], VIPC_NOW));
    for (int i = 0; i < 4; i++) CHECK_OK(vipc_derive(&m.v[0], door[0], NULL, &caps[i]));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

/* ---- carried in a message ---- */
static vipc_error carry(vipc *who, vipc_cap to, vipc_cap what)
{
    vipc_message m = mock_message(1);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = what;
    return vipc_send(who, to, &m, VIPC_NOW);
}
TEST(a_message_carries_a_capability)
{
    mock m;
    vipc_message got;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE), out;
    vipc_cap gift = mock_endpoint(&m, 0, 4), some;
    REQUIRE_OK(derive(&m.v[0], gift, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE, 55, &some));
    CHECK_OK(carry(&m.v[0], door, some));
    CHECK(mock_alive_cap(&m.v[0], some));
    CHECK_OK(vipc_receive(&m.v[1], his, &got, NULL, VIPC_NOW));
    CHECK_EQ(got.flags, VIPC_HAS_CAPABILITY);
    CHECK(got.capability.token != 0 && got.capability.token != some.token);
    CHECK_EQ(vipc_cap_require(&m.v[0], got.capability, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    vipc_cap_info i = mock_cap_info(&m.v[1], got.capability);
    CHECK_EQ(i.rights, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE);
    CHECK_EQ(i.badge, 55);
    CHECK_EQ(i.object, mock_cap_info(&m.v[0], gift).object);
    CHECK_EQ(mock_cap_info(&m.v[0], some).children, 1);
    CHECK_OK(mock_send(&m.v[1], got.capability, 8));
    CHECK_EQ(mock_receive(&m.v[0], gift), 8);
    out = got.capability;
    CHECK_OK(vipc_revoke(&m.v[0], some, VIPC_NOW));
    CHECK_EQ(mock_send(&m.v[1], out, 8), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_revoke(&m.v[0], gift, VIPC_NOW));
    MOCK_END(&m);
}
TEST(what_cannot_be_carried)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), gift = mock_endpoint(&m, 0, 4), foreign = mock_endpoint(&m, 1, 4), none = VIPC_INIT;
    vipc_cap weak = mock_derive(&m, 0, gift, VIPC_RIGHT_ALL & ~VIPC_RIGHT_GRANT);
    CHECK_EQ(carry(&m.v[0], door, weak), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(carry(&m.v[0], door, foreign), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(carry(&m.v[0], door, none), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_cap_info(&m.v[0], gift).children, 1);
    /* without the flag the field means nothing, and does not arrive */
    vipc_message msg = mock_message(2), got;
    msg.capability = gift;
    CHECK_OK(vipc_send(&m.v[0], door, &msg, VIPC_NOW));
    CHECK_OK(vipc_receive(&m.v[0], door, &got, NULL, VIPC_NOW));
    CHECK_EQ(got.capability.token, 0);
    CHECK_EQ(got.flags, 0);
    MOCK_END(&m);
}
TEST(a_full_queue_keeps_no_carried_capability)
{
    mock m;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 1), gift = mock_endpoint(&m, 0, 1);
    vipc_process_info before, after;
    CHECK_OK(mock_send(&m.v[0], door, 1));
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &before));
    for (int i = 0; i < 10; i++) CHECK_EQ(carry(&m.v[0], door, gift), VIPC_ERR_CHANNEL_FULL);
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &after));
    CHECK_EQ(before.capabilities, after.capabilities);
    CHECK_EQ(mock_cap_info(&m.v[0], gift).children, 0);
    MOCK_END(&m);
}
TEST(a_capability_revoked_in_flight_arrives_as_none)
{
    for (int how = 0; how < 3; how++) {
        mock m;
        vipc_message got;
        mock_open(&m, NULL, 2, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0), gift = mock_endpoint(&m, 0, 4), mid = mock_derive(&m, 0, gift, 0);
        CHECK_OK(carry(&m.v[0], door, mid));
        if (how == 0) CHECK_OK(vipc_revoke(&m.v[0], gift, VIPC_NOW));
        else if (how == 1) CHECK_OK(vipc_revoke(&m.v[0], mid, VIPC_NOW));
        else CHECK_OK(vipc_destroy(&m.v[0], gift, VIPC_NOW));
        CHECK_OK(vipc_receive(&m.v[1], his, &got, NULL, VIPC_NOW));
        CHECK_EQ(got.opcode, 1);
        CHECK_EQ(got.capability.token, 0);
        CHECK_EQ(got.flags & VIPC_HAS_CAPABILITY, 0);
        MOCK_END(&m);
    }
}
TEST(a_capability_in_flight_survives_its_senders_close)
{
    mock m;
    vipc_message got;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0), gift = mock_endpoint(&m, 0, 4);
    CHECK_OK(carry(&m.v[0], door, gift));
    CHECK_OK(vipc_close(&m.v[0], gift));                  /* the one in flight is now the last */
    CHECK_EQ(mock_stats(&m).objects_destroyed, 0);
    CHECK_OK(vipc_receive(&m.v[1], his, &got, NULL, VIPC_NOW));
    CHECK(got.capability.token != 0);
    CHECK_OK(mock_send(&m.v[1], got.capability, 3));
    CHECK_EQ(mock_receive(&m.v[1], got.capability), 3);
    CHECK_OK(vipc_close(&m.v[1], got.capability));
    CHECK_EQ(mock_stats(&m).objects_destroyed, 1);
    MOCK_END(&m);
}
TEST(a_receiver_without_room_keeps_the_message_queued)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_message got;
    vipc_cap out, fill[4];
    c.capabilities_per_process = 4;
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0), gift = mock_endpoint(&m, 0, 4);
    CHECK_OK(carry(&m.v[0], door, gift));
    for (int i = 0; i < 3; i++) REQUIRE_OK(vipc_derive(&m.v[1], his, NULL, &fill[i]));
    CHECK_EQ(vipc_derive(&m.v[1], his, NULL, &out), VIPC_ERR_LIMIT);
    vipc_error e = vipc_receive(&m.v[1], his, &got, NULL, VIPC_NOW);
    CHECK_EQ(e, VIPC_ERR_LIMIT);
    CHECK_OK(vipc_close(&m.v[1], fill[0]));
    CHECK_OK(vipc_receive(&m.v[1], his, &got, NULL, VIPC_NOW));
    CHECK_EQ(got.opcode, 1);
    CHECK(got.capability.token != 0 && mock_alive_cap(&m.v[1], got.capability));
    MOCK_END(&m);
}
TEST(carried_capabilities_of_a_destroyed_queue_are_given_back)
{
    mock m;
    vipc_config c = VIPC_INIT;
    c.max_capabilities = 8;
    mock_open(&m, &c, 2, 16);
    vipc_cap gift = mock_endpoint(&m, 0, 4);
    for (int i = 0; i < 40; i++) {
        vipc_cap door = mock_endpoint(&m, 1, 4), mine = mock_grant(&m, 1, door, 0, 0);
        CHECK_OK(carry(&m.v[0], mine, gift));
        CHECK_OK(carry(&m.v[0], mine, gift));
        CHECK_OK(vipc_destroy(&m.v[1], door, VIPC_NOW));
        CHECK_EQ(mock_cap_info(&m.v[0], gift).children, 0);
    }
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(an_endpoint_carried_through_itself)
{
    mock m;
    vipc_message got;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(carry(&m.v[0], door, door));
    CHECK_OK(vipc_receive(&m.v[0], door, &got, NULL, VIPC_NOW));
    CHECK(mock_alive_cap(&m.v[0], got.capability));
    CHECK_OK(carry(&m.v[0], door, got.capability));
    CHECK_OK(vipc_close(&m.v[0], got.capability));
    CHECK_OK(vipc_close(&m.v[0], door));                  /* only the one inside its own queue is left: nobody can ever take it */
    MOCK_CHECK(&m, m.in_use);
    MOCK_END(&m);
}
TEST(a_dead_process_takes_its_capabilities_along)
{
    mock m;
    uint32_t reaped = 0;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), a = mock_grant(&m, 0, door, 1, 0), b = mock_grant(&m, 1, a, 2, VIPC_RIGHT_SEND);
    vipc_cap his = mock_endpoint(&m, 1, 4), mine = mock_grant(&m, 1, his, 2, 0);
    CHECK_OK(mock_send(&m.v[2], mine, 1));
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], &reaped));
    CHECK_EQ(reaped, 1);
    CHECK_EQ(mock_stats(&m).reaped, 1);
    CHECK(mock_alive_cap(&m.v[2], b));                    /* derived from the dead one's: hangs on the door now */
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);
    CHECK(!mock_alive_cap(&m.v[2], mine));                /* its endpoint went with it */
    CHECK_OK(vipc_sweep(&m.v[0], &reaped));
    CHECK_EQ(reaped, 0);
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[2], b));
    MOCK_END(&m);
}
TEST(a_deep_chain_and_a_wide_fan_are_revoked_whole)
{
    enum { DEEP = 2000, WIDE = 2000 };
    static vipc_cap deep[DEEP], wide[WIDE];
    mock m;
    vipc_config c = VIPC_INIT;
    int wrong = 0;
    c.max_capabilities = DEEP + WIDE + 10;
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), at = door;
    for (int i = 0; i < DEEP; i++) {
        if (i & 1) { REQUIRE_OK(vipc_grant(&m.v[1], at, vipc_self(&m.v[0]), NULL, &deep[i])); }
        else REQUIRE_OK(vipc_grant(&m.v[0], at, vipc_self(&m.v[1]), NULL, &deep[i]));
        at = deep[i];
    }
    for (int i = 0; i < WIDE; i++) REQUIRE_OK(vipc_derive(&m.v[0], door, NULL, &wide[i]));
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, WIDE + 1);
    CHECK_OK(vipc_revoke(&m.v[1], deep[1000], VIPC_NOW));
    for (int i = 0; i < DEEP; i++)
        if (mock_alive_cap(&m.v[i & 1 ? 0 : 1], deep[i]) != (i <= 1000)) wrong++;
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    for (int i = 0; i < DEEP; i++)
        if (mock_alive_cap(&m.v[i & 1 ? 0 : 1], deep[i])) wrong++;
    for (int i = 0; i < WIDE; i++)
        if (mock_alive_cap(&m.v[0], wide[i])) wrong++;
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 0);
    CHECK_OK(mock_send(&m.v[0], door, 1));
    MOCK_END(&m);
}

/* vipc_process_destroy condemns before it has the lock: one who checks meanwhile finds nothing wrong. */
TEST(check_beside_one_who_waits_to_destroy)
{
    mock m;
    vipc_cap process;
    uint32_t bad = 77;
    mock_open(&m, NULL, 1, 8);
    REQUIRE_OK(vipc_process_create(&m.v[0], NULL, &m.v[1], &process));
    vipci_us(&m.v[1])->state = VIPCI_CONDEMNED;
    CHECK_OK(vipc_check(&m.v[0], &bad));
    CHECK_EQ(bad, 0);
    CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
    MOCK_END(&m);
}

RUN_TESTS(T(check_beside_one_who_waits_to_destroy), T(create_gives_all_rights), T(token_accessors_take_anything), T(derive_only_ever_fewer_rights), T(badge_is_set_once),
          T(grant_is_for_the_grantee_only), T(require_tells_type_and_rights), T(every_operation_needs_its_right),
          T(revoke_takes_the_subtree_and_nothing_else), T(messages_sent_before_a_revoke_stay_sent), T(revoke_wakes_sleepers),
          T(destroy_wakes_sleepers), T(closing_another_capability_wakes_nobody), T(closing_the_last_capability_ends_a_sleep_in_the_object),
          T(revoke_waits_for_the_lock_to_its_deadline_only), T(close_hangs_children_on_the_parent), T(closing_the_root_leaves_the_children),
          T(destroy_ends_it_for_everybody), T(destroy_past_somebody_inside_can_be_finished), T(process_capability),
          T(closing_a_process_capability_ends_no_process), T(quotas_hold_for_each_process), T(full_tables_say_limit_and_recover),
          T(a_message_carries_a_capability), T(what_cannot_be_carried), T(a_full_queue_keeps_no_carried_capability),
          T(a_capability_revoked_in_flight_arrives_as_none), T(a_capability_in_flight_survives_its_senders_close),
          T(a_receiver_without_room_keeps_the_message_queued), T(carried_capabilities_of_a_destroyed_queue_are_given_back),
          T(an_endpoint_carried_through_itself), T(a_dead_process_takes_its_capabilities_along), T(a_deep_chain_and_a_wide_fan_are_revoked_whole))
