/* t_pollable.c - vipc_posix_pollable: a wait set in poll, between processes.  Linux. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "test.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#if defined(__linux__) && !defined(VIPC_POSIX_PORTABLE)
enum { MANY = 20000 };
typedef struct pollable { vipc ipc; vipc_cap set, door, bell; int fd; } pollable;
static void open_pollable(pollable *p)
{
    vipc_wait_item item = VIPC_INIT;
    int fd;
    memset(p, 0, sizeof *p);
    REQUIRE_OK(vipc_posix_create_fd(&p->ipc, NULL, &fd));
    close(fd);
    REQUIRE_OK(vipc_endpoint_create(&p->ipc, NULL, &p->door));
    REQUIRE_OK(vipc_publish(&p->ipc, "door", p->door, 0));
    REQUIRE_OK(vipc_notification_create(&p->ipc, NULL, &p->bell));
    REQUIRE_OK(vipc_publish(&p->ipc, "bell", p->bell, 0));
    REQUIRE_OK(vipc_wait_set_create(&p->ipc, 4, NULL, &p->set));
    item.object = p->door;
    REQUIRE_OK(vipc_wait_set_add(&p->ipc, p->set, &item));
    item.object = p->bell;
    REQUIRE_OK(vipc_wait_set_add(&p->ipc, p->set, &item));
    REQUIRE_OK(vipc_posix_pollable(&p->ipc, p->set, &p->fd));
}
static int readable(const pollable *p, int milliseconds)
{
    struct pollfd f = { p->fd, POLLIN, 0 };
    return poll(&f, 1, milliseconds) == 1;
}
/* Is something ready?  Serves nothing. */
static vipc_error look(pollable *p)
{
    vipc_wait_item ready[4];
    uint32_t n = 0;
    return vipc_wait_set_wait(&p->ipc, p->set, ready, 4, &n, VIPC_NOW);
}
/* Take all there is until WOULD_BLOCK; how many messages. */
static int serve(pollable *p)
{
    vipc_wait_item ready[4];
    vipc_message m;
    uint32_t n;
    uint64_t bits;
    int got = 0;
    vipc_error e;
    while ((e = vipc_wait_set_wait(&p->ipc, p->set, ready, 4, &n, VIPC_NOW)) == VIPC_OK) {
        while (vipc_receive(&p->ipc, p->door, &m, NULL, VIPC_NOW) == VIPC_OK) got++;
        (void)vipc_notification_wait(&p->ipc, p->bell, ~0ull, &bits, VIPC_NOW);
    }
    CHECK_EQ(e, VIPC_ERR_WOULD_BLOCK);
    return got;
}
static void end(pollable *p)
{
    uint32_t bad = 1;
    CHECK_OK(vipc_check(&p->ipc, &bad));
    CHECK_EQ(bad, 0);
    CHECK_OK(vipc_posix_close(&p->ipc));
}
static void sends_for_ever(vipc *ipc, int count)                /* a child */
{
    vipc_message m = VIPC_INIT;
    vipc_cap door;
    if (vipc_posix_after_fork(ipc, "sender") != VIPC_OK || vipc_lookup(ipc, "door", VIPC_RIGHT_SEND, &door, VIPC_FOREVER) != VIPC_OK) _exit(1);
    for (int i = 0; count == 0 || i < count; i++) if (vipc_send(ipc, door, &m, VIPC_FOREVER) != VIPC_OK) _exit(2);
    _exit(vipc_posix_close(ipc) == VIPC_OK ? 0 : 3);
}

