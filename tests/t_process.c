/* t_process.c - the whole between real processes, started by fork and exec: streams, stops at the worst moment, a thousand kills */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "proc.h"
#include "test.h"
#include <sys/ptrace.h>

/* ------------------------------------------------------------------------------------------------- the board
 * A run is one life of one process.  Runs are numbered and no number is used twice, so that what a run has sent can be told for ever
 * after.  A sender notes `sending` before each send and `sent` after each that returned VIPC_OK; whoever receives a message sets
 * its bit.  Both survive any kill. */
enum { RUNS = 16384, BULK = 200, BIG = 4000, END = 0x7eeeeeee, QUIT = 0x79999999 };
enum { LEDGER = 1 << 25, MANY_RUNS = 1 << 17, LONG_RUNS = 1 << 21 };   /* words of receipts in all; messages that a run may send, in a test of many runs, or of long ones */

typedef struct run {
    _Atomic uint64_t sending, sent;
    _Atomic uint32_t sends;             /* 1: its messages are accounted for */
} run;

typedef struct board {
    seat seats[SEATS];
    _Atomic uint32_t stop, no_futex, each, payload, moment;
    _Atomic uint32_t run_length;        /* bits of the ledger for each run */
    _Atomic uint64_t redelivered, refused;
    run runs[RUNS];
    _Atomic uint64_t got[LEDGER];       /* a bit for each message; pages that nobody writes cost nothing */
} board;

static _Atomic uint64_t *got_word(board *b, uint64_t r, uint64_t n) { return &b->got[(r * b->run_length + n) / 64]; }
/* Set the bit of message n of run r; what it was before. */
static int got_set(board *b, uint64_t r, uint64_t n)
{
    uint64_t bit = (uint64_t)1 << (n % 64);
    return (atomic_fetch_or(got_word(b, r, n), bit) & bit) != 0;
}
static int got_get(board *b, uint64_t r, uint64_t n) { return (int)(*got_word(b, r, n) >> (n % 64) & 1); }
static uint64_t runs_of(const board *b) { uint64_t most = (uint64_t)LEDGER * 64 / b->run_length; return most < RUNS ? most : RUNS; }

static struct top {
    vipc ipc;
    vipc_posix_desc desc;
    int domain_fd, board_fd;
    board *b;
    unsigned runs;
    uint64_t frames;
    vipc_hooks hooks;                  /* the shim's, and a log */
    const vipc_hooks *real_hooks;
} top;

static void log_violation(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)user;
    (void)level;
    if (id == VIPC_LOG_CHECK) printf("    check: kind %llu at %llu\n", (unsigned long long)a, (unsigned long long)b);
}

static void begin(const char *what, uint32_t no_futex, uint32_t run_length)
{
    memset(&top, 0, sizeof top);
    top.desc.config.max_processes = 24;
    top.desc.config.max_threads = 48;
    top.desc.config.max_objects = 128;
    top.desc.config.max_capabilities = 512;
    top.desc.config.max_names = 32;
    top.desc.frames_bytes = 4u << 20;
    top.desc.no_futex = no_futex;
    top.desc.label = "top";
    REQUIRE_OK(vipc_posix_create_fd(&top.ipc, &top.desc, &top.domain_fd));
    top.real_hooks = top.ipc.hooks;
    top.hooks = *top.real_hooks;
    top.hooks.log = log_violation;
    top.ipc.hooks = &top.hooks;
    top.board_fd = share_fd(sizeof(board));
    top.b = share_map(top.board_fd, sizeof(board));
    top.b->no_futex = no_futex;
    top.b->run_length = run_length;
    vipc_stats s;
    REQUIRE_OK(vipc_stats_get(&top.ipc, &s));
    top.frames = s.frames_in_use;
    watch_begin(top.b->seats, &top.ipc, what);
}

static void expect_sound(void)
{
    uint32_t violations = 99;
    CHECK_OK(vipc_sweep(&top.ipc, NULL));
    CHECK_OK(vipc_check(&top.ipc, &violations));
    if (!CHECK_EQ(violations, 0)) vipc_dump(&top.ipc, print_line, NULL);
}

/* The end of every test: nothing is damaged, and every frame is back. */
static void finish(void)
{
    for (int i = 1; i < SEATS; i++)
        if (top.b->seats[i].pid) kill_and_wait(&top.b->seats[i]);
    expect_sound();
    vipc_stats s;
    CHECK_OK(vipc_trim(&top.ipc, NULL));
    CHECK_OK(vipc_stats_get(&top.ipc, &s));
    if (!CHECK_EQ(s.frames_in_use, top.frames)) vipc_dump(&top.ipc, print_line, NULL);
    watch_end();
    top.ipc.hooks = top.real_hooks;
    CHECK_OK(vipc_posix_close(&top.ipc));
    munmap(top.b, sizeof(board));
    close(top.board_fd);
    close(top.domain_fd);
}

/* A failed case is over: its processes go before the next begins. */
#define NEED(condition) do { if (!CHECK(condition)) { finish(); longjmp(test_out_, 1); } } while (0)
#define NEED_EQ(a, b) do { if (!CHECK_EQ(a, b)) { finish(); longjmp(test_out_, 1); } } while (0)
#define NEED_OK(call) NEED_EQ(call, VIPC_OK)

static seat *start(const char *role, int where)
{
    part p = { role, top.board_fd, top.domain_fd, where, top.runs++ };
    if (p.run >= runs_of(top.b)) {
        printf("    more than %u runs\n", p.run);
        exit(1);
    }
    spawn(top.b->seats, p);
    return &top.b->seats[where];
}

static vipc_cap endpoint(uint32_t capacity, uint32_t payload, uint32_t spin)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap c = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload;
    d.spin = spin;
    CHECK_OK(vipc_endpoint_create(&top.ipc, &d, &c));
    return c;
}
/* `name` to send to it, `name.in` to receive from it. */
static void offer(const char *name, vipc_cap c)
{
    char in[64];
    snprintf(in, sizeof in, "%s.in", name);
    CHECK_OK(vipc_publish(&top.ipc, name, c, VIPC_RIGHT_SEND));
    CHECK_OK(vipc_publish(&top.ipc, in, c, VIPC_RIGHT_RECEIVE | VIPC_RIGHT_GRANT));
}
static void withdraw(const char *name, vipc_cap c)
{
    char in[64];
    snprintf(in, sizeof in, "%s.in", name);
    CHECK_OK(vipc_unpublish(&top.ipc, name));
    CHECK_OK(vipc_unpublish(&top.ipc, in));
    CHECK_OK(vipc_destroy(&top.ipc, c, vipc_after(&top.ipc, 5000000000u)));
}

/* ---------------------------------------------------------------------------------------------------- messages
 * Message n of run r: everything in it follows from r and n, so that any damage shows. */
static size_t payload_size(uint64_t seed, uint32_t payload_max) { return payload_max ? (size_t)(seed % (payload_max + 1)) : 0; }
static size_t compose(vipc_message *m, unsigned char *payload, uint32_t payload_max, unsigned r, uint64_t n)
{
    uint64_t seed = mix((uint64_t)r << 40 ^ n);
    size_t size = payload_size(seed, payload_max);
    payload_fill(payload, size, seed);
    memset(m, 0, sizeof *m);
    m->opcode = (uint32_t)n;
    m->data[0] = r;
    m->data[1] = n;
    m->data[2] = seed;
    m->data[3] = payload_sum(payload, size, seed);
    return size;
}
static int intact(const vipc_message *m, const unsigned char *payload, size_t size, uint32_t payload_max)
{
    uint64_t seed = mix(m->data[0] << 40 ^ m->data[1]);
    return m->opcode == (uint32_t)m->data[1] && m->data[2] == seed && size == payload_size(seed, payload_max) && m->data[3] == payload_sum(payload, size, seed);
}

