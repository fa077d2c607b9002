/* Fusions one by one: a function of fusions.wat returns the same in plain and in
 * fused code, and it does so by the cell that it is about, or without; and all
 * cells that can be pairs are. */
#include "tests/unit/vm_guest.h"

#include "vm/fusions/pairs.h"
#include "vm/listing/listing.h"
#include "vm/store.h"

static const struct {
    const char *function;
    uint32_t args[2], result;
    enum op op;
    int count; /* of cells that execute it, in fused code */
} rows[] = {
    {"not_less", {7, 7}, 1, OP_i32_ge_s_ss, 1},
    {"not_less", {UINT32_MAX, 7}, 0, OP_i32_eq_ri, 0},
    {"not_not_less", {7, UINT32_MAX}, 1, OP_i32_lt_u_ss, 1},
    {"not_zero", {5, 0}, 1, OP_i64_ne_ri, 1},
    {"not_less_branch", {0, 0}, 1, OP_br_f32_lt_ri, 1},
    {"not_less_branch", {1, 2}, 2, OP_i32_eq_ri, 0},
    {"kept", {1, 2}, 1, OP_f32_lt_sr, 1},
    {"kept", {2, 1}, 10, OP_f32_lt_sr, 1},
    {"short_double", {3, 0}, 3145731, OP_f64_mul_ri, 1},
    {"short_double", {3, 0}, 3145731, OP_f64_add_ri, 0},
    {"double_branches", {8, 0}, 1, OP_f64_lt_si, 1},
    {"double_branches", {9, 0}, 2, OP_br_not_f64_gt_si, 1},
    {"double_branches", {9, 0}, 2, OP_br_f64_le_ri, 1},
    {"not_less_long", {32766, 0}, 2, OP_f64_lt_si, 1},
    {"single_branches", {8, 0}, 3, OP_br_not_f32_lt_si, 1},
    {"single_branches", {9, 0}, 2, OP_f32_gt_si, 1},
    {"on_the_left", {5, 1}, 903, OP_i32_shl_is, 1},
    {"on_the_left", {5, 1}, 903, OP_i32_sub_ir, 1},
    {"on_the_left", {5, 1}, 903, OP_f64_div_ir, 1},
    {"two_last", {5, 9}, 14 ^ 15, OP_i32_xor_qr_r, 1},
    {"two_last_swapped", {5, 9}, 107, OP_i32_add_qr_r, 1},
    {"two_last_apart", {5, 9}, UINT32_MAX - 52, OP_i32_sub_rs, 1},
    {"two_last_written", {5, 9}, 1045, OP_i32_add_sr, 1},
    {"two_last_between", {5, 9}, 27, OP_i32_add_qr_r, 1},
    {"two_last_between", {5, 9}, 27, OP_i32_add_sr, 1},
    {"two_last_branch", {5, 9}, 15 ^ 45, OP_i32_xor_qr_r, 1},
    {"two_last_taken_back", {5, 9}, 225, OP_i32_mul_qr_r, 0},
    {"two_last_label", {5, 9}, 63 ^ 25, OP_i32_xor_qr_r, 0},
    {"two_last_call", {5, 9}, 15 ^ 100, OP_i32_xor_sr, 1},
    {"two_last_store", {8, 40}, 120 ^ 240, OP_i32_xor_qr_r, 1},
    {"two_last_doubles", {9, 5}, 56, OP_f64_sub_qr_r, 1},
    {"two_last_pinned", {5, 9}, 4095, OP_i32_xor_qr_l, 1},
    {"calls", {3, 4}, 16, OP_call, 2},
    {"returns", {3, 4}, 7, OP_i32_add_ss, 1},
    {"while", {1, 4}, 18, OP_step_i32_ne_s_l_back, 1},
    {"while", {4, 4}, 0, OP_br_i32_eq_ls_out, 1},
    {"head_traps", {10, 15}, 16, OP_br_i32_le_u_rs_back, 1},
    {"skips", {6, 0}, 12, OP_i32_and_li_r, 2},
    {"stride", {1, 13}, 35, OP_stride_i32_ne_s_l_back, 1},
    {"stride_right", {1, 13}, 5, OP_stride_i64_le_u_s_l_back, 1},
    {"step_wide", {0, 5}, 5, OP_step_i64_ne_i_l_back, 1},
    {"step_long", {0, 5}, 5, OP_step_i64_ne_i, 0},
    {"step_itself", {1, 100}, 128, OP_stride_i32_lt_u_s_l_back, 1},
    {"store_sum", {8, 40}, 0, OP_i32_store8_ss_r, 1},
    {"store_sum", {8, 40}, 0, OP_i32_store16_si_s, 1},
    {"sum_wide", {8, 40}, 40, OP_i32_load_sw, 1},
    {"sum_wide", {8, 40}, 40, OP_i32_store_sw_s, 1},
    {"sum_wraps", {0x10000, 7}, 7, OP_i32_store8_sw_s, 1},
    {"sum_wide_offset", {8, 40}, 40, OP_i32_load_r, 1},
    {"fixed", {3, 7}, 0x7FF0A, OP_i32_store_w_r, 1},
    {"fixed", {3, 7}, 0x7FF0A, OP_i32_store16_w_s, 1},
    {"fixed", {3, 7}, 0x7FF0A, OP_i32_store8_w_i, 1},
    {"fixed", {3, 7}, 0x7FF0A, OP_i32_load_w, 1},
    {"fixed_past", {0, 7}, 7, OP_i32_load_w, 0},
    {"store_temporary", {40, 52}, 28, OP_i32_add_qr_r, 1},
    {"store_constant", {40, 52}, 123456, OP_i32_add_qr_r, 1},
    {"pin_select", {5, 9}, 34, OP_select_r_l, 1},
    {"pin_global", {4, 0}, 14, OP_pin_l0, 1},
    {"pin_double", {3, 2}, 38, OP_f64_mul_ll_r, 1},
    {"pin_old", {9, 3}, 39, OP_move_two_l, 1},
    {"pin_outer", {3, 4}, 30, OP_loop_l0, 1},
    {"carry", {4, 3}, 122, OP_loop_l0_r, 1},
    {"carry", {4, 3}, 122, OP_i32_mul_rs, 1},
    {"carry_branch", {(uint32_t)-3, (uint32_t)-9}, 11, OP_br_i32_eq_ri, 1},
    {"carry_branch", {(uint32_t)-3, (uint32_t)-9}, 11, OP_loop_l0_r, 1},
    {"carry_store", {9, 3}, 27397, OP_i32_store_w_r, 1},
    {"carry_store", {9, 3}, 27397, OP_move_r, 1},
    {"carry_late", {4, 3}, 122, OP_loop_l0_r, 0},
    {"carry_written", {1, 4}, 2006, OP_loop_l0_r, 0},
    {"carry_not", {6, 3}, 4761, OP_loop_l0_r, 0},
};

