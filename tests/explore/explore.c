/* explore.c - the header's own code under the interleaving explorer (explore.h says what is searched, and what a bound means).
 *
 *     ./explore NAME [-c capacity] [-p preemptions] [-k kills] [-s stops] [-t timeouts] [-w] [-n] [-x script] [-T seconds] [-R schedule]
 *     ./explore list
 *
 * A scenario is a script: one word of letters an actor, one letter an operation of the public interface (see `operations` below).
 * Every actor is a process of its own with one view.  Beside them stands the checker: it made the domain, owns the endpoint, never
 * dies and is never interrupted; it looks after each schedule, and beside an actor that stands still.
 *
 * After every schedule:
 *   - nobody is asleep beside what it waits for, no death is unnoticed, the lock is free, vipc_check finds nothing
 *   - every message whose send returned OK was received once with its content, or went with a receiver that died with it in hand, or
 *     with its endpoint; none whose send failed was received; none twice; those of one sender in order
 *   - a reply that was given with success came, and a message's capability came with it; no reply buffer is set aside, and no capability travels, for ever
 *   - the queue takes as many messages as it should, then no more, and gives them in order
 *   - when all is destroyed no frame is missing, and none was touched after it was given back
 *   - a message that was taken (vipc_take) is finished once, or was received by somebody, marked, or is in the queue again; no death loses one that is in hand
 * While it runs:
 *   - "empty" is said only if there was a moment in that call without a message (an urgent one is there once its sender has said so), "full" only if there was one without room
 *   - a slot's word changes only as a claim allows
 *   - after a revoke or destroy has returned nothing takes effect through what it ended
 *   - the others pass three laps of messages while one stands still
 *   - a message is in one hand at a time, and vipc_done of one who was not revoked, bound away or destroyed succeeds; what came back is taken first
 * -w makes the words of messages scheduling points too; -n searches twice,
 * the second time going into known states again, and compares the sets of states at the end (slow: small bounds only).  Exit: 0 fine, 1 a failure (shown), 2 usage, 3 cut off by -T. */
#define X_WORLD 24576
#include "explore.h"
#define VIPC_SKIP_MAX 16                    /* the queues are short: a smaller array on the stack is hashed faster */
#define VIPCI_PATIENCE_MAX 2                /* turns of a spin at a call that is about to be answered: few, each is a choice */
#define VIPC_STATIC
#define VIPC_UNSTABLE
#define VERIDIAN_IPC_IMPLEMENTATION
#ifndef HEADER
#define HEADER "../../veridian_ipc.h"
#endif
#include HEADER

#define ACTORS X_ACTORS
#define CHECKER X_ACTORS                    /* index of its view */
#define FRAMES 6
#define PAGE 256
#define POISON 0xdb
#define MESSAGES 64
#define MS 1000000u

typedef struct world {
    unsigned char domain[15360] __attribute__((aligned(64)));
    unsigned char frames[FRAMES][PAGE] __attribute__((aligned(PAGE)));
    vipc view[ACTORS + 1];
    vipc_cap door[ACTORS + 1], in[ACTORS + 1], second[ACTORS + 1], set[ACTORS], process[ACTORS];     /* door: to send; in: to receive, the same but for a channel */
    vipc_hand hand[ACTORS];
    vipc_cap limited[ACTORS + 1];           /* two messages a second: each actor's a child of the checker's, but for who may be revoked */
    /* what is noted about the run; part of the world, because it decides the verdict */
    uint64_t taken;                         /* frames, one bit each */
    uint64_t tried, sent, refused, got;     /* messages: one bit each */
    uint64_t seen;                          /* vipc_take has shown it to somebody */
    uint32_t bell;                          /* changes when somebody dies: what a reaper sleeps on */
    uint32_t revoked, ended;                /* a revoke, a destroy has returned */
    uint8_t op[ACTORS + 2];                 /* letter under way, 0: none */
    uint8_t seq[ACTORS + 2];                /* messages begun */
    uint8_t latest[2][ACTORS + 2];          /* of each sender, urgent ones apart: the highest number whose receive has returned, + 1 */
    uint8_t before[ACTORS + 2][2][ACTORS + 2];      /* of each receiver: `latest` when its receive began */
    uint64_t pressing;                      /* messages that are urgent */
    uint8_t none_urgent[ACTORS + 2];        /* receivers: there was a moment in that call when nothing urgent had been sent and was there */
    uint8_t was_full_urgent[ACTORS + 2];
    uint8_t was_empty[ACTORS + 2], was_full[ACTORS + 2], kept[ACTORS + 2];
    uint8_t holds[ACTORS + 2];              /* message in hand, + 1 */
    uint8_t none_back[ACTORS + 2];          /* takers: there was a moment in that call when nothing that had come back was in the queue */
    uint64_t rung, heard;                   /* bits whose signal returned OK; bits taken */
    uint64_t dropped;                       /* messages that a sender has taken to make room */
    uint8_t no_victim[ACTORS + 2];          /* there was a moment in this call when all slots were in somebody's hands */
    uint32_t told;                          /* sum of vipc_info.dropped */
    uint8_t allowed;                        /* sends by limited ones that returned OK */
    uint8_t answered[ACTORS + 2];           /* callers: requests, one bit each, for which a reply returned OK to its server */
    uint8_t freed[ACTORS + 2];              /* a receive has freed the slot, and has not returned yet */
    uint64_t carried;                       /* messages that were sent with a capability */
    uint8_t disturbed;                      /* somebody died, or claims were undone: verdicts may be early */
    /* threads of a kernel, all on one CPU as the fast path sees it */
    uint32_t ready[ACTORS];                 /* what a parked one sleeps on: 1: made ready, to make its step again; 2: resumed by a fast path */
    uint8_t parks[ACTORS + 2];              /* its image is complete: it may be resumed */
    vipc_message words[ACTORS];             /* its registers, as a fast path has left them */
    vipc_fast gift[ACTORS];
    uint64_t end;
} world;
static world *const W = (world *)(void *)x_world;
typedef char world_fits[sizeof(world) <= X_WORLD ? 1 : -1];

typedef struct scenario { const char *name, *script, *says; int capacity, flags; } scenario;
enum { COLD = 1, PEEK_END = 2, CHANNEL = 4, DROPS = 8, KERNEL = 16 };       /* COLD: the queue has no frames yet; CHANNEL: sent with one end, received with the other;
                                             * DROPS: VIPC_FULL_DROP_OLDEST; KERNEL: actors are threads of a kernel: nobody is killed or stopped inside the core */
