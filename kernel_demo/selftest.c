/* selftest.c - what only ring 0 can try, before the first process */
#include "kernel.h"

/* What the tables say of a page without EXECUTE: without no-execute all can be executed. */
static uint32_t found(uint32_t access) { return access | (port.no_execute ? 0 : VIPC_X86_64_EXECUTE); }

/* Whole frames in and out; a map, a look, narrower rights, none. */
static void page_tables(struct tally *t)
{
    const uint64_t at = 0x123456000ull;
    uint64_t before = vipc_x86_64_available(&port), root, frame = 0, where = 0;
    uint32_t access = 0;
    bool good = vipc_x86_64_tables_make(&port, kernel_root, &root) == VIPC_OK && vipc_x86_64_take(&port, 3, &frame) == VIPC_OK;
    good = good && vipc_x86_64_map(&port, root, at, frame, 3, VIPC_X86_64_WRITE | VIPC_X86_64_USER) == 3;
    good = good && vipc_x86_64_find(&port, root, at + 2 * PAGE, &where, &access) && where == frame + 2 * PAGE && access == found(VIPC_X86_64_WRITE | VIPC_X86_64_USER);
    check(t, good, "page_tables_map_and_find");
    check(t, vipc_x86_64_map(&port, root, at, frame, 1, VIPC_X86_64_WRITE | VIPC_X86_64_EXECUTE) == 0, "page_tables_refuse_writable_code");
    check(t, vipc_x86_64_map(&port, root, USER_TOP, frame, 1, VIPC_X86_64_USER) == 0, "page_tables_refuse_the_last_user_page");
    check(t, vipc_x86_64_map(&port, root, USER_TOP - PAGE, frame, 2, VIPC_X86_64_USER) == 0 && vipc_x86_64_map(&port, root, 1ull << 47, frame, 1, 0) == 0 &&
             vipc_x86_64_map(&port, root, KERNEL_BASE, frame, 1, VIPC_X86_64_USER) == 0 && vipc_x86_64_map(&port, root, at + 1, frame, 1, 0) == 0,
          "page_tables_refuse_what_is_no_place_of_a_process");
    vipc_x86_64_protect(&port, root, at, 3, VIPC_X86_64_READ | VIPC_X86_64_USER);
    check(t, vipc_x86_64_find(&port, root, at, NULL, &access) && access == found(VIPC_X86_64_USER), "page_tables_narrow");
    vipc_x86_64_unmap(&port, root, at + PAGE, 1);
    check(t, !vipc_x86_64_find(&port, root, at + PAGE, NULL, NULL) && vipc_x86_64_find(&port, root, at, NULL, NULL), "page_tables_unmap_one");
    vipc_x86_64_give(&port, frame + PAGE, 1);
    vipc_x86_64_tables_free(&port, root, true);
    check(t, vipc_x86_64_available(&port) == before, "page_tables_give_all_frames_back");
}
/* When memory runs out half way, what was done is told, and nothing leaks. */
static void out_of_memory(struct tally *t)
{
    uint64_t before = vipc_x86_64_available(&port), root, frame, done = 0;
    if (vipc_x86_64_tables_make(&port, 0, &root) != VIPC_OK) { check(t, false, "page_tables_out_of_memory"); return; }
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
    vipc_x86_64_tables_free(&port, root, false);
    check(t, vipc_x86_64_available(&port) == before, "page_tables_leak_nothing_then");
}
/* ---- spaces: what the suite for ports cannot see from outside ---- */
/* The entry for an address in the table of that level (39, 30, 21, or 12: the last).  NULL: no table leads there. */
static uint64_t *entry_at(uint64_t root, uint64_t at, uint32_t level)
{
    uint64_t *entry = &root, table = root | 1;
    for (uint32_t shift = 39; shift >= level && (table & 1); shift -= 9) {
        entry = (uint64_t *)vipc_x86_64_at(&port, table & FRAME_OF_ENTRY) + (at >> shift & 511);
        table = *entry;
        if (shift == level) return entry;
    }
    return NULL;
}
uint64_t page_entry(uint64_t root, uint64_t at)
{
    const uint64_t *entry = entry_at(root, at, 12);
    return entry && (*entry & 1) ? *entry : 0;
}
/* The bits for a policy.  A CPU without a page attribute table has no write-combining. */
uint64_t policy_bits(uint32_t cache)
{
    return cache == VIPC_WRITE_THROUGH ? 0x08 : cache == VIPC_UNCACHED ? 0x18 : cache == VIPC_WRITE_COMBINING ? (cpus[0].page_attributes ? 0x80 : 0x18) : 0;
}
static void space_entries(struct tally *t)
{
    static const struct { uint32_t access, cache; uint64_t bits; } kinds[] = {
        { VIPC_PROT_READ, VIPC_WRITE_BACK, 5 }, { VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_WRITE_BACK, 7 }, { VIPC_PROT_WRITE, VIPC_WRITE_THROUGH, 7 },
        { VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_UNCACHED, 7 }, { VIPC_PROT_READ, VIPC_WRITE_COMBINING, 5 },
    };
    const uint64_t at = 0x400000, frame = 0x12345, used = 0x67ull;          /* accessed and dirty are the CPU's */
    uint64_t root = 0, before = vipc_x86_64_available(&port);
    bool good = vipc_x86_64_space_create(&port, 1, 0x10000, USER_TOP, &root) == VIPC_OK;
    for (uint32_t i = 0; good && i < sizeof kinds / sizeof *kinds; i++) {
        good = vipc_x86_64_page_map(&port, root, at, frame, 1, kinds[i].access, kinds[i].cache) == VIPC_OK;
        good = good && page_entry(root, at) == (frame << 12 | kinds[i].bits | policy_bits(kinds[i].cache) | port.no_execute);
    }
    good = good && vipc_x86_64_page_map(&port, root, at, frame, 1, VIPC_PROT_READ | VIPC_PROT_EXEC, VIPC_WRITE_BACK) == VIPC_OK;
    good = good && page_entry(root, at) == (frame << 12 | 5);
    check(t, good, "space_entries_by_access_and_cache_policy");
    vipc_x86_64_page_protect(&port, root, at, 1, VIPC_PROT_READ);
    good = good && page_entry(root, at) == (frame << 12 | 5 | port.no_execute);
    vipc_x86_64_page_protect(&port, root, at, 1, VIPC_PROT_READ | VIPC_PROT_WRITE | VIPC_PROT_EXEC);
    good = good && (page_entry(root, at) & ~used) == (frame << 12 | port.no_execute) && (page_entry(root, at) & 2) == 0;
    check(t, good, "space_protection_takes_execution_away_and_gives_none");
    good = vipc_x86_64_page_map(&port, root, at + 1, frame, 1, VIPC_PROT_READ, 0) < 0 && vipc_x86_64_page_map(&port, root, USER_TOP - PAGE, frame, 2, VIPC_PROT_READ, 0) < 0;
    good = good && vipc_x86_64_page_map(&port, root, KERNEL_BASE, frame, 1, VIPC_PROT_READ, 0) < 0 && vipc_x86_64_page_map(&port, root, at, 1ull << 40, 1, VIPC_PROT_READ, 0) < 0;
    good = good && vipc_x86_64_page_map(&port, root, at, frame, 1, VIPC_PROT_NONE, 0) < 0 && vipc_x86_64_page_map(&port, kernel_root, at, frame, 1, VIPC_PROT_READ, 0) < 0;
    vipc_x86_64_page_unmap(&port, kernel_root, DIRECT_MAP + PAGE, 1);
    vipc_x86_64_page_unmap(&port, root, DIRECT_MAP + PAGE, 1);
    good = good && vipc_x86_64_space_create(&port, 2, 0x10000, USER_TOP + PAGE, &root) == VIPC_ERR_INVALID_ARGUMENT;
    check(t, good && page_entry(kernel_root, DIRECT_MAP + PAGE), "space_hooks_refuse_what_is_no_place_of_a_process");
    check(t, vipc_x86_64_space_destroy(&port, kernel_root) == VIPC_OK && vipc_x86_64_space_destroy(&port, root + PAGE) == VIPC_OK && vipc_x86_64_space_destroy(&port, ~0ull) == VIPC_OK &&
             vipc_x86_64_space_destroy(&port, root) == VIPC_OK && vipc_x86_64_available(&port) == before,
          "space_destroy_passes_over_what_is_no_space");
}
/* A table that has become empty leaves at once, and comes back with the flush; and if that fails, with the next. */
static vipc_error others;
static uint32_t others_asked;
static uint64_t others_root;
static vipc_error flush_others(void *user, uint64_t root, uint64_t address, uint64_t count, vipc_time deadline)
{
    (void)user; (void)address; (void)count; (void)deadline;
    others_asked++;
    others_root = root;
    return others;
}
static void space_tables(struct tally *t)
{
    const uint64_t at = 0x40000000 - PAGE;                   /* the last page of a directory */
    uint64_t root, before = vipc_x86_64_available(&port);
    vipc_x86_64_kernel several = *ipc_kernel();
    several.flush_others = flush_others;
    port.kernel = &several;
    bool good = vipc_x86_64_space_create(&port, 3, 0x10000, USER_TOP, &root) == VIPC_OK && before - vipc_x86_64_available(&port) == 1;
    good = good && vipc_x86_64_page_map(&port, root, at, 1, 2, VIPC_PROT_READ, 0) == VIPC_OK && before - vipc_x86_64_available(&port) == 6;
    good = good && vipc_x86_64_page_map(&port, root, at, 2, 2, VIPC_PROT_READ, 0) == VIPC_OK;        /* in their place: no more are in the tables than before */
    vipc_x86_64_page_unmap(&port, root, at, 1);
    good = good && page_entry(root, at) == 0 && page_entry(root, at + PAGE) && before - vipc_x86_64_available(&port) == 6;
    others = VIPC_ERR_WOULD_BLOCK;
    good = good && vipc_x86_64_tlb_flush(&port, root, at, 1, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK && before - vipc_x86_64_available(&port) == 6;
    others = VIPC_ERR_TIMEOUT;
    good = good && vipc_x86_64_tlb_flush(&port, root, at, 1, 1) == VIPC_ERR_TIMEOUT && before - vipc_x86_64_available(&port) == 6 && others_asked == 2;
    check(t, good, "space_tables_wait_for_the_other_cpus");
    others = VIPC_OK;
    good = vipc_x86_64_tlb_flush(&port, root, at, 1, VIPC_FOREVER) == VIPC_OK && before - vipc_x86_64_available(&port) == 4 && page_entry(root, at + PAGE) != 0;
    vipc_x86_64_page_protect(&port, root, 0, (USER_TOP - PAGE) / PAGE, VIPC_PROT_NONE);
    good = good && vipc_x86_64_tlb_flush(&port, root, 0, USER_TOP / PAGE, VIPC_FOREVER) == VIPC_OK && before - vipc_x86_64_available(&port) == 1;
    check(t, good, "space_tables_come_back_with_the_flush");
    for (uint64_t i = 0; i < 512 * 3; i += 511) good = vipc_x86_64_page_map(&port, root, at + i * PAGE, 1, 1, VIPC_PROT_READ, 0) == VIPC_OK && good;
    vipc_x86_64_page_unmap(&port, root, at, 512);
    port.kernel = ipc_kernel();
    check(t, good && vipc_x86_64_space_destroy(&port, root) == VIPC_OK && vipc_x86_64_available(&port) == before && port.aside == 0, "space_tables_all_come_back_at_its_end");
}
/* What is mapped otherwise than write-back is so in the direct map too, and for all CPUs, before anybody gets it; and no longer when it is freed. */
static uint64_t direct(uint64_t frame) { return page_entry(kernel_root, DIRECT_MAP + frame) & 0x98; }
static void space_policies(struct tally *t)
{
    static const uint32_t policies[] = { VIPC_WRITE_THROUGH, VIPC_UNCACHED, VIPC_WRITE_THROUGH, VIPC_WRITE_COMBINING, VIPC_WRITE_THROUGH };
    const uint64_t at = 0x400000;
    uint64_t root = 0, frame = 0, before = vipc_x86_64_available(&port);
    uint32_t low, high, asked = others_asked;
    vipc_x86_64_kernel several = *ipc_kernel();
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0x277));
    check(t, low == 0x00070406 && high == (cpus[0].page_attributes ? 0x00070401 : 0x00070406), "page_attributes_are_as_the_entries_mean_them");
    several.flush_others = flush_others;
    others = VIPC_OK;
    port.kernel = &several;
    bool good = vipc_x86_64_space_create(&port, 5, 0x10000, USER_TOP, &root) == VIPC_OK && vipc_x86_64_take(&port, 3, &frame) == VIPC_OK;
    uint64_t *words = vipc_x86_64_at(&port, frame);
    for (uint64_t i = 0; good && i < 3 * PAGE / 8; i++) words[i] = ~i;
    good = good && vipc_x86_64_page_map(&port, root, at, frame / PAGE, 3, VIPC_PROT_READ, VIPC_WRITE_BACK) == VIPC_OK;
    good = good && direct(frame) == 0 && others_asked == asked && port.otherwise == 0;
    for (uint32_t i = 0; good && i < sizeof policies / sizeof *policies; i++) {
        for (uint32_t again = 0; good && again < 2; again++)
            good = vipc_x86_64_page_map(&port, root, at, frame / PAGE + 1, 2, VIPC_PROT_READ, policies[i]) == VIPC_OK && others_asked == asked + i + 1 && others_root == 0;
        good = good && direct(frame) == 0 && direct(frame + PAGE) == policy_bits(policies[i]);
        good = good && direct(frame + 2 * PAGE) == policy_bits(policies[i]) && port.otherwise == 2;
        good = good && (page_entry(root, at + PAGE) & 0x98) == policy_bits(policies[i]);
        good = good && vipc_x86_64_page_map(&port, root, at + 8 * PAGE, 0x7654321, 1, VIPC_PROT_READ, policies[i]) == VIPC_OK;
    }
    check(t, good, "cache_policies_are_the_direct_map's_too");
    good = good && vipc_x86_64_find(&port, kernel_root, DIRECT_MAP + frame + PAGE, NULL, &low) && low == (found(VIPC_X86_64_WRITE) | VIPC_X86_64_UNCACHED);
    for (uint64_t i = 0; good && i < 3 * PAGE / 8; i++) good = words[i] == ~i;
    asked = others_asked;
    vipc_x86_64_give(&port, frame, 2);
    good = good && direct(frame + PAGE) == 0 && direct(frame + 2 * PAGE) == 0x08 && port.otherwise == 1 && others_asked == asked + 1;
    port.hooks.frame_free(&port, frame / PAGE + 2, 1);
    good = good && direct(frame + 2 * PAGE) == 0 && port.otherwise == 0 && others_asked == asked + 2 && vipc_x86_64_take(&port, 1, &frame) == VIPC_OK;
    vipc_x86_64_give(&port, frame, 1);
    check(t, good && others_asked == asked + 2, "freed_frames_are_write_back_again");
    port.kernel = ipc_kernel();
    check(t, vipc_x86_64_space_destroy(&port, root) == VIPC_OK && vipc_x86_64_available(&port) == before, "policies_leave_every_frame");
}
/* Where the frame is part of a large page there, or of a global one, it is refused, and mapped nowhere. */
static void space_policies_refused(struct tally *t)
{
    const uint64_t at = 0x400000;
    uint64_t root = 0, table = 0, frame = 0, before = vipc_x86_64_available(&port);
    bool good = vipc_x86_64_space_create(&port, 6, 0x10000, USER_TOP, &root) == VIPC_OK;
    good = good && vipc_x86_64_tables_make(&port, 0, &table) == VIPC_OK && vipc_x86_64_take(&port, 1, &frame) == VIPC_OK;
    good = good && vipc_x86_64_map(&port, table, DIRECT_MAP + frame, frame, 1, VIPC_X86_64_WRITE) == 1;
    uint64_t *page = entry_at(table, DIRECT_MAP + frame, 12), *above = entry_at(table, DIRECT_MAP + frame, 21), *top = entry_at(table, DIRECT_MAP + frame, 39);
    if (!good || !page) { check(t, false, "a_direct_map_of_large_or_global_pages_has_one_policy"); return; }
    port.kernel_root = table;
    *page |= 0x100;
    good = vipc_x86_64_page_map(&port, root, at, frame / PAGE, 1, VIPC_PROT_READ, VIPC_UNCACHED) == VIPC_ERR_NOT_SUPPORTED && page_entry(root, at) == 0;
    *page &= ~0x100ull;
    *above |= 0x80;
    good = good && vipc_x86_64_page_map(&port, root, at, frame / PAGE, 1, VIPC_PROT_READ, VIPC_WRITE_COMBINING) == VIPC_ERR_NOT_SUPPORTED && page_entry(root, at) == 0;
    good = good && vipc_x86_64_page_map(&port, root, at, frame / PAGE, 1, VIPC_PROT_READ, VIPC_WRITE_BACK) == VIPC_OK && port.otherwise == 0;
    *above &= ~0x80ull;
    good = good && vipc_x86_64_page_map(&port, root, at, frame / PAGE, 1, VIPC_PROT_READ, VIPC_UNCACHED) == VIPC_OK && (*page & 0x98) == 0x18;
    vipc_x86_64_give(&port, frame, 1);
    good = good && (*page & 0x98) == 0 && port.otherwise == 0;
    port.kernel_root = kernel_root;
    vipc_x86_64_give(&port, ((uint64_t)page - DIRECT_MAP) & ~(PAGE - 1), 1);       /* nobody gives back tables of an upper half */
    vipc_x86_64_give(&port, ((uint64_t)above - DIRECT_MAP) & ~(PAGE - 1), 1);
    vipc_x86_64_give(&port, *top & ~(PAGE - 1), 1);
    vipc_x86_64_tables_free(&port, table, false);
    good = good && vipc_x86_64_space_destroy(&port, root) == VIPC_OK && vipc_x86_64_available(&port) == before;
    check(t, good, "a_direct_map_of_large_or_global_pages_has_one_policy");
}
/* A space stays while somebody runs in it, be it only when his turn comes. */
static void unused(void *argument) { (void)argument; }
static void space_in_use(struct tally *t)
{
    uint64_t root, before = vipc_x86_64_available(&port);
    bool good = vipc_x86_64_space_create(&port, 4, 0x10000, USER_TOP, &root) == VIPC_OK;
    write_cr3(root);
    good = good && vipc_x86_64_space_destroy(&port, root) == VIPC_ERR_RESOURCE_BUSY;
    write_cr3(kernel_root);
    struct thread *other = thread_make(unused, NULL, USER_PRIORITY, ANY_CPU);
    if (!good || !other) { check(t, false, "space_in_use_stays"); return; }
    other->root = root;
    good = vipc_x86_64_space_destroy(&port, root) == VIPC_ERR_RESOURCE_BUSY;
    thread_free(other);
    check(t, good && vipc_x86_64_space_destroy(&port, root) == VIPC_OK && vipc_x86_64_available(&port) == before, "space_in_use_stays");
}
/* The kernel's own memory: nothing both writable and executable, and its text writable nowhere. */
static void own_tables(struct tally *t)
{
    extern char kernel_text[], kernel_rodata[], kernel_data[];
    uint32_t access = 0, direct = 0, data = 0;
    bool good = vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_text, NULL, &access) && access == VIPC_X86_64_EXECUTE;
    good = good && vipc_x86_64_find(&port, kernel_root, DIRECT_MAP + (uint64_t)kernel_text - KERNEL_BASE, NULL, &direct) && direct == found(VIPC_X86_64_READ);
    good = good && vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_data, NULL, &data) && data == found(VIPC_X86_64_WRITE);
    good = good && vipc_x86_64_find(&port, kernel_root, (uint64_t)kernel_rodata, NULL, &access) && access == found(VIPC_X86_64_READ);
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
    bool good = vipc_x86_64_tables_make(&port, kernel_root, &root) == VIPC_OK && vipc_x86_64_take(&port, 1, &frame) == VIPC_OK && vipc_x86_64_take(&port, 1, &code) == VIPC_OK;
    good = good && vipc_x86_64_map(&port, root, at, frame, 1, VIPC_X86_64_WRITE | VIPC_X86_64_USER) == 1;
    good = good && vipc_x86_64_map(&port, root, at + PAGE, code, 1, VIPC_X86_64_EXECUTE | VIPC_X86_64_USER) == 1;
    if (!good) { check(t, false, "protection"); return; }
    *(uint8_t *)vipc_x86_64_at(&port, code) = 0xc3;          /* ret */
    check(t, try_read(kernel_text) == 0 && try_write(kernel_text) == 1 && try_write(vipc_x86_64_at(&port, (uint64_t)kernel_text - KERNEL_BASE)) == 1, "kernel_text_cannot_be_written");
    check(t, try_write(data) == 0 && try_jump(data) == (port.no_execute != 0), "kernel_data_cannot_be_executed");
    check(t, try_read((const void *)(current()->stack_top - STACK_BYTES)) == 0 && try_read((const void *)(STACK_AREA + 64)) == 1 && try_read(boot_stack_guard) == 1, "a_page_below_each_kernel_stack_is_unmapped");
    write_cr3(root);
    int read = try_read((const void *)at), written = try_write((void *)at), jumped = try_jump((const void *)(at + PAGE)), copied = user_touch((void *)at);
    write_cr3(kernel_root);
    check(t, copied == 0 && (cpus[0].smap ? read == 1 && written == 1 : read == 0 && written == 0), "user_memory_is_shut_to_the_kernel_where_there_is_smap");
    check(t, jumped == (int)cpus[0].smep, "user_code_is_shut_to_the_kernel_where_there_is_smep");
    vipc_x86_64_tables_free(&port, root, true);
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
    if (memcmp(which, "disorder", 8) == 0) {                 /* a debug build's locks */
        interrupts_off();
        lock_take(&port_lock);
        lock_take(&process_lock);
    }
    if (memcmp(which, "panic", 5) == 0) (void)*(volatile int *)0x123456;
    else (void)fill_the_stack(0);
}
void selftest_disaster(char *which)
{
    if (memcmp(which, "panic", 5) != 0 && memcmp(which, "overflow", 8) != 0 && memcmp(which, "disorder", 8) != 0) return;
    struct thread *t = thread_make(disaster, which, USER_PRIORITY, ANY_CPU);
    if (t) thread_begin(t);
    for (;;) __asm__ volatile("sti\n\thlt");
}
void selftest(struct tally *t)
{
    page_tables(t);
    out_of_memory(t);
    space_entries(t);
    space_tables(t);
    space_policies(t);
    space_policies_refused(t);
    space_in_use(t);
    own_tables(t);
    protection(t);
    critical(t);
    shared_test(t);
    smp_test(t);
    node_test(t);
}
