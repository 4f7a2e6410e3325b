/* pages.c - memory as a process sees it: what it asks for, what faults bring, what forks share; what it is to do is its first argument.  Exit code 0: all was as it should be.
 * Some of it is to end in a fault; init.c knows which, and why. */
#include "harness.h"

enum { PAGE = 4096, WORDS = PAGE / 8, HERE = 32 };
static vipc ipc;
static const vipc_cap own;
#define REQUIRE(condition) do { if (!(condition)) { printf("pages: line %d: %s\n", __LINE__, #condition); return 100; } } while (0)

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
static uint64_t *at_page(vipc_addr base, uint64_t i) { return (uint64_t *)(base + i * PAGE); }
static void touch(vipc_addr at) { (void)*(volatile uint8_t *)at; }
static void put(vipc_addr at, uint8_t value) { *(volatile uint8_t *)at = value; }
static vipc_space_info info(void)
{
    vipc_space_info i = VIPC_INIT;
    if (vipc_space_get(&ipc, own, &i) != VIPC_OK) printf("pages: no space?\n");
    return i;
}
static vipc_addr heap(uint64_t pages)
{
    vipc_addr was = 0;
    return vipc_space_grow_heap(&ipc, own, pages * PAGE, &was) == VIPC_OK ? was : 0;
}
static vipc_error map(vipc_addr at, uint64_t pages, uint32_t prot, uint32_t flags, vipc_addr *out)
{
    vipc_mmap_desc d = VIPC_INIT;
    d.at = at;
    d.size = pages * PAGE;
    d.prot = prot;
    d.flags = flags | VIPC_MAP_ANONYMOUS;
    return vipc_space_mmap(&ipc, own, &d, out, VIPC_FOREVER);
}
static vipc_addr private(uint64_t pages, uint32_t prot)
{
    vipc_addr at = 0;
    return map(0, pages, prot, VIPC_MAP_PRIVATE, &at) == VIPC_OK ? at : 0;
}
static int is_zero(const uint64_t *page)
{
    for (int i = 0; i < WORDS; i++)
        if (page[i]) return 0;
    return 1;
}
enum { READ = VIPC_PROT_READ, WRITE = VIPC_PROT_READ | VIPC_PROT_WRITE, EXECUTE = VIPC_PROT_READ | VIPC_PROT_EXEC };

