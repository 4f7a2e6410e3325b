/* chaos.c - the first proof: eight processes talk through one domain, and every 5 ms one of them is killed with -9 and started again.
 *
 *     chaos [SECONDS] [--plant lose | double | hang]         exit 0 only if all that is promised was kept
 *
 * Who they are.  Seats 1 and 2 send, 3 and 4 receive, 5 answers calls at an endpoint of the supervisor's, 6 at one of its own, which dies with it; 7 and 8
 * call both.  A witness, never killed, receives from the same senders at the endpoint "post" and sends to the same receivers.  The supervisor is
 * this program: it owns the endpoints, kills, and starts again.  It tidies up after nobody between roll calls: that is up to the members.
 *
 * What is promised: of all OTHER processes every message whose send returned VIPC_OK is received exactly once.  How it is counted:
 *   The ledger is plain shared memory, no part of the domain; what stands there stands, whatever kills the writer next.  Messages are numbered, and
 *   no number is used for two of them.  A sender notes "about to send n" before a send and "n was sent" after it returned VIPC_OK.  A receiver sets n's bit
 *   as soon as its receive has returned.  Two instants cannot be told from outside, so that a message is in doubt, one a kill at most:
 *   - The sender died between its two notes.  It had no VIPC_OK, so nobody was promised anything: n may have been received, once, or never.
 *   - The receiver died between the library's taking n and its own note.  n may be gone: it was that process's own.  To keep this from being an excuse
 *     for all messages that are missing, each kill is looked at.  The receivers wrap three hooks: `enter` (a claim begins) notes "maybe
 *     something in hand, of this endpoint", `block` and `relax` (nothing was there) and the note of the receipt take that back.  Missing messages of an
 *     endpoint are forgiven up to the number of its receivers that died with that mark, and not one more.  The witness does not die: at "post" there
 *     is no forgiveness at all.
 *   Twice is never allowed, not in doubt either: who took a message for good does not leave it for another, redelivered or not.
 *   A send that failed (CHANNEL_FULL, TIMEOUT) has sent nothing: its number is sent again, and must come once.
 * Calls: a server sets the bit of each request before it answers; twice is a failure.  An answer must be of the very request, and its bit be set.
 * An error must be PEER_DEAD, at the server's own endpoint also CLOSED or INVALID_CAPABILITY (what ended with its owner), TIMEOUT when the
 * deadline has passed indeed, RESOURCE_BUSY after such time-outs, or what the server was asked to refuse with.
 * Capabilities travel in some messages, requests and replies: to endpoints of the senders, which die with them, and to one of the supervisor's, which
 * must arrive valid whoever died on the way.
 *
 * Nobody hangs: a kill would hide that within milliseconds.  So after every 100 kills there is a pause for a roll call, until everybody who lives has got
 * two things done; who does not for WATCH_SECONDS fails the run, with a dump.  Then vipc_check.  The witness does a bit of everything, so whatever a death
 * leaves waiting for ever shows there, if not before.  In the end everybody leaves, and frames, objects, capabilities, names, views and processes must be
 * what they were before the first one came.
 * Order: what one sender sent to one endpoint reaches each receiver in order, redelivered messages left out.
 *
 * --plant: seat 3 leaves out each 50th note, or makes it twice, or stops for good: the run must fail.
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include "proc.h"

enum { WORKERS = 8, WITNESS = 9, EVERYBODY = 9, PLANTED = 3, PLANT_EVERY = 50 };
enum { STREAM = 1, BULK, POST, CALL, KINDS };                           /* of messages, by where they go */
static const char *const place[KINDS] = { NULL, "stream", "bulk", "post", "call" };
static const uint32_t payload_most[KINDS] = { 0, 0, 4000, 200, 0 };
static const char *const cast[EVERYBODY + 1] = { NULL, "sender", "sender", "receiver", "receiver", "server", "owner", "client", "client", "witness" };
enum { PLANT_NOTHING, PLANT_LOSE, PLANT_DOUBLE, PLANT_HANG };
enum { GOING, ENDING, DRAINING };                                       /* board.stage */
enum { ECHO = 1, CARRIES, GIFT, GIVE, REFUSE, THANKS, END = 0x7eee, QUIT = 0x7999 };      /* opcodes */
enum { KILL_EVERY_US = 5000, ROLL_CALL_EVERY = 100, LENGTH = 16384 };   /* kills; numbers in a stretch */

/* A stretch of numbers of one sender's for one kind of messages.  A process takes as many as it needs; none is ever used again. */
typedef struct stretch {
    _Atomic uint64_t sending, sent;
    _Atomic uint32_t kind, seat, life;                                  /* kind 0: its owner was killed before it began */
} stretch;
/* What one seat did, over all its lives. */
typedef struct tally {
    _Atomic uint64_t received, answered, dead, closed, late, refused, carried, again, planted, locks;
    _Atomic uint32_t hand;                                              /* not 0: killed now, it may have a message of that kind in hand */
    _Atomic uint32_t life, current[KINDS];                              /* the stretches it writes, + 1 */
} tally;
typedef struct board {
    seat seats[SEATS];
    tally tallies[EVERYBODY + 1];
    _Atomic uint32_t stage, plant, full, stretches, limit;
    _Atomic uint64_t doubled, disorder;
} board;

static vipc ipc;                    /* the supervisor's, and after a fork the child's own */
static board *b;
static stretch *stretches;
static _Atomic uint64_t *bits;      /* LENGTH for each stretch: this message was received */
static uint32_t *latest;            /* a receiver's own: the last number that it saw of each stretch */

