/* story.c - what this kernel is for, told in a minute: the first process of a boot without a command line.
 *
 * Each chapter does a thing, prints what it measured while it did, and checks what it says; the first claim that does not hold ends the machine, with QEMU's status 35.  The
 * other sides are this same program, with the name of a part as its argument, the two of examples/ and the attacker. */
#include "parent.h"
#include "dump.h"

enum { PAGE = 4096, WORDS_A_PAGE = PAGE / 8 };
static unsigned long passed, failed;

static int check(int good, const char *claim)
{
    if (good) passed++;
    else failed++;
    if (!good) printf("FAIL %s\n", claim);
    return good;
}
#include "attacked.h"

/* ---- telling ---- */
static const char *commas(uint64_t n)        /* of the last eight */
{
    static char texts[8][32];
    static unsigned turn;
    char *text = texts[turn++ % 8], *c = text + sizeof texts[0] - 1;
    *c = 0;
    for (unsigned digits = 0; digits == 0 || n; n /= 10, digits++) {
        if (digits && digits % 3 == 0) *--c = ',';
        *--c = (char)('0' + n % 10);
    }
    return c;
}
static int machine_ends(void)
{
    (void)fflush(stdout);
    (void)SYS3(SYS_CONTROL, CONTROL_OFF, passed, failed);
    return failed != 0;                                      /* it was started by the shell, and the machine goes on */
}
static void chapter(const char *title)
{
    static unsigned number;
    printf("\n%u. %s\n", ++number, title);
}
static void as_it_should_be(const char *so)  /* what all the claims so far come to; if one did not hold, that was the end */
{
    if (failed == 0) { printf("   %s As it should be.\n", so); return; }
    printf("   NOT as it should be.\n");
    exit(machine_ends());
}

/* ---- time: of the emulator's clock; or in instructions, if that is what its clock counts (QEMU's -icount) ---- */
static inline uint64_t mark(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}
static uint64_t countdown(uint64_t n)        /* between two marks, n times two instructions, and some */
{
    uint64_t before = mark();
    __asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
    return mark() - before;
}
static int counts_instructions(void)
{
    int exact = 0;
    for (int i = 0; i < 5; i++) exact += countdown(3000) - countdown(1000) == 4000;
    return exact >= 3;                                       /* an interrupt may come in between */
}
static const char *unit;
static uint64_t ticks_a_millisecond;
static void clock_start(void)
{
    vipc_time t = vipc_time_now(&ipc), until = t + MILLISECONDS(20);
    uint64_t m = mark();
    while (vipc_time_now(&ipc) < until) {}
    ticks_a_millisecond = (mark() - m) * 1000000 / (vipc_time_now(&ipc) - t);
    unit = counts_instructions() ? "instructions" : "ns";
}
static uint64_t figure(uint64_t ticks) { return unit[0] == 'i' ? ticks : ticks * 1000000 / ticks_a_millisecond; }

enum { SAMPLES = 20000 };
struct measure { uint32_t taken[SAMPLES]; unsigned count; };
static void add(struct measure *m, uint64_t ticks) { m->taken[m->count++] = ticks < ~0u ? (uint32_t)ticks : ~0u; }
static uint32_t best(const struct measure *m)
{
    uint32_t least = ~0u;
    for (unsigned i = 0; i < m->count; i++)
        if (m->taken[i] < least) least = m->taken[i];
    return least;
}
/* By halving the range in which it lies: half of them took no longer. */
static uint32_t median(const struct measure *m)
{
    uint32_t low = 0, high = ~0u;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        unsigned below = 0;
        for (unsigned i = 0; i < m->count; i++) below += m->taken[i] <= middle;
        if (2 * below >= m->count) high = middle;
        else low = middle + 1;
    }
    return low;
}
static void tell(const char *what, const struct measure *m)
{
    printf("      %s%s %s (median), %s at best\n", what, commas(figure(median(m))), unit, commas(figure(best(m))));
}

