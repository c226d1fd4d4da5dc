"""Does a simulated EPJ behave as a partner does: answers, keeps trying, sends the same receipt again?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.cast import PATIENTS
from gateway.simulator.epj import Epj, EpjSettings, Rule, create_app
from gateway.simulator.reading import Seen, see
from tests.support.live_server import live_server
from tests.support.story import told

TOLD = told()
INBOX_SECRET, SEND_SECRET = "in", "out"


@dataclass
class StandIn:
    """A gateway that answers with the given HTTP statuses in turn, then 202, and keeps what it took."""

    statuses: list[int] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    refused: int = 0

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            assert request.headers["authorization"] == f"Bearer {SEND_SECRET}"
            status = self.statuses.pop(0) if self.statuses else 202
            if status == 202:
                self.taken.append((request.url.path, await request.body()))
                return Response(status_code=202, headers={"location": f"/messages/{len(self.taken)}"})
            self.refused += 1
            return Response(status_code=status, headers={"x-somlos-error": "routing.unknown-receiver"})

        paths = ("/messages", "/fhir/$process-message")
        return Starlette(routes=[Route(path, take, methods=["POST"]) for path in paths])

    def receipts(self) -> list[Seen]:
        return [see(body) for _, body in self.taken]


@pytest.fixture
def gateway() -> StandIn:
    return StandIn()


@pytest.fixture
def started(gateway: StandIn) -> Iterator[Any]:
    """Start an EPJ with these settings in front of the gateway; the client speaks to it."""
    with ExitStack() as stack:
        address = stack.enter_context(live_server(gateway.app()))

        def start(**settings: Any) -> httpx.Client:
            epj = Epj(
                EpjSettings(
                    name="EPJ",
                    gateway=address,
                    send_secret=SEND_SECRET,
                    inbox_secret=INBOX_SECRET,
                    **settings,
                )
            )
            base = stack.enter_context(live_server(create_app(epj)))
            return stack.enter_context(httpx.Client(base_url=base, timeout=60, trust_env=False))

        yield start


def deliver(client: httpx.Client, body: bytes, secret: str = INBOX_SECRET) -> int:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/xml"}
    return client.post("/inbox", content=body, headers=headers).status_code


def settled(client: httpx.Client, kind: str, number: int = 1) -> list[dict[str, Any]]:
    """The EPJ's list `kind` once `number` of its entries are no longer queued."""
    after = -1
    for _ in range(100):
        status = client.get("/status", params={"after": after, "wait": 10}).json()
        after = status["version"]
        done = [each for each in status[kind] if each.get("state") != "queued"]
        if len(done) >= number:
            return done
    raise AssertionError(f"{kind}: never {number}")


def test_it_answers_with_a_receipt_of_its_own(started: Any, gateway: StandIn) -> None:
    epj = started()
    assert deliver(epj, TOLD["innlagt"].body) == 202
    settled(epj, "receipts_sent")
    (receipt,) = gateway.receipts()
    assert (receipt.kind, receipt.original) == ("receipt", TOLD["innlagt"].message_id)
    assert (receipt.receipt_status, receipt.receipt_codes) == ("1", ())
    assert receipt.sender[-1].her_id == see(TOLD["innlagt"].body).receiver[-1].her_id


def test_it_rejects_a_patient_it_does_not_know(started: Any, gateway: StandIn) -> None:
    epj = started(known_patients=(PATIENTS["solveig"].number,), receipt_format="fhir")
    deliver(epj, TOLD["feilsendt"].body)
    settled(epj, "receipts_sent")
    (receipt,) = gateway.receipts()
    assert gateway.taken[0][0] == "/fhir/$process-message"
    assert (receipt.receipt_status, receipt.receipt_codes) == ("2", ("E35",))


def test_its_rules_choose_by_type(started: Any, gateway: StandIn) -> None:
    rules = (Rule(type="EPIKRISE", silent=True), Rule(status="3", code="X99"))
    epj = started(rules=rules)
    deliver(epj, TOLD["epikrise"].body)
    deliver(epj, TOLD["innlagt"].body)
    assert [each["original"] for each in settled(epj, "receipts_sent")] == [TOLD["innlagt"].message_id]
    assert gateway.receipts()[0].receipt_status == "3"


def test_the_same_message_again_is_filed_once_and_gets_the_same_receipt(
    started: Any, gateway: StandIn
) -> None:
    epj = started()
    for _ in range(2):
        deliver(epj, TOLD["innlagt"].body)
        settled(epj, "receipts_sent")
    status = epj.get("/status").json()
    assert [each["arrivals"] for each in status["received"]] == [2]
    assert len({receipt.id for receipt in gateway.receipts()}) == 1
    assert len({body for _, body in gateway.taken}) == 1


def test_it_keeps_trying_and_keeps_the_order(started: Any, gateway: StandIn) -> None:
    gateway.statuses += [503, 500, 429]
    epj = started()
    for key in ("innlagt", "varsel", "klar"):
        epj.post("/send", content=TOLD[key].body, headers={"Content-Type": "application/xml"})
    sent = settled(epj, "sent", 3)
    assert [each["state"] for each in sent] == ["accepted"] * 3
    assert sent[0]["attempts"] == 4
    assert sent[0]["location"] == "/messages/1"
    ids = [TOLD[key].message_id for key in ("innlagt", "varsel", "klar")]
    assert [see(body).id for _, body in gateway.taken] == ids


def test_a_refusal_for_good_is_no_reason_to_try_again(started: Any, gateway: StandIn) -> None:
    gateway.statuses.append(422)
    epj = started()
    for key in ("innlagt", "varsel"):
        epj.post("/send", content=TOLD[key].body, headers={"Content-Type": "application/xml"})
    refused, accepted = settled(epj, "sent", 2)
    assert (refused["state"], refused["attempts"], refused["code"]) == (
        "refused",
        1,
        "routing.unknown-receiver",
    )
    assert accepted["state"] == "accepted"
    assert gateway.refused == 1


def test_receipts_are_ticked_off_and_not_answered(started: Any, gateway: StandIn) -> None:
    sender, receiver = started(), started()
    deliver(receiver, TOLD["innlagt"].body)
    settled(receiver, "receipts_sent")
    deliver(sender, gateway.taken[0][1])
    (ticked,) = settled(sender, "receipts_received")
    assert (ticked["original"], ticked["status"]) == (TOLD["innlagt"].message_id, "1")
    assert sender.get("/status").json()["receipts_sent"] == []


def test_it_lets_in_only_who_knows_the_secret(started: Any, gateway: StandIn) -> None:
    epj = started()
    assert deliver(epj, TOLD["innlagt"].body, secret="guess") == 401
    assert deliver(epj, b"<not-a-message/>") == 400
    assert epj.get("/status").json()["received"] == []


def test_its_status_says_nothing_about_patients(started: Any, gateway: StandIn) -> None:
    epj = started()
    deliver(epj, TOLD["innlagt"].body)
    settled(epj, "receipts_sent")
    text = epj.get("/status").text
    assert PATIENTS["solveig"].number not in text
    assert "Fjelltun" not in text


def test_its_inbox_can_be_told_to_fail(started: Any, gateway: StandIn) -> None:
    epj = started()
    epj.post("/behaviour", json={"inbox_status": 503})
    assert deliver(epj, TOLD["innlagt"].body) == 503
    assert epj.get("/status").json()["received"] == []
    epj.post("/behaviour", json={"inbox_status": 202})
    assert deliver(epj, TOLD["innlagt"].body) == 202
