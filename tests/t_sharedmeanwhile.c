/* t_sharedmeanwhile.c - shared regions and named objects on the mock port: what others do in the middle of a call that has let the lock go, because it zeroes new pages, waits for a flush, or
 * has queued its message; at each such place the one thing that would spoil it. */
#include "shared.h"

/* ---- the middle of a call ---- */
static struct { world *c; void (*then)(world *c); unsigned sleeper, ran; } meanwhile;
static void lock_is_free(void *user, uint64_t target, uint32_t *word)        /* hook wake */
{
    const vipc *v = &meanwhile.c->m.v[meanwhile.sleeper];
    (void)user; (void)target; (void)word;
    meanwhile.c->m.hooks.wake = mock_wake;
    vipci_store64(v, vipci_cell_at(v, v->view), VIPCI_AWAKE);
    meanwhile.ran++;
    meanwhile.then(meanwhile.c);
}
/* Next time the lock is let go, `then` runs before it is had again: v[3] seems to sleep for it. */
static void when_the_lock_is_free(world *c, void (*then)(world *c))
{
    const vipc *v = V(3);
    vipci_domain *d = vipci_d(v);
    meanwhile.c = c;
    meanwhile.then = then;
    meanwhile.sleeper = 3;
    c->m.hooks.wake = lock_is_free;
    vipci_store64(v, vipci_cell_at(v, v->view), (uint64_t)VIPCI_FOR_LOCK << 32 | 1u << 2 | VIPCI_WAITING);
    vipci_store64(v, &d->lock_flag, (d->lock_flag + 4) | 1);
}
static void while_it_waits_(vipc_mock *m, uint64_t who)
{
    (void)m; (void)who;
    meanwhile.ran++;
    meanwhile.then(meanwhile.c);
}
/* The same in the next flush that waits. */
static void while_it_waits(world *c, void (*then)(world *c))
{
    meanwhile.c = c;
    meanwhile.then = then;
    c->m.held = 1;
    c->m.on_flush = while_it_waits_;
}
static struct { vipc_cap a, b, door, got; vipc_mapping w, q, r; vipc_error e; int how; } it;
static world *fresh(void)
{
    world *c = a_world();
    memset(&it, 0, sizeof it);
    memset(&meanwhile, 0, sizeof meanwhile);
    return c;
}
/* It did run, so many times. */
#define RAN(n) CHECK_EQ(meanwhile.ran, n)

