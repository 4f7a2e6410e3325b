/* t_port.c - port_suite.h on the ports that come with the header, and on ports that are broken on purpose.
 * cc -pthread tests/t_port.c -o t_port && ./t_port [case]          Linux.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#define VERIDIAN_MOCK_IMPLEMENTATION
#include "../shims/veridian_mock.h"
#include "port_suite.h"
#include "test.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MS ((vipc_time)1000000)

/* A port, and how the suite runs on it.  The suite's memory is shared with forked children; this is not. */
typedef struct rig {
    struct port_suite s;
    vipc ipc;                        /* POSIX: whose hooks are tested */
    vipc_mock mock;
    vipc_hooks hooks, second;        /* as the suite sees them, broken perhaps; of the second thread */
    const vipc_hooks *real;
    int bell_fd, processes, quiet;
    pthread_t thread;
    pid_t child;
    port_suite_part part;
    void *argument;
    char last[200];                  /* the line printed last */
} rig;
static rig rig_, *const r_ = &rig_;

static void *shared(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) { printf("    no memory\n"); exit(2); }
    return p;
}

/* ------------------------------------------------------------------------------- what the suite asks of its user */
static void say(void *user, const char *line)
{
    rig *r = (rig *)user;
    snprintf(r->last, sizeof r->last, "%s", line);
    if (strncmp(line, "FAIL", 4) == 0 && !r->quiet) printf("    tests/port_suite.h: %s\n", line);
    else if (!r->quiet) printf("    %s\n", line);
    fflush(stdout);
}
static void rest(void *user)
{
    struct timespec t = { 0, 50 * 1000 };
    (void)user;
    nanosleep(&t, NULL);
}
static int rung(void *user)
{
    struct pollfd p = { ((rig *)user)->bell_fd, POLLIN, 0 };
    return poll(&p, 1, 0) == 1;
}
static void *in_thread(void *user)
{
    rig *r = (rig *)user;
    r->part(r->argument, &r->second, vipc_posix_thread_number_());
    return NULL;
}
/* A forked child with a membership, and so hooks, of its own. */
static int in_process(rig *r)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (vipc_posix_after_fork(&r->ipc, "second") != VIPC_OK) return 1;
    r->part(r->argument, r->ipc.hooks, vipc_posix_thread_number_());
    return vipc_posix_close(&r->ipc) != VIPC_OK;
}
static int start(void *user, port_suite_part part, void *argument)
{
    rig *r = (rig *)user;
    r->part = part;
    r->argument = argument;
    if (!r->processes) return pthread_create(&r->thread, NULL, in_thread, r) == 0;
    fflush(stdout);
    r->child = fork();
    if (r->child == 0) _exit(in_process(r));
    return r->child > 0;
}
static void join(void *user)
{
    rig *r = (rig *)user;
    int status = -1;
    if (!r->processes) { pthread_join(r->thread, NULL); return; }
    while (waitpid(r->child, &status, 0) < 0 && errno == EINTR) { }
    CHECK_EQ(status, 0);
}