/* ---- what there is, this process's own memory aside ---- */
static unsigned together;                    /* processes, when the story began: this one, and whoever started it */
static const vipc_cap own;
struct sum { uint64_t frames, objects, capabilities; };
static struct sum count(void)
{
    static struct lines all;
    struct sum s = { 0, 0, 0 };
    vipc_space_info space = VIPC_INIT;
    (void)alone(together);
    (void)vipc_trim(&ipc, NULL);
    memset(&all, 0, sizeof all);
    for (const char *line; (line = next_line(&all)) != NULL;)
        if (begins_with(line, "process ")) {
            s.objects += number_in(line, "endpoints");
            s.capabilities += number_in(line, "capabilities");
        }
    if (vipc_space_get(&ipc, own, &space) == VIPC_OK) s.frames = machine().frames_free + space.pages + space.table_frames;
    return s;
}
static struct sum at_first;
static int all_came_back(void)
{
    const struct sum now = count();
    const int good = memcmp(&now, &at_first, sizeof now) == 0;
    if (!good) printf("   frames %lu, then %lu; objects %lu, then %lu; capabilities %lu, then %lu\n", at_first.frames, now.frames, at_first.objects, now.objects,
                      at_first.capabilities, now.capabilities);
    return good;
}

/* ---- where, on a machine of several CPUs; nothing of it on one ---- */
static unsigned cpus;
static unsigned cpu_of(struct child c)
{
    struct machine_process p;
    for (uint64_t i = 0; SYS3(SYS_CONTROL, CONTROL_PROCESS, &p, i) == VIPC_OK; i++)
        if (p.pid == c.pid.id) return p.cpu;
    return ~0u;
}
static const char *on_cpu(unsigned number)
{
    static char texts[4][16];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    memcpy(text, cpus > 1 && number < 10 ? " on CPU ?" : "", cpus > 1 && number < 10 ? 10 : 1);
    if (*text) text[8] = (char)('0' + number);
    return text;
}
static struct child start_on(unsigned number, const char *program, const char *arguments)      /* this process too, afterwards */
{
    check(run_on(number % cpus) == VIPC_OK, "a CPU to run on");
    return start(program, arguments);
}

