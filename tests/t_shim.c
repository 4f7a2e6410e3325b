/* t_shim.c - shims/veridian_frames.h and shims/veridian_posix.h.
 * cc tests/t_shim.c -o t_shim && ./t_shim [case]          Linux; some cases want root or a compiler, and say so when they skip.
 * The ways not taken on Linux are tested by building it again with -DVIPC_POSIX_PORTABLE, and with -DVIPC_POSIX_NO_TMPFILE: two cases at
 * the end do that with the compiler $VIPC_TEST_CC, or cc.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#if defined(VIPC_POSIX_PORTABLE)
enum { PORTABLE = 1, NAMELESS_FILES = 0 };
#elif defined(VIPC_POSIX_NO_TMPFILE)
enum { PORTABLE = 0, NAMELESS_FILES = 0 };
#else
enum { PORTABLE = 0, NAMELESS_FILES = 1 };
#endif

/* -------------------------------------------------------------------------------------------------- surroundings */
static char dir_[200];                       /* of this run; removed at its end */
static const char *self_path_ = "/proc/self/exe";

/* Memory that children share with their parent. */
typedef struct board {
    _Atomic uint32_t step, ready, word;
    _Atomic uint64_t number[8];
} board;
static board *board_;

static void nap(void)
{
    struct timespec t = { 0, 200 * 1000 };
    nanosleep(&t, NULL);
}
static void wait_until(_Atomic uint32_t *word, uint32_t value)
{
    while (*word != value) nap();
}
static void board_clear(void)
{
    memset((void *)board_, 0, sizeof *board_);
}

static pid_t start(int (*run)(void *), void *argument)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(run(argument));
    }
    REQUIRE(pid > 0);
    return pid;
}
/* Exit status of a child, or minus the signal that ended it. */
static int finish(pid_t pid)
{
    int status = 0;
    pid_t got;
    do got = waitpid(pid, &status, 0); while (got < 0 && errno == EINTR);
    if (got != pid) return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
static void kill_and_wait(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_EQ(finish(pid), -SIGKILL);
}
/* In a child: every condition has the line as exit status (1..255). */
#define OR_EXIT(condition) do { if (!(condition)) { printf("    child, line %d: %s\n", __LINE__, #condition); fflush(stdout); _exit(99); } } while (0)

static vipc_posix_desc small(void)
{
    vipc_posix_desc d;
    memset(&d, 0, sizeof d);
    d.config.max_processes = 12;
    d.config.max_objects = 32;
    d.frames_bytes = 256 << 10;
    d.directory = dir_;
    return d;
}
static vipc_posix_desc small_must(uint32_t must)
{
    vipc_posix_desc d = small();
    d.must = must;
    return d;
}
static vipc_error open_small(vipc *out, const char *name)
{
    vipc_posix_desc d = small();
    return vipc_posix_open(out, name, &d);
}
static vipc_error drop(const char *name) { return vipc_posix_unlink(name, dir_); }

/* Nothing here needs large files: should a check be missing one day, the host does not pay for it. */
static void limit_files(void)
{
    struct rlimit limit = { 64 << 20, 64 << 20 };
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* Entries of a directory, not counting . and .. */
static int entries(const char *path)
{
    int n = -2;
    DIR *d = opendir(path);
    if (!d) return -1;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}
static int descriptors(void) { return entries("/proc/self/fd"); }
/* Mapped domains, and memberships on the list: malloc may map what it likes. */
static int mappings(void)
{
    int n = 0;
    char line[600];
    FILE *f = fopen("/proc/self/maps", "r");
    if (!f) return -1;
    while (fgets(line, sizeof line, f)) n += strstr(line, "vipc") != NULL;
    fclose(f);
    for (vipc_posix_member_ *m = vipc_posix_.members; m; m = m->next) n++;
    return n;
}
static void path_of(const char *name, char path[VIPC_POSIX_PATH_MAX])
{
    REQUIRE_OK(vipc_posix_path(name, dir_, path, VIPC_POSIX_PATH_MAX));
}

/* One message through a fresh endpoint: the domain works. */
static vipc_error works(vipc *ipc)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_error e = vipc_endpoint_create(ipc, NULL, &door);
    if (e != VIPC_OK) return e;
    m.data[0] = 42;
    e = vipc_send(ipc, door, &m, vipc_after(ipc, 10000000000u));   /* the first use of a queue takes the lock, which others may hold */
    m.data[0] = 0;
    if (e == VIPC_OK) e = vipc_receive(ipc, door, &m, NULL, VIPC_NOW);
    if (e == VIPC_OK && m.data[0] != 42) e = VIPC_ERR_CORRUPT;
    vipc_error gone = vipc_destroy(ipc, door, VIPC_FOREVER);
    return e == VIPC_OK ? gone : e;
}
static void check_clean(vipc *ipc)
{
    uint32_t violations = 1;
    CHECK_OK(vipc_check(ipc, &violations));
    CHECK_EQ(violations, 0);
}

/* -------------------------------------------------------------------------------------------------------- frames */
typedef struct lab {
    uint64_t total;
    uint64_t state[64];
    unsigned char *base;
    vipc_frames frames;
} lab;
enum { HINT = VIPC_FRAMES_HINT_, BITS = VIPC_FRAMES_BITS_ };

static void lab_make(lab *l, uint64_t total)
{
    static unsigned char nowhere[256];   /* frames are never touched by the allocator */
    l->total = total;
    l->base = nowhere;
    REQUIRE_OK(vipc_frames_format(l->state, sizeof l->state, total, 8));
    REQUIRE_OK(vipc_frames_attach(&l->frames, l->state, sizeof l->state, l->base, total, 8));
}

/* The lowest run of `count` zeros, by looking everywhere. */
static uint64_t naive_find(const unsigned char *taken, uint64_t total, uint64_t count)
{
    for (uint64_t at = 0; count != 0 && at + count <= total; at++) {
        uint64_t n = 0;
        while (n < count && !taken[at + n]) n++;
        if (n == count) return at;
    }
    return total;
}
static int same_bits(const lab *l, const unsigned char *taken)
{
    uint64_t available = 0;
    for (uint64_t i = 0; i < l->total; i++) {
        available += !taken[i];
        if ((l->state[BITS + i / 64] >> (i % 64) & 1) != taken[i]) return 0;
    }
    return vipc_frames_available(&l->frames) == available;
}

/* One allocation from every bitmap, with every hint.  A hint that says no more than is true must give the lowest run. */
static int try_alloc(lab *l, uint64_t bits, uint64_t hint, uint64_t count)
{
    unsigned char taken[64];
    uint64_t lowest_free = l->total, first = 999, want;
    for (uint64_t i = l->total; i-- > 0;) {
        taken[i] = bits >> i & 1;
        if (!taken[i]) lowest_free = i;
    }
    l->state[BITS] = bits;
    l->state[HINT] = hint;
    vipc_error e = vipc_frames_alloc(&l->frames, count, &first);
    want = naive_find(taken, l->total, count);
    if (count == 0) return e == VIPC_ERR_INVALID_ARGUMENT && same_bits(l, taken);
    if (want == l->total) return e == VIPC_ERR_OUT_OF_MEMORY && first == 999 && same_bits(l, taken);
    if (e != VIPC_OK || (hint <= lowest_free && first != want) || first + count > l->total) return 0;
    for (uint64_t i = 0; i < count; i++)
        if (taken[first + i]++) return 0;
    return same_bits(l, taken);
}
/* The same within [from, to): the lowest run there, whatever is free around it; and the next search may begin where `from` is then. */
static int try_within(lab *l, uint64_t bits, uint64_t from, uint64_t to, uint64_t count)
{
    unsigned char taken[64];
    const uint64_t end = to < l->total ? to : l->total;
    uint64_t first = 999, at = from, n = 0;
    for (uint64_t i = 0; i < l->total; i++) taken[i] = bits >> i & 1;
    const uint64_t want = from < end ? from + naive_find(taken + from, end - from, count) : end, lowest = from < end ? from + naive_find(taken + from, end - from, 1) : from;
    l->state[BITS] = bits;
    l->state[HINT] = 0;
    vipc_error e = vipc_frames_alloc_within(&l->frames, count, &at, to, &first);
    if (count == 0) return e == VIPC_ERR_INVALID_ARGUMENT && at == from && same_bits(l, taken);
    if (want == end ? e != VIPC_ERR_OUT_OF_MEMORY || first != 999 : e != VIPC_OK || first != want) return 0;
    for (uint64_t i = 0; want != end && i < count; i++)
        if (taken[first + i]++) return 0;
    for (uint64_t i = from; i < at && i < end; i++)
        if (!taken[i]) return 0;
    if (at < lowest) return 0;
    n = 0;
    for (uint64_t i = from; i < end; i++) n += !taken[i];
    return same_bits(l, taken) && at >= from && (at <= end || from >= end) && vipc_frames_available_within(&l->frames, from, to) == n;
}
static int try_free(lab *l, uint64_t bits, uint64_t first, uint64_t count)
{
    unsigned char taken[64];
    int inside = count != 0 && first + count <= l->total, all = inside;
    for (uint64_t i = first; i < first + count && inside; i++) all &= (int)(bits >> i & 1);
    for (uint64_t i = 0; i < l->total; i++) taken[i] = (bits >> i & 1) && !(inside && i >= first && i < first + count);
    l->state[BITS] = bits;
    if (vipc_frames_is_valid(&l->frames, first, count) != inside) return 0;
    if ((vipc_frames_pointer(&l->frames, first, count) != NULL) != inside) return 0;
    if (vipc_frames_is_taken(&l->frames, first, count) != all) return 0;
    return vipc_frames_free(&l->frames, first, count) == (inside ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT) && same_bits(l, taken);
}

TEST(frames_every_small_bitmap)
{
    static lab l;
    for (uint64_t total = 1; total <= 9; total++) {
        lab_make(&l, total);
        for (uint64_t bits = 0; bits < (uint64_t)1 << total; bits++) {
            for (uint64_t count = 0; count <= total + 1; count++)
                for (uint64_t hint = 0; hint <= total + 1; hint++) REQUIRE(try_alloc(&l, bits, hint, count));
            for (uint64_t first = 0; first <= total + 1; first++)
                for (uint64_t count = 0; count <= total + 1; count++) REQUIRE(try_free(&l, bits, first, count));
            for (uint64_t from = 0; from <= total + 1; from++)
                for (uint64_t to = 0; to <= total + 1; to++)
                    for (uint64_t count = 0; count <= total + 1; count++) REQUIRE(try_within(&l, bits, from, to, count));
        }
    }
}

TEST(frames_random_work_beside_a_model)
{
    static const uint64_t totals[] = { 63, 64, 65, 127, 128, 129, 1000, 2048 };
    static lab l;
    static unsigned char taken[2048];
    uint64_t seed = 1;
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        lab_make(&l, totals[t]);
        memset(taken, 0, sizeof taken);
        for (int i = 0; i < 20000; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint64_t r = seed >> 33, count = 1 + r / 4 % (r & 1 ? 4 : 150), first = 999;
            if (r & 2) {
                uint64_t want = naive_find(taken, l.total, count);
                vipc_error e = vipc_frames_alloc(&l.frames, count, &first);
                REQUIRE_EQ(e, want == l.total ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK);
                if (e != VIPC_OK) continue;
                REQUIRE_EQ(first, want);
                memset(taken + first, 1, count);
            } else {
                first = (seed >> 20) % l.total;
                vipc_error e = vipc_frames_free(&l.frames, first, count);
                REQUIRE_EQ(e, first + count > l.total ? VIPC_ERR_INVALID_ARGUMENT : VIPC_OK);
                if (e == VIPC_OK) memset(taken + first, 0, count);
            }
            if (i % 64 == 0) REQUIRE(same_bits(&l, taken));
        }
        REQUIRE(same_bits(&l, taken));
    }
}

/* Two halves, each searched from where its last search ended, or from what was freed below. */
TEST(frames_random_work_in_halves_beside_a_model)
{
    static lab l;
    static unsigned char taken[2048];
    uint64_t seed = 3, full = 0;
    for (uint64_t total = 190; total < 2048; total = total * 3 + 1) {
        const uint64_t half = total / 2, end[2] = { half, total };
        uint64_t from[2] = { 0, half };
        lab_make(&l, total);
        memset(taken, 0, sizeof taken);
        for (int i = 0; i < 20000; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const uint64_t r = seed >> 33, side = r & 1, lowest = side ? half : 0, count = 1 + r / 16 % (r & 2 ? 3 : 90);
            uint64_t first = 999;
            if (r & 4) {
                const uint64_t want = lowest + naive_find(taken + lowest, end[side] - lowest, count);
                vipc_error e = vipc_frames_alloc_within(&l.frames, count, &from[side], end[side], &first);
                REQUIRE_EQ(e, want == end[side] ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK);
                full += e != VIPC_OK;
                if (e != VIPC_OK) continue;
                REQUIRE_EQ(first, want);
                memset(taken + first, 1, count);
            } else {
                first = (seed >> 20) % total;
                if (vipc_frames_free(&l.frames, first, count) != VIPC_OK) continue;
                memset(taken + first, 0, count);
                if (first < from[0]) from[0] = first;
                if (first + count > half && (first > half ? first : half) < from[1]) from[1] = first > half ? first : half;
            }
            if (i % 64 == 0) {
                REQUIRE(same_bits(&l, taken));
                REQUIRE_EQ(vipc_frames_available_within(&l.frames, 0, half) + vipc_frames_available_within(&l.frames, half, ~(uint64_t)0), vipc_frames_available(&l.frames));
            }
        }
        REQUIRE(same_bits(&l, taken));
    }
    CHECK(full > 100);
}

