/* model.h - a naive model beside the real thing: arrays, lists and linear searches that follow the contracts in the header.  One interpreter of sequences of
 * operations, bytes in: what is done, by whom, with what.  Each operation is done to a domain (the mock port) and to the model, and what comes of it is
 * compared: result, outputs; every 300 operations and at the end the whole visible state.  Tables are small, so that every limit is met.  While one
 * identity sleeps, the others go on within the mock's sleep.  A failure prints the last operations.
 * Who includes it drives it: model_run_random (tests/t_model.c), model_run_bytes (tests/t_corpus.c and, with libFuzzer, tests/fuzz/fuzz.c).
 */
#ifndef VIPC_TEST_MODEL_H
#define VIPC_TEST_MODEL_H
#include "../mock.h"
#include <stdarg.h>

enum { PROCS = 6, VIEWS = 9, OBJECTS = 8, CAPS = 34, NAMES = 4, OBJECTS_EACH = 4, CAPS_EACH = 12, QUEUE = 4, OLD = 24, LAST = 20, SHORT_WAIT = 30 };
enum state { HELD, TRAVELS, NAMED };
enum phase { QUEUED, TAKEN, REPLIED, FAILED };

typedef struct m_proc { bool used; uint64_t pid, proof; } m_proc;
typedef struct m_view { bool used; int proc; } m_view;                /* one for each vipc of the mock */
typedef struct m_cap { bool used, dead; enum state state; int holder, type, object, parent; uint32_t rights; uint64_t badge, token, most, limits; } m_cap;
/* most: limits.message_max; limits: which record of limits it shares with others, 0: none; it takes a slot of the table */
typedef struct m_msg { uint32_t opcode, flags, size; uint64_t data[4], sender, badge, call; int cap; } m_msg;
typedef struct m_obj { bool used, full, drops, queue; uint32_t dropped, untold; int owner, n; uint64_t bound, id; uint32_t capacity, payload; char label[32]; m_msg q[QUEUE]; } m_obj;
typedef struct m_name { bool used; int cap; char text[8]; } m_name;
typedef struct m_right { vipc_reply_right right; uint64_t call, pid; } m_right;

static mock world;
static m_proc procs[PROCS];
static m_view views[MOCK_VIEWS];
static m_cap caps[CAPS];
static m_obj objs[OBJECTS];
static m_name names[NAMES];
static m_right rights[OLD];
static uint64_t old[OLD];
static struct { bool open; uint64_t number; int taker; enum phase phase; vipc_error why; m_msg reply; } call;
static vipc_stats count;               /* what the statistics must say */
static struct { const unsigned char *at; size_t left; uint64_t random; unsigned char *copy; size_t copied, room; } input;
static uint64_t serial, old_next, rights_next, lives, next_proof, operations, records;
static int sleeper, slept_at, in_script;                   /* the mock view that sleeps, or -1; the object that it sleeps at, or -1 */
static bool made_since;                /* an endpoint was made since that one ended */
static vipc_error ended_why;           /* how that object ended meanwhile; OK: it did not */
static char last[LAST][200];

/* ---- what is chosen: a byte each time, of those that are given, else of a random source.  Given ones that are used up are followed by zeros ---- */
static uint32_t next_byte(void)
{
    uint32_t n = 0;
    if (input.random) n = (uint32_t)(mock_random(&input.random) >> 40) & 255;
    else if (input.left) { n = *input.at++; input.left--; }
    if (input.copied < input.room) input.copy[input.copied++] = (unsigned char)n;
    return n;
}
static uint32_t rnd(uint32_t below)
{
    uint32_t n = next_byte();
    if (below > 256) n = n << 8 | next_byte();
    return n % below;
}
static bool one_in(uint32_t n) { return rnd(n) == n - 1; }           /* zeros choose what is usual */
/* Not chosen, but told apart: 1, 2, 3, ..., scattered. */
static uint64_t another(void) { return ++serial * 0x9E3779B97F4A7C15u; }

/* ---- saying what happened ---- */
static void note(const char *form, ...)
{
    char *to = last[operations % LAST];
    int at = snprintf(to, sizeof last[0], "%llu%s ", (unsigned long long)operations, in_script ? " (meanwhile)" : "");
    va_list args;
    va_start(args, form);
    vsnprintf(to + at, sizeof last[0] - (size_t)at, form, args);
    va_end(args);
    operations++;
}
static void outcome(vipc_error e)
{
    char *to = last[(operations + LAST - 1) % LAST];
    size_t at = strlen(to);
    snprintf(to + at, sizeof last[0] - at, " -> %d", (int)e);
}
static int a_view(void);
static void print_line(void *user, const char *line, size_t length)
{
    (void)user;
    printf("        | %.*s\n", (int)length, line);
}
static void differ(const char *what, long long real, long long model)
{
    printf("    %s: %lld, the model says %lld; the last operations were\n", what, real, model);
    for (uint64_t i = operations > LAST ? operations - LAST : 0; i < operations; i++) printf("        %s\n", last[i % LAST]);
    for (int o = 0; o < OBJECTS; o++)
        if (objs[o].used) printf("        endpoint %llx: capacity %u, %d queued, bound to %llu\n", (unsigned long long)objs[o].id,
                    objs[o].capacity, objs[o].n, (unsigned long long)objs[o].bound);
    for (int c = 0; c < CAPS; c++)
        if (caps[c].used && caps[c].type == VIPC_TYPE_ENDPOINT)
            printf("        capability %llx of %llu on %llx, rights %u%s\n", (unsigned long long)caps[c].token,
                   caps[c].holder < 0 ? 0 : (unsigned long long)procs[caps[c].holder].pid, (unsigned long long)objs[caps[c].object].id, caps[c].rights,
                   caps[c].state == TRAVELS ? ", in a message" : caps[c].state == NAMED ? ", a name's" : "");
    vipc_dump(&world.v[a_view()], print_line, NULL);
    test_failures_++;
    longjmp(test_out_, 1);
}
#define SAME(what, real, model) do { if ((real) != (model)) differ(what, (long long)(real), (long long)(model)); } while (0)
/* A set of errors where contracts leave open which of several is told. */
static uint64_t bit(vipc_error e) { return (uint64_t)1 << -(int)e; }
/* Which operations came to which ends, over all runs. */
static const char *const every_operation[] = {
    "send", "send_large", "send_many", "receive", "receive_large", "receive_many", "call", "reply", "reply_drop", "derive", "grant", "revoke", "close", "destroy",
    "process_destroy", "cap_require", "cap_get", "endpoint_create", "endpoint_get", "endpoint_bind", "publish", "unpublish", "lookup", "process_create",
    "process_get", "thread_enter", "leave", "sweep", "trim", "check", "stats_get", "cap_require_old"
};
enum { OPERATIONS = sizeof every_operation / sizeof *every_operation, ERRORS = 33 };
static uint64_t seen[OPERATIONS][ERRORS];
static int operation_of(const char *what)
{
    int i = 0;
    while (i < OPERATIONS && strcmp(every_operation[i], what) != 0) i++;
    return i;
}
static inline void print_seen(void)
{
    static const char *const names_of[] = {
#define MODEL_NAME(name, number, text) #name,
        VIPC_ERRORS(MODEL_NAME)
    };
    for (int i = 0; i < OPERATIONS; i++) {
        printf("    %s:", every_operation[i]);
        for (int e = 0; e < ERRORS; e++)
            if (seen[i][e]) printf(" %s %llu", e ? names_of[e] + 4 : names_of[e], (unsigned long long)seen[i][e]);
        printf("\n");
    }
}
static bool good(const char *what, vipc_error e, uint64_t allowed)
{
    outcome(e);
    if (operation_of(what) == OPERATIONS) differ(what, 0, OPERATIONS);
    if (e <= VIPC_OK && e >= VIPC_ERR_HOOK) seen[operation_of(what)][-(int)e]++;
    if (e > VIPC_OK || e < VIPC_ERR_HOOK || !((allowed ? allowed : 1) >> -(int)e & 1)) {
        long long say = 0;
        while (allowed && !(allowed >> say & 1)) say++;
        differ(what, e, -say);
    }
    return e == VIPC_OK;
}

