"""Does `somlos simulate counterpart` play against an EPJ of its own process, and say by its exit code how it went?"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SECRET = "a secret of the test"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def epj(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Its address, and the port it sends to."""
    port = free_port()
    settings = {
        "name": "EPJ",
        "gateway": f"http://127.0.0.1:{port}",
        "send_secret": "x",
        "inbox_secret": SECRET,
    }
    file = tmp_path / "epj.json"
    file.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "gateway.simulator", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), port
        process.terminate()


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", "simulate", "counterpart", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


def played(epj: tuple[str, int], tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    url, port = epj
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    her_ids = ("--her-ids", "88820001", "88820011")
    where = ("--listen", f"127.0.0.1:{port}", "--secret-file", str(secret))
    return simulate(f"{url}/inbox", *her_ids, *where, "--receipt-seconds", "5", *more)


def test_it_plays_and_writes_the_report(epj: tuple[str, int], tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = played(epj, tmp_path, "--behaviour", "well-behaved", "--report", str(report), "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["good"] is True
    assert {each["receipts"][0]["status"] for each in json.loads(line)["sent"]} == {"1"}
    assert report.read_text("utf-8").startswith("<!doctype html>")
    assert SECRET not in report.read_text("utf-8") + done.stdout + done.stderr


def test_what_was_broken_makes_the_exit_code_one(epj: tuple[str, int], tmp_path: Path) -> None:
    done = played(epj, tmp_path, "--behaviour", "wrong-her-id", "--lang", "no")
    assert done.returncode == 1
    assert "✗ Brutt: En melding med feil blir avvist" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("ftp://127.0.0.1/x", "--her-ids", "1", "2"),
        ("http://", "--her-ids", "1", "2"),
        ("http://127.0.0.1:1/", "--her-ids", "1", "two"),
        ("http://127.0.0.1:1/", "--her-ids", "1", "2", "--listen", "nowhere"),
        ("http://127.0.0.1:1/", "--her-ids", "1", "2", "--listen", "127.0.0.1:99999"),
        ("http://127.0.0.1:1/", "--her-ids", "1", "2", "--behaviour", "unheard-of"),
        ("http://127.0.0.1:1/", "--her-ids", "1", "2", "--report", "/no/such/folder/report.html"),
        ("http://127.0.0.1:1/",),
    ],
)
def test_wrong_usage_is_two(arguments: tuple[str, ...]) -> None:
    done = simulate(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_answered_stands_beside_what_was_broken(epj: tuple[str, int], tmp_path: Path) -> None:
    url, port = epj
    her_ids = ("--her-ids", "88820001", "88820011", "--listen", f"127.0.0.1:{port}")
    play = (*her_ids, "--behaviour", "silent", "--receipt-seconds", "0.1", "--lang", "no")
    done = simulate(f"{url}/no-such-place", *play)
    assert done.returncode == 1
    assert re.search(r"[0-9a-f-]{36}  LOG_INNLAGT N: 404 \(", done.stdout)
    gone = simulate(f"http://127.0.0.1:{free_port()}/", *play)
    assert re.search(r"LOG_INNLAGT N: ingen forbindelse \(", gone.stdout)
