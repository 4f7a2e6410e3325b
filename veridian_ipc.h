/* veridian_ipc.h - v0.1.0 - 2026-11-21 - capability-checked IPC, for kernels and between POSIX processes
 * SPDX-License-Identifier: MIT OR Unlicense       (both texts stand at the end of this file)
 *
 * Messages and calls between processes that share memory: checked by capabilities, lock-free on the data path,
 * unharmed by a kill at any instruction.  In ONE C or C++ file of your program:
 *
 *     #define VERIDIAN_IPC_IMPLEMENTATION
 *     #include "veridian_ipc.h"
 *
 * and everywhere else the include alone.  On a POSIX host shims/veridian_posix.h supplies all that the header
 * asks of its surroundings; in a kernel you fill in struct vipc_hooks, or, on x86-64, use shims/veridian_x86_64.h (kernel_demo/ is a kernel around it).
 *
 * >>intro
 *
 * WHAT IT DOES
 *   endpoints     bounded queues with many senders and many receivers; 48-byte messages, or payloads up to a size
 *                 that you choose; blocking with absolute deadlines, or trying; a full one makes its senders wait, fails them, or
 *                 drops its oldest message; one at a time, or many; what is urgent passes the rest
 *   channels      two ends, each of which sends to the other; what was sent before an end closed can still be received
 *   capabilities  every access goes through a 64-bit token of the calling process: checked in O(1), derived with fewer
 *                 rights, granted, carried in a message (up to four, all or none), given to a process when it is made,
 *                 revoked with all that came of it
 *   limits        of a capability and all that comes of it: size of a message, messages and bytes a second, expiry
 *   calls         request and reply, both with payloads and capabilities if need be, and a one-shot reply right; a server that dies or drops the
 *                 request tells its caller
 *   names         publish and look up; a client may start before its server
 *   notifications 64 bits that are signalled and waited for; a watch on a process's end; one wait for several
 *                 things, and sets of up to 1,024 that cost by what is ready
 *   jobs          (VIPC_UNSTABLE) take and done: a receive that is not final until the receiver says so
 *   fast path     (VIPC_UNSTABLE) for kernels: a call or its answer switches straight to a thread that is parked at the user boundary, with the message
 *                 in registers; no hook, no loop, no queue
 *   spaces        address spaces of processes: regions, heap, stacks with guard pages, mmap, protection, copy-on-write clones, and one entry that resolves
 *                 page faults; the page tables are the port's, behind six hooks
 *   regions       memory that processes share: handed over without a copy (shared, moved, or copied on the first write), by grant or in a message; sealed,
 *                 withdrawn; objects with names, as POSIX shared memory has them
 *   death         a process that vanishes at any instruction leaves no lock taken and no queue wedged; of all others
 *                 every message whose send returned VIPC_OK is received exactly once
 *
 * WHAT IT DOES NOT DO (yet): priorities of processes.
 *   It never allocates memory of its own, has no globals and starts no threads.
 *   Members of one domain map the same memory, so they trust one another with its contents.  What a member writes
 *   there by mistake or in malice may spoil messages and answers; it is checked before use, and crashes nobody else.
 *
 * EXAMPLE (two identities in one thread; compiles as C99 and as C++11)
 *
 *     #define VERIDIAN_IPC_IMPLEMENTATION
 *     #include "veridian_ipc.h"
 *     #define VERIDIAN_POSIX_IMPLEMENTATION
 *     #include "shims/veridian_posix.h"
 *
 *     int main(void)
 *     {
 *         vipc ipc;
 *         if (vipc_posix_open(&ipc, "/example", NULL) != VIPC_OK) return 1;
 *         vipc_cap door;
 *         if (vipc_endpoint_create(&ipc, NULL, &door) != VIPC_OK) return 2;
 *         vipc_message m = VIPC_INIT;
 *         m.opcode = 7;
 *         m.data[0] = 42;
 *         if (vipc_send(&ipc, door, &m, VIPC_NOW) != VIPC_OK) return 3;
 *         if (vipc_receive(&ipc, door, &m, NULL, VIPC_FOREVER) != VIPC_OK) return 4;
 *         if (m.opcode != 7 || m.data[0] != 42) return 5;
 *         vipc_posix_unlink("/example", NULL);
 *         return vipc_posix_close(&ipc) == VIPC_OK ? 0 : 6;
 *     }
 *
 * MEMORY AND THREADS
 *   A domain is one block of memory: its state, position independent (indices and offsets, no pointers), then whatever
 *   frames the hooks hand out.  Each process maps it where it likes; 32-bit and 64-bit processes of one byte order may share it.
 *   A `vipc` is one thread's view of one domain.  It is yours: a local variable, or a field of a thread's control block.  Do not
 *   copy or move it, do not use one from two threads at once (vipc_cancel alone may be called from anywhere).
 *
 * SWITCHES
 *   macro                           default  unit, range                 scope
 *   VERIDIAN_IPC_IMPLEMENTATION     unset    -                           the one file that holds the implementation
 *   VIPC_STATIC                     unset    -                           every includer: all functions become static
 *   VIPC_API                        extern   a linkage specifier         every includer: e.g. a visibility attribute
 *   VIPC_LINE                       64       bytes of a cache line       every includer: alignment that is asked of the memory
 *   VIPC_NO_CALLS                   0        1: no vipc_call, no replies      every includer; the layout of a domain stays as it is
 *   VIPC_NO_NAMES                   0        1: no publish, no look-up      every includer
 *   VIPC_NO_CHANNELS                0        1: no channels              every includer
 *   VIPC_NO_NOTIFICATIONS           0        1: no notifications, no         every includer
 *                                            process_watch, no wait_any, no
 *                                            wait sets
 *   VIPC_NO_INSPECT                 0        1: no check, dump, stats_get,   every includer; of its process vipc_process_get tells others
 *                                            cap_get, endpoint_get, process_get,    only what its present threads have counted
 *                                            process_find
 *   VIPC_NO_BATCH                   0        1: no send_many, receive_many  every includer
 *   VIPC_NO_URGENT                  0        1: VIPC_URGENT is an unknown      every includer; members with and without it cannot share a domain:
 *                                            flag                             VERSION
 *   VIPC_NO_DROP                    0        1: no VIPC_FULL_DROP_OLDEST: an    every includer; at an endpoint that another member made so,
 *                                            endpoint that asks for it is refused    a send of this one to a full queue is CHANNEL_FULL
 *   VIPC_NO_LIMITS                  0        1: no limits of capabilities:   every includer; members with and without them cannot share a domain:
 *                                            setting one is NOT_SUPPORTED     VERSION
 *   VIPC_NO_TAKE                    0        1: no vipc_take, and no part in      every includer; for a domain in which nobody takes
 *                                            cleaning up after those who take
 *   VIPC_NO_INITIAL                 0        1: no vipc_initial; a creator    every includer; for a domain in which nobody gives any
 *                                            that gives some is refused
 *   VIPC_NO_FAST                    0        1: no fast path, no parking: no vipc_fast_, every includer; for a domain in which nobody parks
 *                                            vipc_park_, vipc_unpark
 *   VIPC_NO_LARGE                   0        1: one capability a message, no   every includer; members with and without it cannot share a domain: VERSION.
 *                                            vipc_call_large, vipc_reply_large   With 1, vipc_outgoing.cap_count or region not 0: NOT_SUPPORTED; what a
 *                                                                                receive would write to caps and cap_count stays as it is
 *   VIPC_NO_SPACES                  0        1: no address spaces: no vipc_space_,   every includer; members with and without them cannot share a domain:
 *   VERSION
 *                                            no vipc_page_fault
 *   VIPC_NO_REGIONS                 0; 1 where  1: no shared regions, no named   every includer; members with and without them cannot share a domain: VERSION
 *                                   there are   objects: no vipc_region_, vipc_map,
 *                                   no spaces   vipc_unmap, vipc_object_
 *   VIPC_UNSTABLE                   unset    -                           every includer: declares what may still change: vipc_take, vipc_done, and, where
 *                                                                        there are calls, the fast path
 *   VIPC_SMALL                      0; 1: -Os  send and receive without    implementation
 *                                            their copies of the usual case
 *   VIPC_SKIP_MAX                   64       8 bytes of stack each       implementation: paused writers, and messages in hand, that a receiver can tell apart
 *   VIPC_CRITICAL_ATOMICS           unset    -                           implementation: make atomics from hooks enter and leave
 *   VIPC_ATOMIC_CAS64 and friends   builtin  see >>atomics               implementation: your own atomic operations, all or none
 *
 * INDEX (each line is a tag: search for it)
 *   >>intro >>platform >>version >>errors >>types >>hooks >>api
 *   >>base >>atomics >>layout >>hookcalls >>waiting >>lock >>tables >>regions >>pages >>limits >>caps >>spaces >>stores >>queue >>call >>hand >>endpoint >>death
 *   >>giving >>carry >>asking >>transfer >>batch >>taking >>calling >>fast >>rights >>channel >>notify >>waitset >>memory >>shared >>names >>objects >>process >>look >>init >>licence
 *
 * CAVEATS
 *   Tested on x86-64 and i386 natively, on aarch64 (weakly ordered) and s390x (big-endian) under emulation, which shows no
 *   weak-memory reordering; the ordering argument rests on sequentially consistent atomics, see >>atomics.
 *   A process that is stopped (not dead) while it holds the lock of the slow path (create, derive, grant, revoke, publish)
 *   holds up other slow-path calls until it goes on, at most to their deadline.  Send, receive, call and reply go on.
 */
#ifndef VERIDIAN_IPC_H
#define VERIDIAN_IPC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ------------------------------------------------------------------------------------------------ >>platform */
#ifdef __cplusplus
#define VIPC_INIT {}     /* vipc_message m = VIPC_INIT;  all zero, without a warning, in C and in C++ */
extern "C" {
#else
#define VIPC_INIT {0}    /* C may also write &(vipc_endpoint_desc){ .capacity = 8 } */
#endif
#ifndef VIPC_API
#ifdef VIPC_STATIC
#if defined(__GNUC__)
#define VIPC_API __attribute__((unused)) static
#else
#define VIPC_API static
#endif
#else
#define VIPC_API extern
#endif
#endif
#ifndef VIPC_NO_CALLS
#define VIPC_NO_CALLS 0
#endif
#ifndef VIPC_NO_NAMES
#define VIPC_NO_NAMES 0
#endif
#ifndef VIPC_NO_CHANNELS
#define VIPC_NO_CHANNELS 0
#endif
#ifndef VIPC_NO_NOTIFICATIONS
#define VIPC_NO_NOTIFICATIONS 0
#endif
#ifndef VIPC_NO_INSPECT
#define VIPC_NO_INSPECT 0
#endif
#ifndef VIPC_NO_LIMITS
#define VIPC_NO_LIMITS 0
#endif
#ifndef VIPC_NO_TAKE
#define VIPC_NO_TAKE 0
#endif
#if defined(VIPC_UNSTABLE) && !VIPC_NO_TAKE
#define VIPCI_TAKES 1    /* this build's own threads may take */
#else
#define VIPCI_TAKES 0
#endif
#ifndef VIPC_NO_INITIAL
#define VIPC_NO_INITIAL 0
#endif
#ifndef VIPC_NO_FAST
#define VIPC_NO_FAST 0
#endif
#if defined(VIPC_UNSTABLE) && !VIPC_NO_FAST && !VIPC_NO_CALLS
#define VIPCI_FAST 1     /* this build's own threads may park */
#else
#define VIPCI_FAST 0
#endif
#ifndef VIPC_NO_BATCH
#define VIPC_NO_BATCH 0
#endif
#ifndef VIPC_NO_DROP
#define VIPC_NO_DROP 0
#endif
#ifndef VIPC_NO_URGENT
#define VIPC_NO_URGENT 0
#endif
#ifndef VIPC_NO_LARGE
#define VIPC_NO_LARGE 0
#endif
#ifndef VIPC_NO_SPACES
#define VIPC_NO_SPACES 0
#endif
#ifndef VIPC_NO_REGIONS
#define VIPC_NO_REGIONS VIPC_NO_SPACES
#endif
#if VIPC_NO_SPACES && !VIPC_NO_REGIONS
#error "regions are mapped into spaces: VIPC_NO_SPACES asks for VIPC_NO_REGIONS"
#endif
#if !VIPC_NO_REGIONS && !VIPC_NO_LARGE
#define VIPCI_GIFTS 1    /* messages may carry a region */
#else
#define VIPCI_GIFTS 0
#endif
#ifndef VIPC_LINE
#define VIPC_LINE 64     /* bytes: the cache line of x86-64 and of most Arm cores */
#endif

/* ------------------------------------------------------------------------------------------------- >>version */
#define VIPC_VERSION_MAJOR 0
#define VIPC_VERSION_MINOR 1
#define VIPC_VERSION_PATCH 0
#define VIPC_LAYOUT 5    /* raised whenever a domain's memory changes shape: an attach across layouts is VIPC_ERR_VERSION */

/* -------------------------------------------------------------------------------------------------- >>errors
 * 0 is success; -1 to -16 are numbers that systems of this kind have long used; the rest are this library's.  Numbers never
 * change.  A failed call has changed nothing unless its comment says otherwise. */
#define VIPC_ERRORS(X) \
    X(OK, 0, "success") \
    X(ERR_INVALID_CAPABILITY, -1, "invalid or revoked capability") \
    X(ERR_PROCESS_NOT_FOUND, -2, "no such process") \
    X(ERR_ENDPOINT_NOT_FOUND, -3, "no such endpoint or name") \
    X(ERR_MESSAGE_TOO_LARGE, -4, "message too large") \
    X(ERR_OUT_OF_MEMORY, -5, "out of frames") \
    X(ERR_WOULD_BLOCK, -6, "would block") \
    X(ERR_RATE_LIMIT, -7, "rate or bandwidth limit reached") \
    X(ERR_TIMEOUT, -8, "deadline passed") \
    X(ERR_PERMISSION_DENIED, -9, "right missing") \
    X(ERR_INVALID_MESSAGE, -10, "malformed message") \
    X(ERR_CHANNEL_FULL, -11, "queue is full") \
    X(ERR_CHANNEL_EMPTY, -12, "queue is empty") \
    X(ERR_ENDPOINT_BUSY, -13, "already bound") \
    X(ERR_INVALID_REGION, -14, "not a valid memory region") \
    X(ERR_RESOURCE_BUSY, -15, "still in use") \
    X(ERR_NOT_INITIALIZED, -16, "not a member of the domain") \
    X(ERR_INVALID_ARGUMENT, -17, "invalid argument") \
    X(ERR_CLOSED, -18, "closed by its owner") \
    X(ERR_PEER_DEAD, -19, "the peer died") \
    X(ERR_CANCELLED, -20, "cancelled") \
    X(ERR_DEADLOCK, -21, "this call would wait for itself") \
    X(ERR_EXISTS, -22, "exists already") \
    X(ERR_NOT_FOUND, -23, "not found") \
    X(ERR_LIMIT, -24, "configured limit reached") \
    X(ERR_NAME_TOO_LONG, -25, "name too long") \
    X(ERR_NOT_SUPPORTED, -26, "a needed hook is absent") \
    X(ERR_BAD_DOMAIN, -27, "not a domain, or cut short") \
    X(ERR_VERSION, -28, "domain of another layout") \
    X(ERR_CORRUPT, -29, "shared state is damaged") \
    X(ERR_FAULT, -30, "address not accessible") \
    X(ERR_GUARD_PAGE, -31, "stack guard page hit") \
    X(ERR_HOOK, -32, "a hook failed or broke its contract")
#define VIPCI_ERROR_ENUM(name, number, text) VIPC_##name = (number),
typedef enum vipc_error { VIPC_ERRORS(VIPCI_ERROR_ENUM) VIPCI_ERROR_FLOOR = -0x7fffffff } vipc_error;

/* --------------------------------------------------------------------------------------------------- >>types */
/* Handles are structs of one field; all zero is "none". */
typedef struct vipc_cap { uint64_t token; } vipc_cap;                 /* 63..60 flags | 59..56 type | 55..48 generation | 47..0 id */
typedef struct vipc_reply_right { uint64_t token; } vipc_reply_right; /* one-shot: ended by exactly one of reply, drop, death */
typedef struct vipc_pid { uint64_t id; } vipc_pid;                    /* a process of the domain; 0 is nobody; never reused */
typedef uint64_t vipc_time;                                           /* nanoseconds of the clock hook; absolute where it is a deadline */
#define VIPC_NOW ((vipc_time)0)        /* as a deadline: try, never block */
#define VIPC_FOREVER (~(vipc_time)0)   /* as a deadline: wait without end */

/* The numbers left out belong to objects still to come. */
enum vipc_type { VIPC_TYPE_NONE = 0, VIPC_TYPE_ENDPOINT = 1, VIPC_TYPE_CHANNEL = 2, VIPC_TYPE_NOTIFICATION = 3, VIPC_TYPE_WAIT_SET = 4,
                 VIPC_TYPE_SPACE = 5, VIPC_TYPE_REGION = 6, VIPC_TYPE_OBJECT = 7, VIPC_TYPE_PROCESS = 8 };
enum vipc_right {                      /* the low four are the token's flags */
    VIPC_RIGHT_READ = 1, VIPC_RIGHT_WRITE = 2, VIPC_RIGHT_EXECUTE = 4, VIPC_RIGHT_GRANT = 8,
    VIPC_RIGHT_REVOKE = 16, VIPC_RIGHT_DELETE = 32, VIPC_RIGHT_MODIFY = 64, VIPC_RIGHT_CREATE = 128, VIPC_RIGHT_ALL = 255,
    VIPC_RIGHT_RECEIVE = 1, VIPC_RIGHT_SEND = 2, VIPC_RIGHT_BIND = 4    /* what they mean at an endpoint; at a notification: wait, signal */
};
enum vipc_flag {                       /* vipc_message.flags; any other bit is VIPC_ERR_INVALID_MESSAGE */
    VIPC_URGENT = 1,                   /* goes past all that is not urgent, in a lane of its own, see vipc_endpoint_desc; in a reply it means nothing */
    VIPC_UNORDERED = 2,                /* accepted, promises nothing */
    VIPC_NEEDS_ACK = 4,                /* vipc_send and vipc_send_large return when a receiver has taken it, or say why none will */
    VIPC_IS_REPLY = 8,                 /* set by the core alone, on replies; ignored in what is sent, so that a reply can be the next request */
    VIPC_HAS_CAPABILITY = 16           /* .capability travels along */
};
/* What a mapping allows, by the numbers of enum vipc_prot: who may write may read.  A capability for memory has READ, WRITE and EXECUTE by the same bits. */
enum vipc_access { VIPC_READ = 1, VIPC_WRITE = 3, VIPC_EXECUTE = 4, VIPC_READ_EXECUTE = 5, VIPC_READ_WRITE_EXECUTE = 7 };
enum vipc_mode {                       /* how a region is handed over */
    VIPC_SHARE = 0,                    /* both have it: who receives gets a capability with READ, WRITE and EXECUTE as far as asked for and had */
    VIPC_MOVE = 1,                     /* who receives owns it; the giver has no capability for it any more, and no mapping */
    VIPC_COPY_ON_WRITE = 2             /* who receives gets a region of its own, of the same contents: a page is copied when one of the two writes to it */
};
enum vipc_full { VIPC_FULL_BLOCK = 0, VIPC_FULL_FAIL = 1, VIPC_FULL_DROP_OLDEST = 2 };   /* what a send with a deadline does at a full queue */

#define VIPC_CAPACITY_MAX 1024u        /* messages in one queue */
#define VIPC_PAYLOAD_MAX (1u << 20)    /* bytes of one inline payload */
#define VIPC_URGENT_MAX 64u            /* urgent messages in one queue */
#define VIPC_WAIT_SET_MAX 1024u        /* things in one wait set */
#define VIPC_NAME_MAX 255u             /* bytes of a published name */
#define VIPC_LABEL_MAX 31u             /* bytes kept of a label */
#define VIPC_OBJECT_NAME_MAX 255u      /* bytes of a named object's name, without a leading slash */
#define VIPC_OBJECTS_MAX 256u          /* defaults: named objects of a domain, bytes of one */
#define VIPC_OBJECT_SIZE_MAX (256ull << 20)
#define VIPC_NODES_MAX 16u             /* NUMA nodes */
#define VIPC_INITIAL_MAX 16u           /* capabilities that a process is made with */
#define VIPC_MESSAGE_WORDS 4
#define VIPC_MESSAGE_CAPS 4u           /* capabilities in one message, its own `capability` included */

typedef struct vipc_message {          /* 48 bytes: with the state word and the sender it fills one cache line */
    vipc_cap capability;               /* with HAS_CAPABILITY: the sender's token in, the receiver's new token out; else 0 out */
    uint32_t opcode, flags;            /* opcode is yours; flags: enum vipc_flag */
    uint64_t data[VIPC_MESSAGE_WORDS];
} vipc_message;

typedef struct vipc_info {             /* what the core says of a received message; a sender cannot forge it */
    vipc_pid sender;
    uint64_t badge;                    /* of the capability that it was sent with */
    vipc_reply_right reply;            /* none unless it was a call */
    uint32_t payload_size;             /* bytes */
    uint32_t dropped;                  /* messages dropped at this endpoint since a receive has told of some last (modulo 2^32): each is told once, to
                                        * one who receives with info.  0 but with VIPC_FULL_DROP_OLDEST */
    uint32_t redelivered;              /* 1: an earlier receiver died with it in hand, or put it back; it may come late */
    uint32_t cap_count;                /* capabilities that it was sent with, message.capability included; those revoked on the way count too */
} vipc_info;

typedef struct vipc_outgoing {         /* a message with a payload, sending side */
    vipc_message message;
    const void *payload;               /* borrowed for the call, copied into the queue */
    size_t payload_size;               /* bytes, at most the endpoint's payload_max */
    vipc_cap caps[VIPC_MESSAGE_CAPS];  /* more capabilities that travel along, after message.capability if that does (VIPC_HAS_CAPABILITY) */
    uint32_t cap_count;                /* of caps; with message.capability at most VIPC_MESSAGE_CAPS */
    vipc_cap region;                   /* none; a region that goes along, and counts as one of VIPC_MESSAGE_CAPS.  Anything else: INVALID_REGION */
#if VIPCI_GIFTS
    uint32_t region_mode;              /* VIPC_SHARE; enum vipc_mode, rights as for vipc_region_transfer */
    uint32_t region_access;            /* 0: what the capability has; enum vipc_access: at most that, else PERMISSION_DENIED */
#endif
} vipc_outgoing;
typedef struct vipc_incoming {         /* receiving side */
    vipc_message message;              /* out */
    vipc_info info;                    /* out */
    void *payload;                     /* in: where to put it; may be NULL when payload_capacity is 0 */
    size_t payload_capacity;           /* in: bytes */
    vipc_cap caps[VIPC_MESSAGE_CAPS];  /* out: all info.cap_count capabilities that came, in the order in which they were sent: tokens of the receiver's;
                                        * none (0) for one that was revoked on the way, and for the rest.  caps[0] is message.capability */
#if VIPCI_GIFTS
    vipc_cap region;                   /* out: a capability of the receiver's for the region that came; none: none came, or it was revoked on the way.  It is not
                                        * counted in info.cap_count.  Close it to refuse */
    uint32_t region_mode;              /* out: as it was sent */
    uint32_t region_access;            /* out: enum vipc_access: what its capability allows */
    uint64_t region_size;              /* out: bytes */
#endif
} vipc_incoming;
#if VIPCI_TAKES
typedef struct vipc_hand { uint64_t token; } vipc_hand;               /* a message that was taken and is not yet done, of one thread */
#endif

#if VIPCI_FAST
typedef struct vipc_cpu {              /* one for each CPU, kept by the port; the core only reads it, on that CPU */
    uint64_t here;                     /* vipc_here() of this CPU and of the priority of the thread that runs on it: at every switch */
    uint32_t floor;                    /* the fast path switches to nobody below this priority.  ~0: to nobody at all, while floating-point registers are
                                        * live, a reschedule is pending, somebody traces */
    uint32_t reserved;                 /* 0 */
} vipc_cpu;
/* cpu: 0..2^32 - 2; priority: likewise, more is more urgent */
static inline uint64_t vipc_here(uint32_t cpu, uint32_t priority) { return (uint64_t)priority << 32 | (cpu + 1u); }
typedef struct vipc_fast {             /* what a fast path has done */
    uint64_t next;                     /* native_thread of who runs next, on this CPU, its message in the registers; 0: nothing has changed, go the slow way */
    vipc_pid sender;                   /* these three are for `next`, beside the message: as in vipc_info after a call, 0 after a reply */
    uint64_t badge;
    vipc_reply_right reply;
    uint32_t flags;                    /* of the message, as `next` is to see them: 0 after a call, VIPC_IS_REPLY after a reply */
    uint32_t ready;                    /* 1: who made the call is not parked after all, as something came between: make it ready, to go on with vipc_park_call
                                        * (without a request) or vipc_park_receive */
} vipc_fast;
#endif

typedef struct vipc_config {           /* 0 means the default; vipc_config_get reads back what was resolved */
    uint32_t max_processes;            /* 64; at most 65,534 */
    uint32_t max_threads;              /* twice max_processes; at most 65,534: one view each, so a wait never fails for want of a slot */
    uint32_t max_objects;              /* 1,024; at most 16,777,214 */
    uint32_t max_capabilities;         /* four times max_objects, at most 16,777,214; a capability with limits of its own takes one or two more */
    uint32_t max_names;                /* 256; at most 1,048,576 */
    uint32_t page_shift;               /* 12: a frame is 1 << page_shift bytes; 8..20 */
    uint32_t objects_per_process;      /* max_objects: more is VIPC_ERR_LIMIT */
    uint32_t capabilities_per_process; /* max_capabilities: more is VIPC_ERR_LIMIT; what limits take is not counted here */
#if !VIPC_NO_SPACES
    uint32_t max_spaces;               /* none: no address spaces; at most max_objects */
    uint32_t max_regions;              /* 64 times max_spaces; of all spaces together, at most 8,000,000.  About 75 bytes each, 120 at worst */
    uint32_t max_frames;               /* 65,536 where there are spaces: only frames of lower numbers come into one; 4 bytes each */
#endif
#if !VIPC_NO_REGIONS
    uint32_t max_shared;               /* none: no shared regions, no named objects; regions and objects together, at most max_objects.  Needs max_spaces */
    uint32_t max_named;                /* 256, at most max_shared: named objects; at most 65,536 */
    uint32_t region_pages;             /* max_frames: frames of one region or object, at most; more is LIMIT */
    uint32_t object_pages;             /* 256 MiB, at most region_pages: frames of one named object */
    uint32_t shared_per_process;       /* max_frames: frames of all regions and objects that one process owns; more is LIMIT */
    uint32_t numa_nodes;               /* 1; at most VIPC_NODES_MAX */
#endif
} vipc_config;

typedef struct vipc_process_desc {
    const char *label;                 /* none; VIPC_LABEL_MAX bytes are kept */
    uint64_t native_id;                /* 0; what vipc_process_find looks for: a POSIX pid, a kernel's task number */
    uint64_t native_thread;            /* 0; what hooks block and wake are told of this process's first thread */
    uint64_t proof;                    /* 0: the creator's (attach: none); what hook process_alive is asked about */
#if !VIPC_NO_SPACES
    vipc_cap space;                    /* none; vipc_process_create: an address space of the creator's (needs DELETE), which becomes the new process's own, see
                                        * vipc_space_adopt */
#endif
    const vipc_cap *initial;           /* vipc_process_create: capabilities of the creator's, of each of which the new process gets a child with the
                                        * same rights; borrowed */
    uint32_t initial_count;            /* 0; at most VIPC_INITIAL_MAX.  With vipc_init and vipc_attach, where nobody gives, 0 */
} vipc_process_desc;
typedef struct vipc_process_info {
    vipc_pid pid;
    uint64_t native_id;
    uint32_t threads, objects, capabilities;   /* views, owned objects, held capabilities */
    /* What its threads have done since it joined, those that have left included; vipc_stats says what each is.  A thread that is just leaving may be
     * missing, or be there twice. */
    uint64_t sent, received, calls, replies;
    uint64_t checks_failed, sleeps;
    char label[VIPC_LABEL_MAX + 1];
} vipc_process_info;

typedef struct vipc_endpoint_desc {
    uint32_t capacity;                 /* 64; 1..VIPC_CAPACITY_MAX messages */
    uint32_t payload_max;              /* 0: small messages only; else the largest inline payload, bytes, at most VIPC_PAYLOAD_MAX */
    uint32_t full;                     /* VIPC_FULL_BLOCK: a send waits for room; VIPC_FULL_FAIL: CHANNEL_FULL whatever the deadline;
                                        * VIPC_FULL_DROP_OLDEST: the oldest message is dropped, see vipc_send */
    uint32_t spin;                     /* 0: adaptive; 1: a wait sleeps at once; else at most so many looks before it sleeps */
    uint32_t urgent;                   /* 8; at most VIPC_URGENT_MAX: room for URGENT messages, beside `capacity`.  It takes frames of its own when the first is
                                        * sent.  They are received first, in order among themselves; what is not urgent waits as long as there are any.
                                        * From then until a receive finds no more of them all sends, receives and calls there go the long way: some two and
                                        * a half times the instructions */
    const char *label;                 /* none; VIPC_LABEL_MAX bytes are kept; shown by vipc_dump */
} vipc_endpoint_desc;
typedef struct vipc_channel_desc {     /* as for an endpoint, for each direction */
    uint32_t capacity, payload_max, full, spin, urgent;
    uint32_t one_way;                  /* 0: both ends send and receive; 1: a only sends, b only receives */
    const char *label;
} vipc_channel_desc;
typedef struct vipc_endpoint_info {
    uint64_t id;                       /* unique in the domain's life */
    vipc_pid owner, bound;             /* bound: 0 when anybody with the right may receive */
    uint32_t capacity, payload_max, urgent;
    uint32_t queued, queued_urgent;    /* messages ready to be received, a snapshot; queued_urgent: those of them that are urgent */
    uint32_t senders_waiting, receivers_waiting;   /* asleep, a snapshot */
    uint32_t frames;                   /* held by its queue: 0 until first used */
    /* Since it was created.  Nobody counts sent and received: they are positions in the queue, exact while nobody is halfway through a send or receive; a
     * position that was passed over beside somebody who stood still, or given up because of a revoke or a death, is in both. */
    uint64_t sent, received, dropped;  /* messages; dropped: by VIPC_FULL_DROP_OLDEST; sent = received + dropped + queued + those being sent or received */
    uint32_t high_water;               /* the most messages queued, urgent ones aside, that anybody has noticed, a message being received included: senders
                                        * look at least once in 64 messages, and whenever they meet a full queue (then it is the capacity); and the present
                                        * look.  0 of senders built with VIPC_NO_INSPECT */
    char label[VIPC_LABEL_MAX + 1];
} vipc_endpoint_info;

typedef struct vipc_wait_item {        /* one of the things that are waited for together */
    vipc_cap object;                   /* an endpoint, a channel's end or a notification */
    uint32_t for_send;                 /* 0: a message, or bits, to be received (needs RECEIVE); 1: room to send (endpoints; needs SEND) */
    vipc_error ready;                  /* out: OK; WOULD_BLOCK: not yet; else what an operation on it would say at once, as CLOSED */
    uint64_t key;                      /* yours */
} vipc_wait_item;

/* Limits of a capability; 0: none.  A child has its parent's, and may have tighter ones beside them, never wider ones.  Messages and bytes a second are
 * an allowance that fills up as time goes by, to one second's worth: so a sender that was idle may send that much at once, and in any t seconds at most
 * (t + 1) times the limit.  It is exact at every rate: nothing is rounded off, however long it runs.  Whoever sends by a capability also draws on what the
 * capabilities above it are allowed, so children share their parent's allowance and cannot multiply it; those without a number of their own have no other.  What
 * arrives in a message or by name has, and shares, the limits of what was sent or published.  They stay when the parent is closed.
 * Charged: vipc_send, vipc_send_large, the request of vipc_call and vipc_call_large.  Free: replies, receiving, and sends that fail: what they took is given
 * back.  A thread that is killed, or whose capability is revoked, in the middle of a send may have used up that one message of what others share with it.  A
 * message of more bytes than a second's worth passes when the allowance is full, and what follows waits the longer. */
typedef struct vipc_limits {
    uint64_t message_max;              /* bytes of one message, 48 and its payload: MESSAGE_TOO_LARGE */
    uint64_t rate;                     /* messages a second: RATE_LIMIT, at once, whatever the deadline; kept as 2^40 if more */
    uint64_t bandwidth;                /* bytes a second, each message 48 and its payload: RATE_LIMIT; at once, and 2^40, likewise */
    vipc_time expires;                 /* from then on it is no valid capability: INVALID_CAPABILITY, also to who sleeps with it; vipc_close and
                                        * vipc_cap_get still work */
} vipc_limits;
typedef struct vipc_derive_desc {
    uint32_t rights;                   /* 0: the parent's; else a subset of them, or PERMISSION_DENIED; unknown bits: INVALID_ARGUMENT */
    vipc_limits limits;                /* each 0: the parent's; else at most that, or PERMISSION_DENIED (none is wider than any).  See vipc_derive */
    uint64_t badge;                    /* 0: the parent's; else only where the parent has none, or PERMISSION_DENIED */
} vipc_derive_desc;
typedef struct vipc_cap_info {
    uint32_t type, rights;
    vipc_limits limits;                /* the tightest that hold, its own or from above */
    uint64_t badge, object;            /* object: the same number for all capabilities of one object */
    vipc_pid holder, owner;            /* owner: of the object */
    uint32_t children;                 /* capabilities derived directly from this one, those on their way in messages among them; mappings are none */
} vipc_cap_info;

typedef struct vipc_stats {            /* sums since vipc_init */
    uint64_t objects_created, objects_destroyed;
    uint64_t channels_created, channels_destroyed;     /* destroyed: both ends are; each end is an object too */
    uint64_t lookups, lookup_hits;     /* of names */
    uint64_t checks_failed;            /* capability checks that refused */
    uint64_t sent, received, calls, replies;
    uint64_t rate_limited;             /* sends and calls refused for rate or bandwidth; what was too large or expired counts in checks_failed */
    uint64_t dropped;                  /* messages, by VIPC_FULL_DROP_OLDEST */
    uint64_t sleeps, wakes;            /* hook block and hook wake called */
    uint64_t reaped;                   /* processes found dead and cleaned up */
    uint64_t frames_in_use, frames_high_water;
    uint32_t hit_percent;              /* lookup_hits * 100 / lookups; 0 without a look-up */
} vipc_stats;

#if !VIPC_NO_SPACES
/* Address spaces.  Addresses are 64 bits on every host; sizes are bytes. */
typedef uint64_t vipc_addr;
#define VIPC_LAYOUT_USER_START 0x0000000000010000ull      /* defaults of vipc_space_desc */
#define VIPC_LAYOUT_USER_END   0x00007fffffff0000ull
#define VIPC_LAYOUT_CODE       0x0000000000400000ull      /* where a loader may put code and data: of no meaning to the core */
#define VIPC_LAYOUT_DATA       0x0000000000800000ull
#define VIPC_LAYOUT_HEAP       0x0000000010000000ull
#define VIPC_LAYOUT_HEAP_MAX   (8ull << 30)
#define VIPC_LAYOUT_STACK_END  0x00007fff00000000ull
#define VIPC_LAYOUT_STACK      (8ull << 20)
enum vipc_region_type { VIPC_REGION_NONE = 0, VIPC_REGION_CODE, VIPC_REGION_DATA, VIPC_REGION_RODATA, VIPC_REGION_STACK, VIPC_REGION_HEAP, VIPC_REGION_FILE,
                        VIPC_REGION_SHARED, VIPC_REGION_DEVICE };
enum vipc_prot { VIPC_PROT_NONE = 0, VIPC_PROT_READ = 1, VIPC_PROT_WRITE = 2, VIPC_PROT_EXEC = 4 };      /* WRITE, and EXEC, let read too */
enum vipc_cache { VIPC_WRITE_BACK = 0, VIPC_WRITE_THROUGH = 1, VIPC_UNCACHED = 2, VIPC_WRITE_COMBINING = 3 };
enum vipc_mmap_flag {
    VIPC_MAP_SHARED = 1,               /* who clones the space sees, and makes, changes; one of the two must be given */
    VIPC_MAP_PRIVATE = 2,              /* copy-on-write */
    VIPC_MAP_FIXED = 0x10,             /* exactly at `at`; what is there is unmapped first */
    VIPC_MAP_ANONYMOUS = 0x20,         /* zero-filled memory; required where nothing backs it, refused where something does */
    VIPC_MAP_POPULATE = 0x8000,        /* all frames at once; shared memory always has */
    VIPC_MAP_FIXED_NOREPLACE = 0x100000     /* exactly at `at`; EXISTS if something is there */
};
enum vipc_page_flag {                  /* of page tables as x86-64 has them, but for NO_EXECUTE: a conversion that many ports can use */
    VIPC_PAGE_PRESENT = 1, VIPC_PAGE_WRITABLE = 2, VIPC_PAGE_USER = 4, VIPC_PAGE_WRITE_THROUGH = 8, VIPC_PAGE_NO_CACHE = 0x10, VIPC_PAGE_ACCESSED = 0x20,
    VIPC_PAGE_DIRTY = 0x40, VIPC_PAGE_HUGE = 0x80, VIPC_PAGE_GLOBAL = 0x100
};
#define VIPC_PAGE_NO_EXECUTE ((uint64_t)1 << 63)

typedef struct vipc_space_desc {       /* all page-aligned, and start <= heap_start <= heap_start + heap_max <= stack_end <= end, else INVALID_ARGUMENT */
    vipc_addr start, end;              /* VIPC_LAYOUT_USER_START, _END: nothing is mapped outside [start, end) */
    vipc_addr heap_start;              /* VIPC_LAYOUT_HEAP, or start if that lies outside */
    uint64_t heap_max;                 /* VIPC_LAYOUT_HEAP_MAX, at most a quarter of the room above heap_start; the break stays within.  What is mapped with
                                        * at 0 comes above */
    vipc_addr stack_end;               /* VIPC_LAYOUT_STACK_END, or end if that is lower; stacks are put below it, downwards */
    uint32_t write_execute;            /* 0: W^X: WRITE and EXEC together is PERMISSION_DENIED; 1: allowed */
    const char *label;                 /* none; VIPC_LABEL_MAX bytes are kept; shown by vipc_dump */
} vipc_space_desc;
typedef struct vipc_space_region {     /* [start, end) of one space, all of it alike */
    vipc_addr start, end;
    uint32_t type, prot, flags;        /* enum vipc_region_type, vipc_prot; flags: VIPC_MAP_SHARED or VIPC_MAP_PRIVATE */
    uint32_t cache;                    /* enum vipc_cache */
    uint32_t guard;                    /* 1: a stack's guard page, to which no access is ever given */
    uint32_t growth;                   /* 1: reserved for the growth of the stack above it */
    uint32_t leaving;                  /* 1: unmapped, but somebody who may still use it has not acknowledged that yet */
    uint64_t physical;                 /* VIPC_REGION_DEVICE: physical address of start; else 0 */
} vipc_space_region;
typedef struct vipc_mmap_desc {
    vipc_addr at;                      /* 0: chosen.  Without FIXED a wish */
    uint64_t size;                     /* bytes, rounded up to pages; 0 is INVALID_ARGUMENT */
    uint32_t prot, flags;              /* enum vipc_prot, vipc_mmap_flag; unknown bits are INVALID_ARGUMENT */
    uint32_t type;                     /* VIPC_REGION_DATA (VIPC_REGION_SHARED with MAP_SHARED); CODE, DATA, RODATA: only a name */
    vipc_cap backing;                  /* none; with VIPC_NO_REGIONS any other is INVALID_REGION.  A region or named object, rights as for vipc_map: with SHARED it
                                        * is mapped (POPULATE: all pages at once), with PRIVATE its present pages are, copy-on-write (needs READ alone) */
    uint64_t offset;                   /* in it, bytes, page-aligned; 0 without */
} vipc_mmap_desc;
typedef struct vipc_stack_desc {
    uint64_t size;                     /* VIPC_LAYOUT_STACK: bytes that it may grow to, its guard included, rounded up to pages; at least two pages and
                                        * `guard` */
    uint64_t first;                    /* 64 KiB, at most size - guard: what it has from the start; the rest comes as it is touched */
    uint64_t guard;                    /* one page; bytes at its lowest end that are never accessible, rounded up to pages */
} vipc_stack_desc;
typedef struct vipc_stack {            /* of a space; addresses */
    vipc_addr bottom, top;             /* [bottom, top), the guard included */
    vipc_addr sp;                      /* where a thread starts: top */
    uint64_t guard;                    /* bytes at bottom */
} vipc_stack;
enum vipc_fault { VIPC_FAULT_ZEROED = 1, VIPC_FAULT_COPIED, VIPC_FAULT_MADE_WRITABLE, VIPC_FAULT_MAPPED, VIPC_FAULT_SPURIOUS };
typedef struct vipc_fault_result {
    uint32_t resolved;                 /* enum vipc_fault: a new zeroed frame; a copy of a shared one; a frame that was shared and is no more, or a permission
                                        * that was widened; a frame that was there, whose translation was not; a translation had been given before, perhaps
                                        * with less, and was given again.  0: not resolved */
    uint32_t grown;                    /* 1: a stack has grown for it */
    uint64_t pages;                    /* translations that were set up; 0 for SPURIOUS */
    vipc_addr page;                    /* that it was about */
    vipc_space_region region;          /* around it, if it was not resolved; all 0 when there is none, or it was */
} vipc_fault_result;
typedef struct vipc_space_info {
    uint64_t root;                     /* the port's, see hook space_create */
    vipc_pid owner;
    vipc_addr start, end, heap_start, brk, stack_end;
    uint64_t heap_max;
    uint32_t regions;
    uint32_t leaving;                  /* of them, those that were unmapped and whose frames are kept back */
    uint64_t pages;                    /* frames that it maps, device memory aside */
    uint64_t pages_shared;             /* of them, those that a write would copy, or make its own */
    uint64_t table_frames;             /* frames of its page map */
    uint64_t zeroed, copied, made_writable, mapped, grown;     /* faults so resolved, since it was made */
    char label[VIPC_LABEL_MAX + 1];
} vipc_space_info;
#endif

#if !VIPC_NO_REGIONS
/* Memory that processes share.  Sizes are bytes, rounded up to pages where a line says so. */
typedef struct vipc_region_desc {
    uint64_t size;                     /* rounded up to pages; 0 is INVALID_ARGUMENT */
    uint32_t access_max;               /* VIPC_WRITE; enum vipc_access: no mapping ever has more, whoever asks */
    uint32_t cache;                    /* VIPC_WRITE_BACK; enum vipc_cache: of every mapping */
    uint32_t node;                     /* 0: any; else NUMA node + 1, from whose frames it is made as far as there are any */
    uint32_t contiguous;               /* 1: neighbouring frames, in order, or OUT_OF_MEMORY; 0: whatever frames there are */
    vipc_cap idle;                     /* none; a notification of the creator's (needs SEND), on which idle_bits are set whenever the creator's process has become
                                        * the only one with a capability for the region, as others closed theirs, lost them, or died */
    uint64_t idle_bits;
    const char *label;                 /* none; VIPC_LABEL_MAX bytes are kept; shown by vipc_dump */
} vipc_region_desc;
typedef struct vipc_map_desc {
    vipc_cap space;                    /* none: the own space of the caller's process; else needs WRITE there */
    vipc_addr at;                      /* 0: chosen; else exactly there */
    uint64_t offset, size;             /* part of it; offset page-aligned, size rounded up to pages, 0: to the end */
    uint32_t access;                   /* VIPC_READ; enum vipc_access */
    uint32_t lazy;                     /* 0: all pages get their translations now, after what others have to acknowledge first; 1: each when it is touched */
} vipc_map_desc;
typedef struct vipc_mapping {
    vipc_addr at;
    uint64_t size;                     /* bytes, whole pages; 0: there is none */
    uint32_t access, cache;
} vipc_mapping;
typedef struct vipc_region_info {
    uint64_t id;                       /* unique in the domain's life; never 0 */
    uint64_t size;                     /* bytes; of a region whole pages */
    uint64_t physical;                 /* of the first frame, where it is contiguous and the capability has MODIFY; else 0 */
    vipc_pid owner;                    /* 0: it has died, or it is on its way in a message */
    uint32_t holders, mappings;        /* capabilities, those on their way included; mappings, of all spaces */
    uint32_t access_max, cache, node;  /* node: as asked for, + 1; 0: any */
    uint32_t contiguous, sealed;
    vipc_mapping mine;                 /* in the own space of the caller's process: the first if there are several */
    char label[VIPC_LABEL_MAX + 1];
} vipc_region_info;
enum vipc_open { VIPC_OPEN_CREATE = 1, VIPC_OPEN_EXCLUSIVE = 2, VIPC_OPEN_READ_ONLY = 4, VIPC_OPEN_TRUNCATE = 8 };      /* 0: read and write what exists */
typedef struct vipc_object_stat {
    uint64_t id, size;                 /* size: bytes, as it was last truncated to */
    vipc_pid owner;                    /* who created it; 0: it has died */
    uint32_t opens, mappings;          /* capabilities for it, the name aside; mappings */
    uint32_t mode, unlinked, sealed;
} vipc_object_stat;
#endif

/* --------------------------------------------------------------------------------------------------- >>hooks
 * What the header asks of its surroundings.  One table per process; it must outlive every vipc that uses it and is not changed
 * while one does.  NULL where a line says "optional".  The core calls no hook with a claim on a queue, and every hook through one
 * wrapper (see >>hookcalls), which checks what comes back.  tests/port_suite.h checks a port against all of this. */
typedef struct vipc_hooks {
    size_t size;                       /* sizeof(vipc_hooks); any other is VIPC_ERR_INVALID_ARGUMENT.  0 later on is NOT_INITIALIZED: so a
                                        * port ends a membership that a fork has copied */
    void *user;                        /* first argument of every hook */

    /* Frames.  Called with the slow-path lock held, interrupts on, never from two threads of a domain at once.
     * Take `count` (1 or more) neighbouring frames.  *first lies in the domain: write it BEFORE the frames count as taken, so that
     * whoever cleans up after a kill can free them.  Contents are the core's to set.  OUT_OF_MEMORY, or any error: nothing taken. */
    vipc_error (*frame_alloc)(void *user, uint64_t count, uint64_t *first);
    /* Give a run back.  Cannot fail; may be told of a run that is free already, wholly or in part, and then does nothing to that part.  The numbers come
     * from shared memory: frames that do not exist are to be passed over too. */
    void (*frame_free)(void *user, uint64_t first, uint64_t count);
    /* Where this process sees frame `first`; the run of `count` is contiguous from there and stays put until freed.  NULL: no such frame
     * (the number came from shared memory: check it).  A frame stays where it is for as long as this process is a member, also after it was freed. */
    void *(*frame_pointer)(void *user, uint64_t first, uint64_t count);

    /* Waiting; optional as a pair: without it what would block is VIPC_ERR_NOT_SUPPORTED.
     * block: if *word still is `expected`, sleep until wake(word) or the deadline (VIPC_FOREVER: none); compare and sleep are one step.
     * Called by the thread `self` (its native_thread) with no lock and no claim, so its stack may be thrown away.  At most one sleeper a
     * word.  VIPC_OK: changed, woken, or for no reason; VIPC_ERR_TIMEOUT: the deadline passed.  It has left every queue of the port's by then.
     * wake: make the sleeper on `word` look again; none: do nothing.  May be called from an interrupt if vipc_cancel is, does not
     * call back, does not switch. */
    vipc_error (*block)(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline);
    void (*wake)(void *user, uint64_t target, uint32_t *word);

    vipc_time (*now)(void *user);      /* optional; monotonic, never 0, one clock for all members.  Without it a deadline is VIPC_NOW or VIPC_FOREVER,
                                        * else NOT_SUPPORTED, and so are limits by time, set or used */
    /* Optional pair (required with VIPC_CRITICAL_ATOMICS): preemption and interrupts off, and back.  Around each claim, copy and commit (bounded: one
     * message); may nest. */
    uint32_t (*enter)(void *user);
    void (*leave)(void *user, uint32_t state);
    void (*relax)(void *user);         /* optional; one turn of a short spin.  NULL: the CPU's pause instruction */
    /* Optional; 1: `proof` lives or cannot be told, 0: proven dead.  Without it death is told by vipc_process_destroy alone. */
    int (*process_alive)(void *user, uint64_t proof);
    /* Optional; for people.  level 0 error, 1 warning; id: enum vipc_log; a, b: what it says beside them. */
    void (*log)(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b);
    /* Optional; see vipc_wait_set_bell.  ring 1: make whatever `bell` stands for readable, from any process of the domain, with no lock held; 0: make it
     * quiet again, in the process that owns it.  Like wake it does not block, does not call back, and may be told more often than needed. */
    void (*bell)(void *user, uint64_t bell, int ring);
#if !VIPC_NO_SPACES
    /* Address spaces; optional, all six or none, and for all members of a domain alike, each of which may have to end what another has made: without them
     * vipc_space_create is NOT_SUPPORTED.  The core knows which frame is where; the port's page tables are a cache of that, which may forget whatever it likes
     * (a fault brings it back) but never keeps what it was told to take away.  All but tlb_flush are called with the slow-path lock held, and none calls back.
     * `at` and all sizes are in range and page-aligned, `pages` is 1 or more, and the root is one that space_create gave, unless somebody has scribbled in the
     * domain, where they come from: a port whose members do not trust each other checks all of them.  What is none it passes over; page_map says
     * INVALID_ARGUMENT then.
     * space_create: tables for a space of addresses [start, end); `space` is its number, never used twice.  *root names it from now on; it lies in the
     * domain and is 0: write it BEFORE what it names counts as taken, so that whoever cleans up after a kill can give that back.  OUT_OF_MEMORY or any error:
     * nothing taken.  space_destroy: when it returns OK, nobody can use a translation of that space any more, and its tables are free.  0, and one that is
     * gone: OK; the root may be given to another space then: only after a kill is it asked for the same one again, and that before the next space_create.
     * RESOURCE_BUSY: somebody runs in it: it is asked again, at the latest by vipc_sweep. */
    vipc_error (*space_create)(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root);
    vipc_error (*space_destroy)(void *user, uint64_t root);
    /* Translate `pages` pages from `at` on to the neighbouring frames from `frame` on, in place of whatever was there.  A port that sees frames by a mapping of its
     * own keeps that under the same policy.  access: enum vipc_prot, never 0;
     * cache: enum vipc_cache.  OUT_OF_MEMORY, or any error: of several pages some may be mapped; page_unmap follows.  A single one must not have been, not even
     * for a moment: its frame is given back without a flush.  No flush is due for what was not there. */
    vipc_error (*page_map)(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache);
    void (*page_unmap)(void *user, uint64_t root, uint64_t at, uint64_t pages);      /* cannot fail; pages without a translation are passed over */
    void (*page_protect)(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access);     /* likewise; never gives more than there was; 0: none */
    /* Return OK when nobody, on any CPU, in any process, can use a translation of these pages that page_unmap, page_protect or page_map has taken away.
     * VIPC_NOW: called with the lock held: only what needs no waiting, WOULD_BLOCK if that is not enough.  Else called without any lock, interrupts on;
     * TIMEOUT: somebody has not acknowledged by the deadline.  A dead process holds no translations. */
    vipc_error (*tlb_flush)(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline);
#endif
#if !VIPC_NO_REGIONS
    /* NUMA; optional, each.  frame_alloc_near: as frame_alloc, from that node (0..numa_nodes - 1) as far as it has any, else from others; NULL: frame_alloc.
     * frame_node: which node a frame is on, 0..numa_nodes - 1; NULL: 0.  What is charged to a node is what this says. */
    vipc_error (*frame_alloc_near)(void *user, uint32_t node, uint64_t count, uint64_t *first);
    uint32_t (*frame_node)(void *user, uint64_t frame);
#endif
    uint32_t cpus;                     /* 0: unknown.  1: a wait never spins */
    uint32_t reserved;                 /* 0 */
} vipc_hooks;
enum vipc_log {                        /* what hook log is told, with its two numbers */
    VIPC_LOG_REAPED = 1,               /* a dead process was cleaned up: pid, capabilities removed */
    VIPC_LOG_ROLLED_BACK = 2,          /* a slow-path step of the dead was undone: view, words put back */
    VIPC_LOG_CHECK = 3                 /* vipc_check found a violation: kind (the order in >>look), where */
};

struct vipc_fast_cap { uint64_t token; unsigned char *entry, *object; uint32_t index, reserved; };      /* what a token names; private */
#if !VIPC_NO_SPACES
struct vipc_near { uint64_t version, start, end, a, b, first, frame; unsigned char *leaf; };      /* a region, and a leaf of a page map, used lately; private */
#endif
struct vipc_seen { uint64_t queue, shape; unsigned char *slots, *hints; uint32_t capacity, stride; };   /* where a queue lies; private */

/* One thread's view of one domain.  Fields are private; sizes and offsets are kept here because what lies in shared memory
 * is not believed twice. */
typedef struct vipc {
    const void *here;                  /* its own address: copies and moves are found out */
    const vipc_hooks *hooks;
    unsigned char *base;
    unsigned char *processes, *views, *cells, *objects, *caps, *names, *buckets;
#if !VIPC_NO_SPACES
    unsigned char *spaces, *nodes, *refs;
    uint32_t max_spaces, max_records, max_nodes, max_frames, max_regions;      /* records: of spaces and stores */
    uint32_t steady;                   /* 1: an operation that may not let the lock go in between */
#if !VIPC_NO_REGIONS
    uint32_t max_named, region_pages, object_pages, shared_per_process, numa_nodes;
#endif
    uint64_t looks, looks_most;        /* at nodes of page maps: of the present operation, and as many as any may take */
    struct vipc_near near;
#endif
    unsigned char *mine;               /* own view record */
    uint64_t length, pid;
    uint64_t identity, from;           /* own view's owner word; pid and view as a message's sender word has them */
    uint32_t max_processes, max_threads, max_objects, max_caps, max_names, page_shift;
    uint32_t process, view, incarnation;
    uint32_t patience;                 /* how long a wait spins before it sleeps: learned */
    uint32_t lull;                     /* how long a wait that is one of a stream lets the other side run ahead: learned */
    uint32_t parks;                    /* how often it has parked for a reply, see >>fast */
    struct vipc_fast_cap fast[2];      /* what it sends to, and receives from, by the fast path */
    uint64_t turned, done;             /* how much this view had done, in the other direction and in this, when it waited last */
    struct vipc_seen seen[4];          /* queues used lately */
#if !VIPC_NO_URGENT
    struct vipc_seen urgent[2];
#endif
} vipc;

/* ----------------------------------------------------------------------------------------------------- >>api
 * Rules for every function below, said once:
 *  - The first argument is who asks.  NULL, a copy, or one that was not initialised: VIPC_ERR_INVALID_ARGUMENT.  One that has left, or that
 *    a fork copied: VIPC_ERR_NOT_INITIALIZED.
 *  - Order of arguments: self, handle, inputs, outputs, deadline.  Outputs are written on VIPC_OK only unless a line says otherwise;
 *    an output marked (opt) may be NULL; any other NULL pointer is VIPC_ERR_INVALID_ARGUMENT.
 *  - A desc may be NULL, and any of its fields 0: the default.
 *  - A deadline in the past tries once and then gives VIPC_ERR_TIMEOUT.  VIPC_NOW never sleeps.
 *  - Inputs are borrowed for the call.  On an error nothing has changed and what was passed in is still the caller's.
 *  - "Slow path" functions take the domain's lock: they may sleep for it, without a deadline of their own for as long as it is held; not from interrupts or
 *    signal handlers.  All others may be called from one with VIPC_NOW, with a view of the handler's own.  What the call that it interrupted has in hand
 *    is another thread's to it: so it may be told CHANNEL_FULL, CHANNEL_EMPTY, or RESOURCE_BUSY (the lock), which a moment later were not so.
 *  - Every function that takes a capability may give VIPC_ERR_INVALID_CAPABILITY (not a token of the caller's process, revoked, expired, or of a wrong type) and
 *    VIPC_ERR_PERMISSION_DENIED (valid, without the right that the line names).  By one that expires, NOT_SUPPORTED: no clock hook; HOOK: it said 0.  Any may
 *    give VIPC_ERR_CORRUPT: shared memory does not hold what the core wrote there. */

/* Short text for an error, static, never NULL; "unknown error" for other numbers.  Any context. */
VIPC_API const char *vipc_error_string(vipc_error e);
/* major << 16 | minor << 8 | patch of the implementation that was linked.  Any context. */
VIPC_API uint32_t vipc_version(void);

/* -- a domain and its members -- */
/* Bytes that vipc_init needs for this configuration (NULL: all defaults); 0 when a field is out of range or the sum overflows. */
VIPC_API uint64_t vipc_required_size(const vipc_config *config);
/* Make a domain in `size` bytes of memory, aligned to VIPC_LINE, and join it as its first process, described by desc (opt).
 * What was there is overwritten.  INVALID_ARGUMENT: NULL or unaligned memory, a field out of range, hooks of another size or without the three
 * frame hooks, one of a pair, some of the six for address spaces.  OUT_OF_MEMORY: size is less than vipc_required_size.  The memory stays the caller's. */
VIPC_API vipc_error vipc_init(vipc *self, void *memory, uint64_t size, const vipc_config *config, const vipc_process_desc *desc, const vipc_hooks *hooks);
/* Join the domain at `memory` as a new process.  expect (opt): each non-zero field must match, else INVALID_ARGUMENT.
 * NOT_INITIALIZED: vipc_init has not finished.  BAD_DOMAIN: no domain, damaged, or longer than `size`.  VERSION: another layout or byte order.
 * LIMIT: max_processes or max_threads reached by members that live.  Slow path. */
VIPC_API vipc_error vipc_attach(vipc *self, void *memory, uint64_t size, const vipc_config *expect, const vipc_process_desc *desc, const vipc_hooks *hooks);
/* One more thread of the caller's process; native_thread is what block and wake are told.  LIMIT: max_threads.  O(max_threads). */
VIPC_API vipc_error vipc_thread_enter(vipc *self, uint64_t native_thread, vipc *out);
/* End this view.  With the last one of a process the process ends: its endpoints close (who waits there gets PEER_DEAD), its names go, its
 * capabilities are given up.  What other members still touch is set aside and comes back later.  Slow path. */
VIPC_API vipc_error vipc_leave(vipc *self);
/* The limits as resolved.  Any context. */
VIPC_API vipc_error vipc_config_get(const vipc *self, vipc_config *out);
/* A new identity beside the caller's, and its first view: a kernel's way to make processes; in a test, several in one thread.
 * process (opt): a capability with all rights over it, the caller's.  desc->initial: what it starts with, by vipc_initial; each needs GRANT, and all are
 * given or, on an error, none, and no process is made.  LIMIT: max_processes, max_threads, or (with process, or initial) capabilities.  INVALID_ARGUMENT:
 * more than VIPC_INITIAL_MAX (with VIPC_NO_INITIAL: any), initial is NULL.  Slow path, O(initial_count) beside the joining. */
VIPC_API vipc_error vipc_process_create(vipc *self, const vipc_process_desc *desc, vipc *child, vipc_cap *process);
#if !VIPC_NO_INITIAL
/* What the creator of the caller's process gave it as initial[index]: the process's own token, the same at each call.  NOT_FOUND: it gave no so many (none at
 * all to a process that joined by itself).  INVALID_CAPABILITY: it was given, and was revoked, closed, or ended with its object since; the others keep their
 * index.  One that has expired is still told.  Slow path, O(VIPC_INITIAL_MAX). */
VIPC_API vipc_error vipc_initial(vipc *self, uint32_t index, vipc_cap *out);
#endif
/* End a process, as if it had died; needs DELETE.  The port must have stopped it: it runs no more.  removed (opt): its endpoints.
 * RESOURCE_BUSY: hook process_alive says it lives, under a proof that is not the caller's own.  INVALID_CAPABILITY: ended before.  INVALID_ARGUMENT: the
 * caller's own process.  Slow path. */
VIPC_API vipc_error vipc_process_destroy(vipc *self, vipc_cap process, uint32_t *removed);
/* Sleep until process `who` has ended.  OK at once if it has; INVALID_ARGUMENT for a pid that was never given out, or the caller's own; TIMEOUT
 * (WOULD_BLOCK with NOW), CANCELLED.  O(max_processes) a look. */
VIPC_API vipc_error vipc_process_wait(vipc *self, vipc_pid who, vipc_time deadline);
#if !VIPC_NO_NOTIFICATIONS
/* Have `bits` signalled at a notification (needs SEND) once process `who` has ended, whoever cleans up after it; at once if it has.  The caller's death, or
 * the notification's end, ends the watch; it takes one of the caller's capabilities meanwhile (LIMIT).  INVALID_ARGUMENT: no bits, a pid that was never
 * given out, the caller's own.  Slow path. */
VIPC_API vipc_error vipc_process_watch(vipc *self, vipc_pid who, vipc_cap notification, uint64_t bits);
#endif
#if !VIPC_NO_INSPECT
/* PROCESS_NOT_FOUND: ended, or never was.  O(max_processes + max_threads).  Slow path. */
VIPC_API vipc_error vipc_process_get(vipc *self, vipc_pid who, vipc_process_info *out);
/* The process that joined with this native_id (the youngest, if several).  PROCESS_NOT_FOUND until it has joined.  O(max_processes).  Slow path. */
VIPC_API vipc_error vipc_process_find(vipc *self, uint64_t native_id, vipc_pid *out);
#endif
/* Ask process_alive of every other process and clean up after the dead; any member may, at any time.  reaped (opt): how many.
 * Sleeping calls do this by themselves, from every 50 ms to every second.  O(max_processes) questions.  Slow path. */
VIPC_API vipc_error vipc_sweep(vipc *self, uint32_t *reaped);
/* Give back the frames of queues that are empty and that nobody touches, of closed endpoints that were set aside, and of threads that keep some for
 * replies (vipc_call_large) and are in no such call.
 * frames (opt): how many.  O(max_objects).  Slow path. */
VIPC_API vipc_error vipc_trim(vipc *self, uint64_t *frames);
/* The caller's pid; 0 where self is no member.  Any context. */
VIPC_API vipc_pid vipc_self(const vipc *self);
/* The clock hook; 0 without one.  Any context. */
VIPC_API vipc_time vipc_time_now(const vipc *self);
/* now + ns, at most VIPC_FOREVER - 1: for deadlines.  Without a clock VIPC_FOREVER.  Any context. */
VIPC_API vipc_time vipc_after(const vipc *self, uint64_t nanoseconds);

/* -- capabilities; all but require and the token's fields are slow path -- */
/* A new capability for the caller, a child of `from`, with no more than it has.  LIMIT: table or the process's share is full, or more than eight limits of
 * rate and bandwidth would stand one above the other.  NOT_SUPPORTED: rate, bandwidth or expiry without a clock hook, any limit with VIPC_NO_LIMITS. */
VIPC_API vipc_error vipc_derive(vipc *self, vipc_cap from, const vipc_derive_desc *desc, vipc_cap *out);
/* The same for process `to`; needs GRANT.  *out is valid for `to` only: tell it by a message.  PROCESS_NOT_FOUND, LIMIT. */
VIPC_API vipc_error vipc_grant(vipc *self, vipc_cap from, vipc_pid to, const vipc_derive_desc *desc, vipc_cap *out);
/* Take back all that was derived from cap, granted or carried onward included; cap itself stays.  Needs REVOKE.  When it returns OK no
 * operation with one of them takes effect any more: sends and receives that are under way are undone, who sleeps to send or receive wakes with
 * INVALID_CAPABILITY.  Messages and calls that were sent before stay sent, and are answered.  TIMEOUT (RESOURCE_BUSY with NOW): the lock was not to be had.
 * O(descendants). */
VIPC_API vipc_error vipc_revoke(vipc *self, vipc_cap cap, vipc_time deadline);
/* Give up one capability; what was derived from it hangs on its parent from now on.  With its last capability an object goes. */
VIPC_API vipc_error vipc_close(vipc *self, vipc_cap cap);
/* End the object for everybody; needs DELETE.  Sleepers wake with CLOSED, callers too, queued messages are gone, every capability dies with it.
 * TIMEOUT (WOULD_BLOCK with NOW): closed, but a live member is still inside (it may be stopped): its memory is kept back; calling
 * again with the same cap finishes it, and so does any later trim.  RESOURCE_BUSY: with NOW, the lock was not to be had, nothing has changed.  A process: as
 * vipc_process_destroy. */
VIPC_API vipc_error vipc_destroy(vipc *self, vipc_cap cap, vipc_time deadline);
#if !VIPC_NO_INSPECT
/* What there is to know of one's own capability; any right will do, and it may have expired.  Slow path.  O(children). */
VIPC_API vipc_error vipc_cap_get(vipc *self, vipc_cap cap, vipc_cap_info *out);
#endif
/* The check by itself: is it the caller's, of this type (0: any), with all these rights?  PERMISSION_DENIED: valid, but not that.  O(1), one table
 * probe.  Any context. */
VIPC_API vipc_error vipc_cap_require(vipc *self, vipc_cap cap, uint32_t type, uint32_t rights);
/* The token's fields; no check is made.  Any context. */
VIPC_API uint64_t vipc_cap_id(vipc_cap cap);
VIPC_API uint32_t vipc_cap_generation(vipc_cap cap);
VIPC_API uint32_t vipc_cap_type(vipc_cap cap);
VIPC_API uint32_t vipc_cap_flags(vipc_cap cap);

/* -- endpoints -- */
/* A queue, owned by the caller's process; *out has all rights.  No frames are taken until it is first used.  LIMIT.  Slow path, O(1). */
VIPC_API vipc_error vipc_endpoint_create(vipc *self, const vipc_endpoint_desc *desc, vipc_cap *out);
/* From now on only process `only` may receive; once.  Needs BIND.  ENDPOINT_BUSY: bound already; PROCESS_NOT_FOUND.  Slow path. */
VIPC_API vipc_error vipc_endpoint_bind(vipc *self, vipc_cap endpoint, vipc_pid only);
#if !VIPC_NO_CHANNELS
/* Two queues and their ends, owned by the caller's process: what is sent with *a is received with *b, and the other way round; each has all rights (one_way: but
 * one).  Wherever a function takes an endpoint it takes a channel's end too, except bind.  An end goes with its last capability, by vipc_destroy, or with its
 * owner; what was sent to the other end before stays there to be received, and only then does receiving give CLOSED (PEER_DEAD: the owner died); sending
 * gives it at once, also to who sleeps.  What was sent to the end that goes is gone.  LIMIT: it takes two objects, two capabilities.  Slow path, O(1). */
VIPC_API vipc_error vipc_channel_create(vipc *self, const vipc_channel_desc *desc, vipc_cap *a, vipc_cap *b);
#endif
#if !VIPC_NO_INSPECT
/* Any right will do.  Of a channel's end: the queue that it receives from.  The counts are of one moment.  O(capacity + max_threads). */
VIPC_API vipc_error vipc_endpoint_get(vipc *self, vipc_cap endpoint, vipc_endpoint_info *out);
#endif
/* Queue a copy of *m; needs SEND.  OK: it will be received exactly once, or the endpoint ends first.  Messages of one thread arrive in
 * order, except what a receiver died with (vipc_info.redelivered), and what one gave back with an error while others went on receiving; urgent ones in
 * an order of their own, before the rest.
 * CHANNEL_FULL: no room, with NOW or VIPC_FULL_FAIL (it may come early while an operation of another thread stands still halfway);
 * TIMEOUT; CLOSED or PEER_DEAD: the endpoint ended (its owner died) while this slept; CANCELLED; INVALID_MESSAGE: unknown flags;
 * OUT_OF_MEMORY: no frames for the queue, at first use.
 * With NEEDS_ACK it returns when a receiver has taken the message: PEER_DEAD: one took it and died over it, or the owner died; TIMEOUT, CANCELLED: it was just
 * being taken, or nobody ever will; WOULD_BLOCK with NOW; DEADLOCK, RESOURCE_BUSY as vipc_call; INVALID_MESSAGE: vipc_take met it, and it is gone.
 * By a capability with limits: MESSAGE_TOO_LARGE, RATE_LIMIT, which may come early while a send of another thread is about to fail; see vipc_limits.
 * With HAS_CAPABILITY m->capability (needs GRANT) travels too: the receiver gets a child of it with the same rights, the sender keeps
 * its own; LIMIT.  Such a send takes the lock of the slow path, and so does the first use of a queue; no other does.  RESOURCE_BUSY: with NOW, somebody
 * held that lock.  O(1) when nothing contends.
 * At an endpoint with VIPC_FULL_DROP_OLDEST a send to a full queue drops the oldest message and goes in, and never waits for room.  What is dropped is
 * counted (vipc_info, vipc_endpoint_info, vipc_stats); if it was a call, that call gives CHANNEL_FULL; a capability in it ends, which takes the lock
 * of the slow path: TIMEOUT or RESOURCE_BUSY if that was not to be had.  Only a message that nobody has in hand is dropped; CHANNEL_FULL: there is none, all
 * are being received or written just now.  An error may come after a message has been dropped. */
VIPC_API vipc_error vipc_send(vipc *self, vipc_cap to, const vipc_message *m, vipc_time deadline);
/* Take the oldest message; needs RECEIVE.  info (opt): without it a call is refused, its caller gets INVALID_MESSAGE.
 * CHANNEL_EMPTY with NOW; TIMEOUT, CLOSED, PEER_DEAD, CANCELLED as above; PERMISSION_DENIED too if the endpoint is bound to another;
 * MESSAGE_TOO_LARGE: it has a payload, or more than one capability: it stays queued, and info (if given) says how much, how many.
 * A message that carries a capability takes the lock of the slow path: LIMIT: no room for it among the caller's, RESOURCE_BUSY: with NOW, somebody
 * held the lock; it stays queued. */
VIPC_API vipc_error vipc_receive(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline);
/* The same with a payload and up to VIPC_MESSAGE_CAPS capabilities (each needs GRANT; the sender keeps its own); also MESSAGE_TOO_LARGE: more bytes than the
 * endpoint's payload_max; OUT_OF_MEMORY; INVALID_ARGUMENT: more capabilities than that; INVALID_REGION: see vipc_outgoing.  All travel or none: a bad token, a
 * right that is missing, LIMIT and any other error send nothing and leave nothing behind.  Capabilities need no payload_max, and are charged nothing by limits
 * of bandwidth. */
VIPC_API vipc_error vipc_send_large(vipc *self, vipc_cap to, const vipc_outgoing *m, vipc_time deadline);
/* MESSAGE_TOO_LARGE: payload_capacity is too small: it stays queued, m->info is written.  LIMIT: no room for all of its capabilities among the caller's: none
 * is taken, it stays queued.  On any error the bytes at m->payload are undefined. */
VIPC_API vipc_error vipc_receive_large(vipc *self, vipc_cap from, vipc_incoming *m, vipc_time deadline);

#if VIPCI_TAKES
/* -- jobs: a receive that is not final (unstable: may change in the next version) -- */
/* Receive the oldest message and keep it in hand; needs RECEIVE.  Until vipc_done says that it is finished it can come back: the death of the caller's
 * process, vipc_leave of its thread, vipc_done with false, a revoke or vipc_close of `from`, or a bind to another process give it to the next receiver,
 * with vipc_info.redelivered set, and vipc_take finds it before all that was never in a hand.  (vipc_receive does too, unless the message was in hand
 * while a whole round of the queue went by: then it may come after what is queued.)  So no work is lost, and none is done by two unless the first of them
 * ended, or lost the message, between its effect and its vipc_done: that message comes marked.
 * *m as for vipc_receive_large: the payload is copied out now.  *hand names the message for vipc_done, by this thread.
 * A message in hand keeps its slot: an endpoint whose slots are all in hand takes no more messages until one is done.  Where messages came back, out of
 * their order, the queue may be full before all of its slots are in use, until those that wait in it are taken.  A thread has one in hand at a time:
 * RESOURCE_BUSY (also: with NOW, somebody held the lock of the slow path and vipc_trim was at this queue).
 * A call is not a job, nor is what is to be acknowledged: it is refused, its sender gets INVALID_MESSAGE.  INVALID_MESSAGE: the message carries a capability,
 * which cannot be given to one and then to another: it stays queued for vipc_receive, m->info is written.  MESSAGE_TOO_LARGE and other errors: as
 * vipc_receive_large.
 * O(1) when nothing contends; O(capacity) while there are messages in hand, or some that came back. */
VIPC_API vipc_error vipc_take(vipc *self, vipc_cap from, vipc_incoming *m, vipc_hand *hand, vipc_time deadline);
/* finished: the message is gone for good, from here on exactly once; else it goes back, for the next.  Needs no capability: it is over with the hand when
 * `from` is revoked.  INVALID_ARGUMENT: not what this thread has in hand, nothing has changed.  After any of the others the hand is empty, and what was done
 * for the message may be done again by another: INVALID_CAPABILITY: `from` was revoked or closed meanwhile; PERMISSION_DENIED: the endpoint is bound to
 * another by now: the message has gone back.  CLOSED, PEER_DEAD: the endpoint ended, and the message with it.  HOOK, NOT_SUPPORTED: the lock was needed,
 * because vipc_trim was at this queue, and could not be waited for: nothing has changed.  Does not wait otherwise.  O(1), in the long run. */
VIPC_API vipc_error vipc_done(vipc *self, vipc_hand hand, bool finished);
#endif
#if !VIPC_NO_BATCH
/* -- many messages at once -- */
/* As `count` sends in this order, at less cost for each (but for urgent ones); needs SEND.  Each message is received by itself, and others' may come between.
 * Waits, where the endpoint does, until the last has found room or the deadline has passed.  *sent is always written: how many were sent, the first of m.  OK:
 * at least one.  Else none was, and the error is vipc_send's for the first; what stopped it at a later one is for the next call to say.
 * INVALID_ARGUMENT: m or sent NULL, count 0.  Messages with HAS_CAPABILITY are sent as by vipc_send, in their turn. */
VIPC_API vipc_error vipc_send_many(vipc *self, vipc_cap to, const vipc_message *m, uint32_t count, uint32_t *sent, vipc_time deadline);
/* Receive up to `capacity` messages into m[0], m[1], ...; needs RECEIVE.  Waits for the first alone, as vipc_receive does, and then takes what is
 * there.  info (opt): one for each message.  *count is always written: how many came.  OK: at least one.  Else none, and the error is vipc_receive's.
 * A call, a message with a capability, and a payload are taken as by vipc_receive when they come first, and may end the batch before them when not.  What
 * lies beyond m[*count - 1] and its info may have been overwritten.  Who is killed in here takes along what it has received.  INVALID_ARGUMENT: m or count
 * NULL, capacity 0. */
VIPC_API vipc_error vipc_receive_many(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, uint32_t capacity, uint32_t *count, vipc_time deadline);
#endif

#if !VIPC_NO_CALLS
/* -- call and reply -- */
/* Send a request and wait for its reply; needs SEND.  request and reply may be one object.  Errors of vipc_send (for the request) and:
 * WOULD_BLOCK: with NOW, always, nothing was sent;
 * PEER_DEAD: the server died, or ended with the request in hand; CLOSED: the endpoint was destroyed; whatever vipc_reply_drop said; DEADLOCK: the only
 * thread that could answer waits for the caller, found before anything was queued.
 * CHANNEL_FULL: as vipc_send, and: the request was dropped (VIPC_FULL_DROP_OLDEST); nobody has received it;
 * TIMEOUT, CANCELLED: the request may have been, or may yet be, carried out; its reply will be discarded.
 * LIMIT: the reply carries a capability and the caller has no room for it: the reply is lost.
 * RESOURCE_BUSY: two earlier calls of this thread timed out while their servers stood still in the middle of replying. */
VIPC_API vipc_error vipc_call(vipc *self, vipc_cap to, const vipc_message *request, vipc_message *reply, vipc_time deadline);
/* Answer; never blocks without HAS_CAPABILITY (needs GRANT on it; takes the lock).  Any thread of the process that received the call may.  OK uses
 * the right up.  CANCELLED: the caller waits no more: it gave up, died, or was answered before.  INVALID_ARGUMENT: no reply right of this process;
 * INVALID_MESSAGE. */
VIPC_API vipc_error vipc_reply(vipc *self, vipc_reply_right to, const vipc_message *m);
#if !VIPC_NO_LARGE
/* The same with payloads and up to VIPC_MESSAGE_CAPS capabilities each way; as the request of vipc_send_large, received by vipc_receive_large (vipc_receive, if
 * it has no payload and at most one capability).  In: reply->payload, payload_capacity (at most VIPC_PAYLOAD_MAX is of use): the most bytes that the reply may
 * bring.  Out, on OK alone: reply->message, the payload, caps, and info: sender (the server), payload_size, cap_count; on an error payload's bytes and info are
 * undefined.  Errors of vipc_call and vipc_send_large, and:
 * OUT_OF_MEMORY, TIMEOUT: no frames for the reply, or the lock was not to be had; nothing was sent;
 * LIMIT: (of the reply) no room for all of its capabilities: the reply is lost, none is taken; CORRUPT likewise.
 * A thread's first such call, and one with more capacity than any before, takes frames for the reply, under the lock of the slow path; they are kept for its
 * next calls, for each of two buffers (the second is used after a time-out in the middle of a reply), until vipc_leave, a vipc_trim, or its death. */
VIPC_API vipc_error vipc_call_large(vipc *self, vipc_cap to, const vipc_outgoing *request, vipc_incoming *reply, vipc_time deadline);
/* Answer with a payload (borrowed, copied) and capabilities (all or none; each needs GRANT, and takes the lock).  MESSAGE_TOO_LARGE: the caller has not so
 * much room: payload_capacity bytes and VIPC_MESSAGE_CAPS capabilities in vipc_call_large; no byte, and one capability, in vipc_call.  INVALID_ARGUMENT: more than
 * VIPC_MESSAGE_CAPS too.  LIMIT.  On any error but CANCELLED the right is not used up, and what was to be sent is the server's still.  vipc_reply answers any
 * call, too.  Else as vipc_reply.  Copies with preemption off (hooks enter, leave), as a send does. */
VIPC_API vipc_error vipc_reply_large(vipc *self, vipc_reply_right to, const vipc_outgoing *m);
#endif
/* Refuse: the caller's vipc_call returns `why`, an error (VIPC_OK: INVALID_ARGUMENT).  Else as reply. */
VIPC_API vipc_error vipc_reply_drop(vipc *self, vipc_reply_right to, vipc_error why);
/* Reply, then receive, in one step: a server's loop.  A right of none, or a reply that nobody waits for any more, does not stop the receive; any
 * other error of the reply is returned before it.  reply and m may be one object.  info is required. */
VIPC_API vipc_error vipc_reply_receive(vipc *self, vipc_reply_right to, const vipc_message *reply, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline);
#endif

#if VIPCI_FAST
/* -- the register fast path, and parking: for kernels (unstable: may change in the next version) --
 * A thread does not run in one of three ways: it is ready; it sleeps in hook block, on a stack of its own; or it is *parked* at the user boundary: its
 * register image is all that there is of it, and the port's.  The fast path switches only from and to parked threads; so what waits by a step
 * below parks too, and the next meeting is fast again.
 *
 * Whoever wins a parked thread resumes it, and there is one winner: a fast path that returns it as `next`, or who gets true from vipc_unpark.
 * So hook wake of a port that parks is: "if vipc_unpark(its view) make it ready, else wake it if it sleeps in hook block".  The same with
 * a timer when a parked thread's deadline has passed, and with who kills it.  A thread that was made ready so calls the step again that it waits in, with the
 * arguments that it had; it may park again.  One that a fast path resumes goes on in user mode, with the message in its registers.
 *
 * The image is complete, and lies where another CPU can read it, before a function below is called that may park; from the moment that it has parked the
 * thread may run elsewhere, even before that function has returned: the port touches nothing of it, nor of its view, after that.
 * All of them with interrupts off, and by a view that is the running thread's own: the fast path does not check that.  On one CPU they do not
 * nest; other CPUs may do anything meanwhile, but vipc_process_destroy of a process with a thread that is parked on this CPU: that needs a true from
 * vipc_unpark first (false: it runs, or is about to: stop it as any other).  No process may vanish inside them: they are not for a port whose members can be
 * killed in the core.  Threads that park have a native_thread other than 0.
 *
 * A message goes the fast way with its words (opcode and data, or more: the core does not look) in registers that the port hands from one image to the
 * other.  It passes through no queue: vipc_stats counts calls and replies, not sent and received.  Who parked at an endpoint last is served first. */

/* A call, the fast way: to a server that is parked on this CPU at the endpoint `to`, with a priority of floor or more, while nothing is queued there.  flags: the
 * message's, 0 or VIPC_IS_REPLY (which does not travel on).  next is 0, and nothing has changed, not even the count of failed checks: where any of that is not
 * so; to a channel; by a capability that is not good, or has limits; with other flags; with a deadline other than FOREVER (a port with a timer of its own may
 * say FOREVER and set that).  Else: the caller is parked, waiting for the reply.  Never blocks, calls no hook.  O(1): some 115 instructions of x86-64 with a
 * port's stub (gcc 12, -O2), two of them locked, 31 more where the endpoint has a queue; the reply 134, three, 33.  With VIPC_STATIC the compiler can make
 * it part of its caller. */
VIPC_API vipc_fast vipc_fast_call(vipc *self, const vipc_cpu *cpu, vipc_cap to, uint32_t flags, vipc_time deadline);
/* vipc_reply_receive, the fast way: to a caller of this very thread that is parked on this CPU; nothing is queued at `from`.  0: where that is not so, and as
 * above, and if somebody has sent there since anybody waited last (a step that parks sets that right).  Else: the right is used up, its caller is `next`, and the
 * server is parked, waiting for a message.  Calls hook wake if another thread has answered in between, and then returns 0.  O(1). */
VIPC_API vipc_fast vipc_fast_reply_receive(vipc *self, const vipc_cpu *cpu, vipc_reply_right to, vipc_cap from, uint32_t flags, vipc_time deadline);
/* The steps of the slow way: as vipc_call, vipc_receive and vipc_reply_receive, but where those would sleep these park: *parked (always written) is 1, the result
 * WOULD_BLOCK, nothing else is written.  Then see above.  Deadlines: the port's timer, and the clock hook when the step is made again.  Hook block is
 * called for the lock of the slow path alone, where it is held: by first use of a queue, for a capability in a message.  INVALID_ARGUMENT: no cpu, no parked, a
 * native_thread of 0.
 * request NULL: it has been sent (vipc_fast_call was parked, or is `ready`): only the reply is waited for; INVALID_ARGUMENT if there is no call under
 * way.  Else it is sent if that has not been done; where there is no room for it the caller parks with nothing sent.
 * With NOW it is given up: WOULD_BLOCK.  After vipc_park_reply_receive has parked the reply is done: go on with vipc_park_receive.  Who was woken in vain waits
 * at the end of the line. */
VIPC_API vipc_error vipc_park_call(vipc *self, const vipc_cpu *cpu, vipc_cap to, const vipc_message *request, vipc_message *reply, vipc_time deadline, uint32_t *parked);
VIPC_API vipc_error vipc_park_receive(vipc *self, const vipc_cpu *cpu, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline, uint32_t *parked);
VIPC_API vipc_error vipc_park_reply_receive(vipc *self, const vipc_cpu *cpu, vipc_reply_right to, const vipc_message *reply, vipc_cap from,
                                            vipc_message *m, vipc_info *info, vipc_time deadline, uint32_t *parked);
/* true: that thread was parked, and is no more: it is for whoever asked, and for nobody else, to make it ready (or to end it).  false: it is not parked, or
 * somebody else has won it.  `thread` is its view.  From any CPU, any context, hook wake included; calls no hook. */
VIPC_API bool vipc_unpark(vipc *thread);
#endif

#if !VIPC_NO_NOTIFICATIONS
/* -- notifications: 64 bits that are signalled and waited for; and waiting for several things -- */
/* A notification, owned by the caller's process, no bit set; *out has all rights.  It takes no frames.  LIMIT.  Slow path, O(1). */
VIPC_API vipc_error vipc_notification_create(vipc *self, const char *label, vipc_cap *out);
/* Set bits (those that are set stay so) and wake who waits; needs SEND.  Never blocks.  CLOSED, PEER_DEAD: it ended.  INVALID_ARGUMENT: no bits.
 * O(1); O(max_threads) when somebody sleeps there. */
VIPC_API vipc_error vipc_signal(vipc *self, vipc_cap notification, uint64_t bits);
/* Take those bits of mask that are set, and clear them: each signal is seen by one waiter.  *bits: which; needs RECEIVE.  Sleeps until there is one.
 * WOULD_BLOCK with NOW; TIMEOUT, CANCELLED, CLOSED, PEER_DEAD.  INVALID_ARGUMENT: an empty mask. */
VIPC_API vipc_error vipc_notification_wait(vipc *self, vipc_cap notification, uint64_t mask, uint64_t *bits, vipc_time deadline);
/* Sleep until one of `count` things is ready, or can never be: OK, and each item's `ready` says how it stands.  Takes nothing: another may be faster than the
 * caller's next step.  INVALID_ARGUMENT: count is 0.  WOULD_BLOCK with NOW (every `ready` is written); TIMEOUT, CANCELLED.  O(count) a look: for small sets.
 * One who sleeps here wakes for nothing now and then. */
VIPC_API vipc_error vipc_wait_any(vipc *self, vipc_wait_item *items, uint32_t count, vipc_time deadline);
#endif

#if !VIPC_NO_NOTIFICATIONS
/* -- wait sets: many things, at a cost by what is ready -- */
/* A set that holds up to `capacity` (64; at most VIPC_WAIT_SET_MAX) things, each for receiving or for sending; *out is for the threads of the caller's process
 * alone (it cannot be granted).  Its frames (64 bytes a place and 192 more) are taken at once: OUT_OF_MEMORY; LIMIT.  Slow path. */
VIPC_API vipc_error vipc_wait_set_create(vipc *self, uint32_t capacity, const char *label, vipc_cap *out);
/* Put item->object in, with its for_send and key; a channel's end or an endpoint needs RECEIVE (for_send: SEND), a notification RECEIVE.  EXISTS: it is in this
 * set, in that direction; RESOURCE_BUSY: in another one; LIMIT: the set is full.  Slow path, O(capacity). */
VIPC_API vipc_error vipc_wait_set_add(vipc *self, vipc_cap set, const vipc_wait_item *item);
/* Take it out, in both directions; what has ended too.  NOT_FOUND.  Slow path, O(capacity). */
VIPC_API vipc_error vipc_wait_set_remove(vipc *self, vipc_cap set, vipc_cap object);
/* Sleep until something in the set is ready or has ended, and tell of up to `room` such things: *count, and in ready[] each one's object, key, direction and
 * how it stands.  Level-triggered: what stays ready is told again.  Takes nothing.  WOULD_BLOCK with NOW; TIMEOUT, CANCELLED, CLOSED.  That a member's
 * capability has expired is seen at the next look: at a wake-up, and where there is a hook process_alive every second.
 * INVALID_ARGUMENT: room is 0.  O(what is marked), whatever the set holds. */
VIPC_API vipc_error vipc_wait_set_wait(vipc *self, vipc_cap set, vipc_wait_item *ready, uint32_t room, uint32_t *count, vipc_time deadline);
/* For ports: from now on hook bell(bell, 1) is called when something in the set may have become ready after a wait with VIPC_NOW had said WOULD_BLOCK,
 * and bell(bell, 0) before that is said.  0: no more.  NOT_SUPPORTED: there is no such hook.  On POSIX use vipc_posix_pollable.  Slow path. */
VIPC_API vipc_error vipc_wait_set_bell(vipc *self, vipc_cap set, uint64_t bell);
#endif

#if !VIPC_NO_SPACES
/* -- address spaces; slow path --
 * A space is an object.  Rights: READ finds, asks, and resolves faults; WRITE maps, unmaps and protects; CREATE maps physical memory; MODIFY reads and
 * writes whatever the protection; DELETE destroys it, or makes it one's own.  None (0) as `space` is the space of the caller's own process (vipc_space_adopt).
 * Addresses are multiples of the frame's size unless a line says otherwise, else INVALID_ARGUMENT; sizes are rounded up; a size of 0, and a range that wraps
 * or leaves [start, end), is INVALID_ARGUMENT.  Where a translation is taken away there is a deadline: TIMEOUT (WOULD_BLOCK with NOW, where there is
 * something to wait for): it is done, and nobody gets a new one, but somebody who may still use an old one has not acknowledged; frames are kept back until
 * then.  Calling again finishes it, as does any later call that takes one away.  On OK nobody can use an old one, and frames are back, or will be when
 * others have done who take translations away at the same time.  Costs: O(log n) in the regions of the space, and what is said. */
/* A space with nothing in it, owned by the caller's process; *out has all rights.  NOT_SUPPORTED: no page hooks, or a domain without spaces; LIMIT;
 * OUT_OF_MEMORY.  It ends as objects do: by vipc_destroy, with its last capability or with its owner; TIMEOUT then: somebody still runs in it. */
VIPC_API vipc_error vipc_space_create(vipc *self, const vipc_space_desc *desc, vipc_cap *out);
/* Make it the space of the caller's process, which owns it from now on: it ends with the process.  Needs DELETE.  EXISTS: there is one already (the same:
 * OK). */
VIPC_API vipc_error vipc_space_adopt(vipc *self, vipc_cap space);
/* The caller's own capability for its process's own space.  NOT_FOUND. */
VIPC_API vipc_error vipc_space_own(vipc *self, vipc_cap *out);
/* A copy, as fork makes it: private memory is copied when one of the two writes to it, shared memory and devices are in both; *out has all rights.  Needs
 * READ.  Each region is as it was at one moment during the call; when it returns, no thread of the original can write unseen to what both share.
 * OUT_OF_MEMORY, LIMIT (also: a frame is shared 2^32 - 2 times), TIMEOUT: there is no copy, and the original is as before.  O(regions + pages that have
 * frames), in steps. */
VIPC_API vipc_error vipc_space_clone(vipc *self, vipc_cap space, vipc_cap *out, vipc_time deadline);
/* `size` bytes of zero-filled private memory somewhere.  Needs WRITE.  LIMIT: no room, or no more regions; PERMISSION_DENIED: W^X. */
VIPC_API vipc_error vipc_space_allocate(vipc *self, vipc_cap space, uint64_t size, uint32_t prot, vipc_addr *out);
/* Unmap, but only if all of it is mapped: NOT_FOUND.  What a call said TIMEOUT for is mapped no more: vipc_space_unmap finishes it. */
VIPC_API vipc_error vipc_space_free(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, vipc_time deadline);
/* As POSIX mmap.  Needs WRITE.  INVALID_ARGUMENT: neither or both of SHARED and PRIVATE, no ANONYMOUS, an unaligned `at` with FIXED, unknown bits; EXISTS:
 * see FIXED_NOREPLACE; LIMIT; PERMISSION_DENIED: W^X; OUT_OF_MEMORY: of what needs frames at once.  With a backing: errors of vipc_map; NOT_SUPPORTED: PRIVATE of
 * one that is contiguous or not write-back.  The deadline is for what FIXED unmaps, and for writers of what PRIVATE shares; on its TIMEOUT nothing new is mapped,
 * nor on RESOURCE_BUSY: others map where FIXED makes room, all the time. */
VIPC_API vipc_error vipc_space_mmap(vipc *self, vipc_cap space, const vipc_mmap_desc *desc, vipc_addr *out, vipc_time deadline);
/* Device memory, or any other, by physical address; the core neither owns nor frees it.  Needs CREATE.  EXISTS: something is there.  Mapped at once: errors
 * of hook page_map. */
VIPC_API vipc_error vipc_space_map_physical(vipc *self, vipc_cap space, uint64_t physical, vipc_addr at, uint64_t size, uint32_t prot, uint32_t cache);
/* As munmap: what is there in [at, at + size) goes, regions are split; holes are no error.  Needs WRITE.  LIMIT: a split needs a region.  One tlb_flush,
 * however large. */
VIPC_API vipc_error vipc_space_unmap(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, vipc_time deadline);
/* As mprotect; all of it must be mapped: NOT_FOUND.  Needs WRITE.  PERMISSION_DENIED: W^X; a guard page, or what is reserved for growth.  LIMIT. */
VIPC_API vipc_error vipc_space_protect(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, uint32_t prot, vipc_time deadline);
/* Move the end of the heap, `to` any address; *now (opt): where it is.  Needs WRITE.  INVALID_ARGUMENT: below the heap's start; LIMIT: past its maximum;
 * EXISTS: something else is mapped in between.  Downwards it gives back whole pages, and waits as unmap does. */
VIPC_API vipc_error vipc_space_set_break(vipc *self, vipc_cap space, vipc_addr to, vipc_addr *now, vipc_time deadline);
/* As sbrk: up by `by` bytes; *was (opt): where it ended before, so the start of what is new.  0 asks.  LIMIT also when it overflows. */
VIPC_API vipc_error vipc_space_grow_heap(vipc *self, vipc_cap space, uint64_t by, vipc_addr *was);
/* A stack in a range of its own, the highest that is free below stack_end.  It grows downwards by faults, to size; below that is its guard.  Needs WRITE.
 * INVALID_ARGUMENT: less than two pages; LIMIT: no room.  It goes by vipc_space_unmap of [bottom, top). */
VIPC_API vipc_error vipc_space_stack_create(vipc *self, vipc_cap space, const vipc_stack_desc *desc, vipc_stack *out);
/* Let it grow by `by` bytes more than it could: bottom and guard move down.  EXISTS: something is there; NOT_FOUND: no such stack.  *stack is written. */
VIPC_API vipc_error vipc_space_grow_stack(vipc *self, vipc_cap space, vipc_stack *stack, uint64_t by);
/* The region around `at`, or the first above; any address.  Needs READ.  NOT_FOUND: none. */
VIPC_API vipc_error vipc_space_find(vipc *self, vipc_cap space, vipc_addr at, vipc_space_region *out);
/* How many spaces, regions and objects have the frame of the page at `at` (any address): 1: this one alone, or what it maps there.  NOT_FOUND: the page has
 * none. */
VIPC_API vipc_error vipc_space_sharers(vipc *self, vipc_cap space, vipc_addr at, uint32_t *out);
VIPC_API vipc_error vipc_space_get(vipc *self, vipc_cap space, vipc_space_info *out);     /* needs READ */
/* Resolve an access to `at` (any address); access: READ, WRITE or EXEC of enum vipc_prot, one of them.  Needs READ.  For ports, from their fault handler:
 * with interrupts on, no lock held (a fault in a kernel's copy from or to a user included), in a thread with a view of its own that is in no other call.  OK:
 * try the access again.  FAULT: no region, or one that leaves; GUARD_PAGE; PERMISSION_DENIED: the region does not allow that; OUT_OF_MEMORY; RESOURCE_BUSY:
 * others unmap and clone all the time; HOOK.  result (opt) is always written.  May wait for the lock and, after a copy, for tlb_flush.  It may map some
 * neighbours, too, that have frames. */
VIPC_API vipc_error vipc_page_fault(vipc *self, vipc_cap space, vipc_addr at, uint32_t access, vipc_fault_result *result);
/* As if each page of [at, at + size) were accessed so (any address): for what a system call is to read or write.  The first error, and *done (opt): bytes
 * before it.  RESOURCE_BUSY: others take translations away all the time. */
VIPC_API vipc_error vipc_space_touch(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, uint32_t access, uint64_t *done);
/* native_thread of that thread of the caller's process which holds the slow-path lock just now; 0: none of them does.  For ports: a fault that a thread takes
 * while it holds the lock cannot be resolved, and must not wait for it.  Any context. */
VIPC_API uint64_t vipc_lock_thread(const vipc *self);
/* Copy bytes from, or to, a space (any address), its protection aside, but for guards and PROT_NONE; for loaders and debuggers.  Needs MODIFY.  Writing
 * copies what is shared copy-on-write; what a region or object is behind is written only where its mapping may be made writable.  Errors of vipc_page_fault;
 * NOT_SUPPORTED: device memory.  *done (opt): bytes copied.  `from` and `to` are the caller's.  The lock is taken for each 256 bytes. */
VIPC_API vipc_error vipc_space_read(vipc *self, vipc_cap space, vipc_addr at, void *to, uint64_t size, uint64_t *done);
VIPC_API vipc_error vipc_space_write(vipc *self, vipc_cap space, vipc_addr at, const void *from, uint64_t size, uint64_t *done);
/* Arithmetic; any context.  Flags for a protection: PROT_NONE is 0, not present; INVALID_ARGUMENT: unknown bits. */
VIPC_API vipc_error vipc_prot_to_page_flags(uint32_t prot, uint64_t *flags);
VIPC_API bool vipc_range_make(vipc_addr start, uint64_t size, vipc_addr *end);       /* false: it wraps, or size is 0 */
VIPC_API uint64_t vipc_region_size(const vipc_space_region *r);
VIPC_API bool vipc_region_contains(const vipc_space_region *r, vipc_addr at);
VIPC_API bool vipc_region_overlaps(const vipc_space_region *a, const vipc_space_region *b);     /* an empty one: never */
VIPC_API uint64_t vipc_stack_usable(const vipc_stack *s);                              /* bytes, the guard aside */
VIPC_API bool vipc_stack_contains(const vipc_stack *s, vipc_addr at);                  /* usable: neither the guard, nor top */
VIPC_API bool vipc_stack_in_guard(const vipc_stack *s, vipc_addr at);
#endif

#if !VIPC_NO_REGIONS
/* -- shared regions; slow path --
 * A region is memory with capabilities: READ, WRITE and EXECUTE say what its holder may map it for, MODIFY seals it, DELETE destroys it for all, GRANT hands it
 * on, REVOKE takes back what was handed on, mappings included.  Its frames are there from the start, zeroed, and go when nobody has a capability for it and
 * nobody maps it; its owner's death does not end it.
 * A mapping belongs to a space, not to the capability that it was made by: vipc_close leaves it, so a receiver may keep what comes again and again mapped,
 * while the right to use it comes and goes by messages.  It goes by vipc_unmap or vipc_space_unmap, with its space, and when what it was made by is revoked from
 * above: then without a further word, and whoever touches it faults.  The mappings of whoever revokes stay.
 * Where translations are taken away there is a deadline, as for spaces: TIMEOUT (WOULD_BLOCK with NOW): from now on nobody gets one, but somebody who may
 * still use an old one has not acknowledged; no frame goes before.  Calling again finishes it. */
/* `desc->size` bytes, which the caller's process owns; *out has all rights.  INVALID_ARGUMENT: size 0, unknown access, cache or node; LIMIT: config.region_pages,
 * shared_per_process, max_shared; OUT_OF_MEMORY; NOT_SUPPORTED: a domain without regions; errors of the capability `idle`.  O(pages): frames are zeroed with no
 * lock held. */
VIPC_API vipc_error vipc_region_create(vipc *self, const vipc_region_desc *desc, vipc_cap *out);
VIPC_API vipc_error vipc_region_get(vipc *self, vipc_cap region, vipc_region_info *out);      /* any right will do; of a named object too */
/* The caller's own capability for the region, or named object, of this id: the youngest.  INVALID_REGION: it has none.  O(capabilities of the process). */
VIPC_API vipc_error vipc_region_find(vipc *self, uint64_t id, vipc_cap *out);
/* Map a region or a named object into a space.  Where it is mapped there already, from the same offset, as large and with the same access, nothing is
 * mapped anew: *out is that.  PERMISSION_DENIED: more than the capability, the region's access_max, its seal, or W^X allow; EXISTS: something is at `at`;
 * INVALID_ARGUMENT: beyond its end, unaligned; NOT_FOUND: the process has no space of its own; LIMIT: no room; OUT_OF_MEMORY: of page tables.  O(pages),
 * unless lazy or mapped already.  If others take translations of it away all the time, faults bring what could not be given now. */
VIPC_API vipc_error vipc_map(vipc *self, vipc_cap memory, const vipc_map_desc *desc, vipc_mapping *out);
/* Undo vipc_map in the own space of the caller's process: all of *mapping.  INVALID_REGION: that is not (all) mapped memory of this kind.  In other spaces,
 * and for parts, vipc_space_unmap does. */
VIPC_API vipc_error vipc_unmap(vipc *self, const vipc_mapping *mapping, vipc_time deadline);
/* Hand a region to process `to`, as enum vipc_mode says; *out is a capability of `to`'s, which vipc_region_find finds there.  access: 0, what the capability
 * has; else at most that.
 * SHARE needs GRANT.  MOVE needs DELETE, and the caller's process must own it; access is 0, or all that it has: the capability itself changes hands, and what
 * was derived from it stays below it; all others of the caller's process are closed, and its mappings, in whatever space that it owns, go first (an error
 * that comes after the wait for that, TIMEOUT, or PROCESS_NOT_FOUND of a `to` that has ended meanwhile: they are gone, and nothing was moved).
 * COPY_ON_WRITE needs READ: the copy is of one moment, is owned by the caller's process, and what has frames is shared until it is written; O(pages).
 * A region that is not write-back, or contiguous, is copied at once.  PERMISSION_DENIED; PROCESS_NOT_FOUND; INVALID_ARGUMENT: `to` is the caller; LIMIT;
 * OUT_OF_MEMORY; INVALID_REGION: a named object with MOVE. */
VIPC_API vipc_error vipc_region_transfer(vipc *self, vipc_cap region, vipc_pid to, uint32_t mode, uint32_t access, vipc_cap *out, vipc_time deadline);
/* Never writable or resizable again, by nobody: what was checked in it stays so.  Of a region or a named object.  Needs MODIFY.  RESOURCE_BUSY: somebody has it
 * mapped for writing.  Sealed already: OK. */
VIPC_API vipc_error vipc_region_seal(vipc *self, vipc_cap memory, vipc_time deadline);
/* Bytes of frames of a node that regions and objects have; what two of them share copy-on-write counts twice.  NOT_FOUND: node >= config.numa_nodes. */
VIPC_API vipc_error vipc_node_usage(vipc *self, uint32_t node, uint64_t *bytes);
/* Of a mapping in the caller's own space, on a port where addresses of that are pointers (the POSIX shim's window). */
static inline void *vipc_pointer(const vipc_mapping *m) { return m && m->size ? (void *)(uintptr_t)m->at : (void *)0; }

/* -- named shared-memory objects; slow path: as POSIX has them, on capabilities instead of descriptors --
 * A name is 1 to VIPC_OBJECT_NAME_MAX bytes without a slash; one slash in front of it means nothing.  Names live in the domain, apart from those of
 * vipc_publish, until they are unlinked, whoever dies.  An object lives as long as its name, a capability for it, or a mapping. */
/* Open one, or with CREATE make it, empty; *out: READ, GRANT and REVOKE, and unless READ_ONLY WRITE and MODIFY; with a new one DELETE too.
 * mode (0: 0666; for a new one): who may open it for reading (0400) and for writing (0200) in the process that made it, 0004 and 0002 in all others; other bits
 * mean nothing.  TRUNCATE: to size 0, as vipc_object_truncate with the deadline.  EXISTS: with EXCLUSIVE; NOT_FOUND: without CREATE; NAME_TOO_LONG;
 * INVALID_ARGUMENT: no name, a slash inside, unknown flags, EXCLUSIVE without CREATE, TRUNCATE with READ_ONLY; PERMISSION_DENIED: mode; LIMIT: max_named,
 * objects, capabilities. */
VIPC_API vipc_error vipc_object_open(vipc *self, const char *name, uint32_t flags, uint32_t mode, vipc_cap *out, vipc_time deadline);
/* The name is free at once; the object lives on for who has it open or mapped.  PERMISSION_DENIED: neither its creator nor allowed to write by its mode;
 * NOT_FOUND; NAME_TOO_LONG, INVALID_ARGUMENT as above. */
VIPC_API vipc_error vipc_object_unlink(vipc *self, const char *name);
/* Set its size.  Contents below the smaller of the two stay; what is new is zero, and has frames.  Pages past the end lose their translations everywhere
 * before their frames go: whoever touches them faults.  Needs WRITE; PERMISSION_DENIED without it, or when it is sealed; LIMIT: config.object_pages,
 * shared_per_process; OUT_OF_MEMORY: nothing has changed; INVALID_REGION: not a named object; TIMEOUT, WOULD_BLOCK: a smaller size it has by now, unless a
 * copy shares the page that it ends in; calling again finishes it.  RESOURCE_BUSY: others change its size, or copy it, all the time. */
VIPC_API vipc_error vipc_object_truncate(vipc *self, vipc_cap object, uint64_t size, vipc_time deadline);
VIPC_API vipc_error vipc_object_get(vipc *self, vipc_cap object, vipc_object_stat *out);
VIPC_API vipc_error vipc_object_count(vipc *self, uint32_t *out);      /* named ones that have not been unlinked */
#endif

/* The present wait of that view, or else its next, gives CANCELLED.  From any thread, interrupt or signal handler of the process that owns the view. */
VIPC_API vipc_error vipc_cancel(vipc *thread);

#if !VIPC_NO_NAMES
/* -- names; slow path -- */
/* Let others look cap up under a name of 1..255 bytes without '/'; needs GRANT.  They get children of it with at most these rights (0: all of cap's).
 * The name is one of the publisher's capabilities.
 * EXISTS: another that lives has it (a dead publisher's name is replaced); NAME_TOO_LONG; LIMIT: names or capabilities. */
VIPC_API vipc_error vipc_publish(vipc *self, const char *name, vipc_cap cap, uint32_t rights);
/* Publisher only, else PERMISSION_DENIED; ENDPOINT_NOT_FOUND.  Capabilities that were looked up stay valid. */
VIPC_API vipc_error vipc_unpublish(vipc *self, const char *name);
/* A new capability of the caller's for what is published there, with these rights (0: all that it offers; more: PERMISSION_DENIED).
 * Sleeps until somebody publishes it.  ENDPOINT_NOT_FOUND with NOW; TIMEOUT; CANCELLED; LIMIT; INVALID_CAPABILITY: what is published there has expired. */
VIPC_API vipc_error vipc_lookup(vipc *self, const char *name, uint32_t rights, vipc_cap *out, vipc_time deadline);
#endif

#if !VIPC_NO_INSPECT
/* -- looking inside -- */
VIPC_API vipc_error vipc_stats_get(vipc *self, vipc_stats *out);
/* Walk every table, list and queue; count what breaks an invariant, and log each.  For tests and debuggers.  Slow path, O(everything). */
VIPC_API vipc_error vipc_check(vipc *self, uint32_t *violations);
typedef void (*vipc_line_fn)(void *user, const char *line, size_t length);
/* The domain in words, one object a line (no line feed in `line`, which is borrowed).  Reads only, takes no lock: safe on a live or a
 * damaged domain, and may show a change half made. */
VIPC_API vipc_error vipc_dump(vipc *self, vipc_line_fn line, void *user);
#endif

#ifdef __cplusplus
}
#endif
typedef char vipci_assert_message[sizeof(vipc_message) == 48 ? 1 : -1];
typedef char vipci_assert_handles[sizeof(vipc_cap) == 8 && sizeof(vipc_reply_right) == 8 && sizeof(vipc_pid) == 8 ? 1 : -1];
#endif /* VERIDIAN_IPC_H */

/* ============================================================================================================
 * The implementation.
 * ============================================================================================================ */
#if defined(VERIDIAN_IPC_IMPLEMENTATION) && !defined(VERIDIAN_IPC_IMPLEMENTED)
#define VERIDIAN_IPC_IMPLEMENTED

/* ---------------------------------------------------------------------------------------------------- >>base
 * What needs no context.  Sizes are added with vipci_add; products are of 32-bit numbers, which
 * cannot overflow 64 bits. */
#ifndef VIPC_SKIP_MAX
#define VIPC_SKIP_MAX 64
#endif
#ifndef VIPC_SMALL
#ifdef __OPTIMIZE_SIZE__
#define VIPC_SMALL 1
#else
#define VIPC_SMALL 0
#endif
#endif
#if defined(__GNUC__)
#define VIPCI_LIKELY(x) __builtin_expect(!!(x), 1)
#define VIPCI_APART __attribute__((noinline))
#define VIPCI_HERE inline __attribute__((always_inline))
#define VIPCI_ALIGNED(n) __attribute__((aligned(n)))
#else
#define VIPCI_LIKELY(x) (x)
#define VIPCI_APART
#define VIPCI_HERE inline
#define VIPCI_ALIGNED(n)
#endif
#if defined(__GNUC__) && !VIPC_SMALL
#define VIPCI_COLD __attribute__((noinline, cold))
#else
#define VIPCI_COLD
#endif
#define VIPCI_ASSERT(name, condition) typedef char vipci_assert_##name[(condition) ? 1 : -1]

typedef uint64_t vipci_u64 VIPCI_ALIGNED(8);     /* 8-aligned on i386 too: its layout is everybody's */

static inline bool vipci_add(uint64_t *sum, uint64_t more)
{
    if (more > ~(uint64_t)0 - *sum) return false;
    *sum += more;
    return true;
}
static inline uint64_t vipci_round(uint64_t n, uint64_t to) { return (n + (to - 1)) & ~(to - 1); }    /* to: a power of two; n <= 2^63 */

/* The compiler may turn these loops into calls of memset and memcpy: two of the four functions that a freestanding compiler asks for anyway. */
static inline void vipci_zero(void *to, uint64_t bytes)
{
    unsigned char *p = (unsigned char *)to;
    for (uint64_t i = 0; i < bytes; i++) p[i] = 0;
}
static inline void vipci_copy(void *to, const void *from, uint64_t bytes)
{
#if defined(__GNUC__)
    if (bytes) __builtin_memcpy(to, from, (size_t)bytes);    /* a loop of bytes stays one, since the two might overlap: they never do */
#else
    unsigned char *d = (unsigned char *)to;
    const unsigned char *s = (const unsigned char *)from;
    for (uint64_t i = 0; i < bytes; i++) d[i] = s[i];
#endif
}
static void vipci_label(char to[VIPC_LABEL_MAX + 1], const char *from)
{
    vipci_zero(to, VIPC_LABEL_MAX + 1);
    for (uint32_t i = 0; from && i < VIPC_LABEL_MAX && from[i]; i++) to[i] = from[i];
}

#define VIPCI_ERROR_TEXT(name, number, text) text "\0"
#define VIPCI_ERROR_COUNT(name, number, text) + 1
VIPCI_ASSERT(errors, (0 VIPC_ERRORS(VIPCI_ERROR_COUNT)) == 1 - VIPC_ERR_HOOK);    /* listed in order, none left out */
VIPC_API const char *vipc_error_string(vipc_error e)
{
    const char *text = VIPC_ERRORS(VIPCI_ERROR_TEXT);
    if (e > VIPC_OK || e < VIPC_ERR_HOOK) return "unknown error";
    for (int32_t skip = -(int32_t)e; skip > 0; skip--) {
        while (*text) text++;
        text++;
    }
    return text;
}
VIPC_API uint32_t vipc_version(void)
{
    return (uint32_t)VIPC_VERSION_MAJOR << 16 | (uint32_t)VIPC_VERSION_MINOR << 8 | (uint32_t)VIPC_VERSION_PATCH;
}

/* ------------------------------------------------------------------------------------------------- >>atomics
 * Every word that two members touch without the lock goes through these.  One rule keeps the proofs short: loads that decide, and all
 * read-modify-writes, are sequentially consistent (free on x86, LDAR and CAS on arm64), so that "I wrote mine, then looked at
 * yours" excludes "you wrote yours, then looked at mine, and neither saw the other".  Only what is a mere hint, or private to its writer, is relaxed
 * (PEEK, POKE); STORE is a release.  There are no stand-alone fences.
 *
 * Replace all of them, or none, before the implementation is included: VIPC_ATOMIC_LOAD32/64 PEEK32/64 POKE32/64 STORE32/64
 * CAS32/64(p, expected, desired) SWAP64(p, v) ADD32/64(p, v) WORD_LOAD(p) WORD_STORE(p, v) PAUSE().
 * VIPC_CRITICAL_ATOMICS makes them from hooks enter and leave: for a single core without a 64-bit compare-and-swap.  It is chosen by
 * itself where the compiler has none. */
#if defined(VIPC_ATOMIC_CAS64)
#if !defined(VIPC_ATOMIC_LOAD32) || !defined(VIPC_ATOMIC_LOAD64) || !defined(VIPC_ATOMIC_PEEK32) || !defined(VIPC_ATOMIC_PEEK64) || \
    !defined(VIPC_ATOMIC_POKE32) || !defined(VIPC_ATOMIC_POKE64) || !defined(VIPC_ATOMIC_STORE32) || !defined(VIPC_ATOMIC_STORE64) || \
    !defined(VIPC_ATOMIC_CAS32) || !defined(VIPC_ATOMIC_SWAP64) || !defined(VIPC_ATOMIC_ADD32) || !defined(VIPC_ATOMIC_ADD64) || \
    !defined(VIPC_ATOMIC_WORD_LOAD) || !defined(VIPC_ATOMIC_WORD_STORE) || !defined(VIPC_ATOMIC_PAUSE)
#error "veridian_ipc: replace all of the VIPC_ATOMIC_ operations, or none"
#endif
#elif defined(VIPC_CRITICAL_ATOMICS) || !defined(__GCC_ATOMIC_LLONG_LOCK_FREE) || __GCC_ATOMIC_LLONG_LOCK_FREE != 2
#define VIPCI_CRITICAL 1
#else
static inline int vipci_builtin_cas64(vipci_u64 *p, uint64_t e, uint64_t d)
{
    return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline int vipci_builtin_cas32(uint32_t *p, uint32_t e, uint32_t d)
{
    return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
#define VIPC_ATOMIC_LOAD32(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_LOAD64(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_PEEK32(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_PEEK64(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_POKE32(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_POKE64(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_STORE32(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define VIPC_ATOMIC_STORE64(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define VIPC_ATOMIC_CAS32(p, e, d) vipci_builtin_cas32(p, e, d)
#define VIPC_ATOMIC_CAS64(p, e, d) vipci_builtin_cas64(p, e, d)
#define VIPC_ATOMIC_SWAP64(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_ADD32(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_ADD64(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define VIPC_ATOMIC_WORD_LOAD(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define VIPC_ATOMIC_WORD_STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)
#if defined(__x86_64__) || defined(__i386__)
#define VIPC_ATOMIC_PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define VIPC_ATOMIC_PAUSE() __asm__ volatile("yield")
#else
#define VIPC_ATOMIC_PAUSE() ((void)0)
#endif
#endif

#ifndef VIPCI_CRITICAL
#define VIPCI_CRITICAL 0
static inline uint32_t vipci_load32(const vipc *v, uint32_t *p) { (void)v; return VIPC_ATOMIC_LOAD32(p); }
static inline uint64_t vipci_load64(const vipc *v, vipci_u64 *p) { (void)v; return VIPC_ATOMIC_LOAD64(p); }
static inline uint32_t vipci_peek32(const vipc *v, uint32_t *p) { (void)v; return VIPC_ATOMIC_PEEK32(p); }
static inline uint64_t vipci_peek64(const vipc *v, vipci_u64 *p) { (void)v; return VIPC_ATOMIC_PEEK64(p); }
static inline void vipci_poke32(const vipc *v, uint32_t *p, uint32_t n) { (void)v; VIPC_ATOMIC_POKE32(p, n); }
static inline void vipci_poke64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; VIPC_ATOMIC_POKE64(p, n); }
static inline void vipci_store32(const vipc *v, uint32_t *p, uint32_t n) { (void)v; VIPC_ATOMIC_STORE32(p, n); }
static inline void vipci_store64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; VIPC_ATOMIC_STORE64(p, n); }
static inline bool vipci_cas32(const vipc *v, uint32_t *p, uint32_t e, uint32_t d) { (void)v; return VIPC_ATOMIC_CAS32(p, e, d) != 0; }
static inline bool vipci_cas64(const vipc *v, vipci_u64 *p, uint64_t e, uint64_t d) { (void)v; return VIPC_ATOMIC_CAS64(p, e, d) != 0; }
static inline uint64_t vipci_swap64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; return VIPC_ATOMIC_SWAP64(p, n); }
static inline uint64_t vipci_add64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; return VIPC_ATOMIC_ADD64(p, n); }
static inline uint64_t vipci_word_load(const vipc *v, vipci_u64 *p) { (void)v; return VIPC_ATOMIC_WORD_LOAD(p); }
static inline void vipci_word_store(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; VIPC_ATOMIC_WORD_STORE(p, n); }
#else
/* One core: interrupts off is all the atomicity there is to have.  32-bit words are read and written whole by every CPU. */
#define VIPC_ATOMIC_PAUSE() ((void)0)
static inline uint32_t vipci_off(const vipc *v) { return v->hooks->enter ? v->hooks->enter(v->hooks->user) : 0; }
static inline void vipci_on(const vipc *v, uint32_t s) { if (v->hooks->leave) v->hooks->leave(v->hooks->user, s); }
static inline uint32_t vipci_load32(const vipc *v, uint32_t *p) { (void)v; return *(volatile uint32_t *)p; }
static inline uint32_t vipci_peek32(const vipc *v, uint32_t *p) { (void)v; return *(volatile uint32_t *)p; }
static inline void vipci_store32(const vipc *v, uint32_t *p, uint32_t n) { (void)v; *(volatile uint32_t *)p = n; }
static inline void vipci_poke32(const vipc *v, uint32_t *p, uint32_t n) { (void)v; *(volatile uint32_t *)p = n; }
static inline bool vipci_cas32(const vipc *v, uint32_t *p, uint32_t e, uint32_t d)
{
    uint32_t s = vipci_off(v);
    bool same = *(volatile uint32_t *)p == e;
    if (same) *(volatile uint32_t *)p = d;
    vipci_on(v, s);
    return same;
}
static inline uint64_t vipci_load64(const vipc *v, vipci_u64 *p)
{
    uint32_t s = vipci_off(v);
    uint64_t n = *(volatile vipci_u64 *)p;
    vipci_on(v, s);
    return n;
}
static inline uint64_t vipci_swap64(const vipc *v, vipci_u64 *p, uint64_t n)
{
    uint32_t s = vipci_off(v);
    uint64_t old = *(volatile vipci_u64 *)p;
    *(volatile vipci_u64 *)p = n;
    vipci_on(v, s);
    return old;
}
static inline bool vipci_cas64(const vipc *v, vipci_u64 *p, uint64_t e, uint64_t d)
{
    uint32_t s = vipci_off(v);
    bool same = *(volatile vipci_u64 *)p == e;
    if (same) *(volatile vipci_u64 *)p = d;
    vipci_on(v, s);
    return same;
}
static inline uint64_t vipci_add64(const vipc *v, vipci_u64 *p, uint64_t n)
{
    uint32_t s = vipci_off(v);
    uint64_t old = *(volatile vipci_u64 *)p;
    *(volatile vipci_u64 *)p = old + n;
    vipci_on(v, s);
    return old;
}
static inline uint64_t vipci_peek64(const vipc *v, vipci_u64 *p) { return vipci_load64(v, p); }
static inline void vipci_store64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)vipci_swap64(v, p, n); }
static inline void vipci_poke64(const vipc *v, vipci_u64 *p, uint64_t n) { (void)vipci_swap64(v, p, n); }
static inline uint64_t vipci_word_load(const vipc *v, vipci_u64 *p) { (void)v; return *p; }
static inline void vipci_word_store(const vipc *v, vipci_u64 *p, uint64_t n) { (void)v; *p = n; }
#endif

/* -------------------------------------------------------------------------------------------------- >>layout
 * What lies in a domain.  Fixed-width, naturally aligned, indices instead of pointers; "link" fields hold an index + 1, 0 is none.
 * Who may touch a field: [L] under the lock, logged; [A] anybody, atomically; [O] its owner alone; [C] constant once published. */
#define VIPCI_MAGIC 0x6370692d64697276ull            /* "vrid-ipc", read little-endian */
#define VIPCI_ORDER 0x01020304u
#define VIPCI_LAYOUT (VIPC_LAYOUT | (VIPC_NO_LIMITS ? 0x100u : 0u) | (VIPC_NO_URGENT ? 0x200u : 0u) | (VIPC_NO_LARGE ? 0x400u : 0u) | (VIPC_NO_SPACES ? 0x800u : 0u) \
                      | (VIPC_NO_REGIONS ? 0x1000u : 0u))
    /* who does not know limits, or chains of capabilities, would not keep them, nor find what is urgent */
#if VIPC_NO_SPACES
#define VIPCI_LOG_MAX 64u                            /* words that one step under the lock may change */
#define VIPCI_REDO_MAX 4u
#else
#define VIPCI_LOG_MAX 192u
#define VIPCI_REDO_MAX 32u
#endif
#define VIPCI_FAR ((uint64_t)1 << 63)                /* in the log: not an offset, but the number of a 64-bit word in a frame */
#define VIPCI_REDO_QUEUE ((uint64_t)1 << 63)
#define VIPCI_REDO_URGENT (VIPC_NO_URGENT ? 0 : (uint64_t)1 << 62)
#define VIPCI_REDO_SPACE ((uint64_t)1 << 62)       /* without REDO_QUEUE */
#define VIPCI_NO_FRAME (~(uint64_t)0)
#define VIPCI_NO_PROOF (~(uint64_t)0)                /* a member about whose death nobody is asked */
#define VIPCI_INDEX_MAX 16777214u                    /* 24 bits, index + 1 never 0 */
#define VIPCI_MEMBERS_MAX 65534u                     /* 16 bits, likewise; each table has one record more, for the doorman (see >>process) */

typedef struct vipci_domain {
    vipci_u64 magic;                   /* [A] stored last */
    uint32_t layout, order;            /* [C] */
    vipci_u64 total;                   /* [C] bytes */
    vipc_config config;                /* [C] resolved */
    uint32_t view_high;                /* [A] views at or above it were never used */
    uint32_t unfinished;               /* [A] 1: the closing list holds what its holder of the lock should look at once more */
    vipci_u64 lock;                    /* [A] 0, or incarnation << 16 | view + 1 of the holder */
    vipci_u64 lock_flag;               /* [A] wait flag, see >>waiting */
    vipci_u64 next_pid;                /* [L] */
    uint32_t free_cap, free_object, free_name;       /* [L] links */
    uint32_t used_caps, used_objects, used_names;    /* [L] records above were never used */
    uint32_t closing;                  /* [L] link: endpoints closed but not yet free */
    uint32_t redo_count;               /* [L] */
    struct { vipci_u64 first, count; } redo[VIPCI_REDO_MAX];    /* [L] frames to free, or (REDO_QUEUE | object) the queue to open, or
                                        * (REDO_SPACE | space) the page tables to end, after the commit */
    vipci_u64 taking_first, taking_count;            /* [L] frames that hook frame_alloc is taking or has just taken */
    vipci_u64 frames, frames_high;     /* [L] */
    vipci_u64 created, destroyed, lookups, hits, reaped, channels, channels_ended;    /* [L] */
    vipci_u64 gone[9];                 /* [A] statistics of views that have left */
#if !VIPC_NO_SPACES
    vipci_u64 next_space;              /* [L] numbers of spaces given out */
    uint32_t free_space, free_node;    /* [L] links */
    uint32_t used_spaces, used_nodes;  /* [L] */
    uint32_t regions, pad;             /* [L] of all spaces */
#endif
#if !VIPC_NO_REGIONS
    uint32_t free_store, used_stores;  /* [L] their records stand behind those of spaces */
    uint32_t named, published;         /* [L] records of names in use, by kind */
    uint32_t due, spare;               /* [L] not logged: link of the one store that is due; DUE_ALL: there are several; see vipci_store_tend */
    vipci_u64 node_pages[VIPC_NODES_MAX];        /* [L] pages of stores whose frames are on that node */
#endif
    vipci_u64 log_count;               /* [L] entries that count */
    struct { vipci_u64 where, old; } log[VIPCI_LOG_MAX];        /* where: offset << 1 | (1 for a 64-bit word); FAR | word */
} vipci_domain;

enum { VIPCI_LIVE = 1, VIPCI_ENDING = 2, VIPCI_CONDEMNED = 3 };
typedef struct vipci_process {
    vipci_u64 proof;                   /* [A] 0: free.  Set first, by CAS, and cleared last: it is the claim of the record */
    vipci_u64 pid;                     /* [A] 0 until joined */
    vipci_u64 native_id;               /* [L] */
    uint32_t state;                    /* [A] 0, LIVE, ENDING: is being cleaned up; CONDEMNED: vipc_process_destroy says that it runs no more */
    uint32_t held, owned, first_cap;   /* [L] links: capabilities it holds, objects it owns, capabilities for itself as an object */
    uint32_t capabilities, objects;    /* [L] counts */
    uint32_t threads;                  /* [A] views */
    uint32_t view;                     /* [A] link: one of its views; the one, if threads is 1 */
    uint32_t pad[2];
    char label[32];                    /* [L] */
    vipci_u64 initial;                 /* [L] how many it was made with << 32 | link: the youngest of those that it still has, see VIPCI_INITIAL */
    vipci_u64 space;                   /* [L] token of the capability for its own space; 0: it has none */
    vipci_u64 shared_pages;            /* [L] of all stores that it owns */
    vipci_u64 spare;
} vipci_process;
VIPCI_ASSERT(process, sizeof(vipci_process) == 128 && offsetof(vipci_process, label) == 64);

/* Behind the processes' records, one for each: they stay a power of two apart. */
typedef struct vipci_tally { vipci_u64 gone[8]; } vipci_tally;      /* [A] statistics of the process's views that have left */
VIPCI_ASSERT(tally, sizeof(vipci_tally) == 64);

/* What travels: seven words, in a queue slot behind its state word and in a view behind its call word.
 *   sender  pid (40 bits) << 24 | view (16) << 8 | flags (8)        of who sent it; view says whom a reply goes to
 *   head    opcode << 32 | link                                     link: a call's number, or the travelling capability's link */
typedef struct vipci_body { vipci_u64 sender, badge, head, data[VIPC_MESSAGE_WORDS]; } vipci_body;
#define VIPCI_PID_MAX ((1ull << 40) - 1)
#define VIPCI_CALL 128u                /* sender's flags that are not a user's: it is a call */

enum { VIPCI_SENT, VIPCI_RECEIVED, VIPCI_CALLS, VIPCI_REPLIES, VIPCI_FAILED_CHECKS, VIPCI_SLEEPS, VIPCI_WAKES, VIPCI_DROPPED, VIPCI_COUNTERS,
       VIPCI_RATE_LIMITED = VIPCI_COUNTERS };                /* in the domain alone */
VIPCI_ASSERT(counters, VIPCI_COUNTERS <= 8);
typedef struct vipci_view {
    vipci_u64 owner;                   /* [A] incarnation << 32 | process + 1; low half 0: free.  One CAS claims it */
    vipci_u64 intent;                  /* [A] written by its owner: what it is at; see >>hookcalls */
    vipci_u64 native_thread;           /* [C] */
    vipci_u64 abandoned[2];            /* [A] reply buffer that a server was writing when its caller gave up: the call word then, else 0 */
    uint32_t cancel;                   /* [A] */
    uint32_t target;                   /* [A] link: endpoint that its call waits at */
    vipci_u64 hand, hand_cap;          /* [A] written by its owner: the message it has in hand; see >>hand */
    vipci_u64 call;                    /* [A] see >>call */
    vipci_body reply;                  /* by whoever holds call in state REPLYING */
    vipci_u64 parked;                  /* [A] 0: it is not parked; else where, and with what priority: vipc_here().  See >>fast */
    vipci_body reply2;                 /* the second buffer */
    vipci_u64 count[8];                /* [O] statistics */
#if !VIPC_NO_LARGE
    vipci_u64 large[2];                /* [L] of each buffer: frames for its payload, see >>call */
    vipci_u64 room;                    /* [A] written by its owner, and its reaper: capacity of the large call under way + 1; 0: there is none */
    uint32_t reply_size[2];            /* by its owner before a large call; then as reply */
#elif !VIPC_NO_REGIONS
    vipci_u64 none[4];
#endif
#if !VIPC_NO_LARGE || !VIPC_NO_REGIONS
    vipci_u64 clean, clean_count;      /* [L] frames that it took, and zeroes without the lock, before they are a store's */
    vipci_u64 spare[2];
#endif
} vipci_view;
VIPCI_ASSERT(view, sizeof(vipci_view) == (VIPC_NO_LARGE && VIPC_NO_REGIONS ? 256 : 320) && offsetof(vipci_view, call) == 64 && offsetof(vipci_view, count) == 192);

/* Three cache lines: what is read at every operation; what senders write; what receivers write. */
#define VIPCI_NOBODY 0xffffffffu
#define VIPCI_ALONE 0x80000000u        /* in peer: the other end has been freed */
enum { VIPCI_OPEN = 1, VIPCI_CLOSING = 2, VIPCI_WALKED = 3, VIPCI_STATE = 3, VIPCI_OWNER_DIED = 4 };
typedef struct vipci_object {
    vipci_u64 state;                   /* [A] generation << 8 | OWNER_DIED | 0 free, OPEN, CLOSING (no new use), WALKED (old use undone) */
    vipci_u64 queue;                   /* [A] 0: none; else (first frame + 1) << 1 | 1 while vipc_trim looks at it */
    vipci_u64 shape;                   /* [C] payload_max << 32 | DROPS | FAILS | urgent << 16 | capacity, but for [A] LANE and SHOWN, see >>queue */
    vipci_u64 bound;                   /* [A] pid, 0: anybody; of a channel's end: [C] the other end's state while that is open */
    uint32_t spin;                     /* [C] */
    uint32_t owner;                    /* [L] process + 1; 0 once on the closing list; NOBODY: of a store that has outlived its owner */
    uint32_t first_cap;                /* [L] link: capabilities without a parent */
    uint32_t next, prev;               /* [L] owner's list; next also: free list, closing list */
    uint32_t receivers;                /* [L] capabilities with the right to receive */
    uint32_t type, peer;               /* [C] enum vipc_type; link: a channel's other end; of a store: [L] its first mapping that is WITHDRAWN */
    vipci_u64 tail;                    /* [A] hint, see >>queue; a notification's bits */
    vipci_u64 receive_flag;            /* [A] somebody may sleep to receive; senders look here */
    char label[32];                    /* [C] */
    vipci_u64 watch;                   /* [A] the wait set that looks for messages or bits here, see >>waitset; 0: none */
    vipci_u64 high;                    /* [A] see vipci_high */
    vipci_u64 head;                    /* [A] hint */
    vipci_u64 behind;                  /* [A] counts what was given back behind head */
    vipci_u64 send_flag;               /* [A] somebody may sleep to send; receivers look here */
    vipci_u64 dropped;                 /* [A] messages dropped << 32 | how many of them vipc_info has told of */
    vipci_u64 watch_room;              /* [A] the wait set that looks for room here */
    vipci_u64 server;                  /* [A] hint, see >>fast: link of the view that parked last to receive here */
    vipci_u64 urgent;                  /* [A] as queue, for what is urgent; without frames: 0, or 1 << 63 | where its positions go on */
    vipci_u64 urgent_flag;             /* [A] somebody may sleep to send what is urgent */
} vipci_object;
VIPCI_ASSERT(object, sizeof(vipci_object) == 192 && offsetof(vipci_object, tail) == 64 && offsetof(vipci_object, head) == 128);

/* A capability.  Token: flags (4) | type (4) | generation (8) | id (48); id: reuse >> 8 (24) | index + 1 (24); generation: reuse & 255. */
/* MORE, FOLLOWS: of travellers: another follows in its message; it follows another: see >>carry. */
enum { VIPCI_TRAVELS = 1u << 16, VIPCI_NAMED = 1u << 17, VIPCI_REVOKED = 1u << 18, VIPCI_LIMITED = 1u << 19, VIPCI_EXTENSION = 1u << 20, VIPCI_WATCH = 1u << 21,
       VIPCI_INITIAL = 1u << 22,
       VIPCI_MAPPED = 1u << 23,        /* never valid: a mapping, made by its parent.  badge: its address; place: page count << 24 | link of the space; held_prev: page
                                        * of the store that it begins with; held_next: how many regions of the space are pieces of it */
       VIPCI_WITHDRAWN = 1u << 24,     /* a mapping of which nothing is left but what a flush is due for; or will be, by vipci_store_tend.  It stands in `peer` */
       VIPCI_GIFT = 1u << 25,          /* of travellers: the region of its message; MODE: how it was sent */
       VIPCI_MODE = 3u << 26,
       VIPCI_MORE = VIPC_NO_LARGE ? 0 : 1u << 28, VIPCI_FOLLOWS = VIPC_NO_LARGE ? 0 : 1u << 29 };
typedef struct vipci_entry {
    vipci_u64 token;                   /* [A] 0: free, travelling or dead.  Written last, cleared first */
    vipci_u64 badge;                   /* [A] TRAVELS and LIMITED: link of the limits, which hold the badge meanwhile */
    uint32_t object;                   /* [A] index */
    uint32_t kind;                     /* [A] type << 8 | rights | TRAVELS, NAMED, REVOKED, LIMITED, INITIAL; EXTENSION: it is no entry, see vipci_limit */
    uint32_t holder;                   /* [A] process + 1; 0: nobody's (in a queue) */
    uint32_t parent, child, next, prev;              /* [L] tree; next also: free list */
    uint32_t held_next, held_prev;     /* [L] holder's list */
    uint32_t reuse;                    /* [L] how often this slot was given out */
    vipci_u64 place;                   /* [L] TRAVELS: (MORE: link of the next, else call number) << 32 | where (object + 1, or view + 1 with bit 31); NAMED: name's link;
                                        * LIMITED, unless it TRAVELS: link of its limits << 32 (constant while the token is valid);
                                        * INITIAL, beside that: its index (8) << 24 | link (24) of the next of its holder's;
                                        * WATCH, never valid: a notification, generation << 24 | index + 1, with the bits to be signalled in badge */
} vipci_entry;
VIPCI_ASSERT(entry, sizeof(vipci_entry) == 64);

/* Limits, in a slot of the same table: the fields that both have stand at the same places.  See >>limits. */
enum { VIPCI_RATE = 1, VIPCI_BANDWIDTH = 2, VIPCI_BUCKET = 3 };
typedef struct vipci_limit {
    vipci_u64 spent;                   /* [A] reuse & 15 (4) | 15, no token's type (4) | count (56) */
    vipci_u64 badge;                   /* [C] of the capabilities that have these limits */
    uint32_t up;                       /* [C] link: what is charged too */
    uint32_t kind;                     /* [A] EXTENSION | RATE, BANDWIDTH or neither: no bucket */
    uint32_t holder;                   /* 0: nobody's, so `spent` is no token of anybody's */
    uint32_t uses;                     /* [L] entries and limits that link to it */
    vipci_u64 message_max;             /* [C] the tightest from here up */
    vipci_u64 expires;                 /* [C] likewise */
    uint32_t pad, reuse;
    vipci_u64 value;                   /* [C] messages or bytes a second */
} vipci_limit;
VIPCI_ASSERT(limit, sizeof(vipci_limit) == 64 && offsetof(vipci_limit, kind) == offsetof(vipci_entry, kind) && offsetof(vipci_limit, reuse) == offsetof(vipci_entry, reuse)
             && offsetof(vipci_limit, holder) == offsetof(vipci_entry, holder) && offsetof(vipci_entry, token) == 0);

#define VIPCI_NAMES_MEMORY 0x10000u    /* in length, and wherever a length stands for a name: of an object, not of vipc_publish */
typedef struct vipci_name {
    uint32_t next, cap, hash, length;  /* [L] links; cap 0: free */
    char text[VIPC_NAME_MAX + 1];
} vipci_name;
VIPCI_ASSERT(name, sizeof(vipci_name) == 272);

#if !VIPC_NO_SPACES
/* A node of a tree of regions, see >>regions.  Of a leaf: a region's end, what it is, and more of that; of an inner node: where a child ends, its widest gap,
 * its link. */
enum { VIPCI_FAN = 15 };
typedef struct vipci_node {
    vipci_u64 order;                   /* [L] count | slots by address, 4 bits each from bit 4 on.  A slot that it does not name may be written without the
                                        * log */
    uint32_t next, level;              /* [L] free list; [C] while in use: 0 is a leaf */
    vipci_u64 start[VIPCI_FAN], end[VIPCI_FAN], a[VIPCI_FAN], b[VIPCI_FAN];
    vipci_u64 spare[2];
} vipci_node;
VIPCI_ASSERT(node, sizeof(vipci_node) == 512);

typedef struct vipci_space {
    vipci_u64 number;                  /* [C] of those ever made; 0: the record is free */
    vipci_u64 root;                    /* [C] the port's */
    uint32_t next, object;             /* [L] free list; [C] link */
    uint32_t tree, regions;            /* [L] link of the root node; how many regions */
    uint32_t leaving, write_execute;   /* [L] regions that are; [C] */
    vipci_u64 start, end, heap_start, heap_max, stack_end;      /* [C] */
    vipci_u64 brk;                     /* [L] */
    vipci_u64 map;                     /* [L] first node of the page map: frame + 1; 0: none yet.  See >>pages */
    vipci_u64 pages, shared, tables;   /* [L] entries, of them those that are copy-on-write, nodes of the map */
    vipci_u64 faults[5];               /* [L] by enum vipc_fault - 1, the last: grown */
    vipci_u64 owed_at, owed_end, owed; /* [L] what a flush is due for, and how often that grew; see >>spaces */
    vipci_u64 limbo;                   /* [L] frame + 1 that goes when it was done */
    uint32_t levels;                   /* [C] of the page map */
    uint32_t due;                      /* [L] not logged; of a store: 1: it has one capability, or mapping, less; 2: one that was not its creator's: see
                                        * vipci_store_tend */
    vipci_u64 version;                 /* [L] not logged: how often, in all lives of this record, its tree changed, or its map lost a node (40) | its index
                                        * (24) */
    /* Of a store alone, see >>stores.  It has no root, no tree, no heap and no stacks; its pages count from 0, brk is its size, end the most that may be, owed_at
     * and owed_end count pages. */
    vipci_u64 narrowed;                /* [L] not logged: `owed` when its spaces had last lost all that they were to lose */
    vipci_u64 wanted;                  /* [L] page + 1 of which whoever pays makes a copy, see vipci_store_break; 0: none */
    vipci_u64 creator;                 /* [C] pid */
    vipci_u64 idle, idle_bits;         /* [C] token of a capability of its creator's for a notification; 0: none */
    vipci_u64 rule;                    /* [L] see VIPCI_S_ */
} vipci_space;
VIPCI_ASSERT(space, sizeof(vipci_space) == 256);
#define VIPCI_VERSION ((uint64_t)1 << 24)
#endif

static inline vipci_domain *vipci_d(const vipc *v) { return (vipci_domain *)(void *)v->base; }
static inline vipci_process *vipci_process_at(const vipc *v, uint32_t i) { return (vipci_process *)(void *)v->processes + i; }
static inline vipci_tally *vipci_tally_at(const vipc *v, uint32_t i) { return (vipci_tally *)(void *)(vipci_process_at(v, v->max_processes)) + i; }
static inline vipci_view *vipci_view_at(const vipc *v, uint32_t i) { return (vipci_view *)(void *)v->views + i; }
static inline vipci_u64 *vipci_cell_at(const vipc *v, uint32_t i) { return (vipci_u64 *)(void *)v->cells + i; }
static inline vipci_object *vipci_object_at(const vipc *v, uint32_t i) { return (vipci_object *)(void *)v->objects + i; }
static inline vipci_entry *vipci_entry_at(const vipc *v, uint32_t i) { return (vipci_entry *)(void *)v->caps + i; }
static inline vipci_name *vipci_name_at(const vipc *v, uint32_t i) { return (vipci_name *)(void *)v->names + i; }
#if !VIPC_NO_SPACES
static inline vipci_space *vipci_space_at(const vipc *v, uint32_t i) { return (vipci_space *)(void *)v->spaces + i; }
static inline vipci_node *vipci_node_at(const vipc *v, uint32_t i) { return (vipci_node *)(void *)v->nodes + i; }
static inline uint32_t *vipci_refs_at(const vipc *v, uint64_t frame) { return (uint32_t *)(void *)v->refs + frame; }     /* frame < max_frames */
#endif
static inline vipci_view *vipci_mine(const vipc *v) { return (vipci_view *)(void *)v->mine; }
static inline vipci_process *vipci_us(const vipc *v) { return vipci_process_at(v, v->process); }
static inline uint32_t vipci_index(const vipc *v, const vipci_object *o) { return (uint32_t)(o - vipci_object_at(v, 0)); }
static inline uint32_t vipci_views_used(const vipc *v)
{
    uint32_t n = vipci_load32(v, &vipci_d(v)->view_high);
    return n <= v->max_threads ? n : v->max_threads;
}
static inline uint32_t vipci_buckets(uint32_t max_names)       /* a power of two, at least max_names */
{
    uint32_t n = 1;
    while (n < max_names) n *= 2;
    return n;
}
static inline void vipci_count(const vipc *v, uint32_t which)  /* by the view's own thread alone */
{
    vipci_u64 *c = &vipci_mine(v)->count[which];
    vipci_poke64(v, c, vipci_peek64(v, c) + 1);
}
/* Is this view handle good?  First thing in every public function. */
static inline vipc_error vipci_known(const vipc *v)
{
    if (!v || v->here != v) return VIPC_ERR_INVALID_ARGUMENT;
    if (!v->hooks || v->hooks->size != sizeof(vipc_hooks)) return VIPC_ERR_NOT_INITIALIZED;
    if (vipci_load64(v, &vipci_mine(v)->owner) != v->identity) return VIPC_ERR_NOT_INITIALIZED;
    return VIPC_OK;
}

/* ----------------------------------------------------------------------------------------------- >>hookcalls
 * The one place where hooks are called, and the intent word, which says where a view is:
 *   0, object index + 1 << 2 | AT_OBJECT, or view index + 1 << 2 | AT_VIEW (it answers that view's call).
 * Set by an exchange BEFORE anything there is touched, cleared after the last wake-up that it owes there.  A reaper follows it to
 * the claims of the dead and wakes whom they owed a wake-up; who frees frames looks for it.  RACE 1 (pin against free): set intent,
 * then look at state and queue; the freer changes state or queue, then looks at intents.  Test: explore gate_destroy. */
enum { VIPCI_AT_OBJECT = 1, VIPCI_AT_VIEW = 2 };
static inline uint64_t vipci_at_object(uint32_t i) { return ((uint64_t)i + 1) << 2 | VIPCI_AT_OBJECT; }
static inline uint64_t vipci_at_view(uint32_t i) { return ((uint64_t)i + 1) << 2 | VIPCI_AT_VIEW; }
static inline void vipci_intend(const vipc *v, uint64_t at) { (void)vipci_swap64(v, &vipci_mine(v)->intent, at); }
static inline void vipci_intend_nothing(const vipc *v) { vipci_store64(v, &vipci_mine(v)->intent, 0); }

static inline uint32_t vipci_enter(const vipc *v) { return v->hooks->enter ? v->hooks->enter(v->hooks->user) : 0; }
static inline void vipci_leave(const vipc *v, uint32_t s) { if (v->hooks->leave) v->hooks->leave(v->hooks->user, s); }
static inline void vipci_relax(const vipc *v) { if (v->hooks->relax) v->hooks->relax(v->hooks->user); else VIPC_ATOMIC_PAUSE(); }
static inline vipc_time vipci_now(const vipc *v) { return v->hooks->now ? v->hooks->now(v->hooks->user) : 0; }
static void vipci_say(const vipc *v, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    if (v->hooks->log) v->hooks->log(v->hooks->user, level, id, a, b);
}
static bool vipci_proof_alive(const vipc *v, uint64_t proof)
{
    if (proof == VIPCI_NO_PROOF || !v->hooks->process_alive) return true;
    return v->hooks->process_alive(v->hooks->user, proof) != 0;
}
static void *vipci_frames_at(const vipc *v, uint64_t first, uint64_t count)
{
    void *p = v->hooks->frame_pointer(v->hooks->user, first, count);
    return ((uintptr_t)p & (VIPC_LINE - 1)) == 0 ? p : NULL;
}
static vipc_error vipci_block(const vipc *v, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_error e = v->hooks->block(v->hooks->user, vipci_peek64(v, &vipci_mine(v)->native_thread), word, expected, deadline);
    vipci_count(v, VIPCI_SLEEPS);
    return e == VIPC_OK || e == VIPC_ERR_TIMEOUT ? e : VIPC_ERR_HOOK;
}
/* The half of a wait cell that changes when its sleeper is chosen: what block sleeps on. */
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
static inline uint32_t *vipci_low_half(vipci_u64 *word) { return (uint32_t *)(void *)word + 1; }
#else
static inline uint32_t *vipci_low_half(vipci_u64 *word) { return (uint32_t *)(void *)word; }
#endif
static void vipci_wake(const vipc *v, uint32_t view)
{
    if (!v->hooks->wake) return;
    v->hooks->wake(v->hooks->user, vipci_peek64(v, &vipci_view_at(v, view)->native_thread), vipci_low_half(vipci_cell_at(v, view)));
    vipci_count(v, VIPCI_WAKES);
}

/* ------------------------------------------------------------------------------------------------- >>waiting
 * One cell a view: what it waits for << 32 | ticket << 2 | AWAKE, WAITING or CHOSEN.  One flag a thing that is waited for: version << 2 | "a wait set looks
 * at this" << 1 | "somebody may sleep here".  No list and no lock, so a sleeper that is stopped or killed holds up nobody.
 *   sleeper: cell = WAITING; raise the flag; look again; sleep on the cell.            [W1, W2, W3]
 *   waker:   change what is waited for; flag low: done; else oldest ticket WAITING -> CHOSEN, hook wake.   [K1, K2]
 * RACE 2 (lost wake-up): K1 is a read-modify-write and so is W2: either the waker sees the flag or the sleeper's second look sees the change.
 * RACE 3 (flag lowered under a new sleeper): only by CAS of the version seen before a scan that met nobody; a sleeper's W2 changes the version.
 * RACE 4 (choice of one who leaves): a cell goes back by CAS; who finds itself CHOSEN and has no use for it chooses the next.
 * RACE 5 (waker killed between choice and wake): its intent stands; the reaper wakes all, CHOSEN ones too, and trusts no flag.
 * Who waits for several things (FOR_ANY) has their indices in its cell as a set of 29 bits, and raises the flag of each before its second look.  It is
 * chosen beside, never instead of, one who waits for the thing alone, so it has no choice to hand on; it may wake for another's sake.
 * Tests: explore block, timeout; d072, d073, d074, d076. */
enum { VIPCI_AWAKE = 0, VIPCI_WAITING = 1, VIPCI_CHOSEN = 2 };     /* 3: chosen and no longer parked, see >>fast */
enum { VIPCI_FOR_URGENT_ROOM = 0, VIPCI_FOR_MESSAGE, VIPCI_FOR_ROOM, VIPCI_FOR_REPLY, VIPCI_FOR_NAME, VIPCI_FOR_PROCESS, VIPCI_FOR_LOCK, VIPCI_FOR_ANY };
#define VIPCI_SLICE 50000000u          /* ns: first sleep before a look for deaths; doubles to 16 times that */
#ifndef VIPCI_PATIENCE_MAX
#define VIPCI_PATIENCE_MAX 800u        /* looks before a sleep, some 40 us: what a sleep and a wake-up across CPUs cost together */
#endif
#define VIPCI_PATIENCE_MIN 8u
#define VIPCI_SPIN_MAX 100000u
#define VIPCI_LULL_MAX 255u            /* pauses, some 6 us: reached by streams of over 32 messages in that time */

typedef struct vipci_wait {
    uint32_t what, index;              /* VIPCI_FOR_..., and of which object */
    vipci_u64 *flag;                   /* NULL: one possible sleeper, no flag */
    vipc_time deadline;
    uint32_t limit, spun;              /* looks before the first sleep */
    uint32_t slept;                    /* sleeps so far */
    uint32_t ticket;                   /* kept over lost races, so that a place in the order is kept too */
    bool registered, chosen;
    bool raised;                       /* FOR_ANY: the flags are */
    bool deaf;                         /* vipc_cancel does not end it */
    bool restless;                     /* nobody will wake it: sleep a millisecond at first, and look again */
    bool look_for_deaths;              /* out: a slice is over, the caller should sweep */
    uint64_t cell;
} vipci_wait;

static vipci_wait vipci_wait_for(const vipc *v, uint32_t what, uint32_t index, vipci_u64 *flag, uint32_t spin, vipc_time deadline)
{
    vipci_wait w;
    vipci_zero(&w, sizeof w);
    w.what = what;
    w.index = index;
    w.flag = flag;
    w.deadline = deadline;
    w.limit = spin == 1 || v->hooks->cpus == 1 ? 0 : spin > VIPCI_SPIN_MAX ? VIPCI_SPIN_MAX : spin ? spin : v->patience;
    return w;
}
#define VIPCI_ASLEEP ((uint64_t)1)
#define VIPCI_LOOKED_AT ((uint64_t)2)
static inline uint64_t vipci_raised(uint64_t flag, uint64_t bit) { return (flag + 4) | bit; }      /* with its next version */
static inline uint64_t vipci_waits_for(const vipci_wait *w) { return ((uint64_t)w->index << 3 | w->what) << 32; }

static void vipci_register(const vipc *v, vipci_wait *w)
{
    vipci_u64 *mine = vipci_cell_at(v, v->view);
    for (bool first = true;; first = false) {
        uint64_t f = w->flag ? vipci_load64(v, w->flag) : 0, was = w->cell;
        if (!w->ticket) w->ticket = ((uint32_t)(f >> 2) + 1) & 0x3fffffff;
        w->cell = vipci_waits_for(w) | (uint64_t)w->ticket << 2 | VIPCI_WAITING;
        if (first) (void)vipci_swap64(v, mine, w->cell);                              /* W1 */
        else if (was != w->cell && !vipci_cas64(v, mine, was, w->cell)) break;          /* chosen meanwhile: as good as awake */
        if (!w->flag || vipci_cas64(v, w->flag, f, vipci_raised(f, VIPCI_ASLEEP))) break;     /* W2 */
    }
    w->registered = true;
}

/* Among the sleepers for `what`, the one who came first; VIPCI_MEMBERS_MAX + 1 if there is none. */
static uint32_t vipci_first_sleeper(const vipc *v, uint64_t what, uint64_t *cell)
{
    uint32_t best = VIPCI_MEMBERS_MAX + 1;
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) {
        uint64_t c = vipci_load64(v, vipci_cell_at(v, i));
        if ((c & ~(uint64_t)0xffffffff) != what || (c & 3) != VIPCI_WAITING) continue;
        if (best <= VIPCI_MEMBERS_MAX && (((uint32_t)c - (uint32_t)*cell) & 0x80000000u) == 0) continue;    /* tickets wrap: signed distance */
        best = i;
        *cell = c;
    }
    return best;
}
static inline uint32_t vipci_any_bit(uint32_t index) { return (uint32_t)1 << index % 29; }
/* Those who wait for this among other things; with `chosen_too` also those who were told before (RACE 5). */
static VIPCI_COLD void vipci_wake_any(const vipc *v, uint32_t index, bool chosen_too)
{
    if (VIPC_NO_NOTIFICATIONS) return;
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) {
        vipci_u64 *cell = vipci_cell_at(v, i);
        uint64_t c = vipci_load64(v, cell);
        if ((c >> 32 & 7) != VIPCI_FOR_ANY || !((uint32_t)(c >> 35) & vipci_any_bit(index)) || (c & 3) == VIPCI_AWAKE) continue;
        if ((c & 3) == VIPCI_CHOSEN ? chosen_too : vipci_cas64(v, cell, c, (c & ~(uint64_t)3) | VIPCI_CHOSEN)) vipci_wake(v, i);
    }
}
/* Everybody, also those whom a waker chose and then died (RACE 5); more wake-ups than needed are allowed. */
static VIPCI_COLD void vipci_wake_every(const vipc *v, uint32_t kind, uint32_t index)
{
    uint64_t what = ((uint64_t)index << 3 | kind) << 32;
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) {
        vipci_u64 *cell = vipci_cell_at(v, i);
        uint64_t c = vipci_load64(v, cell);
        while ((c & ~(uint64_t)0xffffffff) == what && (c & 3) == VIPCI_WAITING && !vipci_cas64(v, cell, c, (c & ~(uint64_t)3) | VIPCI_CHOSEN))
            c = vipci_load64(v, cell);
        if ((c & ~(uint64_t)0xffffffff) == what && (c & 3) != VIPCI_AWAKE) vipci_wake(v, i);
    }
    if (kind <= VIPCI_FOR_ROOM) vipci_wake_any(v, index, true);
}

/* Everybody at an object whose sleepers are all chosen: a notification, a wait set. */
static VIPCI_COLD void vipci_wake_here(const vipc *v, uint32_t index, vipci_u64 *flag)
{
    for (;;) {
        uint64_t f = vipci_load64(v, flag);
        if (!(f & VIPCI_ASLEEP)) return;
        vipci_wake_every(v, VIPCI_FOR_MESSAGE, index);
        if (vipci_cas64(v, flag, f, f & ~VIPCI_ASLEEP)) return;                         /* RACE 3 */
    }
}
/* A wait set.  An object's watch word names it: generation (28) << 36 | place (12) << 24 | index + 1 (24).  The set's frames hold two levels of marks, one bit a
 * place, and behind them the places.  Marking is idempotent; whoever looks clears a mark before the look that finds nothing. */
#define VIPCI_SET_HEAD 3u              /* slots before the places */
typedef struct vipci_marks { vipci_u64 summary, pad[7], word[16]; } vipci_marks;
VIPCI_ASSERT(marks, sizeof(vipci_marks) == (size_t)VIPCI_SET_HEAD * 64 && VIPC_WAIT_SET_MAX == 16 * 64);
static inline uint64_t vipci_watch_of(uint32_t set, uint64_t state, uint32_t place) { return state >> 8 << 36 | (uint64_t)place << 24 | (set + 1); }
static void vipci_mark(const vipc *v, vipci_marks *m, uint32_t place)
{
    vipci_u64 *word = &m->word[place >> 6 & 15];
    uint64_t bit = (uint64_t)1 << (place & 63), top = (uint64_t)1 << (place >> 6 & 15);
    for (uint64_t was = vipci_load64(v, word); !(was & bit) && !vipci_cas64(v, word, was, was | bit);) was = vipci_load64(v, word);
    for (uint64_t was = vipci_load64(v, &m->summary); !(was & top) && !vipci_cas64(v, &m->summary, was, was | top);) was = vipci_load64(v, &m->summary);
}
static vipci_marks *vipci_marks_of(const vipc *v, vipci_object *set)      /* NULL: it has none */
{
    uint64_t queue = vipci_load64(v, &set->queue), shape = vipci_peek64(v, &set->shape) & 0xfff;
    if (queue == 0 || (queue & 1) || shape <= VIPCI_SET_HEAD || shape > VIPCI_SET_HEAD + VIPC_WAIT_SET_MAX) return NULL;
    return (vipci_marks *)vipci_frames_at(v, (queue >> 1) - 1, (shape * 64 + ((uint64_t)1 << v->page_shift) - 1) >> v->page_shift);
}
/* Ring for whoever polls, if he has been told that there was nothing; `anyway`: perhaps told before, by one who died over it. */
static void vipci_ring_bell(const vipc *v, vipci_object *set, bool anyway)
{
    uint64_t bell = vipci_load64(v, &set->bound);
    if (bell && v->hooks->bell && (vipci_cas64(v, &set->tail, 1, 0) || anyway)) v->hooks->bell(v->hooks->user, bell, 1);
}
static inline void vipci_unmark(const vipc *v, vipci_marks *m, uint32_t place)
{
    vipci_u64 *word = &m->word[place >> 6 & 15];
    uint64_t bit = (uint64_t)1 << (place & 63), top = (uint64_t)1 << (place >> 6 & 15), was = vipci_load64(v, word);
    while ((was & bit) && !vipci_cas64(v, word, was, was & ~bit)) was = vipci_load64(v, word);
    if (was & ~bit) return;                                  /* the last of its word takes the summary's bit along, and puts it back if one has come */
    for (uint64_t all = vipci_load64(v, &m->summary); (all & top) && !vipci_cas64(v, &m->summary, all, all & ~top);) all = vipci_load64(v, &m->summary);
    if (vipci_load64(v, word) == 0) return;
    for (uint64_t all = vipci_load64(v, &m->summary); !(all & top) && !vipci_cas64(v, &m->summary, all, all | top);) all = vipci_load64(v, &m->summary);
}
/* RACE 19 (killed between a send and its mark): the mark is made under an intent, at the object or at the set; a reaper at the object tells its set, a reaper at
 * the set marks all.  The intent comes back at the end, but what it pinned before must be looked at again. */
static VIPCI_COLD void vipci_tell_set(const vipc *v, vipci_object *o, uint32_t kind)
{
    if (VIPC_NO_NOTIFICATIONS) return;
    uint64_t watch = vipci_load64(v, kind == VIPCI_FOR_ROOM ? &o->watch_room : &o->watch);
    uint32_t index = (uint32_t)(watch & 0xffffff) - 1, place = (uint32_t)(watch >> 24) & 0xfff;
    if (index >= v->max_objects || place >= VIPC_WAIT_SET_MAX) return;
    vipci_object *set = vipci_object_at(v, index);
    uint64_t was = vipci_swap64(v, &vipci_mine(v)->intent, vipci_at_object(index)), state = vipci_load64(v, &set->state);
    bool still = (state & 0xff) == VIPCI_OPEN && vipci_watch_of(index, state, place) == watch && vipci_peek32(v, &set->type) == VIPC_TYPE_WAIT_SET;
    vipci_marks *m = still ? vipci_marks_of(v, set) : NULL;
    if (m) {
        vipci_mark(v, m, place);
        vipci_wake_here(v, index, &set->receive_flag);
        vipci_ring_bell(v, set, false);
    }
    vipci_intend(v, was);
}
static VIPCI_COLD void vipci_wake_all(const vipc *v, uint32_t kind, uint32_t index)
{
#if !VIPC_NO_FAST
    if (kind == VIPCI_FOR_MESSAGE) (void)vipci_add64(v, &vipci_object_at(v, index)->receive_flag, 4);       /* RACE 33: a fast path looks no second time */
#endif
    vipci_wake_every(v, kind, index);
    if (kind <= VIPCI_FOR_ROOM) vipci_tell_set(v, vipci_object_at(v, index), kind);
}
static VIPCI_COLD void vipci_wake_first(const vipc *v, uint32_t kind, uint32_t index, vipci_u64 *flag)
{
    uint64_t what = ((uint64_t)index << 3 | kind) << 32;
    for (;;) {
        uint64_t f = vipci_load64(v, flag), c = 0;
        if (!(f & VIPCI_ASLEEP)) return;
        if (kind <= VIPCI_FOR_ROOM) vipci_wake_any(v, index, false);
        uint32_t i = vipci_first_sleeper(v, what, &c);
        if (i > VIPCI_MEMBERS_MAX) {
            if (vipci_cas64(v, flag, f, f & ~VIPCI_ASLEEP)) return;                     /* RACE 3 */
            continue;
        }
        if (!vipci_cas64(v, vipci_cell_at(v, i), c, (c & ~(uint64_t)3) | VIPCI_CHOSEN)) continue;    /* K2 */
        vipci_wake(v, i);
        return;
    }
}
static VIPCI_COLD void vipci_wake_and_tell(const vipc *v, uint32_t kind, uint32_t index, vipci_u64 *flag)
{
    vipci_wake_first(v, kind, index, flag);
    if (!VIPC_NO_NOTIFICATIONS && kind <= VIPCI_FOR_ROOM && (vipci_load64(v, flag) & VIPCI_LOOKED_AT)) vipci_tell_set(v, vipci_object_at(v, index), kind);
}
/* K1's usual case is one load. */
static inline void vipci_wake_one(const vipc *v, uint32_t kind, uint32_t index, vipci_u64 *flag)
{
    if (!VIPCI_LIKELY((vipci_load64(v, flag) & 3) == 0)) vipci_wake_and_tell(v, kind, index, flag);
}
/* Of one who was chosen and has left: is there anybody else to whom that could go on?  Whoever might have been chosen instead is seen here, as his flag was seen
 * by who chose; who comes later looks for himself, and who parks by what he has seen before does not park, as the flag has its next version (RACE 33). */
static inline bool vipci_any_left(const vipc *v, const vipci_wait *w)
{
    const uint64_t f = vipci_add64(v, w->flag, 4);
    uint64_t c = 0;
    return (f & VIPCI_LOOKED_AT) || ((f & VIPCI_ASLEEP) && vipci_first_sleeper(v, vipci_waits_for(w), &c) <= VIPCI_MEMBERS_MAX);
}
/* Leave the cell.  An endpoint's sleeper puts its intent there first, so that one who is killed with a choice in hand is
 * followed (RACE 4 and 5 together). */
static void vipci_unregister(const vipc *v, vipci_wait *w)
{
    if (!w->registered) return;
    if (w->what <= VIPCI_FOR_ROOM) vipci_intend(v, vipci_at_object(w->index));
    vipci_u64 *mine = vipci_cell_at(v, v->view);
    uint64_t c = vipci_load64(v, mine);
    while (!vipci_cas64(v, mine, c, VIPCI_AWAKE)) c = vipci_load64(v, mine);
    if (c & VIPCI_CHOSEN) w->chosen = true;                  /* or RESUMED, see >>fast */
    w->registered = false;
}

/* How long to look before a sleep is learned: a wait that ended while it looked makes the next one more patient, one that slept all the same less, and
 * every 32nd sleep asks anew whether times have changed. */
static void vipci_lose_patience(vipc *v)
{
    if (v->patience > VIPCI_PATIENCE_MIN) v->patience -= v->patience / 4 + 1;
    if ((vipci_peek64(v, &vipci_mine(v)->count[VIPCI_SLEEPS]) & 31) == 31) v->patience = VIPCI_PATIENCE_MAX / 2;
}
/* A side that only receives (or only sends) and is the faster one meets the other at every message, and the two pull the same lines back and forth.
 * So it pauses before its second look: longer while that look succeeds and a batch has gathered, shorter else.  Who answers what it receives is never
 * held up: its turn has come in between. */
static inline void vipci_let_gather(vipc *v, const vipci_wait *w)
{
    const vipci_u64 *c = vipci_mine(v)->count;
    bool receives = w->what == VIPCI_FOR_MESSAGE;
    uint64_t turned = receives ? c[VIPCI_SENT] + c[VIPCI_CALLS] + c[VIPCI_REPLIES] : c[VIPCI_RECEIVED], done = c[receives ? VIPCI_RECEIVED : VIPCI_SENT];
    if (VIPC_SMALL) return;
    if (turned != v->turned || w->what > VIPCI_FOR_ROOM) v->lull = 0;
    else if (done - v->done < v->lull / 8) v->lull /= 2;
    v->turned = turned;
    v->done = done;
    for (uint32_t i = 0; i < v->lull; i++) vipci_relax(v);
}
static inline void vipci_learn(vipc *v, const vipci_wait *w)       /* the wait is over, well or not */
{
    if (!VIPC_SMALL) v->lull = w->spun != 1 ? v->lull / 2 : v->lull < VIPCI_LULL_MAX ? 2 * v->lull + 1 : v->lull;
    if (w->spun && !w->slept && v->patience < VIPCI_PATIENCE_MAX) v->patience += v->patience / 4 + 1;
}
static vipc_error vipci_sleep(vipc *v, vipci_wait *w, vipc_time now)
{
    uint64_t shift = w->slept < 4 ? w->slept : 4;
    vipc_time until = w->deadline, slice = now + ((uint64_t)(w->restless ? VIPCI_SLICE / 50 : VIPCI_SLICE) << shift);
    if ((w->restless || v->hooks->process_alive) && v->hooks->now && slice < until) until = slice;
    if (w->slept++ == 0) vipci_lose_patience(v);
    vipc_error e = vipci_block(v, vipci_low_half(vipci_cell_at(v, v->view)), (uint32_t)w->cell, until);            /* W3 */
    if (e == VIPC_ERR_TIMEOUT && until != w->deadline) w->look_for_deaths = true;
    return e == VIPC_ERR_TIMEOUT ? VIPC_OK : e;
}

/* Between two looks.  VIPC_OK: look again; else the wait is over: WOULD_BLOCK (the deadline is NOW), TIMEOUT, CANCELLED, NOT_SUPPORTED, HOOK. */
static vipc_error vipci_pause(vipc *v, vipci_wait *w)
{
    w->look_for_deaths = false;
    if (w->deadline == VIPC_NOW) return VIPC_ERR_WOULD_BLOCK;
    if (!w->deaf && vipci_load32(v, &vipci_mine(v)->cancel) && vipci_cas32(v, &vipci_mine(v)->cancel, 1, 0)) return VIPC_ERR_CANCELLED;
    if (!v->hooks->block || (w->deadline != VIPC_FOREVER && !v->hooks->now)) return VIPC_ERR_NOT_SUPPORTED;
    if (w->spun && w->spun < w->limit) {
        w->spun++;
        vipci_relax(v);
        return VIPC_OK;
    }
    vipc_time now = w->deadline != VIPC_FOREVER || v->hooks->process_alive || w->restless ? vipci_now(v) : 0;
    if (w->deadline != VIPC_FOREVER && now >= w->deadline) return VIPC_ERR_TIMEOUT;
    if (w->spun < w->limit) { w->spun++; vipci_let_gather(v, w); return VIPC_OK; }
    if (!w->registered) { vipci_register(v, w); return VIPC_OK; }          /* the second look follows */
    vipc_error e = vipci_sleep(v, w, now);
    if (e == VIPC_OK && (vipci_load64(v, vipci_cell_at(v, v->view)) & 3) == VIPCI_CHOSEN) vipci_unregister(v, w);
    return e;
}
/* ---------------------------------------------------------------------------------------------------- >>lock
 * One lock for the slow path: tables, trees, lists, names, frames.  Lock order: it is the only one.  Its word names view and incarnation in one CAS, so
 * that whoever finds the holder dead can tell, and cannot rob a later holder of the same index.  What it guards is changed through
 * vipci_set32/64 only: old value to the log, count, then the new value.  vipci_commit is the point of no return of a step; a
 * step that is not committed is rolled back, newest first, by its own error path or by whoever takes the lock over.  What cannot be
 * undone (frame_free), and what others use without the lock as soon as they see it (a new queue), waits on the redo list until after the
 * commit, and is harmless when done twice.
 * RACE 6 (take-over against a live holder of a reused index): the CAS names the incarnation.  RACE 7 (killed while rolling back): count goes to
 * 0 last; the next one does it again.  Tests: explore lock; d109. */
static inline uint64_t vipci_lock_word(const vipc *v) { return (uint64_t)v->incarnation << 16 | (v->view + 1); }

/* May the log name this offset?  Anything that the lock guards, but neither the lock's own words nor the log. */
static bool vipci_inside(const vipc *v, uint64_t offset)
{
    if (offset < offsetof(vipci_domain, next_pid) || offset > v->length - 4) return false;      /* whoever asks looks at its alignment, too */
    return offset < offsetof(vipci_domain, log_count) || offset >= sizeof(vipci_domain);
}
static void vipci_rollback(const vipc *v)
{
    vipci_domain *d = vipci_d(v);
    uint64_t n = vipci_load64(v, &d->log_count);
    if (n > VIPCI_LOG_MAX) n = VIPCI_LOG_MAX;                /* scribbled over: what is left of the log is as good as any */
    for (uint64_t i = n; i-- > 0;) {
        uint64_t where = d->log[i].where, old = d->log[i].old;
#if !VIPC_NO_SPACES
        if (where & VIPCI_FAR) {
            uint32_t words = v->page_shift - 3;
            vipci_u64 *at = (vipci_u64 *)vipci_frames_at(v, (where & ~VIPCI_FAR) >> words, 1);
            if (at) vipci_store64(v, at + (where & ((1u << words) - 1)), old);
            continue;
        }
#endif
        if (!vipci_inside(v, where >> 1) || ((where >> 1) & (where & 1 ? 7 : 3))) continue;
        if (where & 1) vipci_store64(v, (vipci_u64 *)(void *)(v->base + (where >> 1)), old);
        else vipci_store32(v, (uint32_t *)(void *)(v->base + (where >> 1)), (uint32_t)old);
    }
    if (d->taking_count) {
        if (d->taking_first != VIPCI_NO_FRAME) v->hooks->frame_free(v->hooks->user, d->taking_first, d->taking_count);
        vipci_store64(v, &d->taking_count, 0);
    }
    vipci_store64(v, &d->log_count, 0);
}
static void vipci_redo(const vipc *v)
{
    vipci_domain *d = vipci_d(v);
    uint32_t n = d->redo_count <= VIPCI_REDO_MAX ? d->redo_count : VIPCI_REDO_MAX;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t first = d->redo[i].first, count = d->redo[i].count, object = count & ~(VIPCI_REDO_QUEUE | VIPCI_REDO_URGENT);
#if !VIPC_NO_SPACES
        if (count >> 62 == VIPCI_REDO_SPACE >> 62) {
            vipci_space *s = first < v->max_spaces ? vipci_space_at(v, (uint32_t)first) : NULL;
            if (s && s->root && v->hooks->space_destroy && v->hooks->space_destroy(v->hooks->user, s->root) == VIPC_OK) vipci_store64(v, &s->root, 0);
            continue;
        }
#endif
        if (count == object) v->hooks->frame_free(v->hooks->user, first, count);
        else if (object < v->max_objects) {
            vipci_object *o = vipci_object_at(v, (uint32_t)object);
            vipci_store64(v, !VIPC_NO_URGENT && (count & VIPCI_REDO_URGENT) ? &o->urgent : &o->queue, (first + 1) << 1);
        }
    }
    if (n) vipci_store32(v, &d->redo_count, 0);
}
static void vipci_commit(const vipc *v)
{
    /* ---- point of no return of the step ---- */
    vipci_store64(v, &vipci_d(v)->log_count, 0);
    if (VIPC_SMALL || vipci_d(v)->redo_count) vipci_redo(v);
}
static bool vipci_log_at(const vipc *v, uint64_t where, uint64_t old)
{
    vipci_domain *d = vipci_d(v);
    uint64_t n = d->log_count;
    if (n >= VIPCI_LOG_MAX) return false;
    vipci_poke64(v, &d->log[n].where, where);
    vipci_poke64(v, &d->log[n].old, old);
    vipci_store64(v, &d->log_count, n + 1);                  /* the entry counts from here on, before the data changes */
    return true;
}
static bool vipci_log(const vipc *v, const void *p, uint64_t old, uint64_t wide)
{
    return vipci_log_at(v, (uint64_t)((const unsigned char *)p - v->base) << 1 | wide, old);
}
/* A full log means that its count was scribbled over: steps are sized to fit.  The change is then made without a way back. */
static void vipci_set32(const vipc *v, uint32_t *p, uint32_t n)
{
    if (*p == n) return;
    (void)vipci_log(v, p, *p, 0);
    vipci_store32(v, p, n);
}
static void vipci_set64(const vipc *v, vipci_u64 *p, uint64_t n)
{
    if (*p == n) return;
    (void)vipci_log(v, p, *p, 1);
    vipci_store64(v, p, n);
}
#if !VIPC_NO_SPACES
static vipc_error vipci_step_end(const vipc *v, vipc_error e)
{
    if (e == VIPC_OK) vipci_commit(v); else vipci_rollback(v);
    return e;
}
/* Word `i` of a frame, which this process sees at `words`. */
static inline void vipci_set_far(const vipc *v, uint64_t frame, vipci_u64 *words, uint32_t i, uint64_t n)
{
    if (words[i] == n) return;
    (void)vipci_log_at(v, VIPCI_FAR | (frame << (v->page_shift - 3)) | i, words[i]);
    vipci_store64(v, &words[i], n);
}
#endif

static bool vipci_holder_died(const vipc *v, uint64_t word)
{
    uint32_t i = (uint32_t)(word & 0xffff) - 1;
    if (i >= v->max_threads || word == vipci_lock_word(v)) return true;      /* no such view, or this one, which does not hold it: scribbled */
    uint64_t owner = vipci_load64(v, &vipci_view_at(v, i)->owner);
    uint32_t p = (uint32_t)owner - 1;
    if ((uint32_t)(owner >> 32) != (uint32_t)(word >> 16) || p >= v->max_processes) return vipci_load64(v, &vipci_d(v)->lock) == word;
    if (p == v->process) return false;                       /* another thread of this process */
    if (vipci_load32(v, &vipci_process_at(v, p)->state) == VIPCI_CONDEMNED) return true;
    return !vipci_proof_alive(v, vipci_load64(v, &vipci_process_at(v, p)->proof));
}
static vipc_error vipci_lock_try(const vipc *v)
{
    vipci_u64 *lock = &vipci_d(v)->lock;
    uint64_t w = vipci_load64(v, lock);
    if (w && !vipci_holder_died(v, w)) return VIPC_ERR_WOULD_BLOCK;
    if (!vipci_cas64(v, lock, w, vipci_lock_word(v))) return VIPC_ERR_WOULD_BLOCK;      /* RACE 6 */
    uint64_t undone = vipci_d(v)->log_count;
    if (w || undone) {                                       /* RACE 7 */
        vipci_rollback(v);
        vipci_say(v, 1, VIPC_LOG_ROLLED_BACK, (w & 0xffff) - 1, undone);
    }
    if (VIPC_SMALL || vipci_d(v)->redo_count) vipci_redo(v);
    return VIPC_OK;
}
static VIPCI_COLD vipc_error vipci_lock_wait(vipc *v, vipc_time deadline)
{
    vipci_wait w = vipci_wait_for(v, VIPCI_FOR_LOCK, 0, &vipci_d(v)->lock_flag, 64, deadline);
    w.deaf = true;
    vipc_error e, ended = VIPC_OK;
    do e = vipci_lock_try(v); while (e != VIPC_OK && (ended = vipci_pause(v, &w)) == VIPC_OK);
    vipci_unregister(v, &w);
    if (e != VIPC_OK && w.chosen) vipci_wake_one(v, VIPCI_FOR_LOCK, 0, w.flag);
    return e == VIPC_OK ? VIPC_OK : ended;
}
static vipc_error vipci_lock(vipc *v, vipc_time deadline)
{
    vipc_error e = vipci_lock_try(v);
    if (e == VIPC_OK || deadline != VIPC_NOW) return e == VIPC_OK ? e : vipci_lock_wait(v, deadline);
    for (uint32_t i = 0; e != VIPC_OK && i < VIPCI_PATIENCE_MAX && v->hooks->cpus != 1; i++) {     /* its holder is most likely about to let go */
        vipci_relax(v);
        e = vipci_lock_try(v);
    }
    return e;
}
/* For operations that need the lock on the side: their own WOULD_BLOCK means something else. */
static vipc_error vipci_lock_aside(vipc *v, vipc_time deadline)
{
    vipc_error e = vipci_lock(v, deadline);
    return e == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_RESOURCE_BUSY : e;
}
static void vipci_unlock(const vipc *v)
{
    (void)vipci_cas64(v, &vipci_d(v)->lock, vipci_lock_word(v), 0);
    vipci_wake_one(v, VIPCI_FOR_LOCK, 0, &vipci_d(v)->lock_flag);
}
/* The error path of a step: all of it is taken back by the code that a kill would use. */
static vipc_error vipci_fail(const vipc *v, vipc_error e)
{
    vipci_rollback(v);
    vipci_unlock(v);
    return e;
}

/* -------------------------------------------------------------------------------------------------- >>tables
 * Under the lock, within a step: frames, slots of the tables, and the lists that hang on indices.  Every index that is read here
 * came from shared memory: it is checked against the private limits before use. */
/* They are not yet counted: if the step is taken back now, taking_first and taking_count say what goes. */
static VIPCI_HERE vipc_error vipci_ask_frames(const vipc *v, uint32_t near, uint64_t count, uint64_t *first, void **at)      /* near: node + 1; 0: any */
{
    vipci_domain *d = vipci_d(v);
    vipci_store64(v, &d->taking_first, VIPCI_NO_FRAME);
    vipci_store64(v, &d->taking_count, count);               /* a kill in the hook: the roll-back frees what taking_first says */
    uint64_t got = VIPCI_NO_FRAME;
    vipc_error e;
#if !VIPC_NO_REGIONS
    if (near && v->hooks->frame_alloc_near) e = v->hooks->frame_alloc_near(v->hooks->user, near - 1, count, &d->taking_first);
    else
#endif
        e = v->hooks->frame_alloc(v->hooks->user, count, &d->taking_first);
    (void)near;
    if (e == VIPC_OK) got = d->taking_first;
    if (e != VIPC_OK || got == VIPCI_NO_FRAME || !(*at = vipci_frames_at(v, got, count))) {
        if (e != VIPC_OK) vipci_store64(v, &d->taking_count, 0);
        return e == VIPC_OK ? VIPC_ERR_HOOK : e < 0 && e >= VIPC_ERR_HOOK ? e : VIPC_ERR_HOOK;
    }
    *first = got;
    return VIPC_OK;
}
static vipc_error vipci_take_frames_near(const vipc *v, uint32_t near, uint64_t count, uint64_t *first)
{
    vipci_domain *d = vipci_d(v);
    void *at;
    vipc_error e = vipci_ask_frames(v, near, count, first, &at);
    if (e != VIPC_OK) return e;
    vipci_set64(v, &d->taking_count, 0);                     /* logged: a roll-back from here on frees them too */
    vipci_set64(v, &d->frames, d->frames + count);
    if (d->frames > d->frames_high) vipci_set64(v, &d->frames_high, d->frames);
    return VIPC_OK;
}
static inline vipc_error vipci_take_frames(const vipc *v, uint64_t count, uint64_t *first) { return vipci_take_frames_near(v, 0, count, first); }
static void vipci_after_commit(const vipc *v, uint64_t first, uint64_t count)
{
    vipci_domain *d = vipci_d(v);
    uint32_t n = d->redo_count;
    if (n >= VIPCI_REDO_MAX) return;                         /* scribbled over: a step has one entry, or two */
    vipci_set64(v, &d->redo[n].first, first);
    vipci_set64(v, &d->redo[n].count, count);
    vipci_set32(v, &d->redo_count, n + 1);
}
static void vipci_drop_frames(const vipc *v, uint64_t first, uint64_t count)
{
    vipci_domain *d = vipci_d(v);
    vipci_after_commit(v, first, count);
    vipci_set64(v, &d->frames, d->frames >= count ? d->frames - count : 0);
}

/* A slot of a table: from its free list, else one that was never used.  *index; LIMIT. */
static vipc_error vipci_take_slot(const vipc *v, uint32_t *free_head, uint32_t *used, uint32_t limit, uint32_t next_of_head, uint32_t *index)
{
    uint32_t head = *free_head;
    if (head > *used || *used > limit) return VIPC_ERR_CORRUPT;
    if (head) {
        vipci_set32(v, free_head, next_of_head);
        *index = head - 1;
        return VIPC_OK;
    }
    if (*used == limit) return VIPC_ERR_LIMIT;
    *index = *used;
    vipci_set32(v, used, *used + 1);
    return VIPC_OK;
}
#define VIPCI_NEXT_FREE(record_at, head, limit) ((head) && (head) <= (limit) ? (record_at)(v, (head) - 1)->next : 0)

static uint32_t *vipci_bucket(const vipc *v, uint32_t hash)
{
    return (uint32_t *)(void *)v->buckets + (hash & (vipci_buckets(v->max_names) - 1));
}
static void vipci_name_remove(const vipc *v, uint32_t link)
{
    if (!link || link > v->max_names) return;
    vipci_name *n = vipci_name_at(v, link - 1);
    uint32_t *at = vipci_bucket(v, n->hash);
    for (uint32_t steps = 0; *at && *at <= v->max_names && steps <= v->max_names; steps++) {
        if (*at == link) { vipci_set32(v, at, n->next); break; }
        at = &vipci_name_at(v, *at - 1)->next;
    }
#if !VIPC_NO_REGIONS
    uint32_t *count = n->length & VIPCI_NAMES_MEMORY ? &vipci_d(v)->named : &vipci_d(v)->published;
    vipci_set32(v, count, *count - 1);
#endif
    vipci_set32(v, &n->cap, 0);
    vipci_set32(v, &n->next, vipci_d(v)->free_name);
    vipci_set32(v, &vipci_d(v)->free_name, link);
}

#if !VIPC_NO_SPACES
/* ------------------------------------------------------------------------------------------------- >>regions
 * The regions of a space in order of address: a B+-tree of nodes of VIPCI_FAN entries each, out of one table for all spaces.  Under the lock, within a step;
 * on an error the caller rolls the step back.
 * A leaf's entry is a region.  An inner node's entry stands for a child: start of the first region below it, end of the last, `a` the widest gap between two
 * of the regions below it, `b` its link.  All of that is exact at the end of every operation, so a search goes down once and never back, by ends or by gaps;
 * gaps between two children follow from end and start of neighbours.  Every node but a root has VIPCI_FAN / 2 entries at least, an inner root two: r regions
 * take r / 6 nodes and the root at most (r / 7 + r / 49 + ...), whatever was done in what order.  A full node gives to a neighbour before it is split, all
 * that fits where entries come in order: that leaves full nodes.
 *
 * A node's `order` names its slots by address.  A slot that it does not name is nobody's and is written without the log; then one logged word makes it an
 * entry.  A step may hold several operations, and one operation takes entries out of a node and puts others in, so what counts is whether `order` named the
 * slot when the step began: the log knows (vipci_named).  Nodes on the free list, and those never used, have order 0; `next` of a node in use means nothing.
 *
 * Words logged by one operation in a tree of n levels, at most: insert 8 n + 16, remove 8 n + 12, change 3 n + 4; a tree of 8,000,000 regions has at most 8
 * levels.  Tests: t_regions. */
typedef struct vipci_area { uint64_t start, end, a, b; } vipci_area;      /* a region by value: [start, end), what it is, and more of that */
#define VIPCI_LEVELS_MAX 10u
#define VIPCI_FILL_MIN (VIPCI_FAN / 2u)
typedef struct vipci_path {            /* the way down to an entry of a leaf */
    struct { vipci_node *node; uint32_t at; } step[VIPCI_LEVELS_MAX];     /* by level; at: which entry by address.  In the leaf it may be one past the last */
    uint32_t top;                      /* level of the root */
    uint64_t low, high;                /* end of the region before that one, start of the one behind it */
} vipci_path;

static inline uint32_t vipci_entries(uint64_t order) { return (uint32_t)order & 15u; }
static inline uint32_t vipci_nth(uint64_t order, uint32_t i) { return (uint32_t)(order >> (4 * i + 4)) & 15u; }     /* i < VIPCI_FAN */
static inline uint64_t vipci_order_with(uint64_t order, uint32_t i, uint32_t slot)     /* i <= entries < VIPCI_FAN */
{
    uint64_t below = ((uint64_t)1 << (4 * i + 4)) - 1;
    return ((order & below) | (order & ~below) << 4 | (uint64_t)slot << (4 * i + 4)) + 1;
}
static inline uint64_t vipci_order_without(uint64_t order, uint32_t i)                 /* i < entries */
{
    uint64_t below = ((uint64_t)1 << (4 * i + 4)) - 1;
    return ((order & below) | (order >> 4 & ~below)) - 1;
}
static uint32_t vipci_order_slots(uint64_t order)                  /* those that it names, as bits */
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < vipci_entries(order); i++) bits |= 1u << vipci_nth(order, i);
    return bits;
}
/* Read once.  Nonsense (slot 15) reads as an empty node, which nobody looks for anything in. */
static inline uint64_t vipci_order(const vipc *v, vipci_node *n)
{
    uint64_t o = vipci_word_load(v, &n->order);
    return VIPCI_LIKELY(!(o & o >> 1 & o >> 2 & o >> 3 & 0x1111111111111110u)) ? o : 0;
}
/* All lines of a node at once: in a large tree, waiting for one after the other is most of the time of a search. */
static inline void vipci_node_fetch(const vipci_node *n)
{
#if defined(__GNUC__)
    const char *line = (const char *)n;
    __builtin_prefetch(line);
    __builtin_prefetch(line + 64);
    __builtin_prefetch(line + 128);
    __builtin_prefetch(line + 192);
    __builtin_prefetch(line + 256);
    __builtin_prefetch(line + 320);
    __builtin_prefetch(line + 384);
    __builtin_prefetch(line + 448);
#else
    (void)n;
#endif
}
static inline vipci_node *vipci_node_linked(const vipc *v, uint64_t link, uint32_t level)     /* NULL for nonsense.  Levels fall by one, so that a way down
                                                                                               * ends */
{
    if (link - 1 >= v->max_nodes) return NULL;
    vipci_node *n = vipci_node_at(v, (uint32_t)link - 1);
    vipci_node_fetch(n);
    return vipci_peek32(v, &n->level) == level ? n : NULL;
}
static inline uint32_t vipci_node_link(const vipc *v, const vipci_node *n) { return (uint32_t)(n - vipci_node_at(v, 0)) + 1; }
static inline vipci_node *vipci_node_root(const vipc *v, const vipci_space *s, uint32_t *level)
{
    uint32_t link = vipci_peek32(v, (uint32_t *)(uintptr_t)&s->tree);
    if (link - 1 >= v->max_nodes) return NULL;
    vipci_node *n = vipci_node_at(v, link - 1);
    *level = vipci_peek32(v, &n->level);
    return *level < VIPCI_LEVELS_MAX ? n : NULL;
}
static inline vipci_node *vipci_node_child(const vipc *v, vipci_node *n, uint32_t slot, uint32_t level)
{
    return vipci_node_linked(v, vipci_word_load(v, &n->b[slot]), level - 1);
}
static inline vipci_area vipci_node_area(const vipc *v, vipci_node *n, uint32_t slot)
{
    vipci_area e = { vipci_word_load(v, &n->start[slot]), vipci_word_load(v, &n->end[slot]), vipci_word_load(v, &n->a[slot]), vipci_word_load(v, &n->b[slot]) };
    return e;
}
/* How many entries have a key that is at most `at`; the keys ascend.  Three comparisons that wait for nothing tell the quarter, three more the place in it:
 * no branch to guess, and two loads in a row.  An order names slot 0 where it names none. */
static VIPCI_HERE uint32_t vipci_at_most(const vipc *v, vipci_u64 *key, uint64_t slots, uint32_t i, uint32_t n, uint64_t at)
{
    return (uint32_t)(i < n) & (uint32_t)(vipci_word_load(v, &key[slots >> (4 * i) & 15u]) <= at);
}
static VIPCI_HERE uint32_t vipci_upto(const vipc *v, vipci_u64 *key, uint64_t order, uint64_t at)
{
    uint32_t n = vipci_entries(order);
    order >>= 4;
    uint32_t i = 4 * (vipci_at_most(v, key, order, 3, n, at) + vipci_at_most(v, key, order, 7, n, at) + vipci_at_most(v, key, order, 11, n, at));
    order >>= 4 * i;
    n -= i;
    return i + vipci_at_most(v, key, order, 0, n, at) + vipci_at_most(v, key, order, 1, n, at) + vipci_at_most(v, key, order, 2, n, at);
}
/* Bytes between entry i and the next. */
static inline uint64_t vipci_gap(const vipc *v, vipci_node *n, uint64_t order, uint32_t i)
{
    uint64_t end = vipci_word_load(v, &n->end[vipci_nth(order, i)]), start = vipci_word_load(v, &n->start[vipci_nth(order, i + 1)]);
    return start > end ? start - end : 0;
}

/* ---- finding ---- */
/* The region that contains `at`, else the first above it; false: there is none. */
static bool vipci_region_at(const vipc *v, const vipci_space *s, uint64_t at, vipci_area *out)
{
    uint32_t level;
    for (vipci_node *n = vipci_node_root(v, s, &level); n; level--) {
        uint64_t order = vipci_order(v, n);
        uint32_t i = vipci_upto(v, n->end, order, at);
        if (i >= vipci_entries(order)) return false;
        if (level == 0) {
            *out = vipci_node_area(v, n, vipci_nth(order, i));
            return out->start < out->end && at < out->end;
        }
        n = vipci_node_child(v, n, vipci_nth(order, i), level);
    }
    return false;
}
/* The last one that ends at or below `at`; false: there is none.  It stands before the first that ends above: left of the way there, at the last turn that
 * had a left. */
static bool vipci_region_below(const vipc *v, const vipci_space *s, uint64_t at, vipci_area *out)
{
    uint32_t level, turn_level = 0, turn_slot = 0;
    vipci_node *turn = NULL;
    for (vipci_node *n = vipci_node_root(v, s, &level); n; level--) {
        uint64_t order = vipci_order(v, n);
        uint32_t i = vipci_upto(v, n->end, order, at);
        if (i) {
            turn = n;
            turn_level = level;
            turn_slot = vipci_nth(order, i - 1);
        }
        if (level == 0 || i >= vipci_entries(order)) break;
        n = vipci_node_child(v, n, vipci_nth(order, i), level);
    }
    while (turn && turn_level) {
        turn = vipci_node_child(v, turn, turn_slot, turn_level--);
        uint64_t order = turn ? vipci_order(v, turn) : 0;
        if (!order) return false;
        turn_slot = vipci_nth(order, vipci_entries(order) - 1);
    }
    if (!turn) return false;
    *out = vipci_node_area(v, turn, turn_slot);
    return out->start < out->end && out->end <= at;
}
/* The way to the first region that ends above `at`, else to behind the last.  False: no tree, or nonsense. */
static bool vipci_path_to(const vipc *v, const vipci_space *s, uint64_t at, vipci_path *p)
{
    uint32_t level = 0;
    bool behind = false;
    p->low = 0;
    p->high = ~(uint64_t)0;
    vipci_node *n = vipci_node_root(v, s, &level);
    p->top = level;
    for (; n; level--) {
        uint64_t order = vipci_order(v, n);
        uint32_t i = vipci_upto(v, n->end, order, at), count = vipci_entries(order);
        if (level == p->top) behind = i == count;
        if (count == 0 || behind != (i == count)) return false;
        if (behind && level) i--;
        if (i) p->low = vipci_word_load(v, &n->end[vipci_nth(order, i - 1)]);
        if (i + 1 < count) p->high = vipci_word_load(v, &n->start[vipci_nth(order, i + 1)]);
        p->step[level].node = n;
        p->step[level].at = i;
        if (level == 0) return true;
        n = vipci_node_child(v, n, vipci_nth(order, i), level);
    }
    return false;
}

/* ---- nodes ---- */
/* The slots that the node's order named when the step began. */
static uint32_t vipci_named(const vipc *v, vipci_node *n)
{
    vipci_domain *d = vipci_d(v);
    uint64_t where = (uint64_t)((const unsigned char *)&n->order - v->base) << 1 | 1, count = d->log_count;
    for (uint64_t i = 0; i < count && i < VIPCI_LOG_MAX; i++)
        if (d->log[i].where == where) return vipci_order_slots(d->log[i].old);
    return vipci_order_slots(n->order);
}
static vipci_node *vipci_node_take(const vipc *v, uint32_t level, vipc_error *e)
{
    vipci_domain *d = vipci_d(v);
    uint32_t index = 0, head = d->free_node;
    *e = vipci_take_slot(v, &d->free_node, &d->used_nodes, v->max_nodes, VIPCI_NEXT_FREE(vipci_node_at, head, v->max_nodes), &index);
    if (*e == VIPC_OK && (index >= v->max_nodes || vipci_node_at(v, index)->order)) *e = VIPC_ERR_CORRUPT;
    if (*e != VIPC_OK) return NULL;
    vipci_set32(v, &vipci_node_at(v, index)->level, level);
    return vipci_node_at(v, index);
}
static void vipci_node_free(const vipc *v, vipci_node *n)
{
    vipci_domain *d = vipci_d(v);
    vipci_set64(v, &n->order, 0);
    vipci_set32(v, &n->next, d->free_node);
    vipci_set32(v, &d->free_node, vipci_node_link(v, n));
}
/* Write a slot that is not in `used`, one that needs no log if there is one.  The releasing stores keep it behind the commit of the step that gave the slot
 * up. */
static uint32_t vipci_node_put(const vipc *v, vipci_node *n, uint32_t *used, uint32_t named, const vipci_area *e)
{
    uint32_t idle = ~(*used | named) & 0x7fffu, slot = 0;
    if (!idle) idle = ~*used & 0x7fffu;
    while (slot < VIPCI_FAN - 1 && !(idle >> slot & 1)) slot++;
    if (named >> slot & 1) {
        vipci_set64(v, &n->start[slot], e->start);
        vipci_set64(v, &n->end[slot], e->end);
        vipci_set64(v, &n->a[slot], e->a);
        vipci_set64(v, &n->b[slot], e->b);
    } else {
        vipci_store64(v, &n->start[slot], e->start);
        vipci_store64(v, &n->end[slot], e->end);
        vipci_store64(v, &n->a[slot], e->a);
        vipci_store64(v, &n->b[slot], e->b);
    }
    *used |= 1u << slot;
    return slot;
}
/* As i-th entry; false: the node is full. */
static bool vipci_node_add(const vipc *v, vipci_node *n, uint32_t i, const vipci_area *e)
{
    uint64_t order = vipci_order(v, n);
    uint32_t count = vipci_entries(order), used = vipci_order_slots(order);
    if (count == VIPCI_FAN) return false;
    uint32_t slot = vipci_node_put(v, n, &used, vipci_named(v, n), e);
    vipci_set64(v, &n->order, vipci_order_with(order, i < count ? i : count, slot));
    return true;
}
/* The first `k` entries of `from` to the end of `to`, or else the last ones to its front. */
static void vipci_node_move(const vipc *v, vipci_node *from, vipci_node *to, uint32_t k, bool first)
{
    uint64_t source = vipci_order(v, from), target = vipci_order(v, to);
    uint32_t n = vipci_entries(source), count = vipci_entries(target), used = vipci_order_slots(target), named = vipci_named(v, to);
    if (k > n) k = n;
    if (k > VIPCI_FAN - count) k = VIPCI_FAN - count;
    if (k == 0) return;
    for (uint32_t i = 0; i < k; i++) {
        vipci_area e = vipci_node_area(v, from, vipci_nth(source, first ? i : n - k + i));
        target = vipci_order_with(target, first ? count + i : i, vipci_node_put(v, to, &used, named, &e));
    }
    source >>= 4;
    source = first ? source >> (4 * k) : source & (((uint64_t)1 << (4 * (n - k))) - 1);      /* n - k < VIPCI_FAN */
    vipci_set64(v, &to->order, target);
    vipci_set64(v, &from->order, source << 4 | (n - k));
}
/* What its parent's entry says of a node. */
static vipci_area vipci_node_sum(const vipc *v, vipci_node *n, bool inner)
{
    uint64_t order = vipci_order(v, n), gap;
    uint32_t count = vipci_entries(order);
    vipci_area sum = { 0, 0, 0, vipci_node_link(v, n) };
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 < count && (gap = vipci_gap(v, n, order, i)) > sum.a) sum.a = gap;
        if (inner && (gap = vipci_word_load(v, &n->a[vipci_nth(order, i)])) > sum.a) sum.a = gap;
    }
    if (count == 0) return sum;
    sum.start = vipci_word_load(v, &n->start[vipci_nth(order, 0)]);
    sum.end = vipci_word_load(v, &n->end[vipci_nth(order, count - 1)]);
    return sum;
}
static bool vipci_node_tell(const vipc *v, vipci_node *parent, uint32_t slot, vipci_node *child, uint32_t level)     /* false: nothing new */
{
    vipci_area sum = vipci_node_sum(v, child, level != 0);
    if (parent->start[slot] == sum.start && parent->end[slot] == sum.end && parent->a[slot] == sum.a) return false;
    vipci_set64(v, &parent->start[slot], sum.start);
    vipci_set64(v, &parent->end[slot], sum.end);
    vipci_set64(v, &parent->a[slot], sum.a);
    return true;
}
/* The node at `level` of the path has changed, but has its place: tell those above. */
static void vipci_path_tell(const vipc *v, const vipci_path *p, uint32_t level)
{
    for (; level < p->top; level++) {
        vipci_node *parent = p->step[level + 1].node;
        if (!vipci_node_tell(v, parent, vipci_nth(vipci_order(v, parent), p->step[level + 1].at), p->step[level].node, level)) return;
    }
}

/* ---- changing ---- */
static vipc_error vipci_tree_grow(const vipc *v, vipci_space *s, vipci_path *p)     /* a root above the root */
{
    vipc_error e = VIPC_ERR_CORRUPT;
    vipci_node *root = p->top + 1 < VIPCI_LEVELS_MAX ? vipci_node_take(v, p->top + 1, &e) : NULL;
    if (!root) return e;
    vipci_area sum = vipci_node_sum(v, p->step[p->top].node, p->top != 0);
    (void)vipci_node_add(v, root, 0, &sum);
    vipci_set32(v, &s->tree, vipci_node_link(v, root));
    p->top++;
    p->step[p->top].node = root;
    p->step[p->top].at = 0;
    return VIPC_OK;
}
/* Of the sixteen that a full node's entries and *e, the i-th, are together, some go to a neighbour.  False: both are full. */
static bool vipci_tree_shift(const vipc *v, const vipci_path *p, uint32_t level, uint32_t i, const vipci_area *e)
{
    vipci_node *n = p->step[level].node, *parent = p->step[level + 1].node;
    uint64_t order = vipci_order(v, parent);
    uint32_t at = p->step[level + 1].at, count = vipci_entries(order);
    for (uint32_t turn = 0; turn < 2 && at < count; turn++) {
        bool left = (i > VIPCI_FAN / 2) == (turn == 0);
        if (left ? at == 0 : at + 1 == count) continue;
        uint32_t slot = vipci_nth(order, left ? at - 1 : at + 1);
        vipci_node *other = vipci_node_child(v, parent, slot, level + 1);
        uint32_t has = other ? vipci_entries(vipci_order(v, other)) : 0, room = VIPCI_FAN - has;
        if (has == 0 || room == 0) continue;
        uint32_t k = (left ? i == VIPCI_FAN : i == 0) ? room : (room + 1) / 2, edge = left ? k : VIPCI_FAN + 1 - k;    /* where the sixteen are cut */
        bool there = left ? i < edge : i >= edge;
        vipci_node_move(v, n, other, there ? k - 1 : k, left);
        if (!vipci_node_add(v, there ? other : n, there ? (left ? has + i : i - edge) : (left ? i - edge : i), e)) return false;
        (void)vipci_node_tell(v, parent, slot, other, level);
        (void)vipci_node_tell(v, parent, vipci_nth(order, at), n, level);
        return true;
    }
    return false;
}
/* Split a full node that *e is to be the i-th entry of: the new node has the half with *e in it, so that the old one only loses.  *e and *i: what the parent
 * is to take then, and where. */
static vipc_error vipci_tree_split(const vipc *v, const vipci_path *p, uint32_t level, uint32_t *i, vipci_area *e)
{
    vipci_node *n = p->step[level].node, *parent = p->step[level + 1].node;
    uint32_t half = (VIPCI_FAN + 1) / 2, at = p->step[level + 1].at;
    bool left = *i < half;
    vipc_error error;
    vipci_node *fresh = vipci_node_take(v, level, &error);
    if (!fresh) return error;
    vipci_node_move(v, n, fresh, half - 1, left);
    if (!vipci_node_add(v, fresh, left ? *i : *i - half, e)) return VIPC_ERR_CORRUPT;
    (void)vipci_node_tell(v, parent, vipci_nth(vipci_order(v, parent), at), n, level);
    *e = vipci_node_sum(v, fresh, level != 0);
    *i = left ? at : at + 1;
    return VIPC_OK;
}
static void vipci_regions_count(const vipc *v, vipci_space *s, uint32_t more, uint32_t fewer)
{
    vipci_domain *d = vipci_d(v);
    vipci_set32(v, &s->regions, s->regions + more - fewer);
    vipci_set32(v, &d->regions, d->regions + more - fewer);
}
/* OK: n more regions, in whatever spaces, find room; else LIMIT. */
static vipc_error vipci_regions_room(const vipc *v, const vipci_space *s, uint32_t n)
{
    (void)s;
    uint32_t have = vipci_d(v)->regions;
    return have <= v->max_regions && n <= v->max_regions - have ? VIPC_OK : VIPC_ERR_LIMIT;
}
/* LIMIT: nothing has changed; CORRUPT: it overlaps another, or is empty. */
static vipc_error vipci_region_insert(const vipc *v, vipci_space *s, const vipci_area *r)
{
    vipci_poke64(v, &s->version, s->version + VIPCI_VERSION);
    vipci_path p;
    vipci_area entry = *r;
    vipc_error e = vipci_regions_room(v, s, 1);
    if (entry.start >= entry.end) return VIPC_ERR_CORRUPT;
    if (e != VIPC_OK) return e;
    if (!s->tree) {
        vipci_node *root = vipci_node_take(v, 0, &e);
        if (!root) return e;
        (void)vipci_node_add(v, root, 0, &entry);
        vipci_set32(v, &s->tree, vipci_node_link(v, root));
        vipci_regions_count(v, s, 1, 0);
        return VIPC_OK;
    }
    if (!vipci_path_to(v, s, entry.start, &p) || p.low > entry.start) return VIPC_ERR_CORRUPT;
    uint32_t level = 0, i = p.step[0].at;
    uint64_t order = vipci_order(v, p.step[0].node);
    if (i < vipci_entries(order) && vipci_word_load(v, &p.step[0].node->start[vipci_nth(order, i)]) < entry.end) return VIPC_ERR_CORRUPT;
    for (; !vipci_node_add(v, p.step[level].node, i, &entry); level++) {
        if (level == p.top && (e = vipci_tree_grow(v, s, &p)) != VIPC_OK) return e;
        if (vipci_tree_shift(v, &p, level, i, &entry)) { level++; break; }
        if ((e = vipci_tree_split(v, &p, level, &i, &entry)) != VIPC_OK) return e;
    }
    vipci_path_tell(v, &p, level);
    vipci_regions_count(v, s, 1, 0);
    return VIPC_OK;
}
/* The node at `level` of the path has lost an entry. */
static vipc_error vipci_tree_settle(const vipc *v, vipci_space *s, const vipci_path *p, uint32_t level)
{
    for (;; level++) {
        vipci_node *n = p->step[level].node;
        uint64_t order = vipci_order(v, n);
        uint32_t count = vipci_entries(order);
        if (level == p->top) {
            if (level ? count > 1 : count > 0) return VIPC_OK;
            vipci_node *only = count ? vipci_node_child(v, n, vipci_nth(order, 0), level) : NULL;
            if (level && !only) return VIPC_ERR_CORRUPT;
            vipci_set32(v, &s->tree, only ? vipci_node_link(v, only) : 0);
            vipci_node_free(v, n);
            return VIPC_OK;
        }
        if (count >= VIPCI_FILL_MIN) break;
        vipci_node *parent = p->step[level + 1].node;
        uint32_t at = p->step[level + 1].at;
        uint64_t above = vipci_order(v, parent);
        if (vipci_entries(above) < 2 || at >= vipci_entries(above)) return VIPC_ERR_CORRUPT;
        uint32_t slot = vipci_nth(above, at ? at - 1 : at + 1);
        vipci_node *other = vipci_node_child(v, parent, slot, level + 1);
        uint32_t has = other ? vipci_entries(vipci_order(v, other)) : 0;
        if (has < VIPCI_FILL_MIN || other == n) return VIPC_ERR_CORRUPT;
        if (has + count < VIPCI_FAN) {                       /* both in one; not to the brim, or the next insert would part them again */
            vipci_node_move(v, n, other, count, at != 0);
            (void)vipci_node_tell(v, parent, slot, other, level);
            vipci_set64(v, &parent->order, vipci_order_without(above, at));
            vipci_node_free(v, n);
            continue;
        }
        vipci_node_move(v, other, n, (has - count + 1) / 2, at == 0);
        (void)vipci_node_tell(v, parent, slot, other, level);
        (void)vipci_node_tell(v, parent, vipci_nth(above, at), n, level);
        level++;
        break;
    }
    vipci_path_tell(v, p, level);
    return VIPC_OK;
}
/* The region that starts there: its leaf and slot; false: there is none. */
static bool vipci_path_exact(const vipc *v, const vipci_space *s, uint64_t start, vipci_path *p, uint32_t *slot)
{
    if (!vipci_path_to(v, s, start, p)) return false;
    uint64_t order = vipci_order(v, p->step[0].node);
    if (p->step[0].at >= vipci_entries(order)) return false;
    *slot = vipci_nth(order, p->step[0].at);
    return vipci_word_load(v, &p->step[0].node->start[*slot]) == start;
}
static vipc_error vipci_region_remove(const vipc *v, vipci_space *s, uint64_t start)      /* CORRUPT: none starts there */
{
    vipci_poke64(v, &s->version, s->version + VIPCI_VERSION);
    vipci_path p;
    uint32_t slot;
    if (!vipci_path_exact(v, s, start, &p, &slot) || !s->regions || !vipci_d(v)->regions) return VIPC_ERR_CORRUPT;
    vipci_node *leaf = p.step[0].node;
    uint64_t order = vipci_order(v, leaf);
    if (p.step[0].at >= vipci_entries(order)) return VIPC_ERR_CORRUPT;
    vipci_set64(v, &leaf->order, vipci_order_without(order, p.step[0].at));
    vipci_regions_count(v, s, 0, 1);
    return vipci_tree_settle(v, s, &p, 0);
}
/* New bounds, between those of its neighbours, and words for the one that starts there.  CORRUPT: none does, or it would overlap. */
static vipc_error vipci_region_change(const vipc *v, vipci_space *s, uint64_t start, const vipci_area *to)
{
    vipci_poke64(v, &s->version, s->version + VIPCI_VERSION);
    vipci_path p;
    uint32_t slot;
    if (to->start >= to->end || !vipci_path_exact(v, s, start, &p, &slot) || to->start < p.low || to->end > p.high) return VIPC_ERR_CORRUPT;
    vipci_node *leaf = p.step[0].node;
    vipci_set64(v, &leaf->start[slot], to->start);
    vipci_set64(v, &leaf->end[slot], to->end);
    vipci_set64(v, &leaf->a[slot], to->a);
    vipci_set64(v, &leaf->b[slot], to->b);
    vipci_path_tell(v, &p, 0);
    return VIPC_OK;
}
/* All nodes of a space go, a leaf in each step: what is left is whole after each, for whoever goes on after a kill.  CORRUPT: the rest cannot be told. */
static vipc_error vipci_regions_free_all(const vipc *v, vipci_space *s)
{
    for (uint32_t steps = 0; s->tree; steps++) {
        vipci_path p;
        if (steps > v->max_nodes || !vipci_path_to(v, s, ~(uint64_t)0, &p)) return VIPC_ERR_CORRUPT;
        vipci_node *leaf = p.step[0].node;
        uint32_t count = vipci_entries(vipci_order(v, leaf));
        if (count > s->regions || count > vipci_d(v)->regions) return VIPC_ERR_CORRUPT;
        vipci_regions_count(v, s, 0, count);
        if (p.top) {
            uint64_t order = vipci_order(v, p.step[1].node);
            if (p.step[1].at >= vipci_entries(order)) return vipci_rollback(v), VIPC_ERR_CORRUPT;
            vipci_set64(v, &p.step[1].node->order, vipci_order_without(order, p.step[1].at));
        } else vipci_set32(v, &s->tree, 0);
        vipci_node_free(v, leaf);
        vipc_error e = p.top ? vipci_tree_settle(v, s, &p, 1) : VIPC_OK;
        if (e != VIPC_OK) return vipci_rollback(v), e;
        vipci_commit(v);
    }
    return VIPC_OK;
}

/* ---- gaps ---- */
/* In a node whose regions have a gap of `size` between them: where the lowest starts, or where the highest ends.  False: nonsense. */
static bool vipci_gap_within(const vipc *v, vipci_node *n, uint32_t level, uint64_t size, bool high, uint64_t *edge)
{
    while (n) {
        uint64_t order = vipci_order(v, n);
        uint32_t count = vipci_entries(order), i = 0, k = 0;
        for (; i < count; i++) {
            k = high ? count - 1 - i : i;                    /* an entry, and then the gap between it and the next on the way */
            if (level && vipci_word_load(v, &n->a[vipci_nth(order, k)]) >= size) break;
            if (i + 1 < count && vipci_gap(v, n, order, high ? k - 1 : k) >= size) {
                *edge = vipci_word_load(v, high ? &n->start[vipci_nth(order, k)] : &n->end[vipci_nth(order, k)]);
                return true;
            }
        }
        if (i == count) return false;
        n = vipci_node_child(v, n, vipci_nth(order, k), level--);
    }
    return false;
}
/* Likewise of those beyond the path's region, else where the last region ends, or the first starts.  Those at or past `limit` do not count. */
static bool vipci_gap_beyond(const vipc *v, const vipci_path *p, uint64_t size, bool high, uint64_t limit, uint64_t *edge)
{
    for (uint32_t level = 0; level <= p->top; level++) {
        vipci_node *n = p->step[level].node;
        uint64_t order = vipci_order(v, n);
        uint32_t count = vipci_entries(order), i = p->step[level].at;
        if (i >= count) return false;
        for (;; i = high ? i - 1 : i + 1) {
            *edge = vipci_word_load(v, high ? &n->start[vipci_nth(order, i)] : &n->end[vipci_nth(order, i)]);
            if (high ? *edge <= limit : *edge >= limit) return false;
            if (high ? i == 0 : i + 1 == count) break;
            uint32_t next = high ? i - 1 : i + 1;
            if (vipci_gap(v, n, order, high ? next : i) >= size) return true;
            if (level && vipci_word_load(v, &n->a[vipci_nth(order, next)]) >= size)
                return vipci_gap_within(v, vipci_node_child(v, n, vipci_nth(order, next), level), level - 1, size, high, edge);
        }
    }
    return true;
}
/* The lowest `at` with [at, at + size) free and inside [from, to); false: none. */
static bool vipci_gap_low(const vipc *v, const vipci_space *s, uint64_t from, uint64_t to, uint64_t size, uint64_t *at)
{
    vipci_path p;
    *at = from;
    if (size == 0 || from >= to || size > to - from) return false;
    if (!s->tree) return true;
    if (!vipci_path_to(v, s, from, &p)) return false;
    uint64_t order = vipci_order(v, p.step[0].node);
    if (p.step[0].at >= vipci_entries(order)) return true;   /* above all regions */
    uint64_t start = vipci_word_load(v, &p.step[0].node->start[vipci_nth(order, p.step[0].at)]);
    if (start > from && start - from >= size) return true;
    return vipci_gap_beyond(v, &p, size, false, to, at) && *at >= from && *at < to && size <= to - *at;
}
/* The highest.  Downwards from the region around the last byte; where that byte is free and the gap too small, from the region below. */
static bool vipci_gap_high(const vipc *v, const vipci_space *s, uint64_t from, uint64_t to, uint64_t size, uint64_t *at)
{
    vipci_path p;
    if (size == 0 || from >= to || size > to - from) return false;
    *at = to - size;
    if (!s->tree) return true;
    for (uint32_t turn = 0; ; turn++) {
        if (turn > 1 || !vipci_path_to(v, s, to - 1, &p)) return false;
        uint64_t order = vipci_order(v, p.step[0].node);
        uint32_t i = p.step[0].at;
        if (i < vipci_entries(order) && vipci_word_load(v, &p.step[0].node->start[vipci_nth(order, i)]) < to) break;
        if (p.low < to && to - p.low >= size) {
            *at = to - size;
            return true;
        }
        if (p.low <= from || p.low >= to || size > p.low - from) return false;
        to = p.low;
    }
    uint64_t edge;
    if (!vipci_gap_beyond(v, &p, size, true, from, &edge) || edge > to || edge < from || edge - from < size) return false;
    *at = edge - size;
    return true;
}

#if !VIPC_NO_INSPECT
/* How much is wrong with the tree: slots, levels, links, order, overlaps, fill, what inner nodes say, the count.  *nodes: how many it has. */
static uint32_t vipci_regions_check(const vipc *v, const vipci_space *s, uint32_t *nodes)
{
    vipci_path p;
    uint32_t wrong = 0, level = 0, regions = 0;
    uint64_t last = 0;
    *nodes = 0;
    if (!s->tree) return s->regions != 0;
    vipci_node *n = vipci_node_root(v, s, &level);
    if (!n) return 1;
    p.top = level;
    p.step[level].node = n;
    p.step[level].at = 0;
    for (*nodes = 1; level <= p.top && *nodes <= v->max_nodes;) {
        n = p.step[level].node;
        uint64_t order = vipci_order(v, n);
        uint32_t count = vipci_entries(order), i = p.step[level].at++, distinct = 0;
        if (i == 0) {
            for (uint32_t bits = vipci_order_slots(order); bits; bits &= bits - 1) distinct++;
            wrong += distinct != count || (count < VIPCI_FAN && order >> (4 * count + 4));
            wrong += count < (level < p.top ? VIPCI_FILL_MIN : level ? 2u : 1u);
        }
        if (i >= count) { level++; continue; }
        uint32_t slot = vipci_nth(order, i);
        vipci_area e = vipci_node_area(v, n, slot);
        if (level == 0) {
            wrong += e.start >= e.end || e.start < last;
            last = e.end;
            regions++;
            continue;
        }
        vipci_node *child = vipci_node_child(v, n, slot, level);
        if (!child) { wrong++; continue; }
        vipci_area sum = vipci_node_sum(v, child, level > 1);
        wrong += e.start != sum.start || e.end != sum.end || e.a != sum.a;
        p.step[--level].node = child;
        p.step[level].at = 0;
        ++*nodes;
    }
    return wrong + (regions != s->regions) + (*nodes > v->max_nodes);
}
#endif

/* --------------------------------------------------------------------------------------------------- >>pages
 * Which frame is behind which page of a space: a tree of frames, each 1 << (page_shift - 3) words, as deep as the space's range asks for, indexed by the page's
 * number in the space.  An inner word is the frame + 1 of the node below; a leaf's word an entry.  A node's words are changed by vipci_set_far.
 * And in how many entries a frame is: `refs`, for each frame below max_frames; 0: in none.  Whoever takes the last away gives the frame back, after the
 * commit.  A count that would overflow is refused, and one that is 0 is not taken from: frames whose count is damaged are lost, not freed twice.
 * Steps change at most VIPCI_STEP_PAGES entries: at most 4 words each, and a few beside them. */
enum { VIPCI_COW = 1,                  /* entry: others may have this frame: a write copies */
       VIPCI_SEEN = 2,                 /* the port may have a translation of it */
       VIPCI_STEP_PAGES = 24 };
#define VIPCI_ENTRY(frame, flags) (((frame) + 1) << 8 | (flags))
#define VIPCI_ENTRY_FRAME(entry) (((entry) >> 8) - 1)
#define VIPCI_REFS_MAX 0xfffffffeu

static inline uint32_t vipci_map_bits(const vipc *v) { return v->page_shift - 3; }
static inline uint64_t vipci_page_size(const vipc *v) { return (uint64_t)1 << v->page_shift; }
static inline uint64_t vipci_page_of(const vipc *v, const vipci_space *s, uint64_t at) { return (at - s->start) >> v->page_shift; }
static inline uint64_t vipci_page_at(const vipc *v, const vipci_space *s, uint64_t page) { return s->start + (page << v->page_shift); }
static inline uint32_t vipci_map_slot(const vipc *v, uint64_t page, uint32_t level)
{
    return (uint32_t)(page >> vipci_map_bits(v) * level) & ((1u << vipci_map_bits(v)) - 1);
}
static inline uint64_t vipci_map_span(const vipc *v, uint32_t level) { return (uint64_t)1 << vipci_map_bits(v) * (level + 1); }     /* pages below a node */
static uint32_t vipci_map_levels_for(const vipc *v, uint64_t pages)
{
    uint32_t n = 1;
    while (n * vipci_map_bits(v) < 56 && (pages - 1) >> n * vipci_map_bits(v)) n++;
    return n;
}
static inline uint32_t vipci_map_top(const vipc *v, const vipci_space *s)      /* level of the first node */
{
    const uint32_t n = vipci_peek32(v, (uint32_t *)(uintptr_t)&s->levels);
    return n - 1 < 12 && n * vipci_map_bits(v) < 64 ? n - 1 : 0;
}
/* The node of that level above `page`; NULL: there is none. */
static vipci_u64 *vipci_map_node(const vipc *v, const vipci_space *s, uint64_t page, uint32_t level, uint64_t *frame)
{
    uint64_t link = s->map;
    for (uint32_t l = vipci_map_top(v, s); link && l >= level; l--) {
        vipci_u64 *words = (vipci_u64 *)vipci_frames_at(v, link - 1, 1);
        if (!words || l == level) { *frame = link - 1; return words; }
        link = words[vipci_map_slot(v, page, l)];
    }
    return NULL;
}
/* How much of maps one operation looks at is bounded: they are trees, with less than that in them, unless somebody scribbled; then all ways may lead to the same nodes. */
static inline void vipci_map_rested(const vipc *v) { ((vipc *)(uintptr_t)v)->looks = 0; }      /* an operation begins */
static inline bool vipci_map_tired(const vipc *v) { return ++((vipc *)(uintptr_t)v)->looks > v->looks_most; }
/* The first node of that level that has pages in [*page, limit); *page moves up to it. */
static vipci_u64 *vipci_map_next(const vipc *v, const vipci_space *s, uint32_t level, uint64_t *page, uint64_t limit, uint64_t *frame)
{
    while (*page < limit && *page < vipci_map_span(v, vipci_map_top(v, s)) && !vipci_map_tired(v)) {
        uint64_t link = s->map;
        for (uint32_t l = vipci_map_top(v, s);; l--) {
            vipci_u64 *words = link ? (vipci_u64 *)vipci_frames_at(v, link - 1, 1) : NULL;
            if (!words || l < level || *page >= limit) return NULL;
            if (l == level) { *frame = link - 1; return words; }
            uint32_t i = vipci_map_slot(v, *page, l), last = (1u << vipci_map_bits(v)) - 1;
            uint64_t span = vipci_map_span(v, l - 1);
            while (!words[i] && i < last && *page < limit) { i++; *page = (*page & ~(span - 1)) + span; }
            if (!words[i]) { *page = (*page & ~(span - 1)) + span; break; }
            link = words[i];
        }
    }
    return NULL;
}
static void vipci_drop_frame(const vipc *v, uint64_t frame)         /* neighbours go in one entry of the redo list */
{
    vipci_domain *d = vipci_d(v);
    uint32_t n = d->redo_count;
    if (n - 1 < VIPCI_REDO_MAX && d->redo[n - 1].count < VIPCI_REDO_QUEUE >> 1 && d->redo[n - 1].first + d->redo[n - 1].count == frame) {
        vipci_set64(v, &d->redo[n - 1].count, d->redo[n - 1].count + 1);
        vipci_set64(v, &d->frames, d->frames ? d->frames - 1 : 0);
    } else vipci_drop_frames(v, frame, 1);
}
/* Take node `frame` of that level out; a step. */
static void vipci_map_unlink(const vipc *v, vipci_space *s, uint64_t page, uint32_t level, uint64_t frame)
{
    uint64_t above = 0;
    if (level == vipci_map_top(v, s)) vipci_set64(v, &s->map, 0);
    else {
        vipci_u64 *words = vipci_map_node(v, s, page, level + 1, &above);
        if (!words) return;
        vipci_set_far(v, above, words, vipci_map_slot(v, page, level + 1), 0);
    }
    vipci_drop_frame(v, frame);
    vipci_set64(v, &s->tables, s->tables - 1);
    vipci_poke64(v, &s->version, s->version + VIPCI_VERSION);
    vipci_commit(v);
}
/* Nodes that have all of their pages in [from, to), where there are none any more, and some in [low, high). */
static void vipci_map_trim(const vipc *v, vipci_space *s, uint64_t from, uint64_t to, uint64_t low, uint64_t high)
{
    uint64_t frame = 0;
    for (uint32_t level = 0; level <= vipci_map_top(v, s); level++) {
        const uint64_t span = vipci_map_span(v, level), first = low & ~(span - 1);
        const vipci_u64 *words;
        for (uint64_t page = first > from ? first : from; (words = vipci_map_next(v, s, level, &page, high, &frame)) != NULL;) {
            const uint64_t base = page & ~(span - 1);
            uint32_t i = 0;                                  /* who was killed before this may have left nodes below it that are not in [low, high) */
            while (level && i < 1u << vipci_map_bits(v) && !words[i]) i++;
            if (base >= from && to - base >= span && (!level || i == 1u << vipci_map_bits(v))) vipci_map_unlink(v, s, base, level, frame);
            page = base + span;
        }
    }
}
/* Nodes above `page` that are empty: of an operation that failed. */
static void vipci_map_prune(const vipc *v, vipci_space *s, uint64_t page)
{
    for (uint32_t level = 0; level <= vipci_map_top(v, s); level++) {
        uint64_t frame = 0;
        vipci_u64 *words = vipci_map_node(v, s, page, level, &frame);
        for (uint32_t i = 0; words && i < 1u << vipci_map_bits(v); i++) if (words[i]) return;
        if (words) vipci_map_unlink(v, s, page, level, frame);
    }
}
static inline void vipci_zero_frame(void *to, uint64_t bytes)        /* by words at the least: a loop over bytes that stays one costs four times as much as
                                                                      * the rest of a fault */
{
#if defined(__GNUC__)
    __builtin_memset(to, 0, (size_t)bytes);
#else
    uint64_t *t = (uint64_t *)to;
    for (uint64_t i = 0; i < bytes / 8; i++) t[i] = 0;
#endif
}
static vipc_error vipci_take_zeroed(const vipc *v, uint64_t *frame, void **at)     /* within a step */
{
    vipc_error e = vipci_take_frames(v, 1, frame);
    if (e != VIPC_OK) return e;
    *at = vipci_frames_at(v, *frame, 1);
    if (!*at) return VIPC_ERR_HOOK;
    vipci_zero_frame(*at, vipci_page_size(v));
    return VIPC_OK;
}
/* The leaf above `page`, made if need be, a step for each node.  On an error no step is open; nodes that were made are there still: vipci_map_prune. */
static vipc_error vipci_map_make(const vipc *v, vipci_space *s, uint64_t page, vipci_u64 **leaf, uint64_t *leaf_frame)
{
    vipci_u64 *above = NULL;
    uint64_t above_frame = 0;
    for (uint32_t l = vipci_map_top(v, s);; l--) {
        uint32_t slot = above ? vipci_map_slot(v, page, l + 1) : 0;
        uint64_t link = above ? above[slot] : s->map;
        void *at = link ? vipci_frames_at(v, link - 1, 1) : NULL;
        if (link && !at) return VIPC_ERR_CORRUPT;
        if (!link) {
            vipc_error e = vipci_take_zeroed(v, &link, &at);
            if (e != VIPC_OK) { vipci_rollback(v); return e; }
            link++;
            if (above) vipci_set_far(v, above_frame, above, slot, link);
            else vipci_set64(v, &s->map, link);
            vipci_set64(v, &s->tables, s->tables + 1);
            vipci_commit(v);
        }
        above = (vipci_u64 *)at;
        above_frame = link - 1;
        if (l == 0) break;
    }
    *leaf = above;
    *leaf_frame = above_frame;
    return VIPC_OK;
}
/* One entry less for this frame. */
static void vipci_release_page(const vipc *v, uint64_t frame)
{
    if (frame >= v->max_frames || *vipci_refs_at(v, frame) == 0) return;
    vipci_set32(v, vipci_refs_at(v, frame), *vipci_refs_at(v, frame) - 1);
    if (*vipci_refs_at(v, frame) == 0) vipci_drop_frame(v, frame);
}
/* One more.  LIMIT; CORRUPT: it has none. */
static vipc_error vipci_retain_page(const vipc *v, uint64_t frame)
{
    if (frame >= v->max_frames || *vipci_refs_at(v, frame) == 0) return VIPC_ERR_CORRUPT;
    if (*vipci_refs_at(v, frame) >= VIPCI_REFS_MAX) return VIPC_ERR_LIMIT;
    vipci_set32(v, vipci_refs_at(v, frame), *vipci_refs_at(v, frame) + 1);
    return VIPC_OK;
}
static inline bool vipci_sole(const vipc *v, uint64_t entry)      /* no other entry has its frame */
{
    return VIPCI_ENTRY_FRAME(entry) < v->max_frames && *vipci_refs_at(v, VIPCI_ENTRY_FRAME(entry)) == 1;
}
static inline void vipci_copy_frame(void *to, const void *from, uint64_t bytes)     /* frames are aligned, and not the same */
{
#if defined(__GNUC__)
    __builtin_memcpy(to, from, (size_t)bytes);
#else
    const uint64_t *f = (const uint64_t *)from;
    uint64_t *t = (uint64_t *)to;
    for (uint64_t i = 0; i < bytes / 8; i++) t[i] = f[i];
#endif
}
/* A frame for entry words[i] of frame `leaf`, within a step: asked for by vipci_ask_page, its contents set by the caller, then counted in here.  This is the
 * way of every fault, so the log grows once, by all of it.  refs: of the frame that it takes the place of, of which others are left; or NULL. */
static VIPCI_HERE vipc_error vipci_ask_page(const vipc *v, uint64_t *frame, void **at)
{
    vipc_error e = vipci_ask_frames(v, 0, 1, frame, at);
    return e != VIPC_OK ? e : *frame < v->max_frames && *vipci_refs_at(v, *frame) == 0 ? VIPC_OK : VIPC_ERR_HOOK;
}
static VIPCI_HERE void vipci_note(const vipc *v, vipci_domain *d, uint64_t n, uint64_t where, uint64_t old)
{
    vipci_poke64(v, &d->log[n].where, where);
    vipci_poke64(v, &d->log[n].old, old);
}
static VIPCI_HERE uint64_t vipci_where(const vipc *v, const void *p, uint64_t wide) { return (uint64_t)((const unsigned char *)p - v->base) << 1 | wide; }
static VIPCI_HERE void vipci_put_page(const vipc *v, uint64_t frame, uint64_t leaf, vipci_u64 *words, uint32_t i, uint64_t entry, vipci_u64 *count,
                                      uint64_t counted, uint32_t *refs)
{
    vipci_domain *d = vipci_d(v);
    const uint64_t n = d->log_count < VIPCI_LOG_MAX - 8 ? d->log_count : 0, frames = d->frames + 1;      /* more: its count was scribbled over */
    vipci_note(v, d, n, vipci_where(v, &d->taking_count, 1), 1);
    vipci_note(v, d, n + 1, vipci_where(v, &d->frames, 1), frames - 1);
    vipci_note(v, d, n + 2, vipci_where(v, vipci_refs_at(v, frame), 0), 0);
    vipci_note(v, d, n + 3, VIPCI_FAR | (leaf << (v->page_shift - 3)) | i, words[i]);
    vipci_note(v, d, n + 4, vipci_where(v, count, 1), *count);
    if (refs) vipci_note(v, d, n + 5, vipci_where(v, refs, 0), *refs);
    vipci_store64(v, &d->log_count, refs ? n + 6 : n + 5);   /* they count from here on, before any of that changes */
    vipci_store64(v, &d->taking_count, 0);
    vipci_store64(v, &d->frames, frames);
    vipci_store32(v, vipci_refs_at(v, frame), 1);
    vipci_store64(v, &words[i], entry);
    vipci_store64(v, count, counted);
    if (refs) vipci_store32(v, refs, *refs - 1);
    if (frames > d->frames_high) vipci_set64(v, &d->frames_high, frames);
}
/* Give back frames of pages [*from, to), a step of up to VIPCI_STEP_PAGES; false: there are none any more. */
static bool vipci_free_some_pages(const vipc *v, vipci_space *s, uint64_t *from, uint64_t to)
{
    uint64_t frame = 0;
    vipci_u64 *leaf = vipci_map_next(v, s, 0, from, to, &frame);
    if (!leaf) return false;
    uint32_t i = vipci_map_slot(v, *from, 0), n = 0, shared = 0;
    for (; i < 1u << vipci_map_bits(v) && *from < to && n < VIPCI_STEP_PAGES; i++, ++*from) {
        uint64_t entry = leaf[i];
        if (!entry) continue;
        vipci_set_far(v, frame, leaf, i, 0);
        vipci_release_page(v, VIPCI_ENTRY_FRAME(entry));
        shared += (uint32_t)entry & VIPCI_COW;
        n++;
    }
    vipci_set64(v, &s->pages, s->pages - n);
    vipci_set64(v, &s->shared, s->shared - shared);
    vipci_commit(v);
    return true;
}
#endif

/* -------------------------------------------------------------------------------------------------- >>limits
 * What a capability may do at most.  Its numbers lie in records of their own, slots of the capability table: one for each bucket (rate or
 * bandwidth), linked upwards: entry -> its tightest -> ... -> its ancestors'.  A child without anything of its own shares its parent's record, so a limit is
 * there once however many hold it; `uses` counts who links to a record, and the last to go frees it in the same step.  Sends charge every bucket on their
 * way up.  The tree of derivations plays no part in it: a parent may be closed, its limits stay.
 *
 * A bucket is one word, `spent`, which counts in whole messages or bytes.  earned(t) = floor(t * value / 10^9) is what the whole of time up to t has
 * allowed: computed anew each time, never summed up, so nothing is rounded away and nothing drifts.  spent - earned(now) is how much of the allowance is in
 * use; an idle bucket's `spent` falls behind, which reads as none.  All is modulo 2^56: a bucket that has been idle for 2^56 / value seconds (18 hours at the
 * greatest value, two years at 10^9), or a multiple of it, looks in use for about a second, longer where a second's worth is less than a large message, and
 * a send just then may be refused.
 *
 * RACE 20 (a charge against a revoke that frees the record, and somebody who takes its slot): a sender reads link and records without the lock.  So it
 * reads `spent`, then looks at its token, then changes `spent` by CAS of what it read.  While the token is valid the records are its own; so if it was valid
 * after the read, what the CAS expects is a value of that very bucket, with a mark that no token (an entry has it at this place), no free slot, and none of the
 * next 15 records in that slot has: the CAS fails on anything else.  If it was not, nothing is touched.  Giving back works the same way; who finds its token
 * gone leaves what it took: one message's worth of what it shared with others.  Whatever was read wrongly decides nothing: before a send takes effect
 * the token is looked at again (RACE 8).
 * RACE 21 (siblings at one allowance): every bucket's CAS sees the other's charge, so together they never pass the limit.  Who is refused further up gives back
 * what it took below, and may have had a sibling refused meanwhile.  Who is killed in between gives nothing back; time does.
 * Tests: explore limits, limits_full, limits_chain, limits_revoke, limits_reuse, limits_carry; race20_*, race21_*. */
#if VIPC_NO_LIMITS
#define VIPCI_IF_LIMITED 0u
#else
#define VIPCI_IF_LIMITED ((uint32_t)VIPCI_LIMITED)
#endif
#if !VIPC_NO_LIMITS
#define VIPCI_LIMITS_DEEP 8u           /* buckets on one way up: a step that frees them all fits the log, and a send stays bounded */
#define VIPCI_LIMIT_MAX ((uint64_t)1 << 40)
#define VIPCI_SPENT (((uint64_t)1 << 56) - 1)
#define VIPCI_MOST_BYTES ((uint64_t)VIPC_PAYLOAD_MAX + sizeof(vipc_message))
#define VIPCI_SECOND 1000000000u
#define VIPCI_MARK ((uint64_t)15 << 56)
#define VIPCI_BUCKET_STEPS 1000000u    /* lost races of one charge: each is somebody else's success */

static inline vipci_limit *vipci_limit_at(const vipc *v, uint32_t link)     /* NULL for nonsense */
{
    if (link - 1 >= v->max_caps) return NULL;
    vipci_entry *e = vipci_entry_at(v, link - 1);
    return vipci_peek32(v, &e->kind) & VIPCI_EXTENSION ? (vipci_limit *)(void *)e : NULL;
}
static inline uint32_t vipci_limit_link(const vipc *v, const vipci_entry *e) { return (uint32_t)(vipci_peek64(v, (vipci_u64 *)(uintptr_t)&e->place) >> 32); }
static inline vipci_limit *vipci_limit_of(const vipc *v, const vipci_entry *e) { return vipci_limit_at(v, vipci_limit_link(v, e)); }

/* n / 10^9 for every n.  32-bit compilers would call a library: n / 2^9 / 5^9, the latter by the high half of a product.  m = ceil(2^75 / 5^9) is too large
 * by less than 2^19 / 5^9, and n / 2^9 is below 2^55, so the quotient is right. */
static inline uint64_t vipci_seconds(uint64_t n)
{
#if UINTPTR_MAX > 0xffffffffu
    return n / VIPCI_SECOND;
#else
    const uint64_t high = n >> 41, low = n >> 9 & 0xffffffffu, m1 = 0x44b82fu, m0 = 0xa09b5a53u;
    uint64_t middle = high * m0 + (low * m0 >> 32) + low * m1;     /* below 2^55 + 2^32 + 2^55 */
    return (high * m1 + (middle >> 32)) >> 11;
#endif
}
/* floor(t * value / 10^9), modulo 2^64; t as s seconds and f nanoseconds, value = q * 10^9 + p:  s * value + f * q + floor(f * p / 10^9), where f * p < 10^18. */
typedef struct vipci_instant { uint64_t s, f; } vipci_instant;
static inline vipci_instant vipci_instant_of(vipc_time t)
{
    vipci_instant i;
    i.s = vipci_seconds(t);
    i.f = t - i.s * VIPCI_SECOND;
    return i;
}
static inline uint64_t vipci_earned(vipci_instant t, uint64_t value)
{
    uint64_t sum = t.s * value;
    if (!VIPCI_LIKELY(value <= VIPCI_SECOND)) {
        uint64_t q = vipci_seconds(value);
        sum += t.f * q;
        value -= q * VIPCI_SECOND;
    }
    return sum + vipci_seconds(t.f * value);
}
/* The clock, for what cannot go on without: NOT_SUPPORTED, HOOK. */
static inline vipc_error vipci_clock(const vipc *v, vipc_time *now)
{
    if (!v->hooks->now) return VIPC_ERR_NOT_SUPPORTED;
    *now = v->hooks->now(v->hooks->user);
    return *now ? VIPC_OK : VIPC_ERR_HOOK;
}
/* Is a limited capability still valid?  The caller looks at its token afterwards. */
static vipc_error vipci_in_time(const vipc *v, const vipci_entry *e)
{
    vipci_limit *r = vipci_limit_of(v, e);
    vipc_time now = 0, expires = r ? vipci_peek64(v, &r->expires) : 0;
    vipc_error c = !r ? VIPC_ERR_CORRUPT : expires ? vipci_clock(v, &now) : VIPC_OK;
    return c != VIPC_OK ? c : expires && now >= expires ? VIPC_ERR_INVALID_CAPABILITY : VIPC_OK;
}

/* Take n from one bucket; false: there is not so much, or the capability is gone.  What is more than can be in use, with a second's worth for clocks that differ,
 * is a bucket that was idle. */
static inline bool vipci_bucket_take(const vipc *v, vipci_limit *r, uint64_t n, vipci_instant now, vipci_entry *e, vipc_cap cap)
{
    uint64_t value = vipci_peek64(v, &r->value), earned = vipci_earned(now, value);
    for (uint32_t steps = 0; steps < VIPCI_BUCKET_STEPS; steps++) {
        uint64_t was = vipci_load64(v, &r->spent), used = (was - earned) & VIPCI_SPENT;
        if (used > 2 * value + 2 * VIPCI_MOST_BYTES) used = 0;
        if (used && used + n > value) return false;          /* one message passes whatever its size */
        if (!VIPCI_LIKELY(vipci_load64(v, &e->token) == cap.token)) return false;                                       /* RACE 20 */
        if (VIPCI_LIKELY(vipci_cas64(v, &r->spent, was, (was & ~VIPCI_SPENT) | ((earned + used + n) & VIPCI_SPENT)))) return true;       /* RACE 21 */
    }
    return false;
}
static void vipci_bucket_return(const vipc *v, vipci_limit *r, uint64_t n, vipci_entry *e, vipc_cap cap)
{
    for (uint32_t steps = 0; steps < VIPCI_BUCKET_STEPS; steps++) {
        uint64_t was = vipci_load64(v, &r->spent);
        if (vipci_load64(v, &e->token) != cap.token) return;                                                            /* RACE 20 */
        if (vipci_cas64(v, &r->spent, was, (was & ~VIPCI_SPENT) | ((was - n) & VIPCI_SPENT))) return;
    }
}
static inline uint64_t vipci_toll(uint32_t kind, uint64_t bytes) { return kind & VIPCI_RATE ? 1 : kind & VIPCI_BANDWIDTH ? bytes : 0; }
/* Give back what a send took: from all buckets, or from those below `until`. */
static VIPCI_COLD void vipci_limits_return(const vipc *v, vipci_entry *e, vipc_cap cap, uint64_t bytes, const vipci_limit *until)
{
    vipci_limit *r = vipci_limit_of(v, e);
    for (uint32_t steps = 0; r && r != until && steps <= VIPCI_LIMITS_DEEP; steps++) {
        uint64_t n = vipci_toll(vipci_peek32(v, &r->kind), bytes);
        if (n) vipci_bucket_return(v, r, n, e, cap);
        r = vipci_limit_at(v, vipci_peek32(v, &r->up));
    }
}
/* May e's holder send so many bytes now?  OK: it is charged. */
static VIPCI_APART vipc_error vipci_limits_take(const vipc *v, vipci_entry *e, vipc_cap cap, uint64_t bytes)
{
    vipci_limit *head = vipci_limit_of(v, e), *r = head;
    vipc_time now = 0, expires = head ? vipci_peek64(v, &head->expires) : 0;
    uint64_t most = head ? vipci_peek64(v, &head->message_max) : 0;
    vipc_error c = head ? VIPC_OK : VIPC_ERR_CORRUPT;
    if (head && (expires || (vipci_peek32(v, &head->kind) & VIPCI_BUCKET) || vipci_peek32(v, &head->up))) c = vipci_clock(v, &now);
    if (c == VIPC_OK && expires && now >= expires) c = VIPC_ERR_INVALID_CAPABILITY;
    else if (c == VIPC_OK && most && bytes > most) c = VIPC_ERR_MESSAGE_TOO_LARGE;
    if (c != VIPC_OK) {
        vipci_count(v, VIPCI_FAILED_CHECKS);
        return vipci_load64(v, &e->token) != cap.token ? VIPC_ERR_INVALID_CAPABILITY : c;
    }
    vipci_instant t = vipci_instant_of(now);
    for (uint32_t steps = 0; r && steps <= VIPCI_LIMITS_DEEP; steps++) {
        uint64_t n = vipci_toll(vipci_peek32(v, &r->kind), bytes);
        if (n && !VIPCI_LIKELY(vipci_bucket_take(v, r, n, t, e, cap))) {
            vipci_limits_return(v, e, cap, bytes, r);
            bool gone = vipci_load64(v, &e->token) != cap.token;
            if (gone) vipci_count(v, VIPCI_FAILED_CHECKS);
            else (void)vipci_add64(v, &vipci_d(v)->gone[VIPCI_RATE_LIMITED], 1);
            return gone ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_RATE_LIMIT;
        }
        r = vipci_limit_at(v, vipci_peek32(v, &r->up));
    }
    return VIPC_OK;
}

/* From here on under the lock, within a step.  The limits that hold for e: CORRUPT. */
static vipc_error vipci_limits_get(const vipc *v, const vipci_entry *e, vipc_limits *out)
{
    vipci_zero(out, sizeof *out);
    if (!(vipci_peek32(v, (uint32_t *)(uintptr_t)&e->kind) & VIPCI_LIMITED)) return VIPC_OK;
    vipci_limit *r = vipci_limit_of(v, e);
    if (!r) return VIPC_ERR_CORRUPT;
    out->message_max = vipci_peek64(v, &r->message_max);
    out->expires = vipci_peek64(v, &r->expires);
    for (uint32_t steps = 0; r && steps <= VIPCI_LIMITS_DEEP; steps++) {
        uint64_t value = vipci_peek64(v, &r->value);
        if (!out->rate && (vipci_peek32(v, &r->kind) & VIPCI_RATE)) out->rate = value;
        if (!out->bandwidth && (vipci_peek32(v, &r->kind) & VIPCI_BANDWIDTH)) out->bandwidth = value;
        r = vipci_limit_at(v, vipci_peek32(v, &r->up));
    }
    return VIPC_OK;
}
static bool vipci_tighten(uint64_t *limit, uint64_t most)       /* 0 is wider than any */
{
    if (*limit == 0) *limit = most;
    return most == 0 || *limit <= most;
}
/* What a child of `from` gets, by desc.  PERMISSION_DENIED: it would be wider; NOT_SUPPORTED, CORRUPT. */
static vipc_error vipci_limits_narrow(const vipc *v, const vipci_entry *from, const vipc_derive_desc *desc, vipc_limits *want)
{
    vipc_limits have;
    vipc_error r = vipci_limits_get(v, from, &have);
    *want = desc->limits;
    if (r != VIPC_OK) return r;
    if ((want->rate || want->bandwidth || want->expires) && !v->hooks->now) return VIPC_ERR_NOT_SUPPORTED;
    if (want->rate > VIPCI_LIMIT_MAX) want->rate = VIPCI_LIMIT_MAX;
    if (want->bandwidth > VIPCI_LIMIT_MAX) want->bandwidth = VIPCI_LIMIT_MAX;
    bool good = vipci_tighten(&want->message_max, have.message_max) && vipci_tighten(&want->rate, have.rate)
             && vipci_tighten(&want->bandwidth, have.bandwidth) && vipci_tighten(&want->expires, have.expires);
    return good ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
/* A record in front of *head, which it becomes. */
static vipc_error vipci_limit_new(const vipc *v, uint32_t which, uint64_t value, uint64_t badge, const vipc_limits *want, uint32_t *head)
{
    vipci_domain *d = vipci_d(v);
    uint32_t i = 0;
    vipc_time now = 0;
    vipc_error c = which ? vipci_clock(v, &now) : VIPC_OK;
    if (c == VIPC_OK) c = vipci_take_slot(v, &d->free_cap, &d->used_caps, v->max_caps, VIPCI_NEXT_FREE(vipci_entry_at, d->free_cap, v->max_caps), &i);
    if (c != VIPC_OK) return c;
    vipci_entry *e = vipci_entry_at(v, i);
    if (e->token) return VIPC_ERR_CORRUPT;
    vipci_set32(v, &e->reuse, e->reuse + 1);
    vipci_set32(v, &e->holder, 0);
    vipci_set32(v, &e->kind, VIPCI_EXTENSION | which);
    vipci_limit *r = (vipci_limit *)(void *)e;
    vipci_set64(v, &r->badge, badge);
    vipci_set32(v, &r->up, *head);
    vipci_set32(v, &r->uses, 1);
    vipci_set64(v, &r->message_max, want->message_max);
    vipci_set64(v, &r->expires, want->expires);
    vipci_set64(v, &r->value, value);
    vipci_set64(v, &r->spent, (uint64_t)(e->reuse & 15) << 60 | VIPCI_MARK | (vipci_earned(vipci_instant_of(now), value) & VIPCI_SPENT));
    *head = i + 1;
    return VIPC_OK;
}
/* Give e, a new child of `from`, these limits; its place and badge stand already.  LIMIT: table full, or too deep. */
static vipc_error vipci_limits_give(const vipc *v, const vipci_entry *from, vipci_entry *e, const vipc_limits *want)
{
    vipc_limits have;
    uint32_t head = from->kind & VIPCI_LIMITED ? vipci_limit_link(v, from) : 0, deep = 0;
    vipci_limit *parent = vipci_limit_at(v, head), *r = parent;
    vipc_error c = vipci_limits_get(v, from, &have);
    if (c != VIPC_OK || !(want->message_max | want->rate | want->bandwidth | want->expires)) return c;
    bool rate = want->rate != have.rate, bandwidth = want->bandwidth != have.bandwidth;
    if (parent && !rate && !bandwidth && want->message_max == have.message_max && want->expires == have.expires && e->badge == parent->badge) {
        vipci_set32(v, &parent->uses, parent->uses + 1);
    } else {
        if (parent && !(parent->kind & VIPCI_BUCKET)) head = parent->up;       /* its numbers are in the new one too */
        for (; r && deep <= VIPCI_LIMITS_DEEP; r = vipci_limit_at(v, r->up)) deep += (r->kind & VIPCI_BUCKET) != 0;
        if (deep + rate + bandwidth > VIPCI_LIMITS_DEEP) return VIPC_ERR_LIMIT;
        if ((r = vipci_limit_at(v, head)) != NULL) vipci_set32(v, &r->uses, r->uses + 1);
        if (rate) c = vipci_limit_new(v, VIPCI_RATE, want->rate, e->badge, want, &head);
        if (c == VIPC_OK && bandwidth) c = vipci_limit_new(v, VIPCI_BANDWIDTH, want->bandwidth, e->badge, want, &head);
        if (!rate && !bandwidth) c = vipci_limit_new(v, 0, 0, e->badge, want, &head);
        if (c != VIPC_OK) return c;
    }
    vipci_set32(v, &e->kind, e->kind | VIPCI_LIMITED);
    if (e->kind & VIPCI_TRAVELS) vipci_set64(v, &e->badge, head);
    else vipci_set64(v, &e->place, e->place | (uint64_t)head << 32);
    return VIPC_OK;
}
static vipc_error vipci_limits_inherit(const vipc *v, const vipci_entry *from, vipci_entry *e)
{
    vipc_limits have;
    vipc_error c = vipci_limits_get(v, from, &have);
    return c == VIPC_OK ? vipci_limits_give(v, from, e, &have) : c;
}
/* A traveller has arrived, or goes nowhere: the link goes where it stands in all others. */
static void vipci_limits_land(const vipc *v, vipci_entry *e)
{
    if (!(e->kind & VIPCI_LIMITED)) return;
    uint32_t link = (uint32_t)e->badge;
    vipci_limit *r = vipci_limit_at(v, link);
    vipci_set64(v, &e->place, (uint64_t)link << 32);
    if (r) vipci_set64(v, &e->badge, r->badge);
}
/* e goes, and with it what nobody else links to. */
static void vipci_limits_drop(const vipc *v, vipci_entry *e)
{
    uint32_t link = e->kind & VIPCI_LIMITED ? vipci_limit_link(v, e) : 0;
    for (uint32_t steps = 0; steps <= VIPCI_LIMITS_DEEP; steps++) {
        vipci_limit *r = vipci_limit_at(v, link);
        if (!r) return;
        if (r->uses > 1) { vipci_set32(v, &r->uses, r->uses - 1); return; }
        uint32_t freed = link;
        vipci_entry *slot = vipci_entry_at(v, link - 1);
        link = r->up;
        vipci_set64(v, &slot->token, 0);
        vipci_set32(v, &slot->kind, 0);
        if (slot->reuse == 0xffffffffu) continue;            /* retired, as an entry would be */
        vipci_set32(v, &slot->next, vipci_d(v)->free_cap);
        vipci_set32(v, &vipci_d(v)->free_cap, freed);
    }
}
#else
static inline vipc_error vipci_limits_narrow(const vipc *v, const vipci_entry *from, const vipc_derive_desc *desc, vipc_limits *want)
{
    (void)v; (void)from; (void)want;
    return (desc->limits.message_max | desc->limits.rate | desc->limits.bandwidth | desc->limits.expires) != 0 ? VIPC_ERR_NOT_SUPPORTED : VIPC_OK;
}
static inline vipc_error vipci_limits_give(const vipc *v, const vipci_entry *from, vipci_entry *e, const vipc_limits *want)
{
    (void)v; (void)from; (void)e; (void)want;
    return VIPC_OK;
}
static inline vipc_error vipci_limits_inherit(const vipc *v, const vipci_entry *from, vipci_entry *e) { (void)v; (void)from; (void)e; return VIPC_OK; }
static inline void vipci_limits_land(const vipc *v, vipci_entry *e) { (void)v; (void)e; }
static inline void vipci_limits_drop(const vipc *v, vipci_entry *e) { (void)v; (void)e; }
#endif

/* ---------------------------------------------------------------------------------------------------- >>caps
 * Tokens, the check, and the tree of derivations.  One probe: the entry that the token's low bits name must hold that very token for that very
 * holder.  An entry's slot counts its reuses in 32 bits of the token (24 of the id, 8 of the generation), and is retired when they are used up.
 * RACE 8 (revoke against use): an operation checks, claims, and checks again; revoke clears the token by an exchange and then undoes claims. */
#define VIPCI_RIGHTS 0xffu
#define VIPCI_TYPE(kind) ((kind) >> 8 & 0xffu)
VIPC_API uint64_t vipc_cap_id(vipc_cap cap) { return cap.token & 0xffffffffffffull; }
VIPC_API uint32_t vipc_cap_generation(vipc_cap cap) { return (uint32_t)(cap.token >> 48) & 0xff; }
VIPC_API uint32_t vipc_cap_type(vipc_cap cap) { return (uint32_t)(cap.token >> 56) & 0xf; }
VIPC_API uint32_t vipc_cap_flags(vipc_cap cap) { return (uint32_t)(cap.token >> 60); }

static uint64_t vipci_token(uint32_t index, uint32_t reuse, uint32_t kind)
{
    return (uint64_t)(kind & 0xf) << 60 | (uint64_t)(VIPCI_TYPE(kind) & 0xf) << 56 | (uint64_t)(reuse & 0xff) << 48 | (uint64_t)(reuse >> 8) << 24 | (index + 1);
}
#define VIPCI_ANY_AGE VIPCI_IF_LIMITED       /* beside rights: an expired one will do */
#if !VIPC_NO_LIMITS
/* Why a usual check was not enough: OK, if it was only because there are limits.  A send asks for the time later, once for all of them. */
static VIPCI_COLD vipc_error vipci_check_closely(const vipc *v, vipc_cap cap, uint32_t type, uint32_t rights, uint32_t kind, vipci_entry *e)
{
    bool other = type && VIPCI_TYPE(kind) != type;
    vipc_error r = VIPC_ERR_PERMISSION_DENIED;
    bool send = type == VIPC_TYPE_ENDPOINT && rights == VIPC_RIGHT_SEND, any_age = (rights & VIPCI_ANY_AGE) != 0;
    rights &= VIPCI_RIGHTS;
    if ((kind & rights) == rights) r = !(kind & VIPCI_LIMITED) || send || any_age ? VIPC_OK : vipci_in_time(v, e);
    if (vipci_load64(v, &e->token) != cap.token || other) r = VIPC_ERR_INVALID_CAPABILITY;       /* revoked while we read its kind */
    if (r != VIPC_OK) vipci_count(v, VIPCI_FAILED_CHECKS);
    return r;
}
#else
static inline vipc_error vipci_check_closely(const vipc *v, vipc_cap cap, uint32_t type, uint32_t rights, uint32_t kind, vipci_entry *e)
{
    bool revoked = vipci_load64(v, &e->token) != cap.token;
    (void)rights;
    vipci_count(v, VIPCI_FAILED_CHECKS);
    return revoked || (type && VIPCI_TYPE(kind) != type) ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_PERMISSION_DENIED;
}
#endif
/* The O(1) check.  *found is the entry; its fields hold as long as its token does. */
static inline vipc_error vipci_check_cap(const vipc *v, vipc_cap cap, uint32_t type, uint32_t rights, vipci_entry **found)
{
    uint32_t i = (uint32_t)(cap.token & 0xffffff) - 1;
    if (!VIPCI_LIKELY(cap.token != 0 && i < v->max_caps)) { vipci_count(v, VIPCI_FAILED_CHECKS); return VIPC_ERR_INVALID_CAPABILITY; }
    vipci_entry *e = vipci_entry_at(v, i);
    if (!VIPCI_LIKELY(vipci_load64(v, &e->token) == cap.token && vipci_peek32(v, &e->holder) == v->process + 1)) {
        vipci_count(v, VIPCI_FAILED_CHECKS);
        return VIPC_ERR_INVALID_CAPABILITY;
    }
    uint32_t kind = vipci_load32(v, &e->kind);
    if (!VIPCI_LIKELY((kind & (rights | VIPCI_IF_LIMITED)) == rights && (!type || VIPCI_TYPE(kind) == type))) {
        if (!VIPC_NO_LIMITS) *found = e;
        return vipci_check_closely(v, cap, type, rights, kind, e);
    }
    *found = e;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_cap_require(vipc *self, vipc_cap cap, uint32_t type, uint32_t rights)
{
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (rights > VIPC_RIGHT_ALL) return VIPC_ERR_INVALID_ARGUMENT;
    r = vipci_check_cap(self, cap, 0, rights, &e);
    if (r != VIPC_OK) return r;
    bool other = type && VIPCI_TYPE(vipci_load32(self, &e->kind)) != type;
    if (vipci_load64(self, &e->token) != cap.token) return VIPC_ERR_INVALID_CAPABILITY;     /* no operation follows that would look again */
    return other ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
}

static inline bool vipci_is_memory(uint32_t type) { return !VIPC_NO_REGIONS && (type == VIPC_TYPE_REGION || type == VIPC_TYPE_OBJECT); }
static inline bool vipci_is_object(uint32_t kind)              /* of the table of objects? */
{
    return VIPCI_TYPE(kind) == VIPC_TYPE_ENDPOINT || (!VIPC_NO_CHANNELS && VIPCI_TYPE(kind) == VIPC_TYPE_CHANNEL)
        || (!VIPC_NO_NOTIFICATIONS && VIPCI_TYPE(kind) >= VIPC_TYPE_NOTIFICATION && VIPCI_TYPE(kind) <= VIPC_TYPE_WAIT_SET)
        || (!VIPC_NO_SPACES && VIPCI_TYPE(kind) == VIPC_TYPE_SPACE) || vipci_is_memory(VIPCI_TYPE(kind));
}
/* Where the list of an object's parentless capabilities begins; NULL for nonsense. */
static uint32_t *vipci_roots(const vipc *v, uint32_t kind, uint32_t object)
{
    if (!VIPC_NO_REGIONS && (kind & VIPCI_WITHDRAWN) && object < v->max_objects) return &vipci_object_at(v, object)->peer;
    if (vipci_is_object(kind) && object < v->max_objects) return &vipci_object_at(v, object)->first_cap;
    if (VIPCI_TYPE(kind) == VIPC_TYPE_PROCESS && object < v->max_processes) return &vipci_process_at(v, object)->first_cap;
    return NULL;
}
static inline vipci_entry *vipci_linked(const vipc *v, uint32_t link) { return link && link <= v->max_caps ? vipci_entry_at(v, link - 1) : NULL; }
static inline uint32_t vipci_link(const vipc *v, const vipci_entry *e) { return (uint32_t)(e - vipci_entry_at(v, 0)) + 1; }

static void vipci_tree_insert(const vipc *v, vipci_entry *e, uint32_t parent)
{
    vipci_entry *p = vipci_linked(v, parent);
    uint32_t *head = p ? &p->child : vipci_roots(v, e->kind, e->object);
    if (!head) return;
    vipci_entry *old = vipci_linked(v, *head);
    vipci_set32(v, &e->parent, parent);
    vipci_set32(v, &e->prev, 0);
    vipci_set32(v, &e->next, *head);
    if (old) vipci_set32(v, &old->prev, vipci_link(v, e));
    vipci_set32(v, head, vipci_link(v, e));
}
static void vipci_tree_remove(const vipc *v, vipci_entry *e)
{
    vipci_entry *p = vipci_linked(v, e->parent), *before = vipci_linked(v, e->prev), *after = vipci_linked(v, e->next);
    uint32_t *head = p ? &p->child : vipci_roots(v, e->kind, e->object);
    if (before) vipci_set32(v, &before->next, e->next);
    else if (head) vipci_set32(v, head, e->next);
    if (after) vipci_set32(v, &after->prev, e->prev);
    vipci_set32(v, &e->prev, 0);
    vipci_set32(v, &e->next, 0);
}
/* Give the entry to a process, or with NULL to nobody. */
static void vipci_hold(const vipc *v, vipci_entry *e, vipci_process *by)
{
    vipci_process *was = e->holder && e->holder <= v->max_processes ? vipci_process_at(v, e->holder - 1) : NULL;
    if (was) {
        vipci_entry *before = vipci_linked(v, e->held_prev), *after = vipci_linked(v, e->held_next);
        if (before) vipci_set32(v, &before->held_next, e->held_next);
        else vipci_set32(v, &was->held, e->held_next);
        if (after) vipci_set32(v, &after->held_prev, e->held_prev);
        vipci_set32(v, &was->capabilities, was->capabilities - 1);
    }
    vipci_entry *first = by ? vipci_linked(v, by->held) : NULL;
    vipci_set32(v, &e->held_prev, 0);
    vipci_set32(v, &e->held_next, by ? by->held : 0);
    vipci_set32(v, &e->holder, by ? (uint32_t)(by - vipci_process_at(v, 0)) + 1 : 0);
    if (first) vipci_set32(v, &first->held_prev, vipci_link(v, e));
    if (by) {
        vipci_set32(v, &by->held, vipci_link(v, e));
        vipci_set32(v, &by->capabilities, by->capabilities + 1);
    }
}
static void vipci_validate(const vipc *v, vipci_entry *e)          /* the token goes in last, and is undone first */
{
    vipci_set64(v, &e->token, vipci_token(vipci_link(v, e) - 1, e->reuse, e->kind));
}
static void vipci_invalidate(const vipc *v, vipci_entry *e)        /* RACE 8: an exchange, because claims are looked at next */
{
    if (!e->token) return;
    (void)vipci_log(v, &e->token, e->token, 1);
    (void)vipci_swap64(v, &e->token, 0);
}

/* A new entry, not yet valid: see vipci_validate.  holder NULL: nobody's.  LIMIT: the table, or the holder's share. */
static vipc_error vipci_entry_new(const vipc *v, uint32_t kind, uint32_t object, uint64_t badge, uint32_t parent, vipci_process *holder, vipci_entry **out)
{
    vipci_domain *d = vipci_d(v);
    uint32_t i = 0, most = d->config.capabilities_per_process;
    if (!vipci_roots(v, kind, object)) return VIPC_ERR_CORRUPT;
    if (holder && holder->capabilities >= most) return VIPC_ERR_LIMIT;
    vipc_error r = vipci_take_slot(v, &d->free_cap, &d->used_caps, v->max_caps, VIPCI_NEXT_FREE(vipci_entry_at, d->free_cap, v->max_caps), &i);
    if (r != VIPC_OK) return r;
    vipci_entry *e = vipci_entry_at(v, i);
    if (e->token) return VIPC_ERR_CORRUPT;
    vipci_set32(v, &e->reuse, e->reuse + 1);
    vipci_set32(v, &e->kind, kind);
    vipci_set32(v, &e->object, object);
    vipci_set64(v, &e->badge, badge);
    vipci_set32(v, &e->child, 0);
    vipci_set64(v, &e->place, 0);
    vipci_set32(v, &e->holder, 0);
    vipci_tree_insert(v, e, parent);
    vipci_hold(v, e, holder);
    if (vipci_is_object(kind) && (kind & VIPC_RIGHT_RECEIVE))
        vipci_set32(v, &vipci_object_at(v, object)->receivers, vipci_object_at(v, object)->receivers + 1);
    *out = e;
    return VIPC_OK;
}
static void vipci_entry_free(const vipc *v, vipci_entry *e)
{
    vipci_limits_drop(v, e);
    vipci_set32(v, &e->kind, 0);
    if (e->reuse == 0xffffffffu) return;                     /* retired: its next token would be an old one */
    vipci_set32(v, &e->next, vipci_d(v)->free_cap);
    vipci_set32(v, &vipci_d(v)->free_cap, vipci_link(v, e));
}
#if !VIPC_NO_INITIAL
/* e is one of those that its holder was made with: out of their list.  They are at most VIPC_INITIAL_MAX. */
static void vipci_initial_remove(const vipc *v, const vipci_entry *e)
{
    if (!(e->kind & VIPCI_INITIAL) || e->holder - 1 >= v->max_processes) return;
    vipci_u64 *at = &vipci_process_at(v, e->holder - 1)->initial;
    for (uint32_t steps = 0; steps < VIPC_INITIAL_MAX; steps++) {
        vipci_entry *next = vipci_linked(v, (uint32_t)*at & 0xffffff);
        if (!next || !(next->kind & VIPCI_INITIAL)) return;
        if (next == e) { vipci_set64(v, at, (*at & ~(uint64_t)0xffffff) | (e->place & 0xffffff)); return; }
        at = &next->place;
    }
}
#else
static inline void vipci_initial_remove(const vipc *v, const vipci_entry *e) { (void)v; (void)e; }
#endif
#if !VIPC_NO_REGIONS
/* A store has one capability, or mapping, less soon: whoever lets the lock go looks what that means, or whoever comes after his death. */
#define VIPCI_DUE_ALL 0xffffffffu
static void vipci_store_due(const vipc *v, vipci_space *s, uint32_t due)
{
    vipci_domain *d = vipci_d(v);
    const uint32_t link = (uint32_t)(s - vipci_space_at(v, 0)) + 1;
    if (s->due < due) vipci_store32(v, &s->due, due);
    vipci_store32(v, &d->due, !d->due || d->due == link ? link : VIPCI_DUE_ALL);
    vipci_store32(v, &d->unfinished, 1);
}
static void vipci_store_mark(const vipc *v, const vipci_entry *e)
{
    const uint64_t i = vipci_is_memory(VIPCI_TYPE(e->kind)) && e->object < v->max_objects ? vipci_object_at(v, e->object)->shape - 1 : 0;
    if (i < v->max_spaces || i >= v->max_records) return;
    vipci_space *s = vipci_space_at(v, (uint32_t)i);
    const bool creators = (e->kind & VIPCI_MAPPED) || (e->holder - 1 < v->max_processes && !(e->kind & VIPCI_TRAVELS)
                                                       && vipci_load64(v, &vipci_process_at(v, e->holder - 1)->pid) == s->creator);
    vipci_store_due(v, s, creators ? 1 : 2);
}
/* A mapping whose capability goes: nobody gets a translation by it any more; the rest is left to vipci_store_tend.  Within a step. */
static void vipci_mapping_withdraw(const vipc *v, vipci_entry *e)
{
    vipci_store_mark(v, e);
    vipci_tree_remove(v, e);
    vipci_set32(v, &e->kind, e->kind | VIPCI_WITHDRAWN);
    vipci_tree_insert(v, e, 0);
}
#else
static inline void vipci_store_mark(const vipc *v, const vipci_entry *e) { (void)v; (void)e; }
#endif
/* Remove an entry that has no children; within a step.  One that travels in a queue keeps its slot, dead, until whoever takes that message
 * frees it: the message names it. */
static void vipci_entry_remove(const vipc *v, vipci_entry *e)
{
    uint32_t kind = e->kind;
    vipci_store_mark(v, e);
    vipci_invalidate(v, e);
    vipci_tree_remove(v, e);
    vipci_initial_remove(v, e);
    if (!(kind & VIPCI_TRAVELS)) vipci_hold(v, e, NULL);
    if (kind & VIPCI_NAMED) vipci_name_remove(v, (uint32_t)e->place);
    if (vipci_is_object(kind) && (kind & VIPC_RIGHT_RECEIVE) && e->object < v->max_objects)
        vipci_set32(v, &vipci_object_at(v, e->object)->receivers, vipci_object_at(v, e->object)->receivers - 1);
    if (kind & VIPCI_TRAVELS) vipci_set32(v, &e->kind, kind | VIPCI_REVOKED);
    else vipci_entry_free(v, e);
}
/* Remove one entry; its children hang on its parent from now on.  A step each, so that the log stays small. */
static void vipci_entry_orphan(const vipc *v, const vipci_entry *e)
{
    for (uint32_t steps = 0; e->child && steps <= v->max_caps; steps++) {
        vipci_entry *c = vipci_linked(v, e->child);
        if (!c) break;
        vipci_tree_remove(v, c);
        vipci_tree_insert(v, c, e->parent);
        vipci_commit(v);
    }
}
static void vipci_entry_close(const vipc *v, vipci_entry *e)
{
    vipci_entry_orphan(v, e);
    vipci_entry_remove(v, e);
    vipci_commit(v);
}
/* Remove everything below `head` (an entry's children, or an object's roots): leaves first, a step each. */
static void vipci_prune(const vipc *v, uint32_t *head)
{
    uint32_t removed = 0;
    for (vipci_entry *e = vipci_linked(v, *head); e && removed <= v->max_caps;) {
        for (uint32_t depth = 0; e && e->child && depth <= v->max_caps; depth++) e = vipci_linked(v, e->child);
        if (!e || !*head) break;
        vipci_entry *up = vipci_linked(v, e->parent);
        bool last = up && up->child == vipci_link(v, e) && !e->next && &up->child != head;
#if !VIPC_NO_REGIONS
        if (e->kind & VIPCI_MAPPED) vipci_mapping_withdraw(v, e);
        else
#endif
            vipci_entry_remove(v, e);
        vipci_commit(v);
        removed++;
        e = last ? up : vipci_linked(v, up && &up->child != head ? up->child : *head);     /* the next leaf is near: no walk from the top */
    }
}

/* What an object's state word says of its life, see >>endpoint, and the two lists that it may stand in. */
static uint32_t vipci_state(uint64_t state) { return (uint32_t)state & VIPCI_STATE; }
static void vipci_unlink_object(const vipc *v, vipci_object *o)     /* from its owner's list */
{
    vipci_process *p = o->owner && o->owner <= v->max_processes ? vipci_process_at(v, o->owner - 1) : NULL;
    if (!p) return;
    if (o->prev && o->prev <= v->max_objects) vipci_set32(v, &vipci_object_at(v, o->prev - 1)->next, o->next);
    else vipci_set32(v, &p->owned, o->next);
    if (o->next && o->next <= v->max_objects) vipci_set32(v, &vipci_object_at(v, o->next - 1)->prev, o->prev);
    vipci_set32(v, &p->objects, p->objects - 1);
#if !VIPC_NO_REGIONS
    const uint64_t record = vipci_is_memory(o->type) ? o->shape - 1 : 0;
    if (record >= v->max_spaces && record < v->max_records) vipci_set64(v, &p->shared_pages, p->shared_pages - vipci_space_at(v, (uint32_t)record)->pages);
#endif
    vipci_set32(v, &o->owner, 0);
    vipci_set32(v, &o->prev, 0);
}
static void vipci_to_closing(const vipc *v, vipci_object *o)       /* from the owner's list to the closing list, in one step */
{
    if (!o->owner) return;
    if (!VIPC_NO_REGIONS && o->owner == VIPCI_NOBODY) vipci_set32(v, &o->owner, 0);
    vipci_unlink_object(v, o);
    vipci_set32(v, &o->next, vipci_d(v)->closing);
    vipci_set32(v, &vipci_d(v)->closing, vipci_index(v, o) + 1);
    vipci_commit(v);
}

#if !VIPC_NO_SPACES
/* -------------------------------------------------------------------------------------------------- >>spaces
 * What holds for every operation on a space, all under the lock:
 *   a translation is taken away in this order: that a flush is owed for [owed_at, owed_end): committed; hook page_unmap or page_protect, within the step that
 *   says so (undone, it comes back by a fault; but who is killed after the commit leaves no page table behind that knows more than the core); the region or the
 *   entry says so: committed; then tlb_flush, once, without the lock if it has to wait; then the frames go.  Meanwhile a
 *   region stays in the tree as LEAVING, so that its addresses are nobody's, and the frame of a page that was copied is in `limbo`.  Whoever dies in between
 *   leaves a debt behind that the next one to take something away pays, or the end of the space.  RACE 38 (two who owe at a time): what was added to the debt
 *   while somebody's flush was under way may not have been covered by it: `owed` counts, and only who finds it unchanged pays it off.  Tests: t_space
 *   race38_two_who_owe_at_a_time, t_spaceedges race38_what_is_unmapped_behind_a_flush.
 *   a translation is given after the commit: hook page_map.  If it fails what was committed is taken back by another step. */
enum { VIPCI_R_SHARED = 1u << 11, VIPCI_R_GUARD = 1u << 12, VIPCI_R_GROWTH = 1u << 13, VIPCI_R_LEAVING = 1u << 14,
       VIPCI_R_BACKED = 1u << 18 };    /* by a store: b is link of the mapping << 40 | page of the store that start is; R_MAX: what it may be made to allow */
#define VIPCI_R_MAX(a) ((uint32_t)(a) >> 20 & 7u)
#define VIPCI_B_LINK(b) ((uint32_t)((b) >> 40))
#define VIPCI_B_PAGE(b) ((b) & 0xffffffffffull)
#define VIPCI_R_TYPE(a) ((uint32_t)(a) & 0xffu)
#define VIPCI_R_PROT(a) ((uint32_t)(a) >> 8 & 7u)
#define VIPCI_R_CACHE(a) ((uint32_t)(a) >> 16 & 3u)
#define VIPCI_R_MAKE(type, prot, cache) ((uint32_t)(type) | (uint32_t)(prot) << 8 | (uint32_t)(cache) << 16)
typedef struct vipci_near { uint64_t version; vipci_area r; uint64_t first, frame; unsigned char *leaf; } vipci_near;      /* what vipc_near is */
VIPCI_ASSERT(near, sizeof(vipci_near) == sizeof(struct vipc_near));
static inline bool vipci_is_device(const vipci_area *r) { return VIPCI_R_TYPE(r->a) == VIPC_REGION_DEVICE; }
static inline bool vipci_space_supported(const vipc *v) { return v->max_spaces && v->hooks->space_create; }

static inline vipci_space *vipci_space_of(const vipc *v, const vipci_object *o)       /* NULL for nonsense, and of one that was freed */
{
    uint64_t i = o->shape - 1;
    if (o->type != VIPC_TYPE_SPACE || i >= v->max_spaces) return NULL;
    vipci_space *s = vipci_space_at(v, (uint32_t)i);
    return s->number && s->object == (uint32_t)(o - vipci_object_at(v, 0)) + 1 ? s : NULL;
}
#if !VIPC_NO_REGIONS
static inline bool vipci_is_backed(const vipci_area *r) { return (r->a & VIPCI_R_BACKED) != 0; }
static vipci_space *vipci_store_of(const vipc *v, const vipci_object *o)       /* NULL for nonsense, and of one that was freed */
{
    const uint64_t i = o->shape - 1;
    if (!vipci_is_memory(o->type) || i - v->max_spaces >= v->max_records - v->max_spaces) return NULL;
    vipci_space *s = vipci_space_at(v, (uint32_t)i);
    return s->number && s->object == (uint32_t)(o - vipci_object_at(v, 0)) + 1 ? s : NULL;
}
/* The mapping that a region is a piece of, and its store; NULL: nonsense. */
static vipci_entry *vipci_mapping_of(const vipc *v, uint64_t b)
{
    vipci_entry *e = vipci_linked(v, VIPCI_B_LINK(b));
    return e && (e->kind & VIPCI_MAPPED) && e->object < v->max_objects ? e : NULL;
}
static vipci_space *vipci_backing(const vipc *v, const vipci_area *r)
{
    const vipci_entry *e = vipci_mapping_of(v, r->b);
    return e ? vipci_store_of(v, vipci_object_at(v, e->object)) : NULL;
}
/* One piece of a mapping more, or less; with the last the mapping goes.  Within a step. */
static void vipci_piece_more(const vipc *v, uint64_t b)
{
    vipci_entry *e = vipci_mapping_of(v, b);
    if (e) vipci_set32(v, &e->held_next, e->held_next + 1);
}
static void vipci_piece_less(const vipc *v, uint64_t b)
{
    vipci_entry *e = vipci_mapping_of(v, b);
    if (e && e->held_next > 1) vipci_set32(v, &e->held_next, e->held_next - 1);
    else if (e) vipci_entry_remove(v, e);
}
#else
static inline bool vipci_is_backed(const vipci_area *r) { (void)r; return false; }
static inline vipci_space *vipci_backing(const vipc *v, const vipci_area *r) { (void)v; (void)r; return NULL; }
static inline void vipci_piece_more(const vipc *v, uint64_t b) { (void)v; (void)b; }
static inline void vipci_piece_less(const vipc *v, uint64_t b) { (void)v; (void)b; }
#endif
static void vipci_owe(const vipc *v, vipci_space *s, uint64_t at, uint64_t end)
{
    if (!s->owed_end || at < s->owed_at) vipci_set64(v, &s->owed_at, at);
    if (end > s->owed_end) vipci_set64(v, &s->owed_end, end);
    vipci_set64(v, &s->owed, s->owed + 1);
}
static vipc_error vipci_flush(const vipc *v, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_error e = v->hooks->tlb_flush(v->hooks->user, root, at, pages, deadline);
    return e == VIPC_OK || (deadline == VIPC_NOW ? e == VIPC_ERR_WOULD_BLOCK : e == VIPC_ERR_TIMEOUT) ? e : VIPC_ERR_HOOK;
}
static VIPCI_COLD vipc_error vipci_page_map_failed(const vipc *v, const vipci_space *s, uint64_t at, uint64_t pages, vipc_error e)
{
    v->hooks->page_unmap(v->hooks->user, s->root, at, pages);
    return e < 0 && e >= VIPC_ERR_HOOK ? e : VIPC_ERR_HOOK;
}
static VIPCI_HERE vipc_error vipci_page_map(const vipc *v, const vipci_space *s, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    if (!access) return VIPC_OK;
    vipc_error e = v->hooks->page_map(v->hooks->user, s->root, at, frame, pages, access, cache);
    return VIPCI_LIKELY(e == VIPC_OK) ? e : vipci_page_map_failed(v, s, at, pages, e);
}
/* The next pages in [*page, to) that may have translations, of one leaf; how many from *page on, 0: none. */
static uint64_t vipci_seen(const vipc *v, const vipci_space *s, uint64_t *page, uint64_t to)
{
    uint64_t frame = 0;
    vipci_u64 *leaf;
    while ((leaf = vipci_map_next(v, s, 0, page, to, &frame)) != NULL) {
        uint32_t i = vipci_map_slot(v, *page, 0), size = 1u << vipci_map_bits(v);
        for (; i < size && *page < to && !(leaf[i] & VIPCI_SEEN); i++) ++*page;
        if (i == size || *page == to) continue;
        uint64_t last = i;
        for (uint64_t k = i; k < size && k - i < to - *page; k++) if (leaf[k] & VIPCI_SEEN) last = k;
        return last - i + 1;
    }
    return 0;
}
/* Whose page map says what is behind a region, and which of its pages start is; NULL: none does. */
static const vipci_space *vipci_map_behind(const vipc *v, const vipci_space *s, const vipci_area *r, uint64_t *page)
{
    *page = vipci_is_backed(r) ? VIPCI_B_PAGE(r->b) : vipci_page_of(v, s, r->start);
    return vipci_is_backed(r) ? vipci_backing(v, r) : vipci_is_device(r) ? NULL : s;
}
static bool vipci_area_seen(const vipc *v, const vipci_space *s, const vipci_area *r)
{
    uint64_t page;
    const vipci_space *of = vipci_map_behind(v, s, r, &page);
    return !of || vipci_seen(v, of, &page, page + ((r->end - r->start) >> v->page_shift)) != 0;
}
/* Leave those of its translations that `access` allows; 0: none. */
static void vipci_narrow(const vipc *v, const vipci_space *s, const vipci_area *r, uint32_t access)
{
    uint64_t page, n = (r->end - r->start) >> v->page_shift;
    const vipci_space *of = vipci_map_behind(v, s, r, &page);
    const uint64_t first = page, to = page + n;
    for (; page < to && (!of || (n = vipci_seen(v, of, &page, to)) != 0); page += n) {
        const uint64_t at = r->start + ((page - first) << v->page_shift);
        if (access) v->hooks->page_protect(v->hooks->user, s->root, at, n, access);
        else v->hooks->page_unmap(v->hooks->user, s->root, at, n);
    }
}
/* The lock was ours, and is to be again. */
static void vipci_lock_again(vipc *v)
{
    while (vipci_lock(v, VIPC_FOREVER) != VIPC_OK) vipci_relax(v);       /* a port without block: it is let go soon */
}
/* Nodes of the page map that [at, end), where there is no region any more, was the last to need. */
static void vipci_map_trim_at(const vipc *v, vipci_space *s, uint64_t at, uint64_t end)
{
    vipci_area r;
    uint64_t from = vipci_region_below(v, s, at, &r) ? vipci_page_of(v, s, r.end) : 0;
    uint64_t to = vipci_region_at(v, s, end, &r) ? vipci_page_of(v, s, r.start) : ~(uint64_t)0;
    vipci_map_trim(v, s, from, to, vipci_page_of(v, s, at), vipci_page_of(v, s, end));
}
/* What was unmapped in [at, end), and flushed: frames and regions go.  Every VIPCI_BREATH steps whoever sleeps for the lock gets it; false: then the space
 * was gone, or somebody unmapped more, whose flush is not ours (RACE 38): the rest is for him. */
enum { VIPCI_BREATH = 64,
       VIPCI_PAYS = 16,                     /* how often who pays finds that others owe more by now, and pays that too */
       VIPCI_TURNS = 256 };                 /* how often who waits for a flush finds that others owe again, before it says RESOURCE_BUSY */
static bool vipci_reap_space(vipc *v, vipci_space *s, uint64_t at, uint64_t end)
{
    const uint64_t number = s->number, owed = s->owed;
    uint32_t steps = 0;
    vipci_area r;
    for (uint64_t from = at; s->leaving && from < end && vipci_region_at(v, s, from, &r) && r.start < end; from = r.end) {
        if (!(r.a & VIPCI_R_LEAVING)) continue;
        uint64_t page = vipci_page_of(v, s, r.start), to = vipci_is_device(&r) || vipci_is_backed(&r) ? page : vipci_page_of(v, s, r.end);
        while (vipci_free_some_pages(v, s, &page, to)) {
            if (++steps % VIPCI_BREATH || v->steady || !(vipci_load64(v, &vipci_d(v)->lock_flag) & 1)) continue;
            vipci_unlock(v);
            vipci_lock_again(v);
            if (s->number != number || s->owed != owed || !vipci_region_at(v, s, r.start, &r) || !(r.a & VIPCI_R_LEAVING)) return false;
        }
        if (vipci_region_remove(v, s, r.start) != VIPC_OK) { vipci_rollback(v); break; }
        vipci_set32(v, &s->leaving, s->leaving - 1);
        if (vipci_is_backed(&r)) vipci_piece_less(v, r.b);
        vipci_commit(v);
        vipci_map_trim_at(v, s, r.start, r.end);
    }
    return true;
}
/* Pay the debt, and what others add to it meanwhile (RACE 38): what was theirs then is flushed in any case, but a region of one's own stays until all is paid;
 * after VIPCI_PAYS turns that is left to them.  Lets go of the lock if the flush has to wait (then the space stays, though it may be closed), or at a breath,
 * and has it again when it returns; then the space may be gone, or changed.  WOULD_BLOCK (with NOW), TIMEOUT, HOOK: the debt stays. */
static vipc_error vipci_settle(vipc *v, vipci_space *s, vipc_time deadline)
{
    const uint64_t number = s->number;
    for (uint32_t turns = 0; s->owed_end && turns < VIPCI_PAYS; turns++) {
        const uint64_t owed = s->owed, at = s->owed_at, end = s->owed_end, root = s->root, pages = (end - at) >> v->page_shift;
        vipc_error e = vipci_flush(v, root, at, pages, VIPC_NOW);
        if (e == VIPC_ERR_WOULD_BLOCK && deadline != VIPC_NOW) {
            vipci_intend(v, vipci_at_object(s->object - 1)); /* RACE 1: it does not go meanwhile, nor does the root */
            vipci_unlock(v);
            e = vipci_flush(v, root, at, pages, deadline);
            vipci_lock_again(v);
            vipci_intend_nothing(v);
            if (e == VIPC_OK && s->owed != owed) continue;   /* RACE 38 */
        }
        if (e != VIPC_OK) return e;
        if (!vipci_reap_space(v, s, at, end)) {
            if (s->number != number) return VIPC_OK;
            continue;                                        /* RACE 38 */
        }
        if (s->limbo) {
            vipci_release_page(v, s->limbo - 1);
            vipci_set64(v, &s->limbo, 0);
        }
        vipci_set64(v, &s->owed_at, 0);
        vipci_set64(v, &s->owed_end, 0);
        vipci_commit(v);
    }
    return VIPC_OK;
}
/* All of a space that has ended; false: somebody runs in it still.  In steps; may be called again after a kill at any of them. */
static bool vipci_space_free(const vipc *v, vipci_object *o)
{
    vipci_domain *d = vipci_d(v);
    vipci_space *s = vipci_space_of(v, o);
    if (!s) return true;
    vipci_map_rested(v);
    if (s->root) {                                           /* on the redo list: who is killed when they have ended, and before the record says so, leaves that
                                                              * to the next one to have the lock, before anybody can be given the same root again */
        vipci_after_commit(v, (uint64_t)(s - vipci_space_at(v, 0)), VIPCI_REDO_SPACE);
        vipci_commit(v);
        if (s->root) return false;
    }
    vipci_area r;
    for (uint64_t at = s->start; vipci_region_at(v, s, at, &r); at = r.end) {
        if (!vipci_is_backed(&r)) continue;
        if (vipci_region_remove(v, s, r.start) != VIPC_OK) { vipci_rollback(v); break; }
        vipci_piece_less(v, r.b);
        vipci_commit(v);
    }
    for (uint64_t page = 0; vipci_free_some_pages(v, s, &page, ~(uint64_t)0);) continue;
    (void)vipci_regions_free_all(v, s);
    vipci_map_trim(v, s, 0, ~(uint64_t)0, 0, ~(uint64_t)0);
    if (s->limbo) vipci_release_page(v, s->limbo - 1);
    vipci_set64(v, &s->limbo, 0);
    vipci_set64(v, &s->number, 0);
    vipci_set64(v, &o->shape, 0);
    vipci_set32(v, &s->next, d->free_space);
    vipci_set32(v, &d->free_space, (uint32_t)(s - vipci_space_at(v, 0)) + 1);
    vipci_commit(v);
    return true;
}
#endif

#if !VIPC_NO_REGIONS
/* -------------------------------------------------------------------------------------------------- >>stores
 * What is behind regions and named objects: a record like a space's, of which the page map counts.  Page n of the map is page n of the store.  A page that is
 * SEEN may have translations in any of the spaces that have the store mapped; those are found by its mappings, which stand in its tree of capabilities.
 * Translations of its pages go in this order: that no new one is given for [owed_at, owed_end): committed (a fault there waits, or helps); each space that has
 * such a page mapped loses it as >>spaces says, and owes; all of these debts are paid; then the store does what this was for (frees frames, puts a copy in the
 * place of a page), and gives translations again, in one step.  Who is killed in between leaves a debt that the next one to fault there, or to take something
 * away, pays.
 * RACE 44 (who is withdrawn maps again): a mapping that is WITHDRAWN gets no translation, which is said in the step that removes its capability; only then are
 * its regions looked for.  Test: t_shared race_44.
 * RACE 45 (a page is copied while another space may still read the original): the copy is put in when all debts of the spaces that had the original are paid,
 * and while nobody gets a new translation.  Test: t_shared race_45.  A waits for the flush, without the lock; B faults in that page, finds that nobody may have a
 * translation, and pays what is owed; it is paid.  Would B only say so, it could ask for the page itself before A is back, and A pay that, and so on for ever.  So
 * the store names the page that is wanted, in the step that owes for it, and who finds all paid makes the copy, whether it is A, B, or, when both were killed, a
 * third: of those who wait there is always one who gets what it came for.  Tests: t_sharedraces. */
enum { VIPCI_S_CONTIGUOUS = 1u << 8, VIPCI_S_SEALED = 1u << 9 };      /* rule: access_max | cache << 4 | these | mode << 16 | node + 1 << 32 */
#define VIPCI_S_ACCESS(rule) ((uint32_t)(rule) & 7u)
#define VIPCI_S_CACHE(rule) ((uint32_t)(rule) >> 4 & 3u)
#define VIPCI_S_MODE(rule) ((uint32_t)(rule) >> 16 & 0xfffu)
#define VIPCI_S_NODE(rule) ((uint32_t)((rule) >> 32))
enum { VIPCI_FILL = 48 };              /* frames taken in one step: at most three words each, and a few */

static inline uint64_t vipci_pages_of(const vipc *v, uint64_t bytes) { return (bytes >> v->page_shift) + ((bytes & (vipci_page_size(v) - 1)) != 0); }
static inline vipci_object *vipci_store_object(const vipc *v, const vipci_space *s)
{
    return vipci_object_at(v, s->object - 1 < v->max_objects ? s->object - 1 : 0);
}
/* The mappings of a store, one after the other: those that stand below capabilities, then those withdrawn. */
typedef struct vipci_tour { vipci_entry *next; uint32_t steps, withdrawn; } vipci_tour;
static vipci_entry *vipci_cap_after(const vipc *v, const vipci_entry *e)
{
    if (e->child && !(e->kind & VIPCI_MAPPED)) return vipci_linked(v, e->child);
    for (uint32_t depth = 0; !e->next && depth <= v->max_caps; depth++) {
        e = vipci_linked(v, e->parent);
        if (!e) return NULL;
    }
    return vipci_linked(v, e->next);
}
static vipci_tour vipci_tour_of(const vipc *v, const vipci_object *o, bool withdrawn)
{
    vipci_tour t = { vipci_linked(v, withdrawn ? o->peer : o->first_cap), 0, withdrawn };
    return t;
}
static vipci_entry *vipci_tour_next(const vipc *v, const vipci_object *o, vipci_tour *t)
{
    for (;;) {
        vipci_entry *e = t->next;
        if (!e || t->steps++ > v->max_caps) {
            if (t->withdrawn) return NULL;
            *t = vipci_tour_of(v, o, true);
            continue;
        }
        t->next = vipci_cap_after(v, e);
        if (e->kind & VIPCI_MAPPED) return e;
    }
}
static vipci_space *vipci_mapping_space(const vipc *v, const vipci_entry *e)
{
    const uint32_t i = (uint32_t)(e->place & 0xffffff) - 1;
    return i < v->max_spaces && vipci_space_at(v, i)->number && vipci_space_at(v, i)->root ? vipci_space_at(v, i) : NULL;
}
/* The next piece of a mapping at or above *at; false: there are no more. */
static bool vipci_piece_next(const vipc *v, const vipci_entry *e, const vipci_space *s, uint64_t *at, vipci_area *r)
{
    const uint64_t end = e->badge + ((e->place >> 24) << v->page_shift);
    while (*at < end && vipci_region_at(v, s, *at, r) && r->start < end) {
        *at = r->end;
        if (vipci_is_backed(r) && VIPCI_B_LINK(r->b) == vipci_link(v, e)) return true;
    }
    return false;
}
/* Pages [from, to) of the store lose what `access` does not allow, in every space; 0: all. */
static void vipci_store_narrow(const vipc *v, const vipci_object *o, uint64_t from, uint64_t to, uint32_t access)
{
    vipci_tour t = vipci_tour_of(v, o, false);
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL;) {
        vipci_space *s = vipci_mapping_space(v, e);
        const uint64_t first = e->held_prev, end = first + (e->place >> 24);
        vipci_area r;
        if (!s || from >= end || to <= first) continue;
        for (uint64_t at = e->badge; vipci_piece_next(v, e, s, &at, &r);) {
            const uint64_t page = VIPCI_B_PAGE(r.b), n = (r.end - r.start) >> v->page_shift;
            const uint64_t low = page > from ? page : from, high = page + n < to ? page + n : to;
            const uint32_t prot = VIPCI_R_PROT(r.a);
            if (low >= high || !(prot & ~access) || (r.a & VIPCI_R_LEAVING)) continue;
            r.end = r.start + ((high - page) << v->page_shift);
            r.start += (low - page) << v->page_shift;
            r.b += low - page;
            if (!vipci_area_seen(v, s, &r)) continue;
            vipci_owe(v, s, r.start, r.end);
            vipci_commit(v);
            vipci_narrow(v, s, &r, access ? (prot & access) : 0);
        }
    }
}
/* Of the spaces that have it mapped, the first from record `from` on that owes; NULL: none does. */
static vipci_space *vipci_store_owing(const vipc *v, const vipci_object *o, const vipci_space *from)
{
    vipci_tour t = vipci_tour_of(v, o, false);
    vipci_space *first = NULL;
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL;) {
        vipci_space *s = vipci_mapping_space(v, e);
        if (s && s->owed_end && s >= from && (!first || s < first)) first = s;
    }
    return first;
}
/* Pay what the spaces that have it mapped owe, each once: what they come to owe meanwhile is others'.  May let the lock go; then the store may have changed, or
 * ended: CLOSED.  WOULD_BLOCK, TIMEOUT, HOOK. */
static vipc_error vipci_store_flush(vipc *v, vipci_space *store, vipc_time deadline)
{
    const uint64_t number = store->number;
    const vipci_object *o = vipci_store_object(v, store);
    const uint32_t steady = v->steady;
    v->steady = 1;
    for (vipci_space *s = vipci_space_at(v, 0); (s = vipci_store_owing(v, o, s)) != NULL; s++) (void)vipci_settle(v, s, VIPC_NOW);      /* all are asked, before any
                                                                                                                                         * is waited for */
    v->steady = steady;
    for (vipci_space *s = vipci_space_at(v, 0); (s = vipci_store_owing(v, o, s)) != NULL; s++) {
        vipc_error e = vipci_settle(v, s, deadline);
        if (store->number != number) return VIPC_ERR_CLOSED;
        if (e != VIPC_OK) return e;
    }
    return VIPC_OK;
}
/* [from, to) was added to what the store owes, and that is committed: all spaces lose what `access` does not allow.  behind: who added to the debt before was
 * killed before they had. */
static bool vipci_store_behind(const vipci_space *store) { return store->owed_end && store->narrowed != store->owed; }
static void vipci_store_close(const vipc *v, vipci_space *store, bool behind, uint64_t from, uint64_t to, uint32_t access)
{
    if (behind) vipci_store_narrow(v, vipci_store_object(v, store), store->owed_at, store->owed_end, 0);
    else vipci_store_narrow(v, vipci_store_object(v, store), from, to, access);
    vipci_poke64(v, &store->narrowed, store->owed);
}
/* No translations for [from, to) from here on, and no old ones but what `access` allows, once vipci_store_flush says so; a step, and what follows it. */
static void vipci_store_owe(const vipc *v, vipci_space *store, uint64_t from, uint64_t to, uint32_t access)
{
    const bool behind = vipci_store_behind(store);
    vipci_store_due(v, store, 1);                            /* who is killed before all have lost theirs is followed by vipci_store_tend */
    vipci_owe(v, store, from, to);
    vipci_commit(v);
    vipci_store_close(v, store, behind, from, to, access);
}
static vipci_process *vipci_store_owner(const vipc *v, const vipci_space *store)         /* whose pages they are; NULL: of one that has ended */
{
    const vipci_object *o = vipci_store_object(v, store);
    return o->owner && o->owner <= v->max_processes ? vipci_process_at(v, o->owner - 1) : NULL;
}
static vipc_error vipci_quota(const vipc *v, const vipci_process *p, uint64_t more)
{
    const uint64_t have = p ? p->shared_pages : 0;
    return have <= v->shared_per_process && more <= v->shared_per_process - have ? VIPC_OK : VIPC_ERR_LIMIT;
}
/* How many pages it has more, or less; within a step. */
static void vipci_store_charge(const vipc *v, const vipci_space *store, uint64_t more, uint64_t less)
{
    vipci_process *p = vipci_store_owner(v, store);
    if (p) vipci_set64(v, &p->shared_pages, p->shared_pages + more - less);
}
static void vipci_node_charge(const vipc *v, uint64_t frame, uint64_t more, uint64_t less)
{
    const uint32_t node = v->hooks->frame_node ? v->hooks->frame_node(v->hooks->user, frame) : 0;
    vipci_u64 *n = &vipci_d(v)->node_pages[node < v->numa_nodes ? node : 0];
    vipci_set64(v, n, *n + more - less);
}
/* `n` new frames from `first` on are pages from `page` on, slots of one leaf without entries; within a step.  HOOK: they are somebody's. */
static vipc_error vipci_store_put(const vipc *v, vipci_space *store, uint64_t leaf_frame, vipci_u64 *leaf, uint64_t page, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (first + i >= v->max_frames || *vipci_refs_at(v, first + i)) return VIPC_ERR_HOOK;
        vipci_set32(v, vipci_refs_at(v, first + i), 1);
        vipci_set_far(v, leaf_frame, leaf, vipci_map_slot(v, page, 0) + (uint32_t)i, VIPCI_ENTRY(first + i, 0));
        vipci_node_charge(v, first + i, 1, 0);
    }
    vipci_set64(v, &store->pages, store->pages + n);
    vipci_store_charge(v, store, n, 0);
    return VIPC_OK;
}
/* What a view has taken for a store goes back; a step. */
static void vipci_clean_drop(const vipc *v, vipci_view *w)
{
    if (w->clean_count) vipci_drop_frames(v, w->clean, w->clean_count);
    vipci_set64(v, &w->clean_count, 0);
    vipci_commit(v);
}
/* The frames that this view has taken and zeroed are those of pages from *from on, as far as they have none and lie below `to`; in steps.  away: the lock was let
 * go since its owner's quota was asked, and other threads of that process may have used it. */
static vipc_error vipci_store_take_clean(const vipc *v, vipci_space *store, uint64_t *from, uint64_t to, bool away)
{
    vipci_view *w = vipci_mine(v);
    while (w->clean_count && *from < to) {
        uint64_t leaf_frame = 0, n = 1;
        vipci_u64 *leaf;
        vipc_error e = vipci_map_make(v, store, *from, &leaf, &leaf_frame);
        if (e != VIPC_OK) return e;
        const uint32_t slot = vipci_map_slot(v, *from, 0), room = (1u << vipci_map_bits(v)) - slot;
        if (leaf[slot]) { ++*from; continue; }
        while (n < VIPCI_FILL && n < room && n < to - *from && n < w->clean_count && !leaf[slot + n]) n++;
        e = away ? vipci_quota(v, vipci_store_owner(v, store), n) : VIPC_OK;
        if (e == VIPC_OK) e = vipci_store_put(v, store, leaf_frame, leaf, *from, w->clean, n);
        vipci_set64(v, &w->clean, w->clean + n);
        vipci_set64(v, &w->clean_count, w->clean_count - n);
        if (vipci_step_end(v, e) != VIPC_OK) return e;
        *from += n;
    }
    return VIPC_OK;
}
static bool vipci_elsewhere(const vipc *v, const vipci_space *store, uint64_t frame)      /* not on the node that was asked for */
{
    const uint32_t node = VIPCI_S_NODE(store->rule);
    return node && v->hooks->frame_node && v->hooks->frame_node(v->hooks->user, frame) != node - 1;
}
/* Zeroed frames for those of pages [from, to) that have none; whole: they are neighbours, all of them.  Lets the lock go while it zeroes, unless it is steady or
 * there is but one; CLOSED: then the store ended.  On an error what was done stays. */
enum { VIPCI_CLEAN_MOST = 4096 };      /* pages of one run */
static vipc_error vipci_store_fill(vipc *v, vipci_space *store, uint64_t from, uint64_t to, bool whole)
{
    const uint64_t number = store->number;
    vipci_view *w = vipci_mine(v);
    uint64_t most = whole || to - from < VIPCI_CLEAN_MOST ? to - from : (uint64_t)VIPCI_CLEAN_MOST, frame = 0, first = 0;
    vipci_u64 *leaf;
    vipc_error e = VIPC_OK;
    for (uint64_t page = from; page < to; page = (page | (vipci_map_span(v, 0) - 1)) + 1) {      /* first, so that frames can be neighbours */
        e = vipci_map_make(v, store, page, &leaf, &frame);
        if (e != VIPC_OK) { vipci_map_prune(v, store, page); return e; }
    }
    while (from < to && e == VIPC_OK) {
        leaf = vipci_map_node(v, store, from, 0, &frame);
        if (leaf && leaf[vipci_map_slot(v, from, 0)]) { from++; continue; }
        const uint64_t n = to - from < most ? to - from : most;
        e = vipci_take_frames_near(v, VIPCI_S_NODE(store->rule), n, &first);
        void *at = e == VIPC_OK ? vipci_frames_at(v, first, n) : NULL;
        if (e == VIPC_OK && !at) e = VIPC_ERR_HOOK;
        if (e == VIPC_OK && n > 1 && !whole && vipci_elsewhere(v, store, first)) {      /* what is left there is in smaller pieces */
            vipci_rollback(v);
            most = n / 2;
            continue;
        }
        vipci_set64(v, &w->clean, first);
        vipci_set64(v, &w->clean_count, n);
        if (vipci_step_end(v, e) != VIPC_OK) {
            if (e != VIPC_ERR_OUT_OF_MEMORY || n == 1 || whole) return e;
            most = n / 2;
            e = VIPC_OK;
            continue;
        }
        const bool away = n > 1 && !v->steady;
        if (away) vipci_unlock(v);
        vipci_zero_frame(at, n << v->page_shift);
        if (away) vipci_lock_again(v);
        e = store->number == number ? vipci_store_take_clean(v, store, &from, to, away) : VIPC_ERR_CLOSED;
        vipci_clean_drop(v, w);                              /* what others were faster to give */
    }
    return e;
}
/* Frames of pages [from, to) go, in steps. */
static void vipci_store_free_pages(const vipc *v, vipci_space *store, uint64_t from, uint64_t to)
{
    uint64_t frame = 0;
    const uint64_t low = from;
    vipci_u64 *leaf;
    while ((leaf = vipci_map_next(v, store, 0, &from, to, &frame)) != NULL) {
        uint32_t i = vipci_map_slot(v, from, 0), n = 0, shared = 0;
        for (; i < 1u << vipci_map_bits(v) && from < to && n < VIPCI_STEP_PAGES; i++, from++) {
            const uint64_t entry = leaf[i];
            if (!entry) continue;
            vipci_set_far(v, frame, leaf, i, 0);
            vipci_node_charge(v, VIPCI_ENTRY_FRAME(entry), 0, 1);
            vipci_release_page(v, VIPCI_ENTRY_FRAME(entry));
            shared += (uint32_t)entry & VIPCI_COW;
            n++;
        }
        vipci_set64(v, &store->pages, store->pages - n);
        vipci_set64(v, &store->shared, store->shared - shared);
        vipci_store_charge(v, store, 0, n);
        vipci_commit(v);
    }
    if (to == ~(uint64_t)0) vipci_map_trim(v, store, low, to, low, to);
    else for (uint64_t page = low; vipci_map_next(v, store, 0, &page, to, &frame); page = (page | (vipci_map_span(v, 0) - 1)) + 1)
        vipci_map_prune(v, store, page);                     /* others may be about to make it larger: their pages lie past its end */
}
/* The page that is wanted, which nobody has a translation of, gets a frame of its own, if another store has it still; a step. */
static vipc_error vipci_store_copy_wanted(const vipc *v, vipci_space *store)
{
    const uint64_t page = store->wanted - 1;
    uint64_t leaf_frame = 0, frame = 0;
    vipci_u64 *leaf = vipci_map_node(v, store, page, 0, &leaf_frame);
    const uint32_t slot = vipci_map_slot(v, page, 0);
    const uint64_t entry = leaf ? leaf[slot] : 0, old = VIPCI_ENTRY_FRAME(entry);
    vipci_set64(v, &store->wanted, 0);
    vipc_error e = VIPC_OK;
    if ((entry & VIPCI_COW) && !vipci_sole(v, entry)) {
        const void *from = vipci_frames_at(v, old, 1);
        void *to = NULL;
        e = from ? vipci_take_frames_near(v, VIPCI_S_NODE(store->rule), 1, &frame) : VIPC_ERR_CORRUPT;
        if (e == VIPC_OK) e = frame < v->max_frames && *vipci_refs_at(v, frame) == 0 && (to = vipci_frames_at(v, frame, 1)) != NULL ? VIPC_OK : VIPC_ERR_HOOK;
        if (e == VIPC_OK) {
            vipci_copy_frame(to, from, vipci_page_size(v));
            vipci_set32(v, vipci_refs_at(v, frame), 1);
            vipci_node_charge(v, frame, 1, 0);
            vipci_node_charge(v, old, 0, 1);
            vipci_set_far(v, leaf_frame, leaf, slot, VIPCI_ENTRY(frame, 0));
            vipci_set64(v, &store->shared, store->shared - 1);
            vipci_release_page(v, old);
        }
    }
    return vipci_step_end(v, e);
}
/* What was owed by the store itself is paid: the page that is wanted is copied, what lies past its end goes, and there are translations again, in any case.
 * Errors of the copy. */
static vipc_error vipci_store_paid(const vipc *v, vipci_space *store)
{
    if (!store->owed_end) return VIPC_OK;
    const uint64_t end = vipci_pages_of(v, store->brk);
    const vipc_error e = store->wanted ? vipci_store_copy_wanted(v, store) : VIPC_OK;
    if (end < store->owed_end) vipci_store_free_pages(v, store, end > store->owed_at ? end : store->owed_at, store->owed_end);
    vipci_set64(v, &store->wanted, 0);
    vipci_set64(v, &store->owed_at, 0);
    vipci_set64(v, &store->owed_end, 0);
    vipci_commit(v);
    return e;
}
/* Pay what the store owes, and finish what others owed it for; that this fails is theirs to find out.  As vipci_store_flush; OK: there may be new debts, of
 * others. */
static vipc_error vipci_store_settle(vipc *v, vipci_space *store, vipc_time deadline)
{
    const uint64_t owed = store->owed;
    if (!store->owed_end) return VIPC_OK;
    if (vipci_store_behind(store)) vipci_store_close(v, store, true, 0, 0, 0);
    vipc_error e = vipci_store_flush(v, store, deadline);
    if (e == VIPC_OK && store->owed == owed) (void)vipci_store_paid(v, store);
    return e;
}
/* Mappings that are withdrawn: their regions leave, and lose their translations. */
static void vipci_store_withdraw(const vipc *v, const vipci_object *o)
{
    vipci_tour t = vipci_tour_of(v, o, true);
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL;) {
        vipci_space *s = vipci_mapping_space(v, e);
        vipci_area r;
        for (uint64_t at = s ? e->badge : ~(uint64_t)0; s && vipci_piece_next(v, e, s, &at, &r);) {
            if (r.a & VIPCI_R_LEAVING) continue;
            vipci_owe(v, s, r.start, r.end);
            vipci_commit(v);
            vipci_narrow(v, s, &r, 0);
            vipci_area left = r;
            left.a |= VIPCI_R_LEAVING;
            vipci_set32(v, &s->leaving, s->leaving + 1);
            if (vipci_region_change(v, s, r.start, &left) != VIPC_OK) { vipci_rollback(v); return; }
            vipci_commit(v);
        }
    }
}
/* All of a store that has ended; false: somebody may still use a translation.  Like vipci_space_free. */
static bool vipci_store_free(const vipc *v, vipci_object *o)
{
    vipci_domain *d = vipci_d(v);
    vipci_space *s = vipci_store_of(v, o);
    if (!s) return true;
    vipci_map_rested(v);
    vipci_prune(v, &o->first_cap);
    vipci_store_withdraw(v, o);
    if (o->peer) {
        vipc *w = (vipc *)(uintptr_t)v;
        const uint32_t was = w->steady;
        w->steady = 1;
        (void)vipci_store_flush(w, s, VIPC_NOW);
        w->steady = was;
        if (o->peer) return false;
    }
    vipci_store_free_pages(v, s, 0, ~(uint64_t)0);
    vipci_set64(v, &s->number, 0);
    vipci_set64(v, &o->shape, 0);
    vipci_set32(v, &s->next, d->free_store);
    vipci_set32(v, &d->free_store, (uint32_t)(s - vipci_space_at(v, v->max_spaces)) + 1);
    vipci_commit(v);
    return true;
}
#endif

/* --------------------------------------------------------------------------------------------------- >>queue
 * A slot: one cache line, with a payload behind it where the endpoint has one.
 *
 *   63                                     19 18    16 15          0
 *   +----------------------------------------+--------+-------------+
 *   |                  lap                   | phase  | view + 1    |   state: the only truth; changed by CAS alone
 *   +----------------------------------------+--------+-------------+
 *   |  vipci_body: sender, badge, head, data[4]                     |   56 bytes, written and read inside a claim
 *   +---------------------------------------------------------------+
 *
 * Position = lap * capacity + index, kept as lap << 19 | index, so that positions compare by signed difference and wrap.
 *   FREE --CAS--> WRITING --CAS--> FULL --CAS--> READING --CAS--> FREE of the next lap
 * LATE_W, LATE_R: a claim that stood still while its whole lap went by: the next lap's sender passes over it (the position is void), so
 * a stopped process holds up nobody.  A writer whose commit fails frees the slot and sends anew; a late reader keeps its message and
 * frees the slot.  FULL_AGAIN is FULL, given back by the dead.  Zeroed memory is an empty queue.
 *
 * head and tail are hints that may lag but never lead: below tail all is claimed or passed over, below head all is finished.
 * RACE 9  (order past a paused writer): what was skipped is looked at again before a later message is taken.     explore ring
 * RACE 10 (a lying "empty"): the same look before "empty" is said.                                               explore ring
 * RACE 11 (given back behind head): `behind` counts; while it is not 0 the oldest FULL of all is taken.           explore ring
 * RACE 12 (hint past an unfinished slot): head moves only when nothing unfinished was met below.                 explore ring
 * Hints and state words may have been scribbled over: walks are bounded, and give VIPC_ERR_CORRUPT past the bound.
 *
 * What is URGENT has a queue of its own, with its hints in front of it, in frames that are taken when the first such message is sent.  Receivers look there
 * while a bit in the shape word, LANE, says so: it is set after a message is there, and cleared by who finds none.  While it is set nobody takes the quick ways.
 * RACE 28 (LANE cleared over a message): who publishes there, or gives back, sets LANE afterwards and counts that, in the same word; who clears it does so by CAS
 * of the word that it read before it looked.  So it succeeds only if nobody has said since that there is something; and, as the count is of eleven bits, it looks
 * once more afterwards.  Who is killed between publishing and saying so has its intent there, and the reaper says it.
 * RACE 29 (a lying "empty" over two queues): LANE is looked at before the other queue, and again when that was empty.
 * Tests: explore urgent and those beside it; t_urgent. */
enum { VIPCI_FREE, VIPCI_WRITING, VIPCI_FULL, VIPCI_FULL_AGAIN, VIPCI_READING, VIPCI_LATE_W, VIPCI_LATE_R };
#define VIPCI_LAP ((uint64_t)1 << 19)
#define VIPCI_LAPS (~(VIPCI_LAP - 1))
#define VIPCI_PHASE(w) ((uint32_t)((w) >> 16) & 7u)
#define VIPCI_OWNER(w) ((uint32_t)(w) & 0xffffu)
#define VIPCI_WORD(lap, phase, owner) (((lap) & VIPCI_LAPS) | (uint64_t)(phase) << 16 | (uint64_t)(owner))
#define VIPCI_STEPS 1000000u           /* of one walk; an honest one takes a few, and one more for each operation that overtakes it */
#define VIPCI_PASS_SPIN 64u            /* looks at a claim before it is passed over: its owner is most likely running */

typedef struct vipci_slot { vipci_u64 state; vipci_body body; } vipci_slot;
VIPCI_ASSERT(slot, sizeof(vipci_slot) == 64 && offsetof(vipci_slot, body) == 8);
VIPCI_ASSERT(word, VIPC_CAPACITY_MAX < (1u << 19) && VIPCI_MEMBERS_MAX < 0xffffu && VIPCI_LATE_R < 8);
typedef struct vipc_seen vipci_ring;

static inline vipci_slot *vipci_slot_at(const vipci_ring *r, uint64_t index) { return (vipci_slot *)(void *)(r->slots + index * r->stride); }
static inline int64_t vipci_ahead(uint64_t a, uint64_t b) { return (int64_t)(a - b); }
static inline uint64_t vipci_next(const vipci_ring *r, uint64_t at)
{
    return (at & (VIPCI_LAP - 1)) + 1 == r->capacity ? (at & VIPCI_LAPS) + VIPCI_LAP : at + 1;
}
static inline uint64_t vipci_position(uint64_t at, uint32_t capacity) { return (at >> 19) * capacity + (at & (VIPCI_LAP - 1)); }
static inline bool vipci_is_full(uint64_t w) { return VIPCI_PHASE(w) == VIPCI_FULL || VIPCI_PHASE(w) == VIPCI_FULL_AGAIN; }

#define VIPCI_FAILS 0x80000000u         /* in a shape: a send to a full queue does not wait; alone it is VIPC_FULL_FAIL */
#define VIPCI_DROPS 0x40000000u         /* with it: VIPC_FULL_DROP_OLDEST.  Who knows nothing of dropping takes it for VIPC_FULL_FAIL */
#define VIPCI_LANE 0x20000000u          /* there may be urgent messages */
#define VIPCI_SHOWN ((uint64_t)1 << 53) /* counts, up to the top, how often that was said */
#if VIPC_NO_URGENT
#define VIPCI_FIXED ~(uint64_t)0
#else
#define VIPCI_FIXED (VIPCI_SHOWN - 1 - VIPCI_LANE)        /* what does not change in a shape */
#endif
static inline uint32_t vipci_shape_capacity(uint64_t shape) { return (uint32_t)shape & 0xffffu; }
static inline uint32_t vipci_shape_payload(uint64_t shape) { return (uint32_t)((shape & VIPCI_FIXED) >> 32); }
static bool vipci_shape_ok(uint64_t shape)
{
    return vipci_shape_capacity(shape) - 1 < VIPC_CAPACITY_MAX && vipci_shape_payload(shape) <= VIPC_PAYLOAD_MAX;
}
static inline uint32_t vipci_stride(uint32_t payload_max)      /* a payload stands behind its length, 8 bytes */
{
    return 64u + (payload_max ? (uint32_t)vipci_round((uint64_t)payload_max + 8, 64) : 0);
}
static uint64_t vipci_queue_frames(const vipc *v, uint64_t shape)
{
    uint64_t bytes = (uint64_t)vipci_shape_capacity(shape) * vipci_stride(vipci_shape_payload(shape));
    return (bytes + ((uint64_t)1 << v->page_shift) - 1) >> v->page_shift;
}
/* Where its hints are: of the usual queue in the object, of the urgent one in front of its slots, at the same distances. */
#define VIPCI_HINTS 128u
#if VIPC_NO_URGENT
#define VIPCI_LANES 1u
static inline vipci_u64 *vipci_tail(const vipci_ring *r, vipci_object *o) { (void)r; return &o->tail; }
static inline vipci_u64 *vipci_head(const vipci_ring *r, vipci_object *o) { (void)r; return &o->head; }
static inline vipci_u64 *vipci_behind(const vipci_ring *r, vipci_object *o) { (void)r; return &o->behind; }
static inline uint32_t vipci_lane_of(const vipci_ring *r, const vipci_object *o) { (void)r; (void)o; return 0; }
#else
#define VIPCI_LANES 2u
VIPCI_ASSERT(hints, offsetof(vipci_object, head) - offsetof(vipci_object, tail) == 64 && offsetof(vipci_object, behind) == offsetof(vipci_object, head) + 8);
static inline vipci_u64 *vipci_tail(const vipci_ring *r, vipci_object *o) { (void)o; return (vipci_u64 *)(void *)r->hints; }
static inline vipci_u64 *vipci_head(const vipci_ring *r, vipci_object *o) { (void)o; return (vipci_u64 *)(void *)(r->hints + 64); }
static inline vipci_u64 *vipci_behind(const vipci_ring *r, vipci_object *o) { (void)o; return (vipci_u64 *)(void *)(r->hints + 72); }
static inline uint32_t vipci_lane_of(const vipci_ring *r, const vipci_object *o) { return r->hints != (const unsigned char *)&o->tail; }
static inline uint32_t vipci_shape_urgent(uint64_t shape) { return (uint32_t)shape >> 16 & 0x7fu; }
static uint64_t vipci_urgent_frames(const vipc *v, uint64_t shape)
{
    uint64_t bytes = VIPCI_HINTS + (uint64_t)vipci_shape_urgent(shape) * vipci_stride(vipci_shape_payload(shape));
    return (bytes + ((uint64_t)1 << v->page_shift) - 1) >> v->page_shift;
}
#endif
/* Where the object's queue is.  CHANNEL_EMPTY: it has none; VIPCI_NEEDS_LOCK: vipc_trim is at it. */
#define VIPCI_NEEDS_LOCK ((vipc_error)1)
static VIPCI_COLD vipc_error vipci_ring_find(vipc *v, uint64_t queue, uint64_t shape, vipci_ring *r)
{
    uint32_t capacity = vipci_shape_capacity(shape), payload = vipci_shape_payload(shape);
    if (queue == 0) return VIPC_ERR_CHANNEL_EMPTY;
    if (queue & 1) return VIPCI_NEEDS_LOCK;
    if (!vipci_shape_ok(shape)) return VIPC_ERR_CORRUPT;
    unsigned char *p = (unsigned char *)vipci_frames_at(v, (queue >> 1) - 1, vipci_queue_frames(v, shape));
    if (!p) return VIPC_ERR_CORRUPT;
    r->queue = queue;
    r->shape = shape;
    r->slots = p;
    r->capacity = capacity;
    r->stride = vipci_stride(payload);
    return VIPC_OK;
}
static inline vipc_error vipci_ring_at(vipc *v, vipci_object *o, uint32_t index, vipci_ring **out)
{
    uint64_t queue = vipci_load64(v, &o->queue), shape = vipci_peek64(v, &o->shape);
    vipci_ring *r = &v->seen[index & 3];
    *out = r;
    if (!VIPC_NO_URGENT) r->hints = (unsigned char *)&o->tail;
    if (VIPCI_LIKELY(r->queue == queue && ((r->shape ^ shape) & VIPCI_FIXED) == 0 && queue != 0)) {
        if (!VIPC_NO_URGENT) r->shape = shape & ~(uint64_t)VIPCI_LANE;       /* for the quick ways, which go on while it stays so */
        return VIPC_OK;
    }
    return vipci_ring_find(v, queue, shape & ~(uint64_t)VIPCI_LANE, r);
}
static inline bool vipci_is_set(const vipc *v, vipci_object *o) { return !VIPC_NO_NOTIFICATIONS && vipci_peek32(v, &o->type) == VIPC_TYPE_WAIT_SET; }
static vipc_error vipci_ring_open(vipc *v, vipci_object *o, vipci_ring **out) { return vipci_ring_at(v, o, vipci_index(v, o), out); }
#if VIPC_NO_URGENT
static inline vipc_error vipci_lane_open(vipc *v, vipci_object *o, uint32_t lane, vipci_ring **out) { (void)lane; return vipci_ring_open(v, o, out); }
static inline void vipci_show_lane(const vipc *v, vipci_object *o) { (void)v; (void)o; }
#else
static vipc_error vipci_urgent_at(vipc *v, vipci_object *o, vipci_ring **out)
{
    uint64_t queue = vipci_load64(v, &o->urgent), shape = vipci_peek64(v, &o->shape);
    uint32_t n = vipci_shape_urgent(shape);
    vipci_ring *r = &v->urgent[vipci_index(v, o) & 1];
    *out = r;
    shape = (uint64_t)vipci_shape_payload(shape) << 32 | n;
    if (queue >> 63 || queue == 0) return VIPC_ERR_CHANNEL_EMPTY;
    if (VIPCI_LIKELY(r->queue == queue && r->shape == shape)) return VIPC_OK;
    if (queue & 1) return VIPCI_NEEDS_LOCK;
    if (!vipci_shape_ok(shape) || n > VIPC_URGENT_MAX) return VIPC_ERR_CORRUPT;
    unsigned char *p = (unsigned char *)vipci_frames_at(v, (queue >> 1) - 1, vipci_urgent_frames(v, shape | (uint64_t)n << 16));
    if (!p) return VIPC_ERR_CORRUPT;
    r->queue = queue;
    r->shape = shape;
    r->hints = p;
    r->slots = p + VIPCI_HINTS;
    r->capacity = n;
    r->stride = vipci_stride(vipci_shape_payload(shape));
    return VIPC_OK;
}
static vipc_error vipci_lane_open(vipc *v, vipci_object *o, uint32_t lane, vipci_ring **out)
{
    return lane ? vipci_urgent_at(v, o, out) : vipci_ring_open(v, o, out);
}
/* RACE 28: called after an urgent message is there. */
static void vipci_show_lane(const vipc *v, vipci_object *o)
{
    for (uint64_t s = vipci_load64(v, &o->shape); !vipci_cas64(v, &o->shape, s, (s | VIPCI_LANE) + VIPCI_SHOWN);) s = vipci_load64(v, &o->shape);
}
#endif

/* What the hints ought to be, from the slots alone: for hints that make no sense. */
static VIPCI_COLD void vipci_hints(const vipc *v, const vipci_ring *r, uint64_t *tail, uint64_t *head)
{
    for (uint32_t i = 0; i < r->capacity; i++) {
        uint64_t w = vipci_load64(v, &vipci_slot_at(r, i)->state), at = (w & VIPCI_LAPS) | i;
        uint32_t phase = VIPCI_PHASE(w);
        uint64_t t = phase == VIPCI_FREE ? at : at + VIPCI_LAP;
        uint64_t h = phase == VIPCI_LATE_W || phase == VIPCI_LATE_R ? at + VIPCI_LAP : at;
        if (i == 0 || vipci_ahead(t, *tail) < 0) *tail = t;
        if (i == 0 || vipci_ahead(h, *head) < 0) *head = h;
    }
}
/* Give a slot back that is still ours, wherever it was moved meanwhile; its next position follows the last one passed over. */
static VIPCI_COLD bool vipci_give_up(const vipc *v, vipci_slot *s, uint32_t late)
{
    for (;;) {
        uint64_t w = vipci_load64(v, &s->state);
        if (VIPCI_OWNER(w) != v->view + 1 || VIPCI_PHASE(w) != late) return false;
        if (vipci_cas64(v, &s->state, w, VIPCI_WORD(w + VIPCI_LAP, VIPCI_FREE, 0))) return true;
    }
}
/* Is there a free slot ahead of t within this lap, and nothing full before it?  Only then may t be passed over. */
static bool vipci_room_beyond(const vipc *v, const vipci_ring *r, uint64_t t)
{
    uint64_t end = t + VIPCI_LAP;
    for (uint64_t u = vipci_next(r, t); u != end; u = vipci_next(r, u)) {
        uint64_t x = vipci_load64(v, &vipci_slot_at(r, u & (VIPCI_LAP - 1))->state);
        if (x == VIPCI_WORD(u, VIPCI_FREE, 0)) return true;
        if (vipci_is_full(x) && vipci_ahead(x & VIPCI_LAPS, u & VIPCI_LAPS) < 0) return false;
    }
    return false;
}

/* Counted at an endpoint without a lock: the upper half is messages dropped, the lower what it was when a receiver was last told; so an add to the
 * upper half cannot spoil the lower, and each is told once. */
static inline vipci_u64 *vipci_dropped(vipci_object *o) { return &o->dropped; }
/* How often the upper half has wrapped << 16 | the most messages that a sender has seen queued. */
static inline vipci_u64 *vipci_high(vipci_object *o) { return &o->high; }
/* High-water mark: how many positions lie between head and tail, looked at once in 64.  head may lag by what is being received. */
#if !VIPC_NO_INSPECT
static VIPCI_COLD void vipci_mark_at_least(const vipc *v, vipci_object *o, uint64_t n)
{
    uint64_t was = vipci_load64(v, vipci_high(o));
    while ((was & 0xffff) < n && !vipci_cas64(v, vipci_high(o), was, (was & ~(uint64_t)0xffff) | n)) was = vipci_load64(v, vipci_high(o));
}
static VIPCI_COLD void vipci_mark_now(const vipc *v, vipci_object *o)
{
    uint32_t capacity = vipci_shape_capacity(vipci_peek64(v, &o->shape));
    if ((vipci_peek64(v, vipci_high(o)) & 0xffff) >= capacity) return;
    uint64_t n = vipci_position(vipci_peek64(v, &o->tail), capacity) - vipci_position(vipci_peek64(v, &o->head), capacity);
    vipci_mark_at_least(v, o, n < capacity ? n : (int64_t)n < 0 ? 0 : capacity);
}
static inline void vipci_note_high(const vipc *v, vipci_object *o, uint64_t index)       /* after the slot of that index; the first of a lap is among them */
{
    if (!VIPCI_LIKELY((index & 63) != 0)) vipci_mark_now(v, o);
}
#else
static inline void vipci_mark_at_least(const vipc *v, vipci_object *o, uint64_t n) { (void)v; (void)o; (void)n; }
static inline void vipci_note_high(const vipc *v, vipci_object *o, uint64_t index) { (void)v; (void)o; (void)index; }
#endif
/* Claim a slot to write into.  CHANNEL_FULL, CORRUPT. */
static inline vipc_error vipci_claim(const vipc *v, const vipci_ring *r, vipci_object *o, vipci_slot **out, uint64_t *lap)
{
    uint64_t t = vipci_peek64(v, vipci_tail(r, o)), ignore;
    uint32_t spun = 0, mended = 0;
    if ((t & (VIPCI_LAP - 1)) >= r->capacity) { vipci_hints(v, r, &t, &ignore); mended = 1; }
    for (uint32_t steps = 0; steps < VIPCI_STEPS; steps++) {
        uint64_t index = t & (VIPCI_LAP - 1), w;
        vipci_slot *s = vipci_slot_at(r, index);
        w = vipci_load64(v, &s->state);
        int64_t d = vipci_ahead(w & VIPCI_LAPS, t & VIPCI_LAPS);
        if (VIPCI_LIKELY(d == 0)) {
            if (!VIPCI_LIKELY(VIPCI_PHASE(w) == VIPCI_FREE)) { t = vipci_next(r, t); continue; }
            if (!vipci_cas64(v, &s->state, w, VIPCI_WORD(t, VIPCI_WRITING, v->view + 1))) continue;
            vipci_poke64(v, vipci_tail(r, o), vipci_next(r, t));
            if (!vipci_lane_of(r, o)) vipci_note_high(v, o, index);
            *out = s;
            *lap = t & VIPCI_LAPS;
            return VIPC_OK;
        }
        if (d > 0) {                                         /* a stale hint: jump, at most a lap of steps remains */
            uint64_t least = vipci_next(r, ((w & VIPCI_LAPS) | index) - VIPCI_LAP), next = vipci_next(r, t);
            t = vipci_ahead(next, least) >= 0 ? next : least;
            continue;
        }
        if (d != -(int64_t)VIPCI_LAP || VIPCI_PHASE(w) == VIPCI_FREE) {      /* the hint leads: that was never us */
            if (mended++) return VIPC_ERR_CORRUPT;
            vipci_hints(v, r, &t, &ignore);
            continue;
        }
        if (vipci_is_full(w)) return VIPC_ERR_CHANNEL_FULL;
        if (spun++ < VIPCI_PASS_SPIN && v->hooks->cpus != 1) { vipci_relax(v); continue; }
        if (!vipci_room_beyond(v, r, t)) {
            if (vipci_load64(v, &s->state) != w) continue;
            return VIPC_ERR_CHANNEL_FULL;
        }
        uint32_t late = VIPCI_PHASE(w) == VIPCI_WRITING || VIPCI_PHASE(w) == VIPCI_LATE_W ? VIPCI_LATE_W : VIPCI_LATE_R;
        if (VIPCI_OWNER(w) == 0) return VIPC_ERR_CORRUPT;
        (void)vipci_cas64(v, &s->state, w, VIPCI_WORD(t, late, VIPCI_OWNER(w)));
    }
    return VIPC_ERR_CORRUPT;
}
/* Publish.  False: passed over or undone while we were away; nobody saw the message, the slot is given back. */
static inline bool vipci_publish(const vipc *v, vipci_slot *s, uint64_t lap)
{
    if (VIPCI_LIKELY(vipci_cas64(v, &s->state, VIPCI_WORD(lap, VIPCI_WRITING, v->view + 1), VIPCI_WORD(lap, VIPCI_FULL, 0)))) return true;
    (void)vipci_give_up(v, s, VIPCI_LATE_W);
    return false;
}

typedef struct vipci_claimed { vipci_slot *slot; uint64_t lap, next_head; bool whole, again; } vipci_claimed;

/* RACE 11: the oldest FULL of all, looked for twice so that none that is older came up behind the first look.  OK, CHANNEL_EMPTY,
 * WOULD_BLOCK: things moved, start again. */
static VIPCI_COLD vipc_error vipci_oldest(const vipc *v, const vipci_ring *r, uint64_t *word, vipci_slot **out)
{
    uint64_t best = 0;
    *out = NULL;
    for (uint32_t i = 0; i < 2 * r->capacity; i++) {
        uint32_t k = i < r->capacity ? i : i - r->capacity;
        vipci_slot *s = vipci_slot_at(r, k);
        uint64_t w = vipci_load64(v, &s->state), at = (w & VIPCI_LAPS) | k;
        if (!vipci_is_full(w) || (*out && vipci_ahead(at, best) >= 0)) continue;
        if (i >= r->capacity) return VIPC_ERR_WOULD_BLOCK;
        best = at;
        *word = w;
        *out = s;
    }
    return *out ? VIPC_OK : VIPC_ERR_CHANNEL_EMPTY;
}

/* One walk from the head hint.  OK: *s holds *w, FULL at position *at or before; CHANNEL_EMPTY; WOULD_BLOCK: what was skipped has changed,
 * walk again; CORRUPT. */
typedef struct vipci_walk { vipci_slot *slot; uint64_t word, at; bool whole; } vipci_walk;
static inline bool vipci_skipped_changed(const vipc *v, const vipci_ring *r, const uint64_t *seen, const uint16_t *index, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < VIPC_SKIP_MAX; i++)
        if (vipci_load64(v, &vipci_slot_at(r, index[i])->state) != seen[i]) return true;
    return false;
}
static VIPCI_COLD vipc_error vipci_walk_past(const vipc *v, const vipci_ring *r, vipci_walk *walk)
{
    uint64_t h = walk->at, seen[VIPC_SKIP_MAX], ignore;
    uint16_t skipped[VIPC_SKIP_MAX];
    uint32_t n = 0, mended = 0;
    for (uint32_t steps = 0; steps < VIPCI_STEPS; steps++) {
        uint64_t index = h & (VIPCI_LAP - 1);
        vipci_slot *s = vipci_slot_at(r, index);
        uint64_t w = vipci_load64(v, &s->state);
        int64_t d = vipci_ahead(w & VIPCI_LAPS, h & VIPCI_LAPS);
        if (d > 0) {
            uint64_t least = vipci_next(r, ((w & VIPCI_LAPS) | index) - 2 * VIPCI_LAP), next = vipci_next(r, h);
            h = vipci_ahead(next, least) >= 0 ? next : least;
            continue;
        }
        if (d < -(int64_t)VIPCI_LAP) {                       /* the hint leads by more than a lap: never us */
            if (mended++) return VIPC_ERR_CORRUPT;
            vipci_hints(v, r, &ignore, &h);
            n = 0;
            walk->whole = true;
            continue;
        }
        if (vipci_is_full(w)) {                              /* at h, or of the lap before: then older than all ahead */
            if (vipci_skipped_changed(v, r, seen, skipped, n)) return VIPC_ERR_WOULD_BLOCK;     /* RACE 9 */
            walk->slot = s;
            walk->word = w;
            walk->at = h;
            return VIPC_OK;
        }
        if (d < 0 || VIPCI_PHASE(w) == VIPCI_FREE)
            return vipci_skipped_changed(v, r, seen, skipped, n) ? VIPC_ERR_WOULD_BLOCK : VIPC_ERR_CHANNEL_EMPTY;       /* RACE 10 */
        if (VIPCI_PHASE(w) == VIPCI_WRITING || VIPCI_PHASE(w) == VIPCI_READING) {
            if (n < VIPC_SKIP_MAX) { seen[n] = w; skipped[n] = (uint16_t)index; }
            n++;
            walk->whole = false;                             /* RACE 12 */
        }
        h = vipci_next(r, h);                                /* LATE_W, LATE_R at h: passed over, nothing was sent there */
    }
    return VIPC_ERR_CORRUPT;
}
/* Claim the oldest message for reading.  CHANNEL_EMPTY, CORRUPT; VIPCI_NEEDS_LOCK: it carries a capability and the lock is not held.  It is not claimed then:
 * while it was, and until it was put back, others would pass it. */
static inline vipc_error vipci_take(const vipc *v, const vipci_ring *r, vipci_object *o, bool locked, vipci_claimed *out)
{
    for (uint32_t tries = 0; tries < VIPCI_STEPS; tries++) {
        vipci_walk k;
        k.at = vipci_peek64(v, vipci_head(r, o));
        k.whole = true;
        vipc_error e = VIPC_OK;
        uint64_t ignore, behind = vipci_load64(v, vipci_behind(r, o));
        if ((k.at & (VIPCI_LAP - 1)) >= r->capacity) vipci_hints(v, r, &ignore, &k.at);
        k.slot = vipci_slot_at(r, k.at & (VIPCI_LAP - 1));
        k.word = vipci_load64(v, &k.slot->state);
        if (!VIPCI_LIKELY(k.word == VIPCI_WORD(k.at, VIPCI_FULL, 0))) e = vipci_walk_past(v, r, &k);
        if (e == VIPC_ERR_WOULD_BLOCK) continue;
        if (e == VIPC_ERR_CHANNEL_EMPTY && behind) {
            e = vipci_oldest(v, r, &k.word, &k.slot);
            k.whole = false;
            if (e == VIPC_ERR_CHANNEL_EMPTY) (void)vipci_cas64(v, vipci_behind(r, o), behind, 0);       /* fails if more was given back */
            if (e != VIPC_OK) continue;
        }
        if (e != VIPC_OK) return e;
        if (!locked && (vipci_word_load(v, &k.slot->body.sender) & VIPC_HAS_CAPABILITY)) {
            if (vipci_load64(v, &k.slot->state) != k.word) continue;         /* somebody has it, and this was another's */
            return VIPCI_NEEDS_LOCK;
        }
        if (!vipci_cas64(v, &k.slot->state, k.word, VIPCI_WORD(k.word, VIPCI_READING, v->view + 1))) continue;
        out->slot = k.slot;
        out->lap = k.word & VIPCI_LAPS;
        out->again = VIPCI_PHASE(k.word) == VIPCI_FULL_AGAIN;
        out->whole = k.whole && (k.word & VIPCI_LAPS) == (k.at & VIPCI_LAPS);
        out->next_head = vipci_next(r, k.at);
        return VIPC_OK;
    }
    return VIPC_ERR_CORRUPT;
}
/* The message is ours for good and the slot free.  False: it was taken from us (revoke, destroy): what we copied is void. */
static inline bool vipci_finish(const vipc *v, const vipci_ring *r, vipci_object *o, const vipci_claimed *c)
{
    bool ours = vipci_cas64(v, &c->slot->state, VIPCI_WORD(c->lap, VIPCI_READING, v->view + 1), VIPCI_WORD(c->lap + VIPCI_LAP, VIPCI_FREE, 0));
    if (!VIPCI_LIKELY(ours)) return vipci_give_up(v, c->slot, VIPCI_LATE_R);
    if (c->whole) vipci_poke64(v, vipci_head(r, o), c->next_head);
    return true;
}
/* Turn one claim of view `owner` into what it leaves behind: a writer's slot is freed, a reader's message is there again. */
static void vipci_release_claim(const vipc *v, vipci_slot *s, uint32_t owner, uint32_t as)
{
    for (;;) {
        uint64_t w = vipci_load64(v, &s->state), to;
        if (VIPCI_OWNER(w) != owner) return;
        if (VIPCI_PHASE(w) == VIPCI_WRITING || VIPCI_PHASE(w) == VIPCI_LATE_W) to = VIPCI_WORD(w + VIPCI_LAP, VIPCI_FREE, 0);
        else if (VIPCI_PHASE(w) == VIPCI_READING || VIPCI_PHASE(w) == VIPCI_LATE_R) to = VIPCI_WORD(w, as, 0);
        else return;
        if (vipci_cas64(v, &s->state, w, to)) return;
    }
}
/* Something was given back in r: RACE 11, RACE 28. */
static inline void vipci_came_back(const vipc *v, const vipci_ring *r, vipci_object *o)
{
    (void)vipci_add64(v, vipci_behind(r, o), 1);
    if (!VIPC_NO_URGENT && vipci_lane_of(r, o)) vipci_show_lane(v, o);
}
/* A message that we do not take after all. */
static void vipci_put_back(const vipc *v, const vipci_ring *r, vipci_object *o, const vipci_claimed *c)
{
    vipci_release_claim(v, c->slot, v->view + 1, c->again ? VIPCI_FULL_AGAIN : VIPCI_FULL);
    vipci_came_back(v, r, o);
    vipci_wake_one(v, VIPCI_FOR_MESSAGE, vipci_index(v, o), &o->receive_flag);
}
#if VIPC_NO_DROP
static inline uint32_t vipci_untold(const vipc *v, vipci_object *o) { (void)v; (void)o; return 0; }
#else
static VIPCI_COLD uint32_t vipci_tell(const vipc *v, vipci_object *o)
{
    for (;;) {
        uint64_t n = vipci_load64(v, vipci_dropped(o));
        if (vipci_cas64(v, vipci_dropped(o), n, (n & ~(uint64_t)0xffffffff) | n >> 32)) return (uint32_t)(n >> 32) - (uint32_t)n;
    }
}
static inline uint32_t vipci_untold(const vipc *v, vipci_object *o)
{
    uint64_t n = vipci_load64(v, vipci_dropped(o));
    return VIPCI_LIKELY((uint32_t)n == (uint32_t)(n >> 32)) ? 0 : vipci_tell(v, o);
}
#endif
/* Messages (FULL) or room (FREE) now; for sleepers that leave, and for people. */
static uint32_t vipci_count_phase(const vipc *v, const vipci_ring *r, bool full)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->capacity; i++) {
        uint64_t w = vipci_load64(v, &vipci_slot_at(r, i)->state);
        n += full ? vipci_is_full(w) : VIPCI_PHASE(w) == VIPCI_FREE;
    }
    return n;
}

/* ---------------------------------------------------------------------------------------------------- >>call
 * One word a view says how its call stands:  number (32) << 32 | server view + 1 (16) << 16 | -error (8) << 8 | buffer << 4 | state.
 *   IDLE -> QUEUED -> TAKEN by a view -> REPLYING -> REPLIED | FAILED -> IDLE.     All by CAS of the whole word: one of reply, drop,
 * death, time-out wins.  Numbers are never reused by a view (2^32 calls), nor reset when it changes hands, so an old reply right fits nothing.
 * RACE 13 (late server writes into the next call's reply): a caller that gives up in REPLYING leaves that buffer, marked, and goes on with the
 * other; the server, or its reaper, takes the mark off.  Tests: explore call; d087, d088. */
enum { VIPCI_IDLE, VIPCI_QUEUED, VIPCI_TAKEN, VIPCI_REPLYING, VIPCI_REPLIED, VIPCI_FAILED };
#define VIPCI_CALL_STATE(w) ((uint32_t)(w) & 15u)
#define VIPCI_CALL_BUFFER(w) ((uint32_t)(w) >> 4 & 1u)
#define VIPCI_CALL_SERVER(w) ((uint32_t)((w) >> 16) & 0xffffu)
#define VIPCI_CALL_NUMBER(w) ((uint32_t)((w) >> 32))
#define VIPCI_CALL_KEEP(w) ((w) & ~(uint64_t)0xffffffefu)      /* number and buffer */
static inline uint64_t vipci_call_word(uint64_t from, uint32_t state, uint32_t server) { return VIPCI_CALL_KEEP(from) | (uint64_t)server << 16 | state; }
static inline uint64_t vipci_call_failed(uint64_t from, vipc_error why)
{
    return VIPCI_CALL_KEEP(from) | (uint64_t)((uint32_t)(-(int32_t)why) & 0xff) << 8 | VIPCI_FAILED;
}
static inline vipci_body *vipci_call_reply(vipci_view *c, uint64_t word) { return VIPCI_CALL_BUFFER(word) ? &c->reply2 : &c->reply; }

#if !VIPC_NO_LARGE
/* A reply's payload goes into frames of the caller's view, a run for each of the two buffers: taken by vipc_call_large under the lock, kept for its later
 * calls, given back by vipc_trim, vipc_leave and the reaper.  A word says which:  first frame + 1 << 14 | TRIMMED | how many (13).
 * RACE 35 (vipc_trim against a call that begins): the caller exchanges `room`, then looks at the word; vipc_trim exchanges the word for a marked one, then
 * looks at room.  So one of them sees the other, and the caller takes the lock, or vipc_trim takes its mark off.
 * RACE 36 (a late server writes into frames that somebody else has by now): a buffer's run changes only while no call uses that buffer and it bears no
 * mark (RACE 13), and whoever ends a call that is REPLYING marks it first.  So it stays with the view, also when that changes hands, until the server, or its
 * reaper, has taken the mark off.
 * Tests: explore large and those beside it; race35_*, race36_*. */
#define VIPCI_TRIMMED ((uint64_t)1 << 13)
#define VIPCI_RUN_FRAMES(w) ((w) & (VIPCI_TRIMMED - 1))
#define VIPCI_RUN_FIRST(w) (((w) >> 14) - 1)
VIPCI_ASSERT(run, (VIPC_PAYLOAD_MAX >> 8) < (1u << 13));       /* the smallest frames */
/* Give back what nobody is late in, of a view that is in no call; under the lock, a step each. */
static void vipci_runs_free(const vipc *v, vipci_view *c)
{
    for (uint32_t b = 0; b < 2; b++) {
        uint64_t word = c->large[b];
        if (!word || vipci_load64(v, &c->abandoned[b])) continue;            /* RACE 36 */
        vipci_drop_frames(v, VIPCI_RUN_FIRST(word), VIPCI_RUN_FRAMES(word));
        vipci_set64(v, &c->large[b], 0);
        vipci_commit(v);
    }
}
/* The same of a view whose owner lives. */
static void vipci_runs_trim(const vipc *v, vipci_view *c)
{
    for (uint32_t b = 0; b < 2; b++) {
        uint64_t word = c->large[b];
        if (!word) continue;
        (void)vipci_log(v, &c->large[b], word, 1);
        (void)vipci_swap64(v, &c->large[b], word | VIPCI_TRIMMED);           /* RACE 35 */
        if (vipci_load64(v, &c->room) || vipci_load64(v, &c->abandoned[b])) { vipci_rollback(v); continue; }
        vipci_drop_frames(v, VIPCI_RUN_FIRST(word), VIPCI_RUN_FRAMES(word));
        vipci_set64(v, &c->large[b], 0);
        vipci_commit(v);
    }
}
#endif
/* The caller may sleep for its reply: no flag, there is one possible sleeper. */
static void vipci_wake_caller(const vipc *v, uint32_t caller)
{
    vipci_u64 *cell = vipci_cell_at(v, caller);
    uint64_t c = vipci_load64(v, cell), what = ((uint64_t)caller << 3 | VIPCI_FOR_REPLY) << 32;
    if ((c & ~(uint64_t)0xffffffff) != what || (c & 3) == VIPCI_AWAKE) return;
    if ((c & 3) == VIPCI_WAITING && !vipci_cas64(v, cell, c, (c & ~(uint64_t)3) | VIPCI_CHOSEN)) return;       /* it is awake already */
    vipci_wake(v, caller);
}
/* End a call that stands at `word` with an error, and tell its caller.  The intent goes there meanwhile (RACE 5): what it pinned before
 * must be looked at again. */
static bool vipci_call_end(const vipc *v, uint32_t caller, uint64_t word, vipc_error why)
{
    uint64_t was = vipci_swap64(v, &vipci_mine(v)->intent, vipci_at_view(caller));
    bool ended = vipci_cas64(v, &vipci_view_at(v, caller)->call, word, vipci_call_failed(word, why));
    if (ended) vipci_wake_caller(v, caller);
    vipci_intend(v, was);
    return ended;
}
static inline uint32_t vipci_body_view(const vipci_body *b) { return (uint32_t)(b->sender >> 8) & 0xffffu; }
/* Number of the call that a request belongs to. */
static uint32_t vipci_body_call(const vipc *v, const vipci_body *b)
{
    if (!(b->sender & VIPC_HAS_CAPABILITY)) return (uint32_t)b->head;
    vipci_entry *e = vipci_linked(v, (uint32_t)b->head);
#if !VIPC_NO_LARGE
    for (uint32_t n = 1; e && (vipci_peek32(v, &e->kind) & VIPCI_MORE) && n < VIPC_MESSAGE_CAPS; n++) e = vipci_linked(v, (uint32_t)(vipci_peek64(v, &e->place) >> 32));
#endif
    return e ? (uint32_t)(vipci_peek64(v, &e->place) >> 32) : 0;
}
/* Does the caller of this request still wait for somebody to take it?  Who holds its slot may take it over from whoever lost that slot. */
static bool vipci_call_open(const vipc *v, const vipci_body *b, uint64_t *word)
{
    uint32_t caller = vipci_body_view(b);
    if (caller >= v->max_threads) return false;
    *word = vipci_load64(v, &vipci_view_at(v, caller)->call);
    return VIPCI_CALL_NUMBER(*word) == vipci_body_call(v, b) && (VIPCI_CALL_STATE(*word) == VIPCI_QUEUED || VIPCI_CALL_STATE(*word) == VIPCI_TAKEN);
}
/* A request that nobody will answer, in a slot that is ours: its caller is told.  Our intent stays at the endpoint: whoever goes on for us
 * finds the slot again, and wakes the caller once more. */
static void vipci_refuse(const vipc *v, const vipci_body *b, vipc_error why)
{
    uint32_t caller = vipci_body_view(b);
    uint64_t word = 0;
    while (vipci_call_open(v, b, &word) && !vipci_cas64(v, &vipci_view_at(v, caller)->call, word, vipci_call_failed(word, why))) { }
    if (caller < v->max_threads) vipci_wake_caller(v, caller);
}
/* Step into the call that a request belongs to, while its slot is ours.  False: its caller waits no more. */
static inline bool vipci_call_take(const vipc *v, const vipci_body *b, uint64_t *taken)
{
    uint64_t word;
    while (vipci_call_open(v, b, &word)) {
        *taken = vipci_call_word(word, VIPCI_TAKEN, v->view + 1);
        if (vipci_cas64(v, &vipci_view_at(v, vipci_body_view(b))->call, word, *taken)) return true;
    }
    return false;
}

/* Whom an endpoint is bound to, 0: nobody.  At a channel's end the word holds something else, and nobody can be bound. */
static inline uint64_t vipci_bound_to(const vipc *v, vipci_object *o)
{
    return !VIPC_NO_CHANNELS && vipci_peek32(v, &o->type) == VIPC_TYPE_CHANNEL ? 0 : vipci_load64(v, &o->bound);
}

/* ---------------------------------------------------------------------------------------------------- >>hand
 * A message in hand: its slot stays READING (or LATE_R, once it was passed over), claimed by the view that took it, after the operation is over and its
 * intent is gone.  Two words of the view say so instead; a reaper follows them as it follows an intent.
 *   hand      lap, low 29 bits << 35 | slot + 1 (11 bits) << 24 | object index + 1 (24 bits).  0: nothing.  Slot 0: a take that is under way.
 *   hand_cap  the object's generation, low 8 bits << 56 | the low 56 bits of the token that it was taken with
 * It is no pin: a hand does not keep the frames of an endpoint that has ended, so vipc_done asks, with the intent set, whether the endpoint is still the
 * one that it was.  And a queue with a slot that is not FREE is not trimmed.
 * RACE 22 (a revoke, of others, against a take under way): hand and hand_cap are written before the claim is made.  So who undoes claims, and meets one
 * of a take, can tell whether its capability still holds, and leaves it alone or gives it back, marked.  The taker looks at its slot once more, so as not to
 * hand out what it has lost already.
 * RACE 23 (done against revoke, bind, destroy, reaper and passing over): vipc_done asks whether it still may, then lets the slot go by CAS; who undoes
 * claims has changed the answer before, and takes the slot by CAS too.  One of them wins.
 * What remains: a receive that put its message back, and a take of that very message in that very slot, both between two steps of one who undoes claims,
 * are taken for one claim.  The message goes back unmarked then, and vipc_done says INVALID_CAPABILITY.
 * Tests: explore take, take_revoke, take_bind, take_destroy, take_lap; t_take. */
#if !VIPC_NO_TAKE
#define VIPCI_TOKEN_LOW 0x00ffffffffffffffull
#define VIPCI_HAND_OBJECT(h) ((uint32_t)(h) & 0xffffffu)
#define VIPCI_HAND_SLOT(h) ((uint32_t)((h) >> 24) & 0x7ffu)
VIPCI_ASSERT(hand, VIPC_CAPACITY_MAX + VIPC_URGENT_MAX < (1u << 11) && VIPCI_INDEX_MAX < (1u << 24));

/* Urgent slots are counted on behind the others. */
static inline uint32_t vipci_lane_base(const vipc *v, const vipci_ring *r, vipci_object *o)
{
    return vipci_lane_of(r, o) ? vipci_shape_capacity(vipci_peek64(v, &o->shape)) : 0;
}
/* Is the claim of this view on this slot one of a message in hand, or of a take under way? */
static bool vipci_in_hand(const vipc *v, uint32_t view, vipci_object *o, uint32_t slot)
{
    if (view >= v->max_threads) return false;
    uint64_t hand = vipci_load64(v, &vipci_view_at(v, view)->hand), made = vipci_load64(v, &vipci_view_at(v, view)->hand_cap) >> 56;
    if (VIPCI_HAND_OBJECT(hand) != vipci_index(v, o) + 1 || made != (vipci_load64(v, &o->state) >> 8 & 0xff)) return false;
    return VIPCI_HAND_SLOT(hand) == 0 || VIPCI_HAND_SLOT(hand) == slot + 1;
}
/* May this view still finish what it took at o?  CLOSED, PEER_DEAD; INVALID_CAPABILITY, PERMISSION_DENIED. */
static vipc_error vipci_hand_check(const vipc *v, uint32_t view, vipci_object *o)
{
    vipci_view *w = vipci_view_at(v, view);
    uint64_t cap = vipci_load64(v, &w->hand_cap), state = vipci_load64(v, &o->state), bound;
    uint32_t i = (uint32_t)(cap & 0xffffff) - 1, p = (uint32_t)vipci_load64(v, &w->owner) - 1;
    if ((state >> 8 & 0xff) != cap >> 56) return VIPC_ERR_CLOSED;
    if (((uint32_t)state & VIPCI_STATE) != VIPCI_OPEN) return state & VIPCI_OWNER_DIED ? VIPC_ERR_PEER_DEAD : VIPC_ERR_CLOSED;
    if (i >= v->max_caps || ((vipci_load64(v, &vipci_entry_at(v, i)->token) ^ cap) & VIPCI_TOKEN_LOW) != 0) return VIPC_ERR_INVALID_CAPABILITY;
    bound = vipci_bound_to(v, o);
    if (bound == 0) return VIPC_OK;
    return p < v->max_processes && vipci_load64(v, &vipci_process_at(v, p)->pid) == bound ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
#endif

/* ------------------------------------------------------------------------------------------------ >>endpoint
 * An endpoint's life, under the lock.  State goes OPEN -> CLOSING -> WALKED -> 0 and is never taken back: whoever meets one half closed goes on.
 * RACE 14 (a writer that checked before the close commits after it): CLOSING first, then every claim is undone; WALKED is set
 * when that is done, and nobody's close returns before.  RACE 1 keeps the frames until nobody is inside.  Tests: explore gate_destroy, gate_revoke. */
/* A capability that travelled in a message which nobody takes; under the lock, a step.  If it was its object's last, that object closes; this may be
 * in the middle of another's end, so the rest is left to vipci_finish_closing. */
static void vipci_forget_one(const vipc *v, uint32_t link)
{
    vipci_entry *e = vipci_linked(v, link);
    if (!e || !(e->kind & VIPCI_TRAVELS)) return;
    bool dead = (e->kind & VIPCI_REVOKED) != 0;
    uint32_t kind = e->kind, object = e->object;
    if (VIPCI_GIFTS && !dead) vipci_entry_orphan(v, e);      /* of a region that was moved, what others have of it hangs here */
    vipci_hold(v, e, NULL);
    vipci_limits_land(v, e);
    vipci_set32(v, &e->kind, kind & ~(uint32_t)(VIPCI_TRAVELS | VIPCI_REVOKED | VIPCI_MORE | VIPCI_FOLLOWS));
    if (dead) vipci_entry_free(v, e);
    else vipci_entry_remove(v, e);
    vipci_commit(v);
    if (dead || !vipci_is_object(kind) || object >= v->max_objects || vipci_is_memory(VIPCI_TYPE(kind))) return;
    vipci_object *o = vipci_object_at(v, object);
    uint64_t state = vipci_load64(v, &o->state);
    if (o->first_cap || vipci_state(state) != VIPCI_OPEN) return;
    (void)vipci_cas64(v, &o->state, state, (state & ~(uint64_t)VIPCI_STATE) | VIPCI_CLOSING);
    vipci_to_closing(v, o);
    vipci_store32(v, &vipci_d(v)->unfinished, 1);
}
#if !VIPC_NO_LARGE
/* The traveller after e in its message; NULL: e is the last.  One that is not where e is, or follows nobody, is not believed. */
static vipci_entry *vipci_follower(const vipc *v, vipci_entry *e)
{
    uint64_t place = vipci_peek64(v, &e->place);
    vipci_entry *next = vipci_peek32(v, &e->kind) & VIPCI_MORE ? vipci_linked(v, (uint32_t)(place >> 32)) : NULL;
    const uint32_t both = VIPCI_TRAVELS | VIPCI_FOLLOWS;
    return next && (vipci_peek32(v, &next->kind) & both) == both && (uint32_t)vipci_peek64(v, &next->place) == (uint32_t)place ? next : NULL;
}
/* All travellers of a message, by its first: how many, and which; 0: that is none, or is not at this place.  Whoever has the message's slot may ask. */
static uint32_t vipci_travellers(const vipc *v, uint32_t link, uint32_t where, vipci_entry *all[VIPC_MESSAGE_CAPS])
{
    uint32_t n = 0;
    vipci_entry *e = vipci_linked(v, link);
    if (!e || !(vipci_peek32(v, &e->kind) & VIPCI_TRAVELS) || (uint32_t)vipci_peek64(v, &e->place) != where) return 0;
    for (; e && n < VIPC_MESSAGE_CAPS; e = vipci_follower(v, e)) all[n++] = e;
    return n;
}
/* All of a message.  RACE 37: the first is what the message names, so it goes last; what follows it is taken out of the chain in the step that frees it. */
static void vipci_forget_traveller(const vipc *v, uint32_t link)
{
    vipci_entry *first = vipci_linked(v, link), *next;
    for (uint32_t n = 1; first && (first->kind & VIPCI_TRAVELS) && n < VIPC_MESSAGE_CAPS && (next = vipci_follower(v, first)) != NULL; n++) {
        vipci_set64(v, &first->place, (next->place & ~(uint64_t)0xffffffff) | (uint32_t)first->place);
        vipci_set32(v, &first->kind, (first->kind & ~(uint32_t)VIPCI_MORE) | (next->kind & VIPCI_MORE));
        vipci_forget_one(v, vipci_link(v, next));
    }
    vipci_forget_one(v, link);
}
/* The same of a message that is, or was, at this place; a second reaper finds it half done, and its slot perhaps another's. */
static void vipci_forget_at(const vipc *v, uint32_t link, uint32_t where)
{
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    if (vipci_travellers(v, link, where, all)) vipci_forget_traveller(v, link);
}
#else
static void vipci_forget_traveller(const vipc *v, uint32_t link) { vipci_forget_one(v, link); }
static inline void vipci_forget_at(const vipc *v, uint32_t link, uint32_t where) { (void)where; vipci_forget_traveller(v, link); }
#endif
/* What an operation says that finds the object ended: `then` is its state as the operation first saw it. */
static vipc_error vipci_ended(const vipc *v, vipci_object *o, uint64_t then)
{
    uint64_t now = vipci_load64(v, &o->state);
    if (now >> 8 != then >> 8) return VIPC_ERR_CLOSED;
    if (vipci_state(now) == VIPCI_OPEN) return VIPC_ERR_INVALID_CAPABILITY;
    return now & VIPCI_OWNER_DIED ? VIPC_ERR_PEER_DEAD : VIPC_ERR_CLOSED;
}
static void vipci_wake_endpoint(const vipc *v, uint32_t index)
{
    if (!VIPC_NO_URGENT) vipci_wake_every(v, VIPCI_FOR_URGENT_ROOM, index);
    vipci_wake_all(v, VIPCI_FOR_MESSAGE, index);
    vipci_wake_all(v, VIPCI_FOR_ROOM, index);
}
static inline uint32_t vipci_peer(const vipc *v, vipci_object *o) { return (vipci_peek32(v, &o->peer) & 0xffffff) - 1; }
/* The other end of a channel if that is still open; NULL: it is not, or this is no channel. */
static vipci_object *vipci_other_end(const vipc *v, vipci_object *o)
{
    uint32_t peer = vipci_peer(v, o);
    if (VIPC_NO_CHANNELS || o->type != VIPC_TYPE_CHANNEL || peer >= v->max_objects) return NULL;
    vipci_object *other = vipci_object_at(v, peer);
    return vipci_load64(v, &other->state) == o->bound ? other : NULL;
}
/* All who sleep with a capability for this object: at a channel's end, those who send wait at the other. */
static void vipci_wake_users(const vipc *v, uint32_t index)
{
    const vipci_object *other = vipci_other_end(v, vipci_object_at(v, index));
    vipci_wake_endpoint(v, index);
    if (other) vipci_wake_endpoint(v, vipci_index(v, other));
}
/* Undo every claim, under the lock: writers send anew (and are checked anew), readers lose what they have not finished taking.  A message in the hand
 * of one who may keep it stays there. */
static void vipci_undo_claims_in(vipc *v, vipci_object *o, const vipci_ring *r)
{
    for (uint32_t i = 0; i < r->capacity; i++) {
        vipci_slot *s = vipci_slot_at(r, i);
        for (;;) {
            uint64_t w = vipci_load64(v, &s->state), to;
            if (VIPCI_PHASE(w) == VIPCI_WRITING) to = VIPCI_WORD(w, VIPCI_LATE_W, VIPCI_OWNER(w));
            else if (VIPCI_PHASE(w) == VIPCI_READING || VIPCI_PHASE(w) == VIPCI_LATE_R) to = VIPCI_WORD(w, VIPCI_FULL, 0);
            else break;
#if !VIPC_NO_TAKE
            if (VIPCI_PHASE(w) != VIPCI_WRITING && vipci_in_hand(v, VIPCI_OWNER(w) - 1, o, i + vipci_lane_base(v, r, o))) {       /* RACE 22 */
                if (vipci_hand_check(v, VIPCI_OWNER(w) - 1, o) == VIPC_OK) break;
                to = VIPCI_WORD(w, VIPCI_FULL_AGAIN, 0);
            }
#endif
            if (vipci_cas64(v, &s->state, w, to)) break;
        }
    }
    vipci_came_back(v, r, o);
}
static void vipci_undo_claims(vipc *v, vipci_object *o)
{
    vipci_ring *r;
    for (uint32_t lane = 0; lane < VIPCI_LANES && !vipci_is_set(v, o); lane++)
        if (vipci_lane_open(v, o, lane, &r) == VIPC_OK) vipci_undo_claims_in(v, o, r);
}
static void vipci_undo_uses(vipc *v, vipci_object *o)             /* of capabilities for this object */
{
    vipci_object *other = vipci_other_end(v, o);
    vipci_undo_claims(v, o);
    if (other) vipci_undo_claims(v, other);
}
/* Make slot s ours to read, from whoever is reading it too.  False: there is no message in it. */
static bool vipci_seize(const vipc *v, vipci_slot *s)
{
    for (;;) {
        uint64_t w = vipci_load64(v, &s->state);
        bool reading = VIPCI_PHASE(w) == VIPCI_READING || VIPCI_PHASE(w) == VIPCI_LATE_R;
        if (!vipci_is_full(w) && !reading) return false;
        if (vipci_cas64(v, &s->state, w, VIPCI_WORD(w, VIPCI_READING, v->view + 1))) return true;
    }
}
/* Drop all messages of an endpoint that has ended: callers are told why, travelling capabilities are freed. */
static void vipci_drop_messages_in(vipc *v, vipci_object *o, const vipci_ring *r, vipc_error why)
{
    for (uint32_t i = 0; i < r->capacity; i++) {
        vipci_slot *s = vipci_slot_at(r, i);
        if (!vipci_seize(v, s)) continue;
        vipci_body b;
        b.sender = vipci_word_load(v, &s->body.sender);
        b.head = vipci_word_load(v, &s->body.head);
        if (b.sender & VIPCI_CALL) vipci_refuse(v, &b, why);
        if (b.sender & VIPC_HAS_CAPABILITY) vipci_forget_at(v, (uint32_t)b.head, vipci_index(v, o) + 1);
        uint64_t w = vipci_load64(v, &s->state);
        (void)vipci_cas64(v, &s->state, w, VIPCI_WORD(w + VIPCI_LAP, VIPCI_FREE, 0));
    }
}
static void vipci_drop_messages(vipc *v, vipci_object *o, vipc_error why)
{
    vipci_ring *r;
    for (uint32_t lane = 0; lane < VIPCI_LANES && !vipci_is_set(v, o); lane++)
        if (vipci_lane_open(v, o, lane, &r) == VIPC_OK) vipci_drop_messages_in(v, o, r, why);
}
/* Is any other member inside?  (RACE 1: asked after the state, or the queue word, was changed.) */
static bool vipci_pinned(const vipc *v, uint32_t object)
{
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++)
        if (i != v->view && vipci_load64(v, &vipci_view_at(v, i)->intent) == vipci_at_object(object)) return true;
    return false;
}
/* No new use from here on; all old use undone, all who wait told.  Any number of times, by anybody who holds the lock. */
static void vipci_object_end(vipc *v, vipci_object *o, bool owner_died)
{
    uint32_t index = vipci_index(v, o);
    uint64_t s = vipci_load64(v, &o->state);
    if (vipci_state(s) == VIPCI_OPEN) {
        vipci_intend(v, vipci_at_object(index));             /* a reaper that finds us here, and the object closing, goes on */
        (void)vipci_cas64(v, &o->state, s, (s & ~(uint64_t)VIPCI_STATE) | VIPCI_CLOSING | (owner_died ? VIPCI_OWNER_DIED : 0));
        s = vipci_load64(v, &o->state);
    }
    const bool walks = vipci_state(s) == VIPCI_CLOSING;
    if (walks) {
        vipci_intend(v, vipci_at_object(index));
        vipci_undo_uses(v, o);
        vipci_drop_messages(v, o, s & VIPCI_OWNER_DIED ? VIPC_ERR_PEER_DEAD : VIPC_ERR_CLOSED);
        if (!VIPC_NO_CHANNELS) vipci_wake_users(v, index);   /* before WALKED: who goes on for us wakes this end's sleepers only */
        (void)vipci_cas64(v, &o->state, s, (s & ~(uint64_t)VIPCI_STATE) | VIPCI_WALKED);
        vipci_wake_endpoint(v, index);
        if (VIPC_NO_SPACES) vipci_intend_nothing(v);         /* who is killed here leaves an endpoint's frames to a trim; what is mapped must go with the next */
    }                                                        /* sweep, as nobody can close it any more */
    vipci_to_closing(v, o);
    if (!VIPC_NO_SPACES && walks) vipci_intend_nothing(v);
}
/* A channel's end is freed: the second one ends the channel.  Within a step. */
static void vipci_unpair(const vipc *v, vipci_object *o)
{
    uint32_t peer = vipci_peer(v, o), index = vipci_index(v, o);
    if (o->peer & VIPCI_ALONE) { vipci_set64(v, &vipci_d(v)->channels_ended, vipci_d(v)->channels_ended + 1); return; }
    if (peer >= v->max_objects) return;                      /* it was never paired */
    vipci_object *other = vipci_object_at(v, peer);
    if (other->type == VIPC_TYPE_CHANNEL && other->peer == index + 1 && other->state >> 8 == o->bound >> 8) vipci_set32(v, &other->peer, other->peer | VIPCI_ALONE);
}
/* Free an object that has ended: false while somebody is inside. */
static bool vipci_object_free(const vipc *v, vipci_object *o)
{
    vipci_domain *d = vipci_d(v);
    uint32_t index = vipci_index(v, o), *at = &d->closing;
    if (vipci_pinned(v, index)) return false;
#if !VIPC_NO_SPACES
    if (o->type == VIPC_TYPE_SPACE && !vipci_space_free(v, o)) return false;
#endif
#if !VIPC_NO_REGIONS
    if (vipci_is_memory(o->type) && !vipci_store_free(v, o)) return false;
#endif
    vipci_prune(v, &o->first_cap);
    for (uint32_t steps = 0; *at && *at != index + 1 && *at <= v->max_objects && steps <= v->max_objects; steps++) at = &vipci_object_at(v, *at - 1)->next;
    if (*at != index + 1) return true;                       /* freed before */
    vipci_set32(v, at, o->next);
    uint64_t queue = o->queue;
    if (queue) vipci_drop_frames(v, (queue >> 1) - 1, vipci_queue_frames(v, o->shape));
    vipci_set64(v, &o->queue, 0);
#if !VIPC_NO_URGENT
    queue = o->urgent;
    if (queue && !(queue >> 63)) vipci_drop_frames(v, (queue >> 1) - 1, vipci_urgent_frames(v, o->shape));
    vipci_set64(v, &o->urgent, 0);
#endif
    vipci_set64(v, &o->state, o->state & ~(uint64_t)VIPCI_STATE);
    vipci_set32(v, &o->next, d->free_object);
    vipci_set32(v, &d->free_object, index + 1);
    vipci_set64(v, &d->destroyed, d->destroyed + 1);
    if (!VIPC_NO_CHANNELS && o->type == VIPC_TYPE_CHANNEL) vipci_unpair(v, o);
    vipci_commit(v);
    return true;
}
/* Try all that were set aside; how many frames came back. */
static uint64_t vipci_free_closed(vipc *v)
{
    uint64_t before = vipci_d(v)->frames;
    uint32_t link = vipci_d(v)->closing;
    for (uint32_t steps = 0; link && link <= v->max_objects && steps <= v->max_objects; steps++) {
        vipci_object *o = vipci_object_at(v, link - 1);
        link = o->next;
        vipci_object_end(v, o, false);
        (void)vipci_object_free(v, o);
    }
    return before - vipci_d(v)->frames;
}
/* Set bits of a notification: told apart from its slot's next user by its state word `then`.  Under the intent there. */
static bool vipci_set_bits(const vipc *v, vipci_object *o, uint64_t then, uint64_t bits)
{
    if (vipci_load64(v, &o->state) != then) return false;
    uint64_t was = vipci_load64(v, &o->tail);
    while (!vipci_cas64(v, &o->tail, was, was | bits)) was = vipci_load64(v, &o->tail);
    vipci_wake_here(v, vipci_index(v, o), &o->receive_flag);  /* everybody: masks differ */
    vipci_tell_set(v, o, VIPCI_FOR_MESSAGE);
    return true;
}
#if !VIPC_NO_REGIONS
/* A store that has lost a capability or a mapping: what was withdrawn leaves; without any it ends; and if its creator is the only one left, it is told.  A kill
 * in between, and the next one does it again. */
static void vipci_store_tend_one(vipc *v, vipci_space *s)
{
    vipci_object *o = vipci_store_object(v, s);
    const uint32_t due = s->due;
    if (!s->number || !due || vipci_store_of(v, o) != s || vipci_state(vipci_load64(v, &o->state)) != VIPCI_OPEN) { vipci_store32(v, &s->due, 0); return; }
    vipci_map_rested(v);
    vipci_store_withdraw(v, o);
    if (vipci_store_behind(s)) vipci_store_close(v, s, true, 0, 0, 0);
    if (!o->first_cap) {
        vipci_object_end(v, o, false);
        (void)vipci_object_free(v, o);
    } else if (due == 2 && s->idle) {
        vipci_entry *bell = vipci_linked(v, (uint32_t)(s->idle & 0xffffff));
        const uint32_t index = bell && vipci_load64(v, &bell->token) == s->idle ? bell->object : VIPCI_INDEX_MAX;      /* not revoked since */
        bool others = false;
        uint32_t steps = 0;
        for (const vipci_entry *e = vipci_linked(v, o->first_cap); e && !others && steps <= v->max_caps; e = vipci_cap_after(v, e), steps++)
            others = !(e->kind & VIPCI_MAPPED)
                     && (e->holder - 1 >= v->max_processes || vipci_load64(v, &vipci_process_at(v, e->holder - 1)->pid) != s->creator || (e->kind & VIPCI_TRAVELS));
        if (!others && index < v->max_objects) {
            vipci_intend(v, vipci_at_object(index));
            vipci_object *n = vipci_object_at(v, index);
            const uint64_t state = vipci_load64(v, &n->state);
            if (n->type == VIPC_TYPE_NOTIFICATION && vipci_state(state) == VIPCI_OPEN) (void)vipci_set_bits(v, n, state, s->idle_bits);
            vipci_intend_nothing(v);
        }
    }
    vipci_store32(v, &s->due, 0);
}
static void vipci_store_tend(vipc *v)
{
    const uint32_t due = vipci_d(v)->due;
    if (due && due <= v->max_records && due > v->max_spaces) vipci_store_tend_one(v, vipci_space_at(v, due - 1));
    else for (uint32_t i = v->max_spaces; due && i < v->max_records; i++) if (vipci_space_at(v, i)->due) vipci_store_tend_one(v, vipci_space_at(v, i));
    if (vipci_d(v)->due == due) vipci_store32(v, &vipci_d(v)->due, 0);
}
#else
static inline void vipci_store_tend(const vipc *v) { (void)v; }
#endif
/* Before the lock is let go: objects whose last capability was lost on its way.  Those that this round closes in turn are for the next. */
static VIPCI_COLD void vipci_finish_closing(vipc *v)
{
    if (!vipci_d(v)->unfinished) return;
    vipci_store_tend(v);
    vipci_store32(v, &vipci_d(v)->unfinished, 0);
    (void)vipci_free_closed(v);
}
/* Give up one capability.  With its last the object goes. */
static void vipci_give_up_cap(vipc *v, vipci_entry *e)
{
    uint32_t kind = e->kind, object = e->object;
    vipci_entry_close(v, e);
    if (vipci_is_memory(VIPCI_TYPE(kind))) { vipci_finish_closing(v); return; }
    if (!vipci_is_object(kind) || object >= v->max_objects) return;
    vipci_object *o = vipci_object_at(v, object);
    if (o->first_cap || vipci_state(vipci_load64(v, &o->state)) == 0) return;
    vipci_object_end(v, o, false);
    (void)vipci_object_free(v, o);
    vipci_finish_closing(v);
}

/* First use: frames for the queue.  The lock is held by nobody for long, except by somebody stopped: hence the deadline. */
static void vipci_slots_make(const vipc *v, unsigned char *p, uint32_t count, uint32_t stride, uint64_t tail)
{
    for (uint32_t i = 0; i < count; i++, p += stride)
        vipci_poke64(v, &((vipci_slot *)(void *)p)->state, (tail + (VIPCI_LAP - 1) - i) & VIPCI_LAPS);      /* of the next lap before the tail's index */
}
#if !VIPC_NO_URGENT
static void vipci_lane_make(const vipc *v, const vipci_object *o, unsigned char *p, uint64_t shape)
{
    uint64_t tail = o->urgent & ~((uint64_t)1 << 63);
    vipci_zero(p, VIPCI_HINTS);
    vipci_poke64(v, (vipci_u64 *)(void *)p, tail);
    vipci_poke64(v, (vipci_u64 *)(void *)(p + 64), tail);
    vipci_slots_make(v, p + VIPCI_HINTS, vipci_shape_urgent(shape), vipci_stride(vipci_shape_payload(shape)), tail);
}
#endif
static vipc_error vipci_queue_make(vipc *v, vipci_object *o, uint64_t then, uint32_t lane, vipc_time deadline)
{
    vipc_error e = vipci_lock_aside(v, deadline);
    if (e != VIPC_OK) return e;
    uint64_t first = 0, shape = o->shape, queue = o->queue, count = vipci_queue_frames(v, shape);
#if !VIPC_NO_URGENT
    if (lane) {
        queue = o->urgent >> 63 ? 0 : o->urgent;
        count = vipci_urgent_frames(v, shape);
    }
#endif
    unsigned char *p = NULL;
    if (vipci_load64(v, &o->state) != then || (queue && !(queue & 1))) { vipci_unlock(v); return VIPC_OK; }
    e = (queue & 1) || !vipci_shape_ok(shape) ? VIPC_ERR_CORRUPT : vipci_take_frames(v, count, &first);      /* vipc_trim takes its mark off before it lets the lock go */
    if (e == VIPC_OK && !(p = (unsigned char *)vipci_frames_at(v, first, count))) e = VIPC_ERR_HOOK;
    if (e != VIPC_OK) return vipci_fail(v, e);
#if !VIPC_NO_URGENT
    if (lane) vipci_lane_make(v, o, p, shape);
    else
#endif
    {
        uint64_t tail = o->tail;                             /* positions go on where the queue that vipc_trim took was left: they count messages */
        vipci_slots_make(v, p, vipci_shape_capacity(shape), vipci_stride(vipci_shape_payload(shape)), tail);
        vipci_poke64(v, &o->head, tail);                     /* nobody looks at it without a queue: no need to undo it */
    }
    vipci_after_commit(v, first, VIPCI_REDO_QUEUE | (lane ? VIPCI_REDO_URGENT : 0) | vipci_index(v, o));
    vipci_commit(v);
    vipci_unlock(v);
    return VIPC_OK;
}

/* No wait set looks at this any more. */
static void vipci_look_away(const vipc *v, vipci_u64 *watch, vipci_u64 *flag)
{
    vipci_store64(v, watch, 0);
    for (uint64_t f = vipci_load64(v, flag); (f & VIPCI_LOOKED_AT) && !vipci_cas64(v, flag, f, (f + 4) & ~VIPCI_LOOKED_AT);) f = vipci_load64(v, flag);
}
static vipc_error vipci_object_try(vipc *v, uint32_t type, const char *label, uint32_t spin, uint64_t shape, vipci_object **out)
{
    vipci_domain *d = vipci_d(v);
    vipci_process *us = vipci_us(v);
    uint32_t i = 0;
    if (us->objects >= d->config.objects_per_process) return VIPC_ERR_LIMIT;
    vipc_error r = vipci_take_slot(v, &d->free_object, &d->used_objects, v->max_objects, VIPCI_NEXT_FREE(vipci_object_at, d->free_object, v->max_objects), &i);
    if (r != VIPC_OK) return r;
    vipci_object *o = vipci_object_at(v, i);
    if (vipci_state(o->state) != 0) return VIPC_ERR_CORRUPT;
    vipci_label(o->label, label);                            /* the slot is free until its state says so: no need to undo these */
    vipci_poke64(v, &o->shape, shape);
    vipci_poke32(v, &o->spin, spin);
    vipci_poke32(v, &o->type, type);
    if (!VIPC_NO_CHANNELS) vipci_poke32(v, &o->peer, 0);
    if (!VIPC_NO_NOTIFICATIONS) {
        vipci_poke64(v, &o->tail, 0);
        vipci_look_away(v, &o->watch, &o->receive_flag);
        vipci_look_away(v, &o->watch_room, &o->send_flag);
    }
    vipci_poke64(v, &o->bound, 0);
    vipci_poke64(v, &o->queue, 0);
    if (!VIPC_NO_URGENT) vipci_poke64(v, &o->urgent, 0);
    vipci_poke32(v, &o->receivers, 0);
    vipci_poke32(v, &o->first_cap, 0);
    vipci_poke64(v, &o->tail, 0);
    if (!VIPC_NO_DROP) vipci_poke64(v, vipci_dropped(o), 0);
    if (!VIPC_NO_DROP || !VIPC_NO_INSPECT) vipci_poke64(v, vipci_high(o), 0);
    vipci_set32(v, &o->owner, v->process + 1);
    vipci_set32(v, &o->prev, 0);
    vipci_set32(v, &o->next, us->owned);
    if (us->owned && us->owned <= v->max_objects) vipci_set32(v, &vipci_object_at(v, us->owned - 1)->prev, i + 1);
    vipci_set32(v, &us->owned, i + 1);
    vipci_set32(v, &us->objects, us->objects + 1);
    vipci_set64(v, &d->created, d->created + 1);
    vipci_set64(v, &o->state, ((o->state >> 8) + 1) << 8 | VIPCI_OPEN);
    *out = o;
    return VIPC_OK;
}
/* A new object and its first capability; under the lock, a step that is not committed yet. */
static vipc_error vipci_object_new(vipc *v, uint32_t kind, const char *label, uint32_t spin, uint64_t shape, vipci_object **o, vipc_cap *out)
{
    vipci_entry *e = NULL;
    vipc_error r = vipci_object_try(v, VIPCI_TYPE(kind), label, spin, shape, o);
    if (r == VIPC_ERR_LIMIT && vipci_d(v)->closing) {        /* one that was set aside may be free by now */
        vipci_rollback(v);
        (void)vipci_free_closed(v);
        r = vipci_object_try(v, VIPCI_TYPE(kind), label, spin, shape, o);
    }
    if (r == VIPC_OK) r = vipci_entry_new(v, kind, vipci_index(v, *o), 0, 0, vipci_us(v), &e);
    if (r != VIPC_OK) return r;
    vipci_validate(v, e);
    out->token = e->token;
    return VIPC_OK;
}
#if !VIPC_NO_SPACES
/* From its owner's list to the front of p's; within a step. */
static vipc_error vipci_object_give(const vipc *v, vipci_object *o, vipci_process *p)
{
    uint32_t index = vipci_index(v, o);
    if (o->owner == (uint32_t)(p - vipci_process_at(v, 0)) + 1) return VIPC_OK;
    if (p->objects >= vipci_d(v)->config.objects_per_process) return VIPC_ERR_LIMIT;
    if (!o->owner) return VIPC_ERR_CLOSED;
    vipci_unlink_object(v, o);
    vipci_set32(v, &o->owner, (uint32_t)(p - vipci_process_at(v, 0)) + 1);
    vipci_set32(v, &o->prev, 0);
    vipci_set32(v, &o->next, p->owned);
    if (p->owned && p->owned <= v->max_objects) vipci_set32(v, &vipci_object_at(v, p->owned - 1)->prev, index + 1);
    vipci_set32(v, &p->owned, index + 1);
    vipci_set32(v, &p->objects, p->objects + 1);
    return VIPC_OK;
}
#endif

/* --------------------------------------------------------------------------------------------------- >>death
 * The end of a process, under the lock: all that it held is given back, whatever it was doing.  Each piece may be done twice, so one who
 * is killed in here is followed by another, who starts over: the record keeps its proof until everything is clean, and no index is given out
 * again before.  Whoever touches an endpoint for the dead puts its own intent there first, and is followed in turn.
 * Tests: explore (every scenario with two kills); stepkill; process_kills. */
/* Does a message whose first traveller is `head` carry this one? */
static inline bool vipci_carries(const vipc *v, uint32_t head, const vipci_entry *e, uint32_t link)
{
#if !VIPC_NO_LARGE
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    for (uint32_t n = vipci_travellers(v, head, (uint32_t)e->place, all); n > 0; n--)
        if (vipci_link(v, all[n - 1]) == link) return true;
    return false;
#else
    (void)v; (void)e;
    return head == link;
#endif
}
/* Is this travelling capability in a message that will still be received? */
static bool vipci_in_flight(vipc *v, const vipci_entry *e)
{
    uint32_t where = (uint32_t)e->place, link = vipci_link(v, e);
    if (where & 0x80000000u) {                               /* in a reply */
        uint32_t caller = (where & 0x7fffffffu) - 1;
        if (caller >= v->max_threads) return false;
        vipci_view *c = vipci_view_at(v, caller);
        uint64_t word = vipci_load64(v, &c->call);
        const vipci_body *b = vipci_call_reply(c, word);
        return VIPCI_CALL_STATE(word) == VIPCI_REPLIED && (b->sender & VIPC_HAS_CAPABILITY) && vipci_carries(v, (uint32_t)b->head, e, link);
    }
    vipci_ring *r;
    if (where - 1 >= v->max_objects) return false;
    for (uint32_t lane = 0; lane < VIPCI_LANES; lane++) {
        if (vipci_lane_open(v, vipci_object_at(v, where - 1), lane, &r) != VIPC_OK) continue;
        for (uint32_t i = 0; i < r->capacity; i++) {
            vipci_slot *s = vipci_slot_at(r, i);
            uint64_t w = vipci_load64(v, &s->state);
            if (!vipci_is_full(w) && VIPCI_PHASE(w) != VIPCI_READING && VIPCI_PHASE(w) != VIPCI_LATE_R) continue;
            if ((vipci_word_load(v, &s->body.sender) & VIPC_HAS_CAPABILITY) && vipci_carries(v, (uint32_t)vipci_word_load(v, &s->body.head), e, link)) return true;
        }
    }
    return false;
}
/* A wait set that one of the dead was at: whatever it had to mark is marked (RACE 19). */
static void vipci_mark_all(const vipc *v, vipci_object *set)
{
    vipci_marks *m = vipci_state(vipci_load64(v, &set->state)) == VIPCI_OPEN ? vipci_marks_of(v, set) : NULL;
    for (uint32_t place = 0; m && place + VIPCI_SET_HEAD < (vipci_peek64(v, &set->shape) & 0xfff); place++) vipci_mark(v, m, place);
    if (m) vipci_ring_bell(v, set, true);
}
/* Claims, wake-ups and calls of one view that runs no more. */
static void vipci_clean_claims(vipc *v, uint32_t i, uint32_t index)
{
    vipci_object *o = vipci_object_at(v, index);
    vipci_ring *r;
    vipci_intend(v, vipci_at_object(index));
    if (vipci_is_set(v, o)) {
        vipci_mark_all(v, o);
    } else if (vipci_state(vipci_load64(v, &o->state)) != 0) {
        for (uint32_t lane = 0; lane < VIPCI_LANES; lane++) {
            if (vipci_lane_open(v, o, lane, &r) != VIPC_OK) continue;
            for (uint32_t k = 0; k < r->capacity; k++) vipci_release_claim(v, vipci_slot_at(r, k), i + 1, VIPCI_FULL_AGAIN);
            vipci_came_back(v, r, o);                        /* after the slots, and always */
        }
    }
    vipci_wake_endpoint(v, index);
    const uint32_t state = (uint32_t)vipci_state(vipci_load64(v, &o->state));
    if (state == VIPCI_CLOSING || (!VIPC_NO_SPACES && state > VIPCI_OPEN)) vipci_object_end(v, o, false);
}
static void vipci_clean_call(vipc *v, uint32_t i)
{
    vipci_view *c = vipci_view_at(v, i);
    for (;;) {
        uint64_t word = vipci_load64(v, &c->call);
        uint32_t state = VIPCI_CALL_STATE(word);
        if (state == VIPCI_IDLE) return;
        if (state == VIPCI_REPLYING) vipci_store64(v, &c->abandoned[VIPCI_CALL_BUFFER(word)], word);      /* RACE 13 */
        const vipci_body *b = vipci_call_reply(c, word);
        uint32_t link = state == VIPCI_REPLIED && (b->sender & VIPC_HAS_CAPABILITY) ? (uint32_t)b->head : 0;
        if (link) vipci_forget_at(v, link, (i + 1) | 0x80000000u);
        if (vipci_cas64(v, &c->call, word, vipci_call_word(word, VIPCI_IDLE, 0))) return;
        if (state == VIPCI_REPLYING) vipci_store64(v, &c->abandoned[VIPCI_CALL_BUFFER(word)], 0);
    }
}
static void vipci_clean_view(vipc *v, uint32_t i)
{
    vipci_view *dead = vipci_view_at(v, i);
    uint64_t cell = vipci_load64(v, vipci_cell_at(v, i)), at = i == v->view ? 0 : vipci_load64(v, &dead->intent);
    uint32_t index = (uint32_t)(at >> 2) - 1, slept = (uint32_t)(cell >> 35);
    if ((cell & 3) != VIPCI_AWAKE) {
        bool endpoint = (uint32_t)(cell >> 32 & 7) <= VIPCI_FOR_ROOM && slept < v->max_objects;
        if (endpoint) vipci_intend(v, vipci_at_object(slept));
        (void)vipci_swap64(v, vipci_cell_at(v, i), VIPCI_AWAKE);
        if (endpoint) vipci_wake_endpoint(v, slept);         /* it may have been chosen, and nobody else then */
    }
    if ((at & 3) == VIPCI_AT_OBJECT && index < v->max_objects) vipci_clean_claims(v, i, index);
    if ((at & 3) == VIPCI_AT_VIEW && index < v->max_threads) {
        vipci_intend(v, at);
        vipci_wake_caller(v, index);
    }
#if !VIPC_NO_TAKE
    uint64_t hand = vipci_load64(v, &dead->hand);            /* stays until its slot is let go, so that a second reaper finds it */
    if (hand && VIPCI_HAND_OBJECT(hand) - 1 < v->max_objects) vipci_clean_claims(v, i, VIPCI_HAND_OBJECT(hand) - 1);
    if (hand) vipci_store64(v, &dead->hand, 0);
#endif
    if (i != v->view) vipci_store64(v, &dead->intent, 0);
    vipci_clean_call(v, i);
#if !VIPC_NO_LARGE
    vipci_store64(v, &dead->room, 0);                        /* after the call: RACE 36 */
    vipci_runs_free(v, dead);
#endif
#if !VIPC_NO_REGIONS
    vipci_clean_drop(v, dead);
#endif
    vipci_store32(v, &dead->target, 0);
#if !VIPC_NO_FAST
    vipci_store64(v, &dead->parked, 0);
#endif
    vipci_intend_nothing(v);
}
/* Is the server that a call word names view `only`, or with VIPCI_ANY_VIEW any view of process p? */
#define VIPCI_ANY_VIEW 0xffffffffu
static bool vipci_served_by(const vipc *v, uint64_t word, uint32_t p, uint32_t only)
{
    uint32_t server = VIPCI_CALL_SERVER(word) - 1;
    if (only != VIPCI_ANY_VIEW) return server == only;
    return server < v->max_threads && (uint32_t)vipci_load64(v, &vipci_view_at(v, server)->owner) == p + 1;
}
static void vipci_fail_calls(vipc *v, uint32_t p, uint32_t only)       /* of callers whose requests they hold */
{
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) {
        vipci_view *c = vipci_view_at(v, i);
        for (;;) {
            uint64_t word = vipci_load64(v, &c->call);
            uint32_t state = VIPCI_CALL_STATE(word);
            if ((state != VIPCI_TAKEN && state != VIPCI_REPLYING) || !vipci_served_by(v, word, p, only)) break;
            if (vipci_call_end(v, i, word, VIPC_ERR_PEER_DEAD)) break;
        }
        for (uint32_t b = 0; b < 2; b++) {
            uint64_t mark = vipci_load64(v, &c->abandoned[b]);
            if (mark && vipci_served_by(v, mark, p, only)) (void)vipci_cas64(v, &c->abandoned[b], mark, 0);
        }
    }
}
static uint32_t vipci_drop_caps(vipc *v, vipci_process *p)
{
    uint32_t n = 0;
    for (; p->held && n <= v->max_caps; n++) {
        vipci_entry *e = vipci_linked(v, p->held);
        if (!e) break;
        if (!(e->kind & VIPCI_TRAVELS)) {
            vipci_give_up_cap(v, e);
        } else if (vipci_in_flight(v, e)) {
            vipci_hold(v, e, NULL);
            vipci_commit(v);
        } else {
            vipci_forget_traveller(v, p->held);
        }
    }
    return n;
}
static void vipci_free_view(const vipc *v, uint32_t i)
{
    vipci_view *w = vipci_view_at(v, i);
#if !VIPC_NO_INSPECT
    uint32_t p = (uint32_t)vipci_load64(v, &w->owner) - 1;
    for (uint32_t k = 0; k < VIPCI_COUNTERS && p < v->max_processes; k++) (void)vipci_add64(v, &vipci_tally_at(v, p)->gone[k], vipci_peek64(v, &w->count[k]));
#endif
    for (uint32_t k = 0; k < VIPCI_COUNTERS; k++) {
        (void)vipci_add64(v, &vipci_d(v)->gone[k], vipci_peek64(v, &w->count[k]));
        vipci_poke64(v, &w->count[k], 0);
    }
    vipci_store64(v, &w->owner, vipci_load64(v, &w->owner) & ~(uint64_t)0xffffffff);
}
/* Who asked to be told of this process's end is.  A kill in between, and the next one tells all again: bits that are set stay set. */
static void vipci_tell_watchers(vipc *v, vipci_process *p)
{
    uint32_t steps = 0;
    if (VIPC_NO_NOTIFICATIONS) return;
    for (vipci_entry *e = vipci_linked(v, p->first_cap); e && steps <= v->max_caps; e = vipci_linked(v, e->next), steps++) {
        uint32_t index = (uint32_t)(e->place & 0xffffff) - 1;
        if (!(e->kind & VIPCI_WATCH) || index >= v->max_objects) continue;
        vipci_intend(v, vipci_at_object(index));
        (void)vipci_set_bits(v, vipci_object_at(v, index), e->place >> 24 << 8 | VIPCI_OPEN, e->badge);
        vipci_intend_nothing(v);
    }
}
/* All of it.  Of the caller's own process everything but the record and the view that it is done with. */
static uint32_t vipci_end_process(vipc *v, uint32_t index)
{
    vipci_process *p = vipci_process_at(v, index);
    vipci_domain *d = vipci_d(v);
    uint64_t pid = vipci_load64(v, &p->pid);
    uint32_t ended = 0, caps;
    vipci_store32(v, &p->state, VIPCI_ENDING);
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++)
        if ((uint32_t)vipci_load64(v, &vipci_view_at(v, i)->owner) == index + 1) vipci_clean_view(v, i);
    vipci_fail_calls(v, index, VIPCI_ANY_VIEW);
#if !VIPC_NO_LARGE
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++)      /* where it was late in a buffer of one who is gone */
        if ((uint32_t)vipci_load64(v, &vipci_view_at(v, i)->owner) == 0) vipci_runs_trim(v, vipci_view_at(v, i));
#endif
    for (; p->owned && p->owned <= v->max_objects && ended <= v->max_objects; ended++) {
        vipci_object *o = vipci_object_at(v, p->owned - 1);
#if !VIPC_NO_REGIONS
        if (vipci_store_of(v, o)) {                          /* it lives as long as anybody has a capability for it, or maps it */
            vipci_unlink_object(v, o);
            vipci_set32(v, &o->owner, VIPCI_NOBODY);
            vipci_set32(v, &o->next, 0);
            vipci_commit(v);
            continue;
        }
#endif
        vipci_object_end(v, o, true);
        (void)vipci_object_free(v, o);
    }
    caps = vipci_drop_caps(v, p);
    vipci_tell_watchers(v, p);
    vipci_prune(v, &p->first_cap);
    vipci_finish_closing(v);
    vipci_set64(v, &d->reaped, d->reaped + (index != v->process));
    vipci_commit(v);
    (void)vipci_swap64(v, &p->pid, 0);
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++)
        if (i != v->view && (uint32_t)vipci_load64(v, &vipci_view_at(v, i)->owner) == index + 1) vipci_free_view(v, i);
    for (uint32_t kind = VIPCI_FOR_NAME; kind <= VIPCI_FOR_LOCK; kind++)     /* who waits for its end, and whom it may have owed a wake-up: after */
        vipci_wake_all(v, kind, 0);                                          /* publishing, after unlocking */
    if (index == v->process) return ended;
    vipci_store32(v, &p->threads, 0);
    vipci_store32(v, &p->view, 0);
    vipci_store64(v, &p->proof, 0);                          /* ---- the record is free ---- */
    vipci_say(v, 1, VIPC_LOG_REAPED, pid, caps);
    return ended;
}
static bool vipci_is_dead(const vipc *v, uint32_t index)
{
    uint64_t proof = vipci_load64(v, &vipci_process_at(v, index)->proof);
    return proof != 0 && index != v->process && proof != vipci_load64(v, &vipci_us(v)->proof) && !vipci_proof_alive(v, proof);
}
static uint32_t vipci_sweep_locked(vipc *v)
{
    uint32_t reaped = 0;
    for (uint32_t i = 0; i < v->max_processes; i++)
        if (vipci_is_dead(v, i)) { (void)vipci_end_process(v, i); reaped++; }
    if (vipci_d(v)->closing) (void)vipci_free_closed(v);
    return reaped;
}
/* From within a wait: only if somebody is dead, and only if the lock is free (this thread's wait cell is in use). */
static void vipci_sweep_quietly(vipc *v)
{
    uint32_t i = 0;
    if (!v->hooks->process_alive) return;
    while (i < v->max_processes && !vipci_is_dead(v, i)) i++;
    if (i == v->max_processes || vipci_lock_try(v) != VIPC_OK) return;
    (void)vipci_sweep_locked(v);
    vipci_unlock(v);
}
static vipc_error vipci_pause_and_sweep(vipc *v, vipci_wait *w)
{
    vipc_error e = vipci_pause(v, w);
    if (e == VIPC_OK && w->look_for_deaths && w->registered) vipci_sweep_quietly(v);
    return e;
}
VIPC_API vipc_error vipc_sweep(vipc *self, uint32_t *reaped)
{
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK) e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    uint32_t n = vipci_sweep_locked(self);
    vipci_unlock(self);
    if (reaped) *reaped = n;
    return VIPC_OK;
}

#if !VIPC_NO_REGIONS
/* -------------------------------------------------------------------------------------------------- >>giving
 * How stores are made, copied, and change hands, over >>stores: for vipc_region_transfer, and for messages.  Under the lock. */
static inline bool vipci_access_ok(uint32_t access) { return access <= 7 && (!(access & VIPC_PROT_WRITE) || (access & VIPC_PROT_READ)); }
static inline bool vipci_regions_supported(const vipc *v) { return v->max_records > v->max_spaces && v->hooks->space_create; }
/* The lock is ours.  The store that `cap` names with these rights; errors as those of a capability. */
static vipc_error vipci_store_check(const vipc *v, vipc_cap cap, uint32_t rights, vipci_entry **e, vipci_space **store)
{
    vipc_error r = vipci_check_cap(v, cap, 0, rights, e);
    if (r != VIPC_OK) return r;
    if (!vipci_is_memory(VIPCI_TYPE((*e)->kind))) return VIPC_ERR_INVALID_CAPABILITY;
    vipci_object *o = vipci_object_at(v, (*e)->object < v->max_objects ? (*e)->object : 0);
    *store = vipci_store_of(v, o);
    if (!*store) return VIPC_ERR_CORRUPT;
    return vipci_state(vipci_load64(v, &o->state)) == VIPCI_OPEN ? VIPC_OK : VIPC_ERR_CLOSED;
}
static vipc_error vipci_store_begin(vipc *v, vipc_cap cap, uint32_t rights, vipci_entry **e, vipci_space **store)
{
    vipc_error r = vipci_known(v);
    if (r != VIPC_OK) return r;
    vipci_map_rested(v);
    r = vipci_lock(v, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    r = vipci_store_check(v, cap, rights, e, store);
    if (r != VIPC_OK) vipci_unlock(v);
    return r;
}
/* The lock was let go for a while: is all still as it was?  Errors of vipci_store_check; CLOSED: it is another store. */
static vipc_error vipci_store_still(const vipc *v, vipc_cap cap, uint32_t rights, vipci_entry **e, const vipci_space *store)
{
    vipci_space *now = NULL;
    vipc_error r = vipci_store_check(v, cap, rights, e, &now);
    return r == VIPC_OK && now != store ? VIPC_ERR_CLOSED : r;
}
static vipc_error vipci_store_end(vipc *v, vipc_error e)
{
    vipci_finish_closing(v);
    vipci_unlock(v);
    return e;
}
/* An object with an empty store, owned by the caller's process, and a capability for it: committed.  most: pages that it may ever have. */
static vipc_error vipci_store_make(vipc *v, uint32_t kind, const char *label, uint64_t most, uint64_t rule, vipci_object **o, vipci_space **out, vipc_cap *cap)
{
    vipci_domain *d = vipci_d(v);
    const uint32_t limit = v->max_records - v->max_spaces;
    uint32_t i = 0;
    vipc_error e = vipci_object_new(v, kind, label, 0, 0, o, cap);
    if (e == VIPC_OK) {                                      /* which may have freed one */
        const uint32_t next = d->free_store && d->free_store <= limit ? vipci_space_at(v, v->max_spaces + d->free_store - 1)->next : 0;
        e = vipci_take_slot(v, &d->free_store, &d->used_stores, limit, next, &i);
    }
    if (e == VIPC_OK && vipci_space_at(v, v->max_spaces + i)->number) e = VIPC_ERR_CORRUPT;
    if (e != VIPC_OK) { vipci_rollback(v); return e; }
    vipci_space *s = vipci_space_at(v, v->max_spaces + i), fresh;      /* the record is nobody's until its number says so: no need to undo this; but its link */
    vipci_zero(&fresh, sizeof fresh);
    fresh.next = s->next;
    fresh.object = vipci_index(v, *o) + 1;
    fresh.end = most << v->page_shift;
    fresh.levels = vipci_map_levels_for(v, most);
    fresh.version = ((s->version | (VIPCI_VERSION - 1)) + 1) | (v->max_spaces + i);
    fresh.creator = v->pid;
    fresh.rule = rule;
    *s = fresh;
    vipci_poke64(v, &(*o)->shape, (uint64_t)v->max_spaces + i + 1);
    vipci_set64(v, &d->next_space, d->next_space + 1);
    vipci_set64(v, &s->number, d->next_space);
    vipci_commit(v);
    *out = s;
    return VIPC_OK;
}
static void vipci_store_unmake(vipc *v, vipci_object *o, const vipci_space *store, uint64_t number)
{
    if (store->number != number) return;
    vipci_object_end(v, o, false);
    (void)vipci_object_free(v, o);
}
/* All mappings of the store in spaces that process p owns: withdrawn. */
static void vipci_withdraw_from(const vipc *v, const vipci_object *o, uint32_t p)
{
    vipci_tour t = vipci_tour_of(v, o, false);
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL && !t.withdrawn;) {
        const vipci_space *s = vipci_mapping_space(v, e);
        if (!s || s->object - 1 >= v->max_objects || vipci_object_at(v, s->object - 1)->owner != p + 1) continue;
        vipci_mapping_withdraw(v, e);
        vipci_commit(v);
        t = vipci_tour_of(v, o, false);
    }
    vipci_store_withdraw(v, o);
}
/* All capabilities of process p for this object but one; what hangs below them hangs on that from now on, if they were not below it. */
static void vipci_close_others(const vipc *v, const vipci_object *o, uint32_t p, vipci_entry *but)
{
    const uint32_t index = vipci_index(v, o);
    uint32_t steps = 0;
    vipci_entry *next;
    if (but->parent) {                                       /* a root from now on: it may stand below those others */
        vipci_tree_remove(v, but);
        vipci_tree_insert(v, but, 0);
        vipci_commit(v);
    }
    for (vipci_entry *e = vipci_linked(v, vipci_process_at(v, p)->held); e && steps <= v->max_caps; e = next, steps++) {
        next = vipci_linked(v, e->held_next);
        if (e == but || e->object != index || !vipci_is_memory(VIPCI_TYPE(e->kind)) || (e->kind & VIPCI_TRAVELS)) continue;
        for (uint32_t n = 0; e->parent == 0 && e->child && n <= v->max_caps; n++) {
            vipci_entry *c = vipci_linked(v, e->child);
            if (!c) break;
            vipci_tree_remove(v, c);
            vipci_tree_insert(v, c, c == but ? 0 : vipci_link(v, but));
            vipci_commit(v);
        }
        vipci_entry_close(v, e);
    }
}
/* Has process p room for it? */
static bool vipci_may_own(const vipc *v, const vipci_process *p, const vipci_space *store)
{
    return p->objects < vipci_d(v)->config.objects_per_process && p->shared_pages <= v->shared_per_process && store->pages <= v->shared_per_process - p->shared_pages;
}
/* The object is process p's from here on, and what it holds is charged there; within a step. */
static vipc_error vipci_store_give(const vipc *v, vipci_object *o, vipci_space *store, vipci_process *p)
{
    if (o->owner == (uint32_t)(p - vipci_process_at(v, 0)) + 1) return VIPC_OK;
    if (!vipci_may_own(v, p, store)) return VIPC_ERR_LIMIT;
    if (o->owner == VIPCI_NOBODY) {                          /* on no list */
        vipci_set32(v, &o->owner, (uint32_t)(p - vipci_process_at(v, 0)) + 1);
        vipci_set32(v, &o->prev, 0);
        vipci_set32(v, &o->next, p->owned);
        if (p->owned && p->owned <= v->max_objects) vipci_set32(v, &vipci_object_at(v, p->owned - 1)->prev, vipci_index(v, o) + 1);
        vipci_set32(v, &p->owned, vipci_index(v, o) + 1);
        vipci_set32(v, &p->objects, p->objects + 1);
    } else {
        vipc_error e = vipci_object_give(v, o, p);
        if (e != VIPC_OK) return e;
    }
    vipci_store_charge(v, store, store->pages, 0);
    return VIPC_OK;
}
/* Pages [from, to) of a store into an empty one, or into a space's map at page `into`: both have them copy-on-write from now on.  In steps. */
static vipc_error vipci_share_pages(const vipc *v, vipci_space *store, vipci_space *copy, uint64_t from, uint64_t to, uint64_t into, bool charge)
{
    vipc_error e = VIPC_OK;
    uint64_t frame = 0;
    vipci_u64 *leaf;
    for (uint64_t page = from; (leaf = vipci_map_next(v, store, 0, &page, to, &frame)) != NULL;) {
        uint32_t n = 0, newly = 0, i = vipci_map_slot(v, page, 0);
        const uint64_t at = page - from + into;
        uint64_t there_frame = 0;
        vipci_u64 *there;
        if (!leaf[i]) { page++; continue; }
        e = vipci_map_make(v, copy, at, &there, &there_frame);
        uint32_t k = vipci_map_slot(v, at, 0);
        for (; e == VIPC_OK && page < to && i < 1u << vipci_map_bits(v) && k < 1u << vipci_map_bits(v) && n < VIPCI_STEP_PAGES; i++, k++, page++) {
            const uint64_t entry = leaf[i];
            if (!entry) continue;
            e = vipci_retain_page(v, VIPCI_ENTRY_FRAME(entry));
            if (e != VIPC_OK) break;
            newly += !(entry & VIPCI_COW);
            vipci_set_far(v, frame, leaf, i, entry | VIPCI_COW);
            vipci_set_far(v, there_frame, there, k, (entry | VIPCI_COW) & ~(uint64_t)VIPCI_SEEN);
            if (charge) vipci_node_charge(v, VIPCI_ENTRY_FRAME(entry), 1, 0);
            n++;
        }
        if (e == VIPC_OK) {
            vipci_set64(v, &store->shared, store->shared + newly);
            vipci_set64(v, &copy->pages, copy->pages + n);
            vipci_set64(v, &copy->shared, copy->shared + n);
            if (charge) vipci_store_charge(v, copy, n, 0);
        }
        if (vipci_step_end(v, e) != VIPC_OK) { vipci_map_prune(v, copy, at); return e; }
    }
    return VIPC_OK;
}
/* Copies of pages [from, to) of a store, in frames of their own, at once, into an empty one. */
static vipc_error vipci_snapshot_copy(vipc *v, vipci_space *store, vipci_space *copy, uint64_t from, uint64_t to)
{
    const uint32_t steady = v->steady;
    v->steady = 1;                                           /* it is to be of one moment, as far as the giver's other threads let it */
    vipc_error e = vipci_store_fill(v, copy, 0, to - from, (copy->rule & VIPCI_S_CONTIGUOUS) != 0);
    v->steady = steady;
    for (uint64_t page = from; e == VIPC_OK && page < to; page++) {
        uint64_t frame = 0, here = 0;
        const vipci_u64 *leaf = vipci_map_node(v, store, page, 0, &frame), *into = vipci_map_node(v, copy, page - from, 0, &here);
        const uint64_t old = leaf ? leaf[vipci_map_slot(v, page, 0)] : 0, entry = into ? into[vipci_map_slot(v, page - from, 0)] : 0;
        if (!old) continue;
        const void *a = vipci_frames_at(v, VIPCI_ENTRY_FRAME(old), 1);
        void *b = entry ? vipci_frames_at(v, VIPCI_ENTRY_FRAME(entry), 1) : NULL;
        if (!a || !b) return VIPC_ERR_CORRUPT;
        vipci_copy_frame(b, a, vipci_page_size(v));
    }
    return e;
}
/* A store of its own with the same contents, of one moment: what has frames is shared until it is written.  Its object and its capability are the caller's. */
static vipc_error vipci_snapshot(vipc *v, vipci_space *store, uint64_t from, uint64_t to, uint32_t access, vipc_time deadline, vipci_object **o, vipci_space **copy,
                                 vipc_cap *cap)
{
    const uint64_t pages = to - from, number = store->number;
    const uint64_t rule = (store->rule & ~(uint64_t)(VIPCI_S_SEALED | 7u)) | (access & VIPCI_S_ACCESS(store->rule));
    const bool share = !(store->rule & VIPCI_S_CONTIGUOUS) && VIPCI_S_CACHE(store->rule) == VIPC_WRITE_BACK;
    vipc_error e = vipci_quota(v, vipci_us(v), pages);
    if (e == VIPC_OK) e = vipci_store_make(v, (uint32_t)VIPC_TYPE_REGION << 8 | VIPC_RIGHT_ALL, vipci_store_object(v, store)->label, pages, rule, o, copy, cap);
    if (e != VIPC_OK) return e;
    const uint64_t made = (*copy)->number;
    if (store->owed_end) e = vipci_store_settle(v, store, deadline);
    if (e == VIPC_OK && (store->number != number || (*copy)->number != made)) e = VIPC_ERR_CLOSED;
    if (e == VIPC_OK) e = share ? vipci_share_pages(v, store, *copy, from, to, 0, true) : vipci_snapshot_copy(v, store, *copy, from, to);
    if (e == VIPC_OK && share) {                             /* by no translation from before may anybody write to what both have */
        vipci_store_owe(v, store, from, to, VIPC_PROT_READ | VIPC_PROT_EXEC);
        e = vipci_store_settle(v, store, deadline);
    }
    if (e == VIPC_OK && (*copy)->number != made) e = VIPC_ERR_CLOSED;
    if (e != VIPC_OK) { vipci_store_unmake(v, *o, *copy, made); return e; }
    vipci_set64(v, &(*copy)->brk, pages << v->page_shift);
    vipci_commit(v);
    return VIPC_OK;
}
#if VIPCI_GIFTS
static inline bool vipci_is_moved(uint32_t kind) { return (kind & (VIPCI_GIFT | VIPCI_MODE)) == (VIPCI_GIFT | (uint32_t)VIPC_MOVE * (VIPCI_MODE & (0u - VIPCI_MODE))); }
/* A region is moved by a message that was sent: its giver has no capability and no mapping for it any more, and until all translations are gone that were made
 * by one nobody gets any.  Done by the giver, after the send, or by who receives the message, whoever comes first; in steps, any number of times.
 * RACE 46 (received before its giver has let go): the receiver lets go for him; the giver then finds that the traveller travels no more.  Test: t_shared race_46 */
static void vipci_gift_let_go(const vipc *v, vipci_entry *e)
{
    vipci_object *o = vipci_object_at(v, e->object < v->max_objects ? e->object : 0);
    vipci_space *s = vipci_store_of(v, o);
    if (!s || !o->owner || o->owner > v->max_processes) return;
    const uint32_t giver = o->owner - 1;
    vipci_withdraw_from(v, o, giver);
    if (o->peer) vipci_store_owe(v, s, 0, vipci_pages_of(v, s->brk), 7);
    vipci_close_others(v, o, giver, e);
    vipci_unlink_object(v, o);
    vipci_set32(v, &o->owner, VIPCI_NOBODY);
    vipci_set32(v, &o->next, 0);
    vipci_commit(v);
}
static bool vipci_gift_fits(const vipc *v, const vipci_entry *e)
{
    const vipci_object *o = vipci_object_at(v, e->object < v->max_objects ? e->object : 0);
    const vipci_space *s = vipci_store_of(v, o);
    return !s || o->owner == v->process + 1 || vipci_may_own(v, vipci_us(v), s);
}
static void vipci_gift_lands(vipc *v, vipci_entry *e)
{
    vipci_object *o = vipci_object_at(v, e->object < v->max_objects ? e->object : 0);
    vipci_space *s = vipci_store_of(v, o);
    if (!s) return;
    vipci_map_rested(v);
    vipci_gift_let_go(v, e);
    (void)vipci_step_end(v, vipci_store_give(v, o, s, vipci_us(v)));      /* if it cannot own it, nobody does */
    const uint32_t steady = v->steady;
    v->steady = 1;
    if (s->owed_end) (void)vipci_store_settle(v, s, VIPC_NOW);
    v->steady = steady;
}
#endif
static uint32_t vipci_rights_for(uint32_t kind, uint32_t access) { return (access ? access : 7u) & kind & 7u; }
#endif

/* --------------------------------------------------------------------------------------------------- >>carry
 * Capabilities inside messages.  The sender makes a child that nobody can use yet (TRAVELS) and holds it; the message names its slot; the
 * receiver makes it its own.  Whoever of them dies, the reaper asks whether a message that names it will still be received.
 *
 * Several in one message are a chain: the message names the first, each names the next in its place, the last has the call's number there.  So a queue's
 * slot, and a view's reply, need no more room for four than for one.
 * RACE 37 (killed halfway through several): a chain is made from its end, a step each, so a piece of one that nobody sent is a chain too, and stands in
 * its holder's list with its first in front: the reaper meets that first, and frees all of it.  A receiver takes hold in the same order.
 * Tests: explore many and those beside it, large_many; race37_*. */
/* The message was not sent.  Waits for the lock as long as it takes: a time-out here would leak. */
static void vipci_unpack(vipc *v, uint32_t link)
{
    if (!link || vipci_lock(v, VIPC_FOREVER) != VIPC_OK) return;
    vipci_forget_traveller(v, link);
    vipci_finish_closing(v);
    vipci_unlock(v);
}
/* Receiver, step 1 under the lock: hold it.  LIMIT: no room among this process's capabilities. */
#if !VIPC_NO_LARGE
static void vipci_hold_all(vipc *v, vipci_entry *e, vipci_process *by)
{
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    for (uint32_t n = vipci_travellers(v, vipci_link(v, e), (uint32_t)e->place, all); n-- > 0; vipci_commit(v)) vipci_hold(v, all[n], by);     /* RACE 37 */
}
static vipc_error vipci_unwrap_hold(vipc *v, vipci_entry *e)
{
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    uint32_t n = vipci_travellers(v, vipci_link(v, e), (uint32_t)e->place, all), more = 0;
    if (!n) return VIPC_ERR_CORRUPT;
    while (n-- > 0) more += all[n]->holder != v->process + 1;
    if (more && (uint64_t)vipci_us(v)->capabilities + more > vipci_d(v)->config.capabilities_per_process) return VIPC_ERR_LIMIT;
#if VIPCI_GIFTS
    for (n = vipci_travellers(v, vipci_link(v, e), (uint32_t)e->place, all); n-- > 0;)
        if (vipci_is_moved(all[n]->kind) && !vipci_gift_fits(v, all[n])) return VIPC_ERR_LIMIT;
#endif
    vipci_hold_all(v, e, vipci_us(v));
    return VIPC_OK;
}
#else
static void vipci_hold_all(vipc *v, vipci_entry *e, vipci_process *by)
{
    vipci_hold(v, e, by);
    vipci_commit(v);
}
static vipc_error vipci_unwrap_hold(vipc *v, vipci_entry *e)
{
    if (!(e->kind & VIPCI_TRAVELS)) return VIPC_ERR_CORRUPT;
    if (vipci_us(v)->capabilities >= vipci_d(v)->config.capabilities_per_process && e->holder != v->process + 1) return VIPC_ERR_LIMIT;
    vipci_hold(v, e, vipci_us(v));
    vipci_commit(v);
    return VIPC_OK;
}
#endif
/* Step 2, when the message is ours for good: none if it was revoked on the way. */
static vipc_cap vipci_unwrap(vipc *v, vipci_entry *e)
{
    vipc_cap cap = { 0 };
    if (e->kind & VIPCI_REVOKED) { vipci_forget_one(v, vipci_link(v, e)); return cap; }
    vipci_set32(v, &e->kind, e->kind & ~(uint32_t)(VIPCI_TRAVELS | VIPCI_MORE | VIPCI_FOLLOWS | VIPCI_GIFT | VIPCI_MODE));
    vipci_set64(v, &e->place, 0);
    vipci_limits_land(v, e);
    vipci_validate(v, e);
    cap.token = e->token;
    vipci_commit(v);
    return cap;
}
#if !VIPC_NO_LARGE
typedef struct vipci_gift { vipc_cap cap; uint32_t mode, access; uint64_t size; } vipci_gift;      /* what vipc_incoming says of a region; it lands when the claim on
                                                                                                    * the queue is over, and the lock is still held */
#if VIPCI_GIFTS
static void vipci_gift_take(vipc *v, vipci_entry *e, vipci_gift *gift)
{
    const uint32_t kind = e->kind;
    const vipci_space *s = e->object < v->max_objects ? vipci_store_of(v, vipci_object_at(v, e->object)) : NULL;
    gift->mode = (kind & VIPCI_MODE) / (VIPCI_MODE & (0u - VIPCI_MODE));
    gift->access = s ? kind & VIPCI_S_ACCESS(s->rule) : 0;
    gift->size = s ? s->brk : 0;
    gift->cap = vipci_unwrap(v, e);
}
static void vipci_gift_landed(vipc *v, const vipci_gift *gift)
{
    vipci_entry *e = vipci_linked(v, (uint32_t)(gift->cap.token & 0xffffff));
    if (gift->mode == VIPC_MOVE && e && e->token == gift->cap.token) vipci_gift_lands(v, e);
}
#endif
/* The same for all of a message; caps NULL: there is room for the first alone, which cannot be but where memory was scribbled over.  gift likewise. */
static vipc_cap vipci_unwrap_all(vipc *v, vipci_entry *e, vipc_cap *caps, vipci_gift *gift)
{
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    vipc_cap first = { 0 };
    uint32_t n = vipci_travellers(v, vipci_link(v, e), (uint32_t)e->place, all);
    (void)gift;
    for (uint32_t i = 0; i < n; i++) {
        vipc_cap cap = { 0 };
#if VIPCI_GIFTS
        if (all[i]->kind & VIPCI_GIFT) {
            if (gift) vipci_gift_take(v, all[i], gift);
            else vipci_forget_one(v, vipci_link(v, all[i]));
            continue;
        }
#endif
        if (i && !caps) vipci_forget_one(v, vipci_link(v, all[i]));
        else cap = vipci_unwrap(v, all[i]);
        if (i == 0) first = cap;
        if (caps) caps[i] = cap;
    }
    return first;
}
#endif

/* -------------------------------------------------------------------------------------------------- >>asking
 * The caller's half of a call, over the call words of >>call: announce it, and wait for its end.  A send that is to be acknowledged is a call whose
 * answer is given by whoever takes it, in the name of the receiver: FAILED, with no error. */
#if !VIPC_NO_CALLS
#if !VIPC_NO_LARGE
static inline uint64_t vipci_run_need(const vipc *v, uint64_t bytes) { return (bytes + ((uint64_t)1 << v->page_shift) - 1) >> v->page_shift; }
/* Where so many bytes of a buffer's run lie; NULL: it has not so many. */
static unsigned char *vipci_run_at(const vipc *v, uint64_t word, uint64_t bytes)
{
    if (!VIPCI_RUN_FRAMES(word) || vipci_run_need(v, bytes) > VIPCI_RUN_FRAMES(word)) return NULL;
    return (unsigned char *)vipci_frames_at(v, VIPCI_RUN_FIRST(word), VIPCI_RUN_FRAMES(word));
}
/* A large call begins: a buffer that nobody is late in, the one that vipci_call_start will choose, with a run of this capacity; *at: where that is, asked
 * now, so that nothing can fail when the reply is there.  What fails leaves room as it was: 0. */
static vipc_error vipci_room_make(vipc *v, uint64_t capacity, vipc_time deadline, const unsigned char **at)
{
    vipci_view *c = vipci_mine(v);
    uint64_t was = vipci_load64(v, &c->call), need = vipci_run_need(v, capacity), word, first = 0;
    uint32_t b = VIPCI_CALL_BUFFER(was);
    if (VIPCI_CALL_STATE(was) != VIPCI_IDLE) return VIPC_ERR_CORRUPT;
    if (vipci_load64(v, &c->abandoned[b])) b ^= 1;
    if (vipci_load64(v, &c->abandoned[b])) return VIPC_ERR_RESOURCE_BUSY;
    if (b != VIPCI_CALL_BUFFER(was) && !vipci_cas64(v, &c->call, was, was ^ 16)) return VIPC_ERR_CORRUPT;      /* the other may be done with at any moment */
    vipci_store32(v, &c->reply_size[b], 0);
    (void)vipci_swap64(v, &c->room, capacity + 1);           /* RACE 35 */
    word = vipci_load64(v, &c->large[b]);
    bool ready = !need || (need <= VIPCI_RUN_FRAMES(word) && !(word & VIPCI_TRIMMED));
    vipc_error e = ready ? VIPC_OK : vipci_lock_aside(v, deadline);
    if (e == VIPC_OK && !ready) {
        word = c->large[b];
        if (need > VIPCI_RUN_FRAMES(word)) {
            e = vipci_take_frames(v, need, &first);
            if (e == VIPC_OK && word) vipci_drop_frames(v, VIPCI_RUN_FIRST(word), VIPCI_RUN_FRAMES(word));
            if (e == VIPC_OK) vipci_set64(v, &c->large[b], word = (first + 1) << 14 | need);
            if (e == VIPC_OK) vipci_commit(v);
            else vipci_rollback(v);
        }
        vipci_unlock(v);
    }
    if (e == VIPC_OK && need && !(*at = vipci_run_at(v, word, capacity))) e = VIPC_ERR_CORRUPT;
    if (e != VIPC_OK) vipci_store64(v, &c->room, 0);
    return e;
}
#endif
/* The one view that could serve this endpoint, if that can be told: bound to, or received from by, one process with one thread.  max_threads: it cannot. */
static uint32_t vipci_sole_server(const vipc *v, vipci_object *o)
{
    uint32_t owner = vipci_peek32(v, &o->owner) - 1;
    if (owner >= v->max_processes) return v->max_threads;
    vipci_process *p = vipci_process_at(v, owner);
    uint64_t bound = vipci_bound_to(v, o);
    if (bound ? bound != vipci_load64(v, &p->pid) : vipci_peek32(v, &o->receivers) != 1) return v->max_threads;
    vipci_entry *root = vipci_linked(v, vipci_peek32(v, &o->first_cap));
    if (!bound && (!root || (vipci_peek32(v, &root->kind) & (VIPCI_NAMED | VIPCI_TRAVELS)) || vipci_peek32(v, &root->holder) != owner + 1
                   || !(vipci_peek32(v, &root->kind) & VIPC_RIGHT_RECEIVE))) return v->max_threads;
    uint32_t view = vipci_load32(v, &p->view) - 1;
    if (vipci_load32(v, &p->threads) != 1 || view >= v->max_threads) return v->max_threads;
    return (uint32_t)vipci_load64(v, &vipci_view_at(v, view)->owner) == owner + 1 ? view : v->max_threads;
}
/* Would a call at o wait for its own caller?  RACE 15 (two that call each other at once): each announces its call before it looks, so at least one
 * sees the other.  Test: call_deadlock_*, explore call. */
static bool vipci_waits_for_me(const vipc *v, vipci_object *o)
{
    uint32_t view = vipci_sole_server(v, o);
    for (uint32_t steps = 0; steps <= v->max_threads; steps++) {
        if (view == v->view) return true;
        if (view >= v->max_threads) return false;
        vipci_view *c = vipci_view_at(v, view);
        uint64_t word = vipci_load64(v, &c->call);
        uint32_t state = VIPCI_CALL_STATE(word), target = vipci_load32(v, &c->target) - 1;
        if (state == VIPCI_TAKEN || state == VIPCI_REPLYING) view = VIPCI_CALL_SERVER(word) - 1;
        else if (state == VIPCI_QUEUED && target < v->max_objects) view = vipci_sole_server(v, vipci_object_at(v, target));
        else return false;
    }
    return false;
}
/* Announce a call: QUEUED, with a number of its own and a reply buffer that nobody is late in. */
static vipc_error vipci_call_start(const vipc *v, vipci_object *o, uint64_t *word)
{
    vipci_view *c = vipci_mine(v);
    uint64_t was = vipci_load64(v, &c->call);
    uint32_t buffer = VIPCI_CALL_BUFFER(was);
    if (VIPCI_CALL_STATE(was) != VIPCI_IDLE) return VIPC_ERR_CORRUPT;
    if (vipci_load64(v, &c->abandoned[buffer])) buffer ^= 1;
    if (vipci_load64(v, &c->abandoned[buffer])) return VIPC_ERR_RESOURCE_BUSY;
    *word = ((was >> 32) + 1) << 32 | (uint64_t)buffer << 4 | VIPCI_QUEUED;
    vipci_store32(v, &c->target, vipci_index(v, o) + 1);
    (void)vipci_swap64(v, &c->call, *word);                  /* RACE 15 */
    return VIPC_OK;
}
static vipc_error vipci_call_abort(const vipc *v, uint64_t word, vipc_error why)     /* nobody can have taken it */
{
    (void)vipci_cas64(v, &vipci_mine(v)->call, word, vipci_call_word(word, VIPCI_IDLE, 0));
    return why;
}
/* Give up waiting.  False: an answer came first, after all. */
static bool vipci_call_withdraw(const vipc *v)
{
    vipci_view *c = vipci_mine(v);
    for (uint32_t spun = 0;;) {
        uint64_t word = vipci_load64(v, &c->call), idle = vipci_call_word(word, VIPCI_IDLE, 0);
        uint32_t state = VIPCI_CALL_STATE(word);
        if (state == VIPCI_REPLIED || state == VIPCI_FAILED) return false;
        if (state != VIPCI_REPLYING) {
            if (vipci_cas64(v, &c->call, word, idle)) return true;
            continue;
        }
        if (spun++ < VIPCI_PATIENCE_MAX) { vipci_relax(v); continue; }     /* it is most likely about to finish */
        vipci_u64 *mark = &c->abandoned[VIPCI_CALL_BUFFER(word)];
        (void)vipci_swap64(v, mark, word);                   /* RACE 13: the mark stands before the call word lets go */
        if (vipci_cas64(v, &c->call, word, idle)) return true;
        vipci_store64(v, mark, 0);
    }
}
/* Wait until the call has an end.  OK: REPLIED or FAILED in *word; else why not, and the call is withdrawn. */
static vipc_error vipci_call_await(vipc *v, uint32_t spin, vipc_time deadline, uint64_t *word)
{
    vipci_wait w = vipci_wait_for(v, VIPCI_FOR_REPLY, v->view, NULL, spin, deadline);
    vipc_error e = VIPC_OK;
    for (;;) {
        *word = vipci_load64(v, &vipci_mine(v)->call);
        uint32_t state = VIPCI_CALL_STATE(*word);
        if (state == VIPCI_REPLIED || state == VIPCI_FAILED) { e = VIPC_OK; break; }
        if (state == VIPCI_IDLE || state > VIPCI_FAILED) { e = VIPC_ERR_CORRUPT; break; }
        if (e != VIPC_OK && vipci_call_withdraw(v)) break;
        if (e == VIPC_OK) e = vipci_pause_and_sweep(v, &w);
    }
    vipci_unregister(v, &w);
    vipci_learn(v, &w);
    return e;
}
#endif

/* ------------------------------------------------------------------------------------------------ >>transfer
 * Send and receive: one attempt, and the loop of attempt and pause around it. */
typedef struct vipci_use {             /* one operation's use of one endpoint */
    vipc_cap cap;
    vipci_entry *entry;
    vipci_object *o;
    uint64_t then;                     /* state of the endpoint when the operation began */
    uint32_t index;
    bool channel;
    vipci_object *own;                 /* sending through a channel: the end whose capability this is; o is the other, where the queue is */
    uint64_t own_then;
} vipci_use;

/* A channel's end that is open: what is sent goes to the other one. */
static VIPCI_COLD vipc_error vipci_begin_channel(const vipc *v, vipci_use *u, uint32_t rights)
{
    uint32_t peer = vipci_peer(v, u->o);
    u->channel = true;
    if (!(rights & VIPC_RIGHT_SEND)) return VIPC_OK;
    if (peer >= v->max_objects) return VIPC_ERR_CORRUPT;
    u->own = u->o;
    u->own_then = u->then;
    u->then = vipci_load64(v, &u->own->bound);
    u->index = peer;
    u->o = vipci_object_at(v, peer);
    return vipci_load64(v, &u->o->state) == u->then ? VIPC_OK : vipci_ended(v, u->o, u->then);
}

static inline vipc_error vipci_begin_at(vipc *v, vipci_use *u, vipc_cap cap, uint32_t type, uint32_t rights)
{
    vipc_error e = vipci_known(v);
    if (!VIPCI_LIKELY(e == VIPC_OK)) return e;
    bool channel = !VIPC_NO_CHANNELS && type == VIPC_TYPE_ENDPOINT && vipc_cap_type(cap) == VIPC_TYPE_CHANNEL;
    if (channel) type = VIPC_TYPE_CHANNEL;
    e = vipci_check_cap(v, cap, type, rights, &u->entry);
    if (!VIPCI_LIKELY(e == VIPC_OK)) return e;
    uint32_t index = vipci_peek32(v, &u->entry->object);
    if (!VIPCI_LIKELY(index < v->max_objects)) return VIPC_ERR_CORRUPT;
    u->cap = cap;
    u->index = index;
    u->o = vipci_object_at(v, index);
    u->then = vipci_load64(v, &u->o->state);
    if (!VIPC_NO_CHANNELS) { u->channel = false; u->own = NULL; }
    if (VIPCI_LIKELY(vipci_state(u->then) == VIPCI_OPEN)) return channel ? vipci_begin_channel(v, u, rights) : VIPC_OK;
    return vipci_state(u->then) == 0 ? VIPC_ERR_INVALID_CAPABILITY : u->then & VIPCI_OWNER_DIED ? VIPC_ERR_PEER_DEAD : VIPC_ERR_CLOSED;
}
static inline vipc_error vipci_begin(vipc *v, vipci_use *u, vipc_cap cap, uint32_t rights) { return vipci_begin_at(v, u, cap, VIPC_TYPE_ENDPOINT, rights); }
/* RACE 1: asked with the intent set, before the queue is touched. */
static inline bool vipci_open(const vipc *v, const vipci_use *u) { return vipci_load64(v, &u->o->state) == u->then; }
/* RACE 8: asked after the claim. */
static inline bool vipci_still(const vipc *v, const vipci_use *u)
{
    return vipci_load64(v, &u->entry->token) == u->cap.token && vipci_load64(v, &u->o->state) == u->then
        && (VIPC_NO_CHANNELS || !u->own || vipci_load64(v, &u->own->state) == u->own_then);
}
static inline bool vipci_bound_away(const vipc *v, const vipci_use *u)
{
    uint64_t bound = vipci_load64(v, &u->o->bound);
    return bound != 0 && bound != v->pid && (VIPC_NO_CHANNELS || !u->channel);
}
/* Receiving from a channel's end: has the other one ended?  OK: no.  Asked before the queue is looked at: if nothing is there then, nothing will ever be. */
static inline vipc_error vipci_drained(const vipc *v, const vipci_use *u)
{
    if (VIPC_NO_CHANNELS || !u->channel || u->own) return VIPC_OK;
    uint32_t peer = vipci_peer(v, u->o);
    if (peer >= v->max_objects) return VIPC_ERR_CORRUPT;
    vipci_object *other = vipci_object_at(v, peer);
    uint64_t then = vipci_load64(v, &u->o->bound);
    return vipci_load64(v, &other->state) == then ? VIPC_OK : vipci_ended(v, other, then);
}

/* A wait by a capability that expires ends then.  (A value of another's, if ours was revoked meanwhile, only has it look again.) */
static inline vipc_time vipci_until(const vipc *v, const vipci_use *u, vipc_time deadline)
{
#if !VIPC_NO_LIMITS
    vipci_limit *r = vipci_peek32(v, &u->entry->kind) & VIPCI_LIMITED ? vipci_limit_of(v, u->entry) : NULL;
    vipc_time expires = r ? vipci_peek64(v, &r->expires) : 0;
    if (expires && expires < deadline && vipci_still(v, u)) return expires;
#endif
    (void)v; (void)u;
    return deadline;
}

#define VIPCI_MAY_URGENT (VIPC_NO_URGENT ? 0u : (uint32_t)VIPC_URGENT)
typedef struct vipci_letter {          /* what is to be sent; m and payload are the caller's, read inside the claim */
    const vipc_message *m;
    uint64_t sender;                   /* as in vipci_body */
    uint32_t link, payload_size;
    const void *payload;
#if !VIPC_NO_LARGE
    const vipc_cap *more;              /* capabilities beside the message's own */
    uint32_t more_count;
#endif
#if VIPCI_GIFTS
    vipc_cap region;
    uint32_t mode, access;
    uint32_t gift, gift_reuse;         /* the traveller of a region that is moved, once packed; 0: none */
#endif
} vipci_letter;
static inline vipci_letter vipci_address(const vipc *v, const vipc_message *m, uint64_t flags)
{
    vipci_letter l;
    l.m = m;
    l.sender = v->from | (m->flags & (VIPC_UNORDERED | VIPC_HAS_CAPABILITY | VIPCI_MAY_URGENT)) | flags;
    l.link = l.payload_size = 0;
    l.payload = NULL;
#if !VIPC_NO_LARGE
    l.more = NULL;
    l.more_count = 0;
#endif
#if VIPCI_GIFTS
    l.region.token = 0;
    l.mode = l.access = l.gift = l.gift_reuse = 0;
#endif
    return l;
}
static inline uint32_t vipci_letter_lane(const vipci_letter *l) { return (uint32_t)l->sender & VIPCI_MAY_URGENT; }
/* Who sleeps for room there. */
static inline uint32_t vipci_room_kind(uint32_t lane) { return lane ? (uint32_t)VIPCI_FOR_URGENT_ROOM : (uint32_t)VIPCI_FOR_ROOM; }
static inline vipci_u64 *vipci_room_flag(vipci_object *o, uint32_t lane) { return lane ? &o->urgent_flag : &o->send_flag; }
static inline void vipci_wake_room(const vipc *v, vipci_object *o, uint32_t index, uint32_t lane)
{
    vipci_wake_one(v, vipci_room_kind(lane), index, vipci_room_flag(o, lane));
}
static inline void vipci_body_store(const vipc *v, vipci_body *to, const vipci_letter *l, uint64_t badge)
{
    vipci_word_store(v, &to->sender, l->sender);
    vipci_word_store(v, &to->badge, badge);
    vipci_word_store(v, &to->head, (uint64_t)l->m->opcode << 32 | l->link);
    vipci_word_store(v, &to->data[0], l->m->data[0]);        /* written out: compilers do not unroll atomics */
    vipci_word_store(v, &to->data[1], l->m->data[1]);
    vipci_word_store(v, &to->data[2], l->m->data[2]);
    vipci_word_store(v, &to->data[3], l->m->data[3]);
}
static inline void vipci_body_load(const vipc *v, vipci_body *to, vipci_body *from)
{
    to->sender = vipci_word_load(v, &from->sender);
    to->badge = vipci_word_load(v, &from->badge);
    to->head = vipci_word_load(v, &from->head);
    to->data[0] = vipci_word_load(v, &from->data[0]);
    to->data[1] = vipci_word_load(v, &from->data[1]);
    to->data[2] = vipci_word_load(v, &from->data[2]);
    to->data[3] = vipci_word_load(v, &from->data[3]);
}
static inline void vipci_write(const vipc *v, const vipci_ring *r, vipci_slot *s, const vipci_letter *l, uint64_t badge)
{
    vipci_body_store(v, &s->body, l, badge);
    if (VIPCI_LIKELY(r->stride == sizeof(vipci_slot))) return;
    vipci_word_store(v, (vipci_u64 *)(void *)(s + 1), l->payload_size);
    vipci_copy((unsigned char *)(s + 1) + 8, l->payload, l->payload_size);
}
/* One attempt.  CHANNEL_FULL, VIPCI_NEEDS_LOCK (no queue yet), or what ended the endpoint or the capability. */
static vipc_error vipci_send_try(vipc *v, const vipci_use *u, const vipci_letter *l)
{
    vipci_ring *r;
    vipc_error e;
    uint32_t lane = vipci_letter_lane(l);
    vipci_intend(v, vipci_at_object(u->index));
    if (!VIPCI_LIKELY(vipci_still(v, u))) { e = vipci_ended(v, u->o, u->then); goto out; }
    e = VIPCI_LIKELY(!lane) ? vipci_ring_at(v, u->o, u->index, &r) : vipci_lane_open(v, u->o, lane, &r);
    if (!VIPCI_LIKELY(e == VIPC_OK)) { e = e == VIPC_ERR_CHANNEL_EMPTY ? VIPCI_NEEDS_LOCK : e; goto out; }
    for (;;) {
        vipci_slot *s;
        uint64_t lap;
        uint32_t irq = vipci_enter(v);
        e = vipci_claim(v, r, u->o, &s, &lap);
        if (!VIPCI_LIKELY(e == VIPC_OK)) {
            vipci_leave(v, irq);
            if (e == VIPC_ERR_CHANNEL_FULL && !lane) vipci_mark_at_least(v, u->o, r->capacity);
            if (!vipci_still(v, u)) e = vipci_ended(v, u->o, u->then);       /* a revoke wakes who waits, and is not waited through */
            break;
        }
        if (!VIPCI_LIKELY(vipci_still(v, u))) {
            vipci_release_claim(v, s, v->view + 1, VIPCI_FULL);
            vipci_leave(v, irq);
            e = vipci_ended(v, u->o, u->then);
            break;
        }
        vipci_write(v, r, s, l, vipci_peek64(v, &u->entry->badge));
        bool published = vipci_publish(v, s, lap);           /* ---- point of no return ---- */
        vipci_leave(v, irq);
        if (VIPCI_LIKELY(published)) {
            vipci_count(v, VIPCI_SENT);
            if (lane) vipci_show_lane(v, u->o);              /* RACE 28 */
            vipci_wake_one(v, VIPCI_FOR_MESSAGE, u->index, &u->o->receive_flag);
            break;
        }
        vipci_wake_room(v, u->o, u->index, lane);
    }
out:
    vipci_intend_nothing(v);
    return e;
}
/* The end of a wait at an endpoint: a choice that was not needed, or was meant for another message too, goes on to the next. */
static VIPCI_COLD void vipci_wait_over(vipc *v, vipci_wait *w, vipci_object *o)
{
    vipci_ring *r;
    vipci_unregister(v, w);
    vipci_learn(v, w);
    if (w->chosen && (VIPC_SMALL || vipci_any_left(v, w))) {     /* or the queue need not be looked through */
        vipci_intend(v, vipci_at_object(w->index));
        bool open = vipci_state(vipci_load64(v, &o->state)) == VIPCI_OPEN, other = false;
        for (uint32_t lane = 0; lane < VIPCI_LANES && open && !other; lane++)
            other = (VIPC_NO_URGENT || w->what == VIPCI_FOR_MESSAGE || lane == (w->what == VIPCI_FOR_URGENT_ROOM)) && vipci_lane_open(v, o, lane, &r) == VIPC_OK
                    && vipci_count_phase(v, r, w->what == VIPCI_FOR_MESSAGE);
        if (other) vipci_wake_one(v, w->what, w->index, w->flag);
    }
    vipci_intend_nothing(v);
}
#if !VIPC_NO_DROP
/* VIPC_FULL_DROP_OLDEST.  The dropper takes the oldest message as a receiver does, READING and its call TAKEN, frees the slot, ends the call, and then sends as
 * if nothing had been.  RACE 24 (drop against receive, revoke and death): only the very word that was seen FULL is claimed, in the slot that the next send
 * needs, so what a receiver has taken, or is about to make room with, is not dropped; a claim that is undone meanwhile drops nothing; that of a dropper
 * that dies is given back like any reader's.  An add to the count follows the free: one who is killed between them has dropped uncounted.
 * Tests: explore drop_oldest and those beside it; t_policy. */
#define VIPCI_DROPS_MAX 1000u          /* messages dropped for one send, all but the last of them to others' profit */
/* The message that is in the way of the next send, and its word.  VIPC_OK with no slot: there is room, or things have moved; CHANNEL_FULL: all slots
 * are in somebody's hands. */
static vipc_error vipci_in_the_way(const vipc *v, const vipci_ring *r, vipci_object *o, vipci_claimed *c, uint64_t *word)
{
    uint64_t t = vipci_peek64(v, vipci_tail(r, o)), ignore;
    bool moved = true;
    c->slot = NULL;
    for (uint32_t turn = 0; turn < 2 && moved; turn++) {     /* from the hint, and if that led nowhere from where it ought to be */
        if (turn || (t & (VIPCI_LAP - 1)) >= r->capacity) vipci_hints(v, r, &t, &ignore);
        uint64_t end = t + VIPCI_LAP;
        moved = false;
        for (uint64_t at = t; at != end; at = vipci_next(r, at)) {
            vipci_slot *s = vipci_slot_at(r, at & (VIPCI_LAP - 1));
            uint64_t w = vipci_load64(v, &s->state);
            if (w == VIPCI_WORD(at, VIPCI_FREE, 0)) return VIPC_OK;
            if (!vipci_is_full(w) || (w & VIPCI_LAPS) != (at & VIPCI_LAPS) - VIPCI_LAP) {      /* claimed: to be passed over, not dropped */
                moved = moved || vipci_is_full(w) || VIPCI_PHASE(w) == VIPCI_FREE;
                continue;
            }
            c->slot = s;
            c->lap = w & VIPCI_LAPS;
            c->whole = vipci_peek64(v, vipci_head(r, o)) == at - VIPCI_LAP;    /* RACE 12: all before it is finished */
            c->next_head = vipci_next(r, at - VIPCI_LAP);
            c->again = VIPCI_PHASE(w) == VIPCI_FULL_AGAIN;
            *word = w;
            return VIPC_OK;
        }
    }
    return moved ? VIPC_OK : VIPC_ERR_CHANNEL_FULL;
}
/* With the intent set.  OK: dropped, or things have moved: send again.  CHANNEL_FULL, what ended the endpoint or the capability, VIPCI_NEEDS_LOCK. */
static vipc_error vipci_drop_one(vipc *v, const vipci_use *u, const vipci_ring *r, bool locked)
{
    vipci_claimed c;
    vipci_body b;
    vipci_entry *e = NULL;
    uint64_t word = 0, call = 0;
    vipc_error found = vipci_in_the_way(v, r, u->o, &c, &word);
    if (found != VIPC_OK || !c.slot) return found;
    b.sender = vipci_word_load(v, &c.slot->body.sender);     /* holds if the claim succeeds */
    if ((b.sender & VIPC_HAS_CAPABILITY) && !locked) return VIPCI_NEEDS_LOCK;
    if (!vipci_cas64(v, &c.slot->state, word, VIPCI_WORD(word, VIPCI_READING, v->view + 1))) return VIPC_OK;
    if (!vipci_still(v, u)) {                                /* RACE 8 */
        vipci_put_back(v, r, u->o, &c);
        return vipci_ended(v, u->o, u->then);
    }
    b.head = vipci_word_load(v, &c.slot->body.head);
    if (b.sender & VIPC_HAS_CAPABILITY) e = vipci_linked(v, (uint32_t)b.head);
    if (e && (!(e->kind & VIPCI_TRAVELS) || (uint32_t)e->place != u->index + 1)) e = NULL;     /* scribbled over */
    if (e) vipci_hold_all(v, e, vipci_us(v));                /* if this one dies its reaper ends it, unless the message is there again */
    bool taken = (b.sender & VIPCI_CALL) && vipci_call_take(v, &b, &call);
    if (!vipci_finish(v, r, u->o, &c)) {                     /* lost: undone in the opposite order */
        if (taken) (void)vipci_cas64(v, &vipci_view_at(v, vipci_body_view(&b))->call, call, vipci_call_word(call, VIPCI_QUEUED, 0));
        if (e) vipci_hold_all(v, e, NULL);
        return VIPC_OK;
    }
    /* ---- point of no return: it is gone ---- */
    if (vipci_add64(v, vipci_dropped(u->o), (uint64_t)1 << 32) >> 32 == 0xffffffffu) (void)vipci_add64(v, vipci_high(u->o), 1u << 16);
    vipci_count(v, VIPCI_DROPPED);
    if (e) vipci_forget_traveller(v, vipci_link(v, e));
    if (taken) (void)vipci_call_end(v, vipci_body_view(&b), call, VIPC_ERR_CHANNEL_FULL);     /* last: the intent moves to the caller meanwhile */
    return VIPC_OK;                                          /* nobody sleeps for room here: no wake-up is owed */
}
static vipc_error vipci_drop_try(vipc *v, const vipci_use *u, uint32_t lane, bool locked)
{
    vipci_ring *r = NULL;
    vipci_intend(v, vipci_at_object(u->index));
    vipc_error e = vipci_still(v, u) ? vipci_lane_open(v, u->o, lane, &r) : vipci_ended(v, u->o, u->then);
    if (e == VIPC_OK) {
        uint32_t irq = vipci_enter(v);
        e = vipci_drop_one(v, u, r, locked);
        vipci_leave(v, irq);
    }
    vipci_intend_nothing(v);
    return e == VIPC_ERR_CHANNEL_EMPTY ? VIPC_OK : e;        /* the queue has gone meanwhile */
}
/* Make room for one message.  OK: send again. */
static VIPCI_COLD vipc_error vipci_drop_oldest(vipc *v, const vipci_use *u, uint32_t lane, vipc_time deadline)
{
    vipc_error e = vipci_drop_try(v, u, lane, false);
    if (e != VIPCI_NEEDS_LOCK) return e;
    e = vipci_lock_aside(v, deadline);
    if (e != VIPC_OK) return e;
    e = vipci_drop_try(v, u, lane, true);
    vipci_finish_closing(v);
    vipci_unlock(v);
    return e == VIPCI_NEEDS_LOCK ? VIPC_ERR_CORRUPT : e;
}
#endif
static VIPCI_COLD vipc_error vipci_send_wait(vipc *v, const vipci_use *u, const vipci_letter *l, vipc_time deadline, vipc_error e)
{
    vipc_time until = vipci_until(v, u, deadline);
    uint32_t lane = vipci_letter_lane(l);
    vipci_wait w = vipci_wait_for(v, vipci_room_kind(lane), u->index, vipci_room_flag(u->o, lane), u->o->spin, until);
    bool block = !(vipci_peek64(v, &u->o->shape) & VIPCI_FAILS);
#if !VIPC_NO_DROP
    uint32_t drops = 0;
#endif
    for (;; e = vipci_send_try(v, u, l)) {
        if (e == VIPCI_NEEDS_LOCK) {
            vipci_wait_over(v, &w, u->o);                    /* the lock has a wait of its own */
            e = vipci_queue_make(v, u->o, u->then, lane, deadline);
            if (e != VIPC_OK) break;
            continue;
        }
#if !VIPC_NO_DROP
        if (e == VIPC_ERR_CHANNEL_FULL && (vipci_peek64(v, &u->o->shape) & VIPCI_DROPS) && drops++ < VIPCI_DROPS_MAX) {
            e = vipci_drop_oldest(v, u, lane, deadline);
            if (e != VIPC_OK) break;
            continue;
        }
#endif
        if (e != VIPC_ERR_CHANNEL_FULL || !block) break;
        vipc_error p = vipci_pause_and_sweep(v, &w);
        if (p == VIPC_OK) continue;
        e = p == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_CHANNEL_FULL : p;
        break;
    }
    vipci_wait_over(v, &w, u->o);
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
static inline vipc_error vipci_send_paid(vipc *v, const vipci_use *u, const vipci_letter *l, vipc_time deadline)
{
    vipc_error e = vipci_send_try(v, u, l);
    return VIPCI_LIKELY(e == VIPC_OK) ? e : vipci_send_wait(v, u, l, deadline, e);
}
#if !VIPC_NO_LIMITS
static inline bool vipci_is_limited(const vipc *v, const vipci_use *u) { return (vipci_peek32(v, &u->entry->kind) & VIPCI_LIMITED) != 0; }
static inline uint64_t vipci_letter_bytes(const vipci_letter *l) { return sizeof(vipc_message) + (uint64_t)l->payload_size; }
static inline vipc_error vipci_charge(const vipc *v, const vipci_use *u, const vipci_letter *l)
{
    return vipci_is_limited(v, u) ? vipci_limits_take(v, u->entry, u->cap, vipci_letter_bytes(l)) : VIPC_OK;
}
static inline void vipci_refund(const vipc *v, const vipci_use *u, const vipci_letter *l)
{
    if (vipci_is_limited(v, u)) vipci_limits_return(v, u->entry, u->cap, vipci_letter_bytes(l), NULL);
}
static VIPCI_APART vipc_error vipci_send_limited(vipc *v, const vipci_use *u, const vipci_letter *l, vipc_time deadline)
{
    vipc_error e = vipci_limits_take(v, u->entry, u->cap, vipci_letter_bytes(l));
    if (!VIPCI_LIKELY(e == VIPC_OK)) return e;
    e = vipci_send_paid(v, u, l, deadline);
    if (!VIPCI_LIKELY(e == VIPC_OK)) vipci_refund(v, u, l);
    return e;
}
#else
static inline bool vipci_is_limited(const vipc *v, const vipci_use *u) { (void)v; (void)u; return false; }
static inline vipc_error vipci_charge(const vipc *v, const vipci_use *u, const vipci_letter *l) { (void)v; (void)u; (void)l; return VIPC_OK; }
static inline void vipci_refund(const vipc *v, const vipci_use *u, const vipci_letter *l) { (void)v; (void)u; (void)l; }
static inline vipc_error vipci_send_limited(vipc *v, const vipci_use *u, const vipci_letter *l, vipc_time deadline) { return vipci_send_paid(v, u, l, deadline); }
#endif
static inline vipc_error vipci_send(vipc *v, const vipci_use *u, const vipci_letter *l, vipc_time deadline)
{
    return VIPCI_LIKELY(!vipci_is_limited(v, u)) ? vipci_send_paid(v, u, l, deadline) : vipci_send_limited(v, u, l, deadline);
}
static inline vipc_error vipci_flags_ok(const vipc_message *m, uint32_t also)
{
    if (!m) return VIPC_ERR_INVALID_ARGUMENT;
    return VIPCI_LIKELY((m->flags & ~(VIPC_UNORDERED | VIPC_IS_REPLY | VIPC_HAS_CAPABILITY | VIPCI_MAY_URGENT | also)) == 0) ? VIPC_OK : VIPC_ERR_INVALID_MESSAGE;
}
/* What a letter carries is made into travellers: *link is the first.  All or none. */
#if VIPC_NO_LARGE
static vipc_error vipci_pack(vipc *v, vipci_letter *l, uint64_t place, vipc_time deadline, uint32_t *link)
{
    const vipc_cap cap = l->m->capability;
    vipci_entry *from, *e;
    vipc_error r = vipci_check_cap(v, cap, 0, VIPC_RIGHT_GRANT, &from);
    if (r != VIPC_OK) return r;
    r = vipci_lock_aside(v, deadline);
    if (r != VIPC_OK) return r;
    r = vipci_check_cap(v, cap, 0, VIPC_RIGHT_GRANT, &from);
    if (r != VIPC_OK) return vipci_fail(v, r);
    r = vipci_entry_new(v, (from->kind & 0xfffu) | VIPCI_TRAVELS, from->object, from->badge, vipci_link(v, from), vipci_us(v), &e);
    if (r != VIPC_OK) return vipci_fail(v, r);
    vipci_set64(v, &e->place, place);
    r = vipci_limits_inherit(v, from, e);
    if (r != VIPC_OK) return vipci_fail(v, r);
    *link = vipci_link(v, e);
    vipci_commit(v);
    vipci_unlock(v);
    return VIPC_OK;
}
#else
/* Payload and further capabilities.  INVALID_ARGUMENT, INVALID_REGION, MESSAGE_TOO_LARGE: more than any endpoint takes. */
static vipc_error vipci_enclose(const vipc *v, vipci_letter *l, const vipc_outgoing *m)
{
    (void)v;
    if ((!m->payload && m->payload_size) || m->cap_count > VIPC_MESSAGE_CAPS - (m->message.flags & VIPC_HAS_CAPABILITY ? 1u : 0u)) return VIPC_ERR_INVALID_ARGUMENT;
    if (m->payload_size > VIPC_PAYLOAD_MAX) return VIPC_ERR_MESSAGE_TOO_LARGE;
#if VIPCI_GIFTS
    if (m->region.token) {
        if (m->region_mode > VIPC_COPY_ON_WRITE || !vipci_access_ok(m->region_access)
            || m->cap_count >= VIPC_MESSAGE_CAPS - (m->message.flags & VIPC_HAS_CAPABILITY ? 1u : 0u)) return VIPC_ERR_INVALID_ARGUMENT;
        vipci_entry *e;
        const vipc_error r = vipci_check_cap(v, m->region, 0, 0, &e);
        if (r != VIPC_OK) return r;
        if (!vipci_is_memory(VIPCI_TYPE(vipci_peek32(v, &e->kind)))) return VIPC_ERR_INVALID_REGION;
        l->region = m->region;
        l->mode = m->region_mode;
        l->access = m->region_access;
        l->sender |= VIPC_HAS_CAPABILITY;
    }
#else
    if (m->region.token) return VIPC_ERR_INVALID_REGION;
#endif
    if (m->cap_count) l->sender |= VIPC_HAS_CAPABILITY;
    l->payload = m->payload;
    l->payload_size = (uint32_t)m->payload_size;
    l->more = m->caps;
    l->more_count = m->cap_count;
    return VIPC_OK;
}
/* One more in front of the chain that begins at *link (0: none); under the lock, a step. */
static vipc_error vipci_pack_one(vipc *v, vipc_cap cap, uint64_t place, bool first, uint32_t *link)
{
    vipci_entry *from, *e;
    vipc_error r = vipci_check_cap(v, cap, 0, VIPC_RIGHT_GRANT, &from);
    if (r != VIPC_OK) return r;
    uint32_t kind = (from->kind & 0xfffu) | VIPCI_TRAVELS | (first ? 0 : VIPCI_FOLLOWS) | (*link ? VIPCI_MORE : 0);
    r = vipci_entry_new(v, kind, from->object, from->badge, vipci_link(v, from), vipci_us(v), &e);
    if (r != VIPC_OK) return r;
    vipci_set64(v, &e->place, *link ? (uint64_t)*link << 32 | (uint32_t)place : place);
    r = vipci_limits_inherit(v, from, e);
    if (r != VIPC_OK) return r;
    *link = vipci_link(v, e);
    vipci_commit(v);
    return VIPC_OK;
}
#if VIPCI_GIFTS
/* May it be given so?  Under the lock, or before. */
static vipc_error vipci_gift_ok(const vipc *v, const vipci_letter *l, vipci_entry **e, vipci_space **s)
{
    const uint32_t needs = l->mode == VIPC_SHARE ? (uint32_t)VIPC_RIGHT_GRANT : l->mode == VIPC_MOVE ? (uint32_t)VIPC_RIGHT_DELETE : (uint32_t)VIPC_RIGHT_READ;
    vipc_error r = vipci_check_cap(v, l->region, 0, 0, e);
    if (r == VIPC_OK && !vipci_is_memory(VIPCI_TYPE((*e)->kind))) return VIPC_ERR_INVALID_REGION;
    if (r == VIPC_OK) r = vipci_store_check(v, l->region, needs, e, s);
    if (r != VIPC_OK) return r;
    if (l->access & ~((*e)->kind & 7u)) return VIPC_ERR_PERMISSION_DENIED;
    if (l->mode != VIPC_MOVE) return VIPC_OK;
    if (VIPCI_TYPE((*e)->kind) != VIPC_TYPE_REGION) return VIPC_ERR_INVALID_REGION;
    if (l->access && l->access != ((*e)->kind & 7u)) return VIPC_ERR_INVALID_ARGUMENT;
    return vipci_store_object(v, *s)->owner == v->process + 1 ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
/* The region, as the last of the chain; under the lock, a step. */
static vipc_error vipci_pack_gift(vipc *v, const vipci_letter *l, uint64_t place, bool first, vipc_time deadline, uint32_t *link)
{
    vipci_entry *from = NULL, *e = NULL;
    vipci_space *s = NULL, *copy = NULL;
    vipci_object *o = NULL;
    vipc_cap mine = VIPC_INIT;
    uint64_t made = 0;
    vipci_map_rested(v);
    vipc_error r = vipci_gift_ok(v, l, &from, &s);
    if (r != VIPC_OK) return r;
    const uint32_t rights = vipci_rights_for(from->kind, l->access), type = from->kind & 0xf00u;
    const uint32_t travels = VIPCI_TRAVELS | VIPCI_GIFT | (first ? 0 : VIPCI_FOLLOWS) | l->mode * (VIPCI_MODE & (0u - VIPCI_MODE));
    if (l->mode == VIPC_SHARE) r = vipci_entry_new(v, type | rights | travels, from->object, from->badge, vipci_link(v, from), vipci_us(v), &e);
    else if (l->mode == VIPC_MOVE) r = vipci_entry_new(v, (from->kind & 0xfffu) | travels, from->object, from->badge, 0, vipci_us(v), &e);
    else {
        r = vipci_snapshot(v, s, 0, vipci_pages_of(v, s->brk), rights, deadline, &o, &copy, &mine);
        if (r == VIPC_OK) made = copy->number;
        if (r == VIPC_OK) r = vipci_entry_new(v, (uint32_t)VIPC_TYPE_REGION << 8 | rights | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_MODIFY | travels, vipci_index(v, o), 0, 0,
                                              vipci_us(v), &e);
        if (r == VIPC_OK) vipci_entry_remove(v, vipci_entry_at(v, (uint32_t)(mine.token & 0xffffff) - 1));
    }
    if (r == VIPC_OK) vipci_set64(v, &e->place, place);
    if (r == VIPC_OK && l->mode != VIPC_COPY_ON_WRITE) r = vipci_limits_inherit(v, from, e);
    if (r == VIPC_OK) *link = vipci_link(v, e);
    r = vipci_step_end(v, r);
    if (r != VIPC_OK && made) vipci_store_unmake(v, o, copy, made);
    return r;
}
/* A message with a moved region was sent: its giver lets go, unless who received it has done that for him (RACE 46). */
static void vipci_gift_sent(vipc *v, const vipci_letter *l, vipc_time deadline)
{
    if (!l->gift || vipci_lock(v, VIPC_FOREVER) != VIPC_OK) return;
    vipci_entry *e = vipci_linked(v, l->gift);
    if (e && e->reuse == l->gift_reuse && vipci_is_moved(e->kind) && (e->kind & VIPCI_TRAVELS)) {
        vipci_map_rested(v);
        vipci_gift_let_go(v, e);
        vipci_space *s = e->object < v->max_objects ? vipci_store_of(v, vipci_object_at(v, e->object)) : NULL;
        if (s && s->owed_end) (void)vipci_store_settle(v, s, deadline);      /* else whoever wants a translation pays */
    } else {
        e = vipci_linked(v, (uint32_t)(l->region.token & 0xffffff));
        vipci_object *o = e && e->object < v->max_objects ? vipci_object_at(v, e->object) : NULL;
        if (o && e->token == l->region.token && e->holder == v->process + 1) {       /* nobody has received it: its message was lost with its endpoint, and so is it */
            vipci_map_rested(v);
            vipci_withdraw_from(v, o, v->process);
            vipci_close_others(v, o, v->process, e);
            vipci_give_up_cap(v, e);
        }
    }
    vipci_finish_closing(v);
    for (uint32_t i = 0; i < v->max_spaces; i++) {           /* what was let go for us, our own threads may still use */
        vipci_space *s = vipci_space_at(v, i);
        if (s->number && s->owed_end && s->object - 1 < v->max_objects && vipci_object_at(v, s->object - 1)->owner == v->process + 1) (void)vipci_settle(v, s, deadline);
    }
    vipci_unlock(v);
}
#endif
static vipc_error vipci_pack(vipc *v, vipci_letter *l, uint64_t place, vipc_time deadline, uint32_t *link)
{
    vipc_cap all[VIPC_MESSAGE_CAPS];
    vipci_entry *from;
    uint32_t n = 0;
    vipc_error r = VIPC_OK;
    if (l->m->flags & VIPC_HAS_CAPABILITY) all[n++] = l->m->capability;
    for (uint32_t i = 0; i < l->more_count && n < VIPC_MESSAGE_CAPS; i++) all[n++] = l->more[i];
    for (uint32_t i = 0; r == VIPC_OK && i < n; i++) r = vipci_check_cap(v, all[i], 0, VIPC_RIGHT_GRANT, &from);
#if VIPCI_GIFTS
    vipci_space *s;
    if (r == VIPC_OK && l->region.token) r = vipci_gift_ok(v, l, &from, &s);
#endif
    if (r == VIPC_OK) r = vipci_lock_aside(v, deadline);
    if (r != VIPC_OK) return r;
#if VIPCI_GIFTS
    if (l->region.token) {
        r = vipci_pack_gift(v, l, place, n == 0, deadline, link);
        if (r == VIPC_OK && l->mode == VIPC_MOVE) {
            l->gift = *link;
            l->gift_reuse = vipci_entry_at(v, *link - 1)->reuse;
        }
    }
#endif
    while (r == VIPC_OK && n-- > 0) r = vipci_pack_one(v, all[n], place, n == 0, link);       /* RACE 37: the last one first */
    if (r != VIPC_OK) {                                      /* then none: the step that failed, and those before it */
        vipci_rollback(v);
        if (*link) vipci_forget_traveller(v, *link);
        *link = 0;
        if (!VIPC_NO_REGIONS) vipci_finish_closing(v);
    }
    vipci_unlock(v);
    return r;
}
#endif
/* A message that carries a capability: pack, send, and unpack if it was not sent. */
static VIPCI_COLD vipc_error vipci_send_carrying(vipc *v, const vipci_use *u, vipci_letter *l, uint32_t call, vipc_time deadline)
{
    uint32_t link = 0;
    vipc_error e = vipci_charge(v, u, l);
    if (e != VIPC_OK) return e;
    e = vipci_pack(v, l, (uint64_t)call << 32 | (u->index + 1), deadline, &link);
    if (e == VIPC_OK) {
        l->link = link;
        e = vipci_send_paid(v, u, l, deadline);
        if (e != VIPC_OK) vipci_unpack(v, link);
#if VIPCI_GIFTS
        else vipci_gift_sent(v, l, deadline);
#endif
    }
    if (e != VIPC_OK) vipci_refund(v, u, l);
    return e;
}
#if !VIPC_SMALL
/* The usual case alone: a small message of words, a queue used lately, the slot where the hint says.  Nothing here takes the address of a local, so
 * all stays in registers: half the instructions of the long way.  The rules are the same, and so are the steps.  NULL: not usual; nothing has happened. */
static VIPCI_HERE vipci_entry *vipci_usual_entry(vipc *v, vipc_cap cap, uint32_t *kind, uint32_t *index)
{
    uint32_t i = (uint32_t)(cap.token & 0xffffff) - 1;
    if (!VIPCI_LIKELY(vipci_known(v) == VIPC_OK && i < v->max_caps)) return NULL;
    vipci_entry *e = vipci_entry_at(v, i);
    *kind = vipci_peek32(v, &e->kind);
    *index = vipci_peek32(v, &e->object);
    return VIPCI_LIKELY(vipci_load64(v, &e->token) == cap.token && vipci_peek32(v, &e->holder) == v->process + 1) ? e : NULL;
}
static VIPCI_HERE bool vipci_usual_kind(uint32_t kind, uint32_t right, uint32_t limited) { return (kind & (0xff00u | limited | right)) == (VIPC_TYPE_ENDPOINT << 8 | right); }
static VIPCI_HERE vipci_object *vipci_usual(vipc *v, vipc_cap cap, uint32_t right, vipci_entry **entry)
{
    uint32_t kind = 0, index = 0;
    vipci_entry *e = vipci_usual_entry(v, cap, &kind, &index);
    if (!VIPCI_LIKELY(e && vipci_usual_kind(kind, right, VIPCI_IF_LIMITED) && index < v->max_objects)) return NULL;
    *entry = e;
    return vipci_object_at(v, index);
}
/* Its queue, if that is known and holds small messages.  Call with the intent set. */
static inline const vipci_ring *vipci_usual_ring(vipc *v, vipci_object *o, uint32_t index)
{
    const vipci_ring *r = &v->seen[index & 3];
    uint64_t queue = vipci_load64(v, &o->queue);
    return VIPCI_LIKELY(queue != 0 && queue == r->queue && vipci_peek64(v, &o->shape) == r->shape && r->stride == sizeof(vipci_slot)) ? r : NULL;
}
static VIPCI_HERE bool vipci_send_words(vipc *v, vipc_cap to, const vipc_message *m, vipci_entry *entry, vipci_object *o, uint32_t index)
{
    uint64_t then = vipci_load64(v, &o->state), me = v->view + 1;
    if (vipci_state(then) != VIPCI_OPEN) return false;
    vipci_intend(v, vipci_at_object(index));
    const vipci_ring *r = vipci_usual_ring(v, o, index);
    uint64_t t = vipci_peek64(v, &o->tail), i = t & (VIPCI_LAP - 1), lap = t & VIPCI_LAPS;
    bool sent = false;
    if (VIPCI_LIKELY(r && vipci_load64(v, &o->state) == then && i < r->capacity)) {
        vipci_slot *s = (vipci_slot *)(void *)r->slots + i;
        uint32_t irq = vipci_enter(v);
        if (VIPCI_LIKELY(vipci_load64(v, &s->state) == lap && vipci_cas64(v, &s->state, lap, lap | (uint64_t)VIPCI_WRITING << 16 | me))) {
            if (VIPCI_LIKELY(i + 1 != r->capacity)) vipci_poke64(v, &o->tail, t + 1);
            else vipci_poke64(v, &o->tail, lap + VIPCI_LAP);
            if (!VIPCI_LIKELY(vipci_load64(v, &entry->token) == to.token && vipci_load64(v, &o->state) == then)) {     /* RACE 8 */
                vipci_release_claim(v, s, (uint32_t)me, VIPCI_FULL);
            } else {
                vipci_word_store(v, &s->body.sender, v->from | (m->flags & VIPC_UNORDERED));
                vipci_word_store(v, &s->body.badge, vipci_peek64(v, &entry->badge));
                vipci_word_store(v, &s->body.head, (uint64_t)m->opcode << 32);
                vipci_word_store(v, &s->body.data[0], m->data[0]);
                vipci_word_store(v, &s->body.data[1], m->data[1]);
                vipci_word_store(v, &s->body.data[2], m->data[2]);
                vipci_word_store(v, &s->body.data[3], m->data[3]);
                sent = vipci_publish(v, s, lap);             /* ---- point of no return ---- */
            }
            if (!VIPCI_LIKELY(sent)) vipci_wake_one(v, VIPCI_FOR_ROOM, index, &o->send_flag);
        }
        vipci_leave(v, irq);
        if (VIPCI_LIKELY(sent)) {
            vipci_count(v, VIPCI_SENT);
            vipci_wake_one(v, VIPCI_FOR_MESSAGE, index, &o->receive_flag);
            vipci_note_high(v, o, i);
        }
    }
    vipci_intend_nothing(v);
    return sent;
}
static inline bool vipci_plain_words(const vipc_message *m) { return m && !(m->flags & ~(uint32_t)(VIPC_UNORDERED | VIPC_IS_REPLY)); }
#endif
/* Send what is a call, with what it carries: its number goes along. */
#if !VIPC_NO_CALLS
#define VIPCI_MAY_ACK ((uint32_t)VIPC_NEEDS_ACK)
static vipc_error vipci_send_call(vipc *v, const vipci_use *u, vipci_letter *l, uint64_t *word, vipc_time deadline)
{
    if (deadline == VIPC_NOW) return VIPC_ERR_WOULD_BLOCK;   /* an answer takes some time */
    if (!v->hooks->block || (deadline != VIPC_FOREVER && !v->hooks->now)) return VIPC_ERR_NOT_SUPPORTED;
    vipc_error e = vipci_call_start(v, u->o, word);
    if (e != VIPC_OK) return e;
    if (vipci_waits_for_me(v, u->o)) return vipci_call_abort(v, *word, VIPC_ERR_DEADLOCK);
    if (l->sender & VIPC_HAS_CAPABILITY) {
        e = vipci_send_carrying(v, u, l, VIPCI_CALL_NUMBER(*word), deadline);
    } else {
        l->link = VIPCI_CALL_NUMBER(*word);
        e = vipci_send(v, u, l, deadline);
    }
    if (e != VIPC_OK) return vipci_call_abort(v, *word, e);
    /* ---- point of no return: it may be taken, and carried out ---- */
    if (!(l->sender & VIPC_NEEDS_ACK)) vipci_count(v, VIPCI_CALLS);
    return vipci_call_await(v, vipci_peek32(v, &u->o->spin), deadline, word);
}
/* NEEDS_ACK: FAILED with no error is what vipci_open_parcel says when it has taken the message. */
static VIPCI_COLD vipc_error vipci_send_acked(vipc *v, const vipci_use *u, vipci_letter *l, vipc_time deadline)
{
    uint64_t word = 0;
    l->sender |= VIPCI_CALL | VIPC_NEEDS_ACK;
    vipc_error e = vipci_send_call(v, u, l, &word, deadline);
    if (e != VIPC_OK) return e;
    e = VIPCI_CALL_STATE(word) == VIPCI_FAILED ? (vipc_error)-(int32_t)(word >> 8 & 0xff) : VIPC_ERR_CORRUPT;
    (void)vipci_cas64(v, &vipci_mine(v)->call, word, vipci_call_word(word, VIPCI_IDLE, 0));
    return e < VIPC_ERR_HOOK ? VIPC_ERR_CORRUPT : e;
}
#else
#define VIPCI_MAY_ACK 0u
static inline vipc_error vipci_send_acked(vipc *v, const vipci_use *u, vipci_letter *l, vipc_time deadline)
{
    (void)v; (void)u; (void)l; (void)deadline;
    return VIPC_ERR_INVALID_MESSAGE;
}
#endif
static VIPCI_COLD vipc_error vipci_send_slow(vipc *self, vipc_cap to, const vipc_message *m, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin(self, &u, to, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = vipci_flags_ok(m, VIPCI_MAY_ACK);
    if (!VIPCI_LIKELY(e == VIPC_OK)) return e;
    vipci_letter l = vipci_address(self, m, 0);
    if (m->flags & VIPCI_MAY_ACK) return vipci_send_acked(self, &u, &l, deadline);
    if (VIPCI_LIKELY(!(m->flags & VIPC_HAS_CAPABILITY))) return vipci_send(self, &u, &l, deadline);
    return vipci_send_carrying(self, &u, &l, 0, deadline);
}
#if !VIPC_SMALL
/* By a limited capability, one small message: charged, or an error; positive: it is no usual one either. */
#if !VIPC_NO_LIMITS
static VIPCI_APART int32_t vipci_pass_limits(vipc *v, vipci_entry *entry, vipc_cap to, uint32_t kind)
{
    vipci_limit *r = vipci_limit_of(v, entry);
    if (!VIPCI_LIKELY(vipci_usual_kind(kind, VIPC_RIGHT_SEND, 0) && r)) return 1;
    if (VIPCI_LIKELY(vipci_peek32(v, &r->kind) == VIPCI_EXTENSION && !(vipci_peek32(v, &r->up) | vipci_peek64(v, &r->expires))
                     && vipci_peek64(v, &r->message_max) - 1 >= sizeof(vipc_message) - 1)) return 0;      /* nothing but a size: RACE 8 will tell if it was another's */
    return vipci_limits_take(v, entry, to, sizeof(vipc_message));
}
static VIPCI_APART void vipci_refund_words(const vipc *v, vipci_entry *entry, vipc_cap to)
{
    if (vipci_peek32(v, &entry->kind) & VIPCI_LIMITED) vipci_limits_return(v, entry, to, sizeof(vipc_message), NULL);
}
#else
static inline int32_t vipci_pass_limits(vipc *v, vipci_entry *entry, vipc_cap to, uint32_t kind) { (void)v; (void)entry; (void)to; (void)kind; return 1; }
static inline void vipci_refund_words(const vipc *v, vipci_entry *entry, vipc_cap to) { (void)v; (void)entry; (void)to; }
#endif
VIPC_API vipc_error vipc_send(vipc *self, vipc_cap to, const vipc_message *m, vipc_time deadline)
{
    uint32_t kind = 0, index = 0;
    vipci_entry *entry = vipci_usual_entry(self, to, &kind, &index);
    if (!VIPCI_LIKELY(entry && vipci_plain_words(m) && index < self->max_objects)) return vipci_send_slow(self, to, m, deadline);
    if (!VIPCI_LIKELY(vipci_usual_kind(kind, VIPC_RIGHT_SEND, VIPCI_IF_LIMITED))) {
        int32_t e = vipci_pass_limits(self, entry, to, kind);
        if (e) return e < 0 ? (vipc_error)e : vipci_send_slow(self, to, m, deadline);
    }
    if (VIPCI_LIKELY(vipci_send_words(self, to, m, entry, vipci_object_at(self, index), index))) return VIPC_OK;
    vipci_refund_words(self, entry, to);                     /* what is not usual here either is charged the long way */
    return vipci_send_slow(self, to, m, deadline);
}
#else
VIPC_API vipc_error vipc_send(vipc *self, vipc_cap to, const vipc_message *m, vipc_time deadline) { return vipci_send_slow(self, to, m, deadline); }
#endif
VIPC_API vipc_error vipc_send_large(vipc *self, vipc_cap to, const vipc_outgoing *m, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin(self, &u, to, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = vipci_flags_ok(m ? &m->message : NULL, VIPCI_MAY_ACK);
    if (e != VIPC_OK) return e;
    if (!m->payload && m->payload_size) return VIPC_ERR_INVALID_ARGUMENT;
    if (m->payload_size > vipci_shape_payload(vipci_peek64(self, &u.o->shape))) return VIPC_ERR_MESSAGE_TOO_LARGE;
    vipci_letter l = vipci_address(self, &m->message, 0);
#if VIPC_NO_LARGE
    if (m->cap_count | m->region.token) return VIPC_ERR_NOT_SUPPORTED;
    l.payload = m->payload;
    l.payload_size = (uint32_t)m->payload_size;
#else
    e = vipci_enclose(self, &l, m);
    if (e != VIPC_OK) return e;
#endif
    if (m->message.flags & VIPCI_MAY_ACK) return vipci_send_acked(self, &u, &l, deadline);
    if (!(l.sender & VIPC_HAS_CAPABILITY)) return vipci_send(self, &u, &l, deadline);
    return vipci_send_carrying(self, &u, &l, 0, deadline);
}

typedef struct vipci_parcel {          /* what a receive asks for, and gets */
    vipc_message *m;                   /* written when the message is ours for good, and only then */
    vipc_info *info;                   /* NULL: cannot answer calls either */
    void *payload;
    size_t capacity;
    vipci_body body;                   /* of a message that is more than words */
    vipc_cap capability;
#if !VIPC_NO_LARGE
    vipc_cap *caps;                    /* NULL: there is room for one alone */
    vipci_gift *gift;                  /* NULL: there is no room for a region */
#endif
#if VIPCI_TAKES
    vipc_info *found;                  /* of vipc_take alone, whose info is NULL */
    vipc_hand *hand;
#endif
} vipci_parcel;
static inline void vipci_deliver(const vipci_body *b, vipc_cap cap, vipc_message *m)
{
    m->capability = cap;
    m->opcode = (uint32_t)(b->head >> 32);
    m->flags = ((uint32_t)b->sender & (VIPC_UNORDERED | VIPC_IS_REPLY | VIPCI_MAY_URGENT)) | (cap.token ? VIPC_HAS_CAPABILITY : 0);
    m->data[0] = b->data[0];
    m->data[1] = b->data[1];
    m->data[2] = b->data[2];
    m->data[3] = b->data[3];
}
static inline void vipci_describe(const vipci_body *b, uint32_t payload_size, bool again, uint64_t reply, uint32_t dropped, vipc_info *info)
{
    info->sender.id = b->sender >> 24;
    info->badge = b->badge;
    info->reply.token = reply;
    info->payload_size = payload_size;
    info->dropped = dropped;
    info->redelivered = again;
#if !VIPC_NO_LARGE
    info->cap_count = 0;
#endif
}
/* The payload of the message in a claimed slot.  MESSAGE_TOO_LARGE, and then *size says how large. */
static vipc_error vipci_read_payload(const vipc *v, const vipci_ring *r, const vipci_slot *s, const vipci_parcel *p, uint32_t *size)
{
    uint64_t n = vipci_word_load(v, (vipci_u64 *)(void *)(uintptr_t)(s + 1));
    if (n > r->stride - sizeof(vipci_slot) - 8) return VIPC_ERR_CORRUPT;
    *size = (uint32_t)n;
    if (n > p->capacity) return VIPC_ERR_MESSAGE_TOO_LARGE;
    vipci_copy(p->payload, (const unsigned char *)(s + 1) + 8, n);
    return VIPC_OK;
}
#if !VIPC_NO_LARGE
/* Capabilities in a message; *gift: and a region. */
static uint32_t vipci_cap_count(const vipc *v, const vipci_use *u, const vipci_body *b, bool *gift)
{
    vipci_entry *all[VIPC_MESSAGE_CAPS];
    const uint32_t n = b->sender & VIPC_HAS_CAPABILITY ? vipci_travellers(v, (uint32_t)b->head, u->index + 1, all) : 0;
    *gift = VIPCI_GIFTS && n && (vipci_peek32(v, &all[n - 1]->kind) & VIPCI_GIFT);
    return n - *gift;
}
#endif
/* What goes with the slot: the call, the capability.  WOULD_BLOCK: a stale request, not to be delivered; else an error: the message stays. */
static VIPCI_COLD vipc_error vipci_open_parcel(vipc *v, const vipci_use *u, const vipci_ring *r, const vipci_claimed *c, vipci_parcel *p)
{
    bool carries = (p->body.sender & VIPC_HAS_CAPABILITY) != 0, wanted = true;
    vipci_entry *e = carries ? vipci_linked(v, (uint32_t)p->body.head) : NULL;
    uint64_t taken = 0;
    if (carries) {
        vipc_error held = e && (uint32_t)e->place == u->index + 1 ? vipci_unwrap_hold(v, e) : VIPC_ERR_CORRUPT;
        if (held == VIPC_ERR_CORRUPT) e = NULL;              /* scribbled over: the message comes without it */
        else if (held != VIPC_OK) return held;
    }
    if (p->body.sender & VIPCI_CALL) wanted = vipci_call_take(v, &p->body, &taken);
    if (!vipci_finish(v, r, u->o, c)) {                      /* lost: undone in the opposite order */
        if (taken) (void)vipci_cas64(v, &vipci_view_at(v, vipci_body_view(&p->body))->call, taken, vipci_call_word(taken, VIPCI_QUEUED, 0));
        if (e) vipci_hold_all(v, e, NULL);
        return VIPC_ERR_WOULD_BLOCK;
    }
    /* ---- point of no return: the message is ours ---- */
    if (p->body.sender & VIPCI_CALL) p->body.head = (p->body.head & ~(uint64_t)0xffffffff) | VIPCI_CALL_NUMBER(taken);
    if (taken && (p->body.sender & VIPC_NEEDS_ACK)) (void)vipci_call_end(v, vipci_body_view(&p->body), taken, VIPC_OK);
    else if (taken && !p->info) { (void)vipci_call_end(v, vipci_body_view(&p->body), taken, VIPC_ERR_INVALID_MESSAGE); wanted = false; }
    if (!wanted) {
        if (e) vipci_forget_traveller(v, vipci_link(v, e));
        return VIPC_ERR_WOULD_BLOCK;
    }
#if !VIPC_NO_LARGE
    if (e) p->capability = vipci_unwrap_all(v, e, p->caps, p->gift);
#else
    if (e) p->capability = vipci_unwrap(v, e);
#endif
    return VIPC_OK;
}
#if !VIPC_NO_LARGE
static inline void vipci_tell_gift(vipc_incoming *in, const vipci_gift *gift)
{
#if VIPCI_GIFTS
    in->region = gift->cap;
    in->region_mode = gift->mode;
    in->region_access = gift->access;
    in->region_size = gift->size;
#else
    (void)in; (void)gift;
#endif
}
#endif
/* A message that cannot be taken as words alone, in a claimed slot: a call, a capability, a payload.  WOULD_BLOCK: start again; VIPCI_NEEDS_LOCK;
 * other errors: the message stays. */
static VIPCI_COLD vipc_error vipci_take_special(vipc *v, const vipci_use *u, const vipci_ring *r, const vipci_claimed *c, vipci_parcel *p, bool locked)
{
    uint32_t size = 0;
    uint64_t reply = 0;
    vipc_error e = VIPC_OK;
    vipci_body_load(v, &p->body, &c->slot->body);
    if (r->stride != sizeof(vipci_slot)) e = vipci_read_payload(v, r, c->slot, p, &size);
#if !VIPC_NO_LARGE
    bool gift;
    uint32_t caps = vipci_cap_count(v, u, &p->body, &gift);
    if (e == VIPC_OK && ((caps > 1 && !p->caps) || (gift && !p->gift))) e = VIPC_ERR_MESSAGE_TOO_LARGE;
#endif
    if (e == VIPC_ERR_MESSAGE_TOO_LARGE && p->info) {
        vipci_describe(&p->body, size, c->again, 0, 0, p->info);
#if !VIPC_NO_LARGE
        p->info->cap_count = caps;
#endif
    }
    if (e == VIPC_OK && (p->body.sender & VIPC_HAS_CAPABILITY) && !locked) e = VIPCI_NEEDS_LOCK;
    if (e != VIPC_OK) return e;
    if (p->body.sender & (VIPCI_CALL | VIPC_HAS_CAPABILITY)) e = vipci_open_parcel(v, u, r, c, p);
    else if (!vipci_finish(v, r, u->o, c)) e = VIPC_ERR_WOULD_BLOCK;
    if (e != VIPC_OK) return e;
    if ((p->body.sender & (VIPCI_CALL | VIPC_NEEDS_ACK)) == VIPCI_CALL) reply = p->body.head << 32 | (uint64_t)(vipci_body_view(&p->body) + 1) << 8 | 1;
    vipci_deliver(&p->body, p->capability, p->m);
    if (p->info) vipci_describe(&p->body, size, c->again, reply, vipci_untold(v, u->o), p->info);
#if !VIPC_NO_LARGE
    if (p->info) p->info->cap_count = caps;
#endif
    return VIPC_OK;
}
/* From one queue.  CHANNEL_EMPTY, WOULD_BLOCK: things moved, start again. */
static inline vipc_error vipci_receive_from(vipc *v, const vipci_use *u, const vipci_ring *r, uint32_t lane, vipci_parcel *p, bool locked)
{
    vipci_claimed c;
    uint32_t irq = vipci_enter(v);
    vipc_error e = vipci_take(v, r, u->o, locked, &c);
    if (!VIPCI_LIKELY(e == VIPC_OK)) { vipci_leave(v, irq); return e; }
    if (!VIPCI_LIKELY(vipci_still(v, u))) {
        e = vipci_ended(v, u->o, u->then);
    } else if (!VIPCI_LIKELY(!vipci_bound_away(v, u))) {
        e = VIPC_ERR_PERMISSION_DENIED;
    } else if (VIPCI_LIKELY(r->stride == sizeof(vipci_slot) && !(vipci_word_load(v, &c.slot->body.sender) & (VIPCI_CALL | VIPC_HAS_CAPABILITY)))) {
        const vipc_cap none = { 0 };
        vipci_body b;
        vipci_body_load(v, &b, &c.slot->body);
        if (VIPCI_LIKELY(vipci_finish(v, r, u->o, &c))) {    /* ---- point of no return ---- */
            vipci_deliver(&b, none, p->m);
            if (p->info) vipci_describe(&b, 0, c.again, 0, vipci_untold(v, u->o), p->info);
        } else {
            e = VIPC_ERR_WOULD_BLOCK;
        }
    } else {
        e = vipci_take_special(v, u, r, &c, p, locked);
    }
    if (!VIPCI_LIKELY(e == VIPC_OK) && e != VIPC_ERR_WOULD_BLOCK) vipci_put_back(v, r, u->o, &c);
    vipci_leave(v, irq);
    vipci_wake_room(v, u->o, u->index, lane);
    return e;
}
#if !VIPC_NO_URGENT
static inline bool vipci_lane_shown(const vipc *v, vipci_object *o) { return !VIPCI_LIKELY(!(vipci_load64(v, &o->shape) & VIPCI_LANE)); }
/* There was nothing urgent, since the shape was s. */
static VIPCI_COLD void vipci_hide_lane(vipc *v, vipci_object *o, uint64_t s)
{
    vipci_ring *r;
    if (!(s & VIPCI_LANE) || !vipci_cas64(v, &o->shape, s, s & ~(uint64_t)VIPCI_LANE)) return;
    vipc_error e = vipci_urgent_at(v, o, &r);                /* RACE 28 */
    if (e == VIPC_OK && vipci_count_phase(v, r, true)) vipci_came_back(v, r, o);       /* counted as given back: a giver may stand still just before it does so */
    else if (e != VIPC_OK && e != VIPC_ERR_CHANNEL_EMPTY) vipci_show_lane(v, o);
}
static VIPCI_COLD vipc_error vipci_receive_urgent(vipc *v, const vipci_use *u, vipci_parcel *p, bool locked)
{
    vipci_ring *r;
    uint64_t shape = vipci_load64(v, &u->o->shape);
    vipc_error e = vipci_urgent_at(v, u->o, &r);
    if (e == VIPC_OK) e = vipci_receive_from(v, u, r, 1, p, locked);
    if (e == VIPC_ERR_CHANNEL_EMPTY) vipci_hide_lane(v, u->o, shape);
    return e;
}
#else
static inline bool vipci_lane_shown(const vipc *v, vipci_object *o) { (void)v; (void)o; return false; }
static inline vipc_error vipci_receive_urgent(vipc *v, const vipci_use *u, vipci_parcel *p, bool locked)
{
    (void)v; (void)u; (void)p; (void)locked;
    return VIPC_ERR_CHANNEL_EMPTY;
}
#endif
/* One attempt, with the lock held (locked) or not.  CHANNEL_EMPTY; VIPCI_NEEDS_LOCK: the message carries a capability. */
static vipc_error vipci_receive_try(vipc *v, const vipci_use *u, vipci_parcel *p, bool locked)
{
    vipci_ring *r;
    vipc_error e, drained = vipci_drained(v, u);
    do {                                                     /* the intent anew each time: telling a caller moves it */
        vipci_intend(v, vipci_at_object(u->index));
        if (!VIPCI_LIKELY(vipci_open(v, u))) { e = vipci_ended(v, u->o, u->then); break; }
        e = vipci_lane_shown(v, u->o) ? vipci_receive_urgent(v, u, p, locked) : VIPC_ERR_CHANNEL_EMPTY;
        if (!VIPCI_LIKELY(e == VIPC_ERR_CHANNEL_EMPTY)) continue;
        e = vipci_ring_at(v, u->o, u->index, &r);
        if (VIPCI_LIKELY(e == VIPC_OK)) e = vipci_receive_from(v, u, r, 0, p, locked);
        if (e == VIPC_ERR_CHANNEL_EMPTY && vipci_lane_shown(v, u->o)) e = VIPC_ERR_WOULD_BLOCK;       /* RACE 29 */
    } while (!VIPCI_LIKELY(e != VIPC_ERR_WOULD_BLOCK));
    if (VIPCI_LIKELY(e == VIPC_OK)) vipci_count(v, VIPCI_RECEIVED);
    else if (e == VIPC_ERR_CHANNEL_EMPTY && !vipci_still(v, u)) e = vipci_ended(v, u->o, u->then);
    else if (e == VIPC_ERR_CHANNEL_EMPTY && vipci_bound_away(v, u)) e = VIPC_ERR_PERMISSION_DENIED;
    else if (!VIPC_NO_CHANNELS && e == VIPC_ERR_CHANNEL_EMPTY && drained != VIPC_OK) e = drained;
    vipci_intend_nothing(v);
    return e;
}
typedef vipc_error vipci_attempt(vipc *v, const vipci_use *u, vipci_parcel *p, bool locked);
/* The attempt that needs the lock: a capability is in the message, or vipc_trim at the queue.  The wait is over before; it may begin again after. */
#if !VIPC_NO_SPACES
static inline void vipci_touch(volatile unsigned char *at)
{
    const unsigned char same = *at;
    *at = same;
}
#endif
static VIPCI_COLD vipc_error vipci_attempt_locked(vipc *v, const vipci_use *u, vipci_parcel *p, vipci_attempt *attempt, vipci_wait *w, vipc_time deadline)
{
    vipci_wait_over(v, w, u->o);
#if !VIPC_NO_SPACES
    /* What is the caller's is not touched with the lock, which a fault there may need: results wait, and the payload's pages are touched before. */
    vipc_message m;
    vipc_info info = VIPC_INIT;
    vipci_parcel q = *p;
    const vipci_parcel *asked = p;
    const uint64_t most = vipci_shape_payload(vipci_peek64(v, &u->o->shape)), bytes = most < p->capacity ? most : p->capacity;
    for (uint64_t i = 0; i < bytes; i += vipci_page_size(v)) vipci_touch((unsigned char *)p->payload + i);
    if (bytes) vipci_touch((unsigned char *)p->payload + bytes - 1);
    q.m = &m;
    if (q.info) q.info = &info;
#if VIPCI_TAKES
    if (q.found) q.found = &info;
#endif
    p = &q;
#endif
    vipc_error e = vipci_lock_aside(v, deadline);
    if (e != VIPC_OK) return e;
    e = attempt(v, u, p, true);
#if VIPCI_GIFTS
    if (e == VIPC_OK && p->gift) vipci_gift_landed(v, p->gift);
#endif
    vipci_finish_closing(v);
    vipci_unlock(v);
#if !VIPC_NO_SPACES
    if (e == VIPC_OK) *asked->m = m;
    if (asked->info && (e == VIPC_OK || e == VIPC_ERR_MESSAGE_TOO_LARGE)) *asked->info = info;
#if VIPCI_TAKES
    if (asked->found && (e == VIPC_OK || e == VIPC_ERR_MESSAGE_TOO_LARGE || e == VIPC_ERR_INVALID_MESSAGE)) *asked->found = info;
#endif
#endif
    return e == VIPCI_NEEDS_LOCK ? VIPC_ERR_CORRUPT : e;
}
static VIPCI_COLD vipc_error vipci_receive_wait(vipc *v, const vipci_use *u, vipci_parcel *p, vipci_attempt *attempt, vipc_time deadline, vipc_error e)
{
    vipc_time until = vipci_until(v, u, deadline);
    vipci_wait w = vipci_wait_for(v, VIPCI_FOR_MESSAGE, u->index, &u->o->receive_flag, u->o->spin, until);
    for (;; e = attempt(v, u, p, false)) {
        if (e == VIPCI_NEEDS_LOCK) e = vipci_attempt_locked(v, u, p, attempt, &w, deadline);
        if (e != VIPC_ERR_CHANNEL_EMPTY) break;
        vipc_error b = vipci_pause_and_sweep(v, &w);
        if (b == VIPC_OK) continue;
        e = b == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_CHANNEL_EMPTY : b;
        break;
    }
    vipci_wait_over(v, &w, u->o);
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
static inline vipc_error vipci_receive(vipc *v, const vipci_use *u, vipci_parcel *p, vipc_time deadline)
{
    if (!VIPCI_LIKELY(!vipci_bound_away(v, u))) return VIPC_ERR_PERMISSION_DENIED;
    vipc_error e = vipci_receive_try(v, u, p, false);
    return VIPCI_LIKELY(e == VIPC_OK) ? e : vipci_receive_wait(v, u, p, vipci_receive_try, deadline, e);
}
static inline vipci_parcel vipci_parcel_of(vipc_message *m, vipc_info *info, void *payload, size_t capacity)
{
    vipci_parcel p;
    p.m = m;
    p.info = info;
    p.payload = payload;
    p.capacity = capacity;
    p.capability.token = 0;
#if VIPCI_TAKES
    p.found = NULL;
#endif
#if !VIPC_NO_LARGE
    p.caps = NULL;
    p.gift = NULL;
#endif
    return p;
}
#if !VIPC_SMALL
static inline bool vipci_receive_fast(vipc *v, vipc_cap from, vipc_message *m, vipc_info *info)
{
    vipci_entry *entry;
    vipci_object *o = vipci_usual(v, from, VIPC_RIGHT_RECEIVE, &entry);
    if (!o || !m) return false;
    uint32_t index = vipci_peek32(v, &entry->object);
    uint64_t then = vipci_load64(v, &o->state), me = v->view + 1;
    if (vipci_state(then) != VIPCI_OPEN) return false;
    vipci_intend(v, vipci_at_object(index));
    const vipci_ring *r = vipci_usual_ring(v, o, index);
    uint64_t h = vipci_peek64(v, &o->head), i = h & (VIPCI_LAP - 1), lap = h & VIPCI_LAPS, full = lap | (uint64_t)VIPCI_FULL << 16;
    bool taken = false;
    if (VIPCI_LIKELY(r && vipci_load64(v, &o->state) == then && i < r->capacity)) {
        vipci_slot *s = (vipci_slot *)(void *)r->slots + i;
        uint64_t mine = lap | (uint64_t)VIPCI_READING << 16 | me;
        uint32_t irq = vipci_enter(v);
        /* a call or a capability goes the long way; what is read here holds if the claim succeeds */
        if (VIPCI_LIKELY(vipci_load64(v, &s->state) == full && !(vipci_word_load(v, &s->body.sender) & (VIPCI_CALL | VIPC_HAS_CAPABILITY))
                         && vipci_cas64(v, &s->state, full, mine))) {
            const vipc_cap none = { 0 };
            uint64_t bound = vipci_load64(v, &o->bound);
            vipci_body b;
            vipci_body_load(v, &b, &s->body);
            if (VIPCI_LIKELY(vipci_load64(v, &entry->token) == from.token && vipci_load64(v, &o->state) == then && (bound == 0 || bound == v->pid))) {
                taken = vipci_cas64(v, &s->state, mine, lap + VIPCI_LAP);      /* ---- point of no return ---- */
                if (VIPCI_LIKELY(taken)) vipci_poke64(v, &o->head, i + 1 == r->capacity ? lap + VIPCI_LAP : h + 1);
                else taken = vipci_give_up(v, s, VIPCI_LATE_R);
            } else {
                vipci_release_claim(v, s, (uint32_t)me, VIPCI_FULL);
                (void)vipci_add64(v, &o->behind, 1);
                vipci_wake_one(v, VIPCI_FOR_MESSAGE, index, &o->receive_flag);
            }
            if (VIPCI_LIKELY(taken)) {
                vipci_deliver(&b, none, m);
                if (info) vipci_describe(&b, 0, false, 0, vipci_untold(v, o), info);
                vipci_count(v, VIPCI_RECEIVED);
            }
            vipci_wake_one(v, VIPCI_FOR_ROOM, index, &o->send_flag);
        }
        vipci_leave(v, irq);
    }
    vipci_intend_nothing(v);
    return taken;
}
#else
static inline bool vipci_receive_fast(vipc *v, vipc_cap from, vipc_message *m, vipc_info *info) { (void)v; (void)from; (void)m; (void)info; return false; }
#endif
static VIPCI_COLD vipc_error vipci_receive_slow(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin(self, &u, from, VIPC_RIGHT_RECEIVE);
    if (!VIPCI_LIKELY(e == VIPC_OK && m != NULL)) return e != VIPC_OK ? e : VIPC_ERR_INVALID_ARGUMENT;
    vipci_parcel p = vipci_parcel_of(m, info, NULL, 0);
    return vipci_receive(self, &u, &p, deadline);
}
VIPC_API vipc_error vipc_receive(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    return VIPCI_LIKELY(vipci_receive_fast(self, from, m, info)) ? VIPC_OK : vipci_receive_slow(self, from, m, info, deadline);
}
VIPC_API vipc_error vipc_receive_large(vipc *self, vipc_cap from, vipc_incoming *m, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin(self, &u, from, VIPC_RIGHT_RECEIVE);
    if (e != VIPC_OK) return e;
    if (!m || (!m->payload && m->payload_capacity)) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_parcel p = vipci_parcel_of(&m->message, &m->info, m->payload, m->payload_capacity);
#if !VIPC_NO_LARGE
    vipc_cap caps[VIPC_MESSAGE_CAPS] = VIPC_INIT;
    vipci_gift gift = VIPC_INIT;
    p.caps = caps;
    p.gift = &gift;
    e = vipci_receive(self, &u, &p, deadline);
    for (uint32_t i = 0; e == VIPC_OK && i < VIPC_MESSAGE_CAPS; i++) m->caps[i] = caps[i];
    if (e == VIPC_OK) vipci_tell_gift(m, &gift);
    return e;
#else
    return vipci_receive(self, &u, &p, deadline);
#endif
}

/* --------------------------------------------------------------------------------------------------- >>batch
 * Many messages under one intent.  Each is claimed, checked (RACE 8) and committed before the next, in ascending position: so no other's second look
 * (RACE 9) waits for more than one message, and what was committed stays sent whatever happens next.  Hints are stored once, at the end: they may lag.
 * RACE 25 (owing several wake-ups): they are made at the end, as many as there were messages, while the flag says that somebody may sleep.  Who registers
 * before that look is woken, who registers after it sees the messages in its own second look; who is killed before it has its intent there, and the
 * reaper wakes all.  Tests: explore batch and those beside it; t_batch. */
#if !VIPC_NO_BATCH
#if !VIPC_SMALL
static void vipci_wake_some(const vipc *v, uint32_t kind, uint32_t index, vipci_u64 *flag, uint32_t n)
{
    if (!VIPCI_LIKELY(n && (vipci_load64(v, flag) & 3))) return;
    while (n-- > 0 && (vipci_load64(v, flag) & VIPCI_ASLEEP)) vipci_wake_first(v, kind, index, flag);
    if (!VIPC_NO_NOTIFICATIONS && (vipci_load64(v, flag) & VIPCI_LOOKED_AT)) vipci_tell_set(v, vipci_object_at(v, index), kind);
}
static inline void vipci_count_more(const vipc *v, uint32_t which, uint32_t n)
{
    vipci_u64 *c = &vipci_mine(v)->count[which];
    vipci_poke64(v, c, vipci_peek64(v, c) + n);
}
/* Where a run stands in the ring.  Kept in registers. */
#ifndef VIPCI_AHEAD
#define VIPCI_AHEAD 8u                 /* slots: how far ahead lines are fetched, to be written */
#endif
static inline vipci_slot *vipci_slots(const vipci_ring *r) { return (vipci_slot *)(void *)r->slots; }
static inline void vipci_fetch(const vipci_slot *s, const vipci_slot *end, uint32_t capacity)      /* a hint */
{
    const vipci_slot *to = s + VIPCI_AHEAD;
    if (to >= end) to -= capacity;
#if defined(__GNUC__) && defined(__x86_64__)
    if (capacity > VIPCI_AHEAD) __asm__ volatile("prefetchw %0" : : "m"(*(const char *)to));
#elif defined(__GNUC__)
    if (capacity > VIPCI_AHEAD) __builtin_prefetch(to, 1);
#else
    (void)to;
#endif
}
/* The usual case, many times: see vipci_send_fast.  How many were sent; what stopped it is for the long way to find out. */
static uint32_t vipci_send_run(vipc *v, vipc_cap to, const vipc_message *m, uint32_t count)
{
    vipci_entry *entry;
    vipci_object *o = vipci_usual(v, to, VIPC_RIGHT_SEND, &entry);
    if (!o) return 0;
    uint32_t index = vipci_peek32(v, &entry->object), n = 0;
    uint64_t then = vipci_load64(v, &o->state), claim = (uint64_t)VIPCI_WRITING << 16 | (v->view + 1), from = v->from;
    if (vipci_state(then) != VIPCI_OPEN) return 0;
    vipci_intend(v, vipci_at_object(index));
    const vipci_ring *r = vipci_usual_ring(v, o, index);
    uint64_t first = vipci_peek64(v, &o->tail), badge = vipci_peek64(v, &entry->badge), lap = first & VIPCI_LAPS;
    bool undone = false;
    if (VIPCI_LIKELY(r && vipci_load64(v, &o->state) == then && first - lap < r->capacity)) {
        const bool critical = v->hooks->enter || v->hooks->leave;
        const uint32_t capacity = r->capacity;
        const vipc_message *last = m + count, *at = m;
        vipci_slot *s = vipci_slots(r) + (first - lap), *end = vipci_slots(r) + capacity;
        for (uint32_t passed = 0; at != last && !(at->flags & ~(uint32_t)(VIPC_UNORDERED | VIPC_IS_REPLY));) {
            uint32_t irq = critical ? vipci_enter(v) : 0;
            vipci_fetch(s, end, capacity);
            if (VIPCI_LIKELY(vipci_load64(v, &s->state) == lap && vipci_cas64(v, &s->state, lap, lap | claim))) {
                if (!VIPCI_LIKELY(vipci_load64(v, &entry->token) == to.token && vipci_load64(v, &o->state) == then)) {     /* RACE 8 */
                    vipci_release_claim(v, s, v->view + 1, VIPCI_FULL);
                    undone = true;
                } else {
                    vipci_word_store(v, &s->body.sender, from | (at->flags & VIPC_UNORDERED));
                    vipci_word_store(v, &s->body.badge, badge);
                    vipci_word_store(v, &s->body.head, (uint64_t)at->opcode << 32);
                    vipci_word_store(v, &s->body.data[0], at->data[0]);
                    vipci_word_store(v, &s->body.data[1], at->data[1]);
                    vipci_word_store(v, &s->body.data[2], at->data[2]);
                    vipci_word_store(v, &s->body.data[3], at->data[3]);
                    undone = !vipci_cas64(v, &s->state, lap | claim, lap | (uint64_t)VIPCI_FULL << 16);      /* ---- point of no return of this message ---- */
                    if (VIPCI_LIKELY(!undone)) at++;
                    else (void)vipci_give_up(v, s, VIPCI_LATE_W);
                }
                if (critical) vipci_leave(v, irq);
                if (!VIPCI_LIKELY(!undone)) break;
            } else {
                uint64_t w = vipci_load64(v, &s->state);
                if (critical) vipci_leave(v, irq);
                if ((w & VIPCI_LAPS) != lap || VIPCI_PHASE(w) == VIPCI_FREE || passed++ == capacity) break;      /* else claimed by another: go on */
            }
            if (!VIPCI_LIKELY(++s != end)) { s = vipci_slots(r); lap += VIPCI_LAP; }
        }
        n = (uint32_t)(at - m);
        if (VIPCI_LIKELY(n != 0)) {
            uint64_t t = lap + (uint64_t)(s - vipci_slots(r));
            vipci_poke64(v, &o->tail, t);
            vipci_count_more(v, VIPCI_SENT, n);
            vipci_wake_some(v, VIPCI_FOR_MESSAGE, index, &o->receive_flag, n);     /* RACE 25 */
            vipci_note_high(v, o, (first ^ t) < 64);
        }
        if (!VIPCI_LIKELY(!undone)) vipci_wake_one(v, VIPCI_FOR_ROOM, index, &o->send_flag);
    }
    vipci_intend_nothing(v);
    return n;
}
static uint32_t vipci_receive_run(vipc *v, vipc_cap from, vipc_message *m, vipc_info *info, uint32_t count)
{
    vipci_entry *entry;
    vipci_object *o = vipci_usual(v, from, VIPC_RIGHT_RECEIVE, &entry);
    if (!o) return 0;
    uint32_t index = vipci_peek32(v, &entry->object), n = 0, freed = 0;
    uint64_t then = vipci_load64(v, &o->state), claim = (uint64_t)VIPCI_READING << 16 | (v->view + 1);
    if (vipci_state(then) != VIPCI_OPEN) return 0;
    vipci_intend(v, vipci_at_object(index));
    const vipci_ring *r = vipci_usual_ring(v, o, index);
    uint64_t h = vipci_peek64(v, &o->head), lap = h & VIPCI_LAPS;
    if (VIPCI_LIKELY(r && vipci_load64(v, &o->state) == then && h - lap < r->capacity)) {
        const bool critical = v->hooks->enter || v->hooks->leave;
        const uint32_t capacity = r->capacity;
        vipci_slot *s = vipci_slots(r) + (h - lap), *end = vipci_slots(r) + capacity;
        for (; n < count; n++, m++) {
            uint32_t irq = critical ? vipci_enter(v) : 0;
            uint64_t full = lap | (uint64_t)VIPCI_FULL << 16, sender;
            vipci_fetch(s, end, capacity);
            bool mine = vipci_load64(v, &s->state) == full && !((sender = vipci_word_load(v, &s->body.sender)) & (VIPCI_CALL | VIPC_HAS_CAPABILITY))
                        && vipci_cas64(v, &s->state, full, lap | claim);
            if (VIPCI_LIKELY(mine)) {
                uint64_t bound = vipci_load64(v, &o->bound);
                if (VIPCI_LIKELY(vipci_load64(v, &entry->token) == from.token && vipci_load64(v, &o->state) == then && (bound == 0 || bound == v->pid))) {
                    m->capability.token = 0;
                    m->opcode = (uint32_t)(vipci_word_load(v, &s->body.head) >> 32);
                    m->flags = (uint32_t)sender & VIPC_UNORDERED;
                    m->data[0] = vipci_word_load(v, &s->body.data[0]);
                    m->data[1] = vipci_word_load(v, &s->body.data[1]);
                    m->data[2] = vipci_word_load(v, &s->body.data[2]);
                    m->data[3] = vipci_word_load(v, &s->body.data[3]);
                    if (info) {
                        vipci_zero(&info[n], sizeof info[n]);
                        info[n].sender.id = sender >> 24;
                        info[n].badge = vipci_word_load(v, &s->body.badge);
                    }
                    mine = vipci_cas64(v, &s->state, lap | claim, lap + VIPCI_LAP);      /* ---- point of no return of this message ---- */
                    if (!VIPCI_LIKELY(mine)) {
                        freed = 1;
                        if (vipci_give_up(v, s, VIPCI_LATE_R)) n++;      /* ours all the same: the last of this run */
                        else vipci_zero(m, sizeof *m);
                    }
                } else {
                    vipci_release_claim(v, s, v->view + 1, VIPCI_FULL);
                    (void)vipci_add64(v, &o->behind, 1);
                    vipci_wake_one(v, VIPCI_FOR_MESSAGE, index, &o->receive_flag);
                    mine = false;
                    freed = 1;
                }
            }
            if (critical) vipci_leave(v, irq);
            if (!VIPCI_LIKELY(mine)) break;
            if (!VIPCI_LIKELY(++s != end)) { s = vipci_slots(r); lap += VIPCI_LAP; }
        }
        if (VIPCI_LIKELY(n != 0)) {
            vipci_poke64(v, &o->head, lap + (uint64_t)(s - vipci_slots(r)));         /* all before it is finished, by us: RACE 12 */
            vipci_count_more(v, VIPCI_RECEIVED, n);
            if (info) info[n - 1].dropped = vipci_untold(v, o);
        }
        vipci_wake_some(v, VIPCI_FOR_ROOM, index, &o->send_flag, n + freed);       /* RACE 25 */
    }
    vipci_intend_nothing(v);
    return n;
}
#else
static uint32_t vipci_send_run(vipc *v, vipc_cap to, const vipc_message *m, uint32_t count) { (void)v; (void)to; (void)m; (void)count; return 0; }
static uint32_t vipci_receive_run(vipc *v, vipc_cap from, vipc_message *m, vipc_info *info, uint32_t count)
{
    (void)v; (void)from; (void)m; (void)info; (void)count;
    return 0;
}
#endif
VIPC_API vipc_error vipc_send_many(vipc *self, vipc_cap to, const vipc_message *m, uint32_t count, uint32_t *sent, vipc_time deadline)
{
    uint32_t n = 0;
    vipc_error e = vipci_known(self);
    if (sent) *sent = 0;
    if (e == VIPC_OK && (!m || !count || !sent)) e = VIPC_ERR_INVALID_ARGUMENT;
    while (e == VIPC_OK && n < count) {
        n += vipci_send_run(self, to, m + n, count - n);
        if (n == count) break;
        e = vipci_send_slow(self, to, m + n, deadline);      /* it waits, makes the queue, packs a capability, drops, or says what is wrong */
        n += e == VIPC_OK;
    }
    if (n) *sent = n;
    return n ? VIPC_OK : e;
}
VIPC_API vipc_error vipc_receive_many(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, uint32_t capacity, uint32_t *count, vipc_time deadline)
{
    uint32_t n = 0;
    vipc_error e = vipci_known(self);
    if (count) *count = 0;
    if (e == VIPC_OK && (!m || !capacity || !count)) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    n = vipci_receive_run(self, from, m, info, capacity);
    if (n == 0) {
        e = vipci_receive_slow(self, from, m, info, deadline);
        if (e != VIPC_OK) return e;
        n = 1 + vipci_receive_run(self, from, m + 1, info ? info + 1 : NULL, capacity - 1);
        while (VIPC_SMALL && n < capacity && vipci_receive_slow(self, from, m + n, info ? info + n : NULL, VIPC_NOW) == VIPC_OK) n++;
    }
    *count = n;
    return VIPC_OK;
}
#endif

VIPC_API vipc_error vipc_cancel(vipc *thread)
{
    vipc_error e = vipci_known(thread);
    if (e != VIPC_OK) return e;
    vipc v = *thread;                                        /* once the flag is up its owner may wake, leave, and take the handle away */
    vipci_u64 *cell = vipci_cell_at(&v, v.view);
    uint32_t *flag = &vipci_mine(&v)->cancel;
    while (!vipci_load32(&v, flag) && !vipci_cas32(&v, flag, 0, 1)) { }
    uint64_t c = vipci_load64(&v, cell);                     /* after the flag: either we see the sleeper, or it sees the flag */
    while ((c & 3) == VIPCI_WAITING && !vipci_cas64(&v, cell, c, (c & ~(uint64_t)3) | VIPCI_CHOSEN)) c = vipci_load64(&v, cell);
    if ((c & 3) == VIPCI_WAITING && v.hooks->wake)           /* not vipci_wake: its counters are the view's own thread's */
        v.hooks->wake(v.hooks->user, vipci_peek64(&v, &vipci_mine(&v)->native_thread), vipci_low_half(cell));
    return VIPC_OK;
}

/* -------------------------------------------------------------------------------------------------- >>taking
 * vipc_take and vipc_done, over the words of >>hand. */
#if VIPCI_TAKES
/* Claim what came back before all else in this queue, the oldest of it; then as a receive does.  WOULD_BLOCK: things moved, start again. */
static vipc_error vipci_take_front(const vipc *v, const vipci_ring *r, vipci_object *o, vipci_claimed *c)
{
    vipci_slot *found = NULL;
    uint64_t word = 0, best = 0;
    uint32_t n = vipci_load64(v, vipci_behind(r, o)) ? r->capacity : 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t w = vipci_load64(v, &vipci_slot_at(r, i)->state), at = (w & VIPCI_LAPS) | i;
        if (VIPCI_PHASE(w) != VIPCI_FULL_AGAIN || (found && vipci_ahead(at, best) >= 0)) continue;
        found = vipci_slot_at(r, i);
        best = at;
        word = w;
    }
    if (!found) return vipci_take(v, r, o, true, c);
    if (!vipci_cas64(v, &found->state, word, VIPCI_WORD(word, VIPCI_READING, v->view + 1))) return VIPC_ERR_WOULD_BLOCK;
    c->slot = found;
    c->lap = word & VIPCI_LAPS;
    c->next_head = 0;
    c->whole = false;
    c->again = true;
    return VIPC_OK;
}
/* Copy the message out of a claimed slot.  WOULD_BLOCK: it was a call, the slot is free; else an error: the message stays. */
static vipc_error vipci_take_read(vipc *v, const vipci_use *u, const vipci_ring *r, const vipci_claimed *c, vipci_parcel *p, vipc_info *info)
{
    uint32_t size = 0;
    vipc_error e = VIPC_OK;
    vipci_body_load(v, &p->body, &c->slot->body);
    if (r->stride != sizeof(vipci_slot)) e = vipci_read_payload(v, r, c->slot, p, &size);
    if (e == VIPC_OK && (p->body.sender & VIPC_HAS_CAPABILITY)) e = VIPC_ERR_INVALID_MESSAGE;
    if (e == VIPC_OK && (p->body.sender & VIPCI_CALL)) {     /* p->info is NULL: it is refused, and not acknowledged: a job may come back, its sender cannot be told twice */
        p->body.sender &= ~(uint64_t)VIPC_NEEDS_ACK;
        return vipci_open_parcel(v, u, r, c, p);
    }
    if (e != VIPC_ERR_CORRUPT) vipci_describe(&p->body, size, c->again, 0, 0, info);
#if !VIPC_NO_LARGE
    bool gift;
    if (e != VIPC_ERR_CORRUPT) info->cap_count = vipci_cap_count(v, u, &p->body, &gift);
#endif
    return e;
}
/* From one queue; the words of >>hand say that this is a take.  CHANNEL_EMPTY; WOULD_BLOCK: start again. */
static vipc_error vipci_take_from(vipc *v, const vipci_use *u, const vipci_ring *r, vipci_parcel *p, vipc_info *found, vipc_hand *hand)
{
    vipci_claimed c;
    uint32_t irq = vipci_enter(v), lane = vipci_lane_of(r, u->o);
    vipc_error e = vipci_take_front(v, r, u->o, &c);
    if (e == VIPC_OK) {
        if (!vipci_still(v, u)) e = vipci_ended(v, u->o, u->then);
        else if (vipci_bound_away(v, u)) e = VIPC_ERR_PERMISSION_DENIED;
        else e = vipci_take_read(v, u, r, &c, p, found);
        if (e == VIPC_ERR_WOULD_BLOCK) vipci_wake_room(v, u->o, u->index, lane);
        else if (e != VIPC_OK) vipci_put_back(v, r, u->o, &c);
    }
    if (e == VIPC_OK) {
        uint64_t slot = (uint64_t)((unsigned char *)c.slot - r->slots) / r->stride + vipci_lane_base(v, r, u->o), w;
        hand->token = (c.lap >> 19) << 35 | (slot + 1) << 24 | (u->index + 1);
        (void)vipci_swap64(v, &vipci_mine(v)->hand, hand->token);          /* ---- from here on its death gives it back without the intent ---- */
        w = vipci_load64(v, &c.slot->state);                 /* RACE 22: lost already? */
        if (VIPCI_OWNER(w) != v->view + 1 || (VIPCI_PHASE(w) != VIPCI_READING && VIPCI_PHASE(w) != VIPCI_LATE_R)) e = VIPC_ERR_WOULD_BLOCK;
    }
    vipci_leave(v, irq);
    if (e == VIPC_OK && vipci_count_phase(v, r, false)) vipci_wake_room(v, u->o, u->index, lane);          /* what is in hand can be passed over */
    return e;
}
/* One attempt.  p->found: written when the error is MESSAGE_TOO_LARGE or INVALID_MESSAGE too.  CHANNEL_EMPTY; VIPCI_NEEDS_LOCK: vipc_trim is at the queue. */
static vipc_error vipci_take_try(vipc *v, const vipci_use *u, vipci_parcel *p, bool locked)
{
    vipci_view *me = vipci_mine(v);
    vipci_ring *r = NULL;
    vipc_info found = VIPC_INIT;
    vipc_error e, drained = vipci_drained(v, u);
    do {
        vipci_intend(v, vipci_at_object(u->index));
        if (!vipci_open(v, u)) { e = vipci_ended(v, u->o, u->then); break; }
        vipci_store64(v, &me->hand_cap, (u->then >> 8) << 56 | (u->cap.token & VIPCI_TOKEN_LOW));
        (void)vipci_swap64(v, &me->hand, (uint64_t)u->index + 1);          /* RACE 22 */
        e = VIPC_ERR_CHANNEL_EMPTY;
#if !VIPC_NO_URGENT
        uint64_t shape = vipci_load64(v, &u->o->shape);
        if (shape & VIPCI_LANE) {
            e = vipci_urgent_at(v, u->o, &r);
            if (e == VIPC_OK) e = vipci_take_from(v, u, r, p, &found, p->hand);
            if (e == VIPC_ERR_CHANNEL_EMPTY) vipci_hide_lane(v, u->o, shape);
        }
#endif
        if (e == VIPC_ERR_CHANNEL_EMPTY) {
            e = vipci_ring_at(v, u->o, u->index, &r);
            if (e == VIPC_OK) e = vipci_take_from(v, u, r, p, &found, p->hand);
            if (e == VIPC_ERR_CHANNEL_EMPTY && vipci_lane_shown(v, u->o)) e = VIPC_ERR_WOULD_BLOCK;       /* RACE 29 */
        }
        if (e != VIPC_OK) vipci_store64(v, &me->hand, 0);
    } while (e == VIPC_ERR_WOULD_BLOCK);
    if (e == VIPC_OK) vipci_deliver(&p->body, p->capability, p->m);
    else if (e == VIPC_ERR_CHANNEL_EMPTY && !vipci_still(v, u)) e = vipci_ended(v, u->o, u->then);
    else if (e == VIPC_ERR_CHANNEL_EMPTY && vipci_bound_away(v, u)) e = VIPC_ERR_PERMISSION_DENIED;
    else if (e == VIPC_ERR_CHANNEL_EMPTY && drained != VIPC_OK) e = drained;
    if (e == VIPC_OK || e == VIPC_ERR_MESSAGE_TOO_LARGE || e == VIPC_ERR_INVALID_MESSAGE) *p->found = found;
    vipci_intend_nothing(v);
    (void)locked;
    return e;
}
VIPC_API vipc_error vipc_take(vipc *self, vipc_cap from, vipc_incoming *m, vipc_hand *hand, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin(self, &u, from, VIPC_RIGHT_RECEIVE);
    if (e != VIPC_OK) return e;
    if (!m || !hand || (!m->payload && m->payload_capacity)) return VIPC_ERR_INVALID_ARGUMENT;
    if (vipci_load64(self, &vipci_mine(self)->hand)) return VIPC_ERR_RESOURCE_BUSY;
    if (vipci_bound_away(self, &u)) return VIPC_ERR_PERMISSION_DENIED;
    vipci_parcel p = vipci_parcel_of(&m->message, NULL, m->payload, m->payload_capacity);
    vipc_hand got = { 0 };
    p.found = &m->info;
    p.hand = &got;
    e = vipci_take_try(self, &u, &p, false);
    if (e != VIPC_OK) e = vipci_receive_wait(self, &u, &p, vipci_take_try, deadline, e);
    if (e == VIPC_OK) *hand = got;
#if !VIPC_NO_LARGE
    if (e == VIPC_OK) {
        const vipci_gift none = VIPC_INIT;
        vipci_zero(m->caps, sizeof m->caps);
        vipci_tell_gift(m, &none);
    }
#endif
    return e;
}
/* Messages are not finished in the order in which they were taken: the hint goes over all that is finished by now (RACE 12). */
static void vipci_head_on(const vipc *v, const vipci_ring *r, vipci_object *o)
{
    uint64_t h = vipci_peek64(v, vipci_head(r, o));
    uint32_t steps = 0;
    if ((h & (VIPCI_LAP - 1)) >= r->capacity) return;
    for (; steps < r->capacity; steps++, h = vipci_next(r, h)) {
        uint64_t w = vipci_load64(v, &vipci_slot_at(r, h & (VIPCI_LAP - 1))->state);
        int64_t d = vipci_ahead(w & VIPCI_LAPS, h & VIPCI_LAPS);
        bool passed = VIPCI_PHASE(w) == VIPCI_LATE_W || VIPCI_PHASE(w) == VIPCI_LATE_R;
        if (d < 0 || (d == 0 && !passed)) break;
    }
    if (steps) vipci_poke64(v, vipci_head(r, o), h);
}
/* Let the slot go, wherever it was moved meanwhile.  False: it was taken from us. */
static bool vipci_let_go(const vipc *v, vipci_slot *s, bool finished)
{
    for (;;) {
        uint64_t w = vipci_load64(v, &s->state);
        if (VIPCI_OWNER(w) != v->view + 1 || (VIPCI_PHASE(w) != VIPCI_READING && VIPCI_PHASE(w) != VIPCI_LATE_R)) return false;
        if (vipci_cas64(v, &s->state, w, finished ? VIPCI_WORD(w + VIPCI_LAP, VIPCI_FREE, 0) : VIPCI_WORD(w, VIPCI_FULL_AGAIN, 0))) return true;
    }
}
static vipc_error vipci_hand_end(vipc *v, uint64_t hand, bool finished)
{
    uint32_t index = VIPCI_HAND_OBJECT(hand) - 1, slot = VIPCI_HAND_SLOT(hand) - 1;
    vipci_object *o = vipci_object_at(v, index);
    uint32_t usual = vipci_shape_capacity(vipci_peek64(v, &o->shape)), lane = !VIPC_NO_URGENT && slot >= usual;
    vipci_ring *r = NULL;
    vipc_error e, q;
    bool locked = false, ours = false;
    for (;;) {
        vipci_intend(v, vipci_at_object(index));             /* RACE 1 */
        e = vipci_hand_check(v, v->view, o);
        q = e == VIPC_ERR_CLOSED || e == VIPC_ERR_PEER_DEAD ? e : vipci_lane_open(v, o, lane, &r);
        if (q != VIPCI_NEEDS_LOCK || locked) break;
        vipci_intend_nothing(v);
        q = vipci_lock(v, VIPC_FOREVER);
        if (q != VIPC_OK) return q;
        locked = true;
    }
    if (q == VIPC_ERR_CORRUPT || q == VIPCI_NEEDS_LOCK) {
        vipci_intend_nothing(v);
        if (locked) vipci_unlock(v);
        return VIPC_ERR_CORRUPT;
    }
    if (e != VIPC_OK) finished = false;
    if (lane) slot -= usual;
    if (q == VIPC_OK && !finished) (void)vipci_add64(v, vipci_behind(r, o), 1);      /* before too: if this stands still between slot and count, it is found */
    if (q == VIPC_OK && slot < r->capacity) ours = vipci_let_go(v, vipci_slot_at(r, slot), finished);      /* ---- point of no return; RACE 23 ---- */
    if (ours && finished) vipci_head_on(v, r, o);
    if (ours && !finished) vipci_came_back(v, r, o);
    vipci_store64(v, &vipci_mine(v)->hand, 0);
    if (ours && finished) {
        vipci_count(v, VIPCI_RECEIVED);
        vipci_wake_room(v, o, index, lane);
    } else if (ours) {
        vipci_wake_one(v, VIPCI_FOR_MESSAGE, index, &o->receive_flag);
    } else if (e == VIPC_OK) {
        e = vipci_hand_check(v, v->view, o);                 /* it has changed while we asked, or see RACE 22 */
        if (e == VIPC_OK) e = VIPC_ERR_INVALID_CAPABILITY;
    }
    vipci_intend_nothing(v);
    if (locked) vipci_unlock(v);
    return e;
}
/* A thread that ends gives back what it has in hand.  Else it still has it: HOOK, NOT_SUPPORTED, CORRUPT. */
static vipc_error vipci_empty_hand(vipc *v)
{
    vipci_u64 *hand = &vipci_mine(v)->hand;
    uint64_t h = vipci_load64(v, hand);
    vipc_error e = VIPC_OK;
    if (h && VIPCI_HAND_OBJECT(h) - 1 < v->max_objects) e = vipci_hand_end(v, h, false);
    else vipci_store64(v, hand, 0);                          /* scribbled over */
    return vipci_load64(v, hand) ? e : VIPC_OK;
}
VIPC_API vipc_error vipc_done(vipc *self, vipc_hand hand, bool finished)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (vipci_load64(self, &vipci_mine(self)->hand) != hand.token || VIPCI_HAND_OBJECT(hand.token) - 1 >= self->max_objects || !VIPCI_HAND_SLOT(hand.token))
        return VIPC_ERR_INVALID_ARGUMENT;
    return vipci_hand_end(self, hand.token, finished);
}
#endif

/* ------------------------------------------------------------------------------------------------- >>calling
 * vipc_call and its answers, over the call words of >>call. */
#if !VIPC_NO_CALLS

#if !VIPC_NO_LARGE
typedef struct vipci_basket { vipc_incoming *in; const unsigned char *at; uint64_t capacity; } vipci_basket;     /* where a large reply will be, and goes */
/* Its payload, and what is said of it.  CORRUPT. */
static vipc_error vipci_read_reply(const vipc *v, uint64_t word, const vipci_body *b, const vipci_basket *large)
{
    uint32_t size = vipci_peek32(v, &vipci_mine(v)->reply_size[VIPCI_CALL_BUFFER(word)]);
    if (size > large->capacity) return VIPC_ERR_CORRUPT;
    if (size) vipci_copy(large->in->payload, large->at, size);
    vipci_describe(b, size, false, 0, 0, &large->in->info);
    return VIPC_OK;
}
#else
typedef struct vipci_basket { int none; } vipci_basket;
#endif
/* The end of a call: its reply, or its error.  large: NULL for a small one. */
static vipc_error vipci_call_collect(vipc *v, uint64_t word, vipc_message *reply, const vipci_basket *large)
{
    vipci_view *c = vipci_mine(v);
    vipc_error e = (vipc_error)-(int32_t)(word >> 8 & 0xff);
    if (e == VIPC_OK || e < VIPC_ERR_HOOK) e = VIPC_ERR_CORRUPT;
    if (VIPCI_CALL_STATE(word) == VIPCI_REPLIED) {
        vipci_body b;
        vipc_cap cap = { 0 };
        vipci_body_load(v, &b, vipci_call_reply(c, word));
        e = VIPC_OK;
#if !VIPC_NO_LARGE
        vipc_cap caps[VIPC_MESSAGE_CAPS] = VIPC_INIT;
        vipci_entry *all[VIPC_MESSAGE_CAPS];
        vipci_gift gift = VIPC_INIT;
        uint32_t count = 0;
        vipc_error whole = large ? vipci_read_reply(v, word, &b, large) : VIPC_OK;
#else
        (void)large;
#endif
        if (b.sender & VIPC_HAS_CAPABILITY) {
            vipci_entry *t = vipci_linked(v, (uint32_t)b.head);
            e = vipci_lock(v, VIPC_FOREVER);
            if (e == VIPC_OK) {
                if (!t || (uint32_t)t->place != ((v->view + 1) | 0x80000000u)) t = NULL;
#if !VIPC_NO_LARGE
                else {
                    count = vipci_travellers(v, (uint32_t)b.head, (uint32_t)t->place, all), e = whole;
                    if (count && (all[count - 1]->kind & VIPCI_GIFT)) count--;
                }
                if (e == VIPC_OK && t) e = vipci_unwrap_hold(v, t);
                if (e == VIPC_OK && t) cap = vipci_unwrap_all(v, t, large ? caps : NULL, large ? &gift : NULL);
#else
                else e = vipci_unwrap_hold(v, t);
                if (e == VIPC_OK && t) cap = vipci_unwrap(v, t);
#endif
                else if (t) vipci_forget_traveller(v, vipci_link(v, t));
#if VIPCI_GIFTS
                if (e == VIPC_OK) vipci_gift_landed(v, &gift);
#endif
                vipci_finish_closing(v);
                vipci_unlock(v);
            }
        }
#if !VIPC_NO_LARGE
        if (e == VIPC_OK) e = whole;
        if (e == VIPC_OK && large) {
            vipci_copy(large->in->caps, caps, sizeof caps);
            vipci_tell_gift(large->in, &gift);
            large->in->info.cap_count = count;
        }
#endif
        if (e == VIPC_OK) vipci_deliver(&b, cap, reply);
    }
    (void)vipci_cas64(v, &c->call, word, vipci_call_word(word, VIPCI_IDLE, 0));
    return e;
}
VIPC_API vipc_error vipc_call(vipc *self, vipc_cap to, const vipc_message *request, vipc_message *reply, vipc_time deadline)
{
    vipci_use u;
    uint64_t word = 0;
    vipc_error e = vipci_begin(self, &u, to, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = reply ? vipci_flags_ok(request, 0) : VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    vipci_letter l = vipci_address(self, request, VIPCI_CALL);
    e = vipci_send_call(self, &u, &l, &word, deadline);
    return e == VIPC_OK ? vipci_call_collect(self, word, reply, NULL) : e;
}
#if !VIPC_NO_LARGE
VIPC_API vipc_error vipc_call_large(vipc *self, vipc_cap to, const vipc_outgoing *request, vipc_incoming *reply, vipc_time deadline)
{
    vipci_use u;
    uint64_t word = 0;
    vipc_error e = vipci_begin(self, &u, to, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = reply ? vipci_flags_ok(request ? &request->message : NULL, 0) : VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    vipci_letter l = vipci_address(self, &request->message, VIPCI_CALL);
    e = vipci_enclose(self, &l, request);
    if (e == VIPC_OK && !reply->payload && reply->payload_capacity) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK && l.payload_size > vipci_shape_payload(vipci_peek64(self, &u.o->shape))) e = VIPC_ERR_MESSAGE_TOO_LARGE;
    if (e == VIPC_OK && deadline == VIPC_NOW) e = VIPC_ERR_WOULD_BLOCK;
    if (e != VIPC_OK) return e;
    vipci_basket large = { reply, NULL, reply->payload_capacity < VIPC_PAYLOAD_MAX ? reply->payload_capacity : VIPC_PAYLOAD_MAX };
    e = vipci_room_make(self, large.capacity, deadline, &large.at);
    if (e != VIPC_OK) return e;
    e = vipci_send_call(self, &u, &l, &word, deadline);
    if (e == VIPC_OK) e = vipci_call_collect(self, word, &reply->message, &large);
    vipci_store64(self, &vipci_mine(self)->room, 0);         /* the call is over: RACE 35, 36 */
    return e;
}
#endif

/* The caller's view and call word that a reply right names.  CANCELLED: it has gone on; INVALID_ARGUMENT: not a right of this process. */
static vipc_error vipci_right(const vipc *v, vipc_reply_right to, uint32_t *caller, uint64_t *word)
{
    uint32_t i = (uint32_t)(to.token >> 8 & 0xffff) - 1;
    if ((to.token & 0xff0000ff) != 1 || i >= v->max_threads) return VIPC_ERR_INVALID_ARGUMENT;
    *caller = i;
    *word = vipci_load64(v, &vipci_view_at(v, i)->call);
    if (VIPCI_CALL_NUMBER(*word) != (uint32_t)(to.token >> 32) || VIPCI_CALL_STATE(*word) != VIPCI_TAKEN) return VIPC_ERR_CANCELLED;
    uint32_t server = VIPCI_CALL_SERVER(*word) - 1;
    if (server >= v->max_threads || (uint32_t)vipci_load64(v, &vipci_view_at(v, server)->owner) != v->process + 1) return VIPC_ERR_INVALID_ARGUMENT;
    return VIPC_OK;
}
#if !VIPC_NO_LARGE
/* Does the caller have room for this?  MESSAGE_TOO_LARGE; CANCELLED: it has gone on. */
static vipc_error vipci_reply_fits(const vipc *v, uint32_t caller, uint64_t word, const vipci_letter *l)
{
    bool several = l->more_count + (l->m->flags & VIPC_HAS_CAPABILITY ? 1u : 0u) > 1;
#if VIPCI_GIFTS
    several = several || l->region.token;
#endif
    if (!l->payload_size && !several) return VIPC_OK;        /* any has */
    uint64_t room = vipci_load64(v, &vipci_view_at(v, caller)->room);
    if (vipci_load64(v, &vipci_view_at(v, caller)->call) != word) return VIPC_ERR_CANCELLED;
    return room > l->payload_size ? VIPC_OK : VIPC_ERR_MESSAGE_TOO_LARGE;
}
/* The payload, with the call REPLYING by us: the run is what it was when the call began, whatever its caller does (RACE 36).  CORRUPT: it has not so much
 * room after all. */
static vipc_error vipci_reply_payload(const vipc *v, vipci_view *c, uint32_t buffer, const vipci_letter *l)
{
    unsigned char *p = vipci_run_at(v, vipci_load64(v, &c->large[buffer]), l->payload_size);
    if (!p) return VIPC_ERR_CORRUPT;
    vipci_store32(v, &c->reply_size[buffer], l->payload_size);     /* read once the call is REPLIED */
    vipci_copy(p, l->payload, l->payload_size);
    return VIPC_OK;
}
#endif
/* Write the answer into the caller's record.  CANCELLED: it gave up meanwhile. */
static vipc_error vipci_reply_put(const vipc *v, uint32_t caller, uint64_t word, const vipci_letter *l)
{
    vipci_view *c = vipci_view_at(v, caller);
    uint64_t mine = vipci_call_word(word, VIPCI_REPLYING, v->view + 1);
    vipc_error e = VIPC_ERR_CANCELLED;
    vipci_intend(v, vipci_at_view(caller));
    uint32_t irq = vipci_enter(v);
    if (vipci_cas64(v, &c->call, word, mine)) {
        uint64_t after = vipci_call_word(word, VIPCI_REPLIED, v->view + 1);
        e = VIPC_OK;
#if !VIPC_NO_LARGE
        if (l->payload_size) e = vipci_reply_payload(v, c, VIPCI_CALL_BUFFER(mine), l);
        if (e == VIPC_ERR_CORRUPT) after = word;             /* the right is as it was */
#endif
        vipci_body_store(v, vipci_call_reply(c, mine), l, 0);
        if (!vipci_cas64(v, &c->call, mine, after)) e = VIPC_ERR_CANCELLED;                /* ---- point of no return ---- */
        if (e == VIPC_ERR_CANCELLED) (void)vipci_cas64(v, &c->abandoned[VIPCI_CALL_BUFFER(mine)], mine, 0);        /* RACE 13 */
    }
    vipci_leave(v, irq);
    if (e == VIPC_OK) {
        vipci_count(v, VIPCI_REPLIES);
        vipci_wake_caller(v, caller);
    }
    vipci_intend_nothing(v);
    return e;
}
static vipc_error vipci_reply_letter(vipc *v, vipc_reply_right to, vipci_letter *l)
{
    uint32_t caller = 0, link = 0;
    uint64_t word = 0;
    vipc_error e = vipci_right(v, to, &caller, &word);
#if !VIPC_NO_LARGE
    if (e == VIPC_OK) e = vipci_reply_fits(v, caller, word, l);
#endif
    if (e != VIPC_OK) return e;
    l->sender &= ~(uint64_t)VIPCI_MAY_URGENT;
    if (l->sender & VIPC_HAS_CAPABILITY) {
        e = vipci_pack(v, l, (caller + 1) | 0x80000000u, VIPC_FOREVER, &link);
        if (e != VIPC_OK) return e;
        l->link = link;
    }
    e = vipci_reply_put(v, caller, word, l);
    if (e != VIPC_OK) vipci_unpack(v, link);
#if VIPCI_GIFTS
    else vipci_gift_sent(v, l, VIPC_FOREVER);
#endif
    return e;
}
VIPC_API vipc_error vipc_reply(vipc *self, vipc_reply_right to, const vipc_message *m)
{
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK) e = vipci_flags_ok(m, 0);
    if (e != VIPC_OK) return e;
    vipci_letter l = vipci_address(self, m, VIPC_IS_REPLY);
    return vipci_reply_letter(self, to, &l);
}
#if !VIPC_NO_LARGE
VIPC_API vipc_error vipc_reply_large(vipc *self, vipc_reply_right to, const vipc_outgoing *m)
{
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK) e = vipci_flags_ok(m ? &m->message : NULL, 0);
    if (e != VIPC_OK) return e;
    vipci_letter l = vipci_address(self, &m->message, VIPC_IS_REPLY);
    e = vipci_enclose(self, &l, m);
    return e == VIPC_OK ? vipci_reply_letter(self, to, &l) : e;
}
#endif
VIPC_API vipc_error vipc_reply_drop(vipc *self, vipc_reply_right to, vipc_error why)
{
    uint32_t caller = 0;
    uint64_t word = 0;
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (why >= VIPC_OK || why < VIPC_ERR_HOOK) return VIPC_ERR_INVALID_ARGUMENT;
    e = vipci_right(self, to, &caller, &word);
    if (e != VIPC_OK) return e;
    return vipci_call_end(self, caller, word, why) ? VIPC_OK : VIPC_ERR_CANCELLED;
}
VIPC_API vipc_error vipc_reply_receive(vipc *self, vipc_reply_right to, const vipc_message *reply, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!m || !info || (to.token && !reply)) return VIPC_ERR_INVALID_ARGUMENT;
    uint32_t type = !VIPC_NO_CHANNELS && vipc_cap_type(from) == VIPC_TYPE_CHANNEL ? (uint32_t)VIPC_TYPE_CHANNEL : (uint32_t)VIPC_TYPE_ENDPOINT;
    r = vipci_check_cap(self, from, type, VIPC_RIGHT_RECEIVE, &e);
    if (r != VIPC_OK) return r;
    if (to.token) r = vipc_reply(self, to, reply);
    return r == VIPC_OK || r == VIPC_ERR_CANCELLED ? vipc_receive(self, from, m, info, deadline) : r;
}
#endif

/* ----------------------------------------------------------------------------------------------------- >>fast
 * Threads parked at the user boundary, and the fast path between them.  A parked thread waits in its cell like any sleeper; its view's `parked` says beside
 * it where it is.  Whoever takes the cell out of WAITING by CAS has it: a fast path makes it AWAKE; a waker makes it CHOSEN and calls hook wake, from where
 * vipc_unpark makes it RESUMED; so does a timer or a killer, from WAITING.  Nobody else's CAS fits then, so one resumes it, however many wake it, and a
 * wake-up that comes late finds another ticket, or wins a thread that merely looks again.
 * RACE 30 (a fast path against revoke, close, bind, destroy): the server's cell is read, then token and state, then the cell is claimed.  Whoever ends a right
 * takes the token, the state or the binding away and then wakes all who wait there: if the right was good after the cell was read, either the claim came
 * before that wake-up, and so before the revoke returned, or it fails.
 * RACE 31 (a wake-up against parking): a step registers while `parked` is 0, looks again, then sets `parked` and looks at its cell once more.  A waker
 * has changed the cell before it looks at `parked`: so either it resumes the thread, or the thread sees that it was chosen; and of these one wins the cell.
 * RACE 32 (two who resume): CHOSEN -> RESUMED has one winner, so two wake-ups for one choice make the thread ready once.  And a cell never holds the same word
 * twice, so who looked at it and at `parked`, and stood still since, changes nothing: tickets are versions of the flag, which every registration that
 * may have been seen raises; those of waits for a reply are the call's number, doubled, or, by a step, odd and counted.
 * RACE 33 (a fast path parks, and a message, a revoke, a cancel or an answer comes between its looks and that).  A server reads the flag first, raised, then
 * looks at queue, token, state and binding, then stores `parked` and its cell, then raises the flag by CAS of what it read.  Whoever sends in between finds the
 * flag raised and nobody asleep, and lowers it, or somebody asleep, and chooses him, who, should he leave, gives it its next version before he looks for another;
 * whoever revokes, closes, binds or destroys does that before waking all: so the CAS fails.  What comes later finds the cell.  Cancel (and a caller's answer) it
 * looks at once more.  What has changed makes it take its own cell back by CAS: it is `ready` then.  If somebody else was faster that one resumes it.  It touches
 * nothing of its own after the cell but by that CAS.
 * RACE 34 (a fast reply against another thread's answer, or the caller's giving up): the caller's cell is claimed first, then its call.  So a caller
 * that gives up has left its cell before, and nothing was changed.  If the call was answered by another in between, the cell goes back as it was, and
 * its owner is woken, as that other may have found it AWAKE.
 * A call made here is TAKEN from the start, so the rule of deadlocks holds: who is parked for a message waits for nobody's answer.
 * Tests: explore fast and those beside it; t_fast. */
#if VIPCI_FAST
#define VIPCI_RESUMED ((uint64_t)3)    /* of a cell: WAITING | CHOSEN */

/* Is nothing queued at o?  The slot that the head hint names is read without a pin: a frame that is given back stays readable, and if the queue word is the
 * same before and after, then either the slot was its, or the queue was trimmed, and empty, at that moment. */
static VIPCI_HERE bool vipci_fast_empty(const vipc *v, vipci_object *o, uint32_t index)
{
    uint64_t queue = vipci_load64(v, &o->queue);
    if (!VIPC_NO_URGENT && !VIPCI_LIKELY(!(vipci_load64(v, &o->shape) & VIPCI_LANE))) return false;
    if (queue == 0) return true;
    const vipci_ring *r = &v->seen[index & 3];
    uint64_t head = vipci_peek64(v, &o->head);
    if (!VIPCI_LIKELY(r->queue == queue && r->shape == vipci_peek64(v, &o->shape) && (head & (VIPCI_LAP - 1)) < r->capacity)) return false;
    uint64_t word = vipci_load64(v, &vipci_slot_at(r, head & (VIPCI_LAP - 1))->state);
    return word == (head & VIPCI_LAPS) && vipci_load64(v, &o->behind) == 0 && vipci_load64(v, &o->queue) == queue;
}
/* What a token names, kept in the view's handle: an entry's fields hold as long as its token does, so that is all that need be asked again.  False: an
 * endpoint's plain capability with this right, of this process, is something else. */
static bool vipci_fast_learn(vipc *v, vipc_cap cap, uint32_t right, struct vipc_fast_cap *k)
{
    uint32_t i = (uint32_t)(cap.token & 0xffffff) - 1, index;
    if (i >= v->max_caps) return false;
    vipci_entry *e = vipci_entry_at(v, i);
    index = vipci_peek32(v, &e->object);
    if ((vipci_peek32(v, &e->kind) & (0xff00u | VIPCI_IF_LIMITED | right)) != (VIPC_TYPE_ENDPOINT << 8 | right) || vipci_peek32(v, &e->holder) != v->process + 1) return false;
    if (index >= v->max_objects || vipci_load64(v, &e->token) != cap.token) return false;
    k->token = cap.token;
    k->entry = (unsigned char *)e;
    k->object = (unsigned char *)vipci_object_at(v, index);
    k->index = index;
    return true;
}
/* Token, then state: an object ends before its capabilities do, and its slot is used again after. */
static VIPCI_HERE bool vipci_fast_good(const vipc *v, vipci_entry *e, vipc_cap cap, vipci_object *o)
{
    return vipci_load64(v, &e->token) == cap.token && vipci_state(vipci_load64(v, &o->state)) == VIPCI_OPEN;
}
static VIPCI_HERE bool vipci_parked_here(const vipc *v, vipci_view *w, const vipc_cpu *cpu)
{
    uint64_t parked = vipci_load64(v, &w->parked);
    return (uint32_t)parked == (uint32_t)cpu->here && (uint32_t)(parked >> 32) >= cpu->floor;
}
/* RACE 33: something has come.  1: the thread is its own again. */
static VIPCI_HERE uint32_t vipci_fast_back(const vipc *v, vipci_view *me, vipci_u64 *cell, uint64_t mine)
{
    if (!vipci_cas64(v, cell, mine, VIPCI_AWAKE)) return 0;
    vipci_store64(v, &me->parked, 0);
    return 1;
}
static VIPCI_HERE void vipci_fast_count(const vipc *v, vipci_view *me, uint32_t which)
{
    vipci_poke64(v, &me->count[which], vipci_peek64(v, &me->count[which]) + 1);
}
/* RACE 34: its call was answered by another. */
static VIPCI_COLD void vipci_fast_unclaim(const vipc *v, uint32_t caller, uint64_t cell)
{
    (void)vipci_swap64(v, vipci_cell_at(v, caller), cell);
    vipci_wake_caller(v, caller);
}
#define VIPCI_LONGER 2u                /* in vipc_fast.ready: another capability than last time: begin again with `learn`, apart, so that the usual case calls nothing */

static VIPCI_HERE vipc_fast vipci_fast_call(vipc *v, const vipc_cpu *cpu, vipc_cap to, uint32_t flags, vipc_time deadline, bool learn)
{
    vipc_fast f = VIPC_INIT;
    struct vipc_fast_cap *k = &v->fast[0];
    if (!VIPCI_LIKELY(!(flags & ~(uint32_t)VIPC_IS_REPLY) && deadline == VIPC_FOREVER)) return f;
    if (!VIPCI_LIKELY(k->token == to.token)) {
        if (!learn) f.ready = VIPCI_LONGER;
        if (!learn || !vipci_fast_learn(v, to, VIPC_RIGHT_SEND, k)) return f;
    }
    vipci_entry *e = (vipci_entry *)(void *)k->entry;
    vipci_object *o = (vipci_object *)(void *)k->object;
    uint32_t index = k->index;
    uint32_t link = (uint32_t)vipci_peek64(v, &o->server);
    if (!VIPCI_LIKELY(link - 1 < v->max_threads)) return f;
    vipci_view *server = vipci_view_at(v, link - 1), *me = vipci_mine(v);
    vipci_u64 *theirs = vipci_cell_at(v, link - 1);
    if (!VIPCI_LIKELY(vipci_parked_here(v, server, cpu))) return f;
    uint64_t cell = vipci_load64(v, theirs), was = vipci_peek64(v, &me->call);
    if (!VIPCI_LIKELY(cell >> 32 == (index << 3 | VIPCI_FOR_MESSAGE) && (cell & 3) == VIPCI_WAITING)) return f;
    if (!VIPCI_LIKELY(VIPCI_CALL_STATE(was) == VIPCI_IDLE && !(vipci_load64(v, &me->abandoned[0]) | vipci_load64(v, &me->abandoned[1])))) return f;
    if (!VIPCI_LIKELY(vipci_fast_empty(v, o, index))) return f;
    uint64_t badge = vipci_peek64(v, &e->badge), number = (was >> 32) + 1;
    if (!VIPCI_LIKELY(vipci_fast_good(v, e, to, o) && vipci_cas64(v, theirs, cell, VIPCI_AWAKE))) return f;           /* RACE 30 */
    /* ---- point of no return: the server is ours to run ---- */
    uint64_t word = number << 32 | ((link << 16) | ((uint32_t)was & 0x10) | VIPCI_TAKEN);
    uint64_t asleep = (uint64_t)(v->view << 3 | VIPCI_FOR_REPLY) << 32 | (uint32_t)(number << 3 | VIPCI_WAITING);
    vipci_u64 *mine = vipci_cell_at(v, v->view);
    f.next = vipci_peek64(v, &server->native_thread);
    f.sender.id = v->pid;
    f.badge = badge;
    f.reply.token = number << 32 | ((v->view + 1) << 8 | 1);
    vipci_poke64(v, &server->parked, 0);
    vipci_store64(v, &me->call, word);
    vipci_poke64(v, &me->parked, cpu->here);
    vipci_fast_count(v, me, VIPCI_CALLS);
    (void)vipci_swap64(v, mine, asleep);                     /* ---- parked ---- */
    if (!VIPCI_LIKELY(vipci_load64(v, &me->call) == word && vipci_load32(v, &me->cancel) == 0)) f.ready = vipci_fast_back(v, me, mine, asleep);      /* RACE 33 */
    return f;
}
static VIPCI_HERE vipc_fast vipci_fast_reply_receive(vipc *v, const vipc_cpu *cpu, vipc_reply_right to, vipc_cap from, uint32_t flags, vipc_time deadline, bool learn)
{
    vipc_fast f = VIPC_INIT;
    struct vipc_fast_cap *k = &v->fast[1];
    uint32_t c = (uint32_t)(to.token >> 8 & 0xffff) - 1;
    if (!VIPCI_LIKELY(!(flags & ~(uint32_t)VIPC_IS_REPLY) && deadline == VIPC_FOREVER)) return f;
    if (!VIPCI_LIKELY(k->token == from.token)) {
        if (!learn) f.ready = VIPCI_LONGER;
        if (!learn || !vipci_fast_learn(v, from, VIPC_RIGHT_RECEIVE, k)) return f;
    }
    if (!VIPCI_LIKELY((to.token & 0xff0000ff) == 1 && c < v->max_threads)) return f;
    vipci_entry *e = (vipci_entry *)(void *)k->entry;
    vipci_object *o = (vipci_object *)(void *)k->object;
    uint32_t index = k->index;
    vipci_view *caller = vipci_view_at(v, c), *me = vipci_mine(v);
    vipci_u64 *theirs = vipci_cell_at(v, c);
    uint64_t cell = vipci_load64(v, theirs), word = vipci_load64(v, &caller->call), number = to.token >> 32;
    if (!VIPCI_LIKELY((word & ~(uint64_t)0x10) == (number << 32 | ((v->view + 1) << 16 | VIPCI_TAKEN)) && vipci_parked_here(v, caller, cpu))) return f;
    uint64_t flag = vipci_load64(v, &o->receive_flag), bound = vipci_load64(v, &o->bound);
    if (!VIPCI_LIKELY(cell >> 32 == (c << 3 | VIPCI_FOR_REPLY) && (cell & 3) == VIPCI_WAITING && (flag & VIPCI_ASLEEP) && (bound == 0 || bound == v->pid))) return f;
    if (!VIPCI_LIKELY(vipci_fast_empty(v, o, index))) return f;
    if (!VIPCI_LIKELY(vipci_fast_good(v, e, from, o) && vipci_cas64(v, theirs, cell, VIPCI_AWAKE))) return f;
    if (!VIPCI_LIKELY(vipci_cas64(v, &caller->call, word, number << 32 | ((uint32_t)word & 0x10) | VIPCI_IDLE))) {       /* RACE 34 */
        vipci_fast_unclaim(v, c, cell);
        return f;
    }
    /* ---- point of no return: the right is used up, the caller is ours to run ---- */
    uint64_t asleep = (uint64_t)(index << 3 | VIPCI_FOR_MESSAGE) << 32 | (((uint32_t)flag | 3) + 1 + VIPCI_WAITING);          /* its ticket: the flag's next version */
    vipci_u64 *mine = vipci_cell_at(v, v->view);
    f.next = vipci_peek64(v, &caller->native_thread);
    f.flags = VIPC_IS_REPLY;
    vipci_poke64(v, &caller->parked, 0);
    vipci_poke64(v, &o->server, v->view + 1);
    vipci_poke64(v, &me->parked, cpu->here);
    vipci_fast_count(v, me, VIPCI_REPLIES);
    vipci_store64(v, mine, asleep);                          /* ---- parked: W1 ---- */
    if (!VIPCI_LIKELY(vipci_cas64(v, &o->receive_flag, flag, flag + 4))) {      /* W2: RACE 2, 3 and 33 */
        f.ready = vipci_fast_back(v, me, mine, asleep);
        (void)vipci_add64(v, &o->receive_flag, 4);           /* RACE 32: this ticket is used up */
    } else if (!VIPCI_LIKELY(vipci_load32(v, &me->cancel) == 0)) {
        f.ready = vipci_fast_back(v, me, mine, asleep);
    }
    return f;
}
static VIPCI_COLD vipc_fast vipci_learn_call(vipc *v, const vipc_cpu *cpu, vipc_cap to, uint32_t flags, vipc_time deadline)
{
    return vipci_fast_call(v, cpu, to, flags, deadline, true);
}
static VIPCI_COLD vipc_fast vipci_learn_reply_receive(vipc *v, const vipc_cpu *cpu, vipc_reply_right to, vipc_cap from, uint32_t flags, vipc_time deadline)
{
    return vipci_fast_reply_receive(v, cpu, to, from, flags, deadline, true);
}
VIPC_API vipc_fast vipc_fast_call(vipc *self, const vipc_cpu *cpu, vipc_cap to, uint32_t flags, vipc_time deadline)
{
    vipc_fast f = vipci_fast_call(self, cpu, to, flags, deadline, false);
    return VIPCI_LIKELY(f.ready != VIPCI_LONGER) ? f : vipci_learn_call(self, cpu, to, flags, deadline);
}
VIPC_API vipc_fast vipc_fast_reply_receive(vipc *self, const vipc_cpu *cpu, vipc_reply_right to, vipc_cap from, uint32_t flags, vipc_time deadline)
{
    vipc_fast f = vipci_fast_reply_receive(self, cpu, to, from, flags, deadline, false);
    return VIPCI_LIKELY(f.ready != VIPCI_LONGER) ? f : vipci_learn_reply_receive(self, cpu, to, from, flags, deadline);
}
VIPC_API bool vipc_unpark(vipc *thread)
{
    if (vipci_known(thread) != VIPC_OK) return false;
    vipci_u64 *cell = vipci_cell_at(thread, thread->view);
    vipci_view *w = vipci_mine(thread);
    for (uint32_t steps = 0; steps < VIPCI_STEPS; steps++) {
        uint64_t c = vipci_load64(thread, cell);
        if ((c & 3) == VIPCI_AWAKE || (c & 3) == VIPCI_RESUMED || vipci_load64(thread, &w->parked) == 0) return false;
        if (!vipci_cas64(thread, cell, c, c | VIPCI_RESUMED)) continue;                                     /* RACE 32 */
        vipci_store64(thread, &w->parked, 0);
        return true;
    }
    return false;
}

/* The steps.  A thread that goes on leaves the cell that it was parked in.  True: it was chosen there, and waits for the same thing again; a choice that
 * was for another thing goes on to the next (RACE 4). */
#define VIPCI_FOR_NOTHING 8u
static bool vipci_resume(vipc *v, uint32_t what, uint32_t index)
{
    vipci_wait w;
    uint64_t c = vipci_load64(v, vipci_cell_at(v, v->view));
    vipci_zero(&w, sizeof w);
    w.what = (uint32_t)(c >> 32) & 7;
    w.index = (uint32_t)(c >> 35);
    if ((c & 3) == VIPCI_AWAKE) return false;
    w.registered = true;
    vipci_unregister(v, &w);
    vipci_store64(v, &vipci_mine(v)->parked, 0);
    if (!w.chosen || w.what > VIPCI_FOR_ROOM || w.index >= v->max_objects) { vipci_intend_nothing(v); return false; }
    if (w.what == what && w.index == index) return true;
    vipci_object *o = vipci_object_at(v, w.index);
    w.flag = w.what == VIPCI_FOR_MESSAGE ? &o->receive_flag : vipci_room_flag(o, w.what == VIPCI_FOR_URGENT_ROOM);
    vipci_wait_over(v, &w, o);
    return false;
}
/* May it wait at all?  WOULD_BLOCK: not with NOW; CANCELLED, TIMEOUT, NOT_SUPPORTED. */
static vipc_error vipci_may_park(const vipc *v, const vipci_wait *w)
{
    if (w->deadline == VIPC_NOW) return VIPC_ERR_WOULD_BLOCK;
    if (vipci_load32(v, &vipci_mine(v)->cancel) && vipci_cas32(v, &vipci_mine(v)->cancel, 1, 0)) return VIPC_ERR_CANCELLED;
    if (w->deadline == VIPC_FOREVER) return VIPC_OK;
    if (!v->hooks->now) return VIPC_ERR_NOT_SUPPORTED;
    return vipci_now(v) >= w->deadline ? VIPC_ERR_TIMEOUT : VIPC_OK;
}
/* After the second look: parked, unless it was chosen meanwhile.  True: it is, or was and runs elsewhere by now: its view is no longer ours. */
static bool vipci_park(const vipc *v, vipci_wait *w, const vipc_cpu *cpu)
{
    vipci_u64 *cell = vipci_cell_at(v, v->view);
    vipci_view *me = vipci_mine(v);
    uint64_t mine = w->cell;
    (void)vipci_swap64(v, &me->parked, cpu->here);
    uint64_t c = vipci_load64(v, cell);                      /* RACE 31 */
    if (c != ((mine & ~(uint64_t)3) | VIPCI_CHOSEN) || !vipci_cas64(v, cell, c, VIPCI_AWAKE)) return true;
    vipci_store64(v, &me->parked, 0);
    w->registered = false;
    w->chosen = true;
    w->ticket = 0;                                           /* RACE 32 */
    return false;
}
static vipc_error vipci_park_receive(vipc *v, const vipc_cpu *cpu, const vipci_use *u, vipci_parcel *p, vipc_time deadline, bool chosen, uint32_t *parked)
{
    vipc_time until = vipci_until(v, u, deadline);
    vipci_wait w = vipci_wait_for(v, VIPCI_FOR_MESSAGE, u->index, &u->o->receive_flag, 1, until);
    vipc_error e;
    w.chosen = chosen;
    for (;;) {
        e = vipci_receive_try(v, u, p, false);
        if (e == VIPCI_NEEDS_LOCK) {
            e = vipci_attempt_locked(v, u, p, vipci_receive_try, &w, deadline);
            w.chosen = false;                                /* handed on */
        }
        if (e != VIPC_ERR_CHANNEL_EMPTY) break;
        vipc_error b = vipci_may_park(v, &w);
        if (b != VIPC_OK) { e = b == VIPC_ERR_WOULD_BLOCK ? e : b; break; }
        if (w.registered && vipci_park(v, &w, cpu)) { *parked = 1; return VIPC_ERR_WOULD_BLOCK; }
        if (w.registered) continue;
        vipci_poke64(v, &u->o->server, v->view + 1);
        vipci_register(v, &w);                               /* the second look follows */
    }
    vipci_wait_over(v, &w, u->o);
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
static vipc_error vipci_park_begin(const vipc *v, const vipc_cpu *cpu, uint32_t *parked)
{
    if (!parked) return VIPC_ERR_INVALID_ARGUMENT;
    *parked = 0;
    vipc_error e = vipci_known(v);
    return e != VIPC_OK ? e : cpu && vipci_peek64(v, &vipci_mine(v)->native_thread) ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT;
}
VIPC_API vipc_error vipc_park_receive(vipc *self, const vipc_cpu *cpu, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline, uint32_t *parked)
{
    vipci_use u;
    vipc_error e = vipci_park_begin(self, cpu, parked);
    if (e != VIPC_OK) return e;
    u.index = 0;
    e = vipci_begin(self, &u, from, VIPC_RIGHT_RECEIVE);
    if (e == VIPC_OK && !m) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK && vipci_bound_away(self, &u)) e = VIPC_ERR_PERMISSION_DENIED;
    bool chosen = vipci_resume(self, e == VIPC_OK ? (uint32_t)VIPCI_FOR_MESSAGE : VIPCI_FOR_NOTHING, u.index);
    if (e != VIPC_OK) return e;
    vipci_parcel p = vipci_parcel_of(m, info, NULL, 0);
    return vipci_park_receive(self, cpu, &u, &p, deadline, chosen, parked);
}
VIPC_API vipc_error vipc_park_reply_receive(vipc *self, const vipc_cpu *cpu, vipc_reply_right to, const vipc_message *reply, vipc_cap from,
                                            vipc_message *m, vipc_info *info, vipc_time deadline, uint32_t *parked)
{
    vipci_use u;
    vipc_error e = vipci_park_begin(self, cpu, parked);
    if (e == VIPC_OK && (!m || !info || (to.token && !reply))) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_begin(self, &u, from, VIPC_RIGHT_RECEIVE);
    if (e == VIPC_OK && to.token) e = vipc_reply(self, to, reply);
    return e == VIPC_OK || e == VIPC_ERR_CANCELLED ? vipc_park_receive(self, cpu, from, m, info, deadline, parked) : e;
}
/* Announce a call and queue its request.  CHANNEL_FULL and other errors: no call is under way. */
static vipc_error vipci_request(vipc *v, const vipci_use *u, const vipc_message *m)
{
    uint64_t word = 0;
    uint32_t link = 0;
    vipci_letter l = vipci_address(v, m, VIPCI_CALL);
    uint32_t lane = vipci_letter_lane(&l);
    uint64_t queue = vipci_load64(v, lane ? &u->o->urgent : &u->o->queue);
    vipc_error e = queue && !(queue >> 63) ? VIPC_OK : vipci_queue_make(v, u->o, u->then, lane, VIPC_FOREVER);
    if (e == VIPC_OK) e = vipci_call_start(v, u->o, &word);
    if (e != VIPC_OK) return e;
    if (vipci_waits_for_me(v, u->o)) return vipci_call_abort(v, word, VIPC_ERR_DEADLOCK);
    l.link = VIPCI_CALL_NUMBER(word);
    e = vipci_charge(v, u, &l);
    if (e != VIPC_OK) return vipci_call_abort(v, word, e);
    if (m->flags & VIPC_HAS_CAPABILITY) {
        e = vipci_pack(v, &l, (uint64_t)VIPCI_CALL_NUMBER(word) << 32 | (u->index + 1), VIPC_FOREVER, &link);
        l.link = link;
    }
    if (e == VIPC_OK)                                        /* what needs the lock says so at once: wait for it, and let it go */
        while ((e = vipci_send_paid(v, u, &l, VIPC_NOW)) == VIPC_ERR_RESOURCE_BUSY && vipci_lock(v, VIPC_FOREVER) == VIPC_OK) vipci_unlock(v);
    if (e == VIPC_OK) { vipci_count(v, VIPCI_CALLS); return e; }      /* ---- point of no return: it may be taken, and carried out ---- */
    vipci_unpack(v, link);
    vipci_refund(v, u, &l);
    return vipci_call_abort(v, word, e);
}
static vipc_error vipci_park_request(vipc *v, const vipc_cpu *cpu, const vipci_use *u, const vipc_message *m, vipc_time deadline, bool chosen, uint32_t *parked)
{
    vipc_time until = vipci_until(v, u, deadline);
    uint32_t lane = m->flags & VIPCI_MAY_URGENT;
    vipci_wait w = vipci_wait_for(v, vipci_room_kind(lane), u->index, vipci_room_flag(u->o, lane), 1, until);
    vipc_error e;
    w.chosen = chosen;
    while ((e = vipci_request(v, u, m)) == VIPC_ERR_CHANNEL_FULL && !(vipci_peek64(v, &u->o->shape) & VIPCI_FAILS)) {
        vipc_error b = vipci_may_park(v, &w);
        if (b != VIPC_OK) { e = b; break; }
        if (w.registered && vipci_park(v, &w, cpu)) { *parked = 1; return VIPC_ERR_WOULD_BLOCK; }
        if (!w.registered) vipci_register(v, &w);
    }
    vipci_wait_over(v, &w, u->o);
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
/* Until the call has an end.  OK: REPLIED or FAILED in *word. */
static vipc_error vipci_park_await(vipc *v, const vipc_cpu *cpu, vipc_time deadline, uint64_t *word, uint32_t *parked)
{
    vipci_wait w = vipci_wait_for(v, VIPCI_FOR_REPLY, v->view, NULL, 1, deadline);
    vipc_error e;
    for (;;) {
        *word = vipci_load64(v, &vipci_mine(v)->call);
        uint32_t state = VIPCI_CALL_STATE(*word);
        e = VIPC_OK;
        if (state == VIPCI_REPLIED || state == VIPCI_FAILED) break;
        e = VIPC_ERR_CORRUPT;
        if (state == VIPCI_IDLE || state > VIPCI_FAILED) break;
        e = vipci_may_park(v, &w);
        if (e != VIPC_OK) {
            if (vipci_call_withdraw(v)) break;
        } else if (!w.registered) {
            w.ticket = (v->parks++ << 1 & 0x3fffffff) | 1;   /* RACE 32 */
            vipci_register(v, &w);
        } else if (vipci_park(v, &w, cpu)) {
            *parked = 1;
            return VIPC_ERR_WOULD_BLOCK;
        }
    }
    vipci_unregister(v, &w);
    return e;
}
VIPC_API vipc_error vipc_park_call(vipc *self, const vipc_cpu *cpu, vipc_cap to, const vipc_message *request, vipc_message *reply, vipc_time deadline, uint32_t *parked)
{
    vipci_use u;
    uint64_t word = 0;
    vipc_error e = vipci_park_begin(self, cpu, parked);
    if (e != VIPC_OK) return e;
    if (VIPCI_CALL_STATE(vipci_load64(self, &vipci_mine(self)->call)) == VIPCI_IDLE) {
        u.index = 0;
        e = vipci_begin(self, &u, to, VIPC_RIGHT_SEND);
        if (e == VIPC_OK) e = reply && request ? vipci_flags_ok(request, 0) : VIPC_ERR_INVALID_ARGUMENT;
        if (e == VIPC_OK && deadline == VIPC_NOW) e = VIPC_ERR_WOULD_BLOCK;
        if (e == VIPC_OK && deadline != VIPC_FOREVER && !self->hooks->now) e = VIPC_ERR_NOT_SUPPORTED;
        bool chosen = vipci_resume(self, e == VIPC_OK ? vipci_room_kind(request->flags & VIPCI_MAY_URGENT) : VIPCI_FOR_NOTHING, u.index);
        if (e == VIPC_OK) e = vipci_park_request(self, cpu, &u, request, deadline, chosen, parked);
        if (e != VIPC_OK) return e;
    } else {
        (void)vipci_resume(self, VIPCI_FOR_NOTHING, 0);
        if (!reply) return VIPC_ERR_INVALID_ARGUMENT;
    }
    e = vipci_park_await(self, cpu, deadline, &word, parked);
    return e == VIPC_OK ? vipci_call_collect(self, word, reply, NULL) : e;
}
#endif

/* --------------------------------------------------------------------------------------------------- >>rights
 * The slow-path calls on capabilities, objects and names: check, lock, check again, change, commit, unlock. */
static vipc_error vipci_lock_with(vipc *v, vipc_cap cap, uint32_t type, uint32_t rights, vipc_time deadline, vipci_entry **e)
{
    vipc_error r = vipci_known(v);
    if (r == VIPC_OK) r = vipci_check_cap(v, cap, type, rights, e);
    if (r == VIPC_OK) r = vipci_lock(v, deadline);
    if (r != VIPC_OK) return r;
    r = vipci_check_cap(v, cap, type, rights, e);            /* it may have gone while this waited */
    if (r == VIPC_OK && !vipci_roots(v, (*e)->kind, (*e)->object)) r = VIPC_ERR_CORRUPT;
    if (r != VIPC_OK) vipci_unlock(v);
    return r;
}
static vipc_error vipci_find_process(const vipc *v, vipc_pid who, uint32_t *index)
{
    for (uint32_t i = 0; who.id && i < v->max_processes; i++)
        if (vipci_load64(v, &vipci_process_at(v, i)->pid) == who.id) { *index = i; return VIPC_OK; }
    return VIPC_ERR_PROCESS_NOT_FOUND;
}
/* What a child of `e` may be, by desc.  PERMISSION_DENIED for more than the parent has. */
static vipc_error vipci_attenuate(const vipci_entry *e, const vipc_derive_desc *desc, uint32_t *kind, uint64_t *badge)
{
    uint32_t rights = desc->rights ? desc->rights : e->kind & VIPCI_RIGHTS;
    *badge = desc->badge ? desc->badge : e->badge;
    if (rights > VIPC_RIGHT_ALL) return VIPC_ERR_INVALID_ARGUMENT;
    if ((rights & ~(e->kind & VIPCI_RIGHTS)) || (e->badge && *badge != e->badge)) return VIPC_ERR_PERMISSION_DENIED;
    *kind = (e->kind & 0xf00u) | rights;
    return VIPC_OK;
}
/* The end of a step that made e, if it went well so far. */
static VIPCI_COLD vipc_error vipci_hand_out(const vipc *v, vipc_error r, vipci_entry *e, vipc_cap *out)
{
    if (r != VIPC_OK) return vipci_fail(v, r);
    vipci_validate(v, e);
    const uint64_t token = e->token;
    vipci_commit(v);
    vipci_unlock(v);
    out->token = token;
    return VIPC_OK;
}
static vipc_error vipci_child(vipc *v, vipci_entry *from, const vipc_derive_desc *desc, vipci_process *holder, vipc_cap *out)
{
    uint32_t kind = 0;
    uint64_t badge = 0;
    vipci_entry *e = NULL;
    vipc_limits limits;
    vipc_error r = vipci_attenuate(from, desc, &kind, &badge);
    if (r == VIPC_OK) r = vipci_limits_narrow(v, from, desc, &limits);
    if (r == VIPC_OK) r = vipci_entry_new(v, kind, from->object, badge, vipci_link(v, from), holder, &e);
    if (r == VIPC_OK) r = vipci_limits_give(v, from, e, &limits);
    return vipci_hand_out(v, r, e, out);
}
/* to NULL: for the caller.  What lies with the caller is read before the lock is taken, and written after: to touch it may be a fault that needs the lock. */
static vipc_error vipci_derive(vipc *v, vipc_cap from, const vipc_pid *to, const vipc_derive_desc *desc, vipc_cap *out)
{
    vipci_entry *e;
    uint32_t index = v->process;
    vipc_derive_desc d = VIPC_INIT;
    if (desc) d = *desc;
    vipc_error r = vipci_lock_with(v, from, 0, to ? VIPC_RIGHT_GRANT : 0, VIPC_FOREVER, &e);
    if (r != VIPC_OK) return r;
    if (to) r = vipci_find_process(v, *to, &index);
    if (r == VIPC_OK && to && vipci_load32(v, &vipci_process_at(v, index)->state) != VIPCI_LIVE) r = VIPC_ERR_PROCESS_NOT_FOUND;
    if (r != VIPC_OK) return vipci_fail(v, r);
    return vipci_child(v, e, &d, vipci_process_at(v, index), out);
}
VIPC_API vipc_error vipc_derive(vipc *self, vipc_cap from, const vipc_derive_desc *desc, vipc_cap *out)
{
    return self && out ? vipci_derive(self, from, NULL, desc, out) : VIPC_ERR_INVALID_ARGUMENT;
}
VIPC_API vipc_error vipc_grant(vipc *self, vipc_cap from, vipc_pid to, const vipc_derive_desc *desc, vipc_cap *out)
{
    return self && out ? vipci_derive(self, from, &to, desc, out) : VIPC_ERR_INVALID_ARGUMENT;
}
#if !VIPC_NO_REGIONS
/* Mappings that were made by what goes: they are withdrawn, and flushed.  Those that an earlier call left behind, too. */
static vipc_error vipci_revoke_memory(vipc *v, vipci_entry *e, vipc_time deadline)
{
    vipci_object *o = vipci_object_at(v, e->object < v->max_objects ? e->object : 0);
    vipci_space *s = vipci_store_of(v, o);
    vipc_error r = VIPC_OK;
    vipci_map_rested(v);
    vipci_entry *next;
    uint32_t steps = 0;
    for (vipci_entry *m = vipci_linked(v, e->child); m && steps <= v->max_caps; m = next, steps++) {      /* the caller's own mappings are not what it takes back */
        const vipci_space *at = m->kind & VIPCI_MAPPED ? vipci_mapping_space(v, m) : NULL;
        next = vipci_linked(v, m->next);
        if (!at || at->object - 1 >= v->max_objects || vipci_object_at(v, at->object - 1)->owner != v->process + 1) continue;
        vipci_tree_remove(v, m);
        vipci_tree_insert(v, m, e->parent);
        vipci_commit(v);
    }
    vipci_prune(v, &e->child);
    if (s) {
        vipci_store_withdraw(v, o);
        r = vipci_store_flush(v, s, deadline);
    }
    vipci_finish_closing(v);
    vipci_unlock(v);
    return r == VIPC_ERR_CLOSED ? VIPC_OK : r;
}
#endif
VIPC_API vipc_error vipc_revoke(vipc *self, vipc_cap cap, vipc_time deadline)
{
    vipci_entry *e;
    vipc_error r = vipci_lock_with(self, cap, 0, VIPC_RIGHT_REVOKE, deadline, &e);
    if (r != VIPC_OK) return r == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_RESOURCE_BUSY : r;
    bool any = e->child != 0;
#if !VIPC_NO_REGIONS
    if (vipci_is_memory(VIPCI_TYPE(e->kind))) return vipci_revoke_memory(self, e, deadline);
#endif
    vipci_prune(self, &e->child);                      /* each step is final: a kill in between leaves the rest valid */
    if (any && vipci_is_object(e->kind)) {
        vipci_object *o = vipci_object_at(self, e->object);
        vipci_intend(self, vipci_at_object(e->object));
        if (vipci_state(vipci_load64(self, &o->state)) != 0) vipci_undo_uses(self, o);         /* RACE 8; CLOSING too: RACE 14 */
        vipci_wake_users(self, e->object);
        vipci_intend_nothing(self);
    }
    vipci_unlock(self);
    return VIPC_OK;
}
VIPC_API vipc_error vipc_close(vipc *self, vipc_cap cap)
{
    vipci_entry *e;
    vipc_error r = vipci_lock_with(self, cap, 0, VIPCI_ANY_AGE, VIPC_FOREVER, &e);
    if (r != VIPC_OK) return r;
    uint32_t object = e->object;
    bool is_object = vipci_is_object(e->kind);
    vipci_give_up_cap(self, e);
    if (is_object) {                                         /* another thread of ours may be asleep with it */
        vipci_intend(self, vipci_at_object(object));
        vipci_wake_users(self, object);
        vipci_intend_nothing(self);
    }
    vipci_unlock(self);
    return VIPC_OK;
}
VIPC_API vipc_error vipc_destroy(vipc *self, vipc_cap cap, vipc_time deadline)
{
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_check_cap(self, cap, 0, VIPC_RIGHT_DELETE, &e);
    if (r != VIPC_OK) return r;
    if (VIPCI_TYPE(vipci_peek32(self, &e->kind)) == VIPC_TYPE_PROCESS) return vipc_process_destroy(self, cap, NULL);
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_LOCK, 0, NULL, 1000, deadline);
    w.deaf = w.restless = true;                              /* who is inside leaves without a word */
    for (bool ended = false;; ended = true) {
        r = vipci_lock_with(self, cap, 0, VIPC_RIGHT_DELETE, deadline, &e);
        if (r == VIPC_ERR_INVALID_CAPABILITY && ended) return VIPC_OK;     /* somebody who swept has finished it */
        if (r != VIPC_OK) return r == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_RESOURCE_BUSY : r;
        vipci_object *o = vipci_object_at(self, e->object);
        vipci_object_end(self, o, false);                    /* ---- point of no return: closed for all ---- */
        bool freed = vipci_object_free(self, o);
#if !VIPC_NO_REGIONS
        if (!freed && vipci_store_of(self, o) && deadline != VIPC_NOW) {      /* somebody may still use a translation of it: he is asked */
            vipc_error paid = vipci_store_flush(self, vipci_store_of(self, o), deadline);
            if (paid == VIPC_OK || paid == VIPC_ERR_CLOSED) freed = vipci_store_of(self, o) == NULL || vipci_object_free(self, o);
            else if (paid == VIPC_ERR_TIMEOUT) { vipci_finish_closing(self); vipci_unlock(self); return paid; }
        }
#endif
        vipci_finish_closing(self);
        vipci_unlock(self);
        if (freed) return VIPC_OK;
        if (w.spun >= w.limit && !self->hooks->now) return VIPC_ERR_WOULD_BLOCK;
        uint32_t slept = w.slept;
        do r = vipci_pause(self, &w); while (r == VIPC_OK && w.spun >= w.limit && w.slept == slept);
        vipci_unregister(self, &w);
        if (r != VIPC_OK) return r == VIPC_ERR_NOT_SUPPORTED ? VIPC_ERR_WOULD_BLOCK : r;
        (void)vipc_sweep(self, NULL);                        /* or it is dead */
    }
}
static vipc_error vipci_object_create(vipc *self, uint32_t type, const char *label, uint32_t spin, uint64_t shape, vipc_cap *out)
{
    vipci_object *o = NULL;
    vipc_cap cap;
    char text[VIPC_LABEL_MAX + 1];
    vipci_label(text, label);
    vipc_error r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    r = vipci_object_new(self, type << 8 | VIPC_RIGHT_ALL, text, spin, shape, &o, &cap);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_commit(self);
    vipci_unlock(self);
    *out = cap;
    return VIPC_OK;
}
/* The shape word of a queue; 0: out of range. */
static uint64_t vipci_shape_of(uint32_t capacity, uint32_t payload_max, uint32_t full, uint32_t urgent)
{
    if (!capacity) capacity = 64;
    if (!urgent) urgent = 8;
    if (!VIPC_NO_URGENT && urgent > VIPC_URGENT_MAX) return 0;
    if (capacity > VIPC_CAPACITY_MAX || payload_max > VIPC_PAYLOAD_MAX || full > (uint32_t)(VIPC_NO_DROP ? VIPC_FULL_FAIL : VIPC_FULL_DROP_OLDEST)) return 0;
    return (uint64_t)payload_max << 32 | (full ? full == VIPC_FULL_FAIL ? VIPCI_FAILS : VIPCI_FAILS | VIPCI_DROPS : 0) | (VIPC_NO_URGENT ? 0 : urgent << 16) | capacity;
}
VIPC_API vipc_error vipc_endpoint_create(vipc *self, const vipc_endpoint_desc *desc, vipc_cap *out)
{
    static const vipc_endpoint_desc usual = VIPC_INIT;
    if (!desc) desc = &usual;
    uint64_t shape = vipci_shape_of(desc->capacity, desc->payload_max, desc->full, desc->urgent);
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    return out && shape ? vipci_object_create(self, VIPC_TYPE_ENDPOINT, desc->label, desc->spin, shape, out) : VIPC_ERR_INVALID_ARGUMENT;
}
VIPC_API vipc_error vipc_endpoint_bind(vipc *self, vipc_cap endpoint, vipc_pid only)
{
    vipci_entry *e;
    uint32_t index = 0;
    vipc_error r = vipci_lock_with(self, endpoint, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_BIND, VIPC_FOREVER, &e);
    if (r != VIPC_OK) return r;
    vipci_object *o = vipci_object_at(self, e->object);
    if (vipci_state(vipci_load64(self, &o->state)) != VIPCI_OPEN) r = VIPC_ERR_CLOSED;
    else if (o->bound) r = VIPC_ERR_ENDPOINT_BUSY;
    else r = vipci_find_process(self, only, &index);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_intend(self, vipci_at_object(e->object));
    (void)vipci_swap64(self, &o->bound, only.id);            /* ---- point of no return ---- */
    vipci_undo_claims(self, o);                              /* others' receives under way are undone, as by a revoke */
    vipci_wake_endpoint(self, e->object);
    vipci_intend_nothing(self);
    vipci_unlock(self);
    return VIPC_OK;
}
/* -------------------------------------------------------------------------------------------------- >>channel
 * Two endpoints that know each other: what is sent with one end's capability goes into the other end's queue, which that end receives from.  Each
 * keeps the other's state word of when it was open, generation and all, so an end that is gone, and perhaps another object by now, is told from its peer by
 * one comparison.  RACE 17 (closed between a receiver's look at the queue and its look at the other end): the end is asked after first; what was
 * sent before it closed is in the queue by then.  RACE 18 (a sender whose own end closes): asked after the claim, as in RACE 8; who closes an end undoes the
 * claims in both queues.  Tests: explore channel, channel_sleep; t_channel. */
#if !VIPC_NO_CHANNELS
VIPC_API vipc_error vipc_channel_create(vipc *self, const vipc_channel_desc *desc, vipc_cap *a, vipc_cap *b)
{
    vipc_channel_desc d = VIPC_INIT;
    char text[VIPC_LABEL_MAX + 1];
    if (desc) d = *desc;
    vipci_label(text, d.label);
    uint32_t kind = VIPC_TYPE_CHANNEL << 8 | VIPC_RIGHT_ALL;
    uint64_t shape = vipci_shape_of(d.capacity, d.payload_max, d.full, d.urgent);
    vipc_error r = vipci_known(self);
    vipci_object *one = NULL, *other = NULL;
    vipc_cap first, second;
    if (r != VIPC_OK) return r;
    if (!a || !b || a == b || !shape) return VIPC_ERR_INVALID_ARGUMENT;
    r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    r = vipci_object_new(self, d.one_way ? kind & ~(uint32_t)VIPC_RIGHT_RECEIVE : kind, text, d.spin, shape, &one, &first);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_commit(self);                                      /* nobody knows of it yet: if this goes no further, it goes with its only capability, or its owner */
    r = vipci_object_new(self, d.one_way ? kind & ~(uint32_t)VIPC_RIGHT_SEND : kind, text, d.spin, shape, &other, &second);
    if (r != VIPC_OK) {
        vipci_entry *e;
        vipci_rollback(self);
        if (vipci_check_cap(self, first, 0, 0, &e) == VIPC_OK) vipci_give_up_cap(self, e);
        vipci_unlock(self);
        return r;
    }
    vipci_set32(self, &one->peer, vipci_index(self, other) + 1);
    vipci_set64(self, &one->bound, other->state);
    vipci_set32(self, &other->peer, vipci_index(self, one) + 1);
    vipci_set64(self, &other->bound, one->state);
    vipci_set64(self, &vipci_d(self)->channels, vipci_d(self)->channels + 1);
    vipci_commit(self);                                      /* ---- point of no return ---- */
    vipci_unlock(self);
    *a = first;
    *b = second;
    return VIPC_OK;
}
#endif

/* --------------------------------------------------------------------------------------------------- >>notify
 * Notifications: an object without a queue; its bits are its `tail`.  And the wait for several things, which takes none of them.
 * RACE 16 (bits signalled between a look and a sleep): as RACE 2, with all sleepers chosen, because masks differ.  Tests: explore notify, any; t_notify. */
#if !VIPC_NO_NOTIFICATIONS
VIPC_API vipc_error vipc_notification_create(vipc *self, const char *label, vipc_cap *out)
{
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    return out ? vipci_object_create(self, VIPC_TYPE_NOTIFICATION, label, 0, 0, out) : VIPC_ERR_INVALID_ARGUMENT;
}
VIPC_API vipc_error vipc_signal(vipc *self, vipc_cap notification, uint64_t bits)
{
    vipci_use u;
    vipc_error e = vipci_begin_at(self, &u, notification, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND);
    if (e != VIPC_OK) return e;
    if (!bits) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_intend(self, vipci_at_object(u.index));
    if (!vipci_still(self, &u) || !vipci_set_bits(self, u.o, u.then, bits)) e = vipci_ended(self, u.o, u.then);
    vipci_intend_nothing(self);
    return e;
}
/* One look.  WOULD_BLOCK: none of them. */
static vipc_error vipci_take_bits(vipc *v, const vipci_use *u, uint64_t mask, uint64_t *bits)
{
    vipc_error e = VIPC_ERR_WOULD_BLOCK;
    vipci_intend(v, vipci_at_object(u->index));
    uint64_t now = vipci_load64(v, &u->o->tail);
    for (;;) {
        if (!vipci_still(v, u)) { e = vipci_ended(v, u->o, u->then); break; }
        if (!(now & mask)) break;
        if (vipci_cas64(v, &u->o->tail, now, now & ~mask)) { *bits = now & mask; e = VIPC_OK; break; }       /* ---- point of no return ---- */
        now = vipci_load64(v, &u->o->tail);
    }
    vipci_intend_nothing(v);
    return e;
}
VIPC_API vipc_error vipc_notification_wait(vipc *self, vipc_cap notification, uint64_t mask, uint64_t *bits, vipc_time deadline)
{
    vipci_use u;
    vipc_error e = vipci_begin_at(self, &u, notification, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_RECEIVE);
    if (e != VIPC_OK) return e;
    if (!mask || !bits) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_time until = vipci_until(self, &u, deadline);
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_MESSAGE, u.index, &u.o->receive_flag, 0, until);
    while ((e = vipci_take_bits(self, &u, mask, bits)) == VIPC_ERR_WOULD_BLOCK) {
        e = vipci_pause_and_sweep(self, &w);
        if (e != VIPC_OK) break;
    }
    vipci_wait_over(self, &w, u.o);
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
VIPC_API vipc_error vipc_process_watch(vipc *self, vipc_pid who, vipc_cap notification, uint64_t bits)
{
    vipci_entry *to, *e;
    uint32_t index = 0;
    vipc_error r = vipci_lock_with(self, notification, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND, VIPC_FOREVER, &to);
    if (r != VIPC_OK) return r;
    vipci_object *o = vipci_object_at(self, to->object);
    uint64_t state = vipci_load64(self, &o->state);
    if (!bits || who.id == 0 || who.id == self->pid || who.id > vipci_d(self)->next_pid) return vipci_fail(self, VIPC_ERR_INVALID_ARGUMENT);
    if (vipci_state(state) != VIPCI_OPEN) return vipci_fail(self, vipci_ended(self, o, state));
    if (vipci_find_process(self, who, &index) == VIPC_OK) {
        r = vipci_entry_new(self, VIPC_TYPE_PROCESS << 8 | VIPCI_WATCH, index, bits, 0, vipci_us(self), &e);
        if (r != VIPC_OK) return vipci_fail(self, r);
        vipci_set64(self, &e->place, state >> 8 << 24 | (to->object + 1));
        vipci_commit(self);
    } else {
        vipci_intend(self, vipci_at_object(to->object));
        (void)vipci_set_bits(self, o, state, bits);
        vipci_intend_nothing(self);
    }
    vipci_unlock(self);
    return VIPC_OK;
}

/* Could an operation go on here now?  WOULD_BLOCK: no; else what it would say. */
static vipc_error vipci_look_at_queue(vipc *v, const vipci_use *u, uint32_t lane, bool for_send)
{
    vipci_ring *r;
    vipci_walk k;
    vipc_error e = vipci_lane_open(v, u->o, lane, &r);
    if (e == VIPC_ERR_CHANNEL_EMPTY && for_send) return VIPC_OK;                 /* no queue yet */
    if (e == VIPC_ERR_CHANNEL_EMPTY || e == VIPCI_NEEDS_LOCK) return VIPC_ERR_WOULD_BLOCK;     /* vipc_trim wakes who saw its mark */
    if (e != VIPC_OK) return e;
    if (for_send) return vipci_count_phase(v, r, false) ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;
    k.at = vipci_peek64(v, vipci_head(r, u->o));
    k.whole = true;
    e = (k.at & (VIPCI_LAP - 1)) < r->capacity ? vipci_walk_past(v, r, &k) : VIPC_ERR_WOULD_BLOCK;
    if (e == VIPC_ERR_CHANNEL_EMPTY && !vipci_load64(v, vipci_behind(r, u->o))) return VIPC_ERR_WOULD_BLOCK;
    if (e != VIPC_ERR_CHANNEL_EMPTY && e != VIPC_ERR_WOULD_BLOCK) return e;
    return vipci_count_phase(v, r, true) ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;                  /* RACE 11, or things have moved */
}
static vipc_error vipci_look_at(vipc *v, const vipc_wait_item *item, vipci_use *u)
{
    bool notification = vipc_cap_type(item->object) == VIPC_TYPE_NOTIFICATION, for_send = item->for_send != 0;
    vipc_error drained;
    if (notification && for_send) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipci_begin_at(v, u, item->object, notification ? VIPC_TYPE_NOTIFICATION : VIPC_TYPE_ENDPOINT, for_send ? VIPC_RIGHT_SEND : VIPC_RIGHT_RECEIVE);
#if !VIPC_NO_LIMITS
    if (e == VIPC_OK && for_send && vipci_is_limited(v, u)) e = vipci_in_time(v, u->entry);        /* a send asks for the time later */
#endif
    if (e != VIPC_OK) return e;
    vipci_intend(v, vipci_at_object(u->index));
    if (!vipci_still(v, u)) e = vipci_ended(v, u->o, u->then);
    else if (notification) e = vipci_load64(v, &u->o->tail) ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;
    else {
        drained = vipci_drained(v, u);
        e = !for_send && vipci_bound_away(v, u) ? VIPC_ERR_PERMISSION_DENIED : VIPC_ERR_WOULD_BLOCK;       /* with or without a queue */
#if !VIPC_NO_URGENT
        if (e == VIPC_ERR_WOULD_BLOCK && !for_send && vipci_lane_shown(v, u->o)) e = vipci_look_at_queue(v, u, 1, false);
#endif
        if (e == VIPC_ERR_WOULD_BLOCK) e = vipci_look_at_queue(v, u, 0, for_send);
        if (e == VIPC_ERR_WOULD_BLOCK && drained != VIPC_OK) e = drained;        /* RACE 17 */
    }
    vipci_intend_nothing(v);
    return e;
}
/* Look at all; raise (opt): and have their flags up, for a sleep that follows another look.  *until: when the first of their capabilities expires, if that
 * is before. */
static bool vipci_look_at_all(vipc *v, vipc_wait_item *items, uint32_t count, uint32_t *set, bool raise, vipc_time *until)
{
    bool any = false;
    *set = 0;
    for (uint32_t i = 0; i < count; i++) {
        vipci_use u;
        vipc_error e = items[i].ready = vipci_look_at(v, &items[i], &u);
        any = any || e != VIPC_ERR_WOULD_BLOCK;
        if (e != VIPC_ERR_WOULD_BLOCK) continue;
        *set |= vipci_any_bit(u.index);
        *until = vipci_until(v, &u, *until);
        vipci_u64 *flag = items[i].for_send ? &u.o->send_flag : &u.o->receive_flag;
        for (uint64_t f = vipci_load64(v, flag); raise && !vipci_cas64(v, flag, f, vipci_raised(f, VIPCI_ASLEEP));) f = vipci_load64(v, flag);     /* W2 */
    }
    return any;
}
VIPC_API vipc_error vipc_wait_any(vipc *self, vipc_wait_item *items, uint32_t count, vipc_time deadline)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!items || !count) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_ANY, 0, NULL, 0, deadline);
    for (;;) {
        bool raise = w.registered && !w.raised;
        w.deadline = deadline;
        if (vipci_look_at_all(self, items, count, &w.index, raise, &w.deadline)) break;
        if (raise) { w.raised = true; continue; }            /* the second look */
        bool registered = w.registered;
        e = vipci_pause_and_sweep(self, &w);
        if (w.registered != registered) w.raised = false;
        if (e == VIPC_ERR_TIMEOUT && w.deadline != deadline) e = VIPC_OK;      /* it has expired, or was taken back meanwhile */
        if (e != VIPC_OK) break;
    }
    vipci_unregister(self, &w);
    return e;
}
#endif

/* -------------------------------------------------------------------------------------------------- >>waitset
 * Places, in the set's frames behind its marks.  A place holds its capability's token, 0 when free, and the state that the object had; it counts as long as
 * the object's watch word points to it, or the object has ended: that word is what the log guards, so a step that was rolled back leaves nothing but rubbish in
 * a free place.  RACE 26 (something comes while it is put in): first the flag says that somebody looks, then the watch word says who, then the place is marked.
 * RACE 27 (something comes while its mark is taken off): the mark goes first, then the look is repeated.  Tests: explore set, set_add; t_waitset. */
#if !VIPC_NO_NOTIFICATIONS
typedef struct vipci_place { vipci_u64 token, key, object, then, spare[4]; } vipci_place;      /* object: index | for_send << 32 */
VIPCI_ASSERT(place, sizeof(vipci_place) == 64);
static inline uint32_t vipci_set_capacity(const vipc *v, vipci_object *set) { return (uint32_t)(vipci_peek64(v, &set->shape) & 0xfff) - VIPCI_SET_HEAD; }
static inline vipci_place *vipci_place_at(vipci_marks *m, uint32_t i) { return (vipci_place *)(void *)(m + 1) + i; }
static inline vipci_u64 *vipci_watch_word(vipci_object *o, bool room) { return room ? &o->watch_room : &o->watch; }
/* Is this place taken, and by what?  NULL: it is free. */
static vipci_object *vipci_placed(const vipc *v, vipci_object *set, vipci_marks *m, uint32_t i, bool *room)
{
    vipci_place *p = vipci_place_at(m, i);
    uint64_t what = vipci_load64(v, &p->object);
    uint32_t index = (uint32_t)what;
    if (!vipci_load64(v, &p->token) || index >= v->max_objects) return NULL;
    vipci_object *o = vipci_object_at(v, index);
    *room = what >> 32 != 0;
    if (vipci_load64(v, vipci_watch_word(o, *room)) == vipci_watch_of(vipci_index(v, set), vipci_load64(v, &set->state), i)) return o;
    return vipci_load64(v, &o->state) == vipci_load64(v, &p->then) ? NULL : o;        /* ended: it stays until it is taken out */
}
VIPC_API vipc_error vipc_wait_set_create(vipc *self, uint32_t capacity, const char *label, vipc_cap *out)
{
    vipc_error r = vipci_known(self);
    vipci_object *o = NULL;
    vipc_cap cap;
    uint64_t first = 0, frames;
    if (r != VIPC_OK) return r;
    if (!capacity) capacity = 64;
    if (!out || capacity > VIPC_WAIT_SET_MAX) return VIPC_ERR_INVALID_ARGUMENT;
    char text[VIPC_LABEL_MAX + 1];
    vipci_label(text, label);
    r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    r = vipci_object_new(self, VIPC_TYPE_WAIT_SET << 8 | (VIPC_RIGHT_ALL & ~(uint32_t)VIPC_RIGHT_GRANT), text, 0, capacity + VIPCI_SET_HEAD, &o, &cap);
    if (r != VIPC_OK) return vipci_fail(self, r);
    frames = vipci_queue_frames(self, o->shape);
    r = vipci_take_frames(self, frames, &first);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_zero(vipci_frames_at(self, first, frames), frames << self->page_shift);
    vipci_after_commit(self, first, VIPCI_REDO_QUEUE | vipci_index(self, o));
    vipci_commit(self);                                      /* ---- point of no return ---- */
    vipci_unlock(self);
    *out = cap;
    return VIPC_OK;
}
/* Lock, with the set open and its frames at hand. */
static vipc_error vipci_lock_set(vipc *v, vipc_cap set, vipci_object **o, vipci_marks **m)
{
    vipci_entry *e;
    vipc_error r = vipci_lock_with(v, set, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_WRITE, VIPC_FOREVER, &e);
    if (r != VIPC_OK) return r;
    *o = vipci_object_at(v, e->object);
    *m = NULL;
    if (vipci_state((*o)->state) != VIPCI_OPEN) r = vipci_ended(v, *o, (*o)->state);
    else if ((*m = vipci_marks_of(v, *o)) == NULL) r = VIPC_ERR_CORRUPT;
    return r == VIPC_OK ? r : vipci_fail(v, r);
}
/* A free place; or why there is none for this object. */
static vipc_error vipci_find_place(const vipc *v, vipci_object *set, vipci_marks *m, vipci_object *o, bool for_send, uint32_t *place)
{
    uint64_t watch = vipci_load64(v, vipci_watch_word(o, for_send));
    uint32_t index = (uint32_t)(watch & 0xffffff) - 1;
    bool room;
    if (watch && index < v->max_objects) {
        uint64_t state = vipci_load64(v, &vipci_object_at(v, index)->state);
        if (vipci_state(state) == VIPCI_OPEN && (vipci_watch_of(index, state, 0) ^ watch) >> 36 == 0)
            return vipci_object_at(v, index) == set ? VIPC_ERR_EXISTS : VIPC_ERR_RESOURCE_BUSY;
    }
    for (uint32_t i = 0, n = vipci_set_capacity(v, set); i < n; i++)
        if (!vipci_placed(v, set, m, i, &room)) { *place = i; return VIPC_OK; }
    return VIPC_ERR_LIMIT;
}
VIPC_API vipc_error vipc_wait_set_add(vipc *self, vipc_cap set, const vipc_wait_item *item)
{
    vipci_object *s, *o;
    vipci_marks *m;
    vipci_use u;
    uint32_t place = 0;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!item) return VIPC_ERR_INVALID_ARGUMENT;
    const vipc_wait_item it = *item;
    r = vipci_lock_set(self, set, &s, &m);
    if (r != VIPC_OK) return r;
    bool for_send = it.for_send != 0;
    r = vipci_look_at(self, &it, &u);                       /* good enough to be waited for? */
    if (r == VIPC_ERR_WOULD_BLOCK) r = VIPC_OK;
    o = u.o;                                                 /* the queue in question: of a channel, sending, the other end's */
    if (r == VIPC_OK) r = vipci_find_place(self, s, m, o, for_send, &place);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_place *p = vipci_place_at(m, place);
    vipci_u64 *flag = for_send ? &o->send_flag : &o->receive_flag;
    vipci_intend(self, vipci_at_object(vipci_index(self, s)));
    vipci_store64(self, &p->key, it.key);
    vipci_store64(self, &p->object, (uint64_t)for_send << 32 | u.index);
    vipci_store64(self, &p->then, u.then);
    vipci_store64(self, &p->token, it.object.token);
    for (uint64_t f = vipci_load64(self, flag); !vipci_cas64(self, flag, f, vipci_raised(f, VIPCI_LOOKED_AT));) f = vipci_load64(self, flag);    /* RACE 26 */
    vipci_u64 *watch = vipci_watch_word(o, for_send);
    (void)vipci_log(self, watch, *watch, 1);
    (void)vipci_swap64(self, watch, vipci_watch_of(vipci_index(self, s), s->state, place));
    vipci_commit(self);                                      /* ---- point of no return ---- */
    vipci_tell_set(self, o, for_send ? VIPCI_FOR_ROOM : VIPCI_FOR_MESSAGE);
    vipci_intend_nothing(self);
    vipci_unlock(self);
    return VIPC_OK;
}
static void vipci_take_out(const vipc *v, vipci_object *set, vipci_marks *m, uint32_t i)
{
    bool room = false;
    vipci_object *o = vipci_placed(v, set, m, i, &room);
    if (!o) return;
    vipci_u64 *watch = vipci_watch_word(o, room);
    if (vipci_load64(v, watch) == vipci_watch_of(vipci_index(v, set), vipci_load64(v, &set->state), i)) vipci_look_away(v, watch, room ? &o->send_flag : &o->receive_flag);
    vipci_store64(v, &vipci_place_at(m, i)->token, 0);
}
VIPC_API vipc_error vipc_wait_set_remove(vipc *self, vipc_cap set, vipc_cap object)
{
    vipci_object *s;
    vipci_marks *m;
    bool found = false, room;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_lock_set(self, set, &s, &m);
    if (r != VIPC_OK) return r;
    for (uint32_t i = 0, n = vipci_set_capacity(self, s); object.token && i < n; i++) {
        if (vipci_load64(self, &vipci_place_at(m, i)->token) != object.token || !vipci_placed(self, s, m, i, &room)) continue;
        vipci_take_out(self, s, m, i);
        found = true;
    }
    vipci_unlock(self);
    return found ? VIPC_OK : VIPC_ERR_NOT_FOUND;
}

/* The lowest bit that is set; not 0.  By halves: where there is no instruction for it a compiler would ask for a library's function. */
static inline uint32_t vipci_lowest(uint64_t bits)
{
    uint32_t n = 0;
    for (uint32_t half = 32; half; half /= 2)
        if (!(bits & (((uint64_t)1 << half) - 1))) { bits >>= half; n += half; }
    return n;
}
/* How does the thing in this place stand?  Leaves the intent at the set.  WOULD_BLOCK: not ready, or nothing there. */
static vipc_error vipci_look_at_place(vipc *v, const vipci_use *set, vipci_marks *m, uint32_t i, vipc_wait_item *item)
{
    vipci_use u;
    bool room = false;
    vipci_place *p = vipci_place_at(m, i);
    if (!vipci_placed(v, set->o, m, i, &room)) return VIPC_ERR_WOULD_BLOCK;
    item->object.token = vipci_load64(v, &p->token);
    item->key = vipci_load64(v, &p->key);
    item->for_send = room;
    item->ready = vipci_look_at(v, item, &u);
    vipci_intend(v, vipci_at_object(set->index));
    return item->ready;
}
/* One round over the marks. */
static vipc_error vipci_look_at_set(vipc *v, const vipci_use *set, vipc_wait_item *ready, uint32_t room, uint32_t *count)
{
    uint32_t n = 0, from = (uint32_t)(vipci_peek64(v, &set->o->head) & (VIPC_WAIT_SET_MAX - 1)), capacity = vipci_set_capacity(v, set->o);
    vipc_error e = VIPC_OK;
    vipci_intend(v, vipci_at_object(set->index));
    vipci_marks *m = vipci_still(v, set) ? vipci_marks_of(v, set->o) : NULL;
    if (!m) e = vipci_still(v, set) ? VIPC_ERR_CORRUPT : vipci_ended(v, set->o, set->then);
    uint64_t summary = m ? vipci_load64(v, &m->summary) : 0;
    for (uint32_t k = 0; m && k <= 16 && n < room; k++) {    /* from the place where the last round ended, once around: its word comes twice */
        uint32_t w = (from / 64 + k) & 15;
        if (!(summary >> w & 1)) continue;
        uint64_t marked = vipci_load64(v, &m->word[w]), part = ~(uint64_t)0 << (from & 63);
        if (k == 0) marked &= part;
        if (k == 16) marked &= ~part;
        for (; m && marked && n < room; marked &= marked - 1) {
            uint32_t i = w * 64 + vipci_lowest(marked);
            if (i >= capacity) continue;
            if (vipci_look_at_place(v, set, m, i, &ready[n]) == VIPC_ERR_WOULD_BLOCK) {
                vipci_unmark(v, m, i);
                if (!vipci_still(v, set)) break;
                if (vipci_look_at_place(v, set, m, i, &ready[n]) == VIPC_ERR_WOULD_BLOCK) continue;      /* RACE 27 */
                vipci_mark(v, m, i);
            }
            if (!vipci_still(v, set)) { m = NULL; break; }   /* the look was made without its pin */
            n++;
            vipci_poke64(v, &set->o->head, i + 1);
        }
        if (m && !vipci_still(v, set)) m = NULL;
    }
    if (e == VIPC_OK && !m) e = vipci_ended(v, set->o, set->then);
    vipci_intend_nothing(v);
    *count = n;
    return e != VIPC_OK ? e : n ? VIPC_OK : VIPC_ERR_WOULD_BLOCK;
}
/* Nothing was ready, and the caller polls: quiet the bell, say that it is to be rung, and look once more. */
static vipc_error vipci_arm(vipc *v, const vipci_use *set, vipc_wait_item *ready, uint32_t room, uint32_t *count)
{
    uint64_t bell = vipci_load64(v, &set->o->bound);
    if (!bell || !v->hooks->bell) return VIPC_ERR_WOULD_BLOCK;
    v->hooks->bell(v->hooks->user, bell, 0);
    (void)vipci_swap64(v, &set->o->tail, 1);
    return vipci_look_at_set(v, set, ready, room, count);
}
VIPC_API vipc_error vipc_wait_set_wait(vipc *self, vipc_cap set, vipc_wait_item *ready, uint32_t room, uint32_t *count, vipc_time deadline)
{
    vipci_use u;
    uint32_t n = 0;
    vipc_error e = vipci_begin_at(self, &u, set, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_RECEIVE);
    if (e != VIPC_OK) return e;
    if (!ready || !room || !count) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_time until = vipci_until(self, &u, deadline);
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_MESSAGE, u.index, &u.o->receive_flag, 0, until);
    while ((e = vipci_look_at_set(self, &u, ready, room, &n)) == VIPC_ERR_WOULD_BLOCK) {
        if (deadline == VIPC_NOW) { e = vipci_arm(self, &u, ready, room, &n); break; }
        e = vipci_pause_and_sweep(self, &w);
        if (e != VIPC_OK) break;
        if (!w.look_for_deaths) continue;                    /* a slice is over: somebody may stand still between a send and its mark */
        vipci_intend(self, vipci_at_object(u.index));
        if (vipci_still(self, &u)) vipci_mark_all(self, u.o);
    }
    vipci_wait_over(self, &w, u.o);
    if (e == VIPC_OK) *count = n;
    return e == VIPC_ERR_TIMEOUT && until != deadline ? VIPC_ERR_INVALID_CAPABILITY : e;
}
VIPC_API vipc_error vipc_wait_set_bell(vipc *self, vipc_cap set, uint64_t bell)
{
    vipci_object *s;
    vipci_marks *m;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK && !self->hooks->bell) r = VIPC_ERR_NOT_SUPPORTED;
    if (r == VIPC_OK) r = vipci_lock_set(self, set, &s, &m);
    if (r != VIPC_OK) return r;
    (void)vipci_swap64(self, &s->bound, bell);
    (void)vipci_swap64(self, &s->tail, 1);                   /* as if WOULD_BLOCK had been said */
    vipci_mark_all(self, s);
    vipci_unlock(self);
    return VIPC_OK;
}
#endif

#if !VIPC_NO_SPACES
/* -------------------------------------------------------------------------------------------------- >>memory
 * Operations on spaces, over >>regions, >>pages and >>spaces.  Each checks everything, then goes on in steps none of which can fail; what may fail in the
 * middle (frames, hook page_map) is taken back by further steps.  Everything that is read from a space's record comes from shared memory: sizes and addresses
 * are compared with it, never used as indices of memory. */
VIPC_API vipc_error vipc_prot_to_page_flags(uint32_t prot, uint64_t *flags)
{
    if (!flags || (prot & ~7u)) return VIPC_ERR_INVALID_ARGUMENT;
    *flags = !prot ? 0 : (VIPC_PAGE_PRESENT | VIPC_PAGE_USER) | (prot & VIPC_PROT_WRITE ? VIPC_PAGE_WRITABLE : 0)
                         | (prot & VIPC_PROT_EXEC ? 0 : VIPC_PAGE_NO_EXECUTE);
    return VIPC_OK;
}
VIPC_API bool vipc_range_make(vipc_addr start, uint64_t size, vipc_addr *end)
{
    vipc_addr e = start;
    if (!size || !vipci_add(&e, size)) return false;
    if (end) *end = e;
    return true;
}
VIPC_API uint64_t vipc_region_size(const vipc_space_region *r) { return r && r->end > r->start ? r->end - r->start : 0; }
VIPC_API bool vipc_region_contains(const vipc_space_region *r, vipc_addr at) { return r && at >= r->start && at < r->end; }
VIPC_API bool vipc_region_overlaps(const vipc_space_region *a, const vipc_space_region *b)
{
    return a && b && a->start < a->end && b->start < b->end && a->start < b->end && b->start < a->end;
}
VIPC_API uint64_t vipc_stack_usable(const vipc_stack *s)
{
    return s && s->top > s->bottom && s->top - s->bottom > s->guard ? s->top - s->bottom - s->guard : 0;
}
VIPC_API bool vipc_stack_contains(const vipc_stack *s, vipc_addr at) { return vipc_stack_usable(s) && at < s->top && at >= s->bottom + s->guard; }
VIPC_API bool vipc_stack_in_guard(const vipc_stack *s, vipc_addr at) { return vipc_stack_usable(s) && at >= s->bottom && at - s->bottom < s->guard; }

static void vipci_tell_region(const vipci_area *r, vipc_space_region *out)
{
    out->start = r->start;
    out->end = r->end;
    out->type = VIPCI_R_TYPE(r->a);
    out->prot = VIPCI_R_PROT(r->a);
    out->flags = r->a & VIPCI_R_SHARED ? VIPC_MAP_SHARED : VIPC_MAP_PRIVATE;
    out->cache = VIPCI_R_CACHE(r->a);
    out->guard = (r->a & VIPCI_R_GUARD) != 0;
    out->growth = (r->a & VIPCI_R_GROWTH) != 0;
    out->leaving = (r->a & VIPCI_R_LEAVING) != 0;
    out->physical = vipci_is_device(r) ? r->b : 0;
}
/* The lock, and the space that `cap` names; none: the process's own.  The way of every fault: the usual case of each step stands here. */
static VIPCI_HERE vipc_error vipci_space_lock(vipc *v)
{
    vipci_domain *d = vipci_d(v);
    if (VIPCI_LIKELY(vipci_load64(v, &d->lock) == 0 && vipci_cas64(v, &d->lock, 0, vipci_lock_word(v)))) {
        if (VIPCI_LIKELY(!d->log_count && !d->redo_count)) return VIPC_OK;
        vipci_unlock(v);                                     /* somebody died in between: the long way */
    }
    return vipci_lock(v, VIPC_FOREVER);
}
static vipc_error vipci_space_begin(vipc *v, vipc_cap cap, uint32_t rights, vipci_space **s)
{
    vipci_entry *e;
    vipc_error r = vipci_known(v);
    if (r != VIPC_OK) return r;
    if (!cap.token) cap.token = vipci_load64(v, &vipci_us(v)->space);
    if (!v->hooks->space_create) return VIPC_ERR_NOT_SUPPORTED;
    vipci_map_rested(v);
    r = vipci_space_lock(v);
    if (r != VIPC_OK) return r;
    r = vipci_check_cap(v, cap, VIPC_TYPE_SPACE, rights, &e);
    if (VIPCI_LIKELY(r == VIPC_OK)) {
        uint32_t i = vipci_peek32(v, &e->object);
        vipci_object *o = vipci_object_at(v, i < v->max_objects ? i : 0);
        *s = vipci_space_of(v, o);
        if (VIPCI_LIKELY(*s && vipci_state(vipci_peek64(v, &o->state)) == VIPCI_OPEN)) return VIPC_OK;
        r = *s ? VIPC_ERR_CLOSED : VIPC_ERR_CORRUPT;
    }
    vipci_unlock(v);
    return r;
}
/* The lock was let go for a while.  Does the capability still stand, for this space?  Errors of vipci_space_begin. */
static vipc_error vipci_space_still(const vipc *v, vipc_cap cap, uint32_t rights, const vipci_space *s)
{
    vipci_entry *e;
    if (!cap.token) cap.token = vipci_load64(v, &vipci_us(v)->space);
    vipc_error r = vipci_check_cap(v, cap, VIPC_TYPE_SPACE, rights, &e);
    if (r != VIPC_OK) return r;
    const uint32_t i = vipci_peek32(v, &e->object);
    vipci_object *o = vipci_object_at(v, i < v->max_objects ? i : 0);
    return vipci_space_of(v, o) == s && vipci_state(vipci_peek64(v, &o->state)) == VIPCI_OPEN ? VIPC_OK : VIPC_ERR_CLOSED;
}
static vipc_error vipci_space_end(vipc *v, vipc_error e)
{
    if (!VIPC_NO_REGIONS && !VIPCI_LIKELY(vipci_d(v)->unfinished == 0)) vipci_finish_closing(v);
    vipci_unlock(v);
    return e;
}
/* The region around `at`, the one of last time if it still is; NULL: none.  It stays until the next such question. */
static inline const vipci_area *vipci_region_near(vipc *v, const vipci_space *s, uint64_t at)
{
    vipci_near *n = (vipci_near *)(void *)&v->near;
    if (n->version == s->version && at - n->r.start < n->r.end - n->r.start) return &n->r;
    if (n->version != s->version) n->leaf = NULL;
    n->version = s->version;
    if (vipci_region_at(v, s, at, &n->r) && n->r.start <= at) return &n->r;
    n->r.start = n->r.end = 0;
    return NULL;
}
/* The leaf above `page`, after vipci_region_near; NULL: there is none. */
static inline vipci_u64 *vipci_leaf_near(vipc *v, const vipci_space *s, uint64_t page, uint64_t *frame)
{
    vipci_near *n = (vipci_near *)(void *)&v->near;
    const uint64_t first = page & ~(vipci_map_span(v, 0) - 1);
    if (!n->leaf || n->first != first) {
        n->leaf = (unsigned char *)vipci_map_node(v, s, page, 0, &n->frame);
        n->first = first;
    }
    *frame = n->frame;
    return (vipci_u64 *)(void *)n->leaf;
}
/* [at, *end) of whole pages, within the space. */
static vipc_error vipci_range(const vipc *v, const vipci_space *s, uint64_t at, uint64_t size, uint64_t *end)
{
    uint64_t low = vipci_page_size(v) - 1, e = at;
    if (!size || (at & low) || size > ~low || !vipci_add(&e, (size + low) & ~low) || at < s->start || e > s->end) return VIPC_ERR_INVALID_ARGUMENT;
    *end = e;
    return VIPC_OK;
}
static vipc_error vipci_prot_ok(const vipci_space *s, uint32_t prot)
{
    if (prot & ~7u) return VIPC_ERR_INVALID_ARGUMENT;
    return (prot & VIPC_PROT_WRITE) && (prot & VIPC_PROT_EXEC) && !s->write_execute ? VIPC_ERR_PERMISSION_DENIED : VIPC_OK;
}
static bool vipci_is_free(const vipc *v, const vipci_space *s, uint64_t at, uint64_t end)
{
    vipci_area r;
    return !vipci_region_at(v, s, at, &r) || r.start >= end;
}
/* Is all of [at, end) mapped?  NOT_FOUND; PERMISSION_DENIED: there is one with a bit of `never`. */
static vipc_error vipci_covered(const vipc *v, const vipci_space *s, uint64_t at, uint64_t end, uint64_t never)
{
    vipci_area r;
    for (; at < end; at = r.end) {
        if (!vipci_region_at(v, s, at, &r) || r.start > at || (r.a & VIPCI_R_LEAVING)) return VIPC_ERR_NOT_FOUND;
        if (r.a & never) return VIPC_ERR_PERMISSION_DENIED;
    }
    return VIPC_OK;
}
static vipc_error vipci_region_add(const vipc *v, vipci_space *s, uint64_t start, uint64_t end, uint64_t a, uint64_t b)     /* a step */
{
    vipci_area r = { start, end, a, b };
    return vipci_step_end(v, vipci_region_insert(v, s, &r));
}
static vipc_error vipci_region_alter(const vipc *v, vipci_space *s, const vipci_area *r, uint64_t a)        /* a step */
{
    vipci_area to = *r;
    to.a = a;
    return vipci_step_end(v, vipci_region_change(v, s, r->start, &to));
}
/* A border between regions at `at`, if there is one around it; a step. */
static vipc_error vipci_split(const vipc *v, vipci_space *s, uint64_t at)
{
    vipci_area r, low, high;
    if (!vipci_region_at(v, s, at, &r) || r.start >= at) return VIPC_OK;
    low = high = r;
    low.end = high.start = at;
    if (vipci_is_device(&r)) high.b += at - r.start;
    if (vipci_is_backed(&r)) high.b += (at - r.start) >> v->page_shift;
    vipc_error e = vipci_region_change(v, s, r.start, &low);
    if (e == VIPC_OK) e = vipci_region_insert(v, s, &high);
    if (vipci_is_backed(&r)) vipci_piece_more(v, r.b);
    if (r.a & VIPCI_R_LEAVING) vipci_set32(v, &s->leaving, s->leaving + 1);
    return vipci_step_end(v, e);
}
static bool vipci_alike(const vipc *v, const vipci_area *low, const vipci_area *high)
{
    if (low->end != high->start || low->a != high->a || VIPCI_R_TYPE(low->a) == VIPC_REGION_STACK) return false;
    if (low->a & (VIPCI_R_GUARD | VIPCI_R_GROWTH | VIPCI_R_LEAVING)) return false;
    const uint64_t size = low->end - low->start;
    return high->b == low->b + (vipci_is_device(low) ? size : vipci_is_backed(low) ? size >> v->page_shift : 0);
}
/* Make one of neighbours in [at, end), and around it, that are alike; a step each. */
static void vipci_merge(const vipc *v, vipci_space *s, uint64_t at, uint64_t end)
{
    vipci_area low, high;
    if (!vipci_region_below(v, s, at, &low) && !vipci_region_at(v, s, at, &low)) return;
    while (low.start < end && vipci_region_at(v, s, low.end, &high) && high.start <= end) {
        if (vipci_alike(v, &low, &high)) {
            vipc_error e = vipci_region_remove(v, s, high.start);
            if (vipci_is_backed(&low)) vipci_piece_less(v, low.b);
            high.start = low.start;
            high.b = low.b;
            if (e == VIPC_OK) e = vipci_region_change(v, s, low.start, &high);
            if (vipci_step_end(v, e) != VIPC_OK) return;
        }
        low = high;
    }
}
/* How many regions more there are for a moment when [at, end) is cut out. */
static uint32_t vipci_cuts(const vipc *v, const vipci_space *s, uint64_t at, uint64_t end)
{
    vipci_area r;
    uint32_t n = vipci_region_at(v, s, at, &r) && r.start < at;
    return n + (vipci_region_at(v, s, end, &r) && r.start < end);
}
/* [at, end) is nobody's from here on, and the break is at brk, which changes with it.  LIMIT, before anything changed; CLOSED: the space has ended; else
 * vipci_settle has to follow. */
static vipc_error vipci_unmap(vipc *v, vipci_space *s, uint64_t at, uint64_t end, uint64_t brk)
{
    vipci_area r;
    const uint64_t number = s->number, owed_at = s->owed_at, owed_end = s->owed_end;
    bool seen = s->leaving != 0;
    vipc_error e = vipci_regions_room(v, s, vipci_cuts(v, s, at, end));
    if (e == VIPC_OK) e = vipci_split(v, s, at);
    if (e == VIPC_OK) e = vipci_split(v, s, end);
    if (e != VIPC_OK) { vipci_merge(v, s, at, end); return e; }
    bool any = false;                                        /* that is not leaving yet */
    for (uint64_t from = at; !(seen && any) && vipci_region_at(v, s, from, &r) && r.start < end; from = r.end) {
        any = any || !(r.a & VIPCI_R_LEAVING);
        seen = seen || vipci_area_seen(v, s, &r);
    }
    if (seen && any) {
        vipci_owe(v, s, at, end);
        vipci_commit(v);
    }
    vipci_set64(v, &s->brk, brk);                            /* in one step with the first region that leaves */
    for (uint64_t from = at; vipci_region_at(v, s, from, &r) && r.start < end; from = r.end) {
        if (r.a & VIPCI_R_LEAVING) continue;
        if (seen) vipci_narrow(v, s, &r, VIPC_PROT_NONE);
        else vipci_owe(v, s, r.start, r.end);                /* nobody has seen it; but who is killed leaves it to others */
        vipci_set32(v, &s->leaving, s->leaving + 1);
        (void)vipci_region_alter(v, s, &r, r.a | VIPCI_R_LEAVING);
    }
    vipci_commit(v);
    if (!seen && vipci_reap_space(v, s, at, end)) {          /* no flush is due for that */
        vipci_set64(v, &s->owed_at, owed_at);
        vipci_set64(v, &s->owed_end, owed_end);
        vipci_commit(v);
    }
    return s->number == number ? VIPC_OK : VIPC_ERR_CLOSED;
}

/* -- pages -- */
typedef struct vipci_spot { uint64_t at, page, frame; vipci_u64 *leaf; uint32_t slot; } vipci_spot;      /* a page of a space; the leaf with its entry, and in
                                                                                                          * which frame that is */
static inline uint64_t vipci_spot_entry(const vipci_spot *p) { return p->leaf ? p->leaf[p->slot] : 0; }
static inline void vipci_spot_set(const vipc *v, const vipci_spot *p, uint64_t entry) { vipci_set_far(v, p->frame, p->leaf, p->slot, entry); }
static inline vipci_spot vipci_spot_at(const vipc *v, const vipci_space *s, uint64_t at)       /* without a leaf */
{
    uint64_t page = vipci_page_of(v, s, at);
    vipci_spot p = { vipci_page_at(v, s, page), page, 0, NULL, vipci_map_slot(v, page, 0) };
    return p;
}
static inline void vipci_count_fault(const vipc *v, vipci_space *s, uint32_t kind)        /* a statistic: not logged */
{
    vipci_poke64(v, &s->faults[kind], s->faults[kind] + 1);
}
/* A zeroed frame for a page that has none.  Nothing has changed on an error. */
static VIPCI_HERE vipc_error vipci_give_page_here(const vipc *v, vipci_space *s, vipci_spot *p, uint64_t flags)
{
    uint64_t frame = 0;
    void *at = NULL;
    vipc_error e = p->leaf ? VIPC_OK : vipci_map_make(v, s, p->page, &p->leaf, &p->frame);
    if (e == VIPC_OK) e = vipci_ask_page(v, &frame, &at);
    if (!VIPCI_LIKELY(e == VIPC_OK)) {
        vipci_rollback(v);
        vipci_map_prune(v, s, p->page);
        return e;
    }
    vipci_zero_frame(at, vipci_page_size(v));
    vipci_put_page(v, frame, p->frame, p->leaf, p->slot, VIPCI_ENTRY(frame, flags), &s->pages, s->pages + 1, NULL);
    vipci_commit(v);
    return VIPC_OK;
}
static vipc_error vipci_give_page(const vipc *v, vipci_space *s, vipci_spot *p, uint64_t flags) { return vipci_give_page_here(v, s, p, flags); }
static VIPCI_COLD void vipci_take_page_back(const vipc *v, vipci_space *s, const vipci_spot *p)
{
    uint64_t entry = vipci_spot_entry(p);
    vipci_spot_set(v, p, 0);
    vipci_release_page(v, VIPCI_ENTRY_FRAME(entry));
    vipci_set64(v, &s->pages, s->pages - 1);
    vipci_commit(v);
    vipci_map_prune(v, s, p->page);
}
/* A frame of its own for a page whose frame others have.  Its translation goes first, and is flushed if that needs no waiting; else the old frame goes to
 * limbo, and vipci_settle has to follow, before anybody gets a translation of the copy.  No debt may be open: by an old translation, which may be one to
 * write, the original would go on changing.  Nothing has changed on an error. */
static VIPCI_HERE vipc_error vipci_copy_page_here(const vipc *v, vipci_space *s, const vipci_spot *p, uint64_t flags)
{
    const uint64_t entry = vipci_spot_entry(p), old = VIPCI_ENTRY_FRAME(entry);
    uint64_t frame = 0;
    void *to = NULL;
    bool owed = false;
    const void *from = old < v->max_frames && *vipci_refs_at(v, old) > 1 ? vipci_frames_at(v, old, 1) : NULL;
    if (!from) return VIPC_ERR_CORRUPT;
    if (entry & VIPCI_SEEN) {
        v->hooks->page_unmap(v->hooks->user, s->root, p->at, 1);
        owed = vipci_flush(v, s->root, p->at, 1, VIPC_NOW) != VIPC_OK;
    }
    vipc_error e = vipci_ask_page(v, &frame, &to);
    if (e != VIPC_OK) { vipci_rollback(v); return e; }
    vipci_copy_frame(to, from, vipci_page_size(v));
    vipci_put_page(v, frame, p->frame, p->leaf, p->slot, VIPCI_ENTRY(frame, flags), &s->shared, s->shared - 1, owed ? NULL : vipci_refs_at(v, old));
    if (owed) {
        vipci_set64(v, &s->limbo, old + 1);
        vipci_owe(v, s, p->at, p->at + vipci_page_size(v));
    }
    vipci_commit(v);
    return VIPC_OK;
}
static vipc_error vipci_copy_page(const vipc *v, vipci_space *s, const vipci_spot *p, uint64_t flags) { return vipci_copy_page_here(v, s, p, flags); }
/* Hook page_map failed after that: back to the old frame, which others have still. */
static VIPCI_COLD void vipci_uncopy_page(const vipc *v, vipci_space *s, const vipci_spot *p, uint64_t was)
{
    const uint64_t entry = vipci_spot_entry(p);
    if (s->limbo == VIPCI_ENTRY_FRAME(was) + 1) vipci_set64(v, &s->limbo, 0);
    else if (vipci_retain_page(v, VIPCI_ENTRY_FRAME(was)) != VIPC_OK) { vipci_rollback(v); return; }
    vipci_spot_set(v, p, was);
    vipci_set64(v, &s->shared, s->shared + 1);
    vipci_release_page(v, VIPCI_ENTRY_FRAME(entry));
    vipci_commit(v);
}
/* The only one that has this frame: from now on it may be written. */
static void vipci_keep_page(const vipc *v, vipci_space *s, const vipci_spot *p, uint64_t flags)
{
    vipci_spot_set(v, p, (vipci_spot_entry(p) & ~(uint64_t)VIPCI_COW) | flags);
    vipci_set64(v, &s->shared, s->shared - 1);
    vipci_commit(v);
}

/* -- faults -- */
/* A flush is owed: pay, and look again (*kind: 0).  RACE 39 (a write that is seen before an earlier one): a thread of a space that is just being cloned gets
 * no page of its own to write to while another page can still be written to by a translation from before; else the clone would have its second write and not
 * its first.  Nor does anybody get a translation of a copy while another thread may still read the original: it would see what is written there later, and
 * elsewhere what was written after that.  Nor is there room for a second frame in limbo.  Tests: t_space a_clone_is_of_one_moment; t_spaceedges
 * nobody_sees_a_copy_while_another_sees_the_original. */
static VIPCI_COLD vipc_error vipci_fault_later(vipc *v, vipci_space *s, uint32_t *kind)
{
    *kind = 0;
    return vipci_settle(v, s, VIPC_FOREVER);
}
/* A write to a page that others may have. */
static VIPCI_APART vipc_error vipci_break_cow(vipc *v, vipci_space *s, const vipci_area *r, const vipci_spot *p, uint32_t *kind)
{
    const uint64_t was = vipci_spot_entry(p);
    vipc_error e;
    if (vipci_sole(v, was)) {
        *kind = VIPC_FAULT_MADE_WRITABLE;
        vipci_keep_page(v, s, p, VIPCI_SEEN);
        return vipci_page_map(v, s, p->at, VIPCI_ENTRY_FRAME(was), 1, VIPCI_R_PROT(r->a), VIPCI_R_CACHE(r->a));
    }
    *kind = VIPC_FAULT_COPIED;
    e = vipci_copy_page_here(v, s, p, VIPCI_SEEN);
    if (e != VIPC_OK) return e;
    const uint64_t number = s->number, version = s->version, entry = vipci_spot_entry(p);
    const bool waits = s->limbo != 0;
    if (waits) {                                             /* nobody gets the copy while another may still see the original */
        v->near.version = 0;                                 /* as in vipci_fault_later, unless it comes to the end of this */
        e = vipci_settle(v, s, VIPC_FOREVER);
        if (e != VIPC_OK || s->number != number || s->version != version || s->owed_end || vipci_spot_entry(p) != entry) return e;      /* the next fault goes on */
    }
    e = vipci_page_map(v, s, p->at, VIPCI_ENTRY_FRAME(entry), 1, VIPCI_R_PROT(r->a), VIPCI_R_CACHE(r->a));
    if (waits && e == VIPC_OK) v->near.version = version;
    if (e == VIPC_OK || waits) return VIPC_OK;               /* it has its copy, and who else had the original may have let go of that: what fails now, fails
                                                              * in the next fault */
    vipci_uncopy_page(v, s, p, was);
    return e;
}
/* A page that has a frame, and perhaps no translation: it and its neighbours in frames that are neighbours. */
enum { VIPCI_AROUND = 16 };
static VIPCI_APART vipc_error vipci_map_around(vipc *v, vipci_space *s, const vipci_area *r, const vipci_spot *p, uint32_t *kind, uint64_t *pages)
{
    const uint32_t slot = p->slot, size = 1u << vipci_map_bits(v);
    const uint64_t low = vipci_page_of(v, s, r->start), high = vipci_page_of(v, s, r->end), entry = vipci_spot_entry(p);
    const uint64_t frame = VIPCI_ENTRY_FRAME(entry), cow = entry & VIPCI_COW;
    uint32_t first = slot, end = slot + 1;
    const bool seen = (entry & VIPCI_SEEN) != 0;
    while (!seen && first && slot - first < VIPCI_AROUND && slot - first < frame && p->page - (slot - first) > low
           && p->leaf[first - 1] == VIPCI_ENTRY(frame - (slot - first) - 1, cow)) first--;
    while (!seen && end < size && end - slot < VIPCI_AROUND && p->page + (end - slot) < high && p->leaf[end] == VIPCI_ENTRY(frame + (end - slot), cow)) end++;
    for (uint32_t i = first; i < end; i++) vipci_set_far(v, p->frame, p->leaf, i, p->leaf[i] | VIPCI_SEEN);
    vipci_commit(v);
    *kind = seen ? VIPC_FAULT_SPURIOUS : VIPC_FAULT_MAPPED;
    *pages = end - first;
    return vipci_page_map(v, s, vipci_page_at(v, s, p->page - (slot - first)), frame - (slot - first), end - first,
                          cow ? (VIPCI_R_PROT(r->a) & ~(uint32_t)VIPC_PROT_WRITE) | VIPC_PROT_READ : VIPCI_R_PROT(r->a), VIPCI_R_CACHE(r->a));
}
static VIPCI_APART vipc_error vipci_page_map_apart(const vipc *v, const vipci_space *s, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    return vipci_page_map(v, s, at, frame, pages, access, cache);
}
#if !VIPC_NO_REGIONS
/* Translations of up to VIPCI_AROUND pages of a store on both sides of `page`, in frames that are neighbours, none of them in what the store owes for; *pages:
 * how many. */
static vipc_error vipci_map_stored(vipc *v, const vipci_space *s, const vipci_space *store, const vipci_area *r, const vipci_spot *p, uint64_t *pages)
{
    const uint32_t slot = p->slot, size = 1u << vipci_map_bits(v);
    uint64_t low = VIPCI_B_PAGE(r->b), high = low + ((r->end - r->start) >> v->page_shift);
    const uint64_t end = vipci_pages_of(v, store->brk), entry = vipci_spot_entry(p);
    if (high > end) high = end;
    if (p->page < store->owed_at && high > store->owed_at) high = store->owed_at;      /* RACE 45 */
    else if (p->page >= store->owed_end && low < store->owed_end) low = store->owed_end;
    const uint64_t frame = VIPCI_ENTRY_FRAME(entry), seen = VIPCI_SEEN, cow = entry & VIPCI_COW;
    const uint32_t prot = VIPCI_R_PROT(r->a);
    uint32_t first = slot, past = slot + 1;
    while (first && slot - first < VIPCI_AROUND && slot - first < frame && p->page - (slot - first) > low
           && (p->leaf[first - 1] | seen) == VIPCI_ENTRY(frame - (slot - first) - 1, cow | seen)) first--;
    while (past < size && past - slot < VIPCI_AROUND && p->page + (past - slot) < high
           && (p->leaf[past] | seen) == VIPCI_ENTRY(frame + (past - slot), cow | seen)) past++;
    for (uint32_t i = first; i < past; i++) vipci_store64(v, &p->leaf[i], p->leaf[i] | seen);      /* too often is no harm: no need to undo this */
    *pages = past - first;
    return vipci_page_map_apart(v, s, p->at - ((uint64_t)(slot - first) << v->page_shift), frame - (slot - first), past - first,
                          cow ? (prot & ~(uint32_t)VIPC_PROT_WRITE) | VIPC_PROT_READ : prot, VIPCI_R_CACHE(r->a));
}
/* A write to a page of a store that another store has too: it gets a frame of its own, in the eyes of all who have the store mapped.  RACE 45: the copy is made
 * by whoever finds that all is paid, which need not be who asked for it.  *kind: 0: look again. */
static vipc_error vipci_store_break(vipc *v, vipci_space *store, vipci_spot *p, vipc_time deadline, uint32_t *kind)
{
    const uint64_t number = store->number, was = vipci_spot_entry(p);
    vipc_error e = VIPC_OK;
    if (vipci_sole(v, was)) {
        *kind = VIPC_FAULT_MADE_WRITABLE;
        vipci_keep_page(v, store, p, 0);
        return VIPC_OK;
    }
    *kind = 0;
    if (store->owed_end) {                                   /* one page at a time: that of others first, and then at once one's own */
        e = vipci_store_settle(v, store, deadline);
        if (e != VIPC_OK || store->number != number || store->owed_end) return e;
        p->leaf = vipci_map_node(v, store, p->page, 0, &p->frame);
        if (vipci_spot_entry(p) != was) return VIPC_OK;
    }
    vipci_set64(v, &store->wanted, p->page + 1);             /* in one step with what is owed for it */
    vipci_store_owe(v, store, p->page, p->page + 1, 0);
    const uint64_t owed = store->owed;
    e = vipci_store_flush(v, store, deadline);
    if (e != VIPC_OK || store->number != number || store->owed != owed || !store->owed_end) return e;
    e = vipci_store_paid(v, store);
    if (vipci_spot_entry(p) != was) *kind = VIPC_FAULT_COPIED;
    return e;
}
/* After the lock was let go: is all as the fault had found it?  RACE 44: the mapping may be withdrawn before its region has changed, if who did that was killed. */
static inline bool vipci_fault_stands(const vipci_space *s, const vipci_entry *m, uint64_t number, uint64_t version)
{
    return s->number == number && s->version == version && !s->owed_end && !(m->kind & VIPCI_WITHDRAWN);
}
/* A fault in a region that a store is behind. */
static VIPCI_APART vipc_error vipci_fault_backed(vipc *v, vipci_space *s, const vipci_area *r, uint64_t at, uint32_t access, uint32_t *kind, uint64_t *pages)
{
    const vipci_entry *m = vipci_mapping_of(v, r->b);
    vipci_space *store = vipci_backing(v, r);
    vipci_spot p = vipci_spot_at(v, s, at);
    const uint64_t number = s->number, version = s->version;
    vipc_error e = VIPC_OK;
    if (!m || !store) return VIPC_ERR_CORRUPT;
    if (m->kind & VIPCI_WITHDRAWN) return VIPC_ERR_FAULT;    /* RACE 44 */
    if (s->owed_end) return vipci_fault_later(v, s, kind);
    p.page = VIPCI_B_PAGE(r->b) + ((at - r->start) >> v->page_shift);
    p.slot = vipci_map_slot(v, p.page, 0);
    if (p.page >= store->owed_at && p.page < store->owed_end) {
        *kind = 0;
        e = vipci_store_settle(v, store, VIPC_FOREVER);
        return e == VIPC_ERR_CLOSED ? VIPC_OK : e;
    }
    if (p.page >= vipci_pages_of(v, store->brk)) return VIPC_ERR_FAULT;
    *kind = VIPC_FAULT_MAPPED;
    p.leaf = vipci_map_node(v, store, p.page, 0, &p.frame);
    if (!vipci_spot_entry(&p)) {                             /* two who made it grow, one after the other or at a time, may leave holes */
        e = vipci_store_fill(v, store, p.page, p.page + 1, false);
        if (e != VIPC_OK) return e;
        *kind = vipci_fault_stands(s, m, number, version) ? (uint32_t)VIPC_FAULT_ZEROED : 0u;
        p.leaf = vipci_map_node(v, store, p.page, 0, &p.frame);
        if (!*kind || !vipci_spot_entry(&p)) return VIPC_OK;
    }
    if (access == VIPC_PROT_WRITE && (vipci_spot_entry(&p) & VIPCI_COW)) {
        e = vipci_store_break(v, store, &p, VIPC_FOREVER, kind);
        if (e == VIPC_ERR_CLOSED) { *kind = 0; return VIPC_OK; }
        if (e != VIPC_OK || !*kind) return e;
        if (!vipci_fault_stands(s, m, number, version)) { *kind = 0; return VIPC_OK; }
    }
    return vipci_map_stored(v, s, store, r, &p, pages);
}
#endif
/* *pages: translations; *kind: enum vipc_fault. */
static VIPCI_HERE vipc_error vipci_fault_page(vipc *v, vipci_space *s, const vipci_area *r, uint64_t at, uint32_t access, uint32_t *kind, uint64_t *pages)
{
    vipci_spot p = vipci_spot_at(v, s, at);
#if !VIPC_NO_REGIONS
    if (vipci_is_backed(r)) return vipci_fault_backed(v, s, r, at, access, kind, pages);
#endif
    if (vipci_is_device(r)) {
        *kind = VIPC_FAULT_SPURIOUS;
        return vipci_page_map_apart(v, s, p.at, (r->b + (p.at - r->start)) >> v->page_shift, 1, VIPCI_R_PROT(r->a), VIPCI_R_CACHE(r->a));
    }
    p.leaf = vipci_leaf_near(v, s, p.page, &p.frame);
    uint64_t entry = vipci_spot_entry(&p);
    if (s->owed_end) return vipci_fault_later(v, s, kind);
    if (entry) return access == VIPC_PROT_WRITE && (entry & VIPCI_COW) ? vipci_break_cow(v, s, r, &p, kind) : vipci_map_around(v, s, r, &p, kind, pages);
    *kind = VIPC_FAULT_ZEROED;
    vipc_error e = vipci_give_page_here(v, s, &p, VIPCI_SEEN);
    if (e != VIPC_OK) return e;
    e = vipci_page_map(v, s, p.at, VIPCI_ENTRY_FRAME(vipci_spot_entry(&p)), 1, VIPCI_R_PROT(r->a), VIPCI_R_CACHE(r->a));
    if (e != VIPC_OK) vipci_take_page_back(v, s, &p);
    return e;
}
/* The stack above its growth grows down to `at`; back: it shrinks to what it was, which cannot fail. */
static vipc_error vipci_grow_to(const vipc *v, vipci_space *s, const vipci_area *growth, const vipci_area *stack, uint64_t at, bool back)
{
    vipci_area below = *growth, above = *stack, grown = *stack;
    const bool all = at == growth->start;
    grown.start = below.end = at;
    vipc_error e;
    if (back) {
        e = vipci_region_change(v, s, at, &above);
        if (e == VIPC_OK) e = all ? vipci_region_insert(v, s, growth) : vipci_region_change(v, s, growth->start, growth);
    } else {
        e = all ? vipci_region_remove(v, s, growth->start) : vipci_region_change(v, s, growth->start, &below);
        if (e == VIPC_OK) e = vipci_region_change(v, s, stack->start, &grown);
    }
    return vipci_step_end(v, e);
}
/* A fault in what is reserved for the growth of the stack above: its page gets a frame, the stack grows, and then it is a page of the stack's like any other.
 * */
static VIPCI_APART vipc_error vipci_fault_growth(vipc *v, vipci_space *s, const vipci_area *growth, uint64_t at, uint32_t access, uint32_t *kind,
                                                 uint64_t *pages)
{
    vipci_area stack;
    vipci_spot p = vipci_spot_at(v, s, at);
    if (!vipci_region_at(v, s, growth->end, &stack) || stack.start != growth->end || VIPCI_R_TYPE(stack.a) != VIPC_REGION_STACK
        || (stack.a & (VIPCI_R_LEAVING | VIPCI_R_GUARD | VIPCI_R_GROWTH))) return VIPC_ERR_FAULT;
    if (access == VIPC_PROT_READ ? !VIPCI_R_PROT(stack.a) : !(VIPCI_R_PROT(stack.a) & access)) return VIPC_ERR_PERMISSION_DENIED;
    p.leaf = vipci_leaf_near(v, s, p.page, &p.frame);
    const bool gave = vipci_spot_entry(&p) == 0;
    if (gave && s->owed_end) return vipci_fault_later(v, s, kind);
    vipc_error e = gave ? vipci_give_page(v, s, &p, 0) : VIPC_OK;
    if (e == VIPC_OK) e = vipci_grow_to(v, s, growth, &stack, p.at, false);
    if (e != VIPC_OK) return e;
    const uint64_t number = s->number, version = s->version;
    vipci_area grown = stack;
    grown.start = p.at;
    e = vipci_fault_page(v, s, &grown, at, access, kind, pages);
    if (e == VIPC_OK) {
        if (gave && *kind) *kind = VIPC_FAULT_ZEROED;
        vipci_count_fault(v, s, 4);
    } else if (s->number == number && s->version == version) {
        (void)vipci_grow_to(v, s, growth, &stack, p.at, true);
        if (gave) vipci_take_page_back(v, s, &p);
    }
    return e;
}
static VIPCI_HERE vipc_error vipci_fault(vipc *v, vipci_space *s, uint64_t at, uint32_t access, uint32_t *resolved, vipc_fault_result *out)
{
    uint32_t kind = 0;
    uint64_t pages = 1;
    vipc_error e;
    const vipci_area *r = vipci_region_near(v, s, at);
    *resolved = 0;
    if (!r) return VIPC_ERR_FAULT;
    if (VIPCI_LIKELY(!(r->a & (VIPCI_R_LEAVING | VIPCI_R_GUARD | VIPCI_R_GROWTH)))) {
        if (access == VIPC_PROT_READ ? !VIPCI_R_PROT(r->a) : !(VIPCI_R_PROT(r->a) & access)) e = VIPC_ERR_PERMISSION_DENIED;
        else e = vipci_fault_page(v, s, r, at, access, &kind, &pages);
    } else if (r->a & VIPCI_R_LEAVING) e = VIPC_ERR_FAULT;
    else if (r->a & VIPCI_R_GUARD) e = VIPC_ERR_GUARD_PAGE;
    else {
        const vipci_area growth = *r;
        e = vipci_fault_growth(v, s, &growth, at, access, &kind, &pages);
        if (e == VIPC_OK && out) out->grown = 1;
    }
    if (VIPCI_LIKELY(e == VIPC_OK)) {
        if (kind - 1 < VIPC_FAULT_SPURIOUS - 1) vipci_count_fault(v, s, kind - 1);
        if (out) {
            out->resolved = kind;
            out->pages = kind == VIPC_FAULT_SPURIOUS ? 0 : pages;
        }
    } else if (out) vipci_tell_region(r, &out->region);
    *resolved = kind;
    return e;
}
VIPC_API uint64_t vipc_lock_thread(const vipc *self)
{
    if (vipci_known(self) != VIPC_OK) return 0;
    const uint64_t word = vipci_load64(self, &vipci_d(self)->lock);
    const uint32_t i = (uint32_t)(word & 0xffff) - 1;
    if (i >= self->max_threads) return 0;
    const uint64_t owner = vipci_load64(self, &vipci_view_at(self, i)->owner);
    return (uint32_t)owner - 1 == self->process && (uint32_t)(owner >> 32) == (uint32_t)(word >> 16) ? vipci_peek64(self, &vipci_view_at(self, i)->native_thread) : 0;
}
VIPC_API vipc_error vipc_page_fault(vipc *self, vipc_cap space, vipc_addr at, uint32_t access, vipc_fault_result *result)
{
    vipci_space *s = NULL;
    uint32_t kind = 0;
    vipc_error e = VIPC_ERR_INVALID_ARGUMENT;
    vipc_fault_result told;
    if (result) {
        vipci_zero(&told, sizeof told);
        *result = told;
    }
    for (uint32_t turns = 0; !kind && turns < VIPCI_TURNS; turns++) {      /* more than one only after debts of others */
        if (access == VIPC_PROT_READ || access == VIPC_PROT_WRITE || access == VIPC_PROT_EXEC) e = vipci_space_begin(self, space, VIPC_RIGHT_READ, &s);
        if (e != VIPC_OK) return e;
        e = vipci_space_end(self, vipci_fault(self, s, at, access, &kind, result ? &told : NULL));
        if (result) {
            told.page = at & ~(vipci_page_size(self) - 1);
            *result = told;
        }
        if (e != VIPC_OK) return e;
    }
    return kind ? VIPC_OK : VIPC_ERR_RESOURCE_BUSY;
}
VIPC_API vipc_error vipc_space_touch(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, uint32_t access, uint64_t *done)
{
    uint64_t n = 0, end = at;
    vipc_error e = vipci_known(self);
    if (done) *done = 0;
    if (e == VIPC_OK && (!size || !vipci_add(&end, size))) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    const uint64_t low = vipci_page_size(self) - 1;
    for (uint64_t from = at; n < size; from = (from | low) + 1) {
        e = vipc_page_fault(self, space, from, access, NULL);
        if (e != VIPC_OK) return e;
        const uint64_t next = (from | low) + 1 - at;         /* 0 if it wraps */
        n = next && next < size ? next : size;
        if (done) *done = n;
    }
    return VIPC_OK;
}

/* -- spaces -- */
static bool vipci_space_layout(const vipc *v, const vipc_space_desc *d, vipci_space *l)
{
    const uint64_t low = vipci_page_size(v) - 1;
    l->start = d->start ? d->start : (VIPC_LAYOUT_USER_START + low) & ~low;
    l->end = d->end ? d->end : VIPC_LAYOUT_USER_END & ~low;
    if (l->start >= l->end) return false;
    l->stack_end = d->stack_end ? d->stack_end : l->end < VIPC_LAYOUT_STACK_END ? l->end : VIPC_LAYOUT_STACK_END;
    l->heap_start = d->heap_start ? d->heap_start : VIPC_LAYOUT_HEAP >= l->start && VIPC_LAYOUT_HEAP < l->end ? VIPC_LAYOUT_HEAP : l->start;
    if (l->heap_start < l->start || l->heap_start > l->end) return false;
    uint64_t quarter = (l->end - l->heap_start) / 4 & ~low;
    l->heap_max = d->heap_max ? d->heap_max : quarter < VIPC_LAYOUT_HEAP_MAX ? quarter : VIPC_LAYOUT_HEAP_MAX;
    if (l->stack_end < l->start || l->stack_end > l->end || l->heap_max > l->end - l->heap_start || l->heap_start + l->heap_max > l->stack_end) return false;
    l->write_execute = d->write_execute != 0;
    l->brk = l->heap_start;
    return ((l->start | l->end | l->stack_end | l->heap_start | l->heap_max) & low) == 0;
}
/* A record with this layout, an object and a capability for it, committed.  On an error nothing is left. */
static vipc_error vipci_space_make(vipc *v, const vipci_space *layout, const char *label, vipci_space **out, vipci_object **o, vipc_cap *cap)
{
    vipci_domain *d = vipci_d(v);
    uint32_t i = 0;
    vipc_error e = vipci_object_new(v, (uint32_t)VIPC_TYPE_SPACE << 8 | VIPC_RIGHT_ALL, label, 0, 0, o, cap);
    if (e == VIPC_OK) e = vipci_take_slot(v, &d->free_space, &d->used_spaces, v->max_spaces, VIPCI_NEXT_FREE(vipci_space_at, d->free_space, v->max_spaces), &i);
    if (e == VIPC_OK && vipci_space_at(v, i)->number) e = VIPC_ERR_CORRUPT;
    if (e != VIPC_OK) { vipci_rollback(v); return e; }
    vipci_space *s = vipci_space_at(v, i), was = *layout;    /* the record is nobody's until its number says so: no need to undo this; but its link */
    was.number = was.root = 0;
    was.next = s->next;
    was.object = vipci_index(v, *o) + 1;
    was.levels = vipci_map_levels_for(v, (layout->end - layout->start) >> v->page_shift);
    was.version = ((s->version | (VIPCI_VERSION - 1)) + 1) | i;      /* no two spaces ever have the same */
    was.tree = was.regions = was.leaving = 0;
    was.map = was.pages = was.shared = was.tables = was.owed_at = was.owed_end = was.owed = was.limbo = 0;
    for (uint32_t k = 0; k < 5; k++) was.faults[k] = 0;
    *s = was;
    vipci_poke64(v, &(*o)->shape, i + 1);
    vipci_set64(v, &d->next_space, d->next_space + 1);
    vipci_set64(v, &s->number, d->next_space);
    vipci_commit(v);                                         /* its owner's from here on: whoever cleans up finds it */
    vipci_poke64(v, &d->redo[0].first, i);                   /* and a kill in the hook ends what the root names by then, as in vipci_space_free */
    vipci_poke64(v, &d->redo[0].count, VIPCI_REDO_SPACE);
    vipci_store32(v, &d->redo_count, 1);
    e = v->hooks->space_create(v->hooks->user, s->number, s->start, s->end, &s->root);
    vipci_store32(v, &d->redo_count, 0);
    if (e == VIPC_OK && !vipci_peek64(v, &s->root)) e = VIPC_ERR_HOOK;
    if (e != VIPC_OK) {
        vipci_object_end(v, *o, false);
        (void)vipci_object_free(v, *o);
        return e < 0 && e >= VIPC_ERR_HOOK ? e : VIPC_ERR_HOOK;
    }
    *out = s;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_space_create(vipc *self, const vipc_space_desc *desc, vipc_cap *out)
{
    static const vipc_space_desc usual = VIPC_INIT;
    vipci_space layout, *s;
    vipci_object *o = NULL;
    vipc_cap cap = VIPC_INIT;
    char text[VIPC_LABEL_MAX + 1];       /* what lies with the caller is not touched under the lock, here and below: a fault there may need it */
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    vipci_zero(&layout, sizeof layout);
    if (!out || !vipci_space_layout(self, desc ? desc : &usual, &layout)) return VIPC_ERR_INVALID_ARGUMENT;
    if (!vipci_space_supported(self)) return VIPC_ERR_NOT_SUPPORTED;
    vipci_label(text, desc ? desc->label : NULL);
    e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    e = vipci_space_make(self, &layout, text, &s, &o, &cap);
    (void)vipci_space_end(self, e);
    if (e == VIPC_OK) *out = cap;
    return e;
}
VIPC_API vipc_error vipc_space_own(vipc *self, vipc_cap *out)
{
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_cap cap = { vipci_load64(self, &vipci_us(self)->space) };
    if (!cap.token || vipci_check_cap(self, cap, VIPC_TYPE_SPACE, 0, &e) != VIPC_OK) return VIPC_ERR_NOT_FOUND;
    *out = cap;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_space_adopt(vipc *self, vipc_cap space)
{
    vipci_space *s, *old = NULL;
    vipc_cap own;
    vipci_entry *e = NULL;
    if (!space.token) { vipc_error r = vipci_known(self); return r == VIPC_OK ? VIPC_ERR_INVALID_CAPABILITY : r; }
    vipc_error r = vipci_space_begin(self, space, VIPC_RIGHT_DELETE, &s);
    if (r != VIPC_OK) return r;
    own.token = vipci_us(self)->space;
    if (own.token && vipci_check_cap(self, own, VIPC_TYPE_SPACE, 0, &e) == VIPC_OK && e->object < self->max_objects)
        old = vipci_space_of(self, vipci_object_at(self, e->object));
    if (old && old != s) return vipci_space_end(self, VIPC_ERR_EXISTS);
    r = vipci_object_give(self, vipci_object_at(self, s->object - 1), vipci_us(self));
    if (r == VIPC_OK) vipci_set64(self, &vipci_us(self)->space, space.token);
    return vipci_space_end(self, vipci_step_end(self, r));
}

/* -- clone --
 * The lock is held from the first page to the last: at a breath in between a thread could write to a region that has been copied, then to one that has not,
 * and the clone would have its second write without its first (RACE 39). */
/* Up to VIPCI_STEP_PAGES pages of one leaf from *page on into `child`, a step. */
static vipc_error vipci_clone_leaf(vipc *v, vipci_space *s, vipci_space *child, const vipci_area *r, uint64_t *page, uint64_t to, uint64_t leaf_frame,
                                   vipci_u64 *leaf)
{
    const uint64_t from = *page;
    const uint32_t first = vipci_map_slot(v, from, 0), room = (1u << vipci_map_bits(v)) - first;
    const uint32_t end = first + (to - from < room ? (uint32_t)(to - from) : room);
    const bool shared = (r->a & VIPCI_R_SHARED) != 0;
    bool protect = false;                                    /* one of them had a translation that could write */
    uint64_t into_frame = 0;
    vipci_u64 *into = NULL;
    uint32_t i = first, n = 0, newly = 0;
    while (i < end && !leaf[i]) i++;
    *page = from + (i - first);
    if (i == end) return VIPC_OK;
    vipc_error e = vipci_map_make(v, child, *page, &into, &into_frame);
    for (; e == VIPC_OK && i < end && n < VIPCI_STEP_PAGES; i++) {
        uint64_t entry = leaf[i];
        if (!entry) continue;
        e = vipci_retain_page(v, VIPCI_ENTRY_FRAME(entry));
        if (e != VIPC_OK) break;
        if (!shared && !(entry & VIPCI_COW)) {
            newly++;
            if ((entry & VIPCI_SEEN) && (VIPCI_R_PROT(r->a) & VIPC_PROT_WRITE)) protect = true;
            entry |= VIPCI_COW;
        }
        vipci_set_far(v, leaf_frame, leaf, i, entry);
        vipci_set_far(v, into_frame, into, i, entry & ~(uint64_t)VIPCI_SEEN);
        n++;
    }
    if (e != VIPC_OK) { vipci_rollback(v); return e; }
    *page = from + (i - first);
    vipci_set64(v, &s->shared, s->shared + newly);
    vipci_set64(v, &child->pages, child->pages + n);
    vipci_set64(v, &child->shared, child->shared + (shared ? 0 : n));
    if (protect) {
        vipci_area part = *r;
        part.start = vipci_page_at(v, s, from);
        part.end = vipci_page_at(v, s, *page);
        vipci_narrow(v, s, &part, VIPCI_R_PROT(r->a) & ~(uint32_t)VIPC_PROT_WRITE);
    }
    vipci_commit(v);
    return VIPC_OK;
}
#if !VIPC_NO_REGIONS
/* A mapping of pages [page, page + pages) of what entry `like` maps, or is a capability for, with nothing but its entry; within a step.  *b: for its region. */
static vipc_error vipci_mapping_new(const vipc *v, const vipci_space *s, const vipci_entry *like, uint32_t parent, uint32_t max, uint64_t at, uint64_t page,
                                    uint64_t pages, uint64_t *b)
{
    vipci_entry *m = NULL;
    if (page > 0xffffffffu || pages >> 40) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipci_entry_new(v, (like->kind & 0xf00u) | max | VIPCI_MAPPED, like->object, at, parent, NULL, &m);
    if (e != VIPC_OK) return e;
    vipci_set64(v, &m->place, pages << 24 | ((uint32_t)(s - vipci_space_at(v, 0)) + 1));
    vipci_set32(v, &m->held_prev, (uint32_t)page);
    vipci_set32(v, &m->held_next, 1);
    *b = (uint64_t)vipci_link(v, m) << 40 | page;
    return VIPC_OK;
}
static vipc_error vipci_clone_backed(const vipc *v, vipci_space *child, const vipci_area *r)
{
    const vipci_entry *m = vipci_mapping_of(v, r->b);
    vipci_area copy = *r;
    if (!m) return VIPC_ERR_CORRUPT;
    if (m->kind & VIPCI_WITHDRAWN) return VIPC_OK;
    vipc_error e = vipci_mapping_new(v, child, m, m->parent, m->kind & 7u, r->start, VIPCI_B_PAGE(r->b), (r->end - r->start) >> v->page_shift, &copy.b);
    if (e == VIPC_OK) e = vipci_region_insert(v, child, &copy);
    return vipci_step_end(v, e);
}
#endif
static vipc_error vipci_clone_region(vipc *v, vipci_space *s, vipci_space *child, const vipci_area *r)
{
    uint64_t page = vipci_page_of(v, s, r->start), to = vipci_page_of(v, s, r->end), frame = 0;
    vipci_u64 *leaf;
#if !VIPC_NO_REGIONS
    if (vipci_is_backed(r)) return vipci_clone_backed(v, child, r);
#endif
    vipc_error e = vipci_region_add(v, child, r->start, r->end, r->a, r->b);
    if (!(r->a & VIPCI_R_SHARED) && (VIPCI_R_PROT(r->a) & VIPC_PROT_WRITE) && vipci_area_seen(v, s, r)) {
        vipci_owe(v, s, r->start, r->end);
        vipci_commit(v);
    }
    while (e == VIPC_OK && !vipci_is_device(r) && (leaf = vipci_map_next(v, s, 0, &page, to, &frame)) != NULL)
        e = vipci_clone_leaf(v, s, child, r, &page, to, frame, leaf);
    return e;
}
VIPC_API vipc_error vipc_space_clone(vipc *self, vipc_cap space, vipc_cap *out, vipc_time deadline)
{
    vipci_space *s, *child = NULL;
    vipci_object *o = NULL;
    vipci_area r;
    vipc_cap cap = VIPC_INIT;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_READ, &s);
    if (e != VIPC_OK) return e;
    e = vipci_space_make(self, s, vipci_object_at(self, s->object - 1)->label, &child, &o, &cap);
    if (e != VIPC_OK) return vipci_space_end(self, e);
    child->brk = s->brk;
    for (uint64_t at = s->start; e == VIPC_OK && vipci_region_at(self, s, at, &r); at = r.end)
        if (!(r.a & VIPCI_R_LEAVING)) e = vipci_clone_region(self, s, child, &r);
    const uint64_t number = child->number;
    if (e == VIPC_OK) e = vipci_settle(self, s, deadline);
    if (e != VIPC_OK && child->number == number && vipci_space_of(self, o) == child) {
        vipci_object_end(self, o, false);
        (void)vipci_object_free(self, o);
    }
    (void)vipci_space_end(self, e);
    if (e == VIPC_OK) *out = cap;
    return e;
}

/* -- mapping -- */
/* A place for `size` bytes: at the wish if there is room, else above the heap, else anywhere. */
static bool vipci_find_room(const vipc *v, const vipci_space *s, uint64_t wish, uint64_t size, uint64_t *at)
{
    uint64_t end;
    if (wish && vipci_range(v, s, wish, size, &end) == VIPC_OK && vipci_is_free(v, s, wish, end)) { *at = wish; return true; }
    return vipci_gap_low(v, s, s->heap_start + s->heap_max, s->end, size, at) || vipci_gap_low(v, s, s->start, s->end, size, at);
}
/* Frames for all of [at, end), which is LEAVING still.  Without a breath: who pays a debt meanwhile would give back this region, which looks as one that was
 * unmapped does. */
static vipc_error vipci_populate(const vipc *v, vipci_space *s, uint64_t at, uint64_t end)
{
    vipc_error e = VIPC_OK;
    for (vipci_spot p = vipci_spot_at(v, s, at); e == VIPC_OK && at < end; at += vipci_page_size(v)) {
        vipci_spot next = vipci_spot_at(v, s, at);
        if (p.leaf && next.slot) { next.leaf = p.leaf; next.frame = p.frame; }
        p = next;
        e = vipci_give_page(v, s, &p, 0);
    }
    return e;
}
/* A new region with all of its frames: it is reserved as one that leaves, so that a kill on the way leaves something that goes, and then made what it is. */
static vipc_error vipci_add_populated(vipc *v, vipci_space *s, const vipci_area *r)
{
    const uint64_t owed_at = s->owed_at, owed_end = s->owed_end;
    vipci_area now = *r;
    now.a |= VIPCI_R_LEAVING;
    vipci_owe(v, s, r->start, r->end);
    vipci_set32(v, &s->leaving, s->leaving + 1);
    const uint64_t owed = s->owed, number = s->number;
    vipc_error e = vipci_region_add(v, s, r->start, r->end, now.a, r->b);
    if (e != VIPC_OK) return e;
    e = vipci_populate(v, s, r->start, r->end);
    if (e != VIPC_OK && !vipci_reap_space(v, s, r->start, r->end)) return e;       /* nobody has seen it: no flush; or, by now, with another's */
    if (s->owed == owed && s->number == number) {
        vipci_set64(v, &s->owed_at, owed_at);
        vipci_set64(v, &s->owed_end, owed_end);
    }
    if (e != VIPC_OK) { vipci_commit(v); return e; }
    vipci_set32(v, &s->leaving, s->leaving - 1);
    return vipci_region_alter(v, s, &now, r->a);
}
static vipc_error vipci_make_way(vipc *v, vipc_cap cap, vipci_space *s, uint64_t at, uint64_t end, vipc_time deadline)      /* for MAP_FIXED */
{
    for (uint32_t turns = 0; !vipci_is_free(v, s, at, end); turns++) {
        if (turns == VIPCI_TURNS) return VIPC_ERR_RESOURCE_BUSY;
        vipc_error e = vipci_unmap(v, s, at, end, s->brk);
        if (e == VIPC_OK) e = vipci_settle(v, s, deadline);
        if (e == VIPC_OK) e = vipci_space_still(v, cap, VIPC_RIGHT_WRITE, s);
        if (e != VIPC_OK) return e;
    }
    return VIPC_OK;
}
#if !VIPC_NO_REGIONS
/* All pages of a new region that have frames get their translations, in runs of neighbours. */
static vipc_error vipci_map_all(const vipc *v, const vipci_space *s, vipci_space *store, const vipci_area *r)
{
    const uint64_t low = VIPCI_B_PAGE(r->b), end = low + ((r->end - r->start) >> v->page_shift), all = vipci_pages_of(v, store->brk);
    const uint32_t prot = VIPCI_R_PROT(r->a), narrow = (prot & ~(uint32_t)VIPC_PROT_WRITE) | VIPC_PROT_READ;
    uint64_t from = 0, first = 0, n = 0, leaf_frame = 0, cow = 0;
    vipci_u64 *leaf;
    vipc_error e = VIPC_OK;
    for (uint64_t page = low; e == VIPC_OK && page < end && page < all && (leaf = vipci_map_next(v, store, 0, &page, end < all ? end : all, &leaf_frame)) != NULL;) {
        const uint32_t size = 1u << vipci_map_bits(v);
        const uint64_t base = page;
        uint32_t i = vipci_map_slot(v, page, 0);
        for (uint64_t at = base; i < size && at < end && at < all; i++, at++)      /* what has translations is said before it has; too often is no harm */
            if (leaf[i] && !(leaf[i] & VIPCI_SEEN)) vipci_store64(v, &leaf[i], leaf[i] | VIPCI_SEEN);
        for (i = vipci_map_slot(v, page, 0); e == VIPC_OK && i < size && page < end && page < all; i++, page++) {
            const uint64_t entry = leaf[i], frame = VIPCI_ENTRY_FRAME(entry);
            if (n && (!entry || page != from + n || frame != first + n || (entry & VIPCI_COW) != cow)) {
                e = vipci_page_map_apart(v, s, r->start + ((from - low) << v->page_shift), first, n, cow ? narrow : prot, VIPCI_R_CACHE(r->a));
                n = 0;
            }
            if (!entry) continue;
            if (!n) { from = page; first = frame; cow = entry & VIPCI_COW; }
            n++;
        }
    }
    if (e == VIPC_OK && n) e = vipci_page_map_apart(v, s, r->start + ((from - low) << v->page_shift), first, n, cow ? narrow : prot, VIPCI_R_CACHE(r->a));
    return e;
}
/* Map pages of a store at [r->start, r->end); r->b: the first.  `by`: what it is mapped by. */
static vipc_error vipci_map_store(vipc *v, vipci_space *s, vipci_space *store, const vipci_entry *by, vipci_area *r, bool now)
{
    const uint64_t page = r->b, pages = (r->end - r->start) >> v->page_shift, number = s->number;
    const uint32_t max = by->kind & VIPCI_S_ACCESS(store->rule);
    r->a |= VIPCI_R_SHARED | VIPCI_R_BACKED | (uint64_t)max << 20 | (uint64_t)VIPCI_S_CACHE(store->rule) << 16;
    vipc_error e = vipci_regions_room(v, s, 1);
    if (e == VIPC_OK) e = vipci_mapping_new(v, s, by, vipci_link(v, by), max, r->start, page, pages, &r->b);
    if (e == VIPC_OK) e = vipci_region_insert(v, s, r);
    if (vipci_step_end(v, e) != VIPC_OK || !now) return e;
    if (s->owed_end || store->owed_end) return VIPC_OK;      /* faults wait for that, and give what there is to give */
    e = vipci_map_all(v, s, store, r);
    if (e != VIPC_OK && s->number == number && vipci_unmap(v, s, r->start, r->end, s->brk) == VIPC_OK) (void)vipci_settle(v, s, VIPC_FOREVER);
    return e;
}
/* A range of the store as desc says: *page and *pages. */
static vipc_error vipci_part_of(const vipc *v, const vipci_space *store, uint64_t offset, uint64_t size, uint64_t *page, uint64_t *pages)
{
    const uint64_t all = vipci_pages_of(v, store->brk);
    if ((offset & (vipci_page_size(v) - 1)) || offset >> v->page_shift >= all) return VIPC_ERR_INVALID_ARGUMENT;
    *page = offset >> v->page_shift;
    *pages = size ? vipci_pages_of(v, size) : all - *page;
    return *pages <= all - *page ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT;
}
static vipc_error vipci_may_map(const vipci_space *s, const vipci_space *store, uint32_t access)
{
    if ((access & ~VIPCI_S_ACCESS(store->rule)) || ((access & VIPC_PROT_WRITE) && (store->rule & VIPCI_S_SEALED))) return VIPC_ERR_PERMISSION_DENIED;
    return vipci_prot_ok(s, access);
}
/* A private region with the present pages of a store: reserved as one that leaves, as vipci_add_populated does. */
static vipc_error vipci_add_private(vipc *v, vipci_space *s, vipci_space *store, const vipci_area *r, uint64_t page)
{
    const uint64_t owed_at = s->owed_at, owed_end = s->owed_end, pages = (r->end - r->start) >> v->page_shift;
    const uint32_t steady = v->steady;
    vipci_area now = *r;
    now.a |= VIPCI_R_LEAVING;
    vipci_owe(v, s, r->start, r->end);
    vipci_set32(v, &s->leaving, s->leaving + 1);
    vipc_error e = vipci_region_add(v, s, r->start, r->end, now.a, r->b);
    if (e != VIPC_OK) return e;
    e = vipci_share_pages(v, store, s, page, page + pages, vipci_page_of(v, s, r->start), false);
    v->steady = 1;
    if (e != VIPC_OK) (void)vipci_reap_space(v, s, r->start, r->end);      /* nobody has seen it: no flush */
    v->steady = steady;
    vipci_set64(v, &s->owed_at, owed_at);
    vipci_set64(v, &s->owed_end, owed_end);
    if (e != VIPC_OK) { vipci_commit(v); return e; }
    vipci_set32(v, &s->leaving, s->leaving - 1);
    return vipci_region_alter(v, s, &now, r->a);
}
/* The same, of one moment: by no translation from before may anybody write to what both have, once that is paid.  Lets the lock go.  An error: there is no such
 * region. */
static vipc_error vipci_map_private(vipc *v, vipci_space *s, vipci_space *store, const vipci_area *r, uint64_t page, vipc_time deadline)
{
    const uint64_t number = s->number;
    vipc_error e = vipci_regions_room(v, s, 1);
    if (e != VIPC_OK) return e;
    vipci_store_owe(v, store, page, page + ((r->end - r->start) >> v->page_shift), VIPC_PROT_READ | VIPC_PROT_EXEC);
    e = vipci_add_private(v, s, store, r, page);
    const vipc_error paid = vipci_store_settle(v, store, deadline);
    if (s->number != number) return VIPC_ERR_CLOSED;
    if (e != VIPC_OK || paid == VIPC_OK || paid == VIPC_ERR_CLOSED) return e;
    if (vipci_unmap(v, s, r->start, r->end, s->brk) == VIPC_OK) (void)vipci_settle(v, s, VIPC_NOW);
    return paid;
}
/* mmap of what a store is behind, at a place that is found or made free. */
static vipc_error vipci_mmap_store(vipc *v, vipci_space *s, const vipc_mmap_desc *d, vipci_area *r, uint64_t size, vipc_time deadline)
{
    const bool shared = (d->flags & VIPC_MAP_SHARED) != 0;
    const uint32_t need = d->prot | (d->prot & VIPC_PROT_WRITE ? (uint32_t)VIPC_PROT_READ : 0u);
    vipci_entry *by = NULL;
    vipci_space *store = NULL;
    uint64_t page = 0, pages = 0;
    vipc_error e = vipci_store_check(v, d->backing, shared ? need : (uint32_t)VIPC_RIGHT_READ, &by, &store);
    if (e == VIPC_OK && shared) e = vipci_may_map(s, store, need);
    if (e == VIPC_OK) e = vipci_part_of(v, store, d->offset, size, &page, &pages);
    if (e == VIPC_OK && !shared && ((store->rule & VIPCI_S_CONTIGUOUS) || VIPCI_S_CACHE(store->rule) != VIPC_WRITE_BACK)) e = VIPC_ERR_NOT_SUPPORTED;
    if (e != VIPC_OK) return e;
    if (!shared) return vipci_map_private(v, s, store, r, page, deadline);
    r->b = page;
    return vipci_map_store(v, s, store, by, r, (d->flags & VIPC_MAP_POPULATE) != 0);
}
#endif
static vipc_error vipci_mmap_ok(const vipc *v, const vipc_mmap_desc *d)
{
    const uint32_t known = VIPC_MAP_SHARED | VIPC_MAP_PRIVATE | VIPC_MAP_FIXED | VIPC_MAP_ANONYMOUS | VIPC_MAP_POPULATE | VIPC_MAP_FIXED_NOREPLACE;
    const bool shared = (d->flags & VIPC_MAP_SHARED) != 0;
    if (VIPC_NO_REGIONS && d->backing.token) return VIPC_ERR_INVALID_REGION;
    if ((d->flags & ~known) || shared == ((d->flags & VIPC_MAP_PRIVATE) != 0) || !(d->flags & VIPC_MAP_ANONYMOUS) == !d->backing.token
        || (d->offset && !d->backing.token) || !d->size || d->size > ~(vipci_page_size(v) - 1))
        return VIPC_ERR_INVALID_ARGUMENT;
    if (shared ? d->type != VIPC_REGION_NONE && d->type != VIPC_REGION_SHARED : d->type > VIPC_REGION_RODATA) return VIPC_ERR_INVALID_ARGUMENT;
    return VIPC_OK;
}
static vipc_error vipci_mmap(vipc *v, vipc_cap cap, vipci_space *s, const vipc_mmap_desc *d, vipc_addr *out, vipc_time deadline)
{
    const uint64_t low = vipci_page_size(v) - 1, size = (d->size + low) & ~low;
    const bool shared = (d->flags & VIPC_MAP_SHARED) != 0, fixed = (d->flags & (VIPC_MAP_FIXED | VIPC_MAP_FIXED_NOREPLACE)) != 0;
    const uint32_t type = d->type ? d->type : (uint32_t)(shared ? VIPC_REGION_SHARED : VIPC_REGION_DATA);
    vipci_area r = { d->at, 0, VIPCI_R_MAKE(type, d->prot, 0) | (shared ? VIPCI_R_SHARED : 0), 0 };
    vipc_error e = vipci_prot_ok(s, d->prot);
    if (e == VIPC_OK && fixed) e = vipci_range(v, s, d->at, size, &r.end);
    if (e == VIPC_OK && (d->flags & VIPC_MAP_FIXED_NOREPLACE) && !vipci_is_free(v, s, r.start, r.end)) e = VIPC_ERR_EXISTS;
    if (e == VIPC_OK) {
        const uint32_t cuts = fixed ? vipci_cuts(v, s, r.start, r.end) : 0;      /* what is cut out makes room for one */
        e = vipci_regions_room(v, s, cuts ? cuts : !fixed || vipci_is_free(v, s, r.start, r.end));
    }
    if (e == VIPC_OK && fixed) e = vipci_make_way(v, cap, s, r.start, r.end, deadline);
    if (e == VIPC_OK && !fixed && !vipci_find_room(v, s, d->at & ~low, size, &r.start)) e = VIPC_ERR_LIMIT;
    if (e != VIPC_OK) return e;
    r.end = r.start + size;
#if !VIPC_NO_REGIONS
    if (d->backing.token) e = vipci_mmap_store(v, s, d, &r, size, deadline);
    else
#endif
        e = shared || (d->flags & VIPC_MAP_POPULATE) ? vipci_add_populated(v, s, &r) : vipci_region_add(v, s, r.start, r.end, r.a, r.b);
    if (e != VIPC_OK) return e;
    vipci_merge(v, s, r.start, r.end);
    *out = r.start;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_space_mmap(vipc *self, vipc_cap space, const vipc_mmap_desc *desc, vipc_addr *out, vipc_time deadline)
{
    vipci_space *s;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && (!desc || !out)) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    const vipc_mmap_desc d = *desc;
    e = vipci_mmap_ok(self, &d);
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    vipc_addr at = 0;
    if (e == VIPC_OK) e = vipci_space_end(self, vipci_mmap(self, space, s, &d, &at, deadline));
    if (e == VIPC_OK) *out = at;
    return e;
}
VIPC_API vipc_error vipc_space_allocate(vipc *self, vipc_cap space, uint64_t size, uint32_t prot, vipc_addr *out)
{
    vipc_mmap_desc d = VIPC_INIT;
    d.size = size;
    d.prot = prot;
    d.flags = VIPC_MAP_PRIVATE | VIPC_MAP_ANONYMOUS;
    return vipc_space_mmap(self, space, &d, out, VIPC_NOW);  /* nothing is in the way of what chooses its place */
}
VIPC_API vipc_error vipc_space_map_physical(vipc *self, vipc_cap space, uint64_t physical, vipc_addr at, uint64_t size, uint32_t prot, uint32_t cache)
{
    vipci_space *s;
    vipc_error e = vipci_known(self);
    uint64_t end = 0, last = physical;
    if (e == VIPC_OK && cache > VIPC_WRITE_COMBINING) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_CREATE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_range(self, s, at, size, &end);
    if (e == VIPC_OK && ((physical & (vipci_page_size(self) - 1)) || !vipci_add(&last, end - at))) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_prot_ok(s, prot);
    if (e == VIPC_OK && !vipci_is_free(self, s, at, end)) e = VIPC_ERR_EXISTS;
    if (e == VIPC_OK) e = vipci_regions_room(self, s, 1);
    if (e == VIPC_OK) e = vipci_region_add(self, s, at, end, VIPCI_R_MAKE(VIPC_REGION_DEVICE, prot, cache) | VIPCI_R_SHARED, physical);
    if (e == VIPC_OK && (e = vipci_page_map_apart(self, s, at, physical >> self->page_shift, (end - at) >> self->page_shift, prot, cache)) != VIPC_OK) {
        if (vipci_unmap(self, s, at, end, s->brk) == VIPC_OK) (void)vipci_settle(self, s, VIPC_FOREVER);  /* somebody may have used what was mapped of it */
    } else if (e == VIPC_OK) vipci_merge(self, s, at, end);
    return vipci_space_end(self, e);
}
static vipc_error vipci_unmap_public(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, bool all, vipc_time deadline)
{
    vipci_space *s;
    uint64_t end = 0;
    vipc_error e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_range(self, s, at, size, &end);
    if (e == VIPC_OK && all) e = vipci_covered(self, s, at, end, 0);
    if (e == VIPC_OK) e = vipci_unmap(self, s, at, end, s->brk);
    if (e == VIPC_OK) e = vipci_settle(self, s, deadline);
    return vipci_space_end(self, e);
}
VIPC_API vipc_error vipc_space_unmap(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, vipc_time deadline)
{
    return vipci_unmap_public(self, space, at, size, false, deadline);
}
VIPC_API vipc_error vipc_space_free(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, vipc_time deadline)
{
    return vipci_unmap_public(self, space, at, size, true, deadline);
}
static vipc_error vipci_protect(vipc *v, vipci_space *s, uint64_t at, uint64_t end, uint32_t prot, vipc_time deadline)
{
    vipci_area r;
    vipc_error e = vipci_prot_ok(s, prot);
    if (e == VIPC_OK) e = vipci_covered(v, s, at, end, VIPCI_R_GUARD | VIPCI_R_GROWTH);
#if !VIPC_NO_REGIONS
    for (uint64_t from = at; e == VIPC_OK && from < end && vipci_region_at(v, s, from, &r); from = r.end) {
        const uint32_t need = prot | (prot & VIPC_PROT_WRITE ? (uint32_t)VIPC_PROT_READ : 0u);
        const vipci_space *store = vipci_is_backed(&r) ? vipci_backing(v, &r) : NULL;
        if (store && ((need & ~VIPCI_R_MAX(r.a)) || ((prot & VIPC_PROT_WRITE) && (store->rule & VIPCI_S_SEALED)))) e = VIPC_ERR_PERMISSION_DENIED;
    }
#endif
    if (e == VIPC_OK) e = vipci_regions_room(v, s, vipci_cuts(v, s, at, end));
    if (e == VIPC_OK) e = vipci_split(v, s, at);
    if (e == VIPC_OK) e = vipci_split(v, s, end);
    for (uint64_t from = at; e == VIPC_OK && from < end && vipci_region_at(v, s, from, &r); from = r.end) {
        const uint32_t was = VIPCI_R_PROT(r.a);
        const bool narrower = was && ((was & ~prot) || !prot) && vipci_area_seen(v, s, &r);
        if (was == prot) continue;
        if (narrower) {
            vipci_owe(v, s, r.start, r.end);
            vipci_commit(v);
            vipci_narrow(v, s, &r, prot);
        }
        e = vipci_region_alter(v, s, &r, (r.a & ~(uint64_t)(7u << 8)) | prot << 8);
    }
    vipci_merge(v, s, at, end);
    return e == VIPC_OK ? vipci_settle(v, s, deadline) : e;
}
VIPC_API vipc_error vipc_space_protect(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, uint32_t prot, vipc_time deadline)
{
    vipci_space *s;
    uint64_t end = 0;
    vipc_error e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_range(self, s, at, size, &end);
    return vipci_space_end(self, e == VIPC_OK ? vipci_protect(self, s, at, end, prot, deadline) : e);
}

/* -- heap and stacks -- */
/* by: it only grows. */
static vipc_error vipci_move_break(vipc *v, vipci_space *s, uint64_t to, bool by, vipc_time deadline)
{
    const uint64_t low = vipci_page_size(v) - 1, old = (s->brk + low) & ~low, top = (to + low) & ~low;
    vipc_error e = VIPC_OK;
    if (to < s->heap_start) return VIPC_ERR_INVALID_ARGUMENT;
    if (to - s->heap_start > s->heap_max) return VIPC_ERR_LIMIT;
    if (top > old) {
        if (!vipci_is_free(v, s, old, top)) return VIPC_ERR_EXISTS;
        vipci_set64(v, &s->brk, to);
        e = vipci_region_add(v, s, old, top, VIPCI_R_MAKE(VIPC_REGION_HEAP, VIPC_PROT_READ | VIPC_PROT_WRITE, 0), 0);
        if (e == VIPC_OK) vipci_merge(v, s, old, top);
        return e;
    }
    if (top < old) {
        e = vipci_unmap(v, s, top, old, to);
        if (e != VIPC_OK) return e;
    } else {
        const bool more = to > s->brk;
        vipci_set64(v, &s->brk, to);
        vipci_commit(v);
        if (more) return VIPC_OK;
    }
    return by ? VIPC_OK : vipci_settle(v, s, deadline);       /* also what an earlier call was told TIMEOUT for */
}
VIPC_API vipc_error vipc_space_set_break(vipc *self, vipc_cap space, vipc_addr to, vipc_addr *now, vipc_time deadline)
{
    vipci_space *s;
    vipc_error e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_space_end(self, vipci_move_break(self, s, to, false, deadline));
    if (now && (e == VIPC_OK || e == VIPC_ERR_TIMEOUT || e == VIPC_ERR_WOULD_BLOCK)) *now = to;
    return e;
}
VIPC_API vipc_error vipc_space_grow_heap(vipc *self, vipc_cap space, uint64_t by, vipc_addr *was)
{
    vipci_space *s;
    vipc_error e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    const uint64_t old = s->brk;
    uint64_t to = old;
    e = vipci_space_end(self, vipci_add(&to, by) ? vipci_move_break(self, s, to, true, VIPC_NOW) : VIPC_ERR_LIMIT);
    if (e == VIPC_OK && was) *was = old;
    return e;
}
static vipc_error vipci_stack_make(vipc *v, vipci_space *s, uint64_t size, uint64_t first, uint64_t guard, vipc_stack *out)
{
    const uint64_t a = VIPCI_R_MAKE(VIPC_REGION_STACK, VIPC_PROT_READ | VIPC_PROT_WRITE, 0), none = VIPCI_R_MAKE(VIPC_REGION_STACK, 0, 0);
    const uint64_t owed_at = s->owed_at, owed_end = s->owed_end;
    uint64_t at = 0;
    vipc_error e = vipci_regions_room(v, s, 3);
    if (e == VIPC_OK && !vipci_gap_high(v, s, s->start, s->stack_end, size, &at)) e = VIPC_ERR_LIMIT;
    if (e != VIPC_OK) return e;
    const vipci_area part[3] = { { at, at + guard, none | VIPCI_R_GUARD, 0 }, { at + guard, at + size - first, none | VIPCI_R_GROWTH, 0 },
                                 { at + size - first, at + size, a, 0 } };
    vipci_owe(v, s, at, at + size);                          /* they leave, until there are all: see vipci_add_populated */
    for (uint32_t i = 0; e == VIPC_OK && i < 3; i++) {
        if (part[i].start == part[i].end) continue;
        vipci_set32(v, &s->leaving, s->leaving + 1);
        e = vipci_region_add(v, s, part[i].start, part[i].end, part[i].a | VIPCI_R_LEAVING, 0);
    }
    for (uint32_t i = 0; e == VIPC_OK && i < 3; i++) {
        if (part[i].start == part[i].end) continue;
        vipci_set32(v, &s->leaving, s->leaving - 1);
        e = vipci_region_change(v, s, part[i].start, &part[i]);
    }
    vipci_set64(v, &s->owed_at, owed_at);
    vipci_set64(v, &s->owed_end, owed_end);
    e = vipci_step_end(v, e);
    if (e != VIPC_OK) return e;
    out->bottom = at;
    out->top = out->sp = at + size;
    out->guard = guard;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_space_stack_create(vipc *self, vipc_cap space, const vipc_stack_desc *desc, vipc_stack *out)
{
    static const vipc_stack_desc usual = VIPC_INIT;
    vipci_space *s;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    const vipc_stack_desc d = desc ? *desc : usual;
    const uint64_t low = vipci_page_size(self) - 1;
    uint64_t size = d.size ? d.size : VIPC_LAYOUT_STACK, guard = d.guard ? d.guard : low + 1, first = d.first ? d.first : 65536;
    if (size > ~low || guard > ~low || first > ~low) return VIPC_ERR_INVALID_ARGUMENT;
    if (size < 2 * (low + 1)) return VIPC_ERR_INVALID_ARGUMENT;
    size = (size + low) & ~low;
    guard = (guard + low) & ~low;
    first = (first + low) & ~low;
    if (guard >= size || (d.first && first > size - guard)) return VIPC_ERR_INVALID_ARGUMENT;
    if (first > size - guard) first = size - guard;
    e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    vipc_stack k;
    if (e == VIPC_OK) e = vipci_space_end(self, vipci_stack_make(self, s, size, first, guard, &k));
    if (e == VIPC_OK) *out = k;
    return e;
}
/* Is there such a stack?  *guard: its guard; *above: what is above that, growth or the stack itself. */
static bool vipci_stack_find(const vipc *v, const vipci_space *s, const vipc_stack *k, vipci_area *guard, vipci_area *above)
{
    vipci_area r = { 0, 0, VIPCI_R_GROWTH, 0 };
    *above = r;
    if (!vipci_region_at(v, s, k->bottom, guard) || guard->start != k->bottom || (guard->a & (VIPCI_R_GUARD | VIPCI_R_LEAVING)) != VIPCI_R_GUARD
        || guard->end - guard->start != k->guard) return false;
    for (uint64_t at = guard->end; at < k->top; at = r.end) {      /* all of one stack: no other's guard in between */
        if (!vipci_region_at(v, s, at, &r) || r.start != at || r.end > k->top
            || VIPCI_R_TYPE(r.a) != VIPC_REGION_STACK || (r.a & (VIPCI_R_GUARD | VIPCI_R_LEAVING))) return false;
        if (at == guard->end) *above = r;
    }
    return k->top > guard->end && !(r.a & VIPCI_R_GROWTH);
}
static vipc_error vipci_stack_grow(vipc *v, vipci_space *s, vipc_stack *k, uint64_t by)
{
    vipci_area guard, above;
    if (k->bottom < s->start || k->top > s->end || k->bottom >= k->top || !vipci_stack_find(v, s, k, &guard, &above)) return VIPC_ERR_NOT_FOUND;
    if (by > k->bottom - s->start) return VIPC_ERR_LIMIT;
    const uint64_t bottom = k->bottom - by;
    if (!vipci_is_free(v, s, bottom, k->bottom)) return VIPC_ERR_EXISTS;
    vipc_error e = vipci_regions_room(v, s, 1);
    if (e != VIPC_OK) return e;
    vipci_area moved = guard, room = { bottom + k->guard, above.start, VIPCI_R_MAKE(VIPC_REGION_STACK, 0, 0) | VIPCI_R_GROWTH, 0 };
    moved.start = bottom;
    moved.end = bottom + k->guard;
    e = vipci_region_change(v, s, guard.start, &moved);
    if (above.a & VIPCI_R_GROWTH) {
        room.end = above.end;
        if (e == VIPC_OK) e = vipci_region_change(v, s, above.start, &room);
    } else if (e == VIPC_OK) e = vipci_region_insert(v, s, &room);
    if (vipci_step_end(v, e) == VIPC_OK) k->bottom = bottom;
    return e;
}
VIPC_API vipc_error vipc_space_grow_stack(vipc *self, vipc_cap space, vipc_stack *stack, uint64_t by)
{
    vipci_space *s;
    vipc_error e = vipci_known(self);
    const uint64_t low = e == VIPC_OK ? vipci_page_size(self) - 1 : 0;
    if (e == VIPC_OK && (!stack || !by || by > ~low)) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    vipc_stack k = *stack;
    e = vipci_space_begin(self, space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_space_end(self, vipci_stack_grow(self, s, &k, (by + low) & ~low));
    if (e == VIPC_OK) *stack = k;
    return e;
}

/* -- looking -- */
VIPC_API vipc_error vipc_space_find(vipc *self, vipc_cap space, vipc_addr at, vipc_space_region *out)
{
    vipci_space *s;
    vipci_area r;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_READ, &s);
    if (e != VIPC_OK) return e;
    e = vipci_space_end(self, vipci_region_at(self, s, at, &r) ? VIPC_OK : VIPC_ERR_NOT_FOUND);
    if (e == VIPC_OK) vipci_tell_region(&r, out);
    return e;
}
VIPC_API vipc_error vipc_space_sharers(vipc *self, vipc_cap space, vipc_addr at, uint32_t *out)
{
    vipci_space *s;
    uint64_t frame = 0, entry = 0;
    uint32_t n = 0;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_READ, &s);
    if (e != VIPC_OK) return e;
    vipci_area r;
    uint64_t page = 0;
    const vipci_space *of = at >= s->start && at < s->end && vipci_region_at(self, s, at, &r) && r.start <= at ? vipci_map_behind(self, s, &r, &page) : NULL;
    if (of) page += (at - r.start) >> self->page_shift;
    vipci_u64 *leaf = of ? vipci_map_node(self, of, page, 0, &frame) : NULL;
    if (leaf) entry = leaf[vipci_map_slot(self, page, 0)];
    if (!entry) e = VIPC_ERR_NOT_FOUND;
    else if (VIPCI_ENTRY_FRAME(entry) >= self->max_frames) e = VIPC_ERR_CORRUPT;
    else n = *vipci_refs_at(self, VIPCI_ENTRY_FRAME(entry));
    (void)vipci_space_end(self, e);
    if (e == VIPC_OK) *out = n;
    return e;
}
VIPC_API vipc_error vipc_space_get(vipc *self, vipc_cap space, vipc_space_info *out)
{
    vipci_space *s;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_space_begin(self, space, VIPC_RIGHT_READ, &s);
    if (e != VIPC_OK) return e;
    const vipci_object *o = vipci_object_at(self, s->object - 1);
    vipc_space_info i = VIPC_INIT;
    i.root = s->root;
    i.owner.id = o->owner && o->owner <= self->max_processes ? vipci_load64(self, &vipci_process_at(self, o->owner - 1)->pid) : 0;
    i.start = s->start; i.end = s->end; i.heap_start = s->heap_start; i.brk = s->brk; i.stack_end = s->stack_end; i.heap_max = s->heap_max;
    i.regions = s->regions; i.leaving = s->leaving; i.pages = s->pages; i.pages_shared = s->shared; i.table_frames = s->tables;
    i.zeroed = s->faults[0]; i.copied = s->faults[1]; i.made_writable = s->faults[2]; i.mapped = s->faults[3]; i.grown = s->faults[4];
    for (uint32_t k = 0; k < VIPC_LABEL_MAX; k++) i.label[k] = o->label[k];
    (void)vipci_space_end(self, VIPC_OK);
    *out = i;
    return VIPC_OK;
}

/* -- contents -- */
#if !VIPC_NO_REGIONS
/* The bytes of a page that a store is behind; to be written: with a frame of its own.  OK and NULL: look again. */
static vipc_error vipci_stored_bytes(vipc *v, const vipci_area *r, uint64_t at, bool write, unsigned char **bytes)
{
    if (write && !(VIPCI_R_MAX(r->a) & VIPC_PROT_WRITE)) return VIPC_ERR_PERMISSION_DENIED;      /* no capability for the space makes one for the store */
    vipci_space *store = vipci_backing(v, r);
    const vipci_entry *m = vipci_mapping_of(v, r->b);
    const uint64_t page = VIPCI_B_PAGE(r->b) + ((at - r->start) >> v->page_shift);
    vipci_spot p = { at, page, 0, NULL, vipci_map_slot(v, page, 0) };
    uint32_t kind = 1;
    if (!store || !m) return VIPC_ERR_CORRUPT;
    if ((m->kind & VIPCI_WITHDRAWN) || page >= vipci_pages_of(v, store->brk)) return VIPC_ERR_FAULT;
    if (write && (store->rule & VIPCI_S_SEALED)) return VIPC_ERR_PERMISSION_DENIED;
    vipc_error e = VIPC_OK;
    if (page >= store->owed_at && page < store->owed_end) e = vipci_store_settle(v, store, VIPC_FOREVER), kind = 0;
    if (!kind || e != VIPC_OK) return e == VIPC_ERR_CLOSED ? VIPC_OK : e;
    p.leaf = vipci_map_node(v, store, page, 0, &p.frame);
    if (!vipci_spot_entry(&p)) return vipci_store_fill(v, store, page, page + 1, false);
    if (write && (vipci_spot_entry(&p) & VIPCI_COW)) {
        e = vipci_store_break(v, store, &p, VIPC_FOREVER, &kind);
        if (e != VIPC_OK || !kind) return e == VIPC_ERR_CLOSED ? VIPC_OK : e;
    }
    *bytes = (unsigned char *)vipci_frames_at(v, VIPCI_ENTRY_FRAME(vipci_spot_entry(&p)), 1);
    return *bytes ? VIPC_OK : VIPC_ERR_CORRUPT;
}
#endif
/* The bytes of a page that may be written, by a loader.  OK and NULL: look again. */
static vipc_error vipci_page_for_write(vipc *v, vipci_space *s, uint64_t at, unsigned char **bytes)
{
    vipci_spot p = vipci_spot_at(v, s, at);
#if !VIPC_NO_REGIONS
    vipci_area r;
    if (vipci_region_at(v, s, at, &r) && vipci_is_backed(&r)) return vipci_stored_bytes(v, &r, at, true, bytes);
#endif
    p.leaf = vipci_map_node(v, s, p.page, 0, &p.frame);
    const uint64_t entry = vipci_spot_entry(&p);
    vipc_error e = VIPC_OK;
    if (!entry) e = vipci_give_page(v, s, &p, 0);
    else if ((entry & VIPCI_COW) && vipci_sole(v, entry)) vipci_keep_page(v, s, &p, 0);
    else if (entry & VIPCI_COW) {
        if (s->owed_end) return vipci_settle(v, s, VIPC_FOREVER);
        e = vipci_copy_page(v, s, &p, 0);
    }
    if (e != VIPC_OK) return e;
    *bytes = (unsigned char *)vipci_frames_at(v, VIPCI_ENTRY_FRAME(vipci_spot_entry(&p)), 1);
    return *bytes ? VIPC_OK : VIPC_ERR_CORRUPT;
}
static vipc_error vipci_may_copy(const vipc *v, const vipci_space *s, uint64_t at)
{
    vipci_area r;
    if (at < s->start || at >= s->end || !vipci_region_at(v, s, at, &r) || r.start > at || (r.a & VIPCI_R_LEAVING)) return VIPC_ERR_FAULT;
    if (r.a & VIPCI_R_GUARD) return VIPC_ERR_GUARD_PAGE;
    if (vipci_is_device(&r)) return VIPC_ERR_NOT_SUPPORTED;
    return VIPCI_R_PROT(r.a) ? VIPC_OK : VIPC_ERR_PERMISSION_DENIED;
}
enum { VIPCI_COPY_BYTES = 256 };       /* no page is smaller, and no stack too small for that */
/* A part of vipc_space_read and vipc_space_write, n bytes of one page. */
static vipc_error vipci_copy_part(vipc *v, vipc_cap cap, vipci_space *s, uint64_t at, void *to, const void *from, uint64_t n)
{
    const uint64_t low = at & (vipci_page_size(v) - 1);
    unsigned char *bytes = NULL;
    vipc_error e = VIPC_OK;
    for (uint32_t turns = 0; from && e == VIPC_OK && !bytes; turns++) {
        if (turns) e = turns == VIPCI_TURNS ? VIPC_ERR_RESOURCE_BUSY : vipci_space_still(v, cap, VIPC_RIGHT_MODIFY, s);
        if (e == VIPC_OK) e = vipci_may_copy(v, s, at);
        if (e == VIPC_OK) e = vipci_page_for_write(v, s, at, &bytes);
    }
    if (from && e == VIPC_OK) {
        vipci_copy(bytes + low, from, n);
        if (s->limbo) (void)vipci_settle(v, s, VIPC_FOREVER);
    }
    if (from || e != VIPC_OK) return e;
    e = vipci_may_copy(v, s, at);
    if (e != VIPC_OK) return e;
#if !VIPC_NO_REGIONS
    vipci_area r;
    for (uint32_t turns = 0; vipci_region_at(v, s, at, &r) && vipci_is_backed(&r);) {
        e = vipci_stored_bytes(v, &r, at, false, &bytes);
        if (e == VIPC_OK && bytes) vipci_copy(to, bytes + low, n);
        if (e != VIPC_OK || bytes) return e;
        e = ++turns == VIPCI_TURNS ? VIPC_ERR_RESOURCE_BUSY : vipci_space_still(v, cap, VIPC_RIGHT_MODIFY, s);
        if (e == VIPC_OK) e = vipci_may_copy(v, s, at);
        if (e != VIPC_OK) return e;
    }
#endif
    uint64_t frame = 0, page = vipci_page_of(v, s, at);
    vipci_u64 *leaf = vipci_map_node(v, s, page, 0, &frame);
    uint64_t entry = leaf ? leaf[vipci_map_slot(v, page, 0)] : 0;
    if (!entry) { vipci_zero(to, n); return VIPC_OK; }
    bytes = (unsigned char *)vipci_frames_at(v, VIPCI_ENTRY_FRAME(entry), 1);
    if (!bytes) return VIPC_ERR_CORRUPT;
    vipci_copy(to, bytes + low, n);
    return VIPC_OK;
}
static vipc_error vipci_copy_bytes(vipc *self, vipc_cap space, uint64_t at, void *to, const void *from, uint64_t size, uint64_t *done)
{
    uint64_t n = 0, end = at;
    vipc_error e = vipci_known(self);
    if (done) *done = 0;
    if (e == VIPC_OK && ((!to && !from) || !size || !vipci_add(&end, size))) e = VIPC_ERR_INVALID_ARGUMENT;
    while (e == VIPC_OK && n < size) {
        vipci_space *s;
        unsigned char some[VIPCI_COPY_BYTES];
        const uint64_t here = at + n, rest = VIPCI_COPY_BYTES - (here & (VIPCI_COPY_BYTES - 1)), part = size - n < rest ? size - n : rest;      /* of one page */
        if (from) vipci_copy(some, (const unsigned char *)from + n, part);
        e = vipci_space_begin(self, space, VIPC_RIGHT_MODIFY, &s);
        if (e == VIPC_OK) e = vipci_space_end(self, vipci_copy_part(self, space, s, here, to ? some : NULL, from ? some : NULL, part));
        if (e == VIPC_OK && to) vipci_copy((unsigned char *)to + n, some, part);
        if (e == VIPC_OK) n += part;
        if (done) *done = n;
    }
    return e;
}
VIPC_API vipc_error vipc_space_read(vipc *self, vipc_cap space, vipc_addr at, void *to, uint64_t size, uint64_t *done)
{
    return vipci_copy_bytes(self, space, at, to, NULL, size, done);
}
VIPC_API vipc_error vipc_space_write(vipc *self, vipc_cap space, vipc_addr at, const void *from, uint64_t size, uint64_t *done)
{
    return vipci_copy_bytes(self, space, at, NULL, from, size, done);
}
#endif

/* -------------------------------------------------------------------------------------------------- >>shared
 * Operations on regions, and on named objects as far as they are alike, over >>stores.  A mapping is made in one step: its entry, and its region in the space;
 * translations follow. */
#if !VIPC_NO_REGIONS
static vipc_error vipci_idle_ok(const vipc *v, const vipc_region_desc *d, uint64_t *idle)
{
    vipci_entry *e;
    *idle = 0;
    if (!d->idle.token) return VIPC_OK;
    vipc_error r = vipci_check_cap(v, d->idle, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND, &e);
    if (r != VIPC_OK) return r;
    const uint64_t state = e->object < v->max_objects ? vipci_load64(v, &vipci_object_at(v, e->object)->state) : 0;
    if (vipci_state(state) != VIPCI_OPEN) return VIPC_ERR_CLOSED;
    *idle = d->idle.token;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_region_create(vipc *self, const vipc_region_desc *desc, vipc_cap *out)
{
    vipci_object *o = NULL;
    vipci_space *s = NULL;
    vipc_cap cap = VIPC_INIT;
    uint64_t idle = 0;
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!desc || !out || !desc->size || !vipci_access_ok(desc->access_max) || desc->cache > VIPC_WRITE_COMBINING || desc->contiguous > 1) return VIPC_ERR_INVALID_ARGUMENT;
    const vipc_region_desc d = *desc;
    char text[VIPC_LABEL_MAX + 1];
    vipci_label(text, d.label);
    if (!vipci_regions_supported(self)) return VIPC_ERR_NOT_SUPPORTED;
    if (d.node > self->numa_nodes) return VIPC_ERR_INVALID_ARGUMENT;
    const uint64_t pages = vipci_pages_of(self, d.size), access = d.access_max ? d.access_max : (uint64_t)VIPC_WRITE;
    if (pages > self->region_pages) return VIPC_ERR_LIMIT;
    const uint64_t rule = access | (uint64_t)d.cache << 4 | (d.contiguous ? VIPCI_S_CONTIGUOUS : 0) | (uint64_t)d.node << 32;
    vipci_map_rested(self);
    e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    e = vipci_idle_ok(self, &d, &idle);
    if (e == VIPC_OK) e = vipci_quota(self, vipci_us(self), pages);
    if (e == VIPC_OK) e = vipci_store_make(self, (uint32_t)VIPC_TYPE_REGION << 8 | VIPC_RIGHT_ALL, text, pages, rule, &o, &s, &cap);
    if (e != VIPC_OK) return vipci_store_end(self, e);
    const uint64_t number = s->number;
    vipci_poke64(self, &s->idle_bits, d.idle_bits);          /* nobody is told of anything before another has a capability */
    vipci_poke64(self, &s->idle, idle);
    e = vipci_store_fill(self, s, 0, pages, d.contiguous != 0);
    if (e != VIPC_OK) {
        vipci_store_unmake(self, o, s, number);
        return vipci_store_end(self, e);
    }
    vipci_set64(self, &s->brk, pages << self->page_shift);
    vipci_commit(self);
    (void)vipci_store_end(self, VIPC_OK);
    *out = cap;
    return VIPC_OK;
}
/* The first mapping in this space that covers `pages` pages from `page` on with this protection, as one piece; pages 0: any, its first piece. */
static vipci_entry *vipci_mapped_there(const vipc *v, const vipci_object *o, const vipci_space *s, uint64_t page, uint64_t pages, uint32_t prot, vipci_area *r)
{
    vipci_tour t = vipci_tour_of(v, o, false);
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL && !t.withdrawn;) {
        uint64_t at = e->badge;
        if (vipci_mapping_space(v, e) != s || (pages && (e->held_prev != page || e->place >> 24 != pages || e->held_next != 1))) continue;
        if (!vipci_piece_next(v, e, s, &at, r) || (r->a & VIPCI_R_LEAVING)) continue;
        if (!pages || (r->start == e->badge && (r->end - r->start) >> v->page_shift == pages && VIPCI_R_PROT(r->a) == prot)) return e;
    }
    return NULL;
}
static vipci_space *vipci_own_space(const vipc *v)
{
    vipci_entry *e;
    vipc_cap own = { vipci_load64(v, &vipci_us(v)->space) };
    if (!own.token || vipci_check_cap(v, own, VIPC_TYPE_SPACE, 0, &e) != VIPC_OK || e->object >= v->max_objects) return NULL;
    return vipci_space_of(v, vipci_object_at(v, e->object));
}
static vipc_pid vipci_owner_of(const vipc *v, const vipci_object *o)
{
    vipc_pid pid = { o->owner && o->owner <= v->max_processes ? vipci_load64(v, &vipci_process_at(v, o->owner - 1)->pid) : 0 };
    return pid;
}
/* How many capabilities, those with a name aside, and mappings. */
static void vipci_store_count(const vipc *v, const vipci_object *o, uint32_t *holders, uint32_t *mappings, bool *named)
{
    uint32_t steps = 0;
    *holders = *mappings = 0;
    *named = false;
    for (const vipci_entry *e = vipci_linked(v, o->first_cap); e && steps <= v->max_caps; e = vipci_cap_after(v, e), steps++) {
        if (e->kind & VIPCI_MAPPED) ++*mappings;
        else if ((e->kind & VIPCI_NAMED) && !e->holder) *named = true;
        else ++*holders;
    }
}
VIPC_API vipc_error vipc_region_get(vipc *self, vipc_cap region, vipc_region_info *out)
{
    vipci_entry *e = NULL;
    vipci_space *s = NULL;
    vipci_area r;
    bool named;
    vipc_region_info i;
    vipc_error x = out ? vipci_store_begin(self, region, 0, &e, &s) : vipci_known(self);
    if (x != VIPC_OK || !out) return x == VIPC_OK ? VIPC_ERR_INVALID_ARGUMENT : x;
    const vipci_object *o = vipci_store_object(self, s);
    uint64_t frame = 0;
    vipci_zero(&i, sizeof i);
    i.id = s->number;
    i.size = s->brk;
    i.owner = vipci_owner_of(self, o);
    vipci_store_count(self, o, &i.holders, &i.mappings, &named);
    i.access_max = VIPCI_S_ACCESS(s->rule);
    i.cache = VIPCI_S_CACHE(s->rule);
    i.node = VIPCI_S_NODE(s->rule);
    i.contiguous = (s->rule & VIPCI_S_CONTIGUOUS) != 0;
    i.sealed = (s->rule & VIPCI_S_SEALED) != 0;
    const vipci_u64 *leaf = i.contiguous && (e->kind & VIPC_RIGHT_MODIFY) ? vipci_map_node(self, s, 0, 0, &frame) : NULL;
    if (leaf && leaf[0]) i.physical = VIPCI_ENTRY_FRAME(leaf[0]) << self->page_shift;
    const vipci_space *own = vipci_own_space(self);
    const vipci_entry *m = own ? vipci_mapped_there(self, o, own, 0, 0, 0, &r) : NULL;
    if (m) {
        i.mine.at = r.start;
        i.mine.size = r.end - r.start;
        i.mine.access = VIPCI_R_PROT(r.a);
        i.mine.cache = VIPCI_R_CACHE(r.a);
    }
    for (uint32_t k = 0; k < VIPC_LABEL_MAX; k++) i.label[k] = o->label[k];
    (void)vipci_store_end(self, VIPC_OK);
    *out = i;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_region_find(vipc *self, uint64_t id, vipc_cap *out)
{
    vipc_error x = vipci_known(self);
    if (x == VIPC_OK && !out) x = VIPC_ERR_INVALID_ARGUMENT;
    if (x == VIPC_OK) x = vipci_lock(self, VIPC_FOREVER);
    if (x != VIPC_OK) return x;
    uint32_t steps = 0;
    uint64_t token = 0;
    for (const vipci_entry *e = vipci_linked(self, vipci_us(self)->held); id && !token && e && steps <= self->max_caps; e = vipci_linked(self, e->held_next), steps++) {
        const vipci_space *s = vipci_is_memory(VIPCI_TYPE(e->kind)) && e->object < self->max_objects ? vipci_store_of(self, vipci_object_at(self, e->object)) : NULL;
        if (s && s->number == id) token = e->token;
    }
    vipci_unlock(self);
    if (!token) return VIPC_ERR_INVALID_REGION;
    out->token = token;
    return VIPC_OK;
}

/* -- mapping -- */
/* Nobody owes anything that translations of it would have to wait for, unless others take translations away all the time: then faults will give them. */
static vipc_error vipci_map_ready(vipc *v, vipc_cap space, vipci_space *s, vipc_cap memory, uint32_t access)
{
    vipc_error e = VIPC_OK;
    for (uint32_t turns = 0; e == VIPC_OK && turns < VIPCI_PAYS; turns++) {
        vipci_entry *by = NULL;
        vipci_space *store = NULL;
        e = vipci_store_check(v, memory, access, &by, &store);
        if (e != VIPC_OK || !(s->owed_end || store->owed_end)) break;
        e = s->owed_end ? vipci_settle(v, s, VIPC_FOREVER) : vipci_store_settle(v, store, VIPC_FOREVER);
        if (e == VIPC_OK || e == VIPC_ERR_CLOSED) e = vipci_space_still(v, space, VIPC_RIGHT_WRITE, s);
    }
    return e;
}
static vipc_error vipci_map_memory(vipc *v, vipci_space *s, vipc_cap memory, const vipc_map_desc *d, uint32_t access, vipc_mapping *out)
{
    vipci_entry *by = NULL;
    vipci_space *store = NULL;
    vipci_area r = { d->at, 0, VIPCI_R_MAKE(VIPC_REGION_SHARED, access, 0), 0 }, there;
    uint64_t page = 0, pages = 0;
    vipc_error e = d->lazy ? VIPC_OK : vipci_map_ready(v, d->space, s, memory, access);
    if (e == VIPC_OK) e = vipci_store_check(v, memory, access, &by, &store);
    if (e == VIPC_OK) e = vipci_may_map(s, store, access);
    if (e == VIPC_OK) e = vipci_part_of(v, store, d->offset, d->size, &page, &pages);
    if (e != VIPC_OK) return e;
    const uint64_t size = pages << v->page_shift;
    if (vipci_mapped_there(v, vipci_store_object(v, store), s, page, pages, access, &there) && (!d->at || d->at == there.start)) r = there;
    else {
        if (d->at) e = vipci_range(v, s, d->at, size, &r.end);
        if (e == VIPC_OK && d->at && !vipci_is_free(v, s, r.start, r.end)) e = VIPC_ERR_EXISTS;
        if (e == VIPC_OK && !d->at && !vipci_find_room(v, s, 0, size, &r.start)) e = VIPC_ERR_LIMIT;
        if (e != VIPC_OK) return e;
        r.end = r.start + size;
        r.b = page;
        e = vipci_map_store(v, s, store, by, &r, !d->lazy);
    }
    if (e != VIPC_OK) return e;
    out->at = r.start;
    out->size = size;
    out->access = access;
    out->cache = VIPCI_R_CACHE(r.a);
    return VIPC_OK;
}
VIPC_API vipc_error vipc_map(vipc *self, vipc_cap memory, const vipc_map_desc *desc, vipc_mapping *out)
{
    static const vipc_map_desc usual = VIPC_INIT;
    vipci_space *s = NULL;
    vipc_mapping m = VIPC_INIT;
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    const vipc_map_desc d = desc ? *desc : usual;
    const uint32_t access = d.access ? d.access : (uint32_t)VIPC_READ;
    if (!out || !vipci_access_ok(access) || d.lazy > 1) return VIPC_ERR_INVALID_ARGUMENT;
    if (!vipci_regions_supported(self)) return VIPC_ERR_NOT_SUPPORTED;
    if (!d.space.token && !vipci_load64(self, &vipci_us(self)->space)) return VIPC_ERR_NOT_FOUND;
    e = vipci_space_begin(self, d.space, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_space_end(self, vipci_map_memory(self, s, memory, &d, access, &m));
    if (e == VIPC_OK) *out = m;
    return e;
}
VIPC_API vipc_error vipc_unmap(vipc *self, const vipc_mapping *mapping, vipc_time deadline)
{
    vipci_space *s = NULL;
    vipci_area r;
    vipc_cap own = VIPC_INIT;
    uint64_t end = 0;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !mapping) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    const vipc_mapping m = *mapping;
    if (!vipci_load64(self, &vipci_us(self)->space)) return VIPC_ERR_INVALID_REGION;
    e = vipci_space_begin(self, own, VIPC_RIGHT_WRITE, &s);
    if (e != VIPC_OK) return e;
    e = vipci_range(self, s, m.at, m.size, &end);
    for (uint64_t at = m.at; e == VIPC_OK && at < end; at = r.end)
        if (!vipci_region_at(self, s, at, &r) || r.start > at || !vipci_is_backed(&r)) e = VIPC_ERR_INVALID_REGION;
    if (e == VIPC_OK) e = vipci_unmap(self, s, m.at, end, s->brk);
    if (e == VIPC_OK) e = vipci_settle(self, s, deadline);
    return vipci_space_end(self, e);
}
/* -- handing over -- */
static vipc_error vipci_move(vipc *v, vipc_cap region, vipci_entry *e, vipci_space *store, uint32_t index, vipc_time deadline, vipc_cap *out)
{
    vipci_object *o = vipci_object_at(v, e->object);
    vipci_process *to = vipci_process_at(v, index);
    if (o->owner != v->process + 1) return VIPC_ERR_PERMISSION_DENIED;
    if (to->capabilities >= vipci_d(v)->config.capabilities_per_process || !vipci_may_own(v, to, store)) return VIPC_ERR_LIMIT;
    const uint64_t pid = vipci_load64(v, &to->pid);
    vipci_withdraw_from(v, o, v->process);
    vipc_error r = vipci_store_flush(v, store, deadline);
    if (r == VIPC_OK) r = vipci_store_still(v, region, VIPC_RIGHT_DELETE, &e, store);      /* the lock may have been let go */
    if (r == VIPC_OK && (vipci_load64(v, &to->pid) != pid || vipci_load32(v, &to->state) != VIPCI_LIVE)) r = VIPC_ERR_PROCESS_NOT_FOUND;
    if (r == VIPC_OK && o->owner != v->process + 1) r = VIPC_ERR_PERMISSION_DENIED;
    if (r == VIPC_OK && (to->capabilities >= vipci_d(v)->config.capabilities_per_process || !vipci_may_own(v, to, store))) r = VIPC_ERR_LIMIT;
    if (r == VIPC_OK && e->reuse == 0xffffffffu) r = VIPC_ERR_LIMIT;      /* its next token would be an old one */
    if (r != VIPC_OK) return r;
    vipci_withdraw_from(v, o, v->process);                   /* another thread of ours may have mapped it meanwhile; it has no translation to use when this ends, or a
                                                              * flush is due, which faults of the receiver's wait for */
    if (o->peer) vipci_store_owe(v, store, 0, vipci_pages_of(v, store->brk), 7);
    vipci_close_others(v, o, v->process, e);
    /* ---- point of no return: one step ---- */
    vipci_store_mark(v, e);
    vipci_initial_remove(v, e);
    vipci_invalidate(v, e);
    vipci_set32(v, &e->kind, e->kind & ~(uint32_t)VIPCI_INITIAL);
    vipci_set32(v, &e->reuse, e->reuse + 1);
    vipci_hold(v, e, to);
    r = vipci_store_give(v, o, store, to);
    if (r == VIPC_OK) {
        vipci_validate(v, e);
        out->token = e->token;
    }
    return vipci_step_end(v, r);
}
VIPC_API vipc_error vipc_region_transfer(vipc *self, vipc_cap region, vipc_pid to, uint32_t mode, uint32_t access, vipc_cap *out, vipc_time deadline)
{
    vipci_entry *e = NULL, *child = NULL;
    vipci_space *store = NULL, *copy = NULL;
    vipci_object *o = NULL;
    uint32_t index = 0;
    vipc_cap cap = VIPC_INIT, mine = VIPC_INIT;
    const uint32_t needs = mode == VIPC_SHARE ? (uint32_t)VIPC_RIGHT_GRANT : mode == VIPC_MOVE ? (uint32_t)VIPC_RIGHT_DELETE : (uint32_t)VIPC_RIGHT_READ;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!out || mode > VIPC_COPY_ON_WRITE || !vipci_access_ok(access) || to.id == self->pid) return VIPC_ERR_INVALID_ARGUMENT;
    r = vipci_store_begin(self, region, needs, &e, &store);
    if (r != VIPC_OK) return r;
    r = vipci_find_process(self, to, &index);
    if (r == VIPC_OK && vipci_load32(self, &vipci_process_at(self, index)->state) != VIPCI_LIVE) r = VIPC_ERR_PROCESS_NOT_FOUND;
    if (r == VIPC_OK && (access & ~(e->kind & 7u))) r = VIPC_ERR_PERMISSION_DENIED;
    if (r == VIPC_OK && mode == VIPC_MOVE && VIPCI_TYPE(e->kind) != VIPC_TYPE_REGION) r = VIPC_ERR_INVALID_REGION;
    if (r == VIPC_OK && mode == VIPC_MOVE && access && access != (e->kind & 7u)) r = VIPC_ERR_INVALID_ARGUMENT;
    if (r == VIPC_OK && mode == VIPC_MOVE) r = vipci_move(self, region, e, store, index, deadline, &cap);
    else if (r == VIPC_OK) {
        vipci_process *p = vipci_process_at(self, index);
        const uint32_t kind = e->kind & 0xf00u, rights = vipci_rights_for(e->kind, access);
        if (mode == VIPC_SHARE) {
            r = vipci_entry_new(self, kind | rights, e->object, e->badge, vipci_link(self, e), p, &child);
            if (r == VIPC_OK) r = vipci_limits_inherit(self, e, child);
        } else {
            r = vipci_snapshot(self, store, 0, vipci_pages_of(self, store->brk), rights, deadline, &o, &copy, &mine);
            const uint64_t number = r == VIPC_OK ? copy->number : 0;
            if (r == VIPC_OK && (vipci_load64(self, &p->pid) != to.id || vipci_load32(self, &p->state) != VIPCI_LIVE)) r = VIPC_ERR_PROCESS_NOT_FOUND;
            if (r == VIPC_OK) r = vipci_entry_new(self, (uint32_t)VIPC_TYPE_REGION << 8 | rights | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | VIPC_RIGHT_MODIFY, vipci_index(self, o), 0, 0, p, &child);
            if (r == VIPC_OK) vipci_entry_remove(self, vipci_entry_at(self, (uint32_t)(mine.token & 0xffffff) - 1));      /* the giver keeps none for the copy */
            if (r != VIPC_OK) { vipci_rollback(self); if (number) vipci_store_unmake(self, o, copy, number); }
        }
        if (r == VIPC_OK) {
            vipci_validate(self, child);
            cap.token = child->token;
        }
        r = vipci_step_end(self, r);
    }
    r = vipci_store_end(self, r);
    if (r == VIPC_OK) *out = cap;
    return r;
}
VIPC_API vipc_error vipc_region_seal(vipc *self, vipc_cap memory, vipc_time deadline)
{
    vipci_entry *e = NULL;
    vipci_space *store = NULL;
    vipc_error r = vipci_store_begin(self, memory, VIPC_RIGHT_MODIFY, &e, &store);
    if (r != VIPC_OK) return r;
    for (uint32_t turns = 0; r == VIPC_OK; turns++) {        /* whoever has unmapped it, or may only read it by now, must have acknowledged that */
        const vipci_object *o = vipci_store_object(self, store);
        vipci_tour t = vipci_tour_of(self, o, false);
        vipci_area a;
        bool owes = false;
        for (vipci_entry *m; r == VIPC_OK && (m = vipci_tour_next(self, o, &t)) != NULL;) {
            const vipci_space *s = vipci_mapping_space(self, m);
            owes = owes || (s && s->owed_end);
            for (uint64_t at = m->badge; s && vipci_piece_next(self, m, s, &at, &a);)
                if (!(a.a & VIPCI_R_LEAVING) && (VIPCI_R_PROT(a.a) & VIPC_PROT_WRITE)) r = VIPC_ERR_RESOURCE_BUSY;
        }
        if (r != VIPC_OK || !owes) break;
        r = turns < VIPCI_TURNS ? vipci_store_flush(self, store, deadline) : VIPC_ERR_RESOURCE_BUSY;
        if (r == VIPC_OK) r = vipci_store_still(self, memory, VIPC_RIGHT_MODIFY, &e, store);
    }
    if (r == VIPC_OK) {
        vipci_set64(self, &store->rule, store->rule | VIPCI_S_SEALED);
        vipci_commit(self);
    }
    return vipci_store_end(self, r);
}
VIPC_API vipc_error vipc_node_usage(vipc *self, uint32_t node, uint64_t *bytes)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!bytes) return VIPC_ERR_INVALID_ARGUMENT;
    if (node >= self->numa_nodes) return VIPC_ERR_NOT_FOUND;
    *bytes = vipci_load64(self, &vipci_d(self)->node_pages[node]) << self->page_shift;
    return VIPC_OK;
}
#endif

/* --------------------------------------------------------------------------------------------------- >>names
 * A published name is a capability of its publisher's that has no token: it dies with its publisher, and with its parent.  Who waits for a name
 * registers under the lock, so a publisher, who takes the lock later, sees it. */
#if !VIPC_NO_NAMES || !VIPC_NO_REGIONS
static uint32_t vipci_hash(const char *text, uint32_t length)       /* FNV-1a, 32 bits */
{
    uint32_t h = 2166136261u ^ length >> 16;
    for (uint32_t i = 0; i < (length & 0xffff); i++) h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h;
}
/* Link of the record with this name, or 0. */
static uint32_t vipci_name_find(const vipc *v, const char *text, uint32_t length)
{
    uint32_t hash = vipci_hash(text, length), link = *vipci_bucket(v, hash);
    for (uint32_t steps = 0; link && link <= v->max_names && steps <= v->max_names; steps++) {
        const vipci_name *n = vipci_name_at(v, link - 1);
        if (n->cap && n->hash == hash && n->length == length) {
            uint32_t i = 0;
            while (i < (length & 0xffff) && n->text[i] == text[i]) i++;
            if (i == (length & 0xffff)) return link;
        }
        link = n->next;
    }
    return 0;
}
/* Record `i` says that this name is what `e` is for; within a step. */
static void vipci_name_set(const vipc *v, uint32_t i, vipci_entry *e, const char *name, uint32_t length)
{
    const uint32_t hash = vipci_hash(name, length);
    uint32_t *bucket = vipci_bucket(v, hash);
    vipci_name *n = vipci_name_at(v, i);
    vipci_set64(v, &e->place, (e->place & ~(uint64_t)0xffffffff) | (i + 1));
    vipci_copy(n->text, name, (uint64_t)(length & 0xffff) + 1);     /* free until cap says so */
    vipci_set32(v, &n->hash, hash);
    vipci_set32(v, &n->length, length);
    vipci_set32(v, &n->next, *bucket);
    vipci_set32(v, &n->cap, vipci_link(v, e));
    vipci_set32(v, bucket, i + 1);
#if !VIPC_NO_REGIONS
    uint32_t *count = length & VIPCI_NAMES_MEMORY ? &vipci_d(v)->named : &vipci_d(v)->published;
    vipci_set32(v, count, *count + 1);
#endif
}
#endif
#if !VIPC_NO_NAMES
/* Length of a valid name, or the error. */
static vipc_error vipci_name_read(const char *name, char text[VIPC_NAME_MAX + 1], uint32_t *length)
{
    uint32_t n = 0;
    if (!name) return VIPC_ERR_INVALID_ARGUMENT;
    for (char c; (c = name[n]) != 0; n++) {
        if (n == VIPC_NAME_MAX) return VIPC_ERR_NAME_TOO_LONG;
        if (c == '/') return VIPC_ERR_INVALID_ARGUMENT;
        text[n] = c;
    }
    text[n] = 0;
    *length = n;
    return n ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT;
}
static vipc_error vipci_name_new(vipc *v, const char *name, uint32_t length, vipci_entry *from, uint32_t rights)
{
    vipci_domain *d = vipci_d(v);
    uint32_t i = 0;
    vipci_entry *e = NULL;
#if !VIPC_NO_REGIONS
    if (d->published >= v->max_names - v->max_named) return VIPC_ERR_LIMIT;
#endif
    vipc_error r = vipci_take_slot(v, &d->free_name, &d->used_names, v->max_names, VIPCI_NEXT_FREE(vipci_name_at, d->free_name, v->max_names), &i);
    if (r == VIPC_OK) r = vipci_entry_new(v, (from->kind & 0xf00u) | rights | VIPCI_NAMED, from->object, from->badge, vipci_link(v, from), vipci_us(v), &e);
    if (r != VIPC_OK) return r;
    vipci_set64(v, &e->place, i + 1);
    r = vipci_limits_inherit(v, from, e);
    if (r == VIPC_OK) vipci_name_set(v, i, e, name, length);
    return r;
}
/* The published capability behind a name, if its publisher lives; the name of one who does not goes. */
static vipci_entry *vipci_name_entry(vipc *v, const char *name, uint32_t length)
{
    uint32_t link = vipci_name_find(v, name, length);
    vipci_entry *e = link ? vipci_linked(v, vipci_name_at(v, link - 1)->cap) : NULL;
    if (!e || !(e->kind & VIPCI_NAMED) || e->holder - 1 >= v->max_processes) return NULL;
    if (!vipci_is_dead(v, e->holder - 1)) return e;
    (void)vipci_end_process(v, e->holder - 1);
    return NULL;
}
VIPC_API vipc_error vipc_publish(vipc *self, const char *name, vipc_cap cap, uint32_t rights)
{
    uint32_t length = 0;
    char text[VIPC_NAME_MAX + 1];                                /* not to be touched under the lock where it lies */
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_name_read(name, text, &length);
    if (r == VIPC_OK && rights > VIPC_RIGHT_ALL) r = VIPC_ERR_INVALID_ARGUMENT;
    if (r == VIPC_OK) r = vipci_lock_with(self, cap, 0, VIPC_RIGHT_GRANT, VIPC_FOREVER, &e);
    if (r != VIPC_OK) return r;
    if (rights == 0) rights = e->kind & VIPCI_RIGHTS;
    if (rights & ~(e->kind & VIPCI_RIGHTS)) r = VIPC_ERR_PERMISSION_DENIED;
    else if (vipci_name_entry(self, text, length)) r = VIPC_ERR_EXISTS;
    else r = vipci_check_cap(self, cap, 0, VIPC_RIGHT_GRANT, &e);    /* cleaning up after a publisher may have taken it along */
    if (r == VIPC_OK) r = vipci_name_new(self, text, length, e, rights);
    if (r != VIPC_OK) return vipci_fail(self, r);
    vipci_commit(self);
    vipci_unlock(self);
    vipci_wake_all(self, VIPCI_FOR_NAME, 0);
    return VIPC_OK;
}
VIPC_API vipc_error vipc_unpublish(vipc *self, const char *name)
{
    uint32_t length = 0;
    char text[VIPC_NAME_MAX + 1];
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_name_read(name, text, &length);
    if (r == VIPC_OK) r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    vipci_entry *e = vipci_name_entry(self, text, length);
    if (!e) r = VIPC_ERR_ENDPOINT_NOT_FOUND;
    else if (e->holder != self->process + 1) r = VIPC_ERR_PERMISSION_DENIED;
    else vipci_give_up_cap(self, e);
    vipci_unlock(self);
    return r;
}
/* One look, with the lock held, which a success gives back.  ENDPOINT_NOT_FOUND: not published. */
static vipc_error vipci_lookup_try(vipc *v, const char *name, uint32_t length, uint32_t rights, vipc_cap *out)
{
    vipci_domain *d = vipci_d(v);
    vipci_entry *e = vipci_name_entry(v, name, length);
    vipc_derive_desc desc = VIPC_INIT;
    if (!e) return VIPC_ERR_ENDPOINT_NOT_FOUND;
#if !VIPC_NO_LIMITS
    vipc_error r = e->kind & VIPCI_LIMITED ? vipci_in_time(v, e) : VIPC_OK;
    if (r != VIPC_OK) return vipci_fail(v, r);
#endif
    desc.rights = rights;
    vipci_set64(v, &d->hits, d->hits + 1);
    return vipci_child(v, e, &desc, vipci_us(v), out);
}
VIPC_API vipc_error vipc_lookup(vipc *self, const char *name, uint32_t rights, vipc_cap *out, vipc_time deadline)
{
    uint32_t length = 0;
    char text[VIPC_NAME_MAX + 1];
    vipc_error r = vipci_known(self), p = VIPC_OK;
    if (r == VIPC_OK) r = vipci_name_read(name, text, &length);
    if (r == VIPC_OK && (!out || rights > VIPC_RIGHT_ALL)) r = VIPC_ERR_INVALID_ARGUMENT;
    if (r != VIPC_OK) return r;
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_NAME, 0, NULL, 1, deadline);
    for (bool first = true;; first = false) {
        r = vipci_lock(self, deadline == VIPC_NOW ? VIPC_FOREVER : deadline);
        if (r != VIPC_OK) return r;
        if (first) vipci_store64(self, &vipci_d(self)->lookups, vipci_d(self)->lookups + 1);
        r = vipci_lookup_try(self, text, length, rights, out);
        if (r != VIPC_ERR_ENDPOINT_NOT_FOUND) return r;
        p = vipci_pause(self, &w);                           /* registers, under the lock */
        vipci_unlock(self);
        if (p == VIPC_OK) p = vipci_pause_and_sweep(self, &w);
        vipci_unregister(self, &w);
        if (p != VIPC_OK) return p == VIPC_ERR_WOULD_BLOCK ? VIPC_ERR_ENDPOINT_NOT_FOUND : p;
    }
}

#endif

/* ------------------------------------------------------------------------------------------------- >>objects
 * Named objects, over >>stores and >>shared.  A name is a capability that nobody holds and that has no token, among the roots of its object: so an object lives
 * as long as its name, and a name as long as nobody unlinks it. */
#if !VIPC_NO_REGIONS
/* The name without its slash, and its length with VIPCI_NAMES_MEMORY, copied to text. */
static vipc_error vipci_object_name(const char *name, char text[VIPC_OBJECT_NAME_MAX + 1], uint32_t *length)
{
    uint32_t n = 0;
    if (!name) return VIPC_ERR_INVALID_ARGUMENT;
    if (name[0] == '/') name++;
    for (; name[n]; n++) {
        if (n == VIPC_OBJECT_NAME_MAX) return VIPC_ERR_NAME_TOO_LONG;
        if (name[n] == '/') return VIPC_ERR_INVALID_ARGUMENT;
        text[n] = name[n];
    }
    text[n] = 0;
    *length = n | VIPCI_NAMES_MEMORY;
    return n ? VIPC_OK : VIPC_ERR_INVALID_ARGUMENT;
}
static vipci_entry *vipci_object_named(const vipc *v, const char *text, uint32_t length, vipci_space **store)
{
    const uint32_t link = vipci_name_find(v, text, length);
    vipci_entry *e = link ? vipci_linked(v, vipci_name_at(v, link - 1)->cap) : NULL;
    if (!e || !(e->kind & VIPCI_NAMED) || e->object >= v->max_objects) return NULL;
    *store = vipci_store_of(v, vipci_object_at(v, e->object));
    return *store ? e : NULL;
}
static bool vipci_mode_lets(const vipc *v, const vipci_space *store, bool write)
{
    const uint32_t bits = VIPCI_S_MODE(store->rule) >> (store->creator == v->pid ? 6 : 0);
    return (bits & (write ? 2u : 4u)) != 0;
}
/* Page `page` has a frame of its own, or none.  May let the lock go. */
static vipc_error vipci_store_own_page(vipc *v, vipc_cap cap, vipci_space *store, uint64_t page, vipc_time deadline)
{
    vipci_entry *e;
    for (uint32_t turns = 0; turns < VIPCI_TURNS; turns++) {
        vipci_spot p = { 0, page, 0, NULL, vipci_map_slot(v, page, 0) };
        uint32_t kind = 0;
        p.leaf = vipci_map_node(v, store, page, 0, &p.frame);
        if (!(vipci_spot_entry(&p) & VIPCI_COW)) return VIPC_OK;
        vipc_error r = vipci_store_break(v, store, &p, deadline, &kind);
        if (r == VIPC_OK) r = vipci_store_still(v, cap, VIPC_RIGHT_WRITE, &e, store);
        if (r != VIPC_OK) return r;
    }
    return VIPC_ERR_RESOURCE_BUSY;
}
/* From `from` to the end of its page: zero. */
static void vipci_store_zero_tail(const vipc *v, const vipci_space *store, uint64_t from)
{
    const uint64_t low = from & (vipci_page_size(v) - 1), page = from >> v->page_shift;
    uint64_t frame = 0;
    const vipci_u64 *leaf = low ? vipci_map_node(v, store, page, 0, &frame) : NULL;
    const uint64_t entry = leaf ? leaf[vipci_map_slot(v, page, 0)] : 0;
    unsigned char *at = entry ? (unsigned char *)vipci_frames_at(v, VIPCI_ENTRY_FRAME(entry), 1) : NULL;
    if (at) vipci_zero(at + low, vipci_page_size(v) - low);
}
/* Has another store the page that its end lies in? */
static bool vipci_store_end_shared(const vipc *v, const vipci_space *store)
{
    const uint64_t page = store->brk >> v->page_shift;
    uint64_t frame = 0;
    const vipci_u64 *leaf = store->brk & (vipci_page_size(v) - 1) ? vipci_map_node(v, store, page, 0, &frame) : NULL;
    return leaf && (leaf[vipci_map_slot(v, page, 0)] & VIPCI_COW);
}
static vipc_error vipci_object_grow(vipc *v, vipc_cap cap, vipci_space *store, uint64_t size, vipc_time deadline)
{
    vipci_entry *e;
    const uint64_t old = vipci_pages_of(v, store->brk), pages = vipci_pages_of(v, size);
    vipc_error r = vipci_quota(v, vipci_store_owner(v, store), pages - old);
    for (uint32_t turns = 0; r == VIPC_OK; turns++) {        /* nobody gets a translation of what lies past the end */
        r = vipci_store_fill(v, store, vipci_pages_of(v, store->brk), pages, false);
        if (r == VIPC_OK) r = vipci_store_still(v, cap, VIPC_RIGHT_WRITE, &e, store);
        if (r != VIPC_OK || !(store->owed_end || vipci_store_end_shared(v, store))) break;
        /* what was cut off goes first, as it is not zero; then its room is filled */
        r = turns == VIPCI_TURNS ? VIPC_ERR_RESOURCE_BUSY : store->owed_end ? vipci_store_settle(v, store, deadline)
                                                                            : vipci_store_own_page(v, cap, store, store->brk >> v->page_shift, deadline);
        if (r == VIPC_OK) r = vipci_store_still(v, cap, VIPC_RIGHT_WRITE, &e, store);
    }
    if (r == VIPC_OK && (store->rule & VIPCI_S_SEALED)) r = VIPC_ERR_PERMISSION_DENIED;
    if (r == VIPC_ERR_CLOSED) return r;
    if (r == VIPC_OK && size > store->brk) {                 /* another may have made it larger meanwhile: then that is its size */
        vipci_store_zero_tail(v, store, store->brk);
        vipci_set64(v, &store->brk, size);
        vipci_commit(v);
    }
    const uint64_t end = vipci_pages_of(v, store->brk);
    if (end < pages) vipci_store_free_pages(v, store, end, pages);
    return r;
}
static vipc_error vipci_object_shrink(vipc *v, vipc_cap cap, vipci_space *store, uint64_t size, vipc_time deadline)
{
    vipc_error r = size & (vipci_page_size(v) - 1) ? vipci_store_own_page(v, cap, store, size >> v->page_shift, deadline) : VIPC_OK;
    if (r == VIPC_OK && (store->rule & VIPCI_S_SEALED)) r = VIPC_ERR_PERMISSION_DENIED;
    if (r != VIPC_OK) return r;
    if (size < store->brk) {                                 /* else it has that size: from an earlier call, which may have said TIMEOUT, or by another's */
        const uint64_t pages = vipci_pages_of(v, size), old = vipci_pages_of(v, store->brk);
        const bool behind = vipci_store_behind(store);
        vipci_store_due(v, store, 1);
        vipci_set64(v, &store->brk, size);                   /* ---- point of no return ---- */
        if (pages < old) vipci_owe(v, store, pages, old);
        vipci_commit(v);
        vipci_store_zero_tail(v, store, size);               /* who is killed before this leaves that to who lets it grow */
        if (pages < old) vipci_store_close(v, store, behind, pages, old, 0);
    }
    r = vipci_store_settle(v, store, deadline);
    return r == VIPC_ERR_CLOSED ? VIPC_OK : r;
}
static vipc_error vipci_truncate(vipc *v, vipc_cap cap, vipci_space *store, uint64_t size, vipc_time deadline)
{
    if (store->rule & VIPCI_S_SEALED) return VIPC_ERR_PERMISSION_DENIED;
    if (size > (uint64_t)v->object_pages << v->page_shift) return VIPC_ERR_LIMIT;
    return size > store->brk ? vipci_object_grow(v, cap, store, size, deadline) : vipci_object_shrink(v, cap, store, size, deadline);
}
/* A new one with this name, and a capability for it, committed. */
static vipc_error vipci_object_make(vipc *v, const char *text, uint32_t length, uint32_t rights, uint32_t mode, vipc_cap *cap)
{
    vipci_domain *d = vipci_d(v);
    vipci_object *o = NULL;
    vipci_space *s = NULL;
    vipci_entry *e = NULL;
    uint32_t i = 0;
    if (d->named >= v->max_named) return VIPC_ERR_LIMIT;
    vipc_error r = vipci_store_make(v, (uint32_t)VIPC_TYPE_OBJECT << 8 | rights | VIPC_RIGHT_DELETE, text, v->object_pages,
                                    (uint64_t)VIPC_WRITE | (uint64_t)mode << 16, &o, &s, cap);
    if (r != VIPC_OK) return r;
    const uint64_t number = s->number;
    r = vipci_take_slot(v, &d->free_name, &d->used_names, v->max_names, VIPCI_NEXT_FREE(vipci_name_at, d->free_name, v->max_names), &i);
    if (r == VIPC_OK) r = vipci_entry_new(v, (uint32_t)VIPC_TYPE_OBJECT << 8 | VIPC_RIGHT_ALL | VIPCI_NAMED, vipci_index(v, o), 0, 0, NULL, &e);
    if (r == VIPC_OK) vipci_name_set(v, i, e, text, length);
    if (vipci_step_end(v, r) != VIPC_OK) vipci_store_unmake(v, o, s, number);
    return r;
}
VIPC_API vipc_error vipc_object_open(vipc *self, const char *name, uint32_t flags, uint32_t mode, vipc_cap *out, vipc_time deadline)
{
    const uint32_t known = VIPC_OPEN_CREATE | VIPC_OPEN_EXCLUSIVE | VIPC_OPEN_READ_ONLY | VIPC_OPEN_TRUNCATE;
    const bool reads = (flags & VIPC_OPEN_READ_ONLY) != 0;
    const uint32_t rights = VIPC_RIGHT_READ | VIPC_RIGHT_GRANT | VIPC_RIGHT_REVOKE | (reads ? 0u : (uint32_t)(VIPC_RIGHT_WRITE | VIPC_RIGHT_MODIFY));
    char text[VIPC_OBJECT_NAME_MAX + 1];
    uint32_t length = 0;
    vipci_space *store = NULL;
    vipci_entry *child = NULL;
    vipc_cap cap = VIPC_INIT;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_object_name(name, text, &length);
    if (r == VIPC_OK && (!out || (flags & ~known) || ((flags & VIPC_OPEN_EXCLUSIVE) && !(flags & VIPC_OPEN_CREATE)) || ((flags & VIPC_OPEN_TRUNCATE) && reads)))
        r = VIPC_ERR_INVALID_ARGUMENT;
    if (r == VIPC_OK && !vipci_regions_supported(self)) r = VIPC_ERR_NOT_SUPPORTED;
    if (r != VIPC_OK) return r;
    vipci_map_rested(self);
    r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    vipci_entry *e = vipci_object_named(self, text, length, &store);
    if (!e) {
        r = flags & VIPC_OPEN_CREATE ? vipci_object_make(self, text, length, rights, mode ? mode & 0xfff : 0666u, &cap) : VIPC_ERR_NOT_FOUND;
        r = vipci_store_end(self, r);
        if (r == VIPC_OK) *out = cap;
        return r;
    }
    if (flags & VIPC_OPEN_EXCLUSIVE) r = VIPC_ERR_EXISTS;
    else if (!vipci_mode_lets(self, store, false) || (!reads && !vipci_mode_lets(self, store, true))
             || ((flags & VIPC_OPEN_TRUNCATE) && (store->rule & VIPCI_S_SEALED))) r = VIPC_ERR_PERMISSION_DENIED;
    if (r == VIPC_OK) r = vipci_entry_new(self, (uint32_t)VIPC_TYPE_OBJECT << 8 | rights, e->object, 0, vipci_link(self, e), vipci_us(self), &child);
    if (r == VIPC_OK) {
        vipci_validate(self, child);
        cap.token = child->token;
    }
    r = vipci_step_end(self, r);
    if (r == VIPC_OK && (flags & VIPC_OPEN_TRUNCATE)) r = vipci_truncate(self, cap, store, 0, deadline);
    if (r != VIPC_OK && cap.token && vipci_check_cap(self, cap, VIPC_TYPE_OBJECT, 0, &e) == VIPC_OK) vipci_give_up_cap(self, e);
    r = vipci_store_end(self, r);
    if (r == VIPC_OK) *out = cap;
    return r;
}
VIPC_API vipc_error vipc_object_unlink(vipc *self, const char *name)
{
    char text[VIPC_OBJECT_NAME_MAX + 1];
    uint32_t length = 0;
    vipci_space *store = NULL;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_object_name(name, text, &length);
    if (r == VIPC_OK && !vipci_regions_supported(self)) r = VIPC_ERR_NOT_SUPPORTED;
    if (r == VIPC_OK) r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    vipci_entry *e = vipci_object_named(self, text, length, &store);
    if (!e) r = VIPC_ERR_NOT_FOUND;
    else if (store->creator != self->pid && !vipci_mode_lets(self, store, true)) r = VIPC_ERR_PERMISSION_DENIED;
    else vipci_give_up_cap(self, e);
    return vipci_store_end(self, r);
}
VIPC_API vipc_error vipc_object_truncate(vipc *self, vipc_cap object, uint64_t size, vipc_time deadline)
{
    vipci_entry *e = NULL;
    vipci_space *store = NULL;
    vipc_error r = vipci_store_begin(self, object, VIPC_RIGHT_WRITE, &e, &store);
    if (r != VIPC_OK) return r;
    r = VIPCI_TYPE(e->kind) == VIPC_TYPE_OBJECT ? vipci_truncate(self, object, store, size, deadline) : VIPC_ERR_INVALID_REGION;
    return vipci_store_end(self, r);
}
VIPC_API vipc_error vipc_object_get(vipc *self, vipc_cap object, vipc_object_stat *out)
{
    vipci_entry *e = NULL;
    vipci_space *store = NULL;
    bool named = false;
    vipc_object_stat i;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK && !out) r = VIPC_ERR_INVALID_ARGUMENT;
    if (r == VIPC_OK) r = vipci_store_begin(self, object, 0, &e, &store);
    if (r != VIPC_OK) return r;
    if (VIPCI_TYPE(e->kind) != VIPC_TYPE_OBJECT) return vipci_store_end(self, VIPC_ERR_INVALID_REGION);
    const vipci_object *o = vipci_store_object(self, store);
    vipci_zero(&i, sizeof i);
    vipci_store_count(self, o, &i.opens, &i.mappings, &named);
    i.id = store->number;
    i.size = store->brk;
    i.owner = vipci_owner_of(self, o);
    i.mode = VIPCI_S_MODE(store->rule);
    i.unlinked = !named;
    i.sealed = (store->rule & VIPCI_S_SEALED) != 0;
    (void)vipci_store_end(self, VIPC_OK);
    *out = i;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_object_count(vipc *self, uint32_t *out)
{
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    *out = vipci_load32(self, &vipci_d(self)->named);
    return VIPC_OK;
}
#endif

/* ------------------------------------------------------------------------------------------------- >>process
 * Members come and go.  A process claims its record by one CAS of `proof`, a thread its view by one CAS of `owner`, so a
 * half-joined one can be cleaned up like any other.  The tables have one record more than configured: the doorman's, for one who finds
 * all others taken, perhaps by the dead: as doorman it cleans up, then joins as itself. */
static void vipci_set_cell_aside(const vipc *v, uint32_t i) { (void)vipci_swap64(v, vipci_cell_at(v, i), VIPCI_AWAKE); }
static bool vipci_claim_view(vipc *v, uint32_t i, uint32_t process)
{
    vipci_view *w = vipci_view_at(v, i);
    uint64_t owner = vipci_load64(v, &w->owner);
    if ((uint32_t)owner != 0) return false;
    uint32_t incarnation = (uint32_t)(owner >> 32) + 1, high = vipci_load32(v, &vipci_d(v)->view_high);
    while (high < i + 1 && !vipci_cas32(v, &vipci_d(v)->view_high, high, i + 1)) high = vipci_load32(v, &vipci_d(v)->view_high);
    if (!vipci_cas64(v, &w->owner, owner, (uint64_t)incarnation << 32 | (process + 1))) return false;
    v->view = i;
    v->incarnation = incarnation;
    v->process = process;
    v->identity = (uint64_t)incarnation << 32 | (process + 1);
    v->from = v->pid << 24 | (uint64_t)i << 8;
    v->mine = (unsigned char *)w;
#if !VIPC_NO_FAST
    for (uint32_t k = 0; k < 2; k++) {                       /* no token's index is that large; a caller who asks for it meets the domain's mark, which is not it */
        v->fast[k].token = ~(uint64_t)0;
        v->fast[k].entry = v->base;
        v->fast[k].object = v->objects;
    }
#endif
    vipci_store64(v, &w->intent, 0);
    vipci_store32(v, &w->cancel, 0);
    vipci_store32(v, &w->target, 0);
#if !VIPC_NO_FAST
    vipci_store64(v, &w->parked, 0);
#endif
    vipci_set_cell_aside(v, i);
    return true;
}
static vipc_error vipci_any_view(vipc *v, uint32_t process, uint64_t native_thread)
{
    for (uint32_t i = 0; i + 1 < v->max_threads; i++) {
        if (!vipci_claim_view(v, i, process)) continue;
        vipci_poke64(v, &vipci_view_at(v, i)->native_thread, native_thread);
        return VIPC_OK;
    }
    return VIPC_ERR_LIMIT;
}
static bool vipci_any_process(vipc *v, uint64_t proof, uint32_t *index)
{
    for (uint32_t i = 0; i + 1 < v->max_processes; i++) {
        vipci_process *p = vipci_process_at(v, i);
        if (vipci_load64(v, &p->proof) != 0 || !vipci_cas64(v, &p->proof, 0, proof)) continue;
        vipci_store32(v, &p->state, 0);
        *index = i;
        return true;
    }
    return false;
}
/* Give back a record and a view that hold nothing yet. */
static void vipci_unjoin(const vipc *v, uint32_t process, bool view)
{
    if (view) vipci_free_view(v, v->view);
    vipci_store32(v, &vipci_process_at(v, process)->threads, 0);
    vipci_store64(v, &vipci_process_at(v, process)->proof, 0);
}
/* Is there nothing wrong with what desc wants to give? */
static inline bool vipci_may_give(const vipc_process_desc *desc, uint32_t most)
{
    return desc->initial_count == 0 || (desc->initial_count <= most && desc->initial);
}
/* A record of nobody's, which holds nothing. */
static inline void vipci_blank(const vipc *by, vipci_process *p)
{
    vipci_set32(by, &p->held, 0);
    vipci_set32(by, &p->owned, 0);
    vipci_set32(by, &p->first_cap, 0);
    vipci_set32(by, &p->capabilities, 0);
    vipci_set32(by, &p->objects, 0);
}
#if !VIPC_NO_INITIAL
/* What v's process starts with, a step each; it has no pid yet, so nobody sees it half made.  On an error, or a kill in here, it holds what it was given
 * so far, as any process does: it is given up by vipci_unmake, or by the reaper, who goes by the creator's proof until the record has its own. */
static vipc_error vipci_give_initial(vipc *by, const vipc *v, const vipc_process_desc *desc)
{
    vipci_process *p = vipci_process_at(by, v->process);
    vipc_error r = VIPC_OK;
    vipci_blank(by, p);
    vipci_set64(by, &p->initial, 0);
    vipci_commit(by);
    for (uint32_t i = 0; i < desc->initial_count; i++) {
        vipci_entry *from, *e = NULL;
        r = vipci_check_cap(by, desc->initial[i], 0, VIPC_RIGHT_GRANT, &from);
        if (r == VIPC_OK) r = vipci_entry_new(by, from->kind & 0xfffu, from->object, from->badge, vipci_link(by, from), p, &e);
        if (r == VIPC_OK) r = vipci_limits_inherit(by, from, e);
        if (r != VIPC_OK) return r;
        vipci_set64(by, &e->place, e->place | (uint64_t)i << 24 | (p->initial & 0xffffff));
        vipci_set64(by, &p->initial, (uint64_t)(i + 1) << 32 | vipci_link(by, e));
        vipci_set32(by, &e->kind, e->kind | VIPCI_INITIAL);
        vipci_validate(by, e);
        vipci_commit(by);
    }
    return r;
}
VIPC_API vipc_error vipc_initial(vipc *self, uint32_t index, vipc_cap *out)
{
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK && !out) r = VIPC_ERR_INVALID_ARGUMENT;
    if (r == VIPC_OK) r = vipci_lock(self, VIPC_FOREVER);
    if (r != VIPC_OK) return r;
    uint64_t list = vipci_us(self)->initial, found = 0;
    for (uint32_t steps = 0, link = (uint32_t)list & 0xffffff; steps < VIPC_INITIAL_MAX && !found; steps++) {
        const vipci_entry *e = vipci_linked(self, link);
        if (!e || !(e->kind & VIPCI_INITIAL) || e->holder != self->process + 1) break;
        if ((uint32_t)(e->place >> 24 & 0xff) == index) found = e->token;
        link = (uint32_t)e->place & 0xffffff;
    }
    vipci_unlock(self);
    if (!found) return index < list >> 32 ? VIPC_ERR_INVALID_CAPABILITY : VIPC_ERR_NOT_FOUND;
    out->token = found;
    return VIPC_OK;
}
#endif
#if !VIPC_NO_SPACES
/* The new process's own, and its capability for it; within a step. */
static vipc_error vipci_give_space(vipc *by, vipc_cap space, vipci_process *p)
{
    vipci_entry *from, *e = NULL;
    vipc_error r = vipci_check_cap(by, space, VIPC_TYPE_SPACE, VIPC_RIGHT_DELETE, &from);
    if (r == VIPC_OK && from->object >= by->max_objects) r = VIPC_ERR_CORRUPT;
    if (r == VIPC_OK) r = vipci_object_give(by, vipci_object_at(by, from->object), p);
    if (r == VIPC_OK) r = vipci_entry_new(by, from->kind & 0xfffu, from->object, from->badge, vipci_link(by, from), p, &e);
    if (r == VIPC_OK) r = vipci_limits_inherit(by, from, e);
    if (r != VIPC_OK) return r;
    vipci_validate(by, e);
    vipci_set64(by, &p->space, e->token);
    return VIPC_OK;
}
#endif
/* Under the lock of `by`: the record gets its pid and counts from here on. */
static vipc_error vipci_enrol(vipc *by, vipc *v, const vipc_process_desc *desc)
{
    vipci_domain *d = vipci_d(by);
    vipci_process *p = vipci_process_at(by, v->process);
    if (d->next_pid >= VIPCI_PID_MAX) return VIPC_ERR_LIMIT;
    vipci_label(p->label, desc->label);
    for (uint32_t k = 0; !VIPC_NO_INSPECT && k < VIPCI_COUNTERS; k++) vipci_poke64(by, &vipci_tally_at(by, v->process)->gone[k], 0);      /* nobody's yet: no undo */
    if (VIPC_NO_INITIAL) vipci_blank(by, p);
    vipci_set64(by, &p->native_id, desc->native_id);
    if (!VIPC_NO_SPACES) vipci_set64(by, &p->space, 0);
    vipci_set32(by, &p->threads, 1);
    vipci_set32(by, &p->view, v->view + 1);
    vipci_set32(by, &p->state, VIPCI_LIVE);
    vipci_set64(by, &d->next_pid, d->next_pid + 1);
    v->pid = d->next_pid;
    v->from = v->pid << 24 | (uint64_t)v->view << 8;
    vipci_set64(by, &p->pid, v->pid);
    return VIPC_OK;
}
/* Under the lock of `by`, which ends with it: there will be no such process.  e is why. */
static vipc_error vipci_unmake(vipc *by, const vipc *v, vipc_error e)
{
    vipci_rollback(by);
    if (!VIPC_NO_INITIAL) (void)vipci_drop_caps(by, vipci_process_at(by, v->process));
    vipci_unlock(by);
    vipci_unjoin(v, v->process, true);
    return e;
}
/* Claim a record and a view for v, then enrol it under by's lock, which stays held on success.  Until it is enrolled it goes by the proof of who makes it,
 * whose death leaves it to the reaper. */
static vipc_error vipci_join(vipc *by, vipc *v, const vipc_process_desc *desc, uint64_t proof)
{
    static const vipc_process_desc plain = VIPC_INIT;
    uint32_t process = 0;
    if (!desc) desc = &plain;
#if !VIPC_NO_SPACES
    vipc_process_desc d = *desc;         /* what lies with the caller is not to be touched under the lock: a fault there may need it */
    char text[VIPC_LABEL_MAX + 1];
    vipci_label(text, d.label);
    d.label = text;
    desc = &d;
#endif
    if (!vipci_may_give(desc, VIPC_NO_INITIAL || by == v ? 0 : VIPC_INITIAL_MAX)) return VIPC_ERR_INVALID_ARGUMENT;
#if !VIPC_NO_SPACES && !VIPC_NO_INITIAL
    vipc_cap initial[VIPC_INITIAL_MAX];
    vipci_copy(initial, d.initial, d.initial_count * sizeof *initial);
    d.initial = initial;
#endif
#if !VIPC_NO_SPACES
    if (by == v && desc->space.token) return VIPC_ERR_INVALID_ARGUMENT;      /* nobody gives */
#endif
    if (!vipci_any_process(v, VIPC_NO_INITIAL || by == v ? proof : vipci_load64(by, &vipci_us(by)->proof), &process)) return VIPC_ERR_LIMIT;
    vipc_error e = vipci_any_view(v, process, desc->native_thread);
    if (e != VIPC_OK) { vipci_unjoin(v, process, false); return e; }
    e = vipci_lock(by, VIPC_FOREVER);
    if (e != VIPC_OK) { vipci_unjoin(v, process, true); return e; }
#if !VIPC_NO_INITIAL
    e = vipci_give_initial(by, v, desc);
    if (e == VIPC_OK)
#endif
    e = vipci_enrol(by, v, desc);
    if (!VIPC_NO_INITIAL && e == VIPC_OK) vipci_set64(by, &vipci_process_at(by, v->process)->proof, proof);
    return e == VIPC_OK ? e : vipci_unmake(by, v, e);
}
/* All records are taken: clean up after the dead, under the doorman's name. */
static vipc_error vipci_doorman(vipc *v, uint64_t proof)
{
    uint32_t p = v->max_processes - 1, i = v->max_threads - 1;
    vipci_u64 *claim = &vipci_process_at(v, p)->proof;
    vipci_view *w = vipci_view_at(v, i);
    uint64_t was = vipci_load64(v, claim), owner;
    if ((was && vipci_proof_alive(v, was)) || !vipci_cas64(v, claim, was, proof)) return VIPC_ERR_LIMIT;
    owner = vipci_load64(v, &w->owner);                      /* of a doorman that died: free its view, what it left is cleaned below */
    (void)vipci_cas64(v, &w->owner, owner, owner & ~(uint64_t)0xffffffff);
    uint64_t left = vipci_load64(v, &w->intent);
    if (!vipci_claim_view(v, i, p)) return VIPC_ERR_LIMIT;
    vipc_error e = vipci_lock(v, VIPC_FOREVER);
    if (e == VIPC_OK) {
        if ((left & 3) == VIPCI_AT_OBJECT && (uint32_t)(left >> 2) - 1 < v->max_objects) vipci_clean_claims(v, i, (uint32_t)(left >> 2) - 1);
        vipci_intend_nothing(v);
        (void)vipci_sweep_locked(v);
        vipci_unlock(v);
    }
    vipci_unjoin(v, p, true);
    return e;
}
VIPC_API vipc_error vipc_thread_enter(vipc *self, uint64_t native_thread, vipc *out)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!out || out == self) return VIPC_ERR_INVALID_ARGUMENT;
    vipc v = *self;
    v.patience = VIPCI_PATIENCE_MAX / 2;
    e = vipci_any_view(&v, self->process, native_thread);
    if (e != VIPC_OK) return e;
    uint32_t n = vipci_load32(self, &vipci_us(self)->threads);
    while (!vipci_cas32(self, &vipci_us(self)->threads, n, n + 1)) n = vipci_load32(self, &vipci_us(self)->threads);
    *out = v;
    out->here = out;
    return VIPC_OK;
}
/* One view of several ends: its process goes on with another. */
static void vipci_leave_thread(vipc *v)
{
    vipci_process *us = vipci_us(v);
    vipci_fail_calls(v, v->process, v->view);
    vipci_clean_call(v, v->view);
    uint32_t mine = v->view, process = v->process;
    vipci_free_view(v, mine);
    for (uint32_t i = 0, n = vipci_views_used(v); vipci_load32(v, &us->view) == mine + 1 && i < n; i++)
        if ((uint32_t)vipci_load64(v, &vipci_view_at(v, i)->owner) == process + 1) vipci_store32(v, &us->view, i + 1);
}
VIPC_API vipc_error vipc_leave(vipc *self)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    uint32_t *threads = &vipci_us(self)->threads, n = vipci_load32(self, threads);
#if VIPCI_TAKES
    if (n > 1) e = vipci_empty_hand(self);                   /* of the last thread it is done under the lock */
    if (e != VIPC_OK) return e;
#endif
#if !VIPC_NO_LARGE
    if (n > 1 && (vipci_load64(self, &vipci_mine(self)->large[0]) || vipci_load64(self, &vipci_mine(self)->large[1]))) {
        e = vipci_lock(self, VIPC_FOREVER);
        if (e != VIPC_OK) return e;
        vipci_runs_free(self, vipci_mine(self));
        vipci_unlock(self);
    }
#endif
    while (n > 1 && !vipci_cas32(self, threads, n, n - 1)) n = vipci_load32(self, threads);
    if (n > 1) {
        vipci_leave_thread(self);
    } else {
        e = vipci_lock(self, VIPC_FOREVER);
        if (e != VIPC_OK) return e;
        (void)vipci_end_process(self, self->process);
        vipci_unlock(self);
        vipci_unjoin(self, self->process, true);
    }
    self->hooks = NULL;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_process_create(vipc *self, const vipc_process_desc *desc, vipc *child, vipc_cap *process)
{
    vipci_entry *e = NULL;
    vipc_error r = vipci_known(self);
    if (r != VIPC_OK) return r;
    if (!child || child == self) return VIPC_ERR_INVALID_ARGUMENT;
    vipc v = *self;
#if !VIPC_NO_SPACES
    vipc_cap space = VIPC_INIT;
    if (desc) space = desc->space;
#endif
    v.patience = VIPCI_PATIENCE_MAX / 2;
    r = vipci_join(self, &v, desc, desc && desc->proof ? desc->proof : vipci_load64(self, &vipci_us(self)->proof));
    if (r != VIPC_OK) return r;
    if (process) r = vipci_entry_new(self, VIPC_TYPE_PROCESS << 8 | VIPC_RIGHT_ALL, v.process, 0, 0, vipci_us(self), &e);
#if !VIPC_NO_SPACES
    if (r == VIPC_OK && space.token) r = vipci_give_space(self, space, vipci_process_at(self, v.process));
#endif
    if (r != VIPC_OK) return vipci_unmake(self, &v, r);
    uint64_t token = 0;
    if (process) {
        vipci_validate(self, e);
        token = e->token;
    }
    vipci_commit(self);                                      /* ---- point of no return ---- */
    vipci_unlock(self);
    if (process) process->token = token;
    *child = v;
    child->here = child;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_process_destroy(vipc *self, vipc_cap process, uint32_t *removed)
{
    vipci_entry *e;
    vipc_error r = vipci_known(self);
    if (r == VIPC_OK) r = vipci_check_cap(self, process, VIPC_TYPE_PROCESS, VIPC_RIGHT_DELETE, &e);
    if (r != VIPC_OK) return r;
    uint32_t index = vipci_peek32(self, &e->object), n;
    if (index >= self->max_processes) return VIPC_ERR_CORRUPT;
    if (index == self->process) return VIPC_ERR_INVALID_ARGUMENT;
    uint64_t proof = vipci_load64(self, &vipci_process_at(self, index)->proof);
    if (proof != vipci_load64(self, &vipci_us(self)->proof) && proof != VIPCI_NO_PROOF && self->hooks->process_alive && vipci_proof_alive(self, proof))
        return VIPC_ERR_RESOURCE_BUSY;
    r = vipci_lock_with(self, process, VIPC_TYPE_PROCESS, VIPC_RIGHT_DELETE, VIPC_NOW, &e);
    if (r == VIPC_ERR_WOULD_BLOCK) {                         /* perhaps held by a thread of the very process: condemned, it counts as dead */
        vipci_store32(self, &vipci_process_at(self, index)->state, VIPCI_CONDEMNED);
        r = vipci_lock_with(self, process, VIPC_TYPE_PROCESS, VIPC_RIGHT_DELETE, VIPC_FOREVER, &e);
        if (r != VIPC_OK) (void)vipci_cas32(self, &vipci_process_at(self, index)->state, VIPCI_CONDEMNED, VIPCI_LIVE);
    }
    if (r != VIPC_OK) return r;
    n = vipci_end_process(self, index);
    vipci_unlock(self);
    if (removed) *removed = n;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_process_wait(vipc *self, vipc_pid who, vipc_time deadline)
{
    uint32_t index;
    vipc_error e = vipci_known(self), p;
    if (e != VIPC_OK) return e;
    if (who.id == 0 || who.id == self->pid || who.id > vipci_load64(self, &vipci_d(self)->next_pid)) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_wait w = vipci_wait_for(self, VIPCI_FOR_PROCESS, 0, NULL, 1, deadline);
    do {
        e = vipci_find_process(self, who, &index);
        if (e != VIPC_OK) { p = VIPC_OK; break; }
        p = vipci_pause_and_sweep(self, &w);
    } while (p == VIPC_OK);
    vipci_unregister(self, &w);
    return p;
}
VIPC_API vipc_pid vipc_self(const vipc *self)
{
    vipc_pid pid = { 0 };
    if (vipci_known(self) == VIPC_OK) pid.id = self->pid;
    return pid;
}
VIPC_API vipc_time vipc_time_now(const vipc *self) { return vipci_known(self) == VIPC_OK ? vipci_now(self) : 0; }
VIPC_API vipc_time vipc_after(const vipc *self, uint64_t nanoseconds)
{
    vipc_time t = vipc_time_now(self);
    if (t == 0 || nanoseconds >= VIPC_FOREVER - t) return t ? VIPC_FOREVER - 1 : VIPC_FOREVER;
    return t + nanoseconds;
}
/* A queue that is empty and that nobody is inside: its frames go.  The mark keeps others from concluding anything meanwhile; who has looked at it, and
 * sleeps, is woken.  The intent is set before it, so that whoever goes on for us does so too (RACE 5). */
static void vipci_trim_queue(vipc *v, vipci_object *o, uint32_t lane)
{
    vipci_ring *r;
    vipci_u64 *word = lane ? &o->urgent : &o->queue;
    uint64_t queue = *word, frames, then = 0;
    uint32_t index = vipci_index(v, o);
    if (vipci_lane_open(v, o, lane, &r) != VIPC_OK || vipci_count_phase(v, r, false) != r->capacity) return;
    vipci_intend(v, vipci_at_object(index));
    (void)vipci_log(v, word, queue, 1);
    (void)vipci_swap64(v, word, queue | 1);                  /* RACE 1: then look who is inside */
    if (vipci_pinned(v, index) || vipci_count_phase(v, r, false) != r->capacity) {
        vipci_rollback(v);
    } else {
        frames = vipci_queue_frames(v, o->shape);
#if !VIPC_NO_URGENT
        uint64_t ignore;
        if (lane) frames = vipci_urgent_frames(v, o->shape);
        if (lane) vipci_hints(v, r, &then, &ignore);         /* the usual queue's tail stays where it is: in the object */
        if (lane) then = (then & ~((uint64_t)1 << 63)) | (uint64_t)1 << 63;
#endif
        vipci_drop_frames(v, (queue >> 1) - 1, frames);
        vipci_set64(v, word, then);
        vipci_commit(v);
    }
    vipci_wake_endpoint(v, index);
    vipci_intend_nothing(v);
}
static void vipci_trim_object(vipc *v, vipci_object *o)
{
    if (vipci_state(o->state) > VIPCI_OPEN) {                /* its destroyer died half way */
        vipci_object_end(v, o, false);
        (void)vipci_object_free(v, o);
        return;
    }
    for (uint32_t lane = 0; lane < VIPCI_LANES && vipci_state(o->state) != 0 && !vipci_is_set(v, o); lane++) vipci_trim_queue(v, o, lane);
}
VIPC_API vipc_error vipc_trim(vipc *self, uint64_t *frames)
{
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK) e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    uint64_t before = vipci_d(self)->frames;
    (void)vipci_free_closed(self);
    for (uint32_t i = 0; i < self->max_objects && i < vipci_d(self)->used_objects; i++) vipci_trim_object(self, vipci_object_at(self, i));
#if !VIPC_NO_LARGE
    for (uint32_t i = 0, n = vipci_views_used(self); i < n; i++) vipci_runs_trim(self, vipci_view_at(self, i));
#endif
    uint64_t now = vipci_d(self)->frames;
    vipci_unlock(self);
    if (frames) *frames = before > now ? before - now : 0;
    return VIPC_OK;
}

/* ---------------------------------------------------------------------------------------------------- >>look
 * For people and tests. */
#if !VIPC_NO_INSPECT
/* n / d and the remainder, bit by bit: rarely needed, and 32-bit compilers call a library for it.  d is not 0. */
static uint64_t vipci_divide(uint64_t n, uint64_t d, uint64_t *rest)
{
    uint64_t q = 0, r = 0;
    for (uint32_t bit = 64; bit-- > 0;) {
        r = r << 1 | (n >> bit & 1);
        if (r >= d) { r -= d; q |= (uint64_t)1 << bit; }
    }
    if (rest) *rest = r;
    return q;
}
VIPC_API vipc_error vipc_cap_get(vipc *self, vipc_cap cap, vipc_cap_info *out)
{
    vipci_entry *e, *c;
    vipc_error r = out ? vipci_lock_with(self, cap, 0, VIPCI_ANY_AGE, VIPC_FOREVER, &e) : VIPC_ERR_INVALID_ARGUMENT;
    if (r != VIPC_OK) return r;
    uint32_t owner = e->object;                              /* a process owns itself */
    vipc_cap_info i = VIPC_INIT;
    uint32_t steps = 0;
    i.type = VIPCI_TYPE(e->kind);
    i.rights = e->kind & VIPCI_RIGHTS;
    i.badge = e->badge;
#if !VIPC_NO_LIMITS
    (void)vipci_limits_get(self, e, &i.limits);
#endif
    i.holder.id = self->pid;
    if (vipci_is_object(e->kind)) {
        owner = vipci_object_at(self, e->object)->owner - 1;
        i.object = vipci_object_at(self, e->object)->state >> 8 << 24 | (e->object + 1);
    }
    if (owner < self->max_processes) i.owner.id = vipci_process_at(self, owner)->pid;
    if (i.type == VIPC_TYPE_PROCESS) i.object = i.owner.id;
    for (c = vipci_linked(self, e->child); c && steps < self->max_caps; c = vipci_linked(self, c->next), steps++) i.children += !(c->kind & VIPCI_MAPPED);
    vipci_unlock(self);
    *out = i;
    return VIPC_OK;
}

static vipc_error vipci_lock_and_find(vipc *v, vipc_pid who, uint32_t *index)
{
    vipc_error e = vipci_known(v);
    if (e == VIPC_OK) e = vipci_lock(v, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    e = vipci_find_process(v, who, index);
    if (e != VIPC_OK) vipci_unlock(v);
    return e;
}
VIPC_API vipc_error vipc_process_get(vipc *self, vipc_pid who, vipc_process_info *out)
{
    uint32_t i = 0;
    vipc_process_info info;
    uint64_t n[VIPCI_COUNTERS];
    vipc_error e = out ? vipci_lock_and_find(self, who, &i) : VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    const vipci_process *p = vipci_process_at(self, i);
    vipci_zero(&info, sizeof info);                          /* what lies between its fields, too: a kernel may hand it on */
    for (uint32_t k = 0; k < VIPCI_COUNTERS; k++) n[k] = vipci_load64(self, &vipci_tally_at(self, i)->gone[k]);
    for (uint32_t j = 0, views = vipci_views_used(self); j < views; j++) {
        vipci_view *w = vipci_view_at(self, j);
        if ((uint32_t)vipci_load64(self, &w->owner) != i + 1) continue;
        for (uint32_t k = 0; k < VIPCI_COUNTERS; k++) n[k] += vipci_peek64(self, &w->count[k]);
    }
    info.sent = n[VIPCI_SENT];
    info.received = n[VIPCI_RECEIVED];
    info.calls = n[VIPCI_CALLS];
    info.replies = n[VIPCI_REPLIES];
    info.checks_failed = n[VIPCI_FAILED_CHECKS];
    info.sleeps = n[VIPCI_SLEEPS];
    info.pid = who;
    info.native_id = p->native_id;
    info.threads = p->threads;
    info.objects = p->objects;
    info.capabilities = p->capabilities;
    vipci_copy(info.label, p->label, sizeof info.label);
    info.label[VIPC_LABEL_MAX] = 0;
    vipci_unlock(self);
    *out = info;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_process_find(vipc *self, uint64_t native_id, vipc_pid *out)
{
    uint64_t best = 0;
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !out) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    for (uint32_t i = 0; i < self->max_processes; i++) {
        const vipci_process *p = vipci_process_at(self, i);
        if (p->pid > best && p->native_id == native_id && p->state == VIPCI_LIVE) best = p->pid;
    }
    vipci_unlock(self);
    if (!best) return VIPC_ERR_PROCESS_NOT_FOUND;
    out->id = best;
    return VIPC_OK;
}
static uint32_t vipci_sleepers(const vipc *v, uint32_t kind, uint32_t index)
{
    uint64_t what = ((uint64_t)index << 3 | kind) << 32;
    uint32_t n = 0;
    for (uint32_t i = 0, views = vipci_views_used(v); i < views; i++) {
        uint64_t c = vipci_load64(v, vipci_cell_at(v, i));
        n += (c & ~(uint64_t)0xffffffff) == what && (c & 3) == VIPCI_WAITING;
    }
    return n;
}
#if !VIPC_NO_URGENT
static void vipci_look_at_urgent(vipc *v, vipci_object *o, vipc_endpoint_info *info, uint64_t *busy)
{
    vipci_ring *r;
    uint64_t queue = vipci_load64(v, &o->urgent), tail = queue & ~((uint64_t)1 << 63), head = 0;
    if (queue >> 63) info->sent += vipci_position(tail, info->urgent);
    if (vipci_urgent_at(v, o, &r) != VIPC_OK) return;
    info->queued_urgent = vipci_count_phase(v, r, true);
    info->queued += info->queued_urgent;
    info->frames += (uint32_t)vipci_urgent_frames(v, vipci_peek64(v, &o->shape));
    *busy += r->capacity - vipci_count_phase(v, r, false);
    vipci_hints(v, r, &tail, &head);
    info->sent += vipci_position(tail, r->capacity);
}
#endif
VIPC_API vipc_error vipc_endpoint_get(vipc *self, vipc_cap endpoint, vipc_endpoint_info *out)
{
    vipci_use u;
    vipci_ring *r;
    vipc_error e = vipci_begin(self, &u, endpoint, 0);
    if (e != VIPC_OK) return e;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_endpoint_info info = VIPC_INIT;
    uint64_t busy = 0;
    uint32_t index = vipci_index(self, u.o), owner = vipci_peek32(self, &u.o->owner) - 1;
    uint64_t shape = vipci_peek64(self, &u.o->shape);
    info.id = u.then >> 8 << 24 | (index + 1);
    info.owner.id = owner < self->max_processes ? vipci_load64(self, &vipci_process_at(self, owner)->pid) : 0;
    info.bound.id = !VIPC_NO_CHANNELS && u.channel ? 0 : vipci_load64(self, &u.o->bound);
    info.capacity = vipci_shape_capacity(shape);
    info.payload_max = vipci_shape_payload(shape);
    info.senders_waiting = vipci_sleepers(self, VIPCI_FOR_ROOM, index);
#if !VIPC_NO_URGENT
    info.urgent = vipci_shape_urgent(shape);
    info.senders_waiting += vipci_sleepers(self, VIPCI_FOR_URGENT_ROOM, index);
#endif
    info.receivers_waiting = vipci_sleepers(self, VIPCI_FOR_MESSAGE, index);
    vipci_copy(info.label, u.o->label, sizeof info.label);
    info.label[VIPC_LABEL_MAX] = 0;
    vipci_intend(self, vipci_at_object(index));
    if (!vipci_still(self, &u)) e = vipci_ended(self, u.o, u.then);
    else if (vipci_ring_open(self, u.o, &r) == VIPC_OK) {
        uint64_t tail = 0, head = 0;
        info.queued = vipci_count_phase(self, r, true);
        info.frames = (uint32_t)vipci_queue_frames(self, shape);
        vipci_hints(self, r, &tail, &head);
        info.sent = vipci_position(tail, info.capacity);
        busy = info.capacity - vipci_count_phase(self, r, false);
    } else {
        info.sent = vipci_position(vipci_load64(self, &u.o->tail), info.capacity);
    }
#if !VIPC_NO_URGENT
    if (e == VIPC_OK) vipci_look_at_urgent(self, u.o, &info, &busy);
#endif
    vipci_intend_nothing(self);
    uint64_t marks;
    do {
        marks = vipci_load64(self, vipci_high(u.o));
        info.dropped = marks >> 16 << 32 | vipci_load64(self, vipci_dropped(u.o)) >> 32;
    } while (vipci_load64(self, vipci_high(u.o)) >> 16 != marks >> 16);
    busy += info.dropped;
    info.received = info.sent > busy ? info.sent - busy : 0;
    info.high_water = info.queued - info.queued_urgent;
    if ((marks & 0xffff) > info.high_water) info.high_water = (uint32_t)(marks & 0xffff);
    if (e == VIPC_OK) *out = info;
    return e;
}

VIPC_API vipc_error vipc_stats_get(vipc *self, vipc_stats *out)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_domain *d = vipci_d(self);
    uint64_t n[VIPCI_COUNTERS];
    for (uint32_t k = 0; k < VIPCI_COUNTERS; k++) {
        n[k] = vipci_load64(self, &d->gone[k]);
        for (uint32_t i = 0, views = vipci_views_used(self); i < views; i++) n[k] += vipci_peek64(self, &vipci_view_at(self, i)->count[k]);
    }
    out->objects_created = vipci_load64(self, &d->created);
    out->channels_created = vipci_load64(self, &d->channels);
    out->channels_destroyed = vipci_load64(self, &d->channels_ended);
    out->objects_destroyed = vipci_load64(self, &d->destroyed);
    out->lookups = vipci_load64(self, &d->lookups);
    out->lookup_hits = vipci_load64(self, &d->hits);
    out->checks_failed = n[VIPCI_FAILED_CHECKS];
    out->sent = n[VIPCI_SENT];
    out->received = n[VIPCI_RECEIVED];
    out->dropped = n[VIPCI_DROPPED];
    out->calls = n[VIPCI_CALLS];
    out->replies = n[VIPCI_REPLIES];
    out->rate_limited = vipci_load64(self, &d->gone[VIPCI_RATE_LIMITED]);
    out->sleeps = n[VIPCI_SLEEPS];
    out->wakes = n[VIPCI_WAKES];
    out->reaped = vipci_load64(self, &d->reaped);
    out->frames_in_use = vipci_load64(self, &d->frames);
    out->frames_high_water = vipci_load64(self, &d->frames_high);
    out->hit_percent = out->lookups ? (uint32_t)vipci_divide(out->lookup_hits * 100, out->lookups, NULL) : 0;
    return VIPC_OK;
}

/* Kinds of violation, as hook log is told them. */
enum { VIPCI_BAD_LOCK = 1, VIPCI_BAD_CAP, VIPCI_BAD_TREE, VIPCI_BAD_HELD, VIPCI_BAD_CAP_COUNT, VIPCI_BAD_OBJECT, VIPCI_BAD_OWNED, VIPCI_BAD_OBJECT_COUNT,
       VIPCI_BAD_NAME, VIPCI_BAD_SLOT, VIPCI_BAD_HINT, VIPCI_BAD_FRAMES, VIPCI_BAD_VIEW, VIPCI_BAD_PROCESS, VIPCI_BAD_LIMIT, VIPCI_BAD_SPACE, VIPCI_BAD_PAGE };
typedef struct vipci_checkup { const vipc *v; uint32_t bad; } vipci_checkup;
static bool vipci_expect(vipci_checkup *k, bool good, uint64_t kind, uint64_t where)
{
    if (good) return true;
    k->bad++;
    vipci_say(k->v, 0, VIPC_LOG_CHECK, kind, where);
    return false;
}
static void vipci_check_entry(vipci_checkup *k, uint32_t i)
{
    const vipc *v = k->v;
    const vipci_entry *e = vipci_entry_at(v, i), *child = vipci_linked(v, e->child), *next = vipci_linked(v, e->next);
    if (e->kind & VIPCI_REVOKED) { (void)vipci_expect(k, e->token == 0, VIPCI_BAD_CAP, i); return; }
    uint64_t token = e->kind & (VIPCI_TRAVELS | VIPCI_NAMED | VIPCI_WATCH | VIPCI_MAPPED) ? 0 : vipci_token(i, e->reuse, e->kind);
    if (!vipci_expect(k, e->token == token && vipci_roots(v, e->kind, e->object) != NULL, VIPCI_BAD_CAP, i)) return;
    bool head = e->prev != 0 || (e->parent ? vipci_linked(v, e->parent) && vipci_linked(v, e->parent)->child == i + 1 : *vipci_roots(v, e->kind, e->object) == i + 1);
    (void)vipci_expect(k, head && (!e->child || (child && child->parent == i + 1 && child->prev == 0)), VIPCI_BAD_TREE, i);
    (void)vipci_expect(k, !e->next || (next && next->prev == i + 1 && next->parent == e->parent && next->object == e->object), VIPCI_BAD_TREE, i);
    (void)vipci_expect(k, e->holder ? e->holder <= v->max_processes && vipci_process_at(v, e->holder - 1)->proof != 0 : (e->kind & (VIPCI_TRAVELS | VIPCI_MAPPED)) != 0 || ((e->kind & VIPCI_NAMED) && vipci_is_memory(VIPCI_TYPE(e->kind))),
                       VIPCI_BAD_HELD, i);
#if !VIPC_NO_LARGE
    (void)vipci_expect(k, !(e->kind & VIPCI_MORE) || ((e->kind & VIPCI_TRAVELS) && vipci_follower(v, (vipci_entry *)(uintptr_t)e)), VIPCI_BAD_CAP, i);
#endif
    if (e->kind & VIPCI_NAMED)
        (void)vipci_expect(k, (uint32_t)e->place - 1 < v->max_names && vipci_name_at(v, (uint32_t)e->place - 1)->cap == i + 1, VIPCI_BAD_NAME, i);
}
#if !VIPC_NO_LIMITS
/* A limit, or an entry that has some; *links adds what links to records, less what records say links to them: 0 over all. */
static void vipci_check_limit(vipci_checkup *k, uint32_t i, uint64_t *links)
{
    const vipc *v = k->v;
    const vipci_entry *e = vipci_entry_at(v, i);
    if (e->kind & VIPCI_EXTENSION) {
        const vipci_limit *r = (const vipci_limit *)(const void *)e, *up = vipci_limit_at(v, r->up);
        uint32_t which = r->kind & ~(uint32_t)VIPCI_EXTENSION;
        (void)vipci_expect(k, r->uses != 0 && r->holder == 0 && which <= VIPCI_BANDWIDTH && (r->value != 0) == (which != 0) && (r->spent & VIPCI_MARK) == VIPCI_MARK
                              && r->spent >> 60 == (r->reuse & 15), VIPCI_BAD_LIMIT, i);
        (void)vipci_expect(k, !r->up || (up && up->kind & VIPCI_BUCKET && (!up->message_max || (r->message_max && r->message_max <= up->message_max))
                                         && (!up->expires || (r->expires && r->expires <= up->expires))), VIPCI_BAD_LIMIT, i);
        *links += (r->up != 0) - (uint64_t)r->uses;
    } else if (e->kind & VIPCI_LIMITED) {
        bool travels = (e->kind & VIPCI_TRAVELS) != 0;
        const vipci_limit *r = travels ? vipci_limit_at(v, (uint32_t)e->badge) : vipci_limit_of(v, e);
        (void)vipci_expect(k, r && (travels || r->badge == e->badge), VIPCI_BAD_LIMIT, i);
        *links += 1;
    }
}
#else
static void vipci_check_limit(vipci_checkup *k, uint32_t i, uint64_t *links) { (void)k; (void)i; (void)links; }
#endif
static void vipci_check_caps(vipci_checkup *k)
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint32_t in_use = 0, idle = 0, retired = 0, steps = 0;
    uint64_t links = 0;
    if (!vipci_expect(k, d->used_caps <= v->max_caps, VIPCI_BAD_CAP_COUNT, 0)) return;
    for (uint32_t i = 0; i < d->used_caps; i++) {
        const vipci_entry *e = vipci_entry_at(v, i);
        if (e->kind) in_use++;
        if (e->kind && !(e->kind & VIPCI_EXTENSION)) vipci_check_entry(k, i);
        vipci_check_limit(k, i, &links);
        retired += !e->kind && e->reuse == 0xffffffffu;
    }
    for (const vipci_entry *e = vipci_linked(v, d->free_cap); e && steps <= v->max_caps; e = vipci_linked(v, e->next), steps++) {
        (void)vipci_expect(k, e->kind == 0 && e->token == 0, VIPCI_BAD_CAP, vipci_link(v, e) - 1);
        idle++;
    }
    (void)vipci_expect(k, in_use + idle + retired == d->used_caps, VIPCI_BAD_CAP_COUNT, in_use + idle);
    (void)vipci_expect(k, links == 0, VIPCI_BAD_LIMIT, links);
}
static void vipci_check_process(vipci_checkup *k, uint32_t i)
{
    const vipc *v = k->v;
    const vipci_process *p = vipci_process_at(v, i);
    uint32_t n = 0, link = p->held, before = 0;
    if (!p->pid) return;
    bool live = p->state == VIPCI_LIVE || p->state == VIPCI_CONDEMNED;       /* condemned without the lock, by one who waits for it */
    (void)vipci_expect(k, p->proof != 0 && live, VIPCI_BAD_PROCESS, i);
    for (const vipci_entry *e; (e = vipci_linked(v, link)) != NULL && n <= v->max_caps; before = link, link = e->held_next, n++)
        if (!vipci_expect(k, e->kind && e->holder == i + 1 && e->held_prev == before, VIPCI_BAD_HELD, link)) break;
    (void)vipci_expect(k, n == p->capabilities, VIPCI_BAD_HELD, i);
#if !VIPC_NO_INITIAL
    uint32_t marked = 0, index = (uint32_t)(p->initial >> 32);
    for (link = p->held, n = 0; vipci_linked(v, link) && n <= v->max_caps; link = vipci_linked(v, link)->held_next, n++)
        marked += (vipci_linked(v, link)->kind & VIPCI_INITIAL) != 0;
    for (link = (uint32_t)p->initial & 0xffffff, n = 0; link && n < VIPC_INITIAL_MAX; n++) {      /* youngest first: their indices go down */
        const vipci_entry *e = vipci_linked(v, link);
        if (!vipci_expect(k, e && (e->kind & VIPCI_INITIAL) && e->holder == i + 1 && (e->place >> 24 & 0xff) < index, VIPCI_BAD_HELD, link)) break;
        index = (uint32_t)(e->place >> 24 & 0xff);
        link = (uint32_t)e->place & 0xffffff;
    }
    (void)vipci_expect(k, n == marked && p->initial >> 32 <= VIPC_INITIAL_MAX, VIPCI_BAD_HELD, i);
#endif
    for (n = 0, link = p->owned, before = 0; link && link <= v->max_objects && n <= v->max_objects; n++) {
        const vipci_object *o = vipci_object_at(v, link - 1);
        if (!vipci_expect(k, o->owner == i + 1 && o->prev == before && vipci_state(o->state) != 0, VIPCI_BAD_OWNED, link)) break;
        before = link;
        link = o->next;
    }
    (void)vipci_expect(k, n == p->objects, VIPCI_BAD_OWNED, i);
}
static void vipci_check_queue(vipci_checkup *k, uint32_t index, vipci_object *o, uint32_t lane)
{
    vipc *v = (vipc *)(uintptr_t)k->v;                       /* opening a queue only learns where it is */
    vipci_ring *r;
    uint64_t tail = 0, head = 0;
    if (!vipci_expect(k, vipci_lane_open(v, o, lane, &r) == VIPC_OK, VIPCI_BAD_OBJECT, index)) return;
    uint64_t hint = vipci_load64(v, vipci_tail(r, o));
    for (uint32_t i = 0; i < r->capacity; i++) {
        uint64_t w = vipci_load64(v, &vipci_slot_at(r, i)->state);
        uint32_t phase = VIPCI_PHASE(w), owner = VIPCI_OWNER(w);
        bool claimed = phase == VIPCI_WRITING || phase >= VIPCI_READING;
        (void)vipci_expect(k, phase <= VIPCI_LATE_R && (owner != 0) == claimed && owner <= v->max_threads, VIPCI_BAD_SLOT, (uint64_t)index << 32 | i);
    }
    vipci_hints(v, r, &tail, &head);
    (void)vipci_expect(k, (hint & (VIPCI_LAP - 1)) < r->capacity && vipci_ahead(hint, tail) <= 0, VIPCI_BAD_HINT, index);
}
#if !VIPC_NO_SPACES
/* One space: its tree, its map, its counts.  *nodes, *regions grow; how many entries it has. */
static uint64_t vipci_check_space(vipci_checkup *k, const vipci_space *s, uint32_t index, uint32_t *nodes, uint32_t *regions)
{
    const vipc *v = k->v;
    uint64_t frame = 0, pages = 0, shared = 0, tables = 0;
    uint32_t leaving = 0, n = 0;
    vipci_area r;
    vipci_map_rested(v);
    (void)vipci_expect(k, vipci_regions_check(v, s, &n) == 0, VIPCI_BAD_SPACE, index);
    *nodes += n;
    *regions += s->regions;
    for (uint64_t at = s->start; vipci_region_at(v, s, at, &r); at = r.end) leaving += (r.a & VIPCI_R_LEAVING) != 0;
    (void)vipci_expect(k, leaving == s->leaving && (!leaving || s->owed_end), VIPCI_BAD_SPACE, index);
    for (uint32_t level = 0; level <= vipci_map_top(v, s); level++)
        for (uint64_t page = 0; vipci_map_next(v, s, level, &page, ~(uint64_t)0, &frame); page = (page | (vipci_map_span(v, level) - 1)) + 1) tables++;
    vipci_u64 *leaf;
    for (uint64_t page = 0; (leaf = vipci_map_next(v, s, 0, &page, ~(uint64_t)0, &frame)) != NULL;) {
        for (uint32_t i = vipci_map_slot(v, page, 0); i < 1u << vipci_map_bits(v); i++, page++) {
            uint64_t entry = leaf[i], at = vipci_page_at(v, s, page);
            if (!entry) continue;
            pages++;
            shared += entry & VIPCI_COW;
            bool region = vipci_region_at(v, s, at, &r) && r.start <= at && !vipci_is_device(&r) && !vipci_is_backed(&r), known = VIPCI_ENTRY_FRAME(entry) < v->max_frames;
            uint32_t refs = known ? *vipci_refs_at(v, VIPCI_ENTRY_FRAME(entry)) : 0;
            (void)vipci_expect(k, region && refs && (refs == 1 || (entry & VIPCI_COW) || (r.a & VIPCI_R_SHARED)), VIPCI_BAD_PAGE, at);
        }
    }
    (void)vipci_expect(k, pages == s->pages && shared == s->shared && tables == s->tables, VIPCI_BAD_SPACE, index);
    return pages + (s->limbo != 0);
}
#if !VIPC_NO_REGIONS
/* One store: its map, its counts, its mappings.  How many entries it has. */
static uint64_t vipci_check_store(vipci_checkup *k, const vipci_space *s, uint32_t index)
{
    const vipc *v = k->v;
    uint64_t frame = 0, pages = 0, shared = 0, tables = 0;
    const vipci_object *o = vipci_store_object(v, s);
    vipci_map_rested(v);
    if (!vipci_expect(k, s->object - 1 < v->max_objects && vipci_store_of(v, o) == s, VIPCI_BAD_SPACE, index)) return 0;
    for (uint32_t level = 0; level <= vipci_map_top(v, s); level++)
        for (uint64_t page = 0; vipci_map_next(v, s, level, &page, ~(uint64_t)0, &frame); page = (page | (vipci_map_span(v, level) - 1)) + 1) tables++;
    vipci_u64 *leaf;
    for (uint64_t page = 0; (leaf = vipci_map_next(v, s, 0, &page, ~(uint64_t)0, &frame)) != NULL;) {
        for (uint32_t i = vipci_map_slot(v, page, 0); i < 1u << vipci_map_bits(v); i++, page++) {
            const uint64_t entry = leaf[i], f = VIPCI_ENTRY_FRAME(entry);
            if (!entry) continue;
            pages++;
            shared += entry & VIPCI_COW;
            const uint32_t refs = f < v->max_frames ? *vipci_refs_at(v, f) : 0;
            (void)vipci_expect(k, refs && (refs == 1 || (entry & VIPCI_COW)), VIPCI_BAD_PAGE, page);
        }
    }
    (void)vipci_expect(k, pages == s->pages && shared == s->shared && tables == s->tables, VIPCI_BAD_SPACE, index);
    vipci_tour t = vipci_tour_of(v, o, false);
    for (vipci_entry *e; (e = vipci_tour_next(v, o, &t)) != NULL;) {
        const vipci_space *space = vipci_mapping_space(v, e);
        uint32_t pieces = 0;
        vipci_area r;
        for (uint64_t at = e->badge; space && vipci_piece_next(v, e, space, &at, &r);) {
            (void)vipci_expect(k, VIPCI_B_PAGE(r.b) == e->held_prev + ((r.start - e->badge) >> v->page_shift), VIPCI_BAD_SPACE, index);
            pieces++;
        }
        (void)vipci_expect(k, pieces && pieces == e->held_next && !(e->kind & VIPCI_WITHDRAWN) == !t.withdrawn, VIPCI_BAD_CAP, vipci_link(v, e) - 1);
    }
    return pages;
}
static uint64_t vipci_check_stores(vipci_checkup *k, uint64_t *frames)
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint64_t entries = 0, charged = 0, nodes = 0;
    uint32_t idle = 0, steps = 0;
    if (!vipci_expect(k, d->used_stores <= v->max_records - v->max_spaces, VIPCI_BAD_SPACE, 0)) return 0;
    for (uint32_t i = 0; i < d->used_stores; i++) {
        const vipci_space *s = vipci_space_at(v, v->max_spaces + i);
        if (!s->number) { idle++; continue; }
        entries += vipci_check_store(k, s, i);
        *frames += s->tables;
        const vipci_object *o = vipci_store_object(v, s);
        if (o->owner && o->owner != VIPCI_NOBODY) charged += s->pages;
    }
    for (uint32_t i = 0; i < v->numa_nodes; i++) nodes += d->node_pages[i];
    for (uint32_t i = 0; i < v->max_processes; i++) charged -= vipci_process_at(v, i)->shared_pages;
    for (uint32_t link = d->free_store; link && link <= d->used_stores && steps <= d->used_stores; steps++) link = vipci_space_at(v, v->max_spaces + link - 1)->next;
    (void)vipci_expect(k, steps == idle && charged == 0 && nodes == entries, VIPCI_BAD_SPACE, idle);
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) *frames += vipci_view_at(v, i)->clean_count;
    return entries;
}
#endif
static uint64_t vipci_check_spaces(vipci_checkup *k)           /* how many frames they have */
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint64_t frames = 0, refs = 0, entries = 0;
    uint32_t nodes = 0, regions = 0, idle = 0, steps = 0;
    if (!vipci_expect(k, d->used_spaces <= v->max_spaces && d->used_nodes <= v->max_nodes, VIPCI_BAD_SPACE, 0)) return 0;
    for (uint32_t i = 0; i < v->max_frames; i++) { uint32_t n = *vipci_refs_at(v, i); frames += n != 0; refs += n; }
    for (uint32_t i = 0; i < d->used_spaces; i++) {
        const vipci_space *s = vipci_space_at(v, i);
        if (!s->number) { idle++; continue; }
        entries += vipci_check_space(k, s, i, &nodes, &regions);
        frames += s->tables;
        (void)vipci_expect(k, s->object - 1 < v->max_objects && vipci_space_of(v, vipci_object_at(v, s->object - 1)) == s, VIPCI_BAD_SPACE, i);
    }
#if !VIPC_NO_REGIONS
    entries += vipci_check_stores(k, &frames);
#endif
    for (uint32_t link = d->free_space; link && link <= v->max_spaces && steps <= v->max_spaces; steps++) link = vipci_space_at(v, link - 1)->next;
    (void)vipci_expect(k, steps == idle, VIPCI_BAD_SPACE, idle);
    for (uint32_t link = d->free_node; link && link <= v->max_nodes && nodes <= v->max_nodes; nodes++) link = vipci_node_at(v, link - 1)->next;
    (void)vipci_expect(k, refs == entries && regions == d->regions && nodes == d->used_nodes, VIPCI_BAD_SPACE, regions);
    return frames;
}
#endif
static void vipci_check_objects(vipci_checkup *k)
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint32_t in_use = 0, idle = 0, steps = 0;
    uint64_t frames = 0;
    if (!vipci_expect(k, d->used_objects <= v->max_objects, VIPCI_BAD_OBJECT_COUNT, 0)) return;
    for (uint32_t i = 0; i < d->used_objects; i++) {
        vipci_object *o = vipci_object_at(v, i);
        if (vipci_state(o->state) == 0) { (void)vipci_expect(k, o->queue == 0 && o->urgent == 0 && o->first_cap == 0, VIPCI_BAD_OBJECT, i); continue; }
        in_use++;
        (void)vipci_expect(k, vipci_state(o->state) != VIPCI_OPEN || o->owner != 0, VIPCI_BAD_OBJECT, i);
        if (o->queue) frames += vipci_queue_frames(v, o->shape);
        if (o->queue && !vipci_is_set(v, o)) vipci_check_queue(k, i, o, 0);
#if !VIPC_NO_URGENT
        if (!o->urgent || o->urgent >> 63) continue;
        frames += vipci_urgent_frames(v, o->shape);
        vipci_check_queue(k, i, o, 1);
#endif
    }
    for (uint32_t link = d->free_object; link && link <= v->max_objects && steps <= v->max_objects; steps++, idle++) link = vipci_object_at(v, link - 1)->next;
    (void)vipci_expect(k, in_use + idle == d->used_objects, VIPCI_BAD_OBJECT_COUNT, in_use + idle);
#if !VIPC_NO_LARGE
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++)
        for (uint32_t b = 0; b < 2; b++) {
            uint64_t word = vipci_view_at(v, i)->large[b];
            (void)vipci_expect(k, !(word & VIPCI_TRIMMED) && (word == 0) == (VIPCI_RUN_FRAMES(word) == 0), VIPCI_BAD_VIEW, i);
            frames += VIPCI_RUN_FRAMES(word);
        }
#endif
#if !VIPC_NO_SPACES
    frames += vipci_check_spaces(k);
#endif
    (void)vipci_expect(k, frames == d->frames, VIPCI_BAD_FRAMES, frames);
}
/* Every object's count of capabilities that may receive. */
static void vipci_check_receivers(vipci_checkup *k)
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint64_t counted = 0, found = 0;
    for (uint32_t i = 0; i < d->used_objects && i < v->max_objects; i++)
        if (vipci_state(vipci_object_at(v, i)->state) != 0) counted += vipci_object_at(v, i)->receivers;
    for (uint32_t i = 0; i < d->used_caps && i < v->max_caps; i++) {
        uint32_t kind = vipci_entry_at(v, i)->kind;
        found += vipci_is_object(kind) && (kind & VIPC_RIGHT_RECEIVE) && !(kind & VIPCI_REVOKED);
    }
    (void)vipci_expect(k, counted == found, VIPCI_BAD_CAP_COUNT, counted);
}
static void vipci_check_names(vipci_checkup *k)
{
    const vipc *v = k->v;
    vipci_domain *d = vipci_d(v);
    uint32_t n = 0, idle = 0;
    if (!vipci_expect(k, d->used_names <= v->max_names, VIPCI_BAD_NAME, 0)) return;
    for (uint32_t b = 0; b < vipci_buckets(v->max_names); b++) {
        uint32_t steps = 0;
        for (uint32_t link = *vipci_bucket(v, b); link && link <= v->max_names && steps <= v->max_names; steps++, n++) {
            const vipci_name *name = vipci_name_at(v, link - 1);
            const vipci_entry *e = vipci_linked(v, name->cap);
            (void)vipci_expect(k, e && (e->kind & VIPCI_NAMED) && (uint32_t)e->place == link && (name->hash & (vipci_buckets(v->max_names) - 1)) == b, VIPCI_BAD_NAME, link);
            link = name->next;
        }
    }
    for (uint32_t link = d->free_name; link && link <= v->max_names && idle <= v->max_names; idle++) link = vipci_name_at(v, link - 1)->next;
    (void)vipci_expect(k, n + idle == d->used_names, VIPCI_BAD_NAME, n + idle);
}
static void vipci_check_views(vipci_checkup *k)
{
    const vipc *v = k->v;
    for (uint32_t i = 0, n = vipci_views_used(v); i < n; i++) {
        vipci_view *w = vipci_view_at(v, i);
        uint32_t owner = (uint32_t)vipci_load64(v, &w->owner);
        (void)vipci_expect(k, owner <= v->max_processes && (owner == 0 || vipci_load64(v, &vipci_process_at(v, owner - 1)->proof) != 0), VIPCI_BAD_VIEW, i);
#if !VIPC_NO_TAKE
        bool idle = vipci_load64(v, &w->hand) == 0;
        (void)vipci_expect(k, idle || vipci_load64(v, &w->owner) & 0xffffffff, VIPCI_BAD_VIEW, i);
#endif
        if (owner == 0) (void)vipci_expect(k, VIPCI_CALL_STATE(vipci_load64(v, &w->call)) == VIPCI_IDLE || vipci_load64(v, &w->owner) & 0xffffffff, VIPCI_BAD_VIEW, i);
    }
}
VIPC_API vipc_error vipc_check(vipc *self, uint32_t *violations)
{
    vipc_error e = vipci_known(self);
    if (e == VIPC_OK && !violations) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipci_lock(self, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    vipci_checkup k;
    k.v = self;
    k.bad = 0;
    vipci_domain *d = vipci_d(self);
    (void)vipci_expect(&k, d->log_count == 0 && d->redo_count == 0 && d->taking_count == 0, VIPCI_BAD_LOCK, 0);
    vipci_check_caps(&k);
    vipci_check_objects(&k);
    vipci_check_receivers(&k);
    vipci_check_names(&k);
    vipci_check_views(&k);
    for (uint32_t i = 0; i < self->max_processes; i++) vipci_check_process(&k, i);
    vipci_unlock(self);
    *violations = k.bad;
    return VIPC_OK;
}

typedef struct vipci_text { char line[256]; size_t n; vipc_line_fn fn; void *user; } vipci_text;
static void vipci_put_text(vipci_text *t, const char *s, uint32_t most)
{
    for (uint32_t i = 0; i < most && s[i] && t->n < sizeof t->line; i++) t->line[t->n++] = s[i] >= ' ' && s[i] < 127 ? s[i] : '?';
}
static void vipci_put(vipci_text *t, const char *name, uint64_t n)       /* " name n" */
{
    char digits[20];
    uint32_t k = 0;
    uint64_t digit;
    do { n = vipci_divide(n, 10, &digit); digits[k++] = (char)('0' + (char)digit); } while (n);
    if (t->n) vipci_put_text(t, " ", 1);
    vipci_put_text(t, name, 32);
    vipci_put_text(t, " ", 1);
    while (k && t->n < sizeof t->line) t->line[t->n++] = digits[--k];
}
static void vipci_put_label(vipci_text *t, const char *label, uint32_t most)
{
    if (!label[0]) return;
    vipci_put_text(t, " \"", 2);
    vipci_put_text(t, label, most);
    vipci_put_text(t, "\"", 1);
}
static void vipci_end_line(vipci_text *t)
{
    t->fn(t->user, t->line, t->n);
    t->n = 0;
}
static void vipci_dump_object(vipc *v, vipci_text *t, uint32_t i)
{
    static const char types[8][14] = { "endpoint", "endpoint", "channel end", "notification", "wait set", "space", "region", "object" };
    vipci_object *o = vipci_object_at(v, i);
    uint64_t state = vipci_load64(v, &o->state);
    uint32_t owner = vipci_peek32(v, &o->owner) - 1;
    vipci_ring *r;
    if (vipci_state(state) == 0) return;
    uint32_t type = vipci_peek32(v, &o->type), other = vipci_peer(v, o);
    bool notification = type == VIPC_TYPE_NOTIFICATION;
    vipci_put(t, types[type & 7], state >> 8 << 24 | (i + 1));
    if (type == VIPC_TYPE_CHANNEL && other < v->max_objects) vipci_put(t, "other", vipci_peek64(v, &o->bound) >> 8 << 24 | (other + 1));
    vipci_put_label(t, o->label, VIPC_LABEL_MAX);
    if (owner < v->max_processes) vipci_put(t, "owner", vipci_peek64(v, &vipci_process_at(v, owner)->pid));
    if (vipci_state(state) != VIPCI_OPEN) vipci_put_text(t, " closed", 7);
#if !VIPC_NO_SPACES
    if (type == VIPC_TYPE_SPACE) {
        const vipci_space *s = vipci_space_of(v, o);
        if (s) {
            vipci_put(t, "regions", s->regions);
            vipci_put(t, "pages", vipci_peek64(v, (vipci_u64 *)(uintptr_t)&s->pages));
            vipci_put(t, "copy_on_write", vipci_peek64(v, (vipci_u64 *)(uintptr_t)&s->shared));
        }
        vipci_end_line(t);
        return;
    }
#endif
#if !VIPC_NO_REGIONS
    if (vipci_is_memory(type)) {
        const vipci_space *s = vipci_store_of(v, o);
        if (s) {
            vipci_put(t, "bytes", vipci_peek64(v, (vipci_u64 *)(uintptr_t)&s->brk));
            vipci_put(t, "pages", vipci_peek64(v, (vipci_u64 *)(uintptr_t)&s->pages));
        }
        vipci_end_line(t);
        return;
    }
#endif
    if (notification) vipci_put(t, "bits", vipci_load64(v, &o->tail));
    else vipci_put(t, "capacity", vipci_shape_capacity(vipci_peek64(v, &o->shape)));
    vipci_put(t, "receivers_asleep", vipci_sleepers(v, VIPCI_FOR_MESSAGE, i));
    vipci_put(t, "senders_asleep", vipci_sleepers(v, VIPCI_FOR_ROOM, i));
    if (vipci_state(state) == VIPCI_OPEN && !vipci_is_set(v, o)) {
        vipci_intend(v, vipci_at_object(i));
        if (vipci_load64(v, &o->state) == state && vipci_ring_open(v, o, &r) == VIPC_OK) {
            uint32_t full = vipci_count_phase(v, r, true), room = vipci_count_phase(v, r, false);
            vipci_put(t, "queued", full);
            vipci_put(t, "claimed", full + room <= r->capacity ? r->capacity - full - room : 0);
        }
#if !VIPC_NO_URGENT
        if (vipci_load64(v, &o->state) == state && !notification && vipci_urgent_at(v, o, &r) == VIPC_OK) vipci_put(t, "urgent", vipci_count_phase(v, r, true));
#endif
        vipci_intend_nothing(v);
    }
    vipci_end_line(t);
}
static void vipci_dump_view(const vipc *v, vipci_text *t, uint32_t i)
{
    static const char waits[8][12] = { "urgent room", "message", "room", "reply", "name", "process", "lock", "any" };
    vipci_view *w = vipci_view_at(v, i);
    uint32_t owner = (uint32_t)vipci_load64(v, &w->owner) - 1;
    uint64_t cell = vipci_load64(v, vipci_cell_at(v, i)), intent = vipci_load64(v, &w->intent), call = vipci_load64(v, &w->call);
    if (owner >= v->max_processes) return;
    vipci_put(t, "view", i);
    vipci_put(t, "of", vipci_peek64(v, &vipci_process_at(v, owner)->pid));
    if ((cell & 3) != VIPCI_AWAKE) {
        vipci_put_text(t, (cell & 3) == VIPCI_WAITING ? " asleep for" : " woken for", (cell & 3) == VIPCI_WAITING ? 11 : 10);
        vipci_put(t, waits[cell >> 32 & 7], cell >> 35);
    }
    if (intent) vipci_put(t, (intent & 3) == VIPCI_AT_OBJECT ? "at endpoint" : "at view", (intent >> 2) - 1);
#if !VIPC_NO_TAKE
    uint64_t hand = vipci_load64(v, &w->hand);
    if (hand) vipci_put(t, "in hand from endpoint", VIPCI_HAND_OBJECT(hand) - 1);
#endif
#if !VIPC_NO_LARGE
    uint64_t frames = VIPCI_RUN_FRAMES(vipci_load64(v, &w->large[0])) + VIPCI_RUN_FRAMES(vipci_load64(v, &w->large[1]));
    if (frames) vipci_put(t, "frames for replies", frames);
#endif
    if (VIPCI_CALL_STATE(call)) {
        vipci_put(t, "call", call >> 32);
        vipci_put(t, "state", VIPCI_CALL_STATE(call));
        if (VIPCI_CALL_SERVER(call)) vipci_put(t, "server view", VIPCI_CALL_SERVER(call) - 1);
    }
    vipci_end_line(t);
}
#if !VIPC_NO_LIMITS
static void vipci_dump_limits(const vipc *v, vipci_text *t, uint32_t i)
{
    vipci_entry *e = vipci_entry_at(v, i);
    uint32_t kind = vipci_peek32(v, &e->kind), holder = vipci_peek32(v, &e->holder) - 1;
    vipc_limits l;
    if (!(kind & VIPCI_LIMITED) || (kind & VIPCI_TRAVELS) || vipci_limits_get(v, e, &l) != VIPC_OK) return;
    vipci_put(t, "limits of object", vipci_peek32(v, &e->object));
    if (holder < v->max_processes) vipci_put(t, "holder", vipci_peek64(v, &vipci_process_at(v, holder)->pid));
    if (kind & VIPCI_NAMED) vipci_put_text(t, " named", 6);
    if (l.message_max) vipci_put(t, "message_max", l.message_max);
    if (l.rate) vipci_put(t, "rate", l.rate);
    if (l.bandwidth) vipci_put(t, "bandwidth", l.bandwidth);
    if (l.expires) vipci_put(t, "expires", l.expires);
    vipci_end_line(t);
}
#endif
VIPC_API vipc_error vipc_dump(vipc *self, vipc_line_fn line, void *user)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!line) return VIPC_ERR_INVALID_ARGUMENT;
    vipci_domain *d = vipci_d(self);
    vipci_text t;
    t.n = 0;
    t.fn = line;
    t.user = user;
    uint64_t lock = vipci_load64(self, &d->lock);
    vipci_put(&t, "domain layout", d->layout);
    vipci_put(&t, "bytes", self->length);
    vipci_put(&t, "frames", vipci_load64(self, &d->frames));
    if (lock) vipci_put(&t, "locked by view", (lock & 0xffff) - 1);
    vipci_end_line(&t);
    for (uint32_t i = 0; i < self->max_processes; i++) {
        vipci_process *p = vipci_process_at(self, i);
        if (!vipci_load64(self, &p->proof)) continue;
        vipci_put(&t, "process", vipci_load64(self, &p->pid));
        vipci_put_label(&t, p->label, VIPC_LABEL_MAX);
        vipci_put(&t, "native", vipci_peek64(self, &p->native_id));
        vipci_put(&t, "threads", vipci_load32(self, &p->threads));
        vipci_put(&t, "capabilities", vipci_peek32(self, &p->capabilities));
        vipci_put(&t, "endpoints", vipci_peek32(self, &p->objects));
        vipci_end_line(&t);
    }
    for (uint32_t i = 0, n = vipci_views_used(self); i < n; i++) vipci_dump_view(self, &t, i);
    for (uint32_t i = 0; i < self->max_objects && i < vipci_load32(self, &d->used_objects); i++) vipci_dump_object(self, &t, i);
    for (uint32_t i = 0; i < self->max_names && i < vipci_load32(self, &d->used_names); i++) {
        vipci_name *n = vipci_name_at(self, i);
        vipci_entry *c = vipci_linked(self, vipci_peek32(self, &n->cap));
        if (!c) continue;
        vipci_put_text(&t, "name", 4);
        vipci_put_label(&t, n->text, VIPC_NAME_MAX);
        vipci_put(&t, "object", vipci_peek32(self, &c->object));
        vipci_end_line(&t);
    }
#if !VIPC_NO_LIMITS
    for (uint32_t i = 0; i < self->max_caps && i < vipci_load32(self, &d->used_caps); i++) vipci_dump_limits(self, &t, i);
#endif
    return VIPC_OK;
}

#endif

/* ---------------------------------------------------------------------------------------------------- >>init
 * Configuration, and the two ways into a domain.  A handle's pointers and limits are computed here, once, from a configuration that was
 * checked; shared memory is not asked for them again. */
static bool vipci_default(uint32_t *field, uint64_t otherwise, uint32_t most)
{
    if (*field == 0) *field = otherwise < most ? (uint32_t)otherwise : most;
    return *field <= most;
}
#if !VIPC_NO_SPACES
#define VIPCI_REGIONS_MAX 8000000u
static bool vipci_resolve_spaces(vipc_config *c)
{
    if (!c->max_spaces) return !c->max_regions && !c->max_frames;
    return c->max_spaces <= c->max_objects && vipci_default(&c->max_regions, 64 * (uint64_t)c->max_spaces, VIPCI_REGIONS_MAX)
        && vipci_default(&c->max_frames, 65536, 0xfffffff0u);
}
/* Each leaf but a root is at least VIPCI_FAN / 2 full, and so is each inner node: see >>regions. */
static uint32_t vipci_nodes(const vipc_config *c) { return c->max_spaces ? c->max_regions / 6 + c->max_spaces + 16 : 0; }
#else
static inline bool vipci_resolve_spaces(const vipc_config *c) { (void)c; return true; }
#endif
#if !VIPC_NO_REGIONS
static bool vipci_resolve_regions(vipc_config *c)
{
    if (!c->max_shared) return !c->max_named && !c->region_pages && !c->object_pages && !c->shared_per_process && !c->numa_nodes;
    return c->max_spaces && c->max_shared <= c->max_objects && vipci_default(&c->max_named, c->max_shared < VIPC_OBJECTS_MAX ? c->max_shared : VIPC_OBJECTS_MAX, 65536)
        && c->max_named <= c->max_shared && vipci_default(&c->region_pages, c->max_frames, 0xffffffffu)
        && vipci_default(&c->object_pages, VIPC_OBJECT_SIZE_MAX >> c->page_shift, c->region_pages) && vipci_default(&c->shared_per_process, c->max_frames, 0xffffffffu)
        && vipci_default(&c->numa_nodes, 1, VIPC_NODES_MAX);
}
static inline uint32_t vipci_records(const vipc_config *c) { return c->max_spaces + c->max_shared; }
static inline uint32_t vipci_all_names(const vipc_config *c) { return c->max_names + c->max_named; }
#else
static inline bool vipci_resolve_regions(const vipc_config *c) { (void)c; return true; }
#if !VIPC_NO_SPACES
static inline uint32_t vipci_records(const vipc_config *c) { return c->max_spaces; }
#endif
static inline uint32_t vipci_all_names(const vipc_config *c) { return c->max_names; }
#endif
static bool vipci_resolve(const vipc_config *given, vipc_config *c)
{
    vipc_config none = VIPC_INIT;
    *c = given ? *given : none;
    return vipci_default(&c->max_processes, 64, VIPCI_MEMBERS_MAX) && vipci_default(&c->max_threads, 2 * (uint64_t)c->max_processes, VIPCI_MEMBERS_MAX)
        && vipci_default(&c->max_objects, 1024, VIPCI_INDEX_MAX) && vipci_default(&c->max_capabilities, 4 * (uint64_t)c->max_objects, VIPCI_INDEX_MAX)
        && vipci_default(&c->max_names, 256, 1u << 20) && vipci_default(&c->page_shift, 12, 20) && c->page_shift >= 8
        && vipci_default(&c->objects_per_process, c->max_objects, 0xffffffffu)
        && vipci_default(&c->capabilities_per_process, c->max_capabilities, 0xffffffffu) && vipci_resolve_spaces(c) && vipci_resolve_regions(c);
}
/* Offsets of the tables, one after the other, each on a line of its own; false if the sum overflows. */
enum { VIPCI_PROCESSES, VIPCI_VIEWS, VIPCI_CELLS, VIPCI_OBJECTS, VIPCI_CAPS, VIPCI_NAMES, VIPCI_BUCKETS,
#if !VIPC_NO_SPACES
       VIPCI_SPACES, VIPCI_NODES, VIPCI_REFS,
#endif
       VIPCI_TABLES };
static bool vipci_offsets(const vipc_config *c, uint64_t at[VIPCI_TABLES + 1])
{
    const uint64_t size[VIPCI_TABLES] = { sizeof(vipci_process) + sizeof(vipci_tally), sizeof(vipci_view), sizeof(vipci_u64), sizeof(vipci_object), sizeof(vipci_entry),
                                          sizeof(vipci_name), sizeof(uint32_t),
#if !VIPC_NO_SPACES
                                          sizeof(vipci_space), sizeof(vipci_node), sizeof(uint32_t),
#endif
                                        };
    const uint64_t count[VIPCI_TABLES] = { (uint64_t)c->max_processes + 1, (uint64_t)c->max_threads + 1, (uint64_t)c->max_threads + 1, c->max_objects,
                                           c->max_capabilities, vipci_all_names(c), vipci_buckets(vipci_all_names(c)),
#if !VIPC_NO_SPACES
                                           vipci_records(c), vipci_nodes(c), c->max_frames,
#endif
                                         };
    at[0] = vipci_round(sizeof(vipci_domain), VIPC_LINE);
    for (uint32_t i = 0; i < VIPCI_TABLES; i++) {
        at[i + 1] = at[i];
        if (!vipci_add(&at[i + 1], vipci_round(size[i] * count[i], VIPC_LINE))) return false;       /* < 2^9 * 2^25 */
    }
    return at[VIPCI_TABLES] <= (uint64_t)(size_t)-1 / 2;
}
VIPC_API uint64_t vipc_required_size(const vipc_config *config)
{
    vipc_config c;
    uint64_t at[VIPCI_TABLES + 1];
    return vipci_resolve(config, &c) && vipci_offsets(&c, at) ? at[VIPCI_TABLES] : 0;
}
static bool vipci_hooks_good(const vipc_hooks *h)
{
    if (!h || h->size != sizeof *h || !h->frame_alloc || !h->frame_free || !h->frame_pointer) return false;
#if !VIPC_NO_SPACES
    if (!h->space_create != !h->space_destroy || !h->space_create != !h->page_map || !h->page_map != !h->page_unmap
        || !h->page_map != !h->page_protect || !h->page_map != !h->tlb_flush)
        return false;
#endif
    return !h->block == !h->wake && !h->enter == !h->leave && (!VIPCI_CRITICAL || h->enter);     /* atomics made of nothing would be none */
}
static void vipci_map(vipc *v, void *memory, const vipc_config *c, const uint64_t at[VIPCI_TABLES + 1], const vipc_hooks *hooks)
{
    vipci_zero(v, sizeof *v);
    v->hooks = hooks;
    v->base = (unsigned char *)memory;
    v->processes = v->base + at[VIPCI_PROCESSES];
    v->views = v->base + at[VIPCI_VIEWS];
    v->cells = v->base + at[VIPCI_CELLS];
    v->objects = v->base + at[VIPCI_OBJECTS];
    v->caps = v->base + at[VIPCI_CAPS];
    v->names = v->base + at[VIPCI_NAMES];
    v->buckets = v->base + at[VIPCI_BUCKETS];
#if !VIPC_NO_SPACES
    v->spaces = v->base + at[VIPCI_SPACES];
    v->nodes = v->base + at[VIPCI_NODES];
    v->refs = v->base + at[VIPCI_REFS];
    v->max_spaces = c->max_spaces;
    v->max_records = vipci_records(c);
    v->max_regions = c->max_regions;
    v->max_nodes = vipci_nodes(c);
    v->max_frames = c->max_frames;
    const uint64_t deep = 64 / (c->page_shift - 3) + 1;      /* more than the levels of a map; for each region and each frame it is looked at at most so often */
    v->looks_most = 3 * deep * deep * ((uint64_t)c->max_frames + c->max_regions + 64);
#endif
    v->length = at[VIPCI_TABLES];
    v->max_processes = c->max_processes + 1;                 /* with the doorman's */
    v->max_threads = c->max_threads + 1;
    v->max_objects = c->max_objects;
    v->max_caps = c->max_capabilities;
    v->max_names = vipci_all_names(c);
#if !VIPC_NO_REGIONS
    v->max_named = c->max_named;
    v->region_pages = c->region_pages;
    v->object_pages = c->object_pages;
    v->shared_per_process = c->shared_per_process;
    v->numa_nodes = c->numa_nodes;
#endif
    v->page_shift = c->page_shift;
    v->patience = VIPCI_PATIENCE_MAX / 2;
}
VIPC_API vipc_error vipc_init(vipc *self, void *memory, uint64_t size, const vipc_config *config, const vipc_process_desc *desc, const vipc_hooks *hooks)
{
    vipc_config c;
    uint64_t at[VIPCI_TABLES + 1];
    if (!self || !memory || ((uintptr_t)memory & (VIPC_LINE - 1)) || !vipci_hooks_good(hooks) || (!VIPC_NO_INITIAL && desc && !vipci_may_give(desc, 0)))
        return VIPC_ERR_INVALID_ARGUMENT;
    if (!vipci_resolve(config, &c) || !vipci_offsets(&c, at)) return VIPC_ERR_INVALID_ARGUMENT;
    if (size < at[VIPCI_TABLES]) return VIPC_ERR_OUT_OF_MEMORY;
    vipc v;
    vipci_map(&v, memory, &c, at, hooks);
    vipci_zero(memory, at[VIPCI_TABLES]);
    vipci_domain *d = vipci_d(&v);
    d->layout = VIPCI_LAYOUT;
    d->order = VIPCI_ORDER;
    d->total = at[VIPCI_TABLES];
    d->config = c;
    vipc_error e = vipci_join(&v, &v, desc, desc && desc->proof ? desc->proof : VIPCI_NO_PROOF);
    if (e != VIPC_OK) return e;
    vipci_commit(&v);
    vipci_unlock(&v);
    vipci_store64(&v, &d->magic, VIPCI_MAGIC);               /* last: an attach before this is NOT_INITIALIZED */
    *self = v;
    self->here = self;
    return VIPC_OK;
}
static bool vipci_matches(const vipc_config *expect, const vipc_config *c)
{
    const uint32_t *want = &expect->max_processes, *have = &c->max_processes;
    for (size_t i = 0; i < sizeof *c / sizeof *want; i++)
        if (want[i] && want[i] != have[i]) return false;
    return true;
}
/* Is there a whole domain in these bytes?  Its configuration is copied, then checked, then used. */
static vipc_error vipci_inspect(void *memory, uint64_t size, vipc_config *c, uint64_t at[VIPCI_TABLES + 1])
{
    vipci_domain *d = (vipci_domain *)memory;
    vipc_config resolved;
    if (size < sizeof *d) return VIPC_ERR_BAD_DOMAIN;
    if (d->magic == 0) return VIPC_ERR_NOT_INITIALIZED;
    if (d->magic == 0x767269642d697063ull) return VIPC_ERR_VERSION;      /* VIPCI_MAGIC in the other byte order */
    if (d->magic != VIPCI_MAGIC) return VIPC_ERR_BAD_DOMAIN;
    if (d->layout != VIPCI_LAYOUT || d->order != VIPCI_ORDER) return VIPC_ERR_VERSION;
    *c = d->config;
    if (!vipci_resolve(c, &resolved) || !vipci_matches(&resolved, c) || !vipci_offsets(c, at)) return VIPC_ERR_BAD_DOMAIN;
    return d->total == at[VIPCI_TABLES] && size >= d->total ? VIPC_OK : VIPC_ERR_BAD_DOMAIN;
}
VIPC_API vipc_error vipc_attach(vipc *self, void *memory, uint64_t size, const vipc_config *expect, const vipc_process_desc *desc, const vipc_hooks *hooks)
{
    vipc_config c;
    uint64_t at[VIPCI_TABLES + 1], proof = desc && desc->proof ? desc->proof : VIPCI_NO_PROOF;
    if (!self || !memory || ((uintptr_t)memory & (VIPC_LINE - 1)) || !vipci_hooks_good(hooks)) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipci_inspect(memory, size, &c, at);
    if (e == VIPC_OK && expect && !vipci_matches(expect, &c)) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) return e;
    vipc v;
    vipci_map(&v, memory, &c, at, hooks);
    e = vipci_join(&v, &v, desc, proof);
    if (e == VIPC_ERR_LIMIT && hooks->process_alive) {
        e = vipci_doorman(&v, proof);
        if (e == VIPC_OK) e = vipci_join(&v, &v, desc, proof);
    }
    if (e != VIPC_OK) return e;
    vipci_commit(&v);
    vipci_unlock(&v);
    *self = v;
    self->here = self;
    return VIPC_OK;
}
VIPC_API vipc_error vipc_config_get(const vipc *self, vipc_config *out)
{
    vipc_error e = vipci_known(self);
    if (e != VIPC_OK) return e;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    *out = vipci_d(self)->config;
    out->max_processes = self->max_processes - 1;
    out->max_threads = self->max_threads - 1;
    out->max_objects = self->max_objects;
    out->max_capabilities = self->max_caps;
    out->max_names = self->max_names;
    out->page_shift = self->page_shift;
#if !VIPC_NO_SPACES
    out->max_spaces = self->max_spaces;
    out->max_regions = self->max_regions;
    out->max_frames = self->max_frames;
#endif
#if !VIPC_NO_REGIONS
    out->max_names = self->max_names - self->max_named;
    out->max_shared = self->max_records - self->max_spaces;
    out->max_named = self->max_named;
    out->region_pages = self->region_pages;
    out->object_pages = self->object_pages;
    out->shared_per_process = self->shared_per_process;
    out->numa_nodes = self->numa_nodes;
#endif
    return VIPC_OK;
}
#endif /* VERIDIAN_IPC_IMPLEMENTATION */

/* ------------------------------------------------------------------------------------------------- >>licence
 * Yours under either of these, as you like.
 *
 * 1. MIT.  Copyright (c) 2026 the veridian_ipc authors.
 * Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
 * "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
 * distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
 * the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions
 * of the Software.  THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
 * WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.  IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
 * LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
 * CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 *
 * 2. Unlicense (https://unlicense.org).
 * This is free and unencumbered software released into the public domain.  Anyone is free to copy, modify, publish, use, compile, sell, or
 * distribute this software, either in source code form or as a compiled binary, for any purpose, commercial or non-commercial, and by any
 * means.  In jurisdictions that recognize copyright laws, the author or authors of this software dedicate any and all copyright interest in
 * the software to the public domain.  THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, AS ABOVE.
 */
