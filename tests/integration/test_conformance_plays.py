"""Does the simulated counterpart see what a vendor's EPJ does right and wrong? Real HTTP both ways."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.simulator.conformance.behaviours import BEHAVIOURS
from gateway.simulator.conformance.checks import Check
from gateway.simulator.conformance.counterpart import Vendor
from gateway.simulator.conformance.inbox import served
from gateway.simulator.conformance.messages import STAY, Side, sent_by
from gateway.simulator.conformance.play import Plan, Play, Played
from gateway.simulator.conformance.report import as_json, html
from gateway.simulator.epj import Epj, EpjSettings, create_app
from gateway.simulator.reading import CannotRead, Seen, see
from gateway.simulator.receipts import Answer, write_receipt
from tests.support.live_server import live_server
from tests.support.story import told

TODAY = date(2026, 11, 22)
HER_IDS = ("88820001", "88820011")
ALL = tuple(each.key for each in BEHAVIOURS)


@pytest.fixture
def inbox() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def address(inbox: socket.socket) -> str:
    return f"http://127.0.0.1:{inbox.getsockname()[1]}"


def play(url: str, inbox: socket.socket, key: str, **plan: object) -> Played:
    settings = {"side": "hospital", "receipt_seconds": 5.0, "late_seconds": 0.2, **plan}
    whole = Plan(Vendor(url, retry_seconds=0.01), organisation="EPJ", her_ids=HER_IDS, **settings)  # type: ignore[arg-type]

    async def run() -> Played:
        it = Play(whole, key)
        async with served(it.counterpart, inbox.dup()):
            return await it.run(TODAY)

    return asyncio.run(run())


def verdicts(played: Played) -> dict[str, str]:
    return {check.key: check.verdict for check in played.checks}


def of(played: Played, key: str) -> Check:
    return next(check for check in played.checks if check.key == key)


# --- A vendor that does everything right.


@contextmanager
def well_made(inbox: socket.socket) -> Iterator[str]:
    """Our simulated EPJ as the vendor, which also says no to what is not for it."""
    settings = EpjSettings(name="EPJ", gateway=address(inbox), send_secret="x")
    epj = Epj(settings)
    base = create_app(epj)

    async def take(request: Request) -> Response:
        body = await request.body()
        try:
            seen = see(body)
        except CannotRead:
            return Response(status_code=400)
        if seen.receiver[-1].her_id not in (*HER_IDS, "88820012", "88810012", "88810013"):
            return Response(status_code=422)
        epj.receive(body, "application/xml")
        return Response(status_code=202)

    base.routes.insert(0, Route("/vendor", take, methods=["POST"]))
    with live_server(base) as at:
        yield f"{at}/vendor"


@pytest.mark.parametrize("key", ALL)
def test_a_well_made_epj_breaks_nothing(inbox: socket.socket, key: str) -> None:
    with well_made(inbox) as url:
        played = play(url, inbox, key)
    assert [check.key for check in played.checks if check.verdict == "broken"] == []
    assert len(played.exchange.sent) == len(sent_by("hospital")) > 8
    assert {"transport.taken", "receipt.came", "receipt.positive", "receipt.valid"} <= {
        key for key, verdict in verdicts(played).items() if verdict == "met"
    }


@pytest.mark.parametrize("format", ["plo-1.5", "fhir"])
def test_in_the_vendors_format(inbox: socket.socket, format: str) -> None:
    with well_made(inbox) as url:
        played = play(url, inbox, "well-behaved", format=format)
    assert played.is_good
    assert verdicts(played)["receipt.came"] == "met"


def test_the_counterpart_as_municipality(inbox: socket.socket) -> None:
    with well_made(inbox) as url:
        played = play(url, inbox, "duplicate", side="municipality")
    assert played.is_good
    assert [sent.step.key for sent in played.exchange.sent] == [
        "innleggelsesrapport",
        "innleggelsesrapport-endret",
        "tilbakemelding",
    ]
    assert {len(sent.attempts) for sent in played.exchange.sent} == {2}


# --- A vendor that does one thing wrong.


@dataclass
class Wrong:
    """Takes everything, and answers each message with what `answer` makes of it."""

    inbox: str
    answer: Callable[[Seen], list[bytes]]
    status: int = 202
    in_the_answer: bool = False
    posted: list[int] = field(default_factory=list)

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            if self.status != 202:
                return Response(status_code=self.status)
            try:
                seen = see((await request.body()).decode("utf-8", "replace").encode())
            except CannotRead:
                return Response(status_code=400)
            if seen.kind == "receipt":
                return Response(status_code=202)
            bodies = self.answer(seen)
            if self.in_the_answer:
                return Response(bodies[0], status_code=200, media_type="application/xml")
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                for body in bodies:
                    self.posted.append((await client.post(self.inbox, content=body)).status_code)
            return Response(status_code=202)

        return Starlette(routes=[Route("/vendor", take, methods=["POST"])])


def receipt(seen: Seen, status: str = "1", code: str | None = None) -> bytes:
    answer = Answer(status=status, code=code)  # type: ignore[arg-type]
    return write_receipt(seen, answer, "1.0", datetime(2026, 11, 22, 12, tzinfo=UTC))[0]


def from_another(body: bytes) -> bytes:
    head, sender, tail = body.partition(b"<Sender>")
    return head + sender + tail.replace(b"888", b"777", 2)


WRONG: dict[str, tuple[str, Callable[[Seen], list[bytes]]]] = {
    "receipt.came": ("well-behaved", lambda seen: []),
    "receipt.positive": ("well-behaved", lambda seen: [receipt(seen, "2", "X99")]),
    "receipt.valid": (
        "well-behaved",
        lambda seen: [receipt(seen).replace(b"<GenDate>", b"<GenDate>x")],
    ),
    "receipt.from-the-receiver": ("well-behaved", lambda seen: [from_another(receipt(seen))]),
    "receipt.one": ("well-behaved", lambda seen: [receipt(seen), receipt(seen, "2", "X99")]),
    "receipt.known": (
        "well-behaved",
        lambda seen: [receipt(seen), receipt(seen).replace(seen.id.encode(), b"another")],
    ),
    "inbox.readable": ("well-behaved", lambda seen: [receipt(seen), b"<html/>"]),
    "fault.says-why": (
        "well-behaved",
        lambda seen: [re.sub(rb"\s*<Error [^>]*/>", b"", receipt(seen, "2", "X99"))],
    ),
    "fault.refused": ("wrong-charset", lambda seen: [receipt(seen)]),
}


@pytest.mark.parametrize("key", WRONG)
def test_what_is_wrong_is_seen(inbox: socket.socket, key: str) -> None:
    behaviour, answer = WRONG[key]
    with live_server(Wrong(address(inbox), answer).app()) as at:
        played = play(f"{at}/vendor", inbox, behaviour, receipt_seconds=0.3)
    assert verdicts(played)[key] == "broken"
    assert not played.is_good
    assert key == "inbox.readable" or of(played, key).broken_by


def test_a_vendor_that_refuses_everything(inbox: socket.socket) -> None:
    with live_server(Wrong(address(inbox), lambda seen: [], status=503).app()) as at:
        played = play(f"{at}/vendor", inbox, "large-attachment", receipt_seconds=0.1)
    found = verdicts(played)
    assert (found["transport.taken"], found["large.answered"]) == ("broken", "broken")
    assert {attempt.status for sent in played.exchange.sent for attempt in sent.attempts} == {503}
    assert {len(sent.attempts) for sent in played.exchange.sent} == {3}


def test_a_vendor_that_is_not_there(inbox: socket.socket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    played = play(f"http://127.0.0.1:{port}/", inbox, "well-behaved")
    assert verdicts(played)["transport.taken"] == "broken"
    (sent,) = played.exchange.sent  # the rest would say the same
    assert [attempt.failure for attempt in sent.attempts] == ["refused"] * 3


def test_the_same_message_refused_the_second_time(inbox: socket.socket) -> None:
    seen_before: set[str] = set()

    async def take(request: Request) -> Response:
        seen = see(await request.body())
        if seen.id in seen_before:
            return Response(status_code=409)
        seen_before.add(seen.id)
        return Response(receipt(seen), status_code=200, media_type="application/xml")

    with live_server(Starlette(routes=[Route("/vendor", take, methods=["POST"])])) as at:
        played = play(f"{at}/vendor", inbox, "duplicate")
    assert verdicts(played)["duplicate.same-answer"] == "broken"


def test_a_receipt_in_the_answer_itself_counts(inbox: socket.socket) -> None:
    wrong = Wrong(address(inbox), lambda seen: [receipt(seen)], in_the_answer=True)
    with live_server(wrong.app()) as at:
        played = play(f"{at}/vendor", inbox, "well-behaved")
    assert verdicts(played)["receipt.came"] == "met"


# --- The vendor's own messages.


def sending(inbox: socket.socket, bodies: list[bytes]) -> Starlette:
    """A vendor that sends its own messages when the first of ours comes, and takes every receipt."""
    waiting = list(bodies)

    async def take(request: Request) -> Response:
        seen = see(await request.body())
        if seen.kind == "message":
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                for body in [receipt(seen), *waiting]:
                    await client.post(address(inbox), content=body)
            waiting.clear()
        return Response(status_code=202)

    return Starlette(routes=[Route("/vendor", take, methods=["POST"])])


REPORT, ANSWER = told()["innleggelsesrapport-arvid"].body, told()["tilbakemelding"].body


@pytest.mark.parametrize(
    ("key", "status", "attempts"),
    [("well-behaved", "1", 1), ("late", "1", 1), ("duplicate", "1", 2), ("negative", "2", 1)],
)
def test_the_vendors_messages_are_answered_as_the_behaviour_says(
    inbox: socket.socket, key: str, status: str, attempts: int
) -> None:
    with live_server(sending(inbox, [REPORT, ANSWER])) as at:
        played = play(f"{at}/vendor", inbox, key, wait_seconds=0.3)
    found = verdicts(played)
    assert {
        each: found[each] for each in ("yours.valid", "yours.receipt-taken", "yours.came")
    } == dict.fromkeys(("yours.valid", "yours.receipt-taken", "yours.came"), "met")
    assert [(got.answered, len(got.attempts)) for got in played.exchange.got.values()] == [
        (status, attempts)
    ] * 2


def test_a_silent_counterpart_answers_nothing(inbox: socket.socket) -> None:
    with live_server(sending(inbox, [REPORT, REPORT])) as at:
        played = play(f"{at}/vendor", inbox, "silent")
    (got,) = played.exchange.got.values()
    assert (got.answered, got.arrivals) == (None, 2)
    assert verdicts(played)["yours.same-content"] == "met"
    assert "yours.receipt-taken" not in verdicts(played)


def test_other_content_under_the_same_id_and_an_invalid_message(inbox: socket.socket) -> None:
    other = REPORT.replace(b"<GenDate>", b"<GenDate>x")
    with live_server(sending(inbox, [other, REPORT])) as at:
        played = play(f"{at}/vendor", inbox, "well-behaved", wait_seconds=0.2)
    found = verdicts(played)
    assert (found["yours.valid"], found["yours.same-content"], found["yours.came"]) == ("broken",) * 3
    assert "DIALOG_SVAR" in of(played, "yours.came").broken_by


# --- What is sent, and what is written of it.


@pytest.mark.parametrize("side", ["hospital", "municipality"])
def test_every_message_of_the_stay_is_valid(side: Side) -> None:
    from gateway.emessage.read import read
    from gateway.emessage.validate import validate
    from gateway.simulator.cast import LYNGVIK, Service
    from gateway.simulator.compose import new_ids
    from gateway.simulator.conformance.messages import write

    ids = new_ids(STAY)
    vendor = Service(LYNGVIK, "EPJ", "88820011")
    for step in sent_by(side):
        for spoil in (None, "receiver"):
            message = write(step, ids, vendor, TODAY, "plo-1.6", spoil)  # type: ignore[arg-type]
            found = [each for each in validate(read(message.body)) if each.severity == "error"]
            assert found == [], step.key


def test_the_report_says_everything_and_nothing_of_the_patient(inbox: socket.socket) -> None:
    with live_server(sending(inbox, [REPORT])) as at:
        played = play(f"{at}/vendor", inbox, "negative", wait_seconds=0.2)
    for language in ("no", "en"):
        page = html([played], language, datetime.now(UTC))  # type: ignore[arg-type]
        assert all(check.no in page or check.en in page for check in played.checks)
        assert all(sent.message_id in page for sent in played.exchange.sent)
        assert not any(name in page for name in ("Solveig", "Fjelltun", "14834120012", "Nesheim"))
    written = as_json(played)
    assert [check["key"] for check in written["checks"]] == list(verdicts(played))
    assert len(written["sent"]) == len(sent_by("hospital"))
