/* nodetest.c - CPUs and NUMA nodes, seen from ring 0: what made-up tables of a firmware come to, frames near a node, on this machine and on made-up ones, and regions there */
#include "kernel.h"

/* All of it, the first that is wrong by its line. */
#define GOOD(condition) do { if (good && !(condition)) { good = false; say("     line %d: %s\n", __LINE__, #condition); } } while (0)
static uint64_t seed = 1;
static uint64_t some(uint64_t below)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (seed >> 33) % below;
}

/* ---- made-up tables, at the end of the last kernel stack, which nobody has yet: behind it nothing is mapped, so who reads on is caught ---- */
enum { AT_ROOT = 0, AT_XSDT = 40, AT_RSDT = 104, AT_MADT = 160, AT_SRAT = 7168, ALL_BYTES = 12288, BOOT_ID = 2 };
#define HIGH 0x123450000ull          /* physical: above what the older list's 4 bytes hold */
#define LOW 0x45678000ull
static struct { uint8_t bytes[ALL_BYTES]; uint32_t madt_used, srat_used; uint64_t base; } made;
static uint8_t *seen_end;
static struct machine got;

static void put(uint32_t at, uint64_t n, uint32_t bytes)
{
    for (; bytes; bytes--, at++, n >>= 8) made.bytes[at] = (uint8_t)n;
}
static void add_up(uint32_t from, uint32_t bytes, uint32_t sum)      /* by the byte at `sum` */
{
    uint8_t all = 0;
    made.bytes[sum] = 0;
    for (uint32_t i = 0; i < bytes; i++) all = (uint8_t)(all + made.bytes[from + i]);
    made.bytes[sum] = (uint8_t)-all;
}
static void set_length(uint32_t at, uint32_t bytes)          /* of a table whose sum is right all the same, where its bytes can be seen */
{
    put(at + 4, bytes, 4);
    if (bytes > 9 && bytes <= ALL_BYTES - at) add_up(at, bytes, at + 9);
}
static void head(uint32_t at, const char *signature, uint32_t bytes, uint32_t revision)
{
    memcpy(made.bytes + at, signature, 4);
    put(at + 4, bytes, 4);
    made.bytes[at + 8] = (uint8_t)revision;
}
static void finish(void)             /* all sums are right */
{
    add_up(AT_ROOT, 20, AT_ROOT + 8);
    add_up(AT_ROOT, 36, AT_ROOT + 32);
    add_up(AT_XSDT, 60, AT_XSDT + 9);
    add_up(AT_RSDT, 48, AT_RSDT + 9);
    add_up(AT_MADT, made.madt_used, AT_MADT + 9);
    add_up(AT_SRAT, made.srat_used, AT_SRAT + 9);
}
static void lengths(void)
{
    put(AT_MADT + 4, made.madt_used, 4);
    put(AT_SRAT + 4, made.srat_used, 4);
}
static void add(uint32_t *used, uint32_t at, uint8_t kind, uint32_t bytes)
{
    memset(made.bytes + at + *used, 0, bytes);
    made.bytes[at + *used] = kind;
    made.bytes[at + *used + 1] = (uint8_t)bytes;
    *used += bytes;
}
static void cpu_entry(uint64_t id, uint32_t flags)
{
    const bool wide = id >= 255;
    add(&made.madt_used, AT_MADT, wide ? 9 : 0, wide ? 16 : 8);
    put(AT_MADT + made.madt_used - (wide ? 12 : 5), id, wide ? 4 : 1);
    put(AT_MADT + made.madt_used - (wide ? 8 : 4), flags, 4);
}
static void cpu_near(uint64_t id, uint32_t domain, bool wide)
{
    add(&made.srat_used, AT_SRAT, wide ? 2 : 0, wide ? 24 : 16);
    const uint32_t e = AT_SRAT + made.srat_used - (wide ? 24 : 16);
    put(e + (wide ? 12 : 4), 1, 4);
    put(e + (wide ? 8 : 3), id, wide ? 4 : 1);
    put(e + (wide ? 4 : 2), domain, wide ? 4 : 1);
    if (!wide) put(e + 9, domain >> 8, 3);
}
static void memory_near(uint64_t first, uint64_t bytes, uint32_t domain, uint32_t flags)
{
    add(&made.srat_used, AT_SRAT, 1, 40);
    const uint32_t e = AT_SRAT + made.srat_used - 40;
    put(e + 2, domain, 4);
    put(e + 8, first, 8);
    put(e + 16, bytes, 8);
    put(e + 28, flags, 4);
}
/* Without an entry for a CPU or memory; both lists lead there, past what is of no use. */
static void empty(uint64_t base)
{
    memset(&made, 0, sizeof made);
    made.base = base;
    made.madt_used = 44;
    made.srat_used = 48;
    memcpy(made.bytes, "RSD PTR ", 8);
    made.bytes[15] = 2;
    put(20, 36, 4);
    put(16, base + AT_RSDT, 4);
    put(24, base + AT_XSDT, 8);
    head(AT_XSDT, "XSDT", 60, 1);
    head(AT_RSDT, "RSDT", 48, 1);
    for (uint32_t i = 0; i < 3; i++) {
        const uint64_t leads = i == 0 ? ~0ull << 20 : base + (i == 1 ? AT_MADT : AT_SRAT);
        put(AT_XSDT + 36 + 8 * i, leads, 8);
        put(AT_RSDT + 36 + 4 * i, leads, 4);
    }
    head(AT_MADT, "APIC", 44, 3);
    head(AT_SRAT, "SRAT", 48, 3);
    put(AT_MADT + 36, 0xfee01000, 4);
}
static void usual(uint64_t base)
{
    static const struct { uint64_t id; uint32_t domain; } all[] = { { 0, 0xffffffff }, { 1, 7 }, { 2, 3000 }, { 254, 7 } };
    empty(base);
    for (uint32_t i = 0; i < 4; i++) {
        cpu_entry(all[i].id, 1);
        cpu_near(all[i].id, all[i].domain, i == 0);
    }
    cpu_entry(77, 0);                /* might be plugged in one day */
    cpu_entry(255, 0);
    cpu_entry(78, 1);
    made.bytes[AT_MADT + made.madt_used - 5] = 255;          /* nobody */
    memory_near(0, 0xa0000, 3000, 1);
    memory_near(0x100000, 0x3f00000, 3000, 1);
    memory_near(0x4000000, 0x4000000, 0xffffffff, 3);
    memory_near(0x8000000, 0x4000000, 5, 0);
    lengths();
    finish();
}
/* `bytes` of them can be seen, and what lies behind ends in a fault. */
static bool parse_some(uint32_t bytes)
{
    memcpy(seen_end - bytes, made.bytes, bytes);
    const struct firmware f = { seen_end - bytes, made.base, bytes };
    return machine_parse(&got, &f, made.base, BOOT_ID);
}
static bool parse(void) { return parse_some(ALL_BYTES); }
static bool parse_at(uint64_t rsdp)
{
    const struct firmware f = { seen_end - ALL_BYTES, made.base, ALL_BYTES };
    return machine_parse(&got, &f, rsdp, BOOT_ID);
}
static bool is_alone(void)           /* what there is without any table */
{
    return got.cpus == 1 && got.apic_id[0] == BOOT_ID && got.left_alone == 0 && got.local_apic == 0xfee00000 && got.nodes == 1 && got.node_of_cpu[0] == 0 && got.ranges == 0;
}
static bool is_usual(void)
{
    static const uint8_t ids[] = { 2, 0, 1, 254 }, nodes[] = { 1, 2, 0, 0 };
    bool good = got.cpus == 4 && got.left_alone == 0 && got.local_apic == 0xfee01000 && got.nodes == 3 && got.ranges == 3;
    for (uint32_t i = 0; i < 4; i++) good = good && got.apic_id[i] == ids[i] && got.node_of_cpu[i] == nodes[i];
    return good && got.range[0].node == 1 && got.range[1].node == 1 && got.range[1].first == 0x100000 && got.range[1].bytes == 0x3f00000 && got.range[2].node == 2;
}
/* Whatever the tables were. */
static bool is_sound(void)
{
    if (got.cpus < 1 || got.cpus > CPUS_MAX || got.apic_id[0] != BOOT_ID || got.nodes < 1 || got.nodes > NODES_MAX || got.ranges > RANGES_MAX) return false;
    if (got.local_apic == 0 || got.local_apic % PAGE || got.local_apic >> 52) return false;
    for (uint32_t i = 0; i < got.cpus; i++) {
        if (got.node_of_cpu[i] >= got.nodes || got.apic_id[i] == 255) return false;
        for (uint32_t j = 0; j < i; j++)
            if (got.apic_id[i] == got.apic_id[j]) return false;
    }
    for (uint32_t i = 0; i < got.ranges; i++) {
        if (got.range[i].node >= got.nodes || got.range[i].bytes == 0 || got.range[i].first > (1ull << 52) - got.range[i].bytes) return false;
        for (uint32_t j = 0; j < i; j++)
            if (got.range[i].first < got.range[j].first + got.range[j].bytes && got.range[j].first < got.range[i].first + got.range[i].bytes) return false;
    }
    return true;
}
static void spoil(uint32_t at) { made.bytes[at] ^= 0x10; }
static void good_tables(struct tally *t)
{
    bool good = true;
    usual(HIGH);
    GOOD(parse() && is_usual());
    usual(LOW);               /* the older list: of a firmware that has no other, or whose other does not add up */
    made.bytes[15] = 0;
    finish();
    GOOD(parse() && is_usual());
    usual(LOW);
    spoil(AT_XSDT + 50);
    GOOD(parse() && is_usual());
    usual(LOW);
    spoil(AT_ROOT + 33);
    GOOD(parse() && is_usual());
    usual(HIGH);
    made.bytes[AT_SRAT + 48 + 24 + 9] = 11;                  /* a higher byte of the domain of one of two CPUs that are on one node */
    finish();
    GOOD(parse() && got.nodes == 4);
    made.bytes[AT_SRAT + 8] = 1;     /* in this edition of the table only the lowest byte of a domain counts */
    finish();
    GOOD(parse() && is_usual());
    usual(HIGH);
    add(&made.madt_used, AT_MADT, 5, 12);
    put(AT_MADT + made.madt_used - 8, 0xfeedface000, 8);
    lengths();
    finish();
    GOOD(parse() && got.local_apic == 0xfeedface000);
    put(AT_MADT + made.madt_used - 8, 0xfeedface008, 8);
    put(AT_MADT + 36, 0, 4);
    finish();
    GOOD(parse() && got.local_apic == 0xfee00000);           /* neither can be */
    check(t, good, "machine_by_the_tables");
}
static void broken_tables(struct tally *t)
{
    static const uint32_t wrong[] = { 0, 1, 35, 0x7fffffff, 0x80000000, 0xffffffff, ALL_BYTES + 1 };
    bool good = true;
    usual(LOW);
    spoil(0);
    add_up(AT_ROOT, 20, AT_ROOT + 8);
    GOOD(!parse() && is_alone());
    usual(LOW);
    spoil(AT_ROOT + 8);
    GOOD(!parse() && is_alone());
    usual(HIGH);                     /* of the older list's addresses the upper halves are gone: so nothing is found without the newer one */
    spoil(AT_XSDT + 50);
    GOOD(!parse() && is_alone());
    usual(HIGH);
    spoil(AT_ROOT + 33);             /* behind the first 20 bytes */
    GOOD(!parse() && is_alone());
    usual(HIGH);
    made.bytes[15] = 0;
    finish();
    GOOD(!parse() && is_alone());
    usual(HIGH);
    put(AT_ROOT + 20, 4096, 4);
    GOOD(!parse_some(AT_MADT + made.madt_used) && is_alone());
    usual(HIGH);
    spoil(AT_MADT + 50);
    GOOD(!parse() && got.cpus == 1 && got.nodes == 2 && got.ranges == 3 && got.node_of_cpu[0] == 0 && is_sound());
    usual(HIGH);
    spoil(AT_SRAT + 50);
    GOOD(parse() && got.cpus == 4 && got.nodes == 1 && got.ranges == 0 && is_sound());
    for (uint32_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        usual(HIGH);
        set_length(AT_MADT, wrong[i]);
        GOOD(!parse() && got.cpus == 1 && got.nodes == 2);
        usual(HIGH);
        set_length(AT_SRAT, wrong[i]);
        GOOD(parse() && got.cpus == 4 && got.nodes == 1);
        usual(LOW);
        set_length(AT_XSDT, wrong[i]);
        GOOD(parse() && is_usual());
        set_length(AT_RSDT, wrong[i]);
        GOOD(!parse() && is_alone());
        usual(HIGH);
        put(AT_ROOT + 20, wrong[i], 4);
        if (wrong[i] <= ALL_BYTES && wrong[i] > 32) add_up(AT_ROOT, wrong[i], AT_ROOT + 32);
        GOOD(!parse() && is_alone());
    }
    usual(HIGH);
    GOOD(!parse_at(0) && is_alone() && !parse_at(~0ull) && !parse_at(~0ull - 18) && !parse_at(~0ull - 35) && !parse_at(HIGH - 1) && is_alone());
    for (uint32_t i = 1; i < 36; i++) GOOD(!parse_at(HIGH + ALL_BYTES - i) && is_alone());
    check(t, good, "machine_without_what_does_not_add_up");
}
/* An entry that goes nowhere, one that ends behind its table, lists that lead to themselves and to each other. */
static void endless_tables(struct tally *t)
{
    bool good = true;
    for (uint32_t length = 0; length < 8; length++) {
        usual(HIGH);
        made.bytes[AT_MADT + 44 + 8 + 1] = (uint8_t)length;  /* the second: id 1 */
        made.bytes[AT_SRAT + 48 + 24 + 1] = (uint8_t)length;
        finish();
        GOOD(parse() && is_sound() && (length > 1 || (got.cpus == 2 && got.nodes == 1 && got.ranges == 0)));
    }
    for (uint32_t cut = 1; cut < 8; cut++) {
        usual(HIGH);
        cpu_entry(99, 1);
        memory_near(1ull << 32, PAGE, 9, 1);
        made.madt_used -= cut;
        made.srat_used -= cut;
        lengths();
        finish();
        GOOD(parse() && is_usual());
    }
    usual(LOW);
    for (uint32_t i = 0; i < 3; i++) {
        put(AT_XSDT + 36 + 8 * i, made.base + AT_XSDT, 8);
        put(AT_RSDT + 36 + 4 * i, made.base + AT_RSDT, 4);
    }
    put(24, made.base + AT_RSDT, 8);
    put(16, made.base + AT_XSDT, 4);
    finish();
    GOOD(!parse() && is_alone());
    put(24, made.base, 8);
    put(16, made.base, 4);
    finish();
    GOOD(!parse() && is_alone());
    check(t, good, "machine_of_endless_tables");
}
static void large_tables(struct tally *t)
{
    bool good = true;
    empty(HIGH);
    for (uint32_t i = 0; i < 300; i++) { cpu_entry(i, 1); cpu_entry(i % 255, 1); }     /* each twice */
    lengths();
    finish();
    GOOD(parse() && got.cpus == CPUS_MAX && got.apic_id[0] == BOOT_ID && got.apic_id[1] == 0 && got.apic_id[7] == 7 && is_sound());
    empty(HIGH);
    for (uint32_t i = 0; i < 300; i++) cpu_entry(i, 1);
    lengths();
    finish();
    GOOD(parse() && got.cpus == CPUS_MAX && got.left_alone == 300 - CPUS_MAX && is_sound());
    usual(HIGH);
    for (uint32_t i = 0; i < 30; i++) memory_near(0x100000000ull + i * 0x1000ull, 0x1000, 0x80000000 - i, 1);
    memory_near(~0ull - 0xfff, 0x2000, 1, 1);
    memory_near(0x2000000, 0x100000, 1, 1);                  /* another's */
    lengths();
    finish();
    GOOD(parse() && got.nodes == NODES_MAX && got.ranges == RANGES_MAX && is_sound());
    GOOD(got.node_of_cpu[2] == 0 && got.node_of_cpu[0] == 1 && got.node_of_cpu[1] == 0 && got.range[2].node == 0 && got.range[15].node == 2);      /* the highest are node 0 */
    usual(HIGH);
    memory_near(~0ull - 0xfff, 0x2000, 1, 1);
    memory_near(0x2000000, 0x100000, 1, 1);
    memory_near(0x3ffffff, 2, 1, 1);
    memory_near(0x4000, 0, 1, 1);
    memory_near(1ull << 51, (1ull << 51) + 1, 1, 1);
    lengths();
    finish();
    GOOD(parse() && is_usual());
    check(t, good, "machine_of_more_than_there_is_room_for");
}
/* Every length of what can be seen, and any byte another one: whatever comes of it is sound, and nothing behind the end is read. */
static void random_tables(struct tally *t)
{
    bool good = true;
    uint32_t told = 0;
    usual(HIGH);
    for (uint32_t bytes = 0; good && bytes < AT_SRAT + made.srat_used + 9; bytes++) {
        GOOD(parse_some(bytes) == (bytes >= AT_MADT + made.madt_used) && is_sound() && is_usual() == (bytes >= AT_SRAT + made.srat_used));
        if (bytes == AT_MADT + made.madt_used) bytes = AT_SRAT - 1;
    }
    for (uint32_t i = 0; good && i < 3000; i++) {
        usual(i & 1 ? HIGH : LOW);
        for (uint64_t n = 1 + some(4); n; n--) {
            const uint64_t r = some(6), at = r == 0 ? some(36) : r == 1 ? AT_XSDT + some(60) : r == 2 ? AT_RSDT + some(48)
                                             : r < 5 ? AT_MADT + some(made.madt_used) : AT_SRAT + some(made.srat_used);
            made.bytes[at] = (uint8_t)(some(2) ? some(256) : some(2) ? 0xff : 0);
        }
        if (some(8)) finish();
        told += parse();
        GOOD(is_sound());
    }
    GOOD(told > 1000);
    check(t, good, "machine_of_random_tables");
}
static void tables(struct tally *t)
{
    seen_end = (uint8_t *)kernel_stack(THREADS - 1);
    good_tables(t);
    broken_tables(t);
    endless_tables(t);
    large_tables(t);
    random_tables(t);
}

