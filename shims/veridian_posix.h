/* veridian_posix.h - v0.1.0 - veridian_ipc.h between the processes of a POSIX host
 * SPDX-License-Identifier: MIT OR Unlicense       (see the end of veridian_ipc.h)
 *
 * A domain in a shared-memory file, and the hooks that veridian_ipc.h asks for.  In ONE C or C++ file, before or after the other one:
 *
 *     #define VERIDIAN_POSIX_IMPLEMENTATION
 *     #include "shims/veridian_posix.h"
 *
 * and everywhere else the include alone.  It brings veridian_frames.h along.  No -l and no flag is needed with glibc 2.34 or later and with
 * musl, and no feature macro: it compiles under -std=c99 -pedantic after any standard header.
 *
 * THE FILE
 *   One file a domain: a page that describes it, the state of the core, the bitmap of the frames, the frames.  A domain named "calc" lies in
 *   DIRECTORY/vipc.calc, where DIRECTORY is /dev/shm, or /tmp where that does not exist, or as the desc says.  Its storage is reserved when it
 *   is created: a full file system is VIPC_ERR_OUT_OF_MEMORY then, and no SIGBUS later.
 *   A name is never stuck.  A new domain is filled and joined by its creator before it gets its name, in one step; so whatever
 *   instruction a creator dies at, the name is free or the domain whole.  Where the file system has no nameless files (O_TMPFILE), the new file is
 *   called DIRECTORY/vipc-new.NUMBER for a moment; what a dead creator leaves behind is removed by the next one.
 *   A domain whose members are all gone keeps its name until vipc_posix_unlink; whoever opens it next joins it and cleans up after the dead.
 *
 * WHO IS ALIVE
 *   Each membership holds a lock on one byte of the file, far behind its end, through an open file description of its own (Linux: F_OFD_SETLK).
 *   The kernel takes it away when the process ends, however it ends; no pid is looked at, so pid namespaces and reuse do not matter.
 *   Opening a domain twice in one process makes two memberships; each can end by itself.
 *   A child made by fork is no member: in it every call on the copied vipc is VIPC_ERR_NOT_INITIALIZED until vipc_posix_after_fork, and it does
 *   not keep its parent alive.  LIMIT: a child made by a bare clone system call is no member either, yet it keeps the parent's lock until it
 *   ends or calls exec; so does one between vfork and exec.
 *   LIMIT: elsewhere than on Linux, fcntl locks: a process that closes any descriptor of the file of its own making loses its lock.
 *
 * WAITING
 *   Futexes on Linux.  Else, or with .no_futex, the sleeper looks at its word from every 50 microseconds down to every 2 milliseconds:
 *   nothing gets lost, a wake-up takes up to 2 ms, and an idle sleeper costs 500 short wake-ups a second.
 *   The clock is CLOCK_MONOTONIC: one for all processes of a host.  Processes of different time namespaces must not pass deadlines on.
 *
 * WINDOWS
 *   An address space of the core's (vipc_space_create ...) becomes addresses of this process: a window is a range of its addresses that a space lies in,
 *   so that the space's addresses are this process's pointers.  Nothing of it is mapped at first.  The first touch of a page is a SIGSEGV, which is
 *   handled here: vipc_page_fault finds or makes its frame, and the frame's part of the file is mapped with just the rights that the region has.  So
 *   zero-filled memory on demand, copy-on-write, growing stacks, guard pages and read-only memory hold for plain loads and stores.  One window a
 *   membership.
 *   What a process has mapped is taken away from it (unmap, a narrower protection, a clone, by whatever process) by mmap and mprotect where it is this
 *   process's own, else by a signal: the other's handler drops those pages and says so in the file; the deadline of the operation is for that.  That
 *   signal is SIGURG unless the desc says otherwise: it must be for nothing else, and if every thread of a process blocks it, others get TIMEOUT.  It
 *   interrupts system calls (SA_RESTART is set; poll, nanosleep and their like say EINTR all the same).
 *   What a program has to know:
 *   - A system call that gets a page not mapped yet says EFAULT: vipc_space_touch first.  So does one that is to write to a page that a clone made
 *     copy-on-write.
 *   - No thread that touches a window may block SIGSEGV or SIGBUS.  Who had handlers for them before the window was made still gets all other faults.
 *     Who installs some later must call vipc_posix_window_signal in them.
 *   - What is passed to the library, and its results, may lie in a window, but for a vipc itself; nor may a slow-path function be called on a stack there:
 *     it has the lock which a fault needs.  Where the thread is known (vipc_posix_open, vipc_posix_thread), such a fault is VIPC_ERR_DEADLOCK, else it
 *     hangs.  One case is left: a payload that comes together with capabilities is copied with the lock held.  Its pages are touched just before, so that
 *     happens only if somebody takes them away, or clones the space, at that very moment.
 *   - A thread that runs on a stack in a window needs an alternate signal stack (vipc_posix_window_thread), and all handlers that may interrupt it
 *     SA_ONSTACK.  No pthread is to be given such a stack: libc and the kernel keep words of their own there.
 *   - A forked child finds the window's addresses reserved and empty; it joins (vipc_posix_after_fork) and enters a space of its own there, a clone for
 *     instance (vipc_posix_window_enter).  It must not have been forked on a stack in the window.  LIMIT: a child made by a bare clone system call keeps
 *     its parent's mappings.
 *   - EXEC needs a file that may be executed from: a nameless domain, or a directory that is not mounted noexec; else PERMISSION_DENIED.
 *   - Under AddressSanitizer it works as long as that lets programs handle SIGSEGV (allow_user_segv_handler, the default); its reports of other faults
 *     stay.  ThreadSanitizer holds back signals while a thread makes no call that it knows, and others' unmapping waits for as long.
 *   - Each stretch of pages whose frames are neighbours takes a mapping of the kernel's (vm.max_map_count, 65,530 a process); frames are given out so
 *     that they mostly are.  When there are no more: OUT_OF_MEMORY.
 *   - Shared regions and named objects (vipc_map) lie in the window too, and their bytes in the domain's file, so frames_bytes is what all of them together
 *     may have.  What vipc_map has mapped, unless lazily, and what nobody has taken away since, system calls can read, and write where the mapping lets
 *     them: no EFAULT.  A hand-over COPY_ON_WRITE takes away: the giver can still read, all others fault once: vipc_space_touch.
 *   - Frames are all alike: hooks frame_alloc_near and frame_node are NULL, and whatever numa_nodes says everything is on node 0.  Which node a page is on the
 *     kernel decides, when the file is reserved.
 *
 * SWITCHES (implementation only; for tests of the ways not taken)
 *   VIPC_POSIX_PORTABLE     do as on a POSIX host that is not Linux
 *   VIPC_POSIX_NO_TMPFILE   do not use O_TMPFILE
 *   VIPC_POSIX_BLIND        do as on a processor of which the host does not tell whether an access was a read or a write
 *
 * Members of a domain share its memory and trust each other with its contents; the file's mode says who may join.  The process needs /proc for
 * nameless domains and for vipc_posix_after_fork (Linux).  A 32-bit process can join a domain of up to 2 GiB.
 */
#ifndef VERIDIAN_POSIX_H
#define VERIDIAN_POSIX_H
#ifndef VERIDIAN_IPC_H
#include "../veridian_ipc.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define VIPC_POSIX_NAME_MAX 240u    /* bytes of a domain's name, its one leading '/' not counted */
#define VIPC_POSIX_PATH_MAX 1024u   /* bytes of its path, the 0 counted */
enum vipc_posix_must { VIPC_POSIX_CREATE_OR_JOIN = 0, VIPC_POSIX_CREATE = 1, VIPC_POSIX_JOIN = 2 };

typedef struct vipc_posix_desc {
    vipc_config config;             /* zero: defaults (max_spaces: 64, max_shared: 512, each max_objects if that is less; max_frames: all that there are);
                                     * a joiner's non-zero fields must match, or INVALID_ARGUMENT */
    uint64_t frames_bytes;          /* 24 MiB: memory for queues, shared regions and windows, in frames; a joiner's must match unless 0.  A region of 1 GiB
                                     * needs that, 2 MiB for its page map, and a window to lie in */
    uint32_t file_mode;             /* 0600; set whatever the umask; unused without a name: there the descriptor is the permission */
    uint32_t must;                  /* enum vipc_posix_must: 1: EXISTS if it does; 2: NOT_FOUND if it does not; unused without a name */
    uint32_t no_futex;              /* 1: the portable blocking also where futexes exist.  Kept in the file; joiners follow it */
    const char *directory;          /* "/dev/shm" if it exists, else "/tmp" */
    const char *label;              /* of the process; none */
} vipc_posix_desc;

/* Any of these may also give: OUT_OF_MEMORY (memory or storage), LIMIT (file descriptors; members), PERMISSION_DENIED,
 * HOOK (the system refused in a way that no other error says).  A failed call leaves nothing behind. */

/* Create or join the domain of that name; "/calc" and "calc" are one.  desc (opt).  INVALID_ARGUMENT: a name that is empty, "." or "..", or holds
 * another '/'; NAME_TOO_LONG; BAD_DOMAIN: what has that name is no domain, or was cut short; VERSION: of another layout, byte order or page size.
 * Such a file is never changed or removed.  NOT_FOUND: no such directory, or see .must. */
VIPC_API vipc_error vipc_posix_open(vipc *out, const char *name, const vipc_posix_desc *desc);
/* Create a domain without a name and join it.  *fd is the caller's: pass it on by inheritance (it stays open across exec) or over a socket, and close
 * it at will; the domain lives as long as somebody has it open or joined.  desc (opt). */
VIPC_API vipc_error vipc_posix_create_fd(vipc *out, const vipc_posix_desc *desc, int *fd);
/* Join the domain that fd is open on, for reading and writing.  Borrows fd.  desc (opt): what is expected, and a label. */
VIPC_API vipc_error vipc_posix_open_fd(vipc *out, int fd, const vipc_posix_desc *desc);
/* In a forked child: a membership of its own, in the same variable.  Capabilities are the parent's and do not come along.  label (opt).
 * INVALID_ARGUMENT: self was not opened here, or no fork copied it. */
VIPC_API vipc_error vipc_posix_after_fork(vipc *self, const char *label);
/* A view for one more thread of this process; that thread ends it with vipc_leave.  LIMIT. */
VIPC_API vipc_error vipc_posix_thread(vipc *self, vipc *out);
/* Take the name away; members go on, and the storage goes with the last of them.  NOT_FOUND.  directory (opt) as in the desc. */
VIPC_API vipc_error vipc_posix_unlink(const char *name, const char *directory);
/* Leave and unmap; self as opened.  RESOURCE_BUSY: other views of this membership have not left yet.  In a forked child: give back what
 * came along, without touching the parent's membership.  Any other error is vipc_leave's; the memory is unmapped all the same. */
VIPC_API vipc_error vipc_posix_close(vipc *self);
#if !VIPC_NO_NOTIFICATIONS
/* A descriptor for poll and epoll: readable when something in the wait set may have become ready since vipc_wait_set_wait with VIPC_NOW last said WOULD_BLOCK.  So:
 * when it is readable, wait on the set with VIPC_NOW and serve until it says WOULD_BLOCK, then poll.  Nothing is to be read from it.  It stays the membership's, which
 * closes it (vipc_posix_close), and every call for one set gives another.  No thread helps: whoever sends rings with one datagram to an abstract socket, and only after
 * a WOULD_BLOCK; who is stopped between the two rings when it goes on, or its reaper does.  LIMIT: VIPC_POSIX_POLLABLE_MAX, or descriptors.  INVALID_ARGUMENT:
 * self is no view of a membership that was opened here.  Linux; else NOT_SUPPORTED.  Members in another network namespace cannot ring. */
#define VIPC_POSIX_POLLABLE_MAX 64
VIPC_API vipc_error vipc_posix_pollable(vipc *self, vipc_cap wait_set, int *fd);
#endif
/* Where the domain of that name lies: path, of `size` bytes; VIPC_POSIX_PATH_MAX is enough.  NAME_TOO_LONG if it is not. */
VIPC_API vipc_error vipc_posix_path(const char *name, const char *directory, char *path, size_t size);

#if !VIPC_NO_SPACES
/* -- windows: see above -- */
typedef struct vipc_posix_fault {      /* what could not be resolved */
    vipc_error error;                  /* GUARD_PAGE, FAULT, PERMISSION_DENIED, OUT_OF_MEMORY, DEADLOCK (see WINDOWS), or another of vipc_page_fault's */
    uint32_t access;                   /* enum vipc_prot: READ, WRITE or EXEC.  Where the host does not tell it is found out by trying */
    vipc_addr at;
    vipc_fault_result result;          /* .region around it */
    void *info, *context;              /* siginfo_t and ucontext_t of the signal */
} vipc_posix_fault;
typedef struct vipc_posix_window_desc {
    uint64_t size;                     /* 1 GiB, 64 MiB on 32-bit hosts: bytes of addresses, rounded up to pages; at most 2^31 pages.  Here and in
                                        * the next: vipc_posix_window_enter: 0 */
    uint64_t at;                       /* 0: where there is room; else there, a multiple of the frame's size, or EXISTS */
    vipc_space_desc space;             /* of the new space; start and end are the window's, so 0 here.  vipc_posix_window_enter: unused */
    uint32_t handlers;                 /* 4; at most VIPC_POSIX_HANDLERS_MAX: faults that are resolved at a time, others wait for them.  Each takes
                                        * one of the domain's max_threads */
    int32_t signal;                    /* SIGURG: how others ask this process to drop mappings */
    uint32_t no_handlers;              /* 1: install none: the program's own for SIGSEGV, SIGBUS and `signal` call vipc_posix_window_signal */
    /* Optional: asked about what could not be resolved, in the signal handler, on its stack, so it may do what handlers may, and siglongjmp out of it.
     * true: repaired, try the access again.  false: the handler that was there before, and without one the process ends by that signal. */
    bool (*fault)(void *user, const vipc_posix_fault *fault);
    void *user;
} vipc_posix_window_desc;
#define VIPC_POSIX_HANDLERS_MAX 8u
#define VIPC_POSIX_WINDOWS_MAX 8u      /* of a process: one for each of its memberships */

/* For all: INVALID_ARGUMENT: self is no view of a membership that was opened here, or a field of the desc is out of range.  Slow path. */
/* Reserve addresses, make a space of them and make it the process's own (vipc_space_adopt).  desc (opt).  *space has all rights.  Gives the calling thread an
 * alternate signal stack if it has none.  EXISTS: there is a window already, the process has another space of its own, or something is in the way of .at;
 * NOT_SUPPORTED: frames are not whole pages of the host (config.page_shift); LIMIT: windows, spaces, threads, descriptors; OUT_OF_MEMORY: also of
 * addresses. */
VIPC_API vipc_error vipc_posix_window_open(vipc *self, const vipc_posix_window_desc *desc, vipc_cap *space);
/* The same with a space that there is, at the addresses that it has: a clone, in a forked child, or in a process that has room there (EXISTS).  Needs READ
 * and DELETE. */
VIPC_API vipc_error vipc_posix_window_enter(vipc *self, vipc_cap space, const vipc_posix_window_desc *desc);
/* Give the addresses back.  The space stays, with all that is in it, and can be entered again; vipc_destroy ends it.  No thread may touch the window any more.
 * NOT_FOUND: there is none.  vipc_posix_close does this too. */
VIPC_API vipc_error vipc_posix_window_close(vipc *self);
/* on 1: give the calling thread an alternate signal stack of 128 KiB, unless it has one; 0: take it away again, if it is one of these, before the thread
 * ends (nobody else does).  OUT_OF_MEMORY; RESOURCE_BUSY: the thread runs on it. */
VIPC_API vipc_error vipc_posix_window_thread(uint32_t on);
/* For a program's own handlers, installed with SA_SIGINFO | SA_ONSTACK: true: it was about a window, and is dealt with, return.  Signal handlers only. */
VIPC_API bool vipc_posix_window_signal(int number, void *info, void *context);
#endif

#ifdef __cplusplus
}
#endif
#endif /* VERIDIAN_POSIX_H */

#if defined(VERIDIAN_POSIX_IMPLEMENTATION) && !defined(VERIDIAN_POSIX_IMPLEMENTED)
#define VERIDIAN_POSIX_IMPLEMENTED
#ifndef VERIDIAN_FRAMES_IMPLEMENTATION
#define VERIDIAN_FRAMES_IMPLEMENTATION
#endif
#include "veridian_frames.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Which ways are taken: all, on Linux; those of every POSIX system, elsewhere. */
#if defined(__linux__)
#include <sys/syscall.h>
#if !defined(VIPC_POSIX_PORTABLE)
#include <sys/socket.h>
#include <sys/un.h>
#endif
#endif
#if defined(__linux__) && !defined(VIPC_POSIX_PORTABLE)
#define VIPC_POSIX_LINUX_ 1
#else
#define VIPC_POSIX_LINUX_ 0
#endif

/* -------------------------------------------------------------------------------- what strict modes of libc hide
 * With -std=c99 glibc and musl declare C alone, and whichever header came first has settled that.  So on Linux the functions that may be hidden
 * are declared here under names of our own, bound to libc's symbols.  On glibc those with 64-bit offsets, which do not depend on
 * _FILE_OFFSET_BITS; musl's offsets always have 64 bits.  What takes a time goes through system calls on 32-bit hosts, because there
 * the symbol's meaning depends on the libc's age and on _TIME_BITS. */
