/* t_stepkill.c - death after every single machine instruction of every operation
 *
 * A victim process is single-stepped (ptrace) through one operation.  After each instruction that changed the shared memory the question is
 * asked: what if it died here?  Dying leaves the memory as it is, so the answer needs no corpse: a fork of the tracing process
 * takes a private copy of the domain's memory, declares the victim dead, lets the survivors clean up, and looks at everything.  Instructions that
 * changed nothing need no answer of their own: the memory is that of the one before.  So every instruction of every operation is covered, in
 * seconds.  Deaths of whoever cleans up are tried in the same way, one level deeper.
 *
 * And because that proof of death is a pretence, `real_kills` does it all again with SIGKILL and the shim's own proof, at some
 * instructions of each operation (all of them, and a dying reaper after all of them, with VIPC_TEST_ALL=1).
 *
 * What the peers of the dead see, call by call, is the business of deaths.h: `deaths` holds it against README.md, --table prints it anew.
 */
#define _GNU_SOURCE
#define VIPC_UNSTABLE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "proc.h"
#include "test.h"
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/user.h>

#if !defined(__x86_64__) && !defined(__i386__)
/* Elsewhere single steps break load-linked/store-conditional pairs, or are not to be had (emulators). */
TEST(every_instruction) { SKIP("single steps need x86"); }
RUN_TESTS(T(every_instruction))
#else

/* ---------------------------------------------------------------------------------------------------- the world
 * A and B survive; V is the victim; R may have to clean up after it, and die of that.  All are identities of the tracing process, told
 * apart by their proofs; in real_kills V is a process that joins by itself. */
enum { VICTIM = 1000001, REAPER = 1000002, LONG_DEAD = 1000003 };
enum { ALL_LIVE, VICTIM_DEAD, BOTH_DEAD };
enum { MARK_NONE, MARK_STEP, MARK_ASLEEP, MARK_DONE };
enum { CAPACITY = 3, PAYLOAD = 100, MINE = 77, OTHER = 88 };

static struct world {
    vipc a, b, v, r, d, j, thread;
    vipc_cap main, side;               /* A's endpoints */
    vipc_cap b_main, b_side, v_main, v_side, v_own, v_other, b_other;
    vipc_reply_right right;            /* of B's, as a server */
    vipc_message got;                  /* what B's waiting call brought */
    vipc_info info;
    vipc_error result;
    uint64_t own_proof;                /* A's and B's */
    int domain_fd;
    struct sight {                     /* of deaths.h */
        vipc_cap by, note, b_by, drop, chan_a, chan_b, known[64], v_note, v_set;
        int knows, holds[2], owns[2];
        uint64_t bits, frames;
        vipc_pid ended;
        vipc_hand hand;
        vipc_cap space, copy, v_space;     /* A's, and its clone; V's capability for the first */
        vipc_stack stack;
        vipc_cap region, object, letter, b_space, v_region, v_object, v_own_space;     /* A's; B's for A's space; V's */
        vipc_mapping v_map;
        vipc_region_info region_was;
        vipc_object_stat object_was;
        uint64_t bytes;                    /* of all regions and objects */
        void *block;
        uint64_t block_size;
    } see;
} w;

static struct mind {                   /* of this process alone */
    const struct op *op;
    int level, done, real;             /* done: the victim's operation had returned */
    int state;                         /* which of its states this is; -1: of no account, as a reaper died too */
    int waiting;                       /* B's blocking call: 1 not begun, 2 the stage runs, 3 after the death */
    int blocks, peer_turn;
    long step;                         /* at which instruction it died */
    long second_step;                  /* and the one who cleaned up; -1 */
    unsigned long where;
    uint64_t clock;
    uint32_t *woken;
    char violations[200];              /* what vipc_check said last */
    int (*real_alive)(void *user, uint64_t proof);
    vipc_hooks hooks;
} mind;
static volatile uint32_t *mark;        /* shared with the victim */

typedef struct op {
    const char *name;
    void (*prepare)(void);             /* opt: A and B */
    void (*ready)(void);               /* opt: V, before the steps begin */
    void (*wait)(void);                /* opt: a call of B's that sleeps while V acts */
    void (*act)(void);                 /* V, stepped */
    void (*peer)(int turn);            /* V sleeps: what A and B do about it */
    void (*rescue)(void);              /* B still sleeps, though the dead are gone: what wakes it now */
    void (*verify)(void);
    int cold;                          /* the queue was never used */
    int main_may_go;                   /* the operation may have ended the main endpoint, or made it useless */
    int no_v;                          /* V is made by the operation itself */
    int no_real;                       /* B must know V before */
    /* Of deaths.h: */
    void (*first)(void);               /* opt: in V's process, while B sleeps if it does, before the steps begin */
    const char *(*judge)(void);        /* what the peers see; everything else is seen to by show_sights */
    const char *outcomes[8];           /* all that it may say.  [0] is so if nothing was done, the last one if all was; each must occur, but for "?..." */
    int ends;                          /* A or B may lose objects or capabilities by it */
    void (*early)(void);               /* opt: what A tries before anybody has cleaned up; it has GLIMPSES ways, each of which must have had its turn */
} op;

static void complain(const char *text, int line)
{
    printf("    %s: died after instruction %ld (at 0x%lx of the program)", mind.op->name, mind.step, mind.where);
    if (mind.second_step >= 0) printf(", its reaper after instruction %ld", mind.second_step);
    printf("%s: line %d: %s%s\n", mind.done ? ", done" : "", line, text, mind.violations);
    if (getenv("VIPC_TEST_LOUD")) vipc_dump(&w.a, print_line, NULL);
    fflush(stdout);
    _exit(1);
}
static void complain_equal(const char *text, long long a, long long b, int line)
{
    char all[300];
    snprintf(all, sizeof all, "%s: %lld, expected %lld", text, a, b);
    complain(all, line);
}
#define EXPECT(condition) do { if (!(condition)) complain(#condition, __LINE__); } while (0)
#define NEVER(text) complain(text, __LINE__)
#define EXPECT_EQ(a, b) do { long long a_ = (long long)(a), b_ = (long long)(b); if (a_ != b_) complain_equal(#a, a_, b_, __LINE__); } while (0)
#define EXPECT_OK(call) EXPECT_EQ(call, VIPC_OK)

/* -------------------------------------------------------------------------------------------------------- hooks */
static int alive(void *user, uint64_t proof)
{
    if (proof == LONG_DEAD) return 0;
    if (mind.level == ALL_LIVE) return 1;
    if (mind.real) return mind.real_alive(user, proof);
    return proof == w.own_proof || (mind.level == VICTIM_DEAD && proof == REAPER);
}
static vipc_time ticks(void *user)
{
    (void)user;
    return mind.clock += 1000;
}
static void wake(void *user, uint64_t target, uint32_t *word)
{
    (void)user;
    (void)target;
    mind.woken = word;
}
static void note_violation(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    size_t n = strlen(mind.violations);
    (void)user;
    (void)level;
    if (id == VIPC_LOG_CHECK) snprintf(mind.violations + n, sizeof mind.violations - n, " [check: kind %llu at %llu]", (unsigned long long)a, (unsigned long long)b);
}
static void stage(void);

