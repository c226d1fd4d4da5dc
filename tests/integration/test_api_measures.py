"""Over real HTTP: figures, charts and annotations of measures, for operators only; and the same from a terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.cli import cli
from gateway.fhir.validate import validate
from gateway.ledger import times
from gateway.ledger.session import Session
from gateway.measures.definitions import MEASURES
from gateway.records import counted
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from tests.support.live_server import live_server

TOWN, TRUST = "2000", "1000"
BEGIN = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOTE = {"by": "Kari Leder", "day": "2026-03-30", "stage": "utføre", "text": "Varsel fra akuttmottaket"}
SVG = "{http://www.w3.org/2000/svg}"


def keep_stays(session: Session) -> None:
    """Twenty stays a week for 24 weeks; a notice in time in 12 of them, in 18 from the thirteenth on."""
    for number in range(24 * 20):
        week, place = divmod(number, 20)
        admitted = BEGIN + timedelta(weeks=week, hours=place)
        stay: dict[str, Any] = {
            "stay_id": f"stay-{number:04}", "patient_key": f"patient-{number}", "trust_her": TRUST,
            "municipality_her": TOWN, "state": "ute", "began_at": times.of(admitted),
            "admitted_at": times.of(admitted), "admitted_is_day": 0, "ready_at": None, "ready_is_day": 0,
            "ended_at": times.of(admitted + timedelta(days=3)), "ended_is_day": 0, "ended_day": "2026-01-01",
            "discharged_to": "1", "doubts": "[]", "looked_on": "2026-01-01",
        }  # fmt: skip
        session.run("keep_stay", **stay)
        counted.mark(session, stay["patient_key"], times.now())
        session.run("keep_stay_municipality", stay_id=stay["stay_id"], municipality_her=TOWN)
        told = admitted + timedelta(hours=5 if place < (12 if week < 12 else 18) else 30)
        session.run(
            "keep_clock", clock_id=f"clock-{number}", stay_id=stay["stay_id"], municipality_her=TOWN, kind="notice",
            owner_her=TRUST, about=None, started_at=times.of(admitted), started_is_day=0,
            due_at=times.of(admitted + timedelta(hours=24)), warn_at=None, state="met", state_after="met",
            stopped_at=times.of(told), stopped_by=None, source="", notes="[]", alarmed=0, settled_at=None,
        )  # fmt: skip


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    content = {
        "gateway": {"ledger": f"sqlite:{folder / 'ledger.db'}", "demo": True},
        "partner": [{"name": "Lyngvik kommune", "her_ids": [TOWN]}, {"name": "Havnsund", "her_ids": [TRUST]}],
    }
    app = create_app(from_content(content, folder=folder))

    @app.post("/keep")
    async def keep() -> None:
        services: GatewayServices = app.state.services
        await services.ledger.write(keep_stays)

    with live_server(app) as url:
        assert httpx.post(f"{url}/keep", trust_env=False, timeout=60).is_success
        yield url


@pytest.fixture
def client(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, trust_env=False, timeout=60) as made:
        yield made


def test_every_measure_is_listed_with_its_words(client: httpx.Client) -> None:
    listed = client.get("/ops/measures").json()["measures"]
    assert [each["id"] for each in listed] == list(MEASURES)
    assert all(each["title"] and each["description"] for each in listed)


def test_figures_in_all_by_week_and_by_municipality(client: httpx.Client) -> None:
    answer = client.get("/ops/measures/notice-within-24-hours", params={"by": "municipality"}).json()
    (stratum,) = answer["strata"]
    assert (stratum["stratum"], stratum["name"]) == (TOWN, "Lyngvik kommune")
    assert stratum["total"]["numerator"] == 12 * 12 + 12 * 18
    assert [each["value"] for each in stratum["periods"][:2]] == [0.6, 0.6]
    assert len(stratum["periods"]) == 24
    monthly = client.get("/ops/measures/notice-within-24-hours", params={"period": "month"}).json()
    assert [each["period"] for each in monthly["strata"][0]["periods"]][:2] == ["2026-01", "2026-02"]


def test_a_time_before_the_end_counts_what_was_due_by_then(client: httpx.Client) -> None:
    asked = {"asOf": "2026-01-05T10:30:00Z", "until": "2026-01-11"}
    total = client.get("/ops/measures/epikrise-within-7-days", params=asked).json()["strata"][0]["total"]
    assert total["denominator"] == 0 and total["notYetDue"] == 20


def test_the_table_and_the_reports(client: httpx.Client) -> None:
    answer = client.get("/ops/measures/notice-within-24-hours/table")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 25 and rows[1]["value"] == "0.6"
    bundle = client.get("/ops/measures/notice-within-24-hours/fhir", params={"by": "municipality"})
    assert bundle.headers["content-type"].startswith("application/fhir+json")
    reports = [entry["resource"] for entry in bundle.json()["entry"]]
    assert len(reports) == 24
    assert not validate(reports[0])
    assert reports[0]["group"][0]["measureScore"]["value"] == 60


def test_an_annotation_stands_in_the_chart_until_it_is_taken_back(client: httpx.Client) -> None:
    note = NOTE | {"effect": "freeze", "measure": "notice-within-24-hours"}
    key = {"Idempotency-Key": "one"}
    made, again = (client.post("/ops/measures/annotations", json=note, headers=key) for _ in range(2))
    assert made.status_code == again.status_code == 201 and made.json() == again.json()
    chart = client.get("/ops/measures/notice-within-24-hours/chart")
    assert chart.headers["content-type"] == "image/svg+xml"
    drawn = etree.fromstring(chart.content)
    words = " ".join(text.text or "" for text in drawn.iter(f"{SVG}text"))
    assert "Varsel fra akuttmottaket" in words and "Signal" in words
    said = client.get(
        "/ops/measures/notice-within-24-hours/chart", headers={"Accept": "application/json"}
    ).json()
    assert said["signal"] and said["phases"][0]["frozen"] and said["phases"][0]["median"] == 0.6
    other = client.get("/ops/measures/epikrise-within-7-days/chart").text
    assert "Varsel fra akuttmottaket" not in other
    number = made.json()["annotation"]
    back = {"by": "Kari Leder", "why": "feil dato"}
    assert client.post(f"/ops/measures/annotations/{number}/remove", json=back).is_success
    assert client.post(f"/ops/measures/annotations/{number}/remove", json=back).status_code == 404
    assert client.get("/ops/measures/annotations").json() == {"annotations": []}


BAD_NOTES = [
    NOTE | {"text": "gjelder 14834120012"},
    NOTE | {"text": "x" * 121},
    NOTE | {"text": " "},
    NOTE | {"stage": "hvile"},
    NOTE | {"day": "2026-02-30"},
    NOTE | {"effect": "vanish"},
    NOTE | {"measure": "no-such-measure"},
    NOTE | {"more": 1},
    {name: value for name, value in NOTE.items() if name != "by"},
]


@pytest.mark.parametrize("note", BAD_NOTES)
def test_a_bad_annotation_changes_nothing_and_is_not_repeated(
    client: httpx.Client, note: dict[str, Any]
) -> None:
    answer = client.post("/ops/measures/annotations", json=note)
    assert answer.status_code in (400, 422)
    assert "14834120012" not in answer.text and "hvile" not in answer.text
    assert client.get("/ops/measures/annotations").json() == {"annotations": []}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ops/measures/no-such", 404),
        ("/ops/measures/no-such/chart", 404),
        ("/ops/measures/notice-within-24-hours?period=day", 400),
        ("/ops/measures/notice-within-24-hours?by=name", 400),
        ("/ops/measures/notice-within-24-hours?asOf=2026-01-01T00:00:00", 400),
        ("/ops/measures/notice-within-24-hours?since=0000-01-01", 400),
        ("/ops/measures/notice-within-24-hours?stratum=%3Cscript%3E", 400),
        ("/ops/measures/notice-within-24-hours/chart?by=municipality&stratum=77", 404),
        ("/ops/measures/notice-within-24-hours?since=1900-01-01&until=9999-12-31", 400),
        ("/ops/measures/annotations/1", 404),
        ("/ops/measures/notice-within-24-hours?by=age-group&municipality=2000", 400),
    ],
)
def test_bad_questions_get_a_clear_answer(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "script" not in answer.text


def test_measures_are_read_as_fhir(client: httpx.Client) -> None:
    read = client.get("/fhir/Measure/notice-within-24-hours")
    assert read.status_code == 200 and read.json()["title"] == "Varsel til kommunen innen 24 timer"
    assert client.get("/fhir/Measure").json()["total"] == len(MEASURES)
    assert client.get("/fhir/Measure/no-such").status_code == 404


def test_published_reports_are_read_and_searched_as_fhir(client: httpx.Client) -> None:
    act = {"by": "Kari Leder", "why": "månedsmøte"}
    first = client.post("/ops/measures/publish", json=act).json()["published"]
    assert first > 24
    assert client.post("/ops/measures/publish", json=act).json() == {"published": 0}
    read = client.get("/fhir/MeasureReport/notice-within-24-hours.2026-W02.municipality")
    assert read.status_code == 200 and read.json()["meta"]["versionId"] == "1"
    assert not validate(read.json())
    assert read.json()["group"][0]["measureScore"]["value"] == 60
    asked = {
        "measure": "https://fhir.somlos.no/Measure/notice-within-24-hours|1.0.0",
        "period": "ge2026-01-05",
    }
    found = client.get("/fhir/MeasureReport", params=asked)
    assert found.status_code == 200, found.text
    assert found.json()["total"] == 24 + 6


def test_strangers_see_nothing(base_url: str) -> None:
    with httpx.Client(
        base_url=base_url, trust_env=False, headers={"Host": "evil.example"}, timeout=60
    ) as stranger:
        for path in ("", "/annotations", "/notice-within-24-hours", "/notice-within-24-hours/chart"):
            assert stranger.get(f"/ops/measures{path}").status_code == 401


def test_the_same_from_a_terminal(base_url: str, tmp_path: Path) -> None:
    def somlos(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["measures", *arguments, "--address", base_url, "--lang", "en"])
        assert done.exit_code == 0, done.output
        return done.output

    assert "notice-within-24-hours" in somlos("list")
    assert "60.0 %" in somlos("compute", "notice-within-24-hours")
    assert json.loads(somlos("compute", "notice-within-24-hours", "--format", "json"))["strata"]
    drawing = tmp_path / "chart.svg"
    somlos("chart", "notice-within-24-hours", "--output", str(drawing))
    assert etree.fromstring(drawing.read_bytes()).get("role") == "img"
    made = json.loads(somlos("annotate", "2026-03-30", "Ny rutine", "--by", "Kari", "--json"))
    assert "Ny rutine" in somlos("annotations")
    httpx.post(
        f"{base_url}/ops/measures/annotations/{made['annotation']}/remove",
        json={"by": "K", "why": "prøve"},
        timeout=60,
    )
    assert CliRunner().invoke(cli, ["measures", "compute", "nope", "--address", base_url]).exit_code == 2
