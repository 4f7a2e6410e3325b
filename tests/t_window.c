/* t_window.c - windows of shims/veridian_posix.h: real loads and stores in address spaces, real faults, real processes.
 * cc tests/t_window.c -o t_window && ./t_window [case]          Linux.  The last two cases build it once more each, with -DVIPC_POSIX_PORTABLE and with
 * -DVIPC_POSIX_BLIND, by $VIPC_TEST_CC or cc.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* While this says so, mappings are taken away slowly, and whoever believes too early that they are gone is found out. */
static volatile int slowly_;
static void (*meanwhile_)(void);                   /* called once, just before the next is taken away */
static void (*before_)(void);                      /* called once, just before the next is made */
static void *slow_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    if (prot == PROT_NONE && (flags & MAP_FIXED)) {
        void (*now)(void) = meanwhile_;
        meanwhile_ = NULL;
        if (slowly_) usleep(100);
        if (now) now();
    }
    if (prot != PROT_NONE && (flags & MAP_FIXED) && before_) {
        void (*now)(void) = before_;
        before_ = NULL;
        now();
    }
    return mmap(at, size, prot, flags, fd, offset);
}
/* The n-th of these calls that the shim makes fails, as for want of something; 0: none does. */
static int fail_at_, calls_;
static int fails_now(int why)
{
    if (!fail_at_ || ++calls_ != fail_at_) return 0;
    errno = why;
    return 1;
}
static void *failing_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    return fails_now(ENOMEM) ? MAP_FAILED : slow_mmap(at, size, prot, flags, fd, offset);
}
#define mmap failing_mmap
#define mprotect(at, size, prot) (fails_now(ENOMEM) ? -1 : mprotect(at, size, prot))
#define socket(family, type, protocol) (fails_now(EMFILE) ? -1 : socket(family, type, protocol))
#define bind(fd, to, size) (fails_now(EACCES) ? -1 : bind(fd, to, size))
#define fcntl(...) (fails_now(EPERM) ? -1 : fcntl(__VA_ARGS__))
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#undef mmap
#undef mprotect
#undef socket
#undef bind
#undef fcntl
#include "proc.h"
#include "test.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#if defined(__GLIBC__)
#include <ucontext.h>
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif
#if defined(VIPC_POSIX_BLIND)
enum { BLIND = 1 };
#else
enum { BLIND = 0 };
#endif
#if defined(VIPC_POSIX_PORTABLE)
enum { PORTABLE = 1 };
#else
enum { PORTABLE = 0 };
#endif
enum { PAGE = 4096, R = VIPC_PROT_READ, RW = VIPC_PROT_READ | VIPC_PROT_WRITE, RX = VIPC_PROT_READ | VIPC_PROT_EXEC };
enum { ANON = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS, SHARED = VIPC_MAP_SHARED | VIPC_MAP_ANONYMOUS };

/* -------------------------------------------------------------------------------------------------- surroundings */
typedef volatile unsigned char byte;
static byte *at_(vipc_addr at) { return (byte *)(uintptr_t)at; }

/* Memory that children share with their parent, and nothing of the library's. */
typedef struct board {
    _Atomic uint32_t step, stop, bad;
    _Atomic uint64_t number[16];
    _Atomic uint64_t pid[8], cap[8];
} board;
static board *board_;

/* What a fault that could not be resolved does: back to where the thread wants it, if it wants it. */
static __thread sigjmp_buf *landing_;
static __thread vipc_posix_fault fault_;
static __thread unsigned asked_;
static bool on_fault(void *user, const vipc_posix_fault *f)
{
    (void)user;
    asked_++;
    if (!landing_) return false;
    fault_ = *f;
    siglongjmp(*landing_, 1);
}
static vipc_error get(byte *p, unsigned char *out)
{
    sigjmp_buf here;
    landing_ = &here;
    vipc_error e = VIPC_OK;
    if (sigsetjmp(here, 1) == 0) *out = *p;
    else e = fault_.error;
    landing_ = NULL;
    return e;
}
static vipc_error put(byte *p, unsigned char n)
{
    sigjmp_buf here;
    landing_ = &here;
    vipc_error e = VIPC_OK;
    if (sigsetjmp(here, 1) == 0) *p = n;
    else e = fault_.error;
    landing_ = NULL;
    return e;
}
static vipc_error get_number(vipc_addr a, uint64_t *out)
{
    sigjmp_buf here;
    landing_ = &here;
    vipc_error e = VIPC_OK;
    if (sigsetjmp(here, 1) == 0) *out = *(volatile uint64_t *)(uintptr_t)a;
    else e = fault_.error;
    landing_ = NULL;
    return e;
}
/* A number in both halves of a word, because others write it byte by byte; 0: it is just being written. */
static uint64_t twice(uint64_t n) { return n << 32 | n; }
static uint64_t half(uint64_t word) { return word >> 32 == (word & 0xffffffffu) ? word >> 32 : 0; }
static int reads(byte *p)                          /* the byte, or an error */
{
    unsigned char n = 0;
    vipc_error e = get(p, &n);
    return e == VIPC_OK ? (int)n : (int)e;
}

/* One process with a window. */
typedef struct world {
    vipc ipc;
    vipc_cap s;
    int fd;
    uint64_t frames;                               /* in use before the space was made */
} world;
static vipc_posix_window_desc usual(void)
{
    vipc_posix_window_desc d;
    memset(&d, 0, sizeof d);
    d.size = 64 << 20;
    d.fault = on_fault;
    return d;
}
static uint64_t frames_of(vipc *ipc)
{
    vipc_stats st;
    (void)vipc_trim(ipc, NULL);
    return vipc_stats_get(ipc, &st) == VIPC_OK ? st.frames_in_use : 0;
}
static void domain_open(world *w)
{
    vipc_posix_desc d;
    memset(&d, 0, sizeof d);
    memset(w, 0, sizeof *w);
    d.frames_bytes = 16 << 20;
    REQUIRE_OK(vipc_posix_create_fd(&w->ipc, &d, &w->fd));
    w->frames = frames_of(&w->ipc);
    memset((void *)board_, 0, sizeof *board_);
}
static void world_open(world *w)
{
    domain_open(w);
    vipc_posix_window_desc d = usual();
    REQUIRE_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
}
static void check_clean(vipc *ipc)
{
    uint32_t violations = 1;
    CHECK_OK(vipc_check(ipc, &violations));
    CHECK_EQ(violations, 0);
}
/* The space goes, and everything has come back. */
static void world_end(world *w)
{
    check_clean(&w->ipc);
    if (w->s.token) CHECK_OK(vipc_destroy(&w->ipc, w->s, VIPC_FOREVER));
    CHECK_EQ(frames_of(&w->ipc), w->frames);
    check_clean(&w->ipc);
    CHECK_OK(vipc_posix_close(&w->ipc));
    close(w->fd);
}
static vipc_space_info info_of(vipc *ipc, vipc_cap s)
{
    vipc_space_info i;
    memset(&i, 0, sizeof i);
    CHECK_OK(vipc_space_get(ipc, s, &i));
    return i;
}
static vipc_addr mapped(vipc *ipc, vipc_cap s, vipc_addr at, uint64_t pages, uint32_t prot, uint32_t flags)
{
    vipc_mmap_desc d;
    vipc_addr got = 0;
    memset(&d, 0, sizeof d);
    d.at = at;
    d.size = pages * PAGE;
    d.prot = prot;
    d.flags = flags;
    CHECK_OK(vipc_space_mmap(ipc, s, &d, &got, VIPC_FOREVER));
    return got;
}
static vipc_time soon(vipc *ipc, unsigned ms) { return vipc_after(ipc, (uint64_t)ms * 1000000u); }
static vipc_time late(vipc *ipc) { return soon(ipc, 30000); }

