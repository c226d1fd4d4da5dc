"""Does `somlos demo` tell its story to the end, with real processes, and leave nothing behind?"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gateway.simulator.cast import PATIENTS

SOMLOS = [sys.executable, "-m", "gateway"]


def test_every_message_ends_as_the_story_says(tmp_path: Path) -> None:
    place = tmp_path / "demo"
    done = subprocess.run(
        [*SOMLOS, "demo", "--exit", "--folder", str(place)], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ 12 kvittert   ✗ 1 avvist   ⊘ 1 kansellert" in done.stdout
    assert "Alle 14 meldinger endte slik historien sier." in done.stdout
    after = done.stdout.partition("Etter utskrivningen")[2]
    for word in ("Planen følger Solveig hjem: 6 oppgaver", "Fristen for epikrisen", "forfalt", "eget mål"):
        assert word in after, after
    assert "<svg" in (place / "seriediagram.svg").read_text()
    assert done.stderr == ""
    written = "".join(log.read_text() for log in place.glob("*.log"))
    for patient in PATIENTS.values():
        assert patient.number not in written
        assert patient.family_name not in written
    assert oct((place / "somlos.toml").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_with_the_console_until_it_is_ended(number: signal.Signals, tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([*SOMLOS, "demo"], stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        found = None
        for line in demo.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+/console", line)
            if found:
                break
        assert found is not None
        with urllib.request.urlopen(found[0], timeout=60) as page:
            assert page.status == 200
        demo.send_signal(number)
        assert demo.wait(30) == 0
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError):
        urllib.request.urlopen(found[0], timeout=5)


def test_it_can_be_ended_in_the_middle(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([*SOMLOS, "demo"], stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        for line in demo.stdout:
            if line.startswith(" 1  "):
                demo.send_signal(signal.SIGINT)
                break
        assert "Avbrutt før historien var ferdig." in demo.stdout.read()
        assert demo.wait(30) == 130
    assert list(tmp_path.iterdir()) == []
