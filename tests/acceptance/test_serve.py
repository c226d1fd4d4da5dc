"""Does the real process say why it cannot start, and stop at once though a page waits for changes?"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support import stores

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


WRONG = {
    "no folder": ('ledger = "sqlite:nowhere/somlos.db"', "us.ledger-not-opened", "nowhere/somlos.db"),
    "a folder": ('ledger = "sqlite:."', "us.ledger-not-opened", "that the gateway may read and write there"),
    "not TOML": ("ledger = sqlite", "configuration.not-toml", "somlos.toml, line 3"),
    "no patient key": (
        'ledger = "postgresql://127.0.0.1:1/x"',
        "configuration.secret-missing",
        "gateway.patient_key: SOMLOS_PATIENT_KEY",
    ),
    "short patient key": (
        'patient_key = "hemmelig"',
        "configuration.bad-value",
        "gateway.patient_key: ≥ 16 ×",
    ),
    "port": ('listen = "127.0.0.1:87777"', "configuration.bad-value", "gateway.listen: 0–65535"),
    "day": (
        '[[day_rate]]\nvalid_from = "1.1.26"\nvalid_to = 2026-12-31\nnok = 1\nsource = "x"',
        "configuration.bad-value",
        "day_rate[0].valid_from: 2026-12-31",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_says_what_is_wrong_where_and_what_to_do(tmp_path: Path, name: str) -> None:
    said, code, place = WRONG[name]
    config = tmp_path / "somlos.toml"
    config.write_text(f"\n[gateway]\n{said}\n", "utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "SOMLOS_PATIENT_KEY"}
    ended = subprocess.run(
        command(config), capture_output=True, encoding="utf-8", env=environment, timeout=START_SECONDS
    )
    assert ended.returncode in (1, 2)
    (told,) = ended.stderr.splitlines()
    assert code in told
    assert place in told


def test_a_database_that_is_not_there_is_told_once_with_what_to_look_at(tmp_path: Path) -> None:
    if not stores.has_postgres():
        pytest.skip(stores.WITHOUT_POSTGRES)
    config = configuration(
        tmp_path, "one", ledger=f"{stores.POSTGRES}_is_not_here", patient_key=stores.PATIENT_KEY
    )
    ended = subprocess.run(command(config), capture_output=True, encoding="utf-8", timeout=START_SECONDS)
    assert ended.returncode == 1
    logged, told = ended.stderr.splitlines()
    assert "ledger.not-opened" in logged
    assert "(gateway.ledger)" in told
    assert "that there is one of this name" in told
