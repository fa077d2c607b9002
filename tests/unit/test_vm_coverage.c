/* Coverage: tracefiles of lcov that are read, added up and written. What is
 * counted of a run, tests/cli/coverage.py has. */
#include "vm/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool
add(struct vm_coverage *coverage, const char *text, struct error *error) {
    return vm_coverage_read(coverage, slice_of(text), error);
}

/* To be freed. */
static char *written(struct vm_coverage *coverage) {
    struct error error = ERROR_INIT;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(vm_coverage_write(coverage, out, &error));
    fclose(out);
    return text;
}

static void check_sum(const char *first, const char *second, const char *sum) {
    struct error error = ERROR_INIT;
    struct budget budget = {.limit = 1 << 20};
    struct vm_coverage *coverage = vm_coverage_open(&budget);
    assert_non_null(coverage);
    assert_true(add(coverage, first, &error));
    assert_true(add(coverage, second, &error));
    for (int i = 0; i < 2; i++) {
        char *text = written(coverage);
        assert_string_equal(text, sum);
        free(text);
    }
    vm_coverage_close(coverage);
    assert_int_equal(budget.held, 0);
}

static void tracefiles_add_up(void **state) {
    (void)state;
    check_sum("", "", "");
    check_sum("TN:\nSF:b\nDA:2,1\nend_of_record\n"
              "TN:t\nSF:a\nDA:1,1\nend_of_record\n",
              "TN:\nSF:b\nDA:1,0\nDA:2,3\nend_of_record\n"
              "TN:\nSF:a\nDA:1,1\nend_of_record",
              "TN:\nSF:a\nFNF:0\nFNH:0\nDA:1,1\nLF:1\nLH:1\nend_of_record\n"
              "TN:t\nSF:a\nFNF:0\nFNH:0\nDA:1,1\nLF:1\nLH:1\nend_of_record\n"
              "TN:\nSF:b\nFNF:0\nFNH:0\nDA:1,0\nDA:2,4\nLF:2\nLH:1\n"
              "end_of_record\n");
    check_sum("SF:a\nFN:9,f\nFNDA:0,f\nFN:2,g\nFNDA:1,g\nDA:9,0\n"
              "end_of_record\n",
              "SF:a\nFNDA:4,f\nFNDA:1,h\nBRDA:9,1,0,-\nBRDA:9,0,1,0\n"
              "BRDA:9,1,0,-\nBRDA:9,0,1,-\nend_of_record\n",
              "TN:\nSF:a\nFN:9,f\nFN:2,g\nFNDA:4,f\nFNDA:1,g\nFNDA:1,h\n"
              "FNF:3\nFNH:3\nBRDA:9,0,1,0\nBRDA:9,1,0,-\nBRF:2\nBRH:0\n"
              "DA:9,0\nLF:1\nLH:0\nend_of_record\n");
}

static void a_branch_is_reached_in_either(void **state) {
    (void)state;
    static const char never[] = "SF:a\nBRDA:1,0,0,-\nDA:1,0\nend_of_record\n";
    static const char once[] = "SF:a\nBRDA:1,0,0,1\nDA:1,1\nend_of_record\n";
    static const char both[] =
        "TN:\nSF:a\nFNF:0\nFNH:0\nBRDA:1,0,0,1\nBRF:1\nBRH:1\nDA:1,1\n"
        "LF:1\nLH:1\nend_of_record\n";
    check_sum(never, once, both);
    check_sum(once, never, both);
}

static void counts_do_not_overflow(void **state) {
    (void)state;
    check_sum("SF:a\nDA:1,18446744073709551615\nend_of_record\n",
              "SF:a\nDA:1,18446744073709551615\nend_of_record\n",
              "TN:\nSF:a\nFNF:0\nFNH:0\nDA:1,18446744073709551615\nLF:1\n"
              "LH:1\nend_of_record\n");
}

/* What has no lines is no section for lcov. */
static void sections_without_lines_are_left_out(void **state) {
    (void)state;
    check_sum("SF:a\nFN:1,f\nFNDA:1,f\nend_of_record\n", "# x\n\n", "");
}

static const struct {
    const char *text, *wrong;
} bad[] = {
    {"x", "line 1 of the tracefile: not what lcov 1 writes: 'x'"},
    {"\nDA:1,1\n", "line 2"},
    {"SF:\n", "line 1"},
    {"SF:a\nTN:b\n", "line 2"},
    {"SF:a\nDA:1\nend_of_record\n", "line 2"},
    {"SF:a\nDA:1,x\nend_of_record\n", "line 2"},
    {"SF:a\nDA:4294967296,1\nend_of_record\n", "line 2"},
    {"SF:a\nDA:1,18446744073709551616\nend_of_record\n", "line 2"},
    {"SF:a\nDA:1,99999999999999999999\nend_of_record\n", "line 2"},
    {"SF:a\nFN:1,\nend_of_record\n", "line 2"},
    {"SF:a\nFN:1,2,3,4\nend_of_record\n", "line 2"},
    {"SF:a\nBRDA:1,0,1,\nend_of_record\n", "line 2"},
    {"SF:a\nMCDC:1\nend_of_record\n", "line 2"},
    {"SF:a\nDA:1,1\r\nend_of_record\n", "line 2"},
    {"SF:a\nend_of_record \n", "line 2"},
    {"SF:a\nend_of_recor", "line 2"},
    {"SF:a\nDA:1,1", "line 2 of the tracefile: it is cut off"},
};

static void what_is_no_tracefile_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = ERROR_INIT;
        struct vm_coverage *coverage = vm_coverage_open(NULL);
        assert_non_null(coverage);
        assert_false(add(coverage, bad[i].text, &error));
        assert_int_equal(error.kind, ERROR_MALFORMED);
        assert_memory_equal(error.text, bad[i].wrong, strlen(bad[i].wrong));
        vm_coverage_close(coverage);
    }
}

static void memory_may_be_refused(void **state) {
    (void)state;
    static const char text[] = "SF:a\nFN:1,f\nDA:1,1\nend_of_record\n";
    bool enough = false;
    for (uint64_t limit = 0; !enough; limit += 64) {
        struct budget budget = {.limit = limit};
        struct error error = ERROR_INIT;
        struct vm_coverage *coverage = vm_coverage_open(&budget);
        FILE *out = tmpfile();
        assert_non_null(out);
        enough = coverage && add(coverage, text, &error) &&
                 vm_coverage_write(coverage, out, &error);
        assert_true(enough || !coverage || error.kind == ERROR_IO);
        vm_coverage_close(coverage);
        fclose(out);
        assert_int_equal(budget.held, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tracefiles_add_up),
        cmocka_unit_test(a_branch_is_reached_in_either),
        cmocka_unit_test(counts_do_not_overflow),
        cmocka_unit_test(sections_without_lines_are_left_out),
        cmocka_unit_test(what_is_no_tracefile_is_refused),
        cmocka_unit_test(memory_may_be_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
