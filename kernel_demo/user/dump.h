/* dump.h - the core's dump, line by line, and numbers out of it: for programs that may control the machine */
#ifndef DUMP_H
#define DUMP_H
#include <string.h>

struct lines { unsigned next; char *at, *end; struct machine_dump piece; };      /* all zero: the beginning */

/* The next line, ended by 0, until the next call; NULL: no more. */
static inline char *next_line(struct lines *l)
{
    if (l->at == l->end) {
        if (SYS3(SYS_CONTROL, CONTROL_DUMP, &l->piece, l->next) != VIPC_OK || l->piece.lines == 0) return NULL;
        l->next += l->piece.lines;
        l->at = l->piece.text;
        l->end = l->at + l->piece.bytes;
    }
    char *line = l->at;
    while (*l->at != '\n') l->at++;
    *l->at++ = 0;
    return line;
}
static inline int begins_with(const char *line, const char *word)
{
    while (*word && *line == *word) { line++; word++; }
    return *word == 0;
}
/* What stands behind that word; 0: it is not there.  Labels, in quotes, are passed over: only who made them knows what they say. */
static inline uint64_t number_in(const char *line, const char *word)
{
    int quoted = 0;
    size_t n = 0;
    while (word[n]) n++;
    for (const char *c = line; *c; c++) {
        if (*c == '"') quoted = !quoted;
        if (!quoted && (c == line || c[-1] == ' ') && begins_with(c, word) && c[n] == ' ') {
            uint64_t value = 0;
            for (c += n + 1; *c >= '0' && *c <= '9'; c++) value = value * 10 + (uint64_t)(*c - '0');
            return value;
        }
    }
    return 0;
}
#endif
