/* t_apart.c - what a caller passes, and where it wants its results, is touched while the slow path's lock is not held: it may lie in memory whose page fault needs that lock, as a
 * window of the POSIX shim's does.  Every public function that takes the lock is called with what its pointers lead to in a page of its own that cannot be accessed; the fault handler
 * looks whether the lock is held, and lets the access go on.  Not so: a vipc, its hooks, and memory for a domain, which the core keeps; vipc_init, before which there is no lock; the fast
 * path and parking; and functions that calculate.
 */
#define _GNU_SOURCE
#define VIPC_UNSTABLE
#include <stdint.h>
#include <signal.h>
#include <sys/mman.h>
/* The core's atomic words, for the sake of one: who takes the lock finds all pages gone. */
static void *lock_word_;
static void hide_all(void);
static inline int apart_cas64(uint64_t *p, uint64_t e, uint64_t d)
{
    const int well = __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    if (well && d && (void *)p == lock_word_) hide_all();
    return well;
}
#define VIPC_ATOMIC_CAS64(p, e, d) apart_cas64(p, e, d)
#include "atomics.h"
#include "mock.h"

enum { PAGES = 64, PAGE = 65536 };     /* no host has larger ones */
static unsigned char *apart_;
static unsigned next_, touched_, locked_;
static vipc *looks_;
static void at_fault(int number, siginfo_t *info, void *context)
{
    const uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)apart_;
    (void)context;
    if (at >= (uintptr_t)PAGES * PAGE) { signal(number, SIG_DFL); return; }
    touched_++;
    if (vipci_load64(looks_, &vipci_d(looks_)->lock)) locked_++;
    (void)mprotect(apart_ + at / PAGE * PAGE, PAGE, PROT_READ | PROT_WRITE);
}
static unsigned stays_;                /* one more than the page that is not hidden again: see basket */
static void hide_all(void)
{
    for (unsigned i = 0; i < next_; i++) if (i + 1 != stays_) (void)mprotect(apart_ + (size_t)i * PAGE, PAGE, PROT_NONE);
}
static void *place(const void *from, size_t bytes)           /* NULL: for results */
{
    unsigned char *p = apart_ + (size_t)next_++ * PAGE;
    REQUIRE(next_ <= PAGES && bytes <= PAGE);
    REQUIRE(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == 0);
    memset(p, from ? 0 : 0xA5, PAGE);
    if (from) memcpy(p, from, bytes);
    REQUIRE(mprotect(p, PAGE, PROT_NONE) == 0);
    return p;
}
#define IN(object) place(&(object), sizeof (object))
#define TEXT(s) ((const char *)place(s, strlen(s) + 1))
#define OUT(type) ((type *)place(NULL, sizeof (type)))

enum { A, B, MEMBERS };
typedef struct scene {
    mock m;
    vipc_cap door[MEMBERS], note, set, process, name;        /* door[B]: B's to A's */
    vipc child;
    vipc_reply_right right;
    vipc_hand hand;
    vipc_error said;
#if !VIPC_NO_SPACES
    vipc_cap s;
    vipc_addr at;
#endif
#if !VIPC_NO_REGIONS
    vipc_cap region;
#endif
} scene;
static scene c_;
#define V(w) (&c_.m.v[w])
static void settle(vipc_error e) { c_.said = e; }

static void open_scene(void)
{
    vipc_config config = VIPC_INIT;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_wait_item item = VIPC_INIT;
    memset(&c_, 0, sizeof c_);
    next_ = touched_ = locked_ = stays_ = 0;
#if !VIPC_NO_SPACES
    config.max_spaces = 8;
    config.max_regions = 64;
    config.max_frames = 600;
#endif
#if !VIPC_NO_REGIONS
    config.max_shared = 8;
#endif
    mock_open(&c_.m, &config, MEMBERS, 600);
    looks_ = V(A);
    lock_word_ = &vipci_d(looks_)->lock;
    c_.m.script = &c_;
    d.payload_max = 20000;
    REQUIRE_OK(vipc_endpoint_create(V(A), &d, &c_.door[A]));
    c_.door[B] = mock_grant(&c_.m, A, c_.door[A], B, 0);
    REQUIRE_OK(vipc_notification_create(V(A), "note", &c_.note));
    REQUIRE_OK(vipc_wait_set_create(V(A), 8, "set", &c_.set));
    item.object = c_.note;
    REQUIRE_OK(vipc_wait_set_add(V(A), c_.set, &item));
    REQUIRE_OK(vipc_publish(V(A), "here", c_.door[A], 0));
#if !VIPC_NO_SPACES
    REQUIRE_OK(vipc_space_create(V(A), NULL, &c_.s));
    REQUIRE_OK(vipc_space_adopt(V(A), c_.s));
    REQUIRE_OK(vipc_space_allocate(V(A), c_.s, 16 * 4096, VIPC_PROT_READ | VIPC_PROT_WRITE, &c_.at));
    REQUIRE_OK(vipc_space_write(V(A), c_.s, c_.at, "word", 5, NULL));
#endif
#if !VIPC_NO_REGIONS
    vipc_region_desc r = VIPC_INIT;
    r.size = 5 * 4096;
    REQUIRE_OK(vipc_region_create(V(A), &r, &c_.region));
#endif
}

