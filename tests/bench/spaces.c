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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };
static unsigned char *memory;
static uint64_t frames, fresh, *idle, idle_count, flushes;

static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    if (count == 1 && idle_count) { *first = idle[--idle_count]; return VIPC_OK; }
    if (count > frames - fresh) return VIPC_ERR_OUT_OF_MEMORY;
    *first = fresh;
    fresh += count;
    return VIPC_OK;
}
static void frame_free(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    while (count--) idle[idle_count++] = first++;
}
static void *frame_pointer(void *user, uint64_t first, uint64_t count) { (void)user; return first + count <= frames ? memory + first * PAGE : NULL; }
static vipc_error space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root) { (void)user; (void)start; (void)end; *root = space; return VIPC_OK; }
static vipc_error space_destroy(void *user, uint64_t root) { (void)user; (void)root; return VIPC_OK; }
static vipc_error page_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    (void)user; (void)root; (void)at; (void)frame; (void)pages; (void)access; (void)cache;
    return VIPC_OK;
}
static void page_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages) { (void)user; (void)root; (void)at; (void)pages; }
static void page_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { (void)user; (void)root; (void)at; (void)pages; (void)access; }
static vipc_error tlb_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    (void)user; (void)root; (void)at; (void)pages; (void)deadline;
    flushes++;
    return VIPC_OK;
}
static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "spaces: %s: %s\n", what, vipc_error_string(e));
    exit(1);
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
    frames = 4 * b.n + 4096;
    memory = (unsigned char *)aligned_alloc(PAGE, frames * PAGE);
    idle = (uint64_t *)malloc(frames * sizeof *idle);
    vipc_hooks h = VIPC_INIT;
    h.size = sizeof h;
    h.frame_alloc = frame_alloc; h.frame_free = frame_free; h.frame_pointer = frame_pointer;
    h.space_create = space_create; h.space_destroy = space_destroy;
    h.page_map = page_map; h.page_unmap = page_unmap; h.page_protect = page_protect; h.tlb_flush = tlb_flush;
    vipc_config c = VIPC_INIT;
    c.max_spaces = 4;
    c.max_regions = 2 * others + 64;
    c.max_frames = (uint32_t)frames;
    uint64_t size = vipc_required_size(&c);
    void *domain = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
    static vipc v;
    b.v = &v;
    if (!memory || !idle || !domain) return 1;
    must(vipc_init(&v, domain, size, &c, NULL, &h), "init");
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
