/* console.c - the serial port (COM1), and words for people
 *
 * What is said goes into a ring, and from there to the port by its interrupt, so nobody waits for the port with interrupts off.  Before that interrupt is on, and when all is
 * lost, it goes straight out.
 *
 * What comes in is no business of the kernel's: the process that has bound a notification is signalled, reads the port's registers by system calls (user/shell.c is that
 * driver), and asks for the next signal.  Until it does there is none, so whatever the terminal sends costs one interrupt. */
#include <stdarg.h>
#include "kernel.h"

enum { COM1 = 0x3f8, INTERRUPTS = 1, FIFO = 2, LINE = 3, MODEM = 4, LINE_STATUS = 5, EXIT_PORT = 0xf4 };     /* its registers */
enum { MAY_RECEIVE = 1, MAY_SEND = 2, RECEIVED = 1, ERRORS = 0x1e, SEND_EMPTY = 0x20, FIFO_BYTES = 16 };      /* of INTERRUPTS; of LINE_STATUS */
enum { PIC = 0x20, PIC_END = 0x20, RING = 8192 };
static char ring[RING];
static uint32_t oldest, waiting;     /* what has yet to go out */
static bool direct = true;
static uint8_t wanted;               /* of INTERRUPTS */
static uint8_t errors;               /* of LINE_STATUS, which forgets them when it is read */
static vipc bell_ipc;                /* a view of the interrupt's own: the first CPU alone gets it, with interrupts off, so a signal from there is in no other call */
static vipc_cap bell;                /* the kernel's capability for whom to signal; 0: nobody */
static uint64_t bell_bits;

/* Around the ring and the port's registers, and nothing else: nobody is called in between. */
static struct lock console_lock = { .rank = RANK_CONSOLE };
static bool broken;                  /* one CPU speaks, the others have been stopped: there is nothing to lock */
static uint64_t lock(void) { return broken ? vipc_x86_64_enter() : lock_enter(&console_lock); }
static void unlock(uint64_t was)
{
    if (broken) vipc_x86_64_leave((uint32_t)was);
    else lock_leave(&console_lock, was);
}

void console_start(void)
{
    out8(COM1 + INTERRUPTS, 0);
    out8(COM1 + LINE, 0x80);
    out8(COM1 + 0, 1);               /* 115,200 baud */
    out8(COM1 + 1, 0);
    out8(COM1 + LINE, 3);            /* 8 bits, no parity */
    out8(COM1 + FIFO, 0xc7);         /* both empty; its interrupt comes at 14 bytes, or when no more come */
    out8(COM1 + MODEM, 0x0b);        /* ready; and its interrupt reaches the controller */
}

static uint8_t line_status(void)
{
    const uint8_t status = in8(COM1 + LINE_STATUS);
    errors |= status & ERRORS;
    return status;
}

/* ---- out ---- */
static void push_out(void)           /* as much as the port takes at once */
{
    if (!(line_status() & SEND_EMPTY)) return;
    for (uint32_t i = 0; i < FIFO_BYTES && waiting; i++, waiting--) {
        out8(COM1, (uint8_t)ring[oldest]);
        oldest = (oldest + 1) % RING;
    }
}
/* The interrupt's line falls and rises, if there still is a reason for one: the controller sees edges. */
static void ask_again(void)
{
    out8(COM1 + INTERRUPTS, 0);
    out8(COM1 + INTERRUPTS, wanted);
}
static void write_direct(const char *text, size_t length)
{
    while (waiting) push_out();
    for (size_t i = 0; i < length; i++) {
        while (!(line_status() & SEND_EMPTY)) {}
        out8(COM1, (uint8_t)text[i]);
    }
}
/* A text stays in one piece, if it is no longer than the ring.  Where there is no room for it the oldest goes out by hand, and interrupts come in between. */
void console_write(const char *text, size_t length)
{
    uint64_t was = lock();
    while (!direct && length) {
        const size_t part = length < RING ? length : RING;
        while (!direct && RING - waiting < part) {
            push_out();
            unlock(was);
            was = lock();
        }
        if (direct) break;
        for (size_t i = 0; i < part; i++) ring[(oldest + waiting++) % RING] = text[i];
        text += part;
        length -= part;
        if (!(wanted & MAY_SEND)) {
            wanted |= MAY_SEND;
            ask_again();
        }
    }
    if (direct) write_direct(text, length);
    unlock(was);
}
void console_break(void) { broken = direct = true; }