/* ---- frames: what the port says of each, beside what the table of ranges says ---- */
static uint32_t naive_node(const vipc_x86_64_node_range *r, uint32_t n, uint64_t physical)
{
    for (uint32_t i = 0; i < n; i++)
        if (physical >= r[i].first && physical - r[i].first < r[i].bytes) return r[i].node;
    return 0;
}
static uint32_t fill_ranges(vipc_x86_64_node_range *r)       /* this machine's */
{
    for (uint32_t i = 0; i < machine.ranges; i++) r[i] = (vipc_x86_64_node_range){ machine.range[i].first, machine.range[i].bytes, machine.range[i].node, 0 };
    return machine.ranges;
}
/* Every frame is where the table says, and the free ones of all nodes are all. */
static bool agrees(vipc_x86_64 *p, const vipc_x86_64_node_range *r, uint32_t n)
{
    uint64_t each[VIPC_NODES_MAX] = { 0 }, sum = 0;
    for (uint64_t f = 0; f < vipc_frames_total(&p->frames); f++) {
        const uint32_t node = naive_node(r, n, f * PAGE);
        if (vipc_x86_64_node_of(p, f * PAGE + 77) != node || node >= p->nodes) return false;
        each[node] += !vipc_frames_is_taken(&p->frames, f, 1);
    }
    for (uint32_t i = 0; i < VIPC_NODES_MAX; i++) {
        if (vipc_x86_64_available_near(p, i) != each[i]) return false;
        sum += each[i];
    }
    return sum == vipc_x86_64_available(p) && vipc_x86_64_node_of(p, vipc_frames_total(&p->frames) * PAGE) == 0 && vipc_x86_64_node_of(p, ~0ull) == 0;
}
/* A list through the frames themselves. */
static bool hold(uint64_t *chain, uint32_t node)
{
    uint64_t frame;
    if (vipc_x86_64_take_near(&port, node, 1, &frame) != VIPC_OK) return false;
    *(uint64_t *)vipc_x86_64_at(&port, frame) = *chain;
    *chain = frame;
    return true;
}
static void let_go(uint64_t *chain)
{
    while (*chain) {
        const uint64_t frame = *chain;
        *chain = *(uint64_t *)vipc_x86_64_at(&port, frame);
        vipc_x86_64_give(&port, frame, 1);
    }
}
static uint32_t here;                /* the node that the CPU says it is on */
static uint32_t on_a_node(void *user) { (void)user; return here; }

