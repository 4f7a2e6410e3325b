/* selftest.c - what only ring 0 can try, before the first process */
#include "kernel.h"

/* Whole frames in and out; a map, a look, narrower rights, none. */
static void page_tables(struct tally *t)
{
    const uint64_t at = 0x123456000ull;
    uint64_t before = vipc_x86_64_available(&port), root, frame = 0, found = 0;
    uint32_t access = 0;
    bool good = vipc_x86_64_space_create(&port, kernel_root, &root) == VIPC_OK && vipc_x86_64_take(&port, 3, &frame) == VIPC_OK;
    good = good && vipc_x86_64_map(&port, root, at, frame, 3, VIPC_X86_64_WRITE | VIPC_X86_64_USER) == 3;
    good = good && vipc_x86_64_find(&port, root, at + 2 * PAGE, &found, &access) && found == frame + 2 * PAGE && access == (VIPC_X86_64_WRITE | VIPC_X86_64_USER);
    check(t, good, "page_tables_map_and_find");
    check(t, vipc_x86_64_map(&port, root, at, frame, 1, VIPC_X86_64_WRITE | VIPC_X86_64_EXECUTE) == 0, "page_tables_refuse_writable_code");
    check(t, vipc_x86_64_map(&port, root, USER_TOP, frame, 1, VIPC_X86_64_USER) == 0, "page_tables_refuse_the_last_user_page");
    check(t, vipc_x86_64_map(&port, root, USER_TOP - PAGE, frame, 2, VIPC_X86_64_USER) == 0 && vipc_x86_64_map(&port, root, 1ull << 47, frame, 1, 0) == 0 &&
             vipc_x86_64_map(&port, root, KERNEL_BASE, frame, 1, VIPC_X86_64_USER) == 0 && vipc_x86_64_map(&port, root, at + 1, frame, 1, 0) == 0,
          "page_tables_refuse_what_is_no_place_of_a_process");
    vipc_x86_64_protect(&port, root, at, 3, VIPC_X86_64_READ | VIPC_X86_64_USER);
    check(t, vipc_x86_64_find(&port, root, at, NULL, &access) && access == VIPC_X86_64_USER, "page_tables_narrow");
    vipc_x86_64_unmap(&port, root, at + PAGE, 1);
    check(t, !vipc_x86_64_find(&port, root, at + PAGE, NULL, NULL) && vipc_x86_64_find(&port, root, at, NULL, NULL), "page_tables_unmap_one");
    vipc_x86_64_give(&port, frame + PAGE, 1);
    vipc_x86_64_space_destroy(&port, root, true);
    check(t, vipc_x86_64_available(&port) == before, "page_tables_give_all_frames_back");
}
/* When memory runs out half way, what was done is told, and nothing leaks. */
static void out_of_memory(struct tally *t)
{
    uint64_t before = vipc_x86_64_available(&port), root, frame, done = 0;
    if (vipc_x86_64_space_create(&port, 0, &root) != VIPC_OK) { check(t, false, "page_tables_out_of_memory"); return; }
    uint64_t held = 0, chain = 0, left = vipc_x86_64_available(&port) - 3;       /* for three tables of the four that the range needs */
    while (held < left && vipc_x86_64_take(&port, 1, &frame) == VIPC_OK) {       /* a list through the frames themselves */
        *(uint64_t *)vipc_x86_64_at(&port, frame) = chain;
        chain = frame;
        held++;
    }
    done = vipc_x86_64_map(&port, root, 0x7fffffff000ull - 1023 * PAGE, 0x1000, 1024, VIPC_X86_64_READ);
    check(t, held > 100 && done == 512, "page_tables_tell_how_far_memory_went");
    while (chain) {
        frame = chain;
        chain = *(uint64_t *)vipc_x86_64_at(&port, frame);
        vipc_x86_64_give(&port, frame, 1);
    }
    vipc_x86_64_space_destroy(&port, root, false);
    check(t, vipc_x86_64_available(&port) == before, "page_tables_leak_nothing_then");
}
/* The kernel's own memory: nothing both writable and executable, and its text writable nowhere. */
static void own_tables(struct tally *t)
{
    extern char kernel_text[], kernel_rodata[], kernel_data[];
    uint32_t access = 0, direct = 0, data = 0;
    bool good = vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_text, NULL, &access) && access == VIPC_X86_64_EXECUTE;
    good = good && vipc_x86_64_find(&port, kernel_root, DIRECT_MAP + (uint64_t)kernel_text - KERNEL_BASE, NULL, &direct) && direct == VIPC_X86_64_READ;
    good = good && vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_data, NULL, &data) && data == VIPC_X86_64_WRITE;
    good = good && vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_rodata, NULL, &access) && access == VIPC_X86_64_READ;
    check(t, good, "kernel_memory_is_writable_or_executable");
    check(t, !vipc_x86_64_find(&port, kernel_root, 0, NULL, NULL) && !vipc_x86_64_find(&port, kernel_root, 0x100000, NULL, NULL), "boot_mapping_is_gone");
}
/* ... and the CPU holds the kernel to it, user memory included. */
static void protection(struct tally *t)
{
    extern char kernel_text[], boot_stack_guard[];
    static uint8_t data[16] = { 0xc3 };
    const uint64_t at = 0x600000;
    uint64_t root, frame = 0, code = 0;
    bool good = vipc_x86_64_space_create(&port, kernel_root, &root) == VIPC_OK && vipc_x86_64_take(&port, 1, &frame) == VIPC_OK && vipc_x86_64_take(&port, 1, &code) == VIPC_OK;
    good = good && vipc_x86_64_map(&port, root, at, frame, 1, VIPC_X86_64_WRITE | VIPC_X86_64_USER) == 1;
    good = good && vipc_x86_64_map(&port, root, at + PAGE, code, 1, VIPC_X86_64_EXECUTE | VIPC_X86_64_USER) == 1;
    if (!good) { check(t, false, "protection"); return; }
    *(uint8_t *)vipc_x86_64_at(&port, code) = 0xc3;          /* ret */
    check(t, try_read(kernel_text) == 0 && try_write(kernel_text) == 1 && try_write(vipc_x86_64_at(&port, (uint64_t)kernel_text - KERNEL_BASE)) == 1, "kernel_text_cannot_be_written");
    check(t, try_write(data) == 0 && try_jump(data) == 1, "kernel_data_cannot_be_executed");
    check(t, try_read((const void *)(cpu.current->stack_top - STACK_BYTES)) == 0 && try_read((const void *)(STACK_AREA + 64)) == 1 && try_read(boot_stack_guard) == 1, "a_page_below_each_kernel_stack_is_unmapped");
    write_cr3(root);
    int read = try_read((const void *)at), written = try_write((void *)at), jumped = try_jump((const void *)(at + PAGE)), copied = user_touch((void *)at);
    write_cr3(kernel_root);
    check(t, copied == 0 && (cpu.smap ? read == 1 && written == 1 : read == 0 && written == 0), "user_memory_is_shut_to_the_kernel_where_there_is_smap");
    check(t, jumped == (int)cpu.smep, "user_code_is_shut_to_the_kernel_where_there_is_smep");
    vipc_x86_64_space_destroy(&port, root, true);
}
/* NMI and #DB in the kernel: each on its own stack, and back. */
static void critical(struct tally *t)
{
    uint64_t flags, nmis = trap_nmis;
    __asm__ volatile("int $2" : : : "memory");
    check(t, trap_nmis == nmis + 1, "nmi_in_the_kernel");
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tpushfq\n\tpopq %0" : "=r"(flags) : : "memory", "cc");
    check(t, !(flags & 0x100), "single_step_in_the_kernel_ends");
    __asm__ volatile("mov %%rsp, %%rbx\n\tmov $8, %%rsp\n\tint $2\n\tmov %%rbx, %%rsp" : : : "rbx", "memory");
    check(t, trap_nmis == nmis + 2, "nmi_without_a_stack");
    uint64_t base_high, base_low;
    __asm__ volatile("rdmsr" : "=a"(base_low), "=d"(base_high) : "c"(0xc0000101));
    __asm__ volatile("swapgs\n\tint $2\n\tswapgs" : : : "memory");           /* as in the first instruction of a system call */
    uint64_t high, low;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000101));
    check(t, trap_nmis == nmis + 3 && high == base_high && low == base_low, "nmi_before_swapgs");
}
/* For tests/kernel.sh: what a panic looks like. */
static __attribute__((noinline)) int fill_the_stack(int depth)
{
    volatile char space[512];
    space[0] = (char)depth;
    return depth < 0 ? 0 : fill_the_stack(depth + 1) + space[0];
}
static void disaster(void *which)
{
    if (memcmp(which, "panic", 5) == 0) (void)*(volatile int *)0x123456;
    else (void)fill_the_stack(0);
}
void selftest_disaster(char *which)
{
    if (memcmp(which, "panic", 5) != 0 && memcmp(which, "overflow", 8) != 0) return;
    struct thread *t = thread_make(disaster, which, USER_PRIORITY);
    if (t) thread_ready(t);
    for (;;) __asm__ volatile("sti\n\thlt");
}
void selftest(struct tally *t)
{
    page_tables(t);
    out_of_memory(t);
    own_tables(t);
    protection(t);
    critical(t);
}
