/* sharedtest.c - shared regions, seen from ring 0: a domain of its own, and its page tables entry by entry.  What programs see of them is in user/shared.c. */
#include "kernel.h"

static struct {
    vipc first, second;                                      /* two processes, in one thread */
    vipc_cap space[2], process;
    uint64_t root[2], memory, frames;
    vipc_hooks hooks;                                        /* the port's, watched */
    uint32_t maps, flushes, frees_unacknowledged;
    uint64_t pages;
    vipc_error acknowledge;                                  /* what others say to a flush */
    bool owed;                                               /* one was not acknowledged */
} s;
static vipc_error watch_map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    s.maps++;
    s.pages += pages;
    return vipc_x86_64_page_map(user, root, at, frame, pages, access, cache);
}
static void watch_free(void *user, uint64_t first, uint64_t count)
{
    s.frees_unacknowledged += s.owed;
    port.hooks.frame_free(user, first, count);
}
static vipc_error watch_flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_error e = s.acknowledge == VIPC_OK ? vipc_x86_64_tlb_flush(user, root, at, pages, deadline) : deadline == VIPC_NOW ? VIPC_ERR_WOULD_BLOCK : s.acknowledge;
    s.flushes++;
    s.owed = e != VIPC_OK;
    return e;
}

/* All of it, the first that is wrong by its line. */
#define GOOD(condition) do { if (good && !(condition)) { good = false; say("     line %d: %s\n", __LINE__, #condition); } } while (0)
static uint64_t entry(uint32_t space, uint64_t at) { return page_entry(s.root[space], at); }
static uint64_t policy(uint64_t e) { return e & 0x98; }
static uint64_t direct_policy(uint64_t e) { return policy(page_entry(kernel_root, DIRECT_MAP + (e & FRAME_OF_ENTRY))); }
static uint64_t *words(uint64_t e) { return vipc_x86_64_at(&port, e & FRAME_OF_ENTRY); }
static bool is_zero(uint64_t e)
{
    for (uint64_t i = 0; i < PAGE / 8; i++)
        if (words(e)[i]) return false;
    return true;
}
static vipc_error create(vipc *v, uint64_t pages, uint32_t cache, bool contiguous, vipc_cap *out)
{
    vipc_region_desc d = VIPC_INIT;
    d.size = pages * PAGE;
    d.cache = cache;
    d.contiguous = contiguous;
    return vipc_region_create(v, &d, out);
}
static uint64_t map(uint32_t who, vipc_cap region, uint32_t access, bool lazy)       /* 0: it did not work */
{
    vipc_map_desc d = VIPC_INIT;
    vipc_mapping m;
    d.space = s.space[who];
    d.access = access;
    d.lazy = lazy;
    return vipc_map(who ? &s.second : &s.first, region, &d, &m) == VIPC_OK ? m.at : 0;
}

/* Nobody has it then: who has a copy of a region may not destroy it. */
static bool drop(uint32_t who, vipc_cap region, uint64_t at, uint64_t pages)
{
    vipc *v = who ? &s.second : &s.first;
    return vipc_close(v, region) == VIPC_OK && vipc_space_unmap(v, s.space[who], at, pages * PAGE, VIPC_FOREVER) == VIPC_OK;
}

static bool open(void)
{
    vipc_config config = VIPC_INIT;
    vipc_process_desc d = VIPC_INIT;
    vipc_space_info info;
    memset(&s, 0, sizeof s);
    s.hooks = port.hooks;
    s.hooks.page_map = watch_map;
    s.hooks.tlb_flush = watch_flush;
    s.hooks.frame_free = watch_free;
    config.max_spaces = 4;
    config.max_shared = 8;
    config.max_frames = (uint32_t)vipc_frames_total(&port.frames);
    uint64_t size = vipc_required_size(&config);
    s.frames = (size + PAGE - 1) / PAGE;
    if (size == 0 || vipc_x86_64_take(&port, s.frames, &s.memory) != VIPC_OK) return false;
    d.native_thread = 1;
    bool good = vipc_init(&s.first, vipc_x86_64_at(&port, s.memory), size, &config, &d, &s.hooks) == VIPC_OK;
    good = good && vipc_process_create(&s.first, &d, &s.second, &s.process) == VIPC_OK;
    for (uint32_t i = 0; i < 2 && good; i++) {
        vipc *v = i ? &s.second : &s.first;
        good = vipc_space_create(v, NULL, &s.space[i]) == VIPC_OK && vipc_space_get(v, s.space[i], &info) == VIPC_OK;
        s.root[i] = info.root;
    }
    return good;
}
static bool close_all(void)
{
    uint32_t violations = 1;
    bool good = vipc_check(&s.first, &violations) == VIPC_OK && violations == 0;
    good = vipc_leave(&s.second) == VIPC_OK && vipc_leave(&s.first) == VIPC_OK && good;
    vipc_x86_64_give(&port, s.memory, s.frames);
    return good;
}