/* Page tables that nobody needs: what is looked at is the core's own account of who has which frame. */
static vipc_error space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    (void)user;
    (void)start;
    (void)end;
    *root = space;
    return VIPC_OK;
}
static vipc_error space_destroy(void *user, uint64_t root)
{
    (void)user;
    (void)root;
    return VIPC_OK;
}
static vipc_error page_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    (void)user;
    (void)root;
    (void)frame;
    EXPECT(at % 4096 == 0 && pages && access && access < 8 && cache < 4);
    return VIPC_OK;
}
static void page_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages)
{
    (void)user;
    (void)root;
    EXPECT(at % 4096 == 0 && pages);
}
static void page_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    (void)user;
    (void)root;
    EXPECT(at % 4096 == 0 && pages && access < 8);
}
static vipc_error tlb_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    (void)user;
    (void)root;
    (void)deadline;
    EXPECT(at % 4096 == 0 && pages);
    return VIPC_OK;
}

/* B's sleep after the death.  First it sleeps to the end of its slice, so that it has to find the dead by itself: twice, because the
 * first time it may have been chosen by one who then died.  If it sleeps again there is nothing for it yet, and what the rescue does must wake it. */
enum { SLICES = 2 };
static vipc_error sleep_of_b(uint32_t *word, uint32_t expected, vipc_time deadline)
{
    EXPECT(deadline != VIPC_FOREVER);
    EXPECT(mind.blocks <= 2 * SLICES); /* else it sleeps for ever */
    if (mind.blocks++ == SLICES && mind.op->rescue) {
        mind.woken = NULL;
        mind.op->rescue();
        EXPECT(mind.woken == word && *word != expected);
        return VIPC_OK;
    }
    mind.clock = deadline;
    return VIPC_ERR_TIMEOUT;
}
static vipc_error block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user;
    (void)self;
    if (*word != expected) return VIPC_OK;
    if (*mark == MARK_STEP) {          /* the victim */
        *mark = MARK_ASLEEP;
        while (*mark == MARK_ASLEEP) { }
        return VIPC_OK;
    }
    if (mind.waiting == 1) {           /* B has gone to sleep, as it should: now the victim acts */
        mind.waiting = 2;
        stage();
        mind.waiting = 3;
    }
    if (mind.waiting == 3) return sleep_of_b(word, expected, deadline);
    NEVER("a survivor has to sleep");
    return VIPC_ERR_HOOK;
}
static void take_hooks(vipc *v)
{
    mind.hooks = *v->hooks;
    mind.real_alive = mind.hooks.process_alive;
    mind.hooks.process_alive = alive;
    mind.hooks.block = block;
    mind.hooks.wake = wake;
    mind.hooks.now = ticks;
    mind.hooks.log = note_violation;
    mind.hooks.space_create = space_create;
    mind.hooks.space_destroy = space_destroy;
    mind.hooks.page_map = page_map;
    mind.hooks.page_unmap = page_unmap;
    mind.hooks.page_protect = page_protect;
    mind.hooks.tlb_flush = tlb_flush;
    mind.hooks.cpus = 1;               /* nobody spins */
    v->hooks = &mind.hooks;
}

/* ------------------------------------------------------------------------------------------------------- memory */
enum { RANGES = 4 };
static struct range { unsigned char *at; size_t bytes; } ranges[RANGES];
static int range_count;
static unsigned char *before, *scratch;   /* of all ranges, one behind the other */
static size_t total_bytes;

/* Where the shim has mapped the domain's file in this process. */
static void find_ranges(int fd)
{
    struct stat st;
    FILE *f = fopen("/proc/self/maps", "r");
    char line[512];
    fstat(fd, &st);
    range_count = 0;
    total_bytes = 0;
    while (f && fgets(line, sizeof line, f)) {
        unsigned long from, to, offset, inode;
        unsigned major, minor;
        if (sscanf(line, "%lx-%lx %*s %lx %x:%x %lu", &from, &to, &offset, &major, &minor, &inode) != 6 || inode != st.st_ino) continue;
        if (range_count == RANGES) abort();
        ranges[range_count].at = (unsigned char *)from;
        ranges[range_count++].bytes = to - from;
        total_bytes += to - from;
    }
    if (f) fclose(f);
    if (w.see.block) {
        if (range_count == RANGES) abort();
        ranges[range_count].at = w.see.block;
        ranges[range_count++].bytes = w.see.block_size;
        total_bytes += w.see.block_size;
    }
    before = malloc(total_bytes);
    scratch = malloc(total_bytes);
    if (range_count == 0 || !before || !scratch) abort();
}
static void save(unsigned char *to)
{
    for (int i = 0; i < range_count; to += ranges[i++].bytes) memcpy(to, ranges[i].at, ranges[i].bytes);
}
static void restore(const unsigned char *from)
{
    for (int i = 0; i < range_count; from += ranges[i++].bytes) memcpy(ranges[i].at, from, ranges[i].bytes);
}
static int unchanged(const unsigned char *as)
{
    for (int i = 0; i < range_count; as += ranges[i++].bytes)
        if (memcmp(as, ranges[i].at, ranges[i].bytes) != 0) return 0;
    return 1;
}
/* A copy of the domain at the same place, shared with this process's own children alone. */
static void own_copy(void)
{
    save(scratch);
    for (int i = 0; i < range_count; i++)
        if (mmap(ranges[i].at, ranges[i].bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) abort();
    restore(scratch);
}
static volatile uint32_t *new_mark(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) abort();
    return p;
}

/* ----------------------------------------------------------------------------------------------------- stepping */
static void traced(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(77);
    raise(SIGSTOP);
}
static int one_step(pid_t p)
{
    int status;
    return ptrace(PTRACE_SINGLESTEP, p, NULL, NULL) == 0 && waitpid(p, &status, 0) == p && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP;
}
static void kill_child(pid_t p)
{
    int status;
    kill(p, SIGKILL);
    waitpid(p, &status, 0);
}
static unsigned long program_at(void)
{
    unsigned long at = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    if (f && fscanf(f, "%lx", &at) != 1) at = 0;
    if (f) fclose(f);
    return at;
}
static unsigned long instruction(pid_t p)
{
    struct user_regs_struct r;
    static unsigned long base;
    if (!base) base = program_at();
    if (ptrace(PTRACE_GETREGS, p, NULL, &r) != 0) return 0;
#ifdef __x86_64__
    return r.rip - base;
#else
    return (unsigned long)r.eip - base;
#endif
}

/* A stopped child that will do `act`, stepped up to where it is about to. */
static pid_t stepped_child(void (*start)(void), void (*act)(void))
{
    int status;
    *mark = MARK_NONE;
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        if (start) start();
        traced();
        *mark = MARK_STEP;
        act();
        *mark = MARK_DONE;
        for (;;) pause();
    }
    if (waitpid(p, &status, 0) != p || !WIFSTOPPED(status)) _exit(WIFEXITED(status) && WEXITSTATUS(status) == 77 ? 77 : 3);
    while (*mark == MARK_NONE)
        if (!one_step(p)) _exit(3);
    return p;
}
/* The next instruction of the victim.  If it sleeps now, its peers do what wakes it. */
static void next_step(pid_t p)
{
    if (!one_step(p)) {
        printf("    %s: the victim ended at instruction %ld\n", mind.op->name, mind.step);
        _exit(1);
    }
    if (*mark != MARK_ASLEEP) return;
    if (!mind.op->peer) NEVER("the victim sleeps");
    *mark = MARK_NONE;                 /* so that a sleep of the peers' own would be noticed */
    mind.op->peer(mind.peer_turn++);
    *mark = MARK_STEP;
}

