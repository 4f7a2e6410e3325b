/* memory.c - frames from the loader's memory map, and the page tables of the kernel itself: text read-only and executable, the rest neither both */
#define VERIDIAN_X86_64_IMPLEMENTATION
#include "kernel.h"

/* What QEMU hands over: hvm_start_info and its memory map (Xen's public/arch-x86/hvm/start_info.h has the format). */
struct start_info { uint32_t magic, version, flags, modules; uint64_t module_list, command_line, rsdp, map; uint32_t map_entries, reserved; };
struct map_entry { uint64_t first, bytes; uint32_t type, reserved; };
enum { START_MAGIC = 0x336ec578, MAP_RAM = 1, MAP_ENTRIES = 32 };

vipc_x86_64 port;
uint64_t kernel_root;
char command_line[64];
extern char kernel_text[], kernel_rodata[], kernel_data[], kernel_end[], boot_stack_guard[];

static uint64_t physical(const void *p) { return (uint64_t)p - KERNEL_BASE; }

static uint32_t read_map(uint64_t start_info, vipc_x86_64_range *out)
{
    const struct start_info *info = (const struct start_info *)(DIRECT_MAP + start_info);
    uint32_t n = 0;
    if (start_info == 0 || start_info >= BOOT_MAPPED || info->magic != START_MAGIC) panic("not started by a PVH loader (%lx)", start_info);
    if (info->version < 1) panic("the loader tells of no memory map");
    if (info->command_line && info->command_line < BOOT_MAPPED - sizeof command_line) memcpy(command_line, (const void *)(DIRECT_MAP + info->command_line), sizeof command_line - 1);
    const struct map_entry *map = (const struct map_entry *)(DIRECT_MAP + info->map);
    for (uint32_t i = 0; i < info->map_entries && n < MAP_ENTRIES; i++) {
        if (map[i].type != MAP_RAM || map[i].first >= BOOT_MAPPED) continue;
        out[n].first = map[i].first;
        out[n].bytes = map[i].bytes < BOOT_MAPPED - map[i].first ? map[i].bytes : BOOT_MAPPED - map[i].first;
        n++;
    }
    return n;
}
static void map_kernel(uint64_t at, uint64_t frame, uint64_t bytes, uint32_t access)
{
    uint64_t count = (bytes + PAGE - 1) / PAGE;
    if (vipc_x86_64_map(&port, kernel_root, at, frame, count, access) != count) panic("no memory for the kernel's page tables");
}
/* Each with an unmapped page below it: an overflow is a double fault with a stack of its own, not a scribble.  They are made once, for all threads that there can be: so no
 * thread's end has to wait until all CPUs have forgotten where its stack was. */
uint64_t kernel_stack(uint32_t index) { return STACK_AREA + (index + 1) * (uint64_t)(STACK_BYTES + PAGE); }
static void map_stacks(void)
{
    for (uint32_t i = 0; i < THREADS; i++)
        for (uint64_t at = kernel_stack(i) - STACK_BYTES, frame; at < kernel_stack(i); at += PAGE) {
            if (vipc_x86_64_take(&port, 1, &frame) != VIPC_OK) panic("no memory for kernel stacks");
            map_kernel(at, frame, PAGE, VIPC_X86_64_WRITE);
        }
}
/* The direct map holds RAM alone, and the kernel's text and constants are read-only in it too. */
static void map_everything(const vipc_x86_64_range *ram, uint32_t n)
{
    if (vipc_x86_64_tables_make(&port, 0, &kernel_root) != VIPC_OK) panic("no memory for the kernel's page tables");
    for (uint32_t i = 0; i < n; i++) {
        uint64_t from = (ram[i].first + PAGE - 1) & ~(PAGE - 1), to = (ram[i].first + ram[i].bytes) & ~(PAGE - 1);
        if (to > from) map_kernel(DIRECT_MAP + from, from, to - from, VIPC_X86_64_WRITE);
    }
    uint64_t text = (uint64_t)kernel_text, rodata = (uint64_t)kernel_rodata, data = (uint64_t)kernel_data, end = (uint64_t)kernel_end;
    vipc_x86_64_protect(&port, kernel_root, DIRECT_MAP + physical(kernel_text), (data - text) / PAGE, VIPC_X86_64_READ);
    map_kernel(text, physical(kernel_text), rodata - text, VIPC_X86_64_EXECUTE);
    map_kernel(rodata, physical(kernel_rodata), data - rodata, VIPC_X86_64_READ);
    map_kernel(data, physical(kernel_data), end - data, VIPC_X86_64_WRITE);
    map_kernel(LOCAL_APIC, machine.local_apic, PAGE, VIPC_X86_64_WRITE | VIPC_X86_64_UNCACHED);
    vipc_x86_64_unmap(&port, kernel_root, (uint64_t)boot_stack_guard, 1);
    map_stacks();
    write_cr3(kernel_root);
}
void memory_start(uint64_t start_info)
{
    vipc_x86_64_range ram[MAP_ENTRIES];
    const vipc_x86_64_range kept[] = { { 0x100000, (uint64_t)kernel_end - KERNEL_BASE - 0x100000 }, { AP_START, PAGE } };
    uint32_t n = read_map(start_info, ram);
    machine_read(((const struct start_info *)(DIRECT_MAP + start_info))->rsdp);
    machine_show(ram, n);
    vipc_x86_64_node_range near[RANGES_MAX];
    for (uint32_t i = 0; i < machine.ranges; i++) near[i] = (vipc_x86_64_node_range){ machine.range[i].first, machine.range[i].bytes, machine.range[i].node, 0 };
    const vipc_x86_64_memory memory = { ram, n, kept, sizeof kept / sizeof *kept, machine.nodes, machine.ranges, near };
    vipc_error e = vipc_x86_64_open(&port, ipc_kernel(), &memory);
    if (e != VIPC_OK) panic("frames: %s", vipc_error_string(e));
    map_everything(ram, n);
    e = vipc_x86_64_spaces(&port, kernel_root);
    if (e != VIPC_OK) panic("spaces: %s", vipc_error_string(e));
    say("memory: %lu KiB to hand out, time-stamp counter at %lu kHz\n", port.usable * 4, (1000000ul << 24) / port.tsc_scale);
}
