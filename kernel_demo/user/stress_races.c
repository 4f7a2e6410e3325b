/* stress_races.c - of the stress program: what is hard when two sides are on two processors, each by itself, thousands of times, the moment swept
 *
 *   revoke    a capability is revoked while its holder calls by it: once vipc_revoke has returned no call begins that succeeds
 *   server    a server is killed that receives from another's queue, while its caller waits for it: that is told, or answered, by the next one at the latest
 *   owner     the same of a server whose own the queue is: its caller is told
 *   caller    a caller is killed while its server answers: that goes on with the next
 *   withdraw  memory is taken away while another reads and writes it: once that has returned the other does so no more
 *   copy      memory is copied while another writes to it: the copy is of one moment, and stays as it is
 */
#include "stress.h"

static vipc_cap door;
#define RACE (&board->race)
#define WAIT_FOR(condition) do { \
    const vipc_time end_ = in_us(10000000); \
    for (unsigned turns_ = 1; mine->line = __LINE__, !(condition); turns_++) if (!wait_a_little(turns_)) EXPECT(now() < end_); } while (0)

/* Whoever is waited for may be on another processor, or wait for this one. */
static int wait_a_little(unsigned turns)
{
    if (board->findings) exit(1);
    for (unsigned i = 0; i < 64; i++) __asm__ volatile("");
    if (turns % 4) give_way();
    else yield();
    return turns % 256;
}
static uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}
/* From nothing to what a call and its answer take between processors: each scale in its turn. */
static void delay(uint64_t turn)
{
    const uint64_t from = cycles(), wait = below(64ull << turn % 14);
    while (cycles() - from < wait) {
        for (unsigned i = 0; i < 256; i++) __asm__ volatile("");
        give_way();
    }
}
static void offer(uint32_t rights)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.payload_max = PAGE;
    (void)MUST(vipc_endpoint_create(&ipc, &d, &door), 0);
    (void)MUST(vipc_publish(&ipc, "stress race", door, rights), 0);
}
static vipc_cap look_up(void)
{
    vipc_cap c = none;
    (void)MUST(vipc_lookup(&ipc, "stress race", 0, &c, in_us(10000000)), 0);
    return c;
}
/* One call, its number before its answer; who answers takes each number once. */
static vipc_error call_by(vipc_cap c, uint64_t errors)
{
    vipc_message m = VIPC_INIT;
    const uint64_t id = __atomic_add_fetch(&RACE->began, 1, __ATOMIC_SEQ_CST);
    m.data[0] = id;
    give_way();
    vipc_error e = MUST(vipc_call(&ipc, c, &m, &m, VIPC_FOREVER), errors);
    if (e == VIPC_OK) { EXPECT_IS(m.data[0], mix(id)); RACE->answered++; }
    return e;
}
static vipc_error call_large_by(vipc_cap c, uint64_t errors)
{
    static unsigned long long bytes[PAGE / 8];
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    const uint64_t id = __atomic_add_fetch(&RACE->began, 1, __ATOMIC_SEQ_CST);
    out.message.data[0] = id;
    out.payload = in.payload = bytes;
    out.payload_size = in.payload_capacity = sizeof bytes;
    vipc_error e = MUST(vipc_call_large(&ipc, c, &out, &in, VIPC_FOREVER), errors);
    if (e == VIPC_OK) { EXPECT(in.message.data[0] == mix(id) && bytes[7] == mix(id)); RACE->answered++; }
    return e;
}
static void has_come(vipc_message *m)
{
    EXPECT(m->data[0] > RACE->last && m->data[0] <= RACE->began);
    RACE->last = m->data[0];
    RACE->served++;
    m->data[0] = mix(m->data[0]);
}
static void serve_large(void)
{
    static unsigned long long bytes[PAGE / 8];
    vipc_incoming in = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    in.payload = bytes;
    in.payload_capacity = sizeof bytes;
    if (MUST(vipc_receive_large(&ipc, door, &in, VIPC_NOW), GONE | BIT(CHANNEL_EMPTY)) != VIPC_OK) return;    /* the door may be closed by now */
    has_come(&in.message);
    bytes[7] = in.message.data[0];
    out.message = in.message;
    out.payload = bytes;
    out.payload_size = in.info.payload_size;
    vipc_error e = MUST(vipc_reply_large(&ipc, in.info.reply, &out), BIT(CANCELLED));
    RACE->cancelled += e == VIPC_ERR_CANCELLED;
}
/* Until the door is closed. */
static void serve_race(void)
{
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e;
    for (;;) {
        e = info.reply.token && m.data[0] % 2 ? MUST(vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER), GONE | BIT(MESSAGE_TOO_LARGE)) : VIPC_ERR_WOULD_BLOCK;
        if (e == VIPC_ERR_WOULD_BLOCK) {
            if (info.reply.token) RACE->cancelled += MUST(vipc_reply(&ipc, info.reply, &m), BIT(CANCELLED)) != VIPC_OK;
            e = MUST(vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER), GONE | BIT(MESSAGE_TOO_LARGE));
        }
        if (is_gone(e)) return;
        if (e == VIPC_OK) {
            EXPECT(info.badge > RACE->closed || info.badge == 0);
            has_come(&m);
        } else {
            serve_large();
            info.reply.token = 0;
        }
    }
}

