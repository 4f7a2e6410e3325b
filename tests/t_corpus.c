/* t_corpus.c - the fuzzer's corpus without a fuzzer: each file of tests/fuzz/corpus is a case.  The last case is that all of them together have every
 * operation of the model succeed, and come to every end that is listed in tests/fuzz/ends: a corpus that no longer reaches what it was
 * kept for is to be made anew (tests/fuzz/run.sh collect).  To be run from the project's directory, or with VIPC_CORPUS naming the corpus.
 *     t_corpus [FILE]             one file: any */
#include "fuzz/model.h"
#include "fuzz/files.h"

static int passed, failed;
static int told(const char *name, bool good_so_far)
{
    if (good_so_far) passed++; else failed++;
    if (!good_so_far) printf("FAIL %s\n", name);
    return good_so_far;
}
static void replay(const char *path)
{
    static unsigned char bytes[FILE_MOST];
    size_t size = file_read(path, bytes);
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) model_run_bytes(bytes, size);
    told(path, test_failures_ == 0);
}
/* tests/fuzz/ends: one operation and one error's number a line. */
static bool covers(const char *path)
{
    FILE *f = fopen(path, "r");
    char what[64];
    int number, missing = 0, listed = 0;
    if (!f) { printf("    %s is missing\n", path); return false; }
    while (fscanf(f, "%63s %d", what, &number) == 2) {
        int i = operation_of(what);
        listed++;
        if (i < OPERATIONS && number <= 0 && number > -ERRORS && seen[i][-number]) continue;
        printf("    %s: no file has it end with %d\n", what, number);
        missing++;
    }
    fclose(f);
    return missing == 0 && listed > 0;
}
static bool all_succeed(void)
{
    int missing = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        bool any = seen[i][0] != 0 || strcmp(every_operation[i], "cap_require_old") == 0;      /* which must not */
        if (!any) printf("    %s never succeeds\n", every_operation[i]);
        missing += !any;
    }
    return missing == 0;
}

int main(int argc, char **argv)
{
    static char there[FILES_MOST][FILE_NAME];
    const char *given = getenv("VIPC_CORPUS"), *dir = given ? given : "tests/fuzz/corpus";
    char path[FILE_PATH];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1) {
        replay(argv[1]);
    } else {
        int n = file_list(dir, there);
        for (int i = 0; i < n; i++) {
            file_path(path, dir, there[i]);
            replay(path);
        }
        print_seen();
        file_path(path, dir, "../ends");
        bool every = all_succeed();
        if (told("each_operation_succeeds_in_the_corpus", every)) printf("ok   %d files\n", n);
        told("the_corpus_comes_to_every_end_that_is_listed", covers(path));
    }
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
