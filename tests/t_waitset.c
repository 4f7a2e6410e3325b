/* t_waitset.c - wait sets: many things, told by what is ready. */
#include "mock.h"

enum { MANY = 300 };
typedef struct sets { mock m; vipc_cap set, door, his, bell, voice, to; unsigned by, done; vipc_error said; uint64_t rung, quiet; vipc_hooks ringing; } sets;
static vipc_error add(sets *s, vipc_cap object, uint32_t for_send, uint64_t key)
{
    vipc_wait_item item = VIPC_INIT;
    item.object = object;
    item.for_send = for_send;
    item.key = key;
    return vipc_wait_set_add(&s->m.v[0], s->set, &item);
}
static void open_sets(sets *s, uint32_t capacity)
{
    memset(s, 0, sizeof *s);
    mock_open(&s->m, NULL, 2, 64);
    REQUIRE_OK(vipc_wait_set_create(&s->m.v[0], capacity, "all", &s->set));
    s->door = mock_endpoint(&s->m, 0, 4);
    s->his = mock_grant(&s->m, 0, s->door, 1, VIPC_RIGHT_SEND);
    REQUIRE_OK(vipc_notification_create(&s->m.v[0], NULL, &s->bell));
    s->voice = mock_grant(&s->m, 0, s->bell, 1, VIPC_RIGHT_SEND);
    s->m.script = s;
    s->by = 1;
}
/* What is ready, as the sum of the keys; or the error. */
static long long ready(sets *s, vipc_time deadline)
{
    vipc_wait_item items[8];
    uint32_t n = 4711;
    long long sum = 0;
    vipc_error e = vipc_wait_set_wait(&s->m.v[0], s->set, items, 8, &n, deadline);
    if (e != VIPC_OK) { CHECK_EQ(n, 4711); return e; }
    CHECK(n >= 1 && n <= 8);
    for (uint32_t i = 0; i < n; i++) { CHECK_OK(items[i].ready); sum += (long long)items[i].key; }
    return sum;
}
static void sends(mock *m, uint64_t self)
{
    sets *s = (sets *)m->script;
    (void)self;
    s->done++;
    s->said = mock_send(&m->v[s->by], s->to, 9);
}
static void signals(mock *m, uint64_t self)
{
    sets *s = (sets *)m->script;
    (void)self;
    s->done++;
    s->said = vipc_signal(&m->v[s->by], s->to, 1);
}
static void receives(mock *m, uint64_t self)
{
    sets *s = (sets *)m->script;
    (void)self;
    s->done++;
    CHECK_EQ(mock_receive(&m->v[s->by], s->to), 0);
}
static void destroys(mock *m, uint64_t self)
{
    sets *s = (sets *)m->script;
    (void)self;
    s->done++;
    s->said = vipc_destroy(&m->v[s->by], s->to, VIPC_NOW);
}

