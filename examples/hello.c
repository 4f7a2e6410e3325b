/* hello.c - a first message from one process to another
 *
 *   cc examples/hello.c -o hello && ./hello
 *
 * prints:  parent: received 42 from process 2
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>

static int child(vipc *ipc)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    m.data[0] = 42;
    if (vipc_posix_after_fork(ipc, "child") != VIPC_OK) return 1;       /* a membership of its own */
    if (vipc_lookup(ipc, "door", VIPC_RIGHT_SEND, &door, VIPC_FOREVER) != VIPC_OK) return 2;
    if (vipc_send(ipc, door, &m, VIPC_FOREVER) != VIPC_OK) return 3;
    return vipc_posix_close(ipc);
}

int main(void)
{
    vipc ipc;
    vipc_cap door;
    vipc_message m;
    vipc_info info;
    int fd;
    vipc_error e = vipc_posix_create_fd(&ipc, NULL, &fd);               /* a domain without a name: it ends with its members */
    if (e == VIPC_OK && fork() == 0) return child(&ipc);
    if (e == VIPC_OK) e = vipc_endpoint_create(&ipc, NULL, &door);
    if (e == VIPC_OK) e = vipc_publish(&ipc, "door", door, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = vipc_receive(&ipc, door, &m, &info, vipc_after(&ipc, 5000000000u));    /* ns */
    if (e == VIPC_OK) printf("parent: received %d from process %d\n", (int)m.data[0], (int)info.sender.id);
    else printf("hello: %s\n", vipc_error_string(e));
    return e != VIPC_OK;
}
