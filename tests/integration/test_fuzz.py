"""Does every broken input end in an answer? The short form of `make fuzz`, and whether the fuzz would notice."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import fuzz

INPUTS, CHUNK = 2_000, 250


@pytest.mark.parametrize("first", range(0, INPUTS, CHUNK))
def test_every_input_ends_in_an_answer(first: int) -> None:
    found = fuzz.tally(range(first, first + CHUNK))
    assert found.failures == []
    assert sum(found.outcomes.values()) == CHUNK
    assert found.outcomes["invalid"] > 0
    assert found.outcomes["unreadable"] > 0
    assert found.outcomes["lossless"] + found.outcomes["translated"] > 0


def test_a_seed_always_makes_the_same_input() -> None:
    assert [fuzz.make(seed) for seed in range(30)] == [fuzz.make(seed) for seed in range(30)]
    assert len({fuzz.make(seed) for seed in range(30)}) > 25


def test_an_unhandled_error_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes) -> str:
        raise KeyError("Solveig 14834120012")

    monkeypatch.setattr(fuzz, "attempt", broken)
    (failure,) = fuzz.tally(range(7, 8)).failures
    assert failure.startswith("seed 7: KeyError in test_fuzz.py:")
    assert "Solveig" not in failure
    kept = Path(failure.rpartition("(")[2].removesuffix(")"))
    assert kept.read_bytes() == fuzz.make(7)
    kept.unlink()


def test_an_input_that_hangs_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def hanging(data: bytes) -> str:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(fuzz, "attempt", hanging)
    monkeypatch.setattr(fuzz, "HANGING_S", 1)
    (failure,) = fuzz.tally(range(8, 9)).failures
    assert "no answer after 1 s" in failure
    Path(failure.rpartition("(")[2].removesuffix(")")).unlink()


@pytest.mark.parametrize(("limit", "unit"), [("LIMIT_S", " s "), ("LIMIT_MB", " MB ")])
def test_an_input_that_takes_more_than_its_limit_is_noticed(
    monkeypatch: pytest.MonkeyPatch, limit: str, unit: str
) -> None:
    monkeypatch.setattr(fuzz, limit, -1)
    (failure,) = fuzz.tally(range(9, 10)).failures
    assert unit in failure
    Path(failure.rpartition("(")[2].removesuffix(")")).unlink()


def test_the_command_tells_seed_and_outcomes() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.fuzz",
        "--inputs",
        "40",
        "--seed",
        "3",
        "--processes",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=280)
    assert done.stdout.startswith("40 inputs, --seed 3\n")
    assert "invalid" in done.stdout
    assert "slowest: " in done.stdout
    assert "40 of 40" in done.stderr
