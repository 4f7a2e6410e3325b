/* t_names.c - names, as the contracts in the header say: publish, lookup, unpublish; who may, how long a name lives, waiting, limits.
 * "The other side" runs in the block hook. */
#include "mock.h"

/* What a look-up says.  What it finds is given back at once; what it does not find leaves the output alone. */
static vipc_error look(mock *m, unsigned i, const char *name, uint32_t rights, vipc_time deadline)
{
    vipc_cap out = { 4711 };
    vipc_error e = vipc_lookup(&m->v[i], name, rights, &out, deadline);
    if (e == VIPC_OK) CHECK_OK(vipc_close(&m->v[i], out));
    else CHECK_EQ(out.token, 4711);
    return e;
}
static vipc_cap find(mock *m, unsigned i, const char *name, uint32_t rights)
{
    vipc_cap out = VIPC_INIT;
    REQUIRE_OK(vipc_lookup(&m->v[i], name, rights, &out, VIPC_NOW));
    return out;
}

/* ---- rights and badges ---- */
TEST(lookup_gives_a_child_with_what_is_offered)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, VIPC_RIGHT_SEND | VIPC_RIGHT_REVOKE));
    CHECK_EQ(mock_held(&m, 0), 2);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);
    vipc_cap all = find(&m, 1, "door", 0), less = find(&m, 2, "door", VIPC_RIGHT_SEND), own = find(&m, 0, "door", 0);
    CHECK(all.token != door.token && own.token != door.token && own.token != all.token);
    vipc_cap_info i = mock_cap_info(&m.v[1], all);
    CHECK_EQ(i.type, VIPC_TYPE_ENDPOINT);
    CHECK_EQ(i.rights, VIPC_RIGHT_SEND | VIPC_RIGHT_REVOKE);
    CHECK_EQ(i.badge, 0);
    CHECK_EQ(i.object, mock_cap_info(&m.v[0], door).object);
    CHECK_EQ(i.holder.id, vipc_self(&m.v[1]).id);
    CHECK_EQ(i.owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(mock_cap_info(&m.v[2], less).rights, VIPC_RIGHT_SEND);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);              /* the name; the others are its children */
    CHECK_EQ(vipc_cap_require(&m.v[2], all, 0, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(mock_send(&m.v[1], all, 1));
    CHECK_OK(mock_send(&m.v[2], less, 2));
    CHECK_EQ(mock_receive(&m.v[1], all), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[0], door), 1);
    CHECK_EQ(mock_receive(&m.v[0], door), 2);
    CHECK_EQ(mock_held(&m, 1), 1);
    CHECK_EQ(mock_held(&m, 0), 3);
    MOCK_END(&m);
}
TEST(never_more_than_is_offered)
{
    mock m;
    int wrong = 0;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    for (uint32_t offered = 1; offered <= VIPC_RIGHT_ALL; offered++) {
        REQUIRE_OK(vipc_publish(&m.v[0], "door", door, offered));
        vipc_cap all = find(&m, 1, "door", 0);
        wrong += mock_cap_info(&m.v[1], all).rights != offered;
        CHECK_OK(vipc_close(&m.v[1], all));
        for (uint32_t wish = 1; wish <= VIPC_RIGHT_ALL; wish++)
            wrong += look(&m, 1, "door", wish, VIPC_NOW) != ((wish & ~offered) == 0 ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED);
        CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_held(&m, 1), 0);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(never_offered_more_than_the_publisher_has)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), weak = mock_derive(&m, 0, door, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT), all;
    CHECK_EQ(vipc_publish(&m.v[0], "door", weak, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_publish(&m.v[0], "door", weak, VIPC_RIGHT_ALL), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 0), 2);
    CHECK_OK(vipc_publish(&m.v[0], "door", weak, 0));
    all = find(&m, 1, "door", 0);
    CHECK_EQ(mock_cap_info(&m.v[1], all).rights, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT);
    CHECK_EQ(look(&m, 1, "door", VIPC_RIGHT_RECEIVE, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_publish(&m.v[0], "letters", weak, VIPC_RIGHT_SEND));
    CHECK_EQ(look(&m, 1, "letters", VIPC_RIGHT_GRANT, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(look(&m, 1, "letters", VIPC_RIGHT_SEND, VIPC_NOW));
    MOCK_END(&m);
}
TEST(what_is_no_right_is_refused)
{
    static const uint32_t none[] = { VIPC_RIGHT_ALL + 1, VIPC_RIGHT_ALL + 2, 0x20000u, 0x80000001u, 0xffffffffu };
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK_EQ(vipc_publish(&m.v[0], "other", door, none[i]), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(look(&m, 1, "door", none[i], VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(look(&m, 1, "nobody", none[i], VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    }
    CHECK_EQ(look(&m, 1, "other", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    MOCK_END(&m);
}
TEST(the_badge_is_inherited)
{
    mock m;
    vipc_derive_desc d = VIPC_INIT;
    vipc_message msg;
    vipc_info info;
    vipc_cap seven, out = { 4711 };
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    d.badge = 7;
    REQUIRE_OK(vipc_derive(&m.v[0], door, &d, &seven));
    CHECK_OK(vipc_publish(&m.v[0], "seven", seven, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    vipc_cap his = find(&m, 1, "seven", 0);
    CHECK_EQ(mock_cap_info(&m.v[1], his).badge, 7);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    CHECK_OK(vipc_receive(&m.v[0], door, &msg, &info, VIPC_NOW));
    CHECK_EQ(info.badge, 7);
    CHECK_EQ(info.sender.id, vipc_self(&m.v[1]).id);
    d.badge = 8;
    CHECK_EQ(vipc_derive(&m.v[1], his, &d, &out), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(out.token, 4711);
    CHECK_OK(vipc_publish(&m.v[0], "none", door, 0));
    CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, "none", 0)).badge, 0);
    MOCK_END(&m);
}

/* ---- what is refused ---- */
TEST(publish_needs_grant)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), weak = mock_derive(&m, 0, door, VIPC_RIGHT_ALL & ~VIPC_RIGHT_GRANT);
    vipc_cap just = mock_derive(&m, 0, door, VIPC_RIGHT_GRANT);
    CHECK_EQ(vipc_publish(&m.v[0], "weak", weak, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_publish(&m.v[0], "weak", weak, VIPC_RIGHT_SEND), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(look(&m, 1, "weak", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 0), 3);
    CHECK_OK(vipc_publish(&m.v[0], "just", just, 0));
    CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, "just", 0)).rights, VIPC_RIGHT_GRANT);
    MOCK_END(&m);
}
TEST(publish_takes_ones_own_living_capability)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), bad[8];
    uint32_t n = 0;
    memset(bad, 0, sizeof bad);                                /* [0]: none */
    bad[++n] = mock_grant(&m, 0, door, 1, 0);                  /* another's */
    bad[++n] = mock_derive(&m, 0, door, 0);
    CHECK_OK(vipc_close(&m.v[0], bad[n]));                     /* closed; its slot is in use again */
    vipc_cap mid = mock_derive(&m, 0, door, 0);
    bad[++n] = mock_derive(&m, 0, mid, 0);
    CHECK_OK(vipc_revoke(&m.v[0], mid, VIPC_NOW));
    bad[++n] = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_destroy(&m.v[0], bad[n], VIPC_NOW));
    bad[++n].token = door.token + ((uint64_t)1 << 48);         /* made up: the next generation, other flags, no such slot */
    bad[++n].token = door.token ^ ((uint64_t)1 << 63);
    bad[++n].token = door.token | 0xffffff;
    uint32_t before = mock_held(&m, 0);
    for (uint32_t i = 0; i <= n; i++) CHECK_EQ(vipc_publish(&m.v[0], "door", bad[i], 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 0), before);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    MOCK_END(&m);
}
TEST(names_that_are_none)
{
    static const char *const bad[] = { NULL, "", "/", "//", "/a", "a/", "a/b", "..\xff/" };
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQ(vipc_publish(&m.v[0], bad[i], door, 0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(look(&m, 1, bad[i], 0, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_unpublish(&m.v[0], bad[i]), VIPC_ERR_INVALID_ARGUMENT);
    }
    CHECK_EQ(mock_held(&m, 0), 1);
    CHECK_EQ(mock_stats(&m).lookups, 0);
    MOCK_END(&m);
}
TEST(names_of_1_to_255_bytes)
{
    mock m;
    char text[VIPC_NAME_MAX + 1];
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    char *endless = (char *)malloc(VIPC_NAME_MAX + 1);         /* nothing may be read behind it */
    REQUIRE(endless != NULL);
    memset(endless, 'n', VIPC_NAME_MAX + 1);
    CHECK_EQ(vipc_publish(&m.v[0], endless, door, 0), VIPC_ERR_NAME_TOO_LONG);
    CHECK_EQ(look(&m, 1, endless, 0, VIPC_FOREVER), VIPC_ERR_NAME_TOO_LONG);
    CHECK_EQ(vipc_unpublish(&m.v[0], endless), VIPC_ERR_NAME_TOO_LONG);
    CHECK_EQ(mock_held(&m, 0), 1);
    for (size_t length = VIPC_NAME_MAX; length > 0; length--) {     /* all of one letter: none is taken for another */
        memset(text, 'n', sizeof text);
        text[length] = 0;
        REQUIRE_OK(vipc_publish(&m.v[0], text, door, length == 1 ? VIPC_RIGHT_SEND : 0));
    }
    CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, "n", 0)).rights, VIPC_RIGHT_SEND);
    CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, "nn", 0)).rights, VIPC_RIGHT_ALL);
    for (size_t length = 1; length <= VIPC_NAME_MAX; length++) {
        memset(text, 'n', sizeof text);
        text[length] = 0;
        CHECK_OK(vipc_unpublish(&m.v[0], text));
        CHECK_EQ(look(&m, 1, text, 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    }
    free(endless);
    MOCK_END(&m);
}
TEST(names_are_bytes)
{
    /* Those that look alike are not; the caller's buffer is its own again after the call. */
    static const char *const alike[] = { "a", "A", "a ", " a", "aa", "a.", ".", "..", "\x01", "\xff", "\xc3\xa4", "\xc3", "a\n", "\\", "a\\b", "%s" };
    enum { N = sizeof alike / sizeof *alike };
    mock m;
    char buffer[8];
    uint64_t object[N];
    mock_open(&m, NULL, 2, 16);
    for (int i = 0; i < N; i++) {
        vipc_cap door = mock_endpoint(&m, 0, 4);
        object[i] = mock_cap_info(&m.v[0], door).object;
        memset(buffer, 0, sizeof buffer);
        memcpy(buffer, alike[i], strlen(alike[i]));
        CHECK_EQ(look(&m, 1, buffer, 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_OK(vipc_publish(&m.v[0], buffer, door, 0));
    }
    memset(buffer, 'x', sizeof buffer);
    for (int i = 0; i < N; i++) CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, alike[i], 0)).object, object[i]);
    MOCK_END(&m);
}
TEST(pointers_and_views_that_are_none)
{
    mock m;
    vipc nobody, copy;
    vipc_cap out = { 4711 };
    memset(&nobody, 0, sizeof nobody);
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    CHECK_EQ(vipc_lookup(&m.v[1], "door", 0, NULL, VIPC_NOW), VIPC_ERR_INVALID_ARGUMENT);
    CHECK_EQ(vipc_lookup(&m.v[1], "nobody", 0, NULL, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    copy = m.v[0];
    vipc *const bad[] = { NULL, &nobody, &copy };
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(vipc_publish(bad[i], "x", door, 0), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_unpublish(bad[i], "door"), VIPC_ERR_INVALID_ARGUMENT);
        CHECK_EQ(vipc_lookup(bad[i], "door", 0, &out, VIPC_FOREVER), VIPC_ERR_INVALID_ARGUMENT);
    }
    mock_leave_domain(&m, 1);
    CHECK_EQ(vipc_publish(&m.v[1], "x", door, 0), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_unpublish(&m.v[1], "door"), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(out.token, 4711);
    CHECK_EQ(mock_stats(&m).lookups, 0);
    CHECK_OK(look(&m, 0, "door", 0, VIPC_NOW));
    MOCK_END(&m);
}
TEST(a_name_is_taken_once)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), other = mock_endpoint(&m, 1, 4), again = mock_derive(&m, 0, door, 0);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, VIPC_RIGHT_SEND));
    CHECK_EQ(vipc_publish(&m.v[1], "door", other, 0), VIPC_ERR_EXISTS);
    CHECK_EQ(vipc_publish(&m.v[0], "door", door, VIPC_RIGHT_SEND), VIPC_ERR_EXISTS);
    CHECK_EQ(vipc_publish(&m.v[0], "door", again, 0), VIPC_ERR_EXISTS);
    vipc_cap his = find(&m, 1, "door", 0);
    CHECK_EQ(mock_cap_info(&m.v[1], his).object, mock_cap_info(&m.v[0], door).object);
    CHECK_EQ(mock_cap_info(&m.v[1], his).rights, VIPC_RIGHT_SEND);
    CHECK_EQ(mock_held(&m, 0), 3);
    CHECK_EQ(mock_held(&m, 1), 2);
    CHECK_OK(vipc_publish(&m.v[1], "other", other, 0));
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    CHECK_OK(vipc_publish(&m.v[1], "door", other, 0));
    CHECK_EQ(mock_cap_info(&m.v[0], find(&m, 0, "door", 0)).object, mock_cap_info(&m.v[1], other).object);
    MOCK_END(&m);
}
TEST(many_names_for_one_capability)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "in", door, VIPC_RIGHT_SEND));
    CHECK_OK(vipc_publish(&m.v[0], "out", door, VIPC_RIGHT_RECEIVE));
    CHECK_OK(vipc_publish(&m.v[0], "both", door, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE));
    vipc_cap in = find(&m, 1, "in", 0), out = find(&m, 1, "out", 0);
    CHECK_OK(mock_send(&m.v[1], in, 5));
    CHECK_EQ(mock_receive(&m.v[1], in), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_send(&m.v[1], out, 5), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_receive(&m.v[1], out), 5);
    CHECK_OK(vipc_unpublish(&m.v[0], "out"));
    CHECK_EQ(look(&m, 1, "out", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(look(&m, 1, "in", 0, VIPC_NOW));
    CHECK_OK(look(&m, 1, "both", VIPC_RIGHT_RECEIVE, VIPC_NOW));
    MOCK_END(&m);
}

/* ---- unpublish ---- */
TEST(only_the_publisher_takes_a_name_back)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0);
    CHECK_EQ(vipc_unpublish(&m.v[1], "door"), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(vipc_publish(&m.v[1], "door", his, 0));           /* not the owner of what is behind it */
    CHECK_EQ(vipc_unpublish(&m.v[0], "door"), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_unpublish(&m.v[2], "door"), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_unpublish(&m.v[1], "doo"), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(vipc_unpublish(&m.v[1], "doors"), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(look(&m, 2, "door", 0, VIPC_NOW));
    CHECK_OK(vipc_unpublish(&m.v[1], "door"));
    CHECK_EQ(vipc_unpublish(&m.v[1], "door"), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(look(&m, 2, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK(mock_alive_cap(&m.v[1], his));
    CHECK_EQ(mock_held(&m, 1), 1);
    MOCK_END(&m);
}
TEST(what_was_looked_up_outlives_the_name)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    vipc_cap his = find(&m, 1, "door", 0), hers = find(&m, 2, "door", VIPC_RIGHT_SEND);
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 2);              /* theirs hang on the door now */
    CHECK_OK(mock_send(&m.v[2], hers, 3));
    CHECK_EQ(mock_receive(&m.v[1], his), 3);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    CHECK(mock_alive_cap(&m.v[1], his) && mock_alive_cap(&m.v[2], hers));
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[1], his) && !mock_alive_cap(&m.v[2], hers));
    MOCK_END(&m);
}
TEST(a_name_is_its_process_s_not_its_threads)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    mock_thread(&m, 0, 2);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "one", door, 0));
    CHECK_OK(vipc_publish(&m.v[0], "two", door, 0));
    CHECK_EQ(vipc_publish(&m.v[2], "one", door, 0), VIPC_ERR_EXISTS);
    CHECK_OK(vipc_unpublish(&m.v[2], "one"));
    mock_leave_domain(&m, 0);
    CHECK_EQ(look(&m, 1, "one", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(look(&m, 1, "two", 0, VIPC_NOW));
    mock_leave_domain(&m, 2);                                  /* its last */
    CHECK_EQ(look(&m, 1, "two", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    MOCK_END(&m);
}

/* ---- what ends a name: it is a child of what was published, and one of the publisher's capabilities ---- */
TEST(revoke_takes_the_name_and_all_that_came_of_it)
{
    for (int above = 0; above < 2; above++) {
        mock m;
        mock_open(&m, NULL, 3, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4), mid = mock_derive(&m, 0, door, 0), other = mock_derive(&m, 0, door, 0), out = VIPC_INIT;
        CHECK_OK(vipc_publish(&m.v[0], "mid", mid, 0));
        CHECK_OK(vipc_publish(&m.v[0], "other", other, 0));
        vipc_cap his = find(&m, 1, "mid", 0), hers = mock_grant(&m, 1, his, 2, 0), kept = find(&m, 1, "other", 0);
        CHECK_OK(vipc_revoke(&m.v[0], above ? door : mid, VIPC_NOW));
        CHECK_EQ(mock_alive_cap(&m.v[0], mid), !above);
        CHECK(!mock_alive_cap(&m.v[1], his) && !mock_alive_cap(&m.v[2], hers));
        CHECK_EQ(mock_alive_cap(&m.v[1], kept), !above);
        CHECK_EQ(look(&m, 1, "mid", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(look(&m, 1, "other", 0, VIPC_NOW), above ? VIPC_ERR_ENDPOINT_NOT_FOUND : VIPC_OK);
        CHECK_EQ(vipc_unpublish(&m.v[0], "mid"), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(mock_held(&m, 0), above ? 1 : 4);
        CHECK_OK(vipc_publish(&m.v[0], "mid", door, 0));       /* free again */
        CHECK_OK(vipc_lookup(&m.v[1], "mid", 0, &out, VIPC_NOW));
        CHECK_OK(mock_send(&m.v[1], out, 1));
        CHECK_EQ(mock_receive(&m.v[0], door), 1);
        MOCK_END(&m);
    }
}
TEST(a_finder_revokes_only_its_own)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    vipc_cap his = find(&m, 1, "door", 0), hers = find(&m, 2, "door", 0), lent = mock_grant(&m, 1, his, 2, 0);
    CHECK_OK(vipc_revoke(&m.v[1], his, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[2], lent));
    CHECK(mock_alive_cap(&m.v[1], his) && mock_alive_cap(&m.v[2], hers) && mock_alive_cap(&m.v[0], door));
    CHECK_OK(look(&m, 2, "door", 0, VIPC_NOW));
    CHECK_OK(vipc_close(&m.v[1], his));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    MOCK_END(&m);
}
TEST(closing_what_was_published_leaves_the_name)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), mid = mock_derive(&m, 0, door, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT);
    CHECK_OK(vipc_publish(&m.v[0], "door", mid, VIPC_RIGHT_SEND));
    CHECK_OK(vipc_close(&m.v[0], mid));
    vipc_cap his = find(&m, 1, "door", 0);
    CHECK_OK(mock_send(&m.v[1], his, 6));
    CHECK_EQ(mock_receive(&m.v[0], door), 6);
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));            /* it hangs on the parent now */
    CHECK(!mock_alive_cap(&m.v[1], his));
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    MOCK_END(&m);
}
TEST(a_name_can_be_the_last_capability)
{
    for (int found = 0; found < 2; found++) {
        mock m;
        vipc_cap his = VIPC_INIT;
        mock_open(&m, NULL, 2, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4);
        CHECK_OK(mock_send(&m.v[0], door, 1));
        CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
        CHECK_OK(vipc_close(&m.v[0], door));
        CHECK_EQ(mock_stats(&m).objects_destroyed, 0);
        if (found) {
            his = find(&m, 1, "door", 0);
            CHECK_EQ(mock_receive(&m.v[1], his), 1);
        }
        CHECK_OK(vipc_unpublish(&m.v[0], "door"));             /* without a finder's the object goes with it */
        CHECK_EQ(mock_stats(&m).objects_destroyed, !found);
        if (found) {
            CHECK_OK(mock_send(&m.v[1], his, 2));
            CHECK_EQ(mock_receive(&m.v[1], his), 2);
            CHECK_OK(vipc_close(&m.v[1], his));
        }
        CHECK_EQ(mock_stats(&m).objects_destroyed, 1);
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(destroy_takes_the_name)
{
    for (int finder = 0; finder < 2; finder++) {
        mock m;
        mock_open(&m, NULL, 2, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4), other = mock_endpoint(&m, 0, 4);
        CHECK_OK(mock_send(&m.v[0], door, 1));
        CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
        CHECK_OK(vipc_publish(&m.v[0], "also", door, 0));
        CHECK_OK(vipc_publish(&m.v[0], "other", other, 0));
        vipc_cap his = find(&m, 1, "door", 0);
        if (finder) CHECK_OK(vipc_destroy(&m.v[1], his, VIPC_NOW));
        else CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
        CHECK(!mock_alive_cap(&m.v[1], his) && !mock_alive_cap(&m.v[0], door));
        CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(look(&m, 1, "also", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(vipc_unpublish(&m.v[0], "door"), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(mock_held(&m, 0), 2);
        CHECK_OK(vipc_publish(&m.v[1], "door", mock_endpoint(&m, 1, 4), 0));
        CHECK_OK(look(&m, 1, "other", 0, VIPC_NOW));
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}

/* Scripts know what to do it with through this. */
typedef struct play {
    vipc_cap door, other, found;
    const char *name;                  /* of the door's */
    int done;
    unsigned who;                      /* publishes, or looks up */
    uint32_t rights;
    vipc_error said, also;
    vipc_time deadline;
} play;
static void setup(mock *m, play *p, const vipc_config *config, unsigned identities)
{
    memset(p, 0, sizeof *p);
    mock_open(m, config, identities, 16);
    p->door = mock_endpoint(m, 0, 4);
    p->name = "door";
    m->script = p;
}

static void destroy_door(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_destroy(&m->v[0], p->door, VIPC_NOW);
    p->also = look(m, 2, "door", 0, VIPC_NOW);
}
TEST(destroy_past_somebody_inside_takes_the_name_at_last)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 3);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    vipc_cap his = find(&m, 1, "door", 0);
    CHECK_OK(mock_send(&m.v[1], his, 1));
    m.on_enter = destroy_door;                                 /* v[1] stands still in the middle of its send */
    CHECK_EQ(mock_send(&m.v[1], his, 2), VIPC_ERR_CLOSED);
    CHECK_EQ(p.done, 1);
    CHECK_EQ(p.said, VIPC_ERR_WOULD_BLOCK);                    /* closed, but kept back: the capabilities are there yet, and so may the name be */
    CHECK(p.also == VIPC_OK || p.also == VIPC_ERR_ENDPOINT_NOT_FOUND);
    MOCK_CHECK(&m, 1);
    CHECK_OK(vipc_destroy(&m.v[0], p.door, VIPC_NOW));
    CHECK_EQ(look(&m, 2, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 0), 0);
    CHECK_EQ(mock_held(&m, 1), 0);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(a_process_can_be_published)
{
    mock m;
    vipc_cap process;
    vipc_process_desc d = mock_desc(2);
    mock_open(&m, NULL, 2, 16);
    d.proof = 0;                                               /* the creator's: the creator may end it */
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[2], &process));
    CHECK_OK(vipc_publish(&m.v[0], "child", process, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    vipc_cap his = find(&m, 1, "child", 0);
    CHECK_EQ(vipc_cap_type(his), VIPC_TYPE_PROCESS);
    CHECK_OK(vipc_cap_require(&m.v[1], his, VIPC_TYPE_PROCESS, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    CHECK_EQ(mock_cap_info(&m.v[1], his).owner.id, vipc_self(&m.v[2]).id);
    CHECK_EQ(vipc_destroy(&m.v[1], his, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_send(&m.v[1], his, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
    CHECK_EQ(look(&m, 1, "child", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK(!mock_alive_cap(&m.v[1], his));
    CHECK_EQ(mock_held(&m, 0), 0);
    MOCK_END(&m);
}
TEST(what_was_found_can_be_published_again)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "a", door, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT));
    vipc_cap his = find(&m, 1, "a", 0), plain = find(&m, 1, "a", VIPC_RIGHT_SEND);
    CHECK_EQ(vipc_publish(&m.v[1], "b", plain, 0), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_publish(&m.v[1], "b", his, VIPC_RIGHT_RECEIVE), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_publish(&m.v[1], "b", his, VIPC_RIGHT_SEND));
    vipc_cap hers = find(&m, 2, "b", 0);
    CHECK_OK(vipc_close(&m.v[1], his));
    CHECK_OK(vipc_unpublish(&m.v[0], "a"));                    /* nothing between the door and the second name any more */
    CHECK_OK(mock_send(&m.v[2], hers, 4));
    CHECK_EQ(mock_receive(&m.v[0], door), 4);
    CHECK_OK(look(&m, 2, "b", 0, VIPC_NOW));
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 2);
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK_EQ(look(&m, 2, "b", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK(!mock_alive_cap(&m.v[2], hers) && !mock_alive_cap(&m.v[1], plain));
    CHECK_EQ(mock_held(&m, 1), 0);
    MOCK_END(&m);
}

/* ---- death ---- */
TEST(a_dead_publisher_s_name_is_replaced)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap old = mock_endpoint(&m, 1, 4), door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[1], "door", old, 0));
    CHECK_EQ(vipc_publish(&m.v[0], "door", door, 0), VIPC_ERR_EXISTS);
    vipc_cap hers = find(&m, 2, "door", 0);
    mock_kill(&m, 1);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));          /* nobody has swept */
    CHECK_EQ(mock_stats(&m).reaped, 1);
    CHECK(!mock_alive_cap(&m.v[2], hers));
    hers = find(&m, 2, "door", 0);
    CHECK_EQ(mock_cap_info(&m.v[2], hers).object, mock_cap_info(&m.v[0], door).object);
    CHECK_EQ(vipc_publish(&m.v[2], "door", hers, 0), VIPC_ERR_EXISTS);
    MOCK_END(&m);
}
TEST(a_dead_publisher_s_name_is_no_name)
{
    for (int how = 0; how < 3; how++) {
        mock m;
        mock_open(&m, NULL, 2, 16);
        vipc_cap old = mock_endpoint(&m, 1, 4);
        CHECK_OK(vipc_publish(&m.v[1], "door", old, 0));
        CHECK_OK(vipc_publish(&m.v[1], "back", old, 0));
        mock_kill(&m, 1);
        if (how == 0) CHECK_EQ(look(&m, 0, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        else if (how == 1) CHECK_EQ(vipc_unpublish(&m.v[0], "door"), VIPC_ERR_ENDPOINT_NOT_FOUND);
        else CHECK_OK(vipc_sweep(&m.v[0], NULL));
        CHECK_EQ(mock_stats(&m).reaped, 1);
        CHECK_EQ(look(&m, 0, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(look(&m, 0, "back", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(who_cannot_be_asked_about_lives)
{
    mock m;
    mock_open(&m, NULL, 2, 16);
    vipc_cap old = mock_endpoint(&m, 1, 4), door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[1], "door", old, 0));
    mock_kill(&m, 1);
    int (*alive)(void *, uint64_t) = m.hooks.process_alive;
    m.hooks.process_alive = NULL;
    CHECK_EQ(vipc_publish(&m.v[0], "door", door, 0), VIPC_ERR_EXISTS);
    CHECK_EQ(vipc_unpublish(&m.v[0], "door"), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(look(&m, 0, "door", 0, VIPC_NOW));
    m.hooks.process_alive = alive;
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    MOCK_END(&m);
}
TEST(leaving_takes_the_names)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0), own = mock_endpoint(&m, 1, 4);
    CHECK_OK(vipc_publish(&m.v[1], "lent", his, 0));
    CHECK_OK(vipc_publish(&m.v[1], "own", own, 0));
    CHECK_OK(vipc_publish(&m.v[0], "stays", door, 0));
    vipc_cap lent = find(&m, 2, "lent", 0), gone = find(&m, 2, "own", 0);
    mock_leave_domain(&m, 1);
    CHECK_EQ(look(&m, 2, "lent", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(look(&m, 2, "own", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(look(&m, 2, "stays", 0, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[2], gone));                     /* its endpoint went */
    CHECK_OK(mock_send(&m.v[2], lent, 7));                     /* the door did not: what was found there hangs on it now */
    CHECK_EQ(mock_receive(&m.v[0], door), 7);
    CHECK_OK(vipc_publish(&m.v[0], "own", door, 0));
    CHECK_OK(vipc_revoke(&m.v[0], door, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[2], lent));
    MOCK_END(&m);
}
TEST(a_finder_s_death_leaves_the_name)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    vipc_cap his = find(&m, 1, "door", 0), hers = mock_grant(&m, 1, his, 2, 0);
    mock_kill(&m, 1);
    CHECK_OK(vipc_sweep(&m.v[0], NULL));
    CHECK_OK(mock_send(&m.v[2], hers, 2));
    CHECK_OK(look(&m, 2, "door", 0, VIPC_NOW));
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    CHECK(mock_alive_cap(&m.v[2], hers));
    MOCK_END(&m);
}
TEST(ending_a_process_takes_its_names)
{
    mock m;
    vipc_cap process;
    vipc_process_desc d = mock_desc(2);
    mock_open(&m, NULL, 2, 16);
    d.proof = 0;
    REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[2], &process));
    vipc_cap his = mock_endpoint(&m, 2, 4), door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[2], "door", his, 0));
    CHECK_EQ(vipc_publish(&m.v[0], "door", door, 0), VIPC_ERR_EXISTS);
    CHECK_OK(vipc_process_destroy(&m.v[0], process, NULL));
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    MOCK_END(&m);
}
TEST(the_owner_s_death_takes_the_name)
{
    /* The publisher lives; what it has published does not. */
    for (int left = 0; left < 2; left++) {
        mock m;
        mock_open(&m, NULL, 3, 16);
        vipc_cap his = mock_endpoint(&m, 1, 4), mine = mock_grant(&m, 1, his, 0, 0);
        CHECK_OK(vipc_publish(&m.v[0], "door", mine, 0));
        vipc_cap hers = find(&m, 2, "door", 0);
        if (left) {
            mock_leave_domain(&m, 1);
        } else {
            mock_kill(&m, 1);
            CHECK_OK(vipc_sweep(&m.v[2], NULL));
        }
        CHECK_EQ(look(&m, 2, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(vipc_unpublish(&m.v[0], "door"), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK(!mock_alive_cap(&m.v[2], hers) && !mock_alive_cap(&m.v[0], mine));
        CHECK_EQ(mock_held(&m, 0), 0);
        CHECK_OK(vipc_publish(&m.v[0], "door", mock_endpoint(&m, 0, 4), 0));
        MOCK_END(&m);
    }
}
TEST(a_dead_publisher_may_take_the_capability_along)
{
    mock m;
    mock_open(&m, NULL, 3, 16);
    vipc_cap old = mock_endpoint(&m, 1, 4), mine = mock_grant(&m, 1, old, 0, 0), door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[1], "door", old, 0));
    mock_kill(&m, 1);
    CHECK_EQ(vipc_publish(&m.v[0], "door", mine, 0), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(look(&m, 2, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 0), 1);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    MOCK_END(&m);
}

/* ---- waiting ---- */
TEST(a_deadline_in_the_past_tries_once)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    CHECK_EQ(look(&m, 1, "door", 0, 1), VIPC_ERR_TIMEOUT);
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    CHECK_OK(look(&m, 1, "door", 0, 1));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    CHECK_OK(look(&m, 1, "door", 0, vipc_after(&m.v[1], MS)));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));
    CHECK_EQ(look(&m, 1, "nobody", 0, m.now), VIPC_ERR_TIMEOUT);
    CHECK_EQ(m.calls[MOCK_BLOCK], 0);
    MOCK_END(&m);
}
TEST(a_wait_ends_at_its_deadline)
{
    static const vipc_time lengths[] = { 1, MS, 49 * MS, 50 * MS, 51 * MS, 800 * MS, 60000 * MS };
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        vipc_time deadline = vipc_after(&m.v[1], lengths[i]);
        CHECK_EQ(look(&m, 1, "door", 0, deadline), VIPC_ERR_TIMEOUT);
        CHECK(m.now >= deadline && m.now < deadline + MS);
    }
    CHECK_EQ(mock_stats(&m).lookups, sizeof lengths / sizeof *lengths);
    CHECK_EQ(mock_held(&m, 1), 0);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    CHECK_EQ(m.calls[MOCK_WAKE], 0);                           /* nobody waits any more */
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    MOCK_END(&m);
}
static void publish_door(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = vipc_publish(&m->v[p->who], p->name, p->door, p->rights);
}
TEST(a_wait_is_ended_by_the_publisher)
{
    for (int asleep = 0; asleep < 2; asleep++)
        for (int endless = 0; endless < 2; endless++) {
            mock m;
            play p;
            vipc_cap out = VIPC_INIT;
            setup(&m, &p, NULL, 2);
            if (asleep) m.asleep = publish_door;
            else m.before_sleep = publish_door;
            vipc_time start = m.now;
            CHECK_OK(vipc_lookup(&m.v[1], "door", VIPC_RIGHT_SEND, &out, endless ? VIPC_FOREVER : vipc_after(&m.v[1], 1000 * MS)));
            CHECK(m.now - start < MS);                         /* not by a look of its own */
            CHECK_EQ(p.done, 1);
            CHECK_EQ(p.said, VIPC_OK);
            CHECK_EQ(mock_cap_info(&m.v[1], out).rights, VIPC_RIGHT_SEND);
            CHECK_OK(mock_send(&m.v[1], out, 8));
            CHECK_EQ(mock_receive(&m.v[0], p.door), 8);
            CHECK_EQ(mock_stats(&m).lookups, 1);
            CHECK_EQ(mock_stats(&m).lookup_hits, 1);
            MOCK_END(&m);
        }
}
TEST(a_process_may_wait_for_its_own_name)
{
    mock m;
    play p;
    vipc_cap out = VIPC_INIT;
    setup(&m, &p, NULL, 1);
    mock_thread(&m, 0, 1);
    m.asleep = publish_door;
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
    CHECK(mock_alive_cap(&m.v[0], out) && mock_alive_cap(&m.v[1], out));
    MOCK_END(&m);
}
static void publish_others(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    static const char *const names[] = { "doo", "doors", "Door", "other" };
    (void)self;
    CHECK_OK(vipc_publish(&m->v[0], names[p->done], p->door, 0));
    p->done++;
    m->asleep = p->done < 4 ? publish_others : publish_door;
}
TEST(other_names_do_not_end_a_wait)
{
    mock m;
    play p;
    vipc_cap out = VIPC_INIT;
    setup(&m, &p, NULL, 2);
    m.asleep = publish_others;
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
    CHECK_EQ(p.done, 5);
    CHECK_EQ(p.said, VIPC_OK);
    CHECK(mock_alive_cap(&m.v[1], out));
    CHECK_EQ(mock_stats(&m).lookups, 1);                       /* one, however often it looked */
    MOCK_END(&m);
}
static void publish_and_think_again(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    publish_door(m, self);
    CHECK_OK(vipc_unpublish(&m->v[0], p->name));
    m->asleep = p->done < 5 ? publish_and_think_again : publish_door;
}
TEST(a_name_that_has_gone_again_does_not_end_a_wait)
{
    mock m;
    play p;
    vipc_cap out = { 4711 };
    setup(&m, &p, NULL, 2);
    m.asleep = publish_and_think_again;
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
    CHECK_EQ(p.done, 6);
    CHECK_OK(mock_send(&m.v[1], out, 1));
    MOCK_END(&m);
}
static void cancel_it(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    p->done++;
    p->said = vipc_cancel(&m->v[self]);
}
TEST(a_wait_can_be_cancelled)
{
    for (int asleep = 0; asleep < 2; asleep++) {
        mock m;
        play p;
        setup(&m, &p, NULL, 2);
        if (asleep) m.asleep = cancel_it;
        else m.before_sleep = cancel_it;
        CHECK_EQ(look(&m, 1, "door", 0, VIPC_FOREVER), VIPC_ERR_CANCELLED);
        CHECK_EQ(p.done, 1);
        CHECK_EQ(p.said, VIPC_OK);
        CHECK_EQ(look(&m, 1, "door", 0, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);      /* once only */
        CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
        CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));
        MOCK_END(&m);
    }
}
TEST(a_cancel_waits_for_the_next_wait)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    CHECK_OK(vipc_cancel(&m.v[1]));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));            /* does not wait */
    CHECK_EQ(look(&m, 1, "nobody", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);     /* nor does this */
    CHECK_EQ(look(&m, 1, "nobody", 0, VIPC_FOREVER), VIPC_ERR_CANCELLED);
    CHECK_EQ(look(&m, 1, "nobody", 0, vipc_after(&m.v[1], MS)), VIPC_ERR_TIMEOUT);
    MOCK_END(&m);
}
static void publish_both(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    CHECK_OK(vipc_publish(&m->v[0], "other", p->door, VIPC_RIGHT_RECEIVE));
    CHECK_OK(vipc_publish(&m->v[0], "door", p->door, VIPC_RIGHT_SEND));
}
static void wait_as_well(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    m->asleep = publish_both;
    p->said = vipc_lookup(&m->v[2], p->name, 0, &p->found, VIPC_FOREVER);
}
TEST(two_who_wait)
{
    for (int same = 0; same < 2; same++) {
        mock m;
        play p;
        vipc_cap out = VIPC_INIT;
        setup(&m, &p, NULL, 3);
        p.name = same ? "door" : "other";
        m.asleep = wait_as_well;
        CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
        CHECK_EQ(p.said, VIPC_OK);
        CHECK_EQ(p.done, 1);
        CHECK_EQ(mock_cap_info(&m.v[1], out).rights, VIPC_RIGHT_SEND);
        CHECK_EQ(mock_cap_info(&m.v[2], p.found).rights, same ? VIPC_RIGHT_SEND : VIPC_RIGHT_RECEIVE);
        MOCK_END(&m);
    }
}
TEST(a_wait_ends_with_what_the_look_up_says)
{
    mock m;
    play p;
    vipc_config c = VIPC_INIT;
    c.capabilities_per_process = 2;
    setup(&m, &p, &c, 2);
    p.rights = VIPC_RIGHT_SEND;
    m.asleep = publish_door;
    CHECK_EQ(look(&m, 1, "door", VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE, VIPC_FOREVER), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    vipc_cap his = mock_endpoint(&m, 1, 4), more = mock_derive(&m, 1, his, 0);
    m.asleep = publish_door;
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_FOREVER), VIPC_ERR_LIMIT);
    CHECK_OK(vipc_close(&m.v[1], more));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));
    CHECK_EQ(p.done, 2);
    MOCK_END(&m);
}
static void publish_and_die(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    CHECK_OK(vipc_publish(&m->v[2], p->name, p->other, 0));
    mock_kill(m, 2);
    m->asleep = publish_door;
}
TEST(a_publisher_that_dies_at_once_does_not_end_a_wait)
{
    mock m;
    play p;
    vipc_cap out = VIPC_INIT;
    setup(&m, &p, NULL, 3);
    p.other = mock_endpoint(&m, 2, 4);
    m.asleep = publish_and_die;
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
    CHECK_EQ(p.done, 1);
    CHECK_EQ(mock_cap_info(&m.v[1], out).owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(mock_stats(&m).reaped, 1);
    MOCK_END(&m);
}
TEST(a_wait_begins_with_a_dead_publisher)
{
    mock m;
    play p;
    vipc_cap out = VIPC_INIT;
    setup(&m, &p, NULL, 3);
    p.other = mock_endpoint(&m, 2, 4);
    CHECK_OK(vipc_publish(&m.v[2], "door", p.other, 0));
    mock_kill(&m, 2);
    m.asleep = publish_door;
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER));
    CHECK_EQ(mock_cap_info(&m.v[1], out).owner.id, vipc_self(&m.v[0]).id);
    MOCK_END(&m);
}
/* Who sleeps holds nothing: its stack may be thrown away. */
static jmp_buf killed_;
static void vanish(mock *m, uint64_t self)
{
    mock_kill(m, (unsigned)self);
    m->sleepers = NULL;
    longjmp(killed_, 1);
}
TEST(a_sleeper_dies)
{
    static int swept;
    for (swept = 0; swept < 2; swept++) {
        static mock m;
        static play p;
        static vipc_cap out;
        setup(&m, &p, NULL, 3);
        m.asleep = vanish;
        if (setjmp(killed_) == 0) CHECK_EQ(vipc_lookup(&m.v[1], "door", 0, &out, VIPC_FOREVER), VIPC_OK);      /* does not return */
        if (swept) CHECK_OK(vipc_sweep(&m.v[2], NULL));
        CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
        CHECK_OK(look(&m, 2, "door", 0, VIPC_NOW));
        CHECK_OK(vipc_sweep(&m.v[2], NULL));
        CHECK_EQ(mock_stats(&m).reaped, 1);
        MOCK_CHECK(&m, 0);
        CHECK_OK(vipc_unpublish(&m.v[0], "door"));
        m.asleep = publish_door;
        CHECK_OK(vipc_lookup(&m.v[2], "door", 0, &out, VIPC_FOREVER));
        MOCK_END(&m);
    }
}
/* frame_alloc is called with the lock held: another asks for it in that moment. */
static void lookup_meanwhile(mock *m, uint64_t self)
{
    play *p = (play *)m->script;
    (void)self;
    p->done++;
    p->said = look(m, 1, "door", 0, p->deadline);
}
TEST(a_look_up_waits_for_the_lock_to_its_deadline_only)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    p.deadline = vipc_after(&m.v[1], 10 * MS);
    m.on_alloc = lookup_meanwhile;
    CHECK_OK(mock_send(&m.v[0], p.door, 1));
    CHECK_EQ(p.done, 1);
    CHECK_EQ(p.said, VIPC_ERR_TIMEOUT);
    CHECK(m.now >= p.deadline);
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    MOCK_END(&m);
}
TEST(waiting_needs_its_hooks)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    vipc_hooks all = m.hooks;
    vipc_time later = vipc_after(&m.v[1], MS);
    m.hooks.now = NULL;
    CHECK_EQ(look(&m, 1, "door", 0, later), VIPC_ERR_NOT_SUPPORTED);
    m.asleep = publish_door;
    CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));            /* this needs no clock */
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    m.hooks.block = NULL;
    m.hooks.wake = NULL;
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_FOREVER), VIPC_ERR_NOT_SUPPORTED);
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, 0));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_FOREVER));            /* nor this any of them */
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    m.hooks = all;
    MOCK_END(&m);
}

