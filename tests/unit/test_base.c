/* base: slices, UTF-8, base64, errors, arenas, buffers, files. */
#include "base/base.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct slice bytes(const char *data, size_t size) {
    return (struct slice){(const uint8_t *)data, size};
}

/* ---- slices and UTF-8 ---- */

static void slices_compare_by_content(void **state) {
    (void)state;
    assert_true(slice_is(slice_of("abc"), "abc"));
    assert_false(slice_is(slice_of("abc"), "ab"));
    assert_false(slice_is(bytes("a\0b", 3), "a"));
    assert_true(slice_equal(bytes("a\0b", 3), bytes("a\0b", 3)));
    assert_true(slice_equal((struct slice){0}, slice_of("")));
}

static void utf8_is_that_of_rfc_3629(void **state) {
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\xC2\x80",
                                       "\xDF\xBF",
                                       "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",
                                       "\xEE\x80\x80",
                                       "\xF0\x90\x80\x80",
                                       "\xF4\x8F\xBF\xBF"};
    static const char *const bad[] = {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC2",
                                      "\xC2\x41",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xEF\xBF",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xFF",
                                      "a\xF0\x90\x80"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(utf8_valid(slice_of(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(utf8_valid(slice_of(bad[i])));
    }
    assert_true(utf8_valid(bytes("\0", 1)));
}

static void utf8_is_written_at_its_shortest(void **state) {
    (void)state;
    static const struct {
        uint32_t code_point;
        const char *text;
    } cases[] = {{'a', "a"},
                 {0x7F, "\x7F"},
                 {0x80, "\xC2\x80"},
                 {0x7FF, "\xDF\xBF"},
                 {0x800, "\xE0\xA0\x80"},
                 {0xFFFF, "\xEF\xBF\xBF"},
                 {0x10000, "\xF0\x90\x80\x80"},
                 {0x10FFFF, "\xF4\x8F\xBF\xBF"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[4];
        size_t size = utf8_encode(cases[i].code_point, out);
        assert_true(slice_is((struct slice){out, size}, cases[i].text));
    }
}

/* ---- base64 ---- */

static void base64_goes_both_ways(void **state) {
    (void)state;
    static const char *const plain[] = {
        "", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {
        "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        char text[16];
        size_t size = base64_encode(slice_of(plain[i]), text);
        assert_true(slice_is(bytes(text, size), coded[i]));
        uint8_t back[16];
        assert_true(base64_decode(slice_of(coded[i]), back, &size));
        assert_true(slice_is((struct slice){back, size}, plain[i]));
    }
}

static void base64_refuses_all_but_the_one_text(void **state) {
    (void)state;
    static const char *const bad[] = {"Zg",
                                      "Zg=",
                                      "Zg===",
                                      "Zh==",
                                      "Zm9=",
                                      "=m8=",
                                      "Z===",
                                      "Zm8 ",
                                      "Zm-_",
                                      "Zg==Zm9v",
                                      "Zm\n8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t out[16];
        size_t size;
        assert_false(base64_decode(slice_of(bad[i]), out, &size));
    }
}

/* ---- errors ---- */

static void the_first_error_wins(void **state) {
    (void)state;
    struct error error = ERROR_INIT;
    assert_false(error_set_at(&error, ERROR_TRAP, 7, "first %d", 1));
    assert_false(error_set(&error, ERROR_IO, "second"));
    assert_int_equal(error.kind, ERROR_TRAP);
    assert_int_equal(error.offset, 7);
    assert_string_equal(error.text, "first 1");
}

static void error_texts_are_one_bounded_harmless_line(void **state) {
    (void)state;
    struct error error = ERROR_INIT;
    error_set(
        &error, ERROR_IO, "a\nb\x1B[31m\x7F \xC2\x9B \xC2\xA0 \\ \" \xC2");
    assert_string_equal(error.text,
                        "a\\x0ab\\x1b[31m\\x7f \\u{9b} \xC2\xA0 \\ \" \\xc2");
    assert_int_equal(error.offset, ERROR_NO_OFFSET);

    for (int length = 480; length < 2000; length++) {
        /* Whatever is cut, it is no character. */
        struct error cut = ERROR_INIT;
        char text[2048];
        for (int i = 0; i < length; i++)
            text[i] = "\xE2\x82\xAC"[i % 3];
        text[length - length % 3] = 0;
        error_set(&cut, ERROR_IO, "%s", text);
        assert_true(strlen(cut.text) >= 480);
        assert_true(strlen(cut.text) < sizeof cut.text);
        assert_true(utf8_valid(slice_of(cut.text)));
        assert_null(strchr(cut.text, '\\'));
        bool whole = strcmp(cut.text, text) == 0;
        assert_true(whole ||
                    strcmp(cut.text + strlen(cut.text) - 3, "...") == 0);
    }
}

/* ---- text that a stranger wrote ---- */

static void foreign_text_is_escaped(void **state) {
    (void)state;
    static const struct {
        const char *text, *bare, *in_quotes;
    } cases[] = {
        {"", "", "\"\""},
        {"a\"b\\c'", "a\"b\\c'", "\"a\\\"b\\\\c'\""},
        {"\x1B[2J\n\x7F", "\\x1b[2J\\x0a\\x7f", "\"\\x1b[2J\\x0a\\x7f\""},
        {"\xC2\x80\xC2\x9F\xC2\xA0",
         "\\u{80}\\u{9f}\xC2\xA0",
         "\"\\u{80}\\u{9f}\xC2\xA0\""},
        /* bidirectional controls, separators, zero width, tags, a soft
         * hyphen */
        {"\xE2\x80\xAE\xE2\x81\xA6\xD8\x9C",
         "\\u{202e}\\u{2066}\\u{61c}",
         NULL},
        {"\xE2\x80\xA8\xE2\x80\xA9", "\\u{2028}\\u{2029}", NULL},
        {"\xE2\x80\x8B\xE2\x81\xA0\xEF\xBB\xBF",
         "\\u{200b}\\u{2060}\\u{feff}",
         NULL},
        {"\xF3\xA0\x81\x81\xC2\xAD\xEF\xB8\x8F",
         "\\u{e0041}\\u{ad}\\u{fe0f}",
         NULL},
        {"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
         "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80",
         NULL},
        /* not UTF-8: a lone lead, a surrogate, an overlong slash, the end of a
         * character missing */
        {"\xC3z\xED\xA0\x80\xC0\xAF\xE2\x82",
         "\\xc3z\\xed\\xa0\\x80\\xc0\\xaf\\xe2\\x82",
         NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice text = slice_of(cases[i].text);
        assert_string_equal(shown(text, SHOWN_MAX).text, cases[i].bare);
        if (cases[i].in_quotes)
            assert_string_equal(quoted(text, SHOWN_MAX).text,
                                cases[i].in_quotes);
    }
    assert_string_equal(
        quoted((struct slice){(const uint8_t *)"a\0b", 3}, 10).text,
        "\"a\\x00b\"");
}

/* What is printed is the same text as what is quoted in errors. */
static void same_when_printed(struct slice text, size_t max) {
    char out[2 * sizeof(struct shown)];
    FILE *file = tmpfile();
    assert_non_null(file);
    quoted_print(text, max, file);
    fputc('\n', file);
    shown_print(text, max, file);
    rewind(file);
    size_t size = fread(out, 1, sizeof out - 1, file);
    fclose(file);
    out[size] = 0;
    char expected[2 * sizeof(struct shown)];
    snprintf(expected,
             sizeof expected,
             "%s\n%s",
             quoted(text, max).text,
             shown(text, max).text);
    assert_string_equal(out, expected);
}

static void foreign_text_is_cut_behind_a_character(void **state) {
    (void)state;
    assert_string_equal(shown_text("abcdef", 6).text, "abcdef");
    assert_string_equal(shown_text("abcdef", 5).text, "abcde...");
    assert_string_equal(quoted(slice_of("abcdef"), 5).text, "\"abcde\"...");
    assert_string_equal(shown_text("a\xE2\x82\xAC"
                                   "b",
                                   3)
                            .text,
                        "a..."); /* a character ... */
    assert_string_equal(shown_text("a\x1B"
                                   "b",
                                   4)
                            .text,
                        "a..."); /* an escape */
    assert_string_equal(shown_text("abc", 0).text, "...");
    char text[1000], all[256];
    for (int i = 0; i < 256; i++)
        all[i] = (char)i;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "\xF0\x9F\x98\x80\"z\n"[i % 7];
    for (size_t max = 0; max < SHOWN_MAX + 20; max++) {
        struct shown cut =
            quoted((struct slice){(const uint8_t *)text, sizeof text}, max);
        assert_true(utf8_valid(slice_of(cut.text)));
        assert_true(strlen(cut.text) < sizeof cut.text &&
                    strlen(cut.text) <= max + 5);
        if (max > SHOWN_MAX)
            continue;
        same_when_printed((struct slice){(const uint8_t *)text, sizeof text},
                          max);
        same_when_printed((struct slice){(const uint8_t *)all, sizeof all},
                          max);
    }
}

/* ---- numbers ---- */

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t bits_of_single(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void floats_are_shown_as_people_write_them(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {80, "80"},
        {-1, "-1"},
        {0.1, "0.1"},
        {1.5, "1.5"},
        {100, "100"},
        {0.30000000000000004, "0.30000000000000004"},
        {123456.789, "123456.789"},
        {1e20, "100000000000000000000"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {123456789012345680000.0, "123456789012345680000"},
        {9007199254740992, "9007199254740992"},
        {1e-6, "0.000001"},
        {1.25e-6, "0.00000125"},
        {1e-7, "1e-7"},
        {-1.5e-7, "-1.5e-7"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {2.225073858507201e-308, "2.225073858507201e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {2e-323, "2e-323"},
        {5e-322, "5e-322"},
    };
    char text[FLOAT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        f64_format(bits_of(cases[i].value), text);
        assert_string_equal(text, cases[i].text);
    }
    static const struct {
        float value;
        const char *text;
    } singles[] = {
        {0.1f, "0.1"},
        {80, "80"},
        {-0.0f, "-0"},
        {16777216, "16777216"},
        {1e-45f, "1e-45"},
        {1e21f, "1e+21"},
        {3.4028235e38f, "3.4028235e+38"},
        {1.17549435e-38f, "1.1754944e-38"},
        {3.1415927f, "3.1415927"},
        {1e10f, "10000000000"},
        {1e-7f, "1e-7"},
    };
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        f32_format(bits_of_single(singles[i].value), text);
        assert_string_equal(text, singles[i].text);
    }
}

static void what_is_no_number_keeps_sign_and_payload(void **state) {
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } doubles[] = {{0x7FF0000000000000, "inf"},
                   {0xFFF0000000000000, "-inf"},
                   {0x7FF8000000000000, "nan"},
                   {0xFFF8000000000000, "-nan"},
                   {0x7FF0000000000001, "nan:0x1"},
                   {0xFFFFFFFFFFFFFFFF, "-nan:0xfffffffffffff"}},
      singles[] = {{0x7F800000, "inf"},
                   {0xFF800000, "-inf"},
                   {0x7FC00000, "nan"},
                   {0xFFC00000, "-nan"},
                   {0x7F800001, "nan:0x1"},
                   {0xFFFFFFFF, "-nan:0x7fffff"},
                   {0x7FA00001, "nan:0x200001"}};
    char text[FLOAT_TEXT_SIZE];
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        f64_format(doubles[i].bits, text);
        assert_string_equal(text, doubles[i].text);
    }
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++) {
        f32_format((uint32_t)singles[i].bits, text);
        assert_string_equal(text, singles[i].text);
    }
}

/* All exponents, and bits without a pattern. */
static void floats_come_back_from_their_text(void **state) {
    (void)state;
    uint64_t bits = 88172645463325252;
    char text[FLOAT_TEXT_SIZE];
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        f64_format(bits, text);
        assert_true(bits_of(strtod(text, NULL)) == bits);
        float single;
        uint32_t low = (uint32_t)bits;
        memcpy(&single, &low, sizeof single);
        if (!isfinite(single))
            continue;
        f32_format(low, text);
        assert_true(bits_of_single(strtof(text, NULL)) == low);
    }
}

static void every_kind_of_error_has_a_word(void **state) {
    (void)state;
    assert_string_equal(error_kind_name(ERROR_MALFORMED), "malformed");
    assert_string_equal(error_kind_name(ERROR_USAGE), "usage");
}

/* ---- arenas ---- */

static void arena_memory_is_zero_aligned_and_apart(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    unsigned char *last = NULL;
    size_t sizes[] = {1, 3, 8, 100, 5000, 2, 3000000, 17, 65536};
    for (size_t i = 0; i < 9 * 40; i++) {
        size_t size = sizes[i % 9];
        unsigned char *p = arena_alloc(&arena, 1, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < size; k += size / 7 + 1)
            assert_int_equal(p[k], 0);
        memset(p, 0xAA, size);
        if (last)
            assert_int_equal(*last, 0xAA);
        last = p;
    }
    assert_true(arena.allocated >= 40 * 3000000);
    arena_free(&arena);
    assert_int_equal(arena.allocated, 0);
}

static void arena_refuses_what_overflows(void **state) {
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&arena, 1, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_non_null(arena_alloc(&arena, 0, 8));
    char *text = arena_text(&arena, bytes("ab\0cd", 5));
    assert_memory_equal(text, "ab\0cd", 6);
    arena_free(&arena);
}

/* ---- buffers ---- */

/* However many there are to be: one reserve is enough. */
static void an_array_has_room_for_all_and_one_more(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 100, 101, 5000};
    uint32_t *array = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        array = array_reserve(NULL, array, counts[i], &capacity, sizeof *array);
        assert_non_null(array);
        assert_true(capacity > counts[i]);
        array[counts[i]] = 1;
    }
    assert_null(
        array_reserve(NULL, array, SIZE_MAX / 2, &capacity, sizeof *array));
    assert_true(capacity > 5000);
    array_free(NULL, array, capacity, sizeof *array);
}

static void buffer_holds_what_was_appended(void **state) {
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 100000);
    struct buffer expected;
    buffer_init(&expected, 100000);
    for (int i = 0; i < 1000; i++) {
        assert_true(buffer_printf(&buffer, "%d,", i));
        char text[16];
        snprintf(text, sizeof text, "%d,", i);
        assert_true(buffer_append_text(&expected, text));
    }
    assert_true(buffer_append(&buffer, NULL, 0));
    assert_true(buffer_append_slice(&buffer, bytes("\0", 1)));
    assert_true(buffer_append(&expected, "", 1));
    assert_true(slice_equal(buffer_slice(&buffer), buffer_slice(&expected)));
    buffer_free(&buffer);
    buffer_free(&expected);
    assert_int_equal(buffer.size, 0);
}

