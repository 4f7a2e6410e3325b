/* rpc_client.c - lets rpc_server.c add numbers
 *
 *   cc examples/rpc_client.c -o rpc_client && ./rpc_client 10
 *
 * prints:  client: 0 + 1 = 1
 *          ...
 *          client: 9 + 10 = 19
 *          client: 10 calls, 10 right
 * Start it before or after the server.  When the server dies in between, it waits for the next one and goes on; a call that was under way is made again:
 * adding twice does no harm, and whether that is so only the program can know.
 * With a second argument only every N-th result is printed: ./rpc_client 1000000 100000
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>

enum { OP_ADD = 1 };

/* The server, or its successor.  Waits until there is one. */
static vipc_error find_server(vipc *ipc, vipc_cap *adder)
{
    vipc_error e = vipc_lookup(ipc, "adder", VIPC_RIGHT_SEND, adder, VIPC_NOW);
    if (e != VIPC_ERR_ENDPOINT_NOT_FOUND) return e;
    fprintf(stderr, "client: waiting for a server (start ./rpc_server)\n");
    return vipc_lookup(ipc, "adder", VIPC_RIGHT_SEND, adder, VIPC_FOREVER);
}

/* The server has gone: whoever calls next must find another.  TIMEOUT is not among these: the server lives, and is slow. */
static int server_gone(vipc_error e)
{
    return e == VIPC_ERR_PEER_DEAD || e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY;
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10, every = argc > 2 ? strtoul(argv[2], NULL, 10) : 1, right = 0;
    vipc ipc;
    vipc_cap adder;
    vipc_error e = vipc_posix_open(&ipc, "/calc", NULL);
    if (e == VIPC_OK) e = find_server(&ipc, &adder);
    for (unsigned long i = 0; i < count && e == VIPC_OK;) {
        vipc_message m = VIPC_INIT;
        m.opcode = OP_ADD;
        m.data[0] = i;
        m.data[1] = i + 1;
        e = vipc_call(&ipc, adder, &m, &m, vipc_after(&ipc, 10000000000u));
        if (server_gone(e)) {
            fprintf(stderr, "client: the server has gone (%s) at call %lu\n", vipc_error_string(e), i);
            e = find_server(&ipc, &adder);
            continue;
        }
        if (e != VIPC_OK) break;
        right += m.data[0] == 2 * i + 1;
        if (every && i % every == 0) printf("client: %lu + %lu = %lu\n", i, i + 1, (unsigned long)m.data[0]);
        i++;
    }
    if (e != VIPC_OK) fprintf(stderr, "client: %s\n", vipc_error_string(e));
    printf("client: %lu calls, %lu right\n", count, right);
    vipc_posix_close(&ipc);
    return e != VIPC_OK || right != count;
}