/* ---- limits ---- */
TEST(limit_of_names)
{
    for (uint32_t most = 1; most <= 5; most++) {
        mock m;
        vipc_config c = VIPC_INIT;
        char name[2] = "a";
        c.max_names = most;
        mock_open(&m, &c, 2, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_grant(&m, 0, door, 1, 0);
        for (uint32_t i = 0; i < most; i++, name[0]++) CHECK_OK(vipc_publish(&m.v[i & 1], name, i & 1 ? his : door, 0));
        for (int i = 0; i < 20; i++) {
            CHECK_EQ(vipc_publish(&m.v[0], "more", door, 0), VIPC_ERR_LIMIT);
            CHECK_EQ(vipc_publish(&m.v[1], "more", his, 0), VIPC_ERR_LIMIT);
        }
        CHECK_EQ(vipc_publish(&m.v[1], "a", his, 0), VIPC_ERR_EXISTS);      /* which is the better answer */
        CHECK_EQ(mock_held(&m, 0) + mock_held(&m, 1), 2 + most);
        CHECK_OK(look(&m, 1, "a", 0, VIPC_NOW));
        CHECK_EQ(look(&m, 1, "more", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_OK(vipc_unpublish(&m.v[0], "a"));
        CHECK_OK(vipc_publish(&m.v[1], "more", his, 0));
        CHECK_EQ(vipc_publish(&m.v[0], "a", door, 0), VIPC_ERR_LIMIT);
        CHECK_OK(look(&m, 0, "more", 0, VIPC_NOW));
        MOCK_CHECK(&m, 0);
        MOCK_END(&m);
    }
}
TEST(a_dead_publisher_s_names_make_room)
{
    mock m;
    vipc_config c = VIPC_INIT;
    c.max_names = 2;
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his = mock_endpoint(&m, 1, 4);
    CHECK_OK(vipc_publish(&m.v[1], "a", his, 0));
    CHECK_OK(vipc_publish(&m.v[1], "b", his, 0));
    CHECK_EQ(vipc_publish(&m.v[0], "c", door, 0), VIPC_ERR_LIMIT);
    mock_kill(&m, 1);
    CHECK_OK(vipc_publish(&m.v[0], "b", door, 0));             /* replaced: the other went along */
    CHECK_OK(vipc_publish(&m.v[0], "c", door, 0));
    CHECK_EQ(vipc_publish(&m.v[0], "a", door, 0), VIPC_ERR_LIMIT);
    MOCK_END(&m);
}
TEST(a_name_takes_a_capability)
{
    for (int table = 0; table < 2; table++) {
        mock m;
        vipc_config c = VIPC_INIT;
        c.max_names = 1;
        if (table) c.max_capabilities = 2;
        else c.capabilities_per_process = 2;
        mock_open(&m, &c, 2, 16);
        vipc_cap door = mock_endpoint(&m, 0, 4), more = mock_derive(&m, 0, door, 0);
        for (int i = 0; i < 100; i++) CHECK_EQ(vipc_publish(&m.v[0], "door", door, 0), VIPC_ERR_LIMIT);
        CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
        CHECK_EQ(mock_held(&m, 0), 2);
        MOCK_CHECK(&m, 0);
        CHECK_OK(vipc_close(&m.v[0], more));
        CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));      /* the failures have taken no name */
        CHECK_EQ(look(&m, 0, "door", 0, VIPC_NOW), VIPC_ERR_LIMIT);
        CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), table ? VIPC_ERR_LIMIT : VIPC_OK);
        CHECK_OK(vipc_unpublish(&m.v[0], "door"));
        CHECK_OK(vipc_derive(&m.v[0], door, NULL, &more));
        MOCK_END(&m);
    }
}
TEST(what_is_found_is_the_finder_s)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap out[5];
    c.capabilities_per_process = 4;
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    for (int i = 0; i < 4; i++) CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out[i], VIPC_NOW));
    for (int i = 0; i < 50; i++) CHECK_EQ(look(&m, 1, "door", 0, i & 1 ? VIPC_FOREVER : VIPC_NOW), VIPC_ERR_LIMIT);
    CHECK_EQ(look(&m, 1, "nobody", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_held(&m, 1), 4);
    CHECK_EQ(mock_held(&m, 0), 2);
    CHECK_EQ(mock_stats(&m).lookup_hits, 4);                   /* a refusal is none */
    CHECK_OK(vipc_close(&m.v[1], out[2]));
    CHECK_OK(vipc_lookup(&m.v[1], "door", 0, &out[2], VIPC_NOW));
    for (int i = 0; i < 4; i++) CHECK(mock_alive_cap(&m.v[1], out[i]));
    MOCK_END(&m);
}
TEST(ten_thousand_times)
{
    mock m;
    vipc_config c = VIPC_INIT;
    char name[16];
    int wrong = 0;
    c.max_names = 2;
    c.max_objects = 2;
    c.max_capabilities = 4;                                    /* the least that will do: what leaks is missed soon */
    mock_open(&m, &c, 2, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), out;
    CHECK_OK(vipc_publish(&m.v[0], "fixed", door, 0));
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "%d", i % 3 ? i : 0);
        wrong += vipc_publish(&m.v[0], name, door, VIPC_RIGHT_SEND) != VIPC_OK;
        wrong += vipc_lookup(&m.v[1], name, 0, &out, VIPC_NOW) != VIPC_OK;
        if (i & 1) wrong += vipc_close(&m.v[1], out) != VIPC_OK;
        wrong += vipc_unpublish(&m.v[0], name) != VIPC_OK;
        if (!(i & 1)) wrong += vipc_close(&m.v[1], out) != VIPC_OK;
        wrong += vipc_lookup(&m.v[1], name, 0, &out, VIPC_NOW) != VIPC_ERR_ENDPOINT_NOT_FOUND;
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_held(&m, 0), 2);
    CHECK_EQ(mock_held(&m, 1), 0);
    CHECK_EQ(mock_cap_info(&m.v[0], door).children, 1);
    CHECK_OK(look(&m, 1, "fixed", 0, VIPC_NOW));
    CHECK_EQ(mock_stats(&m).lookups, 20001);
    CHECK_EQ(mock_stats(&m).lookup_hits, 10001);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}
