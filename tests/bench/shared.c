/* shared.c - what handing over shared regions costs, in instructions and, between two processes, in time beside what a copy costs.  For tests/bench/shared.sh.
 *
 *     shared WORK PAGES N       for counting: N times in two processes of one thread, with hooks that do next to nothing; prints what it has made sure of
 *   share   a region of so many pages goes over in a message; both keep it mapped       first  the same, but the receiver maps it anew each time, and unmaps it
 *   move    it goes over for good, is mapped there, and comes back the same way         cow    a snapshot goes over, and is closed
 *   create  a region is made and closed                                                 none   nothing
 * The counted part is bench_part, and all that it calls.
 *     shared time [MEBIBYTES]   two processes, each on a processor of its own; rows, measured in turn, medians of ROUNDS (less for what is large):
 *         work <TAB> size <TAB> microseconds <TAB> of the floor <TAB> which floor <TAB> ratio
 * Linux. */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../../shims/veridian_posix.h"
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#define NAME "shared"
#include "hooks.h"

enum { ROUNDS = 41, TURNS = 8 };
static const uint64_t MIB = 1u << 20;

/* -------------------------------------------------------------------------------------------------- counted */
static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    for (uint64_t run = 1; run <= idle_count; run++) {       /* the last that came back, if they are neighbours: what is asked for is what was given back */
        if (run > 1 && idle[idle_count - run] + 1 != idle[idle_count - run + 1]) break;
        if (run == count) { idle_count -= count; *first = idle[idle_count]; return VIPC_OK; }
    }
    return fresh_frames(count, first);
}

struct bench {
    const char *work;
    vipc *a, *b;
    vipc_cap door, here, back, mine, region;       /* door: a's, of b's endpoint, which is here; back: b's, of a's, which is mine */
    uint64_t bytes;
    unsigned n;
};
static vipc_cap hand(vipc *from, vipc_cap to, vipc_cap region, uint32_t mode, vipc *receiver, vipc_cap at)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.region = region;
    out.region_mode = mode;
    must(vipc_send_large(from, to, &out, VIPC_NOW), "vipc_send_large");
    must(vipc_receive_large(receiver, at, &in, VIPC_NOW), "vipc_receive_large");
    return in.region;
}
static vipc_mapping map(vipc *v, vipc_cap region)
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m;
    d.access = VIPC_WRITE;
    must(vipc_map(v, region, &d, &m), "vipc_map");
    return m;
}
void bench_part(struct bench *x);
void bench_part(struct bench *x)
{
    for (unsigned i = 0; i < x->n; i++) {
        const bool share = !strcmp(x->work, "share"), first = !strcmp(x->work, "first");
        if (share || first) {
            const vipc_cap got = hand(x->a, x->door, x->region, VIPC_SHARE, x->b, x->here);
            const vipc_mapping m = map(x->b, got);
            if (first) must(vipc_unmap(x->b, &m, VIPC_NOW), "vipc_unmap");
            must(vipc_close(x->b, got), "vipc_close");
        } else if (!strcmp(x->work, "move")) {
            vipc_cap got = hand(x->a, x->door, x->region, VIPC_MOVE, x->b, x->here);
            (void)map(x->b, got);
            x->region = hand(x->b, x->back, got, VIPC_MOVE, x->a, x->mine);
            (void)map(x->a, x->region);
        } else if (!strcmp(x->work, "cow")) {
            must(vipc_close(x->b, hand(x->a, x->door, x->region, VIPC_COPY_ON_WRITE, x->b, x->here)), "vipc_close");
        } else if (!strcmp(x->work, "create")) {
            vipc_region_desc d = VIPC_INIT;
            vipc_cap made;
            d.size = x->bytes;
            must(vipc_region_create(x->a, &d, &made), "vipc_region_create");
            must(vipc_close(x->a, made), "vipc_close");
        }
    }
}
/* A space of its own, and an endpoint that the other one may send to. */
static void take_place(vipc *v, vipc_cap *inbox, vipc *other, vipc_cap *to)
{
    vipc_cap space;
    must(vipc_space_create(v, NULL, &space), "vipc_space_create");
    must(vipc_space_adopt(v, space), "vipc_space_adopt");
    must(vipc_endpoint_create(v, NULL, inbox), "vipc_endpoint_create");
    must(vipc_grant(v, *inbox, vipc_self(other), NULL, to), "vipc_grant");
}
static int counted(const char *work, uint64_t pages, unsigned n)
{
    static vipc a, b;
    struct bench x;
    vipc_config c = VIPC_INIT;
    vipc_region_desc d = VIPC_INIT;
    vipc_process_desc p = VIPC_INIT;
    memset(&x, 0, sizeof x);
    x.work = work;
    x.n = n;
    x.bytes = pages * PAGE;
    vipc_hooks h = hooks_over(2 * pages + pages / 64 + 4096);
    c.max_spaces = 4;
    c.max_shared = 16;
    c.max_frames = (uint32_t)frames;
    c.shared_per_process = ~0u;
    domain_over(&a, &c, &h);
    must(vipc_process_create(&a, &p, &b, NULL), "vipc_process_create");
    x.a = &a;
    x.b = &b;
    take_place(&a, &x.mine, &b, &x.back);
    take_place(&b, &x.here, &a, &x.door);
    d.size = x.bytes;
    must(vipc_region_create(&a, &d, &x.region), "vipc_region_create");
    (void)map(&a, x.region);
    if (!strcmp(work, "share")) {
        const vipc_cap got = hand(&a, x.door, x.region, VIPC_SHARE, &b, x.here);
        (void)map(&b, got);
        must(vipc_close(&b, got), "vipc_close");
    }
    bench_part(&x);
    uint32_t violations = 1;
    must(vipc_check(&a, &violations), "vipc_check");
    printf("%s %llu %u violations %u\n", work, (unsigned long long)pages, n, violations);
    return violations != 0;
}

