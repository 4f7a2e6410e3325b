/* epoll_server.c - sockets and endpoints in one loop, in one thread.
 *
 *     cc examples/epoll_server.c -o epoll_server && ./epoll_server
 *
 * One process waits with epoll for a listening TCP socket, its connections, and a wait set that holds an endpoint and a notification; another
 * speaks to it through a socket, a third through the endpoint.  The loop ends when the third has ended, of which a watch tells, and the
 * connection is closed.  Linux.
 *
 * Expected output (the number of wake-ups varies):
 *     1000 lines through a socket, 1000 calls through an endpoint, one thread, 1038 wake-ups
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>

enum { TIMES = 1000, CALLS = 1, DEATHS = 2 };
static vipc ipc;

static void must(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "epoll_server: %s failed\n", what);
    exit(1);
}

/* ---- the clients ---- */
static void socket_client(unsigned short port)
{
    struct sockaddr_in to = { 0 };
    char byte;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_family = AF_INET;
    to.sin_port = port;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
    for (int i = 0; i < TIMES; i++) {
        byte = (char)('a' + i % 26);
        must(write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1 && byte == 'A' + i % 26, "talking through the socket");
    }
    exit(0);
}
static void endpoint_client(void)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    must(vipc_posix_after_fork(&ipc, "client") == VIPC_OK, "vipc_posix_after_fork");
    must(vipc_lookup(&ipc, "door", VIPC_RIGHT_SEND, &door, VIPC_FOREVER) == VIPC_OK, "vipc_lookup");
    for (uint64_t i = 0; i < TIMES; i++) {
        m.flags = 0;
        m.data[0] = i;
        must(vipc_call(&ipc, door, &m, &m, VIPC_FOREVER) == VIPC_OK && m.data[0] == i + 1, "vipc_call");
    }
    must(vipc_posix_close(&ipc) == VIPC_OK, "vipc_posix_close");
    exit(0);
}

/* ---- the server ---- */
static int serve_socket(int fd)        /* 0: the connection has ended */
{
    char bytes[64];
    ssize_t n = read(fd, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++) bytes[i] = (char)(bytes[i] - 'a' + 'A');
    return n > 0 && write(fd, bytes, (size_t)n) == n ? (int)n : 0;
}
static int serve_calls(vipc_cap door, vipc_cap bell)
{
    vipc_message m;
    vipc_info info;
    int n = 0;
    while (vipc_receive(&ipc, door, &m, &info, VIPC_NOW) == VIPC_OK) {
        if (n++ == 0 && m.data[0] == 0) must(vipc_process_watch(&ipc, info.sender, bell, 1) == VIPC_OK, "vipc_process_watch");
        m.data[0]++;
        (void)vipc_reply(&ipc, info.reply, &m);                /* CANCELLED: it waits no more */
    }
    return n;
}
int main(void)
{
    struct sockaddr_in at = { 0 };
    socklen_t size = sizeof at;
    struct epoll_event event = { 0 }, events[8];
    vipc_cap door, bell, set;
    vipc_wait_item item = VIPC_INIT, ready[8];
    int lines = 0, calls = 0, wake_ups = 0, fd, connections = 0, accepted = 0, told = 0, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), all;

    /* a domain without a name: the client inherits it */
    must(vipc_posix_create_fd(&ipc, NULL, &fd) == VIPC_OK, "vipc_posix_create_fd");
    must(vipc_endpoint_create(&ipc, NULL, &door) == VIPC_OK && vipc_publish(&ipc, "door", door, VIPC_RIGHT_SEND) == VIPC_OK, "the endpoint");
    must(vipc_notification_create(&ipc, NULL, &bell) == VIPC_OK && vipc_wait_set_create(&ipc, 8, NULL, &set) == VIPC_OK, "the wait set");
    item.object = door;
    item.key = CALLS;
    must(vipc_wait_set_add(&ipc, set, &item) == VIPC_OK, "vipc_wait_set_add");
    item.object = bell;
    item.key = DEATHS;
    must(vipc_wait_set_add(&ipc, set, &item) == VIPC_OK, "vipc_wait_set_add");
    must(vipc_posix_pollable(&ipc, set, &all) == VIPC_OK, "vipc_posix_pollable");

    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&at, sizeof at) == 0 && listen(listener, 4) == 0, "listen");
    must(getsockname(listener, (struct sockaddr *)&at, &size) == 0, "getsockname");
    event.events = EPOLLIN;
    event.data.fd = listener;
    must(epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) == 0, "epoll_ctl");
    event.data.fd = all;
    must(epoll_ctl(poll, EPOLL_CTL_ADD, all, &event) == 0, "epoll_ctl");
    if (fork() == 0) socket_client(at.sin_port);
    if (fork() == 0) endpoint_client();

    while (!told || !accepted || connections) {
        int n = epoll_wait(poll, events, 8, 1000);             /* a second: a death is found by asking */
        wake_ups++;
        if (n == 0) must(vipc_sweep(&ipc, NULL) == VIPC_OK, "vipc_sweep");
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                must(event.data.fd >= 0 && epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event) == 0, "accept");
                connections++;
                accepted = 1;
            } else if (events[i].data.fd == all) {             /* serve until there is nothing more, and then poll again */
                uint32_t count;
                while (vipc_wait_set_wait(&ipc, set, ready, 8, &count, VIPC_NOW) == VIPC_OK)
                    for (uint32_t k = 0; k < count; k++) {
                        uint64_t bits;
                        if (ready[k].key == CALLS) calls += serve_calls(door, bell);
                        else if (vipc_notification_wait(&ipc, bell, 1, &bits, VIPC_NOW) == VIPC_OK) told = 1;
                    }
            } else {
                int got = serve_socket(events[i].data.fd);
                if (!got) { close(events[i].data.fd); connections--; }
                lines += got;
            }
        }
    }
    while (wait(NULL) > 0) { }
    printf("%d lines through a socket, %d calls through an endpoint, one thread, %d wake-ups\n", lines, calls, wake_ups);
    close(fd);
    must(vipc_posix_close(&ipc) == VIPC_OK, "vipc_posix_close");
    return lines == TIMES && calls == TIMES ? 0 : 1;
}
