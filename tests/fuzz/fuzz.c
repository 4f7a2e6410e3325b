/* fuzz.c - libFuzzer's bytes as operations on a domain and on the model beside it.  Whatever they differ in ends the run, after the last operations are printed.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz.c -o fuzz && ./fuzz -max_total_time=60 found tests/fuzz/corpus
 * tests/fuzz/run.sh does that; tests/t_corpus.c replays what the corpus holds without it. */
#include "model.h"
#define TARGET model_run_bytes
#include "target.h"
