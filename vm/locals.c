/* The locals of a body: runs of one type, as the binary format declares them.
 *
 *     02 02 7F 01 7E        two runs: 2 i32, 1 i64
 *
 * They stay runs, since a few bytes can declare 50,000 locals. validate.c looks
 * an index up: that of the first 64 at once, that of others by halving. */
#include "vm/validator.h"

/* `count` locals behind those there are; not 0, which would make two runs end
 * at one index. */
static void add_run(struct validator *v, uint32_t count, uint8_t type) {
    struct local_run *runs = array_reserve(v->module->vm->memory,
                                           v->runs,
                                           v->run_count,
                                           &v->run_capacity,
                                           sizeof *runs);
    if (!runs) {
        module_no_memory(v->module, &v->reader, "declarations of locals");
        return;
    }
    v->runs = runs;

    uint32_t behind = v->local_count + count;
    uint32_t end = behind - v->type->param_count;
    if (end > MAPPED_LOCALS)
        end = MAPPED_LOCALS;
    while (v->mapped < end) {
        v->run_of[v->mapped++] = (uint8_t)v->run_count;
    }

    struct local_run *run = &runs[v->run_count++];
    run->start = v->local_count;
    run->end = behind;
    run->slot = locals_begin(v->module) + v->local_slots - v->type->param_slots;
    run->type = type;
    v->local_count = behind;
    v->local_slots += count * type_slots(type);
}

/* Parameters are the first locals. The rest is declared in runs, in the code
 * section (spec 5.5.13). Their sum cannot overflow 64 bits: there are at most as
 * many runs as a module has bytes. */
void locals_read(struct validator *v, const struct func_type *type) {
    struct reader *reader = &v->reader;
    v->type = type;
    v->run_count = 0;
    v->mapped = 0;
    v->local_count = type->param_count;
    v->local_slots = type->param_slots;

    uint32_t declarations =
        reader_count(reader, UINT32_MAX, "local declarations");
    uint64_t total = v->local_count;
    for (uint32_t i = 0; i < declarations && reader_ok(reader); i++) {
        uint32_t count = reader_u32(reader);
        uint8_t local = value_type_read(reader);
        total += count;
        if (count && total <= LIMIT_LOCALS)
            add_run(v, count, local);
    }

    if (total > UINT32_MAX)
        reader_fail(reader, ERROR_MALFORMED, "too many locals");
    if (total > LIMIT_LOCALS) {
        reader_fail(reader,
                    ERROR_INVALID,
                    "limit: %llu locals, at most %d are accepted",
                    (unsigned long long)total,
                    LIMIT_LOCALS);
    }
}
