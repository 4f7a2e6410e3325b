/* t_mock.c - what shims/veridian_mock.h promises.  The rest of its work is shown by every test on tests/mock.h. */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "../shims/veridian_mock.h"
#include "test.h"

static const vipc_time SECOND = 1000000000u;
static unsigned char memory[1 << 20];
typedef struct scene {
    vipc_cap door, his;                /* his: member 1's, with all rights */
    unsigned runs;
    vipc_error said[8];
} scene;

#define SAME_TEXT(a, b) CHECK((a) != NULL && strcmp((a), (b)) == 0)
static void open_small(vipc_mock *m, scene *s, uint32_t members)
{
    vipc_mock_desc d = VIPC_INIT;
    d.members = members;
    d.config.max_objects = 8;
    d.config.max_names = 4;
    d.frames = 16;
    memset(s, 0, sizeof *s);
    REQUIRE_OK(vipc_mock_open(m, memory, sizeof memory, &d));
    m->script = s;
    REQUIRE_OK(vipc_endpoint_create(&m->v[0], NULL, &s->door));
    if (members > 1) REQUIRE_OK(vipc_grant(&m->v[0], s->door, vipc_self(&m->v[1]), NULL, &s->his));
}
static void close_well(vipc_mock *m)
{
    const char *trouble = vipc_mock_close(m);
    if (!CHECK(trouble == NULL)) printf("    %s\n", trouble);
}
static vipc_error send_one(vipc *v, vipc_cap to, vipc_time deadline)
{
    vipc_message q = VIPC_INIT;
    return vipc_send(v, to, &q, deadline);
}
static vipc_error receive_one(vipc *v, vipc_cap from, vipc_time deadline)
{
    vipc_message q;
    return vipc_receive(v, from, &q, NULL, deadline);
}

/* ---- memory ---- */
TEST(any_memory_of_the_size_that_it_says)
{
    static unsigned char room[64 << 10];
    vipc_mock_desc d = VIPC_INIT;
    vipc_mock m;
    d.config.max_objects = 4;
    d.config.max_processes = 4;
    d.config.max_names = 1;
    d.config.page_shift = 8;
    d.frames = 3;
    uint64_t size = vipc_mock_required_size(&d);
    REQUIRE(size != 0 && size + 128 < sizeof room);
    for (size_t off = 0; off < 2 * VIPC_LINE; off++) {
        memset(room, 0x33, sizeof room);
        CHECK_EQ(vipc_mock_open(&m, room + off, size - 1, &d), VIPC_ERR_OUT_OF_MEMORY);
        REQUIRE_OK(vipc_mock_open(&m, room + off, size, &d));
        CHECK_EQ(vipc_frames_total(&m.frames), 3);
        CHECK(m.pool + (3 << 8) <= room + off + size);
        close_well(&m);
        int spilt = 0;
        for (size_t i = 0; i < sizeof room; i++) spilt += (i < off || i >= off + size) && room[i] != 0x33;
        CHECK_EQ(spilt, 0);
    }
    d.frames = 0;                                               /* all that fit, and not one less */
    REQUIRE_OK(vipc_mock_open(&m, room, sizeof room, &d));
    d.frames = vipc_frames_total(&m.frames);
    CHECK(vipc_mock_required_size(&d) <= sizeof room);
    d.frames++;
    CHECK(vipc_mock_required_size(&d) > sizeof room);
    d.members = VIPC_MOCK_MEMBERS + 1;
    CHECK_EQ(vipc_mock_open(&m, room, sizeof room, &d), VIPC_ERR_INVALID_ARGUMENT);
    d.config.page_shift = 7;
    CHECK_EQ(vipc_mock_required_size(&d), 0);
    CHECK_EQ(vipc_mock_prepare(&m, room, sizeof room, &d), VIPC_ERR_INVALID_ARGUMENT);
}
TEST(what_it_finds)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 1);
    m.memory[-1] = 1;
    SAME_TEXT(vipc_mock_check(&m), "a byte was written outside the domain");
    open_small(&m, &s, 1);
    m.memory[m.size] = 1;
    SAME_TEXT(vipc_mock_close(&m), "a byte was written outside the domain");
    open_small(&m, &s, 1);
    m.pool[5 << 12] = 1;
    SAME_TEXT(vipc_mock_close(&m), "a frame that nobody holds was written to");
    open_small(&m, &s, 1);
    uint64_t first;
    CHECK_OK(m.hooks.frame_alloc(m.hooks.user, 1, &first));
    SAME_TEXT(vipc_mock_check(&m), "the domain counts other frames than were handed out");
    open_small(&m, &s, 1);
    m.hooks.frame_free(m.hooks.user, 16, 1);
    SAME_TEXT(m.trouble, "frame_free of what is no frame");
    open_small(&m, &s, 1);
    CHECK(m.hooks.frame_pointer(m.hooks.user, 0, 1) == NULL);   /* nobody took it */
    (void)m.hooks.enter(m.hooks.user);
    SAME_TEXT(vipc_mock_check(&m), "enter without leave");
    open_small(&m, &s, 1);
    m.hooks.leave(m.hooks.user, m.hooks.enter(m.hooks.user) + 1);
    SAME_TEXT(m.trouble, "leave does not match enter");
}

