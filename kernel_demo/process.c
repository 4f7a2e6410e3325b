/* process.c - programs in spaces of their own: made and buried by one kernel thread, the manager.
 *
 * The manager has the kernel's own view of the domain and nobody else uses it, so it needs no lock.  A process ends in two steps: its thread stops at a safe
 * point (the user boundary, or asleep in the core, which then holds nothing) and is dead; the manager then has the core end the process, and frees the rest. */
#include "kernel.h"
#include "syscalls.h"

enum { PROCESSES = 48, ENDED = 64 };
#define TRY(expression) do { vipc_error tried = (expression); if (tried != VIPC_OK) return tried; } while (0)
static struct process processes[PROCESSES];
static struct thread *manager;
static struct spawn *errands;
static struct ended { vipc_pid pid; uint64_t status, when; bool told; } ended[ENDED];          /* told: somebody has asked for it, so its place is given away first */
static uint64_t ended_count;
vipc manager_ipc;
bool process_tell;

/* ---- loading: ELF, segments on pages of their own, in a space of the manager's that becomes the process's ---- */
struct elf { uint8_t ident[16]; uint16_t type, machine; uint32_t version; uint64_t entry, phoff, shoff; uint32_t flags; uint16_t ehsize, phentsize, phnum; };
struct segment { uint32_t type, flags; uint64_t offset, vaddr, paddr, filesz, memsz, align; };
enum { LOAD = 1, MAY_EXECUTE = 1, MAY_WRITE = 2 };

/* The space refuses what is to be both written and executed; the loader writes to all. */
static vipc_error load_segment(vipc_cap space, const struct program *p, const struct segment *s)
{
    uint64_t size = (uint64_t)(p->end - p->image);
    vipc_mmap_desc d = VIPC_INIT;
    vipc_addr at;
    if (s->offset > size || s->filesz > size - s->offset || s->filesz > s->memsz || s->vaddr % PAGE) return VIPC_ERR_INVALID_ARGUMENT;
    d.at = s->vaddr;
    d.size = s->memsz;
    d.prot = VIPC_PROT_READ | (s->flags & MAY_WRITE ? VIPC_PROT_WRITE : 0) | (s->flags & MAY_EXECUTE ? VIPC_PROT_EXEC : 0);
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS | VIPC_MAP_FIXED_NOREPLACE;
    d.type = s->flags & MAY_EXECUTE ? VIPC_REGION_CODE : s->flags & MAY_WRITE ? VIPC_REGION_DATA : VIPC_REGION_RODATA;
    TRY(vipc_space_mmap(&manager_ipc, space, &d, &at, VIPC_FOREVER));
    return s->filesz ? vipc_space_write(&manager_ipc, space, s->vaddr, p->image + s->offset, s->filesz, NULL) : VIPC_OK;
}
static vipc_error load(vipc_cap space, const struct program *p, uint64_t *entry)
{
    struct elf h;
    struct segment s;
    uint64_t size = (uint64_t)(p->end - p->image);
    if (size < sizeof h) return VIPC_ERR_INVALID_ARGUMENT;
    memcpy(&h, p->image, sizeof h);
    if (memcmp(h.ident, "\177ELF\2\1", 6) != 0 || h.phentsize != sizeof s || h.phoff > size || h.phnum * sizeof s > size - h.phoff || h.entry >= USER_TOP)
        return VIPC_ERR_INVALID_ARGUMENT;
    for (uint32_t i = 0; i < h.phnum; i++) {
        memcpy(&s, p->image + h.phoff + i * sizeof s, sizeof s);
        vipc_error e = s.type == LOAD && s.memsz ? load_segment(space, p, &s) : VIPC_OK;
        if (e != VIPC_OK) return e;
    }
    *entry = h.entry;
    return VIPC_OK;
}
/* The arguments lie at the stack's upper end, one string; the program's start cuts it into words. */
static vipc_error make_stack(vipc_cap space, const char *arguments)
{
    vipc_stack_desc d = VIPC_INIT;
    vipc_stack stack;
    d.size = USER_STACK_BYTES;
    TRY(vipc_space_stack_create(&manager_ipc, space, &d, &stack));
    if (stack.top != USER_STACK_TOP) return VIPC_ERR_EXISTS;
    return vipc_space_write(&manager_ipc, space, stack.top - ARGUMENT_BYTES, arguments, ARGUMENT_BYTES, NULL);
}
/* All that it has gets its frames at once, but for what its stack may grow to: the first process goes on when there are none left. */
static vipc_error fill(vipc_cap space)
{
    vipc_space_region r;
    vipc_error e;
    for (vipc_addr at = 0; (e = vipc_space_find(&manager_ipc, space, at, &r)) == VIPC_OK; at = r.end)
        if (!r.guard && !r.growth) TRY(vipc_space_touch(&manager_ipc, space, r.start, r.end - r.start, r.prot & VIPC_PROT_WRITE ? VIPC_PROT_WRITE : VIPC_PROT_READ, NULL));
    return e == VIPC_ERR_NOT_FOUND ? VIPC_OK : e;
}
static const struct program *find_program(const char *name)
{
    for (const struct program *p = programs; p->name; p++)
        if (strcmp(p->name, name) == 0) return p;
    return NULL;
}
static vipc_error load_program(const struct spawn *s, vipc_cap *space, uint64_t *entry)
{
    const struct program *program = find_program(s->program);
    vipc_space_desc desc = VIPC_INIT;
    if (!program) return VIPC_ERR_NOT_FOUND;
    desc.stack_end = USER_STACK_TOP;
    desc.label = s->program;
    TRY(vipc_space_create(&manager_ipc, &desc, space));
    vipc_error e = load(*space, program, entry);
    if (e == VIPC_OK) e = make_stack(*space, s->arguments);
    if (e == VIPC_OK && s->parent.id == 0) e = fill(*space);
    if (e != VIPC_OK) (void)vipc_destroy(&manager_ipc, *space, VIPC_FOREVER);
    return e;
}

