/* spaces.c - what the core does for address spaces, without a host's share: hooks that do next to nothing.  For tests/bench/spaces.sh, which counts instructions.
 *
 *     spaces WORK N [REGIONS]     prints one line: WORK N, and what it has made sure of
 *   zero   N faults, each for a new zeroed page              copy    N writes to pages of a clone, not seen before: each copies
 *   seen   the same, but the clone has read them before      keep    N writes to pages that were shared and are no more
 *   map    reads of every 16th of N pages of a clone         unmap   a range of N pages, each with a frame, is unmapped: one flush
 *   clone  of a space with N pages                           sparse  of the same, spread over N * 512 pages
 *   none   all of it, but for these
 * The counted part is bench_part, and all that it calls. */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../../veridian_ipc.h"
#define NAME "spaces"
#include "hooks.h"

static uint64_t flushes;
static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    if (count == 1 && idle_count) { *first = idle[--idle_count]; return VIPC_OK; }
    return fresh_frames(count, first);
}
static vipc_error counted_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    flushes++;
    return tlb_flush(user, root, at, pages, deadline);
}
static void touch(vipc *v, vipc_cap space, vipc_addr at, uint64_t pages, uint64_t apart, uint32_t access)
{
    for (uint64_t i = 0; i < pages; i++) must(vipc_page_fault(v, space, at + i * apart, access, NULL), "page fault");
}
struct bench { const char *work; vipc *v; vipc_cap space, copy; vipc_addr at; uint64_t n, apart; };
void bench_part(struct bench *b);
void bench_part(struct bench *b)
{
    if (!strcmp(b->work, "zero") || !strcmp(b->work, "keep")) touch(b->v, b->space, b->at, b->n, PAGE, VIPC_PROT_WRITE);
    else if (!strcmp(b->work, "copy") || !strcmp(b->work, "seen")) touch(b->v, b->copy, b->at, b->n, PAGE, VIPC_PROT_WRITE);
    else if (!strcmp(b->work, "map")) touch(b->v, b->copy, b->at, b->n / 16, 16 * PAGE, VIPC_PROT_READ);
    else if (!strcmp(b->work, "unmap")) must(vipc_space_unmap(b->v, b->space, b->at, b->n * PAGE, VIPC_FOREVER), "unmap");
    else if (!strcmp(b->work, "clone") || !strcmp(b->work, "sparse")) must(vipc_space_clone(b->v, b->space, &b->copy, VIPC_FOREVER), "clone");
}
int main(int argc, char **argv)
{
    struct bench b;
    memset(&b, 0, sizeof b);
    b.work = argc > 1 ? argv[1] : "none";
    b.n = argc > 2 ? strtoull(argv[2], NULL, 0) : 1000;
    uint32_t others = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : 0;
    b.apart = !strcmp(b.work, "sparse") ? 512 * (uint64_t)PAGE : PAGE;
    vipc_hooks h = hooks_over(4 * b.n + 4096);
    vipc_config c = VIPC_INIT;
    h.tlb_flush = counted_flush;
    c.max_spaces = 4;
    c.max_regions = 2 * others + 64;
    c.max_frames = (uint32_t)frames;
    static vipc v;
    b.v = &v;
    domain_over(&v, &c, &h);
    must(vipc_space_create(&v, NULL, &b.space), "space");
    for (uint32_t i = 0; i < others; i++) {                    /* a page, a hole, a page: none can be merged */
        vipc_mmap_desc d = VIPC_INIT;
        d.at = 0x100000000000ull + i * 2 * (uint64_t)PAGE;
        d.size = PAGE;
        d.prot = VIPC_PROT_READ;
        d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_FIXED_NOREPLACE;
        must(vipc_space_mmap(&v, b.space, &d, &b.at, VIPC_NOW), "mmap");
    }
    must(vipc_space_allocate(&v, b.space, b.n * b.apart, VIPC_PROT_READ | VIPC_PROT_WRITE, &b.at), "allocate");
    touch(&v, b.space, b.at, b.n, b.apart, VIPC_PROT_WRITE);   /* also warms the frames up: none is taken for the first time in the counted part */
    if (!strcmp(b.work, "zero")) {
        must(vipc_space_unmap(&v, b.space, b.at, b.n * b.apart, VIPC_FOREVER), "unmap");
        must(vipc_space_allocate(&v, b.space, b.n * b.apart, VIPC_PROT_READ | VIPC_PROT_WRITE, &b.at), "allocate");
    } else if (!strcmp(b.work, "copy") || !strcmp(b.work, "seen") || !strcmp(b.work, "map") || !strcmp(b.work, "keep")) {
        must(vipc_space_clone(&v, b.space, &b.copy, VIPC_FOREVER), "clone");
        touch(&v, b.copy, b.at, b.n, b.apart, VIPC_PROT_WRITE);          /* frames for the counted part's copies */
        must(vipc_destroy(&v, b.copy, VIPC_FOREVER), "destroy");
        touch(&v, b.space, b.at, b.n, b.apart, VIPC_PROT_WRITE);
        must(vipc_space_clone(&v, b.space, &b.copy, VIPC_FOREVER), "clone");
        if (!strcmp(b.work, "seen")) touch(&v, b.copy, b.at, b.n, b.apart, VIPC_PROT_READ);
        if (!strcmp(b.work, "keep")) must(vipc_destroy(&v, b.copy, VIPC_FOREVER), "destroy");
    }
    vipc_space_info before = VIPC_INIT, after = VIPC_INIT;
    vipc_cap who = !strcmp(b.work, "copy") || !strcmp(b.work, "seen") || !strcmp(b.work, "map") ? b.copy : b.space;
    must(vipc_space_get(&v, who, &before), "get");
    flushes = 0;
    bench_part(&b);
    must(vipc_space_get(&v, who, &after), "get");
    printf("%s %llu zeroed %llu copied %llu kept %llu mapped %llu flushes %llu\n", b.work, (unsigned long long)b.n, (unsigned long long)(after.zeroed - before.zeroed),
           (unsigned long long)(after.copied - before.copied), (unsigned long long)(after.made_writable - before.made_writable), (unsigned long long)(after.mapped - before.mapped),
           (unsigned long long)flushes);
    return 0;
}
