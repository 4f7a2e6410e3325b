/* regions.c - what the tree of a space's regions costs, beside a binary search over a packed array of the same keys.
 *
 *     cc -std=gnu11 -O2 -w -pthread -I. tests/bench/regions.c -o regions && ./regions [regions...]
 *     ./regions count REGIONS FINDS       only finds, for a tool that counts: two runs give the difference
 *
 * Times are of the thread alone, medians of many short rounds in ns, tree and array by turns, and a ratio is the median of the rounds' own ratios, to the better of two searches: one without a branch on
 * a key, and one that lets the processor guess.  Instructions are counted one by one (they are the same on every run).
 * "random": regions came in random order, "in order": by ascending address.  Finds are of random addresses in random regions: one after the other as they
 * come, and "chained", each waiting for the one before.  Inserts and removals are steps of their own, committed, of regions at random places. */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#include "bench.h"
#define DO(call) do { vipc_error did_ = (call); if (did_ != VIPC_OK) give_up(__FILE__, __LINE__, vipc_error_string(did_)); } while (0)

enum { QUERIES = 1 << 16, SLICE = QUERIES / 16, ROUNDS = 320, TIMES = 15, CHANGES = 20000, COUNTED = 100, PAGE = 4096 };

static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first) { (void)user; (void)count; (void)first; return VIPC_ERR_OUT_OF_MEMORY; }
static void frame_free(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; }
static void *frame_pointer(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; return NULL; }

static struct bed {
    vipc v;
    vipc_hooks hooks;
    vipci_space *s;
    uint32_t n;
    uint64_t *ends;                    /* packed, ascending */
    uint64_t query[QUERIES], sum;
} b;
static double cpu(void) { return clock_of(CLOCK_THREAD_CPUTIME_ID); }         /* others may have the processor in between */
static uint64_t seed = 88172645463325252u;
static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (seed >> 11) % below;
}
/* Region i of n: up to four pages at 16 pages times i + 1, so that the array's and the tree's keys are the same. */
static vipci_area region(uint32_t i)
{
    uint64_t start = (uint64_t)(i + 1) * 16 * PAGE;
    vipci_area r = { start, start + (1 + i % 4) * PAGE, i, 7 };
    return r;
}
static void setup(uint32_t n, int shuffled)
{
    vipc_config c = VIPC_INIT;
    uint32_t *order = (uint32_t *)malloc(n * sizeof *order);
    MUST(order != NULL);
    memset(&b, 0, sizeof b);
    c.max_spaces = 1;
    c.max_regions = n + 16;
    c.max_frames = 1;
    b.hooks.size = sizeof b.hooks;
    b.hooks.frame_alloc = frame_alloc;
    b.hooks.frame_free = frame_free;
    b.hooks.frame_pointer = frame_pointer;
    uint64_t size = vipc_required_size(&c);
    DO(vipc_init(&b.v, share(size), size, &c, NULL, &b.hooks));
    b.s = vipci_space_at(&b.v, 0);
    b.n = n;
    b.ends = (uint64_t *)share(n * sizeof *b.ends);
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
        b.ends[i] = region(i).end;
    }
    for (uint32_t i = n; shuffled && i-- > 1;) {
        uint32_t k = (uint32_t)draw(i + 1), was = order[i];
        order[i] = order[k];
        order[k] = was;
    }
    for (uint32_t i = 0; i < n; i++) {
        vipci_area r = region(order[i]);
        DO(vipci_region_insert(&b.v, b.s, &r));
        vipci_commit(&b.v);
    }
    for (uint32_t i = 0; i < QUERIES; i++) {
        vipci_area r = region((uint32_t)draw(n));
        b.query[i] = r.start + draw(r.end - r.start);
    }
    free(order);
}
static void teardown(void)
{
    MUST(munmap(b.v.base, b.v.length) == 0);
    MUST(munmap(b.ends, b.n * sizeof *b.ends) == 0);
}

/* ---- finds ---- */
static uint32_t search(const uint64_t *key, uint32_t n, uint64_t at)         /* how many keys are at most `at`; without a branch on a key */
{
    const uint64_t *from = key;
    while (n > 1) {
        uint32_t half = n / 2;
        from += (from[half - 1] <= at) * half;
        n -= half;
    }
    return (uint32_t)(from - key) + (n == 1 && *from <= at);
}
static uint32_t search_guessing(const uint64_t *key, uint32_t n, uint64_t at)
{
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t half = (low + high) / 2;
        if (key[half] > at) high = half; else low = half + 1;
        __asm__ volatile("" : "+r"(low), "+r"(high));        /* keeps the branch a branch */
    }
    return low;
}
static __attribute__((noinline)) uint64_t find_tree(uint64_t at)
{
    vipci_area got;
    return vipci_region_at(&b.v, b.s, at, &got) ? got.end : 0;
}
static __attribute__((noinline)) uint64_t find_array(uint64_t at) { return b.ends[search(b.ends, b.n, at)]; }
static __attribute__((noinline)) uint64_t find_guessing(uint64_t at) { return b.ends[search_guessing(b.ends, b.n, at)]; }
static double time_finds(uint64_t (*find)(uint64_t), int round, int chained)
{
    const uint64_t *query = &b.query[round % (QUERIES / SLICE) * SLICE];
    uint64_t last = 0;
    double began = cpu();
    for (uint32_t i = 0; i < SLICE; i++) {
        last = find(query[i] + (chained ? last >> 63 : 0));
        b.sum += last;
    }
    return (cpu() - began) / SLICE;
}
static int by_size(const void *a, const void *c) { return *(const double *)a < *(const double *)c ? -1 : *(const double *)a > *(const double *)c; }
static double middle(double *t, int n)
{
    qsort(t, (size_t)n, sizeof *t, by_size);
    return t[n / 2];
}
static void compare_finds(const char *what, int chained)
{
    static double tree[ROUNDS], array[ROUNDS], guess[ROUNDS], to_array[ROUNDS], to_guess[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        tree[i] = time_finds(find_tree, i, chained);
        array[i] = time_finds(find_array, i, chained);
        guess[i] = time_finds(find_guessing, i, chained);
        to_array[i] = tree[i] / array[i];
        to_guess[i] = tree[i] / guess[i];
    }
    double x = middle(to_array, ROUNDS), y = middle(to_guess, ROUNDS);
    printf("  %-15s tree %7.1f ns   array %7.1f ns, guessing %7.1f ns   ratio %.2f (%.2f, %.2f)\n", what, middle(tree, ROUNDS), middle(array, ROUNDS), middle(guess, ROUNDS), x > y ? x : y, x, y);
}
static void least(double *best, double t) { if (*best == 0 || t < *best) *best = t; }

