/* attacker.c - tries what a hostile process can: tokens that it guesses, pointers to what is not its own, sizes beyond all bounds, calls that do not exist.
 * It maps and unmaps what is not its own to map, too.  It must get errors and nothing else.  Exit code 0: so it was; what was not is printed. */
#include "harness.h"

static vipc ipc;
static vipc_cap mine, note;
static unsigned long tried, wrong;
static uint64_t given;                       /* the id of a region that it may read */
static const vipc_cap own;
static const vipc_pid kernel = { 1 };
#define USER_END 0x00007ffffffff000ull       /* first address that no process has */
#define STACK_END USER_STACK_TOP             /* first unmapped address above the stack */
#define STACK_GUARD (STACK_END - USER_STACK_BYTES)
#define GUARD 0xa5a5a5a5a5a5a5a5ull

static void expect(int good, const char *what, uint64_t a, int64_t result)
{
    tried++;
    if (good) return;
    wrong++;
    if (wrong < 20) printf("attacker: %s: %lx gave %ld\n", what, (unsigned long)a, (long)result);
}
static int is_refused(int64_t r) { return r == VIPC_ERR_FAULT || r == VIPC_ERR_INVALID_ARGUMENT; }

/* ---- tokens ---- */
/* As a region, as an object, and as what backs a mapping. */
static void try_memory(vipc_cap c, const char *what)
{
    const uint64_t token = c.token;
    const vipc_error bad = VIPC_ERR_INVALID_CAPABILITY;
    vipc_cap out = { GUARD };
    vipc_region_info ri;
    vipc_object_stat os;
    vipc_mapping m = VIPC_INIT;
    vipc_map_desc how = VIPC_INIT;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_outgoing message = VIPC_INIT;
    vipc_addr at = GUARD;
    expect(vipc_region_get(&ipc, c, &ri) == bad, what, token, 40);
    expect(vipc_object_get(&ipc, c, &os) == bad, what, token, 41);
    for (how.lazy = 0; how.lazy < 2; how.lazy++) expect(vipc_map(&ipc, c, &how, &m) == bad && m.size == 0, what, token, 42);
    for (uint32_t mode = 0; mode < 3; mode++) expect(vipc_region_transfer(&ipc, c, kernel, mode, 0, &out, VIPC_NOW) == bad, what, token, 43);
    expect(vipc_region_seal(&ipc, c, VIPC_NOW) == bad, what, token, 44);
    expect(vipc_object_truncate(&ipc, c, 4096, VIPC_NOW) == bad, what, token, 45);
    d.size = 4096;
    d.prot = VIPC_PROT_READ;
    d.backing = c;
    for (d.flags = VIPC_MAP_SHARED; token && d.flags <= VIPC_MAP_PRIVATE; d.flags++)
        expect(vipc_space_mmap(&ipc, own, &d, &at, VIPC_NOW) == bad && at == GUARD, what, token, 46);
    message.region = c;
    if (token) expect(vipc_send_large(&ipc, mine, &message, VIPC_NOW) == bad, what, token, 47);
    expect(out.token == GUARD, what, token, 48);
}
static void try_token(uint64_t token, const char *what)
{
    if (token == mine.token || token == note.token) return;  /* a guess may hit what it has itself */
    vipc_cap c = { token }, out;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    vipc_cap_info ci;
    uint64_t bits;
    vipc_reply_right r = { token };
    vipc_wait_item item = { c, 0, VIPC_OK, 0 };
    const vipc_error bad = VIPC_ERR_INVALID_CAPABILITY;
    /* calls and receives with a deadline go by registers, the fast way; those with VIPC_NOW by memory */
    expect(vipc_send(&ipc, c, &m, VIPC_NOW) == bad, what, token, 1);
    expect(vipc_receive(&ipc, c, &m, &info, VIPC_NOW) == bad, what, token, 2);
    expect(vipc_call(&ipc, c, &m, &m, vipc_after(&ipc, 1)) == bad, what, token, 3);
    expect(SYS4(SYS_CALL, token, &m, &m, vipc_after(&ipc, 1)) == bad, what, token, 30);
    expect(vipc_receive(&ipc, c, &m, &info, vipc_after(&ipc, 1)) == bad, what, token, 31);
    expect(vipc_reply_receive(&ipc, r, &m, c, &m, &info, vipc_after(&ipc, 1)) != VIPC_OK, what, token, 32);
    expect(vipc_reply_receive(&ipc, r, &m, mine, &m, &info, vipc_after(&ipc, 1)) != VIPC_OK, what, token, 33);
    expect(vipc_derive(&ipc, c, NULL, &out) == bad, what, token, 4);
    expect(vipc_grant(&ipc, c, vipc_self(&ipc), NULL, &out) == bad, what, token, 5);
    expect(vipc_revoke(&ipc, c, VIPC_NOW) == bad, what, token, 6);
    expect(vipc_close(&ipc, c) == bad, what, token, 7);
    expect(vipc_destroy(&ipc, c, VIPC_NOW) == bad, what, token, 8);
    expect(vipc_publish(&ipc, "stolen", c, 0) == bad, what, token, 9);
    expect(vipc_signal(&ipc, c, 1) == bad, what, token, 10);
    expect(vipc_notification_wait(&ipc, c, 1, &bits, VIPC_NOW) == bad, what, token, 11);
    expect(vipc_cap_get(&ipc, c, &ci) == bad, what, token, 12);
    expect(vipc_cap_require(&ipc, c, 0, 0) == bad, what, token, 13);
    expect(vipc_endpoint_bind(&ipc, c, vipc_self(&ipc)) == bad, what, token, 14);
    expect(vipc_reply(&ipc, r, &m) != VIPC_OK, what, token, 15);
    expect(vipc_reply_drop(&ipc, r, VIPC_ERR_CLOSED) != VIPC_OK, what, token, 16);
    m.capability = c;
    m.flags = VIPC_HAS_CAPABILITY;
    expect(vipc_send(&ipc, mine, &m, VIPC_NOW) == bad, what, token, 17);
    expect(vipc_wait_any(&ipc, &item, 1, VIPC_NOW) != VIPC_ERR_WOULD_BLOCK, what, token, 18);
    try_memory(c, what);
}
static uint64_t random_state;
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}
static void tokens(uint64_t victims)
{
    vipc_cap stale, reused, child;
    try_token(0, "no token");
    try_token(~0ull, "all ones");
    try_token(victims, "another process's token");
    for (int bit = 0; bit < 64; bit++) {
        try_token(mine.token ^ (1ull << bit), "own token, one bit changed");
        try_token(victims ^ (1ull << bit), "another's token, one bit changed");
    }
    for (int i = 0; i < 500; i++) try_token(next_random() | 1ull << 47, "a random token");
    for (uint64_t id = 1; id < 400; id++) try_token(1ull << 56 | (uint64_t)0xf << 60 | id | 0x123ull << 24, "a guessed id");
    expect(vipc_endpoint_create(&ipc, NULL, &stale) == VIPC_OK, "create", 0, 0);
    expect(vipc_close(&ipc, stale) == VIPC_OK, "close", 0, 0);
    try_token(stale.token, "a closed token");
    for (int i = 0; i < 300; i++) {          /* its slot is given out again, more often than a generation counts */
        if (vipc_endpoint_create(&ipc, NULL, &reused) != VIPC_OK) break;
        if (i % 16 == 0) try_token(stale.token, "a stale token whose slot is in use");
        expect(reused.token != stale.token, "a token came back", reused.token, i);
        (void)vipc_close(&ipc, reused);
    }
    expect(vipc_derive(&ipc, mine, NULL, &child) == VIPC_OK && vipc_revoke(&ipc, mine, VIPC_FOREVER) == VIPC_OK, "revoke", 0, 0);
    try_token(child.token, "a revoked token");
}

