/* stress.c - everything that the header offers, in use at once by processes that are killed at random and begun again, and a check that nothing of it is left.
 *
 * Booted with `stress seed=7 seconds=20` (or `rounds=40`: so much work, however long it takes) this is the first process.  It starts keepers, each of which starts, kills and
 * starts again its share of the workers (stress.h: KINDS); all of them see a board, a named object, where each worker has a slot.  What a worker does follows from the seed, its
 * number and its generation; when it is killed, from the seed and the keeper.  So on a deterministic machine (make run ICOUNT=1) the same seed is the same run.
 * Whoever finds something that should not be prints a line that begins with FINDING, and the machine is switched off with a failure. */
#include "stress.h"

vipc ipc;
struct board *board;
struct slot *mine;
unsigned number;
uint64_t chance;

#define KIND_TEXT(name, count, units) #name,
static const char *const kind_names[KIND_COUNT] = { KINDS(KIND_TEXT) };
static const unsigned kind_counts[KIND_COUNT] = {
#define KIND_HOW_MANY_OF(name, count, units) (count),
    KINDS(KIND_HOW_MANY_OF)
};
static const unsigned kind_units[KIND_COUNT] = {
#define KIND_UNITS(name, count, units) (units),
    KINDS(KIND_UNITS)
};
static void (*const kind_works[KIND_COUNT])(void) = {
#define KIND_WORKS(name, count, units) name##_work,
    KINDS(KIND_WORKS)
};
#define SUM_TEXT(name) #name,
static const char *const sum_names[SUM_COUNT] = { SUMS(SUM_TEXT) };
static uint64_t share;               /* units of work that this worker is to do; 0: no end of it */
static int is_first;
static unsigned together;                    /* processes, when all began: this one, and the shell if that has started it */
static uint64_t in_fpu;              /* what is kept in a register of the FPU's, which compiled code does not touch here; 0: nothing is */

/* ---- words ---- */
static unsigned long ul(uint64_t n) { return (unsigned long)n; }
static enum kind kind_of(unsigned worker, unsigned *n)
{
    unsigned kind = 0;
    while (worker >= kind_counts[kind]) worker -= kind_counts[kind++];
    *n = worker;
    return (enum kind)kind;
}
/* `name` and a number of at most two digits; the last few results stay. */
const char *name_with(const char *name, uint64_t n)
{
    static char texts[4][64];
    static unsigned turn;
    char *text = texts[turn++ % 4];
    size_t used = 0;
    while (name[used]) { text[used] = name[used]; used++; }
    if (n >= 10) text[used++] = (char)('0' + n / 10 % 10);
    text[used++] = (char)('0' + n % 10);
    text[used] = 0;
    return text;
}
static void print_who(const struct slot *s)
{
    const unsigned slot = (unsigned)(s - board->slots);
    unsigned n = 0;
    if (slot == SLOTS - 1) printf("the first process");
    else if (slot >= WORKERS + KEEPERS) printf("racer %u", slot - WORKERS - KEEPERS);
    else if (slot >= WORKERS) printf("keeper %u", slot - WORKERS);
    else {
        const char *kind = kind_names[kind_of(slot, &n)];
        printf("%s %u, generation %lu", kind, n, ul(s->generation));
    }
}

