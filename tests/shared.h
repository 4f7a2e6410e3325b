/* shared.h - what the tests of shared regions and named objects have in common: a scene on the mock port, several processes each with a space of its own, and pictures of all of it,
 * to see that something left it as it was. */
#ifndef VIPC_TEST_SHARED_H
#define VIPC_TEST_SHARED_H
#include "mock.h"

enum { PEOPLE = 4, R = VIPC_PROT_READ, W = VIPC_PROT_WRITE, X = VIPC_PROT_EXEC, RW = VIPC_PROT_READ | VIPC_PROT_WRITE, RX = VIPC_PROT_READ | VIPC_PROT_EXEC };
#define FAULT VIPC_ERR_FAULT
#define DENIED VIPC_ERR_PERMISSION_DENIED
#define STALE VIPC_ERR_INVALID_CAPABILITY
#define PAGE ((uint64_t)4096)
#define SPOT ((vipc_addr)0x700000000000)        /* nothing is near */

typedef struct world {
    mock m;
    vipc_cap s[PEOPLE];                /* each one's own space */
    uint64_t nothing;                  /* frames in use before the case did anything */
    struct { unsigned who; vipc_cap cap; } kept[160];
    int kept_count;
    const char *names[16];
    int name_count;
    uint64_t seed;
} world;
#define V(i) (&c->m.v[i])
#define PID(i) vipc_self(V(i))

static inline vipc_config shared_config(void)
{
    vipc_config d = VIPC_INIT;
    d.max_processes = 8;
    d.max_objects = 96;
    d.max_capabilities = 512;
    d.max_names = 4;
    d.max_spaces = 10;
    d.max_regions = 512;
    d.max_frames = 512;
    d.max_shared = 40;
    d.max_named = 12;
    return d;
}
static inline void own_spaces(world *c, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        REQUIRE_OK(vipc_space_create(V(i), NULL, &c->s[i]));
        REQUIRE_OK(vipc_space_adopt(V(i), c->s[i]));
    }
    c->nothing = c->m.in_use;
    c->seed = 88172645463325252u;
}
static inline void people_join(world *c, const vipc_config *config, unsigned count)        /* after mock_port, and hooks of a case's own */
{
    mock_join(&c->m, config, count);
    own_spaces(c, count);
}
static inline void world_with(world *c, const vipc_config *config, uint64_t frames)
{
    memset(c, 0, sizeof *c);
    mock_port(&c->m, config, frames);
    people_join(c, config, PEOPLE);
}
static inline void world_open(world *c)
{
    vipc_config d = shared_config();
    world_with(c, &d, 512);
}
/* One that a case needs no memory of its own for; one at a time. */
static inline world *a_world_with(const vipc_config *config, uint64_t frames)
{
    static world it;
    world_with(&it, config, frames);
    return &it;
}
static inline world *a_world(void)
{
    vipc_config d = shared_config();
    return a_world_with(&d, 512);
}
/* The same with members that can be killed, or fail, one by one; in memory of its own, one world at a time. */
static inline void world_of_mortals(world *c, const vipc_config *config, uint64_t frames, unsigned members)
{
    static unsigned char memory[12 << 20];
    vipc_mock_desc d = VIPC_INIT;
    memset(c, 0, sizeof *c);
    d.config = *config;
    d.frames = frames;
    d.members = members;
    REQUIRE_OK(vipc_mock_open(&c->m, memory, sizeof memory, &d));
    c->m.say = mock_say;
    c->m.log = mock_log;
    own_spaces(c, members);
}
static inline int here(const world *c, unsigned i) { return c->m.member[i] != 0; }
static inline uint64_t used(const world *c) { return c->m.in_use; }

