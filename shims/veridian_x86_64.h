/* veridian_x86_64.h - v0.1.0 - veridian_ipc.h in a kernel for x86-64
 * SPDX-License-Identifier: MIT OR Unlicense       (see the end of veridian_ipc.h)
 *
 * The hooks that veridian_ipc.h asks for, for a kernel in long mode, and what they are made of: frames from a memory map, four-level page tables, for the
 * kernel itself and as the six hooks for address spaces, a clock, sleep and wake-up over the kernel's own scheduler.  In ONE C or C++ file of the kernel:
 *
 *     #define VERIDIAN_X86_64_IMPLEMENTATION
 *     #include "shims/veridian_x86_64.h"
 *
 * and everywhere else the include alone.  It brings veridian_frames.h along.  Freestanding, no globals; gcc or clang.  kernel_demo/ is a kernel around it.
 *
 * WHAT IT NEEDS OF THE KERNEL is one struct, vipc_x86_64_kernel, and this:
 *   - All memory that it is given is mapped at one distance (direct_map), writable, for as long as the kernel runs.
 *   - A message is for a kernel thread with a stack of its own; the view that stands for it (vipc_process_create, vipc_thread_enter) has its number
 *     in native_thread.  System calls run the core on that stack, with interrupts on: the core turns them off around what must not be torn (hooks enter, leave).
 *   - No pointer of a user's is handed to the core: copy in, call, copy out.
 *   - Address spaces, if it wants them (vipc_x86_64_spaces): a page fault calls vipc_page_fault; CR3 of a thread is vipc_space_info.root of its process's space.
 *   - When a process ends: stop its threads, each either while it sleeps in `sleep` (its stack may be thrown away) or at the user boundary; then, from another
 *     process's view, vipc_process_destroy.  There is no other way to die, so process_alive is not hooked.
 *
 * EXAMPLE (`kernel` filled in; compiles as C99 and as C++11)
 *
 *     #include "veridian_ipc.h"
 *     #include "shims/veridian_x86_64.h"
 *
 *     vipc_error ipc_start(vipc_x86_64 *port, const vipc_x86_64_kernel *kernel, const vipc_x86_64_memory *memory, vipc *manager);
 *     vipc_error ipc_start(vipc_x86_64 *port, const vipc_x86_64_kernel *kernel, const vipc_x86_64_memory *memory, vipc *manager)
 *     {
 *         vipc_process_desc desc = VIPC_INIT;
 *         vipc_error e = vipc_x86_64_open(port, kernel, memory);
 *         desc.label = "kernel";
 *         desc.native_thread = 1;
 *         return e == VIPC_OK ? vipc_x86_64_domain(port, NULL, &desc, manager) : e;
 *     }
 *
 * CACHE POLICIES of what is mapped into a space, by the entry of the page attribute table (PAT, the same on every CPU: vipc_x86_64_cpu) that its page-table bits choose:
 *     write-back 0 (none), write-through 1 (PWT), uncached 3 (PCD, PWT), write-combining 4 (bit 7).  Where the CPU has no such table write-combining is uncached.
 *   No frame is ever seen under two policies: what page_map maps otherwise than write-back gets the same policy in the direct map first, on every CPU, and its cache lines are
 *   written back; so the core, which zeroes and copies frames by their place there, sees what the space sees.  When such a frame is freed (or vipc_x86_64_give is told of
 *   it) the direct map is write-back there again before anybody else can have it.
 *   For that the direct map must be in kernel_root's tables, of pages of 4 KiB that are not global: else the policy is NOT_SUPPORTED.  What lies outside it, as devices do, is
 *   mapped as asked.  It is the kernel's part that memory which it maps by itself, or by vipc_space_map_physical, has one policy only.
 *
 * LIMIT: frames are of 4 KiB; no large pages, no PCID.  LIMIT: one CPU unless `flush_others` and `runs_in` are given; the page-table functions for the kernel's own use are
 * for one caller at a time for each root.
 */
#ifndef VERIDIAN_X86_64_H
#define VERIDIAN_X86_64_H
#ifndef VERIDIAN_IPC_H
#include "../veridian_ipc.h"
#endif
#include "veridian_frames.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VIPC_X86_64_PAGE 4096u
#define VIPC_X86_64_USER_TOP 0x00007ffffffff000u   /* first byte that a process may not have: the last page of the lower half stays unmapped, since a system call at
                                                    * its end would return to an address that sysret faults on in ring 0 */

#define VIPC_X86_64_FLUSH_PAGES 32u                /* a flush forgets up to so many pages one by one, and more by loading CR3 */

/* All that the shim asks of a kernel.  It must outlive the vipc_x86_64 that was opened with it. */
typedef struct vipc_x86_64_kernel {
    void *user;                        /* first argument of every callback */
    uint64_t direct_map;               /* where physical address 0 is seen */

    /* The scheduler.  lock: interrupts off on this CPU, and, where there are several, the lock of the run queue; what it returns is for unlock, which puts
     * interrupts back as they were. */
    uint64_t (*lock)(void *user);
    void (*unlock)(void *user, uint64_t was);
    /* Called between lock and unlock by the thread itself: run others until ready() names it or the deadline (VIPC_FOREVER: none) has passed; the lock is
     * given up meanwhile and held again on return.  True: the deadline passed.  May return early for no reason; may never return (the thread was killed). */
    bool (*sleep)(void *user, uint64_t thread, vipc_time deadline);
    /* Called between lock and unlock: if that thread is in sleep(), make it ready; else nothing.  Does not switch.  The number may be an old one. */
    void (*ready)(void *user, uint64_t thread);

    /* Optional, for several CPUs: each that has `root` in CR3 (0: each) forgets `count` translations from `address` on, by one invlpg at the least or by loading CR3
     * again; OK when they have.  The caller's own CPU has done so, which counts only where a thread cannot move to another in between.  Called with interrupts on and without
     * the lock; TIMEOUT: not all have answered by then.  With VIPC_NOW it must not wait, whatever is held: OK if there is no such CPU, else WOULD_BLOCK. */
    vipc_error (*flush_others)(void *user, uint64_t root, uint64_t address, uint64_t count, vipc_time deadline);
    /* Optional; called between lock and unlock: is there a thread that runs on these page tables, or will when its turn comes?  As long as there is they stay.  Without it CR3
     * of the calling CPU decides alone, which is enough where a space is destroyed only after its threads. */
    bool (*runs_in)(void *user, uint64_t root);
    /* Optional, both or none: frames for page tables, one at a time, by physical address, in the direct map; take: contents undefined; OUT_OF_MEMORY.  Without them tables are of
     * the port's own frames.  May be called with the core's lock held, so they must not call the core. */
    vipc_error (*table_take)(void *user, uint64_t *physical);
    void (*table_give)(void *user, uint64_t physical);
    void (*log)(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b);     /* optional; as in vipc_hooks */
    uint64_t tsc_khz;                  /* 1,000 cycles a second of the time-stamp counter; 0: measure it against the PC's interval timer (takes 10 ms; where
                                        * others are given the CPU meanwhile, up to 200) */
    uint32_t cpus;                     /* 0: unknown.  1: a wait never spins */
    /* Optional, where memory is on several NUMA nodes; called between lock and unlock: that of the CPU that runs this.  Then what is asked for no node in particular comes from
     * there, as far as it has any: frames of messages and spaces, page tables, vipc_x86_64_take.  Without it, or if it names no node, the lowest frames are given. */
    uint32_t (*node)(void *user);
} vipc_x86_64_kernel;

typedef struct vipc_x86_64_range { uint64_t first, bytes; } vipc_x86_64_range;     /* physical */
typedef struct vipc_x86_64_node_range { uint64_t first, bytes; uint32_t node, reserved; } vipc_x86_64_node_range;     /* physical; 0 .. nodes - 1; 0 */
typedef struct vipc_x86_64_memory {    /* the memory map, as the loader tells it; in any order; borrowed for the call */
    const vipc_x86_64_range *usable;   /* whole frames inside are taken */
    uint32_t usable_count;
    const vipc_x86_64_range *kept;     /* these bytes not, although they lie in there: the kernel itself, what the loader left.  Page 0 is never taken */
    uint32_t kept_count;
    /* NUMA, as the firmware tells (the SRAT of ACPI): which addresses are on which node.  In any order; they do not overlap, may be more than there is memory, and a node may have
     * none.  A frame is on the node of its first byte; what is in no range is on node 0. */
    uint32_t nodes;                    /* 0, 1: all is on node 0, and the ranges are passed over; at most VIPC_NODES_MAX */
    uint32_t node_range_count;
    const vipc_x86_64_node_range *node_ranges;
} vipc_x86_64_memory;

