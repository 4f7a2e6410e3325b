/* stress_calls.c - of the stress program: requests and answers, channels, notifications, and queues that outlive those who use them */
#include "stress.h"

enum { ROOM = 3 * PAGE };
enum opcode { CALL = 1, REFUSE, CAST, LARGE, ANSWER = 0x100 };       /* CAST: sent, not called */
enum lane { USUAL, URGENT };
static unsigned long long payload[ROOM / 8], answer_payload[ROOM / 8];
static const vipc_error refusals[] = { VIPC_ERR_LIMIT, VIPC_ERR_EXISTS, VIPC_ERR_NOT_FOUND, VIPC_ERR_FAULT };

/* ---- requests and answers: what they say follows from their numbers ----
 * data[0] of a request: who asks << 48 | the how-manieth of that client, in all its generations. */
static uint64_t word_of(uint64_t id, uint64_t i) { return mix(id ^ mix(i ^ board->seed)); }
static void fill(unsigned long long *words, uint64_t id, uint64_t bytes)
{
    for (uint64_t i = 0; i * 8 < bytes; i++) words[i] = word_of(id, i);
}
static int is_filled(const unsigned long long *words, uint64_t id, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes / 8; i++)
        if (words[i] != word_of(id, i)) return 0;
    const uint64_t last = word_of(id, bytes / 8);
    return memcmp((const char *)words + bytes / 8 * 8, &last, bytes % 8) == 0;
}
static uint64_t answered_bytes(const vipc_message *request) { return request->data[2] % (ROOM + 1); }
static void answer_to(vipc_message *m)
{
    m->opcode += ANSWER;
    m->data[1] = mix(m->data[0] ^ m->data[1]);
    m->data[2] = mix(m->data[2] + m->data[3]);
    m->data[3] = ~m->data[3];
    m->flags = 0;
}

/* ---- serve ---- */
static vipc_cap door, note, set, seen_by_clients;
static unsigned way;                             /* of receiving, of this generation */