static void frames_near(struct tally *t)
{
    vipc_x86_64_node_range r[RANGES_MAX];
    const uint32_t n = fill_ranges(r);
    const uint64_t before = vipc_x86_64_available(&port);
    uint64_t frame = 0, other = 0;
    vipc_config config;
    bool good = port.nodes == machine.nodes && vipc_config_get(&manager_ipc, &config) == VIPC_OK && config.numa_nodes == machine.nodes;
    GOOD(agrees(&port, r, n));
    GOOD((port.hooks.frame_alloc_near != NULL) == (port.nodes > 1) && (port.hooks.frame_node != NULL) == (port.nodes > 1));
    GOOD(vipc_x86_64_take_near(&port, port.nodes, 1, &frame) == VIPC_ERR_INVALID_ARGUMENT && vipc_x86_64_take_near(&port, ~0u, 1, &frame) == VIPC_ERR_INVALID_ARGUMENT);
    for (uint32_t node = 0; good && node < port.nodes; node++) {
        GOOD(vipc_x86_64_available_near(&port, node) > 100);
        GOOD(vipc_x86_64_take_near(&port, node, 1, &frame) == VIPC_OK && naive_node(r, n, frame) == node);
        GOOD(vipc_x86_64_take_near(&port, node, 50, &other) == VIPC_OK && naive_node(r, n, other) == node && naive_node(r, n, other + 49 * PAGE) == node);
        GOOD(agrees(&port, r, n));
        vipc_x86_64_give(&port, frame, 1);
        vipc_x86_64_give(&port, other, 50);
    }
    check(t, good && vipc_x86_64_available(&port) == before, "nodes_have_frames_of_their_own_and_together_all");
}
/* To its last frame a node gives its own, then others'; and its own again, as soon as one is back. */
static void full_node(struct tally *t)
{
    vipc_x86_64_node_range r[RANGES_MAX];
    const uint32_t n = fill_ranges(r);
    const uint64_t before = vipc_x86_64_available(&port);
    bool good = true;
    for (uint32_t node = 0; good && node < port.nodes; node++) {
        const uint64_t own = vipc_x86_64_available_near(&port, node);
        uint64_t chain = 0, last, again = 0, run = 0;
        if (own < 3) continue;
        for (uint64_t i = 0; good && i < own; i++) GOOD(hold(&chain, node) && naive_node(r, n, chain) == node);
        GOOD(vipc_x86_64_available_near(&port, node) == 0 && vipc_x86_64_available(&port) == before - own);
        last = chain;
        if (port.nodes == 1) GOOD(!hold(&chain, node));
        else {
            GOOD(vipc_x86_64_take_near(&port, node, 8, &run) == VIPC_OK && naive_node(r, n, run) != node && naive_node(r, n, run + 7 * PAGE) != node);
            vipc_x86_64_give(&port, run, 8);
            GOOD(hold(&chain, node) && naive_node(r, n, chain) != node);
        }
        const uint64_t middle = *(uint64_t *)vipc_x86_64_at(&port, last);      /* one from within comes back */
        *(uint64_t *)vipc_x86_64_at(&port, last) = *(uint64_t *)vipc_x86_64_at(&port, middle);
        vipc_x86_64_give(&port, middle, 1);
        GOOD(vipc_x86_64_available_near(&port, node) == 1 && vipc_x86_64_take_near(&port, node, 1, &again) == VIPC_OK && again == middle);
        vipc_x86_64_give(&port, again, 1);
        let_go(&chain);
        GOOD(vipc_x86_64_available_near(&port, node) == own && agrees(&port, r, n));
    }
    check(t, good && vipc_x86_64_available(&port) == before, "nodes_that_are_full_are_helped_out");
}
/* What is asked for no node in particular is of the node where it is asked: frames of the core, page tables. */
static void near_who_asks(struct tally *t)
{
    vipc_x86_64_node_range r[RANGES_MAX];
    const uint32_t n = fill_ranges(r);
    const uint64_t before = vipc_x86_64_available(&port), at = 0x400000;
    vipc_x86_64_kernel elsewhere = *ipc_kernel();
    bool good = elsewhere.node && elsewhere.node(elsewhere.user) == machine.node_of_cpu[cpu_number()];
    elsewhere.node = on_a_node;
    port.kernel = &elsewhere;
    for (here = 0; good && here < port.nodes; here++) {
        uint64_t frame = 0, root = 0, table = 0;
        GOOD(vipc_x86_64_take(&port, 3, &frame) == VIPC_OK && naive_node(r, n, frame) == here && naive_node(r, n, frame + 2 * PAGE) == here);
        vipc_x86_64_give(&port, frame, 3);
        GOOD(port.hooks.frame_alloc(&port, 2, &frame) == VIPC_OK && naive_node(r, n, frame * PAGE) == here);
        port.hooks.frame_free(&port, frame, 2);
        GOOD(vipc_x86_64_space_create(&port, 7, 0x10000, USER_TOP, &root) == VIPC_OK && naive_node(r, n, root) == here);
        GOOD(vipc_x86_64_page_map(&port, root, at, 1, 1, VIPC_PROT_READ, VIPC_WRITE_BACK) == VIPC_OK);
        table = root;
        for (uint32_t shift = 39; good && shift > 12; shift -= 9) {
            table = ((const uint64_t *)vipc_x86_64_at(&port, table))[at >> shift & 511] & FRAME_OF_ENTRY;
            GOOD(table && naive_node(r, n, table) == here);
        }
        GOOD(vipc_x86_64_space_destroy(&port, root) == VIPC_OK);
    }
    here = port.nodes + 3;           /* a CPU that is nowhere */
    uint64_t frame;
    GOOD(vipc_x86_64_take(&port, 1, &frame) == VIPC_OK);
    if (good) vipc_x86_64_give(&port, frame, 1);
    port.kernel = ipc_kernel();
    check(t, good && vipc_x86_64_available(&port) == before, "nodes_of_who_asks_come_first");
}
/* Machines that there are not, in some frames of this one: ranges in any order, of any size, beside the memory too, and gaps. */
enum { LENT = 256, SHAPES = 60, MADE_UP = LENT / 2 };
static bool is_refused(const vipc_x86_64_kernel *kernel, vipc_x86_64_memory *m)
{
    static vipc_x86_64 p;
    return vipc_x86_64_open(&p, kernel, m) == VIPC_ERR_INVALID_ARGUMENT;
}
static bool shape_holds(const vipc_x86_64_kernel *kernel, const vipc_x86_64_memory *m)
{
    static vipc_x86_64 p;
    static uint64_t taken[LENT];
    const vipc_x86_64_node_range *r = m->node_ranges;
    const uint32_t n = m->node_range_count;
    uint32_t held = 0;
    bool good = true;
    GOOD(vipc_x86_64_open(&p, kernel, m) == VIPC_OK && p.nodes == m->nodes && p.usable == vipc_x86_64_available(&p) && agrees(&p, r, n));
    const uint64_t all = p.usable;
    for (uint32_t i = 0; good && i < 1000; i++) {
        const uint32_t node = (uint32_t)some(m->nodes);
        if (some(3)) {
            const uint64_t own = vipc_x86_64_available_near(&p, node), left = vipc_x86_64_available(&p);
            vipc_error e = held < LENT ? vipc_x86_64_take_near(&p, node, 1, &taken[held]) : VIPC_ERR_OUT_OF_MEMORY;
            GOOD(e == (left ? VIPC_OK : VIPC_ERR_OUT_OF_MEMORY) && (!own || naive_node(r, n, taken[held]) == node) && vipc_x86_64_available(&p) == left - (e == VIPC_OK));
            if (e == VIPC_OK) memset(vipc_x86_64_at(&p, taken[held++]), 0xff, PAGE);
        } else if (held) {
            const uint64_t which = some(held);
            vipc_x86_64_give(&p, taken[which], 1);
            taken[which] = taken[--held];
        }
        if (i % 250 == 0) GOOD(agrees(&p, r, n));
    }
    while (held) vipc_x86_64_give(&p, taken[--held], 1);
    GOOD(vipc_x86_64_available(&p) == all && agrees(&p, r, n));
    return good;
}
static void made_up(struct tally *t)
{
    vipc_x86_64_kernel kernel = *ipc_kernel();
    static vipc_x86_64_node_range r[MADE_UP];
    vipc_x86_64_range usable = { 0, LENT * PAGE };
    vipc_x86_64_memory m = { .usable = &usable, .usable_count = 1, .node_ranges = r };
    const uint64_t before = vipc_x86_64_available(&port);
    bool good = vipc_x86_64_take(&port, LENT, &usable.first) == VIPC_OK;
    kernel.tsc_khz = 1000000;
    for (uint32_t shape = 0; good && shape < SHAPES; shape++) {
        const bool many = shape == 0;                        /* and so small that there are as many stretches as can be */
        uint64_t at = many ? usable.first : usable.first - 20 * PAGE + some(5000);
        m.nodes = many ? VIPC_NODES_MAX : 2 + (uint32_t)some(VIPC_NODES_MAX - 1);
        for (m.node_range_count = 0; m.node_range_count < (many ? MADE_UP : 12) && at < usable.first + usable.bytes; m.node_range_count++) {
            const uint64_t bytes = many ? PAGE : some(4) ? some(60 * PAGE) : some(2) * PAGE;
            r[m.node_range_count] = (vipc_x86_64_node_range){ at, bytes, many ? 1 + m.node_range_count % 15 : (uint32_t)some(m.nodes), 0 };
            at += bytes + (many ? PAGE : some(2) ? some(30 * PAGE) : 0);
        }
        for (uint32_t i = 0; i < m.node_range_count; i++) {
            const uint64_t j = some(m.node_range_count);
            const vipc_x86_64_node_range one = r[i];
            r[i] = r[j];
            r[j] = one;
        }
        good = shape_holds(&kernel, &m);
        if (!good) say("     shape %u\n", shape);
    }
    check(t, good, "nodes_of_machines_that_there_are_not");
    m.nodes = 3;
    m.node_range_count = 2;
    r[0] = (vipc_x86_64_node_range){ usable.first, 8 * PAGE, 2, 0 };
    r[1] = (vipc_x86_64_node_range){ usable.first + 8 * PAGE - 1, PAGE, 1, 0 };
    good = is_refused(&kernel, &m);
    r[1].first++;
    GOOD(!is_refused(&kernel, &m));
    r[1].node = 3;
    GOOD(is_refused(&kernel, &m));
    r[1] = (vipc_x86_64_node_range){ ~0ull - PAGE + 2, PAGE, 1, 0 };
    GOOD(is_refused(&kernel, &m));
    m.nodes = 1;                     /* then they are passed over */
    GOOD(!is_refused(&kernel, &m));
    m.nodes = VIPC_NODES_MAX + 1;
    m.node_range_count = 1;
    GOOD(is_refused(&kernel, &m));
    m.nodes = VIPC_NODES_MAX;
    GOOD(!is_refused(&kernel, &m));
    vipc_x86_64_give(&port, usable.first, LENT);
    check(t, good && vipc_x86_64_available(&port) == before, "nodes_that_make_no_sense_are_refused");
}

