/* harness.h - what init, the probes and the attacker agree on */
#ifndef HARNESS_H
#define HARNESS_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MILLISECONDS(n) ((uint64_t)(n) * 1000000u)
#define NOISE "/noise"                       /* an object that probes make and unlink */
#define REPORTS "reports"                    /* init's endpoint: the probes tell it how far they are */

/* The caller, and what it makes from now on, stays on that CPU; WHEREVER. */
#define WHEREVER ~0ull
static inline long long run_on(uint64_t cpu) { return SYS1(SYS_RUN_ON, cpu); }
/* One word and two numbers to init. */
static inline vipc_error report(vipc *ipc, uint32_t what, uint64_t a, uint64_t b)
{
    static vipc_cap to;
    vipc_message m = VIPC_INIT;
    vipc_error e = to.token ? VIPC_OK : vipc_lookup(ipc, REPORTS, VIPC_RIGHT_SEND, &to, VIPC_FOREVER);
    m.opcode = what;
    m.data[0] = a;
    m.data[1] = b;
    return e == VIPC_OK ? vipc_send(ipc, to, &m, VIPC_FOREVER) : e;
}
static inline vipc_error ask(vipc *ipc, vipc_cap to, uint64_t n, uint64_t *answer, vipc_time deadline)
{
    vipc_message m = VIPC_INIT;
    m.opcode = 1;
    m.data[0] = n;
    m.data[1] = n + 1;
    vipc_error e = vipc_call(ipc, to, &m, &m, deadline);
    *answer = m.data[0];
    return e;
}
#endif