/* ---- the model: look ---- */
static int holds(int p)
{
    int n = 0;
    for (int i = 0; i < CAPS; i++) n += caps[i].used && caps[i].holder == p;
    return n;
}
static int owns(int p)
{
    int n = 0;
    for (int i = 0; i < OBJECTS; i++) n += objs[i].used && objs[i].owner == p;
    return n;
}
static int threads(int p)
{
    int n = 0;
    for (int i = 0; i < MOCK_VIEWS; i++) n += views[i].used && (p < 0 || views[i].proc == p);
    return n;
}
static int living(void)
{
    int n = 0;
    for (int p = 0; p < PROCS; p++) n += procs[p].used;
    return n;
}
static int process_of(uint64_t pid)
{
    for (int p = 0; p < PROCS; p++)
        if (procs[p].used && procs[p].pid == pid) return p;
    return -1;
}
static int find(int p, uint64_t token)
{
    for (int i = 0; token && i < CAPS; i++)
        if (caps[i].used && !caps[i].dead && caps[i].state == HELD && caps[i].holder == p && caps[i].token == token) return i;
    return -1;
}
static int table_left(void)
{
    int left = CAPS;
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used) continue;
        left--;
        bool first = caps[i].limits != 0;
        for (int k = 0; k < i; k++) first = first && !(caps[k].used && caps[k].limits == caps[i].limits);
        left -= first;
    }
    return left;
}
static int free_cap(void)
{
    if (table_left() <= 0) return -1;
    for (int i = 0; i < CAPS; i++)
        if (!caps[i].used) return i;
    return -1;
}
static bool no_room(int p) { return free_cap() < 0 || holds(p) >= CAPS_EACH; }
static vipc_error may(int p, uint64_t token, int type, uint32_t need, int *c)
{
    *c = find(p, token);
    if (*c < 0 || (type && caps[*c].type != type)) return VIPC_ERR_INVALID_CAPABILITY;
    return (caps[*c].rights & need) == need ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
static int named(const char *text)
{
    for (int i = 0; i < NAMES; i++)
        if (names[i].used && strcmp(names[i].text, text) == 0) return i;
    return -1;
}

/* ---- the model: change ---- */
static void end_object(int o, vipc_error why);
static void call_fails(vipc_error why)
{
    call.phase = FAILED;
    call.why = why;
}
static void remove_cap(int c)
{
    if (caps[c].state == HELD) old[old_next++ % OLD] = caps[c].token;
    if (caps[c].state == NAMED)
        for (int i = 0; i < NAMES; i++)
            if (names[i].used && names[i].cap == c) names[i].used = false;
    if (caps[c].state == TRAVELS) { caps[c].dead = true; caps[c].parent = -1; }      /* its message still counts it */
    else caps[c].used = false;
}
static void revoke_below(int c)
{
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].dead || caps[i].parent != c) continue;
        revoke_below(i);
        remove_cap(i);
    }
}
static void give_up(int c)
{
    int o = caps[c].object, type = caps[c].type, others = 0;
    for (int i = 0; i < CAPS; i++)
        if (caps[i].used && caps[i].parent == c) caps[i].parent = caps[c].parent;
    remove_cap(c);
    for (int i = 0; i < CAPS; i++) others += caps[i].used && !caps[i].dead && caps[i].type == type && caps[i].object == o;
    if (type == VIPC_TYPE_ENDPOINT && !others && objs[o].used) end_object(o, VIPC_ERR_CLOSED);
}
static void forget_traveller(int c)
{
    if (c < 0 || !caps[c].used) return;
    if (caps[c].dead) { caps[c].used = false; return; }
    caps[c].state = HELD;
    caps[c].token = 0;
    give_up(c);
}
static void end_object(int o, vipc_error why)
{
    m_obj gone = objs[o];
    objs[o].used = false;
    count.objects_destroyed++;
    if (o == slept_at) { ended_why = why; made_since = false; }
    for (int i = 0; i < gone.n; i++) {
        if (gone.q[i].call && call.open && gone.q[i].call == call.number && call.phase == QUEUED) call_fails(why);
        forget_traveller(gone.q[i].cap);
    }
    for (int i = 0; i < CAPS; i++)
        if (caps[i].used && !caps[i].dead && caps[i].type == VIPC_TYPE_ENDPOINT && caps[i].object == o) remove_cap(i);
}
static void end_process(int p, bool reaped)
{
    if (call.open && call.phase == TAKEN && views[call.taker].proc == p) call_fails(VIPC_ERR_PEER_DEAD);
    for (int o = 0; o < OBJECTS; o++)
        if (objs[o].used && objs[o].owner == p) end_object(o, VIPC_ERR_PEER_DEAD);
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].holder != p) continue;
        if (caps[i].state == TRAVELS) caps[i].holder = -1;   /* its message will still be received */
        else give_up(i);
    }
    for (int i = 0; i < CAPS; i++)
        if (caps[i].used && !caps[i].dead && caps[i].type == VIPC_TYPE_PROCESS && caps[i].object == p) remove_cap(i);
    for (int i = 0; i < MOCK_VIEWS; i++)
        if (views[i].used && views[i].proc == p) { views[i].used = false; world.member[i] = 0; }
    procs[p].used = false;
    count.reaped += reaped;
}
static int new_cap(int holder, int from, uint32_t with, uint64_t badge, enum state state, uint64_t token)
{
    int c = free_cap();
    m_cap n = { true, false, state, holder, VIPC_TYPE_ENDPOINT, 0, from, with, badge, token, 0, 0 };
    if (from >= 0) { n.type = caps[from].type; n.object = caps[from].object; n.most = caps[from].most; n.limits = caps[from].limits; }
    for (int i = 0; token && i < CAPS; i++)
        if (caps[i].used && caps[i].token == token) differ("a token that is in use", (long long)token, 0);
    caps[c] = n;
    return c;
}
static void token_is_for(vipc_cap t, int c)
{
    SAME("token's type", (int)vipc_cap_type(t), caps[c].type);
    SAME("token's flags", vipc_cap_flags(t), caps[c].rights & 15);
}
/* The one traveller arrives: its token, 0 if it was revoked on the way. */
static void arrives(int c, int p, vipc_cap t)
{
    if (c < 0 || caps[c].dead) {
        SAME("capability that came along", t.token, 0);
        if (c >= 0) caps[c].used = false;
        return;
    }
    for (int i = 0; i < CAPS; i++)
        if (i != c && caps[i].used && caps[i].token == t.token) differ("a token that is in use came", (long long)t.token, 0);
    caps[c].state = HELD;
    caps[c].holder = p;
    caps[c].token = t.token;
    token_is_for(t, c);
}

