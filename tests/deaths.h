/* deaths.h - a part of t_stepkill.c: call by call, what the peers of one see that was killed inside it.
 *
 * Each row names a call, what happens before it, the call itself, and a judge that looks as A and B and says in a few words what they see.  A row holds
 * if its judge says nothing but the row's outcomes, the first of them if death came before the first instruction, the last if the call had returned, and
 * each of them somewhere.  What is the same for all rows is seen to by show_sights and the rest of the aftermath: vipc_check finds nothing, all
 * frames, capabilities, objects, names and processes of the dead are home, a queue, bits and names that nobody touched are as before, A and B hold what
 * they held, who watched the dead is told, and nobody waits longer than for the sweep (a survivor that has to sleep fails the row; one that slept in
 * the call meanwhile gets two slices).
 *
 * A new call: an act, a judge (or judge_nothing), a line in `rows`; then `sh tests/deaths.sh` prints the table anew for README.md.
 */
enum { MY_BITS = 0xf, BYSTANDING_BITS = 0x30, DEATH_BIT = 0x100 };

/* ------------------------------------------------------------------------------------------------- what is always there */
/* A's and B's capabilities, in the order of the table. */
static int held_by(const vipc *who, vipc_cap *out, int most)
{
    int n = 0;
    for (uint32_t i = 0; i < w.a.max_caps; i++) {
        const vipci_entry *e = vipci_entry_at(&w.a, i);
        if (e->token && e->holder == who->process + 1 && !(e->kind & (VIPCI_EXTENSION | VIPCI_WATCH)) && n < most) out[n++].token = e->token;
    }
    return n;
}
/* What B has got since: 0 or more capabilities that it did not hold before. */
static int gained_by_b(vipc_cap *out, int most)
{
    vipc_cap all[64];
    int n = 0;
    for (int i = held_by(&w.b, all, 64); i-- > 0;) {
        int known = 0;
        for (int k = 0; k < w.see.knows; k++) known = known || w.see.known[k].token == all[i].token;
        if (!known && n < most) out[n++] = all[i];
    }
    return n;
}
static void make_sights(void)
{
    vipc_message m;
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = 2;
    EXPECT_OK(vipc_endpoint_create(&w.a, &d, &w.see.by));
    EXPECT_OK(vipc_grant(&w.a, w.see.by, vipc_self(&w.b), NULL, &w.see.b_by));
    for (uint32_t n = 501; n <= 502; n++) {
        m = message(n);
        EXPECT_OK(vipc_send(&w.b, w.see.b_by, &m, VIPC_NOW));
    }
    EXPECT_OK(vipc_notification_create(&w.a, NULL, &w.see.note));
    EXPECT_OK(vipc_signal(&w.a, w.see.note, BYSTANDING_BITS));
    EXPECT_OK(vipc_publish(&w.a, "note", w.see.note, 0));
}
static void holdings(vipc *who, int *caps, int *objects)
{
    vipc_process_info i;
    EXPECT_OK(vipc_process_get(&w.a, vipc_self(who), &i));
    *caps = (int)i.capabilities;
    *objects = (int)i.objects;
}
static void count_sights(void)
{
    vipc_stats s;
    w.see.knows = held_by(&w.b, w.see.known, 64);
    for (int k = 0; k < 2; k++) holdings(k ? &w.b : &w.a, &w.see.holds[k], &w.see.owns[k]);
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    w.see.frames = s.frames_in_use;
}
static int watched(void) { return !mind.real && !mind.op->no_v; }
static void watch_victim(void)
{
    if (watched()) EXPECT_OK(vipc_process_watch(&w.a, vipc_self(&w.v), w.see.note, DEATH_BIT));
}
/* Bits of A's that the victim was to change; they are taken. */
static uint64_t my_bits(void)
{
    uint64_t bits = 0;
    vipc_error e = vipc_notification_wait(&w.a, w.see.note, MY_BITS, &bits, VIPC_NOW);
    EXPECT(e == VIPC_OK || e == VIPC_ERR_WOULD_BLOCK);
    return bits;
}

/* What the judges said: written by those who look, read by the top process. */
enum { STATES_MAX = 4000 };
static struct ledger {
    int states, strange;
    char what[160];                    /* an outcome that no row allows */
    struct { long step; int outcome, done; } state[STATES_MAX];
} *ledger;