static int bit_set(uint64_t s, uint64_t n)
{
    uint64_t bit = (uint64_t)1 << (n % 64);
    return (atomic_fetch_or(&bits[s * (LENGTH / 64) + n / 64], bit) & bit) != 0;
}
static int bit_get(uint64_t s, uint64_t n) { return (int)(bits[s * (LENGTH / 64) + n / 64] >> (n % 64) & 1); }

/* -------------------------------------------------------------------------------------------------- a worker's own */
static struct me {
    part p;
    vipc_hooks hooks;
    const vipc_hooks *real;
    tally *t;
    uint32_t at;                    /* the kind that it is receiving, or 0 */
    uint64_t seed;
} me;

static uint32_t note_enter(void *user) { (void)user; if (me.at) me.t->hand = me.at; return 0; }
static void note_leave(void *user, uint32_t state) { (void)user; (void)state; }
static vipc_error note_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    me.t->hand = 0;
    return me.real->block(user, self, word, expected, deadline);
}
static void note_relax(void *user)
{
    me.t->hand = 0;
    if (me.real->relax) me.real->relax(user);
    else VIPC_ATOMIC_PAUSE();
}

static void one_more(_Atomic uint64_t *n) { atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1, memory_order_relaxed); }
/* Called when the lock was taken over from a dead holder. */
static void count_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t c)
{
    (void)user;
    (void)level;
    (void)a;
    (void)c;
    if (id == VIPC_LOG_ROLLED_BACK) one_more(&me.t->locks);
}
static void worked(void) { b->seats[me.p.seat].progress++; }
static vipc_cap find(const char *name)
{
    vipc_cap c = VIPC_INIT;
    MUST(&me.p, vipc_lookup(&ipc, name, 0, &c, VIPC_FOREVER));
    return c;
}
static vipc_cap find_in(int kind)
{
    char name[16];
    snprintf(name, sizeof name, "%s.in", place[kind]);
    return find(name);
}
static int gone(vipc_error e) { return e == VIPC_ERR_PEER_DEAD || e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY; }

/* ---------------------------------------------------------------------------------------------------- messages
 * All that is in message n of stretch s follows from s and n, so that any damage shows. */
static size_t payload_size(uint64_t seed, int kind) { return payload_most[kind] ? (size_t)(seed % (payload_most[kind] + 1)) : 0; }
static size_t compose(vipc_message *m, unsigned char *payload, int kind, uint32_t s, uint64_t n)
{
    uint64_t seed = mix((uint64_t)s << 32 ^ n);
    size_t size = payload_size(seed, kind);
    payload_fill(payload, size, seed);
    memset(m, 0, sizeof *m);
    m->opcode = ECHO;
    m->data[0] = s;
    m->data[1] = n;
    m->data[2] = seed;
    m->data[3] = payload_sum(payload, size, seed);
    return size;
}
static int intact(const vipc_message *m, const unsigned char *payload, size_t size, int kind)
{
    uint64_t seed = mix(m->data[0] << 32 ^ m->data[1]);
    return m->data[2] == seed && size == payload_size(seed, kind) && m->data[3] == payload_sum(payload, size, seed);
}

/* The numbers that one process gives to messages of one kind. */
typedef struct pen { int kind; vipc_cap to; uint32_t s; uint64_t n; } pen;

/* The next number; NULL: the ledger is full. */
static stretch *next_number(pen *w)
{
    if (w->n == 0 || w->n + 1 == LENGTH) {
        uint32_t s = b->full ? b->limit : atomic_fetch_add(&b->stretches, 1);
        if (s >= b->limit) { b->full = 1; return NULL; }
        stretches[s].seat = (uint32_t)me.p.seat;
        stretches[s].life = me.p.run;
        stretches[s].kind = (uint32_t)w->kind;
        me.t->current[w->kind] = s + 1;
        w->s = s;
        w->n = 0;
    }
    w->n++;
    return &stretches[w->s];
}

/* Send the next one; a failed try has sent nothing, so it goes again under the same number. */
static void send_next(pen *w, uint32_t opcode, vipc_cap carried)
{
    static unsigned char payload[4096];
    vipc_outgoing o = VIPC_INIT;
    stretch *st = next_number(w);
    if (!st) { nap(); worked(); return; }
    o.payload_size = compose(&o.message, payload, w->kind, w->s, w->n);
    o.payload = payload;
    if (carried.token) {
        o.message.opcode = opcode;
        o.message.flags = VIPC_HAS_CAPABILITY;
        o.message.capability = carried;
    }
    uint64_t how = below(&me.seed, 8);
    vipc_time deadline = how == 0 ? VIPC_NOW : how == 1 ? vipc_after(&ipc, below(&me.seed, 2000000)) : VIPC_FOREVER;
    st->sending = w->n;
    for (;; deadline = VIPC_FOREVER) {
        vipc_error e = payload_most[w->kind] ? vipc_send_large(&ipc, w->to, &o, deadline) : vipc_send(&ipc, w->to, &o.message, deadline);
        if (e == VIPC_OK) break;
        if (deadline == VIPC_NOW && (e == VIPC_ERR_CHANNEL_FULL || lock_taken(e))) continue;
        if (deadline != VIPC_NOW && deadline != VIPC_FOREVER && e == VIPC_ERR_TIMEOUT) {
            DEMAND(&me.p, vipc_time_now(&ipc) >= deadline);
            continue;
        }
        MUST(&me.p, e);
    }
    st->sent = w->n;
    if (carried.token) one_more(&me.t->carried);
    worked();
}

