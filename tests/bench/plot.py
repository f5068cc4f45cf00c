"""Draws the benchmarks' line chart as an SVG, with the standard library alone.

The chart brings its own white ground, so it reads the same on light and dark pages. The colours can be told apart by
the colour-blind, the markers differ too, and each line has its name where it ends. The first series is what the chart
is about, and is drawn on top and stronger.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

Point = tuple[float, float, float, float]  # x, y, and the least and the most y

WIDTH, HEIGHT, EDGE = 800, 450, 28
TOP, BOTTOM = 96, 384  # of the plot
INSET = 24  # between the plot's sides and its points
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, GRID, FRAME = "#1f2328", "#59636e", "#e4e8ec", "#d1d9e0"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#7a6000", "#56606b")
MARKS = ("M-5,0a5,5 0 1 0 10,0a5,5 0 1 0 -10,0z", "M-4.5,-4.5h9v9h-9z", "M0,-5.8L5.5,4.2H-5.5z", "M0,-6L6,0L0,6L-6,0z")
LABEL_SIZE, LABEL_GAP, TICK_SIZE = 15, 20, 13


def add(parent: ET.Element, name: str, text: str | None = None, **attributes: object) -> ET.Element:
    """Adds an element; font_size=13 is written font-size="13", and a fraction has one digit."""
    values = {
        key.replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
        for key, value in attributes.items()
    }
    element = ET.SubElement(parent, name, values)
    element.text = text
    return element


def text_width(text: str, size: int) -> float:
    """About how wide a text is: which font the reader has is not known."""
    return 0.54 * size * len(text)


def number(value: float) -> str:
    return f"{value:,.10g}"


def y_ticks(highest: float) -> list[float]:
    """From 0 to at least the highest in three to six round steps."""
    rough = (highest or 1) / 6
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [step * i for i in range(math.ceil((highest or 1) / step) + 1)]


def spread(wanted: Sequence[float], gap: float, lowest: float) -> list[float]:
    """The places nearest to those wanted that are a gap apart, none beyond the lowest."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    groups: list[tuple[list[int], float]] = []  # neighbours that touch, and the first one's place
    for i in order:
        members, start = [i], wanted[i]
        while groups and groups[-1][1] + gap * len(groups[-1][0]) > start:
            members = groups.pop()[0] + members
            start = sum(wanted[m] - gap * n for n, m in enumerate(members)) / len(members)
            start = min(start, lowest - gap * (len(members) - 1))
        groups.append((members, start))
    places = {m: start + gap * n for members, start in groups for n, m in enumerate(members)}
    return [places[i] for i in range(len(wanted))]


class Chart:
    """The scales, and the element that everything is drawn into."""

    def __init__(self, series: Mapping[str, Sequence[Point]]) -> None:
        points = [point for line in series.values() for point in line]
        self.xs = sorted({point[0] for point in points})
        self.ys = y_ticks(max(point[3] for point in points))
        self.left = EDGE + text_width(number(self.ys[-1]), TICK_SIZE) + 8
        self.right = WIDTH - EDGE - max(text_width(name, LABEL_SIZE) for name in series) - 14
        self.svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {HEIGHT}"})
        for key, value in {"width": WIDTH, "height": HEIGHT, "role": "img", "font-family": FONT}.items():
            self.svg.set(key, str(value))

    def x(self, value: float) -> float:
        first, last = math.log2(self.xs[0]), math.log2(self.xs[-1])
        part = (math.log2(value) - first) / (last - first) if last > first else 0.5
        return self.left + INSET + part * (self.right - self.left - 2 * INSET)

    def y(self, value: float) -> float:
        return BOTTOM - value / self.ys[-1] * (BOTTOM - TOP)


def draw_ground(chart: Chart, title: str, x_label: str, y_label: str) -> None:
    svg = chart.svg
    add(svg, "rect", x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1, rx=10, fill="#ffffff", stroke=FRAME)
    add(svg, "text", title, x=EDGE, y=42, font_size=20, font_weight=600, fill=INK)
    add(svg, "text", y_label, x=EDGE, y=68, font_size=14, fill=MUTED)
    middle = (chart.left + chart.right) / 2
    add(svg, "text", x_label, x=middle, y=HEIGHT - 20, font_size=14, fill=MUTED, text_anchor="middle")