static const scenario scenarios[] = {
    { "ring", "ss,s,rr,r", "senders and receivers that never wait", 2, 0 },
    { "ring3", "ss,s,rr", "the same with three", 2, 0 },
    { "lap", "srsrs,r,s", "one laps the other two", 2, 0 },
    { "order", "ss,r,r", "one sender, two receivers", 2, 0 },
    { "reap", "s,s,r,w", "with one who cleans up", 2, 0 },
    { "reap2", "ss,r,w,w", "with two who clean up", 2, 0 },
    { "block", "R,R,S,S", "sleeping receivers", 2, 0 },
    { "block3", "R,R,SS", "sleeping receivers, one sender", 2, 0 },
    { "room", "SS,S,RRR", "sleeping senders", 1, 0 },
    { "timeout", "Q,R,S,s", "a receiver gives up while it is chosen", 2, 0 },
    { "timeout_room", "T,S,rr", "a sender gives up while it is chosen", 1, 0 },
    { "cancel", "R,!,S", "a cancelled sleeper", 2, 0 },
    { "gate_revoke", "ss,s,v,r", "revoke against use", 2, 0 },
    { "gate_revoke_sleep", "R,v,S", "revoke against a sleeper", 2, 0 },
    { "gate_destroy", "s,s,D,r", "destroy against use", 2, 0 },
    { "gate_destroy_sleep", "R,D,S", "destroy against sleepers", 1, 0 },
    { "gate_both", "s,v,D", "revoke against destroy", 2, 0 },
    { "bind", "r,B,s", "binding against a receive under way", 2, 0 },
    { "lock", "x,g,e", "the slow path", 2, 0 },
    { "lock_reap", "x,e,w", "the slow path, with one who cleans up", 2, 0 },
    { "call", "c,a", "a call and its answer", 2, 0 },
    { "call2", "c,c,aa", "two callers", 2, 0 },
    { "servers", "c,a,a", "two servers", 2, 0 },
    { "call_timeout", "C,a", "a caller that gives up", 2, 0 },
    { "call_twice", "CC,aa", "and calls again while its first server is late", 2, 0 },
    { "ack", "zz,r,r", "acknowledged sends", 2, 0 },
    { "ack_destroy", "z,r,D", "destroy against one", 2, 0 },
    { "ack_sleep", "z,R", "with one who sleeps to receive", 2, 0 },
    { "drop", "c,d", "a server that refuses", 2, 0 },
    { "refuse", "c,n", "a receiver that cannot answer", 2, 0 },
    { "hold", "c,h", "a server that never answers", 2, 0 },
    { "call_destroy", "c,a,D", "destroy against a call", 2, 0 },
    { "deadlock", "o,o", "two that call each other", 2, 0 },
    { "carry", "k,r", "a capability in a message", 2, 0 },
    { "carry2", "k,r,r", "and two who would have it", 2, 0 },
    { "carry_call", "i,j", "capabilities in a call and its answer", 2, 0 },
    { "carry_revoke", "k,r,v", "revoked on its way", 2, 0 },
    { "names", "l,p", "look-up before publishing", 2, 0 },
    { "names2", "l,p,u", "and unpublishing", 2, 0 },
    { "first", "s,s,r", "first use of a queue", 2, COLD },
    { "trim", "sr,m,s", "trim against use", 2, COLD },
    { "trim_sleep", "R,m,S", "trim against sleepers", 2, 0 },
    { "threads", "t,t,s", "views come and go", 2, 0 },
    { "limits", "$,$,$r", "three who share an allowance of two", 3, 0 },
    { "limits_full", "$,$,$r", "and sends that fail give it back", 1, 0 },
    { "limits_revoke", "$$,v,8r", "a charge against a revoke, and who takes the slot", 2, 0 },
    { "limits_reuse", "$,v8,r", "the same, by the revoker", 2, 0 },
    { "limits_chain", "7,7,$", "tighter ones below", 3, 0 },
    { "limits_carry", "&,r,v", "a limited capability in a message, revoked on its way", 2, 0 },
    { "leave", "c,L,r", "a process leaves", 2, 0 },
    { "attach", "A,s,w", "joining against reaping", 2, 0 },
    { "channel", "ss,D,rr", "a channel whose sending end is destroyed", 2, CHANNEL },
    { "channel2", "s,s,D,r", "with two senders", 2, CHANNEL },
    { "channel_sleep", "R,D,S", "against one who sleeps to receive", 2, CHANNEL },
    { "channel_room", "SS,D,r", "against one who sleeps to send", 1, CHANNEL },
    { "channel_revoke", "ss,v,r", "revoke against use", 2, CHANNEL },
    { "channel_revoke_room", "SS,v", "revoke against one who sleeps to send", 1, CHANNEL },
    { "channel_call", "c,a,D", "a call through it", 2, CHANNEL },
    { "channel_any", "V,D,s", "a wait for several things", 2, CHANNEL },
    { "notify", "W,N,N", "one waits for bits, two signal", 2, 0 },
    { "notify2", "W,W,NN", "two wait for bits", 2, 0 },
    { "notify_reap", "W,N,w", "with one who cleans up", 2, 0 },
    { "any", "V,N,s", "a wait for several things", 2, 0 },
    { "any1", "V,s", "for one of which a message comes", 2, 0 },
    { "any2", "V,R,S", "beside one who waits for one of them", 2, 0 },
    { "any_choice", "V,R,Ss", "beside one who is chosen, and has what came", 2, 0 },
    { "any3", "V,V,N", "two who wait for several", 2, 0 },
    { "set", "E,N,s", "a wait set", 2, 0 },
    { "set2", "EE,s,r", "that is emptied meanwhile", 2, 0 },
    { "set_add", "G,s,N", "put in, waited for, taken out", 2, 0 },
    { "set_reap", "E,s,w", "with one who cleans up", 2, 0 },
    { "set_destroy", "E,s,D", "whose endpoint is destroyed", 2, 0 },
    { "watch", "W,P,x", "a watch on one who dies or leaves", 2, 0 },
    { "take", "ss,yf,yb,w", "messages in hand, finished and put back", 2, 0 },
    { "take_wait", "Yf,Yb,S,w", "the same, waiting", 2, 0 },
    { "take_lap", "syb,srsrsr,w", "a round of the queue goes by a message in hand", 3, 0 },
    { "take_front", "sybyf,ssrs,w", "what was put back comes first", 3, 0 },
    { "take_revoke", "syf,v,syf", "revoke against a hand, and beside one", 2, 0 },
    { "take_bind", "syf,B,s", "binding against a hand", 2, 0 },
    { "take_destroy", "syf,D,s", "destroy against a hand", 2, 0 },
    { "take_trim", "syf,m,s", "trim against a hand", 2, 0 },
    { "take_leave", "syL,yf", "one leaves with a message in hand", 2, 0 },
    { "take_call", "c,yf,s", "a call is no job", 2, 0 },
    { "drop_oldest", "ss,s,r", "a full queue drops its oldest message", 1, DROPS },
    { "drop_two", "sss,s,rr", "two who drop", 2, DROPS },
    { "drop_sleep", "R,ss,s", "dropping beside a sleeper", 1, DROPS },
    { "drop_call", "c,s,a", "a call that is dropped", 1, DROPS },
    { "drop_carry", "k,s,r", "a capability that is dropped", 1, DROPS },
    { "drop_revoke", "ss,v,r", "revoke against dropping", 1, DROPS },
    { "drop_destroy", "ss,D,s", "destroy against dropping", 1, DROPS },
    { "urgent", "Hs,H,rr", "urgent messages", 2, 0 },
    { "urgent_two", "H,H,r,r", "two receivers", 2, 0 },
    { "urgent_order", "HH,sr,r", "beside others", 2, 0 },
    { "urgent_sleep", "R,H,s", "against one who sleeps to receive", 2, 0 },
    { "urgent_room", "22,2,rr", "against those who sleep to send", 1, 0 },
    { "urgent_rooms", "S2,2S,rr", "in both lanes", 1, 0 },
    { "urgent_first", "H,H,r", "first use of the lane", 2, COLD },
    { "urgent_trim", "Hr,m,H", "trim against use", 2, COLD },
    { "urgent_revoke", "HH,v,r", "revoke against use", 2, 0 },
    { "urgent_revoke_sleep", "2,v,H", "revoke against a sleeper", 1, 0 },
    { "urgent_destroy", "H,2,D,r", "destroy against use", 1, 0 },
    { "urgent_reap", "H,r,r,w", "with one who cleans up", 2, 0 },
    { "urgent_take", "Hyb,Hyf,w", "messages in hand", 2, 0 },
    { "urgent_any", "V,H,r", "a wait for several things", 2, 0 },
    { "urgent_set", "E,H,r", "a wait set", 2, 0 },
    { "urgent_channel", "Hs,D,rr", "through a channel whose sending end is destroyed", 2, CHANNEL },
    { "urgent_drop", "HH,H,r", "a full lane drops its oldest message", 1, DROPS },
    { "batch", "33,5,5", "many at once, now", 3, 0 },
    { "batch_mixed", "3,s,5,r", "beside single ones", 3, 0 },
    { "batch_wait", "4,6", "many at once, waiting", 2, 0 },
    { "batch_block", "R,R,3", "a batch wakes several receivers", 3, 0 },
    { "batch_room", "3S,S,5", "a batch wakes several senders", 3, 0 },
    { "batch_revoke", "4,v,5", "revoke against a batch", 3, 0 },
    { "batch_revoke_receive", "5,v,3", "revoke against receiving many", 3, 0 },
    { "batch_destroy", "3,D,6", "destroy against batches", 3, 0 },
    { "batch_drop", "4,s,5", "a batch that drops", 2, DROPS },
    { "fast", "FF,X", "calls and answers by the fast path", 2, KERNEL },
    { "fast_cold", "F,X", "at an endpoint that has no queue", 2, COLD | KERNEL },
    { "fast_two", "F,F,X", "two callers", 2, KERNEL },
    { "fast_servers", "F,X,X", "two servers", 2, KERNEL },
    { "fast_send", "F,S,X", "against a send on another CPU", 2, KERNEL },
    { "fast_slow", "F,c,X", "against a call on another CPU", 2, KERNEL },
    { "fast_send_cold", "F,S,X", "against the first send ever", 2, COLD | KERNEL },
    { "fast_revoke", "F,v,X", "against a revoke of the caller's capability", 2, COLD | KERNEL },
    { "fast_revoke_server", "X,v,F", "against a revoke of the server's", 2, COLD | KERNEL },
    { "fast_cancel", "F,!,X", "against a cancel of the caller", 2, COLD | KERNEL },
    { "fast_cancel_held", "F,!,q", "whose server never answers", 2, COLD | KERNEL },
    { "fast_cancel_server", "X,!,F", "against a cancel of the server", 2, COLD | KERNEL },
    { "fast_timeout", "U,X", "against a deadline of the caller's", 2, COLD | KERNEL },
    { "fast_choice", "F,S,X,Q", "beside one who is chosen, and gives up", 2, KERNEL },
    { "fast_twice", "UF,X", "who then calls again", 2, COLD | KERNEL },
    { "fast_destroy", "F,D,X", "against destroy", 2, COLD | KERNEL },
    { "fast_bind", "F,B,X", "against a binding to another process", 2, COLD | KERNEL },
    { "fast_trim", "F,m,X", "against trim", 2, KERNEL },
    { "fast_urgent", "F,H,X", "against an urgent send on another CPU", 2, KERNEL },
    { "fast_other", "F,1,X", "against an answer of the server's other thread", 2, COLD | KERNEL },
    { "park", "q,q,S,S", "parked receivers, and senders on other CPUs", 2, KERNEL },
    { "park_cancel", "q,!,S,q", "one of whom is cancelled", 2, KERNEL },
    { "park_room", "F,rr", "a call that parks for room", 1, KERNEL },
    { "batch_carry", "k,6", "receiving many, the first with a capability", 2, 0 },
    { "many", "K,Z", "three capabilities in a message", 2, 0 },
    { "many2", "K,Z,Z", "and two who would have them", 2, 0 },
    { "many_reap", "K,Z,w", "with one who cleans up", 2, 0 },
    { "many_revoke", "K,Z,v", "revoked on their way", 2, 0 },
    { "many_destroy", "K,Z,D", "destroy against them", 2, 0 },
    { "many_small", "K,r,Z", "and one who has room for one", 2, 0 },
    { "many_drop", "K,s,Z", "that are dropped", 1, DROPS },
    { "large", "I,O", "a call that is answered with a payload", 2, 0 },
    { "large_many", "I,J", "and with two capabilities", 2, 0 },
    { "large_small", "I,a", "or with words alone", 2, 0 },
    { "large_timeout", "MM,OO", "a caller that gives up, and calls again", 2, 0 },
    { "large_trim", "I,O,m", "trim against a call", 2, 0 },
    { "large_late", "M,O,m", "and against a late server", 2, 0 },
    { "large_leave", "ML,O,m", "a caller that gives up and leaves", 2, 0 },
    { "large_reap", "M,O,w", "with one who cleans up", 2, 0 },
};
static const struct { char letter; const char *does; } operations[] = {
    { 's', "send, now" }, { 'S', "send, waiting" }, { 'T', "send, with a deadline" },
    { 'r', "receive, now" }, { 'R', "receive, waiting" }, { 'Q', "receive, with a deadline" },
    { '3', "send three, now" }, { '4', "send three, waiting" }, { '5', "receive three, now" }, { '6', "receive three, waiting" },
    { 'c', "call" }, { 'C', "call, with a deadline" }, { 'o', "call an endpoint of the next actor's (each owns one)" }, { 'i', "call with a capability" },
    { 'a', "receive a request and answer" }, { 'd', "receive a request and refuse it" }, { 'n', "receive without info" }, { 'h', "receive a request and hold it" }, { 'j', "receive a request and answer with a capability" },
    { 'H', "send urgently, now" }, { '2', "send urgently, waiting" },
    { 'K', "send three capabilities, now" }, { 'Z', "receive whatever it carries, now" },
    { 'I', "call with room for a payload" }, { 'M', "the same, with a deadline" }, { 'O', "receive a request and answer with a payload" }, { 'J', "and with two capabilities" },
    { 'k', "send a capability, now" }, { 'z', "send, to be acknowledged" },
    { 'y', "take, now" }, { 'Y', "take, waiting" }, { 'f', "finish what is in hand" }, { 'b', "put it back" },
    { '&', "send a limited capability, now" },
    { '$', "send by a limited capability, now" }, { '7', "the same by a child with a limit of its own" }, { '8', "derive a limited one, send by it, close it" },
    { 'v', "revoke what actor 0 was given" }, { 'D', "destroy the endpoint" }, { 'B', "bind the endpoint to another process" },
    { 'x', "derive and close" }, { 'g', "grant to the next actor" }, { 'e', "create an endpoint and destroy it" },
    { 'p', "publish" }, { 'l', "look up, waiting" }, { 'u', "unpublish, if it is there" }, { 'm', "trim" },
    { 't', "thread enter and leave" }, { '0', "a thread enters, derives, closes and leaves" }, { 'L', "leave" }, { 'A', "attach and leave" }, { '!', "cancel actor 0" },
    { 'N', "signal a bit of one's own" }, { 'W', "wait for any bit" }, { 'V', "wait for a message or a bit, and take neither" }, { 'P', "watch the next actor" },
    { 'E', "wait with a set for a message or a bit, and take neither" }, { 'G', "the same with a set that is filled first, and emptied" }, { 'w', "clean up whenever somebody has died" }, { '9', "clean up, once" },
    { 'F', "call, by the fast path or parking" }, { 'U', "the same with a deadline" }, { 'X', "receive a request, parking; answer and receive by the fast path; answer" }, { 'q', "receive, parking" },
    { '1', "another thread of the next actor's process answers actor 0's call" },
};

static int capacity = 2, flags;
static char script[ACTORS][32];
static char all_letters[ACTORS * 32];
static bool has(char letter) { return strchr(all_letters, letter) != NULL; }
/* Is a record of somebody dead still claimed?  Its proof is what goes last. */
static bool unreaped(void)
{
    for (int a = 0; a < x_actors; a++)
        for (uint32_t i = 0; x_dead(a) && i < W->view[CHECKER].max_processes; i++)
            if (vipci_process_at(&W->view[CHECKER], i)->proof == (uint64_t)a + 1) return true;
    return false;
}

/* ---- hooks ---- */
static vipc_error hook_alloc(void *user, uint64_t count, uint64_t *first)
{
    (void)user;
    for (uint64_t at = 0; at + count <= FRAMES; at++) {
        uint64_t run = ((1ull << count) - 1) << at;
        if (W->taken & run) continue;
        x_hook_point("hook frame_alloc: notes the run");
        x_put(first, 8, at, false);                            /* in order with the core's own stores */
        x_hook_point("hook frame_alloc: takes it");
        W->taken |= run;
        return VIPC_OK;
    }
    return VIPC_ERR_OUT_OF_MEMORY;
}
static void hook_free(void *user, uint64_t first, uint64_t count)
{
    (void)user;
    x_hook_point("hook frame_free");
    for (uint64_t i = first; i < first + count && i < FRAMES; i++)
        if (W->taken >> i & 1) { W->taken &= ~(1ull << i); memset(W->frames[i], POISON, PAGE); }
}
static void *hook_pointer(void *user, uint64_t first, uint64_t count) { (void)user; return first < FRAMES && count <= FRAMES - first ? W->frames[first] : NULL; }
static vipc_error hook_block(void *user, uint64_t self, uint32_t *word, uint32_t expected, vipc_time deadline)
{
    (void)user; (void)self;
    return x_block(word, expected, deadline) ? VIPC_OK : VIPC_ERR_TIMEOUT;
}
static void make_ready(int a, uint32_t how)
{
    if (!x_direct && W->ready[a]) x_fail("actor %d is resumed twice", a);
    if (!x_direct && !W->parks[a]) x_fail("actor %d is resumed, and was not parked", a);
    (void)x_read_write(&W->ready[a], 4, how, 0);
    x_wake(&W->ready[a]);
}
static void hook_wake(void *user, uint64_t target, uint32_t *word)
{
    (void)user;
    if (!(flags & KERNEL) || target - 1 >= (uint64_t)x_actors || !vipc_unpark(&W->view[target - 1])) x_wake(word);
    else make_ready((int)target - 1, 1);
}
static vipc_time hook_now(void *user) { (void)user; return x_now.clock + 1; }     /* never 0 */
static int hook_alive(void *user, uint64_t proof)
{
    (void)user;
    if (x_kills) x_hook_point("hook process_alive");
    return proof == 0 || proof > (uint64_t)x_actors || !x_dead((int)proof - 1);
}
static void hook_log(void *user, uint32_t level, uint32_t id, uint64_t a, uint64_t b)
{
    (void)user; (void)level;
    if (id == VIPC_LOG_REAPED) x_progress();
    if (!x_trace) return;
    if (id == VIPC_LOG_CHECK) printf("  -- vipc_check: violation %llu at %llu\n", (unsigned long long)a, (unsigned long long)b);
    if (id == VIPC_LOG_REAPED) printf("  -- reaped: pid %llu\n", (unsigned long long)a);
    if (id == VIPC_LOG_ROLLED_BACK) printf("  -- rolled back: %llu words of view %llu\n", (unsigned long long)b, (unsigned long long)a);
}
static const vipc_hooks hooks = { .size = sizeof(vipc_hooks), .frame_alloc = hook_alloc, .frame_free = hook_free, .frame_pointer = hook_pointer, .block = hook_block, .wake = hook_wake,
    .now = hook_now, .process_alive = hook_alive, .log = hook_log, .cpus = 1 };

