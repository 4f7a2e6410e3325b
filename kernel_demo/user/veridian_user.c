/* veridian_user.c - the messaging functions of veridian_ipc.h, each a system call.  The kernel copies what lies behind the pointers; all that is checked here is
 * what the view is to the caller: one that was opened. */
#include <stdio.h>

static vipc_error is_open(const vipc *self) { return !self || self->here != self ? VIPC_ERR_INVALID_ARGUMENT : self->length ? VIPC_OK : VIPC_ERR_NOT_INITIALIZED; }
#define CALL(n, ...) do { vipc_error open = is_open(self); return open != VIPC_OK ? open : (vipc_error)n(__VA_ARGS__); } while (0)

vipc_error vipc_posix_open(vipc *out, const char *name, const vipc_posix_desc *desc)
{
    const vipc none = VIPC_INIT;
    vipc_config now;
    if (!out || !name) return VIPC_ERR_INVALID_ARGUMENT;
    *out = none;
    out->here = out;
    out->length = 1;                 /* open */
    out->pid = (uint64_t)SYS0(SYS_SELF);
    vipc_error e = vipc_config_get(out, &now);
    const uint32_t *is = &now.max_processes, *expected = desc ? &desc->config.max_processes : is;
    for (size_t i = 0; e == VIPC_OK && i < sizeof now / sizeof *is; i++)     /* its fields are all of this kind */
        if (expected[i] && expected[i] != is[i]) e = VIPC_ERR_INVALID_ARGUMENT;
    if (e != VIPC_OK) out->length = 0;
    return e;
}
vipc_error vipc_posix_close(vipc *self)
{
    vipc_error e = is_open(self);
    if (e == VIPC_OK) self->length = 0;
    return e;
}

/* ---- without a system call ---- */
#define TEXT(name, number, text) text,
const char *vipc_error_string(vipc_error e)
{
    static const char *const texts[] = { VIPC_ERRORS(TEXT) };
    return e > VIPC_OK || e < VIPC_ERR_HOOK ? "unknown error" : texts[-(int)e];
}
uint32_t vipc_version(void) { return (uint32_t)VIPC_VERSION_MAJOR << 16 | (uint32_t)VIPC_VERSION_MINOR << 8 | (uint32_t)VIPC_VERSION_PATCH; }
vipc_pid vipc_self(const vipc *self)
{
    vipc_pid p = { 0 };
    if (is_open(self) == VIPC_OK) p.id = self->pid;
    return p;
}
vipc_time vipc_time_now(const vipc *self) { return is_open(self) == VIPC_OK ? (vipc_time)SYS0(SYS_TIME) : 0; }
vipc_time vipc_after(const vipc *self, uint64_t nanoseconds)
{
    vipc_time t = vipc_time_now(self);
    if (t == 0 || nanoseconds >= VIPC_FOREVER - t) return t ? VIPC_FOREVER - 1 : VIPC_FOREVER;
    return t + nanoseconds;
}
uint64_t vipc_cap_id(vipc_cap cap) { return cap.token & 0xffffffffffffull; }
uint32_t vipc_cap_generation(vipc_cap cap) { return (uint32_t)(cap.token >> 48) & 255; }
uint32_t vipc_cap_type(vipc_cap cap) { return (uint32_t)(cap.token >> 56) & 15; }
uint32_t vipc_cap_flags(vipc_cap cap) { return (uint32_t)(cap.token >> 60); }

/* ---- the domain ---- */
vipc_error vipc_config_get(const vipc *self, vipc_config *out) { CALL(SYS1, SYS_CONFIG_GET, out); }
vipc_error vipc_stats_get(vipc *self, vipc_stats *out) { CALL(SYS1, SYS_STATS_GET, out); }
vipc_error vipc_check(vipc *self, uint32_t *violations) { CALL(SYS1, SYS_CHECK, violations); }
vipc_error vipc_trim(vipc *self, uint64_t *frames) { CALL(SYS1, SYS_TRIM, frames); }
vipc_error vipc_cancel(vipc *self) { CALL(SYS0, SYS_CANCEL); }
vipc_error vipc_process_wait(vipc *self, vipc_pid who, vipc_time deadline) { CALL(SYS2, SYS_PROCESS_WAIT, who.id, deadline); }
vipc_error vipc_process_watch(vipc *self, vipc_pid who, vipc_cap n, uint64_t bits) { CALL(SYS3, SYS_PROCESS_WATCH, who.id, n.token, bits); }
vipc_error vipc_process_get(vipc *self, vipc_pid who, vipc_process_info *out) { CALL(SYS2, SYS_PROCESS_GET, who.id, out); }
vipc_error vipc_process_find(vipc *self, uint64_t native_id, vipc_pid *out) { CALL(SYS2, SYS_PROCESS_FIND, native_id, out); }