/* ---- heap and stacks ---- */
static int play_heap(void)
{
    vipc_space_info before = info(), after;
    vipc_addr now, base = heap(40);
    REQUIRE(base == before.brk && base % PAGE == 0);
    REQUIRE(info().pages == before.pages);                   /* it costs nothing until it is touched */
    for (uint64_t i = 0; i < 40; i++) REQUIRE(is_zero(at_page(base, i)));
    for (uint64_t i = 0; i < 40; i++) at_page(base, i)[i] = i + 1;
    for (uint64_t i = 0; i < 40; i++) REQUIRE(at_page(base, i)[i] == i + 1);
    after = info();
    REQUIRE(after.zeroed == before.zeroed + 40 && after.pages == before.pages + 40 && after.brk == base + 40 * PAGE);
    REQUIRE(vipc_space_set_break(&ipc, own, base + 10 * PAGE, &now, VIPC_FOREVER) == VIPC_OK && now == base + 10 * PAGE && info().pages == before.pages + 10);
    REQUIRE(at_page(base, 9)[9] == 10);
    REQUIRE(heap(30) == base + 10 * PAGE);
    for (uint64_t i = 10; i < 40; i++) REQUIRE(is_zero(at_page(base, i)));      /* not what was there before */
    REQUIRE(vipc_space_grow_heap(&ipc, own, 100, &now) == VIPC_OK && vipc_space_grow_heap(&ipc, own, 0, &now) == VIPC_OK && now == base + 40 * PAGE + 100);
    put(base + 40 * PAGE + 99, 1);
    REQUIRE(vipc_space_set_break(&ipc, own, base, NULL, VIPC_FOREVER) == VIPC_OK && info().pages == before.pages);
    REQUIRE(vipc_space_set_break(&ipc, own, base - 1, NULL, VIPC_FOREVER) == VIPC_ERR_INVALID_ARGUMENT);
    return 0;
}
static __attribute__((noinline)) uint64_t deep(uint64_t levels)
{
    volatile uint64_t space[WORDS / 2];
    __asm__ volatile("" : : "r"(space) : "memory");          /* all of it is there */
    space[0] = levels;
    const uint64_t below = levels == 0 ? 0 : deep(levels - 1);
    return below + (space[0] == levels && levels != 0);
}
static int play_stack(void)
{
    vipc_space_info before = info();
    vipc_space_region r;
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack s;
    REQUIRE(deep(400) == 400 && info().grown > before.grown);
    d.size = 64 * PAGE;
    d.guard = 2 * PAGE;
    d.first = 4 * PAGE;
    REQUIRE(vipc_space_stack_create(&ipc, own, &d, &s) == VIPC_OK && s.top - s.bottom == 64 * PAGE && s.sp == s.top && s.guard == 2 * PAGE && s.top <= USER_STACK_TOP - USER_STACK_BYTES);
    for (uint64_t i = 1; i <= 62; i++) put(s.top - i * PAGE, (uint8_t)i);
    for (uint64_t i = 1; i <= 62; i++) REQUIRE(*(uint8_t *)(s.top - i * PAGE) == i);
    REQUIRE(vipc_space_find(&ipc, own, s.bottom, &r) == VIPC_OK && r.guard == 1 && r.type == VIPC_REGION_STACK);
    REQUIRE(vipc_space_unmap(&ipc, own, s.bottom, s.top - s.bottom, VIPC_FOREVER) == VIPC_OK);
    REQUIRE(vipc_space_find(&ipc, own, s.top - 1, &r) == VIPC_OK && r.start >= s.top);
    return 0;
}

/* ---- mapping and protection ---- */
static int play_map(void)
{
    vipc_addr a, b, c;
    vipc_space_info before = info();
    vipc_space_region r;
    REQUIRE(map(0, 8, WRITE, VIPC_MAP_PRIVATE | VIPC_MAP_POPULATE, &a) == VIPC_OK && info().pages == before.pages + 8);
    for (uint64_t i = 0; i < 8; i++) at_page(a, i)[0] = i + 1;
    REQUIRE(map(a + 2 * PAGE, 2, READ, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE, &b) == VIPC_ERR_EXISTS);
    REQUIRE(map(a + 2 * PAGE, 2, READ, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED, &b) == VIPC_OK && b == a + 2 * PAGE);      /* in place of two that were in use */
    REQUIRE(is_zero(at_page(b, 0)) && is_zero(at_page(b, 1)) && at_page(a, 1)[0] == 2 && at_page(a, 4)[0] == 5);
    REQUIRE(vipc_space_find(&ipc, own, b, &r) == VIPC_OK && r.start == b && r.end == b + 2 * PAGE && r.prot == READ && r.flags == VIPC_MAP_PRIVATE);
    REQUIRE(vipc_space_unmap(&ipc, own, a, 8 * PAGE, VIPC_FOREVER) == VIPC_OK && info().pages == before.pages && info().regions == before.regions);
    REQUIRE(map(a, 1, WRITE, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE, &c) == VIPC_OK && is_zero(at_page(c, 0)));
    for (uint64_t i = 1; i <= 100; i++) {                    /* here today, gone tomorrow: no translation outlives its page */
        REQUIRE(map(c, 1, WRITE, VIPC_MAP_PRIVATE | VIPC_MAP_FIXED, &b) == VIPC_OK && at_page(c, 0)[7] == 0);
        at_page(c, 0)[7] = i;
    }
    return 0;
}
static int play_protect(void)
{
    vipc_addr bad, a = private(4, WRITE);
    static const uint8_t returns_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
    REQUIRE(a != 0);
    memcpy((void *)a, returns_42, sizeof returns_42);
    REQUIRE(map(0, 1, WRITE | VIPC_PROT_EXEC, VIPC_MAP_PRIVATE, &bad) == VIPC_ERR_PERMISSION_DENIED);       /* never both */
    REQUIRE(vipc_space_protect(&ipc, own, a, PAGE, WRITE | VIPC_PROT_EXEC, VIPC_FOREVER) == VIPC_ERR_PERMISSION_DENIED);
    REQUIRE(vipc_space_protect(&ipc, own, a, PAGE, EXECUTE, VIPC_FOREVER) == VIPC_OK);
    REQUIRE(((int (*)(void))a)() == 42);
    REQUIRE(vipc_space_protect(&ipc, own, a, PAGE, WRITE, VIPC_FOREVER) == VIPC_OK);
    for (int i = 0; i < 50; i++) {                           /* narrower and wider again, each in force at once */
        put(a, (uint8_t)i);
        REQUIRE(vipc_space_protect(&ipc, own, a, 4 * PAGE, READ, VIPC_FOREVER) == VIPC_OK);
        REQUIRE(vipc_config_get(&ipc, (vipc_config *)(a + 64)) == VIPC_ERR_FAULT && *(uint8_t *)a == i);
        REQUIRE(vipc_space_protect(&ipc, own, a, 4 * PAGE, WRITE, VIPC_FOREVER) == VIPC_OK);
    }
    REQUIRE(vipc_space_protect(&ipc, own, a + 3 * PAGE, 2 * PAGE, READ, VIPC_FOREVER) == VIPC_ERR_NOT_FOUND);       /* the second is nothing */
    return 0;
}