static void note_outcome(const char *says)
{
    int k = 0, last = 0;
    while (last < 7 && mind.op->outcomes[last + 1]) last++;
    while (k <= last && strcmp(says, mind.op->outcomes[k] + (mind.op->outcomes[k][0] == '?')) != 0) k++;
    if (k > last || (mind.done && k != last)) {
        if (!ledger->strange++) snprintf(ledger->what, sizeof ledger->what, "%s", says);
        printf("    %s: died after instruction %ld%s: its peers see \"%s\"\n", mind.op->name, mind.step, mind.done ? ", done" : "", says);
        NEVER("that is no outcome of this call");
    }
    if (mind.state < 0 || mind.state >= STATES_MAX) return;
    ledger->state[mind.state].step = mind.step;
    ledger->state[mind.state].outcome = k;
    ledger->state[mind.state].done = mind.done;
}
static void show_sights(void)
{
    vipc_message m;
    vipc_info info;
    vipc_cap more[8], name;
    uint64_t bits = 0;
    int caps, objects;
    const char *says = mind.op->judge();
    expect_sound();
    for (uint32_t n = 501; n <= 502; n++) {
        EXPECT_OK(vipc_receive(&w.a, w.see.by, &m, &info, VIPC_NOW));
        EXPECT(m.opcode == n && m.data[3] == ~(uint64_t)n && info.sender.id == vipc_self(&w.b).id && !info.redelivered);
    }
    EXPECT_EQ(vipc_receive(&w.a, w.see.by, &m, &info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    EXPECT_OK(vipc_notification_wait(&w.a, w.see.note, ~(uint64_t)0, &bits, VIPC_NOW));
    EXPECT_EQ(bits, BYSTANDING_BITS | (watched() ? DEATH_BIT : 0));
    for (int n = gained_by_b(more, 8); n-- > 0;) EXPECT_OK(vipc_close(&w.b, more[n]));
    if (!mind.op->ends) {
        EXPECT_OK(vipc_lookup(&w.b, "main", 0, &name, VIPC_NOW));
        EXPECT_OK(vipc_close(&w.b, name));
        for (int k = 0; k < 2; k++) {
            holdings(k ? &w.b : &w.a, &caps, &objects);
            EXPECT_EQ(caps, w.see.holds[k]);
            EXPECT_EQ(objects, w.see.owns[k]);
        }
    }
    note_outcome(says);
}
static void end_space(void);
static void end_regions(void);
static void end_sights(void)
{
    EXPECT_OK(vipc_unpublish(&w.a, "note"));
    EXPECT_OK(vipc_destroy(&w.a, w.see.by, VIPC_NOW));
    EXPECT_OK(vipc_destroy(&w.a, w.see.note, VIPC_NOW));
    if (w.see.region.token) end_regions();
    else if (w.see.space.token) end_space();
    const vipc_cap more[] = { w.see.drop, w.see.chan_a, w.see.chan_b, w.see.space, w.see.copy, w.see.region, w.see.object };
    for (int i = 0; i < 7; i++)
        if (more[i].token) {
            vipc_error e = vipc_destroy(&w.a, more[i], VIPC_NOW);
            EXPECT(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY);
        }
}

/* ------------------------------------------------------------------------------------------------------ judges and acts */
#define NOTHING "nothing"
#define NOT_THERE "the message is not there"
#define THERE "it is there, once"
#define STILL "the message is still there"
#define MARKED "it is there again, marked"
#define GONE "it is gone with the dead"
#define SLEEPS "the sleeper sleeps on"

/* One more message from there, or 0. */
static uint32_t next_of(vipc *v, vipc_cap from, vipc_info *info)
{
    vipc_message m;
    vipc_error e = vipc_receive(v, from, &m, info, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return 0;
    EXPECT_OK(e);
    EXPECT(m.data[0] == m.opcode && m.data[3] == ~(uint64_t)m.opcode);
    return m.opcode;
}
static const char *sent_to(vipc *v, vipc_cap c)
{
    vipc_info i;
    uint32_t n = next_of(v, c, &i);
    if (n == 0) return NOT_THERE;
    EXPECT_EQ(n, MINE);
    EXPECT_EQ(i.redelivered, 0);
    EXPECT_EQ(next_of(v, c, &i), 0);
    return THERE;
}
/* 71 was to be received, 72 stood behind it. */
static const char *received_of(vipc *v, vipc_cap c)
{
    vipc_info i, j;
    uint32_t n = next_of(v, c, &i), m = next_of(v, c, &j);
    EXPECT_EQ(next_of(v, c, &j), 0);
    if (n == 72 && m == 0) return GONE;
    if (n == 72) {                     /* it came back behind where receivers are by now */
        EXPECT(m == 71 && j.redelivered);
        return MARKED;
    }
    EXPECT(n == 71 && m == 72);
    return i.redelivered ? MARKED : STILL;
}
static const char *judge_nothing(void)           /* and whatever it was at can be used as before */
{
    vipc_info i;
    vipc_cap set, c;
    vipc_wait_item item = VIPC_INIT, ready;
    uint32_t n = 0;
    item.object = w.main;
    item.key = 9;
    EXPECT_EQ(my_bits(), 0);
    if (mind.op->ends) return NOTHING;
    EXPECT_EQ(take(&i), 0);
    EXPECT_OK(vipc_wait_set_create(&w.a, 4, NULL, &set));
    EXPECT_OK(vipc_wait_set_add(&w.a, set, &item));
    EXPECT_EQ(vipc_wait_set_wait(&w.a, set, &ready, 1, &n, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
    put(OTHER);
    EXPECT_OK(vipc_wait_set_wait(&w.a, set, &ready, 1, &n, VIPC_NOW));
    EXPECT(n == 1 && ready.key == 9);
    EXPECT_EQ(take(&i), OTHER);
    EXPECT_OK(vipc_destroy(&w.a, set, VIPC_NOW));
    EXPECT_EQ(gained_by_b(&c, 1), 0);
    return NOTHING;
}
static const char *judge_name(void)
{
    vipc_cap c;
    EXPECT_EQ(vipc_lookup(&w.b, "mine", 0, &c, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    EXPECT_OK(vipc_publish(&w.a, "mine", w.main, VIPC_RIGHT_SEND));
    EXPECT_OK(vipc_lookup(&w.b, "mine", 0, &c, VIPC_NOW));
    EXPECT_OK(vipc_close(&w.b, c));
    EXPECT_OK(vipc_unpublish(&w.a, "mine"));
    return "the name is free";
}

/* -- send -- */
static const char *judge_send(void) { return sent_to(&w.a, w.main); }
static const char *judge_send_wait(void)
{
    vipc_info i;
    uint32_t n = take(&i);
    EXPECT(n == 70 || mind.peer_turn);
    if (n == 70) n = take(&i);
    EXPECT_EQ(n, 71);
    EXPECT_EQ(take(&i), 72);
    return judge_send();
}
static const char *judge_sleeper(void)
{
    vipc_info i;
    EXPECT_OK(w.result);
    EXPECT_EQ(take(&i), 0);
    if (w.got.opcode == OTHER) return SLEEPS;
    EXPECT_EQ(w.got.opcode, MINE);
    return "the sleeper has it, once";
}
static const char *judge_send_large(void)
{
    uint32_t n = take_large();
    if (n == 0) return NOT_THERE;
    EXPECT_EQ(n, MINE);
    EXPECT_EQ(take_large(), 0);
    return THERE;
}
static const char *carried(uint32_t opcode, const char *none, const char *yes)
{
    vipc_message m;
    vipc_error e = vipc_receive(&w.b, w.b_main, &m, &w.info, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return none;
    EXPECT_OK(e);
    EXPECT_EQ(m.opcode, opcode);
    EXPECT(m.flags & VIPC_HAS_CAPABILITY);
    expect_good_at_b(m.capability);
    EXPECT_EQ(vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    return yes;
}
static const char *judge_send_carrying(void) { return carried(MINE, NOT_THERE, "it is there, once, its capability good"); }
static void act_send_full(void)
{
    vipc_message m = message(MINE);
    EXPECT_EQ(vipc_send(&w.v, w.v_main, &m, VIPC_NOW), VIPC_ERR_CHANNEL_FULL);
}
static const char *judge_full(void)
{
    vipc_info i;
    for (uint32_t n = 70; n <= 72; n++) EXPECT(take(&i) == n && !i.redelivered);
    EXPECT_EQ(take(&i), 0);
    return NOTHING;
}
static void act_send_acked(void)
{
    vipc_message m = message(MINE);
    m.flags = VIPC_NEEDS_ACK;
    EXPECT_OK(vipc_send(&w.v, w.v_main, &m, VIPC_FOREVER));
}
static void peer_take_mine(int turn)
{
    vipc_info i;
    if (turn == 0) EXPECT_EQ(take(&i), MINE);
    else NEVER("it sleeps on, though its message was taken");
}
static const char *judge_send_acked(void)
{
    vipc_info i;
    EXPECT_EQ(take(&i), 0);            /* nobody waits for the acknowledgement: it is not given out any more */
    return mind.peer_turn ? "it was taken, once" : "the message is not there, though it may have been queued";
}
static void prepare_drop(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = mind.op->wait || strstr(mind.op->name, "capability") ? 1 : CAPACITY;
    d.full = VIPC_FULL_DROP_OLDEST;
    EXPECT_OK(vipc_endpoint_create(&w.a, &d, &w.see.drop));
    EXPECT_OK(vipc_grant(&w.a, w.see.drop, vipc_self(&w.b), NULL, &w.b_other));
    EXPECT_OK(vipc_publish(&w.a, "drop", w.see.drop, 0));
}
static void prepare_drop_full(void)
{
    prepare_drop();
    for (uint32_t n = 70; n <= 72; n++) {
        vipc_message m = message(n);
        EXPECT_OK(vipc_send(&w.a, w.see.drop, &m, VIPC_NOW));
    }
}
static void prepare_drop_carrying(void)
{
    vipc_message m = message(71);
    prepare_drop();
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = w.side;
    EXPECT_OK(vipc_send(&w.a, w.see.drop, &m, VIPC_NOW));
}
static void ready_drop(void) { EXPECT_OK(vipc_lookup(&w.v, "drop", 0, &w.v_other, VIPC_NOW)); }
static void act_send_other(void)
{
    vipc_message m = message(MINE);
    EXPECT_OK(vipc_send(&w.v, w.v_other, &m, VIPC_FOREVER));
}
#define DROP_NOTHING "all as before (the oldest perhaps marked)"
#define DROP_GONE "the oldest is dropped, the message is not there"
#define DROP_DONE "the oldest is dropped, the message is there, once"
static const char *judge_drop(void)
{
    vipc_info i;
    uint32_t n[5], marked[5], count = 0, told = 0;
    while (count < 5 && (n[count] = next_of(&w.a, w.see.drop, &i)) != 0) {
        told += i.dropped;
        marked[count++] = i.redelivered;
    }
    if (count == 3 && n[0] == 70 && n[1] == 71 && n[2] == 72) {
        EXPECT(told == 0 && !marked[1] && !marked[2]);
        return DROP_NOTHING;
    }
    EXPECT(count >= 2 && n[0] == 71 && n[1] == 72 && !marked[0] && !marked[1]);
    EXPECT(told == 1 || (told == 0 && count == 2));          /* killed between the drop and its count */
    if (count == 2) return DROP_GONE;
    EXPECT(count == 3 && n[2] == MINE && !marked[2]);
    return DROP_DONE;
}
static void wait_call_drop(void)
{
    vipc_message m = message(OTHER);
    w.result = vipc_call(&w.b, w.b_other, &m, &w.got, VIPC_FOREVER);
}
static void rescue_serve_drop(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.a, w.see.drop, &m, &i, VIPC_NOW));
    EXPECT_EQ(m.opcode, OTHER);
    m = message(5);
    EXPECT_OK(vipc_reply(&w.a, i.reply, &m));
}
static const char *judge_drop_call(void)
{
    const char *s = sent_to(&w.a, w.see.drop);
    if (w.result == VIPC_OK) {
        EXPECT(w.got.opcode == 5 && strcmp(s, NOT_THERE) == 0);
        return "the request is still there, and can be answered";
    }
    if (w.result == VIPC_ERR_PEER_DEAD && strcmp(s, NOT_THERE) == 0) return "PEER_DEAD at the caller, the message is not there";
    EXPECT_EQ(w.result, VIPC_ERR_CHANNEL_FULL);
    return strcmp(s, THERE) == 0 ? "CHANNEL_FULL at the caller, the message is there, once" : "CHANNEL_FULL at the caller, the message is not there";
}
static const char *judge_drop_carrying(void)
{
    vipc_message m, after;
    w.see.holds[0]--;                  /* what travelled was A's until now */
    vipc_error e = vipc_receive(&w.b, w.b_other, &m, NULL, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return DROP_GONE;
    EXPECT_OK(e);
    EXPECT_EQ(vipc_receive(&w.b, w.b_other, &after, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    if (m.opcode == MINE) return DROP_DONE;
    EXPECT(m.opcode == 71 && (m.flags & VIPC_HAS_CAPABILITY));
    expect_good_at_b(m.capability);
    return DROP_NOTHING;
}
static void prepare_channel(void)
{
    vipc_channel_desc d = VIPC_INIT;
    d.capacity = CAPACITY;
    EXPECT_OK(vipc_channel_create(&w.a, &d, &w.see.chan_a, &w.see.chan_b));
    EXPECT_OK(vipc_publish(&w.a, "chan", w.see.chan_b, 0));
    EXPECT_OK(vipc_lookup(&w.b, "chan", 0, &w.b_other, VIPC_NOW));
}
static void prepare_channel_two(void)
{
    prepare_channel();
    for (uint32_t n = 71; n <= 72; n++) {
        vipc_message m = message(n);
        EXPECT_OK(vipc_send(&w.a, w.see.chan_a, &m, VIPC_NOW));
    }
}
static void ready_channel(void) { EXPECT_OK(vipc_lookup(&w.v, "chan", 0, &w.v_other, VIPC_NOW)); }
static const char *judge_send_channel(void) { return sent_to(&w.a, w.see.chan_a); }
static const char *judge_receive_channel(void) { return received_of(&w.b, w.b_other); }
static void act_receive_other(void)
{
    vipc_message m;
    EXPECT_OK(vipc_receive(&w.v, w.v_other, &m, NULL, VIPC_FOREVER));
    EXPECT_EQ(m.opcode, 71);
}
static void ready_channel_sent(void)
{
    vipc_message m = message(71);
    ready_channel();
    EXPECT_OK(vipc_send(&w.v, w.v_other, &m, VIPC_NOW));
}
static void act_destroy_other(void) { EXPECT_OK(vipc_destroy(&w.v, w.v_other, VIPC_FOREVER)); }
static const char *judge_destroy_channel(void)
{
    vipc_message m = message(1);
    vipc_info i;
    EXPECT_EQ(next_of(&w.a, w.see.chan_a, &i), 71);          /* what was sent before its end closed stays */
    vipc_error e = vipc_receive(&w.a, w.see.chan_a, &m, &i, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return "the channel is open";
    EXPECT_EQ(e, VIPC_ERR_CLOSED);
    EXPECT_EQ(vipc_send(&w.a, w.see.chan_a, &m, VIPC_NOW), VIPC_ERR_CLOSED);
    return "CLOSED, after what was sent before";
}
static void prepare_limited(void)
{
    vipc_derive_desc d = VIPC_INIT;
    d.limits.rate = CAPACITY;
    EXPECT_OK(vipc_derive(&w.a, w.main, &d, &w.see.chan_a));
    EXPECT_OK(vipc_publish(&w.a, "limited", w.see.chan_a, 0));
}
static void ready_limited(void) { EXPECT_OK(vipc_lookup(&w.v, "limited", 0, &w.v_other, VIPC_NOW)); }
static const char *judge_limited(void)
{
    const char *s = judge_send();
    vipc_message m = message(1);
    uint32_t left = 0, n = 0;
    while (left < 9 && vipc_send(&w.a, w.see.chan_a, &m, VIPC_NOW) == VIPC_OK) {
        left++;
        EXPECT_OK(vipc_receive(&w.a, w.main, &m, NULL, VIPC_NOW));
        n++;
    }
    EXPECT_EQ(vipc_send(&w.a, w.see.chan_a, &m, VIPC_NOW), VIPC_ERR_RATE_LIMIT);
    EXPECT_OK(vipc_unpublish(&w.a, "limited"));
    EXPECT_OK(vipc_close(&w.a, w.see.chan_a));
    w.see.chan_a.token = 0;
    w.see.holds[0] -= 2;
    if (strcmp(s, THERE) == 0) {
        EXPECT_EQ(left, CAPACITY - 1);
        return "it is there, once, and charged";
    }
    if (left == CAPACITY) return "the message is not there, the allowance whole";
    EXPECT_EQ(left, CAPACITY - 1);
    return "the message is not there, but charged";
}
static void act_send_many(void)
{
    vipc_message m[3] = { message(MINE), message(MINE + 1), message(MINE + 2) };
    uint32_t n;
    EXPECT_OK(vipc_send_many(&w.v, w.v_main, m, 3, &n, VIPC_FOREVER));
    EXPECT_EQ(n, 3);
}
static const char *const first_ones[] = { "none of them is there", "the first is there", "the first two are there", "all are there, once, in order" };
static const char *judge_send_many(void)
{
    vipc_info i;
    uint32_t n = 0, m;
    for (; (m = take(&i)) != 0; n++) EXPECT(n < 3 && m == MINE + n && !i.redelivered);
    return first_ones[n];
}
static const char *judge_send_many_sleeper(void)
{
    vipc_info i;
    uint32_t n = 1, m;
    EXPECT_OK(w.result);
    if (w.got.opcode == OTHER) return SLEEPS;
    EXPECT_EQ(w.got.opcode, MINE);
    for (; (m = take(&i)) != 0; n++) EXPECT(m == OTHER || (n < 3 && m == MINE + n));
    return "the sleeper has the first; more of them may be there, in order";
}

/* -- receive, take -- */
static const char *judge_receive(void) { return received_of(&w.a, w.main); }
static const char *judge_one_received(void)
{
    vipc_info i, j;
    uint32_t n = take(&i);
    if (n == 0) return mind.peer_turn ? GONE : "nothing was sent yet";
    EXPECT_EQ(n, 71);
    EXPECT_EQ(next_of(&w.a, w.main, &j), 0);
    return i.redelivered ? MARKED : STILL;
}
static const char *judge_receive_large(void)
{
    unsigned char payload[PAYLOAD];
    vipc_incoming in = VIPC_INIT;
    in.payload = payload;
    in.payload_capacity = PAYLOAD;
    vipc_error e = vipc_receive_large(&w.a, w.side, &in, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return GONE;
    EXPECT_OK(e);
    for (int i = 0; i < PAYLOAD; i++) EXPECT_EQ(payload[i], (unsigned char)(i * 7 + 1));
    EXPECT_EQ(in.message.opcode, 71);
    EXPECT_EQ(take_large(), 0);
    return in.info.redelivered ? MARKED : STILL;
}
static const char *judge_receive_carrying(void)
{
    w.see.holds[0]--;                  /* what travelled was A's until now */
    const char *s = carried(71, "it is gone with the dead, and its capability", STILL);
    return strcmp(s, STILL) == 0 && w.info.redelivered ? "it is there again, marked, its capability good" : s;
}
static void act_receive_request(void)
{
    vipc_message m;
    vipc_info i;
    EXPECT_OK(vipc_receive(&w.v, w.v_main, &m, &i, VIPC_FOREVER));
    EXPECT_EQ(m.opcode, OTHER);
    w.right = i.reply;
}
static const char *judge_request(void)
{
    vipc_info i;
    EXPECT_EQ(take(&i), 0);
    if (w.result == VIPC_ERR_PEER_DEAD) return "PEER_DEAD at the caller";
    EXPECT_OK(w.result);
    EXPECT_EQ(w.got.opcode, 5);
    return "the next server answers";
}
static void act_receive_many(void)
{
    vipc_message m[3];
    vipc_info i[3];
    uint32_t n;
    EXPECT_OK(vipc_receive_many(&w.v, w.v_main, m, i, 3, &n, VIPC_FOREVER));
    EXPECT_EQ(n, 3);
}
static const char *judge_receive_many(void)
{
    static const char *const gone[] = { "all are still there (one perhaps marked)", "the first is gone with the dead", "the first two are gone", "all are gone with the dead" };
    vipc_info i;
    uint32_t seen = 0, n = 0, marked = 0, m;
    for (; (m = take(&i)) != 0; n++) {
        EXPECT(m >= 70 && m <= 72 && !(seen & 1u << (m - 70)));
        seen |= 1u << (m - 70);
        marked += i.redelivered;
    }
    EXPECT(marked <= 1 && n <= 3 && seen == (7u << (3 - n) & 7u));
    return gone[3 - n];
}
static const char *judge_room(void)
{
    vipc_info i;
    EXPECT_OK(w.result);
    uint32_t n = take(&i);
    if (n == 70) n = take(&i);
    EXPECT_EQ(n, 71);
    EXPECT_EQ(take(&i), 72);
    EXPECT_EQ(take(&i), 79);
    EXPECT_EQ(take(&i), 0);
    return mind.blocks > SLICES ? "the sender sleeps on, all is still there or will be" : "the sender has room";
}
static void do_take(void)
{
    vipc_incoming in = VIPC_INIT;
    EXPECT_OK(vipc_take(&w.v, w.v_main, &in, &w.see.hand, VIPC_FOREVER));
    EXPECT_EQ(in.message.opcode, 71);
}
static void act_done(void) { EXPECT_OK(vipc_done(&w.v, w.see.hand, true)); }
static void act_not_done(void) { EXPECT_OK(vipc_done(&w.v, w.see.hand, false)); }

/* -- what is urgent: alone at its queue, or before what is not -- */
static void act_send_urgent(void)
{
    vipc_message m = message(MINE);
    m.flags = VIPC_URGENT;
    EXPECT_OK(vipc_send(&w.v, w.v_main, &m, VIPC_FOREVER));
}
static void prepare_urgent(void)
{
    vipc_message m = message(71);
    m.flags = VIPC_URGENT;
    put(72);
    EXPECT_OK(vipc_send(&w.a, w.main, &m, VIPC_NOW));
}
/* -- several capabilities -- */
static const char *judge_several_at(uint32_t opcode, int *marked)
{
    vipc_incoming in = VIPC_INIT;
    vipc_error e = vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW);
    if (e == VIPC_ERR_CHANNEL_EMPTY) return NOT_THERE;
    EXPECT_OK(e);
    EXPECT_EQ(in.message.opcode, opcode);
    EXPECT_EQ(in.info.cap_count, 3);
    for (int i = 0; i < 3; i++) expect_good_at_b(in.caps[i]);
    *marked = (int)in.info.redelivered;
    EXPECT_EQ(vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    return "it is there, once, all its capabilities good";
}
static const char *judge_send_several(void)
{
    int marked = 0;
    const char *says = judge_several_at(MINE, &marked);
    EXPECT_EQ(marked, 0);
    return says;
}
static const char *judge_receive_several(void)
{
    int marked = 0;
    w.see.holds[0] -= 3;               /* what travelled was A's until now */
    if (strcmp(judge_several_at(71, &marked), NOT_THERE) == 0) return GONE;
    return marked ? "it is there again, marked, all its capabilities good" : STILL;
}
/* -- calls -- */
static const char *judge_call(void)
{
    vipc_message m = message(5);
    if (w.right.token) {
        EXPECT_EQ(vipc_reply(&w.b, w.right, &m), VIPC_ERR_CANCELLED);
        EXPECT_EQ(vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
        return "its server has the request; the reply says CANCELLED";
    }
    EXPECT_EQ(vipc_receive(&w.b, w.b_main, &m, &w.info, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    return mind.peer_turn > 1 ? "its server has replied, OK" : "no server sees the request, though it may have been queued";
}
static void act_reply(void)
{
    vipc_message m = message(6);
    EXPECT_OK(vipc_reply(&w.v, w.right, &m));
}
static void act_reply_cap(void)
{
    vipc_message m = message(6);
    m.flags = VIPC_HAS_CAPABILITY;
    m.capability = w.v_side;
    EXPECT_OK(vipc_reply(&w.v, w.right, &m));
}
static void act_reply_drop(void) { EXPECT_OK(vipc_reply_drop(&w.v, w.right, VIPC_ERR_LIMIT)); }
static const char *judge_reply(void)
{
    vipc_info i;
    EXPECT_EQ(take(&i), 0);
    if (w.result == VIPC_ERR_PEER_DEAD) return "PEER_DEAD at the caller";
    if (w.result == VIPC_ERR_LIMIT) return "the caller has the error";
    EXPECT_OK(w.result);
    EXPECT(w.got.opcode == 6 && w.got.data[3] == ~(uint64_t)6);
    if (!(w.got.flags & VIPC_HAS_CAPABILITY)) return "the caller has the reply";
    expect_good_at_b(w.got.capability);
    return "the caller has the reply, its capability good";
}
static void act_reply_largely(void) { EXPECT_OK(reply_large(&w.v, w.right, w.v_side, 6)); }
static const char *judge_reply_large(void)
{
    const char *says = judge_reply();
    if (w.result != VIPC_OK) return says;
    expect_large_reply(&b_in);
    for (int i = 0; i < 2; i++) expect_good_at_b(b_in.caps[i]);
    return "the caller has the reply, its payload and its capabilities";
}
static void first_of_two(void)
{
    vipc_message m = message(71);
    act_receive_request();
    EXPECT_OK(vipc_send(&w.v, w.v_main, &m, VIPC_NOW));
}
static void act_reply_receive(void)
{
    vipc_message m = message(6);
    vipc_info i;
    EXPECT_OK(vipc_reply_receive(&w.v, w.right, &m, w.v_main, &m, &i, VIPC_NOW));
    EXPECT_EQ(m.opcode, 71);
}
static const char *judge_reply_receive(void)
{
    vipc_info i;
    uint32_t n = take(&i);
    EXPECT(n == 71 || n == 0);
    if (n) EXPECT_EQ(take(&w.info), 0);
    if (w.result == VIPC_ERR_PEER_DEAD) {
        EXPECT(n == 71 && !i.redelivered);
        return "PEER_DEAD at the caller, the next message is still there";
    }
    EXPECT_OK(w.result);
    EXPECT_EQ(w.got.opcode, 6);
    if (!n) return "the caller has the reply, the next message is gone";
    return i.redelivered ? "the caller has the reply, the next message is there again, marked" : "the caller has the reply, the next message is still there";
}

/* -- notifications and waits -- */
static void ready_note(void) { EXPECT_OK(vipc_lookup(&w.v, "note", 0, &w.see.v_note, VIPC_NOW)); }
static void act_signal(void) { EXPECT_OK(vipc_signal(&w.v, w.see.v_note, 5)); }
static const char *judge_signal(void)
{
    uint64_t bits = my_bits();
    EXPECT(bits == 0 || bits == 5);
    return bits ? "all its bits are set" : "no bit is set";
}
static void prepare_b_note(void) { EXPECT_OK(vipc_grant(&w.a, w.see.note, vipc_self(&w.b), NULL, &w.b_other)); }
static void wait_note(void) { w.result = vipc_notification_wait(&w.b, w.b_other, MY_BITS, &w.see.bits, VIPC_FOREVER); }
static void rescue_signal(void) { EXPECT_OK(vipc_signal(&w.a, w.see.note, 8)); }
static const char *judge_signal_sleeper(void)
{
    EXPECT_OK(w.result);
    EXPECT_EQ(my_bits(), 0);
    if (w.see.bits == 8) return SLEEPS;
    EXPECT_EQ(w.see.bits, 5);
    return "the sleeper has all the bits";
}
static void prepare_bits(void) { EXPECT_OK(vipc_signal(&w.a, w.see.note, 5)); }
static void act_note_wait(void)
{
    uint64_t bits;
    EXPECT_OK(vipc_notification_wait(&w.v, w.see.v_note, MY_BITS, &bits, VIPC_FOREVER));
    EXPECT_EQ(bits, 5);
}
static const char *judge_note_wait(void)
{
    uint64_t bits = my_bits();
    EXPECT(bits == 0 || bits == 5);
    return bits ? "the bits are still set" : "they are gone with the dead";
}
static void peer_signal(int turn)
{
    if (turn == 0) EXPECT_OK(vipc_signal(&w.a, w.see.note, 5));
    else NEVER("it sleeps on, though there are bits");
}
static const char *judge_note_sleep(void)
{
    return my_bits() ? "the bits are still set" : mind.peer_turn ? "they are gone with the dead" : "nothing was signalled yet";
}
static void act_wait_any(void)
{
    vipc_wait_item item[2];
    memset(item, 0, sizeof item);
    item[0].object = w.v_main;
    item[1].object = w.v_side;
    EXPECT_OK(vipc_wait_any(&w.v, item, 2, VIPC_FOREVER));
    EXPECT(item[0].ready == VIPC_OK && item[1].ready == VIPC_ERR_WOULD_BLOCK);
}
static const char *judge_woken(void)             /* 71 came for one who only waits: it is still there */
{
    vipc_info i;
    uint32_t n = take(&i);
    EXPECT_EQ(n, mind.peer_turn ? 71 : 0);
    EXPECT_EQ(i.redelivered & (n != 0), 0);
    return judge_nothing();
}
static void act_set_create(void) { EXPECT_OK(vipc_wait_set_create(&w.v, 8, NULL, &w.see.v_set)); }
static void act_set_add(void)
{
    vipc_wait_item item = VIPC_INIT;
    item.object = w.v_main;
    item.key = 3;
    EXPECT_OK(vipc_wait_set_add(&w.v, w.see.v_set, &item));
}
static void first_set(void)
{
    act_set_create();
    act_set_add();
}
static void act_set_remove(void) { EXPECT_OK(vipc_wait_set_remove(&w.v, w.see.v_set, w.v_main)); }
static void act_set_wait(void)
{
    vipc_wait_item ready;
    uint32_t n;
    EXPECT_OK(vipc_wait_set_wait(&w.v, w.see.v_set, &ready, 1, &n, VIPC_FOREVER));
    EXPECT(n == 1 && ready.key == 3);
}
static void act_set_bell(void) { EXPECT_OK(vipc_wait_set_bell(&w.v, w.see.v_set, 77)); }
static void act_set_destroy(void) { EXPECT_OK(vipc_destroy(&w.v, w.see.v_set, VIPC_FOREVER)); }
static void ready_thread(void) { EXPECT_OK(vipc_thread_enter(&w.v, 0, &w.thread)); }
static void act_cancel(void) { EXPECT_OK(vipc_cancel(&w.thread)); }

/* -- capabilities -- */
static void act_derive(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_derive(&w.v, w.v_main, NULL, &c));
}
static void limits_of(vipc_derive_desc *d)
{
    d->limits.rate = 5;
    d->limits.bandwidth = 5000;
    d->limits.message_max = 60;
    d->limits.expires = VIPC_FOREVER - 1;
}
static void act_derive_limited(void)
{
    vipc_cap c;
    vipc_derive_desc d = VIPC_INIT;
    limits_of(&d);
    EXPECT_OK(vipc_derive(&w.v, w.v_main, &d, &c));
}
static void act_grant_limited(void)
{
    vipc_cap c;
    vipc_derive_desc d = VIPC_INIT;
    limits_of(&d);
    EXPECT_OK(vipc_grant(&w.v, w.v_main, vipc_self(&w.b), &d, &c));
}
static int good_at_b(void)             /* how many of those that B has gained are good, at main; they are all of B's that can be found */
{
    vipc_cap c[8];
    vipc_info i;
    int n = gained_by_b(c, 8);
    for (int k = 0; k < n; k++) {
        vipc_message m = message(1);
        EXPECT_OK(vipc_send(&w.b, c[k], &m, VIPC_NOW));
        EXPECT_EQ(take(&i), 1);
    }
    return n;
}
static const char *judge_grant(void)
{
    int n = good_at_b();
    EXPECT(n <= 1);
    return n ? "the other holds it, and it is good" : "the other has nothing";
}
static void ready_granted(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_grant(&w.v, w.v_main, vipc_self(&w.b), NULL, &c));
    EXPECT_OK(vipc_grant(&w.v, w.v_main, vipc_self(&w.b), NULL, &c));
    EXPECT_OK(vipc_derive(&w.v, w.v_main, NULL, &w.v_other));
}
static const char *judge_revoke(void)
{
    int n = good_at_b();
    EXPECT(n <= 2);
    return n == 2 ? "all that was granted is good" : n ? "some of it is good" : "all of it is dead";
}
static void act_close_other(void) { EXPECT_OK(vipc_close(&w.v, w.v_other)); }
static void act_close_main(void) { EXPECT_OK(vipc_close(&w.v, w.v_main)); }
static const char *judge_close(void)
{
    EXPECT_EQ(good_at_b(), 2);
    return "what it had granted stays good";
}
static void ready_endpoint(void) { EXPECT_OK(vipc_endpoint_create(&w.v, NULL, &w.v_other)); }

/* -- objects and names -- */
static const char *judge_destroy(void)
{
    vipc_message m = message(1);
    vipc_info i;
    vipc_stats s;
    vipc_error e = vipc_send(&w.a, w.main, &m, VIPC_NOW);
    if (e == VIPC_OK) {
        for (uint32_t n = 71; n <= 72; n++) EXPECT_EQ(take(&i), n);
        EXPECT_EQ(take(&i), 1);
        return "it is open, all is there";
    }
    EXPECT(e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY);
    EXPECT_OK(vipc_trim(&w.a, NULL));
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    EXPECT(s.frames_in_use <= w.see.frames);
    return "it has ended";
}
static const char *judge_destroy_sleeper(void)
{
    if (w.result == VIPC_OK) {
        EXPECT_EQ(w.got.opcode, OTHER);
        return SLEEPS;
    }
    EXPECT_EQ(w.result, VIPC_ERR_CLOSED);
    return "CLOSED at the sleeper";
}
static const char *judge_destroy_caller(void)
{
    if (w.result == VIPC_OK) {
        EXPECT_EQ(w.got.opcode, 5);
        return "the request is still there, and can be answered";
    }
    EXPECT_EQ(w.result, VIPC_ERR_CLOSED);
    return "CLOSED at the caller";
}
static void wait_receive_other(void) { w.result = vipc_receive(&w.b, w.b_other, &w.got, &w.info, VIPC_FOREVER); }
static void act_destroy_own(void) { EXPECT_OK(vipc_destroy(&w.v, w.v_own, VIPC_FOREVER)); }
static const char *judge_own_sleeper(void)
{
    EXPECT(w.result == VIPC_ERR_CLOSED || w.result == VIPC_ERR_PEER_DEAD);
    return w.result == VIPC_ERR_CLOSED ? "CLOSED at the sleeper" : "PEER_DEAD at the sleeper";
}
static void act_bind_b(void) { EXPECT_OK(vipc_endpoint_bind(&w.v, w.v_main, vipc_self(&w.b))); }
static const char *judge_bind(void)
{
    vipc_message m;
    put(71);
    vipc_error a = vipc_receive(&w.a, w.main, &m, NULL, VIPC_NOW);
    if (a == VIPC_OK) return "anybody may receive";
    EXPECT_EQ(a, VIPC_ERR_PERMISSION_DENIED);
    vipc_error b = vipc_receive(&w.b, w.b_main, &m, NULL, VIPC_NOW);
    if (b == VIPC_OK) return "only the one it is bound to may";
    EXPECT_EQ(b, VIPC_ERR_PERMISSION_DENIED);
    return "only the dead might";
}
static void act_channel_create(void)
{
    vipc_cap a, b;
    EXPECT_OK(vipc_channel_create(&w.v, NULL, &a, &b));
}
static void act_note_create(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_notification_create(&w.v, NULL, &c));
}
static const char *judge_publish_sleeper(void)  /* who looks a name up asks whether its publisher lives */
{
    vipc_message m = message(1);
    vipc_info i;
    EXPECT_OK(w.result);
    EXPECT_OK(vipc_send(&w.b, w.b_other, &m, VIPC_NOW));
    EXPECT_EQ(take(&i), 1);
    EXPECT_OK(vipc_unpublish(&w.a, "mine"));
    return SLEEPS;
}
static const char *judge_lookup_wait(void)
{
    vipc_error e = vipc_unpublish(&w.a, "mine");
    EXPECT_EQ(e, mind.peer_turn ? VIPC_OK : VIPC_ERR_ENDPOINT_NOT_FOUND);
    return judge_nothing();
}

/* -- processes and the domain -- */
static void prepare_ended(void)
{
    EXPECT_OK(vipc_process_create(&w.a, NULL, &w.d, NULL));
    w.see.ended = vipc_self(&w.d);
    EXPECT_OK(vipc_leave(&w.d));
}
static void prepare_living(void)
{
    EXPECT_OK(vipc_process_create(&w.a, NULL, &w.d, NULL));
    w.see.ended = vipc_self(&w.d);
}
static void act_watch(void) { EXPECT_OK(vipc_process_watch(&w.v, w.see.ended, w.see.v_note, 5)); }
static const char *judge_watch(void)
{
    if (vipci_known(&w.d) == VIPC_OK) EXPECT_OK(vipc_leave(&w.d));
    EXPECT_EQ(my_bits(), 0);
    return "the watch has ended with it";
}
static void act_process_wait(void) { EXPECT_OK(vipc_process_wait(&w.v, w.see.ended, VIPC_FOREVER)); }
static void peer_leaves(int turn)
{
    if (turn == 0) EXPECT_OK(vipc_leave(&w.d));
    else NEVER("it sleeps on, though the other has ended");
}
static const char *judge_process_wait(void)
{
    if (vipci_known(&w.d) == VIPC_OK) EXPECT_OK(vipc_leave(&w.d));
    return judge_nothing();
}
static void ready_child(void) { EXPECT_OK(vipc_process_create(&w.v, NULL, &w.thread, &w.v_other)); }
static void act_process_create(void) { EXPECT_OK(vipc_process_create(&w.v, NULL, &w.thread, &w.v_other)); }
static void act_process_destroy(void) { EXPECT_OK(vipc_process_destroy(&w.v, w.v_other, NULL)); }
static void act_thread_enter(void) { EXPECT_OK(vipc_thread_enter(&w.v, 0, &w.thread)); }
static void act_thread_leave(void) { EXPECT_OK(vipc_leave(&w.thread)); }
static const char *judge_leave(void)
{
    vipc_cap c;
    EXPECT_EQ(gained_by_b(&c, 1), 0);  /* what it had granted of its endpoint */
    return judge_name();
}
static const char *judge_peer_dead(void)
{
    EXPECT_EQ(w.result, VIPC_ERR_PEER_DEAD);
    return "PEER_DEAD at the caller";
}
static const char *judge_sweep(void)
{
    vipc_info i;
    vipc_cap c;
    EXPECT_EQ(take(&i), 71);           /* what the long dead had sent stays sent */
    EXPECT_EQ(take(&i), 0);
    EXPECT_EQ(gained_by_b(&c, 1), 0);
    (void)judge_name();
    return "the dead is cleaned up all the same";
}
static const char *judge_trim(void)
{
    vipc_stats s;
    EXPECT_OK(vipc_stats_get(&w.a, &s));
    EXPECT(s.frames_in_use <= w.see.frames && s.frames_in_use > 0);      /* the bystander's are not empty */
    return s.frames_in_use == w.see.frames ? "no frames are back" : s.frames_in_use == 1 ? "those of all empty queues are back" : "those of some are";
}
static void act_check(void)
{
    uint32_t n;
    EXPECT_OK(vipc_check(&w.v, &n));
}
static void act_stats(void)
{
    vipc_stats s;
    EXPECT_OK(vipc_stats_get(&w.v, &s));
}
static void act_cap_get(void)
{
    vipc_cap_info i;
    EXPECT_OK(vipc_cap_get(&w.v, w.v_main, &i));
}
static void act_endpoint_get(void)
{
    vipc_endpoint_info i;
    EXPECT_OK(vipc_endpoint_get(&w.v, w.v_main, &i));
}
static void act_process_get(void)
{
    vipc_process_info i;
    EXPECT_OK(vipc_process_get(&w.v, vipc_self(&w.b), &i));
}
static void act_process_find(void)
{
    vipc_pid p;
    EXPECT_EQ(vipc_process_find(&w.v, 987654, &p), VIPC_ERR_PROCESS_NOT_FOUND);
}
/* A domain of its own, in memory that is among what is compared. */
static void prepare_block(void)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = c.max_threads = c.max_objects = c.max_names = 4;
    w.see.block_size = (vipc_required_size(&c) + 4095) & ~(uint64_t)4095;
    w.see.block = mmap(NULL, w.see.block_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(w.see.block != MAP_FAILED);
}
static void act_init(void)
{
    vipc_config c = VIPC_INIT;
    c.max_processes = c.max_threads = c.max_objects = c.max_names = 4;
    EXPECT_OK(vipc_init(&w.j, w.see.block, w.see.block_size, &c, NULL, w.a.hooks));
}
static const char *judge_init(void)
{
    uint32_t n = 9;
    vipc_error e = vipc_attach(&w.j, w.see.block, w.see.block_size, NULL, NULL, w.a.hooks);
    if (e == VIPC_ERR_NOT_INITIALIZED) return "NOT_INITIALIZED at an attach: make it anew";
    EXPECT_OK(e);
    EXPECT_OK(vipc_check(&w.j, &n));
    EXPECT_EQ(n, 0);
    return "others attach";
}

/* -- address spaces --
 * A has a space: private pages 0 - 3, the first three of them touched, and so shared with the clone that A has, too; 8 and 9, of which page 8 is the space's alone; a heap of two pages, of
 * which it has the first; a stack of eight, of which it has the upper two.  V has all rights to it. */
#define SPACE_AT ((vipc_addr)0x10000)
enum { SPACE_PAGES = 64, SPACE_HEAP = 16, SPACE_HEAP_MAX = 8 };
static vipc_addr page(uint32_t n) { return SPACE_AT + (vipc_addr)n * 4096; }
static int has_space(const op *o);
static void map_there(uint32_t at, uint32_t pages)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = page(at);
    d.size = (uint64_t)pages * 4096;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE;
    EXPECT_OK(vipc_space_mmap(&w.a, w.see.space, &d, &got, VIPC_NOW));
}
static void fill_page(vipc_cap s, vipc_addr at, char with)
{
    EXPECT_OK(vipc_page_fault(&w.a, s, at, VIPC_PROT_WRITE, NULL));
    EXPECT_OK(vipc_space_write(&w.a, s, at, &with, 1, NULL));
}
static char first_byte(vipc_cap s, vipc_addr at)
{
    char c = 0;
    EXPECT_OK(vipc_space_read(&w.a, s, at, &c, 1, NULL));
    return c;
}
static uint32_t sharers(vipc_cap s, vipc_addr at)              /* 0: it has no frame */
{
    uint32_t n = 0;
    vipc_error e = vipc_space_sharers(&w.a, s, at, &n);
    EXPECT(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND);
    return n;
}
static void prepare_space(void)
{
    vipc_space_desc d = VIPC_INIT;
    vipc_stack_desc k = VIPC_INIT;
    d.start = SPACE_AT;
    d.end = page(SPACE_PAGES);
    d.heap_start = page(SPACE_HEAP);
    d.heap_max = SPACE_HEAP_MAX * 4096;
    EXPECT_OK(vipc_space_create(&w.a, &d, &w.see.space));
    map_there(0, 4);
    for (uint32_t i = 0; i < 3; i++) fill_page(w.see.space, page(i), (char)('a' + i));
    EXPECT_OK(vipc_space_grow_heap(&w.a, w.see.space, 8192, NULL));
    fill_page(w.see.space, page(SPACE_HEAP), 'h');
    k.size = 8 * 4096;
    k.first = 2 * 4096;
    EXPECT_OK(vipc_space_stack_create(&w.a, w.see.space, &k, &w.see.stack));
    fill_page(w.see.space, w.see.stack.top - 4096, 's');
    EXPECT_OK(vipc_space_clone(&w.a, w.see.space, &w.see.copy, VIPC_NOW));
    map_there(8, 2);
    fill_page(w.see.space, page(8), 'x');
    EXPECT_OK(vipc_publish(&w.a, "space", w.see.space, 0));
}
static void ready_space(void) { EXPECT_OK(vipc_lookup(&w.v, "space", 0, &w.see.v_space, VIPC_NOW)); }
static void end_space(void)
{
    vipc_space_info i;
    (void)vipc_unpublish(&w.a, "space");
    if (vipc_space_get(&w.a, w.see.space, &i) == VIPC_OK) {
        EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, SPACE_AT, SPACE_PAGES * 4096, VIPC_NOW));
        EXPECT_OK(vipc_space_get(&w.a, w.see.space, &i));
        EXPECT(i.regions == 0 && i.leaving == 0 && i.pages == 0 && i.pages_shared == 0 && i.table_frames == 0);
    }
    for (uint32_t n = 0; n < 3; n++) EXPECT(first_byte(w.see.copy, page(n)) == (char)('a' + n) && sharers(w.see.copy, page(n)) == 1);
    EXPECT_OK(vipc_destroy(&w.a, w.see.copy, VIPC_NOW));
}
/* The region around a page; its end is 0 where nothing is mapped. */
static vipc_space_region around(vipc_addr at)
{
    vipc_space_region r = VIPC_INIT, none = VIPC_INIT;
    vipc_error e = vipc_space_find(&w.a, w.see.space, at, &r);
    EXPECT(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND);
    return e == VIPC_OK && r.start <= at ? r : none;
}
static vipc_addr brk_of_space(void)
{
    vipc_space_info i;
    EXPECT_OK(vipc_space_get(&w.a, w.see.space, &i));
    return i.brk;
}
/* Pages [from, to) as they were made, but for their contents: private, readable and writable. */
static int mapped(uint32_t from, uint32_t to)
{
    uint32_t n = 0, leaves = 0;
    for (uint32_t i = from; i < to; i++) {
        vipc_space_region r = around(page(i));
        leaves += r.leaving;
        n += r.end && !r.leaving && r.prot == (VIPC_PROT_READ | VIPC_PROT_WRITE);
    }
    EXPECT((n == 0 || n == to - from) && (leaves == 0 || leaves == to - from));
    return leaves ? -1 : n != 0;
}
#define AS_BEFORE "all is as before"
#define LEAVES "it cannot be used any more; its frames come back with the next unmap, or the end of the space"
static const char *as_before(void)       /* all but what the row is about */
{
    for (uint32_t i = 0; i < 3; i++) EXPECT_EQ(first_byte(w.see.copy, page(i)), 'a' + i);
    EXPECT_EQ(first_byte(w.see.space, page(8)), 'x');
    EXPECT_EQ(first_byte(w.see.space, w.see.stack.top - 4096), 's');
    EXPECT_EQ(first_byte(w.see.copy, page(SPACE_HEAP)), 'h');
    return AS_BEFORE;
}
static const char *judge_whole(void)     /* and that, too */
{
    EXPECT(mapped(0, 4) == 1 && mapped(8, 10) == 1 && mapped(SPACE_HEAP, SPACE_HEAP + 2) == 1 && brk_of_space() == page(SPACE_HEAP + 2));
    for (uint32_t i = 0; i < 3; i++) EXPECT(first_byte(w.see.space, page(i)) == (char)('a' + i) && sharers(w.see.space, page(i)) == 2);
    EXPECT(sharers(w.see.space, page(8)) == 1 && sharers(w.see.space, page(9)) == 0 && sharers(w.see.space, page(3)) == 0);
    EXPECT(around(w.see.stack.bottom).guard && around(w.see.stack.bottom + 4096).growth);
    return as_before();
}
static void act_space_create(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_space_create(&w.v, NULL, &c));
}
static void act_space_clone(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_space_clone(&w.v, w.see.v_space, &c, VIPC_NOW));
}
static void act_space_adopt(void) { EXPECT_OK(vipc_space_adopt(&w.v, w.see.v_space)); }
static void act_space_destroy(void) { EXPECT_OK(vipc_destroy(&w.v, w.see.v_space, VIPC_NOW)); }
static const char *judge_space_end(void)
{
    vipc_space_info i;
    vipc_error e = vipc_space_get(&w.a, w.see.space, &i);
    for (uint32_t n = 0; n < 3; n++) EXPECT_EQ(first_byte(w.see.copy, page(n)), 'a' + n);
    if (e == VIPC_OK) return judge_whole();
    EXPECT(e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY);
    EXPECT_OK(vipc_trim(&w.a, NULL));
    EXPECT_EQ(vipc_space_get(&w.a, w.see.space, &i), VIPC_ERR_INVALID_CAPABILITY);
    return "the space has ended, its frames are back";
}
static void act_space_map(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = page(40);
    d.size = 3 * 4096;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE | (strstr(mind.op->name, "frames") ? VIPC_MAP_POPULATE : 0);
    EXPECT_OK(vipc_space_mmap(&w.v, w.see.v_space, &d, &got, VIPC_NOW));
}
static void act_space_map_over(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = page(1);
    d.size = 4096;
    d.prot = VIPC_PROT_READ;
    d.flags = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE | VIPC_MAP_FIXED;
    EXPECT_OK(vipc_space_mmap(&w.v, w.see.v_space, &d, &got, VIPC_NOW));
}
static const char *judge_map_over(void)
{
    vipc_space_region r = around(page(1));
    EXPECT(mapped(0, 1) == 1 && mapped(2, 4) == 1);
    as_before();
    if (!r.end) return "it is gone, with its frames; nothing new is there";
    if (r.leaving) return LEAVES;
    if (r.prot != VIPC_PROT_READ) return judge_whole();
    EXPECT(first_byte(w.see.space, page(1)) == 0 && sharers(w.see.space, page(1)) == 0);
    return "the new is there instead";
}
static void act_space_allocate(void)
{
    vipc_addr got;
    EXPECT_OK(vipc_space_allocate(&w.v, w.see.v_space, 3 * 4096, VIPC_PROT_READ | VIPC_PROT_WRITE, &got));
}
static void act_space_physical(void) { EXPECT_OK(vipc_space_map_physical(&w.v, w.see.v_space, 0xfe000000, page(40), 3 * 4096, VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_UNCACHED)); }
static const char *judge_map(void)
{
    const uint32_t at = mind.op->act == act_space_allocate ? SPACE_HEAP + SPACE_HEAP_MAX : 40;
    const int is = mapped(at, at + 3);
    uint32_t n = 0;
    for (uint32_t i = at; i < at + 3; i++) {
        const uint32_t has = sharers(w.see.space, page(i));
        EXPECT(has == 0 || has == 1);
        n += has;
        if (has && is == 1) EXPECT_EQ(first_byte(w.see.space, page(i)), 0);
    }
    judge_whole();
    if (is < 0) return LEAVES;
    EXPECT_EQ(n, is && strstr(mind.op->name, "frames") ? 3 : 0);
    return is ? "it is mapped" : AS_BEFORE;
}
static void act_space_unmap(void) { EXPECT_OK(vipc_space_unmap(&w.v, w.see.v_space, page(1), 8192, VIPC_NOW)); }
static void act_space_free(void) { EXPECT_OK(vipc_space_free(&w.v, w.see.v_space, page(1), 8192, VIPC_NOW)); }
static const char *judge_unmap(void)
{
    const int is = mapped(1, 3);
    EXPECT(mapped(0, 1) == 1 && mapped(3, 4) == 1);
    if (is == 1) return judge_whole();
    as_before();
    if (is < 0) return LEAVES;
    EXPECT(sharers(w.see.space, page(1)) == 0 && sharers(w.see.copy, page(1)) == 1 && sharers(w.see.copy, page(0)) == 2);
    return "it is gone, with its frames";
}
static void act_space_protect(void) { EXPECT_OK(vipc_space_protect(&w.v, w.see.v_space, page(1), 8192, VIPC_PROT_READ, VIPC_NOW)); }
static const char *judge_protect(void)
{
    const vipc_space_region r = around(page(1));
    EXPECT(r.end && !r.leaving && around(page(2)).prot == r.prot && mapped(0, 1) == 1 && mapped(3, 4) == 1);
    if (r.prot == (VIPC_PROT_READ | VIPC_PROT_WRITE)) return judge_whole();
    for (uint32_t i = 0; i < 3; i++) EXPECT(first_byte(w.see.space, page(i)) == (char)('a' + i));
    as_before();
    return "it is protected so";
}
static void act_break_up(void) { EXPECT_OK(vipc_space_set_break(&w.v, w.see.v_space, page(SPACE_HEAP + 4), NULL, VIPC_NOW)); }
static void act_heap_up(void) { EXPECT_OK(vipc_space_grow_heap(&w.v, w.see.v_space, 2 * 4096, NULL)); }
static void act_break_down(void) { EXPECT_OK(vipc_space_set_break(&w.v, w.see.v_space, page(SPACE_HEAP), NULL, VIPC_NOW)); }
static const char *judge_break(void)
{
    const vipc_addr now = brk_of_space();
    if (now == page(SPACE_HEAP + 2)) { EXPECT(!around(page(SPACE_HEAP + 2)).end); return judge_whole(); }
    as_before();
    if (now == page(SPACE_HEAP + 4)) { EXPECT_EQ(mapped(SPACE_HEAP, SPACE_HEAP + 4), 1); return "the break has moved"; }
    EXPECT(now == page(SPACE_HEAP));
    if (mapped(SPACE_HEAP, SPACE_HEAP + 2) < 0) return LEAVES;
    EXPECT(mapped(SPACE_HEAP, SPACE_HEAP + 2) == 0 && sharers(w.see.copy, page(SPACE_HEAP)) == 1);
    return "the break has moved";
}
static void act_stack_create(void)
{
    vipc_stack k;
    vipc_stack_desc d = VIPC_INIT;
    d.size = 8 * 4096;
    d.first = 2 * 4096;
    EXPECT_OK(vipc_space_stack_create(&w.v, w.see.v_space, &d, &k));
    EXPECT(k.top == w.see.stack.bottom);
}
static const char *judge_stack_create(void)
{
    const vipc_addr bottom = w.see.stack.bottom - 8 * 4096;
    const int guard = around(bottom).end != 0, growth = around(bottom + 4096).end != 0, rest = around(bottom + 6 * 4096).end != 0;
    const int leaves = (int)(around(bottom).leaving + around(bottom + 4096).leaving + around(bottom + 6 * 4096).leaving);
    judge_whole();
    if (guard + growth + rest == 0) return AS_BEFORE;
    EXPECT(leaves ? leaves == guard + growth + rest : guard + growth + rest == 3);
    if (leaves) {
        EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, page(60), 4096, VIPC_NOW));
        EXPECT(!around(bottom).end && !around(bottom + 4096).end && !around(bottom + 6 * 4096).end);
        return "its range is taken until the next unmap";
    }
    EXPECT(around(bottom).guard && around(bottom + 4096).growth && around(bottom + 6 * 4096).prot);
    return "it is there";
}
static void act_grow_stack(void)
{
    vipc_stack k = w.see.stack;
    EXPECT_OK(vipc_space_grow_stack(&w.v, w.see.v_space, &k, 2 * 4096));
}
static const char *judge_grow_stack(void)
{
    const vipc_addr bottom = w.see.stack.bottom;
    as_before();
    if (around(bottom).guard) { EXPECT(!around(bottom - 8192).end); return judge_whole(); }
    EXPECT(around(bottom - 8192).guard && around(bottom - 4096).growth && around(bottom).growth);
    return "it may grow so far";
}
static void fault_there(vipc_addr at, uint32_t access) { EXPECT_OK(vipc_page_fault(&w.v, w.see.v_space, at, access, NULL)); }
static void act_fault_zero(void) { fault_there(page(9), VIPC_PROT_READ); }
static void act_fault_copy(void) { fault_there(page(1), VIPC_PROT_WRITE); }
static void act_fault_growth(void) { fault_there(w.see.stack.bottom + 3 * 4096, VIPC_PROT_WRITE); }
static const char *judge_fault_zero(void)
{
    const uint32_t n = sharers(w.see.space, page(9));
    EXPECT(mapped(8, 10) == 1 && n <= 1 && first_byte(w.see.space, page(9)) == 0);
    as_before();
    return n ? "the page has a zeroed frame" : judge_whole();
}
static const char *judge_fault_copy(void)
{
    EXPECT(mapped(0, 4) == 1 && first_byte(w.see.space, page(1)) == 'b');
    as_before();
    if (sharers(w.see.space, page(1)) == 2) return judge_whole();
    EXPECT_EQ(sharers(w.see.space, page(1)), 1);
    return "the page has a frame of its own, its contents as before";
}
static const char *judge_fault_growth(void)
{
    const vipc_addr at = w.see.stack.bottom + 3 * 4096;
    const uint32_t n = sharers(w.see.space, at);
    as_before();
    EXPECT(n <= 1);
    if (around(at).growth && !n) return judge_whole();
    if (around(at).growth) return "the page has a frame, the stack has not grown";
    EXPECT(n == 1 && around(at).start == at && around(at).prot && first_byte(w.see.space, at) == 0);
    return "the stack has grown";
}
static void act_touch(void) { EXPECT_OK(vipc_space_touch(&w.v, w.see.v_space, page(0), 3 * 4096, VIPC_PROT_WRITE, NULL)); }
static const char *judge_touch(void)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < 3; i++) {
        EXPECT(first_byte(w.see.space, page(i)) == (char)('a' + i));
        own += sharers(w.see.space, page(i)) == 1;
    }
    as_before();
    return own == 0 ? judge_whole() : own < 3 ? "it is done to some of the pages" : "it is done to all of the pages";
}
static void act_space_write(void) { EXPECT_OK(vipc_space_write(&w.v, w.see.v_space, page(1), "w", 1, NULL)); }
static const char *judge_space_write(void)
{
    const char is = first_byte(w.see.space, page(1));
    as_before();
    if (is == 'b') return sharers(w.see.space, page(1)) == 2 ? judge_whole() : "the page has a frame of its own, its contents as before";
    EXPECT(is == 'w' && sharers(w.see.space, page(1)) == 1);
    return "it is written";
}
static void act_space_read(void)
{
    char c = 0;
    EXPECT_OK(vipc_space_read(&w.v, w.see.v_space, page(1), &c, 1, NULL));
    EXPECT_EQ(c, 'b');
}
static void act_space_find(void)
{
    vipc_space_region r;
    EXPECT_OK(vipc_space_find(&w.v, w.see.v_space, page(1), &r));
}
static void act_space_sharers(void)
{
    uint32_t n;
    EXPECT_OK(vipc_space_sharers(&w.v, w.see.v_space, page(1), &n));
}
static void act_space_get(void)
{
    vipc_space_info i;
    EXPECT_OK(vipc_space_get(&w.v, w.see.v_space, &i));
}
#define SPACE .prepare = prepare_space, .ready = ready_space

/* -- shared regions and named objects --
 * A has a space, and mapped in it, to be read and written: a region of two pages at page 0, which it owns, and a named object of two pages at page 8.  B may map into the space; V has all
 * rights to the three.  Where it says so, V owns a space and a region of two pages that is mapped there.  After each death the core's sums of frames are what these come to. */
enum { REGION_AT = 0, OBJECT_AT = 8, FREE_AT = 16, LOOK_AT = 24, REGION_BYTES = 2 * 4096 };
static void map_at(vipc *who, vipc_cap space, vipc_cap memory, uint32_t at, uint32_t access, vipc_mapping *m)
{
    vipc_map_desc d = VIPC_INIT;
    d.space = space;
    d.at = at ? page(at - 1) : 0;
    d.access = access;
    EXPECT_OK(vipc_map(who, memory, &d, m));
    EXPECT(m->size == REGION_BYTES && (!at || m->at == page(at - 1)));
}
static void fill_two(vipc *who, vipc_cap space, vipc_addr at, char with)
{
    for (uint32_t i = 0; i < 2; i++) {
        const char c = (char)(with + (char)i);
        EXPECT_OK(vipc_space_write(who, space, at + i * 4096, &c, 1, NULL));
    }
}
static int two_there(vipc_addr at, char first) { return first_byte(w.see.space, at) == first && first_byte(w.see.space, at + 4096) == (char)(first + 1); }
static uint64_t bytes_of_all(void)
{
    uint64_t n = 0;
    EXPECT_OK(vipc_trim(&w.a, NULL));
    EXPECT_OK(vipc_node_usage(&w.a, 0, &n));
    return n;
}
/* What A sends: a third region of its own. */
static void make_letter(void)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_mapping m;
    d.size = REGION_BYTES;
    EXPECT_OK(vipc_region_create(&w.a, &d, &w.see.letter));
    map_at(&w.a, w.see.space, w.see.letter, FREE_AT + 1, VIPC_WRITE, &m);
    fill_two(&w.a, w.see.space, page(FREE_AT), 'v');
    EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, page(FREE_AT), REGION_BYTES, VIPC_NOW));
}
static void prepare_regions(void)
{
    vipc_region_desc r = VIPC_INIT;
    vipc_space_desc d = VIPC_INIT;
    vipc_mapping m;
    d.start = SPACE_AT;
    d.end = page(SPACE_PAGES);
    d.heap_start = page(48);
    d.heap_max = 4096;
    r.size = REGION_BYTES;
    EXPECT_OK(vipc_space_create(&w.a, &d, &w.see.space));
    EXPECT_OK(vipc_region_create(&w.a, &r, &w.see.region));
    EXPECT_OK(vipc_object_open(&w.a, "object", VIPC_OPEN_CREATE, 0, &w.see.object, VIPC_NOW));
    EXPECT_OK(vipc_object_truncate(&w.a, w.see.object, REGION_BYTES, VIPC_NOW));
    map_at(&w.a, w.see.space, w.see.region, REGION_AT + 1, VIPC_WRITE, &m);
    map_at(&w.a, w.see.space, w.see.object, OBJECT_AT + 1, VIPC_WRITE, &m);
    fill_two(&w.a, w.see.space, page(REGION_AT), 'r');
    fill_two(&w.a, w.see.space, page(OBJECT_AT), 'o');
    EXPECT_OK(vipc_publish(&w.a, "space", w.see.space, 0));
    EXPECT_OK(vipc_publish(&w.a, "region", w.see.region, 0));
    EXPECT_OK(vipc_lookup(&w.b, "space", 0, &w.see.b_space, VIPC_NOW));
    EXPECT_OK(vipc_region_get(&w.a, w.see.region, &w.see.region_was));
    EXPECT_OK(vipc_object_get(&w.a, w.see.object, &w.see.object_was));
    EXPECT(w.see.region_was.mappings == 1 && w.see.object_was.mappings == 1);
    w.see.bytes = bytes_of_all();
    EXPECT_EQ(w.see.bytes, 2 * REGION_BYTES);
}
static void prepare_read_only(void)
{
    prepare_regions();
    EXPECT_OK(vipc_space_protect(&w.a, w.see.space, page(REGION_AT), REGION_BYTES, VIPC_PROT_READ, VIPC_NOW));
}
static void ready_regions(void)
{
    EXPECT_OK(vipc_lookup(&w.v, "space", 0, &w.see.v_space, VIPC_NOW));
    EXPECT_OK(vipc_lookup(&w.v, "region", 0, &w.see.v_region, VIPC_NOW));
    EXPECT_OK(vipc_object_open(&w.v, "object", 0, 0, &w.see.v_object, VIPC_NOW));
}
static void ready_own_region(void)
{
    vipc_space_desc d = VIPC_INIT;
    vipc_region_desc r = VIPC_INIT;
    ready_regions();
    d.start = SPACE_AT;
    d.end = page(SPACE_PAGES);
    r.size = REGION_BYTES;
    EXPECT_OK(vipc_space_create(&w.v, &d, &w.see.v_own_space));
    EXPECT_OK(vipc_space_adopt(&w.v, w.see.v_own_space));
    EXPECT_OK(vipc_region_create(&w.v, &r, &w.see.v_region));
    map_at(&w.v, w.see.v_own_space, w.see.v_region, 0, VIPC_WRITE, &w.see.v_map);
    fill_two(&w.v, w.see.v_own_space, w.see.v_map.at, 'v');
}
/* What V did to A's space: it mapped the region a second time. */
static void ready_mapped(void)
{
    vipc_mapping m;
    ready_regions();
    map_at(&w.v, w.see.v_space, w.see.v_region, FREE_AT + 1, VIPC_READ, &m);
}
static void ready_derived(void)
{
    vipc_mapping m;
    vipc_cap child;
    ready_regions();
    EXPECT_OK(vipc_derive(&w.v, w.see.v_region, NULL, &child));
    map_at(&w.v, w.see.v_space, child, FREE_AT + 1, VIPC_READ, &m);
}
static void end_regions(void)
{
    vipc_space_info i;
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    (void)vipc_unpublish(&w.a, "region");
    EXPECT_OK(vipc_unpublish(&w.a, "space"));
    vipc_error e = vipc_object_unlink(&w.a, "object");
    EXPECT(e == VIPC_OK || e == VIPC_ERR_NOT_FOUND);
    EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, SPACE_AT, SPACE_PAGES * 4096, VIPC_NOW));
    EXPECT_OK(vipc_space_get(&w.a, w.see.space, &i));
    EXPECT(i.regions == 0 && i.leaving == 0 && i.pages == 0 && i.pages_shared == 0 && i.table_frames == 0);
    if (w.see.letter.token) {
        e = vipc_close(&w.a, w.see.letter);
        EXPECT(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY);
    }
    e = vipc_close(&w.a, w.see.region);
    EXPECT(e == VIPC_OK || e == VIPC_ERR_INVALID_CAPABILITY);
    EXPECT_OK(vipc_close(&w.a, w.see.object));
    EXPECT_EQ(bytes_of_all(), 0);
}
static int region_is_there(void)
{
    const vipc_region_info *was = &w.see.region_was;
    vipc_region_info i;
    vipc_cap c;
    EXPECT_OK(vipc_region_get(&w.a, w.see.region, &i));
    EXPECT(i.id == was->id && i.size == was->size && i.owner.id == vipc_self(&w.a).id && i.holders == was->holders);
    EXPECT_OK(vipc_region_find(&w.a, i.id, &c));
    EXPECT(two_there(page(REGION_AT), 'r'));
    return (int)(i.mappings - was->mappings);
}
static void object_is_there(void)
{
    const vipc_object_stat *was = &w.see.object_was;
    vipc_object_stat i;
    uint32_t n = 0;
    EXPECT_OK(vipc_object_get(&w.a, w.see.object, &i));
    EXPECT(i.id == was->id && i.size == was->size && i.owner.id == vipc_self(&w.a).id && i.opens == was->opens && i.mappings == was->mappings && !i.unlinked && !i.sealed);
    EXPECT_OK(vipc_object_count(&w.a, &n));
    EXPECT_EQ(n, 1);
    EXPECT(two_there(page(OBJECT_AT), 'o'));
}
static const char *judge_regions(void)
{
    vipc_cap c;
    EXPECT(region_is_there() == 0);
    object_is_there();
    EXPECT_EQ(gained_by_b(&c, 1), 0);
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    EXPECT(!around(page(FREE_AT)).end);
    return AS_BEFORE;
}
/* A region that B has now, of those contents: mapped, written and unmapped again. */
static void expect_region_at_b(vipc_cap c, char first, int own)
{
    vipc_mapping m;
    vipc_region_info i;
    EXPECT_OK(vipc_region_get(&w.b, c, &i));
    EXPECT(i.size == REGION_BYTES && i.holders == 1 + (own ? 0 : w.see.region_was.holders) && (i.id == w.see.region_was.id) == !own);
    map_at(&w.b, w.see.b_space, c, LOOK_AT + 1, VIPC_WRITE, &m);
    EXPECT(two_there(page(LOOK_AT), first));
    fill_two(&w.b, w.see.b_space, page(LOOK_AT), 'y');
    EXPECT(two_there(page(LOOK_AT), 'y') && two_there(page(REGION_AT), own ? 'r' : 'y') && two_there(page(OBJECT_AT), 'o'));
    fill_two(&w.a, w.see.space, page(REGION_AT), 'r');
    EXPECT(two_there(page(LOOK_AT), own ? 'y' : 'r'));
    EXPECT_OK(vipc_space_unmap(&w.b, w.see.b_space, page(LOOK_AT), REGION_BYTES, VIPC_NOW));
    EXPECT_EQ(bytes_of_all(), w.see.bytes + (own ? REGION_BYTES : 0));
}
static void act_region_create(void)
{
    vipc_region_desc d = VIPC_INIT;
    vipc_cap c;
    d.size = REGION_BYTES;
    EXPECT_OK(vipc_region_create(&w.v, &d, &c));
}
static void act_region_get(void)
{
    vipc_region_info i;
    EXPECT_OK(vipc_region_get(&w.v, w.see.v_region, &i));
}
static void act_region_find(void)
{
    vipc_cap c;
    EXPECT_OK(vipc_region_find(&w.v, w.see.region_was.id, &c));
}
static void act_map(void)
{
    vipc_mapping m;
    map_at(&w.v, w.see.v_space, w.see.v_region, FREE_AT + 1, VIPC_WRITE, &m);
}
static void act_map_own(void)
{
    vipc_mapping m;
    map_at(&w.v, w.see.v_own_space, w.see.v_object, 0, VIPC_WRITE, &m);
}
static const char *judge_mapped(void)
{
    const vipc_space_region r = around(page(FREE_AT));
    const int mappings = region_is_there();
    object_is_there();
    if (!r.end) return judge_regions();
    EXPECT(mappings == 1 && !r.leaving && r.prot == (VIPC_PROT_READ | VIPC_PROT_WRITE) && r.end - r.start == REGION_BYTES && two_there(page(FREE_AT), 'r'));
    EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, page(FREE_AT), REGION_BYTES, VIPC_NOW));
    (void)judge_regions();
    return "it is mapped";
}
static void act_unmap_own(void) { EXPECT_OK(vipc_unmap(&w.v, &w.see.v_map, VIPC_NOW)); }
static void act_unmap_region(void) { EXPECT_OK(vipc_space_unmap(&w.v, w.see.v_space, page(FREE_AT), REGION_BYTES, VIPC_NOW)); }
static void act_revoke_region(void) { EXPECT_OK(vipc_revoke(&w.v, w.see.v_region, VIPC_NOW)); }
#define MAPPED_STILL "it is mapped still"
#define WITHDRAWN "who touches it faults; its addresses are free with the next unmap"
#define UNMAPPED "it is not mapped any more"
static const char *judge_unmapped(void)
{
    const vipc_space_region r = around(page(FREE_AT));
    char c = 0;
    vipc_error e = vipc_space_read(&w.a, w.see.space, page(FREE_AT), &c, 1, NULL);
    (void)region_is_there();
    object_is_there();
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    if (!r.end) { EXPECT_EQ(e, VIPC_ERR_FAULT); return judge_regions() ? UNMAPPED : NULL; }
    EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, page(FREE_AT), REGION_BYTES, VIPC_NOW));
    (void)judge_regions();
    if (e == VIPC_OK) { EXPECT(c == 'r' && !r.leaving); return MAPPED_STILL; }
    EXPECT_EQ(e, VIPC_ERR_FAULT);
    return WITHDRAWN;
}
static void transfer(uint32_t mode)
{
    vipc_cap c;
    EXPECT_OK(vipc_region_transfer(&w.v, w.see.v_region, vipc_self(&w.b), mode, 0, &c, VIPC_NOW));
}
static void act_share(void) { transfer(VIPC_SHARE); }
static void act_move(void) { transfer(VIPC_MOVE); }
static void act_copy_region(void) { transfer(VIPC_COPY_ON_WRITE); }
static int moves(void) { return strstr(mind.op->name, "mov") != NULL; }
static int shares(void) { return strstr(mind.op->name, "shar") != NULL; }
static const char *judge_transfer(void)
{
    vipc_region_info i;
    vipc_cap c;
    int n = gained_by_b(&c, 1);
    object_is_there();
    if (n == 0) return judge_regions() ? "the other has nothing" : NULL;
    expect_region_at_b(c, moves() ? 'v' : 'r', !shares());
    EXPECT_OK(vipc_region_get(&w.b, c, &i));
    if (shares()) { EXPECT(i.owner.id == vipc_self(&w.a).id); return "the other has it, too"; }
    EXPECT(moves() ? i.owner.id == vipc_self(&w.b).id : i.owner.id == 0);
    return moves() ? "the other has it, and owns it" : "the other has a copy of its own";
}
static void act_seal(void) { EXPECT_OK(vipc_region_seal(&w.v, w.see.v_region, VIPC_NOW)); }
static const char *judge_seal(void)
{
    vipc_region_info i;
    vipc_error e = vipc_space_protect(&w.a, w.see.space, page(REGION_AT), REGION_BYTES, VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_NOW);
    EXPECT_OK(vipc_region_get(&w.a, w.see.region, &i));
    (void)judge_regions();
    EXPECT_EQ(e, i.sealed ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK);
    return i.sealed ? "it is sealed" : AS_BEFORE;
}
static void act_node_usage(void)
{
    uint64_t n = 0;
    EXPECT_OK(vipc_node_usage(&w.v, 0, &n));
}
/* RACE 44: the dead has taken a mapping back, and its region does not leave yet.  Whoever comes first gets no page of it, in no way: this looks into the space by one of three, and after
 * every other three instructions not at all, so that a sweep is the first thing that is done. */
