/* count.c - a plugin for QEMU's TCG that counts a guest's instructions between two marks, and how long it has interrupts off.
 *
 * out=FILE: a mark is an rdtsc (or rdtscp) in user code: that of one below `kbase`, by virtual address.  What is executed from one mark to the next of the same processor,
 * the first mark included and the last one not, is a region: exactly what the guest itself reads as the difference of two rdtsc under `-icount shift=0`, where the
 * processors take turns and share one clock.  Of each region that was ever seen, one line goes to FILE at the end, in the order in which they were seen first:
 *
 *     from <TAB> to <TAB> total <TAB> user <TAB> kernel <TAB> entries <TAB> cr3 loads <TAB> rep <TAB> first part <TAB> second part <TAB> interrupts
 *         <TAB> other processors' user <TAB> their kernel <TAB> their interrupts <TAB> times
 *
 * from, to: addresses of the marks; total: of all processors; what follows is the marking one's own: entries: system calls and software interrupts of user code; rep:
 * repetitions of REP-prefixed string instructions, as QEMU executes them, which may be one more at the end; each is in total too, while a processor retires them as
 * one; parts: those of kernel whose address is within part=LOW-HIGH, of which there may be two; interrupts: that came from another processor: stubs of vectors=ADDRESS,
 * 16 bytes each, whose number is from=NUMBER to 254.  Regions that differ in any number are apart, so `times` says how often it was exactly so.
 *
 * off=FILE: stretches of instructions that are executed with interrupts off, from the first iret or sysret to user code on (any processor's): what a kernel does before it
 * has anybody to serve is left out.  User code has them on, and whatever enters the kernel turns them off: system call, fault, interrupt.  In the kernel they follow cli, sti, and
 * iret: that of a stub that was entered with interrupts off leaves them off, any other leads to where they are on.  (popf is taken as if it changed nothing: no interface
 * tells what it loads.)  An interrupt that comes where this says they are off is a contradiction, and told.  A stretch includes the sti that ends
 * it, but not the one instruction more that sti holds interrupts off for, and not the cli that it follows; what a processor halts through is no instruction.  To FILE goes
 *
 *     longest | quiet | part <TAB> processor <TAB> instructions <TAB> ADDRESS*TIMES ADDRESS*TIMES ...
 *
 * for each processor: its longest stretch; the longest that does not pass through quiet=LOW-HIGH (a function: say what writes to the console); and the one with the most
 * instructions within the first part, of which it tells the number of those alone; with its runs of instructions from one function, in order, each of which
 * begins at an ADDRESS of starts=FILE (in hexadecimal, sorted, one a line).  At the end: `stretches <TAB> number`, and `contradictions <TAB> number`.
 *
 *     cc -O2 -shared -fPIC -fvisibility=hidden -DPLUGIN_API=1 count.c -o count.so
 *     qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -plugin ./count.so,out=FILE,kbase=0x8000000000000000,part=0xf000-0xff00 ...
 *
 * Regions want -icount, or one processor: elsewhere processors run at once, and their counts at a mark are of no one moment.  Stretches are each processor's own.
 * Distributions ship no header for plugins, so the few functions that are needed are declared here, as QEMU's documentation describes them.  PLUGIN_API: 1 for QEMU 7
 * and 8, 2 for 9.0, 3 from 9.1 on (an instruction's bytes are copied out).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifndef PLUGIN_API
#define PLUGIN_API 1
#endif
#define SHOWN __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
typedef void (*executed_fn)(unsigned cpu, void *user);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id id, struct qemu_plugin_tb *block));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_fn run, int registers, void *user);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*end)(plugin_id id, void *user), void *user);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
#if PLUGIN_API >= 3
extern size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t size);
#else
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
#endif
SHOWN extern int qemu_plugin_version;
SHOWN int qemu_plugin_install(plugin_id id, const void *about, int argc, char **argv);
int qemu_plugin_version = PLUGIN_API;

/* ------------------------------------------------------------------------------------------------------- counting */
enum { USER, KERNEL, ENTRY, CR3, REP, PART, INTERRUPT = PART + 2, COUNTS };
enum { IS_KERNEL = 1, IS_ENTRY = 2, IS_CR3 = 4, IS_REP = 8, IS_MARK = 16, IS_PART = 32 /* the first; the second: twice that */, IS_INTERRUPT = 128,
       IS_STUB = 256, IS_EXTERNAL = 512, IS_CLI = 1024, IS_STI = 2048, IS_IRET = 4096, IS_QUIET = 8192,
       IS_RARE = IS_ENTRY | IS_CR3 | IS_REP | IS_INTERRUPT, IS_TURN = IS_STUB | IS_CLI | IS_STI | IS_IRET };
