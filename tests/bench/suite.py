#!/usr/bin/env python3
"""Runs the benchmark suite on programs that are built already; see tests/bench/run.

Each workload runs in rounds, and within a round on one side after the other (A B A B; each round begins with another
side), so that what else happens on the machine meets all sides alike. Figures are medians over rounds, with minimum and
maximum; a ratio is taken within each round, and the median of these is given. A workload whose ratio comes close to a
target, on whichever side of it, has more rounds. Every run has processes of its own, and a nats-server serves them all;
another one, those over TLS. Exits 0 if all targets are reached, 1 where one is not, 2 where nothing can be measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import instructions
import plot
import workloads
from figures import Figure, Row, absolute, best_raw, compare, is_close, json_lines, table
from programs import FULL, QUICK, Bench, broken, nats_server
from workloads import ASAP, BEST, DEFAULTS, GRPC, TERN, Metric, Target, Workload


# ---- Measuring ----


Runs = dict[str, list[dict[str, float]]]  # by side


def add_rounds(bench: Bench, workload: Workload, runs: Runs, count: int) -> None:
    sides = list(runs)
    for _ in range(count):
        first = len(runs[sides[0]]) % len(sides)
        for side in sides[first:] + sides[:first]:
            runs[side].append(bench.run(side, workload))


def figures_of(metric: Metric, runs: Runs) -> dict[str, Figure]:
    return {
        side: Figure([run[metric.key] for run in of_side])
        for side, of_side in runs.items()
        if metric.key in of_side[0] and not (side == GRPC and metric.key == "server_cpu_us")  # it has none
    }


def row_of(workload: Workload, metric: Metric, figures: dict[str, Figure]) -> Row:
    return Row(workload.name, metric, figures, compare(metric, figures))


def measure(bench: Bench, workload: Workload) -> list[Row]:
    runs: Runs = {side: [] for side in workload.sides if bench.has(side)}
    add_rounds(bench, workload, runs, bench.form.rounds)
    try:
        if any(is_close(metric, figures_of(metric, runs)) for metric in workload.metrics):
            add_rounds(bench, workload, runs, bench.form.more)
        return [row_of(workload, metric, figures_of(metric, runs)) for metric in workload.metrics]
    except ValueError as error:
        raise ValueError(f"{workload.name}: {error}") from error


OVERLOAD = "three times a pool's capacity"
ECHO = "typed echo, client and service"


def overload_round(bench: Bench) -> dict[str, float]:
    command = [str(bench.programs / "bench_overload"), "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=bench.environment(False))
    if done.returncode not in (0, 1):
        broken(" ".join(command), done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def overload(bench: Bench) -> list[Row]:
    rounds = [overload_round(bench) for _ in range(bench.form.rounds)]
    goodput = Metric("", "goodput/capacity", targets=(Target(0.9),))
    latency = Metric("", "median/unloaded", less_is_better=True, targets=(Target(2.0),))
    return [
        absolute(OVERLOAD, goodput, [found["goodput"] / found["capacity"] for found in rounds]),
        absolute(OVERLOAD, latency, [found["served_us"] / found["unloaded_us"] for found in rounds]),
    ]


def instruction_rows(bench: Bench) -> list[Row]:
    program, url = bench.programs / "bench_tern", bench.servers[False].url
    runs = [instructions.measure(program, url, runs=1) for _ in range(1 if bench.form.quick else 3)]
    rows = []
    for owner in instructions.OWNERS:
        bound = (Target(3000),) if owner == instructions.TERN else ()
        metric = Metric("", f"instructions, {owner}", less_is_better=True, targets=bound)
        rows.append(absolute(ECHO, metric, [run.instructions(owner) for run in runs]))
    for owner in (instructions.TERN, instructions.NATS):
        bound = (Target(1),) if owner == instructions.TERN else ()
        metric = Metric("", f"allocations, {owner}", less_is_better=True, targets=bound)
        rows.append(absolute(ECHO, metric, [round(run.allocations(owner), 2) for run in runs]))
    return rows


# ---- The suite ----


def plot_calls(measured: list[tuple[Workload, list[Row]]], path: Path) -> None:
    names = {TERN: "Tern", DEFAULTS: "nats.c, defaults", ASAP: "nats.c, SendAsap", GRPC: "gRPC C++"}
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for workload, rows in measured:
        for row in rows:
            if not workload.plot or row.metric.key != "per_s":
                continue
            for side, figure in row.figures.items():
                if side in names:
                    point = (workload.plot, figure.median, figure.least, figure.most)
                    series.setdefault(names[side], []).append(point)
    title = f"Blocking echo calls, 32 bytes, client, service and server on {os.cpu_count()} cores"
    plot.plot(series, path, title, "callers", "calls a second")


def version(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return "none"
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip() or "none"


def processor() -> str:
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def circumstances(bench: Bench) -> dict[str, object]:
    """What the figures are of."""
    form = bench.form
    return {
        "build": bench.build_type(),
        "nats.c": version("pkg-config", "--modversion", "libnats"),
        "nats-server": version("nats-server", "--version").removeprefix("nats-server: "),
        "gRPC": version("pkg-config", "--modversion", "grpc++"),
        "cores": os.cpu_count(),
        "processor": processor(),
        "rounds": form.rounds,
        "rounds where close to a target": form.rounds + form.more,
        "ms": form.ms,
        "load before": [round(load, 2) for load in os.getloadavg()],
    }


def progress(name: str) -> None:
    print(f"... {name}", file=sys.stderr, flush=True)


PEAKS = "asynchronous calls, 256 in flight"


def peaks(rows: list[Row]) -> dict[str, float]:
    """The rates of the workload that has the latency rows' peaks."""
    for row in rows:
        if row.workload == PEAKS and row.metric.key == "per_s":
            best = best_raw(row.figures, False)
            return {TERN: row.figures[TERN].median, BEST: best.median if best else 0}
    return {}