/* ---- regions, in a domain of their own ---- */
static struct { vipc self; vipc_cap space; uint64_t memory, frames, root; } d;
static uint64_t usage(uint32_t node)
{
    uint64_t bytes = 0;
    return vipc_node_usage(&d.self, node, &bytes) == VIPC_OK ? bytes : ~0ull;
}
static bool open(void)
{
    vipc_config config = VIPC_INIT;
    vipc_process_desc desc = VIPC_INIT;
    vipc_space_info info;
    memset(&d, 0, sizeof d);
    config.max_spaces = 2;
    config.max_shared = 8;
    config.max_frames = (uint32_t)vipc_frames_total(&port.frames);
    config.numa_nodes = port.nodes;
    const uint64_t size = vipc_required_size(&config);
    d.frames = (size + PAGE - 1) / PAGE;
    if (size == 0 || vipc_x86_64_take(&port, d.frames, &d.memory) != VIPC_OK) return false;
    desc.native_thread = 1;
    bool good = vipc_init(&d.self, vipc_x86_64_at(&port, d.memory), size, &config, &desc, &port.hooks) == VIPC_OK;
    good = good && vipc_space_create(&d.self, NULL, &d.space) == VIPC_OK && vipc_space_get(&d.self, d.space, &info) == VIPC_OK;
    d.root = info.root;
    return good;
}
/* How many of the pages of a fresh region lie on that node, by the entries of the page tables; it is charged just so. */
static uint64_t region_on(uint32_t node, uint64_t pages, uint32_t contiguous, bool *good_)
{
    vipc_x86_64_node_range r[RANGES_MAX];
    const uint32_t n = fill_ranges(r);
    vipc_region_desc desc = VIPC_INIT;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m = VIPC_INIT;
    vipc_cap c;
    uint64_t each[VIPC_NODES_MAX] = { 0 };
    bool good = *good_;
    desc.size = pages * PAGE;
    desc.node = node + 1;
    desc.contiguous = contiguous;
    how.space = d.space;
    how.access = VIPC_WRITE;
    for (uint32_t i = 0; i < port.nodes; i++) GOOD(usage(i) == 0);
    GOOD(vipc_region_create(&d.self, &desc, &c) == VIPC_OK && vipc_map(&d.self, c, &how, &m) == VIPC_OK);
    for (uint64_t p = 0; good && p < pages; p++) each[naive_node(r, n, page_entry(d.root, m.at + p * PAGE) & FRAME_OF_ENTRY)]++;
    for (uint32_t i = 0; good && i < port.nodes; i++) GOOD(usage(i) == each[i] * PAGE);
    GOOD(vipc_destroy(&d.self, c, VIPC_FOREVER) == VIPC_OK);
    (void)vipc_trim(&d.self, NULL);
    *good_ = good;
    return each[node];
}
static void regions(struct tally *t)
{
    const uint64_t before = vipc_x86_64_available(&port);
    uint32_t violations = 1;
    bool good = open();
    for (uint32_t node = 0; good && node < port.nodes; node++) {
        GOOD(region_on(node, 1, 0, &good) == 1 && region_on(node, 300, 0, &good) == 300 && region_on(node, 64, 1, &good) == 64);
        uint64_t chain = 0, own = vipc_x86_64_available_near(&port, node);
        for (uint64_t i = 20; good && i < own && port.nodes > 1; i++) GOOD(hold(&chain, node));
        const uint64_t got_there = port.nodes > 1 ? region_on(node, 40, 0, &good) : 20;
        let_go(&chain);
        GOOD(got_there == 20 || (node == machine.node_of_cpu[cpu_number()] && got_there > 5));       /* tables are of this CPU's node */
    }
    check(t, good, "nodes_of_regions_are_those_that_were_asked_for");
    if (d.frames) {
        good = vipc_check(&d.self, &violations) == VIPC_OK && violations == 0 && vipc_leave(&d.self) == VIPC_OK;
        vipc_x86_64_give(&port, d.memory, d.frames);
    }
    check(t, good && vipc_x86_64_available(&port) == before, "nodes_get_every_frame_back");
}
void node_test(struct tally *t)
{
    tables(t);
    frames_near(t);
    full_node(t);
    near_who_asks(t);
    made_up(t);
    regions(t);
}