/* ---- growing ---- */
static void object_of_two(world *c, uint64_t pages)          /* v[0] and v[1] have it open */
{
    it.a = object(c, 0, "/x", pages);
    it.b = open_object(c, 1, "/x", 0);
}
static void other_grows_to_six(world *c)
{
    CHECK_OK(cut(c, 1, it.b, 6 * PAGE));
    it.q = map(c, 1, it.b, VIPC_WRITE);
    FILL(c, 1, it.q.at, 6, 60);
}
TEST(two_grow_at_a_time)
{
    static const uint64_t to[] = { 8, 6, 4 };                  /* more than the other, as much, less */
    for (int k = 0; k < 3; k++) {
        world *c = fresh();
        object_of_two(c, 0);
        when_the_lock_is_free(c, other_grows_to_six);
        CHECK_OK(cut(c, 0, it.a, to[k] * PAGE));
        RAN(1);
        CHECK_EQ(stat_of(c, 0, it.a).size, (to[k] > 6 ? to[k] : 6) * PAGE);      /* who grows never makes it smaller */
        HOLDS(c, 1, it.q.at, 6, 60);
        CHECK_EQ(node_bytes(c, 0), (to[k] > 6 ? to[k] : 6) * PAGE);              /* and what both had taken for a page, one has given back */
        vipc_mapping all = map(c, 0, it.a, VIPC_READ);
        for (uint64_t i = 6; i < to[k]; i++) CHECK_EQ(see(c, 0, all.at + i * PAGE), 0);
        DONE(c);
    }
}
static void other_seals_it(world *c) { CHECK_OK(vipc_region_seal(V(1), it.b, VIPC_FOREVER)); }
TEST(sealed_while_it_grows)
{
    world *c = fresh();
    object_of_two(c, 2);
    when_the_lock_is_free(c, other_seals_it);
    CHECK_EQ(cut(c, 0, it.a, 5 * PAGE), DENIED);
    RAN(1);
    CHECK_EQ(stat_of(c, 0, it.a).size, 2 * PAGE);
    CHECK_EQ(node_bytes(c, 0), 2 * PAGE);
    DONE(c);
}
static void other_ends_it(world *c)                           /* and its record is that of a region of two pages at once */
{
    CHECK_OK(vipc_destroy(V(1), it.b, VIPC_FOREVER));
    it.got = region(c, 1, 2);
}
TEST(ended_while_it_grows)
{
    world *c = fresh();
    it.b = object(c, 1, "/x", 0);
    it.a = open_object(c, 0, "/x", 0);
    const vipci_space *record = vipci_store_of(V(0), vipci_object_at(V(0), vipci_entry_at(V(0), (uint32_t)(it.a.token & 0xffffff) - 1)->object));
    const uint64_t number = record->number;
    when_the_lock_is_free(c, other_ends_it);
    CHECK_EQ(cut(c, 0, it.a, 8 * PAGE), VIPC_ERR_CLOSED);
    RAN(1);
    CHECK(record->number && record->number != number);       /* else this says nothing */
    CHECK_EQ(info_of(c, 1, it.got).size, 2 * PAGE);
    CHECK_EQ(node_bytes(c, 0), 2 * PAGE);
    ZEROS(c, 1, map(c, 1, it.got, VIPC_READ));
    DONE(c);
}
/* Growth in two runs: the first is refused, and then half as much is asked for.  `then` runs when the pages of the first are in, past the end still. */
static void (*between_runs)(world *c);
static void first_run(world *c) { when_the_lock_is_free(c, between_runs); }
static void grows_in_runs(world *c, void (*between)(world *c))
{
    between_runs = between;
    when_the_lock_is_free(c, first_run);
    mock_fail(&c->m, MOCK_ALLOC, 1, VIPC_ERR_OUT_OF_MEMORY);
}
static void other_cuts_it_to_nothing(world *c)
{
    mock_heal(&c->m);
    CHECK_OK(cut(c, 1, it.b, 0));
    CHECK_EQ(node_bytes(c, 0), 2 * PAGE);                      /* the run that is in is the grower's */
    mock_check_by(&c->m, V(1), __FILE__, __LINE__);
}
TEST(cut_to_nothing_while_it_grows)
{
    world *c = fresh();
    object_of_two(c, 1);
    it.w = map(c, 0, it.a, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 9));
    grows_in_runs(c, other_cuts_it_to_nothing);
    CHECK_OK(cut(c, 0, it.a, 5 * PAGE));
    RAN(2);
    CHECK_EQ(stat_of(c, 0, it.a).size, 5 * PAGE);
    ZEROS(c, 1, map(c, 1, it.b, VIPC_READ));                   /* what was cut off is gone, though it has its size again */
    CHECK_EQ(node_bytes(c, 0), 5 * PAGE);
    DONE(c);
}
static void other_touches_the_last_page(world *c)
{
    mock_heal(&c->m);
    CHECK_EQ(see(c, 1, it.q.at), 7);
    it.got.token = frame_at(c, 1, it.q.at);
    CHECK_EQ(frame_at(c, 1, it.q.at + PAGE), ~(uint64_t)0);    /* neighbours are mapped with it, but not what is no page of it yet */
    CHECK_EQ(see(c, 1, it.q.at + PAGE), FAULT);
    CHECK_EQ(vipc_space_read(V(1), c->s[1], it.q.at + PAGE, &it.how, 1, NULL), FAULT);
}
TEST(nobody_sees_pages_before_they_belong_to_it)
{
    world *c = fresh();
    object_of_two(c, 6);
    it.q = map_lazy(c, 1, it.b, VIPC_READ);
    CHECK_OK(cut(c, 0, it.a, PAGE));
    it.w = map(c, 0, it.a, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 7));
    grows_in_runs(c, other_touches_the_last_page);
    CHECK_OK(cut(c, 0, it.a, 6 * PAGE));
    RAN(2);
    vipc_mapping all = map(c, 0, it.a, VIPC_READ);
    CHECK_EQ(frame_at(c, 0, all.at + PAGE), it.got.token + 1);               /* they were neighbours: else this says nothing */
    CHECK_EQ(see(c, 1, it.q.at + PAGE), 0);
    DONE(c);
}