typedef struct vipc_x86_64 {
    vipc_hooks hooks;                  /* for vipc_init and vipc_attach */
    vipc_frames frames;                /* frame number = physical address >> 12 */
    const vipc_x86_64_kernel *kernel;
    uint64_t tsc_start, tsc_scale;     /* private: ns = cycles * scale >> 24 */
    uint64_t usable;                   /* frames that there were to hand out */
    uint64_t no_execute;               /* the page-table bit; 0: this CPU has none, or it is not turned on (EFER.NXE) */
    uint64_t write_combining;          /* private: page-table bits */
    uint64_t otherwise;                /* private: frames that the direct map does not have write-back now */
    uint64_t kernel_root;              /* private: whose upper half all spaces have */
    uint64_t *roots;                   /* private: one bit a frame: it is the root of a space */
    uint32_t nodes;                    /* of memory, 1 and up: for vipc_config.numa_nodes */
    uint32_t stretch_count;            /* private; 0: one node */
    struct vipc_x86_64_stretch_ *stretches;     /* private: neighbouring frames of one node, and the next, from frame 0 to the last */
    uint64_t aside;                    /* private: physical address of the first of the tables that no entry leads to any more, see vipc_x86_64_set_aside_; 0: none */
} vipc_x86_64;

/* Frames, clock, hooks; with two nodes or more also frame_alloc_near and frame_node.  Neither port nor kernel may move afterwards.  INVALID_ARGUMENT: a callback missing, one of a
 * pair, too many nodes, a range of no node or of overlapping addresses; OUT_OF_MEMORY: no usable range holds the bitmap (one bit for each frame up to the highest) and, with several
 * nodes, at most 32 bytes for each end of a range.  Called once, before there is a second thread.  O(frames / 64 + ranges^2). */
VIPC_API vipc_error vipc_x86_64_open(vipc_x86_64 *port, const vipc_x86_64_kernel *kernel, const vipc_x86_64_memory *memory);
/* Take frames for a domain of that shape, make it, and join as its first process, whose threads run the kernel's own errands.  config, desc (opt); page_shift is 12.  With
 * max_spaces and no max_frames, all frames may come into spaces.
 * OUT_OF_MEMORY; those of vipc_init. */
VIPC_API vipc_error vipc_x86_64_domain(vipc_x86_64 *port, const vipc_config *config, const vipc_process_desc *desc, vipc *out);

/* -- frames: also for the kernel's own use; from any thread, interrupts on or off; O(frames / 64 + ranges of nodes) -- */
/* `count` neighbouring frames; *first is a physical address; contents undefined.  Of the calling CPU's node as far as it has any, where the kernel names it.  OUT_OF_MEMORY. */
VIPC_API vipc_error vipc_x86_64_take(vipc_x86_64 *port, uint64_t count, uint64_t *first);
/* ... of that node as far as it has so many in a row, else of any: vipc_x86_64_node_of tells.  INVALID_ARGUMENT: node >= port->nodes; OUT_OF_MEMORY: nobody has them. */
VIPC_API vipc_error vipc_x86_64_take_near(vipc_x86_64 *port, uint32_t node, uint64_t count, uint64_t *first);
VIPC_API void vipc_x86_64_give(vipc_x86_64 *port, uint64_t first, uint64_t count);      /* interrupts on, if any is not write-back */
VIPC_API uint64_t vipc_x86_64_available(vipc_x86_64 *port);
VIPC_API uint64_t vipc_x86_64_available_near(vipc_x86_64 *port, uint32_t node);         /* of those, on that node; their sum over all nodes is all */
/* Which node that physical address is on; 0 for what is no memory.  O(log(ranges)), no lock. */
VIPC_API uint32_t vipc_x86_64_node_of(const vipc_x86_64 *port, uint64_t physical);
/* Where the kernel sees that physical address. */
VIPC_API void *vipc_x86_64_at(const vipc_x86_64 *port, uint64_t physical);

/* -- page tables for the kernel's own use.  A tree of them is named by the physical address of its root (CR3 without flags).  None of these flushes but
 * vipc_x86_64_flush.  In a space of the core's only vipc_x86_64_find may look. -- */
enum vipc_x86_64_access { VIPC_X86_64_READ = 0, VIPC_X86_64_WRITE = 1, VIPC_X86_64_EXECUTE = 2, VIPC_X86_64_USER = 4, VIPC_X86_64_UNCACHED = 8 };
/* An empty lower half; the upper half is that of `kernel` (0: empty too), shared for good: its root entries must all be there by then.  OUT_OF_MEMORY. */
VIPC_API vipc_error vipc_x86_64_tables_make(vipc_x86_64 *port, uint64_t kernel, uint64_t *root);
/* Give back the tables of the lower half and the root; with give_frames also every frame that is mapped there.  The root is in no CPU's CR3. */
VIPC_API void vipc_x86_64_tables_free(vipc_x86_64 *port, uint64_t root, bool give_frames);
/* Map `count` neighbouring frames from `address` on; what was mapped there is replaced.  Returns how many were done: less than count when there were no frames for
 * tables.  access: WRITE and EXECUTE together are refused (0), and so is what is not aligned or not canonical. */
VIPC_API uint64_t vipc_x86_64_map(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t frame, uint64_t count, uint32_t access);
/* Cannot fail; what is not mapped stays so.  Tables are kept. */
VIPC_API void vipc_x86_64_unmap(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count);
VIPC_API void vipc_x86_64_protect(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count, uint32_t access);
/* Is it mapped?  frame, access (opt): to what, how; without no-execute (port->no_execute) everything is EXECUTE. */
VIPC_API bool vipc_x86_64_find(const vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t *frame, uint32_t *access);
/* Returns when no CPU uses an old translation of that range any more. */
VIPC_API void vipc_x86_64_flush(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count);

#if !VIPC_NO_SPACES
/* -- address spaces: the six hooks -- */
/* From here on there are address spaces, which have their upper half from kernel_root, for good: its root entries must all be there by now.  Fills in the six hooks, and does for
 * this CPU what vipc_x86_64_cpu does.  Once, after vipc_x86_64_open and before vipc_x86_64_domain, whose config has max_spaces.  OUT_OF_MEMORY: for one bit a frame. */
VIPC_API vipc_error vipc_x86_64_spaces(vipc_x86_64 *port, uint64_t kernel_root);
/* For each other CPU, before it runs a thread: its page attribute table as the first one's: as after reset, but that entry 4 is write-combining.  A CPU without such a table (or
 * a kernel that writes its own) has no write-combining; VIPC_WRITE_COMBINING is uncached then. */
VIPC_API void vipc_x86_64_cpu(const vipc_x86_64 *port);

/* What the hooks are, should a kernel want to stand before one of them: their contract is in >>hooks of veridian_ipc.h, `user` is the vipc_x86_64.  The root is a physical
 * address, ready for CR3.  Beside the contract:
 *   space_create   an empty lower half, [start, end) within [0, VIPC_X86_64_USER_TOP) (else INVALID_ARGUMENT).  One frame.
 *   space_destroy  RESOURCE_BUSY while this CPU has the root in CR3, or runs_in says so.  O(tables).
 *   page_map       4 KiB pages; at most three tables for each 2 MiB.  Without a frame for one OUT_OF_MEMORY: what was mapped until then is, and is counted.
 *                  The first time that a frame is mapped otherwise than write-back all CPUs must forget its place in the direct map: flush_others, FOREVER.
 *   page_unmap     a table that is empty now is taken out of the tree, and given back by the next tlb_flush of the space.  O(pages that are mapped + holes of 2 MiB, 1 GiB, 512 GiB).
 *   page_protect   takes away writing and executing, or all; no page that is there is made to be more.  As page_unmap.
 *   tlb_flush      on this CPU, if the root is in CR3; then flush_others.  With VIPC_NOW it never waits. */
VIPC_API vipc_error vipc_x86_64_space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root);
VIPC_API vipc_error vipc_x86_64_space_destroy(void *user, uint64_t root);
VIPC_API vipc_error vipc_x86_64_page_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache);
VIPC_API void vipc_x86_64_page_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages);
VIPC_API void vipc_x86_64_page_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access);
VIPC_API vipc_error vipc_x86_64_tlb_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline);
#endif