/* ---- what the kernel itself copies from and to ---- */
static int play_calls(void)
{
    vipc_addr base = heap(40), constant = private(1, READ), hole = private(3, WRITE);
    vipc_cap door;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    vipc_config c;
    d.payload_max = 8 * PAGE;
    REQUIRE(base && constant && hole && vipc_endpoint_create(&ipc, &d, &door) == VIPC_OK);
    REQUIRE(vipc_config_get(&ipc, &c) == VIPC_OK && vipc_config_get(&ipc, (vipc_config *)(base + PAGE - 16)) == VIPC_OK);      /* over the border of two that have no frames yet */
    REQUIRE(memcmp(&c, (void *)(base + PAGE - 16), sizeof c) == 0);
    out.payload = (const void *)(base + 4 * PAGE + 5);
    out.payload_size = 7 * PAGE;
    in.payload = (void *)(base + 16 * PAGE + 11);
    in.payload_capacity = 8 * PAGE;
    for (uint64_t i = 16; i < 20; i++) at_page(base, i)[9] = 1;
    REQUIRE(vipc_send_large(&ipc, door, &out, VIPC_NOW) == VIPC_OK && vipc_receive_large(&ipc, door, &in, VIPC_NOW) == VIPC_OK && in.info.payload_size == 7 * PAGE);
    REQUIRE(at_page(base, 16)[9] == 0 && at_page(base, 19)[9] == 0 && is_zero(at_page(base, 20)));
    REQUIRE(vipc_space_unmap(&ipc, own, hole + PAGE, PAGE, VIPC_FOREVER) == VIPC_OK);
    const vipc_addr nowhere[] = { constant, constant + PAGE - 8, hole + PAGE, hole + PAGE - 8, hole + 2 * PAGE - 8, USER_STACK_TOP - USER_STACK_BYTES, USER_STACK_TOP - USER_STACK_BYTES + PAGE - 8,
                                  base + 40 * PAGE, base + 40 * PAGE - 8, 0x400000 };
    for (unsigned i = 0; i < sizeof nowhere / sizeof *nowhere; i++) REQUIRE(vipc_config_get(&ipc, (vipc_config *)nowhere[i]) == VIPC_ERR_FAULT);
    REQUIRE(vipc_close(&ipc, door) == VIPC_OK);
    return 0;
}

