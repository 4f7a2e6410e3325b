/* zero_copy.c - a gigabyte goes to another process without a copy: shared, moved, or copied when somebody writes
 *
 *     cc examples/zero_copy.c -o zero_copy && ./zero_copy [MEBIBYTES]
 *
 * Two processes, each with a window (addresses that shared memory is mapped into).  The giver fills a region, and hands it over in a message of a few bytes.
 * The time runs from the call until the receiver has answered that it has the region mapped, and what its first and last words are.  Then the receiver adds
 * up all of it, the giver has done so too, and both must agree.
 *   share           both have it; the receiver maps it for the first time
 *   share again     both have kept it mapped: only the right to it goes over
 *   move            the receiver owns it; the giver's capability and its mapping are gone (it is moved back for the next round)
 *   copy-on-write   the receiver gets a region of its own; a page is copied when one of the two writes to it.  A snapshot is taken page by page
 * Beside it what a copy costs: through a socket (AF_UNIX, 1 MiB at a time), and by memcpy, which leaves out the handing over.
 * As much is asked for as the machine has room for, 1,024 MiB unless told otherwise; if that is less, it says so.
 *
 * Expected output (the times are the machine's; of several rounds the median):
 *                             4 KiB          1 MiB       1024 MiB
 *     share                 23.3 us        50.6 us        2.87 ms
 *     share again           12.5 us         5.9 us        14.2 us
 *     move                 121.7 us        37.7 us       13.97 ms
 *     copy-on-write         45.5 us        63.9 us       66.72 ms
 *     AF_UNIX socket        32.0 us       170.2 us      820.45 ms
 *     memcpy                 0.1 us        22.8 us      252.19 ms
 *     share again, beside the socket: 1 MiB 29 times faster, 1024 MiB 57774 times
 *     contents checked 9 times: all right.  After a move the giver has nothing; after a copy-on-write 16 pages that it wrote to were copied, and no more
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { OP_TAKE = 1, OP_SUM, OP_DROP, OP_BACK, OP_READ, OP_END, PAGE = 4096, WRITTEN = 16, MOST = 64 };
static const uint64_t MIB = 1u << 20;
static vipc ipc;
static int sockets[2];

static void must(vipc_error e, const char *what)
{
    if (e == VIPC_OK) return;
    fprintf(stderr, "zero_copy: %s: %s\n", what, vipc_error_string(e));
    exit(1);
}
static double now(void) { return (double)vipc_time_now(&ipc); }
static void fill(uint64_t *p, uint64_t bytes) { for (uint64_t i = 0; i < bytes / 8; i++) p[i] = i * 0x9fb21c651e98df25u; }
static uint64_t add(const uint64_t *p, uint64_t bytes)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < bytes / 8; i++) sum = (sum << 1 | sum >> 63) + p[i];
    return sum;
}
static void open_window(uint64_t bytes)
{
    vipc_posix_window_desc d = VIPC_INIT;
    vipc_cap space;
    d.size = bytes;
    must(vipc_posix_window_open(&ipc, &d, &space), "vipc_posix_window_open");
}
static uint64_t *map(vipc_cap region, vipc_mapping *m)
{
    vipc_map_desc d = VIPC_INIT;
    d.access = VIPC_WRITE;
    must(vipc_map(&ipc, region, &d, m), "vipc_map");
    return (uint64_t *)vipc_pointer(m);
}

/* -- the receiver: does what it is told, and answers with what it sees */
static void drain(uint64_t bytes)
{
    char *block = (char *)malloc(MIB), byte = 1;
    if (!block || write(sockets[1], &byte, 1) != 1) exit(1);                   /* ready */
    for (ssize_t n = 0; bytes; bytes -= (uint64_t)n)
        if ((n = read(sockets[1], block, bytes < MIB ? (size_t)bytes : (size_t)MIB)) <= 0) exit(1);
    if (write(sockets[1], &byte, 1) != 1) exit(1);                             /* all of it is here */
    free(block);
}
static int receiver(pid_t giver, uint64_t window)
{
    vipc_cap door;
    vipc_mapping m = VIPC_INIT;
    close(sockets[0]);                                     /* so that the giver's end is its alone, and ends with it */
    must(vipc_posix_after_fork(&ipc, "receiver"), "vipc_posix_after_fork");
    open_window(window);
    must(vipc_endpoint_create(&ipc, NULL, &door), "vipc_endpoint_create");
    must(vipc_publish(&ipc, "receiver", door, VIPC_RIGHT_SEND), "vipc_publish");
    for (vipc_cap held = VIPC_INIT;;) {
        vipc_incoming in = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        vipc_error e;
        while ((e = vipc_receive_large(&ipc, door, &in, vipc_after(&ipc, 1000000000u))) == VIPC_ERR_TIMEOUT && getppid() == giver) { }
        must(e, "vipc_receive_large");
        const uint64_t *p = (const uint64_t *)vipc_pointer(&m);
        switch (in.message.opcode) {
        case OP_TAKE:
            held = in.region;
            p = map(held, &m);
            out.message.data[0] = p[0];
            out.message.data[1] = p[m.size / 8 - 1];
            if (in.region_mode == VIPC_SHARE) must(vipc_close(&ipc, held), "vipc_close");      /* the mapping stays */
            break;
        case OP_SUM: out.message.data[0] = add(p, m.size); break;
        case OP_BACK:                                                         /* what was moved goes back, and its mapping with that */
            out.region = held;
            out.region_mode = VIPC_MOVE;
            break;
        case OP_DROP:
            must(vipc_unmap(&ipc, &m, VIPC_FOREVER), "vipc_unmap");
            if (in.message.data[0] == VIPC_COPY_ON_WRITE) must(vipc_close(&ipc, held), "vipc_close");
            break;
        case OP_READ: drain(in.message.data[0]); break;
        default: break;
        }
        if (in.info.reply.token) must(vipc_reply_large(&ipc, in.info.reply, &out), "vipc_reply_large");
        if (in.message.opcode == OP_END) return vipc_posix_close(&ipc) != VIPC_OK;
    }
}

