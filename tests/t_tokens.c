/* t_tokens.c - what is no token of the caller's is refused everywhere: forged, stale, foreign and revoked capabilities, each field wrong,
 * millions at random; and the same for pids, which are never reused, and reply rights, which are good for one answer.
 * With VIPC_TEST_SHORT=1 in the environment the counts are divided by 100. */
#include "mock.h"

static uint32_t times(uint32_t n)
{
    const char *s = getenv("VIPC_TEST_SHORT");
    return s && s[0] == '1' ? n / 100 : n;
}
static vipc_cap of(uint64_t token) { vipc_cap c = { token }; return c; }
static vipc_reply_right right_of(uint64_t token) { vipc_reply_right r = { token }; return r; }
static uint64_t seed_of(const char *what)
{
    const char *s = getenv("VIPC_SEED");
    uint64_t seed = s ? strtoull(s, NULL, 0) : 0x9E3779B97F4A7C15u;
    if (!seed) seed = 1;
    printf("    %s: VIPC_SEED=0x%llx\n", what, (unsigned long long)seed);
    return seed;
}

/* How many operations did not say `want` to this token.  None of them may sleep, not even one that takes it by mistake. */
static int others_than(mock *m, unsigned i, vipc_cap c, vipc_cap door, vipc_error want)
{
    vipc *v = &m->v[i];
    vipc_message msg = mock_message(1), out = mock_message(2);
    vipc_outgoing og = VIPC_INIT;
    vipc_incoming in;
    vipc_cap made = { 4711 };
    vipc_cap_info ci;
    vipc_endpoint_info ei;
    vipc_info info;
    vipc_reply_right none = { 0 };
    uint32_t removed = 4711;
    int wrong = 0;
    memset(&og, 0, sizeof og);
    memset(&in, 0, sizeof in);
    og.message = msg;
    wrong += vipc_cap_require(v, c, 0, 0) != want;
    wrong += vipc_send(v, c, &msg, VIPC_NOW) != want;
    wrong += vipc_receive(v, c, &out, &info, VIPC_NOW) != want;
    wrong += vipc_send_large(v, c, &og, VIPC_NOW) != want;
    wrong += vipc_receive_large(v, c, &in, VIPC_NOW) != want;
    wrong += vipc_call(v, c, &msg, &out, 1) != want;
    wrong += vipc_reply_receive(v, none, NULL, c, &out, &info, VIPC_NOW) != want;
    wrong += vipc_derive(v, c, NULL, &made) != want;
    wrong += vipc_grant(v, c, vipc_self(&m->v[0]), NULL, &made) != want;
    wrong += vipc_publish(v, "forged", c, 0) != want;
    wrong += vipc_endpoint_bind(v, c, vipc_self(v)) != want;
    wrong += vipc_cap_get(v, c, &ci) != want;
    wrong += vipc_endpoint_get(v, c, &ei) != want;
    wrong += vipc_revoke(v, c, VIPC_NOW) != want;
    wrong += vipc_process_destroy(v, c, &removed) != want;
    wrong += vipc_destroy(v, c, VIPC_NOW) != want;
    wrong += vipc_close(v, c) != want;
    if (door.token) {                                        /* as cargo of a message that is sent properly */
        msg.flags = VIPC_HAS_CAPABILITY;
        msg.capability = c;
        wrong += vipc_send(v, door, &msg, VIPC_NOW) != want;
    }
    wrong += made.token != 4711 || removed != 4711 || !mock_is(&out, 2);
    return wrong;
}
static bool is_one_of(const vipc_cap *caps, int n, uint64_t token)
{
    while (n-- > 0)
        if (caps[n].token == token) return true;
    return false;
}
static uint32_t alive_for(mock *m, unsigned i, uint64_t token) { return mock_alive_cap(&m->v[i], of(token)) ? 1 : 0; }
static int refused(mock *m, unsigned i, uint64_t token, vipc_cap door)
{
    int wrong = others_than(m, i, of(token), door, VIPC_ERR_INVALID_CAPABILITY);
    if (wrong) printf("    token %016llx: %d operations did not refuse it to identity %u\n", (unsigned long long)token, wrong, i);
    return wrong == 0;
}