/* ---- choosing ---- */
static int a_view(void)
{
    int i = 0, n = (int)rnd(VIEWS);
    for (;; i = (i + 1) % MOCK_VIEWS)
        if (views[i].used && i != sleeper && n-- == 0) return i;
}
static bool has_awake(void)
{
    for (int i = 0; i < MOCK_VIEWS; i++)
        if (views[i].used && i != sleeper) return true;
    return false;
}
static int free_slot(void)
{
    for (int i = 0; i < MOCK_VIEWS; i++)
        if (!views[i].used) return i;
    return -1;
}
/* One of p's own, of that type (0: any); now and then one that is not. */
static vipc_cap a_token(int p, int type)
{
    vipc_cap t = { 0 };
    uint32_t how = rnd(24), n = rnd(CAPS_EACH), fit = 0;
    if (how == 23) { t.token = caps[rnd(CAPS)].token; return t; }
    if (how == 22) { t.token = old[rnd(OLD)]; return t; }
    if (how == 21) type = 0;
    for (uint32_t round = 0; round < 2; round++)
        for (int c = 0; c < CAPS; c++) {
            if (!caps[c].used || caps[c].dead || caps[c].state != HELD || caps[c].holder != p || (type && caps[c].type != type)) continue;
            if (round == 0) fit++;
            else if (n % fit == 0) { t.token = caps[c].token; return t; }
            else n--;
        }
    return t;
}
static const char *a_name(void)
{
    static const char *const text[] = { "a", "b", "cc", "d", "eeeee", "f" };
    return text[rnd(6)];
}
static uint32_t some_rights(void)
{
    uint32_t how = rnd(10);
    return how < 4 ? 0 : how < 6 ? VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT : how < 7 ? VIPC_RIGHT_RECEIVE : how < 9 ? rnd(256) : one_in(8) ? 256 + rnd(99) : 255;
}
static vipc_time a_deadline(int v)
{
    uint32_t how = rnd(10);
    if (how < 6) return VIPC_NOW;
    return how < 8 || in_script ? 1 + rnd(200) : vipc_after(&world.v[v], SHORT_WAIT * MS);
}
static vipc_error no_luck(vipc_time deadline, vipc_error now) { return deadline == VIPC_NOW ? now : VIPC_ERR_TIMEOUT; }
static bool sleeps_until(vipc_time deadline) { return deadline > 1000; }

/* ---- sleeping ---- */
static void anything(void);
static void meanwhile(mock *m, uint64_t self)
{
    (void)m;
    if ((int)self != sleeper) differ("a sleeper that did not ask", (long long)self, sleeper);
    in_script = 1;
    for (uint32_t n = rnd(6); n > 0 && has_awake(); n--) anything();
    in_script = 0;
}
static void go_to_sleep(int v, int o)
{
    sleeper = v;
    slept_at = o;
    ended_why = VIPC_OK;
    made_since = false;
    world.asleep = meanwhile;
}
/* Back: it did sleep, and if `woken`, not to the end of its time. */
static void awake(vipc_time start, bool woken)
{
    if (world.asleep) differ("it should have slept", 0, 1);
    sleeper = slept_at = -1;
    if (woken && world.now - start > (SHORT_WAIT - 5) * MS) differ("nobody woke it: milliseconds slept", (long long)((world.now - start) / MS), 0);
}
static uint64_t ended_says(void) { return bit(ended_why) | (made_since ? bit(VIPC_ERR_CLOSED) : 0); }
/* What an endpoint operation that slept finds; 0: all as before. */
static uint64_t found_after(int p, uint64_t token)
{
    if (ended_why != VIPC_OK) return ended_says();
    return find(p, token) < 0 ? bit(VIPC_ERR_INVALID_CAPABILITY) : 0;
}

