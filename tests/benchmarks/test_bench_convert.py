"""Does `somlos bench convert` measure what it says, and tell under which conditions?"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gateway.bench.convert import floor, plan, subject, to_fhir, to_xml
from gateway.bench.measure import Rounds, measure
from gateway.bench.messages import discharge_report, sized
from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.translate import roundtrip


@pytest.mark.parametrize("size", [5_000, 21_368, 100_000])
def test_a_report_of_any_size_is_valid_and_comes_back(size: int) -> None:
    made = sized(discharge_report(), size)
    assert abs(len(made) - size) < 0.1 * size
    assert validate_schema(read(made)) == ()
    assert roundtrip(made).verdict == "lossless"


def test_the_whole_way_there_gives_the_bytes_that_the_way_back_takes() -> None:
    report = sized(discharge_report(), 10_000)
    found = subject("report", report)
    assert to_fhir(report) == found.json
    assert read(to_xml(found.json)).root.findtext("{*}MsgInfo/{*}MsgId") == read(report).root.findtext(
        "{*}MsgInfo/{*}MsgId"
    )
    assert floor(found)() == found.json


def test_what_is_not_valid_is_not_measured() -> None:
    with pytest.raises(ValueError, match="not valid"):
        to_fhir(sized(discharge_report(), 5_000).replace(b"<MsgId>", b"<Ukjent/><MsgId>"))


def test_the_checked_bundle_has_thirty_resources() -> None:
    planned = plan(None, rounds=1, seconds=0.001, sizes=())
    assert 30 <= len(planned.checked["entry"]) <= 35


def test_ratios_are_taken_within_a_round() -> None:
    rounds = Rounds({"floor": (1.0, 2.0, 4.0), "work": (3.0, 6.0, 20.0)})
    found = rounds.ratio("work", "floor")
    assert (found.median, found.smallest, found.largest) == (3.0, 3.0, 5.0)


def test_every_piece_runs_in_every_round() -> None:
    runs: list[str] = []
    pieces = {"a": lambda: runs.append("a"), "b": lambda: runs.append("b")}
    *_, last = measure(pieces, rounds=3, seconds=0.0)
    assert runs == ["a", "b"] * 4  # the first is to warm up
    assert [len(times) for times in last.times.values()] == [3, 3]


def test_the_command_gives_figures_with_their_conditions() -> None:
    command = [
        sys.executable,
        "-m",
        "gateway",
        "bench",
        "convert",
        "--json",
        "--rounds",
        "1",
        "--seconds",
        "0.01",
    ]
    done = subprocess.run(command, capture_output=True, timeout=280, check=True)
    found = json.loads(done.stdout)
    assert {"processor", "cores", "python", "libxml2"} <= found["conditions"].keys()
    assert found["subject"]["xmlBytes"] == pytest.approx(21_368, rel=0.02)
    assert found["timesFloor"]["to-fhir"]["median"] > 1
    assert found["timesFloor"]["to-xml"]["median"] > 1
    assert found["sizes"][0]["xmlBytes"] == pytest.approx(5_000, rel=0.1)
    assert found["sizes"][-1]["xmlBytes"] == pytest.approx(500_000, rel=0.02)
    assert done.stderr == b""
