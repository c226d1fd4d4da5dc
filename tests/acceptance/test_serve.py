"""Does the real process say why it cannot start, and stop at once though a page waits for changes?"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

START_SECONDS, STOP_SECONDS = 90.0, 60.0


def configuration(folder: Path, name: str, **gateway: str) -> Path:
    """A file of settings."""
    file = folder / f"{name}.toml"
    lines = {"listen": "127.0.0.1:0", "ledger": f"sqlite:{name}.db", **gateway}
    file.write_text("[gateway]\n" + "".join(f'{key} = "{value}"\n' for key, value in lines.items()), "utf-8")
    return file


def command(config: Path) -> list[str]:
    return [sys.executable, "-m", "gateway", "serve", "--lang", "en", "--config", str(config)]


@contextmanager
def serving(config: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A running gateway and its port."""
    log = config.with_suffix(".log")
    with log.open("wb") as written, subprocess.Popen(command(config), stderr=written) as process:
        try:
            yield process, _port(log, process)
        finally:
            process.kill()


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        for line in log.read_bytes().splitlines():
            if b"gateway.listening" in line:
                port: int = json.loads(line)["port"]
                return port
        time.sleep(0.05)
    raise AssertionError(log.read_text("utf-8"))


def test_stops_at_once_though_a_page_waits(tmp_path: Path) -> None:
    with serving(configuration(tmp_path, "one")) as (process, port):
        url = f"http://127.0.0.1:{port}/console/live?since=0"
        with httpx.stream("GET", url, timeout=60) as page:
            assert page.status_code == 200
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


@pytest.mark.parametrize(
    ("gateway", "code"),
    [({"ledger": "sqlite:one.db"}, "us.ledger-locked"), ({"listen": ""}, "us.address-taken")],
)
def test_second_process_says_why_it_does_not_start(
    tmp_path: Path, gateway: dict[str, str], code: str
) -> None:
    with serving(configuration(tmp_path, "one")) as (_, port):
        gateway = {key: value or f"127.0.0.1:{port}" for key, value in gateway.items()}
        second = configuration(tmp_path, "two", **gateway)
        ended = subprocess.run(command(second), capture_output=True, text=True, timeout=START_SECONDS)
        assert ended.returncode not in (0, None)
        assert code in ended.stderr
        assert "Traceback" not in ended.stderr
        assert "library" not in ended.stderr, "the reason is said once"