static void open_door(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = 1 + (uint32_t)below(8);
    d.payload_max = ROOM;
    d.urgent = 1 + (uint32_t)below(4);
    (void)MUST(vipc_endpoint_create(&ipc, &d, &door), 0);
    if (way == 2) {
        const vipc_wait_item items[2] = { { door, 0, VIPC_OK, 1 }, { note, 0, VIPC_OK, 2 } };
        (void)MUST(vipc_wait_set_create(&ipc, 4, "serve", &set), 0);
        (void)MUST(vipc_wait_set_add(&ipc, set, &items[0]), 0);
        (void)MUST(vipc_wait_set_add(&ipc, set, &items[1]), 0);
    }
    if (one_in(2)) (void)MUST(vipc_endpoint_bind(&ipc, door, vipc_self(&ipc)), 0);
    (void)MUST(vipc_publish(&ipc, name_with("stress server ", number), door, VIPC_RIGHT_SEND), 0);
}
/* With callers waiting in it, and some in hand: they are told. */
static void close_door(void)
{
    if (one_in(2)) (void)MUST(vipc_unpublish(&ipc, name_with("stress server ", number)), 0);
    (void)MUST(vipc_destroy(&ipc, door, VIPC_FOREVER), 0);
    if (way == 2) {
        (void)MUST(vipc_destroy(&ipc, set, VIPC_FOREVER), 0);
    }
    count(SUM_destroyed, 1);
    open_door();
}
/* Each request of a client comes once, and after those that it made before (urgent ones: after the urgent ones). */
static void note_request(const vipc_message *m, const vipc_info *info)
{
    const uint64_t client = m->data[0] >> 48;
    const enum lane lane = m->flags & VIPC_URGENT ? URGENT : USUAL;
    EXPECT(client < call_COUNT && info->sender.id != 0 && info->badge == 0 && info->redelivered == 0);
    EXPECT((m->opcode == CAST) == (info->reply.token == 0));
    struct requests *r = &board->requests[client][number];
    EXPECT(m->data[0] > r->last[lane]);
    r->last[lane] = m->data[0];
    if (m->opcode != CAST) r->answered++;
}
/* With a payload and capabilities: notifications, on each of which one bit is set, and endpoints, to each of which one message goes. */
static void use_what_came(const vipc_incoming *in)
{
    vipc_message m = VIPC_INIT;
    m.data[0] = in->message.data[0];
    for (uint32_t i = 0; i < in->info.cap_count; i++) {
        vipc_cap c = in->caps[i];
        if (c.token == 0) continue;              /* its sender has been killed */
        if (vipc_cap_type(c) == VIPC_TYPE_NOTIFICATION) (void)MUST(vipc_signal(&ipc, c, 1ull << (m.data[0] & 63)), GONE);
        else (void)MUST(vipc_send(&ipc, c, &m, VIPC_FOREVER), GONE);
        forget(&c);
    }
}
static void answer_large(const vipc_incoming *in)
{
    vipc_outgoing out = VIPC_INIT;
    EXPECT(is_filled(payload, in->message.data[0], in->info.payload_size));
    use_what_came(in);
    out.message = in->message;
    out.message.capability = none;
    out.payload_size = answered_bytes(&in->message);
    answer_to(&out.message);
    fill(answer_payload, in->message.data[0] + 1, out.payload_size);
    out.payload = answer_payload;
    out.cap_count = (uint32_t)(in->message.data[0] & 3);
    for (uint32_t i = 0; i < out.cap_count; i++) out.caps[i] = seen_by_clients;
    if (one_in(50)) close_door();
    (void)MUST(vipc_reply_large(&ipc, in->info.reply, &out), BIT(CANCELLED));
}
/* The answer is in *m then, and owed to *to; or none is. */
static void handle(vipc_message *m, const vipc_info *info, vipc_reply_right *to)
{
    to->token = 0;
    note_request(m, info);
    if (m->opcode == REFUSE) (void)MUST(vipc_reply_drop(&ipc, info->reply, refusals[m->data[1] % 4]), BIT(CANCELLED));
    else if (m->opcode == CALL) {
        answer_to(m);
        *to = info->reply;
    } else if (m->opcode == LARGE) {             /* one without a payload, and with one capability at most, comes as any other */
        const vipc_incoming in = { .message = *m, .info = *info, .caps = { m->capability } };
        answer_large(&in);
    } else EXPECT_IS(m->opcode, CAST);
    if (one_in(300)) close_door();
}
static void handle_large(void)
{
    vipc_incoming in = VIPC_INIT;
    vipc_reply_right to;
    in.payload = payload;
    in.payload_capacity = sizeof payload;
    if (MUST(vipc_receive_large(&ipc, door, &in, in_us(5000)), BIT(TIMEOUT)) != VIPC_OK) return;
    if (in.message.opcode == LARGE) {
        note_request(&in.message, &in.info);
        answer_large(&in);
        return;
    }
    handle(&in.message, &in.info, &to);
    if (to.token) (void)MUST(vipc_reply(&ipc, to, &in.message), BIT(CANCELLED));
}
static void serve_batch(void)
{
    vipc_message m[BATCH];
    vipc_info info[BATCH];
    uint32_t n = 0;
    vipc_reply_right to;
    const vipc_cap from = door;                  /* the door may close on the way */
    vipc_error e = MUST(vipc_receive_many(&ipc, from, m, info, BATCH, &n, in_us(5000)), BIT(TIMEOUT) | BIT(MESSAGE_TOO_LARGE));
    for (uint32_t i = 0; i < n; i++) {
        handle(&m[i], &info[i], &to);
        if (to.token) (void)MUST(vipc_reply(&ipc, to, &m[i]), BIT(CANCELLED));
    }
    if (e == VIPC_ERR_MESSAGE_TOO_LARGE) handle_large();
}
/* Until there is something to be received, by that which waits for several things. */
static void wait_for_some(void)
{
    vipc_wait_item items[2] = { { door, 0, VIPC_OK, 1 }, { note, 0, VIPC_OK, 2 } };
    uint32_t n = 0;
    uint64_t bits;
    if (way == 2) (void)MUST(vipc_wait_set_wait(&ipc, set, items, 2, &n, in_us(5000)), BIT(TIMEOUT));
    else (void)MUST(vipc_wait_any(&ipc, items, 2, in_us(5000)), BIT(TIMEOUT));
    (void)MUST(vipc_notification_wait(&ipc, note, ~0ull, &bits, VIPC_NOW), BIT(WOULD_BLOCK));
    if (one_in(20)) (void)MUST(vipc_signal(&ipc, note, 2), 0);
}
void serve_work(void)
{
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipc_reply_right to = { 0 };
    way = (unsigned)below(5);
    (void)MUST(vipc_notification_create(&ipc, "serve", &note), 0);
    (void)MUST(vipc_notification_create(&ipc, "seen", &seen_by_clients), 0);
    open_door();
    while (going_on()) {
        const vipc_time end = in_us(5000);
        const uint64_t late = BIT(TIMEOUT) | BIT(MESSAGE_TOO_LARGE);
        vipc_error e;
        if (way == 4) { serve_batch(); continue; }
        if (way == 2 || way == 3) wait_for_some();
        if (way == 0 && to.token) e = MUST(vipc_reply_receive(&ipc, to, &m, door, &m, &info, end), late);
        else {
            if (to.token) (void)MUST(vipc_reply(&ipc, to, &m), BIT(CANCELLED));
            e = MUST(vipc_receive(&ipc, door, &m, &info, end), late);
        }
        to.token = 0;
        if (e == VIPC_OK) handle(&m, &info, &to);
        else if (e == VIPC_ERR_MESSAGE_TOO_LARGE) handle_large();
    }
}

