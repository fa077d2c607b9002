/* json/: what is accepted and refused, looking up, byte arrays, and writing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"

static struct arena arena;
static struct error error;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena);
    error = (struct error)ERROR_INIT;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

static const struct json *parse_slice(struct slice text) {
    error = (struct error)ERROR_INIT;
    /* a copy of exactly its size, so that reading past the end is seen */
    uint8_t *copy = malloc(text.size ? text.size : 1);
    memcpy(copy, text.data, text.size);
    const struct json *root =
        json_parse((struct slice){copy, text.size}, &arena, &error);
    assert_int_equal(root == NULL, error.kind == ERROR_JSON);
    if (!root) {
        free(copy);
        return NULL;
    }
    /* keep the text for the values that borrow it */
    free(copy);
    char *kept = arena_text(&arena, text);
    return json_parse(
        (struct slice){(uint8_t *)kept, text.size}, &arena, &error);
}

static const struct json *parse(const char *text) {
    return parse_slice(slice_of(text));
}

static void accepts_what_is_json(void **state) {
    (void)state;
    static const char *const good[] = {
        "0",
        "-0",
        "1",
        "-12.5e+3",
        "1E-2",
        "0.0",
        "true",
        "false",
        "null",
        "\"\"",
        "[]",
        "{}",
        " \t\r\n[ ] \n",
        "[1, 2,3 ]",
        "[1,-2,3]",
        "[256]",
        "[0.5]",
        "[[1,2],[3],[]]",
        "{\"\":0}",
        "{\"a\":1,\"b\":[1,2,3],\"c\":{\"a\":[]}}",
        "[\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
        "\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \x7F\"",
        "{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}}",
        "[true,false,null,{},[],\"\",0]",
        "[{\"x\":[1,2]},[3,4],{\"y\":[5,6],\"z\":\"[7,8]\"}]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!parse(good[i]))
            fail_msg("refused %s: %s", good[i], error.text);
    }
}

static void refuses_what_is_not(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        "{\"a\": }",
        "{\"a\" \"b\"}",
        "{}{}",
        "[1 2]",
        "tXX",
        "tru",
        "truely",
        "0123",
        "-",
        "-a",
        "1.",
        ".5",
        "1e",
        "1e+",
        "+1",
        "0x10",
        "NaN",
        "Infinity",
        "[1,]",
        "[,1]",
        "[1,2,]",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,2",
        "{",
        "}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{a:1}",
        "[1}",
        "{\"a\":1]",
        "\"",
        "\"\\",
        "\"\\\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\x41\"",
        "\"\n\"",
        "\"\x01\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83d\\",
        "\"\\ud83dxude00\"",
        "\"\xFF\"",
        "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"",
        "\"\xF5\x80\x80\x80\"",
        "\xEF\xBB\xBF{}",
        "[01]",
        "[1,02]",
        "[1;2]",
        "[1,2]]",
        "/**/1",
        "'a'",
        "[1,2 3]",
        "[\"a\" 1]",
        "nul",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"\\u0061\":2}",
        "[{\"b\":1,\"a\":{},\"c\":3,\"a\":0}]",
        "{\"\":1,\"\":2}",
        "1 1",
        "[1]x",
        "\xC2\xA0 1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(bad[i]))
            fail_msg("accepted %s", bad[i]);
    }
    assert_null(parse_slice((struct slice){(const uint8_t *)"1\0", 2}));
    assert_null(parse_slice((struct slice){(const uint8_t *)"\"a\0b\"", 5}));
    assert_null(parse_slice((struct slice){(const uint8_t *)"[1,\0]", 5}));
}

/* Every prefix of a document that needs its last byte is no document. */
static void refuses_every_prefix(void **state) {
    (void)state;
    const char *text = "{\"a\":[1,2,3],\"b\\u00e9\":[-1.5e3,true,null,"
                       "\"\\ud83d\\ude00\"],\"c\":{}}";
    for (size_t size = 0; size < strlen(text); size++) {
        assert_null(parse_slice((struct slice){(const uint8_t *)text, size}));
    }
    assert_non_null(parse(text));
}

