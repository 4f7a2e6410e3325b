/* mock.h - a port for tests: one thread, several identities, no time and no chance.
 *
 *   memory    the domain in a malloc'd block between guard bytes, filled with rubbish before vipc_init
 *   frames    a pool with one byte of state a frame; what is handed out holds rubbish, what is given back is poisoned, and a
 *             write to a frame that nobody holds is found when it is handed out again (by the sanitizer: at once)
 *   clock     stands still but for `tick` nanoseconds a look, and jumps to the deadline when somebody sleeps and nothing happens
 *   block     runs the script that the test has armed ("what the others do meanwhile"); a sleeper that nobody will ever wake is
 *             cancelled after MOCK_PATIENCE sleeps in vain, and the case fails (`stuck`); one that is deaf to that gets an error later
 *   failure   the n-th call of one chosen hook fails; any proof can be declared dead
 *
 * A script is one-shot: it is disarmed before it runs, and may arm itself or another again.  Two moments can be scripted:
 * `before_sleep` runs between the core's last look and the comparison of the word (a wake-up must not get lost there), `asleep` after the
 * comparison: from then on only the wake hook ends the sleep.  on_enter and on_leave run within the critical-section hooks, which stand
 * around each claim: between an operation's check and its claim, and right after its commit.
 * MOCK_END(&m) ends every case: vipc_check finds nothing, and after all members have left no frame is missing.
 */
#ifndef VIPC_MOCK_H
#define VIPC_MOCK_H
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#include "test.h"

#if defined(__SANITIZE_ADDRESS__)
#define MOCK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOCK_ASAN 1
#endif
#endif
#ifdef MOCK_ASAN
#include <sanitizer/asan_interface.h>
#define MOCK_HIDE(p, n) __asan_poison_memory_region((p), (n))
#define MOCK_SHOW(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define MOCK_HIDE(p, n) ((void)(p), (void)(n))
#define MOCK_SHOW(p, n) ((void)(p), (void)(n))
#endif

enum mock_hook { MOCK_ALLOC, MOCK_FREE, MOCK_POINTER, MOCK_BLOCK, MOCK_WAKE, MOCK_NOW, MOCK_ENTER, MOCK_LEAVE, MOCK_ALIVE, MOCK_LOG, MOCK_HOOKS };
enum { MOCK_VIEWS = 16, MOCK_DEAD = 64, MOCK_GUARD = 64, MOCK_PATIENCE = 300, MOCK_PROOF = 1000, MOCK_NATIVE = 500 };
#define MS ((vipc_time)1000000)

typedef struct mock mock;
typedef void (*mock_script)(mock *m, uint64_t self);
typedef struct mock_sleeper { struct mock_sleeper *next; uint32_t *word; uint64_t self; int woken; } mock_sleeper;

struct mock {
    vipc_hooks hooks;
    unsigned char *block, *memory;     /* as malloc gave it; aligned */
    uint64_t size;
    unsigned char *pool_block, *pool, *taken;
    uint64_t frames, next, in_use, high_water;
    uint32_t page_shift;
    vipc_time now, tick;
    uint64_t calls[MOCK_HOOKS];
    int fail_hook;                     /* enum mock_hook; -1: none */
    uint64_t fail_at, failures;        /* the fail_at-th call from mock_fail on fails; how often that happened */
    int fail_on;                       /* so do all later ones */
    int fail_with;                     /* what alloc and block return */
    mock_script before_sleep, asleep;  /* see above */
    mock_script on_alloc, on_enter, on_leave;      /* within those hooks: as another CPU would run meanwhile */
    uint64_t skip;                     /* on_enter and on_leave let so many calls go by first */
    void *script;                      /* for the scripts */
    mock_sleeper *sleepers;
    unsigned vain;                     /* sleeps in a row that nobody ended */
    unsigned stuck;                    /* sleeps that had to be cancelled */
    unsigned broken;                   /* times that the core broke a hook's contract */
    unsigned lost;                     /* words that changed under a sleeper without a wake */
    uint32_t critical;                 /* depth of enter */
    int bare;                          /* free frames can be read and written, as in most ports */
    uint64_t dead[MOCK_DEAD];
    unsigned deaths;
    unsigned logs[8];
    vipc v[MOCK_VIEWS];                /* the identities; v[0] made the domain */
    char member[MOCK_VIEWS];
};

