/* space.h - what the tests of address spaces share: a scene on the mock port, and pictures of a space, to see that something left it as it was. */
#ifndef VIPC_TEST_SPACE_H
#define VIPC_TEST_SPACE_H
#include "mock.h"

enum { NO_PROT = VIPC_PROT_NONE, R = VIPC_PROT_READ, W = VIPC_PROT_WRITE, X = VIPC_PROT_EXEC, RW = VIPC_PROT_READ | VIPC_PROT_WRITE, RX = VIPC_PROT_READ | VIPC_PROT_EXEC,
       ANON = VIPC_MAP_ANONYMOUS | VIPC_MAP_PRIVATE, COMMON = VIPC_MAP_ANONYMOUS | VIPC_MAP_SHARED, FIXED = VIPC_MAP_FIXED, ALL_AT_ONCE = VIPC_MAP_POPULATE };
#define PAGE ((uint64_t)4096)
#define LOW VIPC_LAYOUT_USER_START
#define SPOT ((vipc_addr)0x700000000000)        /* nothing is near */
#define DEVICE ((uint64_t)0xfe000000)           /* a physical address beyond all frames */

typedef struct scene {
    mock m;
    vipc_cap s;                        /* of v[0]'s */
    uint64_t root, nothing;            /* frames in use before it was made */
} scene;
#define V(i) (&c->m.v[i])
#define ME V(0)

static inline vipc_config space_config(uint32_t spaces, uint32_t frames)
{
    vipc_config d = VIPC_INIT;
    d.max_objects = 64;
    d.max_names = 4;
    d.max_spaces = spaces;
    d.max_frames = frames;
    return d;
}
static inline vipc_space_info info_of(scene *c, unsigned i, vipc_cap space)
{
    vipc_space_info info;
    memset(&info, 0, sizeof info);
    CHECK_OK(vipc_space_get(V(i), space, &info));
    return info;
}
static inline void scene_with(scene *c, const vipc_config *config, unsigned members, uint64_t frames, const vipc_space_desc *d)
{
    memset(c, 0, sizeof *c);
    mock_open(&c->m, config, members, frames);
    c->nothing = c->m.in_use;
    REQUIRE_OK(vipc_space_create(ME, d, &c->s));
    c->root = info_of(c, 0, c->s).root;
}
static inline void scene_open(scene *c)
{
    vipc_config d = space_config(8, 512);
    scene_with(c, &d, 3, 512, NULL);
}
#define SCENE_END(c) MOCK_END(&(c)->m)