#ifdef __cplusplus
extern "C" {
#endif
#if defined(__linux__)
#if defined(__GLIBC__) || defined(__BIONIC__)
#define VIPC_POSIX_WIDE_(name) __asm__(name "64")
#else
#define VIPC_POSIX_WIDE_(name) __asm__(name)
#endif
extern int vipc_posix_ftruncate_(int fd, int64_t size) VIPC_POSIX_WIDE_("ftruncate");
extern int vipc_posix_fallocate_(int fd, int64_t at, int64_t size) VIPC_POSIX_WIDE_("posix_fallocate");
extern ssize_t vipc_posix_pread_(int fd, void *buffer, size_t size, int64_t at) VIPC_POSIX_WIDE_("pread");
extern ssize_t vipc_posix_pwrite_(int fd, const void *buffer, size_t size, int64_t at) VIPC_POSIX_WIDE_("pwrite");
extern int vipc_posix_fchmod_(int fd, unsigned mode) __asm__("fchmod");
extern int vipc_posix_usleep_(unsigned microseconds) __asm__("usleep");
extern int vipc_posix_atfork_(void (*prepare)(void), void (*parent)(void), void (*child)(void)) __asm__("pthread_atfork");
#if VIPC_POSIX_LINUX_
extern int vipc_posix_linkat_(int from, const char *old_path, int to, const char *new_path, int flags) __asm__("linkat");
extern int vipc_posix_madvise_(void *at, size_t size, int advice) __asm__("madvise");
#endif
extern long vipc_posix_syscall_(long number, ...) __asm__("syscall");
#if !VIPC_NO_SPACES
extern int vipc_posix_kill_(int pid, int number) __asm__("kill");
extern int vipc_posix_sigaltstack_(const void *stack, void *old) __asm__("sigaltstack");
#if defined(__BIONIC__) || defined(__sparc__) || defined(__alpha__) || defined(__hppa__) || defined(__ia64__)   /* it has another shape, and is not hidden */
typedef struct sigaction vipc_posix_sigaction_;
extern int vipc_posix_set_action_(int number, const vipc_posix_sigaction_ *action, vipc_posix_sigaction_ *old) __asm__("sigaction");
#define VIPC_POSIX_ACTION_FLAGS_(a) ((a)->sa_flags)
#define VIPC_POSIX_ACTION_MASK_(a) ((void *)(uintptr_t)&(a)->sa_mask)
#define VIPC_POSIX_ACTION_HANDLER_(a) ((void *)(uintptr_t)&(a)->sa_sigaction)
#else
typedef struct vipc_posix_sigaction_ {
#if defined(__mips__)
    int flags;
    uintptr_t handler;
    unsigned long mask[128 / sizeof(long)];
#elif defined(__s390x__) && defined(__GLIBC__)
    uintptr_t handler;
    int reserved, flags;
    uintptr_t restorer;
    unsigned long mask[128 / sizeof(long)];
#else
    uintptr_t handler;
    unsigned long mask[128 / sizeof(long)];
    int flags;
    uintptr_t restorer;
#endif
    unsigned long spare[4];
} vipc_posix_sigaction_;
extern int vipc_posix_set_action_(int number, const vipc_posix_sigaction_ *action, vipc_posix_sigaction_ *old) __asm__("sigaction");
#define VIPC_POSIX_ACTION_FLAGS_(a) ((a)->flags)
#define VIPC_POSIX_ACTION_MASK_(a) ((void *)(uintptr_t)(a)->mask)
#define VIPC_POSIX_ACTION_HANDLER_(a) ((void *)(uintptr_t)&(a)->handler)
#endif
#if defined(__mips__)
typedef struct vipc_posix_stack_ { void *at; size_t size; int flags; } vipc_posix_stack_;
enum { VIPC_POSIX_SIGINFO_ = 8, VIPC_POSIX_BLOCK_ = 1, VIPC_POSIX_MASK_BYTES_ = 16, VIPC_POSIX_CODE_AT_ = 4 };
#else
typedef struct vipc_posix_stack_ { void *at; int flags; size_t size; } vipc_posix_stack_;
enum { VIPC_POSIX_SIGINFO_ = 4, VIPC_POSIX_BLOCK_ = 0, VIPC_POSIX_MASK_BYTES_ = 8, VIPC_POSIX_CODE_AT_ = 8 };
#endif
#define VIPC_POSIX_STACK_AT_ at
#define VIPC_POSIX_STACK_BYTES_ size
#define VIPC_POSIX_STACK_FLAGS_ flags
#define VIPC_POSIX_ONSTACK_ 0x08000000
#define VIPC_POSIX_RESTART_ 0x10000000
#define VIPC_POSIX_NODEFER_ 0x40000000
#define VIPC_POSIX_RESETHAND_ 0x80000000u
#define VIPC_POSIX_NO_STACK_ 2
#endif
#if defined(__LP64__) || defined(__x86_64__) || !defined(SYS_futex)   /* 64-bit hosts, x32, and those younger than 32-bit time */
typedef int64_t vipc_posix_long_;
#else
typedef int32_t vipc_posix_long_;   /* seconds since the host's start: 68 years */
#endif
typedef struct vipc_posix_timespec_ { vipc_posix_long_ seconds, nanoseconds; } vipc_posix_timespec_;
#if defined(__LP64__)
extern int vipc_posix_clock_gettime_(int clock, vipc_posix_timespec_ *out) __asm__("clock_gettime");
#elif defined(SYS_clock_gettime)
#define vipc_posix_clock_gettime_(clock, out) vipc_posix_syscall_(SYS_clock_gettime, (clock), (out))
#elif defined(SYS_clock_gettime32)
#define vipc_posix_clock_gettime_(clock, out) vipc_posix_syscall_(SYS_clock_gettime32, (clock), (out))
#else
#define vipc_posix_clock_gettime_(clock, out) vipc_posix_syscall_(SYS_clock_gettime64, (clock), (out))
#endif
#ifndef MAP_ANONYMOUS
#if defined(__mips__) || defined(__xtensa__)
#define VIPC_POSIX_ANONYMOUS_ 0x800
#elif defined(__alpha__) || defined(__hppa__)
#define VIPC_POSIX_ANONYMOUS_ 0x10
#else
#define VIPC_POSIX_ANONYMOUS_ 0x20
#endif
#endif
#if !defined(O_CLOEXEC) && defined(__O_CLOEXEC)
#define VIPC_POSIX_CLOEXEC_ __O_CLOEXEC
#endif
#if !defined(O_NOFOLLOW) && defined(__O_NOFOLLOW)
#define VIPC_POSIX_NOFOLLOW_ __O_NOFOLLOW
#endif
#else   /* not Linux: these systems hide nothing under -std=c99 alone */
#define vipc_posix_ftruncate_(fd, size) ftruncate((fd), (off_t)(size))
#define vipc_posix_pread_(fd, buffer, size, at) pread((fd), (buffer), (size), (off_t)(at))
#define vipc_posix_pwrite_(fd, buffer, size, at) pwrite((fd), (buffer), (size), (off_t)(at))
#define vipc_posix_fchmod_(fd, mode) fchmod((fd), (mode_t)(mode))
#define vipc_posix_usleep_(microseconds) usleep(microseconds)
#define vipc_posix_atfork_ pthread_atfork
#define vipc_posix_kill_(pid, number) kill((pid), (number))
#define vipc_posix_sigaltstack_(stack, old) sigaltstack((stack), (old))
#define vipc_posix_set_action_(number, action, old) sigaction((number), (action), (old))
typedef struct sigaction vipc_posix_sigaction_;
#define VIPC_POSIX_ACTION_FLAGS_(a) ((a)->sa_flags)
#define VIPC_POSIX_ACTION_MASK_(a) ((void *)(uintptr_t)&(a)->sa_mask)
#define VIPC_POSIX_ACTION_HANDLER_(a) ((void *)(uintptr_t)&(a)->sa_sigaction)
typedef stack_t vipc_posix_stack_;
#define VIPC_POSIX_STACK_AT_ ss_sp
#define VIPC_POSIX_STACK_BYTES_ ss_size
#define VIPC_POSIX_STACK_FLAGS_ ss_flags
enum { VIPC_POSIX_SIGINFO_ = SA_SIGINFO, VIPC_POSIX_BLOCK_ = SIG_BLOCK, VIPC_POSIX_CODE_AT_ = offsetof(siginfo_t, si_code) };
#define VIPC_POSIX_ONSTACK_ SA_ONSTACK
#define VIPC_POSIX_RESTART_ SA_RESTART
#define VIPC_POSIX_NODEFER_ SA_NODEFER
#define VIPC_POSIX_RESETHAND_ ((unsigned)SA_RESETHAND)
#define VIPC_POSIX_NO_STACK_ SS_DISABLE
#endif
#ifdef __cplusplus
}
#endif
#ifndef VIPC_POSIX_ANONYMOUS_
#if defined(MAP_ANONYMOUS)
#define VIPC_POSIX_ANONYMOUS_ MAP_ANONYMOUS
#else
#define VIPC_POSIX_ANONYMOUS_ MAP_ANON
#endif
#endif
#ifndef VIPC_POSIX_CLOEXEC_
#define VIPC_POSIX_CLOEXEC_ O_CLOEXEC
#endif
#ifndef VIPC_POSIX_NOFOLLOW_
#define VIPC_POSIX_NOFOLLOW_ O_NOFOLLOW
#endif

#if VIPC_POSIX_LINUX_ && !VIPC_NO_SPACES
#if defined(__mips__)
enum { VIPC_POSIX_SETOWN_ = 24, VIPC_POSIX_SETSIG_ = 10, VIPC_POSIX_ASYNC_ = 0x1000 };
#elif defined(__sparc__)
enum { VIPC_POSIX_SETOWN_ = 6, VIPC_POSIX_SETSIG_ = 10, VIPC_POSIX_ASYNC_ = 0x40 };
#elif defined(__alpha__)
enum { VIPC_POSIX_SETOWN_ = 6, VIPC_POSIX_SETSIG_ = 10, VIPC_POSIX_ASYNC_ = 020000 };
#elif defined(__hppa__)
enum { VIPC_POSIX_SETOWN_ = 12, VIPC_POSIX_SETSIG_ = 14, VIPC_POSIX_ASYNC_ = 020000 };
#else
enum { VIPC_POSIX_SETOWN_ = 8, VIPC_POSIX_SETSIG_ = 10, VIPC_POSIX_ASYNC_ = 020000 };
#endif
#endif

