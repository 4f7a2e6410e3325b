/* probe.c - one small program for many parts: what it does is its first argument.  init.c plays with it. */
#include "harness.h"

void syscall_with(uint64_t regs[16], uint64_t flags);
extern char syscall_with_returns[];
int fpu_hold(uint64_t pattern, uint64_t rounds);
int fpu_is_clean(void);
static vipc ipc;
enum { OP_ADD = 1 };

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }
/* An exit code out of an error: 0 to 32. */
static int code(vipc_error e) { return -(int)e; }

/* ---- servers and clients ---- */
static vipc_error offer(const char *name, vipc_cap *door)
{
    vipc_error e = vipc_endpoint_create(&ipc, NULL, door);
    return e == VIPC_OK ? vipc_publish(&ipc, name, *door, VIPC_RIGHT_SEND) : e;
}
/* Adds, for ever. */
static int serve(const char *name)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e = offer(name, &door);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) {
        m.data[0] += m.data[1];
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    return code(e);
}
/* Gives back each payload turned round, and a capability of its own with it. */
static int serve_large(const char *name)
{
    static unsigned char data[40000];
    vipc_cap door, gift;
    vipc_endpoint_desc d = VIPC_INIT;
    d.payload_max = sizeof data;
    vipc_error e = vipc_endpoint_create(&ipc, &d, &door);
    if (e == VIPC_OK) e = vipc_publish(&ipc, name, door, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = vipc_endpoint_create(&ipc, NULL, &gift);
    while (e == VIPC_OK) {
        vipc_incoming in = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        in.payload = data;
        in.payload_capacity = sizeof data;
        e = vipc_receive_large(&ipc, door, &in, VIPC_FOREVER);
        if (e != VIPC_OK) break;
        for (size_t i = 0, n = in.info.payload_size; i < n / 2; i++) {
            unsigned char c = data[i];
            data[i] = data[n - 1 - i];
            data[n - 1 - i] = c;
        }
        out.payload = data;
        out.payload_size = in.info.payload_size;
        out.caps[0] = gift;
        out.cap_count = 1;
        e = vipc_reply_large(&ipc, in.info.reply, &out);
    }
    return code(e);
}
/* Answers with the time; waits for a message, and tells when it ran on. */
static int serve_clock(const char *name)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e = offer(name, &door);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) {
        m.data[0] = vipc_time_now(&ipc);
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    return code(e);
}
static int tell_the_time(const char *name)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info;
    vipc_error e = offer(name, &door);
    if (e == VIPC_OK) e = report(&ipc, 'b', 0, 0);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    return code(e == VIPC_OK ? report(&ipc, 't', vipc_time_now(&ipc), 0) : e);
}
/* Takes `count` calls, tells of each, and answers none; then crashes (why 1), waits to be killed (0), or replies to the last (2) when a message comes. */
static int hold(const char *name, unsigned long count, unsigned long why)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e = offer(name, &door);
    for (unsigned long i = 0; e == VIPC_OK && i < count; i++) {
        e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
        if (e == VIPC_OK) e = report(&ipc, 'h', i + 1, info.sender.id);
    }
    if (why == 1) *(volatile int *)0 = 0;
    if (why == 0) sleep_until(VIPC_FOREVER);
    vipc_reply_right last = info.reply;
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    return code(e == VIPC_OK ? vipc_reply(&ipc, last, &m) : e);
}
/* Answers `count` calls and no more. */
static int serve_then_hold(const char *name, unsigned long count)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e = offer(name, &door);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK && count-- > 0) e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    if (e == VIPC_OK) sleep_until(VIPC_FOREVER);
    return code(e);
}
static int call_once(const char *name, unsigned long milliseconds)
{
    vipc_cap to;
    uint64_t sum;
    vipc_error e = vipc_lookup(&ipc, name, 0, &to, VIPC_FOREVER);
    if (e == VIPC_OK) e = ask(&ipc, to, 20, &sum, milliseconds ? vipc_after(&ipc, MILLISECONDS(milliseconds)) : VIPC_FOREVER);
    return e == VIPC_OK && sum != 41 ? 100 : code(e);
}
/* Many calls, each with numbers of its own. */
static int call_many(const char *name, unsigned long count)
{
    vipc_cap to;
    uint64_t sum, from = vipc_self(&ipc).id << 32;
    vipc_error e = vipc_lookup(&ipc, name, 0, &to, VIPC_FOREVER);
    for (uint64_t i = 0; e == VIPC_OK && i < count; i++) {
        e = ask(&ipc, to, from + i, &sum, VIPC_FOREVER);
        if (e == VIPC_OK && sum != 2 * (from + i) + 1) return 100;
    }
    return code(e);
}

