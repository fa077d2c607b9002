/* Runs one case of wasmi-benchmarks as the suite does, and times it:
 *
 *     suite-ENGINE MODULE HOW ARGUMENT INPUT CHECK MILLISECONDS
 *     suite-ENGINE --version
 *
 * The first five are a case's columns in cases.tsv, "-" for what it has not.
 * HOW says what is called:
 *
 *     run     run(ARGUMENT)
 *     setup   data = setup(ARGUMENT), INPUT's bytes to input_ptr(data), then
 *             run(data)
 *     score   run(), which measures itself and returns a score
 *
 * Only calls of run are timed: loading, setting up and the first calls, which
 * translate, come before. It is called for half of MILLISECONDS without a
 * look, then for MILLISECONDS, and three times at least. Prints a line of
 * nanoseconds, one number a call, and a line with what CHECK yields, which
 * bench/suite.py compares. */
#include "bench/suite/engine.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALLS_MIN = 3, CALLS_MAX = 1000 };

struct plan {
    const char *module, *how, *argument, *input, *check;
    int64_t nanoseconds;
};

struct file {
    uint8_t *bytes;
    size_t size;
};

_Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why ? why : "failed");
    exit(1);
}

static int64_t cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

uint32_t cpu_ms(void) {
    return (uint32_t)(cpu_ns() / 1000000);
}

static bool given(const char *column) {
    return strcmp(column, "-") != 0;
}

static struct file read_file(const char *path) {
    struct file file = {NULL, 0};
    FILE *in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0)
        fail(path, "cannot be read");

    long size = ftell(in);
    rewind(in);
    file.size = size > 0 ? (size_t)size : 0;
    file.bytes = malloc(file.size + 1);
    if (!file.bytes || fread(file.bytes, 1, file.size, in) != file.size)
        fail(path, "cannot be read");
    fclose(in);
    return file;
}

/* "i32:5", "i64:5", or "i32:len" for the input's length. */
static struct value argument_of(const char *text, size_t length) {
    struct value value = {.type = NOTHING};
    if (!given(text))
        return value;

    const char *number = text + strlen("i32:");
    bool is_length = strcmp(number, "len") == 0;
    uint64_t n = is_length ? length : strtoull(number, NULL, 10);
    if (strncmp(text, "i64:", 4) == 0) {
        value.type = I64;
        value.of.i64 = n;
    } else {
        value.type = I32;
        value.of.i32 = (uint32_t)n;
    }
    return value;
}

static struct value
call(const char *name, struct value argument, enum type type) {
    struct value result = {.type = type};
    engine_call(engine_find(name), &argument, &result);
    return result;
}

/* What setup returns, with the input where the module wants it. */
static struct value set_up(struct value argument, struct file input) {
    struct value data = call("setup", argument, I32);
    if (input.bytes) {
        struct value at = call("input_ptr", data, I32);
        uint8_t *memory = engine_memory(at.of.i32, (uint32_t)input.size);
        memcpy(memory, input.bytes, input.size);
    }
    return data;
}

/* ---- timing ---- */

/* `result` is that of the last call. */
static void
time_calls(struct value argument, struct value *result, int64_t nanoseconds) {
    struct callee *run = engine_find("run");
    int64_t begin = cpu_ns();
    do
        engine_call(run, &argument, result);
    while (cpu_ns() - begin < nanoseconds / 2);

    int64_t now = cpu_ns(), end = now + nanoseconds;
    for (int i = 0; i < CALLS_MAX && (i < CALLS_MIN || now < end); i++) {
        begin = now;
        engine_call(run, &argument, result);
        now = cpu_ns();
        printf("%" PRId64 " ", now - begin);
    }
    printf("\n");
}

/* ---- checking ---- */

/* Checks that return no i64. */
static enum type type_of_check(const char *name, const char *module) {
    bool is_double = strstr(module, "spectralnorm") != NULL;
    if (strcmp(name, "output") == 0 && is_double)
        return F64;
    return strcmp(name, "output_ptr") == 0 ? I32 : I64;
}

static void print_value(struct value value) {
    if (value.type == F64)
        printf("%.17g\n", value.of.f64);
    else if (value.type == I64)
        printf("%" PRIu64 "\n", value.of.i64);
}

static void print_bytes(uint32_t address, size_t size) {
    const uint8_t *bytes = engine_memory(address, (uint32_t)size);
    for (size_t i = 0; i < size; i++)
        printf("%02x", bytes[i]);
    printf("\n");
}

static void check(const struct plan *plan, struct value data, size_t size) {
    if (!given(plan->check))
        return;
    enum type type = type_of_check(plan->check, plan->module);
    struct value result = call(plan->check, data, type);
    if (type == I32)
        print_bytes(result.of.i32, size);
    else
        print_value(result);
}

/* ---- the three ways ---- */

static void run_plan(const struct plan *plan) {
    bool has_input = given(plan->input);
    struct file input = {NULL, 0};
    if (has_input)
        input = read_file(plan->input);

    struct value argument = argument_of(plan->argument, input.size);
    struct value result = {.type = NOTHING};
    if (strcmp(plan->how, "run") == 0) {
        result.type = argument.type;
        time_calls(argument, &result, plan->nanoseconds);
        print_value(result);
    } else {
        struct value data = set_up(argument, input);
        time_calls(data, &result, plan->nanoseconds);
        check(plan, data, input.size);
    }
}

static void run_score(void) {
    struct value score = {.type = F32}, none = {.type = NOTHING};
    engine_call(engine_find("run"), &none, &score);
    printf("%.9g\n", (double)score.of.f32);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(engine_version()) < 0;
    if (argc != 7)
        fail("usage", "MODULE HOW ARGUMENT INPUT CHECK MILLISECONDS");

    struct plan plan = {argv[1], argv[2], argv[3], argv[4], argv[5], 0};
    plan.nanoseconds = strtoll(argv[6], NULL, 10) * 1000000;
    struct file module = read_file(plan.module);
    engine_open(module.bytes, module.size);
    if (strcmp(plan.how, "score") == 0)
        run_score();
    else
        run_plan(&plan);
    return 0;
}
