/* Exceptions in function bodies: validation and translation (the exception
 * handling proposal).
 *
 * Two generations of instructions end in the same tables:
 *
 *     try_table (catch tag label)* ... end
 *
 * branches with the exception's values to the label of the clause that catches
 * it, and
 *
 *     try ... catch tag ... catch_all ... end
 *     try ... delegate label
 *
 * with rethrow, as compilers emitted it before, has the clauses in the block.
 *
 * Entering a try costs nothing: its range of cells and its clauses go into
 * tables of the module, which are searched when an exception is thrown
 * (exception.c). Locals need no saving, because every one is in its slot
 * whenever something can throw. A clause's code begins at its landing, where
 * the values have been written to the slots of the operand stack.
 *
 * At the bottom of the operand stack, with a tag of one i32:
 *
 *     try (result i32)
 *       local.get 0, call 0           4: move        d=t0 a=local0
 *                                     5: first_call  a=t0
 *       i32.const 1                   6: const_u32   d=t0 imm=1
 *                                     7: br          to 12
 *     catch 0                            t0: the exception, t1: its value
 *       i32.const 10, i32.add         8: i32_add_si  d=t0 a=t1 imm=10
 *                                     9: br          to 12
 *     catch_all                          t0: the exception
 *       i32.const 0                  10: const_u32   d=t0 imm=0
 *                                    11: br          to 12
 *     end                            12:
 *
 * makes the range of cells 4 and 5, at depth 1 (the function is 0), and two
 * clauses: for tag 0, with the landing 8, then for ANY_TAG, with the landing
 * 10; both write from t0 on. */
#include "vm/emit.h"
#include "vm/exceptions/tries.h"
#include "vm/rings.h"
#include "vm/validator.h"

/* A try that has begun; those around each other are a stack of their own. In
 * its catch clauses a hidden operand below the others refers to the exception,
 * for rethrow. */
struct attempt {
    uint32_t first; /* cell */
    union {
        struct {
            uint32_t range;  /* index of its try range, once there is one */
            uint32_t clause; /* the last one so far */
        } made;
        struct {
            /* Of try_table: where its clauses stand in the module. */
            uint32_t count, position;
        } read;
    } of;
};

/* ---- the tables ---- */

/* The range of the try block at `depth`, from its beginning to the next
 * cell. */
static bool
add_range(struct validator *v, struct attempt *attempt, uint32_t depth) {
    struct code *code = &v->module->code;
    struct try_range *range = tries_add_range(code);
    if (!range)
        return module_no_memory(v->module, &v->reader, "translated try blocks");
    attempt->of.made.range = (uint32_t)(range - code->tries->ranges);
    *range = (struct try_range){.first = attempt->first,
                                .end = here(&v->t),
                                .depth = depth,
                                .delegate = NO_DELEGATE,
                                .clause = NO_CLAUSE};
    return true;
}

/* Begin a clause: what follows runs with the exception's values on the stack.
 * Nothing is known of the accumulators there, and no cell before it may be
 * changed by what comes. */
static void add_clause(struct validator *v,
                       struct attempt *attempt,
                       uint32_t tag,
                       enum exception_reference reference) {
    struct code *code = &v->module->code;
    forget_mirrors(&v->t);
    v->t.barrier = here(&v->t);
    if (v->t.dead)
        return;
    struct catch_clause *clause = tries_add_clause(code);
    if (!clause) {
        v->t.dead = true; /* the clause's values will not be on the stack */
        module_no_memory(v->module, &v->reader, "translated try blocks");
        return;
    }
    *clause = (struct catch_clause){.tag = tag,
                                    .landing = here(&v->t),
                                    .next = NO_CLAUSE,
                                    .slot = (uint16_t)v->t.home,
                                    .reference = (uint8_t)reference};
    struct tries *tries = code->tries;
    uint32_t index = (uint32_t)(clause - tries->clauses);
    uint32_t before = attempt->of.made.clause;
    if (before == NO_CLAUSE) {
        tries->ranges[attempt->of.made.range].clause = index;
    } else {
        tries->clauses[before].next = index;
    }
    attempt->of.made.clause = index;
    count_block(&v->t, false);
}

/* Whether the block is in one of its catch clauses. */
static bool is_catch(const struct control *block) {
    return block->opener == WASM_catch || block->opener == WASM_catch_all;
}

/* If a cell before the try could still be taken back, its own would begin
 * before `first`. */
