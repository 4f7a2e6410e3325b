/* cow_fork.c - memory that parent and child share after a fork until one of them writes to it
 *
 *     cc examples/cow_fork.c -o cow_fork && ./cow_fork
 *
 * An address space of the library's becomes addresses of this process (a window).  It is filled through plain pointers, cloned, and a forked child enters
 * the clone, at the same addresses.  From then on each page is one frame for both, until somebody writes to it: that is a page fault, and the writer gets
 * a frame of its own.  A page that was mapped with VIPC_MAP_SHARED stays one for both.
 *
 * Expected output:
 *     64 pages hold the numbers 0 to 63.  They are cloned, and a child enters the clone.
 *     parent writes to pages 0 to 15:   16 copied,  0 made its own, 48 not written to since
 *     child writes  to pages 8 to 31:   16 copied,  8 made its own, 40 not written to since
 *     each sees what it wrote, and else what was there; on the shared page both have counted to 200000
 * Of the child's 24 pages the parent had copied eight before: nobody else has those frames any more, so the child keeps them.
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { PAGES = 64, PAGE = 4096, ROUNDS = 100000 };
static vipc ipc;

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "cow_fork: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
static volatile uint64_t *number(vipc_addr data, unsigned page) { return (volatile uint64_t *)(uintptr_t)(data + (uint64_t)page * PAGE); }

/* Write to pages [from, to), say what that took, and count on the page that is shared. */
static int work(const char *who, vipc_cap space, vipc_addr data, vipc_addr shared, unsigned from, unsigned to, uint64_t mine)
{
    vipc_space_info was, now;
    int wrong = 0;
    must(vipc_space_get(&ipc, space, &was), "vipc_space_get");
    for (unsigned i = from; i < to; i++) *number(data, i) += mine;
    must(vipc_space_get(&ipc, space, &now), "vipc_space_get");
    printf("%s to pages %u to %2u:   %2u copied, %2u made its own, %u not written to since\n", who, from, to - 1, (unsigned)(now.copied - was.copied),
           (unsigned)(now.made_writable - was.made_writable), (unsigned)now.pages_shared);
    fflush(stdout);
    for (unsigned i = 0; i < PAGES; i++) wrong += *number(data, i) != i + (i >= from && i < to ? mine : 0);
    for (int i = 0; i < ROUNDS; i++) __atomic_fetch_add(number(shared, 0), 1, __ATOMIC_SEQ_CST);
    return wrong;
}

static int child(vipc_addr data, vipc_addr shared)
{
    vipc_cap parent;
    vipc_message m = VIPC_INIT;
    must(vipc_posix_after_fork(&ipc, "child"), "vipc_posix_after_fork");
    must(vipc_lookup(&ipc, "parent", VIPC_RIGHT_SEND, &parent, VIPC_FOREVER), "vipc_lookup");
    must(vipc_call(&ipc, parent, &m, &m, VIPC_FOREVER), "vipc_call");      /* the answer carries the clone */
    must(vipc_posix_window_enter(&ipc, m.capability, NULL), "vipc_posix_window_enter");
    return work("child writes ", m.capability, data, shared, 8, 32, 2000);
}

int main(void)
{
    vipc_cap space, clone, door;
    vipc_addr data, shared;
    vipc_mmap_desc d = VIPC_INIT;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    int fd, status, wrong = 0;
    must(vipc_posix_create_fd(&ipc, NULL, &fd), "vipc_posix_create_fd");
    must(vipc_endpoint_create(&ipc, NULL, &door), "vipc_endpoint_create");
    must(vipc_publish(&ipc, "parent", door, VIPC_RIGHT_SEND), "vipc_publish");
    must(vipc_posix_window_open(&ipc, NULL, &space), "vipc_posix_window_open");
    must(vipc_space_allocate(&ipc, space, PAGES * PAGE, VIPC_PROT_READ | VIPC_PROT_WRITE, &data), "vipc_space_allocate");
    d.size = PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_SHARED | VIPC_MAP_ANONYMOUS;
    must(vipc_space_mmap(&ipc, space, &d, &shared, VIPC_NOW), "vipc_space_mmap");
    for (unsigned i = 0; i < PAGES; i++) *number(data, i) = i;
    printf("%d pages hold the numbers 0 to %d.  They are cloned, and a child enters the clone.\n", PAGES, PAGES - 1);
    fflush(stdout);

    must(vipc_space_clone(&ipc, space, &clone, VIPC_FOREVER), "vipc_space_clone");
    wrong += work("parent writes", space, data, shared, 0, 16, 1000);
    pid_t pid = fork();
    if (pid < 0) { perror("cow_fork: fork"); return 1; }
    if (pid == 0) return child(data, shared) != 0;
    must(vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER), "vipc_receive");
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = clone;
    must(vipc_reply(&ipc, info.reply, &m), "vipc_reply");
    for (unsigned i = 0; i < PAGES; i++) wrong += *number(data, i) != i + (i < 16 ? 1000u : 0);
    waitpid(pid, &status, 0);
    wrong += !WIFEXITED(status) || WEXITSTATUS(status) != 0 || *number(shared, 0) != 2 * ROUNDS;
    if (wrong) printf("SOMETHING IS WRONG\n");
    else printf("each sees what it wrote, and else what was there; on the shared page both have counted to %u\n", (unsigned)*number(shared, 0));
    must(vipc_posix_close(&ipc), "vipc_posix_close");
    close(fd);
    return wrong != 0;
}
