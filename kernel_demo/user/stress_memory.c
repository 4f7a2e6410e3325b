/* stress_memory.c - of the stress program: regions handed over in every way, a process's own memory and its forks, named objects */
#include "stress.h"

enum { SHARE = VIPC_SHARE, MOVE = VIPC_MOVE, COPY = VIPC_COPY_ON_WRITE, READ = VIPC_READ, WRITE = VIPC_WRITE, WORDS = PAGE / 8 };
enum { REGION_PAGES = 12 };          /* of a region, at most */

/* ---- regions: who gives them (give), and who takes them (take) ----
 * What a page holds follows from who gave the region, the how-manieth it was, the page, and how often it has been written since: its turn. */
enum ask { TAKE = 1, AGAIN, IS_GONE, DROP };
enum how_given { IN_MESSAGE = 8, KEEP = 16, WHOLLY = 32 };    /* beside the mode, in one word.  KEEP: of MOVE: it does not come back with the answer.  WHOLLY: look at every word */
static vipc_addr page_at(vipc_addr base, uint64_t page) { return base + page * PAGE; }
static uint64_t content(uint64_t id, uint64_t page, uint64_t turn, uint64_t word) { return mix(id ^ mix(page << 32 | turn << 16 | word)); }
static const uint64_t looked_at[] = { 0, 1, 200, 300, WORDS - 1 };
enum { TURNS = 3 };                  /* so many of them are written at each turn, the others once: who copies a page to write to it copies those too */
static void write_page(vipc_addr base, uint64_t id, uint64_t page, uint64_t turn)
{
    for (unsigned i = 0; i < (turn ? TURNS : 5); i++) store(page_at(base, page) + looked_at[i] * 8, content(id, page, turn, looked_at[i]));
}
static void is_page(vipc_addr base, uint64_t id, uint64_t page, uint64_t turn)
{
    for (unsigned i = 0; i < 5; i++) EXPECT_IS(load(page_at(base, page) + looked_at[i] * 8), content(id, page, i < TURNS ? turn : 0, looked_at[i]));
}
static void is_zero_between(vipc_addr base, uint64_t page)
{
    for (uint64_t i = 2; i < WORDS - 1; i++)
        if (i != 200 && i != 300) EXPECT_IS(load(page_at(base, page) + i * 8), 0);
}
static vipc_error map_at(vipc_cap region, vipc_addr at, uint32_t access, vipc_mapping *m, uint64_t errors)
{
    vipc_map_desc d = VIPC_INIT;
    d.at = at;
    d.access = access;
    d.lazy = (uint32_t)below(2);
    return MUST(vipc_map(&ipc, region, &d, m), errors);
}
static vipc_error map_it(vipc_cap region, uint32_t access, vipc_mapping *m, uint64_t errors) { return map_at(region, 0, access, m, errors); }
static void unmap_it(const vipc_mapping *m, uint64_t errors) { (void)MUST(vipc_unmap(&ipc, m, in_us(10000000)), errors); }

