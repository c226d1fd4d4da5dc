"""How do the gateway and the simulated EPJs of the story start, and how do they end?

Everything lies in one folder: settings, ledger, and what each process wrote to its screen. Every process is a real one
and speaks HTTP on this machine only; the secrets are made anew each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

import gateway
from gateway.simulator.epj import EpjSettings
from gateway.simulator.partners import PARTNERS, Partner

START_LIMIT_SECONDS: Final = 30.0
STOP_LIMIT_SECONDS: Final = 10.0


class NotStarted(Exception):
    """A process ended before it was ready; the argument is the file with what it wrote."""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Stage:
    """The processes of the story. Use it in a `with` statement: whatever happens, they end with it."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        """`folder` exists and is ours; `port`: of the gateway, 0 for any free one."""
        self.folder = folder
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.epj: dict[str, str] = {}
        """Key of the organisation → address of its EPJ."""
        self.secrets = {partner.organisation.key: secrets.token_urlsafe(24) for partner in PARTNERS}
        """What each partner shows to the gateway."""
        self._inbox_secrets = {partner.organisation.key: secrets.token_urlsafe(24) for partner in PARTNERS}
        self._processes: list[tuple[str, subprocess.Popen[str]]] = []
        self.gateway: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start_epjs(self) -> None:
        """Start the EPJs; returns when each has an address."""
        for partner in PARTNERS:
            key = partner.organisation.key
            settings = self.folder / f"epj-{key}.json"
            _write_private(settings, msgspec.json.format(msgspec.json.encode(self._epj_settings(partner))))
            process = self._start(f"epj-{key}", ["-m", "gateway.simulator", str(settings)], pipe=True)
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                raise NotStarted(str(self.folder / f"epj-{key}.log"))
            self.epj[key] = address

    def start_gateway(self) -> None:
        """Start the gateway (again): the same settings, the same ledger. `wait_until_ready` says when it answers."""
        config = self.folder / "somlos.toml"
        _write_private(config, self.gateway_settings().encode())
        self.gateway = self._start("gateway", ["-m", "gateway", "serve", "--config", str(config)])

    def kill_gateway(self) -> None:
        """End the gateway as a power cut would: SIGKILL, no farewell."""
        assert self.gateway is not None
        self.gateway.kill()
        self.gateway.wait()

    def stop(self) -> None:
        """End every process, the gateway first, and wait for them."""
        for _, process in reversed(self._processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for _, process in reversed(self._processes):
            try:
                process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def ended(self) -> str | None:
        """The file with the last words of a process that ended though nobody told it to; None: all are well."""
        for name, process in self._processes:
            if process.poll() is not None and process.returncode != -signal.SIGKILL:
                return str(self.folder / f"{name}.log")
        return None

    def _start(self, name: str, arguments: list[str], *, pipe: bool = False) -> subprocess.Popen[str]:
        with (self.folder / f"{name}.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", *arguments],  # -P: never a module of the folder one happens to be in
                env={**os.environ, "PYTHONPATH": os.pathsep.join(_import_path())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else log,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for the demo, which ends them in order
            )
        self._processes.append((name, process))
        return process

    def _epj_settings(self, partner: Partner) -> EpjSettings:
        key = partner.organisation.key
        return EpjSettings(
            name=partner.organisation.name,
            gateway=self.address,
            send_secret=self.secrets[key],
            inbox_secret=self._inbox_secrets[key],
            receipt_format=partner.receipt_format,
            known_patients=partner.known_numbers,
            rules=partner.rules,
        )

    def gateway_settings(self) -> str:
        """The gateway's configuration file."""
        lines = [
            "# Made by `somlos demo`: three made-up partners, synthetic patients.",
            *_table("gateway", {
                "listen": f"127.0.0.1:{self.port}",
                "ledger": "sqlite:somlos.db",
                "environment": "test",
                "demo": True,
                "her_id": "88800001",
                "name": "Sømløs (demo)",
            }),
        ]  # fmt: skip
        lines += _table("pathway", {"alarm_days": 60})  # the story is some weeks old
        for partner in PARTNERS:
            lines += self._partner_settings(partner)
        return "\n".join(lines) + "\n"

    def _partner_settings(self, partner: Partner) -> list[str]:
        key = partner.organisation.key
        return [
            *_table("[partner]", {
                "name": partner.organisation.name,
                "her_ids": partner.her_ids,
                "bearer_sha256": hashlib.sha256(self.secrets[key].encode()).hexdigest(),
                "environment": "test",
                "accepts_apprec": partner.accepts_apprec,
            }),
            *_table("[partner.endpoint]", {
                "her_ids": partner.her_ids,
                "transport": "http",
                "url": f"{self.epj[key]}/inbox",
                "format": partner.format,
                "pass_on": partner.pass_on,
                "bearer": self._inbox_secrets[key],
                "first_wait_s": 0.5,
                "max_wait_s": 5,
            }),
        ]  # fmt: skip


def _import_path() -> list[str]:
    """Where the processes find this package and the libraries, installed or not."""
    given = os.environ.get("PYTHONPATH", "")
    return [str(Path(gateway.__file__).resolve().parent.parent), *([given] if given else [])]


def _table(name: str, values: Mapping[str, object]) -> list[str]:
    """A TOML table; JSON writes strings, numbers, lists and booleans as TOML does."""
    return [
        "",
        f"[{name}]",
        *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
    ]


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
