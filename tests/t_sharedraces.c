/* t_sharedraces.c - two processes at a time at one store, in lockstep: one runs until it waits for a flush, and then the other does, until it waits for one; the flush is answered when
 * its turn has come again.  Nobody may make the other begin again for ever, and what both read and write is as if they had done it one after the other. */
#include "shared.h"
#include <pthread.h>

/* ---- lockstep: threads of which one runs at a time ---- */
enum { ACTORS = 4, LAPS = 100000, RHYTHMS = 3 };
typedef void (*part)(unsigned);
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned turn, count, rhythm;      /* of so many flushes that one waits for, one gives the others their turns */
    uint64_t beat[ACTORS];
    int over[ACTORS], swift[ACTORS];   /* swift: it is answered without the others having their turns */
    uint64_t laps;                     /* flushes that were waited for */
    part does;
} stage = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, { 0 }, { 0 }, { 0 }, 0, NULL };
static world *c;

static void turn_of(unsigned i)                              /* the mutex is held */
{
    while (stage.turn != i) pthread_cond_wait(&stage.changed, &stage.lock);
}
static void next_turn(unsigned i)
{
    for (unsigned k = 1; k <= stage.count; k++) {
        const unsigned n = (i + k) % stage.count;
        if (stage.over[n]) continue;
        stage.turn = n;
        pthread_cond_broadcast(&stage.changed);
        return;
    }
}
static void waits(vipc_mock *m, uint64_t who)                /* on_flush, before_sleep */
{
    const unsigned i = stage.turn;
    (void)who;
    if (++stage.laps == LAPS) m->held = 0;                   /* they would go on for ever */
    else m->on_flush = m->before_sleep = waits;
    if (stage.swift[i] || ++stage.beat[i] % stage.rhythm) return;
    next_turn(i);
    turn_of(i);
}
static void *actor(void *of)
{
    const unsigned i = (unsigned)(uintptr_t)of;
    pthread_mutex_lock(&stage.lock);
    turn_of(i);
    stage.does(i);
    stage.over[i] = 1;
    next_turn(i);
    pthread_mutex_unlock(&stage.lock);
    return NULL;
}
/* `count` processes do that in lockstep; way: which of them is the first, and the rhythm. */
static void together(unsigned count, unsigned way, part does)
{
    pthread_t thread[ACTORS];
    memset(stage.over, 0, sizeof stage.over);
    stage.turn = ACTORS;
    stage.count = count;
    stage.laps = 0;
    stage.rhythm = 1 + way / count;
    memset(stage.beat, 0, sizeof stage.beat);
    stage.does = does;
    c->m.script = c;
    c->m.held = 1;                                           /* no flush is answered at once */
    c->m.on_flush = c->m.before_sleep = waits;
    for (unsigned i = 0; i < count; i++) REQUIRE_EQ(pthread_create(&thread[i], NULL, actor, (void *)(uintptr_t)i), 0);
    pthread_mutex_lock(&stage.lock);
    stage.turn = way % count;
    pthread_cond_broadcast(&stage.changed);
    pthread_mutex_unlock(&stage.lock);
    for (unsigned i = 0; i < count; i++) pthread_join(thread[i], NULL);
    c->m.on_flush = c->m.before_sleep = NULL;
    c->m.held = 0;
    memset(stage.swift, 0, sizeof stage.swift);
    CHECK(stage.laps < LAPS);
}

