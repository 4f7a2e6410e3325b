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

/* ---- address spaces ---- */
enum { ROOT = VIPC_MOCK_ROOT + 1, LOW = 0x10000, PAGE = 0x1000, RW = VIPC_PROT_READ | VIPC_PROT_WRITE };
static void open_spaces(vipc_mock *m, uint32_t translations)
{
    static unsigned char room[1 << 20];
    vipc_mock_desc d = VIPC_INIT;
    uint64_t root = 0;
    d.members = 1;
    d.config.max_objects = 8;
    d.config.max_names = 4;
    d.config.max_spaces = 2;
    d.config.max_frames = 64;
    d.translations = translations;
    d.frames = 16;
    REQUIRE_OK(vipc_mock_open(m, room, sizeof room, &d));
    REQUIRE_OK(m->hooks.space_create(m->hooks.user, 1, LOW, LOW + 64 * PAGE, &root));
    REQUIRE_EQ(root, ROOT);
}
static uint64_t a_frame(vipc_mock *m)
{
    uint64_t first = 999;
    REQUIRE_OK(m->hooks.frame_alloc(m->hooks.user, 1, &first));
    return first;
}
static vipc_error map_page(vipc_mock *m, uint64_t page, uint64_t frame, uint64_t pages, uint32_t access)
{
    return m->hooks.page_map(m->hooks.user, ROOT, LOW + page * PAGE, frame, pages, access, VIPC_WRITE_BACK);
}
static void unmap_page(vipc_mock *m, uint64_t page, uint64_t pages) { m->hooks.page_unmap(m->hooks.user, ROOT, LOW + page * PAGE, pages); }
static vipc_error flush_page(vipc_mock *m, uint64_t page, uint64_t pages, vipc_time deadline)
{
    return m->hooks.tlb_flush(m->hooks.user, ROOT, LOW + page * PAGE, pages, deadline);
}
static void swallow(vipc_mock *m)                               /* what was to be found was */
{
    m->broken = 0;
    m->trouble = NULL;
}
TEST(tables_and_what_cpus_keep_of_them)
{
    vipc_mock m;
    uint64_t frame;
    uint32_t access, cache;
    open_spaces(&m, 0);
    CHECK_EQ(m.roots, 1);
    uint64_t f = a_frame(&m), g = a_frame(&m);
    REQUIRE_OK(map_page(&m, 3, f, 1, RW));
    CHECK(vipc_mock_translation(&m, ROOT, LOW + 3 * PAGE + 5, &frame, &access, &cache) && frame == f && access == RW && cache == VIPC_WRITE_BACK);
    CHECK(!vipc_mock_translation(&m, ROOT, LOW + 4 * PAGE, NULL, NULL, NULL));
    CHECK(!vipc_mock_translation(&m, ROOT + 1, LOW + 3 * PAGE, NULL, NULL, NULL));
    CHECK_EQ(m.live, 1);
    REQUIRE_OK(map_page(&m, 3, f, 1, RW | VIPC_PROT_EXEC));     /* wider: nothing was taken away */
    CHECK_EQ(m.stale, 0);
    m.hooks.page_protect(m.hooks.user, ROOT, LOW, 64, VIPC_PROT_READ | VIPC_PROT_EXEC);
    CHECK_EQ(m.stale, 1);
    CHECK(vipc_mock_translation(&m, ROOT, LOW + 3 * PAGE, NULL, &access, NULL) && access == (VIPC_PROT_READ | VIPC_PROT_EXEC));
    m.hooks.page_protect(m.hooks.user, ROOT, LOW, 64, RW);      /* never more than there was */
    CHECK(vipc_mock_translation(&m, ROOT, LOW + 3 * PAGE, NULL, &access, NULL) && access == VIPC_PROT_READ);
    CHECK_EQ(m.stale, 2);
    CHECK_EQ(m.unasked, 2);
    CHECK_OK(flush_page(&m, 0, 3, VIPC_NOW));                   /* beside it */
    CHECK_EQ(m.stale, 2);
    CHECK_OK(flush_page(&m, 3, 1, VIPC_NOW));
    CHECK_EQ(m.stale, 0);
    REQUIRE_OK(map_page(&m, 3, g, 1, VIPC_PROT_READ));          /* another frame */
    CHECK_EQ(m.stale, 1);
    m.held = 1;
    CHECK_EQ(flush_page(&m, 0, 64, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_EQ(m.unasked, 0);
    m.late = 1;
    vipc_time until = m.now + SECOND;
    CHECK_EQ(flush_page(&m, 0, 64, until), VIPC_ERR_TIMEOUT);
    CHECK(m.now >= until);
    CHECK_OK(flush_page(&m, 0, 64, until + SECOND));
    CHECK_EQ(m.stale, 0);
    m.held = 0;
    m.late = 1;
    CHECK_OK(flush_page(&m, 0, 64, VIPC_FOREVER));
    CHECK_EQ(m.late, 1);
    REQUIRE_OK(map_page(&m, 5, 1000, 10, VIPC_PROT_READ));      /* devices */
    CHECK_EQ(m.live, 11);
    unmap_page(&m, 5, 4);
    CHECK_EQ(m.live, 7);
    CHECK_EQ(m.stale, 4);
    unmap_page(&m, 5, 4);                                       /* passed over */
    CHECK_EQ(m.stale, 4);
    for (int again = 0; again < 3; again++) {                   /* the same, once more: one old translation, not three */
        REQUIRE_OK(map_page(&m, 5, 1000, 4, VIPC_PROT_READ));
        unmap_page(&m, 5, 4);
        CHECK_EQ(m.stale, 4);
    }
    CHECK_OK(flush_page(&m, 0, 64, VIPC_NOW));
    vipc_mock_forget(&m, ROOT + 1);
    CHECK_EQ(m.live, 7);
    vipc_mock_forget(&m, 0);
    CHECK_EQ(m.live, 0);
    m.hooks.frame_free(m.hooks.user, f, 1);
    m.hooks.frame_free(m.hooks.user, g, 1);
    m.busy = 1;
    CHECK_EQ(m.hooks.space_destroy(m.hooks.user, ROOT), VIPC_ERR_RESOURCE_BUSY);
    CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT));
    CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT));        /* it is gone */
    CHECK_EQ(m.roots, 0);
    close_well(&m);
}
TEST(page_hooks_fail_half_way)
{
    vipc_mock m;
    open_spaces(&m, 8);
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_MAP, 1);
    CHECK_EQ(map_page(&m, 0, 1000, 5, RW), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(m.live, 0);
    m.half = 1;
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_ANY_HOOK, 1);
    CHECK_EQ(map_page(&m, 0, 1000, 5, RW), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(m.live, 2);
    unmap_page(&m, 0, 5);
    CHECK_EQ(m.stale, 2);
    CHECK_EQ(m.unasked, 0);
    CHECK_EQ(map_page(&m, 0, 1000, 3, RW), VIPC_OK);
    vipc_mock_heal(&m);
    CHECK_EQ(map_page(&m, 8, 1000, 6, RW), VIPC_ERR_OUT_OF_MEMORY);     /* eight in all */
    CHECK_OK(flush_page(&m, 0, 64, VIPC_NOW));
    CHECK_EQ(map_page(&m, 8, 1000, 6, RW), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(m.live, 8);
    m.hooks.page_protect(m.hooks.user, ROOT, LOW, 64, VIPC_PROT_READ);  /* no room for both: forgotten, but not by the CPUs */
    CHECK_EQ(m.live, 0);
    CHECK_EQ(m.stale, 8);
    CHECK_OK(flush_page(&m, 0, 64, VIPC_NOW));
    CHECK_OK(map_page(&m, 8, 1000, 6, RW));
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_FLUSH, 1);
    CHECK_EQ(flush_page(&m, 0, 64, m.now + 1), VIPC_ERR_TIMEOUT);
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_SPACE_DESTROY, 1);
    CHECK_EQ(m.hooks.space_destroy(m.hooks.user, ROOT), VIPC_ERR_RESOURCE_BUSY);
    uint64_t root = 0;
    vipc_mock_fail_at(&m, VIPC_MOCK_ANYBODY, VIPC_MOCK_SPACE_CREATE, 1);
    CHECK_EQ(m.hooks.space_create(m.hooks.user, 2, LOW, LOW + PAGE, &root), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT));
    CHECK_EQ(m.live, 0);
    close_well(&m);
}
static void maps_and_unmaps(vipc_mock *m, uint64_t who)
{
    vipc_hooks *h = &m->of[who];
    (void)h->page_map(h->user, ROOT, LOW, 1000, 5, RW, VIPC_WRITE_BACK);
    h->page_unmap(h->user, ROOT, LOW, 5);
}
TEST(members_die_half_way_through_page_hooks)
{
    for (int half = 0; half < 2; half++)
        for (uint64_t n = 1; n <= 2; n++) {
            vipc_mock m;
            open_spaces(&m, 0);
            m.half = half;
            vipc_mock_kill_at(&m, 0, VIPC_MOCK_ANY_HOOK, n);
            CHECK(!vipc_mock_run(&m, 0, maps_and_unmaps));
            CHECK_EQ(m.live, n == 1 ? half * 3 : 5 - half * 3);
            CHECK_EQ(m.stale, n == 1 ? 0 : half * 3);
            CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT));
            close_well(&m);
        }
}
TEST(what_it_finds_of_pages)
{
    vipc_mock m;
    uint64_t root = 0;
    open_spaces(&m, 0);
    uint64_t f = a_frame(&m);
    m.hooks.frame_free(m.hooks.user, f, 1);
    CHECK_OK(map_page(&m, 0, f, 1, RW));
    SAME_TEXT(m.trouble, "page_map of a frame that nobody holds");
    swallow(&m);
    CHECK_EQ(a_frame(&m), f);
    SAME_TEXT(m.trouble, "a frame is handed out that a translation still leads to");
    swallow(&m);
    unmap_page(&m, 0, 1);                                       /* the table forgets it, a CPU need not */
    m.hooks.frame_free(m.hooks.user, f, 1);
    SAME_TEXT(m.trouble, "a frame is freed that a translation still leads to");
    swallow(&m);
    CHECK_OK(flush_page(&m, 0, 1, VIPC_NOW));
    CHECK_OK(map_page(&m, 0, 1000, 1, 0));
    SAME_TEXT(m.trouble, "page_map with no access, or an unknown one");
    swallow(&m);
    static const struct { uint64_t at, pages; } wrong[] = {
        { LOW - PAGE, 1 }, { LOW, 0 }, { LOW, 65 }, { LOW + 63 * PAGE, 2 }, { LOW + 64 * PAGE, 1 }, { LOW + 1, 1 }, { LOW, ~(uint64_t)0 }, { ~(uint64_t)0 << 12, 1 }
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(m.hooks.page_map(m.hooks.user, ROOT, wrong[i].at, 1000, wrong[i].pages, RW, 0), VIPC_ERR_INVALID_ARGUMENT);
        m.hooks.page_unmap(m.hooks.user, ROOT, wrong[i].at, wrong[i].pages);
        m.hooks.page_protect(m.hooks.user, ROOT, wrong[i].at, wrong[i].pages, 0);
        CHECK_OK(m.hooks.tlb_flush(m.hooks.user, ROOT, wrong[i].at, wrong[i].pages, VIPC_NOW));
        CHECK_EQ(m.broken, 4);
        SAME_TEXT(m.trouble, "a page hook is told of addresses outside the space, or of parts of a page");
        swallow(&m);
    }
    unmap_page(&m, 0, 64);
    CHECK_OK(flush_page(&m, 0, 64, VIPC_NOW));
    CHECK_OK(map_page(&m, 7, 1000, 1, RW));
    unmap_page(&m, 7, 1);
    SAME_TEXT(vipc_mock_check(&m), "a translation was taken away, and nobody flushed it");
    swallow(&m);
    CHECK_OK(flush_page(&m, 7, 1, VIPC_NOW));
    m.hooks.page_unmap(m.hooks.user, ROOT + 1, LOW, 1);
    SAME_TEXT(m.trouble, "a page hook is told of a space that has no tables");
    swallow(&m);
    CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT + 1));
    SAME_TEXT(m.trouble, "space_destroy of what never was");
    swallow(&m);
    CHECK_OK(m.hooks.space_create(m.hooks.user, 1, LOW, LOW + PAGE, &root));
    SAME_TEXT(m.trouble, "space_create of a number that has tables");
    swallow(&m);
    CHECK_OK(m.hooks.space_destroy(m.hooks.user, ROOT));
    SAME_TEXT(vipc_mock_close(&m), "a space has still tables after all have left");
}

RUN_TESTS(T(any_memory_of_the_size_that_it_says), T(what_it_finds), T(the_clock_jumps_to_the_deadline), T(a_stuck_test_is_an_error),
          T(scripts_that_help_nobody_do_not_hang), T(scripts_run_once_at_their_moment), T(block_and_wake), T(the_nth_call_fails_and_no_other),
          T(a_member_dies_at_the_nth_call_and_the_others_go_on), T(a_wake_up_that_the_dead_owed_is_made_up_for),
          T(sleepers_die_too), T(deaths_need_a_run), T(a_member_comes_back_as_another_process),
          T(calls_are_counted_by_member), T(tables_and_what_cpus_keep_of_them), T(page_hooks_fail_half_way),
          T(members_die_half_way_through_page_hooks), T(what_it_finds_of_pages))
