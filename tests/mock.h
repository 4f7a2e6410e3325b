/* mock.h - the project's own tests on shims/veridian_mock.h: its names in short, memory from malloc, findings by the harness.
 *
 * Members are made by vipc_process_create and share m.hooks, so that a test can replace a hook for all of them; to kill or fail one member alone,
 * use vipc_mock_open instead.  Memory is filled with rubbish before vipc_init; frames hold rubbish when handed out, and a write to one that nobody holds
 * is found when it is handed out again (by the sanitizer: at once).
 * MOCK_END(&m) ends every case: vipc_check finds nothing, and after all members have left no frame is missing.
 */
#ifndef VIPC_TEST_MOCK_H
#define VIPC_TEST_MOCK_H
#if defined(__SANITIZE_ADDRESS__)
#define MOCK_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOCK_ASAN 1
#endif
#endif
#ifdef MOCK_ASAN
#include <sanitizer/asan_interface.h>
#define VIPC_MOCK_HIDE(p, n) __asan_poison_memory_region((p), (size_t)(n))
#define VIPC_MOCK_SHOW(p, n) __asan_unpoison_memory_region((p), (size_t)(n))
#endif
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "../shims/veridian_mock.h"
#include "test.h"

enum mock_hook {
    MOCK_ALLOC = VIPC_MOCK_ALLOC, MOCK_FREE = VIPC_MOCK_FREE, MOCK_POINTER = VIPC_MOCK_POINTER, MOCK_BLOCK = VIPC_MOCK_BLOCK, MOCK_WAKE = VIPC_MOCK_WAKE,
    MOCK_NOW = VIPC_MOCK_NOW, MOCK_ENTER = VIPC_MOCK_ENTER, MOCK_LEAVE = VIPC_MOCK_LEAVE, MOCK_ALIVE = VIPC_MOCK_ALIVE, MOCK_LOG = VIPC_MOCK_LOG,
    MOCK_SPACE_CREATE = VIPC_MOCK_SPACE_CREATE, MOCK_SPACE_DESTROY = VIPC_MOCK_SPACE_DESTROY, MOCK_MAP = VIPC_MOCK_MAP, MOCK_UNMAP = VIPC_MOCK_UNMAP,
    MOCK_PROTECT = VIPC_MOCK_PROTECT, MOCK_FLUSH = VIPC_MOCK_FLUSH,
    MOCK_HOOKS = VIPC_MOCK_HOOKS
};
enum { MOCK_VIEWS = VIPC_MOCK_MEMBERS, MOCK_DEAD = VIPC_MOCK_DEAD, MOCK_GUARD = VIPC_MOCK_GUARD, MOCK_PROOF = VIPC_MOCK_PROOF, MOCK_NATIVE = VIPC_MOCK_NATIVE };
#define MS ((vipc_time)1000000)
typedef vipc_mock mock;
typedef vipc_mock_script mock_script;
typedef vipci_mock_sleeper mock_sleeper;
#define mock_alloc vipci_mock_alloc
#define mock_free vipci_mock_free
#define mock_pointer vipci_mock_pointer
#define mock_block vipci_mock_block
#define mock_wake vipci_mock_wake
#define mock_now vipci_mock_now
#define mock_alive vipci_mock_alive
#define mock_enter vipci_mock_enter
#define mock_leave vipci_mock_leave
#define mock_heal vipc_mock_heal

