/* stress_caps.c - of the stress program: trees of capabilities that are granted, derived from, passed on and used by several while their root revokes them
 *
 * Each tree has a number, its epoch, which is the badge of all its capabilities.  When its revoke has returned, the board says so; from then on no use of one of them may succeed
 * that begins, and nothing sent by one of them may come that has not come before. */
#include "stress.h"

enum { RATE = 500 };                 /* messages a second, of every fourth tree */
enum { CALLED = 1, SENT };
static vipc_cap door;
static vipc_time granted_at;
static uint64_t came;                /* by the present tree */

static void grant_to(struct given *to, vipc_cap from, uint64_t pid, uint64_t epoch, uint64_t expires)
{
    vipc_cap its;
    const vipc_pid p = { pid };
    if (pid == 0 || MUST(vipc_grant(&ipc, from, p, NULL, &its), BIT(PROCESS_NOT_FOUND) | BIT(INVALID_CAPABILITY)) != VIPC_OK) return;
    to->epoch = 0;
    to->token = its.token;
    to->expires = expires;
    __atomic_store_n(&to->epoch, epoch, __ATOMIC_SEQ_CST);
    count(SUM_grants, 1);
}
/* Senders that wait for room by what is revoked then, while nobody makes any: they are all told. */
static void has_told_the_waiting(void)
{
    vipc_endpoint_info info = VIPC_INIT;
    const vipc_time end = in_us(5000000);
    do {
        if (info.senders_waiting) sleep_until(in_us(100));
        (void)MUST(vipc_endpoint_get(&ipc, door, &info), 0);
        EXPECT(info.senders_waiting == 0 || now() < end);
    } while (info.senders_waiting);
}
/* What is there; or one, if it comes in time. */
static int take_one(vipc_time end, uint64_t oldest)
{
    vipc_message m;
    vipc_info info = VIPC_INIT;
    if (MUST(vipc_receive(&ipc, door, &m, &info, end), BIT(TIMEOUT) | BIT(CHANNEL_EMPTY)) != VIPC_OK) return 0;
    if (info.badge < oldest && info.badge % 4 != 2) EXPECT_IS(info.badge, oldest);      /* of an expired one what was just being sent may still come: no revoke undid that */
    EXPECT(info.badge <= board->epoch);
    came++;
    if (info.badge % 4 == 1) EXPECT(came <= RATE + 1 + RATE * ((now() - granted_at) / 1000000 + 1) / 1000);
    if (m.opcode == CALLED) {
        m.data[0] = mix(m.data[0]);
        (void)MUST(vipc_reply(&ipc, info.reply, &m), BIT(CANCELLED));
    }
    count(SUM_receives, 1);
    return 1;
}
void tree_work(void)
{
    vipc_endpoint_desc desc = VIPC_INIT;
    desc.capacity = 1 + (uint32_t)below(4);
    (void)MUST(vipc_endpoint_create(&ipc, &desc, &door), 0);
    board->revoked = board->epoch;               /* an earlier generation's ended with it */
    while (going_on()) {
        vipc_derive_desc d = VIPC_INIT;
        vipc_cap branch, twig[3] = { { 0 } };
        const uint64_t epoch = board->epoch + 1;
        d.badge = epoch;
        d.rights = VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE;
        if (epoch % 4 == 1) d.limits.rate = RATE;
        if (epoch % 4 == 2) d.limits.expires = in_us(200 + below(5000));
        granted_at = now();
        came = 0;
        board->epoch = epoch;
        (void)MUST(vipc_derive(&ipc, door, &d, &branch), 0);
        vipc_cap from = branch;
        for (unsigned i = 0; i < 3; i++) {
            (void)MUST(vipc_derive(&ipc, from, NULL, &twig[i]), BIT(INVALID_CAPABILITY));        /* the tree may have expired */
            from = twig[i];
        }
        for (unsigned i = 0; i < use_COUNT; i++) grant_to(&board->granted[i], twig[below(3)], slot_of(KIND_use, i)->pid, epoch, d.limits.expires);
        const vipc_time end = in_us(1000 + below(8000));
        const int silent = one_in(3);
        while (now() < end)
            if (silent) sleep_until(end);
            else (void)take_one(end, epoch);
        if (one_in(4)) forget(&twig[1]);         /* what came of it hangs on what is above, from now on */
        (void)MUST(vipc_revoke(&ipc, branch, VIPC_FOREVER), BIT(INVALID_CAPABILITY));
        __atomic_store_n(&board->revoked, epoch, __ATOMIC_SEQ_CST);
        if (silent) has_told_the_waiting();
        while (take_one(VIPC_NOW, epoch)) {}
        forget(&branch);
        for (unsigned i = 0; i < 3; i++) if (twig[i].token) EXPECT(d.limits.expires || vipc_cap_require(&ipc, twig[i], 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
        count(SUM_revokes, 1);
    }
}

/* ---- use ---- */
static int read_given(const struct given *g, vipc_cap *c, uint64_t *epoch, uint64_t *expires)
{
    *epoch = __atomic_load_n(&g->epoch, __ATOMIC_SEQ_CST);
    c->token = g->token;
    *expires = g->expires;
    return *epoch && __atomic_load_n(&g->epoch, __ATOMIC_SEQ_CST) == *epoch;
}
static void use_it(vipc_cap c, uint64_t epoch, uint64_t expires)
{
    vipc_message m = VIPC_INIT;
    const uint64_t errors = GONE | BIT(TIMEOUT) | BIT(CHANNEL_FULL) | (epoch % 4 == 1 ? BIT(RATE_LIMIT) : 0), word = any();
    const int calls = one_in(4);
    m.data[0] = word;
    m.opcode = calls ? CALLED : SENT;
    const vipc_time began = now();
    const uint64_t revoked = __atomic_load_n(&board->revoked, __ATOMIC_SEQ_CST);
    vipc_error e = calls ? MUST(vipc_call(&ipc, c, &m, &m, one_in(3) ? in_us(below(3000)) : VIPC_FOREVER), errors | BIT(RESOURCE_BUSY))
                         : MUST(vipc_send(&ipc, c, &m, one_in(3) ? VIPC_NOW : one_in(2) ? VIPC_FOREVER : in_us(below(3000))), errors | BIT(RESOURCE_BUSY));
    if (e != VIPC_OK) return;
    EXPECT(epoch > revoked);
    EXPECT(expires == 0 || began < expires);
    if (calls) EXPECT_IS(m.data[0], mix(word));
    count(calls ? SUM_calls : SUM_sends, 1);
}
void use_work(void)
{
    const unsigned other = (number + 1) % use_COUNT;
    while (going_on()) {
        const struct given *g = one_in(3) ? &board->passed_on[number] : &board->granted[number];
        vipc_cap c, child;
        uint64_t epoch, expires;
        if (!read_given(g, &c, &epoch, &expires)) { sleep_until(in_us(100)); continue; }
        if (expires && now() >= expires) count(SUM_expired, 1);
        for (unsigned i = 0; i < 4; i++) use_it(c, epoch, expires);
        if (MUST(vipc_derive(&ipc, c, NULL, &child), BIT(INVALID_CAPABILITY)) == VIPC_OK) {
            if (one_in(2)) grant_to(&board->passed_on[other], child, slot_of(KIND_use, other)->pid, epoch, expires);
            use_it(child, epoch, expires);
            if (one_in(2)) (void)MUST(vipc_revoke(&ipc, child, VIPC_FOREVER), BIT(INVALID_CAPABILITY));
            forget(&child);
        }
        work_done();
        if (epoch <= board->revoked) sleep_until(in_us(100 + below(300)));           /* until there is a new tree */
    }
}
