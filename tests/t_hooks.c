/* t_hooks.c - every public operation with every hook failing at its n-th call, n = 1, 2, ... until it succeeds: the error is a documented
 * one, nothing has changed, vipc_check is clean, nothing is leaked, and the same operation succeeds afterwards. */
#define VIPC_UNSTABLE
#include "mock.h"

/* The scene: v[0] owns `door` (small, capacity 2) and `wide` (payloads), v[1] and v[2] have capabilities for them. */
typedef struct scene {
    mock m;
    vipc_cap door, wide, his, hers, extra, gift, brim, process, tight;
    vipc thread;
    vipc_reply_right right;
    vipc_hand hand;
    vipc_message msg;
    vipc_info info;
    unsigned char bytes[600];
    int prepared;
} scene;

typedef struct snapshot {
    vipc_process_info process[4];
    vipc_endpoint_info door, wide;
    uint64_t created, destroyed, frames, sent, received, calls, replies, reaped, in_use;
    uint32_t children, gift_children;
} snapshot;

/* What can be seen without the lock. */
static void glance(scene *s, snapshot *out)
{
    vipc_stats stats;
    memset(out, 0, sizeof *out);
    (void)vipc_endpoint_get(&s->m.v[0], s->door, &out->door);
    (void)vipc_endpoint_get(&s->m.v[0], s->wide, &out->wide);
    memset(&stats, 0, sizeof stats);
    CHECK_OK(vipc_stats_get(&s->m.v[0], &stats));
    out->created = stats.objects_created;
    out->destroyed = stats.objects_destroyed;
    out->frames = stats.frames_in_use;
    out->sent = stats.sent;
    out->received = stats.received;
    out->calls = stats.calls;
    out->replies = stats.replies;
    out->reaped = stats.reaped;
    out->in_use = s->m.in_use;
}
static void look(scene *s, snapshot *out)
{
    vipc_cap_info ci;
    glance(s, out);
    for (unsigned i = 0; i < 4; i++)
        if (s->m.member[i]) (void)vipc_process_get(&s->m.v[0], vipc_self(&s->m.v[i]), &out->process[i]);
    if (vipc_cap_get(&s->m.v[0], s->door, &ci) == VIPC_OK) out->children = ci.children;
    if (vipc_cap_get(&s->m.v[0], s->gift, &ci) == VIPC_OK) out->gift_children = ci.children;
}

static void open_scene(scene *s)
{
    vipc_endpoint_desc d = VIPC_INIT;
    memset(s, 0, sizeof *s);
    mock_open(&s->m, NULL, 3, 64);
    s->door = mock_endpoint(&s->m, 0, 2);
    d.capacity = 2;
    d.payload_max = 600;
    REQUIRE_OK(vipc_endpoint_create(&s->m.v[0], &d, &s->wide));
    s->his = mock_grant(&s->m, 0, s->door, 1, 0);
    s->hers = mock_grant(&s->m, 0, s->door, 2, 0);
    s->extra = mock_derive(&s->m, 0, s->door, 0);
    s->gift = mock_endpoint(&s->m, 0, 1);
    d.capacity = 1;
    d.payload_max = 0;
    d.full = VIPC_FULL_DROP_OLDEST;
    REQUIRE_OK(vipc_endpoint_create(&s->m.v[0], &d, &s->brim));
    vipc_process_desc p = mock_desc(3);
    p.proof = MOCK_PROOF;                                      /* v[0]'s own: v[0] may end it */
    REQUIRE_OK(vipc_process_create(&s->m.v[0], &p, &s->m.v[3], &s->process));
    s->m.member[3] = 1;
    vipc_derive_desc one = VIPC_INIT;                          /* one message a second: what a failure has used up is missed at the next try */
    one.limits.rate = 1;
    one.limits.bandwidth = 1000;
    one.limits.expires = s->m.now + 3600000 * MS;
    REQUIRE_OK(vipc_grant(&s->m.v[0], s->door, vipc_self(&s->m.v[1]), &one, &s->tight));
    s->m.script = s;
    s->msg = mock_message(1);
}