def run_suite(bench: Bench, only: str) -> tuple[list[tuple[Workload, list[Row]]], list[Row]]:
    latencies = not bench.form.quick and re.search(only, "latency") is not None
    chosen = [
        workload
        for workload in workloads.all_workloads()
        if (workload.quick or not bench.form.quick)
        and (re.search(only, workload.name) or (latencies and workload.name == PEAKS))
    ]
    measured = []
    for workload in chosen:
        progress(workload.name)
        measured.append((workload, measure(bench, workload)))
    rows = [row for _, found in measured for row in found]
    for workload in workloads.latencies(peaks(rows)) if latencies else []:
        progress(workload.name)
        rows += measure(bench, workload)
    if re.search(only, "instructions") or re.search(only, ECHO):
        progress("instructions")
        rows += instruction_rows(bench)
    if re.search(only, "overload") or re.search(only, OVERLOAD):
        progress("overload")
        rows += overload(bench)
    return measured, rows


LEGEND = """medians [min-max]; ratio: to the baseline that the target names, or nats.c's best mode, the median of the rounds' own
s/M: seconds of CPU for a million calls; an aim that is not met fails nothing"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument("--full", action="store_true", help="all workloads, and longer")
    parser.add_argument("--only", default="", help="workloads whose names match this regular expression")
    parser.add_argument("--json", type=Path, help="where the rows go as JSON lines; bench.jsonl in the build folder")
    parser.add_argument("--svg", type=Path, help="where a plot of blocking calls goes")
    arguments = parser.parse_args()
    form = FULL if arguments.full else QUICK
    try:
        re.compile(arguments.only)
    except re.error as error:
        parser.error(f"--only {arguments.only}: {error}")
    if not arguments.build.is_dir():
        broken(f"{arguments.build}: no such build folder")
    json_file = arguments.json or arguments.build / "bench.jsonl"
    for file in (json_file, arguments.svg):
        if file and not os.access(file.absolute().parent, os.W_OK):
            broken(f"{file}: cannot be written")
    for ends in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(ends, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="tern-bench.") as folder:
        with nats_server(Path(folder) / "plain", False) as plain, nats_server(Path(folder) / "tls", True) as tls:
            bench = Bench(arguments.build, {False: plain, True: tls}, form)
            bench.check_build()
            found = circumstances(bench)
            print(", ".join(f"{name} {value}" for name, value in found.items()))
            print(LEGEND)
            try:
                measured, rows = run_suite(bench, arguments.only)
            except (instructions.CannotMeasure, subprocess.TimeoutExpired, ValueError) as error:
                broken(str(error))
    if not rows:
        names = [workload.name for workload in workloads.all_workloads() if workload.quick or arguments.full]
        broken(f"no workload matches {arguments.only}; there are:", *names, "latency (--full)", "instructions", "overload")
    print("\n".join(table(rows)))
    if arguments.svg and not any(workload.plot for workload, _ in measured):
        broken(f"{arguments.svg}: none of the workloads is in the plot")
    if arguments.svg:
        plot_calls(measured, arguments.svg)
    lines = [json.dumps(found), *json_lines(rows)]
    json_file.write_text("".join(line + "\n" for line in lines))
    short = sum(verdict.word == "short" for row in rows for verdict in row.verdicts)
    print(f"{short} short" if short else "all targets reached")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