enum { REGIONS = 1 << 14 /* different ones; a power of two */, CPUS = 8, RUNS = 1 << 17, STARTS = 1 << 14 };
typedef struct region { uint64_t from, to, count[COUNTS], others[COUNTS], times; uint32_t order; } region;

/* A stretch with interrupts off, and how many instructions of which function were executed in a row, as far as there is room. */
typedef struct run { uint32_t of, times; } run;              /* of: its number in `starts`, from 1 on; 0: below all of them */
enum { LONGEST, QUIET, IN_PART, KINDS };
static const char *const kinds[KINDS] = { "longest", "quiet", "part" };
typedef struct stretch { uint64_t length, in_part; bool noisy; uint32_t runs; run *run; } stretch;
static struct cpu {
    uint64_t count[COUNTS], at_mark[CPUS][COUNTS], last_mark;          /* at_mark: all processors' counts at this one's last mark */
    bool in_kernel, off, ends;       /* ends: the next instruction is not of the stretch any more */
    bool returns;                    /* an iret was the last instruction */
    uint32_t depth;                  /* stubs that were entered with interrupts off and have not returned */
    uint64_t stretches, contradictions;
    stretch now, record[KINDS];
} __attribute__((aligned(64))) cpus[CPUS];

static struct { uint64_t low, high; } parts[INTERRUPT - PART], quiet;
static uint32_t parts_known, first_interrupt = 240;
static uint64_t kbase = (uint64_t)1 << 63, vectors, lost, starts[STARTS];
static uint32_t starts_known;
static region regions[REGIONS];
static uint32_t known;
static FILE *out, *off;
static int begun;                    /* a processor has returned to user code: not firmware, nor what a kernel runs at low addresses before it has tables of its own */

static void stretch_begins(struct cpu *c)
{
    c->off = true;
    c->now.length = c->now.in_part = c->now.runs = 0;
    c->now.noisy = false;
}
static void stretch_ends(struct cpu *c)
{
    const uint64_t of[KINDS] = { c->now.length, c->now.noisy ? 0 : c->now.length, c->now.in_part };
    c->off = c->ends = false;
    c->depth = 0;
    c->stretches++;
    for (int k = 0; k < KINDS; k++) {
        stretch *r = &c->record[k];
        if (of[k] <= (k == IN_PART ? r->in_part : r->length)) continue;
        run *runs = r->run;
        if (!runs && !(runs = malloc(RUNS * sizeof *runs))) continue;
        memcpy(runs, c->now.run, c->now.runs * sizeof *runs);
        *r = c->now;
        r->run = runs;
    }
}
static void stretch_goes_on(stretch *s, unsigned is, uint32_t of)
{
    s->length++;
    s->in_part += (is & IS_PART) != 0;
    s->noisy |= (is & IS_QUIET) != 0;
    if (s->runs && s->run[s->runs - 1].of == of) s->run[s->runs - 1].times++;
    else if (s->runs < RUNS) s->run[s->runs++] = (run){ of, 1 };
}
/* Before this instruction runs: what the one before it and the way here have made of interrupts; and whether it belongs to a stretch. */
static void follow(struct cpu *c, unsigned is, uint32_t of)
{
    if (!(is & IS_KERNEL)) {
        if (c->off) stretch_ends(c);
        if (c->returns && !begun) __atomic_store_n(&begun, 1, __ATOMIC_RELAXED);
        c->in_kernel = c->returns = false;
        return;
    }
    if (c->ends) stretch_ends(c);
    if (c->returns) {
        c->returns = false;
        if (c->off && c->depth > 0) c->depth--;
        else if (c->off) stretch_ends(c);
    }
    if (is & IS_STUB && c->in_kernel) {
        if (c->off && is & IS_EXTERNAL) c->contradictions++;
        else if (c->off) c->depth++;
    }
    if (!c->off && begun && (!c->in_kernel || is & IS_STUB)) stretch_begins(c);
    c->in_kernel = true;
    if (c->off) stretch_goes_on(&c->now, is, of);
    if (!(is & IS_TURN)) return;
    if (is & IS_CLI && !c->off && begun) stretch_begins(c);
    if (is & IS_STI) c->ends = c->off;
    c->returns = (is & IS_IRET) != 0;
}
static void executed(unsigned cpu, void *user)
{
    const unsigned is = (unsigned)(uintptr_t)user & 0xffff;                /* and its function's number above that */
    struct cpu *c = &cpus[cpu % CPUS];
    c->count[is & IS_KERNEL ? KERNEL : USER]++;
    for (unsigned i = PART; i < INTERRUPT; i++) c->count[i] += is / IS_PART >> (i - PART) & 1;
    if (is & IS_RARE) {
        c->count[ENTRY] += is / IS_ENTRY & 1;
        c->count[CR3] += is / IS_CR3 & 1;
        c->count[REP] += is / IS_REP & 1;
        c->count[INTERRUPT] += is / IS_INTERRUPT & 1;
    }
    if (off) follow(c, is, (uint32_t)((uintptr_t)user >> 16));
}
/* The place of an equal region, or the free one where it belongs; NULL: all are taken. */
static region *find(const region *like)
{
    uint64_t hash = like->from * 0x9e3779b97f4a7c15u ^ like->to;
    for (int i = 0; i < COUNTS; i++) hash = ((hash ^ like->count[i]) * 0x9e3779b97f4a7c15u ^ like->others[i]) * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < REGIONS; i++) {
        region *r = &regions[((hash >> 40) + i) % REGIONS];
        if (r->times == 0 || (r->from == like->from && r->to == like->to && memcmp(r->count, like->count, sizeof r->count) == 0 && memcmp(r->others, like->others, sizeof r->others) == 0))
            return r;
    }
    return NULL;
}
/* Runs before the mark itself is counted. */
static void marked(unsigned cpu, void *user)
{
    region now;
    struct cpu *me = &cpus[cpu % CPUS];
    memset(&now, 0, sizeof now);
    now.from = me->last_mark;
    now.to = me->last_mark = (uint64_t)(uintptr_t)user;
    for (int c = 0; c < CPUS; c++) {
        uint64_t *sums = &cpus[c] == me ? now.count : now.others;
        for (int i = 0; i < COUNTS; i++) sums[i] += cpus[c].count[i] - me->at_mark[c][i];
        memcpy(me->at_mark[c], cpus[c].count, sizeof cpus[c].count);
    }
    if (now.from == 0) return;                       /* before the first mark */
    region *r = find(&now);
    if (!r) { lost++; return; }
    if (r->times == 0) {
        now.order = known++;
        *r = now;
    }
    r->times++;
}