/* Nanoseconds since open, never 0. */
VIPC_API vipc_time vipc_x86_64_now(const vipc_x86_64 *port);
/* Interrupts off, and back as they were; may nest.  What hooks enter and leave do. */
VIPC_API uint32_t vipc_x86_64_enter(void);
VIPC_API void vipc_x86_64_leave(uint32_t was);

#ifdef __cplusplus
}
#endif
#endif /* VERIDIAN_X86_64_H */

#if defined(VERIDIAN_X86_64_IMPLEMENTATION) && !defined(VERIDIAN_X86_64_IMPLEMENTED)
#define VERIDIAN_X86_64_IMPLEMENTED
#if !defined(__x86_64__) || !defined(__GNUC__)
#error "veridian_x86_64.h: for x86-64, by gcc or clang"
#endif
#ifndef VERIDIAN_FRAMES_IMPLEMENTATION
#define VERIDIAN_FRAMES_IMPLEMENTATION
#endif
#include "veridian_frames.h"

/* ------------------------------------------------------------------------------------------------------- the CPU */
static inline uint64_t vipc_x86_64_tsc_(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}
static inline void vipc_x86_64_out_(uint16_t port, uint8_t value) { __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
static inline uint8_t vipc_x86_64_in_(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint64_t vipc_x86_64_cr3_(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline uint64_t vipc_x86_64_msr_(uint32_t number)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}
/* EDX of a CPUID leaf; 0: the CPU has no such leaf. */
static inline uint32_t vipc_x86_64_features_(uint32_t leaf)
{
    uint32_t a = leaf & 0x80000000u, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a < leaf) return 0;
    a = leaf;
    c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return d;
}

VIPC_API uint32_t vipc_x86_64_enter(void)
{
    uint64_t flags;
    __asm__ volatile("pushfq\n\tpopq %0\n\tcli" : "=r"(flags) : : "memory");
    return (uint32_t)(flags >> 9 & 1);
}
VIPC_API void vipc_x86_64_leave(uint32_t was)
{
    if (was) __asm__ volatile("sti" : : : "memory");
    else __asm__ volatile("" : : : "memory");
}

/* Cycles in 10 ms of the PC's interval timer: its channel 2, 1,193,182 steps a second, in one-shot mode; bit 5 of port 0x61 shows when it is done.  It began between
 * `from` and `start`, and ended between `busy` and `done`: what these are apart is how wrong the result may be.  A hypervisor that lets others run just then makes that many
 * times as long as the measurement itself, and the kernel's clock as slow; so *doubt tells. */
static uint64_t vipc_x86_64_measure_once_(uint64_t *doubt)
{
    uint8_t gate = vipc_x86_64_in_(0x61);
    vipc_x86_64_out_(0x61, (uint8_t)((gate & 0xfc) | 1));
    vipc_x86_64_out_(0x43, 0xb0);
    vipc_x86_64_out_(0x42, 11932 & 0xff);
    uint64_t from = vipc_x86_64_tsc_();
    vipc_x86_64_out_(0x42, 11932 >> 8);
    uint64_t start = vipc_x86_64_tsc_(), busy, look = start;
    do {
        busy = look;                 /* before the look that found it running */
        look = vipc_x86_64_tsc_();
    } while (!(vipc_x86_64_in_(0x61) & 0x20));
    uint64_t done = vipc_x86_64_tsc_();
    vipc_x86_64_out_(0x61, gate);
    *doubt = (start - from) + (done - busy);
    return busy - start + *doubt / 2;
}
static uint64_t vipc_x86_64_measure_(void)
{
    uint64_t best = 0, least = ~0ull, doubt;
    for (int tries = 0; tries < 20 && least > best / 512; tries++) {
        uint32_t was = vipc_x86_64_enter();
        uint64_t cycles = vipc_x86_64_measure_once_(&doubt);
        vipc_x86_64_leave(was);
        if (doubt < least) { least = doubt; best = cycles; }
    }
    return best / 10;
}
static void vipc_x86_64_clock_(vipc_x86_64 *port, uint64_t khz)
{
    if (khz == 0) khz = vipc_x86_64_measure_();
    if (khz == 0) khz = 1000000;
    port->tsc_scale = (1000000ull << 24) / khz;
    port->tsc_start = vipc_x86_64_tsc_();
}
VIPC_API vipc_time vipc_x86_64_now(const vipc_x86_64 *port)
{
    uint64_t cycles = vipc_x86_64_tsc_() - port->tsc_start;
    /* In two halves, since the product has more than 64 bits after some hours. */
    return ((cycles >> 32) * port->tsc_scale << 8) + ((cycles & 0xffffffffu) * port->tsc_scale >> 24) + 1;
}

/* -------------------------------------------------------------------------------------------------------- frames
 * The bitmap covers physical memory from 0 on; what the map does not give stays taken for ever. */
static bool vipc_x86_64_covers_(const vipc_x86_64_range *r, uint64_t from, uint64_t to) { return r->bytes && r->first < to && from < r->first + r->bytes; }

/* The next run of whole frames within `r`, from *at on, without kept bytes.  False: there is none. */
static bool vipc_x86_64_piece_(const vipc_x86_64_memory *m, const vipc_x86_64_range *r, uint64_t *at, uint64_t *end)
{
    const uint64_t page = VIPC_X86_64_PAGE;
    uint64_t stop = (r->first + r->bytes) & ~(page - 1);
    *at = (*at + page - 1) & ~(page - 1);
    if (*at < page) *at = page;
    for (bool moved = true; moved && *at < stop;) {
        moved = false;
        for (uint32_t i = 0; i < m->kept_count; i++)
            if (vipc_x86_64_covers_(&m->kept[i], *at, *at + page)) {
                *at = (m->kept[i].first + m->kept[i].bytes + page - 1) & ~(page - 1);
                moved = true;
            }
    }
    if (*at >= stop) return false;
    *end = stop;
    for (uint32_t i = 0; i < m->kept_count; i++)
        if (vipc_x86_64_covers_(&m->kept[i], *at, *end)) *end = m->kept[i].first & ~(page - 1);
    return true;
}
static uint64_t vipc_x86_64_top_(const vipc_x86_64_memory *m)
{
    uint64_t top = 0;
    for (uint32_t i = 0; i < m->usable_count; i++)
        if (m->usable[i].first + m->usable[i].bytes > top) top = m->usable[i].first + m->usable[i].bytes;
    return top / VIPC_X86_64_PAGE;
}

/* Nodes: all frames that the bitmap covers, in stretches of one node each.  `hint`: no frame of the stretch below it is free. */
typedef struct vipc_x86_64_stretch_ { uint64_t first, end, hint, node; } vipc_x86_64_stretch_;
static uint64_t vipc_x86_64_frame_from_(uint64_t address) { return address / VIPC_X86_64_PAGE + (address % VIPC_X86_64_PAGE != 0); }      /* the first that begins there or later */

static bool vipc_x86_64_nodes_are_sound_(const vipc_x86_64_memory *m)
{
    if (m->nodes > VIPC_NODES_MAX) return false;
    for (uint32_t i = 0; m->nodes > 1 && i < m->node_range_count; i++) {
        const vipc_x86_64_node_range *r = &m->node_ranges[i];
        if (r->node >= m->nodes || r->bytes > ~(uint64_t)0 - r->first) return false;
        for (uint32_t j = 0; j < i; j++)
            if (r->first < m->node_ranges[j].first + m->node_ranges[j].bytes && m->node_ranges[j].first < r->first + r->bytes) return false;
    }
    return true;
}
/* The stretch that begins at that frame. */
static vipc_x86_64_stretch_ vipc_x86_64_stretch_at_(const vipc_x86_64_memory *m, uint64_t at, uint64_t total)
{
    vipc_x86_64_stretch_ s = { at, total, at, 0 };
    for (uint32_t i = 0; i < m->node_range_count; i++) {
        const vipc_x86_64_node_range *r = &m->node_ranges[i];
        const uint64_t first = vipc_x86_64_frame_from_(r->first), end = vipc_x86_64_frame_from_(r->first + r->bytes);
        if (first > at && first < end && first < s.end) s.end = first;
        if (first > at || at >= end) continue;
        s.node = r->node;
        if (end < s.end) s.end = end;
    }
    return s;
}
/* At most one for each range, and for the gap before each and behind the last. */
static void vipc_x86_64_split_(vipc_x86_64 *port, const vipc_x86_64_memory *m, void *to, uint64_t total)
{
    port->stretches = (vipc_x86_64_stretch_ *)to;
    for (uint64_t at = 0; at < total;) {
        const vipc_x86_64_stretch_ next = vipc_x86_64_stretch_at_(m, at, total);
        at = next.end;
        if (port->stretch_count && port->stretches[port->stretch_count - 1].node == next.node) port->stretches[port->stretch_count - 1].end = at;
        else port->stretches[port->stretch_count++] = next;
    }
}
static vipc_x86_64_stretch_ *vipc_x86_64_stretch_of_(const vipc_x86_64 *port, uint64_t frame)
{
    uint32_t low = 0, high = port->stretch_count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (port->stretches[middle].first <= frame) low = middle;
        else high = middle;
    }
    return &port->stretches[low];
}
static uint32_t vipc_x86_64_node_of_frame_(const vipc_x86_64 *port, uint64_t frame)
{
    return port->stretch_count && frame < vipc_frames_total(&port->frames) ? (uint32_t)vipc_x86_64_stretch_of_(port, frame)->node : 0;
}