/* ---- what is called ---- */
#define OP(name, ...) static void op_##name(void) { __VA_ARGS__ }
OP(derive, vipc_derive_desc d = VIPC_INIT; d.badge = 5; settle(vipc_derive(V(A), c_.door[A], IN(d), OUT(vipc_cap)));)
OP(derive_with_limits, vipc_derive_desc d = VIPC_INIT; d.limits.rate = 7; settle(vipc_derive(V(A), c_.door[A], IN(d), OUT(vipc_cap)));)
OP(grant, vipc_derive_desc d = VIPC_INIT; settle(vipc_grant(V(A), c_.door[A], vipc_self(V(B)), IN(d), OUT(vipc_cap)));)
OP(cap_get, settle(vipc_cap_get(V(A), c_.door[A], OUT(vipc_cap_info)));)
OP(endpoint_create, vipc_endpoint_desc d = VIPC_INIT; d.label = TEXT("label"); settle(vipc_endpoint_create(V(A), IN(d), OUT(vipc_cap)));)
OP(endpoint_get, settle(vipc_endpoint_get(V(A), c_.door[A], OUT(vipc_endpoint_info)));)
OP(channel_create, vipc_channel_desc d = VIPC_INIT; d.label = TEXT("label"); settle(vipc_channel_create(V(A), IN(d), OUT(vipc_cap), OUT(vipc_cap)));)
OP(notification_create, settle(vipc_notification_create(V(A), TEXT("label"), OUT(vipc_cap)));)
OP(notification_wait, REQUIRE_OK(vipc_signal(V(A), c_.note, 3)); settle(vipc_notification_wait(V(A), c_.note, 1, OUT(uint64_t), VIPC_NOW));)
OP(wait_any, vipc_wait_item i[2]; memset(i, 0, sizeof i); i[0].object = c_.door[A]; i[1].object = c_.note; REQUIRE_OK(vipc_signal(V(A), c_.note, 3));
   settle(vipc_wait_any(V(A), (vipc_wait_item *)IN(i), 2, VIPC_NOW));)
OP(wait_set_create, settle(vipc_wait_set_create(V(A), 8, TEXT("label"), OUT(vipc_cap)));)
OP(wait_set_add, vipc_wait_item i = VIPC_INIT; i.object = c_.door[A]; settle(vipc_wait_set_add(V(A), c_.set, (vipc_wait_item *)IN(i)));)
OP(wait_set_wait, REQUIRE_OK(vipc_signal(V(A), c_.note, 3)); settle(vipc_wait_set_wait(V(A), c_.set, OUT(vipc_wait_item), 4, OUT(uint32_t), VIPC_NOW));)
OP(process_create, vipc_process_desc d = VIPC_INIT; vipc_cap i[2] = { c_.door[A], c_.note }; d.label = TEXT("label"); d.initial = (vipc_cap *)IN(i); d.initial_count = 2;
   settle(vipc_process_create(V(A), IN(d), &c_.child, OUT(vipc_cap)));)
OP(attach, vipc_process_desc d = mock_desc(5); vipc_config e; d.label = TEXT("label"); REQUIRE_OK(vipc_config_get(V(A), &e));
   settle(vipc_attach(&c_.child, c_.m.memory, c_.m.size, IN(e), IN(d), &c_.m.hooks));)
OP(initial, vipc_process_desc d = VIPC_INIT; d.initial = &c_.door[A]; d.initial_count = 1; REQUIRE_OK(vipc_process_create(V(A), &d, &c_.child, NULL));
   settle(vipc_initial(&c_.child, 0, OUT(vipc_cap)));)