static void join(const part *p, board *b, vipc *ipc)
{
    vipc_posix_desc d = VIPC_INIT;
    d.label = p->role;
    d.no_futex = b->no_futex;
    MUST(p, vipc_posix_open_fd(ipc, p->domain_fd, &d));
    b->seats[p->seat].owner = ipc->view + 1;
    b->seats[p->seat].vpid = vipc_self(ipc).id;
    b->seats[p->seat].progress++;
}
static vipc_cap find(const part *p, vipc *ipc, const char *name)
{
    vipc_cap c = VIPC_INIT;
    MUST(p, vipc_lookup(ipc, name, 0, &c, VIPC_FOREVER));
    return c;
}

/* Note the receipt of one message; whatever is wrong with it ends the process with the reason. */
static void receipt(const part *p, board *b, const vipc_message *m, const vipc_info *info, uint64_t *last)
{
    uint64_t r = m->data[0], n = m->data[1];
    DEMAND(p, r < runs_of(b) && n >= 1 && n < b->run_length);
    if (got_set(b, r, n))
        give_up(p, "message %llu of run %llu came twice (redelivered: %u)", (unsigned long long)n, (unsigned long long)r, info->redelivered);
    if (n > b->runs[r].sending) give_up(p, "message %llu of run %llu was not sent", (unsigned long long)n, (unsigned long long)r);
    if (info->redelivered) b->redelivered++;
    else if (n <= last[r])
        give_up(p, "order: message %llu of run %llu came after its %llu", (unsigned long long)n, (unsigned long long)r, (unsigned long long)last[r]);
    if (n > last[r]) last[r] = n;
    b->seats[p->seat].progress++;
}

/* ----------------------------------------------------------------------------------------------------- streams */
static uint64_t latest[RUNS];   /* a receiver's own: the last number that it saw of each run */

