/* file_pipe.c - a file goes from one process to another through an endpoint
 *
 *   cc examples/file_pipe.c -o file_pipe && ./file_pipe veridian_ipc.h copy.h
 *
 * prints:  sender:   228371 bytes, checksum 0f1e2d3c4b5a6978
 *          receiver: 228371 bytes, checksum 0f1e2d3c4b5a6978
 *          equal, 110 MB/s                 (twice that with -O2: most of it goes into the checksums)
 * The second file is optional; without it the receiver only adds up.  The checksum is FNV-1a, 64 bits.  Exit 0: both are equal; 1: they are not, or
 * something failed, and the cause is on standard error.  Progress is shown on a terminal only.
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { OP_DATA = 1, OP_END = 2, OP_ABANDONED = 3, BLOCK = 32 << 10, BLOCKS = 32 };
static const uint64_t FNV_START = 14695981039346656037u, SECOND = 1000000000u;

static uint64_t fnv(uint64_t sum, const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) sum = (sum ^ p[i]) * 1099511628211u;
    return sum;
}
static int failed(const char *who, const char *what, const char *why)
{
    fprintf(stderr, "\r%s: %s: %s\n", who, what, why);
    return 1;
}

/* The receiver owns the endpoint: when it dies, the sender is told.  The other way round it asks itself, every second in which nothing came. */
static int receive_all(vipc *ipc, const char *copy)
{
    static unsigned char block[BLOCK];
    vipc_endpoint_desc desc = VIPC_INIT;
    vipc_cap in;
    vipc_incoming m = VIPC_INIT;
    vipc_pid sender = { 0 };
    vipc_process_info info;
    uint64_t sum = FNV_START, bytes = 0;
    FILE *out = NULL;
    desc.capacity = BLOCKS;
    desc.payload_max = BLOCK;
    vipc_error e = vipc_posix_after_fork(ipc, "receiver");
    if (e == VIPC_OK) e = vipc_process_find(ipc, (uint64_t)getppid(), &sender);
    if (e == VIPC_OK) e = vipc_endpoint_create(ipc, &desc, &in);
    if (e != VIPC_OK) return failed("receiver", "starting", vipc_error_string(e));
    if (copy && !(out = fopen(copy, "wb"))) return failed("receiver", copy, strerror(errno));     /* before the name exists: nothing is sent in vain */
    if ((e = vipc_publish(ipc, "file", in, VIPC_RIGHT_SEND)) != VIPC_OK) return failed("receiver", "publishing", vipc_error_string(e));
    for (;;) {
        m.payload = block;
        m.payload_capacity = sizeof block;
        e = vipc_receive_large(ipc, in, &m, vipc_after(ipc, SECOND));
        if (e == VIPC_ERR_TIMEOUT && vipc_process_get(ipc, sender, &info) == VIPC_OK) continue;
        if (e == VIPC_ERR_TIMEOUT) return failed("receiver", "waiting for data", "the sender died");
        if (e != VIPC_OK) return failed("receiver", "receiving", vipc_error_string(e));
        if (m.message.opcode != OP_DATA) break;
        sum = fnv(sum, block, m.info.payload_size);
        bytes += m.info.payload_size;
        if (out && fwrite(block, 1, m.info.payload_size, out) != m.info.payload_size) return failed("receiver", copy, strerror(errno));
    }
    if (m.message.opcode == OP_ABANDONED) return 1;
    if (out && fclose(out) != 0) return failed("receiver", copy, strerror(errno));
    printf("receiver: %llu bytes, checksum %016llx\n", (unsigned long long)bytes, (unsigned long long)sum);
    fflush(stdout);
    return bytes != m.message.data[0] || sum != m.message.data[1];
}

/* The receiver's endpoint; it may fail before it has one, so ask now and then whether it still runs. */
static vipc_error find_receiver(vipc *ipc, pid_t child, vipc_cap *out)
{
    vipc_error e;
    int status;
    do e = vipc_lookup(ipc, "file", VIPC_RIGHT_SEND, out, vipc_after(ipc, SECOND / 10));
    while (e == VIPC_ERR_TIMEOUT && waitpid(child, &status, WNOHANG) == 0);
    return e == VIPC_ERR_TIMEOUT ? VIPC_ERR_PEER_DEAD : e;
}

static int send_all(vipc *ipc, pid_t child, FILE *in, const char *name, uint64_t *bytes)
{
    static unsigned char block[BLOCK];
    vipc_outgoing m = VIPC_INIT;
    vipc_cap out;
    uint64_t sum = FNV_START, shown = 0;
    vipc_error e = find_receiver(ipc, child, &out);
    m.message.opcode = OP_DATA;
    while (e == VIPC_OK) {
        size_t n = fread(block, 1, sizeof block, in);
        if (n == 0) break;
        sum = fnv(sum, block, n);
        m.payload = block;
        m.payload_size = n;
        e = vipc_send_large(ipc, out, &m, VIPC_FOREVER);
        *bytes += n;
        if (*bytes - shown >= 8u << 20 && isatty(2)) fprintf(stderr, "\r%llu MB", (unsigned long long)((shown = *bytes) >> 20));
    }
    if (e == VIPC_ERR_PEER_DEAD) return 1;                   /* the receiver has said why, or waitpid will */
    if (e != VIPC_OK) return failed("sender", "sending", vipc_error_string(e));
    m.message.opcode = ferror(in) ? OP_ABANDONED : OP_END;
    m.message.data[0] = *bytes;
    m.message.data[1] = sum;
    m.payload_size = 0;
    if (ferror(in)) failed("sender", name, strerror(errno));
    else printf("sender:   %llu bytes, checksum %016llx\n", (unsigned long long)*bytes, (unsigned long long)sum);
    fflush(stdout);
    e = vipc_send_large(ipc, out, &m, VIPC_FOREVER);
    return e != VIPC_OK || m.message.opcode != OP_END;
}

int main(int argc, char **argv)
{
    vipc ipc;
    vipc_posix_desc desc = VIPC_INIT;
    uint64_t bytes = 0;
    int fd, status = 0, bad;
    desc.frames_bytes = 4u << 20;
    if (argc < 2 || argc > 3) { fprintf(stderr, "usage: file_pipe FILE [COPY]\n"); return 1; }
    FILE *in = fopen(argv[1], "rb");
    if (!in) return failed("sender", argv[1], strerror(errno));
    vipc_error e = vipc_posix_create_fd(&ipc, &desc, &fd);
    if (e != VIPC_OK) return failed("sender", "creating a domain", vipc_error_string(e));
    vipc_time start = vipc_time_now(&ipc);
    pid_t child = fork();
    if (child < 0) return failed("sender", "fork", strerror(errno));
    if (child == 0) _exit(receive_all(&ipc, argc > 2 ? argv[2] : NULL));
    bad = send_all(&ipc, child, in, argv[1], &bytes);
    if (waitpid(child, &status, 0) == child && WIFSIGNALED(status)) bad = failed("sender", "sending", "the receiver was killed");
    bad |= status != 0;
    if (!bad) printf("equal, %llu MB/s\n", (unsigned long long)(bytes * 1000u / (vipc_time_now(&ipc) - start + 1)));
    vipc_posix_close(&ipc);
    return bad;
}
