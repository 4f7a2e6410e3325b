/* veridian_mock.h - v0.1.0 - veridian_ipc.h in one thread, for tests
 * SPDX-License-Identifier: MIT OR Unlicense       (see the end of veridian_ipc.h)
 *
 * A domain in memory that the test brings, several processes of it in one thread, and hooks that do what the test says: fail, die, let time pass.
 * In ONE C or C++ file of the test, before or after the other one:
 *
 *     #define VERIDIAN_MOCK_IMPLEMENTATION
 *     #include "shims/veridian_mock.h"
 *
 * and everywhere else the include alone.  It brings veridian_frames.h along.  Freestanding but for <setjmp.h>: no system calls, no allocation,
 * no globals, nothing printed; the same run each time.
 *
 * EXAMPLE (compiles as C99 and as C++11)
 *
 *     #define VERIDIAN_IPC_IMPLEMENTATION
 *     #include "veridian_ipc.h"
 *     #define VERIDIAN_MOCK_IMPLEMENTATION
 *     #include "shims/veridian_mock.h"
 *
 *     static void serve(vipc_mock *m, uint64_t who)
 *     {
 *         vipc_message q;
 *         vipc_info info;
 *         if (vipc_receive(&m->v[who], *(vipc_cap *)m->script, &q, &info, VIPC_NOW) == VIPC_OK) vipc_reply(&m->v[who], info.reply, &q);
 *     }
 *     static void meanwhile(vipc_mock *m, uint64_t asleep) { if (asleep == 1) vipc_mock_run(m, 0, serve); }
 *
 *     int main(void)
 *     {
 *         static unsigned char memory[1 << 20];
 *         vipc_error e = VIPC_ERR_HOOK;
 *         for (uint64_t n = 1, died = 1; died; n++) {                   // the server dies at its n-th hook call
 *             vipc_mock m;
 *             vipc_cap door, his;
 *             vipc_message q = VIPC_INIT;
 *             if (vipc_mock_open(&m, memory, sizeof memory, NULL) != VIPC_OK) return 1;
 *             if (vipc_endpoint_create(&m.v[0], NULL, &door) != VIPC_OK) return 2;
 *             if (vipc_grant(&m.v[0], door, vipc_self(&m.v[1]), NULL, &his) != VIPC_OK) return 3;
 *             m.script = &door;
 *             m.asleep = meanwhile;                                     // what the others do while somebody sleeps
 *             vipc_mock_kill_at(&m, 0, VIPC_MOCK_ANY_HOOK, n);
 *             e = vipc_call(&m.v[1], his, &q, &q, VIPC_FOREVER);
 *             died = m.kills;
 *             if (e != VIPC_OK && !(died && e == VIPC_ERR_PEER_DEAD)) return 4;
 *             if (vipc_mock_close(&m) != NULL) return 5;                // nothing broken, nothing left behind
 *         }
 *         return e != VIPC_OK;
 *     }
 *
 * TIME
 *   The clock moves by m.tick nanoseconds a look.  When somebody sleeps and nobody wakes it, it jumps to the end of that sleep.
 *
 * WHAT THE OTHERS DO
 *   A script is a function of the test's that is run at a moment of its choice, as another process or CPU would run then:
 *     m.asleep            somebody sleeps; only a wake-up ends that sleep early
 *     m.before_sleep      between the last look and going to sleep: a wake-up must not get lost here
 *     m.on_alloc          within frame_alloc: the lock of the slow path is held
 *     m.on_enter, .on_leave   around each claim, m.skip calls later
 *   A script is disarmed before it runs; to be run again it arms itself, as its last act.  One that may sleep arms what runs meanwhile.
 *   m.script is the test's own pointer.  A sleep that nobody has ended after m.patience (an hour of the clock; more, for tests of longer deadlines), or
 *   that has no clock, no end and no script, would be a hang elsewhere: here the call returns VIPC_ERR_HOOK, m.stuck counts, and m.trouble says so.
 *
 * ADDRESS SPACES
 *   A domain whose config has max_spaces gets the six hooks for them: tables of translations, and beside them what some CPU, somewhere, may still have of those
 *   that were taken away, for which only tlb_flush and space_destroy help.  vipc_mock_load and vipc_mock_store do as a program on such a CPU: they use whatever lets them, the
 *   old rather than the new, and call vipc_page_fault when nothing does.  Found and said (m.trouble) are: a frame that is freed, or handed out, while some translation,
 *   even an old one, leads to it; a translation to a frame that nobody holds; one that was taken away without a flush; a fault that was resolved and comes again; hooks with
 *   addresses outside the space, or of a space that is gone.
 *   m.held, m.late, m.busy: other CPUs that do not answer at once, in time, or that run in a space to be destroyed.  m.half: page hooks fail, and die, half way.
 *   Physical addresses beyond the frames of the pool are devices: a load there gives the low byte of the physical address, a store is counted in m.device_stores.
 *
 * FAILURES AND DEATHS
 *   vipc_mock_fail_at: the n-th call of a hook fails; ANY_HOOK means those that a real port may fail: frame_alloc, frame_pointer, block, space_create,
 *   space_destroy, page_map, tlb_flush.
 *   vipc_mock_kill_at: a member dies at the n-th call of a hook, before the hook does anything.  Control leaves the library by longjmp and comes out of the
 *   vipc_mock_run that the member was run by; hook process_alive tells the others.  Loop n = 1, 2, ... until m.failures or m.kills stays 0.
 *   LIMIT: in C++ no frame between vipc_mock_run and the library may own anything with a destructor.
 *   LIMIT: deaths between two hook calls are not shown.  Each claim, wake-up, sleep and step with frames has one beside it.
 *   LIMIT: a process that was made by vipc_process_create shares hooks, failures and (by default) death with the member that made it.
 *
 * SWITCHES (implementation only)
 *   VIPC_MOCK_HIDE(p, bytes), VIPC_MOCK_SHOW(p, bytes)   tell a memory checker which frames nobody holds; nothing by default
 */
#ifndef VERIDIAN_MOCK_H
#define VERIDIAN_MOCK_H
#ifndef VERIDIAN_IPC_H
#include "../veridian_ipc.h"
#endif
#include "veridian_frames.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VIPC_MOCK_MEMBERS 16
enum vipc_mock_hook {
    VIPC_MOCK_ALLOC, VIPC_MOCK_FREE, VIPC_MOCK_POINTER, VIPC_MOCK_BLOCK, VIPC_MOCK_WAKE, VIPC_MOCK_NOW, VIPC_MOCK_ENTER, VIPC_MOCK_LEAVE,
    VIPC_MOCK_ALIVE, VIPC_MOCK_LOG, VIPC_MOCK_SPACE_CREATE, VIPC_MOCK_SPACE_DESTROY, VIPC_MOCK_MAP, VIPC_MOCK_UNMAP, VIPC_MOCK_PROTECT, VIPC_MOCK_FLUSH,
    VIPC_MOCK_HOOKS, VIPC_MOCK_ANY_HOOK = VIPC_MOCK_HOOKS
};
enum {
    VIPC_MOCK_NOBODY = VIPC_MOCK_MEMBERS,   /* who calls through vipc_mock.hooks */
    VIPC_MOCK_ANYBODY = 0xffff,             /* to fail: whoever calls */
    VIPC_MOCK_NATIVE = 500,                 /* member i's native_id is this + i, its native_thread is i */
    VIPC_MOCK_PROOF = 1000,                 /* its first proof is this + i */
    VIPC_MOCK_DEAD = 64,                    /* deaths that are remembered */
    VIPC_MOCK_GUARD = 64,                   /* bytes on each side of the domain that must stay as they are */
    VIPC_MOCK_ROOT = 7000                   /* the first space's root is this + 1, the next one's + 2 */
};

typedef struct vipc_mock vipc_mock;
typedef void (*vipc_mock_script)(vipc_mock *m, uint64_t who);   /* who: the member that sleeps, or that is run; on_...: that calls */
struct vipci_mock_frame;                    /* private: of a vipc_mock_run */
struct vipci_mock_sleeper;                  /* private */
struct vipci_mock_page;                     /* private: a translation */
struct vipci_mock_space;                    /* private: a space that has tables */