/* ---- findings ---- */
static void switch_off(unsigned long passed, unsigned long failed)
{
    (void)fflush(stdout);
    (void)SYS3(SYS_CONTROL, CONTROL_OFF, passed, failed);
}
static uint64_t sum_of_kind(enum kind kind)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < kind_counts[kind]; i++) n += slot_of(kind, i)->done;
    return n;
}
static void table(void)
{
    printf("stress: units of work:");
    for (unsigned i = 0; i < KIND_COUNT; i++)
        if (kind_units[i]) printf(" %s %lu", kind_names[i], ul(sum_of_kind((enum kind)i)));
    printf("\n");
    for (unsigned i = 0; i < SUM_COUNT; i++) printf("%s%s %lu%s", i % 6 == 0 ? "stress: " : "", sum_names[i], ul(board->sums[i]), i % 6 == 5 || i == SUM_COUNT - 1 ? "\n" : ", ");
}
void finding(const char *file, int line, const char *what, const char *error, uint64_t got, uint64_t expected)
{
    (void)fflush(stdout);
    printf("FINDING: ");
    if (mine) print_who(mine);
    printf(", %s:%d: %s: ", file, line, what);
    if (error) printf("%s\n", error);
    else printf("expected %lx, got %lx\n", ul(expected), ul(got));
    if (board) __atomic_fetch_add(&board->findings, 1, __ATOMIC_SEQ_CST);
    if (is_first) {
        if (board) table();
        switch_off(0, 1);
    }
    exit(1);
}

/* ---- what all of them do ---- */
vipc_time in_us(uint64_t microseconds) { return vipc_after(&ipc, microseconds * 1000); }
static uint64_t xmm_read(void) { uint64_t n; __asm__ volatile("movq %%xmm9, %0" : "=r"(n)); return n; }
int going_on(void)
{
    mine->beat++;
    give_way();
    if (in_fpu) EXPECT_IS(xmm_read(), in_fpu);
    if (board->stop || board->findings) return 0;
    return share == 0 || mine->done < share;
}
void stay_on(uint64_t cpu) { (void)MUST((vipc_error)run_on(cpu == WHEREVER ? cpu : cpu % board->cpus), 0); }
void work_done(void) { mine->done++; }
void forget(vipc_cap *c)
{
    if (c->token) (void)MUST(vipc_close(&ipc, *c), BIT(INVALID_CAPABILITY));
    *c = none;
}
static int see_board(unsigned slot)
{
    vipc_cap object;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m;
    how.access = VIPC_WRITE;
    if (vipc_object_open(&ipc, BOARD, 0, 0, &object, VIPC_FOREVER) != VIPC_OK || vipc_map(&ipc, object, &how, &m) != VIPC_OK || vipc_close(&ipc, object) != VIPC_OK) return 0;
    board = (struct board *)m.at;
    mine = &board->slots[slot];
    chance = mix(board->seed ^ mix((uint64_t)slot << 32 | mine->generation));
    return 1;
}

/* ---- a worker ---- */
static int work(unsigned worker)
{
    if (!see_board(worker)) return 1;
    const enum kind kind = kind_of(worker, &number);
    share = board->rounds * kind_units[kind];
    mine->pid = vipc_self(&ipc).id;
    stay_on(one_in(3) ? below(board->cpus) : WHEREVER);
    if (one_in(2)) __asm__ volatile("movq %0, %%xmm9" : : "r"(in_fpu = any() | 1));
    kind_works[kind]();
    mine->state = SLOT_FINISHED;
    return 0;
}

static int run_race(unsigned role) { return see_board(WORKERS + KEEPERS + role % RACERS) ? race_run(role) : 1; }

/* ---- a keeper: starts its workers, kills them, and starts them again ---- */
struct ward { vipc_cap process; vipc_pid pid; int lives, killed, wanted; };
static struct ward wards[WORKERS];
static vipc_cap bell;
static unsigned alive;
static uint64_t ward_bit(unsigned worker) { return 1ull << worker / KEEPERS; }