/* ---------------------------------------------------------------------------------------------------------- ports */
enum { FRAMES = 256 };
static void rig_suite(rig *r)
{
    struct port_suite *s = &r->s;
    s->hooks = &r->hooks;
    s->user = r;
    s->print = say;
    s->rest = rest;
    s->end = FRAMES;
    s->rounds = 1000;
    s->size = port_suite_required_size(s);
    s->memory = shared((size_t)s->size);
}
static void posix_open(rig *r, int no_futex)
{
    static vipc other;
    vipc_posix_desc d = VIPC_INIT;
    vipc_cap set;
    int fd;
    memset(r, 0, sizeof *r);
    d.config.max_objects = 32;
    d.frames_bytes = FRAMES * 4096;
    d.no_futex = (uint32_t)no_futex;
    REQUIRE_OK(vipc_posix_create_fd(&r->ipc, &d, &fd));
    REQUIRE_OK(vipc_posix_open_fd(&other, fd, NULL));
    close(fd);
    r->s.alive = vipc_posix_member_of_(&r->ipc)->proof;
    r->s.dead = vipc_posix_member_of_(&other)->proof;
    REQUIRE_OK(vipc_posix_close(&other));
    REQUIRE_OK(vipc_wait_set_create(&r->ipc, 4, NULL, &set));
    REQUIRE_OK(vipc_posix_pollable(&r->ipc, set, &r->bell_fd));
    r->s.bell = r->s.alive << 8;
    r->real = r->ipc.hooks;
    r->hooks = r->second = *r->real;
    r->s.thread = vipc_posix_thread_number_();
    r->s.start = start;
    r->s.join = join;
    r->s.rung = rung;
    rig_suite(r);
}
static void posix_close(rig *r)
{
    CHECK_OK(vipc_posix_close(&r->ipc));
    munmap(r->s.memory, (size_t)r->s.size);
}
/* How many cases were skipped, beside those that are skipped where a port has no hooks for address spaces, or nobody looks through them, or none for nodes; -1: some failed. */
static int skipped_cases(const rig *r)
{
    int passed, failed, skipped;
    if (sscanf(r->last, "%d passed, %d failed, %d skipped", &passed, &failed, &skipped) != 3 || failed) return -1;
    return skipped - (!r->s.hooks->space_create ? 9 : !r->s.access ? 5 : 0) - (r->s.hooks->frame_node == NULL);
}
static void posix_suite(int no_futex, int processes)
{
    posix_open(r_, no_futex);
    r_->processes = processes;
    if (processes) r_->s.hooks = r_->ipc.hooks;
    CHECK_EQ(port_suite_run(&r_->s), 0);
    CHECK_EQ(skipped_cases(r_), 3);                                 /* no enter and leave, no relax, no log */
    posix_close(r_);
}
/* As a CPU of the mock's: what an old translation lets it do, it does. */
static int mock_access(void *user, uint64_t root, uint64_t at, uint32_t access, unsigned char *byte)
{
    vipc_mock *m = &((rig *)user)->mock;
    vipci_mock_page *e = vipci_mock_find(m, root, at >> m->page_shift, true, access);
    if (!e) e = vipci_mock_find(m, root, at >> m->page_shift, false, access);
    if (e) vipci_mock_move(m, e, at, access, byte);
    return e != NULL;
}
static int mock_critical(void *user) { return ((rig *)user)->mock.critical != 0; }
static void mock_open(rig *r)
{
    static unsigned char memory[(FRAMES + 400) * 4096];      /* with what CPUs keep of translations */
    vipc_mock_desc d = VIPC_INIT;
    memset(r, 0, sizeof *r);
    d.config.max_objects = 32;
    d.config.max_processes = 4;
    d.config.max_names = 4;
    d.config.max_spaces = 4;
    d.frames = FRAMES;
    REQUIRE_OK(vipc_mock_prepare(&r->mock, memory, sizeof memory, &d));
    r->real = &r->mock.hooks;
    r->hooks = *r->real;
    r->mock.dead[r->mock.deaths++] = 99;
    r->s.alive = VIPC_MOCK_PROOF;
    r->s.dead = 99;
    r->s.critical = mock_critical;
    r->s.access = mock_access;
    rig_suite(r);
}

TEST(the_posix_shim_between_threads) { posix_suite(0, 0); }
TEST(the_posix_shim_between_processes) { posix_suite(0, 1); }
TEST(the_posix_shim_without_futexes) { posix_suite(1, 0); }
TEST(the_posix_shim_without_futexes_between_processes) { posix_suite(1, 1); }
TEST(the_mock_shim)
{
    mock_open(r_);
    CHECK_EQ(port_suite_run(&r_->s), 0);
    CHECK_EQ(skipped_cases(r_), 17);                                /* one thread; no relax, no bell */
    CHECK(r_->mock.trouble == NULL || strcmp(r_->mock.trouble, "frame_free of what is no frame") == 0);    /* it was told of such, on purpose */
    CHECK_EQ(r_->mock.stuck + r_->mock.lost, 0);
    CHECK_EQ(r_->mock.critical, 0);
    CHECK_EQ(r_->mock.in_use, 0);
    munmap(r_->s.memory, (size_t)r_->s.size);
}
TEST(what_the_suite_refuses)
{
    mock_open(r_);
    struct port_suite s = r_->s;
    s.size--;
    CHECK_EQ(port_suite_run(&s), 1);
    s = r_->s;
    s.memory = (char *)s.memory + 8;
    CHECK_EQ(port_suite_run(&s), 1);
    s = r_->s;
    s.hooks = NULL;
    CHECK_EQ(port_suite_run(&s), 1);
    s = r_->s;
    s.print = NULL;
    CHECK_EQ(port_suite_run(&s), 1);
    CHECK_EQ(port_suite_run(NULL), 1);
    s = r_->s;
    s.only = "relax_returns";
    CHECK_EQ(port_suite_run(&s), 0);
    CHECK(strcmp(r_->last, "0 passed, 0 failed, 1 skipped") == 0);
    munmap(r_->s.memory, (size_t)r_->s.size);
}
/* A port with the three frame hooks and nothing else. */
TEST(frames_alone_are_a_port)
{
    mock_open(r_);
    vipc_hooks h = r_->hooks;
    memset(&r_->hooks, 0, sizeof h);
    r_->hooks.size = h.size;
    r_->hooks.user = h.user;
    r_->hooks.frame_alloc = h.frame_alloc;
    r_->hooks.frame_free = h.frame_free;
    r_->hooks.frame_pointer = h.frame_pointer;
    CHECK_EQ(port_suite_run(&r_->s), 0);
    munmap(r_->s.memory, (size_t)r_->s.size);
}

/* --------------------------------------------------------------------------------------------------- broken ports
 * Each breaks one promise of one hook.  The hook's `user` is the rig. */
