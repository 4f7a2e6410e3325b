/* t_sharedraces.c - two processes at a time at one store, in lockstep: one runs until it waits for a flush, and then the other does, until it waits for one; the flush is answered when
 * its turn has come again.  Nobody may make the other begin again for ever, and what both read and write is as if they had done it one after the other. */
#include "shared.h"
#include <pthread.h>

/* ---- lockstep: threads of which one runs at a time ---- */
enum { ACTORS = 3, LAPS = 400 };
typedef void (*part)(unsigned);
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned turn, count;
    int over[ACTORS], swift[ACTORS];   /* swift: it is answered without the others having their turns */
    uint64_t laps;                     /* flushes that were waited for */
    part does;
} stage = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, { 0 }, { 0 }, 0, NULL };
static world world_, *const c = &world_;

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
static void waits(vipc_mock *m, uint64_t who)                /* on_flush */
{
    const unsigned i = stage.turn;
    (void)who;
    if (++stage.laps == LAPS) m->held = 0;                   /* they would go on for ever */
    else m->on_flush = waits;
    if (stage.swift[i]) return;
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
/* `count` processes do that in lockstep, `first` before the others. */
static void together(unsigned count, unsigned first, part does)
{
    pthread_t thread[ACTORS];
    memset(stage.over, 0, sizeof stage.over);
    stage.turn = ACTORS;
    stage.count = count;
    stage.laps = 0;
    stage.does = does;
    c->m.script = c;
    c->m.held = 1;                                           /* no flush is answered at once */
    c->m.on_flush = waits;
    for (unsigned i = 0; i < count; i++) REQUIRE_EQ(pthread_create(&thread[i], NULL, actor, (void *)(uintptr_t)i), 0);
    pthread_mutex_lock(&stage.lock);
    stage.turn = first;
    pthread_cond_broadcast(&stage.changed);
    pthread_mutex_unlock(&stage.lock);
    for (unsigned i = 0; i < count; i++) pthread_join(thread[i], NULL);
    c->m.on_flush = NULL;
    c->m.held = 0;
    memset(stage.swift, 0, sizeof stage.swift);
    CHECK(stage.laps < LAPS);
}

/* ---- the scene: a region of v[0]'s that all have mapped, and a copy of it, v[3]'s, which has its pages until they are written ---- */
enum { PAGES = 4, KEEPER = 3 };
static struct { vipc_cap region, copy; vipc_mapping at[ACTORS], there; unsigned writer; } g;
static void open_scene(unsigned count)
{
    memset(&g, 0, sizeof g);
    world_open(c);
    g.region = region(c, 0, PAGES);
    for (unsigned i = 0; i < count; i++) g.at[i] = map(c, i, i ? grant(c, 0, g.region, i, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE) : g.region, VIPC_WRITE);
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
    for (unsigned count = 2; count <= ACTORS; count++) {
        for (unsigned first = 0; first < count; first++) {
            open_scene(count);
            together(count, first, each_writes_there);
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
    for (unsigned count = 2; count <= ACTORS; count++) {
        for (unsigned first = 0; first < count; first++) {
            open_scene(count);
            together(count, first, each_writes_elsewhere);
            for (unsigned i = 0; i < count; i++)
                for (unsigned k = 0; k < count; k++) CHECK_EQ(see(c, i, g.at[i].at + k * PAGE + 1 + k), 20 + (int)k);
            close_scene();
            open_scene(count);
            together(count, first, each_writes_all);
            for (unsigned i = 0; i < count; i++)
                for (unsigned k = 0; k < count * PAGES; k++) CHECK_EQ(see(c, i, g.at[i].at + k / count * PAGE + 1 + k % count), 20 + (int)(k % count));
            close_scene();
        }
    }
}
TEST(race_45_a_writer_among_readers)
{
    for (unsigned count = 2; count <= ACTORS; count++) {
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
RUN_TESTS(T(race_45_two_writers_of_one_page), T(race_45_two_writers_of_two_pages), T(race_45_a_writer_among_readers))