/* ---- capabilities ---- */
vipc_error vipc_derive(vipc *self, vipc_cap from, const vipc_derive_desc *desc, vipc_cap *out) { CALL(SYS3, SYS_DERIVE, from.token, desc, out); }
vipc_error vipc_grant(vipc *self, vipc_cap from, vipc_pid to, const vipc_derive_desc *desc, vipc_cap *out) { CALL(SYS4, SYS_GRANT, from.token, to.id, desc, out); }
vipc_error vipc_revoke(vipc *self, vipc_cap cap, vipc_time deadline) { CALL(SYS2, SYS_REVOKE, cap.token, deadline); }
vipc_error vipc_close(vipc *self, vipc_cap cap) { CALL(SYS1, SYS_CLOSE, cap.token); }
vipc_error vipc_destroy(vipc *self, vipc_cap cap, vipc_time deadline) { CALL(SYS2, SYS_DESTROY, cap.token, deadline); }
vipc_error vipc_cap_get(vipc *self, vipc_cap cap, vipc_cap_info *out) { CALL(SYS2, SYS_CAP_GET, cap.token, out); }
vipc_error vipc_cap_require(vipc *self, vipc_cap cap, uint32_t type, uint32_t rights) { CALL(SYS3, SYS_CAP_REQUIRE, cap.token, type, rights); }

/* ---- messages in registers, where they fit: then the kernel may switch straight to the other side ---- */
struct registers { uint64_t a, b, c, flags, capability, more; };      /* rdi rsi rdx r8 r9 r10 */
static int64_t in_registers(uint64_t number, struct registers *r, const vipc_message *in, vipc_message *out)
{
    register uint64_t w1 __asm__("r12") = in ? in->data[1] : 0;
    register uint64_t w2 __asm__("r13") = in ? in->data[2] : 0;
    register uint64_t w3 __asm__("r14") = in ? in->data[3] : 0;
    register uint64_t opcode __asm__("r15") = in ? in->opcode : 0;
    register uint64_t flags __asm__("r8");
    register uint64_t capability __asm__("r9");
    register uint64_t more __asm__("r10");
    uint64_t w0 = in ? in->data[0] : 0;
    __asm__ volatile("syscall" : "+a"(number), "+D"(r->a), "+S"(r->b), "+d"(r->c), "+b"(w0), "+r"(w1), "+r"(w2), "+r"(w3), "+r"(opcode), "=r"(flags), "=r"(capability), "=r"(more)
                     : : "rcx", "r11", "memory");
    r->flags = flags;
    r->capability = capability;
    r->more = more;
    if (number != 0) return (int64_t)number;
    out->capability.token = capability;
    out->opcode = (uint32_t)opcode;
    out->flags = (uint32_t)flags;
    out->data[0] = w0;
    out->data[1] = w1;
    out->data[2] = w2;
    out->data[3] = w3;
    return 0;
}
static void tell(vipc_info *info, const struct registers *r)
{
    info->badge = r->a;
    info->reply.token = r->b;
    info->sender.id = r->c;
    info->dropped = (uint32_t)(r->flags >> 32);
    info->payload_size = (uint32_t)r->more;
    info->redelivered = (uint32_t)(r->more >> 32) & 1;
    info->cap_count = (uint32_t)(r->more >> 40);
}
static int fits(const vipc_message *m, vipc_time deadline) { return m && (m->flags & ~(uint32_t)VIPC_IS_REPLY) == 0 && deadline != VIPC_NOW; }

