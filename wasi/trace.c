/* A finished call as a line:
 *
 *     path_open(fd=3, lookup=0x1, path="a.txt", ..., opened=4) = SUCCESS
 *
 * Pointers to results of 2, 4 and 8 bytes show the result, once there is
 * one. */
#include "wasi/trace.h"

#include <inttypes.h>

enum { TEXT_SHOWN = 256 }; /* bytes of one text */

static void print_text(FILE *out, const struct call *call, int i) {
    uint32_t size = arg(call, i + 1);
    const uint8_t *text = guest_view(call, arg(call, i), size);
    if (!text) {
        fprintf(out, "0x%" PRIx32 "+%" PRIu32, arg(call, i), size);
        return;
    }
    quoted_print((struct slice){text, size}, TEXT_SHOWN, out);
}

/* Of 2, 4 or 8 bytes. */
static void print_result(FILE *out, const struct call *call, int i, char kind) {
    uint64_t size = (uint64_t)(kind - '0'), value;
    const uint8_t *at = guest_view(call, arg(call, i), size);
    if (!at)
        return;

    if (kind == '8')
        value = load64(at);
    else if (kind == '4')
        value = load32(at);
    else
        value = at[0] + 256u * at[1];
    fprintf(out, "%" PRIu64, value);
}

/* As its kind in the row says; results only of a call that is `done`. */
static void print_argument(
    FILE *out, const struct call *call, int i, char kind, bool done) {
    switch (kind) {
    case 'd':
    case 'u':
    case 'c': fprintf(out, "%" PRIu32, arg(call, i)); return;
    case 'U': fprintf(out, "%" PRIu64, call->args[i]); return;
    case 'I': fprintf(out, "%" PRId64, (int64_t)call->args[i]); return;
    case 'X': fprintf(out, "0x%" PRIx64, call->args[i]); return;
    case 's': print_text(out, call, i); return;
    case 'v':
        fprintf(
            out, "0x%" PRIx32 "[%" PRIu32 "]", arg(call, i), arg(call, i + 1));
        return;
    case '2':
    case '4':
    case '8':
        if (done) {
            print_result(out, call, i, kind);
            return;
        } /* fall through */
    default: fprintf(out, "0x%" PRIx32, arg(call, i));
    }
}

void trace_call(const struct call *call,
                const struct row *row,
                enum wasi_errno result) {
    FILE *out = call->wasi->config.trace;
    const char *rest = row->arguments;
    bool done = result == WASI_SUCCESS && !call->over;
    wasi_begin_line(call->wasi, out);
    fprintf(out, "%s(", row->name);

    const char *before = "";
    struct argument argument;
    int i = 0;
    while (argument_next(&rest, &argument)) {
        struct shown name = shown(argument.name, SHOWN_MAX);
        fprintf(out, "%s%s=", before, name.text);
        print_argument(out, call, i, argument.kind, done);
        i += argument_width(argument.kind);
        before = ", ";
    }

    const char *end = call->over ? "end of the guest" : errno_name(result);
    fprintf(out, ") = %s\n", end);
    fflush(out); /* in order with what the guest writes */
}