TEST(names_die_a_thousand_times)
{
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap process;
    int wrong = 0;
    c.max_names = 2;
    c.max_processes = 2;
    c.max_objects = 2;
    c.max_capabilities = 6;
    mock_open(&m, &c, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4), his, out;
    for (int i = 0; i < 1000; i++) {
        vipc_process_desc d = mock_desc(1);
        d.proof = 0;
        REQUIRE_OK(vipc_process_create(&m.v[0], &d, &m.v[1], &process));
        his = i & 1 ? mock_endpoint(&m, 1, 4) : mock_grant(&m, 0, door, 1, 0);
        wrong += vipc_publish(&m.v[1], "one", his, 0) != VIPC_OK;
        wrong += vipc_publish(&m.v[1], "two", his, 0) != VIPC_OK;
        wrong += vipc_lookup(&m.v[0], "two", 0, &out, VIPC_NOW) != VIPC_OK;
        wrong += vipc_process_destroy(&m.v[0], process, NULL) != VIPC_OK;
        wrong += vipc_lookup(&m.v[0], "one", 0, &his, VIPC_NOW) != VIPC_ERR_ENDPOINT_NOT_FOUND;
        wrong += vipc_close(&m.v[0], out) != (i & 1 ? VIPC_ERR_INVALID_CAPABILITY : VIPC_OK);
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_held(&m, 0), 1);
    MOCK_CHECK(&m, 0);
    MOCK_END(&m);
}