/* The header's atomics where this file sees its implementation (they may be the user's), else the compiler's. */
#if defined(VIPC_ATOMIC_ADD64) && defined(VIPC_ATOMIC_LOAD32)
#define VIPC_POSIX_ADD64_(p, v) VIPC_ATOMIC_ADD64(p, v)
#define VIPC_POSIX_LOAD32_(p) VIPC_ATOMIC_LOAD32(p)
#define VIPC_POSIX_LOAD64_(p) VIPC_ATOMIC_LOAD64(p)
#define VIPC_POSIX_SWAP64_(p, v) VIPC_ATOMIC_SWAP64(p, v)
#define VIPC_POSIX_ADD32_(p, v) VIPC_ATOMIC_ADD32(p, v)
#define VIPC_POSIX_CAS32_(p, e, d) VIPC_ATOMIC_CAS32(p, e, d)
#define VIPC_POSIX_CAS64_(p, e, d) VIPC_ATOMIC_CAS64(p, e, d)
#else
#define VIPC_POSIX_ADD64_(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define VIPC_POSIX_LOAD32_(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#if !VIPC_NO_SPACES
#define VIPC_POSIX_LOAD64_(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define VIPC_POSIX_SWAP64_(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define VIPC_POSIX_ADD32_(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
static inline int vipc_posix_cas32_(uint32_t *p, uint32_t e, uint32_t d)
{
    return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
static inline int vipc_posix_cas64_(uint64_t *p, uint64_t e, uint64_t d)
{
    return __atomic_compare_exchange_n(p, &e, d, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
#define VIPC_POSIX_CAS32_(p, e, d) vipc_posix_cas32_((p), (e), (d))
#define VIPC_POSIX_CAS64_(p, e, d) vipc_posix_cas64_((p), (e), (d))
#endif
#endif

/* ------------------------------------------------------------------------------------------------------- layout */
#define VIPC_POSIX_MAGIC_ ((uint64_t)0x76697063706f7378u)
#define VIPC_POSIX_LAYOUT_ 2u
#define VIPC_POSIX_FRAMES_BYTES_ ((uint64_t)24 << 20)
#define VIPC_POSIX_LOCKS_ ((int64_t)1 << 62)           /* the byte of proof p is this + p */
#define VIPC_POSIX_PROOF_MAX_ ((uint64_t)1 << 60)
#define VIPC_POSIX_CREATOR_ ((uint64_t)1)              /* proof of the creator: the first that is given out */
#define VIPC_POSIX_TRIES_ 100                          /* rounds against others who create and unlink the same name */

#if defined(__GNUC__)
typedef uint64_t vipc_posix_u64_ __attribute__((aligned(8)));   /* i386 would be content with 4, its atomics are not */
#else
typedef uint64_t vipc_posix_u64_;
#endif

/* The first page of the file.  All but next_proof is constant once the file has its name; a member copies it, checks the copy, and believes that. */
typedef struct vipc_posix_file_ {
    uint64_t magic;
    uint32_t layout, host_page;        /* bytes of a page of the creator's host */
    uint64_t size;                     /* of the file; each part starts on a page */
    uint64_t core_at, core_size;
    uint64_t bitmap_at, bitmap_size;
    uint64_t holders_at, holders;      /* table of who has which space mapped; 0 of them in a domain without spaces */
    uint64_t frames_at, frames;
    uint32_t page_shift, no_futex;
    vipc_posix_u64_ next_proof;        /* atomic */
} vipc_posix_file_;
typedef char vipc_posix_assert_file_[sizeof(vipc_posix_file_) == 104 && offsetof(vipc_posix_file_, next_proof) == 96 ? 1 : -1];

/* A process that has a space mapped, and its mailbox.  All atomic.  It belongs to the membership with that proof; when that has died, to whoever claims it. */
typedef struct vipc_posix_holder_ {
    vipc_posix_u64_ proof;             /* 0: free */
    vipc_posix_u64_ root;              /* the space; 0: none yet, or no more */
    vipc_posix_u64_ start;             /* of the window, in both processes' addresses */
    vipc_posix_u64_ drop;              /* pages that are to be dropped: first | end << 32, counted from start; first >= end: none */
    vipc_posix_u64_ ending;            /* a space that is to be given up altogether */
    uint32_t asked, done;              /* tickets: the last one that was drawn, and the last that was answered.  Futex: done */
    uint32_t number, sleepers;         /* the holder's signal; how many may sleep on `done`, never too few */
    uint64_t spare;
} vipc_posix_holder_;
typedef char vipc_posix_assert_holder_[sizeof(vipc_posix_holder_) == 64 ? 1 : -1];

/* Without OFD locks: a process's one descriptor of a file.  Closing any other would drop its locks, so the memberships share it, and
 * one that was opened by accident waits in `parked` until the last membership has gone. */
typedef struct vipc_posix_inode_ {
    struct vipc_posix_inode_ *next;
    dev_t device;
    ino_t number;
    int fd, members, parked_count, parked[64];
} vipc_posix_inode_;

/* A membership: private memory, beside the page of its hooks.  In a forked child the hooks read 0 and this stays readable. */
typedef struct vipc_posix_member_ {
    struct vipc_posix_member_ *next;   /* of all in this process; guarded by vipc_posix_.lock, as are the descriptors */
    struct vipc_posix_member_ *stale;  /* in a child: the parent's, kept so that other copied views still find zeroed hooks */
    vipc *self;                        /* NULL until it has joined */
    vipc_hooks *hooks;
    unsigned char *base;               /* of the file in this process, or NULL */
    vipc_posix_file_ file;             /* checked copy */
    vipc_frames frames;
    uint64_t proof;
    vipc_posix_inode_ *inode;          /* without OFD locks only */
    int file_fd;                       /* its description never holds a lock: to ask through, and to open afresh from */
    int lock_fd;                       /* holds the lock of `proof`; closed in a child */
    uint32_t page;                     /* bytes of a host page */
    int ring_fd;                       /* rings others' bells; made when it is first needed */
    int bells, bell_fd[64];            /* sockets behind descriptors for poll; -1: a place that is free again */
    struct vipc_posix_window_ *window; /* NULL until there was one; goes with the membership */
    char path[VIPC_POSIX_PATH_MAX];    /* to open afresh from where there is no /proc; may be empty */
} vipc_posix_member_;
typedef char vipc_posix_assert_member_[sizeof(vipc_posix_member_) <= 4096 ? 1 : -1];

/* The one thing of file scope: a fork handler gets no argument, so it must find the memberships by itself. */
static struct vipc_posix_all_ {
    pthread_mutex_t lock;              /* held over fork, so that no descriptor of a lock slips into a child unseen */
    pthread_once_t once;
    int no_handler;                    /* pthread_atfork failed */
    vipc_posix_member_ *members;
    vipc_posix_inode_ *inodes;
#if !VIPC_NO_SPACES
    /* For signal handlers, which get no argument either: the windows, each with how many handlers look at it just now; and what was there before our
     * handlers. */
    struct { struct vipc_posix_window_ *window; uint32_t users; } slot[VIPC_POSIX_WINDOWS_MAX];
    struct { uint32_t number, reset; union { int none; vipc_posix_sigaction_ action; } was; } before[6];
    uint64_t last[8][3];               /* where the host does not tell what an access was: thread, page, what was tried; see vipc_posix_guess_ */
#endif
} vipc_posix_ = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_ONCE_INIT, 0, NULL, NULL
#if !VIPC_NO_SPACES
    , { { NULL, 0 } }, { { 0, 0, { 0 } } }, { { 0, 0 } }
#endif
};

/* ------------------------------------------------------------------------------------------------- small helpers */
static vipc_error vipc_posix_error_(int number)
{
    switch (number) {
    case ENOSPC: case ENOMEM: case EFBIG: case EOVERFLOW:
#ifdef EDQUOT
    case EDQUOT:
#endif
        return VIPC_ERR_OUT_OF_MEMORY;
    case EACCES: case EPERM: case EROFS: return VIPC_ERR_PERMISSION_DENIED;
    case ENOENT: case ENOTDIR: return VIPC_ERR_NOT_FOUND;
    case EEXIST: return VIPC_ERR_EXISTS;
    case ENAMETOOLONG: return VIPC_ERR_NAME_TOO_LONG;
    case EMFILE: case ENFILE: case EMLINK: return VIPC_ERR_LIMIT;
    case EISDIR: case ELOOP: case ENXIO: case ESPIPE: case ENODEV: return VIPC_ERR_BAD_DOMAIN;
    case EBADF: return VIPC_ERR_INVALID_ARGUMENT;
    case ENOSYS: return VIPC_ERR_NOT_SUPPORTED;
    default: return VIPC_ERR_HOOK;
    }
}

static void *vipc_posix_pages_(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | VIPC_POSIX_ANONYMOUS_, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

static uint32_t vipc_posix_page_(void)
{
    long page = sysconf(_SC_PAGESIZE);
    return page >= 4096 && page <= 1 << 20 ? (uint32_t)page : 4096u;
}

/* Append to a path of `room` bytes; returns its new length, or `room` when it does not fit (then, and from then on, the path is empty). */
static size_t vipc_posix_append_(char *path, size_t length, const char *text, size_t room)
{
    size_t n = strlen(text);
    if (n >= room || length >= room - n) {
        path[0] = 0;
        return room;
    }
    memcpy(path + length, text, n + 1);
    return length + n;
}

static const char *vipc_posix_directory_(const char *directory)
{
    if (directory) return directory;
    return access("/dev/shm", F_OK) == 0 ? "/dev/shm" : "/tmp";
}

VIPC_API vipc_error vipc_posix_path(const char *name, const char *directory, char *path, size_t size)
{
    if (!name || !path || size == 0 || (directory && !*directory)) return VIPC_ERR_INVALID_ARGUMENT;
    if (*name == '/') name++;
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return VIPC_ERR_INVALID_ARGUMENT;
    if (strlen(name) > VIPC_POSIX_NAME_MAX) return VIPC_ERR_NAME_TOO_LONG;
    size_t n = vipc_posix_append_(path, 0, vipc_posix_directory_(directory), size);
    n = vipc_posix_append_(path, n, "/vipc.", size);
    n = vipc_posix_append_(path, n, name, size);
    return n < size ? VIPC_OK : VIPC_ERR_NAME_TOO_LONG;
}

VIPC_API vipc_error vipc_posix_unlink(const char *name, const char *directory)
{
    char path[VIPC_POSIX_PATH_MAX];
    vipc_error e = vipc_posix_path(name, directory, path, sizeof path);
    if (e != VIPC_OK) return e;
    return unlink(path) == 0 ? VIPC_OK : vipc_posix_error_(errno);
}

static vipc_time vipc_posix_now_(void *user)
{
#if defined(__linux__)
    vipc_posix_timespec_ t = { 0, 0 };
    vipc_posix_clock_gettime_(1, &t);   /* CLOCK_MONOTONIC */
    vipc_time ns = (vipc_time)t.seconds * 1000000000u + (vipc_time)t.nanoseconds;
#else
    struct timespec t = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    vipc_time ns = (vipc_time)t.tv_sec * 1000000000u + (vipc_time)t.tv_nsec;
#endif
    (void)user;
    return ns ? ns : 1;
}

/* How many processors this process may use; 0: unknown. */
static uint32_t vipc_posix_cpus_(void)
{
#if VIPC_POSIX_LINUX_ && defined(SYS_sched_getaffinity)
    unsigned long mask[1024 / sizeof(long)];
    uint32_t n = 0;
    long bytes = vipc_posix_syscall_(SYS_sched_getaffinity, 0, sizeof mask, mask);
    for (long i = 0; i < bytes / (long)sizeof(long); i++)
        for (unsigned long bits = mask[i]; bits; bits &= bits - 1) n++;
    return n;
#elif defined(_SC_NPROCESSORS_ONLN)
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint32_t)n : 0;
#else
    return 0;
#endif
}

static uint64_t vipc_posix_thread_number_(void)
{
#if VIPC_POSIX_LINUX_
    return (uint64_t)vipc_posix_syscall_(SYS_gettid);
#else
    return (uint64_t)getpid();   /* it is not used: a word has one sleeper */
#endif
}

/* -------------------------------------------------------------------------------------------------------- locks
 * What to do to the lock of a proof, through one descriptor.  0: done, or free; 1: somebody else holds it; -1: errno says. */
enum { VIPC_POSIX_ASK_ = 0, VIPC_POSIX_TAKE_ = 1, VIPC_POSIX_DROP_ = 2 };
#if defined(SYS_fcntl64) && !defined(__LP64__)
#define VIPC_POSIX_FCNTL_ SYS_fcntl64
#elif defined(__linux__)
#define VIPC_POSIX_FCNTL_ SYS_fcntl
#endif
#if VIPC_POSIX_LINUX_
#define VIPC_POSIX_GETLK_ 36L   /* F_OFD_GETLK */
#define VIPC_POSIX_SETLK_ 37L
#elif defined(F_GETLK64) && !defined(__LP64__)
#define VIPC_POSIX_GETLK_ ((long)F_GETLK64)
#define VIPC_POSIX_SETLK_ ((long)F_SETLK64)
#else
#define VIPC_POSIX_GETLK_ ((long)F_GETLK)
#define VIPC_POSIX_SETLK_ ((long)F_SETLK)
#endif

static int vipc_posix_lock_(int fd, int what, uint64_t proof)
{
#if defined(__linux__)
    /* The kernel's own struct with 64-bit offsets: 32-bit and 64-bit processes lock the same bytes. */
    struct { int16_t type, whence; int64_t start, length; int32_t pid, zero[3]; } l;
    memset(&l, 0, sizeof l);
    l.type = what == VIPC_POSIX_DROP_ ? F_UNLCK : F_WRLCK;
    l.whence = SEEK_SET;
    l.start = VIPC_POSIX_LOCKS_ + (int64_t)proof;
    l.length = 1;
    long result = vipc_posix_syscall_(VIPC_POSIX_FCNTL_, fd, what == VIPC_POSIX_ASK_ ? VIPC_POSIX_GETLK_ : VIPC_POSIX_SETLK_, &l);
    int held = l.type != F_UNLCK;
#else
    struct flock l;
    memset(&l, 0, sizeof l);
    l.l_type = what == VIPC_POSIX_DROP_ ? F_UNLCK : F_WRLCK;
    l.l_whence = SEEK_SET;
    l.l_start = (off_t)(VIPC_POSIX_LOCKS_ + (int64_t)proof);
    l.l_len = 1;
    int result = fcntl(fd, what == VIPC_POSIX_ASK_ ? F_GETLK : F_SETLK, &l);
    int held = l.l_type != F_UNLCK;
#endif
    if (result < 0) return what == VIPC_POSIX_TAKE_ && (errno == EAGAIN || errno == EACCES) ? 1 : -1;
    return what == VIPC_POSIX_ASK_ && held;
}

#if !VIPC_POSIX_LINUX_ && !VIPC_NO_SPACES
/* Who holds the lock of a proof, another process; 0: nobody, or it cannot be told. */
static int vipc_posix_lock_pid_(int fd, uint64_t proof)
{
#if defined(__linux__)
    struct { int16_t type, whence; int64_t start, length; int32_t pid, zero[3]; } l;
    memset(&l, 0, sizeof l);
    l.type = F_WRLCK;
    l.whence = SEEK_SET;
    l.start = VIPC_POSIX_LOCKS_ + (int64_t)proof;
    l.length = 1;
    return vipc_posix_syscall_(VIPC_POSIX_FCNTL_, fd, VIPC_POSIX_GETLK_, &l) == 0 && l.type != F_UNLCK ? (int)l.pid : 0;
#else
    struct flock l;
    memset(&l, 0, sizeof l);
    l.l_type = F_WRLCK;
    l.l_whence = SEEK_SET;
    l.l_start = (off_t)(VIPC_POSIX_LOCKS_ + (int64_t)proof);
    l.l_len = 1;
    return fcntl(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK ? (int)l.l_pid : 0;
#endif
}
#endif

/* Does this process itself hold that proof?  An fcntl lock is not in the way of its own process, so the kernel does not tell of it. */
static int vipc_posix_is_own_(const vipc_posix_member_ *m, uint64_t proof)
{
    int own = 0;
#if !VIPC_POSIX_LINUX_
    pthread_mutex_lock(&vipc_posix_.lock);
    for (vipc_posix_member_ *other = vipc_posix_.members; other; other = other->next) own |= other->inode == m->inode && other->proof == proof;
    pthread_mutex_unlock(&vipc_posix_.lock);
#else
    (void)m; (void)proof;
#endif
    return own;
}

static int vipc_posix_alive_(void *user, uint64_t proof)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    if (proof == 0 || proof > VIPC_POSIX_PROOF_MAX_ || vipc_posix_is_own_(m, proof)) return 1;
    return vipc_posix_lock_(m->file_fd, VIPC_POSIX_ASK_, proof) != 0;   /* an error cannot tell, and that is alive */
}

/* -------------------------------------------------------------------------------------------------------- hooks */
static vipc_error vipc_posix_frame_alloc_(void *user, uint64_t count, uint64_t *first)
{
    return vipc_frames_alloc(&((vipc_posix_member_ *)user)->frames, count, first);
}

static void vipc_posix_frame_free_(void *user, uint64_t first, uint64_t count)
{
    vipc_frames_free(&((vipc_posix_member_ *)user)->frames, first, count);
}

static void *vipc_posix_frame_pointer_(void *user, uint64_t first, uint64_t count)
{
    return vipc_frames_pointer(&((vipc_posix_member_ *)user)->frames, first, count);
}

/* The portable blocking: look, and sleep for longer and longer. */
static vipc_error vipc_posix_poll_(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)self;
    for (unsigned nap = 50; VIPC_POSIX_LOAD32_(word) == expected; nap = nap < 1000 ? nap * 2 : 2000) {
        vipc_time left = 2000000u;
        if (deadline != VIPC_FOREVER) {
            vipc_time now = vipc_posix_now_(user);
            if (now >= deadline) return VIPC_ERR_TIMEOUT;
            left = deadline - now;
        }
        vipc_posix_usleep_(left / 1000 < nap ? (unsigned)(left / 1000) + 1 : nap);
    }
    return VIPC_OK;
}

static void vipc_posix_poll_wake_(void *user, uint64_t target, uint32_t *word)
{
    (void)user; (void)target; (void)word;
}

#if VIPC_POSIX_LINUX_
#if defined(SYS_futex)
#define VIPC_POSIX_FUTEX_ SYS_futex
#else
#define VIPC_POSIX_FUTEX_ SYS_futex_time64
#endif
static vipc_error vipc_posix_futex_(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    vipc_time seconds = deadline / 1000000000u;
    if (sizeof(vipc_posix_long_) == 4 && seconds > 0x7fffffff) seconds = 0x7fffffff;   /* an early return is allowed */
    vipc_posix_timespec_ t = { (vipc_posix_long_)seconds, (vipc_posix_long_)(deadline % 1000000000u) };
    /* FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC; not private: the word is shared by processes */
    if (vipc_posix_syscall_(VIPC_POSIX_FUTEX_, word, 9, expected, deadline == VIPC_FOREVER ? NULL : &t, NULL, -1) == 0) return VIPC_OK;
    if (errno == ETIMEDOUT) return VIPC_ERR_TIMEOUT;
    if (errno == EAGAIN || errno == EINTR) return VIPC_OK;
    return vipc_posix_poll_(user, self, word, expected, deadline);   /* forbidden by a sandbox, say: slower, but right */
}

static void vipc_posix_futex_wake_(void *user, uint64_t target, uint32_t *word)
{
    (void)user; (void)target;
    vipc_posix_syscall_(VIPC_POSIX_FUTEX_, word, 1, 0x7fffffff, NULL, NULL, 0);   /* FUTEX_WAKE */
}
#endif

#if VIPC_POSIX_LINUX_
/* Bells: datagram sockets with abstract names, which vanish with their owner.  A bell's number is its owner's proof << 8 | which of them. */
static size_t vipc_posix_hex_(char *to, uint64_t n)
{
    for (int k = 0; k < 16; k++) to[k] = "0123456789abcdef"[n >> (60 - 4 * k) & 15];
    return 16;
}
static int vipc_posix_bell_address_(const vipc_posix_member_ *m, uint64_t bell, struct sockaddr_un *to)
{
    struct stat st;
    if (fstat(m->file_fd, &st) != 0) return 0;
    memset(to, 0, sizeof *to);
    to->sun_family = AF_UNIX;
    char *at = to->sun_path + 1;
    for (const char *c = "vipc."; *c; c++) *at++ = *c;
    at += vipc_posix_hex_(at, (uint64_t)st.st_dev);
    at += vipc_posix_hex_(at, (uint64_t)st.st_ino);
    at += vipc_posix_hex_(at, bell);
    return (int)(offsetof(struct sockaddr_un, sun_path) + (size_t)(at - to->sun_path));
}
static void vipc_posix_bell_(void *user, uint64_t bell, int ring)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    int kept = errno;
    char byte = 0;
    if (!ring) {
        uint64_t n = bell & 255;
        if (bell >> 8 == m->proof && n < (uint64_t)m->bells) while (recv(m->bell_fd[n], &byte, 1, MSG_DONTWAIT) >= 0) { }
    } else {
        struct sockaddr_un to;
        int length = vipc_posix_bell_address_(m, bell, &to), fd = __atomic_load_n(&m->ring_fd, __ATOMIC_ACQUIRE);
        if (fd < 0) {
            int none = -1, made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            if (made >= 0 && !__atomic_compare_exchange_n(&m->ring_fd, &none, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) close(made);
            fd = __atomic_load_n(&m->ring_fd, __ATOMIC_ACQUIRE);
        }
        if (fd >= 0 && length) (void)sendto(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&to, (socklen_t)length);
    }
    errno = kept;
}
#endif

#if !VIPC_NO_SPACES
/* ---------------------------------------------------------------------------------------- windows: who has what mapped
 * The core says which frame is where; what this process has mapped of it is a cache, and these hooks keep it.  Pages that are not mapped are mapped all the
 * same: to a part of the file behind its end, where an access is a SIGSEGV, or (after page_protect over such pages) a SIGBUS, and nothing can ever be read
 * or written.
 *
 * A process that has a space mapped stands in the file's table of holders before it maps the first page, and until it has dropped the last.  page_map,
 * page_unmap and page_protect concern the process that calls them, which does its own at once, and merges the pages into the `drop` of every other holder.
 * Who has to know that they are gone asks in tlb_flush: draws a ticket (`asked`), rings, and sleeps until `done` has come that far.  The holder's signal
 * handler (vipc_posix_serve_) reads `asked`, THEN takes what is in `drop`, drops it, and says `done`: whoever drew a ticket up to that one had merged
 * before it.  Dropping more than was asked is always right: a fault brings it back.
 * A holder that has died has no mappings: its proof says so.  A requester that dies in between leaves pages that are dropped for nothing, or a ticket that
 * nobody waits for.
 * RACE 40 (a page is mapped here while another takes it away): page_map runs under the domain's lock, after which the other finds this process in the
 * table, or before which it had committed, and then the core maps what is true.  Test: t_window race_40_*.
 * RACE 41 (two threads of a holder serve at once): one does; the other counts itself in `serving` and leaves, and the first goes round once more.  Else the
 * second could answer for pages that the first has taken from `drop` and not dropped yet.  Test: race_41_*.
 * RACE 42 (a thread maps a page while another gives the space up): the one that maps looks again afterwards, and takes it away.  Test: race_42_*.
 * RACE 43 (one takes a page away from this process, another has to know that it is gone, and that is this process itself): so the pages are in `drop` before
 * the core can know that they were taken, and a holder's own tlb_flush drops what it finds there.  Else frames went back that were mapped here still.
 * Test: race_43_*, race_41_*. */
struct vipc_posix_window_ {
    vipc_posix_u64_ root;              /* atomic; the space that this process has mapped; 0: none */
    uint32_t serving;                  /* atomic; see RACE 41 */
    uint32_t leaving;                  /* atomic; 1: give up the space, as if another had asked for it */
    uint32_t busy;                     /* atomic; views that resolve a fault, one bit each */
    uint32_t drops;                    /* atomic; how often something was dropped */
    uint32_t views;
    vipc_posix_member_ *member;
    vipc_posix_holder_ *holder;        /* own entry; NULL: none */
    unsigned char *base;               /* the addresses that are reserved; NULL: none */
    size_t size;
    int bell_fd;
    int number;                        /* signal */
    bool (*fault)(void *user, const vipc_posix_fault *fault);
    void *user;
    vipc view[VIPC_POSIX_HANDLERS_MAX];
};
typedef struct vipc_posix_window_ vipc_posix_window_;
enum { VIPC_POSIX_WINDOW_BELL_ = 255 };           /* the place of its socket among its membership's bells */
enum { VIPC_POSIX_SPINS_ = 20000 };               /* looks at `done` before it sleeps: a holder that runs answers in some 20 microseconds */
#define VIPC_POSIX_ASK_AGAIN_ ((vipc_time)10000000u)       /* ns between two rings, and two looks whether the holder has died */

/* Forget what is mapped there.  If the kernel has no entry left for the hole that this makes: all of it; one entry more than there were is never needed
 * then. */
static void vipc_posix_drop_(vipc_posix_window_ *w, unsigned char *at, size_t bytes)
{
    const vipc_posix_member_ *m = w->member;
    const uint64_t nowhere = m->file.size;
    (void)VIPC_POSIX_ADD32_(&w->drops, 1);
    if (mmap(at, bytes, PROT_NONE, MAP_SHARED | MAP_FIXED, m->file_fd, (off_t)(nowhere + (uint64_t)(at - w->base))) != MAP_FAILED) return;
    if (mprotect(at, bytes, PROT_NONE) == 0) return;
    if (mmap(w->base, w->size, PROT_NONE, MAP_SHARED | MAP_FIXED, m->file_fd, (off_t)nowhere) != MAP_FAILED) return;
    if (mprotect(w->base, w->size, PROT_NONE) == 0) return;
    vipc_posix_kill_((int)getpid(), SIGKILL);      /* what it was told to take away others may use by now: a dead process has no mappings */
}

/* Where [at, at + pages) lies in the window; NULL: not in it. */
static unsigned char *vipc_posix_within_(const vipc_posix_window_ *w, uint64_t at, uint64_t pages, size_t *bytes)
{
    const uint64_t start = (uintptr_t)w->base, shift = w->member->file.page_shift;
    if (at < start || at - start > w->size || pages > (w->size - (at - start)) >> shift) return NULL;
    *bytes = (size_t)(pages << shift);
    return w->base + (size_t)(at - start);
}

/* The window of this membership, if it has that space. */
static vipc_posix_window_ *vipc_posix_own_(const vipc_posix_member_ *m, uint64_t root)
{
    vipc_posix_window_ *w = m->window;
    return w && root && VIPC_POSIX_LOAD64_(&w->root) == root ? w : NULL;
}

static vipc_posix_holder_ *vipc_posix_holder_at_(const vipc_posix_member_ *m, uint64_t i)
{
    return (vipc_posix_holder_ *)(void *)(m->base + m->file.holders_at) + i;
}

static void vipc_posix_answer_(vipc_posix_window_ *w, vipc_posix_holder_ *h, uint32_t ticket)
{
    for (uint32_t done = VIPC_POSIX_LOAD32_(&h->done); !VIPC_POSIX_CAS32_(&h->done, done, ticket);) done = VIPC_POSIX_LOAD32_(&h->done);
    if (VIPC_POSIX_LOAD32_(&h->sleepers)) w->member->hooks->wake(w->member, 0, &h->done);
}

/* All of the space goes; from then on this process holds none.  Whoever waits for it sees the root change, or the proof. */
static void vipc_posix_give_up_(vipc_posix_window_ *w, vipc_posix_holder_ *h)
{
    (void)VIPC_POSIX_SWAP64_(&w->root, 0);
    vipc_posix_drop_(w, w->base, w->size);
    (void)VIPC_POSIX_SWAP64_(&h->root, 0);
    vipc_posix_answer_(w, h, VIPC_POSIX_LOAD32_(&h->asked));
    w->holder = NULL;
    (void)VIPC_POSIX_SWAP64_(&h->proof, 0);
}

static void vipc_posix_serve_once_(vipc_posix_window_ *w)
{
    vipc_posix_holder_ *h = w->holder;
    const uint64_t shift = w->member->file.page_shift, pages = w->size >> shift;
    if (!h || w->member->hooks->size == 0) return;
    const uint32_t ticket = VIPC_POSIX_LOAD32_(&h->asked);
    const uint64_t root = VIPC_POSIX_LOAD64_(&w->root), drop = VIPC_POSIX_SWAP64_(&h->drop, 0);
    if (VIPC_POSIX_LOAD32_(&w->leaving) || (root && VIPC_POSIX_LOAD64_(&h->ending) == root)) {
        vipc_posix_give_up_(w, h);
        return;
    }
    uint64_t first = drop & 0xffffffffu, end = drop >> 32;
    if (end > pages) end = pages;
    if (first < end) vipc_posix_drop_(w, w->base + (size_t)(first << shift), (size_t)((end - first) << shift));
    if (VIPC_POSIX_LOAD32_(&h->done) != ticket) vipc_posix_answer_(w, h, ticket);
}

/* Do what others have asked for; whoever comes while another thread is at it leaves it to that one.  Any context. */
static void vipc_posix_serve_(vipc_posix_window_ *w)
{
    uint32_t turns = VIPC_POSIX_ADD32_(&w->serving, 1) + 1;
    if (turns != 1) return;                        /* RACE 41 */
    do {
        turns = VIPC_POSIX_LOAD32_(&w->serving);
        vipc_posix_serve_once_(w);
    } while (!VIPC_POSIX_CAS32_(&w->serving, turns, 0));
}

/* What others have marked so far is dropped when this returns. */
static void vipc_posix_serve_now_(vipc_posix_window_ *w)
{
    vipc_posix_holder_ *const h = w->holder;
    if (h && VIPC_POSIX_LOAD64_(&h->drop) != 0) vipc_posix_serve_(w);
    while (VIPC_POSIX_LOAD32_(&w->serving) != 0) sched_yield();        /* another thread may have taken it, and be at it */
}

/* The window in slot i, kept from going until vipc_posix_let_go_. */
static vipc_posix_window_ *vipc_posix_look_at_(uint32_t i)
{
    (void)VIPC_POSIX_ADD32_(&vipc_posix_.slot[i].users, 1);
    return __atomic_load_n(&vipc_posix_.slot[i].window, __ATOMIC_SEQ_CST);
}
static void vipc_posix_let_go_(uint32_t i)
{
    (void)VIPC_POSIX_ADD32_(&vipc_posix_.slot[i].users, (uint32_t)-1);
}
static void vipc_posix_serve_all_(void)
{
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++) {
        vipc_posix_window_ *w = vipc_posix_look_at_(i);
        if (w) vipc_posix_serve_(w);
        vipc_posix_let_go_(i);
    }
}