/* ---- making ---- */
static void begin(void *process) { (void)process; process_end_if_killed(); }     /* then to its frame, see thread_start */

static void set_frame(struct thread *t, uint64_t entry, vipc_pid pid)
{
    struct frame *f = user_frame(t);
    memset(f, 0, sizeof *f);
    f->rip = entry;
    f->cs = USER_CODE;
    f->ss = USER_DATA;
    f->flags = 0x202;
    f->rsp = USER_STACK_TOP - ARGUMENT_BYTES;
    f->rdi = USER_STACK_TOP - ARGUMENT_BYTES;
    f->rsi = pid.id;
}
/* The parent waits in its system call, and has put its FPU registers away (process_fork).  What C keeps of its registers is not in the frame. */
static void copy_frame(struct thread *t, const struct thread *parent)
{
    const struct frame *from = user_frame(parent);
    struct frame *f = user_frame(t);
    memset(f, 0, sizeof *f);
    f->rip = from->rip;
    f->cs = USER_CODE;
    f->ss = USER_DATA;
    f->flags = from->flags;
    f->rsp = from->rsp;
    f->rbp = from->rbp;
    f->vector = VECTOR_SYSCALL;
    t->uses_fpu = parent->uses_fpu;
    memcpy(t->fpu, parent->fpu, sizeof t->fpu);
}
/* The thread has its page tables from before the process has the space: nobody can destroy that under it. */
static vipc_error join(struct process *p, struct spawn *s, vipc_cap space, const vipc_cap *initial, uint32_t count)
{
    vipc_process_desc desc = VIPC_INIT;
    vipc_derive_desc offer = VIPC_INIT;
    vipc_space_info info;
    TRY(vipc_space_get(&manager_ipc, space, &info));
    p->thread->root = info.root;
    desc.label = p->name;
    desc.native_id = desc.native_thread = thread_number(p->thread);
    desc.space = space;
    desc.initial = initial;
    desc.initial_count = count;
    offer.rights = VIPC_RIGHT_READ | VIPC_RIGHT_DELETE;
    TRY(vipc_process_create(&manager_ipc, &desc, &p->thread->ipc, &p->cap));
    p->pid = vipc_self(&p->thread->ipc);
    vipc_error e = s->parent.id ? vipc_grant(&manager_ipc, p->cap, s->parent, &offer, &s->cap) : VIPC_OK;
    p->thread->root = e == VIPC_OK ? info.root : kernel_root;
    if (e != VIPC_OK) (void)vipc_process_destroy(&manager_ipc, p->cap, NULL);
    return e;
}
static vipc_error make(struct spawn *s)
{
    struct process *p = processes, *parent = s->fork;
    vipc_cap space = { 0 };
    uint64_t entry = 0;
    while (p < processes + PROCESSES && p->thread) p++;
    if (p == processes + PROCESSES) return VIPC_ERR_LIMIT;
    memset(p, 0, sizeof *p);
    p->frames_before = parent || !process_tell ? 0 : vipc_x86_64_available(&port);
    memcpy(p->name, parent ? parent->name : s->program, sizeof p->name);
    p->first = s->parent.id == 0;
    p->may_control = p->first || s->may_control;
    if (parent) space = parent->loan[0];
    else TRY(load_program(s, &space, &entry));
    struct thread *t = p->thread = thread_make(begin, p, s->priority, s->only);
    vipc_error e = !t ? VIPC_ERR_LIMIT : parent ? join(p, s, space, parent->loan + 1, parent->lent - 1) : join(p, s, space, NULL, 0);
    if (e != VIPC_OK) {
        p->thread = NULL;
        if (t) thread_free(t);
        if (!parent) (void)vipc_destroy(&manager_ipc, space, VIPC_FOREVER);
        return e;
    }
    if (!parent) (void)vipc_close(&manager_ipc, space);      /* it is the process's */
    s->pid = p->pid;
    if (parent) copy_frame(t, parent->thread);
    else set_frame(t, entry, p->pid);
    uint64_t was = lock_enter(&process_lock);
    t->process = p;                                          /* from here on it can be killed */
    thread_begin(t);
    lock_leave(&process_lock, was);
    return VIPC_OK;
}
static void return_loan(struct process *p)
{
    while (p->lent) (void)vipc_close(&manager_ipc, p->loan[--p->lent]);
}

