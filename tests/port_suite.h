/* port_suite.h - is this port of veridian_ipc.h right?
 *
 * Checks what section >>hooks of the header asks of each hook, then what the header promises of messages, over those hooks.  For your own port: on a host,
 * in ring 0 of a kernel, on a board.  Freestanding: no libc, no allocation, no floating point, no recursion, no array on the stack; it needs veridian_ipc.h
 * alone (its implementation may be in another file), C99 or C++11, and what the compiler itself asks for: memcpy and memset, atomic loads and stores, and
 * on small processors its own division.
 *
 *     static struct port_suite s;                          // all zero, then:
 *     s.hooks = &my_hooks;
 *     s.memory = my_memory;                         // port_suite_required_size(&s) bytes, aligned to VIPC_LINE
 *     s.size = sizeof my_memory;
 *     s.print = my_print;                           // one line, without its end
 *     s.start = my_start; s.join = my_join;         // a second thread, or a second process: half of the cases need one
 *     return port_suite_run(&s) != 0;               // how many cases failed
 *
 * Address spaces: the six hooks, if there are any, are tried by themselves; with s.access also through what they have made.  What can be executed nobody tries.
 *
 * It prints "ok   NAME", "FAIL NAME: what did not hold" or "skip NAME: why", and at last "N passed, N failed, N skipped".  A hook that is optional and NULL
 * is a skip.  The messaging cases are skipped after a failure among the hooks.  While it runs nobody else may use the port's frames.
 * A port whose block never comes back cannot be told so without a second thread: the suite hangs then, and .begin has named the case.
 * tests/t_port.c is an example: the POSIX shim with threads, with processes, the mock shim, and ports that are broken on purpose.
 */
#ifndef VIPC_PORT_SUITE_H
#define VIPC_PORT_SUITE_H
#ifndef VERIDIAN_IPC_H
#error "include veridian_ipc.h before port_suite.h"
#endif

/* What the second thread runs: the hooks of the process that it is in (the same table, where there is but one), and its number, as hook block is told it. */
typedef void (*port_suite_part)(void *argument, const vipc_hooks *hooks, uint64_t native_thread);

struct port_suite {
    const vipc_hooks *hooks;              /* what is tested */
    void *memory;                         /* borrowed; a second process sees it, and this struct, at the same address */
    uint64_t size;                        /* bytes */
    void *user;                           /* first argument of the functions below */
    void (*print)(void *user, const char *line);
    /* All that follows is optional. */
    int (*start)(void *user, port_suite_part run, void *argument);     /* have a second thread call run(argument, its hooks, its number); 0: it cannot */
    void (*join)(void *user);             /* wait until it has returned; required with start */
    void (*rest)(void *user);             /* let the other thread run; both call it.  NULL: hook relax, or nothing: then another CPU or preemption must do */
    void (*begin)(void *user, const char *name);    /* a case begins: for a watchdog */
    int (*critical)(void *user);          /* 1 between enter and leave: may this thread not be interrupted now? */
    int (*rung)(void *user);              /* is the bell of that number, of this process, readable? */
    uint64_t bell;
#if !VIPC_NO_SPACES
    /* Try an access to the byte at `at`, as who runs in the space `root` does: READ: *byte is what is there; WRITE: it is put there.  1: done; 0: refused, as by a fault.  The
     * caller runs in that space until it is called for another, or for 0, and a CPU may keep what it has learnt of translations meanwhile.  Without it nobody looks through them. */
    int (*access)(void *user, uint64_t root, uint64_t at, uint32_t access, unsigned char *byte);
    uint64_t space_start, space_end;      /* of the spaces that it makes: VIPC_LAYOUT_USER_START, _END; at least four times as many pages as a frame has 64-bit words */
#endif
    uint64_t thread;                      /* the calling thread's number, as hook block is told it */
    uint64_t alive, dead;                 /* proofs of one that lives, of one that is proven dead; 0: none at hand */
    uint64_t end;                         /* frames are numbered below this; 0: unknown */
    const char *only;                     /* the one case to run */
    /* What may be slow, or takes long; 0: the default. */
    uint64_t patience;                    /* ns that a wake-up, or an answer of the other thread, may take: 5 s */
    uint64_t late;                        /* ns by which a sleep may outlast its deadline: 2 s */
    uint32_t rounds;                      /* of what is repeated: 2,000 */
    uint32_t frames_max;                  /* the most frames to take at a time: 65,536; where there are more, exhaustion is skipped */
    uint32_t page_shift;                  /* a frame is 1 << page_shift bytes: 12 */
};

enum {
    PS_SECOND = 1, PS_BLOCK = 2, PS_CLOCK = 4,       /* what a case cannot do without */
    PS_SOUND = 8,                                    /* ... a port whose hooks have passed */
    PS_SPACES = 16, PS_LOOK = 32,                    /* the six hooks for address spaces; and a look through them */
    PS_NODES = 64                                    /* the two for NUMA nodes */
};
enum { PS_BYTES = 6000, PS_CAPS = 2, PS_RESTS = 200000, PS_LOOKS = 5000000 };

struct ps_state;
typedef struct ps_where { uint32_t line; const char *text; } ps_where;
typedef void (*ps_job)(struct ps_state *st, vipc *v);
/* The port's hooks behind the suite's: they count frames, and fail the n-th frame_alloc.  One a thread; `real` means something in its process alone. */
typedef struct ps_side {
    struct ps_state *st;
    const vipc_hooks *real;
    vipc_hooks hooks;
    vipc v;
} ps_side;
typedef struct ps_wait { vipc_time until; uint32_t rests; } ps_wait;

/* Lies at the start of the memory; the domain behind it.  Both threads see it. */
typedef struct ps_state {
    uint32_t word[4];                     /* to sleep on */
    uint32_t ready, go, ended, both;      /* between the two threads */
    const struct port_suite *s;
    const vipc_hooks *h;                  /* of the first thread */
    const ps_where *failed;               /* the first failure, or the last: NULL: none */
    const char *skipped;
    uint64_t patience, late, frame;
    uint32_t rounds, frames_max, clock;   /* clock: it can be trusted to end a wait */
    uint64_t other;                       /* the second thread's number */
    uint64_t cell, seen;                  /* hook frame_alloc writes here; a number for the other thread */
    uint64_t mark, taken;                 /* of frames; how many hang on the chain */
    uint64_t chain;                       /* the last frame taken, whose tag leads to the one before */
    uint64_t balance;                     /* frames that the core holds */
    uint64_t fail_at, failures;           /* frame_allocs to go; since it was set */
    vipc_pid pid;                         /* of the second side */
    uint64_t root[2], spaces;             /* what space_create has made; the numbers of spaces so far */
    vipc_cap door[PS_CAPS], his[PS_CAPS]; /* the first side's capabilities, and what the second was granted of them */
    ps_job job;
    vipc_config config;
    ps_side side[2];
    vipc_message m;
    char line[200];
    uint32_t length;
    unsigned char bytes[PS_BYTES], more[PS_BYTES];
} ps_state;

/* -------------------------------------------------------------------------------------------------- small things */
#define PS_GET(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define PS_SET(p, to) __atomic_store_n((p), (to), __ATOMIC_SEQ_CST)
#define PS_CHECK(cond) do { if (!(cond)) { static const ps_where here_ = { __LINE__, #cond }; PS_SET(&st->failed, &here_); } } while (0)
#define PS_REQUIRE(cond) do { if (!(cond)) { static const ps_where here_ = { __LINE__, #cond }; PS_SET(&st->failed, &here_); return; } } while (0)
#define PS_FAILED(st) (PS_GET(&(st)->failed) != NULL)
#define PS_NONE (~(uint64_t)0)

static inline bool ps_same(const char *a, const char *b)
{
    while (*a && *a == *b) { a++; b++; }
    return *a == *b;
}
static inline void ps_text(ps_state *st, const char *text)
{
    while (*text && st->length + 1 < sizeof st->line) st->line[st->length++] = *text++;
    st->line[st->length] = 0;
}
static inline void ps_number(ps_state *st, uint32_t n)
{
    char digits[11];
    uint32_t i = sizeof digits - 1;
    digits[i] = 0;
    do digits[--i] = (char)('0' + n % 10); while ((n /= 10) != 0);
    ps_text(st, digits + i);
}
static inline void ps_print(ps_state *st)
{
    st->s->print(st->s->user, st->line);
    st->length = 0;
}
static inline vipc_time ps_now(const vipc_hooks *h) { return h->now ? h->now(h->user) : 0; }
static inline vipc_time ps_after(const ps_state *st, const vipc_hooks *h, uint64_t ns) { return st->clock ? ps_now(h) + ns : VIPC_FOREVER; }
static inline void ps_rest(const ps_state *st, const vipc_hooks *h)
{
    if (st->s->rest) st->s->rest(st->s->user);
    else if (h->relax) h->relax(h->user);
}
/* Does the clock go past `t`?  One that ticks seldom is given half a second or more. */
static inline bool ps_passes(const ps_state *st, const vipc_hooks *h, vipc_time t)
{
    for (uint32_t i = 1; i < PS_LOOKS; i++) {
        if (ps_now(h) > t) return true;
        if (i % 1024 == 0) ps_rest(st, h);
    }
    return false;
}
/* A wait that ends: ps_wait w = ps_patience(...); while (!condition && ps_more(...)) { } */
static inline ps_wait ps_patience(const ps_state *st, const vipc_hooks *h, uint64_t ns)
{
    ps_wait w = { ps_after(st, h, ns), 0 };
    return w;
}
static inline bool ps_more(const ps_state *st, const vipc_hooks *h, ps_wait *w)
{
    if (st->clock ? ps_now(h) >= w->until : w->rests == PS_RESTS) return false;
    w->rests++;
    ps_rest(st, h);
    return true;
}
static inline bool ps_until(const ps_state *st, const vipc_hooks *h, const uint32_t *word, uint32_t value)
{
    ps_wait w = ps_patience(st, h, st->patience);
    while (PS_GET(word) != value)
        if (!ps_more(st, h, &w)) return PS_GET(word) == value;
    return true;
}

/* ---------------------------------------------------------------------------------------------- the second thread */
static inline bool ps_start(ps_state *st, port_suite_part part)
{
    st->other = 0;
    PS_SET(&st->ready, 0u);
    PS_SET(&st->go, 0u);
    PS_SET(&st->ended, 0u);
    for (uint32_t i = 0; i < 4; i++) PS_SET(&st->word[i], 0u);
    if (st->s->start(st->s->user, part, st)) return true;
    st->skipped = "the second thread could not be started";
    return false;
}
/* Who does not end by itself is woken until it does; then it is joined. */
static inline void ps_join(ps_state *st)
{
    ps_wait w = ps_patience(st, st->h, 2 * st->patience);
    while (!PS_GET(&st->ended) && ps_more(st, st->h, &w)) { }
    PS_CHECK(PS_GET(&st->ended) && "the second thread came back by itself");
    w = ps_patience(st, st->h, st->patience);
    for (uint32_t n = 1; !PS_GET(&st->ended) && ps_more(st, st->h, &w); n++)
        for (uint32_t i = 0; i < 4 && st->h->wake; i++) {
            PS_SET(&st->word[i], 0xdead0000u + n);
            st->h->wake(st->h->user, st->other, &st->word[i]);
        }
    st->s->join(st->s->user);
}
static inline void ps_ended(ps_state *st) { PS_SET(&st->ended, 1u); }

/* -------------------------------------------------------------------------------------------------------- frames
 * Each frame that is taken bears three tags, which say whose it is; the last one taken leads to the one before it. */
typedef struct ps_tag { uint64_t mark, number, before; } ps_tag;