/* Tell that holder to look.  Linux: a datagram to its socket, which the kernel makes a signal of: no pid is needed, so nobody else can be hit.  Else: the
 * kernel knows the pid of who holds the lock. */
static void vipc_posix_ring_(vipc_posix_member_ *m, const vipc_posix_holder_ *h, uint64_t proof)
{
#if VIPC_POSIX_LINUX_
    (void)h;
    vipc_posix_bell_(m, proof << 8 | VIPC_POSIX_WINDOW_BELL_, 1);
#else
    const int pid = vipc_posix_is_own_(m, proof) ? (int)getpid() : vipc_posix_lock_pid_(m->file_fd, proof);
    const uint32_t number = VIPC_POSIX_LOAD32_((uint32_t *)(uintptr_t)&h->number);
    if (pid > 0 && number > 0 && number < 65) vipc_posix_kill_(pid, (int)number);
#endif
}

/* That holder is to drop these pages. */
static void vipc_posix_merge_(const vipc_posix_member_ *m, vipc_posix_holder_ *h, uint64_t at, uint64_t pages)
{
    const uint64_t start = VIPC_POSIX_LOAD64_(&h->start), shift = m->file.page_shift;
    uint64_t first = at > start ? (at - start) >> shift : 0, end = first + pages, was, now;
    if (first > 0xfffffffeu) first = 0xfffffffeu;
    if (end > 0xffffffffu) end = 0xffffffffu;
    do {
        was = VIPC_POSIX_LOAD64_(&h->drop);
        uint64_t low = was & 0xffffffffu, high = was >> 32;
        if (low >= high) { low = first; high = end; }
        now = (low < first ? low : first) | (high > end ? high : end) << 32;
    } while (!VIPC_POSIX_CAS64_(&h->drop, was, now));
}

/* Is somebody else the holder of that space there?  His proof; 0: no. */
static uint64_t vipc_posix_other_(const vipc_posix_member_ *m, vipc_posix_holder_ *h, uint64_t root)
{
    if (VIPC_POSIX_LOAD64_(&h->root) != root) return 0;
    const uint64_t proof = VIPC_POSIX_LOAD64_(&h->proof);
    return proof == m->proof || proof > VIPC_POSIX_PROOF_MAX_ ? 0 : proof;
}

/* What others have mapped there is not true any more.  They need not be told yet. */
static void vipc_posix_mark_(const vipc_posix_member_ *m, uint64_t root, uint64_t at, uint64_t pages)
{
    for (uint64_t i = 0; root && i < m->file.holders; i++) {
        vipc_posix_holder_ *h = vipc_posix_holder_at_(m, i);
        if (vipc_posix_other_(m, h, root)) vipc_posix_merge_(m, h, at, pages);
    }
}

/* Have that holder drop these pages, and wait for it. */
static vipc_error vipc_posix_ask_(vipc_posix_member_ *m, vipc_posix_holder_ *h, uint64_t proof, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_posix_merge_(m, h, at, pages);
    const uint32_t ticket = VIPC_POSIX_ADD32_(&h->asked, 1) + 1;
    vipc_posix_ring_(m, h, proof);
    vipc_time look = 0;
    for (uint32_t spins = 0;;) {
        const uint32_t done = VIPC_POSIX_LOAD32_(&h->done);
        if ((int32_t)(done - ticket) >= 0 || VIPC_POSIX_LOAD64_(&h->proof) != proof || VIPC_POSIX_LOAD64_(&h->root) != root) return VIPC_OK;
        if (spins < VIPC_POSIX_SPINS_ && m->hooks->cpus != 1) {
            spins++;
            continue;
        }
        const vipc_time time = vipc_posix_now_(m);
        if (time >= deadline) return vipc_posix_alive_(m, proof) ? VIPC_ERR_TIMEOUT : VIPC_OK;
        if (time >= look) {
            if (look != 0 && !vipc_posix_alive_(m, proof)) return VIPC_OK;
            if (look != 0) vipc_posix_ring_(m, h, proof);
            look = time + VIPC_POSIX_ASK_AGAIN_;
        }
        vipc_posix_serve_all_();                   /* somebody may wait for this thread meanwhile, whose signals may be blocked */
        (void)VIPC_POSIX_ADD32_(&h->sleepers, 1);  /* before `done` is looked at for the last time, by the kernel */
        (void)m->hooks->block(m, 0, &h->done, done, look < deadline ? look : deadline);
        (void)VIPC_POSIX_ADD32_(&h->sleepers, (uint32_t)-1);
    }
}

/* The space's number names it: a kill between the two loses nothing. */
static vipc_error vipc_posix_space_create_(void *user, uint64_t space, uint64_t start, uint64_t end, uint64_t *root)
{
    (void)user; (void)start; (void)end;
    *root = space;
    return VIPC_OK;
}

/* With the lock held: so whoever has it mapped is asked to give it up, and has done so when this is called once more. */
static vipc_error vipc_posix_space_destroy_(void *user, uint64_t root)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    vipc_posix_window_ *own = vipc_posix_own_(m, root);
    vipc_error e = VIPC_OK;
    if (own) {
        (void)VIPC_POSIX_ADD32_(&own->leaving, 1);
        vipc_posix_serve_(own);
        while (VIPC_POSIX_LOAD64_(&own->root) == root) sched_yield();     /* another thread is at it */
    }
    for (uint64_t i = 0; root && i < m->file.holders; i++) {
        vipc_posix_holder_ *h = vipc_posix_holder_at_(m, i);
        const uint64_t proof = vipc_posix_other_(m, h, root);
        if (!proof || !vipc_posix_alive_(m, proof)) continue;
        (void)VIPC_POSIX_SWAP64_(&h->ending, root);
        (void)VIPC_POSIX_ADD32_(&h->asked, 1);
        vipc_posix_ring_(m, h, proof);
        e = VIPC_ERR_RESOURCE_BUSY;
    }
    return e;
}

static vipc_error vipc_posix_page_map_(void *user, uint64_t root, uint64_t at, uint64_t frame, uint64_t pages, uint32_t access, uint32_t cache)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    vipc_posix_window_ *w = vipc_posix_own_(m, root);
    size_t bytes = 0;
    (void)cache;
    if (frame >= m->file.frames || pages > m->file.frames - frame) return VIPC_ERR_NOT_SUPPORTED;     /* memory outside the file: a device */
    vipc_posix_mark_(m, root, at, pages);          /* they come upon the new one by a fault */
    if (!w) return VIPC_OK;
    unsigned char *to = vipc_posix_within_(w, at, pages, &bytes);
    if (!to) return VIPC_ERR_INVALID_ARGUMENT;
    const int prot = PROT_READ | (access & VIPC_PROT_WRITE ? PROT_WRITE : 0) | (access & VIPC_PROT_EXEC ? PROT_EXEC : 0);
    if (mmap(to, bytes, prot, MAP_SHARED | MAP_FIXED, m->file_fd, (off_t)(m->file.frames_at + (frame << m->file.page_shift))) == MAP_FAILED)
        return vipc_posix_error_(errno);
    if (VIPC_POSIX_LOAD64_(&w->root) != root) vipc_posix_drop_(w, to, bytes);      /* RACE 42 */
    return VIPC_OK;
}

static void vipc_posix_page_unmap_(void *user, uint64_t root, uint64_t at, uint64_t pages)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    vipc_posix_window_ *w = vipc_posix_own_(m, root);
    size_t bytes = 0;
    unsigned char *from = w ? vipc_posix_within_(w, at, pages, &bytes) : NULL;
    if (from) vipc_posix_drop_(w, from, bytes);
    vipc_posix_mark_(m, root, at, pages);
}

static void vipc_posix_page_protect_(void *user, uint64_t root, uint64_t at, uint64_t pages, uint32_t access)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    vipc_posix_window_ *w = vipc_posix_own_(m, root);
    size_t bytes = 0;
    unsigned char *from = w ? vipc_posix_within_(w, at, pages, &bytes) : NULL;
    vipc_posix_mark_(m, root, at, pages);
    /* Whatever is mapped may be read.  Which of these pages may be written, or executed, nobody knows here: that comes back by a fault. */
    if (from && (!(access & VIPC_PROT_READ) || mprotect(from, bytes, PROT_READ) != 0)) vipc_posix_drop_(w, from, bytes);
}

static vipc_error vipc_posix_tlb_flush_(void *user, uint64_t root, uint64_t at, uint64_t pages, vipc_time deadline)
{
    vipc_posix_member_ *m = (vipc_posix_member_ *)user;
    vipc_posix_window_ *own = vipc_posix_own_(m, root);
    vipc_error e = VIPC_OK;
    if (own) vipc_posix_serve_now_(own);           /* RACE 43 */
    for (uint64_t i = 0; root && i < m->file.holders; i++) {
        vipc_posix_holder_ *h = vipc_posix_holder_at_(m, i);
        const uint64_t proof = vipc_posix_other_(m, h, root);
        if (!proof) continue;
        if (deadline != VIPC_NOW) {
            const vipc_error one = vipc_posix_ask_(m, h, proof, root, at, pages, deadline);
            if (one != VIPC_OK) e = one;
        } else if (vipc_posix_alive_(m, proof)) return VIPC_ERR_WOULD_BLOCK;
    }
    return e;
}
#endif

static void vipc_posix_fill_hooks_(vipc_posix_member_ *m)
{
    vipc_hooks *h = m->hooks;
    h->user = m;
    h->frame_alloc = vipc_posix_frame_alloc_;
    h->frame_free = vipc_posix_frame_free_;
    h->frame_pointer = vipc_posix_frame_pointer_;
    h->block = vipc_posix_poll_;
    h->wake = vipc_posix_poll_wake_;
#if VIPC_POSIX_LINUX_
    if (!m->file.no_futex) {
        h->block = vipc_posix_futex_;
        h->wake = vipc_posix_futex_wake_;
    }
    h->bell = vipc_posix_bell_;
#endif
    h->now = vipc_posix_now_;
    h->process_alive = vipc_posix_alive_;
#if !VIPC_NO_SPACES
    h->space_create = vipc_posix_space_create_;
    h->space_destroy = vipc_posix_space_destroy_;
    h->page_map = vipc_posix_page_map_;
    h->page_unmap = vipc_posix_page_unmap_;
    h->page_protect = vipc_posix_page_protect_;
    h->tlb_flush = vipc_posix_tlb_flush_;
#endif
    /* no frame_alloc_near, no frame_node: the file's pages are wherever the kernel put them */
    h->cpus = vipc_posix_cpus_();
    h->size = sizeof *h;
}

/* --------------------------------------------------------------------------------------------------- descriptors */
/* mode: not 0 where a file is made, and then exactly that: an umask might keep out even its maker, who must open it once more. */
static int vipc_posix_open_file_(const char *path, int flags, unsigned mode)
{
    int fd;
    do fd = open(path, flags | O_RDWR | VIPC_POSIX_CLOEXEC_, (mode_t)mode); while (fd < 0 && errno == EINTR);
    if (fd >= 0 && mode != 0) vipc_posix_fchmod_(fd, mode);
    return fd;
}

