#!/usr/bin/env python3
"""What a typed echo costs in instructions and in heap allocations, told apart by library.

Client and service (bench_tern) are each a process under callgrind, which counts every instruction where it runs and
every call by caller and callee. Both run twice, with few calls and with many; what the second run has more, divided by
the calls that it makes more, is a call's cost: starting and ending cancel out.

    python3 tests/bench/instructions.py --build build [--url URL] [--functions]
"""

import argparse
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from typing import NamedTuple

TERN = "Tern"
NATS = "nats.c"
PROTOBUF = "protobuf-c"
LIBC = "libc"
OTHER = "other"
# Whose code it is, by the name of the object file. memcpy is libc's, whoever calls it.
OBJECTS = {
    "libtern": TERN,
    "libnats": NATS,
    "libprotobuf-c": PROTOBUF,
    "libc": LIBC,
    "bench_tern": "stubs and benchmark",
}
OWNERS = [*OBJECTS.values(), OTHER]
OWNER_WIDTH = max(map(len, OWNERS))
UNKNOWN = "???"  # callgrind's word

FEW_CALLS, MANY_CALLS = 2000, 6000
RUNS = 3
TIMEOUT_S = 60
TOP = 40


class CannotMeasure(Exception):
    """Something is missing or has failed; the text says what."""


class Function(NamedTuple):
    """A function: the file names of its object and of its source, and its own; without symbols, its address."""

    object: str
    source: str
    name: str

    @property
    def owner(self) -> str:
        return OBJECTS.get(re.split(r"\.so\b", self.object)[0], OTHER)


Counts = Counter[Function]


@dataclass
class Profile:
    """What one process did, by function."""

    instructions: Counts = field(default_factory=Counter)
    allocations: Counts = field(default_factory=Counter)  # by the function that called malloc or its like
    unpacked: int = 0  # messages: one an echo


@dataclass(frozen=True)
class Cost:
    """What a call costs one process, by function."""

    instructions: dict[Function, float]
    allocations: dict[Function, float]


@dataclass(frozen=True)
class Figures:
    """What a call costs."""

    client: Cost
    service: Cost

    def instructions(self, owner: str) -> float:
        """Client and service together."""
        return owned(self.client.instructions, owner) + owned(self.service.instructions, owner)

    def allocations(self, owner: str) -> float:
        """Client and service together."""
        return owned(self.client.allocations, owner) + owned(self.service.allocations, owner)


def owned(costs: dict[Function, float], owner: str) -> float:
    """What of costs is the owner's."""
    return sum(cost for function, cost in costs.items() if function.owner == owner)


# ---- Callgrind's output ----

# "fn=(12) name" names something and numbers it, "fn=(12)" means it again; a callee's key has a c in front. ob is an
# object, fl the source of a function; fi and fe name the sources of what was inlined into it, which is its own here.
# cfi is a callee's fl. Sources share their numbers.
NAMED = re.compile(r"(c?)(ob|fl|fi|fe|fn)=\((\d+)\)(?: (.*))?")
CALLS = re.compile(r"calls=(\d+) ")
COST_BEGINS = tuple("0123456789+-*")
ALLOCATOR = re.compile(
    r"(?:__libc_|__)?(?:malloc|calloc|realloc|reallocarray|strn?dup|memalign|aligned_alloc|posix_memalign|valloc)"
)
UNPACK = "protobuf_c_message_unpack"