static void touch_what_was_withdrawn(void)
{
    const uint32_t index = (uint32_t)(w.see.space.token & 0xffffff) - 1;
    const int way = (int)(mind.step % GLIMPSES);
    vipc_space_region there;
    vipci_area r;
    vipc_addr at = 0;
    vipc_cap copy;
    char c;
    if (mind.step / GLIMPSES % 2) return;
    EXPECT_OK(vipci_lock(&w.a, VIPC_NOW));                     /* what the dead had not committed is rolled back, and no more is done about it */
    vipci_unlock(&w.a);
    const vipci_space *s = vipci_space_of(&w.a, vipci_object_at(&w.a, vipci_entry_at(&w.a, index)->object));
    for (vipc_addr next = SPACE_AT; vipci_region_at(&w.a, s, next, &r); next = r.end) {
        const vipci_entry *m = vipci_is_backed(&r) ? vipci_mapping_of(&w.a, r.b) : NULL;
        if (m && (m->kind & VIPCI_WITHDRAWN) && !(r.a & VIPCI_R_LEAVING)) at = r.start;
    }
    if (!at) return;
    if (way == 0) EXPECT_EQ(vipc_page_fault(&w.a, w.see.space, at, VIPC_PROT_READ, NULL), VIPC_ERR_FAULT);
    if (way == 1) EXPECT_EQ(vipc_space_read(&w.a, w.see.space, at, &c, 1, NULL), VIPC_ERR_FAULT);
    if (way == 2) {
        EXPECT_OK(vipc_space_clone(&w.a, w.see.space, &copy, VIPC_NOW));
        EXPECT(vipc_space_find(&w.a, copy, at, &there) == VIPC_ERR_NOT_FOUND || there.start > at);
        EXPECT_OK(vipc_destroy(&w.a, copy, VIPC_NOW));
    }
    __atomic_fetch_add(&reached[4 + way], 1, __ATOMIC_RELAXED);
}
static void act_destroy_region(void) { EXPECT_OK(vipc_destroy(&w.v, w.see.v_region, VIPC_NOW)); }
static const char *judge_destroy_region(void)
{
    vipc_region_info i;
    char c;
    vipc_error e = vipc_region_get(&w.a, w.see.region, &i);
    object_is_there();
    if (e == VIPC_OK) return judge_regions();
    EXPECT(e == VIPC_ERR_CLOSED || e == VIPC_ERR_INVALID_CAPABILITY);
    EXPECT_EQ(vipc_space_read(&w.a, w.see.space, page(REGION_AT), &c, 1, NULL), VIPC_ERR_FAULT);
    w.see.bytes = REGION_BYTES;
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    return "it has ended, its frames are back";
}
/* A copy of the region, and its mapping in A's space. */
static void prepare_copied(void)
{
    vipc_mapping m;
    prepare_regions();
    EXPECT_OK(vipc_region_transfer(&w.a, w.see.region, vipc_self(&w.b), VIPC_COPY_ON_WRITE, 0, &w.b_other, VIPC_NOW));
    map_at(&w.b, w.see.b_space, w.b_other, FREE_AT + 1, VIPC_WRITE, &m);
    w.see.bytes = bytes_of_all();
    EXPECT_EQ(w.see.bytes, 3 * REGION_BYTES);
}
static void act_fault_region(void) { fault_there(page(REGION_AT), VIPC_PROT_WRITE); }
static const char *judge_fault_region(void)
{
    EXPECT_EQ(region_is_there(), 0);   /* who looks there finishes the copy that the dead was waiting to make */
    const uint32_t n = sharers(w.see.space, page(REGION_AT));
    object_is_there();
    EXPECT(two_there(page(FREE_AT), 'r'));
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    EXPECT_EQ(sharers(w.see.space, page(FREE_AT)), n);
    fill_two(&w.a, w.see.space, page(REGION_AT), 'k');
    EXPECT(two_there(page(FREE_AT), 'r'));
    fill_two(&w.b, w.see.b_space, page(FREE_AT), 'l');
    EXPECT(two_there(page(REGION_AT), 'k') && two_there(page(FREE_AT), 'l'));
    EXPECT_OK(vipc_space_unmap(&w.b, w.see.b_space, page(FREE_AT), REGION_BYTES, VIPC_NOW));
    EXPECT_OK(vipc_close(&w.b, w.b_other));
    w.see.holds[1]--;                  /* B's capability; the copy was A's */
    w.see.owns[0]--;
    w.see.bytes -= REGION_BYTES;
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    EXPECT(n == 1 || n == 2);
    return n == 2 ? AS_BEFORE : "the page has a frame of its own, its contents as before";
}
static void act_map_private(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr got;
    d.at = page(FREE_AT);
    d.size = REGION_BYTES;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_FIXED_NOREPLACE;
    d.backing = w.see.v_region;
    EXPECT_OK(vipc_space_mmap(&w.v, w.see.v_space, &d, &got, VIPC_NOW));
}
static const char *judge_map_private(void)
{
    const vipc_space_region r = around(page(FREE_AT));
    const int is = r.end && !r.leaving;
    EXPECT_EQ(region_is_there(), 0);
    object_is_there();
    if (is) {
        EXPECT(two_there(page(FREE_AT), 'r'));
        fill_two(&w.a, w.see.space, page(FREE_AT), 'k');
        EXPECT_EQ(region_is_there(), 0);
    }
    EXPECT_OK(vipc_space_unmap(&w.a, w.see.space, page(FREE_AT), REGION_BYTES, VIPC_NOW));
    (void)judge_regions();
    return is ? "it is mapped" : r.end ? LEAVES : AS_BEFORE;
}

