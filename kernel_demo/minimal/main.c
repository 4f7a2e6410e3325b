/* main.c - two tasks that call one another through the header, and the kernel that makes them, ends one and looks whether all is as it was */
#include "kernel.h"

enum { CALLS = 10000, SUM = 1, STOP = 2, DONE = 1, NEVER = 2 };        /* opcodes; bits of the notification */
static unsigned wrong;
static void expect(const char *what, bool good)
{
    if (good) return;
    wrong++;
    say("WRONG      %s\n", what);
}
static void expect_error(const char *what, vipc_error got, vipc_error wanted)
{
    if (got == wanted) return;
    wrong++;
    say("WRONG      %s: %s\n", what, vipc_error_string(got));
}

/* Adds.  Ends when the kernel says so, and nobody else: the core says who asks. */
static void server(struct thread *self)
{
    vipc *ipc = &self->ipc;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    uint64_t answers = 0;
    expect_error("to create an endpoint", vipc_endpoint_create(ipc, NULL, &door), VIPC_OK);
    expect_error("to publish it", vipc_publish(ipc, "sum", door, VIPC_RIGHT_SEND), VIPC_OK);
    say("server     has published an endpoint as \"sum\": who looks it up may send there\n");
    for (;;) {
        vipc_error e = vipc_reply_receive(ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER);
        if (e != VIPC_OK) { expect_error("to answer and receive", e, VIPC_OK); break; }
        if (m.opcode == STOP && info.sender.id == vipc_self(&threads[KERNEL].ipc).id) break;
        if (m.opcode == SUM) m.data[0] += m.data[1], answers++;
        else vipc_reply_drop(ipc, info.reply, VIPC_ERR_PERMISSION_DENIED), info.reply.token = 0;
    }
    say("server     has answered %lu calls, and leaves as it is told to\n", answers);
    vipc_reply(ipc, info.reply, &m);
    expect_error("to leave", vipc_leave(ipc), VIPC_OK);
}

static vipc_error call(vipc *ipc, vipc_cap door, uint32_t opcode, uint64_t a, uint64_t b, uint64_t *answer)
{
    vipc_message m = { .opcode = opcode, .data = { a, b } };
    vipc_error e = vipc_call(ipc, door, &m, &m, VIPC_FOREVER);
    *answer = m.data[0];
    return e;
}
static void client(struct thread *self)
{
    vipc *ipc = &self->ipc;
    vipc_cap door, done;
    vipc_message m;
    uint64_t answer, start;
    vipc_error e;
    expect_error("to look up \"sum\"", vipc_lookup(ipc, "sum", 0, &door, VIPC_FOREVER), VIPC_OK);
    e = vipc_receive(ipc, door, &m, NULL, VIPC_NOW);
    expect_error("to receive there", e, VIPC_ERR_PERMISSION_DENIED);
    say("client     has looked it up, and tries to receive there what is for the server: refused, \"%s\"\n", vipc_error_string(e));
    e = call(ipc, door, STOP, 0, 0, &answer);
    expect_error("to stop the server", e, VIPC_ERR_PERMISSION_DENIED);
    say("client     tells the server to stop: refused by the server, \"%s\"\n", vipc_error_string(e));
    start = vipc_time_now(ipc);
    for (uint64_t i = 0; ; i++) {                  /* without end: it is to be ended in the middle of a call */
        e = call(ipc, door, SUM, i, i * i, &answer);
        if (e != VIPC_OK || answer != i + i * i) expect_error("an answer", e, VIPC_OK), wrong++;
        if (i + 1 != CALLS) continue;
        say("client     has made %lu calls, and checked each answer: %lu wrong; %lu ms\n", i + 1, (uint64_t)wrong, (vipc_time_now(ipc) - start) / 1000000);
        expect_error("to look up \"done\"", vipc_lookup(ipc, "done", 0, &done, VIPC_FOREVER), VIPC_OK);
        expect_error("to signal", vipc_signal(ipc, done, DONE), VIPC_OK);
    }
}