/* What must stand before the operation. */
static void queue_one(scene *s) { REQUIRE_OK(mock_send(&s->m.v[1], s->his, 1)); }
static void queue_full(scene *s) { queue_one(s); queue_one(s); }
static void queue_large(scene *s)
{
    vipc_outgoing o = VIPC_INIT;
    memset(&o, 0, sizeof o);
    o.message = mock_message(1);
    o.payload = s->bytes;
    o.payload_size = sizeof s->bytes;
    REQUIRE_OK(vipc_send_large(&s->m.v[0], s->wide, &o, VIPC_NOW));
}
static void queue_carrying(scene *s)
{
    vipc_message m = mock_message(1);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = s->gift;
    REQUIRE_OK(vipc_send(&s->m.v[0], s->door, &m, VIPC_NOW));
}
static void brim_full(scene *s) { REQUIRE_OK(mock_send(&s->m.v[0], s->brim, 1)); }
static void brim_carrying(scene *s)
{
    vipc_message m = mock_message(1);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = s->gift;
    REQUIRE_OK(vipc_send(&s->m.v[0], s->brim, &m, VIPC_NOW));
}
static void publish(scene *s) { REQUIRE_OK(vipc_publish(&s->m.v[0], "door", s->door, 0)); }
static void empty_used(scene *s)
{
    queue_one(s);
    REQUIRE_EQ(mock_receive(&s->m.v[0], s->door), 1);
}
static void two_threads(scene *s) { mock_thread(&s->m, 1, 4); }
static vipc_error take_one(scene *s, unsigned i, vipc_cap from, vipc_time deadline)
{
    vipc_incoming in;
    memset(&in, 0, sizeof in);
    in.payload = s->bytes;
    in.payload_capacity = sizeof s->bytes;
    return vipc_take(&s->m.v[i], from, &in, &s->hand, deadline);
}
static void in_hand(scene *s)
{
    queue_one(s);
    REQUIRE_OK(take_one(s, 1, s->his, VIPC_NOW));
}
static void in_a_threads_hand(scene *s)
{
    two_threads(s);
    queue_one(s);
    REQUIRE_OK(take_one(s, 4, s->his, VIPC_NOW));
}
static void in_a_dead_hand(scene *s)
{
    queue_one(s);
    REQUIRE_OK(take_one(s, 2, s->hers, VIPC_NOW));
    s->m.dead[s->m.deaths++] = MOCK_PROOF + 2;
}
static void one_dead(scene *s)
{
    (void)mock_endpoint(&s->m, 2, 2);
    s->m.dead[s->m.deaths++] = MOCK_PROOF + 2;
}

