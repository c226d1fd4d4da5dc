"""Can an endpoint be tried out, does a test message go the whole way where it may, and nowhere else?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.cli import cli
from gateway.emessage import apprec
from gateway.emessage.read import read
from gateway.emessage.validate import validate
from gateway.errors import CATALOGUE
from gateway.identifiers import identity_number
from gateway.ledger.audit import AuditFilter, AuditReader, AuditRow
from gateway.operations.trial_message import SYNTHETIC_NUMBER, TYPES, trial_message, type_for
from gateway.routing.admission import environment_refusal
from gateway.routing.partners import Route
from gateway.services import GatewayServices
from gateway.settings import Endpoint, Partner
from gateway.settings_load import from_content
from gateway.translate.facts import Party
from gateway.translate.facts_xml import facts_of_message
from tests.support.certificates import Authority
from tests.support.live_server import live_server_beside
from tests.support.partner_server import PartnerServer, partner_server, response

pytestmark = pytest.mark.anyio
GATEWAY, MUNICIPALITY, NURSING = "88899999", "88820001", "88820011"
ACT = {"by": "Kari Drift", "why": "ny adresse"}
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@dataclass
class House:
    """A running gateway, and a municipality that answers over HTTPS."""

    operator: httpx.AsyncClient
    services: GatewayServices
    partner: PartnerServer

    async def test(self, how: str, **headers: str) -> httpx.Response:
        return await self.operator.post(
            f"/ops/endpoints/{NURSING}/test", json=ACT | {"how": how}, headers=headers
        )

    @property
    def bodies(self) -> list[bytes]:
        """What was handed to the municipality."""
        return [each.body for each in self.partner.requests if each.line.startswith("POST")]

    def audit(self) -> list[AuditRow]:
        return list(AuditReader(self.services.ledger).lines(AuditFilter()))


@asynccontextmanager
async def house(
    folder: Path, authority: Authority, answer: bytes = response(202), **changes: Any
) -> AsyncIterator[House]:
    gateway = changes.pop("gateway", {"her_id": GATEWAY})
    partner = {"environment": "test", **changes.pop("partner", {})}
    tls = authority.issue(ends=timedelta(days=90)).server()
    async with partner_server(answer, tls=tls) as server:
        endpoint = {
            "her_ids": [NURSING],
            "transport": "http",
            "url": server.url.replace("http:", "https:"),
            "format": "plo-1.6",
            "trusted_ca": str(authority.certificate),
            **changes,
        }
        town = {"name": "Kommunen", "her_ids": [MUNICIPALITY, NURSING], "endpoint": [endpoint], **partner}
        ledger = {"ledger": f"sqlite:{folder / 'ledger.db'}", "workers": 0}
        app = create_app(from_content({"gateway": ledger | gateway, "partner": [town]}, folder=folder))
        async with (
            live_server_beside(app) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=LIMIT_S) as client,
        ):
            yield House(client, app.state.services, server)


async def until(question: Callable[[], Any]) -> Any:
    """Ask until the answer is true."""
    async with asyncio.timeout(LIMIT_S):
        while not (answer := question()):
            await asyncio.sleep(0.02)
    return answer


# --- whether it can be reached


async def test_reaching_says_that_it_answers_and_what_it_showed(tmp_path: Path, authority: Authority) -> None:
    async with house(tmp_path, authority) as made:
        answer = await made.test("reach")
        assert answer.status_code == 200
        found = answer.json()
        assert (found["reached"], found["status"], found["reason"]) == (True, 202, None)
        assert found["certificate"]["subject"] == "Lyngmo kommune (974760673)"
        assert [each.line for each in made.partner.requests] == ["HEAD /messages HTTP/1.1"]
        assert made.bodies == []
        (line,) = made.audit()
        assert (line.act, line.who.name) == ("endpoint-tried", "Kari Drift")
        assert line.detail == {"endpoint": NURSING, "why": "ny adresse", "outcome": "reached"}
        known = made.services.operations.certificates
        await until(lambda: [each.kind for each in known()] == ["server", "trusted"])


async def test_reaching_again_with_the_same_key_is_answered_alike_and_audited_once(
    tmp_path: Path, authority: Authority
) -> None:
    async with house(tmp_path, authority) as made:
        key = {"Idempotency-Key": "en-gang"}
        answers = [(await made.test("reach", **key)).json() for _ in range(2)]
        assert answers[0] == answers[1]
        assert [line.act for line in made.audit()] == ["endpoint-tried"]
        other = await made.operator.post(
            f"/ops/endpoints/{NURSING}/test", json=ACT | {"why": "noe annet"}, headers=key
        )
        assert (other.status_code, other.json()["code"]) == (409, "operations.key-reused")


async def test_reaching_what_does_not_answer_says_why_and_the_next_step(
    tmp_path: Path, authority: Authority
) -> None:
    async with house(tmp_path, authority, response(403)) as made:
        found = (await made.test("reach")).json()
        assert (found["reached"], found["status"], found["reason"]) == (
            False,
            403,
            "transport.not-authorised",
        )
        assert found["nextStep"]["no"] == CATALOGUE["transport.not-authorised"].next_step_no
        assert made.audit()[0].detail["outcome"] == "transport.not-authorised"
        environment = {"SOMLOS_ADDRESS": str(made.operator.base_url), "COLUMNS": "250"}
        command = ["ops", "test", NURSING, "--why", "ny adresse", "--lang", "no"]
        shown = await asyncio.to_thread(CliRunner().invoke, cli, command, env=environment)
        assert shown.exit_code == 1
        assert CATALOGUE["transport.not-authorised"].no in shown.output


async def test_a_folder_is_reached_without_a_file_in_it(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "epj").mkdir()
    folder = {"transport": "directory", "path": str(tmp_path / "epj"), "url": None, "trusted_ca": None}
    async with house(tmp_path, authority, **folder) as made:
        assert (await made.test("reach")).json()["reached"] is True
        assert list((tmp_path / "epj" / "out").iterdir()) == []
        (tmp_path / "epj" / "out").rmdir()
        (tmp_path / "epj").rename(tmp_path / "moved")
        found = (await made.test("reach")).json()
        assert (found["reached"], found["reason"]) == (False, "transport.directory-unwritable")


# --- the whole way


async def test_a_test_message_goes_the_whole_way_and_its_receipt_comes(
    tmp_path: Path, authority: Authority
) -> None:
    async with house(tmp_path, authority) as made:
        answer = await made.test("message", **{"Idempotency-Key": "once"})
        assert answer.status_code == 202
        id = answer.json()["message"]
        assert (await made.test("message", **{"Idempotency-Key": "once"})).json()["message"] == id
        (sent,) = await until(lambda: made.bodies)
        facts = facts_of_message(read(sent))
        assert (facts.processing, facts.sender.her_id, facts.receiver.her_id) == ("T", GATEWAY, NURSING)
        receipt = apprec.build(
            "1.0",
            receipt_id=str(uuid4()),
            generated_at=datetime.now(UTC),
            software=("EPJ", "1"),
            sender=Party(NURSING, MUNICIPALITY),
            receiver=Party(GATEWAY, GATEWAY),
            status="1",
            errors=(),
            original_type=facts.message_type,
            original_id=facts.message_id,
            original_issued_at=datetime.now(UTC),
        )
        await until(lambda: made.services.reader.deliveries(id)[0].state == "sent")
        headers = {"Content-Type": "application/xml"}
        taken = await made.operator.post("/messages", content=receipt, headers=headers)
        assert taken.status_code == 202, taken.text
        (delivery,) = made.services.reader.deliveries(id)
        assert (delivery.state, delivery.receipt_status) == ("acknowledged", "1")
        assert len(made.bodies) == 1
        page = (await made.operator.get(f"/console/messages/{id}?done=trial")).text
        assert "Kari Drift sendte denne testmeldingen: ny adresse" in page
        assert "Testmeldingen er tatt imot hos oss" in page
        (line,) = made.audit()
        assert (line.act, line.message, line.detail["endpoint"]) == ("trial-sent", id, NURSING)
        for count in ("stays", "unplaced", "clocks"):
            rows = made.services.ledger.reading().execute(f"SELECT COUNT(*) FROM {count}", {})
            assert rows.fetchone()[0] == 0, "it moves no pathway"


async def test_a_partner_that_takes_fhir_gets_it_as_fhir(tmp_path: Path, authority: Authority) -> None:
    async with house(tmp_path, authority, format="fhir-r4") as made:
        assert (await made.test("message")).status_code == 202
        (sent,) = await until(lambda: made.bodies)
        assert sent.startswith(b"{")
        assert SYNTHETIC_NUMBER.encode() in sent


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"partner": {"environment": "production"}}, "operations.trial-only-in-test"),
    ({"partner": {"environment": None}}, "operations.trial-only-in-test"),
    ({"gateway": {}}, "operations.trial-without-sender"),
    ({"types": ["LOG_INNLAGT"]}, "operations.trial-not-taken"),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
async def test_a_test_message_is_refused_where_it_might_do_harm(
    tmp_path: Path, authority: Authority, changes: dict[str, Any], code: str
) -> None:
    async with house(tmp_path, authority, **changes) as made:
        answer = await made.test("message")
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert made.services.ledger.reading().execute("SELECT COUNT(*) FROM messages", {}).fetchone()[0] == 0
        page = (await made.operator.get(f"/console/partners/{NURSING}/test")).text
        assert CATALOGUE[code].no in page
        assert 'value="message" aria-describedby="message-hint" disabled' in page
        assert (await made.test("reach")).json()["reached"] is True, "that may always be tried"
        assert made.bodies == []


async def test_in_the_console_it_is_a_form_of_ours_with_a_reason(
    tmp_path: Path, authority: Authority
) -> None:
    async with house(tmp_path, authority) as made:
        path, client = f"/console/partners/{NURSING}/test", made.operator
        page = (await client.get(path)).text
        assert "HEAD" in page
        assert "syntetisk pasient" in page
        assert made.partner.requests == [], "looking does nothing"
        fields = dict(re.findall(r'name="(form_token|key)" value="([^"]+)"', page))
        origin = {"origin": str(client.base_url).rstrip("/")}
        whole = fields | {"how": "message", "why": "ny adresse"}
        for form, headers in (
            (whole | {"form_token": "x"}, origin),
            (whole, {"origin": "https://evil.example"}),
            (whole | {"why": ""}, origin),
            (whole | {"why": "gjelder 14834120012"}, origin),
        ):
            assert (await client.post(path, data=form, headers=headers)).status_code in (403, 422)
        assert made.audit() == []
        for _ in range(2):
            answer = await client.post(path, data=whole, headers=origin)
            assert answer.status_code == 303
            assert re.fullmatch(r"/console/messages/[0-9a-f-]{36}\?done=trial", answer.headers["location"])
        assert len(await until(lambda: made.bodies)) == 1, "the same form twice is the same message"
        answer = await client.post(path, data=whole | {"how": "reach"}, headers=origin)
        assert answer.status_code == 200
        result = answer.text.partition('id="outcome"')[2].partition("</section>")[0]
        assert "Svarer" in result
        assert "Lyngmo kommune (974760673)" in result
        assert [line.act for line in made.audit()] == ["endpoint-tried", "trial-sent"]
        assert (await client.get("/console/partners/99/test")).status_code == 404


async def test_bad_requests_try_nothing(tmp_path: Path, authority: Authority) -> None:
    async with house(tmp_path, authority) as made:
        path = f"/ops/endpoints/{NURSING}/test"
        for body in ({}, {"by": "Kari"}, ACT | {"how": "hard"}, ACT | {"how": 1}):
            assert (await made.operator.post(path, json=body)).status_code == 400
        assert (await made.operator.get(path)).status_code == 405
        assert (await made.operator.post("/ops/endpoints/99/test", json=ACT)).status_code == 404
        assert made.partner.requests == []
        assert made.audit() == []


# --- the message itself


@pytest.mark.parametrize("message_type", TYPES)
def test_it_is_valid_and_no_persons(message_type: str) -> None:
    sender, receiver = Party(GATEWAY, GATEWAY, "Vår <&>"), Party(NURSING, MUNICIPALITY, "Kommunen")
    message = read(trial_message(str(uuid4()), message_type, datetime.now(UTC), sender, receiver))
    findings = {each.code for each in validate(message)}
    assert findings == {"rules.processing-not-production", "rules.synthetic-identity-number"}
    facts = facts_of_message(message)
    assert (facts.message_type, facts.receiver.her_id, facts.acknowledgement) == (message_type, NURSING, "J")
    assert facts.receiver.organisation_her_id == MUNICIPALITY
    assert facts.patient is not None
    number = identity_number(facts.patient.number)
    assert number.synthetic
    assert number.valid
    endpoint = Endpoint(her_ids=(NURSING,), transport="memory", format="plo-1.6")
    partner = Partner(name="Kommunen", her_ids=(NURSING,))
    production = Route(partner, endpoint, "production")
    assert environment_refusal(facts, production) == "routing.test-to-production", (
        "also without our own refusal"
    )


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ({"*"}, "DIALOG_NOTAT"),
        ({"DIALOG_SVAR", "LOG_INNLAGT"}, "DIALOG_SVAR"),
        ({"LOG_INNLAGT"}, None),
        (set(), None),
    ],
)
def test_it_goes_as_what_the_endpoint_takes(taken: set[str], expected: str | None) -> None:
    assert type_for(taken) == expected


async def test_the_same_request_several_times_at_once_is_done_once(
    tmp_path: Path, authority: Authority
) -> None:
    async with house(tmp_path, authority, partner={"environment": "test"}) as made:
        answers = await asyncio.gather(
            *(made.test("message", **{"Idempotency-Key": "at-once"}) for _ in range(6))
        )
        assert {answer.status_code for answer in answers} == {202}
        (id,) = {answer.json()["message"] for answer in answers}
        assert [line.act for line in made.audit()] == ["trial-sent"]
        assert len([each for each in made.services.reader.trail(id) if each.code == "action.trial-sent"]) == 1