/* ---- revoke ---- */
static void callee(uint64_t turns)
{
    (void)turns;
    stay_on(0);
    offer(VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_DELETE);
    serve_race();
}
static void caller(uint64_t turns)
{
    stay_on(0);                                  /* with whom it calls, so that calls go the fast way */
    RACE->caller = vipc_self(&ipc).id;
    for (uint64_t turn = 1; turn <= turns; turn++) {
        vipc_error e;
        WAIT_FOR(RACE->turn == turn);
        do {
            const uint64_t revoked = __atomic_load_n(&RACE->revoked, __ATOMIC_SEQ_CST);
            e = call_by(cap_of(RACE->token), BIT(INVALID_CAPABILITY));
            if (e == VIPC_OK) EXPECT(revoked < turn);
        } while (e == VIPC_OK);
        RACE->refused = turn;
    }
}
static void revoker(uint64_t turns)
{
    const vipc_cap root = look_up();
    vipc_cap branch, twig, its;
    stay_on(1);
    WAIT_FOR(RACE->caller);
    const vipc_pid pid = { RACE->caller };
    for (uint64_t turn = 1; turn <= turns; turn++) {
        vipc_derive_desc d = VIPC_INIT;
        d.badge = turn;
        (void)MUST(vipc_derive(&ipc, root, &d, &branch), 0);
        (void)MUST(vipc_derive(&ipc, branch, NULL, &twig), 0);
        (void)MUST(vipc_grant(&ipc, one_in(2) ? branch : twig, pid, NULL, &its), 0);
        const uint64_t served = RACE->served;
        RACE->token = its.token;
        __atomic_store_n(&RACE->turn, turn, __ATOMIC_SEQ_CST);
        WAIT_FOR(RACE->served > served);
        delay(turn);
        (void)MUST(vipc_revoke(&ipc, branch, VIPC_FOREVER), 0);
        __atomic_store_n(&RACE->revoked, turn, __ATOMIC_SEQ_CST);
        WAIT_FOR(RACE->refused == turn);
        __atomic_store_n(&RACE->closed, turn, __ATOMIC_SEQ_CST);
        EXPECT(vipc_cap_require(&ipc, twig, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
        forget(&branch);
    }
    (void)MUST(vipc_destroy(&ipc, root, VIPC_FOREVER), 0);
}

/* ---- server and owner: who is killed serves; caller: who is killed calls ----
 * The other side is on CPU 0; who is killed is on the next, every fourth time beside it; who kills is on a third. */
static vipc_cap forked(void (*run)(vipc_cap), const vipc_cap *initial, uint64_t cpu)
{
    vipc_cap process, its = none;
    int64_t child = fork_process(&ipc, initial, initial ? 1 : 0, &process);
    if (child < 0) (void)MUST((vipc_error)child, 0);
    if (child) return process;
    stay_on(cpu);
    if (initial) (void)MUST(vipc_initial(&ipc, 0, &its), 0);
    run(its);
    exit(0);
}
static void end(vipc_cap process) { (void)MUST(vipc_destroy(&ipc, process, in_us(10000000)), 0); }
static void serve_for_another(vipc_cap its) { door = its; serve_race(); }
static void serve_own(vipc_cap its) { (void)its; offer(VIPC_RIGHT_SEND); serve_race(); }
static void call_until_killed(vipc_cap its)
{
    for (uint64_t i = 0;; i++) (void)(i % 4 ? call_by(its, 0) : call_large_by(its, 0));
}
static void kills_server(uint64_t turns)
{
    stay_on(2);
    offer(VIPC_RIGHT_SEND);
    for (uint64_t turn = 1; turn <= turns; turn++) {
        const uint64_t served = RACE->served;
        const vipc_cap process = forked(serve_for_another, &door, turn % 4 != 0);
        WAIT_FOR(RACE->served > served);         /* by this one: so its caller has not been forgotten by the last */
        delay(turn);
        end(process);
    }
    RACE->stop = 1;
    (void)MUST(vipc_destroy(&ipc, door, VIPC_FOREVER), 0);
}
static void calls_servers(uint64_t turns)
{
    const vipc_cap to = look_up();
    vipc_error e;
    (void)turns;
    stay_on(0);
    do {
        e = call_by(to, GONE);
        if (e == VIPC_ERR_PEER_DEAD) RACE->dead++;
        else if (e != VIPC_OK) EXPECT(RACE->stop);
    } while (e == VIPC_OK || e == VIPC_ERR_PEER_DEAD);
}
static void kills_owner(uint64_t turns)
{
    stay_on(2);
    for (uint64_t turn = 1; turn <= turns; turn++) {
        const uint64_t served = RACE->served, out = RACE->dead;
        const vipc_cap process = forked(serve_own, NULL, turn % 4 != 0);
        WAIT_FOR(RACE->served > served);
        delay(turn);
        end(process);
        WAIT_FOR(RACE->dead > out);
    }
    RACE->stop = 1;
}
static void calls_owners(uint64_t turns)
{
    (void)turns;
    stay_on(0);
    while (!RACE->stop) {
        vipc_cap to = none;
        if (MUST(vipc_lookup(&ipc, "stress race", 0, &to, in_us(20000)), BIT(TIMEOUT)) != VIPC_OK) continue;
        while (call_by(to, GONE) == VIPC_OK) {}
        RACE->dead++;
        forget(&to);
    }
}
static void kills_caller(uint64_t turns)
{
    const vipc_cap to = look_up();
    stay_on(2);
    for (uint64_t turn = 1; turn <= turns; turn++) {
        const uint64_t served = RACE->served;
        const vipc_cap process = forked(call_until_killed, &to, turn % 4 != 0);
        WAIT_FOR(RACE->served > served);
        delay(turn);
        end(process);
        RACE->dead++;
    }
    (void)MUST(vipc_destroy(&ipc, to, VIPC_FOREVER), 0);
}
static void answers_callers(uint64_t turns)
{
    (void)turns;
    stay_on(0);
    offer(VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT | VIPC_RIGHT_DELETE);
    serve_race();
}

/* ---- withdraw ---- */
enum { MOST_PAGES = 40 };            /* more than what a CPU forgets page by page */
static void holder(uint64_t turns)
{
    stay_on(1);
    RACE->caller = vipc_self(&ipc).id;
    for (uint64_t turn = 1; turn <= turns; turn++) {
        vipc_map_desc how = VIPC_INIT;
        vipc_mapping m;
        int gone = 0;
        how.access = VIPC_WRITE;
        WAIT_FOR(RACE->turn == turn);
        vipc_cap its = cap_of(RACE->token);
        (void)MUST(vipc_map(&ipc, its, &how, &m), 0);
        for (vipc_addr at = m.at; at < m.at + m.size; at += PAGE) store(at, turn);
        RACE->served = turn;
        while (!gone) {
            const vipc_addr at = m.at + below(m.size / PAGE) * PAGE;
            gone = __atomic_load_n(&RACE->revoked, __ATOMIC_SEQ_CST) == turn;
            if (board->findings) exit(1);
            if (one_in(2) ? can_load(at) : can_store(at)) EXPECT(!gone);
            give_way();
        }
        RACE->answered++;
        (void)vipc_unmap(&ipc, &m, VIPC_FOREVER);            /* of an object the address is still taken */
        forget(&its);
        RACE->refused = turn;
    }
}
static vipc_cap make_for(uint64_t turn, uint64_t pages, vipc_pid to, vipc_cap *its)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_cap c;
    d.size = pages * PAGE;
    if (turn % 3 == 2) {
        (void)MUST(vipc_object_open(&ipc, "/stress race", VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE, 0, &c, VIPC_FOREVER), 0);
        (void)MUST(vipc_object_unlink(&ipc, "/stress race"), 0);
        (void)MUST(vipc_object_truncate(&ipc, c, d.size, VIPC_FOREVER), 0);
        (void)MUST(vipc_grant(&ipc, c, to, NULL, its), 0);
    } else {
        (void)MUST(vipc_region_create(&ipc, &d, &c), 0);
        (void)MUST(vipc_region_transfer(&ipc, c, to, VIPC_SHARE, VIPC_WRITE, its, VIPC_FOREVER), 0);
    }
    return c;
}
static void withdrawer(uint64_t turns)
{
    stay_on(0);
    WAIT_FOR(RACE->caller);
    const vipc_pid to = { RACE->caller };
    for (uint64_t turn = 1; turn <= turns; turn++) {
        vipc_cap its, c = make_for(turn, 1 + below(MOST_PAGES), to, &its);
        RACE->token = its.token;
        __atomic_store_n(&RACE->turn, turn, __ATOMIC_SEQ_CST);
        WAIT_FOR(RACE->served == turn);
        delay(turn);
        (void)MUST(turn % 3 == 0 ? vipc_revoke(&ipc, c, VIPC_FOREVER) : turn % 3 == 1 ? vipc_destroy(&ipc, c, VIPC_FOREVER) : vipc_object_truncate(&ipc, c, 0, VIPC_FOREVER), 0);
        __atomic_store_n(&RACE->revoked, turn, __ATOMIC_SEQ_CST);
        RACE->began++;
        WAIT_FOR(RACE->refused == turn);
        forget(&c);
    }
}

/* ---- copy ---- */
enum { COPY_PAGES = 6 };
/* One number after the other, each to all pages in their order. */
static void writer(uint64_t turns)
{
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m;
    (void)turns;
    stay_on(1);
    how.access = VIPC_WRITE;
    RACE->caller = vipc_self(&ipc).id;
    WAIT_FOR(RACE->token);
    (void)MUST(vipc_map(&ipc, cap_of(RACE->token), &how, &m), 0);
    for (uint64_t n = 1; !RACE->stop && !board->findings; n++) {
        for (uint64_t i = 0; i < COPY_PAGES; i++) store(m.at + i * PAGE + 8, n);
        RACE->served = n;
        if (n % 64 == 0) give_way();
    }
}
static void is_of_one_moment(vipc_addr at, int one_moment)
{
    uint64_t n[COPY_PAGES];
    for (uint64_t i = 0; i < COPY_PAGES; i++) n[i] = load(at + i * PAGE + 8);
    for (uint64_t i = 1; i < COPY_PAGES && one_moment; i++) EXPECT(n[i] <= n[i - 1] && n[i] + 1 >= n[0]);
    delay(below(14));
    for (uint64_t i = 0; i < COPY_PAGES; i++) EXPECT_IS(load(at + i * PAGE + 8), n[i]);
    RACE->answered++;
}
static void copier(uint64_t turns)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_cap c, its;
    stay_on(0);
    WAIT_FOR(RACE->caller);
    const vipc_pid to = { RACE->caller };
    d.size = COPY_PAGES * PAGE;
    (void)MUST(vipc_region_create(&ipc, &d, &c), 0);
    (void)MUST(vipc_region_transfer(&ipc, c, to, VIPC_SHARE, VIPC_WRITE, &its, VIPC_FOREVER), 0);
    (void)MUST(vipc_endpoint_create(&ipc, NULL, &door), 0);
    RACE->token = its.token;
    for (uint64_t turn = 1; turn <= turns; turn++) {
        const uint64_t served = RACE->served;
        vipc_mmap_desc how = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        vipc_incoming in = VIPC_INIT;
        vipc_mapping m;
        WAIT_FOR(RACE->served > served);
        delay(turn);
        RACE->began++;
        if (turn % 2) {
            out.region = c;
            out.region_mode = VIPC_COPY_ON_WRITE;
            (void)MUST(vipc_send_large(&ipc, door, &out, VIPC_FOREVER), 0);
            (void)MUST(vipc_receive_large(&ipc, door, &in, VIPC_FOREVER), 0);
            (void)MUST(vipc_map(&ipc, in.region, NULL, &m), 0);
            is_of_one_moment(m.at, 1);
            (void)MUST(vipc_unmap(&ipc, &m, VIPC_FOREVER), 0);
            forget(&in.region);
        } else {
            how.size = d.size;
            how.prot = VIPC_PROT_READ;
            how.flags = VIPC_MAP_PRIVATE;
            how.backing = c;
            if (MUST(vipc_space_mmap(&ipc, own_space, &how, &m.at, VIPC_FOREVER), BIT(RESOURCE_BUSY)) != VIPC_OK) continue;      /* the other takes translations away all the time */
            is_of_one_moment(m.at, 0);
            (void)MUST(vipc_space_unmap(&ipc, own_space, m.at, d.size, VIPC_FOREVER), 0);
        }
    }
    RACE->stop = 1;
}

/* ---- who runs ---- */
static const struct role { const char *race; void (*run)(uint64_t turns); } roles[] = {
    { "revoke", callee }, { "revoke", caller }, { "revoke", revoker }, { "server", kills_server }, { "server", calls_servers }, { "owner", kills_owner }, { "owner", calls_owners },
    { "caller", kills_caller }, { "caller", answers_callers }, { "withdraw", holder }, { "withdraw", withdrawer }, { "copy", writer }, { "copy", copier },
};
enum { ROLES = sizeof roles / sizeof *roles };
int race_run(unsigned role)
{
    if (role >= ROLES) return 1;
    roles[role].run(RACE->turns);
    return 0;
}
unsigned race_roles(const char *race, unsigned *first)
{
    unsigned n = 0;
    for (unsigned i = 0; i < ROLES; i++)
        if (strcmp(roles[i].race, race) == 0 && n++ == 0) *first = i;
    return n;
}
