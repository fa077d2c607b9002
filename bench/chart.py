"""The charts, plain SVG with a ground of its own: it reads well on light and dark pages.

ratios(): one row a guest, hostel as a bar from the line of ratio 1, each peer as a mark (the one that
all are compared with is the line), on a logarithmic scale; hollow marks for what others publish.

whole_runs(): how long a peer takes for a run, over how long hostel takes for it, both logarithmic.
hostel is the diagonal; where a peer's line lies above it, hostel is done first.
"""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, ROW = 820, 140, 60, 84, 19
COLOURS = {
    "hostel": "#2563eb", "before": "#93c5fd", "wasm3": "#9ca3af", "iwasm": "#f59e0b",
    "wamr fast": "#f59e0b", "wasmi_cli": "#10b981", "wasmi-v2.eager.checked": "#10b981",
    "node": "#65a30d", "wasmtime": "#8b5cf6", "wasmer": "#06b6d4", "silverfir-nano": "#dc2626",
    "stitch": "#a16207", "wasmtime.pulley": "#8b5cf6",
}
OTHER_COLOUR = "#111827"
SLOWER_COLOUR = "#dc2626"
TICKS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 7, 10, 20, 50]
TOO_FAST = ("wasmtime.winch", "wasmtime.cranelift")  # compilers, of those published


def colour_of(engine):
    return COLOURS.get(engine, OTHER_COLOUR)


def text(x, y, words, more=""):
    return '<text x="%.1f" y="%.1f" %s>%s</text>' % (x, y, more, escape(words))


def line(x1, y1, x2, y2, more):
    return '<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>' % (x1, y1, x2, y2, more)


def mark(x, y, engine, hollow=False):
    fill, stroke = (("#ffffff", colour_of(engine)) if hollow else (colour_of(engine), "#ffffff"))
    return ('<circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="%s" stroke-width="%s"/>'
            % (x, y, fill, stroke, 2 if hollow else 1))


def legend(names, y, hollow=False, x=LEFT):
    out = []
    for name in names:
        out += [mark(x + 4, y - 4, name, hollow), text(x + 12, y, name)]
        x += 30 + 7 * len(name)
    return out


def page(height, title, parts, notes):
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" '
           'font-family="sans-serif" font-size="12" fill="#4b5563">' % (WIDTH, height, WIDTH),
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           text(LEFT, 18, title, 'font-size="14" font-weight="bold"')]
    for i, note in enumerate(reversed(notes)):
        parts.append(text(LEFT, height - 10 - 15 * i, note, 'font-size="11"'))
    return "\n".join(out + parts + ["</svg>", ""])


def logarithmic(low, high, start, end):
    """Where on a line from `start` to `end` a value lies."""
    return lambda value: start + math.log(value / low) / math.log(high / low) * (end - start)


# ---- ratios ----

def ratios(lines, engines, base, notes, published=None):
    """lines: (label, {engine: ratio}); published: {label: {engine: ratio}}."""
    published = {label: {n: r for n, r in marks.items() if n not in TOO_FAST}
                 for label, marks in (published or {}).items()}
    every = [r[n] for _, r in lines for n in engines if n in r] or [1]
    every += [r for marks in published.values() for r in marks.values()]
    low, high = min(0.4, min(every) * 0.95), max(1.6, max(every) * 1.05)
    place = logarithmic(low, high, LEFT, WIDTH - RIGHT)
    bottom = TOP + ROW * len(lines)

    peers = [name for name in engines[1:] if name != base]
    others = sorted({n for marks in published.values() for n in marks})
    out = legend(engines[:1] + peers, 36) + legend(others, 54, hollow=True)
    out += grid(low, high, place, bottom)
    for i, (label, ratio_of) in enumerate(lines):
        y = TOP + ROW * i
        out += draw_row(y, label, ratio_of, peers, place)
        out += [mark(place(ratio), y + ROW / 2, name, hollow=True)
                for name, ratio in published.get(label, {}).items()]
    title = "CPU time relative to %s (left is faster)" % base
    return page(bottom + 20 + 15 * len(notes), title, out, notes)


def grid(low, high, place, bottom):
    out, last = [], -100.0
    for tick in TICKS:
        if not low <= tick <= high:
            continue
        x = place(tick)
        colour = "#6b7280" if tick == 1 else "#e5e7eb"
        out.append(line(x, TOP - 8, x, bottom, 'stroke="%s"' % colour))
        if x - last > 26:
            out.append(text(x, TOP - 12, "%g" % tick, 'text-anchor="middle" font-size="11"'))
            last = x
    return out


def draw_row(y, label, ratio_of, peers, place):
    middle = y + ROW / 2
    weight = 'font-weight="bold"' if label == "mean" else ""
    out = [text(LEFT - 8, middle + 4, label, 'text-anchor="end" ' + weight)]
    hostel = ratio_of["hostel"]
    left, right = sorted((place(1), place(hostel)))
    colour = colour_of("hostel") if hostel <= 1 else SLOWER_COLOUR
    out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>'
               % (left, y + 3, max(right - left, 1), ROW - 6, colour))
    out += [mark(place(ratio_of[peer]), middle, peer) for peer in peers if peer in ratio_of]
    out.append(text(WIDTH - RIGHT + 8, middle + 4, "%.2f" % hostel, weight))
    return out


# ---- whole runs ----

HEIGHT, BOTTOM = 520, 430


def whole_runs(curves, engines, notes):
    """curves: of each guest a list of {engine: seconds}"""
    every = [s for points in curves for times in points for s in times.values()]
    low, high = min(every or [0.001]) * 0.8, max(every or [1]) * 1.25
    across = logarithmic(low, high, LEFT, WIDTH - RIGHT)
    up = logarithmic(low, high, BOTTOM, TOP)

    out = seconds_grid(low, high, across, up)
    out.append(line(across(low), up(low), across(high), up(high),
                    'stroke="%s" stroke-width="3"' % colour_of("hostel")))
    for points in curves:
        for jit in engines[1:]:
            out += draw_curve(points, jit, across, up)
    out += legend(engines, 36) + [
        text(LEFT + 12, TOP + 4, "above hostel's line: hostel is done first", 'font-size="11"'),
        text((LEFT + WIDTH - RIGHT) / 2, BOTTOM + 32, "what hostel takes for the run",
             'text-anchor="middle"')]
    return page(HEIGHT, "A whole run, with start-up and translation: wall time, guest by guest",
                out, notes)


def seconds_grid(low, high, across, up):
    out = []
    for power in range(-4, 3):
        for digit in (1, 3):
            tick = digit * 10.0 ** power
            if not low <= tick <= high:
                continue
            label = "%g ms" % (1000 * tick) if tick < 1 else "%g s" % tick
            x, y = across(tick), up(tick)
            out += [line(x, TOP, x, BOTTOM, 'stroke="#e5e7eb"'),
                    line(LEFT, y, WIDTH - RIGHT, y, 'stroke="#e5e7eb"'),
                    text(x, BOTTOM + 15, label, 'text-anchor="middle" font-size="11"'),
                    text(LEFT - 8, y + 4, label, 'text-anchor="end" font-size="11"')]
    return out


def draw_curve(points, jit, across, up):
    places = [(across(times["hostel"]), up(times[jit])) for times in points]
    corners = " ".join("%.1f,%.1f" % place for place in places)
    out = ['<polyline points="%s" fill="none" stroke="%s"/>' % (corners, colour_of(jit))]
    return out + [mark(x, y, jit) for x, y in places]