static inline ps_tag *ps_tag_at(const ps_state *st, unsigned char *p, uint32_t which)
{
    return (ps_tag *)(void *)(p + (which == 0 ? 0 : which == 1 ? st->frame / 2 : st->frame - 32));
}
static inline unsigned char *ps_see(ps_state *st, const vipc_hooks *h, uint64_t first, uint64_t count)
{
    unsigned char *p = (unsigned char *)h->frame_pointer(h->user, first, count);
    PS_CHECK(p && "frame_pointer knows a frame that was given out");
    PS_CHECK((uintptr_t)p % VIPC_LINE == 0);
    return (uintptr_t)p % VIPC_LINE == 0 ? p : NULL;
}
static inline void ps_tag_frame(const ps_state *st, unsigned char *p, uint64_t number)
{
    for (uint32_t i = 0; i < 3; i++) {
        ps_tag *t = ps_tag_at(st, p, i);
        t->mark = st->mark;
        t->number = number;
        t->before = st->chain;
    }
}
static inline void ps_tag_frames(ps_state *st, uint64_t first, uint64_t count)      /* again, after others have written to them */
{
    for (uint64_t i = 0; i < count; i++) {
        unsigned char *p = (unsigned char *)st->h->frame_pointer(st->h->user, first + i, 1);
        if (p) ps_tag_frame(st, p, first + i);
    }
}
static inline bool ps_is_tagged(const ps_state *st, unsigned char *p, uint64_t number)
{
    for (uint32_t i = 0; i < 3; i++) {
        const ps_tag *t = ps_tag_at(st, p, i);
        if (t->mark != st->mark || t->number != number) return false;
    }
    return true;
}
/* Take a run, and tag it.  False: there is none, or it was not right. */
static inline bool ps_take(ps_state *st, uint64_t count, uint64_t *first)
{
    st->cell = PS_NONE;
    vipc_error e = st->h->frame_alloc(st->h->user, count, &st->cell);
    PS_CHECK(e <= VIPC_OK);
    if (e != VIPC_OK) return false;
    *first = st->cell;
    PS_CHECK(*first != PS_NONE && "frame_alloc says which");
    PS_CHECK(st->s->end == 0 || (*first < st->s->end && count <= st->s->end - *first));
    unsigned char *run = PS_FAILED(st) ? NULL : ps_see(st, st->h, *first, count);
    for (uint64_t i = 0; i < count && run; i++) {
        unsigned char *p = run + i * st->frame;
        PS_CHECK(ps_see(st, st->h, *first + i, 1) == p && "a run is contiguous");
        PS_CHECK(!ps_is_tagged(st, p, *first + i) && "no frame is given out twice");
        if (PS_FAILED(st)) return false;
        ps_tag_frame(st, p, *first + i);
    }
    return run != NULL;
}
static inline void ps_untag(ps_state *st, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        unsigned char *p = ps_see(st, st->h, first + i, 1);
        PS_REQUIRE(p);
        PS_CHECK(ps_is_tagged(st, p, first + i) && "nobody wrote to a frame that is taken");
        for (uint32_t k = 0; k < 3; k++) ps_tag_at(st, p, k)->mark = 0;
    }
}
static inline void ps_free(ps_state *st, uint64_t first, uint64_t count) { st->h->frame_free(st->h->user, first, count); }
static inline void ps_give(ps_state *st, uint64_t first, uint64_t count)
{
    ps_untag(st, first, count);
    ps_free(st, first, count);
}
/* All frames, one by one; how many there were. */
static inline uint64_t ps_take_all(ps_state *st)
{
    uint64_t first;
    st->chain = PS_NONE;
    for (st->taken = 0; st->taken < st->frames_max && ps_take(st, 1, &first); st->taken++) st->chain = first;
    return st->taken;
}
static inline void ps_give_all(ps_state *st)
{
    while (st->taken && !PS_FAILED(st)) {
        uint64_t n = st->chain;
        unsigned char *p = ps_see(st, st->h, n, 1);
        PS_REQUIRE(p);
        st->chain = ps_tag_at(st, p, 0)->before;
        ps_give(st, n, 1);
        st->taken--;
    }
}
/* How many frames are free; PS_NONE: more than are to be taken. */
static inline uint64_t ps_count(ps_state *st)
{
    uint64_t n = ps_take_all(st);
    ps_give_all(st);
    return n < st->frames_max ? n : PS_NONE;
}
static inline bool ps_countable(ps_state *st, uint64_t n)
{
    PS_CHECK(n != 0 && "there are frames at all");
    if (n == PS_NONE) st->skipped = "more frames than frames_max: not all were taken";
    return n != PS_NONE && !PS_FAILED(st);
}

static inline void ps_frames_hold_what_is_written(ps_state *st)
{
    uint64_t a, b;
    PS_REQUIRE(ps_take(st, 1, &a));
    unsigned char *p = ps_see(st, st->h, a, 1);
    PS_REQUIRE(p);
    for (uint64_t i = 0; i < st->frame; i++) p[i] = (unsigned char)(i * 7 + 3);
    PS_REQUIRE(ps_take(st, 1, &b));
    for (uint64_t i = 0; i < st->frame && !PS_FAILED(st); i++) PS_CHECK(p[i] == (unsigned char)(i * 7 + 3));
    ps_give(st, b, 1);
    for (uint64_t i = 0; i < st->frame && !PS_FAILED(st); i++) PS_CHECK(p[i] == (unsigned char)(i * 7 + 3));
    ps_tag_frame(st, p, a);
    ps_give(st, a, 1);
}
static inline void ps_frames_come_in_runs(ps_state *st)
{
    static const uint32_t counts[] = { 1, 2, 3, 5, 8, 17 };
    enum { N = sizeof counts / sizeof *counts };
    uint64_t first[N];
    for (uint32_t i = 0; i < N; i++) PS_REQUIRE(ps_take(st, counts[i], &first[i]));
    for (uint32_t i = 0; i < N; i++) ps_give(st, first[i], counts[i]);
}
/* Runs come and go; those that stay keep their contents. */
static inline void ps_frames_are_given_to_one_alone(ps_state *st)
{
    enum { N = 12 };
    uint64_t first[N];
    uint32_t count[N], seed = 1;
    for (uint32_t i = 0; i < N; i++) count[i] = 0;
    for (uint32_t k = 0; k < 20 * N && !PS_FAILED(st); k++) {
        seed = seed * 1103515245u + 12345u;
        uint32_t i = (seed >> 16) % N;
        if (count[i]) ps_give(st, first[i], count[i]);
        count[i] = count[i] ? 0 : 1 + (seed >> 20) % 9;
        if (count[i] && !ps_take(st, count[i], &first[i])) count[i] = 0;
    }
    for (uint32_t i = 0; i < N && !PS_FAILED(st); i++)
        if (count[i]) ps_give(st, first[i], count[i]);
}
static inline void ps_frames_come_back(ps_state *st)
{
    uint64_t n = ps_count(st);
    if (!ps_countable(st, n)) return;
    PS_CHECK(ps_count(st) == n);
    PS_CHECK(ps_count(st) == n);
}
static inline void ps_frames_run_out_and_recover(ps_state *st)
{
    uint64_t n = ps_count(st), first;
    if (!ps_countable(st, n)) return;
    PS_REQUIRE(ps_take_all(st) == n);
    PS_CHECK(st->h->frame_alloc(st->h->user, 1, &st->cell) < VIPC_OK);
    PS_CHECK(st->h->frame_alloc(st->h->user, 2, &st->cell) < VIPC_OK);
    first = st->chain;
    unsigned char *p = ps_see(st, st->h, first, 1);
    PS_REQUIRE(p);
    st->chain = ps_tag_at(st, p, 0)->before;
    ps_give(st, first, 1);
    st->taken--;
    PS_CHECK(st->h->frame_alloc(st->h->user, 2, &st->cell) < VIPC_OK);          /* one is there, not two: and it still is */
    PS_REQUIRE(ps_take(st, 1, &first));
    st->chain = first;
    st->taken++;
    ps_give_all(st);
    PS_CHECK(st->h->frame_alloc(st->h->user, n + 1, &st->cell) < VIPC_OK);
    PS_CHECK(st->h->frame_alloc(st->h->user, (uint64_t)1 << 60, &st->cell) < VIPC_OK);
    PS_CHECK(st->h->frame_alloc(st->h->user, PS_NONE, &st->cell) < VIPC_OK);
    PS_CHECK(ps_count(st) == n);                                                /* who failed has taken nothing */
}
static inline void ps_frames_freed_twice_are_free_once(ps_state *st)
{
    uint64_t n = ps_count(st), a, b;
    PS_REQUIRE(ps_take(st, 4, &a));
    ps_give(st, a, 4);
    ps_free(st, a, 4);
    ps_free(st, a, 1);
    PS_CHECK(ps_count(st) == n);
    PS_REQUIRE(ps_take(st, 6, &b));
    ps_untag(st, b, 6);
    ps_free(st, b + 2, 2);                                                      /* free already in part: the rest must go */
    ps_free(st, b, 6);
    PS_CHECK(ps_count(st) == n);
    (void)ps_countable(st, n);
}
static inline void ps_frames_that_do_not_exist_are_passed_over(ps_state *st)
{
    static const uint64_t strange[] = { (uint64_t)1 << 60, ((uint64_t)1 << 52) + 5, PS_NONE, PS_NONE - 1, (uint64_t)1 << 63 };
    enum { N = sizeof strange / sizeof *strange };
    uint64_t n = ps_count(st), mine;
    PS_REQUIRE(ps_take(st, 2, &mine));
    for (uint32_t i = 0; i < N; i++) {
        PS_CHECK(st->h->frame_pointer(st->h->user, strange[i], 1) == NULL);
        PS_CHECK(st->h->frame_pointer(st->h->user, strange[i], 3) == NULL);
        PS_CHECK(st->h->frame_pointer(st->h->user, strange[i], PS_NONE) == NULL);
        PS_CHECK(st->h->frame_pointer(st->h->user, mine, strange[i]) == NULL);
        ps_free(st, strange[i], 1);
        ps_free(st, strange[i], 3);
        ps_free(st, strange[i], PS_NONE);
    }
    if (st->s->end) {
        PS_CHECK(st->h->frame_pointer(st->h->user, st->s->end, 1) == NULL);
        PS_CHECK(st->h->frame_pointer(st->h->user, st->s->end - 1, 2) == NULL);
        ps_free(st, st->s->end, 1);
        ps_free(st, st->s->end, 100);
    }
    ps_give(st, mine, 2);
    PS_CHECK(ps_count(st) == n);
}
#if !VIPC_NO_REGIONS
/* From the chain of all frames one of each node is taken out: PS_NONE: no frame of that node. */
static inline void ps_pick(ps_state *st, uint64_t *of)
{
    unsigned char *before = NULL;
    for (uint32_t n = 0; n < VIPC_NODES_MAX; n++) of[n] = PS_NONE;
    for (uint64_t at = st->chain, i = 0, taken = st->taken; i < taken && !PS_FAILED(st); i++) {
        unsigned char *p = ps_see(st, st->h, at, 1);
        const uint32_t node = st->h->frame_node(st->h->user, at);
        PS_CHECK(node < VIPC_NODES_MAX);
        if (!p || node >= VIPC_NODES_MAX) return;
        const uint64_t next = ps_tag_at(st, p, 0)->before;
        if (of[node] == PS_NONE) {
            of[node] = at;
            ps_untag(st, at, 1);
            if (before) ps_tag_at(st, before, 0)->before = next;
            else st->chain = next;
            st->taken--;
        } else before = p;
        at = next;
    }
}
static inline uint64_t ps_near(ps_state *st, uint64_t node)          /* PS_NONE: there is none */
{
    st->cell = PS_NONE;
    vipc_error e = st->h->frame_alloc_near(st->h->user, (uint32_t)node, 1, &st->cell);
    PS_CHECK(e <= VIPC_OK);
    return e == VIPC_OK ? st->cell : PS_NONE;
}
/* With one free frame on each node each gives its own, in whatever order they are asked; with one in all whoever is asked gives that. */
static inline void ps_frames_come_from_the_node_that_is_asked(ps_state *st)
{
    uint64_t of[VIPC_NODES_MAX], n = ps_count(st), m, k;
    if (!ps_countable(st, n)) return;
    PS_REQUIRE(ps_take_all(st) == n);
    ps_pick(st, of);
    if (PS_FAILED(st)) return;
    for (m = 0; m < VIPC_NODES_MAX; m++) PS_CHECK(of[m] == PS_NONE || ps_near(st, m) == PS_NONE);
    for (uint32_t up = 0; up < 2; up++) {
        for (m = 0; m < VIPC_NODES_MAX; m++)
            if (of[m] != PS_NONE) ps_free(st, of[m], 1);
        for (k = 0; k < VIPC_NODES_MAX; k++) {
            m = up ? k : VIPC_NODES_MAX - 1 - k;
            PS_CHECK(of[m] == PS_NONE || ps_near(st, m) == of[m]);
        }
    }
    for (m = 0; m < VIPC_NODES_MAX; m++)
        for (k = 0; k < VIPC_NODES_MAX && of[m] != PS_NONE; k++) {
            if (of[k] == PS_NONE) continue;
            ps_free(st, of[m], 1);
            PS_CHECK(ps_near(st, k) == of[m] && "from others, if it has none");
        }
    for (m = 0; m < VIPC_NODES_MAX; m++)
        if (of[m] != PS_NONE) ps_free(st, of[m], 1);
    ps_give_all(st);
    for (m = 0; m < VIPC_NODES_MAX; m++) PS_CHECK(of[m] == PS_NONE || st->h->frame_alloc_near(st->h->user, (uint32_t)m, (uint64_t)1 << 60, &st->cell) < VIPC_OK);
    PS_CHECK(ps_count(st) == n);
}
#endif
static inline void ps_frames_stay_where_they_are(ps_state *st)
{
    uint64_t a, b;
    PS_REQUIRE(ps_take(st, 3, &a));
    unsigned char *p = ps_see(st, st->h, a, 3);
    PS_REQUIRE(p);
    PS_CHECK(ps_see(st, st->h, a, 3) == p);
    PS_REQUIRE(ps_take(st, 2, &b));
    PS_CHECK(ps_see(st, st->h, a, 3) == p);
    ps_give(st, b, 2);
    ps_give(st, a, 3);
    (void)*(volatile unsigned char *)p;                                         /* whoever was in the middle of a look may still be at it */
    PS_REQUIRE(ps_take(st, 3, &b));
    if (a == b) PS_CHECK(ps_see(st, st->h, b, 3) == p);
    ps_give(st, b, 3);
}
static inline void ps_part_frames(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    unsigned char *p = ps_see(st, h, st->seen, 3);
    (void)thread;
    for (uint64_t i = 0; p && i < 3; i++) {
        PS_CHECK(ps_is_tagged(st, p + i * st->frame, st->seen + i) && "the other thread sees what was written");
        ps_tag_at(st, p + i * st->frame, 2)->before = 4711 + i;
    }
    ps_ended(st);
}
static inline void ps_frames_are_the_same_for_both(ps_state *st)
{
    PS_REQUIRE(ps_take(st, 3, &st->seen));
    if (ps_start(st, ps_part_frames)) {
        ps_join(st);
        unsigned char *p = ps_see(st, st->h, st->seen, 3);
        for (uint64_t i = 0; p && i < 3 && !st->skipped; i++) PS_CHECK(ps_tag_at(st, p + i * st->frame, 2)->before == 4711 + i);
    }
    ps_give(st, st->seen, 3);
}