/* -------------------------------------------------------------------------------------------------- timed
 * A gives, B receives: a child.  What B is asked goes by calls; what is compared with a socket or a flag goes by those, in the same two processes. */
enum { OP_TAKE = 1, OP_READ, OP_FLAG, OP_SOCKET, OP_BACK, OP_DROP, OP_END };
static vipc ipc;
static int sockets[2];
static uint64_t *plain;                            /* 1 MiB that both have without the library, and a flag behind it */
static vipc_cap door, region;
static vipc_mapping mine;
static uint64_t size;
static volatile uint64_t sink;

static double now(void) { return (double)vipc_posix_now_(NULL) / 1e3; }
static void pin(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}
static void write_lines(uint64_t *p, uint64_t n) { for (uint64_t i = 0; i < MIB / 64; i++) p[i * 8] = n + i; }
static uint64_t read_lines(const uint64_t *p) { uint64_t sum = 0; for (uint64_t i = 0; i < MIB / 64; i++) sum += p[i * 8]; return sum; }
static uint64_t *flag(void) { return plain + MIB / 8; }
static void open_window(uint64_t bytes)
{
    vipc_posix_window_desc d = VIPC_INIT;
    vipc_cap space;
    d.size = bytes;
    must(vipc_posix_window_open(&ipc, &d, &space), "vipc_posix_window_open");
}
static int receiver(pid_t giver, uint64_t window)
{
    static char block[1 << 20];
    vipc_cap own, held = VIPC_INIT;
    vipc_mapping m = VIPC_INIT;
    vipc_endpoint_desc looks = VIPC_INIT;
    char byte = 1;
    looks.spin = 1u << 22;                                 /* as the floor does: both are awake all the time */
    pin(1);
    close(sockets[0]);
    must(vipc_posix_after_fork(&ipc, "B"), "vipc_posix_after_fork");
    open_window(window);
    must(vipc_endpoint_create(&ipc, &looks, &own), "vipc_endpoint_create");
    must(vipc_publish(&ipc, "B", own, VIPC_RIGHT_SEND), "vipc_publish");
    for (;;) {
        vipc_incoming in = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        vipc_error e;
        while ((e = vipc_receive_large(&ipc, own, &in, vipc_after(&ipc, 1000000000u))) == VIPC_ERR_TIMEOUT && getppid() == giver) { }
        must(e, "vipc_receive_large");
        switch (in.message.opcode) {
        case OP_TAKE:
            m = map(&ipc, in.region);
            if (in.region_mode == VIPC_MOVE) held = in.region;
            else must(vipc_close(&ipc, in.region), "vipc_close");
            if (in.message.data[0]) out.message.data[0] = read_lines((const uint64_t *)vipc_pointer(&m));
            break;
        case OP_BACK: out.region = held; out.region_mode = VIPC_MOVE; break;
        case OP_DROP: must(vipc_unmap(&ipc, &m, VIPC_FOREVER), "vipc_unmap"); break;
        case OP_FLAG:
            for (uint64_t turn = 1; turn <= in.message.data[0]; turn++) {
                while (__atomic_load_n(flag(), __ATOMIC_ACQUIRE) != 2 * turn - 1) { }
                flag()[8] = read_lines(plain);
                __atomic_store_n(flag(), 2 * turn, __ATOMIC_RELEASE);
            }
            break;
        case OP_SOCKET:
            if (write(sockets[1], &byte, 1) != 1) exit(1);
            for (uint64_t left = MIB; left;) {
                const ssize_t n = read(sockets[1], block, left);
                if (n <= 0) exit(1);
                left -= (uint64_t)n;
            }
            if (write(sockets[1], &byte, 1) != 1) exit(1);
            break;
        default: break;
        }
        if (in.info.reply.token) must(vipc_reply_large(&ipc, in.info.reply, &out), "vipc_reply_large");
        if (in.message.opcode == OP_END) return 0;
    }
}
static vipc_incoming ask(uint32_t op, uint64_t data, uint32_t mode, int with_region)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.message.opcode = op;
    out.message.data[0] = data;
    if (with_region) out.region = region;
    out.region_mode = mode;
    must(vipc_call_large(&ipc, door, &out, &in, VIPC_FOREVER), "vipc_call_large");
    return in;
}
/* Of some in a row but the first, in which the other comes back from whatever it did before. */
static double several(double (*once)(void))
{
    double took = 0;
    (void)once();
    for (int turn = 1; turn < TURNS; turn++) took += once();
    return took / (TURNS - 1);
}
static double call_once(void) { const double t = now(); ask(0, 0, 0, 0); return now() - t; }
static double share_once(void) { const double t = now(); ask(OP_TAKE, 0, VIPC_SHARE, 1); return now() - t; }
static double call_alone(void) { return several(call_once); }
static double share(void) { return several(share_once); }
static double share_first(void)
{
    const double t = now();
    ask(OP_TAKE, 0, VIPC_SHARE, 1);
    const double took = now() - t;
    ask(OP_DROP, 0, 0, 0);
    return took;
}
static double share_read(void)                     /* written, handed over and read; whoever is faster at it has warmer caches: the same in the floor */
{
    double took = 0;
    for (uint64_t turn = 1; turn <= TURNS; turn++) {
        const double t = now();
        write_lines((uint64_t *)vipc_pointer(&mine), turn);
        const vipc_incoming in = ask(OP_TAKE, 1, VIPC_SHARE, 1);
        if (turn > 1) took += now() - t;
        if (in.message.data[0] != MIB / 64 * turn + (MIB / 64) * (MIB / 64 - 1) / 2) must(VIPC_ERR_CORRUPT, "what was read");
    }
    return took / (TURNS - 1);
}
static double flag_read(void)                      /* the floor of that: the reader reads what the writer wrote, and nobody checks anything */
{
    vipc_outgoing out = VIPC_INIT;
    double took = 0;
    out.message.opcode = OP_FLAG;
    out.message.data[0] = TURNS;
    *flag() = 0;
    must(vipc_send_large(&ipc, door, &out, VIPC_FOREVER), "vipc_send_large");
    for (uint64_t turn = 1; turn <= TURNS; turn++) {
        const double t = now();
        write_lines(plain, turn);
        __atomic_store_n(flag(), 2 * turn - 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(flag(), __ATOMIC_ACQUIRE) != 2 * turn) { }
        if (turn > 1) took += now() - t;           /* in the first the other is on its way here */
    }
    return took / (TURNS - 1);
}
static double socket_once(void)
{
    static char block[1 << 20];
    vipc_outgoing out = VIPC_INIT;
    char byte;
    out.message.opcode = OP_SOCKET;
    must(vipc_send_large(&ipc, door, &out, VIPC_FOREVER), "vipc_send_large");
    if (read(sockets[0], &byte, 1) != 1) exit(1);
    const double t = now();
    for (uint64_t left = MIB; left;) {
        const ssize_t n = write(sockets[0], block, left);
        if (n <= 0) exit(1);
        left -= (uint64_t)n;
    }
    if (read(sockets[0], &byte, 1) != 1) exit(1);
    return now() - t;
}
static double by_socket(void) { return several(socket_once); }
static double move(void)                           /* there and back, mapped at either end */
{
    const double t = now();
    ask(OP_TAKE, 0, VIPC_MOVE, 1);
    region = ask(OP_BACK, 0, 0, 0).region;
    mine = map(&ipc, region);
    return now() - t;
}
static double map_unmap(void)
{
    const double t = now();
    const vipc_mapping m = map(&ipc, region);
    must(vipc_unmap(&ipc, &m, VIPC_FOREVER), "vipc_unmap");
    return now() - t;
}
static int host_fd;
static double host_map_unmap(void)
{
    const double t = now();
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, host_fd, 0);
    if (p == MAP_FAILED || munmap(p, size) != 0) exit(1);
    return now() - t;
}
static void touch_all(volatile char *p) { for (uint64_t at = 0; at < size; at += PAGE) sink += (uint64_t)p[at]; }
static double map_touch_unmap(void)
{
    const double t = now();
    const vipc_mapping m = map(&ipc, region);
    touch_all((volatile char *)vipc_pointer(&m));
    must(vipc_unmap(&ipc, &m, VIPC_FOREVER), "vipc_unmap");
    return now() - t;
}
static double host_map_touch_unmap(void)
{
    const double t = now();
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, host_fd, 0);
    if (p == MAP_FAILED) exit(1);
    touch_all((volatile char *)p);
    munmap(p, size);
    return now() - t;
}
static double create(void)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_cap made;
    d.size = size;
    const double t = now();
    must(vipc_region_create(&ipc, &d, &made), "vipc_region_create");
    must(vipc_close(&ipc, made), "vipc_close");
    return now() - t;
}
static unsigned char *zeroed;
static double zero(void)
{
    const double t = now();
    for (uint64_t at = 0; at < size; at += PAGE) {         /* frame by frame: one memset of it all goes past the caches */
        memset(zeroed + at, 0, PAGE);
        __asm__ volatile("" : : "r"(zeroed) : "memory");
    }
    return now() - t;
}
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}
static void row(const char *work, double (*ours)(void), const char *floor_name, double (*theirs)(void), int rounds)
{
    double a[ROUNDS], b[ROUNDS];
    (void)ours();
    if (theirs) (void)theirs();
    for (int i = 0; i < rounds; i++) {             /* in turn: what else the machine does hits both */
        a[i] = ours();
        b[i] = theirs ? theirs() : 0;
    }
    qsort(a, (size_t)rounds, sizeof *a, compare);
    qsort(b, (size_t)rounds, sizeof *b, compare);
    printf("%s\t%llu KiB\t%.1f\t%.1f\t%s\t", work, (unsigned long long)(size >> 10), a[rounds / 2], b[rounds / 2], floor_name);
    if (theirs) printf("%.2f\t(of the fastest: %.2f)\n", a[rounds / 2] / b[rounds / 2], a[0] / b[0]);
    else printf("-\n");
    fflush(stdout);
}
static void with_region(uint64_t bytes)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = size = bytes;
    must(vipc_region_create(&ipc, &d, &region), "vipc_region_create");
    mine = map(&ipc, region);
}
static void without_region(void)
{
    must(vipc_unmap(&ipc, &mine, VIPC_FOREVER), "vipc_unmap");
    must(vipc_close(&ipc, region), "vipc_close");
}
static int timed(uint64_t most)
{
    vipc_posix_desc domain = VIPC_INIT;
    int fd;
    domain.frames_bytes = most + most / 128 + 64 * MIB;
    must(vipc_posix_create_fd(&ipc, &domain, &fd), "vipc_posix_create_fd");
    plain = (uint64_t *)mmap(NULL, MIB + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (plain == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0) return 1;
    const int room = 2 << 20;
    setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    const pid_t giver = getpid(), pid = fork();
    if (pid < 0) return 1;
    if (pid == 0) return receiver(giver, most + 64 * MIB);
    pin(0);
    open_window(most + 64 * MIB);
    must(vipc_lookup(&ipc, "B", VIPC_RIGHT_SEND, &door, VIPC_FOREVER), "vipc_lookup");
    host_fd = memfd_create("host", 0);
    if (host_fd < 0 || ftruncate(host_fd, (off_t)most) != 0) return 1;
    for (uint64_t bytes = PAGE; bytes <= most; bytes = bytes * 256 < most || bytes == most ? bytes * 256 : most) {
        const int rounds = bytes > 64 * MIB ? 9 : ROUNDS;
        with_region(bytes);
        ask(OP_TAKE, 0, VIPC_SHARE, 1);
        row("share_again", share, "a call without it", call_alone, ROUNDS);
        if (bytes == MIB) {
            row("share_again", share, "AF_UNIX socket", by_socket, ROUNDS);
            row("share_read", share_read, "shm-share: a flag", flag_read, ROUNDS);
        }
        ask(OP_DROP, 0, 0, 0);
        row("share_first", share_first, "mmap, munmap", host_map_unmap, rounds);
        row("move_and_back", move, "mmap, munmap", host_map_unmap, rounds);
        must(vipc_unmap(&ipc, &mine, VIPC_FOREVER), "vipc_unmap");
        row("map_unmap", map_unmap, "mmap, munmap", host_map_unmap, rounds);
        {
            char *p = (char *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, host_fd, 0);
            if (p == MAP_FAILED) return 1;
            memset(p, 1, bytes);
            munmap(p, bytes);
        }
        row("map_touch_unmap", map_touch_unmap, "mmap, touch, munmap", host_map_touch_unmap, rounds);
        mine = map(&ipc, region);
        without_region();
        zeroed = (unsigned char *)mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (zeroed == MAP_FAILED) return 1;
        row("create_close", create, "memset of its frames", zero, rounds);
        munmap(zeroed, bytes);
    }
    ask(OP_END, 0, 0, 0);
    waitpid(pid, NULL, 0);
    return vipc_posix_close(&ipc) != VIPC_OK;
}
int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "time")) return timed((argc > 2 ? strtoull(argv[2], NULL, 0) : 1024) * MIB);
    if (argc != 4) return 1;
    return counted(argv[1], strtoull(argv[2], NULL, 0), (unsigned)strtoul(argv[3], NULL, 0));
}
