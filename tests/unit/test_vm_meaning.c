/* The column of ops.def that says what the fields of cells mean: all of it can
 * be read. */
#include "vm/listing/listing.h"
#include "vm/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

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

/* A cell that is set to an operation is known to have it: no two are the same
 * to the interpreter. */
static void test_operations_differ(void **state) {
    struct vm *vm = *state;
    for (int op = 0; op < OP_COUNT; op++) {
        struct cell cell = {0};
        cell_set_op(&cell, (enum op)op);
        assert_int_equal(cell_op(vm, &cell), op);
    }
    const struct cell data = {.head.wide = UINT64_MAX};
    assert_int_equal(cell_op(vm, &data), OP_COUNT);
}

/* A field that is misspelt would stay in the text. */
static void assert_read(const struct operation *operation,
                        const struct field *field) {
    for (int i = 0; i < field->size; i++) {
        bool colon = field->text[i] == ':';
        bool missed = colon && i + 1 < field->size && field->text[i + 1] != ' ';
        if (missed)
            fail_msg("%s: \"%s\"", operation->name, operation->meaning);
    }
}

static void test_meanings_are_read(void **state) {
    struct vm *vm = *state;
    for (int op = 0; op < OP_COUNT; op++) {
        struct meaning meaning = meaning_of(vm, (enum op)op);
        struct field field;
        int fields = 0;
        while (meaning_next(&meaning, &field)) {
            assert_read(operation_of((enum op)op), &field);
            assert_true(field.kind < KIND_R1);
            fields++;
        }
        assert_true(fields < MEANING_FIELDS);
        assert_read(operation_of((enum op)op), &field);
        assert_true(strlen(meaning.text) < MEANING_SIZE);
    }
}

/* As many data cells are behind a cell as its fields are in. */
static void test_data_cells(void **state) {
    enum { ENTRIES = 7 };
    struct vm *vm = *state;
    const struct cell cell = {.tail.imm = ENTRIES};
    for (int op = 0; op < OP_COUNT; op++) {
        struct meaning meaning = meaning_of(vm, (enum op)op);
        struct field field;
        uint32_t cells = 0;
        while (meaning_next(&meaning, &field)) {
            if (field.part >= PART_wide)
                cells = 1;
            if (field.kind == KIND_ENTRIES)
                cells = ENTRIES + 1;
        }
        assert_int_equal(operation_data_cells(vm, (enum op)op, &cell), cells);
    }
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
        {OP_table_size, "a:WORD = imm:TABLE wide:NOTHING"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(meaning_of(vm, rows[i].op).text, rows[i].text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations_differ),
        cmocka_unit_test(test_meanings_are_read),
        cmocka_unit_test(test_data_cells),
        cmocka_unit_test(test_signatures),
    };
    return cmocka_run_group_tests_name("vm_meaning", tests, open_vm, close_vm);
}