static pid_t start(int (*run)(world *, void *), world *w, void *argument)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(run(w, argument));
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
static void stop_and_wait(pid_t pid)
{
    int status = 0;
    REQUIRE(kill(pid, SIGSTOP) == 0);
    REQUIRE(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}
#define OR_EXIT(condition) do { if (!(condition)) { printf("    child, line %d: %s\n", __LINE__, #condition); fflush(stdout); _exit(99); } } while (0)
#define OR_EXIT_OK(call) do { \
        vipc_error e_ = (call); \
        if (e_ != VIPC_OK) { printf("    child, line %d: %s: %s\n", __LINE__, #call, vipc_error_string(e_)); fflush(stdout); _exit(99); } \
    } while (0)

/* In a forked child: join, and say under which pid.  Its capability is what the other side puts onto the board. */
static void child_join(world *w, unsigned place)
{
    OR_EXIT_OK(vipc_posix_after_fork(&w->ipc, "child"));
    board_->pid[place] = vipc_self(&w->ipc).id;
}
static vipc_cap child_cap(unsigned place)
{
    vipc_cap c;
    UNTIL(board_->cap[place]);
    c.token = board_->cap[place];
    return c;
}
static void child_enter(world *w, unsigned place)
{
    vipc_posix_window_desc d = usual();
    d.size = 0;
    child_join(w, place);
    w->s = child_cap(place);
    OR_EXIT_OK(vipc_posix_window_enter(&w->ipc, w->s, &d));
}
/* On the other side: whoever sits there gets a child of this capability. */
static void give(world *w, unsigned place, vipc_cap c)
{
    vipc_pid to;
    vipc_cap theirs;
    UNTIL(board_->pid[place]);
    to.id = board_->pid[place];
    REQUIRE_OK(vipc_grant(&w->ipc, c, to, NULL, &theirs));
    board_->cap[place] = theirs.token;
}
static void step(uint32_t n) { board_->step = n; }
static void until_step(uint32_t n) { UNTIL(board_->step >= n); }

/* --------------------------------------------------------------------------------------------------- one process */
TEST(window_first_touch_is_zero)
{
    world w;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 300, RW, ANON);
    byte *p = at_(a);
    CHECK_EQ(info_of(&w.ipc, w.s).pages, 0);
    for (int turn = 0; turn < 2; turn++) {         /* the second time with frames that were written to */
        unsigned sum = 0;
        for (size_t i = 0; i < 300 * PAGE; i++) sum += p[i];
        CHECK_EQ(sum, 0);
        for (size_t i = 0; i < 300 * PAGE; i++) p[i] = (unsigned char)(i % 251);
        for (size_t i = 0; i < 300 * PAGE; i++) sum += p[i] != (unsigned char)(i % 251);
        CHECK_EQ(sum, 0);
        CHECK_EQ(info_of(&w.ipc, w.s).pages, 300);
        CHECK_EQ(info_of(&w.ipc, w.s).zeroed, 300 * ((unsigned)turn + 1));
        unsigned char copy[2 * PAGE];
        CHECK_OK(vipc_space_read(&w.ipc, w.s, a + 100, copy, sizeof copy, NULL));
        CHECK(memcmp(copy, (const unsigned char *)(uintptr_t)a + 100, sizeof copy) == 0);
        CHECK_OK(vipc_space_write(&w.ipc, w.s, a + PAGE - 2, "abcd", 4, NULL));
        CHECK(p[PAGE - 2] == 'a' && p[PAGE + 1] == 'd');
        CHECK_OK(vipc_space_unmap(&w.ipc, w.s, a, 300 * PAGE, VIPC_NOW));
        CHECK_EQ(reads(p), VIPC_ERR_FAULT);
        CHECK_EQ(mapped(&w.ipc, w.s, a, 300, RW, ANON | VIPC_MAP_FIXED_NOREPLACE), a);
    }
    CHECK_EQ(asked_ > 0, 1);
    world_end(&w);
}

TEST(window_reads_before_it_writes)
{
    world w;
    world_open(&w);
    byte *p = at_(mapped(&w.ipc, w.s, 0, 8, RW, ANON));
    for (int i = 0; i < 8; i++) CHECK_EQ(p[i * PAGE], 0);
    for (int i = 0; i < 8; i++) p[i * PAGE] = (unsigned char)(i + 1);
    for (int i = 0; i < 8; i++) CHECK_EQ(p[i * PAGE], i + 1);
    CHECK_EQ(info_of(&w.ipc, w.s).zeroed, 8);
    world_end(&w);
}

TEST(window_heap_by_set_break)
{
    world w;
    vipc_addr was = 0, now = 0;
    world_open(&w);
    CHECK_OK(vipc_space_grow_heap(&w.ipc, w.s, 10 * PAGE + 5, &was));
    CHECK_EQ(was, info_of(&w.ipc, w.s).heap_start);
    byte *heap = at_(was);
    for (size_t i = 0; i < 11 * PAGE; i++) heap[i] = 7;
    CHECK_EQ(reads(heap + 11 * PAGE), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(&w.ipc, w.s, was + 3 * PAGE, &now, VIPC_NOW));
    CHECK_EQ(now, was + 3 * PAGE);
    CHECK_EQ(reads(heap + 3 * PAGE - 1), 7);
    CHECK_EQ(reads(heap + 3 * PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(put(heap + 10 * PAGE, 1), VIPC_ERR_FAULT);
    CHECK_OK(vipc_space_set_break(&w.ipc, w.s, was + 5 * PAGE, NULL, VIPC_NOW));
    CHECK_EQ(reads(heap + 4 * PAGE), 0);           /* and not what lay there once */
    CHECK_EQ(info_of(&w.ipc, w.s).pages, 4);
    world_end(&w);
}

TEST(d061_protections_hold)
{
    world w;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 10, RW, ANON);
    byte *p = at_(a);
    for (int i = 0; i < 10; i++) p[i * PAGE] = (unsigned char)(i + 1);
    CHECK_OK(vipc_space_protect(&w.ipc, w.s, a + 2 * PAGE, 6 * PAGE, R, VIPC_NOW));
    CHECK_EQ(reads(p + 2 * PAGE), 3);
    CHECK_EQ(put(p + 2 * PAGE, 9), VIPC_ERR_PERMISSION_DENIED);
    CHECK(fault_.access == VIPC_PROT_WRITE && fault_.at == a + 2 * PAGE && fault_.result.region.start == a + 2 * PAGE && fault_.result.region.prot == R);
    CHECK_EQ(put(p + 7 * PAGE + 4095, 9), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(put(p + 8 * PAGE, 99));
    CHECK_OK(put(p + PAGE, 98));
    CHECK_OK(vipc_space_protect(&w.ipc, w.s, a + 3 * PAGE, PAGE, VIPC_PROT_NONE, VIPC_NOW));
    CHECK_EQ(reads(p + 3 * PAGE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(put(p + 3 * PAGE, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(reads(p + 4 * PAGE), 5);
    CHECK_OK(vipc_space_protect(&w.ipc, w.s, a, 10 * PAGE, RW, VIPC_NOW));
    for (int i = 0; i < 10; i++) {
        CHECK_EQ(reads(p + i * PAGE), i == 8 ? 99 : i == 1 ? 98 : i + 1);
        CHECK_OK(put(p + i * PAGE, (unsigned char)(50 + i)));
        CHECK_EQ(p[i * PAGE], 50 + i);
    }
    world_end(&w);
}
/* Pages that have no frame yet must not become readable by a protection over them, whatever the kernel has mapped there. */
TEST(window_protect_over_holes)
{
    world w;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 64, RW, ANON);
    byte *p = at_(a);
    for (int i = 0; i < 64; i += 7) p[i * PAGE] = 1;
    CHECK_OK(vipc_space_protect(&w.ipc, w.s, a, 64 * PAGE, R, VIPC_NOW));
    for (int i = 0; i < 64; i++) CHECK_EQ(reads(p + i * PAGE), i % 7 == 0);
    CHECK_EQ(info_of(&w.ipc, w.s).pages, 64);
    for (int i = 0; i < 64; i++) CHECK_EQ(put(p + i * PAGE, 2), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_space_unmap(&w.ipc, w.s, a, 64 * PAGE, VIPC_NOW));
    for (int i = 0; i < 64; i++) CHECK_EQ(reads(p + i * PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(mapped(&w.ipc, w.s, a, 64, VIPC_PROT_NONE, ANON | VIPC_MAP_FIXED), a);
    for (int i = 0; i < 64; i++) CHECK_EQ(reads(p + i * PAGE), VIPC_ERR_PERMISSION_DENIED);
    world_end(&w);
}

typedef int returns_a_number(void);
static vipc_error call_there(vipc_addr at, int *out)
{
    sigjmp_buf here;
    landing_ = &here;
    vipc_error e = VIPC_OK;
    union { uintptr_t at; returns_a_number *f; } to;
    to.at = (uintptr_t)at;
    if (sigsetjmp(here, 1) == 0) *out = to.f();
    else e = fault_.error;
    landing_ = NULL;
    return e;
}
TEST(d061_write_xor_execute)
{
#if defined(__x86_64__) || defined(__i386__)
    static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };              /* mov eax, 42; ret */
#elif defined(__aarch64__)
    static const unsigned char code[] = { 0x40, 0x05, 0x80, 0x52, 0xc0, 0x03, 0x5f, 0xd6 };
#else
    static const unsigned char code[] = { 0 };
#endif
    world w;
    vipc_addr got;
    int n = 0;
    world_open(&w);
    CHECK_EQ(vipc_space_allocate(&w.ipc, w.s, PAGE, RW | VIPC_PROT_EXEC, &got), VIPC_ERR_PERMISSION_DENIED);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 1, RX, ANON), b = mapped(&w.ipc, w.s, 0, 1, RW, ANON);
    CHECK_OK(vipc_space_write(&w.ipc, w.s, a, code, sizeof code, NULL));
    CHECK_EQ(reads(at_(a)), code[0]);
    CHECK_EQ(put(at_(a), 1), VIPC_ERR_PERMISSION_DENIED);
    for (size_t i = 0; i < sizeof code; i++) at_(b)[i] = code[i];
    CHECK_EQ(vipc_space_protect(&w.ipc, w.s, b, PAGE, RW | VIPC_PROT_EXEC, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    if (sizeof code > 1) {
        CHECK_OK(call_there(a, &n));
        CHECK_EQ(n, 42);
        CHECK_EQ(call_there(b, &n), VIPC_ERR_PERMISSION_DENIED);                  /* data is not executed */
        CHECK_EQ(fault_.at, b);
        n = 0;
        CHECK_OK(vipc_space_protect(&w.ipc, w.s, b, PAGE, RX, VIPC_NOW));
        CHECK_OK(call_there(b, &n));
        CHECK_EQ(n, 42);
        CHECK_EQ(put(at_(b), 1), VIPC_ERR_PERMISSION_DENIED);
        CHECK_OK(vipc_space_protect(&w.ipc, w.s, b, PAGE, R, VIPC_NOW));
        CHECK_EQ(call_there(b, &n), VIPC_ERR_PERMISSION_DENIED);
    }
    world_end(&w);
}

/* A protection that is narrower in one bit must not bring another back that the page has not: here WRITE, of a page that a copy shares. */
TEST(window_narrowing_gives_nothing)
{
    world w;
    vipc_cap copy;
    vipc_posix_window_desc d = usual();
    domain_open(&w);
    d.space.write_execute = 1;
    REQUIRE_OK(vipc_posix_window_open(&w.ipc, &d, &w.s));
    vipc_addr a = mapped(&w.ipc, w.s, 0, 3, RW | VIPC_PROT_EXEC, ANON);
    unsigned char theirs = 0;
    for (int i = 0; i < 3; i++) at_(a)[i * PAGE] = 5;
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    CHECK_EQ(reads(at_(a)), 5);
    CHECK_OK(vipc_space_protect(&w.ipc, w.s, a, 3 * PAGE, RW, VIPC_NOW));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(put(at_(a) + i * PAGE, 6));
        CHECK_OK(vipc_space_read(&w.ipc, copy, a + (vipc_addr)i * PAGE, &theirs, 1, NULL));
        CHECK_EQ(theirs, 5);
    }
    CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    world_end(&w);
}

TEST(window_unmap_in_the_middle)
{
    world w;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 9, RW, ANON);
    byte *p = at_(a);
    for (int i = 0; i < 9; i++) p[i * PAGE + 5] = (unsigned char)(i + 1);
    CHECK_OK(vipc_space_unmap(&w.ipc, w.s, a + 3 * PAGE, 3 * PAGE, VIPC_NOW));
    for (int i = 0; i < 9; i++) CHECK_EQ(reads(p + i * PAGE + 5), i / 3 == 1 ? VIPC_ERR_FAULT : i + 1);
    CHECK_EQ(fault_.result.region.start, 0);
    CHECK_EQ(mapped(&w.ipc, w.s, a + 3 * PAGE, 3, R, ANON | VIPC_MAP_FIXED), a + 3 * PAGE);
    for (int i = 3; i < 6; i++) CHECK_EQ(reads(p + i * PAGE + 5), 0);
    CHECK_EQ(put(p + 4 * PAGE, 1), VIPC_ERR_PERMISSION_DENIED);
    world_end(&w);
}

TEST(window_outside_of_any_region)
{
    world w;
    world_open(&w);
    vipc_space_info i = info_of(&w.ipc, w.s);
    CHECK_EQ(reads(at_(i.start)), VIPC_ERR_FAULT);
    CHECK_EQ(put(at_(i.end - 1), 1), VIPC_ERR_FAULT);
    CHECK_EQ(i.end - i.start, 64 << 20);
    CHECK_EQ(vipc_space_map_physical(&w.ipc, w.s, (uint64_t)1 << 40, i.start, PAGE, RW, VIPC_UNCACHED), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(reads(at_(i.start)), VIPC_ERR_FAULT);
    world_end(&w);
}

TEST(window_errno_stays)
{
    world w;
    world_open(&w);
    byte *p = at_(mapped(&w.ipc, w.s, 0, 50, RW, ANON));
    for (int i = 0; i < 50; i++) {
        errno = 1000 + i;
        p[i * PAGE] = 1;
        CHECK_EQ(errno, 1000 + i);
    }
    world_end(&w);
}

/* The kernel finds nothing where nothing is mapped yet: vipc_space_touch is the remedy. */
TEST(window_system_calls_need_a_touch)
{
    world w;
    int ends[2];
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    REQUIRE(pipe(ends) == 0 && write(ends[1], "hello", 5) == 5);
    CHECK(read(ends[0], (void *)(uintptr_t)(a + PAGE - 2), 5) < 0 && errno == EFAULT);
    CHECK_OK(vipc_space_touch(&w.ipc, w.s, a + PAGE - 2, 5, VIPC_PROT_WRITE, NULL));
    CHECK_EQ(read(ends[0], (void *)(uintptr_t)(a + PAGE - 2), 5), 5);
    CHECK(memcmp((const void *)(uintptr_t)(a + PAGE - 2), "hello", 5) == 0);
    vipc_cap copy;
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    REQUIRE(write(ends[1], "12345", 5) == 5);
    CHECK(read(ends[0], (void *)(uintptr_t)(a + PAGE - 2), 5) < 0 && errno == EFAULT);        /* shared with the copy: the kernel may read it, not write */
    CHECK_EQ(write(ends[1], (const void *)(uintptr_t)(a + PAGE - 2), 5), 5);
    CHECK_OK(vipc_space_touch(&w.ipc, w.s, a + PAGE - 2, 5, VIPC_PROT_WRITE, NULL));
    CHECK_EQ(read(ends[0], (void *)(uintptr_t)(a + PAGE - 2), 5), 5);
    CHECK(memcmp((const void *)(uintptr_t)(a + PAGE - 2), "12345", 5) == 0);
    CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    close(ends[0]);
    close(ends[1]);
    world_end(&w);
}

/* Payloads and messages that lie in pages which are not there yet, or are not this process's own yet. */
TEST(window_payloads_and_messages)
{
    world w;
    vipc_cap door, copy;
    vipc_endpoint_desc d;
    world_open(&w);
    memset(&d, 0, sizeof d);
    d.payload_max = 3 * PAGE;
    REQUIRE_OK(vipc_endpoint_create(&w.ipc, &d, &door));
    unsigned char *from = (unsigned char *)(uintptr_t)mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    unsigned char *to = (unsigned char *)(uintptr_t)mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    vipc_message *m = (vipc_message *)(uintptr_t)mapped(&w.ipc, w.s, 0, 1, RW, ANON), *n = (vipc_message *)(uintptr_t)mapped(&w.ipc, w.s, 0, 1, RW, ANON);
    for (int turn = 0; turn < 3; turn++) {
        vipc_outgoing o;
        vipc_incoming in;
        memset(&o, 0, sizeof o);
        memset(&in, 0, sizeof in);
        o.payload = from + 100;
        o.payload_size = 3 * PAGE;
        in.payload = to + 50;
        in.payload_capacity = 3 * PAGE;
        CHECK_OK(vipc_send_large(&w.ipc, door, &o, VIPC_NOW));
        CHECK_OK(vipc_receive_large(&w.ipc, door, &in, VIPC_NOW));
        CHECK(memcmp(from + 100, to + 50, 3 * PAGE) == 0);
        CHECK_OK(vipc_send(&w.ipc, door, m, VIPC_NOW));
        CHECK_OK(vipc_receive(&w.ipc, door, n, NULL, VIPC_NOW));
        CHECK_EQ(n->data[0], m->data[0]);
        memset(from, turn + 1, 4 * PAGE);
        m->data[0] = 77 + (uint64_t)turn;
        if (turn == 1) CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    }
    CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    CHECK_OK(vipc_destroy(&w.ipc, door, VIPC_NOW));
    world_end(&w);
}

/* Arguments and results of the slow path; tests/t_apart.c has all functions. */
TEST(window_arguments_and_results)
{
    world w;
    world_open(&w);
    for (int turn = 0; turn < 2; turn++) {
        vipc_addr a = mapped(&w.ipc, w.s, 0, 64, RW, ANON);
        unsigned k = 0;
#define FRESH(type) ((type *)(uintptr_t)(a + PAGE * k++))
        vipc_cap *door = FRESH(vipc_cap), *gift = FRESH(vipc_cap), *child = FRESH(vipc_cap), *found = FRESH(vipc_cap), copy = VIPC_INIT;
        vipc_endpoint_desc *d = FRESH(vipc_endpoint_desc);
        vipc_derive_desc *dd = FRESH(vipc_derive_desc);
        char *label = FRESH(char), *name = FRESH(char);
        vipc_outgoing *o = FRESH(vipc_outgoing);
        vipc_incoming *in = FRESH(vipc_incoming);
        unsigned char *from = FRESH(unsigned char), *to = FRESH(unsigned char);
        if (turn) {                                /* pages that were written to, but are shared with a clone */
            for (unsigned i = 0; i < 64; i++) *(byte *)(uintptr_t)(a + PAGE * i) = 0;
            CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
        }
        CHECK_OK(vipc_endpoint_create(&w.ipc, d, gift));
        strcpy(label, "a label");
        d->label = label;
        d->payload_max = 3000;
        CHECK_OK(vipc_endpoint_create(&w.ipc, d, door));
        CHECK_OK(vipc_derive(&w.ipc, *door, dd, child));
        strcpy(name, "name");
        CHECK_OK(vipc_publish(&w.ipc, name, *door, 0));
        CHECK_OK(vipc_lookup(&w.ipc, name, 0, found, VIPC_NOW));
        memset(from, 7, 3000);
        o->message.flags = VIPC_HAS_CAPABILITY;
        o->message.capability = *gift;
        o->payload = from;
        o->payload_size = 3000;
        CHECK_OK(vipc_send_large(&w.ipc, *found, o, VIPC_NOW));
        in->payload = to;
        in->payload_capacity = 3000;
        CHECK_OK(vipc_receive_large(&w.ipc, *child, in, VIPC_NOW));
        CHECK(to[0] == 7 && to[2999] == 7 && in->info.payload_size == 3000 && in->info.cap_count == 1 && in->caps[0].token != 0);
        CHECK_OK(vipc_space_get(&w.ipc, w.s, FRESH(vipc_space_info)));
        unsigned char *seen = FRESH(unsigned char);
        uint64_t *done = FRESH(uint64_t);
        CHECK_OK(vipc_space_read(&w.ipc, w.s, (vipc_addr)(uintptr_t)to, seen, 3000, done));
        CHECK(memcmp(seen, from, 3000) == 0 && *done == 3000);
        CHECK_OK(vipc_unpublish(&w.ipc, name));
        CHECK_OK(vipc_destroy(&w.ipc, *gift, VIPC_NOW));
        CHECK_OK(vipc_destroy(&w.ipc, *door, VIPC_NOW));
        if (turn) CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    }
    world_end(&w);
}

/* A result that would have to be written to such a page while the lock is held: no hang, but a death that others clean up after. */
static int result_in_the_window(world *w, void *argument)
{
    vipc_posix_window_desc d = usual();
    (void)argument;
    child_join(w, 0);
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    vipc_addr a = mapped(&w->ipc, w->s, 0, 1, RW, ANON);
    pthread_mutex_lock(&vipc_posix_.lock);         /* no call of the library's own touches the page: what holds the lock does, here */
    pthread_mutex_unlock(&vipc_posix_.lock);
    if (vipci_lock(&w->ipc, VIPC_FOREVER) != VIPC_OK) return 1;
    board_->step = 1;
    *at_(a) = 1;
    return 2;
}
TEST(window_fault_with_the_lock_held)
{
    world w;
    struct rlimit none = { 0, 0 }, was;
    domain_open(&w);
    getrlimit(RLIMIT_CORE, &was);
    setrlimit(RLIMIT_CORE, &none);
    pid_t pid = start(result_in_the_window, &w, NULL);
    CHECK_EQ(finish(pid), UNDER_ASAN ? 1 : -SIGSEGV);
    CHECK_EQ(board_->step, 1);
    setrlimit(RLIMIT_CORE, &was);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* ------------------------------------------------------------------------------------------------------- stacks */
#if defined(__GLIBC__)
static ucontext_t outer_, inner_;
static volatile unsigned long depth_reached_, sum_;
__attribute__((noinline)) static unsigned long deep(unsigned long n, unsigned long most)
{
    volatile unsigned char room[600];
    room[0] = (unsigned char)n;
    room[599] = (unsigned char)(n >> 8);
    depth_reached_ = n;
    unsigned long below = n == most ? 0 : deep(n + 1, most);
    return below + room[0] + ((unsigned long)room[599] << 8);
}
static unsigned long most_;
static void run_deep(void) { sum_ = deep(1, most_); }
static void run_on(vipc_stack *s, unsigned long most)
{
    most_ = most;
    sum_ = depth_reached_ = 0;
    getcontext(&inner_);
    inner_.uc_stack.ss_sp = (void *)(uintptr_t)s->bottom;
    inner_.uc_stack.ss_size = (size_t)(s->top - s->bottom);
    inner_.uc_link = &outer_;
    makecontext(&inner_, run_deep, 0);
    swapcontext(&outer_, &inner_);
}
TEST(d053_a_stack_grows_by_real_recursion)
{
    world w;
    vipc_stack s, t;
    vipc_stack_desc d;
    if (UNDER_ASAN) SKIP("AddressSanitizer does not know this stack");
    world_open(&w);
    memset(&d, 0, sizeof d);
    d.size = 2 << 20;
    CHECK_OK(vipc_space_stack_create(&w.ipc, w.s, &d, &s));
    CHECK_OK(vipc_space_stack_create(&w.ipc, w.s, &d, &t));
    run_on(&s, 1500);
    CHECK_EQ(sum_, 1500ul * 1501 / 2);
    CHECK(info_of(&w.ipc, w.s).grown > 100);
    CHECK(info_of(&w.ipc, w.s).pages > 1500 * 600 / PAGE);
    vipc_cap copy;                                  /* and after a copy, every page of it is copied again as it is written */
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    run_on(&s, 1500);
    CHECK_EQ(sum_, 1500ul * 1501 / 2);
    CHECK(info_of(&w.ipc, w.s).copied > 100);
    run_on(&t, 50);
    CHECK_EQ(sum_, 50ul * 51 / 2);
    CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    CHECK_OK(vipc_space_unmap(&w.ipc, w.s, s.bottom, s.top - s.bottom, VIPC_NOW));
    CHECK_EQ(reads(at_(s.top - 1)), VIPC_ERR_FAULT);
    world_end(&w);
}
TEST(d056_a_guard_page_ends_a_real_recursion)
{
    world w;
    vipc_stack s;
    vipc_stack_desc d;
    if (UNDER_ASAN) SKIP("AddressSanitizer does not know this stack");
    world_open(&w);
    memset(&d, 0, sizeof d);
    d.size = 512 << 10;
    CHECK_OK(vipc_space_stack_create(&w.ipc, w.s, &d, &s));
    for (int turn = 0; turn < 3; turn++) {
        sigjmp_buf here;
        landing_ = &here;
        if (sigsetjmp(here, 1) == 0) {
            run_on(&s, 1000000);
            CHECK_EQ(depth_reached_, 0);            /* the guard let it pass */
        }
        landing_ = NULL;
        CHECK_EQ(fault_.error, VIPC_ERR_GUARD_PAGE);
        CHECK(fault_.result.region.guard == 1 && vipc_stack_in_guard(&s, fault_.at));
        CHECK(depth_reached_ > 600 && depth_reached_ < 900);
        run_on(&s, 100);                            /* and it is as good as new */
        CHECK_EQ(sum_, 100ul * 101 / 2);
    }
    CHECK_EQ(info_of(&w.ipc, w.s).pages, (512 << 10) / PAGE - 1);
    world_end(&w);
}
#else
TEST(d053_a_stack_grows_by_real_recursion) { SKIP("no makecontext in this libc"); }
TEST(d056_a_guard_page_ends_a_real_recursion) { SKIP("no makecontext in this libc"); }
#endif

/* ------------------------------------------------------------------------------------------------------- clones */
static int clone_child(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument), *shared = p + 8 * PAGE;
    child_enter(w, 0);
    for (int i = 0; i < 8; i++) OR_EXIT(p[i * PAGE] == i + 1);
    OR_EXIT(shared[0] == 100);
    for (int i = 0; i < 4; i++) p[i * PAGE] = (unsigned char)(i + 51);
    shared[1] = 101;
    step(1);
    until_step(2);                                  /* the parent has written */
    for (int i = 0; i < 8; i++) OR_EXIT(p[i * PAGE] == (i < 4 ? i + 51 : i + 1));
    OR_EXIT(shared[2] == 102);
    OR_EXIT(reads(p + 9 * PAGE + 5 * PAGE) == VIPC_ERR_FAULT);
    OR_EXIT(put(p + 8 * PAGE + PAGE, 1) == VIPC_ERR_PERMISSION_DENIED);
    vipc_space_info i = info_of(&w->ipc, w->s);
    OR_EXIT(i.copied == 4 && i.pages_shared == 5);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 7;
}
TEST(d065_clone_and_fork_each_sees_its_own)
{
    world w;
    vipc_cap copy;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 10, RW, ANON);
    CHECK_EQ(mapped(&w.ipc, w.s, a + 8 * PAGE, 1, RW, SHARED | VIPC_MAP_FIXED), a + 8 * PAGE);
    CHECK_EQ(mapped(&w.ipc, w.s, a + 9 * PAGE, 1, R, ANON | VIPC_MAP_FIXED), a + 9 * PAGE);
    byte *p = at_(a);
    for (int i = 0; i < 8; i++) p[i * PAGE] = (unsigned char)(i + 1);
    p[8 * PAGE] = 100;
    CHECK_EQ(p[9 * PAGE], 0);
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    pid_t pid = start(clone_child, &w, &a);
    give(&w, 0, copy);
    for (int i = 4; i < 8; i++) CHECK_EQ(p[i * PAGE], i + 1);
    until_step(1);
    for (int i = 0; i < 8; i++) CHECK_EQ(p[i * PAGE], i + 1);          /* nothing of the child's */
    CHECK_EQ(p[8 * PAGE + 1], 101);
    for (int i = 0; i < 8; i++) p[i * PAGE] = (unsigned char)(i + 201);
    p[8 * PAGE + 2] = 102;
    step(2);
    CHECK_EQ(finish(pid), 7);
    for (int i = 0; i < 8; i++) CHECK_EQ(p[i * PAGE], i + 201);
    vipc_space_info i = info_of(&w.ipc, w.s);
    CHECK_EQ(i.copied + i.made_writable, 8);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}
TEST(window_write_after_the_copy_has_gone)
{
    world w;
    vipc_cap copy;
    world_open(&w);
    byte *p = at_(mapped(&w.ipc, w.s, 0, 4, RW, ANON));
    for (int i = 0; i < 4; i++) p[i * PAGE] = (unsigned char)(i + 1);
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    p[0] = 10;
    CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    for (int i = 0; i < 4; i++) { CHECK_EQ(p[i * PAGE], i ? i + 1 : 10); p[i * PAGE] = 20; CHECK_EQ(p[i * PAGE], 20); }
    vipc_space_info i = info_of(&w.ipc, w.s);
    CHECK(i.copied == 1 && i.made_writable == 3);
    world_end(&w);
}
/* Copies of copies, each in a process of its own. */
static int generation(world *w, void *argument)
{
    const uintptr_t n = (uintptr_t)argument;
    byte *p = at_(board_->number[0]);
    child_enter(w, (unsigned)n);
    for (uintptr_t i = 0; i < 6; i++) OR_EXIT(p[i * PAGE] == (i < n ? i + 1 : 0));
    p[n * PAGE] = (unsigned char)(n + 1);
    if (n < 5) {
        vipc_cap copy;
        OR_EXIT_OK(vipc_space_clone(&w->ipc, w->s, &copy, VIPC_NOW));
        pid_t pid = start(generation, w, (void *)(n + 1));
        give(w, (unsigned)n + 1, copy);
        p[0] = 99;
        OR_EXIT(finish(pid) == 0);
        for (uintptr_t i = 1; i < 6; i++) OR_EXIT(p[i * PAGE] == (i <= n ? i + 1 : 0));
    }
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(d065_copies_of_copies)
{
    world w;
    vipc_cap copy;
    world_open(&w);
    board_->number[0] = mapped(&w.ipc, w.s, 0, 6, RW, ANON);
    at_(board_->number[0])[0] = 1;
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    pid_t pid = start(generation, &w, (void *)(uintptr_t)1);
    give(&w, 1, copy);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    CHECK_EQ(at_(board_->number[0])[0], 1);
    world_end(&w);
}

/* --------------------------------------------------------------------------------------------------------- forks */
static int reads_its_parents_window(world *w, void *argument)
{
    (void)w;
    step(1);
    return *at_(*(vipc_addr *)argument);
}
static int enters_nothing(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    vipc_posix_window_desc d = usual();
    OR_EXIT(vipc_space_touch(&w->ipc, w->s, (uintptr_t)p, 1, VIPC_PROT_READ, NULL) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_posix_window_open(&w->ipc, &d, &w->s) == VIPC_ERR_NOT_INITIALIZED);
    OR_EXIT(vipc_posix_window_close(&w->ipc) == VIPC_ERR_NOT_INITIALIZED);
    child_join(w, 0);
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));          /* a window of its own, wherever */
    byte *q = at_(mapped(&w->ipc, w->s, 0, 3, RW, ANON));
    q[PAGE] = 5;
    OR_EXIT(q[PAGE] == 5);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_a_forked_child_sees_nothing_of_it)
{
    world w;
    struct rlimit none = { 0, 0 }, was;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    at_(a)[0] = 42;
    getrlimit(RLIMIT_CORE, &was);
    setrlimit(RLIMIT_CORE, &none);
    CHECK_EQ(finish(start(reads_its_parents_window, &w, &a)), UNDER_ASAN ? 1 : -SIGSEGV);
    CHECK_EQ(board_->step, 1);
    setrlimit(RLIMIT_CORE, &was);
    CHECK_EQ(finish(start(enters_nothing, &w, &a)), 0);
    CHECK_EQ(at_(a)[0], 42);
    at_(a)[PAGE] = 43;
    CHECK_EQ(at_(a)[PAGE], 43);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}
/* A child that joins by the descriptor, not by after_fork, finds the reserved addresses too. */
static int joins_anew(world *w, void *argument)
{
    vipc mine;
    vipc_posix_window_desc d = usual();
    d.size = 0;
    OR_EXIT_OK(vipc_posix_open_fd(&mine, w->fd, NULL));
    board_->pid[0] = vipc_self(&mine).id;
    vipc_cap s = child_cap(0);
    OR_EXIT_OK(vipc_posix_window_enter(&mine, s, &d));
    OR_EXIT(*at_(*(vipc_addr *)argument) == 42);
    OR_EXIT_OK(vipc_posix_close(&mine));
    return 0;
}
TEST(window_a_child_that_joins_anew_enters_too)
{
    world w;
    vipc_cap copy;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 1, RW, ANON);
    at_(a)[0] = 42;
    CHECK_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    pid_t pid = start(joins_anew, &w, &a);
    give(&w, 0, copy);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* --------------------------------------------------------------------------------------------------- shootdowns */
/* Reads a page over and over.  After the other has said that it is gone (step 1), no read may succeed. */
static int reader(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    child_enter(w, 0);
    p[0] = 42;
    p[PAGE] = 43;
    give(w, 1, w->s);
    for (;;) {
        const uint32_t before = board_->step;
        const int n = reads(p);
        if (n == 42) {
            if (before >= 1) return 1;              /* it was taken away before this read began */
        } else if (n == VIPC_ERR_FAULT) break;
        else return 2;
        board_->number[0]++;
    }
    UNTIL(board_->step >= 1);
    OR_EXIT(reads(p) == VIPC_ERR_FAULT);
    OR_EXIT(reads(p + PAGE) == 43);                 /* the page beside it is there still, or again */
    step(2);
    until_step(3);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
/* Start a process that has a clone of the world's window, and get a capability for that from it. */
static pid_t start_in_clone(world *w, int (*run)(world *, void *), void *argument, vipc_cap *theirs)
{
    vipc_cap copy;
    board_->pid[1] = vipc_self(&w->ipc).id;
    REQUIRE_OK(vipc_space_clone(&w->ipc, w->s, &copy, VIPC_NOW));
    pid_t pid = start(run, w, argument);
    give(w, 0, copy);
    *theirs = child_cap(1);
    return pid;
}
TEST(window_another_process_unmaps)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    pid_t pid = start_in_clone(&w, reader, &a, &theirs);
    UNTIL(board_->number[0] > 1000);
    CHECK_EQ(vipc_space_unmap(&w.ipc, theirs, a, PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    CHECK_OK(vipc_space_unmap(&w.ipc, theirs, a, PAGE, late(&w.ipc)));
    step(1);
    until_step(2);
    vipc_space_info i = info_of(&w.ipc, theirs);
    CHECK(i.leaving == 0 && i.pages == 1 && i.owner.id == board_->pid[0]);
    step(3);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}
/* The same for a protection, and for what a copy makes read-only. */
static int writer(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    unsigned char n = 0;
    child_enter(w, 0);
    give(w, 1, w->s);
    for (;;) {
        const uint32_t before = board_->step;
        const vipc_error e = put(p, ++n);
        if (e == VIPC_OK && before >= 1) return 1;
        if (e == VIPC_ERR_PERMISSION_DENIED) break;
        if (e != VIPC_OK) return 2;
        board_->number[0]++;
    }
    UNTIL(board_->step >= 1);
    OR_EXIT(reads(p) == (unsigned char)(n - 1));
    step(2);
    until_step(3);
    OR_EXIT(put(p, 9) == VIPC_OK && reads(p) == 9);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_another_process_protects)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    pid_t pid = start_in_clone(&w, writer, &a, &theirs);
    UNTIL(board_->number[0] > 1000);
    CHECK_OK(vipc_space_protect(&w.ipc, theirs, a, PAGE, R, late(&w.ipc)));
    step(1);
    until_step(2);
    CHECK_OK(vipc_space_protect(&w.ipc, theirs, a, PAGE, RW, VIPC_NOW));
    step(3);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}
/* Clones of a running process's space: what a clone holds never changes after it is made, however the original goes on writing. */
static int counter(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    volatile uint64_t *n = (volatile uint64_t *)(uintptr_t)p, *m = (volatile uint64_t *)(uintptr_t)(p + PAGE);
    child_enter(w, 0);
    give(w, 1, w->s);
    while (!board_->stop) {
        *n = *n + 1;
        *m = *n;
        board_->number[0]++;
    }
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(d065_clones_of_a_running_process_stay_as_they_are)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    pid_t pid = start_in_clone(&w, counter, &a, &theirs);
    for (int i = 0; i < 40; i++) {
        vipc_cap copy;
        uint64_t first[2], again[2];
        const uint64_t before = board_->number[0];
        UNTIL(board_->number[0] > before + 100);
        REQUIRE_OK(vipc_space_clone(&w.ipc, theirs, &copy, late(&w.ipc)));
        CHECK_OK(vipc_space_read(&w.ipc, copy, a, &first[0], 8, NULL));
        CHECK_OK(vipc_space_read(&w.ipc, copy, a + PAGE, &first[1], 8, NULL));
        const uint64_t then = board_->number[0];
        UNTIL(board_->number[0] > then + 100);
        CHECK_OK(vipc_space_read(&w.ipc, copy, a, &again[0], 8, NULL));
        CHECK_OK(vipc_space_read(&w.ipc, copy, a + PAGE, &again[1], 8, NULL));
        CHECK_EQ(again[0], first[0]);
        CHECK_EQ(again[1], first[1]);
        CHECK(first[0] > before && (first[1] == first[0] || first[1] + 1 == first[0]));
        CHECK_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
    }
    board_->stop = 1;
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

static int sleeper(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    child_enter(w, 0);
    for (int i = 0; i < 4; i++) p[i * PAGE] = 42;
    give(w, 1, w->s);
    step(1);
    until_step(2);
    for (int i = 0; i < 4; i++) OR_EXIT(reads(p + i * PAGE) == (i == 1 ? VIPC_ERR_FAULT : 42));
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_a_stopped_target_is_a_timeout)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    pid_t pid = start_in_clone(&w, sleeper, &a, &theirs);
    until_step(1);
    stop_and_wait(pid);
    const uint64_t frames = frames_of(&w.ipc);
    vipc_time before = vipc_time_now(&w.ipc);
    CHECK_EQ(vipc_space_unmap(&w.ipc, theirs, a + PAGE, PAGE, soon(&w.ipc, 50)), VIPC_ERR_TIMEOUT);
    CHECK(vipc_time_now(&w.ipc) - before >= 50000000u);
    CHECK_EQ(vipc_space_unmap(&w.ipc, theirs, a + PAGE, PAGE, 1), VIPC_ERR_TIMEOUT);                /* a deadline in the past */
    vipc_space_info i = info_of(&w.ipc, theirs);
    CHECK(i.leaving == 1 && i.pages == 4);
    CHECK_EQ(frames_of(&w.ipc), frames);            /* kept back */
    vipc_space_region r;
    CHECK_OK(vipc_space_find(&w.ipc, theirs, a + PAGE, &r));
    CHECK_EQ(r.leaving, 1);
    check_clean(&w.ipc);
    REQUIRE(kill(pid, SIGCONT) == 0);
    CHECK_OK(vipc_space_unmap(&w.ipc, theirs, a + PAGE, PAGE, late(&w.ipc)));
    i = info_of(&w.ipc, theirs);
    CHECK(i.leaving == 0 && i.pages == 3);
    CHECK_EQ(frames_of(&w.ipc), frames - 1);
    step(2);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

typedef struct unmapping {
    vipc view;
    vipc_cap s;
    vipc_addr at;
    _Atomic int begun, result;
} unmapping;
static void *unmap_thread(void *argument)
{
    unmapping *u = (unmapping *)argument;
    u->begun = 1;
    u->result = (int)vipc_space_unmap(&u->view, u->s, u->at, PAGE, VIPC_FOREVER) + 1000;
    (void)vipc_leave(&u->view);
    return NULL;
}
TEST(window_a_killed_target_is_as_good_as_an_answer)
{
    world w;
    vipc_cap theirs;
    static unmapping u;
    pthread_t thread;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    pid_t pid = start_in_clone(&w, sleeper, &a, &theirs);
    until_step(1);
    stop_and_wait(pid);
    memset(&u, 0, sizeof u);
    u.s = theirs;
    u.at = a;
    REQUIRE_OK(vipc_posix_thread(&w.ipc, &u.view));
    REQUIRE(pthread_create(&thread, NULL, unmap_thread, &u) == 0);
    UNTIL(u.begun);
    vipc_space_info i;                               /* it waits: the region leaves, and does not come to an end */
    do i = info_of(&w.ipc, theirs); while (i.leaving == 0);
    CHECK_EQ(u.result, 0);
    REQUIRE(kill(pid, SIGKILL) == 0);
    CHECK_EQ(finish(pid), -SIGKILL);
    pthread_join(thread, NULL);
    /* the space ends with its owner, which whoever looks first notices: so there may be nothing left to unmap */
    CHECK(u.result == 1000 + VIPC_OK || u.result == 1000 + VIPC_ERR_INVALID_CAPABILITY || u.result == 1000 + VIPC_ERR_CLOSED);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* Two requests, one after the other, before the target comes to look: both are done.  Straight to the hook: the core would ask the second time for what it
 * owes from before too. */
static int accessible(vipc_addr a)
{
    char line[600], how[8];
    int yes = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long from = 0, to = 0;
        if (sscanf(line, "%lx-%lx %7s", &from, &to, how) == 3 && from <= a && to > a) yes = how[0] == 'r';
    }
    if (f) fclose(f);
    return yes;
}
static int asked_twice(world *w, void *argument)
{
    const vipc_addr a = *(vipc_addr *)argument;
    child_enter(w, 0);
    for (vipc_addr i = 0; i < 9; i++) at_(a)[i * PAGE] = 42;
    for (vipc_addr i = 0; i < 9; i++) OR_EXIT(accessible(a + i * PAGE));
    give(w, 1, w->s);
    step(1);
    until_step(2);
    OR_EXIT(!accessible(a + PAGE) && !accessible(a + 7 * PAGE));
    OR_EXIT(accessible(a) && accessible(a + 8 * PAGE));
    for (vipc_addr i = 0; i < 9; i++) OR_EXIT(at_(a)[i * PAGE] == 42);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
typedef struct flushing {
    world *w;
    uint64_t root;
    vipc_addr at;
    vipc_error result;
} flushing;
static void *flush_thread(void *argument)
{
    flushing *f = (flushing *)argument;
    f->result = f->w->ipc.hooks->tlb_flush(f->w->ipc.hooks->user, f->root, f->at, 1, VIPC_FOREVER);
    return NULL;
}
TEST(window_two_requests_at_once)
{
    world w;
    vipc_cap theirs;
    static flushing f[2];
    pthread_t thread[2];
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 9, RW, ANON);
    pid_t pid = start_in_clone(&w, asked_twice, &a, &theirs);
    until_step(1);
    stop_and_wait(pid);
    for (unsigned i = 0; i < 2; i++) {
        f[i].w = &w;
        f[i].root = info_of(&w.ipc, theirs).root;
        f[i].at = a + (i ? 1 : 7) * PAGE;
        f[i].result = VIPC_ERR_HOOK;
        vipc_posix_holder_ *h = NULL;
        for (uint64_t k = 0; k < vipc_posix_.members->file.holders; k++) {
            h = vipc_posix_holder_at_(vipc_posix_.members, k);
            if (h->proof && h->root == f[i].root) break;
        }
        CHECK_EQ(w.ipc.hooks->tlb_flush(w.ipc.hooks->user, f[i].root, f[i].at, 1, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
        REQUIRE(pthread_create(&thread[i], NULL, flush_thread, &f[i]) == 0);
        UNTIL(VIPC_POSIX_LOAD32_(&h->asked) - VIPC_POSIX_LOAD32_(&h->done) >= i + 1);
    }
    REQUIRE(kill(pid, SIGCONT) == 0);
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
        CHECK_EQ(f[i].result, VIPC_OK);
    }
    step(2);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* Both have their signal blocked, and each takes pages away from the other, at the same time: who waits serves. */
static int mutual(world *w, void *argument)
{
    sigset_t all;
    const vipc_addr a = *(vipc_addr *)argument;
    child_enter(w, 0);
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    give(w, 1, w->s);
    vipc_cap theirs = child_cap(2);
    for (uint32_t i = 0; i < 200; i++) {
        at_(a)[i * PAGE] = 1;
        board_->number[0] = i + 1;
        while (board_->number[1] < i + 1) { }
        OR_EXIT_OK(vipc_space_unmap(&w->ipc, theirs, a + i * PAGE, PAGE, late(&w->ipc)));
        board_->number[2] = i + 1;
        while (board_->number[3] < i + 1 && !board_->bad) vipc_posix_serve_all_();       /* it is done, and serves on until the other is too */
        OR_EXIT(reads(at_(a + i * PAGE)) == VIPC_ERR_FAULT);
    }
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_two_with_blocked_signals_take_from_each_other)
{
    world w;
    vipc_cap theirs;
    sigset_t all, was;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 200, RW, ANON);
    pid_t pid = start_in_clone(&w, mutual, &a, &theirs);
    board_->pid[2] = board_->pid[0];
    give(&w, 2, w.s);
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &all, &was);
    for (uint32_t i = 0; i < 200; i++) {
        at_(a)[i * PAGE] = 1;
        board_->number[1] = i + 1;
        while (board_->number[0] < i + 1) { }
        if (!CHECK_OK(vipc_space_unmap(&w.ipc, theirs, a + i * PAGE, PAGE, late(&w.ipc)))) { board_->bad = 1; break; }
        board_->number[3] = i + 1;
        while (board_->number[2] < i + 1) vipc_posix_serve_all_();
        CHECK_EQ(reads(at_(a + i * PAGE)), VIPC_ERR_FAULT);
    }
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* RACE 40: the pages of a process that faults them in all the time are replaced under it by another.  What it reads never gets older. */
static int follows(world *w, void *argument)
{
    const vipc_addr a = *(vipc_addr *)argument;
    child_enter(w, 0);
    give(w, 1, w->s);
    while (!board_->stop) {
        for (unsigned i = 0; i < 4; i++) {
            const uint64_t least = board_->number[i];
            uint64_t seen = 0;
            if (get_number(a + i * PAGE + 8, &seen) != VIPC_OK) { nap(); continue; }       /* between the unmapping and the mapping */
            seen = half(seen);
            if (seen != 0 && seen < least) { board_->bad = 1; return 1; }
            board_->number[8 + i]++;
        }
    }
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(race_40_pages_are_replaced_under_a_process_that_faults_them_in)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    pid_t pid = start_in_clone(&w, follows, &a, &theirs);
    for (uint64_t n = 1; n <= 1000 && !board_->bad; n++) {
        const unsigned i = n % 4;
        const uint64_t word = twice(n);
        if (i == 3) {                                 /* a copy comes and goes: the page is read-only, and then another one */
            vipc_cap copy;
            REQUIRE_OK(vipc_space_clone(&w.ipc, theirs, &copy, late(&w.ipc)));
            REQUIRE_OK(vipc_space_write(&w.ipc, theirs, a + i * PAGE + 8, &word, 8, NULL));
            REQUIRE_OK(vipc_destroy(&w.ipc, copy, VIPC_NOW));
        } else {
            REQUIRE_EQ(mapped(&w.ipc, theirs, a + i * PAGE, 1, R, ANON | VIPC_MAP_FIXED), a + i * PAGE);
            REQUIRE_OK(vipc_space_write(&w.ipc, theirs, a + i * PAGE + 8, &word, 8, NULL));
        }
        board_->number[i] = n;
    }
    UNTIL(board_->bad || (board_->number[8] > 100 && board_->number[9] > 100 && board_->number[10] > 100 && board_->number[11] > 100));
    board_->stop = 1;
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* RACE 41: several threads of the target serve, and several others ask. */
typedef struct band {
    world *w;
    vipc view;
    vipc_cap s;
    vipc_addr at;
    unsigned index, rounds;
} band;
enum { POISON = 0x5a5a5a5a };                      /* what a frame holds that was given to somebody else */
static void *reader_thread(void *argument)
{
    band *b = (band *)argument;
    (void)vipc_posix_window_thread(1);
    while (!board_->stop) {
        const uint64_t least = board_->number[b->index];
        uint64_t seen = 0;
        if (get_number(b->at + b->index * PAGE + 8, &seen) != VIPC_OK) { nap(); continue; }
        if (seen == POISON) board_->bad = 6;
        seen = half(seen);
        if (seen != 0 && seen < least) board_->bad = 1;
        board_->number[8 + b->index] = seen;
    }
    (void)vipc_posix_window_thread(0);
    return NULL;
}
static int many_threads(world *w, void *argument)
{
    static band b[4];
    pthread_t thread[4];
    child_enter(w, 0);
    slowly_ = 1;
    give(w, 1, w->s);
    for (unsigned i = 0; i < 4; i++) {
        b[i].at = *(vipc_addr *)argument;
        b[i].index = i;
        OR_EXIT(pthread_create(&thread[i], NULL, reader_thread, &b[i]) == 0);
    }
    for (unsigned i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
static void *replacing_thread(void *argument)
{
    band *b = (band *)argument;
    const vipc_addr a = b->at + b->index * PAGE;
    for (uint64_t n = 1; n <= b->rounds && !board_->bad; n++) {
        vipc_mmap_desc d;
        vipc_addr got = 0;
        const uint64_t poison = POISON, word = twice(n);
        memset(&d, 0, sizeof d);
        d.size = PAGE;
        d.prot = R;
        d.flags = ANON;
        if (vipc_space_unmap(&b->view, b->s, a, PAGE, VIPC_FOREVER) != VIPC_OK) board_->bad = 2;
        const vipc_cap own = { 0 };                     /* most likely in the very frame that has just come back */
        if (vipc_space_mmap(&b->view, own, &d, &got, VIPC_NOW) != VIPC_OK) board_->bad = 3;
        if (vipc_space_write(&b->view, own, got + 8, &poison, 8, NULL) != VIPC_OK) board_->bad = 3;
        nap();
        d.at = a;
        d.flags |= VIPC_MAP_FIXED;
        vipc_error e;                                  /* RESOURCE_BUSY: the others' unmapping held up mine */
        do e = vipc_space_mmap(&b->view, b->s, &d, &d.at, VIPC_FOREVER); while (e == VIPC_ERR_RESOURCE_BUSY);
        if (e == VIPC_OK) e = vipc_space_write(&b->view, b->s, a + 8, &word, 8, NULL);
        if (e != VIPC_OK) {
            printf("    mapping again, or writing: %s\n", vipc_error_string(e));
            board_->bad = 4;
        }
        board_->number[b->index] = n;
        while (board_->number[8 + b->index] != n && !board_->bad) sched_yield();       /* it has it mapped */
        if (vipc_space_unmap(&b->view, own, got, PAGE, VIPC_NOW) != VIPC_OK) board_->bad = 5;
    }
    (void)vipc_leave(&b->view);
    return NULL;
}
TEST(race_41_several_serve_and_several_ask)
{
    world w;
    vipc_cap theirs;
    static band b[4];
    pthread_t thread[4];
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 4, RW, ANON);
    pid_t pid = start_in_clone(&w, many_threads, &a, &theirs);
    for (unsigned i = 0; i < 4; i++) {
        b[i].s = theirs;
        b[i].at = a;
        b[i].index = i;
        b[i].rounds = 40;
        REQUIRE_OK(vipc_posix_thread(&w.ipc, &b[i].view));
        REQUIRE(pthread_create(&thread[i], NULL, replacing_thread, &b[i]) == 0);
    }
    for (unsigned i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    board_->stop = 1;
    CHECK_EQ(finish(pid), 0);
    CHECK_EQ(board_->bad, 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* The same in one thread, step by step.  While the first request is being served another comes, and another handler runs. */
static struct { vipc_posix_window_ *w; vipc_posix_holder_ *h; vipc_addr at; uint32_t first; int bad; } served_;
static void request(uint64_t page)
{
    served_.h->drop = page | (page + 1) << 32;
    served_.h->asked++;
}
static void while_it_is_served(void)
{
    if (served_.h->done == served_.first) served_.bad |= 1;                 /* it is not done yet */
    request(5);
    vipc_posix_serve_(served_.w);                                           /* a second handler */
    if (served_.h->done == served_.first || (served_.h->done == served_.first + 1 && accessible(served_.at + PAGE))) served_.bad |= 2;
    if (served_.h->done == served_.first + 1 && accessible(served_.at + 5 * PAGE)) served_.bad |= 4;
}
static void other_request(void) { request(5); }
TEST(race_41_step_by_step)
{
    world w;
    for (int way = 0; way < 2; way++) {
        world_open(&w);
        vipc_addr a = info_of(&w.ipc, w.s).start;
        CHECK_EQ(mapped(&w.ipc, w.s, a, 9, RW, ANON | VIPC_MAP_FIXED), a);
        for (vipc_addr i = 0; i < 9; i++) at_(a)[i * PAGE] = 42;
        memset(&served_, 0, sizeof served_);
        served_.w = vipc_posix_.members->window;
        served_.h = served_.w->holder;
        served_.at = a;
        request(1);
        served_.first = served_.h->asked;
        meanwhile_ = way ? while_it_is_served : other_request;
        vipc_posix_serve_(served_.w);
        CHECK_EQ(served_.bad, 0);
        CHECK(!accessible(a + PAGE) && accessible(a));
        CHECK_EQ(served_.h->done, served_.first + (way ? 1 : 0));            /* the second handler has left it to the first, which went round again */
        CHECK_EQ(accessible(a + 5 * PAGE), !way);
        vipc_posix_serve_(served_.w);
        CHECK_EQ(served_.h->done, served_.first + 1);
        CHECK(!accessible(a + 5 * PAGE) && accessible(a + 8 * PAGE));
        for (vipc_addr i = 0; i < 9; i++) CHECK_EQ(reads(at_(a) + i * PAGE), 42);
        world_end(&w);
    }
}

static void given_up(void)
{
    served_.h->ending = served_.w->root;
    served_.h->asked++;
    vipc_posix_serve_(served_.w);
    served_.bad = served_.w->root != 0;
}
TEST(race_42_a_space_is_given_up_while_a_page_is_mapped)
{
    world w;
    world_open(&w);
    const vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    memset(&served_, 0, sizeof served_);
    served_.w = vipc_posix_.members->window;
    served_.h = served_.w->holder;
    before_ = given_up;
    CHECK_OK(vipc_space_touch(&w.ipc, w.s, a, 1, VIPC_PROT_WRITE, NULL));
    CHECK(before_ == NULL && served_.bad == 0);
    CHECK(!accessible(a) && served_.h->proof == 0);
    CHECK_EQ(reads(at_(a)), VIPC_ERR_FAULT);
    CHECK_OK(vipc_posix_window_close(&w.ipc));
    CHECK_OK(vipc_posix_window_enter(&w.ipc, w.s, NULL));
    CHECK(at_(a)[0] == 0);
    world_end(&w);
}

/* RACE 43: straight to the hooks.  One process takes pages away, and the one that has them mapped is asked by its own thread whether they are gone. */
static int flushes_itself(world *w, void *argument)
{
    const vipc_addr a = *(vipc_addr *)argument;
    child_enter(w, 0);
    const vipc_hooks *h = w->ipc.hooks;
    const uint64_t root = info_of(&w->ipc, w->s).root;
    for (vipc_addr i = 0; i < 9; i++) at_(a)[i * PAGE] = 42;
    board_->number[0] = root;
    for (uint32_t way = 0; way < 3; way++) {
        step(2 * way + 1);
        until_step(2 * way + 2);
        OR_EXIT(h->tlb_flush(h->user, root, a + 4 * PAGE, 1, VIPC_NOW) == VIPC_OK);
        OR_EXIT(!accessible(a + 4 * PAGE) && accessible(a) && accessible(a + 8 * PAGE));
        OR_EXIT(at_(a)[4 * PAGE] == 42);
    }
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(race_43_taken_by_another_and_asked_by_itself)
{
    world w;
    vipc_cap copy;
    world_open(&w);
    const vipc_hooks *h = w.ipc.hooks;
    vipc_addr a = mapped(&w.ipc, w.s, 0, 9, RW, ANON);
    REQUIRE_OK(vipc_space_clone(&w.ipc, w.s, &copy, VIPC_NOW));
    pid_t pid = start(flushes_itself, &w, &a);
    give(&w, 0, copy);
    for (uint32_t way = 0; way < 3; way++) {
        until_step(2 * way + 1);
        if (way == 0) h->page_unmap(h->user, board_->number[0], a + 4 * PAGE, 1);
        if (way == 1) h->page_protect(h->user, board_->number[0], a + 4 * PAGE, 1, R);
        if (way == 2) CHECK_OK(h->page_map(h->user, board_->number[0], a + 4 * PAGE, 0, 1, R, VIPC_WRITE_BACK));
        step(2 * way + 2);
    }
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* A space ends under the process that runs in it. */
static int evicted(world *w, void *argument)
{
    byte *p = at_(*(vipc_addr *)argument);
    child_enter(w, 0);
    p[0] = 42;
    give(w, 1, w->s);
    step(1);
    int n;
    while ((n = reads(p)) == 42) { }
    OR_EXIT(n < 0);
    until_step(2);
    OR_EXIT(reads(p) < 0 && reads(p + PAGE) < 0);
    OR_EXIT_OK(vipc_posix_window_close(&w->ipc));
    vipc_posix_window_desc d = usual();              /* and it may have another one */
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    byte *q = at_(mapped(&w->ipc, w->s, 0, 1, RW, ANON));
    *q = 1;
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_a_space_ends_under_its_process)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    pid_t pid = start_in_clone(&w, evicted, &a, &theirs);
    until_step(1);
    vipc_error e = vipc_destroy(&w.ipc, theirs, late(&w.ipc));
    CHECK(e == VIPC_OK || e == VIPC_ERR_TIMEOUT);
    for (int i = 0; i < 100000 && board_->step < 3 && vipc_sweep(&w.ipc, NULL) == VIPC_OK; i++) {
        if (frames_of(&w.ipc) == w.frames + info_of(&w.ipc, w.s).pages + info_of(&w.ipc, w.s).table_frames) break;
        sched_yield();
    }
    CHECK_EQ(frames_of(&w.ipc), w.frames + info_of(&w.ipc, w.s).pages + info_of(&w.ipc, w.s).table_frames);
    step(2);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* ------------------------------------------------------------------------------------------------------- threads */
typedef struct worker {
    byte *at;
    unsigned index, bad;
    _Atomic uint32_t *gate;
} worker;
enum { WORKERS = 8, SHARED_PAGES = 400 };
static void *touching_thread(void *argument)
{
    worker *k = (worker *)argument;
    ++*k->gate;
    while (*k->gate < WORKERS) { }
    for (unsigned i = 0; i < SHARED_PAGES; i++) {
        const unsigned page = k->index % 2 ? i : SHARED_PAGES - 1 - i;
        byte *p = k->at + page * PAGE;
        if (p[WORKERS + k->index] != 0) k->bad++;
        p[k->index] = (unsigned char)(page + k->index);
        if (p[k->index] != (unsigned char)(page + k->index)) k->bad++;
    }
    return NULL;
}
TEST(window_threads_fault_at_once)
{
    world w;
    static worker k[WORKERS];
    _Atomic uint32_t gate = 0;
    pthread_t thread[WORKERS];
    world_open(&w);
    byte *p = at_(mapped(&w.ipc, w.s, 0, SHARED_PAGES, RW, ANON));
    for (unsigned i = 0; i < WORKERS; i++) {          /* twice as many as there are views for handlers */
        k[i].at = p;
        k[i].index = i;
        k[i].bad = 0;
        k[i].gate = &gate;
        REQUIRE(pthread_create(&thread[i], NULL, touching_thread, &k[i]) == 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(thread[i], NULL);
        CHECK_EQ(k[i].bad, 0);
    }
    for (unsigned i = 0; i < SHARED_PAGES; i++)
        for (unsigned n = 0; n < WORKERS; n++) REQUIRE_EQ(p[i * PAGE + n], (unsigned char)(i + n));
    CHECK_EQ(info_of(&w.ipc, w.s).zeroed, SHARED_PAGES);
    world_end(&w);
}

static int alternate_stack(void)
{
    stack_t s;
    return sigaltstack(NULL, &s) == 0 && !(s.ss_flags & SS_DISABLE) ? (int)(s.ss_size >> 10) + 1 : 0;
}
static void *stack_thread(void *argument)
{
    int *bad = (int *)argument;
    const int had = alternate_stack();                /* a sanitizer's */
    *bad = 0;
    *bad += vipc_posix_window_thread(2) != VIPC_ERR_INVALID_ARGUMENT;
    *bad += vipc_posix_window_thread(0) != VIPC_OK || alternate_stack() != had;
    for (int i = 0; i < 50; i++) {
        *bad += vipc_posix_window_thread(1) != VIPC_OK || (had ? alternate_stack() != had : alternate_stack() < 120);
        *bad += vipc_posix_window_thread(1) != VIPC_OK;
        *bad += vipc_posix_window_thread(0) != VIPC_OK || alternate_stack() != had;
    }
    if (had) return NULL;
    stack_t own, s;                                   /* one that the thread has itself is left alone */
    memset(&own, 0, sizeof own);
    own.ss_size = 64 << 10;
    own.ss_sp = malloc(own.ss_size);
    *bad += sigaltstack(&own, NULL) != 0 || vipc_posix_window_thread(1) != VIPC_OK || vipc_posix_window_thread(0) != VIPC_OK;
    *bad += sigaltstack(NULL, &s) != 0 || s.ss_sp != own.ss_sp;
    own.ss_flags = SS_DISABLE;
    *bad += sigaltstack(&own, NULL) != 0;
    free(own.ss_sp);
    return NULL;
}
TEST(window_alternate_stacks)
{
    pthread_t thread;
    int bad = 1;
    REQUIRE(pthread_create(&thread, NULL, stack_thread, &bad) == 0);
    pthread_join(thread, NULL);
    CHECK_EQ(bad, 0);
}

/* ------------------------------------------------------------------------------------------------------ handlers */
static volatile sig_atomic_t old_called_, old_plain_, old_blocked_;
static sigjmp_buf old_out_;
static void old_full(int number, siginfo_t *info, void *context)
{
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    old_blocked_ = (sigismember(&now, SIGSEGV) ? 1 : 0) + (sigismember(&now, SIGUSR2) ? 2 : 0);
    old_called_ = number == SIGSEGV && context && info->si_addr == (void *)(uintptr_t)16 ? 1 : 2;
    siglongjmp(old_out_, 1);
}
static void old_plain(int number)
{
    old_plain_ = number;
    siglongjmp(old_out_, 1);
}
static void touch_outside(void)
{
    byte *volatile nowhere = at_(16);
    if (sigsetjmp(old_out_, 1) == 0) *nowhere = 1;
}
/* Each in a process that never had a window: handlers stay.  0, 3: SIG_DFL; 1, 5: SIG_IGN; 2: plain; 4, 6, 7: with SA_SIGINFO, SA_NODEFER, SA_RESETHAND;
 * 8: plain, raised. */
static int with_handler(int fd, const int given)
{
    static int way;                                    /* static: siglongjmp leaves it alone */
    static world w_, *w = &w_;
    way = given;
    vipc_posix_window_desc d = usual();
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = way == 0 || way == 3 ? SIG_DFL : way == 1 || way == 5 ? SIG_IGN : old_plain;
    if (way == 4 || way == 6 || way == 7) { a.sa_flags = SA_SIGINFO | (way == 6 ? SA_NODEFER : way == 7 ? SA_RESETHAND : 0); a.sa_sigaction = old_full; }
    sigaddset(&a.sa_mask, SIGUSR2);
    sigaction(SIGSEGV, &a, NULL);
    OR_EXIT_OK(vipc_posix_open_fd(&w->ipc, fd, NULL));
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    byte *p = at_(mapped(&w->ipc, w->s, 0, 2, RW, ANON));
    p[0] = 1;
    OR_EXIT(reads(p + 2 * PAGE) == VIPC_ERR_FAULT);
    if (way == 8 && sigsetjmp(old_out_, 1) != 0) return old_plain_ == SIGSEGV ? 42 : 1;
    if (way == 3 || way == 5 || way == 8) raise(SIGSEGV);                /* not of an instruction: 3 ends it, 5 does nothing */
    if (way == 5) return 5;
    touch_outside();
    p[PAGE] = 1;                                                         /* and ours go on */
    OR_EXIT(p[PAGE] == 1);
    touch_outside();
    if (way == 2) OR_EXIT(old_plain_ == SIGSEGV);
    if (way == 4) OR_EXIT(old_called_ == 1 && old_blocked_ == 3);
    if (way == 6) OR_EXIT(old_called_ == 1 && old_blocked_ == 2);
    if (way == 7) return 1;                                              /* its second time should have been the end */
    return 42;
}
/* A fault in the window that nobody repairs. */
static int unrepaired(world *w, void *argument)
{
    vipc_posix_window_desc d = usual();
    child_join(w, 0);
    if (argument) d.fault = NULL;
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    vipc_addr a = mapped(&w->ipc, w->s, 0, 1, R, ANON);
    OR_EXIT(*at_(a) == 0);
    board_->number[0] = a;
    *at_(a) = 1;
    return 1;
}
TEST(window_what_was_there_before_still_handles_the_rest)
{
    world w;
    struct rlimit none = { 0, 0 }, was;
    const int death = UNDER_ASAN ? 1 : -SIGSEGV;
    static const int ends[] = { -SIGSEGV, -SIGSEGV, 42, -SIGSEGV, 42, 5, 42, -SIGSEGV, 42 };
    domain_open(&w);
    getrlimit(RLIMIT_CORE, &was);
    setrlimit(RLIMIT_CORE, &none);
    for (int way = 0; way < (int)(sizeof ends / sizeof *ends); way++) {
        char numbers[2][16];
        snprintf(numbers[0], sizeof numbers[0], "%d", w.fd);
        snprintf(numbers[1], sizeof numbers[1], "%d", way);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            execl("/proc/self/exe", "t_window", "--handler", numbers[0], numbers[1], (char *)NULL);
            _exit(98);
        }
        if (!CHECK_EQ(finish(pid), ends[way])) printf("    way %d\n", way);
    }
    CHECK_EQ(finish(start(unrepaired, &w, NULL)), death);
    CHECK_EQ(finish(start(unrepaired, &w, &w)), death);
    setrlimit(RLIMIT_CORE, &was);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* The program's own handlers, and a signal of its choice. */
static volatile sig_atomic_t mine_, not_mine_;
static void own_handler(int number, siginfo_t *info, void *context)
{
    if (vipc_posix_window_signal(number, info, context)) { mine_++; return; }
    not_mine_++;
    if (number == SIGSEGV) siglongjmp(old_out_, 1);
}
static int owns_its_handlers(world *w, void *argument)
{
    vipc_posix_window_desc d = usual();
    struct sigaction a;
    const vipc_addr at = *(vipc_addr *)argument;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = own_handler;
    a.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(SIGSEGV, &a, NULL);
    sigaction(SIGBUS, &a, NULL);
    sigaction(SIGRTMIN + 3, &a, NULL);
    d.size = 0;
    d.signal = SIGRTMIN + 3;
    d.no_handlers = 1;
    child_join(w, 0);
    w->s = child_cap(0);
    OR_EXIT_OK(vipc_posix_window_enter(&w->ipc, w->s, &d));
    give(w, 1, w->s);
    errno = 1234;
    *at_(at) = 42;
    OR_EXIT(errno == 1234);
    OR_EXIT(mine_ > 0 && not_mine_ == 0);
    touch_outside();
    OR_EXIT(not_mine_ == 1);
    errno = 1234;
    raise(SIGRTMIN + 3);
    OR_EXIT(errno == 1234);
    OR_EXIT(PORTABLE || not_mine_ == 2);             /* from whom, only the ways of Linux tell */
    step(1);
    while (reads(at_(at)) == 42) { }
    until_step(2);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_a_program_with_handlers_of_its_own)
{
    world w;
    vipc_cap theirs;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 2, RW, ANON);
    pid_t pid = start_in_clone(&w, owns_its_handlers, &a, &theirs);
    until_step(1);
    CHECK_OK(vipc_space_unmap(&w.ipc, theirs, a, PAGE, late(&w.ipc)));
    step(2);
    CHECK_EQ(finish(pid), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}

/* ------------------------------------------------------------------------------------------------ open and close */
TEST(window_arguments)
{
    world w, other;
    vipc_cap c = VIPC_INIT, d2;
    vipc_posix_window_desc d = usual();
    domain_open(&w);
    CHECK_EQ(vipc_posix_window_open(NULL, &d, &c), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, NULL), VIPC_ERR_INVALID_ARGUMENT);
    memcpy(&other.ipc, &w.ipc, sizeof w.ipc);
    CHECK_EQ(vipc_posix_window_open(&other.ipc, &d, &c), VIPC_ERR_INVALID_ARGUMENT);             /* a copy */
    CHECK_EQ(vipc_posix_window_close(&other.ipc), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_window_close(NULL), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_posix_window_close(&w.ipc), VIPC_ERR_NOT_FOUND);
    CHECK_EQ(vipc_posix_window_enter(&w.ipc, c, NULL), VIPC_ERR_INVALID_ARGUMENT);
    for (int way = 0; way < 9; way++) {
        d = usual();
        if (way == 0) d.handlers = VIPC_POSIX_HANDLERS_MAX + 1;
        if (way == 1) d.no_handlers = 2;
        if (way == 2) d.signal = SIGSEGV;
        if (way == 3) d.signal = SIGKILL;
        if (way == 4) d.signal = -1;
        if (way == 5) d.signal = 65;
        if (way == 6) d.at = 4097;
        if (way == 7) d.space.start = PAGE;
        if (way == 8) d.space.heap_max = (uint64_t)1 << 40;
        CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &c), VIPC_ERR_INVALID_ARGUMENT);
    }
    d = usual();
    d.size = (uint64_t)1 << 60;
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &c), VIPC_ERR_OUT_OF_MEMORY);
    d.size = ~(uint64_t)0;
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &c), VIPC_ERR_OUT_OF_MEMORY);
    d = usual();
    d.at = (uintptr_t)board_ & ~(uintptr_t)(PAGE - 1);
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &c), VIPC_ERR_EXISTS);
    CHECK_EQ(c.token, 0);
    CHECK_EQ(frames_of(&w.ipc), w.frames);
    d = usual();
    CHECK_OK(vipc_posix_window_open(&w.ipc, &d, &c));
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &d2), VIPC_ERR_EXISTS);
    d.size = 0;
    CHECK_EQ(vipc_posix_window_enter(&w.ipc, c, &d), VIPC_ERR_EXISTS);
    vipc_space_info i = info_of(&w.ipc, c);
    byte *p = at_(mapped(&w.ipc, c, 0, 3, RW, ANON));
    p[PAGE] = 9;
    CHECK_OK(vipc_posix_window_close(&w.ipc));
    CHECK_EQ(vipc_posix_window_close(&w.ipc), VIPC_ERR_NOT_FOUND);
    d = usual();
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &d2), VIPC_ERR_EXISTS);      /* it has that space still */
    d.size = 0;
    CHECK_OK(vipc_posix_window_enter(&w.ipc, c, &d));                        /* and all that is in it */
    CHECK(p[PAGE] == 9 && p[0] == 0);
    CHECK_OK(vipc_posix_window_close(&w.ipc));
    void *there = mmap((void *)(uintptr_t)i.start, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(there == (void *)(uintptr_t)i.start);                              /* the addresses are free */
    CHECK_EQ(vipc_posix_window_enter(&w.ipc, c, &d), VIPC_ERR_EXISTS);
    munmap(there, PAGE);
    CHECK_OK(vipc_posix_window_enter(&w.ipc, c, NULL));
    CHECK_EQ(p[PAGE], 9);
    CHECK_OK(vipc_destroy(&w.ipc, c, VIPC_NOW));
    CHECK_OK(vipc_posix_window_close(&w.ipc));
    d = usual();
    d.at = i.start;                                                          /* and where one wants it */
    CHECK_OK(vipc_posix_window_open(&w.ipc, &d, &w.s));
    CHECK_EQ(info_of(&w.ipc, w.s).start, i.start);
    CHECK_EQ(vipc_posix_window_enter(&w.ipc, c, NULL), VIPC_ERR_EXISTS);
    world_end(&w);
}
static int open_windows(void)
{
    int n = 0;
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++) n += vipc_posix_.slot[i].window != NULL;
    return n;
}
static int descriptors(void)
{
    int n = 0;
    for (int i = 0; i < 256; i++) n += fcntl(i, F_GETFD) >= 0;
    return n;
}
TEST(window_limits)
{
    world w;
    static vipc extra[20];
    vipc_posix_desc pd;
    vipc_posix_window_desc d = usual();
    memset(&w, 0, sizeof w);
    memset(&pd, 0, sizeof pd);
    pd.frames_bytes = 1 << 20;
    pd.config.max_processes = 4;
    pd.config.max_threads = 6;
    pd.config.max_spaces = 2;
    const int before = descriptors();
    REQUIRE_OK(vipc_posix_create_fd(&w.ipc, &pd, &w.fd));
    const int joined = descriptors();
    d.handlers = 6;
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &w.s), VIPC_ERR_LIMIT);      /* 5 are left */
    CHECK_EQ(descriptors(), joined);
    CHECK_EQ(open_windows(), 0);
    d.handlers = 5;
    CHECK_OK(vipc_posix_window_open(&w.ipc, &d, &w.s));
    CHECK_EQ(vipc_posix_thread(&w.ipc, &extra[0]), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_posix_window_close(&w.ipc));
    CHECK_OK(vipc_destroy(&w.ipc, w.s, VIPC_NOW));
    vipc_cap s[2];
    for (int i = 0; i < 2; i++) CHECK_OK(vipc_space_create(&w.ipc, NULL, &s[i]));
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &w.s), VIPC_ERR_LIMIT);      /* no third space */
    CHECK_OK(vipc_destroy(&w.ipc, s[0], VIPC_NOW));
    struct rlimit files, few;
    getrlimit(RLIMIT_NOFILE, &files);
    few = files;
    few.rlim_cur = (rlim_t)descriptors();
    for (rlim_t i = 0; i < 256; i++) if (fcntl((int)i, F_GETFD) < 0) { few.rlim_cur = i; break; }
    setrlimit(RLIMIT_NOFILE, &few);
    CHECK_EQ(vipc_posix_window_open(&w.ipc, &d, &w.s), PORTABLE ? VIPC_OK : VIPC_ERR_LIMIT);
    setrlimit(RLIMIT_NOFILE, &files);
    if (!PORTABLE) CHECK_OK(vipc_posix_window_open(&w.ipc, &d, &w.s));
    byte *p = at_(mapped(&w.ipc, w.s, 0, 300, RW, ANON));
    int n = 0;
    while (n < 300 && put(p + n * PAGE, 1) == VIPC_OK) n++;                  /* 1 MiB is 256 frames */
    CHECK(n > 200 && n < 256);
    CHECK_EQ(put(p + n * PAGE, 1), VIPC_ERR_OUT_OF_MEMORY);
    CHECK_OK(vipc_space_unmap(&w.ipc, w.s, (uintptr_t)p, PAGE, VIPC_NOW));
    CHECK_OK(put(p + n * PAGE, 1));
    check_clean(&w.ipc);
    CHECK_OK(vipc_posix_close(&w.ipc));
    close(w.fd);
    CHECK_EQ(descriptors(), before);
    CHECK_EQ(open_windows(), 0);
}
/* Each call that the shim makes of the host fails once, in opening, entering and closing.  An error leaves nothing behind; and what the shim can do without, it does without. */
TEST(window_every_call_fails_once)
{
    world w;
    int errors = 0, n = 0;
    domain_open(&w);
    const int before = descriptors();
    vipc_posix_window_desc d = usual();
    for (int done = 0; !done; ) {
        vipc_cap s = VIPC_INIT;
        calls_ = 0;
        fail_at_ = ++n;
        vipc_error e = vipc_posix_window_open(&w.ipc, &d, &s);
        done = calls_ < fail_at_;
        fail_at_ = 0;
        if (e == VIPC_OK) {
            byte *p = at_(mapped(&w.ipc, s, 0, 2, RW, ANON));
            p[PAGE] = 1;
            calls_ = 0;
            fail_at_ = n;
            CHECK_OK(vipc_posix_window_close(&w.ipc));
            e = vipc_posix_window_enter(&w.ipc, s, NULL);
            done = done && calls_ < fail_at_;
            fail_at_ = 0;
            if (e == VIPC_OK) CHECK_EQ(p[PAGE], 1);
            else errors++;
            CHECK_EQ(vipc_posix_window_close(&w.ipc), e == VIPC_OK ? VIPC_OK : VIPC_ERR_NOT_FOUND);
            CHECK_OK(vipc_destroy(&w.ipc, s, VIPC_NOW));
        } else {
            errors++;
            CHECK(e == VIPC_ERR_OUT_OF_MEMORY || e == VIPC_ERR_LIMIT || e == VIPC_ERR_PERMISSION_DENIED);
            CHECK_EQ(s.token, 0);
        }
        CHECK_EQ(descriptors(), before);
        CHECK_EQ(open_windows(), 0);
        CHECK_EQ(frames_of(&w.ipc), w.frames);
        vipc_process_info i;
        CHECK_OK(vipc_process_get(&w.ipc, vipc_self(&w.ipc), &i));
        CHECK(i.threads == 1 && i.objects == 0);
        if (test_failures_) printf("    call %d\n", n);
    }
    CHECK(n > 3 && errors >= 2);
    world_end(&w);
}
TEST(window_frames_smaller_than_the_hosts_pages)
{
    world w;
    vipc_posix_desc pd;
    memset(&pd, 0, sizeof pd);
    pd.frames_bytes = 1 << 20;
    pd.config.page_shift = 10;
    REQUIRE_OK(vipc_posix_create_fd(&w.ipc, &pd, &w.fd));
    CHECK_EQ(vipc_posix_window_open(&w.ipc, NULL, &w.s), VIPC_ERR_NOT_SUPPORTED);
    CHECK_OK(vipc_posix_close(&w.ipc));
    close(w.fd);
}
TEST(window_large_frames)
{
    world w;
    vipc_posix_desc pd;
    vipc_posix_window_desc d = usual();
    memset(&pd, 0, sizeof pd);
    pd.frames_bytes = 32 << 20;
    pd.config.page_shift = 20;
    REQUIRE_OK(vipc_posix_create_fd(&w.ipc, &pd, &w.fd));
    REQUIRE_OK(vipc_posix_window_open(&w.ipc, &d, &w.s));
    vipc_addr a;
    REQUIRE_OK(vipc_space_allocate(&w.ipc, w.s, 5 << 20, RW, &a));
    CHECK_EQ(a % (1 << 20), 0);
    for (int i = 0; i < 5 << 8; i++) { CHECK_EQ(at_(a)[i * PAGE], 0); at_(a)[i * PAGE] = 1; }
    CHECK_EQ(info_of(&w.ipc, w.s).zeroed, 5);
    CHECK_OK(vipc_posix_close(&w.ipc));
    close(w.fd);
}
/* Two domains, each with a window, in one process; and two memberships of one domain. */
TEST(window_two_memberships)
{
    world a, b;
    vipc c;
    vipc_cap s;
    vipc_posix_window_desc d = usual();
    world_open(&b);
    world_open(&a);
    REQUIRE_OK(vipc_posix_open_fd(&c, a.fd, NULL));
    REQUIRE_OK(vipc_posix_window_open(&c, &d, &s));
    byte *p = at_(mapped(&a.ipc, a.s, 0, 2, RW, ANON)), *q = at_(mapped(&b.ipc, b.s, 0, 2, RW, ANON)), *r = at_(mapped(&c, s, 0, 2, RW, ANON));
    p[0] = 1; q[0] = 2; r[0] = 3;
    CHECK(p[0] == 1 && q[0] == 2 && r[0] == 3 && p[PAGE] == 0 && q[PAGE] == 0 && r[PAGE] == 0);
    vipc_cap theirs;                                                         /* what one takes from the other goes through the signal, within one thread */
    REQUIRE_OK(vipc_grant(&c, s, vipc_self(&a.ipc), NULL, &theirs));
    CHECK_OK(vipc_space_unmap(&a.ipc, theirs, (uintptr_t)r, PAGE, late(&a.ipc)));
    CHECK_EQ(reads(r), VIPC_ERR_FAULT);
    CHECK_EQ(reads(r + PAGE), 0);
    CHECK_OK(vipc_posix_close(&c));
    CHECK_EQ(reads(p), 1);
    world_end(&a);
    CHECK_EQ(q[0], 2);
    world_end(&b);
}