/* The same by memory, not by registers: such a call sleeps in the kernel, it does not park. */
static int call_in_memory(const char *name, unsigned long count)
{
    vipc_cap to;
    uint64_t from = vipc_self(&ipc).id << 32;
    vipc_error e = vipc_lookup(&ipc, name, 0, &to, VIPC_FOREVER);
    for (uint64_t i = 0; e == VIPC_OK && i < count; i++) {
        vipc_message m = VIPC_INIT;
        m.opcode = OP_ADD;
        m.data[0] = from + i;
        m.data[1] = i;
        e = (vipc_error)SYS4(SYS_CALL, to.token, &m, &m, VIPC_FOREVER);
        if (e == VIPC_OK && (m.data[0] != from + 2 * i || m.opcode != OP_ADD || m.flags != VIPC_IS_REPLY)) return 100;
    }
    return code(e);
}
/* Calls and answers by who has something of its own in the FPU: xmm7, which C code here does not touch. */
static void xmm_write(uint64_t n) { __asm__ volatile("movq %0, %%xmm7" : : "r"(n)); }
static uint64_t xmm_read(void) { uint64_t n; __asm__ volatile("movq %%xmm7, %0" : "=r"(n)); return n; }
static int fpu_serve(const char *name)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_error e = offer(name, &door);
    xmm_write(77);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK) {
        m.data[0] = xmm_read();
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    return code(e);
}
static int fpu_call(const char *name, unsigned long count)
{
    vipc_cap to;
    uint64_t seen;
    vipc_error e = vipc_lookup(&ipc, name, 0, &to, VIPC_FOREVER);
    for (uint64_t i = 0; e == VIPC_OK && i < count; i++) {
        xmm_write(1000 + i);
        e = ask(&ipc, to, i, &seen, VIPC_FOREVER);
        if (e == VIPC_OK && (seen != 77 || xmm_read() != 1000 + i)) return 100;
    }
    return code(e);
}

