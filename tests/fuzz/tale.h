/* tale.h - what the models of address spaces and of shared regions have in common: what is done next, as given bytes say, or a random source; the last operations, told when core and
 * model differ; frames, as the models see them.
 * Who includes it begins each operation with `began`, and compares with SAME. */
#ifndef VIPC_TEST_TALE_H
#define VIPC_TEST_TALE_H
#include "../mock.h"
#include "files.h"
#include <stdarg.h>

enum { FRAMES = 700, BYTES = 3, LAST = 24 };       /* BYTES: of a page, that the models look at */
typedef struct m_frame { int refs; unsigned char byte[BYTES]; } m_frame;
static m_frame frames[FRAMES];
static uint64_t page_size, random_state, operations;
static bool strange;                   /* this operation may fail for want of something: a hook was told to, or there is little left */
static int turn;                       /* whose operation it is */
static vipc *view;                     /* his */
static char last[LAST][220];
static struct { const unsigned char *at; size_t left; } input;     /* given bytes; zeros follow.  NULL: random ones */
static char replayed[FILE_PATH];       /* the file that they are from; "": none */

/* ---- what is chosen ---- */
static inline uint32_t next_byte(void)
{
    if (!input.left) return 0;
    input.left--;
    return *input.at++;
}
static inline uint32_t rnd(uint32_t below)
{
    uint32_t n;
    if (!input.at) return (uint32_t)(mock_random(&random_state) >> 33) % below;
    n = next_byte();
    if (below > 256) n = n << 8 | next_byte();
    if (below > 65536) n = n << 8 | next_byte();
    return n % below;
}
static inline bool one_in(uint32_t n) { return rnd(n) == n - 1; }       /* zeros choose what is usual */
static inline uint64_t any_number(void)
{
    uint64_t n = 0;
    if (!input.at) return mock_random(&random_state);
    for (int i = 0; i < 8; i++) n = n << 8 | next_byte();
    return n;
}

/* ---- saying what happened ---- */
static inline void tell(size_t at, const char *form, va_list args)         /* of the last operation, behind so many letters */
{
    vsnprintf(last[(operations + LAST - 1) % LAST] + at, sizeof last[0] - at, form, args);
}
static inline void began(const char *form, ...)
{
    va_list args;
    int at = snprintf(last[operations % LAST], sizeof last[0], "%llu by %d: ", (unsigned long long)operations, turn);
    operations++;
    va_start(args, form);
    tell((size_t)at, form, args);
    va_end(args);
}
static inline void ended(const char *form, ...)
{
    va_list args;
    va_start(args, form);
    tell(strlen(last[(operations + LAST - 1) % LAST]), form, args);
    va_end(args);
}
static void print_model(void);         /* the includer's: what there is to know of it when it differs */
static inline void differ(const char *what, long long real, long long model)
{
    if (replayed[0]) printf("    %s\n", replayed);
    printf("    %s: %lld (%llx), the model says %lld (%llx); the last operations were\n", what, real, (unsigned long long)real, model, (unsigned long long)model);
    for (uint64_t i = operations > LAST ? operations - LAST : 0; i < operations; i++) printf("        %s\n", last[i % LAST]);
    print_model();
    test_failures_++;
    longjmp(test_out_, 1);
}
#define SAME(what, real, model) do { if ((long long)(real) != (long long)(model)) differ(what, (long long)(real), (long long)(model)); } while (0)

/* ---- frames: their numbers in the model, + 1; 0: none ---- */
static inline int new_frame(void)
{
    for (int f = 0; f < FRAMES; f++)
        if (frames[f].refs == 0) {
            memset(&frames[f], 0, sizeof frames[f]);
            frames[f].refs = 1;
            return f + 1;
        }
    differ("frames of the model", FRAMES, 0);
    return 0;
}
static inline void drop_frame(int *frame)
{
    if (*frame) frames[*frame - 1].refs--;
    *frame = 0;
}
static inline int same_frame(int frame)            /* one more has it */
{
    frames[frame - 1].refs++;
    return frame;
}
static inline int copied_frame(int frame)
{
    int f = new_frame();
    memcpy(frames[f - 1].byte, frames[frame - 1].byte, BYTES);
    return f;
}
static inline void own_frame(int *frame)           /* before it is written */
{
    if (frames[*frame - 1].refs == 1) return;
    int f = copied_frame(*frame);
    drop_frame(frame);
    *frame = f;
}

/* ---- the port ---- */
static inline void print_owed(const mock *m)       /* translations that were taken away, and for which no flush was asked */
{
    for (uint32_t i = 0; i < m->pages_max; i++) {
        const vipci_mock_page *e = &m->pages[i];
        if (e->root && e->stale && !e->asked)
            printf("        taken away: root %llu page %llx frame %llu access %u\n", (unsigned long long)e->root, (unsigned long long)e->page, (unsigned long long)e->frame, e->access);
    }
}
/* A call that fails may leave a flush for the next one, as long as no frame is given away under it, which the mock would see. */
static inline void excuse(mock *m)
{
    for (uint32_t i = 0; i < m->pages_max; i++) {
        vipci_mock_page *e = &m->pages[i];
        if (!e->root || !e->stale || e->asked) continue;
        e->asked = true;
        m->unasked--;
    }
}
static inline void operation_ends(mock *m)
{
    mock_heal(m);
    if (strange) excuse(m);
    if (m->unasked) differ("translations that were taken away and not flushed", (long long)m->unasked, 0);
    if (m->trouble) { printf("    mock: %s\n", m->trouble); differ("troubles of the mock", 1, 0); }
}

/* ---- runs ---- */
/* What the bytes say, to the last of them. */
static inline void by_bytes(const unsigned char *bytes, size_t size)
{
    input.at = bytes;
    input.left = size;
}
static inline bool goes_on(uint64_t count) { return input.at ? input.left != 0 : operations < count; }
/* A test program's arguments: [CASE [SEED [OPERATIONS]]], or VIPC_SEED; VIPC_TEST_SHORT=1: 20,000 operations instead of a million. */
static const char *seed_argument, *count_argument;
static inline uint64_t random_run(uint64_t salt, unsigned share)       /* how many operations: so many percent of all */
{
    const char *given = seed_argument ? seed_argument : getenv("VIPC_SEED"), *brief = getenv("VIPC_TEST_SHORT");
    const uint64_t seed = given ? strtoull(given, NULL, 0) : 20261121;
    printf("    seed %llu\n", (unsigned long long)seed);
    random_state = seed * 0x9E3779B97F4A7C15u + salt;
    if (!random_state) random_state = 1;
    input.at = NULL;
    return (count_argument ? strtoull(count_argument, NULL, 0) : brief && brief[0] == '1' ? 20000 : 1000000) * share / 100;
}
/* What the fuzzer begins with, without it: each file of that directory. */
static inline void replay(const char *dir, void (*run_bytes)(const unsigned char *bytes, size_t size))
{
    static char there[FILES_MOST][FILE_NAME];
    static unsigned char bytes[FILE_MOST];
    const int n = file_list(dir, there);
    CHECK(n > 0);
    for (int i = 0; i < n; i++) {
        file_path(replayed, dir, there[i]);
        run_bytes(bytes, file_read(replayed, bytes));
    }
    replayed[0] = 0;
}
static inline int random_main(int argc, char **argv, const test_case *cases, size_t count)
{
    if (argc > 2) seed_argument = argv[2];
    if (argc > 3) count_argument = argv[3];
    return test_main_(argc, argv, cases, count);
}
#endif
