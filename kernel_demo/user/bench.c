/* bench.c - what a system call, a call with its reply, a send, a page fault and a fork cost, between two rdtsc; tests/bench/kernel/run.sh boots this and counts along.
 *
 * Booted with `bench` as the kernel's command line this is the first process, with `bench apart` the first on two CPUs: it stays on CPU 0, and those that it makes on CPU 1.
 * `bench serve` answers calls, `bench receive` takes messages, as other processes; see main. */
#include "harness.h"

enum { ROUNDS = 1000 };
static vipc ipc;

static inline uint32_t mark(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return low;
}
static struct { const char *name; uint32_t least, at_it, rounds; } now;
static void begin(const char *name)
{
    now.name = name;
    now.least = ~0u;
    now.at_it = now.rounds = 0;
}
static inline void count(uint32_t took)
{
    if (took < now.least) { now.least = took; now.at_it = 0; }
    now.at_it += took == now.least;
    now.rounds++;
}
static void end(void) { printf("bench %s %u %u %u\n", now.name, now.least, now.at_it * 100 / now.rounds, now.rounds); }

/* ---- the other side ---- */
static vipc_cap door;
static int open_door(const char *name)
{
    return vipc_endpoint_create(&ipc, NULL, &door) == VIPC_OK && vipc_publish(&ipc, name, door, VIPC_RIGHT_SEND) == VIPC_OK;
}
/* The words come in registers and go back in them.  All registers but rsp and rbp are the message's, or results. */
static int serve(void)
{
    uint64_t e = SYS_FAST_RECEIVE, a = 0, b = door.token;
    do {
        uint64_t forever = VIPC_FOREVER;
        __asm__ volatile("syscall\n\t"
                         "mov %%rsi, %%rdi\n\t"               /* the reply right */
                         "mov %4, %%rsi"
                         : "+a"(e), "+D"(a), "+&S"(b), "+d"(forever) : "m"(door.token) : "rcx", "r8", "r9", "r10", "r11", "rbx", "r12", "r13", "r14", "r15", "memory");
    } while (e == 0 && (e = SYS_FAST_REPLY_RECEIVE));
    return 1;
}
static int receive(void)
{
    vipc_message m;
    vipc_info info;
    while (vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER) == VIPC_OK) {}
    return 1;
}
/* Maps what comes, where it has it mapped already, and gives up the right to it; or gives back what was moved. */
enum { TAKE_PART = 1, GIVE_BACK };
static int take_regions(void)
{
    vipc_incoming in;
    vipc_mapping m;
    for (;;) {
        vipc_outgoing out = VIPC_INIT;
        memset(&in, 0, sizeof in);
        if (vipc_receive_large(&ipc, door, &in, VIPC_FOREVER) != VIPC_OK) return 1;
        if (in.message.opcode == TAKE_PART && (vipc_map(&ipc, in.region, NULL, &m) != VIPC_OK || vipc_close(&ipc, in.region) != VIPC_OK)) out.message.data[0] = 1;
        if (in.message.opcode == GIVE_BACK) {
            out.region.token = in.message.data[0];
            out.region_mode = VIPC_MOVE;
        }
        if (vipc_reply_large(&ipc, in.info.reply, &out) != VIPC_OK) return 1;
    }
}

/* The message goes through memory, and who waits sleeps: these two system calls, where the library would take those of messages in registers. */
static int answer(void)
{
    vipc_message m;
    vipc_info info;
    int64_t e = SYS4(SYS_RECEIVE, door.token, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) e = SYS6(SYS_REPLY_RECEIVE, info.reply.token, &m, door.token, &m, &info, VIPC_FOREVER);
    return 1;
}
/* Memory that both sides see: which turn the holder runs in, and which is over. */
struct signs { volatile uint64_t runs, over; };
enum { TAKE_SIGNS = 1, HOLD_RUNNING, HOLD_ASLEEP };
/* Maps each region that comes, and touches all of it, so that there are translations; then runs in ring 3 until it is told that the turn is over, or sleeps until the next one comes. */
static int hold(void)
{
    vipc_incoming in;
    vipc_mapping m;
    vipc_map_desc how = VIPC_INIT;
    struct signs *signs = NULL;
    how.access = VIPC_WRITE;
    for (;;) {
        vipc_outgoing out = VIPC_INIT;
        memset(&in, 0, sizeof in);
        if (vipc_receive_large(&ipc, door, &in, VIPC_FOREVER) != VIPC_OK || vipc_map(&ipc, in.region, &how, &m) != VIPC_OK) return 1;
        if (in.message.opcode == TAKE_SIGNS) signs = (struct signs *)m.at;
        for (uint64_t at = 0; at < m.size; at += 4096) *(volatile uint8_t *)(m.at + at) = 0;
        if (vipc_reply_large(&ipc, in.info.reply, &out) != VIPC_OK) return 1;
        if (in.message.opcode != HOLD_RUNNING) continue;
        signs->runs = in.message.data[0];
        while (signs->over != in.message.data[0]) __asm__ volatile("pause");
    }
}

