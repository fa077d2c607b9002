/* What every folder needs, and who embeds hostel: slices, errors, budgets and
 * byte buffers.
 *
 * How a function says that it failed: it returns bool (true is success) or a
 * pointer (NULL is failure) and fills one `struct error`. The first failure
 * wins: later calls of error_set on the same one change nothing, so code may
 * run on to its natural end. There is nothing to free. `assert` is for our own
 * mistakes and never reachable from input. Where this is not the way:
 *
 *     bool or NULL alone           one thing only can be wrong: no memory, not of this grammar
 *     const char *wrong            what is wrong, or NULL; the caller knows where, and sets the error
 *     buffer.failed                remembered until somebody asks, which is once at the end
 *     enum wasi_errno              the guest's to see: a value of its protocol
 *     -1, and errno                the system's own way, around its calls
 *
 * base includes nothing of ours. What is for programs that embed hostel comes
 * first: see base/library/header. */
#ifndef HOSTEL_BASE_BASE_H
#define HOSTEL_BASE_BASE_H

#include "base/host.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Shown by --version and sent as User-Agent. */
#define HOSTEL_VERSION "0.1.0"

/* ---- slices ---- */

/* Bytes somebody else owns. Not terminated by NUL. */
struct slice {
    const uint8_t *data;
    size_t size;
};

struct slice slice_of(const char *text);          /* borrows a C string */
bool slice_equal(struct slice a, struct slice b); /* the bytes are the same */
bool slice_is(struct slice a, const char *text);

/* ---- text that a stranger wrote: shown.c ---- */

/* Whatever comes from a guest, a module, a server or the command line is
 * printed by one of these: escaped, so that it can neither drive a terminal nor
 * reorder or hide what stands around it, and cut behind `max` bytes (as shown)
 * at the end of a character, which "..." marks. In quotes, or bare. */
#define SHOWN_ALL SIZE_MAX
void shown_print(struct slice text, size_t max, FILE *out);
void quoted_print(struct slice text, size_t max, FILE *out);

/* The same into `size` bytes, the NUL among them: bare. */
void shown_write(struct slice text, char *out, size_t size);

/* ---- errors ---- */

/* kind, the word printed for it. The spec suite knows those down to EXHAUSTION,
 * but for UNSUPPORTED. */
#define ERROR_KINDS(X)                                                         \
    X(MALFORMED, "malformed")       /* the bytes are no module */              \
    X(INVALID, "invalid")           /* a module, but validation refuses it */  \
    X(UNSUPPORTED, "not supported") /* we lack it; `code`: enum vm_feature */  \
    X(UNLINKABLE, "unlinkable")     /* an import nobody provides as it is */   \
    X(TRAP, "trap")                 /* what the spec says ends the guest */    \
    X(EXHAUSTION, "exhaustion")     /* stack, fuel or time used up */          \
    X(EXIT, "exit")                 /* its own end; `code`: its status */      \
    X(IO, "io")                     /* the operating system said no */         \
    X(NET, "net")     /* no HTTP answer; `code`: enum net_error */             \
    X(JSON, "json")   /* text that is not the JSON we read */                  \
    X(USAGE, "usage") /* the command line is wrong */

enum error_kind {
    ERROR_NONE,
#define X(kind, word) ERROR_##kind,
    ERROR_KINDS(X)
#undef X
};

#define ERROR_NO_OFFSET UINT64_MAX

struct error {
    enum error_kind kind; /* ERROR_NONE: nothing has failed */
    int code;             /* see EXIT, NET and UNSUPPORTED above; else 0 */
    uint64_t offset;      /* where in the input, in bytes, or ERROR_NO_OFFSET */
    /* What, where, what to do; NUL-terminated, no newline. */
    char text[512];
};

/* Nothing has failed yet: what every `struct error` begins as, in C++ too. */
#define ERROR_INIT                                                             \
    { ERROR_NONE, 0, ERROR_NO_OFFSET, "" }

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#else
#define PRINTF_LIKE(text, first)
#endif

/* Record a failure unless one is there already. All return false, so that a
 * caller can write `return error_set(...)`. What is quoted of input is escaped,
 * like all of the text. */
bool error_set(struct error *error,
               enum error_kind kind,
               const char *format,
               ...) PRINTF_LIKE(3, 4);
bool error_set_at(struct error *error,
                  enum error_kind kind,
                  uint64_t offset,
                  const char *format,
                  ...) PRINTF_LIKE(4, 5);

/* "malformed", "trap", ... */
const char *error_kind_name(enum error_kind kind);

/* ---- budgets ---- */

/* Memory that may be held at once, by all who draw from it together. A pointer
 * to one may be NULL wherever one is asked for: there is no limit then. */
struct budget {
    uint64_t limit, held; /* bytes */
    /* What was asked for last, if it was refused; else 0. */
    uint64_t refused;
};

/* False, and nothing is taken, if less is left. What is given must have been
 * taken. */
bool budget_take(struct budget *budget, uint64_t bytes);
void budget_give(struct budget *budget, uint64_t bytes);
uint64_t budget_left(const struct budget *budget);

/* ---- arenas ---- */

/* Memory with one lifetime, freed whole. Nothing in it is freed alone. Outside
 * of hostel there are only arenas that belong to something else, which frees
 * them. */
struct arena {
    struct arena_block *newest;
    /* Bytes handed out so far, for tests and statistics. */
    size_t allocated;
    struct budget *budget; /* from which its blocks are drawn, NULL at first */
};