static int role_send(const part *p, board *b)
{
    vipc ipc;
    unsigned char payload[BULK];
    vipc_outgoing o = VIPC_INIT;
    join(p, b, &ipc);
    vipc_cap plain = find(p, &ipc, "stream"), to = VIPC_INIT;
    vipc_derive_desc d = VIPC_INIT;
    d.badge = p->run + 1u;
    MUST(p, vipc_derive(&ipc, plain, &d, &to));
    b->runs[p->run].sends = 1;
    for (uint64_t n = 1; n <= b->each; n++) {
        o.payload_size = compose(&o.message, payload, b->payload, p->run, n);
        o.payload = payload;
        b->runs[p->run].sending = n;
        if (b->payload) MUST(p, vipc_send_large(&ipc, to, &o, VIPC_FOREVER));
        else MUST(p, vipc_send(&ipc, to, &o.message, VIPC_FOREVER));
        b->runs[p->run].sent = n;
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}

static int role_take(const part *p, board *b)
{
    vipc ipc;
    unsigned char payload[BULK];
    vipc_incoming in = VIPC_INIT;
    join(p, b, &ipc);
    vipc_cap from = find(p, &ipc, "stream.in");
    for (;;) {
        in.payload = payload;
        in.payload_capacity = sizeof payload;
        if (b->payload) MUST(p, vipc_receive_large(&ipc, from, &in, VIPC_FOREVER));
        else MUST(p, vipc_receive(&ipc, from, &in.message, &in.info, VIPC_FOREVER));
        if (in.message.opcode == END && in.message.data[0] == END) break;
        DEMAND(p, intact(&in.message, payload, in.info.payload_size, b->payload));
        DEMAND(p, in.info.redelivered == 0 && in.info.reply.token == 0);
        DEMAND(p, in.info.badge == in.message.data[0] + 1);
        receipt(p, b, &in.message, &in.info, latest);
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}

/* `count` messages that tell a receiver to leave.  All senders have ended by then, so that nothing comes after them. */
static void send_ends(vipc_cap to, int count)
{
    vipc_message m = VIPC_INIT;
    m.opcode = END;
    m.data[0] = END;
    while (count--) NEED_OK(vipc_send(&top.ipc, to, &m, VIPC_FOREVER));
}

static uint64_t received_of(unsigned r)
{
    uint64_t count = 0;
    for (uint64_t n = 0; n < top.b->run_length; n += 64)
        for (uint64_t v = *got_word(top.b, r, n); v; v &= v - 1) count++;
    return count;
}

/* Seats 1.. send, seats 8.. receive. */
static void stream(vipc_cap c, int senders, int receivers, uint32_t each)
{
    int first = 1, second = 8;
    unsigned run0 = top.runs;
    top.b->each = each;
    for (int i = 0; i < senders; i++) start("send", first + i);
    for (int i = 0; i < receivers; i++) start("take", second + i);
    for (int i = 0; i < senders; i++) NEED_EQ(wait_for(&top.b->seats[first + i]), 0);
    send_ends(c, receivers);
    for (int i = 0; i < receivers; i++) NEED_EQ(wait_for(&top.b->seats[second + i]), 0);
    for (int i = 0; i < senders; i++) NEED_EQ(received_of(run0 + (unsigned)i), each);
}

static void streams(uint32_t payload)
{
    static const uint32_t capacity[] = { 1, 3, 64, 1024 }, share[] = { 100000, 150000, 1000000, 1000000 };
    static const int shape[][2] = { { 1, 1 }, { 4, 1 }, { 1, 4 }, { 4, 4 } };
    begin(payload ? "streams with a payload" : "streams", 0, LONG_RUNS);
    top.b->payload = payload;
    uint64_t total = 0;
    for (size_t s = 0; s < 4; s++)
        for (size_t c = 0; c < 4; c++) {
            double t = seconds();
            uint32_t each = share[c] / (uint32_t)shape[s][0] / (payload ? 2 : 1);
            vipc_cap e = endpoint(capacity[c], payload, 0);
            offer("stream", e);
            stream(e, shape[s][0], shape[s][1], each);
            withdraw("stream", e);
            total += (uint64_t)each * (uint64_t)shape[s][0];
            t = seconds() - t;
            if (getenv("VIPC_TEST_LOUD"))
                printf("    %dx%d, %u slots, %u bytes: %.2f s\n", shape[s][0], shape[s][1], capacity[c], payload, t);
        }
    printf("    %llu messages\n", (unsigned long long)total);
    finish();
}
TEST(streams_small) { streams(0); }
TEST(streams_payload) { streams(BULK); }

/* -------------------------------------------------------------------------------------------- waiting and waking */
static int role_early(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    vipc_cap c = find(p, &ipc, "late");
    vipc_message m = VIPC_INIT;
    m.opcode = 5;
    MUST(p, vipc_send(&ipc, c, &m, VIPC_FOREVER));
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
/* The view that sits there is registered as a sleeper: from here on any change that it waits for must wake it. */
static int asleep(const seat *s)
{
    return s->owner && (vipci_load64(&top.ipc, vipci_cell_at(&top.ipc, s->owner - 1)) & 3) == VIPCI_WAITING;
}
TEST(lookup_before_publish)
{
    begin("lookup before publish", 0, LONG_RUNS);
    vipc_message m;
    vipc_cap c = endpoint(4, 0, 0);
    for (int round = 0; round < 20; round++) {
        seat *s = start("early", 1);
        UNTIL(asleep(s));
        NEED_OK(vipc_publish(&top.ipc, "late", c, VIPC_RIGHT_SEND));
        NEED_EQ(wait_for(s), 0);
        NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
        NEED_EQ(m.opcode, 5);
        NEED_OK(vipc_unpublish(&top.ipc, "late"));
    }
    NEED_OK(vipc_destroy(&top.ipc, c, VIPC_FOREVER));
    finish();
}

/* mark: how many messages it has got (role_sleeper) or sent (role_filler). */
static int role_sleeper(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    vipc_cap c = find(p, &ipc, "door.in");
    for (uint32_t n = 1; n <= b->each; n++) {
        vipc_message m;
        MUST(p, vipc_receive(&ipc, c, &m, NULL, VIPC_FOREVER));
        DEMAND(p, m.opcode == n);
        b->seats[p->seat].mark = n;
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static int role_filler(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    vipc_cap c = find(p, &ipc, "door");
    for (uint32_t n = 1; n <= b->each; n++) {
        vipc_message m = VIPC_INIT;
        m.opcode = n;
        MUST(p, vipc_send(&ipc, c, &m, VIPC_FOREVER));
        b->seats[p->seat].mark = n;
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static vipc_endpoint_info look(vipc_cap c)
{
    vipc_endpoint_info i;
    memset(&i, 0, sizeof i);
    CHECK_OK(vipc_endpoint_get(&top.ipc, c, &i));
    return i;
}
TEST(sleeping_receiver_is_woken)
{
    begin("a sleeping receiver", 0, LONG_RUNS);
    vipc_cap c = endpoint(4, 0, 1);
    offer("door", c);
    top.b->each = 300;
    seat *s = start("sleeper", 1);
    for (uint32_t n = 1; n <= 300; n++) {
        vipc_message m = VIPC_INIT;
        m.opcode = n;
        UNTIL(look(c).receivers_waiting == 1);
        NEED_OK(vipc_send(&top.ipc, c, &m, VIPC_NOW));
        UNTIL(s->mark == n);
        top.b->seats[0].progress++;
    }
    NEED_EQ(wait_for(s), 0);
    withdraw("door", c);
    finish();
}
TEST(sleeping_sender_is_woken)
{
    begin("a sender asleep at a full queue", 0, LONG_RUNS);
    vipc_cap c = endpoint(2, 0, 1);
    offer("door", c);
    top.b->each = 300;
    seat *s = start("filler", 1);
    for (uint32_t n = 1; n <= 300; n++) {
        vipc_message m = VIPC_INIT;
        if (n <= 298) UNTIL(look(c).senders_waiting == 1);
        else UNTIL(s->mark == 300);
        NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
        NEED_EQ(m.opcode, n);
    }
    NEED_EQ(wait_for(s), 0);
    withdraw("door", c);
    finish();
}

/* Both asleep all the time (spin 1).  A lost wake-up would not hang: the slice of the sleep ends and it looks again.  So the block hook
 * is watched: its deadline passed, nobody had touched the word, and yet a message was there. */
static struct late_ {
    vipc_hooks hooks;
    vipc_error (*block)(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline);
    int untouched;
    uint64_t blocks, slices;
} late;
static vipc_error watched_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_error e = late.block(user, self, word, expected, deadline);
    late.blocks++;
    late.untouched = e == VIPC_ERR_TIMEOUT && __atomic_load_n(word, __ATOMIC_SEQ_CST) == expected;
    late.slices += (uint64_t)late.untouched;
    return e;
}
static const vipc_hooks *watch_block(vipc *ipc)
{
    const vipc_hooks *real = ipc->hooks;
    late.hooks = *real;
    late.block = real->block;
    late.hooks.block = watched_block;
    ipc->hooks = &late.hooks;
    return real;
}
static int role_pong(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    const vipc_hooks *real = watch_block(&ipc);
    vipc_cap ping = find(p, &ipc, "ping.in"), pong = find(p, &ipc, "pong");
    uint64_t suspects = 0;
    for (uint32_t n = 1; n <= b->each; n++) {
        vipc_message m;
        late.untouched = 0;
        MUST(p, vipc_receive(&ipc, ping, &m, NULL, VIPC_FOREVER));
        suspects += (uint64_t)late.untouched;
        DEMAND(p, m.opcode == n);
        MUST(p, vipc_send(&ipc, pong, &m, VIPC_FOREVER));
        b->seats[p->seat].progress++;
    }
    b->seats[p->seat].told[0] = suspects;
    b->seats[p->seat].told[1] = late.blocks;
    ipc.hooks = real;
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static void ping_pong(uint32_t rounds, uint32_t no_futex)
{
    begin("ping-pong, both asleep", no_futex, LONG_RUNS);
    vipc_cap ping = endpoint(1, 0, 1), pong = endpoint(1, 0, 1);
    offer("ping", ping);
    offer("pong", pong);
    top.b->each = rounds;
    memset(&late, 0, sizeof late);
    const vipc_hooks *real = watch_block(&top.ipc);
    seat *s = start("pong", 1);
    uint64_t suspects = 0;
    double t = seconds();
    for (uint32_t n = 1; n <= rounds; n++) {
        vipc_message m = VIPC_INIT;
        m.opcode = n;
        NEED_OK(vipc_send(&top.ipc, ping, &m, VIPC_FOREVER));
        late.untouched = 0;
        NEED_OK(vipc_receive(&top.ipc, pong, &m, NULL, VIPC_FOREVER));
        if (n > 1) suspects += (uint64_t)late.untouched;
        NEED_EQ(m.opcode, n);
    }
    t = seconds() - t;
    NEED_EQ(wait_for(s), 0);
    top.ipc.hooks = real;
    suspects += s->told[0];
    printf("    %u rounds, %.1f us each, %llu sleeps, %llu late looks\n", rounds, t * 1e6 / rounds, (unsigned long long)(late.blocks + s->told[1]),
           (unsigned long long)suspects);
    /* A sender that loses the processor between its commit and its wake-up, while the slice of the other ends, looks the same: some are allowed. */
    CHECK(suspects <= 2 + rounds / 2000);
    CHECK(late.blocks + s->told[1] > rounds / 2);
    withdraw("ping", ping);
    withdraw("pong", pong);
    finish();
}
TEST(ping_pong_asleep) { ping_pong(20000, 0); }
TEST(ping_pong_no_futex) { ping_pong(1000, 1); }

/* Cancel comes from a signal handler: every signal ends one wait, whatever it is that waits. */
static vipc *cancelled_view;
static void on_user_signal(int number)
{
    (void)number;
    vipc_cancel(cancelled_view);
}
static int role_cancelled(const part *p, board *b)
{
    static vipc ipc;
    vipc_message m = VIPC_INIT, r;
    vipc_cap got;
    join(p, b, &ipc);
    vipc_cap empty = find(p, &ipc, "empty.in"), full = find(p, &ipc, "full"), door = find(p, &ipc, "door");
    cancelled_view = &ipc;
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = on_user_signal;
    sigaction(SIGUSR1, &a, NULL);
    for (uint32_t n = 1; n <= b->each; n++) {
        b->seats[p->seat].mark = n;
        vipc_error e;
        if (n % 4 == 0) e = vipc_receive(&ipc, empty, &r, NULL, VIPC_FOREVER);
        else if (n % 4 == 1) e = vipc_send(&ipc, full, &m, VIPC_FOREVER);
        else if (n % 4 == 2) e = vipc_call(&ipc, door, &m, &r, VIPC_FOREVER);
        else e = vipc_lookup(&ipc, "nowhere", 0, &got, VIPC_FOREVER);
        if (e != VIPC_ERR_CANCELLED) give_up(p, "wait %u ended with %d, expected CANCELLED", n, e);
        b->seats[p->seat].told[0] = n;
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
TEST(cancel_from_signal_handler)
{
    begin("cancel from a signal handler", 0, LONG_RUNS);
    uint64_t seed = seed_from_environment();
    vipc_cap empty = endpoint(1, 0, 0), full = endpoint(1, 0, 0), door = endpoint(4, 0, 0);
    offer("empty", empty);
    offer("full", full);
    offer("door", door);
    vipc_message m = VIPC_INIT;
    vipc_info info;
    NEED_OK(vipc_send(&top.ipc, full, &m, VIPC_NOW));
    top.b->each = 800;
    seat *s = start("cancelled", 1);
    for (uint32_t n = 1; n <= top.b->each; n++) {
        UNTIL(s->mark == n);
        for (uint64_t turns = below(&seed, 3000); turns; turns--) __asm__ volatile("" ::: "memory");   /* from before the wait to deep in sleep */
        if (below(&seed, 4) == 0) UNTIL(n % 4 == 0 ? look(empty).receivers_waiting : n % 4 == 1 ? look(full).senders_waiting : 1);
        NEED_EQ(kill(s->pid, SIGUSR1), 0);
        UNTIL(s->told[0] == n);
        if (n % 4 == 2 && vipc_receive(&top.ipc, door, &m, &info, VIPC_NOW) == VIPC_OK)
            NEED_EQ(vipc_reply(&top.ipc, info.reply, &m), VIPC_ERR_CANCELLED);
    }
    NEED_EQ(wait_for(s), 0);
    withdraw("empty", empty);
    withdraw("full", full);
    withdraw("door", door);
    finish();
}

/* ------------------------------------------------------------------------------------- a server that goes away
 * told[0]: calls answered, told[1]: calls that ended otherwise. */
static int role_client(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    seat *s = &b->seats[p->seat];
    vipc_cap c = find(p, &ipc, "shop");
    for (uint64_t n = 1; !b->stop; n++) {
        vipc_message m = VIPC_INIT;
        m.data[0] = n;
        vipc_error e = vipc_call(&ipc, c, &m, &m, VIPC_FOREVER);
        if (e == VIPC_OK) {
            DEMAND(p, m.data[0] == n && m.data[1] == mix(n) && m.flags == VIPC_IS_REPLY);
            s->told[0]++;
        } else {
            if (e != VIPC_ERR_PEER_DEAD && e != VIPC_ERR_CLOSED && e != VIPC_ERR_INVALID_CAPABILITY) MUST(p, e);
            s->told[1]++;
            e = vipc_close(&ipc, c);
            if (e != VIPC_ERR_INVALID_CAPABILITY) MUST(p, e);
            c = find(p, &ipc, "shop");
        }
        s->progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
/* Answers `each` calls; then, by `moment`: 0 waits to be killed with the next call in hand, 1 leaves with it, 2 destroys the endpoint. */
static int role_shop(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    vipc_cap c = VIPC_INIT;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    MUST(p, vipc_endpoint_create(&ipc, NULL, &c));
    MUST(p, vipc_publish(&ipc, "shop", c, VIPC_RIGHT_SEND));
    for (uint32_t n = 0;; n++) {
        MUST(p, vipc_reply_receive(&ipc, info.reply, &m, c, &m, &info, VIPC_FOREVER));
        if (n >= b->each) break;
        m.data[1] = mix(m.data[0]);
        m.flags = 0;
        b->seats[p->seat].progress++;
    }
    b->seats[p->seat].mark = 1;
    b->seats[p->seat].busy = 0;
    if (b->moment == 0) for (;;) pause();
    if (b->moment == 2) MUST(p, vipc_destroy(&ipc, c, VIPC_FOREVER));
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
TEST(server_goes_away_in_a_call)
{
    begin("a server goes away in a call", 0, LONG_RUNS);
    top.b->each = 50;
    seat *client[3] = { start("client", 1), start("client", 2), start("client", 3) };
    for (uint32_t round = 0; round < 30; round++) {
        top.b->moment = round % 3;
        seat *s = start("shop", 4);
        if (top.b->moment == 0) {
            UNTIL(s->mark == 1);
            NEED_EQ(kill_and_wait(s), -SIGKILL);
        } else NEED_EQ(wait_for(s), 0);
    }
    /* The last server stays: one that answers until all clients have left. */
    top.b->each = ~0u;
    seat *s = start("shop", 4);
    uint64_t answered = client[0]->told[0];
    UNTIL(client[0]->told[0] > answered);
    top.b->stop = 1;
    uint64_t failed = 0;
    for (int i = 0; i < 3; i++) {
        NEED_EQ(wait_for(client[i]), 0);
        failed += client[i]->told[1];
    }
    printf("    %llu calls ended by the server's end\n", (unsigned long long)failed);
    CHECK(failed >= 30);
    NEED_EQ(kill_and_wait(s), -SIGKILL);
    finish();
}

/* ------------------------------------------------------------------------------- stopped at the worst moment
 * A process is single-stepped into a claim on a slot of the queue, and left standing there (SIGSTOP, not traced any more).  The others
 * must go on past it, and when it goes on its own operation must take effect once. */
enum { STOPPED = 16, UNTRACEABLE = 77 };   /* first seat of those who are stopped; exit status */

static void stand_here(const part *p)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(UNTRACEABLE);
    (void)p;
    raise(SIGSTOP);
}
/* told[0]: what the operation returned, negated; told[1], told[2]: the message that was received. */
static int role_stopsend(const part *p, board *b)
{
    vipc ipc;
    vipc_message m;
    unsigned char none[1] = { 0 };
    join(p, b, &ipc);
    vipc_cap plain = find(p, &ipc, "stream"), to = VIPC_INIT;
    vipc_derive_desc d = VIPC_INIT;
    d.badge = p->run + 1u;
    MUST(p, vipc_derive(&ipc, plain, &d, &to));
    compose(&m, none, 0, p->run, 1);
    b->runs[p->run].sending = 1;
    stand_here(p);
    vipc_error e = vipc_send(&ipc, to, &m, VIPC_FOREVER);
    b->seats[p->seat].told[0] = (uint64_t)-e;
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static int role_stoptake(const part *p, board *b)
{
    vipc ipc;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    seat *s = &b->seats[p->seat];
    join(p, b, &ipc);
    vipc_cap from = find(p, &ipc, "stream.in");
    stand_here(p);
    vipc_error e = vipc_receive(&ipc, from, &m, &info, VIPC_FOREVER);
    s->told[0] = (uint64_t)-e;
    s->told[1] = m.data[0];
    s->told[2] = m.data[1];
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}

/* Has `owner` (a view index + 1) a slot of this queue in hand? */
static int claimed(vipc_cap c, uint32_t phase, uint32_t owner)
{
    vipci_entry *e;
    vipci_ring *r;
    if (vipci_check_cap(&top.ipc, c, 0, 0, &e) != VIPC_OK) return 0;
    if (vipci_ring_open(&top.ipc, vipci_object_at(&top.ipc, e->object), &r) != VIPC_OK) return 0;
    for (uint32_t i = 0; i < r->capacity; i++) {
        uint64_t w = vipci_load64(&top.ipc, &vipci_slot_at(r, i)->state);
        if (VIPCI_OWNER(w) == owner && VIPCI_PHASE(w) == phase) return 1;
    }
    return 0;
}
static int step(seat *s)
{
    int status;
    if (ptrace(PTRACE_SINGLESTEP, s->pid, NULL, NULL) != 0) return 0;
    return waitpid(s->pid, &status, 0) == s->pid && WIFSTOPPED(status);
}
/* Leaves a process standing `further` instructions behind the one that made the claim; *length (opt): how many instructions it holds it. */
static seat *stop_inside(const char *role, int where, vipc_cap c, uint32_t phase, int further, int *length)
{
    seat *s = start(role, where);
    int status, n = 0;
    NEED(waitpid(s->pid, &status, 0) == s->pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == UNTRACEABLE) {
        s->pid = 0;
        s->busy = 0;
        finish();
        SKIP("ptrace is not allowed here");
    }
    NEED(WIFSTOPPED(status));
    while (!claimed(c, phase, s->owner)) NEED(step(s) && n++ < 100000);
    for (n = 0; n < further || length; n++) {
        NEED(step(s));
        if (claimed(c, phase, s->owner)) continue;
        if (length) *length = n + 1;
        break;
    }
    NEED(length || n == further);
    NEED(ptrace(PTRACE_DETACH, s->pid, NULL, (void *)(uintptr_t)SIGSTOP) == 0);
    NEED(waitpid(s->pid, &status, WUNTRACED) == s->pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    s->busy = 0;
    return s;
}
static int go_on(seat *s)
{
    s->busy = 1;
    kill(s->pid, SIGCONT);
    return wait_for(s);
}

/* A queue with its frames, and how long a claim lasts. */
static vipc_cap stop_queue(uint32_t capacity)
{
    vipc_cap c = endpoint(capacity, 0, 0);
    vipc_message m = VIPC_INIT;
    offer("stream", c);
    NEED_OK(vipc_send(&top.ipc, c, &m, VIPC_NOW));
    NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
    return c;
}
static int claim_length(const char *role, vipc_cap c, uint32_t phase)
{
    int length = 0;
    seat *s = stop_inside(role, STOPPED, c, phase, 0, &length);
    NEED_EQ(go_on(s), 0);
    return length;
}
/* Message 1 of a run of the top process's own, for the receiver that is stopped. */
static unsigned put_one(vipc_cap c)
{
    vipc_message m;
    unsigned char none[1] = { 0 };
    unsigned r = top.runs++;
    compose(&m, none, 0, r, 1);
    top.b->runs[r].sending = 1;
    NEED_OK(vipc_send(&top.ipc, c, &m, VIPC_NOW));
    return r;
}
static void expect_one(vipc_cap c, unsigned r, uint32_t redelivered)
{
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    NEED_OK(vipc_receive(&top.ipc, c, &m, &info, VIPC_NOW));
    NEED_EQ(m.data[0], r);
    NEED_EQ(m.data[1], 1);
    NEED_EQ(info.redelivered, redelivered);
}
static void expect_empty(vipc_cap c)
{
    vipc_message m;
    NEED_EQ(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
/* All slots can be used again, in order. */
static void expect_capacity(vipc_cap c, uint32_t capacity)
{
    vipc_message m = VIPC_INIT;
    for (m.opcode = 0; m.opcode < capacity; m.opcode++) NEED_OK(vipc_send(&top.ipc, c, &m, VIPC_NOW));
    NEED_EQ(vipc_send(&top.ipc, c, &m, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    for (uint32_t n = 0; n < capacity; n++) {
        NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
        NEED_EQ(m.opcode, n);
    }
    expect_empty(c);
}

TEST(stopped_sender_holds_up_nobody)
{
    begin("past a stopped sender", 0, LONG_RUNS);
    vipc_cap c = stop_queue(64);
    int length = claim_length("stopsend", c, VIPCI_WRITING);
    vipc_message m;
    NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
    const int moments[] = { 0, length / 2, length - 1 };
    for (int i = 0; i < 3; i++) {
        unsigned r = top.runs;
        seat *s = stop_inside("stopsend", STOPPED, c, VIPCI_WRITING, moments[i], NULL);
        stream(c, 2, 1, i ? 100000 : 500000);
        NEED_EQ(go_on(s), 0);
        NEED_EQ(s->told[0], 0);
        expect_one(c, r, 0);
        expect_capacity(c, 64);
    }
    printf("    held for %d instructions\n", length);
    withdraw("stream", c);
    finish();
}
TEST(stopped_receiver_holds_up_nobody)
{
    begin("past a stopped receiver", 0, LONG_RUNS);
    vipc_cap c = stop_queue(64);
    put_one(c);
    int length = claim_length("stoptake", c, VIPCI_READING);
    const int moments[] = { 0, length / 2, length - 1 };
    for (int i = 0; i < 3; i++) {
        unsigned r = put_one(c);
        seat *s = stop_inside("stoptake", STOPPED, c, VIPCI_READING, moments[i], NULL);
        stream(c, 2, 1, i ? 100000 : 500000);
        NEED_EQ(received_of(r), 0);
        NEED_EQ(go_on(s), 0);
        NEED_EQ(s->told[0], 0);
        NEED_EQ(s->told[1], r);
        NEED_EQ(s->told[2], 1);
        expect_capacity(c, 64);
    }
    printf("    held for %d instructions\n", length);
    withdraw("stream", c);
    finish();
}
/* Four slots, three of them in the hands of processes that stand still: the fourth is enough. */
TEST(stopped_many_leave_one_slot)
{
    begin("past three who are stopped", 0, LONG_RUNS);
    vipc_cap c = stop_queue(4);
    unsigned taken = put_one(c), first = top.runs + 1;
    seat *t = stop_inside("stoptake", STOPPED, c, VIPCI_READING, 0, NULL);
    seat *s = stop_inside("stopsend", STOPPED + 1, c, VIPCI_WRITING, 0, NULL), *u = stop_inside("stopsend", STOPPED + 2, c, VIPCI_WRITING, 5, NULL);
    stream(c, 2, 2, 20000);
    NEED_EQ(go_on(u), 0);
    NEED_EQ(go_on(s), 0);
    NEED_EQ(go_on(t), 0);
    NEED_EQ(t->told[1], taken);
    vipc_message m;
    uint64_t seen = 0;
    for (int i = 0; i < 2; i++) {
        NEED_OK(vipc_receive(&top.ipc, c, &m, NULL, VIPC_NOW));
        NEED(m.data[0] == first || m.data[0] == first + 1);
        seen |= (uint64_t)1 << (m.data[0] - first);
    }
    NEED_EQ(seen, 3);
    expect_capacity(c, 4);
    withdraw("stream", c);
    finish();
}
TEST(stopped_and_killed)
{
    begin("stopped, passed over, then killed", 0, LONG_RUNS);
    vipc_cap c = stop_queue(3);
    for (int past = 0; past < 2; past++) {
        seat *s = stop_inside("stopsend", STOPPED, c, VIPCI_WRITING, 3, NULL);
        if (past) stream(c, 1, 1, 1000);
        NEED_EQ(kill_and_wait(s), -SIGKILL);
        NEED_OK(vipc_sweep(&top.ipc, NULL));
        expect_empty(c);
        expect_capacity(c, 3);
        unsigned r = put_one(c);
        s = stop_inside("stoptake", STOPPED, c, VIPCI_READING, 3, NULL);
        if (past) stream(c, 1, 1, 1000);
        NEED_EQ(kill_and_wait(s), -SIGKILL);
        NEED_OK(vipc_sweep(&top.ipc, NULL));
        expect_one(c, r, 1);
        expect_empty(c);
        expect_capacity(c, 3);
    }
    withdraw("stream", c);
    finish();
}
/* Both return past one who stands still in the queue, sender or receiver; what he does when he goes on has no effect. */
TEST(stopped_then_revoked)
{
    begin("revoke past a stopped process", 0, LONG_RUNS);
    for (int receiver = 0; receiver < 2; receiver++) {
        vipc_cap c = stop_queue(4);
        unsigned r = receiver ? put_one(c) : 0;
        seat *s = receiver ? stop_inside("stoptake", STOPPED, c, VIPCI_READING, 2, NULL) : stop_inside("stopsend", STOPPED, c, VIPCI_WRITING, 2, NULL);
        NEED_OK(vipc_revoke(&top.ipc, c, vipc_after(&top.ipc, 10000000000u)));
        if (receiver) expect_one(c, r, 0);
        expect_empty(c);
        NEED_EQ(go_on(s), 0);
        NEED_EQ((int64_t)s->told[0], -VIPC_ERR_INVALID_CAPABILITY);
        expect_empty(c);
        expect_capacity(c, 4);
        NEED_OK(vipc_destroy(&top.ipc, c, vipc_after(&top.ipc, 5000000000u)));
    }
    finish();
}
TEST(stopped_then_destroyed)
{
    begin("destroy past a stopped process", 0, LONG_RUNS);
    for (int how = 0; how < 4; how++) {
        int receiver = how & 1;
        vipc_cap c = stop_queue(4);
        if (receiver) put_one(c);
        seat *s = receiver ? stop_inside("stoptake", STOPPED, c, VIPCI_READING, 2, NULL) : stop_inside("stopsend", STOPPED, c, VIPCI_WRITING, 2, NULL);
        double t = seconds();
        vipc_error e = vipc_destroy(&top.ipc, c, how < 2 ? VIPC_NOW : vipc_after(&top.ipc, 20000000));
        NEED_EQ(e, how < 2 ? VIPC_ERR_WOULD_BLOCK : VIPC_ERR_TIMEOUT);
        CHECK(seconds() - t < 5);
        vipc_message m = VIPC_INIT;
        e = vipc_send(&top.ipc, c, &m, VIPC_NOW);
        NEED(e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY);
        expect_sound();
        NEED_EQ(go_on(s), 0);
        NEED(s->told[0] == (uint64_t)-VIPC_ERR_CLOSED || s->told[0] == (uint64_t)-VIPC_ERR_INVALID_CAPABILITY);
        e = vipc_destroy(&top.ipc, c, vipc_after(&top.ipc, 5000000000u));
        NEED(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY);   /* the leaver may have finished it */
        NEED_OK(vipc_trim(&top.ipc, NULL));
    }
    finish();
}

/* ------------------------------------------------------------------------------------------------ a thousand kills
 * Senders and receivers (two endpoints of the top process), callers, workers (receivers of calls at an endpoint of the top process), a service (a server
 * with its own endpoint and name) and churners (the slow path) are killed at random and started again at once.
 *
 * What must hold at the end:  every message whose send returned OK has been noted by exactly one receiver, or else one
 * receiver was killed for it: between the core's commit and the note there is an instant that nothing can close.  No message was noted twice, none
 * that was not sent.  Each call was carried out at most once, and once if it was answered. */
static int role_killsend(const part *p, board *b)
{
    vipc ipc;
    unsigned char payload[BIG];
    vipc_outgoing o = VIPC_INIT;
    uint64_t seed = p->run;
    run *mine = &b->runs[p->run];
    join(p, b, &ipc);
    vipc_cap small = find(p, &ipc, "stream"), bulk = find(p, &ipc, "bulk");
    mine->sends = 1;
    for (uint64_t n = 1; n < b->run_length && !b->stop; n++) {
        int large = below(&seed, 3) == 0;
        o.payload_size = compose(&o.message, payload, large ? BIG : 0, p->run, n);
        o.payload = payload;
        mine->sending = n;
        if (large) MUST(p, vipc_send_large(&ipc, bulk, &o, VIPC_FOREVER));
        else MUST(p, vipc_send(&ipc, small, &o.message, VIPC_FOREVER));
        mine->sent = n;
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static int role_killtake(const part *p, board *b)
{
    vipc ipc;
    unsigned char payload[BIG];
    vipc_incoming in = VIPC_INIT;
    uint32_t most = p->seat % 2 ? BIG : 0;
    join(p, b, &ipc);
    vipc_cap from = find(p, &ipc, most ? "bulk.in" : "stream.in");
    for (;;) {
        in.payload = payload;
        in.payload_capacity = sizeof payload;
        if (most) MUST(p, vipc_receive_large(&ipc, from, &in, VIPC_FOREVER));
        else MUST(p, vipc_receive(&ipc, from, &in.message, &in.info, VIPC_FOREVER));
        if (in.message.opcode == END && in.message.data[0] == END) break;
        DEMAND(p, intact(&in.message, payload, in.info.payload_size, most));
        receipt(p, b, &in.message, &in.info, latest);
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}

/* A large reply: so many bytes, each of which says whose it is; and n % 5 capabilities. */
static size_t answer_size(uint64_t n) { return (size_t)(mix(n) % 6000); }
static int answer_intact(const unsigned char *bytes, uint64_t n)
{
    for (size_t i = 0; i < answer_size(n); i++) if (bytes[i] != (unsigned char)(n * 31 + i)) return 0;
    return 1;
}
static int role_caller(const part *p, board *b)
{
    vipc ipc;
    static unsigned char room[6000];
    unsigned char payload[1] = { 0 };   /* calls have none */
    run *mine = &b->runs[p->run];
    uint64_t seed = p->run;
    join(p, b, &ipc);
    vipc_cap work = find(p, &ipc, "work"), service = find(p, &ipc, "service");
    for (uint64_t n = 1; n < b->run_length && !b->stop; n++) {
        vipc_message m = VIPC_INIT, r;
        int own = below(&seed, 2) == 0;
        compose(&m, payload, 0, p->run, n);
        mine->sending = n;
        vipc_error e;
        if (n & 1) {                    /* with room for a payload and capabilities */
            vipc_outgoing o = VIPC_INIT;
            vipc_incoming in = VIPC_INIT;
            o.message = m;
            in.payload = room;
            in.payload_capacity = sizeof room;
            e = vipc_call_large(&ipc, own ? service : work, &o, &in, VIPC_FOREVER);
            r = in.message;
            if (e == VIPC_OK) {
                DEMAND(p, in.info.payload_size == answer_size(n) && in.info.cap_count == n % 5 && answer_intact(room, n));
                for (uint32_t i = 0; i < in.info.cap_count; i++) {
                    DEMAND(p, in.caps[i].token || own);       /* a service's endpoint may have gone with it */
                    vipc_error c = in.caps[i].token ? vipc_close(&ipc, in.caps[i]) : VIPC_OK;
                    if (c != VIPC_ERR_INVALID_CAPABILITY) MUST(p, c);
                }
            }
        } else {
            e = vipc_call(&ipc, own ? service : work, &m, &r, VIPC_FOREVER);
        }
        if (e == VIPC_OK) {
            mine->sent = n;
            DEMAND(p, r.data[0] == p->run && r.data[1] == n && r.data[3] == ~m.data[3]);
            DEMAND(p, got_get(b, p->run, n));
        } else {
            if (e != VIPC_ERR_PEER_DEAD && !(own && (e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY))) MUST(p, e);
            b->refused++;
        }
        if (e != VIPC_OK && own) {
            e = vipc_close(&ipc, service);
            if (e != VIPC_ERR_INVALID_CAPABILITY) MUST(p, e);
            service = find(p, &ipc, "service");
        }
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static void serve(const part *p, board *b, vipc *ipc, vipc_cap c)
{
    unsigned char payload[1] = { 0 };
    vipc_message m;
    vipc_info info = VIPC_INIT;
    static unsigned char bytes[6000];
    for (int large = 0;;) {
        if (large) {                    /* the caller may be dead by now; then the capabilities stay here alone */
            vipc_outgoing o = VIPC_INIT;
            vipc_reply_right none = VIPC_INIT;
            o.message = m;
            o.payload = bytes;
            o.payload_size = answer_size(m.data[1]);
            for (size_t i = 0; i < o.payload_size; i++) bytes[i] = (unsigned char)(m.data[1] * 31 + i);
            o.cap_count = (uint32_t)(m.data[1] % 5);
            for (uint32_t i = 0; i < o.cap_count; i++) o.caps[i] = c;
            vipc_error e = vipc_reply_large(ipc, info.reply, &o);
            if (e != VIPC_ERR_CANCELLED) MUST(p, e);
            info.reply = none;
        }
        MUST(p, vipc_reply_receive(ipc, info.reply, &m, c, &m, &info, VIPC_FOREVER));
        if (m.opcode == QUIT) break;
        large = (int)(m.data[1] & 1);
        DEMAND(p, intact(&m, payload, 0, 0) && info.reply.token);
        uint64_t r = m.data[0], n = m.data[1];
        DEMAND(p, r < runs_of(b) && n < b->run_length && n <= b->runs[r].sending);
        if (got_set(b, r, n))
            give_up(p, "call %llu of run %llu came twice (redelivered: %u)", (unsigned long long)n, (unsigned long long)r, info.redelivered);
        if (info.redelivered) b->redelivered++;
        m.data[3] = ~m.data[3];
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_reply(ipc, info.reply, &m));
}
static int role_worker(const part *p, board *b)
{
    vipc ipc;
    join(p, b, &ipc);
    serve(p, b, &ipc, find(p, &ipc, "work.in"));
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}
static int role_service(const part *p, board *b)
{
    vipc ipc;
    vipc_cap c = VIPC_INIT;
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = 4;
    join(p, b, &ipc);
    MUST(p, vipc_endpoint_create(&ipc, &d, &c));
    MUST(p, vipc_publish(&ipc, "service", c, VIPC_RIGHT_SEND));
    serve(p, b, &ipc, c);
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}


/* One turn of the slow path with an endpoint of its own. */
static void churn(const part *p, board *b, vipc *ipc, vipc_cap swap, vipc_cap swap_in, uint64_t *seed)
{
    vipc_cap e = VIPC_INIT, d = VIPC_INIT, other = VIPC_INIT, whole = VIPC_INIT;
    vipc_endpoint_desc desc = VIPC_INIT;
    vipc_derive_desc less = VIPC_INIT;
    vipc_message m = VIPC_INIT;
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    vipc second;
    char name[32];
    vipc_error r;
    int keep = below(seed, 4) == 0;   /* close it, and let it go with its last capability, or destroy it */
    desc.capacity = 1 + (uint32_t)below(seed, 8);
    less.rights = VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT;
    snprintf(name, sizeof name, "churn%d", p->seat);
    MUST(p, vipc_endpoint_create(ipc, &desc, &e));
    MUST(p, vipc_derive(ipc, e, &less, &d));
    m.data[0] = *seed;
    MUST(p, vipc_send(ipc, d, &m, VIPC_FOREVER));   /* not NOW: the queue's frames may need the lock, at first and after a trim */
    MUST(p, vipc_receive(ipc, e, &m, NULL, VIPC_NOW));
    DEMAND(p, m.data[0] == *seed);
    switch (below(seed, 7)) {
    case 0:
        MUST(p, vipc_publish(ipc, name, e, VIPC_RIGHT_SEND));
        MUST(p, vipc_lookup(ipc, name, 0, &other, VIPC_NOW));
        MUST(p, vipc_send(ipc, other, &m, VIPC_FOREVER));
        if (keep || below(seed, 2)) MUST(p, vipc_unpublish(ipc, name));
        MUST(p, vipc_close(ipc, other));
        break;
    case 1: {
        vipc_pid to = { b->seats[p->seat ^ 1].vpid };
        r = vipc_grant(ipc, d, to, NULL, &other);
        if (r != VIPC_ERR_PROCESS_NOT_FOUND) MUST(p, r);
        keep = 0;
        break;
    }
    case 2:
        o.message = m;
        o.cap_count = 1 + (uint32_t)below(seed, VIPC_MESSAGE_CAPS);
        for (uint32_t i = 0; i < o.cap_count; i++) o.caps[i] = i & 1 ? e : d;
        o.message.data[1] = o.cap_count;
        r = vipc_send_large(ipc, swap, &o, VIPC_NOW);
        if (r != VIPC_ERR_CHANNEL_FULL && !lock_taken(r)) MUST(p, r);
        break;
    case 3:
        r = vipc_receive_large(ipc, swap_in, &in, VIPC_NOW);
        if (r == VIPC_ERR_CHANNEL_EMPTY || lock_taken(r)) break;
        MUST(p, r);
        DEMAND(p, in.info.cap_count == in.message.data[1]);
        for (uint32_t i = 0; i < in.info.cap_count; i++) {
            if (in.caps[i].token == 0) continue;   /* its object ended on the way */
            r = vipc_close(ipc, in.caps[i]);
            if (r != VIPC_ERR_INVALID_CAPABILITY) MUST(p, r);
        }
        break;
    case 4:
        MUST(p, vipc_revoke(ipc, e, vipc_after(ipc, 30000000000u)));
        DEMAND(p, vipc_send(ipc, d, &m, VIPC_NOW) == VIPC_ERR_INVALID_CAPABILITY);
        break;
    case 5:
        MUST(p, vipc_posix_thread(ipc, &second));
        MUST(p, vipc_send(&second, d, &m, VIPC_FOREVER));
        MUST(p, vipc_leave(&second));
        break;
    default:
        MUST(p, vipc_process_create(ipc, NULL, &second, &whole));
        MUST(p, vipc_grant(ipc, d, vipc_self(&second), NULL, &other));
        MUST(p, vipc_send(&second, other, &m, VIPC_FOREVER));
        MUST(p, vipc_process_destroy(ipc, whole, NULL));
        break;
    }
    if (keep) MUST(p, vipc_close(ipc, e));
    else MUST(p, vipc_destroy(ipc, e, vipc_after(ipc, 30000000000u)));
    if (below(seed, 16) == 0) MUST(p, vipc_trim(ipc, NULL));
    r = vipc_close(ipc, d);
    if (r != VIPC_ERR_INVALID_CAPABILITY) MUST(p, r);
}
static int role_churn(const part *p, board *b)
{
    vipc ipc;
    uint64_t seed = mix(p->run);
    join(p, b, &ipc);
    vipc_cap swap = find(p, &ipc, "swap"), swap_in = find(p, &ipc, "swap.in");
    while (!b->stop) {
        churn(p, b, &ipc, swap, swap_in, &seed);
        b->seats[p->seat].progress++;
    }
    MUST(p, vipc_posix_close(&ipc));
    return 0;
}

enum { CAST = 13 };
static const char *const cast[CAST + 1] = { NULL, "killsend", "killsend", "killsend", "killtake", "killtake", "killtake", "killtake",
                                            "caller", "caller", "service", "worker", "churn", "churn" };   /* the churners' seats differ in the lowest bit */
static uint64_t done_by_all(void)
{
    uint64_t sum = 0;
    for (int i = 1; i <= CAST; i++) sum += top.b->seats[i].progress;
    return sum;
}
/* Who has left by himself (a full ledger) is replaced; who has failed ends the test. */
static int tend(void)
{
    for (int i = 1; i <= CAST; i++) {
        siginfo_t info;
        memset(&info, 0, sizeof info);
        if (waitid(P_PID, (id_t)top.b->seats[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) continue;
        int status = wait_for(&top.b->seats[i]);
        if (status != 0) {
            printf("    %s at seat %d ended with %d\n", cast[i], i, status);
            return 0;
        }
        start(cast[i], i);
    }
    return 1;
}
/* How many processes still find room: a record that was not given back shows here. */
static uint32_t room_for_processes(void)
{
    static vipc child[64];
    static vipc_cap cap[64];
    uint32_t n = 0;
    while (n < 64 && vipc_process_create(&top.ipc, NULL, &child[n], &cap[n]) == VIPC_OK) n++;
    for (uint32_t i = 0; i < n; i++) CHECK_OK(vipc_process_destroy(&top.ipc, cap[i], NULL));
    return n;
}
static uint32_t room_for_objects(void)
{
    static vipc_cap cap[1024];
    uint32_t n = 0;
    while (n < 1024 && vipc_endpoint_create(&top.ipc, NULL, &cap[n]) == VIPC_OK) n++;
    for (uint32_t i = 0; i < n; i++) CHECK_OK(vipc_destroy(&top.ipc, cap[i], VIPC_NOW));
    return n;
}
static uint32_t room_for_capabilities(void)
{
    static vipc_cap cap[4096];
    uint32_t n = 0;
    vipc_cap e = endpoint(1, 0, 0);
    while (n < 4096 && vipc_derive(&top.ipc, e, NULL, &cap[n]) == VIPC_OK) n++;
    CHECK_OK(vipc_destroy(&top.ipc, e, VIPC_NOW));
    return n;
}

static void quit(const char *name)
{
    vipc_cap c;
    vipc_message m = VIPC_INIT;
    m.opcode = QUIT;
    NEED_OK(vipc_lookup(&top.ipc, name, 0, &c, VIPC_FOREVER));
    NEED_OK(vipc_call(&top.ipc, c, &m, &m, VIPC_FOREVER));
    vipc_error e = vipc_close(&top.ipc, c);
    CHECK(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY);   /* its owner may have left by now */
}
static void wait_for_role(const char *role)
{
    for (int i = 1; i <= CAST; i++)
        if (strcmp(cast[i], role) == 0) NEED_EQ(wait_for(&top.b->seats[i]), 0);
}

static void account(uint64_t receivers_killed)
{
    uint64_t sent = 0, unfinished = 0, taken = 0, never = 0;
    for (unsigned r = 0; r < top.runs; r++) {
        run *u = &top.b->runs[r];
        if (!u->sends) continue;
        for (uint64_t n = 1; n <= u->sending; n++) {
            if (n > u->sent) unfinished++;
            else {
                sent++;
                taken += !got_get(top.b, r, n);
            }
        }
        for (uint64_t n = u->sending + 1; n < top.b->run_length; n++) never += (uint64_t)got_get(top.b, r, n);
    }
    printf("    %llu messages acknowledged, %llu went with the %llu receivers killed, %llu redelivered, %llu sends cut off\n", (unsigned long long)sent,
           (unsigned long long)taken, (unsigned long long)receivers_killed, (unsigned long long)top.b->redelivered, (unsigned long long)unfinished);
    CHECK(taken <= receivers_killed);
    CHECK_EQ(never, 0);
    CHECK(sent > 0);
}

static void kill_at_random(int goal, uint32_t no_futex)
{
    int kills = 0, left = 0, dead[CAST + 1] = { 0 };
    begin("kills at random", no_futex, MANY_RUNS);
    uint64_t seed = seed_from_environment();
    uint32_t processes = room_for_processes(), objects = room_for_objects(), capabilities = room_for_capabilities();
    vipc_cap small = endpoint(16, 0, 0), bulk = endpoint(6, BIG, 0), work = endpoint(4, 0, 0), swap = endpoint(8, 0, 0);
    offer("stream", small);
    offer("bulk", bulk);
    offer("work", work);
    CHECK_OK(vipc_publish(&top.ipc, "swap", swap, VIPC_RIGHT_SEND));
    CHECK_OK(vipc_publish(&top.ipc, "swap.in", swap, VIPC_RIGHT_RECEIVE));
    for (int i = 1; i <= CAST; i++) start(cast[i], i);
    double t = seconds();
    while (kills < goal) {
        int who = 1 + (int)below(&seed, CAST);
        seat *s = &top.b->seats[who];
        int young = below(&seed, 8) == 0;   /* also while it starts */
        uint64_t more = done_by_all() + below(&seed, 500), begun = s->progress;
        do {
            NEED(tend());
            nap();
        } while (done_by_all() < more || (!young && s->progress < begun + 2));
        int status = kill_and_wait(s);
        if (status == 0) left++;
        else {
            NEED_EQ(status, -SIGKILL);
            kills++;
            dead[who]++;
        }
        start(cast[who], who);
        if (kills % 50 == 0) {
            expect_sound();
            NEED(test_failures_ == 0);
        }
    }
    printf("    %d kills in %.1f s, %d left just before\n", kills, seconds() - t, left);
    top.b->stop = 1;
    wait_for_role("killsend");
    wait_for_role("caller");
    wait_for_role("churn");
    send_ends(small, 2);
    send_ends(bulk, 2);
    wait_for_role("killtake");
    quit("work");
    quit("service");
    wait_for_role("worker");
    wait_for_role("service");
    account((uint64_t)dead[4] + (uint64_t)dead[5] + (uint64_t)dead[6] + (uint64_t)dead[7]);
    printf("    %llu calls refused by a server's death\n", (unsigned long long)top.b->refused);
    withdraw("stream", small);
    withdraw("bulk", bulk);
    withdraw("work", work);
    withdraw("swap", swap);
    expect_sound();
    CHECK_OK(vipc_trim(&top.ipc, NULL));
    CHECK_EQ(room_for_processes(), processes);
    CHECK_EQ(room_for_objects(), objects);
    CHECK_EQ(room_for_capabilities(), capabilities);
    finish();
}

TEST(thousand_kills)
{
    const char *wanted = getenv("VIPC_TEST_KILLS");   /* up to about 16,000 */
    kill_at_random(wanted ? atoi(wanted) : 2000, 0);
}
TEST(kills_without_futex) { kill_at_random(200, 1); }

/* -------------------------------------------------------------------------------------------------------- main */
static const struct role {
    const char *name;
    int (*run)(const part *p, board *b);
} roles[] = {
    { "send", role_send }, { "take", role_take }, { "early", role_early }, { "sleeper", role_sleeper }, { "filler", role_filler },
    { "pong", role_pong }, { "cancelled", role_cancelled }, { "client", role_client }, { "shop", role_shop },
    { "killsend", role_killsend }, { "killtake", role_killtake }, { "caller", role_caller }, { "worker", role_worker },
    { "service", role_service }, { "churn", role_churn },
    { "stopsend", role_stopsend }, { "stoptake", role_stoptake },
};

int main(int argc, char **argv)
{
    static const test_case cases[] = {
        T(streams_small), T(streams_payload), T(lookup_before_publish), T(sleeping_receiver_is_woken), T(sleeping_sender_is_woken),
        T(ping_pong_asleep), T(ping_pong_no_futex), T(cancel_from_signal_handler), T(server_goes_away_in_a_call),
        T(stopped_sender_holds_up_nobody), T(stopped_receiver_holds_up_nobody), T(stopped_many_leave_one_slot), T(stopped_and_killed),
        T(stopped_then_revoked), T(stopped_then_destroyed),
        T(thousand_kills), T(kills_without_futex),
    };
    part p;
    if (!role_of(argc, argv, &p)) return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, p.role) == 0) return roles[i].run(&p, share_map(p.board_fd, sizeof(board)));
    return 127;
}
