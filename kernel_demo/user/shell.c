/* shell.c - a small shell on the serial port, the first process of a boot with `shell`: programs are started, looked at and killed, and the kernel is asked what it has.
 *
 * Its first part is a driver: the port's interrupt comes as a signal to a notification, and the port's registers are read by system calls; the kernel knows nothing of lines and
 * keys.  What it kills it has a capability for, because it started it: what others start it can see, and not touch. */
#include "parent.h"
#include "dump.h"

enum { LINE_MAX = 120, HISTORY = 8, AHEAD = 1024, JOBS = 24, KERNEL = 1 };      /* KERNEL: its pid */
static const char prompt[] = "veridian> ";

/* ---- the serial port ---- */
enum { DATA = 0, LINE_STATUS = 5, CAME = 1, OVERRUN = 2 };   /* registers; bits of the line's status */
enum { BYTES = 1, DEATHS = 2 };                              /* bits of the notification */
static vipc_cap bell;
static unsigned long bytes_read, signals, overruns;
static unsigned char ahead[AHEAD];                           /* typed while a program was waited for */
static unsigned ahead_first, ahead_count;

static void terminal(const char *text, size_t bytes)
{
    for (size_t part; bytes; text += part, bytes -= part) {
        part = bytes < LOG_MAX ? bytes : LOG_MAX;
        (void)SYS3(SYS_CONTROL, CONTROL_WRITE, text, part);
    }
}
static int from_port(void)                   /* -1: nothing there */
{
    const int64_t status = SYS2(SYS_CONTROL, CONTROL_REGISTER, LINE_STATUS);
    if (status < 0 || !(status & CAME)) return -1;
    overruns += (status & OVERRUN) != 0;
    bytes_read++;
    return (int)SYS2(SYS_CONTROL, CONTROL_REGISTER, DATA);
}
static uint64_t wait_for_signal(void)        /* of deaths; and of bytes, which have to be asked for */
{
    uint64_t bits = 0;
    if (ahead_count < AHEAD) (void)SYS1(SYS_CONTROL, CONTROL_ASK);
    (void)vipc_notification_wait(&ipc, bell, BYTES | DEATHS, &bits, VIPC_FOREVER);
    signals += (bits & BYTES) != 0;
    return bits;
}

/* ---- programs that it has started ---- */
struct job { struct child child; char name[32]; int used; };
static struct job jobs[JOBS];

static size_t length_of(const char *text)
{
    size_t n = 0;
    while (text[n]) n++;
    return n;
}
static void tell_end(const struct job *j, uint64_t status)
{
    static const char *const faults[] = { "divide error", "debug trap", "NMI", "breakpoint", "overflow", "bound", "invalid opcode", "no FPU", "double fault", "-", "invalid TSS",
                                          "segment not present", "stack fault", "general protection" };
    printf("process %lu (%s) ", j->child.pid.id, j->name);
    if (status < STATUS_FAULT) printf("ended with %lu\n", status);
    else if (status == STATUS_KILLED) printf("was killed\n");
    else if (status < STATUS_FAULT + sizeof faults / sizeof *faults) printf("was ended: %s\n", faults[status - STATUS_FAULT]);
    else if (status >= STATUS_MEMORY) printf("was ended: a page fault, \"%s\"\n", vipc_error_string(-(vipc_error)(status - STATUS_MEMORY)));
    else printf("was ended, with %lx\n", status);
}
/* Tells of those that have ended, on a line of its own; how many. */
static unsigned bury(int in_a_line)
{
    unsigned n = 0;
    for (struct job *j = jobs; j < jobs + JOBS; j++) {
        uint64_t status = 0;
        vipc_error e = j->used ? wait_for(j->child.pid, &status, VIPC_NOW) : VIPC_ERR_WOULD_BLOCK;
        if (e != VIPC_OK && e != VIPC_ERR_NOT_FOUND) continue;
        if (n++ == 0 && in_a_line) terminal("\n", 1);
        tell_end(j, status);
        j->used = 0;
    }
    return n;
}
static struct job *launch(const char *program, const char *arguments, int priority)
{
    struct job *j = jobs;
    while (j < jobs + JOBS && j->used) j++;
    if (j == jobs + JOBS) { printf("%u programs run: no more at a time\n", (unsigned)JOBS); return NULL; }
    vipc_error e = spawn(program, arguments, priority, &j->child.cap, &j->child.pid);
    if (e == VIPC_ERR_NOT_FOUND) printf("no program \"%s\": `programs` lists them\n", program);
    else if (e != VIPC_OK) printf("%s: %s\n", program, vipc_error_string(e));
    if (e != VIPC_OK) return NULL;
    memcpy(j->name, program, length_of(program) + 1);        /* it is one of the kernel's names */
    e = vipc_process_watch(&ipc, j->child.pid, bell, DEATHS);
    if (e != VIPC_OK) printf("%s: no watch on it: %s\n", program, vipc_error_string(e));
    j->used = 1;
    return j;
}
/* What is typed meanwhile is kept, but for Ctrl-C, which ends the program. */
static void attend(struct job *j)
{
    while (j->used) {
        int byte = -1;
        while (j->used && ahead_count < AHEAD && (byte = from_port()) >= 0) {
            if (byte != 3) { ahead[(ahead_first + ahead_count++) % AHEAD] = (unsigned char)byte; continue; }
            terminal("^C\n", 3);
            vipc_error e = kill(j->child);
            if (e != VIPC_OK) printf("%s: %s\n", j->name, vipc_error_string(e));
            break;
        }
        if (bury(0) == 0 || j->used) (void)wait_for_signal();
    }
}

