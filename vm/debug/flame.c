/* A profile as a flame graph, in SVG 1.1 (https://www.w3.org/TR/SVG11/), after
 * Brendan Gregg's, but that it hangs down: a box for each stack, as wide as
 * what was executed with it, below that of its caller.
 *
 *     [ all                                        ]
 *     [ main                          ]
 *     [ fib            ][ fd_write ]
 *     [ fib     ]
 *
 * A page by itself: its few dozen lines of JavaScript (flame.js) widen the box
 * that is chosen and find names (behind # in the address, too); nothing is
 * fetched. Without them it is a
 * picture. Boxes that nobody could see are left out, and it says how many. */
#include "vm/debug/profile.h"

#include <inttypes.h>
#include <string.h>

enum { WIDTH = 1200, BOX_HEIGHT = 18, HEAD_HEIGHT = 66, FOOT_HEIGHT = 8 };

/* The smallest box is so part of the whole; a letter is 6.7 wide. */
enum { SMALLEST = 3000, LETTER_TENTHS = 67 };

static const char *const style[] = {
#include "vm/debug/flame.css.inc"
};

static const char *const script[] = {
#include "vm/debug/flame.js.inc"
};

struct drawing {
    const struct profile *profile;
    FILE *out;
    uint64_t *left; /* owned: cells to the left of each stack */
    uint64_t all;
    uint32_t deepest;
    size_t omitted;
};

/* What stands for something else in XML. */
static void write_text(const char *text, FILE *out) {
    for (; *text; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc(*text, out);
        }
    }
}

static bool is_drawn(const struct drawing *d, const struct stack *stack) {
    if (d->all < SMALLEST)
        return stack->all.cells > 0 || stack->depth == 0;
    return stack->all.cells >= d->all / SMALLEST;
}

/* Children stand side by side from the left end of what they stand on. */
static void lay_out(struct drawing *d) {
    const struct profile *profile = d->profile;
    for (uint32_t i = 0; i < profile->stack_count; i++) {
        const struct stack *stack = &profile->stacks[i];
        uint64_t left = d->left[i];
        bool drawn = is_drawn(d, stack);
        d->omitted += !drawn;
        if (drawn && stack->depth > d->deepest)
            d->deepest = stack->depth;
        for (uint32_t k = 0; k < stack->count; k++) {
            d->left[stack->first + k] = left;
            left += profile->stacks[stack->first + k].all.cells;
        }
    }
}

static double scaled(const struct drawing *d, uint64_t cells) {
    double width = (int)WIDTH;
    return d->all == 0 ? width : (double)cells * width / (double)d->all;
}

/* One colour for one name. */
static const char *class_of(const struct drawing *d, const struct stack *s) {
    static const char *const guests[] = {"g0", "g1", "g2", "g3"};
    unsigned hash = 0;
    if (s->depth == 0 || s->id == ID_REST)
        return "a";
    if (is_host(d->profile, s->id))
        return "h";
    for (const char *c = d->profile->names[s->id]; *c; c++)
        hash = hash * 31 + (unsigned char)*c;
    return guests[hash / 7 % (sizeof guests / sizeof *guests)];
}

/* As many characters as there is room for, and a mark that it goes on. */
static void write_label(const char *name, double width, FILE *out) {
    int letters = (int)((width - 6) * 10 / (int)LETTER_TENTHS);
    char text[SHOWN_MAX * 2 + 4];
    size_t size = strlen(name);
    if (letters < 3)
        return;
    if (size <= (size_t)letters) {
        write_text(name, out);
        return;
    }
    size_t kept = (size_t)letters - 1;
    while (kept > 0 && ((unsigned char)name[kept] & 0xC0) == 0x80)
        kept--;
    if (kept > sizeof text - 4)
        return;
    memcpy(text, name, kept);
    memcpy(text + kept, "…", sizeof "…");
    write_text(text, out);
}