/* What a taker still has of each giver, at an address of that giver's own: so what is there can only be his. */
static const vipc_addr takers_window = 0x600000000000;
struct kept { vipc_cap region; vipc_mapping m; uint64_t id, pages, mode; };
static struct kept kept[give_COUNT];
static void drop_kept(struct kept *k)
{
    if (k->m.size) unmap_it(&k->m, BIT(INVALID_REGION));     /* whoever gave it may have taken it back */
    forget(&k->region);
    memset(k, 0, sizeof *k);
}
/* SHARE: all sees what the giver wrote, and writes turn 1 to odd pages.  COPY: the same, and nobody is to see it.  MOVE: writes turn 1, and gives it back, or keeps it. */
static void take_it(struct kept *k, const vipc_incoming *in, vipc_outgoing *out)
{
    const uint64_t how = in->message.data[2];
    drop_kept(k);
    k->id = in->message.data[0];
    k->pages = in->message.data[1];
    k->mode = how & 3;
    if (how & IN_MESSAGE) {
        k->region = in->region;
        EXPECT(in->region.token && in->region_mode == k->mode && in->region_size == k->pages * PAGE && in->region_access == WRITE);
    } else k->region = cap_of(in->message.data[3]);
    const vipc_addr at = page_at(takers_window, (k->id >> 48) << 16 | (k->id & 0xfff) << 4);
    if (map_at(k->region, at, WRITE, &k->m, how & IN_MESSAGE ? 0 : BIT(INVALID_CAPABILITY)) != VIPC_OK) {       /* it was handed to one that has been killed since */
        out->message.data[0] = 1;
        memset(k, 0, sizeof *k);
        return;
    }
    EXPECT_IS(k->m.size, k->pages * PAGE);
    for (uint64_t i = 0; i < k->pages; i++) {
        is_page(k->m.at, k->id, i, 0);
        if (how & WHOLLY) is_zero_between(k->m.at, i);
    }
    for (uint64_t i = 1; i < k->pages; i += 2) write_page(k->m.at, k->id, i, 1);
    if (k->mode == MOVE && !(how & KEEP)) {
        out->region = k->region;
        out->region_mode = MOVE;
    }
}
static void look_again(struct kept *k, const vipc_incoming *in)
{
    EXPECT(k->id == in->message.data[0] && k->m.size);
    for (uint64_t i = 0; i < k->pages; i++) {
        if (k->mode == SHARE) is_page(k->m.at, k->id, i, 2 + i % 2);          /* all of them were written by the giver meanwhile */
        else is_page(k->m.at, k->id, i, i % 2);
    }
}
static void is_taken_back(struct kept *k, const vipc_incoming *in)
{
    EXPECT(k->id == in->message.data[0] && k->m.size);
    for (uint64_t i = 0; i < k->pages; i++) EXPECT(!can_load(page_at(k->m.at, i)) && !can_store(page_at(k->m.at, i)));
    EXPECT(vipc_cap_require(&ipc, k->region, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    drop_kept(k);
}
void take_work(void)
{
    vipc_cap door;
    (void)MUST(vipc_endpoint_create(&ipc, NULL, &door), 0);
    board->taker_pid[number] = vipc_self(&ipc).id;
    (void)MUST(vipc_publish(&ipc, name_with("stress taker ", number), door, VIPC_RIGHT_SEND), 0);
    while (going_on()) {
        vipc_incoming in = VIPC_INIT;
        vipc_outgoing out = VIPC_INIT;
        if (MUST(vipc_receive_large(&ipc, door, &in, in_us(10000)), BIT(TIMEOUT)) != VIPC_OK) continue;
        const uint64_t from = in.message.data[0] >> 48;
        EXPECT(from < give_COUNT && in.info.reply.token);
        struct kept *k = &kept[from];
        if (in.message.opcode == TAKE) take_it(k, &in, &out);
        else if (in.message.opcode == AGAIN) look_again(k, &in);
        else if (in.message.opcode == IS_GONE) is_taken_back(k, &in);
        else if (in.message.opcode == DROP) drop_kept(k);
        vipc_error e = MUST(vipc_reply_large(&ipc, in.info.reply, &out), BIT(CANCELLED));
        if (out.region.token) {                              /* it has gone back, mapping and all, or its giver is no more */
            if (e == VIPC_OK) EXPECT(!can_load(k->m.at) && vipc_cap_require(&ipc, k->region, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
            drop_kept(k);
        }
    }
}

/* ---- give ---- */
struct gift { vipc_cap region; vipc_mapping m; uint64_t id, pages, how; int contiguous, let_go; };           /* let_go: of a move that failed, whose mapping has gone */
static vipc_cap takers[take_COUNT], idle;
static unsigned taker;
static vipc_error order(enum ask what, const struct gift *g, vipc_cap region, uint64_t token, vipc_incoming *in)
{
    vipc_outgoing out = VIPC_INIT;
    memset(in, 0, sizeof *in);
    out.message.opcode = what;
    out.message.data[0] = g->id;
    out.message.data[1] = g->pages;
    out.message.data[2] = g->how;
    out.message.data[3] = token;
    out.region = region;
    out.region_mode = (uint32_t)(g->how & 3);
    vipc_error e = MUST(vipc_call_large(&ipc, takers[taker], &out, in, VIPC_FOREVER), GONE);
    if (e != VIPC_OK) forget(&takers[taker]);
    return e;
}
static void wrap(struct gift *g, uint64_t mode)
{
    vipc_region_desc d = VIPC_INIT;
    memset(g, 0, sizeof *g);
    g->id = (uint64_t)number << 48 | ++mine->sequence;
    g->pages = 1 + below(REGION_PAGES);
    g->how = mode | (one_in(2) ? IN_MESSAGE : 0) | (one_in(2) ? KEEP : 0) | (one_in(4) ? WHOLLY : 0);
    d.size = g->pages * PAGE;
    d.node = one_in(2) ? 0 : 1 + (uint32_t)below(board->nodes);
    d.contiguous = (uint32_t)(g->contiguous = one_in(8));
    d.idle = idle;
    d.idle_bits = 1;
    (void)MUST(vipc_region_create(&ipc, &d, &g->region), 0);
    (void)map_it(g->region, WRITE, &g->m, 0);
    for (uint64_t i = 0; i < g->pages; i++) {
        if (one_in(4)) EXPECT_IS(load(page_at(g->m.at, i) + below(WORDS) * 8), 0);
        write_page(g->m.at, g->id, i, 0);
    }
}
/* By a message, or by a transfer of which a message tells. */
static vipc_error hand_over(struct gift *g, vipc_incoming *in)
{
    vipc_cap its = none;
    const vipc_pid pid = { board->taker_pid[taker] };
    if (g->how & IN_MESSAGE) return order(TAKE, g, g->region, 0, in);
    vipc_error e = pid.id ? MUST(vipc_region_transfer(&ipc, g->region, pid, (uint32_t)(g->how & 3), 0, &its, in_us(10000000)), BIT(PROCESS_NOT_FOUND)) : VIPC_ERR_PROCESS_NOT_FOUND;
    if (e != VIPC_OK) {
        g->let_go = (g->how & 3) == MOVE && !can_load(g->m.at);
        count(SUM_let_go, (unsigned)g->let_go);
        forget(&takers[taker]);
        return e;
    }
    if ((g->how & 3) == COPY)                                /* what is written now the copy does not see */
        for (uint64_t i = 0; i < g->pages; i++) write_page(g->m.at, g->id, i, 4);
    e = order(TAKE, g, none, its.token, in);
    return e == VIPC_OK && in->message.data[0] ? VIPC_ERR_PROCESS_NOT_FOUND : e;
}
/* All that is the giver's of it goes; and the notification says so when nobody else has it any more. */
static void throw_away(struct gift *g)
{
    uint64_t bits;
    if (vipc_cap_require(&ipc, g->region, 0, 0) == VIPC_OK) {
        if (one_in(2)) (void)MUST(vipc_destroy(&ipc, g->region, in_us(10000000)), 0);
        else {
            unmap_it(&g->m, g->let_go ? BIT(INVALID_REGION) : 0);
            forget(&g->region);
        }
    } else EXPECT(!can_load(g->m.at) && !can_store(g->m.at));
    (void)MUST(vipc_notification_wait(&ipc, idle, ~0ull, &bits, VIPC_NOW), BIT(WOULD_BLOCK));
}
static void give_share(struct gift *g)
{
    vipc_incoming in;
    uint64_t bits;
    if (hand_over(g, &in) != VIPC_OK) return;
    for (uint64_t i = 0; i < g->pages; i++) is_page(g->m.at, g->id, i, i % 2);
    for (uint64_t i = 0; i < g->pages; i++) write_page(g->m.at, g->id, i, 2 + i % 2);
    if (order(AGAIN, g, none, 0, &in) != VIPC_OK) return;
    count(SUM_shared, 1);
    if (one_in(2)) {                                         /* by force, or by asking for it */
        (void)MUST(vipc_revoke(&ipc, g->region, in_us(10000000)), 0);
        (void)order(IS_GONE, g, none, 0, &in);
    } else {
        (void)MUST(vipc_notification_wait(&ipc, idle, ~0ull, &bits, VIPC_NOW), BIT(WOULD_BLOCK));
        if (order(DROP, g, none, 0, &in) == VIPC_OK) (void)MUST(vipc_notification_wait(&ipc, idle, 1, &bits, in_us(9000000)), 0);
    }
    for (uint64_t i = 0; i < g->pages; i++) is_page(g->m.at, g->id, i, 2 + i % 2);
}
static void give_copy(struct gift *g)
{
    vipc_incoming in;
    if (hand_over(g, &in) != VIPC_OK) return;
    const uint64_t turn = g->how & IN_MESSAGE ? 0 : 4;
    for (uint64_t i = 0; i < g->pages; i++) is_page(g->m.at, g->id, i, turn);
    for (uint64_t i = 0; i < g->pages; i += 2) write_page(g->m.at, g->id, i, 5);
    if (order(AGAIN, g, none, 0, &in) != VIPC_OK) return;
    for (uint64_t i = 0; i < g->pages; i++) is_page(g->m.at, g->id, i, i % 2 ? turn : 5);
    count(SUM_copied, 1);
    if (one_in(2)) (void)order(DROP, g, none, 0, &in);
}
static void give_move(struct gift *g)
{
    vipc_incoming in;
    if (hand_over(g, &in) != VIPC_OK) return;
    EXPECT(vipc_cap_require(&ipc, g->region, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
    for (uint64_t i = 0; i < g->pages; i++) EXPECT(!can_load(page_at(g->m.at, i)) && !can_store(page_at(g->m.at, i)));
    count(SUM_moved, 1);
    if (!(g->how & KEEP)) {                                  /* and back */
        EXPECT(in.region.token && in.region_mode == MOVE && in.region_size == g->pages * PAGE);
        g->region = in.region;
        (void)map_it(g->region, READ, &g->m, 0);
        for (uint64_t i = 0; i < g->pages; i++) is_page(g->m.at, g->id, i, i % 2);
        EXPECT(!can_store(g->m.at));
    } else if (one_in(2) && order(AGAIN, g, none, 0, &in) == VIPC_OK) (void)order(DROP, g, none, 0, &in);
}
/* Nobody writes to it any more, also not who could. */
static void give_sealed(struct gift *g)
{
    vipc_mapping m;
    vipc_cap weaker;
    EXPECT(vipc_region_seal(&ipc, g->region, in_us(10000000)) == VIPC_ERR_RESOURCE_BUSY);
    unmap_it(&g->m, 0);
    (void)MUST(vipc_region_seal(&ipc, g->region, in_us(10000000)), 0);
    (void)MUST(vipc_derive(&ipc, g->region, NULL, &weaker), 0);
    EXPECT(map_it(weaker, WRITE, &m, BIT(PERMISSION_DENIED)) == VIPC_ERR_PERMISSION_DENIED);
    (void)map_it(weaker, READ, &g->m, 0);
    for (uint64_t i = 0; i < g->pages; i++) {
        is_page(g->m.at, g->id, i, 0);
        EXPECT(!can_store(page_at(g->m.at, i)));
    }
    forget(&weaker);
    count(SUM_sealed, 1);
}
/* Mapped by whoever made it as memory of its own: a copy, and the very same. */
static void give_to_self(struct gift *g)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr copy, same;
    d.size = g->pages * PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.backing = g->region;
    d.flags = VIPC_MAP_SHARED;
    (void)MUST(vipc_space_mmap(&ipc, own_space, &d, &same, in_us(10000000)), 0);
    d.flags = VIPC_MAP_PRIVATE;
    if (MUST(vipc_space_mmap(&ipc, own_space, &d, &copy, in_us(10000000)), BIT(NOT_SUPPORTED)) == VIPC_OK) {        /* NOT_SUPPORTED: of what is contiguous */
        for (uint64_t i = 0; i < g->pages; i += 2) write_page(copy, g->id, i, 1);
        for (uint64_t i = 0; i < g->pages; i++) write_page(g->m.at, g->id, i, 2);
        for (uint64_t i = 0; i < g->pages; i++) is_page(copy, g->id, i, i % 2 == 0);
        (void)MUST(vipc_space_unmap(&ipc, own_space, copy, d.size, in_us(10000000)), 0);
        for (uint64_t i = 0; i < g->pages; i++) is_page(same, g->id, i, 2);
    } else EXPECT(g->contiguous);
    for (uint64_t i = 0; i < g->pages; i++) is_page(same, g->id, i, g->contiguous ? 0 : 2);
    (void)MUST(vipc_space_unmap(&ipc, own_space, same, d.size, in_us(10000000)), 0);
}
void give_work(void)
{
    struct gift g;
    (void)MUST(vipc_notification_create(&ipc, "idle", &idle), 0);
    while (going_on()) {
        taker = (unsigned)below(take_COUNT);
        if (!takers[taker].token && MUST(vipc_lookup(&ipc, name_with("stress taker ", taker), 0, &takers[taker], in_us(20000)), BIT(TIMEOUT)) != VIPC_OK) continue;
        const uint64_t what = below(8);
        wrap(&g, what < 6 ? what % 3 : 0);
        if (what == 6) give_sealed(&g);
        else if (what == 7) give_to_self(&g);
        else if (what % 3 == SHARE) give_share(&g);
        else if (what % 3 == MOVE) give_move(&g);
        else give_copy(&g);
        throw_away(&g);
        work_done();
    }
}

/* ---- grow: an arena of which the process knows what each page must be, its heap, its stacks; and forks, whose children know the same and go ways of their own ---- */
enum { ARENA_PAGES = 40, HEAP_PAGES = 24 };
static const vipc_addr arena = 0x500000000000;
static struct { uint8_t mapped, prot; uint64_t value[3]; } pages[ARENA_PAGES];
static uint64_t heap_value[HEAP_PAGES], heap_pages;
static vipc_addr heap;
static volatile uint64_t *common;                /* a page that parent and children share */
static vipc_cap handed_on;                       /* a capability that every child gets of its parent's */

/* Three words of a page, of which each write changes one. */
static vipc_addr arena_word(uint64_t page, uint64_t i) { return page_at(arena, page) + (i == 0 ? 0 : i == 1 ? 64 + page * 88 : PAGE - 8); }
static void write_arena(uint64_t i)
{
    const uint64_t k = below(3);
    if (!pages[i].mapped || !(pages[i].prot & VIPC_PROT_WRITE)) return;
    pages[i].value[k] = any();
    store(arena_word(i, k), pages[i].value[k]);
}
static void is_arena(uint64_t i)
{
    const vipc_addr at = page_at(arena, i);
    const int reads = pages[i].mapped && pages[i].prot, writes = reads && (pages[i].prot & VIPC_PROT_WRITE) != 0;
    if (one_in(4)) EXPECT(can_load(at) == reads && can_store(at) == writes);
    if (!reads) return;
    for (uint64_t k = 0; k < 3; k++) EXPECT_IS(load(arena_word(i, k)), pages[i].value[k]);
}
static void change_arena(void)
{
    const uint64_t first = below(ARENA_PAGES), n = 1 + below(ARENA_PAGES - first < 10 ? ARENA_PAGES - first : 10);
    static const uint32_t prots[] = { VIPC_PROT_NONE, VIPC_PROT_READ, VIPC_PROT_READ | VIPC_PROT_WRITE, VIPC_PROT_READ | VIPC_PROT_WRITE };
    const uint32_t prot = prots[below(4)];
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    int all = 1;
    for (uint64_t i = first; i < first + n; i++) all = all && pages[i].mapped;
    switch (below(3)) {
    case 0:
        d.at = page_at(arena, first);
        d.size = n * PAGE;
        d.prot = prot;
        d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_FIXED | (one_in(4) ? VIPC_MAP_POPULATE : 0);
        (void)MUST(vipc_space_mmap(&ipc, own_space, &d, &at, in_us(10000000)), 0);
        for (uint64_t i = first; i < first + n; i++) {
            memset(&pages[i], 0, sizeof pages[i]);
            pages[i].mapped = 1;
            pages[i].prot = (uint8_t)prot;
        }
        break;
    case 1:
        (void)MUST(vipc_space_unmap(&ipc, own_space, page_at(arena, first), n * PAGE, in_us(10000000)), 0);
        for (uint64_t i = first; i < first + n; i++) pages[i].mapped = 0;
        break;
    default:
        if (MUST(vipc_space_protect(&ipc, own_space, page_at(arena, first), n * PAGE, prot, in_us(10000000)), all ? 0 : BIT(NOT_FOUND)) != VIPC_OK) return;
        EXPECT(all);
        for (uint64_t i = first; i < first + n; i++) pages[i].prot = (uint8_t)prot;
    }
    count(SUM_mappings, 1);
}
static void change_heap(void)
{
    const uint64_t wanted = below(HEAP_PAGES + 1);
    vipc_addr was;
    if (wanted > heap_pages) {
        (void)MUST(vipc_space_grow_heap(&ipc, own_space, (wanted - heap_pages) * PAGE, &was), 0);
        EXPECT_IS(was, page_at(heap, heap_pages));
        for (uint64_t i = heap_pages; i < wanted; i++) heap_value[i] = 0;
    } else (void)MUST(vipc_space_set_break(&ipc, own_space, page_at(heap, wanted), NULL, in_us(10000000)), 0);
    heap_pages = wanted;
    for (uint64_t i = 0; i < heap_pages; i++) {
        const vipc_addr at = page_at(heap, i) + i * 8;
        EXPECT_IS(load(at), heap_value[i]);
        if (one_in(2)) store(at, heap_value[i] = any());
    }
    EXPECT(!can_store(page_at(heap, heap_pages)));
}
static uint64_t deep(uint64_t depth, uint64_t seed)
{
    volatile uint64_t here[128];
    for (unsigned i = 0; i < 128; i += 31) here[i] = mix(seed + i);
    const uint64_t below_it = depth ? deep(depth - 1, seed + 1) : 0;
    for (unsigned i = 0; i < 128; i += 31) EXPECT_IS(here[i], mix(seed + i));
    return below_it + 1;
}
static void use_stacks(void)
{
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack s;
    const uint64_t depth = below(300);
    EXPECT_IS(deep(depth, any()), depth + 1);
    d.size = (4 + below(16)) * PAGE;
    d.first = PAGE;
    (void)MUST(vipc_space_stack_create(&ipc, own_space, &d, &s), 0);
    for (vipc_addr at = s.top - PAGE; at >= s.bottom + s.guard; at -= PAGE) {
        EXPECT_IS(load(at), 0);
        store(at, at);
    }
    EXPECT(!can_store(s.bottom) && !can_load(s.bottom) && load(s.bottom + s.guard) == s.bottom + s.guard);
    (void)MUST(vipc_space_unmap(&ipc, own_space, s.bottom, s.top - s.bottom, in_us(10000000)), 0);
    EXPECT(!can_load(s.top - PAGE));
}
static void change_memory(uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++) {
        switch (below(8)) {
        case 0: case 1: change_arena(); break;
        case 2: change_heap(); break;
        case 3: if (one_in(8)) use_stacks(); break;
        default: write_arena(below(ARENA_PAGES));
        }
        is_arena(below(ARENA_PAGES));
    }
}
static void is_all_memory(void)
{
    for (uint64_t i = 0; i < ARENA_PAGES; i++) is_arena(i);
    for (uint64_t i = 0; i < heap_pages; i++) EXPECT_IS(load(page_at(heap, i) + i * 8), heap_value[i]);
}
/* The child has what its parent had then, and what one of them writes the other does not see; but for the page that both have. */
static void fork_one(unsigned depth)
{
    const uint64_t said = common[0], seed = any();
    vipc_cap process;
    uint64_t status = 0;
    int64_t child = fork_process(&ipc, &handed_on, 1, &process);
    if (child == VIPC_ERR_LIMIT || child == VIPC_ERR_OUT_OF_MEMORY) { count(SUM_no_room, 1); return; }         /* no place for another process */
    if (child < 0) (void)MUST((vipc_error)child, 0);
    if (child == 0) {
        chance = mix(seed);
        EXPECT(vipc_cap_require(&ipc, handed_on, 0, 0) == VIPC_ERR_INVALID_CAPABILITY);
        (void)MUST(vipc_initial(&ipc, 0, &handed_on), 0);
        (void)MUST(vipc_cap_require(&ipc, handed_on, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND), 0);
        is_all_memory();
        change_memory(10 + below(40));
        if (depth && one_in(2)) fork_one(depth - 1);
        is_all_memory();
        __atomic_fetch_add(&common[0], 1, __ATOMIC_SEQ_CST);
        exit(0);
    }
    count(SUM_forks, 1);
    const vipc_pid pid = { (uint64_t)child };
    change_memory(10 + below(40));
    const int kills = one_in(4), killed = kills && MUST(vipc_destroy(&ipc, process, in_us(10000000)), BIT(INVALID_CAPABILITY)) == VIPC_OK;
    vipc_error e = MUST(wait_for(pid, &status, in_us(10000000)), BIT(NOT_FOUND));            /* so many have ended since that it is forgotten */
    is_all_memory();
    if (killed) count(SUM_killed_children, 1);
    if (e == VIPC_OK && status != 0) EXPECT(killed && status == STATUS_KILLED);
    if (!killed) EXPECT(common[0] > said);
}
void grow_work(void)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    d.size = PAGE;
    d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
    d.flags = VIPC_MAP_SHARED | VIPC_MAP_ANONYMOUS;
    (void)MUST(vipc_space_mmap(&ipc, own_space, &d, &at, in_us(10000000)), 0);
    common = (volatile uint64_t *)at;
    (void)MUST(vipc_space_grow_heap(&ipc, own_space, 0, &heap), 0);
    (void)MUST(vipc_lookup(&ipc, name_with("stress box ", 0), VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT, &handed_on, in_us(10000000)), 0);
    EXPECT_IS(heap % PAGE, 0);
    while (going_on()) {
        change_memory(30);
        fork_one(1);
        work_done();
    }
}

/* ---- object: a few names that all of them open, resize, map and unlink at once ----
 * A byte in an object is 0, or what follows from the object, the page and its place there: so frames that come from elsewhere, or stay where they should not, are found out (it is
 * bytes, as the kernel copies them one by one, and may be preempted in between).  As others may cut it off at any moment, it is read and written by the kernel's hands, through a
 * queue of one's own; what nobody else can have is read and written as all memory is. */
enum { OBJECT_NAMES = 4, OBJECT_PAGES = 10, CHUNK_WORDS = 64 };
static vipc_cap queue;
static uint64_t tagged(uint64_t id, uint64_t page, uint64_t at) { return mix(id << 24 | page << 12 | at); }
/* Some words from there; false: it is not there any more. */
static int read_by_kernel(vipc_addr at, unsigned long long *words)
{
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.payload = (const void *)at;
    out.payload_size = in.payload_capacity = CHUNK_WORDS * 8;
    in.payload = words;
    if (MUST(vipc_send_large(&ipc, queue, &out, VIPC_FOREVER), BIT(FAULT)) != VIPC_OK) return 0;
    (void)MUST(vipc_receive_large(&ipc, queue, &in, VIPC_FOREVER), 0);
    return 1;
}
static void write_by_kernel(vipc_addr at, const unsigned long long *words)
{
    static unsigned long long unwanted[CHUNK_WORDS];
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    out.payload = words;
    out.payload_size = in.payload_capacity = CHUNK_WORDS * 8;
    (void)MUST(vipc_send_large(&ipc, queue, &out, VIPC_FOREVER), 0);
    in.payload = (void *)at;
    if (MUST(vipc_receive_large(&ipc, queue, &in, VIPC_FOREVER), BIT(FAULT)) == VIPC_OK) return;
    in.payload = unwanted;                       /* taken, and lost on the way out; or not taken at all */
    (void)MUST(vipc_receive_large(&ipc, queue, &in, VIPC_NOW), BIT(CHANNEL_EMPTY));
}
static void use_in_company(const vipc_mapping *m, uint64_t id)
{
    static unsigned long long words[CHUNK_WORDS];
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t page = below(m->size / PAGE);
        const uint64_t offset = below(WORDS / CHUNK_WORDS) * CHUNK_WORDS * 8;
        if (read_by_kernel(page_at(m->at, page) + offset, words))
            for (uint64_t k = 0; k < CHUNK_WORDS; k++)
                for (unsigned shift = 0; shift < 64; shift += 8) {
                    const uint64_t is = words[k] >> shift & 255, may_be = tagged(id, page, offset + k * 8) >> shift & 255;
                    if (is) EXPECT_IS(is, may_be);
                }
        for (uint64_t k = 0; k < CHUNK_WORDS; k++) words[k] = one_in(2) ? tagged(id, page, offset + k * 8) : 0;
        if (m->access == WRITE) write_by_kernel(page_at(m->at, page) + offset, words);
    }
}
/* Nobody else has it, nor can get it: what is in it is this process's own. */
static void use_alone(vipc_cap object, uint64_t id)
{
    vipc_mapping m;
    vipc_object_stat s;
    const uint64_t large = 2 + below(OBJECT_PAGES - 1), small = 1 + below(large - 1);
    (void)MUST(vipc_object_truncate(&ipc, object, 0, in_us(10000000)), 0);
    (void)MUST(vipc_object_truncate(&ipc, object, large * PAGE - below(PAGE), in_us(10000000)), 0);
    (void)map_it(object, WRITE, &m, 0);
    EXPECT_IS(m.size, large * PAGE);
    for (uint64_t i = 0; i < large; i++) {
        for (uint64_t k = 0; k < WORDS; k += 1 + below(60)) EXPECT_IS(load(page_at(m.at, i) + k * 8), 0);
        store(page_at(m.at, i) + i * 8, tagged(id, i, i));
    }
    (void)MUST(vipc_object_truncate(&ipc, object, small * PAGE, in_us(10000000)), 0);
    for (uint64_t i = 0; i < large; i++)
        if (i < small) EXPECT_IS(load(page_at(m.at, i) + i * 8), tagged(id, i, i));
        else EXPECT(!can_load(page_at(m.at, i)) && !can_store(page_at(m.at, i)));
    unmap_it(&m, 0);
    (void)MUST(vipc_object_truncate(&ipc, object, large * PAGE, in_us(10000000)), 0);
    if (one_in(3)) {
        (void)MUST(vipc_region_seal(&ipc, object, in_us(10000000)), 0);
        EXPECT(vipc_object_truncate(&ipc, object, 0, in_us(10000000)) == VIPC_ERR_PERMISSION_DENIED && map_it(object, WRITE, &m, BIT(PERMISSION_DENIED)) != VIPC_OK);
    }
    (void)map_it(object, READ, &m, 0);
    for (uint64_t i = 0; i < large; i++) EXPECT_IS(load(page_at(m.at, i) + i * 8), i < small ? tagged(id, i, i) : 0);
    unmap_it(&m, 0);
    (void)MUST(vipc_object_get(&ipc, object, &s), 0);
    EXPECT(s.unlinked && s.opens == 1 && s.mappings == 0 && s.size == large * PAGE);
}
static void use_object(void)
{
    static const uint32_t flags[] = { VIPC_OPEN_CREATE, VIPC_OPEN_CREATE, VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE, VIPC_OPEN_CREATE | VIPC_OPEN_TRUNCATE, 0, VIPC_OPEN_READ_ONLY };
    const char *name = name_with("/stress ", below(OBJECT_NAMES));
    const uint64_t kind = below(6);
    vipc_cap object;
    vipc_mapping m;
    vipc_object_stat s;
    if (MUST(vipc_object_open(&ipc, name, flags[kind], 0, &object, in_us(10000000)), BIT(EXISTS) | BIT(NOT_FOUND)) != VIPC_OK) return;
    count(SUM_objects, 1);
    (void)MUST(vipc_object_get(&ipc, object, &s), 0);
    const int writes = flags[kind] != VIPC_OPEN_READ_ONLY;
    const uint64_t id = s.id;
    if (writes && one_in(2)) (void)MUST(vipc_object_truncate(&ipc, object, below(OBJECT_PAGES * PAGE), in_us(10000000)), 0);
    if (map_it(object, writes ? WRITE : READ, &m, BIT(INVALID_ARGUMENT)) == VIPC_OK) {       /* it may be empty */
        use_in_company(&m, id);
        if (writes && one_in(3)) (void)MUST(vipc_object_truncate(&ipc, object, below(OBJECT_PAGES * PAGE), in_us(10000000)), 0);
        use_in_company(&m, id);
        unmap_it(&m, 0);
    }
    if (writes && one_in(3)) (void)MUST(vipc_object_unlink(&ipc, name), BIT(NOT_FOUND));
    (void)MUST(vipc_object_get(&ipc, object, &s), 0);
    if (s.unlinked && s.opens == 1 && s.mappings == 0 && writes) use_alone(object, id);
    forget(&object);
}
void object_work(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.payload_max = CHUNK_WORDS * 8;
    (void)MUST(vipc_endpoint_create(&ipc, &d, &queue), 0);
    while (going_on()) {
        use_object();
        work_done();
    }
}
