/* process.c - programs in spaces of their own: made and buried by one kernel thread, the manager.
 *
 * The manager has the kernel's own view of the domain and nobody else uses it, so it needs no lock.  A process ends in two steps: its thread stops at a safe
 * point (the user boundary, or asleep in the core, which then holds nothing) and is dead; the manager then has the core end the process, and frees the rest. */
#include "kernel.h"
#include "syscalls.h"

enum { PROCESSES = 48, ENDED = 64, USER_STACK_PAGES = 8 };
#define USER_STACK_TOP 0x00007fffff000000ull
static struct process processes[PROCESSES];
static struct thread *manager;
static struct spawn *errands;
static struct { vipc_pid pid; uint64_t status; } ended[ENDED];
static uint32_t ended_count;
vipc manager_ipc;

/* ---- loading: ELF, segments on pages of their own ---- */
struct elf { uint8_t ident[16]; uint16_t type, machine; uint32_t version; uint64_t entry, phoff, shoff; uint32_t flags; uint16_t ehsize, phentsize, phnum; };
struct segment { uint32_t type, flags; uint64_t offset, vaddr, paddr, filesz, memsz, align; };
enum { LOAD = 1, MAY_EXECUTE = 1, MAY_WRITE = 2 };

static vipc_error give_page(uint64_t root, uint64_t at, uint32_t access, uint8_t **kernel_sees)
{
    uint64_t frame;
    vipc_error e = vipc_x86_64_find(&port, root, at, NULL, NULL) ? VIPC_ERR_EXISTS : vipc_x86_64_take(&port, 1, &frame);
    if (e != VIPC_OK) return e;
    *kernel_sees = vipc_x86_64_at(&port, frame);
    memset(*kernel_sees, 0, PAGE);
    if (vipc_x86_64_map(&port, root, at, frame, 1, access | VIPC_X86_64_USER) == 1) return VIPC_OK;
    vipc_x86_64_give(&port, frame, 1);
    return VIPC_ERR_OUT_OF_MEMORY;
}
static vipc_error load_segment(uint64_t root, const struct program *p, const struct segment *s)
{
    uint64_t size = (uint64_t)(p->end - p->image);
    uint32_t access = (s->flags & MAY_WRITE ? VIPC_X86_64_WRITE : 0) | (s->flags & MAY_EXECUTE ? VIPC_X86_64_EXECUTE : 0);
    if (s->offset > size || s->filesz > size - s->offset || s->filesz > s->memsz || s->vaddr % PAGE || s->vaddr >= USER_TOP || s->memsz > USER_TOP - s->vaddr)
        return VIPC_ERR_INVALID_ARGUMENT;
    for (uint64_t at = 0; at < s->memsz; at += PAGE) {
        uint8_t *page;
        vipc_error e = give_page(root, s->vaddr + at, access, &page);      /* refuses what is to be both written and executed */
        if (e != VIPC_OK) return e;
        if (at < s->filesz) memcpy(page, p->image + s->offset + at, s->filesz - at < PAGE ? s->filesz - at : PAGE);
    }
    return VIPC_OK;
}
static vipc_error load(uint64_t root, const struct program *p, uint64_t *entry)
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
        vipc_error e = s.type == LOAD && s.memsz ? load_segment(root, p, &s) : VIPC_OK;
        if (e != VIPC_OK) return e;
    }
    *entry = h.entry;
    return VIPC_OK;
}
/* The arguments lie at the stack's upper end, one string; the program's start cuts it into words. */
static vipc_error make_stack(uint64_t root, const char *arguments)
{
    uint8_t *page = NULL;
    for (uint64_t i = 1; i <= USER_STACK_PAGES; i++) {
        vipc_error e = give_page(root, USER_STACK_TOP - i * PAGE, VIPC_X86_64_WRITE, &page);
        if (e != VIPC_OK) return e;
        if (i == 1) memcpy(page + PAGE - ARGUMENT_BYTES, arguments, ARGUMENT_BYTES);
    }
    return VIPC_OK;
}

/* ---- making ---- */
static void begin(void *process) { (void)process; process_end_if_killed(); }     /* then to its frame, see thread_start */