/* ---- waits that do not end, each to be killed in ---- */
enum { PAGE = 4096 };
/* New pages, and gone again, each to be written to. */
static vipc_error use_memory(void)
{
    const vipc_cap own = { 0 };
    vipc_addr at = 0;
    vipc_error e = vipc_space_grow_heap(&ipc, own, 24 * PAGE, &at);
    for (int i = 0; e == VIPC_OK && i < 24; i++) *(volatile int *)(at + (uint64_t)i * PAGE) = i;
    return e == VIPC_OK ? vipc_space_set_break(&ipc, own, at, NULL, VIPC_FOREVER) : e;
}
/* Children that write to what they share, and are gone. */
static vipc_error use_forks(void)
{
    static int data[4 * PAGE];
    int64_t child = fork_process(&ipc, NULL, 0, NULL);
    for (int i = 0; i < 4 * PAGE; i += PAGE / 4) *(volatile int *)&data[i] = (int)child;
    if (child == 0) exit(0);
    vipc_pid pid = { (uint64_t)child };
    uint64_t status;
    return child > 0 ? wait_for(pid, &status, VIPC_FOREVER) : (vipc_error)child;         /* asks for its status too: the kernel need not keep it for long */
}
/* A region that comes back from a queue, shared, moved and copied, and is written to each time. */
static vipc_error use_regions(vipc_cap door, uint32_t mode)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_map_desc how = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    vipc_mapping m;
    d.size = 6 * PAGE;
    how.access = VIPC_WRITE;
    out.region_mode = mode;
    vipc_error e = vipc_region_create(&ipc, &d, &out.region);
    if (e == VIPC_OK) e = vipc_map(&ipc, out.region, &how, &m);
    for (uint64_t i = 0; e == VIPC_OK && i < 6; i++) *(volatile uint64_t *)(m.at + i * PAGE) = i;
    if (e == VIPC_OK) e = vipc_send_large(&ipc, door, &out, VIPC_FOREVER);
    if (e == VIPC_OK) e = vipc_receive_large(&ipc, door, &in, VIPC_FOREVER);
    if (e == VIPC_OK && mode != VIPC_SHARE) e = vipc_map(&ipc, in.region, &how, &m);
    for (uint64_t i = 0; e == VIPC_OK && i < 6; i += 2) *(volatile uint64_t *)(m.at + i * PAGE) = i;
    if (e == VIPC_OK) e = vipc_unmap(&ipc, &m, VIPC_FOREVER);
    if (e == VIPC_OK) e = vipc_close(&ipc, in.region);
    return e == VIPC_OK && mode != VIPC_MOVE ? vipc_destroy(&ipc, out.region, VIPC_FOREVER) : e;
}
/* One that has a name, for a while; init takes it away if it stays. */
static vipc_error use_objects(void)
{
    vipc_cap object;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m;
    vipc_error e = vipc_object_open(&ipc, NOISE, VIPC_OPEN_CREATE | VIPC_OPEN_TRUNCATE, 0, &object, VIPC_FOREVER);
    how.access = VIPC_WRITE;
    if (e == VIPC_OK) e = vipc_object_truncate(&ipc, object, 5 * PAGE + 7, VIPC_FOREVER);
    if (e == VIPC_OK) e = vipc_map(&ipc, object, &how, &m);
    for (uint64_t i = 0; e == VIPC_OK && i < 6; i++) *(volatile uint64_t *)(m.at + i * PAGE) = i;
    if (e == VIPC_OK) e = vipc_object_truncate(&ipc, object, 2 * PAGE, VIPC_FOREVER);
    if (e == VIPC_OK) e = vipc_object_unlink(&ipc, NOISE);
    if (e == VIPC_OK) e = vipc_unmap(&ipc, &m, VIPC_FOREVER);
    return e == VIPC_OK ? vipc_close(&ipc, object) : e;
}
static int wait_in(const char *what)
{
    vipc_cap door, note;
    vipc_message m = VIPC_INIT;
    vipc_endpoint_desc one = VIPC_INIT;
    uint64_t bits, status;
    vipc_info info;
    vipc_incoming in = VIPC_INIT;
    one.capacity = 1;
    vipc_error e = vipc_endpoint_create(&ipc, &one, &door);
    if (e == VIPC_OK) e = vipc_notification_create(&ipc, "never", &note);
    if (e == VIPC_OK) e = report(&ipc, 'w', 0, 0);
    if (e != VIPC_OK) return code(e);
    if (is(what, "receive")) e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    else if (is(what, "receive_large")) {
        static char room[20000];
        in.payload = room;
        in.payload_capacity = sizeof room;
        e = vipc_receive_large(&ipc, door, &in, VIPC_FOREVER);
    } else if (is(what, "send")) while (e == VIPC_OK) e = vipc_send(&ipc, door, &m, VIPC_FOREVER);
    else if (is(what, "acknowledged")) {
        m.flags = VIPC_NEEDS_ACK;
        e = vipc_lookup(&ipc, "unread", 0, &note, VIPC_FOREVER);
        if (e == VIPC_OK) e = vipc_send(&ipc, note, &m, VIPC_FOREVER);
    }
    else if (is(what, "notification")) e = vipc_notification_wait(&ipc, note, 1, &bits, VIPC_FOREVER);
    else if (is(what, "lookup")) e = vipc_lookup(&ipc, "nobody's name", 0, &note, VIPC_FOREVER);
    else if (is(what, "process")) { vipc_pid first = { 2 }; e = wait_for(first, &status, VIPC_FOREVER); }
    else if (is(what, "sleep")) sleep_until(VIPC_FOREVER);
    else if (is(what, "any")) {
        vipc_wait_item items[2] = { { door, 0, VIPC_OK, 1 }, { note, 0, VIPC_OK, 2 } };
        e = vipc_wait_any(&ipc, items, 2, VIPC_FOREVER);
    } else if (is(what, "spin")) for (;;) {}
    else if (is(what, "system_calls")) for (;;) (void)vipc_time_now(&ipc);
    else if (is(what, "locks")) for (;;) { (void)vipc_derive(&ipc, door, NULL, &note); (void)vipc_close(&ipc, note); }
    else if (is(what, "faults")) while (e == VIPC_OK) e = use_memory();
    else if (is(what, "forks")) while (e == VIPC_OK) e = use_forks();
    else if (is(what, "regions")) for (uint32_t i = 0; e == VIPC_OK; i++) e = use_regions(door, i % 3);
    else if (is(what, "objects")) while (e == VIPC_OK) e = use_objects();
    else if (is(what, "messages")) for (;;) { (void)vipc_send(&ipc, door, &m, VIPC_NOW); (void)vipc_receive(&ipc, door, &m, &info, VIPC_NOW); }
    return code(e);
}

