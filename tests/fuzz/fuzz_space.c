/* fuzz_space.c - libFuzzer's bytes as operations on address spaces and on the model beside them; see fuzz.c.
 *     clang -fsanitize=fuzzer,address,undefined tests/fuzz/fuzz_space.c -o fuzz_space && ./fuzz_space -max_total_time=60 found tests/fuzz/spaces */
#include "spacemodel.h"
#define TARGET run_bytes
#include "target.h"
