/* t_sharedposix.c - shared regions and named objects between real processes: real loads and stores, real faults, kill -9 at random moments; and what POSIX
 * says of shared memory, held against the host's own shm_open in the same table of steps.
 * cc tests/t_sharedposix.c -o t_sharedposix && ./t_sharedposix [case]          Linux.  VIPC_TEST_SEED=n repeats a run of kills.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* The n-th mapping that the shim makes fails, as for want of room; 0: none does. */
static int fail_at_, calls_;
static void *failing_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    if (fail_at_ && prot != PROT_NONE && ++calls_ == fail_at_) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return mmap(at, size, prot, flags, fd, offset);
}
#define mmap failing_mmap
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#undef mmap
#include "proc.h"
#include "test.h"
#include <sched.h>
#include <sys/stat.h>

enum { PAGE = 4096, R = VIPC_READ, RW = VIPC_WRITE, CREW = 3, SLOTS = 10, ACTORS = 3 };
typedef volatile unsigned char byte;

/* -------------------------------------------------------------------------------------------------- a crew
 * The test's own process is 0; others are children, each a member with a window, which do one thing at a time, as they are told, and say what came of it.
 * Capabilities and mappings lie in slots of each one's own. */
enum op { QUIT = 1, MAP, UNMAP, GET, PUT, CLOSE, DESTROY, REVOKE, SEAL, INFO, FIND, TRANSFER, SEND, RECEIVE, OPEN, TRUNCATE, UNLINK, STAT, WRITES, READS, TOUCH, NOTHING,
          MINE, COUNT, CREATE, SPACE, GUESS };
typedef struct order {
    _Atomic uint32_t turn, done;
    _Atomic uint64_t pid, door;                    /* the door: a capability of the test's process for the endpoint of this one */
    uint32_t op;
    uint64_t a[7];
    char name[280];
    int64_t result;
    uint64_t out[8];
} order;
typedef struct board { order at[CREW + 1]; _Atomic uint64_t number[32]; _Atomic uint64_t pid[8], cap[8]; } board;
static board *board_;

typedef struct world {
    vipc ipc;
    int fd;
    vipc_cap space, door;                          /* own */
    vipc_cap c[SLOTS];
    vipc_mapping m[SLOTS];
    pid_t pid[CREW + 1];
    uint64_t frames, objects, capabilities;
} world;
static world w;

/* What a fault that could not be resolved does: back to where it was tried. */
static __thread sigjmp_buf *landing_;
static __thread vipc_posix_fault fault_;
static bool on_fault(void *user, const vipc_posix_fault *f)
{
    (void)user;
    if (!landing_) return false;
    fault_ = *f;
    siglongjmp(*landing_, 1);
}
static int64_t get(byte *p)                        /* the byte, or an error */
{
    sigjmp_buf here;
    volatile int64_t n = 0;
    landing_ = &here;
    if (sigsetjmp(here, 1) == 0) n = *p;
    else n = fault_.error;
    landing_ = NULL;
    return n;
}
static int64_t put(byte *p, unsigned char n)
{
    sigjmp_buf here;
    volatile int64_t e = VIPC_OK;
    landing_ = &here;
    if (sigsetjmp(here, 1) == 0) *p = n;
    else e = fault_.error;
    landing_ = NULL;
    return e;
}
static vipc_time late(void) { return vipc_after(&w.ipc, 30000000000u); }
static byte *at_(unsigned slot, uint64_t offset) { return (byte *)(uintptr_t)(w.m[slot].at + offset); }

static int64_t map(unsigned cap, unsigned slot, uint32_t access, uint64_t offset, uint64_t size, uint32_t lazy)
{
    vipc_map_desc d;
    memset(&d, 0, sizeof d);
    d.access = access;
    d.offset = offset;
    d.size = size;
    d.lazy = lazy;
    return vipc_map(&w.ipc, w.c[cap], &d, &w.m[slot]);
}
/* Bytes through a system call from there, or to there: OK, or the host's errno. */
static int64_t by_the_kernel(byte *p, size_t n, int reads)
{
    int fd[2];
    char some[64];
    memset(some, 'k', sizeof some);
    if (pipe(fd) != 0) return -1;
    if (reads && write(fd[1], some, n) != (ssize_t)n) return -1;
    const ssize_t got = reads ? read(fd[0], (void *)(uintptr_t)p, n) : write(fd[1], (const void *)(uintptr_t)p, n);
    const int64_t why = got == (ssize_t)n ? VIPC_OK : got < 0 ? errno : EIO;
    close(fd[0]);
    close(fd[1]);
    return why;
}
static int64_t send_region(order *o)
{
    vipc_outgoing out;
    vipc_cap to;
    memset(&out, 0, sizeof out);
    to.token = o->a[1];
    out.message.opcode = 77;
    out.region = w.c[o->a[0]];
    out.region_mode = (uint32_t)o->a[2];
    out.region_access = (uint32_t)o->a[3];
    return vipc_send_large(&w.ipc, to, &out, VIPC_NOW);
}
static int64_t receive_region(order *o)
{
    vipc_incoming in;
    memset(&in, 0, sizeof in);
    const vipc_error e = vipc_receive_large(&w.ipc, w.door, &in, VIPC_NOW);
    if (e != VIPC_OK) return e;
    w.c[o->a[0]] = in.region;
    o->out[0] = in.region.token;
    o->out[1] = in.region_mode;
    o->out[2] = in.region_access;
    o->out[3] = in.region_size;
    return e;
}
static int64_t info(order *o)
{
    vipc_region_info i;
    const vipc_error e = vipc_region_get(&w.ipc, w.c[o->a[0]], &i);
    if (e != VIPC_OK) return e;
    const uint64_t all[8] = { i.id, i.size, i.owner.id, i.holders, i.mappings, i.access_max, i.sealed, i.mine.at };
    memcpy(o->out, all, sizeof all);
    return e;
}
static int64_t stat_of(order *o)
{
    vipc_object_stat s;
    const vipc_error e = vipc_object_get(&w.ipc, w.c[o->a[0]], &s);
    if (e != VIPC_OK) return e;
    const uint64_t all[8] = { s.id, s.size, s.owner.id, s.opens, s.mappings, s.mode, s.unlinked, s.sealed };
    memcpy(o->out, all, sizeof all);
    return e;
}
static int64_t guess(order *o);
static int64_t obey(order *o)
{
    const uint64_t *a = o->a;
    vipc_cap *c = &w.c[a[0] % SLOTS];
    vipc_cap theirs;
    vipc_pid to;
    vipc_region_desc d;
    int64_t e;
    uint32_t n = 0;
    switch (o->op) {
    case CREATE: memset(&d, 0, sizeof d); d.size = a[1]; d.access_max = (uint32_t)a[2]; return vipc_region_create(&w.ipc, &d, c);
    case MAP: return map((unsigned)a[0], (unsigned)a[1], (uint32_t)a[2], a[3], a[4], (uint32_t)a[5]);
    case UNMAP: return vipc_unmap(&w.ipc, &w.m[a[0]], late());
    case GET: return get(at_((unsigned)a[0], a[1]));
    case PUT: return put(at_((unsigned)a[0], a[1]), (unsigned char)a[2]);
    case CLOSE: return vipc_close(&w.ipc, *c);
    case DESTROY: return vipc_destroy(&w.ipc, *c, late());
    case REVOKE: return vipc_revoke(&w.ipc, *c, late());
    case SEAL: return vipc_region_seal(&w.ipc, *c, late());
    case INFO: return info(o);
    case FIND: return vipc_region_find(&w.ipc, a[1], c);
    case TRANSFER:
        to.id = a[1];
        e = vipc_region_transfer(&w.ipc, *c, to, (uint32_t)a[2], (uint32_t)a[3], &theirs, late());
        o->out[0] = e == VIPC_OK ? theirs.token : 0;
        return e;
    case SEND: return send_region(o);
    case RECEIVE: return receive_region(o);
    case OPEN: return vipc_object_open(&w.ipc, o->name, (uint32_t)a[1], (uint32_t)a[2], c, late());
    case TRUNCATE: return vipc_object_truncate(&w.ipc, *c, a[1], late());
    case UNLINK: return vipc_object_unlink(&w.ipc, o->name);
    case STAT: return stat_of(o);
    case WRITES: return by_the_kernel(at_((unsigned)a[0], a[1]), a[2], 0);
    case READS: return by_the_kernel(at_((unsigned)a[0], a[1]), a[2], 1);
    case TOUCH: memset(&theirs, 0, sizeof theirs); return vipc_space_touch(&w.ipc, theirs, w.m[a[0]].at + a[1], a[2], (uint32_t)a[3], NULL);
    case MINE: c->token = a[1]; return VIPC_OK;
    case COUNT: e = vipc_object_count(&w.ipc, &n); o->out[0] = n; return e;
    case SPACE: o->out[0] = w.space.token; return VIPC_OK;
    case GUESS: return guess(o);
    default: return VIPC_OK;
    }
}
static void open_window(void)
{
    vipc_posix_window_desc d;
    memset(&d, 0, sizeof d);
    d.size = 64 << 20;
    d.fault = on_fault;
    REQUIRE_OK(vipc_posix_window_open(&w.ipc, &d, &w.space));
}
static int member(unsigned me)
{
    order *o = &board_->at[me];
    vipc_posix_window_desc d;
    vipc_pid top;
    vipc_cap theirs;
    vipc_derive_desc send;
    memset(&d, 0, sizeof d);
    memset(&send, 0, sizeof send);
    d.size = 64 << 20;
    d.fault = on_fault;
    memset(w.c, 0, sizeof w.c);
    if (vipc_posix_after_fork(&w.ipc, "crew") != VIPC_OK) return 90;
    top.id = board_->at[0].pid;
    send.rights = VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT;
    if (vipc_posix_window_open(&w.ipc, &d, &w.space) != VIPC_OK || vipc_endpoint_create(&w.ipc, NULL, &w.door) != VIPC_OK) return 91;
    if (vipc_grant(&w.ipc, w.door, top, &send, &theirs) != VIPC_OK) return 92;
    o->door = theirs.token;
    o->pid = vipc_self(&w.ipc).id;
    for (uint32_t turn = 1;; turn++) {
        UNTIL(o->turn >= turn);
        o->result = obey(o);
        const uint32_t op = o->op;
        o->done = turn;
        if (op == QUIT) return vipc_posix_close(&w.ipc) != VIPC_OK;
    }
}
/* Tell one what to do, without waiting for it; then wait for it. */
static order *say(unsigned who, enum op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    order *o = &board_->at[who];
    const uint64_t all[5] = { a, b, c, d, e };
    memset(o->a, 0, sizeof o->a);
    memcpy(o->a, all, sizeof all);
    o->op = op;
    if (who == 0) o->result = obey(o);
    else o->turn++;
    return o;
}
static int64_t heard(unsigned who)
{
    order *o = &board_->at[who];
    int status;
    for (; who && o->done != o->turn; nap())
        if (waitpid(w.pid[who], &status, WNOHANG) == w.pid[who]) {
            printf("    member %u ended with %#x at order %d\n", who, (unsigned)status, (int)o->op);
            w.pid[who] = 0;
            REQUIRE(0);
        }
    return o->result;
}
static int64_t tell(unsigned who, enum op op, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    say(who, op, a, b, c, d, e);
    return heard(who);
}
static int64_t tell_name(unsigned who, enum op op, unsigned slot, const char *name, uint32_t flags, uint32_t mode)
{
    snprintf(board_->at[who].name, sizeof board_->at[who].name, "%s", name);
    return tell(who, op, slot, flags, mode, 0, 0);
}
static uint64_t out(unsigned who, int i) { return board_->at[who].out[i]; }
static uint64_t pid_of(unsigned who) { return board_->at[who].pid; }

