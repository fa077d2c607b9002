/* Text that a stranger wrote, on its way to a person's eyes.
 *
 * Names in a module, file names, headers and URLs can hold what drives a
 * terminal, what reorders or hides the text around it, and megabytes. All of it
 * goes through here before it is printed or quoted in an error:
 *
 *     ESC [ 3 1 m             \x1b[31m           control characters of one byte
 *     U+202E                  \u{202e}           those that are not seen themselves, see `unseen`
 *     FF, or C3 alone         \xff               what is not UTF-8, byte by byte
 *     " and \ in quotes       \" \\              so that the text ends where its quotes do
 *     a thousand letters      aaaaaaaaaa...      cut where a character ends
 *
 * Everything else is shown as it is. No byte of the text becomes more than
 * four. */
#include "base/base.h"

#include <string.h>

/* Room for any of the escapes, or one character as it is. */
enum { ESCAPE_SIZE = 12 };

/* Unicode's control characters beyond ASCII (C1), its line and paragraph
 * separators, and what has no shape of its own: Default_Ignorable_Code_Point of
 * DerivedCoreProperties.txt, which holds the bidirectional controls, joiners,
 * selectors and tags, and the annotation marks. In order. */
static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x80, 0x9F},
    {0xAD, 0xAD},
    {0x34F, 0x34F},
    {0x61C, 0x61C},
    {0x115F, 0x1160},
    {0x17B4, 0x17B5},
    {0x180B, 0x180F},
    {0x200B, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0x3164, 0x3164},
    {0xFE00, 0xFE0F},
    {0xFEFF, 0xFEFF},
    {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A},
    {0xE0000, 0xE0FFF},
};

static bool is_unseen(uint32_t code_point) {
    const size_t count = sizeof unseen / sizeof *unseen;
    size_t i = 0;
    while (i < count && unseen[i].last < code_point)
        i++;
    return i < count && unseen[i].first <= code_point;
}

/* What is left of a text, and of the room for it. */
struct showing {
    struct slice rest;
    size_t room;
    bool in_quotes;
};

/* The next character as it is shown; returns its size, 0 at the end of the text
 * or the room. */
static size_t show_next(struct showing *showing, char out[ESCAPE_SIZE]) {
    struct slice rest = showing->rest;
    if (rest.size == 0)
        return 0;

    uint32_t code_point;
    size_t taken = utf8_decode(rest, &code_point);
    bool mark = code_point == '"' || code_point == '\\';
    bool control = taken == 1 && ascii_is_control(*rest.data);
    int size = (int)taken;
    if (taken == 0 || control) {
        size = snprintf(out, ESCAPE_SIZE, "\\x%02x", *rest.data);
        taken = 1;
    } else if (taken > 1 && is_unseen(code_point)) {
        unsigned long number = code_point;
        size = snprintf(out, ESCAPE_SIZE, "\\u{%lx}", number);
    } else if (mark && showing->in_quotes) {
        size = snprintf(out, ESCAPE_SIZE, "\\%c", (char)code_point);
    } else {
        memcpy(out, rest.data, taken);
    }

    if ((size_t)size > showing->room)
        return 0;

    showing->room -= (size_t)size;
    showing->rest = (struct slice){rest.data + taken, rest.size - taken};
    return (size_t)size;
}

static void print(struct showing showing, FILE *out) {
    char one[ESCAPE_SIZE];
    if (showing.in_quotes)
        fputc('"', out);
    for (size_t size; (size = show_next(&showing, one)) > 0;)
        fwrite(one, 1, size, out);
    if (showing.in_quotes)
        fputc('"', out);
    if (showing.rest.size)
        fputs("...", out);
}

void shown_print(struct slice text, size_t max, FILE *out) {
    print((struct showing){text, max, false}, out);
}

void quoted_print(struct slice text, size_t max, FILE *out) {
    print((struct showing){text, max, true}, out);
}

static void copy(struct showing showing, char *out) {
    if (showing.in_quotes)
        *out++ = '"';
    char one[ESCAPE_SIZE];
    for (size_t size; (size = show_next(&showing, one)) > 0; out += size)
        memcpy(out, one, size);
    if (showing.in_quotes)
        *out++ = '"';
    strcpy(out, showing.rest.size ? "..." : "");
}

void shown_write(struct slice text, char *out, size_t size) {
    copy((struct showing){text, size - sizeof "...", false}, out);
}

static size_t at_most(size_t max) {
    return max < SHOWN_MAX ? max : SHOWN_MAX;
}

struct shown shown(struct slice text, size_t max) {
    struct shown result;
    copy((struct showing){text, at_most(max), false}, result.text);
    return result;
}

struct shown shown_text(const char *text, size_t max) {
    return shown(slice_of(text), max);
}

struct shown quoted(struct slice text, size_t max) {
    struct shown result;
    copy((struct showing){text, at_most(max), true}, result.text);
    return result;
}
