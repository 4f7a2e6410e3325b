/* model.h - a naive model beside the real thing: arrays, lists and linear searches that follow the contracts in the header.  One interpreter of sequences of
 * operations, bytes in: what is done, by whom, with what.  Each operation is done to a domain (the mock port) and to the model, and what comes of it is
 * compared: result, outputs; every 300 operations and at the end the whole visible state.  Tables are small, so that every limit is met.  While one
 * identity sleeps, the others go on within the mock's sleep.  A failure prints the last operations.
 * Who includes it drives it: model_run_random (tests/t_model.c), model_run_bytes (tests/t_corpus.c and, with libFuzzer, tests/fuzz/fuzz.c).
 */
#ifndef VIPC_TEST_MODEL_H
#define VIPC_TEST_MODEL_H
#ifndef VIPC_UNSTABLE
#define VIPC_UNSTABLE                  /* take and done */
#endif
#include "../mock.h"
#include <stdarg.h>

enum { PROCS = 6, VIEWS = 9, OBJECTS = 10, CAPS = 40, NAMES = 4, OBJECTS_EACH = 5, CAPS_EACH = 14, QUEUE = 4, OLD = 24, LAST = 20, SHORT_WAIT = 30,
       SET = 3, MANY = 5, UNKNOWN_FLAG = 32 };
enum state { HELD, TRAVELS, NAMED, WATCHES };
enum lane { USUAL, URGENT, LANES };
enum kind { PLAIN, RATE, BANDWIDTH };
enum phase { QUEUED, TAKEN, REPLIED, FAILED };

typedef struct m_proc { bool used; uint64_t pid, proof; } m_proc;
typedef struct m_view { bool used; int proc; } m_view;                /* one for each vipc of the mock */
typedef struct m_cap { bool used, dead; enum state state; int holder, type, object, parent, limit; uint32_t rights; uint64_t badge, token; uint64_t watched; } m_cap;
/* limit: which record of limits it links to, -1: none; a record takes a slot of the table.  watched: of a watch, the notification's serial number */
typedef struct m_limit { enum kind kind; int up; uint64_t value, badge, most; vipc_time expires; int64_t spent; } m_limit;
/* spent: messages or bytes since the beginning of time, as if all that was allowed while nobody sent had been sent */
typedef struct m_msg { uint32_t opcode, flags, size; uint64_t data[4], sender, badge, call; int cap; bool ack, again; } m_msg;
typedef struct m_lane { bool made, uneven; int room, n; m_msg q[QUEUE]; } m_lane;      /* uneven: something came back out of its order */
typedef struct m_place { bool used, room; uint64_t token, key, of; int o; } m_place;   /* of: the object's serial number */
typedef struct m_obj {
    bool used, full, drops;
    int type, owner, peer;                                   /* peer: of a channel's end, the other; -1: it has ended */
    uint32_t dropped, untold, payload;
    uint64_t serial, bound, id, sent, bits, watch[2];        /* watch: serial numbers of the sets that it is in, for receiving and for room */
    char label[32];
    m_lane lane[LANES];
    int places;
    m_place place[SET];
} m_obj;
typedef struct m_hand { bool open, lost; int o; enum lane lane; uint64_t token, of; vipc_error ended; m_msg m; vipc_hand real; } m_hand;
typedef struct m_name { bool used; int cap; char text[8]; } m_name;
typedef struct m_right { vipc_reply_right right; uint64_t call, pid; } m_right;

