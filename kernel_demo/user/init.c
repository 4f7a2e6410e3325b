/* init.c - the first process: plays the demo, then the tests, and switches the machine off with their sums.  It is more urgent than all others, so what it
 * starts runs when it waits. */
#include "parent.h"

static unsigned long passed, failed;

static int check(int good, const char *name)
{
    if (good) passed++;
    else failed++;
    printf("%s %s\n", good ? "ok  " : "FAIL", name);
    return good;
}
#include "attacked.h"
#include "dump.h"

enum { NOWHERE = STATUS_MEMORY - VIPC_ERR_FAULT, GUARD = STATUS_MEMORY - VIPC_ERR_GUARD_PAGE, DENIED = STATUS_MEMORY - VIPC_ERR_PERMISSION_DENIED };      /* ends of some */

/* ---- the demo: the programs of examples/ ---- */
static void demo(void)
{
    struct child server = start("rpc_server", ""), client[3];
    for (int i = 0; i < 3; i++) client[i] = start("rpc_client", "300 100");
    int right = 1;
    for (int i = 0; i < 3; i++) right = right && ended(client[i]) == 0;
    check(right, "rpc_clients_and_a_server_found_by_name");
    for (int i = 0; i < 3; i++) client[i] = start("rpc_client", "3000 1000");
    sleep_until(in(40));
    check(kill(server) == VIPC_OK && ended(server) == STATUS_KILLED, "rpc_server_is_killed_in_the_middle");
    server = start("rpc_server", "");
    right = 1;
    for (int i = 0; i < 3; i++) right = right && ended(client[i]) == 0;
    check(right, "rpc_clients_go_on_with_the_next_server");
    check(kill(server) == VIPC_OK, "rpc_server_ends");
}

/* ---- death ---- */
static void server_dies(void)
{
    struct child server = start("probe", "hold held 3"), client[3];
    int good = 1;
    for (int i = 0; i < 3; i++) client[i] = start("probe", "call held");
    for (int i = 0; i < 3; i++) good = has_reported('h', NULL) && good;
    check(good, "a_server_has_three_calls_in_hand");
    good = kill(server) == VIPC_OK;
    for (int i = 0; i < 3; i++) good = ended(client[i]) == -VIPC_ERR_PEER_DEAD && good;
    check(good, "killed_server_its_callers_are_told_peer_dead");

    server = start("probe", "hold crashing 2 1");
    for (int i = 0; i < 2; i++) client[i] = start("probe", "call crashing");
    good = has_reported('h', NULL) && has_reported('h', NULL) && ended(server) == STATUS_MEMORY - VIPC_ERR_FAULT;
    for (int i = 0; i < 2; i++) good = ended(client[i]) == -VIPC_ERR_PEER_DEAD && good;
    check(good, "crashing_server_its_callers_are_told_peer_dead");

    server = start("probe", "serve queued");
    vipc_cap to;
    good = vipc_lookup(&ipc, "queued", 0, &to, in(1000)) == VIPC_OK && kill(server) == VIPC_OK;
    uint64_t sum;
    vipc_error e = ask(&ipc, to, 1, &sum, in(1000));
    check(good && (e == VIPC_ERR_INVALID_CAPABILITY || e == VIPC_ERR_PEER_DEAD), "a_call_after_the_server's_end_fails_at_once");
}
static void server_is_silent(void)
{
    struct child server = start("probe", "hold silent 3 0");
    vipc_cap to;
    uint64_t sum;
    vipc_time before = vipc_time_now(&ipc);
    vipc_error e = vipc_lookup(&ipc, "silent", 0, &to, in(1000));
    if (e == VIPC_OK) e = ask(&ipc, to, 1, &sum, in(30));
    vipc_time took = vipc_time_now(&ipc) - before;
    check(e == VIPC_ERR_TIMEOUT && took >= MILLISECONDS(30) && took < MILLISECONDS(10000) && has_reported('h', NULL), "a_server_that_never_replies_and_a_deadline");
    check(run("probe", "call silent 20") == -VIPC_ERR_TIMEOUT && has_reported('h', NULL), "another_process's_call_to_it_ends_too");
    check(kill(server) == VIPC_OK, "the_silent_server_ends");
}
static void client_dies(void)
{
    struct child server = start("probe", "hold waiting 1 2"), client = start("probe", "call waiting");
    vipc_cap to;
    vipc_message m = VIPC_INIT;
    int good = has_reported('h', NULL) && kill(client) == VIPC_OK;
    good = good && vipc_lookup(&ipc, "waiting", 0, &to, in(1000)) == VIPC_OK && vipc_send(&ipc, to, &m, in(1000)) == VIPC_OK;
    check(good && ended(server) == -VIPC_ERR_CANCELLED, "a_client_is_killed_while_it_waits_for_its_reply");
}
/* Killed in each kind of wait, and in each kind of doing: nothing stays behind. */
static void killed_while(void)
{
    static const char *const what[] = { "wait receive", "wait receive_large", "wait send", "wait acknowledged", "wait notification", "wait lookup", "wait process", "wait sleep",
                                        "wait any", "wait spin", "wait system_calls", "wait locks", "wait messages", "wait faults", "wait forks", "wait regions",
                                        "wait objects" };
    uint32_t violations = 1;
    vipc_cap unread;
    check(vipc_endpoint_create(&ipc, NULL, &unread) == VIPC_OK && vipc_publish(&ipc, "unread", unread, VIPC_RIGHT_SEND) == VIPC_OK, "an_endpoint_that_nobody_reads");
    for (unsigned i = 0; i < sizeof what / sizeof what[0]; i++) {
        struct child c = start("probe", what[i]);
        char name[64] = "killed_in_";
        int good = has_reported('w', NULL);
        sleep_until(in(3));
        good = good && kill(c) == VIPC_OK && ended(c) == STATUS_KILLED;
        (void)vipc_object_unlink(&ipc, NOISE);               /* it may have been about to */
        good = good && vipc_check(&ipc, &violations) == VIPC_OK && violations == 0;
        memcpy(name + 10, what[i] + 5, 30);
        if (!check(good, name)) printf("init: %u violations\n", violations);
    }
    check(vipc_destroy(&ipc, unread, in(1000)) == VIPC_OK, "it_ends");
}

