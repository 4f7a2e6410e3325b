/* hooks.h - a kernel's hooks that do next to nothing, for programs whose instructions are counted: frames of one block of memory, handed back to be used again, and page tables that there
 * are not.  Who includes it writes frame_alloc, and says in NAME what it is called. */
#ifndef VIPC_BENCH_HOOKS_H
#define VIPC_BENCH_HOOKS_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };
static unsigned char *memory;
static uint64_t frames, fresh, *idle, idle_count;          /* fresh: those before it were handed out; idle: and have come back */

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, NAME ": %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first);
static vipc_error fresh_frames(uint64_t count, uint64_t *first)
{
    if (count > frames - fresh) return VIPC_ERR_OUT_OF_MEMORY;
    *first = fresh;
    fresh += count;
    return VIPC_OK;
}
static void frame_free(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    for (uint64_t i = 0; i < count; i++) idle[idle_count++] = first + i;
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
    return VIPC_OK;
}
/* The hooks, over so many frames, and a domain in memory of its own. */
static vipc_hooks hooks_over(uint64_t count)
{
    vipc_hooks h = VIPC_INIT;
    frames = count;
    memory = (unsigned char *)mmap(NULL, frames * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    idle = (uint64_t *)malloc(frames * sizeof *idle);
    must(memory == MAP_FAILED || !idle ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK, "frames");
    h.size = sizeof h;
    h.frame_alloc = frame_alloc; h.frame_free = frame_free; h.frame_pointer = frame_pointer;
    h.space_create = space_create; h.space_destroy = space_destroy;
    h.page_map = page_map; h.page_unmap = page_unmap; h.page_protect = page_protect; h.tlb_flush = tlb_flush;
    return h;
}
static void domain_over(vipc *v, const vipc_config *c, const vipc_hooks *h)
{
    const uint64_t size = vipc_required_size(c);
    void *domain = aligned_alloc(PAGE, (size + PAGE - 1) / PAGE * PAGE);
    must(domain ? VIPC_OK : VIPC_ERR_OUT_OF_MEMORY, "the domain");
    must(vipc_init(v, domain, size, c, NULL, h), "vipc_init");
}
#endif