/* ---- the table ---- */
/* The next name from *n on that falls into this bucket of a table for `most` names. */
static void crowd(char *name, uint32_t *n, uint32_t bucket, uint32_t most)
{
    do snprintf(name, 16, "n%u", (unsigned)(*n)++); while ((vipci_hash(name, (uint32_t)strlen(name)) & (vipci_buckets(most) - 1)) != bucket);
}
/* A full table, in one bucket or spread: all are found, then every other, then those again and new ones in between. */
static void fill_and_thin(uint32_t most, int crowded)
{
    enum { MOST = 300 };
    static char name[2 * MOST][16];
    static uint64_t object[2 * MOST];
    mock m;
    vipc_config c = VIPC_INIT;
    vipc_cap door[4];
    uint32_t at = 0, wrong = 0;
    c.max_names = most;
    mock_open(&m, &c, 2, 16);
    for (int i = 0; i < 4; i++) door[i] = mock_endpoint(&m, 0, 4);
    for (uint32_t i = 0; i < 2 * most; i++) {
        if (crowded) crowd(name[i], &at, i < most ? 0 : vipci_buckets(most) - 1, most);
        else snprintf(name[i], sizeof name[i], "name %u", (unsigned)i);
        object[i] = mock_cap_info(&m.v[0], door[i % 4]).object;
    }
    for (uint32_t i = 0; i < most; i++) wrong += vipc_publish(&m.v[0], name[i], door[i % 4], 0) != VIPC_OK;
    CHECK_EQ(vipc_publish(&m.v[0], name[most], door[0], 0), VIPC_ERR_LIMIT);
    for (uint32_t i = 0; i < most; i++) {
        vipc_cap out = find(&m, 1, name[i], 0);
        wrong += mock_cap_info(&m.v[1], out).object != object[i];
        CHECK_OK(vipc_close(&m.v[1], out));
    }
    for (uint32_t i = 0; i < most; i += 2) wrong += vipc_unpublish(&m.v[0], name[i]) != VIPC_OK;
    for (uint32_t i = 0; i < most; i++) wrong += look(&m, 1, name[i], 0, VIPC_NOW) != (i & 1 ? VIPC_OK : VIPC_ERR_ENDPOINT_NOT_FOUND);
    MOCK_CHECK(&m, 0);
    for (uint32_t i = 0; i < most; i += 2) wrong += vipc_publish(&m.v[0], name[most + i], door[(most + i) % 4], 0) != VIPC_OK;
    CHECK_EQ(vipc_publish(&m.v[0], name[0], door[0], 0), VIPC_ERR_LIMIT);
    for (uint32_t i = 0; i < 2 * most; i++) {
        vipc_cap out = { 4711 };
        int there = i < most ? (i & 1) != 0 : ((i - most) & 1) == 0;
        vipc_error e = vipc_lookup(&m.v[1], name[i], 0, &out, VIPC_NOW);
        wrong += e != (there ? VIPC_OK : VIPC_ERR_ENDPOINT_NOT_FOUND);
        if (e == VIPC_OK) wrong += mock_cap_info(&m.v[1], out).object != object[i];
    }
    MOCK_CHECK(&m, 0);
    for (uint32_t i = 2 * most; i-- > 0;) (void)vipc_unpublish(&m.v[0], name[i]);
    CHECK_EQ(mock_held(&m, 0), 4);
    CHECK_OK(vipc_publish(&m.v[0], name[0], door[0], 0));
    CHECK_EQ(wrong, 0);
    MOCK_END(&m);
}
TEST(a_full_table)
{
    static const uint32_t most[] = { 1, 2, 3, 64, 100, 256, 300 };
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) fill_and_thin(most[i], 0);
}
TEST(a_full_table_in_one_bucket)
{
    static const uint32_t most[] = { 1, 2, 3, 64, 100 };
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) fill_and_thin(most[i], 1);
}
TEST(names_with_one_hash)
{
    /* What 32-bit FNV-1a cannot tell apart; the first two not by their length either, the last but by their length. */
    static const char *const pair[][2] = { { "declinate", "macallums" }, { "costarring", "liquid" }, { "altarage", "zinke" },
                                           { "altarages", "zinkes" }, { "door", "doorlffavdk" } };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        for (int first = 0; first < 2; first++) {
            const char *a = pair[i][first], *b = pair[i][!first];
            mock m;
            mock_open(&m, NULL, 2, 16);
            vipc_cap door = mock_endpoint(&m, 0, 4);
            CHECK_EQ(vipci_hash(a, (uint32_t)strlen(a)), vipci_hash(b, (uint32_t)strlen(b)));
            CHECK_OK(vipc_publish(&m.v[0], a, door, VIPC_RIGHT_SEND));
            CHECK_EQ(look(&m, 1, b, 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
            CHECK_EQ(vipc_unpublish(&m.v[0], b), VIPC_ERR_ENDPOINT_NOT_FOUND);
            CHECK_OK(vipc_publish(&m.v[0], b, door, VIPC_RIGHT_RECEIVE));
            CHECK_EQ(vipc_publish(&m.v[0], a, door, 0), VIPC_ERR_EXISTS);
            CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, a, 0)).rights, VIPC_RIGHT_SEND);
            CHECK_EQ(mock_cap_info(&m.v[1], find(&m, 1, b, 0)).rights, VIPC_RIGHT_RECEIVE);
            CHECK_OK(vipc_unpublish(&m.v[0], a));
            CHECK_EQ(look(&m, 1, a, 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
            CHECK_OK(look(&m, 1, b, 0, VIPC_NOW));
            MOCK_END(&m);
        }
}
TEST(any_order)
{
    /* Two processes, sixteen records, twenty-four names in two buckets; what each step must say is known. */
    enum { MOST = 16, WORDS = 24, STEPS = 20000 };
    char name[WORDS][16];
    int owner[WORDS], used = 0, wrong = 0;                     /* owner: -1 none */
    uint64_t seed = 0x9e3779b97f4a7c15u;
    uint32_t at = 0;
    vipc_cap cap[2];
    mock m;
    vipc_config c = VIPC_INIT;
    c.max_names = MOST;
    c.max_objects = 2;
    c.max_capabilities = 2 + MOST + 1;
    mock_open(&m, &c, 2, 16);
    for (unsigned i = 0; i < 2; i++) cap[i] = mock_endpoint(&m, i, 4);
    for (int i = 0; i < WORDS; i++) {
        crowd(name[i], &at, i & 1 ? 5 : 6, MOST);
        owner[i] = -1;
    }
    for (int step = 0; step < STEPS; step++) {
        uint64_t r = mock_random(&seed);
        int n = (int)((r >> 8) % WORDS), who = (int)(r >> 60 & 1);
        vipc *me = &m.v[who];
        vipc_error said, want;
        switch (r >> 40 & 3) {
        case 0:
            want = owner[n] < 0 ? VIPC_ERR_ENDPOINT_NOT_FOUND : owner[n] != who ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
            said = vipc_unpublish(me, name[n]);
            if (said == VIPC_OK) { owner[n] = -1; used--; }
            break;
        case 1:
            want = owner[n] < 0 ? VIPC_ERR_ENDPOINT_NOT_FOUND : VIPC_OK;
            said = look(&m, (unsigned)who, name[n], 0, VIPC_NOW);
            break;
        default:
            want = owner[n] >= 0 ? VIPC_ERR_EXISTS : used == MOST ? VIPC_ERR_LIMIT : VIPC_OK;
            said = vipc_publish(me, name[n], cap[who], 0);
            if (said == VIPC_OK) { owner[n] = who; used++; }
        }
        wrong += said != want;
        if (step % 5000 == 4999) MOCK_CHECK(&m, 0);
    }
    CHECK_EQ(wrong, 0);
    CHECK_EQ(mock_held(&m, 0) + mock_held(&m, 1), 2 + used);
    MOCK_END(&m);
}

/* ---- looking inside ---- */
TEST(look_ups_are_counted)
{
    mock m;
    play p;
    setup(&m, &p, NULL, 2);
    CHECK_EQ(mock_stats(&m).hit_percent, 0);
    CHECK_EQ(look(&m, 1, "door", 0, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_OK(vipc_publish(&m.v[0], "door", p.door, VIPC_RIGHT_SEND));
    CHECK_OK(look(&m, 1, "door", 0, VIPC_NOW));
    CHECK_EQ(look(&m, 1, "door", VIPC_RIGHT_ALL, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(look(&m, 1, "nobody", 0, vipc_after(&m.v[1], 500 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(mock_stats(&m).lookups, 4);
    CHECK_EQ(mock_stats(&m).lookup_hits, 1);
    CHECK_EQ(mock_stats(&m).hit_percent, 25);
    MOCK_END(&m);
}
typedef struct lines { const char *word; int with, names; } lines;
static void count_lines(void *user, const char *line, size_t length)
{
    lines *l = (lines *)user;
    char text[1000];
    snprintf(text, sizeof text, "%.*s", (int)length, line);
    l->names += strncmp(text, "name", 4) == 0;
    l->with += strncmp(text, "name", 4) == 0 && strstr(text, l->word) != NULL;
}
static lines dumped(mock *m, const char *word)
{
    lines l = VIPC_INIT;
    l.word = word;
    CHECK_OK(vipc_dump(&m->v[0], count_lines, &l));
    return l;
}
TEST(the_dump_shows_names)
{
    mock m;
    mock_open(&m, NULL, 1, 16);
    vipc_cap door = mock_endpoint(&m, 0, 4);
    CHECK_EQ(dumped(&m, "door").names, 0);
    CHECK_OK(vipc_publish(&m.v[0], "door", door, 0));
    CHECK_OK(vipc_publish(&m.v[0], "side", door, 0));
    CHECK_EQ(dumped(&m, "door").names, 2);
    CHECK_EQ(dumped(&m, "door").with, 1);
    CHECK_OK(vipc_unpublish(&m.v[0], "door"));
    CHECK_EQ(dumped(&m, "door").names, 1);
    CHECK_EQ(dumped(&m, "door").with, 0);
    CHECK_OK(vipc_publish(&m.v[0], "do", door, 0));            /* in the record of a longer one */
    CHECK_EQ(dumped(&m, "\"do\"").with, 1);
    CHECK_OK(vipc_destroy(&m.v[0], door, VIPC_NOW));
    CHECK_EQ(dumped(&m, "side").names, 0);
    MOCK_END(&m);
}

RUN_TESTS(T(lookup_gives_a_child_with_what_is_offered), T(never_more_than_is_offered), T(never_offered_more_than_the_publisher_has),
          T(what_is_no_right_is_refused), T(the_badge_is_inherited), T(publish_needs_grant), T(publish_takes_ones_own_living_capability),
          T(names_that_are_none), T(names_of_1_to_255_bytes), T(names_are_bytes), T(pointers_and_views_that_are_none), T(a_name_is_taken_once),
          T(many_names_for_one_capability), T(only_the_publisher_takes_a_name_back), T(what_was_looked_up_outlives_the_name),
          T(a_name_is_its_process_s_not_its_threads), T(revoke_takes_the_name_and_all_that_came_of_it), T(a_finder_revokes_only_its_own),
          T(closing_what_was_published_leaves_the_name), T(a_name_can_be_the_last_capability), T(destroy_takes_the_name),
          T(destroy_past_somebody_inside_takes_the_name_at_last), T(a_process_can_be_published), T(what_was_found_can_be_published_again),
          T(a_dead_publisher_s_name_is_replaced), T(a_dead_publisher_s_name_is_no_name), T(who_cannot_be_asked_about_lives),
          T(leaving_takes_the_names), T(a_finder_s_death_leaves_the_name), T(ending_a_process_takes_its_names), T(the_owner_s_death_takes_the_name),
          T(a_dead_publisher_may_take_the_capability_along), T(a_deadline_in_the_past_tries_once), T(a_wait_ends_at_its_deadline),
          T(a_wait_is_ended_by_the_publisher), T(a_process_may_wait_for_its_own_name), T(other_names_do_not_end_a_wait),
          T(a_name_that_has_gone_again_does_not_end_a_wait), T(a_wait_can_be_cancelled), T(a_cancel_waits_for_the_next_wait), T(two_who_wait),
          T(a_wait_ends_with_what_the_look_up_says), T(a_publisher_that_dies_at_once_does_not_end_a_wait), T(a_wait_begins_with_a_dead_publisher),
          T(a_sleeper_dies), T(a_look_up_waits_for_the_lock_to_its_deadline_only), T(waiting_needs_its_hooks), T(limit_of_names),
          T(a_dead_publisher_s_names_make_room), T(a_name_takes_a_capability), T(what_is_found_is_the_finder_s), T(ten_thousand_times),
          T(names_die_a_thousand_times), T(a_full_table), T(a_full_table_in_one_bucket), T(names_with_one_hash), T(any_order),
          T(look_ups_are_counted), T(the_dump_shows_names))
