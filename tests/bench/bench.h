/* bench.h - what every program here shares: workers, rounds, rows, counted instructions.  C (gnu11) and C++17.
 *
 * A row is one figure: a peer doing one work, by threads or by processes.  It is measured in a child process of its own, in rounds; a round
 * starts its workers anew, on fresh memory, and gives one time per operation.  Printed is
 *     peer <TAB> work <TAB> mode <TAB> median <TAB> min <TAB> max <TAB> unit <TAB> where
 * Rounds in which somebody else had the processors are thrown away where that can be told (workers that never sleep): the workers' own CPU time
 * is then less than the clock's.  A row without enough clean rounds keeps all of them, and a NOTE on standard error says so.
 *
 * `where`: a virtual machine's two processors are sometimes two cores and sometimes two threads of one, and then everything takes other times.
 * A short ping-pong before and after each round tells.  A row is made of the rounds on two cores ("cores") if there are enough, else of
 * those on one ("core"), else of all ("mixed"); "-" where one worker works alone.
 *
 * Environment: BENCH_WORKS   letters of the works to do; all
 *              BENCH_MODES   t, p or both; both
 *              BENCH_ROW_MS  how long a row may look for clean rounds; 1200
 *              BENCH_UNTIL   seconds since 1970: rows that would begin later are left out, each with a NOTE; never
 */
#ifndef VIPC_BENCH_H
#define VIPC_BENCH_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 1024, ROUNDS_WANTED = 15, ROUNDS_LEAST = 5, ROUNDS_MOST = 400, WARM_UP = 64, CPUS = 2, HANGS_S = 20, PROBES = 4000 };
#define ONE_CORE_NS 120             /* a line goes there and back in less only within a core */
#define ROUND_NS 8e6                /* a round lasts about this long; with more workers than processors, five times that */
#define LOST_SHARE 0.03             /* of a round's CPU time: more, and the round is not clean; with more workers than processors, three times that */
#define UNUSED __attribute__((unused))
#define INLINE UNUSED static inline __attribute__((always_inline))

/* One message as the peers carry it. */
typedef struct line { uint64_t w[8]; } __attribute__((aligned(64), may_alias)) line;

UNUSED static void give_up(const char *file, int number, const char *what)
{
    fprintf(stderr, "bench: %s:%d: not so: %s (errno: %s)\n", file, number, what, strerror(errno));
    _exit(1);
}
#define MUST(condition) do { if (!(condition)) give_up(__FILE__, __LINE__, #condition); } while (0)

/* The compiler must take all of *p for read and written here, so it cannot leave out a part of a copy that nobody looks at. */
INLINE void touch(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

INLINE void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

UNUSED static double clock_of(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}
UNUSED static double now(void) { return clock_of(CLOCK_MONOTONIC); }

UNUSED static void pin(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((unsigned)cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);    /* a machine with one processor: all share it */
}

/* Zeroed, shared with children, at the same address in all of them. */
UNUSED static void *share(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    MUST(p != MAP_FAILED);
    return p;
}

/* ------------------------------------------------------------------------------------------------------- queues
 * A kind of queue, told to the works of works.h.  `end` is a worker's own END_BYTES.  send and receive are tried (false: full, empty) or, where
 * `sleeps`, last until done.  Functions may be NULL but for send and receive. */
enum { END_BYTES = 256 };
struct team;
typedef struct queue_kind {
    const char *name;
    size_t bytes;                                        /* of shared memory for one queue; zeroed before each round */
    int first, last;                                     /* words of a line that it carries, checked at the other end; first is even */
    bool sleeps;
    void (*begin)(struct team *t);                       /* a round, in the parent */
    void (*finish)(struct team *t);
    void (*make)(void *queue);
    void (*unmake)(void *queue);
    void (*enter)(struct team *t);                       /* a worker, in itself */
    void (*leave)(struct team *t);
    void (*open)(void *end, struct team *t, int queue);  /* NULL: the end is a pointer to the queue */
    bool (*send)(void *end, const line *m);
    bool (*receive)(void *end, line *m);
} queue_kind;

/* ------------------------------------------------------------------------------------------------------- a team
 * Workers of one round, and what they tell each other outside the thing that is measured. */
enum { TEAM = 4 };
typedef struct place { double from, to, cpu; uint64_t got, sum; char apart[88]; } place;
typedef struct team {
    int workers, passed[3];
    char mode;                              /* 't' or 'p' */
    long n;                                 /* operations in this round */
    const queue_kind *kind;                 /* NULL: the work uses queue[0] as plain memory */
    void *queue[2];
    __attribute__((aligned(128))) uint64_t word;         /* for the work's own use */
    __attribute__((aligned(128))) place at[TEAM];
} team;
typedef void (*job)(team *t, int me);

UNUSED static void gate(team *t, int which)
{
    __atomic_add_fetch(&t->passed[which], 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&t->passed[which], __ATOMIC_SEQ_CST) < t->workers) sched_yield();
}
UNUSED static void go(team *t, int me)
{
    t->at[me].cpu = -clock_of(CLOCK_THREAD_CPUTIME_ID);
    t->at[me].from = now();
}
UNUSED static void halt(team *t, int me)
{
    t->at[me].to = now();
    t->at[me].cpu += clock_of(CLOCK_THREAD_CPUTIME_ID);
    gate(t, 2);     /* a queue may end with whoever made it */
}