/* ---- arguments: each call, each argument, every hostile value; the others as they should be.
 * c: own endpoint; r: reply right, or own space (0); i: an address to read from; o: one to write to; I, O: the same, may be 0; s: a string; n: a number; d: a deadline. ---- */
static const struct { int number; const char *name, *kinds; } calls[] = {
    { SYS_LOG, "log", "in" }, { SYS_SPAWN, "spawn", "sSnoo" }, { SYS_WAIT, "wait", "nod" }, { SYS_CONTROL, "control", "nnn" }, { SYS_CONFIG_GET, "config_get", "o" },
    { SYS_STATS_GET, "stats_get", "o" }, { SYS_CHECK, "check", "o" }, { SYS_TRIM, "trim", "O" }, { SYS_PROCESS_WAIT, "process_wait", "nd" },
    { SYS_PROCESS_WATCH, "process_watch", "ncn" }, { SYS_PROCESS_GET, "process_get", "no" }, { SYS_PROCESS_FIND, "process_find", "no" }, { SYS_DERIVE, "derive", "cIo" },
    { SYS_GRANT, "grant", "cnIo" }, { SYS_REVOKE, "revoke", "cd" }, { SYS_CLOSE, "close", "c" }, { SYS_DESTROY, "destroy", "cd" }, { SYS_CAP_GET, "cap_get", "co" },
    { SYS_CAP_REQUIRE, "cap_require", "cnn" }, { SYS_ENDPOINT_CREATE, "endpoint_create", "Io" }, { SYS_ENDPOINT_BIND, "endpoint_bind", "cn" },
    { SYS_ENDPOINT_GET, "endpoint_get", "co" }, { SYS_CHANNEL_CREATE, "channel_create", "Ioo" }, { SYS_SEND, "send", "cid" }, { SYS_RECEIVE, "receive", "coOd" },
    { SYS_SEND_LARGE, "send_large", "cid" }, { SYS_RECEIVE_LARGE, "receive_large", "cod" }, { SYS_SEND_MANY, "send_many", "cinod" }, { SYS_RECEIVE_MANY, "receive_many", "i" },
    { SYS_CALL, "call", "ciod" }, { SYS_CALL_LARGE, "call_large", "ciod" }, { SYS_REPLY_LARGE, "reply_large", "ri" }, { SYS_REPLY, "reply", "ri" }, { SYS_REPLY_DROP, "reply_drop", "rn" }, { SYS_REPLY_RECEIVE, "reply_receive", "r-cood" },
    { SYS_NOTIFICATION_CREATE, "notification_create", "So" }, { SYS_SIGNAL, "signal", "cn" }, { SYS_NOTIFICATION_WAIT, "notification_wait", "cnod" },
    { SYS_WAIT_ANY, "wait_any", "ind" }, { SYS_WAIT_SET_CREATE, "wait_set_create", "nSo" }, { SYS_WAIT_SET_ADD, "wait_set_add", "ci" },
    { SYS_WAIT_SET_REMOVE, "wait_set_remove", "cc" }, { SYS_WAIT_SET_WAIT, "wait_set_wait", "connd" }, { SYS_PUBLISH, "publish", "scn" }, { SYS_UNPUBLISH, "unpublish", "s" },
    { SYS_LOOKUP, "lookup", "snod" }, { SYS_SPACE_MMAP, "space_mmap", "riod" }, { SYS_SPACE_SET_BREAK, "space_set_break", "rnOd" }, { SYS_SPACE_GROW_HEAP, "space_grow_heap", "rnO" },
    { SYS_SPACE_STACK_CREATE, "space_stack_create", "rIo" }, { SYS_SPACE_FIND, "space_find", "rno" }, { SYS_SPACE_GET, "space_get", "ro" }, { SYS_INITIAL, "initial", "no" },
    { SYS_REGION_CREATE, "region_create", "Io" }, { SYS_REGION_GET, "region_get", "co" }, { SYS_REGION_FIND, "region_find", "no" },
    { SYS_REGION_TRANSFER, "region_transfer", "cnnnod" },
    { SYS_REGION_SEAL, "region_seal", "cd" }, { SYS_MAP, "map", "cIo" }, { SYS_UNMAP, "unmap", "id" }, { SYS_OBJECT_GET, "object_get", "co" },
    { SYS_OBJECT_COUNT, "object_count", "o" }, { SYS_NODE_USAGE, "node_usage", "no" },
    { SYS_OBJECT_OPEN, "object_open", "snnod" }, { SYS_OBJECT_UNLINK, "object_unlink", "s" }, { SYS_OBJECT_TRUNCATE, "object_truncate", "cnd" },
};
enum { CALLS = sizeof calls / sizeof calls[0], BUFFER = 64 };
static uint64_t in_buffer[BUFFER], out_buffer[BUFFER];
static const uint64_t in_text[2] = { 0x65746e72, 0 };       /* read-only; no program, no name is called so */

