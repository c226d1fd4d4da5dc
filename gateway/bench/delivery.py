"""How many messages a second does the gateway deliver, at which price, and how long does a sender wait?

Every phase is run several times, each time with fresh processes on a fresh ledger; the figure is the median of the
runs, with the smallest and the largest. A run in which anything was lost, changed or doubled gives no figure.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from gateway.bench import place
from gateway.bench.conditions import conditions
from gateway.bench.letters import PATIENTS_IN_ALL, SIZE
from gateway.bench.load import CONNECTIONS
from gateway.bench.measure import spread
from gateway.bench.phases import PHASES, RATE, Figures, Size
from gateway.bench.place import fresh

WANTED: Final = {
    "pass-through": {"deliveredPerSecond": "≥ 700"},
    "whole-way": {"deliveredPerSecond": "≥ 200", "cpuGateway": "≤ 5"},
    "paced": {"acceptP99": "≤ 15"},
    "dead-partner": {"lostShare": "< 0.05", "readyAfterSeconds": "< 5"},
    "look-up": {"slowestMs": "< 50"},
}
WANTED_ON_POSTGRESQL: Final = WANTED | {"pass-through": {"deliveredPerSecond": "≥ 600"}}


def run(
    names: tuple[str, ...],
    size: Size,
    runs: int,
    *,
    folder: Path | None = None,
    postgres: str | None = None,
    nodes: int = 1,
) -> Iterator[dict[str, list[Figures]]]:
    """The figures of every run so far, after each run. `folder`: where the ledgers lie (a disk, not memory);
    `postgres`: a database for them instead, with so many `nodes` at work.

    :raises NotProven: a message was lost, changed or doubled.
    """
    found: dict[str, list[Figures]] = {name: [] for name in names}
    for number in range(runs):
        for name in names:
            with (
                fresh(postgres, nodes) as where,
                tempfile.TemporaryDirectory(prefix="somlos-bench-", dir=folder) as files,
            ):
                figures = asyncio.run(PHASES[name](Path(files), where, size, number))
            found[name].append(figures)
            yield found


def report(
    found: dict[str, list[Figures]], size: Size, *, postgres: str | None = None, nodes: int = 1
) -> dict[str, Any]:
    """The figures with their conditions."""
    return {
        "benchmark": "delivery",
        "conditions": conditions()
        | {"uvicorn": version("uvicorn"), "ledger": place.version(postgres), "nodes": nodes},
        "method": {
            "message": f"discharge report of about {SIZE:,} bytes, {PATIENTS_IN_ALL:,} synthetic patients",
            "connections": CONNECTIONS,
            "pacedPerSecond": RATE,
            "size": asdict(size),
            "runs": len(next(iter(found.values()))),
            "figures": "median, min, max of the runs; cpu: milliseconds of processor time for each message",
            "proof": "every accepted message once in the ledger, final, arrived under one id; else no figure",
            "shared": "load generator and partners run on the same cores and are not counted in cpuGateway",
        },
        "phases": {name: _figures(each) for name, each in found.items() if each},
        "wanted": {name: (WANTED_ON_POSTGRESQL if postgres else WANTED)[name] for name in found},
    }


def _figures(runs: list[Figures]) -> dict[str, Any]:
    return {name: spread(tuple(each[name] for each in runs)).as_json() for name in runs[0]}