#define R rig *r = (rig *)user; const vipc_hooks *h = r->real
static uint32_t count_[8];
static uint64_t kept_[4096];
static uint32_t now32(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static unsigned char *pool(void *user) { R; return (unsigned char *)h->frame_pointer(h->user, 0, 1); }

/* Those that break nothing but pass on: every hook of the copy needs the real `user`. */
static vipc_error alloc(void *user, uint64_t count, uint64_t *first) { R; return h->frame_alloc(h->user, count, first); }
static void free_(void *user, uint64_t first, uint64_t count) { R; h->frame_free(h->user, first, count); }
static void *pointer(void *user, uint64_t first, uint64_t count) { R; return h->frame_pointer(h->user, first, count); }
static vipc_error block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    R;
    return h->block(h->user, self, word, expected, end);
}
static void wake(void *user, uint64_t target, uint32_t *word) { R; h->wake(h->user, target, word); }
static vipc_time now(void *user) { R; return h->now(h->user); }
static uint32_t enter(void *user) { R; return h->enter(h->user); }
static void leave(void *user, uint32_t state) { R; h->leave(h->user, state); }
static int alive(void *user, uint64_t proof) { R; return h->process_alive(h->user, proof); }
static void bell(void *user, uint64_t number, int ring) { R; h->bell(h->user, number, ring); }

static vipc_error block_blind(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    (void)expected;
    return block(user, self, word, now32(word), end);
}
static vipc_error block_looks_too_soon(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    R;
    if (now32(word) != expected) return VIPC_OK;
    rest(user);
    return h->block(h->user, self, word, now32(word), end);
}
static vipc_error block_endless(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    (void)end;
    return block(user, self, word, expected, VIPC_FOREVER);
}
static vipc_error block_sleeps_long(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    return block(user, self, word, expected, end + 2 * ((rig *)user)->s.late);
}
static vipc_error block_hasty(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    (void)user;
    (void)self;
    (void)end;
    return now32(word) == expected ? VIPC_ERR_TIMEOUT : VIPC_OK;
}
static vipc_error block_strange(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    vipc_error e = block(user, self, word, expected, end);
    return e == VIPC_OK ? VIPC_ERR_CANCELLED : e;
}
static void wake_nobody(void *user, uint64_t target, uint32_t *word) { (void)user; (void)target; (void)word; }
static void wake_its_neighbour(void *user, uint64_t target, uint32_t *word) { R; h->wake(h->user, target, word + 1); }
static void wake_scribbles(void *user, uint64_t target, uint32_t *word) { R; ++*word; h->wake(h->user, target, word); }
/* One place for one sleeper: who wakes another word takes the sleeper off the place, and does not wake it. */
static pthread_mutex_t place_lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t *place, gate;
static vipc_error block_at_a_place(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    R;
    pthread_mutex_lock(&place_lock);
    uint32_t ticket = gate;
    int goes = now32(word) == expected;
    if (goes && !place) place = word;
    pthread_mutex_unlock(&place_lock);
    return goes ? h->block(h->user, self, &gate, ticket, end) : VIPC_OK;      /* who times out stays on the place */
}
static vipc_error block_at_a_place_and_leave(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    vipc_error e = block_at_a_place(user, self, word, expected, end);
    pthread_mutex_lock(&place_lock);
    place = NULL;
    pthread_mutex_unlock(&place_lock);
    return e;
}
static void wake_at_a_place(void *user, uint64_t target, uint32_t *word, int forget)
{
    R;
    pthread_mutex_lock(&place_lock);
    int found = place == word;
    if (found || forget) place = NULL;
    if (found) __atomic_add_fetch(&gate, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&place_lock);
    if (found) h->wake(h->user, target, &gate);
}
static void wake_forgets_others(void *user, uint64_t target, uint32_t *word) { wake_at_a_place(user, target, word, 1); }
static void wake_who_is_there(void *user, uint64_t target, uint32_t *word) { wake_at_a_place(user, target, word, 0); }