OP(process_destroy, vipc_process_desc d = VIPC_INIT; vipc_cap p; REQUIRE_OK(vipc_process_create(V(A), &d, &c_.child, &p)); settle(vipc_process_destroy(V(A), p, OUT(uint32_t)));)
OP(process_get, settle(vipc_process_get(V(A), vipc_self(V(B)), OUT(vipc_process_info)));)
OP(process_find, settle(vipc_process_find(V(A), MOCK_NATIVE + B, OUT(vipc_pid)));)
OP(thread_enter, settle(vipc_thread_enter(V(A), 77, OUT(vipc))); if (c_.said == VIPC_OK) CHECK_OK(vipc_leave((vipc *)(void *)(apart_)));)
OP(sweep, mock_kill(&c_.m, B); settle(vipc_sweep(V(A), OUT(uint32_t)));)
OP(trim, settle(vipc_trim(V(A), OUT(uint64_t)));)
OP(config_get, settle(vipc_config_get(V(A), OUT(vipc_config)));)
OP(publish, settle(vipc_publish(V(A), TEXT("name"), c_.door[A], 0));)
OP(unpublish, settle(vipc_unpublish(V(A), TEXT("here")));)
OP(lookup, settle(vipc_lookup(V(B), TEXT("here"), 0, OUT(vipc_cap), VIPC_NOW));)
OP(stats_get, settle(vipc_stats_get(V(A), OUT(vipc_stats)));)
OP(check, settle(vipc_check(V(A), OUT(uint32_t)));)

/* messages, as they are and with capabilities */
static vipc_message carrier(unsigned who)
{
    vipc_message m = mock_message(5);
    m.capability = who == A ? c_.note : c_.door[B];
    m.flags = VIPC_HAS_CAPABILITY;
    return m;
}
static vipc_outgoing parcel(unsigned who, size_t bytes)
{
    static unsigned char some[20000];
    vipc_outgoing o;
    memset(&o, 0, sizeof o);
    o.message = carrier(who);
    o.caps[0] = who == A ? c_.door[A] : c_.door[B];
    o.cap_count = 1;
    o.payload = place(some, bytes);
    o.payload_size = bytes;
    return o;
}
/* A payload that comes with capabilities is copied with the lock held, to pages that have been touched just before. */
static vipc_incoming *basket(void)
{
    stays_ = next_ + 1;
    vipc_incoming i;
    memset(&i, 0, sizeof i);
    i.payload = place(NULL, 20000);
    i.payload_capacity = 20000;
    return (vipc_incoming *)IN(i);
}
static vipc_error sent_large(unsigned who, size_t bytes) { vipc_outgoing o = parcel(who, bytes); return vipc_send_large(V(who), c_.door[who], &o, VIPC_NOW); }
OP(send, vipc_message m = mock_message(5); settle(vipc_send(V(A), c_.door[A], IN(m), VIPC_NOW));)
OP(send_cap, vipc_message m = carrier(A); settle(vipc_send(V(A), c_.door[A], IN(m), VIPC_NOW));)
OP(receive, REQUIRE_OK(mock_send(V(A), c_.door[A], 3)); settle(vipc_receive(V(A), c_.door[A], OUT(vipc_message), OUT(vipc_info), VIPC_NOW));)
OP(receive_cap, vipc_message m = carrier(A); REQUIRE_OK(vipc_send(V(A), c_.door[A], &m, VIPC_NOW));
   settle(vipc_receive(V(A), c_.door[A], OUT(vipc_message), OUT(vipc_info), VIPC_NOW));)
OP(send_large, vipc_outgoing o = parcel(A, 300); settle(vipc_send_large(V(A), c_.door[A], IN(o), VIPC_NOW));)
OP(send_larger, vipc_outgoing o = parcel(A, 20000); settle(vipc_send_large(V(A), c_.door[A], IN(o), VIPC_NOW));)
OP(receive_large, REQUIRE_OK(sent_large(A, 300)); settle(vipc_receive_large(V(A), c_.door[A], basket(), VIPC_NOW));)
OP(receive_larger, REQUIRE_OK(sent_large(A, 20000)); settle(vipc_receive_large(V(A), c_.door[A], basket(), VIPC_NOW));)
OP(send_many, vipc_message m[3]; for (int i = 0; i < 3; i++) m[i] = i ? carrier(A) : mock_message(1);
   settle(vipc_send_many(V(A), c_.door[A], (vipc_message *)IN(m), 3, OUT(uint32_t), VIPC_NOW));)