/* The operations. */
static vipc_error op_attach(scene *s)
{
    vipc_process_desc d = mock_desc(5);
    vipc_error e = vipc_attach(&s->m.v[5], s->m.memory, s->m.size, NULL, &d, &s->m.hooks);
    if (e == VIPC_OK) s->m.member[5] = 1;
    return e;
}
static vipc_error op_thread_enter(scene *s)
{
    vipc_error e = vipc_thread_enter(&s->m.v[1], 5, &s->m.v[5]);
    if (e == VIPC_OK) s->m.member[5] = 1;
    return e;
}
static vipc_error op_leave(scene *s)
{
    vipc_error e = vipc_leave(&s->m.v[1]);
    if (e == VIPC_OK) s->m.member[1] = 0;
    return e;
}
static vipc_error op_leave_thread(scene *s)
{
    vipc_error e = vipc_leave(&s->m.v[4]);
    if (e == VIPC_OK) s->m.member[4] = 0;
    return e;
}
static vipc_error op_process_create(scene *s)
{
    vipc_process_desc d = mock_desc(5);
    vipc_cap out;
    vipc_error e = vipc_process_create(&s->m.v[1], &d, &s->m.v[5], &out);
    if (e == VIPC_OK) s->m.member[5] = 1;
    return e;
}
static vipc_error give_to(scene *s, unsigned i)
{
    vipc_cap give[3];
    vipc_process_desc d = mock_desc(i);
    give[0] = s->door;
    give[1] = s->gift;
    give[2] = s->extra;
    d.initial = give;
    d.initial_count = 3;
    vipc_error e = vipc_process_create(&s->m.v[0], &d, &s->m.v[i], NULL);
    if (e == VIPC_OK) s->m.member[i] = 1;
    return e;
}
static vipc_error op_process_create_giving(scene *s) { return give_to(s, 5); }
static void made_with(scene *s) { REQUIRE_OK(give_to(s, 5)); }
static vipc_error op_initial(scene *s)
{
    vipc_cap out;
    return vipc_initial(&s->m.v[5], 2, &out);
}
static vipc_error op_process_destroy(scene *s)
{
    uint32_t removed;
    vipc_error e = vipc_process_destroy(&s->m.v[0], s->process, &removed);
    if (e == VIPC_OK) s->m.member[3] = 0;
    return e;
}
static vipc_error op_endpoint_create(scene *s) { vipc_cap out; return vipc_endpoint_create(&s->m.v[1], NULL, &out); }
static vipc_error op_derive(scene *s) { vipc_cap out; return vipc_derive(&s->m.v[1], s->his, NULL, &out); }
static vipc_error op_derive_limited(scene *s)
{
    vipc_cap out;
    vipc_derive_desc d = VIPC_INIT;
    d.limits.rate = 7;
    d.limits.bandwidth = 700;
    d.limits.expires = ~(uint64_t)0;
    return vipc_derive(&s->m.v[1], s->his, &d, &out);
}
static vipc_error op_send_limited(scene *s) { return vipc_send(&s->m.v[1], s->tight, &s->msg, VIPC_NOW); }
static vipc_error op_send_limited_carrying(scene *s)
{
    vipc_message m = mock_message(1);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = s->tight;
    return vipc_send(&s->m.v[1], s->tight, &m, VIPC_NOW);
}
static vipc_error op_grant(scene *s) { vipc_cap out; return vipc_grant(&s->m.v[1], s->his, vipc_self(&s->m.v[2]), NULL, &out); }
static vipc_error op_revoke(scene *s) { return vipc_revoke(&s->m.v[0], s->door, VIPC_FOREVER); }
static vipc_error op_close(scene *s) { return vipc_close(&s->m.v[0], s->extra); }
static vipc_error op_close_last(scene *s) { return vipc_close(&s->m.v[0], s->wide); }
static vipc_error op_destroy(scene *s) { return vipc_destroy(&s->m.v[0], s->door, VIPC_FOREVER); }
static vipc_error op_cap_get(scene *s) { vipc_cap_info i; return vipc_cap_get(&s->m.v[0], s->door, &i); }
static vipc_error op_cap_require(scene *s) { return vipc_cap_require(&s->m.v[1], s->his, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_ALL); }
static vipc_error op_bind(scene *s) { return vipc_endpoint_bind(&s->m.v[0], s->door, vipc_self(&s->m.v[1])); }
static vipc_error op_endpoint_get(scene *s) { vipc_endpoint_info i; return vipc_endpoint_get(&s->m.v[2], s->hers, &i); }
static vipc_error op_send(scene *s) { return vipc_send(&s->m.v[1], s->his, &s->msg, VIPC_NOW); }
static vipc_error op_send_dropping(scene *s) { return vipc_send(&s->m.v[0], s->brim, &s->msg, VIPC_NOW); }
static vipc_error op_send_many(scene *s)
{
    vipc_message two[2] = { mock_message(1), mock_message(2) };
    uint32_t n = 77;
    vipc_error e = vipc_send_many(&s->m.v[1], s->his, two, 2, &n, VIPC_NOW);
    CHECK_EQ(n > 0, e == VIPC_OK);
    return e;
}
static vipc_error op_receive_many(scene *s)
{
    vipc_message two[2];
    uint32_t n = 77;
    vipc_error e = vipc_receive_many(&s->m.v[0], s->door, two, NULL, 2, &n, VIPC_NOW);
    CHECK_EQ(n > 0, e == VIPC_OK);
    return e;
}
static vipc_error op_send_large(scene *s)
{
    vipc_outgoing o = VIPC_INIT;
    memset(&o, 0, sizeof o);
    o.payload = s->bytes;
    o.payload_size = sizeof s->bytes;
    return vipc_send_large(&s->m.v[0], s->wide, &o, VIPC_NOW);
}
static vipc_error op_send_carrying(scene *s)
{
    vipc_message m = mock_message(1);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = s->gift;
    return vipc_send(&s->m.v[0], s->door, &m, VIPC_NOW);
}
static vipc_error op_receive(scene *s) { return vipc_receive(&s->m.v[0], s->door, &s->msg, &s->info, VIPC_NOW); }
static vipc_error op_receive_large(scene *s)
{
    vipc_incoming i;
    memset(&i, 0, sizeof i);
    i.payload = s->bytes;
    i.payload_capacity = sizeof s->bytes;
    return vipc_receive_large(&s->m.v[0], s->wide, &i, VIPC_NOW);
}
static vipc_error op_take(scene *s) { return take_one(s, 0, s->door, VIPC_NOW); }
static vipc_error op_take_large(scene *s) { return take_one(s, 0, s->wide, VIPC_NOW); }
static vipc_error op_take_waiting(scene *s)
{
    vipc_error e = take_one(s, 0, s->door, vipc_after(&s->m.v[2], 200 * MS));
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}
static vipc_error op_done(scene *s) { return vipc_done(&s->m.v[1], s->hand, true); }
static vipc_error op_put_back(scene *s) { return vipc_done(&s->m.v[1], s->hand, false); }
static vipc_error op_receive_waiting(scene *s)
{
    vipc_error e = vipc_receive(&s->m.v[0], s->door, &s->msg, &s->info, vipc_after(&s->m.v[2], 200 * MS));
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}
static vipc_error op_send_waiting(scene *s)
{
    vipc_error e = vipc_send(&s->m.v[1], s->his, &s->msg, vipc_after(&s->m.v[2], 200 * MS));
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}
static void answer_it(mock *m, uint64_t self)
{
    scene *s = (scene *)m->script;
    vipc_message got, answer = mock_message(2);
    vipc_info info;
    int hook = m->fail_hook;
    m->fail_hook = -1;                                         /* the other side's hooks do not fail */
    (void)self;
    if (vipc_receive(&m->v[0], s->door, &got, &info, VIPC_NOW) == VIPC_OK) CHECK_OK(vipc_reply(&m->v[0], info.reply, &answer));
    m->fail_hook = hook;
}
static vipc_error op_call(scene *s)
{
    vipc_message reply;
    s->m.asleep = answer_it;
    vipc_error e = vipc_call(&s->m.v[1], s->his, &s->msg, &reply, VIPC_FOREVER);
    s->m.asleep = NULL;
    return e;
}
static vipc_error op_call_carrying(scene *s)
{
    vipc_message reply;
    s->m.asleep = answer_it;
    s->msg.flags = VIPC_HAS_CAPABILITY;
    s->msg.capability = s->his;
    vipc_error e = vipc_call(&s->m.v[1], s->his, &s->msg, &reply, VIPC_FOREVER);
    s->m.asleep = NULL;
    return e;
}
static vipc_outgoing several(scene *s)
{
    vipc_outgoing o = VIPC_INIT;
    o.message = mock_message(1);
    o.message.flags = VIPC_HAS_CAPABILITY;
    o.message.capability = s->gift;
    o.caps[0] = s->door;
    o.caps[1] = s->wide;
    o.cap_count = 2;
    return o;
}
static void queue_several(scene *s)
{
    vipc_outgoing o = several(s);
    REQUIRE_OK(vipc_send_large(&s->m.v[0], s->door, &o, VIPC_NOW));
}
static vipc_error op_send_several(scene *s)
{
    vipc_outgoing o = several(s);
    return vipc_send_large(&s->m.v[0], s->door, &o, VIPC_NOW);
}
static vipc_error op_receive_several(scene *s)
{
    vipc_incoming in = VIPC_INIT;
    return vipc_receive_large(&s->m.v[0], s->door, &in, VIPC_NOW);
}
static void answer_largely(mock *m, uint64_t self)
{
    scene *s = (scene *)m->script;
    vipc_incoming got = VIPC_INIT;
    vipc_outgoing answer = several(s);
    int hook = m->fail_hook;
    m->fail_hook = -1;
    (void)self;
    answer.payload = s->bytes;
    answer.payload_size = 300;
    if (vipc_receive_large(&m->v[0], s->door, &got, VIPC_NOW) == VIPC_OK) CHECK_OK(vipc_reply_large(&m->v[0], got.info.reply, &answer));
    m->fail_hook = hook;
}
static vipc_error op_call_large(scene *s)
{
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    o.message = mock_message(1);
    o.caps[0] = o.caps[1] = s->his;
    o.cap_count = 2;
    in.payload = s->bytes;
    in.payload_capacity = sizeof s->bytes;
    s->m.asleep = answer_largely;
    vipc_error e = vipc_call_large(&s->m.v[1], s->his, &o, &in, VIPC_FOREVER);
    s->m.asleep = NULL;
    return e;
}
static vipc_error op_publish(scene *s) { return vipc_publish(&s->m.v[1], "other", s->his, 0); }
static vipc_error op_unpublish(scene *s) { return vipc_unpublish(&s->m.v[0], "door"); }
static vipc_error op_lookup(scene *s) { vipc_cap out; return vipc_lookup(&s->m.v[1], "door", 0, &out, VIPC_NOW); }
static vipc_error op_lookup_waiting(scene *s)
{
    vipc_cap out;
    vipc_error e = vipc_lookup(&s->m.v[1], "nothing", 0, &out, vipc_after(&s->m.v[2], 200 * MS));
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}
static vipc_error op_process_wait(scene *s)
{
    vipc_error e = vipc_process_wait(&s->m.v[0], vipc_self(&s->m.v[2]), vipc_after(&s->m.v[2], 200 * MS));
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}
static vipc_error op_process_get(scene *s) { vipc_process_info i; return vipc_process_get(&s->m.v[1], vipc_self(&s->m.v[2]), &i); }
static vipc_error op_process_find(scene *s) { vipc_pid p; return vipc_process_find(&s->m.v[1], MOCK_NATIVE + 2, &p); }
static vipc_error op_sweep(scene *s)
{
    uint32_t n;
    vipc_error e = vipc_sweep(&s->m.v[0], &n);
    if (e == VIPC_OK) { CHECK_EQ(n, 1); s->m.member[2] = 0; }
    return e;
}
static vipc_error op_trim(scene *s) { uint64_t n; return vipc_trim(&s->m.v[1], &n); }
static vipc_error op_check(scene *s)
{
    uint32_t bad = 0;
    vipc_error e = vipc_check(&s->m.v[1], &bad);
    return e == VIPC_OK && bad ? VIPC_ERR_CORRUPT : e;
}
static void ignore_line(void *user, const char *line, size_t length) { (void)user; (void)line; (void)length; }
static vipc_error op_dump(scene *s) { return vipc_dump(&s->m.v[1], ignore_line, NULL); }
static vipc_error op_stats(scene *s) { vipc_stats t; return vipc_stats_get(&s->m.v[1], &t); }
static vipc_error op_config(scene *s) { vipc_config c; return vipc_config_get(&s->m.v[1], &c); }
static vipc_error op_cancel(scene *s) { return vipc_cancel(&s->m.v[1]); }