/* ---- what the end of a case closes ---- */
static inline vipc_cap keep(world *c, unsigned who, vipc_cap cap)
{
    REQUIRE(c->kept_count < (int)(sizeof c->kept / sizeof *c->kept));
    c->kept[c->kept_count].who = who;
    c->kept[c->kept_count++].cap = cap;
    return cap;
}
static inline void close_everything(world *c, const char *file, int line)
{
    mock_heal(&c->m);
    for (unsigned i = 0; i < PEOPLE; i++) {
        vipc_space_info info;
        if (!here(c, i) || vipc_space_get(V(i), c->s[i], &info) != VIPC_OK) continue;
        test_equal_(file, line, "all is unmapped", vipc_space_unmap(V(i), c->s[i], info.start, info.end - info.start, VIPC_FOREVER), VIPC_OK);
    }
    for (int k = 0; k < c->kept_count; k++) {
        vipc_error e = here(c, c->kept[k].who) ? vipc_close(V(c->kept[k].who), c->kept[k].cap) : VIPC_OK;
        if (e != VIPC_OK && e != STALE) test_equal_(file, line, "all is closed", e, VIPC_OK);
    }
    for (int k = 0; k < c->name_count; k++) (void)vipc_object_unlink(mock_somebody(&c->m), c->names[k]);
    c->kept_count = c->name_count = 0;
}
static inline void done(world *c, const char *file, int line)
{
    for (unsigned i = 0; i < PEOPLE; i++)
        if (here(c, i) && vipc_cap_require(V(i), c->s[i], VIPC_TYPE_SPACE, 0) == VIPC_OK) mock_audit_space(&c->m, V(i), c->s[i], file, line);
    mock_check_by(&c->m, mock_somebody(&c->m), file, line);
    close_everything(c, file, line);
    test_equal_(file, line, "vipc_trim", vipc_trim(mock_somebody(&c->m), NULL), VIPC_OK);
    test_equal_(file, line, "frames in use, as before the case", (long long)c->m.in_use, (long long)c->nothing);
    test_equal_(file, line, "translations without a flush", (long long)c->m.unasked, 0);
    mock_end(&c->m, file, line);
}
#define DONE(c) done((c), __FILE__, __LINE__)

