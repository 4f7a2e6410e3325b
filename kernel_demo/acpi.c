/* acpi.c - which CPUs and NUMA nodes there are, as the firmware's tables tell (ACPI 6.5, 5.2: RSDP, RSDT or XSDT, MADT, SRAT).
 *
 * They are somebody else's words: nothing outside the memory that can be seen is read, a table counts only if it is whole and adds up, and each loop goes over a length that was
 * checked, by steps that are not 0.  What makes no sense is passed over; without a MADT there is one CPU, without a SRAT one node. */
#include "kernel.h"

enum { HEADER_BYTES = 36, TABLE_BYTES = 1 << 20, TABLES = 256, ROOT_BYTES = 4096 };      /* the last three: no more is believed */
enum { MADT_ENTRIES = 44, MADT_CPU = 0, MADT_ADDRESS = 5, MADT_X2APIC = 9 };
enum { SRAT_ENTRIES = 48, SRAT_CPU = 0, SRAT_MEMORY = 1, SRAT_X2APIC = 2, ENABLED = 1 };
#define LOCAL_APIC_USUAL 0xfee00000ull
#define PHYSICAL_TOP (1ull << 52)

struct table { const uint8_t *at; uint32_t bytes; };         /* NULL: there is none */
struct machine machine;

static uint64_t number(const uint8_t *at, uint32_t bytes)
{
    uint64_t n = 0;
    while (bytes) n = n << 8 | at[--bytes];
    return n;
}
/* Where these bytes of physical memory are seen; NULL: not all of them are. */
static const uint8_t *see(const struct firmware *f, uint64_t at, uint64_t bytes)
{
    return at && at >= f->first && bytes <= f->bytes && at - f->first <= f->bytes - bytes ? f->seen + (at - f->first) : NULL;
}
static bool adds_up(const uint8_t *at, uint64_t bytes)
{
    uint8_t sum = 0;
    while (bytes) sum = (uint8_t)(sum + at[--bytes]);
    return sum == 0;
}
static struct table table_at(const struct firmware *f, uint64_t physical, const char *signature)
{
    struct table t = { see(f, physical, HEADER_BYTES), 0 };
    if (!t.at || memcmp(t.at, signature, 4) != 0) return (struct table){ NULL, 0 };
    t.bytes = (uint32_t)number(t.at + 4, 4);
    if (t.bytes < HEADER_BYTES || t.bytes > TABLE_BYTES || !see(f, physical, t.bytes) || !adds_up(t.at, t.bytes)) t.at = NULL;
    return t;
}
/* The list of all tables: of 8-byte addresses, or, in the first edition of ACPI or if that is of no use, of 4-byte ones. */
static struct table find_list(const struct firmware *f, uint64_t rsdp, uint32_t *width)
{
    const uint8_t *p = see(f, rsdp, 20);
    struct table list = { NULL, 0 };
    if (!p || memcmp(p, "RSD PTR ", 8) != 0 || !adds_up(p, 20)) return list;
    if (p[15] >= 2 && see(f, rsdp, HEADER_BYTES)) {
        const uint64_t bytes = number(p + 20, 4);
        if (bytes >= HEADER_BYTES && bytes <= ROOT_BYTES && see(f, rsdp, bytes) && adds_up(p, bytes)) list = table_at(f, number(p + 24, 8), "XSDT");
    }
    *width = list.at ? 8 : 4;
    return list.at ? list : table_at(f, number(p + 16, 4), "RSDT");
}
static struct table find_table(const struct firmware *f, uint64_t rsdp, const char *signature)
{
    uint32_t width = 0;
    struct table t = { NULL, 0 }, list = find_list(f, rsdp, &width);
    for (uint32_t i = 0; list.at && i < TABLES && (i + 1) * width <= list.bytes - HEADER_BYTES && !t.at; i++)
        t = table_at(f, number(list.at + HEADER_BYTES + i * width, width), signature);
    return t;
}
/* The entry at *at, and on to the next: its first byte is its kind, its second its length.  NULL: there are no more that are whole. */
static const uint8_t *next_entry(const struct table *t, uint32_t *at)
{
    const uint8_t *entry = t->at + *at;
    if (!t->at || *at > t->bytes || t->bytes - *at < 2 || entry[1] < 2 || entry[1] > t->bytes - *at) return NULL;
    *at += entry[1];
    return entry;
}