static int mock_broken(mock *m, const char *what)
{
    if (m->broken++ < 5) printf("    mock: %s\n", what);
    return 1;
}
static int mock_fails(mock *m, int hook)
{
    m->calls[hook]++;
    if (m->fail_hook != hook || m->fail_at == 0) return 0;
    if (m->fail_at > 1) { m->fail_at--; return 0; }
    if (!m->fail_on) m->fail_at = 0;
    m->failures++;
    return 1;
}
static void mock_run(mock *m, mock_script *which, uint64_t self)
{
    mock_script run = *which;
    *which = NULL;
    if (run) run(m, self);
}

static void mock_run_later(mock *m, mock_script *which)
{
    if (*which == NULL) return;
    if (m->skip) m->skip--;
    else mock_run(m, which, 0);
}

/* ---- frames ---- */
static size_t mock_bytes(const mock *m, uint64_t count) { return (size_t)(count << m->page_shift); }
static void mock_frame_taken(mock *m, uint64_t f)
{
    unsigned char *p = m->pool + mock_bytes(m, f);
    MOCK_SHOW(p, mock_bytes(m, 1));
    if (m->taken[f] == 2)
        for (size_t i = 0; i < mock_bytes(m, 1); i++)
            if (p[i] != 0xDF) { mock_broken(m, "a frame was written to after it had been given back"); break; }
    memset(p, 0xA5, mock_bytes(m, 1));
    m->taken[f] = 1;
}
static vipc_error mock_alloc(void *user, uint64_t count, uint64_t *first)
{
    mock *m = (mock *)user;
    uint64_t run = 0;
    if (m->critical) mock_broken(m, "frame_alloc inside enter and leave");
    if (count == 0) mock_broken(m, "frame_alloc of nothing");
    mock_run(m, &m->on_alloc, 0);
    if (mock_fails(m, MOCK_ALLOC)) return (vipc_error)m->fail_with;
    for (uint64_t n = 0; n < 2 * m->frames; n++) {         /* next fit, so that frames are not reused at once */
        uint64_t f = (m->next + n) % m->frames;
        if (f == 0) run = 0;
        run = m->taken[f] == 1 ? 0 : run + 1;
        if (run < count || run == 0) continue;
        *first = f + 1 - count;
        for (uint64_t i = 0; i < count; i++) mock_frame_taken(m, f - i);
        m->next = f + 1;
        m->in_use += count;
        if (m->in_use > m->high_water) m->high_water = m->in_use;
        return VIPC_OK;
    }
    return VIPC_ERR_OUT_OF_MEMORY;
}
static void mock_free(void *user, uint64_t first, uint64_t count)
{
    mock *m = (mock *)user;
    m->calls[MOCK_FREE]++;
    if (m->critical) mock_broken(m, "frame_free inside enter and leave");
    for (uint64_t i = 0; i < count; i++) {
        uint64_t f = first + i;
        if (f < first || f >= m->frames) { mock_broken(m, "frame_free of what is no frame"); return; }
        if (m->taken[f] != 1) continue;
        memset(m->pool + mock_bytes(m, f), 0xDF, mock_bytes(m, 1));
        if (!m->bare) MOCK_HIDE(m->pool + mock_bytes(m, f), mock_bytes(m, 1));
        m->taken[f] = 2;
        m->in_use--;
    }
}
static void *mock_pointer(void *user, uint64_t first, uint64_t count)
{
    mock *m = (mock *)user;
    if (mock_fails(m, MOCK_POINTER)) return m->fail_with > 0 ? m->pool + m->fail_with : NULL;
    if (first >= m->frames || count > m->frames - first) return NULL;
    for (uint64_t i = 0; i < count; i++)
        if (m->taken[first + i] != 1) return NULL;
    return m->pool + mock_bytes(m, first);
}