/* -------------------------------------------------------------------------------------------------------- waiting */
static inline vipc_error ps_block(ps_state *st, const vipc_hooks *h, uint64_t thread, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_error e = h->block(h->user, thread, word, expected, deadline);
    PS_CHECK((e == VIPC_OK || e == VIPC_ERR_TIMEOUT) && "block says VIPC_OK or VIPC_ERR_TIMEOUT");
    if (e == VIPC_ERR_TIMEOUT) PS_CHECK(deadline != VIPC_FOREVER);
    if (e == VIPC_ERR_TIMEOUT && st->clock) PS_CHECK(ps_now(h) >= deadline && "VIPC_ERR_TIMEOUT comes no sooner than the deadline");
    return e;
}
/* Sleep, as the core does, until the word is no longer `was`.  A wake-up that is lost ends with our patience, and that is a failure. */
static inline void ps_await(ps_state *st, const vipc_hooks *h, uint64_t thread, uint32_t *word, uint32_t was)
{
    vipc_time end = ps_after(st, h, st->patience);
    while (PS_GET(word) == was && !PS_FAILED(st)) {
        (void)ps_block(st, h, thread, word, was, end);
        PS_REQUIRE((!st->clock || ps_now(h) < end) && "a sleeper whose word has changed is woken");
    }
}
static inline void ps_wake(ps_state *st, uint64_t target, uint32_t *word, uint32_t value)
{
    PS_SET(word, value);
    st->h->wake(st->h->user, target, word);
}
static inline void ps_block_looks_at_the_word_first(ps_state *st)
{
    vipc_time end = ps_after(st, st->h, st->patience);
    PS_SET(&st->word[0], 1u);
    for (uint32_t i = 0; i < 20 && !PS_FAILED(st); i++) {
        PS_CHECK(ps_block(st, st->h, st->s->thread, &st->word[0], i == 1 ? 0xffffffffu : i & ~1u, end) == VIPC_OK);
        PS_CHECK((!st->clock || ps_now(st->h) < end) && "block does not sleep on a word that has changed");
    }
    PS_CHECK(PS_GET(&st->word[0]) == 1);
}
/* In the second thread if there is one, so that a sleep without end can be ended. */
static inline void ps_part_deadline(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    st->other = thread;
    for (uint32_t i = 0; i < 4 && !PS_FAILED(st); i++) {
        vipc_time end = i == 3 ? 1 : ps_now(h) + i * (uint64_t)7000000, back;    /* now, and two that are to come, and one long past */
        do {
            (void)ps_block(st, h, thread, &st->word[0], 0, end);
            back = ps_now(h);
        } while (back < end && !PS_FAILED(st));                                 /* early, for no reason: allowed */
        if (i != 3) PS_CHECK(back - end < st->late && "block is back soon after its deadline");
    }
    ps_ended(st);
}
static inline void ps_block_ends_at_its_deadline(ps_state *st)
{
    PS_SET(&st->word[0], 0u);
    if (!st->s->start) ps_part_deadline(st, st->h, st->s->thread);
    else if (ps_start(st, ps_part_deadline)) ps_join(st);
}
static inline void ps_wake_without_a_sleeper_does_nothing(ps_state *st)
{
    for (uint32_t i = 0; i < 4; i++) PS_SET(&st->word[i], 0xc0ffee00u + i);
    for (uint32_t k = 0; k < 20; k++) {
        st->h->wake(st->h->user, st->s->thread, &st->word[k % 4]);
        if (st->clock) (void)ps_block(st, st->h, st->s->thread, &st->word[1], 0xc0ffee01u, ps_now(st->h) + 1000);
    }
    for (uint32_t i = 0; i < 4; i++) PS_CHECK(PS_GET(&st->word[i]) == 0xc0ffee00u + i);
}
/* The second thread sleeps on word[0] until it is 1, 2, ...; it says in `ready` which one it goes to sleep for.  Now and then it goes when the wake-up has been. */
static inline void ps_part_sleeper(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    st->other = thread;
    for (uint32_t i = 0; i < PS_GET(&st->both) && !PS_FAILED(st); i++) {
        PS_SET(&st->ready, i + 1);
        if (i % 4 == 3) {
            vipc_time end = ps_after(st, h, st->patience);
            PS_CHECK(ps_until(st, h, &st->word[0], i + 1) && "the first thread goes on");
            (void)ps_block(st, h, thread, &st->word[0], i, end);
            PS_CHECK((!st->clock || ps_now(h) < end) && "block does not sleep on a word that has changed");
        } else ps_await(st, h, thread, &st->word[0], i);
    }
    ps_ended(st);
}
static inline void ps_wake_it(ps_state *st, uint32_t rounds, bool asleep, bool noise)
{
    PS_SET(&st->both, rounds);
    if (!ps_start(st, ps_part_sleeper)) return;
    for (uint32_t i = 0; i < rounds && !PS_FAILED(st); i++) {
        for (uint32_t k = 0; k < 4096 && i % 2 && st->h->cpus != 1 && PS_GET(&st->ready) != i + 1; k++) { }     /* as soon as can be */
        PS_CHECK(ps_until(st, st->h, &st->ready, i + 1) && "the second thread goes on");
        ps_wait w = ps_patience(st, st->h, (i + 1) * (uint64_t)1000000);        /* time to fall asleep in */
        while (asleep && ps_more(st, st->h, &w) && w.rests < 10000) { }
        for (uint32_t k = 0; k < 10 && noise; k++) st->h->wake(st->h->user, st->other, &st->word[1 + k % 3]);
        ps_wake(st, st->other, &st->word[0], i + 1);
    }
    ps_join(st);
}
static inline void ps_wake_ends_a_sleep(ps_state *st) { ps_wake_it(st, 5, true, false); }
static inline void ps_no_wake_is_lost_before_the_sleep(ps_state *st) { ps_wake_it(st, st->rounds, false, false); }
static inline void ps_a_wake_of_another_word_is_no_harm(ps_state *st) { ps_wake_it(st, 5, true, true); }

/* Each in turn: [1] is the first thread's word, [0] the second's. */
static inline void ps_part_turns(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    st->other = thread;
    for (uint32_t i = 0; i < st->rounds && !PS_FAILED(st); i++) {
        ps_await(st, h, thread, &st->word[0], i);
        PS_SET(&st->word[1], i + 1);
        h->wake(h->user, st->s->thread, &st->word[1]);
    }
    ps_ended(st);
}
static inline void ps_two_sleepers_wake_each_other(ps_state *st)
{
    if (!ps_start(st, ps_part_turns)) return;
    for (uint32_t i = 0; i < st->rounds && !PS_FAILED(st); i++) {
        ps_wake(st, st->other, &st->word[0], i + 1);
        ps_await(st, st->h, st->s->thread, &st->word[1], i);
    }
    ps_join(st);
}
/* Times out on [0] again and again, then sleeps on [1]: what the port kept of the first sleep is called late. */
static inline void ps_part_leaver(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    st->other = thread;
    for (uint32_t i = 0; i < PS_GET(&st->both) && !PS_FAILED(st); i++) {
        for (uint32_t k = 0; k < 3; k++) (void)ps_block(st, h, thread, &st->word[0], 0, ps_now(h) + 100000);
        PS_SET(&st->ready, i + 1);
        ps_await(st, h, thread, &st->word[1], i);
    }
    ps_ended(st);
}
static inline void ps_who_timed_out_has_left(ps_state *st)
{
    uint32_t rounds = 10;
    PS_SET(&st->both, rounds);
    if (!ps_start(st, ps_part_leaver)) return;
    for (uint32_t i = 0; i < rounds && !PS_FAILED(st); i++) {
        PS_CHECK(ps_until(st, st->h, &st->ready, i + 1) && "the second thread goes on");
        for (uint32_t k = 0; k < 5 && i % 2; k++) st->h->wake(st->h->user, st->other, &st->word[0]);
        ps_wake(st, st->other, &st->word[1], i + 1);
    }
    ps_join(st);
}