typedef struct vipc_mock_desc {
    vipc_config config;                     /* zero: defaults, some 560 KiB of memory */
    uint64_t frames;                        /* as many as fit */
    uint32_t members;                       /* 2; at most VIPC_MOCK_MEMBERS */
    uint32_t translations;                  /* 4,096 where there are spaces; of all of them, old ones too: page_map is OUT_OF_MEMORY beyond.  48 bytes each */
} vipc_mock_desc;

typedef struct vipc_mock_seat {
    vipc_mock *mock;
    uint32_t who, joined;                   /* joined: how often */
    uint64_t proof;                         /* of who sits there now */
    bool dead;
    uint64_t calls[VIPC_MOCK_HOOKS];        /* hooks that it called */
} vipc_mock_seat;

struct vipc_mock {
    vipc_mock_seat nobody;                  /* first, so that m.hooks.user may be the mock itself */
    vipc_mock_seat seat[VIPC_MOCK_MEMBERS];
    vipc v[VIPC_MOCK_MEMBERS];              /* the members' views: v[0] made the domain */
    char member[VIPC_MOCK_MEMBERS];         /* 1: vipc_mock_close has it leave */
    vipc_hooks hooks;                       /* for members of the test's own making; a member's hooks are of[who] */
    vipc_hooks of[VIPC_MOCK_MEMBERS];
    vipc_config config;
    unsigned char *given, *memory;          /* as handed over; of the domain */
    uint64_t size;                          /* of the domain */
    unsigned char *pool;                    /* of frame 0 */
    uint64_t *bitmap;
    vipc_frames frames;
    uint64_t in_use, high_water;            /* frames */
    uint32_t page_shift;
    /* the test's to set, at any time */
    vipc_time now, tick, patience;          /* 1 s at first; 100 ns; an hour */
    vipc_mock_script before_sleep, asleep, on_alloc, on_enter, on_leave;
    uint64_t skip;                          /* on_enter and on_leave let so many calls go by first */
    void *script;
    void (*say)(vipc_mock *m, const char *trouble);                                     /* each trouble, in words; may be NULL */
    void (*log)(vipc_mock *m, uint32_t level, uint32_t id, uint64_t a, uint64_t b);     /* what the core logs; may be NULL */
    vipc_mock_script on_table;              /* within page_map, page_unmap and page_protect, before they do anything: the lock of the slow path is held */
    vipc_mock_script on_flush;              /* within a tlb_flush that may wait: no lock is held */
    uint64_t late;                          /* so many calls of tlb_flush that may wait, but not for ever, are TIMEOUT first */
    uint64_t busy;                          /* so many calls of space_destroy are RESOURCE_BUSY first */
    int held;                               /* 1: tlb_flush with NOW is WOULD_BLOCK */
    int half;                               /* 1: page_map fails, and page hooks die, after half of their pages instead of before the first; space_create dies after its work */
    int bare;                               /* 1: free frames are not hidden from now on */
    int fail_on;                            /* see vipc_mock_fail_at; 1: and so do all later ones */
    int fail_hook, fail_with;               /* see vipc_mock_fail_at; with: what alloc and block return; pointer: NULL, or so many bytes off */
    uint32_t fail_who;
    uint64_t fail_at;                       /* calls to go */
    int kill_hook;
    uint32_t kill_who;
    uint64_t kill_at;
    uint64_t dead[VIPC_MOCK_DEAD];          /* proofs that hook process_alive denies */
    unsigned deaths;                        /* how many of them */
    /* the test's to read; counts may be set back */
    uint64_t calls[VIPC_MOCK_HOOKS];
    uint64_t failures, kills;               /* since the last fail_at and kill_at */
    unsigned stuck;                         /* sleeps that nobody would have ended */
    unsigned broken;                        /* hooks called against their contract */
    unsigned lost;                          /* sleepers that were not woken when their word changed, no death to blame */
    const char *trouble;                    /* the first of these, in words; NULL: none */
    unsigned logs[8];                       /* by enum vipc_log */
    uint32_t critical;                      /* depth of enter */
    uint64_t live, stale;                   /* translations in tables; those that were taken away and not flushed since */
    uint64_t unasked;                       /* of the latter, those for which no flush was even tried */
    uint64_t roots, roots_made;             /* spaces that have tables; that ever had */
    uint64_t mapped, unmapped, narrowed;    /* pages for which page_map, page_unmap and page_protect were called */
    uint64_t faults;                        /* vipc_page_fault called by loads and stores */
    uint64_t device_stores;
#if !VIPC_NO_SPACES
    vipc_fault_result fault;                /* of the last of these faults */
#endif
    /* private */
    struct vipci_mock_page *pages;
    struct vipci_mock_space *spaces;
    uint32_t *buckets, *leads;              /* of pages: first + 1; by frame: how many translations lead to it */
    uint32_t pages_max, spaces_max, free_page, inside;
    struct vipci_mock_frame *runs;
    struct vipci_mock_sleeper *sleepers;
    vipc_time vain_since, vain_slice;
    uint32_t vain;
};

/* Bytes that a mock of that shape needs, at any alignment; desc (opt).  0: out of range.  With .frames 0, those for a single frame. */
VIPC_API uint64_t vipc_mock_required_size(const vipc_mock_desc *desc);
/* A domain, and its members in m->v.  The memory is borrowed until vipc_mock_close; what it holds and what *m holds is overwritten.
 * INVALID_ARGUMENT: a field out of range; OUT_OF_MEMORY: size; LIMIT: members. */
VIPC_API vipc_error vipc_mock_open(vipc_mock *m, void *memory, uint64_t size, const vipc_mock_desc *desc);
/* The same without domain and members: for a test that calls vipc_init and vipc_attach itself, with m->memory, m->size and m->hooks. */
VIPC_API vipc_error vipc_mock_prepare(vipc_mock *m, void *memory, uint64_t size, const vipc_mock_desc *desc);
/* Member `who` joins as a new process: the first time, or after it left, was killed or was ended.  INVALID_ARGUMENT: it is a member; those of vipc_attach. */
VIPC_API vipc_error vipc_mock_join(vipc_mock *m, uint32_t who);
/* part(m, who), which acts as that member.  False: the member was dead, or has died in there; its m->v[who] is not to be used again. */
VIPC_API bool vipc_mock_run(vipc_mock *m, uint32_t who, vipc_mock_script part);
/* The member dies where it stands; within a vipc_mock_run, at its next hook call. */
VIPC_API void vipc_mock_kill(vipc_mock *m, uint32_t who);
/* It dies at its n-th call (from 1, from now on) of that hook, which must come in a vipc_mock_run of that member. */
VIPC_API void vipc_mock_kill_at(vipc_mock *m, uint32_t who, int hook, uint64_t n);
/* The n-th call (from 1, from now on) of that hook by that member, or by ANYBODY, fails: frame_alloc, space_create and page_map with OUT_OF_MEMORY, frame_pointer
 * with NULL, block with HOOK, space_destroy with RESOURCE_BUSY, tlb_flush with WOULD_BLOCK (NOW) or TIMEOUT; now (if named) says 0.  All other hooks cannot fail. */
VIPC_API void vipc_mock_fail_at(vipc_mock *m, uint32_t who, int hook, uint64_t n);
/* No failures and no deaths from now on, and other CPUs answer at once. */
VIPC_API void vipc_mock_heal(vipc_mock *m);
/* NULL, or what is wrong: any trouble so far, what vipc_check finds, a byte written outside the domain, frames that nobody knows of.  Between calls only. */
VIPC_API const char *vipc_mock_check(vipc_mock *m);
/* Heal, check, let all members leave, clean up after the dead, and check that no frame is missing.  NULL, or what is wrong.  The memory is the test's again. */
VIPC_API const char *vipc_mock_close(vipc_mock *m);
#if !VIPC_NO_SPACES
/* A program in that space, on a CPU of v's, reads or writes one byte; m->fault and m->faults say what that took.  The error of vipc_space_get or vipc_page_fault; HOOK: it faults
 * again and again (trouble). */