#if VIPC_POSIX_LINUX_
static void vipc_posix_proc_path_(char path[32], int fd)
{
    char digits[12];
    size_t n = 14, d = 0;
    unsigned number = (unsigned)fd;
    memcpy(path, "/proc/self/fd/", n);
    do digits[d++] = (char)('0' + number % 10); while ((number /= 10) != 0);
    while (d) path[n++] = digits[--d];
    path[n] = 0;
}

static int vipc_posix_same_file_(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A new open file description of what fd is open on: through /proc, or else by path if that still names the same file. */
static int vipc_posix_open_again_(int fd, const char *path)
{
    char link_path[32];
    vipc_posix_proc_path_(link_path, fd);
    int again = vipc_posix_open_file_(link_path, 0, 0);
    if (again >= 0 || errno != ENOENT) return again;
    again = *path ? vipc_posix_open_file_(path, VIPC_POSIX_NOFOLLOW_, 0) : -1;
    if (again >= 0 && vipc_posix_same_file_(fd, again)) return again;
    if (again >= 0) close(again);
    errno = ENOSYS;
    return -1;
}
#else
/* Call these three with the lock held.  Find, join or make the process's entry for a file that was just opened. */
static vipc_posix_inode_ *vipc_posix_inode_find_(const struct stat *st)
{
    vipc_posix_inode_ *i = vipc_posix_.inodes;
    while (i && (i->device != st->st_dev || i->number != st->st_ino)) i = i->next;
    return i;
}

static vipc_error vipc_posix_inode_enter_(vipc_posix_member_ *m, int fd, int is_ours)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return vipc_posix_error_(errno);
    vipc_posix_inode_ *i = vipc_posix_inode_find_(&st);
    if (i && is_ours && i->fd != fd) {
        if (i->parked_count == (int)(sizeof i->parked / sizeof *i->parked)) return VIPC_ERR_LIMIT;
        i->parked[i->parked_count++] = fd;
    }
    if (!i) {
        i = (vipc_posix_inode_ *)vipc_posix_pages_(sizeof *i);
        if (!i) return VIPC_ERR_OUT_OF_MEMORY;
        i->fd = is_ours ? fd : dup(fd);
        if (i->fd < 0) {
            munmap(i, sizeof *i);
            return vipc_posix_error_(errno);
        }
        fcntl(i->fd, F_SETFD, FD_CLOEXEC);
        i->device = st.st_dev;
        i->number = st.st_ino;
        i->next = vipc_posix_.inodes;
        vipc_posix_.inodes = i;
    }
    i->members++;
    m->inode = i;
    m->file_fd = m->lock_fd = i->fd;
    return VIPC_OK;
}

static void vipc_posix_inode_leave_(vipc_posix_member_ *m)
{
    vipc_posix_inode_ *i = m->inode, **at = &vipc_posix_.inodes;
    if (!i) return;
    if (m->proof) vipc_posix_lock_(i->fd, VIPC_POSIX_DROP_, m->proof);
    if (--i->members > 0) return;
    while (*at != i) at = &(*at)->next;
    *at = i->next;
    close(i->fd);
    while (i->parked_count > 0) close(i->parked[--i->parked_count]);
    munmap(i, sizeof *i);
}
#endif

/* ----------------------------------------------------------------------------------------------- memberships, fork */
static void vipc_posix_before_fork_(void)
{
    pthread_mutex_lock(&vipc_posix_.lock);
}

static void vipc_posix_in_parent_(void)
{
    pthread_mutex_unlock(&vipc_posix_.lock);
}

#if VIPC_POSIX_LINUX_
static void vipc_posix_close_bells_(vipc_posix_member_ *m)
{
    if (m->ring_fd >= 0) close(m->ring_fd);
    while (m->bells > 0)
        if (m->bell_fd[--m->bells] >= 0) close(m->bell_fd[m->bells]);
    m->ring_fd = -1;
}
#endif
#if !VIPC_NO_SPACES
/* The addresses stay reserved, for a space of the child's own; its parent's mappings go, before anybody can have used them. */
static void vipc_posix_window_in_child_(vipc_posix_window_ *w)
{
    if (!w) return;
    w->root = 0;
    w->holder = NULL;
    w->serving = w->leaving = w->busy = w->views = 0;
    if (w->base) vipc_posix_drop_(w, w->base, w->size);
    if (w->bell_fd >= 0) close(w->bell_fd);
    w->bell_fd = -1;
}
#endif
/* The description of a lock is shared with the parent: while this process had it open too, the parent would live on after its death. */
static void vipc_posix_in_child_(void)
{
#if !VIPC_NO_SPACES
    memset(vipc_posix_.slot, 0, sizeof vipc_posix_.slot);   /* handlers of the parent's other threads are not here */
    for (vipc_posix_member_ *m = vipc_posix_.members; m; m = m->next) vipc_posix_window_in_child_(m->window);
#endif
    for (vipc_posix_member_ *m = vipc_posix_.members; m; m = m->next) {
        m->hooks->size = 0;   /* so already where the kernel wipes the page */
        m->proof = 0;
#if VIPC_POSIX_LINUX_
        if (m->lock_fd >= 0) close(m->lock_fd);
        m->lock_fd = -1;
        vipc_posix_close_bells_(m);
#endif
    }
    pthread_mutex_unlock(&vipc_posix_.lock);
}

static void vipc_posix_install_(void)
{
    vipc_posix_.no_handler = vipc_posix_atfork_(vipc_posix_before_fork_, vipc_posix_in_parent_, vipc_posix_in_child_);
}

/* A membership of nothing yet, on the list. */
static vipc_posix_member_ *vipc_posix_member_new_(void)
{
    uint32_t page = vipc_posix_page_();
    pthread_once(&vipc_posix_.once, vipc_posix_install_);
    if (vipc_posix_.no_handler) return NULL;
    unsigned char *at = (unsigned char *)vipc_posix_pages_(2 * (size_t)page);
    if (!at) return NULL;
#if VIPC_POSIX_LINUX_
    vipc_posix_madvise_(at, page, 18);   /* MADV_WIPEONFORK: covers children that no handler sees; where it is missing the handler must do */
#endif
    void *record = at + page;
    vipc_posix_member_ *m = (vipc_posix_member_ *)record;
    m->hooks = (vipc_hooks *)(void *)at;
    m->page = page;
    m->file_fd = m->lock_fd = m->ring_fd = -1;
    pthread_mutex_lock(&vipc_posix_.lock);
    m->next = vipc_posix_.members;
    vipc_posix_.members = m;
    pthread_mutex_unlock(&vipc_posix_.lock);
    return m;
}

/* Take it off the list and close its descriptors.  While the lock is held, so that no child is made in between. */
static void vipc_posix_member_retire_(vipc_posix_member_ *m)
{
    vipc_posix_member_ **at = &vipc_posix_.members;
    pthread_mutex_lock(&vipc_posix_.lock);
    while (*at && *at != m) at = &(*at)->next;
    if (*at) *at = m->next;
#if VIPC_POSIX_LINUX_
    if (m->lock_fd >= 0) close(m->lock_fd);
    if (m->file_fd >= 0) close(m->file_fd);
    vipc_posix_close_bells_(m);
#else
    vipc_posix_inode_leave_(m);
#endif
    m->lock_fd = m->file_fd = -1;
    pthread_mutex_unlock(&vipc_posix_.lock);
}

#if !VIPC_NO_SPACES
static void vipc_posix_window_free_(vipc_posix_member_ *m)
{
    if (!m->window) return;
    if (m->window->base) munmap(m->window->base, m->window->size);
    munmap((void *)m->window, sizeof *m->window);
    m->window = NULL;
}
#endif
static void vipc_posix_member_end_(vipc_posix_member_ *m)
{
    vipc_posix_member_retire_(m);
    if (m->base) munmap(m->base, (size_t)m->file.size);
    while (m) {
        vipc_posix_member_ *stale = m->stale;
#if !VIPC_NO_SPACES
        vipc_posix_window_free_(m);
#endif
        munmap((void *)m->hooks, 2 * (size_t)m->page);
        m = stale;
    }
}

static vipc_posix_member_ *vipc_posix_member_of_(const vipc *self)
{
    pthread_mutex_lock(&vipc_posix_.lock);
    vipc_posix_member_ *m = vipc_posix_.members;
    while (m && m->self != self) m = m->next;
    pthread_mutex_unlock(&vipc_posix_.lock);
    return m;
}

#if !VIPC_NO_NOTIFICATIONS || !VIPC_NO_SPACES
/* Of any of its threads' views: they have its hooks. */
static vipc_posix_member_ *vipc_posix_member_with_(const vipc_hooks *hooks)
{
    pthread_mutex_lock(&vipc_posix_.lock);
    vipc_posix_member_ *m = vipc_posix_.members;
    while (m && m->hooks != hooks) m = m->next;
    pthread_mutex_unlock(&vipc_posix_.lock);
    return m;
}
#endif

/* Make fd the membership's.  is_ours: opened by this file; then it is taken over, on an error too.  Else it is borrowed. */
static vipc_error vipc_posix_adopt_(vipc_posix_member_ *m, int fd, int is_ours)
{
    vipc_error e = VIPC_OK;
#if VIPC_POSIX_LINUX_
    m->file_fd = is_ours ? fd : vipc_posix_open_again_(fd, "");
    if (m->file_fd < 0) e = vipc_posix_error_(errno);
#else
    pthread_mutex_lock(&vipc_posix_.lock);
    e = vipc_posix_inode_enter_(m, fd, is_ours);
    if (e != VIPC_OK && e != VIPC_ERR_LIMIT && is_ours) close(fd);   /* at the limit closing it would drop the locks of others */
    pthread_mutex_unlock(&vipc_posix_.lock);
#endif
    return e;
}

/* Open what has that name. */
static vipc_error vipc_posix_adopt_path_(vipc_posix_member_ *m, const char *path)
{
    vipc_error e = VIPC_OK;
#if !VIPC_POSIX_LINUX_
    struct stat st;   /* a file that this process has a lock on must not be opened a second time: closing it would drop the lock */
    pthread_mutex_lock(&vipc_posix_.lock);
    vipc_posix_inode_ *known = stat(path, &st) == 0 ? vipc_posix_inode_find_(&st) : NULL;
    if (known) e = vipc_posix_inode_enter_(m, known->fd, 1);
    pthread_mutex_unlock(&vipc_posix_.lock);
    if (known) return e;
#endif
    int fd = vipc_posix_open_file_(path, VIPC_POSIX_NOFOLLOW_ | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) return vipc_posix_error_(errno);
    e = vipc_posix_adopt_(m, fd, 1);
    if (e == VIPC_OK) memcpy(m->path, path, strlen(path) + 1);
    return e;
}

/* Open the description that will hold the lock. */
static vipc_error vipc_posix_open_lock_(vipc_posix_member_ *m)
{
#if VIPC_POSIX_LINUX_
    pthread_mutex_lock(&vipc_posix_.lock);
    m->lock_fd = vipc_posix_open_again_(m->file_fd, m->path);
    pthread_mutex_unlock(&vipc_posix_.lock);
#endif
    return m->lock_fd < 0 ? vipc_posix_error_(errno) : VIPC_OK;
}

/* Take a proof: a number that nobody had before, and its lock.  The file is mapped. */
static vipc_error vipc_posix_hold_(vipc_posix_member_ *m)
{
    vipc_posix_file_ *shared = (vipc_posix_file_ *)(void *)m->base;
    vipc_error e = vipc_posix_open_lock_(m);
    for (int i = 0; e == VIPC_OK && i < VIPC_POSIX_TRIES_; i++) {
        uint64_t proof = VIPC_POSIX_ADD64_(&shared->next_proof, 1);
        if (proof == 0 || proof > VIPC_POSIX_PROOF_MAX_) break;
        if (vipc_posix_is_own_(m, proof)) continue;
        int taken = vipc_posix_lock_(m->lock_fd, VIPC_POSIX_TAKE_, proof);
        if (taken < 0) return vipc_posix_error_(errno);
        if (taken == 0) {
            m->proof = proof;
            return VIPC_OK;
        }
    }
    return e == VIPC_OK ? VIPC_ERR_CORRUPT : e;
}

static vipc_error vipc_posix_map_(vipc_posix_member_ *m)
{
    if (m->file.size > (SIZE_MAX >> 1)) return VIPC_ERR_OUT_OF_MEMORY;
    void *base = mmap(NULL, (size_t)m->file.size, PROT_READ | PROT_WRITE, MAP_SHARED, m->file_fd, 0);
    if (base == MAP_FAILED) return vipc_posix_error_(errno);
    m->base = (unsigned char *)base;
    return VIPC_OK;
}

static vipc_error vipc_posix_attach_frames_(vipc_posix_member_ *m)
{
    return vipc_frames_attach(&m->frames, m->base + m->file.bitmap_at, m->file.bitmap_size, m->base + m->file.frames_at, m->file.frames, m->file.page_shift);
}

static vipc_process_desc vipc_posix_process_desc_(const vipc_posix_member_ *m, const char *label)
{
    vipc_process_desc d = VIPC_INIT;
    d.label = label;
    d.native_id = (uint64_t)getpid();
    d.native_thread = vipc_posix_thread_number_();
    d.proof = m->proof;
    return d;
}

/* ------------------------------------------------------------------------------------------------------- joining
 * Is this first page one that we can use?  Every sum is checked, so later ones cannot overflow. */
static vipc_error vipc_posix_check_(const vipc_posix_file_ *f, uint32_t host_page)
{
    uint64_t magic = f->magic, swapped = 0;
    for (int i = 0; i < 8; i++) swapped = swapped << 8 | (magic >> 8 * i & 255);
    if (swapped == VIPC_POSIX_MAGIC_) return VIPC_ERR_VERSION;
    if (magic != VIPC_POSIX_MAGIC_) return VIPC_ERR_BAD_DOMAIN;
    if (f->layout != VIPC_POSIX_LAYOUT_ || f->host_page != host_page) return VIPC_ERR_VERSION;
    if (f->size > UINT64_MAX / 4 || f->page_shift < 8 || f->page_shift > 20 || f->no_futex > 1) return VIPC_ERR_BAD_DOMAIN;
    uint64_t parts[4][2] = { { f->core_at, f->core_size }, { f->bitmap_at, f->bitmap_size }, { f->holders_at, 0 }, { f->frames_at, 0 } };
    if (f->frames == 0 || f->frames > f->size >> f->page_shift || f->holders > f->size / sizeof(vipc_posix_holder_)) return VIPC_ERR_BAD_DOMAIN;
    parts[2][1] = f->holders * sizeof(vipc_posix_holder_);
    parts[3][1] = f->frames << f->page_shift;
    uint64_t end = host_page;
    for (int i = 0; i < 4; i++) {
        if (parts[i][0] < end || parts[i][0] % host_page != 0 || parts[i][0] > f->size || parts[i][1] > f->size - parts[i][0]) return VIPC_ERR_BAD_DOMAIN;
        end = parts[i][0] + parts[i][1];
    }
#if !VIPC_POSIX_LINUX_
    if (!f->no_futex) return VIPC_ERR_NOT_SUPPORTED;   /* its sleepers wait for futex wake-ups, which this process cannot give */
#endif
    return VIPC_OK;
}

/* Read the first page, not map it: a file that is too short must be an error and no SIGBUS. */
static vipc_error vipc_posix_read_(vipc_posix_member_ *m)
{
    char last;
    ssize_t n = vipc_posix_pread_(m->file_fd, &m->file, sizeof m->file, 0);
    if (n < 0) return vipc_posix_error_(errno);
    if (n != (ssize_t)sizeof m->file) return VIPC_ERR_BAD_DOMAIN;
    vipc_error e = vipc_posix_check_(&m->file, m->page);
    if (e == VIPC_OK && vipc_posix_pread_(m->file_fd, &last, 1, (int64_t)m->file.size - 1) != 1) e = VIPC_ERR_BAD_DOMAIN;   /* cut short */
    return e;
}

/* With everything mapped and checked: a proof, hooks, and into the core. */
static vipc_error vipc_posix_enter_(vipc *out, vipc_posix_member_ *m, const vipc_config *expect, const char *label)
{
    vipc_error e = vipc_posix_hold_(m);
    if (e != VIPC_OK) return e;
    vipc_posix_fill_hooks_(m);
    vipc_process_desc d = vipc_posix_process_desc_(m, label);
    e = vipc_attach(out, m->base + m->file.core_at, m->file.core_size, expect, &d, m->hooks);
    if (e != VIPC_OK) return e;
    m->self = out;
    vipc_sweep(out, NULL);   /* what it finds damaged, later calls report */
    return VIPC_OK;
}

static vipc_error vipc_posix_join_(vipc *out, vipc_posix_member_ *m, const vipc_posix_desc *desc)
{
    vipc_error e = vipc_posix_read_(m);
    if (e == VIPC_OK && desc->frames_bytes && desc->frames_bytes >> m->file.page_shift != m->file.frames) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e == VIPC_OK) e = vipc_posix_map_(m);
    if (e == VIPC_OK) e = vipc_posix_attach_frames_(m);
    if (e == VIPC_OK) e = vipc_posix_enter_(out, m, &desc->config, desc->label);
    return e;
}

/* ------------------------------------------------------------------------------------------------------ creating */
static uint64_t vipc_posix_round_up_(uint64_t n, uint64_t to)
{
    return n > UINT64_MAX / 4 ? UINT64_MAX / 2 : (n + to - 1) / to * to;   /* too large stays too large: refused below */
}

