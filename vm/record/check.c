/* CRC-32 (ISO 3309; RFC 1952 section 8), eight bytes at a time.
 *
 * A table says what a byte does to the checksum of the bytes before it: the
 * polynomial's multiple that takes the byte's bits away. of[k] says it of a
 * byte that k others follow, so that eight can be looked up at once. */
#include "vm/record/record.h"

#include <string.h>

#define POLYNOMIAL UINT32_C(0xEDB88320)

void check_table_init(struct check_table *table) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
        table->of[0][byte] = value;
    }
    for (int k = 1; k < 8; k++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t before = table->of[k - 1][byte];
            table->of[k][byte] = before >> 8 ^ table->of[0][before & 0xFF];
        }
    }
}

static uint32_t
eight(const struct check_table *table, uint32_t check, const uint8_t *bytes) {
    uint32_t value = 0;
    for (int k = 0; k < 8; k++) {
        uint8_t byte = bytes[k];
        if (k < 4)
            byte ^= (uint8_t)(check >> (8 * k));
        value ^= table->of[7 - k][byte];
    }
    return value;
}

uint32_t check_continue(const struct check_table *table,
                        uint32_t check,
                        struct slice bytes) {
    size_t i = 0;
    check = ~check;
    for (; bytes.size - i >= 8; i += 8)
        check = eight(table, check, bytes.data + i);
    for (; i < bytes.size; i++)
        check = check >> 8 ^ table->of[0][(check ^ bytes.data[i]) & 0xFF];
    return ~check;
}
