/* Unicode text: UTF-8 decoded and checked, cases folded, words counted, turned
 * into UTF-16 and back. sizes: 60 1 */
#include "bench/guests/guest.h"

enum { BYTES = 1 << 16, BAD = 0xFFFFFFFF };

static unsigned char text[BYTES], back[BYTES + 4];
static uint16_t units[BYTES];
static uint32_t size;

/* The code point at *p, which moves behind it; BAD for what RFC 3629
 * forbids. */
static uint32_t decode(const unsigned char **p) {
    uint32_t c = *(*p)++;
    if (c < 0x80)
        return c;
    if (c < 0xC2 || c > 0xF4)
        return BAD;
    int more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    c &= 0x3Fu >> more;
    for (int i = 0; i < more; i++, ++*p) {
        if ((**p & 0xC0) != 0x80)
            return BAD;
        c = c << 6 | (**p & 0x3F);
    }
    if ((more == 2 && c < 0x800) ||
        (more == 3 && (c < 0x10000 || c > 0x10FFFF)))
        return BAD;
    return c >> 11 == 0x1B ? BAD : c;
}

static unsigned char *encode(unsigned char *p, uint32_t c) {
    if (c < 0x80) {
        *p++ = (unsigned char)c;
        return p;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *p++ = (unsigned char)(0xF0u << (3 - more) | c >> 6 * more);
    while (more-- > 0)
        *p++ = (unsigned char)(0x80 | (c >> 6 * more & 0x3F));
    return p;
}

/* Upper to lower case: ranges of letters that lie side by side, or in pairs. */
static uint32_t fold(uint32_t c) {
    static const struct {
        /* Distance 1: only the even ones are upper case. */
        uint32_t first, last, distance;
    } ranges[] = {
        {'A', 'Z', 32},
        {0xC0, 0xDE, 32},
        {0x100, 0x12E, 1},
        {0x391, 0x3A9, 32},
        {0x400, 0x40F, 80},
        {0x410, 0x42F, 32},
        {0x460, 0x480, 1},
        {0x531, 0x556, 48},
        {0x1E00, 0x1E94, 1},
        {0x24B6, 0x24CF, 26},
        {0xFF21, 0xFF3A, 32},
        {0x10400, 0x10427, 40},
    };
    uint32_t low = 0, high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (c > ranges[middle].last)
            low = middle + 1;
        else if (c < ranges[middle].first)
            high = middle;
        else
            return ranges[middle].distance == 1 ? c | 1
                                                : c + ranges[middle].distance;
    }
    return c;
}

static int is_letter(uint32_t c) {
    c = fold(c);
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c < 0x2000) || c >= 0x3041;
}

/* Words, and a hash of the folded text. */
static uint32_t count_words(void) {
    uint32_t words = 0, hash = 0, inside = 0;
    for (const unsigned char *p = text; p < text + size;) {
        uint32_t c = decode(&p);
        if (c == BAD)
            exit(1);
        uint32_t letter = (uint32_t)is_letter(c);
        words += letter & ~inside;
        inside = letter;
        hash = mix(hash, fold(c));
    }
    return hash + words;
}

static uint32_t to_utf16(void) {
    uint32_t count = 0;
    for (const unsigned char *p = text; p < text + size;) {
        uint32_t c = decode(&p);
        if (c >= 0x10000)
            units[count++] = (uint16_t)(0xD7C0 + (c >> 10)),
            c = 0xDC00 | (c & 0x3FF);
        units[count++] = (uint16_t)c;
    }
    return count;
}

static uint32_t from_utf16(uint32_t count) {
    unsigned char *out = back;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t c = units[i];
        if (c >> 10 == 0x36)
            c = 0x10000 + ((c & 0x3FF) << 10) + (units[++i] & 0x3FF);
        out = encode(out, c);
    }
    return (uint32_t)(out - back);
}

/* Words of one script each. */
static void make_text(uint32_t random) {
    static const uint32_t scripts[] = {
        'A', 'a', 'a', 'a', 0xC0, 0x391, 0x410, 0x5D0, 0x4E00, 0x10400};
    unsigned char *p = text;
    while (p < text + BYTES - 64) {
        uint32_t script = scripts[next_random(&random) % 10];
        for (uint32_t n = next_random(&random) % 9 + 1; n > 0; n--) {
            p = encode(p, script + next_random(&random) % 22);
        }
        *p++ = next_random(&random) % 8 ? ' ' : '\n';
    }
    size = (uint32_t)(p - text);
}

int main(int argc, char **argv) {
    uint32_t rounds = size_argument(argc, argv), sum = 0;
    for (uint32_t i = 0; i < rounds; i++) {
        make_text(i + 1);
        sum = mix(sum, count_words());
        if (from_utf16(to_utf16()) != size || memcmp(text, back, size) != 0)
            return 1;
    }
    return print_sum(mix(sum, size));
}