/* ---- faults ---- */
static void faults(void)
{
    /* or: what another processor, or QEMU, makes of it */
    enum { E = STATUS_FAULT };
    const uint64_t executed = machine().nx ? DENIED : 200;   /* without no-execute data is code */
    const struct { const char *how; uint64_t status, or; } all[] = {
        { "null_write", NOWHERE, NOWHERE }, { "null_read", NOWHERE, NOWHERE }, { "divide", E, E }, { "opcode", E + 6, E + 6 }, { "breakpoint", E + 3, E + 3 }, { "debug", E + 1, E + 6 },
        { "halt", E + 13, E + 13 }, { "cli", E + 13, E + 13 }, { "port", E + 13, E + 13 }, { "cr3", E + 13, E + 13 }, { "msr", E + 13, E + 13 }, { "timer_vector", E + 13, E + 13 },
        { "nmi_vector", E + 13, E + 13 }, { "double_fault_vector", E + 13, E + 13 }, { "swapgs", E + 13, E + 13 }, { "sysret", E + 13, E + 13 }, { "kernel_read", NOWHERE, NOWHERE },
        { "direct_map_read", NOWHERE, NOWHERE }, { "kernel_jump", NOWHERE, NOWHERE }, { "strange_read", E + 13, E + 13 }, { "strange_jump", E + 13, E + 13 },
        { "strange_return", E + 13, E + 13 }, { "strange_stack", E + 12, E + 13 }, { "last_page", NOWHERE, NOWHERE }, { "stack_overflow", GUARD, GUARD }, { "data_jump", executed, executed },
        { "stack_jump", executed, executed }, { "text_write", DENIED, DENIED }, { "constant_write", DENIED, DENIED }, { "avx", E + 6, E + 6 },
    };
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        char arguments[64] = "fault ", name[64] = "fault_ends_its_process_alone_";
        size_t n = 0;
        while (all[i].how[n]) n++;
        memcpy(arguments + 6, all[i].how, n + 1);
        memcpy(name + 29, all[i].how, n + 1);
        uint64_t status = run("probe", arguments);
        if (!check(status == all[i].status || status == all[i].or, name)) printf("init: status %lx\n", (unsigned long)status);
    }
}

