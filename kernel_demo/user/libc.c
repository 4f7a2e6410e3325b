/* libc.c - the little of C's library that the demo's programs use, and how a program starts */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */
unsigned long strtoul(const char *text, char **end, int base)
{
    unsigned long n = 0;
    if (base == 16 && text[0] == '0' && text[1] == 'x') text += 2;
    for (;; text++) {
        int digit = *text >= '0' && *text <= '9' ? *text - '0' : *text >= 'a' && *text <= 'f' ? *text - 'a' + 10 : 99;
        if (digit >= base) break;
        n = n * (unsigned long)base + (unsigned long)digit;
    }
    if (end) *end = (char *)(uintptr_t)text;
    return n;
}

/* ---- printing: a buffer a line ---- */
FILE *const stdout = NULL, *const stderr = NULL;
static char line[LOG_MAX];
static size_t used;
static void put(char c)
{
    line[used++] = c;
    if (c == '\n' || used == sizeof line) (void)fflush(stdout);
}
int fflush(FILE *file)
{
    (void)file;
    if (used) (void)SYS2(SYS_LOG, line, used);
    used = 0;
    return 0;
}
static void put_number(unsigned long n, unsigned base, unsigned width, char fill)
{
    char digits[24];
    unsigned count = 0;
    do digits[count++] = "0123456789abcdef"[n % base]; while (n /= base);
    for (; width > count; width--) put(fill);
    while (count) put(digits[--count]);
}
static void format(const char *f, va_list a)
{
    for (; *f; f++) {
        if (*f != '%') { put(*f); continue; }
        unsigned width = 0, longs = 0;
        char fill = f[1] == '0' ? '0' : ' ';
        for (f++; *f >= '0' && *f <= '9'; f++) width = width * 10 + (unsigned)(*f - '0');
        for (; *f == 'l'; f++) longs++;
        if (*f == 's') for (const char *s = va_arg(a, const char *); *s; s++) put(*s);
        else if (*f == 'c') put((char)va_arg(a, int));
        else if (*f == 'u' || *f == 'x') put_number(longs ? va_arg(a, unsigned long) : va_arg(a, unsigned), *f == 'u' ? 10 : 16, width, fill);
        else if (*f == 'd') {
            long n = longs ? va_arg(a, long) : va_arg(a, int);
            if (n < 0) put('-');
            put_number(n < 0 ? 0 - (unsigned long)n : (unsigned long)n, 10, width, fill);
        } else put(*f);
    }
}
int printf(const char *f, ...)
{
    va_list a;
    va_start(a, f);
    format(f, a);
    va_end(a);
    return 0;
}
int fprintf(FILE *file, const char *f, ...)
{
    va_list a;
    (void)file;
    va_start(a, f);
    format(f, a);
    va_end(a);
    return 0;
}
int puts(const char *text) { return printf("%s\n", text); }

/* ---- start and end ---- */
enum { WORDS = 8 };
int main(int argc, char **argv);
void user_start(char *arguments) __attribute__((noreturn));

void exit(int code)
{
    (void)fflush(stdout);
    for (;;) (void)SYS1(SYS_EXIT, code);
}
void user_start(char *arguments)
{
    static char *argv[WORDS + 2];
    int argc = 1;
    argv[0] = arguments;                                     /* the program's name is not told */
    for (char *c = arguments; *c && argc <= WORDS;) {
        while (*c == ' ') *c++ = 0;
        if (*c) argv[argc++] = c;
        while (*c && *c != ' ') c++;
    }
    exit(main(argc, argv));
}