/* ---- a page that is copied: RACE 45 ---- */
static void copied_object(world *c)                           /* of three pages, mapped by v[0]; v[2] has a copy */
{
    object_of_two(c, 3);
    it.w = map(c, 0, it.a, VIPC_WRITE);
    it.q = map_lazy(c, 1, it.b, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 10));
    it.got = hand(c, 0, it.a, 2, VIPC_COPY_ON_WRITE, 0);
    it.r = map(c, 2, it.got, VIPC_READ);
    CHECK_EQ(see(c, 0, it.w.at), 10);
    CHECK_EQ(see(c, 2, it.r.at), 10);
}
static void copy_is_apart(world *c)
{
    RAN(1);
    c->m.held = 0;
    CHECK_EQ(see(c, 2, it.r.at), 10);
    CHECK_EQ(see(c, 1, it.q.at), 30);
    CHECK_EQ(frame_at(c, 0, it.w.at), frame_at(c, 1, it.q.at));
    DONE(c);
}
static void other_reads_it(world *c) { CHECK_EQ(see(c, 1, it.q.at), 10); }
TEST(race_45_who_had_no_translation_gets_none_of_the_original)
{
    world *c = fresh();
    copied_object(c);
    while_it_waits(c, other_reads_it);
    CHECK_OK(set(c, 0, it.w.at, 30));
    copy_is_apart(c);
}
static void other_pays_and_owes_anew(world *c)                /* so there is a debt, when the first looks again, but not his; and a translation of the original */
{
    CHECK_EQ(see(c, 1, it.q.at), 10);
    CHECK_OK(set(c, 0, it.w.at + 2 * PAGE, 12));               /* there is something to be taken away */
    CHECK_EQ(vipc_object_truncate(V(1), it.b, 2 * PAGE, VIPC_NOW), VIPC_ERR_WOULD_BLOCK);
}
TEST(race_45_a_debt_of_others_is_none_of_ones_own)
{
    world *c = fresh();
    copied_object(c);
    while_it_waits(c, other_pays_and_owes_anew);
    CHECK_OK(set(c, 0, it.w.at, 30));
    copy_is_apart(c);
}