typedef struct start { job run; team *t; int me; } start;
UNUSED static void *work(void *p)
{
    start *s = (start *)p;
    pin(s->me % CPUS);
    s->run(s->t, s->me);
    return NULL;
}

/* Nanoseconds from the first who began to the last who was done; *lost: the share of the processors' time that was not theirs. */
UNUSED static double run_team(team *t, job run, double *lost)
{
    start s[TEAM];
    pthread_t thread[TEAM];
    pid_t pid[TEAM];
    for (int i = 0; i < t->workers; i++) {
        start one = { run, t, i };
        s[i] = one;
        if (t->mode == 't') {
            MUST(pthread_create(&thread[i], NULL, work, &s[i]) == 0);
            continue;
        }
        MUST((pid[i] = fork()) >= 0);
        if (pid[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            alarm(HANGS_S);
            work(&s[i]);
            _exit(0);
        }
    }
    for (int i = 0; i < t->workers; i++) {
        int status = 0;
        if (t->mode == 't') MUST(pthread_join(thread[i], NULL) == 0);
        else MUST(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
    double from = 1e300, to = 0, cpu = 0;
    for (int i = 0; i < t->workers; i++) {
        if (t->at[i].from < from) from = t->at[i].from;
        if (t->at[i].to > to) to = t->at[i].to;
        cpu += t->at[i].cpu;
    }
    *lost = 1 - cpu / ((to - from) * (t->workers < CPUS ? t->workers : CPUS));
    return to - from;
}

/* --------------------------------------------------------------------------------------------------------- rows */
typedef struct row {
    const char *peer, *work;
    char mode;
    int workers;
    job run;
    const queue_kind *kind;
    double per;                                          /* nanoseconds in a unit that is printed */
    const char *unit;
    bool idles;                                          /* its workers sleep, so lost time cannot be told */
} row;

UNUSED static bool among(const char *variable, char c)
{
    const char *list = getenv(variable);
    return !list || !*list || strchr(list, c) != NULL;
}
UNUSED static bool wanted(const char *work) { return among("BENCH_WORKS", work[0]); }
UNUSED static bool too_late(const char *peer, const char *work)
{
    const char *until = getenv("BENCH_UNTIL");
    if (!until || time(NULL) < atol(until)) return false;
    fprintf(stderr, "NOTE    %s %s: left out, the time of the whole run is over\n", peer, work);
    return true;
}
UNUSED static const char *mode_name(char mode) { return mode == 't' ? "thread" : "process"; }
UNUSED static void print_row(const char *peer, const char *work, char mode, double median, double least, double most, const char *unit, const char *where)
{
    printf("%s\t%s\t%s\t%.2f\t%.2f\t%.2f\t%s\t%s\n", peer, work, mode_name(mode), median, least, most, unit, where);
    fflush(stdout);
}

/* Time of CPU, in ms, that others have taken up to now, from the system's sums in steps of 10 ms. */
UNUSED static double others_ms(void)
{
    struct rusage own[2];
    double mine = 0;
    long t[8] = { 0 };
    FILE *f = fopen("/proc/stat", "r");
    int n = f ? fscanf(f, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", t, t + 1, t + 2, t + 3, t + 4, t + 5, t + 6, t + 7) : 0;
    if (f) fclose(f);
    if (n != 8) return 0;
    getrusage(RUSAGE_SELF, &own[0]);
    getrusage(RUSAGE_CHILDREN, &own[1]);
    for (int i = 0; i < 2; i++)
        mine += (double)(own[i].ru_utime.tv_sec + own[i].ru_stime.tv_sec) * 1e3 + (double)(own[i].ru_utime.tv_usec + own[i].ru_stime.tv_usec) / 1e3;
    return (double)(t[0] + t[1] + t[2] + t[5] + t[6] + t[7]) * 1e3 / (double)sysconf(_SC_CLK_TCK) - mine;
}

UNUSED static double run_round(const row *r, long n, double *lost)
{
    enum { APART = 33 * 128, PLACES = 16 };   /* where a line lies decides how far away it is: another place each round */
    static unsigned rounds;
    size_t one = r->kind && r->kind->bytes > 4096 ? (r->kind->bytes + 255) & ~(size_t)127 : 4096, bytes = sizeof(team) + 2 * one + PLACES * APART;
    unsigned char *memory = (unsigned char *)share(bytes);
    team *t = (team *)(void *)(memory + APART * (rounds++ % PLACES));
    t->workers = r->workers;
    t->mode = r->mode;
    t->n = n;
    t->kind = r->kind;
    for (int i = 0; i < 2; i++) t->queue[i] = (unsigned char *)(t + 1) + (size_t)i * one;
    if (r->kind && r->kind->begin) r->kind->begin(t);
    for (int i = 0; i < 2 && r->kind && r->kind->make; i++) r->kind->make(t->queue[i]);
    double ns = run_team(t, r->run, lost);
    for (int i = 0; i < 2 && r->kind && r->kind->unmake; i++) r->kind->unmake(t->queue[i]);
    if (r->kind && r->kind->finish) r->kind->finish(t);
    munmap(memory, bytes);
    return ns;
}

UNUSED static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* a line changes hands, and nothing is in it */
UNUSED static void flip(team *t, int me)
{
    uint64_t *word = (uint64_t *)t->queue[0];
    gate(t, 0);
    go(t, me);
    for (uint64_t i = (uint64_t)me; i < 2 * (uint64_t)t->n; i += 2) {
        while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != i) relax();
        __atomic_store_n(word, i + 1, __ATOMIC_RELEASE);
    }
    halt(t, me);
}
/* Are the two processors one core now? */
UNUSED static bool one_core(void)
{
    double lost;
    row r;
    memset(&r, 0, sizeof r);
    r.mode = 't';
    r.workers = 2;
    r.run = flip;
    return run_round(&r, PROBES, &lost) / PROBES < ONE_CORE_NS;
}

enum { ON_CORES, ON_CORE, ALL_CLEAN, ALL, KINDS };
typedef struct samples { double ns[KINDS][ROUNDS_MOST]; int n[KINDS]; } samples;
UNUSED static void keep(samples *s, int kind, double ns) { s->ns[kind][s->n[kind]++] = ns; }

UNUSED static void measure_here(const row *r)
{
    static const char *const where[KINDS] = { "cores", "core", "mixed", "mixed" };
    static samples s;
    double lost, t, least = r->workers > CPUS ? 5 * ROUND_NS : ROUND_NS;
    const char *ms = getenv("BENCH_ROW_MS");
    bool alone = r->workers == 1, before, after = false;
    long n = 64;
    while ((t = run_round(r, n, &lost)) < least && n < 1L << 28) n *= t < least / 8 ? 8 : 2;
    double began = now(), others = others_ms(), until = began + (ms ? atof(ms) : 1200) * 1e6;
    if (!alone) after = one_core();
    while (s.n[ALL] < ROUNDS_MOST && s.n[ON_CORES] < ROUNDS_WANTED && (now() < until || s.n[ALL] < ROUNDS_LEAST)) {
        before = after;
        double ns = run_round(r, n, &lost) / (double)n / r->per;
        if (!alone) after = one_core();
        keep(&s, ALL, ns);
        if (!r->idles && lost >= (r->workers > CPUS ? 3 : 1) * LOST_SHARE) continue;
        keep(&s, ALL_CLEAN, ns);
        if (before == after) keep(&s, after ? ON_CORE : ON_CORES, ns);
    }
    double took = (now() - began) / 1e6;
    others = others_ms() - others;
    int kind = ON_CORES;
    while (kind < ALL && s.n[kind] < ROUNDS_LEAST) kind++;
    if (kind == ALL || (r->idles && others > 20 + took / 10)) {
        fprintf(stderr, "NOTE    %s %s %s: others had %.0f ms of CPU in %.0f ms", r->peer, r->work, mode_name(r->mode), others, took);
        fprintf(stderr, r->idles ? "\n" : ", %d of %d rounds were clean\n", s.n[ALL_CLEAN], s.n[ALL]);
    }
    double *v = s.ns[kind];
    int used = s.n[kind];
    qsort(v, (size_t)used, sizeof *v, ascending);
    print_row(r->peer, r->work, r->mode, v[used / 2], v[0], v[used - 1], r->unit, alone ? "-" : where[kind]);
}

/* In a child, so that neither a hang nor a library's state outlives the row. */
UNUSED static void measure(row r)
{
    if (!wanted(r.work) || !among("BENCH_MODES", r.mode) || too_late(r.peer, r.work)) return;
    fflush(stdout);
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(HANGS_S);
        measure_here(&r);
        _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (status) fprintf(stderr, "FAILED  %s %s %s (status %#x)\n", r.peer, r.work, mode_name(r.mode), (unsigned)status);
}

/* ------------------------------------------------------------------------------------------------- instructions
 * A child is stepped through, one instruction at a time, from each mark() to the next.  Exact, the same on every run, and needs no tool; what
 * the kernel does is not in it. */
enum { MARKS = 8 };
UNUSED static void mark(void) { raise(SIGUSR1); }
UNUSED static void mark_only(void *unused)
{
    (void)unused;
    mark();
    mark();
}

/* Instructions between the marks that fn makes; how many intervals; 0 where the system does not let a process be stepped. */
UNUSED static int step_raw(void (*fn)(void *), void *arg, double out[MARKS])
{
    fflush(stdout);
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(HANGS_S);
        pin(0);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(3);
        fn(arg);
        _exit(0);
    }
    int status = 0, marks = 0;
    cpu_set_t before;
    sched_getaffinity(0, sizeof before, &before);
    pin(0);         /* beside the child: no wake-up across processors at each step */
    for (double steps = 0; waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);) {
        int sig = WSTOPSIG(status);
        if (sig == SIGUSR1) {
            if (marks > 0 && marks <= MARKS) out[marks - 1] = steps;
            marks++;
            steps = 0;
        } else if (sig == SIGTRAP) {
            steps++;
        }
        uintptr_t pass_on = sig == SIGUSR1 || sig == SIGTRAP ? 0 : (uintptr_t)sig;
        if (ptrace(marks ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, NULL, (void *)pass_on) != 0) break;
    }
    sched_setaffinity(0, sizeof before, &before);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return marks - 1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) fprintf(stderr, "FAILED  counting instructions (status %#x)\n", (unsigned)status);
    return 0;
}
/* The same, less what a mark itself takes. */
UNUSED static int step(void (*fn)(void *), void *arg, double out[MARKS])
{
    double of_mark[MARKS];
    if (step_raw(mark_only, NULL, of_mark) != 1) {
        fprintf(stderr, "SKIPPED f_instr: this system does not let a process be stepped\n");
        return 0;
    }
    int n = step_raw(fn, arg, out);
    for (int i = 0; i < n; i++) out[i] -= of_mark[0];
    return n;
}
UNUSED static void print_count(const char *peer, const char *work, double instructions)
{
    print_row(peer, work, 't', instructions, instructions, instructions, "instr", "-");
}
#endif