/* ---- send and call ---- */
static m_msg a_message(int v, vipc_message *out)
{
    m_msg m;
    memset(&m, 0, sizeof m);
    memset(out, 0, sizeof *out);
    m.cap = -1;
    m.opcode = out->opcode = (uint32_t)another() >> 8;
    for (int i = 0; i < 4; i++) m.data[i] = out->data[i] = another();
    out->flags = (one_in(4) ? VIPC_UNORDERED : 0) | (one_in(8) ? VIPC_IS_REPLY : 0);
    m.flags = out->flags & VIPC_UNORDERED;
    if (one_in(40)) out->flags |= 32;
    if (one_in(4)) {
        out->flags |= VIPC_HAS_CAPABILITY;
        out->capability = a_token(views[v].proc, 0);
    }
    m.sender = procs[views[v].proc].pid;
    return m;
}
static vipc_error take_along(int v, const vipc_message *m, m_msg *msg)
{
    int c, p = views[v].proc;
    if (!(m->flags & VIPC_HAS_CAPABILITY)) return VIPC_OK;
    vipc_error e = may(p, m->capability.token, 0, VIPC_RIGHT_GRANT, &c);
    if (e != VIPC_OK) return e;
    if (no_room(p)) return VIPC_ERR_LIMIT;
    msg->cap = new_cap(p, c, caps[c].rights, caps[c].badge, TRAVELS, 0);
    return VIPC_OK;
}
static bool enqueue(int o, const m_msg *m)
{
    objs[o].queue = true;
    if (objs[o].n >= (int)objs[o].capacity) {
        if (!objs[o].drops) return false;
        m_msg gone = objs[o].q[0];
        memmove(&objs[o].q[0], &objs[o].q[1], sizeof gone * (size_t)--objs[o].n);
        objs[o].dropped++;
        objs[o].untold++;
        count.dropped++;
        if (gone.call && call.open && gone.call == call.number && call.phase == QUEUED) call_fails(VIPC_ERR_CHANNEL_FULL);
        forget_traveller(gone.cap);
    }
    objs[o].q[objs[o].n++] = *m;
    count.sent++;
    return true;
}
static void fill(unsigned char *p, uint32_t size, uint32_t seed)
{
    for (uint32_t i = 0; i < size; i++) p[i] = (unsigned char)(seed * 7 + i * 13);
}
static void do_send(void)
{
    int v = a_view(), p = views[v].proc, c;
    unsigned char bytes[256];
    vipc_outgoing og;
    vipc_cap to = a_token(p, VIPC_TYPE_ENDPOINT);
    bool large = one_in(3), tried = false, slept = false;
    memset(&og, 0, sizeof og);
    m_msg m = a_message(v, &og.message);
    vipc_time deadline = a_deadline(v), start = world.now;
    if (large) m.size = rnd(3) ? rnd(40) : rnd(256);
    fill(bytes, m.size, m.opcode);
    og.payload = bytes;
    og.payload_size = m.size;
    note("view %d: send%s by %llx, %u bytes, flags %u, cap %llx, deadline %llu", v, large ? "_large" : "", (unsigned long long)to.token, m.size,
         og.message.flags, (unsigned long long)og.message.capability.token, (unsigned long long)deadline);
    vipc_error e = may(p, to.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND, &c);
    int o = e == VIPC_OK ? caps[c].object : -1;
    if (e == VIPC_OK && (og.message.flags & 32)) e = VIPC_ERR_INVALID_MESSAGE;
    if (e == VIPC_OK && (m.size > objs[o].payload || (caps[c].most && 48 + m.size > caps[c].most))) e = VIPC_ERR_MESSAGE_TOO_LARGE;
    if (e == VIPC_OK) e = take_along(v, &og.message, &m);
    if (e == VIPC_OK) {
        m.badge = caps[c].badge;
        tried = true;
        if (!enqueue(o, &m)) {
            slept = sleeps_until(deadline) && !objs[o].full;
            e = objs[o].full ? VIPC_ERR_CHANNEL_FULL : no_luck(deadline, VIPC_ERR_CHANNEL_FULL);
            if (slept) go_to_sleep(v, o);
        }
    }
    uint64_t allowed = bit(e);
    uint32_t many = 0, one = one_in(3);
    vipc_error r = large ? vipc_send_large(&world.v[v], to, &og, deadline) : one ? vipc_send_many(&world.v[v], to, &og.message, 1, &many, deadline)
                         : vipc_send(&world.v[v], to, &og.message, deadline);
    if (!large && one) SAME("sent at once", many, (uint32_t)(r == VIPC_OK));
    if (slept) {
        uint64_t found = found_after(p, to.token);
        allowed = found ? found : enqueue(o, &m) ? bit(VIPC_OK) : bit(VIPC_ERR_TIMEOUT);
        awake(start, allowed != bit(VIPC_ERR_TIMEOUT));
    }
    good(large ? "send_large" : one ? "send_many" : "send", r, allowed);
    if (tried && r != VIPC_OK) forget_traveller(m.cap);
}
/* Is there but one thread that could answer, v itself?  2: so plainly that the header must see it, 1: it may. */
static int waits_for_itself(int v, int o)
{
    int p = views[v].proc, receivers = 0, others = 0, firsts = 0;
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].dead || caps[i].type != VIPC_TYPE_ENDPOINT || caps[i].object != o) continue;
        firsts += caps[i].parent < 0;
        if (!(caps[i].rights & VIPC_RIGHT_RECEIVE)) continue;
        receivers++;
        others += caps[i].state != HELD || caps[i].holder != p;
    }
    if (threads(p) != 1) return 0;
    if (objs[o].bound) return objs[o].bound == procs[p].pid ? objs[o].owner == p ? 2 : 1 : 0;
    if (others || receivers == 0) return 0;
    for (int i = 0; receivers == 1 && firsts == 1 && i < CAPS; i++)      /* plain: the owner has kept its first capability, and nobody else may receive */
        if (caps[i].used && !caps[i].dead && caps[i].object == o && caps[i].type == VIPC_TYPE_ENDPOINT && caps[i].parent < 0
            && caps[i].rights == VIPC_RIGHT_ALL && caps[i].holder == p && caps[i].state == HELD && objs[o].owner == p) return 2;
    return 1;
}
static bool delivered(const m_msg *m, const vipc_message *got, uint32_t more)
{
    uint32_t carries = m->cap >= 0 && !caps[m->cap].dead ? VIPC_HAS_CAPABILITY : 0;
    return got->opcode == m->opcode && got->flags == (m->flags | more | carries) && memcmp(got->data, m->data, sizeof m->data) == 0;
}
static void do_call(void)
{
    int v = a_view(), p = views[v].proc, c, o = -1;
    vipc_message request, reply;
    vipc_cap to = a_token(p, VIPC_TYPE_ENDPOINT);
    m_msg m = a_message(v, &request);
    vipc_time deadline = one_in(10) ? VIPC_NOW : vipc_after(&world.v[v], SHORT_WAIT * MS), start = world.now;
    bool sleeping = false, sent = false, packed = false;
    note("view %d: call by %llx, flags %u, cap %llx, deadline %llu", v, (unsigned long long)to.token, request.flags,
         (unsigned long long)request.capability.token, (unsigned long long)deadline);
    vipc_error e = may(p, to.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND, &c);
    if (e == VIPC_OK && (request.flags & 32)) e = VIPC_ERR_INVALID_MESSAGE;
    if (e == VIPC_OK && deadline == VIPC_NOW) e = VIPC_ERR_WOULD_BLOCK;
    int loop = e == VIPC_OK ? waits_for_itself(v, caps[c].object) : 0;
    memset(&call, 0, sizeof call);
    if (loop == 2) e = VIPC_ERR_DEADLOCK;
    if (loop == 1) return;                                   /* either may come of it */
    if (e == VIPC_OK && caps[c].most && caps[c].most < 48) e = VIPC_ERR_MESSAGE_TOO_LARGE;
    if (e == VIPC_OK) {
        o = caps[c].object;
        static uint64_t numbers;
        e = take_along(v, &request, &m);
        if (e == VIPC_OK) {
            packed = true;
            call.open = true;
            call.number = m.call = ++numbers;
            m.badge = caps[c].badge;
            sent = enqueue(o, &m);
            sleeping = sent || !objs[o].full;
            if (!sleeping) e = VIPC_ERR_CHANNEL_FULL;
            else go_to_sleep(v, sent ? -1 : o);
        }
    }
    vipc_error r = vipc_call(&world.v[v], to, &request, &reply, deadline);
    uint64_t allowed = bit(e);
    if (sleeping) {
        bool late = false;
        if (!sent) {
            allowed = found_after(p, to.token);
            if (!allowed) {
                sent = late = enqueue(o, &m);
                allowed = bit(VIPC_ERR_TIMEOUT);             /* nobody is left to serve it */
            }
        } else if (call.phase == REPLIED) {
            int t = call.reply.cap;
            allowed = bit(t >= 0 && caps[t].holder != p && holds(p) >= CAPS_EACH ? VIPC_ERR_LIMIT : VIPC_OK);
        } else {
            allowed = bit(call.phase == FAILED ? call.why : VIPC_ERR_TIMEOUT);
        }
        bool asleep_to_the_end = late || (sent && call.phase != REPLIED && call.phase != FAILED) || (!sent && allowed == bit(VIPC_ERR_TIMEOUT));
        awake(start, !asleep_to_the_end);
        count.calls += sent;
    }
    call.open = false;
    good("call", r, allowed);
    if (packed && !sent) forget_traveller(m.cap);
    if (sleeping && sent && call.phase == REPLIED) {
        if (r == VIPC_OK) {
            if (!delivered(&call.reply, &reply, VIPC_IS_REPLY)) differ("a reply's contents", reply.opcode, call.reply.opcode);
            arrives(call.reply.cap, p, reply.capability);
        } else {
            forget_traveller(call.reply.cap);
        }
    }
}

