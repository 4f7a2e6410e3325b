/* t_defects.c - defects that systems of this kind have had, one case each: what went wrong there, shown to be right here.
 * "The other side" runs in the hooks of mock.h, at the very moment that decides.  Where no single thread can show a race, the case says which scenario
 * of tests/explore does, over all schedules.  d001 to d068 belong to memory, which is not there yet. */
#include "mock.h"
#include <pthread.h>

typedef struct scene { vipc_cap door, his, other; vipc_error said; vipc_message got; vipc_info info; int count; } scene;
static mock m;
static scene s;

static void begin(unsigned identities, uint32_t capacity)      /* v[0] owns door, v[1] may send and receive at it */
{
    memset(&s, 0, sizeof s);
    mock_open(&m, NULL, identities, 64);
    m.script = &s;
    s.door = mock_endpoint(&m, 0, capacity);
    if (identities > 1) s.his = mock_grant(&m, 0, s.door, 1, 0);
}
static void other_sends(mock *p, uint64_t self) { (void)self; s.count++; s.said = mock_send(&p->v[0], s.door, 7); }
static void other_destroys(mock *p, uint64_t self) { (void)self; s.said = vipc_destroy(&p->v[0], s.door, VIPC_NOW); }
static vipc_error receive_waiting(unsigned i, vipc_cap from) { return vipc_receive(&m.v[i], from, &s.got, &s.info, VIPC_FOREVER); }

TEST(d071_capacity_holds_though_a_waiter_is_there)
{
    begin(2, 2);
    m.asleep = other_sends;
    CHECK_OK(receive_waiting(1, s.his));                        /* a waiter was there, and is served */
    CHECK_OK(mock_send(&m.v[0], s.door, 1));
    CHECK_OK(mock_send(&m.v[0], s.door, 2));
    CHECK_EQ(mock_send(&m.v[0], s.door, 3), VIPC_ERR_CHANNEL_FULL);
    MOCK_END(&m);
}
TEST(d072_lost_wakeup_between_look_and_sleep)                   /* all schedules: explore block */
{
    begin(2, 4);
    m.before_sleep = other_sends;                               /* after the last look, before the comparison */
    CHECK_OK(receive_waiting(1, s.his));
    CHECK(mock_is(&s.got, 7));
    MOCK_END(&m);
}
TEST(d073_a_wake_before_the_sleep_is_not_lost)                  /* all schedules: explore block */
{
    begin(2, 4);
    m.asleep = other_sends;
    CHECK_OK(receive_waiting(1, s.his));
    m.before_sleep = other_sends;                               /* chosen and woken while not yet asleep: the word has changed */
    CHECK_OK(receive_waiting(1, s.his));
    CHECK_EQ(s.count, 2);
    MOCK_END(&m);
}