/* The kernel's mappings run out: an error, and what has to be taken away is taken away all the same. */
static int out_of_mappings(world *w, void *argument)
{
    vipc_posix_window_desc d = usual();
    (void)argument;
    child_join(w, 0);
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    byte *p = at_(mapped(&w->ipc, w->s, 0, 200, RW, ANON));
    for (int i = 0; i < 100; i++) p[i * PAGE] = 7;
    const size_t most = (size_t)board_->number[0];
    unsigned char *field = (unsigned char *)mmap(NULL, most * 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    OR_EXIT(field != MAP_FAILED);
    size_t taken = 0;
    while (taken < most && mprotect(field + 2 * taken * PAGE, PAGE, PROT_READ) == 0) taken++;
    OR_EXIT(taken < most);
    int n = 100;
    while (n < 200 && put(p + n * PAGE, 1) == VIPC_OK) n += 2;              /* every other page: none of them is another's neighbour */
    OR_EXIT(n < 200 && fault_.error == VIPC_ERR_OUT_OF_MEMORY);
    const int split = 37;
    OR_EXIT_OK(vipc_space_unmap(&w->ipc, w->s, (uintptr_t)p + split * PAGE, PAGE, VIPC_NOW));
    OR_EXIT(reads(p + split * PAGE) < 0);
    OR_EXIT_OK(vipc_space_protect(&w->ipc, w->s, (uintptr_t)p + 50 * PAGE, PAGE, R, VIPC_NOW));
    OR_EXIT(put(p + 50 * PAGE, 1) < 0);
    munmap(field, most * 2 * PAGE);
    OR_EXIT(put(p + 50 * PAGE, 1) == VIPC_ERR_PERMISSION_DENIED);
    for (int i = 0; i < 100; i++) OR_EXIT(reads(p + i * PAGE) == (i == split ? VIPC_ERR_FAULT : 7));
    OR_EXIT(put(p + n * PAGE, 1) == VIPC_OK);
    OR_EXIT_OK(vipc_posix_close(&w->ipc));
    return 0;
}
TEST(window_out_of_mappings)
{
    world w;
    unsigned most = 0;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    if (UNDER_ASAN) SKIP("AddressSanitizer needs mappings of its own");
    if (!f || fscanf(f, "%u", &most) != 1 || most > 200000) SKIP("the limit of mappings is not known, or too high to reach");
    fclose(f);
    domain_open(&w);
    board_->number[0] = most;
    CHECK_EQ(finish(start(out_of_mappings, &w, NULL)), 0);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    world_end(&w);
}
/* Pages that are touched one after the other lie in neighbouring frames, and take one mapping. */
static unsigned maps_in(uint64_t start_at, uint64_t end_at)
{
    char line[600];
    unsigned n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long from = 0, to = 0;
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < end_at && to > start_at) n++;
    }
    if (f) fclose(f);
    return n;
}
TEST(window_neighbours_share_a_mapping)
{
    world w;
    world_open(&w);
    vipc_addr a = mapped(&w.ipc, w.s, 0, 1000, RW, ANON);
    for (int i = 0; i < 1000; i++) at_(a)[i * PAGE] = 1;
    CHECK(maps_in(a, a + 1000 * PAGE) < 10);
    world_end(&w);
}