/* Note one receipt.  What is twice there is counted, and does not end the run; what nobody sent does. */
static void note(const vipc_message *m, uint32_t redelivered, int kind)
{
    uint64_t s = m->data[0], n = m->data[1], times = 1;
    DEMAND(&me.p, s < b->limit && n >= 1 && n < LENGTH);
    if (me.p.seat == PLANTED && b->plant && kind != CALL && ++me.t->planted % PLANT_EVERY == 0) {
        if (b->plant == PLANT_HANG) for (;;) pause();
        times = b->plant == PLANT_LOSE ? 0 : 2;
    }
    for (; times; times--)
        if (bit_set(s, n) && atomic_fetch_add(&b->doubled, 1) < 3)
            printf("\n  DOUBLED: %s message %llu of stretch %llu (redelivered: %u)\n", place[kind], (unsigned long long)n, (unsigned long long)s,
                   redelivered);
    me.t->hand = 0;
    me.at = 0;
    if (n > stretches[s].sending || (int)stretches[s].kind != kind)
        give_up(&me.p, "%s message %llu of stretch %llu was never sent there", place[kind], (unsigned long long)n, (unsigned long long)s);
    if (redelivered) one_more(&me.t->again);
    else if (n <= latest[s] && atomic_fetch_add(&b->disorder, 1) < 3)
        printf("\n  OUT OF ORDER: %s message %llu of stretch %llu after its %u\n", place[kind], (unsigned long long)n, (unsigned long long)s, latest[s]);
    if (n > latest[s]) latest[s] = (uint32_t)n;
}
/* The supervisor's, carried here by somebody who may be dead by now: it is as good as ever. */
static void take_gift(const vipc_message *m)
{
    MUST(&me.p, vipc_cap_require(&ipc, m->capability, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND));
    MUST(&me.p, vipc_close(&ipc, m->capability));
}
/* Receive one of a kind: 1: done; 0: there was none (with NOW alone); -1: the end. */
static int receive_next(vipc_cap from, int kind, vipc_time deadline)
{
    static unsigned char payload[4096];
    vipc_incoming in = VIPC_INIT;
    in.payload = payload;
    in.payload_capacity = sizeof payload;
    me.at = (uint32_t)kind;
    vipc_error e = payload_most[kind] ? vipc_receive_large(&ipc, from, &in, deadline) : vipc_receive(&ipc, from, &in.message, &in.info, deadline);
    int end = e == VIPC_OK && in.message.opcode == END;
    if (e == VIPC_OK && !end) note(&in.message, in.info.redelivered, kind);
    me.at = 0;
    me.t->hand = 0;
    if (end) return -1;
    if (deadline == VIPC_NOW && (e == VIPC_ERR_CHANNEL_EMPTY || lock_taken(e))) return 0;
    MUST(&me.p, e);
    if (!intact(&in.message, payload, in.info.payload_size, kind) || in.info.reply.token)
        give_up(&me.p, "%s message %llu of stretch %llu is damaged", place[kind], (unsigned long long)in.message.data[1],
                (unsigned long long)in.message.data[0]);
    if (in.message.opcode == GIFT) take_gift(&in.message);
    else if (in.message.capability.token) {                 /* to its sender: which may be gone, and this with it */
        vipc_message thanks = in.message;
        DEMAND(&me.p, in.message.opcode == CARRIES && in.message.flags == VIPC_HAS_CAPABILITY);
        thanks.opcode = THANKS;
        thanks.flags = 0;
        e = vipc_send(&ipc, in.message.capability, &thanks, VIPC_NOW);
        if (!gone(e) && e != VIPC_ERR_CHANNEL_FULL && !lock_taken(e)) MUST(&me.p, e);
        e = vipc_close(&ipc, in.message.capability);
        if (e != VIPC_ERR_INVALID_CAPABILITY) MUST(&me.p, e);
    }
    one_more(&me.t->received);
    worked();
    return 1;
}

