/* syscalls.h - numbers that the kernel and its programs share.
 *
 * Number in rax; arguments in rdi rsi rdx r10 r8 r9; the result in rax: a vipc_error, unless it says otherwise.  rcx and r11 are lost, all other registers
 * stay.  Arguments are those of the function in veridian_ipc.h without its first, the view: a thread has its own.  Structs go by their addresses. */
#ifndef SYSCALLS_H
#define SYSCALLS_H
#include "layout.h"

enum {
    SYS_NOTHING = 0,                 /* what entering and leaving costs */
    /* the process and its machine */
    SYS_EXIT,                        /* (code) */
    SYS_YIELD,
    SYS_SLEEP,                       /* (deadline) */
    SYS_LOG,                         /* (text, bytes): at most LOG_MAX are written */
    SYS_SPAWN,                       /* (program, arguments, priority, *cap, *pid): cap ends it by vipc_destroy.  priority: see SPAWN_CONTROL too */
    SYS_WAIT,                        /* (pid, *status, deadline): see STATUS_ below.  NOT_FOUND: it ended too long ago */
    SYS_CONTROL,                     /* (what, a, b): see CONTROL_ below */
    /* the domain */
    SYS_SELF,                        /* the caller's pid */
    SYS_TIME,                        /* nanoseconds */
    SYS_CONFIG_GET, SYS_STATS_GET, SYS_CHECK, SYS_TRIM,
    SYS_CANCEL,                      /* () the caller's own view */
    SYS_PROCESS_WAIT, SYS_PROCESS_WATCH, SYS_PROCESS_GET, SYS_PROCESS_FIND,
    /* capabilities */
    SYS_DERIVE, SYS_GRANT, SYS_REVOKE, SYS_CLOSE, SYS_DESTROY, SYS_CAP_GET, SYS_CAP_REQUIRE,
    /* messages */
    SYS_ENDPOINT_CREATE, SYS_ENDPOINT_BIND, SYS_ENDPOINT_GET, SYS_CHANNEL_CREATE,
    SYS_SEND, SYS_RECEIVE, SYS_SEND_LARGE, SYS_RECEIVE_LARGE, SYS_SEND_MANY, SYS_RECEIVE_MANY,
    SYS_CALL, SYS_CALL_LARGE, SYS_REPLY, SYS_REPLY_LARGE, SYS_REPLY_DROP,
    SYS_REPLY_RECEIVE,               /* (right, *reply, from, *m, *info, deadline) */
    /* notifications and waiting for several things */
    SYS_NOTIFICATION_CREATE, SYS_SIGNAL, SYS_NOTIFICATION_WAIT, SYS_WAIT_ANY,
    SYS_WAIT_SET_CREATE, SYS_WAIT_SET_ADD, SYS_WAIT_SET_REMOVE, SYS_WAIT_SET_WAIT,
    /* names */
    SYS_PUBLISH, SYS_UNPUBLISH, SYS_LOOKUP,
    /* the process's memory: its own space with 0, or any of which it has a capability */
    SYS_SPACE_MMAP, SYS_SPACE_UNMAP, SYS_SPACE_PROTECT, SYS_SPACE_SET_BREAK, SYS_SPACE_GROW_HEAP, SYS_SPACE_STACK_CREATE, SYS_SPACE_FIND, SYS_SPACE_GET,
    SYS_INITIAL,                     /* (index, *cap) */
    SYS_FORK,                        /* (capabilities, count): twice from one call.  In the parent rax is the child's pid, and rdx a capability that ends it; in the child rax is
                                      * 0, and so are rbx and r12 to r15: who wants them keeps them on the stack.  What the capabilities are for (each needs GRANT), the child
                                      * finds by SYS_INITIAL; it has no others */
    /* shared regions; and of named objects too: map, unmap, get, seal, and what capabilities have in common */
    SYS_REGION_CREATE, SYS_REGION_GET, SYS_REGION_FIND, SYS_REGION_TRANSFER, SYS_REGION_SEAL, SYS_MAP, SYS_UNMAP,
    /* named objects; what is closed is SYS_CLOSE's */
    SYS_OBJECT_GET, SYS_OBJECT_COUNT,
    SYS_NODE_USAGE,                  /* (NUMA node, *bytes): how many there are is in SYS_CONFIG_GET's */
    SYS_RUN_ON,                      /* (CPU): the caller stays there, and so does what it makes from now on; ~0: wherever.  INVALID_ARGUMENT: no such CPU */
    SYS_GAP,                         /* from here on to the next three there are none */
    SYS_OBJECT_OPEN = 210, SYS_OBJECT_UNLINK = 211, SYS_OBJECT_TRUNCATE = 212,       /* where programs of other kernels of this kind have them */
    SYSCALLS
};
/* Messages in registers.  In: the opcode in r15, the words in rbx r12 r13 r14; rdi, rsi: the arguments that follow; rdx: the deadline (not 0).  Out: rax, the
 * error; with success the message likewise, and rdi badge, rsi reply right, rdx sender, r8 flags | dropped << 32, r9 capability, r10 payload_size |
 * redelivered << 32 | cap_count << 40.  rbp and rsp stay.  Numbers in layout.h:
 *     SYS_FAST_CALL (to, flags)    SYS_FAST_REPLY_RECEIVE (right, from)    SYS_FAST_RECEIVE (-, from) */