/* ---- a line from the terminal ---- */
static char line[LINE_MAX + 1];
static size_t used;
static int too_long;
static char history[HISTORY][LINE_MAX + 1];
static unsigned lines, shown;                /* lines: ever; shown: how many back the line is that stands there, 0: a new one */

static void show_prompt(void)
{
    (void)fflush(stdout);
    terminal(prompt, sizeof prompt - 1);
}
static void show_line(void)                  /* over what stood there */
{
    terminal("\r", 1);
    show_prompt();
    terminal(line, used);
    terminal("\033[K", 3);
}
static int next_byte(void)
{
    for (;;) {
        if (ahead_count) {
            int byte = ahead[ahead_first];
            ahead_first = (ahead_first + 1) % AHEAD;
            ahead_count--;
            return byte;
        }
        int byte = from_port();
        if (byte >= 0) return byte;
        if (wait_for_signal() & DEATHS && bury(1)) show_line();
    }
}
static void recall(int back)                 /* one further back, or forth */
{
    const unsigned most = lines < HISTORY ? lines : HISTORY;
    if (back > 0 ? shown >= most : shown == 0) return;
    shown = back > 0 ? shown + 1 : shown - 1;
    used = 0;
    if (shown) {
        used = length_of(history[(lines - shown) % HISTORY]);
        memcpy(line, history[(lines - shown) % HISTORY], used);
    }
    too_long = 0;
    show_line();
}
static void escape(void)                     /* arrows up and down; others are read to their end, and dropped */
{
    int byte = next_byte();
    if (byte != '[' && byte != 'O') return;
    do byte = next_byte(); while (byte >= ' ' && byte < '@');
    if (byte == 'A') recall(1);
    if (byte == 'B') recall(-1);
}
static void take(int byte)
{
    if (byte == 8 || byte == 127) {
        if (used && !too_long) { used--; terminal("\b \b", 3); }
    } else if (byte == 21) {                                 /* Ctrl-U */
        used = 0;
        too_long = 0;
        show_line();
    } else if (byte == 27) escape();
    else if (byte < ' ' || byte > '~') {}                    /* nothing that this terminal should be sent */
    else if (used == LINE_MAX) too_long = 1;
    else {
        line[used++] = (char)byte;
        terminal(&line[used - 1], 1);
    }
}
static void remember(void)
{
    if (used == 0 || (lines && strcmp(history[(lines - 1) % HISTORY], line) == 0)) return;
    memcpy(history[lines % HISTORY], line, used + 1);
    lines++;
}
/* line, ended by 0. */
static void read_line(void)
{
    static int last;                         /* a return and a line feed are one end, not two */
    for (;;) {
        used = 0;
        shown = 0;
        too_long = 0;
        show_prompt();
        int byte;
        while ((byte = next_byte()) != '\r' && (byte != '\n' || last == '\r') && byte != 3) {
            if (byte != '\n') take(byte);
            last = byte;
        }
        last = byte;
        line[used] = 0;
        if (byte == 3) { terminal("^C\n", 3); continue; }
        terminal("\n", 1);
        if (!too_long) break;
        printf("more than %u characters: not done\n", (unsigned)LINE_MAX);
    }
    remember();
}