/* Whatever lies in the table of holders: no crash, no endless wait. */
static int scribbled_holders(world *w, void *argument)
{
    uint64_t state = (uintptr_t)argument;
    vipc_posix_window_desc d = usual();
    child_join(w, 0);
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    vipc_addr a = mapped(&w->ipc, w->s, 0, 20, RW, ANON);
    for (int turn = 0; turn < 200; turn++) {
        uint64_t *words = (uint64_t *)(void *)vipc_posix_holder_at_(vipc_posix_.members, 0);
        for (int k = 0; k < 4; k++) words[below(&state, 8 * 3)] = rnd(&state) >> (8 * below(&state, 8));
        vipc_posix_serve_all_();
        (void)put(at_(a + below(&state, 20) * PAGE), 1);
        (void)vipc_space_unmap(&w->ipc, w->s, a + below(&state, 20) * PAGE, PAGE, soon(&w->ipc, 1));
        (void)vipc_space_protect(&w->ipc, w->s, a + below(&state, 20) * PAGE, PAGE, R, soon(&w->ipc, 1));
        raise(SIGURG);
    }
    return 0;
}
TEST(window_hostile_table_of_holders)
{
    world w;
    for (uintptr_t i = 0; i < 6; i++) {
        domain_open(&w);
        pid_t pid = start(scribbled_holders, &w, (void *)(i * 1000 + 1));
        CHECK_EQ(finish(pid), 0);
        CHECK_OK(vipc_posix_close(&w.ipc));
        close(w.fd);
    }
}

