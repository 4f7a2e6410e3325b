/* file_pipe.c - a file goes from one process to another through an endpoint: as payloads that are copied, or through memory that both have, which is not
 *
 *   cc examples/file_pipe.c -o file_pipe && ./file_pipe veridian_ipc.h copy.h
 *
 * prints:  sender:   228371 bytes, checksum 0f1e2d3c4b5a6978
 *          receiver: 228371 bytes, checksum 0f1e2d3c4b5a6978
 *          equal, 650 MB/s                 (twice that with -O2)
 * The second file is optional; without it the receiver only adds up.  The checksum is made for this example (see `add`), on each side for itself.
 * With -z before the file nothing is copied between the two: the blocks lie in a shared region that both keep mapped, the sender reads the file into it, and
 * the receiver writes its copy from there.  A message says which block is the receiver's to use now; the room that it leaves in the queue, once it has been
 * received, is what gives a block back.  With -b it goes both ways, one after the other, and the last line compares them.
 * Exit 0: both are equal; 1: they are not, or something failed, and the cause is on standard error.  Progress is shown on a terminal only.
 */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { OP_DATA = 1, OP_END = 2, BLOCK = 128 << 10, BLOCKS = 16 };     /* 2 MiB under way at most */
/* In the region: those that are queued, one that the receiver has in hand, one that the sender fills.  It fills block i when i - 1 is queued: so of those before
 * that at most BLOCKS are queued still, the one before these may be in the receiver's hand, and it is done with block i - PLACES. */
enum { PLACES = BLOCKS + 2 };
static const uint64_t SUM_START = 0x853c49e6748fea9bu, SECOND = 1000000000u;

/* Eight bytes a step.  Each step can be undone (an odd factor, a shift that mixes), so two files that differ in one place only never agree. */
static uint64_t add(uint64_t sum, const unsigned char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, p + i, sizeof word);
        sum = (sum ^ word) * 0x9fb21c651e98df25u;
        sum ^= sum >> 29;
    }
    for (; i < n; i++) sum = (sum ^ p[i]) * 0x100000001b3u;
    return sum;
}

static int failed(const char *who, const char *what, const char *why)
{
    fprintf(stderr, "%s%s: %s: %s\n", isatty(2) ? "\r" : "", who, what, why);
    return 1;
}
static int result(const char *who, uint64_t bytes, uint64_t sum)
{
    printf("%-9s %llu bytes, checksum %016llx\n", who, (unsigned long long)bytes, (unsigned long long)sum);
    return fflush(stdout);
}

/* The region in this process's own addresses: blocks that system calls can read and write, too. */
static unsigned char *map_blocks(vipc *ipc, vipc_cap region, uint32_t access, vipc_error *e)
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m = VIPC_INIT;
    vipc_cap space;
    d.access = access;
    *e = vipc_posix_window_open(ipc, NULL, &space);
    if (*e == VIPC_OK) *e = vipc_map(ipc, region, &d, &m);
    return (unsigned char *)vipc_pointer(&m);
}

