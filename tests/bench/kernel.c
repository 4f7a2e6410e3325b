/* kernel.c - what the kernel offers, as queues of 64-byte messages; a receiver sleeps in the kernel. */
#include "bulk.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sys/socket.h>

typedef struct two { int from, to; } two;
static void both_close(void *queue)
{
    two *q = (two *)queue;
    close(q->from);
    close(q->to);
}
static bool fd_send(void *end, const line *m)
{
    MUST(write((*(two **)end)->to, m, sizeof *m) == sizeof *m);
    return true;
}
static bool fd_receive(void *end, line *m)
{
    MUST(read((*(two **)end)->from, m, sizeof *m) == sizeof *m);
    return true;
}
static void fd_give(void *end, const uint64_t *from)
{
    two *q = *(two **)end;
    const char *p = (const char *)from;
    for (size_t left = BULK; left;) {
        ssize_t n = write(q->to, p, left < CHUNK ? left : CHUNK);
        MUST(n > 0);
        p += n;
        left -= (size_t)n;
    }
}
static const uint64_t *fd_take(void *end, uint64_t *into)
{
    two *q = *(two **)end;
    char *p = (char *)into;
    for (size_t left = BULK; left;) {
        ssize_t n = read(q->from, p, left < CHUNK ? left : CHUNK);
        MUST(n > 0);
        p += n;
        left -= (size_t)n;
    }
    return into;
}
static void fd_bulk(team *t, int me) { work_bulk(t, me, fd_give, fd_take, NULL); }

/* 64 KiB, as a pipe has by itself: 1,024 messages; a write of 64 bytes is never split */
static void pipe_make(void *queue)
{
    int fd[2];
    two *q = (two *)queue;
    MUST(pipe(fd) == 0);
    q->from = fd[0];
    q->to = fd[1];
}
static const queue_kind pipes = { .name = "pipe", .bytes = sizeof(two), .first = 0, .last = 7, .sleeps = true, .make = pipe_make, .unmake = both_close,
                                  .send = fd_send, .receive = fd_receive };
QUEUE(pipes)

/* The kernel counts some 768 bytes for a message of 64, and doubles what is asked for. */
static void socket_make(void *queue, int type)
{
    int fd[2], room = CAPACITY * 768 / 2;
    two *q = (two *)queue;
    MUST(socketpair(AF_UNIX, type, 0, fd) == 0);
    q->from = fd[0];
    q->to = fd[1];
    MUST(setsockopt(q->to, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0);
}
static void packets_make(void *queue) { socket_make(queue, SOCK_SEQPACKET); }
static void stream_make(void *queue) { socket_make(queue, SOCK_STREAM); }
static const queue_kind packets = { .name = "af_unix", .bytes = sizeof(two), .first = 0, .last = 7, .sleeps = true, .make = packets_make, .unmake = both_close,
                                    .send = fd_send, .receive = fd_receive };
static const queue_kind bytes = { .name = "af_unix", .bytes = sizeof(two), .make = stream_make, .unmake = both_close };
QUEUE(packets)

/* A queue of the system holds 10 messages at most; root may raise that in a namespace of its own, which leaves the machine's setting alone. */
static long mq_capacity = 10;
static void mq_raise(void)
{
    int fd = unshare(CLONE_NEWIPC) == 0 ? open("/proc/sys/fs/mqueue/msg_max", O_WRONLY) : -1;
    if (fd >= 0 && write(fd, "1024", 4) == 4) mq_capacity = CAPACITY;
    if (fd >= 0) close(fd);
}
static void mq_make(void *queue)
{
    static int made;
    char name[64];
    struct mq_attr a;
    memset(&a, 0, sizeof a);
    a.mq_maxmsg = mq_capacity;
    a.mq_msgsize = sizeof(line);
    snprintf(name, sizeof name, "/vipc-bench-%d-%d", (int)getpid(), made++);
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &a);
    MUST(q != (mqd_t)-1 && mq_unlink(name) == 0);
    *(mqd_t *)queue = q;
}
static void mq_unmake(void *queue) { mq_close(*(mqd_t *)queue); }
static bool mq_put(void *end, const line *m)
{
    MUST(mq_send(**(mqd_t **)end, (const char *)m, sizeof *m, 0) == 0);
    return true;
}
static bool mq_get(void *end, line *m)
{
    MUST(mq_receive(**(mqd_t **)end, (char *)m, sizeof *m, NULL) == sizeof *m);
    return true;
}
static const queue_kind mq = { .name = "posix_mq", .bytes = sizeof(mqd_t), .first = 0, .last = 7, .sleeps = true, .make = mq_make, .unmake = mq_unmake,
                               .send = mq_put, .receive = mq_get };
QUEUE(mq)

int main(void)
{
    queue_rows_pipes("bcdf", "tp");
    bulk_rows("pipe", &pipes, fd_bulk, true);
    queue_rows_packets("bcdf", "tp");
    bulk_rows("af_unix", &bytes, fd_bulk, true);
    mq_raise();
    if (mq_capacity < CAPACITY) fprintf(stderr, "NOTE    posix_mq: this system lets a user's queue hold %ld messages, not %d\n", mq_capacity, CAPACITY);
    queue_rows_mq("bcdf", "tp");
    return 0;
}