static struct tally { long states, second, kills, failures; } tally;
enum { FAILURES_MAX = 3 };

/* In the child that is made here, look at what is left: returns 0 there.  In the parent: 1, when the look is over. */
static int look_from_a_fork(int level)
{
    int status;
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        own_copy();
        mark = new_mark();
        mind.level = level;
        return 0;
    }
    waitpid(p, &status, 0);
    if (WIFSIGNALED(status))
        printf("    %s: died after instruction %ld (at 0x%lx), reaper %ld: a survivor %s (signal %d)\n", mind.op->name, mind.step, mind.where, mind.second_step,
               WTERMSIG(status) == SIGALRM ? "hangs" : "crashed", WTERMSIG(status));
    if (status != 0) tally.failures++;
    return 1;
}

static void act_sweep(void) { (void)vipc_sweep(&w.r, NULL); }

/* One level deeper: the reaper is stepped through its clean-up, and dies after every instruction.  Returns in those who look. */
static void reaper_stage(void)
{
    memset(&tally, 0, sizeof tally);
    pid_t p = stepped_child(NULL, act_sweep);
    memset(before, 0, total_bytes);
    for (mind.second_step = 0;; mind.second_step++) {
        if (!unchanged(before)) {
            save(before);
            if (look_from_a_fork(BOTH_DEAD) == 0) return;
        }
        if (*mark == MARK_DONE || tally.failures) break;
        if (!one_step(p)) _exit(3);
        if (*mark == MARK_ASLEEP) NEVER("the reaper has to sleep");
    }
    kill_child(p);
    _exit(tally.failures != 0);
}

static int second_every;               /* every how many states the reaper dies too; 0: never */
enum { GLIMPSES = 3 };
static long *reached;                  /* shared with the top: instructions, states, states with a dying reaper, kills; and how often each way of op.early was tried */

static void pretend_stage(void)
{
    pid_t p = stepped_child(mind.op->first, mind.op->act);
    memset(before, 0, total_bytes);
    for (mind.step = 0;; mind.step++) {
        mind.done = *mark == MARK_DONE;
        if (mind.done || !unchanged(before)) {
            save(before);
            mind.where = instruction(p);
            mind.state = (int)tally.states++;
            if (look_from_a_fork(VICTIM_DEAD) == 0) return;
            if (second_every && !mind.op->no_v && !tally.failures && tally.states % second_every == 0) {
                tally.second++;
                mind.state = -1;
                if (look_from_a_fork(VICTIM_DEAD) == 0) {
                    reaper_stage();
                    return;
                }
            }
        }
        if (mind.done || tally.failures >= FAILURES_MAX) break;
        next_step(p);
    }
    kill_child(p);
    reached[0] = mind.step;
    reached[1] = tally.states;
    reached[2] = tally.second;
    _exit(tally.failures != 0);
}

/* --------------------------------------------------------------------------------------------------- real kills */
static long kill_first, kill_every;

static void arm(void)
{
    EXPECT_OK(vipc_lookup(&w.v, "main", 0, &w.v_main, VIPC_NOW));
    EXPECT_OK(vipc_lookup(&w.v, "side", 0, &w.v_side, VIPC_NOW));
    if (mind.op->ready) mind.op->ready();
}
/* A victim that joins by itself. */
static void join_and_arm(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (mind.op->no_v) return;
    EXPECT_OK(vipc_posix_open_fd(&w.v, w.domain_fd, NULL));
    mind.hooks.user = w.v.hooks->user;
    w.v.hooks = &mind.hooks;
    arm();
}
static void join_and_begin(void)
{
    join_and_arm();
    if (mind.op->first) mind.op->first();
}
static void real_stage(void)
{
    struct world world = w;
    mind.state = -1;
    save(before);
    for (long n = kill_first;; n += kill_every) {
        w = world;
        restore(before);
        mind.peer_turn = 0;
        pid_t p = stepped_child(join_and_begin, mind.op->act);
        for (mind.step = 0; mind.step < n && *mark != MARK_DONE; mind.step++) next_step(p);
        mind.done = *mark == MARK_DONE;
        mind.where = instruction(p);
        kill_child(p);
        tally.kills++;
        if (look_from_a_fork(VICTIM_DEAD) == 0) return;
        if (mind.done || tally.failures >= FAILURES_MAX) break;
    }
    reached[3] = tally.kills;
    _exit(tally.failures != 0);
}
static void stage(void)
{
    if (mind.real) real_stage();
    else pretend_stage();
}

/* ------------------------------------------------------------------------------------------ what must hold after
 * How much still fits into the domain: whatever was leaked is missing here. */
typedef struct room { uint32_t processes, threads, objects, capabilities, names; } room;
static room whole;                     /* of a domain in which A alone lives, and holds nothing */