/* ---- ending ---- */
static void remember(const struct process *p)
{
    struct ended *place = ended;
    for (struct ended *e = ended; e < ended + ENDED; e++)
        if (e->told != place->told ? e->told : e->when < place->when) place = e;
    place->pid = p->pid;
    place->status = p->status;
    place->when = ++ended_count;
    place->told = false;
}
static void bury(struct process *p)
{
    struct thread *t = p->thread;
    if (p->first) panic("the first process ended, with %lx", p->status);
    uint64_t was = lock_enter(&process_lock);
    remember(p);
    t->process = NULL;
    lock_leave(&process_lock, was);
    vipc_error e = vipc_process_destroy(&manager_ipc, p->cap, NULL);
    if (e != VIPC_OK) panic("process %lu: %s", p->pid.id, vipc_error_string(e));
    return_loan(p);
    if (t->bounce_frames) vipc_x86_64_give(&port, t->bounce, t->bounce_frames);
    thread_free(t);
    p->thread = NULL;
    if (process_tell && p->frames_before) {
        (void)vipc_trim(&manager_ipc, NULL);
        say("kernel: %s (process %lu): %lu frames were free before it, %lu are after it\n", p->name, p->pid.id, p->frames_before, vipc_x86_64_available(&port));
    }
}
static struct process *next_dead(void)
{
    for (struct process *p = processes; p < processes + PROCESSES; p++)
        if (p->thread && p->thread->state == THREAD_DEAD) return p;
    return NULL;
}
static void manage(void *unused)
{
    (void)unused;
    interrupts_on();                                         /* a thread begins without them */
    for (;;) {
        uint64_t was = lock_enter(&process_lock);
        struct process *dead = next_dead();
        struct spawn *s = dead ? NULL : errands;
        if (s) errands = s->next;
        lock_drop(&process_lock);
        if (!dead && !s) (void)thread_sleep(VIPC_FOREVER);
        vipc_x86_64_leave((uint32_t)was);
        if (dead) bury(dead);
        else if (s) {
            s->result = s->result == VIPC_OK ? make(s) : s->result;
            if (s->fork) return_loan(s->fork);
            was = lock_enter(&process_lock);
            struct thread *asker = s->asker;
            s->asker = NULL;                                 /* from here on *s may be gone */
            thread_ready(asker);
            lock_leave(&process_lock, was);
        }
    }
}
void process_start_manager(void)
{
    vipc_process_desc desc = VIPC_INIT;
    vipc_config config = VIPC_INIT;
    manager = thread_make(manage, NULL, MANAGER_PRIORITY, ANY_CPU);
    desc.label = "kernel";
    desc.native_thread = thread_number(manager);
    config.max_processes = PROCESSES + 1;
    config.max_spaces = 2 * PROCESSES;                       /* each may be about to fork */
    config.max_regions = 256 * config.max_spaces;
    config.max_shared = 128;
    config.max_named = 32;
    config.region_pages = 2048;
    config.object_pages = 1024;
    config.shared_per_process = 4096;                        /* 16 MiB */
    config.numa_nodes = machine.nodes;
    vipc_error e = vipc_x86_64_domain(&port, &config, &desc, &manager_ipc);
    if (e != VIPC_OK) panic("the domain: %s", vipc_error_string(e));
}
vipc_error process_spawn(struct spawn *s)
{
    uint64_t was = lock_enter(&process_lock);
    s->asker = current();
    s->next = errands;
    errands = s;
    thread_begin(manager);
    while (s->asker) {                                       /* also if it is killed meanwhile: the manager holds on to *s */
        lock_drop(&process_lock);
        (void)thread_sleep(VIPC_FOREVER);
        lock_take(&process_lock);
    }
    lock_leave(&process_lock, was);
    return s->result;
}
/* The dead come before errands; and who has been told of a process's end was told while it was being buried. */
void process_settle(void)
{
    struct spawn nothing;
    memset(&nothing, 0, sizeof nothing);
    nothing.result = VIPC_ERR_NOT_FOUND;                     /* nothing is made */
    (void)process_spawn(&nothing);
}
/* The caller's space is cloned by the caller: at its own priority, with its own view, and by its own rights.  What the child is to have it lends to the manager, who makes
 * processes; should it be killed meanwhile, the manager gives that up when it buries it. */
