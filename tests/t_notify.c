/* t_notify.c - notifications, watches, and waiting for several things.  "The other side" runs in the block hook. */
#include "mock.h"

typedef struct act {                   /* what the others do while somebody sleeps */
    vipc_cap to, ears;
    uint64_t bits;
    vipc_error said;
    unsigned by, done;
} act;
static vipc_cap notification(mock *m, unsigned i)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_notification_create(&m->v[i], "bell", &out));
    return out;
}
/* Which of the bits of mask are set now; 0 for none. */
static uint64_t bits(vipc *who, vipc_cap cap, uint64_t mask)
{
    uint64_t got = 4711;
    vipc_error e = vipc_notification_wait(who, cap, mask, &got, VIPC_NOW);
    if (e == VIPC_OK) return got;
    CHECK_EQ(e, VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(got, 4711);
    return 0;
}
/* Did the sleep end because somebody ended it?  One that was forgotten ends too, when its first slice of 50 ms is over: that is no wake-up. */
#define WOKEN(m, since) CHECK((m)->now - (since) < 50 * MS)
static void signals(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = vipc_signal(&m->v[a->by], a->to, a->bits);
}
static void sends(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = mock_send(&m->v[a->by], a->to, 5);
}
static void receives(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    CHECK_EQ(mock_receive(&m->v[a->by], a->to), 0);
}
static void destroys(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    a->said = vipc_destroy(&m->v[a->by], a->to, VIPC_NOW);
}
static void dies(mock *m, uint64_t self)
{
    act *a = (act *)m->script;
    (void)self;
    a->done++;
    mock_kill(m, a->by);
}

/* ---- signal and wait ---- */
TEST(bits_add_up_and_are_taken_once)
{
    mock m;
    mock_open(&m, NULL, 2, 4);
    vipc_cap bell = notification(&m, 0), his = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_SEND), ears = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_RECEIVE);
    CHECK_EQ(vipc_cap_type(bell), VIPC_TYPE_NOTIFICATION);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);
    CHECK_OK(vipc_signal(&m.v[1], his, 5));
    CHECK_OK(vipc_signal(&m.v[0], bell, 1ull << 63 | 4));
    CHECK_EQ(bits(&m.v[1], ears, 2), 0);
    CHECK_EQ(bits(&m.v[1], ears, 1 | 2), 1);
    CHECK_EQ(bits(&m.v[0], bell, 1), 0);
    CHECK(bits(&m.v[0], bell, ~0ull) == (1ull << 63 | 4));
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);
    MOCK_CHECK(&m, 0);                                         /* it takes no frames */
    MOCK_END(&m);
}
TEST(what_a_notification_refuses)
{
    mock m;
    vipc_message msg = mock_message(1);
    uint64_t got = 4711;
    mock_open(&m, NULL, 2, 4);
    vipc_cap bell = notification(&m, 0), his = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_SEND), ears = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_RECEIVE);
    vipc_cap door = mock_endpoint(&m, 0, 4), none = VIPC_INIT;
    CHECK_EQ(vipc_signal(&m.v[0], bell, 0), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_notification_wait(&m.v[0], bell, 0, &got, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_notification_wait(&m.v[0], bell, 1, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_notification_create(&m.v[0], NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_signal(&m.v[1], ears, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_notification_wait(&m.v[1], his, 1, &got, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_signal(&m.v[0], door, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_signal(&m.v[0], none, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_signal(&m.v[1], bell, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_send(&m.v[0], bell, &msg, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_receive(&m.v[0], bell, &msg, NULL, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_call(&m.v[0], bell, &msg, &msg, VIPC_FOREVER), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_endpoint_bind(&m.v[0], bell, vipc_self(&m.v[0])), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(got, 4711);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);
    MOCK_END(&m);
}
/* A signal in the gap between the last look and the sleep, or during the sleep, ends the wait, and no other does. */
TEST(a_signal_wakes_who_waits_for_its_bits)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        mock m;
        act a = VIPC_INIT;
        uint64_t got = 0;
        mock_open(&m, NULL, 2, 4);
        vipc_cap bell = notification(&m, 0);
        a.to = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_SEND);
        a.by = 1;
        a.bits = 6;
        m.script = &a;
        if (asleep) m.asleep = signals;
        else m.before_sleep = signals;
        vipc_time since = m.now;
        CHECK_OK(vipc_notification_wait(&m.v[0], bell, 3, &got, VIPC_FOREVER));
        WOKEN(&m, since);
        CHECK_EQ(got, 2);
        CHECK_OK(a.said);
        a.bits = 8;                                            /* not among those */
        if (asleep) m.asleep = signals;
        else m.before_sleep = signals;
        CHECK_EQ(vipc_notification_wait(&m.v[0], bell, 3, &got, vipc_after(&m.v[0], 50 * MS)), VIPC_ERR_TIMEOUT);
        CHECK_EQ(a.done, 2);
        CHECK_EQ(bits(&m.v[0], bell, ~0ull), 4 | 8);
        CHECK_EQ(m.stuck, 0);
        MOCK_END(&m);
    }
}
static void waits_too(mock *m, uint64_t self)                  /* a second sleeper, then the signal: each is told of its own bit */
{
    act *a = (act *)m->script;
    uint64_t got = 0;
    (void)self;
    m->asleep = signals;
    CHECK_OK(vipc_notification_wait(&m->v[2], a->ears, 4, &got, VIPC_FOREVER));
    CHECK_EQ(got, 4);
    a->done += 10;
}
TEST(one_signal_wakes_all_whose_bits_it_has)
{
    mock m;
    act a = VIPC_INIT;
    uint64_t got = 0;
    mock_open(&m, NULL, 3, 4);
    vipc_cap bell = notification(&m, 0);
    a.to = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_SEND);
    a.ears = mock_grant(&m, 0, bell, 2, VIPC_RIGHT_RECEIVE);
    a.by = 1;
    a.bits = 1 | 4 | 8;
    m.script = &a;
    m.asleep = waits_too;
    vipc_time since = m.now;
    CHECK_OK(vipc_notification_wait(&m.v[0], bell, 1, &got, VIPC_FOREVER));
    WOKEN(&m, since);
    CHECK_EQ(got, 1);
    CHECK_EQ(a.done, 11);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 8);
    CHECK_EQ(m.stuck, 0);
    MOCK_END(&m);
}
TEST(the_end_of_a_notification_ends_waits)
{
    mock m;
    act a = VIPC_INIT;
    uint64_t got = 0;
    mock_open(&m, NULL, 3, 4);
    vipc_cap bell = notification(&m, 1), ears = mock_grant(&m, 1, bell, 0, VIPC_RIGHT_RECEIVE), voice = mock_grant(&m, 1, bell, 0, VIPC_RIGHT_SEND);
    a.to = bell;
    a.by = 1;
    m.script = &a;
    m.asleep = destroys;
    vipc_time since = m.now;
    CHECK_EQ(vipc_notification_wait(&m.v[0], ears, 1, &got, VIPC_FOREVER), VIPC_ERR_CLOSED);
    WOKEN(&m, since);
    CHECK_EQ(vipc_signal(&m.v[0], voice, 1), VIPC_ERR_INVALID_CAPABILITY);     /* gone with it */
    bell = notification(&m, 1);
    ears = mock_grant(&m, 1, bell, 0, VIPC_RIGHT_RECEIVE);
    m.asleep = dies;
    CHECK_EQ(vipc_notification_wait(&m.v[0], ears, 1, &got, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
    bell = notification(&m, 0);
    CHECK_EQ(vipc_notification_wait(&m.v[0], bell, 1, &got, vipc_after(&m.v[0], MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(vipc_cancel(&m.v[0]));
    CHECK_EQ(vipc_notification_wait(&m.v[0], bell, 1, &got, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    MOCK_END(&m);
}
TEST(a_revoked_signaller_is_silent)
{
    mock m;
    mock_open(&m, NULL, 2, 4);
    vipc_cap bell = notification(&m, 0), his = mock_grant(&m, 0, bell, 1, VIPC_RIGHT_SEND);
    CHECK_OK(vipc_signal(&m.v[1], his, 1));
    CHECK_OK(vipc_revoke(&m.v[0], bell, VIPC_NOW));
    CHECK_EQ(vipc_signal(&m.v[1], his, 2), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 1);                   /* what was signalled before stays */
    CHECK_OK(vipc_close(&m.v[0], bell));
    bell = notification(&m, 0);                                /* in the same record, perhaps: no bit is left in it */
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);
    MOCK_END(&m);
}

/* ---- watches ---- */
TEST(a_watch_tells_of_a_death_once)
{
    mock m;
    mock_open(&m, NULL, 3, 4);
    vipc_cap bell = notification(&m, 0), ears = mock_grant(&m, 0, bell, 0, VIPC_RIGHT_RECEIVE);
    vipc_pid he = vipc_self(&m.v[1]), she = vipc_self(&m.v[2]), nobody = { 0 }, later = { 1000 };
    CHECK_OK(vipc_process_watch(&m.v[0], he, bell, 2));
    CHECK_OK(vipc_process_watch(&m.v[0], he, bell, 8));
    CHECK_OK(vipc_process_watch(&m.v[0], she, bell, 4));
    CHECK_EQ(vipc_process_watch(&m.v[0], vipc_self(&m.v[0]), bell, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_watch(&m.v[0], nobody, bell, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_watch(&m.v[0], later, bell, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_watch(&m.v[0], she, bell, 0), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_watch(&m.v[0], she, ears, 1), VIPC_ERR_PERMISSION_DENIED);
    MOCK_CHECK(&m, 0);
    mock_kill(&m, 1);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);                   /* nobody has noticed yet */
    CHECK_OK(vipc_sweep(&m.v[2], NULL));
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 2 | 8);
    mock_leave_domain(&m, 2);
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 4);
    CHECK_OK(vipc_process_watch(&m.v[0], he, bell, 16));       /* he has ended: at once */
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 16);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK_EQ(bits(&m.v[0], bell, ~0ull), 0);
    MOCK_END(&m);
}
TEST(a_watch_wakes_who_sleeps)
{
    mock m;
    act a = VIPC_INIT;
    uint64_t got = 0;
    mock_open(&m, NULL, 2, 4);
    vipc_cap bell = notification(&m, 0);
    CHECK_OK(vipc_process_watch(&m.v[0], vipc_self(&m.v[1]), bell, 1));
    a.by = 1;
    m.script = &a;
    m.asleep = dies;
    CHECK_OK(vipc_notification_wait(&m.v[0], bell, 1, &got, VIPC_FOREVER));
    MOCK_END(&m);
}
TEST(a_watch_ends_with_its_watcher_or_its_notification)
{
    mock m;
    vipc_process_info p;
    mock_open(&m, NULL, 3, 4);
    vipc_cap bell = notification(&m, 1), other = notification(&m, 0);
    CHECK_OK(vipc_process_watch(&m.v[1], vipc_self(&m.v[2]), bell, 1));
    CHECK_OK(vipc_process_watch(&m.v[0], vipc_self(&m.v[2]), other, 1));
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &p));
    CHECK_EQ(p.capabilities, 2);
    CHECK_OK(vipc_destroy(&m.v[0], other, VIPC_NOW));
    vipc_cap next = notification(&m, 0);                       /* in the same record */
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    MOCK_CHECK(&m, 0);
    mock_leave_domain(&m, 2);
    CHECK_EQ(bits(&m.v[0], next, ~0ull), 0);
    CHECK_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &p));
    CHECK_EQ(p.capabilities, 1);
    MOCK_END(&m);
}

/* ---- several things ---- */
typedef struct several { mock m; vipc_cap door, his, full, bell, voice; vipc_wait_item items[3]; act a; } several;
static void several_open(several *s)
{
    memset(s, 0, sizeof *s);
    mock_open(&s->m, NULL, 2, 8);
    s->door = mock_endpoint(&s->m, 0, 4);
    s->his = mock_grant(&s->m, 0, s->door, 1, VIPC_RIGHT_SEND);
    s->full = mock_endpoint(&s->m, 1, 1);
    CHECK_OK(mock_send(&s->m.v[1], s->full, 0));
    s->bell = notification(&s->m, 0);
    s->voice = mock_grant(&s->m, 0, s->bell, 1, VIPC_RIGHT_SEND);
    s->items[0].object = s->door;
    s->items[1].object = mock_grant(&s->m, 1, s->full, 0, VIPC_RIGHT_SEND);
    s->items[1].for_send = 1;
    s->items[2].object = s->bell;
    s->items[2].key = 99;
    s->a.by = 1;
    s->a.bits = 1;
    s->m.script = &s->a;
}
static long long ready(several *s, vipc_time deadline)         /* as a decimal number with a digit an item: 1 ready, 0 not, 2 another word; or the error */
{
    long long n = 0;
    vipc_error e = vipc_wait_any(&s->m.v[0], s->items, 3, deadline);
    for (int i = 0; i < 3; i++) n = n * 10 + (s->items[i].ready == VIPC_OK ? 1 : s->items[i].ready == VIPC_ERR_WOULD_BLOCK ? 0 : 2);
    CHECK_EQ(s->items[2].key, 99);
    return e == VIPC_OK ? n : e;
}
TEST(wait_any_tells_what_is_ready)
{
    several s;
    several_open(&s);
    CHECK_EQ(ready(&s, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(mock_send(&s.m.v[1], s.his, 5));
    CHECK_EQ(ready(&s, VIPC_NOW), 100);
    CHECK_EQ(ready(&s, VIPC_FOREVER), 100);                    /* it takes nothing */
    CHECK_OK(vipc_signal(&s.m.v[1], s.voice, 8));
    CHECK_EQ(ready(&s, VIPC_FOREVER), 101);
    CHECK_EQ(mock_receive(&s.m.v[0], s.door), 5);
    CHECK_EQ(mock_receive(&s.m.v[1], s.full), 0);
    CHECK_EQ(ready(&s, VIPC_FOREVER), 11);
    CHECK_EQ(bits(&s.m.v[0], s.bell, ~0ull), 8);
    CHECK_EQ(ready(&s, VIPC_FOREVER), 10);
    CHECK_OK(vipc_destroy(&s.m.v[1], s.full, VIPC_NOW));
    CHECK_EQ(ready(&s, VIPC_FOREVER), 20);
    CHECK_EQ(s.items[1].ready, VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&s.m);
}
TEST(wait_any_refuses)
{
    several s;
    several_open(&s);
    CHECK_EQ(vipc_wait_any(&s.m.v[0], NULL, 1, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_wait_any(&s.m.v[0], s.items, 0, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    s.items[2].for_send = 1;
    CHECK_EQ(ready(&s, VIPC_FOREVER), 2);
    CHECK_EQ(s.items[2].ready, VIPC_ERR_INVALID_ARGUMENT);
    s.items[2].for_send = 0;
    s.items[0].object = s.his;                                 /* somebody else's */
    CHECK_EQ(ready(&s, VIPC_FOREVER), 200);
    CHECK_EQ(s.items[0].ready, VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_wait_any(&s.m.v[0], s.items + 1, 2, vipc_after(&s.m.v[0], MS)), VIPC_ERR_TIMEOUT);
    MOCK_END(&s.m);
}
TEST(wait_any_sleeps_until_one_is_ready)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        for (int which = 0; which < 4; which++) {
            static const mock_script does[4] = { sends, receives, signals, destroys };
            static const long long says[4] = { 100, 10, 1, 20 };
            several s;
            several_open(&s);
            s.a.to = which == 0 ? s.his : which == 2 ? s.voice : s.full;
            if (asleep) s.m.asleep = does[which];
            else s.m.before_sleep = does[which];
            vipc_time since = s.m.now;
            CHECK_EQ(ready(&s, VIPC_FOREVER), says[which]);
            WOKEN(&s.m, since);
            CHECK_EQ(s.a.done, 1);
            CHECK_EQ(s.m.stuck, 0);
            MOCK_END(&s.m);
        }
    }
}
TEST(wait_any_ends_with_a_death_a_deadline_a_cancel)
{
    several s;
    several_open(&s);
    s.m.asleep = dies;
    CHECK_EQ(ready(&s, VIPC_FOREVER), 20);                     /* the owner of `full`; its capabilities went with it */
    s.items[1] = s.items[0];
    CHECK_EQ(ready(&s, vipc_after(&s.m.v[0], MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(vipc_cancel(&s.m.v[0]));
    CHECK_EQ(ready(&s, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    MOCK_END(&s.m);
}
/* One who waits for many things and one who waits for one of them: the second is not passed over for the first. */
static void receives_until_sent(mock *m, uint64_t self)
{
    several *s = (several *)(void *)m;
    vipc_message msg;
    (void)self;
    m->asleep = sends;
    CHECK_OK(vipc_receive(&m->v[2], s->items[0].object, &msg, NULL, VIPC_FOREVER));
    s->a.done += 10;
}
TEST(wait_any_takes_nobody_s_turn)
{
    several s;
    several_open(&s);
    mock_thread(&s.m, 0, 2);
    s.a.to = s.his;
    s.m.asleep = receives_until_sent;
    CHECK_EQ(ready(&s, vipc_after(&s.m.v[0], 5 * MS)), VIPC_ERR_TIMEOUT);      /* it was told, but the other had it */
    CHECK_EQ(s.a.done, 11);
    CHECK_EQ(s.m.stuck, 0);
    MOCK_END(&s.m);
}

/* As vipc_receive says at once, before anything was ever sent there too. */
TEST(wait_any_at_an_endpoint_that_is_bound_to_another)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    vipc_wait_item item = VIPC_INIT;
    REQUIRE_OK(vipc_endpoint_bind(&m.v[0], door, vipc_self(&m.v[1])));
    item.object = door;
    for (int used = 0; used < 2; used++) {
        CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_PERMISSION_DENIED);
        CHECK_OK(vipc_wait_any(&m.v[0], &item, 1, VIPC_NOW));
        CHECK_EQ(item.ready, VIPC_ERR_PERMISSION_DENIED);
        CHECK_OK(mock_send(&m.v[0], door, 1));
    }
    MOCK_END(&m);
}
RUN_TESTS(T(wait_any_at_an_endpoint_that_is_bound_to_another), T(bits_add_up_and_are_taken_once), T(what_a_notification_refuses), T(a_signal_wakes_who_waits_for_its_bits), T(one_signal_wakes_all_whose_bits_it_has),
          T(the_end_of_a_notification_ends_waits), T(a_revoked_signaller_is_silent), T(a_watch_tells_of_a_death_once), T(a_watch_wakes_who_sleeps),
          T(a_watch_ends_with_its_watcher_or_its_notification), T(wait_any_tells_what_is_ready), T(wait_any_refuses),
          T(wait_any_sleeps_until_one_is_ready), T(wait_any_ends_with_a_death_a_deadline_a_cancel), T(wait_any_takes_nobody_s_turn))
