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
    """What one side came to, round by round."""

    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)

    def ratio_to(self, other: Figure) -> float | None:
        """The median of the rounds' own ratios: a slow moment of the machine meets both sides of a round."""
        if other.least <= 0:
            return None
        return statistics.median(own / base for own, base in zip(self.values, other.values, strict=True))


@dataclass(frozen=True)
class Verdict:
    ratio: float | None
    target: str
    word: str  # pass, short, aim met, aim missed, or nothing


@dataclass(frozen=True)
class Row:
    """One line of the table: a workload's metric on all sides."""

    workload: str
    metric: Metric
    figures: dict[str, Figure]
    verdicts: list[Verdict]


def best_raw(figures: dict[str, Figure], less_is_better: bool) -> Figure | None:
    found = [figures[side] for side in RAW_TO_MANY if side in figures]
    if not found:
        return None
    best = min if less_is_better else max
    return best(found, key=lambda figure: figure.median)


def judge(metric: Metric, target: Target, figures: dict[str, Figure]) -> Verdict:
    own = figures[TERN]
    if own.least <= 0:
        raise ValueError(f"{metric.unit}: {own.least} is no figure")
    base = best_raw(figures, metric.less_is_better) if target.baseline == BEST else figures.get(target.baseline)
    sign = "<=" if metric.less_is_better else ">="
    name = "nats.c's best" if target.baseline == BEST else target.baseline
    text = f"{sign} {target.factor:g}" + (f" x {name}" if name else "")
    if target.baseline and base is None:
        return Verdict(None, text, "")
    ratio = own.ratio_to(base) if base else None
    if base and ratio is None:
        raise ValueError(f"{metric.unit}: {base.least} is no figure")
    value = own.median if ratio is None else ratio
    reached = value <= target.factor if metric.less_is_better else value >= target.factor
    word = "aim met" if reached else "aim missed"
    if not target.aim:
        word = "pass" if reached else "short"
    return Verdict(ratio, text, word)


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
    return [Verdict(figures[TERN].ratio_to(base) if base else None, "", "")]


def absolute(workload: str, metric: Metric, values: list[float]) -> Row:
    """A row of Tern alone."""
    figures = {TERN: Figure(values)}
    return Row(workload, metric, figures, compare(metric, figures))


# ---- The table ----


def short_number(value: float) -> str:
    if value >= 99.5:
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
            side: {"median": figure.median, "min": figure.least, "max": figure.most, "rounds": figure.values}
            for side, figure in row.figures.items()
        }
        verdicts = [
            {"ratio": verdict.ratio, "target": verdict.target, "verdict": verdict.word} for verdict in row.verdicts
        ]
        yield json.dumps({"workload": row.workload, "unit": row.metric.unit, "figures": figures, "targets": verdicts})
