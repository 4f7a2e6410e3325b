/* job_queue.c - jobs for workers that are killed with -9 all the time: none is lost, and none is finished twice
 *
 *   cc examples/job_queue.c -o job_queue && ./job_queue
 *
 * prints:  16326 jobs by 4 workers in 3.0 s, while 171 of these were killed
 *          81 times a job was in a killed worker's hand, and came back to the front of the queue
 *          1 of these had their result already: they were worked out again, to the same result
 *          16326 results are there, and right; 0 jobs lost, 0 finished twice
 *
 * Each job is to count the primes among 500 numbers.  A worker takes one (vipc_take), writes the result where it belongs, and says so (vipc_done).
 * Killed before vipc_done has let the job go, it gives the job to the next worker, marked.  So:
 *   promised      every job ends in vipc_done, once.  As far as the queue is concerned that is "exactly once".
 *   not promised  that a job is worked on once.  Between its effect (the result is written) and vipc_done a kill leaves it in doubt, and it is done again.
 *                 No queue can know better; so a job's effect must be such that twice is as good as once.  Here it is: the result goes to the job's own
 *                 place, and is the same each time.  Elsewhere: a row with the job's number as its key, a file of that name that is renamed into place.
 * The counters stand in memory that the processes share, and are the example's own; a worker may be killed beside one, so the times that a job came back
 * are counted by those who get it.  Exit 0: all results are there and right, no job was finished twice.  It ends by itself, after some three seconds.
 */
#define VIPC_UNSTABLE                          /* vipc_take and vipc_done */
#define VERIDIAN_IPC_IMPLEMENTATION
#include "../veridian_ipc.h"
#define VERIDIAN_POSIX_IMPLEMENTATION
#include "../shims/veridian_posix.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { OP_JOB = 1, OP_END = 2, WORKERS = 4, SLOTS = 32, MOST = 40000, BLOCK = 500 };
static const uint64_t RUN = 3000000000u, MILLISECOND = 1000000u;         /* ns */

typedef struct ledger {
    uint32_t result[MOST];                     /* primes in that block, + 1; 0: not yet */
    uint32_t finished[MOST];                   /* times that vipc_done said OK for it */
    uint32_t again, doubt;                     /* jobs that came back; those among them that had their result */
} ledger;
static ledger *book;
static vipc ipc;

static uint32_t count_primes(uint32_t first)   /* the slow way: this is the work */
{
    uint32_t n = 0;
    for (uint32_t i = first < 2 ? 2 : first; i < first + BLOCK; i++) {
        uint32_t d = 2;
        while (d * d <= i && i % d != 0) d++;
        n += d * d > i;
    }
    return n;
}

/* -- a worker: it lives until it is killed, or told to end.  The endpoint is the producer's: if that dies, vipc_take says so. */
static vipc_error work(void)
{
    vipc_cap jobs;
    vipc_hand hand;
    vipc_incoming m = VIPC_INIT;
    vipc_error e = vipc_posix_after_fork(&ipc, "worker");
    if (e == VIPC_OK) e = vipc_lookup(&ipc, "jobs", VIPC_RIGHT_RECEIVE, &jobs, VIPC_FOREVER);
    while (e == VIPC_OK && (e = vipc_take(&ipc, jobs, &m, &hand, VIPC_FOREVER)) == VIPC_OK) {
        uint32_t n = (uint32_t)m.message.data[0];
        if (m.message.opcode == OP_JOB) {
            if (m.info.redelivered) __atomic_fetch_add(&book->again, 1, __ATOMIC_RELAXED);
            if (m.info.redelivered && book->result[n]) __atomic_fetch_add(&book->doubt, 1, __ATOMIC_RELAXED);
            book->result[n] = count_primes(n * BLOCK) + 1;                /* the effect */
        }
        e = vipc_done(&ipc, hand, true);                                  /* and the word: from here on it is nobody's any more */
        if (m.message.opcode == OP_END) break;
        if (e == VIPC_OK) __atomic_fetch_add(&book->finished[n], 1, __ATOMIC_RELAXED);
    }
    return e != VIPC_OK ? e : vipc_posix_close(&ipc);
}
static pid_t start(void)
{
    pid_t pid = fork();
    if (pid == 0) _exit(work() == VIPC_OK ? 0 : 1);
    return pid;
}