static room measure(vipc *v)
{
    static vipc child[16], thread[16];
    static vipc_cap process[16], object[32], cap[128];
    room n = { 0, 0, 0, 0, 0 };
    char name[16];
    while (n.processes < 16 && vipc_process_create(v, NULL, &child[n.processes], &process[n.processes]) == VIPC_OK) n.processes++;
    for (uint32_t i = 0; i < n.processes; i++) EXPECT_OK(vipc_process_destroy(v, process[i], NULL));
    while (n.threads < 16 && vipc_thread_enter(v, 0, &thread[n.threads]) == VIPC_OK) n.threads++;
    for (uint32_t i = 0; i < n.threads; i++) EXPECT_OK(vipc_leave(&thread[i]));
    while (n.objects < 32 && vipc_endpoint_create(v, NULL, &object[n.objects]) == VIPC_OK) n.objects++;
    EXPECT(n.objects > 0);
    for (; n.names < 16; n.names++) {
        snprintf(name, sizeof name, "room%u", n.names);
        if (vipc_publish(v, name, object[0], VIPC_RIGHT_SEND) != VIPC_OK) break;
    }
    for (uint32_t i = 0; i < n.names; i++) {
        snprintf(name, sizeof name, "room%u", i);
        EXPECT_OK(vipc_unpublish(v, name));
    }
    while (n.capabilities < 128 && vipc_derive(v, object[0], NULL, &cap[n.capabilities]) == VIPC_OK) n.capabilities++;
    for (uint32_t i = 0; i < n.objects; i++) EXPECT_OK(vipc_destroy(v, object[i], VIPC_NOW));
    return n;
}
static void expect_sound(void)
{
    uint32_t violations = 0;
    mind.violations[0] = 0;
    EXPECT_OK(vipc_check(&w.a, &violations));
    EXPECT_EQ(violations, 0);
}
/* All slots of the main queue are there, in order. */
static void expect_capacity(void)
{
    vipc_message m = VIPC_INIT;
    while (vipc_receive(&w.a, w.main, &m, NULL, VIPC_NOW) == VIPC_OK) { }
    for (m.opcode = 0; m.opcode < CAPACITY; m.opcode++) EXPECT_OK(vipc_send(&w.a, w.main, &m, VIPC_NOW));
    EXPECT_EQ(vipc_send(&w.a, w.main, &m, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    for (uint32_t n = 0; n < CAPACITY; n++) {
        EXPECT_OK(vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW));
        EXPECT_EQ(m.opcode, n);
    }
    EXPECT_EQ(vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
static void end_endpoint(vipc_cap c)
{
    vipc_error e = vipc_destroy(&w.a, c, VIPC_NOW);
    EXPECT(e == VIPC_OK || (e == VIPC_ERR_INVALID_CAPABILITY && mind.op->main_may_go));
}
static void show_sights(void);         /* of deaths.h */
static void end_sights(void);
static void aftermath(void)
{
    vipc_stats s;
    room left;
    if (mind.op->early) mind.op->early();
    EXPECT_OK(vipc_sweep(&w.a, NULL));
    expect_sound();
    if (mind.op->verify) mind.op->verify();
    if (mind.op->judge) show_sights();
    expect_sound();
    if (!mind.op->main_may_go) expect_capacity();
    mind.level = BOTH_DEAD;
    EXPECT_OK(vipc_leave(&w.b));
    EXPECT_OK(vipc_sweep(&w.a, NULL));
    end_endpoint(w.main);
    end_endpoint(w.side);
    if (mind.op->judge) end_sights();
    EXPECT_OK(vipc_trim(&w.a, NULL));
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    EXPECT_EQ(s.frames_in_use, 0);
    left = measure(&w.a);
    EXPECT_EQ(left.processes, whole.processes);
    EXPECT_EQ(left.threads, whole.threads);
    EXPECT_EQ(left.objects, whole.objects);
    EXPECT_EQ(left.capabilities, whole.capabilities);
    EXPECT_EQ(left.names, whole.names);
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    EXPECT_EQ(s.frames_in_use, 0);
    expect_sound();
}

/* -------------------------------------------------------------------------------------------------- operations */
static vipc_message message(uint32_t opcode)
{
    vipc_message m = VIPC_INIT;
    m.opcode = opcode;
    m.data[0] = opcode;
    m.data[3] = ~(uint64_t)opcode;
    return m;
}
static void put(uint32_t opcode)
{
    vipc_message m = message(opcode);
    EXPECT_OK(vipc_send(&w.a, w.main, &m, VIPC_NOW));
}
/* The next message, or 0 when there is none. */
static uint32_t take(vipc_info *info)
{
    vipc_message m;
    vipc_error e = vipc_receive(&w.a, w.main, &m, info, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return 0;
    EXPECT_OK(e);
    EXPECT_EQ(m.data[0], m.opcode);
    EXPECT_EQ(m.data[3], ~(uint64_t)m.opcode);
    return m.opcode;
}
/* What the victim sent: there once, or not at all, and for certain if its send had returned. */
static void expect_mine_last(void)
{
    vipc_info info;
    uint32_t n = take(&info);
    EXPECT(n == MINE || (n == 0 && !mind.done));
    if (n) EXPECT_EQ(info.redelivered, 0);
    if (n) EXPECT_EQ(take(&info), 0);
}

static void act_send(void)
{
    vipc_message m = message(MINE);
    EXPECT_OK(vipc_send(&w.v, w.v_main, &m, VIPC_FOREVER));
}
static void verify_send(void) { expect_mine_last(); }

static void prepare_full(void)
{
    put(70);
    put(71);
    put(72);
}
static void peer_take(int turn)
{
    vipc_info i;
    if (turn == 0) EXPECT_EQ(take(&i), 70);
    else NEVER("it sleeps on, with room in the queue");
}
static void verify_send_wait(void)
{
    vipc_info i;
    uint32_t n = take(&i);
    if (n == 70) n = take(&i);
    EXPECT_EQ(n, 71);
    EXPECT_EQ(take(&i), 72);
    expect_mine_last();
}

static void wait_receive(void) { w.result = vipc_receive(&w.b, w.b_main, &w.got, &w.info, VIPC_FOREVER); }
static void rescue_send(void) { put(OTHER); }
static void verify_sleeper(void)
{
    vipc_info i;
    EXPECT_OK(w.result);
    EXPECT(w.got.opcode == MINE || (w.got.opcode == OTHER && !mind.done));
    EXPECT_EQ(take(&i), 0);
}

static vipc_outgoing large(unsigned char *payload, uint32_t opcode)
{
    vipc_outgoing o = VIPC_INIT;
    for (int i = 0; i < PAYLOAD; i++) payload[i] = (unsigned char)(i * 7 + 1);
    o.message = message(opcode);
    o.payload = payload;
    o.payload_size = PAYLOAD;
    return o;
}
static void act_send_large(void)
{
    unsigned char payload[PAYLOAD];
    vipc_outgoing o = large(payload, MINE);
    EXPECT_OK(vipc_send_large(&w.v, w.v_side, &o, VIPC_FOREVER));
}
static uint32_t take_large(void)
{
    unsigned char payload[PAYLOAD], good[PAYLOAD];
    vipc_incoming in = VIPC_INIT;
    in.payload = payload;
    in.payload_capacity = PAYLOAD;
    vipc_error e = vipc_receive_large(&w.a, w.side, &in, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return 0;
    EXPECT_OK(e);
    EXPECT_EQ(in.info.payload_size, PAYLOAD);
    (void)large(good, 1);
    EXPECT(memcmp(payload, good, PAYLOAD) == 0);
    return in.message.opcode;
}
static void verify_send_large(void)
{
    uint32_t n = take_large();
    EXPECT(n == MINE || (n == 0 && !mind.done));
    if (n) EXPECT_EQ(take_large(), 0);
}

static void prepare_two(void)
{
    put(71);
    put(72);
}
static void act_receive(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    EXPECT_EQ(m.opcode, 71);
}
static void verify_receive(void)
{
    vipc_info i, j;
    uint32_t n = take(&i), m = take(&j);
    if (n == 72) {                     /* the victim has it, or it comes back late */
        EXPECT(m == 0 || (m == 71 && !mind.done && j.redelivered));
    } else {
        EXPECT(n == 71 && !mind.done);
        EXPECT_EQ(m, 72);
    }
    EXPECT_EQ(take(&i), 0);
}
static void peer_put(int turn)
{
    if (turn == 0) put(71);
    else NEVER("it sleeps on, with a message in the queue");
}
static void verify_receive_wait(void)
{
    vipc_info i;
    uint32_t n = take(&i);
    EXPECT(n == 0 || (n == 71 && !mind.done));
    EXPECT_EQ(take(&i), 0);
}

static void prepare_large(void)
{
    unsigned char payload[PAYLOAD];
    vipc_outgoing o = large(payload, 71);
    EXPECT_OK(vipc_send_large(&w.a, w.side, &o, VIPC_NOW));
}
static void act_receive_large(void)
{
    unsigned char payload[PAYLOAD];
    vipc_incoming in = VIPC_INIT;
    in.payload = payload;
    in.payload_capacity = PAYLOAD;
    EXPECT_OK(vipc_receive_large(&w.v, w.v_side, &in, VIPC_FOREVER));
}
static void verify_receive_large(void)
{
    uint32_t n = take_large();
    EXPECT(n == 0 || (n == 71 && !mind.done));
    EXPECT_EQ(take_large(), 0);
}

static void wait_send(void)
{
    vipc_message m = message(79);
    w.result = vipc_send(&w.b, w.b_main, &m, VIPC_FOREVER);
}
static void act_receive_full(void)
{
    vipc_message m;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, NULL, VIPC_FOREVER));
    EXPECT_EQ(m.opcode, 70);
}
static void rescue_take(void)
{
    vipc_info i;
    EXPECT_EQ(take(&i), 70);
}
static void verify_room(void)
{
    vipc_info i;
    EXPECT_OK(w.result);
    EXPECT_EQ(take(&i), 71);           /* 70 was taken by the victim, or by the rescue */
    EXPECT_EQ(take(&i), 72);
    EXPECT_EQ(take(&i), 79);
    EXPECT_EQ(take(&i), 0);
}

static void act_send_carrying(void)
{
    vipc_message m = message(MINE);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = w.v_side;
    EXPECT_OK(vipc_send(&w.v, w.v_main, &m, VIPC_FOREVER));
}
static void expect_good_at_b(vipc_cap c)
{
    vipc_message m = message(1);
    EXPECT_OK(vipc_send(&w.b, c, &m, VIPC_NOW));
    EXPECT_OK(vipc_receive(&w.a, w.side, &m, NULL, VIPC_NOW));
}
/* What B gets is a capability of A's endpoint, which lives: it must be good. */
static void verify_carried(uint32_t opcode)
{
    vipc_message m;
    vipc_error e = vipc_receive(&w.b, w.b_main, &m, &w.info, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) {
        EXPECT(opcode != MINE || !mind.done);
        return;
    }
    EXPECT_OK(e);
    EXPECT_EQ(m.opcode, opcode);
    EXPECT(m.flags & VIPC_HAS_CAPABILITY);
    expect_good_at_b(m.capability);
    EXPECT_EQ(vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
static void verify_send_carrying(void) { verify_carried(MINE); }
static void prepare_carrying(void)
{
    vipc_message m = message(71);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = w.side;
    EXPECT_OK(vipc_send(&w.a, w.main, &m, VIPC_NOW));
}
static void act_receive_carrying(void)
{
    vipc_message m;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, NULL, VIPC_FOREVER));
    EXPECT(m.flags & VIPC_HAS_CAPABILITY);
    EXPECT_OK(vipc_cap_require(&w.v, m.capability, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND));
}
static void verify_receive_carrying(void) { verify_carried(71); }

/* The victim calls; B takes the request, and answers when the caller sleeps again. */
static void act_call(void)
{
    vipc_message m = message(MINE), r;
    EXPECT_OK(vipc_call(&w.v, w.v_main, &m, &r, VIPC_FOREVER));
    EXPECT_EQ(r.opcode, 5);
}
static void peer_serve(int turn)
{
    vipc_message m;
    if (turn == 0) {
        EXPECT_OK(vipc_receive(&w.b, w.b_main, &m, &w.info, VIPC_NOW));
        EXPECT_EQ(m.opcode, MINE);
        w.right = w.info.reply;
    } else if (turn == 1) {
        m = message(5);
        EXPECT_OK(vipc_reply(&w.b, w.right, &m));
        w.right.token = 0;
    } else {
        NEVER("it sleeps on, with the reply there");
    }
}
static void verify_call(void)
{
    vipc_message m;
    vipc_info i;
    if (w.right.token) {
        m = message(5);
        EXPECT_EQ(vipc_reply(&w.b, w.right, &m), VIPC_ERR_CANCELLED);
        EXPECT(vipc_reply(&w.b, w.right, &m) != VIPC_OK);
    }
    vipc_error e = vipc_receive(&w.b, w.b_main, &m, &i, VIPC_NOW);
    if (e == VIPC_OK) {                /* the dead caller's request, still to be had: nobody waits for the answer */
        EXPECT_EQ(m.opcode, MINE);
        EXPECT_EQ(vipc_reply(&w.b, i.reply, &m), VIPC_ERR_CANCELLED);
        e = vipc_receive(&w.b, w.b_main, &m, &i, VIPC_NOW);
    }
    EXPECT_EQ(e, VIPC_ERR_CHANNEL_EMPTY);
}

/* B calls; the victim serves. */
static void wait_call(void)
{
    vipc_message m = message(OTHER);
    w.result = vipc_call(&w.b, w.b_main, &m, &w.got, VIPC_FOREVER);
}
static void act_serve(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    EXPECT_EQ(m.opcode, OTHER);
    m = message(6);
    EXPECT_EQ(vipc_reply_receive(&w.v, i.reply, &m, w.v_main, &m, &i, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
static void rescue_serve(void)         /* the request is back in the queue, or was never taken */
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.a, w.main, &m, &i, VIPC_NOW));
    EXPECT_EQ(m.opcode, OTHER);
    m = message(5);
    EXPECT_OK(vipc_reply(&w.a, i.reply, &m));
}
static void verify_serve(void)
{
    vipc_info i;
    EXPECT(w.result == VIPC_OK || (w.result == VIPC_ERR_PEER_DEAD && !mind.done));
    if (w.result == VIPC_OK) EXPECT(w.got.opcode == 6 || (w.got.opcode == 5 && !mind.done));
    EXPECT_EQ(take(&i), 0);
}
static void act_drop(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    EXPECT_OK(vipc_reply_drop(&w.v, i.reply, VIPC_ERR_LIMIT));
}
static void verify_drop(void)
{
    vipc_info i;
    EXPECT(w.result == VIPC_ERR_LIMIT || (!mind.done && (w.result == VIPC_ERR_PEER_DEAD || (w.result == VIPC_OK && w.got.opcode == 5))));
    EXPECT_EQ(take(&i), 0);
}
static void act_reply_carrying(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    m = message(6);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = w.v_side;
    EXPECT_OK(vipc_reply(&w.v, i.reply, &m));
}
static void verify_reply_carrying(void)
{
    verify_serve();
    if (w.result != VIPC_OK || w.got.opcode != 6) return;
    EXPECT(w.got.flags & VIPC_HAS_CAPABILITY);
    expect_good_at_b(w.got.capability);
}

/* Three capabilities in one message: all come or none, whoever dies; and payloads and capabilities in replies. */
static vipc_outgoing several(vipc_cap c, uint32_t opcode)
{
    vipc_outgoing o = VIPC_INIT;
    o.message = message(opcode);
    o.message.flags = VIPC_HAS_CAPABILITY;
    o.message.capability = o.caps[0] = o.caps[1] = c;
    o.cap_count = 2;
    return o;
}
static void act_send_several(void)
{
    vipc_outgoing o = several(w.v_side, MINE);
    EXPECT_OK(vipc_send_large(&w.v, w.v_main, &o, VIPC_FOREVER));
}
static void verify_several(uint32_t opcode)
{
    vipc_incoming in = VIPC_INIT;
    vipc_error e = vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) {
        EXPECT(opcode != MINE || !mind.done);
        return;
    }
    EXPECT_OK(e);
    EXPECT_EQ(in.message.opcode, opcode);
    EXPECT_EQ(in.info.cap_count, 3);
    for (int i = 0; i < 3; i++) expect_good_at_b(in.caps[i]);
    EXPECT_EQ(vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
}
static void verify_send_several(void) { verify_several(MINE); }
static void prepare_several(void)
{
    vipc_outgoing o = several(w.side, 71);
    EXPECT_OK(vipc_send_large(&w.a, w.main, &o, VIPC_NOW));
}
static void act_receive_several(void)
{
    vipc_incoming in = VIPC_INIT;
    EXPECT_OK(vipc_receive_large(&w.v, w.v_main, &in, VIPC_FOREVER));
    EXPECT_EQ(in.info.cap_count, 3);
}
static void verify_receive_several(void) { verify_several(71); }
static vipc_error call_large(vipc *v, vipc_cap to, uint32_t opcode, vipc_incoming *in, unsigned char *bytes)
{
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming empty = VIPC_INIT;
    o.message = message(opcode);
    *in = empty;
    in->payload = bytes;
    in->payload_capacity = PAYLOAD;
    return vipc_call_large(v, to, &o, in, VIPC_FOREVER);
}
static vipc_error reply_large(vipc *v, vipc_reply_right to, vipc_cap c, uint32_t opcode)
{
    unsigned char payload[PAYLOAD];
    vipc_outgoing o = large(payload, opcode);
    o.caps[0] = o.caps[1] = c;
    o.cap_count = 2;
    return vipc_reply_large(v, to, &o);
}
static void expect_large_reply(const vipc_incoming *in)
{
    unsigned char good[PAYLOAD];
    (void)large(good, 1);
    EXPECT_EQ(in->info.payload_size, PAYLOAD);
    EXPECT_EQ(in->info.cap_count, 2);
    EXPECT(memcmp(in->payload, good, PAYLOAD) == 0);
}
static void act_call_large(void)
{
    unsigned char bytes[PAYLOAD];
    vipc_incoming in;
    EXPECT_OK(call_large(&w.v, w.v_main, MINE, &in, bytes));
    EXPECT_EQ(in.message.opcode, 5);
    expect_large_reply(&in);
}
static void peer_serve_largely(int turn)
{
    vipc_message m;
    if (turn == 0) {
        EXPECT_OK(vipc_receive(&w.b, w.b_main, &m, &w.info, VIPC_NOW));
        EXPECT_EQ(m.opcode, MINE);
        w.right = w.info.reply;
    } else if (turn == 1) {
        EXPECT_OK(reply_large(&w.b, w.right, w.b_side, 5));
        w.right.token = 0;
    } else {
        NEVER("it sleeps on, with the reply there");
    }
}
static unsigned char b_bytes[PAYLOAD];
static vipc_incoming b_in;
static void wait_call_large(void)
{
    w.result = call_large(&w.b, w.b_main, OTHER, &b_in, b_bytes);
    w.got = b_in.message;
}
static void act_reply_large(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    EXPECT_OK(reply_large(&w.v, i.reply, w.v_side, 6));
}
static void verify_reply_large(void)
{
    verify_serve();
    if (w.result != VIPC_OK || w.got.opcode != 6) return;
    expect_large_reply(&b_in);
    for (int i = 0; i < 2; i++) expect_good_at_b(b_in.caps[i]);
}

static void act_create(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_endpoint_create(&w.v, NULL, &c));
}
static void act_derive_close(void)
{
    vipc_cap c;
    vipc_derive_desc d = VIPC_INIT;
    d.rights = VIPC_RIGHT_SEND;
    EXPECT_OK(vipc_derive(&w.v, w.v_main, &d, &c));
    EXPECT_OK(vipc_close(&w.v, c));
}
static void act_grant(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_grant(&w.v, w.v_main, vipc_self(&w.b), NULL, &c));
}

static void ready_revoke(void)
{
    EXPECT_OK(vipc_grant(&w.v, w.v_main, vipc_self(&w.b), NULL, &w.b_other));
    EXPECT_OK(vipc_derive(&w.v, w.v_main, NULL, &w.v_other));
    EXPECT_OK(vipc_derive(&w.v, w.v_other, NULL, &w.v_own));
}
static void act_revoke(void) { EXPECT_OK(vipc_revoke(&w.v, w.v_main, VIPC_FOREVER)); }
static void verify_revoke(void)
{
    vipc_message m = message(1);
    vipc_info i;
    if (mind.real) return;             /* there the victim alone knows the token */
    vipc_error e = vipc_send(&w.b, w.b_other, &m, VIPC_NOW);
    EXPECT(e == VIPC_ERR_INVALID_CAPABILITY || (e == VIPC_OK && !mind.done));
    if (e == VIPC_OK) EXPECT_EQ(take(&i), 1);
}

static void act_publish(void) { EXPECT_OK(vipc_publish(&w.v, "mine", w.v_main, VIPC_RIGHT_SEND)); }
static void act_unpublish(void) { EXPECT_OK(vipc_unpublish(&w.v, "mine")); }
static void verify_name_is_free(void)
{
    vipc_cap c;
    EXPECT_EQ(vipc_lookup(&w.b, "mine", 0, &c, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    EXPECT_OK(vipc_publish(&w.a, "mine", w.main, VIPC_RIGHT_SEND));
    EXPECT_OK(vipc_lookup(&w.b, "mine", 0, &c, VIPC_NOW));
    EXPECT_OK(vipc_unpublish(&w.a, "mine"));
}
/* The name of the dead is replaced before anybody has swept. */
static void wait_nothing(void)
{
    stage();
    EXPECT_OK(vipc_publish(&w.a, "mine", w.main, VIPC_RIGHT_SEND));
    EXPECT_OK(vipc_unpublish(&w.a, "mine"));
}
static void act_lookup(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_lookup(&w.v, "main", 0, &c, VIPC_FOREVER));
}
static void act_lookup_wait(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_lookup(&w.v, "mine", 0, &c, VIPC_FOREVER));
}
static void peer_publish(int turn)
{
    if (turn == 0) EXPECT_OK(vipc_publish(&w.a, "mine", w.main, VIPC_RIGHT_SEND));
    else NEVER("it sleeps on, with the name there");
}
static void verify_lookup_wait(void)
{
    vipc_error e = vipc_unpublish(&w.a, "mine");
    EXPECT(e == VIPC_OK || e == VIPC_ERR_ENDPOINT_NOT_FOUND);
}
static void wait_lookup(void) { w.result = vipc_lookup(&w.b, "mine", 0, &w.b_other, VIPC_FOREVER); }
static void rescue_publish(void) { EXPECT_OK(vipc_publish(&w.a, "mine", w.main, VIPC_RIGHT_SEND)); }
static void verify_lookup_sleeper(void)
{
    EXPECT_OK(w.result);
    vipc_error e = vipc_unpublish(&w.a, "mine");
    EXPECT(e == VIPC_OK || e == VIPC_ERR_ENDPOINT_NOT_FOUND);
}

static void act_destroy(void) { EXPECT_OK(vipc_destroy(&w.v, w.v_main, VIPC_FOREVER)); }
static void verify_destroy(void)
{
    vipc_message m = message(1);
    vipc_error e = vipc_send(&w.a, w.main, &m, VIPC_NOW);
    if (mind.done) EXPECT_EQ(e, VIPC_ERR_INVALID_CAPABILITY);
    else EXPECT(e == VIPC_OK || e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY);
    if (e == VIPC_OK) return;
    vipc_stats s;                      /* it has ended: a trim gets its frames back, though its owner does not know of it */
    EXPECT_OK(vipc_trim(&w.a, NULL));
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    EXPECT_EQ(s.frames_in_use, 0);
}
static void verify_destroy_sleeper(void)
{
    if (mind.done) EXPECT_EQ(w.result, VIPC_ERR_CLOSED);
    EXPECT(w.result == VIPC_ERR_CLOSED || w.result == VIPC_ERR_INVALID_CAPABILITY || (w.result == VIPC_OK && w.got.opcode == OTHER));
}
/* B sleeps on only if the endpoint is whole. */
static void rescue_send_if_open(void) { put(OTHER); }

static void verify_destroy_caller(void)
{
    EXPECT(w.result == VIPC_ERR_CLOSED || (w.result == VIPC_OK && w.got.opcode == 5 && !mind.done));
}

/* A process with one of everything leaves, or is swept away. */
static void own_things(vipc *v, vipc_cap *own, vipc_cap with)
{
    vipc_message m = message(1);
    vipc_cap c;
    EXPECT_OK(vipc_endpoint_create(v, NULL, own));
    EXPECT_OK(vipc_send(v, *own, &m, VIPC_NOW));
    EXPECT_OK(vipc_publish(v, "mine", *own, VIPC_RIGHT_SEND));
    EXPECT_OK(vipc_grant(v, *own, vipc_self(&w.b), NULL, &c));
    EXPECT_OK(vipc_derive(v, with, NULL, &c));
}
static void ready_own(void) { own_things(&w.v, &w.v_own, w.v_main); }
static void act_leave(void) { EXPECT_OK(vipc_leave(&w.v)); }
static void ready_server(void)
{
    EXPECT_OK(vipc_endpoint_create(&w.v, NULL, &w.v_own));
    EXPECT_OK(vipc_grant(&w.v, w.v_own, vipc_self(&w.b), NULL, &w.b_other));
}
static void wait_call_victim(void)
{
    vipc_message m = message(OTHER);
    w.result = vipc_call(&w.b, w.b_other, &m, &w.got, VIPC_FOREVER);
}
static void act_serve_and_leave(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_own, &m, &i, VIPC_FOREVER));
    EXPECT_OK(vipc_leave(&w.v));
}
static void verify_peer_dead(void) { EXPECT_EQ(w.result, VIPC_ERR_PEER_DEAD); }