/* ---------------------------------------------------------------------------------------------- clock and the rest */
static inline void ps_the_clock_never_goes_back(ps_state *st)
{
    vipc_time t = ps_now(st->h), start = t;
    PS_CHECK(t != 0 && "now is never 0");
    for (uint32_t i = 0; i < 10 * st->rounds && !PS_FAILED(st); i++) {
        vipc_time next = ps_now(st->h);
        PS_CHECK(next != 0 && "now is never 0");
        PS_CHECK(next >= t);
        t = next;
    }
    PS_CHECK(ps_passes(st, st->h, start) && "the clock goes on");
}
static inline void ps_part_clock(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    (void)thread;
    for (uint32_t i = 0; i < 100 && !PS_FAILED(st); i++) {
        PS_CHECK(ps_until(st, h, &st->go, i + 1) && "the first thread goes on");
        vipc_time t = ps_now(h);
        PS_CHECK(t >= st->seen && t - st->seen < st->patience && "one clock for all members");
        st->seen = t;
        PS_SET(&st->ready, i + 1);
    }
    ps_ended(st);
}
static inline void ps_the_clock_is_one_for_all(ps_state *st)
{
    st->seen = ps_now(st->h);
    if (!ps_start(st, ps_part_clock)) return;
    for (uint32_t i = 0; i < 100 && !PS_FAILED(st); i++) {
        st->seen = ps_now(st->h);
        PS_SET(&st->go, i + 1);
        if (!ps_until(st, st->h, &st->ready, i + 1)) break;
        PS_CHECK(ps_now(st->h) >= st->seen && "one clock for all members");
    }
    ps_join(st);
}
static inline void ps_enter_and_leave_nest(ps_state *st)
{
    int (*critical)(void *) = st->s->critical;
    void *user = st->s->user;
    if (!st->h->enter) { st->skipped = "no hooks enter and leave"; return; }
    for (uint32_t i = 0; i < 10; i++) {
        PS_CHECK(!critical || !critical(user));
        uint32_t a = st->h->enter(st->h->user);
        PS_CHECK(!critical || critical(user));
        uint32_t b = st->h->enter(st->h->user);
        PS_CHECK(!critical || critical(user));
        uint32_t c = st->h->enter(st->h->user);
        st->h->leave(st->h->user, c);
        PS_CHECK((!critical || critical(user)) && "the inner leave does not let go");
        st->h->leave(st->h->user, b);
        PS_CHECK((!critical || critical(user)) && "the inner leave does not let go");
        st->h->leave(st->h->user, a);
        PS_CHECK((!critical || !critical(user)) && "the outer leave does");
    }
    if (!critical) st->skipped = "nothing tells whether this thread can be interrupted (port_suite.critical)";
}
static inline void ps_relax_returns(ps_state *st)
{
    if (!st->h->relax) { st->skipped = "no hook relax: the CPU's pause"; return; }
    for (uint32_t i = 0; i < 1000; i++) st->h->relax(st->h->user);
}
static inline void ps_the_living_and_the_dead_are_told_apart(ps_state *st)
{
    if (!st->h->process_alive) { st->skipped = "no hook process_alive"; return; }
    for (uint32_t i = 0; i < 3; i++) {
        if (st->s->alive) PS_CHECK(st->h->process_alive(st->h->user, st->s->alive) && "one who lives is not proven dead");
        if (st->s->dead) PS_CHECK(!st->h->process_alive(st->h->user, st->s->dead) && "one who is dead is proven dead");
        (void)st->h->process_alive(st->h->user, PS_NONE);                       /* any answer will do */
        (void)st->h->process_alive(st->h->user, 0);
    }
    if (!st->s->alive || !st->s->dead) st->skipped = "a proof of the living and one of the dead are needed";
}
static inline void ps_log_takes_anything(ps_state *st)
{
    if (!st->h->log) { st->skipped = "no hook log"; return; }
    for (uint32_t id = VIPC_LOG_REAPED; id <= VIPC_LOG_CHECK; id++) st->h->log(st->h->user, id & 1, id, PS_NONE, 0);
    st->h->log(st->h->user, 1, 0, 0, PS_NONE);                                  /* a later version may have more to say */
    st->h->log(st->h->user, 1, 0xffffffffu, 1, 2);
}
static inline void ps_the_bell_rings_and_is_quieted(ps_state *st)
{
    if (!st->h->bell) { st->skipped = "no hook bell"; return; }
    if (!st->s->rung) { st->skipped = "nothing tells whether the bell is readable (port_suite.rung)"; return; }
    for (uint32_t i = 0; i < 3; i++) {
        st->h->bell(st->h->user, st->s->bell, 0);
        PS_CHECK(!st->s->rung(st->s->user));
        st->h->bell(st->h->user, st->s->bell, 0);
        for (uint32_t k = 0; k <= i; k++) st->h->bell(st->h->user, st->s->bell, 1);
        PS_CHECK(st->s->rung(st->s->user));
        st->h->bell(st->h->user, st->s->bell, 0);
        PS_CHECK(!st->s->rung(st->s->user) && "it is quiet, however often it rang");
    }
    st->h->bell(st->h->user, PS_NONE, 1);                                       /* nobody's: the number came from shared memory */
    st->h->bell(st->h->user, PS_NONE, 0);
}
static inline void ps_the_table_is_well_formed(ps_state *st)
{
    const vipc_hooks *h = st->h;
    PS_CHECK(h->size == sizeof *h);
    PS_CHECK(h->frame_alloc && h->frame_free && h->frame_pointer);
    PS_CHECK(!h->block == !h->wake);
    PS_CHECK(!h->enter == !h->leave);
#if !VIPC_NO_SPACES
    PS_CHECK(!h->space_create == !h->space_destroy && !h->space_create == !h->page_map && !h->space_create == !h->page_unmap);
    PS_CHECK(!h->space_create == !h->page_protect && !h->space_create == !h->tlb_flush);
#endif
    PS_CHECK(h->reserved == 0);
}

#if !VIPC_NO_SPACES
/* ------------------------------------------------------------------------------------------------ address spaces
 * Hooks by themselves, as the core calls them: what page_unmap, page_protect or another page_map took away is gone after tlb_flush. */
static inline uint64_t ps_space_start(const ps_state *st)
{
    uint64_t start = st->s->space_start ? st->s->space_start : VIPC_LAYOUT_USER_START;
    return (start + st->frame - 1) & ~(st->frame - 1);
}
static inline uint64_t ps_space_end(const ps_state *st) { return (st->s->space_end ? st->s->space_end : VIPC_LAYOUT_USER_END) & ~(st->frame - 1); }
/* Page `n` of those that the cases use: around the border of two page tables that are as large as a frame. */
static inline uint64_t ps_at(const ps_state *st, uint64_t n)
{
    const uint64_t table = st->frame / 8 * st->frame, start = ps_space_start(st);
    return (start + 2 * table - 1) / table * table - 4 * st->frame + n * st->frame;
}
static inline bool ps_space(ps_state *st, uint32_t which)
{
    st->root[which] = PS_NONE;
    vipc_error e = st->h->space_create(st->h->user, ++st->spaces, ps_space_start(st), ps_space_end(st), &st->root[which]);
    PS_CHECK(e == VIPC_OK && st->root[which] != PS_NONE && "there are frames, and a space is made of them");
    return e == VIPC_OK && st->root[which] != PS_NONE;
}
static inline vipc_error ps_map(ps_state *st, uint32_t which, uint64_t n, uint64_t frame, uint64_t pages, uint32_t access)
{
    vipc_error e = st->h->page_map(st->h->user, st->root[which], ps_at(st, n), frame, pages, access, VIPC_WRITE_BACK);
    PS_CHECK(e <= VIPC_OK);
    return e;
}
static inline void ps_unmap(ps_state *st, uint32_t which, uint64_t n, uint64_t pages) { st->h->page_unmap(st->h->user, st->root[which], ps_at(st, n), pages); }
static inline void ps_protect(ps_state *st, uint32_t which, uint64_t n, uint64_t pages, uint32_t access)
{
    st->h->page_protect(st->h->user, st->root[which], ps_at(st, n), pages, access);
}
/* As the core does it: at once if it can be, else with patience. */
static inline void ps_flush(ps_state *st, uint32_t which, uint64_t n, uint64_t pages)
{
    vipc_error e = st->h->tlb_flush(st->h->user, st->root[which], ps_at(st, n), pages, VIPC_NOW);
    PS_CHECK((e == VIPC_OK || e == VIPC_ERR_WOULD_BLOCK) && "tlb_flush with VIPC_NOW says VIPC_OK or VIPC_ERR_WOULD_BLOCK");
    if (e != VIPC_OK) PS_CHECK(st->h->tlb_flush(st->h->user, st->root[which], ps_at(st, n), pages, VIPC_FOREVER) == VIPC_OK);
}
static inline int ps_try(ps_state *st, uint32_t which, uint64_t n, uint32_t access, unsigned char *byte) { return st->s->access(st->s->user, st->root[which], ps_at(st, n) + 77, access, byte); }
static inline bool ps_reads(ps_state *st, uint32_t which, uint64_t n, unsigned char value)
{
    unsigned char byte = (unsigned char)~value;
    return ps_try(st, which, n, VIPC_PROT_READ, &byte) == 1 && byte == value;
}
static inline bool ps_writes(ps_state *st, uint32_t which, uint64_t n, unsigned char value) { return ps_try(st, which, n, VIPC_PROT_WRITE, &value) == 1; }
static inline void ps_go_nowhere(ps_state *st)
{
    unsigned char byte;
    if (st->s->access) (void)st->s->access(st->s->user, 0, 0, VIPC_PROT_READ, &byte);
}
static inline void ps_end_space(ps_state *st, uint32_t which)
{
    ps_go_nowhere(st);
    PS_CHECK(st->h->space_destroy(st->h->user, st->root[which]) == VIPC_OK && "nobody runs in it");
}
/* Byte 77 of frame `i` of a run, as everybody sees it who looks at the frame. */
static inline unsigned char *ps_byte(ps_state *st, uint64_t first, uint64_t i)
{
    unsigned char *p = ps_see(st, st->h, first + i, 1);
    return p ? p + 77 : st->bytes;
}