static void says_where_it_failed(void **state) {
    (void)state;
    assert_null(parse("{\"a\": }"));
    assert_int_equal(error.offset, 6);
    assert_null(parse("[1,2"));
    assert_int_equal(error.offset, 4);
    assert_null(parse("\"ab"));
    assert_int_equal(error.offset, 3);
    assert_non_null(strstr(error.text, "end"));
    assert_null(parse(" {\"url\":1,\"url\":2}"));
    assert_int_equal(error.offset, 1);
    assert_non_null(strstr(error.text, "\"url\""));
}

static void bounds_the_depth(void **state) {
    (void)state;
    char text[2 * 33 + 2] = {0};
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    assert_non_null(parse(text));
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    assert_null(parse(text));
    /* One of bytes is an array, too. */
    memset(text, '[', 33);
    text[33] = '1';
    memset(text + 34, ']', 33);
    assert_null(parse(text));
    /* and does not overflow the stack on the way to saying so */
    char *deep = malloc(10000001);
    memset(deep, '[', 10000000);
    deep[10000000] = 0;
    assert_null(json_parse(slice_of(deep), &arena, &error));
    for (size_t i = 0; i + 5 <= 10000000; i += 5)
        memcpy(deep + i, "{\"a\":", 5);
    assert_null(json_parse(slice_of(deep), &arena, &error));
    free(deep);
}

static void bounds_the_values(void **state) {
    (void)state;
    size_t count = JSON_VALUES_MAX - 1; /* and the array itself */
    char *text = malloc(3 * count + 6);
    text[0] = '[';
    for (size_t i = 0; i < count; i++)
        memcpy(text + 1 + 3 * i, "-1,", 3);
    text[3 * count] = ']';
    const struct json *root = json_parse(
        (struct slice){(uint8_t *)text, 3 * count + 1}, &arena, &error);
    assert_non_null(root);
    assert_int_equal(root->count, count);
    memcpy(text + 3 * count, ",-1]", 4);
    assert_null(json_parse(
        (struct slice){(uint8_t *)text, 3 * count + 4}, &arena, &error));
    free(text);
}

static void finds_members(void **state) {
    (void)state;
    const struct json *root =
        parse("{\"n\":null,\"deep\":{\"name\":[{}, {\"name\":7}]},\"t\":true,"
              "\"name\":\"caf\\u00e9\",\"n\\u0061me2\":\"\",\"f\":false}");
    assert_true(slice_is(json_string(root, "name"), "caf\xC3\xA9"));
    assert_non_null(json_string(root, "name2").data);
    assert_int_equal(json_string(root, "name2").size, 0);
    assert_null(json_string(root, "n").data);
    assert_null(json_string(root, "absent").data);
    assert_null(json_find(root, "nam"));
    assert_int_equal(json_find(root, "n")->type, JSON_NULL);
    assert_null(json_find(json_find(root, "absent"), "x"));
    assert_null(json_find(json_find(root, "n"), "x"));
}

static void goes_through_arrays(void **state) {
    (void)state;
    const struct json *root =
        parse("[[1,2,3],{\"a\":[4,5],\"b\":{\"c\":1}},\"x\",[[],[{}]],-9]");
    enum json_type types[5];
    size_t count = 0;
    for (struct json_each each = json_each(root); json_next(&each);) {
        assert_int_equal(each.name.size, 0);
        types[count++] = each.value->type;
    }
    assert_int_equal(count, 5);
    assert_int_equal(types[0], JSON_BYTES);
    assert_int_equal(types[1], JSON_OBJECT);
    assert_int_equal(types[2], JSON_STRING);
    assert_int_equal(types[3], JSON_ARRAY);
    assert_int_equal(types[4], JSON_NUMBER);

    root = parse("{\"one\":{\"x\":0},\"two\":[true],\"three\":3}");
    struct json_each each = json_each(root);
    assert_true(json_next(&each) && slice_is(each.name, "one") &&
                each.value->type == JSON_OBJECT);
    assert_true(json_next(&each) && slice_is(each.name, "two") &&
                each.value->type == JSON_ARRAY);
    assert_true(json_next(&each) && slice_is(each.name, "three"));
    assert_false(json_next(&each));
    each = json_each(NULL);
    assert_false(json_next(&each));

    /* They begin as arrays of bytes do. */
    assert_int_equal(parse("[1,2,-3]")->count, 3);
    assert_int_equal(parse("[1.5]")->count, 1);
}