static void mock_say(mock *m, const char *trouble)
{
    if (m->broken && m->broken < 6) printf("    mock: %s\n", trouble);
}
static void mock_log(mock *m, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)m;
    if (id == VIPC_LOG_CHECK && level != 99) printf("    check: kind %llu at %llu\n", (unsigned long long)a, (unsigned long long)b);
}
/* The n-th call of `hook` from now fails; alloc and block with `with`, pointer with NULL or, with > 0, so many bytes off. */
static inline void mock_fail(mock *m, int hook, uint64_t n, int with)
{
    vipc_mock_fail_at(m, VIPC_MOCK_ANYBODY, hook, n);
    m->fail_with = with;
}
/* Identity i dies where it stands: its vipc is never used again, its proof says so. */
static inline void mock_kill(mock *m, unsigned i)
{
    m->dead[m->deaths++] = MOCK_PROOF + i;
    m->member[i] = 0;
}
/* The port without a domain: memory for `config`, a pool of `frames`, and page tables of so many translations. */
static inline void mock_port_of(mock *m, const vipc_config *config, uint64_t frames, uint32_t translations)
{
    vipc_mock_desc d = VIPC_INIT;
    if (config) d.config = *config;
    d.frames = frames;
    d.translations = translations;
    uint64_t size = vipc_mock_required_size(&d);
    void *memory = malloc((size_t)size);
    if (!memory) { printf("    mock: no memory\n"); exit(2); }
    REQUIRE_EQ(vipc_mock_prepare(m, memory, size, &d), VIPC_OK);
    m->patience = 240000 * MS;
    m->say = mock_say;
    m->log = mock_log;
}
static inline void mock_port(mock *m, const vipc_config *config, uint64_t frames) { mock_port_of(m, config, frames, 16384); }
static inline vipc_process_desc mock_desc(unsigned i)
{
    vipc_process_desc d = VIPC_INIT;
    d.native_id = MOCK_NATIVE + i;
    d.native_thread = i;
    d.proof = MOCK_PROOF + i;
    return d;
}
/* The domain in it, with identities v[0] .. v[count - 1], each a process with a proof of its own. */
static inline void mock_join(mock *m, const vipc_config *config, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        vipc_process_desc d = mock_desc(i);
        vipc_error e = i == 0 ? vipc_init(&m->v[0], m->memory, m->size, config, &d, &m->hooks)
                              : vipc_process_create(&m->v[0], &d, &m->v[i], NULL);
        REQUIRE_EQ(e, VIPC_OK);
        m->member[i] = 1;
    }
}
static inline void mock_open(mock *m, const vipc_config *config, unsigned count, uint64_t frames)
{
    mock_port(m, config, frames);
    mock_join(m, config, count);
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
    if (m->given) VIPC_MOCK_SHOW(m->pool, vipc_frames_total(&m->frames) << m->page_shift);
    free(m->given);
    m->given = NULL;
}
static inline void mock_end(mock *m, const char *file, int line)
{
    mock_heal(m);
    m->before_sleep = m->asleep = m->on_alloc = m->on_enter = m->on_leave = m->on_table = m->on_flush = NULL;
    if (mock_somebody(m)) mock_check_by(m, mock_somebody(m), file, line);
    if (m->stuck + m->lost + m->broken == 0) m->trouble = NULL;         /* a test that expected some has set the counts back */
    const char *trouble = vipc_mock_close(m);
    if (trouble) { printf("    %s:%d: %s\n", file, line, trouble); test_failures_++; }
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
static inline vipc_endpoint_info mock_seen(mock *m, unsigned i, vipc_cap door)      /* what identity i sees of it */
{
    vipc_endpoint_info info;
    memset(&info, 0, sizeof info);
    CHECK_OK(vipc_endpoint_get(&m->v[i], door, &info));
    return info;
}
static inline vipc_cap_info mock_cap_info(vipc *who, vipc_cap cap)
{
    vipc_cap_info i;
    memset(&i, 0, sizeof i);
    CHECK_OK(vipc_cap_get(who, cap, &i));
    return i;
}
static inline vipc_process_info mock_process_info(mock *m, vipc_pid who)
{
    vipc_process_info p;
    memset(&p, 0, sizeof p);
    CHECK_OK(vipc_process_get(mock_somebody(m), who, &p));
    return p;
}
static inline uint32_t mock_held(mock *m, unsigned i) { return mock_process_info(m, vipc_self(&m->v[i])).capabilities; }    /* capabilities of identity i */
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
#if !VIPC_NO_SPACES
/* The same of a page that a store is behind: the frame is the store's, and nobody writes to what it shares, has sealed, or may not. */
#if !VIPC_NO_REGIONS
static inline const char *mock_audit_stored(vipc *who, uint64_t root, const vipci_mock_page *e, vipc_addr at)
{
    const vipci_space *s = NULL;
    vipci_area r;
    uint64_t frame = 0;
    for (uint32_t i = 0; i < who->max_spaces; i++)
        if (vipci_space_at(who, i)->number && vipci_space_at(who, i)->root == root) s = vipci_space_at(who, i);
    if (!s || !vipci_region_at(who, s, at, &r) || r.start > at || !vipci_is_backed(&r)) return "none";
    const vipci_entry *m = vipci_mapping_of(who, r.b);
    const vipci_space *store = vipci_backing(who, &r);
    if (!m || !store) return "of a mapping of nothing";
    if (m->kind & VIPCI_WITHDRAWN) return "of what was taken back";
    const uint64_t page = VIPCI_B_PAGE(r.b) + ((at - r.start) >> who->page_shift);
    if (page >= store->owed_at && page < store->owed_end) return NULL;     /* somebody was killed, or gave up waiting, and the next one finishes it */
    if (page >= vipci_pages_of(who, store->brk)) return "past the end of an object";
    const vipci_u64 *leaf = vipci_map_node(who, store, page, 0, &frame);
    const uint64_t entry = leaf ? leaf[vipci_map_slot(who, page, 0)] : 0;
    if (!entry || VIPCI_ENTRY_FRAME(entry) != e->frame) return "to another frame than its store's";
    if (!(entry & VIPCI_SEEN)) return "that the store does not know of";
    if (e->cache != VIPCI_S_CACHE(store->rule)) return "with another cache policy than its store's";
    if (e->access & ~(VIPCI_R_MAX(r.a) | (uint32_t)VIPC_PROT_READ)) return "that allows more than the capability did";
    if (e->access & ~(VIPCI_S_ACCESS(store->rule) | (uint32_t)VIPC_PROT_READ)) return "that allows more than the region ever may";
    if (!(e->access & VIPC_PROT_WRITE)) return NULL;
    return store->rule & VIPCI_S_SEALED ? "that lets write what is sealed" : (entry & VIPCI_COW) && *vipci_refs_at(who, e->frame) > 1 ? "that lets write what others have" : NULL;
}
#else
static inline const char *mock_audit_stored(vipc *who, uint64_t root, const vipci_mock_page *e, vipc_addr at) { (void)who; (void)root; (void)e; (void)at; return "none"; }
#endif
/* Every translation in the port's table of that space says what the core says: a region is there that allows it, and who may write has the frame alone, or shares it knowingly. */
static inline void mock_audit_space(mock *m, vipc *who, vipc_cap space, const char *file, int line)
{
    vipc_space_info info;
    if (!test_equal_(file, line, "vipc_space_get", vipc_space_get(who, space, &info), VIPC_OK)) return;
    for (uint32_t i = 0; i < m->pages_max; i++) {
        const vipci_mock_page *e = &m->pages[i];
        const vipc_addr at = e->page << m->page_shift;
        const char *wrong = NULL;
        vipc_space_region r;
        uint32_t n = 0;
        if (e->root != info.root || e->stale) continue;
        if (vipc_space_find(who, space, at, &r) != VIPC_OK || r.start > at) wrong = "where nothing is mapped";
        else if (r.leaving || r.guard || r.growth) wrong = "where nobody may be";
        else if (e->access & ~(r.prot | (r.prot ? (uint32_t)VIPC_PROT_READ : 0))) wrong = "that allows more than the region";
        else if (e->cache != r.cache) wrong = "with another cache policy";
        else if (r.type == VIPC_REGION_DEVICE) { if (e->frame != (r.physical + (at - r.start)) >> m->page_shift) wrong = "to another device"; }
        else if ((wrong = mock_audit_stored(who, info.root, e, at)) == NULL) continue;
        else if (strcmp(wrong, "none") == 0 && (wrong = NULL, vipc_space_sharers(who, space, at, &n)) != VIPC_OK) wrong = "of a page that has no frame";
        else if (wrong) ;
        else if (e->frame >= who->max_frames || *vipci_refs_at(who, e->frame) != n) wrong = "to another frame";
        else if ((e->access & VIPC_PROT_WRITE) && n != 1 && !(r.flags & VIPC_MAP_SHARED)) wrong = "that lets write what others have";
        if (!wrong) continue;
        printf("    %s:%d: a translation %s: %llx\n", file, line, wrong, (unsigned long long)at);
        test_failures_++;
        return;
    }
}
#define MOCK_AUDIT(m, i, space) mock_audit_space((m), &(m)->v[i], (space), __FILE__, __LINE__)
#endif
/* A small repeatable random source (xorshift64*). */
static inline uint64_t mock_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}
#endif