/* ------------------------------------------------------------------------------------------------------- roles */
static void send_for_ever(void)
{
    pen to[] = { { STREAM, find("stream"), 0, 0 }, { BULK, find("bulk"), 0, 0 }, { POST, find("post"), 0, 0 } };
    vipc_cap mine = VIPC_INIT, theirs = VIPC_INIT, gift = find("gift"), none = VIPC_INIT;
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_derive_desc less = VIPC_INIT;
    d.capacity = 4;
    less.rights = VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT;
    less.badge = me.p.run + 1u;
    MUST(&me.p, vipc_endpoint_create(&ipc, &d, &mine));
    MUST(&me.p, vipc_derive(&ipc, mine, &less, &theirs));
    while (b->stage == GOING) {
        uint64_t which = below(&me.seed, 8), what = below(&me.seed, 32);
        send_next(&to[which < 5 ? 0 : which < 7 ? 1 : 2], what == 0 ? CARRIES : GIFT, what == 0 ? theirs : what == 1 ? gift : none);
        vipc_message m;
        vipc_info info;
        vipc_error e = vipc_receive(&ipc, mine, &m, &info, VIPC_NOW);
        if (e == VIPC_ERR_CHANNEL_EMPTY || lock_taken(e)) continue;
        MUST(&me.p, e);
        DEMAND(&me.p, m.opcode == THANKS && info.badge == me.p.run + 1u && m.data[0] < b->limit);
        DEMAND(&me.p, stretches[m.data[0]].life == me.p.run && m.data[1] <= stretches[m.data[0]].sending);
    }
}
/* Waits at one endpoint, and looks at the other in between. */
static void receive_for_ever(int kind, int other)
{
    vipc_cap from = find_in(kind), also = find_in(other), give_back = find(place[other]);
    while (receive_next(from, kind, VIPC_FOREVER) > 0) {
        if (b->stage == DRAINING || receive_next(also, other, VIPC_NOW) >= 0) continue;
        vipc_outgoing end = VIPC_INIT;                      /* its word to leave was meant for the other */
        end.message.opcode = END;
        MUST(&me.p, vipc_send_large(&ipc, give_back, &end, VIPC_FOREVER));
    }
}
static void serve(vipc_cap at)
{
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    vipc_cap gift = find("gift"), none = VIPC_INIT;
    for (;;) {
        if (below(&me.seed, 4) == 0) {                      /* two steps instead of one */
            vipc_error e = info.reply.token ? vipc_reply(&ipc, info.reply, &m) : VIPC_OK;
            if (e != VIPC_ERR_CANCELLED) MUST(&me.p, e);
            info.reply.token = 0;
        }
        MUST(&me.p, vipc_reply_receive(&ipc, info.reply, &m, at, &m, &info, VIPC_FOREVER));
        if (m.opcode == QUIT) break;
        note(&m, info.redelivered, CALL);
        DEMAND(&me.p, intact(&m, NULL, 0, CALL) && info.reply.token);
        worked();
        if (m.opcode == GIFT) take_gift(&m);
        if (below(&me.seed, 32) == 0) nap();                /* and may die over it */
        m.data[3] = ~m.data[3];
        m.flags = m.opcode == GIVE ? VIPC_HAS_CAPABILITY : 0;
        m.capability = m.opcode == GIVE ? gift : none;
        if (m.opcode != REFUSE) continue;
        vipc_error e = vipc_reply_drop(&ipc, info.reply, VIPC_ERR_NOT_FOUND);
        if (e != VIPC_ERR_CANCELLED) MUST(&me.p, e);
        info.reply.token = 0;
    }
    MUST(&me.p, vipc_reply(&ipc, info.reply, &m));
}
static void serve_own(void)
{
    vipc_cap c = VIPC_INIT;
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = 4;
    MUST(&me.p, vipc_endpoint_create(&ipc, &d, &c));
    MUST(&me.p, vipc_publish(&ipc, "own", c, VIPC_RIGHT_SEND));
    serve(c);
}
/* What a client knows. */
typedef struct client { pen w; vipc_cap call, own, gift; uint32_t late; } client;
static client become_client(void)
{
    client c = { { CALL, { 0 }, 0, 0 }, find("call"), find("own"), find("gift"), 0 };
    return c;
}
static void call_next(client *c)
{
    vipc_message m, r = VIPC_INIT;
    stretch *st = next_number(&c->w);
    if (!st) { nap(); worked(); return; }
    compose(&m, NULL, CALL, c->w.s, c->w.n);
    switch (below(&me.seed, 64)) {
    case 0: m.opcode = REFUSE; break;
    case 1: m.opcode = GIVE; break;
    case 2: m.opcode = GIFT; m.flags = VIPC_HAS_CAPABILITY; m.capability = c->gift; break;
    default: break;
    }
    int to_own = below(&me.seed, 2) == 0;
    vipc_time deadline = below(&me.seed, 8) == 0 ? vipc_after(&ipc, below(&me.seed, 3000000)) : VIPC_FOREVER;
    st->sending = c->w.n;
    vipc_error e = vipc_call(&ipc, to_own ? c->own : c->call, &m, &r, deadline);
    if (e == VIPC_OK) {
        if (m.opcode == REFUSE || r.data[0] != c->w.s || r.data[1] != c->w.n || r.data[3] != ~m.data[3] || !(r.flags & VIPC_IS_REPLY))
            give_up(&me.p, "call %llu of stretch %u got the answer to %llu of %llu", (unsigned long long)c->w.n, c->w.s, (unsigned long long)r.data[1],
                    (unsigned long long)r.data[0]);
        DEMAND(&me.p, bit_get(c->w.s, c->w.n));
        if (m.opcode == GIVE) take_gift(&r);
        one_more(&me.t->answered);
    } else if (e == VIPC_ERR_NOT_FOUND && m.opcode == REFUSE) {
        DEMAND(&me.p, bit_get(c->w.s, c->w.n));
        one_more(&me.t->refused);
    } else if (e == VIPC_ERR_PEER_DEAD) {
        one_more(&me.t->dead);
    } else if (to_own && gone(e)) {
        one_more(&me.t->closed);
    } else if (e == VIPC_ERR_TIMEOUT && deadline != VIPC_FOREVER) {
        DEMAND(&me.p, vipc_time_now(&ipc) >= deadline);
        one_more(&me.t->late);
        c->late++;
    } else if (e != VIPC_ERR_RESOURCE_BUSY || c->late < 2) {
        MUST(&me.p, e);
    }
    st->sent = c->w.n;
    if (to_own && gone(e)) {
        e = vipc_close(&ipc, c->own);
        if (e != VIPC_ERR_INVALID_CAPABILITY) MUST(&me.p, e);
        c->own = find("own");
    }
    worked();
}
static void call_for_ever(void)
{
    client c = become_client();
    while (b->stage == GOING) call_next(&c);
}
/* Receives, and in turn sends and calls: it lives to see whom a death has left waiting. */
static void witness(void)
{
    pen to[] = { { STREAM, find("stream"), 0, 0 }, { BULK, find("bulk"), 0, 0 } };
    vipc_cap from = find_in(POST), gift = find("gift"), none = VIPC_INIT;
    client c = become_client();
    while (receive_next(from, POST, VIPC_FOREVER) > 0)
        if (b->stage == GOING) {
            send_next(&to[below(&me.seed, 2)], GIFT, below(&me.seed, 16) == 0 ? gift : none);
            if (below(&me.seed, 4) == 0) call_next(&c);
        }
}