/* ---- messages ---- */
vipc_error vipc_endpoint_create(vipc *self, const vipc_endpoint_desc *desc, vipc_cap *out) { CALL(SYS2, SYS_ENDPOINT_CREATE, desc, out); }
vipc_error vipc_endpoint_bind(vipc *self, vipc_cap endpoint, vipc_pid only) { CALL(SYS2, SYS_ENDPOINT_BIND, endpoint.token, only.id); }
vipc_error vipc_endpoint_get(vipc *self, vipc_cap endpoint, vipc_endpoint_info *out) { CALL(SYS2, SYS_ENDPOINT_GET, endpoint.token, out); }
vipc_error vipc_channel_create(vipc *self, const vipc_channel_desc *desc, vipc_cap *a, vipc_cap *b) { CALL(SYS3, SYS_CHANNEL_CREATE, desc, a, b); }
vipc_error vipc_send(vipc *self, vipc_cap to, const vipc_message *m, vipc_time deadline) { CALL(SYS3, SYS_SEND, to.token, m, deadline); }
vipc_error vipc_receive(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    if (is_open(self) == VIPC_OK && m && info && deadline != VIPC_NOW) {
        struct registers r = { 0, from.token, deadline, 0, 0, 0 };
        int64_t e = in_registers(SYS_FAST_RECEIVE, &r, NULL, m);
        if (e == 0 || e == VIPC_ERR_MESSAGE_TOO_LARGE) tell(info, &r);
        return (vipc_error)e;
    }
    CALL(SYS4, SYS_RECEIVE, from.token, m, info, deadline);
}
vipc_error vipc_send_large(vipc *self, vipc_cap to, const vipc_outgoing *m, vipc_time deadline) { CALL(SYS3, SYS_SEND_LARGE, to.token, m, deadline); }
vipc_error vipc_receive_large(vipc *self, vipc_cap from, vipc_incoming *m, vipc_time deadline) { CALL(SYS3, SYS_RECEIVE_LARGE, from.token, m, deadline); }
vipc_error vipc_send_many(vipc *self, vipc_cap to, const vipc_message *m, uint32_t count, uint32_t *sent, vipc_time deadline)
{
    if (sent) *sent = 0;
    CALL(SYS5, SYS_SEND_MANY, to.token, m, count, sent, deadline);
}
vipc_error vipc_receive_many(vipc *self, vipc_cap from, vipc_message *m, vipc_info *info, uint32_t capacity, uint32_t *count, vipc_time deadline)
{
    const uint64_t all[6] = { from.token, (uint64_t)m, (uint64_t)info, capacity, (uint64_t)count, deadline };
    if (count) *count = 0;
    CALL(SYS1, SYS_RECEIVE_MANY, all);
}
vipc_error vipc_call(vipc *self, vipc_cap to, const vipc_message *request, vipc_message *reply, vipc_time deadline)
{
    if (is_open(self) == VIPC_OK && reply && fits(request, deadline)) {
        struct registers r = { to.token, request->flags, deadline, 0, 0, 0 };
        return (vipc_error)in_registers(SYS_FAST_CALL, &r, request, reply);
    }
    CALL(SYS4, SYS_CALL, to.token, request, reply, deadline);
}
vipc_error vipc_call_large(vipc *self, vipc_cap to, const vipc_outgoing *request, vipc_incoming *reply, vipc_time deadline)
{
    CALL(SYS4, SYS_CALL_LARGE, to.token, request, reply, deadline);
}
vipc_error vipc_reply_large(vipc *self, vipc_reply_right to, const vipc_outgoing *m) { CALL(SYS2, SYS_REPLY_LARGE, to.token, m); }
vipc_error vipc_reply(vipc *self, vipc_reply_right to, const vipc_message *m) { CALL(SYS2, SYS_REPLY, to.token, m); }
vipc_error vipc_reply_drop(vipc *self, vipc_reply_right to, vipc_error why) { CALL(SYS2, SYS_REPLY_DROP, to.token, why); }
vipc_error vipc_reply_receive(vipc *self, vipc_reply_right to, const vipc_message *reply, vipc_cap from, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    if (is_open(self) == VIPC_OK && m && info && to.token && fits(reply, deadline)) {
        struct registers r = { to.token, from.token, deadline, 0, 0, 0 };
        int64_t e = in_registers(SYS_FAST_REPLY_RECEIVE, &r, reply, m);
        if (e == 0 || e == VIPC_ERR_MESSAGE_TOO_LARGE) tell(info, &r);
        return (vipc_error)e;
    }
    CALL(SYS6, SYS_REPLY_RECEIVE, to.token, reply, from.token, m, info, deadline);
}

