"""A whole quarter through the public API, held against its ground truth, with the times it took.

    python -m tests.support.full_quarter [--stays 6000] [--folder DIR]

One process plays gateway and senders; every message and every resource goes over HTTP on this machine. The figures are
wall-clock and processor seconds, with the load of the machine beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp
import structlog

from gateway.bench.conditions import conditions
from gateway.ledger.session import Session
from gateway.measures.definitions import MEASURES
from gateway.measures.reports import Wanted, report_of
from gateway.projection.counting import counted_reader
from gateway.records.measured import MeasuredReader
from gateway.services import GatewayServices
from gateway.simulator.quarter import folder as quarter_folder
from gateway.simulator.quarter.load import CONNECTIONS, by_patient, follow_up, in_order, load
from gateway.simulator.quarter.truth import Quarter, stays_of
from tests.integration.test_measures_quarter import AFTER, agree, gateway, worked_out

STAY_PAGES: Final = 40


class Watch:
    """Wall-clock and processor seconds since the last look."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def look(self) -> dict[str, float]:
        """Both, and begin again."""
        wall, processor = time.perf_counter(), time.process_time()
        found = {"seconds": round(wall - self._wall, 2), "processor": round(processor - self._processor, 2)}
        self._wall, self._processor = wall, processor
        return found


async def run(quarter: Quarter, folder: Path) -> dict[str, object]:
    """Load it, wait until everything is worked out, compare, and take the times. AssertionError: something differs."""
    places, stays = stays_of(quarter)
    quarter_folder.write(folder, quarter, places, stays, port=0)
    lanes, watch = in_order(stays, quarter.seed, CONNECTIONS), Watch()
    figures: dict[str, object] = {"stays": len(stays), "messages": sum(map(len, lanes))}
    async with gateway(folder) as (address, services):
        loaded = await load(address, lanes)
        assert not loaded.refused, loaded.refused
        figures["messages accepted"] = watch.look()
        await worked_out(services, limit_s=6 * 3600)
        figures["worked out"] = watch.look()
        followed = await follow_up(address, by_patient(stays, CONNECTIONS), quarter.seed)
        assert not followed.refused, followed.refused
        figures["resources"] = followed.accepted
        figures["resources accepted"] = watch.look()
        measured = MeasuredReader(services.ledger).measured()
        figures["stays and plans read from scratch"] = watch.look()
        assert services.projector is not None
        await services.projector.counting.catch_up()
        figures["the rest of the patients counted"] = watch.look()
        figures |= computed(services)
        agree(measured, folder, AFTER)
        figures["agrees with the ground truth"] = True
        figures |= await pages(address, services)
    return figures


def computed(services: GatewayServices) -> dict[str, object]:
    """Processor seconds of each measure by municipality, with nothing read beforehand; the median and the slowest."""
    taken = []
    for id, measure in MEASURES.items():
        reader = counted_reader(services.ledger, services.settings.community)
        began = time.process_time()
        report_of(measure, reader.occasions(id, AFTER), Wanted(AFTER, by="municipality"))
        taken.append(time.process_time() - began)
    return {
        "measure, processor seconds (median, slowest)": [round(x, 3) for x in (median(taken), max(taken))]
    }


async def pages(address: str, services: GatewayServices) -> dict[str, object]:
    """Wall-clock seconds of what a person opens, over HTTP: each measure with nothing read beforehand, the list of
    stays, and pages of stays from the whole quarter."""
    found: dict[str, object] = {}
    ids = [stay.id for stay in MeasuredReader(services.ledger).measured().stays]
    async with aiohttp.ClientSession(address, trust_env=False) as session:

        async def wall(path: str) -> float:
            began = time.perf_counter()
            async with session.get(path) as answer:
                await answer.read()
                assert answer.status == 200, (path, answer.status)
            return time.perf_counter() - began

        await wall("/health/ready")
        measures = []
        for measure in MEASURES:
            await services.ledger.write(lambda session: _committed(session), touching=("measures",))
            measures.append(await wall(f"/ops/measures/{measure}?by=municipality"))
        stays = [await wall(f"/console/pathways/{id}") for id in ids[:: max(1, len(ids) // STAY_PAGES)]]
        lists = [await wall("/console/pathways") for _ in range(5)]
    for name, taken in (("measure", measures), ("stay page", stays), ("list of stays", lists)):
        found[f"{name}, wall seconds (median, slowest)"] = [round(x, 3) for x in (median(taken), max(taken))]
    return found


def _committed(session: Session) -> None:
    """As after any commit: what was read before does not hold any more."""
    session.notices.changed = True


def main() -> None:
    """From the command line."""
    wanted = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    wanted.add_argument("--stays", type=int, default=6000)
    wanted.add_argument("--seed", type=int, default=1)
    wanted.add_argument("--folder", type=Path)
    given = wanted.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    folder = given.folder or Path(tempfile.mkdtemp(prefix="somlos-quarter-"))
    machine = conditions()
    figures = asyncio.run(run(Quarter(seed=given.seed, stays=given.stays), folder))
    figures |= {"folder": str(folder), "loadAfter": round(os.getloadavg()[0], 2), **machine}
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