/* ---- the parts that others play ---- */
enum { KEEP = 1, FIND };                     /* of a neighbour */
enum { HOLD = 1, SUM, WRITE, DROP };         /* of who takes memory */
static vipc_cap door;
static vipc_error open_door(const char *name)
{
    vipc_error e = vipc_endpoint_create(&ipc, NULL, &door);
    return e == VIPC_OK ? vipc_publish(&ipc, name, door, VIPC_RIGHT_SEND) : e;
}
static unsigned ring(void)
{
    uint32_t selector;
    __asm__("mov %%cs, %0" : "=r"(selector));
    return selector & 3;
}
static volatile uint64_t number;             /* at one address in all processes of this program */
static int neighbour(void)
{
    vipc_message m;
    vipc_info info;
    vipc_error e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) {
        if (m.opcode == KEEP) number = m.data[0];
        m.data[0] = number;
        m.data[1] = (uint64_t)&number;
        m.data[2] = ring();
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    return -e;
}
static int adder(void)
{
    vipc_message m;
    vipc_info info;
    vipc_error e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) {
        m.data[0] += m.data[1];
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    return -e;
}
static int trespass(const char *how)
{
    extern char _start[];
    if (strcmp(how, "kernel") == 0) (void)*(volatile uint64_t *)0xffffffff80100000ull;
    if (strcmp(how, "interrupts") == 0) __asm__ volatile("cli");
    if (strcmp(how, "code") == 0) *(volatile char *)_start = 0;
    return 0;
}
static uint64_t sum_of(const uint64_t *words, uint64_t bytes)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes / 8; i++) sum = sum * 3 + words[i];
    return sum;
}
static int taker(void)
{
    vipc_incoming in;
    vipc_mapping m = VIPC_INIT;
    vipc_cap region = { 0 };
    vipc_map_desc how = VIPC_INIT;
    how.access = VIPC_WRITE;
    for (;;) {
        vipc_outgoing out = VIPC_INIT;
        memset(&in, 0, sizeof in);
        vipc_error e = vipc_receive_large(&ipc, door, &in, VIPC_FOREVER);
        if (e != VIPC_OK) return -e;
        if (in.message.opcode == HOLD) {
            region = in.region;
            e = vipc_map(&ipc, region, &how, &m);
        } else if (in.message.opcode == SUM) out.message.data[1] = sum_of((const uint64_t *)m.at, m.size);
        else if (in.message.opcode == WRITE) ((volatile uint64_t *)m.at)[in.message.data[0]] = in.message.data[1];
        else if (in.message.opcode == DROP) {
            e = vipc_unmap(&ipc, &m, VIPC_FOREVER);
            if (e == VIPC_OK) e = vipc_close(&ipc, region);
        }
        out.message.data[0] = (uint64_t)-e;
        if (vipc_reply_large(&ipc, in.info.reply, &out) != VIPC_OK) return 1;
    }
}
static int part(char **argv, int argc)
{
    if (strcmp(argv[1], "nothing") == 0) return 0;
    if (strcmp(argv[1], "trespass") == 0 && argc > 2) return trespass(argv[2]);
    if (open_door(argc > 2 ? argv[2] : argv[1]) != VIPC_OK) return 1;
    return strcmp(argv[1], "neighbour") == 0 ? neighbour() : strcmp(argv[1], "adder") == 0 ? adder() : strcmp(argv[1], "taker") == 0 ? taker() : 2;
}
static vipc_cap find(const char *name)
{
    vipc_cap c = { 0 };
    check(vipc_lookup(&ipc, name, VIPC_RIGHT_SEND, &c, in(10000)) == VIPC_OK, "its endpoint is found by its name");
    return c;
}

/* ---- 1 ---- */
static void the_machine(void)
{
    const struct machine_info i = machine();
    chapter("A machine");
    check(i.cpus > 0 && i.nodes > 0 && i.frames > i.frames_free && i.frames_free > 0, "the machine's figures");
    printf("   %u CPU%s, %u memory node%s, %s frames of 4 KiB (%lu MiB) to hand out, of which %s are free.\n", i.cpus, i.cpus == 1 ? "" : "s", i.nodes,
           i.nodes == 1 ? "" : "s", commas(i.frames), (unsigned long)(i.frames >> 8), commas(i.frames_free));
    if (i.smep && i.smap && i.nx) printf("   The kernel cannot run (SMEP) or touch by mistake (SMAP) what is programs'; data is no code (NX).\n");
    else printf("   This processor lacks%s%s%s: what these refuse elsewhere is not refused here.\n", i.smep ? "" : " SMEP", i.smap ? "" : " SMAP", i.nx ? "" : " NX");
    if (unit[0] == 'i') printf("   Figures are in instructions: the emulator's clock counts them.\n");
    else printf("   Times are this emulator's: compare them with each other alone.\n");
    check(ring() == 3, "this program is in ring 3");
    as_it_should_be("This is user/story.c, the first process, in ring 3; the kernel is in ring 0.");
}