/* ---- notifications, and waiting for several things ---- */
vipc_error vipc_notification_create(vipc *self, const char *label, vipc_cap *out) { CALL(SYS2, SYS_NOTIFICATION_CREATE, label, out); }
vipc_error vipc_signal(vipc *self, vipc_cap n, uint64_t bits) { CALL(SYS2, SYS_SIGNAL, n.token, bits); }
vipc_error vipc_notification_wait(vipc *self, vipc_cap n, uint64_t mask, uint64_t *bits, vipc_time deadline) { CALL(SYS4, SYS_NOTIFICATION_WAIT, n.token, mask, bits, deadline); }
vipc_error vipc_wait_any(vipc *self, vipc_wait_item *items, uint32_t count, vipc_time deadline) { CALL(SYS3, SYS_WAIT_ANY, items, count, deadline); }
vipc_error vipc_wait_set_create(vipc *self, uint32_t capacity, const char *label, vipc_cap *out) { CALL(SYS3, SYS_WAIT_SET_CREATE, capacity, label, out); }
vipc_error vipc_wait_set_add(vipc *self, vipc_cap set, const vipc_wait_item *item) { CALL(SYS2, SYS_WAIT_SET_ADD, set.token, item); }
vipc_error vipc_wait_set_remove(vipc *self, vipc_cap set, vipc_cap object) { CALL(SYS2, SYS_WAIT_SET_REMOVE, set.token, object.token); }
vipc_error vipc_wait_set_wait(vipc *self, vipc_cap set, vipc_wait_item *ready, uint32_t room, uint32_t *count, vipc_time deadline)
{
    CALL(SYS5, SYS_WAIT_SET_WAIT, set.token, ready, room, count, deadline);
}

/* ---- names ---- */
vipc_error vipc_publish(vipc *self, const char *name, vipc_cap cap, uint32_t rights) { CALL(SYS3, SYS_PUBLISH, name, cap.token, rights); }
vipc_error vipc_unpublish(vipc *self, const char *name) { CALL(SYS1, SYS_UNPUBLISH, name); }
vipc_error vipc_lookup(vipc *self, const char *name, uint32_t rights, vipc_cap *out, vipc_time deadline) { CALL(SYS4, SYS_LOOKUP, name, rights, out, deadline); }

/* ---- memory ---- */
vipc_error vipc_space_mmap(vipc *self, vipc_cap space, const vipc_mmap_desc *desc, vipc_addr *out, vipc_time deadline) { CALL(SYS4, SYS_SPACE_MMAP, space.token, desc, out, deadline); }
vipc_error vipc_space_unmap(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, vipc_time deadline) { CALL(SYS4, SYS_SPACE_UNMAP, space.token, at, size, deadline); }
vipc_error vipc_space_protect(vipc *self, vipc_cap space, vipc_addr at, uint64_t size, uint32_t prot, vipc_time deadline)
{
    CALL(SYS5, SYS_SPACE_PROTECT, space.token, at, size, prot, deadline);
}
vipc_error vipc_space_set_break(vipc *self, vipc_cap space, vipc_addr to, vipc_addr *now, vipc_time deadline) { CALL(SYS4, SYS_SPACE_SET_BREAK, space.token, to, now, deadline); }
vipc_error vipc_space_grow_heap(vipc *self, vipc_cap space, uint64_t by, vipc_addr *was) { CALL(SYS3, SYS_SPACE_GROW_HEAP, space.token, by, was); }
vipc_error vipc_space_stack_create(vipc *self, vipc_cap space, const vipc_stack_desc *desc, vipc_stack *out) { CALL(SYS3, SYS_SPACE_STACK_CREATE, space.token, desc, out); }
vipc_error vipc_space_find(vipc *self, vipc_cap space, vipc_addr at, vipc_space_region *out) { CALL(SYS3, SYS_SPACE_FIND, space.token, at, out); }
vipc_error vipc_space_get(vipc *self, vipc_cap space, vipc_space_info *out) { CALL(SYS2, SYS_SPACE_GET, space.token, out); }
vipc_error vipc_initial(vipc *self, uint32_t index, vipc_cap *out) { CALL(SYS2, SYS_INITIAL, index, out); }