/* ---- shorthand; each may fail as the real one does ---- */
static inline vipc_error mmap_at(scene *c, vipc_cap s, vipc_addr at, uint64_t size, uint32_t prot, uint32_t flags, vipc_addr *out)
{
    vipc_mmap_desc d = VIPC_INIT;
    d.at = at;
    d.size = size;
    d.prot = prot;
    d.flags = flags;
    return vipc_space_mmap(ME, s, &d, out, VIPC_FOREVER);
}
/* Private memory, exactly there. */
static inline void put(scene *c, vipc_addr at, uint64_t pages, uint32_t prot)
{
    vipc_addr got = 0;
    REQUIRE_OK(mmap_at(c, c->s, at, pages * PAGE, prot, ANON | VIPC_MAP_FIXED_NOREPLACE, &got));
    REQUIRE(got == at);
}
static inline void put_shared(scene *c, vipc_addr at, uint64_t pages, uint32_t prot)
{
    vipc_addr got = 0;
    REQUIRE_OK(mmap_at(c, c->s, at, pages * PAGE, prot, COMMON | VIPC_MAP_FIXED_NOREPLACE, &got));
    REQUIRE(got == at);
}
static inline vipc_error unmap_at(scene *c, vipc_addr at, uint64_t pages) { return vipc_space_unmap(ME, c->s, at, pages * PAGE, VIPC_FOREVER); }
static inline vipc_error protect_at(scene *c, vipc_addr at, uint64_t pages, uint32_t prot) { return vipc_space_protect(ME, c->s, at, pages * PAGE, prot, VIPC_FOREVER); }
/* The byte, or the error (negative). */
static inline int load(scene *c, vipc_cap s, vipc_addr at)
{
    unsigned char byte = 0;
    vipc_error e = vipc_mock_load(&c->m, ME, s, at, &byte);
    return e != VIPC_OK ? (int)e : byte;
}
static inline vipc_error store(scene *c, vipc_cap s, vipc_addr at, unsigned byte) { return vipc_mock_store(&c->m, ME, s, at, (unsigned char)byte); }
static inline vipc_error fetch(scene *c, vipc_cap s, vipc_addr at)
{
    unsigned char byte;
    return vipc_mock_access(&c->m, ME, s, info_of(c, 0, s).root, at, X, &byte);
}
static inline uint32_t sharers(scene *c, vipc_cap s, vipc_addr at)      /* 0: no frame */
{
    uint32_t n = 0;
    vipc_error e = vipc_space_sharers(ME, s, at, &n);
    if (e == VIPC_ERR_NOT_FOUND) return 0;
    CHECK_OK(e);
    return n;
}
static inline vipc_cap clone(scene *c, vipc_cap s)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_space_clone(ME, s, &out, VIPC_FOREVER));
    return out;
}
static inline vipc_space_region region_at(scene *c, vipc_cap s, vipc_addr at)    /* all 0: none around it */
{
    vipc_space_region r, none;
    memset(&none, 0, sizeof none);
    memset(&r, 0, sizeof r);
    vipc_error e = vipc_space_find(ME, s, at, &r);
    if (e != VIPC_ERR_NOT_FOUND) CHECK_OK(e);
    return e == VIPC_OK && r.start <= at ? r : none;
}
static inline uint64_t frame_at(scene *c, vipc_cap s, vipc_addr at)      /* by the port's table; ~0: none */
{
    uint64_t frame = ~(uint64_t)0;
    (void)vipc_mock_translation(&c->m, info_of(c, 0, s).root, at, &frame, NULL, NULL);
    return frame;
}
static inline uint64_t used(scene *c) { return c->m.in_use; }