/* What was not dropped comes whole; leaks are found in any case. */
static void verify_destroy_several(void)
{
    vipc_incoming in = VIPC_INIT;
    vipc_error e = vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW);
    if (e == VIPC_OK) EXPECT_EQ(in.info.cap_count, 3);
    for (int i = 0; e == VIPC_OK && i < 3; i++) expect_good_at_b(in.caps[i]);
}
static void prepare_dead(void)
{
    vipc_process_desc d = VIPC_INIT;
    vipc_message m = message(71);
    vipc_cap c, own;
    d.proof = LONG_DEAD;
    EXPECT_OK(vipc_process_create(&w.a, &d, &w.d, NULL));
    EXPECT_OK(vipc_lookup(&w.d, "main", 0, &c, VIPC_NOW));
    own_things(&w.d, &own, c);
    EXPECT_OK(vipc_send(&w.d, c, &m, VIPC_NOW));
}
static void act_sweep_dead(void) { EXPECT_OK(vipc_sweep(&w.v, NULL)); }
static void verify_sweep_dead(void)
{
    vipc_info i;
    EXPECT_EQ(take(&i), 71);           /* what the dead had sent stays sent */
    EXPECT_EQ(take(&i), 0);
    verify_name_is_free();
}

static void act_process(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_process_create(&w.v, NULL, &w.thread, &c));
    EXPECT_OK(vipc_process_destroy(&w.v, c, NULL));
}
static void act_thread(void)
{
    vipc_message m = message(MINE);
    EXPECT_OK(vipc_thread_enter(&w.v, 0, &w.thread));
    EXPECT_OK(vipc_send(&w.thread, w.v_main, &m, VIPC_NOW));
    EXPECT_OK(vipc_leave(&w.thread));
}
static void act_trim(void) { EXPECT_OK(vipc_trim(&w.v, NULL)); }
static void act_bind(void) { EXPECT_OK(vipc_endpoint_bind(&w.v, w.v_main, vipc_self(&w.v))); }
static void act_join(void) { EXPECT_OK(vipc_posix_open_fd(&w.j, w.domain_fd, NULL)); }
static void act_join_and_close(void)
{
    EXPECT_OK(vipc_posix_open_fd(&w.j, w.domain_fd, NULL));
    EXPECT_OK(vipc_posix_close(&w.j));
}