VIPC_API vipc_error vipc_mock_load(vipc_mock *m, vipc *v, vipc_cap space, vipc_addr at, unsigned char *byte);
VIPC_API vipc_error vipc_mock_store(vipc_mock *m, vipc *v, vipc_cap space, vipc_addr at, unsigned char byte);
/* The same, for a READ, a WRITE or an EXEC, in the space of that root.  byte: in of a WRITE, else out. */
VIPC_API vipc_error vipc_mock_access(vipc_mock *m, vipc *v, vipc_cap space, uint64_t root, vipc_addr at, uint32_t access, unsigned char *byte);
/* What the table of `root` says of the page at `at` (any address); false: nothing.  frame, access, cache (opt). */
VIPC_API bool vipc_mock_translation(const vipc_mock *m, uint64_t root, vipc_addr at, uint64_t *frame, uint32_t *access, uint32_t *cache);
/* As a port may: all translations of `root` (0: of all spaces) are forgotten, until a fault brings them back. */
VIPC_API void vipc_mock_forget(vipc_mock *m, uint64_t root);
#endif

#ifdef __cplusplus
}
#endif
#endif /* VERIDIAN_MOCK_H */

#if defined(VERIDIAN_MOCK_IMPLEMENTATION) && !defined(VERIDIAN_MOCK_IMPLEMENTED)
#define VERIDIAN_MOCK_IMPLEMENTED
#ifndef VERIDIAN_FRAMES_IMPLEMENTATION
#define VERIDIAN_FRAMES_IMPLEMENTATION
#endif
#include "veridian_frames.h"
#include <setjmp.h>
#ifndef VIPC_MOCK_HIDE
#define VIPC_MOCK_HIDE(p, bytes) ((void)(p), (void)(bytes))
#endif
#ifndef VIPC_MOCK_SHOW
#define VIPC_MOCK_SHOW(p, bytes) ((void)(p), (void)(bytes))
#endif

/* What memory holds: that of the domain before vipc_init, the guards, a frame that was handed out, one that nobody holds. */
enum { VIPCI_MOCK_RAW = 0x5A, VIPCI_MOCK_FENCE = 0xEE, VIPCI_MOCK_FRESH = 0xA5, VIPCI_MOCK_FREED = 0xDF };
enum { VIPCI_MOCK_VAIN = 300 };             /* sleeps without an end that scripts may let pass without a wake-up */

typedef struct vipci_mock_sleeper { struct vipci_mock_sleeper *next; uint32_t *word; uint64_t self; bool woken; } vipci_mock_sleeper;
typedef struct vipci_mock_frame {           /* what a death puts back */
    struct vipci_mock_frame *outer;
    vipci_mock_sleeper *sleepers;
    uint32_t critical, who, inside;
    jmp_buf out;
} vipci_mock_frame;
typedef struct vipci_mock_page {            /* page: its number.  Chains and the free ones are linked by `next`: index + 1 */
    uint64_t root, page, frame;
    uint32_t access, cache, next;
    bool stale, asked;                      /* gone from the table; a flush of it was refused, or is not due */
    bool loose;                             /* from a page_map that failed: what page_unmap takes away of it is owed no flush, as long as its frame is held */
} vipci_mock_page;
typedef struct vipci_mock_space { uint64_t number, root, start, end; } vipci_mock_space;      /* root: 0 is free */

static void vipci_mock_fill(void *at, int with, uint64_t bytes)
{
#if defined(__GNUC__)
    (void)__builtin_memset(at, with, (size_t)bytes);
#else
    for (uint64_t i = 0; i < bytes; i++) ((unsigned char *)at)[i] = (unsigned char)with;
#endif
}
static bool vipci_mock_holds(const unsigned char *p, int what, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes; i++)
        if (p[i] != what) return false;
    return true;
}
static void vipci_mock_trouble(vipc_mock *m, unsigned *count, const char *what)
{
    ++*count;
    if (!m->trouble) m->trouble = what;
    if (m->say) m->say(m, what);
}
static void vipci_mock_expect(vipc_mock *m, bool kept, const char *what)
{
    if (!kept) vipci_mock_trouble(m, &m->broken, what);
}
static void vipci_mock_script(vipc_mock *m, vipc_mock_script *which, uint64_t who)
{
    vipc_mock_script run = *which;
    *which = NULL;
    if (!run) return;
    m->inside++;
    run(m, who);
    m->inside--;
}
static void vipci_mock_later(vipc_mock_seat *s, vipc_mock_script *which)
{
    if (*which == NULL) return;
    if (s->mock->skip) s->mock->skip--;
    else vipci_mock_script(s->mock, which, s->who);
}

/* -- death and failure -- */
static void vipci_mock_die(vipc_mock_seat *s)
{
    vipc_mock *m = s->mock;
    s->dead = true;
    m->member[s->who] = 0;
    if (m->deaths < VIPC_MOCK_DEAD) m->dead[m->deaths++] = s->proof;
    else vipci_mock_trouble(m, &m->broken, "more deaths than a mock remembers");
    if (m->kill_who == s->who) m->kill_at = 0;
    m->vain = 0;
    m->vain_since = 0;
}
/* Out of the library, to the run that this member is in; all that its hook calls had open is gone. */
static void vipci_mock_vanish(vipc_mock_seat *s)
{
    vipc_mock *m = s->mock;
    vipci_mock_frame *f = m->runs;
    m->sleepers = f->sleepers;
    m->critical = f->critical;
    m->inside = f->inside;
    longjmp(f->out, 1);
}
static bool vipci_mock_runs(const vipc_mock_seat *s) { return s->mock->runs && s->mock->runs->who == s->who; }

/* First thing in every hook. */
static void vipci_mock_called(vipc_mock_seat *s, int hook)
{
    vipc_mock *m = s->mock;
    m->calls[hook]++;
    s->calls[hook]++;
    if (m->kill_at && m->kill_who == s->who && (m->kill_hook == hook || m->kill_hook == VIPC_MOCK_ANY_HOOK) && --m->kill_at == 0) {
        if (vipci_mock_runs(s)) {
            m->kills++;
            vipci_mock_die(s);
        } else vipci_mock_trouble(m, &m->broken, "a member was to die outside of vipc_mock_run");
    }
    if (s->dead && vipci_mock_runs(s)) vipci_mock_vanish(s);
}
static bool vipci_mock_fails(vipc_mock_seat *s, int hook)
{
    vipc_mock *m = s->mock;
    if (m->fail_at == 0 || (m->fail_who != s->who && m->fail_who != VIPC_MOCK_ANYBODY)) return false;
    if (m->fail_hook != hook && (m->fail_hook != VIPC_MOCK_ANY_HOOK || hook == VIPC_MOCK_NOW)) return false;
    if (m->fail_at > 1) { m->fail_at--; return false; }
    if (!m->fail_on) m->fail_at = 0;
    m->failures++;
    return true;
}
static vipc_error vipci_mock_error(const vipc_mock *m, vipc_error natural) { return m->fail_hook == VIPC_MOCK_ANY_HOOK ? natural : (vipc_error)m->fail_with; }

