/* ck.c - Concurrency Kit's ring, with elements of 64 bytes; it keeps one slot free */
#include "works.h"
#include <ck_ring.h>

typedef struct ring { ck_ring_t head; __attribute__((aligned(128))) line at[CAPACITY]; } ring;
CK_RING_PROTOTYPE(line, line)

static void make(void *queue) { ck_ring_init(&((ring *)queue)->head, CAPACITY); }
static bool single_send(void *end, const line *m)
{
    ring *r = *(ring **)end;
    return ck_ring_enqueue_spsc_line(&r->head, r->at, (line *)(uintptr_t)m);
}
static bool single_receive(void *end, line *m)
{
    ring *r = *(ring **)end;
    return ck_ring_dequeue_spsc_line(&r->head, r->at, m);
}
static bool many_send(void *end, const line *m)
{
    ring *r = *(ring **)end;
    return ck_ring_enqueue_mpmc_line(&r->head, r->at, (line *)(uintptr_t)m);
}
static bool many_receive(void *end, line *m)
{
    ring *r = *(ring **)end;
    return ck_ring_dequeue_mpmc_line(&r->head, r->at, m);
}
static const queue_kind spsc = { .name = "ck_ring-spsc", .bytes = sizeof(ring), .first = 0, .last = 7, .make = make, .send = single_send, .receive = single_receive };
static const queue_kind mpmc = { .name = "ck_ring-mpmc", .bytes = sizeof(ring), .first = 0, .last = 7, .make = make, .send = many_send, .receive = many_receive };
QUEUE(spsc)
QUEUE(mpmc)

int main(void)
{
    queue_rows_spsc("acf", "tp");
    queue_rows_mpmc("acdf", "tp");
    return 0;
}