static void live(int where)
{
    me.p.role = cast[where];
    me.p.seat = where;
    me.p.run = b->tallies[where].life;
    me.t = &b->tallies[where];
    me.seed = mix(me.p.run);
    prctl(PR_SET_PDEATHSIG, SIGKILL);                       /* nobody outlives the supervisor */
    signal(SIGINT, SIG_IGN);
    MUST(&me.p, vipc_posix_after_fork(&ipc, cast[where]));
    me.real = ipc.hooks;
    me.hooks = *me.real;
    me.hooks.enter = note_enter;
    me.hooks.leave = note_leave;
    me.hooks.block = note_block;
    me.hooks.relax = note_relax;
    me.hooks.log = count_log;
    ipc.hooks = &me.hooks;
    b->seats[where].owner = ipc.view + 1;
    b->seats[where].vpid = vipc_self(&ipc).id;
    worked();
    switch (where) {
    case 1: case 2: send_for_ever(); break;
    case 3: receive_for_ever(STREAM, BULK); break;
    case 4: receive_for_ever(BULK, STREAM); break;
    case 5: serve(find_in(CALL)); break;
    case 6: serve_own(); break;
    case 7: case 8: call_for_ever(); break;
    default: witness(); break;
    }
    ipc.hooks = me.real;
    MUST(&me.p, vipc_posix_close(&ipc));
}

/* --------------------------------------------------------------------------------------------------- supervisor */
static struct top {
    vipc_cap end[KINDS], gift;
    double began;
    uint64_t kills, killed[WORKERS + 1], in_hand[KINDS];    /* in_hand: receivers that died with the mark */
    uint64_t swept;                                         /* of the dead, by the supervisor */
    uint32_t lives, settled, before, before_that, rolls, violations;
    uint64_t missing[KINDS];                                /* so far, of the stretches that are settled */
    double longest;                                         /* roll call */
    int tty, wrong;
} top;
static volatile sig_atomic_t interrupted;
static void interrupt(int number) { (void)number; interrupted = 1; }