static const uint64_t hostile[] = {
    0, ~0ull, 1, 7, 4095, USER_END - 1, USER_END - 8, USER_END, USER_END + 1, 0x0000800000000000ull, 0x8000000000000000ull, 0x7fffffffffffffffull,
    0xffff7fffffffffffull, 0xffff800000000000ull, 0xffff800000100000ull, 0xffffffff80000000ull, 0xffffffff80100000ull, 0xffffffffc0001000ull, ~0ull - 7, ~0ull - 4095,
    STACK_END - 1, STACK_END - 3, STACK_END, STACK_GUARD, STACK_GUARD + 4095, STACK_GUARD + 4096 - 8, STACK_GUARD - 1,
};
static uint64_t plain(char kind, int at)
{
    switch (kind) {
    case 'c': return mine.token;
    case 'i': case 'I': return (uint64_t)in_buffer;
    case 's': case 'S': return (uint64_t)in_text;
    case 'o': case 'O': return (uint64_t)(out_buffer + at * 12);
    default: return 0;                       /* r: none; d: now; n: 0 */
    }
}
static int64_t try_call(int number, const uint64_t *a)
{
    for (int i = 0; i < BUFFER; i++) { in_buffer[i] = 0; out_buffer[i] = GUARD; }
    return SYS6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
static int is_untouched(void)
{
    for (int i = 0; i < BUFFER; i++)
        if (out_buffer[i] != GUARD || in_buffer[i] != 0) return 0;
    return 1;
}
/* The calls themselves may end what is ours: then there is another. */
static void renew(void)
{
    if (vipc_cap_require(&ipc, mine, 0, 0) != VIPC_OK && vipc_endpoint_create(&ipc, NULL, &mine) != VIPC_OK) expect(0, "no endpoint left", 0, 0);
}
static void arguments(void)
{
    for (int c = 0; c < CALLS; c++)
        for (int at = 0; calls[c].kinds[at]; at++)
            for (unsigned h = 0; h < sizeof hostile / sizeof hostile[0]; h++) {
                char kind = calls[c].kinds[at];
                uint64_t a[6] = { 0, 0, 0, 0, 0, 0 };
                if (kind == 'd' && hostile[h] > 4095) continue;      /* to wait long is no crime */
                renew();
                for (int i = 0; calls[c].kinds[i]; i++) a[i] = plain(calls[c].kinds[i], i);
                a[at] = hostile[h];
                if (calls[c].number == SYS_LOG) a[at == 0] = at == 0 ? 64 : STACK_END;
                int64_t r = try_call(calls[c].number, a);
                int is_address = kind == 'i' || kind == 'o' || kind == 's' || ((kind == 'I' || kind == 'O' || kind == 'S') && hostile[h] != 0);
                /* bytes of the stack's own end are the process's: a short text may lie there */
                if ((kind == 's' || kind == 'S') && hostile[h] < STACK_END && hostile[h] >= STACK_END - 8) is_address = 0;
                if (is_address) expect(is_refused(r), calls[c].name, hostile[h], r);
                else if (kind == 'c' || kind == 'r') expect(r < 0 || (kind == 'r' && hostile[h] == 0), calls[c].name, hostile[h], r);
                else expect(r >= VIPC_ERR_HOOK, calls[c].name, hostile[h], r);
                if (r < 0 && r != VIPC_ERR_WOULD_BLOCK && calls[c].number != SYS_SEND_MANY && calls[c].number != SYS_RECEIVE_MANY) expect(is_untouched(), "written on error", (uint64_t)c, r);
            }
}
/* Sizes and pointers inside of structs. */
static void sizes(void)
{
    static const uint64_t big[] = { ~0ull, 1ull << 63, 1ull << 47, 1ull << 32, VIPC_PAYLOAD_MAX + 1, 0x7fffffffffffffffull, 4096 * 9 };
    static char payload[64];
    renew();
    for (unsigned i = 0; i < sizeof big / sizeof big[0]; i++) {
        vipc_outgoing out = VIPC_INIT;
        vipc_incoming in = VIPC_INIT;
        vipc_wait_item item = VIPC_INIT;
        vipc_cap set;
        uint32_t count;
        out.payload = payload;
        out.payload_size = big[i];
        vipc_error e = vipc_send_large(&ipc, mine, &out, VIPC_NOW);
        expect(e == VIPC_ERR_FAULT || e == VIPC_ERR_MESSAGE_TOO_LARGE, "send_large", big[i], e);
        e = vipc_call_large(&ipc, mine, &out, &in, vipc_after(&ipc, 1000));
        expect(e == VIPC_ERR_FAULT || e == VIPC_ERR_MESSAGE_TOO_LARGE, "call_large", big[i], e);
        out.payload = (const void *)0xffffffff80100000ull;
        out.payload_size = 64;
        e = vipc_send_large(&ipc, mine, &out, VIPC_NOW);
        expect(e == VIPC_ERR_FAULT, "send_large from the kernel", 64, e);
        in.payload = (void *)(STACK_END - 64);
        in.payload_capacity = big[i];
        e = vipc_receive_large(&ipc, mine, &in, VIPC_NOW);
        expect(e == VIPC_ERR_FAULT, "receive_large", big[i], e);
        in.payload = (void *)(uint64_t)"a constant";
        in.payload_capacity = 8;
        e = vipc_receive_large(&ipc, mine, &in, VIPC_NOW);
        expect(e == VIPC_ERR_FAULT, "receive_large into a constant", 8, e);
        int64_t r = SYS3(SYS_WAIT_ANY, &item, big[i], 0);
        expect(r < 0, "wait_any", big[i], r);
        r = SYS5(SYS_WAIT_SET_WAIT, mine.token, &item, big[i], &count, 0);
        expect(r < 0, "wait_set_wait", big[i], r);
        if (big[i] > VIPC_WAIT_SET_MAX && (uint32_t)big[i] != 0) {
            e = vipc_wait_set_create(&ipc, (uint32_t)big[i], NULL, &set);
            expect(e != VIPC_OK, "wait_set_create", big[i], e);
        }
    }
    vipc_endpoint_desc desc = VIPC_INIT;
    vipc_cap cap;
    desc.label = (const char *)0xffff800000000000ull;
    expect(vipc_endpoint_create(&ipc, &desc, &cap) == VIPC_ERR_FAULT, "a label in the kernel", 0, 0);
    desc.label = NULL;
    desc.capacity = ~0u;
    expect(vipc_endpoint_create(&ipc, &desc, &cap) == VIPC_ERR_INVALID_ARGUMENT, "capacity", ~0u, 0);
    expect(vipc_send(&ipc, mine, (const vipc_message *)(STACK_END - 47), VIPC_NOW) == VIPC_ERR_FAULT, "a message over the end", 0, 0);
    expect(SYS4(SYS_CALL, mine.token, in_buffer, in_text, vipc_after(&ipc, 1000)) == VIPC_ERR_FAULT, "a reply into a constant", 0, 0);
}
/* ---- memory: places that are not the process's, sizes that wrap, what is not aligned ---- */
enum { PAGE = 4096, SHARED = VIPC_MAP_SHARED | VIPC_MAP_ANONYMOUS, PRIVATE = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS };
static vipc_error map(vipc_addr at, uint64_t size, uint32_t prot, uint32_t flags, vipc_addr *out)
{
    vipc_mmap_desc d = VIPC_INIT;
    d.at = at;
    d.size = size;
    d.prot = prot;
    d.flags = flags;
    return vipc_space_mmap(&ipc, own, &d, out, VIPC_NOW);
}
static void places(void)
{
    static const uint64_t places[] = { 0, PAGE, 0xf000, 0x00007fffffff0000ull, USER_END - PAGE, USER_END, 1ull << 47, 0x8000000000000000ull, 0xffff7ffffffff000ull, 0xffff800000000000ull,
                                       0xffff800000100000ull, 0xffffffff80000000ull, 0xffffffff80100000ull, 0xffffffffc0001000ull, ~0ull - 4095 };
    static const uint64_t sizes[] = { 1, PAGE, 2 * PAGE, 0x10000, 1ull << 32, 1ull << 46, 1ull << 47, 1ull << 48, 1ull << 63, ~0ull - 8191, ~0ull - 4095, ~0ull - 4094, ~0ull };
    static const uint32_t flags[] = { PRIVATE | VIPC_MAP_FIXED, PRIVATE | VIPC_MAP_FIXED_NOREPLACE, SHARED | VIPC_MAP_FIXED, PRIVATE | VIPC_MAP_FIXED | VIPC_MAP_POPULATE };
    vipc_addr out = GUARD;
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++)
        for (unsigned z = 0; z < sizeof sizes / sizeof *sizes; z++) {
            const uint64_t at = places[p], size = sizes[z];
            for (unsigned f = 0; f < sizeof flags / sizeof *flags; f++) {
                vipc_error e = map(at, size, VIPC_PROT_READ, flags[f], &out);
                expect(e == VIPC_ERR_INVALID_ARGUMENT && out == GUARD, "mmap where nobody may be", at + size, e);
            }
            vipc_error e = vipc_space_unmap(&ipc, own, at, size, VIPC_NOW);
            expect(e == VIPC_ERR_INVALID_ARGUMENT, "unmap where nobody may be", at + size, e);
            e = vipc_space_protect(&ipc, own, at, size, VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_NOW);
            expect(e == VIPC_ERR_INVALID_ARGUMENT, "protect where nobody may be", at + size, e);
        }
    for (unsigned p = 0; p < sizeof places / sizeof *places; p++) {              /* as a wish: it comes to something of its own, or to nothing */
        vipc_error e = map(places[p], PAGE, VIPC_PROT_READ, PRIVATE, &out);
        expect(e == VIPC_OK && out >= VIPC_LAYOUT_USER_START && out < VIPC_LAYOUT_USER_END && vipc_space_unmap(&ipc, own, out, PAGE, VIPC_NOW) == VIPC_OK, "a wish", places[p], e);
    }
}
static void extents(void)
{
    static const uint64_t huge[] = { 1ull << 47, 1ull << 48, 1ull << 62, 1ull << 63, ~0ull - 4095, ~0ull - 4094, ~0ull };
    static const uint64_t crooked[] = { 1, 8, 0x800, 4095 };
    vipc_addr at = 0, out = GUARD;
    vipc_stack stack;
    vipc_space_region r;
    vipc_space_info before, after;
    expect(map(0, 4 * PAGE, VIPC_PROT_READ | VIPC_PROT_WRITE, PRIVATE, &at) == VIPC_OK, "four pages", 0, 0);
    ((volatile uint64_t *)at)[0] = GUARD;
    expect(vipc_space_get(&ipc, own, &before) == VIPC_OK && before.root == 0, "where its page tables are", before.root, 0);
    for (unsigned i = 0; i < sizeof huge / sizeof *huge; i++) {
        vipc_stack_desc d = VIPC_INIT;
        vipc_error e = map(0, huge[i], VIPC_PROT_READ, PRIVATE, &out);
        expect(e < 0 && out == GUARD, "mmap of more than there is", huge[i], e);
        e = map(at, huge[i], VIPC_PROT_READ, PRIVATE | VIPC_MAP_FIXED, &out);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "mmap beyond the end", huge[i], e);
        e = vipc_space_unmap(&ipc, own, at, huge[i], VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "unmap beyond the end", huge[i], e);
        e = vipc_space_protect(&ipc, own, at, huge[i], VIPC_PROT_READ, VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "protect beyond the end", huge[i], e);
        e = vipc_space_grow_heap(&ipc, own, huge[i], &out);
        expect(e == VIPC_ERR_LIMIT && out == GUARD, "a heap beyond the end", huge[i], e);
        e = vipc_space_set_break(&ipc, own, huge[i], NULL, VIPC_NOW);
        expect(e == VIPC_ERR_LIMIT || e == VIPC_ERR_INVALID_ARGUMENT, "a break beyond the end", huge[i], e);
        d.size = huge[i];
        e = vipc_space_stack_create(&ipc, own, &d, &stack);
        expect(e < 0, "a stack of more than there is", huge[i], e);
        d.size = 8 * PAGE;
        d.guard = huge[i];
        e = vipc_space_stack_create(&ipc, own, &d, &stack);
        expect(e < 0, "a guard of more than there is", huge[i], e);
        d.guard = 0;
        d.first = huge[i];
        e = vipc_space_stack_create(&ipc, own, &d, &stack);
        expect(e < 0, "a stack larger than itself", huge[i], e);
        e = vipc_space_find(&ipc, own, huge[i], &r);
        expect(e == VIPC_ERR_NOT_FOUND || (e == VIPC_OK && r.start > huge[i]), "find beyond the end", huge[i], e);
    }
    for (unsigned i = 0; i < sizeof crooked / sizeof *crooked; i++) {
        vipc_error e = map(at + crooked[i], PAGE, VIPC_PROT_READ, PRIVATE | VIPC_MAP_FIXED, &out);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "mmap, not aligned", crooked[i], e);
        e = vipc_space_unmap(&ipc, own, at + crooked[i], PAGE, VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "unmap, not aligned", crooked[i], e);
        e = vipc_space_protect(&ipc, own, at + crooked[i], PAGE, VIPC_PROT_READ, VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_ARGUMENT, "protect, not aligned", crooked[i], e);
    }
    vipc_error e = vipc_space_unmap(&ipc, own, at, 0, VIPC_NOW);
    expect(e == VIPC_ERR_INVALID_ARGUMENT, "unmap of nothing", 0, e);
    expect(((volatile uint64_t *)at)[0] == GUARD, "what it has is as it was", at, 0);
    expect(vipc_space_get(&ipc, own, &after) == VIPC_OK && after.regions == before.regions && after.brk == before.brk, "no region came of it", after.regions, before.regions);
    expect(vipc_space_unmap(&ipc, own, at, 4 * PAGE, VIPC_FOREVER) == VIPC_OK, "unmap", at, 0);
}
static void bits_and_tokens(void)
{
    vipc_addr out = GUARD, code = (vipc_addr)extents & ~4095ull;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_space_info i;
    for (int bit = 0; bit < 32; bit++) {
        if (bit > 2) expect(map(0, PAGE, VIPC_PROT_READ | 1u << bit, PRIVATE, &out) == VIPC_ERR_INVALID_ARGUMENT, "an unknown protection", (uint64_t)bit, 0);
        if (!((VIPC_MAP_FIXED | VIPC_MAP_POPULATE | VIPC_MAP_FIXED_NOREPLACE | VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS) >> bit & 1))
            expect(map(0, PAGE, VIPC_PROT_READ, PRIVATE | 1u << bit, &out) == VIPC_ERR_INVALID_ARGUMENT, "an unknown flag", (uint64_t)bit, 0);
    }
    expect(map(0, PAGE, VIPC_PROT_READ | VIPC_PROT_WRITE | VIPC_PROT_EXEC, PRIVATE, &out) == VIPC_ERR_PERMISSION_DENIED, "written and executed", 0, 0);
    expect(map(code, PAGE, VIPC_PROT_READ | VIPC_PROT_WRITE, PRIVATE | VIPC_MAP_FIXED_NOREPLACE, &out) == VIPC_ERR_EXISTS, "over its own code", code, 0);
    expect(map(STACK_GUARD, PAGE, VIPC_PROT_READ, PRIVATE | VIPC_MAP_FIXED_NOREPLACE, &out) == VIPC_ERR_EXISTS, "over a guard page", STACK_GUARD, 0);
    vipc_error e = vipc_space_protect(&ipc, own, STACK_GUARD, PAGE, VIPC_PROT_READ, VIPC_NOW);
    expect(e == VIPC_ERR_PERMISSION_DENIED, "opening a guard page", STACK_GUARD, e);
    d.size = PAGE;
    d.prot = VIPC_PROT_READ;
    d.flags = PRIVATE;
    d.type = VIPC_REGION_DEVICE;
    e = vipc_space_mmap(&ipc, own, &d, &out, VIPC_NOW);
    expect(e == VIPC_ERR_INVALID_ARGUMENT, "device memory", 0, e);
    d.type = VIPC_REGION_DATA;
    d.backing = mine;
    e = vipc_space_mmap(&ipc, own, &d, &out, VIPC_NOW);
    expect(e < 0, "an endpoint, mapped", 0, e);
    expect(vipc_space_get(&ipc, mine, &i) == VIPC_ERR_INVALID_CAPABILITY || vipc_space_get(&ipc, mine, &i) == VIPC_ERR_PERMISSION_DENIED, "an endpoint as a space", mine.token, 0);
    for (uint64_t id = 1; id < 2000; id++) {                 /* spaces of others */
        vipc_cap space = { 5ull << 56 | 0xfull << 60 | (id & 1 ? id >> 1 : next_random() >> 16) };
        e = vipc_space_get(&ipc, space, &i);
        expect(e == VIPC_ERR_INVALID_CAPABILITY, "a guessed space", space.token, e);
        e = vipc_space_unmap(&ipc, space, 0x400000, PAGE, VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_CAPABILITY, "unmap in a guessed space", space.token, e);
    }
}
/* More regions than it may have: an error, and all are gone again. */
static void many_regions(void)
{
    vipc_addr base = 0, out;
    vipc_error e = VIPC_OK;
    uint64_t n = 0;
    expect(map(0, 1ull << 40, VIPC_PROT_NONE, PRIVATE, &base) == VIPC_OK, "a terabyte of nothing", 0, 0);
    while (n < 200000 && (e = map(base + n * 2 * PAGE, PAGE, VIPC_PROT_READ, PRIVATE | VIPC_MAP_FIXED, &out)) == VIPC_OK) n++;
    expect(e == VIPC_ERR_LIMIT && n > 1000, "too many regions", n, e);
    e = vipc_space_unmap(&ipc, own, base, 1ull << 40, VIPC_FOREVER);
    expect(e == VIPC_OK && map(0, PAGE, VIPC_PROT_READ, PRIVATE, &out) == VIPC_OK, "regions once more", n, e);
}
static void forks(void)
{
    static const uint64_t counts[] = { VIPC_INITIAL_MAX + 1, 1ull << 32, 1ull << 63, ~0ull };
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++) {
        int64_t r = SYS2(SYS_FORK, in_buffer, counts[i]);
        expect(r == VIPC_ERR_INVALID_ARGUMENT, "fork with more than there may be", counts[i], r);
    }
    for (unsigned h = 0; h < sizeof hostile / sizeof hostile[0]; h++) {
        int64_t r = SYS2(SYS_FORK, hostile[h], VIPC_INITIAL_MAX);
        expect(r == VIPC_ERR_FAULT || r == VIPC_ERR_INVALID_ARGUMENT || r == VIPC_ERR_INVALID_CAPABILITY, "fork with capabilities of elsewhere", hostile[h], r);
    }
}
/* ---- regions and objects ---- */
static int can_load(vipc_addr at) { return SYS1(SYS_UNPUBLISH, at) != VIPC_ERR_FAULT; }
static int can_store(vipc_addr at) { return SYS2(SYS_CAP_GET, 0, at) != VIPC_ERR_FAULT; }
/* Of others: what init has, by its token and by all that is like it, and by its id. */
static void regions_of_others(uint64_t token, uint64_t id)
{
    vipc_region_info info;
    vipc_cap out;
    try_token(token, "another's region");
    for (int bit = 0; bit < 64; bit++) try_memory((vipc_cap){ token ^ 1ull << bit }, "another's region, one bit changed");
    expect(vipc_region_find(&ipc, id, &out) == VIPC_ERR_INVALID_REGION, "another's region by its id", id, 0);
    for (uint64_t i = 0; i < 4000; i++) {
        uint64_t guess = i < 2000 ? i : i < 3000 ? id + i - 2500 : next_random();
        if (guess == given) continue;
        vipc_error e = vipc_region_find(&ipc, guess, &out);
        const int its_own = e == VIPC_OK && vipc_region_get(&ipc, out, &info) == VIPC_OK && info.owner.id == vipc_self(&ipc).id;      /* an object of its noise */
        expect(e == VIPC_ERR_INVALID_REGION || its_own, "a guessed region", guess, e);
        if (i < 1000) try_memory((vipc_cap){ (i & 1 ? 6ull : 7ull) << 56 | 0xfull << 60 | (i & 2 ? i >> 2 : next_random() >> 16) }, "a guessed region's token");
    }
}
/* Of a mapping of two pages: they go one after the other, and where they were goes last, while who takes them away may be on another CPU. */
static int is_there(vipc_addr at)
{
    vipc_space_region region;
    return can_load(at) || can_load(at + PAGE) || (vipc_space_find(&ipc, own, at, &region) == VIPC_OK && region.start <= at);
}
/* What init let it read, and nothing more; init will take that away. */
static void region_for_reading(void)
{
    vipc_cap r = { 0 }, out = { GUARD };
    vipc_derive_desc more = VIPC_INIT;
    vipc_region_info info = VIPC_INIT;
    vipc_map_desc how = VIPC_INIT;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_outgoing message = VIPC_INIT;
    vipc_mapping m = VIPC_INIT, part, none = VIPC_INIT;
    vipc_addr at = 0;
    vipc_error e;
    expect(vipc_region_find(&ipc, given, &r) == VIPC_OK && vipc_region_get(&ipc, r, &info) == VIPC_OK &&
           info.physical == 0 && info.size == 2 * PAGE, "what it was given", given, 0);
    for (how.access = 2; how.access < 64; how.access++) {    /* VIPC_READ is 1 */
        e = vipc_map(&ipc, r, &how, &part);
        expect(e == VIPC_ERR_PERMISSION_DENIED || (e == VIPC_ERR_INVALID_ARGUMENT && (how.access > 7 || how.access == 2 || how.access == 6)), "mapped wider", how.access, e);
    }
    expect(vipc_map(&ipc, r, NULL, &m) == VIPC_OK && can_load(m.at) && !can_store(m.at) && ((volatile uint64_t *)m.at)[1] == GUARD, "mapped to be read", m.at, 0);
    for (uint32_t prot = 2; prot < 8; prot++) {
        e = vipc_space_protect(&ipc, own, m.at, PAGE, prot, VIPC_NOW);
        expect(e == VIPC_ERR_PERMISSION_DENIED && !can_store(m.at), "protected wider", prot, e);
    }
    d.size = PAGE;
    d.backing = r;
    d.flags = VIPC_MAP_SHARED;
    for (d.prot = 2; d.prot < 8; d.prot++) {
        e = vipc_space_mmap(&ipc, own, &d, &at, VIPC_NOW);
        expect(e == VIPC_ERR_PERMISSION_DENIED && at == 0, "mmap, wider", d.prot, e);
    }
    d.flags = VIPC_MAP_PRIVATE;                              /* a copy, to be written to: that is its own */
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    expect(vipc_space_mmap(&ipc, own, &d, &at, VIPC_FOREVER) == VIPC_OK && ((volatile uint64_t *)at)[1] == GUARD, "a copy", at, 0);
    ((volatile uint64_t *)at)[1] = 1;
    expect(((volatile uint64_t *)m.at)[1] == GUARD && vipc_space_unmap(&ipc, own, at, PAGE, VIPC_FOREVER) == VIPC_OK, "written to the copy alone", at, 0);
    more.rights = VIPC_RIGHT_READ | VIPC_RIGHT_WRITE;
    expect(vipc_derive(&ipc, r, &more, &out) == VIPC_ERR_PERMISSION_DENIED &&
           vipc_grant(&ipc, r, kernel, NULL, &out) == VIPC_ERR_PERMISSION_DENIED, "handed on", r.token, 0);
    expect(vipc_region_transfer(&ipc, r, kernel, VIPC_SHARE, 0, &out, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED, "shared on", r.token, 0);
    expect(vipc_region_transfer(&ipc, r, kernel, VIPC_MOVE, 0, &out, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED, "moved on", r.token, 0);
    expect(vipc_region_transfer(&ipc, r, kernel, VIPC_COPY_ON_WRITE, VIPC_WRITE, &out, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED, "a copy with more than it has", r.token, 0);
    for (uint32_t mode = 3; mode; mode = mode << 1 | (mode == 3)) {
        e = vipc_region_transfer(&ipc, r, kernel, mode, 0, &out, VIPC_NOW);
        expect(e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_PERMISSION_DENIED, "an unknown mode", mode, e);
        if (mode >> 31) break;
    }
    expect(vipc_region_transfer(&ipc, r, (vipc_pid){ 0 }, VIPC_COPY_ON_WRITE, 0, &out, VIPC_NOW) == VIPC_ERR_PROCESS_NOT_FOUND, "to nobody", 0, 0);
    message.region = r;
    for (message.region_mode = 0; message.region_mode < 2; message.region_mode++) {
        e = vipc_send_large(&ipc, mine, &message, VIPC_NOW);
        expect(e == VIPC_ERR_PERMISSION_DENIED, "in a message", message.region_mode, e);
    }
    message.region = mine;
    e = vipc_send_large(&ipc, mine, &message, VIPC_NOW);
    expect(e < 0, "an endpoint as a region", 0, e);
    expect(vipc_region_seal(&ipc, r, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED && vipc_destroy(&ipc, r, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED &&
           vipc_revoke(&ipc, r, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED && vipc_object_truncate(&ipc, r, 0, VIPC_NOW) < 0, "ended or changed", r.token, 0);
    expect(out.token == GUARD, "a capability came of it", out.token, 0);
    e = report(&ipc, 'a', 0, 0);
    for (int i = 0; i < 1000 && is_there(m.at); i++) sleep_until(vipc_after(&ipc, MILLISECONDS(1)));
    expect(e == VIPC_OK && !is_there(m.at) && vipc_unmap(&ipc, &m, VIPC_FOREVER) < 0, "what was taken away", m.at, e);
    try_memory(r, "a revoked region");
    expect(vipc_region_find(&ipc, given, &out) == VIPC_ERR_INVALID_REGION && vipc_unmap(&ipc, &none, VIPC_NOW) < 0, "a revoked region by its id", given, 0);
}
/* Descriptions of its own regions, out of all bounds. */
static void regions_beyond(void)
{
    static const uint64_t huge[] = { 1ull << 33, 1ull << 47, 1ull << 52, 1ull << 63, ~0ull - 4095, ~0ull - 4094, ~0ull };
    vipc_cap r = { 0 }, out = { GUARD };
    vipc_mapping m = { GUARD, GUARD, 0, 0 }, was;
    vipc_region_desc d = VIPC_INIT;
    vipc_error e;
    for (unsigned i = 0; i < sizeof huge / sizeof *huge; i++) {
        d.size = huge[i];
        e = vipc_region_create(&ipc, &d, &out);
        expect(e == VIPC_ERR_LIMIT || e == VIPC_ERR_INVALID_ARGUMENT, "a region of more than there is", huge[i], e);
    }
    for (int bit = 3; bit < 32; bit++) {
        d.size = PAGE;
        d.access_max = 1u << bit;
        expect(vipc_region_create(&ipc, &d, &out) == VIPC_ERR_INVALID_ARGUMENT, "an unknown access", d.access_max, 0);
        d.access_max = 0;
        d.cache = 1u << (bit - 1);
        expect(vipc_region_create(&ipc, &d, &out) == VIPC_ERR_INVALID_ARGUMENT, "an unknown cache policy", d.cache, 0);
        d.cache = 0;
        d.node = 1u << (bit - 1);
        expect(vipc_region_create(&ipc, &d, &out) == VIPC_ERR_INVALID_ARGUMENT, "an unknown node", d.node, 0);
        d.node = 0;
    }
    d.idle = mine;
    d.idle_bits = 1;
    expect(vipc_region_create(&ipc, &d, &out) < 0, "an endpoint to be signalled", 0, 0);
    for (int bit = 0; bit < 64; bit++) {
        d.idle.token = note.token ^ 1ull << bit;
        if (vipc_cap_require(&ipc, d.idle, 0, 0) == VIPC_OK) continue;           /* it has made others */
        e = vipc_region_create(&ipc, &d, &out);
        expect(e == VIPC_ERR_INVALID_CAPABILITY && out.token == GUARD, "a guessed notification", d.idle.token, e);
    }
    d.idle.token = 0;
    d.label = (const char *)0xffff800000000000ull;
    expect(vipc_region_create(&ipc, &d, &out) == VIPC_ERR_FAULT, "a label in the kernel", 0, 0);
    d.label = NULL;
    d.size = 4 * PAGE;
    expect(vipc_region_create(&ipc, &d, &r) == VIPC_OK, "four pages", 0, 0);
    for (unsigned h = 0; h < sizeof hostile / sizeof *hostile; h++)
        for (int field = 0; field < 3; field++) {
            vipc_map_desc how = VIPC_INIT;
            uint64_t value = field ? hostile[h] : hostile[h] & ~4095ull;
            *(field == 0 ? &how.at : field == 1 ? &how.offset : &how.size) = value;
            e = vipc_map(&ipc, r, &how, &m);
            if (e == VIPC_OK) expect(value == 0 || (field == 0 && m.at == value && value < USER_END) || (field == 2 && value <= 4 * PAGE), "a place for a region", value, field);
            else expect(e >= VIPC_ERR_HOOK, "a place for a region", value, e);
            if (e == VIPC_OK) expect(vipc_unmap(&ipc, &m, VIPC_FOREVER) == VIPC_OK, "its unmap", value, field);
        }
    for (uint64_t i = 1; i < 400; i++) {                     /* into spaces of others */
        vipc_map_desc how = VIPC_INIT;
        how.space.token = 5ull << 56 | 0xfull << 60 | (i & 1 ? i >> 1 : next_random() >> 16);
        expect(vipc_map(&ipc, r, &how, &m) == VIPC_ERR_INVALID_CAPABILITY, "mapped into a guessed space", how.space.token, 0);
    }
    /* what is not a mapping of this kind, or reaches beyond one */
    expect(vipc_map(&ipc, r, NULL, &m) == VIPC_OK, "mapped", 0, 0);
    was = m;
    for (unsigned h = 0; h < sizeof hostile / sizeof *hostile; h++)
        for (int field = 0; field < 2; field++) {
            m = was;
            *(field ? &m.at : &m.size) = hostile[h];
            if (m.size - 1 < 4 * PAGE && m.at == was.at) continue;               /* a part of its own */
            e = vipc_unmap(&ipc, &m, VIPC_NOW);
            expect(e < 0 && can_load(was.at) && can_load(was.at + 3 * PAGE), "unmapped beyond, or elsewhere", hostile[h], e);
        }
    m = was;
    m.at = (vipc_addr)extents & ~4095ull;
    expect(vipc_unmap(&ipc, &m, VIPC_NOW) == VIPC_ERR_INVALID_REGION, "its own code, as a region", m.at, 0);
    expect(vipc_unmap(&ipc, &was, VIPC_FOREVER) == VIPC_OK && vipc_close(&ipc, r) == VIPC_OK, "all of it", was.at, 0);
    try_memory(r, "a closed region");
}
static void objects(void)
{
    static char name[VIPC_OBJECT_NAME_MAX + 3];
    vipc_cap o = { GUARD };
    vipc_map_desc how = VIPC_INIT;
    vipc_derive_desc more = VIPC_INIT;
    vipc_mapping m;
    vipc_error e;
    uint32_t before = 0, after = 0;
    expect(vipc_object_count(&ipc, &before) == VIPC_OK, "count", 0, 0);
    for (uint32_t flags = 0; flags < 16; flags++) {          /* of init's, that only init may open */
        e = vipc_object_open(&ipc, "/attacked closed", flags, 0, &o, VIPC_NOW);
        expect(e == VIPC_ERR_PERMISSION_DENIED || e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_EXISTS, "another's object", flags, e);
        if (flags & VIPC_OPEN_READ_ONLY) continue;
        e = vipc_object_open(&ipc, "/attacked open", flags, 0777, &o, VIPC_NOW);         /* and of one that others may read */
        expect(e == VIPC_ERR_PERMISSION_DENIED || e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_EXISTS, "another's object, to be written to", flags, e);
    }
    for (int bit = 4; bit < 32; bit++)
        expect(vipc_object_open(&ipc, "/attacked open", 1u << bit | VIPC_OPEN_READ_ONLY, 0, &o, VIPC_NOW) == VIPC_ERR_INVALID_ARGUMENT, "an unknown flag", (uint64_t)bit, 0);
    expect(vipc_object_unlink(&ipc, "/attacked closed") == VIPC_ERR_PERMISSION_DENIED &&
           vipc_object_unlink(&ipc, "/attacked open") == VIPC_ERR_PERMISSION_DENIED && o.token == GUARD, "unlinked", o.token, 0);
    expect(vipc_object_open(&ipc, "attacked open", VIPC_OPEN_READ_ONLY, 0, &o, VIPC_NOW) == VIPC_OK, "to be read", 0, 0);
    for (how.access = 2; how.access < 8; how.access++) {
        e = vipc_map(&ipc, o, &how, &m);
        expect(e == VIPC_ERR_PERMISSION_DENIED || e == VIPC_ERR_INVALID_ARGUMENT, "an object mapped wider", how.access, e);
    }
    more.rights = VIPC_RIGHT_READ | VIPC_RIGHT_WRITE;
    expect(vipc_object_truncate(&ipc, o, 0, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED &&
           vipc_region_seal(&ipc, o, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED && vipc_destroy(&ipc, o, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED,
           "an object cut, sealed, ended", o.token, 0);
    expect(vipc_derive(&ipc, o, &more, &o) == VIPC_ERR_PERMISSION_DENIED &&
           vipc_region_transfer(&ipc, o, kernel, VIPC_MOVE, 0, &o, VIPC_NOW) < 0, "an object's rights", o.token, 0);
    expect(vipc_map(&ipc, o, NULL, &m) == VIPC_OK && can_load(m.at) && !can_store(m.at) && ((volatile uint64_t *)m.at)[1] == GUARD, "an object, read", o.token, 0);
    for (unsigned n = 0; n < sizeof name; n++) {
        for (unsigned i = 0; i < n; i++) name[i] = 'x';
        name[n] = 0;
        e = vipc_object_open(&ipc, name, 0, 0, &o, VIPC_NOW);
        expect(e == (n == 0 ? VIPC_ERR_INVALID_ARGUMENT : n > VIPC_OBJECT_NAME_MAX ? VIPC_ERR_NAME_TOO_LONG : VIPC_ERR_NOT_FOUND), "a name", n, e);
        if (n == 0) continue;
        name[n / 2] = n / 2 ? '/' : 'x';
        e = vipc_object_unlink(&ipc, name);
        expect(e == VIPC_ERR_INVALID_ARGUMENT || e == VIPC_ERR_NAME_TOO_LONG || (n < 2 && e == VIPC_ERR_NOT_FOUND), "a name with a slash", n, e);
    }
    expect(vipc_object_count(&ipc, &after) == VIPC_OK && after == before, "count", after, before);
}
static void unknown_calls(void)
{
    static const uint64_t numbers[] = { SYS_GAP, SYS_GAP + 1, SYS_OBJECT_OPEN - 1,
                                        SYSCALLS, SYSCALLS + 1, 255, 259, 65536, (1ull << 32) + SYS_FAST_CALL, 1ull << 31, 1ull << 32, (1ull << 32) + SYS_SEND, 1ull << 63, ~0ull };
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int64_t r = syscall_(numbers[i], 1, 2, 3, 4, 5, 6);
        expect(r == VIPC_ERR_NOT_SUPPORTED, "unknown call", numbers[i], r);
    }
    for (uint64_t what = 0; what < 32; what++) {
        int64_t r = SYS3(SYS_CONTROL, what, 1, 0);
        expect(r == VIPC_ERR_PERMISSION_DENIED, "control", what, r);
    }
    int64_t r = SYS5(SYS_SPAWN, "probe", "exit 0", 2, out_buffer, out_buffer + 1);
    expect(r == VIPC_ERR_PERMISSION_DENIED, "a child above one's own priority", 2, r);
    r = SYS5(SYS_SPAWN, "probe", "exit 0", 1 | SPAWN_CONTROL, out_buffer, out_buffer + 1);
    expect(r == VIPC_ERR_PERMISSION_DENIED, "a child with more to say than oneself", SPAWN_CONTROL, r);
}
/* Anything at all, deadlines apart. */
static void noise(void)
{
    for (int round = 0; round < 10000; round++) {
        uint64_t a[6];
        int c = (int)(next_random() % CALLS);
        const char *kinds = calls[c].kinds;
        int live = 1;
        if (calls[c].number == SYS_SPAWN || calls[c].number == SYS_PROCESS_WAIT || calls[c].number == SYS_WAIT || calls[c].number == SYS_LOG) continue;
        for (int i = 0; i < 6; i++) {
            live = live && kinds[i];
            uint64_t r = next_random();
            a[i] = live && kinds[i] == 'd' ? 0 : r % 4 == 0 ? hostile[(r >> 8) % (sizeof hostile / sizeof hostile[0])] : r % 4 == 1 ? r >> 40 : live ? plain(kinds[i], i) : r;
        }
        int64_t r = try_call(calls[c].number, a);
        expect(r >= VIPC_ERR_HOOK && r <= 100000, "noise", (uint64_t)c, r);
    }
}

int main(int argc, char **argv)
{
    uint64_t victims = argc > 1 ? strtoul(argv[1], NULL, 16) : 0;
    random_state = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    given = argc > 5 ? strtoul(argv[5], NULL, 10) : 0;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK || vipc_endpoint_create(&ipc, NULL, &mine) != VIPC_OK) return 2;
    if (vipc_notification_create(&ipc, NULL, &note) != VIPC_OK) return 3;
    tokens(victims);
    arguments();
    sizes();
    places();
    extents();
    bits_and_tokens();
    many_regions();
    forks();
    regions_of_others(argc > 3 ? strtoul(argv[3], NULL, 16) : 0, argc > 4 ? strtoul(argv[4], NULL, 10) : 0);
    region_for_reading();
    regions_beyond();
    objects();
    unknown_calls();
    noise();
    (void)vipc_object_unlink(&ipc, (const char *)in_text);   /* the noise may have made it */
    printf("attacker: %lu attempts, %lu got what they should not\n", tried, wrong);
    return wrong != 0 || tried < 5000;
}
