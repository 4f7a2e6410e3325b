/* scale.c - what things cost in instructions, and how that grows.  Not compared with anybody: work g, and instructions (f_instr) of call and check.
 *
 * vipc-check            vipc_cap_require: the capability check by itself
 * vipc-call-client      one call+reply round trip, the caller's part; the server answers while the caller spins
 * vipc-call-server      its server's part: receive and reply
 * vipc-send...          one send: the usual way; by the long way, which limited ones take; with limits, less the clock hook's own instructions
 * vipc-endpoint:N       g_lookup: send+receive at ten endpoints by turns, in a domain that has N of them; g_create: to make one, ns
 * vipc-process:N        g_join: N members, made as identities within one process; g_sweep: one look at all of them; g_reap: all have died
 * vipc-posix:N          the same with N real processes, each forked, joined and killed; BENCH_PROCESSES=N, else 200
 */
#define _GNU_SOURCE
#define VERIDIAN_IPC_IMPLEMENTATION
#include "veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "shims/veridian_posix.h"
#include "bench.h"
#define DO(call) do { vipc_error did_ = (call); if (did_ != VIPC_OK) give_up(__FILE__, __LINE__, vipc_error_string(did_)); } while (0)

/* ---------------------------------------------------------------------------------- a domain in private memory */
enum { FRAMES = 4096, TURNS = 10 };
static unsigned char *frames;
static uint64_t frames_taken;
static int everybody_lives = 1;
static void (*while_spinning)(void);

static vipc_error frame_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    if (count > FRAMES - frames_taken) return VIPC_ERR_OUT_OF_MEMORY;
    *first = frames_taken;
    frames_taken += count;
    return VIPC_OK;
}
static void frame_free(void *user, uint64_t first, uint64_t count) { (void)user; (void)first; (void)count; }
static void *frame_pointer(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    return first < FRAMES && count <= FRAMES - first ? frames + first * 4096 : NULL;
}
static vipc_error block(void *user, uint64_t who, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user; (void)who; (void)word; (void)expected; (void)deadline;
    return VIPC_ERR_HOOK;               /* nobody here sleeps */
}
static void wake(void *user, uint64_t who, uint32_t *word) { (void)user; (void)who; (void)word; }
static void spin(void *user) { (void)user; if (while_spinning) while_spinning(); }
static int alive(void *user, uint64_t proof) { (void)user; return everybody_lives || proof == 1; }

static vipc_hooks hooks;
static void domain(vipc *self, const vipc_config *config)
{
    uint64_t size = vipc_required_size(config);
    vipc_process_desc first = VIPC_INIT;
    first.proof = 1;
    hooks.size = sizeof hooks;
    hooks.frame_alloc = frame_alloc;
    hooks.frame_free = frame_free;
    hooks.frame_pointer = frame_pointer;
    hooks.block = block;
    hooks.wake = wake;
    hooks.relax = spin;
    hooks.process_alive = alive;
    hooks.cpus = 2;
    frames = (unsigned char *)share(FRAMES * 4096);
    frames_taken = 0;
    DO(vipc_init(self, share(size), size, config, &first, &hooks));
}

/* ------------------------------------------------------------------------------------------------- instructions */
static void count_checks(void *unused)
{
    static vipc self;
    vipc_cap door;
    (void)unused;
    domain(&self, NULL);
    DO(vipc_endpoint_create(&self, NULL, &door));
    DO(vipc_cap_require(&self, door, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND));
    mark();
    DO(vipc_cap_require(&self, door, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND));
    mark();
}

static vipc server;
static vipc_cap served;
static int counting;
static void serve(void)
{
    vipc_message m;
    vipc_info info;
    if (counting) mark();
    DO(vipc_receive(&server, served, &m, &info, VIPC_NOW));
    DO(vipc_reply(&server, info.reply, &m));
    if (counting) mark();
}
static void count_call(void *unused)
{
    static vipc client;
    vipc_cap door;
    vipc_message m = VIPC_INIT;
    vipc_derive_desc may_send = VIPC_INIT;
    (void)unused;
    domain(&client, NULL);
    DO(vipc_process_create(&client, NULL, &server, NULL));
    DO(vipc_endpoint_create(&server, NULL, &served));
    may_send.rights = VIPC_RIGHT_SEND;
    DO(vipc_grant(&server, served, vipc_self(&client), &may_send, &door));
    while_spinning = serve;
    for (counting = 0; counting < 2; counting++) {
        m.flags = 0;
        if (counting) mark();
        DO(vipc_call(&client, door, &m, &m, VIPC_FOREVER));
        if (counting) mark();
    }
}

/* Sends by capabilities with more and more limits.  The clock hook is one instruction and a return; how often it is asked is seen in the code: once. */
static vipc_time still(void *unused) { (void)unused; return 4000000000u; }
static void count_limited(void *unused)
{
    static vipc self;
    vipc_derive_desc d = VIPC_INIT;
    vipc_message m = VIPC_INIT;
    vipc_cap door[5];
    (void)unused;
    domain(&self, NULL);
    hooks.now = still;
    DO(vipc_endpoint_create(&self, NULL, &door[0]));
    d.limits.message_max = 48;
    DO(vipc_derive(&self, door[0], &d, &door[1]));
    d.limits.rate = 1000;
    DO(vipc_derive(&self, door[0], &d, &door[2]));
    d.limits.bandwidth = 1000000;
    d.limits.expires = 5000000000u;
    DO(vipc_derive(&self, door[0], &d, &door[3]));
    door[4] = door[0];
    for (int counted = 0; counted < 2; counted++)
        for (int i = 0; i < 5; i++) {
            if (counted) mark();
            DO(i < 4 ? vipc_send(&self, door[i], &m, VIPC_NOW) : vipci_send_slow(&self, door[i], &m, VIPC_NOW));
            if (counted && i == 4) mark();
        }
}

