/* explore.h - runs real code under every interleaving of its atomic operations, up to stated bounds.  Include it first.
 *
 * Actors are coroutines.  Every atomic operation of the code under test comes here through the VIPC_ATOMIC_ macros below and is a
 * scheduling point; so is every hook that another actor could notice.  A depth-first search takes all schedules with at most
 *     preemptions   switches away from an actor that could have gone on
 *     kills         actors that vanish just before an operation, as by kill -9
 *     stops         actors that stand still just before an operation until all others are finished or asleep (one at a time)
 *     timeouts      sleepers whose deadline passes while somebody else could still run
 * and bounds are raised one preemption at a time, so the first failure that is shown is a short one.
 *
 * Memory model: x86-TSO.  Plain, relaxed and release stores pass through a store buffer of the actor, first in first out; compare-and-swap,
 * exchange, add, sleeping, waking and death empty it.  When an actor is switched away, every prefix of its buffer may have reached memory.
 *
 * Three things make this fast, and none leaves out a schedule that could show something new:
 *  - A word that only one actor ever touches, or that nobody ever writes, needs no scheduling point.  Which words those are is learned
 *    while running: as soon as a word turns out to be shared the search begins again with that known.
 *  - A state that was reached before with as many preemptions left is not gone into again.  A state is all of the shared world, the stacks and
 *    registers of all actors and their store buffers, by a 64-bit hash of which 60 bits are kept (among 10 million states two collide with
 *    a chance of 1 in 20,000).
 *    Whether this leaves anything out can be seen: with x_prune = 0 every schedule is gone through, and must reach the same set of ends.
 *  - A schedule is begun again from a saved world, without asking anything until it reaches its first new choice.
 *
 * The program supplies the callbacks declared below and calls x_main.  A failure prints the operations that led to it and a command
 * line that replays exactly that schedule. */
#ifndef EXPLORE_H
#define EXPLORE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>

#ifndef X_WORLD
#define X_WORLD 65536                       /* bytes of the world at most: all that actors share, and all that a run must put back */
#endif
#define X_ACTORS 6
#define X_CHECKER 7                         /* the program itself, between the runs of actors: an eighth, never interrupted one */
#define X_DEPTH 4000                        /* choices in one schedule */
#define X_BUFFER 48                         /* stores that one buffer holds */
#define X_STACK 65536

/* -- supplied by the program -- */
static void x_body(int actor);              /* what an actor does */
static void x_check(void);                  /* a schedule has ended: verdict */
static void x_idle(void);                   /* nobody can run; asleep are those with x_asleep(actor) */
static bool x_time_passes(void);            /* nobody can run: may deadlines pass now? */
static void x_beside_stopped(int actor);    /* `actor` stands still, all others are finished or asleep */
static void x_changed(void *word, uint64_t from, uint64_t to);  /* a watched word has changed in memory */
static void x_killed(int actor);
static void x_name(const void *word, char *to, size_t size);    /* for people: what this word is */
static void x_value(const void *word, uint64_t v, char *to, size_t size);

/* -- the world, and what has been learned of its words (8 bytes each) -- */
static unsigned char x_world[X_WORLD] __attribute__((aligned(64))), x_saved[X_WORLD] __attribute__((aligned(64)));
static size_t x_world_size;                 /* in use, a multiple of 64 */
static uint16_t x_class[X_WORLD / 8 + 1];   /* bits 0..7: who touched it; X_WRITTEN; X_WATCHED */
#define X_WRITTEN 256u
#define X_WATCHED 512u
#define X_IGNORED 1024u                     /* told by the program: mere statistics, which nobody decides anything by; stores are dropped */

typedef struct x_store { void *word; uint64_t value, old; uint32_t size, quiet; } x_store;  /* quiet: a word of a message, no point of its own */
enum { X_NEW, X_READY, X_ASLEEP, X_DONE, X_DEAD, X_STOPPED };
typedef struct x_actor {                    /* hashed as it stands */
    uint64_t status, woken, timed_out, napped, paused;
    uint32_t *word;                         /* slept on */
    uint64_t deadline, stores, hidden;
} x_actor;
static x_actor x_a[X_ACTORS];
static x_store x_buffer[X_ACTORS][X_BUFFER];
static int x_actors;                        /* in use */
static struct { uint64_t clock, kills, stops, timeouts; int64_t stopped, last; } x_now;    /* hashed too */

/* -- bounds and counters -- */
static int x_preemptions = 2, x_kills, x_stops, x_timeouts, x_words, x_first_bound = -1;
static double x_seconds;                    /* cut off after so long; 0: never */
static int x_prune = 1;                     /* 0: go into known states again, to see that nothing is missed by leaving them out */
static uint64_t *x_end_table, x_end_used, x_end_sum; static unsigned x_end_bits;      /* different states at the end, as a set */
static unsigned long x_runs, x_ends, x_states, x_restarts, x_kill_count, x_stop_count;
static int x_step_limit = 20000;