/* ---- 2 ---- */
static uint64_t tell_neighbour(vipc_cap who, uint32_t what, uint64_t value, uint64_t *address)
{
    vipc_message m = VIPC_INIT;
    m.opcode = what;
    m.data[0] = value;
    check(vipc_call(&ipc, who, &m, &m, in(10000)) == VIPC_OK && m.data[2] == 3, "a neighbour answers, from ring 3");
    *address = m.data[1];
    return m.data[0];
}
static void processes(void)
{
    static const struct { const char *how; uint64_t status; } wrongs[] = {
        { "trespass kernel", STATUS_MEMORY - VIPC_ERR_FAULT }, { "trespass interrupts", STATUS_FAULT + 13 }, { "trespass code", STATUS_MEMORY - VIPC_ERR_PERMISSION_DENIED }
    };
    struct child one = start_on(0, "story", "neighbour one"), other = start_on(1, "story", "neighbour other");
    uint64_t at[2] = { 0, 1 };
    chapter("Processes, each in ring 3 and in a space of its own");
    const vipc_cap to_one = find("one"), to_other = find("other");
    (void)tell_neighbour(to_one, KEEP, 1111, &at[0]);
    (void)tell_neighbour(to_other, KEEP, 2222, &at[1]);
    const uint64_t first = tell_neighbour(to_one, FIND, 0, &at[0]), second = tell_neighbour(to_other, FIND, 0, &at[1]);
    printf("   Process %lu%s and process %lu%s are one program; each puts a number at %lx.\n", one.pid.id, on_cpu(cpu_of(one)), other.pid.id, on_cpu(cpu_of(other)), at[0]);
    printf("   Asked for it by a message, %lu finds %lu there, and %lu finds %lu.\n", one.pid.id, first, other.pid.id, second);
    check(cpu_of(one) == 0 && cpu_of(other) == 1 % cpus, "each is on its CPU");
    check(at[0] == at[1] && first == 1111 && second == 2222, "one address, two numbers");
    check(kill(one) == VIPC_OK && kill(other) == VIPC_OK, "both end");
    printf("   Three more read the kernel's memory, turn interrupts off, write to their own code:\n");
    for (unsigned i = 0; i < sizeof wrongs / sizeof *wrongs; i++) check(run("story", wrongs[i].how) == wrongs[i].status, wrongs[i].how);
    check(vipc_close(&ipc, to_one) != VIPC_OK && vipc_close(&ipc, to_other) != VIPC_OK && all_came_back(), "nothing is left of them");
    as_it_should_be("Each was ended for it, alone, and its parent was told why.");
}

/* ---- 3 ---- */
enum { QUICK = 20000, SLOW = 5000 };
static unsigned long sums(vipc_cap to, int in_registers, unsigned rounds, struct measure *m)
{
    unsigned long right = 0;
    for (unsigned i = 0; i < rounds; i++) {
        vipc_message q = VIPC_INIT, a = VIPC_INIT;
        q.opcode = 1;
        q.data[0] = i;
        q.data[1] = 2 * i;
        const uint64_t before = mark();
        const int64_t e = in_registers ? vipc_call(&ipc, to, &q, &a, VIPC_FOREVER) : SYS4(SYS_CALL, to.token, &q, &a, VIPC_FOREVER);
        add(m, mark() - before);
        right += e == VIPC_OK && a.data[0] == 3ull * i;
    }
    return right;
}
static void calls(void)
{
    static struct measure empty, quick, slow, far;
    struct child there = start_on(1, "story", "adder there"), server = start_on(0, "story", "adder here");
    struct machine_info before, after;
    chapter("Calls from one process to another");
    const vipc_cap to = find("here"), to_there = find("there");
    for (int i = 0; i < 1000; i++) { const uint64_t m = mark(); (void)SYS0(SYS_NOTHING); add(&empty, mark() - m); }
    before = machine();
    unsigned long right = sums(to, 1, QUICK, &quick);
    after = machine();
    right += sums(to, 0, SLOW, &slow);
    if (cpus > 1) right += sums(to_there, 1, SLOW, &far);
    const unsigned long asked = QUICK + SLOW + far.count;
    const unsigned long straight = (unsigned long)(after.fast_calls - before.fast_calls);
    printf("   Process %lu adds two numbers for whoever calls. We call: %s sums, %s of them right.\n", server.pid.id, commas(asked), commas(right));
    tell("there and back in registers:      ", &quick);
    tell("there and back through memory:    ", &slow);
    if (cpus > 1) tell("to another CPU, and back:         ", &far);
    tell("a system call that does nothing:  ", &empty);
    printf("   Of the %s in registers %s went straight from caller to server, with no queue and\n", commas(QUICK), commas(straight));
    check(right == asked && cpu_of(server) == 0 && cpu_of(there) == 1 % cpus, "all sums are right");
    check(straight > QUICK * 9 / 10, "calls in registers go straight to the server");
    check(best(&quick) < best(&slow), "which is the quicker way");
    check(kill(server) == VIPC_OK && kill(there) == VIPC_OK && vipc_close(&ipc, to) != VIPC_OK && vipc_close(&ipc, to_there) != VIPC_OK && all_came_back(), "nothing is left of them");
    as_it_should_be("no scheduler in between, each checked against a capability.");
}