enum { LOG_MAX = 256, BATCH_MAX = 16, ITEMS_MAX = 32 };      /* what one call moves at most */
/* SYS_CONTROL is for the first process, and for whom it, or such a one, starts with SPAWN_CONTROL in the priority; lines with a star are for the first process alone. */
enum { SPAWN_CONTROL = 0x100 };
enum { CONTROL_TIMER = 1,            /* a: microseconds between ticks */
       CONTROL_OFF = 2,              /* * a: cases passed, b: failed; the machine ends */
       CONTROL_INFO = 3,             /* a: result's address, of a struct machine_info */
       CONTROL_TELL = 4,             /* a: 1: the log says of each program how many frames were free before it, and after; 0: no longer */
       CONTROL_QUIT = 16,            /* * the machine ends, and there was nothing to be tried */
       CONTROL_PROCESS = 17,         /* a: of a struct machine_process; b: which, 0 and up (pid 0: that place is empty).  NOT_FOUND: no more of them */
       CONTROL_PROGRAM = 18,         /* a: of a struct machine_program; b: which, likewise */
       CONTROL_CPU = 24,             /* a: of a struct machine_cpu; b: which.  NOT_FOUND: no such one */
       CONTROL_DUMP = 19,            /* a: of a struct machine_dump, b: a line: vipc_dump from there on; none: that was all.  Each piece is of another moment */
       CONTROL_BIND = 20,            /* * a: a notification (needs SEND and GRANT), b: bits: they are signalled, once, when the serial port has something to be read */
       CONTROL_ASK = 21,             /* * and once more */
       CONTROL_REGISTER = 22,        /* * a: one of the port's registers, 0 (what came) or 5 (the line's status): its value */
       CONTROL_WRITE = 23 };         /* * (text, bytes) as SYS_LOG, but whatever it is: a terminal obeys what it is sent */
struct machine_info { unsigned long long frames_free, frames, fast_calls, fast_replies, slow, preempted, handed_over, shot_ranges, shot_interrupts, shot_full; unsigned int smep, smap, nx, processes, cpus, nodes; };
enum { MACHINE_READY = 1, MACHINE_RUNNING, MACHINE_SLEEPING, MACHINE_PARKED, MACHINE_ENDING, MACHINE_DEAD };    /* parked: at the user boundary, in a message by registers; dead: to be buried */
struct machine_process { unsigned long long pid; unsigned int priority, state, cpu, reserved; char name[32]; };
struct machine_cpu { unsigned long long pid, calls, replies, slow, preempted, handed_over, interrupts_sent; unsigned int number, node, apic_id, load; };     /* pid: who runs there; 0: nobody, or the kernel itself */
struct machine_program { unsigned long long bytes; char name[32]; };
struct machine_dump { unsigned int lines, bytes; char text[1528]; };     /* whole lines, each with a line feed */

/* Where a process's memory is: code and data as its file says, the heap where VIPC_LAYOUT_HEAP says, the first stack below USER_STACK_TOP, growing to USER_STACK_BYTES, of which
 * the lowest page is a guard. */
#define USER_STACK_TOP 0x00007fffff000000ull
#define USER_STACK_BYTES (1ull << 20)

/* How a process ended: a code of 0 to 255 of its own, or one of these. */
#define STATUS_FAULT 0x100           /* + the exception's vector */
#define STATUS_MEMORY 0x400          /* - the vipc_error that a page fault ended with: FAULT (no region), GUARD_PAGE, PERMISSION_DENIED, OUT_OF_MEMORY */
#define STATUS_KILLED 0x200          /* somebody who held its capability */
#endif