/* -- hooks: frames -- */
static uint64_t vipci_mock_bytes(const vipc_mock *m, uint64_t frames) { return frames << m->page_shift; }
static void vipci_mock_count(vipc_mock *m)
{
    m->in_use = vipc_frames_total(&m->frames) - vipc_frames_available(&m->frames);
    if (m->in_use > m->high_water) m->high_water = m->in_use;
}
static vipc_error vipci_mock_alloc(void *user, uint64_t count, uint64_t *first)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_called(s, VIPC_MOCK_ALLOC);
    vipci_mock_expect(m, m->critical == 0, "frame_alloc inside enter and leave");
    vipci_mock_expect(m, count != 0, "frame_alloc of nothing");
    vipci_mock_script(m, &m->on_alloc, s->who);
    if (vipci_mock_fails(s, VIPC_MOCK_ALLOC)) return vipci_mock_error(m, VIPC_ERR_OUT_OF_MEMORY);
    vipc_error e = vipc_frames_alloc(&m->frames, count, first);
    if (e != VIPC_OK) return e;
    unsigned char *p = (unsigned char *)vipc_frames_pointer(&m->frames, *first, count);
    VIPC_MOCK_SHOW(p, vipci_mock_bytes(m, count));
    vipci_mock_expect(m, vipci_mock_holds(p, VIPCI_MOCK_FREED, vipci_mock_bytes(m, count)), "a frame that nobody holds was written to");
    for (uint64_t i = 0; i < count && m->leads; i++) vipci_mock_expect(m, m->leads[*first + i] == 0, "a frame is handed out that a translation still leads to");
    vipci_mock_fill(p, VIPCI_MOCK_FRESH, vipci_mock_bytes(m, count));
    vipci_mock_count(m);
    return VIPC_OK;
}
static void vipci_mock_free(void *user, uint64_t first, uint64_t count)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_called(s, VIPC_MOCK_FREE);
    vipci_mock_expect(m, m->critical == 0, "frame_free inside enter and leave");
    vipci_mock_expect(m, vipc_frames_is_valid(&m->frames, first, count), "frame_free of what is no frame");
    for (uint64_t i = 0; i < count && vipc_frames_is_valid(&m->frames, first + i, 1); i++) {
        if (!vipc_frames_is_taken(&m->frames, first + i, 1)) continue;
        unsigned char *p = (unsigned char *)vipc_frames_pointer(&m->frames, first + i, 1);
        if (m->leads) vipci_mock_expect(m, m->leads[first + i] == 0, "a frame is freed that a translation still leads to");
        vipci_mock_fill(p, VIPCI_MOCK_FREED, vipci_mock_bytes(m, 1));
        if (!m->bare) VIPC_MOCK_HIDE(p, vipci_mock_bytes(m, 1));
        (void)vipc_frames_free(&m->frames, first + i, 1);
    }
    vipci_mock_count(m);
}
/* Stricter than a port must be: in one thread nobody has reason to ask for frames that are free. */
static void *vipci_mock_pointer(void *user, uint64_t first, uint64_t count)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_called(s, VIPC_MOCK_POINTER);
    if (vipci_mock_fails(s, VIPC_MOCK_POINTER)) return m->fail_hook == VIPC_MOCK_POINTER && m->fail_with > 0 ? m->pool + m->fail_with : NULL;
    return vipc_frames_is_taken(&m->frames, first, count) ? vipc_frames_pointer(&m->frames, first, count) : NULL;
}

/* -- hooks: waiting and time -- */
/* Nobody woke it: time passes.  One wait is cut into slices that grow, so a shorter one begins another wait. */
static vipc_error vipci_mock_oversleep(vipc_mock *m, vipc_time deadline, bool alone)
{
    if (deadline == VIPC_FOREVER) {
        if (!alone && ++m->vain < VIPCI_MOCK_VAIN) return VIPC_OK;
    } else {
        vipc_time slice = deadline > m->now ? deadline - m->now : 0;
        if (m->vain_since == 0 || slice < m->vain_slice) m->vain_since = m->now;
        m->vain_slice = slice;
        m->now += slice;
        if (m->now - m->vain_since < m->patience) return VIPC_ERR_TIMEOUT;
    }
    m->vain = 0;
    m->vain_since = 0;
    vipci_mock_trouble(m, &m->stuck, "a call sleeps for ever, and nobody is left to wake it");
    return VIPC_ERR_HOOK;
}
static vipc_error vipci_mock_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_sleeper me = { m->sleepers, word, self, false };
    vipci_mock_called(s, VIPC_MOCK_BLOCK);
    vipci_mock_expect(m, m->critical == 0, "block inside enter and leave");
    vipci_mock_expect(m, ((uintptr_t)word & 3) == 0, "block on an unaligned word");
    for (const vipci_mock_sleeper *other = m->sleepers; other; other = other->next)
        vipci_mock_expect(m, other->word != word, "two sleepers on one word");
    if (vipci_mock_fails(s, VIPC_MOCK_BLOCK)) return vipci_mock_error(m, VIPC_ERR_HOOK);
    vipci_mock_script(m, &m->before_sleep, self);
    bool sleeps = *(volatile uint32_t *)word == expected, alone = m->asleep == NULL;
    if (sleeps) {
        m->sleepers = &me;
        vipci_mock_script(m, &m->asleep, self);
        m->sleepers = me.next;
    }
    if (s->dead && vipci_mock_runs(s)) vipci_mock_vanish(s);    /* a script killed it */
    bool changed = *(volatile uint32_t *)word != expected;
    if (!sleeps || me.woken || changed) {
        m->vain = 0;
        m->vain_since = 0;
    }
    if (!sleeps || me.woken) return VIPC_OK;
    if (!changed) return vipci_mock_oversleep(m, deadline, alone);
    if (m->deaths == 0) vipci_mock_trouble(m, &m->lost, "a sleeper's word changed, and nobody woke it");
    if (deadline == VIPC_FOREVER) return VIPC_OK;
    if (deadline > m->now) m->now = deadline;
    return VIPC_ERR_TIMEOUT;
}
static void vipci_mock_wake(void *user, uint64_t target, uint32_t *word)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipci_mock_called(s, VIPC_MOCK_WAKE);
    for (vipci_mock_sleeper *other = s->mock->sleepers; other; other = other->next) {
        if (other->word != word) continue;
        vipci_mock_expect(s->mock, other->self == target, "wake names the wrong thread");
        other->woken = true;
    }
}
static vipc_time vipci_mock_now(void *user)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipci_mock_called(s, VIPC_MOCK_NOW);
    if (vipci_mock_fails(s, VIPC_MOCK_NOW)) return 0;
    return s->mock->now += s->mock->tick;
}
static uint32_t vipci_mock_enter(void *user)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipci_mock_called(s, VIPC_MOCK_ENTER);
    vipci_mock_later(s, &s->mock->on_enter);
    return 77u + s->mock->critical++;
}
static void vipci_mock_leave(void *user, uint32_t state)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_called(s, VIPC_MOCK_LEAVE);
    if (m->critical == 0 || state != 77u + m->critical - 1) vipci_mock_trouble(m, &m->broken, "leave does not match enter");
    if (m->critical) m->critical--;
    vipci_mock_later(s, &m->on_leave);
}

/* -- hooks: death and words -- */
static int vipci_mock_alive(void *user, uint64_t proof)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipci_mock_called(s, VIPC_MOCK_ALIVE);
    for (unsigned i = 0; i < s->mock->deaths && i < VIPC_MOCK_DEAD; i++)
        if (s->mock->dead[i] == proof) return 0;
    return 1;
}
static void vipci_mock_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipci_mock_called(s, VIPC_MOCK_LOG);
    if (id < 8) s->mock->logs[id]++;
    if (s->mock->log) s->mock->log(s->mock, level, id, a, b);
}

