/* nodes.c - regions on NUMA nodes, as a process sees them: where they are is told by what each node is charged with.  What it is to do is its first argument; exit code 0: all was as
 * it should be.  Nobody else may make regions meanwhile. */
#include "harness.h"

enum { PAGE = 4096, PAGES = 200, SEVERAL = 16 };
static vipc ipc;
static const vipc_cap own;
static uint32_t nodes;
#define REQUIRE(condition) do { if (!(condition)) { printf("nodes: line %d: %s\n", __LINE__, #condition); return 100; } } while (0)

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
static vipc_time in(uint64_t milliseconds) { return vipc_after(&ipc, MILLISECONDS(milliseconds)); }
static uint64_t usage(uint32_t node)
{
    uint64_t bytes = ~0ull;
    return vipc_node_usage(&ipc, node, &bytes) == VIPC_OK ? bytes : ~0ull;
}
static vipc_error create(uint32_t node, uint64_t pages, uint32_t contiguous, vipc_cap *out)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    d.node = node + 1;
    d.contiguous = contiguous;
    d.label = "on a node";
    return vipc_region_create(&ipc, &d, out);
}
static vipc_addr map(vipc_cap region)
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m;
    d.access = VIPC_WRITE;
    return vipc_map(&ipc, region, &d, &m) == VIPC_OK ? m.at : 0;
}
/* Every node is charged with so many bytes more than before; one of them with `pages` pages beside. */
static int charged(const uint64_t *before, uint32_t node, uint64_t pages)
{
    for (uint32_t i = 0; i < nodes; i++)
        if (usage(i) != before[i] + (i == node ? pages * PAGE : 0)) return 0;
    return 1;
}
static int play_each(void)
{
    uint64_t before[VIPC_NODES_MAX];
    vipc_cap r, c;
    vipc_region_info info = VIPC_INIT;
    for (uint32_t i = 0; i < nodes; i++) before[i] = usage(i);
    for (uint32_t node = 0; node < nodes; node++) {
        REQUIRE(create(node, PAGES, 0, &r) == VIPC_OK);
        const vipc_addr at = map(r);
        REQUIRE(at && vipc_region_get(&ipc, r, &info) == VIPC_OK && info.node == node + 1 && charged(before, node, PAGES));
        for (uint64_t p = 0; p < PAGES; p++) *(volatile uint64_t *)(at + p * PAGE) = p + 1;
        REQUIRE(create(node, 32, 1, &c) == VIPC_OK && charged(before, node, PAGES + 32) && vipc_destroy(&ipc, c, in(10000)) == VIPC_OK);
        for (uint64_t p = 0; p < PAGES; p++) REQUIRE(*(volatile uint64_t *)(at + p * PAGE) == p + 1);
        REQUIRE(charged(before, node, PAGES) && vipc_destroy(&ipc, r, in(10000)) == VIPC_OK && charged(before, node, 0));
    }
    return 0;
}
static int play_refused(void)
{
    vipc_cap r;
    uint64_t bytes = 77;
    REQUIRE(create(nodes, 1, 0, &r) == VIPC_ERR_INVALID_ARGUMENT && create(~1u, 1, 0, &r) == VIPC_ERR_INVALID_ARGUMENT);
    REQUIRE(vipc_node_usage(&ipc, nodes, &bytes) == VIPC_ERR_NOT_FOUND && vipc_node_usage(&ipc, ~0u, &bytes) == VIPC_ERR_NOT_FOUND && bytes == 77);
    REQUIRE(SYS2(SYS_NODE_USAGE, 0, 0) == VIPC_ERR_INVALID_ARGUMENT && SYS2(SYS_NODE_USAGE, 0, 8) == VIPC_ERR_FAULT && SYS2(SYS_NODE_USAGE, 0, 1ull << 63) == VIPC_ERR_FAULT);
    REQUIRE(SYS2(SYS_NODE_USAGE, 1ull << 32, &bytes) == VIPC_ERR_NOT_FOUND && bytes == 77);
    return 0;
}
/* Which node is charged for one page more of that region's making?  nodes: there is none to be had. */
static uint32_t lands(uint32_t asked)
{
    uint64_t before[VIPC_NODES_MAX];
    vipc_cap r;
    uint32_t where = nodes;
    for (uint32_t i = 0; i < nodes; i++) before[i] = usage(i);
    if (create(asked, 1, 0, &r) != VIPC_OK) return nodes;
    for (uint32_t i = 0; i < nodes; i++)
        if (charged(before, i, 1)) where = i;
    (void)vipc_destroy(&ipc, r, in(10000));
    return where;
}
/* Memory of no node in particular, until the nodes have no more, one after the other: then others help out, and at last nobody. */
static int play_full(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    uint32_t helped = 0;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_POPULATE;
    for (uint32_t i = 0; i < nodes; i++) REQUIRE(lands(i) == i);
    for (uint64_t pages = SEVERAL; pages; ) {
        d.size = pages * PAGE;
        if (vipc_space_mmap(&ipc, own, &d, &at, in(10000)) != VIPC_OK) { pages /= 2; continue; }
        for (uint32_t i = 0; i < nodes; i++) {
            const uint32_t on = lands(i);
            if (on != i && on < nodes) helped |= 1u << i;
        }
    }
    REQUIRE((helped != 0) == (nodes > 1) && lands(0) == nodes);
    return 0;
}
int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    vipc_config c;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK || vipc_config_get(&ipc, &c) != VIPC_OK) return 99;
    nodes = c.numa_nodes;
    if (nodes < 1 || nodes > VIPC_NODES_MAX) return 97;
    if (is(what, "each")) return play_each();
    if (is(what, "refused")) return play_refused();
    if (is(what, "full")) return play_full();
    return 98;
}
