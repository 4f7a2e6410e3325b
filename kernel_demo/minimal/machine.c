/* machine.c - words on the serial port, exceptions, the timer, the end; and the four functions that compilers call */
#include "kernel.h"
#include <stdarg.h>

enum { COM1 = 0x3f8, EXIT = 0xf4, TIMER_HZ = 1193182, TIMER_DIVISOR = TIMER_HZ / TICKS_A_SECOND, GATES = 48 };
volatile uint64_t ticks;

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memcpy(void *to, const void *from, size_t n)
{
    for (size_t i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}
void *memmove(void *to, const void *from, size_t n)
{
    if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, n);        /* ours goes upwards */
    while (n--) ((char *)to)[n] = ((const char *)from)[n];
    return to;
}
void *memset(void *to, int v, size_t n)
{
    for (size_t i = 0; i < n; i++) ((char *)to)[i] = (char)v;
    return to;
}
int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (; n; n--, x++, y++) if (*x != *y) return *x < *y ? -1 : 1;
    return 0;
}

static void put(char c)
{
    while (!(in8(COM1 + 5) & 0x20)) {}
    out8(COM1, (uint8_t)c);
}
static void put_number(uint64_t n, unsigned base)
{
    if (n >= base) put_number(n / base, base);
    put("0123456789abcdef"[n % base]);
}
void say(const char *format, ...)
{
    bool was = interrupts_off();                   /* so that no other thread's words come in between */
    va_list list;
    va_start(list, format);
    for (; *format; format++) {
        if (*format != '%') put(*format);
        else if (*++format == 's') for (const char *s = va_arg(list, const char *); *s; s++) put(*s);
        else put_number(va_arg(list, uint64_t), *++format == 'x' ? 16 : 10);
    }
    va_end(list);
    interrupts_back(was);
}
_Noreturn void machine_end(bool good)
{
    for (;;) out8(EXIT, good ? 0x10 : 0x11);       /* QEMU ends with 2v + 1: 33 or 35 */
}

/* Ticks are all the time that there is: as fine as the deadlines of this kernel. */
uint64_t nanoseconds(void) { return ticks * (TIMER_DIVISOR * 1000000000ull / TIMER_HZ) + 1; }

_Noreturn void exception(uint64_t number, uint64_t error, uint64_t rip);
_Noreturn void exception(uint64_t number, uint64_t error, uint64_t rip)
{
    uint64_t cr2;
    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    say("exception %lu at %lx, error code %lx, cr2 %lx\n", number, rip, error, cr2);
    machine_end(false);
}

struct gate { uint16_t low, selector; uint8_t stack, type; uint16_t middle; uint32_t high, zero; };
static struct gate gates[GATES];
extern char exceptions[], timer_entry[], spurious_entry[];     /* boot.S; exceptions are 16 bytes each */
static void gate_set(int vector, const char *entry)
{
    uint64_t at = (uint64_t)entry;
    gates[vector] = (struct gate){ .low = (uint16_t)at, .selector = 8, .type = 0x8e, .middle = (uint16_t)(at >> 16), .high = (uint32_t)(at >> 32) };
}
void machine_start(void)
{
    static const uint8_t controllers[] = { 0x20, 0x11, 0xa0, 0x11, 0x21, 0x20, 0xa1, 0x28, 0x21, 4, 0xa1, 2, 0x21, 1, 0xa1, 1, 0x21, 0xfe, 0xa1, 0xff };
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) idt = { sizeof gates - 1, (uint64_t)gates };
    for (int i = 0; i < 32; i++) gate_set(i, exceptions + 16 * i);
    gate_set(32, timer_entry);
    gate_set(32 + 7, spurious_entry);              /* what the controller says when a request has gone away meanwhile */
    __asm__ volatile("lidt %0" : : "m"(idt));
    for (size_t i = 0; i < sizeof controllers; i += 2) out8(controllers[i], controllers[i + 1]);       /* vectors from 32 on; the timer alone */
    out8(0x43, 0x34);
    out8(0x40, TIMER_DIVISOR & 0xff);
    out8(0x40, TIMER_DIVISOR >> 8);
    interrupts_back(true);
}