TEST(frames_bad_arguments)
{
    static uint64_t state[16];
    unsigned char byte;
    vipc_frames f;
    uint64_t first, from = 0;
    CHECK_EQ(vipc_frames_required_size(0), 0);
    CHECK_EQ(vipc_frames_required_size(~(uint64_t)0), 0);
    CHECK(vipc_frames_required_size(64) < vipc_frames_required_size(65));
    CHECK_EQ(vipc_frames_format(NULL, 128, 8, 12), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_format((char *)state + 4, 100, 8, 12), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_format(state, sizeof state, 0, 12), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_format(state, sizeof state, 8, 7), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_format(state, sizeof state, 8, 21), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_format(state, 71, 8, 12), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(vipc_frames_attach(&f, state, sizeof state, &byte, 8, 12), VIPC_ERR_BAD_DOMAIN);
    REQUIRE_OK(vipc_frames_format(state, 72, 8, 12));
    CHECK_EQ(vipc_frames_attach(&f, state, 71, &byte, 8, 12), VIPC_ERR_BAD_DOMAIN);
    CHECK_EQ(vipc_frames_attach(&f, state, 72, &byte, 9, 12), VIPC_ERR_BAD_DOMAIN);
    CHECK_EQ(vipc_frames_attach(&f, state, 72, &byte, 8, 13), VIPC_ERR_BAD_DOMAIN);
    CHECK_EQ(vipc_frames_attach(NULL, state, 72, &byte, 8, 12), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_attach(&f, state, 72, NULL, 8, 12), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_attach(&f, state, 72, (void *)(UINTPTR_MAX - 4096), 8, 12), VIPC_ERR_OUT_OF_MEMORY);
    REQUIRE_OK(vipc_frames_attach(&f, state, 72, &byte, 8, 12));
    CHECK_EQ(vipc_frames_total(&f), 8);
    CHECK_EQ(vipc_frames_alloc(&f, 9, &first), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(vipc_frames_alloc(&f, ~(uint64_t)0, &first), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(vipc_frames_alloc(&f, 1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_alloc(NULL, 1, &first), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_alloc_within(NULL, 1, &from, 8, &first), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_alloc_within(&f, 1, NULL, 8, &first), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_alloc_within(&f, 1, &from, 8, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_alloc_within(&f, ~(uint64_t)0, &from, ~(uint64_t)0, &first), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(from, 0);
    CHECK_EQ(vipc_frames_available_within(NULL, 0, 8), 0);
    CHECK_EQ(vipc_frames_available_within(&f, 9, ~(uint64_t)0), 0);
    CHECK(vipc_frames_pointer(&f, 1, ~(uint64_t)0) == NULL);
    CHECK(vipc_frames_pointer(&f, 8, 1) == NULL);
    CHECK(vipc_frames_pointer(NULL, 0, 1) == NULL);
    CHECK(vipc_frames_pointer(&f, 7, 1) == &byte + 7 * 4096);
}

/* E1: an allocator that ignores how many frames there are hands out memory that does not exist. */
TEST(e001_allocator_stays_inside)
{
    static lab l;
    static const uint64_t totals[] = { 1, 63, 64, 65, 100, 1025, 3000 };
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++) {
        uint64_t first = 0, n = 0;
        lab_make(&l, totals[t]);
        if (totals[t] % 64) l.state[BITS + totals[t] / 64] &= ((uint64_t)1 << totals[t] % 64) - 1;   /* the tail looks free */
        while (vipc_frames_alloc(&l.frames, 1, &first) == VIPC_OK) {
            CHECK_EQ(first, n);
            REQUIRE(n++ < totals[t]);
        }
        CHECK_EQ(n, totals[t]);
        CHECK_EQ(vipc_frames_available(&l.frames), 0);
        CHECK_OK(vipc_frames_free(&l.frames, 0, totals[t]));
        CHECK_EQ(vipc_frames_alloc(&l.frames, totals[t] + 1, &first), VIPC_ERR_OUT_OF_MEMORY);
        CHECK_OK(vipc_frames_alloc(&l.frames, totals[t], &first));
        CHECK_EQ(vipc_frames_free(&l.frames, totals[t] - 1, 2), VIPC_ERR_INVALID_ARGUMENT);
    }
}

/* E2: a double free that stops half-way, a free below the start, frames lost beyond a power of two. */
TEST(e002_double_free_is_harmless)
{
    static lab l;
    uint64_t a, b, c;
    lab_make(&l, 1000);
    REQUIRE_OK(vipc_frames_alloc(&l.frames, 300, &a));
    REQUIRE_OK(vipc_frames_alloc(&l.frames, 300, &b));
    CHECK_OK(vipc_frames_free(&l.frames, a, 300));
    CHECK_OK(vipc_frames_free(&l.frames, a, 300));
    CHECK_EQ(vipc_frames_available(&l.frames), 700);
    CHECK_OK(vipc_frames_free(&l.frames, a + 150, 200));   /* half of it is free already */
    CHECK_EQ(vipc_frames_available(&l.frames), 750);
    CHECK_OK(vipc_frames_free(&l.frames, b, 300));
    CHECK_EQ(vipc_frames_available(&l.frames), 1000);
    CHECK_EQ(vipc_frames_free(&l.frames, ~(uint64_t)0, 1), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_free(&l.frames, 1, ~(uint64_t)0), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_free(&l.frames, 999, 2), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_frames_available(&l.frames), 1000);
    CHECK_OK(vipc_frames_alloc(&l.frames, 1000, &c));      /* 1000 is no power of two, and all of it is there */
}

/* Whatever stands in the state: answers within range, no step outside the memory, an end. */
TEST(frames_hostile_state)
{
    long page = sysconf(_SC_PAGESIZE);
    unsigned char *three = (unsigned char *)mmap(NULL, 3 * (size_t)page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(three != MAP_FAILED);
    REQUIRE(mprotect(three + page, (size_t)page, PROT_READ | PROT_WRITE) == 0);
    uint64_t total = 1000, size = vipc_frames_required_size(total), seed = 7;
    unsigned char *state = three + 2 * page - size;
    vipc_frames f;
    REQUIRE_OK(vipc_frames_format(state, size, total, 8));
    REQUIRE_OK(vipc_frames_attach(&f, state, size, three, total, 8));
    for (int i = 0; i < 20000; i++) {
        for (int k = 0; k < 4; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint64_t value = seed & 1 << 20 ? seed >> 30 : seed & 1 << 21 ? ~(uint64_t)0 : 0;
            memcpy(state + (seed >> 40) % (size / 8) * 8, &value, 8);
        }
        uint64_t first = total, count = 1 + (seed >> 34) % 70;
        if (vipc_frames_alloc(&f, count, &first) == VIPC_OK) REQUIRE(first < total && count <= total - first);
        uint64_t from = seed >> 54, to = seed >> 44 & 2047, at = from;
        if (vipc_frames_alloc_within(&f, count, &at, to, &first) == VIPC_OK) REQUIRE(first >= from && first < to && count <= to - first && first < total && count <= total - first);
        REQUIRE(at >= from);
        REQUIRE(vipc_frames_available_within(&f, from, to) <= total);
        vipc_frames_free(&f, seed >> 50, count);
        REQUIRE(vipc_frames_available(&f) <= total);
    }
    munmap(three, 3 * (size_t)page);
}

/* A kill may come between any two instructions: look at the shared words after each of them.  Bits may be set only within the run that *first
 * names already; that is what whoever cleans up goes by. */
typedef struct stepped { uint64_t state[16], first; } stepped;
static int step_child(void *argument)
{
    stepped *s = (stepped *)argument;
    vipc_frames f;
    vipc_frames_attach(&f, s->state, sizeof s->state, (void *)s, 300, 8);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    vipc_error e = vipc_frames_alloc(&f, 130, &s->first);
    raise(SIGSTOP);
    if (e == VIPC_OK) e = vipc_frames_free(&f, s->first, 130);
    raise(SIGSTOP);
    return e != VIPC_OK;
}
static uint64_t bits_taken(const stepped *s)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < 300; i++) n += s->state[BITS + i / 64] >> (i % 64) & 1;
    return n;
}
TEST(frames_kill_between_any_two_instructions)
{
    stepped *s = (stepped *)mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status, stops = 0;
    long steps = 0, seen_partly = 0;
    REQUIRE(s != MAP_FAILED);
    REQUIRE_OK(vipc_frames_format(s->state, sizeof s->state, 300, 8));
    s->first = 999;
    pid_t pid = start(step_child, s);
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        if (WSTOPSIG(status) == SIGSTOP && ++stops == 2) REQUIRE_EQ(bits_taken(s), 130);
        uint64_t taken = bits_taken(s);
        if (taken) REQUIRE_EQ(s->first, 0);
        seen_partly += taken != 0 && taken != 130;
        for (uint64_t i = 130; i < 300; i++) REQUIRE((s->state[BITS + i / 64] >> (i % 64) & 1) == 0);
        steps++;
        if (ptrace(stops == 3 ? PTRACE_CONT : PTRACE_SINGLESTEP, pid, NULL, NULL) != 0) {
            kill_and_wait(pid);
            SKIP("this host cannot single-step a process");
        }
    }
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(steps > 100 && seen_partly > 0);
    munmap(s, sizeof *s);
}

/* --------------------------------------------------------------------------------------------- open, names, files */
TEST(shim_create_then_join)
{
    vipc a, b;
    vipc_config config;
    REQUIRE_OK(open_small(&a, "/calc"));
    REQUIRE_OK(open_small(&b, "calc"));      /* the same one */
    CHECK(vipc_self(&a).id != vipc_self(&b).id);
    vipc_cap door, there;
    REQUIRE_OK(vipc_endpoint_create(&a, NULL, &door));
    REQUIRE_OK(vipc_publish(&a, "door", door, VIPC_RIGHT_SEND));
    REQUIRE_OK(vipc_lookup(&b, "door", 0, &there, VIPC_NOW));
    vipc_message m = VIPC_INIT;
    vipc_info info;
    m.opcode = 9;
    CHECK_OK(vipc_send(&b, there, &m, VIPC_NOW));
    CHECK_OK(vipc_receive(&a, door, &m, &info, VIPC_NOW));
    CHECK_EQ(info.sender.id, vipc_self(&b).id);
    CHECK_OK(vipc_config_get(&b, &config));
    CHECK_EQ(config.max_processes, 12);
    vipc_pid found;
    CHECK_OK(vipc_process_find(&a, (uint64_t)getpid(), &found));
    CHECK_EQ(found.id, vipc_self(&b).id);    /* the youngest */
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&b));
    CHECK_EQ(vipc_posix_close(&b), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("calc"));
    CHECK_EQ(entries(dir_), 0);
}

TEST(shim_default_domain)
{
    char name[64], path[VIPC_POSIX_PATH_MAX];
    struct stat st;
    vipc a;
    snprintf(name, sizeof name, "/vipc-test-%d", (int)getpid());
    REQUIRE_OK(vipc_posix_open(&a, name, NULL));
    REQUIRE_OK(vipc_posix_path(name, NULL, path, sizeof path));
    CHECK(strncmp(path, access("/dev/shm", F_OK) == 0 ? "/dev/shm/vipc.vipc-test-" : "/tmp/vipc.vipc-test-", 15) == 0);
    CHECK(stat(path, &st) == 0);
    CHECK(st.st_size <= 32 << 20);
    CHECK(st.st_size > 24 << 20);
    CHECK((int64_t)st.st_blocks * 512 >= st.st_size);   /* reserved, not only promised */
    CHECK_EQ(st.st_mode & 07777, 0600);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_unlink(name, NULL));
    CHECK_OK(vipc_posix_close(&a));
    CHECK(stat(path, &st) != 0);
}