/* ---- time, and sleeps that nobody ends ---- */
TEST(the_clock_jumps_to_the_deadline)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 2);
    for (int i = 0; i < 100; i++) {                             /* together more than m.patience: no one of them is */
        vipc_time until = vipc_after(&m.v[0], 100 * SECOND);
        CHECK_EQ(receive_one(&m.v[0], s.door, until), VIPC_ERR_TIMEOUT);
        CHECK(m.now >= until && m.now < until + SECOND / 1000);
    }
    m.patience = 8 * 3600 * SECOND;
    CHECK_EQ(receive_one(&m.v[0], s.door, vipc_after(&m.v[0], 7 * 3600 * SECOND)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(m.stuck, 0);
    close_well(&m);
}
static void says(vipc_mock *m, const char *trouble) { ((scene *)m->script)->runs += strstr(trouble, "for ever") != NULL; }
TEST(a_stuck_test_is_an_error)
{
    for (int clock = 0; clock < 2; clock++) {
        vipc_mock m;
        scene s;
        open_small(&m, &s, 2);
        m.say = says;
        if (!clock) m.of[1].now = NULL;
        CHECK_EQ(receive_one(&m.v[1], s.his, VIPC_FOREVER), VIPC_ERR_HOOK);
        CHECK_EQ(m.stuck, 1);
        CHECK_EQ(s.runs, 1);
        if (!clock) CHECK_EQ(m.calls[VIPC_MOCK_BLOCK], 1);      /* said at once */
        SAME_TEXT(m.trouble, "a call sleeps for ever, and nobody is left to wake it");
        CHECK_OK(send_one(&m.v[0], s.door, VIPC_NOW));          /* and nothing else is wrong */
        CHECK_OK(receive_one(&m.v[1], s.his, VIPC_NOW));
        m.stuck = 0;
        m.trouble = NULL;
        close_well(&m);
    }
}
static void does_nothing(vipc_mock *m, uint64_t who)
{
    (void)who;
    ((scene *)m->script)->runs++;
    m->asleep = does_nothing;
}
TEST(scripts_that_help_nobody_do_not_hang)
{
    for (int clock = 0; clock < 2; clock++) {
        vipc_mock m;
        scene s;
        open_small(&m, &s, 2);
        if (!clock) m.of[1].now = NULL;
        m.asleep = does_nothing;
        CHECK_EQ(receive_one(&m.v[1], s.his, VIPC_FOREVER), VIPC_ERR_HOOK);
        CHECK_EQ(m.stuck, 1);
        CHECK(s.runs > 100);
    }
}

/* ---- scripts ---- */
static void sends(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    s->runs++;
    CHECK_EQ(who, 1);
    CHECK(m->asleep == NULL && m->before_sleep == NULL);        /* disarmed before it runs */
    CHECK_OK(send_one(&m->v[0], s->door, VIPC_NOW));
}
TEST(scripts_run_once_at_their_moment)
{
    for (int moment = 0; moment < 2; moment++) {
        vipc_mock m;
        scene s;
        open_small(&m, &s, 2);
        if (moment) m.asleep = sends;
        else m.before_sleep = sends;
        vipc_time then = m.now;
        CHECK_OK(receive_one(&m.v[1], s.his, VIPC_FOREVER));
        CHECK(m.now - then < SECOND / 100);                     /* woken: no jump */
        CHECK_EQ(s.runs, 1);
        CHECK_EQ(m.calls[VIPC_MOCK_BLOCK], 1);
        close_well(&m);
    }
}
static void changes(vipc_mock *m, uint64_t who) { (void)who; ++*(uint32_t *)m->script; }
static void wakes(vipc_mock *m, uint64_t who) { m->hooks.wake(m->hooks.user, who, (uint32_t *)m->script); }
static void wakes_another(vipc_mock *m, uint64_t who) { m->hooks.wake(m->hooks.user, who + 1, (uint32_t *)m->script); }
static void sleeps_there_too(vipc_mock *m, uint64_t who) { (void)m->hooks.block(m->hooks.user, who + 1, (uint32_t *)m->script, 7, m->now + 1); }
TEST(block_and_wake)
{
    vipc_mock m;
    scene s;
    uint32_t word = 7;
    open_small(&m, &s, 1);
    m.script = &word;
    CHECK_OK(m.hooks.block(m.hooks.user, 3, &word, 8, VIPC_FOREVER));           /* another value: it does not sleep */
    CHECK_EQ(m.hooks.block(m.hooks.user, 3, &word, 7, m.now + 5), VIPC_ERR_TIMEOUT);
    m.asleep = wakes;
    CHECK_OK(m.hooks.block(m.hooks.user, 3, &word, 7, VIPC_FOREVER));
    CHECK(m.trouble == NULL);
    m.asleep = wakes_another;
    CHECK_OK(m.hooks.block(m.hooks.user, 3, &word, 7, m.now + 5));
    SAME_TEXT(m.trouble, "wake names the wrong thread");
    m.trouble = NULL;
    m.asleep = changes;
    CHECK_EQ(m.hooks.block(m.hooks.user, 3, &word, 7, m.now + 5), VIPC_ERR_TIMEOUT);    /* only a wake-up ends a sleep */
    CHECK_EQ(m.lost, 1);
    SAME_TEXT(m.trouble, "a sleeper's word changed, and nobody woke it");
    m.trouble = NULL;
    word = 7;
    m.asleep = sleeps_there_too;
    CHECK_EQ(m.hooks.block(m.hooks.user, 3, &word, 7, m.now + 5), VIPC_ERR_TIMEOUT);
    SAME_TEXT(m.trouble, "two sleepers on one word");
}

/* ---- failures ---- */
static void works(vipc_mock *m, uint64_t who)                   /* some of everything, as one member */
{
    scene *s = (scene *)m->script;
    vipc *v = &m->v[who];
    vipc_cap own, other, back;
    vipc_message q = VIPC_INIT;
    s->said[0] = vipc_endpoint_create(v, NULL, &own);
    s->said[1] = vipc_derive(v, own, NULL, &other);
    s->said[2] = vipc_publish(v, "own", own, 0);
    s->said[3] = vipc_lookup(v, "own", 0, &back, VIPC_NOW);
    q.flags = VIPC_HAS_CAPABILITY;
    q.capability = other;
    s->said[4] = vipc_send(v, s->his, &q, VIPC_NOW);
    s->said[5] = receive_one(v, s->his, vipc_after(v, SECOND));
    s->said[6] = vipc_revoke(v, own, VIPC_FOREVER);
    s->said[7] = receive_one(v, s->his, vipc_after(v, SECOND)) == VIPC_ERR_TIMEOUT ? VIPC_OK : VIPC_ERR_HOOK;
}
static unsigned refusals(const scene *s)
{
    unsigned n = 0;
    for (int i = 0; i < 8; i++) n += s->said[i] != VIPC_OK;
    return n;
}
TEST(the_nth_call_fails_and_no_other)
{
    static const int hooks[] = { VIPC_MOCK_ALLOC, VIPC_MOCK_POINTER, VIPC_MOCK_BLOCK, VIPC_MOCK_ANY_HOOK };
    uint64_t rounds[4];
    for (int k = 0; k < 4; k++) {
        uint64_t n = 1;
        for (uint64_t failed = 1; failed; n++) {
            vipc_mock m;
            scene s;
            open_small(&m, &s, 2);
            vipc_mock_fail_at(&m, 1, hooks[k], n);
            CHECK_OK(send_one(&m.v[0], s.door, VIPC_NOW));      /* another member's calls do not count */
            CHECK_OK(receive_one(&m.v[0], s.door, VIPC_NOW));
            CHECK_EQ(m.failures, 0);
            if (hooks[k] == VIPC_MOCK_ALLOC) CHECK_OK(vipc_trim(&m.v[0], NULL));       /* so that it has something to take */
            works(&m, 1);
            failed = m.failures;
            CHECK_EQ(failed, refusals(&s) != 0);
            CHECK(failed <= 1);
            close_well(&m);
        }
        rounds[k] = n - 2;                                      /* calls there were */
        CHECK(rounds[k] > 0);
    }
    CHECK(rounds[3] >= rounds[1] + rounds[2]);                  /* any: each of those */
    vipc_mock m;
    scene s;
    open_small(&m, &s, 2);
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_NOW, 2);
    CHECK(vipc_time_now(&m.v[1]) != 0);
    CHECK_EQ(vipc_time_now(&m.v[0]), 0);
    CHECK(vipc_time_now(&m.v[0]) != 0);
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_NOW, 1);
    vipc_mock_heal(&m);
    CHECK(vipc_time_now(&m.v[0]) != 0);
    close_well(&m);
}