/* ---- the scene: a region of v[0]'s that all have mapped, and a copy of it, v[3]'s, which has its pages until they are written ---- */
enum { PAGES = 4, KEEPER = 3 };
static struct { vipc_cap region, copy, cap[ACTORS]; vipc_mapping at[ACTORS], there; unsigned writer; } g;
static void open_scene(unsigned count)
{
    memset(&g, 0, sizeof g);
    c = a_world();
    g.region = region(c, 0, PAGES);
    for (unsigned i = 0; i < count; i++) {
        g.cap[i] = i ? grant(c, 0, g.region, i, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE) : g.region;
        g.at[i] = map(c, i, g.cap[i], VIPC_WRITE);
    }
    for (uint64_t p = 0; p < PAGES; p++) CHECK_OK(set(c, 0, g.at[0].at + p * PAGE, 10 + (unsigned)p));
    g.copy = hand(c, 0, g.region, KEEPER, VIPC_COPY_ON_WRITE, 0);
    g.there = map(c, KEEPER, g.copy, VIPC_READ);
    for (unsigned i = 0; i < count; i++)
        for (uint64_t p = 0; p < PAGES; p++) CHECK_EQ(see(c, i, g.at[i].at + p * PAGE), 10 + (int)p);
}
static void close_scene(void)
{
    for (uint64_t p = 0; p < PAGES; p++) CHECK_EQ(see(c, KEEPER, g.there.at + p * PAGE), 10 + (int)p);
    DONE(c);
}
static void writes(unsigned i, uint64_t page) { CHECK_OK(set(c, i, g.at[i].at + page * PAGE + 1 + i, 20 + i)); }
static void each_writes_there(unsigned i) { writes(i, 0); }
static void each_writes_elsewhere(unsigned i) { writes(i, i); }
static void each_writes_all(unsigned i)
{
    for (uint64_t p = 0; p < PAGES; p++) writes(i, i ? PAGES - 1 - p : p);
}
static void one_writes(unsigned i)                           /* and the others read until it has */
{
    if (i == g.writer) { writes(i, 0); return; }
    do {
        CHECK_EQ(see(c, i, g.at[i].at), 10);
        next_turn(i);
        turn_of(i);
    } while (!stage.over[g.writer]);
}
TEST(race_45_two_writers_of_one_page)
{
    for (unsigned count = 2; count <= 3; count++) {
        for (unsigned way = 0; way < RHYTHMS * count; way++) {
            open_scene(count);
            together(count, way, each_writes_there);
            for (unsigned i = 0; i < count; i++) {
                CHECK_EQ(frame_at(c, i, g.at[i].at), frame_at(c, 0, g.at[0].at));
                for (unsigned k = 0; k < count; k++) CHECK_EQ(see(c, i, g.at[i].at + 1 + k), 20 + (int)k);
            }
            close_scene();
        }
    }
}
TEST(race_45_two_writers_of_two_pages)
{
    for (unsigned count = 2; count <= 3; count++) {
        for (unsigned way = 0; way < RHYTHMS * count; way++) {
            open_scene(count);
            together(count, way, each_writes_elsewhere);
            for (unsigned i = 0; i < count; i++)
                for (unsigned k = 0; k < count; k++) CHECK_EQ(see(c, i, g.at[i].at + k * PAGE + 1 + k), 20 + (int)k);
            close_scene();
            open_scene(count);
            together(count, way, each_writes_all);
            for (unsigned i = 0; i < count; i++)
                for (unsigned k = 0; k < count * PAGES; k++) CHECK_EQ(see(c, i, g.at[i].at + k / count * PAGE + 1 + k % count), 20 + (int)(k % count));
            close_scene();
        }
    }
}
TEST(race_45_a_writer_among_readers)
{
    for (unsigned count = 2; count <= 3; count++) {
        for (unsigned k = 0; k < count * count; k++) {
            open_scene(count);
            g.writer = k / count;
            for (unsigned i = 0; i < count; i++) stage.swift[i] = i != g.writer;
            together(count, k % count, one_writes);
            for (unsigned i = 0; i < count; i++) CHECK_EQ(see(c, i, g.at[i].at + 1 + g.writer), 20 + (int)g.writer);
            close_scene();
        }
    }
}

static void each_maps_privately(unsigned i)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at = 0;
    d.backing = g.cap[i];
    d.size = PAGES * PAGE;
    d.prot = RW;
    d.flags = VIPC_MAP_PRIVATE;
    CHECK_OK(vipc_space_mmap(V(i), c->s[i], &d, &at, VIPC_FOREVER));
    for (uint64_t p = 0; at && p < PAGES; p++) CHECK_EQ(see(c, i, at + p * PAGE), 10 + (int)p);
}
static void one_writes_the_others_map(unsigned i)
{
    if (i == g.writer) each_writes_all(i);
    else each_maps_privately(i);
}
TEST(private_mappings_made_at_a_time)
{
    for (unsigned count = 2; count <= 3; count++) {
        for (unsigned way = 0; way < RHYTHMS * count; way++) {
            open_scene(count);
            for (unsigned i = 0; i < count; i++)
                for (uint64_t p = 0; p < PAGES; p++) CHECK_OK(set(c, i, g.at[i].at + p * PAGE, 10 + (unsigned)p));
            together(count, way, each_maps_privately);
            close_scene();
            for (g.writer = 0; g.writer < count; g.writer++) {
                const unsigned writer = g.writer;
                open_scene(count);
                g.writer = writer;
                together(count, way, one_writes_the_others_map);
                close_scene();
            }
        }
    }
}

