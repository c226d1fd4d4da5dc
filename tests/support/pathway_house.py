"""A gateway with the partners of the story, over real HTTP, and the story's messages handed in."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from gateway.app import create_app
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from gateway.simulator.cast import PATIENTS
from gateway.simulator.compose import Composed, compose, new_ids
from gateway.simulator.partners import PARTNERS
from gateway.simulator.steps import story
from gateway.simulator.template import Clock
from tests.support import stores
from tests.support.live_server import live_server

LIMIT_S = 60.0
OPERATOR = "the operator's secret"
SOLVEIG = PATIENTS["solveig"].number


def secret_of(key: str) -> str:
    """What a partner shows."""
    return f"secret of {key}"


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    """Hospital, Lyngvik and Bjørkelia; nothing leaves the process."""
    partners = [
        {
            "name": each.organisation.key,
            "her_ids": each.her_ids,
            "bearer_sha256": hashlib.sha256(secret_of(each.organisation.key).encode()).hexdigest(),
            "accepts_apprec": each.accepts_apprec,
            "endpoint": [
                {
                    "her_ids": each.her_ids,
                    "transport": "memory",
                    "format": each.format,
                    "pass_on": each.pass_on,
                }
            ],
        }
        for each in PARTNERS
    ]
    operator = {"bearer_sha256": hashlib.sha256(OPERATOR.encode()).hexdigest()}
    return {"gateway": stores.gateway_settings(folder), "partner": partners, "operator": operator, **more}


@dataclass
class PathwayHouse:
    """The running gateway."""

    url: str
    services: GatewayServices
    messages: dict[str, Composed]

    def client(self, key: str) -> httpx.Client:
        """Asks as a partner, or as the operator."""
        secret = OPERATOR if key == "operator" else secret_of(key)
        return httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {secret}"}, timeout=60, trust_env=False
        )

    def hand_in(self, *keys: str) -> None:
        """Hand in messages of the story, and wait until everything is made of them."""
        senders = {step.key: step.sender for step in story()}
        from gateway.simulator.partners import partner_of

        for key in keys:
            message = self.messages[key]
            address = "/fhir/$process-message" if message.step.is_fhir else "/messages"
            with self.client(partner_of(senders[key]).organisation.key) as client:
                answer = client.post(
                    address, content=message.body, headers={"Content-Type": message.content_type}
                )
            assert answer.status_code == 202, answer.text
        self.wait()

    def wait(self) -> None:
        """Until everything that was accepted is projected."""
        ledger = self.services.ledger
        loop = ledger._listeners[0][0]

        async def done() -> None:
            async with asyncio.timeout(LIMIT_S):
                while True:
                    version = ledger.version
                    if self.services.pathway.state()["waiting"] == 0:
                        return
                    await ledger.changed(version)

        asyncio.run_coroutine_threadsafe(done(), loop).result()


@contextmanager
def pathway_house(folder: Path, day: date = date(2026, 3, 24), **more: Any) -> Iterator[PathwayHouse]:
    """A gateway while the block runs; the story begins on `day`."""
    app = create_app(from_content(settings(folder, **more), folder=folder))
    ids = new_ids()
    messages = {step.key: compose(step, ids, Clock(day)) for step in story()}
    with live_server(app) as url:
        yield PathwayHouse(url, app.state.services, messages)
