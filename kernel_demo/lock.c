/* lock.c - locks between CPUs: test and set, with interrupts off.  Built with KERNEL_DEBUG they hold everybody to their order (kernel.h), and tell who waits for ever. */
#include "kernel.h"

struct lock process_lock = { .rank = RANK_PROCESS }, port_lock = { .rank = RANK_PORT };
static const char *const ranks[RANKS] = { "-", "process", "port", "queue", "console" };

void lock_wait(struct lock *l)
{
    uint64_t rounds = 0;
    do
        for (; __atomic_load_n(&l->taken, __ATOMIC_RELAXED); rounds++) {
            if (KERNEL_DEBUG && rounds == 1ull << 30) panic("the %s lock does not come free", ranks[l->rank]);
            __asm__ volatile("pause");
        }
    while (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE));
}
void lock_may_take(const struct lock *l)
{
    struct cpu *c = this_cpu();
    const uint64_t flags = read_flags();
    if (flags & 0x200) panic("the %s lock, with interrupts on", ranks[l->rank]);
    if (c->held >> l->rank) panic("the %s lock after one of its rank or a higher (CPU %u holds %x)", ranks[l->rank], c->number, c->held);
    c->held |= 1u << l->rank;
}
void lock_may_drop(const struct lock *l)
{
    struct cpu *c = this_cpu();
    if (!(c->held >> l->rank & 1) || !l->taken) panic("the %s lock is dropped by who does not hold it", ranks[l->rank]);
    c->held &= ~(1u << l->rank);
}