TEST(shim_names)
{
    char name[600], path[VIPC_POSIX_PATH_MAX], deep[1200];
    vipc a;
    vipc_posix_desc d = small();
    static const char *const bad[] = { "", "/", ".", "..", "/.", "/..", "a/b", "//a", "a/", "/a/b" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQ(open_small(&a, bad[i]), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(drop(bad[i]), VIPC_ERR_INVALID_ARGUMENT);
    }
    CHECK_EQ(open_small(&a, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(open_small(NULL, "a"), VIPC_ERR_INVALID_ARGUMENT);
    memset(name, 'n', sizeof name);
    name[VIPC_POSIX_NAME_MAX + 1] = 0;
    CHECK_EQ(open_small(&a, name), VIPC_ERR_NAME_TOO_LONG);
    name[VIPC_POSIX_NAME_MAX] = 0;
    CHECK_OK(open_small(&a, name));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop(name));
    CHECK_OK(open_small(&a, "..."));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("..."));
    memset(deep, '/', sizeof deep);
    deep[sizeof deep - 1] = 0;
    d.directory = deep;
    CHECK_EQ(vipc_posix_open(&a, "a", &d), VIPC_ERR_NAME_TOO_LONG);
    d.directory = "";
    CHECK_EQ(vipc_posix_open(&a, "a", &d), VIPC_ERR_INVALID_ARGUMENT);
    d.directory = "/nonexistent/directory";
    CHECK_EQ(vipc_posix_open(&a, "a", &d), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_posix_unlink("a", d.directory), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_posix_path("a", dir_, path, strlen(dir_) + 7), VIPC_ERR_NAME_TOO_LONG);
    CHECK_OK(vipc_posix_path("a", dir_, path, strlen(dir_) + 8));
    CHECK_EQ(strcmp(path + strlen(dir_), "/vipc.a"), 0);
    CHECK_EQ(vipc_posix_path("a", dir_, NULL, 9), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(entries(dir_), 0);
}

TEST(shim_must)
{
    vipc a, b;
    vipc_posix_desc create = small_must(VIPC_POSIX_CREATE), join = small_must(VIPC_POSIX_JOIN), wrong = small_must(3);
    CHECK_EQ(vipc_posix_open(&a, "m", &wrong), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_open(&a, "m", &join), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(entries(dir_), 0);
    REQUIRE_OK(vipc_posix_open(&a, "m", &create));
    CHECK_EQ(vipc_posix_open(&b, "m", &create), VIPC_ERR_EXISTS);
    CHECK_OK(vipc_posix_open(&b, "m", &join));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(vipc_posix_close(&b));
    CHECK_EQ(vipc_posix_open(&b, "m", &create), VIPC_ERR_EXISTS);   /* also when nobody is in it */
    CHECK_OK(drop("m"));
    CHECK_EQ(drop("m"), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(entries(dir_), 0);
}

TEST(shim_desc_is_checked)
{
    vipc a;
    int fd = -5;
    vipc_posix_desc d = small();
    d.no_futex = 2;
    CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_create_fd(&a, &d, &fd), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_open_fd(&a, 0, &d), VIPC_ERR_INVALID_ARGUMENT);
    d = small();
    d.file_mode = 010000;
    CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_INVALID_ARGUMENT);
    d = small();
    d.config.page_shift = 21;
    CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_INVALID_ARGUMENT);
    d = small();
    d.config.max_processes = 1 << 20;
    CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_INVALID_ARGUMENT);
    d = small();
    d.frames_bytes = 4095;                    /* not one frame */
    CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_INVALID_ARGUMENT);
    static const uint64_t too_much[] = { ~(uint64_t)0, (uint64_t)1 << 63, (uint64_t)1 << 62, (uint64_t)1 << 61 };
    for (size_t i = 0; i < sizeof too_much / sizeof *too_much; i++) {
        d.frames_bytes = too_much[i];
        CHECK_EQ(vipc_posix_open(&a, "d", &d), VIPC_ERR_OUT_OF_MEMORY);
        CHECK_EQ(vipc_posix_create_fd(&a, &d, &fd), VIPC_ERR_OUT_OF_MEMORY);
    }
    CHECK_EQ(vipc_posix_create_fd(&a, NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_create_fd(NULL, NULL, &fd), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(fd, -5);
    CHECK_EQ(vipc_posix_close(NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_after_fork(NULL, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(entries(dir_), 0);
}

TEST(shim_joiner_with_another_configuration)
{
    vipc a, b;
    uint32_t have[8], *ask;
    vipc_posix_desc d = small();
    vipc_config config;
    REQUIRE_OK(open_small(&a, "c"));
    REQUIRE_OK(vipc_config_get(&a, &config));
    memcpy(have, &config, sizeof have);
    ask = &d.config.max_processes;
    for (int i = 0; i < 8; i++) {
        memset(&d.config, 0, sizeof d.config);
        ask[i] = have[i];
        CHECK_OK(vipc_posix_open(&b, "c", &d));
        CHECK_OK(vipc_posix_close(&b));
        ask[i] = have[i] + 1;
        CHECK_EQ(vipc_posix_open(&b, "c", &d), VIPC_ERR_INVALID_ARGUMENT);
    }
    memset(&d.config, 0, sizeof d.config);
    d.frames_bytes = 512 << 10;
    CHECK_EQ(vipc_posix_open(&b, "c", &d), VIPC_ERR_INVALID_ARGUMENT);
    d.frames_bytes = 0;
    CHECK_OK(vipc_posix_open(&b, "c", &d));
    CHECK_OK(vipc_posix_close(&b));
    CHECK_OK(works(&a));
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("c"));
}

/* Not as root, whom no mode keeps out. */
static int modes_are_kept(void *argument)
{
    static const unsigned modes[] = { 0, 0600, 0640, 0666, 0400 };
    char path[VIPC_POSIX_PATH_MAX];
    (void)argument;
    OR_EXIT(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
    OR_EXIT(vipc_posix_path("f", dir_, path, sizeof path) == VIPC_OK);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct stat st;
        vipc a;
        vipc_posix_desc d = small();
        d.file_mode = modes[i];
        umask(i % 2 ? 0777 : 0);
        OR_EXIT(vipc_posix_open(&a, "f", &d) == VIPC_OK);
        OR_EXIT(stat(path, &st) == 0 && (st.st_mode & 07777) == (modes[i] ? modes[i] : 0600u));
        OR_EXIT(works(&a) == VIPC_OK && vipc_posix_close(&a) == VIPC_OK && drop("f") == VIPC_OK);
    }
    return 0;
}
TEST(shim_file_mode)
{
    REQUIRE(chmod(dir_, 0777) == 0);
    CHECK_EQ(finish(start(modes_are_kept, NULL)), 0);
    chmod(dir_, 0700);
    CHECK_EQ(entries(dir_), 0);
}

static int as_nobody(void *argument)
{
    vipc a, *inherited = (vipc *)argument;
    OR_EXIT(vipc_posix_close(&inherited[0]) == VIPC_OK && vipc_posix_close(&inherited[1]) == VIPC_OK);
    OR_EXIT(setgid(65534) == 0 && setuid(65534) == 0);
    OR_EXIT(open_small(&a, "p") == VIPC_ERR_PERMISSION_DENIED);
    OR_EXIT(open_small(&a, "q") == VIPC_OK && works(&a) == VIPC_OK && vipc_posix_close(&a) == VIPC_OK);
    OR_EXIT(open_small(&a, "r") == VIPC_ERR_PERMISSION_DENIED);   /* the directory is not theirs */
    return 0;
}
TEST(shim_permissions)
{
    vipc in[2];
    vipc_posix_desc d = small();
    if (geteuid() != 0) SKIP("needs root, to become somebody else");
    REQUIRE_OK(open_small(&in[0], "p"));
    d.file_mode = 0666;
    REQUIRE_OK(vipc_posix_open(&in[1], "q", &d));
    REQUIRE(chmod(dir_, 0755) == 0);
    CHECK_EQ(finish(start(as_nobody, in)), 0);
    chmod(dir_, 0700);
    CHECK_OK(vipc_posix_close(&in[0]));
    CHECK_OK(vipc_posix_close(&in[1]));
    CHECK_OK(drop("p"));
    CHECK_OK(drop("q"));
    CHECK_EQ(entries(dir_), 0);
}

/* ------------------------------------------------------------------------------------------ files that are no domain */
static void write_file(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}
/* Opening it gives `want` and changes no byte. */
static void check_refused(const char *path, const void *bytes, size_t size, vipc_error want)
{
    vipc a;
    unsigned char *after = (unsigned char *)malloc(size + 1);
    vipc_posix_desc join = small_must(VIPC_POSIX_JOIN);
    write_file(path, bytes, size);
    CHECK_EQ(open_small(&a, "x"), want);
    CHECK_EQ(vipc_posix_open(&a, "x", &join), want);
    int fd = open(path, O_RDWR);
    CHECK_EQ(vipc_posix_open_fd(&a, fd, NULL), want);
    CHECK_EQ(read(fd, after, size + 1), (ssize_t)size);
    CHECK_EQ(memcmp(after, bytes, size), 0);
    close(fd);
    free(after);
}
static unsigned char *whole_domain(size_t *size)
{
    vipc a;
    char path[VIPC_POSIX_PATH_MAX];
    struct stat st;
    path_of("x", path);
    REQUIRE_OK(open_small(&a, "x"));
    REQUIRE_OK(works(&a));
    REQUIRE_OK(vipc_posix_close(&a));
    int fd = open(path, O_RDWR);
    REQUIRE(fstat(fd, &st) == 0);
    unsigned char *bytes = (unsigned char *)malloc((size_t)st.st_size);
    REQUIRE(read(fd, bytes, (size_t)st.st_size) == st.st_size);
    close(fd);
    REQUIRE_OK(drop("x"));
    *size = (size_t)st.st_size;
    return bytes;
}

TEST(shim_file_that_is_no_domain)
{
    static unsigned char garbage[1 << 20];
    static const size_t sizes[] = { 0, 1, 8, 87, 88, 4096, sizeof garbage };
    char path[VIPC_POSIX_PATH_MAX], other[VIPC_POSIX_PATH_MAX];
    vipc a;
    vipc_posix_desc create = small_must(VIPC_POSIX_CREATE);
    path_of("x", path);
    path_of("y", other);
    for (int fill = 0; fill < 3; fill++) {
        for (size_t i = 0; i < sizeof garbage; i++) garbage[i] = (unsigned char)(fill == 0 ? 0 : fill == 1 ? 0xff : i * 131 >> 3);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_refused(path, garbage, sizes[i], VIPC_ERR_BAD_DOMAIN);
    }
    CHECK_EQ(vipc_posix_open(&a, "x", &create), VIPC_ERR_EXISTS);
    CHECK_OK(drop("x"));
    REQUIRE(mkdir(path, 0700) == 0);
    CHECK_EQ(open_small(&a, "x"), VIPC_ERR_BAD_DOMAIN);
    REQUIRE(rmdir(path) == 0);
    REQUIRE(mkfifo(path, 0600) == 0);
    CHECK_EQ(open_small(&a, "x"), VIPC_ERR_BAD_DOMAIN);
    REQUIRE(unlink(path) == 0);
    REQUIRE_OK(open_small(&a, "y"));
    REQUIRE(symlink(other, path) == 0);
    vipc b;
    vipc_error e = open_small(&b, "x");          /* somebody's trap in /tmp; where the file is known already, it does no harm */
    if (PORTABLE && e == VIPC_OK) CHECK_OK(vipc_posix_close(&b));
    else CHECK_EQ(e, VIPC_ERR_BAD_DOMAIN);
    REQUIRE(unlink(path) == 0);
    REQUIRE(symlink("/nonexistent/file", path) == 0);
    CHECK(open_small(&b, "x") != VIPC_OK);
    REQUIRE(unlink(path) == 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("y"));
    CHECK_EQ(entries(dir_), 0);
}

TEST(shim_file_of_another_version)
{
    char path[VIPC_POSIX_PATH_MAX];
    size_t size;
    unsigned char *bytes = whole_domain(&size);
    vipc_posix_file_ *f = (vipc_posix_file_ *)(void *)bytes, good = *f;
    path_of("x", path);
    f->layout++;
    check_refused(path, bytes, size, VIPC_ERR_VERSION);
    *f = good;
    f->host_page *= 4;
    check_refused(path, bytes, size, VIPC_ERR_VERSION);
    *f = good;
    for (int i = 0; i < 8; i++) bytes[i] = ((unsigned char *)&good)[7 - i];
    check_refused(path, bytes, size, VIPC_ERR_VERSION);    /* the other byte order */
    *f = good;
    uint32_t *core = (uint32_t *)(void *)(bytes + good.core_at);
    memset(core, 0xa5, 16);
    vipc a;
    write_file(path, bytes, size);
    CHECK_EQ(open_small(&a, "x"), VIPC_ERR_BAD_DOMAIN);    /* the shim's page is right, the core's state is not */
    free(bytes);
    CHECK_OK(drop("x"));
}

TEST(shim_file_cut_short)
{
    char path[VIPC_POSIX_PATH_MAX];
    size_t size;
    unsigned char *bytes = whole_domain(&size);
    path_of("x", path);
    size_t sizes[] = { 1, sizeof(vipc_posix_file_) - 1, sizeof(vipc_posix_file_), 4096, size / 2, size - 4096, size - 1 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_refused(path, bytes, sizes[i], VIPC_ERR_BAD_DOMAIN);
    free(bytes);
    CHECK_OK(drop("x"));
}

/* Scribbles over the first page: an error or a domain that answers, never a crash. */
static int scribbled(void *argument)
{
    vipc a;
    (void)argument;
    vipc_error e = open_small(&a, "x");
    if (e == VIPC_OK) {
        works(&a);
        e = vipc_posix_close(&a);
    }
    return e == VIPC_OK ? 0 : 1;
}
TEST(shim_file_whose_parts_do_not_fit)
{
    char path[VIPC_POSIX_PATH_MAX];
    size_t size;
    unsigned char *bytes = whole_domain(&size);
    vipc_posix_file_ *f = (vipc_posix_file_ *)(void *)bytes, good = *f;
    path_of("x", path);
    for (int way = 0; way < 12; way++) {
        *f = good;
        if (way == 0) f->frames_at += f->host_page;                /* its end lies behind the file's */
        if (way == 1) f->frames++;
        if (way == 2) f->frames = 0;
        if (way == 3) f->bitmap_at = f->core_at;                   /* one upon the other */
        if (way == 4) f->frames_at = f->bitmap_at;
        if (way == 5) f->core_at = 0;
        if (way == 6) f->core_size += f->host_page;
        if (way == 7) f->bitmap_size = ~(uint64_t)0 - f->bitmap_at;
        if (way == 8) f->core_at += 8;
        if (way == 9) f->page_shift = 21;
        if (way == 10) f->no_futex = 2;
        if (way == 11) f->bitmap_size = 0;
        check_refused(path, bytes, size, VIPC_ERR_BAD_DOMAIN);
    }
    free(bytes);
    CHECK_OK(drop("x"));
}
TEST(shim_file_with_a_scribbled_page)
{
    static const uint64_t values[] = { 0, 1, 4096, 4095, 0x7fffffff, 0xffffffff, (uint64_t)1 << 40, (uint64_t)1 << 62, (uint64_t)1 << 63,
                                       ~(uint64_t)0, ~(uint64_t)4095 };
    char path[VIPC_POSIX_PATH_MAX];
    size_t size;
    unsigned char *bytes = whole_domain(&size);
    path_of("x", path);
    for (size_t word = 1; word < sizeof(vipc_posix_file_) / 8; word++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            uint64_t good;
            memcpy(&good, bytes + 8 * word, 8);
            memcpy(bytes + 8 * word, &values[v], 8);
            write_file(path, bytes, size);
            memcpy(bytes + 8 * word, &good, 8);
            int status = finish(start(scribbled, NULL));
            if (!CHECK(status == 0 || status == 1)) printf("    word %zu, value %zu: %d\n", word, v, status);
        }
    free(bytes);
    CHECK_OK(drop("x"));
}

/* -------------------------------------------------------------------------------------------------- descriptors */
TEST(shim_fd_is_checked)
{
    vipc a;
    int pipes[2];
    CHECK_EQ(vipc_posix_open_fd(&a, -1, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_open_fd(&a, 12345, NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_open_fd(NULL, 0, NULL), VIPC_ERR_INVALID_ARGUMENT);
    REQUIRE(pipe(pipes) == 0);
    CHECK_EQ(vipc_posix_open_fd(&a, pipes[0], NULL), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_posix_open_fd(&a, pipes[1], NULL), VIPC_ERR_PERMISSION_DENIED);
    close(pipes[0]);
    close(pipes[1]);
    char path[VIPC_POSIX_PATH_MAX];
    path_of("x", path);
    REQUIRE_OK(open_small(&a, "x"));
    int fd = open(path, O_RDONLY);
    vipc b;
    CHECK_EQ(vipc_posix_open_fd(&b, fd, NULL), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_posix_close(&a));
    close(fd);
    fd = open(path, O_RDWR);
    CHECK_OK(vipc_posix_open_fd(&b, fd, NULL));
    CHECK_OK(works(&b));
    CHECK_OK(vipc_posix_close(&b));
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    CHECK_EQ(vipc_posix_open_fd(&b, fd, NULL), VIPC_ERR_BAD_DOMAIN);
    close(fd);
    CHECK_OK(drop("x"));
}

/* Started anew, with the number of an inherited descriptor: greet the parent through its endpoint. */
static int role_greet(int fd)
{
    vipc a;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_posix_desc d;
    memset(&d, 0, sizeof d);
    d.config.max_processes = 12;
    d.label = "greeter";
    OR_EXIT(vipc_posix_open_fd(&a, fd, &d) == VIPC_OK);
    close(fd);                                                                 /* borrowed for the call only */
    OR_EXIT(vipc_lookup(&a, "door", 0, &door, vipc_after(&a, 5000000000u)) == VIPC_OK);
    m.data[0] = 77;
    OR_EXIT(vipc_call(&a, door, &m, &m, vipc_after(&a, 5000000000u)) == VIPC_OK);
    OR_EXIT(m.data[0] == 78);
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
static int exec_greeter(void *argument)
{
    char number[16];
    snprintf(number, sizeof number, "%d", *(int *)argument);
    execl(self_path_, "t_shim", "--greet", number, (char *)NULL);
    return 98;
}
TEST(shim_nameless_domain_across_exec)
{
    vipc a;
    int fd = -1;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    vipc_process_info who;
    vipc_posix_desc d = small();
    REQUIRE_OK(vipc_posix_create_fd(&a, &d, &fd));
    CHECK_EQ(entries(dir_), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);          /* made to be passed on */
    REQUIRE_OK(vipc_endpoint_create(&a, NULL, &door));
    REQUIRE_OK(vipc_publish(&a, "door", door, VIPC_RIGHT_SEND));
    pid_t pid = start(exec_greeter, &fd);
    REQUIRE_OK(vipc_receive(&a, door, &m, &info, vipc_after(&a, 10000000000u)));
    CHECK_EQ(m.data[0], 77);
    REQUIRE_OK(vipc_process_get(&a, info.sender, &who));
    CHECK_EQ(strcmp(who.label, "greeter"), 0);
    CHECK_EQ(who.native_id, (uint64_t)pid);
    m.data[0]++;
    m.flags = 0;
    CHECK_OK(vipc_reply(&a, info.reply, &m));
    CHECK_EQ(finish(pid), 0);
    close(fd);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
}

TEST(shim_nobody_cuts_a_nameless_domain_short)
{
    vipc a;
    int fd = -1;
    vipc_posix_desc d = small();
    if (PORTABLE) SKIP("seals are Linux's");
    REQUIRE_OK(vipc_posix_create_fd(&a, &d, &fd));
    CHECK(ftruncate(fd, 0) != 0);
    close(fd);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
}

/* Joins, says so, and waits to be killed or told to go. */
typedef struct joiner { const char *name; int fd; } joiner;
static int join_and_wait(void *argument)
{
    joiner *j = (joiner *)argument;
    vipc a;
    vipc_error e = j->name ? open_small(&a, j->name) : vipc_posix_open_fd(&a, j->fd, NULL);
    OR_EXIT(e == VIPC_OK);
    board_->number[0] = vipc_self(&a).id;
    board_->ready = 1;
    wait_until(&board_->step, 1);
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
/* Another process sweeps: how many dead does it find?  Minus an error. */
static int sweep_elsewhere(void *argument)
{
    joiner *j = (joiner *)argument;
    vipc a;
    uint32_t before = 0, after = 0;
    vipc_stats stats;
    vipc_error e = j->name ? open_small(&a, j->name) : vipc_posix_open_fd(&a, j->fd, NULL);
    OR_EXIT(e == VIPC_OK);                       /* joining sweeps as well */
    OR_EXIT(vipc_sweep(&a, &before) == VIPC_OK && vipc_sweep(&a, &after) == VIPC_OK && after == 0);
    OR_EXIT(vipc_stats_get(&a, &stats) == VIPC_OK);
    board_->number[1] = stats.reaped;
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
static uint64_t reaped_in_all(joiner *j)
{
    CHECK_EQ(finish(start(sweep_elsewhere, j)), 0);
    return board_->number[1];
}

TEST(shim_closing_the_users_descriptor)
{
    vipc a;
    int fd = -1, again;
    vipc_posix_desc d = small();
    if (PORTABLE) SKIP("a process loses its fcntl locks with any descriptor that it closes: only OFD locks can do this");
    board_clear();
    REQUIRE_OK(vipc_posix_create_fd(&a, &d, &fd));
    again = dup(fd);
    close(fd);
    joiner j = { NULL, again };
    CHECK_EQ(reaped_in_all(&j), 0);
    close(again);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
}

/* -------------------------------------------------------------------------------------------------- life and death */
/* Seen from another process: is the proof board_->number[3] of domain "two" locked? */
static int is_locked(void *argument)
{
    char path[VIPC_POSIX_PATH_MAX];
    (void)argument;
    OR_EXIT(vipc_posix_path("two", dir_, path, sizeof path) == VIPC_OK);
    return vipc_posix_lock_(open(path, O_RDWR), VIPC_POSIX_ASK_, board_->number[3]);
}
TEST(shim_open_twice_close_one)
{
    vipc a, b, c;
    joiner j = { "two", -1 };
    vipc_process_info info;
    board_clear();
    REQUIRE_OK(open_small(&a, "two"));
    REQUIRE_OK(open_small(&b, "two"));
    REQUIRE_OK(open_small(&c, "two"));
    vipc_pid gone = vipc_self(&b);
    CHECK_EQ(reaped_in_all(&j), 0);
    board_->number[3] = vipc_posix_member_of_(&b)->proof;
    CHECK_EQ(finish(start(is_locked, NULL)), 1);
    CHECK_OK(vipc_posix_close(&b));
    CHECK_EQ(finish(start(is_locked, NULL)), 0);
    CHECK_EQ(reaped_in_all(&j), 0);
    CHECK_OK(works(&a));
    CHECK_OK(works(&c));
    uint32_t reaped = 9;
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);
    CHECK_EQ(vipc_process_get(&a, gone, &info), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_OK(vipc_process_get(&a, vipc_self(&c), &info));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_EQ(reaped_in_all(&j), 0);
    CHECK_OK(works(&c));
    CHECK_OK(vipc_posix_close(&c));
    CHECK_OK(drop("two"));
}

TEST(shim_killed_member_is_noticed)
{
    vipc a;
    joiner j = { "kill", -1 };
    vipc_process_info info;
    uint32_t reaped = 9;
    board_clear();
    REQUIRE_OK(open_small(&a, "kill"));
    pid_t pid = start(join_and_wait, &j);
    wait_until(&board_->ready, 1);
    vipc_pid who = { board_->number[0] };
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);
    CHECK_OK(vipc_process_get(&a, who, &info));
    kill(pid, SIGSTOP);                          /* stopped is not dead */
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);
    kill_and_wait(pid);
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 1);
    CHECK_EQ(vipc_process_get(&a, who, &info), VIPC_ERR_PROCESS_NOT_FOUND);
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("kill"));
}

TEST(shim_exec_ends_a_membership)
{
    vipc a, b;
    uint32_t reaped = 9;
    board_clear();
    REQUIRE_OK(open_small(&a, "exec"));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (open_small(&b, "exec") != VIPC_OK) _exit(99);
        board_->ready = 1;
        execl(self_path_, "t_shim", "--sleep", (char *)NULL);
        _exit(98);
    }
    wait_until(&board_->ready, 1);
    for (int i = 0; i < 50000 && (vipc_sweep(&a, &reaped) != VIPC_OK || reaped != 1); i++) nap();   /* exec takes its time; the sleeper sleeps on */
    CHECK_EQ(reaped, 1);
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    kill_and_wait(pid);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("exec"));
}

TEST(shim_all_members_dead)
{
    vipc a;
    joiner j = { "ghosts", -1 };
    pid_t pid[3];
    vipc_process_info info;
    vipc_pid who = { 0 };
    vipc_stats stats;
    for (int i = 0; i < 3; i++) {
        board_clear();
        pid[i] = start(join_and_wait, &j);
        wait_until(&board_->ready, 1);
        who.id = board_->number[0];
    }
    for (int i = 0; i < 3; i++) kill_and_wait(pid[i]);
    REQUIRE_OK(open_small(&a, "ghosts"));
    CHECK_OK(vipc_stats_get(&a, &stats));
    CHECK_EQ(stats.reaped, 3);                   /* by the opening itself */
    CHECK_EQ(vipc_process_get(&a, who, &info), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_OK(works(&a));
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("ghosts"));
}

/* As many dead as there is room for: the next one still gets in. */
static int die_inside(void *argument)
{
    vipc a;
    OR_EXIT(open_small(&a, (const char *)argument) == VIPC_OK);
    raise(SIGKILL);
    return 0;
}
TEST(shim_room_of_the_dead_is_given_out_again)
{
    vipc a;
    char name[] = "room";
    for (int i = 0; i < 40; i++) REQUIRE_EQ(finish(start(die_inside, name)), -SIGKILL);
    REQUIRE_OK(open_small(&a, name));
    CHECK_OK(works(&a));
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop(name));
}

TEST(shim_full_of_the_living)
{
    vipc a[13];
    for (int i = 0; i < 12; i++) REQUIRE_OK(open_small(&a[i], "full"));
    CHECK_EQ(open_small(&a[12], "full"), VIPC_ERR_LIMIT);
    for (int i = 0; i < 12; i++) CHECK_OK(works(&a[i]));
    CHECK_OK(vipc_posix_close(&a[5]));
    CHECK_OK(open_small(&a[5], "full"));
    for (int i = 0; i < 12; i++) CHECK_OK(vipc_posix_close(&a[i]));
    CHECK_OK(drop("full"));
}

TEST(shim_proofs_that_nobody_has)
{
    vipc a;
    REQUIRE_OK(open_small(&a, "proof"));
    CHECK_EQ(a.hooks->process_alive(a.hooks->user, 0), 1);                /* cannot tell */
    CHECK_EQ(a.hooks->process_alive(a.hooks->user, ~(uint64_t)0), 1);
    CHECK_EQ(a.hooks->process_alive(a.hooks->user, 1), 1);                /* its own */
    CHECK_EQ(a.hooks->process_alive(a.hooks->user, 2), 0);
    CHECK_EQ(a.hooks->process_alive(a.hooks->user, (uint64_t)1 << 50), 0);   /* never given out */
    vipc_posix_file_ *page = (vipc_posix_file_ *)(void *)vipc_posix_member_of_(&a)->base;
    vipc b;
    page->next_proof = 1;                        /* a scribble: the number is taken, the next one is not */
    CHECK_OK(open_small(&b, "proof"));
    CHECK_EQ(vipc_posix_member_of_(&b)->proof, 2);
    CHECK_OK(vipc_posix_close(&b));
    page->next_proof = ~(uint64_t)0;
    CHECK_EQ(open_small(&b, "proof"), VIPC_ERR_CORRUPT);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("proof"));
}

/* ---------------------------------------------------------------------------------------------------------- fork */
static void every_call_is_refused(vipc *self)
{
    vipc_message m = VIPC_INIT;
    vipc_cap cap = { 1 };
    vipc out;
    vipc_config config;
    OR_EXIT(works(self) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_send(self, cap, &m, VIPC_NOW) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_receive(self, cap, &m, NULL, VIPC_FOREVER) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_sweep(self, NULL) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_leave(self) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_config_get(self, &config) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_posix_thread(self, &out) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_self(self).id == 0);
}
static int child_of_fork(void *argument)
{
    vipc *self = (vipc *)argument;
    vipc_message m = VIPC_INIT;
    vipc_cap door;
    vipc_process_info info;
    every_call_is_refused(self);
    OR_EXIT(vipc_posix_after_fork(self, "child") == VIPC_OK);
    OR_EXIT(vipc_posix_after_fork(self, "child") == VIPC_ERR_INVALID_ARGUMENT);
    OR_EXIT(vipc_self(self).id != board_->number[2]);
    OR_EXIT(vipc_process_get(self, vipc_self(self), &info) == VIPC_OK && strcmp(info.label, "child") == 0 && info.native_id == (uint64_t)getpid());
    OR_EXIT(vipc_lookup(self, "door", 0, &door, VIPC_NOW) == VIPC_OK);
    m.data[0] = 5;
    OR_EXIT(vipc_call(self, door, &m, &m, vipc_after(self, 10000000000u)) == VIPC_OK && m.data[0] == 6);
    OR_EXIT(works(self) == VIPC_OK);
    pid_t grandchild = fork();                   /* and once more */
    if (grandchild == 0) {
        every_call_is_refused(self);
        OR_EXIT(vipc_posix_after_fork(self, NULL) == VIPC_OK && works(self) == VIPC_OK && vipc_posix_close(self) == VIPC_OK);
        _exit(0);
    }
    OR_EXIT(finish(grandchild) == 0);
    OR_EXIT(works(self) == VIPC_OK);
    OR_EXIT(vipc_posix_close(self) == VIPC_OK);
    return 0;
}
static void fork_and_talk(vipc *a)
{
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    uint32_t reaped = 9;
    CHECK_EQ(vipc_posix_after_fork(a, NULL), VIPC_ERR_INVALID_ARGUMENT);   /* no fork copied this one */
    board_->number[2] = vipc_self(a).id;
    REQUIRE_OK(vipc_endpoint_create(a, NULL, &door));
    REQUIRE_OK(vipc_publish(a, "door", door, VIPC_RIGHT_SEND));
    pid_t pid = start(child_of_fork, a);
    REQUIRE_OK(vipc_receive(a, door, &m, &info, vipc_after(a, 10000000000u)));
    m.data[0]++;
    CHECK_OK(vipc_reply(a, info.reply, &m));
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(works(a));
    CHECK_OK(vipc_sweep(a, &reaped));
    CHECK_EQ(reaped, 0);
    check_clean(a);
}
TEST(shim_fork)
{
    vipc a;
    REQUIRE_OK(open_small(&a, "fork"));
    fork_and_talk(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("fork"));
}
TEST(shim_fork_of_a_nameless_domain)
{
    vipc a;
    int fd = -1;
    vipc_posix_desc d = small();
    REQUIRE_OK(vipc_posix_create_fd(&a, &d, &fd));
    if (!PORTABLE) close(fd);
    fork_and_talk(&a);
    CHECK_OK(vipc_posix_close(&a));
    if (PORTABLE) close(fd);
}

static pid_t bare_clone(void)
{
    fflush(stdout);
#if defined(__s390x__)
    return (pid_t)syscall(SYS_clone, NULL, SIGCHLD, NULL, NULL, NULL);
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
#endif
}
static int kernel_wipes(void)
{
    uint32_t *page = (uint32_t *)vipc_posix_pages_(4096);
    REQUIRE(page != NULL);
    if (madvise(page, 4096, MADV_WIPEONFORK) != 0) return 0;
    *page = 1;
    pid_t pid = bare_clone();
    if (pid == 0) syscall(SYS_exit_group, *page == 0);
    munmap(page, 4096);
    return finish(pid);
}
TEST(shim_bare_clone)
{
    vipc a;
    if (PORTABLE) SKIP("only fork's handler protects there");
    if (!kernel_wipes()) SKIP("this host does not keep MADV_WIPEONFORK (an emulator?): only fork's handler protects here");
    REQUIRE_OK(open_small(&a, "clone"));
    board_->number[2] = vipc_self(&a).id;
    pid_t pid = bare_clone();
    if (pid == 0) {
        every_call_is_refused(&a);
        OR_EXIT(vipc_posix_after_fork(&a, NULL) == VIPC_OK && works(&a) == VIPC_OK);
        syscall(SYS_exit_group, vipc_posix_close(&a) == VIPC_OK ? 0 : 97);
    }
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(works(&a));
    uint32_t reaped = 9;
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("clone"));
}

