/* t_signal.c - a signal handler at every single instruction of a call
 *
 * A thread is in the middle of a call.  A signal comes, and its handler, by a view of its own, makes a call of the same kind with VIPC_NOW at the same
 * endpoint.  The handler is entered after each instruction in turn (the CPU's trap flag: the trap is the signal), the call goes on afterwards, and
 * then everything is counted: what was sent is received exactly once, in order, by somebody; both have said what they may say; nobody ran
 * round in circles; vipc_check and the statistics agree.  After each trial all is put back as it was at the
 * signal, registers and stack too, and the next instruction follows.  Handlers that cancel the interrupted view, and calls that sleep and must be woken by the
 * handler, too.  All members live in this one process, in plain memory: a peer P in another identity fills and drains the queue.
 */
#define _GNU_SOURCE
#define VIPC_UNSTABLE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#include "test.h"
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
TEST(every_instruction) { SKIP("the trap flag of x86-64 is what interrupts here"); }
RUN_TESTS(T(every_instruction))
#else

/* ------------------------------------------------------------------------------------------------------- the world */
enum { CAPACITY = 4, MANY = 3, FRAMES = 8, FRAME = 1024, RING = 32 };
enum { M, H, P, PEOPLE };              /* the interrupted, the handler, the peer: fills, drains, calls */
enum { PLAIN, CHANNEL, DROPPING, KINDS };
enum { EMPTY = 0, ONE = 1, FULL = CAPACITY, COLD = 100 };
enum { SEND, RECEIVE, SEND_MANY, RECEIVE_MANY, SIGNAL, BITS, SEND_CAP, TAKE_DONE, REPLY, REPLY_SAME, CHURN, CANCEL, SEND_SLEEP, RECEIVE_SLEEP, BITS_SLEEP, OPS };
static const char *const op_names[] = { "send", "receive", "send_many", "receive_many", "signal", "notification_wait", "send with a capability", "take, done",
    "reply", "reply to the same", "two rounds of send and receive", "cancel", "send, may sleep", "receive, may sleep", "notification_wait, may sleep" };
static const char *const kind_names[] = { "endpoint", "channel", "dropping endpoint" };

static _Alignas(64) unsigned char domain[12 << 10], frames[FRAMES][FRAME];
static unsigned char frame_used[FRAMES];
static vipc view[PEOPLE], caller[2];
static vipc_cap to, from, note, side, p_to, p_from, p_note;
static vipc_reply_right right[2];
static vipc_hooks hooks;

typedef struct trial { int op, by, kind, fill, cpus; } trial;
static trial now_trying;
static struct one {                    /* what each of them has done in this trial */
    vipc_error said;
    uint32_t sent, seq, count, got[RING];
    uint64_t bits;
} one[PEOPLE];
static int fulls, frees;               /* in the queue, as the handler found it */
static uint64_t signalled;

/* -------------------------------------------------------------------------------------------------------- stepping */
static volatile sig_atomic_t stepping, handler_ran, in_handler, counting, in_trial;
static volatile long at, target, inner;
static long storm, handled, failed_trials, every = 1;   /* every: at each instruction, each second ... */
static struct tally { long interruptions, longest; } tally;

/* What a trial may change, and where it began.  The interrupted call runs on a stack of its own, handlers on another. */
enum { STACK = 64 << 10, PIECES = 16 };
static _Alignas(64) unsigned char op_stack[STACK], handler_stack[4 * STACK], saved_stack[STACK], saved_fp[STACK];
static struct piece { void *at; size_t size; } pieces[PIECES];
static _Alignas(64) unsigned char saved[(12 << 10) + FRAMES * FRAME + (16 << 10)];
static gregset_t saved_registers;
static size_t fp_size, saved_from;     /* op_stack is saved from there on */
static ucontext_t top, op_context;

