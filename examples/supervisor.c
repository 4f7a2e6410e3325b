/* supervisor.c - workers that crash are started again, by one who is told of each death.
 *
 *     cc examples/supervisor.c -o supervisor && ./supervisor
 *
 * Four workers add numbers for their supervisor; now and then one of them kills itself with -9 instead of answering.  The supervisor has a watch on
 * each: when a worker ends, however it ends, a bit of the supervisor's notification is set, and the supervisor starts another in its place.  A call
 * that a dying worker had taken ends with VIPC_ERR_PEER_DEAD, and is made again.  Nothing asks "are you still there?".
 *
 * Expected output (the numbers of deaths and of calls made again vary):
 *     400 sums, all right; 44 workers died and were replaced, 44 calls were made again
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { WORKERS = 4, SUMS = 400 };
static vipc ipc;

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "supervisor: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}

/* ---- a worker: its own endpoint, told to the supervisor by a call that carries it ---- */
static void worker(uint64_t number, unsigned seed)
{
    vipc_cap hall, mine;
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    must(vipc_posix_after_fork(&ipc, "worker"), "vipc_posix_after_fork");
    must(vipc_lookup(&ipc, "hall", VIPC_RIGHT_SEND, &hall, VIPC_FOREVER), "vipc_lookup");
    must(vipc_endpoint_create(&ipc, NULL, &mine), "vipc_endpoint_create");
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = mine;
    m.data[0] = number;
    must(vipc_send(&ipc, hall, &m, VIPC_FOREVER), "vipc_send");
    while (vipc_receive(&ipc, mine, &m, &info, VIPC_FOREVER) == VIPC_OK) {
        if (rand_r(&seed) % 10 == 0) raise(SIGKILL);
        m.data[0] += m.data[1];
        (void)vipc_reply(&ipc, info.reply, &m);
    }
    _exit(1);
}

/* ---- the supervisor ---- */
static vipc_cap doors[WORKERS];        /* none while a worker is not there */
static pid_t pids[WORKERS];
static unsigned started;

static void start(unsigned i)
{
    doors[i].token = 0;
    pids[i] = fork();
    if (pids[i] == 0) worker(i, ++started * 7919u);
    if (pids[i] < 0) { perror("supervisor: fork"); exit(1); }
    started++;
}
/* Who has come is watched, and has a door; who has died is replaced.  Returns how many have died. */
static unsigned look_after(vipc_cap hall, vipc_cap bell, vipc_time deadline)
{
    vipc_wait_item items[2];
    vipc_message m;
    vipc_info info;
    uint64_t dead = 0;
    unsigned n = 0;
    items[0].object = hall;
    items[1].object = bell;
    items[0].for_send = items[1].for_send = 0;
    vipc_error e = vipc_wait_any(&ipc, items, 2, deadline);
    if (e != VIPC_ERR_TIMEOUT && e != VIPC_ERR_WOULD_BLOCK) must(e, "vipc_wait_any");
    while (vipc_receive(&ipc, hall, &m, &info, VIPC_NOW) == VIPC_OK) {
        doors[m.data[0]] = m.capability;
        must(vipc_process_watch(&ipc, info.sender, bell, 1ull << m.data[0]), "vipc_process_watch");
    }
    if (vipc_notification_wait(&ipc, bell, ~0ull, &dead, VIPC_NOW) != VIPC_OK) return 0;
    for (unsigned i = 0; i < WORKERS; i++) {
        if (!(dead >> i & 1)) continue;
        waitpid(pids[i], NULL, 0);
        start(i);
        n++;
    }
    return n;
}
int main(void)
{
    vipc_cap hall, bell;
    unsigned deaths = 0, again = 0;
    int fd, wrong = 0;
    must(vipc_posix_create_fd(&ipc, NULL, &fd), "vipc_posix_create_fd");
    must(vipc_endpoint_create(&ipc, NULL, &hall), "vipc_endpoint_create");
    must(vipc_publish(&ipc, "hall", hall, VIPC_RIGHT_SEND), "vipc_publish");
    must(vipc_notification_create(&ipc, "deaths", &bell), "vipc_notification_create");
    for (unsigned i = 0; i < WORKERS; i++) start(i);
    for (uint64_t n = 0; n < SUMS;) {
        unsigned i = (unsigned)(n + again) % WORKERS;
        deaths += look_after(hall, bell, doors[i].token ? VIPC_NOW : VIPC_FOREVER);
        if (!doors[i].token) continue;                         /* it is on its way */
        vipc_message m = VIPC_INIT;
        m.data[0] = n;
        m.data[1] = 1000;
        vipc_error e = vipc_call(&ipc, doors[i], &m, &m, VIPC_FOREVER);
        if (e == VIPC_OK) { wrong += m.data[0] != n + 1000; n++; continue; }
        if (e != VIPC_ERR_PEER_DEAD && e != VIPC_ERR_INVALID_CAPABILITY) must(e, "vipc_call");
        doors[i].token = 0;                                    /* the watch tells when there is another */
        again++;
    }
    for (unsigned i = 0; i < WORKERS; i++) kill(pids[i], SIGKILL);
    while (wait(NULL) > 0) { }
    printf("%d sums, %s; %u workers died and were replaced, %u calls were made again\n", SUMS, wrong ? "SOME WRONG" : "all right", deaths, again);
    close(fd);
    must(vipc_posix_close(&ipc), "vipc_posix_close");
    return wrong ? 1 : 0;
}