/* Two sleepers, first come first served: real threads, made to sleep in a known order. */
static vipc_error block_by_thread(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline);
static pthread_mutex_t big = PTHREAD_MUTEX_INITIALIZER;        /* the port runs one thread at a time: order is then given, not hoped for */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asleep, order[3], served;
static vipc_error block_by_thread(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user; (void)self; (void)deadline;
    asleep++;
    pthread_cond_broadcast(&changed);
    while (*(volatile uint32_t *)word == expected) pthread_cond_wait(&changed, &big);
    asleep--;
    return VIPC_OK;
}
static void wake_by_thread(void *user, uint64_t target, uint32_t *word) { (void)user; (void)target; (void)word; pthread_cond_broadcast(&changed); }
static void *one_receiver(void *argument)
{
    int i = *(int *)argument;
    vipc_message got;
    pthread_mutex_lock(&big);
    if (vipc_receive(&m.v[i], s.door, &got, NULL, VIPC_FOREVER) == VIPC_OK) order[served++] = i * 10 + (int)got.opcode;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&big);
    return NULL;
}
TEST(d074_waiters_are_woken_in_order_of_arrival)
{
    static int number[3] = { 0, 2, 3 };
    pthread_t thread[3];
    begin(2, 4);
    mock_thread(&m, 0, 2);
    mock_thread(&m, 0, 3);
    m.hooks.block = block_by_thread;
    m.hooks.wake = wake_by_thread;
    asleep = served = 0;
    for (int i = 1; i < 3; i++) {
        pthread_mutex_lock(&big);
        pthread_create(&thread[i], NULL, one_receiver, &number[i]);
        while (asleep < i) pthread_cond_wait(&changed, &big);
        pthread_mutex_unlock(&big);
    }
    for (int i = 1; i < 3; i++) {
        pthread_mutex_lock(&big);
        CHECK_OK(mock_send(&m.v[1], s.his, (uint64_t)i));
        while (served < i) pthread_cond_wait(&changed, &big);
        pthread_mutex_unlock(&big);
    }
    for (int i = 1; i < 3; i++) pthread_join(thread[i], NULL);
    CHECK_EQ(order[0], 21);                                     /* who came first got the first */
    CHECK_EQ(order[1], 32);
    m.hooks.block = mock_block;
    m.hooks.wake = mock_wake;
    MOCK_END(&m);
}
static void sends_and_takes(mock *p, uint64_t self)             /* the message that woke us is taken by another, then one more comes */
{
    other_sends(p, self);
    CHECK_EQ(mock_receive(&p->v[0], s.door), 7);
    p->asleep = other_sends;
}
TEST(d075_a_woken_receiver_whose_message_was_stolen_waits_on)
{
    begin(2, 4);
    m.asleep = sends_and_takes;
    CHECK_OK(receive_waiting(1, s.his));
    CHECK_EQ(s.count, 2);
    MOCK_END(&m);
}
static void wakes_for_nothing(mock *p, uint64_t self)
{
    for (mock_sleeper *t = p->sleepers; t; t = t->next) mock_wake(p, self, t->word);
    p->asleep = other_sends;
}
TEST(d076_a_spurious_wake_leaves_no_record_behind)
{
    vipc_endpoint_info info;
    begin(2, 1);
    m.asleep = wakes_for_nothing;
    CHECK_OK(receive_waiting(1, s.his));
    CHECK_OK(vipc_endpoint_get(&m.v[0], s.door, &info));
    CHECK_EQ(info.receivers_waiting, 0);
    CHECK_OK(mock_send(&m.v[0], s.door, 1));
    CHECK_EQ(mock_send(&m.v[0], s.door, 2), VIPC_ERR_CHANNEL_FULL);      /* nor does it let anybody past the capacity */
    MOCK_END(&m);
}
TEST(d077_a_receiver_asleep_across_close_hears_closed)
{
    begin(2, 4);
    m.asleep = other_destroys;
    CHECK_EQ(receive_waiting(1, s.his), VIPC_ERR_CLOSED);
    CHECK_OK(s.said);
    MOCK_END(&m);
}
TEST(d078_no_send_succeeds_after_close)                         /* all schedules: explore gate_destroy, gate_destroy_sleep */
{
    begin(2, 4);
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    m.on_enter = other_destroys;                                /* between the check and the claim */
    CHECK_EQ(mock_send(&m.v[1], s.his, 2), VIPC_ERR_CLOSED);
    MOCK_END(&m);
}
static void other_receives(mock *p, uint64_t self) { (void)self; s.count++; CHECK_EQ(mock_receive(&p->v[0], s.door), 1); }
TEST(d080_a_send_waits_for_room)
{
    begin(2, 1);
    vipc_message second = mock_message(2);
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    m.asleep = other_receives;
    CHECK_OK(vipc_send(&m.v[1], s.his, &second, VIPC_FOREVER));
    CHECK_EQ(s.count, 1);
    CHECK_EQ(mock_receive(&m.v[0], s.door), 2);
    MOCK_END(&m);
}
TEST(d081_the_receiver_knows_who_sent_it)
{
    begin(2, 4);
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap badged;
    d.badge = 0xfeedfacecafebeefu;
    CHECK_OK(vipc_derive(&m.v[1], s.his, &d, &badged));
    CHECK_OK(mock_send(&m.v[1], badged, 1));
    CHECK_OK(vipc_receive(&m.v[0], s.door, &s.got, &s.info, VIPC_NOW));
    CHECK_EQ(s.info.sender.id, vipc_self(&m.v[1]).id);
    CHECK_EQ(s.info.badge, d.badge);
    MOCK_END(&m);
}
TEST(d082_each_call_checks_its_right)
{
    begin(2, 4);
    vipc_cap send_only = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_SEND), receive_only = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_RECEIVE);
    CHECK_EQ(mock_receive(&m.v[1], send_only), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(mock_send(&m.v[1], receive_only, 1), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_endpoint_bind(&m.v[1], send_only, vipc_self(&m.v[1])), VIPC_ERR_PERMISSION_DENIED);
    CHECK_EQ(vipc_destroy(&m.v[1], send_only, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_endpoint_bind(&m.v[0], s.door, vipc_self(&m.v[0])));
    CHECK_EQ(mock_receive(&m.v[1], receive_only), VIPC_ERR_PERMISSION_DENIED);
    MOCK_END(&m);
}
TEST(d083_every_wait_has_a_deadline)
{
    begin(2, 1);
    vipc_message one = mock_message(1), reply;
    CHECK_EQ(vipc_receive(&m.v[1], s.his, &s.got, NULL, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    CHECK_EQ(vipc_send(&m.v[1], s.his, &one, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(mock_receive(&m.v[0], s.door), 1);
    CHECK_EQ(vipc_call(&m.v[1], s.his, &one, &reply, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    CHECK_EQ(vipc_lookup(&m.v[1], "nobody", 0, &s.other, vipc_after(&m.v[1], 5 * MS)), VIPC_ERR_TIMEOUT);
    MOCK_END(&m);
}
TEST(d086_only_a_capability_opens_and_only_its_waiters_wake)
{
    begin(3, 4);
    vipc_cap elsewhere = mock_endpoint(&m, 0, 4), made_up = { 1 };
    s.other = elsewhere;
    CHECK_EQ(mock_send(&m.v[1], made_up, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_send(&m.v[2], s.his, 1), VIPC_ERR_INVALID_CAPABILITY);         /* another's token */
    vipc_pid nobody = { 4711 };
    CHECK_EQ(vipc_grant(&m.v[0], s.door, nobody, NULL, &made_up), VIPC_ERR_PROCESS_NOT_FOUND);
    m.asleep = wakes_for_nothing;
    uint64_t wakes = mock_stats(&m).wakes;
    CHECK_OK(mock_send(&m.v[0], elsewhere, 9));                 /* nobody sleeps there */
    CHECK_EQ(mock_stats(&m).wakes, wakes);
    m.asleep = other_sends;
    CHECK_OK(receive_waiting(1, s.his));
    CHECK(mock_is(&s.got, 7));
    MOCK_END(&m);
}
static void serve(mock *p, uint64_t self)
{
    vipc_message answer = mock_message(42);
    (void)self;
    s.count++;
    s.said = vipc_receive(&p->v[0], s.door, &s.got, &s.info, VIPC_NOW);
    if (s.said == VIPC_OK) s.said = vipc_reply(&p->v[0], s.info.reply, &answer);
}
TEST(d087_a_request_is_sent_and_can_be_answered)
{
    begin(2, 4);
    vipc_message request = mock_message(6), reply;
    m.asleep = serve;
    CHECK_OK(vipc_call(&m.v[1], s.his, &request, &reply, VIPC_FOREVER));
    CHECK_OK(s.said);
    CHECK(mock_is(&s.got, 6));
    CHECK_EQ(reply.opcode, 42);
    CHECK_EQ(vipc_reply(&m.v[0], s.info.reply, &request), VIPC_ERR_CANCELLED);   /* one-shot */
    MOCK_END(&m);
}
static void server_dies(mock *p, uint64_t self)
{
    (void)self;
    CHECK_OK(vipc_receive(&p->v[0], s.door, &s.got, &s.info, VIPC_NOW));
    mock_leave_domain(p, 0);
}
static void calls_back(mock *p, uint64_t self)                  /* v[0] holds the request of v[1] and calls v[1] */
{
    vipc_message request = mock_message(1), reply;
    (void)self;
    CHECK_OK(vipc_receive(&p->v[0], s.door, &s.got, &s.info, VIPC_NOW));
    s.said = vipc_call(&p->v[0], s.other, &request, &reply, VIPC_FOREVER);
    CHECK_OK(vipc_reply(&p->v[0], s.info.reply, &request));
}
TEST(d088_flags_stay_whole_a_dead_peer_and_a_deadlock_are_told)
{
    begin(2, 4);
    vipc_message request = mock_message(1), reply;
    request.flags = VIPC_UNORDERED;
    m.asleep = serve;
    CHECK_OK(vipc_call(&m.v[1], s.his, &request, &reply, VIPC_FOREVER));
    CHECK_EQ(s.got.flags, VIPC_UNORDERED);                      /* the call's number is not in them */
    vipc_cap mine = mock_endpoint(&m, 1, 4);
    vipc_cap only = mock_derive(&m, 0, s.door, 0);
    CHECK_OK(vipc_close(&m.v[0], only));
    s.other = mock_grant(&m, 1, mine, 0, VIPC_RIGHT_SEND);
    m.asleep = calls_back;
    CHECK_OK(vipc_call(&m.v[1], s.his, &request, &reply, VIPC_FOREVER));
    CHECK_EQ(s.said, VIPC_ERR_DEADLOCK);
    m.asleep = server_dies;
    CHECK_EQ(vipc_call(&m.v[1], s.his, &request, &reply, VIPC_FOREVER), VIPC_ERR_PEER_DEAD);
    MOCK_END(&m);
}
TEST(d091_one_number_for_an_object)
{
    begin(2, 4);
    vipc_cap_info a, b;
    vipc_endpoint_info e;
    CHECK_OK(vipc_cap_get(&m.v[0], s.door, &a));
    CHECK_OK(vipc_cap_get(&m.v[1], s.his, &b));
    CHECK_OK(vipc_endpoint_get(&m.v[1], s.his, &e));
    CHECK(a.object == b.object && a.object == e.id);
    MOCK_END(&m);
}
TEST(d094_no_pointer_into_the_tables_leaves_the_core)           /* handles are numbers: creating and destroying others does not move an endpoint */
{
    begin(2, 4);
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    for (int i = 0; i < 50; i++) CHECK_OK(vipc_destroy(&m.v[0], mock_endpoint(&m, 0, 4), VIPC_NOW));
    CHECK_EQ(mock_receive(&m.v[0], s.door), 1);
    MOCK_END(&m);
}
TEST(d097_only_a_right_to_delete_removes_an_endpoint)
{
    begin(2, 4);
    vipc_cap weak = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE);
    CHECK_EQ(vipc_destroy(&m.v[1], weak, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(mock_send(&m.v[0], s.door, 1));
    MOCK_END(&m);
}
TEST(d098_destroy_ends_every_capability)
{
    begin(3, 4);
    vipc_cap child = mock_grant(&m, 1, s.his, 2, VIPC_RIGHT_SEND);
    CHECK_OK(vipc_destroy(&m.v[0], s.door, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[0], s.door) && !mock_alive_cap(&m.v[1], s.his) && !mock_alive_cap(&m.v[2], child));
    MOCK_END(&m);
}
TEST(d099_removal_wakes_who_waits)
{
    begin(2, 1);
    vipc_message two = mock_message(2);
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    m.asleep = other_destroys;
    CHECK_EQ(vipc_send(&m.v[1], s.his, &two, VIPC_FOREVER), VIPC_ERR_CLOSED);
    MOCK_END(&m);
}
TEST(d100_a_made_up_capability_with_more_rights_fails)
{
    begin(2, 4);
    vipc_cap weak = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_SEND), forged = weak;
    forged.token |= (uint64_t)0xf << 60;                        /* all flags */
    CHECK_EQ(mock_receive(&m.v[1], forged), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(vipc_cap_require(&m.v[1], weak, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_RECEIVE), VIPC_ERR_PERMISSION_DENIED);
    MOCK_END(&m);
}
TEST(d101_create_enters_the_capability_where_the_check_looks)
{
    begin(1, 4);
    CHECK_OK(vipc_cap_require(&m.v[0], s.door, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_ALL));
    MOCK_END(&m);
}
TEST(d102_a_dead_or_invented_process_passes_nothing)
{
    begin(2, 4);
    vipc gone = m.v[1], *left = &m.v[1];
    mock_leave_domain(&m, 1);
    CHECK_EQ(mock_send(left, s.his, 1), VIPC_ERR_NOT_INITIALIZED);
    CHECK_EQ(mock_send(&gone, s.his, 1), VIPC_ERR_INVALID_ARGUMENT);             /* a copy of a handle is none */
    MOCK_END(&m);
}
TEST(d103_revoke_holds_for_every_copy)
{
    begin(2, 4);
    vipc_cap copy = s.his;
    CHECK_OK(vipc_revoke(&m.v[0], s.door, VIPC_NOW));
    CHECK_EQ(mock_send(&m.v[1], copy, 1), VIPC_ERR_INVALID_CAPABILITY);
    for (int i = 0; i < 300; i++) {                             /* a generation of 8 bits does not bring it back */
        vipc_cap next = mock_grant(&m, 0, s.door, 1, 0);
        CHECK(next.token != copy.token && !mock_alive_cap(&m.v[1], copy));
        CHECK_OK(vipc_revoke(&m.v[0], s.door, VIPC_NOW));
    }
    MOCK_END(&m);
}
TEST(d104_nothing_derived_exceeds_its_parent)                   /* rights 0 means "as the parent", never "all"; limits are not there yet */
{
    begin(2, 4);
    vipc_cap weak = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_SEND), child = mock_derive(&m, 1, weak, 0);
    vipc_cap_info info;
    vipc_derive_desc more = VIPC_INIT;
    more.rights = VIPC_RIGHT_SEND | VIPC_RIGHT_RECEIVE;
    CHECK_OK(vipc_cap_get(&m.v[1], child, &info));
    CHECK_EQ(info.rights, VIPC_RIGHT_SEND);
    CHECK_EQ(vipc_derive(&m.v[1], weak, &more, &child), VIPC_ERR_PERMISSION_DENIED);
    MOCK_END(&m);
}
TEST(d105_a_derived_capability_has_an_id_of_its_own)
{
    begin(2, 4);
    vipc_cap child = mock_derive(&m, 1, s.his, 0);
    CHECK(vipc_cap_id(child) != vipc_cap_id(s.his));
    CHECK_OK(vipc_revoke(&m.v[1], s.his, VIPC_NOW));
    CHECK(!mock_alive_cap(&m.v[1], child) && mock_alive_cap(&m.v[1], s.his));
    MOCK_END(&m);
}
TEST(d106_the_owner_is_the_process_that_made_it)
{
    begin(2, 4);
    vipc_cap_info info;
    CHECK_OK(vipc_cap_get(&m.v[1], s.his, &info));
    CHECK_EQ(info.owner.id, vipc_self(&m.v[0]).id);
    CHECK_EQ(info.holder.id, vipc_self(&m.v[1]).id);
    MOCK_END(&m);
}
TEST(d107_others_can_be_given_a_capability)
{
    begin(2, 4);
    CHECK_OK(mock_send(&m.v[1], s.his, 5));
    CHECK_EQ(mock_receive(&m.v[0], s.door), 5);
    MOCK_END(&m);
}
static void other_derives(mock *p, uint64_t self)
{
    vipc_cap out;
    (void)self;
    s.count++;
    s.said = vipc_revoke(&p->v[1], s.his, VIPC_NOW);            /* the lock is held: nothing waits for another lock meanwhile */
    CHECK(vipc_derive(&p->v[1], s.his, NULL, &out) != VIPC_OK);
    CHECK_OK(vipc_cap_require(&p->v[1], s.his, 0, 0));          /* the check takes no lock at all */
}
TEST(d109_there_is_one_lock_and_the_check_takes_none)           /* all schedules: explore lock */
{
    begin(2, 4);
    m.on_alloc = other_derives;
    CHECK_OK(mock_send(&m.v[0], s.door, 1));                    /* first use: frames are taken under the lock */
    CHECK_EQ(s.count, 1);
    CHECK_EQ(s.said, VIPC_ERR_RESOURCE_BUSY);
    m.stuck = 0;                                                /* the derive above slept for the lock and was called off: that is what was to be seen */
    MOCK_END(&m);
}
TEST(d110_a_process_has_its_share_and_no_more)
{
    vipc_config c = VIPC_INIT;
    vipc_cap out;
    c.objects_per_process = 2;
    memset(&s, 0, sizeof s);
    mock_open(&m, &c, 1, 8);
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &out));
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &out));
    CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);
    MOCK_END(&m);
}
TEST(d111_counters_count_what_they_say)
{
    begin(2, 4);
    vipc_cap made_up = { 77 }, found;
    uint32_t removed = 99;
    vipc before, child;
    (void)before;
    uint64_t failed = mock_stats(&m).checks_failed;
    CHECK_EQ(mock_send(&m.v[1], made_up, 1), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_stats(&m).checks_failed, failed + 1);
    CHECK_EQ(vipc_lookup(&m.v[1], "none", 0, &found, VIPC_NOW), VIPC_ERR_ENDPOINT_NOT_FOUND);
    CHECK_EQ(mock_stats(&m).lookups, 1);
    CHECK_EQ(mock_stats(&m).lookup_hits, 0);
    CHECK_OK(vipc_process_create(&m.v[0], NULL, &child, &made_up));
    CHECK_OK(vipc_endpoint_create(&child, NULL, &found));
    CHECK_OK(vipc_process_destroy(&m.v[0], made_up, &removed));
    CHECK_EQ(removed, 1);
    MOCK_END(&m);
}
TEST(d112_what_cannot_be_received_has_its_own_error)
{
    begin(3, 4);
    vipc_cap none = VIPC_INIT, weak = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_SEND);
    CHECK_EQ(mock_receive(&m.v[1], s.his), VIPC_ERR_CHANNEL_EMPTY);
    CHECK_EQ(mock_receive(&m.v[1], none), VIPC_ERR_INVALID_CAPABILITY);
    CHECK_EQ(mock_receive(&m.v[1], weak), VIPC_ERR_PERMISSION_DENIED);
    mock_leave_domain(&m, 2);
    CHECK_EQ(mock_receive(&m.v[2], s.his), VIPC_ERR_NOT_INITIALIZED);
    MOCK_END(&m);
}
TEST(d113_one_endpoint_is_one_object_however_it_is_reached)
{
    begin(3, 4);
    vipc_cap by_name;
    CHECK_OK(vipc_publish(&m.v[0], "door", s.door, 0));
    CHECK_OK(vipc_lookup(&m.v[2], "door", 0, &by_name, VIPC_NOW));
    CHECK_OK(mock_send(&m.v[2], by_name, 3));
    CHECK_EQ(mock_receive(&m.v[1], s.his), 3);
    MOCK_END(&m);
}
static void interrupts_and_sends(mock *p, uint64_t self) { (void)self; s.count++; s.said = mock_send(&p->v[2], s.other, 2); }
TEST(d114_a_sender_in_an_interrupt_waits_for_nobody)            /* it interrupts another's send between its steps; explore ring with stops */
{
    begin(2, 4);
    CHECK_OK(mock_send(&m.v[1], s.his, 0));
    mock_thread(&m, 0, 2);
    s.other = s.door;
    m.on_leave = interrupts_and_sends;
    CHECK_OK(mock_send(&m.v[1], s.his, 1));
    CHECK_EQ(s.count, 1);
    CHECK_OK(s.said);
    MOCK_END(&m);
}

TEST(e003_a_stale_token_removes_nothing)
{
    begin(2, 4);
    vipc_cap old = mock_derive(&m, 0, s.door, 0);
    CHECK_OK(vipc_close(&m.v[0], old));
    vipc_cap fresh = mock_derive(&m, 0, s.door, 0);            /* the same slot */
    CHECK_EQ(vipc_close(&m.v[0], old), VIPC_ERR_INVALID_CAPABILITY);
    CHECK(mock_alive_cap(&m.v[0], fresh));
    MOCK_END(&m);
}
TEST(e004_ids_far_apart_do_not_collide)
{
    begin(1, 4);
    uint64_t first = s.door.token & 0xffffff;
    for (int i = 0; i < 1000; i++) {
        vipc_cap c = mock_derive(&m, 0, s.door, 0);
        CHECK((c.token & 0xffffff) != first);
        if (i & 1) CHECK_OK(vipc_close(&m.v[0], c));
    }
    MOCK_END(&m);
}
TEST(e005_who_was_given_it_cannot_kill_the_givers)
{
    begin(3, 4);
    vipc_cap again = mock_grant(&m, 0, s.door, 1, 0), deeper = mock_grant(&m, 1, s.his, 2, 0);
    CHECK(again.token != s.his.token);                          /* twice is two */
    CHECK_OK(vipc_revoke(&m.v[1], s.his, VIPC_NOW));
    CHECK(mock_alive_cap(&m.v[0], s.door) && mock_alive_cap(&m.v[1], again) && !mock_alive_cap(&m.v[2], deeper));
    CHECK_OK(vipc_revoke(&m.v[0], s.door, VIPC_NOW));           /* cascades */
    CHECK(!mock_alive_cap(&m.v[1], again) && !mock_alive_cap(&m.v[1], s.his));
    MOCK_END(&m);
}
TEST(e006_a_deleted_id_comes_back_with_another_generation)
{
    begin(1, 4);
    vipc_cap old = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_destroy(&m.v[0], old, VIPC_NOW));
    vipc_cap fresh = mock_endpoint(&m, 0, 4);
    CHECK(fresh.token != old.token);
    CHECK_EQ(mock_send(&m.v[0], old, 1), VIPC_ERR_INVALID_CAPABILITY);
    MOCK_END(&m);
}
TEST(e007_the_share_counts_whatever_way_a_capability_came)
{
    vipc_config c = VIPC_INIT;
    vipc_cap out;
    c.capabilities_per_process = 2;
    memset(&s, 0, sizeof s);
    mock_open(&m, &c, 2, 8);
    s.door = mock_endpoint(&m, 0, 4);
    CHECK_OK(vipc_grant(&m.v[0], s.door, vipc_self(&m.v[1]), NULL, &out));
    CHECK_OK(vipc_grant(&m.v[0], s.door, vipc_self(&m.v[1]), NULL, &out));
    CHECK_EQ(vipc_grant(&m.v[0], s.door, vipc_self(&m.v[1]), NULL, &out), VIPC_ERR_LIMIT);
    MOCK_END(&m);
}
TEST(e008_all_of_the_rights_asked_for_are_needed)
{
    begin(2, 4);
    vipc_cap reader = mock_grant(&m, 0, s.door, 1, VIPC_RIGHT_READ);
    CHECK_OK(vipc_cap_require(&m.v[1], reader, 0, VIPC_RIGHT_READ));
    CHECK_EQ(vipc_cap_require(&m.v[1], reader, 0, VIPC_RIGHT_READ | VIPC_RIGHT_WRITE), VIPC_ERR_PERMISSION_DENIED);
    MOCK_END(&m);
}
TEST(e009_a_failed_create_leaks_nothing_and_revoke_needs_its_right)
{
    vipc_config c = VIPC_INIT;
    vipc_cap out, weak;
    c.max_capabilities = 2;
    c.max_objects = 8;
    memset(&s, 0, sizeof s);
    mock_open(&m, &c, 1, 8);
    s.door = mock_endpoint(&m, 0, 4);
    weak = mock_derive(&m, 0, s.door, VIPC_RIGHT_SEND);
    for (int i = 0; i < 100; i++) CHECK_EQ(vipc_endpoint_create(&m.v[0], NULL, &out), VIPC_ERR_LIMIT);   /* no object is left behind either */
    CHECK_EQ(vipc_revoke(&m.v[0], weak, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    CHECK_OK(vipc_close(&m.v[0], weak));
    CHECK_OK(vipc_endpoint_create(&m.v[0], NULL, &out));
    MOCK_END(&m);
}
static void other_sends_elsewhere(mock *p, uint64_t self)
{
    (void)self;
    s.count++;
    CHECK_OK(mock_send(&p->v[0], s.other, 9));                  /* for an endpoint that this sleeper does not wait at */
    CHECK_EQ(p->sleepers->woken, 0);
    p->asleep = other_sends;
}
TEST(e010_a_message_wakes_a_waiter_of_its_own_endpoint)
{
    begin(2, 4);
    s.other = mock_endpoint(&m, 0, 4);
    m.asleep = other_sends_elsewhere;
    CHECK_OK(receive_waiting(1, s.his));
    CHECK(mock_is(&s.got, 7));
    CHECK_EQ(s.count, 2);
    MOCK_END(&m);
}
static void wakes_the_second_thread(mock *p, uint64_t self)
{
    CHECK_EQ(self, 2);                                          /* it is the thread that sleeps, not its process's first */
    other_sends(p, self);
    CHECK_EQ(p->sleepers->woken, 1);
}
TEST(e011_the_thread_that_sleeps_is_the_one_that_wakes)
{
    begin(2, 4);
    mock_thread(&m, 1, 2);
    m.asleep = wakes_the_second_thread;
    CHECK_OK(receive_waiting(2, s.his));
    MOCK_END(&m);
}
TEST(e013_a_process_that_ends_takes_no_reference_along)
{
    begin(2, 4);
    vipc_process_info info;
    vipc_pid his = vipc_self(&m.v[1]);
    CHECK_OK(vipc_process_get(&m.v[0], his, &info));
    mock_leave_domain(&m, 1);
    CHECK_EQ(vipc_process_get(&m.v[0], his, &info), VIPC_ERR_PROCESS_NOT_FOUND);
    CHECK_OK(vipc_process_wait(&m.v[0], his, VIPC_NOW));
    MOCK_END(&m);
}
TEST(e014_a_domain_is_made_once_and_seen_whole_or_not_at_all)   /* no globals, no lazy state: the magic is stored last */
{
    vipc late;
    begin(1, 4);
    uint64_t magic;
    memcpy(&magic, m.memory, 8);
    memset(m.memory, 0, 8);
    CHECK_EQ(vipc_attach(&late, m.memory, m.size, NULL, NULL, &m.hooks), VIPC_ERR_NOT_INITIALIZED);
    memcpy(m.memory, &magic, 8);
    CHECK_OK(vipc_attach(&late, m.memory, m.size, NULL, NULL, &m.hooks));
    CHECK_OK(vipc_leave(&late));
    MOCK_END(&m);
}
RUN_TESTS(T(d071_capacity_holds_though_a_waiter_is_there), T(d072_lost_wakeup_between_look_and_sleep), T(d073_a_wake_before_the_sleep_is_not_lost),
    T(d074_waiters_are_woken_in_order_of_arrival), T(d075_a_woken_receiver_whose_message_was_stolen_waits_on),
    T(d076_a_spurious_wake_leaves_no_record_behind), T(d077_a_receiver_asleep_across_close_hears_closed), T(d078_no_send_succeeds_after_close),
    T(d080_a_send_waits_for_room), T(d081_the_receiver_knows_who_sent_it), T(d082_each_call_checks_its_right), T(d083_every_wait_has_a_deadline),
    T(d086_only_a_capability_opens_and_only_its_waiters_wake), T(d087_a_request_is_sent_and_can_be_answered),
    T(d088_flags_stay_whole_a_dead_peer_and_a_deadlock_are_told), T(d091_one_number_for_an_object),
    T(d094_no_pointer_into_the_tables_leaves_the_core), T(d097_only_a_right_to_delete_removes_an_endpoint), T(d098_destroy_ends_every_capability),
    T(d099_removal_wakes_who_waits), T(d100_a_made_up_capability_with_more_rights_fails), T(d101_create_enters_the_capability_where_the_check_looks),
    T(d102_a_dead_or_invented_process_passes_nothing), T(d103_revoke_holds_for_every_copy), T(d104_nothing_derived_exceeds_its_parent),
    T(d105_a_derived_capability_has_an_id_of_its_own), T(d106_the_owner_is_the_process_that_made_it), T(d107_others_can_be_given_a_capability),
    T(d109_there_is_one_lock_and_the_check_takes_none), T(d110_a_process_has_its_share_and_no_more), T(d111_counters_count_what_they_say),
    T(d112_what_cannot_be_received_has_its_own_error), T(d113_one_endpoint_is_one_object_however_it_is_reached),
    T(d114_a_sender_in_an_interrupt_waits_for_nobody), T(e003_a_stale_token_removes_nothing), T(e004_ids_far_apart_do_not_collide),
    T(e005_who_was_given_it_cannot_kill_the_givers), T(e006_a_deleted_id_comes_back_with_another_generation),
    T(e007_the_share_counts_whatever_way_a_capability_came), T(e008_all_of_the_rights_asked_for_are_needed),
    T(e009_a_failed_create_leaks_nothing_and_revoke_needs_its_right), T(e010_a_message_wakes_a_waiter_of_its_own_endpoint),
    T(e011_the_thread_that_sleeps_is_the_one_that_wakes), T(e013_a_process_that_ends_takes_no_reference_along),
    T(e014_a_domain_is_made_once_and_seen_whole_or_not_at_all))