static void keep_pieces(int back)
{
    size_t n = 0;
    for (int i = 0; i < PIECES && pieces[i].at; n += pieces[i++].size) {
        if (n + pieces[i].size > sizeof saved) abort();
        if (back) memcpy(pieces[i].at, saved + n, pieces[i].size);
        else memcpy(saved + n, pieces[i].at, pieces[i].size);
    }
}
static void keep(const ucontext_t *u)
{
    const uint32_t *sw = (const uint32_t *)(const void *)((const char *)u->uc_mcontext.fpregs + 464);      /* the kernel's note of what it has saved */
    fp_size = sw[0] == 0x46505853u ? sw[1] : 512;
    if (fp_size > sizeof saved_fp) abort();
    memcpy(saved_fp, u->uc_mcontext.fpregs, fp_size);
    memcpy(saved_registers, u->uc_mcontext.gregs, sizeof saved_registers);
    saved_from = (size_t)(u->uc_mcontext.gregs[REG_RSP] - 128 - (greg_t)(uintptr_t)op_stack);
    if (saved_from >= STACK) abort();
    memcpy(saved_stack + saved_from, op_stack + saved_from, STACK - saved_from);
    keep_pieces(0);
}
/* Signal SIGUSR1: back to where the trial began. */
static void go_back(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)number;
    (void)info;
    keep_pieces(1);
    memcpy(op_stack + saved_from, saved_stack + saved_from, STACK - saved_from);
    memcpy(u->uc_mcontext.gregs, saved_registers, sizeof saved_registers);
    memcpy(u->uc_mcontext.fpregs, saved_fp, fp_size);
}

static void trap_on(void)              /* past the red zone */
{
    __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; lea 128(%%rsp), %%rsp" ::: "memory", "cc");
}
static void act(int who, int op);
static void show(void)
{
    printf("    %s, interrupted after instruction %ld by %s, at a%s %s with %d messages\n", op_names[now_trying.op], target, op_names[now_trying.by],
           now_trying.kind == PLAIN ? "n" : "", kind_names[now_trying.kind], now_trying.fill);
}
static void look_at_slots(void);
static void handler(void)
{
    in_handler = 1;
    handler_ran = 1;
    look_at_slots();
    inner = 0;
    counting = tally.interruptions % (now_trying.cpus == 1 ? 61 : 397) == 0;
    tally.interruptions++;
    if (counting) trap_on();
    act(H, now_trying.by);
    counting = 0;
    in_handler = 0;
}
enum { INNER_MAX = 60000, STORM_MAX = 12 };    /* instructions of a handler: some hundreds, and 800 looks at the lock where somebody holds it */
static void trapped(int number, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];
    (void)number;
    (void)info;
    if (in_handler) {
        if (!counting) *flags &= ~(greg_t)0x100;
        else if (++inner > INNER_MAX) {
            show();
            printf("    the handler goes round in circles\n");
            fflush(stdout);
            _exit(1);
        }
        if (inner > tally.longest) tally.longest = inner;
        return;
    }
    long n = at++;
    if (stepping && !in_trial && target != -1 && n % every == 0) {       /* one more instruction is over: what if the signal came now? */
        keep(context);
        in_trial = 1;
        target = n;
        handler();
        handled = 1;
        if (!storm) stepping = 0;
    } else if (stepping && in_trial && storm && (n - target) % storm == 0 && handled++ < STORM_MAX) {
        handler();
    }
    if (!stepping) *flags &= ~(greg_t)0x100;
}
static void hangs(int number)
{
    (void)number;
    show();
    printf("    HANGS: the interrupted call, or the handler, does not come to an end\n");
    fflush(stdout);
    _exit(1);
}

/* ----------------------------------------------------------------------------------------------------------- hooks */
static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    for (uint64_t i = 0, run = 0; i < FRAMES; i++) {
        run = frame_used[i] ? 0 : run + 1;
        if (run < count) continue;
        *first = i + 1 - count;
        for (uint64_t k = 0; k < count; k++) frame_used[*first + k] = 1;
        return VIPC_OK;
    }
    return VIPC_ERR_OUT_OF_MEMORY;
}
static void frame_free(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    for (; count-- > 0 && first < FRAMES; first++) frame_used[first] = 0;
}
static void *frame_pointer(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    return first < FRAMES && count <= FRAMES - first ? frames[first] : NULL;
}
static void wake(void *user, uint64_t target_thread, uint32_t *word) { (void)user; (void)target_thread; (void)word; }
static void trial_inside(int callers);
static int due(void);
static void peer_helps(void);
static vipc_error block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user;
    (void)deadline;
    if (self >= 10) {                  /* a caller sleeps: the trial takes place meanwhile */
        if (*word != expected) return VIPC_OK;
        trial_inside((int)self - 10 + 1);
        CHECK(*word != expected);
        return VIPC_OK;
    }
    CHECK_EQ(self, 1 + M);             /* who says VIPC_NOW never sleeps */
    if (*(volatile uint32_t *)word == expected && !handler_ran) {        /* compare and sleep are one step: the signal comes in the sleep */
        stepping = 0;
        target = at;
        handler();
    }
    stepping = 0;
    if (*(volatile uint32_t *)word == expected && CHECK(!due())) peer_helps();
    if (!CHECK(*(volatile uint32_t *)word != expected)) {    /* lost wake-up */
        show();
        fflush(stdout);
        _exit(1);
    }
    return VIPC_OK;
}