/* ---- waiting and time ---- */
static vipc *mock_view(mock *m, uint64_t native_thread)
{
    return native_thread < MOCK_VIEWS ? &m->v[native_thread] : NULL;
}
static vipc_error mock_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    mock *m = (mock *)user;
    mock_sleeper me = { m->sleepers, word, self, 0 };
    if (m->critical) mock_broken(m, "block inside enter and leave");
    if (((uintptr_t)word & 3) != 0) mock_broken(m, "block on an unaligned word");
    for (mock_sleeper *s = m->sleepers; s; s = s->next)
        if (s->word == word) mock_broken(m, "two sleepers on one word");
    if (mock_fails(m, MOCK_BLOCK)) return (vipc_error)m->fail_with;
    mock_run(m, &m->before_sleep, self);
    if (*(volatile uint32_t *)word != expected) { m->vain = 0; return VIPC_OK; }
    m->sleepers = &me;
    mock_run(m, &m->asleep, self);
    m->sleepers = me.next;
    if (me.woken) { m->vain = 0; return VIPC_OK; }
    if (*(volatile uint32_t *)word != expected) { m->lost++; m->vain = 0; return VIPC_OK; }
    if (deadline != VIPC_FOREVER && deadline > m->now) m->now = deadline;
    if (m->vain >= 2 * MOCK_PATIENCE) {                         /* deaf to being cancelled: the lock is what it waits for */
        m->vain = 0;
        return VIPC_ERR_FAULT;
    }
    if (++m->vain == MOCK_PATIENCE) {
        m->stuck++;
        if (mock_view(m, self)) (void)vipc_cancel(mock_view(m, self));
    }
    return deadline == VIPC_FOREVER ? VIPC_OK : VIPC_ERR_TIMEOUT;
}
static void mock_wake(void *user, uint64_t target, uint32_t *word)
{
    mock *m = (mock *)user;
    m->calls[MOCK_WAKE]++;
    for (mock_sleeper *s = m->sleepers; s; s = s->next) {
        if (s->word != word) continue;
        if (s->self != target) mock_broken(m, "wake names the wrong thread");
        s->woken = 1;
    }
}
static vipc_time mock_now(void *user)
{
    mock *m = (mock *)user;
    if (mock_fails(m, MOCK_NOW)) return 0;
    return m->now += m->tick;
}
static uint32_t mock_enter(void *user)
{
    mock *m = (mock *)user;
    m->calls[MOCK_ENTER]++;
    mock_run_later(m, &m->on_enter);
    return 77u + m->critical++;
}
static void mock_leave(void *user, uint32_t state)
{
    mock *m = (mock *)user;
    m->calls[MOCK_LEAVE]++;
    if (m->critical == 0 || state != 77u + --m->critical) mock_broken(m, "leave does not match enter");
    mock_run_later(m, &m->on_leave);
}

/* ---- death, words ---- */
static int mock_alive(void *user, uint64_t proof)
{
    mock *m = (mock *)user;
    m->calls[MOCK_ALIVE]++;
    for (unsigned i = 0; i < m->deaths; i++)
        if (m->dead[i] == proof) return 0;
    return 1;
}
static void mock_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    mock *m = (mock *)user;
    m->calls[MOCK_LOG]++;
    if (id < 8) m->logs[id]++;
    if (id == VIPC_LOG_CHECK && level != 99) printf("    check: kind %llu at %llu\n", (unsigned long long)a, (unsigned long long)b);
}

/* ---- what tests call ---- */
/* The n-th call of `hook` from now fails; alloc and block with `with`, pointer with NULL or, with > 0, so many bytes off. */
static inline void mock_fail(mock *m, int hook, uint64_t n, int with)
{
    m->fail_hook = hook;
    m->fail_at = n;
    m->fail_with = with;
    m->failures = 0;
    m->fail_on = 0;
}
static inline void mock_heal(mock *m) { m->fail_hook = -1; m->fail_at = 0; m->fail_on = 0; }
/* Identity i dies where it stands: its vipc is never used again, its proof says so. */
static inline void mock_kill(mock *m, unsigned i)
{
    m->dead[m->deaths++] = MOCK_PROOF + i;
    m->member[i] = 0;
}