enum { ROWS = sizeof rows / sizeof *rows };

/* How many cells of the code that there is do it. */
static int count_of(const struct guest *guest, enum op op) {
    const struct code *code = &guest->module->code;
    int count = 0;
    for (uint32_t i = 0; i < code->cell_count; i++)
        count += code_op(code, i) == op;
    return count;
}

static void fused_code_has_the_cell(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct guest guest = guest_run("fusions", NULL);
        const char *name = rows[i].function;
        uint32_t result =
            guest_call(&guest, name, rows[i].args[0], rows[i].args[1]);
        if (result != rows[i].result)
            fail_msg("%s: %u, expected %u", name, result, rows[i].result);
        int count = count_of(&guest, rows[i].op);
        if (count != rows[i].count)
            fail_msg("%s: %d cells, row %zu", name, count, i);
        guest_close(&guest);
    }
}

static void plain_code_returns_the_same(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    limits.plain_code = true;
    struct guest guest = guest_run("fusions", &limits);
    for (size_t i = 0; i < ROWS; i++) {
        uint32_t result = guest_call(
            &guest, rows[i].function, rows[i].args[0], rows[i].args[1]);
        assert_int_equal(result, rows[i].result);
    }
    guest_close(&guest);
}

/* ---- pairs ---- */

