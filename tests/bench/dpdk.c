/* dpdk.c - DPDK's rte_ring, with elements of 64 bytes, on plain memory; it keeps one slot free */
#include "works.h"
#include <rte_ring.h>
#include <rte_ring_elem.h>

enum { RING_BYTES = sizeof(struct rte_ring) + CAPACITY * sizeof(line) + 128 };

static void make(void *queue, unsigned flags)
{
    MUST(rte_ring_get_memsize_elem(sizeof(line), CAPACITY) <= (ssize_t)RING_BYTES);
    MUST(rte_ring_init((struct rte_ring *)queue, "bench", CAPACITY, flags) == 0);
}
static void single_make(void *queue) { make(queue, RING_F_SP_ENQ | RING_F_SC_DEQ); }
static void many_make(void *queue) { make(queue, 0); }
static bool single_send(void *end, const line *m) { return rte_ring_sp_enqueue_elem(*(struct rte_ring **)end, (line *)(uintptr_t)m, sizeof *m) == 0; }
static bool single_receive(void *end, line *m) { return rte_ring_sc_dequeue_elem(*(struct rte_ring **)end, m, sizeof *m) == 0; }
static bool many_send(void *end, const line *m) { return rte_ring_mp_enqueue_elem(*(struct rte_ring **)end, (line *)(uintptr_t)m, sizeof *m) == 0; }
static bool many_receive(void *end, line *m) { return rte_ring_mc_dequeue_elem(*(struct rte_ring **)end, m, sizeof *m) == 0; }
static const queue_kind spsc = { .name = "rte_ring-spsc", .bytes = RING_BYTES, .first = 0, .last = 7, .make = single_make, .send = single_send, .receive = single_receive };
static const queue_kind mpmc = { .name = "rte_ring-mpmc", .bytes = RING_BYTES, .first = 0, .last = 7, .make = many_make, .send = many_send, .receive = many_receive };
QUEUE(spsc)
QUEUE(mpmc)

int main(void)
{
    queue_rows_spsc("acf", "tp");
    queue_rows_mpmc("acdf", "tp");
    return 0;
}