static const char *commas(uint64_t n)
{
    static char text[8][32];
    static int turn;
    char plain[24], *t = text[turn = (turn + 1) % 8], *to = t;
    int length = snprintf(plain, sizeof plain, "%llu", (unsigned long long)n);
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) *to++ = ',';
        *to++ = plain[i];
    }
    *to = 0;
    return t;
}
__attribute__((format(printf, 1, 2)))
static void wrong(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    printf("  WRONG: ");
    vprintf(format, ap);
    printf("\n");
    va_end(ap);
    top.wrong = 1;
}
/* It makes no sense to go on. */
__attribute__((noreturn))
static void collapse(void)
{
    vipc_dump(&ipc, print_line, NULL);
    for (int i = 1; i <= EVERYBODY; i++)
        if (b->seats[i].pid > 0) kill(b->seats[i].pid, SIGKILL);
    printf("NOT all was right.\n");
    fflush(stdout);
    _exit(1);
}
#define NEED(call) \
    do { vipc_error need_ = (call); if (need_ != VIPC_OK) { wrong("line %d: %s: %s", __LINE__, #call, vipc_error_string(need_)); collapse(); } } while (0)

static void start(int where)
{
    seat *s = &b->seats[where];
    tally *t = &b->tallies[where];
    s->vpid = 0;
    s->owner = 0;
    s->run = top.lives + 1;
    t->hand = 0;
    t->life = ++top.lives;
    for (int k = 0; k < KINDS; k++) t->current[k] = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        live(where);
        fflush(stdout);
        _exit(0);
    }
    if (pid < 0) { wrong("fork: %s", strerror(errno)); collapse(); }
    s->pid = pid;
    s->busy = 1;
}
/* Whoever ends before he is killed has found something wrong, or crashed. */
static void look_for_leavers(void)
{
    for (int i = 1; i <= EVERYBODY; i++) {
        siginfo_t info;
        memset(&info, 0, sizeof info);
        if (waitid(P_PID, (id_t)b->seats[i].pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) continue;
        int status = wait_for(&b->seats[i]);
        wrong("the %s at seat %d ended by itself, with %s %d", cast[i], i, status < 0 ? "signal" : "code", abs(status));
        collapse();
    }
}
static void kill_one(int where)
{
    int status = kill_and_wait(&b->seats[where]);
    if (status != -SIGKILL) {
        wrong("the %s at seat %d ended by itself, with %s %d", cast[where], where, status < 0 ? "signal" : "code", abs(status));
        collapse();
    }
    top.kills++;
    top.killed[where]++;
    top.in_hand[b->tallies[where].hand]++;
    start(where);
}

/* Messages of one stretch: sent, and of those not received. */
typedef struct sum { uint64_t sent, missing, cut, arrived, never; } sum;
static uint64_t received_of(uint32_t s, uint64_t from, uint64_t to)     /* of the numbers from..to-1 */
{
    uint64_t n = 0;
    while (from < to) {
        uint64_t word = bits[(uint64_t)s * (LENGTH / 64) + from / 64] >> (from % 64), here = 64 - from % 64;
        if (here > to - from) {
            here = to - from;
            word &= ((uint64_t)1 << here) - 1;
        }
        for (; word; word &= word - 1) n++;
        from += here;
    }
    return n;
}
static void add_up(uint32_t s, sum *to)
{
    uint64_t sent = stretches[s].sent, sending = stretches[s].sending;
    to->sent += sent;
    to->missing += sent - received_of(s, 1, sent + 1);
    to->cut += sending - sent;
    to->arrived += received_of(s, sent + 1, sending + 1);
    to->never += received_of(s, sending + 1, LENGTH);
}
/* For the figures while it runs: stretches that were given up before the last roll call but one.  All that was queued has been received since. */
static void settle(void)
{
    for (; top.settled < top.before_that; top.settled++) {
        stretch *st = &stretches[top.settled];
        tally *t = &b->tallies[st->seat];
        sum one = { 0 };
        if (st->kind == 0) continue;
        if (st->life == t->life && t->current[st->kind] == top.settled + 1) break;
        add_up(top.settled, &one);
        if (st->kind != CALL) top.missing[st->kind] += one.missing;
    }
}
static uint64_t beyond(const uint64_t missing[KINDS])
{
    uint64_t n = 0;
    for (int k = STREAM; k < CALL; k++) n += missing[k] > top.in_hand[k] ? missing[k] - top.in_hand[k] : 0;
    return n;
}
static uint64_t total(size_t offset)
{
    uint64_t n = 0;
    for (int i = 1; i <= EVERYBODY; i++) n += *(_Atomic uint64_t *)(void *)((unsigned char *)&b->tallies[i] + offset);
    return n;
}
#define TOTAL(field) total(offsetof(tally, field))

static void show(int last)
{
    static double shown;
    double now = seconds();
    unsigned living = 1;
    if (!last && now - shown < (top.tty ? 0.2 : 5)) return;
    if (shown == 0) {
        printf("  seconds     kills     messages        calls   lost  doubled  living\n");
        shown = now;
        if (!top.tty && !last) return;
    }
    shown = now;
    for (int i = 1; i <= EVERYBODY; i++) living += b->seats[i].pid > 0 && kill(b->seats[i].pid, 0) == 0;
    printf("%s%9.0f %9s %12s %12s %6s %8s %7u%s", top.tty ? "\r" : "", now - top.began, commas(top.kills), commas(TOTAL(received)), commas(TOTAL(answered)),
           commas(beyond(top.missing)), commas(b->doubled), living, top.tty && !last ? "" : "\n");
    fflush(stdout);
}

static void log_violation(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b_)
{
    (void)user;
    (void)level;
    if (id == VIPC_LOG_CHECK) printf("\n    check: kind %llu at %llu\n", (unsigned long long)a, (unsigned long long)b_);
}
static void check_domain(void)
{
    const vipc_hooks *real = ipc.hooks;
    vipc_hooks loud = *real;
    uint32_t violations = 0, swept = 0;
    NEED(vipc_sweep(&ipc, &swept));
    top.swept += swept;
    loud.log = log_violation;
    ipc.hooks = &loud;
    vipc_error e = vipc_check(&ipc, &violations);
    ipc.hooks = real;
    NEED(e);
    top.violations += violations;
    if (violations) { wrong("vipc_check counts %u violations", violations); collapse(); }
}
/* Nobody is killed until everybody has got two things done.  Who does not is found by the watchdog. */
static void roll_call(void)
{
    uint64_t from[EVERYBODY + 1];
    double t = seconds();
    for (int i = 1; i <= EVERYBODY; i++) from[i] = b->seats[i].progress;
    for (int i = 1; i <= EVERYBODY; i++)
        while (b->seats[i].progress < from[i] + 2) {
            look_for_leavers();
            show(0);
            nap();
        }
    t = seconds() - t;
    if (t > top.longest) top.longest = t;
    top.rolls++;
    check_domain();
    settle();
    top.before_that = top.before;
    top.before = b->stretches < b->limit ? b->stretches : b->limit;
}

/* How much there still is room for; what was not given back shows here. */
enum { PROCESSES, VIEWS, OBJECTS, CAPABILITIES, NAMES, ROOMS };
static const char *const room_name[ROOMS] = { "processes", "views", "objects", "capabilities", "names" };
static void rooms(uint32_t n[ROOMS])
{
    enum { MOST = 4096 };
    static vipc other[128];
    static vipc_cap cap[MOST];
    char name[32];
    vipc_cap door = VIPC_INIT;
    memset(n, 0, ROOMS * sizeof *n);
    while (n[PROCESSES] < 128 && vipc_process_create(&ipc, NULL, &other[n[PROCESSES]], &cap[n[PROCESSES]]) == VIPC_OK) n[PROCESSES]++;
    for (uint32_t i = 0; i < n[PROCESSES]; i++) NEED(vipc_process_destroy(&ipc, cap[i], NULL));
    while (n[VIEWS] < 128 && vipc_posix_thread(&ipc, &other[n[VIEWS]]) == VIPC_OK) n[VIEWS]++;
    for (uint32_t i = 0; i < n[VIEWS]; i++) NEED(vipc_leave(&other[i]));
    while (n[OBJECTS] < MOST && vipc_endpoint_create(&ipc, NULL, &cap[n[OBJECTS]]) == VIPC_OK) n[OBJECTS]++;
    for (uint32_t i = 0; i < n[OBJECTS]; i++) NEED(vipc_destroy(&ipc, cap[i], VIPC_NOW));
    NEED(vipc_endpoint_create(&ipc, NULL, &door));
    while (n[CAPABILITIES] < MOST && vipc_derive(&ipc, door, NULL, &cap[n[CAPABILITIES]]) == VIPC_OK) n[CAPABILITIES]++;
    NEED(vipc_revoke(&ipc, door, VIPC_FOREVER));
    for (;; n[NAMES]++) {
        snprintf(name, sizeof name, "room%u", n[NAMES]);
        if (n[NAMES] == MOST || vipc_publish(&ipc, name, door, 0) != VIPC_OK) break;
    }
    for (uint32_t i = 0; i < n[NAMES]; i++) {
        snprintf(name, sizeof name, "room%u", i);
        NEED(vipc_unpublish(&ipc, name));
    }
    NEED(vipc_destroy(&ipc, door, VIPC_NOW));
}

static void offer(int kind, uint32_t capacity)
{
    char in[16];
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = capacity;
    d.payload_max = payload_most[kind];
    d.label = place[kind];
    snprintf(in, sizeof in, "%s.in", place[kind]);
    NEED(vipc_endpoint_create(&ipc, &d, &top.end[kind]));
    NEED(vipc_publish(&ipc, place[kind], top.end[kind], VIPC_RIGHT_SEND));
    NEED(vipc_publish(&ipc, in, top.end[kind], VIPC_RIGHT_RECEIVE));
}
static void begin(double length)
{
    vipc_posix_desc d = VIPC_INIT;
    vipc_endpoint_desc of_gift = VIPC_INIT;
    d.config.max_processes = 24;                            /* so few that the dead must make room */
    d.config.max_threads = 32;
    d.config.max_objects = 64;
    d.config.max_capabilities = 1024;
    d.config.max_names = 24;
    d.frames_bytes = 2u << 20;
    d.label = "supervisor";
    uint64_t most = sizeof(void *) > 4 ? 500000 : 50000, wanted = 4000 + (uint64_t)length * 1000, limit = wanted < most ? wanted : most;
    size_t bytes = sizeof(board) + (size_t)limit * (sizeof(stretch) + LENGTH / 8);
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    latest = calloc((size_t)limit, sizeof *latest);
    if (at == MAP_FAILED || !latest) { perror("the ledger"); exit(1); }
    b = at;
    stretches = (stretch *)(void *)(b + 1);
    bits = (_Atomic uint64_t *)(void *)(stretches + limit);
    b->limit = (uint32_t)limit;
    int fd;
    vipc_error e = vipc_posix_create_fd(&ipc, &d, &fd);
    if (e != VIPC_OK) { printf("  the domain: %s\n", vipc_error_string(e)); exit(1); }
    close(fd);
    offer(STREAM, 16);
    offer(BULK, 6);
    offer(POST, 8);
    offer(CALL, 4);
    of_gift.label = "gift";
    NEED(vipc_endpoint_create(&ipc, &of_gift, &top.gift));
    NEED(vipc_publish(&ipc, "gift", top.gift, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_handler = interrupt;
    a.sa_flags = SA_RESTART;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

/* On a slow machine a plant takes its time to stand out from what is forgiven. */
static int too_early(void) { return b->plant && TOTAL(planted) / PLANT_EVERY < top.in_hand[STREAM] + top.in_hand[BULK] + 20; }
static void kill_away(double length, uint64_t *seed)
{
    double next = seconds();
    top.began = next;
    for (int i = EVERYBODY; i >= 1; i--) start(i);
    while ((seconds() - top.began < length || too_early()) && !interrupted && !b->full) {
        double pause = next - seconds();
        if (pause > 0) {
            struct timespec t = { 0, (long)(pause * 1e9) };
            nanosleep(&t, NULL);
        }
        next = next < seconds() - 0.1 ? seconds() : next + KILL_EVERY_US / 1e6;        /* what was missed by far is not made up for */
        look_for_leavers();
        kill_one(1 + (int)below(seed, WORKERS));
        if (top.kills % ROLL_CALL_EVERY == 0) {
            roll_call();
            next = seconds();
        }
        show(0);
        b->seats[0].progress++;
    }
    roll_call();
}

static void wait_for_end(int where)
{
    int status = wait_for(&b->seats[where]);
    b->seats[where].vpid = 0;
    if (status == 0) return;
    wrong("the %s at seat %d did not end well: %d", cast[where], where, status);
    collapse();
}
static void tell_to_leave(int kind)
{
    vipc_outgoing o = VIPC_INIT;
    o.message.opcode = END;
    NEED(vipc_send_large(&ipc, top.end[kind], &o, VIPC_FOREVER));
}
static void ask_to_leave(const char *name)
{
    vipc_cap c = VIPC_INIT;
    vipc_message m = VIPC_INIT;
    m.opcode = QUIT;
    NEED(vipc_lookup(&ipc, name, 0, &c, VIPC_FOREVER));
    NEED(vipc_call(&ipc, c, &m, &m, VIPC_FOREVER));
    vipc_error e = vipc_close(&ipc, c);
    if (e != VIPC_ERR_INVALID_CAPABILITY) NEED(e);          /* its owner may have left by now */
}
/* Everybody leaves, senders first, so that nothing stays behind; what was redelivered late is received here. */
static void end_all(void)
{
    b->stage = ENDING;
    for (int i = 1; i <= WORKERS; i++)
        if (i < 3 || i > 6) wait_for_end(i);
    tell_to_leave(POST);
    wait_for_end(WITNESS);
    b->stage = DRAINING;
    tell_to_leave(STREAM);
    tell_to_leave(BULK);
    wait_for_end(3);
    wait_for_end(4);
    ask_to_leave("call");
    ask_to_leave("own");
    wait_for_end(5);
    wait_for_end(6);
    me.t = &b->tallies[0];
    me.p.role = "supervisor";
    check_domain();
    for (int k = STREAM; k < CALL; k++)
        while (receive_next(top.end[k], k, VIPC_NOW) > 0) { }
    vipc_message m;
    while (vipc_receive(&ipc, top.gift, &m, NULL, VIPC_NOW) == VIPC_OK) { }
}

__attribute__((format(printf, 3, 4)))
static void row(const char *what, const char *number, const char *format, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    printf("  %-10s %13s  %s\n", what, number, text);
}

int main(int argc, char **argv)
{
    double length = 60;
    uint32_t plant = PLANT_NOTHING, before[ROOMS], after[ROOMS];
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (strcmp(argv[i], "--plant") == 0 && i + 1 < argc) {
            const char *what = argv[++i];
            plant = !strcmp(what, "lose") ? PLANT_LOSE : !strcmp(what, "double") ? PLANT_DOUBLE : !strcmp(what, "hang") ? PLANT_HANG : 99;
        } else length = strtod(argv[i], &end);
        if ((end && *end) || !(length >= 0.1 && length <= 86400) || plant == 99) {
            fprintf(stderr, "usage: %s [SECONDS] [--plant lose | double | hang]\n", argv[0]);
            return 2;
        }
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    top.tty = isatty(1);
    printf("Eight processes talk through one domain; every 5 ms one of them is killed with -9 and started again.\n");
    printf("A ninth, the witness, is left alone, and so is this one, the supervisor.\n");
    uint64_t seed = seed_from_environment();
    begin(length);
    b->plant = plant;
    vipc_stats idle, now;
    rooms(before);
    NEED(vipc_trim(&ipc, NULL));
    NEED(vipc_stats_get(&ipc, &idle));
    watch_begin(b->seats, &ipc, "chaos");

    kill_away(length, &seed);
    double lasted = seconds() - top.began;
    show(1);
    end_all();

    check_domain();
    NEED(vipc_trim(&ipc, NULL));
    NEED(vipc_stats_get(&ipc, &now));
    rooms(after);
    watch_end();

    sum kinds[KINDS] = { { 0 } }, all = { 0 };
    uint64_t missing[KINDS] = { 0 };
    for (uint32_t s = 0; s < b->stretches && s < b->limit; s++) add_up(s, &kinds[stretches[s].kind]);
    for (int k = STREAM; k < CALL; k++) {
        missing[k] = kinds[k].missing;
        all.sent += kinds[k].sent;
        all.missing += kinds[k].missing;
        all.cut += kinds[k].cut;
        all.arrived += kinds[k].arrived;
        all.never += kinds[k].never;
    }
    uint64_t lost = beyond(missing), in_hand = top.in_hand[STREAM] + top.in_hand[BULK];
    printf("\n");
    row("killed", commas(top.kills), "processes in %.0f s: %s senders, %s receivers, %s servers, %s clients", lasted, commas(top.killed[1] + top.killed[2]),
         commas(top.killed[3] + top.killed[4]), commas(top.killed[5] + top.killed[6]), commas(top.killed[7] + top.killed[8]));
    row("messages", commas(all.sent), "acknowledged; %s were received exactly once", commas(all.sent - all.missing));
    row("", commas(all.missing), "went with the receiver that had taken them (%s died with perhaps one in hand)", commas(in_hand));
    row("", commas(all.cut), "more sends were cut off by a kill: %s came once, %s never", commas(all.arrived), commas(all.cut - all.arrived));
    row("", commas(TOTAL(again)), "were received by another than the one that died over them; %s carried a capability", commas(TOTAL(carried)));
    row("lost", commas(lost), "messages beyond those");
    row("doubled", commas(b->doubled), "messages or requests");
    row("calls", commas(TOTAL(answered)), "answered, each by its own answer");
    row("", commas(TOTAL(dead) + TOTAL(closed)), "were told of a server's death, %s passed their deadline, %s were refused as asked", commas(TOTAL(late)),
        commas(TOTAL(refused)));
    row("cleaned up", commas(now.reaped - idle.reaped), "of the dead, %s by the members as they went on; at least %s had died with the lock in hand",
        commas(now.reaped - idle.reaped - top.swept), commas(TOTAL(locks)));
    row("roll calls", commas(top.rolls), "everybody went on within %.0f ms, each time; vipc_check found %u violations", top.longest * 1e3 + 0.5,
        top.violations);
    for (int k = STREAM; k < CALL; k++)
        if (missing[k] > top.in_hand[k])
            wrong("%s: of %s messages %s are missing, and %s receivers died with perhaps one in hand", place[k], commas(kinds[k].sent), commas(missing[k]),
                  commas(top.in_hand[k]));
    if (b->doubled) wrong("%s messages were received twice", commas(b->doubled));
    if (b->disorder) wrong("%s messages came out of order", commas(b->disorder));
    if (all.never || kinds[CALL].never) wrong("%s messages came that were never sent", commas(all.never + kinds[CALL].never));
    if (all.sent == 0 || TOTAL(answered) == 0) wrong("nothing was done");
    int wrong_before = top.wrong;
    top.wrong = 0;
    uint64_t objects = now.objects_created - now.objects_destroyed - (idle.objects_created - idle.objects_destroyed);
    for (int r = 0; r < ROOMS; r++)
        if (after[r] != before[r]) wrong("room for %u %s before, for %u afterwards", before[r], room_name[r], after[r]);
    if (now.frames_in_use != idle.frames_in_use) wrong("%s frames in use before, %s afterwards", commas(idle.frames_in_use), commas(now.frames_in_use));
    if (objects) wrong("%lld objects more than before", (long long)objects);
    if (top.wrong) vipc_dump(&ipc, print_line, NULL);
    else row("left over", "0", "frames, objects, capabilities, names, views, processes");
    top.wrong |= wrong_before;
    if (b->full) printf("  The ledger was full after %.0f s.\n", lasted);
    printf("\n");
    NEED(vipc_posix_close(&ipc));
    if (top.wrong) {
        printf("NOT all was right after %s kills: see WRONG above.\n", commas(top.kills));
        return 1;
    }
    printf("After %s kills nothing was lost or doubled but what the killed had in hand, nobody hung, nothing leaked.\n", commas(top.kills));
    return 0;
}