/* ---- shorthand ---- */
static inline int see(world *c, unsigned i, vipc_addr at)         /* the byte, or the error (negative) */
{
    unsigned char byte = 0;
    vipc_error e = vipc_mock_load(&c->m, V(i), c->s[i], at, &byte);
    return e != VIPC_OK ? (int)e : byte;
}
static inline vipc_error set(world *c, unsigned i, vipc_addr at, unsigned byte) { return vipc_mock_store(&c->m, V(i), c->s[i], at, (unsigned char)byte); }
/* Pages from `at` on: the first byte of each is written, is that, or cannot be reached; `first`, and one more for each page. */
static inline void fill_pages(world *c, unsigned i, vipc_addr at, uint64_t pages, unsigned first, const char *file, int line)
{
    for (uint64_t k = 0; k < pages; k++)
        if (!test_equal_(file, line, "store", set(c, i, at + k * PAGE, first + (unsigned)k), VIPC_OK)) printf("    page %llu\n", (unsigned long long)k);
}
static inline void see_pages(world *c, unsigned i, vipc_addr at, uint64_t pages, int first, int more, const char *file, int line)
{
    for (uint64_t k = 0; k < pages; k++)
        if (!test_equal_(file, line, "load", see(c, i, at + k * PAGE), first + more * (int)k)) printf("    page %llu\n", (unsigned long long)k);
}
#define FILL(c, i, at, pages, first) fill_pages((c), (i), (at), (pages), (first), __FILE__, __LINE__)
#define HOLDS(c, i, at, pages, first) see_pages((c), (i), (at), (pages), (first), 1, __FILE__, __LINE__)
#define GONE(c, i, at, pages) see_pages((c), (i), (at), (pages), FAULT, 0, __FILE__, __LINE__)
static inline uint64_t root_of(world *c, unsigned i)
{
    vipc_space_info info;
    memset(&info, 0, sizeof info);
    CHECK_OK(vipc_space_get(V(i), c->s[i], &info));
    return info.root;
}
static inline vipc_error run_at(world *c, unsigned i, vipc_addr at)
{
    unsigned char byte;
    return vipc_mock_access(&c->m, V(i), c->s[i], root_of(c, i), at, X, &byte);
}
static inline uint64_t frame_at(world *c, unsigned i, vipc_addr at)          /* by the port's table; ~0: none */
{
    uint64_t frame = ~(uint64_t)0;
    (void)vipc_mock_translation(&c->m, root_of(c, i), at, &frame, NULL, NULL);
    return frame;
}
static inline vipc_cap region_of(world *c, unsigned i, const vipc_region_desc *d)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_region_create(V(i), d, &out));
    return keep(c, i, out);
}
static inline vipc_cap region(world *c, unsigned i, uint64_t pages)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    return region_of(c, i, &d);
}
static inline vipc_region_desc wanted(uint64_t pages, uint32_t access_max)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    d.access_max = access_max;
    return d;
}
static inline vipc_error map_part(world *c, unsigned i, vipc_cap cap, uint32_t access, vipc_addr at, uint64_t offset, uint64_t size, vipc_mapping *out)
{
    vipc_map_desc d = VIPC_INIT;
    d.access = access;
    d.at = at;
    d.offset = offset;
    d.size = size;
    return vipc_map(V(i), cap, &d, out);
}
static inline vipc_error try_map(world *c, unsigned i, vipc_cap cap, uint32_t access)
{
    vipc_mapping out;
    return map_part(c, i, cap, access, 0, 0, 0, &out);
}
static inline vipc_mapping map(world *c, unsigned i, vipc_cap cap, uint32_t access)
{
    vipc_mapping out;
    memset(&out, 0, sizeof out);
    REQUIRE_OK(map_part(c, i, cap, access, 0, 0, 0, &out));
    return out;
}
static inline vipc_mapping map_lazy(world *c, unsigned i, vipc_cap cap, uint32_t access)
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping out;
    memset(&out, 0, sizeof out);
    d.access = access;
    d.lazy = 1;
    REQUIRE_OK(vipc_map(V(i), cap, &d, &out));
    return out;
}
static inline vipc_error mmap_of(world *c, unsigned i, vipc_cap backing, vipc_addr at, uint64_t offset, uint64_t size, uint32_t prot, uint32_t flags, vipc_addr *out)
{
    vipc_mmap_desc m = VIPC_INIT;
    m.at = at;
    m.size = size;
    m.prot = prot;
    m.flags = flags;
    m.backing = backing;
    m.offset = offset;
    return vipc_space_mmap(V(i), c->s[i], &m, out, VIPC_FOREVER);
}
/* Memory that no region is behind, there, or (0) anywhere. */
static inline vipc_addr anonymous(world *c, unsigned i, vipc_addr at, uint64_t size, uint32_t flags)
{
    const vipc_cap none = VIPC_INIT;
    vipc_addr got = 0;
    REQUIRE_OK(mmap_of(c, i, none, at, 0, size, RW, flags | VIPC_MAP_ANONYMOUS | (at ? (uint32_t)VIPC_MAP_FIXED : 0), &got));
    return got;
}
static inline vipc_error unmap(world *c, unsigned i, vipc_mapping w) { return vipc_unmap(V(i), &w, VIPC_FOREVER); }
static inline vipc_error try_hand(world *c, unsigned from, vipc_cap cap, unsigned to, uint32_t mode, uint32_t access)
{
    vipc_cap out = VIPC_INIT;
    return vipc_region_transfer(V(from), cap, PID(to), mode, access, &out, VIPC_FOREVER);
}
static inline vipc_cap hand(world *c, unsigned from, vipc_cap cap, unsigned to, uint32_t mode, uint32_t access)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_region_transfer(V(from), cap, PID(to), mode, access, &out, VIPC_FOREVER));
    REQUIRE(out.token != 0);
    return keep(c, to, out);
}
static inline vipc_cap grant(world *c, unsigned from, vipc_cap cap, unsigned to, uint32_t rights) { return keep(c, to, mock_grant(&c->m, from, cap, to, rights)); }
static inline vipc_region_info info_of(world *c, unsigned i, vipc_cap cap)
{
    vipc_region_info info;
    memset(&info, 0, sizeof info);
    CHECK_OK(vipc_region_get(V(i), cap, &info));
    return info;
}
static inline uint64_t id_of(world *c, unsigned i, vipc_cap cap) { return info_of(c, i, cap).id; }
static inline vipc_space_region region_at(world *c, unsigned i, vipc_addr at)         /* all 0: none around it */
{
    vipc_space_region r, none;
    memset(&none, 0, sizeof none);
    memset(&r, 0, sizeof r);
    vipc_error e = vipc_space_find(V(i), c->s[i], at, &r);
    if (e != VIPC_ERR_NOT_FOUND) CHECK_OK(e);
    return e == VIPC_OK && r.start <= at ? r : none;
}
/* All frames are taken, as regions of a page of v[0]'s, and every other one of these is closed: what is free lies in holes of two, a page and its node.  gather: the others, too. */
typedef struct scattered { int n; vipc_cap one[512]; } scattered;
static inline void scatter(world *c, scattered *h)
{
    vipc_region_desc d = wanted(1, 0);
    vipc_error e = VIPC_OK;
    for (h->n = 0; h->n < 512 && (e = vipc_region_create(V(0), &d, &h->one[h->n])) == VIPC_OK; h->n++) continue;
    REQUIRE_EQ(e, VIPC_ERR_OUT_OF_MEMORY);
    for (int k = 0; k < h->n; k += 2) CHECK_OK(vipc_close(V(0), h->one[k]));
}
static inline void gather(world *c, const scattered *h)
{
    for (int k = 1; k < h->n; k += 2) CHECK_OK(vipc_close(V(0), h->one[k]));
}
static inline uint64_t node_bytes(world *c, uint32_t node)
{
    uint64_t bytes = 0;
    CHECK_OK(vipc_node_usage(mock_somebody(&c->m), node, &bytes));
    return bytes;
}
static inline void die(world *c, unsigned i)                      /* and somebody finds out */
{
    mock_kill(&c->m, i);
    CHECK_OK(vipc_sweep(mock_somebody(&c->m), NULL));
}
static inline uint64_t bits_of(world *c, unsigned i, vipc_cap bell)          /* and takes them */
{
    uint64_t bits = 0;
    vipc_error e = vipc_notification_wait(V(i), bell, ~(uint64_t)0, &bits, VIPC_NOW);
    if (e != VIPC_ERR_WOULD_BLOCK) CHECK_OK(e);
    return e == VIPC_OK ? bits : 0;
}
/* Every byte of a mapping is zero: first and last of each page as a program there sees them, and all by vipc_space_read. */
static inline void zeros(world *c, unsigned i, vipc_mapping w, const char *file, int line)
{
    static unsigned char bytes[4096];
    test_equal_(file, line, "there is something of it", w.size != 0, 1);
    for (uint64_t p = 0; p < w.size; p += PAGE) {
        if (!test_equal_(file, line, "first byte", see(c, i, w.at + p), 0) || !test_equal_(file, line, "last byte", see(c, i, w.at + p + PAGE - 1), 0)) return;
        if (!test_equal_(file, line, "read", vipc_space_read(V(i), c->s[i], w.at + p, bytes, PAGE, NULL), VIPC_OK)) return;
        for (uint64_t b = 0; b < PAGE; b++)
            if (!test_equal_(file, line, "byte", bytes[b], 0)) return;
    }
}
#define ZEROS(c, i, w) zeros((c), (i), (w), __FILE__, __LINE__)

