/* test_your_code.c - tests code that uses veridian_ipc.h: time that passes at once, hooks that fail, peers that die, all in one thread
 *
 *   cc examples/test_your_code.c -o test_your_code && ./test_your_code
 *
 * prints:  ok   no server, or one too slow: TIMEOUT, after 10 s of a clock that jumps
 *          ok   a server that comes later
 *          ok   a full queue: the submitter waits for room, or tells how many jobs are in
 *          ok   each hook call fails once: an answer or an error, and the next question is answered
 *          ok   the server dies at each of its hook calls: its successor answers
 *          ok   the client dies at each of its hook calls: the next client is answered
 *          6 passed, 0 failed
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "../shims/veridian_mock.h"
#include <stdio.h>

static const uint64_t SECOND = 1000000000u;

/* -- the code under test: nothing in it knows of tests.  Yours would be included or linked here. */

/* Ask the server that is called "doubler", whichever lives: when one dies with the question in hand its successor is asked. */
static vipc_error ask(vipc *ipc, uint64_t question, uint64_t *answer, vipc_time deadline)
{
    for (;;) {
        vipc_cap server;
        vipc_message m = VIPC_INIT;
        m.data[0] = question;
        vipc_error e = vipc_lookup(ipc, "doubler", VIPC_RIGHT_SEND, &server, deadline);
        if (e != VIPC_OK) return e;
        e = vipc_call(ipc, server, &m, &m, deadline);
        vipc_close(ipc, server);                             /* INVALID_CAPABILITY if it went with the server */
        if (e == VIPC_OK) *answer = m.data[0];
        if (e != VIPC_ERR_PEER_DEAD && e != VIPC_ERR_CLOSED && e != VIPC_ERR_INVALID_CAPABILITY) return e;
    }
}
/* Queue jobs.  A full queue is no error at once: each job waits up to `patience` ns for room.  *queued: how many are in. */
static vipc_error submit(vipc *ipc, vipc_cap queue, unsigned jobs, unsigned *queued, uint64_t patience)
{
    vipc_error e = VIPC_OK;
    for (*queued = 0; *queued < jobs && e == VIPC_OK; *queued += e == VIPC_OK) {
        vipc_message m = VIPC_INIT;
        m.data[0] = *queued;
        e = vipc_send(ipc, queue, &m, VIPC_NOW);
        if (e == VIPC_ERR_CHANNEL_FULL) e = vipc_send(ipc, queue, &m, vipc_after(ipc, patience));
    }
    return e;
}

/* -- the tests.  Members 0 and 1 are the server and the client; each is a process of its own. */
enum { SERVER = 0, CLIENT = 1, SECOND_CLIENT = 2 };
typedef struct scene { vipc_cap door; bool is_open, answered; uint64_t answer; unsigned served; } scene;

static void server_opens(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    if (vipc_endpoint_create(&m->v[who], NULL, &s->door) != VIPC_OK) return;
    s->is_open = vipc_publish(&m->v[who], "doubler", s->door, VIPC_RIGHT_SEND) == VIPC_OK;
}
static void server_serves(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    vipc_message q;
    vipc_info info;
    if (vipc_receive(&m->v[who], s->door, &q, &info, VIPC_NOW) != VIPC_OK) return;
    q.data[0] *= 2;
    s->served += vipc_reply(&m->v[who], info.reply, &q) == VIPC_OK;
}
/* What happens while somebody sleeps: the server takes its turn; one that has died is started again. */
static void others(vipc_mock *m, uint64_t asleep)
{
    scene *s = (scene *)m->script;
    (void)asleep;
    if (!vipc_mock_run(m, SERVER, s->is_open ? server_serves : server_opens)) {
        s->is_open = false;
        vipc_mock_join(m, SERVER);
    }
    m->asleep = others;                                      /* and again next time */
}
static void client_asks(vipc_mock *m, uint64_t who)
{
    scene *s = (scene *)m->script;
    s->answered = ask(&m->v[who], 21, &s->answer, vipc_after(&m->v[who], 10 * SECOND)) == VIPC_OK;
}

static bool begin(vipc_mock *m, scene *s)
{
    static unsigned char memory[1 << 20];
    static const scene nothing = VIPC_INIT;
    vipc_mock_desc three = VIPC_INIT;
    three.members = 3;
    *s = nothing;
    if (vipc_mock_open(m, memory, sizeof memory, &three) != VIPC_OK) return false;
    m->script = s;
    return true;
}
/* Is all in order with the domain, and has everything been given back?  Says what is not. */
static bool end(vipc_mock *m)
{
    const char *trouble = vipc_mock_close(m);
    if (trouble) printf("     %s\n", trouble);
    return trouble == NULL;
}

