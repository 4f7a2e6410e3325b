/* parent.h - for programs that start others, and wait for them, and count: init, the story, the shell.  Each has one view, `ipc`. */
#ifndef PARENT_H
#define PARENT_H
#include "harness.h"

static vipc ipc;
static vipc_cap reports;                     /* where the others tell how far they are: open_reports() */
enum { LOW = 1, HIGH = 2, ARGUMENTS = 128 };   /* ARGUMENTS: bytes, at most */
struct child { vipc_cap cap; vipc_pid pid; };

static inline vipc_time in(uint64_t milliseconds) { return vipc_after(&ipc, MILLISECONDS(milliseconds)); }
static inline struct child start_at(const char *program, const char *arguments, int priority)
{
    struct child c = { { 0 }, { 0 } };
    vipc_error e = spawn(program, arguments, priority, &c.cap, &c.pid);
    if (e != VIPC_OK) printf("%s %s does not start: %s\n", program, arguments, vipc_error_string(e));
    return c;
}
static inline struct child start(const char *program, const char *arguments) { return start_at(program, arguments, LOW); }
static inline uint64_t ended(struct child c) /* its status; 999: it did not end in time */
{
    uint64_t status = 999;
    vipc_error e = wait_for(c.pid, &status, in(30000));
    if (e != VIPC_OK) printf("process %lu does not end: %s\n", c.pid.id, vipc_error_string(e));
    return status;
}
static inline uint64_t run(const char *program, const char *arguments) { return ended(start(program, arguments)); }
static inline vipc_error kill(struct child c) { return vipc_destroy(&ipc, c.cap, in(10000)); }
static inline struct machine_info machine(void)
{
    struct machine_info i;
    memset(&i, 0, sizeof i);
    (void)SYS2(SYS_CONTROL, CONTROL_INFO, &i);
    return i;
}
/* Until no more than so many are left: a killed process may have left a child on its way out. */
static inline int alone(unsigned with)
{
    vipc_time end = in(10000);
    while (machine().processes > with && vipc_time_now(&ipc) < end) sleep_until(in(1));
    return machine().processes == with;
}
static inline vipc_error open_reports(void)
{
    vipc_endpoint_desc d = VIPC_INIT;
    d.capacity = 128;
    vipc_error e = vipc_endpoint_create(&ipc, &d, &reports);
    return e == VIPC_OK ? vipc_publish(&ipc, REPORTS, reports, VIPC_RIGHT_SEND) : e;
}
static inline int has_reported(uint32_t what, uint64_t *a)
{
    vipc_message m;
    vipc_error e = vipc_receive(&ipc, reports, &m, NULL, in(10000));
    if (e != VIPC_OK || m.opcode != what) { printf("waited for report %c: %s\n", (int)what, vipc_error_string(e)); return 0; }
    if (a) *a = m.data[0];
    return 1;
}
#endif