static inline void ps_spaces_come_and_go(ps_state *st)
{
    uint64_t n = ps_count(st), frame;
    for (uint32_t i = 0; i < 5 && !PS_FAILED(st); i++) {
        if (!ps_space(st, 0) || !ps_space(st, 1)) return;
        PS_CHECK(st->root[0] != st->root[1]);
        PS_REQUIRE(ps_take(st, 2, &frame));
        for (uint32_t k = 0; k <= i; k++) PS_CHECK(ps_map(st, k & 1, k * 3, frame, 2, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK);
        if (i & 1) {
            ps_unmap(st, 0, 0, 20);
            ps_flush(st, 0, 0, 20);
        }
        ps_end_space(st, 0);
        PS_CHECK(st->h->space_destroy(st->h->user, st->root[0]) == VIPC_OK && "one that is gone is gone");
        ps_end_space(st, 1);
        ps_give(st, frame, 2);
        PS_CHECK(ps_count(st) == n);
    }
    (void)ps_countable(st, n);
}
static inline void ps_page_tables_need_not_fit(ps_state *st)
{
    uint64_t n = ps_count(st), frame, mapped = 0;
    vipc_error e = VIPC_OK;
    if (!ps_countable(st, n)) return;
    PS_REQUIRE(ps_take(st, 1, &frame));
    for (uint64_t left = 0; left < 12 && !PS_FAILED(st); left++) {              /* so many frames there are */
        PS_REQUIRE(ps_take_all(st) == n - 1);
        for (uint64_t i = 0; i < left && st->taken; i++) {
            uint64_t last = st->chain;
            unsigned char *p = ps_see(st, st->h, last, 1);
            PS_REQUIRE(p);
            st->chain = ps_tag_at(st, p, 0)->before;
            ps_give(st, last, 1);
            st->taken--;
        }
        st->root[0] = PS_NONE;
        e = st->h->space_create(st->h->user, ++st->spaces, ps_space_start(st), ps_space_end(st), &st->root[0]);
        PS_CHECK(e <= VIPC_OK);
        if (e == VIPC_OK) {
            const uint64_t table = st->frame / 8;                               /* pages far apart, a table for each */
            for (mapped = 0, e = VIPC_OK; mapped < 16 && e == VIPC_OK; mapped++) {
                uint64_t at = ps_at(st, 0) + mapped * table * st->frame;
                if (at >= ps_space_end(st) - st->frame) break;
                e = st->h->page_map(st->h->user, st->root[0], at, frame, 1, VIPC_PROT_READ, VIPC_WRITE_BACK);
                PS_CHECK(e <= VIPC_OK);
                if (e != VIPC_OK) st->h->page_unmap(st->h->user, st->root[0], at, 1);
            }
            ps_unmap(st, 0, 0, table);
            ps_flush(st, 0, 0, table);
            ps_end_space(st, 0);
        }
        ps_give_all(st);
        PS_CHECK(ps_count(st) == n - 1 && "who failed has kept nothing");
    }
    ps_give(st, frame, 1);
    PS_CHECK(ps_count(st) == n);
}
static inline void ps_pages_are_where_they_were_mapped(ps_state *st)
{
    uint64_t a;
    PS_REQUIRE(ps_take(st, 9, &a));
    for (uint64_t i = 0; i < 9; i++) *ps_byte(st, a, i) = (unsigned char)(40 + i);
    if (!ps_space(st, 0) || !ps_space(st, 1)) return;
    PS_CHECK(ps_map(st, 0, 0, a, 6, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK);                  /* over the border of two tables */
    PS_CHECK(ps_map(st, 1, 1, a + 6, 3, VIPC_PROT_READ) == VIPC_OK);
    for (uint64_t i = 0; i < 6 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 0, i, (unsigned char)(40 + i)));
    for (uint64_t i = 0; i < 3 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 1, i + 1, (unsigned char)(46 + i)) && "a space's pages are its own");
    for (uint64_t i = 0; i < 6 && !PS_FAILED(st); i++) PS_CHECK(ps_writes(st, 0, i, (unsigned char)(80 + i)) && *ps_byte(st, a, i) == 80 + i);
    for (uint64_t i = 0; i < 6 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 0, i, (unsigned char)(80 + i)));
    unsigned char byte = 0;
    PS_CHECK(ps_try(st, 0, 6, VIPC_PROT_READ, &byte) == 0 && ps_try(st, 1, 0, VIPC_PROT_READ, &byte) == 0 && ps_try(st, 1, 4, VIPC_PROT_READ, &byte) == 0);
    ps_end_space(st, 0);
    PS_CHECK(ps_reads(st, 1, 2, 47) && "and stay when another space ends");
    ps_end_space(st, 1);
    for (uint64_t i = 0; i < 9; i++) PS_CHECK(*ps_byte(st, a, i) == (i < 6 ? 80 + i : 40 + i));
    ps_tag_frames(st, a, 9);
    ps_give(st, a, 9);
}
static inline void ps_what_is_mapped_over_is_replaced(ps_state *st)
{
    uint64_t a;
    PS_REQUIRE(ps_take(st, 2, &a));
    if (!ps_space(st, 0)) return;
    *ps_byte(st, a, 0) = 1;
    *ps_byte(st, a, 1) = 2;
    for (uint64_t i = 0; i < 20 && !PS_FAILED(st); i++) {                       /* as a copy on write: read-only, then another frame that can be written */
        PS_CHECK(ps_map(st, 0, 2, a, 1, VIPC_PROT_READ) == VIPC_OK);
        ps_flush(st, 0, 2, 1);
        PS_CHECK(ps_reads(st, 0, 2, 1) && !ps_writes(st, 0, 2, 3));
        PS_CHECK(ps_map(st, 0, 2, a + 1, 1, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK);
        ps_flush(st, 0, 2, 1);
        PS_CHECK(ps_reads(st, 0, 2, 2) && ps_writes(st, 0, 2, 2) && *ps_byte(st, a, 0) == 1);
    }
    ps_end_space(st, 0);
    ps_tag_frames(st, a, 2);
    ps_give(st, a, 2);
}
static inline void ps_protection_narrows_and_never_widens(ps_state *st)
{
    uint64_t a;
    unsigned char byte = 0;
    PS_REQUIRE(ps_take(st, 6, &a));
    if (!ps_space(st, 0)) return;
    for (uint64_t i = 0; i < 6; i++) *ps_byte(st, a, i) = (unsigned char)(10 + i);
    PS_CHECK(ps_map(st, 0, 1, a, 6, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK);
    for (uint64_t i = 1; i <= 6 && !PS_FAILED(st); i++) PS_CHECK(ps_writes(st, 0, i, (unsigned char)(20 + i)));
    ps_protect(st, 0, 0, 4, VIPC_PROT_READ);                                    /* one that is not there, and three */
    ps_flush(st, 0, 0, 4);
    for (uint64_t i = 1; i <= 6 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 0, i, (unsigned char)(20 + i)) && ps_writes(st, 0, i, (unsigned char)(20 + i)) == (i > 3));
    PS_CHECK(ps_try(st, 0, 0, VIPC_PROT_READ, &byte) == 0 && "a page that was not there is not there");
    ps_protect(st, 0, 1, 6, VIPC_PROT_READ | VIPC_PROT_WRITE);
    ps_flush(st, 0, 1, 6);
    for (uint64_t i = 1; i <= 6 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 0, i, (unsigned char)(20 + i)) && ps_writes(st, 0, i, (unsigned char)(20 + i)) == (i > 3));
    ps_protect(st, 0, 2, 2, VIPC_PROT_NONE);
    ps_flush(st, 0, 2, 2);
    for (uint64_t i = 1; i <= 6 && !PS_FAILED(st); i++) PS_CHECK(ps_reads(st, 0, i, (unsigned char)(20 + i)) == (i < 2 || i > 3));
    ps_protect(st, 0, 1, 6, VIPC_PROT_READ);
    ps_flush(st, 0, 1, 6);
    PS_CHECK(ps_try(st, 0, 2, VIPC_PROT_READ, &byte) == 0 && !ps_writes(st, 0, 5, 1) && ps_reads(st, 0, 5, 25));
    PS_CHECK(ps_map(st, 0, 5, a + 4, 1, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK && "mapping it again widens");
    if (!ps_writes(st, 0, 5, 99)) PS_CHECK(ps_writes(st, 0, 5, 99));            /* one fault for an old translation is allowed */
    ps_end_space(st, 0);
    ps_tag_frames(st, a, 6);
    ps_give(st, a, 6);
}
/* Many pages of one frame, each of which is used, so that a CPU knows it; then none of them may be. */
static inline void ps_unmapped_pages_are_gone_after_the_flush(ps_state *st)
{
    static const uint32_t counts[] = { 1, 2, 7, 31, 33, 100 };
    uint64_t a;
    unsigned char byte = 0;
    PS_REQUIRE(ps_take(st, 1, &a));
    if (!ps_space(st, 0)) return;
    *ps_byte(st, a, 0) = 5;
    for (uint32_t c = 0; c < sizeof counts / sizeof *counts && !PS_FAILED(st); c++) {
        const uint64_t n = counts[c];
        for (uint64_t i = 0; i < n; i++) PS_CHECK(ps_map(st, 0, i + 1, a, 1, VIPC_PROT_READ | VIPC_PROT_WRITE) == VIPC_OK);
        for (uint64_t i = 0; i < n && !PS_FAILED(st); i++) PS_CHECK(ps_writes(st, 0, i + 1, 5) && ps_reads(st, 0, i + 1, 5));
        if (n > 3) {
            ps_unmap(st, 0, 2, 1);                                              /* a hole first */
            ps_flush(st, 0, 2, 1);
            ps_flush(st, 0, 1, 3);
            PS_CHECK(ps_try(st, 0, 2, VIPC_PROT_READ, &byte) == 0 && ps_reads(st, 0, 1, 5) && ps_reads(st, 0, 3, 5) && "its neighbours stay");
        }
        ps_unmap(st, 0, 0, n + 2);
        ps_flush(st, 0, 0, n + 2);
        for (uint64_t i = 0; i < n + 2 && !PS_FAILED(st); i++) PS_CHECK(ps_try(st, 0, i, VIPC_PROT_READ, &byte) == 0 && !ps_writes(st, 0, i, 1));
    }
    ps_unmap(st, 0, 0, (ps_space_end(st) - ps_at(st, 0)) / st->frame);          /* nothing, and much of it */
    ps_flush(st, 0, 0, (ps_space_end(st) - ps_at(st, 0)) / st->frame);
    PS_CHECK(*ps_byte(st, a, 0) == 5);
    ps_end_space(st, 0);
    ps_tag_frames(st, a, 1);
    ps_give(st, a, 1);
}
static inline void ps_a_space_that_is_in_use_stays(ps_state *st)
{
    uint64_t a;
    PS_REQUIRE(ps_take(st, 1, &a));
    if (!ps_space(st, 0)) return;
    *ps_byte(st, a, 0) = 6;
    PS_CHECK(ps_map(st, 0, 0, a, 1, VIPC_PROT_READ) == VIPC_OK && ps_reads(st, 0, 0, 6));
    vipc_error e = st->h->space_destroy(st->h->user, st->root[0]);
    PS_CHECK((e == VIPC_OK || e == VIPC_ERR_RESOURCE_BUSY) && "space_destroy says VIPC_OK or VIPC_ERR_RESOURCE_BUSY");
    if (e == VIPC_ERR_RESOURCE_BUSY) PS_CHECK(ps_reads(st, 0, 0, 6));
    ps_end_space(st, 0);
    ps_tag_frames(st, a, 1);
    ps_give(st, a, 1);
}
static inline void ps_each_cache_policy_can_be_had(ps_state *st)
{
    uint64_t a;
    PS_REQUIRE(ps_take(st, 1, &a));
    if (!ps_space(st, 0)) return;
    *ps_byte(st, a, 0) = 7;
    for (uint32_t cache = VIPC_WRITE_BACK; cache <= VIPC_WRITE_COMBINING; cache++) {
        PS_CHECK(st->h->page_map(st->h->user, st->root[0], ps_at(st, cache), a, 1, VIPC_PROT_READ, cache) == VIPC_OK);
        if (st->s->access) PS_CHECK(ps_reads(st, 0, cache, 7));
    }
    ps_unmap(st, 0, 0, 4);
    ps_flush(st, 0, 0, 4);
    ps_end_space(st, 0);
    ps_tag_frames(st, a, 1);
    ps_give(st, a, 1);
}
#endif

/* --------------------------------------------------------------------------------------------- domains for messages */
static inline vipc_error ps_hook_alloc(void *user, uint64_t count, uint64_t *first)
{
    ps_side *side = (ps_side *)user;
    ps_state *st = side->st;
    if (st->fail_at && --st->fail_at == 0) { st->failures++; return VIPC_ERR_OUT_OF_MEMORY; }
    vipc_error e = side->real->frame_alloc(side->real->user, count, first);
    if (e == VIPC_OK) st->balance += count;
    return e;
}
#if !VIPC_NO_REGIONS
static inline vipc_error ps_hook_near(void *user, uint32_t node, uint64_t count, uint64_t *first)
{
    ps_side *side = (ps_side *)user;
    ps_state *st = side->st;
    if (st->fail_at && --st->fail_at == 0) { st->failures++; return VIPC_ERR_OUT_OF_MEMORY; }
    vipc_error e = side->real->frame_alloc_near(side->real->user, node, count, first);
    if (e == VIPC_OK) st->balance += count;
    return e;
}
static inline uint32_t ps_hook_node(void *user, uint64_t frame) { const vipc_hooks *h = ((ps_side *)user)->real; return h->frame_node(h->user, frame); }
#endif
static inline void ps_hook_free(void *user, uint64_t first, uint64_t count)
{
    ps_side *side = (ps_side *)user;
    side->st->balance -= count;                      /* nobody dies here, so the core frees each run once */
    side->real->frame_free(side->real->user, first, count);
}
#define PS_REAL(user) const vipc_hooks *h = ((ps_side *)(user))->real
static inline void *ps_hook_pointer(void *user, uint64_t first, uint64_t count) { PS_REAL(user); return h->frame_pointer(h->user, first, count); }
static inline vipc_error ps_hook_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    PS_REAL(user);
    return h->block(h->user, self, word, expected, deadline);
}
static inline void ps_hook_wake(void *user, uint64_t target, uint32_t *word) { PS_REAL(user); h->wake(h->user, target, word); }
static inline vipc_time ps_hook_now(void *user) { PS_REAL(user); return h->now(h->user); }
static inline uint32_t ps_hook_enter(void *user) { PS_REAL(user); return h->enter(h->user); }
static inline void ps_hook_leave(void *user, uint32_t state) { PS_REAL(user); h->leave(h->user, state); }
static inline void ps_hook_relax(void *user) { PS_REAL(user); h->relax(h->user); }
static inline int ps_hook_alive(void *user, uint64_t proof) { PS_REAL(user); return h->process_alive(h->user, proof); }
static inline void ps_hook_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b) { PS_REAL(user); h->log(h->user, level, id, a, b); }
static inline void ps_hook_bell(void *user, uint64_t bell, int ring) { PS_REAL(user); h->bell(h->user, bell, ring); }
#if !VIPC_NO_SPACES
static inline vipc_error ps_hook_space_create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    PS_REAL(user);
    return h->space_create(h->user, space, start, end, root);
}
static inline vipc_error ps_hook_space_destroy(void *user, uint64_t root) { PS_REAL(user); return h->space_destroy(h->user, root); }
static inline vipc_error ps_hook_page_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    PS_REAL(user);
    return h->page_map(h->user, root, at, frame, pages, access, cache);
}
static inline void ps_hook_page_unmap(void *user, uint64_t root, uint64_t at, uint64_t pages) { PS_REAL(user); h->page_unmap(h->user, root, at, pages); }
static inline void ps_hook_page_protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { PS_REAL(user); h->page_protect(h->user, root, at, pages, access); }
static inline vipc_error ps_hook_tlb_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    PS_REAL(user);
    return h->tlb_flush(h->user, root, at, pages, deadline);
}
#endif
static inline const vipc_hooks *ps_wrap(ps_state *st, uint32_t which, const vipc_hooks *h)
{
    ps_side *side = &st->side[which];
    side->st = st;
    side->real = h;
    side->hooks = *h;
    side->hooks.user = side;
    side->hooks.frame_alloc = ps_hook_alloc;
    side->hooks.frame_free = ps_hook_free;
    side->hooks.frame_pointer = ps_hook_pointer;
    if (h->block) { side->hooks.block = ps_hook_block; side->hooks.wake = ps_hook_wake; }
    if (h->now) side->hooks.now = ps_hook_now;
    if (h->enter) { side->hooks.enter = ps_hook_enter; side->hooks.leave = ps_hook_leave; }
    if (h->relax) side->hooks.relax = ps_hook_relax;
    if (h->process_alive) side->hooks.process_alive = ps_hook_alive;
    if (h->log) side->hooks.log = ps_hook_log;
    if (h->bell) side->hooks.bell = ps_hook_bell;
#if !VIPC_NO_REGIONS
    if (h->frame_alloc_near) side->hooks.frame_alloc_near = ps_hook_near;
    if (h->frame_node) side->hooks.frame_node = ps_hook_node;
#endif
#if !VIPC_NO_SPACES
    if (h->space_create) {
        side->hooks.space_create = ps_hook_space_create;
        side->hooks.space_destroy = ps_hook_space_destroy;
        side->hooks.page_map = ps_hook_page_map;
        side->hooks.page_unmap = ps_hook_page_unmap;
        side->hooks.page_protect = ps_hook_page_protect;
        side->hooks.tlb_flush = ps_hook_tlb_flush;
    }
#endif
    return &side->hooks;
}