/* ---- moving ---- */
static void own_thread_maps_it(world *c)                      /* another one of the giver's: v[4] */
{
    vipc_map_desc d = VIPC_INIT;
    d.access = VIPC_WRITE;
    it.e = vipc_map(V(4), it.a, &d, &it.r);
    if (it.e == VIPC_OK) CHECK_OK(vipc_mock_store(&c->m, V(4), c->s[0], it.r.at, 40));
}
TEST(mapped_again_while_it_is_moved)
{
    world *c = fresh();
    mock_thread(&c->m, 0, 4);
    it.a = region(c, 0, 3);
    it.w = map(c, 0, it.a, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 10));
    while_it_waits(c, own_thread_maps_it);
    it.got = hand(c, 0, it.a, 1, VIPC_MOVE, 0);
    RAN(1);
    CHECK_OK(it.e);
    CHECK(it.r.at != 0);
    it.q = map(c, 1, it.got, VIPC_WRITE);                      /* who has it now, has it alone: no CPU of the giver's has a translation left */
    CHECK_EQ(see(c, 1, it.q.at), 40);
    CHECK_EQ(c->m.stale, 0);
    CHECK_EQ(see(c, 0, it.r.at), FAULT);
    CHECK_EQ(vipc_mock_store(&c->m, V(4), c->s[0], it.r.at, 41), FAULT);
    CHECK_EQ(see(c, 1, it.q.at), 40);
    DONE(c);
}
/* A message with a moved region is queued, and its endpoint goes before the sender has let go: he waits for the lock, which v[3] has, who ends it. */
static void has_the_lock(vipc_mock *m, uint64_t who)
{
    (void)who;
    if (mock_seen(m, 1, it.got).queued < 2) m->on_leave = has_the_lock;      /* not yet */
    else CHECK_OK(vipci_lock(&m->v[3], VIPC_NOW));
}
static void ends_the_endpoint(vipc_mock *m, uint64_t who)
{
    (void)who;
    meanwhile.ran++;
    vipci_unlock(&m->v[3]);
    CHECK_OK(vipc_destroy(&m->v[3], it.b, VIPC_FOREVER));
}
TEST(moved_to_an_endpoint_that_ends_before_the_giver_has_let_go)
{
    world *c = fresh();
    vipc_outgoing o = VIPC_INIT;
    vipc_cap inbox = keep(c, 1, mock_endpoint(&c->m, 1, 4));
    it.got = inbox;
    it.door = grant(c, 1, inbox, 0, VIPC_RIGHT_SEND);
    it.b = grant(c, 1, inbox, 3, 0);
    CHECK_OK(vipc_send_large(V(0), it.door, &o, VIPC_NOW));    /* it has its queue */
    it.a = region(c, 0, 3);
    vipc_cap also = keep(c, 0, mock_derive(&c->m, 0, it.a, 0));
    it.w = map(c, 0, it.a, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 10));
    o.region = it.a;
    o.region_mode = VIPC_MOVE;
    c->m.on_leave = has_the_lock;
    c->m.before_sleep = ends_the_endpoint;
    CHECK_OK(vipc_send_large(V(0), it.door, &o, VIPC_FOREVER));
    RAN(1);
    CHECK_EQ(vipc_cap_require(V(1), inbox, 0, 0), STALE);
    CHECK_EQ(try_map(c, 0, it.a, VIPC_READ), STALE);           /* it was sent, so it is not the sender's any more, though nobody has got it */
    CHECK_EQ(try_map(c, 0, also, VIPC_READ), STALE);
    CHECK_EQ(see(c, 0, it.w.at), FAULT);
    CHECK_EQ(c->m.stale, 0);
    CHECK_OK(vipc_trim(V(0), NULL));
    CHECK_EQ(used(c), c->nothing);
    DONE(c);
}

/* Who was to have it ends while the giver's translations are flushed: it is the giver's still, but not mapped any more. */
static void receiver_ends(world *c) { die(c, 1); }
TEST(moved_to_who_ends_before_the_giver_has_let_go)
{
    world *c = fresh();
    vipc_cap out = VIPC_INIT;
    it.a = region(c, 0, 3);
    it.w = map(c, 0, it.a, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 10));
    while_it_waits(c, receiver_ends);
    CHECK_EQ(vipc_region_transfer(V(0), it.a, PID(1), VIPC_MOVE, 0, &out, VIPC_FOREVER), VIPC_ERR_PROCESS_NOT_FOUND);
    RAN(1);
    CHECK_EQ(out.token, 0);
    CHECK_EQ(see(c, 0, it.w.at), FAULT);
    CHECK_EQ(unmap(c, 0, it.w), VIPC_ERR_INVALID_REGION);
    CHECK_EQ(see(c, 0, map(c, 0, it.a, VIPC_READ).at), 10);
    CHECK(info_of(c, 0, it.a).owner.id == PID(0).id);
    DONE(c);
}

