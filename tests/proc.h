/* proc.h - real processes for the tests.  A test program starts itself again in a role: fork, then exec of its own file with two
 * inherited descriptors, the domain and a board.  The board is shared memory of the test's own, and nothing of the library's: what a
 * process has noted there stays noted, whatever kills the process next.
 *
 * The watchdog: while a test runs, SIGALRM comes every second to the top process, which looks at the seats' counters.  A seat that is
 * `busy` and has noted nothing for WATCH_SECONDS hangs: the domain is dumped, every child is killed and the program fails.
 */
#ifndef VIPC_TEST_PROC_H
#define VIPC_TEST_PROC_H
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEATS = 24, WATCH_SECONDS = 40 };

/* One running process of the test, as the board knows it. */
typedef struct seat {
    _Atomic uint64_t progress;     /* raised by whoever sits here, whenever something was done */
    _Atomic uint64_t vpid;         /* its vipc_pid, once it has joined */
    _Atomic uint32_t owner;        /* its view index + 1: what a slot's state word says of a claim */
    _Atomic int32_t pid;           /* 0: empty */
    _Atomic uint32_t busy;         /* the watchdog looks */
    _Atomic uint32_t mark;         /* a word between the top process and this one */
    _Atomic uint32_t run;          /* which run of the program sits here: never used twice */
    _Atomic uint64_t told[6];      /* results, as the role says */
} seat;

/* ------------------------------------------------------------------------------------------------ small things */
static inline uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
static inline uint64_t rnd(uint64_t *state) { return mix((*state)++); }
static inline uint64_t below(uint64_t *state, uint64_t n) { return rnd(state) % n; }

static inline double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
/* Between two looks at a condition, so that the looker does not take the processor from those it waits for. */
static inline void nap(void)
{
    struct timespec t = { 0, 200 * 1000 };
    nanosleep(&t, NULL);
}
#define UNTIL(condition) do { while (!(condition)) nap(); } while (0)

/* The whole program has so long; then it says so, and ends. */
enum { LONGEST_SECONDS = 140 };
static inline void too_long(int number)
{
    static const char text[] = "    HANGS: no end after 140 s\n";
    (void)number;
    if (write(1, text, sizeof text - 1) < 0) _exit(3);
    _exit(2);
}
static inline void not_for_ever(void)
{
    signal(SIGALRM, too_long);
    alarm(LONGEST_SECONDS);
}
/* A child that does this with that, and ends with its parent. */
static inline pid_t child_of(int (*run)(unsigned), unsigned with)
{
    fflush(stdout);
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(run(with));
}

/* A payload all of whose bytes follow from `seed`, and its sum.  By words: their cost must stay small beside the library's own copying, so that kills hit the latter. */
static inline void payload_fill(unsigned char *payload, size_t size, uint64_t seed)
{
    for (; size >= 8; payload += 8, size -= 8, seed = seed * 5 + 1) memcpy(payload, &seed, 8);
    if (size) memcpy(payload, &seed, size);
}
static inline uint64_t payload_sum(const unsigned char *payload, size_t size, uint64_t sum)
{
    uint64_t w = 0;
    for (; size >= 8; payload += 8, size -= 8) {
        memcpy(&w, payload, 8);
        sum = (sum ^ w) * 0x100000001b3u;
    }
    w = 0;
    memcpy(&w, payload, size);
    return (sum ^ w) * 0x100000001b3u;
}
/* A try that needed the lock of the slow path, which somebody else had. */
static inline int lock_taken(vipc_error e) { return e == VIPC_ERR_RESOURCE_BUSY || e == VIPC_ERR_WOULD_BLOCK; }

/* A run can be repeated with the seed that it printed: VIPC_TEST_SEED=n. */
static inline uint64_t seed_from_environment(void)
{
    const char *s = getenv("VIPC_TEST_SEED");
    uint64_t seed = s ? strtoull(s, NULL, 0) : mix((uint64_t)time(NULL) ^ (uint64_t)getpid() << 32) & 0xffffffffu;
    printf("    seed %llu\n", (unsigned long long)seed);
    return seed;
}

/* --------------------------------------------------------------------------------------------- shared memory */
static inline int share_fd(size_t bytes)
{
    int fd = memfd_create("board", 0);
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0) return fd;
    perror("board");
    exit(1);
}
static inline void *share_map(int fd, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p != MAP_FAILED) return p;
    perror("board");
    exit(1);
}

/* ------------------------------------------------------------------------------------------------- processes */
/* What a role is started with; `spawn` writes it on the command line, `role_of` reads it. */
typedef struct part {
    const char *role;
    int board_fd, domain_fd, seat;
    unsigned run;
} part;

static inline pid_t spawn(seat *seats, part p)
{
    char number[4][16];
    snprintf(number[0], 16, "%d", p.board_fd);
    snprintf(number[1], 16, "%d", p.domain_fd);
    snprintf(number[2], 16, "%d", p.seat);
    snprintf(number[3], 16, "%u", p.run);
    char exe[] = "/proc/self/exe", flag[] = "--role", role[32];
    snprintf(role, sizeof role, "%s", p.role);
    char *argv[] = { exe, flag, role, number[0], number[1], number[2], number[3], NULL };
    seat *s = &seats[p.seat];
    s->mark = 0;
    s->vpid = 0;
    s->owner = 0;
    s->run = p.run;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execv(exe, argv);
        _exit(127);
    }
    if (pid < 0) {
        perror("fork");
        exit(1);
    }
    s->pid = pid;
    s->busy = 1;
    return pid;
}

