/* What a host function may have written to guest memory, and what it has.
 *
 * It gets at memory by vm_memory_range alone, and keeps what that gives no
 * longer than until the guest runs again. So of each part that is handed out a
 * copy is taken, and compared with what is there when the call is over. Which
 * function it is, and what its arguments mean, need not be known here.
 *
 * Parts may overlap, and functions ask for one twice: what is copied already
 * stays as it is. So the copies are never more than the memories.
 *
 * Guests make one call again and again, with the same addresses, most of them
 * of words. So such pieces stay for the next call, which takes their copies
 * anew when it asks for them; at its first other wish those that it did not ask
 * for are forgotten. */
#include "vm/record/record.h"

#include <stdlib.h>
#include <string.h>

enum { WORD = sizeof(uint64_t) };

/* ---- copies ---- */

static const uint8_t *now_of(const struct handed_piece *piece) {
    return piece->memory->data + piece->address;
}

static bool reserve_copy(struct handed *handed, uint64_t size) {
    size_t capacity = handed->copies_capacity;
    if (size <= capacity - handed->copied)
        return true;
    if (size > SIZE_MAX / 2 - handed->copied)
        return false;
    capacity = 2 * (handed->copied + (size_t)size);
    uint8_t *copies = realloc(handed->copies, capacity);
    if (!copies)
        return false;
    handed->copies = copies;
    handed->copies_capacity = capacity;
    return true;
}

static bool take_copy(struct handed *handed, struct handed_piece *piece) {
    if (piece->size <= WORD) {
        piece->word = load_word(now_of(piece), piece->size);
        return true;
    }
    if (!reserve_copy(handed, piece->size))
        return false;
    piece->copy = handed->copied;
    handed->copied += (size_t)piece->size;
    memcpy(handed->copies + piece->copy, now_of(piece), (size_t)piece->size);
    return true;
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
static bool insert(struct handed *handed, size_t i, struct handed_piece piece) {
    struct handed_piece *pieces = array_reserve(
        NULL, handed->pieces, handed->count, &handed->capacity, sizeof piece);
    if (!pieces)
        return false;
    handed->pieces = pieces;
    if (!take_copy(handed, &piece))
        return false;
    piece.call = handed->call;
    memmove(pieces + i + 1, pieces + i, (handed->count - i) * sizeof piece);
    pieces[i] = piece;
    handed->count++;
    handed->fresh++;
    return true;
}

/* What of it is in no piece becomes some. */
static void add_pieces(struct handed *handed,
                       const struct memory *memory,
                       uint64_t address,
                       uint64_t size) {
    uint64_t end = address + size;
    size_t i = find(handed, memory, address);
    for (; address < end && !handed->failed; i++) {
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
        handed->failed = !insert(handed, i, piece);
        address = border;
    }
}

/* ---- calls ---- */

void handed_begin(struct handed *handed) {
    size_t kept = 0;
    if (handed->copied > 0) {
        for (size_t i = 0; i < handed->count; i++) {
            if (handed->pieces[i].size <= WORD)
                handed->pieces[kept++] = handed->pieces[i];
        }
        handed->count = kept;
        handed->copied = 0;
    }
    handed->fresh = 0;
    handed->next = handed->first;
    handed->before = NO_PIECE;
    handed->call++;
}

void handed_settle(struct handed *handed) {
    size_t kept = 0;
    if (handed->fresh == handed->count)
        return;
    for (size_t i = 0; i < handed->count; i++) {
        if (handed->pieces[i].call == handed->call)
            handed->pieces[kept++] = handed->pieces[i];
    }
    handed->count = kept;
}

void handed_add(struct handed *handed,
                const struct memory *memory,
                uint64_t address,
                uint64_t size) {
    handed_settle(handed);
    add_pieces(handed, memory, address, size);
}

void handed_free(struct handed *handed) {
    array_free(NULL, handed->pieces, handed->capacity, sizeof *handed->pieces);
    free(handed->copies);
}

/* ---- what has changed ---- */

static const uint8_t *before_of(const struct handed *handed,
                                const struct handed_piece *piece) {
    if (piece->size <= WORD)
        return (const uint8_t *)&piece->word;
    return handed->copies + piece->copy;
}

bool handed_changed(const struct handed *handed) {
    for (size_t i = 0; i < handed->count; i++) {
        const struct handed_piece *piece = &handed->pieces[i];
        const uint8_t *now = now_of(piece);
        bool same;
        if (piece->size <= WORD)
            same = load_word(now, piece->size) == piece->word;
        else
            same =
                memcmp(now, before_of(handed, piece), (size_t)piece->size) == 0;
        if (!same)
            return true;
    }
    return false;
}

/* Whether the next eight bytes are the same, or those that are left. */
static bool same_word(const uint8_t *a, const uint8_t *b, size_t left) {
    return memcmp(a, b, left < WORD ? left : WORD) == 0;
}

/* From where it was, to the first byte that differs; its end, if none does. */
static size_t
to_difference(const uint8_t *a, const uint8_t *b, size_t at, size_t end) {
    while (end - at >= WORD && memcmp(a + at, b + at, WORD) == 0)
        at += WORD;
    while (at < end && a[at] == b[at])
        at++;
    return at;
}

/* Behind the last of the bytes that differ, before eight that do not. */
static size_t
to_sameness(const uint8_t *a, const uint8_t *b, size_t at, size_t end) {
    while (at < end && !same_word(a + at, b + at, end - at))
        at += end - at < WORD ? end - at : WORD;
    while (a[at - 1] == b[at - 1])
        at--;
    return at;
}

bool handed_next(const struct handed *handed, struct handed_run *run) {
    const struct handed_piece *end = handed->pieces + handed->count;
    if (!run->piece && handed->count > 0)
        run->piece = handed->pieces;
    for (; run->piece && run->piece < end;
         *run = (struct handed_run){.piece = run->piece + 1}) {
        const uint8_t *now = now_of(run->piece);
        const uint8_t *before = before_of(handed, run->piece);
        size_t size = (size_t)run->piece->size;
        size_t from = (size_t)(run->at + run->size);
        size_t at = to_difference(now, before, from, size);
        if (at == size)
            continue;
        run->at = at;
        run->size = to_sameness(now, before, at, size) - at;
        return true;
    }
    return false;
}