class Reader:
    """Adds up a file of callgrind, line by line."""

    def __init__(self) -> None:
        self.profile = Profile()
        self.names: dict[str, dict[str, str]] = {"ob": {}, "fl": {}, "fn": {}}
        self.here = {"ob": "", "fl": "", "fn": ""}
        self.callee: dict[str, str] = {}
        self.after_call = False
        self.total = 0

    def line(self, line: str) -> None:
        if named := NAMED.fullmatch(line):
            self.name(*named.groups())
        elif calls := CALLS.match(line):
            self.call(int(calls[1]))
        elif line.startswith(COST_BEGINS):
            self.cost(line)
        elif line.startswith("totals: "):
            self.total = int(line.split()[1])

    def name(self, callee: str, kind: str, number: str, name: str | None) -> None:
        names = self.names["fl" if kind in ("fi", "fe") else kind]
        if name is not None:
            names[number] = plain(name) if kind == "fn" else os.path.basename(name)
        (self.callee if callee else self.here)["fl" if callee and kind == "fi" else kind] = names[number]

    def function(self) -> Function:
        return Function(self.here["ob"], self.here["fl"], self.here["fn"])

    def call(self, count: int) -> None:
        caller = self.function()
        callee = Function(self.callee.get("ob", caller.object), self.callee.get("fl", ""), self.callee["fn"])
        # An allocator may use another: strdup calls malloc, and that is one allocation.
        if is_allocator(callee) and not is_allocator(caller):
            self.profile.allocations[caller] += count
        if callee.owner == PROTOBUF and callee.name == UNPACK and caller.owner != PROTOBUF:
            self.profile.unpacked += count
        self.callee = {}
        self.after_call = True

    def cost(self, line: str) -> None:
        """A line of code and its instructions; the one after a call has the callee's, which are counted there."""
        if not self.after_call:
            self.profile.instructions[self.function()] += int(line.split()[1])
        self.after_call = False


def plain(name: str) -> str:
    """A function's name without its version and the depth of its recursion."""
    return re.sub(r"@.*|'\d+$", "", name)


def is_allocator(function: Function) -> bool:
    return function.owner == LIBC and ALLOCATOR.fullmatch(function.name) is not None


def read_profile(path: Path) -> Profile:
    reader = Reader()
    with path.open() as lines:
        for line in lines:
            reader.line(line.rstrip("\n"))
    if reader.profile.instructions.total() != reader.total:
        raise CannotMeasure(f"callgrind counted {reader.total} instructions, but its functions have another sum")
    return reader.profile


# ---- Running ----