/* What the desc asks for, with room for spaces unless it says how much. */
static vipc_config vipc_posix_config_(const vipc_posix_desc *desc, uint64_t frames)
{
    vipc_config c = desc->config;
#if !VIPC_NO_SPACES
    const uint32_t objects = c.max_objects ? c.max_objects : 1024;
    if (!c.max_spaces) c.max_spaces = objects < 64 ? objects : 64;
    if (!c.max_frames) c.max_frames = frames < 0xfffffff0u ? (uint32_t)frames : 0xfffffff0u;
#if !VIPC_NO_REGIONS
    if (!c.max_shared) c.max_shared = objects < 512 ? objects : 512;
#endif
#else
    (void)frames;
#endif
    return c;
}

static vipc_error vipc_posix_plan_(vipc_posix_file_ *f, const vipc_posix_desc *desc, uint32_t page)
{
    uint64_t bytes = desc->frames_bytes ? desc->frames_bytes : VIPC_POSIX_FRAMES_BYTES_;
    memset(f, 0, sizeof *f);
    f->layout = VIPC_POSIX_LAYOUT_;
    f->host_page = page;
    f->page_shift = desc->config.page_shift ? desc->config.page_shift : 12;
    f->no_futex = VIPC_POSIX_LINUX_ ? desc->no_futex : 1;
    f->frames = bytes >> (f->page_shift <= 20 ? f->page_shift : 20);
    const vipc_config config = vipc_posix_config_(desc, f->frames);
    f->core_size = vipc_required_size(&config);
    if (f->core_size == 0 || f->frames == 0) return VIPC_ERR_INVALID_ARGUMENT;
#if !VIPC_NO_SPACES
    f->holders = config.max_spaces;
#endif
    if (bytes > UINT64_MAX / 8 || f->core_size > UINT64_MAX / 8) return VIPC_ERR_OUT_OF_MEMORY;
    uint64_t frame = (uint64_t)1 << f->page_shift;
    f->core_at = page;
    f->core_size = vipc_posix_round_up_(f->core_size, page);
    f->bitmap_at = f->core_at + f->core_size;
    f->bitmap_size = vipc_posix_round_up_(vipc_frames_required_size(f->frames), page);
    f->holders_at = f->bitmap_at + f->bitmap_size;
    f->frames_at = vipc_posix_round_up_(f->holders_at + f->holders * sizeof(vipc_posix_holder_), frame > page ? frame : page);
    f->size = vipc_posix_round_up_(f->frames_at + f->frames * frame, page);
    if (f->size > (SIZE_MAX >> 1)) return VIPC_ERR_OUT_OF_MEMORY;
    f->next_proof = VIPC_POSIX_CREATOR_ + 1;
    return VIPC_OK;
}

/* Where the file system cannot reserve: writing takes the storage too. */
static int vipc_posix_write_zeros_(int fd, uint64_t at, uint64_t size)
{
    static const unsigned char zeros[4096] = { 0 };
    while (size != 0) {
        size_t n = size < sizeof zeros ? (size_t)size : sizeof zeros;
        ssize_t done = vipc_posix_pwrite_(fd, zeros, n, (int64_t)at);
        if (done < 0 && errno != EINTR) return errno;
        if (done <= 0) continue;
        at += (uint64_t)done;
        size -= (uint64_t)done;
    }
    return 0;
}

/* Ask before taking: a request far beyond what there is must not first use up the host's memory.  What has no limit of its own
 * (a nameless file in memory) is held against the memory of the host. */
static int vipc_posix_has_room_(int fd, uint64_t size)
{
    struct statvfs s;
    if (fstatvfs(fd, &s) != 0 || s.f_frsize == 0) return 1;
    if (s.f_blocks != 0) return size / s.f_frsize <= s.f_bfree;
#if defined(_SC_PHYS_PAGES)
    long pages = sysconf(_SC_PHYS_PAGES);
    if (pages > 0) return size / vipc_posix_page_() <= (uint64_t)pages;
#endif
    return 1;
}

/* In pieces: a signal undoes a piece that is under way, and a program with a fast timer must come to an end all the same. */
static vipc_error vipc_posix_reserve_(int fd, uint64_t size)
{
    const uint64_t piece = (uint64_t)4 << 20;
    if (!vipc_posix_has_room_(fd, size)) return VIPC_ERR_OUT_OF_MEMORY;
    if (vipc_posix_ftruncate_(fd, (int64_t)size) != 0) return vipc_posix_error_(errno);
    for (uint64_t at = 0; at < size; at += piece) {
        uint64_t n = size - at < piece ? size - at : piece;
        int failed = EOPNOTSUPP;
#if defined(__linux__)
        do failed = vipc_posix_fallocate_(fd, (int64_t)at, (int64_t)n); while (failed == EINTR);
#endif
        if (failed == EOPNOTSUPP || failed == EINVAL || failed == ENOSYS) failed = vipc_posix_write_zeros_(fd, at, n);
        if (failed) return vipc_posix_error_(failed);
    }
    return VIPC_OK;
}

/* Remove what dead creators left: files that nobody holds the first lock of.  A creator that has not locked yet may lose its file to this; it
 * notices when it gives the file its name, and starts again. */
static void vipc_posix_sweep_files_(const char *directory)
{
    char path[VIPC_POSIX_PATH_MAX];
    DIR *d = opendir(directory);
    if (!d) return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        if (strncmp(entry->d_name, "vipc-new.", 9) != 0) continue;
        size_t n = vipc_posix_append_(path, 0, directory, sizeof path);
        n = vipc_posix_append_(path, n, "/", sizeof path);
        n = vipc_posix_append_(path, n, entry->d_name, sizeof path);
        if (n >= sizeof path) continue;
        pthread_mutex_lock(&vipc_posix_.lock);
#if !VIPC_POSIX_LINUX_
        struct stat st;
        int skip = stat(path, &st) != 0 || vipc_posix_inode_find_(&st) != NULL;   /* one of our own: closing it would drop its lock */
#else
        int skip = 0;
#endif
        int fd = skip ? -1 : vipc_posix_open_file_(path, VIPC_POSIX_NOFOLLOW_ | O_NONBLOCK | O_NOCTTY, 0);
        if (fd >= 0) {
            if (vipc_posix_lock_(fd, VIPC_POSIX_ASK_, VIPC_POSIX_CREATOR_) == 0) unlink(path);
            close(fd);
        }
        pthread_mutex_unlock(&vipc_posix_.lock);
    }
    closedir(d);
}

/* A file without a name, or with one that nobody looks for; `temporary` says which. */
static int vipc_posix_new_file_(const char *directory, char *temporary)
{
    temporary[0] = 0;
#if VIPC_POSIX_LINUX_ && !defined(VIPC_POSIX_NO_TMPFILE)
#if defined(O_TMPFILE)
    const int nameless = O_TMPFILE;
#elif defined(__O_TMPFILE)
    const int nameless = __O_TMPFILE;
#else
    const int nameless = 0;
#endif
    if (nameless && access("/proc/self/fd", X_OK) == 0) {   /* without /proc it could not be given a name */
        int fd = vipc_posix_open_file_(directory, nameless, 0600);
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOSYS)) return fd;
    }
#endif
    vipc_posix_sweep_files_(directory);
    for (int i = 0; i < VIPC_POSIX_TRIES_; i++) {
        char number[17];
        uint64_t x = vipc_posix_now_(NULL) ^ (uint64_t)getpid() << 40 ^ vipc_posix_thread_number_() << 20 ^ (uint64_t)(uintptr_t)&x;
        for (int k = 0; k < 16; k++) number[k] = "0123456789abcdef"[x >> 4 * k & 15];
        number[16] = 0;
        size_t n = vipc_posix_append_(temporary, 0, directory, VIPC_POSIX_PATH_MAX);
        n = vipc_posix_append_(temporary, n, "/vipc-new.", VIPC_POSIX_PATH_MAX);
        n = vipc_posix_append_(temporary, n, number, VIPC_POSIX_PATH_MAX);
        if (n >= VIPC_POSIX_PATH_MAX) return errno = ENAMETOOLONG, -1;
        int fd = vipc_posix_open_file_(temporary, O_CREAT | O_EXCL | VIPC_POSIX_NOFOLLOW_, 0600);
        if (fd >= 0) return fd;
        temporary[0] = 0;
        if (errno != EEXIST) break;
    }
    return -1;
}

/* Fill the new file and join it.  Nobody else can see it yet, save a sweeper: so the lock comes first. */
static vipc_error vipc_posix_fill_(vipc *out, vipc_posix_member_ *m, const vipc_posix_desc *desc)
{
    vipc_error e = vipc_posix_open_lock_(m);
    if (e == VIPC_OK && vipc_posix_lock_(m->lock_fd, VIPC_POSIX_TAKE_, VIPC_POSIX_CREATOR_) != 0) e = vipc_posix_error_(errno);
    if (e != VIPC_OK) return e;
    m->proof = VIPC_POSIX_CREATOR_;
    e = vipc_posix_reserve_(m->file_fd, m->file.size);
    if (e == VIPC_OK) e = vipc_posix_map_(m);
    if (e != VIPC_OK) return e;
    vipc_posix_file_ *shared = (vipc_posix_file_ *)(void *)m->base;
    *shared = m->file;
    e = vipc_frames_format(m->base + m->file.bitmap_at, m->file.bitmap_size, m->file.frames, m->file.page_shift);
    if (e == VIPC_OK) e = vipc_posix_attach_frames_(m);
    if (e != VIPC_OK) return e;
    vipc_posix_fill_hooks_(m);
    vipc_process_desc d = vipc_posix_process_desc_(m, desc->label);
    const vipc_config config = vipc_posix_config_(desc, m->file.frames);
    e = vipc_init(out, m->base + m->file.core_at, m->file.core_size, &config, &d, m->hooks);
    if (e == VIPC_OK) shared->magic = m->file.magic = VIPC_POSIX_MAGIC_;
    return e;
}

/* Give the file its name; EEXIST: another was faster; ENOENT: a sweeper took our temporary name away. */
static int vipc_posix_give_name_(vipc_posix_member_ *m, const char *temporary, const char *path)
{
    if (*temporary) return link(temporary, path);
#if VIPC_POSIX_LINUX_
    char link_path[32];
    vipc_posix_proc_path_(link_path, m->file_fd);
    return vipc_posix_linkat_(-100, link_path, -100, path, 0x400);   /* AT_FDCWD, AT_SYMLINK_FOLLOW */
#else
    (void)m; (void)path;
    return errno = ENOSYS, -1;
#endif
}

/* EXISTS: another was faster; WOULD_BLOCK: a sweeper took the temporary name away.  Either way: again. */
static vipc_error vipc_posix_create_(vipc *out, const char *path, const vipc_posix_desc *desc)
{
    char temporary[VIPC_POSIX_PATH_MAX] = "";
    vipc_posix_member_ *m = vipc_posix_member_new_();
    if (!m) return VIPC_ERR_OUT_OF_MEMORY;
    vipc_error e = vipc_posix_plan_(&m->file, desc, m->page);
    if (e == VIPC_OK) {
        int fd = vipc_posix_new_file_(vipc_posix_directory_(desc->directory), temporary);
        e = fd < 0 ? vipc_posix_error_(errno) : vipc_posix_adopt_(m, fd, 1);
    }
    memcpy(m->path, temporary, sizeof m->path);
    if (e == VIPC_OK) e = vipc_posix_fill_(out, m, desc);
    if (e == VIPC_OK && vipc_posix_fchmod_(m->file_fd, desc->file_mode ? desc->file_mode : 0600) != 0) e = vipc_posix_error_(errno);
    if (e == VIPC_OK && vipc_posix_give_name_(m, temporary, path) != 0) e = *temporary && errno == ENOENT ? VIPC_ERR_WOULD_BLOCK : vipc_posix_error_(errno);
    if (*temporary) unlink(temporary);
    if (e != VIPC_OK) {
        vipc_posix_member_end_(m);
        memset(out, 0, sizeof *out);
        return e;
    }
    memcpy(m->path, path, strlen(path) + 1);
    m->self = out;
    return VIPC_OK;
}

static vipc_error vipc_posix_join_path_(vipc *out, const char *path, const vipc_posix_desc *desc)
{
    vipc_posix_member_ *m = vipc_posix_member_new_();
    if (!m) return VIPC_ERR_OUT_OF_MEMORY;
    vipc_error e = vipc_posix_adopt_path_(m, path);
    if (e == VIPC_OK) e = vipc_posix_join_(out, m, desc);
    if (e != VIPC_OK) vipc_posix_member_end_(m);
    return e;
}

/* ----------------------------------------------------------------------------------------------- public functions */
static vipc_error vipc_posix_check_desc_(const vipc_posix_desc *d)
{
    return d->must > VIPC_POSIX_JOIN || d->no_futex > 1 || d->file_mode > 07777 || (d->directory && !*d->directory) ? VIPC_ERR_INVALID_ARGUMENT : VIPC_OK;
}

VIPC_API vipc_error vipc_posix_open(vipc *out, const char *name, const vipc_posix_desc *desc)
{
    char path[VIPC_POSIX_PATH_MAX];
    vipc_posix_desc none = VIPC_INIT;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    if (!desc) desc = &none;
    vipc_error e = vipc_posix_check_desc_(desc);
    if (e == VIPC_OK) e = vipc_posix_path(name, desc->directory, path, sizeof path);
    if (e != VIPC_OK) return e;
    if (desc->must == VIPC_POSIX_JOIN) return vipc_posix_join_path_(out, path, desc);
    if (desc->must == VIPC_POSIX_CREATE && access(path, F_OK) == 0) return VIPC_ERR_EXISTS;
    for (int i = 0; i < VIPC_POSIX_TRIES_; i++) {
        e = desc->must == VIPC_POSIX_CREATE ? VIPC_ERR_NOT_FOUND : vipc_posix_join_path_(out, path, desc);
        if (e != VIPC_ERR_NOT_FOUND) return e;
        e = vipc_posix_create_(out, path, desc);
        if (e != VIPC_ERR_WOULD_BLOCK && (e != VIPC_ERR_EXISTS || desc->must == VIPC_POSIX_CREATE)) return e;
    }
    return VIPC_ERR_HOOK;
}

VIPC_API vipc_error vipc_posix_open_fd(vipc *out, int fd, const vipc_posix_desc *desc)
{
    vipc_posix_desc none = VIPC_INIT;
    if (!out) return VIPC_ERR_INVALID_ARGUMENT;
    if (!desc) desc = &none;
    vipc_error e = vipc_posix_check_desc_(desc);
    if (e != VIPC_OK) return e;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return VIPC_ERR_INVALID_ARGUMENT;
    if ((flags & O_ACCMODE) != O_RDWR) return VIPC_ERR_PERMISSION_DENIED;
    vipc_posix_member_ *m = vipc_posix_member_new_();
    if (!m) return VIPC_ERR_OUT_OF_MEMORY;
    e = vipc_posix_adopt_(m, fd, 0);
    if (e == VIPC_OK) e = vipc_posix_join_(out, m, desc);
    if (e != VIPC_OK) vipc_posix_member_end_(m);
    return e;
}

/* A file that no name leads to; not close-on-exec: it is made to be passed on. */
static int vipc_posix_nameless_(const char *directory)
{
    char temporary[VIPC_POSIX_PATH_MAX];
#if VIPC_POSIX_LINUX_ && defined(SYS_memfd_create)
    int fd = (int)vipc_posix_syscall_(SYS_memfd_create, "vipc", 2);   /* MFD_ALLOW_SEALING */
    if (fd >= 0 || errno != ENOSYS) return fd;
#else
    int fd;
#endif
    fd = vipc_posix_new_file_(vipc_posix_directory_(directory), temporary);
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
    if (fd >= 0 && *temporary) unlink(temporary);
    return fd;
}

VIPC_API vipc_error vipc_posix_create_fd(vipc *out, const vipc_posix_desc *desc, int *fd)
{
    vipc_posix_desc none = VIPC_INIT;
    if (!out || !fd) return VIPC_ERR_INVALID_ARGUMENT;
    if (!desc) desc = &none;
    vipc_error e = vipc_posix_check_desc_(desc);
    if (e != VIPC_OK) return e;
    vipc_posix_member_ *m = vipc_posix_member_new_();
    if (!m) return VIPC_ERR_OUT_OF_MEMORY;
    int theirs = -1;
    e = vipc_posix_plan_(&m->file, desc, m->page);
    if (e == VIPC_OK && (theirs = vipc_posix_nameless_(desc->directory)) < 0) e = vipc_posix_error_(errno);
    if (e == VIPC_OK) e = vipc_posix_adopt_(m, theirs, 0);
    if (e == VIPC_OK) e = vipc_posix_fill_(out, m, desc);
    if (e != VIPC_OK) {
        vipc_posix_member_end_(m);
        if (theirs >= 0) close(theirs);
        memset(out, 0, sizeof *out);
        return e;
    }
#if VIPC_POSIX_LINUX_
    fcntl(theirs, 1033, 2 | 4);   /* F_ADD_SEALS: nobody cuts it short under the others; a file that has no seals says no */
#endif
    m->self = out;
    *fd = theirs;
    return VIPC_OK;
}