static void draw(const struct drawing *d, uint32_t index) {
    const struct stack *stack = &d->profile->stacks[index];
    const char *name = d->profile->names[stack->id];
    double left = stack->depth == 0 ? 0 : scaled(d, d->left[index]);
    double width = scaled(d, stack->all.cells);
    double part =
        d->all ? 100.0 * (double)stack->all.cells / (double)d->all : 0;
    uint32_t y = HEAD_HEIGHT + stack->depth * BOX_HEIGHT;
    fprintf(d->out,
            "<g class=\"b %s\" tabindex=\"0\" data-cells=\"%" PRIu64
            "\"><title>",
            class_of(d, stack),
            stack->all.cells);
    write_text(name, d->out);
    fprintf(d->out,
            "\n%" PRIu64 " cells, %.2f %%; %" PRIu64 " of them its own",
            stack->all.cells,
            part,
            stack->own.cells);
    if (stack->depth > 0)
        fprintf(d->out, "; called %" PRIu64 " times", stack->calls);
    fprintf(d->out,
            "</title><rect x=\"%.3f\" y=\"%" PRIu32
            "\" width=\"%.3f\" height=\"%d\" rx=\"2\"/>"
            "<text x=\"%.3f\" y=\"%" PRIu32 "\">",
            left,
            y,
            width,
            BOX_HEIGHT - 1,
            left + 3,
            y + 13);
    write_label(name, width, d->out);
    fputs("</text></g>\n", d->out);
}

static void write_lines(const char *const *lines, size_t count, FILE *out) {
    for (size_t i = 0; i < count; i++)
        fputs(lines[i], out);
}

static void write_head(const struct drawing *d) {
    const struct cost *all = &d->profile->stacks[0].all;
    uint32_t height = HEAD_HEIGHT + (d->deepest + 1) * BOX_HEIGHT + FOOT_HEIGHT;
    fprintf(d->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d "
            "%" PRIu32 "\" width=\"%d\" height=\"%" PRIu32 "\">\n<style>\n",
            WIDTH,
            height,
            WIDTH,
            height);
    write_lines(style, sizeof style / sizeof *style, d->out);
    fputs("</style>\n<text x=\"4\" y=\"18\">", d->out);
    write_text(shown_text(d->profile->program, SHOWN_MAX).text, d->out);
    fprintf(d->out,
            "</text>\n<text class=\"soft\" x=\"4\" y=\"36\">%" PRIu64
            " cells executed, %" PRIu64 " units of fuel, %" PRIu64
            " calls of the host",
            all->cells,
            all->fuel,
            all->calls);
    if (d->omitted > 0)
        fprintf(d->out, "; %zu boxes too small to draw", d->omitted);
    if (d->profile->cut)
        fputs("; more stacks than are kept", d->out);
    fputs("</text>\n<text class=\"soft\" id=\"found\" x=\"780\" y=\"56\"/>\n"
          "<text class=\"soft\" x=\"4\" y=\"56\">A click widens a box, Escape "
          "shows all.</text>\n"
          "<foreignObject x=\"420\" y=\"40\" width=\"340\" height=\"24\">"
          "<input xmlns=\"http://www.w3.org/1999/xhtml\" id=\"search\" "
          "placeholder=\"find functions\" aria-label=\"find functions\"/>"
          "</foreignObject>\n",
          d->out);
}

bool flame_write(const struct profile *profile, FILE *out) {
    struct drawing drawing = {
        .profile = profile, .out = out, .all = profile->stacks[0].all.cells};
    size_t count = profile->stack_count;
    drawing.left = budget_alloc(profile->memory, count, sizeof *drawing.left);
    if (!drawing.left)
        return false;
    lay_out(&drawing);
    write_head(&drawing);
    for (uint32_t i = 0; i < count; i++) {
        if (is_drawn(&drawing, &profile->stacks[i]))
            draw(&drawing, i);
    }
    fputs("<script><![CDATA[\n", out);
    write_lines(script, sizeof script / sizeof *script, out);
    fputs("]]></script>\n</svg>\n", out);
    budget_free(profile->memory, drawing.left, count * sizeof *drawing.left);
    return true;
}