/* ---- memory: each program by itself, and all of its frames come back ---- */
struct play { const char *what, *name; uint64_t status; };
static void play(const char *program, const struct play *all, unsigned count)
{
    uint32_t violations = 1;
    (void)SYS3(SYS_CONTROL, CONTROL_TELL, 1, 0);
    for (unsigned i = 0; i < count; i++) {
        (void)alone(1);
        (void)vipc_trim(&ipc, NULL);
        uint64_t before = machine().frames_free, status = run(program, all[i].what);
        (void)alone(1);
        (void)vipc_trim(&ipc, NULL);
        uint64_t after = machine().frames_free;
        vipc_error e = vipc_check(&ipc, &violations);
        if (!check(status == all[i].status && before == after && e == VIPC_OK && violations == 0, all[i].name))
            printf("init: status %lx; %lu frames before, %lu after; %u violations\n", (unsigned long)status, (unsigned long)before, (unsigned long)after, violations);
    }
    (void)SYS3(SYS_CONTROL, CONTROL_TELL, 0, 0);
}
static void memory(void)
{
    const struct play all[] = {
        { "heap", "heap_is_zero_until_written_and_costs_what_is_touched", 0 }, { "stack", "stacks_grow_as_they_are_touched", 0 }, { "map", "mapping_over_and_unmapping", 0 },
        { "protect", "protection_is_in_force_at_once_and_never_both_writable_and_executable", 0 }, { "calls", "system_calls_bring_pages_of_the_user's_in", 0 },
        { "fork", "fork_each_sees_its_own_and_every_page_is_copied_once", 0 }, { "fork_calls", "fork_and_a_system_call_that_writes_to_a_shared_page", 0 },
        { "fork_capabilities", "fork_gives_the_capabilities_that_are_named_and_no_others", 0 }, { "fork_fpu", "fork_copies_fpu_registers", 0 }, { "storm", "fork_storm", 0 },
        { "scarcity", "no_frames_left_is_an_error", 0 }, { "end frames", "no_frames_left_for_a_fault_ends_the_process", STATUS_MEMORY - VIPC_ERR_OUT_OF_MEMORY },
        { "end guard", "guard_page_of_the_first_stack", GUARD }, { "end overflow", "guard_page_at_the_end_of_a_recursion", GUARD }, { "end own_guard", "guard_page_of_another_stack", GUARD },
        { "end below_guard", "below_the_guard_page", NOWHERE }, { "end read_only", "write_to_what_is_read_only", DENIED }, { "end made_read_only", "write_to_what_was_made_read_only", DENIED },
        { "end no_access", "read_of_what_has_no_access", DENIED }, { "end execute", "execute_what_is_writable", machine().nx ? DENIED : 42 },
        { "end unmapped", "read_of_what_was_unmapped", NOWHERE }, { "end past_break", "write_past_the_break", NOWHERE }, { "end own_code", "who_unmaps_his_own_code", NOWHERE },
    };
    play("pages", all, sizeof all / sizeof *all);
}
static void shared(void)
{
    const struct play all[] = {
        { "share", "region_shared_by_three_who_see_and_write_what_they_may", 0 }, { "move", "region_moved_and_its_giver_faults", 0 },
        { "copy", "region_copied_on_write_in_both_directions", 0 },
        { "message", "region_in_a_message", 0 }, { "object", "object_opened_by_name_and_truncated_under_both", 0 }, { "seal", "sealed_is_never_written_again", 0 },
        { "exit", "region_outlives_its_owner", 0 }, { "zero", "frames_handed_on_are_zero_and_out_of_reach", 0 }, { "fork", "region_and_fork", 0 },
        { "calls", "system_calls_into_a_region", 0 }, { "scarcity", "region_limits_and_no_frames_left", 0 },
        { "end read_only", "region_write_to_what_is_read_only", DENIED }, { "end execute", "region_execute_what_is_writable", machine().nx ? DENIED : 42 },
        { "end unmapped", "region_read_after_unmap", NOWHERE }, { "end destroyed", "region_read_after_destroy", NOWHERE },
        { "end behind", "region_read_behind_its_end", NOWHERE },
        { "end cut_off", "object_write_to_what_was_cut_off", NOWHERE },
    };
    play("shared", all, sizeof all / sizeof *all);
    check(run("shared", "leave") == 0 && run("shared", "pick_up") == 0, "object_left_under_its_name");
}
static void numa(void)
{
    const struct play all[] = { { "each", "regions_on_each_node_are_charged_to_it", 0 }, { "refused", "nodes_that_there_are_not", 0 }, { "full", "nodes_that_run_out_one_by_one", 0 } };
    play("nodes", all, sizeof all / sizeof *all);
}