TEST(readable_while_there_is_something_new)
{
    pollable p;
    vipc_message m = VIPC_INIT;
    open_pollable(&p);
    (void)serve(&p);
    CHECK(!readable(&p, 0));
    CHECK_OK(vipc_send(&p.ipc, p.door, &m, VIPC_NOW));
    CHECK(readable(&p, 0));
    CHECK_OK(look(&p));
    CHECK(readable(&p, 0));
    CHECK_EQ(serve(&p), 1);
    CHECK(!readable(&p, 0));
    CHECK_OK(vipc_signal(&p.ipc, p.bell, 1));
    CHECK(readable(&p, 0));
    CHECK_EQ(serve(&p), 0);
    CHECK(!readable(&p, 0));
    end(&p);
}
TEST(nothing_is_missed_between_processes)
{
    pollable p;
    int got = 0, status = 0;
    open_pollable(&p);
    pid_t child = fork();
    if (child == 0) sends_for_ever(&p.ipc, MANY);
    while (got < MANY) {
        if (!CHECK(readable(&p, 20000))) break;
        got += serve(&p);
    }
    CHECK_EQ(got, MANY);
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_EQ(serve(&p), 0);
    end(&p);
}
TEST(senders_that_are_killed_leave_nothing_unheard)
{
    pollable p;
    open_pollable(&p);
    for (int round = 0; round < 100; round++) {
        int status, got = 0;
        pid_t child = fork();
        if (child == 0) sends_for_ever(&p.ipc, 0);
        while (got < 1 + round * 7) {
            if (!CHECK(readable(&p, 20000))) break;
            got += serve(&p);
        }
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        CHECK_OK(vipc_sweep(&p.ipc, NULL));                    /* it may have died between a send and its ring: the reaper rings */
        (void)serve(&p);
        vipc_endpoint_info info;
        CHECK_OK(vipc_endpoint_get(&p.ipc, p.door, &info));
        CHECK_EQ(info.queued, 0);
    }
    end(&p);
}
TEST(what_pollable_refuses)
{
    pollable p;
    vipc other;
    int fd = 4711;
    open_pollable(&p);
    CHECK_EQ(vipc_posix_pollable(NULL, p.set, &fd), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_pollable(&p.ipc, p.set, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_pollable(&p.ipc, p.door, &fd), VIPC_ERR_PERMISSION_DENIED);
    other = p.ipc;
    CHECK_EQ(vipc_posix_pollable(&other, p.set, &fd), VIPC_ERR_INVALID_ARGUMENT);
    for (int i = 1; i < VIPC_POSIX_POLLABLE_MAX; i++) CHECK_OK(vipc_posix_pollable(&p.ipc, p.set, &fd));
    int last = fd;
    CHECK_EQ(vipc_posix_pollable(&p.ipc, p.set, &fd), VIPC_ERR_LIMIT);
    CHECK_EQ(fd, last);
    end(&p);
    open_pollable(&p);                                         /* all of them were closed */
    CHECK(p.fd <= last);
    end(&p);
}
/* Views that the shim knows nothing of: their hooks' `user` is anything. */
static vipc_error nothing_left(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    (void)count;
    (void)first;
    return VIPC_ERR_OUT_OF_MEMORY;
}
static void keep(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; }
static void *nowhere(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; return NULL; }
static void ring(void *user, uint64_t bell, int on) { (void)user; (void)bell; (void)on; }
TEST(a_view_of_somebody_else_s_is_refused)
{
    pollable p;
    vipc other, thread;
    vipc_hooks hooks = VIPC_INIT, copied;
    int fd = 4711;
    uint64_t size = vipc_required_size(NULL);
    void *memory = aligned_alloc(VIPC_LINE, (size_t)size);
    REQUIRE(memory != NULL);
    hooks.size = sizeof hooks;
    hooks.frame_alloc = nothing_left;
    hooks.frame_free = keep;
    hooks.frame_pointer = nowhere;
    hooks.bell = ring;
    open_pollable(&p);
    for (uintptr_t user = 0; user < 3; user++) {
        hooks.user = user == 0 ? NULL : user == 1 ? (void *)(uintptr_t)64 : p.ipc.hooks->user;      /* the last: a member's, and not by its hooks */
        REQUIRE_OK(vipc_init(&other, memory, size, NULL, NULL, &hooks));
        CHECK_EQ(vipc_posix_pollable(&other, p.set, &fd), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_OK(vipc_leave(&other));
        CHECK_EQ(vipc_posix_pollable(&other, p.set, &fd), VIPC_ERR_NOT_INITIALIZED);
    }
    const vipc_hooks *shim = p.ipc.hooks;
    copied = *shim;
    p.ipc.hooks = &copied;
    CHECK_EQ(vipc_posix_pollable(&p.ipc, p.set, &fd), VIPC_ERR_INVALID_ARGUMENT);
    p.ipc.hooks = shim;
    CHECK_EQ(fd, 4711);
    REQUIRE_OK(vipc_posix_thread(&p.ipc, &thread));           /* any thread's view will do */
    CHECK_OK(vipc_posix_pollable(&thread, p.set, &fd));
    CHECK_OK(vipc_leave(&thread));
    free(memory);
    end(&p);
}
static int descriptors(void)                                   /* that are open */
{
    int n = 0;
    for (int i = 0; i < 1024; i++) n += fcntl(i, F_GETFD) >= 0;
    return n;
}
TEST(a_bell_that_cannot_be_set_takes_no_place)
{
    pollable p;
    int fd = 4711, before;
    open_pollable(&p);
    (void)serve(&p);
    CHECK_OK(vipc_signal(&p.ipc, p.bell, 1));                  /* the first to ring opens what it rings with */
    (void)serve(&p);
    before = descriptors();
    vipc_hooks *hooks = (vipc_hooks *)(uintptr_t)p.ipc.hooks;
    void (*bell)(void *, uint64_t, int) = hooks->bell;
    for (int i = 0; i < 3 * VIPC_POSIX_POLLABLE_MAX; i++) {
        hooks->bell = NULL;                                    /* the next step after the socket fails */
        CHECK_EQ(vipc_posix_pollable(&p.ipc, p.set, &fd), VIPC_ERR_NOT_SUPPORTED);
        hooks->bell = bell;
        if (i % 16 == 15) CHECK_OK(vipc_posix_pollable(&p.ipc, p.set, &fd));      /* one that stays, in between */
        CHECK_EQ(descriptors(), before + (i + 1) / 16);        /* those are open, and no others */
    }
    p.fd = fd;
    (void)serve(&p);
    CHECK(!readable(&p, 0));
    CHECK_OK(vipc_signal(&p.ipc, p.bell, 1));
    CHECK(readable(&p, 0));
    end(&p);
}
RUN_TESTS(T(readable_while_there_is_something_new), T(nothing_is_missed_between_processes), T(senders_that_are_killed_leave_nothing_unheard),
          T(what_pollable_refuses), T(a_view_of_somebody_else_s_is_refused), T(a_bell_that_cannot_be_set_takes_no_place))
#else
TEST(not_on_this_host)
{
    vipc ipc;
    vipc_cap none = VIPC_INIT;
    int fd;
    REQUIRE_OK(vipc_posix_create_fd(&ipc, NULL, &fd));
    close(fd);
    CHECK_EQ(vipc_posix_pollable(&ipc, none, &fd), VIPC_ERR_NOT_SUPPORTED);
    CHECK_OK(vipc_posix_close(&ipc));
}
RUN_TESTS(T(not_on_this_host))
#endif