/* ---- receive and reply ---- */
/* The oldest message that is for somebody, if `p` may have it now.  OK: it is objs[o].q[0], still there. */
static vipc_error oldest(int v, int o, bool info, uint32_t capacity)
{
    m_obj *q = &objs[o];
    while (q->n > 0) {
        m_msg *m = &q->q[0];
        if (m->size > capacity) return VIPC_ERR_MESSAGE_TOO_LARGE;
        if (m->cap >= 0 && caps[m->cap].holder != views[v].proc && holds(views[v].proc) >= CAPS_EACH) return VIPC_ERR_LIMIT;
        bool waits = m->call && call.open && m->call == call.number && call.phase == QUEUED;
        if (!m->call || (waits && info)) return VIPC_OK;
        if (waits) call_fails(VIPC_ERR_INVALID_MESSAGE);
        m_msg gone = *m;
        memmove(m, m + 1, sizeof *m * (size_t)--q->n);
        forget_traveller(gone.cap);
        if (!q->used) return VIPC_ERR_CLOSED;
    }
    return VIPC_ERR_CHANNEL_EMPTY;
}
static void got(int v, int o, const vipc_incoming *in, bool info)
{
    m_obj *q = &objs[o];
    m_msg m = q->q[0];
    unsigned char bytes[256];
    memmove(&q->q[0], &q->q[1], sizeof m * (size_t)--q->n);
    count.received++;
    if (!delivered(&m, &in->message, 0)) differ("a message's contents", in->message.opcode, m.opcode);
    if (info) {
        SAME("sender", in->info.sender.id, m.sender);
        SAME("badge", in->info.badge, m.badge);
        SAME("payload size", in->info.payload_size, m.size);
        SAME("redelivered", in->info.redelivered, 0u);
        SAME("dropped", in->info.dropped, q->untold);
        q->untold = 0;
        SAME("is a call", in->info.reply.token != 0, m.call != 0);
    }
    fill(bytes, m.size, m.opcode);
    if (m.size && memcmp(bytes, in->payload, m.size) != 0) differ("a payload", 1, 0);
    arrives(m.cap, views[v].proc, in->message.capability);
    if (!m.call) return;
    call.phase = TAKEN;
    call.taker = v;
    m_right r = { in->info.reply, m.call, procs[views[v].proc].pid };
    rights[rights_next++ % OLD] = r;
}
static void do_receive_by(int v, vipc_cap from)
{
    int p = views[v].proc, c;
    static unsigned char room[256];
    vipc_incoming in;
    bool large = one_in(2), info = large || !one_in(4), slept = false;
    uint32_t capacity = large ? rnd(4) ? 256 : rnd(40) : 0;
    vipc_time deadline = a_deadline(v), start = world.now;
    memset(&in, 0, sizeof in);
    in.payload = room;
    in.payload_capacity = capacity;
    note("view %d: receive%s by %llx, %u bytes%s, deadline %llu", v, large ? "_large" : "", (unsigned long long)from.token, capacity,
         info ? "" : ", no info", (unsigned long long)deadline);
    vipc_error e = may(p, from.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_RECEIVE, &c);
    int o = e == VIPC_OK ? caps[c].object : -1;
    if (e == VIPC_OK && objs[o].bound && objs[o].bound != procs[p].pid) e = VIPC_ERR_PERMISSION_DENIED;
    if (e == VIPC_OK) e = oldest(v, o, info, capacity);
    uint64_t allowed = bit(e);
    if (e == VIPC_ERR_CHANNEL_EMPTY) {
        slept = sleeps_until(deadline);
        allowed = bit(no_luck(deadline, VIPC_ERR_CHANNEL_EMPTY));
        if (slept) go_to_sleep(v, o);
    }
    uint32_t many = 0, one = one_in(3);
    vipc_error r = large ? vipc_receive_large(&world.v[v], from, &in, deadline)
                   : one ? vipc_receive_many(&world.v[v], from, &in.message, info ? &in.info : NULL, 1, &many, deadline)
                         : vipc_receive(&world.v[v], from, &in.message, info ? &in.info : NULL, deadline);
    if (!large && one) SAME("received at once", many, (uint32_t)(r == VIPC_OK));
    if (slept) {
        allowed = found_after(p, from.token);
        if (!allowed && objs[o].bound && objs[o].bound != procs[p].pid) allowed = bit(VIPC_ERR_PERMISSION_DENIED);
        if (!allowed) {
            e = oldest(v, o, info, capacity);
            allowed = bit(e == VIPC_ERR_CHANNEL_EMPTY ? VIPC_ERR_TIMEOUT : e);
        }
        awake(start, allowed != bit(VIPC_ERR_TIMEOUT));
    }
    if (good(large ? "receive_large" : one ? "receive_many" : "receive", r, allowed)) got(v, o, &in, info);
    else if (r == VIPC_ERR_MESSAGE_TOO_LARGE && info) SAME("size of what is too large", in.info.payload_size, objs[o].q[0].size);
}
static void do_receive(void)
{
    int v = a_view();
    do_receive_by(v, a_token(views[v].proc, VIPC_TYPE_ENDPOINT));
}
/* Somebody serves the call that waits, if its request is at the head of a queue that somebody may receive from. */
static void do_serve(void)
{
    for (int c = 0; call.open && call.phase == QUEUED && c < CAPS; c++) {
        if (!caps[c].used || caps[c].dead || caps[c].state != HELD || caps[c].type != VIPC_TYPE_ENDPOINT || !(caps[c].rights & VIPC_RIGHT_RECEIVE)) continue;
        const m_obj *q = &objs[caps[c].object];
        if (q->n == 0 || q->q[0].call != call.number) continue;
        for (int v = 0; v < MOCK_VIEWS; v++)
            if (views[v].used && v != sleeper && views[v].proc == caps[c].holder) {
                vipc_cap t = { caps[c].token };
                do_receive_by(v, t);
                return;
            }
    }
}
static void do_reply(void)
{
    int v = a_view(), p = views[v].proc;
    const m_right *r = &rights[rnd(OLD)];
    bool drop = one_in(3);
    if (call.open && call.phase == TAKEN && !one_in(3)) {
        for (int i = 0; i < OLD; i++)
            if (rights[i].call == call.number) r = &rights[i];
        if (!one_in(4)) { v = call.taker; p = views[v].proc; }
    }
    vipc_message msg;
    m_msg m = a_message(v, &msg);
    vipc_error why = (vipc_error)-(int)(1 + rnd(32)), e = VIPC_OK;
    bool live = r->right.token && call.open && call.phase == TAKEN && r->call == call.number;
    note("view %d: reply%s to %llx, flags %u, cap %llx", v, drop ? "_drop" : "", (unsigned long long)r->right.token, msg.flags,
         (unsigned long long)msg.capability.token);
    uint64_t allowed = 0;
    if (!drop && (msg.flags & 32)) allowed = bit(VIPC_ERR_INVALID_MESSAGE);
    else if (live && views[call.taker].proc != p) allowed = bit(VIPC_ERR_INVALID_ARGUMENT);
    else if (!live) allowed = r->right.token && procs[p].pid == r->pid ? bit(VIPC_ERR_CANCELLED) : bit(VIPC_ERR_CANCELLED) | bit(VIPC_ERR_INVALID_ARGUMENT);
    else if (!drop) e = take_along(v, &msg, &m);
    if (!allowed) allowed = bit(e);
    if (!good(drop ? "reply_drop" : "reply", drop ? vipc_reply_drop(&world.v[v], r->right, why) : vipc_reply(&world.v[v], r->right, &msg), allowed)) return;
    if (drop) { call_fails(why); return; }
    call.phase = REPLIED;
    call.reply = m;
    count.replies++;
}