/* ---- registers, flags, FPU ---- */
static void registers(void)
{
    check(run("probe", "registers") == 0, "registers_hold_nothing_of_the_kernel_after_any_call");
    check(run("probe", "flags 40000") == 0, "flag_ac_at_a_system_call");
    check(run("probe", "flags 400") == 0, "flag_df_at_a_system_call");
    check(run("probe", "flags 4000") == 0, "flag_nt_at_a_system_call");
    check(run("probe", "flags 44400") == 0, "flags_ac_df_nt_together");
    check(run("probe", "opened") == 0, "flag_ac_at_faults_and_interrupts");
    check(run("probe", "trap_flag") == STATUS_FAULT + 1, "flag_tf_at_a_system_call_ends_the_process");
}
static void segments(void)
{
    struct child one = start("probe", "leave_selectors"), other = start("probe", "meet_selectors");
    uint64_t a = ended(one), b = ended(other);
    check(a == 0 && b == 0, "segment_registers_of_others_are_never_seen");
}
static void fpu(void)
{
    struct child holder[3];
    holder[0] = start("probe", "fpu 17 40000");
    holder[1] = start("probe", "fpu 34 40000");
    holder[2] = start("probe", "fpu 51 40000");
    int clean = 1;
    for (int i = 0; i < 4; i++) { sleep_until(in(2)); clean = run("probe", "fpu_clean") == 0 && clean; }
    check(clean, "fpu_registers_of_a_new_process_are_clean");
    int good = 1;
    for (int i = 0; i < 3; i++) good = ended(holder[i]) == 0 && good;
    check(good, "fpu_registers_of_others_are_never_seen");
}

