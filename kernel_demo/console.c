/* console.c - the serial port (COM1), and words for people */
#include <stdarg.h>
#include "kernel.h"

enum { COM1 = 0x3f8, LINE_STATUS = 5, SEND_EMPTY = 0x20, EXIT_PORT = 0xf4 };

static struct lock console_lock = { .rank = RANK_CONSOLE };

void console_start(void)
{
    out8(COM1 + 1, 0);               /* no interrupts */
    out8(COM1 + 3, 0x80);
    out8(COM1 + 0, 1);               /* 115,200 baud */
    out8(COM1 + 1, 0);
    out8(COM1 + 3, 3);               /* 8 bits, no parity */
    out8(COM1 + 2, 7);
}
void console_write(const char *text, size_t length)
{
    uint64_t was = lock_enter(&console_lock);  /* a line in one piece */
    for (size_t i = 0; i < length; i++) {
        while (!(in8(COM1 + LINE_STATUS) & SEND_EMPTY)) {}
        out8(COM1, (uint8_t)text[i]);
    }
    lock_leave(&console_lock, was);
}
void console_break(void) { console_lock.taken = 0; }

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
    interrupts_off();
    out8(EXIT_PORT, passed ? 0x10 : 0x11);     /* QEMU ends with 2v + 1, so never with 0 */
    for (;;) __asm__ volatile("hlt");
}
