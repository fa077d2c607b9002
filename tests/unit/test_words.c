/* Words of the command line: what numbers are worth, and which word a mistyped
 * one is near. */
#include "nearest.h"
#include "quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- quantities ---- */

static const struct {
    enum quantity kind;
    const char *text;
    uint64_t number;
} good[] = {
    {QUANTITY_COUNT, "0", 0},
    {QUANTITY_COUNT, "007", 7},
    {QUANTITY_COUNT, "9223372036854775807", INT64_MAX},
    {QUANTITY_SIZE, "65536", 65536},
    {QUANTITY_SIZE, "12B", 12},
    {QUANTITY_SIZE, "64k", 64 << 10},
    {QUANTITY_SIZE, "64K", 64 << 10},
    {QUANTITY_SIZE, "64Ki", 64 << 10},
    {QUANTITY_SIZE, "64KiB", 64 << 10},
    {QUANTITY_SIZE, "64kb", 64000},
    {QUANTITY_SIZE, "1MB", 1000000},
    {QUANTITY_SIZE, "1MiB", 1 << 20},
    {QUANTITY_SIZE, "1.5G", 3u << 29},
    {QUANTITY_SIZE, "0.5GB", 500000000},
    {QUANTITY_SIZE, "2T", INT64_C(2) << 40},
    {QUANTITY_SIZE, ".5k", 512},
    {QUANTITY_SIZE, "1.0", 1},
    {QUANTITY_SIZE, "0.1K", 103},     /* 102.4 */
    {QUANTITY_SIZE, "1.0000001", 2},  /* more than 1 */
    {QUANTITY_SIZE, "0.0000001K", 1}, /* not 0 */
    {QUANTITY_SIZE, "1.00000000", 1}, /* and this is no more than 1 */
    {QUANTITY_SIZE, "9007199254740991K", INT64_MAX / 1024 * 1024},
    {QUANTITY_TIME, "2", 2000},
    {QUANTITY_TIME, "0.2", 200},
    {QUANTITY_TIME, "500ms", 500},
    {QUANTITY_TIME, "0.1ms", 1},
    {QUANTITY_TIME, "1.5s", 1500},
    {QUANTITY_TIME, "5sec", 5000},
    {QUANTITY_TIME, "1m", 60000},
    {QUANTITY_TIME, "1min", 60000},
    {QUANTITY_TIME, "1m30s", 90000},
    {QUANTITY_TIME, "1h1m1.5s1ms", 3661501},
    {QUANTITY_TIME, "2d", 172800000},
};

static const struct {
    enum quantity kind;
    const char *text;
} bad[] = {
    {QUANTITY_COUNT, ""},
    {QUANTITY_COUNT, "1.0"},
    {QUANTITY_COUNT, "1k"},
    {QUANTITY_COUNT, "-1"},
    {QUANTITY_COUNT, "+1"},
    {QUANTITY_COUNT, " 1"},
    {QUANTITY_COUNT, "0x10"},
    {QUANTITY_COUNT, "1e6"},
    {QUANTITY_COUNT, "9223372036854775808"},
    {QUANTITY_SIZE, ""},
    {QUANTITY_SIZE, "K"},
    {QUANTITY_SIZE, "."},
    {QUANTITY_SIZE, "1."},
    {QUANTITY_SIZE, "1.K"},
    {QUANTITY_SIZE, "1 K"},
    {QUANTITY_SIZE, "1iB"},
    {QUANTITY_SIZE, "1KBi"},
    {QUANTITY_SIZE, "1Kb1"},
    {QUANTITY_SIZE, "1K1K"},
    {QUANTITY_SIZE, "1.5.5K"},
    {QUANTITY_SIZE, "1,5K"},
    {QUANTITY_SIZE, "1P"},
    {QUANTITY_SIZE, "1s"},
    {QUANTITY_SIZE, "-1K"},
    {QUANTITY_SIZE, "9007199254740992K"},
    {QUANTITY_SIZE, "8388608T"},
    {QUANTITY_SIZE, "9223372036854775807.1"},
    {QUANTITY_SIZE, "99999999999999999999999"},
    {QUANTITY_TIME, ""},
    {QUANTITY_TIME, "s"},
    {QUANTITY_TIME, "1M"},
    {QUANTITY_TIME, "1w"},
    {QUANTITY_TIME, "1m30"},
    {QUANTITY_TIME, "1m 30s"},
    {QUANTITY_TIME, "1m-1s"},
    {QUANTITY_TIME, "1:30"},
    {QUANTITY_TIME, "5S"},
    {QUANTITY_TIME, "9223372036854775s808ms"},
    {QUANTITY_TIME, "99999999999999999h"},
};

static void quantities_are_read_as_written(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error error = ERROR_INIT;
        uint64_t number = 0;
        if (!quantity_read(good[i].kind, "x", good[i].text, &number, &error))
            fail_msg("%s", error.text);
        if (number != good[i].number)
            fail_msg("%s: %zu", good[i].text, (size_t)number);
    }
}

static void others_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = ERROR_INIT;
        uint64_t number = 0;
        if (quantity_read(bad[i].kind, "x", bad[i].text, &number, &error))
            fail_msg("'%s': %zu", bad[i].text, (size_t)number);
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_memory_equal(error.text, "--x: ", 5);
    }
}

/* ---- words ---- */

static void the_nearest_word_is_found(void **state) {
    (void)state;
    static const char *const words[] = {"dir",
                                        "env",
                                        "run",
                                        "check",
                                        "allow-net",
                                        "deny-net",
                                        "allow-private-net",
                                        "http-timeout"};
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"dir", "dir"},
        {"dri", "dir"},  /* neighbours */
        {"di", "dir"},   /* missing */
        {"dirs", "dir"}, /* too many */
        {"dur", "dir"},  /* another */
        {"DIR", "dir"},
        {"rdi", NULL}, /* two mistakes in three letters */
        {"chekc", "check"},
        {"alownet", "allow-net"},
        {"alolw-nte", "allow-net"},
        {"alow-private-net", "allow-private-net"},
        {"timeout", NULL},
        {"x", NULL},
        {"", NULL},
        {"quite-another-thing", NULL},
        {"http-timeouthttp-timeouthttp-timeouthttp-timeouthttp-timeouthttp-"
         "timeout",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = nearest(
            slice_of(cases[i].typed), words, sizeof words / sizeof *words);
        bool right = cases[i].meant
                         ? found && strcmp(found, cases[i].meant) == 0
                         : !found;
        if (!right)
            fail_msg("%s: %s", cases[i].typed, found ? found : "nothing");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_are_read_as_written),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(the_nearest_word_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