/* ---- messages between processes ---- */
static void capabilities(void)
{
    struct child server = start("probe", "serve granted");
    vipc_cap to, child, narrow;
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap_info info;
    uint64_t sum;
    int good = vipc_lookup(&ipc, "granted", VIPC_RIGHT_SEND, &to, in(1000)) == VIPC_OK && vipc_derive(&ipc, to, NULL, &child) == VIPC_OK;
    good = good && ask(&ipc, child, 5, &sum, in(1000)) == VIPC_OK && sum == 11;
    check(good, "a_derived_capability_calls");
    check(vipc_cap_get(&ipc, to, &info) == VIPC_OK && info.rights == VIPC_RIGHT_SEND && info.owner.id == server.pid.id, "a_capability_says_whose_it_is");
    vipc_message m;
    check(vipc_receive(&ipc, to, &m, NULL, VIPC_NOW) == VIPC_ERR_PERMISSION_DENIED, "a_sender_may_not_receive");
    d.rights = VIPC_RIGHT_ALL;
    check(vipc_derive(&ipc, to, &d, &narrow) == VIPC_ERR_PERMISSION_DENIED, "nobody_derives_more_rights");
    check(vipc_publish(&ipc, "granted", reports, VIPC_RIGHT_SEND) == VIPC_ERR_EXISTS, "a_name_that_is_taken");
    d.rights = VIPC_RIGHT_READ;
    check(vipc_derive(&ipc, server.cap, &d, &narrow) == VIPC_OK && vipc_destroy(&ipc, narrow, in(100)) == VIPC_ERR_PERMISSION_DENIED && ask(&ipc, to, 5, &sum, in(1000)) == VIPC_OK,
          "nobody_ends_a_process_without_the_right");
    check(kill(server) == VIPC_OK && vipc_publish(&ipc, "granted", reports, VIPC_RIGHT_SEND) == VIPC_OK && vipc_unpublish(&ipc, "granted") == VIPC_OK, "a_dead_process's_name_is_free");

    vipc_cap own;
    good = vipc_endpoint_create(&ipc, NULL, &own) == VIPC_OK && vipc_publish(&ipc, "mine", own, VIPC_RIGHT_SEND) == VIPC_OK;
    struct child caller = start("probe", "call mine");
    vipc_info from = VIPC_INIT;
    good = good && vipc_receive(&ipc, own, &m, &from, in(1000)) == VIPC_OK && from.sender.id == caller.pid.id;
    check(good && vipc_revoke(&ipc, own, in(1000)) == VIPC_OK && vipc_reply_drop(&ipc, from.reply, VIPC_ERR_RATE_LIMIT) == VIPC_OK && ended(caller) == -VIPC_ERR_RATE_LIMIT,
          "a_call_under_way_outlives_the_revoke_and_is_refused_as_said");
    check(vipc_destroy(&ipc, own, in(1000)) == VIPC_OK && vipc_send(&ipc, own, &m, VIPC_NOW) == VIPC_ERR_INVALID_CAPABILITY, "a_destroyed_endpoint");
}
static void payloads(void)
{
    static unsigned char data[70000], back[70000];
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_outgoing out = VIPC_INIT;
    vipc_incoming into = VIPC_INIT;
    vipc_message many[40], got[40];
    uint32_t sent = 0, count = 0, total = 0;
    vipc_cap large, small;
    d.payload_max = sizeof data;
    d.capacity = 4;
    d.label = "a label of more than thirty-one bytes, which is cut";
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * 7 + (i >> 8));
    int good = vipc_endpoint_create(&ipc, &d, &large) == VIPC_OK && vipc_endpoint_create(&ipc, NULL, &small) == VIPC_OK;
    out.payload = data;
    out.payload_size = sizeof data;
    into.payload = back;
    into.payload_capacity = 100;
    good = good && vipc_send_large(&ipc, large, &out, VIPC_NOW) == VIPC_OK;
    good = good && vipc_receive_large(&ipc, large, &into, VIPC_NOW) == VIPC_ERR_MESSAGE_TOO_LARGE && into.info.payload_size == sizeof data;
    into.payload_capacity = sizeof back;
    good = good && vipc_receive_large(&ipc, large, &into, VIPC_NOW) == VIPC_OK && memcmp(data, back, sizeof data) == 0 && into.payload == back;
    check(good, "a_payload_of_70000_bytes");
    struct child server = start("probe", "serve_large mirror");
    vipc_cap to;
    vipc_cap_info gift;
    out.payload_size = 33333;
    memset(back, 0, sizeof back);
    good = vipc_lookup(&ipc, "mirror", 0, &to, in(1000)) == VIPC_OK && vipc_call_large(&ipc, to, &out, &into, in(1000)) == VIPC_OK && into.info.payload_size == 33333;
    for (size_t i = 0; i < 33333; i++) good = good && back[i] == data[33332 - i];
    check(good && into.info.cap_count == 1 && vipc_cap_get(&ipc, into.caps[0], &gift) == VIPC_OK && gift.owner.id == server.pid.id, "a_call_with_payloads_and_a_capability");
    check(kill(server) == VIPC_OK, "its_server_ends");
    memset(many, 0, sizeof many);
    for (uint32_t i = 0; i < 40; i++) many[i].data[0] = i;
    while (total < 40 && vipc_send_many(&ipc, small, many + total, 40 - total, &sent, in(1000)) == VIPC_OK) total += sent;
    good = total == 40;
    for (total = 0; total < 40 && vipc_receive_many(&ipc, small, got + total, NULL, 40 - total, &count, in(1000)) == VIPC_OK;) total += count;
    for (uint32_t i = 0; i < 40; i++) good = good && got[i].data[0] == i;
    check(good && total == 40, "batches_in_order");
    check(vipc_destroy(&ipc, large, in(100)) == VIPC_OK && vipc_close(&ipc, small) == VIPC_OK, "the_queues_end");
}
static void waiting(void)
{
    vipc_cap note = { 0 }, a = { 0 }, b = { 0 }, set = { 0 };
    uint64_t bits = 0;
    uint32_t count = 0;
    vipc_message m = VIPC_INIT;
    vipc_wait_item ready[4];
    struct child c = start("probe", "wait sleep");
    int good = has_reported('w', NULL) && vipc_notification_create(&ipc, "deaths", &note) == VIPC_OK && vipc_process_watch(&ipc, c.pid, note, 4) == VIPC_OK;
    check(good && kill(c) == VIPC_OK && vipc_notification_wait(&ipc, note, 6, &bits, in(1000)) == VIPC_OK && bits == 4, "a_watch_tells_of_a_death");
    good = vipc_channel_create(&ipc, NULL, &a, &b) == VIPC_OK && vipc_wait_set_create(&ipc, 4, "set", &set) == VIPC_OK;
    vipc_wait_item one = { b, 0, VIPC_OK, 77 };
    good = good && vipc_wait_set_add(&ipc, set, &one) == VIPC_OK && vipc_wait_set_wait(&ipc, set, ready, 4, &count, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK;
    good = good && vipc_send(&ipc, a, &m, VIPC_NOW) == VIPC_OK && vipc_wait_set_wait(&ipc, set, ready, 4, &count, in(1000)) == VIPC_OK && count == 1 && ready[0].key == 77;
    check(good, "a_wait_set_and_a_channel");
    vipc_wait_item items[2] = { { note, 0, VIPC_OK, 1 }, { b, 0, VIPC_OK, 2 } };
    good = vipc_wait_any(&ipc, items, 2, in(1000)) == VIPC_OK && items[0].ready == VIPC_ERR_WOULD_BLOCK && items[1].ready == VIPC_OK;
    check(good, "one_wait_for_two_things");
    good = vipc_cancel(&ipc) == VIPC_OK && vipc_receive(&ipc, a, &m, NULL, in(1000)) == VIPC_ERR_CANCELLED;
    check(good, "a_wait_is_cancelled");
    check(vipc_close(&ipc, set) == VIPC_OK && vipc_close(&ipc, a) == VIPC_OK && vipc_close(&ipc, b) == VIPC_OK && vipc_close(&ipc, note) == VIPC_OK, "all_of_them_end");
}

/* ---- messages in registers ---- */
static void fast(void)
{
    struct machine_info before, after;
    (void)run_on(0);                         /* the fast way is one CPU's */
    struct child server = start("probe", "serve quick");
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    int good = run("probe", "calls quick 2000") == 0;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    unsigned long calls = (unsigned long)(after.fast_calls - before.fast_calls), replies = (unsigned long)(after.fast_replies - before.fast_replies);
    printf("init: of 2000 calls %lu went the fast way, and %lu replies\n", calls, replies);
    check(good && calls > 1500 && replies > 1500, "calls_go_the_fast_way");
    check(run("probe", "calls_registers quick 500") == 0, "registers_after_a_call_in_registers");
    check(run("probe", "calls_in_memory quick 500") == 0, "calls_in_memory_meet_a_parked_server");
    struct child spinner = start("probe", "wait spin");
    good = has_reported('w', NULL);
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    good = run("probe", "calls_in_memory quick 300") == 0 && good;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    check(good && after.handed_over - before.handed_over > 400, "a_slow_call_hands_over_directly_beside_a_busy_process");    /* both ways; but where a slice ends */
    check(kill(spinner) == VIPC_OK && kill(server) == VIPC_OK, "both_end");

    /* This process wakes another of its priority and then calls one of a lower: the other's turn comes first, although the fast way leads straight to the server. */
    struct child clock = start("probe", "serve_clock clock"), other = start_at("probe", "tell_the_time bell", HIGH);
    vipc_cap to_clock, to_bell;
    vipc_message m = VIPC_INIT;
    uint64_t served = 0, told = 0;
    good = has_reported('b', NULL) && vipc_lookup(&ipc, "clock", 0, &to_clock, in(1000)) == VIPC_OK && vipc_lookup(&ipc, "bell", 0, &to_bell, in(1000)) == VIPC_OK;
    for (int i = 0; i < 5; i++) good = good && ask(&ipc, to_clock, 1, &served, in(1000)) == VIPC_OK;      /* from here on the fast way is open */
    good = good && vipc_send(&ipc, to_bell, &m, in(1000)) == VIPC_OK && ask(&ipc, to_clock, 1, &served, in(1000)) == VIPC_OK;
    check(good && has_reported('t', &told) && told < served, "a_fast_call_passes_nobody_by_who_is_more_urgent");
    check(kill(clock) == VIPC_OK && ended(other) == 0, "these_two_end");

    server = start("probe", "serve_then_hold late 10");
    good = vipc_lookup(&ipc, "late", 0, &to_clock, in(1000)) == VIPC_OK;
    for (int i = 0; i < 10; i++) good = good && ask(&ipc, to_clock, 1, &served, in(10000)) == VIPC_OK;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    good = good && ask(&ipc, to_clock, 1, &served, in(20)) == VIPC_ERR_TIMEOUT;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    check(good && after.fast_calls > before.fast_calls, "a_deadline_ends_a_call_that_went_the_fast_way");
    check(kill(server) == VIPC_OK, "its_server_ends_too");

    server = start("probe", "fpu_serve floating");
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    good = run("probe", "fpu_call floating 500") == 0;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    check(good && after.fast_calls - before.fast_calls > 300, "fpu_registers_over_the_fast_way");
    check(kill(server) == VIPC_OK, "the_floating_server_ends");
    (void)run_on(WHEREVER);
}

/* ---- the scheduler ---- */
static void scheduling(void)
{
    struct child spinner[3];
    int good = 1;
    (void)run_on(0);
    for (int i = 0; i < 3; i++) { spinner[i] = start("probe", "wait spin"); good = has_reported('w', NULL) && good; }
    check(good, "processes_of_one_priority_take_turns");
    vipc_time best = VIPC_FOREVER;           /* of all: the machine that this one is emulated on may be busy too */
    for (int i = 0; i < 20; i++) {
        vipc_time until = in(2);
        sleep_until(until);
        vipc_time late = vipc_time_now(&ipc) - until;
        if (late < best) best = late;
    }
    check(best < MILLISECONDS(2), "an_urgent_process_does_not_wait_for_busy_ones");
    struct child server = start("probe", "serve busy");
    vipc_cap to;
    uint64_t sum = 0;
    good = vipc_lookup(&ipc, "busy", 0, &to, in(5000)) == VIPC_OK && ask(&ipc, to, 3, &sum, in(5000)) == VIPC_OK && sum == 7;
    check(good, "a_call_is_served_beside_busy_processes");
    for (int i = 0; i < 3; i++) good = kill(spinner[i]) == VIPC_OK && good;
    check(kill(server) == VIPC_OK && good, "busy_processes_are_killed");
    check(run_on(63) == VIPC_ERR_INVALID_ARGUMENT && run_on(WHEREVER) == 0, "there_is_no_such_cpu");
}
/* Calls while the timer strikes every so many microseconds: over the periods it strikes at every place. */
static void preemption(void)
{
    static const uint16_t periods[] = { 20, 23, 29, 31, 37, 41, 47, 53, 67, 79, 97, 131, 173, 251, 389, 1000 };
    unsigned long wrong = 0;
    uint64_t calls = 0;
    struct machine_info before, after;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    struct child server = start("probe", "serve preempted"), client[4], noise = start("probe", "wait locks"), memories = start("probe", "wait faults"), forks = start("probe", "wait forks");
    struct child regions = start("probe", "wait regions"), objects = start("probe", "wait objects");
    for (int i = 0; i < 5; i++) (void)has_reported('w', NULL);
    for (unsigned i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        (void)SYS3(SYS_CONTROL, CONTROL_TIMER, periods[i], 0);
        for (int c = 0; c < 4; c++) client[c] = start("probe", c == 0 ? "calls_in_memory preempted 500" : c == 1 ? "calls_registers preempted 500" : "calls preempted 500");
        for (int c = 0; c < 4; c++) {
            wrong += ended(client[c]) != 0;
            calls += 500;
        }
    }
    (void)SYS3(SYS_CONTROL, CONTROL_TIMER, 1000, 0);
    printf("init: %lu calls under %lu timer periods from %u to %u microseconds, %lu clients wrong\n", (unsigned long)calls, sizeof periods / sizeof periods[0], periods[0],
           periods[sizeof periods / sizeof periods[0] - 1], wrong);
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    printf("init: %lu of them the fast way, %lu by a step; %lu times the timer took the CPU from the kernel itself\n", (unsigned long)(after.fast_calls - before.fast_calls),
           (unsigned long)(after.slow - before.slow), (unsigned long)(after.preempted - before.preempted));
    check(wrong == 0, "calls_under_preemption");
    check(after.preempted - before.preempted > 20, "the_kernel_itself_was_preempted");
    check(kill(noise) == VIPC_OK && kill(memories) == VIPC_OK && kill(forks) == VIPC_OK &&
          kill(regions) == VIPC_OK && kill(objects) == VIPC_OK && kill(server) == VIPC_OK, "the_preempted_end");
    (void)vipc_object_unlink(&ipc, NOISE);
}
static void limits(void)
{
    struct child c[64], one = { { 0 }, { 0 } };
    int n = 0, good = 1;
    vipc_error e = VIPC_OK;
    while (n < 64 && (e = spawn("probe", "wait sleep", LOW, &c[n].cap, &c[n].pid)) == VIPC_OK) n++;
    check(n > 20 && n < 64 && (e == VIPC_ERR_LIMIT || e == VIPC_ERR_OUT_OF_MEMORY), "too_many_processes_are_refused");
    for (int i = 0; i < n; i++) good = has_reported('w', NULL) && good;
    for (int i = 0; i < n; i++) good = kill(c[i]) == VIPC_OK && good;
    check(good, "all_of_them_are_killed");
    check(spawn("no such program", "", LOW, &one.cap, &one.pid) == VIPC_ERR_NOT_FOUND, "a_program_that_is_not_there");
    check(run("probe", "exit 42") == 42, "an_exit_code");
    struct child early = start("probe", "exit 77");
    for (int i = 0; i < 70; i++) good = run("probe", "exit 0") == 0 && good;
    check(good && ended(early) == 77, "a_status_is_kept_until_it_is_asked_for_while_others_end");
}

/* What the first process may ask of the machine; and that its own addresses, too, are looked at. */
static void control(void)
{
    static struct lines all;
    static const uint64_t others[] = { 0xffffffff80100000ull, 0xffff800000100000ull, 0x00007fffffffefffull, ~0ull - 8 };
    int good = 1, kernel = 0, here = 0;
    unsigned processes = 0, programs = 0;
    struct machine_process p;
    struct machine_program program;
    vipc_cap endpoint, bell;
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++) {
        for (uint64_t what = CONTROL_PROCESS; what <= CONTROL_DUMP; what++) good = good && SYS3(SYS_CONTROL, what, others[i], 0) == VIPC_ERR_FAULT;
        good = good && SYS2(SYS_CONTROL, CONTROL_INFO, others[i]) == VIPC_ERR_FAULT && SYS3(SYS_CONTROL, CONTROL_WRITE, others[i], 16) == VIPC_ERR_FAULT;
    }
    check(good && SYS3(SYS_CONTROL, CONTROL_DUMP, 0, 0) == VIPC_ERR_INVALID_ARGUMENT, "control_touches_what_is_the_caller's");
    for (uint64_t i = 0; SYS3(SYS_CONTROL, CONTROL_PROCESS, &p, i) == VIPC_OK; i++) {
        processes += p.pid != 0;
        here += p.pid == vipc_self(&ipc).id && p.state == MACHINE_RUNNING && strcmp(p.name, "init") == 0;
    }
    check(here == 1 && processes == machine().processes && SYS3(SYS_CONTROL, CONTROL_PROCESS, &p, ~0ull) == VIPC_ERR_NOT_FOUND, "control_tells_of_processes");
    while (SYS3(SYS_CONTROL, CONTROL_PROGRAM, &program, programs) == VIPC_OK && program.bytes) programs++;
    check(programs > 5 && SYS3(SYS_CONTROL, CONTROL_PROGRAM, &program, ~0ull) == VIPC_ERR_NOT_FOUND, "control_tells_of_programs");
    processes = 0;
    for (const char *line; (line = next_line(&all)) != NULL;)
        if (begins_with(line, "process ")) { processes++; kernel += begins_with(line, "process 1 \"kernel\""); }
    check(kernel == 1 && processes == machine().processes + 1 && all.next > processes && SYS3(SYS_CONTROL, CONTROL_DUMP, &all.piece, ~0ull) == VIPC_OK && all.piece.lines == 0, "control_dumps_the_domain_in_pieces");
    good = 1;
    for (uint64_t i = 0; i < 70000; i++) good = good && (i == 0 || i == 5 || SYS2(SYS_CONTROL, CONTROL_REGISTER, i) == VIPC_ERR_INVALID_ARGUMENT);
    check(good && SYS2(SYS_CONTROL, CONTROL_REGISTER, 5) >= 0, "control_reads_two_registers_and_no_other");
    good = vipc_endpoint_create(&ipc, NULL, &endpoint) == VIPC_OK && vipc_notification_create(&ipc, NULL, &bell) == VIPC_OK;
    good = good && SYS3(SYS_CONTROL, CONTROL_BIND, endpoint.token, 1) == VIPC_ERR_PERMISSION_DENIED && SYS3(SYS_CONTROL, CONTROL_BIND, bell.token, 0) == VIPC_ERR_INVALID_ARGUMENT;
    good = good && SYS3(SYS_CONTROL, CONTROL_BIND, bell.token, 1) == VIPC_OK && SYS3(SYS_CONTROL, CONTROL_BIND, bell.token, 1) == VIPC_ERR_EXISTS;
    check(good && vipc_close(&ipc, endpoint) == VIPC_OK && vipc_close(&ipc, bell) == VIPC_OK, "control_binds_one_notification");
    struct child c = start_at("probe", "control", LOW | SPAWN_CONTROL);
    check(ended(c) == 0 && run("probe", "control none") == 0, "control_of_one_who_was_given_it");
}