static const op ops[] = {
    { .name = "send", .act = act_send, .verify = verify_send },
    { .name = "send, first use of the queue", .act = act_send, .verify = verify_send, .cold = 1 },
    { .name = "send, asleep at a full queue", .prepare = prepare_full, .act = act_send, .peer = peer_take, .verify = verify_send_wait },
    { .name = "send to a sleeper", .wait = wait_receive, .act = act_send, .rescue = rescue_send, .verify = verify_sleeper },
    { .name = "send, first use, to a sleeper", .wait = wait_receive, .act = act_send, .rescue = rescue_send, .verify = verify_sleeper, .cold = 1 },
    { .name = "send_large", .act = act_send_large, .verify = verify_send_large },
    { .name = "send with a capability", .act = act_send_carrying, .verify = verify_send_carrying },
    { .name = "receive", .prepare = prepare_two, .act = act_receive, .verify = verify_receive },
    { .name = "receive, asleep", .act = act_receive, .peer = peer_put, .verify = verify_receive_wait },
    { .name = "receive, before a sleeping sender", .prepare = prepare_full, .wait = wait_send, .act = act_receive_full, .rescue = rescue_take, .verify = verify_room },
    { .name = "receive_large", .prepare = prepare_large, .act = act_receive_large, .verify = verify_receive_large },
    { .name = "receive with a capability", .prepare = prepare_carrying, .act = act_receive_carrying, .verify = verify_receive_carrying },
    { .name = "call", .act = act_call, .peer = peer_serve, .verify = verify_call },
    { .name = "receive, reply_receive", .wait = wait_call, .act = act_serve, .rescue = rescue_serve, .verify = verify_serve },
    { .name = "receive, reply_drop", .wait = wait_call, .act = act_drop, .rescue = rescue_serve, .verify = verify_drop },
    { .name = "receive, reply with a capability", .wait = wait_call, .act = act_reply_carrying, .rescue = rescue_serve, .verify = verify_reply_carrying },
    { .name = "send with three capabilities", .act = act_send_several, .verify = verify_send_several },
    { .name = "receive with three capabilities", .prepare = prepare_several, .act = act_receive_several, .verify = verify_receive_several },
    { .name = "call_large", .act = act_call_large, .peer = peer_serve_largely, .verify = verify_call },
    { .name = "receive, reply_large", .wait = wait_call_large, .act = act_reply_large, .rescue = rescue_serve, .verify = verify_reply_large },
    { .name = "destroy with three capabilities queued", .prepare = prepare_several, .act = act_destroy, .verify = verify_destroy_several, .main_may_go = 1 },
    { .name = "endpoint_create", .act = act_create },
    { .name = "derive, close", .act = act_derive_close },
    { .name = "grant", .act = act_grant },
    { .name = "revoke", .ready = ready_revoke, .act = act_revoke, .verify = verify_revoke },
    { .name = "publish", .act = act_publish, .verify = verify_name_is_free },
    { .name = "publish, replaced before a sweep", .wait = wait_nothing, .act = act_publish, .verify = verify_name_is_free },
    { .name = "publish to a sleeper", .wait = wait_lookup, .act = act_publish, .rescue = rescue_publish, .verify = verify_lookup_sleeper },
    { .name = "unpublish", .ready = act_publish, .act = act_unpublish, .verify = verify_name_is_free },
    { .name = "lookup", .act = act_lookup },
    { .name = "lookup, asleep", .act = act_lookup_wait, .peer = peer_publish, .verify = verify_lookup_wait },
    { .name = "destroy", .prepare = prepare_two, .act = act_destroy, .verify = verify_destroy, .main_may_go = 1 },
    { .name = "destroy under a sleeper", .wait = wait_receive, .act = act_destroy, .rescue = rescue_send_if_open, .verify = verify_destroy_sleeper, .main_may_go = 1 },
    { .name = "destroy under a caller", .wait = wait_call, .act = act_destroy, .rescue = rescue_serve, .verify = verify_destroy_caller, .main_may_go = 1 },
    { .name = "leave", .ready = ready_own, .act = act_leave, .verify = verify_name_is_free },
    { .name = "leave with a call in hand", .ready = ready_server, .wait = wait_call_victim, .act = act_serve_and_leave, .verify = verify_peer_dead, .no_real = 1 },
    { .name = "sweep", .prepare = prepare_dead, .act = act_sweep_dead, .verify = verify_sweep_dead },
    { .name = "process_create, process_destroy", .act = act_process },
    { .name = "thread_enter, leave", .act = act_thread, .verify = verify_send },
    { .name = "trim", .act = act_trim },
    { .name = "bind", .act = act_bind, .main_may_go = 1 },
    { .name = "join", .act = act_join, .no_v = 1 },
    { .name = "join and close", .act = act_join_and_close, .no_v = 1 },
};