OP(receive_many, vipc_message m[3]; for (int i = 0; i < 3; i++) m[i] = i == 1 ? carrier(A) : mock_message(1); uint32_t n;
   REQUIRE_OK(vipc_send_many(V(A), c_.door[A], m, 3, &n, VIPC_NOW));
   settle(vipc_receive_many(V(A), c_.door[A], (vipc_message *)place(NULL, 4 * sizeof *m), (vipc_info *)place(NULL, 4 * sizeof (vipc_info)), 4, OUT(uint32_t), VIPC_NOW));)
#if !VIPC_NO_TAKE
OP(take, REQUIRE_OK(mock_send(V(A), c_.door[A], 3)); settle(vipc_take(V(A), c_.door[A], basket(), OUT(vipc_hand), VIPC_NOW));)
#endif
/* calls: the other side answers while the caller sleeps */
static void answers(mock *m, uint64_t asleep)
{
    vipc_incoming in;
    static unsigned char room[20000];
    vipc_outgoing out = VIPC_INIT;
    (void)asleep;
    memset(&in, 0, sizeof in);
    in.payload = room;
    in.payload_capacity = sizeof room;
    if (vipc_receive_large(&m->v[A], c_.door[A], &in, VIPC_NOW) != VIPC_OK) return;
    out.message = carrier(A);
    out.payload = room;
    out.payload_size = in.info.payload_size;
    CHECK_OK(vipc_reply_large(&m->v[A], in.info.reply, &out));
}
OP(call, vipc_message m = mock_message(5); c_.m.asleep = answers; settle(vipc_call(V(B), c_.door[B], IN(m), OUT(vipc_message), VIPC_FOREVER));)
OP(call_cap, vipc_message m = carrier(B); c_.m.asleep = answers; settle(vipc_call(V(B), c_.door[B], IN(m), OUT(vipc_message), VIPC_FOREVER));)
OP(call_large, vipc_outgoing o = parcel(B, 20000); vipc_incoming *i = basket(); stays_ = 0; c_.m.asleep = answers;
   settle(vipc_call_large(V(B), c_.door[B], IN(o), i, VIPC_FOREVER));)
static vipc_error op_reply_(int how)
{
    vipc_message m = how ? carrier(A) : mock_message(3);
    return how < 2 ? vipc_reply(V(A), c_.right, (vipc_message *)IN(m)) : VIPC_OK;
}
static int how_;
static void replies(mock *m, uint64_t asleep)
{
    vipc_message q;
    vipc_info info;
    (void)asleep;
    if (vipc_receive(&m->v[A], c_.door[A], &q, &info, VIPC_NOW) != VIPC_OK) return;
    c_.right = info.reply;
    looks_ = V(A);
    if (how_ < 2) { settle(op_reply_(how_)); return; }
    REQUIRE_OK(mock_send(V(B), c_.door[B], 3));
    vipc_message a = carrier(A);
    if (how_ == 2) { vipc_outgoing o = parcel(A, 20000); settle(vipc_reply_large(V(A), c_.right, (vipc_outgoing *)IN(o))); }
    else settle(vipc_reply_receive(V(A), c_.right, (vipc_message *)IN(a), c_.door[A], OUT(vipc_message), OUT(vipc_info), VIPC_NOW));
}
static void replied(int how)
{
    static unsigned char room[20000];
    vipc_outgoing q = VIPC_INIT;
    vipc_incoming in;
    memset(&in, 0, sizeof in);
    q.message = mock_message(1);
    in.payload = room;
    in.payload_capacity = sizeof room;
    how_ = how;
    c_.m.asleep = replies;
    CHECK_OK(vipc_call_large(V(B), c_.door[B], &q, &in, VIPC_FOREVER));
}
OP(reply, replied(0);)
OP(reply_cap, replied(1);)
OP(reply_large, replied(2);)
OP(reply_receive, replied(3);)