static vipc_error alloc_twice(void *user, uint64_t count, uint64_t *first)
{
    R;
    if (count == kept_[1] && ++count_[0] % 3 == 0) { *first = kept_[0]; return VIPC_OK; }
    vipc_error e = h->frame_alloc(h->user, count, first);
    if (e == VIPC_OK) { kept_[0] = *first; kept_[1] = count; }
    return e;
}
static vipc_error alloc_short(void *user, uint64_t count, uint64_t *first) { R; (void)count; return h->frame_alloc(h->user, 1, first); }
static vipc_error alloc_silent(void *user, uint64_t count, uint64_t *first) { R; uint64_t mine; (void)first; return h->frame_alloc(h->user, count, &mine); }
static vipc_error alloc_leaks(void *user, uint64_t count, uint64_t *first)
{
    R;
    vipc_error e = h->frame_alloc(h->user, count, first);
    if (e != VIPC_OK) (void)h->frame_alloc(h->user, 1, &kept_[0]);
    return e;
}
static vipc_error alloc_says_one(void *user, uint64_t count, uint64_t *first) { R; return h->frame_alloc(h->user, count, first) == VIPC_OK ? VIPC_OK : (vipc_error)1; }
static vipc_error alloc_wipes_a_neighbour(void *user, uint64_t count, uint64_t *first)
{
    R;
    vipc_error e = h->frame_alloc(h->user, count, first);
    if (e == VIPC_OK && *first + count < FRAMES) memset(pool(user) + *first * 4096, 0, (count + 1) * 4096);
    return e;
}
static vipc_error alloc_never_fails(void *user, uint64_t count, uint64_t *first) { R; if (h->frame_alloc(h->user, count, first) != VIPC_OK) *first = 3; return VIPC_OK; }
static vipc_error alloc_from_a_list(void *user, uint64_t count, uint64_t *first)
{
    R;
    if (count == 1 && count_[1]) { *first = kept_[--count_[1]]; return VIPC_OK; }
    return h->frame_alloc(h->user, count, first);
}
static void free_to_a_list(void *user, uint64_t first, uint64_t count)
{
    R;
    for (uint64_t i = 0; i < count && first < FRAMES; i++)
        if (count_[1] < 4096) kept_[count_[1]++] = first + i;
        else h->frame_free(h->user, first + i, 1);
}
/* Two nodes: the lower half of all frames, and the upper one. */
static uint32_t node_of(void *user, uint64_t frame) { (void)user; return frame >= FRAMES / 2; }
static vipc_error near_alone(void *user, uint32_t node, uint64_t count, uint64_t *first)
{
    vipc_mock *m = &((rig *)user)->mock;
    uint64_t from = node ? FRAMES / 2 : 0;
    vipc_error e = vipc_frames_alloc_within(&m->frames, count, &from, node ? FRAMES : FRAMES / 2, first);
    vipci_mock_count(m);
    return e;
}
static vipc_error near_(void *user, uint32_t node, uint64_t count, uint64_t *first)
{
    vipc_error e = near_alone(user, node, count, first);
    return e == VIPC_OK ? e : alloc(user, count, first);
}
static vipc_error near_anywhere(void *user, uint32_t node, uint64_t count, uint64_t *first) { (void)node; return alloc(user, count, first); }
static vipc_error near_the_other(void *user, uint32_t node, uint64_t count, uint64_t *first) { return near_(user, !node, count, first); }
static vipc_error near_one(void *user, uint32_t node, uint64_t count, uint64_t *first) { (void)count; return near_(user, node, 1, first); }
static uint32_t node_of_many(void *user, uint64_t frame) { (void)user; return (uint32_t)frame; }
static void free_nothing(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; }
static void free_one_more(void *user, uint64_t first, uint64_t count) { R; h->frame_free(h->user, first, count); h->frame_free(h->user, first + count, 1); }
static void free_the_first(void *user, uint64_t first, uint64_t count) { R; (void)count; h->frame_free(h->user, first, 1); }
static void free_if_whole(void *user, uint64_t first, uint64_t count)
{
    R;
    if (vipc_frames_is_taken(&vipc_posix_member_of_(&r->ipc)->frames, first, count)) h->frame_free(h->user, first, count);
}
static void free_modulo(void *user, uint64_t first, uint64_t count) { R; for (uint64_t i = 0; i < count && i < FRAMES; i++) h->frame_free(h->user, (first + i) % FRAMES, 1); }
static void *pointer_off(void *user, uint64_t first, uint64_t count) { unsigned char *p = (unsigned char *)pointer(user, first, count); return p ? p + 8 : p; }
static void *pointer_modulo(void *user, uint64_t first, uint64_t count) { (void)count; return pool(user) + first % FRAMES * 4096; }
static void *pointer_ignores_count(void *user, uint64_t first, uint64_t count) { (void)count; return pointer(user, first, 1); }
static void *pointer_of_short_runs(void *user, uint64_t first, uint64_t count) { return count > 2 ? NULL : pointer(user, first, count); }
static void *pointer_scattered(void *user, uint64_t first, uint64_t count) { return pool(user) + (count == 1 ? first ^ 1 : first) * 4096; }
static void *pointer_moves(void *user, uint64_t first, uint64_t count) { unsigned char *p = (unsigned char *)pointer(user, first, count); return p && count_[2] % 2 ? p + 4096 : p; }
static void free_and_move(void *user, uint64_t first, uint64_t count) { count_[2]++; free_(user, first, count); }
static void *pointer_to_its_own(void *user, uint64_t first, uint64_t count)
{
    static unsigned char own[FRAMES * 4096] __attribute__((aligned(4096)));
    (void)user;
    (void)count;
    return own + first % 16 * 4096;
}
static vipc_time now_steps_back(void *user) { vipc_time t = now(user); return ++count_[3] % 50 ? t : t - 20 * MS; }
static vipc_time now_says_nothing(void *user) { return ++count_[3] % 50 ? now(user) : 0; }
static vipc_time now_stands(void *user) { (void)user; return 1000000000; }
static vipc_time now_of_its_own(void *user) { return now(user) - 900 * MS; }
static int alive_nobody(void *user, uint64_t proof) { (void)user; (void)proof; return 0; }
static int alive_all(void *user, uint64_t proof) { (void)user; (void)proof; return 1; }
static void bell_mute(void *user, uint64_t number, int ring) { if (!ring) bell(user, number, ring); }
static void bell_without_end(void *user, uint64_t number, int ring) { if (ring) bell(user, number, ring); }
static void bell_counts(void *user, uint64_t number, int ring)
{
    char byte;
    if (ring) bell(user, number, ring);
    else if (recv(((rig *)user)->bell_fd, &byte, 1, MSG_DONTWAIT) < 0) return;
}
static void leave_at_once(void *user, uint32_t state) { R; (void)h; (void)state; r->mock.critical = 0; }
static void leave_never(void *user, uint32_t state) { (void)user; (void)state; }
static uint32_t enter_nothing(void *user) { (void)user; return 0; }

