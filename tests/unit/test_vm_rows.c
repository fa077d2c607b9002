/* The instruction table keeps its word: what a row says is what is found, read
 * and true of the others. What can be told by the compiler already is not here:
 * see broken_rows. */
#include "tests/unit/vm_module.h"

#include "vm/opcodes.h"
#include "vm/unsupported.h"

static const struct row {
    uint32_t code;
    const char *mnemonic;
} rows[] = {
#define ROW(code, name, mnemonic, ...) {code, mnemonic},
#include "vm/opcodes.def"
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The opcode as a module has it. */
static struct buffer opcode_of(uint32_t code) {
    struct buffer bytes = empty();
    if (code < 0x100) {
        put_byte(&bytes, (int)code);
    } else {
        put_byte(&bytes, (int)(code >> 12));
        put_number(&bytes, code & 0xFFF);
    }
    return bytes;
}

static void each_row_is_found_by_its_code(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct instruction *row = instruction_at(rows[i].code);
        struct buffer bytes = opcode_of(rows[i].code);
        struct error error = ERROR_INIT;
        struct reader reader = reader_init(buffer_slice(&bytes), &error);
        assert_int_equal(row->opcode, rows[i].code);
        assert_string_equal(row->mnemonic, rows[i].mnemonic);
        assert_ptr_equal(instruction_read(&reader), row);
        assert_true(reader_at_end(&reader));
        buffer_free(&bytes);
    }
}

static void no_two_have_one_name(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < i; k++) {
            bool select = rows[i].code == WASM_select_t;
            bool same = strcmp(rows[i].mnemonic, rows[k].mnemonic) == 0;
            if (same && !select)
                fail_msg("%s: twice", rows[i].mnemonic);
        }
    }
}

/* Codes between the rows are not taken for one of them. */
static void no_other_code_is_found(void **state) {
    (void)state;
    size_t found = 0;
    for (size_t i = 0; i < INSTRUCTION_ROWS; i++)
        found += instructions[i].shape != SHAPE_ILLEGAL;
    assert_int_equal(found, ROWS);
}

/* A letter that means nothing would be a type that anything fits. */
static void signatures_are_of_types(void **state) {
    (void)state;
    const struct varying some = {VM_EXTERNREF, VM_I64, VM_I32};
    for (size_t i = 0; i < ROWS; i++) {
        const struct instruction *row = instruction_at(rows[i].code);
        bool described =
            row->shape == SHAPE_WINDOW || row->shape == SHAPE_VECTOR;
        assert_int_equal(row->signature[0] != '\0', described);
        if (!described)
            continue;
        struct signature s = signature_of(row, some);
        assert_int_equal(s.params + s.results + 1, strlen(row->signature));
        for (uint32_t k = 0; k < s.params + s.results; k++) {
            if (!is_value_type(s.types[k]))
                fail_msg("%s: a letter of %s", row->mnemonic, row->signature);
        }
    }
}

/* What translate_vector has room for, and of windows what listings show: so
 * many numbers, of one slot each (FORMS_WINDOW in ops.def). */
static void operands_are_few(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct instruction *row = instruction_at(rows[i].code);
        struct signature s = {.params = 0};
        if (row->signature[0])
            s = signature_of(row, (struct varying){0});
        bool window = row->shape == SHAPE_WINDOW;
        uint32_t operands = window ? 4 : VECTOR_OPERANDS;
        uint32_t results = window ? 2 : 1;
        bool wide = window && strchr(row->signature, 'v');
        if (s.params > operands || s.results > results || wide)
            fail_msg("%s: %s", row->mnemonic, row->signature);
    }
}

/* An access is checked against its size, a lane against that of the lanes. */
static void sizes_are_given(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct instruction *row = instruction_at(rows[i].code);
        bool sized = accesses_memory(row) || row->immediates == IMMEDIATE_LANE;
        bool power = row->bytes && (row->bytes & (row->bytes - 1)) == 0;
        if (sized && (!power || row->bytes > 16))
            fail_msg("%s: %u bytes", row->mnemonic, row->bytes);
    }
}

/* To exchange the operands, or negate, twice is to do nothing. */
static void partners_are_mutual(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const struct instruction *row = instruction_at(rows[i].code);
        bool binary = row->shape == SHAPE_BINARY || row->shape == SHAPE_COMPARE;
        const struct instruction *swapped = instruction_at(row->swapped),
                                 *negated = instruction_at(row->negated);
        if (binary && row->swapped != WASM_none) {
            assert_int_equal(swapped->swapped, row->opcode);
            assert_int_equal(swapped->operand, row->operand);
            assert_int_equal(swapped->shape, row->shape);
        }
        if (row->shape == SHAPE_COMPARE && row->negated != WASM_none) {
            assert_int_equal(negated->negated, row->opcode);
            assert_int_equal(negated->operand, row->operand);
        }
    }
}

static void none_of_them_is_told_to_be_missing(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct error error = ERROR_INIT;
        struct reader reader = reader_init((struct slice){0}, &error);
        if (unsupported(&reader, PLACE_OPCODE, rows[i].code, 0))
            fail_msg("%s: %s", rows[i].mnemonic, error.text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_found_by_its_code),
        cmocka_unit_test(no_two_have_one_name),
        cmocka_unit_test(no_other_code_is_found),
        cmocka_unit_test(signatures_are_of_types),
        cmocka_unit_test(operands_are_few),
        cmocka_unit_test(sizes_are_given),
        cmocka_unit_test(partners_are_mutual),
        cmocka_unit_test(none_of_them_is_told_to_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