#if !VIPC_NO_SPACES
#define RW (VIPC_PROT_READ | VIPC_PROT_WRITE)
OP(space_create, vipc_space_desc d = VIPC_INIT; d.label = TEXT("label"); settle(vipc_space_create(V(A), IN(d), OUT(vipc_cap)));)
OP(space_own, settle(vipc_space_own(V(A), OUT(vipc_cap)));)
OP(space_clone, settle(vipc_space_clone(V(A), c_.s, OUT(vipc_cap), VIPC_FOREVER));)
OP(space_allocate, settle(vipc_space_allocate(V(A), c_.s, 4096, RW, OUT(vipc_addr)));)
OP(space_mmap, vipc_mmap_desc d = VIPC_INIT; d.size = 4096; d.prot = RW; d.flags = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE | VIPC_MAP_POPULATE;
   settle(vipc_space_mmap(V(A), c_.s, IN(d), OUT(vipc_addr), VIPC_NOW));)
OP(space_set_break, settle(vipc_space_set_break(V(A), c_.s, VIPC_LAYOUT_HEAP + 9, OUT(vipc_addr), VIPC_NOW));)
OP(space_grow_heap, settle(vipc_space_grow_heap(V(A), c_.s, 9, OUT(vipc_addr)));)
OP(space_stack_create, vipc_stack_desc d = VIPC_INIT; d.size = 32 * 4096; settle(vipc_space_stack_create(V(A), c_.s, IN(d), OUT(vipc_stack)));)
OP(space_grow_stack, vipc_stack k; REQUIRE_OK(vipc_space_stack_create(V(A), c_.s, NULL, &k)); settle(vipc_space_grow_stack(V(A), c_.s, (vipc_stack *)IN(k), 4096));)
OP(space_find, settle(vipc_space_find(V(A), c_.s, c_.at, OUT(vipc_space_region)));)
OP(space_sharers, settle(vipc_space_sharers(V(A), c_.s, c_.at, OUT(uint32_t)));)
OP(space_get, settle(vipc_space_get(V(A), c_.s, OUT(vipc_space_info)));)
OP(page_fault, settle(vipc_page_fault(V(A), c_.s, c_.at, VIPC_PROT_READ, OUT(vipc_fault_result)));)
OP(space_touch, settle(vipc_space_touch(V(A), c_.s, c_.at, 9000, VIPC_PROT_WRITE, OUT(uint64_t)));)
OP(space_read, settle(vipc_space_read(V(A), c_.s, c_.at + 4000, place(NULL, 9000), 9000, OUT(uint64_t)));)
OP(space_write, static const char some[9000] = "!"; settle(vipc_space_write(V(A), c_.s, c_.at + 4000, place(some, 9000), 9000, OUT(uint64_t)));)
#endif
#if !VIPC_NO_REGIONS
OP(region_create, vipc_region_desc d = VIPC_INIT; d.size = 9000; d.label = TEXT("label"); settle(vipc_region_create(V(A), (vipc_region_desc *)IN(d), OUT(vipc_cap)));)
OP(region_get, settle(vipc_region_get(V(A), c_.region, OUT(vipc_region_info)));)
OP(region_find, vipc_region_info i; REQUIRE_OK(vipc_region_get(V(A), c_.region, &i)); settle(vipc_region_find(V(A), i.id, OUT(vipc_cap)));)
OP(map, vipc_map_desc d = VIPC_INIT; settle(vipc_map(V(A), c_.region, (vipc_map_desc *)IN(d), OUT(vipc_mapping)));)
OP(region_transfer, settle(vipc_region_transfer(V(A), c_.region, vipc_self(V(B)), VIPC_SHARE, 0, OUT(vipc_cap), VIPC_NOW));)
OP(region_move, settle(vipc_region_transfer(V(A), c_.region, vipc_self(V(B)), VIPC_MOVE, 0, OUT(vipc_cap), VIPC_NOW));)
#endif

#if !VIPC_NO_REGIONS
static vipc_cap named(const char *name)
{
    vipc_cap cap = VIPC_INIT;
    REQUIRE_OK(vipc_object_open(V(A), name, VIPC_OPEN_CREATE, 0, &cap, VIPC_NOW));
    REQUIRE_OK(vipc_object_truncate(V(A), cap, 9000, VIPC_NOW));
    return cap;
}
OP(unmap, vipc_map_desc d = VIPC_INIT; vipc_mapping k; REQUIRE_OK(vipc_map(V(A), c_.region, &d, &k)); settle(vipc_unmap(V(A), (vipc_mapping *)IN(k), VIPC_NOW));)
OP(region_copy, settle(vipc_region_transfer(V(A), c_.region, vipc_self(V(B)), VIPC_COPY_ON_WRITE, 0, OUT(vipc_cap), VIPC_NOW));)
OP(node_usage, settle(vipc_node_usage(V(A), 0, OUT(uint64_t)));)
OP(mmap_backed, vipc_mmap_desc d = VIPC_INIT; d.size = 4096; d.prot = RW; d.flags = VIPC_MAP_SHARED; d.backing = c_.region;
   settle(vipc_space_mmap(V(A), c_.s, (vipc_mmap_desc *)IN(d), OUT(vipc_addr), VIPC_NOW));)