static void buffer_failure_is_sticky_and_keeps_the_content(void **state) {
    (void)state;
    struct buffer buffer;
    buffer_init(&buffer, 5);
    assert_true(buffer_append_text(&buffer, "abcde"));
    assert_false(buffer_append_text(&buffer, "f"));
    assert_true(buffer.failed);
    assert_true(slice_is(buffer_slice(&buffer), "abcde"));
    assert_false(buffer_append_text(&buffer, ""));
    buffer_free(&buffer);

    assert_true(buffer_append_text(&buffer, "ab"));
    /* The sum would overflow. */
    assert_false(buffer_append(&buffer, "", SIZE_MAX));
    assert_false(buffer_printf(&buffer, "c"));
    assert_true(slice_is(buffer_slice(&buffer), "ab"));
    buffer_free(&buffer);
}

/* ---- files ---- */

/* A new file of `size` bytes "x", whose path is returned in memory reused by
 * the next call. */
static const char *file_of(size_t size) {
    static char path[32];
    strcpy(path, "/tmp/test_base.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    return path;
}

static bool
reads(const char *path, size_t cap, size_t expected_size, struct error *error) {
    struct buffer buffer;
    buffer_init(&buffer, cap);
    bool ok = file_read(path, &buffer, error);
    assert_true(!ok || (buffer.size == expected_size && !buffer.failed));
    buffer_free(&buffer);
    return ok;
}

static void files_are_read_up_to_the_cap(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 255, 256, 257, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *path = file_of(sizes[i]);
        struct error error = ERROR_INIT;
        assert_true(reads(path, sizes[i], sizes[i], &error));
        assert_true(reads(path, 4096, sizes[i], &error));
        assert_int_equal(error.kind, ERROR_NONE);
        if (sizes[i]) {
            assert_false(reads(path, sizes[i] - 1, 0, &error));
            assert_int_equal(error.kind, ERROR_IO);
            assert_non_null(strstr(error.text, path));
        }
        unlink(path);
    }
}

