/* collect.c - makes the corpus: small inputs that together have the model's operations come to every end that random runs come to.
 *     collect SECONDS DIRECTORY
 * Random runs are recorded; one that comes to an end that none came to before is cut down as far as it still does.  Of the pieces as few are kept as are
 * needed (file seed-N), and the ends that they come to are listed in DIRECTORY/../ends.  Beside them stay some runs as they are (seed-long-N), for what takes
 * several steps and is no end of its own.  Other files in the directory stay, and count. */
#include "model.h"
#include "files.h"
#include <time.h>

enum { PIECES = 1000, LONGEST = 4096, LONG_RUNS = 16 };
typedef struct piece { unsigned char *bytes; size_t size; bool kept, stays; unsigned char ends[OPERATIONS][ERRORS]; } piece;
static piece pieces[PIECES];
static int made;
static unsigned char known[OPERATIONS][ERRORS];

/* Which ends do these bytes come to?  None, if model and header differ. */
static bool reach(const unsigned char *bytes, size_t size, unsigned char ends[OPERATIONS][ERRORS])
{
    memset(seen, 0, sizeof seen);
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) model_run_bytes(bytes, size);
    for (int i = 0; i < OPERATIONS; i++)
        for (int e = 0; e < ERRORS; e++) ends[i][e] = seen[i][e] != 0;
    return test_failures_ == 0;
}
static bool still(const unsigned char *bytes, size_t size, int i, int e)
{
    static unsigned char ends[OPERATIONS][ERRORS];
    return reach(bytes, size, ends) && ends[i][e];
}
/* Take away what is not needed, in ever smaller parts. */
static size_t cut_down(unsigned char *bytes, size_t size, int i, int e)
{
    static unsigned char less[LONGEST];
    for (size_t part = size / 2; part; part /= 2)
        for (size_t at = 0; at < size;) {
            size_t out = part < size - at ? part : size - at;
            memcpy(less, bytes, at);
            memcpy(less + at, bytes + at + out, size - at - out);
            if (still(less, size - out, i, e)) { size -= out; memcpy(bytes, less, size); }
            else at += out;
        }
    return size;
}
static void add(const unsigned char *bytes, size_t size, bool stays)
{
    if (made == PIECES) return;
    piece *p = &pieces[made++];
    p->bytes = malloc(size + 1);
    memcpy(p->bytes, bytes, size);
    p->size = size;
    p->stays = p->kept = stays;
    if (!reach(bytes, size, p->ends)) { made--; free(p->bytes); return; }
    for (int i = 0; i < OPERATIONS; i++)
        for (int e = 0; e < ERRORS; e++) known[i][e] |= p->ends[i][e];
}
/* A random run, as long as the record has room. */
static size_t record(unsigned char *bytes, uint64_t seed)
{
    input.copy = bytes;
    input.copied = 0;
    input.room = 200 + seed % 16 * 240;
    test_failures_ = 0;
    input.random = (seed + 1) * 0x9E3779B97F4A7C15u | 1;
    if (setjmp(test_out_) == 0) {
        model_open();
        while (input.copied < input.room) model_step();
        input.random = 0;
        model_close();
    }
    input.random = 0;
    input.room = 0;
    return test_failures_ ? 0 : input.copied;
}
static void try_seed(uint64_t seed)
{
    static unsigned char bytes[LONGEST], smaller[LONGEST];
    static unsigned char ends[OPERATIONS][ERRORS];
    size_t size = record(bytes, seed);
    if (!size) { printf("seed %llu: model and header differ\n", (unsigned long long)seed); return; }
    if (!reach(bytes, size, ends)) return;
    for (int i = 0; i < OPERATIONS; i++)
        for (int e = 0; e < ERRORS; e++) {
            if (!ends[i][e] || known[i][e]) continue;
            memcpy(smaller, bytes, size);
            add(smaller, cut_down(smaller, size, i, e), false);
            known[i][e] = 1;
        }
}
/* Ends that this piece alone would add. */
static int adds(const piece *p, unsigned char have[OPERATIONS][ERRORS])
{
    int n = 0;
    for (int i = 0; i < OPERATIONS; i++)
        for (int e = 0; e < ERRORS; e++) n += p->ends[i][e] && !have[i][e];
    return n;
}
static void choose(void)
{
    static unsigned char have[OPERATIONS][ERRORS];
    for (;;) {
        int best = -1, most = 0;
        for (int k = 0; k < made; k++) {
            int n = pieces[k].stays ? 10000 : adds(&pieces[k], have);
            if (n > most) { most = n; best = k; }
        }
        if (best < 0) return;
        pieces[best].kept = true;
        pieces[best].stays = false;
        for (int i = 0; i < OPERATIONS; i++)
            for (int e = 0; e < ERRORS; e++) have[i][e] |= pieces[best].ends[i][e];
    }
}
static void list_ends(const char *dir)
{
    char path[FILE_PATH];
    file_path(path, dir, "../ends");
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < OPERATIONS; i++)
        for (int e = 0; e < ERRORS; e++)
            if (known[i][e]) fprintf(f, "%s %d\n", every_operation[i], -e);
    if (!f || fclose(f) != 0) { printf("cannot write %s\n", path); exit(1); }
}
static void write_piece(const char *dir, const char *name, const unsigned char *bytes, size_t size)
{
    char path[FILE_PATH];
    file_path(path, dir, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) { printf("cannot write %s\n", path); exit(1); }
}
int main(int argc, char **argv)
{
    static char there_names[FILES_MOST][FILE_NAME];
    static unsigned char bytes[FILE_MOST];
    char path[FILE_PATH], name[32];
    if (argc < 3) return 2;
    int there = file_list(argv[2], there_names), kept = 0;
    for (int k = 0; k < there; k++) {
        file_path(path, argv[2], there_names[k]);
        if (strncmp(there_names[k], "seed-", 5) == 0) remove(path);
        else add(bytes, file_read(path, bytes), true);
    }
    int stay = made;
    time_t end = time(NULL) + atoi(argv[1]);
    for (uint64_t seed = 1; time(NULL) < end; seed++) try_seed(seed);
    choose();
    for (int k = stay; k < made; k++) {
        if (!pieces[k].kept) continue;
        snprintf(name, sizeof name, "seed-%03d", ++kept);
        write_piece(argv[2], name, pieces[k].bytes, pieces[k].size);
    }
    for (uint64_t k = 1; k <= LONG_RUNS; k++) {
        size_t size = record(bytes, 16 * k + 15);            /* of the longest */
        snprintf(name, sizeof name, "seed-long-%02d", (int)k);
        write_piece(argv[2], name, bytes, size);
    }
    list_ends(argv[2]);
    printf("%d files, and %d that were there\n", kept, stay);
    return 0;
}