/* ---- pictures ---- */
enum { PICTURE_REGIONS = 128, PICTURE_PAGES = 4096 };
typedef struct picture {
    vipc_space_info info;
    int n;
    vipc_space_region r[PICTURE_REGIONS];
    uint64_t have, sum, frames;        /* pages with a frame, among the first PICTURE_PAGES of each region; their contents; frames in use altogether */
} picture;
static inline void picture_contents(scene *c, vipc_cap s, picture *p, const vipc_space_region *r)
{
    unsigned char bytes[4096];
    uint32_t shift = c->m.page_shift;
    for (uint64_t i = 0; i < PICTURE_PAGES && r->start + (i << shift) < r->end; i++) {
        vipc_addr at = r->start + (i << shift);
        uint64_t done = 0;
        if (r->type == VIPC_REGION_DEVICE || !sharers(c, s, at)) continue;
        p->have++;
        p->sum = (p->sum ^ at) * 0x9E3779B97F4A7C15u;
        if (r->prot == VIPC_PROT_NONE || r->leaving || r->guard) continue;
        CHECK_OK(vipc_space_read(ME, s, at, bytes, (uint64_t)1 << shift, &done));
        for (uint64_t b = 0; b < done; b++) p->sum = (p->sum ^ bytes[b]) * 0x9E3779B97F4A7C15u;
    }
}
static inline void picture_take(scene *c, vipc_cap s, picture *p)
{
    vipc_addr at = 0;
    uint64_t fail_at = c->m.fail_at;
    c->m.fail_at = 0;
    memset(p, 0, sizeof *p);
    for (;;) {
        vipc_space_region r;
        vipc_error e = vipc_space_find(ME, s, at, &r);
        if (e == VIPC_ERR_NOT_FOUND) break;
        if (!CHECK_OK(e) || !CHECK(p->n < PICTURE_REGIONS) || !CHECK(r.start >= at && r.start < r.end)) break;
        p->r[p->n++] = r;
        picture_contents(c, s, p, &r);
        at = r.end;
    }
    p->info = info_of(c, 0, s);
    p->frames = c->m.in_use;
    CHECK_EQ(p->info.regions, p->n);
    c->m.fail_at = fail_at;
}
static inline void region_print(const char *what, const vipc_space_region *r)
{
    printf("        %s [%llx, %llx) type %u prot %u flags %x cache %u%s%s%s physical %llx\n", what, (unsigned long long)r->start, (unsigned long long)r->end, r->type, r->prot, r->flags,
           r->cache, r->guard ? " guard" : "", r->growth ? " growth" : "", r->leaving ? " leaving" : "", (unsigned long long)r->physical);
}
static inline int region_same(const vipc_space_region *a, const vipc_space_region *b)
{
    return a->start == b->start && a->end == b->end && a->type == b->type && a->prot == b->prot && a->flags == b->flags && a->cache == b->cache && a->guard == b->guard &&
           a->growth == b->growth && a->leaving == b->leaving && a->physical == b->physical;
}
static inline void picture_regions_same(const char *file, int line, const picture *is, const picture *was)
{
    int same = is->n == was->n;
    for (int i = 0; same && i < is->n; i++) same = region_same(&is->r[i], &was->r[i]);
    if (same) return;
    test_equal_(file, line, "regions as before", is->n == was->n ? -1 : is->n, was->n);
    for (int i = 0; i < is->n; i++) region_print("is ", &is->r[i]);
    for (int i = 0; i < was->n; i++) region_print("was", &was->r[i]);
}
static inline void picture_same(const char *file, int line, const picture *is, const picture *was)
{
    picture_regions_same(file, line, is, was);
#define SAME_FIELD(f) test_equal_(file, line, #f, (long long)is->f, (long long)was->f)
    SAME_FIELD(info.root); SAME_FIELD(info.owner.id); SAME_FIELD(info.start); SAME_FIELD(info.end); SAME_FIELD(info.heap_start); SAME_FIELD(info.brk); SAME_FIELD(info.stack_end);
    SAME_FIELD(info.heap_max); SAME_FIELD(info.regions); SAME_FIELD(info.leaving); SAME_FIELD(info.pages); SAME_FIELD(info.pages_shared); SAME_FIELD(info.table_frames);
    SAME_FIELD(have); SAME_FIELD(frames);
    SAME_FIELD(sum);
    SAME_FIELD(info.zeroed); SAME_FIELD(info.copied); SAME_FIELD(info.made_writable); SAME_FIELD(info.mapped); SAME_FIELD(info.grown);
#undef SAME_FIELD
}
/* The space is as the picture shows it, and nothing is wrong anywhere. */
#define AS_BEFORE(c, s, was) do { \
        picture is_; \
        picture_take((c), (s), &is_); \
        picture_same(__FILE__, __LINE__, &is_, (was)); \
        mock_check_by(&(c)->m, &(c)->m.v[0], __FILE__, __LINE__); \
        MOCK_AUDIT(&(c)->m, 0, (s)); \
    } while (0)
/* A call that fails so, and changes nothing. */
#define REFUSED(c, call, error) do { \
        picture was_; \
        picture_take((c), (c)->s, &was_); \
        CHECK_EQ(call, error); \
        AS_BEFORE((c), (c)->s, &was_); \
    } while (0)
/* One region: [at, at + pages), type, prot. */
static inline void region_is(const char *file, int line, scene *c, vipc_cap s, vipc_addr at, uint64_t pages, uint32_t type, uint32_t prot)
{
    vipc_space_region r = region_at(c, s, at);
    if (r.start == at && r.end == at + pages * PAGE && r.type == type && r.prot == prot) return;
    test_equal_(file, line, "region", (long long)r.start, (long long)at);
    test_failures_++;
    printf("    %s:%d: expected [%llx, %llx) type %u prot %u\n", file, line, (unsigned long long)at, (unsigned long long)(at + pages * PAGE), type, prot);
    region_print("is ", &r);
}
#define REGION(c, s, at, pages, type, prot) region_is(__FILE__, __LINE__, (c), (s), (at), (pages), (type), (prot))
#endif