/* -- the giver */
static vipc_cap door, region;
static vipc_mapping mine;
static uint64_t size, sum;
static unsigned checked, wrong;

static vipc_incoming ask(uint32_t op, uint64_t data)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.message.opcode = op;
    out.message.data[0] = data;
    must(vipc_call_large(&ipc, door, &out, &in, VIPC_FOREVER), "vipc_call_large");
    return in;
}
static double give(uint32_t mode)
{
    const uint64_t *p = (const uint64_t *)vipc_pointer(&mine), first = p[0], last = p[size / 8 - 1];
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.message.opcode = OP_TAKE;
    out.region = region;
    out.region_mode = mode;
    const double begun = now();
    must(vipc_call_large(&ipc, door, &out, &in, VIPC_FOREVER), "vipc_call_large");
    const double took = now() - begun;
    wrong += in.message.data[0] != first || in.message.data[1] != last;
    return took;
}
static void check(void)
{
    checked++;
    wrong += ask(OP_SUM, 0).message.data[0] != sum;
}
static double share_first(void)
{
    const double took = give(VIPC_SHARE);
    ask(OP_DROP, VIPC_SHARE);
    return took;
}
static double share_again(void) { return give(VIPC_SHARE); }
static double move(void)
{
    vipc_region_info info;
    vipc_space_region there;
    const vipc_cap was = region, own = VIPC_INIT;
    const double took = give(VIPC_MOVE);
    wrong += vipc_region_get(&ipc, was, &info) != VIPC_ERR_INVALID_CAPABILITY || vipc_space_find(&ipc, own, mine.at, &there) == VIPC_OK;
    region = ask(OP_BACK, 0).region;
    map(region, &mine);
    return took;
}
static uint64_t frames(void)
{
    vipc_stats s;
    must(vipc_stats_get(&ipc, &s), "vipc_stats_get");
    return s.frames_in_use;
}
static double copy_on_write(void)
{
    const double took = give(VIPC_COPY_ON_WRITE);
    ask(OP_DROP, VIPC_COPY_ON_WRITE);
    return took;
}
static double by_socket(void)
{
    const char *p = (const char *)vipc_pointer(&mine);
    const vipc_cap own = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    char byte;
    must(vipc_space_touch(&ipc, own, mine.at, size, VIPC_PROT_READ, NULL), "vipc_space_touch");      /* a system call does not wait for a page fault */
    out.message.opcode = OP_READ;
    out.message.data[0] = size;
    must(vipc_send_large(&ipc, door, &out, VIPC_FOREVER), "vipc_send_large");
    if (read(sockets[0], &byte, 1) != 1) exit(1);
    const double begun = now();
    for (uint64_t done = 0; done < size;) {
        ssize_t n = write(sockets[0], p + done, size - done < MIB ? (size_t)(size - done) : (size_t)MIB);
        if (n <= 0) { perror("zero_copy: write"); exit(1); }
        done += (uint64_t)n;
    }
    if (read(sockets[0], &byte, 1) != 1) exit(1);
    return now() - begun;
}
static char *elsewhere;
static double by_memcpy(void)
{
    const double begun = now();
    memcpy(elsewhere, vipc_pointer(&mine), (size_t)size);
    return now() - begun;
}

/* -- a row of the table is one of these, a column one size */
static const struct work { const char *name; double (*once)(void); int rounds, rounds_of_the_whole; } works[] = {
    { "share", share_first, 51, 3 }, { "share again", share_again, 51, 51 }, { "move", move, 51, 3 }, { "copy-on-write", copy_on_write, 51, 3 },
    { "AF_UNIX socket", by_socket, 51, 1 }, { "memcpy", by_memcpy, 51, 3 } };