/* ---- named objects ---- */
static inline void forget_name(world *c, const char *name)        /* to be unlinked at the end */
{
    for (int k = 0; k < c->name_count; k++)
        if (!strcmp(c->names[k], name)) return;
    REQUIRE(c->name_count < 16);
    c->names[c->name_count++] = name;
}
static inline vipc_error try_open(world *c, unsigned i, const char *name, uint32_t flags, uint32_t mode)
{
    vipc_cap out = VIPC_INIT;
    vipc_error e = vipc_object_open(V(i), name, flags, mode, &out, VIPC_FOREVER);
    if (e == VIPC_OK) { keep(c, i, out); forget_name(c, name); }
    else CHECK_EQ(out.token, 0);
    return e;
}
static inline vipc_cap open_object(world *c, unsigned i, const char *name, uint32_t flags)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_object_open(V(i), name, flags, 0, &out, VIPC_FOREVER));
    forget_name(c, name);
    return keep(c, i, out);
}
static inline vipc_error cut(world *c, unsigned i, vipc_cap object, uint64_t size) { return vipc_object_truncate(V(i), object, size, VIPC_FOREVER); }
static inline vipc_cap object(world *c, unsigned i, const char *name, uint64_t pages)
{
    vipc_cap out = open_object(c, i, name, VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE);
    if (pages) REQUIRE_OK(cut(c, i, out, pages * PAGE));
    return out;
}
static inline vipc_object_stat stat_of(world *c, unsigned i, vipc_cap cap)
{
    vipc_object_stat s;
    memset(&s, 0, sizeof s);
    CHECK_OK(vipc_object_get(V(i), cap, &s));
    return s;
}
static inline uint32_t named(world *c)
{
    uint32_t n = 12345;
    CHECK_OK(vipc_object_count(mock_somebody(&c->m), &n));
    return n;
}

