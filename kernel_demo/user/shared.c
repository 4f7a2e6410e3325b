/* shared.c - memory that processes share, as they see it: by real loads and stores, and by the faults that those end in.  What it is to do is its first argument.
 * Exit code 0: all was as it should be.  Some of it is to end in a fault; init.c knows which, and why.
 *
 * Two programs at least: the one that plays, and puppets, started by it, which do what they are told by calls and answer with what came of it. */
#include "harness.h"

enum { PAGE = 4096, WORDS = PAGE / 8 };
enum { SHARE = VIPC_SHARE, MOVE = VIPC_MOVE, COPY = VIPC_COPY_ON_WRITE, READ = VIPC_READ, WRITE = VIPC_WRITE, EXECUTE = VIPC_READ_EXECUTE, CREATE = VIPC_OPEN_CREATE };
#define OBJECT_NAME "an object"
#define OBJECT "/" OBJECT_NAME
static vipc ipc;
static const vipc_cap own, none;
#define REQUIRE(condition) do { if (!(condition)) { printf("shared: line %d: %s\n", __LINE__, #condition); return 100; } } while (0)

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
static vipc_time in(uint64_t milliseconds) { return vipc_after(&ipc, MILLISECONDS(milliseconds)); }
static uint64_t load(vipc_addr at) { return *(volatile uint64_t *)at; }
static void store(vipc_addr at, uint64_t value) { *(volatile uint64_t *)at = value; }
static vipc_cap cap_of(uint64_t token) { vipc_cap c = { token }; return c; }
/* May it be read, written?  By the kernel's own hands, which tell instead of ending: a name that is read, a result that would be written there if the rest were right. */
static int can_load(vipc_addr at) { return SYS1(SYS_UNPUBLISH, at) != VIPC_ERR_FAULT; }
static int can_store(vipc_addr at) { return SYS2(SYS_CAP_GET, 0, at) != VIPC_ERR_FAULT; }

static vipc_error create(uint64_t pages, vipc_cap *out)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    d.label = "played with";
    return vipc_region_create(&ipc, &d, out);
}
static vipc_error map_part(vipc_cap memory, uint32_t access, uint32_t lazy, uint64_t offset, uint64_t size, vipc_mapping *m)
{
    vipc_map_desc d = VIPC_INIT;
    d.access = access;
    d.lazy = lazy;
    d.offset = offset;
    d.size = size;
    return vipc_map(&ipc, memory, &d, m);
}
static vipc_addr map(vipc_cap memory, uint32_t access)       /* 0: it did not work */
{
    vipc_mapping m;
    return map_part(memory, access, 0, 0, 0, &m) == VIPC_OK && m.access == access ? m.at : 0;
}
static vipc_error unmap(vipc_addr at, uint64_t pages)
{
    vipc_mapping m = VIPC_INIT;
    m.at = at;
    m.size = pages * PAGE;
    return vipc_unmap(&ipc, &m, in(10000));
}
static vipc_region_info info(vipc_cap memory)
{
    vipc_region_info i = VIPC_INIT;
    return vipc_region_get(&ipc, memory, &i) == VIPC_OK ? i : (vipc_region_info)VIPC_INIT;
}
static vipc_error map_private(vipc_cap memory, uint64_t pages, vipc_addr *at)
{
    vipc_mmap_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE;
    d.backing = memory;
    return vipc_space_mmap(&ipc, own, &d, at, in(10000));
}