/* -- the sender: a child of the receiver, with a membership of its own.  The endpoint is the receiver's: if that dies, a send says so. */
static void show(uint64_t bytes)
{
    static uint64_t shown;
    if (bytes - shown >= 64u << 20 && isatty(2)) fprintf(stderr, "\r%llu MB", (unsigned long long)((shown = bytes) / 1000000u));
}
static int send_end(vipc *ipc, vipc_cap door, uint64_t bytes, uint64_t sum)
{
    vipc_message m = VIPC_INIT;
    if (isatty(2)) fputs("\r            \r", stderr);
    result("sender:", bytes, sum);
    m.opcode = OP_END;
    m.data[0] = bytes;
    m.data[1] = sum;
    const vipc_error e = vipc_send(ipc, door, &m, VIPC_FOREVER);
    return e == VIPC_OK ? 0 : failed("sender", "sending", vipc_error_string(e));
}
static int send_all(vipc *ipc, FILE *in, const char *name)
{
    static unsigned char block[BLOCK];
    vipc_outgoing m = VIPC_INIT;
    vipc_cap door;
    uint64_t sum = SUM_START, bytes = 0;
    vipc_error e = vipc_posix_after_fork(ipc, "sender");
    if (e == VIPC_OK) e = vipc_lookup(ipc, "file", VIPC_RIGHT_SEND, &door, VIPC_NOW);
    if (e != VIPC_OK) return failed("sender", "joining", vipc_error_string(e));
    m.message.opcode = OP_DATA;
    m.payload = block;
    while (e == VIPC_OK && (m.payload_size = fread(block, 1, sizeof block, in)) > 0) {
        sum = add(sum, block, m.payload_size);
        bytes += m.payload_size;
        e = vipc_send_large(ipc, door, &m, VIPC_FOREVER);
        show(bytes);
    }
    if (ferror(in)) return failed("sender", name, strerror(errno));
    return e == VIPC_OK ? send_end(ipc, door, bytes, sum) : failed("sender", "sending", vipc_error_string(e));
}
/* Without a copy: the file is read into the region, where the receiver has it too.  The first message brings the region along. */
static int send_blocks(vipc *ipc, FILE *in, const char *name)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_outgoing m = VIPC_INIT;
    vipc_cap door, region;
    unsigned char *blocks = NULL;
    uint64_t sum = SUM_START, bytes = 0;
    size_t n;
    d.size = (uint64_t)PLACES * BLOCK;
    vipc_error e = vipc_posix_after_fork(ipc, "sender");
    if (e == VIPC_OK) e = vipc_lookup(ipc, "file", VIPC_RIGHT_SEND, &door, VIPC_NOW);
    if (e == VIPC_OK) e = vipc_region_create(ipc, &d, &region);
    if (e == VIPC_OK) blocks = map_blocks(ipc, region, VIPC_WRITE, &e);
    if (e != VIPC_OK) return failed("sender", "joining", vipc_error_string(e));
    m.message.opcode = OP_DATA;
    m.region = region;
    m.region_access = VIPC_READ;                            /* the receiver looks, no more */
    for (unsigned i = 0; e == VIPC_OK && (n = fread(blocks + (size_t)i * BLOCK, 1, BLOCK, in)) > 0; i = (i + 1) % PLACES) {
        sum = add(sum, blocks + (size_t)i * BLOCK, n);
        bytes += n;
        m.message.data[0] = i;
        m.message.data[1] = n;
        e = m.region.token ? vipc_send_large(ipc, door, &m, VIPC_FOREVER) : vipc_send(ipc, door, &m.message, VIPC_FOREVER);
        m.region.token = 0;
        show(bytes);
    }
    if (ferror(in)) return failed("sender", name, strerror(errno));
    return e == VIPC_OK ? send_end(ipc, door, bytes, sum) : failed("sender", "sending", vipc_error_string(e));
}

/* -- the receiver.  When nothing comes it looks whether the sender still runs, and then once more into the queue. */
static vipc_error receive_one(vipc *ipc, vipc_cap door, vipc_incoming *m, pid_t sender, int *status)
{
    vipc_error e;
    do e = vipc_receive_large(ipc, door, m, vipc_after(ipc, SECOND / 10));
    while (e == VIPC_ERR_TIMEOUT && waitpid(sender, status, WNOHANG) == 0);
    return e == VIPC_ERR_TIMEOUT ? vipc_receive_large(ipc, door, m, VIPC_NOW) : e;
}
static int receive_all(vipc *ipc, vipc_cap door, pid_t sender, FILE *out, const char *name, uint64_t *bytes)
{
    static unsigned char block[BLOCK];
    vipc_incoming m = VIPC_INIT;
    const unsigned char *blocks = NULL, *from;
    uint64_t sum = SUM_START;
    int status = 0;
    m.payload = block;
    m.payload_capacity = sizeof block;
    for (;;) {
        vipc_error e = receive_one(ipc, door, &m, sender, &status);
        if (e == VIPC_ERR_CHANNEL_EMPTY) return WIFSIGNALED(status) ? failed("receiver", "waiting for more", "the sender was killed") : 1;    /* or it has said why */
        if (e == VIPC_OK && m.region.token) blocks = map_blocks(ipc, m.region, VIPC_READ, &e);
        if (e != VIPC_OK) return failed("receiver", "receiving", vipc_error_string(e));
        if (m.message.opcode == OP_END) break;
        const size_t n = blocks ? (size_t)m.message.data[1] : m.info.payload_size;
        from = blocks ? blocks + (size_t)(m.message.data[0] % PLACES) * BLOCK : block;
        if (n > BLOCK) return failed("receiver", "receiving", "that is no block");
        sum = add(sum, from, n);
        *bytes += n;
        if (out && fwrite(from, 1, n, out) != n) return failed("receiver", name, strerror(errno));
    }
    if (out && fclose(out) != 0) return failed("receiver", name, strerror(errno));
    result("receiver:", *bytes, sum);
    return *bytes == m.message.data[0] && sum == m.message.data[1] ? 0 : failed("receiver", "checksum", "not equal");
}