/* ---- call ---- */
static vipc_cap servers[serve_COUNT], bell, box;
static int reach(vipc_cap *to, const char *name)
{
    if (to->token) return 1;
    return MUST(vipc_lookup(&ipc, name, 0, to, in_us(20000)), BIT(TIMEOUT)) == VIPC_OK;
}
static vipc_message request(enum opcode opcode)
{
    vipc_message m = VIPC_INIT;
    m.opcode = opcode;
    m.data[0] = (uint64_t)number << 48 | ++mine->sequence;
    m.data[1] = any();
    m.data[2] = any();
    m.data[3] = any();
    return m;
}
static void has_failed(unsigned s, struct requests *r, vipc_error e)
{
    r->failed++;
    if (e == VIPC_ERR_TIMEOUT) count(SUM_timeouts, 1);
    else if (is_gone(e)) { count(SUM_cut_off, 1); forget(&servers[s]); }
}
static void is_answer(const vipc_message *m, const vipc_message *to)
{
    vipc_message expected = *to;
    answer_to(&expected);
    EXPECT_IS(m->data[0], expected.data[0]);
    EXPECT_IS(m->opcode, expected.opcode);
    EXPECT_IS(m->flags & ~(uint32_t)VIPC_HAS_CAPABILITY, VIPC_IS_REPLY);
    for (unsigned i = 1; i < VIPC_MESSAGE_WORDS; i++) EXPECT_IS(m->data[i], expected.data[i]);
}
enum how { FOREVER, IN_MEMORY, SHORT, URGENTLY, HOWS };
static void call_once(unsigned s, enum opcode opcode, enum how how)
{
    struct requests *r = &board->requests[number][s];
    vipc_message m = request(opcode), reply;
    const vipc_time end = how == SHORT ? in_us(below(3000)) : VIPC_FOREVER;
    const uint64_t errors = GONE | (how == SHORT ? BIT(TIMEOUT) | BIT(RESOURCE_BUSY) : 0) | (opcode == REFUSE ? 1ull << -refusals[m.data[1] % 4] : 0);
    if (how == URGENTLY) m.flags = VIPC_URGENT;
    r->asked++;
    vipc_error e = how == IN_MEMORY ? MUST((vipc_error)SYS4(SYS_CALL, servers[s].token, &m, &reply, end), errors) : MUST(vipc_call(&ipc, servers[s], &m, &reply, end), errors);
    if (e == VIPC_OK) is_answer(&reply, &m);
    if (e == VIPC_OK || (opcode == REFUSE && e == refusals[m.data[1] % 4])) {
        r->got++;
        count(e == VIPC_OK ? SUM_calls : SUM_refused, 1);
        EXPECT((opcode == REFUSE) == (e != VIPC_OK));
    } else has_failed(s, r, e);
}
/* Is what the server was to do with each capability done, and done once? */
static void each_was_used(uint32_t bells, uint32_t boxes, uint64_t id, int all)
{
    uint64_t bits = 0;
    vipc_message m;
    uint32_t n = 0;
    if (MUST(vipc_notification_wait(&ipc, bell, ~0ull, &bits, VIPC_NOW), BIT(WOULD_BLOCK)) == VIPC_OK) EXPECT_IS(bits, 1ull << (id & 63));
    while (MUST(vipc_receive(&ipc, box, &m, NULL, VIPC_NOW), BIT(CHANNEL_EMPTY)) == VIPC_OK) { EXPECT_IS(m.data[0], id); n++; }
    if (all) EXPECT((bells != 0) == (bits != 0) && n == boxes);
    else EXPECT(n <= boxes && (bells || bits == 0));
}
static void call_large(unsigned s)
{
    struct requests *r = &board->requests[number][s];
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    uint32_t used[2] = { 0, 0 };
    out.message = request(LARGE);
    const uint64_t id = out.message.data[0];
    out.payload_size = one_in(3) ? below(64) : below(ROOM + 1);
    fill(payload, id, out.payload_size);
    out.payload = payload;
    out.cap_count = (uint32_t)below(5);
    for (uint32_t i = 0; i < out.cap_count; i++) { out.caps[i] = one_in(2) ? bell : box; used[out.caps[i].token == box.token]++; }
    in.payload = answer_payload;
    in.payload_capacity = sizeof answer_payload;
    r->asked++;
    vipc_error e = MUST(vipc_call_large(&ipc, servers[s], &out, &in, VIPC_FOREVER), GONE);
    if (e == VIPC_OK) {
        is_answer(&in.message, &out.message);
        EXPECT_IS(in.info.payload_size, answered_bytes(&out.message));
        EXPECT(is_filled(answer_payload, id + 1, in.info.payload_size));
        EXPECT_IS(in.info.cap_count, id & 3);
        for (uint32_t i = 0; i < in.info.cap_count; i++) {
            vipc_cap_info about;
            if (in.caps[i].token == 0) continue;             /* the server was killed just then */
            if (MUST(vipc_cap_get(&ipc, in.caps[i], &about), BIT(INVALID_CAPABILITY)) == VIPC_OK)
                EXPECT(about.type == VIPC_TYPE_NOTIFICATION && about.owner.id == in.info.sender.id && about.holder.id == vipc_self(&ipc).id);
            forget(&in.caps[i]);
        }
        r->got++;
        count(SUM_large_calls, 1);
    } else has_failed(s, r, e);
    each_was_used(used[0], used[1], id, e == VIPC_OK);
}
/* Sent, and not waited for; or until the server has taken it. */
static void cast(unsigned s)
{
    vipc_message m[BATCH];
    const uint32_t n = 1 + (uint32_t)below(BATCH);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < n; i++) m[i] = request(CAST);
    if (one_in(4)) {
        m[0].flags = VIPC_NEEDS_ACK;
        vipc_error e = MUST(vipc_send(&ipc, servers[s], &m[0], one_in(2) ? VIPC_FOREVER : in_us(below(3000))), GONE | BIT(TIMEOUT) | BIT(RESOURCE_BUSY));
        if (is_gone(e)) forget(&servers[s]);
        return;
    }
    if (is_gone(MUST(vipc_send_many(&ipc, servers[s], m, n, &sent, in_us(below(3000))), GONE | BIT(TIMEOUT)))) forget(&servers[s]);
    count(SUM_sends, sent);
}
/* Calls that wait for nothing: with NOW, and when told before to wait no more. */
static void call_in_vain(unsigned s)
{
    vipc_message m = request(CALL);
    EXPECT(MUST(vipc_call(&ipc, servers[s], &m, &m, VIPC_NOW), BIT(WOULD_BLOCK) | GONE) != VIPC_OK);
    (void)MUST(vipc_cancel(&ipc), 0);
    EXPECT(MUST(vipc_receive(&ipc, box, &m, NULL, VIPC_FOREVER), BIT(CANCELLED)) != VIPC_OK);
}
void call_work(void)
{
    (void)MUST(vipc_notification_create(&ipc, "bell", &bell), 0);
    (void)MUST(vipc_endpoint_create(&ipc, NULL, &box), 0);
    while (going_on()) {
        const unsigned s = (unsigned)below(serve_COUNT);
        if (!reach(&servers[s], name_with("stress server ", s))) continue;
        switch (below(12)) {
        case 0: cast(s); break;
        case 1: call_large(s); break;
        case 2: call_once(s, REFUSE, (enum how)below(HOWS)); break;
        case 3: call_in_vain(s); break;
        case 4: call_once(s, CALL, SHORT); break;
        case 5: call_once(s, CALL, URGENTLY); break;
        case 6: call_once(s, CALL, IN_MEMORY); break;
        default:
            for (int i = 0; i < 8; i++)
                if (servers[s].token) call_once(s, CALL, FOREVER);
        }
        work_done();
    }
}
/* got <= answered <= asked; and what was neither answered nor refused was under way when its client was killed, one call each time. */
void calls_are_right(void)
{
    for (unsigned c = 0; c < call_COUNT; c++) {
        uint64_t open = 0;
        for (unsigned s = 0; s < serve_COUNT; s++) {
            const struct requests *r = &board->requests[c][s];
            EXPECT(r->got <= r->answered && r->answered <= r->asked && r->got + r->failed <= r->asked);
            open += r->asked - r->got - r->failed;
        }
        EXPECT(open <= slot_of(KIND_call, c)->killed);
    }
}