/* -- hooks: spaces -- */
#if !VIPC_NO_SPACES
static bool vipci_mock_lets(uint32_t has, uint32_t access) { return access == VIPC_PROT_READ ? has != 0 : (has & access) == access; }
static uint32_t vipci_mock_implied(uint32_t access) { return access ? access | VIPC_PROT_READ : 0; }
static uint32_t *vipci_mock_bucket(const vipc_mock *m, uint64_t root, uint64_t page)
{
    uint64_t h = (root * 0x9E3779B97F4A7C15u + page) * 0xD6E8FEB86659FD93u;
    return &m->buckets[(h >> 32) % m->pages_max];
}
static void vipci_mock_lead(const vipc_mock *m, uint64_t frame, uint32_t by) { if (frame < vipc_frames_total(&m->frames)) m->leads[frame] += by; }
static void vipci_mock_drop(vipc_mock *m, vipci_mock_page *e)
{
    uint32_t me = (uint32_t)(e - m->pages) + 1, *at = vipci_mock_bucket(m, e->root, e->page);
    while (*at != me) at = &m->pages[*at - 1].next;
    *at = e->next;
    e->next = m->free_page;
    m->free_page = me;
    vipci_mock_lead(m, e->frame, ~(uint32_t)0);
    if (!e->stale) m->live--;
    else {
        m->stale--;
        m->unasked -= !e->asked;
    }
    e->root = 0;
}
/* NULL: no room. */
static vipci_mock_page *vipci_mock_add(vipc_mock *m, uint64_t root, uint64_t page, uint64_t frame, uint32_t access, uint32_t cache)
{
    if (!m->free_page) return NULL;
    vipci_mock_page *e = &m->pages[m->free_page - 1];
    uint32_t me = m->free_page, *at = vipci_mock_bucket(m, root, page);
    m->free_page = e->next;
    e->root = root;
    e->page = page;
    e->frame = frame;
    e->access = access;
    e->cache = cache;
    e->stale = e->asked = e->loose = false;
    e->next = *at;
    *at = me;
    vipci_mock_lead(m, frame, 1);
    m->live++;
    return e;
}
/* The table's translation of a page; or one of the old ones that lets that access. */
static vipci_mock_page *vipci_mock_find(const vipc_mock *m, uint64_t root, uint64_t page, bool stale, uint32_t access)
{
    for (uint32_t i = *vipci_mock_bucket(m, root, page); i; i = m->pages[i - 1].next) {
        vipci_mock_page *e = &m->pages[i - 1];
        if (e->root == root && e->page == page && e->stale == stale && vipci_mock_lets(e->access, access)) return e;
    }
    return NULL;
}
static vipci_mock_page *vipci_mock_in_table(const vipc_mock *m, uint64_t root, uint64_t page) { return vipci_mock_find(m, root, page, false, 0); }
/* Out of the table, but not out of every CPU; two that are alike are one. */
static void vipci_mock_take(vipc_mock *m, vipci_mock_page *e)
{
    for (uint32_t i = *vipci_mock_bucket(m, e->root, e->page); i; i = m->pages[i - 1].next) {
        vipci_mock_page *o = &m->pages[i - 1];
        if (o->root != e->root || o->page != e->page || !o->stale || o->frame != e->frame || o->access != e->access || o->cache != e->cache) continue;
        m->unasked += o->asked;
        o->asked = false;
        vipci_mock_drop(m, e);
        return;
    }
    e->stale = true;
    e->asked = e->loose;
    m->live--;
    m->stale++;
    m->unasked += !e->asked;
}
static vipci_mock_space *vipci_mock_space_of(const vipc_mock *m, uint64_t root)
{
    for (uint32_t i = 0; i < m->spaces_max; i++)
        if (root && m->spaces[i].root == root) return &m->spaces[i];
    return NULL;
}
/* What every page hook promises of its arguments. */
static bool vipci_mock_range(vipc_mock *m, uint64_t root, uint64_t at, uint64_t pages)
{
    const vipci_mock_space *s = vipci_mock_space_of(m, root);
    vipci_mock_expect(m, m->critical == 0, "a page hook inside enter and leave");
    vipci_mock_expect(m, s != NULL, "a page hook is told of a space that has no tables");
    if (!s) return false;
    bool good = pages != 0 && at % vipci_mock_bytes(m, 1) == 0 && at >= s->start && at < s->end && pages <= (s->end - at) >> m->page_shift;
    vipci_mock_expect(m, good, "a page hook is told of addresses outside the space, or of parts of a page");
    return good;
}
/* The next entry of the range, by way of its page where there are few, else of the whole table.  *i: 0 at first. */
static vipci_mock_page *vipci_mock_next(const vipc_mock *m, uint64_t root, uint64_t first, uint64_t pages, bool stale, uint64_t *i)
{
    bool few = pages < m->pages_max;
    while (*i < (few ? pages : m->pages_max)) {
        uint64_t n = (*i)++;
        vipci_mock_page *e = few ? vipci_mock_find(m, root, first + n, stale, 0) : &m->pages[n];
        if (few && e && stale) --*i;         /* there may be several: whoever asks drops this one */
        if (e && e->root == root && e->stale == stale && e->page >= first && e->page - first < pages) return e;
    }
    return NULL;
}
/* A member that is about to die in this hook dies half way. */
static uint64_t vipci_mock_before_death(const vipc_mock_seat *s, int hook, uint64_t pages)
{
    const vipc_mock *m = s->mock;
    bool dies = m->kill_at == 1 && m->kill_who == s->who && (m->kill_hook == hook || m->kill_hook == VIPC_MOCK_ANY_HOOK) && vipci_mock_runs(s);
    return dies && m->half ? (pages + 1) / 2 : 0;
}
static void vipci_mock_furnish(vipc_mock *m, vipci_mock_space *s, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    *root = VIPC_MOCK_ROOT + ++m->roots_made;
    s->root = *root;
    s->number = space;
    s->start = start;
    s->end = end;
    m->roots++;
}
static vipc_error vipci_mock_space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_space *free_one = NULL;
    for (uint32_t i = 0; i < m->spaces_max; i++)
        if (m->spaces[i].root == 0) free_one = &m->spaces[i];
    if (free_one && vipci_mock_before_death(s, VIPC_MOCK_SPACE_CREATE, 1)) vipci_mock_furnish(m, free_one, space, start, end, root);
    vipci_mock_called(s, VIPC_MOCK_SPACE_CREATE);
    vipci_mock_expect(m, m->critical == 0, "space_create inside enter and leave");
    vipci_mock_expect(m, space != 0 && start < end && (start | end) % vipci_mock_bytes(m, 1) == 0, "space_create of no number, or of no range");
    vipci_mock_expect(m, *root == 0, "space_create of what has a root");
    for (uint32_t i = 0; i < m->spaces_max; i++)
        vipci_mock_expect(m, m->spaces[i].root == 0 || m->spaces[i].number != space, "space_create of a number that has tables");
    if (vipci_mock_fails(s, VIPC_MOCK_SPACE_CREATE)) return vipci_mock_error(m, VIPC_ERR_OUT_OF_MEMORY);
    if (!free_one) return VIPC_ERR_OUT_OF_MEMORY;
    vipci_mock_furnish(m, free_one, space, start, end, root);
    return VIPC_OK;
}
static vipc_error vipci_mock_space_destroy(void *user, uint64_t root)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_space *space = vipci_mock_space_of(m, root);
    vipci_mock_called(s, VIPC_MOCK_SPACE_DESTROY);
    vipci_mock_expect(m, m->critical == 0, "space_destroy inside enter and leave");
    vipci_mock_expect(m, root == 0 || (root > VIPC_MOCK_ROOT && root <= VIPC_MOCK_ROOT + m->roots_made), "space_destroy of what never was");
    if (!space) return VIPC_OK;
    if (vipci_mock_fails(s, VIPC_MOCK_SPACE_DESTROY)) return vipci_mock_error(m, VIPC_ERR_RESOURCE_BUSY);
    if (m->busy) {
        m->busy--;
        return VIPC_ERR_RESOURCE_BUSY;
    }
    for (uint32_t i = 0; i < m->pages_max; i++)
        if (m->pages[i].root == root) vipci_mock_drop(m, &m->pages[i]);
    space->root = 0;
    m->roots--;
    return VIPC_OK;
}
static bool vipci_mock_map_one(vipc_mock *m, uint64_t root, uint64_t page, uint64_t frame, uint32_t access, uint32_t cache)
{
    vipci_mock_page *e = vipci_mock_in_table(m, root, page);
    if (e && e->frame == frame && e->cache == cache && (e->access & ~vipci_mock_implied(access)) == 0) {
        e->access = access;
        e->loose = false;
        return true;
    }
    if (e) vipci_mock_take(m, e);
    return vipci_mock_add(m, root, page, frame, access, cache) != NULL;
}
static void vipci_mock_loosen(vipc_mock *m, uint64_t root, uint64_t first, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) vipci_mock_in_table(m, root, first + i)->loose = true;
}
static vipc_error vipci_mock_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    uint64_t first = at >> m->page_shift, early = vipci_mock_before_death(s, VIPC_MOCK_MAP, pages), total = vipc_frames_total(&m->frames);
    for (uint64_t i = 0; i < early; i++) (void)vipci_mock_map_one(m, root, first + i, frame + i, access, cache);
    vipci_mock_called(s, VIPC_MOCK_MAP);
    vipci_mock_expect(m, access != 0 && access <= (VIPC_PROT_READ | VIPC_PROT_WRITE | VIPC_PROT_EXEC) && cache <= VIPC_WRITE_COMBINING, "page_map with no access, or an unknown one");
    if (!vipci_mock_range(m, root, at, pages)) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_mock_expect(m, frame + pages >= frame, "page_map of frames that wrap");
    vipci_mock_script(m, &m->on_table, s->who);
    m->mapped += pages;
    bool fails = vipci_mock_fails(s, VIPC_MOCK_MAP);
    uint64_t done = 0, to = fails ? (m->half ? pages / 2 : 0) : pages;
    for (; done < to; done++) {
        vipci_mock_expect(m, frame + done >= total || vipc_frames_is_taken(&m->frames, frame + done, 1), "page_map of a frame that nobody holds");
        if (!vipci_mock_map_one(m, root, first + done, frame + done, access, cache)) break;
    }
    if (done == pages) return VIPC_OK;
    vipci_mock_loosen(m, root, first, done);
    return fails ? vipci_mock_error(m, VIPC_ERR_OUT_OF_MEMORY) : VIPC_ERR_OUT_OF_MEMORY;
}
static void vipci_mock_unmap_some(vipc_mock *m, uint64_t root, uint64_t first, uint64_t pages)
{
    vipci_mock_page *e;
    for (uint64_t i = 0; (e = vipci_mock_next(m, root, first, pages, false, &i)) != NULL;) vipci_mock_take(m, e);
}
static void vipci_mock_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    uint64_t early = vipci_mock_before_death(s, VIPC_MOCK_UNMAP, pages);
    if (early) vipci_mock_unmap_some(m, root, at >> m->page_shift, early);
    vipci_mock_called(s, VIPC_MOCK_UNMAP);
    if (!vipci_mock_range(m, root, at, pages)) return;
    vipci_mock_script(m, &m->on_table, s->who);
    m->unmapped += pages;
    vipci_mock_unmap_some(m, root, at >> m->page_shift, pages);
}
static void vipci_mock_narrow_some(vipc_mock *m, uint64_t root, uint64_t first, uint64_t pages, uint32_t access)
{
    vipci_mock_page *e;
    for (uint64_t i = 0; (e = vipci_mock_next(m, root, first, pages, false, &i)) != NULL;) {
        uint64_t page = e->page, frame = e->frame;
        uint32_t left = vipci_mock_implied(e->access) & vipci_mock_implied(access), cache = e->cache;
        if (left == vipci_mock_implied(e->access)) continue;
        vipci_mock_take(m, e);
        if (left) (void)vipci_mock_add(m, root, page, frame, left, cache);     /* no room: it is forgotten, which a port may */
    }
}
static void vipci_mock_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    uint64_t early = vipci_mock_before_death(s, VIPC_MOCK_PROTECT, pages);
    if (early) vipci_mock_narrow_some(m, root, at >> m->page_shift, early, access);
    vipci_mock_called(s, VIPC_MOCK_PROTECT);
    vipci_mock_expect(m, access <= (VIPC_PROT_READ | VIPC_PROT_WRITE | VIPC_PROT_EXEC), "page_protect with an unknown access");
    if (!vipci_mock_range(m, root, at, pages)) return;
    vipci_mock_script(m, &m->on_table, s->who);
    m->narrowed += pages;
    vipci_mock_narrow_some(m, root, at >> m->page_shift, pages, access);
}
/* What the other CPUs say. */
static vipc_error vipci_mock_answer(vipc_mock_seat *s, vipc_time deadline)
{
    vipc_mock *m = s->mock;
    vipc_error no = deadline == VIPC_NOW ? VIPC_ERR_WOULD_BLOCK : VIPC_ERR_TIMEOUT;
    if (vipci_mock_fails(s, VIPC_MOCK_FLUSH)) return m->fail_hook == VIPC_MOCK_FLUSH && m->fail_with ? (vipc_error)m->fail_with : no;
    if (deadline == VIPC_NOW) return m->held ? no : VIPC_OK;
    if (deadline == VIPC_FOREVER || !m->late) return VIPC_OK;
    m->late--;
    if (deadline > m->now) m->now = deadline;
    return no;
}
static vipc_error vipci_mock_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_mock_seat *s = (vipc_mock_seat *)user;
    vipc_mock *m = s->mock;
    vipci_mock_page *e;
    vipci_mock_called(s, VIPC_MOCK_FLUSH);
    if (!vipci_mock_range(m, root, at, pages)) return VIPC_OK;
    if (deadline != VIPC_NOW) vipci_mock_script(m, &m->on_flush, s->who);
    if (s->dead && vipci_mock_runs(s)) vipci_mock_vanish(s);    /* a script killed it */
    vipc_error answer = vipci_mock_answer(s, deadline);
    if (answer == VIPC_OK) {
        for (uint64_t i = 0; (e = vipci_mock_next(m, root, at >> m->page_shift, pages, true, &i)) != NULL;) vipci_mock_drop(m, e);
        return VIPC_OK;
    }
    for (uint32_t i = 0; i < m->pages_max; i++) {
        e = &m->pages[i];
        if (e->root != root || !e->stale || e->asked || e->page < at >> m->page_shift || e->page - (at >> m->page_shift) >= pages) continue;
        e->asked = true;
        m->unasked--;
    }
    return answer;
}
#endif