/* --------------------------------------------------------------------------------------------------------- kills */
/* A process that does everything at random until it is killed: faults, clones, unmaps in its own space and in its neighbour's. */
enum { ACTORS = 3, ACTOR_PAGES = 24 };
static int actor(world *w, void *argument)
{
    const unsigned me = (unsigned)(uintptr_t)argument;
    uint64_t state = board_->number[10] + me * 7919u;
    vipc_posix_window_desc d = usual();
    d.size = 4 << 20;
    child_join(w, me);
    OR_EXIT_OK(vipc_posix_window_open(&w->ipc, &d, &w->s));
    const vipc_addr a = mapped(&w->ipc, w->s, 0, ACTOR_PAGES, RW, ANON);
    board_->number[me] = a;
    vipc_cap theirs = VIPC_INIT;
    uint64_t whose = 0;
    for (;;) {
        const unsigned other = (unsigned)below(&state, ACTORS);
        const uint64_t page = below(&state, ACTOR_PAGES);
        vipc_cap copy;
        vipc_pid to;
        vipc_mmap_desc m;
        vipc_addr got;
        if (other != me && board_->pid[other] && board_->pid[other] != board_->number[3 + me]) {        /* let my neighbour have my space */
            to.id = board_->pid[other];
            if (vipc_grant(&w->ipc, w->s, to, NULL, &copy) == VIPC_OK) {
                board_->cap[4 + me] = copy.token;
                board_->number[6 + me] = to.id;
            }
            board_->number[3 + me] = to.id;
        }
        for (unsigned k = 0; k < ACTORS; k++)
            if (k != me && board_->number[6 + k] == vipc_self(&w->ipc).id) { theirs.token = board_->cap[4 + k]; whose = board_->number[k]; }
        switch (below(&state, 8)) {
        case 0: case 1: case 2: (void)put(at_(a + page * PAGE), (unsigned char)page); break;
        case 3:
            if (vipc_space_clone(&w->ipc, w->s, &copy, soon(&w->ipc, 5)) != VIPC_OK) break;
            (void)vipc_space_write(&w->ipc, copy, a + page * PAGE, "x", 1, NULL);
            (void)put(at_(a + page * PAGE), 3);
            (void)vipc_destroy(&w->ipc, copy, VIPC_NOW);
            break;
        case 4: (void)vipc_space_unmap(&w->ipc, w->s, a + page * PAGE, 3 * PAGE, soon(&w->ipc, 5)); break;
        case 5:
            memset(&m, 0, sizeof m);
            m.at = a;
            m.size = ACTOR_PAGES * PAGE;
            m.prot = RW;
            m.flags = (page & 1 ? ANON : SHARED) | VIPC_MAP_FIXED;
            (void)vipc_space_mmap(&w->ipc, w->s, &m, &got, soon(&w->ipc, 5));
            break;
        case 6: (void)vipc_space_protect(&w->ipc, w->s, a + page * PAGE, PAGE, page & 1 ? R : RW, soon(&w->ipc, 5)); break;
        default:
            if (!theirs.token) break;
            (void)vipc_space_unmap(&w->ipc, theirs, whose + page * PAGE, PAGE, soon(&w->ipc, 5));
            (void)vipc_space_write(&w->ipc, theirs, whose + page * PAGE, "y", 1, NULL);
            if (vipc_space_clone(&w->ipc, theirs, &copy, soon(&w->ipc, 5)) == VIPC_OK) (void)vipc_destroy(&w->ipc, copy, VIPC_NOW);
        }
        board_->number[12 + me]++;
    }
}
TEST(window_kills_at_random_moments)
{
    world w;
    pid_t pid[ACTORS];
    const int rounds = getenv("VIPC_TEST_SHORT") ? 40 : 250;
    uint64_t seed = seed_from_environment(), done = 0;
    domain_open(&w);
    memset(pid, 0, sizeof pid);
    for (int round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < ACTORS; i++) {
            if (pid[i]) continue;
            board_->pid[i] = board_->cap[i] = board_->number[3 + i] = board_->number[6 + i] = 0;
            board_->number[10] = seed + (uint64_t)round * 31 + i;
            board_->number[12 + i] = 0;
            pid[i] = start(actor, &w, (void *)(uintptr_t)i);
        }
        const unsigned victim = (unsigned)below(&seed, ACTORS);
        if (round % 3 == 2) UNTIL(board_->pid[victim]);      /* one in three dies while its window is being made, or soon after */
        else UNTIL(board_->number[12 + victim] > 20);
        for (uint64_t spins = below(&seed, round % 3 == 2 ? 200000 : 20000); spins > 0; spins--) __asm__ volatile("");
        done += board_->number[12 + victim];
        kill(pid[victim], SIGKILL);
        if (!CHECK_EQ(finish(pid[victim]), -SIGKILL)) printf("    round %d\n", round);
        pid[victim] = 0;
        if (round % 10 == 0) {
            CHECK_OK(vipc_sweep(&w.ipc, NULL));
            check_clean(&w.ipc);
        }
    }
    for (unsigned i = 0; i < ACTORS; i++)
        if (pid[i]) { kill(pid[i], SIGKILL); CHECK_EQ(finish(pid[i]), -SIGKILL); }
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    printf("    %d kills, %llu operations of the killed\n", rounds, (unsigned long long)done);
    world_end(&w);
}