static const struct operation { const char *name; vipc_error (*run)(scene *s); void (*before)(scene *s); } operations[] = {
    { "attach", op_attach, NULL }, { "thread_enter", op_thread_enter, NULL }, { "leave", op_leave, NULL }, { "leave with a request queued", op_leave, queue_one },
    { "leave a thread", op_leave_thread, two_threads }, { "process_create", op_process_create, NULL },
    { "process_create, giving", op_process_create_giving, NULL }, { "initial", op_initial, made_with }, { "process_destroy", op_process_destroy, NULL },
    { "endpoint_create", op_endpoint_create, NULL }, { "derive", op_derive, NULL }, { "grant", op_grant, NULL }, { "revoke", op_revoke, NULL },
    { "revoke with messages", op_revoke, queue_one }, { "close", op_close, NULL }, { "close the last", op_close_last, queue_large },
    { "destroy", op_destroy, NULL }, { "destroy with messages", op_destroy, queue_carrying }, { "cap_get", op_cap_get, NULL },
    { "cap_require", op_cap_require, NULL }, { "bind", op_bind, queue_one }, { "endpoint_get", op_endpoint_get, queue_one },
    { "send_many, first use", op_send_many, NULL }, { "send_many", op_send_many, empty_used }, { "receive_many", op_receive_many, queue_full },
    { "receive_many carrying", op_receive_many, queue_carrying }, { "send dropping", op_send_dropping, brim_full }, { "send dropping a capability", op_send_dropping, brim_carrying }, { "send, first use", op_send, NULL }, { "send", op_send, queue_one }, { "send_large, first use", op_send_large, NULL },
    { "send_large", op_send_large, queue_large }, { "send carrying, first use", op_send_carrying, NULL }, { "send carrying", op_send_carrying, queue_one },
    { "receive", op_receive, queue_one }, { "receive carrying", op_receive, queue_carrying }, { "receive_large", op_receive_large, queue_large },
    { "take", op_take, queue_one }, { "take_large", op_take_large, queue_large }, { "take waiting", op_take_waiting, NULL },
    { "take waiting, used", op_take_waiting, empty_used }, { "done", op_done, in_hand }, { "put back", op_put_back, in_hand },
    { "leave with one in hand", op_leave, in_hand },
    { "leave a thread with one in hand", op_leave_thread, in_a_threads_hand }, { "revoke with one in hand", op_revoke, in_hand },
    { "destroy with one in hand", op_destroy, in_hand }, { "sweep with one in hand", op_sweep, in_a_dead_hand },
    { "receive waiting", op_receive_waiting, NULL }, { "receive waiting, used", op_receive_waiting, empty_used }, { "send waiting", op_send_waiting, queue_full },
    { "call, first use", op_call, NULL }, { "call", op_call, empty_used }, { "call carrying, first use", op_call_carrying, NULL }, { "publish", op_publish, publish },
    { "send several, first use", op_send_several, NULL }, { "send several", op_send_several, queue_several }, { "receive several", op_receive_several, queue_several },
    { "destroy with several", op_destroy, queue_several }, { "call_large, first use", op_call_large, NULL }, { "call_large", op_call_large, empty_used },
    { "unpublish", op_unpublish, publish }, { "lookup", op_lookup, publish }, { "lookup waiting", op_lookup_waiting, publish },
    { "process_wait", op_process_wait, NULL }, { "process_get", op_process_get, NULL }, { "process_find", op_process_find, NULL },
    { "derive limited", op_derive_limited, NULL }, { "send limited, first use", op_send_limited, NULL }, { "send limited", op_send_limited, queue_one },
    { "send limited, carrying, first use", op_send_limited_carrying, NULL }, { "send limited, carrying", op_send_limited_carrying, queue_one },
    { "sweep", op_sweep, one_dead }, { "trim", op_trim, empty_used }, { "trim of nothing", op_trim, queue_one }, { "check", op_check, queue_one },
    { "dump", op_dump, queue_one }, { "stats_get", op_stats, NULL }, { "config_get", op_config, NULL }, { "cancel", op_cancel, NULL },
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* These may stay behind: an empty queue's frames, which vipc_trim gives back, the request of a call that was given up, and that a queue was full. */
static int differs(const char *name, const snapshot *before, const snapshot *after)
{
    snapshot a = *before, b = *after;
    for (int i = 0; i < 4; i++) {                            /* it may have slept, or been refused, and then failed */
        a.process[i].sleeps = b.process[i].sleeps;
        a.process[i].checks_failed = b.process[i].checks_failed;
    }
    if (strstr(name, "waiting")) a.door.high_water = b.door.high_water;      /* it met a full queue, and that stays noted */
    if (strstr(name, "call")) { a.door.sent = b.door.sent; a.door.high_water = b.door.high_water; }
    if (strstr(name, "first use") || strstr(name, "call")) {
        a.frames = b.frames = a.in_use = b.in_use = 0;
        a.door.frames = b.door.frames = a.wide.frames = b.wide.frames = 0;
    }
    if (strstr(name, "call")) {
        a.calls = b.calls = a.sent = b.sent = a.door.queued = b.door.queued = 0;
        a.children = b.children = 0;
        for (int i = 0; i < 4; i++) {
            a.process[i].capabilities = b.process[i].capabilities = 0;          /* it may carry one */
            a.process[i].sent = b.process[i].sent = a.process[i].calls = b.process[i].calls = 0;
        }
    }
    return memcmp(&a, &b, sizeof a) != 0;
}
static void say(const char *name, int hook, int with, uint64_t n, const char *what)
{
    printf("    %s, hook %d failing with %d at call %llu: %s\n", name, hook, with, (unsigned long long)n, what);
    test_failures_++;
}
static void fail_at_every_call(int hook, int with)
{
    for (int k = 0; k < OPERATIONS; k++)
        for (uint64_t n = 1; n < 1000; n++) {
            static scene s;
            static snapshot before, after;
            const struct operation *o = &operations[k];
            open_scene(&s);
            if (o->before) o->before(&s);
            look(&s, &before);
            mock_fail(&s.m, hook, n, with);
            vipc_error e = o->run(&s);
            uint64_t failures = s.m.failures;
            mock_heal(&s.m);
            s.m.stuck = 0;
            if (!mock_documented(e)) say(o->name, hook, with, n, "an error that is not documented");
            if (e != VIPC_OK) {
                if (failures == 0) { say(o->name, hook, with, n, vipc_error_string(e)); }
                look(&s, &after);
                if (differs(o->name, &before, &after)) say(o->name, hook, with, n, "something has changed");
                if (s.m.member[0]) mock_check_by(&s.m, &s.m.v[0], __FILE__, __LINE__);
                s.m.asleep = NULL;
                e = o->run(&s);
                if (e != VIPC_OK) say(o->name, hook, with, n, "it does not succeed afterwards");
            }
            s.m.lost = 0;
            if (s.m.member[2] && s.m.deaths) s.m.member[2] = 0;
            mock_end(&s.m, o->name, (int)n);
            if (failures == 0) break;
        }
}
TEST(alloc_fails)
{
    static const int with[] = { VIPC_ERR_OUT_OF_MEMORY, VIPC_ERR_LIMIT, VIPC_ERR_HOOK, -33, -100000, 1, 77 };
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) fail_at_every_call(MOCK_ALLOC, with[i]);
}
TEST(pointer_says_null) { fail_at_every_call(MOCK_POINTER, 0); }
TEST(pointer_is_unaligned) { fail_at_every_call(MOCK_POINTER, 1); }
TEST(block_fails)
{
    static const int with[] = { VIPC_ERR_CANCELLED, VIPC_ERR_HOOK, -100000, 1 };
    for (size_t i = 0; i < sizeof with / sizeof *with; i++) fail_at_every_call(MOCK_BLOCK, with[i]);
}
TEST(block_comes_back_for_no_reason)
{
    fail_at_every_call(MOCK_BLOCK, VIPC_OK);
    fail_at_every_call(MOCK_BLOCK, VIPC_ERR_TIMEOUT);
}
TEST(the_clock_says_nothing) { fail_at_every_call(MOCK_NOW, 0); }