/* These three under the kernel's lock. */
static vipc_error vipc_x86_64_alloc_near_(vipc_x86_64 *port, uint32_t node, uint64_t count, uint64_t *first)
{
    for (uint32_t i = 0; i < port->stretch_count; i++) {
        vipc_x86_64_stretch_ *s = &port->stretches[i];
        if (s->node == node && vipc_frames_alloc_within(&port->frames, count, &s->hint, s->end, first) == VIPC_OK) return VIPC_OK;
    }
    return vipc_frames_alloc(&port->frames, count, first);
}
static vipc_error vipc_x86_64_alloc_(vipc_x86_64 *port, uint64_t count, uint64_t *first)
{
    if (port->stretch_count && port->kernel->node) return vipc_x86_64_alloc_near_(port, port->kernel->node(port->kernel->user), count, first);
    return vipc_frames_alloc(&port->frames, count, first);
}
static void vipc_x86_64_free_(vipc_x86_64 *port, uint64_t first, uint64_t count)
{
    if (vipc_frames_free(&port->frames, first, count) != VIPC_OK || port->stretch_count == 0) return;
    for (vipc_x86_64_stretch_ *s = vipc_x86_64_stretch_of_(port, first); s < port->stretches + port->stretch_count && s->first < first + count; s++) {
        const uint64_t lowest = s->first < first ? first : s->first;
        if (lowest < s->hint) s->hint = lowest;
    }
}

static vipc_error vipc_x86_64_fill_(vipc_x86_64 *port, const vipc_x86_64_memory *m)
{
    const uint64_t total = vipc_x86_64_top_(m), bits = vipc_frames_required_size(total);
    const uint64_t stretches = m->nodes > 1 ? (2 * (uint64_t)m->node_range_count + 1) * sizeof(vipc_x86_64_stretch_) : 0;
    uint64_t size = bits ? (bits + stretches + VIPC_X86_64_PAGE - 1) & ~(uint64_t)(VIPC_X86_64_PAGE - 1) : 0, bitmap = 0, first, at, end;
    for (uint32_t i = 0; size && !bitmap && i < m->usable_count; i++)
        for (at = m->usable[i].first; !bitmap && vipc_x86_64_piece_(m, &m->usable[i], &at, &end); at = end)
            if (end - at >= size) bitmap = at;
    if (!bitmap) return VIPC_ERR_OUT_OF_MEMORY;
    void *state = vipc_x86_64_at(port, bitmap), *base = vipc_x86_64_at(port, 0);
    vipc_error e = vipc_frames_format(state, size, total, 12);
    if (e == VIPC_OK) e = vipc_frames_attach(&port->frames, state, size, base, total, 12);
    if (e == VIPC_OK) e = vipc_frames_alloc(&port->frames, total, &first);
    for (uint32_t i = 0; e == VIPC_OK && i < m->usable_count; i++)
        for (at = m->usable[i].first; vipc_x86_64_piece_(m, &m->usable[i], &at, &end); at = end) {
            if (at == bitmap) at += size;
            if (at < end) (void)vipc_frames_free(&port->frames, at / VIPC_X86_64_PAGE, (end - at) / VIPC_X86_64_PAGE);
        }
    if (e == VIPC_OK && stretches) vipc_x86_64_split_(port, m, (unsigned char *)state + bits, total);
    port->usable = vipc_frames_available(&port->frames);
    return e;
}
VIPC_API vipc_error vipc_x86_64_take(vipc_x86_64 *port, uint64_t count, uint64_t *first)
{
    uint64_t frame, was = port->kernel->lock(port->kernel->user);
    vipc_error e = vipc_x86_64_alloc_(port, count, &frame);
    port->kernel->unlock(port->kernel->user, was);
    if (e == VIPC_OK) *first = frame * VIPC_X86_64_PAGE;
    return e;
}
VIPC_API vipc_error vipc_x86_64_take_near(vipc_x86_64 *port, uint32_t node, uint64_t count, uint64_t *first)
{
    if (node >= port->nodes) return VIPC_ERR_INVALID_ARGUMENT;
    uint64_t frame, was = port->kernel->lock(port->kernel->user);
    vipc_error e = vipc_x86_64_alloc_near_(port, node, count, &frame);
    port->kernel->unlock(port->kernel->user, was);
    if (e == VIPC_OK) *first = frame * VIPC_X86_64_PAGE;
    return e;
}
static void vipc_x86_64_write_back_again_(vipc_x86_64 *port, uint64_t frame, uint64_t count);
VIPC_API void vipc_x86_64_give(vipc_x86_64 *port, uint64_t first, uint64_t count)
{
    vipc_x86_64_write_back_again_(port, first / VIPC_X86_64_PAGE, count);
    uint64_t was = port->kernel->lock(port->kernel->user);
    vipc_x86_64_free_(port, first / VIPC_X86_64_PAGE, count);
    port->kernel->unlock(port->kernel->user, was);
}
VIPC_API uint64_t vipc_x86_64_available(vipc_x86_64 *port)
{
    uint64_t was = port->kernel->lock(port->kernel->user), n = vipc_frames_available(&port->frames);
    port->kernel->unlock(port->kernel->user, was);
    return n;
}
VIPC_API uint64_t vipc_x86_64_available_near(vipc_x86_64 *port, uint32_t node)
{
    if (port->stretch_count == 0) return node == 0 ? vipc_x86_64_available(port) : 0;
    uint64_t n = 0, was = port->kernel->lock(port->kernel->user);
    for (const vipc_x86_64_stretch_ *s = port->stretches; s < port->stretches + port->stretch_count; s++)
        if (s->node == node) n += vipc_frames_available_within(&port->frames, s->hint, s->end);
    port->kernel->unlock(port->kernel->user, was);
    return n;
}
VIPC_API uint32_t vipc_x86_64_node_of(const vipc_x86_64 *port, uint64_t physical) { return vipc_x86_64_node_of_frame_(port, physical / VIPC_X86_64_PAGE); }
VIPC_API void *vipc_x86_64_at(const vipc_x86_64 *port, uint64_t physical) { return (void *)(uintptr_t)(port->kernel->direct_map + physical); }

/* --------------------------------------------------------------------------------------------------- page tables
 * An entry: address (bits 12 to 51) and these.  Inner tables allow all; the last level decides. */
#define VIPC_X86_64_PRESENT_ 1ull
#define VIPC_X86_64_WRITABLE_ 2ull
#define VIPC_X86_64_RING3_ 4ull
#define VIPC_X86_64_NO_CACHE_ 0x18ull      /* PWT, PCD: entry 3 of the page attribute table */
#define VIPC_X86_64_POLICY_ 0x98ull         /* with bit 7: which of the entries 0 to 7 */
#define VIPC_X86_64_LARGE_ 0x80ull          /* in an entry above the last level */
#define VIPC_X86_64_GLOBAL_ 0x100ull
#define VIPC_X86_64_NX_ (1ull << 63)
#define VIPC_X86_64_FRAME_ 0x000ffffffffff000ull
#define VIPC_X86_64_MSR_PAT_ 0x277u
#define VIPC_X86_64_MSR_EFER_ 0xc0000080u

static uint64_t *vipc_x86_64_table_(const vipc_x86_64 *port, uint64_t entry) { return (uint64_t *)vipc_x86_64_at(port, entry & VIPC_X86_64_FRAME_); }