/* The child's new membership must not bring the parent's other view back to life in the child. */
static int child_with_stale_views(void *argument)
{
    vipc *views = (vipc *)argument;
    OR_EXIT(vipc_posix_after_fork(&views[0], NULL) == VIPC_OK);
    every_call_is_refused(&views[1]);
    every_call_is_refused(&views[2]);            /* another membership, not renewed */
    OR_EXIT(vipc_posix_close(&views[2]) == VIPC_OK);
    OR_EXIT(works(&views[0]) == VIPC_OK);
    OR_EXIT(vipc_posix_close(&views[0]) == VIPC_OK);
    return 0;
}
TEST(shim_fork_with_more_views)
{
    vipc views[3];
    REQUIRE_OK(open_small(&views[0], "views"));
    REQUIRE_OK(vipc_posix_thread(&views[0], &views[1]));
    REQUIRE_OK(open_small(&views[2], "views"));
    CHECK_EQ(finish(start(child_with_stale_views, views)), 0);
    CHECK_OK(works(&views[0]));
    CHECK_OK(works(&views[1]));
    CHECK_OK(works(&views[2]));
    CHECK_EQ(vipc_posix_close(&views[0]), VIPC_ERR_RESOURCE_BUSY);
    CHECK_OK(works(&views[0]));
    CHECK_OK(vipc_leave(&views[1]));
    CHECK_OK(vipc_posix_close(&views[0]));
    CHECK_OK(vipc_leave(&views[2]));             /* one who leaves first and closes then */
    CHECK_OK(vipc_posix_close(&views[2]));
    CHECK_OK(drop("views"));
}