static mock world;
static m_proc procs[PROCS];
static m_view views[MOCK_VIEWS];
static m_cap caps[CAPS];
static m_obj objs[OBJECTS];
static m_limit limits[CAPS];
static m_hand hands[MOCK_VIEWS];
static m_name names[NAMES];
static m_right rights[OLD];
static uint64_t old[OLD];
static struct { bool open; uint64_t number; int taker; enum phase phase; vipc_error why; m_msg reply; } call;
static vipc_stats count;               /* what the statistics must say */
static struct { const unsigned char *at; size_t left; uint64_t random; unsigned char *copy; size_t copied, room; } input;
static uint64_t serial, old_next, rights_next, lives, next_proof, operations;
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
        if (objs[o].used) printf("        object %d, %llx: type %d, %d of %d queued, urgent %d of %d, bound to %llu, bits %llx\n", o, (unsigned long long)objs[o].id, objs[o].type,
                    objs[o].lane[USUAL].n, objs[o].lane[USUAL].room, objs[o].lane[URGENT].n, objs[o].lane[URGENT].room, (unsigned long long)objs[o].bound, (unsigned long long)objs[o].bits);
    for (int c = 0; c < CAPS; c++)
        if (caps[c].used && caps[c].type != VIPC_TYPE_PROCESS)
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
    "send", "send_large", "send_acked", "send_many", "receive", "receive_large", "receive_many", "take", "done", "call", "reply", "reply_drop", "derive", "grant",
    "revoke", "close", "destroy", "process_destroy", "cap_require", "cap_get", "endpoint_create", "endpoint_get", "endpoint_bind", "channel_create",
    "notification_create", "signal", "notification_wait", "wait_any", "wait_set_create", "wait_set_add", "wait_set_remove", "wait_set_wait", "publish",
    "unpublish", "lookup", "process_create", "process_get", "process_watch", "thread_enter", "leave", "sweep", "trim", "check", "stats_get", "cap_require_old",
    /* not operations, but what the corpus is to show too */
    "two_in_a_set", "told_of_two", "a_set_of_two_is_full", "came_again", "drained", "sent_in_part", "received_several", "told_of_drops", "urgent_first"
};
enum { OPERATIONS = sizeof every_operation / sizeof *every_operation, ERRORS = 33 };
static uint64_t seen[OPERATIONS][ERRORS];
static int operation_of(const char *what)
{
    int i = 0;
    while (i < OPERATIONS && strcmp(every_operation[i], what) != 0) i++;
    return i;
}
static void reached(const char *what, bool it) { if (it) seen[operation_of(what)][0]++; }
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
/* Does a capability, or a record that does, link to this record? */
static bool linked(int limit)
{
    for (int i = 0; i < CAPS; i++)
        for (int l = caps[i].used ? caps[i].limit : -1; l >= 0; l = limits[l].up)
            if (l == limit) return true;
    return false;
}
static int table_left(void)
{
    int left = CAPS;
    for (int i = 0; i < CAPS; i++) left -= caps[i].used + linked(i);
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
static bool is_queue(int type) { return type == VIPC_TYPE_ENDPOINT || type == VIPC_TYPE_CHANNEL; }
static bool is_of(int type, int asked) { return asked == 0 || type == asked || (asked == VIPC_TYPE_ENDPOINT && is_queue(type)); }
static bool expired(int c) { return caps[c].limit >= 0 && limits[caps[c].limit].expires && world.now >= limits[caps[c].limit].expires; }
/* Whatever its age.  Where an endpoint is asked for, a channel's end will do. */
static vipc_error may_ever(int p, uint64_t token, int type, uint32_t need, int *c)
{
    *c = find(p, token);
    if (*c < 0 || !is_of(caps[*c].type, type)) return VIPC_ERR_INVALID_CAPABILITY;
    return (caps[*c].rights & need) == need ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
static vipc_error may(int p, uint64_t token, int type, uint32_t need, int *c)
{
    vipc_error e = may_ever(p, token, type, need, c);
    return e == VIPC_OK && expired(*c) ? VIPC_ERR_INVALID_CAPABILITY : e;
}
/* By a channel's end one sends to the other; -1: that has ended. */
static int sends_to(int c) { return caps[c].type == VIPC_TYPE_CHANNEL ? objs[caps[c].object].peer : caps[c].object; }
static int object_of(uint64_t number)
{
    for (int o = 0; o < OBJECTS; o++)
        if (objs[o].used && objs[o].serial == number) return o;
    return -1;
}
static int held_back(int o, enum lane lane)                  /* messages in hand */
{
    int n = 0;
    for (int v = 0; v < MOCK_VIEWS; v++) n += hands[v].open && !hands[v].lost && hands[v].ended == VIPC_OK && hands[v].of == objs[o].serial && hands[v].lane == lane;
    return n;
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
    if (type != VIPC_TYPE_PROCESS && !others && objs[o].used) end_object(o, VIPC_ERR_CLOSED);
}
static void forget_traveller(int c)
{
    if (c < 0 || !caps[c].used) return;
    if (caps[c].dead) { caps[c].used = false; return; }
    caps[c].state = HELD;
    caps[c].token = 0;
    give_up(c);
}
static void take_out(m_lane *q, int i)
{
    memmove(&q->q[i], &q->q[i + 1], sizeof q->q[0] * (size_t)(--q->n - i));
}
/* A message that was in hand is there again. */
static void comes_back(m_hand *h)
{
    m_lane *q = &objs[h->o].lane[h->lane];
    memmove(&q->q[1], &q->q[0], sizeof q->q[0] * (size_t)q->n++);
    q->q[0] = h->m;
    q->q[0].again = true;
    q->uneven = true;
    h->lost = true;
}
static vipc_error may_finish(int v)
{
    const m_hand *h = &hands[v];
    if (h->ended != VIPC_OK) return h->ended;
    if (find(views[v].proc, h->token) < 0) return VIPC_ERR_INVALID_CAPABILITY;
    return objs[h->o].bound && objs[h->o].bound != procs[views[v].proc].pid ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
}
/* Those who may no longer finish lose what they have in hand. */
static void take_back(int o)
{
    for (int v = 0; v < MOCK_VIEWS && o >= 0; v++)
        if (hands[v].open && !hands[v].lost && hands[v].ended == VIPC_OK && hands[v].of == objs[o].serial && may_finish(v) != VIPC_OK) comes_back(&hands[v]);
}
static void end_object(int o, vipc_error why)
{
    m_obj gone = objs[o];
    int other = gone.type == VIPC_TYPE_CHANNEL ? gone.peer : -1;
    objs[o].used = false;
    count.objects_destroyed++;
    count.channels_destroyed += gone.type == VIPC_TYPE_CHANNEL && other < 0;
    if (other >= 0) objs[other].peer = -1;
    if (o == slept_at) { ended_why = why; made_since = false; }
    for (int v = 0; v < MOCK_VIEWS; v++)
        if (hands[v].open && hands[v].of == gone.serial && hands[v].ended == VIPC_OK) hands[v].ended = why;
    for (int lane = 0; lane < LANES; lane++)
        for (int i = 0; i < gone.lane[lane].n; i++) {
            const m_msg *m = &gone.lane[lane].q[i];
            if (m->call && call.open && m->call == call.number && call.phase == QUEUED) call_fails(why);
            forget_traveller(m->cap);
        }
    for (int i = 0; i < CAPS; i++)
        if (caps[i].used && !caps[i].dead && caps[i].type != VIPC_TYPE_PROCESS && caps[i].object == o) remove_cap(i);
    take_back(other);
}
static void empty_hand(int v)                                /* its thread ends */
{
    if (hands[v].open && !hands[v].lost && hands[v].ended == VIPC_OK) comes_back(&hands[v]);
    hands[v].open = false;
}
static void end_process(int p, bool reaped)
{
    if (call.open && call.phase == TAKEN && views[call.taker].proc == p) call_fails(VIPC_ERR_PEER_DEAD);
    for (int v = 0; v < MOCK_VIEWS; v++)
        if (views[v].used && views[v].proc == p) empty_hand(v);
    for (int o = 0; o < OBJECTS; o++)
        if (objs[o].used && objs[o].owner == p) end_object(o, VIPC_ERR_PEER_DEAD);
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].holder != p) continue;
        if (caps[i].state == TRAVELS) caps[i].holder = -1;   /* its message will still be received */
        else give_up(i);
    }
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].dead || caps[i].type != VIPC_TYPE_PROCESS || caps[i].object != p) continue;
        int told = caps[i].state == WATCHES ? object_of(caps[i].watched) : -1;
        if (told >= 0) objs[told].bits |= caps[i].badge;
        remove_cap(i);
    }
    for (int i = 0; i < MOCK_VIEWS; i++)
        if (views[i].used && views[i].proc == p) { views[i].used = false; world.member[i] = 0; }
    procs[p].used = false;
    count.reaped += reaped;
}
static int new_cap(int holder, int from, uint32_t with, uint64_t badge, enum state state, uint64_t token)
{
    int c = free_cap();
    m_cap n = { true, false, state, holder, VIPC_TYPE_ENDPOINT, 0, from, -1, with, badge, token, 0 };
    if (from >= 0) { n.type = caps[from].type; n.object = caps[from].object; n.limit = caps[from].limit; }
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
/* One whose process has something of that type, mostly. */
static int a_view_with(int type)
{
    int v = a_view();
    if (one_in(8)) return v;
    for (int k = 0; k < MOCK_VIEWS; k++) {
        int w = (v + k) % MOCK_VIEWS;
        for (int c = 0; c < CAPS && views[w].used && w != sleeper; c++)
            if (caps[c].used && !caps[c].dead && caps[c].state == HELD && caps[c].holder == views[w].proc && is_of(caps[c].type, type)) return w;
    }
    return v;
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
            if (!caps[c].used || caps[c].dead || caps[c].state != HELD || caps[c].holder != p || !is_of(caps[c].type, type)) continue;
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

/* ---- limits ---- */
/* What a second's allowance of `value` has come to by now: exactly, rounded down. */
static int64_t earned(uint64_t value)
{
    return (int64_t)(world.now / 1000000000 * value + world.now % 1000000000 * value / 1000000000);
}
static bool no_bucket(const m_limit *l) { return l->kind == PLAIN || l->value > 1u << 30; }      /* one that is never used up */
static int64_t toll(const m_limit *l, uint32_t bytes) { return l->kind == RATE ? 1 : bytes; }
static bool allows(const m_limit *l, uint32_t bytes)
{
    int64_t used = no_bucket(l) ? 0 : l->spent - earned(l->value);
    return used <= 0 || used + toll(l, bytes) <= (int64_t)l->value;      /* when nothing is in use one passes, whatever its size */
}
static void spend(m_limit *l, uint32_t bytes)
{
    if (no_bucket(l)) return;
    if (l->spent < earned(l->value)) l->spent = earned(l->value);
    l->spent += toll(l, bytes);
}
static vipc_error charge(int c, uint32_t bytes)
{
    int first = caps[c].limit;
    if (expired(c)) return VIPC_ERR_INVALID_CAPABILITY;
    if (first >= 0 && limits[first].most && bytes > limits[first].most) return VIPC_ERR_MESSAGE_TOO_LARGE;
    for (int l = first; l >= 0; l = limits[l].up)
        if (!allows(&limits[l], bytes)) { count.rate_limited++; return VIPC_ERR_RATE_LIMIT; }
    for (int l = first; l >= 0; l = limits[l].up) spend(&limits[l], bytes);
    return VIPC_OK;
}
static void refund(int c, uint32_t bytes)                    /* -1: its capability is gone, and with it what it took */
{
    for (int l = c >= 0 ? caps[c].limit : -1; l >= 0; l = limits[l].up)
        if (!no_bucket(&limits[l])) limits[l].spent -= toll(&limits[l], bytes);
}
static vipc_limits limits_of(int c)
{
    vipc_limits all = { 0, 0, 0, 0 };
    int first = c >= 0 ? caps[c].limit : -1;
    if (first >= 0) { all.message_max = limits[first].most; all.expires = limits[first].expires; }
    for (int l = first; l >= 0; l = limits[l].up) {
        if (limits[l].kind == RATE && !all.rate) all.rate = limits[l].value;
        if (limits[l].kind == BANDWIDTH && !all.bandwidth) all.bandwidth = limits[l].value;
    }
    return all;
}
/* What of `want` is 0 is as the parent has it.  False: it would be wider. */
static bool narrow(uint64_t *want, uint64_t have, bool bucket)
{
    if (bucket && *want > (uint64_t)1 << 40) *want = (uint64_t)1 << 40;
    if (*want == 0) *want = have;
    return have == 0 || *want <= have;
}
static bool narrow_all(vipc_limits *want, vipc_limits have)
{
    bool a = narrow(&want->message_max, have.message_max, false), b = narrow(&want->rate, have.rate, true);
    bool c = narrow(&want->bandwidth, have.bandwidth, true), d = narrow(&want->expires, have.expires, false);
    return a && b && c && d;
}
/* Records that a child with these limits takes: none if it has what its parent has. */
static int records(int from, const vipc_limits *want, uint64_t badge)
{
    vipc_limits have = limits_of(from);
    int buckets = (want->rate != have.rate) + (want->bandwidth != have.bandwidth);
    if (!want->message_max && !want->rate && !want->bandwidth && !want->expires) return 0;
    if (buckets) return buckets;
    int parent = caps[from].limit;
    return !(parent >= 0 && want->message_max == have.message_max && want->expires == have.expires && badge == limits[parent].badge);
}
static int buckets_above(int from)
{
    int n = 0;
    for (int l = caps[from].limit; l >= 0; l = limits[l].up) n += limits[l].kind != PLAIN;
    return n;
}
static int new_limit(enum kind kind, uint64_t value, uint64_t badge, const vipc_limits *want, int up)
{
    int l = 0;
    while (linked(l)) l++;
    m_limit n = { kind, up, value, badge, want->message_max, want->expires, kind == PLAIN || value > 1u << 30 ? 0 : earned(value) };
    limits[l] = n;
    return l;
}
/* c is new, and linked to what its parent is linked to. */
static void give_limits(int c, int from, const vipc_limits *want)
{
    vipc_limits have = limits_of(from);
    int l = caps[from].limit;
    if (!records(from, want, caps[c].badge)) return;
    if (l >= 0 && limits[l].kind == PLAIN) l = limits[l].up;  /* its numbers are in the new one too */
    if (want->rate != have.rate) caps[c].limit = l = new_limit(RATE, want->rate, caps[c].badge, want, l);
    if (want->bandwidth != have.bandwidth) caps[c].limit = l = new_limit(BANDWIDTH, want->bandwidth, caps[c].badge, want, l);
    if (want->rate == have.rate && want->bandwidth == have.bandwidth) caps[c].limit = new_limit(PLAIN, 0, caps[c].badge, want, l);
}

static int waits_for_itself(int v, int o);
/* ---- send and call ---- */
static m_msg a_message(int v, vipc_message *out)
{
    m_msg m;
    memset(&m, 0, sizeof m);
    memset(out, 0, sizeof *out);
    m.cap = -1;
    m.opcode = out->opcode = (uint32_t)another() >> 8;
    for (int i = 0; i < 4; i++) m.data[i] = out->data[i] = another();
    uint32_t how = rnd(256);
    out->flags = (how & 1 ? VIPC_UNORDERED : 0) | ((how & 6) == 6 ? VIPC_IS_REPLY : 0) | ((how & 24) == 24 ? VIPC_URGENT : 0);
    m.flags = out->flags & (VIPC_UNORDERED | VIPC_URGENT);
    if (how >= 252) out->flags |= UNKNOWN_FLAG;
    if ((how & 96) == 96) {
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
static enum lane lane_of(const m_msg *m) { return m->flags & VIPC_URGENT ? URGENT : USUAL; }
static void drop_oldest(int o, m_lane *q)
{
    m_msg gone = q->q[0];
    take_out(q, 0);
    objs[o].dropped++;
    objs[o].untold++;
    count.dropped++;
    if (gone.call && call.open && gone.call == call.number && call.phase == QUEUED) call_fails(VIPC_ERR_CHANNEL_FULL);
    forget_traveller(gone.cap);
}
static bool has_room(int o, enum lane lane) { return objs[o].lane[lane].n + held_back(o, lane) < objs[o].lane[lane].room; }
static vipc_error enqueue(int o, const m_msg *m)
{
    m_lane *q = &objs[o].lane[lane_of(m)];
    q->made = true;
    if (!has_room(o, lane_of(m))) {
        if (!objs[o].drops) return VIPC_ERR_CHANNEL_FULL;
        drop_oldest(o, q);
        if (!objs[o].used) return VIPC_ERR_CLOSED;           /* what was dropped held its last capability */
    }
    q->q[q->n++] = *m;
    objs[o].sent++;
    count.sent++;
    return VIPC_OK;
}
static void fill(unsigned char *p, uint32_t size, uint32_t seed)
{
    for (uint32_t i = 0; i < size; i++) p[i] = (unsigned char)(seed * 7 + i * 13);
}
/* All that a send asks before it looks at the queue.  OK: it is charged, and *m carries what goes along. */
static vipc_error prepare(int v, vipc_cap to, const vipc_message *out, m_msg *m, uint32_t flags, bool now_is_too_soon, int *c, int *o)
{
    vipc_error e = may_ever(views[v].proc, to.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND, c);
    if (e != VIPC_OK) return e;
    if (caps[*c].type == VIPC_TYPE_CHANNEL && expired(*c)) return VIPC_ERR_INVALID_CAPABILITY;      /* which is told first, contracts leave open */
    *o = sends_to(*c);
    if (*o < 0) return VIPC_ERR_CLOSED;
    if (out->flags & ~(flags | VIPC_UNORDERED | VIPC_IS_REPLY | VIPC_URGENT | VIPC_HAS_CAPABILITY)) return VIPC_ERR_INVALID_MESSAGE;
    if (m->size > objs[*o].payload) return VIPC_ERR_MESSAGE_TOO_LARGE;
    if (now_is_too_soon) return VIPC_ERR_WOULD_BLOCK;
    if (m->call && waits_for_itself(v, *o) == 2) return VIPC_ERR_DEADLOCK;
    e = charge(*c, 48 + m->size);
    if (e != VIPC_OK) return e;
    m->badge = caps[*c].badge;
    e = take_along(v, out, m);
    if (e != VIPC_OK) refund(*c, 48 + m->size);
    return e;
}
/* It was not sent after all. */
static void undo(int p, vipc_cap to, const m_msg *m)
{
    forget_traveller(m->cap);
    refund(find(p, to.token), 48 + m->size);
}
/* Where messages came back a queue may be full early. */
static bool perhaps_full(int o, enum lane lane) { return objs[o].lane[lane].uneven && has_room(o, lane); }
static void send_as(int v, vipc_cap to, vipc_outgoing *og, m_msg m, vipc_time deadline, bool large, bool no_frames)
{
    int p = views[v].proc, c = -1, o = -1;
    bool slept = false, perhaps = false;
    enum lane lane = lane_of(&m);
    vipc_time start = world.now;
    vipc_error e = prepare(v, to, &og->message, &m, VIPC_NEEDS_ACK, (og->message.flags & VIPC_NEEDS_ACK) != 0, &c, &o), none;
    bool tried = e == VIPC_OK, ends = false;
    if (tried && no_frames && !objs[o].lane[lane].made) {    /* its first message */
        e = VIPC_ERR_OUT_OF_MEMORY;
        mock_fail(&world, MOCK_ALLOC, 1, e);
    } else if (tried) {
        perhaps = perhaps_full(o, lane);
        if (perhaps && sleeps_until(deadline)) deadline = VIPC_NOW;
        none = objs[o].full ? VIPC_ERR_CHANNEL_FULL : no_luck(deadline, VIPC_ERR_CHANNEL_FULL);
        ends = limits_of(c).expires && limits_of(c).expires < deadline;
        e = enqueue(o, &m);
        slept = e == VIPC_ERR_CHANNEL_FULL && sleeps_until(deadline) && !objs[o].full;
        if (e == VIPC_ERR_CHANNEL_FULL) e = none;
        if (slept) go_to_sleep(v, o);
    }
    uint64_t allowed = bit(e) | (perhaps ? bit(none) : 0);
    vipc_error r = large ? vipc_send_large(&world.v[v], to, og, deadline) : vipc_send(&world.v[v], to, &og->message, deadline);
    mock_heal(&world);
    if (slept) {
        allowed = found_after(p, to.token);
        if (!allowed) {
            perhaps = perhaps_full(o, lane);
            none = ends ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_TIMEOUT;
            e = enqueue(o, &m);
            allowed = bit(e == VIPC_ERR_CHANNEL_FULL ? none : e) | (perhaps ? bit(none) : 0);
        }
        awake(start, !perhaps && e == VIPC_OK && allowed == bit(VIPC_OK));
    }
    good(large ? "send_large" : "send", r, allowed);
    if (tried && perhaps && r != VIPC_OK) {                  /* it was full, early */
        objs[o].lane[lane].n--;
        objs[o].sent--;
        count.sent--;
    }
    if (tried && r != VIPC_OK) undo(p, to, &m);
}
static void do_send(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT);
    unsigned char bytes[256];
    vipc_outgoing og = VIPC_INIT;
    vipc_cap to = a_token(views[v].proc, VIPC_TYPE_ENDPOINT);
    bool large = one_in(3);
    memset(&og, 0, sizeof og);
    m_msg m = a_message(v, &og.message);
    vipc_time deadline = a_deadline(v);
    if (one_in(16)) { og.message.flags |= VIPC_NEEDS_ACK; deadline = VIPC_NOW; }
    if (large) m.size = rnd(3) ? rnd(40) : rnd(256);
    fill(bytes, m.size, m.opcode);
    og.payload = bytes;
    og.payload_size = m.size;
    note("view %d: send%s by %llx, %u bytes, flags %u, cap %llx, deadline %llu", v, large ? "_large" : "", (unsigned long long)to.token, m.size,
         og.message.flags, (unsigned long long)og.message.capability.token, (unsigned long long)deadline);
    send_as(v, to, &og, m, deadline, large, one_in(8));
}
static void do_send_many(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT), p = views[v].proc, c = -1, o = -1;
    vipc_cap to = a_token(p, VIPC_TYPE_ENDPOINT);
    vipc_message out[MANY];
    m_msg m[MANY];
    uint32_t n = 1 + rnd(MANY), sent = 4711, done = 0;
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    vipc_error e = VIPC_OK;
    for (uint32_t i = 0; i < n; i++) m[i] = a_message(v, &out[i]);
    note("view %d: send_many, %u, by %llx, deadline %llu", v, n, (unsigned long long)to.token, (unsigned long long)deadline);
    for (int k = 0; k < OBJECTS; k++)
        if (objs[k].used && (objs[k].lane[USUAL].uneven || objs[k].lane[URGENT].uneven)) return;
    for (; done < n && e == VIPC_OK; done += e == VIPC_OK) {
        e = prepare(v, to, &out[done], &m[done], 0, false, &c, &o);
        if (e != VIPC_OK) break;
        e = enqueue(o, &m[done]);
        if (e != VIPC_OK) undo(p, to, &m[done]);
        if (e == VIPC_ERR_CHANNEL_FULL && !objs[o].full) e = no_luck(deadline, e);
    }
    good("send_many", vipc_send_many(&world.v[v], to, out, n, &sent, deadline), done ? bit(VIPC_OK) : bit(e));
    SAME("sent at once", sent, done);
    reached("sent_in_part", done > 0 && done < n);
}
/* Is there but one thread that could answer, v itself?  2: so plainly that the header must see it, 1: it may. */
static int waits_for_itself(int v, int o)
{
    int p = views[v].proc, receivers = 0, others = 0, firsts = 0;
    for (int i = 0; i < CAPS; i++) {
        if (!caps[i].used || caps[i].dead || caps[i].type == VIPC_TYPE_PROCESS || caps[i].object != o) continue;
        firsts += caps[i].parent < 0;
        if (!(caps[i].rights & VIPC_RIGHT_RECEIVE)) continue;
        receivers++;
        others += caps[i].state != HELD || caps[i].holder != p;
    }
    if (threads(p) != 1) return 0;
    if (objs[o].bound) return objs[o].bound == procs[p].pid ? objs[o].owner == p ? 2 : 1 : 0;
    if (others || receivers == 0) return 0;
    for (int i = 0; receivers == 1 && firsts == 1 && i < CAPS; i++)      /* plain: the owner has kept its first capability, and nobody else may receive */
        if (caps[i].used && !caps[i].dead && caps[i].object == o && caps[i].type != VIPC_TYPE_PROCESS && caps[i].parent < 0
            && caps[i].rights == VIPC_RIGHT_ALL && caps[i].holder == p && caps[i].state == HELD && objs[o].owner == p) return 2;
    return 1;
}
static bool delivered(const m_msg *m, const vipc_message *got, uint32_t more)
{
    uint32_t carries = m->cap >= 0 && !caps[m->cap].dead ? VIPC_HAS_CAPABILITY : 0;
    return got->opcode == m->opcode && got->flags == (m->flags | more | carries) && memcmp(got->data, m->data, sizeof m->data) == 0;
}
static bool in_hands(int o) { return held_back(o, USUAL) || held_back(o, URGENT) || objs[o].lane[USUAL].uneven || objs[o].lane[URGENT].uneven; }
/* A call, or a send that is to be acknowledged. */
static void ask(bool acked)
{
    static uint64_t numbers;
    int v = a_view_with(VIPC_TYPE_ENDPOINT), p = views[v].proc, c = -1, o = -1;
    vipc_outgoing og = VIPC_INIT;
    vipc_message reply;
    vipc_cap to = a_token(p, VIPC_TYPE_ENDPOINT);
    memset(&og, 0, sizeof og);
    m_msg m = a_message(v, &og.message);
    vipc_time deadline = one_in(10) ? VIPC_NOW : vipc_after(&world.v[v], SHORT_WAIT * MS), start = world.now;
    bool sleeping = false, sent = false, ends = false;
    if (acked) og.message.flags |= VIPC_NEEDS_ACK;
    m.ack = acked;
    note("view %d: %s by %llx, flags %u, cap %llx, deadline %llu", v, acked ? "send" : "call", (unsigned long long)to.token, og.message.flags,
         (unsigned long long)og.message.capability.token, (unsigned long long)deadline);
    if (may_ever(p, to.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND, &c) == VIPC_OK && (o = sends_to(c)) >= 0
        && (waits_for_itself(v, o) == 1 || in_hands(o))) return;         /* either may come of it; not modelled */
    memset(&call, 0, sizeof call);
    m.call = ++numbers;
    vipc_error e = prepare(v, to, &og.message, &m, acked ? VIPC_NEEDS_ACK : 0, deadline == VIPC_NOW, &c, &o);
    bool packed = e == VIPC_OK;
    if (packed) {
        ends = limits_of(c).expires && limits_of(c).expires < deadline;
        call.open = true;
        call.number = m.call;
        e = enqueue(o, &m);
        sent = e == VIPC_OK;
        sleeping = sent || (e == VIPC_ERR_CHANNEL_FULL && !objs[o].full);
        if (sleeping) go_to_sleep(v, sent ? -1 : o);
    }
    vipc_error r = acked ? vipc_send(&world.v[v], to, &og.message, deadline) : vipc_call(&world.v[v], to, &og.message, &reply, deadline);
    uint64_t allowed = bit(e);
    if (sleeping) {
        bool late = false;
        if (!sent) {
            allowed = found_after(p, to.token);
            if (!allowed) {
                sent = late = enqueue(o, &m) == VIPC_OK;
                allowed = bit(!sent && ends ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_TIMEOUT);       /* nobody is left to serve it */
            }
        } else if (call.phase == REPLIED) {
            int t = call.reply.cap;
            allowed = bit(t >= 0 && caps[t].holder != p && holds(p) >= CAPS_EACH ? VIPC_ERR_LIMIT : VIPC_OK);
        } else {
            allowed = bit(call.phase == FAILED ? call.why : VIPC_ERR_TIMEOUT);
        }
        bool asleep_to_the_end = late || (sent && call.phase != REPLIED && call.phase != FAILED) || (!sent && (allowed == bit(VIPC_ERR_TIMEOUT) || ends));
        awake(start, !asleep_to_the_end);
        count.calls += sent && !acked;
    }
    call.open = false;
    good(acked ? "send_acked" : "call", r, allowed);
    if (packed && !sent) undo(p, to, &m);
    if (!sleeping || !sent || call.phase != REPLIED) return;
    if (r != VIPC_OK) { forget_traveller(call.reply.cap); return; }
    if (!delivered(&call.reply, &reply, VIPC_IS_REPLY)) differ("a reply's contents", reply.opcode, call.reply.opcode);
    arrives(call.reply.cap, p, reply.capability);
}
static void do_call(void) { ask(false); }
static void do_send_acked(void) { ask(true); }

/* ---- receive and reply ---- */
static enum lane next_lane(int o) { return objs[o].lane[URGENT].n ? URGENT : USUAL; }
static vipc_error nothing(int o) { return objs[o].type == VIPC_TYPE_CHANNEL && objs[o].peer < 0 ? VIPC_ERR_CLOSED : VIPC_ERR_CHANNEL_EMPTY; }
static vipc_error fits(int v, const m_msg *m, uint32_t capacity)
{
    if (m->size > capacity) return VIPC_ERR_MESSAGE_TOO_LARGE;
    return m->cap >= 0 && caps[m->cap].holder != views[v].proc && holds(views[v].proc) >= CAPS_EACH ? VIPC_ERR_LIMIT : VIPC_OK;
}
/* May this one be next?  Where messages came back: any of those, or the oldest of the others. */
static bool may_be_next(const m_lane *q, int i)
{
    if (!q->uneven) return i == 0;
    for (int k = 0; k < i && !q->q[i].again; k++)
        if (!q->q[k].again) return false;
    return true;
}
/* What comes of a receive: sets of errors.  The oldest message that is for somebody is at the head then; requests that nobody waits for are gone. */
static uint64_t oldest(int v, int o, bool info, uint32_t capacity)
{
    uint64_t all = 0;
    vipc_error end = nothing(o);                             /* asked before it looks */
    while (objs[o].lane[next_lane(o)].n > 0) {
        m_lane *q = &objs[o].lane[next_lane(o)];
        m_msg m = q->q[0];
        bool waits = m.call && call.open && m.call == call.number && call.phase == QUEUED;
        for (int i = 0; i < q->n; i++)
            if (may_be_next(q, i)) all |= bit(fits(v, &q->q[i], capacity));
        if (q->uneven || all != bit(VIPC_OK) || !m.call || (waits && (info || m.ack))) return all;
        if (waits) call_fails(VIPC_ERR_INVALID_MESSAGE);
        take_out(q, 0);
        forget_traveller(m.cap);
        if (!objs[o].used) return bit(VIPC_ERR_CLOSED);
        all = 0;
    }
    return bit(end) | bit(nothing(o));                       /* what was dropped may have held the other end's last capability */
}
static int index_of(const m_lane *q, const vipc_message *m)
{
    for (int i = 0; i < q->n; i++)
        if (may_be_next(q, i) && q->q[i].opcode == m->opcode && q->q[i].data[0] == m->data[0]) return i;
    differ("a message that is not next", m->opcode, q->n ? q->q[0].opcode : 0);
    return 0;
}
static void evened(int o, enum lane lane)
{
    if (objs[o].lane[lane].n == 0 && !held_back(o, lane)) objs[o].lane[lane].uneven = false;
}
static void same_contents(const m_msg *m, const vipc_message *got, const void *payload)
{
    unsigned char bytes[256];
    if (!delivered(m, got, 0)) differ("a message's contents", got->opcode, m->opcode);
    fill(bytes, m->size, m->opcode);
    if (m->size && memcmp(bytes, payload, m->size) != 0) differ("a payload", 1, 0);
}
static void same_info(const m_msg *m, const vipc_info *info)
{
    SAME("sender", info->sender.id, m->sender);
    SAME("badge", info->badge, m->badge);
    SAME("payload size", info->payload_size, m->size);
    SAME("redelivered", info->redelivered, (uint32_t)m->again);
    SAME("is a call", info->reply.token != 0, m->call != 0 && !m->ack);
}
static void got(int v, int o, const vipc_message *in, const vipc_info *info, const void *payload)
{
    enum lane lane = next_lane(o);
    m_lane *q = &objs[o].lane[lane];
    int i = index_of(q, in);
    m_msg m = q->q[i];
    take_out(q, i);
    evened(o, lane);
    count.received++;
    reached("came_again", m.again);
    reached("drained", objs[o].type == VIPC_TYPE_CHANNEL && objs[o].peer < 0);
    reached("urgent_first", lane == URGENT && objs[o].lane[USUAL].n > 0);
    same_contents(&m, in, payload);
    if (info) same_info(&m, info);
    arrives(m.cap, views[v].proc, in->capability);
    if (m.ack) { call_fails(VIPC_OK); return; }              /* the sender is told that it was taken */
    if (!m.call) return;
    call.phase = TAKEN;
    call.taker = v;
    m_right r = { info->reply, m.call, procs[views[v].proc].pid };
    rights[rights_next++ % OLD] = r;
}
static uint64_t may_receive(int v, vipc_cap from, int *o)    /* 0: yes */
{
    int c;
    vipc_error e = may(views[v].proc, from.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_RECEIVE, &c);
    if (e != VIPC_OK) return bit(e);
    *o = caps[c].object;
    return objs[*o].bound && objs[*o].bound != procs[views[v].proc].pid ? bit(VIPC_ERR_PERMISSION_DENIED) : 0;
}
static void do_receive_by(int v, vipc_cap from)
{
    int p = views[v].proc, o = -1, c;
    static unsigned char room[256];
    vipc_incoming in;
    bool large = one_in(2), info = large || !one_in(4), slept = false, ends = false;
    uint32_t capacity = large ? rnd(4) ? 256 : rnd(40) : 0;
    vipc_time deadline = a_deadline(v), start = world.now;
    memset(&in, 0, sizeof in);
    in.payload = room;
    in.payload_capacity = capacity;
    note("view %d: receive%s by %llx, %u bytes%s, deadline %llu", v, large ? "_large" : "", (unsigned long long)from.token, capacity,
         info ? "" : ", no info", (unsigned long long)deadline);
    uint64_t allowed = may_receive(v, from, &o);
    if (!allowed) {
        c = find(p, from.token);
        ends = limits_of(c).expires && limits_of(c).expires < deadline;
        allowed = oldest(v, o, info, capacity);
    }
    if (allowed & bit(VIPC_ERR_CHANNEL_EMPTY)) {
        slept = sleeps_until(deadline) && allowed == bit(VIPC_ERR_CHANNEL_EMPTY);
        allowed = (allowed & ~bit(VIPC_ERR_CHANNEL_EMPTY)) | bit(no_luck(deadline, VIPC_ERR_CHANNEL_EMPTY));
        if (slept) go_to_sleep(v, o);
    }
    vipc_error r = large ? vipc_receive_large(&world.v[v], from, &in, deadline)
                         : vipc_receive(&world.v[v], from, &in.message, info ? &in.info : NULL, deadline);
    if (slept) {
        outcome(r);
        allowed = found_after(p, from.token);
        if (!allowed && objs[o].bound && objs[o].bound != procs[p].pid) allowed = bit(VIPC_ERR_PERMISSION_DENIED);
        if (!allowed) allowed = oldest(v, o, info, capacity);
        bool late = (allowed & bit(VIPC_ERR_CHANNEL_EMPTY)) != 0;
        if (late) allowed = (allowed & ~bit(VIPC_ERR_CHANNEL_EMPTY)) | bit(ends ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_TIMEOUT);
        awake(start, !late);
    }
    if (good(large ? "receive_large" : "receive", r, allowed)) {
        if (info) SAME("dropped", in.info.dropped, objs[o].untold);
        reached("told_of_drops", info && objs[o].untold);
        if (info) objs[o].untold = 0;
        got(v, o, &in.message, info ? &in.info : NULL, room);
    } else if (r == VIPC_ERR_MESSAGE_TOO_LARGE && info && !objs[o].lane[next_lane(o)].uneven) {
        SAME("size of what is too large", in.info.payload_size, objs[o].lane[next_lane(o)].q[0].size);
    }
}
/* How many come beside the first, contracts leave open. */
static void do_receive_many(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT), o = -1;
    vipc_cap from = a_token(views[v].proc, VIPC_TYPE_ENDPOINT);
    vipc_message m[MANY];
    vipc_info info[MANY];
    bool with = !one_in(4);
    uint32_t n = 1 + rnd(MANY), count_of = 4711, dropped = 0;
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    note("view %d: receive_many, %u, by %llx%s, deadline %llu", v, n, (unsigned long long)from.token, with ? "" : ", no info", (unsigned long long)deadline);
    uint64_t allowed = may_receive(v, from, &o);
    if (!allowed) allowed = oldest(v, o, with, 0);
    if (allowed & bit(VIPC_ERR_CHANNEL_EMPTY)) allowed = (allowed & ~bit(VIPC_ERR_CHANNEL_EMPTY)) | bit(no_luck(deadline, VIPC_ERR_CHANNEL_EMPTY));
    bool fine = good("receive_many", vipc_receive_many(&world.v[v], from, m, with ? info : NULL, n, &count_of, deadline), allowed);
    if (!fine) { SAME("received none", count_of, 0u); return; }
    if (count_of < 1 || count_of > n) differ("received at once", count_of, n);
    for (uint32_t i = 0; i < count_of; i++) {
        if (with) dropped += info[i].dropped;
        got(v, o, &m[i], with ? &info[i] : NULL, NULL);
    }
    if (with) { SAME("dropped", dropped, objs[o].untold); objs[o].untold = 0; }
    reached("received_several", count_of > 1);
}

/* ---- take and done ---- */
static bool only_plain(int o)                                /* no requests: what comes back beside them is not modelled */
{
    for (int lane = 0; lane < LANES; lane++)
        for (int i = 0; i < objs[o].lane[lane].n; i++)
            if (objs[o].lane[lane].q[i].call && !(i == 0 && lane == (int)next_lane(o))) return false;
    return true;
}
static bool comes_first(const m_lane *q, int i)              /* what came back goes first */
{
    bool any = false;
    for (int k = 0; k < q->n; k++) any = any || q->q[k].again;
    return any ? q->q[i].again : i == 0;
}
static uint64_t takeable(int o, uint32_t capacity)
{
    uint64_t all = 0;
    vipc_error end = nothing(o);
    while (objs[o].lane[next_lane(o)].n > 0) {
        m_lane *q = &objs[o].lane[next_lane(o)];
        m_msg m = q->q[0];
        for (int i = 0; i < q->n; i++)
            if (comes_first(q, i)) all |= bit(q->q[i].size > capacity ? VIPC_ERR_MESSAGE_TOO_LARGE : q->q[i].cap >= 0 ? VIPC_ERR_INVALID_MESSAGE : VIPC_OK);
        if (q->uneven || all != bit(VIPC_OK) || !m.call) return all;
        if (call.open && m.call == call.number && call.phase == QUEUED) call_fails(VIPC_ERR_INVALID_MESSAGE);      /* it is no job */
        take_out(q, 0);
        all = 0;
    }
    return bit(end) | bit(nothing(o));
}
static void do_take(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT), o = -1;
    static unsigned char room[256];
    vipc_cap from = a_token(views[v].proc, VIPC_TYPE_ENDPOINT);
    vipc_incoming in;
    vipc_hand hand = { 0 };
    memset(&in, 0, sizeof in);
    in.payload = room;
    in.payload_capacity = rnd(4) ? 256 : rnd(40);
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    note("view %d: take by %llx, %u bytes, deadline %llu", v, (unsigned long long)from.token, (unsigned)in.payload_capacity, (unsigned long long)deadline);
    uint64_t allowed = may_receive(v, from, &o);
    if (o >= 0 && hands[v].open) allowed = bit(VIPC_ERR_RESOURCE_BUSY);
    if (!allowed && (objs[o].drops || !only_plain(o) || (call.open && o == slept_at))) return;           /* what is dropped beside a hand is not modelled */
    if (!allowed) allowed = takeable(o, (uint32_t)in.payload_capacity);
    if (allowed & bit(VIPC_ERR_CHANNEL_EMPTY)) allowed = (allowed & ~bit(VIPC_ERR_CHANNEL_EMPTY)) | bit(no_luck(deadline, VIPC_ERR_CHANNEL_EMPTY));
    if (!good("take", vipc_take(&world.v[v], from, &in, &hand, deadline), allowed)) return;
    enum lane lane = next_lane(o);
    m_lane *q = &objs[o].lane[lane];
    int i = index_of(q, &in.message);
    if (!comes_first(q, i)) differ("a message that was to wait", in.message.opcode, q->q[0].opcode);
    m_hand h = { true, false, o, lane, from.token, objs[o].serial, VIPC_OK, q->q[i], hand };
    same_contents(&h.m, &in.message, room);
    same_info(&h.m, &in.info);
    take_out(q, i);
    hands[v] = h;
}
static void do_done(void)
{
    int v = a_view();
    for (int k = 0; !hands[v].open && k < MOCK_VIEWS; k++)
        if (hands[k].open && k != sleeper) v = k;
    m_hand *h = &hands[v];
    vipc_hand with = h->real;
    bool finished = !one_in(3);
    if (one_in(16)) with.token ^= (uint64_t)1 << 24;
    note("view %d: done with %llx, %s", v, (unsigned long long)with.token, finished ? "finished" : "not finished");
    bool mine = h->open && with.token == h->real.token;
    vipc_error e = mine ? may_finish(v) : VIPC_ERR_INVALID_ARGUMENT;
    if (mine && e == VIPC_OK && h->lost) e = VIPC_ERR_INVALID_CAPABILITY;
    good("done", vipc_done(&world.v[v], with, finished), bit(e) | (mine && h->ended != VIPC_OK ? bit(VIPC_ERR_CLOSED) : 0));
    if (!mine) return;
    if (!h->lost && h->ended == VIPC_OK) {
        if (finished && e == VIPC_OK) count.received++;
        else comes_back(h);
        objs[h->o].lane[h->lane].uneven = true;              /* a slot that was passed over is free, but not for the next */
    }
    h->open = false;
    if (h->ended == VIPC_OK) evened(h->o, h->lane);
}
static void do_receive(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT);
    do_receive_by(v, a_token(views[v].proc, VIPC_TYPE_ENDPOINT));
}
/* Somebody serves the call that waits, if its request is at the head of a queue that somebody may receive from. */
static void do_serve(void)
{
    for (int c = 0; call.open && call.phase == QUEUED && c < CAPS; c++) {
        if (!caps[c].used || caps[c].dead || caps[c].state != HELD || !is_queue(caps[c].type) || !(caps[c].rights & VIPC_RIGHT_RECEIVE)) continue;
        const m_lane *q = &objs[caps[c].object].lane[next_lane(caps[c].object)];
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
    if (!drop && (msg.flags & UNKNOWN_FLAG)) allowed = bit(VIPC_ERR_INVALID_MESSAGE);
    else if (live && views[call.taker].proc != p) allowed = bit(VIPC_ERR_INVALID_ARGUMENT);
    else if (!live) allowed = r->right.token && procs[p].pid == r->pid ? bit(VIPC_ERR_CANCELLED) : bit(VIPC_ERR_CANCELLED) | bit(VIPC_ERR_INVALID_ARGUMENT);
    else if (!drop) e = take_along(v, &msg, &m);
    if (!allowed) allowed = bit(e);
    if (!good(drop ? "reply_drop" : "reply", drop ? vipc_reply_drop(&world.v[v], r->right, why) : vipc_reply(&world.v[v], r->right, &msg), allowed)) return;
    if (drop) { call_fails(why); return; }
    call.phase = REPLIED;
    m.flags &= ~(uint32_t)VIPC_URGENT;                       /* means nothing in a reply */
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
static void some_limits(vipc_limits *l)
{
    static const uint64_t rate[] = { 1, 2, 3, 7, 1u << 31 }, bandwidth[] = { 40, 100, 333, 1000, 1u << 31 };
    uint32_t which = rnd(256), value = rnd(250);
    memset(l, 0, sizeof *l);
    if (which % 4 == 3) l->message_max = 30 + value;
    if (which / 4 % 4 == 3) l->rate = rate[value % 5];
    if (which / 16 % 4 == 3) l->bandwidth = bandwidth[value / 5 % 5];
    if (which / 64 == 3) l->expires = value < 10 ? 1 : world.now + (value < 80 ? 1 : value * 10 * MS);
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
    some_limits(&d.limits);
    who.id = procs[rnd(PROCS)].pid;                          /* sometimes of one that has ended */
    if (grant) to = process_of(who.id);
    note("view %d: %s of %llx to %llu, rights %u, badge %llu, at most %llu bytes, %llu and %llu a second, to %llu", v, grant ? "grant" : "derive",
         (unsigned long long)from.token, (unsigned long long)who.id, d.rights, (unsigned long long)d.badge, (unsigned long long)d.limits.message_max,
         (unsigned long long)d.limits.rate, (unsigned long long)d.limits.bandwidth, (unsigned long long)d.limits.expires);
    vipc_error e = may(p, from.token, 0, grant ? VIPC_RIGHT_GRANT : 0, &c);
    uint64_t no = e == VIPC_OK ? attenuate(c, d.rights, d.badge) : bit(e), badge = d.badge;
    vipc_limits want = d.limits;
    if (e == VIPC_OK) {
        if (to < 0) no |= bit(VIPC_ERR_PROCESS_NOT_FOUND);
        if (!badge) badge = caps[c].badge;
        if (!narrow_all(&want, limits_of(c))) no |= bit(VIPC_ERR_PERMISSION_DENIED);
        int more = records(c, &want, badge), buckets = (want.rate != limits_of(c).rate) + (want.bandwidth != limits_of(c).bandwidth);
        if (table_left() < 1 + more || (to >= 0 && holds(to) >= CAPS_EACH) || (buckets && buckets_above(c) + buckets > 8)) no |= bit(VIPC_ERR_LIMIT);
    }
    if (!good(grant ? "grant" : "derive", grant ? vipc_grant(&world.v[v], from, who, &d, &out) : vipc_derive(&world.v[v], from, &d, &out), no)) return;
    int made = new_cap(to, c, d.rights ? d.rights : caps[c].rights, badge, HELD, out.token);
    give_limits(made, c, &want);
    token_is_for(out, made);
}
static void do_revoke_or_close(void)
{
    int v = a_view(), c;
    bool revoke = one_in(2);
    vipc_cap t = a_token(views[v].proc, 0);
    note("view %d: %s %llx", v, revoke ? "revoke" : "close", (unsigned long long)t.token);
    vipc_error e = revoke ? may(views[v].proc, t.token, 0, VIPC_RIGHT_REVOKE, &c) : may_ever(views[v].proc, t.token, 0, 0, &c);
    bool any = false;
    for (int i = 0; c >= 0 && i < CAPS; i++) any = any || (caps[i].used && !caps[i].dead && caps[i].parent == c);
    if (!good(revoke ? "revoke" : "close", revoke ? vipc_revoke(&world.v[v], t, one_in(2) ? VIPC_NOW : 5) : vipc_close(&world.v[v], t), bit(e))) return;
    if (!revoke) { give_up(c); return; }
    revoke_below(c);
    if (!any || caps[c].type == VIPC_TYPE_PROCESS) return;
    take_back(caps[c].object);
    if (caps[c].type == VIPC_TYPE_CHANNEL) take_back(objs[caps[c].object].peer);
}
static void do_destroy(void)
{
    int v = a_view(), p = views[v].proc, c;
    uint32_t removed = 4711;
    bool as_process = one_in(2);
    vipc_cap t = a_token(p, as_process ? VIPC_TYPE_PROCESS : rnd(4) ? VIPC_TYPE_ENDPOINT : 0);
    note("view %d: %s %llx", v, as_process ? "process_destroy" : "destroy", (unsigned long long)t.token);
    vipc_error e = may(p, t.token, as_process ? VIPC_TYPE_PROCESS : 0, VIPC_RIGHT_DELETE, &c);
    if (e == VIPC_OK && caps[c].type == VIPC_TYPE_PROCESS) {
        int target = caps[c].object;
        if (target == p) e = VIPC_ERR_INVALID_ARGUMENT;
        else if (procs[target].proof != procs[p].proof) e = VIPC_ERR_RESOURCE_BUSY;
        else if (sleeper >= 0 && views[sleeper].proc == target) { outcome(VIPC_OK); return; }     /* it still runs: not allowed */
    }
    if (!good(as_process ? "process_destroy" : "destroy", as_process ? vipc_process_destroy(&world.v[v], t, &removed) : vipc_destroy(&world.v[v], t, VIPC_NOW), bit(e))) return;
    if (caps[c].type != VIPC_TYPE_PROCESS) { end_object(caps[c].object, VIPC_ERR_CLOSED); return; }
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
/* One more object of p's, and its first capability; id and token are as the header says. */
static int new_object(int p, int type, const char *label)
{
    static uint64_t numbers;
    int o = 0;
    while (objs[o].used) o++;
    memset(&objs[o], 0, sizeof objs[o]);
    objs[o].used = true;
    objs[o].type = type;
    objs[o].owner = p;
    objs[o].peer = -1;
    objs[o].serial = ++numbers;
    memcpy(objs[o].label, label, strlen(label) < 31 ? strlen(label) : 31);
    if (ended_why != VIPC_OK) made_since = true;
    if (o == slept_at && ended_why != VIPC_OK) slept_at = -1;          /* the number is ours, the endpoint another */
    count.objects_created++;
    return o;
}
static void first_cap(int v, int o, uint32_t with, vipc_cap t)
{
    vipc_cap_info info;
    int c = new_cap(objs[o].owner, -1, with, 0, HELD, t.token);
    caps[c].type = objs[o].type;
    caps[c].object = o;
    token_is_for(t, c);
    good("cap_get", vipc_cap_get(&world.v[v], t, &info), 0);
    objs[o].id = info.object;
    for (int i = 0; i < OBJECTS; i++)
        if (i != o && objs[i].used && objs[i].id == info.object) differ("an object's number that is in use", (long long)info.object, 0);
}
/* How many more objects p may have, each with a capability. */
static int room_for_objects(int p)
{
    int n = OBJECTS_EACH - owns(p), left = OBJECTS, most = CAPS_EACH - holds(p);
    for (int o = 0; o < OBJECTS; o++) left -= objs[o].used;
    if (left < n) n = left;
    if (most < n) n = most;
    return table_left() < n ? table_left() : n;
}
static const uint32_t payloads[] = { 0, 0, 1, 31, 200, 255 };
static void shape(int o, uint32_t capacity, uint32_t payload, uint32_t full, uint32_t urgent)
{
    objs[o].full = full != VIPC_FULL_BLOCK;
    objs[o].drops = full == VIPC_FULL_DROP_OLDEST;
    objs[o].lane[USUAL].room = (int)capacity;
    objs[o].lane[URGENT].room = (int)urgent;
    objs[o].payload = payload;
}
static void do_create(void)
{
    int v = a_view(), p = views[v].proc;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap out;
    char label[64];
    d.capacity = 1 + rnd(QUEUE);
    d.payload_max = payloads[rnd(6)];
    d.full = rnd(3);
    d.urgent = 1 + rnd(QUEUE);
    snprintf(label, sizeof label, "endpoint %llu%s", (unsigned long long)++lives % 100, one_in(3) ? " with a label that is too long for it" : "");
    d.label = label;
    note("view %d: endpoint_create, capacity %u, payload %u, full %u, urgent %u", v, d.capacity, d.payload_max, d.full, d.urgent);
    if (!good("endpoint_create", vipc_endpoint_create(&world.v[v], &d, &out), room_for_objects(p) < 1 ? bit(VIPC_ERR_LIMIT) : 0)) return;
    int o = new_object(p, VIPC_TYPE_ENDPOINT, label);
    shape(o, d.capacity, d.payload_max, d.full, d.urgent);
    first_cap(v, o, VIPC_RIGHT_ALL, out);
}
static void do_channel(void)
{
    int v = a_view(), p = views[v].proc, room = room_for_objects(p);
    vipc_channel_desc d = VIPC_INIT;
    vipc_cap a, b;
    d.capacity = 1 + rnd(QUEUE);
    d.payload_max = payloads[rnd(6)];
    d.full = rnd(3);
    d.urgent = 1 + rnd(QUEUE);
    d.one_way = one_in(3);
    note("view %d: channel_create, capacity %u, payload %u, full %u, urgent %u%s", v, d.capacity, d.payload_max, d.full, d.urgent, d.one_way ? ", one way" : "");
    if (!good("channel_create", vipc_channel_create(&world.v[v], &d, &a, &b), room < 2 ? bit(VIPC_ERR_LIMIT) : 0)) {
        count.objects_created += room == 1;                  /* one end was made, and went again */
        count.objects_destroyed += room == 1;
        return;
    }
    int one = new_object(p, VIPC_TYPE_CHANNEL, ""), other = new_object(p, VIPC_TYPE_CHANNEL, "");
    shape(one, d.capacity, d.payload_max, d.full, d.urgent);
    shape(other, d.capacity, d.payload_max, d.full, d.urgent);
    objs[one].peer = other;
    objs[other].peer = one;
    count.channels_created++;
    first_cap(v, one, VIPC_RIGHT_ALL - (d.one_way ? VIPC_RIGHT_RECEIVE : 0), a);
    first_cap(v, other, VIPC_RIGHT_ALL - (d.one_way ? VIPC_RIGHT_SEND : 0), b);
}
static void do_bind(void)
{
    int v = a_view_with(VIPC_TYPE_ENDPOINT), p = views[v].proc, c;
    vipc_cap t = a_token(p, VIPC_TYPE_ENDPOINT);
    vipc_pid who = { procs[rnd(PROCS)].pid };
    note("view %d: bind %llx to %llu", v, (unsigned long long)t.token, (unsigned long long)who.id);
    vipc_error e = may(p, t.token, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_BIND, &c);
    if (c >= 0 && caps[c].type == VIPC_TYPE_CHANNEL) e = VIPC_ERR_INVALID_CAPABILITY;
    uint64_t no = e == VIPC_OK ? 0 : bit(e);
    if (e == VIPC_OK && objs[caps[c].object].bound) no |= bit(VIPC_ERR_ENDPOINT_BUSY);
    if (e == VIPC_OK && process_of(who.id) < 0) no |= bit(VIPC_ERR_PROCESS_NOT_FOUND);
    if (!good("endpoint_bind", vipc_endpoint_bind(&world.v[v], t, who), no)) return;
    objs[caps[c].object].bound = who.id;
    take_back(caps[c].object);
}

/* ---- notifications, and waiting for several things ---- */
static uint64_t some_bits(void) { return (uint64_t)rnd(16) << (rnd(4) * 20); }
static void do_notification(void)
{
    int v = a_view(), p = views[v].proc;
    vipc_cap out;
    note("view %d: notification_create", v);
    if (!good("notification_create", vipc_notification_create(&world.v[v], "bits", &out), room_for_objects(p) < 1 ? bit(VIPC_ERR_LIMIT) : 0)) return;
    first_cap(v, new_object(p, VIPC_TYPE_NOTIFICATION, "bits"), VIPC_RIGHT_ALL, out);
}
static void do_signal(void)
{
    int v = a_view_with(VIPC_TYPE_NOTIFICATION), c;
    vipc_cap t = a_token(views[v].proc, VIPC_TYPE_NOTIFICATION);
    uint64_t bits = some_bits();
    note("view %d: signal %llx by %llx", v, (unsigned long long)bits, (unsigned long long)t.token);
    vipc_error e = may(views[v].proc, t.token, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND, &c);
    if (e == VIPC_OK && !bits) e = VIPC_ERR_INVALID_ARGUMENT;
    if (good("signal", vipc_signal(&world.v[v], t, bits), bit(e))) objs[caps[c].object].bits |= bits;
}
static void do_notification_wait(void)
{
    int v = a_view_with(VIPC_TYPE_NOTIFICATION), c;
    vipc_cap t = a_token(views[v].proc, VIPC_TYPE_NOTIFICATION);
    uint64_t mask = one_in(2) ? some_bits() : ~(uint64_t)0, bits = 4711;
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    note("view %d: notification_wait for %llx by %llx", v, (unsigned long long)mask, (unsigned long long)t.token);
    vipc_error e = may(views[v].proc, t.token, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_RECEIVE, &c);
    if (e == VIPC_OK && !mask) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK && !(objs[caps[c].object].bits & mask)) e = no_luck(deadline, VIPC_ERR_WOULD_BLOCK);
    if (!good("notification_wait", vipc_notification_wait(&world.v[v], t, mask, &bits, deadline), bit(e))) return;
    SAME("bits", bits, objs[caps[c].object].bits & mask);
    objs[caps[c].object].bits &= ~mask;
}
static void do_watch(void)
{
    int v = a_view_with(VIPC_TYPE_NOTIFICATION), p = views[v].proc, c;
    vipc_cap t = a_token(p, VIPC_TYPE_NOTIFICATION);
    uint64_t bits = some_bits();
    vipc_pid who = { procs[rnd(PROCS)].pid };
    if (one_in(16)) who.id += 100000000;
    note("view %d: process_watch %llu, bits %llx by %llx", v, (unsigned long long)who.id, (unsigned long long)bits, (unsigned long long)t.token);
    vipc_error e = may(p, t.token, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND, &c);
    if (e == VIPC_OK && (!bits || who.id == 0 || who.id == procs[p].pid || who.id >= 100000000)) e = VIPC_ERR_INVALID_ARGUMENT;
    int target = process_of(who.id);
    if (e == VIPC_OK && target >= 0 && no_room(p)) e = VIPC_ERR_LIMIT;
    if (!good("process_watch", vipc_process_watch(&world.v[v], who, t, bits), bit(e))) return;
    if (target < 0) { objs[caps[c].object].bits |= bits; return; }
    int w = new_cap(p, -1, 0, bits, WATCHES, 0);
    caps[w].type = VIPC_TYPE_PROCESS;
    caps[w].object = target;
    caps[w].watched = objs[caps[c].object].serial;
}
/* How does this stand, for p?  WOULD_BLOCK: not ready.  *o: the queue, or notification, in question. */
static vipc_error look(int p, vipc_cap t, bool room, int *o)
{
    int c;
    bool bits = vipc_cap_type(t) == VIPC_TYPE_NOTIFICATION;
    if (bits && room) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = may(p, t.token, bits ? VIPC_TYPE_NOTIFICATION : VIPC_TYPE_ENDPOINT, room ? VIPC_RIGHT_SEND : VIPC_RIGHT_RECEIVE, &c);
    if (e != VIPC_OK) return e;
    *o = room ? sends_to(c) : caps[c].object;
    if (*o < 0) return VIPC_ERR_CLOSED;
    if (bits) return objs[*o].bits ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;
    if (room) return has_room(*o, USUAL) ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;
    if (objs[*o].bound && objs[*o].bound != procs[p].pid) return VIPC_ERR_PERMISSION_DENIED;
    if (objs[*o].lane[next_lane(*o)].n) return VIPC_OK;
    return nothing(*o) == VIPC_ERR_CHANNEL_EMPTY ? VIPC_ERR_WOULD_BLOCK : nothing(*o);
}
static vipc_wait_item an_item(int p)
{
    vipc_wait_item i;
    memset(&i, 0, sizeof i);
    i.object = a_token(p, rnd(3) ? VIPC_TYPE_ENDPOINT : VIPC_TYPE_NOTIFICATION);
    i.for_send = one_in(3);
    i.key = another();
    return i;
}
static void do_wait_any(void)
{
    int v = a_view(), p = views[v].proc, o;
    vipc_wait_item item[MANY];
    uint32_t n = rnd(MANY + 1);
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        item[i] = an_item(p);
        any = look(p, item[i].object, item[i].for_send, &o) != VIPC_ERR_WOULD_BLOCK || any;
    }
    note("view %d: wait_any, %u", v, n);
    uint64_t allowed = bit(n == 0 ? VIPC_ERR_INVALID_ARGUMENT : any ? VIPC_OK : no_luck(deadline, VIPC_ERR_WOULD_BLOCK));
    good("wait_any", vipc_wait_any(&world.v[v], item, n, deadline), allowed);
    for (uint32_t i = 0; i < n; i++) SAME("how an item stands", item[i].ready, look(p, item[i].object, item[i].for_send, &o));
}
static void do_set(void)
{
    int v = a_view(), p = views[v].proc;
    uint32_t capacity = 1 + rnd(SET);
    vipc_cap out;
    note("view %d: wait_set_create, %u", v, capacity);
    bool no_frames = one_in(8);
    if (no_frames) mock_fail(&world, MOCK_ALLOC, 1, VIPC_ERR_OUT_OF_MEMORY);
    vipc_error r = vipc_wait_set_create(&world.v[v], capacity, "set", &out);
    mock_heal(&world);
    if (!good("wait_set_create", r, bit(room_for_objects(p) < 1 ? VIPC_ERR_LIMIT : no_frames ? VIPC_ERR_OUT_OF_MEMORY : VIPC_OK))) return;
    int o = new_object(p, VIPC_TYPE_WAIT_SET, "set");
    objs[o].places = (int)capacity;
    first_cap(v, o, VIPC_RIGHT_ALL - VIPC_RIGHT_GRANT, out);
}
static vipc_error may_add(const m_obj *set, int o, bool room, int *place)
{
    int in = object_of(objs[o].watch[room]);
    if (in >= 0) return objs[in].serial == set->serial ? VIPC_ERR_EXISTS : VIPC_ERR_RESOURCE_BUSY;
    for (*place = 0; *place < set->places; ++*place)
        if (!set->place[*place].used) return VIPC_OK;
    return VIPC_ERR_LIMIT;
}
static void do_set_add(void)
{
    int v = a_view_with(VIPC_TYPE_WAIT_SET), p = views[v].proc, c, o = -1, place = 0;
    vipc_cap set = a_token(p, VIPC_TYPE_WAIT_SET);
    vipc_wait_item item = an_item(p);
    note("view %d: wait_set_add to %llx, %llx for %s", v, (unsigned long long)set.token, (unsigned long long)item.object.token, item.for_send ? "room" : "messages");
    vipc_error e = may(p, set.token, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_SEND, &c);
    if (e == VIPC_OK) e = look(p, item.object, item.for_send, &o);
    if (e == VIPC_OK || e == VIPC_ERR_WOULD_BLOCK) e = c >= 0 && caps[c].type == VIPC_TYPE_WAIT_SET ? may_add(&objs[caps[c].object], o, item.for_send, &place) : e;
    bool added = good("wait_set_add", vipc_wait_set_add(&world.v[v], set, &item), bit(e));
    m_obj *s = c >= 0 && caps[c].type == VIPC_TYPE_WAIT_SET ? &objs[caps[c].object] : NULL;
    reached("a_set_of_two_is_full", e == VIPC_ERR_LIMIT && s && s->places > 1);
    if (!added) return;
    m_place n = { true, item.for_send != 0, item.object.token, item.key, objs[o].serial, o };
    s->place[place] = n;
    objs[o].watch[item.for_send] = s->serial;
    reached("two_in_a_set", place > 0);
}
static void do_set_remove(void)
{
    int v = a_view_with(VIPC_TYPE_WAIT_SET), p = views[v].proc, c, found = 0;
    vipc_cap set = a_token(p, VIPC_TYPE_WAIT_SET), t = a_token(p, rnd(3) ? VIPC_TYPE_ENDPOINT : VIPC_TYPE_NOTIFICATION);
    uint32_t from = rnd(SET + 1);
    vipc_error e = may(p, set.token, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_SEND, &c);
    m_obj *s = e == VIPC_OK ? &objs[caps[c].object] : NULL;
    if (s && from < SET && s->place[from].used) t.token = s->place[from].token;         /* often one that is there */
    note("view %d: wait_set_remove from %llx, %llx", v, (unsigned long long)set.token, (unsigned long long)t.token);
    for (int i = 0; s && i < s->places; i++) {
        m_place *q = &s->place[i];
        if (!q->used || q->token != t.token) continue;
        q->used = false;
        found++;
        if (object_of(q->of) >= 0) objs[q->o].watch[q->room] = 0;
    }
    if (e == VIPC_OK && !found) e = VIPC_ERR_NOT_FOUND;
    good("wait_set_remove", vipc_wait_set_remove(&world.v[v], set, t), bit(e));
}
/* Level-triggered: all that is ready, up to the room there is.  That something has expired is told when somebody looks, or not. */
static void same_ready(int p, const m_obj *s, const vipc_wait_item *ready, uint32_t count_of, uint32_t room, uint32_t must)
{
    bool told[SET] = { false };
    int o;
    for (uint32_t k = 0; k < count_of; k++) {
        int i = 0;
        while (i < s->places && !(s->place[i].used && !told[i] && s->place[i].key == ready[k].key)) i++;
        if (i == s->places) differ("told of what is not there, or twice", (long long)ready[k].key, 0);
        told[i] = true;
        vipc_cap t = { s->place[i].token };
        SAME("token told", ready[k].object.token, t.token);
        SAME("direction told", ready[k].for_send, (uint32_t)s->place[i].room);
        SAME("how it stands", ready[k].ready, look(p, t, s->place[i].room, &o));
        if (ready[k].ready == VIPC_ERR_WOULD_BLOCK) differ("told of what is not ready", 0, 0);
    }
    if (count_of < (must < room ? must : room)) differ("things that are ready", count_of, must);
    reached("told_of_two", count_of > 1);
}
static void do_set_wait(void)
{
    int v = a_view_with(VIPC_TYPE_WAIT_SET), p = views[v].proc, c, o;
    vipc_cap set = a_token(p, VIPC_TYPE_WAIT_SET);
    vipc_wait_item ready[SET];
    uint32_t room = rnd(SET + 1), count_of = 4711, must = 0, may_be = 0;
    vipc_time deadline = one_in(3) ? 5 : VIPC_NOW;
    note("view %d: wait_set_wait at %llx, room for %u", v, (unsigned long long)set.token, room);
    vipc_error e = may(p, set.token, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_RECEIVE, &c);
    if (e == VIPC_OK && !room) e = VIPC_ERR_INVALID_ARGUMENT;
    const m_obj *s = e == VIPC_OK ? &objs[caps[c].object] : NULL;
    for (int i = 0; s && i < s->places; i++) {
        vipc_cap t = { s->place[i].token };
        if (!s->place[i].used || look(p, t, s->place[i].room, &o) == VIPC_ERR_WOULD_BLOCK) continue;
        int held = find(p, t.token);
        if (held >= 0 && expired(held)) may_be++;
        else must++;
    }
    uint64_t allowed = !s ? bit(e) : (must || may_be ? bit(VIPC_OK) : 0) | (must ? 0 : bit(no_luck(deadline, VIPC_ERR_WOULD_BLOCK)));
    if (good("wait_set_wait", vipc_wait_set_wait(&world.v[v], set, ready, room, &count_of, deadline), allowed))
        same_ready(p, s, ready, count_of, room, must);
}
static void do_clock(void)
{
    static const vipc_time jump[] = { 1, 999, 1000000, 7000001, 142857143, 333333333, 500000000, 999999999, 1000000000, 3000000017u };
    if (in_script) return;
    world.now += jump[rnd(10)];
    note("the clock: %llu", (unsigned long long)world.now);
}

/* ---- names and processes ---- */
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
    if (n >= 0 && expired(names[n].cap)) return bit(VIPC_ERR_INVALID_CAPABILITY);
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
    empty_hand(v);
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
        for (int lane = 0; objs[o].used && lane < LANES; lane++)
            if (objs[o].lane[lane].n == 0 && !held_back(o, (enum lane)lane)) objs[o].lane[lane].made = false;
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
static void compare_queue(int v, vipc_cap t, const m_obj *o)
{
    vipc_endpoint_info e;
    good("endpoint_get", vipc_endpoint_get(&world.v[v], t, &e), 0);
    SAME("id", e.id, o->id);
    SAME("endpoint's owner", e.owner.id, procs[o->owner].pid);
    SAME("bound", e.bound.id, o->bound);
    SAME("capacity", (int)e.capacity, o->lane[USUAL].room);
    SAME("urgent", (int)e.urgent, o->lane[URGENT].room);
    SAME("payload_max", e.payload_max, o->payload);
    SAME("queued", (int)e.queued, o->lane[USUAL].n + o->lane[URGENT].n);
    SAME("queued_urgent", (int)e.queued_urgent, o->lane[URGENT].n);
    SAME("dropped here", e.dropped, o->dropped);
    SAME("has frames", e.frames != 0, o->lane[USUAL].made || o->lane[URGENT].made);
    SAME("waiting", e.senders_waiting + e.receivers_waiting, 0u);
    SAME("label", memcmp(e.label, o->label, sizeof e.label), 0);
}
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
    vipc_limits all = limits_of(c);
    SAME("message_max", i.limits.message_max, all.message_max);
    SAME("rate", i.limits.rate, all.rate);
    SAME("bandwidth", i.limits.bandwidth, all.bandwidth);
    SAME("expires", i.limits.expires, all.expires);
    SAME("holder", i.holder.id, procs[caps[c].holder].pid);
    SAME("children", (int)i.children, children);
    if (caps[c].type == VIPC_TYPE_PROCESS) { SAME("owner of a process", i.owner.id, procs[caps[c].object].pid); return; }
    const m_obj *o = &objs[caps[c].object];
    SAME("object", i.object, o->id);
    SAME("owner", i.owner.id, procs[o->owner].pid);
    if (is_queue(caps[c].type) && !expired(c)) compare_queue(v, t, o);
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
    SAME("channels created", s.channels_created, count.channels_created);
    SAME("channels destroyed", s.channels_destroyed, count.channels_destroyed);
    SAME("rate limited", s.rate_limited, count.rate_limited);
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
        { do_send, 26 }, { do_receive, 26 }, { do_reply, 6 }, { do_derive, 20 }, { do_revoke_or_close, 14 }, { do_destroy, 3 }, { do_look, 10 },
        { do_create, 6 }, { do_bind, 1 }, { do_publish, 5 }, { do_unpublish, 3 }, { do_lookup, 5 }, { do_process_create, 4 }, { do_thread_enter, 3 },
        { do_leave, 2 }, { do_die, 1 }, { do_trim, 1 }, { do_ghost, 2 }, { do_call, 8 }, { do_send_acked, 4 }, { do_send_many, 6 }, { do_receive_many, 6 },
        { do_take, 6 }, { do_done, 6 }, { do_channel, 3 }, { do_notification, 2 }, { do_signal, 3 }, { do_notification_wait, 3 }, { do_watch, 3 }, { do_wait_any, 4 },
        { do_set, 2 }, { do_set_add, 5 }, { do_set_remove, 3 }, { do_set_wait, 6 }, { do_clock, 8 } };
    const uint32_t n = sizeof all / sizeof *all;
    if (in_script && call.open && one_in(2)) { if (call.phase == QUEUED) do_serve(); else do_reply(); return; }
    uint32_t total = 0, i = 0;
    for (uint32_t k = 0; k < n; k++) total += all[k].weight;
    for (uint32_t at = rnd(total); at >= all[i].weight; i++) at -= all[i].weight;
    if ((all[i].run == do_call || all[i].run == do_send_acked) && in_script) return;          /* one sleeper at a time */
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
    memset(hands, 0, sizeof hands);
    memset(limits, 0, sizeof limits);
    memset(names, 0, sizeof names);
    memset(rights, 0, sizeof rights);
    memset(old, 0, sizeof old);
    memset(&call, 0, sizeof call);
    memset(&count, 0, sizeof count);
    serial = old_next = rights_next = lives = operations = 0;
    in_script = 0;
    made_since = false;
    ended_why = VIPC_OK;
    next_proof = 100000;
    sleeper = slept_at = -1;
    mock_open(&world, &c, 3, 128);
    world.tick = 0;                                          /* time passes when do_clock says so, and while somebody sleeps */
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