/* ---- the queue, looked at from outside ---- */
static vipci_object *object(void) { return vipci_object_at(&W->view[CHECKER], flags & CHANNEL ? 1 : 0); }      /* where the queue is */
static vipci_slot *slots(void)
{
    uint64_t q = object()->queue;
    uint64_t first = (q >> 1) - 1;          /* trimmed, and the word is not yet known to be 0: no queue */
    return q && first < FRAMES && (W->taken >> first & 1) ? (vipci_slot *)(void *)W->frames[first] : NULL;
}
static int count_phase(uint32_t a, uint32_t b) { int n = 0; vipci_slot *s = slots(); for (int i = 0; s && i < capacity; i++) n += VIPCI_PHASE(s[i].state) == a || VIPCI_PHASE(s[i].state) == b; return n; }
static int lane(void) { return capacity < 2 ? 1 : 2; }          /* urgent slots: as many as fit a frame */
static vipci_slot *urgent_slots(void)
{
    uint64_t q = object()->urgent, first = (q >> 1) - 1;
    return q && !(q >> 63) && first < FRAMES && (W->taken >> first & 1) ? (vipci_slot *)(void *)(W->frames[first] + VIPCI_HINTS) : NULL;
}
static int count_urgent(uint32_t a, uint32_t b) { int n = 0; vipci_slot *s = urgent_slots(); for (int i = 0; s && i < lane(); i++) n += VIPCI_PHASE(s[i].state) == a || VIPCI_PHASE(s[i].state) == b; return n; }
static int urgent_ready(void) { return count_urgent(VIPCI_FULL, VIPCI_FULL_AGAIN); }
static int urgent_room(void) { return urgent_slots() ? count_urgent(VIPCI_FREE, VIPCI_FREE) : lane(); }
static int usual_ready(void) { return count_phase(VIPCI_FULL, VIPCI_FULL_AGAIN); }
static int ready(void) { return usual_ready() + (object()->shape & VIPCI_LANE ? urgent_ready() : 0); }      /* an urgent one is there once its sender has said so */
static int room(void) { return slots() ? count_phase(VIPCI_FREE, VIPCI_FREE) : capacity; }
static uint64_t bits(void) { return vipci_object_at(&W->view[CHECKER], flags & CHANNEL ? 2 : 1)->tail; }       /* of the notification */
static uint64_t position(int i) { return (slots()[i].state >> 19) * (uint64_t)capacity + (uint64_t)i; }
static bool full_now(void)
{
    bool full = room() == 0;
    vipci_slot *s = slots();
    for (int i = 0; s && i < capacity && !full; i++)           /* an older message overtaken by younger ones that are gone already */
        for (int j = 0; j < capacity; j++)
            if ((VIPCI_PHASE(s[i].state) == VIPCI_FULL || VIPCI_PHASE(s[i].state) == VIPCI_FULL_AGAIN) && VIPCI_PHASE(s[j].state) == VIPCI_FREE && position(i) + (uint64_t)capacity < position(j)) full = true;
    return full;
}
static bool others_urgent(int a)            /* is another sending, or giving back, something urgent? */
{
    for (int b = 0; b < x_actors; b++) if (b != a && W->op[b] && strchr("H2rRyYbvBwDqXZ", W->op[b])) return true;
    return false;
}
static void note_queue(void)
{
    bool empty = ready() == 0, full = full_now(), back = count_phase(VIPCI_FULL_AGAIN, VIPCI_FULL_AGAIN) + count_urgent(VIPCI_FULL_AGAIN, VIPCI_FULL_AGAIN) != 0;
    for (int a = 0; a < x_actors; a++) if (W->op[a]) { W->was_full_urgent[a] |= urgent_room() == 0; W->none_urgent[a] |= urgent_ready() == 0 || others_urgent(a); W->was_empty[a] |= empty; W->was_full[a] |= full; W->no_victim[a] |= (usual_ready() == 0 && room() == 0) || (urgent_ready() == 0 && urgent_room() == 0); W->none_back[a] |= !back; }
}
/* A message that a sender takes is dropped: only if the queue was full, and nobody receives it. */
static void note_drop(void *word, uint64_t from, uint64_t to, uint32_t owner, bool take, bool urgent)
{
    uint32_t id = (uint32_t)(((vipci_slot *)word)->body.head >> 32) - 0x5000;
    for (int a = 0; a < x_actors; a++) {
        if (!W->op[a] || !strchr("sSTkcCi34H2KIM", W->op[a])) continue;
        if (VIPCI_PHASE(to) == VIPCI_READING && (VIPCI_PHASE(from) == VIPCI_FULL || VIPCI_PHASE(from) == VIPCI_FULL_AGAIN) && VIPCI_OWNER(to) == W->view[a].view + 1 && !(urgent ? W->was_full_urgent : W->was_full)[a] && !W->disturbed)
            x_fail("a message is dropped, though there was room all the time");
        if (!take || owner != W->view[a].view) continue;
        if (id < 64 && (W->got | W->dropped) >> id & 1) x_fail("message %u.%u is dropped, and was received or dropped before", id / 8, id % 8);
        if (id < 64) W->dropped |= 1ull << id;
    }
}
/* May a slot's word go from one to the other?  Laps only grow, and what is free or full is claimed before it changes. */
static bool legal(uint64_t from, uint64_t to)
{
    static const uint8_t next[8] = { [VIPCI_FREE] = 1 << VIPCI_WRITING, [VIPCI_WRITING] = 1 << VIPCI_FULL | 1 << VIPCI_FREE | 1 << VIPCI_LATE_W,
        [VIPCI_LATE_W] = 1 << VIPCI_FREE | 1 << VIPCI_LATE_W, [VIPCI_FULL] = 1 << VIPCI_READING, [VIPCI_FULL_AGAIN] = 1 << VIPCI_READING,
        [VIPCI_READING] = 1 << VIPCI_FREE | 1 << VIPCI_FULL | 1 << VIPCI_FULL_AGAIN | 1 << VIPCI_READING | 1 << VIPCI_LATE_R,
        [VIPCI_LATE_R] = 1 << VIPCI_FREE | 1 << VIPCI_FULL | 1 << VIPCI_FULL_AGAIN | 1 << VIPCI_READING | 1 << VIPCI_LATE_R };
    return (next[VIPCI_PHASE(from)] >> VIPCI_PHASE(to) & 1) && vipci_ahead(to & VIPCI_LAPS, from & VIPCI_LAPS) >= (VIPCI_PHASE(to) == VIPCI_FREE ? (int64_t)VIPCI_LAP : 0);
}
/* Somebody takes a thread that is parked for a message: a fast call has taken effect. */
static void fast_call_made(void)
{
    if (W->ended) x_fail("a fast call was made after destroy had returned");
    if (W->revoked && (x_cur == 0 || strchr(script[0], 'X'))) x_fail("a fast call was made after revoke had returned");
}
static void x_changed(void *word, uint64_t from, uint64_t to)
{
    vipci_slot *s = slots();
    const unsigned char *cells = W->view[CHECKER].cells;
    if ((unsigned char *)word >= cells && (unsigned char *)word < cells + 8 * W->view[CHECKER].max_threads) {
        if (!x_direct && (from & 3) == VIPCI_WAITING && to == VIPCI_AWAKE && (from >> 32 & 7) == VIPCI_FOR_MESSAGE && strchr("FU", W->op[x_cur])) fast_call_made();
        return;
    }
    int count = capacity;
    if (urgent_slots() && (vipci_slot *)word >= urgent_slots() && (vipci_slot *)word < urgent_slots() + lane()) { s = urgent_slots(); count = lane(); }
    if (!s || (unsigned char *)word < (unsigned char *)s || (vipci_slot *)word >= s + count || ((unsigned char *)word - (unsigned char *)s) % sizeof(vipci_slot)) return;
    bool commit = VIPCI_PHASE(from) == VIPCI_WRITING && VIPCI_PHASE(to) == VIPCI_FULL;
    bool take = (VIPCI_PHASE(from) == VIPCI_READING || VIPCI_PHASE(from) == VIPCI_LATE_R) && VIPCI_PHASE(to) == VIPCI_FREE;
    uint32_t owner = VIPCI_OWNER(from) - 1;
    if ((commit || take) && !x_direct) {
        if (W->ended && (commit || !(flags & CHANNEL))) x_fail("a message was %s after destroy had returned", commit ? "sent" : "taken");
        if (W->revoked && owner == W->view[0].view && has('v') && !strchr(script[0], '8')) x_fail("a message was %s after revoke had returned", commit ? "sent" : "taken");
    }
    if (flags & DROPS) note_drop(word, from, to, owner, take, s == urgent_slots());
    if (!legal(from, to)) x_fail("a slot went from phase %u to %u", VIPCI_PHASE(from), VIPCI_PHASE(to));
    if (take && !x_direct) for (int a = 0; a < x_actors; a++) if (W->view[a].view == owner) W->freed[a] |= !strchr("sSTkcCi34H2KIM", W->op[a]);
    if (VIPCI_PHASE(to) == VIPCI_LATE_W || ((VIPCI_PHASE(from) == VIPCI_READING || VIPCI_PHASE(from) == VIPCI_LATE_R) && VIPCI_PHASE(to) != VIPCI_FREE)) W->disturbed = W->disturbed || VIPCI_PHASE(to) != VIPCI_LATE_R;
    note_queue();
}
static void touch(const void *p, bool write)
{
    size_t at = (size_t)((const unsigned char *)p - W->frames[0]);
    if (!write && (flags & KERNEL)) return;  /* a fast path may look at a slot that is gone; the hook's contract lets it */
    if (at < sizeof W->frames && !(W->taken >> at / PAGE & 1)) x_fail("a frame is %s after it was given back", write ? "written" : "read");
}

/* ---- operations ---- */
static vipc_message message(int actor, int seq)
{
    vipc_message m = VIPC_INIT;
    uint32_t id = (uint32_t)(actor * 8 + seq);
    m.opcode = 0x5000 + id;
    for (uint32_t i = 0; i < VIPC_MESSAGE_WORDS; i++) m.data[i] = (id + 1) * 0x0101010101010101ull + i;
    return m;
}
static uint64_t bit_of(int actor, int seq) { return 1ull << (actor * 8 + seq); }
static vipc *view(int a) { return &W->view[a]; }

