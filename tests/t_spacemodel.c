/* t_spacemodel.c - random operations on address spaces, and on a naive model beside them (tests/fuzz/spacemodel.h).
 *     t_spacemodel [CASE [SEED [OPERATIONS]]]       or VIPC_SEED; VIPC_TEST_SHORT=1: 20,000 operations instead of a million */
#include "fuzz/spacemodel.h"

static void runs(uint32_t shift, bool is_small, uint32_t max_regions, uint64_t pool, uint32_t translations, unsigned share)     /* share: percent of all operations */
{
    run(shift, is_small, max_regions, pool, translations, random_run(shift + 100 * is_small + max_regions + pool, share));
}
TEST(a_small_space_in_which_everything_collides) { runs(12, true, 0, 900, 4096, 30); }
TEST(a_small_space_of_small_pages) { runs(8, true, 0, 900, 4096, 20); }
TEST(the_whole_range_sparsely) { runs(12, false, 0, 1200, 4096, 15); }
TEST(the_whole_range_of_small_pages) { runs(8, false, 0, 1600, 4096, 15); }
TEST(few_regions) { runs(12, true, 40, 900, 4096, 10); }
TEST(few_frames_and_translations) { runs(8, false, 60, 220, 200, 10); }
TEST(what_the_fuzzer_begins_with) { replay("tests/fuzz/spaces", run_bytes); }

int main(int argc, char **argv)
{
    static const test_case cases[] = { T(a_small_space_in_which_everything_collides), T(a_small_space_of_small_pages), T(the_whole_range_sparsely), T(the_whole_range_of_small_pages),
                                       T(few_regions), T(few_frames_and_translations), T(what_the_fuzzer_begins_with) };
    return random_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