/* ---- 4 ---- */
enum { SIZE = 4 << 20, ROUNDS = 5 };
static uint64_t ask_taker(vipc_cap to, uint32_t what, uint64_t a, uint64_t b)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming back = VIPC_INIT;
    out.message.opcode = what;
    out.message.data[0] = a;
    out.message.data[1] = b;
    check(vipc_call_large(&ipc, to, &out, &back, in(20000)) == VIPC_OK && back.message.data[0] == VIPC_OK, "who takes memory answers");
    return back.message.data[1];
}
/* By a call: when it returns the other has it mapped, every page of it. */
static void hand_over(vipc_cap to, vipc_cap region, uint32_t mode, struct measure *m)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming back = VIPC_INIT;
    out.message.opcode = HOLD;
    out.region = region;
    out.region_mode = mode;
    out.region_access = mode == VIPC_MOVE ? 0 : VIPC_WRITE;
    const uint64_t before = mark();
    const vipc_error e = vipc_call_large(&ipc, to, &out, &back, in(20000));
    add(m, mark() - before);
    check(e == VIPC_OK && back.message.data[0] == VIPC_OK, "a region goes to another process");
}
/* By the compiler's own loop: string instructions are slow in an emulator. */
static void copy_words(uint64_t *to, const uint64_t *from, uint64_t words)
{
    for (uint64_t i = 0; i < words; i++) {
        to[i] = from[i];
        __asm__ volatile("" : : : "memory");
    }
}
static int answers(const void *at) { return vipc_unpublish(&ipc, at) != VIPC_ERR_FAULT; }      /* can the kernel read a name there, as this process? */

static void zero_copy(void)
{
    static struct measure copied, handed, moved;
    struct child other = start_on(0, "story", "taker");
    vipc_region_desc d = VIPC_INIT;
    vipc_region_info info;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m = VIPC_INIT;
    vipc_cap region = { 0 };
    vipc_addr heap = 0;
    chapter("Four MiB to another process, without a copy");
    const vipc_cap to = find("taker");
    d.size = SIZE;
    how.access = VIPC_WRITE;
    check(vipc_region_create(&ipc, &d, &region) == VIPC_OK && vipc_map(&ipc, region, &how, &m) == VIPC_OK && vipc_space_grow_heap(&ipc, own, SIZE + 5 * PAGE, &heap) == VIPC_OK, "4 MiB, twice");
    if (failed) as_it_should_be("");
    uint64_t *const words = (uint64_t *)m.at;
    for (uint64_t i = 0, x = 88172645463325252ull; i < SIZE / 8; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        words[i] = x;
    }
    for (int i = 0; i <= ROUNDS; i++) {                      /* the first brings the frames */
        const uint64_t before = mark();
        copy_words((uint64_t *)(heap + 5 * PAGE), words, SIZE / 8);
        if (i) add(&copied, mark() - before);
    }
    check(memcmp((const void *)(heap + 5 * PAGE), words, SIZE) == 0 && vipc_space_set_break(&ipc, own, heap, NULL, in(10000)) == VIPC_OK, "a copy is a copy");
    for (int i = 0; i < ROUNDS; i++) {
        if (i) (void)ask_taker(to, DROP, 0, 0);
        hand_over(to, region, VIPC_SHARE, &handed);
    }
    printf("   %s frames of random numbers are here, and are to be process %lu's too.\n", commas(SIZE / PAGE), other.pid.id);
    tell("to copy them:                ", &copied);
    tell("to hand them over by a call: ", &handed);
    check(best(&handed) < best(&copied), "to hand over is quicker than to copy");
    const uint64_t sum = sum_of(words, SIZE), its = ask_taker(to, SUM, 0, 0);
    printf("   %lu times quicker: no byte moves. Checksum here %lx, there %lx;\n", (unsigned long)(best(&copied) / best(&handed)), sum, its);
    check(sum == its, "both see the same bytes");
    (void)ask_taker(to, WRITE, 77777, 4242);
    const uint64_t word = ((volatile uint64_t *)words)[77777];
    check(word == 4242, "what the one writes the other reads");
    const uint64_t last = sum_of(words, SIZE);
    (void)ask_taker(to, DROP, 0, 0);
    const int before = answers(words);
    hand_over(to, region, VIPC_MOVE, &moved);
    const int after = answers(words);
    const vipc_error e = vipc_region_get(&ipc, region, &info);
    printf("   %lu writes 4242 into word 77,777, we read %lu. Then it is moved: our address %s,\n", other.pid.id, word, after ? "still leads there" : "leads nowhere");
    check(before && !after && e == VIPC_ERR_INVALID_CAPABILITY, "what was moved is gone here");
    check(ask_taker(to, SUM, 0, 0) == last, "and is there, as it was");
    check(kill(other) == VIPC_OK && vipc_close(&ipc, to) != VIPC_OK && all_came_back(), "it ends with its last holder");
    as_it_should_be("our capability is void, and over there all of it is as it was.");
}