/* ---- left and right: a channel's two ends, the left one's owner makes it ---- */
struct ends { vipc_cap end; struct stream *out; const struct stream *in; uint64_t came[LANES], session; };
static vipc_message streamed(const struct ends *x, enum lane lane, uint64_t i)
{
    vipc_message m = VIPC_INIT;
    m.opcode = (uint32_t)lane;
    m.flags = lane == URGENT ? VIPC_URGENT : 0;
    m.data[0] = i;
    m.data[1] = x->session;
    m.data[2] = word_of(x->session, i);
    return m;
}
static vipc_error put(struct ends *x)
{
    vipc_message m[BATCH];
    const enum lane lane = one_in(6) ? URGENT : USUAL;
    const uint64_t at = x->out->sent[lane];
    const uint32_t n = 1 + (uint32_t)below(BATCH);
    uint32_t sent = 0;
    for (uint32_t i = 0; i < n; i++) m[i] = streamed(x, lane, at + i);
    x->out->begun[lane] = at + n;
    vipc_error e = MUST(vipc_send_many(&ipc, x->end, m, n, &sent, in_us(below(1000))), GONE | BIT(TIMEOUT));
    x->out->sent[lane] = at + sent;
    x->out->begun[lane] = at + sent;
    count(SUM_sends, sent);
    return e;
}
/* Neither lost, nor doubled, nor out of its order. */
static vipc_error get(struct ends *x, vipc_time end)
{
    vipc_message m[BATCH];
    uint32_t n = 0;
    vipc_error e = MUST(vipc_receive_many(&ipc, x->end, m, NULL, BATCH, &n, end), GONE | BIT(TIMEOUT) | BIT(CHANNEL_EMPTY));
    for (uint32_t i = 0; i < n; i++) {
        EXPECT(m[i].opcode < LANES);
        EXPECT_IS(m[i].data[0], x->came[m[i].opcode]);
        const vipc_message expected = streamed(x, (enum lane)m[i].opcode, x->came[m[i].opcode]++);
        EXPECT(memcmp(m[i].data, expected.data, sizeof m[i].data) == 0);
    }
    count(SUM_receives, n);
    return e;
}
static vipc_error stream(struct ends *x, uint64_t steps)
{
    vipc_error e = VIPC_OK;
    for (uint64_t i = 0; i < steps && !is_gone(e) && !board->stop; i++) {
        mine->beat++;
        e = one_in(2) ? put(x) : get(x, in_us(below(1000)));
    }
    return e;
}
void left_work(void)
{
    vipc_incoming in = VIPC_INIT;
    vipc_cap own;
    (void)MUST(vipc_endpoint_create(&ipc, NULL, &door), 0);
    (void)MUST(vipc_publish(&ipc, "stress left", door, VIPC_RIGHT_SEND), 0);
    while (going_on()) {
        vipc_channel_desc d = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        if (MUST(vipc_receive_large(&ipc, door, &in, in_us(10000)), BIT(TIMEOUT)) != VIPC_OK) continue;
        d.capacity = 1 + (uint32_t)below(16);
        (void)MUST(vipc_channel_create(&ipc, &d, &own, &out.caps[0]), 0);
        out.cap_count = 1;
        for (int i = 0; i < LANES; i++) board->channel[0].sent[i] = board->channel[0].begun[i] = board->channel[1].sent[i] = board->channel[1].begun[i] = 0;
        out.message.data[0] = ++board->channel_session;
        struct ends x = { own, &board->channel[0], &board->channel[1], { 0, 0 }, board->channel_session };
        vipc_error e = MUST(vipc_reply_large(&ipc, in.info.reply, &out), BIT(CANCELLED));
        forget(&out.caps[0]);
        if (e == VIPC_OK) e = stream(&x, ~0ull);
        if (is_gone(e)) {                                    /* the other end is closed: what was sent by then is still there */
            while (!is_gone(get(&x, VIPC_FOREVER))) {}
            for (int i = 0; i < LANES; i++) EXPECT(x.in->sent[i] <= x.came[i] && x.came[i] <= x.in->begun[i]);
        }
        forget(&own);
        work_done();
    }
}
void right_work(void)
{
    vipc_cap left = none;
    while (going_on()) {
        vipc_outgoing out = VIPC_INIT;
        vipc_incoming in = VIPC_INIT;
        if (!reach(&left, "stress left")) continue;
        if (MUST(vipc_call_large(&ipc, left, &out, &in, VIPC_FOREVER), GONE) != VIPC_OK) { forget(&left); continue; }
        struct ends x = { in.caps[0], &board->channel[1], &board->channel[0], { 0, 0 }, in.message.data[0] };
        if (x.end.token) (void)stream(&x, 10 + below(60));
        forget(&x.end);
        count(SUM_channels, 1);
        work_done();
    }
}

