/* What a host function may have written to guest memory, and what it has.
 *
 * It writes where vm_memory_range says, and nowhere else, and keeps what that gives no
 * longer than until the guest runs again. So of each part that is handed out a
 * copy is taken, and compared with what is there when the call is over. Which
 * function it is, and what its arguments mean, need not be known here.
 *
 * Most functions ask for a few words, which the call itself keeps.
 *
 * Parts may overlap, and functions ask for one twice. Each byte that has changed
 * is in the part that was asked for first, whose copy is the older one; so it
 * does no harm that a few words may be copied twice. Of all else, what is copied
 * already stays as it is: so the copies are never more than the memories. */
#include "vm/record/record.h"

#include <string.h>

enum { EIGHT = sizeof(uint64_t) };

/* ---- copies ---- */

static const uint8_t *now_of(const struct handed_piece *piece) {
    return piece->memory->data + piece->address;
}

static bool take_copy(struct handed *handed, struct handed_piece *piece) {
    piece->copy = handed->copies.size;
    return buffer_append(&handed->copies, now_of(piece), (size_t)piece->size);
}

/* ---- pieces ---- */

static uint64_t end_of(const struct handed_piece *piece) {
    return piece->address + piece->size;
}

/* Whether a piece lies before the address of that memory. The order of
 * memories means nothing. */
static bool is_before(const struct handed_piece *piece,
                      const struct memory *memory,
                      uint64_t address) {
    if (piece->memory != memory)
        return (uintptr_t)piece->memory < (uintptr_t)memory;
    return end_of(piece) <= address;
}

/* The first piece that does not lie before it: one of few. */
static size_t find(const struct handed *handed,
                   const struct memory *memory,
                   uint64_t address) {
    size_t i = handed->count;
    while (i > 0 && !is_before(&handed->pieces[i - 1], memory, address))
        i--;
    return i;
}

/* Put a piece at place `i`, with a copy of what is there now. */
static void insert(struct handed *handed, size_t i, struct handed_piece piece) {
    struct handed_piece *pieces = array_reserve(
        NULL, handed->pieces, handed->count, &handed->capacity, sizeof piece);
    handed->copies.failed |= !pieces;
    if (!pieces)
        return;
    handed->pieces = pieces;
    if (!take_copy(handed, &piece))
        return;
    memmove(pieces + i + 1, pieces + i, (handed->count - i) * sizeof piece);
    pieces[i] = piece;
    handed->count++;
}

uint8_t *handed_add(struct handed *handed,
                    const struct memory *memory,
                    uint64_t address,
                    uint64_t size) {
    uint8_t *bytes = memory->data + address;
    uint64_t end = address + size;
    size_t i = find(handed, memory, address);
    for (; address < end && !handed->copies.failed; i++) {
        const struct handed_piece *next =
            i < handed->count ? &handed->pieces[i] : NULL;
        bool here = next && next->memory == memory && next->address < end;
        if (here && next->address <= address) {
            address = end_of(next);
            continue;
        }
        uint64_t border = here ? next->address : end;
        struct handed_piece piece = {
            .memory = memory, .address = address, .size = border - address};
        insert(handed, i, piece);
        address = border;
    }
    return bytes;
}

void handed_forget(struct handed *handed, struct host_call *call) {
    call->word_count = 0;
    call->others = false;
    handed->count = handed->copies.size = 0;
    let_go(&handed->copies);
}

void handed_free(struct handed *handed) {
    array_free(NULL, handed->pieces, handed->capacity, sizeof *handed->pieces);
    buffer_free(&handed->copies);
}

/* ---- what has changed ---- */

static bool piece_changed(const struct handed *handed,
                          const struct handed_piece *piece) {
    const uint8_t *before = handed->copies.data + piece->copy;
    return memcmp(now_of(piece), before, (size_t)piece->size) != 0;
}

bool handed_changed(const struct handed *handed) {
    for (size_t i = 0; i < handed->count; i++) {
        if (piece_changed(handed, &handed->pieces[i]))
            return true;
    }
    return handed->copies.failed; /* who knows */
}

/* Whether the next eight bytes are the same, or those that are left. */
static bool same_eight(const uint8_t *a, const uint8_t *b, size_t left) {
    return memcmp(a, b, left < EIGHT ? left : EIGHT) == 0;
}

/* From where it was, to the first byte that differs; its end, if none does. */
static size_t
to_difference(const uint8_t *a, const uint8_t *b, size_t at, size_t end) {
    while (end - at >= EIGHT && memcmp(a + at, b + at, EIGHT) == 0)
        at += EIGHT;
    while (at < end && a[at] == b[at])
        at++;
    return at;
}

/* Behind the last of the bytes that differ, before eight that do not. */
static size_t
to_sameness(const uint8_t *a, const uint8_t *b, size_t at, size_t end) {
    while (at < end && !same_eight(a + at, b + at, end - at))
        at += end - at < EIGHT ? end - at : EIGHT;
    while (a[at - 1] == b[at - 1])
        at--;
    return at;
}

/* Where the next run is in a piece, in which that much was before. */
static bool next_in_piece(struct handed_run *run, const uint8_t *before) {
    const uint8_t *now = now_of(&run->piece);
    size_t size = (size_t)run->piece.size;
    size_t from = (size_t)(run->at + run->size);
    size_t at = to_difference(now, before, from, size);
    run->at = at;
    run->size = at < size ? to_sameness(now, before, at, size) - at : 0;
    return run->size > 0;
}

static bool next_in_words(const struct host_call *call,
                          struct handed_run *run) {
    for (; run->number < call->word_count; run->number++, run->at = 0) {
        const struct handed_word *word = &call->words[run->number];
        run->piece = (struct handed_piece){
            word->memory, word->address, sizeof word->was, 0};
        if (next_in_piece(run, (const uint8_t *)&word->was))
            return true;
    }
    return false;
}

bool handed_next(const struct handed *handed,
                 const struct host_call *call,
                 struct handed_run *run) {
    if (next_in_words(call, run))
        return true;
    size_t before = call->word_count;
    for (; run->number - before < handed->count; run->number++, run->at = 0) {
        run->piece = handed->pieces[run->number - before];
        if (next_in_piece(run, handed->copies.data + run->piece.copy))
            return true;
    }
    return false;
}