static void reads_integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"-17", true, -17},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        assert_int_equal(json_integer(parse(cases[i].text), &value),
                         cases[i].ok);
        if (cases[i].ok)
            assert_true(value == cases[i].value);
    }
}

static void reads_strings_with_nul(void **state) {
    (void)state;
    const struct json *root =
        parse("{\"a\\u0000b\":\"\\u0000\\uD834\\uDD1E\\n\"}");
    struct json_each each = json_each(root);
    assert_true(json_next(&each));
    assert_true(
        slice_equal(each.name, (struct slice){(const uint8_t *)"a\0b", 3}));
    assert_true(slice_equal(
        each.value->text,
        (struct slice){(const uint8_t *)"\0\xF0\x9D\x84\x9E\n", 6}));
    assert_null(json_find(root, "a"));
}

static void reads_bytes(void **state) {
    (void)state;
    struct slice bytes;
    assert_true(json_bytes(parse("[ 0,1 ,\n255, 10,100,99 ]"), &arena, &bytes));
    assert_true(slice_equal(
        bytes, (struct slice){(const uint8_t *)"\x00\x01\xFF\x0A\x64\x63", 6}));
    assert_true(json_bytes(parse("[]"), &arena, &bytes));
    assert_int_equal(bytes.size, 0);
    assert_true(json_bytes(parse("[7]"), &arena, &bytes));
    assert_int_equal(bytes.size, 1);
    static const char *const bad[] = {"[256]",
                                      "[-1]",
                                      "[1,300]",
                                      "[1.0]",
                                      "[1,[2]]",
                                      "\"12\"",
                                      "{}",
                                      "[1e1]",
                                      "[\"1\"]",
                                      "null",
                                      "[1000]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct json *value = parse(bad[i]);
        assert_non_null(value);
        assert_false(json_bytes(value, &arena, &bytes));
    }
    assert_false(json_bytes(NULL, &arena, &bytes));
}

/* A body of megabytes is one value: the memory taken does not grow with it. */
static void keeps_long_byte_arrays_whole(void **state) {
    (void)state;
    const size_t count = 4 << 20;
    char *text = malloc(count * 4 + 64);
    size_t size = (size_t)sprintf(text, "{\"before\":[1,2],\"body\":[");
    for (size_t i = 0; i < count; i++)
        memcpy(text + size, "255,", 4), size += 4;
    size += (size_t)sprintf(text + size - 1, "],\"after\":[3]}") - 1;
    struct slice whole = {(uint8_t *)text, size}, bytes;
    const struct json *root = json_parse(whole, &arena, &error);
    assert_non_null(root);
    assert_true(arena.allocated < 1000);
    const struct json *body = json_find(root, "body");
    assert_int_equal(body->type, JSON_BYTES);
    assert_int_equal(body->count, count);
    assert_true(json_bytes(body, &arena, &bytes) && bytes.size == count &&
                bytes.data[count - 1] == 255);
    assert_int_equal(json_find(root, "after")->count, 1);
    assert_int_equal(json_find(root, "before")->count, 2);
    free(text);
}

