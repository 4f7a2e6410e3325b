/* rpc_server.c - adds numbers for whoever calls; the other half is rpc_client.c
 *
 *   cc examples/rpc_server.c -o rpc_server && ./rpc_server
 *
 * prints:  adder: ready
 *          adder: 1 calls, the last from process 2           (at 1, 10, 100, ... calls, and at every million)
 * Start it before or after its clients, kill it with -9 and start it again: they go on.  Ctrl-C ends it.
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <signal.h>
#include <stdio.h>

enum { OP_ADD = 1 };
static vipc ipc;

static void on_interrupt(int number)
{
    (void)number;
    vipc_cancel(&ipc);                                       /* the receive below returns VIPC_ERR_CANCELLED */
}

int main(void)
{
    vipc_cap door;
    vipc_message m;
    vipc_info info = VIPC_INIT;
    unsigned long calls = 0, next = 1;
    vipc_error e = vipc_posix_open(&ipc, "/calc", NULL);
    if (e == VIPC_OK) e = vipc_endpoint_create(&ipc, NULL, &door);
    if (e == VIPC_OK) e = vipc_publish(&ipc, "adder", door, VIPC_RIGHT_SEND);    /* VIPC_ERR_EXISTS: another server lives */
    if (e == VIPC_OK) {
        signal(SIGINT, on_interrupt);
        printf("adder: ready\n");
        fflush(stdout);
        e = vipc_receive(&ipc, door, &m, &info, VIPC_FOREVER);
    }
    while (e == VIPC_OK) {
        if (m.opcode == OP_ADD) m.data[0] += m.data[1];
        else m.opcode = 0;                                   /* "no such operation" */
        if (++calls == next) {
            printf("adder: %lu calls, the last from process %lu\n", calls, (unsigned long)info.sender.id);
            fflush(stdout);
            next = next < 1000000 ? next * 10 : next + 1000000;
        }
        e = vipc_reply_receive(&ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    fprintf(stderr, "adder: %s\n", vipc_error_string(e));
    vipc_posix_close(&ipc);
    return e != VIPC_ERR_CANCELLED;
}