/* -- opening -- */
static void vipci_mock_hooks(vipc_hooks *h, vipc_mock_seat *s)
{
    h->size = sizeof *h;
    h->user = s;
    h->frame_alloc = vipci_mock_alloc;
    h->frame_free = vipci_mock_free;
    h->frame_pointer = vipci_mock_pointer;
    h->block = vipci_mock_block;
    h->wake = vipci_mock_wake;
    h->now = vipci_mock_now;
    h->enter = vipci_mock_enter;
    h->leave = vipci_mock_leave;
    h->process_alive = vipci_mock_alive;
    h->log = vipci_mock_log;
    h->cpus = 1;
#if !VIPC_NO_SPACES
    if (!s->mock->spaces_max) return;
    h->space_create = vipci_mock_space_create;
    h->space_destroy = vipci_mock_space_destroy;
    h->page_map = vipci_mock_map;
    h->page_unmap = vipci_mock_unmap;
    h->page_protect = vipci_mock_protect;
    h->tlb_flush = vipci_mock_flush;
#endif
}
static void vipci_mock_sit(vipc_mock *m, vipc_mock_seat *s, uint32_t who)
{
    s->mock = m;
    s->who = who;
    s->proof = (uint64_t)VIPC_MOCK_PROOF + who;
}
/* Bytes before the domain, at most; between it and the bitmap; between that, the tables of translations, and the frames, at most. */
enum { VIPCI_MOCK_BEFORE = VIPC_MOCK_GUARD + VIPC_LINE - 1, VIPCI_MOCK_BETWEEN = VIPC_MOCK_GUARD + 7, VIPCI_MOCK_BEHIND = VIPC_LINE - 1 };
/* Of the tables, a multiple of 8: spaces, some of them being destroyed; translations, their buckets; a count for each frame. */
static uint64_t vipci_mock_spaces(const vipc_mock_desc *desc)
{
#if VIPC_NO_SPACES
    (void)desc;
    return 0;
#else
    return desc && desc->config.max_spaces ? (uint64_t)desc->config.max_spaces + 16 : 0;
#endif
}
static uint32_t vipci_mock_translations(const vipc_mock_desc *desc) { return !desc || !vipci_mock_spaces(desc) ? 0 : desc->translations ? desc->translations : 4096; }
static uint64_t vipci_mock_tables(const vipc_mock_desc *desc, uint64_t frames)
{
    uint64_t pages = vipci_mock_translations(desc);
    if (!pages) return 0;
    return vipci_mock_spaces(desc) * sizeof(vipci_mock_space) + pages * sizeof(vipci_mock_page) + ((pages + frames) * sizeof(uint32_t) + 7) / 8 * 8;
}
static uint64_t vipci_mock_sum(uint64_t domain, const vipc_mock_desc *desc, uint64_t frames, uint32_t page_shift)
{
    uint64_t bitmap = vipc_frames_required_size(frames), most = ~(uint64_t)0 >> 3;
    if (domain == 0 || bitmap == 0 || domain > most || bitmap > most || frames > most >> page_shift) return 0;
    return VIPCI_MOCK_BEFORE + domain + VIPCI_MOCK_BETWEEN + bitmap + vipci_mock_tables(desc, frames) + VIPCI_MOCK_BEHIND + (frames << page_shift);
}
static unsigned char *vipci_mock_aligned(unsigned char *p, uintptr_t to) { return p + (to - (uintptr_t)p % to) % to; }
static uint32_t vipci_mock_shift(const vipc_mock_desc *desc) { return desc && desc->config.page_shift ? desc->config.page_shift : 12; }

