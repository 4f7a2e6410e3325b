/* mutate.c - plants one bug of a list in a copy of a source file.
 *
 *     ./mutate LIST                      prints: name, how, arguments; one bug a line, tabs between
 *     ./mutate LIST NAME SOURCE OUT      exit 0: OUT is SOURCE with that bug; else why not
 *
 * The list: "= name | how | arguments", then one replacement or more, each old lines ("-" in front) and then new lines ("+" in front; none:
 * the old lines go).  Old text must stand in the source exactly once, or the list is out of date. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *load(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n = 0, room = 1 << 20;
    char *text = malloc(room);
    if (!f || !text) { fprintf(stderr, "mutate: cannot read %s\n", path); exit(2); }
    for (size_t got; (got = fread(text + n, 1, room - n - 1, f)) > 0;) {
        n += got;
        if (n + 1 == room && !(text = realloc(text, room *= 2))) exit(2);
    }
    fclose(f);
    text[n] = 0;
    return text;
}
/* The lines from *at on that begin with `sign`, without it, as one text. */
static char *gather(char **at, char sign)
{
    char *out = malloc(strlen(*at) + 1), *to = out;
    if (!out) exit(2);
    while (**at == sign) {
        char *end = strchr(*at, '\n');
        size_t n = end ? (size_t)(end - *at) : strlen(*at) - 1;
        memcpy(to, *at + 1, n);
        to += n;
        *at = end ? end + 1 : *at + strlen(*at);
    }
    *to = 0;
    return out;
}
static char *replace(const char *text, const char *old, const char *new_text, const char *name)
{
    const char *first = strstr(text, old);
    if (!*old || !first || strstr(first + 1, old)) {
        fprintf(stderr, "mutate: %s: its old text stands in the source %s:\n%s", name, first ? "more than once" : "nowhere", old);
        exit(1);
    }
    size_t before = (size_t)(first - text);
    char *out = malloc(strlen(text) + strlen(new_text) + 1);
    if (!out) exit(2);
    memcpy(out, text, before);
    strcpy(out + before, new_text);
    strcat(out, first + strlen(old));
    return out;
}
int main(int argc, char **argv)
{
    if (argc != 2 && argc != 5) { fprintf(stderr, "usage: mutate LIST [NAME SOURCE OUT]\n"); return 2; }
    char *at = load(argv[1]), *text = argc == 5 ? load(argv[3]) : NULL;
    int here = 0, changed = 0;
    while (*at) {
        char *end = strchr(at, '\n');
        if (*at == '=') {
            char name[80] = "", how[40] = "", arguments[200] = "";
            if (sscanf(at, "= %79[^ |] | %39[^ |] | %199[^\n]", name, how, arguments) != 3) { fprintf(stderr, "mutate: bad line: %.60s\n", at); return 2; }
            if (argc == 2) printf("%s\t%s\t%s\n", name, how, arguments);
            here = argc == 5 && !strcmp(name, argv[2]);
        } else if (*at == '-' && here) {
            char *old = gather(&at, '-'), *new_text = gather(&at, '+');
            text = replace(text, old, new_text, argv[2]);
            changed = 1;
            continue;
        }
        at = end ? end + 1 : at + strlen(at);
    }
    if (argc == 2) return 0;
    if (!changed) { fprintf(stderr, "mutate: no bug is called %s\n", argv[2]); return 1; }
    FILE *f = fopen(argv[4], "wb");
    return f && fputs(text, f) >= 0 && fclose(f) == 0 ? 0 : 2;
}