/* The new membership gets a hooks page of its own, and the old one stays zero: other views that the fork copied must not come back to life. */
VIPC_API vipc_error vipc_posix_after_fork(vipc *self, const char *label)
{
    vipc_posix_member_ *old = self ? vipc_posix_member_of_(self) : NULL;
    if (!old || old->hooks->size != 0) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_posix_member_ *m = vipc_posix_member_new_();
    if (!m) return VIPC_ERR_OUT_OF_MEMORY;
    m->base = old->base;
    m->file = old->file;
    m->frames = old->frames;
    m->inode = old->inode;
    m->file_fd = old->file_fd;
    memcpy(m->path, old->path, sizeof m->path);
#if !VIPC_POSIX_LINUX_
    m->lock_fd = m->file_fd;
#endif
    vipc_error e = vipc_posix_enter_(self, m, NULL, label);
    vipc_posix_member_ *loser = e == VIPC_OK ? old : m;   /* what both have stays with the other */
#if !VIPC_NO_SPACES
    if (e == VIPC_OK && old->window) {
        m->window = old->window;                          /* the addresses */
        m->window->member = m;
        old->window = NULL;
    }
#endif
    loser->base = NULL;
    loser->inode = NULL;
    loser->file_fd = -1;
    if (e != VIPC_OK) {
        vipc_posix_member_end_(m);
        return e;
    }
    vipc_posix_member_retire_(old);
    m->stale = old;
    return VIPC_OK;
}

VIPC_API vipc_error vipc_posix_thread(vipc *self, vipc *out)
{
    return vipc_thread_enter(self, vipc_posix_thread_number_(), out);
}

#if !VIPC_NO_NOTIFICATIONS
#if VIPC_POSIX_LINUX_
/* A socket with the name of a bell of m's, in the first free place: *bell says which. */
static vipc_error vipc_posix_bell_new_(vipc_posix_member_ *m, uint64_t *bell, int *fd)
{
    struct sockaddr_un at;
    vipc_error e = VIPC_OK;
    int place = 0, made = -1;
    pthread_mutex_lock(&vipc_posix_.lock);
    while (place < m->bells && m->bell_fd[place] >= 0) place++;
    *bell = m->proof << 8 | (uint64_t)place;
    int length = vipc_posix_bell_address_(m, *bell, &at);
    if (place == VIPC_POSIX_POLLABLE_MAX) e = VIPC_ERR_LIMIT;
    else if ((made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0 || bind(made, (const struct sockaddr *)(const void *)&at, (socklen_t)length) != 0) e = vipc_posix_error_(errno);
    if (e == VIPC_OK) {
        m->bell_fd[place] = *fd = made;
        if (place == m->bells) m->bells++;
    } else if (made >= 0) close(made);
    pthread_mutex_unlock(&vipc_posix_.lock);
    return e;
}
static void vipc_posix_bell_end_(vipc_posix_member_ *m, uint64_t bell)
{
    pthread_mutex_lock(&vipc_posix_.lock);
    close(m->bell_fd[bell & 255]);
    m->bell_fd[bell & 255] = -1;
    pthread_mutex_unlock(&vipc_posix_.lock);
}
#endif
VIPC_API vipc_error vipc_posix_pollable(vipc *self, vipc_cap wait_set, int *fd)
{
    if (!fd || !self || self->here != self) return VIPC_ERR_INVALID_ARGUMENT;
    if (!self->hooks) return VIPC_ERR_NOT_INITIALIZED;
    vipc_posix_member_ *m = vipc_posix_member_with_(self->hooks);    /* the hooks may be anybody's, and what `user` points to then is not ours */
    if (!m) return VIPC_ERR_INVALID_ARGUMENT;
#if VIPC_POSIX_LINUX_
    uint64_t bell = 0;
    int made = -1;
    vipc_error e = vipc_cap_require(self, wait_set, VIPC_TYPE_WAIT_SET, VIPC_RIGHT_WRITE);
    if (e == VIPC_OK) e = vipc_posix_bell_new_(m, &bell, &made);
    if (e != VIPC_OK) return e;
    e = vipc_wait_set_bell(self, wait_set, bell);
    if (e == VIPC_OK) *fd = made;
    else vipc_posix_bell_end_(m, bell);
    return e;
#else
    (void)wait_set;
    return VIPC_ERR_NOT_SUPPORTED;
#endif
}
#endif

#if !VIPC_NO_SPACES
/* ---------------------------------------------------------------------------------------- windows: faults and signals
 * Everything from here to the public functions runs in signal handlers, and calls nothing that may not. */
static uintptr_t vipc_posix_handler_of_(const vipc_posix_sigaction_ *a)     /* 0: SIG_DFL; 1: SIG_IGN */
{
    uintptr_t n;
    memcpy(&n, VIPC_POSIX_ACTION_HANDLER_(a), sizeof n);
    return n;
}

/* What was there before ours; NULL: ours is not installed for that signal. */
static vipc_posix_sigaction_ *vipc_posix_before_(int number, uint32_t **reset)
{
    for (size_t i = 0; i < sizeof vipc_posix_.before / sizeof *vipc_posix_.before; i++)
        if (VIPC_POSIX_LOAD32_(&vipc_posix_.before[i].number) == (uint32_t)number) {
            if (reset) *reset = &vipc_posix_.before[i].reset;
            return &vipc_posix_.before[i].was.action;
        }
    return NULL;
}

/* Was it an instruction, which runs again when the handler returns, or did somebody send it? */
static bool vipc_posix_is_raised_(int number, const void *info)
{
    int32_t code;
    memcpy(&code, (const unsigned char *)info + VIPC_POSIX_CODE_AT_, sizeof code);
    return (number == SIGSEGV || number == SIGBUS) && code > 0;
}

/* Not about a window: as if ours were not there. */
static void vipc_posix_pass_on_(int number, void *info, void *context)
{
    const bool raised = vipc_posix_is_raised_(number, info);
    uint32_t *reset = NULL;
    vipc_posix_sigaction_ *a = vipc_posix_before_(number, &reset);
    uintptr_t handler = a ? vipc_posix_handler_of_(a) : 0;
    const unsigned flags = a ? (unsigned)VIPC_POSIX_ACTION_FLAGS_(a) : 0;
    if (reset && handler > 1 && (flags & VIPC_POSIX_RESETHAND_) && VIPC_POSIX_ADD32_(reset, 1) != 0) handler = 0;
    if (handler > 1) {
        union { uintptr_t number; void (*plain)(int); void (*full)(int, void *, void *); } to;
        to.number = handler;
#if VIPC_POSIX_LINUX_ || defined(__linux__)
        unsigned long own[128 / sizeof(long)] = { 0 };
        own[(unsigned)(number - 1) / (8 * sizeof(long))] = 1ul << (unsigned)(number - 1) % (8 * sizeof(long));
        if (flags & VIPC_POSIX_NODEFER_) vipc_posix_syscall_(SYS_rt_sigprocmask, VIPC_POSIX_BLOCK_ + 1, own, NULL, VIPC_POSIX_MASK_BYTES_);
        vipc_posix_syscall_(SYS_rt_sigprocmask, VIPC_POSIX_BLOCK_, VIPC_POSIX_ACTION_MASK_(a), NULL, VIPC_POSIX_MASK_BYTES_);
#else
        sigset_t own;
        sigemptyset(&own);
        sigaddset(&own, number);
        if (flags & VIPC_POSIX_NODEFER_) pthread_sigmask(SIG_UNBLOCK, &own, NULL);
        pthread_sigmask(SIG_BLOCK, &a->sa_mask, NULL);
#endif
        if (flags & VIPC_POSIX_SIGINFO_) to.full(number, info, context);
        else to.plain(number);
        return;
    }
    if (!raised && (handler == 1 || number == SIGURG)) return;     /* ignored, as it is by default */
    vipc_posix_sigaction_ usual;
    memset(&usual, 0, sizeof usual);
    vipc_posix_set_action_(number, &usual, NULL);
    if (!raised) vipc_posix_kill_((int)getpid(), number);          /* else the instruction runs again, and the process ends with the true address */
}

/* What the access was, where the host tells: enum vipc_prot, 0: it does not.  The kernel's own layout of the context. */
static uint32_t vipc_posix_access_(const void *context)
{
    const unsigned char *c = (const unsigned char *)context;
#if defined(VIPC_POSIX_BLIND)
    (void)c;
    return 0;
#elif defined(__linux__) && defined(__x86_64__) && defined(__LP64__)
    uint64_t error;
    memcpy(&error, c + 192, sizeof error);
    return error & 16 ? VIPC_PROT_EXEC : error & 2 ? VIPC_PROT_WRITE : VIPC_PROT_READ;
#elif defined(__linux__) && defined(__i386__)
    uint32_t error;
    memcpy(&error, c + 72, sizeof error);
    return error & 16 ? VIPC_PROT_EXEC : error & 2 ? VIPC_PROT_WRITE : VIPC_PROT_READ;
#elif defined(__linux__) && defined(__aarch64__)
    for (size_t at = 464; at < 464 + 4096 - 16;) {          /* records: a mark, a size, and here the syndrome register */
        uint32_t head[2];
        uint64_t syndrome;
        memcpy(head, c + at, sizeof head);
        if (head[1] < 16 || head[1] > 4096) break;
        if (head[0] == 0x45535201u) {
            memcpy(&syndrome, c + at + 8, sizeof syndrome);
            return (syndrome >> 27 & 31) == 16 ? VIPC_PROT_EXEC : syndrome & 64 ? VIPC_PROT_WRITE : VIPC_PROT_READ;     /* 0x20, 0x21: an instruction's */
        }
        at += head[1];
    }
    return 0;
#elif defined(__linux__) && defined(__arm__)
    uint32_t error;
    memcpy(&error, c + 24, sizeof error);
    return error & 0x80000000u ? VIPC_PROT_EXEC : error & 0x800 ? VIPC_PROT_WRITE : VIPC_PROT_READ;
#else
    (void)c;
    return 0;
#endif
}

/* Where the host does not tell it is found out:  READ first.  If the same thread comes for the same page again, and nothing was dropped in between, then
 * the page is there to be read, so it was a WRITE.  That may have to be asked for more than once (OK means only: try the access again); what it does not
 * help at all is EXEC. */
enum { VIPC_POSIX_WRITES_ = 16 };
static uint32_t vipc_posix_guess_(vipc_posix_window_ *w, uint64_t page)
{
    const uint64_t thread = vipc_posix_thread_number_(), drops = VIPC_POSIX_LOAD32_(&w->drops);
    uint64_t *last = vipc_posix_.last[thread % 8];
    const uint64_t was = last[0] == thread && last[1] == page && last[2] >> 8 == drops ? (last[2] & 255) + 1 : 0;
    const uint64_t times = was <= VIPC_POSIX_WRITES_ ? was : VIPC_POSIX_WRITES_ + 1;
    last[0] = thread;
    last[1] = page;
    last[2] = drops << 8 | times;
    return times == 0 ? VIPC_PROT_READ : times <= VIPC_POSIX_WRITES_ ? VIPC_PROT_WRITE : VIPC_PROT_EXEC;
}

/* A view for one fault. */
static uint32_t vipc_posix_view_take_(vipc_posix_window_ *w)
{
    for (uint32_t turns = 0;; turns++) {
        const uint32_t busy = VIPC_POSIX_LOAD32_(&w->busy);
        for (uint32_t i = 0; i < w->views; i++)
            if (!(busy >> i & 1)) {
                if (VIPC_POSIX_CAS32_(&w->busy, busy, busy | 1u << i)) return i;
                break;
            }
        if (turns < 100) sched_yield();
        else vipc_posix_usleep_(50);
    }
}
static void vipc_posix_view_give_(vipc_posix_window_ *w, uint32_t i)
{
    (void)VIPC_POSIX_ADD32_(&w->busy, (uint32_t)0 - (1u << i));
}

/* A file that somebody has cut short: every touch is a SIGBUS, and nothing that is mapped helps. */
static bool vipc_posix_cut_short_(const vipc_posix_window_ *w)
{
    struct stat st;
    return fstat(w->member->file_fd, &st) == 0 && (uint64_t)st.st_size < w->member->file.size;
}

static vipc_error vipc_posix_resolve_(vipc_posix_window_ *w, int number, vipc_posix_fault *f)
{
    const vipc_cap own = VIPC_INIT;
    vipc_error e;
    if (VIPC_POSIX_LOAD64_(&w->root) == 0 || w->views == 0) return VIPC_ERR_FAULT;        /* its space has ended */
    const uint64_t locked = vipc_lock_thread(&w->view[0]);
    if (locked && locked == vipc_posix_thread_number_()) return VIPC_ERR_DEADLOCK;
    if (number == SIGBUS && vipc_posix_cut_short_(w)) return VIPC_ERR_BAD_DOMAIN;
    if (!f->access) f->access = vipc_posix_guess_(w, f->at >> w->member->file.page_shift);
    const uint32_t view = vipc_posix_view_take_(w);
    e = vipc_page_fault(&w->view[view], own, f->at, f->access, &f->result);
    vipc_posix_view_give_(w, view);
    if (e != VIPC_OK) vipc_posix_.last[vipc_posix_thread_number_() % 8][0] = 0;     /* what comes next is another access */
    return e;
}

static bool vipc_posix_fault_in_(uint32_t slot, vipc_posix_window_ *w, int number, void *info, void *context, uintptr_t at)
{
    vipc_posix_fault f = VIPC_INIT;
    f.at = at;
    f.access = vipc_posix_access_(context);
    f.info = info;
    f.context = context;
    f.error = vipc_posix_resolve_(w, number, &f);
    vipc_posix_holder_ *const h = w->holder;
    if (h && VIPC_POSIX_LOAD32_(&h->asked) != VIPC_POSIX_LOAD32_(&h->done)) vipc_posix_serve_(w);
    bool (*const ask)(void *, const vipc_posix_fault *) = w->fault;
    void *const user = w->user;
    vipc_posix_let_go_(slot);
    return f.error == VIPC_OK || (ask && ask(user, &f));
}

/* Is this signal a fault of the thread that gets it, at an address?  *at. */
static bool vipc_posix_is_fault_(int number, const void *info, uintptr_t *at)
{
#if defined(__linux__)
    const unsigned char *i = (const unsigned char *)info;      /* the kernel's own: number, errno, code (MIPS: the other way round), address */
    int32_t code;
    memcpy(&code, i + VIPC_POSIX_CODE_AT_, sizeof code);
    memcpy(at, i + (sizeof(long) == 8 ? 16 : 12), sizeof *at);
    return code == 2 || (code == 1 && number == SIGSEGV);      /* SEGV_ACCERR, BUS_ADRERR; SEGV_MAPERR */
#else
    const siginfo_t *i = (const siginfo_t *)info;
    *at = (uintptr_t)i->si_addr;
    (void)number;
    return i->si_code > 0;
#endif
}

static bool vipc_posix_window_fault_(int number, void *info, void *context)
{
    uintptr_t at;
    if (!vipc_posix_is_fault_(number, info, &at)) return false;
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++) {
        vipc_posix_window_ *w = vipc_posix_look_at_(i);
        if (w && at - (uintptr_t)w->base < w->size) return vipc_posix_fault_in_(i, w, number, info, context, at);
        vipc_posix_let_go_(i);
    }
    return false;
}

/* Is this signal some window's, as far as can be told?  What came by a datagram says by which socket. */
static bool vipc_posix_is_ring_(int number, const void *info)
{
    bool yes = false;
#if VIPC_POSIX_LINUX_
    int32_t fd;
    memcpy(&fd, (const unsigned char *)info + (sizeof(long) == 8 ? 24 : 16), sizeof fd);
#endif
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++) {
        vipc_posix_window_ *w = vipc_posix_look_at_(i);
#if VIPC_POSIX_LINUX_
        if (w && w->number == number && w->bell_fd == fd) yes = true;
#else
        if (w && w->number == number) yes = true;
        (void)info;
#endif
        vipc_posix_let_go_(i);
    }
    return yes;
}

/* Empty the sockets, THEN look at what was asked: a ring that comes after that is a signal of its own. */
static void vipc_posix_rung_(void)
{
#if VIPC_POSIX_LINUX_
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++) {
        vipc_posix_window_ *w = vipc_posix_look_at_(i);
        char byte;
        if (w) while (recv(w->bell_fd, &byte, 1, MSG_DONTWAIT) >= 0) { }
        vipc_posix_let_go_(i);
    }
#endif
    vipc_posix_serve_all_();
}

VIPC_API bool vipc_posix_window_signal(int number, void *info, void *context)
{
    const int kept = errno;
    bool done;
    if (number == SIGSEGV || number == SIGBUS) done = vipc_posix_window_fault_(number, info, context);
    else {
        done = vipc_posix_is_ring_(number, info);
        vipc_posix_rung_();
    }
    errno = kept;
    return done;
}

static void vipc_posix_on_signal_(int number, void *info, void *context)
{
    if (!vipc_posix_window_signal(number, info, context)) vipc_posix_pass_on_(number, info, context);
}