/* ---- faults, by vector ---- */
static int stack_overflow(int depth)
{
    volatile char space[1024];
    space[0] = (char)depth;
    if (depth < 0) return 0;
    return stack_overflow(depth + 1) + space[0];
}
static void touch(uint64_t address) { *(volatile char *)address; }
static void jump(uint64_t address) { ((void (*)(void))address)(); }
static int fault(const char *how)
{
    static char data[64];
    if (is(how, "null_write")) *(volatile int *)0 = 1;
    if (is(how, "null_read")) touch(0);
    if (is(how, "divide")) __asm__ volatile("xor %%ecx, %%ecx\n\tdiv %%ecx" : : : "eax", "ecx", "edx");
    if (is(how, "opcode")) __asm__ volatile("ud2");
    if (is(how, "breakpoint")) __asm__ volatile("int3");
    if (is(how, "debug")) __asm__ volatile(".byte 0xf1");
    if (is(how, "halt")) __asm__ volatile("hlt");
    if (is(how, "cli")) __asm__ volatile("cli");
    if (is(how, "port")) __asm__ volatile("outb %al, $0xf4");
    if (is(how, "cr3")) __asm__ volatile("mov %%cr3, %%rax" : : : "rax");
    if (is(how, "msr")) __asm__ volatile("mov $0xc0000082, %%ecx\n\trdmsr" : : : "rax", "rcx", "rdx");
    if (is(how, "timer_vector")) __asm__ volatile("int $32");
    if (is(how, "nmi_vector")) __asm__ volatile("int $2");
    if (is(how, "double_fault_vector")) __asm__ volatile("int $8");
    if (is(how, "swapgs")) __asm__ volatile("swapgs");
    if (is(how, "sysret")) __asm__ volatile("sysretq");
    if (is(how, "kernel_read")) touch(0xffffffff80100000ull);
    if (is(how, "direct_map_read")) touch(0xffff800000100000ull);
    if (is(how, "kernel_jump")) jump(0xffffffff80100000ull);
    if (is(how, "strange_read")) touch(0x8000000000000000ull);
    if (is(how, "strange_jump")) jump(0x800000000000ull);
    if (is(how, "strange_return")) __asm__ volatile("movabs $0x8000000000000000, %%rax\n\tpush %%rax\n\tret" : : : "rax");
    if (is(how, "strange_stack")) __asm__ volatile("movabs $0x9000000000000000, %%rsp\n\tpush %%rax" : : : "memory");
    if (is(how, "last_page")) jump(0x7ffffffffffeull - 0);
    if (is(how, "stack_overflow")) return stack_overflow(0);
    if (is(how, "data_jump")) { data[0] = (char)0xc3; jump((uint64_t)data); }
    if (is(how, "stack_jump")) { char c[8]; *(volatile char *)c = (char)0xc3; jump((uint64_t)c); }
    if (is(how, "text_write")) *(volatile char *)(uint64_t)syscall_with_returns = 0;
    if (is(how, "constant_write")) *(volatile char *)(uint64_t)"constant" = 0;
    if (is(how, "avx")) __asm__ volatile("vzeroupper");
    return 200;
}

/* ---- registers and flags ---- */
enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, FLAGS };
enum { TF = 0x100, DF = 0x400, NT = 0x4000, AC = 0x40000 };