/* -- engine state -- */
static jmp_buf x_engine, x_top, x_at[X_ACTORS], x_base[X_ACTORS];
static ucontext_t x_main_context, x_context[X_ACTORS];
static unsigned char x_stack[X_ACTORS][X_STACK] __attribute__((aligned(64)));
static unsigned char *x_sp[X_ACTORS], *x_stack_top[X_ACTORS], *x_stack_low[X_ACTORS];
static int x_cur, x_quick, x_again, x_direct = 1, x_direct_counts, x_trace, x_every, x_steps, x_used;
static long x_ops[X_ACTORS + 2];            /* operations executed by each actor in this run */
typedef struct x_choice { uint8_t chosen, count, plain; } x_choice;    /* plain: "the same actor goes on" */
static x_choice x_path[X_DEPTH];
static int x_depth, x_known;                /* choices made in this run; how many of them are prescribed */
static uint64_t x_seen_on_path[X_DEPTH];
typedef struct x_segment { int actor, timed_out, cut; long ops; char end; } x_segment;   /* end: '.', ':', 'k', 's' */
static x_segment x_segments[X_DEPTH]; static int x_segment_count;
static x_segment x_script[X_DEPTH]; static int x_script_count, x_script_at;
static char x_message[300];

static void x_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void x_fail(const char *format, ...)
{
    va_list a;
    va_start(a, format); vsnprintf(x_message, sizeof x_message, format, a); va_end(a);
    _longjmp(x_top, 2);
}

/* ---- words in memory ---- */
static inline size_t x_index(const void *p) { return (size_t)((const unsigned char *)p - x_world) >> 3; }
static inline bool x_inside(const void *p) { return (size_t)((const unsigned char *)p - x_world) < x_world_size; }
static inline bool x_is_shared(unsigned c) { unsigned who = c & 255; return (c & X_WRITTEN) && (who & (who - 1)); }
static inline uint64_t x_peek(const void *p, unsigned size) { return size == 4 ? *(const uint32_t *)p : *(const uint64_t *)p; }
static void x_poke(void *p, unsigned size, uint64_t v)
{
    uint64_t old = x_peek(p, size);
    if (size == 4) *(uint32_t *)p = (uint32_t)v; else *(uint64_t *)p = v;
    if (x_inside(p) && (x_class[x_index(p)] & X_WATCHED)) x_changed(p, old, v);
}
/* The buffer's stores stand in memory while their actor runs, so that it sees them itself, by whatever kind of load.  When it is switched away
 * those that have not reached memory are taken out again, newest first, and put back when it goes on. */
static inline void x_drain(int actor) { if (x_a[actor].stores) { memset(x_buffer[actor], 0, x_a[actor].stores * sizeof(x_store)); x_a[actor].stores = 0; } }
static void x_hide(int actor, uint64_t reached)      /* the first `reached` of them are in memory, the others are not */
{
    x_store *b = x_buffer[actor];
    uint64_t n = x_a[actor].stores;
    for (uint64_t i = n; i-- > reached;) if (b[i].size == 4) *(uint32_t *)b[i].word = (uint32_t)b[i].old; else *(uint64_t *)b[i].word = b[i].old;
    memmove(b, b + reached, (n - reached) * sizeof *b);
    memset(b + (n - reached), 0, reached * sizeof *b);
    x_a[actor].stores = n - reached;
    x_a[actor].hidden = x_a[actor].stores != 0;
}
static void x_show(int actor)
{
    x_store *b = x_buffer[actor];
    if (!x_a[actor].hidden) return;
    for (uint64_t i = 0; i < x_a[actor].stores; i++) { b[i].old = x_peek(b[i].word, b[i].size); x_poke(b[i].word, b[i].size, b[i].value); }
    x_a[actor].hidden = 0;
}
static void x_note(const void *p, bool write)
{
    if (!x_inside(p)) return;
    if (x_direct && (!x_direct_counts || x_trace)) return;
    uint16_t *c = &x_class[x_index(p)];
    unsigned old = *c, now = old | 1u << (x_direct ? X_CHECKER : x_cur) | (write ? X_WRITTEN : 0);
    if (now == old) return;
    *c = (uint16_t)now;
    if (x_is_shared(now) && !x_is_shared(old)) x_again = 1;
}
static inline bool x_is_point(const void *p)
{
    if (x_every) return true;
    if (!x_inside(p)) return false;
    unsigned c = x_class[x_index(p)];
    return x_is_shared(c);
}