static void begin_attempt(struct validator *v) {
    struct attempt *attempts = array_reserve(v->module->vm->memory,
                                             v->attempts,
                                             v->attempt_count,
                                             &v->attempt_capacity,
                                             sizeof *attempts);
    if (!attempts) {
        module_no_memory(v->module, &v->reader, "blocks within blocks");
        return;
    }
    v->attempts = attempts;
    innermost(v)->is_try = true;
    v->t.barrier = here(&v->t);
    attempts[v->attempt_count++] =
        (struct attempt){.first = here(&v->t), .of.made.clause = NO_CLAUSE};
}

static void begin_try(struct validator *v, const struct immediate *immediate) {
    begin_block(v, immediate->block);
    if (reader_ok(&v->reader))
        begin_attempt(v);
}

/* Of the innermost block, which is a try. */
static struct attempt *attempt_of(struct validator *v) {
    return &v->attempts[v->attempt_count - 1];
}

/* The tag's values, for a tag that is known. */
static const struct func_type *tag_type(struct validator *v, uint32_t tag) {
    if (tag == ANY_TAG)
        return v->empty;
    return check_index(v, "tag", tag, v->module->tag_count)
               ? v->module->tags[tag]
               : NULL;
}

/* ---- try_table ---- */

/* The binary format's codes. */
enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };

struct clause {
    uint32_t tag, label;
    bool reference;
};

static struct clause clause_read(struct reader *reader) {
    uint8_t code = reader_u8(reader);
    if (code > CATCH_ALL_REF)
        reader_fail(reader, ERROR_MALFORMED, "malformed catch clause");
    struct clause clause = {.tag = ANY_TAG,
                            .reference =
                                code == CATCH_REF || code == CATCH_ALL_REF};
    if (code == CATCH || code == CATCH_REF)
        clause.tag = reader_u32(reader);
    clause.label = reader_u32(reader);
    return clause;
}

/* The label takes the tag's values, and a reference if the clause gives one. */
static void check_clause(struct validator *v, struct clause clause) {
    const struct control *block = target(v, clause.label);
    const struct func_type *type = tag_type(v, clause.tag);
    if (!block || !type || !spend(v, 1 + type->param_count / TYPES_A_STEP))
        return;
    struct types wanted = label_types(block);
    uint32_t count = type->param_count;
    bool fits = wanted.count == count + clause.reference &&
                memcmp(wanted.list, type->types, count) == 0;
    if (fits && clause.reference)
        fits = wanted.list[count] == VM_EXNREF;
    if (!fits)
        invalid(
            v,
            "type mismatch: the label does not take what the clause catches");
}

/* The labels of clauses count from outside of the block, so they are checked
 * before it begins. They are read again at its end, when there is code for them
 * to branch from. */
void do_try_table(struct validator *v, const struct immediate *immediate) {
    size_t position = v->reader.position;
    for (uint32_t i = 0; i < immediate->first && reader_ok(&v->reader); i++) {
        check_clause(v, clause_read(&v->reader));
    }
    if (!reader_ok(&v->reader))
        return;
    begin_try(v, immediate);
    if (!reader_ok(&v->reader))
        return;
    attempt_of(v)->of.read.count = immediate->first;
    attempt_of(v)->of.read.position = (uint32_t)position;
}

/* A landing for each clause: there its values are on the stack, and it
 * branches. The block has been popped, so that the labels count from where they
 * did when they were checked. */
static void land(struct validator *v,
                 const struct control *block,
                 struct attempt *attempt,
                 struct clause clause) {
    const struct func_type *type = tag_type(v, clause.tag);
    v->t.dead = block->dead_before;
    truncate_to(v, block);
    add_clause(v,
               attempt,
               clause.tag,
               clause.reference ? REFERENCE_AFTER : REFERENCE_NONE);
    push_types(v, params_of(type));
    if (clause.reference)
        operand_push(&v->t, VM_EXNREF);
    if (reader_ok(&v->reader))
        translate_br(&v->t, &target(v, clause.label)->label);
}

/* What ends without an exception goes past the landings. */
static void end_try_table(struct validator *v,
                          struct control *block,
                          struct attempt attempt) {
    uint32_t count = block->dead_before ? 0 : attempt.of.read.count;
    struct reader clauses = v->reader;
    clauses.position = attempt.of.read.position;
    attempt.of.made.clause = NO_CLAUSE;
    if (count == 0) {
        translate_fall(&v->t, &block->label);
    } else {
        if (!add_range(v, &attempt, v->control_count))
            return;
        translate_br(&v->t, &block->label);
    }
    for (uint32_t i = 0; i < count && reader_ok(&v->reader); i++) {
        if (!spend(v, 1))
            return;
        land(v, block, &attempt, clause_read(&clauses));
    }
    v->t.dead = block->dead_before;
    forget_mirrors(&v->t);
    leave_block(v, block);
}