/* ---- 5 ---- */
enum { PAGES = 256, OURS = 1, THEIRS = 2 };
static vipc_error wait_here(uint32_t at)     /* in the child, until the parent has seen enough */
{
    vipc_message m = VIPC_INIT;
    vipc_cap to;
    vipc_error e = vipc_lookup(&ipc, REPORTS, VIPC_RIGHT_SEND, &to, in(10000));
    m.opcode = at;
    if (e == VIPC_OK) e = vipc_call(&ipc, to, &m, &m, in(20000));
    if (e == VIPC_OK) e = vipc_close(&ipc, to);
    return e;
}
static uint64_t frames_when_it_waits(uint32_t at, vipc_reply_right *right)
{
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    check(vipc_receive(&ipc, reports, &m, &info, in(20000)) == VIPC_OK && m.opcode == at, "the child is as far as that");
    *right = info.reply;
    return machine().frames_free;
}
static void go_on(vipc_reply_right right)
{
    const vipc_message m = VIPC_INIT;
    check(vipc_reply(&ipc, right, &m) == VIPC_OK, "the child goes on");
}
/* It has done once all that it does, so that nothing but the write to the page comes in between: its stack is its own by then, and there is a table. */
static int child_of_fork(volatile uint64_t *pages)
{
    pages[0] = THEIRS;
    if (wait_here('b') != VIPC_OK || wait_here('f') != VIPC_OK) return 2;
    pages[100 * WORDS_A_PAGE] = THEIRS;
    if (wait_here('w') != VIPC_OK) return 3;
    for (uint64_t i = 1; i < PAGES; i++)
        if (pages[i * WORDS_A_PAGE] != (i == 100 ? THEIRS : OURS)) return 1;
    return 0;
}
static void fork_and_write(void)
{
    vipc_addr heap = 0;
    vipc_space_info space = VIPC_INIT;
    vipc_reply_right right;
    const vipc_message none = VIPC_INIT;
    vipc_message m;
    struct child child = { { 0 }, { 0 } };
    chapter("Copy-on-write");
    check(vipc_space_grow_heap(&ipc, own, PAGES * PAGE, &heap) == VIPC_OK, "256 pages");
    volatile uint64_t *const pages = (volatile uint64_t *)heap;
    for (uint64_t i = 0; i < PAGES; i++) pages[i * WORDS_A_PAGE] = OURS;
    check(vipc_send(&ipc, reports, &none, VIPC_NOW) == VIPC_OK && vipc_receive(&ipc, reports, &m, NULL, VIPC_NOW) == VIPC_OK, "the queue that the child will use has its frames");
    const uint64_t before = machine().frames_free;
    const int64_t pid = fork_process(&ipc, NULL, 0, &child.cap);
    if (pid == 0) exit(child_of_fork(pages));
    child.pid.id = (uint64_t)pid;
    check(pid > 0, "a fork");
    if (failed) as_it_should_be("");
    (void)frames_when_it_waits('b', &right);
    go_on(right);
    const uint64_t forked = frames_when_it_waits('f', &right);
    (void)vipc_space_get(&ipc, own, &space);
    go_on(right);
    const uint64_t written = frames_when_it_waits('w', &right);
    printf("   This process has written to %u pages of its heap, and forks.\n", (unsigned)PAGES);
    printf("      %s frames are free before the fork,\n", commas(before));
    printf("      %s with the child, process %lu: %s fewer, and %s pages are shared,\n", commas(forked), child.pid.id, commas(before - forked), commas(space.pages_shared));
    printf("      %s when it has written to one page: %s fewer.\n", commas(written), commas(forked - written));
    check(before - forked < PAGES / 4, "the fork copied none of them");
    check(forked - written == 1, "a write to one page takes one frame");
    check(space.pages_shared >= PAGES - 1 && pages[100 * WORDS_A_PAGE] == OURS, "the parent's page is as it was");
    go_on(right);
    check(ended(child) == 0, "the child saw its own page, and ours beside it");
    check(vipc_space_set_break(&ipc, own, heap, NULL, in(10000)) == VIPC_OK && all_came_back(), "every frame came back");
    as_it_should_be("Where the child wrote we still read our own, and with it every frame came back.");
}

