/* fuzz.c - libFuzzer's bytes as operations on a domain and on the model beside it.  Whatever they differ in ends the run, after the last operations are printed.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz.c -o fuzz && ./fuzz -max_total_time=60 found tests/fuzz/corpus
 * tests/fuzz/run.sh does that; tests/t_corpus.c replays what the corpus holds without it. */
#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    test_failures_ = 0;
    if (setjmp(test_out_) == 0) model_run_bytes(bytes, size);
    if (test_failures_) abort();
    return 0;
}