/* ---- everything at a time: each does, in an order of its own, whatever there is; nobody is told that others were faster, and no copy changes ---- */
enum { CROWD = PEOPLE, STEPS = 150, OBJECT = 6 };
static struct mine { uint64_t seed; vipc_cap region, object, copy[3]; vipc_mapping at, part; unsigned copies, wrote[PAGES]; } mine_[CROWD];
static uint32_t any(struct mine *me, uint32_t below)
{
    me->seed = me->seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(me->seed >> 33) % below;
}
/* All of a copy, twice, with turns of others in between; own: what this one has written is in it, and nothing newer. */
static void steady(unsigned i, vipc_addr at, const unsigned *own)
{
    unsigned char was[PAGES * CROWD], now[PAGES * CROWD];
    for (unsigned turn = 0; turn < 2; turn++) {
        for (unsigned k = 0; k < PAGES * CROWD; k++) {
            const int byte = see(c, i, at + k / CROWD * PAGE + k % CROWD);
            CHECK(byte >= 0);
            (turn ? now : was)[k] = (unsigned char)byte;
        }
        if (turn) break;
        next_turn(i);
        turn_of(i);
    }
    for (unsigned k = 0; k < PAGES * CROWD; k++) CHECK_EQ(now[k], was[k]);
    for (unsigned p = 0; own && p < PAGES; p++) CHECK_EQ(now[p * CROWD + i], own[p]);
}
static void crowd_writes(unsigned i, struct mine *me)
{
    const unsigned p = any(me, PAGES), to = any(me, 250);
    const unsigned char byte = (unsigned char)to;
    const vipc_addr at = me->at.at + p * PAGE + i;
    if (any(me, 3)) CHECK_OK(set(c, i, at, to));
    else CHECK_OK(vipc_space_write(V(i), c->s[i], at, &byte, 1, NULL));
    me->wrote[p] = to;
    CHECK_EQ(see(c, i, at), (int)to);
}
static void crowd_gives_a_copy(unsigned i, struct mine *me)
{
    const unsigned to = (i + 1 + any(me, CROWD - 1)) % CROWD;
    vipc_cap copy = VIPC_INIT;
    if (stage.over[to]) return;
    CHECK_OK(vipc_region_transfer(V(i), me->region, PID(to), VIPC_COPY_ON_WRITE, 0, &copy, VIPC_FOREVER));
    if (mine_[to].copies < 3 && !stage.over[to]) mine_[to].copy[mine_[to].copies++] = copy;
    else CHECK_OK(vipc_close(V(to), copy));
}
static void crowd_looks_at_a_copy(unsigned i, struct mine *me)
{
    if (!me->copies) return;
    const vipc_cap copy = me->copy[--me->copies];
    vipc_mapping w;
    memset(&w, 0, sizeof w);
    CHECK_OK(map_part(c, i, copy, VIPC_WRITE, 0, 0, 0, &w));
    steady(i, w.at, NULL);
    CHECK_OK(set(c, i, w.at + any(me, PAGES) * PAGE + CROWD, 1));
    steady(i, w.at, NULL);
    CHECK_OK(unmap(c, i, w));
    CHECK_OK(vipc_close(V(i), copy));
}
static void crowd_maps_privately(unsigned i, struct mine *me)
{
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at = 0;
    d.backing = me->region;
    d.size = PAGES * PAGE;
    d.prot = RW;
    d.flags = VIPC_MAP_PRIVATE;
    CHECK_OK(vipc_space_mmap(V(i), c->s[i], &d, &at, VIPC_FOREVER));
    const unsigned p = any(me, PAGES);
    unsigned then[PAGES];
    memcpy(then, me->wrote, sizeof then);
    CHECK_OK(set(c, i, me->at.at + p * PAGE + i, me->wrote[p] = any(me, 250)));
    steady(i, at, then);
    CHECK_OK(set(c, i, at + p * PAGE + i, then[p] = any(me, 250)));
    steady(i, at, then);
    CHECK_OK(vipc_space_unmap(V(i), c->s[i], at, PAGES * PAGE, VIPC_FOREVER));
}
static void crowd_maps_anew(unsigned i, struct mine *me)
{
    CHECK_OK(unmap(c, i, me->at));
    me->at = any(me, 2) ? map_lazy(c, i, me->region, VIPC_WRITE) : map(c, i, me->region, VIPC_WRITE);
}
static void crowd_truncates(unsigned i, struct mine *me)
{
    CHECK_OK(cut(c, i, me->object, any(me, OBJECT * (uint32_t)PAGE)));
    for (unsigned p = 0; p < OBJECT; p++) {
        const int byte = see(c, i, me->part.at + p * PAGE);
        CHECK(byte >= 0 || byte == FAULT);
        const vipc_error e = set(c, i, me->part.at + p * PAGE + 1, 1);
        CHECK(e == VIPC_OK || e == FAULT);
    }
}
static void crowd_forks(unsigned i, struct mine *me)
{
    vipc_cap twin = VIPC_INIT;
    (void)me;
    CHECK_OK(vipc_space_clone(V(i), c->s[i], &twin, VIPC_FOREVER));
    next_turn(i);
    turn_of(i);
    CHECK_OK(vipc_destroy(V(i), twin, VIPC_FOREVER));
}
static void crowd_copies_the_object(unsigned i, struct mine *me)
{
    vipc_cap copy = VIPC_INIT;
    const vipc_error e = vipc_region_transfer(V(i), me->object, PID((i + 1) % CROWD), VIPC_COPY_ON_WRITE, 0, &copy, VIPC_FOREVER);
    CHECK(e == VIPC_OK);
    next_turn(i);
    turn_of(i);
    if (e == VIPC_OK) CHECK_OK(vipc_close(V((i + 1) % CROWD), copy));
}
static void whatever(unsigned i)
{
    static void (*const deeds[])(unsigned, struct mine *) = { crowd_writes, crowd_writes, crowd_writes, crowd_gives_a_copy, crowd_looks_at_a_copy, crowd_maps_privately, crowd_maps_anew,
                                                              crowd_truncates, crowd_forks, crowd_copies_the_object };
    struct mine *me = &mine_[i];
    for (unsigned n = 0; n < STEPS; n++) {
        deeds[any(me, sizeof deeds / sizeof *deeds)](i, me);
        if (any(me, 2)) continue;
        next_turn(i);
        turn_of(i);
    }
}
TEST(whatever_all_do_at_a_time_nobody_begins_again_for_ever)
{
    for (unsigned round = 0; round < 12; round++) {
        memset(&g, 0, sizeof g);
        memset(mine_, 0, sizeof mine_);
        c = a_world();
        g.region = region(c, 0, PAGES);
        for (unsigned i = 0; i < CROWD; i++) {
            struct mine *me = &mine_[i];
            me->seed = round * CROWD + i + 1;
            me->region = i ? grant(c, 0, g.region, i, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE) : g.region;
            me->at = map(c, i, me->region, VIPC_WRITE);
            me->object = i ? open_object(c, i, "/o", 0) : object(c, 0, "/o", OBJECT);
            me->part = map(c, i, me->object, VIPC_WRITE);
        }
        together(CROWD, round, whatever);
        for (unsigned i = 0; i < CROWD; i++)
            for (unsigned k = 0; k < mine_[i].copies; k++) CHECK_OK(vipc_close(V(i), mine_[i].copy[k]));
        DONE(c);
    }
}
RUN_TESTS(T(race_45_two_writers_of_one_page), T(race_45_two_writers_of_two_pages), T(race_45_a_writer_among_readers), T(private_mappings_made_at_a_time), T(whatever_all_do_at_a_time_nobody_begins_again_for_ever))
