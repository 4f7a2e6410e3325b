/* t_stats.c - what a process has done, over all of its threads, those that have left included; and the domain's sums beside it */
#include "mock.h"

static void answer(mock *m, uint64_t self)
{
    vipc_message q;
    vipc_info info = VIPC_INIT;
    vipc_cap door = *(vipc_cap *)m->script;
    (void)self;
    CHECK_OK(vipc_receive(&m->v[0], door, &q, &info, VIPC_NOW));
    CHECK_OK(vipc_reply(&m->v[0], info.reply, &q));
}

TEST(each_is_counted_for_its_process)
{
    mock m;
    vipc_cap door, his;
    vipc_message msg = mock_message(1), many[5];
    uint32_t n = 0;
    mock_open(&m, NULL, 2, 16);
    door = mock_endpoint(&m, 0, 16);
    his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    vipc_process_info p = mock_process_info(&m, vipc_self(&m.v[1]));
    CHECK_EQ(p.sent + p.received + p.calls + p.replies + p.checks_failed + p.sleeps, 0);
    for (int i = 0; i < 3; i++) CHECK_OK(mock_send(&m.v[1], his, 1));
    for (int i = 0; i < 5; i++) many[i] = msg;
    CHECK_OK(vipc_send_many(&m.v[1], his, many, 5, &n, VIPC_NOW));
    for (int i = 0; i < 2; i++) CHECK_EQ(mock_receive(&m.v[1], his), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    CHECK_OK(vipc_receive_many(&m.v[0], door, many, NULL, 5, &n, VIPC_NOW));
    CHECK_EQ(n, 5);
    while (mock_receive(&m.v[0], door) > 0) n++;
    CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    m.script = &door;
    m.asleep = answer;
    CHECK_OK(vipc_call(&m.v[1], his, &msg, &msg, VIPC_FOREVER));
    p = mock_process_info(&m, vipc_self(&m.v[1]));
    CHECK_EQ(p.sent, 9);                                            /* the request is one */
    CHECK_EQ(p.received, 0);
    CHECK_EQ(p.calls, 1);
    CHECK_EQ(p.replies, 0);
    CHECK_EQ(p.checks_failed, 2);
    CHECK_EQ(p.sleeps, 1);
    p = mock_process_info(&m, vipc_self(&m.v[0]));
    CHECK_EQ(p.sent, 0);
    CHECK_EQ(p.received, 9);                                        /* the request is one */
    CHECK_EQ(p.calls, 0);
    CHECK_EQ(p.replies, 1);
    CHECK_EQ(p.checks_failed, 0);
    CHECK_EQ(p.sleeps, 0);
    MOCK_END(&m);
}

TEST(threads_that_have_left_stay_counted)
{
    mock m;
    vipc_cap door, his;
    mock_open(&m, NULL, 2, 16);
    door = mock_endpoint(&m, 0, 64);
    his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    for (unsigned round = 1; round <= 5; round++) {
        mock_thread(&m, 1, 2);
        mock_thread(&m, 1, 3);
        for (unsigned i = 0; i < round; i++) CHECK_OK(mock_send(&m.v[2], his, 1));
        CHECK_OK(mock_send(&m.v[3], his, 1));
        CHECK_EQ(mock_receive(&m.v[3], his), VIPC_ERR_PERMISSION_DENIED);
        mock_leave_domain(&m, 2);
        CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[1])).sent, 1 + round * (round + 1) / 2 + round);
        mock_leave_domain(&m, 3);
        CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[1])).sent, 1 + round * (round + 1) / 2 + round);
        CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[1])).checks_failed, round);
    }
    vipc_stats s = mock_stats(&m);
    CHECK_EQ(s.sent, 21);
    CHECK_EQ(s.checks_failed, 5);
    CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[0])).sent, 0);
    MOCK_END(&m);
}
TEST(the_first_thread_may_leave_before_the_others)
{
    mock m;
    vipc_cap door;
    mock_open(&m, NULL, 2, 16);
    door = mock_endpoint(&m, 1, 8);
    vipc_pid who = vipc_self(&m.v[1]);
    CHECK_OK(mock_send(&m.v[1], door, 1));
    mock_thread(&m, 1, 2);
    mock_leave_domain(&m, 1);
    CHECK_OK(mock_send(&m.v[2], door, 2));
    CHECK_EQ(mock_receive(&m.v[2], door), 1);
    CHECK_EQ(mock_process_info(&m, who).sent, 2);
    CHECK_EQ(mock_process_info(&m, who).received, 1);
    MOCK_END(&m);
}