/* ---- capabilities ---- */
static uint64_t attenuate(int c, uint32_t want, uint64_t badge)
{
    uint64_t no = 0;
    if (want > 255) no |= bit(VIPC_ERR_INVALID_ARGUMENT);
    if (want & 255 & ~caps[c].rights) no |= bit(VIPC_ERR_PERMISSION_DENIED);
    if (badge && caps[c].badge && badge != caps[c].badge) no |= bit(VIPC_ERR_PERMISSION_DENIED);
    return no;
}
static void do_derive(void)
{
    int v = a_view(), p = views[v].proc, c, to = p;
    bool grant = one_in(2);
    vipc_cap from = a_token(p, 0), out = { 0 };
    vipc_derive_desc d = VIPC_INIT;
    vipc_pid who = { 0 };
    d.rights = some_rights();
    d.badge = one_in(4) ? 1 + rnd(3) : 0;
    d.limits.message_max = one_in(4) ? 30 + rnd(250) : 0;
    who.id = procs[rnd(PROCS)].pid;                          /* sometimes of one that has ended */
    if (grant) to = process_of(who.id);
    note("view %d: %s of %llx to %llu, rights %u, badge %llu, at most %llu bytes", v, grant ? "grant" : "derive", (unsigned long long)from.token,
         (unsigned long long)who.id, d.rights, (unsigned long long)d.badge, (unsigned long long)d.limits.message_max);
    vipc_error e = may(p, from.token, 0, grant ? VIPC_RIGHT_GRANT : 0, &c);
    uint64_t no = e == VIPC_OK ? attenuate(c, d.rights, d.badge) : bit(e);
    if (to < 0 && c >= 0 && e == VIPC_OK) no |= bit(VIPC_ERR_PROCESS_NOT_FOUND);
    uint64_t most = e == VIPC_OK && !d.limits.message_max ? caps[c].most : d.limits.message_max, badge = e == VIPC_OK && !d.badge ? caps[c].badge : d.badge;
    bool record = e == VIPC_OK && most && (most != caps[c].most || badge != caps[c].badge);       /* else it shares its parent's */
    if (e == VIPC_OK && caps[c].most && most > caps[c].most) no |= bit(VIPC_ERR_PERMISSION_DENIED);
    if (e == VIPC_OK && (table_left() < 1 + record || (to >= 0 && holds(to) >= CAPS_EACH))) no |= bit(VIPC_ERR_LIMIT);
    if (!good(grant ? "grant" : "derive", grant ? vipc_grant(&world.v[v], from, who, &d, &out) : vipc_derive(&world.v[v], from, &d, &out), no)) return;
    int made = new_cap(to, c, d.rights ? d.rights : caps[c].rights, badge, HELD, out.token);
    caps[made].most = most;
    if (record) caps[made].limits = ++records;
    token_is_for(out, made);
}
static void do_revoke_or_close(void)
{
    int v = a_view(), c;
    bool revoke = one_in(2);
    vipc_cap t = a_token(views[v].proc, 0);
    note("view %d: %s %llx", v, revoke ? "revoke" : "close", (unsigned long long)t.token);
    vipc_error e = may(views[v].proc, t.token, 0, revoke ? VIPC_RIGHT_REVOKE : 0, &c);
    if (!good(revoke ? "revoke" : "close", revoke ? vipc_revoke(&world.v[v], t, one_in(2) ? VIPC_NOW : 5) : vipc_close(&world.v[v], t), bit(e))) return;
    if (revoke) revoke_below(c);
    else give_up(c);
}
static void do_destroy(void)
{
    int v = a_view(), p = views[v].proc, c;
    uint32_t removed = 4711;
    bool as_process = one_in(2);
    vipc_cap t = a_token(p, as_process ? VIPC_TYPE_PROCESS : VIPC_TYPE_ENDPOINT);
    note("view %d: %s %llx", v, as_process ? "process_destroy" : "destroy", (unsigned long long)t.token);
    vipc_error e = may(p, t.token, as_process ? VIPC_TYPE_PROCESS : 0, VIPC_RIGHT_DELETE, &c);
    if (e == VIPC_OK && caps[c].type == VIPC_TYPE_PROCESS) {
        int target = caps[c].object;
        if (target == p) e = VIPC_ERR_INVALID_ARGUMENT;
        else if (procs[target].proof != procs[p].proof) e = VIPC_ERR_RESOURCE_BUSY;
        else if (sleeper >= 0 && views[sleeper].proc == target) { outcome(VIPC_OK); return; }     /* it still runs: not allowed */
    }
    if (!good(as_process ? "process_destroy" : "destroy", as_process ? vipc_process_destroy(&world.v[v], t, &removed) : vipc_destroy(&world.v[v], t, VIPC_NOW), bit(e))) return;
    if (caps[c].type == VIPC_TYPE_ENDPOINT) { end_object(caps[c].object, VIPC_ERR_CLOSED); return; }
    if (as_process && removed > (uint32_t)owns(caps[c].object)) differ("endpoints removed", removed, owns(caps[c].object));
    end_process(caps[c].object, true);
}
static void do_look(void)
{
    int v = a_view(), p = views[v].proc, c;
    vipc_cap t = a_token(p, 0);
    uint32_t type = one_in(2) ? 0 : one_in(2) ? VIPC_TYPE_ENDPOINT : VIPC_TYPE_PROCESS, need = rnd(256) & rnd(256);
    note("view %d: cap_require %llx, type %u, rights %u", v, (unsigned long long)t.token, type, need);
    vipc_error e = may(p, t.token, 0, need, &c);
    if (e == VIPC_OK && type && (int)type != caps[c].type) e = VIPC_ERR_PERMISSION_DENIED;
    good("cap_require", vipc_cap_require(&world.v[v], t, type, need), bit(e));
}