/* -- regions in messages -- */
static void send_region(vipc *who, vipc_cap to, vipc_cap region, uint32_t opcode)
{
    vipc_outgoing o = VIPC_INIT;
    o.message = message(opcode);
    o.region = region;
    o.region_mode = moves() ? VIPC_MOVE : shares() ? VIPC_SHARE : VIPC_COPY_ON_WRITE;
    EXPECT_OK(vipc_send_large(who, to, &o, VIPC_NOW));
}
static void act_send_region(void) { send_region(&w.v, w.v_main, w.see.v_region, MINE); }
/* What comes to B, with a region in it. */
static const char *region_to_b(uint32_t opcode, const char *none, const char *yes, const char *marked)
{
    vipc_incoming in = VIPC_INIT;
    vipc_region_info i;
    vipc_error e = vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW);
    object_is_there();
    if (marked) w.see.holds[0]--;      /* what travelled was A's until now, */
    if (marked && !moves() && !shares()) w.see.owns[0]--;    /* and so was the copy */
    if (e == VIPC_ERR_CHANNEL_EMPTY) return judge_regions() ? none : NULL;
    EXPECT_OK(e);
    EXPECT(in.message.opcode == opcode && in.message.data[3] == ~(uint64_t)opcode && in.region.token && in.region_size == REGION_BYTES && (in.region_access & VIPC_WRITE) == VIPC_WRITE);
    EXPECT_EQ(in.region_mode, moves() ? VIPC_MOVE : shares() ? VIPC_SHARE : VIPC_COPY_ON_WRITE);
    expect_region_at_b(in.region, moves() ? 'v' : 'r', !shares());
    EXPECT_OK(vipc_region_get(&w.b, in.region, &i));
    if (moves()) EXPECT(i.owner.id == vipc_self(&w.b).id);
    const int again = (int)in.info.redelivered;
    EXPECT_EQ(vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);
    EXPECT(marked || !again);
    return again ? marked : yes;
}
static const char *judge_send_region(void) { return region_to_b(MINE, NOT_THERE, "it is there, once, its region whole", NULL); }
static void prepare_sent(void)
{
    prepare_regions();
    if (moves()) make_letter();
    send_region(&w.a, w.main, moves() ? w.see.letter : w.see.region, 71);
}
static void act_receive_region(void)
{
    vipc_incoming in = VIPC_INIT;
    EXPECT_OK(vipc_receive_large(&w.v, w.v_main, &in, VIPC_NOW));
    EXPECT(in.message.opcode == 71 && in.region.token);
}
static const char *judge_receive_region(void) { return region_to_b(71, "it is gone with the dead, and its region", "the message is still there, its region whole", "it is there again, marked, its region whole"); }
static void act_call_region(void)
{
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    o.message = message(MINE);
    o.region = w.see.v_region;
    o.region_mode = VIPC_MOVE;
    EXPECT_OK(vipc_call_large(&w.v, w.v_main, &o, &in, VIPC_FOREVER));
    EXPECT_EQ(in.message.opcode, 5);
}
static void peer_serve_region(int turn)
{
    vipc_incoming in = VIPC_INIT;
    vipc_message m = message(5);
    if (turn == 0) {
        EXPECT_OK(vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW));
        EXPECT(in.message.opcode == MINE && in.region.token);
        w.right = in.info.reply;
        w.b_other = in.region;
    } else if (turn == 1) {
        EXPECT_OK(vipc_reply(&w.b, w.right, &m));
        w.right.token = 0;
    } else {
        NEVER("it sleeps on, with the reply there");
    }
}
static const char *judge_call_region(void)
{
    const int replied = mind.peer_turn > 1;
    vipc_message m = message(5);
    vipc_incoming in = VIPC_INIT;
    if (w.right.token) EXPECT_EQ(vipc_reply(&w.b, w.right, &m), VIPC_ERR_CANCELLED);
    EXPECT_EQ(vipc_receive_large(&w.b, w.b_main, &in, VIPC_NOW), VIPC_ERR_CHANNEL_EMPTY);      /* who looks drops the request of the dead */
    if (w.b_other.token) expect_region_at_b(w.b_other, 'v', 1);
    else (void)judge_regions();
    EXPECT(!replied || w.b_other.token);
    return replied ? "its server has replied, and owns the region" : w.b_other.token ? "its server has the request, and owns the region; the reply says CANCELLED"
         : "no server sees the request, though it may have been queued; the region is gone with the dead";
}
static void wait_call_region(void)
{
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming empty = VIPC_INIT;
    o.message = message(OTHER);
    b_in = empty;
    w.result = vipc_call_large(&w.b, w.b_main, &o, &b_in, VIPC_FOREVER);
    w.got = b_in.message;
}
static void act_reply_region(void)
{
    vipc_outgoing o = VIPC_INIT;
    o.message = message(6);
    o.region = w.see.v_region;
    o.region_mode = VIPC_MOVE;
    EXPECT_OK(vipc_reply_large(&w.v, w.right, &o));
}
static const char *judge_reply_region(void)
{
    const char *says = judge_reply();
    object_is_there();
    if (w.result != VIPC_OK) return judge_regions() ? says : NULL;
    EXPECT(b_in.region.token && b_in.region_mode == VIPC_MOVE);
    expect_region_at_b(b_in.region, 'v', 1);
    return "the caller has the reply, and owns its region";
}