/* ---- puppets ---- */
enum op { LOAD = 1, STORE, CAN_LOAD, CAN_STORE, MAP, UNMAP, CLOSE, FIND, ALLOWS, HELD, SEAL, GIVE, MAKE, OPEN, TRUNCATE, UNLINK, END };
static int be_a_puppet(const char *name, vipc_pid player)
{
    vipc_cap door;
    vipc_process_info alive;
    vipc_incoming m, last = VIPC_INIT;
    if (vipc_endpoint_create(&ipc, NULL, &door) != VIPC_OK || vipc_publish(&ipc, name, door, VIPC_RIGHT_SEND) != VIPC_OK) return 97;
    for (;;) {
        memset(&m, 0, sizeof m);
        vipc_error e = vipc_receive_large(&ipc, door, &m, in(100));
        if (e != VIPC_OK && (e != VIPC_ERR_TIMEOUT || vipc_process_get(&ipc, player, &alive) != VIPC_OK)) return 96;      /* nobody is there any more */
        if (e != VIPC_OK) continue;
        if (m.region.token) last = m;
        const uint64_t *a = m.message.data;
        vipc_outgoing answer = VIPC_INIT;
        uint64_t *out = answer.message.data;
        vipc_mapping made = VIPC_INIT;
        vipc_region_desc d = VIPC_INIT;
        vipc_cap c = none;
        switch ((enum op)m.message.opcode) {
        case LOAD: out[0] = load(a[0]); break;
        case STORE: store(a[0], a[1]); break;
        case CAN_LOAD: out[0] = (uint64_t)can_load(a[0]); break;
        case CAN_STORE: out[0] = (uint64_t)can_store(a[0]); break;
        case MAP: e = map_part(cap_of(a[0]), (uint32_t)a[1], (uint32_t)a[2], a[3], 0, &made); out[0] = made.at; out[1] = made.size; break;
        case UNMAP: e = unmap(a[0], a[1]); break;
        case CLOSE: e = vipc_close(&ipc, cap_of(a[0])); break;
        case FIND: e = vipc_region_find(&ipc, a[0], &c); out[0] = c.token; break;
        case ALLOWS: e = vipc_cap_require(&ipc, cap_of(a[0]), 0, (uint32_t)a[1]); break;
        case HELD: out[0] = last.region.token; out[1] = last.region_mode; out[2] = last.region_access; out[3] = last.region_size; break;
        case SEAL: e = vipc_region_seal(&ipc, cap_of(a[0]), in(10000)); break;
        case GIVE: answer.region = cap_of(a[0]); answer.region_mode = (uint32_t)a[1]; break;
        case MAKE: d.size = a[0] * PAGE; e = vipc_region_create(&ipc, &d, &c); out[0] = c.token; break;
        case OPEN: e = vipc_object_open(&ipc, OBJECT, (uint32_t)a[0], 0, &c, in(10000)); out[0] = c.token; break;
        case TRUNCATE: e = vipc_object_truncate(&ipc, cap_of(a[0]), a[1], in(10000)); break;
        case UNLINK: e = vipc_object_unlink(&ipc, OBJECT); break;
        case END: break;
        }
        answer.message.opcode = (uint32_t)-(int)e;
        e = m.info.reply.token ? vipc_reply_large(&ipc, m.info.reply, &answer) : VIPC_OK;
        if (e != VIPC_OK) (void)vipc_reply_drop(&ipc, m.info.reply, e);
        if (m.message.opcode == END) return 0;
    }
}
struct puppet { vipc_cap process, door; vipc_pid pid; };
static struct { vipc_cap region; uint32_t mode, access; } gift;      /* goes along with the next order */
static vipc_incoming answer;
static vipc_error order(const struct puppet *p, enum op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    vipc_outgoing m = VIPC_INIT;
    m.message.opcode = op;
    m.message.data[0] = a;
    m.message.data[1] = b;
    m.message.data[2] = c;
    m.message.data[3] = d;
    m.region = gift.region;
    m.region_mode = gift.mode;
    m.region_access = gift.access;
    gift.region = none;
    memset(&answer, 0, sizeof answer);
    vipc_error e = vipc_call_large(&ipc, p->door, &m, &answer, in(20000));
    return e == VIPC_OK ? (vipc_error)-(int)answer.message.opcode : e;
}
static vipc_error bring(const struct puppet *p, vipc_cap region, uint32_t mode, uint32_t access)     /* by a message */
{
    gift.region = region;
    gift.mode = mode;
    gift.access = access;
    return order(p, HELD, 0, 0, 0, 0);
}
static uint64_t ask_for(const struct puppet *p, enum op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    vipc_error e = order(p, op, a, b, c, d);
    if (e != VIPC_OK) printf("shared: order %d %lx %lx: %s\n", (int)op, (unsigned long)a, (unsigned long)b, vipc_error_string(e));
    return e == VIPC_OK ? answer.message.data[0] : ~0ull;
}
static uint64_t its_load(const struct puppet *p, vipc_addr at) { return ask_for(p, LOAD, at, 0, 0, 0); }
static int its_store(const struct puppet *p, vipc_addr at, uint64_t value) { return order(p, STORE, at, value, 0, 0) == VIPC_OK; }
static int it_can_load(const struct puppet *p, vipc_addr at) { return ask_for(p, CAN_LOAD, at, 0, 0, 0) != 0; }
static int it_can_store(const struct puppet *p, vipc_addr at) { return ask_for(p, CAN_STORE, at, 0, 0, 0) != 0; }
static vipc_addr it_maps(const struct puppet *p, uint64_t token, uint32_t access) { return ask_for(p, MAP, token, access, 0, 0); }
static vipc_error it_may_map(const struct puppet *p, uint64_t token, uint32_t access) { return order(p, MAP, token, access, 0, 0); }

static int puppet_start(struct puppet *p, const char *letter)
{
    char arguments[32] = "puppet ?00000000 00000000", name[10];
    arguments[7] = letter[0];
    for (uint64_t i = 0, n = vipc_self(&ipc).id; i < 8; i++, n >>= 4) arguments[15 - i] = arguments[24 - i] = "0123456789abcdef"[n & 15];
    memcpy(name, arguments + 7, 9);
    name[9] = 0;
    return spawn("shared", arguments, 1, &p->process, &p->pid) == VIPC_OK && vipc_lookup(&ipc, name, 0, &p->door, in(10000)) == VIPC_OK;
}
static uint64_t puppet_status(const struct puppet *p)
{
    uint64_t status = 999;
    (void)wait_for(p->pid, &status, in(20000));
    return status;
}
static int puppet_ends(const struct puppet *p) { return order(p, END, 0, 0, 0, 0) == VIPC_OK && puppet_status(p) == 0; }
/* That load or store is its last. */
static int dies_of(const struct puppet *p, enum op op, vipc_addr at, vipc_error why)
{
    vipc_error e = order(p, op, at, 1, 0, 0);
    uint64_t status = puppet_status(p);
    if (e == VIPC_ERR_PEER_DEAD && status == (uint64_t)(STATUS_MEMORY - why)) return 1;
    printf("shared: order %d: %s, status %lx\n", (int)op, vipc_error_string(e), (unsigned long)status);
    return 0;
}