/* Every call, with patterns in all registers: only rax, rcx and r11 may change, and those to what is the caller's anyway. */
static int registers(uint64_t flags)
{
    for (uint64_t n = 0; n < SYSCALLS + 3; n++) {
        uint64_t regs[16], before[16];
        if (n == SYS_EXIT || n == SYS_SLEEP || n == SYS_CANCEL) continue;
        for (uint64_t i = 0; i < 16; i++) regs[i] = before[i] = 0x1111111111111111ull * i + n;
        regs[RAX] = n;
        syscall_with(regs, 0x202 | flags);
        for (uint64_t i = 0; i < 15; i++)
            if (i != RAX && i != RCX && i != R11 && regs[i] != before[i]) return 101;
        if (regs[RCX] != (uint64_t)syscall_with_returns) return 102;
        if (regs[R11] != regs[FLAGS] || (regs[FLAGS] & (DF | NT | AC)) != flags) return 103;
        if ((int64_t)regs[RAX] < VIPC_ERR_HOOK || (n != SYS_TIME && regs[RAX] > 100000 && (int64_t)regs[RAX] > 0)) return 104;
    }
    return 0;
}
/* Calls by registers, each with patterns in all others: what comes back is the reply, what was kept, and nothing else. */
static int call_registers(const char *name, unsigned long count)
{
    vipc_cap to;
    vipc_error e = vipc_lookup(&ipc, name, 0, &to, VIPC_FOREVER);
    for (uint64_t i = 0; e == VIPC_OK && i < count; i++) {
        uint64_t regs[16];
        for (uint64_t k = 0; k < 16; k++) regs[k] = 0x0101010101010101ull * (k + 1) + i;
        const uint64_t bp = regs[RBP], words[4] = { regs[RBX], regs[R12], regs[R13], regs[R14] };
        regs[RAX] = SYS_FAST_CALL;
        regs[RDI] = to.token;
        regs[RSI] = 0;
        regs[RDX] = VIPC_FOREVER;
        regs[R15] = OP_ADD;
        syscall_with(regs, 0x202);
        if (regs[RAX] != 0 || regs[R15] != OP_ADD || regs[RBX] != words[0] + words[1] || regs[R12] != words[1] || regs[R13] != words[2] || regs[R14] != words[3]) return 100;
        if (regs[RBP] != bp || regs[RDI] || regs[RSI] || regs[RDX] || regs[R8] != VIPC_IS_REPLY || regs[R9] || regs[R10]) return 101;
        if (regs[RCX] != (uint64_t)syscall_with_returns || regs[R11] != regs[FLAGS]) return 102;
    }
    return code(e);
}
/* With a flag set, calls that copy both ways: right results, and the flag as it was. */
static int flags_set(uint64_t flags)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT, got;
    uint64_t regs[16];
    vipc_error e = vipc_endpoint_create(&ipc, NULL, &door);
    if (e != VIPC_OK) return code(e);
    for (uint64_t i = 0; i < 200; i++) {
        m.opcode = (uint32_t)i;
        m.data[3] = i * i;
        memset(regs, 0, sizeof regs);
        regs[RAX] = SYS_SEND;
        regs[RDI] = door.token;
        regs[RSI] = (uint64_t)&m;
        syscall_with(regs, 0x202 | flags);
        if (regs[RAX] != 0 || (regs[FLAGS] & flags) != flags) return 101;
        memset(regs, 0, sizeof regs);
        memset(&got, 0, sizeof got);
        regs[RAX] = SYS_RECEIVE;
        regs[RDI] = door.token;
        regs[RSI] = (uint64_t)&got;
        syscall_with(regs, 0x202 | flags);
        if (regs[RAX] != 0 || got.opcode != i || got.data[3] != i * i) return 102;
        regs[RAX] = SYS_NOTHING;         /* says which of the caller's flags the kernel runs with */
        syscall_with(regs, 0x202 | flags);
        if (regs[RAX] != 0) return 105;
        regs[RAX] = SYS_YIELD;
        syscall_with(regs, 0x202 | flags);
    }
    return registers(flags);
}
/* Page faults and timer interrupts with AC set, which would leave this memory open to ring 0; built with DEBUG=1 the kernel ends if it does. */
static int opened(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at = 0;
    const vipc_cap own = { 0 };
    uint64_t flags = 0;
    d.size = 64 * 4096;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS;
    if (vipc_space_mmap(&ipc, own, &d, &at, VIPC_NOW) != VIPC_OK) return 100;
    const vipc_time end = vipc_after(&ipc, MILLISECONDS(20));
    for (uint64_t i = 0; i < 64 || vipc_time_now(&ipc) < end; i++) {
        volatile uint64_t *page = (volatile uint64_t *)(at + i % 64 * 4096);
        __asm__ volatile("sub $128, %%rsp\n\tpushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\tmovq $1, (%1)\n\tmov $10000, %%ecx\n1:\tdec %%ecx\n\tjnz 1b\n\t"
                         "pushfq\n\tpopq %0\n\tpushfq\n\tandq $~0x40000, (%%rsp)\n\tpopfq\n\tadd $128, %%rsp" : "=&r"(flags) : "r"(page) : "rcx", "memory", "cc");
        if (!(flags & 0x40000) || *page != 1) return 101;
    }
    return 0;
}
static int trap_flag(void)
{
    uint64_t regs[16] = { SYS_SELF };
    syscall_with(regs, 0x202 | TF);
    return 201;
}