/* ---- endpoints, names, processes ---- */
static void do_create(void)
{
    int v = a_view(), p = views[v].proc, o = 0;
    static const uint32_t payload[] = { 0, 0, 1, 31, 200, 255 };
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_endpoint_info info;
    vipc_cap out;
    char label[48];
    d.capacity = 1 + rnd(QUEUE);
    d.payload_max = payload[rnd(6)];
    d.full = rnd(3);
    snprintf(label, sizeof label, "endpoint %llu%s", (unsigned long long)lives, one_in(3) ? " with a label that is too long for it" : "");
    d.label = label;
    note("view %d: endpoint_create, capacity %u, payload %u, full %u", v, d.capacity, d.payload_max, d.full);
    while (o < OBJECTS && objs[o].used) o++;
    uint64_t no = o == OBJECTS || owns(p) >= OBJECTS_EACH || no_room(p) ? bit(VIPC_ERR_LIMIT) : 0;
    if (!good("endpoint_create", vipc_endpoint_create(&world.v[v], &d, &out), no)) return;
    memset(&objs[o], 0, sizeof objs[o]);
    objs[o].used = true;
    objs[o].owner = p;
    objs[o].full = d.full != 0;
    objs[o].drops = d.full == VIPC_FULL_DROP_OLDEST;
    objs[o].capacity = d.capacity;
    objs[o].payload = d.payload_max;
    lives++;
    memcpy(objs[o].label, label, strlen(label) < 31 ? strlen(label) : 31);
    if (ended_why != VIPC_OK) made_since = true;
    if (o == slept_at && ended_why != VIPC_OK) slept_at = -1;          /* the number is ours, the endpoint another */
    count.objects_created++;
    int c = new_cap(p, -1, VIPC_RIGHT_ALL, 0, HELD, out.token);
    caps[c].object = o;
    token_is_for(out, c);
    good("endpoint_get", vipc_endpoint_get(&world.v[v], out, &info), 0);
    objs[o].id = info.id;
    for (int i = 0; i < OBJECTS; i++)
        if (i != o && objs[i].used && objs[i].id == info.id) differ("an endpoint's number that is in use", (long long)info.id, 0);
}
static void do_bind(void)
{
    int v = a_view(), p = views[v].proc, c;
    vipc_cap t = a_token(p, VIPC_TYPE_ENDPOINT);
    vipc_pid who = { procs[rnd(PROCS)].pid };
    note("view %d: bind %llx to %llu", v, (unsigned long long)t.token, (unsigned long long)who.id);
    vipc_error e = may(p, t.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_BIND, &c);
    uint64_t no = e == VIPC_OK ? 0 : bit(e);
    if (e == VIPC_OK && objs[caps[c].object].bound) no |= bit(VIPC_ERR_ENDPOINT_BUSY);
    if (e == VIPC_OK && process_of(who.id) < 0) no |= bit(VIPC_ERR_PROCESS_NOT_FOUND);
    if (good("endpoint_bind", vipc_endpoint_bind(&world.v[v], t, who), no)) objs[caps[c].object].bound = who.id;
}
static void do_publish(void)
{
    int v = a_view(), p = views[v].proc, c, n = 0;
    const char *name = a_name();
    vipc_cap t = a_token(p, 0);
    uint32_t with = some_rights();
    note("view %d: publish %s, %llx, rights %u", v, name, (unsigned long long)t.token, with);
    vipc_error e = may(p, t.token, 0, VIPC_RIGHT_GRANT, &c);
    uint64_t no = e == VIPC_OK ? 0 : bit(e);
    if (with > 255) no |= bit(VIPC_ERR_INVALID_ARGUMENT);
    if (e == VIPC_OK) {
        if (with & 255 & ~caps[c].rights) no |= bit(VIPC_ERR_PERMISSION_DENIED);
        if (named(name) >= 0) no |= bit(VIPC_ERR_EXISTS);
        while (n < NAMES && names[n].used) n++;
        if (n == NAMES || no_room(p)) no |= bit(VIPC_ERR_LIMIT);
    }
    if (!good("publish", vipc_publish(&world.v[v], name, t, with), no)) return;
    names[n].used = true;
    snprintf(names[n].text, sizeof names[n].text, "%s", name);
    names[n].cap = new_cap(p, c, with ? with : caps[c].rights, caps[c].badge, NAMED, 0);
}
static void do_unpublish(void)
{
    int v = a_view(), n;
    const char *name = a_name();
    note("view %d: unpublish %s", v, name);
    n = named(name);
    vipc_error e = n < 0 ? VIPC_ERR_ENDPOINT_NOT_FOUND : caps[names[n].cap].holder != views[v].proc ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
    if (good("unpublish", vipc_unpublish(&world.v[v], name), bit(e))) give_up(names[n].cap);
}
static uint64_t looked_up(int p, const char *name, uint32_t with)
{
    int n = named(name);
    uint64_t no = n < 0 ? 0 : attenuate(names[n].cap, with, 0);
    return no | (n >= 0 && no_room(p) ? bit(VIPC_ERR_LIMIT) : 0);
}
static void do_lookup(void)
{
    int v = a_view(), p = views[v].proc;
    const char *name = a_name();
    vipc_cap out = { 0 };
    uint32_t with = some_rights();
    vipc_time deadline = a_deadline(v), start = world.now;
    bool slept = false;
    note("view %d: lookup %s, rights %u, deadline %llu", v, name, with, (unsigned long long)deadline);
    uint64_t no = with > 255 ? bit(VIPC_ERR_INVALID_ARGUMENT) : looked_up(p, name, with);
    count.lookups += with <= 255;
    if (with <= 255 && named(name) < 0) {
        no = bit(no_luck(deadline, VIPC_ERR_ENDPOINT_NOT_FOUND));
        slept = sleeps_until(deadline);
        if (slept) go_to_sleep(v, -1);
    }
    vipc_error r = vipc_lookup(&world.v[v], name, with, &out, deadline);
    if (slept) {
        no = named(name) < 0 ? bit(VIPC_ERR_TIMEOUT) : looked_up(p, name, with);
        awake(start, named(name) >= 0);
    }
    if (!good("lookup", r, no)) return;
    int c = names[named(name)].cap;
    count.lookup_hits++;
    token_is_for(out, new_cap(p, c, with ? with : caps[c].rights, caps[c].badge, HELD, out.token));
}
static void do_process_create(void)
{
    int v = a_view(), p = views[v].proc, slot = free_slot(), q = 0;
    vipc_process_desc d = mock_desc((unsigned)slot);
    vipc_cap out;
    bool with_cap = one_in(2);
    d.proof = one_in(2) ? 0 : ++next_proof;
    note("view %d: process_create%s, proof %llu", v, with_cap ? " with capability" : "", (unsigned long long)d.proof);
    while (q < PROCS && procs[q].used) q++;
    uint64_t no = living() == PROCS || threads(-1) == VIEWS || (with_cap && no_room(p)) ? bit(VIPC_ERR_LIMIT) : 0;
    if (!good("process_create", vipc_process_create(&world.v[v], &d, &world.v[slot], with_cap ? &out : NULL), no)) return;
    procs[q].used = true;
    procs[q].pid = vipc_self(&world.v[slot]).id;
    procs[q].proof = d.proof ? d.proof : procs[p].proof;
    for (int i = 0; i < PROCS; i++)
        if (i != q && procs[i].pid >= procs[q].pid) differ("a pid that is not new", (long long)procs[q].pid, 0);
    views[slot].used = true;
    views[slot].proc = q;
    world.member[slot] = 1;
    if (!with_cap) return;
    int c = new_cap(p, -1, VIPC_RIGHT_ALL, 0, HELD, out.token);
    caps[c].type = VIPC_TYPE_PROCESS;
    caps[c].object = q;
    token_is_for(out, c);
}
static void do_thread_enter(void)
{
    int v = a_view(), slot = free_slot();
    note("view %d: thread_enter", v);
    if (!good("thread_enter", vipc_thread_enter(&world.v[v], (uint64_t)slot, &world.v[slot]), threads(-1) == VIEWS ? bit(VIPC_ERR_LIMIT) : 0)) return;
    views[slot].used = true;
    views[slot].proc = views[v].proc;
    world.member[slot] = 1;
}
static void do_leave(void)
{
    int v = a_view(), p = views[v].proc;
    if (living() < 3 && threads(p) == 1) return;
    note("view %d: leave", v);
    good("leave", vipc_leave(&world.v[v]), 0);
    if (threads(p) == 1) { end_process(p, false); return; }
    if (call.open && call.phase == TAKEN && call.taker == v) call_fails(VIPC_ERR_PEER_DEAD);
    views[v].used = false;
    world.member[v] = 0;
}
/* All that live under one proof die at once; another finds that out. */
static void do_die(void)
{
    int v = a_view();
    uint32_t n = 0, reaped = 4711;
    uint64_t proof = procs[rnd(PROCS)].proof;
    if (proof == procs[views[v].proc].proof || (sleeper >= 0 && procs[views[sleeper].proc].proof == proof)) return;
    note("view %d: sweep, those of proof %llu are dead", v, (unsigned long long)proof);
    world.deaths = 1;
    world.dead[0] = proof;
    good("sweep", vipc_sweep(&world.v[v], &reaped), 0);
    world.deaths = 0;
    for (int p = 0; p < PROCS; p++)
        if (procs[p].used && procs[p].proof == proof) { end_process(p, true); n++; }
    SAME("reaped", reaped, n);
}
static void do_trim(void)
{
    int v = a_view();
    uint64_t frames = 4711, before = world.in_use;
    note("view %d: trim", v);
    good("trim", vipc_trim(&world.v[v], &frames), 0);
    SAME("frames given back", frames, before - world.in_use);
    for (int o = 0; o < OBJECTS; o++)
        if (objs[o].n == 0) objs[o].queue = false;
}
static void do_ghost(void)                                   /* a view that has left, or whose process was ended */
{
    int i = (int)rnd(MOCK_VIEWS);
    vipc_cap t = { caps[rnd(CAPS)].token };
    if (views[i].used || world.v[i].here != &world.v[i]) return;
    note("view %d, gone: sends", i);
    good("send", mock_send(&world.v[i], t, 1), bit(VIPC_ERR_NOT_INITIALIZED));
    SAME("pid of one who is gone", vipc_self(&world.v[i]).id, 0u);
}