static int close_in_child(void *argument)
{
    int before = mappings();
    OR_EXIT(vipc_posix_close((vipc *)argument) == VIPC_OK);
    OR_EXIT(vipc_posix_close((vipc *)argument) == VIPC_ERR_INVALID_ARGUMENT);
    OR_EXIT(mappings() < before);
    return 0;
}
TEST(shim_close_in_a_forked_child)
{
    vipc a;
    joiner j = { "leave", -1 };
    REQUIRE_OK(open_small(&a, "leave"));
    CHECK_EQ(finish(start(close_in_child, &a)), 0);
    CHECK_OK(works(&a));
    CHECK_EQ(reaped_in_all(&j), 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("leave"));
}

/* A member forks a child that knows nothing of the domain and lives on; the member dies. */
static int parent_with_child(void *argument)
{
    vipc a;
    OR_EXIT(open_small(&a, (const char *)argument) == VIPC_OK);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        board_->ready = 1;
        wait_until(&board_->step, 1);
        board_->ready = 2;
        _exit(0);
    }
    for (;;) pause();
}
TEST(shim_parent_dies_while_its_child_lives)
{
    vipc a;
    char name[] = "orphan";
    uint32_t reaped = 9;
    board_clear();
    REQUIRE_OK(open_small(&a, name));
    pid_t pid = start(parent_with_child, name);
    wait_until(&board_->ready, 1);
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);
    kill_and_wait(pid);
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 1);
    board_->step = 1;                            /* the child was there all the time */
    wait_until(&board_->ready, 2);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop(name));
}

/* A parent with two memberships; its child renews one.  The parent dies, and the child must see both of the parent's as dead. */
static int parent_of_a_member(void *argument)
{
    vipc views[2];
    const char *name = (const char *)argument;
    OR_EXIT(open_small(&views[0], name) == VIPC_OK && open_small(&views[1], name) == VIPC_OK);
    pid_t child = fork();
    if (child == 0) {
        uint32_t reaped = 9;
        prctl(PR_SET_PDEATHSIG, 0);
        OR_EXIT(vipc_posix_after_fork(&views[0], NULL) == VIPC_OK);
        OR_EXIT(vipc_sweep(&views[0], &reaped) == VIPC_OK && reaped == 0);
        board_->ready = 1;
        wait_until(&board_->step, 1);
        OR_EXIT(vipc_sweep(&views[0], &reaped) == VIPC_OK);
        board_->number[0] = reaped;
        OR_EXIT(works(&views[0]) == VIPC_OK && vipc_posix_close(&views[0]) == VIPC_OK);
        board_->ready = 2;
        _exit(0);
    }
    for (;;) pause();
}
TEST(shim_child_notices_its_parents_death)
{
    char name[] = "heir";
    board_clear();
    pid_t pid = start(parent_of_a_member, name);
    wait_until(&board_->ready, 1);
    kill_and_wait(pid);
    board_->step = 1;
    wait_until(&board_->ready, 2);
    CHECK_EQ(board_->number[0], 2);
    CHECK_OK(drop(name));
}