/* ---- buffers ---- */

/* Bytes that grow up to a cap. Failure is sticky: after an append that did not
 * fit (or found no memory) `failed` is true, the content stays as it was and
 * further appends do nothing; check once at the end. */
struct buffer {
    uint8_t *data; /* owned */
    size_t size, capacity;
    size_t cap;
    struct budget *budget; /* from which the capacity is drawn, NULL at first */
    bool failed;
};

/* Bytes at most; allocates nothing. */
void buffer_init(struct buffer *buffer, size_t cap);
bool buffer_append(struct buffer *buffer, const void *bytes, size_t size);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_append_slice(struct buffer *buffer, struct slice bytes);
bool buffer_printf(struct buffer *buffer, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* The content: until the next append, which may move it. */
struct slice buffer_slice(const struct buffer *buffer);

/* May be filled again. */
void buffer_free(struct buffer *buffer);

/* ---- files ---- */

/* Read the whole file at `path` into `out` (initialised by the caller, whose
 * cap holds). A directory, a missing or an oversized file is an ERROR_IO that
 * names the path. */
bool file_read(const char *path, struct buffer *out, struct error *error);

/* ==== for hostel itself: not installed ==== */

/* A hash of the bytes. With a seed that nobody outside knows, equal hashes of
 * different bytes are not to be had on purpose. */
uint64_t slice_hash(struct slice bytes, uint64_t seed);

/* Less than 0, 0, or more, as a is before b, equal to it, or behind: for qsort. */
static inline int numbers_compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* ASCII only, whatever the locale. */
char ascii_lower(char c);
bool ascii_is_digit(char c);
int hex_digit(uint8_t c); /* its value, or -1 */

static inline bool ascii_is_control(uint8_t c) {
    /* Asked of every byte of large texts. */
    return c < 0x20 || c == 0x7F;
}

/* True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong
 * forms). */
bool utf8_valid(struct slice text);

/* The code point that the text begins with; returns its size in bytes, 0 if it
 * begins with none. */
size_t utf8_decode(struct slice text, uint32_t *code_point);

/* Writes `code_point` (a Unicode scalar value) as UTF-8 into `out`; returns its
 * length, 1 to 4. */
size_t utf8_encode(uint32_t code_point, uint8_t out[4]);

/* Base64 (RFC 4648 section 4), padded, without a NUL at the end. `out` of
 * base64_encode has room for BASE64_SIZE(bytes.size) characters, `out` of
 * base64_decode for text.size / 4 * 3 bytes. */
#define BASE64_SIZE(size) (((size) + 2) / 3 * 4)
size_t base64_encode(struct slice bytes, char *out);
bool base64_decode(struct slice text, uint8_t *out, size_t *size);

/* ---- text that a stranger wrote, as text ---- */

/* The same as text, for the arguments of printf and its like: shown(name,
 * 80).text lives as long as the call. SHOWN_MAX at most. */
enum { SHOWN_MAX = 240 };
struct shown {
    char text[SHOWN_MAX + sizeof "\"\"..."];
};
struct shown shown(struct slice text, size_t max);
struct shown shown_text(const char *text, size_t max);
struct shown quoted(struct slice text, size_t max);

/* ---- numbers ---- */

/* The shortest text that reads back as the same number, given by its bits: 80,
 * -0, 0.1, 1e-7, inf, nan, nan:0x200001 (the payload, unless it is that of
 * WebAssembly's canonical NaN). */
enum { FLOAT_TEXT_SIZE = 32 };
void f32_format(uint32_t bits, char out[FLOAT_TEXT_SIZE]);
void f64_format(uint64_t bits, char out[FLOAT_TEXT_SIZE]);

/* ---- errors, budgets, arenas and arrays ---- */

/* What is quoted of input goes through shown() or quoted(), with such limits
 * that the text of the error has room for all of it: the reason mostly stands
 * at its end. */
bool error_set_list(struct error *error,
                    enum error_kind kind,
                    uint64_t offset,
                    const char *format,
                    va_list arguments) PRINTF_LIKE(4, 0);

/* `count * size` zeroed bytes that are taken from the budget, or NULL when it,
 * the system or the product refuses; and let go of so many bytes. */
void *budget_alloc(struct budget *budget, size_t count, size_t size);
void budget_free(struct budget *budget, void *memory, size_t size);

void arena_init(struct arena *arena);

/* `count * size` zeroed bytes, aligned for any type, or NULL when the product
 * overflows or memory is refused. A count of 0 gives a pointer that must not be
 * followed. */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/* A copy of the slice's bytes with a NUL behind them, or NULL. */
char *arena_text(struct arena *arena, struct slice text);

void arena_free(struct arena *arena); /* may be filled again */

/* An array that grows by half: with room for one entry more than `count`, moved
 * if need be. NULL when memory is refused; `array` is as before then. */
void *array_reserve(struct budget *budget,
                    void *array,
                    size_t count,
                    size_t *capacity,
                    size_t size);
void array_free(struct budget *budget,
                void *array,
                size_t capacity,
                size_t size);

/* ---- files and the clock ---- */

/* file_read for what is open, from where it stands; `name` is for messages. */
bool stream_read(FILE *file,
                 const char *name,
                 struct buffer *out,
                 struct error *error);

/* Write all of it to a descriptor. False: errno says why. */
bool write_whole(int file, struct slice bytes);

/* Milliseconds and nanoseconds on a clock that never steps back. */
int64_t clock_ms(void);
int64_t clock_ns(void);

#endif