@contextmanager
def callgrind(out: Path, url: str, *command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes its profile to out when it ends; killed if it is still there at the end."""
    valgrind = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={out}"]
    # DEBUGINFOD_URLS would have valgrind ask the net for symbols.
    environment = os.environ | {"NATS_URL": url, "DEBUGINFOD_URLS": ""}
    process = subprocess.Popen(
        [*valgrind, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        # All on one core: who runs next then depends on who waits, not on who is faster.
        os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_ready(service: subprocess.Popen[str]) -> None:
    assert service.stdout is not None
    readable, _, _ = select.select([service.stdout], [], [], TIMEOUT_S)
    if not readable or not service.stdout.readline().startswith("ready"):
        service.kill()
        _, errors = service.communicate()
        raise CannotMeasure(f"the service: does not get ready: {errors.strip()}")


def end(process: subprocess.Popen[str], what: str) -> None:
    """Waits for the process to end well."""
    try:
        _, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"{what}: has not ended within {TIMEOUT_S} s") from None
    if process.returncode != 0:
        raise CannotMeasure(f"{what}: ended with {process.returncode}: {errors.strip()}")


def run(program: Path, url: str, mode: str, calls: int) -> tuple[Profile, Profile]:
    """Profiles of a client that makes so many calls, and of the service that answers them. Both run under callgrind at
    the same time: that repeats better than with the other one native, and faster."""
    with tempfile.TemporaryDirectory() as directory:
        of_service, of_client = Path(directory, "service"), Path(directory, "client")
        with callgrind(of_service, url, program, "serve", f"mode={mode}") as service:
            wait_ready(service)
            with callgrind(of_client, url, program, "call", "callers=1", f"calls={calls}") as client:
                end(client, "the client")
            service.send_signal(signal.SIGTERM)
            end(service, "the service")
        profiles = read_profile(of_client), read_profile(of_service)
    for profile in profiles:
        check_calls(profile, calls)
    return profiles


def check_calls(profile: Profile, calls: int) -> None:
    """Each process had a part in each call, and in nothing else."""
    if profile.unpacked != calls:
        why = "is this the only service on its server?"
        raise CannotMeasure(f"{profile.unpacked} messages unpacked in {calls} calls: {why}")


def middle(counts: list[Counts]) -> Counts:
    """Each function's median over the runs."""
    functions = set().union(*counts)
    return Counter({function: median_low(run[function] for run in counts) for function in functions})


def per_call(few: list[Counts], many: list[Counts]) -> dict[Function, float]:
    """What one call adds, by function."""
    added = middle(many)
    added.subtract(middle(few))
    return {function: count / (MANY_CALLS - FEW_CALLS) for function, count in added.items()}


def cost(few: list[Profile], many: list[Profile]) -> Cost:
    return Cost(
        instructions=per_call([p.instructions for p in few], [p.instructions for p in many]),
        allocations=per_call([p.allocations for p in few], [p.allocations for p in many]),
    )


def measure(program: Path, url: str, mode: str = "inline", runs: int = RUNS) -> Figures:
    """What a call to program's service costs. mode: where its handlers run. Raises CannotMeasure."""
    if shutil.which("valgrind") is None:
        raise CannotMeasure("valgrind is not installed: apt-get install valgrind")
    if not program.exists():
        raise CannotMeasure(f"{program} is not built: ninja bench_tern")
    # Alternately, so that what else the machine does weighs on both alike.
    pairs = [(run(program, url, mode, FEW_CALLS), run(program, url, mode, MANY_CALLS)) for _ in range(runs)]
    client, service = (
        cost([few[side] for few, _ in pairs], [many[side] for _, many in pairs]) for side in range(2)
    )
    return Figures(client, service)


# ---- Printing ----


def print_table(figures: Figures) -> None:
    sides = f"{'client':>9} {'service':>9} {'both':>9}"
    print(f"{'per typed echo':{OWNER_WIDTH}}  {'instructions':>29}  {'allocations':>29}")
    print(f"{'':{OWNER_WIDTH}}  {sides}  {sides}")
    for owner in OWNERS:
        client, service = (owned(side.instructions, owner) for side in (figures.client, figures.service))
        row = f"{owner:{OWNER_WIDTH}}  {client:9.1f} {service:9.1f} {figures.instructions(owner):9.1f}"
        client, service = (owned(side.allocations, owner) for side in (figures.client, figures.service))
        print(f"{row}  {client:9.3f} {service:9.3f} {figures.allocations(owner):9.3f}")


def print_top(title: str, costs: dict[Function, float], owner: str | None, digits: int) -> None:
    print(f"\n{title}")
    listed = [item for item in costs.items() if owner in (None, item[0].owner) and round(item[1], digits) > 0]
    for function, count in sorted(listed, key=lambda item: (-item[1], item[0]))[:TOP]:
        source = "" if function.source == UNKNOWN else function.source
        print(f"{count:10.{digits}f}  {function.owner:{OWNER_WIDTH}}  {function.name}  {source}")


def print_functions(figures: Figures, owner: str | None) -> None:
    for side, costs in (("client", figures.client), ("service", figures.service)):
        print_top(f"{side}: instructions per call", costs.instructions, owner, 1)
        print_top(f"{side}: allocations per call", costs.allocations, owner, 3)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # by way of the code that ends the processes
    parser = argparse.ArgumentParser(description="Counts what a typed echo costs in instructions and allocations.")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build directory, with bench_tern in it")
    parser.add_argument("--url", default=os.environ.get("NATS_URL"), help="of the server; default: $NATS_URL")
    parser.add_argument("--mode", default="inline", help="where the service's handlers run: inline or pool")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"the figures are medians over so many; {RUNS}")
    parser.add_argument("--functions", action="store_true", help=f"also list the {TOP} costliest functions of a side")
    parser.add_argument("--of", choices=OWNERS, help="list only functions of this owner")
    arguments = parser.parse_args()
    if arguments.url is None:
        parser.error("no server: give --url or set NATS_URL")
    program = arguments.build / "tests/bench/bench_tern"
    try:
        figures = measure(program, arguments.url, arguments.mode, arguments.runs)
    except CannotMeasure as failure:
        print(f"instructions: {failure}", file=sys.stderr)
        return 1
    print_table(figures)
    if arguments.functions or arguments.of is not None:
        print_functions(figures, arguments.of)
    return 0


if __name__ == "__main__":
    sys.exit(main())