/* ---- wait and ring: a notification; who rings is told, on the board, that it was heard ---- */
void wait_work(void)
{
    vipc_cap bells;
    uint64_t bits;
    way = (unsigned)below(3);
    (void)MUST(vipc_notification_create(&ipc, "bells", &bells), 0);
    if (way == 2) {
        const vipc_wait_item item = { bells, 0, VIPC_OK, 7 };
        (void)MUST(vipc_wait_set_create(&ipc, 1, NULL, &set), 0);
        (void)MUST(vipc_wait_set_add(&ipc, set, &item), 0);
    }
    (void)MUST(vipc_publish(&ipc, "stress bells", bells, VIPC_RIGHT_SEND), 0);
    while (going_on()) {
        vipc_wait_item item = { bells, 0, VIPC_OK, 7 };
        uint32_t n = 0;
        const vipc_time end = in_us(10000);
        if (way == 1 && MUST(vipc_wait_any(&ipc, &item, 1, end), BIT(TIMEOUT)) != VIPC_OK) continue;
        if (way == 2 && MUST(vipc_wait_set_wait(&ipc, set, &item, 1, &n, end), BIT(TIMEOUT)) != VIPC_OK) continue;
        if (way) EXPECT(item.key == 7 && item.ready == VIPC_OK);
        if (MUST(vipc_notification_wait(&ipc, bells, ~0ull, &bits, way ? VIPC_NOW : end), way ? 0 : BIT(TIMEOUT)) != VIPC_OK) continue;
        EXPECT(bits && bits < 1ull << ring_COUNT);
        for (unsigned i = 0; i < ring_COUNT; i++)
            if (bits >> i & 1) board->rung[i] = board->asked_to_ring[i];
        count(SUM_rings, 1);
    }
}
void ring_work(void)
{
    vipc_cap bells = none;
    const struct slot *other = slot_of(KIND_wait, 0);
    while (going_on()) {
        if (!reach(&bells, "stress bells")) continue;
        const uint64_t turn = ++board->asked_to_ring[number], generation = other->generation;
        const vipc_time end = in_us(9000000);
        if (MUST(vipc_signal(&ipc, bells, 1ull << number), GONE) != VIPC_OK) { forget(&bells); continue; }
        while (board->rung[number] < turn && other->generation == generation && !board->stop) {      /* another will not hear it */
            EXPECT(now() < end);
            if (one_in(2)) yield();
            else sleep_until(in_us(below(500)));
        }
        work_done();
    }
}