def draw_axes(chart: Chart) -> None:
    ticks = add(chart.svg, "g", font_size=TICK_SIZE, fill=MUTED)
    for value in chart.ys:
        y, colour = chart.y(value), GRID if value else MUTED
        add(ticks, "line", x1=chart.left, x2=chart.right, y1=y, y2=y, stroke=colour)
        add(ticks, "text", number(value), x=chart.left - 8, y=y + 4.5, text_anchor="end")
    room = float(WIDTH)  # to the right: a number that would touch its neighbour is left out
    for value in reversed(chart.xs):
        x, half = chart.x(value), text_width(number(value), TICK_SIZE) / 2
        add(ticks, "line", x1=x, x2=x, y1=BOTTOM, y2=BOTTOM + 5, stroke=MUTED)
        if x + half < room:
            add(ticks, "text", number(value), x=x, y=BOTTOM + 21, text_anchor="middle")
            room = x - half - 4


def draw_whiskers(chart: Chart, points: Iterable[Point], colour: str) -> None:
    path = ""
    for x, _, least, most in points:
        if least < most:
            at, low, high = chart.x(x), chart.y(least), chart.y(most)
            path += f"M{at - 4:.1f},{high:.1f}h8m-4,0V{low:.1f}m-4,0h8"
    if path:
        add(chart.svg, "path", d=path, fill="none", stroke=colour, stroke_width=1.5, stroke_opacity=0.6)


def draw_line(chart: Chart, points: Sequence[Point], colour: str, mark: str, first: bool) -> None:
    places = [(chart.x(x), chart.y(y)) for x, y, _, _ in points]
    draw_whiskers(chart, points, colour)
    path = "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in places)
    width = 3.5 if first else 2.2
    add(chart.svg, "path", d=path, fill="none", stroke=colour, stroke_width=width, stroke_linejoin="round")
    for x, y in places:
        add(chart.svg, "path", d=mark, transform=f"translate({x:.1f},{y:.1f})", fill=colour, stroke="#ffffff",
            stroke_width=1.5)


def draw_labels(chart: Chart, series: Mapping[str, Sequence[Point]]) -> None:
    """Names each line at its end; a thin lead says whose a name is that had to move."""
    ends = [points[-1][:2] for points in series.values()]
    labels = spread([chart.y(y) for _, y in ends], LABEL_GAP, BOTTOM)
    for i, (name, (x, y), label) in enumerate(zip(series, ends, labels)):
        colour, weight = COLOURS[i % len(COLOURS)], 700 if i == 0 else 500
        lead = f"M{chart.x(x) + 9:.1f},{chart.y(y):.1f}L{chart.right:.1f},{label:.1f}h6"
        add(chart.svg, "path", d=lead, fill="none", stroke=colour, stroke_opacity=0.5)
        add(chart.svg, "text", name, x=chart.right + 12, y=label + 5, font_size=LABEL_SIZE, font_weight=weight,
            fill=colour)


def described(series: Mapping[str, Sequence[Point]], x_label: str, y_label: str) -> str:
    """The figures in words, for those who do not see the chart."""
    lines = (
        f"{name}: " + ", ".join(f"{number(round(y))} at {number(x)}" for x, y, _, _ in points)
        for name, points in series.items()
    )
    return f"{y_label}, by {x_label}. " + "; ".join(lines)


def plot(series: Mapping[str, Sequence[Point]], path: str | PathLike[str], title: str, x_label: str,
         y_label: str) -> None:
    """Writes the chart of the series, each of points (x, y, y_min, y_max), to the path.

    x is logarithmic with base 2, with ticks at the values that there are; y is linear from 0.
    """
    series = {name: sorted(points) for name, points in series.items()}
    chart = Chart(series)
    add(chart.svg, "title", title)
    add(chart.svg, "desc", described(series, x_label, y_label))
    draw_ground(chart, title, x_label, y_label)
    draw_axes(chart)
    draw_labels(chart, series)
    for i, points in reversed(list(enumerate(series.values()))):
        draw_line(chart, points, COLOURS[i % len(COLOURS)], MARKS[i % len(MARKS)], i == 0)
    ET.indent(chart.svg)
    Path(path).write_text(ET.tostring(chart.svg, encoding="unicode") + "\n", encoding="utf-8")