/* ---- 6 ---- */
enum { CLIENTS = 2 };
static uint64_t calls_of(struct child c)     /* so far; 0: it has ended */
{
    vipc_process_info i = VIPC_INIT;
    return vipc_process_get(&ipc, c.pid, &i) == VIPC_OK ? i.calls : 0;
}
static void crash(void)
{
    enum { EACH = 20000, ENOUGH = 500, DIED = 1 };
    struct child server, client[CLIENTS];
    vipc_cap bell = { 0 };
    uint64_t bits = 0, made[CLIENTS] = { 0, 0 };
    int good = 1;
    chapter("A server is killed in the middle of its callers' calls");
    printf("   examples/rpc_server.c and rpc_client.c, not a byte changed; each client makes %s calls.\n", commas(EACH));
    server = start_on(0, "rpc_server", "");                  /* with this program, which is more urgent: what the clients ask while this one waits is bounded */
    check(vipc_notification_create(&ipc, "deaths", &bell) == VIPC_OK && vipc_process_watch(&ipc, server.pid, bell, DIED) == VIPC_OK, "a watch on the server");
    for (unsigned i = 0; i < CLIENTS; i++) client[i] = start_on(1 + i, "rpc_client", "20000 0");
    (void)run_on(0);
    for (vipc_time end = in(20000); (made[0] + made[1] < ENOUGH || !made[0] || !made[1]) && vipc_time_now(&ipc) < end; sleep_until(in(1)))
        for (int i = 0; i < CLIENTS; i++) made[i] = calls_of(client[i]);
    const unsigned at[] = { cpu_of(server), cpu_of(client[0]), cpu_of(client[1]) };
    check(kill(server) == VIPC_OK, "the server is killed");
    check(vipc_notification_wait(&ipc, bell, DIED, &bits, in(10000)) == VIPC_OK && bits == DIED, "its supervisor is told, by a signal");
    for (int i = 0; i < CLIENTS; i++) {
        made[i] = calls_of(client[i]);
        good = good && made[i] && made[i] < EACH;
    }
    check(good, "it was in the middle of their calls");
    check(ended(server) == STATUS_KILLED, "how it ended");
    printf("   Killed%s, when the clients had made %s calls%s and %s%s.\n", on_cpu(at[0]), commas(made[0]), on_cpu(at[1]), commas(made[1]), on_cpu(at[2]));
    printf("   This program supervises the server: it was signalled, and starts another:\n");
    server = start_on(0, "rpc_server", "");
    for (int i = 0; i < CLIENTS; i++) good = ended(client[i]) == 0 && good;
    check(good, "the clients went on, and all of their sums were right");
    check(kill(server) == VIPC_OK && vipc_close(&ipc, bell) == VIPC_OK, "the second server ends");
    check(all_came_back() && run_on(WHEREVER) == VIPC_OK, "every frame came back");
    as_it_should_be("Both clients were told, made that call again, and got every sum right.");
}