/* ---- from an actor to the engine and back ---- */
static void __attribute__((noinline)) x_switch(void)
{
    unsigned char *sp = __builtin_frame_address(0);
    x_sp[x_cur] = sp;
    if (sp < x_stack_low[x_cur]) x_stack_low[x_cur] = sp;
    if (!_setjmp(x_at[x_cur])) _longjmp(x_engine, 1);
}
/* What the switch left below the stack pointer would come up as rubbish in later frames, and would differ from a run that was not asked here. */
static void __attribute__((noinline)) x_wipe(void) { volatile uint64_t gap[40]; for (int i = 0; i < 40; i++) gap[i] = 0; (void)gap[0]; }
static void __attribute__((noinline)) x_point(void)
{
    if (x_direct) return;
    if (x_quick > 0) { x_quick--; x_depth++; } else x_switch();
    x_wipe();
}
static void x_tell(const char *op, const void *p, uint64_t v, const char *more)
{
    char name[80], value[80];
    if (x_direct) return;
    x_name(p, name, sizeof name); x_value(p, v, value, sizeof value);
    printf("  %d.%-4ld %-9s %-28s %s%s\n", x_cur, x_ops[x_cur], op, name, value, more);
}
/* A hook call is a point whenever it could matter to another. */
static void x_hook_point(const char *what) { if (x_direct) return; x_point(); x_ops[x_cur]++; if (x_trace) printf("  %d.%-4ld %s\n", x_cur, x_ops[x_cur], what); }

static void (*x_touch)(const void *p, bool write);      /* optional: told of every access; finds use after free */
static uint64_t __attribute__((noinline)) x_load(const void *p, unsigned size)
{
    if (x_is_point(p)) x_point();
    if (x_touch && !x_direct) x_touch(p, false);
    x_note(p, false);
    uint64_t v = x_peek(p, size);
    x_ops[x_cur]++;
    if (x_trace) x_tell("load", p, v, "");
    return v;
}
static void __attribute__((noinline)) x_put(void *p, unsigned size, uint64_t v, bool quiet)
{
    if (x_inside(p) && (x_class[x_index(p)] & X_IGNORED)) return;
    if ((!quiet || x_every) && x_is_point(p)) x_point();
    if (x_touch && !x_direct) x_touch(p, true);
    x_note(p, true);
    x_ops[x_cur]++;
    if (x_trace) x_tell("store", p, v, "");
    uint64_t old = x_peek(p, size);
    x_poke(p, size, v);
    if (x_direct || !x_inside(p)) return;
    if (x_a[x_cur].stores == X_BUFFER) x_drain(x_cur);
    x_buffer[x_cur][x_a[x_cur].stores++] = (x_store){ p, v, old, size, quiet };
}
/* Does the buffer hold what others could see?  Then emptying it is a point of its own. */
static inline bool x_pending(void)
{
    for (uint64_t i = 0; !x_direct && i < x_a[x_cur].stores; i++) if (!x_buffer[x_cur][i].quiet && x_is_point(x_buffer[x_cur][i].word)) return true;
    return false;
}
static uint64_t __attribute__((noinline)) x_read_write(void *p, unsigned size, uint64_t v, int add)
{
    if (x_is_point(p) || x_pending()) x_point();
    if (!x_direct) x_drain(x_cur);
    if (x_touch && !x_direct) x_touch(p, true);
    x_note(p, true);
    uint64_t old = x_peek(p, size), new_value = add ? old + v : v;
    if (size == 4) new_value = (uint32_t)new_value;
    x_ops[x_cur]++;
    x_poke(p, size, new_value);
    if (x_trace) x_tell(add ? "add" : "swap", p, new_value, "");
    return old;
}
static int __attribute__((noinline)) x_cas(void *p, unsigned size, uint64_t expected, uint64_t v)
{
    if (x_is_point(p) || x_pending()) x_point();
    if (!x_direct) x_drain(x_cur);
    uint64_t old = x_peek(p, size);
    int done = old == expected;
    if (x_touch && !x_direct) x_touch(p, done);
    x_note(p, done);
    x_ops[x_cur]++;
    if (done) x_poke(p, size, v);
    if (x_trace) { char was[90] = " (it is ", value[80]; if (!done) { x_value(p, old, value, sizeof value); strcat(was, value); strcat(was, ")"); } x_tell(done ? "cas" : "cas-no", p, v, done ? "" : was); }
    return done;
}
/* Words of a message, inside a slot that the actor has claimed: one point for a run of them in one line, and only with x_words. */
static uint64_t x_word_load(const void *p)
{
    if (x_words && !x_direct && ((uintptr_t)p & 63) <= 16 && x_is_point(p)) x_point();
    if (x_touch && !x_direct) x_touch(p, false);
    x_note(p, false);
    x_ops[x_cur]++;
    uint64_t v = x_peek(p, 8);
    if (x_trace) x_tell("read", p, v, "");
    return v;
}
static void x_word_store(void *p, uint64_t v) { if (x_words && !x_direct && ((uintptr_t)p & 63) <= 16 && x_is_point(p)) x_point(); x_put(p, 8, v, true); }
/* One turn of a spin: somebody else goes first, which is no preemption. */
static void x_pause(void)
{
    if (x_direct) return;
    x_a[x_cur].paused = 1; x_quick = 0;
    x_switch();
    x_wipe();
}

