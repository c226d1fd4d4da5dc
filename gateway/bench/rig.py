"""What runs while delivery is measured: the real gateway, its partners and their clients, each a process of its own.

Everything lies in one folder and speaks HTTP on this machine only. The secrets are made anew each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import gateway
from gateway.bench.letters import HOSPITAL, receiver
from gateway.bench.usage import Usage, postgres_processes, usage, with_children
from gateway.bench.wire import Caller

START_LIMIT_SECONDS: Final = 60.0
STOP_LIMIT_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.02
CONCURRENCY: Final = 16
PORTS: Final = range(20_000, 30_000)
PATIENT_KEY: Final = "a patient key for made-up patients"


class NotRunning(Exception):
    """A process did not start, or ended; the argument is what it wrote last."""


class Rig:
    """The processes of one run. Use it in a `with` statement: whatever happens, they end with it."""

    def __init__(
        self,
        folder: Path,
        *,
        ledger: str = "sqlite:somlos.db",
        nodes: int = 1,
        receivers: int = 1,
        format: str = "plo-1.6",
        answers: bool = False,
        dead: int | None = None,
        dead_endpoint: Mapping[str, object] | None = None,
    ) -> None:
        """`nodes`: gateways on one ledger, which must then be PostgreSQL; `format`: what the receivers take;
        `answers`: they send receipts; `dead`: this receiver is not there (yet); `dead_endpoint`: more settings of its
        endpoint."""
        self.folder = folder
        self.ledger = ledger
        *self.ports, self._dead_port = free_ports(nodes + 1)
        self.bearer = secrets.token_urlsafe(16)
        self.dead = dead
        self._format = format
        self._answers = answers
        self._dead_endpoint = dict(dead_endpoint or {})
        self._bearers = {number: secrets.token_urlsafe(16) for number in range(receivers)}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._sinks: list[subprocess.Popen[bytes]] = []
        self.sink_ports: list[int] = []
        self.at_end: list[Callable[[], None]] = []
        """Called before the processes end."""
        self._gateways: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._start_sink(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for close in self.at_end:
            close()
        for process in reversed(self._processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def revive(self) -> None:
        """The receiver that was not there comes."""
        self._start_sink(self._dead_port)

    def _start_sink(self, port: int) -> None:
        bearers = {str(number): bearer for number, bearer in self._bearers.items()}
        settings = {"gateways": self.ports, "answers": self._answers, "bearers": bearers, "port": port}
        process = self._start("sink", ["-m", "gateway.bench.sink", json.dumps(settings)], pipe=True)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not said:
            raise NotRunning(self._last_words("sink"))
        self.sink_ports.append(int(said))
        self._sinks.append(process)

    @property
    def ledger_address(self) -> str:
        """The ledger as this process finds it."""
        kind, _, place = self.ledger.partition(":")
        return f"sqlite:{self.folder / place}" if kind == "sqlite" else self.ledger

    async def start_gateway(self) -> float:
        """Start every node on the same settings and ledger; returns the seconds until they say they are ready."""
        began = time.monotonic()
        self._gateways = [self._start_node(port) for port in self.ports]
        for node, port in zip(self._gateways, self.ports, strict=True):
            while not await _is_ready(port):
                if node.poll() is not None or time.monotonic() - began > START_LIMIT_SECONDS:
                    raise NotRunning(self._last_words("gateway"))
                await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - began

    def _start_node(self, port: int) -> subprocess.Popen[bytes]:
        config = self.folder / f"somlos-{port}.toml"
        config.touch(mode=0o600)
        config.write_text(self._settings(port), encoding="utf-8")
        return self._start("gateway", ["-m", "gateway", "serve", "--config", str(config)])

    def kill_gateway(self) -> None:
        """End every node as a power cut would: SIGKILL, no farewell."""
        for node in self._gateways:
            node.kill()
            node.wait()

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Meanwhile the nodes with their workers take nothing from the processor that is measured for another rig."""
        for node in self._gateways:
            os.killpg(node.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for node in self._gateways:
                os.killpg(node.pid, signal.SIGCONT)

    async def seen(self) -> dict[str, int]:
        """How many messages and receipts have arrived at the partners."""
        return _added([await self._ask(port, "/seen") for port in self.sink_ports])

    async def report(self) -> dict[str, dict[str, Any]]:
        """What arrived at the partners."""
        found: dict[str, dict[str, Any]] = {"messages": {}, "receipts": {}}
        for port in self.sink_ports:
            for name, arrived in (await self._ask(port, "/report")).items():
                found[name] |= arrived
        return found

    async def _ask(self, port: int, path: str) -> Any:
        caller = Caller("127.0.0.1", port)
        try:
            return json.loads((await caller.get(path))[1])
        finally:
            caller.close()

    def usage(self) -> Usage:
        """Processor time used so far."""
        processes = {
            "gateway": with_children([node.pid for node in self._gateways]),
            "partners": [sink.pid for sink in self._sinks],
            "generator": [os.getpid()],
        }
        if not self.ledger.startswith("sqlite:"):
            processes["database"] = postgres_processes()
        return usage(processes)

    def _start(self, name: str, arguments: list[str], *, pipe: bool = False) -> subprocess.Popen[bytes]:
        given = os.environ.get("PYTHONPATH", "")
        own = str(Path(gateway.__file__).resolve().parent.parent)
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", *arguments],  # -P: never a module of the folder one happens to be in
                env={**os.environ, "PYTHONPATH": os.pathsep.join([own, *([given] if given else [])])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _last_words(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def _settings(self, port: int) -> str:
        values: dict[str, object] = {
            "listen": f"127.0.0.1:{port}",
            "ledger": self.ledger,
            "environment": "test",
        }
        if not self.ledger.startswith("sqlite:"):
            values |= {"patient_key": PATIENT_KEY}
        if len(self.ports) > 1:
            values |= {"workers": 0}  # the nodes themselves are as many processes as the machine has cores
        lines = _table("gateway", values)
        lines += self._partner("hospital", "Sykehuset", list(HOSPITAL), self.bearer, "plo-1.6")
        for number, bearer in self._bearers.items():
            lines += self._partner(
                str(number), f"Mottaker {number}", list(receiver(number)), bearer, self._format
            )
        return "\n".join(lines) + "\n"

    def _partner(self, key: str, name: str, her_ids: list[str], bearer: str, format: str) -> list[str]:
        port = self._dead_port if key == str(self.dead) else self.sink_ports[0]
        values = {
            "name": name,
            "her_ids": her_ids,
            "bearer_sha256": hashlib.sha256(bearer.encode()).hexdigest(),
        }
        endpoint = {
            "her_ids": her_ids,
            "transport": "http",
            "url": f"http://127.0.0.1:{port}/in/{key}",
            "format": format,
            "concurrency": CONCURRENCY,
            "first_wait_s": 0.5,
            "max_wait_s": 2,
            **(self._dead_endpoint if key == str(self.dead) else {}),
        }
        return [*_table("[partner]", values), *_table("[partner.endpoint]", endpoint)]


def free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on, and that the system gives to no outgoing connection meanwhile."""
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == number:
            break
    return found


async def _is_ready(port: int) -> bool:
    caller = Caller("127.0.0.1", port)
    try:
        status, _ = await caller.get("/health/ready")
    except OSError:
        return False
    finally:
        caller.close()
    return status == 200


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    """A TOML table; JSON writes strings, numbers, lists and booleans as TOML does."""
    return [
        "",
        f"[{name}]",
        *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
    ]


def _added(counts: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(each[name] for each in counts) for name in counts[0]}
