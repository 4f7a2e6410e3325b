/* t_initial.c - what a process is made with: all of it or nothing, in its order, until it is taken away; and a creator that dies at every atomic step */
#include <setjmp.h>
#include <stdint.h>

/* The atomic operations of the compiler, each of them a place where the one thread that there is may be killed: control leaves the library, what it has
 * written stays. */
static uint64_t steps_left_;
static jmp_buf killed_;
static inline void step(void)
{
    if (steps_left_ && --steps_left_ == 0) longjmp(killed_, 1);
}
static inline int step_cas64(void *p, uint64_t e, uint64_t d)
{
    step();
    return __atomic_compare_exchange_n((uint64_t *)p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline int step_cas32(uint32_t *p, uint32_t e, uint32_t d)
{
    step();
    return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
#define VIPC_ATOMIC_LOAD32(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_LOAD64(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_PEEK32(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_PEEK64(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_POKE32(p, v) (step(), __atomic_store_n(p, v, __ATOMIC_RELAXED))
#define VIPC_ATOMIC_POKE64(p, v) (step(), __atomic_store_n(p, v, __ATOMIC_RELAXED))
#define VIPC_ATOMIC_STORE32(p, v) (step(), __atomic_store_n(p, v, __ATOMIC_RELEASE))
#define VIPC_ATOMIC_STORE64(p, v) (step(), __atomic_store_n(p, v, __ATOMIC_RELEASE))
#define VIPC_ATOMIC_CAS32(p, e, d) step_cas32(p, e, d)
#define VIPC_ATOMIC_CAS64(p, e, d) step_cas64(p, e, d)
#define VIPC_ATOMIC_SWAP64(p, v) (step(), __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST))
#define VIPC_ATOMIC_ADD32(p, v) (step(), __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST))
#define VIPC_ATOMIC_ADD64(p, v) (step(), __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST))
#define VIPC_ATOMIC_WORD_LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_WORD_STORE(p, v) (step(), __atomic_store_n(p, v, __ATOMIC_RELAXED))
#define VIPC_ATOMIC_PAUSE() ((void)0)
#include "mock.h"

/* Member i, made by v[0] with these. */
static vipc_error make(mock *m, unsigned i, const vipc_cap *initial, uint32_t count, vipc_cap *process)
{
    vipc_process_desc d = mock_desc(i);
    d.initial = initial;
    d.initial_count = count;
    vipc_error e = vipc_process_create(&m->v[0], &d, &m->v[i], process);
    if (e == VIPC_OK) m->member[i] = 1;
    return e;
}
static vipc_cap initial(mock *m, unsigned i, uint32_t index)
{
    vipc_cap out = VIPC_INIT;
    CHECK_OK(vipc_initial(&m->v[i], index, &out));
    return out;
}
static vipc_error no_initial(mock *m, unsigned i, uint32_t index)
{
    vipc_cap out = { 4711 };
    vipc_error e = vipc_initial(&m->v[i], index, &out);
    CHECK_EQ(out.token, 4711);
    return e;
}
static uint32_t children(mock *m, unsigned i, vipc_cap cap) { return mock_cap_info(&m->v[i], cap).children; }

TEST(d107_a_process_starts_with_what_its_creator_gave)
{
    mock m;
    vipc_cap give[3], note, got;
    vipc_cap_info info;
    mock_open(&m, NULL, 1, 16);
    give[0] = mock_endpoint(&m, 0, 4);
    give[1] = mock_derive(&m, 0, give[0], VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT);
    REQUIRE_OK(vipc_notification_create(&m.v[0], "bell", &note));
    give[2] = note;
    REQUIRE_OK(make(&m, 1, give, 3, NULL));
    CHECK_EQ(mock_held(&m, 1), 3);
    for (uint32_t i = 0; i < 3; i++) {
        got = initial(&m, 1, i);
        CHECK_EQ(initial(&m, 1, i).token, got.token);               /* and again */
        CHECK(got.token != give[i].token);
        CHECK(!mock_alive_cap(&m.v[0], got));                       /* it is the child's alone */
        CHECK(!mock_alive_cap(&m.v[1], give[i]));
        info = mock_cap_info(&m.v[1], got);
        CHECK_EQ(info.rights, i == 1 ? VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT : VIPC_RIGHT_ALL);
        CHECK_EQ(info.owner.id, vipc_self(&m.v[0]).id);
        CHECK_EQ(info.holder.id, vipc_self(&m.v[1]).id);
        CHECK_EQ(children(&m, 0, give[i]), i == 0 ? 2 : 1);         /* of give[0] the derived one too */
    }
    CHECK_EQ(no_initial(&m, 1, 3), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(no_initial(&m, 1, 0xffffffffu), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(no_initial(&m, 0, 0), VIPC_ERR_NOT_FOUND);             /* who made the domain was given nothing */
    CHECK_OK(mock_send(&m.v[1], initial(&m, 1, 1), 7));
    CHECK_EQ(mock_receive(&m.v[1], initial(&m, 1, 0)), 7);
    CHECK_OK(vipc_signal(&m.v[1], initial(&m, 1, 2), 4));
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}

TEST(any_thread_of_it_finds_them_and_its_children_do_not)
{
    mock m;
    vipc_cap door;
    mock_open(&m, NULL, 1, 16);
    door = mock_endpoint(&m, 0, 4);
    REQUIRE_OK(make(&m, 1, &door, 1, NULL));
    mock_thread(&m, 1, 2);
    CHECK_EQ(initial(&m, 2, 0).token, initial(&m, 1, 0).token);
    vipc_process_desc d = mock_desc(3);
    REQUIRE_OK(vipc_process_create(&m.v[1], &d, &m.v[3], NULL));
    m.member[3] = 1;
    CHECK_EQ(no_initial(&m, 3, 0), VIPC_ERR_NOT_FOUND);
    MOCK_END(&m);
}

TEST(a_process_and_a_channel_s_end_can_be_given)
{
    mock m;
    vipc_cap give[2], other;
    mock_open(&m, NULL, 1, 16);
    REQUIRE_OK(make(&m, 1, NULL, 0, &give[0]));
    REQUIRE_OK(vipc_channel_create(&m.v[0], NULL, &give[1], &other));
    REQUIRE_OK(make(&m, 2, give, 2, NULL));
    CHECK_OK(mock_send(&m.v[2], initial(&m, 2, 1), 3));
    CHECK_EQ(mock_receive(&m.v[0], other), 3);
    mock_kill(&m, 1);
    CHECK_OK(vipc_process_destroy(&m.v[2], initial(&m, 2, 0), NULL));
    CHECK_EQ(no_initial(&m, 2, 0), VIPC_ERR_INVALID_CAPABILITY);    /* it went with what it stood for */
    CHECK(initial(&m, 2, 1).token != 0);
    MOCK_END(&m);
}

TEST(what_was_taken_away_leaves_a_gap)
{
    mock m;
    vipc_cap give[5];
    for (uint32_t gone = 0; gone < 32; gone++) {                    /* every set of the five, by whatever way */
        mock_open(&m, NULL, 1, 16);
        for (uint32_t i = 0; i < 5; i++) give[i] = mock_endpoint(&m, 0, 4);
        REQUIRE_OK(make(&m, 1, give, 5, NULL));
        for (uint32_t i = 0; i < 5; i++) {
            if (!(gone >> i & 1)) continue;
            if (i % 3 == 0) CHECK_OK(vipc_revoke(&m.v[0], give[i], VIPC_FOREVER));
            else if (i % 3 == 1) CHECK_OK(vipc_close(&m.v[1], initial(&m, 1, i)));
            else CHECK_OK(vipc_destroy(&m.v[0], give[i], VIPC_FOREVER));
        }
        for (uint32_t i = 0; i < 5; i++) {
            if (gone >> i & 1) CHECK_EQ(no_initial(&m, 1, i), VIPC_ERR_INVALID_CAPABILITY);
            else CHECK_OK(mock_send(&m.v[1], initial(&m, 1, i), i));
        }
        CHECK_EQ(no_initial(&m, 1, 5), VIPC_ERR_NOT_FOUND);
        uint32_t bad = 99;
        CHECK_OK(vipc_check(&m.v[0], &bad));
        CHECK_EQ(bad, 0);
        MOCK_END(&m);
    }
}

TEST(closing_the_giver_s_leaves_the_child_s)
{
    mock m;
    vipc_cap root, give;
    mock_open(&m, NULL, 1, 16);
    root = mock_endpoint(&m, 0, 4);
    give = mock_derive(&m, 0, root, 0);
    REQUIRE_OK(make(&m, 1, &give, 1, NULL));
    CHECK_OK(vipc_close(&m.v[0], give));
    CHECK_OK(mock_send(&m.v[1], initial(&m, 1, 0), 1));
    CHECK_OK(vipc_revoke(&m.v[0], root, VIPC_FOREVER));
    CHECK_EQ(no_initial(&m, 1, 0), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}

TEST(limits_and_badge_come_along)
{
    mock m;
    vipc_cap door, give;
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap_info info;
    mock_open(&m, NULL, 1, 16);
    door = mock_endpoint(&m, 0, 4);
    d.badge = 77;
    d.limits.rate = 1;
    d.limits.message_max = 48;
    d.limits.expires = m.now + 1000 * MS;
    REQUIRE_OK(vipc_derive(&m.v[0], door, &d, &give));
    REQUIRE_OK(make(&m, 1, &give, 1, NULL));
    info = mock_cap_info(&m.v[1], initial(&m, 1, 0));
    CHECK_EQ(info.badge, 77);
    CHECK_EQ(info.limits.rate, 1);
    CHECK_EQ(info.limits.message_max, 48);
    CHECK_OK(mock_send(&m.v[1], initial(&m, 1, 0), 1));
    CHECK_EQ(mock_send(&m.v[0], give, 1), VIPC_ERR_RATE_LIMIT);     /* they share it */
    m.now += 2000 * MS;
    CHECK_EQ(mock_send(&m.v[1], initial(&m, 1, 0), 1), VIPC_ERR_INVALID_CAPABILITY);     /* expired, and still told */
    CHECK_EQ(make(&m, 2, &give, 1, NULL), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_close(&m.v[1], initial(&m, 1, 0)));
    CHECK_EQ(no_initial(&m, 1, 0), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}

/* One bad one among `count`: that error, no process, nothing held, nothing used up. */
static void refuse_at(mock *m, const vipc_cap *good, uint32_t count, uint32_t at, vipc_cap bad, vipc_error want, const char *what)
{
    vipc_cap give[VIPC_INITIAL_MAX], process = { 4711 };
    vipc_stats before = mock_stats(m), after;
    uint32_t holds = mock_held(m, 0), kids = children(m, 0, good[0]);
    vipc_pid found;
    for (uint32_t i = 0; i < count; i++) give[i] = i == at ? bad : good[0];
    vipc_error e = make(m, 5, give, count, &process);
    if (e != want) printf("    %s, place %u of %u\n", what, at, count);
    CHECK_EQ(e, want);
    CHECK_EQ(process.token, 4711);
    CHECK_EQ(vipc_process_find(&m->v[0], MOCK_NATIVE + 5, &found), VIPC_ERR_PROCESS_NOT_FOUND);
    after = mock_stats(m);
    CHECK_EQ(mock_held(m, 0), holds);
    CHECK_EQ(children(m, 0, good[0]), kids);
    CHECK_EQ(after.objects_created, before.objects_created);
    CHECK_EQ(after.reaped, before.reaped);
    MOCK_CHECK(m, m->in_use);
}
TEST(one_bad_one_and_no_process)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap good, bad[6];
    const vipc_error want[6] = { VIPC_ERR_PERMISSION_DENIED, VIPC_ERR_INVALID_CAPABILITY, VIPC_ERR_INVALID_CAPABILITY, VIPC_ERR_INVALID_CAPABILITY, VIPC_ERR_INVALID_CAPABILITY,
                                 VIPC_ERR_PERMISSION_DENIED };
    const char *what[6] = { "without GRANT", "none", "revoked", "another's", "made up", "a wait set" };
    c.max_processes = 3;
    c.max_threads = 3;
    mock_open(&m, &c, 2, 16);
    good = mock_endpoint(&m, 0, 4);
    bad[0] = mock_derive(&m, 0, good, VIPC_RIGHT_ALL & ~VIPC_RIGHT_GRANT);
    bad[1].token = 0;
    bad[2] = mock_derive(&m, 0, good, 0);
    CHECK_OK(vipc_close(&m.v[0], bad[2]));
    bad[3] = mock_endpoint(&m, 1, 4);
    bad[4].token = good.token + 1;
    REQUIRE_OK(vipc_wait_set_create(&m.v[0], 4, NULL, &bad[5]));
    for (uint32_t count = 1; count <= VIPC_INITIAL_MAX; count += 5)
        for (uint32_t at = 0; at < count; at++)
            for (uint32_t i = 0; i < 6; i++) refuse_at(&m, &good, count, at, bad[i], want[i], what[i]);
    CHECK_OK(make(&m, 2, &good, 1, NULL));                          /* and the last place is still there */
    MOCK_END(&m);
}

TEST(as_many_as_it_says)
{
    mock m;
    vipc_cap give[VIPC_INITIAL_MAX + 1];
    vipc_process_desc d = mock_desc(2);
    mock_open(&m, NULL, 1, 16);
    for (uint32_t i = 0; i <= VIPC_INITIAL_MAX; i++) give[i] = mock_endpoint(&m, 0, 4);
    CHECK_OK(make(&m, 1, give, VIPC_INITIAL_MAX, NULL));
    for (uint32_t i = 0; i < VIPC_INITIAL_MAX; i++) CHECK_OK(mock_send(&m.v[1], initial(&m, 1, i), i));
    for (uint32_t i = 0; i < VIPC_INITIAL_MAX; i++) CHECK_EQ(mock_receive(&m.v[0], give[i]), i);
    CHECK_EQ(make(&m, 2, give, VIPC_INITIAL_MAX + 1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(make(&m, 2, give, 0xffffffffu, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(make(&m, 2, NULL, 1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(make(&m, 2, NULL, 0, NULL));
    /* where nobody gives */
    vipc v;
    d.initial = give;
    d.initial_count = 1;
    CHECK_EQ(vipc_attach(&v, m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_init(&v, m.memory, m.size, NULL, &d, &m.hooks), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(mock_send(&m.v[1], initial(&m, 1, 0), 1));             /* and nothing was overwritten */
    d.initial_count = 0;
    CHECK_OK(vipc_attach(&m.v[3], m.memory, m.size, NULL, &d, &m.hooks));
    m.member[3] = 1;
    CHECK_EQ(no_initial(&m, 3, 0), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_initial(&m.v[1], 0, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_initial(NULL, 0, give), VIPC_ERR_INVALID_ARGUMENT);
    MOCK_END(&m);
}

TEST(no_room_for_all_is_room_for_none)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap give[VIPC_INITIAL_MAX], door, process;
    c.max_capabilities = 16;
    c.capabilities_per_process = 12;
    mock_open(&m, &c, 1, 16);
    door = mock_endpoint(&m, 0, 4);
    for (uint32_t i = 0; i < VIPC_INITIAL_MAX; i++) give[i] = door;
    CHECK_EQ(make(&m, 1, give, 13, NULL), VIPC_ERR_LIMIT);          /* a process's share */
    CHECK_EQ(children(&m, 0, door), 0);
    for (uint32_t i = 0; i < 4; i++) (void)mock_derive(&m, 0, door, 0);
    CHECK_EQ(make(&m, 1, give, 12, NULL), VIPC_ERR_LIMIT);          /* the table */
    CHECK_EQ(make(&m, 1, give, 11, &process), VIPC_ERR_LIMIT);      /* the table, for the creator's own */
    CHECK_EQ(children(&m, 0, door), 4);
    MOCK_CHECK(&m, 0);
    CHECK_OK(make(&m, 1, give, 11, NULL));
    MOCK_CHECK(&m, 0);
    CHECK_EQ(mock_held(&m, 1), 11);
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK_EQ(children(&m, 0, door), 4);
    CHECK_OK(make(&m, 2, give, 10, &process));
    CHECK_EQ(mock_held(&m, 2), 10);
    MOCK_END(&m);
}

/* A record is used again: nothing is left of what its last process was given. */
TEST(the_next_process_of_a_record_has_its_own)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap give[3];
    c.max_processes = 2;
    c.max_threads = 2;
    mock_open(&m, &c, 1, 16);
    for (uint32_t i = 0; i < 3; i++) give[i] = mock_endpoint(&m, 0, 4);
    for (uint32_t round = 0; round < 8; round++) {
        REQUIRE_OK(make(&m, 1, give, round % 4, NULL));
        for (uint32_t i = 0; i < round % 4; i++) CHECK_OK(mock_send(&m.v[1], initial(&m, 1, i), round));
        for (uint32_t i = 0; i < round % 4; i++) CHECK_EQ(mock_receive(&m.v[0], give[i]), round);
        CHECK_EQ(no_initial(&m, 1, round % 4), VIPC_ERR_NOT_FOUND);
        if (round & 1) mock_leave_domain(&m, 1);
        else { mock_kill(&m, 1); CHECK_OK(vipc_sweep(&m.v[0], NULL)); m.deaths = 0; }
        MOCK_CHECK(&m, m.in_use);
    }
    MOCK_END(&m);
}

/* What lies in shared memory is not believed: a list that leads nowhere, in a circle, or to another's capability. */
TEST(a_list_that_was_scribbled_on)
{
    mock m;
    vipc_cap give[3], got;
    mock_open(&m, NULL, 1, 16);
    for (uint32_t i = 0; i < 3; i++) give[i] = mock_endpoint(&m, 0, 4);
    REQUIRE_OK(make(&m, 1, give, 3, NULL));
    vipci_process *p = vipci_us(&m.v[1]);
    uint64_t was = p->initial;
    vipci_entry *first = vipci_linked(&m.v[1], (uint32_t)was & 0xffffff);
    uint64_t place = first->place, tries[] = { 0, 1, 0xffffff, ~(uint64_t)0, was + 1, (uint64_t)3 << 32 | (uint32_t)(give[0].token & 0xffffff) };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        p->initial = tries[i];
        for (uint32_t k = 0; k < 4; k++) {
            vipc_error e = vipc_initial(&m.v[1], k, &got);
            CHECK(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND || e == VIPC_ERR_INVALID_CAPABILITY);
            if (e == VIPC_OK) CHECK(mock_alive_cap(&m.v[1], got));
        }
    }
    p->initial = was;
    first->place = (place & ~(uint64_t)0xffffff) | vipci_link(&m.v[1], first);      /* in a circle */
    CHECK_EQ(vipc_initial(&m.v[1], 0, &got), VIPC_ERR_INVALID_CAPABILITY);
    uint32_t bad = 0;
    CHECK_OK(vipc_check(&m.v[0], &bad));
    CHECK(bad != 0);
    CHECK_OK(vipc_close(&m.v[1], initial(&m, 1, 2)));               /* ends, whatever the list says */
    p->initial = (uint64_t)3 << 32 | (place & 0xffffff);            /* what it would have been */
    CHECK_OK(mock_send(&m.v[1], initial(&m, 1, 0), 1));
    MOCK_CHECK(&m, 1);
    MOCK_END(&m);
}

/* The creator is killed at each of its atomic steps; the child's own proof lives.  Either there is a process, with all that it was given, or there is nothing. */
static uint64_t kill_at(uint64_t n, uint32_t *made)
{
    static mock m;
    static vipc_cap give[3], process;
    vipc_pid found;
    vipc_process_info info;
    uint32_t bad = 99;
    memset(&m, 0, sizeof m);
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 1, 4);                        /* the survivor's */
    vipc_derive_desc d = VIPC_INIT;
    d.limits.rate = 10;
    give[0] = mock_grant(&m, 1, door, 0, 0);
    REQUIRE_OK(vipc_grant(&m.v[1], door, vipc_self(&m.v[0]), &d, &give[1]));
    give[2] = mock_endpoint(&m, 0, 4);
    vipc_process_desc desc = mock_desc(2);
    desc.initial = give;
    desc.initial_count = 3;
    steps_left_ = n;
    int killed = setjmp(killed_);
    if (!killed) (void)vipc_process_create(&m.v[0], &desc, &m.v[2], &process);
    uint64_t left = steps_left_;
    steps_left_ = 0;
    m.critical = 0;
    mock_kill(&m, 0);
    CHECK_OK(vipc_sweep(&m.v[1], NULL));
    CHECK_OK(vipc_check(&m.v[1], &bad));
    CHECK_EQ(bad, 0);
    *made = vipc_process_find(&m.v[1], MOCK_NATIVE + 2, &found) == VIPC_OK;
    if (*made) {
        CHECK_OK(vipc_process_get(&m.v[1], found, &info));
        CHECK_EQ(info.capabilities, 2);                             /* and the third went with its owner */
        CHECK_EQ(children(&m, 1, door), 2);
        mock_kill(&m, 2);
        CHECK_OK(vipc_sweep(&m.v[1], NULL));
    }
    CHECK_EQ(children(&m, 1, door), 0);
    for (uint32_t i = 0; i + 1 < m.v[1].max_processes; i++)
        CHECK_EQ(vipci_process_at(&m.v[1], i)->proof != 0, i == m.v[1].process);       /* no record is left over, though the child's proof lives */
    for (uint32_t i = 0; i + 1 < m.v[1].max_threads; i++)
        CHECK_EQ((uint32_t)vipci_view_at(&m.v[1], i)->owner != 0, i == m.v[1].view);
    MOCK_END(&m);
    return killed ? 1 : left ? 0 : 1;
}
TEST(a_creator_killed_at_any_step)
{
    uint32_t made = 0, kills = 0, whole = 0;
    uint64_t n = 1;
    for (; kill_at(n, &made); n++) {
        kills++;
        whole += made;
        if (test_failures_ > 20) break;
    }
    printf("    killed at %u steps, %u of them after the process was there\n", kills, whole);
    CHECK(kills > 200);
    CHECK(whole > 0 && whole < kills / 4);
    CHECK(made);                                                    /* the last one was not killed */
}

RUN_TESTS(T(d107_a_process_starts_with_what_its_creator_gave), T(any_thread_of_it_finds_them_and_its_children_do_not), T(a_process_and_a_channel_s_end_can_be_given),
          T(what_was_taken_away_leaves_a_gap), T(closing_the_giver_s_leaves_the_child_s), T(limits_and_badge_come_along), T(one_bad_one_and_no_process),
          T(as_many_as_it_says), T(no_room_for_all_is_room_for_none), T(the_next_process_of_a_record_has_its_own), T(a_list_that_was_scribbled_on),
          T(a_creator_killed_at_any_step))