/* ---------------------------------------------------------------------------------------------------------- main */
static void again_with(const char *macro)
{
    char command[600];
    const char *cc = getenv("VIPC_TEST_CC");
    if (PORTABLE || BLIND) SKIP("this is another build already");
    if (UNDER_ASAN || getenv("VIPC_TEST_SHORT")) SKIP("done in the plain build");
    if (access(__FILE__, R_OK) != 0) SKIP("its own source is not where it was compiled");
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", cc && *cc ? cc : "cc");
    if (system(command) != 0) SKIP("no compiler: set VIPC_TEST_CC");
    const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(command, sizeof command, "p=$(mktemp %s/vipc-window.XXXXXX) && %s -O1 -pthread -D%s %s -o $p && VIPC_TEST_SHORT=1 $p >$p.log; r=$?; "
             "grep -E '^FAIL|^    tests/|HANGS' $p.log; rm -f $p $p.log; exit $r", dir, cc && *cc ? cc : "cc", macro, __FILE__);
    fflush(stdout);
    CHECK_EQ(system(command), 0);
}
TEST(window_all_cases_as_on_a_host_without_linux) { again_with("VIPC_POSIX_PORTABLE"); }
TEST(window_all_cases_where_a_read_looks_like_a_write) { again_with("VIPC_POSIX_BLIND"); }