/* ---- changes ---- */
static double time_changes(double *insert)                   /* takes regions out, then puts them back */
{
    static uint32_t out[CHANGES];
    uint32_t n = 0, most = b.n / 4 < CHANGES ? b.n / 4 : CHANGES;
    for (uint32_t k = 0; n < most; k++) {                    /* distinct ones, in no order */
        out[n++] = (uint32_t)(((uint64_t)k * 2654435761u) % (b.n / most) + (uint64_t)(((uint64_t)k * 7919) % most) * (b.n / most));
    }
    double began = cpu();
    for (uint32_t i = 0; i < n; i++) {
        DO(vipci_region_remove(&b.v, b.s, region(out[i]).start));
        vipci_commit(&b.v);
    }
    double removed = cpu();
    for (uint32_t i = 0; i < n; i++) {
        vipci_area r = region(out[i]);
        DO(vipci_region_insert(&b.v, b.s, &r));
        vipci_commit(&b.v);
    }
    *insert = (cpu() - removed) / n;
    return (removed - began) / n;
}
static double time_array_changes(void)                       /* an element out of a packed array and back in: half of that, with 32 bytes an element */
{
    vipci_area *all = (vipci_area *)malloc((b.n + 1) * sizeof *all);
    MUST(all != NULL);
    memset(all, 1, (b.n + 1) * sizeof *all);
    uint32_t turns = b.n > 100000 ? 100 : 2000;
    double began = cpu();
    for (uint32_t i = 0; i < turns; i++) {
        uint32_t at = (uint32_t)draw(b.n);
        memmove(&all[at], &all[at + 1], (b.n - at) * sizeof *all);
        touch(all);
    }
    double each = (cpu() - began) / turns;
    free(all);
    return each;
}

/* ---- instructions ---- */
static void count_finds(void *find)
{
    mark();
    for (uint32_t i = 0; i < COUNTED; i++) b.sum += (*(uint64_t (**)(uint64_t))find)(b.query[i]);
    mark();
}
static void count_changes(void *unused)
{
    (void)unused;
    mark();
    for (uint32_t i = 0; i < COUNTED / 4; i++) {
        DO(vipci_region_remove(&b.v, b.s, region((uint32_t)((uint64_t)i * 7919 % b.n)).start));
        vipci_commit(&b.v);
    }
    mark();
    for (uint32_t i = 0; i < COUNTED / 4; i++) {
        vipci_area r = region((uint32_t)((uint64_t)i * 7919 % b.n));
        DO(vipci_region_insert(&b.v, b.s, &r));
        vipci_commit(&b.v);
    }
    mark();
}
static double instructions(uint64_t (*find)(uint64_t))
{
    double out[MARKS];
    return step(count_finds, &find, out) == 1 ? out[0] / COUNTED : 0;
}

static void compare(uint32_t n, int shuffled)
{
    setup(n, shuffled);
    double insert = 0, removal = 0, each = 0, out[MARKS];
    uint32_t levels = vipci_node_at(&b.v, b.s->tree - 1)->level + 1, nodes = vipci_d(&b.v)->used_nodes;
    double instr = instructions(find_tree), plain = instructions(find_array);
    printf("%u regions, %s: %u levels, %u nodes, %.1f bytes a region\n", n, shuffled ? "random" : "in order", levels, nodes, nodes * 512.0 / n);
    compare_finds("find", 0);
    compare_finds("find, chained", 1);
    printf("  find            tree %7.1f instructions   array %.1f\n", instr, plain);
    for (int i = 0; i < TIMES; i++) {
        double t;
        least(&removal, time_changes(&t));
        least(&insert, t);
    }
    for (int i = 0; i < 5; i++) least(&each, time_array_changes());
    printf("  insert          tree %7.1f ns   remove %6.1f ns   an element into or out of a packed array of regions: %.1f ns\n", insert, removal, each);
    if (step(count_changes, NULL, out) == 2) printf("  insert          tree %7.1f instructions   remove %.1f\n", out[1] / (COUNTED / 4), out[0] / (COUNTED / 4));
    fflush(stdout);
    teardown();
}
int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "count") == 0) {
        setup((uint32_t)atoi(argv[2]), 1);
        int finds = atoi(argv[3]);
        for (int i = 0; i < finds; i++) b.sum += find_tree(b.query[i % QUERIES]);
        return b.sum == 1;
    }
    pin(0);
    for (int shuffled = 1; shuffled >= 0; shuffled--)
        if (argc > 1) for (int i = 1; i < argc; i++) compare((uint32_t)atoi(argv[i]), shuffled);
        else {
            compare(1000, shuffled);
            compare(1000000, shuffled);
        }
    return b.sum == 1;
}