/* ---- the kernel that actors sleep in: looks at the word when it is called, then only when woken ---- */
static int x_block(uint32_t *word, uint32_t expected, uint64_t deadline)   /* 1: woken or changed, 0: the deadline passed */
{
    if (x_direct) x_fail("the checker would sleep for ever");
    if (x_is_point(word) || x_pending()) x_point();
    x_drain(x_cur);
    x_note(word, false);
    x_ops[x_cur]++;
    if (x_trace) x_tell("sleep", word, expected, *word == expected ? "" : " (has changed)");
    if (*word != expected) return 1;
    x_actor *a = &x_a[x_cur];
    a->status = X_ASLEEP; a->word = word; a->woken = a->timed_out = 0; a->deadline = deadline;
    x_switch();
    x_wipe();
    int timed_out = (int)a->timed_out;
    a->word = NULL; a->woken = a->timed_out = a->deadline = 0;
    return !timed_out;
}
static void x_progress(void) { for (int i = 0; i < x_actors; i++) x_a[i].napped = 0; }
static void x_wake(uint32_t *word)
{
    if (!x_direct) { x_point(); x_drain(x_cur); x_ops[x_cur]++; }
    if (x_trace) x_tell("wake", word, *word, "");
    for (int i = 0; i < x_actors; i++) if (x_a[i].status == X_ASLEEP && x_a[i].word == word) { x_a[i].woken = 1; x_progress(); }
}
static inline bool x_dead(int i) { return x_a[i].status == X_DEAD; }
static inline bool x_asleep(int i) { return x_a[i].status == X_ASLEEP && !x_a[i].woken; }

/* ---- atomics of the code under test ---- */
#define VIPC_ATOMIC_LOAD32(p) ((uint32_t)x_load((p), 4))
#define VIPC_ATOMIC_LOAD64(p) x_load((p), 8)
#define VIPC_ATOMIC_PEEK32(p) ((uint32_t)x_load((p), 4))
#define VIPC_ATOMIC_PEEK64(p) x_load((p), 8)
#define VIPC_ATOMIC_POKE32(p, v) x_put((p), 4, (v), false)
#define VIPC_ATOMIC_POKE64(p, v) x_put((p), 8, (v), false)
#define VIPC_ATOMIC_STORE32(p, v) x_put((p), 4, (v), false)
#define VIPC_ATOMIC_STORE64(p, v) x_put((p), 8, (v), false)
#define VIPC_ATOMIC_CAS32(p, e, v) x_cas((p), 4, (e), (v))
#define VIPC_ATOMIC_CAS64(p, e, v) x_cas((p), 8, (e), (v))
#define VIPC_ATOMIC_SWAP64(p, v) x_read_write((p), 8, (v), 0)
#define VIPC_ATOMIC_ADD32(p, v) ((uint32_t)x_read_write((p), 4, (v), 1))
#define VIPC_ATOMIC_ADD64(p, v) x_read_write((p), 8, (v), 1)
#define VIPC_ATOMIC_WORD_LOAD(p) x_word_load(p)
#define VIPC_ATOMIC_WORD_STORE(p, v) x_word_store((p), (v))
#define VIPC_ATOMIC_PAUSE() x_pause()