int main(void)
{
    struct machine_info before, after;
    memset(&before, 0, sizeof before);
    uint32_t violations = 1;
    vipc_stats stats;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 1;
    if (open_reports() != VIPC_OK) return 2;
    check(run("probe", "wait nothing") == 0 && has_reported('w', NULL), "a_process_comes_and_goes");
    (void)vipc_trim(&ipc, NULL);
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &before);
    demo();
    server_dies();
    server_is_silent();
    client_dies();
    killed_while();
    faults();
    memory();
    shared();
    numa();
    registers();
    segments();
    fpu();
    capabilities();
    payloads();
    waiting();
    fast();
    scheduling();
    limits();
    attack();
    control();
    preemption();
    check(alone(1), "all_processes_have_ended");
    check(vipc_trim(&ipc, NULL) == VIPC_OK && vipc_check(&ipc, &violations) == VIPC_OK && violations == 0, "the_domain_is_sound_at_the_end");
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &after);
    if (!check(before.frames_free == after.frames_free, "every_frame_came_back")) printf("init: %lu frames at first, %lu at the end\n", (unsigned long)before.frames_free, (unsigned long)after.frames_free);
    if (vipc_stats_get(&ipc, &stats) == VIPC_OK)
        printf("init: %lu calls, %lu sleeps, %lu wake-ups, %lu refused checks in %lu ms\n", stats.calls, stats.sleeps, stats.wakes, stats.checks_failed, (unsigned long)(vipc_time_now(&ipc) / 1000000));
    (void)fflush(stdout);
    (void)SYS3(SYS_CONTROL, CONTROL_OFF, passed, failed);
    return 3;
}
