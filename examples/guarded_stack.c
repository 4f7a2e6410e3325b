/* guarded_stack.c - a stack that grows as it is used, and ends at a guard page: an overflow is reported, and the program goes on
 *
 *     cc examples/guarded_stack.c -o guarded_stack && ./guarded_stack
 *
 * A context runs on a stack of an address space of the library's.  The stack has 64 KiB at first and room for 1 MiB; each touch below what it has
 * is a page fault that makes it grow.  The last page of its range is a guard, to which no access is ever given: a recursion without end comes to it,
 * the program's own function is told so, in the signal handler, and jumps out.  Nothing else was touched, and the stack can be used again.
 * The handler runs on a stack of its own (vipc_posix_window_open has seen to that): on the one that is full it could not.
 *
 * Expected output (how deep it gets is up to the compiler):
 *     to depth 100: came back with 5050; the stack has 64 KiB
 *     to depth 2000: came back with 2001000; the stack has 344 KiB
 *     to depth 1000000000: stack overflow at depth 5934, 104 bytes into the guard page; the stack has 1020 KiB
 *     to depth 100: came back with 5050; the stack has 1020 KiB
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

static vipc ipc;
static ucontext_t caller, callee;
static sigjmp_buf out;
static vipc_posix_fault report;
static volatile unsigned long depth, most, sum;

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "guarded_stack: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
/* Told of each access to the window that cannot be allowed; true would mean that it was repaired. */
static bool overflowed(void *user, const vipc_posix_fault *fault)
{
    (void)user;
    if (fault->error != VIPC_ERR_GUARD_PAGE) return false;                 /* any other is a bug: the process ends by SIGSEGV */
    report = *fault;
    siglongjmp(out, 1);
}
static unsigned long recursion(unsigned long n)
{
    volatile unsigned char room[128];                                      /* used on both sides of the call, so that no compiler makes a loop of it */
    room[0] = 1;
    depth = n;
    unsigned long below = n < most ? recursion(n + 1) : 0;
    return below + n * room[0];
}
static void run(void) { sum = recursion(1); }

/* Recursion to that depth on this stack.  true: it came back. */
static bool run_on(const vipc_stack *stack, unsigned long how_deep)
{
    most = how_deep;
    if (sigsetjmp(out, 1) != 0) return false;
    getcontext(&callee);
    callee.uc_stack.ss_sp = (void *)(uintptr_t)stack->bottom;
    callee.uc_stack.ss_size = (size_t)(stack->top - stack->bottom);
    callee.uc_link = &caller;
    makecontext(&callee, run, 0);
    swapcontext(&caller, &callee);
    return true;
}

int main(void)
{
    static const unsigned long depths[] = { 100, 2000, 1000000000, 100 };
    vipc_posix_window_desc window = VIPC_INIT;
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack stack;
    vipc_cap space;
    int fd, wrong = 0;
    window.fault = overflowed;
    d.size = 1 << 20;
    must(vipc_posix_create_fd(&ipc, NULL, &fd), "vipc_posix_create_fd");
    must(vipc_posix_window_open(&ipc, &window, &space), "vipc_posix_window_open");
    must(vipc_space_stack_create(&ipc, space, &d, &stack), "vipc_space_stack_create");
    for (int i = 0; i < 4; i++) {
        vipc_space_region used;
        const unsigned long n = depths[i];
        const bool back = run_on(&stack, n);
        printf("to depth %lu: ", n);
        if (back) printf("came back with %lu", sum);
        else printf("stack overflow at depth %lu, %u bytes into the guard page", depth, (unsigned)(stack.bottom + stack.guard - report.at));
        wrong += back ? sum != n * (n + 1) / 2 : !vipc_stack_in_guard(&stack, report.at);
        wrong += back == (i == 2);
        must(vipc_space_find(&ipc, space, stack.top - 1, &used), "vipc_space_find");
        printf("; the stack has %u KiB\n", (unsigned)(vipc_region_size(&used) >> 10));
    }
    if (wrong) printf("SOMETHING IS WRONG\n");
    must(vipc_posix_close(&ipc), "vipc_posix_close");
    close(fd);
    return wrong != 0;
}