/* ---- states seen: open addressing, 60 bits of hash and 4 of preemptions used ---- */
static uint64_t *x_table, x_table_used; static unsigned x_table_bits;
static uint64_t x_key[X_WORLD / 8 + X_STACK / 8];
static uint64_t x_mix(uint64_t h) { h ^= h >> 32; h *= 0xd6e8feb86659fd93u; h ^= h >> 32; h *= 0xd6e8feb86659fd93u; return h ^ h >> 32; }
static void x_keys(void) { uint64_t s = 0x9e3779b97f4a7c15u; for (size_t i = 0; i < sizeof x_key / 8; i++) x_key[i] = x_mix(s += 0x9e3779b97f4a7c15u); }
#if defined(__GNUC__) && !defined(__clang__)
#define X_FAST __attribute__((optimize("O3")))
#else
#define X_FAST
#endif
/* 8 lanes of 32 by 32 bit products of data and key, as vector units like it; n in words, a multiple of 8. */
static uint64_t X_FAST x_sum(const void *data, size_t n, const uint64_t *key, uint64_t seed)
{
    const uint64_t *d = data;
    uint64_t lane[8] = { 0 }, h = seed ^ n;
    for (size_t at = 0; at < n; at += 8)
        for (int j = 0; j < 8; j++) { uint64_t x = d[at + j] ^ key[at + j]; lane[j] += (x & 0xffffffffu) * (x >> 32) + (d[at + j] << 32 | d[at + j] >> 32); }
    for (int j = 0; j < 8; j++) h = x_mix(h ^ lane[j]) + 0x9e3779b97f4a7c15u;
    return h;
}
static uint64_t x_sum_any(const void *data, size_t bytes, uint64_t seed)    /* the odd words one by one */
{
    size_t n = bytes / 8, whole = n & ~(size_t)7;
    uint64_t h = x_sum(data, whole, x_key, seed);
    for (size_t i = whole; i < n; i++) h = x_mix(h ^ ((const uint64_t *)data)[i]) + 0x9e3779b97f4a7c15u;
    return h;
}
static uint64_t x_state(void)
{
    uint64_t h = x_sum(x_world, x_world_size / 8, x_key, 1);
    h = x_sum_any(&x_now, sizeof x_now, h);
    for (int i = 0; i < x_actors; i++) {
        x_actor *a = &x_a[i];
        h = x_mix(h ^ a->status << 8 ^ (uint64_t)i);
        if (a->status == X_NEW || a->status == X_DONE || a->status == X_DEAD) continue;
        h = x_sum_any(a, sizeof *a, h);
        h = x_sum_any(x_at[i], sizeof x_at[i], h);
        h = x_sum_any(x_sp[i], (size_t)(x_stack_top[i] - x_sp[i]) & ~(size_t)7, h);
        h = x_sum_any(x_buffer[i], a->stores * sizeof(x_store), h);
    }
    return h;
}
static void x_table_make(unsigned bits)
{
    uint64_t *old = x_table; size_t n = old ? (size_t)1 << x_table_bits : 0;
    x_table_bits = bits; x_table_used = 0;
    x_table = calloc((size_t)1 << bits, 8);
    if (!x_table) { fprintf(stderr, "no memory for the table of states\n"); exit(3); }
    for (size_t k = 0; k < n; k++) if (old[k]) { size_t i = old[k] >> (64 - bits); while (x_table[i]) i = (i + 1) & (((size_t)1 << bits) - 1); x_table[i] = old[k]; x_table_used++; }
    free(old);
}
/* Was this state gone into before with no more preemptions used than now?  If not it is noted. */
static bool x_known_state(uint64_t h, unsigned used)
{
    size_t mask = ((size_t)1 << x_table_bits) - 1, i = h >> (64 - x_table_bits);
    for (; x_table[i]; i = (i + 1) & mask) if (x_table[i] >> 4 == h >> 4) {
        if ((x_table[i] & 15) <= used + 1) return true;
        x_table[i] = (h & ~(uint64_t)15) | (used + 1);
        return false;
    }
    x_table[i] = (h & ~(uint64_t)15) | (used + 1);
    if (++x_table_used > mask / 10 * 6 && x_table_bits < 28) x_table_make(x_table_bits + 1);
    return false;
}

/* A schedule has ended: note its last state, whoever ran last. */
static void x_note_end(void)
{
    int64_t last = x_now.last;
    x_now.last = -1;
    uint64_t h = x_state() | 1, mask;
    x_now.last = last;
    if (!x_end_table || x_end_used > ((uint64_t)1 << x_end_bits) / 2) {
        uint64_t *old = x_end_table, n = old ? (uint64_t)1 << x_end_bits : 0;
        x_end_bits = old ? x_end_bits + 1 : 12;
        x_end_table = calloc((size_t)1 << x_end_bits, 8);
        if (!x_end_table) { fprintf(stderr, "no memory for the table of ends\n"); exit(3); }
        for (uint64_t k = 0; k < n; k++) if (old[k]) { uint64_t i = old[k] >> (64 - x_end_bits); while (x_end_table[i]) i = (i + 1) & (((uint64_t)1 << x_end_bits) - 1); x_end_table[i] = old[k]; }
        free(old);
    }
    mask = ((uint64_t)1 << x_end_bits) - 1;
    for (uint64_t i = h >> (64 - x_end_bits); x_end_table[i] != h; i = (i + 1) & mask) if (!x_end_table[i]) { x_end_table[i] = h; x_end_used++; x_end_sum += x_mix(h); break; }
}