static void set_frame(struct thread *t, const struct process *p, uint64_t entry)
{
    struct frame *f = user_frame(t);
    memset(f, 0, sizeof *f);
    f->rip = entry;
    f->cs = USER_CODE;
    f->ss = USER_DATA;
    f->flags = 0x202;
    f->rsp = USER_STACK_TOP - ARGUMENT_BYTES;
    f->rdi = USER_STACK_TOP - ARGUMENT_BYTES;
    f->rsi = p->pid.id;
}
static const struct program *find_program(const char *name)
{
    for (const struct program *p = programs; p->name; p++)
        if (strcmp(p->name, name) == 0) return p;
    return NULL;
}
static vipc_error join(struct process *p, struct spawn *s)
{
    vipc_process_desc desc = VIPC_INIT;
    vipc_derive_desc offer = VIPC_INIT;
    desc.label = p->name;
    desc.native_id = desc.native_thread = thread_number(p->thread);
    offer.rights = VIPC_RIGHT_READ | VIPC_RIGHT_DELETE;
    vipc_error e = vipc_process_create(&manager_ipc, &desc, &p->thread->ipc, &p->cap);
    if (e != VIPC_OK) return e;
    p->pid = vipc_self(&p->thread->ipc);
    if (s->parent.id) e = vipc_grant(&manager_ipc, p->cap, s->parent, &offer, &s->cap);
    if (e != VIPC_OK) (void)vipc_process_destroy(&manager_ipc, p->cap, NULL);
    return e;
}
static vipc_error make(struct spawn *s)
{
    const struct program *program = find_program(s->program);
    struct process *p = processes;
    uint64_t entry;
    if (!program) return VIPC_ERR_NOT_FOUND;
    while (p < processes + PROCESSES && p->thread) p++;
    if (p == processes + PROCESSES) return VIPC_ERR_LIMIT;
    memset(p, 0, sizeof *p);
    memcpy(p->name, s->program, sizeof p->name);
    p->may_control = s->parent.id == 0;
    vipc_error e = vipc_x86_64_space_create(&port, kernel_root, &p->root);
    if (e != VIPC_OK) return e;
    e = load(p->root, program, &entry);
    if (e == VIPC_OK) e = make_stack(p->root, s->arguments);
    struct thread *t = e == VIPC_OK ? thread_make(begin, p, s->priority) : NULL;
    if (e == VIPC_OK && !t) e = VIPC_ERR_OUT_OF_MEMORY;
    p->thread = t;
    if (e == VIPC_OK) e = join(p, s);
    if (e != VIPC_OK) {
        p->thread = NULL;
        if (t) thread_free(t);
        vipc_x86_64_space_destroy(&port, p->root, true);
        return e;
    }
    s->pid = p->pid;
    set_frame(t, p, entry);
    interrupts_off();
    t->process = p;
    t->root = p->root;
    thread_ready(t);
    interrupts_on();
    return VIPC_OK;
}

/* ---- ending ---- */
static void bury(struct process *p)
{
    struct thread *t = p->thread;
    if (p->may_control) panic("the first process ended, with %lx", p->status);
    ended[ended_count % ENDED].pid = p->pid;
    ended[ended_count % ENDED].status = p->status;
    ended_count++;
    vipc_error e = vipc_process_destroy(&manager_ipc, p->cap, NULL);
    if (e != VIPC_OK) panic("process %lu: %s", p->pid.id, vipc_error_string(e));
    vipc_x86_64_space_destroy(&port, p->root, true);
    if (t->bounce_frames) vipc_x86_64_give(&port, t->bounce, t->bounce_frames);
    thread_free(t);
    p->thread = NULL;
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
    for (;;) {
        interrupts_off();
        struct process *dead = next_dead();
        struct spawn *s = errands;
        if (!dead && !s) (void)thread_sleep(VIPC_FOREVER);
        else if (!dead) errands = s->next;
        interrupts_on();
        if (dead) bury(dead);
        else if (s) {
            s->result = make(s);
            interrupts_off();
            struct thread *asker = s->asker;
            s->asker = NULL;
            if (asker) thread_ready(asker);
            interrupts_on();
        }
    }
}
void process_start_manager(void)
{
    vipc_process_desc desc = VIPC_INIT;
    vipc_config config = VIPC_INIT;
    manager = thread_make(manage, NULL, MANAGER_PRIORITY);
    if (!manager) panic("no memory for the first thread");
    desc.label = "kernel";
    desc.native_thread = thread_number(manager);
    config.max_processes = PROCESSES + 1;
    vipc_error e = vipc_x86_64_domain(&port, &config, &desc, &manager_ipc);
    if (e != VIPC_OK) panic("the domain: %s", vipc_error_string(e));
}
vipc_error process_spawn(struct spawn *s)
{
    uint32_t was = vipc_x86_64_enter();
    s->asker = current();
    s->next = errands;
    errands = s;
    thread_ready(manager);
    while (s->asker) (void)thread_sleep(VIPC_FOREVER);       /* also if it is killed meanwhile: the manager holds on to *s */
    vipc_x86_64_leave(was);
    return s->result;
}
NOTHING_MORE void process_exit(uint64_t status)
{
    interrupts_off();
    if (!current()->process->killed) current()->process->status = status;
    thread_ready(manager);
    thread_end();
}
void process_kill(struct process *p, uint64_t status)
{
    uint32_t was = vipc_x86_64_enter();
    if (!p->killed) p->status = status;
    p->killed = true;
    thread_raise(p->thread, URGENT_PRIORITY);                /* a busy machine must not keep it from its end */
    thread_unpark_if_parked(p->thread);
    thread_ready(p->thread);
    vipc_x86_64_leave(was);
}
void process_end_if_killed(void)
{
    const struct process *p = current()->process;
    if (p && p->killed) process_exit(p->status);
}
struct process *process_of(vipc_pid pid)
{
    for (struct process *p = processes; p < processes + PROCESSES; p++)
        if (p->thread && p->pid.id == pid.id && p->thread->state != THREAD_DEAD) return p;
    return NULL;
}
bool process_status(vipc_pid pid, uint64_t *status)
{
    for (uint32_t i = 0; i < ENDED; i++)
        if (ended[i].pid.id == pid.id) { *status = ended[i].status; return true; }
    return false;
}