/* -- named objects -- */
static void open_there(const char *name, uint32_t flags)
{
    vipc_cap c;
    EXPECT_OK(vipc_object_open(&w.v, name, flags, 0, &c, VIPC_NOW));
}
static void act_open(void) { open_there("object", VIPC_OPEN_CREATE); }
static void act_open_new(void) { open_there("new", VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE); }
static void act_open_empty(void) { open_there("object", VIPC_OPEN_TRUNCATE); }
static const char *judge_open_new(void)
{
    vipc_object_stat i;
    vipc_cap c;
    uint32_t n = 0;
    vipc_error e = vipc_object_open(&w.b, "new", VIPC_OPEN_READ_ONLY, 0, &c, VIPC_NOW);
    if (e == VIPC_ERR_NOT_FOUND) return judge_regions();
    EXPECT_OK(e);
    EXPECT_OK(vipc_object_get(&w.b, c, &i));
    EXPECT(i.size == 0 && i.owner.id == 0 && i.opens == 1 && !i.mappings && !i.unlinked);
    EXPECT_OK(vipc_object_count(&w.a, &n));
    EXPECT_EQ(n, 2);
    EXPECT_OK(vipc_object_unlink(&w.b, "new"));
    EXPECT_OK(vipc_close(&w.b, c));
    (void)judge_regions();
    return "it is there, empty, and stays until it is unlinked";
}
static void act_unlink(void) { EXPECT_OK(vipc_object_unlink(&w.v, "object")); }
static const char *judge_unlink(void)
{
    vipc_object_stat i;
    vipc_cap c;
    uint32_t n = 0;
    EXPECT_OK(vipc_object_get(&w.a, w.see.object, &i));
    if (!i.unlinked) return judge_regions();
    EXPECT(i.size == REGION_BYTES && i.opens == w.see.object_was.opens && i.mappings == 1 && two_there(page(OBJECT_AT), 'o') && region_is_there() == 0);
    EXPECT_OK(vipc_object_count(&w.a, &n));
    EXPECT_EQ(n, 0);
    EXPECT_EQ(vipc_object_open(&w.b, "object", 0, 0, &c, VIPC_NOW), VIPC_ERR_NOT_FOUND);
    EXPECT_EQ(bytes_of_all(), w.see.bytes);
    return "the name is free; who has it open or mapped has it still";
}
#define LEFT_BEHIND "it has its new size; who touches what is past its end faults; its frames come back with the next truncate"
static void act_shrink(void) { EXPECT_OK(vipc_object_truncate(&w.v, w.see.v_object, 4096, VIPC_NOW)); }
static void act_grow(void) { EXPECT_OK(vipc_object_truncate(&w.v, w.see.v_object, 3 * 4096, VIPC_NOW)); }
static const char *judge_truncate(void)
{
    vipc_object_stat i;
    char c = 0;
    EXPECT_EQ(region_is_there(), 0);
    EXPECT_OK(vipc_object_get(&w.a, w.see.object, &i));
    const uint64_t bytes = bytes_of_all();
    if (i.size == REGION_BYTES && mind.op->act == act_grow && bytes != w.see.bytes) {      /* nobody can touch what is past its end */
        EXPECT_EQ(bytes, w.see.bytes + 4096);
        object_is_there();
        EXPECT_OK(vipc_object_truncate(&w.a, w.see.object, 3 * 4096, VIPC_NOW));
        EXPECT_EQ(bytes_of_all(), bytes);
        EXPECT_OK(vipc_object_truncate(&w.a, w.see.object, REGION_BYTES, VIPC_NOW));
        (void)judge_regions();
        return "its size is as before, but it has new frames, for when it grows";
    }
    if (i.size == REGION_BYTES) return judge_regions();
    EXPECT_EQ(i.size, mind.op->act == act_shrink ? 4096 : mind.op->act == act_grow ? 3 * 4096 : 0);
    EXPECT(i.opens == w.see.object_was.opens && i.mappings == 1 && !i.unlinked);
    for (uint32_t n = 0; n < 2; n++) {
        vipc_error e = vipc_space_read(&w.a, w.see.space, page(OBJECT_AT + n), &c, 1, NULL);
        EXPECT_EQ(e, n * 4096 < i.size ? VIPC_OK : VIPC_ERR_FAULT);
        EXPECT(e != VIPC_OK || c == (char)('o' + (char)n));
    }
    const int left = bytes != REGION_BYTES + i.size;
    if (left) {                        /* what the dead did not get to is taken up by the next */
        EXPECT_EQ(bytes, w.see.bytes);
        EXPECT_OK(vipc_object_truncate(&w.a, w.see.object, i.size, VIPC_NOW));
        EXPECT_EQ(bytes_of_all(), REGION_BYTES + i.size);
    }
    EXPECT_OK(vipc_object_truncate(&w.a, w.see.object, 3 * 4096, VIPC_NOW));
    EXPECT_OK(vipc_space_read(&w.a, w.see.space, page(OBJECT_AT + 1), &c, 1, NULL));
    EXPECT_EQ(c, mind.op->act == act_grow ? 'p' : 0);
    w.see.bytes = bytes_of_all();
    EXPECT_EQ(w.see.bytes, REGION_BYTES + 3 * 4096);
    return left ? LEFT_BEHIND : "it has its new size";
}
static void act_object_get(void)
{
    vipc_object_stat i;
    EXPECT_OK(vipc_object_get(&w.v, w.see.v_object, &i));
}
static void act_object_count(void)
{
    uint32_t n = 0;
    EXPECT_OK(vipc_object_count(&w.v, &n));
}
#define REGIONS .prepare = prepare_regions, .ready = ready_regions
#define OWN_REGION .prepare = prepare_regions, .ready = ready_own_region