static inline uint64_t ps_head(void) { return (sizeof(ps_state) + VIPC_LINE - 1) / VIPC_LINE * VIPC_LINE; }
static inline vipc_config ps_config(const struct port_suite *s)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = 4;
    c.max_threads = 6;
    c.max_objects = 12;
    c.max_capabilities = 48;
    c.max_names = 2;
    c.page_shift = s->page_shift;
#if !VIPC_NO_SPACES
    if (s->hooks && s->hooks->space_create) {
        c.max_spaces = 4;
        c.max_frames = s->end && s->end < 0xfffffff0u ? (uint32_t)s->end : 65536;      /* those beyond come into no space */
    }
#endif
    return c;
}
static inline unsigned char *ps_domain(ps_state *st) { return (unsigned char *)st + ps_head(); }
static inline vipc *ps_first(ps_state *st) { return &st->side[0].v; }
static inline bool ps_open(ps_state *st)
{
    vipc_process_desc d = VIPC_INIT;
    d.native_thread = st->s->thread;
    d.proof = st->s->alive;
    st->balance = st->fail_at = st->failures = 0;
    st->pid.id = 0;
    vipc_error e = vipc_init(ps_first(st), ps_domain(st), vipc_required_size(&st->config), &st->config, &d, ps_wrap(st, 0, st->h));
    PS_CHECK(e == VIPC_OK && "vipc_init accepts the port");
    return e == VIPC_OK;
}
static inline void ps_clean(ps_state *st, vipc *v)
{
#if !VIPC_NO_INSPECT
    uint32_t violations = 1;
    vipc_stats stats = VIPC_INIT;
    PS_CHECK(vipc_check(v, &violations) == VIPC_OK && violations == 0);
    PS_CHECK(vipc_stats_get(v, &stats) == VIPC_OK && stats.frames_in_use == st->balance);
#else
    (void)st;
    (void)v;
#endif
}
/* All have left but the first; at last somebody joins once more and finds nothing. */
static inline void ps_close(ps_state *st)
{
    vipc *v = ps_first(st);
    st->fail_at = 0;
    ps_clean(st, v);
    PS_CHECK(vipc_leave(v) == VIPC_OK);
    vipc_error e = vipc_attach(v, ps_domain(st), vipc_required_size(&st->config), NULL, NULL, &st->side[0].hooks);
    PS_REQUIRE(e == VIPC_OK);
    PS_CHECK(vipc_sweep(v, NULL) == VIPC_OK);
    PS_CHECK(vipc_trim(v, NULL) == VIPC_OK);
    ps_clean(st, v);
    PS_CHECK(vipc_leave(v) == VIPC_OK);
    PS_CHECK(st->balance == 0 && "every frame has come home");
}
static inline vipc_cap ps_endpoint(ps_state *st, uint32_t capacity, uint32_t payload_max)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload_max;
    PS_CHECK(vipc_endpoint_create(ps_first(st), &d, &out) == VIPC_OK);
    return out;
}
static inline vipc_error ps_send(vipc *v, vipc_cap to, uint64_t n, vipc_time deadline)
{
    vipc_message m = VIPC_INIT;
    m.opcode = (uint32_t)n;
    for (uint32_t i = 0; i < VIPC_MESSAGE_WORDS; i++) m.data[i] = n * 5 + i;
    return vipc_send(v, to, &m, deadline);
}
static inline bool ps_is(const vipc_message *m, uint64_t n)
{
    for (uint32_t i = 0; i < VIPC_MESSAGE_WORDS; i++)
        if (m->data[i] != n * 5 + i) return false;
    return m->opcode == (uint32_t)n && m->flags == 0 && m->capability.token == 0;
}
static inline vipc_error ps_receive(ps_state *st, vipc *v, vipc_cap from, uint64_t n, vipc_time deadline)
{
    vipc_message m = VIPC_INIT;
    vipc_error e = vipc_receive(v, from, &m, NULL, deadline);
    if (e == VIPC_OK) PS_CHECK(ps_is(&m, n) && "the message that was sent, in its turn, once");
    return e;
}
static inline bool ps_waits(const ps_state *st) { return st->clock && st->h->block; }