/* ------------------------------------------------------------------------------------------------------- decoding */
static unsigned what_it_is(const uint8_t *b, size_t size, bool kernel)
{
    unsigned is = kernel ? IS_KERNEL : 0;
    bool repeats = false;
    size_t i = 0;
    for (; i < size; i++) {                          /* prefixes: segment, operand and address size, lock, REX */
        if (b[i] == 0xf2 || b[i] == 0xf3) repeats = true;
        else if (!strchr("\x66\x67\xf0\x2e\x36\x3e\x26\x64\x65", (char)b[i]) && (b[i] & 0xf0) != 0x40) break;
        else if (b[i] == 0) break;
    }
    uint8_t op = i < size ? b[i] : 0, second = i + 1 < size ? b[i + 1] : 0, third = i + 2 < size ? b[i + 2] : 0;
    if (op == 0x0f && (second == 0x31 || (second == 0x01 && third == 0xf9))) return is | (kernel ? 0 : IS_MARK);
    if (kernel && (op == 0xfa || op == 0xfb || op == 0xcf)) return is | (op == 0xfa ? IS_CLI : op == 0xfb ? IS_STI : IS_IRET);
    if (kernel && op == 0x0f && second == 0x07) return is | IS_IRET;           /* sysret */
    if (op == 0x0f && second == 0x22 && (third >> 3 & 7) == 3) return is | IS_CR3;
    if (op == 0xcd || (op == 0x0f && (second == 0x05 || second == 0x34))) return is | (kernel ? 0 : IS_ENTRY);
    if (repeats && ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) || (op >= 0x6c && op <= 0x6f))) return is | IS_REP;
    return is;
}
static unsigned where_it_is(uint64_t at)
{
    unsigned is = quiet.low <= at && at < quiet.high ? IS_QUIET : 0;
    for (unsigned k = 0; k < parts_known; k++)
        if (at >= parts[k].low && at < parts[k].high) is |= (unsigned)IS_PART << k;
    if (vectors && at >= vectors && at < vectors + 256 * 16 && (at - vectors) % 16 == 0) {
        const uint64_t n = (at - vectors) / 16;
        is |= IS_STUB | (n >= 32 ? IS_EXTERNAL : 0) | (n >= first_interrupt && n < 255 ? IS_INTERRUPT : 0);
    }
    return is;
}
static uint32_t function_at(uint64_t at)
{
    uint32_t low = 0, high = starts_known;                   /* of those that begin at or below it, the last */
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (starts[middle] <= at) low = middle + 1;
        else high = middle;
    }
    return low;
}
static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(block); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t at = qemu_plugin_insn_vaddr(insn);
        uint8_t bytes[16] = { 0 };
        size_t size = qemu_plugin_insn_size(insn);
        if (size > sizeof bytes) size = sizeof bytes;
#if PLUGIN_API >= 3
        size = qemu_plugin_insn_data(insn, bytes, size);
#else
        memcpy(bytes, qemu_plugin_insn_data(insn), size);