enum { WORKS = sizeof works / sizeof *works, SHARE_AGAIN = 1, SOCKET = 4, SIZES = 3 };
static double took[WORKS][SIZES];

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
static double median(const struct work *w, int rounds)
{
    double t[MOST];
    for (int i = 0; i < rounds; i++) t[i] = w->once();
    qsort(t, (size_t)rounds, sizeof *t, compare);
    return t[rounds / 2];
}
/* All works with a region of that size. */
static void measure(int column, uint64_t bytes)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = size = bytes;
    must(vipc_region_create(&ipc, &d, &region), "vipc_region_create");
    uint64_t *p = map(region, &mine);
    fill(p, size);
    sum = add(p, size);
    elsewhere = (char *)malloc((size_t)size);
    if (!elsewhere) { perror("zero_copy: malloc"); exit(1); }
    memset(elsewhere, 1, (size_t)size);
    for (int i = 0; i < WORKS; i++) {
        if (i == SHARE_AGAIN) give(VIPC_SHARE);
        took[i][column] = median(&works[i], column == SIZES - 1 ? works[i].rounds_of_the_whole : works[i].rounds);
        if (i == SHARE_AGAIN) { check(); ask(OP_DROP, VIPC_SHARE); }
    }
    free(elsewhere);
    give(VIPC_MOVE);                                       /* the contents, once in each of the other modes */
    check();
    region = ask(OP_BACK, 0).region;
    p = map(region, &mine);
    give(VIPC_COPY_ON_WRITE);
    const uint64_t before = frames(), pages = size / PAGE < WRITTEN ? size / PAGE : WRITTEN;
    for (uint64_t i = 0; i < pages; i++) p[i * (size / PAGE / pages) * (PAGE / 8)]++;
    wrong += frames() - before != pages;
    check();                                               /* the receiver sees nothing of that */
    wrong += add(p, size) == sum;
    ask(OP_DROP, VIPC_COPY_ON_WRITE);
    must(vipc_unmap(&ipc, &mine, VIPC_FOREVER), "vipc_unmap");
    must(vipc_close(&ipc, region), "vipc_close");
}
static void print_size(uint64_t bytes)
{
    char text[24];
    snprintf(text, sizeof text, bytes < MIB ? "%llu KiB" : "%llu MiB", (unsigned long long)(bytes < MIB ? bytes >> 10 : bytes >> 20));
    printf("%15s", text);
}
static void print_time(double ns) { printf(ns < 1e6 ? "%12.1f us" : "%12.2f ms", ns / (ns < 1e6 ? 1e3 : 1e6)); }

/* What the machine can spare: the region, and as much again for memcpy, in half of what is free. */
static uint64_t room(void)
{
    const long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 4 / MIB * MIB : 64 * MIB;
}

int main(int argc, char **argv)
{
    const uint64_t wanted = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1024) * MIB;
    uint64_t whole = wanted < room() ? wanted : room();
    vipc_posix_desc domain = VIPC_INIT;
    vipc_error e;
    int fd, status;
    if (argc > 2 || wanted < 2 * MIB || wanted >> 40) {
        fprintf(stderr, "zero_copy: usage: zero_copy [MEBIBYTES], 2 or more\n");
        return 1;
    }
    domain.config.shared_per_process = ~0u;                        /* a copy on write counts in full, whatever it shares */
    do domain.frames_bytes = whole + whole / 128 + 16 * MIB;       /* page maps and queues beside it */
    while ((e = vipc_posix_create_fd(&ipc, &domain, &fd)) == VIPC_ERR_OUT_OF_MEMORY && (whole = whole / 2 / MIB * MIB) >= 2 * MIB);
    must(e, "vipc_posix_create_fd");
    if (whole != wanted) printf("There is no room for %llu MiB here: it is %llu MiB.\n", (unsigned long long)(wanted >> 20), (unsigned long long)(whole >> 20));
    fflush(stdout);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) { perror("zero_copy: socketpair"); return 1; }
    const pid_t giver = getpid(), pid = fork();
    if (pid < 0) { perror("zero_copy: fork"); return 1; }
    if (pid == 0) return receiver(giver, whole + 64 * MIB);
    open_window(whole + 64 * MIB);
    must(vipc_lookup(&ipc, "receiver", VIPC_RIGHT_SEND, &door, VIPC_FOREVER), "vipc_lookup");
    const uint64_t sizes[SIZES] = { PAGE, MIB, whole };
    for (int i = 0; i < SIZES; i++) measure(i, sizes[i]);
    ask(OP_END, 0);
    waitpid(pid, &status, 0);
    wrong += !WIFEXITED(status) || WEXITSTATUS(status) != 0;

    printf("%-14s", "");
    for (int i = 0; i < SIZES; i++) print_size(sizes[i]);
    printf("\n");
    for (int i = 0; i < WORKS; i++) {
        printf("%-14s", works[i].name);
        for (int k = 0; k < SIZES; k++) print_time(took[i][k]);
        printf("\n");
    }
    printf("share again, beside the socket: 1 MiB %.0f times faster, %llu MiB %.0f times\n", took[SOCKET][1] / took[SHARE_AGAIN][1],
           (unsigned long long)(whole >> 20), took[SOCKET][2] / took[SHARE_AGAIN][2]);
    if (wrong) printf("SOMETHING IS WRONG\n");
    else printf("contents checked %u times: all right.  After a move the giver has nothing; after a copy-on-write %d pages that it wrote to were copied, and no more\n", checked, WRITTEN);
    must(vipc_posix_close(&ipc), "vipc_posix_close");
    close(fd);
    return wrong != 0;
}