static void begin(unsigned worker)
{
    struct ward *w = &wards[worker];
    struct slot *s = &board->slots[worker];
    w->wanted = 1;
    s->at_risk = 0;
    s->generation++;
    s->state = SLOT_RUNS;
    if (MUST(spawn("stress", name_with("worker ", worker), 1, &w->process, &w->pid), BIT(LIMIT)) != VIPC_OK) {       /* the children of forks have taken all places */
        count(SUM_no_room, 1);
        return;
    }
    w->wanted = w->killed = 0;
    w->lives = 1;
    alive++;
    count(SUM_starts, 1);
    (void)MUST(vipc_process_watch(&ipc, w->pid, bell, ward_bit(worker)), 0);
}
static void has_ended(unsigned worker)
{
    struct ward *w = &wards[worker];
    struct slot *s = &board->slots[worker];
    uint64_t status = 0;
    vipc_error e = MUST(wait_for(w->pid, &status, in_us(10000000)), BIT(NOT_FOUND));     /* so many have ended since that it is forgotten */
    w->lives = 0;
    alive--;
    s->lost += s->at_risk;
    if (board->findings) return;
    if (s->state != SLOT_FINISHED) EXPECT(w->killed);
    if (e == VIPC_OK && status != STATUS_KILLED) EXPECT_IS(status, 0);
    if (s->state == SLOT_FINISHED) return;
    s->state = SLOT_EMPTY;
    if (!board->stop) begin(worker);
}
static void kill_one(unsigned keeper)
{
    unsigned worker = keeper + KEEPERS * (unsigned)below((WORKERS - keeper + KEEPERS - 1) / KEEPERS);
    struct ward *w = &wards[worker];
    if (w->wanted && !w->lives) begin(worker);
    else if (w->lives && MUST(vipc_destroy(&ipc, w->process, in_us(10000000)), BIT(INVALID_CAPABILITY)) == VIPC_OK) {
        w->killed = 1;
        board->slots[worker].killed++;
        count(SUM_kills, 1);
    }
}
/* At random; but when all have done some work since this keeper's last, so that on a slow machine, too, there is more than beginning and ending. */
static int is_time_to_kill(void)
{
    static uint64_t due;
    uint64_t work = 0;
    for (unsigned i = 0; i < WORKERS; i++) work += board->slots[i].done;
    if (work < due) return 0;
    due = work + below(250);
    return 1;
}
static vipc_time next_kill(void) { return in_us(below(one_in(6) ? 300 : 15000)); }
static int keep(unsigned keeper)
{
    uint64_t bits;
    if (!see_board(WORKERS + keeper)) return 1;
    mine->state = SLOT_RUNS;
    (void)MUST(vipc_notification_create(&ipc, "ends", &bell), 0);
    for (unsigned worker = keeper; worker < WORKERS; worker += KEEPERS) begin(worker);
    vipc_time kill = next_kill();
    while (alive) {
        mine->beat++;
        vipc_error e = MUST(vipc_notification_wait(&ipc, bell, ~0ull, &bits, board->stop ? in_us(20000) : kill), BIT(TIMEOUT));
        for (unsigned worker = keeper; e == VIPC_OK && worker < WORKERS; worker += KEEPERS)
            if (bits & ward_bit(worker) && wards[worker].lives) has_ended(worker);
        if (e == VIPC_OK || board->stop) continue;
        if (is_time_to_kill()) kill_one(keeper);
        kill = next_kill();
    }
    mine->state = SLOT_FINISHED;
    return 0;
}

