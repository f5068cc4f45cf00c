"""The workloads of the benchmark suite: what is run, on which sides, what is read off, and what Tern must reach.

"best" is the mode of raw nats.c with the best median. The quick form has the workloads that are marked so.
"""

from __future__ import annotations

from dataclasses import dataclass

TERN, DEFAULTS, ASAP, SHARED = "Tern", "nats.c", "SendAsap", "shared"
SOCKET, GRPC = "socket", "gRPC"
SIDES = {  # program, and its mode for a client and a service
    TERN: ("bench_tern", ""),
    DEFAULTS: ("bench_raw", ""),
    ASAP: ("bench_raw", "asap"),
    SHARED: ("bench_raw", "shared"),  # one thread that delivers to all subscriptions
    SOCKET: ("bench_socket", ""),
    GRPC: ("bench_grpc", "async"),  # its better mode from 16 callers on
}
RAW = (DEFAULTS, ASAP)
RAW_TO_MANY = (*RAW, SHARED)  # where there are many subscriptions
BEST = "best"


@dataclass(frozen=True)
class Target:
    """The ratio of Tern's figure to the baseline's is at least (or, where less is better, at most) factor; without a
    baseline, so is the median of Tern's. An aim is reported, and fails nothing."""

    factor: float
    baseline: str = ""
    aim: bool = False


@dataclass(frozen=True)
class Metric:
    """A figure that a program prints (bench.c), and what must be reached."""

    key: str
    unit: str
    less_is_better: bool = False
    targets: tuple[Target, ...] = ()


@dataclass(frozen=True)
class Workload:
    name: str
    command: str  # workload and options of a bench_ program
    metrics: tuple[Metric, ...]
    sides: tuple[str, ...] = (TERN, *RAW)
    serves: bool = False  # against an echo service of the same side, in a process of its own
    service: str = ""  # further options of the service
    service_mode: str = ""  # of Tern's service
    tls: bool = False
    quick: bool = False
    plot: int = 0  # callers, where this is a point of the plot


def rate(*targets: Target, unit: str = "/s") -> Metric:
    return Metric("per_s", unit, targets=targets)


def latency(key: str, *targets: Target) -> Metric:
    return Metric(key, "us " + key.removesuffix("_us"), less_is_better=True, targets=targets)


CPU = tuple(
    Metric(key, f"s/M, {who}", less_is_better=True)
    for key, who in (("cpu_us", "client"), ("service_cpu_us", "service"), ("server_cpu_us", "server"))
)
AT_LEAST_RAW = Target(1.0, BEST)
# Where the server is the bound: there the ratio is 1, give or take what rounds differ by.
WITHIN_A_TENTH = Target(0.9, BEST)


def blocking() -> list[Workload]:
    calls = [
        Workload(
            "blocking calls, 1 caller",
            "call callers=1",
            (latency("p50_us", Target(1.10, ASAP), Target(1.15, SOCKET, aim=True)), latency("p99_us"), rate(), *CPU),
            sides=(TERN, *RAW, SOCKET, GRPC),
            serves=True,
            quick=True,
            plot=1,
        )
    ]
    for callers, target in ((16, AT_LEAST_RAW), (64, Target(3.0, BEST)), (256, AT_LEAST_RAW)):
        calls.append(
            Workload(
                f"blocking calls, {callers} callers",
                f"call callers={callers}",
                (rate(target), latency("p99_us"), *(CPU if callers == 64 else ())),
                sides=(TERN, *RAW, GRPC),
                serves=True,
                quick=callers == 64,
                plot=callers,
            )
        )
    return calls


def asynchronous() -> list[Workload]:
    targets = {256: (Target(2.5, ASAP), Target(1.2, DEFAULTS)), 4096: (AT_LEAST_RAW,)}
    return [
        Workload(
            f"asynchronous calls, {count} in flight",
            f"async in_flight={count}",
            (rate(*targets.get(count, (AT_LEAST_RAW,))), *(CPU if count == 256 else ())),
            # With so many in flight, a gRPC call takes longer than a round.
            sides=(TERN, *RAW, SOCKET, GRPC) if count < 65536 else (TERN, *RAW, SOCKET),
            serves=True,
            quick=count in targets,
        )
        for count in (1, 16, 256, 4096, 65536)
    ]


