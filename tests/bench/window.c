/* window.c - what page faults of a window of the POSIX shim cost beside the host's own, and what it costs to take a page away from another process
 *
 *     cc -O2 -pthread tests/bench/window.c -o window && ./window          Linux, from the repository root
 *
 * Prints rows      work <TAB> median ns <TAB> min <TAB> max <TAB> ratio of the medians to the host's own fault
 * The rows are measured in turn, ROUNDS times, so that whatever else the machine does hits them all; the ratio of the minima stands behind.
 *   host_private   first touch of a page of private memory of the host's        host_shared   of shared memory, which is what a domain is
 *   signal         SIGSEGV, a handler that calls mprotect, and back: less than this no fault that a program handles itself can take
 *   zeroed         first touch of a page of a window                            forgotten     touch of one that has a frame, whose mapping was dropped
 *   copied         write to a page that a clone shares
 *   taken          vipc_space_unmap of a page that another process, which runs on the other processor, has mapped: until it has said that it is gone
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../../shims/veridian_posix.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { PAGE = 4096, PAGES = 1500, ROUNDS = 25, TAKES = 100, RW = VIPC_PROT_READ | VIPC_PROT_WRITE };
enum { HOST_PRIVATE, HOST_SHARED, SIGNAL, ZEROED, FORGOTTEN, COPIED, TAKEN, WORKS };
static const char *const names[] = { "host_private", "host_shared", "signal", "zeroed", "forgotten", "copied", "taken" };
static double took[WORKS][ROUNDS];
static vipc ipc;
static vipc_cap space;

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "window: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
static double now(void) { return (double)vipc_posix_now_(NULL); }
static double touch(volatile char *p, unsigned pages)       /* ns for one */
{
    const double begun = now();
    for (unsigned i = 0; i < pages; i++) p[(size_t)i * PAGE] = 1;
    return (now() - begun) / pages;
}
static double host(int flags)
{
    void *p = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) exit(1);
    madvise(p, (size_t)PAGES * PAGE, MADV_NOHUGEPAGE);
    const double t = touch((volatile char *)p, PAGES);
    munmap(p, (size_t)PAGES * PAGE);
    return t;
}
static void by_hand(int number, siginfo_t *info, void *context)
{
    (void)number; (void)context;
    mprotect((void *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
}
static double bare_signal(void)
{
    struct sigaction a, was;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = by_hand;
    a.sa_flags = SA_SIGINFO | SA_ONSTACK;
    void *p = mmap(NULL, (size_t)PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) exit(1);
    sigaction(SIGSEGV, &a, &was);
    const double t = touch((volatile char *)p, PAGES);
    sigaction(SIGSEGV, &was, NULL);
    munmap(p, (size_t)PAGES * PAGE);
    return t;
}
static void window(int round)
{
    vipc_addr at;
    vipc_cap copy;
    must(vipc_space_allocate(&ipc, space, (uint64_t)PAGES * PAGE, RW, &at), "vipc_space_allocate");
    volatile char *p = (volatile char *)(uintptr_t)at;
    took[ZEROED][round] = touch(p, PAGES);
    vipc_posix_drop_(vipc_posix_.members->window, (unsigned char *)(uintptr_t)at, (size_t)PAGES * PAGE);
    took[FORGOTTEN][round] = touch(p, PAGES);
    must(vipc_space_clone(&ipc, space, &copy, VIPC_FOREVER), "vipc_space_clone");
    took[COPIED][round] = touch(p, PAGES);
    must(vipc_destroy(&ipc, copy, VIPC_FOREVER), "vipc_destroy");
    must(vipc_space_unmap(&ipc, space, at, (uint64_t)PAGES * PAGE, VIPC_FOREVER), "vipc_space_unmap");
}

/* Another process with a window, which touches a page as soon as it is told which. */
typedef struct board { volatile uint64_t page, touched, pid, cap, space; } board;
static void other(board *b)
{
    vipc_posix_window_desc d = VIPC_INIT;
    vipc_pid parent;
    vipc_cap mine, theirs;
    vipc_addr at;
    parent.id = b->pid;
    must(vipc_posix_after_fork(&ipc, "other"), "vipc_posix_after_fork");
    must(vipc_posix_window_open(&ipc, &d, &mine), "vipc_posix_window_open");
    must(vipc_space_allocate(&ipc, mine, (uint64_t)TAKES * ROUNDS * PAGE, RW, &at), "vipc_space_allocate");
    must(vipc_grant(&ipc, mine, parent, NULL, &theirs), "vipc_grant");
    b->space = at;
    b->cap = theirs.token;
    for (uint64_t next = 1; next <= (uint64_t)TAKES * ROUNDS; next++) {
        while (b->page < next) { }
        *(volatile char *)(uintptr_t)(at + (next - 1) * PAGE) = 1;
        b->touched = next;
    }
    while (b->page <= (uint64_t)TAKES * ROUNDS) { }
    _exit(0);
}
static double take(board *b, int round)
{
    double sum = 0;
    vipc_cap theirs;
    theirs.token = b->cap;
    for (int i = 0; i < TAKES; i++) {
        const uint64_t n = (uint64_t)round * TAKES + (uint64_t)i + 1;
        b->page = n;
        while (b->touched < n) { }
        const double begun = now();
        must(vipc_space_unmap(&ipc, theirs, b->space + (n - 1) * PAGE, PAGE, VIPC_FOREVER), "vipc_space_unmap");
        sum += now() - begun;
    }
    return sum / TAKES;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
int main(void)
{
    int fd;
    board *b = (board *)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) return 1;
    must(vipc_posix_create_fd(&ipc, NULL, &fd), "vipc_posix_create_fd");
    b->pid = vipc_self(&ipc).id;
    const pid_t pid = fork();
    if (pid == 0) other(b);
    must(vipc_posix_window_open(&ipc, NULL, &space), "vipc_posix_window_open");
    while (!b->cap) { }
    for (int round = 0; round < ROUNDS; round++) took[TAKEN][round] = take(b, round);
    b->page = (uint64_t)TAKES * ROUNDS + 1;
    if (pid < 0 || waitpid(pid, NULL, 0) != pid) return 1;
    for (int round = 0; round < ROUNDS; round++) {
        took[HOST_PRIVATE][round] = host(MAP_PRIVATE);
        took[HOST_SHARED][round] = host(MAP_SHARED);
        took[SIGNAL][round] = bare_signal();
        window(round);
    }
    for (int i = 0; i < WORKS; i++) qsort(took[i], ROUNDS, sizeof **took, compare);
    for (int i = 0; i < WORKS; i++)
        printf("%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\n", names[i], took[i][ROUNDS / 2], took[i][0], took[i][ROUNDS - 1],
               took[i][ROUNDS / 2] / took[HOST_PRIVATE][ROUNDS / 2], took[i][0] / took[HOST_PRIVATE][0]);
    return vipc_posix_close(&ipc) == VIPC_OK ? 0 : 1;
}