/* ---- the first process ---- */
static unsigned long passed, failed;
static void check(int good, const char *name)
{
    if (good) passed++;
    else failed++;
    printf("%s %s\n", good ? "ok  " : "FAIL", name);
}
static struct machine_info machine(void)
{
    struct machine_info i = VIPC_INIT;
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &i);
    return i;
}
/* All that there is to be counted, this process's own memory aside; what must be the same before and after. */
struct figures { uint64_t frames, objects, own_objects, own_capabilities, kernel_objects, kernel_capabilities, named, processes, frames_of_domain, of_nodes; };
static struct figures figures(void)
{
    struct figures f;
    vipc_stats stats;
    vipc_process_info own, kernel;
    uint32_t named;
    vipc_space_info space;
    const vipc_pid kernel_pid = { 1 };
    (void)MUST(vipc_trim(&ipc, NULL), 0);
    const struct machine_info is = machine();
    (void)MUST(vipc_stats_get(&ipc, &stats), 0);
    (void)MUST(vipc_process_get(&ipc, vipc_self(&ipc), &own), 0);
    (void)MUST(vipc_process_get(&ipc, kernel_pid, &kernel), 0);
    (void)MUST(vipc_object_count(&ipc, &named), 0);
    (void)MUST(vipc_space_get(&ipc, own_space, &space), 0);
    const uint64_t own_frames = space.pages + space.table_frames;
    f.frames = is.frames_free + own_frames;
    f.processes = is.processes;
    f.objects = stats.objects_created - stats.objects_destroyed;
    f.own_objects = own.objects;
    f.own_capabilities = own.capabilities;
    f.kernel_objects = kernel.objects;
    f.kernel_capabilities = kernel.capabilities;
    f.named = named;
    f.frames_of_domain = stats.frames_in_use - own_frames;
    f.of_nodes = 0;
    for (uint32_t i = 0; i < is.nodes; i++) {
        uint64_t bytes = 0;
        (void)MUST(vipc_node_usage(&ipc, i, &bytes), 0);
        f.of_nodes += bytes;
    }
    return f;
}
static void is_sound(void)
{
    uint32_t violations = 0;
    (void)MUST(vipc_check(&ipc, &violations), 0);
    EXPECT_IS(violations, 0);
    count(SUM_checks, 1);
}
/* Does everybody go on?  Who has not for ten seconds never will. */
static void all_go_on(void)
{
    static struct { uint64_t beat, generation; vipc_time since; } seen[SLOTS];
    const vipc_time time = now();
    for (unsigned i = 0; i < SLOTS - 1; i++) {
        const struct slot *s = &board->slots[i];
        if (s->beat != seen[i].beat || s->generation != seen[i].generation || s->state != SLOT_RUNS) {
            seen[i].beat = s->beat;
            seen[i].generation = s->generation;
            seen[i].since = time;
        } else if (time - seen[i].since > 10000000000u) {
            printf("stress: ");
            print_who(s);
            printf(", has not gone on for ten seconds, from line %u\n", s->line);
            EXPECT(!"everybody goes on");
        }
    }
}
static int each_kind_has_done_something(void)
{
    for (unsigned i = 0; i < KIND_COUNT; i++)
        if (kind_units[i] && sum_of_kind((enum kind)i) == 0) return 0;
    return 1;
}
static int work_is_done(vipc_time end)
{
    if (board->rounds == 0) return now() >= end && each_kind_has_done_something();       /* a busy machine may need longer */
    for (unsigned i = 0, n; i < WORKERS; i++)
        if (kind_units[kind_of(i, &n)] && board->slots[i].state != SLOT_FINISHED) return 0;
    return 1;
}
static void look(void)
{
    mine->beat++;
    if (board->findings) { table(); switch_off(0, board->findings); }
    all_go_on();
}
static void tell(vipc_time began)
{
    const volatile uint64_t *s = board->sums;
    printf("stress: %lu s: %lu calls, %lu messages, %lu regions handed over, %lu forks, %lu revokes, %lu kills\n", ul((now() - began) / 1000000000u),
           ul(s[SUM_calls] + s[SUM_large_calls]), ul(s[SUM_receives]), ul(s[SUM_shared] + s[SUM_moved] + s[SUM_copied]), ul(s[SUM_forks]), ul(s[SUM_revokes]), ul(s[SUM_kills]));
}
static void await(vipc_pid pid)
{
    uint64_t status = 0;
    while (MUST(vipc_process_wait(&ipc, pid, in_us(10000)), BIT(TIMEOUT)) != VIPC_OK) look();
    look();
    if (MUST(wait_for(pid, &status, VIPC_FOREVER), BIT(NOT_FOUND)) == VIPC_OK) EXPECT_IS(status, 0);
}
static void storm(uint64_t seconds)
{
    vipc_cap process;
    vipc_pid pids[KEEPERS];
    const vipc_time began = now(), end = began + seconds * 1000000000u;
    vipc_time told = began;
    for (unsigned i = 0; i < KEEPERS; i++) (void)MUST(spawn("stress", name_with("keeper ", i), 2, &process, &pids[i]), 0);
    for (uint64_t turn = 1; !work_is_done(end); turn++) {
        sleep_until(in_us(10000));
        look();
        if (turn % 10 == 0) is_sound();
        if (turn % 15 == 0) (void)MUST(vipc_trim(&ipc, NULL), 0);
        if (turn % 20 == 0) (void)SYS3(SYS_CONTROL, CONTROL_TIMER, one_in(4) ? 100 + below(400) : 500 + below(1500), 0);
        if (now() - told >= 2000000000u) { tell(began); told += 2000000000u; }
    }
    board->stop = 1;
    (void)SYS3(SYS_CONTROL, CONTROL_TIMER, 1000, 0);
    for (unsigned i = 0; i < KEEPERS; i++) await(pids[i]);
    tell(began);
}
static void race(const char *which, uint64_t turns, const char *name)
{
    vipc_cap process;
    vipc_pid pids[RACERS];
    unsigned first = 0;
    const unsigned n = race_roles(which, &first);
    memset(&board->race, 0, sizeof board->race);
    board->race.turns = turns;
    for (unsigned i = 0; i < n; i++) (void)MUST(spawn("stress", name_with("racer ", first + i), 1, &process, &pids[i]), 0);
    for (unsigned i = 0; i < n; i++) await(pids[i]);
    printf("stress: %s: %lu turns, %lu calls, %lu answered, %lu cut off\n", which, ul(turns), ul(board->race.began), ul(board->race.answered), ul(board->race.dead));
    EXPECT(board->race.answered > 0 || turns < 100);     /* of a few turns all may be cut off, where CPUs are slow to be woken */
    is_sound();
    check(1, name);
}
/* The children of forks whose parents were killed end by themselves. */
static int alone(void)
{
    const vipc_time end = in_us(10000000);
    do sleep_until(in_us(1000));
    while (machine().processes > together && now() < end);
    return machine().processes == together;
}
static void compare(const struct figures *before, const struct figures *after)
{
    EXPECT_IS(after->processes, before->processes);
    EXPECT_IS(after->objects, before->objects);
    EXPECT_IS(after->own_objects, before->own_objects);
    EXPECT_IS(after->kernel_objects, before->kernel_objects);
    EXPECT_IS(after->own_capabilities, before->own_capabilities);
    EXPECT_IS(after->kernel_capabilities, before->kernel_capabilities);
    EXPECT_IS(after->named, before->named);
    check(1, "stress_every_object_name_and_capability_is_gone");
    EXPECT_IS(after->of_nodes, before->of_nodes);
    EXPECT_IS(after->frames_of_domain, before->frames_of_domain);
    EXPECT_IS(after->frames, before->frames);
    check(1, "stress_every_frame_came_back");
}
static void board_make(uint64_t seed, uint64_t rounds)
{
    vipc_cap object;
    vipc_map_desc how = VIPC_INIT;
    vipc_mapping m;
    how.access = VIPC_WRITE;
    if (vipc_object_open(&ipc, BOARD, VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE, 0, &object, VIPC_FOREVER) != VIPC_OK ||
        vipc_object_truncate(&ipc, object, sizeof *board, VIPC_FOREVER) != VIPC_OK || vipc_map(&ipc, object, &how, &m) != VIPC_OK) {
        printf("FINDING: no board\n");
        switch_off(0, 1);
    }
    board = (struct board *)m.at;
    board->seed = seed;
    board->cpus = machine().cpus;
    board->nodes = machine().nodes;
    board->rounds = rounds;
    mine = &board->slots[SLOTS - 1];
    chance = mix(seed);
}
static void storm_is_right(const vipc_cap boxes[BOXES])
{
    EXPECT(each_kind_has_done_something());
    check(1, "stress_everybody_went_on_to_the_end");
    calls_are_right();
    check(1, "stress_no_answer_was_wrong_lost_or_given_twice");
    posts_are_right(boxes);
    check(1, "stress_every_message_came_once");
    for (unsigned i = 0; i < 8; i++) (void)MUST(vipc_object_unlink(&ipc, name_with("/stress ", i)), BIT(NOT_FOUND));
}
static const struct { const char *race, *name; } races[] = {
    { "revoke", "stress_no_call_succeeds_after_its_capability_was_revoked" }, { "server", "stress_who_waits_for_a_killed_server_is_told_or_answered" },
    { "owner", "stress_who_waits_for_a_killed_owner_is_told" }, { "caller", "stress_who_answers_a_killed_caller_goes_on" },
    { "withdraw", "stress_what_was_withdrawn_is_out_of_reach" }, { "copy", "stress_a_copy_is_of_one_moment" },
};
static int is_word(const char *word, const char *name, const char **value)
{
    size_t length = 0;
    while (name[length]) length++;
    *value = word + length;
    return memcmp(word, name, length) == 0;
}
/* What the command line asks for.  0 where it does not say. */
struct wish { uint64_t seed, seconds, rounds, turns; const char *race; };
static int direct(const struct wish *wish)
{
    vipc_cap boxes[BOXES];
    const uint64_t turns = wish->turns ? wish->turns : 10 * (wish->rounds ? wish->rounds : wish->seconds);
    is_first = 1;
    together = machine().processes;
    board_make(wish->seed, wish->rounds);
    boxes_make(boxes);
    printf("stress: seed %lu, CPUs %lu, ", ul(wish->seed), ul(board->cpus));
    if (wish->race) printf("race %s, turns %lu\n", wish->race, ul(turns));
    else printf("%s %lu: %u workers of %u kinds, and %u that kill them\n", wish->rounds ? "rounds" : "seconds", ul(wish->rounds ? wish->rounds : wish->seconds),
                WORKERS, KIND_COUNT, KEEPERS);
    const struct figures before = figures();
    is_sound();
    if (!wish->race) storm(wish->seconds);
    for (unsigned i = 0; i < sizeof races / sizeof *races; i++)
        if (!wish->race || strcmp(wish->race, "all") == 0 || strcmp(wish->race, races[i].race) == 0) race(races[i].race, turns, races[i].name);
    EXPECT(alone());
    check(1, "stress_every_process_has_ended");
    if (!wish->race) storm_is_right(boxes);
    is_sound();
    check(1, "stress_the_domain_is_sound");
    const struct figures after = figures();
    compare(&before, &after);
    if (!wish->race) table();
    switch_off(passed, failed);
    EXPECT(vipc_object_unlink(&ipc, BOARD) == VIPC_OK);      /* the shell has started it: the machine goes on, without what this leaves */
    printf("%lu passed, %lu failed\n", ul(passed), ul(failed));
    return failed != 0;
}
int main(int argc, char **argv)
{
    struct wish wish = { 0, 20, 0, 0, NULL };
    const char *value;
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 99;
    if (argc == 3 && strcmp(argv[1], "worker") == 0) return work((unsigned)strtoul(argv[2], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "keeper") == 0) return keep((unsigned)strtoul(argv[2], NULL, 10));
    if (argc == 3 && strcmp(argv[1], "racer") == 0) return run_race((unsigned)strtoul(argv[2], NULL, 10));
    for (int i = 1; i < argc; i++) {
        if (is_word(argv[i], "seed=", &value)) wish.seed = strtoul(value, NULL, 10);
        else if (is_word(argv[i], "seconds=", &value)) wish.seconds = strtoul(value, NULL, 10);
        else if (is_word(argv[i], "rounds=", &value)) wish.rounds = strtoul(value, NULL, 10);
        else if (is_word(argv[i], "turns=", &value)) wish.turns = strtoul(value, NULL, 10);
        else if (is_word(argv[i], "race=", &value)) wish.race = value;
        else {
            printf("FINDING: %s is none of seed=, seconds=, rounds=, race=, turns=\n", argv[i]);
            switch_off(0, 1);
        }
    }
    if (wish.seed == 0) wish.seed = 1 + mix(now()) % 1000000;
    return direct(&wish);
}