/* ---- one schedule ---- */
static bool x_can_run(int i)
{
    x_actor *a = &x_a[i];
    return a->status == X_NEW || a->status == X_READY || (a->status == X_ASLEEP && (a->woken || a->timed_out));
}
static void __attribute__((noinline)) x_first_frame(void)
{
    if (!x_stack_top[x_cur]) x_stack_top[x_cur] = x_stack_low[x_cur] = __builtin_frame_address(0);
    x_body(x_cur);
}
static void x_entry(int i)
{
    if (!_setjmp(x_base[i])) swapcontext(&x_context[i], &x_main_context);
    x_first_frame();
    x_a[x_cur].status = X_DONE; x_progress();
    _longjmp(x_engine, 1);
}
static void x_make_actors(void)
{
    for (int i = 0; i < x_actors; i++) {
        getcontext(&x_context[i]);
        x_context[i].uc_stack.ss_sp = x_stack[i]; x_context[i].uc_stack.ss_size = X_STACK; x_context[i].uc_link = NULL;
        makecontext(&x_context[i], (void (*)(void))(void *)x_entry, 1, i);
        swapcontext(&x_main_context, &x_context[i]);
    }
}
static void x_resume(int i)
{
    x_cur = i;
    x_quick = 0;
    while (x_depth + x_quick < x_known && x_path[x_depth + x_quick].plain) x_quick++;
    x_steps += x_quick;
    x_direct = 0;
    if (!_setjmp(x_engine)) {
        x_actor *a = &x_a[i];
        bool fresh = a->status == X_NEW;
        a->status = X_READY; a->paused = 0;
        if (fresh) _longjmp(x_base[i], 1);
        _longjmp(x_at[i], 1);
    }
    x_direct = 1;
}
static void x_start(void)
{
    memcpy(x_world, x_saved, x_world_size);
    memset(x_a, 0, sizeof x_a); memset(x_ops, 0, sizeof x_ops); memset(&x_now, 0, sizeof x_now); memset(x_buffer, 0, sizeof x_buffer[0] * (size_t)x_actors);
    x_now.clock = 1000; x_now.stopped = x_now.last = -1;
    for (int i = 0; i < x_actors; i++) if (x_stack_top[i]) memset(x_stack_low[i] - 1024, 0, (size_t)(x_stack_top[i] - x_stack_low[i]) + 1024);
    x_depth = x_segment_count = x_steps = x_used = x_script_at = x_quick = 0;
    x_segments[0] = (x_segment){ .actor = -1, .cut = -1 };
}
/* The next choice among n.  0 when this schedule need not be gone on with. */
static int x_choose(int n, int plain, bool look)
{
    if (x_depth >= X_DEPTH) x_fail("a schedule of more than %d choices", X_DEPTH);
    x_choice *c = &x_path[x_depth];
    if (x_depth >= x_known) {
        x_seen_on_path[x_depth] = 0;
        if (look) {
            uint64_t h = x_state();
            if (x_prune && x_known_state(h, (unsigned)x_used)) {
                for (int i = x_depth; i-- > 0;) { if (x_seen_on_path[i] == h) x_fail("the same state comes again: goes round for ever"); if (x_path[i].count && !x_path[i].plain) break; }
                return -1;
            }
            x_states++;
            x_seen_on_path[x_depth] = h;
        }
        *c = (x_choice){ 0, (uint8_t)n, 0 };
        x_known = x_depth + 1;
    } else if (c->count != n) x_fail("the schedule does not repeat itself: %d choices instead of %d at %d", n, c->count, x_depth);
    c->plain = plain && c->chosen == 0;
    x_depth++;
    return c->chosen;
}
static void x_segment_end(int actor, char end, int cut)
{
    if (x_segment_count >= X_DEPTH - 1) x_fail("too many segments");
    x_segment *s = &x_segments[x_segment_count++];
    s->actor = actor; s->ops = x_ops[actor]; s->end = end; s->cut = cut;
    s[1] = (x_segment){ .actor = -1, .cut = -1 };
}
enum { X_GO, X_TIME, X_KILL, X_STOP };
typedef struct x_option { int what, who; } x_option;
/* In a replay the command line chooses.  Gives an index into `o`. */
static int x_scripted(const x_option *o, int n, int on, int *cut)
{
    x_segment *s = &x_script[x_script_at];
    *cut = -1;
    if (x_script_at < x_script_count && on >= 0 && s->actor == on) {
        if (s->end == '.' || x_ops[on] < s->ops) return 0;
        *cut = s->cut; s = &x_script[++x_script_at];
        for (int k = 0; k < n; k++) if (o[k].what == (s[-1].end == 'k' ? X_KILL : X_STOP) && s[-1].end != ':') return k;
    }
    if (x_script_at < x_script_count)
        for (int k = 0; k < n; k++) if (o[k].who == s->actor && o[k].what == (s->timed_out ? X_TIME : X_GO)) return k;
    return 0;
}
static void x_script_next(int actor) { if (x_script_at < x_script_count && x_script[x_script_at].actor == actor) x_script_at++; }
static void x_kill_actor(int i)
{
    x_drain(i); x_a[i].status = X_DEAD; x_now.kills++; x_kill_count++;
    if (x_trace) printf("  -- actor %d is killed\n", i);
    x_killed(i);
}
static void x_time_out(int i)
{
    x_a[i].timed_out = 1;
    if (x_a[i].deadline > x_now.clock) x_now.clock = x_a[i].deadline;
}
enum { X_END = -1, X_KNOWN = -2 };
/* Nobody can run: who goes on all the same, because time passes or because the stopped actor is let go?  Or X_END, or X_KNOWN. */
static int x_quiet_world(void)
{
    x_option o[X_ACTORS]; int n = 0, cut;
    x_idle();
    if (x_time_passes())
        for (int i = 0; i < x_actors; i++) if (x_asleep(i) && x_a[i].deadline != ~(uint64_t)0 && x_a[i].napped < 2) o[n++] = (x_option){ X_TIME, i };
    if (n) {
        int c = x_script_count ? x_scripted(o, n, -1, &cut) : x_choose(n, 0, true);
        if (c < 0) return X_KNOWN;
        x_time_out(o[c].who); x_a[o[c].who].napped++;
        if (x_trace) printf("  -- time passes: now actor %d\n", o[c].who);
        return o[c].who;
    }
    if (x_now.stopped < 0) return X_END;
    int s = (int)x_now.stopped;
    if (x_trace) printf("  -- all others are done or asleep: a look beside the stopped actor %d\n", s);
    x_direct_counts = 1; x_beside_stopped(s); x_direct_counts = 0;
    x_now.stopped = -1; x_a[s].status = X_READY; x_progress();
    if (x_trace) printf("  -- actor %d goes on\n", s);
    return s;
}
/* `from` is switched away with stores in its buffer: how many of them have reached memory?  All, none, or up to any that is a point. */
static int x_cut(int from, int scripted)
{
    int at[X_BUFFER + 2], cuts = 0, n = (int)x_a[from].stores, loud = 0; x_store *b = x_buffer[from];
    if (x_script_count) return scripted >= 0 && scripted < n ? scripted : n;
    at[cuts++] = n;
    for (int k = 0; k < n; k++) if (!b[k].quiet && x_is_point(b[k].word)) { if (!loud++) at[cuts++] = k; if (k + 1 < n) at[cuts++] = k + 1; }
    return at[x_choose(cuts, 0, false)];
}
/* One schedule from its beginning.  true: to its end, false: it ran into a known state. */
static bool x_run(void)
{
    int last = -1;                          /* who ran last; -1: gone */
    x_start();
    for (;;) {
        x_option o[3 * X_ACTORS + 2]; int n = 0, cut = -1, c;
        bool on = last >= 0 && x_can_run(last) && !x_a[last].paused;
        if (++x_steps > x_step_limit) x_fail("no end after %d steps", x_step_limit);
        if (on) o[n++] = (x_option){ X_GO, last };
        if (!on || x_used < x_preemptions)
            for (int i = 0; i < x_actors; i++) {
                if (i == last && x_can_run(i)) continue;
                if (x_can_run(i)) o[n++] = (x_option){ X_GO, i };
                else if (x_asleep(i) && x_a[i].deadline != ~(uint64_t)0 && x_now.timeouts < (uint64_t)x_timeouts) o[n++] = (x_option){ X_TIME, i };
            }
        if (!n && last >= 0 && x_can_run(last)) { x_now.clock += 1000000; o[n++] = (x_option){ X_GO, last }; }   /* spins alone */
        if (on && x_now.kills < (uint64_t)x_kills) o[n++] = (x_option){ X_KILL, last };
        if (on && x_now.stops < (uint64_t)x_stops) o[n++] = (x_option){ X_STOP, last };
        if (!on && last >= 0) x_script_next(last);
        if (!n) {
            bool drained = false;
            for (int i = 0; i < x_actors; i++) if (i != x_now.stopped && x_a[i].stores) { x_show(i); x_drain(i); drained = true; }
            if (drained) continue;
            if (last >= 0) x_segment_end(last, '.', -1);
            last = x_quiet_world();
            if (last < 0) return last == X_END;
            x_segments[x_segment_count].timed_out = (int)x_a[last].timed_out;
        } else {
            x_now.last = on ? last : -1;
            c = x_script_count ? x_scripted(o, n, on ? last : -1, &cut) : x_choose(n, on, n > 1 || !on);
            if (c < 0) return false;
            int who = o[c].who;
            if (o[c].what == X_KILL) { x_segment_end(last, 'k', -1); x_kill_actor(who); last = -1; continue; }
            if (o[c].what == X_STOP) {
                x_segment_end(last, 's', -1); x_drain(who); x_a[who].status = X_STOPPED; x_now.stopped = who; x_now.stops++; x_stop_count++; last = -1;
                if (x_trace) printf("  -- actor %d is stopped\n", who);
                continue;
            }
            if (who != last || !on) {
                int left = -1;
                if (last >= 0 && who != last && x_a[last].stores) { left = x_cut(last, cut); x_hide(last, (uint64_t)left); }
                if (last >= 0) x_segment_end(last, on ? ':' : '.', left);
                x_used += on;
                if (x_trace) printf("  -- %s actor %d%s%s\n", on ? "preempted by" : "now", who, o[c].what == X_TIME ? ", whose time is over" : "", left >= 0 && last >= 0 && x_a[last].stores ? " (stores of the last one are still under way)" : "");
            }
            if (o[c].what == X_TIME) { x_time_out(who); x_now.timeouts++; x_segments[x_segment_count].timed_out = 1; }
            last = who;
        }
        for (int i = 0; i < x_actors; i++) if (i != last) x_a[i].paused = 0;
        x_segments[x_segment_count].actor = last;
        x_show(last);
        x_resume(last);
    }
}