/* ---- post and fetch: queues of the first process's, so that they outlive both ----
 * Box 0 waits when it is full, box 1 drops its oldest, box 2 has payloads.  A message is entered in its sender's ledger by who receives it: a second time would be a doubled one. */
enum { WAITS, DROPS, LARGER };
void boxes_make(vipc_cap boxes[BOXES])
{
    for (unsigned i = 0; i < BOXES; i++) {
        vipc_endpoint_desc d = VIPC_INIT;
        d.capacity = i == DROPS ? 8 : 16;
        d.full = i == DROPS ? VIPC_FULL_DROP_OLDEST : VIPC_FULL_BLOCK;
        d.payload_max = i == LARGER ? ROOM : 0;
        (void)MUST(vipc_endpoint_create(&ipc, &d, &boxes[i]), 0);
        (void)MUST(vipc_publish(&ipc, name_with("stress box ", i), boxes[i], VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE | VIPC_RIGHT_GRANT), 0);
    }
}
static vipc_message posting(struct posted *p)
{
    vipc_message m = VIPC_INIT;
    m.data[0] = (uint64_t)number << 48 | ++p->begun;
    m.data[1] = word_of(m.data[0], 1);
    m.data[2] = word_of(m.data[0], 2);
    return m;
}
void post_work(void)
{
    vipc_cap boxes[BOXES] = { { 0 } };
    while (going_on()) {
        const unsigned b = (unsigned)below(BOXES);
        struct posted *p = &board->posted[b][number];
        vipc_outgoing out = VIPC_INIT;
        vipc_message m[BATCH];
        uint32_t n = 1, sent = 0;
        const vipc_time end = one_in(3) ? VIPC_NOW : in_us(below(5000));
        const uint64_t errors = BIT(TIMEOUT) | BIT(CHANNEL_FULL) | (end == VIPC_NOW ? BIT(RESOURCE_BUSY) : 0);       /* busy: its frames are just being made or given back */
        if (!reach(&boxes[b], name_with("stress box ", b))) continue;
        if (b == LARGER) {
            out.message = posting(p);
            out.payload_size = below(ROOM + 1);
            fill(payload, out.message.data[0], out.payload_size);
            out.payload = payload;
            sent = MUST(vipc_send_large(&ipc, boxes[b], &out, end), errors) == VIPC_OK;
        } else if (one_in(2)) {
            m[0] = posting(p);
            if (one_in(8)) m[0].flags = VIPC_URGENT;
            sent = MUST(vipc_send(&ipc, boxes[b], &m[0], end), errors) == VIPC_OK;
        } else {
            n = 1 + (uint32_t)below(BATCH);
            for (uint32_t i = 0; i < n; i++) m[i] = posting(p);
            (void)MUST(vipc_send_many(&ipc, boxes[b], m, n, &sent, end), errors);
        }
        p->sent += sent;
        p->unsent += n - sent;
        count(SUM_sends, sent);
        work_done();
    }
}
static uint64_t newest[BOXES][post_COUNT][LANES];            /* that this receiver has seen */
static void enter(unsigned b, const vipc_message *m, const vipc_info *info)
{
    const uint64_t from = m->data[0] >> 48, i = m->data[0] & 0xffffffffffff;
    EXPECT(from < post_COUNT);
    struct posted *p = &board->posted[b][from];
    EXPECT(i <= p->begun && m->data[1] == word_of(m->data[0], 1) && m->data[2] == word_of(m->data[0], 2));
    EXPECT(__atomic_exchange_n(&p->ledger[i % LEDGER], i, __ATOMIC_SEQ_CST) != i);
    __atomic_fetch_add(&p->received, 1, __ATOMIC_SEQ_CST);
    uint64_t *last = &newest[b][from][m->flags & VIPC_URGENT ? URGENT : USUAL];
    if (b != LARGER && !info->redelivered) EXPECT(i > *last);        /* a large one may have been given back, with an error, while others went on */
    if (i > *last) *last = i;
    if (info->dropped) __atomic_fetch_add(&board->dropped[b], info->dropped, __ATOMIC_SEQ_CST);
    count(SUM_receives, 1);
}
static vipc_error fetch(unsigned b, vipc_cap from, vipc_time end)
{
    vipc_message m[BATCH];
    vipc_info info[BATCH];
    vipc_incoming in = VIPC_INIT;
    uint32_t n = 0;
    const uint64_t errors = BIT(TIMEOUT) | BIT(CHANNEL_EMPTY) | BIT(RESOURCE_BUSY);
    vipc_error e;
    mine->at_risk = b == LARGER ? 1 : BATCH;
    if (b == LARGER) {
        in.payload = payload;
        in.payload_capacity = sizeof payload;
        e = MUST(vipc_receive_large(&ipc, from, &in, end), errors);
        if (e == VIPC_OK) {
            EXPECT(is_filled(payload, in.message.data[0], in.info.payload_size));
            enter(b, &in.message, &in.info);
        }
    } else if (one_in(2)) {
        mine->at_risk = 1;
        e = MUST(vipc_receive(&ipc, from, &m[0], &info[0], end), errors);
        if (e == VIPC_OK) enter(b, &m[0], &info[0]);
    } else {
        e = MUST(vipc_receive_many(&ipc, from, m, info, BATCH, &n, end), errors);
        for (uint32_t i = 0; i < n; i++) enter(b, &m[i], &info[i]);
    }
    mine->at_risk = 0;
    return e;
}
void fetch_work(void)
{
    vipc_cap boxes[BOXES] = { { 0 } };
    while (going_on()) {
        const unsigned b = (unsigned)below(BOXES);
        if (reach(&boxes[b], name_with("stress box ", b))) (void)fetch(b, boxes[b], one_in(3) ? VIPC_NOW : in_us(below(3000)));
        work_done();
    }
}
/* What is left in them is taken out; then what was sent was received, or dropped, or lost with a receiver that was killed with it in hand. */
void posts_are_right(const vipc_cap boxes[BOXES])
{
    uint64_t lost = 0, missing = 0;
    for (unsigned i = 0; i < fetch_COUNT; i++) lost += slot_of(KIND_fetch, i)->lost;
    for (unsigned b = 0; b < BOXES; b++) {
        vipc_endpoint_info info;
        uint64_t begun = 0, sent = 0, received = 0;      /* begun: and not refused */
        while (fetch(b, boxes[b], VIPC_NOW) == VIPC_OK) {}
        for (unsigned i = 0; i < post_COUNT; i++) {
            const struct posted *p = &board->posted[b][i];
            begun += p->begun - p->unsent;
            sent += p->sent;
            received += p->received;
        }
        (void)MUST(vipc_endpoint_get(&ipc, boxes[b], &info), 0);
        EXPECT(info.queued == 0 && (b == DROPS || info.dropped == 0) && board->dropped[b] <= info.dropped);
        EXPECT(received + info.dropped <= begun);
        if (sent > received + info.dropped) missing += sent - received - info.dropped;
    }
    EXPECT(missing <= lost);
    EXPECT_IS(board->slots[SLOTS - 1].lost, 0);
}
