/* main.c - two tasks that call one another through the header, and the kernel that makes them, ends one, and looks whether all is as it was */
#include "kernel.h"
enum { CALLS = 10000, SUM = 1, STOP = 2, MS = 1000000 };               /* opcodes; nanoseconds */
static vipc *const kernel = &threads[KERNEL].ipc;
static volatile uint64_t made;                     /* calls, by the client */
static void expect(const char *what, uint64_t got, uint64_t wanted)
{
    if (got == wanted) return;
    say("WRONG      %s: %lx, not %lx (\"%s\")\n", what, got, wanted, vipc_error_string((vipc_error)got));
    machine_end(false);
}
static vipc_error call(vipc *ipc, vipc_cap door, uint32_t opcode, uint64_t a, uint64_t b, uint64_t *answer)
{
    vipc_message m = { .opcode = opcode, .data = { a, b } };
    vipc_error e = vipc_call(ipc, door, &m, &m, vipc_after(ipc, 60000ull * MS));
    *answer = m.data[0];
    return e;
}

static void server(vipc *ipc)                      /* ends when the kernel says so, and nobody else: the core tells who asks */
{
    vipc_message m = VIPC_INIT;
    vipc_info info = VIPC_INIT;
    vipc_cap door;
    uint64_t answers = 0;
    expect("to create an endpoint", vipc_endpoint_create(ipc, NULL, &door), VIPC_OK);
    say("server     publishes an endpoint as \"sum\": who looks that up may send there, and no more\n");
    expect("to publish it", vipc_publish(ipc, "sum", door, VIPC_RIGHT_SEND), VIPC_OK);
    for (;;) {
        expect("to answer, and receive", vipc_reply_receive(ipc, info.reply, &m, door, &m, &info, VIPC_FOREVER), VIPC_OK);
        if (m.opcode == STOP && info.sender.id == vipc_self(kernel).id) break;
        if (m.opcode == SUM) m.data[0] += m.data[1], answers++;
        else vipc_reply_drop(ipc, info.reply, VIPC_ERR_PERMISSION_DENIED), info.reply.token = 0;
    }
    say("server     has answered %ld calls, and leaves, as the kernel tells it to\n", answers);
    expect("to answer", vipc_reply(ipc, info.reply, &m), VIPC_OK);
    expect("to leave", vipc_leave(ipc), VIPC_OK);
}
static void client(vipc *ipc)
{
    vipc_message m;
    vipc_cap door;
    uint64_t sum;
    expect("to look up \"sum\"", vipc_lookup(ipc, "sum", 0, &door, VIPC_FOREVER), VIPC_OK);
    expect("to receive there", vipc_receive(ipc, door, &m, NULL, VIPC_NOW), VIPC_ERR_PERMISSION_DENIED);
    say("client     has looked it up, and has tried to receive there: refused by the core, for want of the right\n");
    expect("to stop the server", call(ipc, door, STOP, 0, 0, &sum), VIPC_ERR_PERMISSION_DENIED);
    say("client     has told the server to stop: refused by the server\n");
    for (;; made++) {                              /* it is to be ended in the middle */
        expect("to call", call(ipc, door, SUM, made, made * made, &sum), VIPC_OK);
        expect("the answer", sum, made + made * made);
        if (made == CALLS - 1) say("client     has made %ld calls, and goes on; every answer was right\n", made + 1);
    }
}

static vipc_cap task_make(uint64_t number, const char *label, void (*function)(vipc *ipc))
{
    vipc_process_desc desc = { .label = label, .native_thread = number + 1 };
    vipc_cap cap = VIPC_INIT;
    expect("to make a process", vipc_process_create(kernel, &desc, &threads[number].ipc, &cap), VIPC_OK);
    expect("to start its thread", thread_start(&threads[number], function), true);
    return cap;
}
void kmain(uint64_t start_info)
{
    static const vipc_config shape = { .max_processes = THREADS, .max_objects = 16 };
    static const vipc_process_desc desc = { .label = "kernel", .native_thread = KERNEL + 1 };
    uint64_t first, size = vipc_required_size(&shape), count = (size + FRAME - 1) / FRAME, sum, took = 0;
    uint32_t violations;
    vipc_cap door, task;
    machine_start(start_info);
    expect("to find memory", hooks.frame_alloc(NULL, count, &first), VIPC_OK);
    expect("to make a domain", vipc_init(kernel, hooks.frame_pointer(NULL, first, count), size, &shape, &desc, &hooks), VIPC_OK);
    say("kernel     has %ld frames of memory, and has made a domain in %ld of them\n", frames, count);
    task_make(SERVER, "server", server);
    task = task_make(CLIENT, "client", client);
    while (made < CALLS) {
        vipc_time from = vipc_time_now(kernel);
        expect("the client to go on", vipc_process_wait(kernel, vipc_self(&threads[CLIENT].ipc), from + 50 * MS), VIPC_ERR_TIMEOUT);
        took = vipc_time_now(kernel) - from;
        expect("to sleep as long as asked for", took >= 50 * MS && took < 60 * MS, true);
    }
    say("kernel     has waited for the client's end, for 50 ms each time: the last ended after %ld us\n", took / 1000);

    thread_kill(&threads[CLIENT]);
    thread_join(&threads[CLIENT]);
    say("kernel     has stopped the client in the middle of call %ld, and ends its process\n", made + 1);
    expect("to end it", vipc_process_destroy(kernel, task, NULL), VIPC_OK);
    expect("to look up \"sum\"", vipc_lookup(kernel, "sum", 0, &door, VIPC_FOREVER), VIPC_OK);
    expect("to call", call(kernel, door, SUM, 20, 22, &sum), VIPC_OK);
    expect("the answer", sum, 20 + 22);
    say("kernel     has asked the server for 20 + 22: it goes on, the answer is %ld\n", sum);
    expect("to stop the server", call(kernel, door, STOP, 0, 0, &sum), VIPC_OK);
    thread_join(&threads[SERVER]);

    expect("to check", vipc_check(kernel, &violations), VIPC_OK);
    expect("violations that vipc_check has found", violations, 0);
    expect("to leave", vipc_leave(kernel), VIPC_OK);
    hooks.frame_free(NULL, first, count);
    expect("frames that are still taken", frames_taken, 0);
    say("kernel     vipc_check has found 0 violations; every frame has come back; the timer took the CPU from a task %ld times\nall was right\n", preemptions);
    machine_end(true);
}