/* ---- the search ---- */
static double x_clock_seconds(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return (double)t.tv_sec + (double)t.tv_nsec / 1e9; }  /* of work: others on the machine do not count */
static void x_print_segments(void)
{
    if (x_segments[x_segment_count].actor >= 0) x_segment_end(x_segments[x_segment_count].actor, '.', -1);
    for (int i = 0; i < x_segment_count; i++) {
        x_segment *s = &x_segments[i];
        printf("%s%s%d", i ? "," : "", s->timed_out ? "t" : "", s->actor);
        if (s->end == '.') printf("."); else printf(":%ld", s->ops);
        if (s->end == 'k' || s->end == 's') printf("%c", s->end);
        if (s->cut >= 0) printf("/%d", s->cut);
    }
}
static int x_parse_script(const char *t)
{
    while (*t) {
        x_segment s = { .cut = -1, .end = ':' };
        if (x_script_count == X_DEPTH - 1) return 0;
        if (*t == 't') { s.timed_out = 1; t++; }
        if (*t < '0' || *t > '9') return 0;
        s.actor = (int)strtol(t, (char **)&t, 10);
        if (*t == '.') { s.end = '.'; t++; } else if (*t == ':') s.ops = strtol(t + 1, (char **)&t, 10); else return 0;
        if (*t == 'k' || *t == 's') s.end = *t++;
        if (*t == '/') s.cut = (int)strtol(t + 1, (char **)&t, 10);
        x_script[x_script_count++] = s;
        if (*t == ',') t++; else if (*t) return 0;
    }
    return 1;
}
static const char *x_again_line = "";       /* the command line without bounds, for the replay */
static int x_replay(void)
{
    x_every = x_trace = 1;
    x_preemptions = 1000;
    if (x_now.kills == 0 && !x_kills) x_kills = X_ACTORS;
    if (!x_stops) x_stops = 1;
    if (!x_timeouts) x_timeouts = 1000;
    if (_setjmp(x_top)) { x_direct = 1; printf("FAIL: %s\n", x_message); return 1; }
    x_run();
    x_direct = 1; x_check();
    printf("replayed: no failure\n");
    return 0;
}
static int x_show_failure(const char *message)
{
    static char first[sizeof x_message];
    snprintf(first, sizeof first, "%s", message);
    x_direct = 1; x_trace = 1; x_known = x_depth;
    printf("operations of the failing schedule (actor.operation):\n");
    if (!_setjmp(x_top)) { if (x_run()) { x_direct = 1; x_check(); } snprintf(x_message, sizeof x_message, "%s", first); }
    printf("FAIL: %s\n", first);
    if (strcmp(first, x_message)) printf("      (shown again it says: %s)\n", x_message);
    printf("replay: %s -R ", x_again_line); x_print_segments(); printf("\n");
    return 1;
}
/* 0: all schedules within the bounds are fine; 1: a failure, shown; 2: cut off by the clock. */
static int x_search(void)
{
    static int x_made;
    double began = x_clock_seconds();
    int top = x_preemptions, code;
    x_keys();
    memcpy(x_saved, x_world, x_world_size);
    if (!x_made++) x_make_actors();         /* a second search has the same stacks, and the same registers below them */
    if (x_script_count) return x_replay();
    code = _setjmp(x_top);
    x_direct = 1;
    if (code && !x_again) return x_show_failure(x_message);   /* x_again: half-learned; it will fail again, and be shown, when all is known */
    for (x_preemptions = x_first_bound >= 0 ? x_first_bound : 0; x_preemptions <= top; x_preemptions++) {
again:
        free(x_table); x_table = NULL; x_table_make(16);
        free(x_end_table); x_end_table = NULL; x_end_used = x_end_sum = 0;
        x_again = 0; x_known = 0; x_runs = x_ends = x_states = x_kill_count = x_stop_count = 0;
        for (;;) {
            bool end = x_run();
            x_runs++;
            if (end) { x_direct = 1; x_ends++; x_note_end(); x_check(); }
            if (x_again) { x_restarts++; goto again; }
            int d = x_depth - 1;
            while (d >= 0 && x_path[d].chosen + 1 >= x_path[d].count) d--;
            if (d < 0) break;
            x_path[d].chosen++; x_path[d].plain = 0; x_known = d + 1;
            if (x_seconds > 0 && !(x_runs & 1023) && x_clock_seconds() - began > x_seconds) return 2;
        }
    }
    x_preemptions = top;
    return 0;
}
#endif