/* ---- in ---- */
void console_input_start(void)
{
    vipc_error e = vipc_thread_enter(&manager_ipc, 0, &bell_ipc);
    if (e != VIPC_OK) panic("the console's view of the domain: %s", vipc_error_string(e));
    direct = false;
    out8(PIC + 1, in8(PIC + 1) & ~(1u << (VECTOR_CONSOLE - VECTOR_TIMER)));
}
/* The bits are signalled once for this call, as soon as there is something to be read. */
vipc_error console_bind(vipc *self, vipc_cap notification, uint64_t bits)
{
    vipc_derive_desc d = VIPC_INIT;
    vipc_cap mine;
    d.rights = VIPC_RIGHT_SEND;
    if (!bits) return VIPC_ERR_INVALID_ARGUMENT;
    if (bell.token) return VIPC_ERR_EXISTS;
    vipc_error e = vipc_cap_require(self, notification, VIPC_TYPE_NOTIFICATION, VIPC_RIGHT_SEND);
    if (e == VIPC_OK) e = vipc_grant(self, notification, vipc_self(&bell_ipc), &d, &mine);
    if (e != VIPC_OK) return e;
    uint64_t was = lock();
    bell = mine;
    bell_bits = bits;
    unlock(was);
    console_ask();
    return VIPC_OK;
}
void console_ask(void)
{
    uint64_t was = lock();
    wanted |= MAY_RECEIVE;
    ask_again();
    unlock(was);
}
/* What its driver may read: a byte that came, and the line's status.  -1: no such register. */
int console_register(uint64_t number)
{
    int value = -1;
    uint64_t was = lock();
    if (number == 0) value = in8(COM1);
    if (number == LINE_STATUS) {
        value = line_status() | errors;
        errors = 0;
    }
    unlock(was);
    return value;
}

void console_interrupt(void)
{
    uint64_t was = lock();
    const bool rang = (wanted & MAY_RECEIVE) && (line_status() & RECEIVED);
    push_out();
    if (rang) wanted &= (uint8_t)~MAY_RECEIVE;
    if (!waiting) wanted &= (uint8_t)~MAY_SEND;
    out8(PIC, PIC_END);
    ask_again();
    unlock(was);
    if (rang && bell.token && vipc_signal(&bell_ipc, bell, bell_bits) != VIPC_OK) bell.token = 0;      /* the notification has ended */
}

/* ---- words for people ---- */
struct line { char text[192]; size_t used; };
static void put(struct line *l, char c)
{
    l->text[l->used++] = c;
    if (l->used == sizeof l->text) { console_write(l->text, l->used); l->used = 0; }
}
static void put_number(struct line *l, uint64_t n, unsigned base, unsigned width, char fill)
{
    char digits[24];
    unsigned used = 0;
    do digits[used++] = "0123456789abcdef"[n % base]; while (n /= base);
    while (width > used) { put(l, fill); width--; }
    while (used) put(l, digits[--used]);
}
void say_list(const char *f, va_list a)
{
    struct line l;
    l.used = 0;
    for (; *f; f++) {
        if (*f != '%') { put(&l, *f); continue; }
        unsigned width = 0, longs = 0;
        char fill = f[1] == '0' ? '0' : ' ';
        for (f++; *f >= '0' && *f <= '9'; f++) width = width * 10 + (unsigned)(*f - '0');
        for (; *f == 'l'; f++) longs++;
        if (*f == 's') for (const char *s = va_arg(a, const char *); *s; s++) put(&l, *s);
        else if (*f == 'c') put(&l, (char)va_arg(a, int));
        else if (*f == 'u') put_number(&l, longs ? va_arg(a, uint64_t) : va_arg(a, uint32_t), 10, width, fill);
        else if (*f == 'x') put_number(&l, longs ? va_arg(a, uint64_t) : va_arg(a, uint32_t), 16, width, fill);
        else if (*f == 'd') {
            int64_t n = longs ? va_arg(a, int64_t) : va_arg(a, int);
            if (n < 0) put(&l, '-');
            put_number(&l, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 10, width, fill);
        } else put(&l, *f);
    }
    console_write(l.text, l.used);
}
void say(const char *f, ...)
{
    va_list a;
    va_start(a, f);
    say_list(f, a);
    va_end(a);
}

NOTHING_MORE void power_off(bool passed)
{
    (void)lock();
    write_direct("", 0);
    out8(EXIT_PORT, passed ? 0x10 : 0x11);     /* QEMU ends with 2v + 1, so never with 0 */
    for (;;) __asm__ volatile("hlt");
}