/* ---- what it knows ---- */
static struct lines dump;
static void pad(const char *text, size_t width)
{
    size_t n = length_of(text);
    printf("%s", text);
    for (; n < width; n++) printf(" ");
}
static int number_of(const char *text, uint64_t *n)
{
    *n = 0;
    if (!*text) return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || *n > (~0ull - 9) / 10) return 0;
        *n = *n * 10 + (uint64_t)(*text - '0');
    }
    return 1;
}

/* Of each process the kernel tells what it runs, the core what it has: its dump says what of whom. */
enum { PROCESSES_MAX = 64 };
struct seen { struct machine_process is; uint64_t pages, shared, capabilities, objects; char waits[16]; };
static struct seen seen[PROCESSES_MAX];
static unsigned seen_count;
static struct seen *seen_of(uint64_t pid)
{
    for (unsigned i = 0; i < seen_count; i++)
        if (seen[i].is.pid == pid) return &seen[i];
    return NULL;
}
static void note_wait(struct seen *s, const char *text)
{
    for (; *text && !begins_with(text, " asleep for "); text++) {}
    if (!*text) return;
    text += 12;
    for (size_t i = 0; i < sizeof s->waits - 1 && *text && !(*text == ' ' && text[1] >= '0' && text[1] <= '9'); i++) s->waits[i] = *text++;
}
static void look_at_all(void)
{
    struct machine_process p;
    memset(seen, 0, sizeof seen);
    memset(&dump, 0, sizeof dump);
    seen_count = 0;
    for (uint64_t i = 0; seen_count < PROCESSES_MAX && SYS3(SYS_CONTROL, CONTROL_PROCESS, &p, i) == VIPC_OK; i++)
        if (p.pid) seen[seen_count++].is = p;
    for (const char *text; (text = next_line(&dump)) != NULL;) {
        struct seen *s = seen_of(begins_with(text, "process ") ? number_in(text, "process") : begins_with(text, "view ") ? number_in(text, "of") : number_in(text, "owner"));
        if (!s) continue;
        if (begins_with(text, "process ")) {
            s->capabilities = number_in(text, "capabilities");
            s->objects = number_in(text, "endpoints");
        } else if (begins_with(text, "space ")) {
            s->pages += number_in(text, "pages");
            s->shared += number_in(text, "copy_on_write");
        } else if (begins_with(text, "view ")) note_wait(s, text);
    }
}
static void do_ps(char *rest)
{
    static const char *const states[] = { "?", "ready", "running", "asleep", "parked", "ending", "ended" };
    (void)rest;
    look_at_all();
    printf("  pid  name          priority  cpu  state    waits for   frames  shared  capabilities  objects\n");
    for (unsigned i = 0; i < seen_count; i++) {
        const struct seen *s = &seen[i];
        const char *waits = s->waits[0] ? s->waits : s->is.state == MACHINE_PARKED ? "a message" : "";
        printf("%5lu  ", (unsigned long)s->is.pid);
        pad(s->is.name, 14);
        printf("%8u  %3u  ", s->is.priority, s->is.cpu);
        pad(states[s->is.state <= MACHINE_DEAD ? s->is.state : 0], 9);
        pad(waits, 11);
        printf("%7lu  %6lu  %12lu  %7lu\n", (unsigned long)s->pages, (unsigned long)s->shared, (unsigned long)s->capabilities, (unsigned long)s->objects);
    }
}
static void do_objects(char *kind)
{
    unsigned told = 0;
    memset(&dump, 0, sizeof dump);
    for (const char *text; (text = next_line(&dump)) != NULL;)
        if (begins_with(text, kind)) {
            printf("  %s\n", text);
            told++;
        }
    if (told == 0) printf("no line of the core's dump begins with \"%s\": `objects` alone shows all\n", kind);
}
static void do_memory(char *rest)
{
    const struct machine_info i = machine();
    uint64_t pages = 0, shared = 0;
    uint32_t named = 0;
    vipc_stats s = VIPC_INIT;
    vipc_config c = VIPC_INIT;
    (void)rest;
    look_at_all();
    for (unsigned k = 0; k < seen_count; k++) { pages += seen[k].pages; shared += seen[k].shared; }
    if (vipc_stats_get(&ipc, &s) != VIPC_OK || vipc_config_get(&ipc, &c) != VIPC_OK || vipc_object_count(&ipc, &named) != VIPC_OK) { printf("the core does not say\n"); return; }
    printf("  %8lu frames of 4 KiB to hand out, on %u node%s\n", (unsigned long)i.frames, c.numa_nodes, c.numa_nodes == 1 ? "" : "s");
    printf("  %8lu of them are free, %lu of a hundred\n", (unsigned long)i.frames_free, (unsigned long)(i.frames_free * 100 / (i.frames ? i.frames : 1)));
    printf("  %8lu are the core's, for queues and other tables; %lu when it had most\n", (unsigned long)s.frames_in_use, (unsigned long)s.frames_high_water);
    printf("  %8lu are mapped in the spaces of %u processes, of which %lu are shared until written\n", (unsigned long)pages, seen_count, (unsigned long)shared);
    printf("  %8u named objects\n", named);
}
static void do_stats(char *rest)
{
    const struct machine_info i = machine();
    vipc_stats s = VIPC_INIT;
    (void)rest;
    if (vipc_stats_get(&ipc, &s) != VIPC_OK) { printf("the core does not say\n"); return; }
    const struct { const char *what; uint64_t n; } all[] = {
        { "calls", s.calls }, { "replies", s.replies }, { "messages sent", s.sent }, { "messages received", s.received }, { "capability checks that refused", s.checks_failed },
        { "objects made", s.objects_created }, { "objects ended", s.objects_destroyed }, { "names looked up", s.lookups }, { "sleeps", s.sleeps }, { "wake-ups", s.wakes },
        { "calls straight from register to register", i.fast_calls }, { "replies likewise", i.fast_replies }, { "of these two, by a slower step", i.slow },
        { "times that who slept handed the CPU over", i.handed_over }, { "times that the kernel itself was preempted", i.preempted },
        { "bytes read from the serial port", bytes_read }, { "by so many signals", signals }, { "times that bytes were lost there", overruns }
    };
    for (unsigned k = 0; k < sizeof all / sizeof *all; k++) printf("  %10lu %s\n", (unsigned long)all[k].n, all[k].what);
}
static void do_check(char *rest)
{
    uint32_t violations = 0;
    (void)rest;
    vipc_error e = vipc_check(&ipc, &violations);
    if (e != VIPC_OK) printf("  vipc_check: %s\n", vipc_error_string(e));
    else printf("  the core has walked all of its tables and lists: %u violations\n", violations);
}
static void do_cpus(char *rest)
{
    const struct machine_info i = machine();
    struct machine_cpu c;
    (void)rest;
    look_at_all();
    printf("  cpu  node  runs                load  straight calls  slow steps  preempted  handed over  interrupts sent\n");
    for (uint64_t k = 0; SYS3(SYS_CONTROL, CONTROL_CPU, &c, k) == VIPC_OK; k++) {
        const struct seen *s = seen_of(c.pid);
        printf("  %3u  %4u  %5lu  ", c.number, c.node, (unsigned long)c.pid);
        pad(s ? s->is.name : c.pid ? "?" : "-", 12);
        printf("%5u  %14lu  %10lu  %9lu  %11lu  %15lu\n", c.load, (unsigned long)c.calls, (unsigned long)c.slow, (unsigned long)c.preempted, (unsigned long)c.handed_over,
               (unsigned long)c.interrupts_sent);
    }
    printf("  SMEP %s, SMAP %s, NX %s\n", i.smep ? "on" : "absent", i.smap ? "on" : "absent", i.nx ? "on" : "absent");
}
static void do_programs(char *rest)
{
    struct machine_program p;
    (void)rest;
    for (uint64_t i = 0; SYS3(SYS_CONTROL, CONTROL_PROGRAM, &p, i) == VIPC_OK; i++) printf("  %8lu bytes  %s\n", (unsigned long)p.bytes, p.name);
}
static char *word_of(char **rest)            /* the first, cut off; and what follows */
{
    char *word = *rest;
    while (*word == ' ') word++;
    char *end = word;
    while (*end && *end != ' ') end++;
    *rest = end;
    if (*end) { *end = 0; *rest = end + 1; }
    while (**rest == ' ') ++*rest;
    return word;
}
static void do_start(char *rest)
{
    const char *program = word_of(&rest);
    if (!*program) { printf("start which program? `programs` lists them\n"); return; }
    const struct job *j = launch(program, rest, LOW);
    if (j) printf("process %lu\n", j->child.pid.id);
}
static void do_run(char *rest)
{
    const char *program = word_of(&rest);
    if (!*program) { printf("run which program? `programs` lists them\n"); return; }
    struct job *j = launch(program, rest, LOW);
    if (j) attend(j);
}
static void do_kill(char *rest)
{
    uint64_t pid;
    const char *word = word_of(&rest);
    if (!number_of(word, &pid)) { printf("kill which process? Its number: `ps` tells them\n"); return; }
    if (pid == vipc_self(&ipc).id) { printf("that is this shell: `quit` ends it, and the machine\n"); return; }
    if (pid == KERNEL) { printf("that is the kernel\n"); return; }
    for (struct job *j = jobs; j < jobs + JOBS; j++)
        if (j->used && j->child.pid.id == pid) {
            vipc_error e = kill(j->child);
            if (e != VIPC_OK) printf("process %lu: %s\n", (unsigned long)pid, vipc_error_string(e));
            (void)bury(0);
            return;
        }
    look_at_all();
    if (seen_of(pid)) printf("process %lu was started by another, who has the capability to end it; this shell has none\n", (unsigned long)pid);
    else printf("no process %lu\n", (unsigned long)pid);
}
static void control_program(const char *program, const char *arguments)
{
    for (unsigned i = 0; i < AHEAD; i++) *(volatile unsigned char *)&ahead[i] = ahead[i];       /* it counts frames: none may come while it runs */
    if (machine().processes > 1) { printf("others run, and %s counts what is left when all is over: kill them first (`ps`)\n", program); return; }
    struct job *j = launch(program, arguments, HIGH | SPAWN_CONTROL);
    if (j) attend(j);
}
static void do_story(char *rest) { control_program("story", rest); }
static void do_stress(char *rest) { control_program("stress", rest); }
static void do_quit(char *rest)
{
    (void)rest;
    (void)fflush(stdout);
    (void)SYS1(SYS_CONTROL, CONTROL_QUIT);
}
static void do_help(char *rest);
static const struct { const char *name, *takes, *does; void (*run)(char *rest); } commands[] = {
    { "help", "", "this", do_help },
    { "programs", "", "what can be started", do_programs },
    { "start", "PROGRAM [ARGUMENTS]", "in the background", do_start },
    { "run", "PROGRAM [ARGUMENTS]", "and wait for its end; Ctrl-C ends it", do_run },
    { "ps", "", "processes, what they wait for and what they have", do_ps },
    { "kill", "PID", "end a process", do_kill },
    { "objects", "[KIND]", "the core's own dump: endpoint, space, name, ...", do_objects },
    { "memory", "", "frames: free, and who has the others", do_memory },
    { "stats", "", "what was counted since the machine started", do_stats },
    { "check", "", "have the core look for broken rules in all of its tables", do_check },
    { "cpus", "", "processors", do_cpus },
    { "story", "", "what a boot without a command line tells", do_story },
    { "stress", "[ARGUMENTS]", "everything at once", do_stress },
    { "quit", "", "switch the machine off", do_quit }
};
static void do_help(char *rest)
{
    (void)rest;
    for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++) {
        printf("  ");
        pad(commands[i].name, 9);
        pad(commands[i].takes, 21);
        printf("%s\n", commands[i].does);
    }
    printf("  Keys: backspace; Ctrl-U: the line away; Ctrl-C: another line; arrows up and down: lines of before.\n");
}
static void obey(char *text)
{
    char *rest = text;
    const char *word = word_of(&rest);
    if (!*word) return;
    for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(word, commands[i].name) == 0) { commands[i].run(rest); return; }
    printf("no command \"%s\": `help` lists them\n", word);
}

int main(void)
{
    if (vipc_posix_open(&ipc, "/demo", NULL) != VIPC_OK) return 1;
    if (vipc_notification_create(&ipc, "serial port, deaths", &bell) != VIPC_OK) return 2;
    if (SYS3(SYS_CONTROL, CONTROL_BIND, bell.token, BYTES) != VIPC_OK) { printf("the shell wants to be the first process: boot with `shell`\n"); return 3; }
    printf("\nA shell in ring 3, which drives the serial port's input: its interrupt is a signal, its registers\n");
    printf("are read by system calls. `help` lists what it knows, `quit` switches the machine off.\n");
    printf("Ctrl-C ends the program that is waited for, and not the emulator; Ctrl-A X does that.\n");
    for (;;) {
        read_line();
        obey(line);
    }
}
