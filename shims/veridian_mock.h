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
 * FAILURES AND DEATHS
 *   vipc_mock_fail_at: the n-th call of a hook fails; ANY_HOOK means those that a real port may fail: frame_alloc, frame_pointer, block.
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
    VIPC_MOCK_ALIVE, VIPC_MOCK_LOG, VIPC_MOCK_HOOKS, VIPC_MOCK_ANY_HOOK = VIPC_MOCK_HOOKS
};
enum {
    VIPC_MOCK_NOBODY = VIPC_MOCK_MEMBERS,   /* who calls through vipc_mock.hooks */
    VIPC_MOCK_ANYBODY = 0xffff,             /* to fail: whoever calls */
    VIPC_MOCK_NATIVE = 500,                 /* member i's native_id is this + i, its native_thread is i */
    VIPC_MOCK_PROOF = 1000,                 /* its first proof is this + i */
    VIPC_MOCK_DEAD = 64,                    /* deaths that are remembered */
    VIPC_MOCK_GUARD = 64                    /* bytes on each side of the domain that must stay as they are */
};

typedef struct vipc_mock vipc_mock;
typedef void (*vipc_mock_script)(vipc_mock *m, uint64_t who);   /* who: the member that sleeps, or that is run; on_...: that calls */
struct vipci_mock_frame;                    /* private: of a vipc_mock_run */
struct vipci_mock_sleeper;                  /* private */

typedef struct vipc_mock_desc {
    vipc_config config;                     /* zero: defaults, some 560 KiB of memory */
    uint64_t frames;                        /* as many as fit */
    uint32_t members;                       /* 2; at most VIPC_MOCK_MEMBERS */
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
    int bare;                               /* free frames are not hidden from now on */
    int fail_hook, fail_with;               /* see vipc_mock_fail_at; with: what alloc and block return; pointer: NULL, or so many bytes off */
    uint32_t fail_who;
    uint64_t fail_at;                       /* calls to go */
    int fail_on;                            /* 1: and so do all later ones */
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
    /* private */
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
/* The n-th call (from 1, from now on) of that hook by that member, or by ANYBODY, fails: frame_alloc with OUT_OF_MEMORY, frame_pointer with NULL, block with
 * HOOK; now (if named) says 0.  All other hooks cannot fail. */
VIPC_API void vipc_mock_fail_at(vipc_mock *m, uint32_t who, int hook, uint64_t n);
/* No failures and no deaths from now on. */
VIPC_API void vipc_mock_heal(vipc_mock *m);
/* NULL, or what is wrong: any trouble so far, what vipc_check finds, a byte written outside the domain, frames that nobody knows of.  Between calls only. */
VIPC_API const char *vipc_mock_check(vipc_mock *m);
/* Heal, check, let all members leave, clean up after the dead, and check that no frame is missing.  NULL, or what is wrong.  The memory is the test's again. */
VIPC_API const char *vipc_mock_close(vipc_mock *m);

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
    uint32_t critical, who;
    jmp_buf out;
} vipci_mock_frame;

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
    if (run) run(m, who);
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
}
static void vipci_mock_sit(vipc_mock *m, vipc_mock_seat *s, uint32_t who)
{
    s->mock = m;
    s->who = who;
    s->proof = (uint64_t)VIPC_MOCK_PROOF + who;
}
/* Bytes before the domain, at most; between it and the bitmap; between that and the frames, at most. */
enum { VIPCI_MOCK_BEFORE = VIPC_MOCK_GUARD + VIPC_LINE - 1, VIPCI_MOCK_BETWEEN = VIPC_MOCK_GUARD + 7, VIPCI_MOCK_BEHIND = VIPC_LINE - 1 };
static uint64_t vipci_mock_sum(uint64_t domain, uint64_t frames, uint32_t page_shift)
{
    uint64_t bitmap = vipc_frames_required_size(frames), most = ~(uint64_t)0 >> 2;
    if (domain == 0 || bitmap == 0 || domain > most || bitmap > most || frames > most >> page_shift) return 0;
    return VIPCI_MOCK_BEFORE + domain + VIPCI_MOCK_BETWEEN + bitmap + VIPCI_MOCK_BEHIND + (frames << page_shift);
}
static unsigned char *vipci_mock_aligned(unsigned char *p, uintptr_t to) { return p + (to - (uintptr_t)p % to) % to; }
static uint32_t vipci_mock_shift(const vipc_mock_desc *desc) { return desc && desc->config.page_shift ? desc->config.page_shift : 12; }

VIPC_API uint64_t vipc_mock_required_size(const vipc_mock_desc *desc)
{
    return vipci_mock_sum(vipc_required_size(desc ? &desc->config : NULL), desc && desc->frames ? desc->frames : 1, vipci_mock_shift(desc));
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
    while (vipci_mock_sum(m->size, frames, m->page_shift) > size) frames--;
    VIPC_MOCK_SHOW(m->given, size);
    m->memory = vipci_mock_aligned(m->given + VIPC_MOCK_GUARD, VIPC_LINE);
    unsigned char *state = vipci_mock_aligned(m->memory + m->size + VIPC_MOCK_GUARD, 8);
    m->bitmap = (uint64_t *)(void *)state;
    m->pool = vipci_mock_aligned(state + vipc_frames_required_size(frames), VIPC_LINE);
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
    m->fail_with = hook == VIPC_MOCK_ALLOC ? VIPC_ERR_OUT_OF_MEMORY : hook == VIPC_MOCK_BLOCK ? VIPC_ERR_HOOK : 0;
    m->fail_on = 0;
    m->failures = 0;
}
VIPC_API void vipc_mock_heal(vipc_mock *m)
{
    m->fail_hook = -1;
    m->fail_at = 0;
    m->fail_on = 0;
    m->kill_at = 0;
}

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
    vipci_mock_expect(m, vipc_leave(&last) == VIPC_OK, "the last member cannot leave");
}
VIPC_API const char *vipc_mock_close(vipc_mock *m)
{
    vipc_mock_heal(m);
    m->before_sleep = m->asleep = m->on_alloc = m->on_enter = m->on_leave = NULL;
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
