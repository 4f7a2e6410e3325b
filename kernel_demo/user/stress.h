/* stress.h - what the parts of the stress program know of each other: who works at what, the board that all of its processes see, and how a finding is told */
#ifndef STRESS_H
#define STRESS_H
#include "harness.h"

/* Who works: name, how many at once, and how many units of work each does in a round (0: it serves the others until they have done theirs). */
#define KINDS(X) \
    X(serve, 2, 0) X(call, 5, 60)                    /* stress_calls.c: requests and answers */ \
    X(left, 1, 0) X(right, 1, 5)                     /* a channel's two ends */ \
    X(wait, 1, 0) X(ring, 2, 80)                     /* a notification */ \
    X(post, 2, 200) X(fetch, 2, 0)                   /* queues that outlive who uses them */ \
    X(give, 3, 30) X(take, 2, 0)                     /* stress_memory.c: regions handed over */ \
    X(grow, 3, 6) X(object, 3, 50)                   /* a process's own memory and its forks; named objects */ \
    X(tree, 1, 0) X(use, 2, 80)                      /* stress_caps.c: capabilities granted and revoked */
#define KIND_NAME(name, count, units) KIND_##name,
enum kind { KINDS(KIND_NAME) KIND_COUNT };
#define KIND_HOW_MANY(name, count, units) name##_COUNT = (count),
enum { KINDS(KIND_HOW_MANY) };
#define KIND_SUM(name, count, units) + (count)
enum { WORKERS = 0 KINDS(KIND_SUM), KEEPERS = 3, RACERS = 3, SLOTS = WORKERS + KEEPERS + RACERS + 1 };      /* the last slot is the first process's */
#define KIND_WORK(name, count, units) void name##_work(void);
KINDS(KIND_WORK)

/* What is counted, for the table at the end. */
#define SUMS(X) X(calls) X(large_calls) X(refused) X(timeouts) X(cut_off) X(sends) X(receives) X(channels) X(rings) X(shared) X(moved) X(copied) X(sealed) \
    X(forks) X(killed_children) X(mappings) X(objects) X(grants) X(revokes) X(expired) X(destroyed) X(kills) X(starts) X(no_room) X(let_go) X(checks)
#define SUM_NAME(name) SUM_##name,
enum sum { SUMS(SUM_NAME) SUM_COUNT };

enum { PAGE = 4096, LANES = 2, BOXES = 3, BATCH = 8, LEDGER = 4096 };
enum slot_state { SLOT_EMPTY, SLOT_RUNS, SLOT_FINISHED };

/* One worker, whichever process it is just now.  Written by that process alone, and by its keeper while there is none. */
struct __attribute__((aligned(64))) slot {
    volatile uint32_t state, line;               /* line: of the source, where it is: for who must say that it does not go on */
    volatile uint64_t generation, pid, beat, done;
    volatile uint64_t sequence;                  /* of the requests of all its generations */
    volatile uint64_t at_risk;                   /* messages that it is about to take, and has not written down yet */
    volatile uint64_t killed, lost;              /* the keeper's: how often; what was at risk then */
};
/* Requests of one client to one server.  `answered` and `last` are the server's, the rest the client's. */
struct requests { volatile uint64_t asked, got, failed, answered, last[LANES]; };
/* One direction of a channel, since it was made. */
struct stream { volatile uint64_t sent[LANES], begun[LANES]; };
/* What one sender puts into one queue, and what came of it. */
struct posted { volatile uint64_t begun, sent, unsent, received; volatile uint64_t ledger[LEDGER]; };
/* A capability that is given to one user, and for which it was given; epoch last. */
struct given { volatile uint64_t token, expires, epoch; };

/* Of what stress_races.c plays: how far it is. */
struct race { volatile uint64_t turns, stop, turn, token, caller, revoked, refused, closed, began, answered, served, last, dead, cancelled; };

struct board {
    uint64_t seed, rounds, cpus, nodes;                /* rounds: 0: until it is told to stop */
    volatile uint32_t stop, findings;
    volatile uint64_t sums[SUM_COUNT];
    struct slot slots[SLOTS];
    struct requests requests[call_COUNT][serve_COUNT];
    struct stream channel[2];                    /* from left, from right */
    volatile uint64_t channel_session, asked_to_ring[ring_COUNT], rung[ring_COUNT];
    struct posted posted[BOXES][post_COUNT];
    volatile uint64_t dropped[BOXES];            /* as receivers were told */
    volatile uint64_t epoch, revoked;            /* the newest tree of capabilities; the newest of which no capability is good any more */
    struct given granted[use_COUNT], passed_on[use_COUNT];
    volatile uint64_t taker_pid[take_COUNT];
    struct race race;
};
#define BOARD "/stress board"