/* Numbers that are those of no pair have zeroes. */
static const struct {
    unsigned first, second;
} pairs[PAIR_END - NO_PAIR] = {
#define FIRST(first)
#define PAIR(first, second)                                                    \
    [OP_##first##__##second - NO_PAIR] = {OP_##first, OP_##second},
#include "vm/fusions/pairs.def"
};

/* Whether the cells do this, an operation or a pair, one behind the other. */
static bool
cells_do(const struct code *code, uint32_t cell, uint32_t end, unsigned what) {
    while (what > NO_PAIR && cell < end) {
        if (code_op(code, cell) != pairs[what - NO_PAIR].first)
            return false;
        what = pairs[what - NO_PAIR].second;
        cell = code_next(code, cell, end);
    }
    return cell < end && code_op(code, cell) == what;
}

/* Whether the cell's head is that of a pair, and whether it could be. In a
 * switch all pairs of one first operation have the same. */
static void look_at(const struct code *code,
                    uint32_t cell,
                    uint32_t end,
                    bool *is_pair,
                    bool *can_be) {
    *is_pair = *can_be = false;
    for (unsigned pair = NO_PAIR + 1; pair < PAIR_END; pair++) {
        bool named = pairs[pair - NO_PAIR].second != 0;
        if (!named || !cells_do(code, cell, end, pair))
            continue;
        *can_be = true;
        *is_pair |=
            code->cells[cell].head.wide == pair_heads[pair - NO_PAIR].wide;
    }
}

/* Every cell has the head of its operation, or of a pair of it and the next:
 * which it has wherever there is one. Returns how many pairs there are. */
static int check_heads(const struct code *code, bool paired) {
    int count = 0;
    for (size_t i = 0; i < code->translation_count; i++) {
        uint32_t end = code_end(code, &code->translations[i]);
        uint32_t cell = code->translations[i].entry + 1;
        for (; cell < end; cell = code_next(code, cell, end)) {
            uint64_t alone = heads[code_op(code, cell)].wide;
            bool is_pair, can_be;
            look_at(code, cell, end, &is_pair, &can_be);
            assert_int_equal(is_pair, paired && can_be);
            if (!is_pair)
                assert_int_equal(code->cells[cell].head.wide, alone);
            count += is_pair;
        }
    }
    return count;
}

static void all_pairs_are_made(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    for (int plain = 0; plain < 2; plain++) {
        limits.plain_code = plain;
        struct guest guest = guest_run("fusions", &limits);
        for (size_t i = 0; i < ROWS; i++)
            guest_call(
                &guest, rows[i].function, rows[i].args[0], rows[i].args[1]);
        int count = check_heads(&guest.module->code, !plain);
        assert_int_equal(count > 0, !plain);
        guest_close(&guest);
    }
}

/* ---- traps ---- */

/* Where the trap of a repeated cell is: at the instruction that it was. */
static void a_repeated_head_traps_at_its_place(void **state) {
    (void)state;
    struct vm_limits limits = vm_limits_default();
    uint32_t offsets[2];
    for (int plain = 0; plain < 2; plain++) {
        limits.plain_code = plain;
        struct guest guest = guest_run("fusions", &limits);
        struct vm_frame frame;
        uint32_t args[2] = {2, 1000};
        assert_int_equal(guest_try(&guest, "head_traps", args, NULL),
                         ERROR_TRAP);
        assert_int_equal(vm_backtrace(guest.vm, &frame, 1), 1);
        offsets[plain] = frame.offset;
        guest_close(&guest);
    }
    assert_int_equal(offsets[0], offsets[1]);
}

static void what_is_past_all_memories_traps(void **state) {
    (void)state;
    struct guest guest = guest_run("fusions", NULL);
    uint32_t args[2] = {1, 7};
    assert_int_equal(guest_try(&guest, "fixed_past", args, NULL), ERROR_TRAP);
    guest_close(&guest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_code_has_the_cell),
        cmocka_unit_test(plain_code_returns_the_same),
        cmocka_unit_test(all_pairs_are_made),
        cmocka_unit_test(a_repeated_head_traps_at_its_place),
        cmocka_unit_test(what_is_past_all_memories_traps),
    };
    return cmocka_run_group_tests_name("vm_fusions", tests, NULL, NULL);
}
