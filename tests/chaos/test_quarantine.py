"""What is held stays held, and is sent once when it is released, wherever the gateway is killed in between."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.ledger.check import check
from gateway.ledger.store import Ledger, database_at
from tests.chaos.handoffs import HANDOFFS
from tests.chaos.ports import kept_ports
from tests.chaos.run import Node, keepers
from tests.support.messages import HOSPITAL, WARD, Admission

VILLAGE = ("88830001", "88830011")
LIMIT_S = 120.0
CONFIG = """
[gateway]
listen = "127.0.0.1:{port}"
ledger = "{ledger}"

[[partner]]
name = "hospital"
her_ids = ["{hospital}", "{ward}"]

[[partner]]
name = "village"
her_ids = ["{village}", "{care}"]
[[partner.endpoint]]
her_ids = ["{care}"]
transport = "directory"
path = "{folder}"
format = "fhir-r4"
hold_losses = "information"
first_wait_s = 0.02
"""


class House:
    """One gateway that is killed and started again."""

    def __init__(self, folder: Path, keeper: asyncio.subprocess.Process, port: int) -> None:
        (folder / "village").mkdir()
        self.folder, self.ledger = folder / "village", f"sqlite:{folder / 'ledger.db'}"
        self.url = f"http://127.0.0.1:{port}"
        self.node = Node(keeper, folder / "gateway.toml", folder / "gateway.log", port)
        ids = {"hospital": HOSPITAL, "ward": WARD, "village": VILLAGE[0], "care": VILLAGE[1]}
        text = CONFIG.format(port=port, ledger=self.ledger, folder=self.folder, **ids)
        (folder / "gateway.toml").write_text(text, encoding="utf-8")

    async def asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An answer, however often the gateway must be asked (and started) for it."""
        until = time.monotonic() + LIMIT_S
        while True:
            if self.node.ended is None or self.node.ended.done():
                await self.node.start()
            await self.node.until_it_listens()
            try:
                async with httpx.AsyncClient(timeout=60) as client:
                    return await client.request(method, self.url + path, timeout=30.0, **more)
            except httpx.HTTPError:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)

    async def held(self) -> list[dict[str, Any]]:
        """What is held, once something is."""
        until = time.monotonic() + LIMIT_S
        while time.monotonic() < until:
            found = (await self.asked("GET", "/ops/quarantine")).json()["quarantine"]
            if found:
                return found  # type: ignore[no-any-return]
            await asyncio.sleep(0.05)
        return []

    def arrived(self) -> list[Path]:
        """The messages that the village has."""
        return [path for path in self.folder.rglob("*") if path.is_file() and path.suffix == ".json"]


@pytest.mark.parametrize("handoff", HANDOFFS)
def test_held_through_every_death(tmp_path: Path, handoff: str) -> None:
    async def story() -> None:
        with kept_ports(1) as (port,):
            await told(port)

    async def told(port: int) -> None:
        async with keepers(1) as (keeper,):
            house = House(tmp_path, keeper, port)
            try:
                for number in (1, 2, 3):  # the message comes in while the gateway dies at each passing
                    await house.node.start(handoff, number)
                    await house.asked("POST", "/messages", content=MESSAGE, headers=XML)
                    if not house.node.ended.done():  # type: ignore[union-attr]
                        await house.node.kill()
                (one,) = await house.held()
                assert one["reason"] == "routing.quarantined"
                assert house.arrived() == []
                await house.node.kill()
                await house.node.start(handoff, 2)  # and while a person releases it
                act = {"by": "Kari Drift", "why": "har lest tapsrapporten"}
                headers = {"Idempotency-Key": "release-once"}
                answer = await house.asked(
                    "POST", f"/ops/deliveries/{one['delivery']}/release", json=act, headers=headers
                )
                assert answer.status_code == 200, answer.text
                until = time.monotonic() + LIMIT_S
                while not house.arrived() and time.monotonic() < until:
                    await house.asked("GET", "/ops/quarantine")
                    await asyncio.sleep(0.05)
                assert len(house.arrived()) == 1
            finally:
                if house.node.ended is not None and not house.node.ended.done():
                    await house.node.kill()
            ledger = Ledger(database_at(house.ledger))
            assert check(ledger).findings == ()
            ledger.close()

    asyncio.run(story())


MESSAGE = Admission(
    message_id="c0ffee00-0000-4000-8000-000000000001", receiver=VILLAGE, acknowledgement="N"
).xml
XML = {"Content-Type": "application/xml"}