extern vipc ipc;
extern struct board *board;
extern struct slot *mine;
extern unsigned number;                          /* of this worker among those of its kind */
static const vipc_cap none, own_space;

/* ---- chance: splitmix64, so that a seed, a worker and a generation say all that is to come ---- */
extern uint64_t chance;
static inline uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
static inline uint64_t any(void) { return mix(chance += 0x9e3779b97f4a7c15u); }
static inline uint64_t below(uint64_t n) { return (any() >> 16) % n; }
static inline int one_in(uint64_t n) { return below(n) == 0; }

/* ---- findings ---- */
void finding(const char *file, int line, const char *what, const char *error, uint64_t got, uint64_t expected) __attribute__((noreturn));
#define BIT(error) (1ull << -(VIPC_ERR_##error))
#define GONE (BIT(INVALID_CAPABILITY) | BIT(PEER_DEAD) | BIT(CLOSED))        /* what an operation says when the other side was killed, or has ended it */
/* A call and the errors that it may end in, besides success. */
#define MUST(call, errors) must((mine->line = __LINE__, (call)), (errors), __FILE__, __LINE__, #call)
static inline vipc_error must(vipc_error e, uint64_t errors, const char *file, int line, const char *what)
{
    if (e != VIPC_OK && (e > VIPC_OK || !(errors >> -(int)e & 1))) finding(file, line, what, vipc_error_string(e), 0, 0);
    return e;
}
static inline int is_gone(vipc_error e) { return e < VIPC_OK && (GONE >> -(int)e & 1); }
#define EXPECT(condition) do { mine->line = __LINE__; if (!(condition)) finding(__FILE__, __LINE__, #condition, NULL, 0, 1); } while (0)
#define EXPECT_IS(what, expected) do { uint64_t is_ = (what), expected_ = (expected); if (is_ != expected_) finding(__FILE__, __LINE__, #what, NULL, is_, expected_); } while (0)

/* ---- what all of them do ---- */
static inline void count(enum sum what, uint64_t n) { __atomic_fetch_add(&board->sums[what], n, __ATOMIC_RELAXED); }
int going_on(void);                              /* at the head of each worker's loop: is there more to do? */
/* Under -icount QEMU 7.2 lets one CPU run on to the next timer, and the others starve, unless it says that it waits.  So whoever is busy says so now and then. */
static inline void give_way(void) { __asm__ volatile("pause"); }
void work_done(void);                            /* a unit of it */
vipc_time in_us(uint64_t microseconds);
void stay_on(uint64_t cpu);                      /* modulo those that there are; WHEREVER */
const char *name_with(const char *name, uint64_t n);
void forget(vipc_cap *c);                        /* close it, and have none; it may be gone */
static inline uint64_t now(void) { return vipc_time_now(&ipc); }
static inline vipc_cap cap_of(uint64_t token) { vipc_cap c = { token }; return c; }
static inline uint64_t load(vipc_addr at) { return *(volatile uint64_t *)at; }
static inline void store(vipc_addr at, uint64_t value) { *(volatile uint64_t *)at = value; }
static inline struct slot *slot_of(enum kind kind, unsigned n)
{
#define KIND_BEFORE(name, count, units) if (kind > KIND_##name) n += (count);
    KINDS(KIND_BEFORE)
    return &board->slots[n];
}
/* Can it be read, written?  By the kernel's own hands, which tell instead of ending: a desc that is read, and then the capability is none; a result that would be written there
 * if there were one. */
static inline int can_load(vipc_addr at) { vipc_cap c; return SYS3(SYS_DERIVE, 0, at, &c) != VIPC_ERR_FAULT; }
static inline int can_store(vipc_addr at) { return SYS2(SYS_CAP_GET, 0, at) != VIPC_ERR_FAULT; }
/* Of a worker that is to end: what it took part in must be as it should.  The first process asks, at the end. */
void calls_are_right(void);
void posts_are_right(const vipc_cap boxes[BOXES]);
void boxes_make(vipc_cap boxes[BOXES]);
/* stress_races.c: who takes part in a race (how many; the first of them), and one of them at work. */
unsigned race_roles(const char *race, unsigned *first);
int race_run(unsigned role);
#endif
