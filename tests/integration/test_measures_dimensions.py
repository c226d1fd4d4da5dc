"""What a person says of a stay's patient, and which helsefellesskap held whom and when, are strata of every measure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.pathway.calendar import day_of
from gateway.projection.communities import communities_of
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from gateway.settings_pathway import Community
from tests.integration.test_api_measures import BEGIN, TOWN, TRUST, keep_stays
from tests.support.live_server import live_server

WHO = {"by": "Kari Leder", "why": "lest i journalen"}
FIRST = {"name": "Første", "code": "forste", "trusts": [TRUST], "municipalities": [TOWN], "valid_from": "2026-01-01",
         "valid_to": "2026-03-31"}  # fmt: skip
NEXT = {
    "name": "Neste",
    "code": "neste",
    "trusts": [TRUST],
    "municipalities": [TOWN],
    "valid_from": "2026-04-01",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("gateway")
    ledger = {"ledger": f"sqlite:{folder / 'ledger.db'}", "demo": True}
    app = create_app(from_content({"gateway": ledger, "community": [FIRST, NEXT]}, folder=folder))

    @app.post("/keep")
    async def keep() -> None:
        services: GatewayServices = app.state.services
        await services.ledger.write(keep_stays)

    with live_server(app) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as made:
        assert made.post("/keep").is_success
        yield made


def admitted(stay: int) -> date:
    """The first day of a stay of `keep_stays`; it ends three days later."""
    week, place = divmod(stay, 20)
    return day_of(BEGIN + timedelta(weeks=week, hours=place))


def say(
    client: httpx.Client, stay: int, dimension: str, code: str, since: date, until: date | None = None
) -> int:
    body: dict[str, Any] = {**WHO, "dimension": dimension, "code": code, "validFrom": since.isoformat()}
    if until:
        body["validTo"] = until.isoformat()
    return client.post(f"/ops/pathways/stays/stay-{stay:04}/dimensions", json=body).status_code


def strata(client: httpx.Client, by: str, as_of: str = "2027-06-01T00:00:00Z") -> dict[str, int]:
    """How many stays stand in each stratum."""
    asked = {"by": by, "asOf": as_of, "since": "2026-01-01", "until": "2026-12-31"}
    answer = client.get("/ops/measures/notice-within-24-hours", params=asked)
    assert answer.status_code == 200, answer.text
    return {each["stratum"]: each["total"]["denominator"] for each in answer.json()["strata"]}


def test_the_helsefellesskap_is_that_of_the_day_of_discharge(client: httpx.Client) -> None:
    before = sum(admitted(stay) + timedelta(days=3) <= date(2026, 3, 31) for stay in range(480))
    assert 0 < before < 480
    assert strata(client, "helsefellesskap") == {"forste": before, "neste": 480 - before}


def test_which_helsefellesskap_held_both_on_a_day() -> None:
    of = communities_of([Community.model_validate(each) for each in (FIRST, NEXT)])
    days = (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1))
    assert [of(TRUST, TOWN, day) for day in days] == [None, "forste", "forste", "neste"]
    assert of(TRUST, "9999", days[1]) is of("9999", TOWN, days[1]) is of(TRUST, None, days[1]) is None


def test_a_priority_group_holds_from_its_first_day_to_its_last(client: httpx.Client) -> None:
    for stay in (*range(20, 30), *range(240, 250)):
        left = admitted(stay) + timedelta(days=3)
        since = left - timedelta(days=9)
        over = left - timedelta(days=1) if stay >= 246 else left
        assert say(client, stay, "priority-group", "frail-older", since, over) == 200
        if stay < 30:  # said again from the same day on: it was another group
            assert say(client, stay, "priority-group", "severe-mental", since) == 200
    assert strata(client, "priority-group") == {"severe-mental": 10, "frail-older": 6, "unknown": 464}


def test_the_care_level_before_and_after_is_told_once_the_day_is_over(client: httpx.Client) -> None:
    for stay in range(60, 72):
        came = admitted(stay)
        for code, since in (("1", -100), ("3", 3 + 10), ("4", 3 + 60), ("0", 3 + 170)):
            assert say(client, stay, "care-level", code, came + timedelta(days=since)) == 200
    found = {
        by: {code: number for code, number in strata(client, by).items() if code != "unknown"}
        for by in ("care-level-before", "care-level", "care-level-28", "care-level-90", "care-level-180")
    }
    codes = ("1", "1", "3", "4", "0")
    assert found == {by: {code: 12} for by, code in zip(found, codes, strict=True)}
    assert strata(client, "care-level-90", f"{admitted(60) + timedelta(days=80)}T00:00:00Z").keys() == {
        "unknown"
    }


@pytest.mark.parametrize(
    ("dimension", "code", "days", "status"),
    [
        ("priority-group", "no-such-group", 0, 400),
        ("care-level", "5", 0, 400),
        ("admission-urgency", "planned", 1, 400),  # not the day of the admission
        ("admission-urgency", "planned", 0, 200),
        ("municipality", "2000", 0, 400),
    ],
)
def test_only_codes_of_the_code_system_and_only_its_own_day(
    client: httpx.Client, dimension: str, code: str, days: int, status: int
) -> None:
    assert say(client, 99, dimension, code, admitted(99) + timedelta(days=days)) == status