/* ---- shared regions and named objects ---- */
vipc_error vipc_region_create(vipc *self, const vipc_region_desc *desc, vipc_cap *out) { CALL(SYS2, SYS_REGION_CREATE, desc, out); }
vipc_error vipc_region_get(vipc *self, vipc_cap region, vipc_region_info *out) { CALL(SYS2, SYS_REGION_GET, region.token, out); }
vipc_error vipc_region_find(vipc *self, uint64_t id, vipc_cap *out) { CALL(SYS2, SYS_REGION_FIND, id, out); }
vipc_error vipc_region_transfer(vipc *self, vipc_cap region, vipc_pid to, uint32_t mode, uint32_t access, vipc_cap *out, vipc_time deadline)
{
    CALL(SYS6, SYS_REGION_TRANSFER, region.token, to.id, mode, access, out, deadline);
}
vipc_error vipc_region_seal(vipc *self, vipc_cap memory, vipc_time deadline) { CALL(SYS2, SYS_REGION_SEAL, memory.token, deadline); }
vipc_error vipc_map(vipc *self, vipc_cap memory, const vipc_map_desc *desc, vipc_mapping *out) { CALL(SYS3, SYS_MAP, memory.token, desc, out); }
vipc_error vipc_unmap(vipc *self, const vipc_mapping *mapping, vipc_time deadline) { CALL(SYS2, SYS_UNMAP, mapping, deadline); }
vipc_error vipc_node_usage(vipc *self, uint32_t node, uint64_t *bytes) { CALL(SYS2, SYS_NODE_USAGE, node, bytes); }
vipc_error vipc_object_open(vipc *self, const char *name, uint32_t flags, uint32_t mode, vipc_cap *out, vipc_time deadline)
{
    CALL(SYS5, SYS_OBJECT_OPEN, name, flags, mode, out, deadline);
}
vipc_error vipc_object_unlink(vipc *self, const char *name) { CALL(SYS1, SYS_OBJECT_UNLINK, name); }
vipc_error vipc_object_truncate(vipc *self, vipc_cap object, uint64_t size, vipc_time deadline) { CALL(SYS3, SYS_OBJECT_TRUNCATE, object.token, size, deadline); }
vipc_error vipc_object_get(vipc *self, vipc_cap object, vipc_object_stat *out) { CALL(SYS2, SYS_OBJECT_GET, object.token, out); }
vipc_error vipc_object_count(vipc *self, uint32_t *out) { CALL(SYS1, SYS_OBJECT_COUNT, out); }

/* ---- the kernel's own ---- */
int64_t fork_process(vipc *self, const vipc_cap *initial, uint32_t count, vipc_cap *process)
{
    int64_t fork_(const vipc_cap *initial, uint64_t count, uint64_t *process, uint64_t number);
    vipc_error open = is_open(self);
    uint64_t token = 0;
    if (open != VIPC_OK) return open;
    (void)fflush(stdout);
    int64_t pid = fork_(initial, count, &token, SYS_FORK);
    if (pid == 0) self->pid = (uint64_t)SYS0(SYS_SELF);
    if (process) process->token = token;
    return pid;
}
vipc_error spawn(const char *program, const char *arguments, int priority, vipc_cap *process, vipc_pid *pid)
{
    (void)fflush(stdout);
    return (vipc_error)SYS5(SYS_SPAWN, program, arguments, priority, process, pid);
}
vipc_error wait_for(vipc_pid pid, uint64_t *status, vipc_time deadline) { return (vipc_error)SYS3(SYS_WAIT, pid.id, status, deadline); }
void yield(void) { (void)SYS0(SYS_YIELD); }
void sleep_until(vipc_time deadline) { (void)SYS1(SYS_SLEEP, deadline); }