static unsigned char *mock_aligned(unsigned char **block, uint64_t size, size_t alignment)
{
    *block = (unsigned char *)calloc(1, (size_t)size + alignment + 2 * MOCK_GUARD);
    if (!*block) { printf("    mock: no memory\n"); exit(2); }
    uintptr_t at = (uintptr_t)*block + MOCK_GUARD;
    return *block + MOCK_GUARD + (alignment - at % alignment) % alignment;
}
/* The port without a domain: memory for `config`, a pool of `frames`. */
static inline void mock_port(mock *m, const vipc_config *config, uint64_t frames)
{
    memset(m, 0, sizeof *m);
    m->page_shift = config && config->page_shift ? config->page_shift : 12;
    m->size = vipc_required_size(config);
    m->memory = mock_aligned(&m->block, m->size, 4096);
    if (m->size < (4u << 20)) memset(m->memory, 0x5A, (size_t)m->size);
    memset(m->memory - MOCK_GUARD, 0xEE, MOCK_GUARD);
    memset(m->memory + m->size, 0xEE, MOCK_GUARD);
    m->frames = frames;
    m->taken = (unsigned char *)calloc(1, (size_t)frames + 1);
    m->pool = mock_aligned(&m->pool_block, frames << m->page_shift, 4096);
    m->now = 1000 * MS;
    m->tick = 100;
    m->fail_hook = -1;
    m->hooks.size = sizeof m->hooks;
    m->hooks.user = m;
    m->hooks.frame_alloc = mock_alloc;
    m->hooks.frame_free = mock_free;
    m->hooks.frame_pointer = mock_pointer;
    m->hooks.block = mock_block;
    m->hooks.wake = mock_wake;
    m->hooks.now = mock_now;
    m->hooks.enter = mock_enter;
    m->hooks.leave = mock_leave;
    m->hooks.process_alive = mock_alive;
    m->hooks.log = mock_log;
    m->hooks.cpus = 1;
}
static inline vipc_process_desc mock_desc(unsigned i)
{
    vipc_process_desc d = VIPC_INIT;
    d.native_id = MOCK_NATIVE + i;
    d.native_thread = i;
    d.proof = MOCK_PROOF + i;
    return d;
}
/* A domain with identities v[0] .. v[count - 1], each a process with a proof of its own. */
static inline void mock_open(mock *m, const vipc_config *config, unsigned count, uint64_t frames)
{
    mock_port(m, config, frames);
    for (unsigned i = 0; i < count; i++) {
        vipc_process_desc d = mock_desc(i);
        vipc_error e = i == 0 ? vipc_init(&m->v[0], m->memory, m->size, config, &d, &m->hooks)
                              : vipc_process_create(&m->v[0], &d, &m->v[i], NULL);
        REQUIRE_EQ(e, VIPC_OK);
        m->member[i] = 1;
    }
}
static inline void mock_leave_domain(mock *m, unsigned i)
{
    if (m->member[i]) CHECK_OK(vipc_leave(&m->v[i]));
    m->member[i] = 0;
}
/* Second thread of identity i, as identity j's view. */
static inline void mock_thread(mock *m, unsigned i, unsigned j)
{
    REQUIRE_OK(vipc_thread_enter(&m->v[i], j, &m->v[j]));
    m->member[j] = 1;
}

static inline void mock_check_by(mock *m, vipc *who, const char *file, int line)
{
    uint32_t bad = 12345;
    vipc_stats stats;
    test_equal_(file, line, "vipc_check", vipc_check(who, &bad), VIPC_OK);
    test_equal_(file, line, "violations", bad, 0);
    test_equal_(file, line, "vipc_stats_get", vipc_stats_get(who, &stats), VIPC_OK);
    test_equal_(file, line, "stats.frames_in_use", (long long)stats.frames_in_use, (long long)m->in_use);
    test_equal_(file, line, "stuck sleepers", m->stuck, 0);
    test_equal_(file, line, "lost wake-ups", m->lost, 0);
    test_equal_(file, line, "broken hook contracts", m->broken, 0);
    test_equal_(file, line, "critical sections open", m->critical, 0);
}
static inline vipc *mock_somebody(mock *m)
{
    for (unsigned i = 0; i < MOCK_VIEWS; i++)
        if (m->member[i]) return &m->v[i];
    return NULL;
}
/* In the middle of a case, with so many frames in use. */
#define MOCK_CHECK(m, frames_) do { \
        mock_check_by((m), mock_somebody(m), __FILE__, __LINE__); \
        CHECK_EQ((m)->in_use, frames_); \
    } while (0)