/* Forks while another thread opens and closes: no child may find the description of a lock among its descriptors. */
static _Atomic uint32_t opener_stop_;
static void *opener(void *argument)
{
    vipc a;
    vipc_error e = VIPC_OK;
    (void)argument;
    while (!opener_stop_ && e == VIPC_OK) {
        e = open_small(&a, "busy");
        if (e == VIPC_OK) e = vipc_posix_close(&a);
    }
    return e == VIPC_OK ? NULL : (void *)&opener_stop_;
}
static int holds_a_lock(void)
{
    for (int fd = 0; fd < 40; fd++) {
        char path[40], text[2000];
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        int info = open(path, O_RDONLY);
        if (info < 0) continue;
        ssize_t n = read(info, text, sizeof text - 1);
        close(info);
        text[n > 0 ? n : 0] = 0;
        if (strstr(text, "OFDLCK")) return 1;
    }
    return 0;
}
TEST(shim_fork_while_another_thread_opens)
{
    vipc a;
    pthread_t thread;
    void *failed = NULL;
    if (PORTABLE) SKIP("fcntl locks are not inherited");
    REQUIRE_OK(open_small(&a, "busy"));
    CHECK(holds_a_lock());
    opener_stop_ = 0;
    REQUIRE(pthread_create(&thread, NULL, opener, NULL) == 0);
    for (int i = 0; i < 1500; i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(holds_a_lock());
        if (!CHECK_EQ(finish(pid), 0)) break;
    }
    opener_stop_ = 1;
    CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
    CHECK_OK(works(&a));
    check_clean(&a);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("busy"));
}

/* ------------------------------------------------------------------------------------------------------- waiting */
static int echo(void *argument)
{
    vipc a;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    OR_EXIT(open_small(&a, (const char *)argument) == VIPC_OK);
    OR_EXIT(vipc_endpoint_create(&a, NULL, &door) == VIPC_OK);
    OR_EXIT(vipc_publish(&a, "echo", door, VIPC_RIGHT_SEND) == VIPC_OK);
    vipc_error e = vipc_receive(&a, door, &m, &info, VIPC_FOREVER);
    while (e == VIPC_OK && m.opcode != 99) {
        m.data[0]++;
        m.flags = 0;
        e = vipc_reply_receive(&a, info.reply, &m, door, &m, &info, VIPC_FOREVER);
    }
    OR_EXIT(e == VIPC_OK && vipc_reply(&a, info.reply, &m) == VIPC_OK);
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
/* Both sleep and wake each other, a few hundred times; one wake-up lost is a hang, and the alarm ends that. */
static void ping_pong(uint32_t no_futex, int rounds)
{
    vipc a;
    vipc_cap door;
    char name[] = "pong";
    vipc_posix_desc d = small();
    vipc_stats stats;
    d.no_futex = no_futex;
    REQUIRE_OK(vipc_posix_open(&a, name, &d));
    CHECK_EQ(a.hooks->block == vipc_posix_poll_, no_futex || PORTABLE);
    pid_t pid = start(echo, name);               /* asks for the default, and follows what the file says */
    REQUIRE_OK(vipc_lookup(&a, "echo", 0, &door, vipc_after(&a, 10000000000u)));
    for (int i = 0; i < rounds; i++) {
        vipc_message m = VIPC_INIT;
        m.data[0] = (uint64_t)i;
        if (i % 16 == 0) usleep(3000);           /* let the other side fall asleep for good */
        m.opcode = i == rounds - 1 ? 99 : 1;
        REQUIRE_OK(vipc_call(&a, door, &m, &m, VIPC_FOREVER));
        CHECK_EQ(m.data[0], (uint64_t)i + (i != rounds - 1));
    }
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_stats_get(&a, &stats));
    CHECK(stats.sleeps > 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop(name));
}
TEST(shim_two_processes_wake_each_other) { ping_pong(0, 500); }
TEST(shim_two_processes_without_futex) { ping_pong(1, 300); }

/* What the header asks of hooks block and wake, of both kinds. */
static int waker(void *argument)
{
    vipc *a = (vipc *)argument;
    wait_until(&board_->ready, 1);
    usleep(20000);
    board_->word = 8;
    a = NULL;
    vipc_posix_poll_wake_(a, 0, (uint32_t *)(void *)&board_->word);
#if VIPC_POSIX_LINUX_
    vipc_posix_futex_wake_(a, 0, (uint32_t *)(void *)&board_->word);
#endif
    return 0;
}
static void block_keeps_its_contract(vipc_error (*block)(void *, uint64_t, uint32_t *, uint32_t, vipc_time))
{
    uint32_t *word = (uint32_t *)(void *)&board_->word;
    vipc_time now = vipc_posix_now_(NULL);
    board_clear();
    board_->word = 7;
    CHECK_OK(block(NULL, 0, word, 6, VIPC_FOREVER));                  /* changed before */
    CHECK_EQ(block(NULL, 0, word, 7, now), VIPC_ERR_TIMEOUT);
    CHECK_EQ(block(NULL, 0, word, 7, 1), VIPC_ERR_TIMEOUT);
    vipc_time until = vipc_posix_now_(NULL) + 30000000;
    vipc_error e;
    do e = block(NULL, 0, word, 7, until); while (e == VIPC_OK);
    CHECK_EQ(e, VIPC_ERR_TIMEOUT);
    CHECK(vipc_posix_now_(NULL) >= until);
    static const vipc_time far[] = { VIPC_FOREVER, VIPC_FOREVER - 1, (vipc_time)1 << 62, 0xffffffff * (vipc_time)1000000000 };
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        board_clear();
        board_->word = 7;
        pid_t pid = start(waker, NULL);
        board_->ready = 1;
        while (board_->word == 7) CHECK_OK(block(NULL, 0, word, 7, far[i]));
        CHECK_EQ(finish(pid), 0);
    }
}
TEST(shim_block_portable) { block_keeps_its_contract(vipc_posix_poll_); }
TEST(shim_block_futex)
{
#if VIPC_POSIX_LINUX_
    block_keeps_its_contract(vipc_posix_futex_);
#else
    SKIP("no futexes in this build");
#endif
}

static void on_signal(int number) { (void)number; }
static int signals_the_parent(void *argument)
{
    (void)argument;
    wait_until(&board_->ready, 1);
    usleep(20000);
    kill(getppid(), SIGUSR1);
    return 0;
}
/* A signal is an early return at most; the core then looks and sleeps again. */
TEST(shim_signal_while_asleep)
{
    vipc a;
    vipc_cap door;
    vipc_message m;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;               /* no SA_RESTART */
    sigaction(SIGUSR1, &action, NULL);
    board_clear();
    REQUIRE_OK(open_small(&a, "signal"));
    REQUIRE_OK(vipc_endpoint_create(&a, NULL, &door));
    pid_t pid = start(signals_the_parent, NULL);
    vipc_time until = vipc_after(&a, 60000000);
    board_->ready = 1;
    CHECK_EQ(vipc_receive(&a, door, &m, NULL, until), VIPC_ERR_TIMEOUT);
    CHECK(vipc_time_now(&a) >= until);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("signal"));
}

static int tell_the_time(void *argument)
{
    (void)argument;
    board_->number[0] = vipc_posix_now_(NULL);
    return 0;
}
TEST(shim_one_clock_for_all)
{
    for (int i = 0; i < 20; i++) {
        vipc_time before = vipc_posix_now_(NULL);
        CHECK_EQ(finish(start(tell_the_time, NULL)), 0);
        vipc_time after = vipc_posix_now_(NULL);
        CHECK(before != 0 && before <= board_->number[0] && board_->number[0] <= after);
    }
}

static int on_one_processor(void *argument)
{
    vipc a;
    cpu_set_t one;
    int cpu = sched_getcpu();
    (void)argument;
    CPU_ZERO(&one);
    CPU_SET(cpu < 0 ? 0 : (size_t)cpu, &one);
    OR_EXIT(sched_setaffinity(0, sizeof one, &one) == 0);
    OR_EXIT(open_small(&a, "cpus") == VIPC_OK && a.hooks->cpus == 1 && vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
TEST(shim_counts_processors)
{
    vipc a;
    cpu_set_t all;
    REQUIRE(sched_getaffinity(0, sizeof all, &all) == 0);
    REQUIRE_OK(open_small(&a, "cpus"));
    if (!PORTABLE) CHECK_EQ(a.hooks->cpus, CPU_COUNT(&all));
    CHECK(a.hooks->cpus > 0);
    if (!PORTABLE) CHECK_EQ(finish(start(on_one_processor, NULL)), 0);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("cpus"));
}

/* ------------------------------------------------------------------------------------------------------- storage */
static int mount_small(char where[256], const char *options)
{
    if (geteuid() != 0) SKIP("needs root, to mount a small file system");
    snprintf(where, 256, "%s/mount", dir_);
    REQUIRE(mkdir(where, 0700) == 0);
    if (mount("tmpfs", where, "tmpfs", 0, options) == 0) return 1;
    rmdir(where);
    SKIP("mount is not allowed here");
    return 0;
}
static void unmount_small(const char *where)
{
    CHECK(umount2(where, 0) == 0);               /* refused while anything is left open or mapped */
    CHECK(rmdir(where) == 0);
}

TEST(shim_storage_full)
{
    char where[256];
    vipc a;
    struct statvfs before, after;
    vipc_posix_desc d = small();
    mount_small(where, "size=1m");
    d.directory = where;
    d.frames_bytes = 4 << 20;
    int fds = descriptors(), maps = mappings();
    CHECK(statvfs(where, &before) == 0);
    CHECK_EQ(vipc_posix_open(&a, "big", &d), VIPC_ERR_OUT_OF_MEMORY);
    d.frames_bytes = (uint64_t)before.f_bsize * before.f_bfree - 16384;    /* its frames would fit, not all of it */
    CHECK_EQ(vipc_posix_open(&a, "big", &d), VIPC_ERR_OUT_OF_MEMORY);
    CHECK(statvfs(where, &after) == 0);
    CHECK_EQ(before.f_bfree, after.f_bfree);
    CHECK_EQ(entries(where), 0);
    CHECK_EQ(descriptors(), fds);
    CHECK_EQ(mappings(), maps);
    /* the other way to reserve */
    char path[300];
    snprintf(path, sizeof path, "%s/zeros", where);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(vipc_posix_has_room_(fd, 0) && vipc_posix_has_room_(fd, 1 << 20));
    CHECK(!vipc_posix_has_room_(fd, (1 << 20) + 4096) && !vipc_posix_has_room_(fd, ~(uint64_t)0));
    CHECK_EQ(vipc_posix_reserve_(fd, 2 << 20), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_EQ(lseek(fd, 0, SEEK_END), 0);         /* it asked before it took */
    CHECK_EQ(vipc_posix_write_zeros_(fd, 0, 4 << 20), ENOSPC);
    CHECK(ftruncate(fd, 0) == 0);
    CHECK_EQ(vipc_posix_write_zeros_(fd, 4096, 300001), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_END), 304097);
    close(fd);
    CHECK(unlink(path) == 0);
    d.frames_bytes = 256 << 10;
    CHECK_OK(vipc_posix_open(&a, "fits", &d));
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(vipc_posix_unlink("fits", where));
    CHECK(statvfs(where, &after) == 0);
    CHECK_EQ(before.f_bfree, after.f_bfree);
    unmount_small(where);
}

TEST(shim_storage_comes_back)
{
    char where[256];
    vipc a, b;
    struct statvfs before, during, after;
    vipc_posix_desc d = small();
    mount_small(where, "size=8m");
    d.directory = where;
    CHECK(statvfs(where, &before) == 0);
    REQUIRE_OK(vipc_posix_open(&a, "s", &d));
    REQUIRE_OK(vipc_posix_open(&b, "s", &d));
    CHECK_OK(vipc_posix_unlink("s", where));
    CHECK_EQ(entries(where), 0);
    CHECK(statvfs(where, &during) == 0);
    CHECK(during.f_bfree < before.f_bfree);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(works(&b));                         /* the others go on */
    CHECK_OK(vipc_posix_close(&b));
    CHECK(statvfs(where, &after) == 0);
    CHECK_EQ(after.f_bfree, before.f_bfree);
    unmount_small(where);
}

TEST(shim_unlink_frees_the_name_at_once)
{
    vipc a, b;
    vipc_cap door, there;
    REQUIRE_OK(open_small(&a, "u"));
    REQUIRE_OK(vipc_endpoint_create(&a, NULL, &door));
    REQUIRE_OK(vipc_publish(&a, "here", door, VIPC_RIGHT_SEND));
    CHECK_OK(drop("u"));
    CHECK_EQ(drop("u"), VIPC_ERR_NOT_FOUND);
    REQUIRE_OK(open_small(&b, "u"));             /* another domain */
    CHECK_EQ(vipc_lookup(&b, "here", 0, &there, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(works(&a));
    CHECK_OK(works(&b));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(works(&b));
    CHECK_OK(vipc_posix_close(&b));
    CHECK_OK(drop("u"));
}

TEST(shim_nothing_is_left_open)
{
    vipc a, b;
    int fd;
    vipc_posix_desc d = small(), join = small_must(VIPC_POSIX_JOIN);
    REQUIRE_OK(open_small(&a, "l"));
    int fds = descriptors(), maps = mappings();
    for (int i = 0; i < 20; i++) {
        CHECK_OK(open_small(&b, "l"));
        CHECK_OK(vipc_posix_close(&b));
        d.config.max_processes = 13;
        CHECK_EQ(vipc_posix_open(&b, "l", &d), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_posix_open(&b, "none", &join), VIPC_ERR_NOT_FOUND);
        CHECK_OK(vipc_posix_create_fd(&b, &join, &fd));
        CHECK_OK(vipc_posix_close(&b));
        close(fd);
    }
    CHECK_EQ(descriptors(), fds);
    CHECK_EQ(mappings(), maps);
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("l"));
    CHECK_EQ(entries(dir_), 0);
}

static int few_descriptors(void *argument)
{
    vipc a;
    int fd, used = dup(0);                       /* the lowest that is free */
    (void)argument;
    close(used);
    for (int room = 0; room < 8; room++) {
        struct rlimit limit = { (rlim_t)(used + room), (rlim_t)(used + 8) };
        OR_EXIT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        vipc_error e = open_small(&a, "fds");
        OR_EXIT(e == VIPC_OK || e == VIPC_ERR_LIMIT);
        OR_EXIT((room > 0 || e == VIPC_ERR_LIMIT) && (room < 4 || e == VIPC_OK));
        if (e == VIPC_OK) OR_EXIT(works(&a) == VIPC_OK && vipc_posix_close(&a) == VIPC_OK && drop("fds") == VIPC_OK);
        e = vipc_posix_create_fd(&a, NULL, &fd);
        OR_EXIT(e == VIPC_OK || e == VIPC_ERR_LIMIT);
        if (e == VIPC_OK) OR_EXIT(vipc_posix_close(&a) == VIPC_OK && close(fd) == 0);
    }
    return 0;
}
TEST(shim_out_of_descriptors)
{
    CHECK_EQ(finish(start(few_descriptors, NULL)), 0);
    CHECK_EQ(entries(dir_), 0);
}

static int without_proc(void *argument)
{
    vipc a, b;
    int fd;
    vipc_posix_desc d = small();
    (void)argument;
    OR_EXIT(chroot(dir_) == 0 && chdir("/") == 0);
    d.directory = "/";
    OR_EXIT(vipc_posix_open(&a, "n", &d) == VIPC_OK && vipc_posix_open(&b, "n", &d) == VIPC_OK);
    OR_EXIT(works(&a) == VIPC_OK && works(&b) == VIPC_OK);
    pid_t pid = fork();
    if (pid == 0) {
        OR_EXIT(vipc_posix_after_fork(&a, NULL) == VIPC_OK && works(&a) == VIPC_OK && vipc_posix_close(&a) == VIPC_OK);
        _exit(0);
    }
    OR_EXIT(finish(pid) == 0);
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK && vipc_posix_close(&b) == VIPC_OK);
    OR_EXIT(vipc_posix_unlink("n", "/") == VIPC_OK);
    vipc_error e = vipc_posix_create_fd(&a, &d, &fd);
    OR_EXIT(e == (PORTABLE ? VIPC_OK : VIPC_ERR_NOT_SUPPORTED));
    return 0;
}
TEST(shim_without_proc)
{
    if (geteuid() != 0) SKIP("needs root, for chroot");
    CHECK_EQ(finish(start(without_proc, NULL)), 0);
    CHECK_EQ(entries(dir_), 0);
}

/* ------------------------------------------------------------------------------------------------ creators and kills */
enum { RACERS = 6 };
static int racer(void *argument)
{
    vipc a;
    uint32_t round = board_->step;
    board_->ready++;
    while (board_->step == round) { }
    OR_EXIT(open_small(&a, (const char *)argument) == VIPC_OK);
    board_->word++;
    wait_until(&board_->step, round + 2);
    OR_EXIT(works(&a) == VIPC_OK);
    OR_EXIT(vipc_posix_close(&a) == VIPC_OK);
    return 0;
}
/* All open one name at one moment: one domain comes of it, with all of them in it. */
TEST(shim_creators_race)
{
    char name[] = "race";
    for (int round = 0; round < 25; round++) {
        pid_t pid[RACERS];
        vipc a;
        board_clear();
        for (int i = 0; i < RACERS; i++) pid[i] = start(racer, name);
        wait_until(&board_->ready, RACERS);
        board_->step++;
        wait_until(&board_->word, RACERS);
        REQUIRE_OK(open_small(&a, name));
        for (int i = 0; i < RACERS; i++) {
            vipc_pid who;
            CHECK_OK(vipc_process_find(&a, (uint64_t)pid[i], &who));
        }
        board_->step++;
        for (int i = 0; i < RACERS; i++) CHECK_EQ(finish(pid[i]), 0);
        check_clean(&a);
        CHECK_OK(vipc_posix_close(&a));
        CHECK_OK(drop(name));
        REQUIRE_EQ(entries(dir_), 0);
    }
}

/* A child that stops at each of its system calls, before and after. */
static int traced(void *argument)
{
    vipc a;
    const char *name = (const char *)argument;
    vipc_posix_desc d = small();
    int fd;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    vipc_error e = name ? vipc_posix_open(&a, name, &d) : vipc_posix_create_fd(&a, &d, &fd);
    if (e == VIPC_OK) e = vipc_posix_close(&a);
    syscall(SYS_exit_group, e == VIPC_OK ? 0 : 1);
    return 0;
}
static pid_t start_traced(char *name)
{
    int status;
    pid_t pid = start(traced, name);
    REQUIRE(waitpid(pid, &status, 0) == pid);
    if (!WIFSTOPPED(status)) SKIP("this host cannot trace a process");
    ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD);
    return pid;
}
/* Run to the next stop at a system call.  0: it has ended. */
static int next_call(pid_t pid, int *status)
{
    REQUIRE(ptrace(PTRACE_SYSCALL, pid, NULL, NULL) == 0);
    REQUIRE(waitpid(pid, status, 0) == pid);
    int stopped = WIFSTOPPED(*status), signal = stopped ? WSTOPSIG(*status) : 0;
    if (signal != 0 && signal != (SIGTRAP | 0x80) && signal != SIGSTOP) {
        kill_and_wait(pid);
        REQUIRE_EQ(signal, 0);                   /* it crashed */
    }
    return stopped;
}