/* ---- pictures: numbers with a name each ---- */
enum { PICTURE = 3000 };
typedef struct picture { int n; struct { const char *what; int who; uint64_t is; } of[PICTURE]; } picture;
static inline void note(picture *p, const char *what, int who, uint64_t is)
{
    REQUIRE(p->n < PICTURE);           /* what is left out is not compared */
    p->of[p->n].what = what;
    p->of[p->n].who = who;
    p->of[p->n++].is = is;
}
static inline uint64_t sum_of(world *c, unsigned i, const vipc_space_region *r)
{
    static unsigned char bytes[4096];
    uint64_t sum = 0;
    for (vipc_addr at = r->start; at < r->end && at < r->start + 64 * PAGE; at += PAGE) {
        if (vipc_space_read(V(i), c->s[i], at, bytes, PAGE, NULL) != VIPC_OK) { sum = sum * 31 + 7; continue; }
        for (uint64_t b = 0; b < PAGE; b += 8) {
            uint64_t word;
            memcpy(&word, bytes + b, 8);
            sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
        }
    }
    return sum;
}
static inline void picture_space(world *c, unsigned i, picture *p)
{
    vipc_space_info info;
    vipc_space_region r;
    vipc_error e = vipc_space_get(V(i), c->s[i], &info);
    note(p, "space", (int)i, (uint64_t)(int64_t)e);
    if (e != VIPC_OK) return;
    note(p, "regions", (int)i, info.regions);
    note(p, "leaving", (int)i, info.leaving);
    note(p, "brk", (int)i, info.brk);
    for (vipc_addr at = 0; vipc_space_find(V(i), c->s[i], at, &r) == VIPC_OK; at = r.end) {
        note(p, "start", (int)i, r.start);
        note(p, "end", (int)i, r.end);
        note(p, "type", (int)i, r.type);
        note(p, "prot", (int)i, r.prot);
        note(p, "flags", (int)i, r.flags);
        note(p, "cache", (int)i, r.cache);
        note(p, "leaves", (int)i, r.leaving);
        if (r.prot && !r.leaving && !r.guard && r.type != VIPC_REGION_DEVICE) note(p, "contents", (int)i, sum_of(c, i, &r));
    }
}
static inline void picture_cap(world *c, unsigned i, vipc_cap cap, picture *p)
{
    vipc_region_info r;
    vipc_cap_info k;
    memset(&r, 0, sizeof r);
    memset(&k, 0, sizeof k);
    vipc_error e = vipc_cap_get(V(i), cap, &k);
    note(p, "capability", (int)i, (uint64_t)(int64_t)e);
    if (e != VIPC_OK) return;
    note(p, "rights", (int)i, k.rights);
    note(p, "children", (int)i, k.children);
    if (k.type != VIPC_TYPE_REGION && k.type != VIPC_TYPE_OBJECT) return;
    e = vipc_region_get(V(i), cap, &r);
    note(p, "region", (int)i, (uint64_t)(int64_t)e);
    note(p, "id", (int)i, r.id);
    note(p, "size", (int)i, r.size);
    note(p, "owner", (int)i, r.owner.id);
    note(p, "holders", (int)i, r.holders);
    note(p, "mappings", (int)i, r.mappings);
    note(p, "access_max", (int)i, r.access_max);
    note(p, "sealed", (int)i, r.sealed);
    note(p, "mine", (int)i, r.mine.at);
    note(p, "size of mine", (int)i, r.mine.size);
    note(p, "access of mine", (int)i, r.mine.access);
    if (k.type != VIPC_TYPE_OBJECT) return;
    vipc_object_stat s = stat_of(c, i, cap);
    note(p, "size in bytes", (int)i, s.size);
    note(p, "unlinked", (int)i, s.unlinked);
    note(p, "opens", (int)i, s.opens);
}
static inline void picture_take(world *c, picture *p)
{
    uint64_t fail_at = c->m.fail_at;
    vipc_config config;
    c->m.fail_at = 0;
    p->n = 0;
    CHECK_OK(vipc_config_get(mock_somebody(&c->m), &config));
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (!here(c, i)) continue;
        vipc_process_info q = mock_process_info(&c->m, PID(i));
        note(p, "objects", (int)i, q.objects);
        note(p, "capabilities", (int)i, q.capabilities);
        picture_space(c, i, p);
    }
    for (int k = 0; k < c->kept_count; k++)
        if (here(c, c->kept[k].who)) picture_cap(c, c->kept[k].who, c->kept[k].cap, p);
    for (uint32_t k = 0; k < config.numa_nodes; k++) note(p, "bytes of a node", (int)k, node_bytes(c, k));
    note(p, "named objects", -1, named(c));
    note(p, "frames", -1, c->m.in_use);
    note(p, "roots", -1, c->m.roots);
    c->m.fail_at = fail_at;
}
static inline int picture_same(const char *file, int line, const picture *is, const picture *was)
{
    int wrong = 0;
    for (int k = 0; k < is->n && k < was->n && wrong < 4; k++) {
        if (is->of[k].is == was->of[k].is && is->of[k].what == was->of[k].what && is->of[k].who == was->of[k].who) continue;
        printf("    %s:%d: changed: %s of %d: %llx, was %llx (%s of %d)\n", file, line, is->of[k].what, is->of[k].who, (unsigned long long)is->of[k].is,
               (unsigned long long)was->of[k].is, was->of[k].what, was->of[k].who);
        wrong++;
    }
    if (is->n != was->n) { printf("    %s:%d: changed: %d numbers, were %d\n", file, line, is->n, was->n); wrong++; }
    test_failures_ += wrong;
    return wrong;
}
/* A call that fails so, and changes nothing. */
#define REFUSED(c, call, error) do { \
        static picture was_, is_; \
        picture_take((c), &was_); \
        CHECK_EQ(call, error); \
        picture_take((c), &is_); \
        picture_same(__FILE__, __LINE__, &is_, &was_); \
    } while (0)
#endif
