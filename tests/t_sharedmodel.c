/* t_sharedmodel.c - random operations on shared regions and named objects, and on a naive model beside them (tests/fuzz/sharedmodel.h).
 *     t_sharedmodel [CASE [SEED [OPERATIONS]]]       or VIPC_SEED; VIPC_TEST_SHORT=1: 20,000 operations instead of a million */
#include "fuzz/sharedmodel.h"

static void runs(uint32_t shift, uint64_t pool, unsigned share) { run(shift, pool, 16384, random_run(shift + pool, share)); }     /* share: percent of all operations */
TEST(small_pages) { runs(8, 700, 60); }
TEST(pages_of_4096_bytes) { runs(12, 700, 25); }
TEST(few_frames) { runs(8, 60, 15); }
TEST(what_the_fuzzer_begins_with) { replay("tests/fuzz/regions", run_bytes); }

int main(int argc, char **argv)
{
    static const test_case cases[] = { T(small_pages), T(pages_of_4096_bytes), T(few_frames), T(what_the_fuzzer_begins_with) };
    return random_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
