/* veridian_user.h - veridian_ipc.h for a process of the demo kernel: the same functions, each a system call
 *
 * The Makefile has the compiler include this before each program (-include), so a program's own #includes of veridian_ipc.h and of the POSIX shim find
 * their guards set: examples/rpc_server.c and examples/rpc_client.c are built as they are, not a byte changed.
 *
 * What differs from a POSIX host:
 *   - There is one domain, the kernel's; whatever name vipc_posix_open is given, that is what it opens.  The process is a member from its first instruction to its
 *     last; open and close only make the vipc usable, and not.
 *   - A vipc holds no state here.  The kernel uses the view of the calling thread, whatever vipc is passed.
 *   - There are no signals, so signal() keeps nothing; standard output and error are the kernel's log. */
#ifndef VERIDIAN_USER_H
#define VERIDIAN_USER_H
#define VERIDIAN_IPC_IMPLEMENTED
#include "../../veridian_ipc.h"
#define VERIDIAN_POSIX_H
#define VERIDIAN_POSIX_IMPLEMENTED
#include "../syscalls.h"

typedef struct vipc_posix_desc { vipc_config config; const char *label; } vipc_posix_desc;    /* config: as vipc_attach's `expect` */
vipc_error vipc_posix_open(vipc *out, const char *name, const vipc_posix_desc *desc);
vipc_error vipc_posix_close(vipc *self);

/* The kernel's own: processes and their machine. */
int64_t syscall_(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
#define SYS0(n) syscall_(n, 0, 0, 0, 0, 0, 0)
#define SYS1(n, a) syscall_(n, (uint64_t)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b) syscall_(n, (uint64_t)(a), (uint64_t)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c) syscall_(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d) syscall_(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) syscall_(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), 0)
#define SYS6(n, a, b, c, d, e, f) syscall_(n, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))

/* Start a program of the kernel's image.  priority: 1, 2 (not above one's own).  *process ends it (vipc_destroy). */
vipc_error spawn(const char *program, const char *arguments, int priority, vipc_cap *process, vipc_pid *pid);
/* Sleep until it has ended; *status: its exit code, or STATUS_ of syscalls.h. */
vipc_error wait_for(vipc_pid pid, uint64_t *status, vipc_time deadline);
/* A copy of the caller, as POSIX fork makes it: its pid, and 0 in the copy, which has of capabilities what `initial` (opt) names (vipc_initial; each needs GRANT), and no others; or
 * a vipc_error.  *process (opt) ends it.  `self` is usable in both; other vipc of the caller's are not in the copy. */
int64_t fork_process(vipc *self, const vipc_cap *initial, uint32_t count, vipc_cap *process);
void yield(void);
void sleep_until(vipc_time deadline);
void exit(int code) __attribute__((noreturn));
#endif
