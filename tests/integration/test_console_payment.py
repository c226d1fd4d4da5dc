"""Does the page of a stay tell the basis for payment as the API does, in both languages, to those concerned only?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any, get_args

import httpx
import msgspec
import pytest

from gateway.accounts.roles import RIGHTS, Viewer
from gateway.console.catalogue import TEXTS
from gateway.console.pathways import stay_for
from gateway.console.texts import ENGLISH, NORWEGIAN, Texts
from gateway.pathway.payment import ConditionCode, ConditionState, DayState
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, SERVICES, Organisation
from gateway.simulator.compose import compose
from gateway.simulator.steps import story
from gateway.simulator.template import Clock
from tests.integration.test_api_pathways import WHO, message_of, stays
from tests.support.pathway_house import SOLVEIG, PathwayHouse, pathway_house

BEGINS = date(2026, 3, 24)
ADMITTED = ("innlagt", "innleggelsesrapport", "varsel")
RATE = {"valid_from": "2026-03-26", "valid_to": "2026-03-29", "nok": "5000.50", "source": "oppdiktet sats"}


@dataclass
class Ready:
    """A patient who was declared ready, and lies in hospital still."""

    house: PathwayHouse
    operator: httpx.Client
    stay: str

    def basis(self) -> list[dict[str, Any]]:
        """What the API tells."""
        found: list[dict[str, Any]] = self.operator.get(f"/ops/pathways/stays/{self.stay}/basis").json()[
            "basis"
        ]
        return found

    def card(self, language: str = "no") -> str:
        """What the page shows; empty: no card."""
        answer = self.operator.get(f"/console/pathways/{self.stay}", params={"lang": language})
        assert answer.status_code == 200
        assert SOLVEIG not in answer.text
        return unescape(answer.text.partition('aria-labelledby="payment"')[2].partition("</section>")[0])

    def tell_bjorkelia_too(self) -> None:
        """The same patient's notice to a second municipality."""
        step = next(each for each in story() if each.key == "klar")
        other = msgspec.structs.replace(step, key="klar-to", receiver="bjorkelia")
        message = compose(other, {"klar-to": "0f3c1d52-6d3f-4d29-9d0c-0a4f2b8f7e11"}, Clock(BEGINS))
        with self.house.client("hospital") as client:
            answer = client.post(
                "/messages", content=message.body, headers={"Content-Type": message.content_type}
            )
        assert answer.status_code == 202, answer.text
        self.house.wait()


@pytest.fixture
def ready(tmp_path: Path) -> Iterator[Ready]:
    with pathway_house(tmp_path, BEGINS, day_rate=[RATE]) as house, house.client("operator") as operator:
        house.hand_in(*ADMITTED, "klar")
        (stay,) = stays(operator)
        yield Ready(house, operator, stay["id"])


def viewer_of(organisation: Organisation) -> Viewer:
    own = {each.her_id for each in SERVICES.values() if each.organisation == organisation}
    return Viewer(None, frozenset(RIGHTS), frozenset({organisation.her_id, *own}))


def days_of(card: str) -> list[str]:
    """Every day of the last list of a card, the spans spelled out."""
    found = []
    for row in re.findall(r"<li>(.*?)</li>", card.rpartition("</h4>")[2], re.S):
        said = re.findall(r"(\d+)\.(\d+)\.(\d{4})", row)
        days = [date(int(year), int(month), int(day)) for day, month, year in said]
        length = (days[-1] - days[0]).days + 1
        assert f"{length} d" in row
        found += [(days[0] + timedelta(days=n)).isoformat() for n in range(length)]
    return found


def tags_of(card: str) -> list[str]:
    return [
        word.strip() for word in re.findall(r'<span class="tag [^"]*"><svg.*?</svg>(.*?)</span>', card, re.S)
    ]


@pytest.mark.parametrize(("language", "texts"), [("no", NORWEGIAN), ("en", ENGLISH)])
def test_the_card_says_what_the_api_says(ready: Ready, language: str, texts: Texts) -> None:
    answer = {**WHO, "message": message_of(ready.house, "klar"), "code": "6", "day": "2026-03-28"}
    assert ready.operator.post("/ops/pathways/answers", json=answer).status_code == 200
    (basis,) = ready.basis()
    card = ready.card(language)
    states = [basis["verdict"], *(each["state"] for each in basis["conditions"])]
    assert tags_of(card) == [texts(f"payment.state.{state}") for state in states]
    assert len(set(states)) > 1, "the story tells conditions apart"
    for each in basis["conditions"]:
        assert texts(f"payment.condition.{each['code']}") in card
        assert (f'lang="nb">{each["source"]}<' in card) == (each["source"] != "the messages")
    assert days_of(card) == [each["day"] for each in basis["days"]]
    assert {each["state"] for each in basis["days"]} == {"no-answer", "cannot-receive"}
    for each in basis["days"]:
        assert texts(f"payment.day.{each['state']}") in card
    assert card.count("oppdiktet sats") == 2, "twice two days that are alike, at one rate"
    assert ("5000,50 kr" if language == "no" else "NOK 5000.50") in card
    assert texts("payment.rate.none") in card, "after the last day of the rate"
    assert f'{texts("payment.from")} <a href="/console/messages/{basis["notice"]}">26.3.2026</a>' in card
    assert basis["fromDay"] == "2026-03-26"
    assert texts("payment.ongoing") in card
    assert texts("payment.never") in card


def test_what_a_person_settles_and_the_end_of_the_stay_show_on_the_card(ready: Ready) -> None:
    before = ready.card()
    condition = {**WHO, "condition": "declared-ready", "met": False}
    address = f"/ops/pathways/stays/{ready.stay}/conditions"
    assert ready.operator.post(address, json=condition).status_code == 200
    ready.house.hand_in("utskrevet")
    after = ready.card()
    assert (tags_of(before)[0], tags_of(after)[0]) == ("Kan ikke avgjøres", "Ikke oppfylt")
    assert "Minst ett vilkår er ikke oppfylt." in after
    assert "Pågår fortsatt" not in after
    assert days_of(after) == [each["day"] for each in ready.basis()[0]["days"]]
    assert len(days_of(after)) < len(days_of(before))


def test_a_municipality_sees_what_is_towards_itself_only(ready: Ready) -> None:
    ready.tell_bjorkelia_too()
    assert {each["municipality"] for each in ready.basis()} == {LYNGVIK.her_id, BJORKELIA.her_id}

    def seen(organisation: Organisation) -> set[str] | None:
        page = stay_for(
            ready.house.services, viewer_of(organisation), ready.stay, datetime.now(UTC), NORWEGIAN
        )
        return {each.municipality.her for each in page.bases} if page else None

    assert seen(HOSPITAL) == {LYNGVIK.her_id, BJORKELIA.her_id}
    assert seen(LYNGVIK) == {LYNGVIK.her_id}
    assert seen(BJORKELIA) is None, "the stay is not its own"


def test_without_a_ready_notice_there_is_no_card(tmp_path: Path) -> None:
    with pathway_house(tmp_path) as house, house.client("operator") as operator:
        house.hand_in(*ADMITTED)
        (stay,) = stays(operator)
        page = operator.get(f"/console/pathways/{stay['id']}").text
        assert 'id="clocks"' in page
        assert 'id="payment"' not in page


def test_every_code_of_a_basis_has_a_name() -> None:
    for prefix, codes in (
        ("condition", get_args(ConditionCode)),
        ("state", get_args(ConditionState)),
        ("day", get_args(DayState)),
    ):
        assert [code for code in codes if f"payment.{prefix}.{code}" not in TEXTS] == []
