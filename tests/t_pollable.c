/* t_pollable.c - vipc_posix_pollable: a wait set in poll, between processes.  Linux. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "test.h"
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
RUN_TESTS(T(readable_while_there_is_something_new), T(nothing_is_missed_between_processes), T(senders_that_are_killed_leave_nothing_unheard),
          T(what_pollable_refuses))
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