static bool a_slow_server(void)
{
    vipc_mock m;
    scene s;
    uint64_t answer = 0;
    if (!begin(&m, &s)) return false;
    for (int there = 0; there < 2; there++) {
        if (there) server_opens(&m, SERVER);                 /* and then it does nothing */
        vipc_time until = vipc_after(&m.v[CLIENT], 10 * SECOND);
        if (ask(&m.v[CLIENT], 21, &answer, until) != VIPC_ERR_TIMEOUT) return false;
        if (m.now < until || m.now > until + SECOND) return false;
    }
    return answer == 0 && end(&m);
}
static bool a_late_server(void)
{
    vipc_mock m;
    scene s;
    if (!begin(&m, &s)) return false;
    m.asleep = others;                                       /* opens when the client has looked in vain */
    client_asks(&m, CLIENT);
    return s.answered && s.answer == 42 && s.served == 1 && end(&m);
}

static void worker_takes_one(vipc_mock *m, uint64_t asleep)
{
    scene *s = (scene *)m->script;
    vipc_message job;
    (void)asleep;
    if (vipc_receive(&m->v[SERVER], s->door, &job, NULL, VIPC_NOW) == VIPC_OK) s->served++;
    if (s->served < 3) m->asleep = worker_takes_one;         /* then it goes home */
}
static bool a_full_queue(void)
{
    vipc_mock m;
    scene s;
    vipc_cap queue;
    vipc_endpoint_desc four = VIPC_INIT;
    unsigned queued;
    four.capacity = 4;
    if (!begin(&m, &s)) return false;
    if (vipc_endpoint_create(&m.v[SERVER], &four, &s.door) != VIPC_OK) return false;
    if (vipc_grant(&m.v[SERVER], s.door, vipc_self(&m.v[CLIENT]), NULL, &queue) != VIPC_OK) return false;
    m.asleep = worker_takes_one;
    if (submit(&m.v[CLIENT], queue, 7, &queued, SECOND) != VIPC_OK || queued != 7 || s.served != 3) return false;
    if (submit(&m.v[CLIENT], queue, 2, &queued, SECOND) != VIPC_ERR_TIMEOUT || queued != 0) return false;
    return end(&m);
}

/* Failures: at the client's first hook call, at its second, ... until there is none left to fail. */
static bool each_hook_fails(void)
{
    for (uint64_t n = 1, failed = 1; failed; n++) {
        vipc_mock m;
        scene s;
        if (!begin(&m, &s)) return false;
        m.asleep = others;
        vipc_mock_fail_at(&m, CLIENT, VIPC_MOCK_ANY_HOOK, n);
        client_asks(&m, CLIENT);
        failed = m.failures;
        if (!failed && !s.answered) return false;
        if (s.answered && s.answer != 42) return false;
        vipc_mock_heal(&m);
        client_asks(&m, CLIENT);
        if (!s.answered || s.answer != 42 || !end(&m)) return false;
    }
    return true;
}
/* Deaths: at its first hook call, at its second, ... until it lives to the end. */
static bool the_server_dies_anywhere(void)
{
    for (uint64_t n = 1, died = 1; died; n++) {
        vipc_mock m;
        scene s;
        if (!begin(&m, &s)) return false;
        m.asleep = others;
        vipc_mock_kill_at(&m, SERVER, VIPC_MOCK_ANY_HOOK, n);
        client_asks(&m, CLIENT);
        died = m.kills;
        if (!s.answered || s.answer != 42 || !end(&m)) return false;
    }
    return true;
}
static bool the_client_dies_anywhere(void)
{
    for (uint64_t n = 1, died = 1; died; n++) {
        vipc_mock m;
        scene s;
        if (!begin(&m, &s)) return false;
        m.asleep = others;
        vipc_mock_kill_at(&m, CLIENT, VIPC_MOCK_ANY_HOOK, n);
        died = !vipc_mock_run(&m, CLIENT, client_asks);
        if (!died && !s.answered) return false;
        m.asleep = others;
        client_asks(&m, SECOND_CLIENT);
        if (!s.answered || s.answer != 42 || !end(&m)) return false;
    }
    return true;
}

int main(void)
{
    static const struct { bool (*run)(void); const char *what; } tests[] = {
        { a_slow_server, "no server, or one too slow: TIMEOUT, after 10 s of a clock that jumps" },
        { a_late_server, "a server that comes later" },
        { a_full_queue, "a full queue: the submitter waits for room, or tells how many jobs are in" },
        { each_hook_fails, "each hook call fails once: an answer or an error, and the next question is answered" },
        { the_server_dies_anywhere, "the server dies at each of its hook calls: its successor answers" },
        { the_client_dies_anywhere, "the client dies at each of its hook calls: the next client is answered" },
    };
    unsigned passed = 0, failed = 0;
    for (unsigned i = 0; i < sizeof tests / sizeof *tests; i++) {
        bool good = tests[i].run();
        printf("%s %s\n", good ? "ok  " : "FAIL", tests[i].what);
        if (good) passed++;
        else failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed != 0;
}
