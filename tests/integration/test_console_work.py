"""Can people do their work in the console: see what needs them, act, find, report, and pause a partner?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway.ledger.audit import AuditFilter, AuditReader
from gateway.ledger.store import Ledger
from gateway.services import GatewayServices
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, PATIENTS, SERVICES, Organisation
from tests.browser import seed
from tests.browser.seed import KEYS, Seed, Written
from tests.support.live_server import live_server

PATIENT = [
    secret for each in PATIENTS.values() for secret in (each.number, each.family_name, each.given_name)
]
ENDPOINT = SERVICES["lyngvik"].her_id


@dataclass
class Desk:
    """A console without sign-in on this machine, and somebody who works with it."""

    client: httpx.Client
    services: GatewayServices
    messages: dict[str, Written]

    def page(self, path: str) -> str:
        return self.client.get(path).text

    def post(self, path: str, form: dict[str, str], page: str = "") -> httpx.Response:
        token = re.search(r'name="form_token" value="([^"]+)"', self.page(page or path))
        assert token
        origin = {"origin": str(self.client.base_url).rstrip("/")}
        return self.client.post(path, data={"form_token": token[1]} | form, headers=origin)

    def delivery(self, state: str) -> int:
        query = "SELECT d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message WHERE m.id = :id"
        row = self.services.ledger.reading().execute(query, {"id": self.messages[state].id}).fetchone()
        return int(row[0])

    def state(self, delivery: int) -> str:
        item = self.services.operations.reader.item(delivery)
        assert item is not None
        return item.state


@pytest.fixture
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = seed.ledger_at(tmp_path_factory.mktemp("desk"))
    yield ledger
    ledger.close()


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    messages = seed.working_day(ledger)
    services = seed.services(ledger, seed.settings())
    with (
        live_server(seed.application(services)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        yield Desk(client, services, messages)


def test_home_says_what_needs_a_person_and_leads_there(desk: Desk) -> None:
    page = desk.page("/console")
    for state, section in (("overdue", "Mangler kvittering"), ("handed", "Stanset")):
        assert section in page
        assert f'href="/console/messages/{desk.messages[state].id}"' in page
    assert "Mottaker svarer ikke" in page
    assert "Hvem handler" in page
    assert "Neste steg" in page
    assert f'href="/console/messages/{desk.messages["sent"].id}"' not in page, "what goes by itself"
    assert not [secret for secret in PATIENT if secret in page]


def test_home_says_so_when_all_is_well(ledger: Ledger) -> None:
    Seed(ledger).tell(
        ending_at=datetime.now(UTC) - timedelta(minutes=1),
        spread=timedelta(minutes=30),
    )
    services = seed.services(ledger, seed.settings())
    with live_server(seed.application(services)) as address:
        page = httpx.get(f"{address}/console", trust_env=False, timeout=60).text
    assert "Ingenting trenger et menneske nå" in page


def test_acting_is_previewed_then_done_once_and_stands_in_the_trail(desk: Desk) -> None:
    delivery = desk.delivery("rejected")
    path = f"/console/deliveries/{delivery}/resend"
    preview = desk.page(path)
    assert "Dette skjer" in preview
    assert desk.state(delivery) == "rejected", "looking changes nothing"
    key = re.search(r'name="key" value="(\w+)"', preview)
    assert key
    for why in ("", "x", "gjelder 14834120012"):
        assert desk.post(path, {"why": why, "key": key[1]}).status_code == 422
    assert desk.state(delivery) == "rejected"
    for _ in range(2):
        form = {"why": "mottakeren er oppe igjen", "key": key[1]}
        answer = desk.post(path, form, page="/console/find")
        assert answer.status_code == 303, "the same form twice is the same action"
    assert desk.state(delivery) == "queued"
    page = desk.page(answer.headers["location"])
    assert "Meldingen er lagt i kø på nytt" in page
    assert page.count("ba om ny sending: mottakeren er oppe igjen") == 1


@pytest.mark.parametrize(
    ("action", "state", "becomes"), [("cancel", "parked", "cancelled"), ("hand-over", "queued", "handed")]
)
def test_cancelling_and_handing_over(desk: Desk, action: str, state: str, becomes: str) -> None:
    delivery = desk.delivery(state)
    assert (
        desk.post(f"/console/deliveries/{delivery}/{action}", {"why": "avtalt på telefon"}).status_code == 303
    )
    assert desk.state(delivery) == becomes


def test_redirecting_to_another_receiver(desk: Desk) -> None:
    delivery = desk.delivery("handed")
    path = f"/console/deliveries/{delivery}/redirect"
    assert f'value="{ENDPOINT}"' in desk.page(path)
    assert desk.post(path, {"why": "flyttet", "to": "99"}).status_code == 422
    assert desk.post(path, {"why": "pasienten er flyttet", "to": ENDPOINT}).status_code == 303
    deliveries = desk.services.reader.deliveries(desk.messages["handed"].id)
    assert [each.receiver_her for each in deliveries][1:] == [ENDPOINT]


def test_what_the_receiver_has_is_sent_again_only_expressly(desk: Desk) -> None:
    delivery = desk.delivery("acknowledged")
    path = f"/console/deliveries/{delivery}/resend"
    assert "får den en gang til" in desk.page(path)
    assert desk.post(path, {"why": "mistet den"}).status_code == 422
    assert desk.post(path, {"why": "mistet den", "again": "1"}).status_code == 303


def test_what_makes_no_sense_is_said_before(desk: Desk) -> None:
    page = desk.page(f"/console/deliveries/{desk.delivery('cancelled')}/resend")
    assert "Det går ikke nå" in page
    assert "<form" not in page.partition("<main")[2]


def test_a_correction_of_what_never_arrived_says_so(desk: Desk) -> None:
    page = desk.page(f"/console/deliveries/{desk.delivery('handed')}/resend")
    assert "Send den opprinnelige meldingen på nytt først" in page


@pytest.mark.parametrize("what", ["0/resend", "x/resend", "1/explode"])
def test_no_such_action(desk: Desk, what: str) -> None:
    assert desk.client.get(f"/console/deliveries/{what}").status_code == 404


def test_the_deviation_report_holds_the_facts_and_no_patient(desk: Desk) -> None:
    message = desk.messages["rejected"]
    text = desk.page(f"/console/messages/{message.id}/report.txt")
    answer = desk.client.get(f"/console/messages/{message.id}/report.json")
    report = json.loads(answer.text)
    row = desk.services.reader.message(message.id)
    assert row is not None
    assert f'filename="avvikspakke-{message.id}.json"' in answer.headers["content-disposition"]
    assert report["message"]["msgId"] == row.message_id
    assert report["message"]["type"] == row.message_type
    assert report["link"].endswith(f"/console/messages/{message.id}")
    assert report["receipts"][0]["errors"][0]["code"] == "E35"
    assert len(report["trail"]) == len(desk.services.reader.trail(message.id))
    assert report["deliveries"][0]["host"] == f"epj-{LYNGVIK.her_id}.example"
    for line in ("MELDING", "LEVERING", "KVITTERINGER", "HENDELSER", row.message_id, "E35"):
        assert line in text
    for secret in PATIENT:
        assert secret not in text
        assert secret not in answer.text
    assert desk.client.get(f"/console/messages/{message.id}/report.exe").status_code == 404


def test_finding_by_id_conversation_type_partner_and_time(desk: Desk) -> None:
    message = desk.services.reader.message(desk.messages["rejected"].id)
    assert message is not None

    def found(query: str) -> list[str]:
        return re.findall(r'id="m-([0-9a-f-]{36})"', desk.page(f"/console/find?{query}"))

    assert message.id in found(f"id={message.id}")
    assert found(f"id={message.message_id}")[0] in {message.id, *found(f"id={message.message_id}")}
    assert message.id in found(f"id={message.conversation_id or message.message_id}")
    assert message.id in found(f"type={message.message_type}")
    assert found("type=HENVISNING") == []
    assert message.id in found("partner=88820001")
    today = datetime.now(UTC).date()
    assert found(f"since={today - timedelta(days=1)}")
    assert found(f"since={today + timedelta(days=2)}") == []
    assert found(f"until={today - timedelta(days=3)}") == []
    assert found("since=tull") == []
    assert found("id=finnes-ikke") == []


def test_an_identity_number_is_not_looked_for_in_an_address(desk: Desk) -> None:
    number = PATIENTS["solveig"].number
    page = desk.page(f"/console/find?id={number}")
    assert number not in page


def test_finding_a_patients_messages(desk: Desk) -> None:
    patient = PATIENTS["solveig"]
    form = {"number": f" {patient.number[:6]} {patient.number[6:]} "}
    answer = desk.post("/console/find/patient", form, page="/console/find")
    assert answer.status_code == 200
    found = set(re.findall(r'id="m-([0-9a-f-]{36})"', answer.text))
    rows = desk.services.ledger.reading().execute(
        "SELECT id FROM messages WHERE patient_key = :key AND is_receipt = 0 ORDER BY sequence DESC LIMIT 200",
        {"key": KEYS.of(patient.number)},
    )
    assert found
    assert found == {row["id"] for row in rows.fetchall()}
    assert not [secret for secret in PATIENT if secret in answer.text]
    for wrong in ("", "123", "abcdefghijk"):
        assert desk.post("/console/find/patient", {"number": wrong}, page="/console/find").status_code == 422


def test_pausing_draining_and_resuming_an_endpoint(desk: Desk) -> None:
    for change, condition in (("pause", "paused"), ("drain", "draining"), ("resume", "active")):
        path = f"/console/partners/{ENDPOINT}/{change}"
        assert "Dette skjer" in desk.page(path)
        assert desk.post(path, {"why": ""}).status_code == 422
        assert desk.post(path, {"why": "flytter til ny server"}).status_code == 303
        assert desk.services.operations.endpoint(ENDPOINT).condition in (condition, "drained")
    acts = [line.act for line in AuditReader(desk.services.ledger).lines(AuditFilter())]
    assert acts[:3] == ["endpoint-resumed", "endpoint-drained", "endpoint-paused"]
    assert desk.client.get("/console/partners/99/pause").status_code == 404
    assert desk.client.get(f"/console/partners/{ENDPOINT}/explode").status_code == 404


def test_certificates_tell_whose_until_when_and_what_stops(desk: Desk) -> None:
    page = desk.page("/console/partners")

    def part(organisation: Organisation, kind: str) -> str:
        return page.partition(f'id="c-{seed.endpoint_of(organisation)}-{kind}"')[2].partition("</details>")[0]

    soon = part(LYNGVIK, "server")
    assert "Utløper om 12 dager" in soon
    assert "tone-warn" in soon
    assert LYNGVIK.name in soon
    assert "Prøveutstederen AS" in soon
    assert re.search(r'<time datetime="[^"]+Z" title="[^"]+\(Europe/Oslo, (CET|CEST)\)">', soon)
    assert "kan ingenting sendes hit: alle meldingstyper venter, og går til et menneske etter 3 d." in soon
    assert "Siste døgn var det " in soon
    assert "Gyldig, 300 dager igjen" in part(HOSPITAL, "server")
    ours = part(HOSPITAL, "client")
    assert f"brukes også mot {LYNGVIK.name}" in ours
    ended = part(BJORKELIA, "signing")
    assert "Utløpt for 1 dag siden" in ended, "22 hours more than one day"
    assert "tone-bad" in ended
    assert "Utløper i løpet av et døgn" in part(BJORKELIA, "encryption")
    home = desk.page("/console")
    assert "Sertifikat utløper" in home
    assert home.count("Et sertifikat som et endepunkt trenger, utløper snart.") == 2
    assert home.count("Et sertifikat som et endepunkt trenger, er utløpt.") == 1


def test_the_flow_counts_what_went_between_whom(desk: Desk) -> None:
    page = desk.page("/console/flow?span=7d")
    assert "Hvem sender til hvem" in page
    row = desk.services.ledger.reading().execute("SELECT COUNT(*) FROM messages WHERE is_receipt = 0", {})
    assert f'<p class="figure-number">{row.fetchone()[0]}</p>' in page
    narrowed = desk.page("/console/flow?partner=88830001&span=7d")
    assert "Bjørkelia kommune" in narrowed.partition('id="matrix"')[2]
    assert "Lyngvik kommune" not in narrowed.partition('id="matrix"')[2].partition("</section>")[0]