/* ------------------------------------------------------------------------------------ messages, all in one thread */
static inline void ps_messages_come_in_order_and_once(ps_state *st)
{
    uint64_t sent = 0, received = 0;
    if (!ps_open(st)) return;
    vipc_cap door = ps_endpoint(st, 7, 0);
    for (uint32_t i = 0; i < st->rounds && !PS_FAILED(st); i++) {
        for (uint32_t k = 0; k < 1 + i % 9 && sent - received < 7; k++, sent++) PS_CHECK(ps_send(ps_first(st), door, sent, VIPC_NOW) == VIPC_OK);
        for (uint32_t k = 0; k < 1 + i % 5 && sent != received; k++, received++) PS_CHECK(ps_receive(st, ps_first(st), door, received, VIPC_NOW) == VIPC_OK);
    }
    while (received < sent && !PS_FAILED(st)) PS_CHECK(ps_receive(st, ps_first(st), door, received++, VIPC_NOW) == VIPC_OK);
    PS_CHECK(ps_receive(st, ps_first(st), door, 0, VIPC_NOW) == VIPC_ERR_CHANNEL_EMPTY);
    ps_close(st);
}
static inline void ps_a_full_queue_says_so(ps_state *st)
{
    if (!ps_open(st)) return;
    vipc_cap door = ps_endpoint(st, 5, 0);
    for (uint32_t k = 0; k < 5; k++) PS_CHECK(ps_send(ps_first(st), door, k, VIPC_NOW) == VIPC_OK);
    PS_CHECK(ps_send(ps_first(st), door, 5, VIPC_NOW) == VIPC_ERR_CHANNEL_FULL);
    PS_CHECK(ps_receive(st, ps_first(st), door, 0, VIPC_NOW) == VIPC_OK);
    PS_CHECK(ps_send(ps_first(st), door, 5, VIPC_NOW) == VIPC_OK);
    PS_CHECK(ps_send(ps_first(st), door, 6, VIPC_NOW) == VIPC_ERR_CHANNEL_FULL);
    for (uint32_t k = 1; k < 6; k++) PS_CHECK(ps_receive(st, ps_first(st), door, k, VIPC_NOW) == VIPC_OK);
    ps_close(st);
}
static inline void ps_deadlines_are_kept(ps_state *st)
{
    if (!ps_open(st)) return;
    vipc *v = ps_first(st);
    vipc_cap door = ps_endpoint(st, 1, 0);
    vipc_time end = vipc_after(v, 3000000);
    PS_CHECK(ps_receive(st, v, door, 0, end) == VIPC_ERR_TIMEOUT);
    PS_CHECK(ps_now(st->h) >= end && ps_now(st->h) - end < st->late);
    PS_CHECK(ps_send(v, door, 1, end) == VIPC_OK || ps_send(v, door, 1, VIPC_NOW) == VIPC_OK);
    end = vipc_after(v, 3000000);
    PS_CHECK(ps_send(v, door, 2, end) == VIPC_ERR_TIMEOUT);
    PS_CHECK(ps_now(st->h) >= end && ps_now(st->h) - end < st->late);
    PS_CHECK(ps_receive(st, v, door, 1, end) == VIPC_OK);                       /* a deadline that has passed: it tries once */
    ps_close(st);
}
static inline void ps_payloads_arrive_whole(ps_state *st)
{
    static const uint32_t sizes[] = { 0, 1, 47, 48, 64, 255, 256, 1000, 4096, PS_BYTES };
    if (!ps_open(st)) return;
    vipc_cap door = ps_endpoint(st, 3, PS_BYTES);
    for (uint32_t k = 0; k < sizeof sizes / sizeof *sizes && !PS_FAILED(st); k++) {
        vipc_outgoing out = VIPC_INIT;
        vipc_incoming in = VIPC_INIT;
        for (uint32_t i = 0; i < PS_BYTES; i++) { st->bytes[i] = (unsigned char)(i * 13 + k); st->more[i] = 0; }
        out.payload = st->bytes;
        out.payload_size = sizes[k];
        in.payload = st->more;
        in.payload_capacity = PS_BYTES;
        PS_CHECK(vipc_send_large(ps_first(st), door, &out, VIPC_NOW) == VIPC_OK);
        PS_CHECK(vipc_receive_large(ps_first(st), door, &in, VIPC_NOW) == VIPC_OK && in.info.payload_size == sizes[k]);
        for (uint32_t i = 0; i < PS_BYTES && !PS_FAILED(st); i++) PS_CHECK(st->more[i] == (i < sizes[k] ? st->bytes[i] : 0));
    }
    ps_close(st);
}
static inline void ps_a_revoked_capability_is_dead(ps_state *st)
{
    vipc_cap child = VIPC_INIT, grandchild = VIPC_INIT;
    if (!ps_open(st)) return;
    vipc *v = ps_first(st);
    vipc_cap door = ps_endpoint(st, 3, 0);
    PS_CHECK(vipc_derive(v, door, NULL, &child) == VIPC_OK && vipc_derive(v, child, NULL, &grandchild) == VIPC_OK);
    PS_CHECK(ps_send(v, grandchild, 1, VIPC_NOW) == VIPC_OK);
    PS_CHECK(vipc_revoke(v, door, VIPC_NOW) == VIPC_OK);
    PS_CHECK(ps_send(v, grandchild, 2, VIPC_NOW) == VIPC_ERR_INVALID_CAPABILITY);
    PS_CHECK(ps_receive(st, v, child, 1, VIPC_NOW) == VIPC_ERR_INVALID_CAPABILITY);
    PS_CHECK(ps_receive(st, v, door, 1, VIPC_NOW) == VIPC_OK);                  /* what was sent before stays sent */
    ps_close(st);
}
#if !VIPC_NO_SPACES
/* The core over the six hooks: zeroes, bytes in and out, faults, a copy of which each has its own; and, where one can look, what who runs there sees. */
static inline vipc_error ps_resolve(ps_state *st, vipc_cap space, uint64_t at, uint32_t access, unsigned char *byte)
{
    vipc_space_info info = VIPC_INIT;
    vipc_error e = vipc_space_get(ps_first(st), space, &info);
    for (uint32_t i = 0; e == VIPC_OK && i < 4; i++) {
        if (st->s->access(st->s->user, info.root, at, access, byte) == 1) return VIPC_OK;
        e = vipc_page_fault(ps_first(st), space, at, access, NULL);
    }
    return e == VIPC_OK ? VIPC_ERR_HOOK : e;
}
static inline void ps_spaces_of_the_core_hold_what_they_are_given(ps_state *st)
{
    vipc_space_desc d = VIPC_INIT;
    vipc_mmap_desc m = VIPC_INIT;
    vipc_cap space = VIPC_INIT, copy = VIPC_INIT;
    vipc_addr at = 0;
    unsigned char byte = 1;
    d.start = st->s->space_start;
    d.end = st->s->space_end;
    if (!ps_open(st)) return;
    vipc *v = ps_first(st);
    PS_REQUIRE(vipc_space_create(v, &d, &space) == VIPC_OK);
    m.size = 3 * st->frame;
    m.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    m.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS;
    PS_REQUIRE(vipc_space_mmap(v, space, &m, &at, VIPC_FOREVER) == VIPC_OK && at % st->frame == 0);
    const uint64_t there = at + st->frame - 100, size = st->frame + 200;       /* over two borders */
    for (uint32_t i = 0; i < PS_BYTES; i++) { st->bytes[i] = (unsigned char)(i * 11 + 1); st->more[i] = 9; }
    const uint64_t n = size < PS_BYTES ? size : (uint64_t)PS_BYTES;
    PS_CHECK(vipc_space_read(v, space, there, st->more, n, NULL) == VIPC_OK && st->more[0] == 0 && st->more[n - 1] == 0);
    PS_CHECK(vipc_space_write(v, space, there, st->bytes, n, NULL) == VIPC_OK && vipc_space_read(v, space, there, st->more, n, NULL) == VIPC_OK);
    for (uint64_t i = 0; i < n && !PS_FAILED(st); i++) PS_CHECK(st->more[i] == st->bytes[i]);
    PS_CHECK(vipc_space_clone(v, space, &copy, VIPC_FOREVER) == VIPC_OK);
    if (st->s->access) {
        PS_CHECK(ps_resolve(st, space, there, VIPC_PROT_READ, &byte) == VIPC_OK && byte == st->bytes[0]);
        PS_CHECK(ps_resolve(st, copy, there, VIPC_PROT_READ, &byte) == VIPC_OK && byte == st->bytes[0]);
        byte = 200;
        PS_CHECK(ps_resolve(st, copy, there, VIPC_PROT_WRITE, &byte) == VIPC_OK);
        PS_CHECK(ps_resolve(st, space, there, VIPC_PROT_READ, &byte) == VIPC_OK && byte == st->bytes[0] && "a write to the copy is the copy's");
        PS_CHECK(ps_resolve(st, copy, there, VIPC_PROT_READ, &byte) == VIPC_OK && byte == 200);
        PS_CHECK(vipc_space_protect(v, space, at, 3 * st->frame, VIPC_PROT_READ, VIPC_FOREVER) == VIPC_OK);
        PS_CHECK(ps_resolve(st, space, there, VIPC_PROT_WRITE, &byte) == VIPC_ERR_PERMISSION_DENIED && ps_resolve(st, space, there, VIPC_PROT_READ, &byte) == VIPC_OK);
        PS_CHECK(vipc_space_unmap(v, space, at, 3 * st->frame, VIPC_FOREVER) == VIPC_OK && ps_resolve(st, space, there, VIPC_PROT_READ, &byte) == VIPC_ERR_FAULT);
    }
    byte = 201;
    PS_CHECK(vipc_space_write(v, copy, there, &byte, 1, NULL) == VIPC_OK && vipc_space_read(v, copy, there, st->more, n, NULL) == VIPC_OK && st->more[0] == 201);
    ps_go_nowhere(st);
    PS_CHECK(vipc_destroy(v, space, VIPC_FOREVER) == VIPC_OK && vipc_destroy(v, copy, VIPC_FOREVER) == VIPC_OK);
    ps_close(st);
}
#endif
#if !VIPC_NO_NOTIFICATIONS
static inline void ps_notifications_keep_their_bits(ps_state *st)
{
    vipc_cap n = VIPC_INIT;
    uint64_t bits = 0;
    if (!ps_open(st)) return;
    vipc *v = ps_first(st);
    PS_CHECK(vipc_notification_create(v, NULL, &n) == VIPC_OK);
    PS_CHECK(vipc_signal(v, n, 5) == VIPC_OK && vipc_signal(v, n, 4) == VIPC_OK);
    PS_CHECK(vipc_notification_wait(v, n, 4, &bits, VIPC_NOW) == VIPC_OK && bits == 4);
    PS_CHECK(vipc_notification_wait(v, n, ~(uint64_t)0, &bits, VIPC_NOW) == VIPC_OK && bits == 1);
    PS_CHECK(vipc_notification_wait(v, n, ~(uint64_t)0, &bits, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK);
    if (ps_waits(st)) PS_CHECK(vipc_notification_wait(v, n, 1, &bits, vipc_after(v, 1000000)) == VIPC_ERR_TIMEOUT);
    ps_close(st);
}
static inline void ps_the_bell_rings_for_a_wait_set(ps_state *st)
{
    vipc_cap set = VIPC_INIT;
    vipc_wait_item item = VIPC_INIT;
    uint32_t count = 0;
    if (!st->h->bell || !st->s->rung) { st->skipped = "no hook bell, or nothing tells whether it is readable"; return; }
    if (!ps_open(st)) return;
    vipc *v = ps_first(st);
    item.object = ps_endpoint(st, 3, 0);
    PS_CHECK(vipc_wait_set_create(v, 4, NULL, &set) == VIPC_OK && vipc_wait_set_add(v, set, &item) == VIPC_OK);
    PS_CHECK(vipc_wait_set_bell(v, set, st->s->bell) == VIPC_OK);
    for (uint32_t i = 0; i < 3 && !PS_FAILED(st); i++) {
        vipc_wait_item ready = VIPC_INIT;
        PS_CHECK(vipc_wait_set_wait(v, set, &ready, 1, &count, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK);
        PS_CHECK(!st->s->rung(st->s->user));
        PS_CHECK(ps_send(v, item.object, i, VIPC_NOW) == VIPC_OK);
        PS_CHECK(st->s->rung(st->s->user));
        PS_CHECK(vipc_wait_set_wait(v, set, &ready, 1, &count, VIPC_NOW) == VIPC_OK && count == 1);
        PS_CHECK(ps_receive(st, v, item.object, i, VIPC_NOW) == VIPC_OK);
    }
    st->h->bell(st->h->user, st->s->bell, 0);
    ps_close(st);
}
#endif
static inline void ps_the_dead_are_cleaned_up_after(ps_state *st)
{
    vipc_process_desc d = VIPC_INIT;
    vipc_cap door = VIPC_INIT, mine = VIPC_INIT;
    uint32_t reaped = 0;
    if (!st->h->process_alive || !st->s->dead) { st->skipped = "no hook process_alive, or no proof of one who is dead"; return; }
    if (!ps_open(st)) return;
    d.proof = st->s->dead;
    vipc *v = ps_first(st), *gone = &st->side[1].v;
    PS_CHECK(vipc_process_create(v, &d, gone, NULL) == VIPC_OK);
    PS_CHECK(vipc_endpoint_create(gone, NULL, &door) == VIPC_OK);
    PS_CHECK(ps_send(gone, door, 1, VIPC_NOW) == VIPC_OK);
    PS_CHECK(vipc_grant(gone, door, vipc_self(v), NULL, &mine) == VIPC_OK);
    PS_CHECK(ps_send(v, mine, 2, VIPC_NOW) == VIPC_OK && st->balance != 0);
    PS_CHECK(vipc_sweep(v, &reaped) == VIPC_OK && reaped == 1);
    PS_CHECK(ps_send(v, mine, 3, VIPC_NOW) != VIPC_OK);
    ps_close(st);
}
/* One round of what takes frames; `e`: the first error. */
static inline vipc_error ps_use_frames(ps_state *st, vipc_cap small, vipc_cap large)
{
    vipc *v = ps_first(st);
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.payload = st->bytes;
    out.payload_size = PS_BYTES;
    in.payload = st->more;
    in.payload_capacity = PS_BYTES;
    vipc_error e = ps_send(v, small, 1, VIPC_NOW);
    if (e == VIPC_OK) e = ps_receive(st, v, small, 1, VIPC_NOW);
    if (e == VIPC_OK) e = vipc_send_large(v, large, &out, VIPC_NOW);
    if (e == VIPC_OK) e = vipc_receive_large(v, large, &in, VIPC_NOW);
#if !VIPC_NO_URGENT
    vipc_message m = VIPC_INIT;
    m.flags = VIPC_URGENT;
    if (e == VIPC_OK) e = vipc_send(v, small, &m, VIPC_NOW);
    if (e == VIPC_OK) e = vipc_receive(v, small, &m, NULL, VIPC_NOW);
#endif
    return e;
}
static inline void ps_a_lack_of_frames_is_survived(ps_state *st)
{
    uint64_t failures = 1;
    for (uint64_t n = 1; failures && n < 100 && !PS_FAILED(st); n++) {
        if (!ps_open(st)) return;
        vipc_cap small = ps_endpoint(st, 8, 0), large = ps_endpoint(st, 2, PS_BYTES);
        st->fail_at = n;
        vipc_error e = ps_use_frames(st, small, large);
        failures = st->failures;
        PS_CHECK(e == (failures ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK));
        st->fail_at = 0;
        ps_clean(st, ps_first(st));
        PS_CHECK(ps_use_frames(st, small, large) == VIPC_OK && "it works again once there are frames");
        PS_CHECK(n != 1 || failures);
        ps_close(st);
    }
}

/* ---------------------------------------------------------------------------------------- messages, two threads */
static inline void ps_part_member(void *argument, const vipc_hooks *h, uint64_t thread)
{
    ps_state *st = (ps_state *)argument;
    vipc *v = &st->side[1].v;
    vipc_process_desc d = VIPC_INIT;
    d.native_thread = thread;
    st->other = thread;
    vipc_error e = vipc_attach(v, ps_domain(st), vipc_required_size(&st->config), NULL, &d, ps_wrap(st, 1, h));
    PS_CHECK(e == VIPC_OK);
    if (e == VIPC_OK) {
        st->pid = vipc_self(v);
        PS_SET(&st->ready, 1u);
        if (ps_until(st, h, &st->go, 1)) st->job(st, v);
        PS_CHECK(vipc_leave(v) == VIPC_OK);
    }
    ps_ended(st);
}
/* Start the second side as a process of its own, with `rights` to each of st->door. */
static inline bool ps_with(ps_state *st, ps_job job, uint32_t rights)
{
    vipc_derive_desc d = VIPC_INIT;
    d.rights = rights;
    st->job = job;
    if (!ps_start(st, ps_part_member)) return false;
    PS_CHECK(ps_until(st, st->h, &st->ready, 1) && "the second thread has joined the domain");
    for (uint32_t i = 0; i < PS_CAPS && st->pid.id; i++)
        if (st->door[i].token) PS_CHECK(vipc_grant(ps_first(st), st->door[i], st->pid, &d, &st->his[i]) == VIPC_OK);
    PS_SET(&st->go, 1u);
    return true;
}
static inline bool ps_open_doors(ps_state *st, uint32_t capacity, uint32_t doors)
{
    if (!ps_open(st)) return false;
    for (uint32_t i = 0; i < PS_CAPS; i++) {
        st->door[i].token = st->his[i].token = 0;
        if (i < doors) st->door[i] = ps_endpoint(st, capacity, 0);
    }
    return true;
}
static inline void ps_close_both(ps_state *st, bool started)
{
    if (started) ps_join(st);
    ps_close(st);
}
static inline void ps_send_all(ps_state *st, vipc *v, vipc_cap to)
{
    for (uint32_t i = 0; i < st->rounds && !PS_FAILED(st); i++) PS_CHECK(ps_send(v, to, i, vipc_after(v, st->patience)) == VIPC_OK);
}
static inline void ps_receive_all(ps_state *st, vipc *v, vipc_cap from)
{
    for (uint32_t i = 0; i < st->rounds && !PS_FAILED(st); i++) PS_CHECK(ps_receive(st, v, from, i, vipc_after(v, st->patience)) == VIPC_OK);
}
static inline void ps_job_send(ps_state *st, vipc *v) { ps_send_all(st, v, st->his[0]); }
static inline void ps_job_receive(ps_state *st, vipc *v) { ps_receive_all(st, v, st->his[0]); }
static inline void ps_a_stream_to_the_first_thread(ps_state *st)
{
    if (!ps_open_doors(st, 4, 1)) return;
    bool started = ps_with(st, ps_job_send, VIPC_RIGHT_SEND);
    if (started) ps_receive_all(st, ps_first(st), st->door[0]);
    ps_close_both(st, started);
}
static inline void ps_a_stream_to_the_second_thread(ps_state *st)
{
    if (!ps_open_doors(st, 4, 1)) return;
    bool started = ps_with(st, ps_job_receive, VIPC_RIGHT_RECEIVE);
    if (started) ps_send_all(st, ps_first(st), st->door[0]);
    ps_close_both(st, started);
}
/* The first thread's own messages among the second's: each sender's are in order, and none is missing. */
static inline void ps_two_senders_keep_their_orders(ps_state *st)
{
    uint64_t mine = 0, got_mine = 0, got_his = 0;
    if (!ps_open_doors(st, 8, 1)) return;
    bool started = ps_with(st, ps_job_send, VIPC_RIGHT_SEND);
    while (started && got_mine + got_his < 2 * (uint64_t)st->rounds && !PS_FAILED(st)) {
        vipc_message m = VIPC_INIT;
        vipc_info info = VIPC_INIT;
        if (mine < st->rounds && ps_send(ps_first(st), st->door[0], mine, VIPC_NOW) == VIPC_OK) mine++;
        vipc_error e = vipc_receive(ps_first(st), st->door[0], &m, &info, vipc_after(ps_first(st), st->patience));
        PS_CHECK(e == VIPC_OK);
        if (info.sender.id == st->pid.id) PS_CHECK(ps_is(&m, got_his) && "the second sender's order");
        else PS_CHECK(ps_is(&m, got_mine) && "the first sender's order");
        if (info.sender.id == st->pid.id) got_his++;
        else got_mine++;
    }
    ps_close_both(st, started);
}
#if !VIPC_NO_CALLS
static inline void ps_job_serve(ps_state *st, vipc *v)
{
    for (uint32_t i = 0; i < st->rounds / 2 && !PS_FAILED(st); i++) {
        vipc_message m = VIPC_INIT;
        vipc_info info = VIPC_INIT;
        PS_REQUIRE(vipc_receive(v, st->his[0], &m, &info, vipc_after(v, st->patience)) == VIPC_OK);
        m.data[1] = m.data[0] * 3 + 1;
        PS_CHECK(vipc_reply(v, info.reply, &m) == VIPC_OK);
    }
}
static inline void ps_calls_are_answered(ps_state *st)
{
    if (!ps_open_doors(st, 4, 1)) return;
    bool started = ps_with(st, ps_job_serve, VIPC_RIGHT_RECEIVE);
    for (uint32_t i = 0; started && i < st->rounds / 2 && !PS_FAILED(st); i++) {
        vipc_message m = VIPC_INIT;
        m.data[0] = i;
        PS_CHECK(vipc_call(ps_first(st), st->door[0], &m, &m, vipc_after(ps_first(st), st->patience)) == VIPC_OK);
        PS_CHECK(m.data[0] == i && m.data[1] == (uint64_t)i * 3 + 1);
    }
    ps_close_both(st, started);
}
#endif
/* The second thread sleeps to receive; what it is told when that ends. */
static inline void ps_job_sleep(ps_state *st, vipc *v)
{
    vipc_message m = VIPC_INIT;
    PS_SET(&st->ready, 2u);
    st->seen = (uint64_t)vipc_receive(v, st->his[0], &m, NULL, vipc_after(v, st->patience));
}
static inline void ps_while_it_sleeps(ps_state *st, bool revoke)
{
    for (uint32_t i = 0; i < 4 && !PS_FAILED(st) && !st->skipped; i++) {
        if (!ps_open_doors(st, 4, 1)) return;
        bool started = ps_with(st, ps_job_sleep, VIPC_RIGHT_RECEIVE);
        if (started) PS_CHECK(ps_until(st, st->h, &st->ready, 2) && "the second thread goes on");
        ps_wait w = ps_patience(st, st->h, i * (uint64_t)1000000);
        while (started && ps_more(st, st->h, &w) && w.rests < 10000) { }
        vipc_time end = vipc_after(ps_first(st), st->patience);
        if (started) PS_CHECK((revoke ? vipc_revoke(ps_first(st), st->door[0], end) : vipc_destroy(ps_first(st), st->door[0], end)) == VIPC_OK);
        if (started) ps_join(st);
        vipc_error told = (vipc_error)st->seen;
        if (started) PS_CHECK(told == VIPC_ERR_INVALID_CAPABILITY || (!revoke && told == VIPC_ERR_CLOSED));       /* it may not have slept yet */
        ps_close(st);
    }
}
static inline void ps_a_sleeper_is_told_of_a_revoke(ps_state *st) { ps_while_it_sleeps(st, true); }
static inline void ps_a_sleeper_is_told_of_an_end(ps_state *st) { ps_while_it_sleeps(st, false); }
#if !VIPC_NO_NOTIFICATIONS
static inline void ps_job_answer_bits(ps_state *st, vipc *v)
{
    for (uint32_t i = 0; i < st->rounds / 2 && !PS_FAILED(st); i++) {
        uint64_t bits = 0;
        PS_REQUIRE(vipc_notification_wait(v, st->his[0], ~(uint64_t)0, &bits, vipc_after(v, st->patience)) == VIPC_OK);
        PS_CHECK(bits == (uint64_t)1 << (i & 63));
        PS_CHECK(vipc_signal(v, st->his[1], bits) == VIPC_OK);
    }
}
static inline void ps_notifications_wake(ps_state *st)
{
    if (!ps_open_doors(st, 1, 0)) return;
    for (uint32_t i = 0; i < PS_CAPS; i++) PS_CHECK(vipc_notification_create(ps_first(st), NULL, &st->door[i]) == VIPC_OK);
    bool started = ps_with(st, ps_job_answer_bits, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE);
    for (uint32_t i = 0; started && i < st->rounds / 2 && !PS_FAILED(st); i++) {
        uint64_t bits = 0, bit = (uint64_t)1 << (i & 63);
        PS_CHECK(vipc_signal(ps_first(st), st->door[0], bit) == VIPC_OK);
        PS_CHECK(vipc_notification_wait(ps_first(st), st->door[1], ~(uint64_t)0, &bits, vipc_after(ps_first(st), st->patience)) == VIPC_OK && bits == bit);
    }
    ps_close_both(st, started);
}
#endif

/* ---------------------------------------------------------------------------------------------------------- table */
typedef struct ps_case { const char *name; void (*run)(ps_state *st); uint32_t needs; } ps_case;
#define PS_CASE(name, needs) { #name, ps_##name, (uint32_t)(needs) }

static inline const ps_case *ps_cases(uint32_t *count)
{
    static const ps_case cases[] = {
        PS_CASE(the_table_is_well_formed, 0),
        PS_CASE(frames_hold_what_is_written, 0),
        PS_CASE(frames_come_in_runs, 0),
        PS_CASE(frames_are_given_to_one_alone, 0),
        PS_CASE(frames_come_back, 0),
        PS_CASE(frames_run_out_and_recover, 0),
        PS_CASE(frames_freed_twice_are_free_once, 0),
        PS_CASE(frames_that_do_not_exist_are_passed_over, 0),
        PS_CASE(frames_stay_where_they_are, 0),
#if !VIPC_NO_REGIONS
        PS_CASE(frames_come_from_the_node_that_is_asked, PS_NODES),
#endif
        PS_CASE(frames_are_the_same_for_both, PS_SECOND),
        PS_CASE(the_clock_never_goes_back, PS_CLOCK),
        PS_CASE(the_clock_is_one_for_all, PS_CLOCK | PS_SECOND),
        PS_CASE(block_looks_at_the_word_first, PS_BLOCK),
        PS_CASE(block_ends_at_its_deadline, PS_BLOCK | PS_CLOCK),
        PS_CASE(wake_without_a_sleeper_does_nothing, PS_BLOCK),
        PS_CASE(wake_ends_a_sleep, PS_BLOCK | PS_SECOND),
        PS_CASE(no_wake_is_lost_before_the_sleep, PS_BLOCK | PS_SECOND),
        PS_CASE(a_wake_of_another_word_is_no_harm, PS_BLOCK | PS_SECOND),
        PS_CASE(who_timed_out_has_left, PS_BLOCK | PS_CLOCK | PS_SECOND),
        PS_CASE(two_sleepers_wake_each_other, PS_BLOCK | PS_SECOND),
        PS_CASE(enter_and_leave_nest, 0),
        PS_CASE(relax_returns, 0),
        PS_CASE(the_living_and_the_dead_are_told_apart, 0),
        PS_CASE(log_takes_anything, 0),
        PS_CASE(the_bell_rings_and_is_quieted, 0),
#if !VIPC_NO_SPACES
        PS_CASE(spaces_come_and_go, PS_SPACES),
        PS_CASE(page_tables_need_not_fit, PS_SPACES),
        PS_CASE(each_cache_policy_can_be_had, PS_SPACES),
        PS_CASE(pages_are_where_they_were_mapped, PS_SPACES | PS_LOOK),
        PS_CASE(what_is_mapped_over_is_replaced, PS_SPACES | PS_LOOK),
        PS_CASE(protection_narrows_and_never_widens, PS_SPACES | PS_LOOK),
        PS_CASE(unmapped_pages_are_gone_after_the_flush, PS_SPACES | PS_LOOK),
        PS_CASE(a_space_that_is_in_use_stays, PS_SPACES | PS_LOOK),
#endif
        PS_CASE(messages_come_in_order_and_once, PS_SOUND),
        PS_CASE(a_full_queue_says_so, PS_SOUND),
        PS_CASE(deadlines_are_kept, PS_SOUND | PS_BLOCK | PS_CLOCK),
        PS_CASE(payloads_arrive_whole, PS_SOUND),
        PS_CASE(a_revoked_capability_is_dead, PS_SOUND),
        PS_CASE(the_dead_are_cleaned_up_after, PS_SOUND),
        PS_CASE(a_lack_of_frames_is_survived, PS_SOUND),
#if !VIPC_NO_SPACES
        PS_CASE(spaces_of_the_core_hold_what_they_are_given, PS_SOUND | PS_SPACES),
#endif
#if !VIPC_NO_NOTIFICATIONS
        PS_CASE(notifications_keep_their_bits, PS_SOUND),
        PS_CASE(the_bell_rings_for_a_wait_set, PS_SOUND),
        PS_CASE(notifications_wake, PS_SOUND | PS_BLOCK | PS_SECOND),
#endif
        PS_CASE(a_stream_to_the_first_thread, PS_SOUND | PS_BLOCK | PS_SECOND),
        PS_CASE(a_stream_to_the_second_thread, PS_SOUND | PS_BLOCK | PS_SECOND),
        PS_CASE(two_senders_keep_their_orders, PS_SOUND | PS_BLOCK | PS_SECOND),
#if !VIPC_NO_CALLS
        PS_CASE(calls_are_answered, PS_SOUND | PS_BLOCK | PS_SECOND),
#endif
        PS_CASE(a_sleeper_is_told_of_a_revoke, PS_SOUND | PS_BLOCK | PS_SECOND),
        PS_CASE(a_sleeper_is_told_of_an_end, PS_SOUND | PS_BLOCK | PS_SECOND)
    };
    *count = (uint32_t)(sizeof cases / sizeof *cases);
    return cases;
}

/* Bytes of memory that port_suite_run needs; page_shift is read from *s. */
static inline uint64_t port_suite_required_size(const struct port_suite *s)
{
    vipc_config c = ps_config(s);
    return ps_head() + vipc_required_size(&c);
}
/* Why the case cannot be run here; NULL: it can. */
static inline const char *ps_lacks(const ps_state *st, uint32_t needs, uint32_t failed)
{
    if ((needs & PS_BLOCK) && (!st->h->block || !st->h->wake)) return "no hooks block and wake";
    if ((needs & PS_CLOCK) && !st->h->now) return "no hook now";
#if !VIPC_NO_SPACES
    if ((needs & PS_SPACES) && !st->h->space_create) return "no hooks for address spaces";
    if ((needs & PS_LOOK) && !st->s->access) return "nothing looks through a space's translations (port_suite.access)";
#endif
#if !VIPC_NO_REGIONS
    if ((needs & PS_NODES) && (!st->h->frame_alloc_near || !st->h->frame_node)) return "no hooks for NUMA nodes";
#endif
    if ((needs & PS_SECOND) && (!st->s->start || !st->s->join)) return "no second thread";
    return (needs & PS_SOUND) && failed ? "after a failure above" : NULL;
}
static inline void ps_prepare(ps_state *st, const struct port_suite *s)
{
    unsigned char *p = (unsigned char *)st;
    for (uint64_t i = 0; i < sizeof *st; i++) p[i] = 0;
    st->s = s;
    st->h = s->hooks;
    st->patience = s->patience ? s->patience : 5000000000u;
    st->late = s->late ? s->late : 2000000000u;
    st->rounds = s->rounds ? s->rounds : 2000;
    st->frames_max = s->frames_max ? s->frames_max : 65536;
    st->frame = (uint64_t)1 << (s->page_shift ? s->page_shift : 12);
    st->config = ps_config(s);
    st->mark = 0x706f72742d737569u;
    vipc_time t = ps_now(s->hooks);
    st->clock = t && ps_passes(st, s->hooks, t);           /* one that stands still would never end a wait: its case says so */
}
/* Runs all cases, or s->only, and returns how many failed; 1 without a word if *s is no good: no hooks, no print, too little memory, or not aligned. */
static inline int port_suite_run(const struct port_suite *s)
{
    uint32_t count, passed = 0, failed = 0, skipped = 0;
    if (!s || !s->hooks || !s->print || !s->memory || (uintptr_t)s->memory % VIPC_LINE || s->size < port_suite_required_size(s)) return 1;
    if (!s->hooks->frame_alloc || !s->hooks->frame_free || !s->hooks->frame_pointer) return 1;
    ps_state *st = (ps_state *)s->memory;
    const ps_case *cases = ps_cases(&count);
    ps_prepare(st, s);
    for (uint32_t i = 0; i < count; i++) {
        if (s->only && !ps_same(s->only, cases[i].name)) continue;
        if (s->begin) s->begin(s->user, cases[i].name);
        PS_SET(&st->failed, (const ps_where *)NULL);
        st->mark++;                                   /* what earlier cases left in frames is nobody's tag */
        st->skipped = ps_lacks(st, cases[i].needs, failed);
        if (!st->skipped) cases[i].run(st);
        const ps_where *where = PS_GET(&st->failed);
        if (where) failed++; else if (st->skipped) skipped++; else passed++;
        ps_text(st, where ? "FAIL " : st->skipped ? "skip " : "ok   ");
        ps_text(st, cases[i].name);
        if (where) { ps_text(st, ": line "); ps_number(st, where->line); }
        if (where || st->skipped) { ps_text(st, ": "); ps_text(st, where ? where->text : st->skipped); }
        ps_print(st);
    }
    ps_number(st, passed); ps_text(st, " passed, ");
    ps_number(st, failed); ps_text(st, " failed, ");
    ps_number(st, skipped); ps_text(st, " skipped");
    ps_print(st);
    return (int)failed;
}
#endif
