"""The chart of bench/run: one row a guest, hostel as a bar from the line of ratio 1, each peer as a
mark (the one that all are compared with is the line), on a logarithmic scale. Plain SVG, with a
ground of its own: it reads well on light and dark pages.
"""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, ROW = 820, 110, 60, 64, 19
COLOURS = ["#2563eb", "#9ca3af", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#84cc16"]
TICKS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 7, 10, 20, 50]


def text(x, y, words, more=""):
    return '<text x="%.1f" y="%.1f" %s>%s</text>' % (x, y, more, escape(words))


def rows_of(rows, mean):
    """(label, {engine: ratio}) sorted by hostel's ratio, the mean at the end."""
    counted = [(r["guest"], {n: c["ratio"] for n, c in r["engines"].items() if "ratio" in c})
               for r in rows if r["counts"]]
    counted = sorted((r for r in counted if "hostel" in r[1]), key=lambda r: r[1]["hostel"])
    return counted + ([("mean", mean)] if mean else [])


def draw(rows, mean, engines, base, about):
    lines = rows_of(rows, mean)
    ratios = [r[n] for _, r in lines for n in engines if n in r] or [1]
    low, high = min(0.4, min(ratios) * 0.95), max(1.6, max(ratios) * 1.05)
    height = TOP + ROW * len(lines) + 46

    def place(ratio):
        share = math.log(ratio / low) / math.log(high / low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" '
           'font-family="sans-serif" font-size="12" fill="#4b5563">' % (WIDTH, height, WIDTH),
           '<rect width="100%" height="100%" fill="#ffffff"/>',
           text(LEFT, 18, "CPU time relative to %s (left is faster)" % base,
                'font-size="14" font-weight="bold"')]
    x = LEFT
    peers = [p for p in list(zip(engines, COLOURS))[1:] if p[0] != base]
    for engine, colour in [(engines[0], COLOURS[0])] + peers:
        out.append('<circle cx="%d" cy="32" r="4" fill="%s"/>' % (x + 4, colour))
        out.append(text(x + 12, 36, engine))
        x += 30 + 7 * len(engine)
    bottom = TOP + ROW * len(lines)
    last = -100.0
    for tick in TICKS:
        if not low <= tick <= high:
            continue
        x = place(tick)
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="%s"/>'
                   % (x, x, TOP - 8, bottom, "#6b7280" if tick == 1 else "#e5e7eb"))
        if x - last > 26:
            out.append(text(x, TOP - 12, "%g" % tick, 'text-anchor="middle" font-size="11"'))
            last = x
    for i, (label, ratio_of) in enumerate(lines):
        out += draw_row(TOP + ROW * i, label, ratio_of, peers, place)
    out.append(text(LEFT, bottom + 20, about["machine"], 'font-size="11"'))
    out.append(text(LEFT, bottom + 35, "%s, %s" % (about["date"], about["hostel"]),
                    'font-size="11"'))
    return "\n".join(out + ["</svg>", ""])


def draw_row(y, label, ratio_of, peers, place):
    middle = y + ROW / 2
    weight = 'font-weight="bold"' if label == "mean" else ""
    out = [text(LEFT - 8, middle + 4, label, 'text-anchor="end" ' + weight)]
    hostel = ratio_of["hostel"]
    left, right = sorted((place(1), place(hostel)))
    out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>'
               % (left, y + 3, max(right - left, 1), ROW - 6,
                  COLOURS[0] if hostel <= 1 else "#dc2626"))
    for engine, colour in peers:
        if engine in ratio_of:
            out.append('<circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="#ffffff"/>'
                       % (place(ratio_of[engine]), middle, colour))
    out.append(text(WIDTH - RIGHT + 8, middle + 4, "%.2f" % hostel, weight))
    return out
