/* attacked.h - what attacker.c attacks, and whether it is as it was: for those who start it.  They have parent.h, and check(good, name) */
#ifndef ATTACKED_H
#define ATTACKED_H
#include "parent.h"

/* A region or an object with the same word everywhere. */
#define SECRET 0xa5a5a5a5a5a5a5a5ull
static int fill(vipc_cap memory, vipc_mapping *m)
{
    vipc_map_desc how = VIPC_INIT;
    how.access = VIPC_WRITE;
    if (vipc_map(&ipc, memory, &how, m) != VIPC_OK) return 0;
    for (uint64_t i = 0; i < m->size; i += 8) *(uint64_t *)(m->at + i) = SECRET;
    return 1;
}
static int is_filled(const vipc_mapping *m)
{
    for (uint64_t i = 0; i < m->size; i += 8)
        if (*(volatile uint64_t *)(m->at + i) != SECRET) return 0;
    return 1;
}
static size_t put_number(char *to, uint64_t n, unsigned base, size_t digits)     /* with a blank before it */
{
    to[0] = ' ';
    for (size_t i = digits; i; i--, n /= base) to[i] = "0123456789abcdef"[n % base];
    return digits + 1;
}
static void attack(void)
{
    vipc_cap secret, region = { 0 }, shown = { 0 }, closed = { 0 }, open = { 0 }, its;
    vipc_mapping map[4] = { VIPC_INIT };
    char arguments[ARGUMENTS];
    vipc_endpoint_info before, after;
    vipc_region_desc d = VIPC_INIT;
    vipc_region_info r[2] = { VIPC_INIT, VIPC_INIT };
    vipc_object_stat s[2] = { VIPC_INIT, VIPC_INIT };
    uint32_t objects = 0, now = 1;
    int good = vipc_endpoint_create(&ipc, NULL, &secret) == VIPC_OK && vipc_endpoint_get(&ipc, secret, &before) == VIPC_OK;
    d.size = 8192;
    good = good && vipc_region_create(&ipc, &d, &region) == VIPC_OK && vipc_region_create(&ipc, &d, &shown) == VIPC_OK && fill(region, &map[0]) && fill(shown, &map[1]);
    good = good && vipc_region_get(&ipc, region, &r[0]) == VIPC_OK && vipc_region_get(&ipc, shown, &r[1]) == VIPC_OK;
    good = good && vipc_object_open(&ipc, "attacked closed", VIPC_OPEN_CREATE, 0600, &closed, in(1000)) == VIPC_OK;
    good = good && vipc_object_open(&ipc, "attacked open", VIPC_OPEN_CREATE, 0644, &open, in(1000)) == VIPC_OK;
    good = good && vipc_object_truncate(&ipc, closed, 4096, in(1000)) == VIPC_OK;
    good = good && vipc_object_truncate(&ipc, open, 4096, in(1000)) == VIPC_OK && fill(closed, &map[2]) && fill(open, &map[3]);
    check(good && vipc_object_count(&ipc, &objects) == VIPC_OK, "an_endpoint_regions_and_objects_to_be_attacked");
    size_t n = put_number(arguments, secret.token, 16, 16);
    memcpy(arguments + n, " 88172645", 9);
    n += 9;
    n += put_number(arguments + n, region.token, 16, 16);
    n += put_number(arguments + n, r[0].id, 10, 20);
    n += put_number(arguments + n, r[1].id, 10, 20);
    arguments[n] = 0;
    struct child c = start("attacker", arguments);
    check(vipc_region_transfer(&ipc, shown, c.pid, VIPC_SHARE, VIPC_READ, &its, in(1000)) == VIPC_OK &&
          has_reported('a', NULL) && vipc_revoke(&ipc, shown, in(1000)) == VIPC_OK, "the_attacker_had_a_region_for_a_while");
    check(ended(c) == 0, "the_attacker_gets_errors_and_nothing_else");
    good = vipc_endpoint_get(&ipc, secret, &after) == VIPC_OK && memcmp(&before, &after, sizeof before) == 0;
    check(good && vipc_close(&ipc, secret) == VIPC_OK, "the_attacked_endpoint_is_as_it_was");
    good = is_filled(&map[0]) && is_filled(&map[1]) && vipc_region_get(&ipc, region, &r[0]) == VIPC_OK && vipc_region_get(&ipc, shown, &r[1]) == VIPC_OK;
    for (int i = 0; i < 2; i++) good = good && r[i].holders == 1 && r[i].mappings == 1 && !r[i].sealed && r[i].owner.id == vipc_self(&ipc).id;
    check(good, "the_attacked_regions_are_as_they_were");
    good = is_filled(&map[2]) && is_filled(&map[3]) && vipc_object_get(&ipc, closed, &s[0]) == VIPC_OK && vipc_object_get(&ipc, open, &s[1]) == VIPC_OK;
    for (int i = 0; i < 2; i++) good = good && s[i].size == 4096 && s[i].opens == 1 && s[i].mappings == 1 && !s[i].sealed && !s[i].unlinked;
    good = good && vipc_object_unlink(&ipc, "attacked closed") == VIPC_OK;
    good = good && vipc_object_unlink(&ipc, "attacked open") == VIPC_OK && vipc_object_count(&ipc, &now) == VIPC_OK;
    check(good && now + 2 == objects, "the_attacked_objects_are_as_they_were");
    for (int i = 0; i < 4; i++) good = vipc_unmap(&ipc, &map[i], in(1000)) == VIPC_OK && good;
    check(good && vipc_close(&ipc, region) == VIPC_OK && vipc_close(&ipc, shown) == VIPC_OK &&
          vipc_close(&ipc, closed) == VIPC_OK && vipc_close(&ipc, open) == VIPC_OK, "they_end");
}
#endif
