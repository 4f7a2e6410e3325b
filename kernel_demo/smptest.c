/* smptest.c - what several CPUs owe each other, tried in ring 0: threads on each, translations shot down, interrupts held off */
#include "kernel.h"

#define AT 0x400000ull               /* where the pages are that are looked at */
enum { PAGES = 64, ROUNDS = 16, SHOTS = 100 };       /* of a page, a TLB, a CPU that shoots */

/* ---- a thread on another CPU, that does what it is told ---- */
enum order { NOTHING, READ, SHOOT, DEAFEN, END };
static struct worker {
    struct thread *thread;
    uint32_t cpu, order, done;       /* order: NOTHING again when it is carried out */
    uint64_t root, address, value, rounds;
    uint32_t seen_on;
    vipc_error error;
} workers[CPUS_MAX];
static uint32_t get(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void put(uint32_t *word, uint32_t v) { __atomic_store_n(word, v, __ATOMIC_SEQ_CST); }

static void look_at(struct worker *w)
{
    uint32_t was = vipc_x86_64_enter();
    current()->root = w->root;
    if (this_cpu()->root != w->root) cpu_set_root(this_cpu(), w->root);
    w->seen_on = cpu_number();
    vipc_x86_64_leave(was);
    w->value = 0;
    w->error = user_copy(&w->value, (const void *)w->address, sizeof w->value) ? VIPC_ERR_FAULT : VIPC_OK;
}
static void shoot_many(struct worker *w)
{
    for (uint64_t i = 0; i < w->rounds && w->error == VIPC_OK; i++) w->error = shoot_others(NULL, w->root, AT, 1 + i % PAGES, VIPC_FOREVER);
}
static void work(void *argument)
{
    struct worker *w = argument;
    interrupts_on();
    for (uint32_t order; (order = get(&w->order)) != END;) {
        if (order == READ) look_at(w);
        if (order == SHOOT) shoot_many(w);
        if (order == DEAFEN) {
            interrupts_off();
            put(&w->done, 1);
            while (get(&w->order) == DEAFEN) __asm__ volatile("pause");
            interrupts_on();
        } else if (order != NOTHING) {
            put(&w->order, NOTHING);
            put(&w->done, 1);
        }
        __asm__ volatile("pause");
    }
    interrupts_off();
    thread_end(NULL);
}
static void tell(struct worker *w, enum order order)
{
    put(&w->done, 0);
    put(&w->order, order);
}
static void wait_for(struct worker *w) { while (!get(&w->done)) __asm__ volatile("pause"); }
static void ask(struct worker *w, enum order order) { tell(w, order); wait_for(w); }
static bool hire(uint64_t root)
{
    for (uint32_t i = 1; i < machine.cpus; i++) {
        struct worker *w = &workers[i];
        memset(w, 0, sizeof *w);
        w->cpu = i;
        w->root = root;
        w->thread = thread_make(work, w, USER_PRIORITY, i);
        if (!w->thread) return false;
        uint32_t was = vipc_x86_64_enter();
        thread_begin(w->thread);
        vipc_x86_64_leave(was);
    }
    return true;
}
static void dismiss(void)
{
    for (uint32_t i = 1; i < machine.cpus; i++) {
        if (!workers[i].thread) continue;
        put(&workers[i].order, END);
        while (*(volatile uint16_t *)&workers[i].thread->state != THREAD_DEAD) __asm__ volatile("pause");
        thread_free(workers[i].thread);
    }
}

/* ---- a space of pages, each of which says which frame it is ---- */
struct view { uint64_t root, first; };       /* 2 * PAGES frames */
static void map_page(const struct view *v, uint64_t page, uint64_t frame)
{
    (void)vipc_x86_64_map(&port, v->root, AT + page * PAGE, v->first + frame * PAGE, 1, VIPC_X86_64_READ | VIPC_X86_64_USER);
}
static bool make_view(struct view *v)
{
    if (vipc_x86_64_tables_make(&port, kernel_root, &v->root) != VIPC_OK || vipc_x86_64_take(&port, 2 * PAGES, &v->first) != VIPC_OK) return false;
    for (uint64_t i = 0; i < 2 * PAGES; i++) *(uint64_t *)vipc_x86_64_at(&port, v->first + i * PAGE) = i;
    for (uint64_t i = 0; i < PAGES; i++) map_page(v, i, i);
    return true;
}
static bool everybody_sees(uint64_t page, uint64_t value)
{
    bool good = true;
    for (uint32_t i = 1; i < machine.cpus; i++) {
        workers[i].address = AT + page * PAGE;
        ask(&workers[i], READ);
        good = good && workers[i].error == VIPC_OK && workers[i].value == value && workers[i].seen_on == i;
    }
    return good;
}

/* Another frame behind a page, and what was behind it is in every CPU's TLB: one shot, and nobody sees the old one.  By pages, and past the threshold. */
static void translations(struct tally *t, const struct view *v)
{
    bool good = everybody_sees(0, 0);        /* from here on they all run there */
    const struct shoot_counts before = shoot_counts;
    for (uint64_t round = 0; good && round < ROUNDS; round++) {
        const uint64_t page = round % PAGES, to = round % 2 ? page : PAGES + page;
        map_page(v, page, page);
        vipc_x86_64_flush(&port, v->root, AT, PAGES);
        good = everybody_sees(page, page);
        map_page(v, page, to);
        vipc_x86_64_flush(&port, v->root, round % 3 ? AT + page * PAGE : AT, round % 3 ? 1 : PAGES);
        good = good && everybody_sees(page, to);
    }
    check(t, good, "no_cpu_sees_what_was_shot_down");
    check(t, shoot_counts.ranges - before.ranges == 2 * ROUNDS && shoot_counts.interrupts - before.interrupts == 2 * ROUNDS * (machine.cpus - 1) && shoot_counts.full > before.full,
          "one_interrupt_for_each_range_and_cpu");
}
/* The others run on the kernel's tables now: they are left alone, and see the new page when they come back. */
static void lazy(struct tally *t, const struct view *v)
{
    bool good = everybody_sees(0, *(uint64_t *)vipc_x86_64_at(&port, v->first + PAGES * PAGE) == PAGES ? PAGES : 0);
    for (uint32_t i = 1; i < machine.cpus; i++) {
        workers[i].root = kernel_root;
        ask(&workers[i], READ);              /* faults: nothing is mapped there */
        good = good && workers[i].error == VIPC_ERR_FAULT;
    }
    const struct shoot_counts before = shoot_counts;
    map_page(v, 0, 7);
    vipc_x86_64_flush(&port, v->root, AT, 1);
    good = good && shoot_counts.interrupts == before.interrupts && shoot_others(NULL, v->root, AT, 1, VIPC_NOW) == VIPC_OK;
    for (uint32_t i = 1; i < machine.cpus; i++) workers[i].root = v->root;
    check(t, good && everybody_sees(0, 7), "a_cpu_that_does_not_run_the_space_is_left_alone");
}
/* All at each other, many times: whoever waits for an answer answers meanwhile. */
static void crossfire(struct tally *t)
{
    bool good = true;
    for (uint32_t i = 1; i < machine.cpus; i++) {
        workers[i].rounds = SHOTS;
        workers[i].error = VIPC_OK;
        tell(&workers[i], SHOOT);
    }
    for (uint32_t i = 0; good && i < SHOTS; i++) {             /* and this CPU at all of them, with interrupts off for half of the time */
        uint32_t was = i % 2 ? vipc_x86_64_enter() : 0;
        good = shoot_others(NULL, 0, AT, 1, VIPC_FOREVER) == VIPC_OK;
        vipc_x86_64_leave(was);
    }
    for (uint32_t i = 1; i < machine.cpus; i++) {
        wait_for(&workers[i]);
        good = good && workers[i].error == VIPC_OK;
    }
    check(t, good, "cpus_that_shoot_at_each_other");
}
/* One that has interrupts off is waited for until the deadline, and not at all with NOW; what it was asked it does later. */
static void deaf(struct tally *t, const struct view *v)
{
    struct worker *w = &workers[1];
    bool good = everybody_sees(1, 1) || everybody_sees(1, PAGES + 1);
    map_page(v, 1, 9);
    ask(w, DEAFEN);
    good = good && shoot_others(NULL, v->root, AT + PAGE, 1, VIPC_NOW) == VIPC_ERR_WOULD_BLOCK;
    good = good && shoot_others(NULL, v->root, AT + PAGE, 1, vipc_x86_64_now(&port) + 2000000) == VIPC_ERR_TIMEOUT;
    good = good && shoot_others(NULL, v->root, AT + PAGE, 1, vipc_x86_64_now(&port) + 2000000) == VIPC_ERR_TIMEOUT;
    put(&w->order, NOTHING);
    good = good && shoot_others(NULL, v->root, AT + PAGE, 1, VIPC_FOREVER) == VIPC_OK;
    check(t, good && everybody_sees(1, 9), "a_cpu_that_does_not_answer_in_time");
}
/* Each CPU ran what was meant for it; and its stack can be somebody else's next. */
static void stacks(struct tally *t)
{
    bool good = true;
    uint64_t before = vipc_x86_64_available(&port);
    for (int round = 0; round < 5 && good; round++) {
        good = hire(kernel_root);
        for (uint32_t i = 1; good && i < machine.cpus; i++) {
            ask(&workers[i], READ);
            good = workers[i].seen_on == i;
        }
        dismiss();
    }
    check(t, good && vipc_x86_64_available(&port) == before, "threads_run_where_they_are_to_and_leave_nothing");
}
void smp_test(struct tally *t)
{
    struct view v;
    if (machine.cpus == 1) return;
    interrupts_on();
    stacks(t);
    uint64_t before = vipc_x86_64_available(&port);
    if (!make_view(&v) || !hire(v.root)) { check(t, false, "smp_test"); return; }
    translations(t, &v);
    lazy(t, &v);
    crossfire(t);
    deaf(t, &v);
    dismiss();
    vipc_x86_64_tables_free(&port, v.root, false);
    vipc_x86_64_give(&port, v.first, 2 * PAGES);
    check(t, vipc_x86_64_available(&port) == before, "smp_test_leaves_every_frame");
    interrupts_off();
}
