/* Which line of which file an instruction comes from (DWARF 5, section 6.2).
 *
 * A unit's table would have a row for every instruction. It is written as a
 * program for a machine with a few registers, which appends a row whenever it
 * is told to:
 *
 *     00 05 02 67000000   set the address to 0x67; line and file begin as 1
 *     03 05 01            line += 5; append a row
 *     0A                  prologue ends: nothing to us
 *     BD                  one byte for: address += 12, line += 1, append a row
 *     02 18 00 01 01      address += 0x18; end of the sequence, which is the row behind the last
 *
 *     an address from 0x67 on is line 6, from 0x73 on line 7, from 0x8B on unknown
 *
 * What one byte says depends on numbers in the header. A header:
 *
 *     length, version (2); since DWARF 5: size of an address (1), of a segment (1)
 *     header length; smallest instruction, since DWARF 4: most operations, is-statement, line base,
 *     line range, first special opcode (1 each); of each opcode below that, its operands (1)
 *     up to DWARF 4: texts of directories, files; an empty one ends each (6.2.4 of DWARF 4)
 *     since DWARF 5: how an entry is written, number of entries, entries; of both (6.2.4.1)
 *
 * The table is not kept: the program runs until the row is found. */
#include "vm/debug/dwarf.h"

#include <string.h>

/* ---- the header ---- */

struct program {
    struct unit unit;     /* its sizes are the header's */
    struct cursor tables; /* of directories and files */
    struct cursor code;
    struct slice operands; /* of each opcode below the special ones */
    uint8_t smallest, line_range, first_special;
    int8_t line_base;
};

/* Later versions say the size of an address, which older ones have from their
 * unit. */
static bool is_known(const struct program *program) {
    const struct unit *unit = &program->unit;
    bool addresses = unit->address_size == 4 || unit->address_size == 8;
    return unit->version >= 2 && unit->version <= 5 && addresses;
}

static bool read_header(const struct debug *debug,
                        const struct unit *unit,
                        struct program *program) {
    struct cursor at = cursor_at(debug->sections[SECTION_LINE], unit->lines);
    program->unit = *unit;
    program->unit.section = SECTION_LINE;
    program->code = cursor_sized_part(&at, &program->unit.offset_size);
    struct cursor *code = &program->code;
    program->unit.version = (uint16_t)cursor_fixed(code, 2);
    if (program->unit.version >= 5) {
        program->unit.address_size = cursor_u8(code);
        cursor_u8(code);
    }
    program->tables =
        cursor_part(code, cursor_fixed(code, program->unit.offset_size));
    struct cursor *header = &program->tables;
    program->smallest = cursor_u8(header);
    bool one_at_once = program->unit.version < 4 || cursor_u8(header) <= 1;
    cursor_u8(header);
    program->line_base = (int8_t)cursor_u8(header);
    program->line_range = cursor_u8(header);
    program->first_special = cursor_u8(header);
    if (program->first_special == 0 || program->line_range == 0)
        return false;
    program->operands = cursor_bytes(header, program->first_special - 1u);
    return is_known(program) && one_at_once && !header->failed && !code->failed;
}

/* ---- the machine ---- */

struct row {
    uint64_t address, file;
    uint32_t line;
};

struct machine {
    struct debug *debug;
    const struct program *program;
    struct cursor at;
    struct row row, last; /* what would be appended, what was */
    bool any;             /* something was, in this sequence */
    bool alive;           /* the sequence is about code that is there */
    uint64_t wanted;
    bool found; /* it is in the last row */
};

static void begin_sequence(struct machine *machine) {
    machine->row = (struct row){.file = 1, .line = 1};
    machine->any = machine->alive = false;
}

/* A row reaches up to the next one's address. Linkers leave sequences of code
 * that is gone, at address 0 or at the largest there is. */
static void append(struct machine *machine) {
    if (!machine->any)
        machine->alive = body_at(machine->debug, machine->row.address) != NULL;
    bool within = machine->wanted >= machine->last.address &&
                  machine->wanted < machine->row.address;
    machine->found = machine->any && machine->alive && within;
    if (machine->found)
        return;
    machine->last = machine->row;
    machine->any = true;
}

static void advance(struct machine *machine, uint64_t instructions) {
    machine->row.address += instructions * machine->program->smallest;
}

static void
run_special(struct machine *machine, uint8_t opcode, bool append_row) {
    const struct program *program = machine->program;
    unsigned step = (unsigned)(opcode - program->first_special);
    advance(machine, step / program->line_range);
    if (!append_row)
        return;
    machine->row.line +=
        (uint32_t)(program->line_base + (int)(step % program->line_range));
    append(machine);
}

static void run_extended(struct machine *machine) {
    enum { END_SEQUENCE = 1, SET_ADDRESS };
    struct cursor operands =
        cursor_part(&machine->at, cursor_uleb(&machine->at));
    switch (cursor_u8(&operands)) {
    case END_SEQUENCE:
        append(machine);
        if (!machine->found)
            begin_sequence(machine);
        break;
    case SET_ADDRESS:
        if (operands.end - operands.position > 8)
            break;
        machine->row.address =
            cursor_fixed(&operands, operands.end - operands.position);
        break;
    default: break;
    }
}

/* An opcode that only some other version has says how many numbers to pass
 * over. */
static void run_unknown(struct machine *machine, uint8_t opcode) {
    for (uint8_t i = 0; i < machine->program->operands.data[opcode - 1]; i++) {
        cursor_uleb(&machine->at);
    }
}