/* ---- deaths ---- */
TEST(a_member_dies_at_the_nth_call_and_the_others_go_on)
{
    static const int hooks[] = { VIPC_MOCK_ENTER, VIPC_MOCK_LEAVE, VIPC_MOCK_NOW, VIPC_MOCK_ANY_HOOK };
    for (int k = 0; k < 4; k++) {
        uint64_t n = 1;
        for (uint64_t died = 1; died && n < 1000; n++) {
            vipc_mock m;
            scene s;
            open_small(&m, &s, 2);
            uint64_t called = 0, theirs[VIPC_MOCK_HOOKS];
            memcpy(theirs, m.seat[1].calls, sizeof theirs);
            vipc_mock_kill_at(&m, 1, hooks[k], n);
            bool lives = vipc_mock_run(&m, 1, works);
            died = m.kills;
            CHECK_EQ(lives, !died);
            CHECK_EQ(m.member[1], lives);
            CHECK_EQ(m.critical, 0);                            /* given back as if it had never been taken */
            CHECK(m.sleepers == NULL && m.runs == NULL);
            for (int h = 0; h < VIPC_MOCK_HOOKS; h++)
                if (h == hooks[k] || hooks[k] == VIPC_MOCK_ANY_HOOK) called += m.seat[1].calls[h] - theirs[h];
            if (died) {
                CHECK_EQ(called, n);                            /* that very call */
                CHECK(!vipc_mock_run(&m, 1, works));
                CHECK_EQ(m.kills, 1);
                CHECK_OK(vipc_process_wait(&m.v[0], vipc_self(&m.v[1]), VIPC_FOREVER));
            } else CHECK_EQ(refusals(&s), 0);
            vipc_mock_heal(&m);
            if (!lives) REQUIRE_OK(vipc_mock_join(&m, 1));
            REQUIRE_OK(vipc_grant(&m.v[0], s.door, vipc_self(&m.v[1]), NULL, &s.his));
            while (receive_one(&m.v[0], s.door, VIPC_NOW) == VIPC_OK) continue;
            CHECK(vipc_mock_run(&m, 1, works));                 /* a successor finds all as it should be */
            if (died) CHECK_EQ(refusals(&s), 0);
            close_well(&m);
        }
        CHECK(n > 2 && n < 1000);
    }
}
static void sends_as_run(vipc_mock *m, uint64_t who) { (void)send_one(&m->v[who], ((scene *)m->script)->his, VIPC_NOW); }
static void sends_and_dies(vipc_mock *m, uint64_t who)
{
    (void)who;
    ((scene *)m->script)->runs += !vipc_mock_run(m, 1, sends_as_run);
}
TEST(a_wake_up_that_the_dead_owed_is_made_up_for)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 2);
    vipc_mock_kill_at(&m, 1, VIPC_MOCK_WAKE, 1);
    m.asleep = sends_and_dies;
    vipc_time then = m.now;
    CHECK_OK(receive_one(&m.v[0], s.door, VIPC_FOREVER));       /* it was sent; nobody woke us, so it took a slice of the sleep */
    CHECK_EQ(s.runs, 1);
    CHECK(m.now - then > SECOND / 1000);
    CHECK_EQ(m.lost, 0);                                        /* nobody is to blame */
    close_well(&m);
}
static void sleeps(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    (void)receive_one(&m->v[who], who == 1 ? s->his : s->door, VIPC_FOREVER);
    CHECK_EQ(who, 99);                                          /* nobody gets here */
}
static void kills_it(vipc_mock *m, uint64_t who)
{
    vipc_mock_kill(m, (uint32_t)who);
    ((scene *)m->script)->runs++;
}
static void another_dies_meanwhile(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    CHECK_EQ(who, 1);
    CHECK(m->sleepers != NULL && m->sleepers->next == NULL);
    m->asleep = kills_it;
    CHECK(!vipc_mock_run(m, 0, sleeps));
    CHECK(m->sleepers != NULL && m->sleepers->next == NULL);    /* the outer one still sleeps */
    s->runs++;
}
static void interrupts_and_dies(vipc_mock *m, uint64_t who)     /* a signal handler of the sleeper's own process */
{
    vipc_mock_kill_at(m, (uint32_t)who, VIPC_MOCK_WAKE, 1);
    (void)vipc_cancel(&m->v[who]);
    CHECK_EQ(who, 99);
}
TEST(sleepers_die_too)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 3);
    vipc_time then = m.now;
    m.asleep = kills_it;
    CHECK(!vipc_mock_run(&m, 1, sleeps));
    CHECK_EQ(s.runs, 1);
    CHECK(m.now - then < SECOND / 1000);                        /* there and then: it does not sleep on */
    close_well(&m);
    open_small(&m, &s, 3);
    m.asleep = interrupts_and_dies;
    CHECK(!vipc_mock_run(&m, 1, sleeps));
    CHECK_EQ(m.kills, 1);
    CHECK(m.sleepers == NULL);
    close_well(&m);
    open_small(&m, &s, 3);                                      /* one within the other's sleep: it owned the endpoint */
    m.asleep = another_dies_meanwhile;
    CHECK_EQ(receive_one(&m.v[1], s.his, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
    CHECK_EQ(s.runs, 2);
    close_well(&m);
}
static void never(vipc_mock *m, uint64_t who) { (void)who; ((scene *)m->script)->runs++; }
TEST(deaths_need_a_run)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 2);
    vipc_mock_kill_at(&m, 1, VIPC_MOCK_ANY_HOOK, 1);
    CHECK_OK(send_one(&m.v[1], s.his, VIPC_NOW));
    CHECK_EQ(m.kills, 0);
    SAME_TEXT(m.trouble, "a member was to die outside of vipc_mock_run");
    open_small(&m, &s, 3);
    vipc_mock_kill_at(&m, 1, VIPC_MOCK_ANY_HOOK, 1);
    vipc_mock_kill(&m, 2);
    CHECK_EQ(m.kill_at, 1);
    vipc_mock_kill(&m, 1);
    CHECK_EQ(m.kill_at, 0);                                     /* not its successor too */
    CHECK(!vipc_mock_run(&m, 1, never));
    CHECK_EQ(s.runs, 0);
    close_well(&m);
}
static unsigned reaped;
static void logs(vipc_mock *m, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)level;
    (void)b;
    if (id == VIPC_LOG_REAPED) reaped += (unsigned)a;
    CHECK_EQ(m->logs[VIPC_LOG_REAPED], id == VIPC_LOG_REAPED);
}
TEST(a_member_comes_back_as_another_process)
{
    vipc_mock m;
    scene s;
    vipc_pid found;
    open_small(&m, &s, 2);
    m.log = logs;
    reaped = 0;
    vipc_pid was = vipc_self(&m.v[1]);
    CHECK_EQ(vipc_mock_join(&m, 1), VIPC_ERR_INVALID_ARGUMENT); /* it is one */
    CHECK_EQ(vipc_mock_join(&m, VIPC_MOCK_MEMBERS), VIPC_ERR_INVALID_ARGUMENT);
    vipc_mock_kill(&m, 1);
    REQUIRE_OK(vipc_mock_join(&m, 1));
    CHECK(vipc_self(&m.v[1]).id != was.id);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK_EQ(reaped, was.id);                                   /* the old one, not its successor */
    CHECK_OK(vipc_process_find(&m.v[0], VIPC_MOCK_NATIVE + 1, &found));
    CHECK_EQ(found.id, vipc_self(&m.v[1]).id);
    CHECK_OK(vipc_leave(&m.v[1]));
    CHECK_OK(vipc_mock_join(&m, 1));
    CHECK_OK(vipc_leave(&m.v[1]));                              /* close knows that it has left */
    close_well(&m);
}
TEST(calls_are_counted_by_member)
{
    vipc_mock m;
    scene s;
    open_small(&m, &s, 2);
    CHECK_OK(vipc_check(&m.v[0], &s.runs));
    uint64_t one = m.seat[1].calls[VIPC_MOCK_ENTER];
    CHECK_OK(send_one(&m.v[1], s.his, VIPC_NOW));
    CHECK(m.seat[1].calls[VIPC_MOCK_ENTER] > one);
    (void)m.hooks.now(m.hooks.user);
    for (int h = 0; h < VIPC_MOCK_HOOKS; h++)
        CHECK_EQ(m.calls[h], m.seat[0].calls[h] + m.seat[1].calls[h] + m.nobody.calls[h]);
    CHECK_EQ(m.nobody.calls[VIPC_MOCK_NOW], 1);
    close_well(&m);
}

RUN_TESTS(T(any_memory_of_the_size_that_it_says), T(what_it_finds), T(the_clock_jumps_to_the_deadline), T(a_stuck_test_is_an_error),
          T(scripts_that_help_nobody_do_not_hang), T(scripts_run_once_at_their_moment), T(block_and_wake), T(the_nth_call_fails_and_no_other),
          T(a_member_dies_at_the_nth_call_and_the_others_go_on), T(a_wake_up_that_the_dead_owed_is_made_up_for),
          T(sleepers_die_too), T(deaths_need_a_run), T(a_member_comes_back_as_another_process),
          T(calls_are_counted_by_member))
