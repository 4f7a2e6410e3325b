/* control.c - what the first process, and whom it has given that to, may ask of the machine: who runs, on what, which objects there are, the serial port's input.
 *
 * What goes out is put together here and copied out at the end: a piece of the core's dump too, of which each call makes one.  So no user memory is touched within the core,
 * and no text is longer than a piece. */
#include "kernel.h"
#include "syscalls.h"

#define TRY(expression) do { vipc_error tried = (expression); if (tried != VIPC_OK) return tried; } while (0)
_Static_assert(sizeof(((struct machine_process *)0)->name) == NAME_BYTES && sizeof(((struct machine_program *)0)->name) == NAME_BYTES, "syscalls.h");
_Static_assert((int)MACHINE_READY == THREAD_READY && (int)MACHINE_RUNNING == THREAD_RUNNING && (int)MACHINE_SLEEPING == THREAD_SLEEPING && (int)MACHINE_PARKED == THREAD_PARKED &&
               (int)MACHINE_ENDING == THREAD_ENDING && (int)MACHINE_DEAD == THREAD_DEAD, "syscalls.h");

static vipc_error info_out(uint64_t to)
{
    process_settle();
    struct machine_info info = { .frames_free = vipc_x86_64_available(&port), .frames = port.usable, .shot_ranges = shoot_counts.ranges, .shot_interrupts = shoot_counts.interrupts,
                                 .shot_full = shoot_counts.full, .smep = cpus[0].smep, .smap = cpus[0].smap, .nx = port.no_execute != 0, .processes = process_count(),
                                 .cpus = machine.cpus, .nodes = machine.nodes };
    for (const struct cpu *c = cpus; c < cpus + machine.cpus; c++) {
        info.fast_calls += c->fast.calls;
        info.fast_replies += c->fast.replies;
        info.slow += c->fast.slow;
        info.preempted += c->preempted;
        info.handed_over += c->handed_over;
    }
    return user_out(to, &info, sizeof info);
}
static vipc_error cpu_out(uint64_t to, uint64_t number)
{
    struct machine_cpu out;
    memset(&out, 0, sizeof out);
    if (number >= machine.cpus) return VIPC_ERR_NOT_FOUND;
    const struct cpu *c = &cpus[number];
    uint64_t was = lock_enter(&process_lock);                /* no process is buried meanwhile */
    const struct process *p = (*(struct thread *const volatile *)&c->current)->process;
    out.pid = p ? p->pid.id : 0;
    lock_leave(&process_lock, was);
    out.number = c->number;
    out.node = machine.node_of_cpu[number];
    out.apic_id = machine.apic_id[number];
    out.load = c->load;
    out.calls = c->fast.calls;
    out.replies = c->fast.replies;
    out.slow = c->fast.slow;
    out.preempted = c->preempted;
    out.handed_over = c->handed_over;
    out.interrupts_sent = c->interrupts_sent;
    return user_out(to, &out, sizeof out);
}
static vipc_error process_out(uint64_t to, uint64_t index)
{
    struct machine_process out;
    memset(&out, 0, sizeof out);
    uint64_t was = lock_enter(&process_lock);
    const struct process *p = process_at(index);
    if (p && p->thread && p->thread->process == p) {
        out.pid = p->pid.id;
        out.priority = p->thread->priority;
        out.state = p->thread->state;
        out.cpu = p->thread->cpu;
        memcpy(out.name, p->name, sizeof out.name);
    }
    lock_leave(&process_lock, was);
    return p ? user_out(to, &out, sizeof out) : VIPC_ERR_NOT_FOUND;
}
static vipc_error program_out(uint64_t to, uint64_t index)
{
    struct machine_program out;
    memset(&out, 0, sizeof out);
    for (uint64_t i = 0; programs[i].name; i++) {
        if (i < index) continue;
        for (size_t k = 0; k < sizeof out.name - 1 && programs[i].name[k]; k++) out.name[k] = programs[i].name[k];
        out.bytes = (uint64_t)(programs[i].end - programs[i].image);
        return user_out(to, &out, sizeof out);
    }
    return VIPC_ERR_NOT_FOUND;
}

/* ---- the core's dump: as many whole lines as fit, from the one on that is asked for ---- */
struct piece { struct machine_dump out; uint32_t skip; bool full; };
static void add_line(void *user, const char *line, size_t length)
{
    struct piece *p = user;
    if (p->skip) { p->skip--; return; }
    if (p->full || length >= sizeof p->out.text - p->out.bytes) { p->full = true; return; }
    memcpy(p->out.text + p->out.bytes, line, length);
    p->out.bytes += (uint32_t)length;
    p->out.text[p->out.bytes++] = '\n';
    p->out.lines++;
}
static vipc_error dump_out(vipc *self, uint64_t to, uint64_t line)
{
    struct piece p;
    memset(&p, 0, sizeof p);
    p.skip = line < ~0u ? (uint32_t)line : ~0u;
    TRY(user_can_write(to, sizeof p.out));
    TRY(vipc_dump(self, add_line, &p));
    return user_out(to, &p.out, sizeof p.out);
}

/* ---- the serial port ---- */
static int64_t terminal_write(uint64_t from, uint64_t bytes)
{
    char text[LOG_MAX];
    size_t n = bytes < sizeof text ? bytes : sizeof text;
    TRY(user_in(text, from, n));
    console_write(text, n);
    return (int64_t)n;
}
static int64_t read_register(uint64_t number)
{
    int value = console_register(number);
    return value < 0 ? VIPC_ERR_INVALID_ARGUMENT : value;
}

int64_t control(struct thread *t, uint64_t what, uint64_t a, uint64_t b)
{
    const bool first = t->process->first;
    if (!t->process->may_control) return VIPC_ERR_PERMISSION_DENIED;
    switch (what) {
    case CONTROL_TIMER:
        if (a < 20 || a > 50000) return VIPC_ERR_INVALID_ARGUMENT;
        timer_start((uint32_t)a);
        return VIPC_OK;
    case CONTROL_OFF:
        if (!first) return VIPC_ERR_PERMISSION_DENIED;
        machine_off(a, b);
    case CONTROL_QUIT:
        if (!first) return VIPC_ERR_PERMISSION_DENIED;
        power_off(true);
    case CONTROL_INFO: return info_out(a);
    case CONTROL_TELL:
        if (a > 1) return VIPC_ERR_INVALID_ARGUMENT;
        process_tell = a;
        return VIPC_OK;
    case CONTROL_PROCESS: return process_out(a, b);
    case CONTROL_PROGRAM: return program_out(a, b);
    case CONTROL_CPU: return cpu_out(a, b);
    case CONTROL_DUMP: return dump_out(&t->ipc, a, b);
    case CONTROL_BIND: return first ? console_bind(&t->ipc, (vipc_cap){ a }, b) : VIPC_ERR_PERMISSION_DENIED;
    case CONTROL_ASK:
        if (!first) return VIPC_ERR_PERMISSION_DENIED;
        console_ask();
        return VIPC_OK;
    case CONTROL_REGISTER: return first ? read_register(a) : VIPC_ERR_PERMISSION_DENIED;
    case CONTROL_WRITE: return first ? terminal_write(a, b) : VIPC_ERR_PERMISSION_DENIED;
    default: return VIPC_ERR_INVALID_ARGUMENT;
    }
}
