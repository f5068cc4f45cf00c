"""The processes that the suite measures: nats-servers of its own, services, and the programs that make the load."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from workloads import GRPC, SIDES, TERN, Workload

PATIENCE_S = 60


@dataclass(frozen=True)
class Form:
    rounds: int
    more: int  # rounds more, where so many are not enough to tell
    ms: int
    warmup_ms: int
    quick: bool


QUICK = Form(rounds=3, more=2, ms=400, warmup_ms=100, quick=True)
FULL = Form(rounds=5, more=10, ms=600, warmup_ms=200, quick=False)


def ended(process: subprocess.Popen) -> int:
    """Has it end, and returns its exit status."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def broken(*lines: str) -> NoReturn:
    """Nothing can be measured; not the same as falling short."""
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(2)


@dataclass(frozen=True)
class Server:
    pid: int
    url: str
    ca: str  # file; "": no TLS


def make_certificate(folder: Path) -> list[str]:
    """A certificate for 127.0.0.1 that is its own CA. Returns the options of nats-server."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    return ["--tls", "--tlscert", str(certificate), "--tlskey", str(key)]


@contextmanager
def nats_server(folder: Path, tls: bool) -> Iterator[Server]:
    folder.mkdir()
    options = make_certificate(folder) if tls else []
    command = ["nats-server", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(folder), *options]
    process = subprocess.Popen([*command, "-l", str(folder / "log")])
    try:
        ports = folder / f"nats-server_{process.pid}.ports"
        deadline = time.monotonic() + PATIENCE_S
        while not (ports.exists() and ports.read_text().endswith("}")):
            if time.monotonic() > deadline or process.poll() is not None:
                broken("nats-server does not start: " + (folder / "log").read_text())
            time.sleep(0.01)
        url = re.sub("^tls", "nats", json.loads(ports.read_text())["nats"][0])
        yield Server(process.pid, url, str(folder / "cert.pem") if tls else "")
    finally:
        ended(process)


@dataclass(frozen=True)
class Bench:
    """What the programs need to run."""

    build: Path
    servers: dict[bool, Server]  # by whether they speak TLS
    form: Form

    @property
    def programs(self) -> Path:
        return self.build / "tests/bench"

    def setting(self, name: str) -> str:
        """A cache variable of the build."""
        cache = self.build / "CMakeCache.txt"
        if not cache.exists():
            broken(f"{cache}: there is no build")
        found = re.search(rf"^{name}:\w+=(.*)$", cache.read_text(), re.MULTILINE)
        return found.group(1) if found else ""

    def build_type(self) -> str:
        return self.setting("CMAKE_BUILD_TYPE") or "RelWithDebInfo"  # as CMakeLists.txt has it

    def check_build(self) -> None:
        """A slow build's figures mean nothing."""
        kind, sanitizers = self.build_type(), self.setting("TERN_SANITIZE")
        if kind not in ("Release", "RelWithDebInfo") or sanitizers:
            broken(
                f"{self.build} is not built for speed: build type {kind}, sanitizers {sanitizers or 'none'}",
                f"Run: cmake -B {self.build} -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTERN_SANITIZE=",
            )

    def has(self, side: str) -> bool:
        """gRPC is never required; a baseline that is, and is not there, would make every target look reached."""
        program = self.programs / SIDES[side][0]
        if not program.exists() and side != GRPC:
            broken(f"{program} is not built; run: cmake --build {self.build} --target benchmarks")
        return program.exists()

    def command(self, side: str, words: str, tls: bool, **options: object) -> list[str]:
        server = self.servers[tls]
        if server.ca:
            options["tls_ca"] = server.ca
        given = [f"{key}={value}" for key, value in options.items()]
        return [str(self.programs / SIDES[side][0]), *words.split(), *given]

    def environment(self, tls: bool) -> dict[str, str]:
        return {**os.environ, "NATS_URL": self.servers[tls].url}

    @contextmanager
    def service(self, side: str, workload: Workload) -> Iterator[dict[str, object]]:
        """An echo service; yields the options of its callers."""
        mode = workload.service_mode if side == TERN else SIDES[side][1]
        command = self.command(side, "serve " + workload.service, workload.tls, mode=mode)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment(workload.tls))
        try:
            line = process.stdout.readline().split() if process.stdout else []
            if line[:1] != ["ready"]:
                broken(f"no service: {' '.join(command)}")
            yield {"port": line[1], "service_pid": process.pid}
        finally:
            status = ended(process)
        if status != 0:
            broken(f"the service ended with {status}: {' '.join(command)}")

    def run(self, side: str, workload: Workload) -> dict[str, float]:
        """One round on one side."""
        options: dict[str, object] = {"ms": self.form.ms, "warmup_ms": self.form.warmup_ms, "mode": SIDES[side][1]}
        options["server_pid"] = self.servers[workload.tls].pid
        if not workload.serves:
            return self.client(side, workload, options)
        with self.service(side, workload) as of_service:
            return self.client(side, workload, options | of_service)

    def client(self, side: str, workload: Workload, options: dict[str, object]) -> dict[str, float]:
        command = self.command(side, workload.command, workload.tls, **options)
        done = subprocess.run(
            command, capture_output=True, text=True, env=self.environment(workload.tls), timeout=PATIENCE_S
        )
        if done.returncode != 0:
            broken(" ".join(command), done.stderr)
        return json.loads(done.stdout)
