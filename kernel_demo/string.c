/* string.c - the four functions that a freestanding compiler may call, and one more: built once for the kernel, once for its programs */
#include <stdint.h>
#include "user/include/string.h"

void *memcpy(void *to, const void *from, size_t n)
{
    void *start = to;
    size_t words = n / 8, rest = n % 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return start;
}
void *memset(void *to, int c, size_t n)
{
    void *start = to;
    size_t words = n / 8, rest = n % 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"((unsigned char)c * 0x0101010101010101ull) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(c) : "memory");
    return start;
}
void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *d = to;
    const unsigned char *s = from;
    if ((uintptr_t)to - (uintptr_t)from >= n) return memcpy(to, from, n);
    while (n--) __asm__ volatile("movb %1, %%al\n\tmovb %%al, %0" : "=m"(d[n]) : "m"(s[n]) : "al");
    return to;
}
int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    return 0;
}
int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) { a++; b++; }
    return (unsigned char)*a - (unsigned char)*b;
}