static void sent(uint64_t bit, vipc_error e) { if (e == VIPC_OK) W->sent |= bit; else W->refused |= bit; }
static bool no_refill(void) { return x_now.clock < 400 * MS; }      /* of two a second */
static bool shares(int a) { return !(has('v') && a == 0); }
static vipc_error do_send_limited(int a, vipc_cap to)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq);
    W->tried |= bit_of(a, seq);
    vipc_error e = vipc_send(view(a), to, &m, VIPC_NOW);
    sent(bit_of(a, seq), e);
    return e;
}
static vipc_error do_send(int a, vipc_time deadline, bool carry)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq);
    W->tried |= bit_of(a, seq);
    if (carry) { m.flags |= VIPC_HAS_CAPABILITY; m.capability = W->second[a]; W->carried |= bit_of(a, seq); }
    vipc_error e = vipc_send(view(a), W->door[a], &m, deadline);
    sent(bit_of(a, seq), e);
    return e;
}
static vipc_error do_urgent(int a, vipc_time deadline)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq);
    W->tried |= bit_of(a, seq);
    W->pressing |= bit_of(a, seq);
    m.flags = VIPC_URGENT;
    vipc_error e = vipc_send(view(a), W->door[a], &m, deadline);
    sent(bit_of(a, seq), e);
    return e;
}
static vipc_error do_send_several(int a)
{
    int seq = W->seq[a]++;
    vipc_outgoing o = VIPC_INIT;
    o.message = message(a, seq);
    W->tried |= bit_of(a, seq);
    W->carried |= bit_of(a, seq);
    o.message.flags = VIPC_HAS_CAPABILITY;
    o.message.capability = o.caps[0] = o.caps[1] = W->second[a];
    o.cap_count = 2;
    vipc_error e = vipc_send_large(view(a), W->door[a], &o, VIPC_NOW);
    sent(bit_of(a, seq), e);
    return e;
}
static vipc_error do_acked(int a)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq);
    W->tried |= bit_of(a, seq);
    m.flags = VIPC_NEEDS_ACK;
    vipc_error e = vipc_send(view(a), W->door[a], &m, VIPC_FOREVER);

    sent(bit_of(a, seq), e == VIPC_ERR_PEER_DEAD ? VIPC_OK : e);   /* then somebody has it, and died over it */
    if (e == VIPC_ERR_PEER_DEAD) W->sent &= ~bit_of(a, seq);
    return e;
}
static bool undone(int a) { return has('B') || (has('v') && a == 0); }     /* may be: its takes are */
/* Was it in a hand before?  Then it is marked, and no longer there. */
static void judge_seen(int a, uint32_t id, bool marked)
{
    if ((W->seen >> id & 1) && !marked) x_fail("a message that was in hand came back unmarked");
    for (int b = 0; b < x_actors; b++)
        if (b != a && W->holds[b] == id + 1 && !x_dead(b) && !undone(a) && !undone(b)) x_fail("a message is in two hands");
}
/* A message came: is it whole, and did it come once and in its turn? */
static void judge(int a, const vipc_message *m, const vipc_info *info)
{
    uint32_t id = m->opcode - 0x5000;
    int from = (int)(id / 8), seq = (int)(id % 8);
    if (id >= (uint32_t)x_actors * 8) x_fail("garbage received: opcode %x", m->opcode);
    vipc_message want = message(from, seq);
    if (memcmp(want.data, m->data, sizeof want.data) != 0) x_fail("message %d.%d has the wrong content", from, seq);
    if (!(W->tried >> id & 1)) x_fail("message %d.%d was received and never sent", from, seq);
    if (W->refused >> id & 1) x_fail("message %d.%d was received though its send had failed", from, seq);
    if (W->got >> id & 1) x_fail("message %d.%d was received twice", from, seq);
    if (W->dropped >> id & 1) x_fail("message %d.%d was received, and had been dropped", from, seq);
    if (info) W->told += info->dropped;
    if (info && info->sender.id != W->view[from].pid) x_fail("message %d.%d names another sender", from, seq);
    judge_seen(a, id, !info || info->redelivered);
    if ((W->carried >> id & 1) && !(m->flags & VIPC_HAS_CAPABILITY) && !has('v') && !has('D')) x_fail("message %d.%d came without its capability", from, seq);
    W->got |= 1ull << id;
    W->freed[a] = 0;
    bool urgent = W->pressing >> id & 1;
    if (urgent != ((m->flags & VIPC_URGENT) != 0)) x_fail("message %d.%d has the wrong flags", from, seq);
    if (!urgent && a < x_actors && strchr("rRyY", W->op[a]) && !W->none_urgent[a] && !W->disturbed) x_fail("message %d.%d was received before an urgent one that was there all the time", from, seq);
    if (info && !info->redelivered && !W->disturbed && W->before[a][urgent][from] > seq) x_fail("message %d.%d came after a later one of its sender had been received", from, seq);
    if (W->latest[urgent][from] < seq + 1) W->latest[urgent][from] = (uint8_t)(seq + 1);
}
static void begin_receive(int a) { memcpy(W->before[a], W->latest, sizeof W->latest); }
static vipc_error do_receive(int a, vipc_time deadline, bool with_info, vipc_info *info)
{
    vipc_message m;
    vipc_info own;
    begin_receive(a);
    vipc_error e = vipc_receive(view(a), W->in[a], &m, with_info ? info ? info : &own : NULL, deadline);
    if (e != VIPC_OK) return e;
    judge(a, &m, with_info ? info ? info : &own : NULL);
    if (m.flags & VIPC_HAS_CAPABILITY) {
        if (vipc_cap_require(view(a), m.capability, VIPC_TYPE_ENDPOINT, 0) != VIPC_OK && !has('v') && !has('D')) x_fail("the capability that came with a message is not valid");
        (void)vipc_close(view(a), m.capability);
    }
    return e;
}
static void judge_several(int a, const vipc_incoming *m, uint32_t want_count)
{
    if (m->info.cap_count != want_count) x_fail("%u capabilities came, and %u were sent", m->info.cap_count, want_count);
    for (uint32_t i = 0; i < VIPC_MESSAGE_CAPS; i++) {
        if (i >= want_count && m->caps[i].token) x_fail("a capability from nowhere");
        if (i < want_count && vipc_cap_require(view(a), m->caps[i], VIPC_TYPE_ENDPOINT, 0) != VIPC_OK && !has('v') && !has('D')) x_fail("capability %u of a message is not valid", i);
        if (m->caps[i].token) (void)vipc_close(view(a), m->caps[i]);
    }
}
static vipc_error do_receive_several(int a, bool by_checker)
{
    vipc_incoming m = VIPC_INIT;
    vipc *v = by_checker ? view(CHECKER) : view(a);
    begin_receive(a);
    vipc_error e = vipc_receive_large(v, by_checker ? W->in[CHECKER] : W->in[a], &m, VIPC_NOW);
    if (e != VIPC_OK) return e;
    judge(a, &m.message, &m.info);
    uint32_t id = m.message.opcode - 0x5000;
    if (m.info.reply.token) (void)vipc_reply_drop(v, m.info.reply, VIPC_ERR_CANCELLED);
    if (by_checker) for (uint32_t i = 0; i < m.info.cap_count; i++) { if (m.caps[i].token) (void)vipc_close(v, m.caps[i]); }
    else judge_several(a, &m, W->carried >> id & 1 ? 3 : 0);
    return e;
}
/* With others in the middle of something what came back may not be all there yet. */
static bool alone(int a)
{
    for (int b = 0; b < x_actors; b++) if (b != a && W->op[b] && !(x_asleep(b) && W->op[b] == 'w')) return false;
    return !unreaped();
}
static vipc_error do_take(int a, vipc_time deadline)
{
    vipc_incoming m = VIPC_INIT;
    bool first = alone(a);
    begin_receive(a);
    vipc_error e = vipc_take(view(a), W->door[a], &m, &W->hand[a], deadline);
    if (W->holds[a]) { if (e != VIPC_ERR_RESOURCE_BUSY && e != VIPC_ERR_INVALID_CAPABILITY && e != VIPC_ERR_CLOSED) x_fail("actor %d took a second message: %s", a, vipc_error_string(e)); return VIPC_OK; }
    if (e != VIPC_OK) return e;
    if (m.info.reply.token) x_fail("a call was taken");
    if (first && !m.info.redelivered && !W->none_back[a]) x_fail("actor %d took a message before what had come back", a);
    uint64_t got = W->got, seen = W->seen;
    if (undone(a)) W->got = W->seen = 0;    /* it may have been before this call could return: vipc_done will say so */
    judge(a, &m.message, &m.info);
    W->holds[a] = (uint8_t)(m.message.opcode - 0x5000 + 1);
    W->got = got;                           /* not before it is finished */
    W->seen = seen | 1ull << (W->holds[a] - 1);
    return e;
}
static vipc_error do_done(int a, bool finished)
{
    if (!W->holds[a]) return VIPC_OK;
    uint64_t bit = 1ull << (W->holds[a] - 1);
    W->holds[a] |= finished ? 0 : 0x80;     /* under way: it may be in another hand before this one's call returns */
    vipc_error e = vipc_done(view(a), W->hand[a], finished);
    W->holds[a] = 0;
    if (e == VIPC_OK && finished && (W->got & bit)) x_fail("a message was finished twice");
    if (e == VIPC_OK && finished) W->got |= bit;
    if (vipc_done(view(a), W->hand[a], finished) != VIPC_ERR_INVALID_ARGUMENT) x_fail("a hand could be emptied twice");
    return e;
}
static vipc_error do_send_many(int a, uint32_t count, vipc_time deadline)
{
    vipc_message m[3];
    int first = W->seq[a];
    uint32_t n = 77;
    for (uint32_t k = 0; k < count; k++) {
        m[k] = message(a, W->seq[a]);
        W->tried |= bit_of(a, W->seq[a]++);
    }
    vipc_error e = vipc_send_many(view(a), W->door[a], m, count, &n, deadline);
    if (n > count || (e == VIPC_OK) != (n > 0)) x_fail("vipc_send_many says %u of %u were sent, and \"%s\"", n, count, vipc_error_string(e));
    for (uint32_t k = 0; k < count; k++) sent(bit_of(a, first + (int)k), k < n ? VIPC_OK : VIPC_ERR_CHANNEL_FULL);
    return e;
}
static vipc_error do_receive_many(int a, uint32_t most, vipc_time deadline)
{
    vipc_message m[3];
    vipc_info info[3];
    uint32_t n = 77;
    begin_receive(a);
    vipc_error e = vipc_receive_many(view(a), W->door[a], m, info, most, &n, deadline);
    if (n > most || (e == VIPC_OK) != (n > 0)) x_fail("vipc_receive_many says %u of %u came, and \"%s\"", n, most, vipc_error_string(e));
    for (uint32_t k = 0; k < n; k++) {
        judge(a, &m[k], &info[k]);
        for (uint32_t i = 0; i < k; i++)
            if (m[i].opcode > m[k].opcode && m[i].opcode / 8 == m[k].opcode / 8 && !info[k].redelivered && !info[i].redelivered && !W->disturbed) x_fail("a batch of one sender's messages is out of order");
        if (m[k].flags & VIPC_HAS_CAPABILITY) (void)vipc_close(view(a), m[k].capability);
    }
    return e;
}
static vipc_error do_call(int a, vipc_cap door, vipc_time deadline, bool carry)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq), reply = VIPC_INIT;
    W->tried |= bit_of(a, seq);
    if (carry) { m.flags |= VIPC_HAS_CAPABILITY; m.capability = W->second[a]; W->carried |= bit_of(a, seq); }
    vipc_error e = vipc_call(view(a), door, &m, &reply, deadline);
    if (e == VIPC_ERR_CHANNEL_FULL) {
        if (W->got & bit_of(a, seq)) x_fail("a request was received, and its caller told that it was dropped");
        W->refused |= bit_of(a, seq);
    }
    if (e == VIPC_OK) {
        W->sent |= bit_of(a, seq);
        if (reply.opcode != m.opcode + 0x1000 || reply.data[0] != ~m.data[0] || reply.data[3] != m.data[3] || !(reply.flags & VIPC_IS_REPLY)) x_fail("actor %d got the answer to another call", a);
        if (!(W->got & bit_of(a, seq))) x_fail("an answer to a request that nobody has received");
        if (reply.flags & VIPC_HAS_CAPABILITY) {
            if (vipc_cap_require(view(a), reply.capability, VIPC_TYPE_ENDPOINT, 0) != VIPC_OK) x_fail("the capability that came with a reply is not valid");
            (void)vipc_close(view(a), reply.capability);
        }
    }
    return e;
}
enum { LARGE = 24 };                        /* bytes of a reply's payload */
static void reply_payload(unsigned char to[LARGE], uint32_t id) { for (uint32_t i = 0; i < LARGE; i++) to[i] = (unsigned char)(id * 16 + i + 1); }
static vipc_error do_call_large(int a, vipc_time deadline)
{
    int seq = W->seq[a]++;
    unsigned char room[LARGE + 8], right[LARGE];
    vipc_outgoing o = VIPC_INIT;
    vipc_incoming in = VIPC_INIT;
    memset(room, 0, sizeof room);
    o.message = message(a, seq);
    in.payload = room;
    in.payload_capacity = sizeof room;
    W->tried |= bit_of(a, seq);
    vipc_error e = vipc_call_large(view(a), W->door[a], &o, &in, deadline);
    if (vipci_view_at(view(a), view(a)->view)->room) x_fail("a call is over, and its room still announced");
    if (e != VIPC_OK) return e;
    W->sent |= bit_of(a, seq);
    if (in.message.opcode != o.message.opcode + 0x1000 || in.message.data[0] != ~o.message.data[0] || !(in.message.flags & VIPC_IS_REPLY)) x_fail("actor %d got the answer to another call", a);
    if (!(W->got & bit_of(a, seq))) x_fail("an answer to a request that nobody has received");
    reply_payload(right, o.message.opcode & 15);
    if (in.info.payload_size ? in.info.payload_size != LARGE || memcmp(room, right, LARGE) != 0 : room[0] != 0) x_fail("the payload of a reply is another's");
    if (in.info.payload_size == 0 && !has('a')) x_fail("a reply without its payload");
    judge_several(a, &in, has('J') ? 2 : 0);
    return e;
}
static vipc_error do_answer_large(int a, bool several)
{
    vipc_incoming m = VIPC_INIT;
    vipc_outgoing o = VIPC_INIT;
    unsigned char bytes[LARGE];
    begin_receive(a);
    vipc_error e = vipc_receive_large(view(a), W->in[a], &m, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    judge(a, &m.message, &m.info);
    if (m.info.reply.token == 0) x_fail("a request without a reply right");
    o.message = m.message;
    o.message.opcode += 0x1000; o.message.flags = 0; o.message.data[0] = ~o.message.data[0];
    reply_payload(bytes, m.message.opcode & 15);
    o.payload = bytes;
    o.payload_size = LARGE;
    if (several) { o.caps[0] = o.caps[1] = W->second[a]; o.cap_count = 2; }
    e = vipc_reply_large(view(a), m.info.reply, &o);
    if (e == VIPC_OK) W->answered[(m.message.opcode - 0x5000) / 8] |= (uint8_t)(1u << (m.message.opcode - 0x5000) % 8);
    if (e == VIPC_OK && vipc_reply_large(view(a), m.info.reply, &o) == VIPC_OK) x_fail("a reply right could be used twice");
    if (e == VIPC_ERR_INVALID_ARGUMENT) x_fail("a good reply right was refused");
    return e;
}
static vipc_error do_answer(int a, char how)
{
    vipc_message m;
    vipc_info info;
    begin_receive(a);
    vipc_error e = vipc_receive(view(a), W->in[a], &m, &info, VIPC_FOREVER);
    if (e != VIPC_OK) return e;
    judge(a, &m, &info);
    if (m.flags & VIPC_HAS_CAPABILITY) (void)vipc_close(view(a), m.capability);
    if (info.reply.token == 0) { if (!has('s') && !has('S')) x_fail("a request without a reply right"); return VIPC_OK; }
    if (how == 'h') return VIPC_OK;
    if (how == 'd') return vipc_reply_drop(view(a), info.reply, VIPC_ERR_RATE_LIMIT);
    m.opcode += 0x1000; m.flags = 0; m.data[0] = ~m.data[0];
    if (how == 'j') { m.flags = VIPC_HAS_CAPABILITY; m.capability = W->second[a]; }
    e = vipc_reply(view(a), info.reply, &m);
    if (e == VIPC_OK) W->answered[(m.opcode - 0x6000) / 8] |= (uint8_t)(1u << (m.opcode - 0x6000) % 8);
    if (e == VIPC_OK && vipc_reply(view(a), info.reply, &m) == VIPC_OK) x_fail("a reply right could be used twice");
    if (e == VIPC_ERR_INVALID_ARGUMENT) x_fail("a good reply right was refused");
    return e;
}
/* ---- threads of a kernel ---- */
static const vipc_cpu cpu_zero = { (uint64_t)1 << 32 | 1, 1, 0 };
/* A fast path has run: what it said goes to `next` with the words, in the registers; the one who called is parked, or ready. */
static void switched(int a, vipc_message m, vipc_fast f)
{
    int to = (int)f.next - 1;
    bool ready = f.ready != 0;
    if (to < 0 || to >= x_actors || to == a) x_fail("a fast path would resume nobody");
    if (!W->parks[to] || W->ready[to]) x_fail("a fast path resumes actor %d, which is not parked", to);
    m.flags = f.flags;
    W->words[to] = m;
    W->gift[to] = f;
    if (ready) make_ready(a, 1);
    make_ready(to, 2);
}
/* One step of a thread, until it goes on in user mode; parked: it parked just now. */
static vipc_error parked_until(int a, bool call, const vipc_message *request, uint32_t parked, vipc_error e, vipc_message *m, vipc_info *info, vipc_time deadline)
{
    while (parked) {
        bool woken = x_block(&W->ready[a], 0, deadline);
        uint32_t how = W->ready[a];
        if (!woken && how == 0) {           /* the port's timer */
            if (!vipc_unpark(view(a))) { deadline = VIPC_FOREVER; continue; }      /* somebody else was faster */
            how = 1;
        }
        if (how == 0) continue;
        W->parks[a] = 0;
        (void)x_read_write(&W->ready[a], 4, 0, 0);
        if (how == 2) {
            *m = W->words[a];
            memset(info, 0, sizeof *info);
            info->sender = W->gift[a].sender; info->badge = W->gift[a].badge; info->reply = W->gift[a].reply;
            return VIPC_OK;
        }
        W->parks[a] = 1;
        if (call) e = vipc_park_call(view(a), &cpu_zero, W->door[a], request, m, deadline, &parked);
        else e = vipc_park_receive(view(a), &cpu_zero, W->in[a], m, info, deadline, &parked);
    }
    W->parks[a] = 0;
    return e;
}
static vipc_error do_fast_call(int a, vipc_time deadline)
{
    int seq = W->seq[a]++;
    vipc_message m = message(a, seq), reply = VIPC_INIT;
    vipc_info info;
    uint32_t parked = 1;
    vipc_error e = VIPC_ERR_WOULD_BLOCK;
    W->tried |= bit_of(a, seq);
    W->parks[a] = 1;
    vipc_fast f = vipc_fast_call(view(a), &cpu_zero, W->door[a], 0, VIPC_FOREVER);
    if (f.next) {
        switched(a, m, f);
    } else {
        e = vipc_park_call(view(a), &cpu_zero, W->door[a], &m, &reply, deadline, &parked);
    }
    e = parked_until(a, true, f.next ? NULL : &m, parked, e, &reply, &info, deadline);
    if (e == VIPC_OK) {
        W->sent |= bit_of(a, seq);
        if (reply.opcode != m.opcode + 0x1000 || reply.data[0] != ~m.data[0] || reply.data[3] != m.data[3] || !(reply.flags & VIPC_IS_REPLY)) x_fail("actor %d got the answer to another call", a);
        if (!(W->got & bit_of(a, seq))) x_fail("an answer to a request that nobody has received");
    }
    return e;
}
static vipc_error do_park_receive(int a, vipc_message *m, vipc_info *info)
{
    uint32_t parked = 0;
    begin_receive(a);
    W->parks[a] = 1;
    vipc_error e = vipc_park_receive(view(a), &cpu_zero, W->in[a], m, info, VIPC_FOREVER, &parked);
    e = parked_until(a, false, NULL, parked, e, m, info, VIPC_FOREVER);
    if (e == VIPC_OK) judge(a, m, info);
    return e;
}
static vipc_error do_serve(int a)
{
    vipc_message m, got;
    vipc_info info, next;
    uint32_t parked = 1;
    vipc_error e = do_park_receive(a, &m, &info);
    if (e != VIPC_OK || info.reply.token == 0) return e;
    m.opcode += 0x1000; m.flags = 0; m.data[0] = ~m.data[0];
    uint32_t id = m.opcode - 0x6000;
    begin_receive(a);
    W->parks[a] = 1;
    vipc_fast f = vipc_fast_reply_receive(view(a), &cpu_zero, info.reply, W->in[a], 0, VIPC_FOREVER);
    if (f.next) {
        W->answered[id / 8] |= (uint8_t)(1u << id % 8);
        switched(a, m, f);
        e = VIPC_ERR_WOULD_BLOCK;
    } else {
        e = vipc_park_reply_receive(view(a), &cpu_zero, info.reply, &m, W->in[a], &got, &next, VIPC_FOREVER, &parked);
    }
    e = parked_until(a, false, NULL, parked, e, &got, &next, VIPC_FOREVER);
    if (e == VIPC_OK) judge(a, &got, &next);
    if (vipc_fast_reply_receive(view(a), &cpu_zero, info.reply, W->in[a], 0, VIPC_FOREVER).next) x_fail("a reply right could be used twice");
    if (e != VIPC_OK || next.reply.token == 0) return e;
    got.opcode += 0x1000; got.flags = 0; got.data[0] = ~got.data[0];
    id = got.opcode - 0x6000;
    e = vipc_reply(view(a), next.reply, &got);
    if (e == VIPC_OK) W->answered[id / 8] |= (uint8_t)(1u << id % 8);
    return e;
}
/* Another thread of the next actor's process answers actor 0's call, if that has it in hand. */
static vipc_error do_answer_beside(int a)
{
    vipc more, *server = view((a + 1) % x_actors);
    vipc_error e = vipc_thread_enter(server, 200, &more);
    if (e != VIPC_OK) return e;
    uint64_t word = vipci_load64(&more, &vipci_view_at(&more, W->view[0].view)->call);
    int seq = W->seq[0] - 1;
    if (VIPCI_CALL_STATE(word) == VIPCI_TAKEN && VIPCI_CALL_SERVER(word) == server->view + 1 && seq >= 0 && (W->got & bit_of(0, seq))) {
        vipc_message m = message(0, seq);
        vipc_reply_right right = { (word >> 32) << 32 | (uint64_t)(W->view[0].view + 1) << 8 | 1 };
        m.opcode += 0x1000; m.data[0] = ~m.data[0];
        e = vipc_reply(&more, right, &m);
        if (e == VIPC_OK) W->answered[0] |= (uint8_t)(1u << seq);
        if (e == VIPC_ERR_CANCELLED) e = VIPC_OK;
    }
    (void)vipc_leave(&more);
    return e;
}
static void want(int a, char op, vipc_error e, const char *allowed)     /* allowed: error numbers in words of " -18 -20 " */
{
    char number[16];
    snprintf(number, sizeof number, " %d ", e);
    if (e != VIPC_OK && !strstr(allowed, number)) x_fail("actor %d, '%c': %s", a, op, vipc_error_string(e));
}
/* What an operation may say beside OK, given what else goes on. */
static const char *allowed(int a, char op)
{
    static char text[200];
    text[0] = 0;
    strcat(text, " ");
    if (has('v') && a == 0) strcat(text, "-1 ");
    if (has('D')) strcat(text, "-18 -1 ");
    if (has('B') && strchr("rRQyYfb", op)) strcat(text, "-9 ");
    if (has('!') && a == 0) strcat(text, "-20 ");
    if (strchr("sTk3$78&HK", op)) strcat(text, "-11 ");
    if (op == 'r' || op == 'y' || op == '5' || op == 'Z') strcat(text, "-12 ");
    if (op == 'r' && has('K')) strcat(text, "-4 ");
    if ((flags & DROPS) && strchr("S4cCi2", op)) strcat(text, "-11 ");
    if (strchr("srky35&HKZ", op) && (has('m') || has('k') || has('K') || has('&') || (flags & COLD))) strcat(text, "-15 ");    /* now, and the lock was not to be had */
    if (op == '$' || op == '7') strcat(text, "-7 ");
    if (op == 'Q' || op == 'T' || op == 'C' || op == 'M') strcat(text, "-8 ");
    if (op == 'C' || op == 'M') strcat(text, "-15 -19 ");
    if (op == 'U') strcat(text, "-8 -15 ");
    if (op == 'X') { strcat(text, "-20 "); if (has('B')) strcat(text, "-9 "); }
    if (op == 'z' && x_kills) strcat(text, "-19 ");
    if (strchr("cCioIM", op)) { if (x_kills || has('L')) strcat(text, "-19 "); if (has('d')) strcat(text, "-7 "); if (has('n') || has('y')) strcat(text, "-10 "); }
    if (op == 'o') strcat(text, "-21 -19 -18 ");
    if (strchr("adhjJO", op)) strcat(text, "-20 ");
    if (op == 'e' || op == 'k' || op == 'x' || op == '8' || op == '7' || op == '&' || op == 'g' || op == 'i' || op == 'j' || op == 'K' || op == 'J' || op == 'I') strcat(text, "-24 ");
    if (op == 'g') strcat(text, "-2 ");
    if (op == 'u') strcat(text, "-3 -9 ");
    if (op == 'D') strcat(text, "-6 -8 -15 ");
    return text;
}
static vipc_error do_other(int a, char op)
{
    vipc *v = view(a);
    vipc_cap c = VIPC_INIT;
    vipc_derive_desc d = VIPC_INIT;
    vipc_endpoint_desc q = VIPC_INIT;
    vipc_process_desc p = VIPC_INIT;
    vipc_pid other;
    vipc_error e;
    switch (op) {
    case 'v':
        e = vipc_revoke(v, W->door[a], VIPC_FOREVER);
        if (e == VIPC_OK) W->revoked = 1;
        return e;
    case 'D':
        e = vipc_destroy(v, W->door[a], VIPC_NOW);
        if (e == VIPC_OK || e == VIPC_ERR_WOULD_BLOCK) W->ended = 1;    /* WOULD_BLOCK: closed, its frames are still pinned */
        return e;
    case 'B': other.id = W->view[CHECKER].pid; return vipc_endpoint_bind(v, W->door[a], other);
    case 'x':
        d.rights = VIPC_RIGHT_SEND;
        e = vipc_derive(v, W->door[a], &d, &c);
        return e == VIPC_OK ? vipc_close(v, c) : e;
    case 'g': other.id = W->view[(a + 1) % x_actors].pid; return vipc_grant(v, W->door[a], other, NULL, &c);
    case 'e':
        q.capacity = 1; q.spin = 1;
        e = vipc_endpoint_create(v, &q, &c);
        return e == VIPC_OK ? vipc_destroy(v, c, VIPC_FOREVER) : e;
    case 'p': return vipc_publish(v, "n", W->door[a], VIPC_RIGHT_SEND);
    case 'u': return vipc_unpublish(v, "n");
    case 'l':
        e = vipc_lookup(v, "n", 0, &c, VIPC_FOREVER);
        if (e == VIPC_OK && vipc_cap_require(v, c, VIPC_TYPE_ENDPOINT, VIPC_RIGHT_SEND) != VIPC_OK && !x_now.kills && !has('u')) x_fail("what was looked up is not valid");
        return e;
    case 'm': return vipc_trim(v, NULL);
    case 't': case '0': {
        vipc more;
        e = vipc_thread_enter(v, 100 + (uint64_t)a, &more);
        d.rights = VIPC_RIGHT_SEND;
        if (e == VIPC_OK && op == '0' && vipc_derive(&more, W->door[a], &d, &c) == VIPC_OK) (void)vipc_close(&more, c);
        return e == VIPC_OK ? vipc_leave(&more) : e;
    }
    case '$': case '7':
        c = W->limited[a];
        if (op == '7') { d.limits.rate = 1; e = vipc_derive(v, c, &d, &c); if (e != VIPC_OK) return e; }
        e = do_send_limited(a, c);
        if (e == VIPC_OK) W->allowed = (uint8_t)(W->allowed + shares(a));
        if (e == VIPC_OK && shares(a) && W->allowed > 2 && no_refill()) x_fail("more was sent than the allowance");
        if (op == '7') (void)vipc_close(v, c);
        return e;
    case '8':
        d.limits.rate = 1;
        e = vipc_derive(v, W->door[a], &d, &c);
        if (e != VIPC_OK) return e;
        e = do_send_limited(a, c);
        if (e == VIPC_ERR_RATE_LIMIT) x_fail("somebody else has used up a new allowance");
        (void)vipc_close(v, c);
        return e;
    case 'L': W->holds[a] |= W->holds[a] ? 0x80 : 0; return vipc_leave(v);
    case 'A': {
        vipc more;
        p.proof = (uint64_t)a + 1;
        e = vipc_attach(&more, W->domain, sizeof W->domain, NULL, &p, &hooks);
        return e == VIPC_OK ? vipc_leave(&more) : e;
    }
    case '9': return vipc_sweep(v, NULL);
    case '!': return vipc_cancel(view(0));
    case 'N':
        e = vipc_signal(v, W->second[a], 1ull << a);
        if (e == VIPC_OK) W->rung |= 1ull << a;
        return e;
    case 'W': {
        uint64_t got = 0;
        e = vipc_notification_wait(v, W->second[a], ~0ull, &got, VIPC_FOREVER);
        if (e == VIPC_OK && (!got || got >> (x_actors + 1))) x_fail("bits that nobody has signalled: %llx", (unsigned long long)got);
        if (e == VIPC_OK) W->heard |= got;
        return e;
    }
    case 'V': {
        vipc_wait_item items[2];
        memset(items, 0, sizeof items);
        items[0].object = W->in[a];
        items[1].object = W->second[a];
        e = vipc_wait_any(v, items, 2, VIPC_FOREVER);
        if (e == VIPC_OK && items[0].ready == VIPC_ERR_WOULD_BLOCK && items[1].ready == VIPC_ERR_WOULD_BLOCK) x_fail("nothing is ready");
        return e;
    }
    case 'E': case 'G': {
        vipc_wait_item item, told[2];
        uint32_t n = 0;
        memset(&item, 0, sizeof item);
        item.object = W->in[a];
        if (op == 'G' && (e = vipc_wait_set_add(v, W->set[a], &item)) != VIPC_OK) return e;
        e = vipc_wait_set_wait(v, W->set[a], told, 2, &n, VIPC_FOREVER);
        if (e == VIPC_OK && (n == 0 || n > 2 || told[0].ready == VIPC_ERR_WOULD_BLOCK)) x_fail("nothing is ready");
        if (op == 'G' && e == VIPC_OK) e = vipc_wait_set_remove(v, W->set[a], item.object);
        return e;
    }
    case 'P':
        other.id = W->view[(a + 1) % x_actors].pid;
        e = vipc_process_watch(v, other, W->second[a], 1ull << x_actors);
        if (e == VIPC_OK) W->rung |= 1ull << x_actors;
        return e;
    default: x_fail("no operation '%c'", op);
    }
}
/* Between operations nothing of an actor's stack is in use: wiped, so that states do not differ by what old frames have left there. */
static void __attribute__((noinline)) clean_stack(void) { volatile uint64_t gap[260]; for (int i = 0; i < 260; i++) gap[i] = 0; (void)gap[0]; }
static void clean_up_for_ever(int a)
{
    for (;;) {
        uint32_t n = W->bell;
        if (unreaped()) { want(a, 'w', vipc_sweep(view(a), NULL), " "); clean_stack(); }
        else (void)x_block(&W->bell, n, ~0ull);
    }
}
static void x_body(int a)
{
    for (int k = 0; script[a][k]; k++) {
        char op = script[a][k];
        vipc_error e;
        clean_stack();
        W->op[a] = (uint8_t)op;
        W->was_empty[a] = W->was_full[a] = W->none_back[a] = W->no_victim[a] = W->freed[a] = W->none_urgent[a] = W->was_full_urgent[a] = 0; note_queue();
        if (x_trace) printf("  %d begins '%c'\n", a, op);
        switch (op) {
        case 's': case 'k': case '&': e = do_send(a, VIPC_NOW, op != 's'); if (e == VIPC_ERR_CHANNEL_FULL && !W->was_full[a] && !W->disturbed) x_fail("full, though there was room all the time"); break;
        case 'z': e = do_acked(a); break;
        case 'H': e = do_urgent(a, VIPC_NOW); if (e == VIPC_ERR_CHANNEL_FULL && !W->was_full_urgent[a] && !W->disturbed) x_fail("full, though there was urgent room all the time"); break;
        case '2': e = do_urgent(a, VIPC_FOREVER); break;
        case 'K': e = do_send_several(a); if (e == VIPC_ERR_CHANNEL_FULL && !W->was_full[a] && !W->disturbed) x_fail("full, though there was room all the time"); break;
        case 'Z': e = do_receive_several(a, false); if (e == VIPC_ERR_CHANNEL_EMPTY && !W->was_empty[a] && !W->disturbed) x_fail("empty, though a message was there all the time"); break;
        case 'I': e = do_call_large(a, VIPC_FOREVER); break;
        case 'M': e = do_call_large(a, x_now.clock + 10 * MS); break;
        case 'J': case 'O': e = do_answer_large(a, op == 'J'); break;
        case '3': e = do_send_many(a, 3, VIPC_NOW); if (e == VIPC_ERR_CHANNEL_FULL && !W->was_full[a] && !W->disturbed) x_fail("full, though there was room all the time"); break;
        case '4': e = do_send_many(a, 3, VIPC_FOREVER); break;
        case '5': e = do_receive_many(a, 3, VIPC_NOW); if (e == VIPC_ERR_CHANNEL_EMPTY && !W->was_empty[a] && !W->disturbed) x_fail("empty, though a message was there all the time"); break;
        case '6': e = do_receive_many(a, 3, VIPC_FOREVER); break;
        case 'S': e = do_send(a, VIPC_FOREVER, false); break;
        case 'T': e = do_send(a, x_now.clock + 10 * MS, false); break;
        case 'r': e = do_receive(a, VIPC_NOW, true, NULL); if (e == VIPC_ERR_CHANNEL_EMPTY && !W->was_empty[a] && !W->disturbed) x_fail("empty, though a message was there all the time"); break;
        case 'R': e = do_receive(a, VIPC_FOREVER, true, NULL); break;
        case 'n': e = do_receive(a, VIPC_FOREVER, false, NULL); break;
        case 'Q': e = do_receive(a, x_now.clock + 10 * MS, true, NULL); break;
        case 'y': e = do_take(a, VIPC_NOW); if (e == VIPC_ERR_CHANNEL_EMPTY && !W->was_empty[a] && !W->disturbed) x_fail("empty, though a message was there all the time"); break;
        case 'Y': e = do_take(a, VIPC_FOREVER); break;
        case 'f': case 'b': e = do_done(a, op == 'f'); break;
        case 'c': e = do_call(a, W->door[a], VIPC_FOREVER, false); break;
        case 'i': e = do_call(a, W->door[a], VIPC_FOREVER, true); break;
        case 'C': e = do_call(a, W->door[a], x_now.clock + 10 * MS, false); break;
        case 'o': e = do_call(a, W->second[a], VIPC_FOREVER, false); break;
        case 'a': case 'd': case 'h': case 'j': e = do_answer(a, op); break;
        case 'F': e = do_fast_call(a, VIPC_FOREVER); break;
        case 'U': e = do_fast_call(a, x_now.clock + 10 * MS); break;
        case 'X': e = do_serve(a); break;
        case 'q': { vipc_message m; vipc_info info; e = do_park_receive(a, &m, &info); break; }
        case '1': e = do_answer_beside(a); break;
        case 'w': clean_up_for_ever(a); e = VIPC_OK; break;
        default: e = do_other(a, op); break;
        }
        if ((flags & CHANNEL) && e == VIPC_ERR_CLOSED && strchr("rRQ", op) && ready() > 0 && !W->disturbed) x_fail("drained, though a message is there");
        if (x_trace) printf("  %d ends '%c': %s\n", a, op, vipc_error_string(e));
        want(a, op, e, allowed(a, op));
        if ((flags & DROPS) && e == VIPC_ERR_CHANNEL_FULL && !strchr("cCiIM", op) && !W->no_victim[a] && !W->disturbed) x_fail("full, though a message could be dropped");
        W->op[a] = 0;
        x_progress();
    }
    clean_stack();
}

/* ---- verdicts ---- */
static void x_killed(int i)
{
    W->disturbed = 1;
    W->bell++;
    for (int a = 0; a < x_actors; a++) if (x_a[a].status == X_ASLEEP && x_a[a].word == &W->bell) x_a[a].woken = 1;
    (void)i;
}
static bool holds_request(int caller)       /* is its request in the queue, or in somebody's hand? */
{
    vipci_slot *s = slots();
    for (int i = 0; s && i < capacity; i++)
        if (VIPCI_PHASE(s[i].state) != VIPCI_FREE && VIPCI_PHASE(s[i].state) != VIPCI_LATE_W && vipci_body_view(&s[i].body) == W->view[caller].view) return true;
    return false;
}
/* Does actor a sleep beside what it waits for? */
static const char *sleeps_wrongly(int a)
{
    vipci_domain *d = vipci_d(&W->view[CHECKER]);
    uint64_t cell = *vipci_cell_at(&W->view[CHECKER], W->view[a].view), call = vipci_view_at(&W->view[CHECKER], W->view[a].view)->call;
    uint32_t server;
    bool closed = W->ended || (x_now.stopped < 0 && !has('o') && vipci_state(vipci_object_at(&W->view[CHECKER], 0)->state) != VIPCI_OPEN);    /* or its destroyer is dead */
    if (W->op[a] == 'w') return NULL;
    if ((cell & 3) == VIPCI_CHOSEN) return "is chosen, and asleep";
    if (W->parks[a] && (cell & 3) != VIPCI_WAITING) return "is parked, and nobody will resume it";
    switch (cell >> 32 & 7) {
    case VIPCI_FOR_ANY: if (ready() > 0) return "sleeps beside a message"; if (bits() != 0) return "sleeps beside bits that it waits for"; break;
    case VIPCI_FOR_MESSAGE:
        if (W->op[a] == 'E' || W->op[a] == 'G') {
            if (ready() > 0) return "sleeps beside a message";
            if (W->op[a] == 'E' && bits() != 0) return "sleeps beside bits that it waits for";
            if (closed) return "sleeps with an endpoint in its set that was destroyed";
            return NULL;
        }
        if (has('W') && W->op[a] == 'W') return bits() ? "sleeps beside bits" : NULL; if (ready() > 0) return "sleeps beside a message"; break;
    case VIPCI_FOR_URGENT_ROOM: if ((cell & 3) == VIPCI_WAITING && urgent_room() > 0) return "sleeps beside urgent room"; break;
    case VIPCI_FOR_ROOM: if (has('3') ? !full_now() : room() > 0) return "sleeps beside room in the queue"; break;
    case VIPCI_FOR_LOCK: if (d->lock == 0) return "sleeps beside a free lock"; return NULL;
    case VIPCI_FOR_NAME: if (vipci_name_find(&W->view[CHECKER], "n", 1)) return "sleeps beside the name it looks for"; return NULL;
    case VIPCI_FOR_REPLY:
        if (W->parks[a] && vipci_view_at(&W->view[CHECKER], W->view[a].view)->cancel) return "is parked though it was cancelled";
        if (VIPCI_CALL_STATE(call) == VIPCI_REPLIED || VIPCI_CALL_STATE(call) == VIPCI_FAILED) return "sleeps beside its answer";
        if (VIPCI_CALL_STATE(call) == VIPCI_QUEUED && W->op[a] != 'o' && !holds_request(a)) return "waits for an answer to a request that is nowhere";
        server = VIPCI_CALL_SERVER(call) - 1;
        if (VIPCI_CALL_STATE(call) != VIPCI_QUEUED)
            for (int i = 0; i < x_actors; i++) if (W->view[i].view == server && x_dead(i)) return "waits for the answer of a dead server";
        if (W->op[a] == 'o') {
            int ring = 0;
            for (int i = 0; i < x_actors; i++) ring += x_asleep(i) && W->op[i] == 'o';
            return ring == x_actors ? "waits in a ring of calls" : NULL;
        }
        if (VIPCI_CALL_STATE(call) == VIPCI_TAKEN && x_now.stopped < 0)
            for (int i = 0; i < x_actors; i++) if (W->view[i].view == server && !strpbrk(script[i], "adhjrRQnyY56XqJOZ")) return "waits for the answer of one who cannot answer";
        if (closed && !(flags & CHANNEL) && VIPCI_CALL_STATE(call) == VIPCI_QUEUED) return "waits at an endpoint that was destroyed";
        return NULL;
    default: return NULL;
    }
    if (closed) return "sleeps at an endpoint that was destroyed";
    if (vipci_view_at(&W->view[CHECKER], W->view[a].view)->cancel) return "sleeps though it was cancelled";
    if (W->revoked && a == 0) return "sleeps with a capability that was revoked";
    return NULL;
}
static void x_idle(void)
{
    if (unreaped() || x_now.stopped >= 0) return;              /* a wake-up may be owed: the end of a slice makes up for it */
    for (int a = 0; a < x_actors; a++) {
        const char *wrong = x_asleep(a) ? sleeps_wrongly(a) : NULL;
        if (wrong) x_fail("lost wake-up: actor %d %s", a, wrong);
    }
}
static bool x_time_passes(void)
{
    if (unreaped() || x_now.stopped >= 0) return true;
    for (int a = 0; a < x_actors; a++) if (x_asleep(a) && W->op[a] && strchr("QTCUM", W->op[a])) return true;
    return false;
}
static bool plain_queue(void) { return !W->ended && !strpbrk(all_letters, "DmokBcCij&KIMJO") && slots(); }
static void drain(int as)
{
    vipc_message m;
    vipc_info info;
    for (int n = 0; has('K'); n++) {
        vipc_error e = do_receive_several(as, true);
        if (e == VIPC_ERR_CHANNEL_EMPTY) return;
        if (e != VIPC_OK) x_fail("the checker cannot receive: %s", vipc_error_string(e));
        if (n > 2 * capacity) x_fail("a queue without end");
    }
    for (int n = 0;; n++) {
        begin_receive(as);
        vipc_error e = vipc_receive(view(CHECKER), W->in[CHECKER], &m, &info, VIPC_NOW);
        if (e == VIPC_ERR_CHANNEL_EMPTY || ((flags & CHANNEL) && e == VIPC_ERR_CLOSED && has('D'))) return;
        if (e != VIPC_OK) x_fail("the checker cannot receive: %s", vipc_error_string(e));
        if (n > 2 * capacity + 2) x_fail("a queue without end");
        judge(as, &m, &info);
        if (info.reply.token) (void)vipc_reply_drop(view(CHECKER), info.reply, VIPC_ERR_CANCELLED);
        if (m.flags & VIPC_HAS_CAPABILITY) (void)vipc_close(view(CHECKER), m.capability);
    }
}
static void pass(int count, const char *when)
{
    for (int k = 0; k < count; k++) {
        vipc_message m = message(0, 0), r;
        m.opcode = 0x9000 + (uint32_t)k;
        vipc_error e = vipc_send(view(CHECKER), W->door[CHECKER], &m, VIPC_NOW);
        if (e != VIPC_OK) x_fail("%s: message %d cannot be sent: %s", when, k, vipc_error_string(e));
        e = vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW);
        if (e != VIPC_OK || r.opcode != m.opcode || memcmp(m.data, r.data, sizeof m.data) != 0) x_fail("%s: message %d cannot be received: %s", when, k, vipc_error_string(e));
    }
}
static void x_beside_stopped(int s)
{
    uint64_t lock = vipci_d(&W->view[CHECKER])->lock;
    bool at_lock = lock && (lock & 0xffff) == W->view[s].view + 1;
    for (int a = 0; a < x_actors; a++) {
        if (!x_asleep(a) || at_lock) continue;
        const char *wrong = sleeps_wrongly(a);
        if (wrong) x_fail("actor %d %s while actor %d stands still", a, wrong, s);
    }
    if (unreaped() || !plain_queue() || capacity == 1 || at_lock) return;
    for (int a = 0; a < x_actors; a++) if (x_asleep(a) && (W->op[a] == 'R' || W->op[a] == 'Y' || W->op[a] == 'a' || W->op[a] == 'O' || W->op[a] == 'J' || W->op[a] == '6')) return;   /* they would be in the way */
    int hands = 0;
    for (int a = 0; a < x_actors; a++) hands += W->holds[a] != 0;
    if (hands + 1 >= capacity) return;      /* a slot each, and one for what else the stopped one is at */
    drain(ACTORS);
    pass(3 * capacity, "beside one that stands still");
}
static void check_urgent_capacity(void)
{
    vipc_message m, r;
    vipc_error e;
    bool drops = (flags & DROPS) != 0;
    for (int k = 0; k <= lane(); k++) {
        m = message(0, 0); m.opcode = 0x8000 + (uint32_t)k; m.flags = VIPC_URGENT;
        e = vipc_send(view(CHECKER), W->door[CHECKER], &m, VIPC_NOW);
        if (e != (k < lane() || drops ? VIPC_OK : VIPC_ERR_CHANNEL_FULL)) x_fail("urgent message %d of %d: %s", k + 1, lane(), vipc_error_string(e));
    }
    for (int k = 0; k < lane(); k++) {
        e = vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW);
        if (e != VIPC_OK || r.opcode != 0x8000u + (uint32_t)(k + drops)) x_fail("afterwards urgent message %d of %d is not received: %s", k + 1, lane(), vipc_error_string(e));
    }
}
static void check_capacity(void)
{
    vipc_message m, r;
    vipc_error e;
    for (int k = 0; k < capacity; k++) {
        m = message(0, 0); m.opcode = 0x8000 + (uint32_t)k;
        e = vipc_send(view(CHECKER), W->door[CHECKER], &m, VIPC_NOW);
        if (e != VIPC_OK) x_fail("capacity lost: message %d of %d cannot be sent: %s", k + 1, capacity, vipc_error_string(e));
    }
    e = vipc_send(view(CHECKER), W->door[CHECKER], &m, VIPC_NOW);
    int first = flags & DROPS ? 1 : 0;      /* with DROPS the last one is there twice, and the first is dropped */
    if (e != (first ? VIPC_OK : VIPC_ERR_CHANNEL_FULL)) x_fail("capacity exceeded: %s", vipc_error_string(e));
    for (int k = 0; k < capacity; k++) {
        e = vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW);
        if (e != VIPC_OK || r.opcode != 0x8000u + (uint32_t)(k + first < capacity ? k + first : capacity - 1)) x_fail("afterwards message %d of %d is not received: %s", k + 1, capacity, vipc_error_string(e));
    }
    if (vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW) != VIPC_ERR_CHANNEL_EMPTY) x_fail("a message from nowhere");
}
static void check_domain(const char *when)
{
    uint32_t bad = 0;
    vipc_error e = vipc_check(view(CHECKER), &bad);
    if (e != VIPC_OK || bad) x_fail("vipc_check %s: %s, %u violations", when, vipc_error_string(e), bad);
}
static void x_check(void)
{
    uint64_t dead_hands = 0;
    bool dead_listener = false, dead_voice = false;
    for (int a = 0; a < x_actors; a++) {
        const char *wrong = x_asleep(a) && !unreaped() ? sleeps_wrongly(a) : NULL;
        if (wrong) x_fail("at the end actor %d %s", a, wrong);
        if (x_dead(a) && W->freed[a]) dead_hands += strchr("56", W->op[a]) ? 3 : 1;
        dead_listener |= x_dead(a) && W->op[a] == 'W';
        dead_voice |= x_dead(a) && W->op[a] && strchr("NP", W->op[a]);
        uint64_t unheard = W->answered[a] & ~(W->sent >> a * 8);
        if (unheard && !x_dead(a) && !strpbrk(script[a], has('J') ? "iUIM" : "iU")) x_fail("actor %d never got a reply that was given with success", a);
    }
    for (int a = 0; a < x_actors; a++)
        if (x_a[a].status == X_DONE && W->holds[a] && W->op[a] == 0 && vipci_known(view(a)) == VIPC_OK) { (void)vipc_done(view(a), W->hand[a], false); W->holds[a] = 0; }
    for (int a = 0; a < x_actors; a++) W->holds[a] |= W->holds[a] ? 0x80 : 0;
    /* whoever still sleeps has nothing to wait for: it dies in its sleep */
    for (int a = 0; a < x_actors; a++) if (x_a[a].status != X_DONE && !x_dead(a)) x_a[a].status = X_DEAD;
    x_direct_counts = x_kills > 0;
    vipc_error e = vipc_sweep(view(CHECKER), NULL);
    x_direct_counts = 0;
    if (e != VIPC_OK) x_fail("vipc_sweep: %s", vipc_error_string(e));
    if (unreaped()) x_fail("a dead process was not cleaned up");
    check_domain("after the clean-up");
    for (uint32_t i = 0; i < W->view[CHECKER].max_threads; i++) {
        vipci_view *c = vipci_view_at(view(CHECKER), i);
        if (c->abandoned[0] || c->abandoned[1]) x_fail("a reply buffer of view %u is set aside for ever", i);
        for (int a = 0; a < x_actors; a++) if (W->view[a].view == i && (x_dead(a) || !W->parks[a]) && c->parked) x_fail("view %u is parked for ever", i);
    }
    if (strpbrk(all_letters, "NWVPE")) {
        uint64_t lost = W->rung & ~W->heard & ~bits(), extra = (W->heard | bits()) & ~W->rung;
        if ((lost & ~(1ull << x_actors)) && !dead_listener) x_fail("a signal was lost: %llx", (unsigned long long)lost);
        for (int a = 0; a < x_actors; a++)
            if ((lost >> x_actors & 1) && !dead_listener && script[a][0] == 'P' && !x_dead(a) && x_dead((a + 1) % x_actors)) x_fail("a death was not told of");
        if ((extra & ~(1ull << x_actors)) && !dead_voice) x_fail("bits from nowhere: %llx", (unsigned long long)extra);
    }
    if ((flags & CHANNEL) || (!W->ended && !has('D') && !has('o'))) {
        drain(ACTORS);
        if (strpbrk(all_letters, "$7") && no_refill()) {        /* what is left of the allowance */
            int left = 0, hands = 0;
            vipc_message m = message(0, 0), r;
            for (int a = 0; a < x_actors; a++) hands += shares(a) && x_dead(a) && (W->op[a] == '$' || W->op[a] == '7');
            while (left < 9 && vipc_send(view(CHECKER), W->limited[CHECKER], &m, VIPC_NOW) == VIPC_OK && vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW) == VIPC_OK) left++;
            if (W->allowed + left > 2) x_fail("the allowance has grown: %d sent, %d left", W->allowed, left);
            if (W->allowed + left + hands < 2) x_fail("some of the allowance is lost: %d sent, %d left", W->allowed, left);
        }
        uint64_t lost = W->sent & ~W->got & ~W->dropped, counted = *vipci_dropped(object()) >> 32, drops = (uint64_t)__builtin_popcountll(W->dropped);
        if (counted > drops || counted + x_now.kills < drops) x_fail("%llu messages were dropped, %llu were counted", (unsigned long long)drops, (unsigned long long)counted);
        if (x_now.kills ? W->told > counted : W->told != (uint32_t)*vipci_dropped(object())) x_fail("%u dropped messages were told of, %u are noted as told", W->told, (uint32_t)*vipci_dropped(object()));
        if ((uint64_t)__builtin_popcountll(lost) > dead_hands) x_fail("a message was lost: %llx", (unsigned long long)lost);
        if (W->got & W->refused & ~W->sent) { uint64_t calls = W->got & W->refused; if (!has('c') && !has('C') && !has('i') && !has('I') && !has('M')) x_fail("messages received whose send had failed: %llx", (unsigned long long)calls); }
        for (uint32_t i = 0; (has('k') || has('K')) && !has('i') && !has('j') && i < vipci_d(view(CHECKER))->used_caps; i++)
            if (vipci_entry_at(view(CHECKER), i)->kind & VIPCI_TRAVELS) x_fail("a capability travels, and no message carries it");
        if (!has('B') && !has('D')) check_capacity();
        if (!has('B') && !has('D') && strpbrk(all_letters, "H2")) check_urgent_capacity();
        check_domain("after the last message");
    }
    if (vipc_cap_require(view(CHECKER), W->door[CHECKER], 0, 0) == VIPC_OK) {
        e = vipc_destroy(view(CHECKER), W->door[CHECKER], VIPC_NOW);
        if (e != VIPC_OK) x_fail("the endpoint cannot be destroyed: %s", vipc_error_string(e));
    }
    if ((flags & CHANNEL) && vipc_destroy(view(CHECKER), W->in[CHECKER], VIPC_NOW) != VIPC_OK) x_fail("the other end cannot be destroyed");
    for (int a = 0; a < x_actors; a++)
        if (W->set[a].token && !x_dead(a) && vipc_destroy(view(a), W->set[a], VIPC_NOW) != VIPC_OK) x_fail("the wait set cannot be destroyed");
    (void)vipc_trim(view(CHECKER), NULL);
    check_domain("at the end");
    for (uint32_t i = 0; i < W->view[CHECKER].max_caps; i++) if (vipci_entry_at(view(CHECKER), i)->kind & VIPCI_TRAVELS) x_fail("capability %u travels for ever", i);
    if (!has('o') && W->taken) x_fail("frames leaked: %llx", (unsigned long long)W->taken);
    for (int f = 0; f < FRAMES; f++) for (int i = 0; i < PAGE && !(W->taken >> f & 1); i++) if (W->frames[f][i] != POISON) x_fail("frame %d was written after it was given back", f);
}