static void vipc_x86_64_give_table_(vipc_x86_64 *port, uint64_t physical)
{
    if (port->kernel->table_give) port->kernel->table_give(port->kernel->user, physical);
    else vipc_x86_64_give(port, physical, 1);
}
static vipc_error vipc_x86_64_new_table_(vipc_x86_64 *port, uint64_t *physical)
{
    vipc_error e = port->kernel->table_take ? port->kernel->table_take(port->kernel->user, physical) : vipc_x86_64_take(port, 1, physical);
    if (e != VIPC_OK) return e;
    uint64_t *t = vipc_x86_64_table_(port, *physical), count = 512;
    __asm__ volatile("rep stosq" : "+D"(t), "+c"(count) : "a"(0ull) : "memory");
    return VIPC_OK;
}
/* The last-level entry for that address.  NULL: no table leads there (or, with make, there was no frame for one). */
static uint64_t *vipc_x86_64_entry_(vipc_x86_64 *port, uint64_t root, uint64_t address, bool make)
{
    uint64_t *t = vipc_x86_64_table_(port, root), more;
    for (uint32_t shift = 39; shift > 12; shift -= 9) {
        uint64_t *entry = &t[address >> shift & 511];
        if (!(*entry & VIPC_X86_64_PRESENT_)) {
            if (!make || vipc_x86_64_new_table_(port, &more) != VIPC_OK) return NULL;
            *entry = more | VIPC_X86_64_PRESENT_ | VIPC_X86_64_WRITABLE_ | (address >> 47 ? 0 : VIPC_X86_64_RING3_);
        }
        t = vipc_x86_64_table_(port, *entry);
    }
    return &t[address >> 12 & 511];
}
/* May those pages be mapped so?  Aligned, in one half, no wrap; never both writable and executable; ring 3 in the lower half alone. */
static bool vipc_x86_64_sane_(uint64_t address, uint64_t count, uint32_t access)
{
    const uint32_t both = VIPC_X86_64_WRITE | VIPC_X86_64_EXECUTE;
    if (address % VIPC_X86_64_PAGE || count == 0 || count > 1ull << 35 || (access & both) == both || access > 15) return false;
    uint64_t last = address + (count - 1) * VIPC_X86_64_PAGE;
    if (last < address) return false;
    return last < VIPC_X86_64_USER_TOP || (address >= 0xffff800000000000ull && !(access & VIPC_X86_64_USER));
}
static uint64_t vipc_x86_64_bits_(const vipc_x86_64 *port, uint32_t access)
{
    return VIPC_X86_64_PRESENT_ | (access & VIPC_X86_64_WRITE ? VIPC_X86_64_WRITABLE_ : 0) | (access & VIPC_X86_64_USER ? VIPC_X86_64_RING3_ : 0)
         | (access & VIPC_X86_64_EXECUTE ? 0 : port->no_execute) | (access & VIPC_X86_64_UNCACHED ? VIPC_X86_64_NO_CACHE_ : 0);
}

VIPC_API vipc_error vipc_x86_64_tables_make(vipc_x86_64 *port, uint64_t kernel, uint64_t *root)
{
    uint64_t made;
    vipc_error e = vipc_x86_64_new_table_(port, &made);
    if (e != VIPC_OK) return e;
    for (uint32_t i = 256; kernel && i < 512; i++) vipc_x86_64_table_(port, made)[i] = vipc_x86_64_table_(port, kernel)[i];
    *root = made;
    return VIPC_OK;
}
static void vipc_x86_64_drop_(vipc_x86_64 *port, uint64_t table, uint32_t level, bool give_frames)
{
    for (uint32_t i = 0, n = level == 4 ? 256 : 512; i < n; i++) {
        uint64_t entry = vipc_x86_64_table_(port, table)[i];
        if (!(entry & VIPC_X86_64_PRESENT_)) continue;
        if (level > 1) vipc_x86_64_drop_(port, entry & VIPC_X86_64_FRAME_, level - 1, give_frames);
        else if (give_frames) vipc_x86_64_give(port, entry & VIPC_X86_64_FRAME_, 1);
    }
    vipc_x86_64_give_table_(port, table);
}
VIPC_API void vipc_x86_64_tables_free(vipc_x86_64 *port, uint64_t root, bool give_frames) { vipc_x86_64_drop_(port, root, 4, give_frames); }

VIPC_API uint64_t vipc_x86_64_map(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t frame, uint64_t count, uint32_t access)
{
    uint64_t *entry = NULL, done;
    if (!vipc_x86_64_sane_(address, count, access) || (frame & ~VIPC_X86_64_FRAME_)) return 0;
    for (done = 0; done < count; done++, address += VIPC_X86_64_PAGE, frame += VIPC_X86_64_PAGE) {
        entry = entry && (address >> 12 & 511) ? entry + 1 : vipc_x86_64_entry_(port, root, address, true);
        if (!entry) break;
        *entry = frame | vipc_x86_64_bits_(port, access);
    }
    return done;
}
/* Each entry of a range that has one: cleared, or with other rights. */
static void vipc_x86_64_change_(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count, uint64_t keep, uint64_t bits)
{
    for (; count; count--, address += VIPC_X86_64_PAGE) {
        uint64_t *entry = vipc_x86_64_entry_(port, root, address, false);
        if (entry && (*entry & VIPC_X86_64_PRESENT_)) *(volatile uint64_t *)entry = (*entry & keep) | bits;
    }
}
VIPC_API void vipc_x86_64_unmap(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count)
{
    if (vipc_x86_64_sane_(address, count, 0)) vipc_x86_64_change_(port, root, address, count, 0, 0);
}
VIPC_API void vipc_x86_64_protect(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count, uint32_t access)
{
    if (vipc_x86_64_sane_(address, count, access)) vipc_x86_64_change_(port, root, address, count, VIPC_X86_64_FRAME_, vipc_x86_64_bits_(port, access));
}
VIPC_API bool vipc_x86_64_find(const vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t *frame, uint32_t *access)
{
    uint64_t entry = root | VIPC_X86_64_PRESENT_;
    for (uint32_t shift = 39; shift >= 12; shift -= 9) {
        entry = vipc_x86_64_table_(port, entry)[address >> shift & 511];
        if (!(entry & VIPC_X86_64_PRESENT_)) return false;
    }
    if (frame) *frame = entry & VIPC_X86_64_FRAME_;
    uint32_t found = 0;
    if (entry & VIPC_X86_64_WRITABLE_) found |= VIPC_X86_64_WRITE;
    if (entry & VIPC_X86_64_RING3_) found |= VIPC_X86_64_USER;
    if (!(entry & VIPC_X86_64_NX_)) found |= VIPC_X86_64_EXECUTE;
    if (entry & VIPC_X86_64_NO_CACHE_) found |= VIPC_X86_64_UNCACHED;
    if (access) *access = found;
    return true;
}
/* On this CPU, and not on one that the thread moves to in between: hence the enter. */
static vipc_error vipc_x86_64_forget_(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count, vipc_time deadline)
{
    uint32_t was = vipc_x86_64_enter();
    uint64_t now = vipc_x86_64_cr3_();
    if (root == 0 || (now & VIPC_X86_64_FRAME_) == root || address >> 47) {
        if (count > VIPC_X86_64_FLUSH_PAGES) __asm__ volatile("mov %0, %%cr3" : : "r"(now) : "memory");
        else
            for (uint64_t i = 0; i < count; i++) __asm__ volatile("invlpg (%0)" : : "r"(address + i * VIPC_X86_64_PAGE) : "memory");
    }
    vipc_x86_64_leave(was);
    return port->kernel->flush_others ? port->kernel->flush_others(port->kernel->user, root, address, count, deadline) : VIPC_OK;
}
VIPC_API void vipc_x86_64_flush(vipc_x86_64 *port, uint64_t root, uint64_t address, uint64_t count)
{
    (void)vipc_x86_64_forget_(port, root, address, count, VIPC_FOREVER);
}

/* ---------------------------------------------------------------------------------------- the direct map's policy
 * A page that is both write-back here and otherwise in a space would be undefined to the CPU: what it reads ahead of time by this mapping, unasked, it would keep, and what is
 * written by the other would pass that by.  So the direct map follows: its entry is changed, every CPU forgets the old one, and then the lines are written back and forgotten;
 * from there on nothing brings them into a cache any more.  The entry is never absent, as somebody may be reading there.  Back to write-back there are no lines to forget.
 * Each entry is changed by whoever has the frame; `otherwise` is for all, and tells whoever frees frames that there is nothing to look for. */