/* ---- CPUs: 255 stands for all of them, and what is above needs another kind of local APIC ---- */
static uint32_t cpu_of(const struct machine *m, uint64_t apic_id)
{
    uint32_t i = 0;
    while (i < m->cpus && m->apic_id[i] != apic_id) i++;
    return i;
}
static void add_cpu(struct machine *m, uint64_t apic_id)
{
    if (apic_id < 255 && cpu_of(m, apic_id) < m->cpus) return;
    if (apic_id < 255 && m->cpus < CPUS_MAX) m->apic_id[m->cpus++] = (uint8_t)apic_id;
    else m->left_alone++;
}
static void set_address(struct machine *m, uint64_t physical)
{
    if (physical && physical % PAGE == 0 && physical < PHYSICAL_TOP) m->local_apic = physical;
}
static void read_cpus(struct machine *m, const struct table *t)
{
    uint32_t at = MADT_ENTRIES;
    if (t->bytes < MADT_ENTRIES) return;
    set_address(m, number(t->at + 36, 4));
    for (const uint8_t *e; (e = next_entry(t, &at)) != NULL;) {
        if (e[0] == MADT_CPU && e[1] >= 8 && e[3] != 255 && (e[4] & ENABLED)) add_cpu(m, e[3]);
        if (e[0] == MADT_X2APIC && e[1] >= 16 && (e[8] & ENABLED)) add_cpu(m, number(e + 4, 4));
        if (e[0] == MADT_ADDRESS && e[1] >= 12) set_address(m, number(e + 4, 8));
    }
}

/* ---- nodes: until they are numbered, `node` of a range is its proximity domain, any 32 bits ---- */
static void add_range(struct machine *m, uint64_t first, uint64_t bytes, uint32_t domain)
{
    if (bytes == 0 || bytes > PHYSICAL_TOP || first > PHYSICAL_TOP - bytes || m->ranges == RANGES_MAX) return;
    for (uint32_t i = 0; i < m->ranges; i++)                 /* memory is on one node */
        if (m->range[i].first < first + bytes && first < m->range[i].first + m->range[i].bytes) return;
    m->range[m->ranges].first = first;
    m->range[m->ranges].bytes = bytes;
    m->range[m->ranges++].node = domain;
}
/* By ascending domain.  More than there is room for: the highest are part of node 0. */
struct domains { uint32_t n, domain[NODES_MAX + 1]; };
static void add_domain(struct domains *d, uint32_t domain)
{
    uint32_t i = 0, last;
    while (i < d->n && d->domain[i] < domain) i++;
    if (i < d->n && d->domain[i] == domain) return;
    for (last = d->n; last > i; last--) d->domain[last] = d->domain[last - 1];
    d->domain[i] = domain;
    if (d->n < NODES_MAX) d->n++;
}
static uint32_t node_of(const struct domains *d, uint32_t domain)
{
    uint32_t i = 0;
    while (i < d->n && d->domain[i] != domain) i++;
    return i < d->n ? i : 0;
}
static void read_nodes(struct machine *m, const struct table *t)
{
    uint32_t at = SRAT_ENTRIES, of_cpu[CPUS_MAX], told = 0;
    struct domains d = { 0, { 0 } };
    if (t->bytes < SRAT_ENTRIES) return;
    const uint32_t bits = t->at[8] >= 2 ? ~0u : 0xff;        /* of a domain, by the table's revision */
    for (const uint8_t *e; (e = next_entry(t, &at)) != NULL;) {
        uint32_t who = CPUS_MAX, domain = 0;
        if (e[0] == SRAT_MEMORY && e[1] >= 40 && (e[28] & ENABLED)) add_range(m, number(e + 8, 8), number(e + 16, 8), (uint32_t)number(e + 2, 4) & bits);
        if (e[0] == SRAT_CPU && e[1] >= 16 && (e[4] & ENABLED)) { who = cpu_of(m, e[3]); domain = e[2] | (uint32_t)number(e + 9, 3) << 8; }
        if (e[0] == SRAT_X2APIC && e[1] >= 24 && (e[12] & ENABLED)) { who = cpu_of(m, number(e + 8, 4)); domain = (uint32_t)number(e + 4, 4); }
        if (who >= m->cpus) continue;
        of_cpu[who] = domain & bits;
        told |= 1u << who;
    }
    for (uint32_t i = 0; i < m->ranges; i++) add_domain(&d, m->range[i].node);
    for (uint32_t i = 0; i < m->cpus; i++)
        if (told >> i & 1) add_domain(&d, of_cpu[i]);
    for (uint32_t i = 0; i < m->ranges; i++) m->range[i].node = node_of(&d, m->range[i].node);
    for (uint32_t i = 0; i < m->cpus; i++) m->node_of_cpu[i] = told >> i & 1 ? (uint8_t)node_of(&d, of_cpu[i]) : 0;
    if (d.n) m->nodes = d.n;
}