/* The six for address spaces. */
static vipc_error create(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root) { R; return h->space_create(h->user, space, start, end, root); }
static vipc_error destroy(void *user, uint64_t root) { R; return h->space_destroy(h->user, root); }
static vipc_error map(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    R;
    return h->page_map(h->user, root, at, frame, pages, access, cache);
}
static void unmap(void *user, uint64_t root, uint64_t at, uint64_t pages) { R; h->page_unmap(h->user, root, at, pages); }
static void protect(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { R; h->page_protect(h->user, root, at, pages, access); }
static vipc_error flush(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time end) { R; return h->tlb_flush(h->user, root, at, pages, end); }

static vipc_error create_the_same(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    if (count_[5]++) { *root = kept_[0]; return VIPC_OK; }
    vipc_error e = create(user, space, start, end, root);
    kept_[0] = *root;
    return e;
}
static vipc_error create_silent(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root) { uint64_t mine; (void)root; return create(user, space, start, end, &mine); }
static vipc_error destroy_once(void *user, uint64_t root) { R; vipc_error e = kept_[1] == root ? VIPC_ERR_HOOK : h->space_destroy(h->user, root); kept_[1] = root; return e; }
static vipc_error destroy_never(void *user, uint64_t root) { (void)user; (void)root; return VIPC_ERR_RESOURCE_BUSY; }
static vipc_error destroy_all(void *user, uint64_t root) { for (uint64_t r = VIPC_MOCK_ROOT; r <= root + 1; r++) (void)destroy(user, r); return VIPC_OK; }
static vipc_error map_says_one(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    return map(user, root, at, frame, pages, access, cache) == VIPC_OK ? (vipc_error)1 : VIPC_ERR_OUT_OF_MEMORY;
}
static vipc_error map_all_writable(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    return map(user, root, at, frame, pages, access | VIPC_PROT_WRITE, cache);
}
static vipc_error map_the_first(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    (void)pages;
    return map(user, root, at, frame, 1, access, cache);
}
static vipc_error map_one_frame(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    for (uint64_t i = 0; i < pages; i++) if (map(user, root, at + i * 4096, frame, 1, access, cache) != VIPC_OK) return VIPC_ERR_OUT_OF_MEMORY;
    return VIPC_OK;
}
static vipc_error map_beside(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    return map(user, root, at + (at >> 21 != (at + pages * 4096 - 1) >> 21 ? 4096 : 0), frame, pages, access, cache);
}
static vipc_error map_not_over(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    R;
    return vipc_mock_translation(&r->mock, root, at, NULL, NULL, NULL) ? VIPC_OK : h->page_map(h->user, root, at, frame, pages, access, cache);
}
static vipc_error map_cached_alone(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    return cache == VIPC_WRITE_BACK ? map(user, root, at, frame, pages, access, cache) : VIPC_ERR_NOT_SUPPORTED;
}
static vipc_error map_in_all(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    for (uint64_t s = VIPC_MOCK_ROOT + 1; s < root; s++) if (s + 1 == root) (void)map(user, s, at + 5 * 4096, frame, pages, access, cache);
    return map(user, root, at, frame, pages, access, cache);
}
static void unmap_nothing(void *user, uint64_t root, uint64_t at, uint64_t pages) { (void)user; (void)root; (void)at; (void)pages; }
static void unmap_the_first(void *user, uint64_t root, uint64_t at, uint64_t pages) { (void)pages; unmap(user, root, at, 1); }
static void unmap_one_more(void *user, uint64_t root, uint64_t at, uint64_t pages) { unmap(user, root, at, pages + 1); }
static void protect_nothing(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { (void)user; (void)root; (void)at; (void)pages; (void)access; }
static void protect_as_told(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)       /* gives, too */
{
    R;
    for (uint64_t frame, i = 0; i < pages; i++)
        if (!access) h->page_unmap(h->user, root, at + i * 4096, 1);
        else if (vipc_mock_translation(&r->mock, root, at + i * 4096, &frame, NULL, NULL)) (void)h->page_map(h->user, root, at + i * 4096, frame, 1, access, 0);
}
static void protect_unmaps(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { (void)access; unmap(user, root, at, pages); }
static void protect_none_reads(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access) { protect(user, root, at, pages, access ? access : (uint32_t)VIPC_PROT_READ); }
static vipc_error flush_nothing(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time end) { (void)user; (void)root; (void)at; (void)pages; (void)end; return VIPC_OK; }
static vipc_error flush_few(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time end) { return flush(user, root, at, pages > 32 ? 32 : pages, end); }
static vipc_error flush_waits(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time end) { vipc_error e = flush(user, root, at, pages, end); return end == VIPC_NOW ? VIPC_ERR_TIMEOUT : e; }

/* Allowed. */
static vipc_error flush_later(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time end) { return end == VIPC_NOW ? VIPC_ERR_WOULD_BLOCK : flush(user, root, at, pages, end); }
static void protect_by_unmapping_none(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    if (access) protect(user, root, at, pages, access);
    else unmap(user, root, at, pages);
}
static vipc_error block_early(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    return __atomic_add_fetch(&count_[4], 1, __ATOMIC_SEQ_CST) % 3 ? VIPC_OK : block(user, self, word, expected, end);
}
static vipc_error block_never_times_out(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time end)
{
    (void)block(user, self, word, expected, end);
    return VIPC_OK;
}
static void wake_twice(void *user, uint64_t target, uint32_t *word) { wake(user, target, word); wake(user, 0, word); }

static void rig_wrap(rig *r)
{
    vipc_hooks *t = &r->hooks;
    t->user = r;
    t->frame_alloc = alloc;
    t->frame_free = free_;
    t->frame_pointer = pointer;
    t->block = block;
    t->wake = wake;
    t->now = now;
    if (t->enter) { t->enter = enter; t->leave = leave; }
    t->process_alive = alive;
    if (t->bell) t->bell = bell;
    if (t->space_create) {
        t->space_create = create;
        t->space_destroy = destroy;
        t->page_map = map;
        t->page_unmap = unmap;
        t->page_protect = protect;
        t->tlb_flush = flush;
    }
    if (t->frame_alloc_near) { t->frame_alloc_near = near_; t->frame_node = node_of; }
    t->log = NULL;
    t->cpus = 1;                     /* no wait looks so long that it need not sleep: block has its turn in each */
    r->second = *t;
}
/* One row a broken port: what is put in place of what, and the case that must fail. */
typedef struct fault { const char *name, *fails; size_t hook; void (*by)(void); size_t hook2; void (*by2)(void); int flags; } fault;
enum { ON_MOCK = 1, SECOND = 2, NODES = 4 };    /* SECOND: the second thread's table alone; NODES: with two nodes */
#define HOOK(name) offsetof(vipc_hooks, name)
#define ROW(case_, hook, by) { #by, #case_, HOOK(hook), (void (*)(void))by, 0, NULL, 0 }
#define ROW2(case_, hook, by, hook2, by2) { #by " and " #by2, #case_, HOOK(hook), (void (*)(void))by, HOOK(hook2), (void (*)(void))by2, 0 }
#define ROW_ON(flags, case_, hook, by) { #by, #case_, HOOK(hook), (void (*)(void))by, 0, NULL, flags }
static const fault faults[] = {
    ROW(block_looks_at_the_word_first, block, block_blind), ROW(block_looks_at_the_word_first, block, block_strange),
    ROW(no_wake_is_lost_before_the_sleep, block, block_blind), ROW(no_wake_is_lost_before_the_sleep, block, block_looks_too_soon),
    ROW(two_sleepers_wake_each_other, block, block_looks_too_soon),
    ROW(block_ends_at_its_deadline, block, block_endless), ROW(block_ends_at_its_deadline, block, block_hasty),
    ROW(block_ends_at_its_deadline, block, block_sleeps_long), ROW(deadlines_are_kept, block, block_sleeps_long),
    ROW(wake_ends_a_sleep, wake, wake_nobody), ROW(wake_ends_a_sleep, wake, wake_its_neighbour), ROW(two_sleepers_wake_each_other, wake, wake_nobody),
    ROW(wake_without_a_sleeper_does_nothing, wake, wake_scribbles),
    ROW2(a_wake_of_another_word_is_no_harm, block, block_at_a_place_and_leave, wake, wake_forgets_others),
    ROW2(who_timed_out_has_left, block, block_at_a_place, wake, wake_who_is_there),
    ROW(notifications_wake, block, block_strange), ROW(a_stream_to_the_second_thread, block, block_strange), ROW(calls_are_answered, block, block_strange),
    ROW(frames_are_given_to_one_alone, frame_alloc, alloc_twice), ROW(frames_come_back, frame_alloc, alloc_twice),
    ROW(frames_come_in_runs, frame_alloc, alloc_short), ROW(frames_hold_what_is_written, frame_alloc, alloc_silent),
    ROW(frames_run_out_and_recover, frame_alloc, alloc_leaks), ROW(frames_run_out_and_recover, frame_alloc, alloc_says_one),
    ROW(frames_run_out_and_recover, frame_alloc, alloc_never_fails), ROW(frames_are_given_to_one_alone, frame_alloc, alloc_wipes_a_neighbour),
    ROW2(frames_freed_twice_are_free_once, frame_alloc, alloc_from_a_list, frame_free, free_to_a_list),
    ROW(frames_come_back, frame_free, free_nothing), ROW(frames_are_given_to_one_alone, frame_free, free_one_more),
    ROW(frames_freed_twice_are_free_once, frame_free, free_the_first), ROW(frames_freed_twice_are_free_once, frame_free, free_if_whole),
    ROW(frames_that_do_not_exist_are_passed_over, frame_free, free_modulo),
    ROW(frames_hold_what_is_written, frame_pointer, pointer_off), ROW(frames_that_do_not_exist_are_passed_over, frame_pointer, pointer_modulo),
    ROW(frames_that_do_not_exist_are_passed_over, frame_pointer, pointer_ignores_count), ROW(frames_come_in_runs, frame_pointer, pointer_scattered),
    ROW_ON(ON_MOCK | NODES, frames_come_from_the_node_that_is_asked, frame_alloc_near, near_alone),
    ROW_ON(ON_MOCK | NODES, frames_come_from_the_node_that_is_asked, frame_alloc_near, near_anywhere),
    ROW_ON(ON_MOCK | NODES, frames_come_from_the_node_that_is_asked, frame_alloc_near, near_the_other),
    ROW_ON(ON_MOCK | NODES, frames_come_from_the_node_that_is_asked, frame_alloc_near, near_one),
    ROW_ON(ON_MOCK | NODES, frames_come_from_the_node_that_is_asked, frame_node, node_of_many),
    ROW2(frames_stay_where_they_are, frame_pointer, pointer_moves, frame_free, free_and_move), ROW(payloads_arrive_whole, frame_pointer, pointer_of_short_runs),
    ROW_ON(SECOND, frames_are_the_same_for_both, frame_pointer, pointer_to_its_own), ROW_ON(SECOND, the_clock_is_one_for_all, now, now_of_its_own),
    ROW_ON(SECOND, a_stream_to_the_first_thread, frame_pointer, pointer_to_its_own),
    ROW(the_clock_never_goes_back, now, now_steps_back), ROW(the_clock_never_goes_back, now, now_says_nothing), ROW(the_clock_never_goes_back, now, now_stands),
    ROW(the_living_and_the_dead_are_told_apart, process_alive, alive_nobody), ROW(the_living_and_the_dead_are_told_apart, process_alive, alive_all),
    ROW(the_dead_are_cleaned_up_after, process_alive, alive_all),
    ROW(the_bell_rings_and_is_quieted, bell, bell_mute), ROW(the_bell_rings_and_is_quieted, bell, bell_without_end), ROW(the_bell_rings_and_is_quieted, bell, bell_counts),
    ROW(the_bell_rings_for_a_wait_set, bell, bell_mute),
    ROW_ON(ON_MOCK, enter_and_leave_nest, leave, leave_at_once), ROW_ON(ON_MOCK, enter_and_leave_nest, leave, leave_never),
    ROW_ON(ON_MOCK, enter_and_leave_nest, enter, enter_nothing), ROW(the_table_is_well_formed, wake, NULL), ROW(the_table_is_well_formed, enter, enter_nothing),
    ROW_ON(ON_MOCK, the_table_is_well_formed, tlb_flush, NULL), ROW_ON(ON_MOCK, spaces_come_and_go, space_create, create_the_same), ROW_ON(ON_MOCK, spaces_come_and_go, space_create, create_silent),
    ROW_ON(ON_MOCK, spaces_come_and_go, space_destroy, destroy_once), ROW_ON(ON_MOCK, spaces_come_and_go, space_destroy, destroy_never),
    ROW_ON(ON_MOCK, pages_are_where_they_were_mapped, space_destroy, destroy_all), ROW_ON(ON_MOCK, a_space_that_is_in_use_stays, space_destroy, destroy_never),
    ROW_ON(ON_MOCK, spaces_come_and_go, page_map, map_says_one), ROW_ON(ON_MOCK, page_tables_need_not_fit, page_map, map_says_one),
    ROW_ON(ON_MOCK, what_is_mapped_over_is_replaced, page_map, map_all_writable), ROW_ON(ON_MOCK, what_is_mapped_over_is_replaced, page_map, map_not_over),
    ROW_ON(ON_MOCK, pages_are_where_they_were_mapped, page_map, map_the_first), ROW_ON(ON_MOCK, pages_are_where_they_were_mapped, page_map, map_one_frame),
    ROW_ON(ON_MOCK, pages_are_where_they_were_mapped, page_map, map_beside), ROW_ON(ON_MOCK, pages_are_where_they_were_mapped, page_map, map_in_all),
    ROW_ON(ON_MOCK, each_cache_policy_can_be_had, page_map, map_cached_alone),
    ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, page_unmap, unmap_nothing), ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, page_unmap, unmap_the_first),
    ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, page_unmap, unmap_one_more), ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, tlb_flush, flush_nothing),
    ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, tlb_flush, flush_few), ROW_ON(ON_MOCK, unmapped_pages_are_gone_after_the_flush, tlb_flush, flush_waits),
    ROW_ON(ON_MOCK, what_is_mapped_over_is_replaced, tlb_flush, flush_nothing), ROW_ON(ON_MOCK, protection_narrows_and_never_widens, tlb_flush, flush_nothing),
    ROW_ON(ON_MOCK, protection_narrows_and_never_widens, page_protect, protect_nothing), ROW_ON(ON_MOCK, protection_narrows_and_never_widens, page_protect, protect_as_told),
    ROW_ON(ON_MOCK, protection_narrows_and_never_widens, page_protect, protect_unmaps), ROW_ON(ON_MOCK, protection_narrows_and_never_widens, page_protect, protect_none_reads),
    ROW_ON(ON_MOCK, spaces_of_the_core_hold_what_they_are_given, page_unmap, unmap_nothing), ROW_ON(ON_MOCK, spaces_of_the_core_hold_what_they_are_given, page_map, map_all_writable)
};
static const fault allowed[] = { ROW(, block, block_early), ROW(, block, block_never_times_out), ROW(, wake, wake_twice), ROW_ON(ON_MOCK, , tlb_flush, flush_later),
                                 ROW_ON(ON_MOCK, , page_protect, protect_by_unmapping_none) };