static int run_scene(const op *o, int real);
static void begin_all(void);
#include "deaths.h"

/* ------------------------------------------------------------------------------------------------------- scenes */
static void open_world(void)
{
    vipc_posix_desc d = VIPC_INIT;
    memset(&w, 0, sizeof w);
    d.config.max_processes = 6;
    d.config.max_threads = 8;
    d.config.max_objects = mind.op->judge ? 12 : 8;
    d.config.max_capabilities = mind.op->judge ? 40 : 24;
    d.config.max_names = mind.op->judge ? 6 : 4;
    d.frames_bytes = 32 << 10;
    if (has_space(mind.op)) {
        d.config.max_spaces = 4;
        d.config.max_regions = 40;
        d.config.max_frames = 32;
        d.frames_bytes = 128 << 10;
    }
    if (has_regions(mind.op)) {
        d.config.max_shared = 6;
        d.config.max_named = 3;
    }
    EXPECT_OK(vipc_posix_create_fd(&w.a, &d, &w.domain_fd));
    w.own_proof = vipci_us(&w.a)->proof;
}
static void make_members(void)
{
    vipc_process_desc d = VIPC_INIT;
    EXPECT_OK(vipc_process_create(&w.a, &d, &w.b, NULL));
    d.proof = REAPER;
    if (mind.real || mind.op->no_v) return;   /* a victim that joins by itself would find R dead */
    EXPECT_OK(vipc_process_create(&w.a, &d, &w.r, NULL));
    d.proof = VICTIM;
    EXPECT_OK(vipc_process_create(&w.a, &d, &w.v, NULL));
}
static void make_endpoints(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_message m = message(1);
    vipc_info i;
    d.capacity = CAPACITY;
    EXPECT_OK(vipc_endpoint_create(&w.a, &d, &w.main));
    d.payload_max = PAYLOAD;
    EXPECT_OK(vipc_endpoint_create(&w.a, &d, &w.side));
    EXPECT_OK(vipc_publish(&w.a, "main", w.main, 0));
    EXPECT_OK(vipc_publish(&w.a, "side", w.side, 0));
    EXPECT_OK(vipc_lookup(&w.b, "main", 0, &w.b_main, VIPC_NOW));
    EXPECT_OK(vipc_lookup(&w.b, "side", 0, &w.b_side, VIPC_NOW));
    EXPECT_OK(vipc_send(&w.a, w.side, &m, VIPC_NOW));
    EXPECT_OK(vipc_receive(&w.a, w.side, &m, &i, VIPC_NOW));
    if (mind.op->cold) return;
    put(1);
    EXPECT_EQ(take(&i), 1);
}
/* One operation from start to end, in a process of its own. */
static void scene(void)
{
    cpu_set_t here;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    CPU_ZERO(&here);                   /* victim and looker take turns: on one processor that costs half */
    CPU_SET(sched_getcpu(), &here);
    (void)sched_setaffinity(0, sizeof here, &here);
    mind.level = ALL_LIVE;
    mind.second_step = -1;
    mind.clock = 1000000000;
    open_world();
    take_hooks(&w.a);
    make_members();
    make_endpoints();
    if (mind.op->judge) make_sights();
    if (mind.op->prepare) mind.op->prepare();
    if (mind.op->judge) count_sights();
    if (!mind.real && !mind.op->no_v) arm();
    if (mind.op->judge) watch_victim();
    find_ranges(w.domain_fd);
    *mark = MARK_NONE;
    if (mind.op->wait == wait_nothing) {
        wait_nothing();
    } else if (mind.op->wait) {
        mind.waiting = 1;
        mind.op->wait();
        if (mind.waiting == 1) NEVER("B did not sleep");
        mind.waiting = 0;
    } else {
        stage();
    }
    aftermath();
    _exit(0);
}
static int run_scene(const op *o, int real)
{
    int status;
    mind.op = o;
    mind.real = real;
    fflush(stdout);
    pid_t p = fork();
    if (p == 0) scene();
    waitpid(p, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}
static void begin_all(void)
{
    mark = new_mark();
    reached = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    open_world();
    whole = measure(&w.a);
    CHECK_OK(vipc_posix_close(&w.a));
    close(w.domain_fd);
}
static void run_all(int real)
{
    const char *only = getenv("VIPC_TEST_OP"), *all = getenv("VIPC_TEST_ALL");
    long sum[4] = { 0, 0, 0, 0 };
    double t = seconds();
    static const op nothing = { .name = "a new domain" };
    mind.op = &nothing;
    begin_all();
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if ((only && strcmp(only, ops[i].name) != 0) || (real && ops[i].no_real)) continue;
        double started = seconds();
        memset(reached, 0, 4096);
        second_every = all ? 1 : 17;
        kill_first = all ? 0 : (long)(i * 31 % 127);
        kill_every = all ? 1 : 127;
        int status = run_scene(&ops[i], real);
        if (status == 77) SKIP("ptrace is not allowed here");
        if (status > 2) printf("    %s: the scene ended with %d\n", ops[i].name, status);
        CHECK_EQ(status, 0);
        for (int k = 0; k < 4; k++) sum[k] += reached[k];
        if (getenv("VIPC_TEST_LOUD"))
            printf("    %-36s %6ld instructions %5ld states, %4ld with a dying reaper, %5ld kills, %.2f s\n", ops[i].name, reached[0], reached[1], reached[2], reached[3],
                   seconds() - started);
    }
    printf("    %ld instructions, %ld states, after %ld of them the reaper died too; %ld kills; %.1f s\n", sum[0], sum[1], sum[2], sum[3], seconds() - t);
}
TEST(every_instruction) { run_all(0); }
TEST(real_kills) { run_all(1); }
TEST(deaths) { run_rows(0); }
TEST(every_call_has_its_row) { look_for_rows(); }
TEST(readme_shows_the_deaths) { compare_readme(); }

int main(int argc, char **argv)
{
    static const test_case cases[] = { T(every_instruction), T(real_kills), T(deaths), T(every_call_has_its_row), T(readme_shows_the_deaths) };
    if (argc > 1 && strcmp(argv[1], "--table") == 0) {
        static const test_case table[] = { T(print_table) };
        return test_main_(1, argv, table, 1);
    }
    return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
}
#endif
