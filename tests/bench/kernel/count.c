/* count.c - a plugin for QEMU's TCG that counts a guest's instructions between two marks.
 *
 * A mark is an rdtsc (or rdtscp) in user code: that of one below `kbase`, by virtual address.  What is executed from one mark to the next, the first mark
 * included and the last one not, is a region: exactly what the guest itself reads as the difference of two rdtsc under `-icount shift=0`.  Of each region that
 * was ever seen, one line goes to `out` at the end, in the order in which they were seen first:
 *
 *     from <TAB> to <TAB> total <TAB> user <TAB> kernel <TAB> entries <TAB> cr3 loads <TAB> rep <TAB> first part <TAB> second part <TAB> times
 *
 * from, to: addresses of the marks; entries: system calls and software interrupts of user code; rep: repetitions of REP-prefixed string instructions, as QEMU
 * executes them, which may be one more at the end; each is in total too, while a processor retires them as one; parts: those of kernel whose address is
 * within part=LOW-HIGH, of which there may be two.  Regions that differ in any number are apart, so `times` says how often it was exactly so.
 *
 *     cc -O2 -shared -fPIC -fvisibility=hidden -DPLUGIN_API=1 count.c -o count.so
 *     qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -smp 1 -plugin ./count.so,out=FILE,kbase=0x8000000000000000,part=0xf000-0xff00 ...
 *
 * One processor: the counts of several would be mixed.  Distributions ship no header for plugins, so the few functions that are needed are declared here, as
 * QEMU's documentation describes them.  PLUGIN_API: 1 for QEMU 7 and 8, 2 for 9.0, 3 from 9.1 on (an instruction's bytes are copied out).
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
enum { USER, KERNEL, ENTRY, CR3, REP, PART, COUNTS = PART + 2 };
enum { IS_KERNEL = 1, IS_ENTRY = 2, IS_CR3 = 4, IS_REP = 8, IS_MARK = 16, IS_PART = 32 /* the first; the second: twice that */ };
enum { REGIONS = 1 << 14 };                          /* different ones; a power of two */
typedef struct region { uint64_t from, to, count[COUNTS], times; uint32_t order; } region;

static struct { uint64_t low, high; } parts[COUNTS - PART];
static uint32_t parts_known;
static uint64_t kbase = (uint64_t)1 << 63, count[COUNTS], at_mark[COUNTS], last_mark, lost;
static region regions[REGIONS];
static uint32_t known;
static FILE *out;

static void executed(unsigned cpu, void *user)
{
    uintptr_t is = (uintptr_t)user;
    (void)cpu;
    count[is & IS_KERNEL ? KERNEL : USER]++;
    count[ENTRY] += is / IS_ENTRY & 1;
    count[CR3] += is / IS_CR3 & 1;
    count[REP] += is / IS_REP & 1;
    for (unsigned i = PART; i < COUNTS; i++) count[i] += is / IS_PART >> (i - PART) & 1;
}
/* The place of an equal region, or the free one where it belongs; NULL: all are taken. */
static region *find(const region *like)
{
    uint64_t hash = like->from * 0x9e3779b97f4a7c15u ^ like->to;
    for (int i = 0; i < COUNTS; i++) hash = (hash ^ like->count[i]) * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 0; i < REGIONS; i++) {
        region *r = &regions[((hash >> 40) + i) % REGIONS];
        if (r->times == 0 || (r->from == like->from && r->to == like->to && memcmp(r->count, like->count, sizeof r->count) == 0)) return r;
    }
    return NULL;
}
/* Runs before the mark itself is counted. */
static void marked(unsigned cpu, void *user)
{
    region now;
    (void)cpu;
    memset(&now, 0, sizeof now);
    now.from = last_mark;
    now.to = last_mark = (uint64_t)(uintptr_t)user;
    for (int i = 0; i < COUNTS; i++) now.count[i] = count[i] - at_mark[i];
    memcpy(at_mark, count, sizeof count);
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
    if (op == 0x0f && second == 0x22 && (third >> 3 & 7) == 3) return is | IS_CR3;
    if (op == 0xcd || (op == 0x0f && (second == 0x05 || second == 0x34))) return is | (kernel ? 0 : IS_ENTRY);
    if (repeats && ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) || (op >= 0x6c && op <= 0x6f))) return is | IS_REP;
    return is;
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
        unsigned is = what_it_is(bytes, size, at >= kbase);
        for (unsigned k = 0; k < parts_known; k++)
            if (at >= parts[k].low && at < parts[k].high) is |= (unsigned)IS_PART << k;
        if (is & IS_MARK) qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, 0, (void *)(uintptr_t)at);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0, (void *)(uintptr_t)(is & ~(unsigned)IS_MARK));
    }
}

/* ---------------------------------------------------------------------------------------------------------- ends */
static int by_order(const void *a, const void *b)
{
    const region *x = (const region *)a, *y = (const region *)b;
    if (!x->times || !y->times) return (x->times == 0) - (y->times == 0);
    return (x->order > y->order) - (x->order < y->order);
}
static void end(plugin_id id, void *user)
{
    (void)id;
    (void)user;
    qsort(regions, REGIONS, sizeof *regions, by_order);
    for (uint32_t i = 0; i < known; i++) {
        const region *r = &regions[i];
        fprintf(out, "%" PRIx64 "\t%" PRIx64 "\t%" PRIu64, r->from, r->to, r->count[USER] + r->count[KERNEL]);
        for (int k = 0; k < COUNTS; k++) fprintf(out, "\t%" PRIu64, r->count[k]);
        fprintf(out, "\t%" PRIu64 "\n", r->times);
    }
    if (lost) fprintf(out, "# %" PRIu64 " regions beyond the first %d different ones were not told apart\n", lost, REGIONS);
    fclose(out);
}
int qemu_plugin_install(plugin_id id, const void *about, int argc, char **argv)
{
    const char *name = NULL;
    (void)about;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "out=", 4) == 0) name = argv[i] + 4;
        else if (strncmp(argv[i], "kbase=", 6) == 0) kbase = strtoull(argv[i] + 6, NULL, 0);
        else if (strncmp(argv[i], "part=", 5) == 0 && parts_known < COUNTS - PART) {
            char *rest;
            parts[parts_known].low = strtoull(argv[i] + 5, &rest, 0);
            parts[parts_known++].high = *rest == '-' ? strtoull(rest + 1, NULL, 0) : 0;
        }
        else { fprintf(stderr, "count: unknown option %s\n", argv[i]); return 1; }
    }
    out = name ? fopen(name, "w") : NULL;
    if (!out) { fprintf(stderr, "count: out=FILE is needed, and must be writable\n"); return 1; }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