#endif
        unsigned is = what_it_is(bytes, size, at >= kbase) | where_it_is(at);
        if (is & IS_MARK && out) qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0, (void *)(uintptr_t)at);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0, (void *)((uintptr_t)function_at(at) << 16 | (is & ~(unsigned)IS_MARK)));
    }
}

/* ---------------------------------------------------------------------------------------------------------- ends */
static int by_order(const void *a, const void *b)
{
    const region *x = (const region *)a, *y = (const region *)b;
    if (!x->times || !y->times) return (x->times == 0) - (y->times == 0);
    return (x->order > y->order) - (x->order < y->order);
}
static void tell_regions(void)
{
    qsort(regions, REGIONS, sizeof *regions, by_order);
    for (uint32_t i = 0; i < known; i++) {
        const region *r = &regions[i];
        fprintf(out, "%" PRIx64 "\t%" PRIx64 "\t%" PRIu64, r->from, r->to, r->count[USER] + r->count[KERNEL] + r->others[USER] + r->others[KERNEL]);
        for (int k = 0; k < COUNTS; k++) fprintf(out, "\t%" PRIu64, r->count[k]);
        fprintf(out, "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", r->others[USER], r->others[KERNEL], r->others[INTERRUPT], r->times);
    }
    if (lost) fprintf(out, "# %" PRIu64 " regions beyond the first %d different ones were not told apart\n", lost, REGIONS);
    fclose(out);
}
static void tell_runs(const stretch *s)
{
    for (uint32_t i = 0; i < s->runs; i++) fprintf(off, "%c%" PRIx64 "*%u", i ? ' ' : '\t', s->run[i].of ? starts[s->run[i].of - 1] : 0, s->run[i].times);
}
static void tell_stretches(void)
{
    uint64_t stretches = 0, contradictions = 0;
    for (int i = 0; i < CPUS; i++) {
        stretches += cpus[i].stretches;
        contradictions += cpus[i].contradictions;
        for (int k = 0; k < KINDS; k++) {
            const stretch *r = &cpus[i].record[k];
            if (!r->run) continue;
            fprintf(off, "%s\t%d\t%" PRIu64, kinds[k], i, k == IN_PART ? r->in_part : r->length);
            tell_runs(r);
            fprintf(off, "\n");
        }
    }
    fprintf(off, "stretches\t%" PRIu64 "\ncontradictions\t%" PRIu64 "\n", stretches, contradictions);
    fclose(off);
}
static void end(plugin_id id, void *user)
{
    (void)id;
    (void)user;
    if (out) tell_regions();
    if (off) tell_stretches();
}

/* ------------------------------------------------------------------------------------------------------- options */
static void read_range(const char *text, uint64_t *low, uint64_t *high)
{
    char *rest;
    *low = strtoull(text, &rest, 0);
    *high = *rest == '-' ? strtoull(rest + 1, NULL, 0) : 0;
}
static bool read_starts(const char *name)
{
    FILE *f = fopen(name, "r");
    if (!f) return false;
    while (starts_known < STARTS && fscanf(f, "%" SCNx64, &starts[starts_known]) == 1) starts_known++;
    fclose(f);
    return true;
}
static bool option(const char *arg)
{
    const char *value = strchr(arg, '=');
    const size_t n = value ? (size_t)(value++ - arg) : 0;
    if (n == 3 && !strncmp(arg, "out", n)) return (out = fopen(value, "w")) != NULL;
    if (n == 3 && !strncmp(arg, "off", n)) return (off = fopen(value, "w")) != NULL;
    if (n == 6 && !strncmp(arg, "starts", n)) return read_starts(value);
    if (n == 5 && !strncmp(arg, "kbase", n)) kbase = strtoull(value, NULL, 0);
    else if (n == 7 && !strncmp(arg, "vectors", n)) vectors = strtoull(value, NULL, 0);
    else if (n == 4 && !strncmp(arg, "from", n)) first_interrupt = (uint32_t)strtoul(value, NULL, 0);
    else if (n == 5 && !strncmp(arg, "quiet", n)) read_range(value, &quiet.low, &quiet.high);
    else if (n == 4 && !strncmp(arg, "part", n) && parts_known < INTERRUPT - PART) {
        read_range(value, &parts[parts_known].low, &parts[parts_known].high);
        parts_known++;
    }
    else return false;
    return true;
}
int qemu_plugin_install(plugin_id id, const void *about, int argc, char **argv)
{
    (void)about;
    for (int i = 0; i < argc; i++)
        if (!option(argv[i])) { fprintf(stderr, "count: %s: unknown, or not to be opened\n", argv[i]); return 1; }
    if (!out && !off) { fprintf(stderr, "count: out=FILE or off=FILE is needed\n"); return 1; }
    for (int i = 0; off && i < CPUS; i++)
        if (!(cpus[i].now.run = malloc(RUNS * sizeof *cpus[i].now.run))) return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