/* While a writer waits for its copy, somebody takes its capability back, and is killed between the step that withdraws its mapping and the change of its region. */
static void withdrawn_by_one_who_is_killed(world *c)
{
    const vipc *v = V(3);
    CHECK_OK(vipci_lock(V(3), VIPC_NOW));
    for (uint32_t i = 0; i < v->max_caps; i++) {
        vipci_entry *e = vipci_entry_at(v, i);
        const vipci_space *s = (e->kind & VIPCI_MAPPED) ? vipci_mapping_space(v, e) : NULL;
        if (!s || vipci_object_at(v, s->object - 1)->owner != V(1)->process + 1) continue;
        vipci_mapping_withdraw(v, e);
        it.how++;
    }
    vipci_commit(v);
    vipci_unlock(V(3));
}
TEST(race_44_withdrawn_by_one_who_is_killed)
{
    world *c = fresh();
    it.a = region(c, 0, 1);
    it.b = grant(c, 0, it.a, 1, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE);
    it.w = map(c, 0, it.a, VIPC_WRITE);
    it.q = map(c, 1, it.b, VIPC_WRITE);
    CHECK_OK(set(c, 0, it.w.at, 10));
    CHECK_OK(set(c, 1, it.q.at, 11));
    (void)hand(c, 0, it.a, 2, VIPC_COPY_ON_WRITE, 0);
    CHECK_EQ(see(c, 0, it.w.at), 11);
    CHECK_EQ(see(c, 1, it.q.at), 11);
    while_it_waits(c, withdrawn_by_one_who_is_killed);
    CHECK_EQ(set(c, 1, it.q.at, 12), FAULT);
    RAN(1);
    CHECK_EQ(it.how, 1);
    CHECK_EQ(see(c, 0, it.w.at), 11);
    DONE(c);
}

/* The quota is asked before the lock is let go, and once more when there is something to be counted. */
static void another_takes_eight(world *c)
{
    vipc_cap out = VIPC_INIT;
    vipc_region_desc d = wanted(8, 0);
    const vipc_error e = it.how ? vipc_object_truncate(V(4), it.b, 8 * PAGE, VIPC_NOW) : vipc_region_create(V(4), &d, &out);
    CHECK_OK(e);
    if (e == VIPC_OK && !it.how) keep(c, 0, out);
}
TEST(two_threads_of_a_process_pass_no_quota)
{
    for (int how = 0; how < 4; how++) {                        /* 1: the other makes an object grow; 2: this one does */
        vipc_config config = shared_config();
        vipc_region_desc d = wanted(8, 0);
        vipc_cap out = VIPC_INIT;
        config.shared_per_process = 10;
        world *c = a_world_with(&config, 512);
        mock_thread(&c->m, 0, 4);
        meanwhile.ran = 0;
        it.how = how & 1;
        it.a = object(c, 0, "/a", 0);
        it.b = object(c, 0, "/b", 0);
        when_the_lock_is_free(c, another_takes_eight);
        const vipc_error e = how & 2 ? vipc_object_truncate(V(0), it.a, 8 * PAGE, VIPC_NOW) : vipc_region_create(V(0), &d, &out);
        CHECK_EQ(e, VIPC_ERR_LIMIT);
        RAN(1);
        CHECK_EQ(node_bytes(c, 0), 8 * PAGE);
        CHECK_EQ(out.token, 0);
        c->m.hooks.wake = mock_wake;
        mock_check_by(&c->m, V(0), __FILE__, __LINE__);
        DONE(c);
    }
}

RUN_TESTS(T(two_grow_at_a_time), T(sealed_while_it_grows), T(ended_while_it_grows), T(cut_to_nothing_while_it_grows), T(nobody_sees_pages_before_they_belong_to_it),
          T(race_45_who_had_no_translation_gets_none_of_the_original), T(race_45_a_debt_of_others_is_none_of_ones_own), T(mapped_again_while_it_is_moved),
          T(moved_to_an_endpoint_that_ends_before_the_giver_has_let_go), T(moved_to_who_ends_before_the_giver_has_let_go), T(race_44_withdrawn_by_one_who_is_killed),
          T(two_threads_of_a_process_pass_no_quota))