static vipc *const kernel = &threads[KERNEL].ipc;
static vipc_cap task_make(int number, const char *label, void (*function)(struct thread *))
{
    vipc_process_desc desc = { .label = label, .native_thread = (uint64_t)number + 1 };
    vipc_cap cap = VIPC_INIT;
    expect_error("to make a process", vipc_process_create(kernel, &desc, &threads[number].ipc, &cap), VIPC_OK);
    expect("to start a thread", thread_start(&threads[number], function));
    return cap;
}
static void play(void)
{
    vipc_cap done, door, ended;
    vipc_time from, took;
    uint64_t bits, answer;
    uint32_t removed;
    expect_error("to create a notification", vipc_notification_create(kernel, NULL, &done), VIPC_OK);
    expect_error("to publish it", vipc_publish(kernel, "done", done, VIPC_RIGHT_SEND), VIPC_OK);
    task_make(SERVER, "server", server);
    ended = task_make(CLIENT, "client", client);
    expect_error("to hear from the client", vipc_notification_wait(kernel, done, DONE, &bits, vipc_after(kernel, 60000000000)), VIPC_OK);

    from = vipc_time_now(kernel);
    expect_error("to wait in vain", vipc_notification_wait(kernel, done, NEVER, &bits, from + 50000000), VIPC_ERR_TIMEOUT);
    took = vipc_time_now(kernel) - from;
    expect("to wait until the deadline", took >= 50000000 && took < 60000000);
    say("kernel     has slept until a deadline in 50 ms: %lu us; the tasks went on calling\n", took / 1000);

    thread_kill(&threads[CLIENT]);
    thread_join(&threads[CLIENT]);
    expect_error("to end the client", vipc_process_destroy(kernel, ended, &removed), VIPC_OK);
    say("kernel     has ended the client in the middle of its calls\n");
    expect_error("to look up \"sum\"", vipc_lookup(kernel, "sum", 0, &door, VIPC_FOREVER), VIPC_OK);
    expect_error("to call", call(kernel, door, SUM, 20, 22, &answer), VIPC_OK);
    expect("the server's answer", answer == 42);
    say("kernel     asks the server for 20 + 22: %lu\n", answer);
    expect_error("to stop the server", call(kernel, door, STOP, 0, 0, &answer), VIPC_OK);
    thread_join(&threads[SERVER]);
}

void kmain(uint64_t start_info);
void kmain(uint64_t start_info)
{
    static const vipc_config shape = { .max_processes = 4, .max_objects = 16 };
    static const vipc_process_desc desc = { .label = "kernel", .native_thread = KERNEL + 1 };
    uint64_t first, size = vipc_required_size(&shape), count = (size + FRAME - 1) / FRAME;
    uint32_t violations = 1;
    machine_start();
    if (!frames_find(start_info) || hooks.frame_alloc(NULL, count, &first) != VIPC_OK) {
        say("no memory\n");
        machine_end(false);
    }
    say("memory     %lu frames of 4 KiB, of which the domain takes %lu\n", frames_count(), count);
    expect_error("to make a domain", vipc_init(kernel, hooks.frame_pointer(NULL, first, count), size, &shape, &desc, &hooks), VIPC_OK);
    play();
    expect_error("to look at it all", vipc_check(kernel, &violations), VIPC_OK);
    expect("consistency", violations == 0);
    expect_error("to leave", vipc_leave(kernel), VIPC_OK);
    expect("frames beside the domain's", frames_taken == count);
    hooks.frame_free(NULL, first, count);
    say("kernel     violations found by vipc_check: %lu; frames still taken: %lu; the timer took the CPU from a task %lu times\n",
        (uint64_t)violations, frames_taken, preemptions);
    say(wrong ? "minimal: FAILED\n" : "minimal: all as it ought to be\n");
    machine_end(!wrong);
}
