/* cpu.c - descriptor tables, features, control registers, the interval timer: one CPU */
#include "kernel.h"

struct cpu cpu;

/* ---- descriptor tables ---- */
static uint64_t gdt[] = {
    0,
    0x00af9b000000ffff,              /* KERNEL_CODE */
    0x00cf93000000ffff,              /* KERNEL_DATA */
    0x00cff3000000ffff,              /* USER_DATA */
    0x00affb000000ffff,              /* USER_CODE */
    0, 0                             /* TASK_STATE */
};
struct task_state tss;
static struct gate { uint16_t low, selector; uint8_t ist, type; uint16_t middle; uint32_t high, zero; } idt[256];
static struct __attribute__((packed)) { uint16_t limit; uint64_t base; } gdt_pointer, idt_pointer;

/* #DB, NMI, #DF, #MC: each has a stack of its own, since each may come when there is none to stand on. */
enum { IST_DEBUG = 1, IST_NMI, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_COUNT = IST_MACHINE_CHECK };
static uint8_t ist_stacks[IST_COUNT][8192] __attribute__((aligned(16)));

static void descriptors_start(void)
{
    extern char vectors[];
    uint64_t base = (uint64_t)&tss;
    gdt[5] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[6] = base >> 32;
    tss.io_map = sizeof tss;
    for (uint32_t i = 0; i < IST_COUNT; i++) tss.ist[i] = (uint64_t)ist_stacks[i] + sizeof ist_stacks[i];
    for (uint32_t i = 0; i < 256; i++) {
        uint64_t at = (uint64_t)vectors + i * 16;
        uint8_t ist = i == 1 ? IST_DEBUG : i == 2 ? IST_NMI : i == 8 ? IST_DOUBLE_FAULT : i == 18 ? IST_MACHINE_CHECK : 0;
        uint8_t type = i == 3 || i == 4 ? 0xee : 0x8e;         /* int3 and into are for ring 3 too; gates turn interrupts off */
        idt[i] = (struct gate){ (uint16_t)at, KERNEL_CODE, ist, type, (uint16_t)(at >> 16), (uint32_t)(at >> 32), 0 };
    }
    gdt_pointer.limit = sizeof gdt - 1;
    gdt_pointer.base = (uint64_t)gdt;
    idt_pointer.limit = sizeof idt - 1;
    idt_pointer.base = (uint64_t)idt;
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

static void features_start(void)
{
    uint32_t a = 0, b, c, d, leaf_1;
    uint64_t cr4;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    bool has_leaf_7 = a >= 7;
    a = 7;
    c = 0;
    if (has_leaf_7) __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    else b = c = 0;
    cpu.smep = b >> 7 & 1;
    cpu.smap = b >> 20 & 1;
    a = 1;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(leaf_1), "=d"(d));
    cpu.page_attributes = d >> 16 & 1;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (cpu.smep) cr4 |= CR4_SMEP;
    if (cpu.smap) cr4 |= CR4_SMAP;
    if (c >> 2 & 1) cr4 |= CR4_UMIP;
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
}
static void system_calls_start(void)
{
    extern char syscall_entry[];
    write_msr(MSR_STAR, (uint64_t)(KERNEL_DATA | 3) << 48 | (uint64_t)KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    write_msr(MSR_CSTAR, (uint64_t)syscall_entry);
    write_msr(MSR_FMASK, 0x47700);   /* off at entry: TF, IF, DF, IOPL, NT, AC (QEMU's TCG clears DF anyway) */
    write_msr(MSR_GS_BASE, (uint64_t)&cpu);
    write_msr(MSR_KERNEL_GS_BASE, 0);
}

/* The FPU is open to a thread that has used it, and to no other: a first use traps (#NM).  So no switch between threads that do without costs anything, and no
 * thread ever meets another's registers. */
void cpu_open_fpu(bool open)
{
    uint64_t cr0;
    if (cpu.fpu_open == open) return;
    cpu.fpu_open = open;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    cr0 = open ? cr0 & ~8ull : cr0 | 8;
    __asm__ volatile("mov %0, %%cr0" : : "r"(cr0));
}

/* ---- interrupts: the PC's two interrupt controllers, all masked but the timer ---- */
enum { PIC1 = 0x20, PIC2 = 0xa0, PIT = 0x40 };
static void interrupts_start(void)
{
    out8(PIC1, 0x11);
    out8(PIC2, 0x11);
    out8(PIC1 + 1, VECTOR_TIMER);
    out8(PIC2 + 1, VECTOR_TIMER + 8);
    out8(PIC1 + 1, 4);
    out8(PIC2 + 1, 2);
    out8(PIC1 + 1, 1);
    out8(PIC2 + 1, 1);
    out8(PIC1 + 1, 0xfe);
    out8(PIC2 + 1, 0xff);
}
void timer_start(uint32_t microseconds)
{
    uint32_t steps = (uint32_t)((uint64_t)microseconds * 1193182 / 1000000);     /* of the interval timer */
    uint32_t was = vipc_x86_64_enter();
    if (steps < 20) steps = 20;
    if (steps > 65535) steps = 65535;
    out8(PIT + 3, 0x34);
    out8(PIT, steps & 0xff);
    out8(PIT, (uint8_t)(steps >> 8));
    vipc_x86_64_leave(was);
}
void timer_acknowledge(void) { out8(PIC1, 0x20); }

void cpu_start(void)
{
    descriptors_start();
    features_start();
    system_calls_start();
    cpu.fpu_open = 1;
    cpu_open_fpu(false);
    interrupts_start();
}