def payloads() -> list[Workload]:
    return [
        Workload(
            f"{kind}, {name}",
            f"{command} payload={size}",
            (rate(AT_LEAST_RAW),),
            sides=(TERN, *RAW, GRPC),
            serves=True,
            service=f"payload={size}",
        )
        for name, size in (("1 KiB", 1024), ("64 KiB", 65536))
        for kind, command in (("16 callers", "call callers=16"), ("256 in flight", "async in_flight=256"))
    ]


def to_many(name: str, subs: int, processes: int, options: str, sides: tuple[str, ...]) -> Workload:
    metrics = (rate(WITHIN_A_TENTH if subs == 1 else AT_LEAST_RAW, unit="received/s"),)
    command = f"fanout payload=128 subs={subs} processes={processes}{options}"
    quick = (subs, processes) == (8, 1)
    return Workload(f"{name}, 128 B", command, metrics, sides=(TERN, *sides, SOCKET), quick=quick)


def one_way() -> list[Workload]:
    rows = [
        Workload(
            "publish, 128 B, one thread",
            "publish payload=128",
            (rate(AT_LEAST_RAW),),
            sides=(TERN, *RAW, SOCKET),
            quick=True,
        )
    ]
    for subs, processes in ((1, 1), (8, 1), (64, 1), (8, 8), (64, 8)):
        name = f"fan-out to {subs} in {processes} process{'es' if processes > 1 else ''}"
        rows.append(to_many(name, subs, processes, "", RAW_TO_MANY))
    for members in (1, 4, 16):
        name = f"work queue, {members} member{'s' if members > 1 else ''}"
        rows.append(to_many(name, members, members, " group=workers", RAW))
    return rows


def services() -> list[Workload]:
    rows = []
    for mode in ("inline", "pool"):
        for work, options in (("", ""), (" of 100 us", "work_us=100")):
            rows.append(
                Workload(
                    f"{mode} handlers{work}, 64 callers",
                    "call callers=64",
                    (rate(),),
                    serves=True,
                    service=options,
                    service_mode=mode,
                )
            )
    return rows


def latencies(rates: dict[str, float]) -> list[Workload]:
    """At half of the rates with 256 in flight: of raw nats.c's best mode, on all sides, and of Tern's own."""
    rows = []
    for name, sides in ((BEST, (TERN, *RAW)), (TERN, (TERN,))):
        if name not in rates:
            continue
        per_s = int(rates[name] / 2)
        metrics = (latency("p50_us"), latency("p99_us"), latency("p999_us"))
        title = f"latency at {per_s:,}/s, half of what {'nats.c' if name == BEST else name} does with 256 in flight"
        rows.append(Workload(title, f"paced per_s={per_s}", metrics, sides=sides, serves=True))
    return rows


def tls() -> list[Workload]:
    return [
        Workload(name + ", TLS", command, (rate(target),), serves=serves, tls=True)
        for name, command, serves, target in (
            ("blocking calls, 64 callers", "call callers=64", True, AT_LEAST_RAW),
            ("asynchronous calls, 256 in flight", "async in_flight=256", True, AT_LEAST_RAW),
            ("publish, 128 B, one thread", "publish payload=128", False, WITHIN_A_TENTH),
        )
    ]


def memory() -> list[Workload]:
    return [
        Workload(
            f"memory of a {name}",
            f"memory what={what} n={count}",
            (Metric("bytes_each", "bytes", less_is_better=True, targets=targets),),
            sides=sides,
            quick=what == "calls",
        )
        for name, what, count, sides, targets in (
            ("connection", "conns", 200, (TERN, *RAW), ()),
            ("subscription", "subs", 10000, (TERN, DEFAULTS, SHARED), ()),
            ("call in flight", "calls", 100000, (TERN,), (Target(512),)),
        )
    ]


def all_workloads() -> list[Workload]:
    return [*blocking(), *asynchronous(), *payloads(), *one_way(), *services(), *tls(), *memory()]