/* ---- forks ---- */
struct talk { volatile uint64_t word, copied, made_writable, sum; };          /* in memory that both see */
static struct talk *shared_page(void)
{
    vipc_addr at = 0;
    return map(0, 1, WRITE, VIPC_MAP_SHARED, &at) == VIPC_OK ? (struct talk *)at : NULL;
}
static int ended_well(int64_t child)
{
    uint64_t status = 999;
    vipc_pid pid = { (uint64_t)child };
    vipc_error e = child > 0 ? wait_for(pid, &status, vipc_after(&ipc, MILLISECONDS(30000))) : (vipc_error)child;
    if (e != VIPC_OK || status != 0) printf("pages: child %ld: %s, status %lx\n", (long)child, vipc_error_string(e), (unsigned long)status);
    return e == VIPC_OK && status == 0;
}
/* Writes to all pages; by how many of each kind of fault, into t or beyond. */
static void write_all(vipc_addr base, uint64_t pages, uint64_t value, uint64_t *copied, uint64_t *made_writable)
{
    vipc_space_info before = info();
    for (uint64_t i = 0; i < pages; i++) at_page(base, i)[i] = value + i;
    vipc_space_info after = info();
    *copied = after.copied - before.copied;
    *made_writable = after.made_writable - before.made_writable;
}
static int holds(vipc_addr base, uint64_t pages, uint64_t value)
{
    for (uint64_t i = 0; i < pages; i++)
        if (at_page(base, i)[i] != value + i || at_page(base, i)[WORDS - 1] != i * i) return 0;
    return 1;
}
static int play_fork(void)
{
    enum { PAGES = 32 };
    uint64_t copied, made_writable;
    vipc_addr base = heap(PAGES);
    struct talk *talk = shared_page();
    REQUIRE(base && talk);
    for (uint64_t i = 0; i < PAGES; i++) { at_page(base, i)[i] = 1000 + i; at_page(base, i)[WORDS - 1] = i * i; }
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) {                                        /* writes what its parent has not written yet, so it copies half, and what its parent has: that is its own already */
        REQUIRE(holds(base, PAGES, 1000) && info().pages_shared >= PAGES);
        write_all(base, PAGES / 2, 2000, &copied, &made_writable);
        talk->copied = copied;
        talk->made_writable = made_writable;
        REQUIRE(holds(base, PAGES / 2, 2000));
        talk->word = 1;
        while (talk->word != 2) yield();
        write_all(base + PAGES / 2 * PAGE, PAGES / 2, 3000, &copied, &made_writable);
        talk->copied += copied;
        talk->made_writable += made_writable;
        REQUIRE(holds(base, PAGES / 2, 2000) && at_page(base, PAGES - 1)[PAGES / 2 - 1] == 3000 + PAGES / 2 - 1);
        talk->sum = vipc_self(&ipc).id;
        return 0;
    }
    REQUIRE(child > 0 && (uint64_t)child != vipc_self(&ipc).id);
    while (talk->word != 1) yield();
    REQUIRE(holds(base, PAGES, 1000));                       /* the child's are its own */
    write_all(base, PAGES, 4000, &copied, &made_writable);
    talk->word = 2;
    REQUIRE(holds(base, PAGES, 4000) && ended_well(child) && holds(base, PAGES, 4000) && talk->sum == (uint64_t)child);
    printf("pages: of %d shared pages parent and child copied %lu and %lu; %lu and %lu were their own by then\n", PAGES, (unsigned long)copied, (unsigned long)talk->copied,
           (unsigned long)made_writable, (unsigned long)talk->made_writable);
    REQUIRE(copied == PAGES / 2 && talk->copied == PAGES / 2 && made_writable == PAGES / 2 && talk->made_writable == PAGES / 2);
    return 0;
}
/* A system call's results in a page that is shared: the kernel's own write copies it. */
static int play_fork_calls(void)
{
    vipc_addr base = heap(2);
    vipc_config c;
    REQUIRE(base && vipc_config_get(&ipc, &c) == VIPC_OK);
    put(base, 1);
    put(base + PAGE, 1);
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) {
        uint64_t before = info().copied;
        REQUIRE(vipc_config_get(&ipc, (vipc_config *)(base + PAGE - 16)) == VIPC_OK && memcmp(&c, (void *)(base + PAGE - 16), sizeof c) == 0);
        REQUIRE(info().copied == before + 2);
        return 0;
    }
    REQUIRE(ended_well(child));
    for (uint64_t i = 1; i < 2 * WORDS; i++) REQUIRE(((uint64_t *)base)[i] == (i == WORDS));
    return 0;
}
/* How many capabilities the kernel's own process, the first, holds. */
static uint32_t of_the_kernel(void)
{
    const vipc_pid kernel = { 1 };
    vipc_process_info i = VIPC_INIT;
    return vipc_process_get(&ipc, kernel, &i) == VIPC_OK ? i.capabilities : 0;
}
/* What the child has of capabilities, and what not. */
static int play_fork_capabilities(void)
{
    vipc_cap doors[2], mine, child_cap = VIPC_INIT;
    vipc_message m = VIPC_INIT;
    vipc_info from;
    const uint32_t before = of_the_kernel();
    REQUIRE(before && vipc_endpoint_create(&ipc, NULL, &doors[0]) == VIPC_OK && vipc_endpoint_create(&ipc, NULL, &doors[1]) == VIPC_OK);
    int64_t child = fork_process(&ipc, doors, 1, &child_cap);
    if (child == 0) {
        REQUIRE(vipc_cap_require(&ipc, doors[0], 0, 0) == VIPC_ERR_INVALID_CAPABILITY && vipc_cap_require(&ipc, doors[1], 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
        REQUIRE(vipc_initial(&ipc, 0, &mine) == VIPC_OK && vipc_initial(&ipc, 1, &mine) == VIPC_ERR_NOT_FOUND && vipc_initial(&ipc, 0, &mine) == VIPC_OK);
        m.data[0] = 77;
        REQUIRE(vipc_send(&ipc, mine, &m, VIPC_FOREVER) == VIPC_OK);
        for (int i = 0; i < 5; i++) {                        /* what is not its own either it passes on */
            int64_t grandchild = fork_process(&ipc, &mine, 1, NULL);
            if (grandchild == 0) exit(vipc_initial(&ipc, 0, &mine) == VIPC_OK && vipc_cap_require(&ipc, mine, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND) == VIPC_OK ? 0 : 100);
            REQUIRE(ended_well(grandchild));
        }
        return 0;
    }
    REQUIRE(child > 0 && vipc_receive(&ipc, doors[0], &m, &from, vipc_after(&ipc, MILLISECONDS(10000))) == VIPC_OK && m.data[0] == 77 && from.sender.id == (uint64_t)child && ended_well(child));
    child = fork_process(&ipc, NULL, 0, &child_cap);
    if (child == 0) for (;;) sleep_until(VIPC_FOREVER);
    uint64_t status;
    vipc_pid pid = { (uint64_t)child };
    REQUIRE(child > 0 && vipc_cap_require(&ipc, child_cap, VIPC_TYPE_PROCESS, VIPC_RIGHT_DELETE) == VIPC_OK && vipc_destroy(&ipc, child_cap, VIPC_FOREVER) == VIPC_OK && wait_for(pid, &status, VIPC_FOREVER) == VIPC_OK && status == STATUS_KILLED);
    vipc_cap bad[2] = { doors[0], { 0x1234 } };
    REQUIRE(fork_process(&ipc, bad, 2, NULL) == VIPC_ERR_INVALID_CAPABILITY && fork_process(&ipc, bad, 17, NULL) == VIPC_ERR_INVALID_ARGUMENT);
    REQUIRE(fork_process(&ipc, (const vipc_cap *)0xffff800000000000, 1, NULL) == VIPC_ERR_FAULT);
    REQUIRE(of_the_kernel() == before);                      /* nothing stays of what went through its hands */
    return 0;
}
static int play_fork_fpu(void)
{
    uint64_t seen;
    __asm__ volatile("movq %0, %%xmm7" : : "r"(0x1122334455667788ull));
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    __asm__ volatile("movq %%xmm7, %0" : "=r"(seen));
    REQUIRE(seen == 0x1122334455667788ull);
    __asm__ volatile("movq %0, %%xmm7" : : "r"(child));
    if (child) REQUIRE(ended_well(child));
    else for (int i = 0; i < 10; i++) yield();
    __asm__ volatile("movq %%xmm7, %0" : "=r"(seen));
    REQUIRE(seen == (uint64_t)child);
    return 0;
}
/* A tree of forks: each writes to some of what all have, and forks on. */
static int grow_tree(vipc_addr base, uint64_t depth)
{
    int64_t child[2] = { 0, 0 };
    for (uint64_t i = 0; i < 8; i++) REQUIRE(at_page(base, i)[1] == 5 + i);
    for (int c = 0; c < 2 && depth; c++) {
        child[c] = fork_process(&ipc, NULL, 0, NULL);
        REQUIRE(child[c] >= 0);
        if (child[c] == 0) exit(grow_tree(base, depth - 1));
        at_page(base, (uint64_t)c + depth)[2] = depth;
    }
    for (uint64_t i = 0; i < 8; i++) at_page(base, i)[3] = depth;
    for (int c = 0; c < 2 && depth; c++) REQUIRE(ended_well(child[c]));
    return 0;
}
static int play_storm(void)
{
    vipc_addr base = heap(8);
    REQUIRE(base);
    for (uint64_t i = 0; i < 8; i++) at_page(base, i)[1] = 5 + i;
    for (int round = 0; round < 5; round++) REQUIRE(grow_tree(base, 4) == 0);
    for (int round = 0; round < 60; round++) {               /* one generation after the other, some of them killed on the way */
        vipc_cap cap;
        uint64_t status;
        int64_t child = fork_process(&ipc, NULL, 0, &cap);
        REQUIRE(child >= 0);
        if (child == 0) {
            for (uint64_t i = 0;; i++) { at_page(base, i % 8)[4] = i; if (round % 3 == 0 && i == 100) return 0; }
        }
        vipc_pid pid = { (uint64_t)child };
        if (round % 3 == 1) yield();
        if (round % 3) REQUIRE(vipc_destroy(&ipc, cap, VIPC_FOREVER) == VIPC_OK);
        REQUIRE(wait_for(pid, &status, VIPC_FOREVER) == VIPC_OK && status == (round % 3 ? STATUS_KILLED : 0));
    }
    return 0;
}

/* ---- when frames run out ---- */
static int play_scarcity(void)
{
    vipc_addr a, big = private(1 << 18, WRITE), fresh = heap(4);
    vipc_space_info before = info();
    struct { vipc_addr at; uint64_t pages; } taken[64];
    unsigned n = 0;
    REQUIRE(big && fresh);
    REQUIRE(map(0, 1 << 18, WRITE, VIPC_MAP_PRIVATE | VIPC_MAP_POPULATE, &a) == VIPC_ERR_OUT_OF_MEMORY && info().pages == before.pages && info().regions == before.regions);
    for (uint64_t pages = 1 << 16; pages && n < 64;) {       /* all that there are */
        vipc_error e = map(0, pages, WRITE, VIPC_MAP_PRIVATE | VIPC_MAP_POPULATE, &a);
        REQUIRE(e == VIPC_OK || e == VIPC_ERR_OUT_OF_MEMORY);
        if (e == VIPC_OK) { taken[n].at = a; taken[n++].pages = pages; }
        else pages /= 2;
    }
    vipc_error touched = vipc_config_get(&ipc, (vipc_config *)fresh);
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) return 0;
    for (unsigned i = 0; i < n; i++) REQUIRE(vipc_space_unmap(&ipc, own, taken[i].at, taken[i].pages * PAGE, VIPC_FOREVER) == VIPC_OK);
    printf("pages: %u runs of frames taken; a system call into a new page: %s; a fork: %s\n", n, vipc_error_string(touched), vipc_error_string((vipc_error)child));
    REQUIRE(touched == VIPC_ERR_FAULT && child == VIPC_ERR_OUT_OF_MEMORY);
    REQUIRE(vipc_config_get(&ipc, (vipc_config *)fresh) == VIPC_OK && is_zero(at_page(fresh, 1)));
    REQUIRE(vipc_space_unmap(&ipc, own, big, (1ull << 18) * PAGE, VIPC_FOREVER) == VIPC_OK);
    child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) return 0;
    REQUIRE(ended_well(child));
    return 0;
}

