/* Numbers as people write them.
 *
 *     a count    12
 *     a size     65536  64K  64k  64KiB  1.5G      powers of 1024
 *                64kB  1MB                         powers of 1000
 *     a time     2  0.2  500ms  1.5s  1m30s  1h    seconds, if nothing is said
 *
 * What is left of a fraction beneath a byte or a millisecond counts as one: no
 * limit becomes 0 by being written as a fraction. */
#include "quantity.h"

#include <string.h>
#include <strings.h>

enum { MILLION = 1000000 };

/* A number with a fraction, of which no more is kept than matters. */
struct decimal {
    uint64_t whole; /* UINT64_MAX: that or more */
    uint32_t millionths;
    bool fraction; /* there is one, be it of zeros */
};

/* "12", "1.5", ".5". Returns where it ends, or NULL if there is none. */
static const char *decimal_read(const char *text, struct decimal *decimal) {
    *decimal = (struct decimal){0};
    bool digits = ascii_is_digit(*text);
    for (; ascii_is_digit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        bool fits = decimal->whole <= (UINT64_MAX - digit) / 10;
        decimal->whole = fits ? decimal->whole * 10 + digit : UINT64_MAX;
    }

    if (*text != '.')
        return digits ? text : NULL;

    decimal->fraction = true;
    if (!ascii_is_digit(*++text))
        return NULL;

    bool rest = false;
    for (uint32_t unit = MILLION / 10; ascii_is_digit(*text);
         text++, unit /= 10) {
        decimal->millionths += unit * (uint32_t)(*text - '0');
        rest |= unit == 0 && *text != '0';
    }

    decimal->millionths += rest;
    return text;
}

/* `decimal * factor`, rounded up; false if it is more than PTRDIFF_MAX. The
 * factor is less than 2^64 / MILLION. */
static bool
scale(const struct decimal *decimal, uint64_t factor, uint64_t *number) {
    if (decimal->whole > PTRDIFF_MAX / factor)
        return false;
    uint64_t fraction = (decimal->millionths * factor + MILLION - 1) / MILLION;
    *number = decimal->whole * factor + fraction;
    return *number <= PTRDIFF_MAX;
}

static bool suffix_is(struct slice suffix, const char *text) {
    return suffix.size == strlen(text) &&
           strncasecmp((const char *)suffix.data, text, suffix.size) == 0;
}

/* Of bytes: a letter, for a power of 1024, perhaps with "i" or "iB"; or with
 * "B", of 1000. */
static uint64_t size_factor(struct slice suffix) {
    static const char letters[] = "kmgt";
    if (suffix.size == 0 || suffix_is(suffix, "B"))
        return 1;

    size_t power = 0;
    char letter = ascii_lower((char)*suffix.data);
    while (letters[power] && letters[power] != letter)
        power++;
    if (!letters[power])
        return 0;

    struct slice rest = {suffix.data + 1, suffix.size - 1};
    bool decimal = suffix_is(rest, "B");
    bool binary =
        rest.size == 0 || suffix_is(rest, "i") || suffix_is(rest, "iB");
    if (!decimal && !binary)
        return 0;

    uint64_t factor = 1;
    for (size_t i = 0; i <= power; i++)
        factor *= decimal ? 1000 : 1024;
    return factor;
}

static uint64_t time_factor(struct slice suffix) {
    static const struct {
        const char *suffix;
        uint64_t ms;
    } units[] = {{"", 1000},
                 {"ms", 1},
                 {"s", 1000},
                 {"sec", 1000},
                 {"m", 60000},
                 {"min", 60000},
                 {"h", 3600000},
                 {"d", 86400000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (slice_is(suffix, units[i].suffix))
            return units[i].ms;
    }
    return 0;
}

static uint64_t factor_of(enum quantity kind, struct slice suffix) {
    switch (kind) {
    case QUANTITY_SIZE: return size_factor(suffix);
    case QUANTITY_TIME: return time_factor(suffix);
    case QUANTITY_COUNT: break;
    }
    return suffix.size == 0;
}

enum reading { READ, NO_NUMBER, TOO_LARGE };

/* Only a time has several parts, each with its unit. */
static enum reading
read_parts(enum quantity kind, const char *text, uint64_t *number) {
    const char *part = text;
    *number = 0;
    do {
        struct decimal decimal;
        const char *end = decimal_read(part, &decimal);
        if (!end || (decimal.fraction && kind == QUANTITY_COUNT))
            return NO_NUMBER;

        struct slice suffix = {(const uint8_t *)end,
                               strcspn(end, "0123456789.")};
        uint64_t factor = factor_of(kind, suffix), value;
        bool alone = part == text && end[suffix.size] == '\0';
        bool part_of_time = kind == QUANTITY_TIME && suffix.size > 0;
        if (factor == 0 || !(alone || part_of_time))
            return NO_NUMBER;
        if (!scale(&decimal, factor, &value) || value > PTRDIFF_MAX - *number)
            return TOO_LARGE;
        *number += value;
        part = end + suffix.size;
    } while (*part);
    return READ;
}

bool quantity_read(enum quantity kind,
                   const char *option,
                   const char *text,
                   uint64_t *number,
                   struct error *error) {
    static const char *const expected[] = {
        [QUANTITY_COUNT] = "a whole number",
        [QUANTITY_SIZE] = "a size such as 65536, 64K, 1.5M or 1GiB",
        [QUANTITY_TIME] = "a time such as 500ms, 1.5s, 2m or 1h",
    };
    enum reading reading = read_parts(kind, text, number);
    if (reading == READ)
        return true;
    if (reading == TOO_LARGE) {
        return error_set(error,
                         ERROR_USAGE,
                         "--%s: %s is too large",
                         option,
                         shown_text(text, 120).text);
    }
    return error_set(error,
                     ERROR_USAGE,
                     "--%s: '%s' is not %s",
                     option,
                     shown_text(text, 120).text,
                     expected[kind]);
}