VIPC_API uint64_t vipc_mock_required_size(const vipc_mock_desc *desc)
{
    return vipci_mock_sum(vipc_required_size(desc ? &desc->config : NULL), desc, desc && desc->frames ? desc->frames : 1, vipci_mock_shift(desc));
}
VIPC_API vipc_error vipc_mock_prepare(vipc_mock *m, void *memory, uint64_t size, const vipc_mock_desc *desc)
{
    if (!m || !memory || vipc_mock_required_size(desc) == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (size < vipc_mock_required_size(desc) || size > UINTPTR_MAX - (uintptr_t)memory) return VIPC_ERR_OUT_OF_MEMORY;
    vipci_mock_fill(m, 0, sizeof *m);
    if (desc) m->config = desc->config;
    m->page_shift = vipci_mock_shift(desc);
    m->given = (unsigned char *)memory;
    m->size = vipc_required_size(&m->config);
    uint64_t frames = desc && desc->frames ? desc->frames : (size - m->size) >> m->page_shift;
    while (vipci_mock_sum(m->size, desc, frames, m->page_shift) > size) frames--;
    VIPC_MOCK_SHOW(m->given, size);
    m->memory = vipci_mock_aligned(m->given + VIPC_MOCK_GUARD, VIPC_LINE);
    unsigned char *state = vipci_mock_aligned(m->memory + m->size + VIPC_MOCK_GUARD, 8);
    m->bitmap = (uint64_t *)(void *)state;
    unsigned char *tables = state + vipc_frames_required_size(frames);
    m->pool = vipci_mock_aligned(tables + vipci_mock_tables(desc, frames), VIPC_LINE);
    vipci_mock_fill(m->memory - VIPC_MOCK_GUARD, VIPCI_MOCK_FENCE, VIPC_MOCK_GUARD);
    vipci_mock_fill(m->memory, VIPCI_MOCK_RAW, m->size);
    vipci_mock_fill(m->memory + m->size, VIPCI_MOCK_FENCE, VIPC_MOCK_GUARD);
    vipci_mock_fill(m->pool, VIPCI_MOCK_FREED, frames << m->page_shift);
    vipc_error e = vipc_frames_format(state, vipc_frames_required_size(frames), frames, m->page_shift);
    if (e == VIPC_OK) e = vipc_frames_attach(&m->frames, state, vipc_frames_required_size(frames), m->pool, frames, m->page_shift);
    m->now = 1000000000u;
    m->tick = 100;
    m->patience = 3600 * (vipc_time)1000000000u;
    m->fail_hook = -1;
    m->fail_who = VIPC_MOCK_ANYBODY;
#if !VIPC_NO_SPACES
    m->spaces_max = (uint32_t)vipci_mock_spaces(desc);
    m->pages_max = vipci_mock_translations(desc);
    if (m->pages_max) {
        vipci_mock_fill(tables, 0, vipci_mock_tables(desc, frames));
        m->spaces = (vipci_mock_space *)(void *)tables;
        m->pages = (vipci_mock_page *)(void *)(m->spaces + m->spaces_max);
        m->buckets = (uint32_t *)(void *)(m->pages + m->pages_max);
        m->leads = m->buckets + m->pages_max;
        for (uint32_t i = m->pages_max; i-- > 0; m->free_page = i + 1) m->pages[i].next = m->free_page;
    }
#endif
    vipci_mock_sit(m, &m->nobody, VIPC_MOCK_NOBODY);
    vipci_mock_hooks(&m->hooks, &m->nobody);
    for (uint32_t i = 0; i < VIPC_MOCK_MEMBERS; i++) {
        vipci_mock_sit(m, &m->seat[i], i);
        vipci_mock_hooks(&m->of[i], &m->seat[i]);
    }
    return e;
}
static vipc_error vipci_mock_join(vipc_mock *m, uint32_t who, bool first)
{
    vipc_process_desc d = VIPC_INIT;
    vipc_mock_seat *s = &m->seat[who];
    s->proof = (uint64_t)VIPC_MOCK_PROOF + who + (uint64_t)VIPC_MOCK_MEMBERS * s->joined++;
    s->dead = false;
    d.native_id = (uint64_t)VIPC_MOCK_NATIVE + who;
    d.native_thread = who;
    d.proof = s->proof;
    vipc_error e = first ? vipc_init(&m->v[who], m->memory, m->size, &m->config, &d, &m->of[who])
                         : vipc_attach(&m->v[who], m->memory, m->size, NULL, &d, &m->of[who]);
    if (e == VIPC_OK) m->member[who] = 1;
    return e;
}
VIPC_API vipc_error vipc_mock_join(vipc_mock *m, uint32_t who)
{
    if (!m || who >= VIPC_MOCK_MEMBERS || (m->member[who] && vipc_self(&m->v[who]).id != 0)) return VIPC_ERR_INVALID_ARGUMENT;
    return vipci_mock_join(m, who, false);
}
VIPC_API vipc_error vipc_mock_open(vipc_mock *m, void *memory, uint64_t size, const vipc_mock_desc *desc)
{
    uint32_t members = desc && desc->members ? desc->members : 2;
    if (members > VIPC_MOCK_MEMBERS) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipc_mock_prepare(m, memory, size, desc);
    for (uint32_t i = 0; e == VIPC_OK && i < members; i++) e = vipci_mock_join(m, i, i == 0);
    return e;
}

/* -- what tests call -- */
VIPC_API bool vipc_mock_run(vipc_mock *m, uint32_t who, vipc_mock_script part)
{
    vipci_mock_frame here;
    if (!m || !part || who >= VIPC_MOCK_MEMBERS || m->seat[who].dead) return false;
    here.outer = m->runs;
    here.sleepers = m->sleepers;
    here.critical = m->critical;
    here.inside = m->inside;
    here.who = who;
    m->runs = &here;
    if (setjmp(here.out) == 0) part(m, who);
    m->runs = here.outer;
    return !m->seat[who].dead;
}
VIPC_API void vipc_mock_kill(vipc_mock *m, uint32_t who)
{
    if (m && who < VIPC_MOCK_MEMBERS && !m->seat[who].dead) vipci_mock_die(&m->seat[who]);
}
VIPC_API void vipc_mock_kill_at(vipc_mock *m, uint32_t who, int hook, uint64_t n)
{
    m->kill_who = who;
    m->kill_hook = hook;
    m->kill_at = n;
    m->kills = 0;
}
VIPC_API void vipc_mock_fail_at(vipc_mock *m, uint32_t who, int hook, uint64_t n)
{
    m->fail_who = who;
    m->fail_hook = hook;
    m->fail_at = n;
    m->fail_with = hook == VIPC_MOCK_ALLOC || hook == VIPC_MOCK_SPACE_CREATE || hook == VIPC_MOCK_MAP ? VIPC_ERR_OUT_OF_MEMORY
                 : hook == VIPC_MOCK_SPACE_DESTROY ? VIPC_ERR_RESOURCE_BUSY : hook == VIPC_MOCK_BLOCK ? VIPC_ERR_HOOK : 0;
    m->fail_on = 0;
    m->failures = 0;
}
VIPC_API void vipc_mock_heal(vipc_mock *m)
{
    m->held = m->half = 0;
    m->late = m->busy = 0;
    m->fail_hook = -1;
    m->fail_at = 0;
    m->fail_on = 0;
    m->kill_at = 0;
}

#if !VIPC_NO_SPACES
/* -- programs in spaces -- */
static void vipci_mock_move(vipc_mock *m, const vipci_mock_page *e, vipc_addr at, uint32_t access, unsigned char *byte)
{
    uint64_t offset = at & (vipci_mock_bytes(m, 1) - 1);
    if (!vipc_frames_is_valid(&m->frames, e->frame, 1)) {       /* a device */
        if (access == VIPC_PROT_WRITE) m->device_stores++;
        else *byte = (unsigned char)(vipci_mock_bytes(m, e->frame) + offset);
        return;
    }
    vipci_mock_expect(m, vipc_frames_is_taken(&m->frames, e->frame, 1), "a translation leads to a frame that nobody holds");
    if (!vipc_frames_is_taken(&m->frames, e->frame, 1)) return;
    unsigned char *p = (unsigned char *)vipc_frames_pointer(&m->frames, e->frame, 1) + offset;
    if (access == VIPC_PROT_WRITE) *p = *byte;
    else *byte = *p;
}
VIPC_API vipc_error vipc_mock_access(vipc_mock *m, vipc *v, vipc_cap space, uint64_t root, vipc_addr at, uint32_t access, unsigned char *byte)
{
    for (int tries = 0; tries < 4; tries++) {
        const vipci_mock_page *e = vipci_mock_find(m, root, at >> m->page_shift, true, access);
        if (e) vipci_mock_expect(m, m->inside || m->deaths || e->asked, "a translation was taken away, and is used: nobody flushed it");
        else e = vipci_mock_find(m, root, at >> m->page_shift, false, access);
        if (e) {
            vipci_mock_move(m, e, at, access, byte);
            return VIPC_OK;
        }
        m->faults++;
        vipc_error error = vipc_page_fault(v, space, at, access, &m->fault);
        if (error != VIPC_OK) return error;
    }
    vipci_mock_trouble(m, &m->broken, "a fault is resolved, and comes again");
    return VIPC_ERR_HOOK;
}
static vipc_error vipci_mock_by_cap(vipc_mock *m, vipc *v, vipc_cap space, vipc_addr at, uint32_t access, unsigned char *byte)
{
    vipc_space_info info;
    vipc_error e = vipc_space_get(v, space, &info);
    return e != VIPC_OK ? e : vipc_mock_access(m, v, space, info.root, at, access, byte);
}
VIPC_API vipc_error vipc_mock_load(vipc_mock *m, vipc *v, vipc_cap space, vipc_addr at, unsigned char *byte)
{
    return vipci_mock_by_cap(m, v, space, at, VIPC_PROT_READ, byte);
}
VIPC_API vipc_error vipc_mock_store(vipc_mock *m, vipc *v, vipc_cap space, vipc_addr at, unsigned char byte)
{
    return vipci_mock_by_cap(m, v, space, at, VIPC_PROT_WRITE, &byte);
}
VIPC_API bool vipc_mock_translation(const vipc_mock *m, uint64_t root, vipc_addr at, uint64_t *frame, uint32_t *access, uint32_t *cache)
{
    const vipci_mock_page *e = m->pages_max ? vipci_mock_in_table(m, root, at >> m->page_shift) : NULL;
    if (!e) return false;
    if (frame) *frame = e->frame;
    if (access) *access = e->access;
    if (cache) *cache = e->cache;
    return true;
}
VIPC_API void vipc_mock_forget(vipc_mock *m, uint64_t root)
{
    for (uint32_t i = 0; i < m->pages_max; i++)
        if (m->pages[i].root && !m->pages[i].stale && (!root || m->pages[i].root == root)) vipci_mock_drop(m, &m->pages[i]);
}
#endif

/* Asked through any view of a member. */
static void vipci_mock_ask(vipc_mock *m, vipc *by)
{
#if !VIPC_NO_INSPECT
    uint32_t violations = 0;
    vipc_stats stats;
    vipc_error e = vipc_check(by, &violations);
    vipci_mock_expect(m, e == VIPC_OK, "vipc_check fails");
    vipci_mock_expect(m, violations == 0, "vipc_check finds violations");
    e = vipc_stats_get(by, &stats);
    vipci_mock_expect(m, e == VIPC_OK, "vipc_stats_get fails");
    vipci_mock_expect(m, e != VIPC_OK || stats.frames_in_use == m->in_use, "the domain counts other frames than were handed out");
#else
    (void)m;
    (void)by;
#endif
}
static void vipci_mock_look(vipc_mock *m)
{
    vipci_mock_expect(m, m->unasked == 0 || m->deaths, "a translation was taken away, and nobody flushed it");
    vipci_mock_expect(m, m->critical == 0, "enter without leave");
    vipci_mock_expect(m, vipci_mock_holds(m->memory - VIPC_MOCK_GUARD, VIPCI_MOCK_FENCE, VIPC_MOCK_GUARD) &&
                      vipci_mock_holds(m->memory + m->size, VIPCI_MOCK_FENCE, VIPC_MOCK_GUARD), "a byte was written outside the domain");
}
VIPC_API const char *vipc_mock_check(vipc_mock *m)
{
    uint64_t fail_at = m->fail_at, kill_at = m->kill_at;
    m->fail_at = m->kill_at = 0;
    for (uint32_t i = 0; i < VIPC_MOCK_MEMBERS; i++)
        if (m->member[i] && vipc_self(&m->v[i]).id != 0) { vipci_mock_ask(m, &m->v[i]); break; }
    vipci_mock_look(m);
    m->fail_at = fail_at;
    m->kill_at = kill_at;
    return m->trouble;
}
/* All have left: somebody joins once more, cleans up after the dead, and finds nothing. */
static void vipci_mock_last(vipc_mock *m)
{
    vipc last;
    vipc_process_desc d = VIPC_INIT;
    d.proof = (uint64_t)VIPC_MOCK_PROOF - 1;
    vipc_error e = vipc_attach(&last, m->memory, m->size, NULL, &d, &m->hooks);
    vipci_mock_expect(m, e == VIPC_OK, "nobody can join any more");
    if (e != VIPC_OK) return;
    e = vipc_sweep(&last, NULL);
    if (e == VIPC_OK) e = vipc_trim(&last, NULL);
    vipci_mock_expect(m, e == VIPC_OK, "the dead cannot be cleaned up after");
    vipci_mock_ask(m, &last);
    vipci_mock_expect(m, m->in_use == 0, "frames are still taken after all have left");
    vipci_mock_expect(m, m->roots == 0 && m->live == 0 && m->stale == 0, "a space has still tables after all have left");
    vipci_mock_expect(m, vipc_leave(&last) == VIPC_OK, "the last member cannot leave");
}
VIPC_API const char *vipc_mock_close(vipc_mock *m)
{
    vipc_mock_heal(m);
    m->before_sleep = m->asleep = m->on_alloc = m->on_enter = m->on_leave = m->on_table = m->on_flush = NULL;
    (void)vipc_mock_check(m);
    for (uint32_t i = VIPC_MOCK_MEMBERS; i-- > 0;) {
        vipc_error e = m->member[i] ? vipc_leave(&m->v[i]) : VIPC_OK;
        vipci_mock_expect(m, e == VIPC_OK || e == VIPC_ERR_NOT_INITIALIZED, "a member cannot leave");      /* the latter: it has */
        m->member[i] = 0;
    }
    vipci_mock_last(m);
    vipci_mock_look(m);
    VIPC_MOCK_SHOW(m->pool, vipci_mock_bytes(m, vipc_frames_total(&m->frames)));
    for (uint64_t i = 0; i < vipc_frames_total(&m->frames) && !m->bare; i++) {
        const unsigned char *p = m->pool + vipci_mock_bytes(m, i);
        if (vipc_frames_is_taken(&m->frames, i, 1)) continue;
        vipci_mock_expect(m, vipci_mock_holds(p, VIPCI_MOCK_FREED, vipci_mock_bytes(m, 1)), "a frame that nobody holds was written to");
    }
    return m->trouble;
}
#endif /* VERIDIAN_MOCK_IMPLEMENTATION */