/* ---- names for people ---- */
static void x_name(const void *p, char *to, size_t size)
{
    const vipc *v = &W->view[CHECKER];
    const unsigned char *at = p;
    vipci_domain *d = vipci_d(v);
#define IN(base, count, what) if (at >= (unsigned char *)(base) && at < (unsigned char *)((base) + (count)))
    static const char *const view_words[] = { "owner", "intent", "native_thread", "abandoned0", "abandoned1", "cancel/target", "hand", "hand_cap", "call" };
    static const char *const large_words[] = { "large0", "large1", "room", "reply_size", "", "", "", "" };
    enum { VIEW = sizeof(vipci_view) };
    static const char *const object_words[] = { "state", "queue", "shape", "bound", "spin/owner", "first_cap/next", "prev/receivers", "", "tail", "receive_flag", "", "", "", "", "", "", "head", "behind", "send_flag" };
    static const char *const entry_words[] = { "token", "badge", "object/kind", "holder/parent", "child/next", "prev/held_next", "held_prev/reuse", "place" };
    static const char *const process_words[] = { "proof", "pid", "native_id", "state/held", "owned/first_cap", "capabilities/objects", "threads/view" };
    size_t n;
    if (!x_inside(p)) { snprintf(to, size, "(local)"); return; }
    IN(W->frames[0], sizeof W->frames, 0) { n = (size_t)(at - W->frames[0]); snprintf(to, size, n % 64 ? "slot%zu.word%zu" : "slot%zu.state", n / 64, n % 64 / 8); return; }
    IN(vipci_view_at(v, 0), v->max_threads, 0) { n = (size_t)(at - v->views); snprintf(to, size, "view%zu.%s", n / VIEW, n % VIEW / 8 < 9 ? view_words[n % VIEW / 8] : n % VIEW / 8 < 24 ? "reply" : n % VIEW / 8 < 32 ? "count" : large_words[n % VIEW / 8 - 32]); return; }
    IN(vipci_cell_at(v, 0), v->max_threads, 0) { snprintf(to, size, "cell%zu", (size_t)(at - v->cells) / 8); return; }
    IN(vipci_object_at(v, 0), v->max_objects, 0) { n = (size_t)(at - v->objects); snprintf(to, size, "object%zu.%s", n / 192, n % 192 / 8 < 19 ? object_words[n % 192 / 8] : "?"); return; }
    IN(vipci_entry_at(v, 0), v->max_caps, 0) { n = (size_t)(at - v->caps); snprintf(to, size, "cap%zu.%s", n / 64, entry_words[n % 64 / 8]); return; }
    IN(vipci_process_at(v, 0), v->max_processes, 0) { n = (size_t)(at - v->processes); snprintf(to, size, "process%zu.%s", n / 128, n % 128 / 8 < 7 ? process_words[n % 128 / 8] : "label"); return; }
    IN(vipci_name_at(v, 0), v->max_names, 0) { snprintf(to, size, "name+%zu", (size_t)(at - v->names)); return; }
    if (p == &d->lock) { snprintf(to, size, "lock"); return; }
    if (p == &d->lock_flag) { snprintf(to, size, "lock_flag"); return; }
    if (p == &d->log_count) { snprintf(to, size, "log_count"); return; }
    if (at >= (unsigned char *)d->log && at < (unsigned char *)(d + 1)) { n = (size_t)(at - (unsigned char *)d->log); snprintf(to, size, "log[%zu].%s", n / 16, n % 16 ? "old" : "where"); return; }
    snprintf(to, size, "domain+%zu", (size_t)(at - W->domain));
#undef IN
}
static void x_value(const void *p, uint64_t v, char *to, size_t size)
{
    static const char *const phase[] = { "FREE", "WRITING", "FULL", "FULL_AGAIN", "READING", "LATE_W", "LATE_R", "?" };
    static const char *const call[] = { "IDLE", "QUEUED", "TAKEN", "REPLYING", "REPLIED", "FAILED", "?", "?" };
    char name[80];
    x_name(p, name, sizeof name);
    if (strstr(name, ".state") && !strncmp(name, "slot", 4)) snprintf(to, size, "lap %llu %s view %d", (unsigned long long)(v >> 19), phase[VIPCI_PHASE(v)], (int)VIPCI_OWNER(v) - 1);
    else if (!strncmp(name, "cell", 4)) snprintf(to, size, "for %u/%u ticket %u %s", (unsigned)(v >> 32 & 7), (unsigned)(v >> 35), (unsigned)v >> 2, (v & 3) == 0 ? "AWAKE" : (v & 3) == 1 ? "WAITING" : (v & 3) == 2 ? "CHOSEN" : "RESUMED");
    else if (strstr(name, ".call")) snprintf(to, size, "call %u %s server %d buffer %u", (unsigned)(v >> 32), call[v & 7], (int)(v >> 16 & 0xffff) - 1, (unsigned)(v >> 4 & 1));
    else if (strstr(name, ".tail") || strstr(name, ".head")) snprintf(to, size, "lap %llu slot %llu", (unsigned long long)(v >> 19), (unsigned long long)(v & 0x7ffff));
    else snprintf(to, size, "0x%llx", (unsigned long long)v);
}

