"""Does the benchmark of delivery measure the real thing, and does it notice when a message is lost?"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.bench import delivery
from gateway.bench.letters import MESSAGE_ID, Letters, Receipts
from gateway.bench.phases import PHASES, Bench, Figures, Size
from gateway.bench.place import Place, fresh
from gateway.bench.proof import NotProven
from gateway.bench.rig import Rig
from gateway.commands import bench_delivery
from gateway.emessage.read import read
from gateway.emessage.validate import validate_schema
from gateway.translate import facts_of
from tests.support.stores import POSTGRES, WITHOUT_POSTGRES, has_postgres

TINY = Size(pass_through=20, whole_way=10, seconds=0.2, waiting=20, drain=100.0, held=200, warm_up=5)


def test_messages_are_valid_and_differ() -> None:
    letters = Letters(acknowledgement="N", seed=1)
    made = [letters.next(3), letters.next(3)]
    facts = [facts_of(read(letter.body)) for letter in made]
    assert [each.message_id for each in facts] == [letter.id for letter in made]
    assert made[0].id != made[1].id
    assert {each.receiver.her_id for each in facts} == {"88840311"}
    assert {each.acknowledgement for each in facts} == {"N"}
    assert not validate_schema(read(made[0].body))
    assert all(19_000 < len(letter.body) < 21_000 for letter in made)


def test_a_receipt_is_for_its_message() -> None:
    letter = Letters(acknowledgement="J", seed=1).next(3)
    found = MESSAGE_ID.search(letter.body)
    assert found is not None
    receipt = facts_of(read(Receipts(3).of(found[0])))
    assert receipt.receipt is not None
    assert receipt.receipt.original_message_id == letter.id
    assert receipt.sender.her_id == "88840311"


@pytest.mark.parametrize("name", ["whole-way", "dead-partner", "look-up"])
def test_a_phase_gives_figures(tmp_path: Path, name: str) -> None:
    figures = asyncio.run(PHASES[name](tmp_path, Place(), TINY, 1))
    assert all(isinstance(value, float) for value in figures.values())


def test_two_nodes_on_postgres(tmp_path: Path) -> None:
    if not has_postgres():
        pytest.skip(WITHOUT_POSTGRES)
    with fresh(POSTGRES, nodes=2) as place:
        figures = asyncio.run(PHASES["whole-way"](tmp_path, place, TINY, 1))
    assert figures["cpuDatabase"] >= 0


def test_a_lost_message_is_noticed(tmp_path: Path) -> None:
    async def lose_one() -> None:
        with Rig(tmp_path) as rig:
            await rig.start_gateway()
            bench = Bench(rig, receipts=False, seed=1)
            await bench.all_at_once(bench.make(3))
            await bench.until_over()
            await bench.prove(unchanged=True)
            bench.handed.accepted["5e4d1e55-0000-4000-8000-000000000000"] = "lost"
            await bench.prove(unchanged=True)

    with pytest.raises(NotProven, match=r"'not in the ledger': 1.*'did not arrive': 1"):
        asyncio.run(lose_one())


def test_the_command_tells_its_conditions() -> None:
    command = [
        sys.executable,
        "-m",
        "gateway",
        "bench",
        "delivery",
        "look-up",
        "--short",
        "--runs",
        "1",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, check=True, timeout=280)
    found = json.loads(done.stdout)
    assert found["conditions"]["ledger"].startswith("SQLite")
    assert found["phases"]["look-up"]["slowestMs"]["median"] > 0


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_who_ends_it_gets_what_was_measured(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: signal.Signals,
) -> None:
    def ended_after_one(*given: Any, **how: Any) -> Iterator[dict[str, list[Figures]]]:
        for found in delivery.run(*given, **how):
            yield found
            signal.raise_signal(ending)

    monkeypatch.setattr(bench_delivery, "run", ended_after_one)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(SystemExit) as ended:
            bench_delivery.run_delivery(
                ["look-up"],
                runs=3,
                short=True,
                folder=tmp_path,
                postgres=None,
                nodes=1,
                as_json=True,
                language="en",
            )
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert ended.value.code == 128 + ending
    shown = capsys.readouterr()
    assert "Ended after 1 of 3 measurements" in shown.err
    figures = json.loads(shown.out)
    assert figures["phases"]["look-up"]["slowestMs"]["median"] > 0
    assert figures["method"]["runs"] == 1


def test_an_unknown_phase_is_wrong_usage() -> None:
    command = [sys.executable, "-m", "gateway", "bench", "delivery", "nothing"]
    assert subprocess.run(command, capture_output=True, timeout=200).returncode == 2