/* Opened before anything is sent; the copy is emptied only when it is sure that it is not the file itself. */
static FILE *open_both(const char *from, const char *to, FILE **out)
{
    struct stat a, b;
    FILE *in = fopen(from, "rb");
    if (!in || fstat(fileno(in), &a) != 0) { failed("sender", from, strerror(errno)); return NULL; }
    if (S_ISDIR(a.st_mode)) { failed("sender", from, strerror(EISDIR)); return NULL; }
    if (!to) return in;
    if (S_ISREG(a.st_mode) && stat(to, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) { failed("receiver", to, "is the file itself"); return NULL; }
    *out = fopen(to, "wb");
    if (!*out) { failed("receiver", to, strerror(errno)); return NULL; }
    return in;
}

/* One file, in one of the two ways; *speed in MB/s.  0: all was right. */
static int transfer(const char *from, const char *to, int zero_copy, unsigned long long *speed)
{
    vipc ipc;
    vipc_cap door;
    vipc_posix_desc domain = VIPC_INIT;
    vipc_endpoint_desc queue = VIPC_INIT;
    uint64_t bytes = 0;
    FILE *in, *out = NULL;
    int fd, bad;
    domain.frames_bytes = 4u << 20;
    queue.capacity = BLOCKS;
    queue.payload_max = zero_copy ? 0 : BLOCK;
    if (!(in = open_both(from, to, &out))) return 1;
    vipc_error e = vipc_posix_create_fd(&ipc, &domain, &fd);
    if (e == VIPC_OK) e = vipc_endpoint_create(&ipc, &queue, &door);
    if (e == VIPC_OK) e = vipc_publish(&ipc, "file", door, VIPC_RIGHT_SEND);
    if (e != VIPC_OK) return failed("receiver", "making a domain", vipc_error_string(e));
    vipc_time start = vipc_time_now(&ipc);
    pid_t sender = fork();
    if (sender < 0) return failed("receiver", "fork", strerror(errno));
    if (sender == 0) _exit(zero_copy ? send_blocks(&ipc, in, from) : send_all(&ipc, in, from));
    bad = receive_all(&ipc, door, sender, out, to, &bytes);
    *speed = (unsigned long long)(bytes * 1000u / (vipc_time_now(&ipc) - start + 1));
    if (!bad) printf("equal, %llu MB/s%s\n", *speed, zero_copy ? ", without a copy" : "");
    vipc_posix_close(&ipc);                                  /* a sender that is still at it wakes, and ends */
    waitpid(sender, NULL, 0);
    close(fd);
    fclose(in);
    return bad;
}

int main(int argc, char **argv)
{
    const int both = argc > 1 && !strcmp(argv[1], "-b"), zero_copy = argc > 1 && !strcmp(argv[1], "-z");
    char **files = argv + 1 + (both || zero_copy);
    const long count = argv + argc - files;
    unsigned long long copied = 0, shared = 0;
    if (count < 1 || count > 2) return failed("usage", "file_pipe [-z | -b] FILE [COPY]", "see the top of file_pipe.c");
    const char *to = count > 1 ? files[1] : NULL;
    int bad = zero_copy ? 0 : transfer(files[0], to, 0, &copied);
    if (!bad && (both || zero_copy)) bad = transfer(files[0], to, 1, &shared);
    if (!bad && both) printf("%llu MB/s copied, %llu MB/s shared\n", copied, shared);
    return bad;
}