static void what_is_no_file_is_named(void **state) {
    (void)state;
    struct error missing = ERROR_INIT;
    assert_false(reads("/nowhere/file", 10, 0, &missing));
    assert_int_equal(missing.kind, ERROR_IO);
    assert_string_equal(missing.text,
                        "/nowhere/file: No such file or directory");
    struct error folder = ERROR_INIT;
    assert_false(reads("/tmp", 10, 0, &folder));
    assert_string_equal(folder.text, "/tmp: is a directory");
}

static void the_clock_does_not_step_back(void **state) {
    (void)state;
    int64_t before = clock_ns();
    int64_t ms = clock_ms();
    int64_t after = clock_ns();
    assert_true(before / 1000000 <= ms && ms <= after / 1000000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_content),
        cmocka_unit_test(utf8_is_that_of_rfc_3629),
        cmocka_unit_test(utf8_is_written_at_its_shortest),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(base64_refuses_all_but_the_one_text),
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(error_texts_are_one_bounded_harmless_line),
        cmocka_unit_test(foreign_text_is_escaped),
        cmocka_unit_test(foreign_text_is_cut_behind_a_character),
        cmocka_unit_test(floats_are_shown_as_people_write_them),
        cmocka_unit_test(what_is_no_number_keeps_sign_and_payload),
        cmocka_unit_test(floats_come_back_from_their_text),
        cmocka_unit_test(every_kind_of_error_has_a_word),
        cmocka_unit_test(arena_memory_is_zero_aligned_and_apart),
        cmocka_unit_test(arena_refuses_what_overflows),
        cmocka_unit_test(buffer_holds_what_was_appended),
        cmocka_unit_test(an_array_has_room_for_all_and_one_more),
        cmocka_unit_test(buffer_failure_is_sticky_and_keeps_the_content),
        cmocka_unit_test(files_are_read_up_to_the_cap),
        cmocka_unit_test(what_is_no_file_is_named),
        cmocka_unit_test(the_clock_does_not_step_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