TEST(it_tells_what_is_ready_as_long_as_it_is)
{
    sets s;
    open_sets(&s, 0);
    CHECK_EQ(vipc_cap_type(s.set), VIPC_TYPE_WAIT_SET);
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(add(&s, s.door, 0, 1));
    CHECK_OK(add(&s, s.door, 1, 10));
    CHECK_OK(add(&s, s.bell, 0, 100));
    CHECK_EQ(ready(&s, VIPC_NOW), 10);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));
    CHECK_EQ(ready(&s, VIPC_NOW), 11);
    CHECK_EQ(ready(&s, VIPC_FOREVER), 11);                     /* level-triggered */
    CHECK_OK(vipc_signal(&s.m.v[1], s.voice, 2));
    CHECK_EQ(ready(&s, VIPC_FOREVER), 111);
    CHECK_EQ(mock_receive(&s.m.v[0], s.door), 5);
    CHECK_EQ(ready(&s, VIPC_FOREVER), 110);
    vipc_message many[4] = { mock_message(1), mock_message(2), mock_message(3), mock_message(4) };
    uint32_t n;
    CHECK_OK(vipc_send_many(&s.m.v[1], s.his, many, 4, &n, VIPC_NOW));
    CHECK_EQ(ready(&s, VIPC_NOW), 101);                        /* no room, and a message */
    CHECK_OK(vipc_receive_many(&s.m.v[0], s.door, many, NULL, 4, &n, VIPC_NOW));
    CHECK_EQ(n, 4);
    CHECK_EQ(ready(&s, VIPC_NOW), 110);
    CHECK_OK(vipc_wait_set_remove(&s.m.v[0], s.set, s.door));
    CHECK_EQ(ready(&s, VIPC_FOREVER), 100);
    uint64_t got;
    CHECK_OK(vipc_notification_wait(&s.m.v[0], s.bell, ~0ull, &got, VIPC_NOW));
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));                  /* no longer looked at */
    CHECK_EQ(ready(&s, vipc_after(&s.m.v[0], MS)), VIPC_ERR_TIMEOUT);
    MOCK_END(&s.m);
}
TEST(what_was_there_before_it_was_put_in_is_told)
{
    sets s;
    open_sets(&s, 4);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));
    CHECK_OK(vipc_signal(&s.m.v[1], s.voice, 2));
    CHECK_OK(add(&s, s.door, 0, 1));
    CHECK_OK(add(&s, s.bell, 0, 2));
    CHECK_EQ(ready(&s, VIPC_FOREVER), 3);
    MOCK_END(&s.m);
}
TEST(what_a_wait_set_refuses)
{
    sets s;
    vipc_wait_item item = VIPC_INIT;
    vipc_cap other, none = VIPC_INIT, out = { 4711 };
    uint32_t n = 4711;
    open_sets(&s, 2);
    CHECK_EQ(vipc_wait_set_create(&s.m.v[0], VIPC_WAIT_SET_MAX + 1, NULL, &out), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_wait_set_create(&s.m.v[0], 1, NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(out.token, 4711);
    CHECK_EQ(vipc_wait_set_add(&s.m.v[0], s.set, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(add(&s, none, 0, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(add(&s, s.his, 0, 1), VIPC_ERR_INVALID_CAPABILITY);       /* not the caller's */
    CHECK_EQ(add(&s, s.set, 0, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(add(&s, s.bell, 1, 1), VIPC_ERR_INVALID_ARGUMENT);
    vipc_cap sender = mock_derive(&s.m, 0, s.door, VIPC_RIGHT_SEND);
    CHECK_EQ(add(&s, sender, 0, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(add(&s, s.door, 0, 1));
    CHECK_EQ(add(&s, s.door, 0, 1), VIPC_ERR_EXISTS);
    REQUIRE_OK(vipc_wait_set_create(&s.m.v[0], 2, NULL, &other));
    item.object = s.door;
    CHECK_EQ(vipc_wait_set_add(&s.m.v[0], other, &item), VIPC_ERR_RESOURCE_BUSY);
    CHECK_OK(add(&s, sender, 1, 1));
    CHECK_EQ(add(&s, s.bell, 0, 1), VIPC_ERR_LIMIT);
    CHECK_EQ(vipc_wait_set_remove(&s.m.v[0], s.set, s.bell), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_wait_set_remove(&s.m.v[0], s.set, none), VIPC_ERR_NOT_FOUND);
    CHECK_OK(vipc_wait_set_remove(&s.m.v[0], s.set, s.door));
    CHECK_OK(vipc_wait_set_add(&s.m.v[0], other, &item));      /* and now it may be in another */
    CHECK_OK(add(&s, s.bell, 0, 1));
    CHECK_EQ(vipc_wait_set_wait(&s.m.v[0], s.set, &item, 0, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_wait_set_wait(&s.m.v[0], s.set, NULL, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_wait_set_wait(&s.m.v[0], s.set, &item, 1, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_wait_set_wait(&s.m.v[0], s.door, &item, 1, &n, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_grant(&s.m.v[0], s.set, vipc_self(&s.m.v[1]), NULL, &out), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_wait_set_bell(&s.m.v[0], s.set, 5), VIPC_ERR_NOT_SUPPORTED);
    MOCK_END(&s.m);
}
TEST(it_sleeps_until_something_is_ready)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        for (int which = 0; which < 3; which++) {
            static const mock_script does[3] = { sends, receives, signals };
            sets s;
            open_sets(&s, 8);
            for (int i = 0; i < 4; i++) CHECK_OK(mock_send(&s.m.v[1], s.his, 0));
            vipc_cap full = mock_grant(&s.m, 0, s.door, 1, 0), empty = mock_endpoint(&s.m, 0, 4);
            CHECK_OK(add(&s, empty, 0, 1));
            CHECK_OK(add(&s, s.door, 1, 2));
            CHECK_OK(add(&s, s.bell, 0, 3));
            s.to = which == 0 ? mock_grant(&s.m, 0, empty, 1, 0) : which == 1 ? full : s.voice;
            if (asleep) s.m.asleep = does[which];
            else s.m.before_sleep = does[which];
            vipc_time since = s.m.now;
            CHECK_EQ(ready(&s, VIPC_FOREVER), which + 1);
            CHECK(s.m.now - since < 50 * MS);                  /* woken, and not at the end of a slice */
            CHECK_EQ(s.done, 1);
            CHECK_EQ(s.m.stuck, 0);
            MOCK_END(&s.m);
        }
    }
}
TEST(many_in_one_set)
{
    sets s;
    vipc_cap doors[MANY];
    uint64_t random = 12345;
    unsigned told[MANY] = { 0 };
    memset(&s, 0, sizeof s);
    vipc_config c = VIPC_INIT;
    c.max_objects = MANY + 4;
    c.max_capabilities = MANY * 2 + 20;
    mock_open(&s.m, &c, 1, MANY * 2);
    REQUIRE_OK(vipc_wait_set_create(&s.m.v[0], MANY, NULL, &s.set));
    for (unsigned i = 0; i < MANY; i++) {
        doors[i] = mock_endpoint(&s.m, 0, 2);
        CHECK_OK(add(&s, doors[i], 0, i));
    }
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    for (unsigned round = 0; round < 2000; round++) {
        unsigned i = (unsigned)(mock_random(&random) % MANY);
        CHECK_OK(mock_send(&s.m.v[0], doors[i], i));
        CHECK_EQ(ready(&s, VIPC_NOW), i);
        CHECK_EQ(mock_receive(&s.m.v[0], doors[i]), i);
        CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    }
    for (unsigned i = 0; i < MANY; i++) CHECK_OK(mock_send(&s.m.v[0], doors[i], i));
    for (unsigned round = 0; round < MANY * 3 / 7 + 1; round++) {      /* nobody is passed over for ever */
        vipc_wait_item items[7];
        uint32_t n = 0;
        CHECK_OK(vipc_wait_set_wait(&s.m.v[0], s.set, items, 7, &n, VIPC_NOW));
        CHECK_EQ(n, 7);
        for (uint32_t k = 0; k < n; k++) told[items[k].key]++;
    }
    for (unsigned i = 0; i < MANY; i++) if (!CHECK(told[i] >= 2 && told[i] <= 4)) printf("      %u: %u\n", i, told[i]);
    MOCK_END(&s.m);
}
TEST(what_has_ended_is_told_until_it_is_taken_out)
{
    sets s;
    vipc_wait_item items[8];
    uint32_t n = 0;
    open_sets(&s, 4);
    CHECK_OK(add(&s, s.door, 0, 1));
    CHECK_OK(add(&s, s.bell, 0, 2));
    s.to = s.door;
    s.by = 0;
    s.m.asleep = destroys;
    CHECK_OK(vipc_wait_set_wait(&s.m.v[0], s.set, items, 8, &n, VIPC_FOREVER));
    CHECK_EQ(n, 1);
    CHECK_EQ(items[0].key, 1);
    CHECK_EQ(items[0].ready, VIPC_ERR_INVALID_CAPABILITY);
    vipc_cap next = mock_endpoint(&s.m, 0, 4);                 /* in the same record: not in the set for that */
    CHECK_OK(mock_send(&s.m.v[0], next, 5));
    CHECK_OK(vipc_wait_set_wait(&s.m.v[0], s.set, items, 8, &n, VIPC_NOW));
    CHECK_EQ(n, 1);
    CHECK_EQ(items[0].object.token, s.door.token);
    CHECK_OK(vipc_wait_set_remove(&s.m.v[0], s.set, s.door));
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(add(&s, next, 0, 7));
    CHECK_EQ(ready(&s, VIPC_NOW), 7);
    MOCK_END(&s.m);
}
TEST(a_set_that_goes_lets_all_go)
{
    sets s;
    open_sets(&s, 4);
    uint64_t frames = mock_stats(&s.m).frames_in_use;
    CHECK_OK(add(&s, s.door, 0, 1));
    s.to = s.set;
    s.by = 0;
    mock_thread(&s.m, 0, 2);
    s.by = 2;
    s.m.asleep = destroys;
    CHECK_EQ(ready(&s, VIPC_FOREVER), VIPC_ERR_CLOSED);
    CHECK_EQ(ready(&s, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    (void)vipc_trim(&s.m.v[0], NULL);
    CHECK(mock_stats(&s.m).frames_in_use < frames);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));                  /* told to nobody */
    REQUIRE_OK(vipc_wait_set_create(&s.m.v[0], 4, NULL, &s.set));
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(add(&s, s.door, 0, 3));
    CHECK_EQ(ready(&s, VIPC_NOW), 3);
    MOCK_END(&s.m);
}
TEST(a_channel_in_a_set)
{
    sets s;
    vipc_cap a, b;
    vipc_channel_desc d = VIPC_INIT;
    open_sets(&s, 4);
    d.capacity = 1;
    REQUIRE_OK(vipc_channel_create(&s.m.v[0], &d, &a, &b));
    CHECK_OK(add(&s, a, 0, 1));
    CHECK_OK(add(&s, a, 1, 2));
    CHECK_EQ(ready(&s, VIPC_NOW), 2);
    CHECK_OK(mock_send(&s.m.v[0], a, 5));
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(mock_send(&s.m.v[0], b, 6));
    CHECK_EQ(ready(&s, VIPC_NOW), 1);
    CHECK_EQ(mock_receive(&s.m.v[0], b), 5);
    CHECK_EQ(ready(&s, VIPC_NOW), 3);
    CHECK_OK(vipc_wait_set_remove(&s.m.v[0], s.set, a));
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    MOCK_END(&s.m);
}
static void on_bell(void *user, uint64_t bell, int ring)
{
    sets *s = (sets *)((mock *)user)->script;
    CHECK_EQ(bell, 77);
    if (ring) s->rung++;
    else s->quiet++;
}
TEST(the_bell_rings_once_after_nothing_was_ready)
{
    sets s;
    open_sets(&s, 4);
    s.ringing = *s.m.v[0].hooks;
    s.ringing.bell = on_bell;
    s.ringing.user = &s.m;
    s.m.v[0].hooks = s.m.v[1].hooks = &s.ringing;
    CHECK_OK(add(&s, s.door, 0, 1));
    CHECK_OK(vipc_wait_set_bell(&s.m.v[0], s.set, 77));
    CHECK(s.rung >= 1);                                        /* there may be something by now */
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(s.quiet, 1);
    uint64_t rung = s.rung;
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));
    CHECK_EQ(s.rung, rung + 1);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 6));
    CHECK_EQ(s.rung, rung + 1);                                /* it rings already */
    CHECK_EQ(ready(&s, VIPC_NOW), 1);
    CHECK_EQ(mock_receive(&s.m.v[0], s.door), 5);
    CHECK_EQ(mock_receive(&s.m.v[0], s.door), 6);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 7));
    CHECK_EQ(s.rung, rung + 1);                                /* the owner has not said that it polls again */
    CHECK_EQ(mock_receive(&s.m.v[0], s.door), 7);
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 8));
    CHECK_EQ(s.rung, rung + 2);
    CHECK_OK(vipc_wait_set_bell(&s.m.v[0], s.set, 0));
    MOCK_END(&s.m);
}

RUN_TESTS(T(it_tells_what_is_ready_as_long_as_it_is), T(what_was_there_before_it_was_put_in_is_told), T(what_a_wait_set_refuses),
          T(it_sleeps_until_something_is_ready), T(many_in_one_set), T(what_has_ended_is_told_until_it_is_taken_out), T(a_set_that_goes_lets_all_go),
          T(a_channel_in_a_set), T(the_bell_rings_once_after_nothing_was_ready))