int main(int argc, char **argv)
{
    static const test_case cases[] = {
        T(window_first_touch_is_zero), T(window_reads_before_it_writes), T(window_heap_by_set_break), T(d061_protections_hold),
        T(window_protect_over_holes), T(d061_write_xor_execute), T(window_narrowing_gives_nothing), T(window_unmap_in_the_middle),
        T(window_outside_of_any_region), T(window_errno_stays), T(window_system_calls_need_a_touch), T(window_payloads_and_messages), T(window_arguments_and_results),
        T(window_fault_with_the_lock_held), T(d053_a_stack_grows_by_real_recursion), T(d056_a_guard_page_ends_a_real_recursion),
        T(d065_clone_and_fork_each_sees_its_own), T(window_write_after_the_copy_has_gone), T(d065_copies_of_copies),
        T(window_a_forked_child_sees_nothing_of_it), T(window_a_child_that_joins_anew_enters_too), T(window_another_process_unmaps),
        T(window_another_process_protects), T(d065_clones_of_a_running_process_stay_as_they_are), T(window_a_stopped_target_is_a_timeout),
        T(window_a_killed_target_is_as_good_as_an_answer), T(window_two_requests_at_once), T(window_two_with_blocked_signals_take_from_each_other),
        T(race_40_pages_are_replaced_under_a_process_that_faults_them_in), T(race_41_several_serve_and_several_ask), T(race_41_step_by_step),
        T(race_42_a_space_is_given_up_while_a_page_is_mapped), T(race_43_taken_by_another_and_asked_by_itself), T(window_a_space_ends_under_its_process),
        T(window_threads_fault_at_once), T(window_alternate_stacks), T(window_what_was_there_before_still_handles_the_rest),
        T(window_a_program_with_handlers_of_its_own), T(window_arguments), T(window_limits), T(window_every_call_fails_once), T(window_frames_smaller_than_the_hosts_pages),
        T(window_large_frames), T(window_two_memberships), T(window_out_of_mappings), T(window_neighbours_share_a_mapping),
        T(window_hostile_table_of_holders), T(window_kills_at_random_moments), T(window_all_cases_as_on_a_host_without_linux),
        T(window_all_cases_where_a_read_looks_like_a_write)
    };
    if (argc == 4 && strcmp(argv[1], "--handler") == 0) return with_handler(atoi(argv[2]), atoi(argv[3]));
    board_ = (board *)share_map(share_fd(sizeof *board_), sizeof *board_);
    not_for_ever();
    return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
}