OP(object_open, settle(vipc_object_open(V(A), TEXT("/name"), VIPC_OPEN_CREATE, 0, OUT(vipc_cap), VIPC_NOW));)
OP(object_unlink, (void)named("name"); settle(vipc_object_unlink(V(A), TEXT("name")));)
OP(object_get, vipc_cap n = named("name"); settle(vipc_object_get(V(A), n, OUT(vipc_object_stat)));)
OP(object_count, settle(vipc_object_count(V(A), OUT(uint32_t)));)
#endif

static const struct { const char *name; void (*run)(void); } ops[] = {
#define O(name) { #name, op_##name }
    O(derive), O(derive_with_limits), O(grant), O(cap_get), O(endpoint_create), O(endpoint_get), O(channel_create), O(notification_create), O(notification_wait), O(wait_any),
    O(wait_set_create), O(wait_set_add), O(wait_set_wait), O(process_create), O(attach), O(initial), O(process_destroy), O(process_get), O(process_find), O(thread_enter), O(sweep), O(trim), O(config_get),
    O(publish), O(unpublish), O(lookup), O(stats_get), O(check), O(send), O(send_cap), O(receive), O(receive_cap), O(send_large), O(send_larger), O(receive_large), O(receive_larger), O(send_many),
    O(receive_many), O(call), O(call_cap), O(call_large), O(reply), O(reply_cap), O(reply_large), O(reply_receive),
#if !VIPC_NO_TAKE
    O(take),
#endif
#if !VIPC_NO_SPACES
    O(space_create), O(space_own), O(space_clone), O(space_allocate), O(space_mmap), O(space_set_break), O(space_grow_heap), O(space_stack_create), O(space_grow_stack), O(space_find),
    O(space_sharers), O(space_get), O(page_fault), O(space_touch), O(space_read), O(space_write),
#endif
#if !VIPC_NO_REGIONS
    O(region_create), O(region_get), O(region_find), O(map), O(unmap), O(region_transfer), O(region_move), O(region_copy), O(node_usage), O(mmap_backed), O(object_open), O(object_unlink),
    O(object_get), O(object_count),
#endif
};
static void start(void)
{
    struct sigaction s;
    memset(&s, 0, sizeof s);
    s.sa_sigaction = at_fault;
    s.sa_flags = SA_SIGINFO;
    apart_ = (unsigned char *)mmap(NULL, (size_t)PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(apart_ != MAP_FAILED && sigaction(SIGSEGV, &s, NULL) == 0 && sigaction(SIGBUS, &s, NULL) == 0);
}
TEST(nothing_of_a_callers_is_touched_with_the_lock_held)
{
    const char *only = getenv("VIPC_TEST_OP");
    start();
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (only && strcmp(only, ops[i].name) != 0) continue;
        open_scene();
        c_.said = VIPC_ERR_HOOK;
        ops[i].run();
        const int bad = test_failures_;
        CHECK_OK(c_.said);
        CHECK_EQ(locked_, 0);
        CHECK(touched_ != 0);
        if (bad != test_failures_) printf("    %s: %u faults, %u of them with the lock held\n", ops[i].name, touched_, locked_);
        mock_release(&c_.m);
    }
}
/* The handler sees what it is to see. */
TEST(the_test_can_fail)
{
    start();
    open_scene();
    uint32_t *p = OUT(uint32_t);
    *p = 1;
    CHECK_EQ(touched_, 1);
    CHECK_EQ(locked_, 0);
    p = OUT(uint32_t);
    REQUIRE_OK(vipci_lock(V(A), VIPC_NOW));
    *p = 1;
    CHECK_EQ(touched_, 2);
    CHECK_EQ(locked_, 1);
    vipci_unlock(V(A));
    mock_release(&c_.m);
}
RUN_TESTS(T(the_test_can_fail), T(nothing_of_a_callers_is_touched_with_the_lock_held))
