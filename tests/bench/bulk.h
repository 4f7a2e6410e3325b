/* bulk.h - work e: 1 MiB is written by worker 0 (a word in every cache line), handed over, read by worker 1, and acknowledged. */
#ifndef VIPC_BENCH_BULK_H
#define VIPC_BENCH_BULK_H
#include "works.h"

enum { BULK = 1 << 20, CHUNK = 1 << 16, BULK_LINES = BULK / 64 };

/* give and take move all of it; what take returns is read. */
INLINE void work_bulk(team *t, int me, void (*give)(void *end, const uint64_t *from), const uint64_t *(*take)(void *end, uint64_t *into), uint64_t *memory)
{
    const queue_kind *k = t->kind;
    port p;
    uint64_t *buffer = memory ? memory : (uint64_t *)share(BULK);
    if (k && k->enter) k->enter(t);
    if (k) port_open(k, &p, t, 0);
    gate(t, 0);
    go(t, me);
    for (uint64_t i = 0; i < (uint64_t)t->n; i++) {
        if (me == 0) {
            for (uint64_t l = 0; l < BULK_LINES; l++) buffer[l * 8] = i + l;
            give(p.bytes, buffer);
            while (__atomic_load_n(&t->word, __ATOMIC_ACQUIRE) <= i) relax();
        } else {
            const uint64_t *got = take(p.bytes, buffer);
            uint64_t sum = 0;
            for (uint64_t l = 0; l < BULK_LINES; l++) sum += got[l * 8];
            MUST(sum == BULK_LINES * i + (uint64_t)BULK_LINES * (BULK_LINES - 1) / 2);
            __atomic_store_n(&t->word, i + 1, __ATOMIC_RELEASE);
        }
    }
    halt(t, me);
    if (k && k->leave) k->leave(t);
}

UNUSED static void bulk_rows(const char *name, const queue_kind *k, job run, bool idles)
{
    for (const char *m = "tp"; *m; m++) {
        row e = { name, "e_1MiB", *m, 2, run, k, 1e3, "us", idles };
        measure(e);
    }
}
#endif