/* --------------------------------------------------------------------------------------------------------- rows
 * Up to the comma: the call.  Calls that change nothing in shared memory are listed below. */
static const op rows[] = {
    { .name = "vipc_init", .prepare = prepare_block, .act = act_init, .judge = judge_init, .outcomes = { "NOT_INITIALIZED at an attach: make it anew", "others attach" }, .no_v = 1, .no_real = 1 },
    { .name = "vipc_attach", .act = act_join, .judge = judge_nothing, .outcomes = { NOTHING }, .no_v = 1 },
    { .name = "vipc_thread_enter", .act = act_thread_enter, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_leave, of a second thread", .ready = ready_thread, .act = act_thread_leave, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_leave, with an endpoint, a name and grants", .ready = ready_own, .act = act_leave, .judge = judge_leave, .outcomes = { "the name is free" } },
    { .name = "vipc_leave, with a request in hand", .ready = ready_server, .wait = wait_call_victim, .act = act_serve_and_leave, .judge = judge_peer_dead,
      .outcomes = { "PEER_DEAD at the caller" }, .no_real = 1 },
    { .name = "vipc_process_create", .act = act_process_create, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_process_destroy", .ready = ready_child, .act = act_process_destroy, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_process_wait, asleep", .prepare = prepare_living, .act = act_process_wait, .peer = peer_leaves, .judge = judge_process_wait, .outcomes = { NOTHING } },
    { .name = "vipc_process_watch, of one who lives", .prepare = prepare_living, .ready = ready_note, .act = act_watch, .judge = judge_watch,
      .outcomes = { "the watch has ended with it" } },
    { .name = "vipc_process_watch, of one who has ended", .prepare = prepare_ended, .ready = ready_note, .act = act_watch, .judge = judge_signal,
      .outcomes = { "no bit is set", "all its bits are set" } },
    { .name = "vipc_process_get", .act = act_process_get, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_process_find", .act = act_process_find, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_sweep", .prepare = prepare_dead, .act = act_sweep_dead, .judge = judge_sweep, .outcomes = { "the dead is cleaned up all the same" }, .ends = 1 },
    { .name = "vipc_trim", .act = act_trim, .judge = judge_trim, .outcomes = { "no frames are back", "those of some are", "those of all empty queues are back" } },
    { .name = "vipc_derive", .act = act_derive, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_derive, with limits", .act = act_derive_limited, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_grant", .act = act_grant, .judge = judge_grant, .outcomes = { "the other has nothing", "the other holds it, and it is good" } },
    { .name = "vipc_grant, with limits", .act = act_grant_limited, .judge = judge_grant, .outcomes = { "the other has nothing", "the other holds it, and it is good" } },
    { .name = "vipc_revoke, of two grants", .ready = ready_granted, .act = act_revoke, .judge = judge_revoke,
      .outcomes = { "all that was granted is good", "some of it is good", "all of it is dead" } },
    { .name = "vipc_close", .ready = ready_granted, .act = act_close_other, .judge = judge_close, .outcomes = { "what it had granted stays good" } },
    { .name = "vipc_close, under what was granted of it", .ready = ready_granted, .act = act_close_main, .judge = judge_close, .outcomes = { "what it had granted stays good" } },
    { .name = "vipc_close, the last of an object", .ready = ready_endpoint, .act = act_close_other, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_destroy, another's endpoint", .prepare = prepare_two, .act = act_destroy, .judge = judge_destroy, .outcomes = { "it is open, all is there", "it has ended" },
      .main_may_go = 1, .ends = 1 },
    { .name = "vipc_destroy, under a sleeper", .wait = wait_receive, .act = act_destroy, .rescue = rescue_send, .judge = judge_destroy_sleeper,
      .outcomes = { SLEEPS, "CLOSED at the sleeper" }, .main_may_go = 1, .ends = 1 },
    { .name = "vipc_destroy, under a caller", .wait = wait_call, .act = act_destroy, .rescue = rescue_serve, .judge = judge_destroy_caller,
      .outcomes = { "the request is still there, and can be answered", "CLOSED at the caller" }, .main_may_go = 1, .ends = 1 },
    { .name = "vipc_destroy, its own endpoint under a sleeper", .ready = ready_server, .wait = wait_receive_other, .act = act_destroy_own, .judge = judge_own_sleeper,
      .outcomes = { "PEER_DEAD at the sleeper", "CLOSED at the sleeper" }, .no_real = 1 },
    { .name = "vipc_destroy, a channel's end", .prepare = prepare_channel, .ready = ready_channel_sent, .act = act_destroy_other, .judge = judge_destroy_channel,
      .outcomes = { "the channel is open", "CLOSED, after what was sent before" }, .ends = 1 },
    { .name = "vipc_destroy, a process", .ready = ready_child, .act = act_destroy_other, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_destroy, its own wait set", .first = first_set, .act = act_set_destroy, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_cap_get", .act = act_cap_get, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_endpoint_create", .act = act_create, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_endpoint_bind, to another", .act = act_bind_b, .judge = judge_bind, .outcomes = { "anybody may receive", "only the one it is bound to may" }, .main_may_go = 1, .ends = 1 },
    { .name = "vipc_endpoint_bind, to itself", .act = act_bind, .judge = judge_bind, .outcomes = { "anybody may receive", "only the dead might" }, .main_may_go = 1, .ends = 1 },
    { .name = "vipc_endpoint_get", .act = act_endpoint_get, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_channel_create", .act = act_channel_create, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_send", .act = act_send, .judge = judge_send, .outcomes = { NOT_THERE, THERE } },
    { .name = "vipc_send, first use of the queue", .act = act_send, .judge = judge_send, .outcomes = { NOT_THERE, THERE }, .cold = 1 },
    { .name = "vipc_send, asleep at a full queue", .prepare = prepare_full, .act = act_send, .peer = peer_take, .judge = judge_send_wait, .outcomes = { NOT_THERE, THERE } },
    { .name = "vipc_send, refused by a full queue", .prepare = prepare_full, .act = act_send_full, .judge = judge_full, .outcomes = { NOTHING } },
    { .name = "vipc_send, to a sleeper", .wait = wait_receive, .act = act_send, .rescue = rescue_send, .judge = judge_sleeper, .outcomes = { SLEEPS, "the sleeper has it, once" } },
    { .name = "vipc_send, with a capability", .act = act_send_carrying, .judge = judge_send_carrying, .outcomes = { NOT_THERE, "it is there, once, its capability good" } },
    { .name = "vipc_send, NEEDS_ACK", .act = act_send_acked, .peer = peer_take_mine, .judge = judge_send_acked,
      .outcomes = { "the message is not there, though it may have been queued", "it was taken, once" } },
    { .name = "vipc_send, by a capability with a rate", .prepare = prepare_limited, .ready = ready_limited, .act = act_send_other, .judge = judge_limited,
      .outcomes = { "the message is not there, the allowance whole", "the message is not there, but charged", "it is there, once, and charged" } },
    { .name = "vipc_send, through a channel", .prepare = prepare_channel, .ready = ready_channel, .act = act_send_other, .judge = judge_send_channel, .outcomes = { NOT_THERE, THERE } },
    { .name = "vipc_send, dropping the oldest", .prepare = prepare_drop_full, .ready = ready_drop, .act = act_send_other, .judge = judge_drop,
      .outcomes = { DROP_NOTHING, DROP_GONE, DROP_DONE } },
    { .name = "vipc_send, dropping a request", .prepare = prepare_drop, .ready = ready_drop, .wait = wait_call_drop, .act = act_send_other, .rescue = rescue_serve_drop,
      .judge = judge_drop_call, .outcomes = { "the request is still there, and can be answered", "PEER_DEAD at the caller, the message is not there",
      "CHANNEL_FULL at the caller, the message is not there", "CHANNEL_FULL at the caller, the message is there, once" }, .no_real = 1 },
    { .name = "vipc_send, dropping a capability", .prepare = prepare_drop_carrying, .ready = ready_drop, .act = act_send_other, .judge = judge_drop_carrying,
      .outcomes = { DROP_NOTHING, DROP_GONE, DROP_DONE } },
    { .name = "vipc_send_large", .act = act_send_large, .judge = judge_send_large, .outcomes = { NOT_THERE, THERE } },
    { .name = "vipc_send_large, three capabilities", .act = act_send_several, .judge = judge_send_several, .outcomes = { NOT_THERE, "it is there, once, all its capabilities good" } },
    { .name = "vipc_send, urgent", .act = act_send_urgent, .judge = judge_send, .outcomes = { NOT_THERE, THERE } },
    { .name = "vipc_send_many, three", .act = act_send_many, .judge = judge_send_many,
      .outcomes = { "none of them is there", "the first is there", "the first two are there", "all are there, once, in order" } },
    { .name = "vipc_send_many, to a sleeper", .wait = wait_receive, .act = act_send_many, .rescue = rescue_send, .judge = judge_send_many_sleeper,
      .outcomes = { SLEEPS, "the sleeper has the first; more of them may be there, in order" } },
    { .name = "vipc_receive", .prepare = prepare_two, .act = act_receive, .judge = judge_receive, .outcomes = { STILL, MARKED, GONE } },
    { .name = "vipc_receive, asleep", .act = act_receive, .peer = peer_put, .judge = judge_one_received, .outcomes = { "nothing was sent yet", STILL, MARKED, GONE } },
    { .name = "vipc_receive, before a sleeping sender", .prepare = prepare_full, .wait = wait_send, .act = act_receive_full, .rescue = rescue_take, .judge = judge_room,
      .outcomes = { "the sender sleeps on, all is still there or will be", "the sender has room" } },
    { .name = "vipc_receive, with a capability", .prepare = prepare_carrying, .act = act_receive_carrying, .judge = judge_receive_carrying,
      .outcomes = { STILL, "it is there again, marked, its capability good", "it is gone with the dead, and its capability" } },
    { .name = "vipc_receive, a request", .wait = wait_call, .act = act_receive_request, .rescue = rescue_serve, .judge = judge_request,
      .outcomes = { "the next server answers", "PEER_DEAD at the caller" } },
    { .name = "vipc_receive, from a channel", .prepare = prepare_channel_two, .ready = ready_channel, .act = act_receive_other, .judge = judge_receive_channel,
      .outcomes = { STILL, MARKED, GONE } },
    { .name = "vipc_receive_large", .prepare = prepare_large, .act = act_receive_large, .judge = judge_receive_large, .outcomes = { STILL, MARKED, GONE } },
    { .name = "vipc_receive_many, three", .prepare = prepare_full, .act = act_receive_many, .judge = judge_receive_many,
      .outcomes = { "all are still there (one perhaps marked)", "the first is gone with the dead", "the first two are gone", "all are gone with the dead" } },
    { .name = "vipc_receive_large, three capabilities", .prepare = prepare_several, .act = act_receive_several, .judge = judge_receive_several,
      .outcomes = { STILL, "it is there again, marked, all its capabilities good", GONE } },
    { .name = "vipc_receive, urgent", .prepare = prepare_urgent, .act = act_receive, .judge = judge_receive, .outcomes = { STILL, MARKED, GONE } },
    { .name = "vipc_take", .prepare = prepare_two, .act = do_take, .judge = judge_receive, .outcomes = { STILL, MARKED } },
    { .name = "vipc_done, finished", .prepare = prepare_two, .first = do_take, .act = act_done, .judge = judge_receive, .outcomes = { MARKED, GONE } },
    { .name = "vipc_done, not finished", .prepare = prepare_two, .first = do_take, .act = act_not_done, .judge = judge_receive, .outcomes = { MARKED } },
    { .name = "vipc_call", .act = act_call, .peer = peer_serve, .judge = judge_call,
      .outcomes = { "no server sees the request, though it may have been queued", "its server has the request; the reply says CANCELLED", "its server has replied, OK" } },
    { .name = "vipc_call_large", .act = act_call_large, .peer = peer_serve_largely, .judge = judge_call,
      .outcomes = { "no server sees the request, though it may have been queued", "its server has the request; the reply says CANCELLED", "its server has replied, OK" } },
    { .name = "vipc_reply", .wait = wait_call, .first = act_receive_request, .act = act_reply, .judge = judge_reply, .outcomes = { "PEER_DEAD at the caller", "the caller has the reply" } },
    { .name = "vipc_reply, with a capability", .wait = wait_call, .first = act_receive_request, .act = act_reply_cap, .judge = judge_reply,
      .outcomes = { "PEER_DEAD at the caller", "the caller has the reply, its capability good" } },
    { .name = "vipc_reply_large", .wait = wait_call_large, .first = act_receive_request, .act = act_reply_largely, .judge = judge_reply_large,
      .outcomes = { "PEER_DEAD at the caller", "the caller has the reply, its payload and its capabilities" } },
    { .name = "vipc_reply_drop", .wait = wait_call, .first = act_receive_request, .act = act_reply_drop, .judge = judge_reply, .outcomes = { "PEER_DEAD at the caller", "the caller has the error" } },
    { .name = "vipc_reply_receive", .wait = wait_call, .first = first_of_two, .act = act_reply_receive, .judge = judge_reply_receive,
      .outcomes = { "PEER_DEAD at the caller, the next message is still there", "the caller has the reply, the next message is still there",
      "the caller has the reply, the next message is there again, marked", "the caller has the reply, the next message is gone" } },
    { .name = "vipc_notification_create", .act = act_note_create, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_signal", .ready = ready_note, .act = act_signal, .judge = judge_signal, .outcomes = { "no bit is set", "all its bits are set" } },
    { .name = "vipc_signal, to a sleeper", .prepare = prepare_b_note, .ready = ready_note, .wait = wait_note, .act = act_signal, .rescue = rescue_signal,
      .judge = judge_signal_sleeper, .outcomes = { SLEEPS, "the sleeper has all the bits" } },
    { .name = "vipc_notification_wait", .prepare = prepare_bits, .ready = ready_note, .act = act_note_wait, .judge = judge_note_wait,
      .outcomes = { "the bits are still set", "they are gone with the dead" } },
    { .name = "vipc_notification_wait, asleep", .ready = ready_note, .act = act_note_wait, .peer = peer_signal, .judge = judge_note_sleep,
      .outcomes = { "nothing was signalled yet", "the bits are still set", "they are gone with the dead" } },
    { .name = "vipc_wait_any, asleep", .act = act_wait_any, .peer = peer_put, .judge = judge_woken, .outcomes = { NOTHING } },
    { .name = "vipc_wait_set_create", .act = act_set_create, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_wait_set_add", .first = act_set_create, .act = act_set_add, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_wait_set_remove", .first = first_set, .act = act_set_remove, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_wait_set_wait, asleep", .first = first_set, .act = act_set_wait, .peer = peer_put, .judge = judge_woken, .outcomes = { NOTHING } },
    { .name = "vipc_wait_set_bell", .first = first_set, .act = act_set_bell, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_cancel", .ready = ready_thread, .act = act_cancel, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_publish", .act = act_publish, .judge = judge_name, .outcomes = { "the name is free" } },
    { .name = "vipc_publish, to a sleeper", .wait = wait_lookup, .act = act_publish, .rescue = rescue_publish, .judge = judge_publish_sleeper,
      .outcomes = { SLEEPS } },
    { .name = "vipc_unpublish", .ready = act_publish, .act = act_unpublish, .judge = judge_name, .outcomes = { "the name is free" } },
    { .name = "vipc_lookup", .act = act_lookup, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_lookup, asleep", .act = act_lookup_wait, .peer = peer_publish, .judge = judge_lookup_wait, .outcomes = { NOTHING } },
    { .name = "vipc_space_create", .prepare = prepare_space, .ready = ready_space, .act = act_space_create, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_clone", SPACE, .act = act_space_clone, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_adopt", SPACE, .act = act_space_adopt, .judge = judge_space_end, .outcomes = { AS_BEFORE, "the space has ended, its frames are back" }, .ends = 1 },
    { .name = "vipc_destroy, a space", SPACE, .act = act_space_destroy, .judge = judge_space_end, .outcomes = { AS_BEFORE, "the space has ended, its frames are back" }, .ends = 1 },
    { .name = "vipc_space_allocate", SPACE, .act = act_space_allocate, .judge = judge_map, .outcomes = { AS_BEFORE, "it is mapped" } },
    { .name = "vipc_space_mmap", SPACE, .act = act_space_map, .judge = judge_map, .outcomes = { AS_BEFORE, "it is mapped" } },
    { .name = "vipc_space_mmap, with all its frames", SPACE, .act = act_space_map, .judge = judge_map, .outcomes = { AS_BEFORE, LEAVES, "it is mapped" } },
    { .name = "vipc_space_mmap, over something", SPACE, .act = act_space_map_over, .judge = judge_map_over,
      .outcomes = { AS_BEFORE, LEAVES, "it is gone, with its frames; nothing new is there", "the new is there instead" } },
    { .name = "vipc_space_map_physical", SPACE, .act = act_space_physical, .judge = judge_map, .outcomes = { AS_BEFORE, "it is mapped" } },
    { .name = "vipc_space_unmap", SPACE, .act = act_space_unmap, .judge = judge_unmap, .outcomes = { AS_BEFORE, LEAVES, "it is gone, with its frames" } },
    { .name = "vipc_space_free", SPACE, .act = act_space_free, .judge = judge_unmap, .outcomes = { AS_BEFORE, LEAVES, "it is gone, with its frames" } },
    { .name = "vipc_space_protect", SPACE, .act = act_space_protect, .judge = judge_protect, .outcomes = { AS_BEFORE, "it is protected so" } },
    { .name = "vipc_space_set_break, up", SPACE, .act = act_break_up, .judge = judge_break, .outcomes = { AS_BEFORE, "the break has moved" } },
    { .name = "vipc_space_set_break, down", SPACE, .act = act_break_down, .judge = judge_break, .outcomes = { AS_BEFORE, LEAVES, "the break has moved" } },
    { .name = "vipc_space_grow_heap", SPACE, .act = act_heap_up, .judge = judge_break, .outcomes = { AS_BEFORE, "the break has moved" } },
    { .name = "vipc_space_stack_create", SPACE, .act = act_stack_create, .judge = judge_stack_create, .outcomes = { AS_BEFORE, "its range is taken until the next unmap", "it is there" } },
    { .name = "vipc_space_grow_stack", SPACE, .act = act_grow_stack, .judge = judge_grow_stack, .outcomes = { AS_BEFORE, "it may grow so far" } },
    { .name = "vipc_space_find", SPACE, .act = act_space_find, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_sharers", SPACE, .act = act_space_sharers, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_get", SPACE, .act = act_space_get, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_page_fault, of what was never touched", SPACE, .act = act_fault_zero, .judge = judge_fault_zero, .outcomes = { AS_BEFORE, "the page has a zeroed frame" } },
    { .name = "vipc_page_fault, a write to what is shared", SPACE, .act = act_fault_copy, .judge = judge_fault_copy,
      .outcomes = { AS_BEFORE, "the page has a frame of its own, its contents as before" } },
    { .name = "vipc_page_fault, below a stack", SPACE, .act = act_fault_growth, .judge = judge_fault_growth,
      .outcomes = { AS_BEFORE, "?the page has a frame, the stack has not grown", "the stack has grown" } },
    { .name = "vipc_space_touch", SPACE, .act = act_touch, .judge = judge_touch, .outcomes = { AS_BEFORE, "it is done to some of the pages", "it is done to all of the pages" } },
    { .name = "vipc_space_read", SPACE, .act = act_space_read, .judge = judge_whole, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_write", SPACE, .act = act_space_write, .judge = judge_space_write,
      .outcomes = { AS_BEFORE, "the page has a frame of its own, its contents as before", "it is written" } },
    { .name = "vipc_region_create", REGIONS, .act = act_region_create, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_region_get", REGIONS, .act = act_region_get, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_region_find", REGIONS, .act = act_region_find, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_map, into another's space", REGIONS, .act = act_map, .judge = judge_mapped, .outcomes = { AS_BEFORE, "it is mapped" } },
    { .name = "vipc_map, into its own space", OWN_REGION, .act = act_map_own, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_unmap", OWN_REGION, .act = act_unmap_own, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_space_unmap, of a region in another's space", .prepare = prepare_regions, .ready = ready_mapped, .act = act_unmap_region, .judge = judge_unmapped,
      .outcomes = { MAPPED_STILL, WITHDRAWN, UNMAPPED } },
    { .name = "vipc_revoke, of what a region was mapped by", .prepare = prepare_regions, .ready = ready_derived, .act = act_revoke_region, .judge = judge_unmapped,
      .outcomes = { MAPPED_STILL, WITHDRAWN, UNMAPPED }, .early = touch_what_was_withdrawn },
    { .name = "vipc_region_transfer, to share", REGIONS, .act = act_share, .judge = judge_transfer, .outcomes = { "the other has nothing", "the other has it, too" } },
    { .name = "vipc_region_transfer, to move", OWN_REGION, .act = act_move, .judge = judge_transfer, .outcomes = { "the other has nothing", "the other has it, and owns it" } },
    { .name = "vipc_region_transfer, copy-on-write", REGIONS, .act = act_copy_region, .judge = judge_transfer,
      .outcomes = { "the other has nothing", "the other has a copy of its own" } },
    { .name = "vipc_region_seal", .prepare = prepare_read_only, .ready = ready_regions, .act = act_seal, .judge = judge_seal, .outcomes = { AS_BEFORE, "it is sealed" } },
    { .name = "vipc_node_usage", REGIONS, .act = act_node_usage, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_destroy, another's region", REGIONS, .act = act_destroy_region, .judge = judge_destroy_region, .outcomes = { AS_BEFORE, "it has ended, its frames are back" }, .ends = 1,
      .early = touch_what_was_withdrawn },
    { .name = "vipc_page_fault, a write to what two regions share", .prepare = prepare_copied, .ready = ready_regions, .act = act_fault_region, .judge = judge_fault_region,
      .outcomes = { AS_BEFORE, "the page has a frame of its own, its contents as before" } },
    { .name = "vipc_space_mmap, a region as it is now", REGIONS, .act = act_map_private, .judge = judge_map_private, .outcomes = { AS_BEFORE, LEAVES, "it is mapped" } },
    { .name = "vipc_send_large, sharing a region", REGIONS, .act = act_send_region, .judge = judge_send_region, .outcomes = { NOT_THERE, "it is there, once, its region whole" } },
    { .name = "vipc_send_large, moving a region", OWN_REGION, .act = act_send_region, .judge = judge_send_region, .outcomes = { NOT_THERE, "it is there, once, its region whole" } },
    { .name = "vipc_send_large, a region copy-on-write", REGIONS, .act = act_send_region, .judge = judge_send_region, .outcomes = { NOT_THERE, "it is there, once, its region whole" } },
    { .name = "vipc_receive_large, a region that is shared", .prepare = prepare_sent, .ready = ready_regions, .act = act_receive_region, .judge = judge_receive_region,
      .outcomes = { "the message is still there, its region whole", "it is there again, marked, its region whole", "it is gone with the dead, and its region" } },
    { .name = "vipc_receive_large, a region that is moved", .prepare = prepare_sent, .ready = ready_regions, .act = act_receive_region, .judge = judge_receive_region,
      .outcomes = { "the message is still there, its region whole", "it is there again, marked, its region whole", "it is gone with the dead, and its region" } },
    { .name = "vipc_receive_large, a region copy-on-write", .prepare = prepare_sent, .ready = ready_regions, .act = act_receive_region, .judge = judge_receive_region,
      .outcomes = { "the message is still there, its region whole", "it is there again, marked, its region whole", "it is gone with the dead, and its region" } },
    { .name = "vipc_call_large, moving a region", OWN_REGION, .act = act_call_region, .peer = peer_serve_region, .judge = judge_call_region,
      .outcomes = { "no server sees the request, though it may have been queued; the region is gone with the dead",
      "its server has the request, and owns the region; the reply says CANCELLED", "its server has replied, and owns the region" } },
    { .name = "vipc_reply_large, moving a region", OWN_REGION, .wait = wait_call_region, .first = act_receive_request, .act = act_reply_region, .judge = judge_reply_region,
      .outcomes = { "PEER_DEAD at the caller", "the caller has the reply, and owns its region" } },
    { .name = "vipc_object_open, one that is there", REGIONS, .act = act_open, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_object_open, a new one", REGIONS, .act = act_open_new, .judge = judge_open_new, .outcomes = { AS_BEFORE, "it is there, empty, and stays until it is unlinked" } },
    { .name = "vipc_object_open, truncating", REGIONS, .act = act_open_empty, .judge = judge_truncate, .outcomes = { AS_BEFORE, LEFT_BEHIND, "it has its new size" } },
    { .name = "vipc_object_unlink", REGIONS, .act = act_unlink, .judge = judge_unlink, .outcomes = { AS_BEFORE, "the name is free; who has it open or mapped has it still" } },
    { .name = "vipc_object_truncate, shorter", REGIONS, .act = act_shrink, .judge = judge_truncate, .outcomes = { AS_BEFORE, LEFT_BEHIND, "it has its new size" } },
    { .name = "vipc_object_truncate, longer", REGIONS, .act = act_grow, .judge = judge_truncate,
      .outcomes = { AS_BEFORE, "its size is as before, but it has new frames, for when it grows", "it has its new size" } },
    { .name = "vipc_object_get", REGIONS, .act = act_object_get, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_object_count", REGIONS, .act = act_object_count, .judge = judge_regions, .outcomes = { AS_BEFORE } },
    { .name = "vipc_stats_get", .act = act_stats, .judge = judge_nothing, .outcomes = { NOTHING } },
    { .name = "vipc_check", .act = act_check, .judge = judge_nothing, .outcomes = { NOTHING } },
};
static const char *const harmless[] = { "vipc_error_string", "vipc_version", "vipc_required_size", "vipc_config_get", "vipc_self", "vipc_time_now", "vipc_after", "vipc_cap_require",
    "vipc_cap_id", "vipc_cap_generation", "vipc_cap_type", "vipc_cap_flags", "vipc_dump", "vipc_initial", "vipc_space_own", "vipc_lock_thread", "vipc_prot_to_page_flags", "vipc_range_make", "vipc_region_size",
    "vipc_region_contains", "vipc_region_overlaps", "vipc_stack_usable", "vipc_stack_contains", "vipc_stack_in_guard" };
/* For kernels, where nobody vanishes in the middle of the core: the header says so of each. */
static const char *const kernel_s[] = { "vipc_fast_call", "vipc_fast_reply_receive", "vipc_park_call", "vipc_park_receive", "vipc_park_reply_receive", "vipc_unpark" };
enum { ROWS = sizeof rows / sizeof *rows };
static int has_regions(const op *o) { return o->ready == ready_regions || o->ready == ready_own_region || o->ready == ready_mapped || o->ready == ready_derived; }
static int has_space(const op *o) { return o->prepare == prepare_space || has_regions(o); }

/* -------------------------------------------------------------------------------------------------------- running them */
static void read_ledger(const op *o, long instructions, char *line, size_t space)
{
    long first[8], last[8], count[8] = { 0 };
    int n = 0, states = 0;
    while (n < 8 && o->outcomes[n]) n++;
    while (states < STATES_MAX && (states == 0 || ledger->state[states].step > 0)) states++;
    for (int k = 0; k < states; k++) {
        int which = ledger->state[k].outcome;
        long from = ledger->state[k].step, to = k + 1 < states ? ledger->state[k + 1].step - 1 : from;
        if (to < from) to = from;
        if (!count[which]) first[which] = from;
        last[which] = to;
        count[which] += to - from + 1;
    }
    line[0] = 0;
    for (int k = 0; k < n; k++) {
        size_t at = strlen(line);
        if (count[k]) snprintf(line + at, space - at, "%s\"%s\" %ld..%ld (%.0f %%)", k ? "; " : "", o->outcomes[k], first[k], last[k], 100.0 * (double)count[k] / (double)(instructions + 1));
        else if (o->outcomes[k][0] != '?') {
            printf("    %s: nobody ever sees \"%s\"\n", o->name, o->outcomes[k]);
            test_failures_++;
        }
    }
    if (states) CHECK_EQ(ledger->state[0].outcome, 0);       /* killed before its first instruction: as if it had not begun */
}
static int same_outcomes(const op *a, const op *b)
{
    for (int k = 0; k < 8; k++) {
        if (!a->outcomes[k] || !b->outcomes[k]) return a->outcomes[k] == b->outcomes[k];
        if (strcmp(a->outcomes[k], b->outcomes[k]) != 0) return 0;
    }
    return 1;
}
/* As README.md shows them: rows[i] with all rows behind it of which the same is true.  0: it stands with one before it. */
static int table_row(size_t i, char *to, size_t space)
{
    size_t at = (size_t)snprintf(to, space, "| ");
    for (size_t k = 0; k < ROWS; k++) {
        size_t call = strcspn(rows[k].name, ",");
        if (!same_outcomes(&rows[i], &rows[k])) continue;
        if (k < i) return 0;
        at += (size_t)snprintf(to + at, space - at, "%s`%.*s`%s", k > i ? "; " : "", (int)call, rows[k].name, rows[k].name + call);
    }
    at += (size_t)snprintf(to + at, space - at, " |");
    for (int k = 0; k < 8 && rows[i].outcomes[k]; k++) at += (size_t)snprintf(to + at, space - at, "%s %s", k ? " *or*" : "", rows[i].outcomes[k] + (rows[i].outcomes[k][0] == '?'));
    snprintf(to + at, space - at, " |");
    return 1;
}
/* All rows: death after every instruction, then kills at every so many.  table: print them for README.md. */
static void run_rows(int table)
{
    const char *only = getenv("VIPC_TEST_OP"), *all = getenv("VIPC_TEST_ALL");
    static const op any = { .name = "a new domain", .judge = judge_nothing };
    char line[900];
    long sum[4] = { 0, 0, 0, 0 };
    double t = seconds();
    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(ledger != MAP_FAILED);
    mind.op = &any;
    begin_all();
    for (size_t i = 0; i < ROWS; i++) {
        if (only && strcmp(only, rows[i].name) != 0) continue;
        memset(reached, 0, 4096);
        memset(ledger, 0, sizeof *ledger);
        second_every = all ? 1 : 61;
        int status = run_scene(&rows[i], 0);
        if (status == 77) SKIP("ptrace is not allowed here");
        if (status > 2) printf("    %s: the scene ended with %d\n", rows[i].name, status);
        if (!CHECK_EQ(status, 0)) continue;
        for (int k = 0; k < GLIMPSES && rows[i].early; k++) CHECK(reached[4 + k] > 0);
        long every = all ? 1 : reached[0] <= 100 ? 1 : reached[0] / 6 + 1, kept[3] = { reached[0], reached[1], reached[2] };
        read_ledger(&rows[i], kept[0], line, sizeof line);
        if (!rows[i].no_real && !table) {
            kill_every = every;
            kill_first = all ? 0 : (long)(i * 37) % every;
            status = run_scene(&rows[i], 1);
            if (status > 2) printf("    %s: the scene of kills ended with %d\n", rows[i].name, status);
            CHECK_EQ(status, 0);
        }
        for (int k = 0; k < 4; k++) sum[k] += k < 3 ? kept[k] : reached[k];
        if (table) continue;
        printf("  %s: all of %ld instructions (%ld states", rows[i].name, kept[0], kept[1]);
        if (reached[3]) printf("; with SIGKILL after every n-th, n = %ld: %ld times", every, reached[3]);
        printf("): %s\n", line);
    }
    if (!table) printf("    %d rows, %ld instructions, %ld states, after %ld of them the reaper died too; %ld kills; %.1f s\n", ROWS, sum[0], sum[1], sum[2], sum[3], seconds() - t);
}

static char table_line[6000];
static void print_table(void)
{
    run_rows(1);
    if (test_failures_) return;        /* what is printed was seen */
    printf("| killed inside | its peers see |\n| --- | --- |\n");
    for (size_t i = 0; i < ROWS; i++)
        if (table_row(i, table_line, sizeof table_line)) printf("%s\n", table_line);
}
static FILE *open_beside(const char *name)
{
    char path[512] = __FILE__;
    char *slash = strrchr(path, '/');
    size_t at = slash ? (size_t)(slash + 1 - path) : 0;
    snprintf(path + at, sizeof path - at, "../%s", name);
    return fopen(path, "r");
}
/* README.md holds the table as --table prints it. */
static void compare_readme(void)
{
    static char line[6000];
    int inside = 0;
    size_t at = 0;
    FILE *f = open_beside("README.md");
    REQUIRE(f != NULL);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "<!-- DEATHS", 11) == 0) inside = 1;
        else if (strncmp(line, "<!-- end of DEATHS", 18) == 0) inside = 0;
        if (!inside || strncmp(line, "| `", 3) != 0) continue;
        while (at < ROWS && !table_row(at, table_line, sizeof table_line)) at++;
        if (at++ >= ROWS) table_line[0] = 0;
        if (!CHECK(strcmp(line, table_line) == 0)) {
            printf("    README.md:  %s\n    it is now:  %s\n    sh tests/deaths.sh prints the whole table\n", line, table_line);
            break;
        }
    }
    fclose(f);
    while (at < ROWS && !table_row(at, table_line, sizeof table_line)) at++;
    if (!test_failures_) CHECK_EQ(at, ROWS);
}
/* Every public function of the header has its row, or changes nothing.  A new one: see the top of this file. */
static void look_for_rows(void)
{
    char line[1000], name[100];
    int calls = 0;
    FILE *f = open_beside("veridian_ipc.h");
    REQUIRE(f != NULL);
    while (fgets(line, sizeof line, f)) {
        const char *at = strncmp(line, "VIPC_API ", 9) == 0 && strchr(line, ';') && strchr(line, '(') && !strchr(line, '{') ? strchr(line, '(') : NULL;
        if (!at) continue;
        while (at > line && (at[-1] == '_' || (at[-1] >= 'a' && at[-1] <= 'z'))) at--;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "("), at);
        int found = 0;
        for (size_t i = 0; i < ROWS; i++) found = found || (strncmp(rows[i].name, name, strlen(name)) == 0 && (rows[i].name[strlen(name)] == ',' || !rows[i].name[strlen(name)]));
        for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) found = found || strcmp(harmless[i], name) == 0;
        for (size_t i = 0; i < sizeof kernel_s / sizeof *kernel_s; i++) found = found || strcmp(kernel_s[i], name) == 0;
        if (!CHECK(found)) printf("    %s has no row in tests/deaths.h\n", name);
        calls++;
    }
    fclose(f);
    CHECK(calls > 50);
}