/* ---- 7 ---- */
static uint64_t refused(void)
{
    vipc_stats s = VIPC_INIT;
    return vipc_stats_get(&ipc, &s) == VIPC_OK ? s.checks_failed : 0;
}
static void attacker(void)
{
    uint32_t violations = 1;
    const uint64_t before = refused();
    chapter("An attacker");
    printf("   user/attacker.c guesses capabilities, passes the kernel's addresses, others' regions, sizes\n");
    printf("   without bounds, calls that do not exist, and then anything at all:\n");
    attack();
    const uint64_t more = refused() - before;
    printf("   The core refused %s capabilities that it showed. What it attacked is byte for byte as it was.\n", commas(more));
    check(more > 5000, "what it tried was refused");
    check(vipc_check(&ipc, &violations) == VIPC_OK && violations == 0, "the core is in order");
    check(all_came_back(), "nothing is left of it");
    as_it_should_be("The core finds its own tables in order, and nothing is left of the attacker.");
}

/* ---- 8 ---- */
static void the_end(vipc_time began)
{
    vipc_stats s = VIPC_INIT;
    uint32_t violations = 1;
    const struct sum now = count();
    const struct machine_info i = machine();
    chapter("What is left");
    check(vipc_stats_get(&ipc, &s) == VIPC_OK && vipc_check(&ipc, &violations) == VIPC_OK, "the core answers");
    printf("   %s calls were made, %s objects came and %s went. At first and now there were:\n", commas(s.calls), commas(s.objects_created), commas(s.objects_destroyed));
    printf("      %s and %s frames, free or this program's own;\n", commas(at_first.frames), commas(now.frames));
    printf("      %s and %s objects, %s and %s capabilities, %u and %u processes.\n", commas(at_first.objects), commas(now.objects), commas(at_first.capabilities),
           commas(now.capabilities), together, i.processes);
    check(memcmp(&now, &at_first, sizeof now) == 0, "every frame, object and capability is accounted for");
    check(i.processes == together && violations == 0, "nobody is left, nothing is broken");
    as_it_should_be("All is accounted for, and the core's tables break no rule.");
    printf("\nIn %lu s of the machine's time %lu claims were checked.\n", (unsigned long)((vipc_time_now(&ipc) - began) / 1000000000), passed);
    printf("To go on:  make -C kernel_demo shell  (look around)   make -C kernel_demo run APPEND=test  (tests)\n");
}

int main(int argc, char **argv)
{
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 1;
    if (argc > 1) return part(argv, argc);
    const vipc_time began = vipc_time_now(&ipc);
    if (open_reports() != VIPC_OK) return 2;
    together = machine().processes;
    if (together == 0) {
        printf("the story has to look at the machine: as the first process, or started by the shell's command `story`\n");
        return 3;
    }
    check(run("story", "nothing") == 0, "a process comes and goes");
    cpus = machine().cpus;
    at_first = count();
    clock_start();
    the_machine();
    processes();
    calls();
    zero_copy();
    fork_and_write();
    crash();
    attacker();
    the_end(began);
    return machine_ends();
}