TEST(none_and_all_ones)
{
    mock m;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK(refused(&m, 0, 0, door));
    CHECK(refused(&m, 0, ~(uint64_t)0, door));
    for (int b = 0; b < 64; b++) {
        CHECK(refused(&m, 0, (uint64_t)1 << b, door));
        CHECK(refused(&m, 0, ~((uint64_t)1 << b), door));
    }
    CHECK_EQ(mock_receive(&m.v[0], door), VIPC_ERR_CHANNEL_EMPTY);
    CHECK(mock_alive_cap(&m.v[0], door));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

/* Each field of a good token by itself, with every value it can have, or enough of them. */
TEST(each_field_wrong)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap doors[8];
    c.max_capabilities = 40;
    mock_open(&m, &c, 2, 16);
    for (int i = 0; i < 8; i++) doors[i] = mock_endpoint(&m, 0, 4);
    for (int i = 0; i < 300; i++) {                          /* so that generation and reuse of the last one's slot are not at their first */
        CHECK_OK(vipc_close(&m.v[0], doors[7]));
        doors[7] = mock_endpoint(&m, 0, 4);
    }
    for (int k = 0; k < 8; k += 7) {
        const uint64_t good = doors[k].token, id = vipc_cap_id(doors[k]);
        const uint64_t generation = vipc_cap_generation(doors[k]), index = id & 0xffffff, reuse = id >> 24;
        vipc_cap door = doors[3];
        int wrong = 0;
        CHECK_EQ(generation != 0 || reuse != 0, 1);
        for (int b = 0; b < 64; b++)                         /* another slot's token may be this one with another index: both in their first use */
            if (!is_one_of(doors, 8, good ^ (uint64_t)1 << b)) wrong += !refused(&m, 0, good ^ (uint64_t)1 << b, door);
        for (uint64_t f = 0; f < 16; f++)
            if (f != vipc_cap_flags(doors[k])) wrong += !refused(&m, 0, (good & ~((uint64_t)15 << 60)) | f << 60, door);
        for (uint64_t t = 0; t < 16; t++)
            if (t != VIPC_TYPE_ENDPOINT) wrong += !refused(&m, 0, (good & ~((uint64_t)15 << 56)) | t << 56, door);
        for (uint64_t g = 0; g < 256; g++)
            if (g != generation) wrong += !refused(&m, 0, (good & ~((uint64_t)255 << 48)) | g << 48, door);
        for (uint64_t r = 0; r < 1000; r++)
            if (r != reuse) wrong += !refused(&m, 0, (good & ~((uint64_t)0xffffff << 24)) | r << 24, door);
        for (uint64_t i = 0; i < 100; i++)
            if (!is_one_of(doors, 8, good ^ index ^ i)) wrong += !refused(&m, 0, good ^ index ^ i, door);
        wrong += !refused(&m, 0, good | 0xffffff, door);
        for (int a = 0; a < 64; a++)
            for (int b = 0; b < a; b++) {
                uint64_t t = good ^ (uint64_t)1 << a ^ (uint64_t)1 << b;
                if (!is_one_of(doors, 8, t)) wrong += vipc_cap_require(&m.v[0], of(t), 0, 0) != VIPC_ERR_INVALID_CAPABILITY;
            }
        CHECK_EQ(wrong, 0);
        CHECK(mock_alive_cap(&m.v[0], doors[k]));
    }
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(each_life_of_a_token)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0), third = mock_grant(&m, 1, his, 2, 0);
    vipc_cap spare = mock_endpoint(&m, 0, 4), closed = mock_derive(&m, 0, door, 0);
    CHECK(refused(&m, 0, his.token, spare));                 /* foreign, in every direction */
    CHECK(refused(&m, 2, his.token, third));
    CHECK(refused(&m, 1, door.token, his));
    CHECK(refused(&m, 1, third.token, his));
    CHECK(refused(&m, 2, door.token, third));
    REQUIRE_OK(vipc_close(&m.v[0], closed));
    CHECK(refused(&m, 0, closed.token, spare));              /* closed */
    REQUIRE_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    for (unsigned i = 0; i < 3; i++) {                       /* revoked: for its holder too, and for the one whose capability it came from */
        CHECK(refused(&m, i, his.token, of(0)));
        CHECK(refused(&m, i, third.token, of(0)));
    }
    CHECK(mock_alive_cap(&m.v[0], door));
    vipc_cap again = mock_grant(&m, 0, door, 1, 0);
    CHECK(again.token != his.token && again.token != third.token);
    CHECK(refused(&m, 1, his.token, again));
    CHECK(refused(&m, 2, again.token, of(0)));
    REQUIRE_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
    CHECK(refused(&m, 0, door.token, spare));                /* destroyed, with all that came of it */
    CHECK(refused(&m, 1, again.token, of(0)));
    his = mock_grant(&m, 0, spare, 1, 0);
    vipc_cap own = mock_endpoint(&m, 1, 4), out = mock_grant(&m, 1, own, 2, 0);
    mock_leave_domain(&m, 1);                                /* its holder is gone; so is the owner of the object */
    CHECK(refused(&m, 0, his.token, spare));
    CHECK(refused(&m, 0, own.token, spare));
    CHECK(refused(&m, 2, out.token, of(0)));
    vipc_process_desc d = mock_desc(1);
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], NULL));     /* takes the record of the one who left, and is somebody else */
    m.member[1] = 1;
    CHECK(refused(&m, 1, his.token, of(0)));
    CHECK(refused(&m, 1, own.token, of(0)));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(tokens_of_processes)
{
    mock m;
    vipc_cap process;
    vipc_message msg = mock_message(1);
    vipc_info info;
    vipc_endpoint_info ei;
    mock_open(&m, NULL, 1, 16);
    vipc_process_desc d = mock_desc(1);
    d.proof = 0;
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], &process));
    m.member[1] = 1;
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_EQ(vipc_cap_type(process), VIPC_TYPE_PROCESS);
    for (int b = 0; b < 64; b++) CHECK(refused(&m, 0, process.token ^ (uint64_t)1 << b, door));
    CHECK(refused(&m, 1, process.token, of(0)));             /* not even on oneself */
    CHECK_EQ(vipc_cap_require(&m.v[0], process, VIPC_TYPE_ENDPOINT, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_cap_require(&m.v[0], door, VIPC_TYPE_PROCESS, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_cap_require(&m.v[0], door, 7, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_send(&m.v[0], process, &msg, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_receive(&m.v[0], process, &msg, &info, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_call(&m.v[0], process, &msg, &msg, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_endpoint_get(&m.v[0], process, &ei), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_endpoint_bind(&m.v[0], process, vipc_self(&m.v[0])), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_process_destroy(&m.v[0], door, NULL), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
    m.member[1] = 0;
    CHECK(refused(&m, 0, process.token, door));
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], NULL));
    m.member[1] = 1;
    CHECK(refused(&m, 0, process.token, door));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

/* Capabilities that nobody holds yet (in a queue) or that only stand for a name: the token that their slot would give is no good. */
TEST(entries_that_are_nobodys)
{
    mock m;
    vipc_message msg = mock_message(1);
    int met = 0;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), gift = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0);
    msg.flags = VIPC_HAS_CAPABILITY;
    msg.capability = gift;
    REQUIRE_OK(vipc_send(&m.v[0], door, &msg, VIPC_NOW));
    REQUIRE_OK(vipc_publish(&m.v[0], "gift", gift, 0));
    vipc_cap dead = mock_derive(&m, 0, gift, 0);
    REQUIRE_OK(vipc_close(&m.v[0], dead));
    for (uint32_t i = 0; i < vipci_d(&m.v[0])->used_caps; i++) {
        const vipci_entry *e = vipci_entry_at(&m.v[0], i);
        if (e->token) continue;
        met++;
        for (uint32_t kind = 0; kind < 2; kind++) {
            uint64_t t = vipci_token(i, e->reuse, kind ? VIPC_TYPE_ENDPOINT << 8 | VIPC_RIGHT_ALL : e->kind);
            CHECK(refused(&m, 0, t, door));
            CHECK(refused(&m, 1, t, his));
        }
    }
    CHECK_EQ(met, 3);
    CHECK_OK(vipc_receive(&m.v[1], his, &msg, NULL, VIPC_NOW));
    CHECK(mock_alive_cap(&m.v[1], msg.capability));
    CHECK(refused(&m, 0, msg.capability.token, door));       /* the giver has no part in it */
    MOCK_END(&m);
}

/* Half of them drawn from all 64 bits, half from the fields that good tokens have. */
TEST(ten_million_random_tokens)
{
    enum { HELD = 900 };
    static uint64_t held[4096];
    mock m;
    vipc_config c = VIPC_INIT;
    uint64_t state = seed_of("random tokens"), accepted = 0, right = 0, asked = 0;
    vipc_message msg = mock_message(1);
    c.max_capabilities = 4096;
    memset(held, 0, sizeof held);
    mock_open(&m, &c, 2, 64);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    vipc_process_info before, after;
    memset(&before, 0, sizeof before);
    memset(&after, 0, sizeof after);
    for (int i = 0; i < HELD; i++) {
        vipc_cap made = i & 1 ? mock_grant(&m, 0, door, 1, 0) : mock_derive(&m, 0, door, VIPC_RIGHT_SEND | (uint32_t)(i & 12));
        if (i & 1) continue;
        if (i % 10 == 0) CHECK_OK(vipc_close(&m.v[0], made));
        else held[(made.token & 0xffffff) - 1] = made.token;
    }
    held[(door.token & 0xffffff) - 1] = door.token;
    REQUIRE_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &before));
    uint64_t failed = mock_stats(&m).checks_failed;
    for (uint32_t n = times(10000000); n-- > 0;) {
        uint64_t t = mock_random(&state), index;
        if (n & 1) t = (t & 0xf300000000000fffu) | (uint64_t)(t >> 12 & 3) << 48 | (uint64_t)(t >> 20 & 1) << 24;
        index = (t & 0xffffff) - 1;
        if (index < 4096 && held[index] == t) { right++; continue; }
        asked++;
        vipc_error e = n % 16 < 2 ? vipc_send(&m.v[0], of(t), &msg, VIPC_NOW) : vipc_cap_require(&m.v[0], of(t), 0, 0);
        if (e != VIPC_ERR_INVALID_CAPABILITY && accepted++ < 5) printf("    %016llx: %d\n", (unsigned long long)t, (int)e);
    }
    CHECK_EQ(accepted, 0);
    CHECK(right < asked / 100);
    CHECK_EQ(mock_stats(&m).checks_failed - failed, asked);
    CHECK_EQ(mock_stats(&m).sent, 0);
    REQUIRE_OK(vipc_process_get(&m.v[0], vipc_self(&m.v[0]), &after));
    CHECK_EQ(after.checks_failed - before.checks_failed, asked);
    before.checks_failed = after.checks_failed;
    CHECK_EQ(memcmp(&before, &after, sizeof before), 0);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

/* A random token in every operation that takes one: fewer, because many of them take the lock. */
TEST(random_tokens_in_every_operation)
{
    mock m;
    uint64_t state = seed_of("random tokens everywhere");
    int wrong = 0;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0);
    for (uint32_t n = times(200000); n-- > 0;) {
        uint64_t t = mock_random(&state);
        if (n & 1) t = (t & 0xf00000000000000fu) | (uint64_t)VIPC_TYPE_ENDPOINT << 56 | (uint64_t)(t >> 8 & 7) << 48;
        if (t == door.token || t == his.token) continue;
        wrong += !refused(&m, n >> 1 & 1, t, n >> 1 & 1 ? his : door);
    }
    CHECK_EQ(wrong, 0);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}