/* ------------------------------------------------------------------------------------------------------- what is done */
static vipc_message message(int who, uint32_t seq)
{
    vipc_message m = VIPC_INIT;
    m.opcode = (uint32_t)(who + 1) << 8 | seq;
    m.data[0] = m.opcode;
    m.data[3] = ~(uint64_t)m.opcode;
    return m;
}
static void note_got(int who, const vipc_message *m)
{
    CHECK(m->data[0] == m->opcode && m->data[3] == ~(uint64_t)m->opcode);
    if (CHECK(one[who].count < RING)) one[who].got[one[who].count++] = m->opcode;
}
static void note_sent(int who, uint32_t n) { one[who].sent += n; }
static void act(int who, int op)
{
    vipc *v = &view[who];
    struct one *o = &one[who];
    vipc_time when = op >= SEND_SLEEP ? VIPC_FOREVER : VIPC_NOW;
    vipc_message m[MANY];
    vipc_info i[MANY];
    vipc_error e = VIPC_OK;
    uint64_t bits = 0;
    uint32_t n = 0;
    switch (op) {
    case SEND:
    case SEND_SLEEP:
    case SEND_CAP:
        m[0] = message(who, o->seq);
        if (op == SEND_CAP) { m[0].flags = VIPC_HAS_CAPABILITY; m[0].capability = side; }
        e = vipc_send(v, to, m, when);
        if (e == VIPC_OK) { o->seq++; note_sent(who, 1); }
        break;
    case SEND_MANY:
        for (uint32_t k = 0; k < MANY; k++) m[k] = message(who, o->seq + k);
        e = vipc_send_many(v, to, m, MANY, &n, when);
        o->seq += n;
        note_sent(who, n);
        break;
    case RECEIVE:
    case RECEIVE_SLEEP:
        e = vipc_receive(v, from, m, i, when);
        if (e == VIPC_OK) note_got(who, m);
        break;
    case RECEIVE_MANY:
        e = vipc_receive_many(v, from, m, i, MANY, &n, when);
        for (uint32_t k = 0; k < n; k++) note_got(who, &m[k]);
        break;
    case TAKE_DONE: {
        vipc_incoming in = VIPC_INIT;
        vipc_hand hand;
        e = vipc_take(v, from, &in, &hand, when);
        if (e != VIPC_OK) break;
        e = vipc_done(v, hand, true);
        if (e == VIPC_OK) note_got(who, &in.message);
        break;
    }
    case SIGNAL:
        bits = who == M ? 0x5 : 0x9;
        e = vipc_signal(v, note, bits);
        if (e == VIPC_OK) signalled |= bits;
        break;
    case BITS:
    case BITS_SLEEP:
        e = vipc_notification_wait(v, note, 0xff, &bits, when);
        if (e == VIPC_OK) o->bits |= bits;
        break;
    case REPLY:
    case REPLY_SAME:
        m[0] = message(who, 0);
        e = vipc_reply(v, right[op == REPLY && who == H], m);
        break;
    case CHURN:                        /* the ring goes round past what the interrupted has in hand */
        for (int k = 0; k < 2 * CAPACITY; k++) {
            act(who, SEND);
            if (o->said != VIPC_OK && o->said != VIPC_ERR_CHANNEL_FULL) CHECK_OK(o->said);
            act(who, RECEIVE);
            if (o->said != VIPC_OK && o->said != VIPC_ERR_CHANNEL_EMPTY) CHECK_OK(o->said);
        }
        break;
    case CANCEL:
        e = vipc_cancel(&view[M]);
        break;
    default:
        break;
    }
    o->said = e;
}
/* M sleeps, and the handler has been: whatever ends its sleep by contract. */
static void peer_helps(void)
{
    vipc_message m = message(P, one[P].seq);
    if (now_trying.op == SEND_SLEEP) {
        CHECK_OK(vipc_receive(&view[P], p_from, &m, NULL, VIPC_NOW));
        note_got(P, &m);
    } else if (now_trying.op == RECEIVE_SLEEP) {
        CHECK_OK(vipc_send(&view[P], p_to, &m, VIPC_NOW));
        one[P].seq++;
        note_sent(P, 1);
    } else {
        CHECK_OK(vipc_signal(&view[P], p_note, 0x20));
        signalled |= 0x20;
    }
}
static vipci_object *queue_object(void);
/* What M is about to sleep for is there, or has been told to end: it must not sleep. */
static int due(void)
{
    look_at_slots();
    if (now_trying.by == CANCEL) return 1;
    if (now_trying.op == SEND_SLEEP) return frees > 0;
    if (now_trying.op == RECEIVE_SLEEP) return fulls > 0;
    return (signalled & 0xff & ~one[M].bits & ~one[H].bits) != 0;
}
static vipci_object *queue_object(void)
{
    vipci_object *o = vipci_object_at(&view[M], vipci_entry_at(&view[M], (uint32_t)(from.token & 0xffffff) - 1)->object);
    return o;
}
static void look_at_slots(void)
{
    vipci_object *o = queue_object();
    fulls = frees = 0;
    if (!o->queue) return;
    const unsigned char *p = frames[(o->queue >> 1) - 1];
    for (int k = 0; k < CAPACITY; k++) {
        uint64_t w = ((const vipci_slot *)(const void *)(p + 64 * k))->state;
        fulls += vipci_is_full(w);
        frees += VIPCI_PHASE(w) == VIPCI_FREE;
    }
}