/* ---- this side ---- */
static inline uint64_t call(uint64_t token, uint64_t words[4])
{
    register uint64_t w1 __asm__("r12") = words[1];
    register uint64_t w2 __asm__("r13") = words[2];
    register uint64_t w3 __asm__("r14") = words[3];
    register uint64_t opcode __asm__("r15") = 1;
    uint64_t e = SYS_FAST_CALL, w0 = words[0], flags = 0, forever = VIPC_FOREVER;
    __asm__ volatile("syscall" : "+a"(e), "+D"(token), "+S"(flags), "+d"(forever), "+b"(w0), "+r"(w1), "+r"(w2), "+r"(w3), "+r"(opcode) : : "rcx", "r8", "r9", "r10", "r11", "memory");
    words[0] = w0;
    words[1] = w1;
    words[2] = w2;
    words[3] = w3;
    return e;
}
static inline uint64_t call_empty(uint64_t token)
{
    uint64_t e = SYS_FAST_CALL, flags = 0, forever = VIPC_FOREVER;
    __asm__ volatile("syscall" : "+a"(e), "+D"(token), "+S"(flags), "+d"(forever) : : "rcx", "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
    return e;
}
static inline int64_t send(uint64_t token, const vipc_message *m)
{
    int64_t e = SYS_SEND;
    register uint64_t unused __asm__("r10") = 0;
    __asm__ volatile("syscall" : "+a"(e) : "D"(token), "S"(m), "d"(VIPC_NOW), "r"(unused) : "rcx", "r11", "memory");
    return e;
}
static inline void nothing(void)
{
    uint64_t e = SYS_NOTHING;
    __asm__ volatile("syscall" : "+a"(e) : : "rcx", "r11", "memory");
}
static unsigned long wrong;

static void calls(uint64_t to)
{
    uint64_t words[4] = { 1, 2, 3, 4 };
    begin("rdtsc_pair");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); count(mark() - a); }
    end();
    begin("null_syscall");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); nothing(); count(mark() - a); }
    end();
    begin("call_reply_0");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); uint64_t e = call_empty(to); count(mark() - a); wrong += e != 0; }
    end();
    begin("call_reply_32");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); uint64_t e = call(to, words); count(mark() - a); wrong += e != 0; }
    end();
    wrong += words[0] != 1 || words[1] != 2 || words[2] != 3 || words[3] != 4;
}
/* The receiver is parked at each send, takes the message when the sender yields, and waits again. */
static void sends(uint64_t to)
{
    vipc_message m = VIPC_INIT;
    vipc_info info;
    vipc_cap own;
    begin("send_waiting");
    for (int i = -16; i < ROUNDS; i++) {                     /* the first find it on its way to its first wait */
        uint32_t a = mark();
        int64_t e = send(to, &m);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != 0;
        yield();
    }
    end();
    wrong += vipc_endpoint_create(&ipc, NULL, &own) != VIPC_OK;
    begin("send_queued");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); int64_t e = send(own.token, &m); count(mark() - a); wrong += e != 0 || vipc_receive(&ipc, own, &m, &info, VIPC_NOW) != VIPC_OK; }
    end();
}
/* ---- memory ---- */
enum { PAGE = 4096, FAULTS = 200, FORKS = 10 };
static const vipc_cap own;
static inline void put(vipc_addr at, uint8_t value) { *(volatile uint8_t *)at = value; }
static vipc_addr heap(uint64_t pages)
{
    vipc_addr was = 0;
    wrong += vipc_space_grow_heap(&ipc, own, pages * PAGE, &was) != VIPC_OK;
    return was;
}
static uint64_t pages_now(void)
{
    vipc_space_info i = VIPC_INIT;
    wrong += vipc_space_get(&ipc, own, &i) != VIPC_OK;
    return i.pages;
}
static void write_each(const char *name, vipc_addr base, uint64_t stride)
{
    begin(name);
    for (uint64_t i = 0; i < FAULTS; i++) { uint32_t a = mark(); put(base + i * stride, 1); count(mark() - a); }
    end();
}
/* Without a word of memory on the way back: that is shared then, and a write to it a fault of its own.  The child ends at once. */
static inline int64_t fork_at_once(void)
{
    int64_t pid = SYS_FORK;
    uint64_t none = 0, count = 0, process = 0;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %4, %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n"
                     "1:" : "+a"(pid), "+D"(none), "+S"(count), "+d"(process) : "i"(SYS_EXIT) : "rcx", "r11", "memory");
    return pid;
}
static void await(int64_t child)
{
    vipc_pid pid = { (uint64_t)child };
    uint64_t status = 1;
    wrong += child <= 0 || wait_for(pid, &status, VIPC_FOREVER) != VIPC_OK;
}
/* Pages that have frames, alone between holes, in a child, which has no translations yet: each read brings one. */
static void read_each_in_a_child(vipc_addr base)
{
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    if (child == 0) {
        begin("fault_mapped");
        for (uint64_t i = 0; i < FAULTS; i++) { uint32_t a = mark(); (void)*(volatile uint8_t *)(base + i * 2 * PAGE); count(mark() - a); }
        end();
        exit(wrong != 0);
    }
    await(child);
}
static void faults(void)
{
    vipc_addr base = heap(2 * FAULTS), holes = 0, at;
    vipc_cap process;
    write_each("fault_zeroed", base, PAGE);
    int64_t child = fork_process(&ipc, NULL, 0, &process);
    if (child == 0) for (;;) sleep_until(VIPC_FOREVER);
    write_each("fault_copied", base, PAGE);                  /* the child has them still */
    wrong += vipc_destroy(&ipc, process, VIPC_FOREVER) != VIPC_OK;
    await(fork_at_once());
    write_each("fault_made_writable", base, PAGE);           /* and now nobody else */
    vipc_mmap_desc d = VIPC_INIT;
    d.size = 2 * FAULTS * PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS;
    wrong += vipc_space_mmap(&ipc, own, &d, &holes, VIPC_FOREVER) != VIPC_OK;
    for (uint64_t i = 0; i < FAULTS; i++) {
        wrong += vipc_space_unmap(&ipc, own, holes + (2 * i + 1) * PAGE, PAGE, VIPC_FOREVER) != VIPC_OK;
        put(holes + 2 * i * PAGE, 1);
    }
    read_each_in_a_child(holes);
    wrong += vipc_space_unmap(&ipc, own, holes, d.size, VIPC_FOREVER) != VIPC_OK || vipc_space_set_break(&ipc, own, base, &at, VIPC_FOREVER) != VIPC_OK;
}
/* Of a process of so many pages, all of them written to since the last fork. */
static void forks(const char *name, uint64_t pages)
{
    uint64_t had = pages_now();
    vipc_addr base = heap(pages);
    for (uint64_t i = 0; had + i < pages; i++) put(base + i * PAGE, 1);
    wrong += pages_now() != pages;
    for (int round = -1; round < FORKS; round++) {           /* at first its pages are not yet such that were shared before */
        for (uint64_t i = 0; had + i < pages; i++) put(base + i * PAGE, 1);
        if (round <= 0) begin(name);
        uint32_t a = mark();
        int64_t child = fork_at_once();
        uint32_t took = mark() - a;
        count(took);
        await(child);
    }
    end();
    wrong += vipc_space_set_break(&ipc, own, base, NULL, VIPC_FOREVER) != VIPC_OK;
}
/* A call in memory, with nothing in it: what a region that goes along comes to is beyond that. */
static void call_in_memory(vipc_cap to)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    begin("region_pass_none");
    for (int i = -4; i < 100; i++) {
        uint32_t a = mark();
        vipc_error e = vipc_call_large(&ipc, to, &out, &in, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != VIPC_OK || in.region.token != 0;
    }
    end();
}
/* ---- regions: mapped and unmapped; moved, while mapped; and handed over by a call, mapped on both sides: its answer says that the other has it ---- */
static void regions(const char *const names[4], vipc_cap to, vipc_pid pid, uint64_t pages, int rounds)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    vipc_cap r, its;
    d.size = pages * PAGE;
    how.access = VIPC_WRITE;
    wrong += vipc_region_create(&ipc, &d, &r) != VIPC_OK;
    begin(names[0]);
    for (int i = -2; i < rounds; i++) {
        uint32_t a = mark();
        vipc_error e = vipc_map(&ipc, r, &how, &m);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != VIPC_OK || vipc_unmap(&ipc, &m, VIPC_FOREVER) != VIPC_OK;
    }
    end();
    begin(names[1]);
    for (int i = -2; i < rounds; i++) {
        wrong += vipc_map(&ipc, r, &how, &m) != VIPC_OK;
        uint32_t a = mark();
        vipc_error e = vipc_unmap(&ipc, &m, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != VIPC_OK;
    }
    end();
    begin(names[2]);
    for (int i = -2; i < rounds; i++) {
        wrong += vipc_map(&ipc, r, &how, &m) != VIPC_OK;
        uint32_t a = mark();
        vipc_error e = vipc_region_transfer(&ipc, r, pid, VIPC_MOVE, 0, &its, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        out.message.opcode = GIVE_BACK;
        out.message.data[0] = its.token;
        wrong += e != VIPC_OK || vipc_call_large(&ipc, to, &out, &in, VIPC_FOREVER) != VIPC_OK || in.region.token == 0;
        r = in.region;
    }
    end();
    wrong += vipc_map(&ipc, r, &how, &m) != VIPC_OK;
    out.message.opcode = TAKE_PART;
    out.region = r;
    out.region_access = VIPC_READ;
    begin(names[3]);
    for (int i = -4; i < rounds; i++) {
        uint32_t a = mark();
        vipc_error e = vipc_call_large(&ipc, to, &out, &in, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != VIPC_OK || in.message.data[0] != 0;
    }
    end();
    wrong += vipc_destroy(&ipc, r, VIPC_FOREVER) != VIPC_OK;
}
/* ---- with the other side on another CPU ---- */
static vipc_cap meet(const char *role)
{
    vipc_cap process, to = { 0 };
    vipc_pid pid;
    wrong += spawn("bench", role, 2, &process, &pid) != VIPC_OK || vipc_lookup(&ipc, role, 0, &to, VIPC_FOREVER) != VIPC_OK;
    return to;
}
static void calls_in_registers(vipc_cap serve)
{
    uint64_t words[4] = { 1, 2, 3, 4 };
    begin("apart_call_registers");
    for (int i = -16; i < ROUNDS; i++) {
        uint32_t a = mark();
        uint64_t e = call(serve.token, words);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != 0;
    }
    end();
}
/* asleep: each call finds the server asleep and its CPU halted; else that still spins, as a wait does at first where there are several CPUs. */
static void calls_in_memory(vipc_cap answer, bool asleep)
{
    vipc_message m = VIPC_INIT;
    begin(asleep ? "apart_call_asleep" : "apart_call_memory");
    for (int i = -16; i < (asleep ? 100 : ROUNDS); i++) {
        if (asleep) sleep_until(vipc_after(&ipc, MILLISECONDS(1)));
        m.data[0] = (uint64_t)(uint32_t)i;
        uint32_t a = mark();
        int64_t e = SYS4(SYS_CALL, answer.token, &m, &m, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        wrong += e != VIPC_OK || m.data[0] != (uint64_t)(uint32_t)i;
    }
    end();
}
static vipc_cap hand_over(vipc_cap to, uint32_t opcode, uint64_t turn, uint64_t pages)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    d.size = pages * PAGE;
    wrong += vipc_region_create(&ipc, &d, &out.region) != VIPC_OK;
    out.region_access = VIPC_WRITE;
    out.message.opcode = opcode;
    out.message.data[0] = turn;
    wrong += vipc_call_large(&ipc, to, &out, &in, VIPC_FOREVER) != VIPC_OK;
    return out.region;
}
/* A region is withdrawn from who has it mapped, and has just written to each page of it: while that runs on the other CPU, or while that sleeps and the CPU is idle. */
static void withdraw(const char *name, vipc_cap to, struct signs *signs, uint64_t pages, bool runs)
{
    static uint64_t turn;
    begin(name);
    for (int i = -2; i < 20; i++) {
        vipc_cap r = hand_over(to, runs ? HOLD_RUNNING : HOLD_ASLEEP, ++turn, pages);
        if (runs) while (signs->runs != turn) __asm__ volatile("pause");
        else sleep_until(vipc_after(&ipc, MILLISECONDS(1)));
        uint32_t a = mark();
        vipc_error e = vipc_revoke(&ipc, r, VIPC_FOREVER);
        uint32_t took = mark() - a;
        if (i >= 0) count(took);
        signs->over = turn;
        wrong += e != VIPC_OK || vipc_destroy(&ipc, r, VIPC_FOREVER) != VIPC_OK;
    }
    end();
}
static void apart(void)
{
    vipc_mapping m;
    vipc_map_desc how = VIPC_INIT;
    how.access = VIPC_WRITE;
    wrong += run_on(1) != 0;
    vipc_cap server = meet("serve"), slow = meet("answer"), holder = meet("hold");
    wrong += run_on(0) != 0;
    vipc_cap shared = hand_over(holder, TAKE_SIGNS, 0, 1);
    wrong += vipc_map(&ipc, shared, &how, &m) != VIPC_OK;
    if (wrong) return;
    begin("rdtsc_pair");
    for (int i = 0; i < ROUNDS; i++) { uint32_t a = mark(); count(mark() - a); }
    end();
    calls_in_registers(server);
    calls_in_memory(slow, false);
    calls_in_memory(slow, true);
    withdraw("shootdown_1", holder, (struct signs *)m.at, 1, true);
    withdraw("shootdown_32", holder, (struct signs *)m.at, 32, true);
    withdraw("shootdown_512", holder, (struct signs *)m.at, 512, true);
    withdraw("no_shootdown_1", holder, (struct signs *)m.at, 1, false);
    withdraw("no_shootdown_32", holder, (struct signs *)m.at, 32, false);
    withdraw("no_shootdown_512", holder, (struct signs *)m.at, 512, false);
}
static int play(const char *role)
{
    if (!open_door(role)) return 2;
    return strcmp(role, "serve") == 0 ? serve() : strcmp(role, "take") == 0 ? take_regions() : strcmp(role, "answer") == 0 ? answer() : strcmp(role, "hold") == 0 ? hold() : receive();
}
int main(int argc, char **argv)
{
    static const char *const small[4] = { "region_map_4k", "region_unmap_4k", "region_move_4k", "region_pass_4k" },
                      *const large[4] = { "region_map_4m", "region_unmap_4m", "region_move_4m", "region_pass_4m" };
    vipc_cap process, server, receiver, taker = { 0 };
    vipc_pid pid;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 1;
    if (argc > 1 && strcmp(argv[1], "apart") != 0) return play(argv[1]);
    (void)SYS3(SYS_CONTROL, CONTROL_TIMER, 50000, 0);         /* after a tick the others' turns are not where they were */
    if (argc > 1) {
        apart();
        (void)fflush(stdout);
        (void)SYS3(SYS_CONTROL, CONTROL_OFF, wrong == 0, wrong);
    }
    if (spawn("bench", "serve", 2, &process, &pid) != VIPC_OK || spawn("bench", "receive", 2, &process, &pid) != VIPC_OK) return 3;
    if (vipc_lookup(&ipc, "serve", 0, &server, VIPC_FOREVER) != VIPC_OK || vipc_lookup(&ipc, "receive", 0, &receiver, VIPC_FOREVER) != VIPC_OK) return 4;
    yield();
    calls(server.token);
    sends(receiver.token);
    faults();
    forks("fork_256", 256);
    forks("fork_1024", 1024);
    wrong += spawn("bench", "take", 2, &process, &pid) != VIPC_OK || vipc_lookup(&ipc, "take", 0, &taker, VIPC_FOREVER) != VIPC_OK;
    call_in_memory(taker);
    regions(small, taker, pid, 1, 100);
    regions(large, taker, pid, 1024, 20);
    (void)fflush(stdout);
    (void)SYS3(SYS_CONTROL, CONTROL_OFF, wrong == 0, wrong);
    return 5;
}
