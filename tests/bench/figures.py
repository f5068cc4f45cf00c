"""What the suite has measured: figures, what they are held against, and the table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from workloads import ASAP, BEST, DEFAULTS, GRPC, RAW_TO_MANY, SHARED, SOCKET, TERN, Metric, Target

COLUMNS = (TERN, DEFAULTS, ASAP, SHARED, SOCKET, GRPC)


@dataclass(frozen=True)
class Figure:
    median: float
    least: float
    most: float

    @staticmethod
    def of(values: list[float]) -> Figure:
        return Figure(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Verdict:
    ratio: float | None
    target: str
    word: str  # pass, short, aim, or nothing


@dataclass(frozen=True)
class Row:
    """One line of the table: a workload's metric on all sides."""

    workload: str
    metric: Metric
    figures: dict[str, Figure]
    verdicts: list[Verdict]


def best_raw(figures: dict[str, Figure], less_is_better: bool) -> float | None:
    medians = [figures[side].median for side in RAW_TO_MANY if side in figures]
    if not medians:
        return None
    return min(medians) if less_is_better else max(medians)


def judge(metric: Metric, target: Target, figures: dict[str, Figure]) -> Verdict:
    own = figures[TERN].median
    if own <= 0:
        raise ValueError(f"{metric.unit}: {own} is no figure")
    if target.baseline == "":
        base: float | None = 1.0
    elif target.baseline == BEST:
        base = best_raw(figures, metric.less_is_better)
    else:
        base = figures[target.baseline].median if target.baseline in figures else None
    sign = "<=" if metric.less_is_better else ">="
    name = {BEST: "nats.c's best", "": ""}.get(target.baseline, target.baseline)
    text = f"{sign} {target.factor:g}" + (f" x {name}" if name else "")
    if not base:
        return Verdict(None, text, "")
    reached = own <= target.factor * base if metric.less_is_better else own >= target.factor * base
    word = "aim met" if reached else "aim missed"
    if not target.aim:
        word = "pass" if reached else "short"
    return Verdict(own / base if target.baseline else None, text, word)


CLOSE = 0.15


def is_close(metric: Metric, figures: dict[str, Figure]) -> bool:
    """Is it nearer to a target, on whichever side of it, than a few rounds can tell?"""
    ratios = [(target.factor, judge(metric, target, figures).ratio) for target in metric.targets]
    return any(ratio is not None and abs(ratio / factor - 1) < CLOSE for factor, ratio in ratios)


def compare(metric: Metric, figures: dict[str, Figure]) -> list[Verdict]:
    """A verdict for each target; without one, the ratio to raw nats.c's best mode."""
    if metric.targets:
        return [judge(metric, target, figures) for target in metric.targets]
    base = best_raw(figures, metric.less_is_better)
    return [Verdict(figures[TERN].median / base if base else None, "", "")]


def absolute(workload: str, metric: Metric, values: list[float]) -> Row:
    """A row of Tern alone."""
    figures = {TERN: Figure.of(values)}
    return Row(workload, metric, figures, compare(metric, figures))


# ---- The table ----


def short_number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.least == figure.most:
        return short_number(figure.median)
    return f"{short_number(figure.median)} [{short_number(figure.least)}-{short_number(figure.most)}]"


def table(rows: list[Row]) -> Iterator[str]:
    sides = [side for side in COLUMNS if any(side in row.figures for row in rows)]
    lines = [["workload", "unit", *sides, "ratio", "target", ""]]
    for row in rows:
        figures = [cell(row.figures.get(side)) for side in sides]
        for at, verdict in enumerate(row.verdicts):
            ratio = "" if verdict.ratio is None else f"{verdict.ratio:.2f}"
            start = [row.workload, row.metric.unit, *figures] if at == 0 else [""] * (2 + len(sides))
            lines.append([*start, ratio, verdict.target, verdict.word])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()


def json_lines(rows: list[Row]) -> Iterator[str]:
    for row in rows:
        figures = {
            side: {"median": figure.median, "min": figure.least, "max": figure.most}
            for side, figure in row.figures.items()
        }
        verdicts = [
            {"ratio": verdict.ratio, "target": verdict.target, "verdict": verdict.word} for verdict in row.verdicts
        ]
        yield json.dumps({"workload": row.workload, "unit": row.metric.unit, "figures": figures, "targets": verdicts})