/* ---- ends in a fault ---- */
static int end_in(const char *how)
{
    static const uint8_t returns[] = { 0xc3 };
    vipc_addr a = 0;
    if (is(how, "guard")) put(USER_STACK_TOP - USER_STACK_BYTES + 8, 1);
    if (is(how, "overflow")) return (int)deep(1 << 20);
    if (is(how, "own_guard")) {
        vipc_stack s;
        if (vipc_space_stack_create(&ipc, own, NULL, &s) == VIPC_OK) touch(s.bottom + s.guard - 1);
    }
    if (is(how, "below_guard")) touch(USER_STACK_TOP - USER_STACK_BYTES - 1);
    if (is(how, "read_only")) { a = private(1, READ); touch(a); put(a, 1); }
    if (is(how, "made_read_only")) {
        a = private(2, WRITE);
        put(a, 1);
        if (vipc_space_protect(&ipc, own, a, PAGE, READ, VIPC_FOREVER) == VIPC_OK) { touch(a); put(a + PAGE, 1); put(a, 2); }
    }
    if (is(how, "no_access")) {
        a = private(1, WRITE);
        put(a, 1);
        if (vipc_space_protect(&ipc, own, a, PAGE, VIPC_PROT_NONE, VIPC_FOREVER) == VIPC_OK) touch(a);
    }
    if (is(how, "execute")) { a = private(1, WRITE); memcpy((void *)a, returns, 1); ((void (*)(void))a)(); return 42; }
    if (is(how, "unmapped")) {
        a = private(3, WRITE);
        for (uint64_t i = 0; i < 3; i++) put(a + i * PAGE, 1);
        if (vipc_space_unmap(&ipc, own, a + PAGE, PAGE, VIPC_FOREVER) == VIPC_OK) { touch(a); touch(a + 2 * PAGE); touch(a + PAGE); }
    }
    if (is(how, "past_break")) {
        a = heap(2);
        put(a + PAGE, 1);
        if (vipc_space_set_break(&ipc, own, a + PAGE, NULL, VIPC_FOREVER) == VIPC_OK) { put(a, 1); put(a + PAGE, 1); }
    }
    if (is(how, "own_code")) { (void)vipc_space_unmap(&ipc, own, 0x400000, 64 * PAGE, VIPC_FOREVER); }
    if (is(how, "frames")) for (;;) { a = heap(1024); for (uint64_t i = 0; i < 1024 && a; i++) put(a + i * PAGE, 1); }
    return 101;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 99;
    if (is(what, "heap")) return play_heap();
    if (is(what, "stack")) return play_stack();
    if (is(what, "map")) return play_map();
    if (is(what, "protect")) return play_protect();
    if (is(what, "calls")) return play_calls();
    if (is(what, "fork")) return play_fork();
    if (is(what, "fork_calls")) return play_fork_calls();
    if (is(what, "fork_capabilities")) return play_fork_capabilities();
    if (is(what, "fork_fpu")) return play_fork_fpu();
    if (is(what, "storm")) return play_storm();
    if (is(what, "scarcity")) return play_scarcity();
    if (is(what, "end") && argc > 2) return end_in(argv[2]);
    return 98;
}