/* A record is used again; the domain's sums go on, the process's begin anew. */
TEST(the_next_process_of_a_record_begins_at_nothing)
{
    mock m;
    vipc_config c = VIPC_INIT;
    c.max_processes = 2;
    c.max_threads = 3;
    mock_open(&m, &c, 1, 16);
    for (unsigned round = 1; round <= 6; round++) {
        vipc_process_desc d = mock_desc(1);
        REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], NULL));
        m.member[1] = 1;
        mock_thread(&m, 1, 2);
        CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[1])).sent, 0);
        vipc_cap door = mock_endpoint(&m, 1, 8);
        CHECK_OK(mock_send(&m.v[2], door, 1));
        mock_leave_domain(&m, 2);
        CHECK_OK(mock_send(&m.v[1], door, 1));
        CHECK_EQ(mock_process_info(&m, vipc_self(&m.v[1])).sent, 2);
        CHECK_EQ(mock_stats(&m).sent, 2 * round);
        if (round & 1) mock_leave_domain(&m, 1);
        else { mock_kill(&m, 1); CHECK_OK(vipc_sweep(&m.v[0], NULL)); m.deaths = 0; }
    }
    MOCK_END(&m);
}

/* Anything in any order, beside what a plain table says of each process; and over all of them the domain's numbers. */
TEST(sums_agree)
{
    enum { STEPS = 30000 };
    mock m;
    vipc_cap door[3], cap[3];
    uint64_t seed = 99, sent[3] = { 0, 0, 0 }, received[3] = { 0, 0, 0 }, failed[3] = { 0, 0, 0 };
    mock_open(&m, NULL, 3, 64);                                     /* three processes, and up to three threads more of each */
    door[0] = mock_endpoint(&m, 0, 8);
    cap[0] = door[0];
    for (unsigned i = 1; i < 3; i++) cap[i] = mock_grant(&m, 0, door[0], i, 0);
    for (int k = 0; k < STEPS; k++) {
        uint64_t r = mock_random(&seed);
        unsigned p = (unsigned)(r % 3), who = (unsigned)(r >> 8) % 4 * 3 + p;
        if (!m.member[who]) { mock_thread(&m, p, who); continue; }
        switch (r >> 16 & 7) {
        case 0: if (who >= 3) mock_leave_domain(&m, who); break;
        case 1: case 2: case 3: sent[p] += mock_send(&m.v[who], cap[p], 1) == VIPC_OK; break;
        case 4: case 5: received[p] += mock_receive(&m.v[who], cap[p]) == 1; break;
        default: failed[p] += mock_send(&m.v[who], cap[(p + 1) % 3], 1) == VIPC_ERR_INVALID_CAPABILITY; break;
        }
    }
    vipc_stats s = mock_stats(&m);
    for (unsigned p = 0; p < 3; p++) {
        vipc_process_info i = mock_process_info(&m, vipc_self(&m.v[p]));
        CHECK(sent[p] > 0 && received[p] > 0 && failed[p] > 0);
        CHECK_EQ(i.sent, sent[p]);
        CHECK_EQ(i.received, received[p]);
        CHECK_EQ(i.checks_failed, failed[p]);
    }
    CHECK_EQ(s.sent, sent[0] + sent[1] + sent[2]);
    CHECK_EQ(s.received, received[0] + received[1] + received[2]);
    CHECK_EQ(s.checks_failed, failed[0] + failed[1] + failed[2]);
    MOCK_END(&m);
}

RUN_TESTS(T(each_is_counted_for_its_process), T(threads_that_have_left_stay_counted), T(the_first_thread_may_leave_before_the_others),
          T(the_next_process_of_a_record_begins_at_nothing), T(sums_agree))