/* Killed at its n-th stop, n = 1, 2, ... until it gets through: whatever it leaves, the next one opens the name without further ado, and nothing
 * stays behind that the creation after that does not remove. */
static void kill_at_every_stop(char *name, int somebody_inside)
{
    int stops = 0;
    for (int n = 1;; n++) {
        vipc inside, a;
        int status = 0, got = 0;
        uint32_t reaped = 0;
        if (somebody_inside) REQUIRE_OK(open_small(&inside, name));
        pid_t pid = start_traced(name);
        while (got < n && next_call(pid, &status)) got++;
        if (got < n) {
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        } else {
            kill_and_wait(pid);
        }
        if (somebody_inside) {
            CHECK_OK(vipc_sweep(&inside, &reaped));
            CHECK(reaped <= 1);
            CHECK_OK(works(&inside));
            check_clean(&inside);
        }
        REQUIRE_OK(open_small(&a, name));
        REQUIRE_OK(works(&a));
        check_clean(&a);
        CHECK_OK(vipc_posix_close(&a));
        if (somebody_inside) CHECK_OK(vipc_posix_close(&inside));
        CHECK_OK(drop(name));
        if (!NAMELESS_FILES && !somebody_inside) {
            CHECK(entries(dir_) <= 1);           /* a creator's temporary name may be left until the next creation */
            REQUIRE_OK(open_small(&a, "sweeper"));
            CHECK_OK(vipc_posix_close(&a));
            CHECK_OK(drop("sweeper"));
        }
        REQUIRE_EQ(entries(dir_), 0);
        if (got < n) break;
        stops = n;
    }
    CHECK(stops > (somebody_inside ? 25 : 40));
    printf("    %d stops\n", stops);
}
TEST(shim_creator_killed_at_every_system_call)
{
    char name[] = "k";
    kill_at_every_stop(name, 0);
}
TEST(shim_joiner_killed_at_every_system_call)
{
    char name[] = "k";
    kill_at_every_stop(name, 1);
}

/* A system call fails at its n-th turn: an error, and nothing left behind; or it did not matter. */
#if defined(__x86_64__) || defined(__i386__)
#if defined(__x86_64__)
#define CALL_NUMBER orig_rax
#define CALL_RESULT rax
#else
#define CALL_NUMBER orig_eax
#define CALL_RESULT eax
#endif
static int failing(void *argument)
{
    vipc a;
    const char *name = (const char *)argument;
    vipc_posix_desc d = small();
    int fd = -1, fds = descriptors(), maps = mappings();
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    vipc_error e = name ? vipc_posix_open(&a, name, &d) : vipc_posix_create_fd(&a, &d, &fd);
    raise(SIGSTOP);
    board_->number[0] = (uint64_t)(int64_t)e;
    if (e == VIPC_OK) {
        OR_EXIT(works(&a) == VIPC_OK && vipc_posix_close(&a) == VIPC_OK);
        if (fd >= 0) close(fd);
        if (name) drop(name);
    }
    OR_EXIT(descriptors() == fds);
    OR_EXIT(mappings() == maps);
    return 0;
}
static int may_fail(long number)
{
    static const long numbers[] = { SYS_openat, SYS_ftruncate, SYS_fallocate, SYS_fcntl, SYS_fchmod, SYS_linkat, SYS_link, SYS_memfd_create, SYS_dup,
#if defined(SYS_mmap2)
                                    SYS_mmap2, SYS_fcntl64, SYS_ftruncate64,
#endif
                                    SYS_mmap, SYS_open };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (number == numbers[i]) return 1;
    return 0;
}
static void fail_every_call(char *name, long why)
{
    int failed = 0;
    for (int n = 1;; n++) {
        int status, turn = 0, entering = 0, hit = 0;
        fflush(stdout);
        pid_t pid = start(failing, name);
        REQUIRE(waitpid(pid, &status, 0) == pid);
        if (!WIFSTOPPED(status)) SKIP("this host cannot trace a process");
        ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACESYSGOOD);
        while (next_call(pid, &status) && WSTOPSIG(status) != SIGSTOP) {
            struct user_regs_struct r;
            entering = !entering;
            REQUIRE(ptrace(PTRACE_GETREGS, pid, NULL, &r) == 0);
            if (entering && may_fail((long)r.CALL_NUMBER) && ++turn == n) {
                hit = 1;
                r.CALL_NUMBER = (unsigned long)-1;           /* not carried out */
                ptrace(PTRACE_SETREGS, pid, NULL, &r);
            } else if (!entering && hit == 1) {
                hit = 2;
                r.CALL_RESULT = (unsigned long)-why;
                ptrace(PTRACE_SETREGS, pid, NULL, &r);
            }
        }
        REQUIRE(WIFSTOPPED(status));
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        kill(pid, SIGCONT);
        CHECK_EQ(finish(pid), 0);
        if (!CHECK_EQ(entries(dir_), 0)) break;
        if (!hit) break;
        failed = n;
    }
    CHECK(failed >= 5);
    printf("    %d calls made to fail\n", failed);
}
TEST(shim_every_system_call_fails_once)
{
#if defined(__SANITIZE_THREAD__) || defined(UNDER_TSAN)
    SKIP("the sanitizer's own calls would fail as well");
#endif
    char name[] = "f";
    static const long why[] = { ENOMEM, ENOSPC, EMFILE, EPERM };
    for (size_t i = 0; i < sizeof why / sizeof *why; i++) {
        fail_every_call(name, why[i]);
        fail_every_call(NULL, why[i]);
    }
}
#else
TEST(shim_every_system_call_fails_once) { SKIP("the registers of this processor are not known here"); }
#endif

#if defined(VIPC_POSIX_PORTABLE) || defined(VIPC_POSIX_NO_TMPFILE)
static int new_file_is_locked(void)
{
    int locked = 0;
    char path[500];
    DIR *d = opendir(dir_);
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        if (strncmp(entry->d_name, "vipc-new.", 9) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", dir_, entry->d_name);
        int fd = open(path, O_RDWR);
        locked = vipc_posix_lock_(fd, VIPC_POSIX_ASK_, VIPC_POSIX_CREATOR_) == 1;
        close(fd);
    }
    closedir(d);
    return locked;
}

/* Without nameless files: a creator that has its file, and no lock on it yet, loses it to a sweeper, notices, and starts again. */
TEST(shim_sweeper_meets_a_slow_creator)
{
    char name[] = "slow";
    vipc a;
    int status, seen = 0;
    pid_t pid = start_traced(name);
    while (!seen && next_call(pid, &status)) seen = entries(dir_) == 1;
    REQUIRE(seen);
    REQUIRE_OK(open_small(&a, "other"));         /* takes the file away */
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("other"));
    CHECK_EQ(entries(dir_), 0);
    ptrace(PTRACE_DETACH, pid, NULL, NULL);
    CHECK_EQ(finish(pid), 0);
    CHECK_EQ(entries(dir_), 1);
    CHECK_OK(drop(name));
    /* one that has locked it keeps it */
    pid = start_traced(name);
    for (int n = 0; n < 400 && next_call(pid, &status); n++) {
        if (seen != 2 && !new_file_is_locked()) continue;
        vipc_posix_sweep_files_(dir_);
        seen = 2;
    }
    CHECK_EQ(seen, 2);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(drop(name));
    CHECK_EQ(entries(dir_), 0);
}
#endif

