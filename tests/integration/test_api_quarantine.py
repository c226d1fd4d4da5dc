"""Over real HTTP: is FHIR that lacks what PLO demands refused at the door, and can what is held be decided about?"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.cli import cli
from gateway.fhir import json as fhir_json
from tests.support import born_bundles as by_hand
from tests.support.born import message
from tests.support.live_server import live_server
from tests.support.messages import HOSPITAL, MUNICIPALITY, NURSING, WARD
from tests.support.two_partners import HOSPITAL_SECRET, client_of, configured, post_fhir

LIMIT_S = 60.0
ACT = ["--why", "har lest tapsrapporten", "--by", "Kari Drift"]


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with live_server(create_app(configured(tmp_path_factory.mktemp("gateway")))) as url:
        yield url


@pytest.fixture
def hospital(base_url: str) -> Iterator[httpx.Client]:
    with client_of(base_url, HOSPITAL_SECRET) as client:
        yield client


def born(message_type: str, *resources: dict[str, Any]) -> dict[str, Any]:
    """A message of the ward to the nursing service, who takes PLO."""
    made = message(message_type, resources)
    made["identifier"]["value"] = f"urn:uuid:{uuid4()}"
    made["entry"][0]["resource"]["id"] = str(uuid4())
    for entry, her_ids in zip(made["entry"][2:4], ((HOSPITAL, WARD), (MUNICIPALITY, NURSING)), strict=True):
        entry["resource"]["identifier"][0]["value"] = her_ids[1]
    return made


def a_lost_medication() -> dict[str, Any]:
    """A medication that this type of message has no place for."""
    row = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": "Marevan"},
        **by_hand.ABOUT,
    }
    return born("ORIENTERING_TJENESTETILBUD", by_hand.service("Hjemmesykepleie"), row)


def post(hospital: httpx.Client, bundle: dict[str, Any]) -> httpx.Response:
    return post_fhir(hospital, fhir_json.write(bundle))


def without_timestamp() -> dict[str, Any]:
    bundle = born("LOG_INNLAGT", by_hand.stay())
    del bundle["timestamp"]
    return bundle


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (without_timestamp, "Bundle.timestamp"),
        (lambda: born("LOG_INNLAGT", by_hand.stay(period={"end": "2026-03-09"})), "Encounter.period.start"),
        (
            lambda: born("LOG_UTSKRIVNINGSKLAR", by_hand.stay()),
            "Encounter.extension('https://fhir.somlos.no/StructureDefinition/discharge-ready').valueDateTime",
        ),
        (lambda: born("ORIENTERING_TJENESTETILBUD", by_hand.stay()), "EpisodeOfCare"),
    ],
)
def test_what_plo_demands_is_refused_at_the_door_by_its_path(
    hospital: httpx.Client, make: Callable[[], dict[str, Any]], path: str
) -> None:
    answer = post(hospital, make())
    assert 400 <= answer.status_code < 500
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert path in json.dumps(outcome)
    assert "translate.missing-content" in json.dumps(outcome)


def test_logistics_of_the_stay_alone_is_taken(hospital: httpx.Client) -> None:
    assert post(hospital, born("LOG_INNLAGT", by_hand.stay())).status_code == 202


def held(base_url: str, hospital: httpx.Client) -> dict[str, Any]:
    """A delivery that is held."""
    known = set(_ids(base_url))
    answer = post(hospital, a_lost_medication())
    assert answer.status_code == 202, answer.text
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        found = httpx.get(f"{base_url}/ops/quarantine", timeout=60).json()["quarantine"]
        new = [each for each in found if each["delivery"] not in known]
        if new:
            return new[0]  # type: ignore[no-any-return]
        time.sleep(0.02)  # the gateway says nothing by itself over HTTP
    raise AssertionError("nothing is held")


def _ids(base_url: str) -> list[int]:
    return [
        each["delivery"] for each in httpx.get(f"{base_url}/ops/quarantine", timeout=60).json()["quarantine"]
    ]


def ops(base_url: str, *words: str) -> dict[str, Any]:
    """What `somlos ops` says."""
    ran = CliRunner().invoke(cli, ["ops", *words, "--address", base_url, "--json"])
    assert ran.exit_code == 0, ran.output
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["release"], None),
        (["forward", "--note", "Legemiddellisten står ikke her: ring oss."], None),
        (["refuse"], "operations.refused"),
    ],
)
def test_a_person_decides_at_the_terminal(
    base_url: str, hospital: httpx.Client, words: list[str], reason: str | None
) -> None:
    one = held(base_url, hospital)
    assert one["reason"] == "routing.quarantined"
    assert {"release", "forward", "refuse"} <= set(one["actions"])
    assert one["delivery"] in [each["delivery"] for each in ops(base_url, "quarantine")["quarantine"]]
    name, *rest = words
    told = ops(base_url, name, str(one["delivery"]), *rest, *ACT)
    assert (told["state"] != "handed") == (reason is None)
    if reason is not None:
        assert told["reason"] == reason
    assert one["delivery"] not in _ids(base_url)
    assert httpx.get(f"{base_url}/ops/check", timeout=60).json()["well"]


def test_an_unknown_delivery_cannot_be_released(base_url: str) -> None:
    answer = httpx.post(f"{base_url}/ops/deliveries/999999/release", json={"by": "x", "why": "y"}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (404, "api.not-found")
