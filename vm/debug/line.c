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
 * The program is run once for each question, until the row is found, and the
 * table is not kept; who asks of all code has it made, by table.c. */
#include "vm/debug/dwarf.h"

#include <string.h>

/* ---- the header ---- */

/* Later versions say the size of an address, which older ones have from their
 * unit. */
static bool is_known(const struct program *program) {
    const struct unit *unit = &program->unit;
    bool addresses = unit->address_size == 4 || unit->address_size == 8;
    return unit->version >= 2 && unit->version <= 5 && addresses;
}

bool program_read(const struct debug *debug,
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

static void begin_sequence(struct line_machine *machine) {
    machine->row = (struct line_row){.file = 1, .line = 1};
    machine->any = machine->alive = false;
}

struct line_machine machine_of(struct debug *debug,
                               const struct program *program) {
    struct line_machine machine = {
        .debug = debug, .program = program, .at = program->code};
    begin_sequence(&machine);
    return machine;
}

/* A row reaches up to the next one's address. Linkers leave sequences of code
 * that is gone, at address 0 or at the largest there is. */
static void append(struct line_machine *machine) {
    const struct line_row *last = &machine->last;
    if (!machine->any)
        machine->alive = body_at(machine->debug, machine->row.address) != NULL;
    bool reaches = last->address < machine->row.address;
    machine->complete = machine->any && machine->alive && reaches;
    if (machine->complete) {
        machine->piece = (struct line_piece){.start = last->address,
                                             .end = machine->row.address,
                                             .line = {last->file, last->line}};
    }
    machine->last = machine->row;
    machine->any = true;
}

static void advance(struct line_machine *machine, uint64_t instructions) {
    machine->row.address += instructions * machine->program->smallest;
}

static void
run_special(struct line_machine *machine, uint8_t opcode, bool append_row) {
    const struct program *program = machine->program;
    unsigned step = (unsigned)(opcode - program->first_special);
    advance(machine, step / program->line_range);
    if (!append_row)
        return;
    machine->row.line +=
        (uint32_t)(program->line_base + (int)(step % program->line_range));
    append(machine);
}

static void run_extended(struct line_machine *machine) {
    enum { END_SEQUENCE = 1, SET_ADDRESS };
    struct cursor operands =
        cursor_part(&machine->at, cursor_uleb(&machine->at));
    switch (cursor_u8(&operands)) {
    case END_SEQUENCE:
        append(machine);
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
static void run_unknown(struct line_machine *machine, uint8_t opcode) {
    for (uint8_t i = 0; i < machine->program->operands.data[opcode - 1]; i++) {
        cursor_uleb(&machine->at);
    }
}

static void run_standard(struct line_machine *machine, uint8_t opcode) {
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

bool machine_next(struct line_machine *machine, struct line_piece *piece) {
    uint8_t first_special = machine->program->first_special;
    machine->complete = false;
    while (cursor_more(&machine->at) && !machine->complete) {
        if (!work(machine->debug, 1))
            return false;
        uint8_t opcode = cursor_u8(&machine->at);
        if (opcode >= first_special) {
            run_special(machine, opcode, true);
        } else {
            run_standard(machine, opcode);
        }
    }
    *piece = machine->piece;
    return machine->complete && !machine->at.failed;
}

/* ---- what others ask ---- */

bool line_find(struct debug *debug,
               const struct unit *unit,
               uint64_t address,
               struct line *line) {
    struct program program;
    if (debug->lines.made)
        return table_find(debug, address, line);
    if (!program_read(debug, unit, &program))
        return false;
    struct line_machine machine = machine_of(debug, &program);
    struct line_piece piece;
    while (machine_next(&machine, &piece)) {
        if (address < piece.start || address >= piece.end)
            continue;
        *line = piece.line;
        return true;
    }
    return false;
}