/* An allocator that says OK and gives nothing, or nonsense. */
static uint64_t nonsense;
static vipc_error alloc_nonsense(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    (void)count;
    if (nonsense != 1) *first = nonsense;
    return VIPC_OK;
}
TEST(alloc_breaks_its_contract)
{
    static const uint64_t what[] = { 1, ~(uint64_t)0, (uint64_t)1 << 62, 64, 63 };     /* 1: does not write; 63: a frame that is not taken */
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        mock m;
        vipc_message msg = mock_message(1);
        mock_open(&m, NULL, 1, 64);
        vipc_cap door = mock_endpoint(&m, 0, 4);
        nonsense = what[i];
        m.hooks.frame_alloc = alloc_nonsense;
        m.broken = 5;                                           /* it may give the nonsense back */
        CHECK_EQ(vipc_send(&m.v[0], door, &msg, VIPC_NOW), VIPC_ERR_HOOK);
        m.broken = 0;
        MOCK_CHECK(&m, 0);
        m.hooks.frame_alloc = mock_alloc;
        CHECK_OK(vipc_send(&m.v[0], door, &msg, VIPC_NOW));
        CHECK_EQ(mock_receive(&m.v[0], door), 1);
        MOCK_END(&m);
    }
}

/* The slow path's lock is held (by whoever is in frame_alloc) and the sleep for it fails: HOOK, and nothing has changed. */
static int contended;
static void contend(mock *m, uint64_t self)
{
    scene *s = (scene *)m->script;
    const struct operation *o = &operations[contended];
    static snapshot before, after;
    (void)self;
    glance(s, &before);
    m->fail_hook = MOCK_BLOCK;
    m->fail_at = 1;
    m->fail_on = 1;
    m->fail_with = VIPC_ERR_FAULT;
    vipc_error e = o->run(s);
    mock_heal(m);
    if (!mock_documented(e)) say(o->name, MOCK_BLOCK, 0, 0, "an error that is not documented");
    glance(s, &after);
    if (e != VIPC_OK && differs(o->name, &before, &after)) say(o->name, MOCK_BLOCK, 0, 0, "something has changed");
    s->prepared = (int)e;
}
TEST(the_lock_is_held_and_block_fails)
{
    for (contended = 0; contended < OPERATIONS; contended++) {
        static scene s;
        const struct operation *o = &operations[contended];
        vipc_cap holder;
        vipc_message msg = mock_message(1);
        if (strncmp(o->name, "leave a thread", 14) == 0) continue;   /* takes no lock, and has a record of its own to give back */
        open_scene(&s);
        if (o->before) o->before(&s);
        vipc_process_desc d = mock_desc(6);
        REQUIRE_OK(vipc_process_create(&s.m.v[0], &d, &s.m.v[6], NULL));
        s.m.member[6] = 1;
        holder = mock_endpoint(&s.m, 6, 2);
        s.m.on_alloc = contend;
        CHECK_OK(vipc_send(&s.m.v[6], holder, &msg, VIPC_NOW));
        CHECK_OK(vipc_receive(&s.m.v[6], holder, &msg, NULL, VIPC_NOW));
        CHECK_OK(vipc_trim(&s.m.v[6], NULL));
        s.m.stuck = 0;
        s.m.lost = 0;
        if (s.m.member[2] && s.m.deaths == 0) {
            vipc_process_info p;
            CHECK_OK(vipc_process_get(&s.m.v[2], vipc_self(&s.m.v[2]), &p));
        }
        s.m.asleep = NULL;
        if (s.prepared != VIPC_OK) {
            vipc_error e = o->run(&s);
            if (e != VIPC_OK) say(o->name, MOCK_BLOCK, 0, 0, vipc_error_string(e));
        }
        s.m.lost = 0;
        if (s.m.deaths) s.m.member[2] = 0;
        mock_end(&s.m, o->name, 0);
    }
}