/* ---- everything at once ---- */
static void compare_cap(int c)
{
    vipc_cap_info i;
    vipc_cap t = { caps[c].token };
    int v = 0, children = 0;
    while (!views[v].used || views[v].proc != caps[c].holder) v++;
    good("cap_get", vipc_cap_get(&world.v[v], t, &i), 0);
    for (int k = 0; k < CAPS; k++) children += caps[k].used && !caps[k].dead && caps[k].parent == c;
    SAME("type", (int)i.type, caps[c].type);
    SAME("rights", i.rights, caps[c].rights);
    SAME("badge", i.badge, caps[c].badge);
    SAME("message_max", i.limits.message_max, caps[c].most);
    SAME("holder", i.holder.id, procs[caps[c].holder].pid);
    SAME("children", (int)i.children, children);
    if (caps[c].type != VIPC_TYPE_ENDPOINT) { SAME("owner of a process", i.owner.id, procs[caps[c].object].pid); return; }
    const m_obj *o = &objs[caps[c].object];
    vipc_endpoint_info e;
    SAME("object", i.object, o->id);
    SAME("owner", i.owner.id, procs[o->owner].pid);
    good("endpoint_get", vipc_endpoint_get(&world.v[v], t, &e), 0);
    SAME("id", e.id, o->id);
    SAME("endpoint's owner", e.owner.id, procs[o->owner].pid);
    SAME("bound", e.bound.id, o->bound);
    SAME("capacity", e.capacity, o->capacity);
    SAME("payload_max", e.payload_max, o->payload);
    SAME("queued", (int)e.queued, o->n);
    SAME("dropped here", e.dropped, o->dropped);
    SAME("has frames", e.frames != 0, o->queue);
    SAME("waiting", e.senders_waiting + e.receivers_waiting, 0u);
    SAME("label", memcmp(e.label, o->label, sizeof e.label), 0);
}
static void compare_all(void)
{
    vipc_stats s;
    vipc_process_info i;
    uint32_t bad = 4711;
    int v = a_view();
    good("check", vipc_check(&world.v[v], &bad), 0);
    SAME("violations", bad, 0u);
    good("stats_get", vipc_stats_get(&world.v[v], &s), 0);
    SAME("objects created", s.objects_created, count.objects_created);
    SAME("objects destroyed", s.objects_destroyed, count.objects_destroyed);
    SAME("lookups", s.lookups, count.lookups);
    SAME("lookup hits", s.lookup_hits, count.lookup_hits);
    SAME("sent", s.sent, count.sent);
    SAME("received", s.received, count.received);
    SAME("dropped by all", s.dropped, count.dropped);
    SAME("calls", s.calls, count.calls);
    SAME("replies", s.replies, count.replies);
    SAME("reaped", s.reaped, count.reaped);
    SAME("frames in use", s.frames_in_use, world.in_use);
    SAME("broken hooks", world.broken + world.stuck + world.lost + world.critical, 0u);
    for (int p = 0; p < PROCS; p++) {
        vipc_pid pid = { procs[p].pid };
        if (!procs[p].pid || !good("process_get", vipc_process_get(&world.v[v], pid, &i), procs[p].used ? 0 : bit(VIPC_ERR_PROCESS_NOT_FOUND))) continue;
        SAME("threads", (int)i.threads, threads(p));
        SAME("objects", (int)i.objects, owns(p));
        SAME("capabilities", (int)i.capabilities, holds(p));
    }
    for (int c = 0; c < CAPS; c++)
        if (caps[c].used && !caps[c].dead && caps[c].state == HELD) compare_cap(c);
    for (int k = 0; k < OLD; k++) {
        vipc_cap t = { old[k] };
        good("cap_require_old", vipc_cap_require(&world.v[v], t, 0, 0), bit(VIPC_ERR_INVALID_CAPABILITY));
    }
}
static void anything(void)
{
    static const struct { void (*run)(void); uint32_t weight; } all[] = {
        { do_send, 30 }, { do_receive, 30 }, { do_reply, 6 }, { do_derive, 20 }, { do_revoke_or_close, 14 }, { do_destroy, 3 }, { do_look, 10 },
        { do_create, 6 }, { do_bind, 1 }, { do_publish, 5 }, { do_unpublish, 3 }, { do_lookup, 5 }, { do_process_create, 4 }, { do_thread_enter, 3 },
        { do_leave, 2 }, { do_die, 1 }, { do_trim, 1 }, { do_ghost, 2 }, { do_call, 12 } };
    const uint32_t n = sizeof all / sizeof *all;
    if (in_script && call.open && one_in(2)) { if (call.phase == QUEUED) do_serve(); else do_reply(); return; }
    uint32_t total = 0, i = 0;
    for (uint32_t k = 0; k < n; k++) total += all[k].weight;
    for (uint32_t at = rnd(total); at >= all[i].weight; i++) at -= all[i].weight;
    if (all[i].run == do_call && in_script) return;          /* one sleeper at a time */
    all[i].run();
}
/* ---- from beginning to end ---- */
static void model_open(void)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = PROCS;
    c.max_threads = VIEWS;
    c.max_objects = OBJECTS;
    c.max_capabilities = CAPS;
    c.max_names = NAMES;
    c.objects_per_process = OBJECTS_EACH;
    c.capabilities_per_process = CAPS_EACH;
    c.page_shift = 9;
    memset(procs, 0, sizeof procs);
    memset(views, 0, sizeof views);
    memset(caps, 0, sizeof caps);
    memset(objs, 0, sizeof objs);
    memset(names, 0, sizeof names);
    memset(rights, 0, sizeof rights);
    memset(old, 0, sizeof old);
    memset(&call, 0, sizeof call);
    memset(&count, 0, sizeof count);
    serial = old_next = rights_next = lives = operations = records = 0;
    in_script = 0;
    made_since = false;
    ended_why = VIPC_OK;
    next_proof = 100000;
    sleeper = slept_at = -1;
    mock_open(&world, &c, 3, 128);
    for (int i = 0; i < 3; i++) {
        procs[i].used = views[i].used = true;
        procs[i].pid = vipc_self(&world.v[i]).id;
        procs[i].proof = MOCK_PROOF + (uint64_t)i;
        views[i].proc = i;
    }
}
static void model_step(void)
{
    uint64_t before = operations;
    anything();
    if (before / 300 != operations / 300) compare_all();
}
static void model_close(void)
{
    compare_all();
    MOCK_END(&world);
}
/* So many random operations. */
static inline void model_run_random(uint64_t seed, uint64_t runs)
{
    input.random = (seed + 1) * 0x9E3779B97F4A7C15u | 1;
    model_open();
    while (operations < runs) model_step();
    model_close();
    input.random = 0;
}
/* What the bytes say, to the last of them. */
static inline void model_run_bytes(const unsigned char *bytes, size_t size)
{
    input.random = 0;
    input.at = bytes;
    input.left = size;
    model_open();
    while (input.left) model_step();
    model_close();
}
#endif