/* ------------------------------------------------------------------------------------- other compilations of itself */
static const char *compiler(void)
{
    const char *cc = getenv("VIPC_TEST_CC");
    return cc ? cc : "cc";
}
static int run(const char *format, const char *a, const char *b, const char *c, const char *d)
{
    char command[2000];
    snprintf(command, sizeof command, format, a, b, c, d);
    fflush(stdout);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
static void print_file(const char *name)
{
    char line[400], path[300];
    snprintf(path, sizeof path, "%s/%s", dir_, name);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "ok ", 3) != 0) printf("    | %s", line);
    if (f) fclose(f);
    unlink(path);
}
static void need_source(void)
{
    if (access(__FILE__, R_OK) != 0) SKIP("its own source is not where it was compiled");
    if (run("command -v %s >/dev/null 2>&1", compiler(), "", "", "") != 0) SKIP("no compiler: set VIPC_TEST_CC");
}

/* The 32-bit program: joins by name, is alive to the other side, and answers one call. */
static int role_narrow(const char *directory)
{
    vipc a;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    uint32_t reaped = 9;
    vipc_posix_desc d;
    memset(&d, 0, sizeof d);
    d.directory = directory;
    d.must = VIPC_POSIX_JOIN;
    OR_EXIT(vipc_posix_open(&a, "mixed", &d) == VIPC_OK);
    OR_EXIT(vipc_sweep(&a, &reaped) == VIPC_OK && reaped == 0);              /* it sees the other's lock */
    OR_EXIT(vipc_lookup(&a, "wide", 0, &door, vipc_after(&a, 10000000000u)) == VIPC_OK);
    for (uint64_t i = 0; i < 100; i++) {
        m.data[0] = i;
        m.data[1] = sizeof(void *);
        OR_EXIT(vipc_call(&a, door, &m, &m, vipc_after(&a, 10000000000u)) == VIPC_OK && m.data[0] == i + 1);
    }
    m.opcode = 99;
    OR_EXIT(vipc_send(&a, door, &m, VIPC_NOW) == VIPC_OK);
    for (;;) pause();                                                        /* until it is killed */
}
TEST(shim_32_and_64_bit_processes)
{
    vipc a;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_info info;
    uint32_t reaped = 9;
    char program[300];
    const char *other = getenv("VIPC_TEST_32"), *cc = getenv("VIPC_TEST_CC32");
    if (sizeof(void *) != 8) SKIP("needs a 64-bit build to begin with");
    if (other && !*other) other = NULL;
    snprintf(program, sizeof program, "%s", other ? other : "");
    if (!other) {
        need_source();
        snprintf(program, sizeof program, "%s/narrow", dir_);
        if (run("%s -O1 %s -o %s 2>%s/log", cc ? cc : "cc -m32 -idirafter /usr/include/$(cc -print-multiarch)", __FILE__, program, dir_) != 0) {
            print_file("log");
            SKIP("cc -m32 cannot build here (gcc-multilib?): NOT TESTED that 32-bit and 64-bit processes share a domain; VIPC_TEST_CC32 may name a compiler");
        }
        snprintf(program, sizeof program, "%s/log", dir_);
        unlink(program);
        snprintf(program, sizeof program, "%s/narrow", dir_);
    }
    REQUIRE_OK(open_small(&a, "mixed"));
    REQUIRE_OK(vipc_endpoint_create(&a, NULL, &door));
    REQUIRE_OK(vipc_publish(&a, "wide", door, VIPC_RIGHT_SEND));
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl(program, "narrow", "--narrow", dir_, (char *)NULL);
        _exit(98);
    }
    for (int i = 0; i < 100; i++) {
        REQUIRE_OK(vipc_receive(&a, door, &m, &info, vipc_after(&a, 10000000000u)));
        CHECK_EQ(m.data[1], 4);
        m.data[0]++;
        m.flags = 0;
        CHECK_OK(vipc_reply(&a, info.reply, &m));
    }
    REQUIRE_OK(vipc_receive(&a, door, &m, &info, vipc_after(&a, 10000000000u)));
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 0);                                                     /* and its lock is seen */
    check_clean(&a);
    kill_and_wait(pid);
    CHECK_OK(vipc_sweep(&a, &reaped));
    CHECK_EQ(reaped, 1);
    check_clean(&a);
    CHECK_OK(works(&a));
    CHECK_OK(vipc_posix_close(&a));
    CHECK_OK(drop("mixed"));
    if (!other) unlink(program);
}

/* Strict modes, after any header, without a flag: compiled, and one of them run. */
TEST(shim_compiles_in_strict_modes)
{
    static const char *const headers[] = { "stdio.h", "stdlib.h", "string.h", "errno.h", "time.h", "unistd.h", "fcntl.h", "pthread.h", "signal.h",
                                           "sys/mman.h", "sys/stat.h", "math.h" };
    static const char *const modes[] = { "-std=c99", "-std=c11", "-std=gnu17", "-x c++ -std=c++11", "-x c++ -std=c++20" };
    static const char *const compilers[] = { "gcc", "clang" };
    static const char flags[] = "-pedantic-errors -Wall -Wextra -Wconversion -Wshadow -Wcast-align -Wundef -Werror";
    char root[300], source[300], *slash;
    int tried = 0;
    if (!NAMELESS_FILES) SKIP("done in the plain build");
    need_source();
    REQUIRE(realpath(__FILE__, source) != NULL);
    snprintf(root, sizeof root, "%s", source);
    for (int up = 0; up < 2; up++) {
        slash = strrchr(root, '/');
        REQUIRE(slash != NULL);
        *slash = 0;
    }
    for (size_t c = 0; c < 2; c++) {
        if (run("command -v %s >/dev/null 2>&1", compilers[c], "", "", "") != 0) continue;
        for (size_t m = 0; m < sizeof modes / sizeof *modes; m++)
            for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
                char path[300];
                if (m != 0 && h % 6 != c * 3) continue;
                snprintf(path, sizeof path, "%s/strict.c", dir_);
                FILE *f = fopen(path, "w");
                REQUIRE(f != NULL);
                fprintf(f, "#include <%s>\n#define VERIDIAN_POSIX_IMPLEMENTATION\n#include \"%s/shims/veridian_posix.h\"\n", headers[h], root);
                fclose(f);
                char command[400];
                snprintf(command, sizeof command, "%s %s %s -fsyntax-only", compilers[c], modes[m], flags);
                int failed = run("%s %s >%s/log 2>&1", command, path, dir_, "");
                if (!CHECK_EQ(failed, 0)) printf("    %s %s after <%s>\n", compilers[c], modes[m], headers[h]);
                if (failed) print_file("log");
                tried++;
                unlink(path);
            }
    }
    if (!tried) SKIP("neither gcc nor clang");
    char path[300], program[300];
    snprintf(path, sizeof path, "%s/strict.c", dir_);
    snprintf(program, sizeof program, "%s/strict", dir_);
    FILE *f = fopen(path, "w");
    REQUIRE(f != NULL);
    fprintf(f, "#include <stdio.h>\n#define VERIDIAN_IPC_IMPLEMENTATION\n#define VERIDIAN_POSIX_IMPLEMENTATION\n#include \"%s/shims/veridian_posix.h\"\n"
               "int main(void) { vipc a; vipc_posix_desc d = VIPC_INIT; d.directory = \"%s\";\n"
               "    if (vipc_posix_open(&a, \"strict\", &d) != VIPC_OK) return 1;\n"
               "    return vipc_posix_close(&a) == VIPC_OK && vipc_posix_unlink(\"strict\", d.directory) == VIPC_OK ? 0 : 2; }\n", root, dir_);
    fclose(f);
    int failed = run("%s -std=c99 -pedantic-errors %s -o %s >%s/log 2>&1", compiler(), path, program, dir_);
    CHECK_EQ(failed, 0);
    print_file("log");
    CHECK_EQ(run("%s", program, "", "", ""), 0);
    unlink(path);
    unlink(program);
    CHECK_EQ(entries(dir_), 0);
}

/* All cases again, in another build. */
static void again_with(const char *macro)
{
    char program[300];
    if (!NAMELESS_FILES) SKIP("this is another build already");
    need_source();
    snprintf(program, sizeof program, "%s/again", dir_);
    int failed = run("%s -O1 -D%s %s -o %s", compiler(), macro, __FILE__, program);
    REQUIRE_EQ(failed, 0);
    failed = run("%s >%s/log 2>&1", program, dir_, "", "");
    CHECK_EQ(failed, 0);
    print_file("log");
    unlink(program);
    CHECK_EQ(entries(dir_), 0);
}
TEST(shim_all_cases_as_on_a_host_without_linux) { again_with("VIPC_POSIX_PORTABLE"); }
TEST(shim_all_cases_without_nameless_files) { again_with("VIPC_POSIX_NO_TMPFILE"); }

/* ---------------------------------------------------------------------------------------------------------- main */
static void too_long(int number)
{
    (void)number;
    static const char text[] = "    HANGS: no end after 600 s\n";
    if (write(1, text, sizeof text - 1) < 0) _exit(3);
    _exit(2);
}
int main(int argc, char **argv)
{
    static const test_case cases[] = {
        T(frames_every_small_bitmap), T(frames_random_work_beside_a_model), T(frames_random_work_in_halves_beside_a_model),
        T(frames_bad_arguments), T(e001_allocator_stays_inside),
        T(e002_double_free_is_harmless), T(frames_hostile_state), T(frames_kill_between_any_two_instructions),
        T(shim_create_then_join), T(shim_default_domain), T(shim_names), T(shim_must), T(shim_desc_is_checked),
        T(shim_joiner_with_another_configuration), T(shim_file_mode), T(shim_permissions),
        T(shim_file_that_is_no_domain), T(shim_file_of_another_version), T(shim_file_cut_short), T(shim_file_whose_parts_do_not_fit),
        T(shim_file_with_a_scribbled_page),
        T(shim_fd_is_checked), T(shim_nameless_domain_across_exec), T(shim_nobody_cuts_a_nameless_domain_short), T(shim_closing_the_users_descriptor),
        T(shim_open_twice_close_one), T(shim_killed_member_is_noticed), T(shim_exec_ends_a_membership), T(shim_all_members_dead),
        T(shim_room_of_the_dead_is_given_out_again), T(shim_full_of_the_living), T(shim_proofs_that_nobody_has),
        T(shim_fork), T(shim_fork_of_a_nameless_domain), T(shim_bare_clone), T(shim_fork_with_more_views), T(shim_close_in_a_forked_child),
        T(shim_parent_dies_while_its_child_lives), T(shim_child_notices_its_parents_death), T(shim_fork_while_another_thread_opens),
        T(shim_two_processes_wake_each_other), T(shim_two_processes_without_futex), T(shim_block_portable), T(shim_block_futex),
        T(shim_signal_while_asleep), T(shim_one_clock_for_all), T(shim_counts_processors),
        T(shim_storage_full), T(shim_storage_comes_back), T(shim_unlink_frees_the_name_at_once), T(shim_nothing_is_left_open),
        T(shim_out_of_descriptors), T(shim_without_proc), T(shim_creators_race), T(shim_creator_killed_at_every_system_call),
        T(shim_joiner_killed_at_every_system_call), T(shim_every_system_call_fails_once),
#if defined(VIPC_POSIX_PORTABLE) || defined(VIPC_POSIX_NO_TMPFILE)
        T(shim_sweeper_meets_a_slow_creator),
#endif
        T(shim_32_and_64_bit_processes), T(shim_compiles_in_strict_modes),
        T(shim_all_cases_as_on_a_host_without_linux), T(shim_all_cases_without_nameless_files)
    };
    if (argc == 3 && strcmp(argv[1], "--greet") == 0) return role_greet(atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "--narrow") == 0) return role_narrow(argv[2]);
    if (argc == 2 && strcmp(argv[1], "--sleep") == 0) for (;;) pause();
    const char *temporary = getenv("TMPDIR");
    snprintf(dir_, sizeof dir_, "%s/vipc-test-XXXXXX", temporary && *temporary ? temporary : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(dir_)) {
        perror(dir_);
        return 1;
    }
    board_ = (board *)mmap(NULL, sizeof *board_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    limit_files();
    signal(SIGALRM, too_long);
    alarm(600);
    int result = test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
    if (rmdir(dir_) != 0) {
        printf("left behind: %s\n", dir_);
        result = 1;
    }
    return result;
}