static double create_ns;
static void turns(vipc *self, long n)
{
    static vipc_cap at[TURNS];
    vipc_message m = VIPC_INIT;
    vipc_config c = VIPC_INIT;
    vipc_cap door;
    c.max_objects = c.max_capabilities = (uint32_t)n;
    domain(self, &c);
    create_ns = now();
    for (long i = 0; i < n; i++) {
        DO(vipc_endpoint_create(self, NULL, &door));
        if (i % (n / TURNS) == 0) at[i / (n / TURNS)] = door;
    }
    create_ns = (now() - create_ns) / (double)n;
    for (int round = 0; round < 3; round++) {
        if (round == 2) mark();
        for (int i = 0; i < TURNS; i++) {
            DO(vipc_send(self, at[i], &m, VIPC_NOW));
            DO(vipc_receive(self, at[i], &m, NULL, VIPC_NOW));
        }
    }
    mark();
}
static double *created;                 /* shared with the child that is stepped */
static void count_turns(void *n)
{
    static vipc self;
    turns(&self, *(long *)n);
    *created = create_ns;
}

static void instructions(void)
{
    double n[MARKS];
    static long sizes[] = { 10, 1000000 };
    if (wanted("f_instr") && step(count_checks, NULL, n) == 1) print_count("vipc-check", "f_instr", n[0]);
    if (wanted("f_instr") && step(count_call, NULL, n) == 3) {
        print_count("vipc-call-client", "f_instr", n[0] + n[2]);
        print_count("vipc-call-server", "f_instr", n[1]);
    }
    if (wanted("f_instr") && step(count_limited, NULL, n) == 5) {
        static const char *const names[] = { "vipc-send", "vipc-send-size", "vipc-send-rate", "vipc-send-all-limits", "vipc-send-long-way" };
        for (int i = 0; i < 5; i++) print_count(names[i], "f_instr", n[i] - (i == 2 || i == 3 ? 4 : 0));      /* the hook: its call, a constant, return */
    }
    if (!wanted("g_lookup")) return;
    created = (double *)share(sizeof *created);
    for (int i = 0; i < 2; i++) {
        char name[64];
        snprintf(name, sizeof name, "vipc-endpoint:%ld", sizes[i]);
        if (too_late(name, "g_lookup") || step(count_turns, &sizes[i], n) != 1) continue;
        print_count(name, "g_lookup", n[0] / TURNS);
        print_row(name, "g_create", 't', *created, *created, *created, "ns", "-");
    }
}

/* -------------------------------------------------------------------------------------------------- many members */
static void print_once(const char *kind, long n, const char *work, char mode, double ns, double per, const char *unit)
{
    char name[64];
    snprintf(name, sizeof name, "%s:%ld", kind, n);
    print_row(name, work, mode, ns / per, ns / per, ns / per, unit, "-");
}

static void identities(long n)
{
    static vipc self;
    vipc *child = (vipc *)share((size_t)n * sizeof *child);
    vipc_config c = VIPC_INIT;
    vipc_process_desc d = VIPC_INIT;
    uint32_t reaped = 0;
    c.max_processes = c.max_threads = (uint32_t)n + 1;
    domain(&self, &c);
    double t = now();
    for (long i = 0; i < n; i++) {
        d.proof = 2 + (uint64_t)i;
        DO(vipc_process_create(&self, &d, &child[i], NULL));
    }
    print_once("vipc-process", n, "g_join", 't', (now() - t) / (double)n, 1e3, "us");
    t = now();
    DO(vipc_sweep(&self, &reaped));
    print_once("vipc-process", n, "g_sweep", 't', now() - t, 1e3, "us");
    everybody_lives = 0;
    t = now();
    DO(vipc_sweep(&self, &reaped));
    print_once("vipc-process", n, "g_reap", 't', now() - t, 1e3, "us");
    MUST(reaped == n);
}

static void real_processes(long n)
{
    static vipc self;
    vipc_posix_desc d = VIPC_INIT;
    pid_t *pid = (pid_t *)malloc((size_t)n * sizeof *pid);
    int fd, ready[2];
    uint32_t reaped = 0;
    char c;
    d.config.max_processes = d.config.max_threads = (uint32_t)n + 1;
    d.frames_bytes = 1 << 20;
    MUST(pid && pipe(ready) == 0);
    DO(vipc_posix_create_fd(&self, &d, &fd));
    double t = now();
    for (long i = 0; i < n; i++) {
        MUST((pid[i] = fork()) >= 0);
        if (pid[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            DO(vipc_posix_after_fork(&self, NULL));
            MUST(write(ready[1], "", 1) == 1);
            for (;;) pause();
        }
        MUST(read(ready[0], &c, 1) == 1);
    }
    print_once("vipc-posix", n, "g_join", 'p', (now() - t) / (double)n, 1e3, "us");
    t = now();
    DO(vipc_sweep(&self, &reaped));
    print_once("vipc-posix", n, "g_sweep", 'p', now() - t, 1e3, "us");
    for (long i = 0; i < n; i++) kill(pid[i], SIGKILL);
    for (long i = 0; i < n; i++) waitpid(pid[i], NULL, 0);
    t = now();
    DO(vipc_sweep(&self, &reaped));
    print_once("vipc-posix", n, "g_reap", 'p', now() - t, 1e3, "us");
    MUST(reaped == n);
    DO(vipc_posix_close(&self));
    close(fd);
    free(pid);
}

int main(void)
{
    const char *n = getenv("BENCH_PROCESSES");
    instructions();
    if (!wanted("g_join") || too_late("vipc-process", "g_join")) return 0;
    identities(10000);
    real_processes(n ? atol(n) : 200);
    return 0;
}