/* Segment registers: what one process leaves there no other finds. */
static unsigned selectors(void)
{
    unsigned d, e, f, g;
    __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3" : "=r"(d), "=r"(e), "=r"(f), "=r"(g));
    return (d & 0xffff) | (e & 0xffff) | (f & 0xffff) | (g & 0xffff);
}
static int leave_selectors(void)
{
    for (int i = 0; i < 200; i++) {
        if (selectors() & ~0x1bu) return 101;
        __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%gs" : : "r"(0x1b));
        yield();
    }
    return 0;
}
static int meet_selectors(void)
{
    for (int i = 0; i < 200; i++) {
        if (selectors() != 0) return 101;
        yield();
    }
    return 0;
}

/* By one who may look at the machine, and no more; or, `none`, not even that.  0: so it is. */
static int control(int may_look)
{
    static struct machine_dump dump;
    struct machine_info info;
    struct machine_process process;
    struct machine_program program;
    const vipc_error look = may_look ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED, denied = VIPC_ERR_PERMISSION_DENIED;
    vipc_cap bell, child;
    vipc_pid pid;
    if (SYS2(SYS_CONTROL, CONTROL_INFO, &info) != look || SYS3(SYS_CONTROL, CONTROL_PROCESS, &process, 0) != look || SYS3(SYS_CONTROL, CONTROL_PROGRAM, &program, 0) != look ||
        SYS3(SYS_CONTROL, CONTROL_DUMP, &dump, 0) != look) return 101;
    if (vipc_notification_create(&ipc, NULL, &bell) != VIPC_OK || SYS3(SYS_CONTROL, CONTROL_BIND, bell.token, 1) != denied || SYS1(SYS_CONTROL, CONTROL_ASK) != denied ||
        SYS2(SYS_CONTROL, CONTROL_REGISTER, 0) != denied || SYS3(SYS_CONTROL, CONTROL_WRITE, "no", 2) != denied) return 102;
    if (SYS3(SYS_CONTROL, CONTROL_OFF, 1, 0) != denied || SYS1(SYS_CONTROL, CONTROL_QUIT) != denied) return 103;
    return spawn("probe", "exit 0", 1 | SPAWN_CONTROL, &child, &pid) == look ? 0 : 104;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "", *name = argc > 2 ? argv[2] : "";
    unsigned long n = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, n2 = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    if (is(what, "fpu_clean")) return fpu_is_clean() ? 0 : 101;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 99;
    if (is(what, "serve")) return serve(name);
    if (is(what, "serve_then_hold")) return serve_then_hold(name, n);
    if (is(what, "fpu_serve")) return fpu_serve(name);
    if (is(what, "fpu_call")) return fpu_call(name, n);
    if (is(what, "serve_large")) return serve_large(name);
    if (is(what, "serve_clock")) return serve_clock(name);
    if (is(what, "tell_the_time")) return tell_the_time(name);
    if (is(what, "hold")) return hold(name, n, n2);
    if (is(what, "call")) return call_once(name, n);
    if (is(what, "calls")) return call_many(name, n);
    if (is(what, "calls_in_memory")) return call_in_memory(name, n);
    if (is(what, "calls_registers")) return call_registers(name, n);
    if (is(what, "wait")) return wait_in(name);
    if (is(what, "fault")) return fault(name);
    if (is(what, "registers")) return registers(0);
    if (is(what, "flags")) return flags_set(strtoul(name, NULL, 16));
    if (is(what, "opened")) return opened();
    if (is(what, "trap_flag")) return trap_flag();
    if (is(what, "fpu")) return fpu_hold(0x0101010101010101ull * strtoul(name, NULL, 10), n) ? 102 : 0;
    if (is(what, "leave_selectors")) return leave_selectors();
    if (is(what, "meet_selectors")) return meet_selectors();
    if (is(what, "control")) return control(!is(name, "none"));
    if (is(what, "exit")) return (int)strtoul(name, NULL, 10);
    return 98;
}