static void reckon(uint64_t *frames, uint64_t *objects, uint64_t *capabilities)
{
    vipc_stats st;
    vipc_process_info p;
    uint32_t violations = 1;
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    CHECK_OK(vipc_trim(&w.ipc, NULL));
    CHECK_OK(vipc_stats_get(&w.ipc, &st));
    CHECK_OK(vipc_process_get(&w.ipc, vipc_self(&w.ipc), &p));
    CHECK_OK(vipc_check(&w.ipc, &violations));
    CHECK_EQ(violations, 0);
    *frames = st.frames_in_use;
    *objects = st.objects_created - st.objects_destroyed;
    *capabilities = p.capabilities;
}
static void on_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)user;
    if (id == VIPC_LOG_CHECK) printf("    vipc_check: %u: %llu at %llu\n", level, (unsigned long long)a, (unsigned long long)b);
}
static pid_t loose_[ACTORS];                       /* of the test that kills */
/* What a case that failed has left running would obey the next one's orders. */
static void clear_the_table(void)
{
    for (unsigned i = 1; i <= CREW; i++) if (w.pid[i]) { kill(w.pid[i], SIGKILL); waitpid(w.pid[i], NULL, 0); }
    for (unsigned i = 0; i < ACTORS; i++) if (loose_[i]) { kill(loose_[i], SIGKILL); waitpid(loose_[i], NULL, 0); }
    memset(loose_, 0, sizeof loose_);
    memset(&w, 0, sizeof w);
    memset((void *)board_, 0, sizeof *board_);
}
static void domain_open(uint64_t bytes)
{
    vipc_posix_desc d;
    memset(&d, 0, sizeof d);
    clear_the_table();
    d.frames_bytes = bytes;
    REQUIRE_OK(vipc_posix_create_fd(&w.ipc, &d, &w.fd));
    ((vipc_hooks *)(uintptr_t)w.ipc.hooks)->log = on_log;
    reckon(&w.frames, &w.objects, &w.capabilities);
    board_->at[0].pid = vipc_self(&w.ipc).id;
}
static void join_crew(unsigned who)
{
    order *o = &board_->at[who];
    memset((void *)o, 0, sizeof *o);
    const pid_t pid = child_of(member, who);
    REQUIRE(pid > 0);
    w.pid[who] = pid;
}
static void wait_crew(unsigned who)
{
    for (int status; !board_->at[who].pid; nap())
        if (waitpid(w.pid[who], &status, WNOHANG) == w.pid[who]) {
            printf("    member %u ended with %#x before it had begun\n", who, (unsigned)status);
            w.pid[who] = 0;
            REQUIRE(0);
        }
}
/* A domain, and so many others beside the test's own process. */
static void begin(unsigned crew)
{
    domain_open(24 << 20);
    for (unsigned i = 1; i <= crew; i++) join_crew(i);
    open_window();
    REQUIRE_OK(vipc_endpoint_create(&w.ipc, NULL, &w.door));
    for (unsigned i = 1; i <= crew; i++) wait_crew(i);
}
static int ended(unsigned who)
{
    int status = 0;
    pid_t got;
    if (!w.pid[who]) return 0;
    do got = waitpid(w.pid[who], &status, 0); while (got < 0 && errno == EINTR);
    w.pid[who] = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
static void quit(unsigned who)
{
    if (!w.pid[who]) return;
    say(who, QUIT, 0, 0, 0, 0, 0);
    CHECK_EQ(ended(who), 0);
}
static void shoot(unsigned who)
{
    kill(w.pid[who], SIGKILL);
    CHECK_EQ(ended(who), -SIGKILL);
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
}
/* All go, and then nothing may be left of what they did. */
static void finish(void)
{
    uint64_t frames, objects, capabilities;
    for (unsigned i = 1; i <= CREW; i++) quit(i);
    for (unsigned i = 0; i < SLOTS; i++) if (w.c[i].token) (void)vipc_close(&w.ipc, w.c[i]);
    if (w.space.token) CHECK_OK(vipc_destroy(&w.ipc, w.space, late()));
    if (w.door.token) CHECK_OK(vipc_destroy(&w.ipc, w.door, late()));
    reckon(&frames, &objects, &capabilities);
    CHECK_EQ(frames, w.frames);
    CHECK_EQ(objects, w.objects);
    CHECK_EQ(capabilities, w.capabilities);
    CHECK_OK(vipc_posix_close(&w.ipc));
    close(w.fd);
}
/* A region of `pages`, in slot 0 and mapped in slot 0 of process `who`, each page with a byte of its own. */
static void make(unsigned who, unsigned pages)
{
    REQUIRE_OK(tell(who, CREATE, 0, pages * PAGE, 0, 0, 0));
    REQUIRE_OK(tell(who, MAP, 0, 0, RW, 0, 0));
    for (unsigned i = 0; i < pages; i++) {
        const int64_t e = tell(who, PUT, 0, i * PAGE + i, i + 1, 0, 0);
        if (e != VIPC_OK) printf("    page %u of %u\n", i, pages);
        REQUIRE_EQ(e, VIPC_OK);
    }
}
/* Hand it over from slot 0 of one to slot 0 of another. */
static int64_t hand(unsigned from, unsigned to, uint32_t mode, uint32_t access)
{
    const int64_t e = tell(from, TRANSFER, 0, pid_of(to), mode, access, 0);
    if (e == VIPC_OK) tell(to, MINE, 0, out(from, 0), 0, 0, 0);
    return e;
}
/* A region of 1's that 2 has mapped, too, to be read and written. */
static void two_have_it(unsigned crew, unsigned pages)
{
    begin(crew);
    make(1, pages);
    REQUIRE_OK(hand(1, 2, VIPC_SHARE, 0));
    REQUIRE_OK(tell(2, MAP, 0, 0, RW, 0, 0));
}
#define READ_(who, slot, offset) tell(who, GET, slot, offset, 0, 0, 0)
#define WRITE_(who, slot, offset, n) tell(who, PUT, slot, offset, n, 0, 0)
#define MAP_(who, slot, access) tell(who, MAP, slot, slot, access, 0, 0)

/* -------------------------------------------------------------------------------------------------- the three modes */
TEST(d001_both_see_what_either_stores)
{
    begin(2);
    make(1, 5);
    REQUIRE_OK(hand(1, 2, VIPC_SHARE, 0));
    CHECK_EQ(tell(2, INFO, 0, 0, 0, 0, 0), VIPC_OK);
    CHECK_EQ(out(2, 1), 5 * PAGE);
    CHECK_EQ(out(2, 2), pid_of(1));
    CHECK_EQ(out(2, 3), 2);
    CHECK_EQ(out(2, 4), 1);
    CHECK_EQ(out(2, 7), 0);
    REQUIRE_OK(MAP_(2, 0, RW));
    for (unsigned i = 0; i < 5; i++) {
        CHECK_EQ(READ_(2, 0, i * PAGE + i), i + 1);
        CHECK_EQ(WRITE_(2, 0, i * PAGE + 100, i + 50), VIPC_OK);
        CHECK_EQ(READ_(1, 0, i * PAGE + 100), i + 50);
    }
    CHECK_EQ(tell(2, INFO, 0, 0, 0, 0, 0), VIPC_OK);
    CHECK_EQ(out(2, 4), 2);
    CHECK(out(2, 7) != 0);
    CHECK_EQ(READ_(2, 0, 5 * PAGE), VIPC_ERR_FAULT);               /* beyond its end */
    CHECK_EQ(tell(2, UNMAP, 0, 0, 0, 0, 0), VIPC_OK);
    CHECK_EQ(READ_(2, 0, 0), VIPC_ERR_FAULT);
    CHECK_EQ(READ_(1, 0, 0), 1);
    CHECK_EQ(tell(2, UNMAP, 0, 0, 0, 0, 0), VIPC_ERR_INVALID_REGION);
    CHECK_OK(MAP_(2, 0, R));                                       /* d007: and again, in another way */
    CHECK_EQ(READ_(2, 0, 4 * PAGE + 4), 5);
    finish();
}
TEST(d002_nobody_stores_where_he_may_only_read)
{
    begin(2);
    make(1, 3);
    REQUIRE_OK(hand(1, 2, VIPC_SHARE, R));
    CHECK_EQ(MAP_(2, 0, RW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(MAP_(2, 0, VIPC_EXECUTE), VIPC_ERR_PERMISSION_DENIED);
    REQUIRE_OK(MAP_(2, 0, R));
    CHECK_EQ(WRITE_(2, 0, 0, 99), VIPC_ERR_PERMISSION_DENIED);      /* a real store, a real SIGSEGV */
    CHECK_EQ(READ_(2, 0, 0), 1);
    CHECK_EQ(WRITE_(1, 0, 0, 42), VIPC_OK);
    CHECK_EQ(READ_(2, 0, 0), 42);
    CHECK_EQ(WRITE_(2, 0, 2 * PAGE + 7, 99), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(READ_(1, 0, 2 * PAGE + 7), 0);
    CHECK_EQ(tell(2, READS, 0, 0, 8, 0, 0), EFAULT);               /* the kernel may not store there for it, either */
    CHECK_EQ(tell(2, WRITES, 0, 0, 8, 0, 0), VIPC_OK);
    /* a region that is never to be written */
    REQUIRE_OK(tell(1, CREATE, 1, PAGE, R, 0, 0));
    CHECK_EQ(MAP_(1, 1, RW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(MAP_(1, 1, R));
    CHECK_EQ(READ_(1, 1, 5), 0);
    CHECK_EQ(WRITE_(1, 1, 5, 1), VIPC_ERR_PERMISSION_DENIED);
    finish();
}
TEST(d018_what_was_moved_its_giver_has_no_more)
{
    begin(3);
    make(1, 4);
    REQUIRE_OK(hand(1, 3, VIPC_SHARE, R));
    REQUIRE_OK(MAP_(3, 0, R));
    CHECK_EQ(hand(3, 2, VIPC_MOVE, 0), VIPC_ERR_PERMISSION_DENIED);        /* only its owner moves it */
    REQUIRE_OK(hand(1, 2, VIPC_MOVE, 0));
    CHECK_EQ(tell(1, INFO, 0, 0, 0, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(READ_(1, 0, i * PAGE), VIPC_ERR_FAULT);
        CHECK_EQ(WRITE_(1, 0, i * PAGE, 1), VIPC_ERR_FAULT);
    }
    CHECK_EQ(MAP_(1, 0, R), VIPC_ERR_INVALID_CAPABILITY);
    REQUIRE_OK(MAP_(2, 0, RW));
    for (unsigned i = 0; i < 4; i++) CHECK_EQ(READ_(2, 0, i * PAGE + i), i + 1);
    CHECK_EQ(WRITE_(2, 0, 0, 77), VIPC_OK);
    CHECK_EQ(READ_(3, 0, 0), 77);                                  /* what was derived from it stays below it */
    CHECK_OK(tell(2, INFO, 0, 0, 0, 0, 0));
    CHECK_EQ(out(2, 2), pid_of(2));
    CHECK_EQ(out(2, 3), 2);
    CHECK_EQ(out(2, 4), 2);
    CHECK_OK(tell(2, REVOKE, 0, 0, 0, 0, 0));
    CHECK_EQ(READ_(3, 0, 0), VIPC_ERR_FAULT);
    quit(1);                                                       /* its first owner's end is nothing to it */
    CHECK_EQ(READ_(2, 0, PAGE + 1), 2);
    finish();
}
TEST(d021_copy_on_write_is_a_snapshot_for_both)
{
    uint64_t before, between, objects, capabilities;
    begin(2);
    make(1, 8);
    CHECK_EQ(READ_(1, 0, 3 * PAGE + 3), 4);
    reckon(&before, &objects, &capabilities);
    REQUIRE_OK(hand(1, 2, VIPC_COPY_ON_WRITE, 0));
    REQUIRE_OK(MAP_(2, 0, RW));
    for (unsigned i = 0; i < 8; i++) CHECK_EQ(READ_(2, 0, i * PAGE + i), i + 1);
    reckon(&between, &objects, &capabilities);
    CHECK(between - before <= 3);                                  /* a page map, but no pages */
    CHECK_EQ(WRITE_(1, 0, PAGE + 1, 201), VIPC_OK);                  /* either writes: the other sees nothing of it */
    CHECK_EQ(READ_(2, 0, PAGE + 1), 2);
    CHECK_EQ(WRITE_(2, 0, 2 * PAGE + 2, 202), VIPC_OK);
    CHECK_EQ(READ_(1, 0, 2 * PAGE + 2), 3);
    CHECK_EQ(WRITE_(2, 0, PAGE + 1, 203), VIPC_OK);
    CHECK_EQ(READ_(1, 0, PAGE + 1), 201);
    CHECK_EQ(READ_(2, 0, PAGE + 1), 203);
    reckon(&before, &objects, &capabilities);
    CHECK_EQ(before - between, 2);
    for (unsigned i = 3; i < 8; i++) {
        CHECK_EQ(READ_(1, 0, i * PAGE + i), i + 1);
        CHECK_EQ(READ_(2, 0, i * PAGE + i), i + 1);
    }
    CHECK_OK(tell(2, INFO, 0, 0, 0, 0, 0));
    const uint64_t copy = out(2, 0);
    CHECK_EQ(out(2, 2), pid_of(1));                                /* who has made it pays for it */
    CHECK_OK(tell(1, INFO, 0, 0, 0, 0, 0));
    CHECK(out(1, 0) != copy);
    quit(1);
    for (unsigned i = 4; i < 8; i++) {
        CHECK_EQ(WRITE_(2, 0, i * PAGE, 9), VIPC_OK);              /* the only one that is left with these */
        CHECK_EQ(READ_(2, 0, i * PAGE + i), i + 1);
    }
    finish();
}
/* Two that have it mapped and one copy: a write by either of the two is seen by the other, and not in the copy. */
TEST(d021_copy_on_write_of_what_two_have_mapped)
{
    two_have_it(3, 6);
    for (unsigned i = 0; i < 6; i++) CHECK_EQ(WRITE_(2, 0, i * PAGE + 9, 10 + i), VIPC_OK);      /* both have translations that can write */
    REQUIRE_OK(hand(1, 3, VIPC_COPY_ON_WRITE, 0));
    REQUIRE_OK(MAP_(3, 0, RW));
    CHECK_EQ(WRITE_(2, 0, 0, 100), VIPC_OK);
    CHECK_EQ(READ_(1, 0, 0), 100);
    CHECK_EQ(READ_(3, 0, 0), 1);
    CHECK_EQ(WRITE_(1, 0, PAGE, 101), VIPC_OK);
    CHECK_EQ(READ_(2, 0, PAGE), 101);
    CHECK_EQ(READ_(3, 0, PAGE), 0);
    CHECK_EQ(WRITE_(3, 0, 2 * PAGE, 102), VIPC_OK);
    CHECK_EQ(READ_(1, 0, 2 * PAGE), 0);
    CHECK_EQ(READ_(2, 0, 2 * PAGE), 0);
    CHECK_EQ(WRITE_(1, 0, 2 * PAGE, 103), VIPC_OK);                  /* the copy has left it to the two */
    CHECK_EQ(READ_(2, 0, 2 * PAGE), 103);
    CHECK_EQ(READ_(3, 0, 2 * PAGE), 102);
    for (unsigned i = 3; i < 6; i++) CHECK_EQ(READ_(3, 0, i * PAGE + 9), 10 + i);
    finish();
}
/* By a message: nobody has it twice, and what comes can be used at once. */
TEST(region_goes_along_with_a_message)
{
    begin(2);
    make(0, 3);
    for (uint32_t mode = VIPC_SHARE; mode <= VIPC_COPY_ON_WRITE; mode++) {
        if (mode == VIPC_COPY_ON_WRITE) make(0, 3);
        REQUIRE_OK(tell(0, SEND, 0, board_->at[1].door, mode, 0, 0));
        REQUIRE_OK(tell(1, RECEIVE, 1, 0, 0, 0, 0));
        CHECK_EQ(out(1, 1), mode);
        CHECK_EQ(out(1, 3), 3 * PAGE);
        CHECK(out(1, 2) & VIPC_READ);
        REQUIRE_OK(MAP_(1, 1, RW));
        CHECK_EQ(READ_(1, 1, 2 * PAGE + 2), mode == VIPC_MOVE ? 44 : 3);
        CHECK_OK(WRITE_(1, 1, 2 * PAGE + 2, 44));
        CHECK_EQ(READ_(0, 0, 2 * PAGE + 2), mode == VIPC_SHARE ? 44 : mode == VIPC_MOVE ? VIPC_ERR_FAULT : 3);
        CHECK_OK(tell(1, UNMAP, 1, 0, 0, 0, 0));
        CHECK_OK(tell(1, CLOSE, 1, 0, 0, 0, 0));
    }
    CHECK_EQ(tell(1, RECEIVE, 1, 0, 0, 0, 0), VIPC_ERR_CHANNEL_EMPTY);
    REQUIRE_OK(tell(0, SEND, 0, board_->at[1].door, VIPC_SHARE, R, 0));             /* revoked on the way */
    REQUIRE_OK(tell(0, REVOKE, 0, 0, 0, 0, 0));
    REQUIRE_OK(tell(1, RECEIVE, 1, 0, 0, 0, 0));
    CHECK_EQ(out(1, 0), 0);
    REQUIRE_OK(tell(0, SEND, 0, board_->at[1].door, VIPC_MOVE, 0, 0));              /* to one who dies before it receives */
    CHECK_EQ(READ_(0, 0, 0), VIPC_ERR_FAULT);
    shoot(1);
    REQUIRE_OK(tell(0, CREATE, 0, PAGE, 0, 0, 0));
    CHECK_OK(tell(0, CLOSE, 0, 0, 0, 0, 0));
    finish();
}
/* Kept mapped by both: the right comes and goes, nothing is mapped anew. */
TEST(region_stays_mapped_while_the_right_comes_and_goes)
{
    begin(1);
    make(0, 2);
    uint64_t first = 0;
    for (unsigned i = 0; i < 20; i++) {
        REQUIRE_OK(tell(0, SEND, 0, board_->at[1].door, VIPC_SHARE, 0, 0));
        REQUIRE_OK(tell(1, RECEIVE, 0, 0, 0, 0, 0));
        REQUIRE_OK(MAP_(1, 0, RW));
        REQUIRE_OK(tell(1, INFO, 0, 0, 0, 0, 0));
        CHECK_EQ(out(1, 4), 2);
        CHECK_EQ(out(1, 3), 2);
        if (i == 0) first = out(1, 7);
        CHECK_EQ(out(1, 7), first);
        REQUIRE_OK(tell(1, CLOSE, 0, 0, 0, 0, 0));
        CHECK_OK(WRITE_(0, 0, 50, i));
        CHECK_EQ(READ_(1, 0, 50), i);                              /* the mapping outlives the capability */
    }
    CHECK_EQ(tell(1, INFO, 0, 0, 0, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    REQUIRE_OK(tell(0, REVOKE, 0, 0, 0, 0, 0));                     /* but not the giver's word */
    CHECK_EQ(READ_(1, 0, 50), VIPC_ERR_FAULT);
    CHECK_EQ(READ_(0, 0, 50), 19);
    finish();
}

/* -------------------------------------------------------------------------------------------------- taken away */
TEST(d008_revoke_takes_mappings_away_from_who_runs)
{
    two_have_it(3, 6);
    CHECK_EQ(hand(2, 3, VIPC_SHARE, R), VIPC_ERR_PERMISSION_DENIED);      /* not onwards */
    REQUIRE_OK(hand(1, 3, VIPC_SHARE, R));
    REQUIRE_OK(MAP_(3, 0, R));
    REQUIRE_OK(tell(2, MAP, 0, 1, R, PAGE, 2 * PAGE));
    CHECK_EQ(READ_(3, 0, 5 * PAGE + 5), 6);
    CHECK_EQ(READ_(2, 1, 1), 2);
    CHECK_OK(tell(1, INFO, 0, 0, 0, 0, 0));
    CHECK_EQ(out(1, 4), 4);
    CHECK_OK(tell(1, REVOKE, 0, 0, 0, 0, 0));
    for (unsigned i = 0; i < 6; i++) {
        CHECK_EQ(READ_(2, 0, i * PAGE), VIPC_ERR_FAULT);
        CHECK_EQ(WRITE_(2, 0, i * PAGE, 1), VIPC_ERR_FAULT);
        CHECK_EQ(READ_(3, 0, i * PAGE), VIPC_ERR_FAULT);
        CHECK_EQ(READ_(1, 0, i * PAGE + i), i + 1);
    }
    CHECK_EQ(READ_(2, 1, 0), VIPC_ERR_FAULT);
    CHECK_OK(tell(1, INFO, 0, 0, 0, 0, 0));
    CHECK_EQ(out(1, 3), 1);
    CHECK_EQ(out(1, 4), 1);
    CHECK_EQ(MAP_(2, 0, R), VIPC_ERR_INVALID_CAPABILITY);
    REQUIRE_OK(hand(1, 2, VIPC_SHARE, R));                           /* a new grant is as good as the first */
    REQUIRE_OK(MAP_(2, 0, R));
    CHECK_EQ(READ_(2, 0, 3 * PAGE + 3), 4);
    finish();
}
/* A stopped process has its translations still: who revokes is told so, and the frames are nobody else's until it has gone on. */
TEST(d017_a_stopped_holder_is_a_timeout_and_keeps_its_frames)
{
    uint64_t frames, more, objects, capabilities;
    int status;
    two_have_it(2, 4);
    CHECK_OK(WRITE_(2, 0, 0, 5));
    REQUIRE_OK(tell(1, UNMAP, 0, 0, 0, 0, 0));
    reckon(&frames, &objects, &capabilities);
    REQUIRE(kill(w.pid[2], SIGSTOP) == 0 && waitpid(w.pid[2], &status, WUNTRACED) == w.pid[2] && WIFSTOPPED(status));
    REQUIRE_OK(tell(1, TRANSFER, 0, pid_of(0), VIPC_MOVE, 0, 0));
    tell(0, MINE, 1, out(1, 0), 0, 0, 0);
    CHECK_EQ(vipc_revoke(&w.ipc, w.c[1], vipc_after(&w.ipc, 100000000u)), VIPC_ERR_TIMEOUT);
    const vipc_error e = vipc_destroy(&w.ipc, w.c[1], vipc_after(&w.ipc, 100000000u));
    CHECK_EQ(e, VIPC_ERR_TIMEOUT);
    (void)vipc_trim(&w.ipc, NULL);
    reckon(&more, &objects, &capabilities);
    CHECK(more + 2 >= frames);                                     /* none of its four frames has gone; its page map may */
    REQUIRE(kill(w.pid[2], SIGCONT) == 0);
    CHECK_EQ(READ_(2, 0, 0), VIPC_ERR_FAULT);
    (void)vipc_destroy(&w.ipc, w.c[1], late());
    finish();
}
TEST(d009_frames_go_with_the_last_who_has_them)
{
    uint64_t with, without, objects, capabilities;
    begin(2);
    reckon(&without, &objects, &capabilities);
    make(1, 50);
    REQUIRE_OK(hand(1, 2, VIPC_SHARE, 0));
    REQUIRE_OK(MAP_(2, 0, RW));
    reckon(&with, &objects, &capabilities);
    CHECK(with >= without + 50);
    REQUIRE_OK(tell(1, CLOSE, 0, 0, 0, 0, 0));
    REQUIRE_OK(tell(2, CLOSE, 0, 0, 0, 0, 0));
    CHECK_EQ(READ_(1, 0, 2 * PAGE + 2), 3);                          /* nobody has a capability; two mappings hold it */
    CHECK_OK(WRITE_(1, 0, 0, 60));
    CHECK_EQ(READ_(2, 0, 0), 60);
    REQUIRE_OK(tell(1, UNMAP, 0, 0, 0, 0, 0));
    CHECK_EQ(READ_(2, 0, 0), 60);
    REQUIRE_OK(tell(2, UNMAP, 0, 0, 0, 0, 0));
    reckon(&with, &objects, &capabilities);
    CHECK(with <= without + 2);                                    /* what spaces have for their page maps may stay */
    finish();
}
TEST(d029_it_outlives_its_owner_and_goes_with_its_last_holder)
{
    two_have_it(3, 5);
    shoot(1);
    CHECK_EQ(READ_(2, 0, PAGE + 1), 2);
    CHECK_OK(WRITE_(2, 0, PAGE + 1, 12));
    CHECK_OK(tell(2, INFO, 0, 0, 0, 0, 0));
    CHECK_EQ(out(2, 2), 0);
    CHECK_EQ(out(2, 3), 1);
    CHECK_EQ(out(2, 4), 1);
    CHECK_EQ(hand(2, 3, VIPC_MOVE, 0), VIPC_ERR_PERMISSION_DENIED);        /* nobody owns it, so nobody moves it */
    CHECK_EQ(READ_(2, 0, PAGE + 1), 12);
    shoot(2);
    finish();
}
TEST(region_destroyed_under_those_who_have_it_mapped)
{
    two_have_it(2, 3);
    CHECK_EQ(READ_(2, 0, 0), 1);
    CHECK_EQ(tell(2, DESTROY, 0, 0, 0, 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(tell(1, DESTROY, 0, 0, 0, 0, 0));
    CHECK_EQ(READ_(1, 0, 0), VIPC_ERR_FAULT);
    CHECK_EQ(READ_(2, 0, 0), VIPC_ERR_FAULT);
    CHECK_EQ(tell(2, INFO, 0, 0, 0, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    finish();
}
TEST(region_sealed_nobody_writes_any_more)
{
    two_have_it(2, 3);
    CHECK_EQ(tell(2, SEAL, 0, 0, 0, 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell(1, SEAL, 0, 0, 0, 0, 0), VIPC_ERR_RESOURCE_BUSY);
    CHECK_OK(WRITE_(2, 0, 0, 31));
    REQUIRE_OK(tell(1, UNMAP, 0, 0, 0, 0, 0));
    CHECK_EQ(tell(1, SEAL, 0, 0, 0, 0, 0), VIPC_ERR_RESOURCE_BUSY);
    REQUIRE_OK(tell(2, UNMAP, 0, 0, 0, 0, 0));
    CHECK_OK(tell(1, SEAL, 0, 0, 0, 0, 0));
    CHECK_OK(tell(1, SEAL, 0, 0, 0, 0, 0));
    CHECK_EQ(MAP_(1, 0, RW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(MAP_(2, 0, RW), VIPC_ERR_PERMISSION_DENIED);
    REQUIRE_OK(MAP_(2, 0, R));
    CHECK_EQ(READ_(2, 0, 0), 31);
    CHECK_EQ(WRITE_(2, 0, 0, 1), VIPC_ERR_PERMISSION_DENIED);
    finish();
}

/* -------------------------------------------------------------------------------------------------- windows */
TEST(region_mapped_at_once_is_there_for_system_calls)
{
    begin(1);
    make(1, 40);
    REQUIRE_OK(hand(1, 0, VIPC_SHARE, 0));
    REQUIRE_OK(MAP_(0, 0, RW));
    for (unsigned i = 0; i < 40; i++) {                            /* not one of them has been touched here */
        CHECK_EQ(tell(0, i % 2 ? READS : WRITES, 0, i * PAGE + 200, 32, 0, 0), VIPC_OK);
        CHECK_EQ(READ_(1, 0, i * PAGE + 200), i % 2 ? 'k' : 0);
    }
    CHECK_OK(tell(0, WRITES, 0, 8 * PAGE - 16, 32, 0, 0));             /* across two pages */
    REQUIRE_OK(tell(0, UNMAP, 0, 0, 0, 0, 0));
    CHECK_EQ(tell(0, WRITES, 0, 0, 32, 0, 0), EFAULT);
    REQUIRE_OK(map(0, 0, RW, 0, 0, 1));                             /* lazily: one has to touch first */
    CHECK_EQ(tell(0, READS, 0, 0, 32, 0, 0), EFAULT);
    CHECK_OK(tell(0, TOUCH, 0, 0, 40 * PAGE, VIPC_PROT_WRITE, 0));
    for (unsigned i = 0; i < 40; i++) CHECK_OK(tell(0, READS, 0, i * PAGE, 32, 0, 0));
    finish();
}
static unsigned maps_of_the_window(uint64_t at, uint64_t bytes)
{
    char line[512];
    unsigned n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    REQUIRE(f != NULL);
    while (fgets(line, sizeof line, f)) {
        unsigned long from = 0, to = 0;
        if (sscanf(line, "%lx-%lx", &from, &to) == 2 && from < at + bytes && to > at) n++;
    }
    fclose(f);
    return n;
}
TEST(region_of_neighbours_takes_few_mappings_of_the_kernel)
{
    begin(0);
    REQUIRE_OK(tell(0, CREATE, 0, 4000 * PAGE, 0, 0, 0));
    REQUIRE_OK(MAP_(0, 0, RW));
    const unsigned n = maps_of_the_window(w.m[0].at, w.m[0].size);
    if (!CHECK(n >= 1 && n <= 8)) printf("    %u mappings\n", n);
    for (unsigned i = 0; i < 4000; i++) at_(0, 0)[i * PAGE] = (unsigned char)i;
    for (unsigned i = 0; i < 4000; i++) CHECK_EQ(at_(0, 0)[i * PAGE], (unsigned char)i);
    CHECK_EQ(maps_of_the_window(w.m[0].at, w.m[0].size), n);
    finish();
}
/* Frames that are no neighbours: all the same. */
TEST(region_of_scattered_frames)
{
    enum { HOLES = 60 };
    vipc_cap some[2 * HOLES];
    vipc_region_desc d;
    memset(&d, 0, sizeof d);
    d.size = PAGE;
    domain_open(2 << 20);
    open_window();
    uint32_t n = 0;
    vipc_cap rest[600];
    uint32_t more = 0;
    for (; n < 2 * HOLES; n++) REQUIRE_OK(vipc_region_create(&w.ipc, &d, &some[n]));
    while (more < 600 && vipc_region_create(&w.ipc, &d, &rest[more]) == VIPC_OK) more++;
    for (uint32_t i = 0; i < n; i += 2) REQUIRE_OK(vipc_close(&w.ipc, some[i]));
    d.size = (HOLES - 30) * PAGE;
    vipc_error e = vipc_region_create(&w.ipc, &d, &w.c[0]);
    CHECK_OK(e);
    if (e == VIPC_OK) {
        REQUIRE_OK(MAP_(0, 0, RW));
        for (unsigned i = 0; i < HOLES - 30; i++) CHECK_EQ(READ_(0, 0, i * PAGE), 0);
        for (unsigned i = 0; i < HOLES - 30; i++) CHECK_OK(WRITE_(0, 0, i * PAGE, i + 1));
        for (unsigned i = 0; i < HOLES - 30; i++) CHECK_EQ(READ_(0, 0, i * PAGE), i + 1);
        CHECK(maps_of_the_window(w.m[0].at, w.m[0].size) > 1);
        CHECK_OK(vipc_unmap(&w.ipc, &w.m[0], late()));
        CHECK_OK(vipc_close(&w.ipc, w.c[0]));
    }
    for (uint32_t i = 1; i < n; i += 2) CHECK_OK(vipc_close(&w.ipc, some[i]));
    for (uint32_t i = 0; i < more; i++) CHECK_OK(vipc_close(&w.ipc, rest[i]));
    finish();
}
TEST(region_mapping_fails_at_each_call_of_the_hosts)
{
    begin(1);
    make(1, 30);
    REQUIRE_OK(hand(1, 0, VIPC_SHARE, 0));
    int64_t e = VIPC_ERR_OUT_OF_MEMORY;
    for (fail_at_ = 1; e != VIPC_OK && fail_at_ < 100; fail_at_++) {
        uint64_t frames, after, objects, capabilities;
        reckon(&frames, &objects, &capabilities);
        calls_ = 0;
        e = MAP_(0, 0, RW);
        if (e == VIPC_OK) break;
        CHECK_EQ(e, VIPC_ERR_OUT_OF_MEMORY);
        CHECK_OK(tell(0, INFO, 0, 0, 0, 0, 0));
        CHECK_EQ(out(0, 4), 1);
        reckon(&after, &objects, &capabilities);
        CHECK(after <= frames + 3);                                /* nodes of the space's own map may stay */
    }
    const int failed = fail_at_ - 1;
    fail_at_ = 0;
    CHECK(failed >= 1);
    CHECK_EQ(READ_(0, 0, 29 * PAGE + 29), 30);
    finish();
}
/* A gigabyte: two processes, a handful of mappings, and it is there. */
TEST(region_of_a_gigabyte)
{
    const uint64_t gib = (uint64_t)1 << 30;
    vipc_posix_desc domain;
    vipc_posix_window_desc d;
    vipc_region_desc r;
    vipc_map_desc m;
    const long pages = sysconf(_SC_AVPHYS_PAGES);
    if (sizeof(void *) < 8 || pages < 0 || (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) < 2 * gib) SKIP("needs 2 GiB of free memory and 64-bit addresses");
    memset(&domain, 0, sizeof domain);
    memset(&d, 0, sizeof d);
    memset(&r, 0, sizeof r);
    memset(&m, 0, sizeof m);
    clear_the_table();
    domain.frames_bytes = gib + (16 << 20);
    r.size = gib;
    d.size = gib + (16 << 20);
    m.access = RW;
    REQUIRE_OK(vipc_posix_create_fd(&w.ipc, &domain, &w.fd));
    board_->number[0] = vipc_self(&w.ipc).id;
    fflush(stdout);
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        vipc_region_info i;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (vipc_posix_after_fork(&w.ipc, "other") != VIPC_OK || vipc_posix_window_open(&w.ipc, &d, &w.space) != VIPC_OK) _exit(1);
        board_->number[1] = vipc_self(&w.ipc).id;
        UNTIL(board_->number[2]);
        w.c[0].token = board_->number[2];
        const vipc_error e = vipc_map(&w.ipc, w.c[0], &m, &w.m[0]);
        if (e != VIPC_OK) { printf("    child: vipc_map: %s\n", vipc_error_string(e)); fflush(stdout); _exit(2); }
        for (uint64_t k = 0; k < gib; k += gib / 64) if (*(volatile uint64_t *)(uintptr_t)(w.m[0].at + k) != k + 1) _exit(3);
        for (uint64_t k = 0; k < gib; k += gib / 64) *(volatile uint64_t *)(uintptr_t)(w.m[0].at + k + 8) = k + 2;
        if (vipc_region_get(&w.ipc, w.c[0], &i) != VIPC_OK || i.size != gib || maps_of_the_window(w.m[0].at, gib) > 64) _exit(4);
        _exit(vipc_posix_close(&w.ipc) == VIPC_OK ? 0 : 5);
    }
    REQUIRE_OK(vipc_posix_window_open(&w.ipc, &d, &w.space));
    REQUIRE_OK(vipc_region_create(&w.ipc, &r, &w.c[0]));
    REQUIRE_OK(vipc_map(&w.ipc, w.c[0], &m, &w.m[0]));
    for (uint64_t k = 0; k < gib; k += gib / 64) *(volatile uint64_t *)(uintptr_t)(w.m[0].at + k) = k + 1;
    UNTIL(board_->number[1]);
    vipc_pid to;
    vipc_cap theirs;
    to.id = board_->number[1];
    REQUIRE_OK(vipc_region_transfer(&w.ipc, w.c[0], to, VIPC_SHARE, 0, &theirs, late()));
    board_->number[2] = theirs.token;
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK_EQ(status, 0);
    for (uint64_t k = 0; k < gib; k += gib / 64) CHECK_EQ(*(volatile uint64_t *)(uintptr_t)(w.m[0].at + k + 8), k + 2);
    CHECK(maps_of_the_window(w.m[0].at, gib) <= 64);
    uint32_t violations = 1;
    CHECK_OK(vipc_check(&w.ipc, &violations));
    CHECK_EQ(violations, 0);
    CHECK_OK(vipc_posix_close(&w.ipc));
    close(w.fd);
}
/* A child that enters a clone of its parent's space has what is shared in common with it. */
TEST(d065_a_clone_shares_what_is_shared)
{
    begin(0);
    make(0, 4);
    vipc_mmap_desc d;
    vipc_addr own = 0;
    vipc_cap copy, theirs;
    memset(&d, 0, sizeof d);
    d.size = 4 * PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE;
    d.backing = w.c[0];
    REQUIRE_OK(vipc_space_mmap(&w.ipc, w.space, &d, &own, late()));     /* private: its present contents */
    byte *mine = (byte *)(uintptr_t)own;
    CHECK_EQ(get(mine + PAGE + 1), 2);
    CHECK_EQ(put(mine + PAGE + 1, 90), VIPC_OK);
    CHECK_EQ(READ_(0, 0, PAGE + 1), 2);
    REQUIRE_OK(vipc_space_clone(&w.ipc, w.space, &copy, late()));
    fflush(stdout);
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        vipc_posix_window_desc e;
        memset(&e, 0, sizeof e);
        e.fault = on_fault;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (vipc_posix_after_fork(&w.ipc, "clone") != VIPC_OK) _exit(1);
        board_->number[0] = vipc_self(&w.ipc).id;
        UNTIL(board_->number[1]);
        theirs.token = board_->number[1];
        if (vipc_posix_window_enter(&w.ipc, theirs, &e) != VIPC_OK) _exit(2);
        if (get(at_(0, 2 * PAGE + 2)) != 3 || get(mine + PAGE + 1) != 90) _exit(3);
        if (put(at_(0, 0), 71) != VIPC_OK || put(mine, 72) != VIPC_OK) _exit(4);
        board_->number[2] = 1;
        UNTIL(board_->number[3]);
        _exit(get(at_(0, 8)) == 73 ? 0 : 5);
    }
    vipc_pid to;
    UNTIL(board_->number[0]);
    to.id = board_->number[0];
    REQUIRE_OK(vipc_grant(&w.ipc, copy, to, NULL, &theirs));
    board_->number[1] = theirs.token;
    int status = 0;
    UNTIL(board_->number[2] || waitpid(pid, &status, WNOHANG) == pid);
    CHECK_EQ(status, 0);
    CHECK_EQ(READ_(0, 0, 0), 71);
    CHECK_EQ(get(mine), 1);
    CHECK_OK(WRITE_(0, 0, 8, 73));
    board_->number[3] = 1;
    if (status == 0) {
        REQUIRE(waitpid(pid, &status, 0) == pid);
        CHECK_EQ(status, 0);
    }
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    (void)vipc_destroy(&w.ipc, copy, late());
    finish();
}
TEST(region_idle_when_its_creator_is_left_alone)
{
    begin(2);
    vipc_region_desc d;
    vipc_cap bell;
    uint64_t bits = 0;
    memset(&d, 0, sizeof d);
    REQUIRE_OK(vipc_notification_create(&w.ipc, NULL, &bell));
    d.size = 2 * PAGE;
    d.idle = bell;
    d.idle_bits = 5;
    REQUIRE_OK(vipc_region_create(&w.ipc, &d, &w.c[0]));
    REQUIRE_OK(hand(0, 1, VIPC_SHARE, 0));
    REQUIRE_OK(hand(0, 2, VIPC_SHARE, 0));
    REQUIRE_OK(tell(1, CLOSE, 0, 0, 0, 0, 0));
    CHECK_EQ(vipc_notification_wait(&w.ipc, bell, 5, &bits, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    kill(w.pid[2], SIGKILL);
    CHECK_EQ(ended(2), -SIGKILL);
    CHECK_OK(vipc_notification_wait(&w.ipc, bell, 5, &bits, late()));
    CHECK_EQ(bits, 5);
    REQUIRE_OK(hand(0, 1, VIPC_SHARE, 0));
    REQUIRE_OK(tell(0, REVOKE, 0, 0, 0, 0, 0));
    CHECK_OK(vipc_notification_wait(&w.ipc, bell, 5, &bits, late()));
    CHECK_OK(vipc_close(&w.ipc, bell));
    finish();
}

/* -------------------------------------------------------------------------------------------------- named objects, and the host's own
 * One table of steps; each is done by one of two processes, once with the library and once with shm_open and its like, and both must say the same, but
 * where `host` says otherwise. */
enum { OK_ = 0, EXISTS_ = VIPC_ERR_EXISTS, NOT_FOUND_ = VIPC_ERR_NOT_FOUND, DENIED_ = VIPC_ERR_PERMISSION_DENIED, INVALID_ = VIPC_ERR_INVALID_ARGUMENT,
       TOO_LONG_ = VIPC_ERR_NAME_TOO_LONG, FAULT_ = VIPC_ERR_FAULT, GONE_ = VIPC_ERR_INVALID_CAPABILITY, SAME = 12345 };
enum { CR = VIPC_OPEN_CREATE, EX = VIPC_OPEN_EXCLUSIVE, RO = VIPC_OPEN_READ_ONLY, TR = VIPC_OPEN_TRUNCATE };
typedef struct posix_step { unsigned who; enum op op; uint64_t a, b, c, d, e; const char *name; int64_t says, host; } posix_step;
#define OPEN_(who, slot, name, flags, says) { who, OPEN, slot, flags, 0666, 0, 0, name, says, SAME }
#define UNLINK_(who, name, says) { who, UNLINK, 0, 0, 0, 0, 0, name, says, SAME }
#define CLOSE_(who, slot) { who, CLOSE, slot, 0, 0, 0, 0, "", OK_, SAME }
#define SIZE_(who, slot, size) { who, STAT, slot, 0, 0, 0, 0, "", size, SAME }
#define TRUNC_(who, slot, size, says) { who, TRUNCATE, slot, size, 0, 0, 0, "", says, SAME }
#define VIEW_(who, slot, to, access, says) { who, MAP, slot, to, access, 0, 0, "", says, SAME }
#define PART_(who, slot, to, access, offset, size, says) { who, MAP, slot, to, access, offset, size, "", says, SAME }
#define OFF_(who, slot) { who, UNMAP, slot, 0, 0, 0, 0, "", OK_, SAME }
#define LOAD_(who, slot, offset, says) { who, GET, slot, offset, 0, 0, 0, "", says, SAME }
#define STORE_(who, slot, offset, n, says) { who, PUT, slot, offset, n, 0, 0, "", says, SAME }
static char long_name[300];
static const posix_step steps[] = {
    /* names */
    OPEN_(1, 0, "/none", 0, NOT_FOUND_), UNLINK_(1, "/none", NOT_FOUND_), OPEN_(1, 0, "/a/b", CR, INVALID_), OPEN_(1, 0, "", CR, INVALID_), OPEN_(1, 0, "/", CR, INVALID_),
    { 1, OPEN, 0, CR, 0666, 0, 0, long_name, TOO_LONG_, SAME }, { 1, UNLINK, 0, 0, 0, 0, 0, long_name, TOO_LONG_, SAME },
    OPEN_(1, 0, "/one", CR | EX, OK_), SIZE_(1, 0, 0), OPEN_(1, 1, "/one", CR | EX, EXISTS_), OPEN_(2, 0, "one", 0, OK_), SIZE_(2, 0, 0),     /* d041: with and without a slash */
    /* growth is zero, and both see one memory */
    TRUNC_(1, 0, 3 * PAGE, OK_), SIZE_(1, 0, 3 * PAGE), SIZE_(2, 0, 3 * PAGE), VIEW_(1, 0, 0, RW, OK_), VIEW_(2, 0, 0, RW, OK_), LOAD_(1, 0, 0, 0), LOAD_(2, 0, 3 * PAGE - 1, 0),
    STORE_(1, 0, 10, 11, OK_), LOAD_(2, 0, 10, 11), STORE_(2, 0, 2 * PAGE + 20, 22, OK_), LOAD_(1, 0, 2 * PAGE + 20, 22),
    /* d036: truncate to the same size, and growth, keep the contents */
    TRUNC_(1, 0, 3 * PAGE, OK_), LOAD_(2, 0, 10, 11), TRUNC_(2, 0, 5 * PAGE, OK_), LOAD_(1, 0, 2 * PAGE + 20, 22), PART_(1, 0, 1, RW, 3 * PAGE, 2 * PAGE, OK_), LOAD_(1, 1, 0, 0),
    STORE_(1, 1, PAGE, 33, OK_), PART_(2, 0, 1, R, 4 * PAGE, PAGE, OK_), LOAD_(2, 1, 0, 33),
    /* d035: truncate under mappings: what is gone faults in both, what is left stays, and what comes again is zero */
    TRUNC_(2, 0, PAGE + 100, OK_), SIZE_(1, 0, PAGE + 100), LOAD_(1, 0, 10, 11), LOAD_(1, 0, PAGE, 0), LOAD_(1, 0, 2 * PAGE, FAULT_), LOAD_(2, 0, 2 * PAGE + 20, FAULT_),
    LOAD_(1, 1, PAGE, FAULT_), LOAD_(2, 1, 0, FAULT_), STORE_(1, 0, 2 * PAGE, 1, FAULT_), STORE_(1, 0, PAGE + 50, 44, OK_), STORE_(1, 0, PAGE + 200, 55, OK_), LOAD_(2, 0, PAGE + 50, 44),
    TRUNC_(1, 0, PAGE + 60, OK_), TRUNC_(1, 0, 4 * PAGE, OK_), LOAD_(2, 0, PAGE + 50, 44), LOAD_(2, 0, PAGE + 200, 0), LOAD_(2, 0, 2 * PAGE + 20, 0), LOAD_(1, 1, 0, 0), LOAD_(2, 1, 0, FAULT_),
    STORE_(1, 0, 2 * PAGE + 20, 66, OK_), LOAD_(2, 0, 2 * PAGE + 20, 66),
    /* d047: a mapping outlives the descriptor, d031: and an object its name */
    CLOSE_(1, 0), LOAD_(1, 0, 10, 11), STORE_(1, 0, 10, 12, OK_), LOAD_(2, 0, 10, 12), UNLINK_(2, "one", OK_), UNLINK_(1, "/one", NOT_FOUND_), OPEN_(1, 0, "/one", 0, NOT_FOUND_),
    LOAD_(2, 0, 10, 12), SIZE_(2, 0, 4 * PAGE), TRUNC_(2, 0, 4 * PAGE + 1, OK_), OPEN_(1, 0, "/one", CR | EX, OK_), SIZE_(1, 0, 0), TRUNC_(1, 0, PAGE, OK_), VIEW_(1, 0, 2, RW, OK_),
    STORE_(1, 2, 10, 99, OK_), LOAD_(2, 0, 10, 12), CLOSE_(2, 0), LOAD_(1, 0, 10, 12), OFF_(2, 0), OFF_(2, 1), LOAD_(1, 0, 2 * PAGE + 20, 66), OFF_(1, 0), OFF_(1, 1), LOAD_(1, 2, 10, 99),
    /* d039: who opened it for reading alone */
    OPEN_(2, 0, "/one", RO, OK_), VIEW_(2, 0, 0, R, OK_), LOAD_(2, 0, 10, 99), STORE_(2, 0, 10, 1, DENIED_), VIEW_(2, 0, 1, RW, DENIED_),
    { 2, TRUNCATE, 0, 0, 0, 0, 0, "", DENIED_, INVALID_ }, SIZE_(2, 0, PAGE), LOAD_(1, 2, 10, 99),
    /* an existing one again, and emptied */
    OPEN_(2, 1, "/one", CR, OK_), SIZE_(2, 1, PAGE), CLOSE_(2, 1), OPEN_(2, 1, "/one", CR | TR, OK_), SIZE_(2, 1, 0), LOAD_(2, 0, 10, FAULT_), LOAD_(1, 2, 10, FAULT_), SIZE_(1, 0, 0),
    TRUNC_(1, 0, 2 * PAGE, OK_), LOAD_(2, 0, 10, 0), LOAD_(1, 2, 10, 0),
    /* d034: closing twice is an error, and nobody else's loss */
    CLOSE_(2, 0), { 2, CLOSE, 0, 0, 0, 0, 0, "", GONE_, GONE_ }, LOAD_(2, 0, 10, 0), SIZE_(2, 1, 2 * PAGE), { 2, TRUNCATE, 0, PAGE, 0, 0, 0, "", GONE_, GONE_ },
    OFF_(2, 0), CLOSE_(2, 1), OFF_(1, 2), CLOSE_(1, 0), UNLINK_(1, "/one", OK_), OPEN_(2, 0, "/one", 0, NOT_FOUND_),
};

/* The host's side of it: a process of its own that obeys the same orders. */
typedef struct host_side { int fd[SLOTS]; byte *at[SLOTS]; size_t size[SLOTS]; char prefix[40]; } host_side;
static host_side host;
static sigjmp_buf host_landing;
static int host_number, host_code;
static void host_fault(int number, siginfo_t *i, void *context)
{
    (void)context;
    host_number = number;
    host_code = i->si_code;
    siglongjmp(host_landing, 1);
}
static int64_t host_error(void)
{
    switch (errno) {
    case EEXIST: return EXISTS_;
    case ENOENT: return NOT_FOUND_;
    case EACCES: case EPERM: return DENIED_;
    case EINVAL: return INVALID_;
    case ENAMETOOLONG: return TOO_LONG_;
    case EBADF: return GONE_;
    default: printf("    host: %s\n", strerror(errno)); return -999;
    }
}
static const char *host_name(const char *name)      /* a name that nobody else on this machine has; what is wrong with it stays so */
{
    static char full[400];
    if (!*name || !strcmp(name, "/") || strlen(name) > 255) return name;
    snprintf(full, sizeof full, "/%s%s", host.prefix, name + (*name == '/'));
    return full;
}
static int64_t host_obey(order *o)
{
    const uint64_t *a = o->a;
    struct stat st;
    int flags;
    void *p;
    switch (o->op) {
    case OPEN:
        flags = (a[1] & RO ? O_RDONLY : O_RDWR) | (a[1] & CR ? O_CREAT : 0) | (a[1] & EX ? O_EXCL : 0) | (a[1] & TR ? O_TRUNC : 0);
        flags = shm_open(host_name(o->name), flags, (mode_t)a[2]);
        if (flags < 0) return host_error();
        host.fd[a[0]] = flags;
        return OK_;
    case CLOSE: return close(host.fd[a[0]]) == 0 ? OK_ : host_error();
    case UNLINK: return shm_unlink(host_name(o->name)) == 0 ? OK_ : host_error();
    case TRUNCATE: return ftruncate(host.fd[a[0]], (off_t)a[1]) == 0 ? OK_ : host_error();
    case STAT: return fstat(host.fd[a[0]], &st) == 0 ? (int64_t)st.st_size : host_error();
    case MAP:
        if (fstat(host.fd[a[0]], &st) != 0) return host_error();
        host.size[a[1]] = a[4] ? a[4] : (size_t)st.st_size - a[3];
        p = mmap(NULL, host.size[a[1]], a[2] == RW ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, host.fd[a[0]], (off_t)a[3]);
        if (p == MAP_FAILED) return host_error();
        host.at[a[1]] = (byte *)p;
        return OK_;
    case UNMAP: return munmap((void *)(uintptr_t)host.at[a[0]], host.size[a[0]]) == 0 ? OK_ : host_error();
    case GET: case PUT:
        if (sigsetjmp(host_landing, 1) != 0) return host_number == SIGBUS || host_code == SEGV_MAPERR ? FAULT_ : DENIED_;
        if (o->op == GET) return host.at[a[0]][a[1]];
        host.at[a[0]][a[1]] = (unsigned char)a[2];
        return OK_;
    default: return OK_;
    }
}
static int host_member(unsigned me)
{
    order *o = &board_->at[me];
    struct sigaction s;
    memset(&s, 0, sizeof s);
    s.sa_sigaction = host_fault;
    s.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &s, NULL);
    sigaction(SIGBUS, &s, NULL);
    snprintf(host.prefix, sizeof host.prefix, "vipc-test-%d-", (int)getppid());
    o->pid = 1;
    for (uint32_t turn = 1;; turn++) {
        UNTIL(o->turn >= turn);
        o->result = host_obey(o);
        const uint32_t op = o->op;
        o->done = turn;
        if (op == QUIT) return 0;
    }
}
static int64_t do_step(const posix_step *s, const char *name)
{
    order *o = &board_->at[s->who];
    snprintf(o->name, sizeof o->name, "%s", name);
    const int64_t e = tell(s->who, s->op, s->a, s->b, s->c, s->d, s->e);
    return s->op == STAT && e == VIPC_OK ? (int64_t)out(s->who, 1) : e;
}
TEST(d031_d047_named_objects_do_as_posix_shared_memory_does)
{
    const unsigned count = sizeof steps / sizeof *steps;
    memset(long_name, 'n', 256);
    /* the host's own word first */
    clear_the_table();
    for (unsigned i = 1; i <= 2; i++) {
        const pid_t pid = child_of(host_member, i);
        REQUIRE(pid > 0);
        w.pid[i] = pid;
        UNTIL(board_->at[i].pid);
    }
    unsigned bad = 0;
    for (unsigned i = 0; i < count; i++) {
        const posix_step *s = &steps[i];
        const int64_t want = s->host == SAME ? s->says : s->host;
        order *o = &board_->at[s->who];
        snprintf(o->name, sizeof o->name, "%s", s->name);
        const int64_t got = tell(s->who, s->op, s->a, s->b, s->c, s->d, s->e);
        if (!CHECK_EQ(got, want)) { printf("    the host, step %u (%d)\n", i, (int)s->op); bad++; }
    }
    quit(1);
    quit(2);
    begin(2);
    for (unsigned i = 0; i < count; i++) {
        const int64_t got = do_step(&steps[i], steps[i].name);
        if (!CHECK_EQ(got, steps[i].says)) { printf("    the library, step %u (%d)\n", i, (int)steps[i].op); bad++; }
    }
    CHECK_EQ(bad, 0);
    printf("    %u steps, the same with the library and the host's shm_open\n", count);
    CHECK_OK(tell(1, COUNT, 0, 0, 0, 0, 0));
    CHECK_EQ(out(1, 0), 0);
    finish();
}
/* The host checks modes for all but root; here who did not make it is "all others". */
TEST(d040_modes_and_who_may_unlink)
{
    begin(2);
    CHECK_OK(tell_name(1, OPEN, 0, "/secret", CR | EX, 0600));
    CHECK_EQ(tell_name(2, OPEN, 0, "/secret", RO, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell_name(2, OPEN, 0, "/secret", 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell_name(2, OPEN, 0, "/secret", CR, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell_name(2, OPEN, 0, "/secret", CR | EX, 0), VIPC_ERR_EXISTS);
    CHECK_EQ(tell_name(2, UNLINK, 0, "/secret", 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(tell_name(1, OPEN, 1, "/shown", CR | EX, 0644));
    CHECK_OK(tell_name(2, OPEN, 1, "/shown", RO, 0));
    CHECK_EQ(tell_name(2, OPEN, 2, "/shown", 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell_name(2, OPEN, 2, "/shown", CR | TR, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell_name(2, UNLINK, 0, "/shown", 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(tell_name(1, OPEN, 2, "/ours", CR | EX, 0));             /* 0666 */
    CHECK_OK(tell_name(2, OPEN, 2, "/ours", 0, 0));
    CHECK_OK(tell(2, TRUNCATE, 2, PAGE, 0, 0, 0));
    CHECK_OK(tell_name(2, UNLINK, 0, "/ours", 0, 0));
    CHECK_OK(tell_name(1, OPEN, 3, "/mine", CR | EX, 0400));          /* its maker has what the open gave it, and nothing more by another */
    CHECK_OK(tell(1, TRUNCATE, 3, PAGE, 0, 0, 0));
    CHECK_EQ(tell_name(1, OPEN, 4, "/mine", 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(tell_name(1, OPEN, 4, "/mine", RO, 0));
    CHECK_OK(tell_name(1, UNLINK, 0, "/mine", 0, 0));
    CHECK_OK(tell_name(1, UNLINK, 0, "/shown", 0, 0));
    CHECK_OK(tell_name(1, UNLINK, 0, "/secret", 0, 0));
    CHECK_OK(tell(1, COUNT, 0, 0, 0, 0, 0));
    CHECK_EQ(out(1, 0), 0);
    finish();
}
TEST(d044_names_and_contents_stay_when_everybody_dies)
{
    begin(2);
    CHECK_OK(tell_name(1, OPEN, 0, "/kept", CR | EX, 0));
    CHECK_OK(tell(1, TRUNCATE, 0, 3 * PAGE, 0, 0, 0));
    REQUIRE_OK(MAP_(1, 0, RW));
    CHECK_OK(WRITE_(1, 0, 2 * PAGE, 80));
    shoot(1);
    CHECK_OK(tell_name(2, OPEN, 0, "/kept", 0, 0));
    CHECK_OK(tell(2, STAT, 0, 0, 0, 0, 0));
    CHECK_EQ(out(2, 1), 3 * PAGE);
    CHECK_EQ(out(2, 2), 0);
    CHECK_EQ(out(2, 3), 1);
    REQUIRE_OK(MAP_(2, 0, RW));
    CHECK_EQ(READ_(2, 0, 2 * PAGE), 80);
    CHECK_OK(tell_name(2, UNLINK, 0, "/kept", 0, 0));
    CHECK_EQ(READ_(2, 0, 2 * PAGE), 80);
    shoot(2);                                                      /* and with its last holder it goes */
    finish();
}
/* Pages that a truncate takes are nobody else's before those who have them mapped have let go. */
TEST(d035_truncate_under_a_stopped_process)
{
    uint64_t before, during, objects, capabilities;
    int status;
    begin(2);
    CHECK_OK(tell_name(1, OPEN, 0, "/cut", CR | EX, 0));
    CHECK_OK(tell(1, TRUNCATE, 0, 20 * PAGE, 0, 0, 0));
    CHECK_OK(tell_name(2, OPEN, 0, "/cut", 0, 0));
    REQUIRE_OK(MAP_(2, 0, RW));
    CHECK_OK(WRITE_(2, 0, 19 * PAGE, 1));
    CHECK_OK(tell_name(0, OPEN, 0, "/cut", 0, 0));
    reckon(&before, &objects, &capabilities);
    REQUIRE(kill(w.pid[2], SIGSTOP) == 0 && waitpid(w.pid[2], &status, WUNTRACED) == w.pid[2] && WIFSTOPPED(status));
    CHECK_EQ(vipc_object_truncate(&w.ipc, w.c[0], 5 * PAGE, vipc_after(&w.ipc, 100000000u)), VIPC_ERR_TIMEOUT);
    CHECK_OK(tell(0, STAT, 0, 0, 0, 0, 0));
    CHECK_EQ(out(0, 1), 5 * PAGE);
    reckon(&during, &objects, &capabilities);
    CHECK_EQ(during, before);
    REQUIRE(kill(w.pid[2], SIGCONT) == 0);
    CHECK_EQ(READ_(2, 0, 19 * PAGE), VIPC_ERR_FAULT);
    CHECK_EQ(READ_(2, 0, 4 * PAGE), 0);
    CHECK_OK(vipc_object_truncate(&w.ipc, w.c[0], 5 * PAGE, late()));
    reckon(&during, &objects, &capabilities);
    CHECK_EQ(during, before - 15);
    CHECK_OK(tell_name(0, UNLINK, 0, "/cut", 0, 0));
    CHECK_OK(vipc_close(&w.ipc, w.c[0]));
    finish();
}

/* -------------------------------------------------------------------------------------------------- who guesses
 * A member that knows the tokens, ids and addresses of others, and nothing else.  It may ask what it likes: each is refused. */
static int64_t guess(order *o)
{
    uint64_t state = o->a[0];
    const vipc_cap theirs = { o->a[1] };
    const vipc_addr at = o->a[3];
    vipc_region_info i;
    vipc_object_stat st;
    vipc_map_desc d;
    vipc_mapping m;
    vipc_pid to;
    vipc_cap got, own, their_space;
    vipc_region_desc mine;
    int64_t through = 0;
    memset(&d, 0, sizeof d);
    memset(&mine, 0, sizeof mine);
    mine.size = PAGE;
    their_space.token = o->a[4];
    to.id = board_->at[0].pid;                                     /* somebody who would be glad to have it */
    if (vipc_region_create(&w.ipc, &mine, &own) != VIPC_OK) return -1;
    for (int n = 0; n < 3000; n++) {
        vipc_cap c = theirs;
        if (n > 0) c.token = n % 3 == 0 ? rnd(&state) : n % 3 == 1 ? theirs.token ^ (uint64_t)1 << below(&state, 64) : theirs.token + below(&state, 2000) - 1000;
        if (c.token == own.token) continue;
        through += vipc_region_get(&w.ipc, c, &i) == VIPC_OK;
        d.access = n % 2 ? R : RW;
        through += vipc_map(&w.ipc, c, &d, &m) == VIPC_OK;
        through += vipc_object_get(&w.ipc, c, &st) == VIPC_OK;
        for (uint32_t mode = VIPC_SHARE; mode <= VIPC_COPY_ON_WRITE; mode++) through += vipc_region_transfer(&w.ipc, c, to, mode, 0, &got, VIPC_NOW) != VIPC_ERR_INVALID_CAPABILITY;
        through += vipc_region_seal(&w.ipc, c, VIPC_NOW) == VIPC_OK;
        through += vipc_object_truncate(&w.ipc, c, 0, VIPC_NOW) == VIPC_OK;
        through += vipc_derive(&w.ipc, c, NULL, &got) == VIPC_OK && vipc_cap_type(c) == VIPC_TYPE_REGION;
        through += vipc_region_find(&w.ipc, n ? rnd(&state) >> below(&state, 64) : o->a[2], &got) == VIPC_OK && got.token != own.token;
        memset(&m, 0, sizeof m);
        m.at = at + below(&state, 8) * PAGE;
        m.size = PAGE;
        through += vipc_unmap(&w.ipc, &m, VIPC_NOW) == VIPC_OK;
    }
    through += get((byte *)(uintptr_t)at) >= 0;                    /* where they have it mapped, here is nothing */
    through += vipc_space_unmap(&w.ipc, their_space, at, PAGE, VIPC_NOW) != VIPC_ERR_INVALID_CAPABILITY;
    through += vipc_region_find(&w.ipc, o->a[2], &got) == VIPC_OK;
    d.space = their_space;                                         /* its own region into their space */
    through += vipc_map(&w.ipc, own, &d, &m) != VIPC_ERR_INVALID_CAPABILITY;
    d.space.token = 0;
    through += vipc_map(&w.ipc, own, &d, &m) != VIPC_OK;           /* which is not for want of a good one */
    return vipc_unmap(&w.ipc, &m, late()) == VIPC_OK && vipc_close(&w.ipc, own) == VIPC_OK ? through : -1;
}
TEST(d003_d020_who_guesses_gets_nothing)
{
    begin(3);
    make(1, 6);
    REQUIRE_OK(hand(1, 3, VIPC_SHARE, R));
    REQUIRE_OK(MAP_(3, 0, R));
    REQUIRE_OK(tell(1, INFO, 0, 0, 0, 0, 0));
    order *o = &board_->at[1];
    const uint64_t id = o->out[0], at = o->out[7];
    uint64_t was[8], seed = seed_from_environment();
    memcpy(was, o->out, sizeof was);
    /* the tokens, as the ones who have them would tell them: by the world of a forked child they are not ours, so they are asked for */
    REQUIRE_OK(tell(1, TRANSFER, 0, pid_of(0), VIPC_SHARE, 0, 0));
    const uint64_t ours = out(1, 0);
    REQUIRE_OK(tell(1, SPACE, 0, 0, 0, 0, 0));
    CHECK_EQ(tell(2, GUESS, seed, ours, id, at, out(1, 0)), 0);
    REQUIRE_OK(tell(0, MINE, 0, ours, 0, 0, 0));
    CHECK_OK(tell(0, CLOSE, 0, 0, 0, 0, 0));
    REQUIRE_OK(tell(1, INFO, 0, 0, 0, 0, 0));
    CHECK(memcmp(was, o->out, sizeof was) == 0);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_EQ(READ_(1, 0, i * PAGE + i), i + 1);
        CHECK_EQ(READ_(3, 0, i * PAGE + i), i + 1);
    }
    /* and one who has it for reading gets no more out of that */
    CHECK_EQ(tell(3, SEAL, 0, 0, 0, 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell(3, DESTROY, 0, 0, 0, 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(hand(3, 2, VIPC_SHARE, RW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(hand(3, 2, VIPC_MOVE, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(tell(3, TRUNCATE, 0, 0, 0, 0, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(WRITE_(3, 0, 0, 66), VIPC_ERR_PERMISSION_DENIED);
    finish();
}

/* -------------------------------------------------------------------------------------------------- kills
 * Three that hand regions to one another in all ways, write to them, cut objects short and take back what they gave, until one is killed: as owner, giver or
 * receiver, at whatever instruction.  A page of a region begins with a stamp and its complement, the same in each of its pages, so that a torn, foreign or
 * half-copied one is seen. */
enum { HELD = 6, STAMPED = 6 };
typedef struct held { vipc_cap c; vipc_mapping m; int owned, alone; } held;      /* alone: nobody else can have it, so it may be stamped anew */
static void stamp(const vipc_mapping *m, uint64_t n)
{
    for (uint64_t k = 0; k + PAGE <= m->size; k += PAGE) {
        volatile uint64_t *p = (volatile uint64_t *)(uintptr_t)(m->at + k);
        p[0] = n;
        p[1] = ~n;
        p[2] = k;
    }
}
/* 0: all pages of one stamp; who reads beside a revoke may lose it at any moment: -1. */
static int stamped(const vipc_mapping *m)
{
    sigjmp_buf here;
    volatile int bad = 0;
    landing_ = &here;
    if (sigsetjmp(here, 1) == 0) {
        const volatile uint64_t *first = (const volatile uint64_t *)(uintptr_t)m->at;
        for (uint64_t k = 0; k + PAGE <= m->size; k += PAGE) {
            const volatile uint64_t *p = (const volatile uint64_t *)(uintptr_t)(m->at + k);
            if (p[0] != first[0] || p[1] != ~first[0] || p[2] != k) bad = 1;
        }
    } else bad = -1;
    landing_ = NULL;
    return bad;
}
static void wrong(unsigned me, const char *what, int64_t e)
{
    board_->number[20]++;
    printf("    actor %u: %s: %lld\n", me, what, (long long)e);
    fflush(stdout);
}
/* What is held here as far as it is there still: others revoke it, or a second capability for the same region went with its move, and then something else may
 * lie at its addresses. */
static held held_[HELD];
static void look_again(held *h)
{
    vipc_region_info i;
    if (!h->c.token) return;
    if (vipc_region_get(&w.ipc, h->c, &i) != VIPC_OK) memset(h, 0, sizeof *h);
    else if (h->m.size && (i.mine.at != h->m.at || i.mine.size != h->m.size)) memset(&h->m, 0, sizeof h->m);
    else if (i.holders > 1) h->alone = 0;
}
static void drop(held *h)
{
    if (h->m.size) (void)vipc_unmap(&w.ipc, &h->m, vipc_after(&w.ipc, 20000000u));
    for (held *o = held_; h->m.size && o < held_ + HELD; o++) if (o != h && o->m.at == h->m.at) memset(&o->m, 0, sizeof o->m);
    if (h->c.token) (void)vipc_close(&w.ipc, h->c);
    memset(h, 0, sizeof *h);
}
static void named(uint64_t *state)
{
    static const char *const names[] = { "/k0", "/k1", "/k2" };
    const char *name = names[below(state, 3)];
    const vipc_time soon = vipc_after(&w.ipc, 20000000u);
    vipc_cap c;
    vipc_mapping m;
    vipc_map_desc d;
    memset(&d, 0, sizeof d);
    d.access = RW;
    if (below(state, 4) == 0) (void)vipc_object_unlink(&w.ipc, name);
    if (vipc_object_open(&w.ipc, name, CR | (below(state, 4) == 0 ? TR : 0), 0, &c, soon) != VIPC_OK) return;
    (void)vipc_object_truncate(&w.ipc, c, below(state, 5 * PAGE), soon);
    if (vipc_map(&w.ipc, c, &d, &m) == VIPC_OK) {
        for (uint64_t k = 0; k < m.size; k += PAGE) (void)put((byte *)(uintptr_t)(m.at + k), 1);      /* another may cut it short meanwhile */
        (void)vipc_object_truncate(&w.ipc, c, below(state, 5 * PAGE), soon);
        (void)vipc_unmap(&w.ipc, &m, soon);
    }
    (void)vipc_close(&w.ipc, c);
}
static void take_in(unsigned me, held *h)
{
    vipc_incoming in;
    memset(&in, 0, sizeof in);
    if (vipc_receive_large(&w.ipc, w.door, &in, VIPC_NOW) != VIPC_OK || !in.region.token) return;
    drop(h);
    h->c = in.region;
    h->owned = in.region_mode != VIPC_SHARE;
    h->alone = in.region_mode == VIPC_COPY_ON_WRITE;
    vipc_map_desc d;
    memset(&d, 0, sizeof d);
    d.access = in.region_access & 2 ? RW : R;
    const vipc_error e = vipc_map(&w.ipc, h->c, &d, &h->m);
    if (e != VIPC_OK && e != VIPC_ERR_INVALID_CAPABILITY && e != VIPC_ERR_LIMIT && e != VIPC_ERR_OUT_OF_MEMORY) wrong(me, "vipc_map of what came", e);
    if (e != VIPC_OK) memset(&h->m, 0, sizeof h->m);
    else if (stamped(&h->m) == 1) wrong(me, "what came is torn, mode", in.region_mode);
}
static int actor(unsigned me)
{
    uint64_t state = board_->number[24 + me];
    held *const h = held_;
    vipc_posix_window_desc d;
    memset(&d, 0, sizeof d);
    d.size = 8 << 20;
    d.fault = on_fault;
    if (vipc_posix_after_fork(&w.ipc, "actor") != VIPC_OK || vipc_posix_window_open(&w.ipc, &d, &w.space) != VIPC_OK) return 1;
    char name[] = "actor0";
    name[5] = (char)('0' + me);
    if (vipc_endpoint_create(&w.ipc, NULL, &w.door) != VIPC_OK || vipc_publish(&w.ipc, name, w.door, VIPC_RIGHT_SEND) != VIPC_OK) return 2;
    board_->pid[me] = vipc_self(&w.ipc).id;
    for (;;) {
        held *one = &h[below(&state, HELD)];
        const unsigned other = (me + 1 + (unsigned)below(&state, ACTORS - 1)) % ACTORS;
        const uint32_t mode = (uint32_t)below(&state, 3);
        const vipc_time soon = vipc_after(&w.ipc, 20000000u);
        vipc_outgoing m;
        vipc_region_desc r;
        vipc_map_desc v;
        vipc_pid to;
        vipc_cap door, theirs;
        vipc_error e;
        memset(&m, 0, sizeof m);
        memset(&r, 0, sizeof r);
        memset(&v, 0, sizeof v);
        look_again(one);
        switch (below(&state, 9)) {
        case 0: case 1:
            if (one->c.token) break;
            r.size = (1 + below(&state, STAMPED)) * PAGE;
            v.access = RW;
            if (vipc_region_create(&w.ipc, &r, &one->c) != VIPC_OK) { memset(one, 0, sizeof *one); break; }
            one->owned = one->alone = 1;
            if (vipc_map(&w.ipc, one->c, &v, &one->m) == VIPC_OK) stamp(&one->m, rnd(&state));
            else memset(&one->m, 0, sizeof one->m);
            break;
        case 2: case 3:                                            /* by message */
            if (!one->c.token || !one->m.size || (mode == VIPC_MOVE && !one->owned)) break;
            name[5] = (char)('0' + other);
            if (vipc_lookup(&w.ipc, name, VIPC_RIGHT_SEND, &door, VIPC_NOW) != VIPC_OK) break;
            m.region = one->c;
            m.region_mode = mode;
            e = vipc_send_large(&w.ipc, door, &m, soon);
            if (e == VIPC_OK && mode == VIPC_MOVE) {
                const int64_t got = get((byte *)(uintptr_t)one->m.at);
                if (got != VIPC_ERR_FAULT) wrong(me, "what was moved is there still", got);
                memset(one, 0, sizeof *one);
            } else if (mode == VIPC_MOVE && get((byte *)(uintptr_t)one->m.at) < 0) memset(&one->m, 0, sizeof one->m);      /* its mappings may have gone */
            if (mode != VIPC_COPY_ON_WRITE) one->alone = 0;
            (void)vipc_close(&w.ipc, door);
            break;
        case 4:                                                    /* directly; who gets it need not know */
            if (!one->c.token || !board_->pid[other] || (mode == VIPC_MOVE && !one->owned)) break;
            to.id = board_->pid[other];
            e = vipc_region_transfer(&w.ipc, one->c, to, mode, 0, &theirs, soon);
            if (e == VIPC_OK && mode == VIPC_MOVE) memset(one, 0, sizeof *one);
            else if (mode == VIPC_MOVE && one->m.size && get((byte *)(uintptr_t)one->m.at) < 0) memset(&one->m, 0, sizeof one->m);
            if (mode != VIPC_COPY_ON_WRITE) one->alone = 0;
            break;
        case 5: case 6: take_in(me, one); break;
        case 7:
            if (one->c.token && below(&state, 2)) (void)vipc_revoke(&w.ipc, one->c, soon);
            else drop(one);
            break;
        default:
            if (below(&state, 2)) named(&state);
            else if (one->m.size && one->alone) {
                stamp(&one->m, rnd(&state));
                if (stamped(&one->m) != 0) wrong(me, "what I have alone is torn", one->owned);
            } else if (one->m.size && stamped(&one->m) == 1) wrong(me, "what I have is torn", one->owned);
        }
        board_->number[me]++;
    }
}
TEST(d029_kills_at_random_moments_of_transfers)
{
    pid_t *const pid = loose_;
    const int rounds = getenv("VIPC_TEST_SHORT") ? 40 : 300;
    uint64_t seed = seed_from_environment(), done = 0;
    domain_open(32 << 20);
    for (int round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < ACTORS; i++) {
            if (pid[i]) continue;
            board_->pid[i] = board_->number[i] = 0;
            board_->number[24 + i] = seed + (uint64_t)round * 31 + i * 7919u;
            pid[i] = child_of(actor, i);
            REQUIRE(pid[i] > 0);
        }
        const unsigned victim = (unsigned)below(&seed, ACTORS);
        int status = 0;
        for (pid_t gone = 0; !gone && board_->number[victim] < 30; nap()) gone = waitpid(pid[victim], &status, WNOHANG);
        if (!CHECK_EQ(status, 0)) { pid[victim] = 0; break; }
        for (uint64_t spins = below(&seed, 20000); spins > 0; spins--) __asm__ volatile("");
        done += board_->number[victim];
        kill(pid[victim], SIGKILL);
        REQUIRE(waitpid(pid[victim], &status, 0) == pid[victim]);
        if (!CHECK_EQ(status, SIGKILL)) printf("    round %d\n", round);
        pid[victim] = 0;
        if (round % 10 == 0) {
            uint32_t violations = 1;
            CHECK_OK(vipc_sweep(&w.ipc, NULL));
            CHECK_OK(vipc_check(&w.ipc, &violations));
            CHECK_EQ(violations, 0);
        }
    }
    for (unsigned i = 0; i < ACTORS; i++)
        if (pid[i]) { kill(pid[i], SIGKILL); waitpid(pid[i], NULL, 0); pid[i] = 0; }
    CHECK_OK(vipc_sweep(&w.ipc, NULL));
    for (char name[] = "/k0"; name[2] < '3'; name[2]++) {
        const vipc_error e = vipc_object_unlink(&w.ipc, name);
        CHECK(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND);
    }
    uint32_t left = 9;
    CHECK_OK(vipc_object_count(&w.ipc, &left));
    CHECK_EQ(left, 0);
    CHECK_EQ(board_->number[20], 0);
    printf("    %d kills, %llu operations of the killed\n", rounds, (unsigned long long)done);
    finish();
}

int main(int argc, char **argv)
{
    static const test_case cases[] = {
        T(d001_both_see_what_either_stores), T(d002_nobody_stores_where_he_may_only_read), T(d018_what_was_moved_its_giver_has_no_more),
        T(d021_copy_on_write_is_a_snapshot_for_both), T(d021_copy_on_write_of_what_two_have_mapped), T(region_goes_along_with_a_message),
        T(region_stays_mapped_while_the_right_comes_and_goes), T(d008_revoke_takes_mappings_away_from_who_runs),
        T(d017_a_stopped_holder_is_a_timeout_and_keeps_its_frames), T(d009_frames_go_with_the_last_who_has_them),
        T(d029_it_outlives_its_owner_and_goes_with_its_last_holder), T(region_destroyed_under_those_who_have_it_mapped),
        T(region_sealed_nobody_writes_any_more), T(region_mapped_at_once_is_there_for_system_calls), T(region_of_neighbours_takes_few_mappings_of_the_kernel),
        T(region_of_scattered_frames), T(region_mapping_fails_at_each_call_of_the_hosts), T(region_of_a_gigabyte), T(d065_a_clone_shares_what_is_shared),
        T(region_idle_when_its_creator_is_left_alone), T(d031_d047_named_objects_do_as_posix_shared_memory_does), T(d040_modes_and_who_may_unlink),
        T(d044_names_and_contents_stay_when_everybody_dies), T(d035_truncate_under_a_stopped_process), T(d003_d020_who_guesses_gets_nothing),
        T(d029_kills_at_random_moments_of_transfers)
    };
    board_ = (board *)share_map(share_fd(sizeof *board_), sizeof *board_);
    not_for_ever();
    return test_main_(argc, argv, cases, sizeof cases / sizeof *cases);
}