static void put(vipc_hooks *t, size_t hook, void (*by)(void)) { if (hook) memcpy((char *)t + hook, &by, sizeof by); }
static void break_it(const fault *f)
{
    if (f->flags & ON_MOCK) mock_open(r_);
    else posix_open(r_, 0);
    if (f->flags & NODES) r_->hooks.frame_alloc_near = near_;
    rig_wrap(r_);
    if (!(f->flags & SECOND)) { put(&r_->hooks, f->hook, f->by); put(&r_->hooks, f->hook2, f->by2); }
    if (f->flags & SECOND) put(&r_->second, f->hook, f->by);
    else r_->second = r_->hooks;
}
TEST(a_port_of_two_nodes)
{
    const fault none = { "nothing", NULL, 0, NULL, 0, NULL, ON_MOCK | NODES };
    break_it(&none);
    CHECK_EQ(port_suite_run(&r_->s), 0);
    CHECK_EQ(skipped_cases(r_), 18);                                /* the mock's, and no log */
    CHECK_EQ(r_->mock.in_use, 0);
    munmap(r_->s.memory, (size_t)r_->s.size);
}
/* In a child, which a port without mercy may hang or crash: how many cases failed, or -1. */
static int suite_on(const fault *f, int all)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(60);
        break_it(f);
        r_->quiet = !all;
        if (f->hook && !all) {       /* it is to fail, so it may do so soon; a whole port has all the time that it needs */
            r_->s.patience = 400 * MS;
            r_->s.late = 150 * MS;
        }
        r_->s.rounds = 300;
        r_->s.only = all ? NULL : f->fails;
        _exit(port_suite_run(&r_->s));
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
TEST(every_broken_port_fails_the_case_that_it_must)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const fault *f = &faults[i];
        fault none = { "nothing", f->fails, 0, NULL, 0, NULL, f->flags };
        int whole = suite_on(&none, 0), broken = suite_on(f, 0);
        if (whole != 0 || broken != 1) printf("    %s: %s: %d without it, %d with it\n", f->name, f->fails, whole, broken);
        CHECK_EQ(whole, 0);
        CHECK_EQ(broken, 1);
    }
    printf("    %u broken ports\n", (unsigned)(sizeof faults / sizeof *faults));
}
TEST(what_is_allowed_fails_nothing)
{
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        int failed = suite_on(&allowed[i], 1);
        if (failed) printf("    %s: %d\n", allowed[i].name, failed);
        CHECK_EQ(failed, 0);
    }
}

RUN_TESTS(T(the_posix_shim_between_threads), T(the_posix_shim_between_processes), T(the_posix_shim_without_futexes),
          T(the_posix_shim_without_futexes_between_processes), T(the_mock_shim), T(what_the_suite_refuses), T(frames_alone_are_a_port), T(a_port_of_two_nodes),
          T(every_broken_port_fails_the_case_that_it_must), T(what_is_allowed_fails_nothing))
