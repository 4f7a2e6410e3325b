/* cpu.c - descriptor tables, features, control registers: of each CPU */
#include "kernel.h"

struct cpu cpus[CPUS_MAX] = { [0 ... CPUS_MAX - 1] = { .lock = { .rank = RANK_QUEUE } } };

/* ---- descriptor tables ---- */
static const uint64_t descriptors[] = {
    0,
    0x00af9b000000ffff,              /* KERNEL_CODE */
    0x00cf93000000ffff,              /* KERNEL_DATA */
    0x00cff3000000ffff,              /* USER_DATA */
    0x00affb000000ffff               /* USER_CODE; TASK_STATE follows, each CPU's own */
};
static struct gate { uint16_t low, selector; uint8_t ist, type; uint16_t middle; uint32_t high, zero; } idt[256];
static struct __attribute__((packed)) table_pointer { uint16_t limit; uint64_t base; } idt_pointer;

/* #DB, NMI, #DF, #MC: each has a stack of its own, since each may come when there is none to stand on. */
enum { IST_DEBUG = 1, IST_NMI, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_COUNT = IST_MACHINE_CHECK };
static uint8_t ist_stacks[CPUS_MAX][IST_COUNT][8192] __attribute__((aligned(16)));

static void gates_start(void)
{
    extern char vectors[];
    for (uint32_t i = 0; i < 256; i++) {
        uint64_t at = (uint64_t)vectors + i * 16;
        uint8_t ist = i == 1 ? IST_DEBUG : i == 2 ? IST_NMI : i == 8 ? IST_DOUBLE_FAULT : i == 18 ? IST_MACHINE_CHECK : 0;
        uint8_t type = i == 3 || i == 4 ? 0xee : 0x8e;         /* int3 and into are for ring 3 too; gates turn interrupts off */
        idt[i] = (struct gate){ (uint16_t)at, KERNEL_CODE, ist, type, (uint16_t)(at >> 16), (uint32_t)(at >> 32), 0 };
    }
    idt_pointer.limit = sizeof idt - 1;
    idt_pointer.base = (uint64_t)idt;
}
static void descriptors_start(struct cpu *c)
{
    uint64_t base = (uint64_t)&c->tss;
    memcpy(c->gdt, descriptors, sizeof descriptors);
    c->gdt[5] = (sizeof c->tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    c->gdt[6] = base >> 32;
    c->tss.io_map = sizeof c->tss;
    for (uint32_t i = 0; i < IST_COUNT; i++) c->tss.ist[i] = (uint64_t)(ist_stacks[c->number][i] + sizeof ist_stacks[0][0]);
    const struct table_pointer gdt_pointer = { sizeof c->gdt - 1, (uint64_t)c->gdt };
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "ltr %w2\n\t"
                     "pushq %3\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmov %w4, %%ss"
                     : : "m"(gdt_pointer), "m"(idt_pointer), "r"(TASK_STATE), "i"(KERNEL_CODE), "r"(KERNEL_DATA) : "rax", "memory");
}

/* ---- features and control registers ---- */
enum { MSR_STAR = 0xc0000081, MSR_LSTAR, MSR_CSTAR, MSR_FMASK, MSR_GS_BASE = 0xc0000101, MSR_KERNEL_GS_BASE };
enum { CR4_UMIP = 1 << 11, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };
static void write_msr(uint32_t msr, uint64_t v) { __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))); }

static void features_start(struct cpu *c)
{
    uint32_t a = 0, b, x, d, leaf_1;
    uint64_t cr4;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(x), "=d"(d));
    bool has_leaf_7 = a >= 7;
    a = 7;
    x = 0;
    if (has_leaf_7) __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(x), "=d"(d));
    else b = x = 0;
    c->smep = b >> 7 & 1;
    c->smap = b >> 20 & 1;
    a = 1;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(leaf_1), "=d"(d));
    c->page_attributes = d >> 16 & 1;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (c->smep) cr4 |= CR4_SMEP;
    if (c->smap) cr4 |= CR4_SMAP;
    if (x >> 2 & 1) cr4 |= CR4_UMIP;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}
static void system_calls_start(const struct cpu *c)
{
    extern char syscall_entry[];
    write_msr(MSR_STAR, (uint64_t)(KERNEL_DATA | 3) << 48 | (uint64_t)KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    write_msr(MSR_CSTAR, (uint64_t)syscall_entry);
    write_msr(MSR_FMASK, 0x47700);   /* off at entry: TF, IF, DF, IOPL, NT, AC (QEMU's TCG clears DF anyway) */
    write_msr(MSR_GS_BASE, (uint64_t)c);
    write_msr(MSR_KERNEL_GS_BASE, 0);
}

/* The FPU is open to a thread that has used it, and to no other: a first use traps (#NM).  So no switch between threads that do without costs anything, and no
 * thread ever meets another's registers. */
void cpu_open_fpu(struct cpu *c, bool open)
{
    uint64_t cr0;
    if (c->fpu_open == open) return;
    c->fpu_open = open;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 = open ? cr0 & ~8ull : cr0 | 8;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
}

/* ---- the PC's two old interrupt controllers: nothing of theirs is asked for ---- */
enum { PIC1 = 0x20, PIC2 = 0xa0 };
static void controllers_start(void)
{
    out8(PIC1, 0x11);
    out8(PIC2, 0x11);
    out8(PIC1 + 1, VECTOR_TIMER);
    out8(PIC2 + 1, VECTOR_TIMER + 8);
    out8(PIC1 + 1, 4);
    out8(PIC2 + 1, 2);
    out8(PIC1 + 1, 1);
    out8(PIC2 + 1, 1);
    out8(PIC1 + 1, 0xff);
    out8(PIC2 + 1, 0xff);
}

void cpu_start(struct cpu *c)
{
    c->self = c;
    c->number = (uint32_t)(c - cpus);
    if (c->number == 0) gates_start();
    descriptors_start(c);
    features_start(c);
    system_calls_start(c);
    c->fpu_open = 1;
    cpu_open_fpu(c, false);
    if (c->number == 0) controllers_start();
}
