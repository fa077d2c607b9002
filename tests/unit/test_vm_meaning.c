/* The column of ops.def that says what the fields of cells mean: all of it can
 * be read. */
#include "tests/unit/vm_module.h"

#include "vm/listing/listing.h"

#include <string.h>

static int open_vm(void **state) {
    struct error error = ERROR_INIT;
    const struct vm_limits limits = vm_limits_default();
    struct vm *vm = *state = vm_open(&limits, &error);
    return vm && meanings_read(vm) ? 0 : -1;
}

static int close_vm(void **state) {
    vm_close(*state);
    return 0;
}

/* A field that is misspelt would stay in the text. */
static void assert_read(enum op op, const struct field *field) {
    const struct operation operation = operation_of(op);
    for (int i = 0; i < field->size; i++) {
        bool colon = field->text[i] == ':';
        bool missed = colon && i + 1 < field->size && field->text[i + 1] != ' ';
        if (missed)
            fail_msg("%s: \"%s\"", operation.name, operation.meaning);
    }
}

static void test_meanings_are_read(void **state) {
    struct vm *vm = *state;
    for (int op = 0; op < OP_COUNT; op++) {
        struct meaning meaning = meaning_of(vm, (enum op)op);
        struct field field;
        int fields = 0;
        while (meaning_next(&meaning, &field)) {
            assert_read((enum op)op, &field);
            assert_true(field.kind < KIND_R1);
            fields++;
        }
        assert_true(fields < MEANING_FIELDS);
        assert_read((enum op)op, &field);
        assert_true(strlen(meaning.text) < MEANING_SIZE);
    }
}

static uint32_t data_cells_of(struct meaning meaning, const struct cell *cell) {
    struct field field;
    uint32_t cells = 0;
    while (meaning_next(&meaning, &field)) {
        if (field.part >= PART_wide)
            cells = 1;
        if (field.kind == KIND_ENTRIES)
            cells = (uint32_t)cell->tail.imm + 1;
    }
    return cells;
}

/* Of each kind of data cells: a wide constant, where memory.size and an indirect
 * call go, the entries of a br_table, with values and without. */
static struct module *module_with_data(struct vm *vm, struct buffer *bytes) {
    struct error error = ERROR_INIT;
    PUT_MODULE(bytes,
               TYPES(ENTRY("\x60\0\0"), ENTRY("\x60\0\1\x7E")),
               FUNCTIONS(ENTRY("\0"), ENTRY("\1")),
               TABLES(ENTRY("\x70\0\1")),
               MEMORIES(ENTRY("\0\1")),
               CODE(BODY("\0\x02\x40\x02\x40\x41\1\x0E\2\0\1\0\x0B\x0B"
                         "\x3F\0\x1A\x41\0\x11\0\0\x0B"),
                    BODY("\0\x02\x7E\x42\x80\x80\x80\x80\x80\x80\x80\1"
                         "\x41\1\x0E\1\0\1\x0B\x0B")));
    struct module *module = vm_load(vm, buffer_slice(bytes), &error);
    assert_non_null(module);
    translate_all(module, &error);
    assert_int_equal(error.kind, ERROR_NONE);
    return module;
}

/* As many data cells are behind a cell as its fields are in. */
static void test_data_cells(void **state) {
    struct vm *vm = *state;
    struct buffer bytes = empty();
    struct module *module = module_with_data(vm, &bytes);
    const struct code *code = &module->code;
    uint32_t with_data = 0;
    for (uint32_t i = 0; i < module->function_count; i++) {
        const struct translation *of = &code->translations[i];
        uint32_t end = code_end(code, of);
        uint32_t cell = of->entry + 1;
        for (; cell < end; cell = code_next(code, cell, end)) {
            struct meaning meaning = meaning_of(vm, code_op(code, cell));
            uint32_t data = data_cells_of(meaning, &code->cells[cell]);
            assert_int_equal(code_next(code, cell, end), cell + 1 + data);
            with_data += data > 0;
        }
    }
    assert_int_equal(with_data, 5);
    buffer_free(&bytes);
}

static void test_signatures(void **state) {
    struct vm *vm = *state;
    static const struct {
        enum op op;
        const char *text;
    } rows[] = {
        {OP_i32_add_si, "d:I32 r:I32 = a:I32, imm:I32"},
        {OP_i8x16_add, "d:V128 = a:V128, b:V128"},
        {OP_v128_load, "d:V128 = [a:WORD + imm:NUMBER]"},
        {OP_v128_store, "[a:WORD + imm:NUMBER] = d:V128"},
        {OP_f32x4_extract_lane, "d:F32 r:F32 = a:V128 lane c16:NUMBER"},
        {OP_memory_fill, "a:WORD, a1:I32, a2:WORD imm:MEMORY wide:NOTHING"},
        {OP_i64_add128,
         "a:I64 a1:I64 = a:I64, a1:I64, a2:I64, a3:I64 "
         "wide:NOTHING"},
        {OP_memory_fill_is, "[d:I32] = b:I32 times a16:NUMBER"},
        {OP_table_size, "a:WORD = imm:TABLE wide:NOTHING"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(meaning_of(vm, rows[i].op).text, rows[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meanings_are_read),
        cmocka_unit_test(test_data_cells),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests_name("vm_meaning", tests, open_vm, close_vm);
}