/* -- the producer, who is also the murderer */
static uint64_t chance(uint64_t most)          /* 0 .. most - 1 */
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % most;
}
static int failed(const char *what, const char *why)
{
    fprintf(stderr, "job_queue: %s: %s\n", what, why);
    return 1;
}
static int kill_one(pid_t *worker)
{
    int status = 0;
    kill(*worker, SIGKILL);
    if (waitpid(*worker, &status, 0) != *worker || !WIFSIGNALED(status)) return failed("a worker", "ended by itself");
    vipc_sweep(&ipc, NULL);                    /* whoever sleeps would find out by itself, a little later */
    *worker = start();
    return *worker < 0 ? failed("fork", "no process") : 0;
}
static int check(uint32_t jobs, uint32_t kills, double took)              /* with a sieve, which knows nothing of how the workers count */
{
    uint32_t right = 0, lost = 0, twice = 0, size = jobs * BLOCK;
    unsigned char *composite = (unsigned char *)calloc(size + 2, 1);
    if (!composite) return failed("the sieve", "no memory");
    composite[0] = composite[1] = 1;
    for (uint32_t i = 2; i * i < size; i++)
        for (uint32_t k = i * i; !composite[i] && k < size; k += i) composite[k] = 1;
    for (uint32_t n = 0; n < jobs; n++) {
        uint32_t primes = 0;
        for (uint32_t i = 0; i < BLOCK; i++) primes += !composite[n * BLOCK + i];
        right += book->result[n] == primes + 1;
        lost += book->result[n] == 0;
        twice += book->finished[n] > 1;
    }
    free(composite);
    printf("%u jobs by %d workers in %.1f s, while %u of these were killed\n", jobs, WORKERS, took, kills);
    printf("%u times a job was in a killed worker's hand, and came back to the front of the queue\n", book->again);
    printf("%u of these had their result already: they were worked out again, to the same result\n", book->doubt);
    printf("%u results are there, and right; %u jobs lost, %u finished twice\n", right, lost, twice);
    return right != jobs || twice != 0;
}

int main(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    vipc_cap jobs;
    vipc_message m = VIPC_INIT;
    pid_t worker[WORKERS];
    uint32_t sent = 0, kills = 0, ends = 0;
    int fd, status;
    book = (ledger *)mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (book == MAP_FAILED) return failed("the ledger", "no memory");
    d.capacity = SLOTS;                        /* messages that wait, and one slot for each in a hand */
    vipc_error e = vipc_posix_create_fd(&ipc, NULL, &fd);                 /* a domain without a name: it ends with its members */
    if (e == VIPC_OK) e = vipc_endpoint_create(&ipc, &d, &jobs);
    if (e == VIPC_OK) e = vipc_publish(&ipc, "jobs", jobs, VIPC_RIGHT_RECEIVE);
    if (e != VIPC_OK) return failed("setting up", vipc_error_string(e));
    for (int i = 0; i < WORKERS; i++)
        if ((worker[i] = start()) < 0) return failed("fork", "no process");
    vipc_time begun = vipc_time_now(&ipc), over = begun + RUN, next_kill = begun;
    while (vipc_time_now(&ipc) < over && sent < MOST) {
        m.opcode = OP_JOB;
        m.data[0] = sent;
        e = vipc_send(&ipc, jobs, &m, next_kill);
        sent += e == VIPC_OK;
        if (e != VIPC_OK && e != VIPC_ERR_TIMEOUT) return failed("vipc_send", vipc_error_string(e));
        if (vipc_time_now(&ipc) < next_kill) continue;
        if (kill_one(&worker[chance(WORKERS)])) return 1;
        kills++;
        next_kill = vipc_after(&ipc, (1 + chance(20)) * MILLISECOND);
    }
    for (m.opcode = OP_END; ends < WORKERS; ends++) {                     /* behind all jobs: one for each, and no more kills */
        e = vipc_send(&ipc, jobs, &m, VIPC_FOREVER);
        if (e != VIPC_OK) return failed("vipc_send", vipc_error_string(e));
    }
    for (int i = 0; i < WORKERS; i++)
        if (waitpid(worker[i], &status, 0) != worker[i] || status != 0) return failed("a worker", "failed");
    double took = (double)(vipc_time_now(&ipc) - begun) / 1e9;
    e = vipc_receive(&ipc, jobs, &m, NULL, VIPC_NOW);
    if (e != VIPC_ERR_CHANNEL_EMPTY) return failed("the queue is not empty", vipc_error_string(e));
    status = check(sent, kills, took);
    vipc_posix_close(&ipc);
    return status;
}