static inline int role_of(int argc, char **argv, part *p)
{
    if (argc != 7 || strcmp(argv[1], "--role") != 0) return 0;
    p->role = argv[2];
    p->board_fd = atoi(argv[3]);
    p->domain_fd = atoi(argv[4]);
    p->seat = atoi(argv[5]);
    p->run = (unsigned)strtoul(argv[6], NULL, 10);
    prctl(PR_SET_PDEATHSIG, SIGKILL);   /* nobody outlives the test */
    return 1;
}

/* The exit status of a child, or minus the signal that ended it. */
static inline int wait_for(seat *s)
{
    int status = 0;
    pid_t pid = s->pid, got;
    do got = waitpid(pid, &status, 0); while (got < 0 && errno == EINTR);
    s->busy = 0;
    s->pid = 0;
    if (got != pid) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
static inline int kill_and_wait(seat *s)
{
    kill(s->pid, SIGKILL);
    return wait_for(s);
}

/* A role gives up: everybody gets to read why. */
__attribute__((format(printf, 2, 3), noreturn))
static inline void give_up(const part *p, const char *format, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    printf("    %s (seat %d, run %u, process %d): %s\n", p->role, p->seat, p->run, (int)getpid(), text);
    fflush(stdout);
    _exit(1);
}
/* In a role: whatever must succeed. */
#define MUST(p, call) \
    do { vipc_error must_ = (call); if (must_ != VIPC_OK) give_up(p, "line %d: %s: %s", __LINE__, #call, vipc_error_string(must_)); } while (0)
#define DEMAND(p, condition) \
    do { if (!(condition)) give_up(p, "line %d: not so: %s", __LINE__, #condition); } while (0)

/* -------------------------------------------------------------------------------------------------- watchdog */
static struct watch {
    seat *seats;
    vipc *domain;
    const char *what;
    uint64_t seen[SEATS];
    int still[SEATS];
} watch_;

static inline void print_line(void *user, const char *line, size_t length)
{
    (void)user;
    printf("    | %.*s\n", (int)length, line);
}

static inline void watch_fail(int which)
{
    printf("    HANGS: %s: seat %d (process %d, run %u) has done nothing for %d s\n", watch_.what, which, (int)watch_.seats[which].pid,
           (unsigned)watch_.seats[which].run, WATCH_SECONDS);
    for (int i = 0; i < SEATS; i++)
        if (watch_.seats[i].pid)
            printf("    seat %d: process %d, view %u, busy %u, mark %u, progress %llu, still for %d s\n", i, (int)watch_.seats[i].pid,
                   (unsigned)watch_.seats[i].owner - 1, (unsigned)watch_.seats[i].busy, (unsigned)watch_.seats[i].mark,
                   (unsigned long long)watch_.seats[i].progress, watch_.still[i]);
    if (watch_.domain) vipc_dump(watch_.domain, print_line, NULL);
    fflush(stdout);
    if (getenv("VIPC_TEST_HOLD")) pause();   /* for a debugger */
    for (int i = 0; i < SEATS; i++)
        if (watch_.seats[i].pid > 0) kill(watch_.seats[i].pid, SIGKILL);
    _exit(1);
}

/* Not async-signal-safe where it fails, on purpose: by then there is nothing left to protect. */
static inline void watch_tick(int number)
{
    (void)number;
    int saved = errno;
    uint64_t all = 0;
    for (int i = 0; i < SEATS; i++) all += watch_.seats[i].progress;
    for (int i = 0; i < SEATS; i++) {
        uint64_t now = i ? watch_.seats[i].progress : all;
        if (!watch_.seats[i].busy || now != watch_.seen[i]) watch_.still[i] = 0;
        else if (++watch_.still[i] >= WATCH_SECONDS) watch_fail(i);
        watch_.seen[i] = now;
    }
    errno = saved;
}

/* Seat 0 is the top process's own, which waits for the others: it hangs when nobody at all has done anything. */
static inline void watch_begin(seat *seats, vipc *domain, const char *what)
{
    struct sigaction a;
    struct itimerval second = { { 1, 0 }, { 1, 0 } };
    memset(&a, 0, sizeof a);
    a.sa_handler = watch_tick;
    a.sa_flags = SA_RESTART;
    watch_.seats = seats;
    watch_.domain = domain;
    watch_.what = what;
    memset(watch_.still, 0, sizeof watch_.still);
    seats[0].busy = 1;
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &second, NULL);
}
static inline void watch_end(void)
{
    struct itimerval never = { { 0, 0 }, { 0, 0 } };
    setitimer(ITIMER_REAL, &never, NULL);
    watch_.seats[0].busy = 0;
    watch_.domain = NULL;
}
#endif