void end_try(struct validator *v, struct control *block) {
    struct attempt attempt = v->attempts[--v->attempt_count];
    if (block->opener == WASM_try_table) {
        end_try_table(v, block, attempt);
        return;
    }
    /* The results of a catch clause are one slot above the label's. */
    translate_fall(&v->t, &block->label);
    block->height = (uint16_t)(block->height - is_catch(block));
    v->t.dead = block->dead_before;
    leave_block(v, block);
}

/* ---- try, catch, delegate ---- */

void do_try(struct validator *v, const struct immediate *immediate) {
    begin_try(v, immediate);
}

/* The block goes on as one whose floor is above the hidden reference: no
 * instruction can pop it. The range is added at the first clause, where the
 * body that it covers has ended. */
static void begin_catch(struct validator *v, uint32_t tag) {
    struct control *block = innermost(v);
    const struct func_type *type = tag_type(v, tag);
    if (!type)
        return;
    if (block->opener != WASM_try && block->opener != WASM_catch) {
        invalid(v, "catch without try");
        return;
    }
    if (!check_block_end(v))
        return;
    if (is_catch(block)) {
        block->height--;
    } else if (!block->dead_before &&
               !add_range(v, attempt_of(v), v->control_count - 1)) {
        return;
    }
    translate_br(&v->t, &block->label);
    v->t.dead = block->dead_before;
    operands_truncate(&v->t, block->height, block->label.home);
    add_clause(v, attempt_of(v), tag, REFERENCE_BEFORE);
    operand_push(&v->t, VM_EXNREF);
    block->height++;
    block->hides = true;
    block->opener = (uint8_t)v->row->opcode;
    block->unreachable = false;
    push_types(v, params_of(type));
}

void do_catch(struct validator *v, const struct immediate *immediate) {
    begin_catch(v, immediate->first);
}

void do_catch_all(struct validator *v, const struct immediate *immediate) {
    (void)immediate;
    begin_catch(v, ANY_TAG);
}

/* `depth` counts from outside of the try, from inside it is one more. What is
 * kept is how many blocks are around the one that is meant: exception.c
 * compares that with the depth of other ranges. */
void do_delegate(struct validator *v, const struct immediate *immediate) {
    uint32_t depth = immediate->first;
    struct control *block = innermost(v);
    if (block->opener != WASM_try) {
        invalid(v, "delegate without try");
        return;
    }
    if (!check_block_end(v) ||
        !target(v, depth < UINT32_MAX ? depth + 1 : depth))
        return;
    if (!block->dead_before) {
        if (!add_range(v, attempt_of(v), v->control_count - 1))
            return;
        uint32_t range = attempt_of(v)->of.made.range;
        v->module->code.tries->ranges[range].delegate =
            v->control_count - 2 - depth;
    }
    do_end(v);
}

void attempts_free(struct validator *v) {
    array_free(v->module->vm->memory,
               v->attempts,
               v->attempt_capacity,
               sizeof *v->attempts);
}

/* ---- throwing ---- */

void do_throw(struct validator *v, const struct immediate *immediate) {
    uint32_t tag = immediate->first;
    if (!check_index(v, "tag", tag, v->module->tag_count))
        return;
    const struct func_type *type = v->module->tags[tag];
    if (!check_top(v, params_of(type)))
        return;
    operands_home(&v->t, type->param_slots);
    struct cell *cell = emit(&v->t, OP_throw_tag);
    cell->a = window(&v->t, type->param_slots);
    cell->tail.imm = (int32_t)tag;
    set_unreachable(v);
}

void do_throw_ref(struct validator *v, const struct immediate *immediate) {
    (void)immediate;
    struct operand x = pop(v, VM_EXNREF);
    need_slot(&v->t, &x);
    emit(&v->t, OP_throw_ref)->a = x.slot;
    set_unreachable(v);
}

/* The exception of a catch clause around is in the slot below the clause's
 * floor. */
void do_rethrow(struct validator *v, const struct immediate *immediate) {
    const struct control *block = target(v, immediate->first);
    if (!block)
        return;
    if (!is_catch(block)) {
        invalid(v, "invalid rethrow label");
        return;
    }
    emit(&v->t, OP_throw_ref)->a = block->label.home;
    set_unreachable(v);
}