vipc_error process_fork(struct spawn *s, const vipc_cap *initial, uint32_t count)
{
    struct process *p = current()->process;
    vipc *self = &current()->ipc;
    vipc_cap clone, own = { 0 };
    s->fork = p;
    s->priority = current()->priority;
    s->only = current()->only;
    s->parent = p->pid;
    thread_put_fpu_away();
    TRY(vipc_space_clone(self, own, &clone, VIPC_FOREVER));
    for (uint32_t i = 0; i <= count && s->result == VIPC_OK; i++) {
        s->result = vipc_grant(self, i == 0 ? clone : initial[i - 1], vipc_self(&manager_ipc), NULL, &p->loan[i]);
        if (s->result == VIPC_OK) p->lent = i + 1;
    }
    vipc_error e = process_spawn(s);
    (void)(e == VIPC_OK ? vipc_close(self, clone) : vipc_destroy(self, clone, VIPC_FOREVER));
    return e;
}
NOTHING_MORE void process_exit(uint64_t status)
{
    (void)lock_enter(&process_lock);
    if (!current()->process->killed) current()->process->status = status;
    lock_drop(&process_lock);
    thread_end(manager);
}
void process_kill(struct process *p, uint64_t status)
{
    struct thread *t = p->thread;
    if (!p->killed) p->status = status;
    *(volatile bool *)&p->killed = true;
    thread_raise(t, URGENT_PRIORITY);                        /* a busy machine must not keep it from its end */
    lock_take(&port_lock);
    thread_unpark_if_parked(t);
    lock_drop(&port_lock);
    thread_ready(t);
    struct cpu *c = &cpus[*(volatile uint32_t *)&t->cpu];
    if (c == this_cpu()) return;
    __atomic_store_n(&c->to_end, 1, __ATOMIC_SEQ_CST);
    apic_interrupt(c, VECTOR_RESCHEDULE);
}
void process_kill_current(uint64_t status)
{
    uint64_t was = lock_enter(&process_lock);
    process_kill(current()->process, status);
    lock_leave(&process_lock, was);
}
/* Of one that runs on another CPU while it is killed nobody can say there whether it has passed its last safe point and is about to park: so that CPU looks itself, when what
 * is under way has come to its end. */
void process_unpark_ending(uint32_t cpu)
{
    lock_take(&process_lock);
    for (struct process *p = processes; p < processes + PROCESSES; p++) {
        if (!p->thread || p->thread->process != p || !p->killed || p->thread->cpu != cpu) continue;
        lock_take(&port_lock);
        thread_unpark_if_parked(p->thread);
        lock_drop(&port_lock);
    }
    lock_drop(&process_lock);
}
void process_end_if_killed(void)
{
    const struct process *p = current()->process;
    if (p && *(const volatile bool *)&p->killed) process_exit(p->status);
}
struct process *process_of(vipc_pid pid)
{
    for (struct process *p = processes; p < processes + PROCESSES; p++)
        if (p->thread && p->thread->process == p && p->pid.id == pid.id && p->thread->state != THREAD_DEAD) return p;
    return NULL;
}
const struct process *process_at(uint64_t index) { return index < PROCESSES ? &processes[index] : NULL; }
uint32_t process_count(void)
{
    uint32_t n = 0;
    for (const struct process *p = processes; p < processes + PROCESSES; p++) n += p->thread != NULL;
    return n;
}
bool process_status(vipc_pid pid, uint64_t *status)
{
    bool found = false;
    uint64_t was = lock_enter(&process_lock);
    for (struct ended *e = ended; e < ended + ENDED && !found; e++)
        if (e->pid.id == pid.id) {
            found = e->told = true;
            *status = e->status;
        }
    lock_leave(&process_lock, was);
    return found;
}