/* The entry of that frame in the direct map.  *e: OK, and NULL: it is not in there; NOT_SUPPORTED: it is, but not alone. */
static uint64_t *vipc_x86_64_direct_(const vipc_x86_64 *port, uint64_t frame, vipc_error *e)
{
    const uint64_t at = port->kernel->direct_map + frame * VIPC_X86_64_PAGE;
    uint64_t *t = (uint64_t *)vipc_x86_64_at(port, port->kernel_root), *entry;
    *e = VIPC_OK;
    for (uint32_t shift = 39;; shift -= 9) {
        entry = &t[at >> shift & 511];
        if (!(*entry & VIPC_X86_64_PRESENT_)) return NULL;
        if (shift == 12) break;
        if (*entry & VIPC_X86_64_LARGE_) { *e = VIPC_ERR_NOT_SUPPORTED; return NULL; }
        t = vipc_x86_64_table_(port, *entry);
    }
    if (*entry & VIPC_X86_64_GLOBAL_) { *e = VIPC_ERR_NOT_SUPPORTED; return NULL; }
    return entry;
}
/* Write back and forget the lines of a frame, in all caches of the machine.  All x86-64 CPUs have clflush, and lines of 64 bytes or more. */
static void vipc_x86_64_flush_lines_(const vipc_x86_64 *port, uint64_t frame)
{
    const char *at = (const char *)vipc_x86_64_at(port, frame * VIPC_X86_64_PAGE);
    for (uint32_t i = 0; i < VIPC_X86_64_PAGE; i += 64) __asm__ volatile("clflush %0" : : "m"(at[i]) : "memory");
}
/* These frames have the policy of `bits` in the direct map: returns when all CPUs know it.  NOT_SUPPORTED: nothing has changed. */
static vipc_error vipc_x86_64_set_policy_(vipc_x86_64 *port, uint64_t frame, uint64_t count, uint64_t bits)
{
    const uint64_t end = vipc_frames_total(&port->frames) > frame ? vipc_frames_total(&port->frames) : frame, pages = count < end - frame ? count : end - frame;
    uint64_t first = 0, last = 0;                            /* of those that change */
    vipc_error e;
    for (uint64_t i = 0; i < pages; i++) {
        const uint64_t *entry = vipc_x86_64_direct_(port, frame + i, &e);
        if (e != VIPC_OK) return e;
        if (!entry || (*entry & VIPC_X86_64_POLICY_) == bits) continue;
        if (last == 0) first = i;
        last = i + 1;
    }
    if (last == 0) return VIPC_OK;
    for (uint64_t i = first; i < last; i++) {
        uint64_t *entry = vipc_x86_64_direct_(port, frame + i, &e);
        if (!entry) continue;
        const uint64_t was = *entry & VIPC_X86_64_POLICY_;
        *(volatile uint64_t *)entry = (*entry & ~VIPC_X86_64_POLICY_) | bits;
        if (was == 0 && bits) __atomic_fetch_add(&port->otherwise, 1, __ATOMIC_RELAXED);
        if (was && bits == 0) __atomic_fetch_sub(&port->otherwise, 1, __ATOMIC_RELAXED);
    }
    vipc_x86_64_flush(port, 0, port->kernel->direct_map + (frame + first) * VIPC_X86_64_PAGE, last - first);
    if (bits == 0) return VIPC_OK;
    __asm__ volatile("mfence" : : : "memory");
    for (uint64_t i = first; i < last; i++)
        if (vipc_x86_64_direct_(port, frame + i, &e)) vipc_x86_64_flush_lines_(port, frame + i);
    __asm__ volatile("mfence" : : : "memory");
    return VIPC_OK;
}
static void vipc_x86_64_write_back_again_(vipc_x86_64 *port, uint64_t frame, uint64_t count)
{
    if (__atomic_load_n(&port->otherwise, __ATOMIC_RELAXED)) (void)vipc_x86_64_set_policy_(port, frame, count, 0);
}

#if !VIPC_NO_SPACES
/* ------------------------------------------------------------------------------------------------ address spaces
 * The core calls all of these but tlb_flush under its one lock, so there is one caller at a time for all trees; what tlb_flush touches too is under the kernel's lock.
 *
 * An entry that leads to a table counts that table's entries in bits 52 to 61, which the CPU passes over (the root has nobody to count it: it stays).  A table that comes to
 * none leaves the tree.  CPUs may have cached the entry that led to it, and walk it still: so it is set aside until a flush has come to its end, with nothing in it that they
 * would take for an entry.  Each invlpg forgets all such cached entries, whatever its address. */
#define VIPC_X86_64_ONE_ (1ull << 52)
#define VIPC_X86_64_COUNT_ (0x3ffull << 52)

static void vipc_x86_64_write_(uint64_t *entry, uint64_t value) { *(volatile uint64_t *)entry = value; }
static bool vipc_x86_64_is_root_(const vipc_x86_64 *port, uint64_t root)
{
    uint64_t frame = root / VIPC_X86_64_PAGE;
    return port->roots && root % VIPC_X86_64_PAGE == 0 && frame < vipc_frames_total(&port->frames) && (((volatile uint64_t *)port->roots)[frame / 64] >> frame % 64 & 1);
}
static bool vipc_x86_64_is_place_(const vipc_x86_64 *port, uint64_t root, uint64_t at, uint64_t pages)
{
    return vipc_x86_64_is_root_(port, root) && at % VIPC_X86_64_PAGE == 0 && at < VIPC_X86_64_USER_TOP && pages != 0 && pages <= (VIPC_X86_64_USER_TOP - at) / VIPC_X86_64_PAGE;
}

/* Tables set aside: a list through their first words, the space's root in the second.  Both have bit 0 clear, so for a CPU there is nothing in them. */
static void vipc_x86_64_set_aside_(vipc_x86_64 *port, uint64_t root, uint64_t table)
{
    uint64_t *t = vipc_x86_64_table_(port, table), was = port->kernel->lock(port->kernel->user);
    vipc_x86_64_write_(&t[0], port->aside);
    vipc_x86_64_write_(&t[1], root);
    port->aside = table;
    port->kernel->unlock(port->kernel->user, was);
}
/* Those of one space, as a list of their own.  There seldom are any, so it looks first; what comes just then is for the next. */
static uint64_t vipc_x86_64_fetch_aside_(vipc_x86_64 *port, uint64_t root)
{
    if (*(volatile uint64_t *)&port->aside == 0) return 0;
    uint64_t mine = 0, was = port->kernel->lock(port->kernel->user), *link = &port->aside;
    while (*link) {
        uint64_t table = *link, *t = vipc_x86_64_table_(port, table);
        if (t[1] != root) { link = t; continue; }
        *link = t[0];
        vipc_x86_64_write_(&t[0], mine);
        mine = table;
    }
    port->kernel->unlock(port->kernel->user, was);
    return mine;
}
static void vipc_x86_64_give_aside_(vipc_x86_64 *port, uint64_t table)
{
    while (table) {
        uint64_t next = vipc_x86_64_table_(port, table)[0];
        vipc_x86_64_give_table_(port, table);
        table = next;
    }
}

VIPC_API vipc_error vipc_x86_64_space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t made;
    (void)space;                     /* nobody is killed in here: what is taken needs not be found again */
    if (start >= end || end > VIPC_X86_64_USER_TOP) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipc_x86_64_tables_make(port, port->kernel_root, &made);
    if (e != VIPC_OK) return e;
    uint64_t frame = made / VIPC_X86_64_PAGE;
    if (frame >= vipc_frames_total(&port->frames)) {         /* one of table_take's that no bit stands for */
        vipc_x86_64_give_table_(port, made);
        return VIPC_ERR_HOOK;
    }
    port->roots[frame / 64] |= 1ull << frame % 64;
    *root = made;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_x86_64_space_destroy(void *user, uint64_t root)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    if (!vipc_x86_64_is_root_(port, root)) return VIPC_OK;
    uint64_t frame = root / VIPC_X86_64_PAGE, was = port->kernel->lock(port->kernel->user);
    bool busy = (vipc_x86_64_cr3_() & VIPC_X86_64_FRAME_) == root || (port->kernel->runs_in && port->kernel->runs_in(port->kernel->user, root));
    port->kernel->unlock(port->kernel->user, was);
    if (busy) return VIPC_ERR_RESOURCE_BUSY;
    port->roots[frame / 64] &= ~(1ull << frame % 64);
    vipc_x86_64_give_aside_(port, vipc_x86_64_fetch_aside_(port, root));
    vipc_x86_64_drop_(port, root, 4, false);
    return VIPC_OK;
}