/* A destroy that fails for want of the lock must leave its victim whole. */
static void destroy_three(mock *m, uint64_t self)
{
    scene *s = (scene *)m->script;
    (void)self;
    mock_fail(m, MOCK_BLOCK, 1, VIPC_ERR_FAULT);
    m->fail_on = 1;
    s->prepared = (int)vipc_process_destroy(&m->v[0], s->process, NULL);
    mock_heal(m);
}
TEST(a_process_that_was_not_destroyed_is_whole)
{
    static scene s;
    vipc_message msg = mock_message(1);
    vipc_pid found = VIPC_INIT;
    vipc_cap out;
    open_scene(&s);
    s.m.on_alloc = destroy_three;
    CHECK_OK(vipc_send(&s.m.v[1], s.his, &msg, VIPC_NOW));
    CHECK_EQ(s.prepared, VIPC_ERR_HOOK);
    CHECK_OK(vipc_process_find(&s.m.v[0], MOCK_NATIVE + 3, &found));
    CHECK_OK(vipc_grant(&s.m.v[0], s.door, vipc_self(&s.m.v[3]), NULL, &out));
    MOCK_END(&s.m);
}

/* init itself calls no hook that can fail, or says so. */
TEST(init_with_failing_hooks)
{
    for (int hook = 0; hook < MOCK_HOOKS; hook++) {
        mock m;
        mock_port(&m, NULL, 16);
        mock_fail(&m, hook, 1, VIPC_ERR_OUT_OF_MEMORY);
        m.fail_on = 1;
        vipc_error e = vipc_init(&m.v[0], m.memory, m.size, NULL, NULL, &m.hooks);
        CHECK(mock_documented(e));
        mock_heal(&m);
        if (e != VIPC_OK) CHECK_OK(vipc_init(&m.v[0], m.memory, m.size, NULL, NULL, &m.hooks));
        m.member[0] = 1;
        MOCK_END(&m);
    }
}

RUN_TESTS(T(alloc_fails), T(pointer_says_null), T(pointer_is_unaligned), T(block_fails), T(block_comes_back_for_no_reason), T(the_clock_says_nothing),
          T(alloc_breaks_its_contract), T(the_lock_is_held_and_block_fails), T(a_process_that_was_not_destroyed_is_whole), T(init_with_failing_hooks))