static inline void mock_guards(mock *m, const char *file, int line)
{
    int spoilt = 0;
    for (int i = 0; i < MOCK_GUARD; i++)
        spoilt += (m->memory[-1 - i] != 0xEE) + (m->memory[m->size + (uint64_t)i] != 0xEE);
    test_equal_(file, line, "bytes written outside the domain", spoilt, 0);
}
static inline void mock_release(mock *m)
{
    MOCK_SHOW(m->pool, mock_bytes(m, m->frames));
    free(m->block);
    free(m->pool_block);
    free(m->taken);
    m->block = m->pool_block = m->taken = NULL;
}
static inline void mock_end(mock *m, const char *file, int line)
{
    uint32_t bad = 12345;
    vipc last;
    vipc_process_desc d = VIPC_INIT;
    mock_heal(m);
    m->before_sleep = m->asleep = m->on_alloc = m->on_enter = m->on_leave = NULL;
    if (mock_somebody(m)) mock_check_by(m, mock_somebody(m), file, line);
    for (unsigned i = MOCK_VIEWS; i-- > 0;)
        if (m->member[i]) test_equal_(file, line, "vipc_leave", vipc_leave(&m->v[i]), VIPC_OK);
    memset(m->member, 0, sizeof m->member);
    d.proof = 999999;
    if (test_equal_(file, line, "attach after all have left", vipc_attach(&last, m->memory, m->size, NULL, &d, &m->hooks), VIPC_OK)) {
        test_equal_(file, line, "sweep", vipc_sweep(&last, NULL), VIPC_OK);
        test_equal_(file, line, "trim", vipc_trim(&last, NULL), VIPC_OK);
        mock_check_by(m, &last, file, line);
        test_equal_(file, line, "frames after all have left", (long long)m->in_use, 0);
        test_equal_(file, line, "last leave", vipc_leave(&last), VIPC_OK);
    }
    (void)bad;
    mock_guards(m, file, line);
    mock_release(m);
}
#define MOCK_END(m) mock_end((m), __FILE__, __LINE__)

/* ---- shorthand ---- */
static inline vipc_message mock_message(uint64_t n)
{
    vipc_message m = VIPC_INIT;
    m.opcode = (uint32_t)n;
    for (int i = 0; i < VIPC_MESSAGE_WORDS; i++) m.data[i] = n * 4 + (uint64_t)i;
    return m;
}
static inline int mock_is(const vipc_message *m, uint64_t n)
{
    vipc_message want = mock_message(n);
    return m->opcode == want.opcode && memcmp(m->data, want.data, sizeof want.data) == 0 && m->capability.token == 0 && m->flags == 0;
}
static inline vipc_error mock_send(vipc *who, vipc_cap to, uint64_t n)
{
    vipc_message m = mock_message(n);
    return vipc_send(who, to, &m, VIPC_NOW);
}
/* The number received, or the error (negative). */
static inline long long mock_receive(vipc *who, vipc_cap from)
{
    vipc_message m;
    vipc_error e = vipc_receive(who, from, &m, NULL, VIPC_NOW);
    return e != VIPC_OK ? (long long)e : mock_is(&m, m.opcode) ? (long long)m.opcode : -999;
}
static inline vipc_cap mock_endpoint(mock *m, unsigned i, uint32_t capacity)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.capacity = capacity;
    REQUIRE_OK(vipc_endpoint_create(&m->v[i], &d, &out));
    return out;
}
static inline vipc_cap mock_grant(mock *m, unsigned from, vipc_cap cap, unsigned to, uint32_t rights)
{
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.rights = rights;
    REQUIRE_OK(vipc_grant(&m->v[from], cap, vipc_self(&m->v[to]), &d, &out));
    return out;
}
static inline vipc_cap mock_derive(mock *m, unsigned i, vipc_cap cap, uint32_t rights)
{
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap out = VIPC_INIT;
    d.rights = rights;
    REQUIRE_OK(vipc_derive(&m->v[i], cap, &d, &out));
    return out;
}
static inline vipc_stats mock_stats(mock *m)
{
    vipc_stats s;
    memset(&s, 0, sizeof s);
    CHECK_OK(vipc_stats_get(mock_somebody(m), &s));
    return s;
}
static inline int mock_alive_cap(vipc *who, vipc_cap cap) { return vipc_cap_require(who, cap, 0, 0) == VIPC_OK; }
/* Any number that vipc_error names. */
static inline int mock_documented(vipc_error e)
{
    switch ((int)e) {
#define MOCK_CASE(name, number, text) case number:
    VIPC_ERRORS(MOCK_CASE)
        return 1;
    default:
        return 0;
    }
}
/* A small repeatable random source (xorshift64*). */
static inline uint64_t mock_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}
#endif