/* ---- setting up ---- */
static void must(vipc_error e, const char *what) { if (e != VIPC_OK) { fprintf(stderr, "explore: %s: %s\n", what, vipc_error_string(e)); exit(2); } }
static vipc_cap give(int from, vipc_cap cap, int to, uint32_t rights)
{
    vipc_cap out = VIPC_INIT;
    vipc_derive_desc d = VIPC_INIT;
    vipc_pid pid = { W->view[to].pid };
    d.rights = rights;
    must(vipc_grant(view(from), cap, pid, &d, &out), "vipc_grant");
    return out;
}
static void set_up(void)
{
    vipc_config c = VIPC_INIT;
    vipc_endpoint_desc e = VIPC_INIT;
    vipc_process_desc p = VIPC_INIT;
    int revoker = -1;
    memset(x_world, 0, sizeof x_world);
    memset(W->frames, POISON, sizeof W->frames);
    x_world_size = (sizeof(world) + 63) & ~(size_t)63;
    c.max_processes = (uint32_t)x_actors + 2; c.max_threads = (uint32_t)x_actors + 3; c.max_objects = has('o') ? 4 : flags & CHANNEL || has('E') || has('G') ? 3 : 2; c.max_capabilities = 20; c.max_names = 1; c.page_shift = 8;
    if (vipc_required_size(&c) > sizeof W->domain) { fprintf(stderr, "explore: the domain needs %llu bytes\n", (unsigned long long)vipc_required_size(&c)); exit(2); }
    p.proof = 100; p.native_thread = 100;
    must(vipc_init(view(CHECKER), W->domain, sizeof W->domain, &c, &p, &hooks), "vipc_init");
    for (int a = 0; a < x_actors; a++) {
        p.proof = (uint64_t)a + 1; p.native_thread = (uint64_t)a + 1;
        must(vipc_process_create(view(CHECKER), &p, view(a), NULL), "vipc_process_create");
        if (strchr(script[a], 'v')) revoker = a;
    }
    e.capacity = (uint32_t)capacity; e.spin = 1; e.urgent = (uint32_t)lane();
    e.full = flags & DROPS ? VIPC_FULL_DROP_OLDEST : VIPC_FULL_BLOCK;
    if (flags & CHANNEL) {
        vipc_channel_desc line = VIPC_INIT;
        line.capacity = e.capacity; line.spin = 1; line.urgent = e.urgent;
        must(vipc_channel_create(view(CHECKER), &line, &W->door[CHECKER], &W->in[CHECKER]), "vipc_channel_create");
    } else {
        must(vipc_endpoint_create(view(CHECKER), &e, &W->door[CHECKER]), "vipc_endpoint_create");
        W->in[CHECKER] = W->door[CHECKER];
    }
    if (!(flags & CHANNEL)) *vipci_high(object()) |= 0xffff;       /* the high-water mark is never raised: its compare-and-swap would hide missing fences */
    if (revoker >= 0) W->door[revoker] = give(CHECKER, W->door[CHECKER], revoker, 0);
    for (int a = 0; a < x_actors; a++) {
        if (a == revoker) continue;
        bool under = revoker >= 0 && a == 0;
        W->door[a] = give(under ? revoker : CHECKER, W->door[under ? revoker : CHECKER], a, 0);
    }
    for (int a = 0; a < x_actors; a++) W->in[a] = flags & CHANNEL ? give(CHECKER, W->in[CHECKER], a, 0) : W->door[a];
    for (int a = 0; a < x_actors; a++) {
        if (strpbrk(script[a], "kijKJ")) W->second[a] = give(CHECKER, W->door[CHECKER], a, VIPC_RIGHT_SEND | VIPC_RIGHT_GRANT);
    }
    if (strpbrk(all_letters, "NWVPE")) {
        must(vipc_notification_create(view(CHECKER), NULL, &W->second[CHECKER]), "vipc_notification_create");
        for (int a = 0; a < x_actors; a++) W->second[a] = give(CHECKER, W->second[CHECKER], a, 0);
    }
    for (int a = 0; a < x_actors; a++) {
        vipc_wait_item item;
        memset(&item, 0, sizeof item);
        if (!strpbrk(script[a], "EG")) continue;
        must(vipc_wait_set_create(view(a), 2, NULL, &W->set[a]), "vipc_wait_set_create");
        if (strchr(script[a], 'G')) continue;
        item.object = W->in[a];
        must(vipc_wait_set_add(view(a), W->set[a], &item), "vipc_wait_set_add");
        item.object = W->second[a];
        must(vipc_wait_set_add(view(a), W->set[a], &item), "vipc_wait_set_add");
    }
    if (has('o')) {                         /* each owns an endpoint that the one before it may call */
        for (int a = 0; a < x_actors; a++) { must(vipc_endpoint_create(view(a), &e, &W->door[a]), "vipc_endpoint_create"); W->in[a] = W->door[a]; }
        for (int a = 0; a < x_actors; a++) W->second[a] = give((a + 1) % x_actors, W->door[(a + 1) % x_actors], a, VIPC_RIGHT_SEND);
    }
    if (strpbrk(all_letters, "$7&")) {
        vipc_derive_desc d = VIPC_INIT;
        d.limits.rate = 2;
        must(vipc_derive(view(CHECKER), W->door[CHECKER], &d, &W->limited[CHECKER]), "vipc_derive");
        for (int a = 0; a < x_actors; a++) {
            vipc_pid pid = { W->view[a].pid };
            bool under = revoker >= 0 && a == 0;
            if (!strpbrk(script[a], "$7&")) continue;
            must(vipc_grant(view(under ? revoker : CHECKER), under ? W->door[revoker] : W->limited[CHECKER], pid, under ? &d : NULL, &W->limited[a]), "vipc_grant");
            if (strchr(script[a], '&')) W->second[a] = W->limited[a];
        }
    }
    if (!(flags & COLD)) pass(1, "first use");
    if (!(flags & COLD) && strpbrk(all_letters, "H2")) {
        vipc_message m = message(0, 0), r;
        m.flags = VIPC_URGENT;
        must(vipc_send(view(CHECKER), W->door[CHECKER], &m, VIPC_NOW), "vipc_send");
        must(vipc_receive(view(CHECKER), W->in[CHECKER], &r, NULL, VIPC_NOW), "vipc_receive");
    }
    x_touch = touch;
    for (uint32_t i = 0; i < vipci_d(view(CHECKER))->config.max_threads; i++)
        for (int k = 0; k < 8; k++) x_class[x_index(&vipci_view_at(view(CHECKER), i)->count[k])] |= X_IGNORED;
    for (int f = 0; f < FRAMES; f++) for (int i = 0; i < PAGE; i += 64) x_class[x_index(&W->frames[f][i])] |= X_WATCHED;
    for (uint32_t i = 0; i < W->view[CHECKER].max_threads && (flags & KERNEL); i++) x_class[x_index(vipci_cell_at(view(CHECKER), i))] |= X_WATCHED;
}
static int usage(void)
{
    printf("usage: explore NAME [-c capacity] [-p preemptions] [-k kills] [-s stops] [-t timeouts] [-w] [-n] [-x script] [-T seconds] [-R schedule]\nscenarios:\n");
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) printf("  %-20s %-12s %s\n", scenarios[i].name, scenarios[i].script, scenarios[i].says);
    printf("operations:\n");
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) printf("  %c  %s\n", operations[i].letter, operations[i].does);
    return 2;
}
int main(int argc, char **argv)
{
    static char line[300];
    const scenario *s = NULL;
    const char *text, *replay = NULL;
    bool twice = false;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < sizeof scenarios / sizeof *scenarios; i++) if (!strcmp(argv[1], scenarios[i].name)) s = &scenarios[i];
    if (!s) return usage();
    text = s->script; capacity = s->capacity; flags = s->flags;
    snprintf(line, sizeof line, "./explore %s", s->name);
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "-w")) { x_words = 1; strcat(line, " -w"); continue; }
        if (!strcmp(argv[i], "-n")) { twice = true; continue; }
        if (!value || argv[i][0] != '-' || strlen(argv[i]) != 2) return usage();
        i++;
        switch (argv[i - 1][1]) {
        case 'c': capacity = atoi(value); break;
        case 'p': x_preemptions = atoi(value); break;
        case 'k': x_kills = atoi(value); break;
        case 's': x_stops = atoi(value); break;
        case 't': x_timeouts = atoi(value); break;
        case 'x': text = value; break;
        case 'T': x_seconds = atof(value); break;
        case 'f': x_first_bound = atoi(value); break;
        case 'R': replay = value; break;
        default: return usage();
        }
    }
    if (capacity < 1 || capacity * 64 > PAGE) return usage();
    if (flags & KERNEL) x_kills = x_stops = 0;
    snprintf(line + strlen(line), sizeof line - strlen(line), " -x %s -c %d -k %d", text, capacity, x_kills);
    x_again_line = line;
    strncat(all_letters, text, sizeof all_letters - 1);
    for (const char *t = text; *t; t++) {
        if (x_actors == 0 || t[-1] == ',') { if (x_actors == ACTORS) return usage(); x_actors++; }
        size_t n = strlen(script[x_actors - 1]);
        if (*t != ',') { if (n > 6) return usage(); script[x_actors - 1][n] = *t; }
    }
    if (replay && !x_parse_script(replay)) return usage();
    set_up();
    double began = x_clock_seconds();
    int code = x_search();
    if (code == 0 && twice && !replay) {
        uint64_t ends = x_end_used, sum = x_end_sum;
        unsigned long pruned = x_runs;
        x_prune = 0; x_end_used = x_end_sum = 0;
        memcpy(x_world, x_saved, x_world_size);
        code = x_search();
        if (code == 0 && (ends != x_end_used || sum != x_end_sum)) {
            printf("FAIL: known states left out: %llu different ends after %lu schedules, else %llu after %lu\n", (unsigned long long)ends, pruned, (unsigned long long)x_end_used, x_runs);
            code = 1;
        }
    }
    double took = x_clock_seconds() - began;
    if (!replay) printf("%s\t%s\t%s\tc=%d p=%d k=%d s=%d t=%d%s\t%lu schedules\t%lu ends\t%lu states\t%lu kills\t%lu stops\t%.2f s\t%llu different ends\n", code == 0 ? "ok" : code == 2 ? "CUT" : "FAIL", s->name, text, capacity, x_preemptions, x_kills, x_stops, x_timeouts, x_words ? " w" : "", x_runs, x_ends, x_states, x_kill_count, x_stop_count, took, (unsigned long long)x_end_used);
    return code == 2 ? 3 : code;
}