bool machine_parse(struct machine *m, const struct firmware *f, uint64_t rsdp, uint8_t boot_apic_id)
{
    memset(m, 0, sizeof *m);
    m->cpus = m->nodes = 1;
    m->apic_id[0] = boot_apic_id;
    m->local_apic = LOCAL_APIC_USUAL;
    const struct table madt = find_table(f, rsdp, "APIC"), srat = find_table(f, rsdp, "SRAT");
    if (madt.at) read_cpus(m, &madt);
    if (srat.at) read_nodes(m, &srat);
    return madt.at != NULL;
}
void machine_read(uint64_t rsdp)
{
    const struct firmware mapped = { (const uint8_t *)DIRECT_MAP, 0, BOOT_MAPPED };
    uint32_t a = 1, b, c, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    if (!machine_parse(&machine, &mapped, rsdp, (uint8_t)(b >> 24))) say("machine: the firmware has left no table of CPUs in the first GiB: one CPU is used\n");
}

/* Of a node, of what the memory map calls RAM; what no range holds is node 0's. */
static uint64_t memory_of(const struct machine *m, uint32_t node, const vipc_x86_64_range *ram, uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t from = ram[i].first, to = from + ram[i].bytes;
        if (node == 0) sum += to - from;
        for (uint32_t j = 0; j < m->ranges; j++) {
            const uint64_t first = m->range[j].first > from ? m->range[j].first : from, end = m->range[j].first + m->range[j].bytes, last = end < to ? end : to;
            if (first >= last) continue;
            if (m->range[j].node == node && node) sum += last - first;
            if (m->range[j].node && node == 0) sum -= last - first;
        }
    }
    return sum;
}
void machine_show(const vipc_x86_64_range *ram, uint32_t n)
{
    say("machine: %u CPU%s", machine.cpus, machine.cpus == 1 ? "" : "s");
    if (machine.left_alone) say(" (%u more are left alone)", machine.left_alone);
    say(machine.nodes == 1 ? ", one node: " : ", %u nodes: ", machine.nodes);
    for (uint32_t node = 0; node < machine.nodes; node++) {
        uint32_t here = 0;
        for (uint32_t i = 0; i < machine.cpus; i++) here += machine.node_of_cpu[i] == node;
        if (machine.nodes > 1) say(here == 1 ? "node %u: CPU" : here ? "node %u: CPUs" : "node %u: no CPU", node);
        for (uint32_t i = 0; machine.nodes > 1 && i < machine.cpus; i++)
            if (machine.node_of_cpu[i] == node) say(" %u", i);
        say(machine.nodes > 1 ? ", %lu MiB%s" : "%lu MiB%s", (memory_of(&machine, node, ram, n) + (1 << 20) - 1) >> 20, node + 1 < machine.nodes ? "; " : "\n");
    }
}