/* ---- shared ---- */
static int play_share(void)
{
    struct puppet p, q;
    vipc_cap r, c, d;
    vipc_region_desc neighbours = VIPC_INIT;
    neighbours.size = 5 * PAGE;
    neighbours.contiguous = 1;
    REQUIRE(vipc_region_create(&ipc, &neighbours, &r) == VIPC_OK && info(r).contiguous && info(r).physical == 0 && vipc_close(&ipc, r) == VIPC_OK);      /* where is not told */
    REQUIRE(puppet_start(&p, "p") && puppet_start(&q, "q") && create(3, &r) == VIPC_OK);
    const vipc_addr mine = map(r, WRITE);
    REQUIRE(mine && info(r).mappings == 1 && info(r).mine.at == mine);
    for (uint64_t i = 0; i < 3 * WORDS; i++) REQUIRE(load(mine + i * 8) == 0);
    for (uint64_t i = 0; i < 3; i++) store(mine + i * PAGE, 100 + i);
    REQUIRE(vipc_region_transfer(&ipc, r, p.pid, SHARE, READ, &c, in(10000)) == VIPC_OK);
    REQUIRE(ask_for(&p, FIND, info(r).id, 0, 0, 0) == c.token);
    const vipc_addr its = it_maps(&p, c.token, READ);
    for (uint64_t i = 0; i < 3; i++) REQUIRE(its_load(&p, its + i * PAGE) == 100 + i);
    store(mine + 2 * PAGE, 7);
    REQUIRE(its_load(&p, its + 2 * PAGE) == 7 && it_can_load(&p, its) && !it_can_store(&p, its) && !it_can_load(&p, its + 3 * PAGE));
    REQUIRE(it_may_map(&p, c.token, WRITE) == VIPC_ERR_PERMISSION_DENIED && it_may_map(&p, c.token, EXECUTE) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(it_maps(&p, c.token, READ) == its && info(r).mappings == 2);         /* nothing is mapped anew */
    REQUIRE(vipc_region_transfer(&ipc, r, p.pid, SHARE, WRITE, &d, in(10000)) == VIPC_OK);
    const vipc_addr writable = it_maps(&p, d.token, WRITE);
    REQUIRE(writable != its && its_store(&p, writable + PAGE, 9) && load(mine + PAGE) == 9);
    REQUIRE(its_load(&p, its + PAGE) == 9 && it_can_store(&p, writable) && !it_can_store(&p, its));
    REQUIRE(info(r).mappings == 3);
    REQUIRE(vipc_region_transfer(&ipc, r, q.pid, SHARE, 0, &d, in(10000)) == VIPC_OK);
    const vipc_addr third = it_maps(&q, d.token, WRITE);
    REQUIRE(its_store(&q, third, 11) && its_load(&p, its) == 11 && load(mine) == 11);
    REQUIRE(vipc_revoke(&ipc, r, in(10000)) == VIPC_OK);     /* takes back what was handed on, mappings included */
    REQUIRE(!it_can_load(&p, its) && !it_can_load(&p, writable) && !it_can_store(&p, writable) && order(&p, ALLOWS, c.token, 0, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    REQUIRE(load(mine) == 11 && info(r).mappings == 1 && info(r).holders == 1);
    REQUIRE(dies_of(&q, LOAD, third, VIPC_ERR_FAULT));
    REQUIRE(vipc_region_transfer(&ipc, r, p.pid, SHARE, READ, &c, in(10000)) == VIPC_OK && dies_of(&p, STORE, it_maps(&p, c.token, READ), VIPC_ERR_PERMISSION_DENIED));
    REQUIRE(load(mine) == 11 && unmap(mine, 3) == VIPC_OK && !can_load(mine) && unmap(mine, 3) == VIPC_ERR_INVALID_REGION && vipc_close(&ipc, r) == VIPC_OK);
    return 0;
}

/* ---- moved ---- */
static int play_move(void)
{
    struct puppet p;
    vipc_cap r, c, derived;
    REQUIRE(puppet_start(&p, "p") && create(2, &r) == VIPC_OK && vipc_derive(&ipc, r, NULL, &derived) == VIPC_OK);
    const vipc_addr mine = map(r, WRITE);
    const uint64_t id = info(r).id;
    vipc_mapping second;
    REQUIRE(mine && map_part(r, READ, 1, PAGE, PAGE, &second) == VIPC_OK && second.size == PAGE);
    store(mine, 1);
    store(mine + PAGE, 2);
    REQUIRE(load(second.at) == 2);
    REQUIRE(vipc_region_transfer(&ipc, r, p.pid, MOVE, 0, &c, in(10000)) == VIPC_OK);
    REQUIRE(!can_load(mine) && !can_store(mine) && !can_load(mine + PAGE) && !can_load(second.at));
    REQUIRE(vipc_cap_require(&ipc, r, 0, 0) == VIPC_ERR_INVALID_CAPABILITY && vipc_region_find(&ipc, id, &derived) == VIPC_ERR_INVALID_REGION && map(r, READ) == 0);
    const vipc_addr its = it_maps(&p, c.token, WRITE);
    REQUIRE(its_load(&p, its) == 1 && its_load(&p, its + PAGE) == 2 && its_store(&p, its, 3));
    REQUIRE(order(&p, GIVE, c.token, MOVE, 0, 0) == VIPC_OK);                    /* and back, in a reply */
    r = answer.region;
    REQUIRE(r.token && answer.region_mode == MOVE && answer.region_size == 2 * PAGE && info(r).id == id && info(r).owner.id == vipc_self(&ipc).id && info(r).mappings == 0);
    REQUIRE(!it_can_load(&p, its) && !it_can_store(&p, its + PAGE) && order(&p, ALLOWS, c.token, 0, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    const vipc_addr again = map(r, WRITE);
    REQUIRE(again && load(again) == 3 && load(again + PAGE) == 2);
    REQUIRE(bring(&p, r, MOVE, 0) == VIPC_OK && answer.message.data[1] == MOVE && answer.message.data[3] == 2 * PAGE && !can_load(again));     /* and there, by a call */
    const uint64_t token = answer.message.data[0];
    const vipc_addr there = it_maps(&p, token, READ);
    REQUIRE(its_load(&p, there) == 3 && vipc_region_find(&ipc, id, &derived) == VIPC_ERR_INVALID_REGION);
    REQUIRE(order(&p, GIVE, token, MOVE, 0, 0) == VIPC_OK);
    r = answer.region;
    REQUIRE(dies_of(&p, LOAD, there, VIPC_ERR_FAULT) && load(map(r, READ)) == 3);
    return 0;
}

/* ---- copied on the first write ---- */
static int play_copy(void)
{
    struct puppet p;
    vipc_cap r, c;
    REQUIRE(puppet_start(&p, "p") && create(4, &r) == VIPC_OK);
    const vipc_addr mine = map(r, WRITE);
    for (uint64_t i = 0; i < 4; i++) store(mine + i * PAGE, 10 + i);
    REQUIRE(vipc_region_transfer(&ipc, r, p.pid, COPY, WRITE, &c, in(10000)) == VIPC_OK);
    const vipc_addr its = it_maps(&p, c.token, WRITE);
    for (uint64_t i = 0; i < 4; i++) REQUIRE(its_load(&p, its + i * PAGE) == 10 + i);
    store(mine, 20);
    REQUIRE(its_load(&p, its) == 10 && its_store(&p, its + PAGE, 31) && load(mine + PAGE) == 11 && its_load(&p, its + PAGE) == 31);
    store(mine + 2 * PAGE, 22);
    REQUIRE(its_store(&p, its + 2 * PAGE, 32) && load(mine + 2 * PAGE) == 22 && its_load(&p, its + 2 * PAGE) == 32);
    REQUIRE(load(mine + 3 * PAGE) == 13 && its_load(&p, its + 3 * PAGE) == 13);
    store(mine, 40);
    REQUIRE(load(mine) == 40 && its_load(&p, its) == 10);
    REQUIRE(bring(&p, r, COPY, READ) == VIPC_OK && answer.message.data[1] == COPY);            /* a second one, by a message */
    const vipc_addr second = it_maps(&p, answer.message.data[0], READ);
    store(mine + 3 * PAGE, 53);
    REQUIRE(its_load(&p, second) == 40 && its_load(&p, second + 3 * PAGE) == 13 && its_load(&p, its + 3 * PAGE) == 13 && !it_can_store(&p, second));
    REQUIRE(unmap(mine, 4) == VIPC_OK && vipc_destroy(&ipc, r, in(10000)) == VIPC_OK);         /* the first ends; its copies do not */
    REQUIRE(its_load(&p, second + 2 * PAGE) == 22 && its_load(&p, its + 3 * PAGE) == 13 && its_store(&p, its + 3 * PAGE, 63) && its_load(&p, second + 3 * PAGE) == 13);
    REQUIRE(puppet_ends(&p));
    return 0;
}

/* ---- by messages ---- */
static int play_message(void)
{
    static char text[5000];
    struct puppet p;
    vipc_cap r, door, extra;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming got = VIPC_INIT;
    d.payload_max = sizeof text;
    REQUIRE(puppet_start(&p, "p") && create(2, &r) == VIPC_OK && vipc_endpoint_create(&ipc, &d, &door) == VIPC_OK && vipc_endpoint_create(&ipc, NULL, &extra) == VIPC_OK);
    const vipc_addr mine = map(r, WRITE);
    store(mine, 77);
    REQUIRE(bring(&p, r, SHARE, WRITE) == VIPC_OK && answer.message.data[2] == WRITE && answer.message.data[3] == 2 * PAGE);
    const uint64_t token = answer.message.data[0];
    const vipc_addr its = it_maps(&p, token, WRITE);
    REQUIRE(its_load(&p, its) == 77 && its_store(&p, its + PAGE, 78) && load(mine + PAGE) == 78);
    REQUIRE(order(&p, CLOSE, token, 0, 0, 0) == VIPC_OK && its_load(&p, its) == 77);            /* the mapping stays */
    for (int i = 0; i < 5; i++) {                                                               /* and is found again */
        store(mine, (uint64_t)i);
        REQUIRE(bring(&p, r, SHARE, WRITE) == VIPC_OK && it_maps(&p, answer.message.data[0], WRITE) == its && its_load(&p, its) == (uint64_t)i && info(r).mappings == 2);
        REQUIRE(bring(&p, none, 0, 0) == VIPC_OK && order(&p, CLOSE, answer.message.data[0], 0, 0, 0) == VIPC_OK);
    }
    REQUIRE(info(r).holders == 1 && vipc_revoke(&ipc, r, in(10000)) == VIPC_OK && !it_can_load(&p, its) && info(r).mappings == 1);
    REQUIRE(bring(&p, r, SHARE, EXECUTE) == VIPC_OK && answer.message.data[2] == READ);          /* what it may be mapped for, and no more */
    REQUIRE(bring(&p, extra, SHARE, 0) == VIPC_ERR_INVALID_REGION);
    /* beside a payload and capabilities, queued */
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)i;
    out.payload = text;
    out.payload_size = sizeof text;
    out.region = r;
    out.region_access = READ;
    out.caps[0] = extra;
    out.cap_count = 1;
    out.message.data[3] = 5;
    REQUIRE(vipc_send_large(&ipc, door, &out, VIPC_NOW) == VIPC_OK);
    memset(text, 0, sizeof text);
    got.payload = text;
    got.payload_capacity = sizeof text;
    REQUIRE(vipc_receive_large(&ipc, door, &got, VIPC_NOW) == VIPC_OK && got.info.payload_size == sizeof text && text[77] == 77 && got.message.data[3] == 5);
    REQUIRE(got.info.cap_count == 1 && got.caps[0].token && got.region.token && got.region_access == READ && got.region_mode == SHARE && got.region_size == 2 * PAGE);
    REQUIRE(info(got.region).id == info(r).id && vipc_cap_require(&ipc, got.region, VIPC_TYPE_REGION, VIPC_RIGHT_WRITE) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(vipc_close(&ipc, got.region) == VIPC_OK && vipc_close(&ipc, got.caps[0]) == VIPC_OK);
    /* revoked on the way; and lost with the queue, when it moves */
    REQUIRE(vipc_send_large(&ipc, door, &out, VIPC_NOW) == VIPC_OK && vipc_revoke(&ipc, r, in(10000)) == VIPC_OK);
    REQUIRE(vipc_receive_large(&ipc, door, &got, VIPC_NOW) == VIPC_OK && got.region.token == 0 && text[77] == 77 && vipc_close(&ipc, got.caps[0]) == VIPC_OK);
    out.region_mode = MOVE;
    out.region_access = 0;
    REQUIRE(vipc_send_large(&ipc, door, &out, in(1000)) == VIPC_OK && !can_load(mine) && vipc_cap_require(&ipc, r, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    REQUIRE(vipc_destroy(&ipc, door, in(1000)) == VIPC_OK && puppet_ends(&p));
    return 0;
}

/* ---- named objects ---- */
static int play_object(void)
{
    struct puppet p;
    vipc_cap o, second;
    vipc_object_stat s = VIPC_INIT;
    uint32_t before = 0, count = 0;
    REQUIRE(puppet_start(&p, "p") && vipc_object_count(&ipc, &before) == VIPC_OK);
    REQUIRE(vipc_object_open(&ipc, OBJECT, 0, 0, &o, in(1000)) == VIPC_ERR_NOT_FOUND && vipc_object_unlink(&ipc, OBJECT) == VIPC_ERR_NOT_FOUND);
    REQUIRE(vipc_object_open(&ipc, "a/b", CREATE, 0, &o, in(1000)) == VIPC_ERR_INVALID_ARGUMENT);
    REQUIRE(vipc_object_open(&ipc, "", CREATE, 0, &o, in(1000)) == VIPC_ERR_INVALID_ARGUMENT);
    REQUIRE(vipc_object_open(&ipc, OBJECT, CREATE | VIPC_OPEN_EXCLUSIVE, 0, &o, in(1000)) == VIPC_OK);
    REQUIRE(vipc_object_open(&ipc, OBJECT, CREATE | VIPC_OPEN_EXCLUSIVE, 0, &second, in(1000)) == VIPC_ERR_EXISTS);
    REQUIRE(vipc_object_count(&ipc, &count) == VIPC_OK && count == before + 1 && vipc_object_get(&ipc, o, &s) == VIPC_OK);
    REQUIRE(s.size == 0 && s.opens == 1 && s.owner.id == vipc_self(&ipc).id);
    REQUIRE(map(o, WRITE) == 0 && vipc_object_truncate(&ipc, o, 3 * PAGE - 100, in(1000)) == VIPC_OK);
    const vipc_addr mine = map(o, WRITE);
    REQUIRE(mine && load(mine) == 0 && load(mine + 2 * PAGE) == 0);
    store(mine + 2 * PAGE, 5);
    const uint64_t token = ask_for(&p, OPEN, 0, 0, 0, 0);
    const vipc_addr its = it_maps(&p, token, WRITE);
    REQUIRE(its_load(&p, its + 2 * PAGE) == 5 && its_store(&p, its, 6) && load(mine) == 6);
    const uint64_t read_only = ask_for(&p, OPEN, VIPC_OPEN_READ_ONLY, 0, 0, 0);
    REQUIRE(it_may_map(&p, read_only, WRITE) == VIPC_ERR_PERMISSION_DENIED && it_may_map(&p, read_only, READ) == VIPC_OK);
    REQUIRE(order(&p, TRUNCATE, read_only, 0, 0, 0) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(vipc_object_get(&ipc, o, &s) == VIPC_OK && s.size == 3 * PAGE - 100 && s.opens == 3 && s.mappings == 3 && !s.unlinked);
    /* smaller, and larger again: what was cut off is gone for both, and what comes is zero */
    REQUIRE(order(&p, TRUNCATE, token, PAGE, 0, 0) == VIPC_OK && load(mine) == 6 && !can_load(mine + 2 * PAGE) && !it_can_load(&p, its + PAGE) && it_can_store(&p, its));
    REQUIRE(vipc_object_truncate(&ipc, o, 3 * PAGE, in(1000)) == VIPC_OK && its_load(&p, its) == 6);
    const vipc_addr larger = map(o, READ);
    REQUIRE(larger && load(larger) == 6 && load(larger + PAGE) == 0 && load(larger + 2 * PAGE) == 0);
    /* the name goes, the object does not; the name is free */
    REQUIRE(order(&p, UNLINK, 0, 0, 0, 0) == VIPC_OK && vipc_object_open(&ipc, OBJECT, 0, 0, &second, in(1000)) == VIPC_ERR_NOT_FOUND);
    REQUIRE(vipc_object_count(&ipc, &count) == VIPC_OK && count == before && vipc_object_get(&ipc, o, &s) == VIPC_OK && s.unlinked);
    REQUIRE(vipc_object_open(&ipc, OBJECT_NAME, CREATE, 0600, &second, in(1000)) == VIPC_OK);
    REQUIRE(info(second).id != info(o).id && order(&p, OPEN, 0, 0, 0, 0) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(its_store(&p, its, 8) && load(mine) == 8 && load(larger) == 8);
    REQUIRE(vipc_close(&ipc, o) == VIPC_OK && load(mine) == 8 && puppet_ends(&p) && load(mine) == 8);       /* mappings keep it */
    REQUIRE(vipc_object_unlink(&ipc, OBJECT) == VIPC_OK && vipc_close(&ipc, second) == VIPC_OK);
    return 0;
}
/* What a program leaves under a name is there for the next; and who made it is gone. */
static int play_leave(void)
{
    vipc_cap o;
    REQUIRE(vipc_object_open(&ipc, OBJECT, CREATE, 0, &o, in(1000)) == VIPC_OK && vipc_object_truncate(&ipc, o, PAGE, in(1000)) == VIPC_OK);
    const vipc_addr mine = map(o, WRITE);
    store(mine + 8, 0x5a5a);
    return 0;
}
static int play_pick_up(void)
{
    vipc_cap o;
    vipc_object_stat s = VIPC_INIT;
    REQUIRE(vipc_object_open(&ipc, OBJECT, 0, 0, &o, in(1000)) == VIPC_OK && vipc_object_get(&ipc, o, &s) == VIPC_OK);
    REQUIRE(s.size == PAGE && s.owner.id == 0 && s.opens == 1 && s.mappings == 0);
    REQUIRE(load(map(o, READ) + 8) == 0x5a5a && vipc_object_unlink(&ipc, OBJECT) == VIPC_OK);
    return 0;
}

/* ---- sealed ---- */
static int play_seal(void)
{
    struct puppet p;
    vipc_cap r, c, o;
    REQUIRE(puppet_start(&p, "p") && create(1, &r) == VIPC_OK && vipc_region_transfer(&ipc, r, p.pid, SHARE, WRITE, &c, in(1000)) == VIPC_OK);
    const vipc_addr its = it_maps(&p, c.token, WRITE);
    REQUIRE(its_store(&p, its, 3) && vipc_region_seal(&ipc, r, in(1000)) == VIPC_ERR_RESOURCE_BUSY && order(&p, SEAL, c.token, 0, 0, 0) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(order(&p, UNMAP, its, 1, 0, 0) == VIPC_OK && vipc_region_seal(&ipc, r, in(1000)) == VIPC_OK);
    REQUIRE(info(r).sealed && vipc_region_seal(&ipc, r, in(1000)) == VIPC_OK);
    REQUIRE(it_may_map(&p, c.token, WRITE) == VIPC_ERR_PERMISSION_DENIED && map(r, WRITE) == 0);
    const vipc_addr mine = map(r, READ), now = it_maps(&p, c.token, READ);
    REQUIRE(mine && load(mine) == 3 && its_load(&p, now) == 3 && !can_store(mine) && !it_can_store(&p, now));
    REQUIRE(vipc_object_open(&ipc, OBJECT, CREATE, 0, &o, in(1000)) == VIPC_OK);
    REQUIRE(vipc_object_truncate(&ipc, o, 2 * PAGE, in(1000)) == VIPC_OK && vipc_region_seal(&ipc, o, in(1000)) == VIPC_OK);
    REQUIRE(vipc_object_truncate(&ipc, o, PAGE, in(1000)) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(vipc_object_truncate(&ipc, o, 3 * PAGE, in(1000)) == VIPC_ERR_PERMISSION_DENIED && map(o, WRITE) == 0 && map(o, READ));
    const uint64_t token = ask_for(&p, OPEN, 0, 0, 0, 0);
    REQUIRE(it_may_map(&p, token, WRITE) == VIPC_ERR_PERMISSION_DENIED && it_may_map(&p, token, READ) == VIPC_OK && vipc_object_unlink(&ipc, OBJECT) == VIPC_OK);
    REQUIRE(dies_of(&p, STORE, now, VIPC_ERR_PERMISSION_DENIED) && load(mine) == 3);
    return 0;
}

/* ---- who dies ---- */
static int play_exit(void)
{
    struct puppet p, q;
    vipc_cap r, c, note;
    vipc_region_desc d = VIPC_INIT;
    uint64_t bits = 0;
    REQUIRE(puppet_start(&p, "p") && puppet_start(&q, "q"));
    const uint64_t made = ask_for(&p, MAKE, 3, 0, 0, 0);
    REQUIRE(order(&p, GIVE, made, SHARE, 0, 0) == VIPC_OK && answer.region.token);
    r = answer.region;
    const vipc_addr its = it_maps(&p, made, WRITE), mine = map(r, WRITE);
    REQUIRE(its_store(&p, its + PAGE, 12) && load(mine + PAGE) == 12 && info(r).owner.id == p.pid.id);
    REQUIRE(vipc_destroy(&ipc, p.process, in(10000)) == VIPC_OK && puppet_status(&p) == STATUS_KILLED);      /* its owner: what others have of it stays */
    REQUIRE(load(mine + PAGE) == 12 && info(r).owner.id == 0 && info(r).mappings == 1 && info(r).holders == 1);
    store(mine + 2 * PAGE, 13);
    REQUIRE(vipc_close(&ipc, r) == VIPC_OK && load(mine + PAGE) == 12 && load(mine + 2 * PAGE) == 13 && unmap(mine, 3) == VIPC_OK && !can_load(mine));
    /* and one who has it: its owner is told that it is alone */
    REQUIRE(vipc_notification_create(&ipc, NULL, &note) == VIPC_OK);
    d.size = PAGE;
    d.idle = note;
    d.idle_bits = 6;
    REQUIRE(vipc_region_create(&ipc, &d, &r) == VIPC_OK && vipc_region_transfer(&ipc, r, q.pid, SHARE, READ, &c, in(1000)) == VIPC_OK);
    REQUIRE(it_maps(&q, c.token, READ) && info(r).holders == 2);
    REQUIRE(vipc_notification_wait(&ipc, note, 7, &bits, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK && info(r).mappings == 1);
    REQUIRE(vipc_destroy(&ipc, q.process, in(10000)) == VIPC_OK && vipc_notification_wait(&ipc, note, 7, &bits, in(10000)) == VIPC_OK && bits == 6);
    REQUIRE(info(r).holders == 1 && info(r).mappings == 0);
    return 0;                                                /* with r open, and nothing of it mapped */
}

/* ---- frames that are handed on ---- */
static int play_zero(void)
{
    struct puppet p;
    vipc_cap r, c;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    uint64_t seen = 0, pages = 0;
    REQUIRE(puppet_start(&p, "p") && create(64, &r) == VIPC_OK && vipc_region_transfer(&ipc, r, p.pid, SHARE, WRITE, &c, in(1000)) == VIPC_OK);
    const vipc_addr its = it_maps(&p, c.token, WRITE), mine = map(r, WRITE);
    for (uint64_t i = 0; i < 64 * WORDS; i++) store(mine + i * 8, 0x5ec7e7);
    REQUIRE(its_store(&p, its + 63 * PAGE, 0x5ec7e7) && unmap(mine, 64) == VIPC_OK && vipc_destroy(&ipc, r, in(10000)) == VIPC_OK);
    REQUIRE(!it_can_load(&p, its) && !it_can_store(&p, its + 63 * PAGE) && order(&p, ALLOWS, c.token, 0, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_POPULATE;
    for (uint64_t n = 1 << 14; n; ) {                        /* all frames that there are */
        d.size = n * PAGE;
        if (vipc_space_mmap(&ipc, own, &d, &at, in(10000)) != VIPC_OK) { n /= 2; continue; }
        for (uint64_t i = 0; i < n * WORDS; i++) seen |= load(at + i * 8);
        pages += n;
    }
    printf("shared: %lu pages looked at for what others had left there\n", (unsigned long)pages);
    REQUIRE(seen == 0 && pages > 1000 && dies_of(&p, STORE, its, VIPC_ERR_FAULT));
    return 0;
}

/* ---- forks, and system calls ---- */
static int play_fork(void)
{
    vipc_cap r;
    vipc_addr copy = 0;
    uint64_t status = 999;
    REQUIRE(create(4, &r) == VIPC_OK);
    const vipc_addr mine = map(r, WRITE);
    for (uint64_t i = 0; i < 4; i++) store(mine + i * PAGE, i + 1);
    REQUIRE(map_private(r, 4, &copy) == VIPC_OK && load(copy + PAGE) == 2);
    store(copy + PAGE, 50);
    store(mine + 2 * PAGE, 60);
    REQUIRE(load(mine + PAGE) == 2 && load(copy + PAGE) == 50 && load(copy + 2 * PAGE) == 3 && load(copy + 3 * PAGE) == 4);
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) {
        REQUIRE(load(mine) == 1 && load(copy + PAGE) == 50 && load(copy + 2 * PAGE) == 3);
        store(mine, 70);
        store(copy, 71);
        while (load(mine + 3 * PAGE) != 80) yield();
        REQUIRE(vipc_cap_require(&ipc, r, 0, 0) == VIPC_ERR_INVALID_CAPABILITY && unmap(mine, 4) == VIPC_OK && !can_load(mine));
        return 0;
    }
    REQUIRE(child > 0);
    while (load(mine) != 70) yield();
    REQUIRE(load(copy) == 1 && info(r).mappings == 2);
    store(mine + 3 * PAGE, 80);
    vipc_pid pid = { (uint64_t)child };
    REQUIRE(wait_for(pid, &status, in(10000)) == VIPC_OK && status == 0 && load(mine) == 70 && info(r).mappings == 1);
    return 0;
}
static int play_calls(void)
{
    vipc_cap r;
    vipc_mapping m;
    vipc_config c;
    REQUIRE(create(3, &r) == VIPC_OK && map_part(r, WRITE, 1, 0, 0, &m) == VIPC_OK && vipc_config_get(&ipc, &c) == VIPC_OK);
    REQUIRE(vipc_config_get(&ipc, (vipc_config *)(m.at + PAGE - 16)) == VIPC_OK && memcmp(&c, (void *)(m.at + PAGE - 16), sizeof c) == 0);
    const vipc_addr read = map(r, READ);
    REQUIRE(read && memcmp(&c, (void *)(read + PAGE - 16), sizeof c) == 0 && vipc_config_get(&ipc, (vipc_config *)read) == VIPC_ERR_FAULT);
    REQUIRE(vipc_region_get(&ipc, r, (vipc_region_info *)(m.at + 2 * PAGE)) == VIPC_OK && ((vipc_region_info *)(read + 2 * PAGE))->size == 3 * PAGE);
    REQUIRE(vipc_region_get(&ipc, r, (vipc_region_info *)(m.at + 3 * PAGE - 8)) == VIPC_ERR_FAULT);
    return 0;
}
/* Limits, and no frames left: errors, and all is as it was. */
static int play_scarcity(void)
{
    vipc_config c;
    vipc_cap r[64], o, last = none, copy;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    vipc_error e = VIPC_OK;
    struct puppet p;
    uint32_t n = 0;
    REQUIRE(vipc_config_get(&ipc, &c) == VIPC_OK && puppet_start(&p, "p"));
    REQUIRE(create(c.region_pages + 1, &r[0]) == VIPC_ERR_LIMIT && create(1ull << 51, &r[0]) == VIPC_ERR_LIMIT && create(0, &r[0]) == VIPC_ERR_INVALID_ARGUMENT);
    while (n < 64 && (e = create(c.region_pages / 4, &r[n])) == VIPC_OK) n++;
    REQUIRE(e == VIPC_ERR_LIMIT && n == c.shared_per_process / (c.region_pages / 4));
    while (n) REQUIRE(vipc_close(&ipc, r[--n]) == VIPC_OK);
    for (n = 0; n < 64 && (e = create(1, &r[n])) == VIPC_OK; n++) {}
    REQUIRE(e == VIPC_OK);
    while (n) REQUIRE(vipc_close(&ipc, r[--n]) == VIPC_OK);
    REQUIRE(vipc_object_open(&ipc, OBJECT, CREATE, 0, &o, in(1000)) == VIPC_OK);
    REQUIRE(vipc_object_truncate(&ipc, o, ((uint64_t)c.object_pages + 1) * PAGE, in(1000)) == VIPC_ERR_LIMIT);
    REQUIRE(vipc_object_truncate(&ipc, o, ~0ull, in(1000)) == VIPC_ERR_LIMIT && vipc_object_truncate(&ipc, o, PAGE, in(1000)) == VIPC_OK && create(8, &last) == VIPC_OK);
    const vipc_addr mine = map(last, WRITE);
    store(mine, 3);
    REQUIRE(vipc_region_transfer(&ipc, last, p.pid, COPY, WRITE, &copy, in(1000)) == VIPC_OK);
    const vipc_addr its = it_maps(&p, copy.token, WRITE);
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_POPULATE;
    for (uint64_t pages = 1 << 14; pages; ) {
        d.size = pages * PAGE;
        if (vipc_space_mmap(&ipc, own, &d, &at, in(10000)) != VIPC_OK) pages /= 2;
    }
    REQUIRE(create(8, &r[0]) == VIPC_ERR_OUT_OF_MEMORY && vipc_object_truncate(&ipc, o, 8 * PAGE, in(1000)) == VIPC_ERR_OUT_OF_MEMORY && info(o).size == PAGE);
    REQUIRE(load(mine) == 3 && its_load(&p, its) == 3 && !can_store(mine) && dies_of(&p, STORE, its, VIPC_ERR_OUT_OF_MEMORY));
    REQUIRE(can_store(mine) && load(mine) == 3 && vipc_object_unlink(&ipc, OBJECT) == VIPC_OK);                 /* nobody else has it now */
    return 0;
}

/* ---- ends in a fault ---- */
static int end_in(const char *how)
{
    static const uint8_t returns[] = { 0xc3 };
    vipc_cap r, o;
    if (create(2, &r) != VIPC_OK || vipc_object_open(&ipc, OBJECT, CREATE, 0, &o, in(1000)) != VIPC_OK || vipc_object_unlink(&ipc, OBJECT) != VIPC_OK) return 102;
    const vipc_addr a = map(r, WRITE);
    store(a, 1);
    if (is(how, "read_only")) { vipc_addr b = map(r, READ); (void)load(b); store(b, 1); }
    if (is(how, "execute")) { memcpy((void *)a, returns, 1); ((void (*)(void))a)(); return 42; }
    if (is(how, "unmapped") && unmap(a, 2) == VIPC_OK) (void)load(a);
    if (is(how, "destroyed") && vipc_destroy(&ipc, r, in(1000)) == VIPC_OK) (void)load(a);
    if (is(how, "behind")) (void)load(a + 2 * PAGE);
    if (is(how, "cut_off") && vipc_object_truncate(&ipc, o, 2 * PAGE, in(1000)) == VIPC_OK) {
        vipc_addr b = map(o, WRITE);
        store(b + PAGE, 1);
        if (vipc_object_truncate(&ipc, o, PAGE, in(1000)) == VIPC_OK) { store(b, 2); store(b + PAGE, 2); }
    }
    return 101;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 99;
    if (is(what, "puppet") && argc > 3) return be_a_puppet(argv[2], (vipc_pid){ strtoul(argv[3], NULL, 16) });
    if (is(what, "share")) return play_share();
    if (is(what, "move")) return play_move();
    if (is(what, "copy")) return play_copy();
    if (is(what, "message")) return play_message();
    if (is(what, "object")) return play_object();
    if (is(what, "leave")) return play_leave();
    if (is(what, "pick_up")) return play_pick_up();
    if (is(what, "seal")) return play_seal();
    if (is(what, "exit")) return play_exit();
    if (is(what, "zero")) return play_zero();
    if (is(what, "fork")) return play_fork();
    if (is(what, "calls")) return play_calls();
    if (is(what, "scarcity")) return play_scarcity();
    if (is(what, "end") && argc > 2) return end_in(argv[2]);
    return 98;
}