/* ------------------------------------------------------------------------------------------ windows: made and ended */
static vipc_error vipc_posix_install_one_(int number)
{
    const size_t most = sizeof vipc_posix_.before / sizeof *vipc_posix_.before;
    size_t i = 0;
    while (i < most && vipc_posix_.before[i].number && vipc_posix_.before[i].number != (uint32_t)number) i++;
    if (i == most) return VIPC_ERR_LIMIT;
    if (vipc_posix_.before[i].number) return VIPC_OK;
    if (vipc_posix_set_action_(number, NULL, &vipc_posix_.before[i].was.action) != 0)
        return errno == EINVAL ? VIPC_ERR_INVALID_ARGUMENT : vipc_posix_error_(errno);
    vipc_posix_sigaction_ ours;
    void (*const handler)(int, void *, void *) = vipc_posix_on_signal_;
    memset(&ours, 0, sizeof ours);
    memcpy(VIPC_POSIX_ACTION_HANDLER_(&ours), &handler, sizeof handler);
    VIPC_POSIX_ACTION_FLAGS_(&ours) = VIPC_POSIX_SIGINFO_ | VIPC_POSIX_ONSTACK_ | VIPC_POSIX_RESTART_;
    vipc_posix_.before[i].reset = 0;
    (void)VIPC_POSIX_ADD32_(&vipc_posix_.before[i].number, (uint32_t)number);
    if (vipc_posix_set_action_(number, &ours, NULL) == 0) return VIPC_OK;
    const int why = errno;
    (void)VIPC_POSIX_ADD32_(&vipc_posix_.before[i].number, (uint32_t)-number);
    return why == EINVAL ? VIPC_ERR_INVALID_ARGUMENT : vipc_posix_error_(why);
}
/* They stay for good: a signal may still be under way when the last window goes, and by then they pass on everything. */
static vipc_error vipc_posix_install_handlers_(int number)
{
    pthread_mutex_lock(&vipc_posix_.lock);
    vipc_error e = vipc_posix_install_one_(SIGSEGV);
    if (e == VIPC_OK) e = vipc_posix_install_one_(SIGBUS);
    if (e == VIPC_OK) e = vipc_posix_install_one_(number);
    pthread_mutex_unlock(&vipc_posix_.lock);
    return e;
}

/* A stack with a guard page below it, and a mark to know it by. */
#define VIPC_POSIX_STACK_SIZE_ ((size_t)(128 << 10) - 64)
#define VIPC_POSIX_STACK_MARK_ ((uint64_t)0x76697063737461u)
VIPC_API vipc_error vipc_posix_window_thread(uint32_t on)
{
    const size_t page = vipc_posix_page_(), all = page + 64 + VIPC_POSIX_STACK_SIZE_;
    const uint64_t mark = VIPC_POSIX_STACK_MARK_;
    vipc_posix_stack_ old, stack;
    memset(&old, 0, sizeof old);
    memset(&stack, 0, sizeof stack);
    if (on > 1) return VIPC_ERR_INVALID_ARGUMENT;
    if (vipc_posix_sigaltstack_(NULL, &old) != 0) return vipc_posix_error_(errno);
    const bool ours = !(old.VIPC_POSIX_STACK_FLAGS_ & VIPC_POSIX_NO_STACK_) && old.VIPC_POSIX_STACK_BYTES_ == VIPC_POSIX_STACK_SIZE_;
    if (on) {
        if (!(old.VIPC_POSIX_STACK_FLAGS_ & VIPC_POSIX_NO_STACK_)) return VIPC_OK;
        unsigned char *at = (unsigned char *)vipc_posix_pages_(all);
        if (!at) return VIPC_ERR_OUT_OF_MEMORY;
        mprotect(at, page, PROT_NONE);
        memcpy(at + page, &mark, sizeof mark);
        stack.VIPC_POSIX_STACK_AT_ = at + page + 64;
        stack.VIPC_POSIX_STACK_BYTES_ = VIPC_POSIX_STACK_SIZE_;
        if (vipc_posix_sigaltstack_(&stack, NULL) == 0) return VIPC_OK;
        const int why = errno;
        munmap(at, all);
        return vipc_posix_error_(why);
    }
    if (!ours || memcmp((unsigned char *)old.VIPC_POSIX_STACK_AT_ - 64, &mark, sizeof mark) != 0) return VIPC_OK;
    stack.VIPC_POSIX_STACK_FLAGS_ = VIPC_POSIX_NO_STACK_;
    stack.VIPC_POSIX_STACK_BYTES_ = VIPC_POSIX_STACK_SIZE_;
    if (vipc_posix_sigaltstack_(&stack, NULL) != 0) return VIPC_ERR_RESOURCE_BUSY;      /* the thread runs on it */
    munmap((unsigned char *)old.VIPC_POSIX_STACK_AT_ - 64 - page, all);
    return VIPC_OK;
}

#if VIPC_POSIX_LINUX_
/* The socket that others ring.  A datagram raises the signal, in whichever thread of this process does not block it. */
static vipc_error vipc_posix_window_bell_(vipc_posix_window_ *w)
{
    struct sockaddr_un at;
    const int length = vipc_posix_bell_address_(w->member, w->member->proof << 8 | VIPC_POSIX_WINDOW_BELL_, &at);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return vipc_posix_error_(errno);
    int flags = -1;
    if (bind(fd, (const struct sockaddr *)(const void *)&at, (socklen_t)length) == 0 && fcntl(fd, VIPC_POSIX_SETOWN_, getpid()) == 0
        && fcntl(fd, VIPC_POSIX_SETSIG_, w->number) == 0) flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | VIPC_POSIX_ASYNC_) != 0) {
        const int why = errno;
        close(fd);
        return why == EINVAL ? VIPC_ERR_INVALID_ARGUMENT : vipc_posix_error_(why);
    }
    w->bell_fd = fd;
    return VIPC_OK;
}
#endif

/* An entry in the table of holders for that space: a free one, or one whose holder has died. */
static vipc_error vipc_posix_hold_space_(vipc_posix_window_ *w, uint64_t root)
{
    vipc_posix_member_ *m = w->member;
    for (uint64_t i = 0; i < m->file.holders; i++) {
        vipc_posix_holder_ *h = vipc_posix_holder_at_(m, i);
        const uint64_t proof = VIPC_POSIX_LOAD64_(&h->proof);
        if ((proof && (proof == m->proof || vipc_posix_alive_(m, proof))) || !VIPC_POSIX_CAS64_(&h->proof, proof, m->proof)) continue;
        (void)VIPC_POSIX_SWAP64_(&h->root, 0);                 /* the dead one's: nobody is to ask here about it */
        (void)VIPC_POSIX_SWAP64_(&h->drop, 0);
        (void)VIPC_POSIX_SWAP64_(&h->start, (uintptr_t)w->base);
        h->number = (uint32_t)w->number;
        w->holder = h;
        vipc_posix_answer_(w, h, VIPC_POSIX_LOAD32_(&h->asked));
        (void)VIPC_POSIX_SWAP64_(&h->root, root);              /* from here on others ask; nothing is mapped yet */
        (void)VIPC_POSIX_SWAP64_(&w->root, root);
        return VIPC_OK;
    }
    return VIPC_ERR_LIMIT;
}

/* End whatever there is of a window: also one that was never finished. */
static void vipc_posix_window_end_(vipc_posix_member_ *m)
{
    vipc_posix_window_ *w = m->window;
    if (!w) return;
    if (w->holder) {
        (void)VIPC_POSIX_ADD32_(&w->leaving, 1);
        vipc_posix_serve_(w);
    }
    for (uint32_t i = 0; i < VIPC_POSIX_WINDOWS_MAX; i++)
        if (__atomic_load_n(&vipc_posix_.slot[i].window, __ATOMIC_SEQ_CST) == w) {
            __atomic_store_n(&vipc_posix_.slot[i].window, (vipc_posix_window_ *)NULL, __ATOMIC_SEQ_CST);
            while (VIPC_POSIX_LOAD32_(&vipc_posix_.slot[i].users) != 0) sched_yield();
        }
    while (VIPC_POSIX_LOAD32_(&w->serving) != 0) sched_yield();
    while (w->views > 0) (void)vipc_leave(&w->view[--w->views]);
    pthread_mutex_lock(&vipc_posix_.lock);
    if (w->bell_fd >= 0) close(w->bell_fd);
    w->bell_fd = -1;
    pthread_mutex_unlock(&vipc_posix_.lock);
    if (w->base) munmap(w->base, w->size);
    w->base = NULL;
    w->size = 0;
    w->leaving = 0;
}

/* A record for the window of this membership, empty or with addresses that a fork left. */
static vipc_error vipc_posix_window_new_(vipc *self, vipc_posix_member_ **member)
{
    if (!self || self->here != self) return VIPC_ERR_INVALID_ARGUMENT;
    if (!self->hooks || self->hooks->size == 0) return VIPC_ERR_NOT_INITIALIZED;
    vipc_posix_member_ *m = vipc_posix_member_with_(self->hooks);
    if (!m) return VIPC_ERR_INVALID_ARGUMENT;
    const uint64_t frame = (uint64_t)1 << m->file.page_shift;
    if (frame % m->page != 0 || m->file.holders == 0) return VIPC_ERR_NOT_SUPPORTED;
    if (m->window && (m->window->views || m->window->bell_fd >= 0)) return VIPC_ERR_EXISTS;
    if (!m->window) {
        m->window = (vipc_posix_window_ *)vipc_posix_pages_(sizeof *m->window);
        if (!m->window) return VIPC_ERR_OUT_OF_MEMORY;
        m->window->member = m;
        m->window->bell_fd = -1;
    }
    *member = m;
    return VIPC_OK;
}

/* Addresses: at start, or (0) anywhere.  What a fork has left of just these is taken over. */
static vipc_error vipc_posix_window_reserve_(vipc_posix_window_ *w, uint64_t start, uint64_t size)
{
    const uint64_t frame = (uint64_t)1 << w->member->file.page_shift, slack = start ? 0 : frame - w->member->page;
    if (size == 0 || size > (SIZE_MAX >> 1) - slack || start > UINTPTR_MAX - size || size >> w->member->file.page_shift > (uint64_t)1 << 31)
        return VIPC_ERR_OUT_OF_MEMORY;
    pthread_mutex_lock(&vipc_posix_.lock);
    for (vipc_posix_member_ *m = vipc_posix_.members; m; m = m->next) {
        vipc_posix_window_ *left = m->window;
        if (!left || !left->base || left->views || left->bell_fd >= 0) continue;
        unsigned char *base = left->base;
        const size_t bytes = left->size;
        if (m != w->member && ((uintptr_t)base != start || bytes != size)) continue;
        left->base = NULL;
        if ((uintptr_t)base == start && bytes == size) { w->base = base; w->size = bytes; }
        else munmap(base, bytes);
    }
    pthread_mutex_unlock(&vipc_posix_.lock);
    if (!w->base) {
        void *at = mmap((void *)(uintptr_t)start, (size_t)(size + slack), PROT_NONE, MAP_SHARED, w->member->file_fd, (off_t)w->member->file.size);
        if (at == MAP_FAILED) return vipc_posix_error_(errno);
        if (start && (uintptr_t)at != start) {
            munmap(at, (size_t)size);
            return VIPC_ERR_EXISTS;
        }
        w->base = (unsigned char *)at;
        w->size = (size_t)(size + slack);
        const size_t low = (size_t)(((uintptr_t)at + frame - 1) / frame * frame - (uintptr_t)at);
        if (low) munmap(w->base, low);
        w->base += low;
        if (w->size - low > size) munmap(w->base + size, w->size - low - (size_t)size);
        w->size = (size_t)size;
    }
    vipc_posix_drop_(w, w->base, w->size);
    return VIPC_OK;
}

/* With addresses reserved that are those of the space: all the rest. */
static vipc_error vipc_posix_window_begin_(vipc *self, vipc_posix_window_ *w, vipc_cap space, uint64_t root, const vipc_posix_window_desc *desc)
{
    const uint32_t handlers = desc->handlers ? desc->handlers : 4;
    vipc_error e = VIPC_OK;
    w->number = desc->signal ? desc->signal : SIGURG;
    w->fault = desc->fault;
    w->user = desc->user;
    w->leaving = w->busy = 0;
#if VIPC_POSIX_LINUX_
    e = vipc_posix_window_bell_(w);
#endif
    for (uint32_t i = 0; e == VIPC_OK && i < handlers; i++) {
        e = vipc_thread_enter(self, 0, &w->view[i]);           /* no thread's number: see vipc_posix_resolve_ */
        if (e == VIPC_OK) w->views++;
    }
    if (e == VIPC_OK) e = vipc_posix_window_thread(1);
    if (e == VIPC_OK && !desc->no_handlers) e = vipc_posix_install_handlers_(w->number);
    if (e == VIPC_OK) e = vipc_space_adopt(self, space);
    if (e == VIPC_OK) e = vipc_posix_hold_space_(w, root);
    if (e != VIPC_OK) return e;
    e = VIPC_ERR_LIMIT;
    pthread_mutex_lock(&vipc_posix_.lock);
    for (uint32_t i = 0; e != VIPC_OK && i < VIPC_POSIX_WINDOWS_MAX; i++)
        if (!vipc_posix_.slot[i].window) {
            __atomic_store_n(&vipc_posix_.slot[i].window, w, __ATOMIC_SEQ_CST);
            e = VIPC_OK;
        }
    pthread_mutex_unlock(&vipc_posix_.lock);
    return e;
}
static vipc_error vipc_posix_window_desc_ok_(const vipc_posix_window_desc *d)
{
    return d->handlers > VIPC_POSIX_HANDLERS_MAX || d->no_handlers > 1 || d->signal < 0 || d->signal > 64 || d->signal == SIGSEGV || d->signal == SIGBUS ||
        d->signal == SIGKILL || d->signal == SIGSTOP ? VIPC_ERR_INVALID_ARGUMENT : VIPC_OK;
}

VIPC_API vipc_error vipc_posix_window_open(vipc *self, const vipc_posix_window_desc *desc, vipc_cap *space)
{
    static const vipc_posix_window_desc usual = VIPC_INIT;
    vipc_posix_member_ *m = NULL;
    vipc_space_info info;
    vipc_cap cap = VIPC_INIT;
    vipc_posix_window_desc d = desc ? *desc : usual;
    if (!space || vipc_posix_window_desc_ok_(&d) != VIPC_OK || d.space.start || d.space.end) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipc_posix_window_new_(self, &m);
    if (e != VIPC_OK) return e;
    const uint64_t usually = sizeof(void *) > 4 ? (uint64_t)1 << 30 : (uint64_t)64 << 20, frame = (uint64_t)1 << m->file.page_shift;
    const uint64_t size = vipc_posix_round_up_(d.size ? d.size : usually, frame);
    if (d.at % frame != 0) return VIPC_ERR_INVALID_ARGUMENT;
    e = vipc_space_own(self, &cap) == VIPC_OK ? VIPC_ERR_EXISTS : vipc_posix_window_reserve_(m->window, d.at, size);
    if (e != VIPC_OK) return e;
    d.space.start = (uintptr_t)m->window->base;
    d.space.end = d.space.start + size;
    if (!d.space.heap_start) d.space.heap_start = d.space.start;
    if (!d.space.stack_end) d.space.stack_end = d.space.end;
    e = vipc_space_create(self, &d.space, &cap);
    if (e == VIPC_OK) {
        e = vipc_space_get(self, cap, &info);
        if (e == VIPC_OK) e = vipc_posix_window_begin_(self, m->window, cap, info.root, &d);
        if (e != VIPC_OK) (void)vipc_destroy(self, cap, VIPC_FOREVER);
    }
    if (e != VIPC_OK) vipc_posix_window_end_(m);
    else *space = cap;
    return e;
}

VIPC_API vipc_error vipc_posix_window_enter(vipc *self, vipc_cap space, const vipc_posix_window_desc *desc)
{
    static const vipc_posix_window_desc usual = VIPC_INIT;
    vipc_posix_member_ *m = NULL;
    vipc_space_info info;
    if (!desc) desc = &usual;
    if (vipc_posix_window_desc_ok_(desc) != VIPC_OK || desc->size || desc->at || !space.token) return VIPC_ERR_INVALID_ARGUMENT;
    vipc_error e = vipc_posix_window_new_(self, &m);
    if (e == VIPC_OK) e = vipc_space_get(self, space, &info);
    if (e == VIPC_OK) e = vipc_cap_require(self, space, VIPC_TYPE_SPACE, VIPC_RIGHT_DELETE);
    if (e == VIPC_OK) e = vipc_posix_window_reserve_(m->window, info.start, info.end - info.start);
    if (e != VIPC_OK) return e;
    e = vipc_posix_window_begin_(self, m->window, space, info.root, desc);
    if (e != VIPC_OK) vipc_posix_window_end_(m);
    return e;
}

VIPC_API vipc_error vipc_posix_window_close(vipc *self)
{
    if (!self || self->here != self) return VIPC_ERR_INVALID_ARGUMENT;
    if (!self->hooks || self->hooks->size == 0) return VIPC_ERR_NOT_INITIALIZED;
    vipc_posix_member_ *m = vipc_posix_member_with_(self->hooks);
    if (!m) return VIPC_ERR_INVALID_ARGUMENT;
    if (!m->window || !m->window->base) return VIPC_ERR_NOT_FOUND;
    vipc_posix_window_end_(m);
    return VIPC_OK;
}
#endif

VIPC_API vipc_error vipc_posix_close(vipc *self)
{
    vipc_posix_member_ *m = self ? vipc_posix_member_of_(self) : NULL;
    vipc_error e = VIPC_OK;
    if (!m) return VIPC_ERR_INVALID_ARGUMENT;
    if (m->hooks->size != 0) {
#if !VIPC_NO_INSPECT                   /* without it nobody counts them: closing while others are at work is then as with any memory */
        vipc_process_info info;
        uint32_t ours = 1;
#if !VIPC_NO_SPACES
        if (m->window) ours += m->window->views;
#endif
        if (vipc_process_get(self, vipc_self(self), &info) == VIPC_OK && info.threads > ours) return VIPC_ERR_RESOURCE_BUSY;
#endif
#if !VIPC_NO_SPACES
        vipc_posix_window_end_(m);
#endif
        e = vipc_leave(self);
        if (e == VIPC_ERR_NOT_INITIALIZED) e = VIPC_OK;   /* it had left before */
    }
    vipc_posix_member_end_(m);
    return e;
}
#endif /* VERIDIAN_POSIX_IMPLEMENTATION */
