/* The bytes of a module, and what else people give us for one.
 *
 * A module in binary format begins with "\0asm". Whatever begins otherwise
 * cannot be one: by its first bytes, or by its first word if it is text, we
 * know what it is in most cases, and so what is to be done about it. Names of
 * files say nothing. */
#include "source.h"

#include "assemble.h"

#include <string.h>

#define WATCHED "perhaps what a server answered instead of the module"

static const struct sign {
    const char *begin;
    size_t size;
    const char *what;
} signs[] = {
#define SIGN(begin, what)                                                      \
    { begin, sizeof begin - 1, what }
    SIGN("\x1F\x8B", "it is compressed (gzip); unpack it first, with gunzip"),
    SIGN("\x28\xB5\x2F\xFD",
         "it is compressed (zstd); unpack it first, with unzstd"),
    SIGN("\xFD\x37zXZ", "it is compressed (xz); unpack it first, with unxz"),
    SIGN("BZh", "it is compressed (bzip2); unpack it first, with bunzip2"),
    SIGN("PK\3\4", "it is a zip archive; unpack it first"),
    SIGN("!<arch>\n",
         "it is an archive of object files (ar); link what is in it"),
    SIGN("\x7F\x45LF",
         "it is a native program or library (ELF); build it for wasm32-wasip1"),
    SIGN("MZ", "it is a program for Windows (PE); build it for wasm32-wasip1"),
    SIGN("\xCF\xFA\xED\xFE",
         "it is a program for macOS (Mach-O); build it for wasm32-wasip1"),
    SIGN("\xCA\xFE\xBA\xBE",
         "it is a program for macOS or Java; build it for wasm32-wasip1"),
    SIGN("BC\xC0\xDE",
         "it is LLVM bitcode; link it, with clang --target=wasm32-wasi"),
    SIGN("\0aot",
         "it is compiled by WAMR for one processor; take the module "
         "it was made of"),
    SIGN("\0run", "it is a recording; hostel replay runs it"),
    SIGN("AGFzb", "it is a module in base64; decode it first, with base64 -d"),
    SIGN("version https://git-lfs",
         "it stands for a file of Git LFS; get that, with git lfs pull"),
#undef SIGN
};

/* ---- text ---- */

static bool begins_with(struct slice text, const char *with) {
    return text.size >= strlen(with) &&
           memcmp(text.data, with, strlen(with)) == 0;
}

static struct slice behind(struct slice text, size_t size) {
    return (struct slice){text.data + size, text.size - size};
}

/* What follows the first `end`; nothing if there is none. */
static struct slice behind_first(struct slice text, const char *end) {
    while (text.size > 0 && !begins_with(text, end))
        text = behind(text, 1);
    return text.size > 0 ? behind(text, strlen(end)) : text;
}

/* (; which may have ( ; others ;) in it ;) */
static struct slice behind_block(struct slice text) {
    size_t depth = 0;
    do {
        bool opens = begins_with(text, "(;"), closes = begins_with(text, ";)");
        depth += opens;
        depth -= closes;
        text = behind(text, opens || closes ? 2 : 1);
    } while (text.size > 0 && depth > 0);
    return text;
}

/* Skip blanks, and comments of the text format and of languages like C. */
static struct slice to_first_token(struct slice text) {
    if (begins_with(text, "\xEF\xBB\xBF"))
        text = behind(text, 3);
    for (;;) {
        if (text.size > 0 && memchr(" \t\r\n", *text.data, 4))
            text = behind(text, 1);
        else if (begins_with(text, ";;") || begins_with(text, "//"))
            text = behind_first(text, "\n");
        else if (begins_with(text, "/*"))
            text = behind_first(text, "*/");
        else if (begins_with(text, "(;"))
            text = behind_block(text);
        else
            return text;
    }
}

static bool is_letter(uint8_t c) {
    char lower = ascii_lower((char)c);
    return lower >= 'a' && lower <= 'z';
}

/* Whether the text begins with one of the words, which end at a NUL each and at
 * an empty one. */
static bool begins_with_word(struct slice text, const char *words) {
    size_t size = 0;
    while (size < text.size && is_letter(text.data[size]))
        size++;
    for (; *words; words += strlen(words) + 1) {
        if (slice_is((struct slice){text.data, size}, words))
            return true;
    }
    return false;
}

/* "(module", or a field of a module, which may do without that. */
static bool is_text_format(struct slice token) {
    return begins_with(token, "(") &&
           begins_with_word(to_first_token(behind(token, 1)),
                            "module\0type\0rec\0import\0func\0table\0memory\0gl"
                            "obal\0export\0"
                            "start\0elem\0data\0tag\0");
}

static bool is_javascript(struct slice token) {
    static const char words[] =
        "import\0export\0var\0let\0const\0function\0async\0class\0";
    bool quoted = begins_with(token, "\"use strict\"") ||
                  begins_with(token, "'use strict'");
    bool called =
        begins_with(token, "(()") || begins_with(token, "(function") ||
        begins_with(token, "(async") || begins_with(token, "!function");
    return quoted || called || begins_with_word(token, words);
}

/* Of what may be a long text, the beginning is enough. */
static bool is_text(struct slice text) {
    size_t size = 0, step = 1;
    for (; step > 0 && size < text.size && size < 200; size += step) {
        uint32_t character;
        step = utf8_decode(behind(text, size), &character);
        bool control = character < ' ' && !strchr("\t\r\n\f", (int)character);
        if (step > 0 && (control || character == 0))
            step = 0;
    }
    return text.size > 0 && (step > 0 || text.size - size < 4) && size > 0;
}

/* ---- judging ---- */

/* What it is instead of a module, or NULL if we do not know. */
static const char *recognize(struct slice bytes, struct slice token) {
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const struct sign *sign = &signs[i];
        if (bytes.size < sign->size)
            continue;
        if (memcmp(bytes.data, sign->begin, sign->size) == 0)
            return sign->what;
    }

    if (begins_with(token, "#!"))
        return "it is a script";
    if (begins_with(token, "<"))
        return "it is HTML or XML, " WATCHED;
    if (begins_with(token, "{") || begins_with(token, "["))
        return "it is JSON, " WATCHED;
    if (begins_with(token, "(component"))
        return "it is a component in text format; only modules can be run";
    if (is_javascript(token))
        return "it looks like JavaScript; take the module that it loads, built "
               "for wasm32-wasip1";
    if (is_text(bytes))
        return "it is text, but not WebAssembly's";
    return NULL;
}

const char *source_name(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool source_read(const char *path, struct buffer *out, struct error *error) {
    if (strcmp(path, "-") == 0)
        return stream_read(stdin, source_name(path), out, error);
    return file_read(path, out, error);
}

bool source_decode(struct buffer *source,
                   int64_t timeout_ms,
                   struct error *error) {
    struct slice bytes = buffer_slice(source);
    if (bytes.size == 0)
        return error_set_at(error, ERROR_MALFORMED, 0, "it is empty");
    if (bytes.size >= 4 && memcmp(bytes.data, "\0asm", 4) == 0)
        return true;

    struct slice token = to_first_token(bytes);
    if (is_text_format(token))
        return assemble(source, timeout_ms, error);
    const char *what = recognize(bytes, token);
    return !what || error_set_at(error,
                                 ERROR_MALFORMED,
                                 0,
                                 "magic header not detected: %s",
                                 what);
}