static void reads_base64(void **state) {
    (void)state;
    static const struct {
        const char *text, *bytes;
    } cases[] = {{"", ""},
                 {"Zg==", "f"},
                 {"Zm8=", "fo"},
                 {"Zm9v", "foo"},
                 {"Zm9vYmE=", "fooba"},
                 {"/+9+", "\xFF\xEF\x7E"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        struct slice bytes;
        snprintf(text, sizeof text, "\"%s\"", cases[i].text);
        assert_true(json_base64(parse(text), &arena, &bytes));
        assert_true(slice_is(bytes, cases[i].bytes));
        struct json_writer writer = {(uint8_t *)text, sizeof text, 0};
        json_put_base64(&writer, slice_of(cases[i].bytes));
        assert_true(
            slice_equal((struct slice){(uint8_t *)text + 1, writer.size - 2},
                        slice_of(cases[i].text)));
    }
    static const char *const bad[] = {"\"Z\"",
                                      "\"Zg=\"",
                                      "\"Zg\"",
                                      "\"Zh==\"",
                                      "\"Zm9=\"",
                                      "\"=g==\"",
                                      "\"Zg==Zg==\"",
                                      "\"Zm 9\"",
                                      "\"Z-_v\"",
                                      "\"====\"",
                                      "[1]",
                                      "null"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct slice bytes;
        assert_false(json_base64(parse(bad[i]), &arena, &bytes));
    }
}

/* The bytes behind a text are not its own. */
static void stops_at_the_end_of_base64(void **state) {
    (void)state;
    uint8_t out[8];
    size_t size;
    for (size_t length = 5; length < 8; length++) {
        struct slice text = {(const uint8_t *)"Zm9vZm9v", length};
        assert_false(base64_decode(text, out, &size));
    }
}

static void reads_thousands_of_objects(void **state) {
    (void)state;
    const int count = 50000;
    struct buffer text;
    buffer_init(&text, 1 << 24);
    buffer_append_text(&text, "{\"commands\":[");
    for (int i = 0; i < count; i++) {
        buffer_printf(&text,
                      "%s{\"type\":\"assert_return\",\"line\":%d,\"args\":[{"
                      "\"value\":\"%d\"}]}",
                      i ? "," : "",
                      i,
                      -i);
    }
    buffer_append_text(&text, "]}");
    const struct json *root = json_parse(buffer_slice(&text), &arena, &error);
    assert_non_null(root);
    int64_t seen = 0, line = 0;
    for (struct json_each each = json_each(json_find(root, "commands"));
         json_next(&each);
         seen++) {
        assert_true(json_integer(json_find(each.value, "line"), &line));
        assert_true(line == seen);
    }
    assert_int_equal(seen, count);
    buffer_free(&text);
}

/* Ten thousand names in one object, and then one of them again. */
static void finds_a_twin_among_many(void **state) {
    (void)state;
    struct buffer text;
    buffer_init(&text, 1 << 24);
    buffer_append_text(&text, "{\"x\":0");
    for (int i = 0; i < 10000; i++)
        buffer_printf(&text, ",\"name%d\":[1,2]", i);
    size_t size = text.size;
    buffer_append_text(&text, "}");
    assert_non_null(json_parse(buffer_slice(&text), &arena, &error));
    text.size = size;
    buffer_append_text(&text, ",\"n\\u0061me5000\":0}");
    assert_null(json_parse(buffer_slice(&text), &arena, &error));
    assert_non_null(strstr(error.text, "name5000"));
    buffer_free(&text);
}

/* Arbitrary text made of the pieces of JSON: some of it is. */
static void survives_random_text(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "{",         "}",     "[",    "]",       ",",           ":",
        "\"a\"",     "\"b\"", "1",    "-1",      "0",           "255",
        "true",      "null",  " ",    "\"\\n\"", "\"\\u00e9\"", "[1,2]",
        "{\"c\":3}", "1.5e3", "\"\"", "[]",      "\\",          "\""};
    uint32_t seed = 12345;
    size_t accepted = 0;
    for (int round = 0; round < 200000; round++) {
        char text[256] = "";
        seed = seed * 1664525 + 1013904223;
        int length = 1 + (int)(seed >> 28);
        for (int i = 0; i < length; i++) {
            seed = seed * 1664525 + 1013904223;
            strcat(text,
                   pieces[(seed >> 8) % (sizeof pieces / sizeof *pieces)]);
        }
        struct arena own;
        arena_init(&own);
        struct error failure = ERROR_INIT;
        accepted += json_parse(slice_of(text), &own, &failure) != NULL;
        arena_free(&own);
    }
    assert_true(accepted > 1000);
}

static struct slice written;

/* Run a put twice, as it is meant to be used. */
#define TWO_PASSES(put, argument)                                              \
    do {                                                                       \
        struct json_writer measure = {0};                                      \
        put(&measure, argument);                                               \
        struct json_writer writer = {                                          \
            arena_alloc(&arena, measure.size, 1), measure.size, 0};            \
        put(&writer, argument);                                                \
        assert_int_equal(writer.size, measure.size);                           \
        written = (struct slice){writer.out, writer.size};                     \
    } while (0)

