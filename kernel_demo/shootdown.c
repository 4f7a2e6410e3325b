/* shootdown.c - translations that other CPUs may hold.
 *
 * A CPU holds translations of a space only while it has its tables in CR3: there is no PCID, nothing is global, and who runs in no space runs on the kernel's own tables.  So
 * a CPU that does not run the space is left alone: it forgets everything when it comes back to it, by loading CR3.  To the others goes one interrupt for each
 * range; they forget page by page, or, past VIPC_X86_64_FLUSH_PAGES, everything.
 *   - Who shoots has changed the tables before it looks at the others; a CPU makes a thread its `current` (or changes that one's root) before it loads CR3, and writes its own
 *     `root` after (cpu_set_root).  So either it is seen, or it walks the tables as they are now.
 *   - Each thread has one shot, in a place of its own, which stays until all have answered, also when the thread has given up waiting.  It waits with interrupts on, or
 *     else answers itself meanwhile: two CPUs that shoot at each other both get on.  It holds no lock, so who spins for one with interrupts off gets on too.
 *   - The thread may have come from another CPU since the shim flushed on "this" one: so it does so here once more, and the CPU it came from is one of the others. */
#include "kernel.h"

static struct shot { uint64_t root, address, count; uint32_t waiting; } shots[THREADS];       /* waiting: bits, CPUs that have not answered */
struct shoot_counts shoot_counts;

static bool has(const struct cpu *c, uint64_t root)
{
    const struct thread *t = *(struct thread *const volatile *)&c->current;
    return c->online && (*(const volatile uint64_t *)&c->root == root || *(const volatile uint64_t *)&t->root == root);
}
bool shoot_may_hold(uint64_t root)
{
    for (uint32_t i = 0; i < machine.cpus; i++)
        if (has(&cpus[i], root)) return true;
    return false;
}
/* Addresses of the kernel's are the same in all tables. */
static bool is_everybodys(const struct shot *s) { return s->root == 0 || s->address >> 47; }
static void forget(const struct shot *s)
{
    if (!is_everybodys(s) && (read_cr3() & FRAME_OF_ENTRY) != s->root) return;
    if (s->count > VIPC_X86_64_FLUSH_PAGES) write_cr3(read_cr3());
    else
        for (uint64_t i = 0; i < s->count; i++) __asm__ volatile("invlpg (%0)" : : "r"(s->address + i * PAGE) : "memory");
}
void shoot_here(void)
{
    struct cpu *c = this_cpu();
    for (uint32_t word = 0; word < 2; word++) {
        uint64_t bits = __atomic_exchange_n(&c->shots[word], 0, __ATOMIC_ACQUIRE);
        for (; bits; bits &= bits - 1) {
            struct shot *s = &shots[word * 64 + (uint32_t)__builtin_ctzll(bits)];
            forget(s);
            __atomic_fetch_and(&s->waiting, ~(1u << c->number), __ATOMIC_RELEASE);
        }
    }
}
/* False: the deadline has passed. */
static bool wait_for(const struct shot *s, bool interrupts, vipc_time deadline)
{
    while (__atomic_load_n(&s->waiting, __ATOMIC_ACQUIRE)) {
        if (!interrupts) shoot_here();
        if (deadline != VIPC_FOREVER && vipc_x86_64_now(&port) >= deadline) return false;
        __asm__ volatile("pause");
    }
    return true;
}
static uint32_t targets_of(const struct shot *s, const struct cpu *me)
{
    uint32_t targets = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = 0; i < machine.cpus; i++)
        if (&cpus[i] != me && cpus[i].online && (is_everybodys(s) || has(&cpus[i], s->root))) targets |= 1u << i;
    return targets;
}
static void fire(struct shot *s, uint32_t targets)
{
    const uint32_t n = (uint32_t)(s - shots);
    __atomic_store_n(&s->waiting, targets, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < machine.cpus; i++) {
        if (!(targets >> i & 1)) continue;
        if (__atomic_fetch_or(&cpus[i].shots[n / 64], 1ull << n % 64, __ATOMIC_SEQ_CST)) continue;       /* it is about to look */
        apic_interrupt(&cpus[i], VECTOR_SHOOTDOWN);
        __atomic_fetch_add(&shoot_counts.interrupts, 1, __ATOMIC_RELAXED);
    }
    __atomic_fetch_add(&shoot_counts.ranges, 1, __ATOMIC_RELAXED);
    if (s->count > VIPC_X86_64_FLUSH_PAGES) __atomic_fetch_add(&shoot_counts.full, 1, __ATOMIC_RELAXED);
}
vipc_error shoot_others(void *user, uint64_t root, uint64_t address, uint64_t count, vipc_time deadline)
{
    struct shot *s = &shots[current() - threads];
    uint32_t was = vipc_x86_64_enter();
    (void)user;
    vipc_x86_64_leave(was);
    if (machine.cpus == 1) return VIPC_OK;
    if (s->waiting && deadline == VIPC_NOW) return VIPC_ERR_WOULD_BLOCK;
    if (!wait_for(s, was, deadline)) return VIPC_ERR_TIMEOUT;          /* the last one, that this thread gave up waiting for */
    (void)vipc_x86_64_enter();
    s->root = root;
    s->address = address;
    s->count = count;
    forget(s);
    uint32_t targets = targets_of(s, this_cpu());
    if (targets && deadline != VIPC_NOW) fire(s, targets);
    vipc_x86_64_leave(was);
    if (targets == 0) return VIPC_OK;
    if (deadline == VIPC_NOW) return VIPC_ERR_WOULD_BLOCK;
    return wait_for(s, was, deadline) ? VIPC_OK : VIPC_ERR_TIMEOUT;
}