/* The entry that leads to the last table for `at`, with all tables above it made.  NULL: no frames. */
static uint64_t *vipc_x86_64_lead_(vipc_x86_64 *port, uint64_t root, uint64_t at)
{
    static const uint64_t inner = VIPC_X86_64_PRESENT_ | VIPC_X86_64_WRITABLE_ | VIPC_X86_64_RING3_;
    uint64_t *t = vipc_x86_64_table_(port, root), *above = NULL, more;
    for (uint32_t shift = 39;; shift -= 9) {
        uint64_t *entry = &t[at >> shift & 511];
        if (!(*entry & VIPC_X86_64_PRESENT_)) {
            if (vipc_x86_64_new_table_(port, &more) != VIPC_OK) return NULL;
            vipc_x86_64_write_(entry, more | inner);
            if (above) vipc_x86_64_write_(above, *above + VIPC_X86_64_ONE_);
        }
        if (shift == 21) return entry;
        above = entry;
        t = vipc_x86_64_table_(port, *entry);
    }
}
static uint64_t vipc_x86_64_cache_(const vipc_x86_64 *port, uint32_t cache)
{
    return cache == VIPC_WRITE_THROUGH ? 0x08 : cache == VIPC_UNCACHED ? VIPC_X86_64_NO_CACHE_ : cache == VIPC_WRITE_COMBINING ? port->write_combining : 0;
}
VIPC_API vipc_error vipc_x86_64_page_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t bits;
    if (!vipc_x86_64_is_place_(port, root, at, pages) || frame >= 1ull << 40 || pages > (1ull << 40) - frame || cache > VIPC_WRITE_COMBINING) return VIPC_ERR_INVALID_ARGUMENT;
    if (access == VIPC_PROT_NONE || vipc_prot_to_page_flags(access, &bits) != VIPC_OK) return VIPC_ERR_INVALID_ARGUMENT;
    const uint64_t policy = vipc_x86_64_cache_(port, cache);
    if (policy) {
        vipc_error e = vipc_x86_64_set_policy_(port, frame, pages, policy);
        if (e != VIPC_OK) return e;
    }
    bits = (bits & ~VIPC_PAGE_NO_EXECUTE) | (bits & VIPC_PAGE_NO_EXECUTE ? port->no_execute : 0) | policy;
    for (bits |= frame << 12;;) {
        uint64_t *lead = vipc_x86_64_lead_(port, root, at), *t, *end, there = 0;
        if (!lead) return VIPC_ERR_OUT_OF_MEMORY;
        const uint64_t first = at >> 12 & 511, n = pages < 512 - first ? pages : 512 - first;      /* in this table */
        t = vipc_x86_64_table_(port, *lead) + first;
        end = t + n;
        do {
            there += *t & VIPC_X86_64_PRESENT_;
            vipc_x86_64_write_(t, bits);
            bits += VIPC_X86_64_PAGE;
        } while (++t < end);
        vipc_x86_64_write_(lead, *lead + (n - there) * VIPC_X86_64_ONE_);
        if ((pages -= n) == 0) return VIPC_OK;
        at += n * VIPC_X86_64_PAGE;
    }
}

/* Each of these entries that is there is ANDed with `keep` and has `set` added; 0 and 0: nothing is there any more.  How many were there, and are so no more. */
static uint64_t vipc_x86_64_narrow_pages_(uint64_t *t, uint64_t pages, uint64_t keep, uint64_t set)
{
    uint64_t gone = 0, *end = t + pages;
    if (keep == 0)
        for (; t < end; t++) {
            gone += *t & VIPC_X86_64_PRESENT_;
            vipc_x86_64_write_(t, 0);
        }
    for (; t < end; t++)
        if (*t & VIPC_X86_64_PRESENT_) vipc_x86_64_write_(t, (*t & keep) | set);
    return gone;
}
/* What `above` leads to, from `at` to `end`: each page that is mapped is ANDed with `keep` and has `set` added; one that is not there any more, and a table
 * that has become empty, is no longer counted in *above.  level: of that table, 4 to 1. */
typedef struct vipc_x86_64_narrowing_ { vipc_x86_64 *port; uint64_t root, keep, set; } vipc_x86_64_narrowing_;
static void vipc_x86_64_narrow_(const vipc_x86_64_narrowing_ *c, uint64_t *above, uint32_t level, uint64_t at, uint64_t end)
{
    uint64_t *t = vipc_x86_64_table_(c->port, *above), gone = 0;
    const uint32_t shift = 3 + 9 * level;
    if (level == 1) {
        gone = vipc_x86_64_narrow_pages_(&t[at >> 12 & 511], (end - at) >> 12, c->keep, c->set) * VIPC_X86_64_ONE_;
        at = end;
    }
    for (uint64_t next; at < end; at = next) {
        uint64_t *entry = &t[at >> shift & 511];
        next = ((at >> shift) + 1) << shift;
        if (next > end) next = end;
        if (!(*entry & VIPC_X86_64_PRESENT_)) continue;
        if (*entry & VIPC_X86_64_COUNT_) vipc_x86_64_narrow_(c, entry, level - 1, at, next);
        if (*entry & VIPC_X86_64_COUNT_) continue;
        uint64_t table = *entry & VIPC_X86_64_FRAME_;
        vipc_x86_64_write_(entry, 0);
        vipc_x86_64_set_aside_(c->port, c->root, table);
        gone += VIPC_X86_64_ONE_;
    }
    vipc_x86_64_write_(above, *above - gone);
}
/* The usual case: pages of one last table.  False: they are of several, or the table is empty now, and vipc_x86_64_narrow_ is to take it out of the tree. */
static bool vipc_x86_64_narrow_few_(vipc_x86_64 *port, uint64_t root, uint64_t at, uint64_t pages, uint64_t keep, uint64_t set)
{
    uint64_t *t = vipc_x86_64_table_(port, root), *lead = NULL;
    const uint64_t first = at >> 12 & 511;
    if (pages > 512 - first) return false;
    for (uint32_t shift = 39; shift > 12; shift -= 9) {
        lead = &t[at >> shift & 511];
        if (!(*lead & VIPC_X86_64_PRESENT_)) return true;
        t = vipc_x86_64_table_(port, *lead);
    }
    const uint64_t left = *lead - vipc_x86_64_narrow_pages_(&t[first], pages, keep, set) * VIPC_X86_64_ONE_;
    vipc_x86_64_write_(lead, left);
    return (left & VIPC_X86_64_COUNT_) != 0;
}
static void vipc_x86_64_narrow_all_(vipc_x86_64 *port, uint64_t root, uint64_t at, uint64_t pages, uint64_t keep, uint64_t set)
{
    vipc_x86_64_narrowing_ c;
    if (!vipc_x86_64_is_place_(port, root, at, pages) || vipc_x86_64_narrow_few_(port, root, at, pages, keep, set)) return;
    uint64_t above = root | VIPC_X86_64_COUNT_;              /* nobody's: the root's entries are not counted, and this is enough to subtract from */
    c.port = port;
    c.root = root;
    c.keep = keep;
    c.set = set;
    vipc_x86_64_narrow_(&c, &above, 4, at, at + pages * VIPC_X86_64_PAGE);
}
VIPC_API void vipc_x86_64_page_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages) { vipc_x86_64_narrow_all_((vipc_x86_64 *)user, root, at, pages, 0, 0); }
VIPC_API void vipc_x86_64_page_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t keep = access & VIPC_PROT_WRITE ? ~0ull : ~VIPC_X86_64_WRITABLE_, set = access & VIPC_PROT_EXEC ? 0 : port->no_execute;
    if (access == VIPC_PROT_NONE) keep = set = 0;
    vipc_x86_64_narrow_all_(port, root, at, pages, keep, set);
}
/* The tables are fetched before the flush begins: what is set aside from then on waits for the next one. */
VIPC_API vipc_error vipc_x86_64_tlb_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t tables = vipc_x86_64_fetch_aside_(port, root);
    vipc_error e = vipc_x86_64_forget_(port, root, at, pages, deadline);
    if (e == VIPC_OK) vipc_x86_64_give_aside_(port, tables);
    while (e != VIPC_OK && tables) {
        uint64_t next = vipc_x86_64_table_(port, tables)[0];
        vipc_x86_64_set_aside_(port, root, tables);
        tables = next;
    }
    return e;
}