static void writes(void **state) {
    (void)state;
    TWO_PASSES(json_put_integer, INT64_MIN);
    assert_true(slice_is(written, "-9223372036854775808"));
    TWO_PASSES(
        json_put_bytes,
        ((struct slice){(const uint8_t *)"\x00\x09\x0A\x63\x64\xFF", 6}));
    assert_true(slice_is(written, "[0,9,10,99,100,255]"));
    TWO_PASSES(json_put_bytes, ((struct slice){NULL, 0}));
    assert_true(slice_is(written, "[]"));
    TWO_PASSES(json_put_string, ((struct slice){NULL, 0}));
    assert_true(slice_is(written, "\"\""));
    TWO_PASSES(
        json_put_string,
        ((struct slice){(const uint8_t *)"a\"\\/\n\t\x01\0\x7F\xC3\xA9", 11}));
    assert_true(
        slice_is(written, "\"a\\\"\\\\/\\n\\t\\u0001\\u0000\\u007f\xC3\xA9\""));
    TWO_PASSES(json_put_string, slice_of("caf\xE9 \xFF"));
    assert_true(slice_is(written, "\"caf\xC3\xA9 \xC3\xBF\""));
}

static void stays_inside_its_capacity(void **state) {
    (void)state;
    uint8_t out[8] = "*******";
    struct json_writer writer = {out, 4, 0};
    json_put(&writer, "abc");
    json_put(&writer, "def");
    json_put_string(&writer, slice_of("x\ny"));
    json_put_bytes(&writer, slice_of("x"));
    assert_int_equal(writer.size, 6 + 6 + 5);
    assert_memory_equal(out, "abc****", 7);
}

/* What the writer writes the reader reads, for every byte and every start of a
 * character. */
static void reads_what_it_writes(void **state) {
    (void)state;
    for (uint32_t code_point = 0; code_point < 0x110000;
         code_point += code_point < 0x900 ? 1 : 97) {
        if (code_point >= 0xD800 && code_point <= 0xDFFF)
            continue;
        uint8_t character[4], text[32];
        struct slice one = {character, utf8_encode(code_point, character)};
        struct json_writer writer = {text, sizeof text, 0};
        json_put_string(&writer, one);
        const struct json *root =
            json_parse((struct slice){text, writer.size}, &arena, &error);
        assert_non_null(root);
        assert_true(slice_equal(root->text, one));
    }
}

/* All that reading takes is drawn from the arena's budget, and given back with
 * the arena. */
static void memory_is_drawn_from_a_budget(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{\"a\":[1,2,3],\"b\":{\"c\":\"d\",\"e\":[]}}",
        "{\"a\":1,\"a\":2}",
        "[1,2",
        "\"\\u00e9\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool enough = false;
        struct budget budget = {0};
        for (; !enough; budget.limit += 64) {
            struct arena own;
            struct error failure = ERROR_INIT;
            arena_init(&own);
            own.budget = &budget;
            const struct json *read =
                json_parse(slice_of(texts[i]), &own, &failure);
            enough = read || !strstr(failure.text, "no memory");
            arena_free(&own);
            assert_int_equal(budget.held, 0);
        }
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(accepts_what_is_json),
        TEST(refuses_what_is_not),
        TEST(refuses_every_prefix),
        TEST(says_where_it_failed),
        TEST(bounds_the_depth),
        TEST(bounds_the_values),
        TEST(finds_members),
        TEST(goes_through_arrays),
        TEST(reads_integers),
        TEST(reads_strings_with_nul),
        TEST(reads_bytes),
        TEST(keeps_long_byte_arrays_whole),
        TEST(reads_base64),
        TEST(stops_at_the_end_of_base64),
        TEST(reads_thousands_of_objects),
        TEST(finds_a_twin_among_many),
        TEST(survives_random_text),
        TEST(writes),
        TEST(stays_inside_its_capacity),
        TEST(reads_what_it_writes),
        TEST(memory_is_drawn_from_a_budget),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