/* ----------------------------------------------------------------------------------------------------------- verdicts */
static int sends(int op) { return op == SEND || op == SEND_MANY || op == SEND_SLEEP || op == SEND_CAP; }
static int receives(int op) { return op == RECEIVE || op == RECEIVE_MANY || op == RECEIVE_SLEEP || op == TAKE_DONE; }

/* By the header's words.  The handler may be told "full" or "empty" early only because of what the interrupted call has in hand. */
static int handler_may_say(vipc_error e)
{
    int by = now_trying.by, cold = now_trying.fill == COLD;
    if (e == VIPC_OK) return 1;
    if (by == CHURN) return 1;         /* act has looked */
    if (e == VIPC_ERR_CHANNEL_EMPTY) return receives(by) && fulls == 0;
    if (e == VIPC_ERR_CHANNEL_FULL) return sends(by) && frees == 0 && (now_trying.kind != DROPPING || fulls == 0);
    if (e == VIPC_ERR_RESOURCE_BUSY) return (sends(by) && cold) || now_trying.op == SEND_CAP || (by == SEND_CAP && cold);
    if (e == VIPC_ERR_WOULD_BLOCK) return by == BITS;
    if (e == VIPC_ERR_CANCELLED) return by == REPLY_SAME;
    return 0;
}
static int interrupted_may_say(vipc_error e)
{
    int op = now_trying.op, fill = now_trying.fill == COLD ? 0 : now_trying.fill, cancels = now_trying.by == CANCEL && op >= SEND_SLEEP;
    if (e == VIPC_OK) return 1;
    if (e == VIPC_ERR_CANCELLED) return cancels || op == REPLY_SAME;
    if (e == VIPC_ERR_CHANNEL_EMPTY) return (op == RECEIVE || op == RECEIVE_MANY || op == TAKE_DONE) && fill - (int)one[H].count <= 0;
    if (e == VIPC_ERR_CHANNEL_FULL) return (op == SEND || op == SEND_MANY || op == SEND_CAP) && now_trying.kind != DROPPING && fill + (int)one[H].sent >= CAPACITY;
    if (e == VIPC_ERR_WOULD_BLOCK) return op == BITS;
    return 0;
}
/* Per sender: each once, nothing that was not sent, ascending at each receiver, what P drains behind all that M and H have. */
static void check_messages(uint32_t dropped)
{
    uint32_t all = 0, sent = one[M].sent + one[H].sent + one[P].sent;
    for (int who = 0; who < PEOPLE; who++) {
        uint32_t seen = 0, highest = 0, any = 0;
        for (int r = 0; r < PEOPLE; r++) {
            uint32_t last = 0, first = 1;
            for (uint32_t k = 0; k < one[r].count; k++) {
                uint32_t seq = one[r].got[k] & 0xff;
                if (one[r].got[k] >> 8 != (uint32_t)who + 1) continue;
                CHECK(seq < one[who].sent);
                CHECK(!(seen & 1u << seq));              /* doubled */
                CHECK(first || seq > last);              /* out of order */
                if (r == P && any && now_trying.op != SEND_SLEEP) CHECK(seq > highest);
                if (r != P) { highest = any && highest > seq ? highest : seq; any = 1; }
                seen |= 1u << seq;
                last = seq;
                first = 0;
                all++;
            }
        }
    }
    CHECK_EQ(all + dropped, sent);                       /* lost */
}
static void drain(void)
{
    vipc_message m;
    vipc_error e;
    while ((e = vipc_receive(&view[P], p_from, &m, NULL, VIPC_NOW)) == VIPC_OK) note_got(P, &m);
    CHECK_EQ(e, VIPC_ERR_CHANNEL_EMPTY);
}
static void check_bits(void)
{
    uint64_t bits = 0;
    (void)vipc_notification_wait(&view[P], p_note, ~(uint64_t)0, &bits, VIPC_NOW);
    CHECK_EQ(one[M].bits | one[H].bits | bits, signalled);
    if (now_trying.op == BITS && now_trying.by == BITS) CHECK_EQ(one[M].bits & one[H].bits, 0);       /* each signal is seen by one */
}
static void check_trial(void)
{
    vipc_endpoint_info info;
    vipc_stats s;
    uint32_t violations = 9;
    vipc_message m;
    if (!CHECK(interrupted_may_say(one[M].said))) printf("    the interrupted call says: %s\n", vipc_error_string(one[M].said));
    if (handler_ran && !storm && !CHECK(handler_may_say(one[H].said))) printf("    the handler's says: %s; it found %d full, %d free\n", vipc_error_string(one[H].said), fulls, frees);
    if (now_trying.op == REPLY_SAME && now_trying.by == REPLY_SAME && handler_ran && !storm) CHECK((one[M].said == VIPC_OK) + (one[H].said == VIPC_OK) == 1);
    CHECK_OK(vipc_check(&view[P], &violations));
    CHECK_EQ(violations, 0);
    drain();
    CHECK_OK(vipc_endpoint_get(&view[M], from, &info));
    check_messages((uint32_t)info.dropped);
    CHECK_OK(vipc_stats_get(&view[P], &s));
    uint64_t others = (now_trying.fill == COLD ? 0u : 2u) + (now_trying.op == REPLY || now_trying.op == REPLY_SAME ? 2u : 0u);       /* make_world's, and requests */
    CHECK_EQ(s.sent, one[M].sent + one[H].sent + one[P].sent + others);
    CHECK_EQ(s.received, one[M].count + one[H].count + one[P].count + others);
    CHECK_EQ(s.dropped, info.dropped);
    check_bits();
    if (now_trying.by == CANCEL && handler_ran && one[M].said != VIPC_ERR_CANCELLED)      /* not this wait: then its next */
        CHECK_EQ(vipc_receive(&view[M], from, &m, NULL, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    for (m.opcode = 0; m.opcode < CAPACITY; m.opcode++) {    /* all slots are there */
        m.flags = 0;
        CHECK_OK(vipc_send(&view[P], p_to, &m, VIPC_NOW));
    }
    if (now_trying.kind != DROPPING) CHECK_EQ(vipc_send(&view[P], p_to, &m, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
    CHECK_OK(vipc_check(&view[P], &violations));
    CHECK_EQ(violations, 0);
}

/* ------------------------------------------------------------------------------------------------------------- a trial */
static void make_world(void)
{
    vipc_config c = VIPC_INIT;
    vipc_process_desc d = VIPC_INIT;
    vipc_endpoint_desc e = VIPC_INIT;
    vipc_channel_desc ch = VIPC_INIT;
    vipc_message m;
    memset(domain, 0, sizeof domain);
    memset(frame_used, 0, sizeof frame_used);
    memset(one, 0, sizeof one);
    memset(&hooks, 0, sizeof hooks);
    signalled = 0;
    hooks.size = sizeof hooks;
    hooks.frame_alloc = frame_alloc;
    hooks.frame_free = frame_free;
    hooks.frame_pointer = frame_pointer;
    hooks.block = block;
    hooks.wake = wake;
    hooks.cpus = (uint32_t)now_trying.cpus;
    c.max_processes = 4;
    c.max_threads = 6;
    c.max_objects = 6;
    c.max_capabilities = 24;
    c.max_names = 1;
    c.page_shift = 10;
    d.native_thread = 1 + M;
    REQUIRE_OK(vipc_init(&view[M], domain, sizeof domain, &c, &d, &hooks));
    REQUIRE_OK(vipc_thread_enter(&view[M], 1 + H, &view[H]));
    d.native_thread = 1 + P;
    REQUIRE_OK(vipc_process_create(&view[M], &d, &view[P], NULL));
    e.capacity = ch.capacity = CAPACITY;
    e.full = ch.full = now_trying.kind == DROPPING ? VIPC_FULL_DROP_OLDEST : VIPC_FULL_BLOCK;
    REQUIRE_OK(vipc_endpoint_create(&view[M], NULL, &side));
    if (now_trying.kind == CHANNEL) {
        REQUIRE_OK(vipc_channel_create(&view[M], &ch, &to, &from));
    } else {
        REQUIRE_OK(vipc_endpoint_create(&view[M], &e, &to));
        from = to;
    }
    REQUIRE_OK(vipc_notification_create(&view[M], NULL, &note));
    REQUIRE_OK(vipc_grant(&view[M], to, vipc_self(&view[P]), NULL, &p_to));
    REQUIRE_OK(vipc_grant(&view[M], from, vipc_self(&view[P]), NULL, &p_from));
    REQUIRE_OK(vipc_grant(&view[M], note, vipc_self(&view[P]), NULL, &p_note));
    if (now_trying.fill == COLD) return;
    for (int k = 0; k < 2; k++) {      /* so that positions are not at the ring's start, and both have seen the queue */
        m = message(P, 0);
        REQUIRE_OK(vipc_send(&view[P], p_to, &m, VIPC_NOW));
        REQUIRE_OK(vipc_receive(&view[k], from, &m, NULL, VIPC_NOW));
    }
    for (int k = 0; k < now_trying.fill; k++) {
        m = message(P, one[P].seq++);
        REQUIRE_OK(vipc_send(&view[k & 1], to, &m, VIPC_NOW));
        note_sent(P, 1);
    }
    if (now_trying.op == BITS || now_trying.by == BITS) {
        REQUIRE_OK(vipc_signal(&view[P], p_note, 0x42));
        signalled = 0x42;
    }
}
static void interrupted(void)
{
    at = 0;
    handler_ran = 0;
    handled = 0;
    stepping = 1;
    trap_on();
    act(M, now_trying.op);
    stepping = 0;
}
/* For replies: P and another wait in a call each, and M has both requests in hand. */
static void trial_inside(int callers)
{
    vipc_message m = message(P, 0), r;
    vipc_info i;
    if (callers == 1) {
        CHECK_OK(vipc_receive(&view[M], from, &m, &i, VIPC_NOW));
        right[0] = i.reply;
        m = message(P, 0);
        vipc_error e = vipc_call(&caller[1], p_to, &m, &r, VIPC_FOREVER);
        CHECK_OK(e);
        CHECK_EQ(r.data[3], ~(uint64_t)r.opcode);
        return;
    }
    CHECK_OK(vipc_receive(&view[M], from, &m, &i, VIPC_NOW));
    right[1] = i.reply;
    interrupted();
    for (int k = 0; k < 2; k++) {      /* what was not answered is now, and what was cannot be again */
        vipc_error e = vipc_reply(&view[M], right[k], &m);
        int answered = k == 0 ? one[M].said == VIPC_OK || (handler_ran && now_trying.by == REPLY_SAME && one[H].said == VIPC_OK)
                              : handler_ran && now_trying.by == REPLY && one[H].said == VIPC_OK;
        CHECK_EQ(e, answered ? VIPC_ERR_CANCELLED : VIPC_OK);
    }
}
static void one_trial(void)
{
    make_world();
    if (now_trying.op == REPLY || now_trying.op == REPLY_SAME) {
        vipc_message m = message(P, 0), r;
        for (int k = 0; k < 2; k++) REQUIRE_OK(vipc_thread_enter(&view[P], (uint64_t)(10 + k), &caller[k]));
        CHECK_OK(vipc_call(&caller[0], p_to, &m, &r, VIPC_FOREVER));
        CHECK_EQ(r.data[3], ~(uint64_t)r.opcode);
    } else {
        interrupted();
    }
    check_trial();
}
static void op_begins(void)
{
    one_trial();
    setcontext(&top);
}
/* Every instruction of op: a trial after each, and one in which the signal does not come, or comes while the call sleeps. */
static void all_instructions(int op, int by, int kind, int fill, int cpus)
{
    static long before;
    before = tally.interruptions;
    now_trying = (trial){ op, by, kind, fill, cpus };
    target = 0;
    in_trial = 0;
    failed_trials = 0;
    getcontext(&op_context);
    op_context.uc_stack.ss_sp = op_stack;
    op_context.uc_stack.ss_size = STACK;
    op_context.uc_link = NULL;
    makecontext(&op_context, op_begins, 0);
    alarm(60);
    swapcontext(&top, &op_context);    /* it comes back here after each trial */
    if (test_failures_ > failed_trials) {
        failed_trials = test_failures_;
        show();
        REQUIRE(failed_trials < 10);
    }
    if (in_trial) {
        in_trial = 0;
        stepping = 1;
        raise(SIGUSR1);
    }
    alarm(0);
    CHECK(tally.interruptions - before > 30 / every);        /* it was stepped indeed */
    if (getenv("VIPC_TEST_LOUD")) printf("    %s by %s, %s of %d: %ld\n", op_names[op], op_names[by], kind_names[kind], fill, tally.interruptions - before);
}
static void begin(void)
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = trapped;
    a.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
    sigaction(SIGTRAP, &a, NULL);
    a.sa_sigaction = go_back;
    sigaction(SIGUSR1, &a, NULL);
    stack_t s = { .ss_sp = handler_stack, .ss_size = sizeof handler_stack };
    REQUIRE(sigaltstack(&s, NULL) == 0);
    const struct piece all[] = { { domain, sizeof domain }, { frames, sizeof frames }, { frame_used, sizeof frame_used }, { view, sizeof view }, { caller, sizeof caller },
        { right, sizeof right }, { one, sizeof one }, { &signalled, sizeof signalled }, { (void *)(uintptr_t)&handler_ran, sizeof handler_ran },
        { (void *)(uintptr_t)&at, sizeof at }, { &handled, sizeof handled } };
    memcpy(pieces, all, sizeof all);
    memset(&a, 0, sizeof a);
    a.sa_handler = hangs;
    sigaction(SIGALRM, &a, NULL);
    storm = 0;
    every = 1;
    memset(&tally, 0, sizeof tally);
    at = 0;
    stepping = 1;
    target = -1;
    trap_on();
    __asm__ volatile("nop; nop; nop; nop");
    stepping = 0;
    if (at < 3) SKIP("no trap after each instruction here (an emulator?)");
}
static void thin_out(long n)           /* with VIPC_TEST_ALL=1 none is left out */
{
    if (!getenv("VIPC_TEST_ALL")) every = n;
}
static void report(void)
{
    if (every > 1) printf("    of each %ld instructions one:\n", every);
    printf("    %ld instructions were interrupted; the longest handler counted took %ld instructions\n", tally.interruptions, tally.longest);
}

/* ------------------------------------------------------------------------------------------------------------- tests */
static const int fills[] = { EMPTY, ONE, FULL };
TEST(every_pair)
{
    static const int them[] = { SEND, RECEIVE, SEND_MANY, RECEIVE_MANY };
    begin();
    for (size_t op = 0; op < 4; op++)
        for (size_t by = 0; by < 4; by++)
            for (int f = 0; f < 3; f++) all_instructions(them[op], them[by], PLAIN, fills[f], 1);
    report();
}
TEST(notifications)
{
    static const int them[] = { SIGNAL, BITS };
    begin();
    for (int op = 0; op < 2; op++)
        for (int by = 0; by < 2; by++) all_instructions(them[op], them[by], PLAIN, EMPTY, 1);
    report();
}
TEST(replies)
{
    begin();
    all_instructions(REPLY, REPLY, PLAIN, EMPTY, 1);
    all_instructions(REPLY_SAME, REPLY_SAME, PLAIN, EMPTY, 1);
    all_instructions(REPLY, SEND, PLAIN, EMPTY, 1);
    report();
}
TEST(channels_and_dropping_endpoints)
{
    static const int them[] = { SEND, RECEIVE };
    begin();
    thin_out(5);
    for (int kind = CHANNEL; kind <= DROPPING; kind++)
        for (int op = 0; op < 2; op++)
            for (int by = 0; by < 2; by++)
                for (int f = 0; f < 3; f++) all_instructions(them[op], them[by], kind, fills[f], 1);
    all_instructions(SEND_MANY, SEND, DROPPING, FULL, 1);
    all_instructions(SEND, SEND_MANY, DROPPING, FULL, 1);
    report();
}
/* A call that is about to sleep, or sleeps, and what the handler does is what it waits for; or the handler cancels it. */
TEST(sleepers)
{
    begin();
    all_instructions(RECEIVE_SLEEP, SEND, PLAIN, EMPTY, 1);
    all_instructions(RECEIVE_SLEEP, SEND_MANY, PLAIN, EMPTY, 1);
    all_instructions(RECEIVE_SLEEP, RECEIVE, PLAIN, EMPTY, 1);
    all_instructions(RECEIVE_SLEEP, SEND, CHANNEL, EMPTY, 1);
    all_instructions(SEND_SLEEP, RECEIVE, PLAIN, FULL, 1);
    all_instructions(SEND_SLEEP, RECEIVE_MANY, PLAIN, FULL, 1);
    all_instructions(SEND_SLEEP, SEND, PLAIN, FULL, 1);
    all_instructions(BITS_SLEEP, SIGNAL, PLAIN, EMPTY, 1);
    report();
}
TEST(cancelled_by_the_handler)
{
    begin();
    all_instructions(RECEIVE_SLEEP, CANCEL, PLAIN, EMPTY, 1);
    all_instructions(RECEIVE_SLEEP, CANCEL, PLAIN, ONE, 1);
    all_instructions(SEND_SLEEP, CANCEL, PLAIN, FULL, 1);
    all_instructions(BITS_SLEEP, CANCEL, PLAIN, EMPTY, 1);
    all_instructions(RECEIVE, CANCEL, PLAIN, ONE, 1);
    all_instructions(SEND, CANCEL, PLAIN, ONE, 1);
    report();
}
/* The handler laps the interrupted call: what that has claimed is passed over, and its message goes in anew, or comes out once all the same. */
TEST(lapped)
{
    static const int them[] = { SEND, RECEIVE, SEND_MANY, RECEIVE_MANY };
    begin();
    for (size_t op = 0; op < 4; op++)
        for (int f = 0; f < 2; f++) all_instructions(them[op], CHURN, PLAIN, fills[f], 1);
    report();
}
/* What takes the lock of the slow path on its way: the handler may be refused, never stuck. */
TEST(the_lock_in_hand)
{
    begin();
    thin_out(5);
    for (int cpus = 1; cpus <= 2; cpus++) {
        all_instructions(SEND, SEND, PLAIN, COLD, cpus);
        all_instructions(SEND_CAP, SEND, PLAIN, ONE, cpus);
        all_instructions(SEND_CAP, RECEIVE, PLAIN, ONE, cpus);
        all_instructions(SEND, SEND, PLAIN, FULL, cpus);
        all_instructions(RECEIVE, RECEIVE, PLAIN, ONE, cpus);
    }
    report();
}
TEST(jobs)
{
    begin();
    for (int f = 0; f < 3; f++) {
        all_instructions(TAKE_DONE, TAKE_DONE, PLAIN, fills[f], 1);
        all_instructions(TAKE_DONE, SEND, PLAIN, fills[f], 1);
        all_instructions(RECEIVE, TAKE_DONE, PLAIN, fills[f], 1);
    }
    report();
}
/* Not one handler in a call but up to twelve, every few instructions. */
TEST(storms)
{
    static const int them[] = { SEND, RECEIVE, SEND_MANY, RECEIVE_MANY };
    begin();
    thin_out(17);
    for (storm = 3; storm <= 40; storm += 37)
        for (size_t op = 0; op < 4; op++)
            for (size_t by = 0; by < 4; by++) all_instructions(them[op], them[by], PLAIN, ONE, 1);
    storm = 0;
    report();
}

RUN_TESTS(T(every_pair), T(notifications), T(replies), T(channels_and_dropping_endpoints), T(sleepers), T(cancelled_by_the_handler), T(lapped), T(the_lock_in_hand), T(jobs), T(storms))
#endif