/* From entry 0 on: write-back, write-through, uncached unless the MTRRs say write-combining, uncached; and the same again, but that entry 4, which bit 7 of a page's entry alone
 * chooses, is write-combining.  Nobody has used it before, so no cache and no TLB holds anything under its old meaning. */
VIPC_API void vipc_x86_64_cpu(const vipc_x86_64 *port)
{
    if (port->write_combining == 0x80) __asm__ volatile("wrmsr" : : "c"(VIPC_X86_64_MSR_PAT_), "a"(0x00070406u), "d"(0x00070401u) : "memory");
}
VIPC_API vipc_error vipc_x86_64_spaces(vipc_x86_64 *port, uint64_t kernel_root)
{
    uint64_t words = (vipc_frames_total(&port->frames) + 63) / 64, frames = (words * 8 + VIPC_X86_64_PAGE - 1) / VIPC_X86_64_PAGE, first;
    vipc_error e = vipc_x86_64_take(port, frames, &first);
    if (e != VIPC_OK) return e;
    port->roots = (uint64_t *)vipc_x86_64_at(port, first);
    for (uint64_t i = 0; i < words; i++) port->roots[i] = 0;
    port->kernel_root = kernel_root;
    port->write_combining = vipc_x86_64_features_(1) >> 16 & 1 ? 0x80 : VIPC_X86_64_NO_CACHE_;
    vipc_x86_64_cpu(port);
    port->hooks.space_create = vipc_x86_64_space_create;
    port->hooks.space_destroy = vipc_x86_64_space_destroy;
    port->hooks.page_map = vipc_x86_64_page_map;
    port->hooks.page_unmap = vipc_x86_64_page_unmap;
    port->hooks.page_protect = vipc_x86_64_page_protect;
    port->hooks.tlb_flush = vipc_x86_64_tlb_flush;
    return VIPC_OK;
}
#endif

/* --------------------------------------------------------------------------------------------------------- hooks */
static vipc_error vipc_x86_64_alloc_hook_(void *user, uint64_t count, uint64_t *first)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t was = port->kernel->lock(port->kernel->user);
    vipc_error e = vipc_x86_64_alloc_(port, count, first);
    port->kernel->unlock(port->kernel->user, was);
    return e;
}
#if !VIPC_NO_REGIONS
static vipc_error vipc_x86_64_alloc_near_hook_(void *user, uint32_t node, uint64_t count, uint64_t *first)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t was = port->kernel->lock(port->kernel->user);
    vipc_error e = vipc_x86_64_alloc_near_(port, node, count, first);
    port->kernel->unlock(port->kernel->user, was);
    return e;
}
static uint32_t vipc_x86_64_node_hook_(void *user, uint64_t frame) { return vipc_x86_64_node_of_frame_((const vipc_x86_64 *)user, frame); }
#endif
static void vipc_x86_64_free_hook_(void *user, uint64_t first, uint64_t count)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    vipc_x86_64_write_back_again_(port, first, count);
    uint64_t was = port->kernel->lock(port->kernel->user);
    vipc_x86_64_free_(port, first, count);
    port->kernel->unlock(port->kernel->user, was);
}
static void *vipc_x86_64_pointer_hook_(void *user, uint64_t first, uint64_t count) { return vipc_frames_pointer(&((vipc_x86_64 *)user)->frames, first, count); }

/* The comparison and the sleep are one step: a waker changes the word first and asks for the lock then. */
static vipc_error vipc_x86_64_block_hook_(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t was = port->kernel->lock(port->kernel->user);
    bool late = __atomic_load_n(word, __ATOMIC_SEQ_CST) == expected && port->kernel->sleep(port->kernel->user, self, deadline);
    port->kernel->unlock(port->kernel->user, was);
    return late ? VIPC_ERR_TIMEOUT : VIPC_OK;
}
static void vipc_x86_64_wake_hook_(void *user, uint64_t target, uint32_t *word)
{
    vipc_x86_64 *port = (vipc_x86_64 *)user;
    uint64_t was = port->kernel->lock(port->kernel->user);
    (void)word;
    port->kernel->ready(port->kernel->user, target);
    port->kernel->unlock(port->kernel->user, was);
}
static vipc_time vipc_x86_64_now_hook_(void *user) { return vipc_x86_64_now((vipc_x86_64 *)user); }
static uint32_t vipc_x86_64_enter_hook_(void *user) { (void)user; return vipc_x86_64_enter(); }
static void vipc_x86_64_leave_hook_(void *user, uint32_t was) { (void)user; vipc_x86_64_leave(was); }
static void vipc_x86_64_log_hook_(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    const vipc_x86_64_kernel *kernel = ((vipc_x86_64 *)user)->kernel;
    if (kernel->log) kernel->log(kernel->user, level, id, a, b);
}

VIPC_API vipc_error vipc_x86_64_open(vipc_x86_64 *port, const vipc_x86_64_kernel *kernel, const vipc_x86_64_memory *memory)
{
    if (!port || !kernel || !memory || !kernel->lock || !kernel->unlock || !kernel->sleep || !kernel->ready || !kernel->table_take != !kernel->table_give || !vipc_x86_64_nodes_are_sound_(memory))
        return VIPC_ERR_INVALID_ARGUMENT;
    const vipc_hooks none = VIPC_INIT;
    port->hooks = none;
    port->kernel = kernel;
    port->usable = 0;
    port->no_execute = (vipc_x86_64_features_(0x80000001u) >> 20 & 1) && (vipc_x86_64_msr_(VIPC_X86_64_MSR_EFER_) >> 11 & 1) ? VIPC_X86_64_NX_ : 0;
    port->write_combining = VIPC_X86_64_NO_CACHE_;
    port->kernel_root = port->aside = port->otherwise = 0;
    port->roots = NULL;
    port->nodes = memory->nodes > 1 ? memory->nodes : 1;
    port->stretch_count = 0;
    port->stretches = NULL;
    vipc_x86_64_clock_(port, kernel->tsc_khz);
    port->hooks.size = sizeof port->hooks;
    port->hooks.user = port;
    port->hooks.frame_alloc = vipc_x86_64_alloc_hook_;
    port->hooks.frame_free = vipc_x86_64_free_hook_;
    port->hooks.frame_pointer = vipc_x86_64_pointer_hook_;
    port->hooks.block = vipc_x86_64_block_hook_;
    port->hooks.wake = vipc_x86_64_wake_hook_;
    port->hooks.now = vipc_x86_64_now_hook_;
    port->hooks.enter = vipc_x86_64_enter_hook_;
    port->hooks.leave = vipc_x86_64_leave_hook_;
    port->hooks.log = vipc_x86_64_log_hook_;
    port->hooks.cpus = kernel->cpus;
#if !VIPC_NO_REGIONS
    if (port->nodes > 1) {
        port->hooks.frame_alloc_near = vipc_x86_64_alloc_near_hook_;
        port->hooks.frame_node = vipc_x86_64_node_hook_;
    }
#endif
    return vipc_x86_64_fill_(port, memory);
}
VIPC_API vipc_error vipc_x86_64_domain(vipc_x86_64 *port, const vipc_config *config, const vipc_process_desc *desc, vipc *out)
{
    const vipc_config none = VIPC_INIT;
    vipc_config shape = config ? *config : none;
#if !VIPC_NO_SPACES
    uint64_t all = vipc_frames_total(&port->frames);
    if (shape.max_spaces && shape.max_frames == 0) shape.max_frames = all < 0xfffffff0u ? (uint32_t)all : 0xfffffff0u;
#endif
    uint64_t first, size = vipc_required_size(&shape), frames = (size + VIPC_X86_64_PAGE - 1) / VIPC_X86_64_PAGE;
    if (size == 0 || (shape.page_shift != 0 && shape.page_shift != 12)) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipc_x86_64_take(port, frames, &first);
    if (e != VIPC_OK) return e;
    e = vipc_init(out, vipc_x86_64_at(port, first), frames * VIPC_X86_64_PAGE, &shape, desc, &port->hooks);
    if (e != VIPC_OK) vipc_x86_64_give(port, first, frames);
    return e;
}
#endif /* VERIDIAN_X86_64_IMPLEMENTATION */