static void run_standard(struct machine *machine, uint8_t opcode) {
    enum {
        EXTENDED,
        COPY,
        ADVANCE_PC,
        ADVANCE_LINE,
        SET_FILE,
        CONST_ADD_PC = 8,
        FIXED_ADVANCE_PC
    };
    switch (opcode) {
    case EXTENDED: run_extended(machine); break;
    case COPY: append(machine); break;
    case ADVANCE_PC: advance(machine, cursor_uleb(&machine->at)); break;
    case ADVANCE_LINE:
        machine->row.line += (uint32_t)cursor_sleb(&machine->at);
        break;
    case SET_FILE: machine->row.file = cursor_uleb(&machine->at); break;
    case CONST_ADD_PC: run_special(machine, 255, false); break;
    case FIXED_ADVANCE_PC:
        machine->row.address += cursor_fixed(&machine->at, 2);
        break;
    default: run_unknown(machine, opcode); break;
    }
}

static bool find_row(struct debug *debug,
                     const struct program *program,
                     uint64_t address,
                     struct row *row) {
    struct machine machine = {.debug = debug,
                              .program = program,
                              .at = program->code,
                              .wanted = address};
    begin_sequence(&machine);
    while (cursor_more(&machine.at) && !machine.found) {
        if (!work(debug, 1))
            return false;
        uint8_t opcode = cursor_u8(&machine.at);
        if (opcode >= program->first_special) {
            run_special(&machine, opcode, true);
        } else {
            run_standard(&machine, opcode);
        }
    }
    *row = machine.last;
    return machine.found && !machine.at.failed;
}

/* ---- directories and files ---- */

struct file {
    struct slice name;
    uint64_t directory;
};

/* Up to DWARF 4: number 0 of directories is the one the compiler ran in, and is
 * not written. */
static struct slice old_directory(const struct program *program,
                                  uint64_t number) {
    struct cursor at = program->tables;
    struct slice text = cursor_text(&at);
    for (uint64_t i = 1; i < number && text.size > 0; i++)
        text = cursor_text(&at);
    return number ? text : (struct slice){NULL, 0};
}

static struct file old_file(const struct program *program, uint64_t number) {
    struct cursor at = program->tables;
    while (cursor_text(&at).size > 0) {
    }
    struct file file = {{NULL, 0}, 0};
    for (uint64_t i = 0; i < number; i++) {
        file.name = cursor_text(&at);
        if (file.name.size == 0)
            break;
        file.directory = cursor_uleb(&at);
        cursor_uleb(&at); /* when it was written, how long it was */
        cursor_uleb(&at);
    }
    return at.failed ? (struct file){{NULL, 0}, 0} : file;
}

/* Of DWARF 5, the table at `at`, which moves behind it: entry `number`, if it
 * has so many. Each has the values that the formats say: what, and in which
 * form. */
static struct file new_entry(struct debug *debug,
                             const struct program *program,
                             struct cursor *at,
                             uint64_t number) {
    enum { PATH = 1, DIRECTORY };
    uint8_t values = cursor_u8(at);
    struct cursor formats = *at;
    for (unsigned i = 0; i < 2u * values; i++)
        cursor_uleb(at);
    uint64_t count = cursor_uleb(at);
    if (values == 0)
        count = 0; /* no bytes would bound it */
    struct file file = {{NULL, 0}, 0};
    for (uint64_t i = 0; i < count && !at->failed; i++) {
        struct cursor format = formats;
        for (unsigned k = 0; k < values && work(debug, 1); k++) {
            uint64_t what = cursor_uleb(&format);
            struct value value =
                value_decode(&program->unit, at, cursor_uleb(&format), 0);
            if (i != number)
                continue;
            if (what == PATH)
                file.name = value_string(debug, &program->unit, value);
            if (what == DIRECTORY)
                value_number(value, &file.directory);
        }
        if (debug->work == 0)
            cursor_fail(at);
    }
    return file;
}

static struct file
new_file(struct debug *debug, const struct program *program, uint64_t number) {
    struct cursor at = program->tables;
    new_entry(debug, program, &at, UINT64_MAX);
    return new_entry(debug, program, &at, number);
}

static struct slice directory_of(struct debug *debug,
                                 const struct program *program,
                                 uint64_t number) {
    struct cursor at = program->tables;
    if (number == 0)
        return (struct slice){NULL, 0};
    if (program->unit.version < 5)
        return old_directory(program, number);
    return new_entry(debug, program, &at, number).name;
}

/* The directory the compiler ran in is left out; who compiled it knows. */
static struct slice file_name(struct debug *debug,
                              const struct program *program,
                              uint64_t number,
                              struct arena *texts) {
    bool old = program->unit.version < 5;
    struct file file =
        old ? old_file(program, number) : new_file(debug, program, number);
    bool absolute = file.name.size > 0 && file.name.data[0] == '/';
    if (file.name.size == 0 || absolute)
        return file.name;
    struct slice directory = directory_of(debug, program, file.directory);
    if (directory.size == 0)
        return file.name;
    size_t size = directory.size + 1 + file.name.size;
    uint8_t *path = arena_alloc(texts, size, 1);
    if (!path)
        return file.name;
    memcpy(path, directory.data, directory.size);
    path[directory.size] = '/';
    memcpy(path + directory.size + 1, file.name.data, file.name.size);
    return (struct slice){path, size};
}

/* ---- what others ask ---- */

bool line_find(struct debug *debug,
               const struct unit *unit,
               uint64_t address,
               struct line *line) {
    struct program program;
    struct row row;
    if (!read_header(debug, unit, &program))
        return false;
    if (!find_row(debug, &program, address, &row))
        return false;
    *line = (struct line){.file = row.file, .number = row.line};
    return true;
}

struct slice line_file(struct debug *debug,
                       const struct unit *unit,
                       uint64_t file,
                       struct arena *texts) {
    struct program program;
    if (!read_header(debug, unit, &program))
        return (struct slice){NULL, 0};
    return file_name(debug, &program, file, texts);
}