/* Every policy of a region is that of every entry that leads to it, at once or by faults, and of its frames in the direct map, for as long as it has them. */
static void policies(struct tally *t)
{
    const struct { uint32_t cache; uint64_t bits; } all[] = { { VIPC_WRITE_BACK, 0 },
                                                              { VIPC_WRITE_THROUGH, policy_bits(VIPC_WRITE_THROUGH) }, { VIPC_UNCACHED, policy_bits(VIPC_UNCACHED) },
                                                              { VIPC_WRITE_COMBINING, policy_bits(VIPC_WRITE_COMBINING) } };
    vipc_cap r, c, copy;
    bool good = true;
    for (uint32_t i = 0; good && i < 4; i++) {
        good = create(&s.first, 3, all[i].cache, false, &r) == VIPC_OK && port.otherwise == 0;
        uint64_t eager = good ? map(0, r, VIPC_WRITE, false) : 0, lazy = good ? map(0, r, VIPC_READ, true) : 0;
        GOOD(eager && lazy && entry(0, lazy) == 0 && vipc_page_fault(&s.first, s.space[0], lazy + PAGE + 5, VIPC_PROT_READ, NULL) == VIPC_OK);
        for (uint64_t p = 0; good && p < 3; p++) {
            const uint64_t e = entry(0, eager + p * PAGE);
            good = policy(e) == all[i].bits && direct_policy(e) == all[i].bits && (e & 7) == 7 && is_zero(e);
            words(e)[p] = 77;
        }
        GOOD((entry(0, lazy + PAGE) & FRAME_OF_ENTRY) == (entry(0, eager + PAGE) & FRAME_OF_ENTRY));
        GOOD(policy(entry(0, lazy + PAGE)) == all[i].bits && (entry(0, lazy + PAGE) & 7) == 5);
        GOOD(port.otherwise == (all[i].bits ? 3 : 0));
        check(t, good, i == 0 ? "shared_write_back" : i == 1 ? "shared_write_through" : i == 2 ? "shared_uncached" : "shared_write_combining");
        /* a copy of it is a copy at once, with frames of its own, under the same policy */
        GOOD(vipc_region_transfer(&s.first, r, vipc_self(&s.second), VIPC_COPY_ON_WRITE, VIPC_WRITE, &copy, VIPC_FOREVER) == VIPC_OK);
        uint64_t its = good ? map(1, copy, VIPC_WRITE, false) : 0, there = its;
        for (uint64_t p = 0; good && its && p < 3; p++) {
            const uint64_t e = entry(1, its + p * PAGE), was = entry(0, eager + p * PAGE);
            good = policy(e) == all[i].bits && direct_policy(e) == all[i].bits && words(e)[p] == 77 && ((e ^ was) & FRAME_OF_ENTRY ? true : all[i].bits == 0);
        }
        GOOD(its && vipc_region_transfer(&s.first, r, vipc_self(&s.second), VIPC_SHARE, VIPC_READ, &c, VIPC_FOREVER) == VIPC_OK);
        its = good ? map(1, c, VIPC_READ, false) : 0;
        GOOD(its && policy(entry(1, its)) == all[i].bits && (entry(1, its) & 7) == 5);
        /* a private mapping of it would have its frames under another policy: there is none */
        vipc_mmap_desc d = VIPC_INIT;
        vipc_addr apart = 0;
        d.size = 3 * PAGE;
        d.prot = VIPC_PROT_READ | VIPC_PROT_WRITE;
        d.flags = VIPC_MAP_PRIVATE;
        d.backing = r;
        GOOD(vipc_space_mmap(&s.first, s.space[0], &d, &apart, VIPC_FOREVER) == (i ? VIPC_ERR_NOT_SUPPORTED : VIPC_OK));
        for (uint64_t p = 0; good && i == 0 && p < 3; p++) {
            GOOD(vipc_page_fault(&s.first, s.space[0], apart + p * PAGE, VIPC_PROT_READ, NULL) == VIPC_OK);
            const uint64_t e = entry(0, apart + p * PAGE), was = entry(0, eager + p * PAGE);
            GOOD(words(e)[p] == 77 && (e & 2) == 0 && ((e ^ was) & FRAME_OF_ENTRY) == 0);
            GOOD(vipc_page_fault(&s.first, s.space[0], apart + p * PAGE, VIPC_PROT_WRITE, NULL) == VIPC_OK);
            GOOD((entry(0, apart + p * PAGE) ^ was) & FRAME_OF_ENTRY);
        }
        GOOD(i || vipc_space_unmap(&s.first, s.space[0], apart, 3 * PAGE, VIPC_FOREVER) == VIPC_OK);
        GOOD(drop(1, copy, there, 3) && vipc_destroy(&s.first, r, VIPC_FOREVER) == VIPC_OK);
        GOOD(port.otherwise == 0 && entry(0, eager) == 0 && entry(1, its) == 0);
    }
    check(t, good, "shared_policies_go_along_with_copies_and_end_with_the_region");
}
/* As many calls of page_map as there are runs of neighbouring frames. */
static void runs(struct tally *t)
{
    vipc_cap r;
    uint64_t before = vipc_x86_64_available(&port);
    s.maps = 0;
    s.pages = 0;
    bool good = create(&s.first, 1024, VIPC_WRITE_BACK, true, &r) == VIPC_OK;
    uint64_t at = good ? map(0, r, VIPC_WRITE, false) : 0;
    GOOD(at && s.maps == 1 && s.pages == 1024);
    for (uint64_t p = 1; good && p < 1024; p++) good = entry(0, at + p * PAGE) == entry(0, at) + p * PAGE;
    GOOD(map(0, r, VIPC_WRITE, false) == at && s.maps == 1);        /* it is mapped: nothing is mapped anew */
    GOOD(vipc_destroy(&s.first, r, VIPC_FOREVER) == VIPC_OK && entry(0, at) == 0 && entry(0, at + 1023 * PAGE) == 0);
    s.maps = 0;
    GOOD(create(&s.first, 1024, VIPC_WRITE_BACK, false, &r) == VIPC_OK);
    at = good ? map(0, r, VIPC_READ, false) : 0;
    uint32_t count = at != 0;
    for (uint64_t p = 1; at && p < 1024; p++) count += entry(0, at + p * PAGE) != entry(0, at + (p - 1) * PAGE) + PAGE;
    GOOD(at && s.maps == count);
    GOOD(vipc_destroy(&s.first, r, VIPC_FOREVER) == VIPC_OK);
    (void)vipc_trim(&s.first, NULL);
    say("     shared_runs: 1,024 frames in %u runs, %u calls of page_map; %lu frames were free before, %lu are after\n", count, s.maps, before, vipc_x86_64_available(&port));
    check(t, good, "shared_pages_are_mapped_in_runs");
}
/* No frame goes before everybody has acknowledged that its translations are gone; and who gets it next finds zeros. */
static void acknowledged(struct tally *t)
{
    enum { DIRTY = 256 };
    vipc_cap r, c;
    uint64_t first = 0, seen = 0;
    bool good = create(&s.first, DIRTY, VIPC_WRITE_BACK, true, &r) == VIPC_OK;
    good = good && vipc_region_transfer(&s.first, r, vipc_self(&s.second), VIPC_SHARE, VIPC_WRITE, &c, VIPC_FOREVER) == VIPC_OK;
    uint64_t mine = good ? map(0, r, VIPC_WRITE, false) : 0, its = good ? map(1, c, VIPC_WRITE, false) : 0;
    if (good) first = entry(1, its) & FRAME_OF_ENTRY;
    for (uint64_t p = 0; good && p < DIRTY; p++) {
        for (uint64_t i = 0; i < PAGE / 8; i++) words(first + p * PAGE)[i] = 0x5ec7e7;
        GOOD((entry(0, mine + p * PAGE) & FRAME_OF_ENTRY) == first + p * PAGE && (entry(1, its + p * PAGE) & FRAME_OF_ENTRY) == first + p * PAGE);
    }
    uint64_t before = vipc_x86_64_available(&port);
    s.acknowledge = VIPC_ERR_TIMEOUT;
    GOOD(vipc_destroy(&s.first, r, vipc_after(&s.first, 1000)) == VIPC_ERR_TIMEOUT && s.flushes && vipc_x86_64_available(&port) <= before);
    GOOD(entry(1, its) == 0 && entry(0, mine) == 0 && vipc_page_fault(&s.second, s.space[1], its, VIPC_PROT_READ, NULL) == VIPC_ERR_FAULT);
    for (uint64_t p = 0; good && p < DIRTY; p++) GOOD(words(first + p * PAGE)[9] == 0x5ec7e7);         /* nobody has them */
    s.acknowledge = VIPC_OK;
    (void)vipc_destroy(&s.first, r, VIPC_FOREVER);
    (void)vipc_trim(&s.first, NULL);
    GOOD(vipc_x86_64_available(&port) >= before + DIRTY && s.frees_unacknowledged == 0);
    check(t, good, "shared_frames_wait_for_the_last_acknowledgement");
    const uint64_t left = vipc_x86_64_available(&port), all = left - left / 512 * 2 - 10;     /* all but what tables take */
    GOOD(create(&s.second, all, VIPC_WRITE_BACK, false, &r) == VIPC_OK);
    its = good ? map(1, r, VIPC_READ, false) : 0;
    GOOD(its);
    for (uint64_t p = 0; good && p < all; p++) {
        const uint64_t e = entry(1, its + p * PAGE);
        seen += (e & FRAME_OF_ENTRY) - first < DIRTY * PAGE;
        GOOD(is_zero(e));
    }
    GOOD(vipc_destroy(&s.second, r, VIPC_FOREVER) == VIPC_OK && seen > DIRTY / 2);            /* the others have become tables */
    check(t, good, "shared_frames_are_zero_for_the_next");
}
/* What a write to a page that two regions share does to both sides' entries. */
static void copied(struct tally *t)
{
    vipc_cap r, c;
    bool good = create(&s.first, 2, VIPC_WRITE_BACK, false, &r) == VIPC_OK;
    uint64_t mine = good ? map(0, r, VIPC_WRITE, false) : 0, frame = good ? entry(0, mine) & FRAME_OF_ENTRY : 0;
    if (good) words(entry(0, mine))[1] = 5;
    GOOD(vipc_region_transfer(&s.first, r, vipc_self(&s.second), VIPC_COPY_ON_WRITE, VIPC_WRITE, &c, VIPC_FOREVER) == VIPC_OK);
    uint64_t its = good ? map(1, c, VIPC_WRITE, false) : 0;
    GOOD((entry(0, mine) & 2) == 0 && (entry(1, its) & 7) == 5 && (entry(1, its) & FRAME_OF_ENTRY) == frame);     /* nobody may write now */
    GOOD(vipc_page_fault(&s.second, s.space[1], its, VIPC_PROT_WRITE, NULL) == VIPC_OK);
    GOOD((entry(1, its) & 7) == 7 && (entry(1, its) & FRAME_OF_ENTRY) != frame && words(entry(1, its))[1] == 5);
    GOOD(vipc_page_fault(&s.first, s.space[0], mine, VIPC_PROT_WRITE, NULL) == VIPC_OK && (entry(0, mine) & FRAME_OF_ENTRY) == frame && (entry(0, mine) & 2));
    GOOD(vipc_page_fault(&s.first, s.space[0], mine + PAGE, VIPC_PROT_WRITE, NULL) == VIPC_OK && (entry(0, mine + PAGE) & 2) && (entry(1, its + PAGE) & 2) == 0);
    GOOD(vipc_destroy(&s.first, r, VIPC_FOREVER) == VIPC_OK && drop(1, c, its, 2));
    check(t, good, "shared_copy_on_write_entry_by_entry");
}
void shared_test(struct tally *t)
{
    uint64_t before = vipc_x86_64_available(&port);
    bool good = open();
    check(t, good, "shared_domain_of_its_own");
    if (good) {
        policies(t);
        runs(t);
        acknowledged(t);
        copied(t);
        good = close_all();
    }
    check(t, good && vipc_x86_64_available(&port) == before, "shared_domain_leaves_every_frame");
}