static uint32_t twice(uint64_t *all, uint32_t n)
{
    uint32_t same = 0;
    qsort(all, n, sizeof *all, by_value);
    for (uint32_t i = 1; i < n; i++) same += all[i] == all[i - 1];
    return same;
}

/* One slot that is used again and again: 200,000 times, more than 8 and more than 16 bits can count. */
TEST(a_revoked_token_stays_dead)
{
    mock m;
    vipc_config c = VIPC_INIT;
    uint32_t n = times(200000), alive = 0, elsewhere = 0;
    uint64_t *all = (uint64_t *)malloc((n + 1) * sizeof *all);
    REQUIRE(all != NULL);
    c.max_capabilities = 2;
    mock_open(&m, &c, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    for (uint32_t i = 0; i < n; i++) {
        vipc_cap made = mock_derive(&m, 0, door, 0);
        all[i] = made.token;
        elsewhere += ((made.token ^ all[0]) & 0xffffff) != 0;
        if (i) alive += alive_for(&m, 0, all[0]) + alive_for(&m, 0, all[i - 1]) + alive_for(&m, 0, all[i / 2]);
        if (i > 256) alive += alive_for(&m, 0, all[i - 256]);
        if (i > 65536) alive += alive_for(&m, 0, all[i - 65536]);
        if (i % 1000 == 999 || (i & (i - 1)) == 0)
            for (uint32_t k = i > 2000 ? i - 2000 : 0; k < i; k++) alive += alive_for(&m, 0, all[k]);
        if (!mock_alive_cap(&m.v[0], made)) { CHECK_EQ(i, 0); break; }
        if (i & 1) CHECK_OK(vipc_close(&m.v[0], made));
        else CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    }
    CHECK_EQ(elsewhere, 0);                                  /* else this shows nothing */
    CHECK_EQ(alive, 0);
    CHECK_EQ(twice(all, n), 0);
    free(all);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(endpoints_numbers_and_tokens_are_never_reused)
{
    mock m;
    vipc_config c = VIPC_INIT;
    uint32_t n = times(140000), alive = 0;
    uint64_t *tokens = (uint64_t *)malloc((n + 1) * sizeof *tokens), *numbers = (uint64_t *)malloc((n + 1) * sizeof *numbers);
    REQUIRE(tokens != NULL && numbers != NULL);
    c.max_objects = 1;
    c.max_capabilities = 1;
    mock_open(&m, &c, 1, 16);
    for (uint32_t i = 0; i < n; i++) {
        vipc_endpoint_info info;
        vipc_cap door = mock_endpoint(&m, 0, 1);
        REQUIRE_OK(vipc_endpoint_get(&m.v[0], door, &info));
        tokens[i] = door.token;
        numbers[i] = info.id;
        if (i) alive += alive_for(&m, 0, tokens[0]) + alive_for(&m, 0, tokens[i - 1]) + alive_for(&m, 0, tokens[i / 2]);
        if (i > 256) alive += alive_for(&m, 0, tokens[i - 256]);
        if (i > 65536) alive += alive_for(&m, 0, tokens[i - 65536]);
        if (i & 1) CHECK_OK(vipc_close(&m.v[0], door));
        else CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
    }
    CHECK_EQ(alive, 0);
    CHECK_EQ(twice(tokens, n), 0);
    CHECK_EQ(twice(numbers, n), 0);
    free(tokens);
    free(numbers);
    MOCK_END(&m);
}
/* The count of reuses is set to its end by hand: the slot goes out of use rather than begin anew. */
TEST(a_slot_that_has_been_used_up_is_retired)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap out = { 4711 };
    c.max_capabilities = 2;
    mock_open(&m, &c, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), first = mock_derive(&m, 0, door, 0);
    CHECK_OK(vipc_close(&m.v[0], first));
    vipci_entry_at(&m.v[0], (uint32_t)(first.token & 0xffffff) - 1)->reuse = 0xfffffffeu;
    vipc_cap last = mock_derive(&m, 0, door, 0);
    CHECK_EQ(vipc_cap_generation(last), 0xff);
    CHECK_EQ(vipc_cap_id(last) >> 24, 0xffffff);
    CHECK(mock_alive_cap(&m.v[0], last));
    CHECK_OK(vipc_close(&m.v[0], last));
    CHECK_EQ(vipc_derive(&m.v[0], door, NULL, &out), VIPC_ERR_LIMIT);
    CHECK(refused(&m, 0, last.token, of(0)));
    CHECK(refused(&m, 0, first.token, of(0)));
    CHECK(mock_alive_cap(&m.v[0], door));
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

TEST(pids_are_never_reused)
{
    mock m;
    vipc_config c = VIPC_INIT;
    uint32_t n = times(6000) + 4, stale = 0;
    uint64_t *all = (uint64_t *)malloc(n * sizeof *all);
    vipc_process_info info;
    vipc_cap out = { 4711 };
    REQUIRE(all != NULL);
    c.max_processes = 3;
    mock_open(&m, &c, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    for (uint32_t i = 0; i < n; i++) {
        vipc_process_desc d = mock_desc(1);
        vipc_cap process;
        d.proof = i % 3 == 1 ? 0 : d.proof;
        REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], &process));
        m.member[1] = 1;
        all[i] = vipc_self(&m.v[1]).id;
        CHECK(all[i] != 0 && all[i] != vipc_self(&m.v[0]).id);
        if (i % 3 == 0) {                                    /* the ways to end: to leave, to be destroyed, to be found dead */
            CHECK_OK(vipc_leave(&m.v[1]));
        } else if (i % 3 == 1) {
            CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
        } else {
            mock_kill(&m, 1);
            CHECK_OK(vipc_sweep(&m.v[0], NULL));
            m.deaths = 0;
        }
        m.member[1] = 0;
        for (uint32_t k = i > 20 ? i - 20 : 0; k <= i; k++) {
            vipc_pid was = { all[k] };
            stale += vipc_process_get(&m.v[0], was, &info) != VIPC_ERR_PROCESS_NOT_FOUND;
            stale += vipc_grant(&m.v[0], door, was, NULL, &out) != VIPC_ERR_PROCESS_NOT_FOUND;
            stale += vipc_process_wait(&m.v[0], was, VIPC_NOW) != VIPC_OK;
        }
        if (i % 100 == 99) MOCK_CHECK(&m, 0);
    }
    CHECK_EQ(stale, 0);
    CHECK_EQ(out.token, 4711);
    CHECK_EQ(twice(all, n), 0);
    vipc_pid later = { all[n - 1] + 1000000 }, none = { 0 };
    CHECK_EQ(vipc_process_wait(&m.v[0], later, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_wait(&m.v[0], none, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_process_get(&m.v[0], later, &info), VIPC_ERR_PROCESS_NOT_FOUND);
    free(all);
    MOCK_END(&m);
}

/* ---- reply rights: v[0] serves, v[1] calls, v[2] and v[3] have nothing to do with it ---- */
typedef struct trial {
    vipc_cap door;
    vipc_reply_right right, old[400];
    uint32_t n, accepted, calls;
    uint64_t state;
    int forge;                         /* serve_and_try tries forged rights too */
} trial;

static int answers(mock *m, unsigned i, vipc_reply_right r)
{
    vipc_message msg = mock_message(77);
    vipc_error a = vipc_reply(&m->v[i], r, &msg), b = vipc_reply_drop(&m->v[i], r, VIPC_ERR_CLOSED);
    bool known = (a == VIPC_ERR_INVALID_ARGUMENT || a == VIPC_ERR_CANCELLED) && (b == VIPC_ERR_INVALID_ARGUMENT || b == VIPC_ERR_CANCELLED);
    if (!known) printf("    right %016llx of identity %u: %d, %d\n", (unsigned long long)r.token, i, (int)a, (int)b);
    return !known;
}
static void forge(mock *m, trial *t)
{
    const uint64_t good = t->right.token;
    vipc_message msg = mock_message(77), out = mock_message(2);
    vipc_info info;
    CHECK_EQ(vipc_reply(&m->v[0], right_of(0), &msg), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_drop(&m->v[0], right_of(0), VIPC_ERR_CLOSED), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply(&m->v[0], right_of(~(uint64_t)0), &msg), VIPC_ERR_INVALID_ARGUMENT);
    for (unsigned i = 1; i < 4; i++) {                       /* another's, the caller's own try included */
        CHECK_EQ(vipc_reply(&m->v[i], t->right, &msg), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_reply_drop(&m->v[i], t->right, VIPC_ERR_CLOSED), VIPC_ERR_INVALID_ARGUMENT);
    }
    for (unsigned i = 0; i < 4; i++)
        for (int b = 0; b < 64; b++) t->accepted += (uint32_t)answers(m, i, right_of(good ^ (uint64_t)1 << b));
    for (uint64_t v = 0; v < 300; v++)
        if (v != (good >> 8 & 0xffff)) t->accepted += (uint32_t)answers(m, 0, right_of((good & ~(uint64_t)0xffff00) | v << 8));
    for (uint64_t k = 1; k < 300; k++) {
        t->accepted += (uint32_t)answers(m, 0, right_of(good + (k << 32)));
        t->accepted += (uint32_t)answers(m, 0, right_of(good - (k << 32)));
    }
    for (uint32_t k = times(1000000); k-- > 0;) {
        uint64_t r = mock_random(&t->state);
        if (k & 1) r = (good & 0xffffffff) | (r & ~(uint64_t)0xffffffff);
        if (r != good) t->accepted += (uint32_t)answers(m, k >> 1 & 3, right_of(r));
    }
    vipc_cap none = { 0 };
    CHECK_EQ(vipc_reply_receive(&m->v[0], right_of(~(uint64_t)0), &msg, t->door, &out, &info, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_reply_receive(&m->v[0], t->right, &msg, none, &out, &info, VIPC_NOW), VIPC_ERR_INVALID_CAPABILITY);    /* and is not used up */
}
static void serve_and_try(mock *m, uint64_t self)
{
    trial *t = (trial *)m->script;
    vipc_message got, answer = mock_message(42);
    vipc_info info;
    (void)self;
    t->calls++;
    CHECK_OK(vipc_receive(&m->v[0], t->door, &got, &info, VIPC_NOW));
    t->right = info.reply;
    CHECK(t->right.token != 0);
    for (uint32_t i = 0; i < t->n; i++) {                    /* stale: of calls that have had their end */
        CHECK(t->old[i].token != t->right.token);
        t->accepted += (uint32_t)answers(m, 0, t->old[i]);
    }
    if (t->forge) forge(m, t);
    CHECK_OK(vipc_reply(&m->v[0], t->right, &answer));
    if (t->n < 400) t->old[t->n++] = t->right;
}
static void rights_setup(mock *m, trial *t)
{
    memset(t, 0, sizeof *t);
    mock_open(m, NULL, 4, 16);
    t->door = mock_endpoint(m, 0, 4);
    t->state = seed_of("reply rights");
    m->script = t;
}
TEST(reply_rights_forged_and_foreign)
{
    mock m;
    trial t;
    vipc_message msg = mock_message(1), reply;
    rights_setup(&m, &t);
    vipc_cap his = mock_grant(&m, 0, t.door, 1, VIPC_RIGHT_SEND);
    t.forge = 1;
    m.asleep = serve_and_try;
    CHECK_OK(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], 40 * MS)));
    CHECK_EQ(t.calls, 1);
    CHECK_EQ(t.accepted, 0);
    CHECK_EQ(reply.opcode, 42);
    CHECK_EQ(reply.flags, VIPC_IS_REPLY);
    CHECK_EQ(mock_stats(&m).replies, 1);
    for (unsigned i = 0; i < 4; i++) CHECK_EQ(answers(&m, i, t.right), 0);     /* used up, for everybody */
    CHECK_EQ(vipc_reply(&m.v[0], t.right, &msg), VIPC_ERR_CANCELLED);
    MOCK_END(&m);
}
TEST(reply_rights_of_earlier_calls)
{
    mock m;
    trial t;
    vipc_message msg = mock_message(1), reply;
    rights_setup(&m, &t);
    vipc_cap his = mock_grant(&m, 0, t.door, 1, VIPC_RIGHT_SEND);
    for (uint32_t i = 0; i < 400; i++) {
        m.asleep = serve_and_try;
        CHECK_OK(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], 40 * MS)));
        CHECK_EQ(reply.opcode, 42);
    }
    CHECK_EQ(t.calls, 400);
    CHECK_EQ(t.accepted, 0);
    for (uint32_t i = 0; i < t.n; i++) CHECK_EQ(vipc_reply(&m.v[0], t.old[i], &msg), VIPC_ERR_CANCELLED);
    MOCK_END(&m);
}
/* The caller gives up, ends or dies; another takes its place, its view record too, and calls: the old rights do not answer that. */
static void take_and_keep(mock *m, uint64_t self)
{
    trial *t = (trial *)m->script;
    vipc_message got;
    vipc_info info;
    (void)self;
    CHECK_OK(vipc_receive(&m->v[0], t->door, &got, &info, VIPC_NOW));
    t->old[t->n++] = info.reply;
}
TEST(reply_rights_of_callers_that_are_gone)
{
    mock m;
    trial t;
    vipc_message msg = mock_message(1), reply = mock_message(5);
    uint32_t views[3] = { 0, 0, 0 };
    rights_setup(&m, &t);
    for (uint32_t i = 0; i < 60; i++) {
        vipc_cap his = mock_grant(&m, 0, t.door, 1, VIPC_RIGHT_SEND);
        m.asleep = take_and_keep;
        CHECK_EQ(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
        m.asleep = serve_and_try;
        CHECK_OK(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], 40 * MS)));
        CHECK_EQ(reply.opcode, 42);
        views[i % 3] = m.v[1].view;
        if (i & 1) {
            CHECK_OK(vipc_leave(&m.v[1]));
        } else {
            mock_kill(&m, 1);
            CHECK_OK(vipc_sweep(&m.v[0], NULL));
            m.deaths = 0;
        }
        CHECK_EQ(vipc_reply(&m.v[0], t.right, &msg), VIPC_ERR_CANCELLED);
        vipc_process_desc d = mock_desc(1);
        REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], NULL));
        m.member[1] = 1;
    }
    CHECK(views[0] == views[1] && views[1] == views[2]);     /* else this shows nothing */
    CHECK_EQ(t.accepted, 0);
    MOCK_END(&m);
}
/* The server that took the request is gone; who has its place, and its view, has not its rights. */
static void serve_by_two_lives(mock *m, uint64_t self)
{
    trial *t = (trial *)m->script;
    vipc_message got;
    vipc_info info;
    (void)self;
    t->calls++;
    CHECK_OK(vipc_receive(&m->v[2], t->door, &got, &info, VIPC_NOW));
    t->right = info.reply;
    mock_leave_domain(m, 2);
    vipc_process_desc d = mock_desc(2);
    CHECK_OK(vipc_process_create(&m->v[0], &d, &m->v[2], NULL));
    m->member[2] = 1;
    for (unsigned i = 0; i < 4; i++) t->accepted += (uint32_t)answers(m, i, t->right);
}
TEST(reply_rights_of_servers_that_are_gone)
{
    mock m;
    trial t;
    vipc_message msg = mock_message(1), reply = mock_message(5);
    rights_setup(&m, &t);
    vipc_cap door = t.door, his = mock_grant(&m, 0, door, 1, VIPC_RIGHT_SEND);
    t.door = mock_grant(&m, 0, door, 2, VIPC_RIGHT_RECEIVE);
    m.asleep = serve_by_two_lives;
    CHECK_EQ(vipc_call(&m.v[1], his, &msg, &reply, vipc_after(&m.v[1], 40 * MS)), VIPC_ERR_PEER_DEAD);
    CHECK_EQ(t.calls, 1);
    CHECK_EQ(t.accepted, 0);
    CHECK(mock_is(&reply, 5));
    MOCK_END(&m);
}

RUN_TESTS(T(none_and_all_ones), T(each_field_wrong), T(each_life_of_a_token), T(tokens_of_processes), T(entries_that_are_nobodys),
          T(ten_million_random_tokens), T(random_tokens_in_every_operation), T(a_revoked_token_stays_dead),
          T(endpoints_numbers_and_tokens_are_never_reused), T(a_slot_that_has_been_used_up_is_retired), T(pids_are_never_reused),
          T(reply_rights_forged_and_foreign), T(reply_rights_of_earlier_calls), T(reply_rights_of_callers_that_are_gone),
          T(reply_rights_of_servers_that_are_gone))
