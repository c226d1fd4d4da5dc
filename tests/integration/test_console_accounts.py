"""Does the console let in those it should, and nobody else; and does it show each person only what is theirs?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from fastapi.routing import APIRoute
from markupsafe import escape

from gateway.accounts import passwords
from gateway.accounts.roles import MAY, ROLES
from gateway.console import create_console
from gateway.console.measures import part_name
from gateway.console.route import ConsoleRoute, is_ours
from gateway.console.texts import ENGLISH, NORWEGIAN
from gateway.errors import ConfigurationError, Refusal
from gateway.ledger.audit import AuditFilter, AuditReader
from gateway.measures.reports import DIMENSIONS, Dimension
from gateway.records.resource_reader import ResourceReader
from gateway.services import GatewayServices
from gateway.settings_load import from_content
from gateway.simulator.cast import BJORKELIA, HOSPITAL, LYNGVIK, PATIENTS, SERVICES
from gateway.simulator.conformance.counterpart import Vendor
from gateway.simulator.conformance.play import Plan
from tests.browser import seed
from tests.browser.seed import Seed
from tests.support.accounts import PASSWORD, cheap_passwords, make
from tests.support.live_server import live_server

PATIENT = [
    secret for each in PATIENTS.values() for secret in (each.number, each.family_name, each.given_name)
]


@dataclass
class Visitor:
    """Somebody with a browser."""

    client: httpx.Client

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def post(self, path: str, form: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """As a page of ours would send it."""
        headers = {"origin": str(self.client.base_url).rstrip("/")} | more.pop("headers", {})
        return self.client.post(path, data=form or {}, headers=headers, **more)

    def token(self) -> str:
        """What the forms of this session carry."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get("/console/account").text)
        assert found
        return found[1]

    def act(self, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        return self.post(path, {"form_token": self.token()} | (form or {}))

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return self.post("/console/sign-in", {"name": name, "password": password, "next": "/console"})


@dataclass
class House:
    """A console with sign-in."""

    address: str
    services: GatewayServices

    @contextmanager
    def visitor(self, name: str = "") -> Iterator[Visitor]:
        with httpx.Client(base_url=self.address, trust_env=False, timeout=60) as client:
            visitor = Visitor(client)
            if name:
                assert visitor.sign_in(name).status_code == 303
            yield visitor


@pytest.fixture(scope="module", name="cheap_passwords")
def _cheap_passwords() -> Iterator[None]:
    """Many accounts are made here."""
    with cheap_passwords():
        yield


def test_passwords_are_hashed_as_rfc_9106_recommends() -> None:
    kept = passwords.hashed(PASSWORD)
    assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
    assert passwords.fits(kept, PASSWORD)
    assert not passwords.fits(kept, PASSWORD + "x")
    assert not passwords.fits(None, PASSWORD)
    assert not passwords.is_outdated(kept)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, cheap_passwords: None) -> Iterator[House]:
    """A console with an account for each role, and for each organisation of the story."""
    ledger = seed.ledger_at(tmp_path_factory.mktemp("house"))
    Seed(ledger).tell(ending_at=datetime.now(UTC) - timedelta(hours=1), spread=timedelta(hours=1))
    seed.project(ledger)
    configured = seed.settings(demo=False, sign_in=True)
    services = seed.services(ledger, configured)
    for role in ROLES:
        make(services.accounts, role, role, HOSPITAL.name if role == "clinician" else None)
    for organisation in (HOSPITAL, LYNGVIK, BJORKELIA):
        make(services.accounts, f"{organisation.her_id}.drift", "operator", organisation.name)
        make(services.accounts, f"{organisation.her_id}.lege", "clinician", organisation.name)
        make(services.accounts, f"{organisation.her_id}.revisor", "auditor", organisation.name)
    try:
        with live_server(seed.application(services)) as address:
            yield House(address, services)
    finally:
        ledger.close()


def messages(visitor: Visitor, path: str = "/console/flow") -> list[str]:
    return re.findall(r'id="m-([0-9a-f-]{36})"', visitor.get(path).text)


def audited(house: House, **wanted: Any) -> list[str]:
    return [each.act for each in AuditReader(house.services.ledger).lines(AuditFilter(**wanted))]


# --- who gets in


def routes(services: GatewayServices) -> list[APIRoute]:
    return [each for each in create_console(services).routes if isinstance(each, APIRoute)]


def test_every_page_says_which_right_it_needs(house: House) -> None:
    for route in routes(house.services):
        assert isinstance(route, ConsoleRoute), route.path
        assert route.need.right is not None or route.path in (
            "/console/sign-in",
            "/console/static/{name}",
        ), f"{route.path} is open to everybody"


def test_without_signing_in_there_is_only_the_sign_in(house: House) -> None:
    with house.visitor() as stranger:
        for route in routes(house.services):
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            if route.need.right is None:
                continue
            if "GET" in route.methods:
                answer = stranger.get(path)
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/console/sign-in"), path
            else:
                assert stranger.post(path).status_code == 403, path


def test_signing_in_leads_back_to_the_page_that_was_asked_for(house: House) -> None:
    with house.visitor() as visitor:
        answer = visitor.get("/console/refused?before=5")
        assert answer.headers["location"] == "/console/sign-in?next=%2Fconsole%2Frefused%3Fbefore%3D5"
        page = visitor.get(answer.headers["location"]).text
        wanted = re.search(r'name="next" value="([^"]+)"', page)
        assert wanted is not None
        answer = visitor.post(
            "/console/sign-in", {"name": "operator", "password": PASSWORD, "next": wanted[1]}
        )
        assert answer.headers["location"] == "/console/refused?before=5"


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/consoleX", "/\\evil.example", "/console/\\x", ""]
)
def test_signing_in_leads_nowhere_else(house: House, address: str) -> None:
    assert not is_ours(address)
    with house.visitor() as visitor:
        answer = visitor.post("/console/sign-in", {"name": "operator", "password": PASSWORD, "next": address})
        assert answer.headers["location"] == "/console"


@pytest.mark.parametrize(
    ("name", "password"),
    [("operator", "feil"), ("nobody", PASSWORD), ("", ""), ("x" * 5000, "y" * 5000)],
)
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    house: House, name: str, password: str
) -> None:
    with house.visitor() as visitor:
        answer = visitor.post("/console/sign-in", {"name": name, "password": password})
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        assert "er feil, eller kontoen er låst" in answer.text
        assert "sign-in-refused" in audited(house)
    asyncio.run(_unlock(house, "operator"))


async def _unlock(house: House, name: str) -> None:
    await house.services.accounts.enable(name, "test")


def test_the_cookie_is_for_the_browser_alone(house: House) -> None:
    with house.visitor() as visitor:
        cookie = visitor.sign_in("operator").headers["set-cookie"]
        assert cookie.startswith("somlos=")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        secret = cookie.split("=")[1].split(";")[0]
        kept = house.services.ledger.reading().execute("SELECT * FROM sessions", {}).fetchall()
        assert secret not in str([list(row) for row in kept]), "the ledger holds its hash only"


def test_over_tls_the_cookie_has_the_host_prefix(house: House) -> None:
    configured = seed.settings(demo=False, sign_in=True, address="https://somlos.example")
    services = replace(seed.services(house.services.ledger, configured), settings=configured)
    with (
        live_server(seed.application(services)) as address,
        httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
    ):
        assert client.get("/console/sign-in").status_code == 403, "reached by another name"
        headers = {"host": "somlos.example", "origin": "https://somlos.example"}
        answer = client.post(
            "/console/sign-in", data={"name": "operator", "password": PASSWORD}, headers=headers
        )
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-somlos=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        foreign = headers | {"origin": "http://somlos.example"}
        assert client.post("/console/sign-in", data={}, headers=foreign).status_code == 403


def test_a_vendor_is_told_the_address_that_people_write(house: House) -> None:
    """Behind a proxy that does TLS a request itself knows only how the proxy came."""
    configured = seed.settings(demo=False, sign_in=True, address="https://somlos.example")
    services = replace(seed.services(house.services.ledger, configured), settings=configured)
    nowhere = Plan(
        Vendor("http://127.0.0.1:1/", None, "1.0"), "hospital", LYNGVIK.name, (LYNGVIK.her_id, "88820011")
    )
    run = services.plays.start(nowhere, ["silent"], LYNGVIK.name, datetime.now(UTC))
    try:
        with (
            live_server(seed.application(services)) as address,
            httpx.Client(base_url=address, trust_env=False, timeout=60) as client,
        ):
            headers = {"host": "somlos.example", "origin": "https://somlos.example"}
            form = {"name": "operator", "password": PASSWORD}
            cookie = client.post("/console/sign-in", data=form, headers=headers).headers["set-cookie"]
            headers["cookie"] = cookie.partition(";")[0]
            page = client.get(f"/console/workbench/plays/{run.token}", headers=headers)
            assert f"https://somlos.example/plays/{run.token}" in page.text
    finally:
        services.plays.stop()


def test_an_account_is_locked_after_several_mistakes_and_again_open_later(house: House) -> None:
    make(house.services.accounts, "glemsk", "operator")
    with house.visitor() as visitor:
        for _ in range(5):
            assert visitor.sign_in("glemsk", "feil passord").status_code == 401
        assert visitor.sign_in("glemsk").status_code == 401, "locked, though the password is right"
        assert "account-locked" in audited(house, name="glemsk")
        house.services.ledger.write_now(
            lambda session: session.run("lock_account", name="glemsk", until=house.services.ledger.clock())
        )
        assert visitor.sign_in("glemsk").status_code == 303


def test_a_disabled_account_is_out_at_once(house: House) -> None:
    make(house.services.accounts, "sluttet", "operator")
    with house.visitor("sluttet") as visitor:
        assert visitor.get("/console").status_code == 200
        asyncio.run(house.services.accounts.disable("sluttet", "test"))
        assert visitor.get("/console").status_code == 303
        assert visitor.sign_in("sluttet").status_code == 401


def test_a_session_ends_when_its_person_signs_out(house: House) -> None:
    with house.visitor("engineer") as visitor:
        cookies = dict(visitor.client.cookies)
        assert visitor.act("/console/sign-out").status_code == 303
        visitor.client.cookies.update(cookies)
        assert visitor.get("/console").status_code == 303, "the cookie alone is worth nothing any more"


@pytest.mark.parametrize("column", ["seen_at", "until"])
def test_a_session_ends_by_itself(house: House, column: str) -> None:
    with house.visitor("engineer") as visitor:
        assert visitor.get("/console").status_code == 200
        long_ago = house.services.ledger.clock() - 31 * 60 * 1_000_000
        house.services.ledger.write_now(
            lambda session: session._connection.execute(f"UPDATE sessions SET {column} = {long_ago}")
        )
        assert visitor.get("/console").status_code == 303


def test_the_first_password_is_changed_before_anything_else(house: House) -> None:
    first = asyncio.run(house.services.accounts.create("ny", "operator", None, "test"))
    with house.visitor() as visitor:
        assert visitor.sign_in("ny", first).headers["location"] == "/console/account"
        assert visitor.get("/console").headers["location"] == "/console/account"
        weak = ("kort", first, "ny ny ny ny ny ny")
        for new, repeated in (*zip(weak, weak, strict=True), (PASSWORD, "annet")):
            form = {"old": first, "new": new, "repeated": repeated}
            assert visitor.act("/console/account/password", form).status_code == 422
        form = {"old": first, "new": PASSWORD, "repeated": PASSWORD}
        assert visitor.act("/console/account/password", form).status_code == 303
        assert visitor.get("/console").status_code == 200


# --- the person's own wish


def test_a_form_without_the_sessions_token_or_from_elsewhere_changes_nothing(house: House) -> None:
    with house.visitor("operator") as visitor:
        token = visitor.token()
        form = {"form_token": token, "purpose": "danger"}
        id = messages(visitor)[0]
        path = f"/console/messages/{id}/content"
        assert visitor.post(path, {"purpose": "danger"}).status_code == 403
        assert visitor.post(path, form | {"form_token": "x" * 43}).status_code == 403
        assert visitor.post(path, form, headers={"origin": "https://evil.example"}).status_code == 403
        assert visitor.client.post(path, data=form).status_code == 403, "no word about where it comes from"
        assert "content-opened" not in audited(house, message=id)
        with house.visitor("engineer") as other:
            assert visitor.post(path, form | {"form_token": other.token()}).status_code == 403
        assert visitor.post(path, form).status_code == 303
        assert audited(house, message=id) == ["content-opened"]


def test_a_form_of_any_size_is_not_read(house: House) -> None:
    with house.visitor("operator") as visitor:
        form = {"form_token": visitor.token(), "old": "x" * 100_000}
        assert visitor.post("/console/account/password", form).status_code == 413


# --- what each person sees

WRONG_PURPOSES: list[dict[str, str]] = [
    {},
    {"purpose": "nysgjerrig"},
    {"purpose": "other", "words": "kort"},
    {"purpose": "danger", "words": "gjelder 14834120012"},
]


def test_content_needs_a_purpose_and_is_audited(house: House) -> None:
    with house.visitor("operator") as visitor:
        id = messages(visitor)[-1]
        page = visitor.get(f"/console/messages/{id}").text
        assert 'id="xml"' not in page
        assert not [secret for secret in PATIENT if secret in page]
        for wrong in WRONG_PURPOSES:
            answer = visitor.act(f"/console/messages/{id}/content", wrong)
            assert "purpose=missing" in answer.headers["location"]
        assert 'id="xml"' not in visitor.get(f"/console/messages/{id}").text
        answer = visitor.act(f"/console/messages/{id}/content", {"purpose": "deviation", "words": "sak 4711"})
        assert 'id="xml"' in visitor.get(answer.headers["location"]).text
        line = AuditReader(house.services.ledger).lines(AuditFilter(message=id))[0]
        assert (line.act, line.who.name, line.purpose) == (
            "content-opened",
            "operator",
            "deviation: sak 4711",
        )
    with house.visitor("engineer") as other:
        assert 'id="xml"' not in other.get(f"/console/messages/{id}").text, "another person's purpose"
    with house.visitor("operator") as again:
        assert 'id="xml"' not in again.get(f"/console/messages/{id}").text, "another session"


def test_the_words_of_a_goal_are_the_clinicians_after_a_purpose(house: House) -> None:
    row = (
        house.services.ledger.reading()
        .execute(
            "SELECT s.stay_id, g.goal_id FROM stays s JOIN goals g ON g.patient_key = s.patient_key "
            "WHERE s.trust_her = :her LIMIT 1",
            {"her": HOSPITAL.her_id},
        )
        .fetchone()
    )
    assert row is not None, "the story has a goal"
    goal = ResourceReader(house.services.ledger).read("Goal", row["goal_id"], None)
    assert goal is not None
    words, path = str(escape(goal.content["description"]["text"])), f"/console/pathways/{row['stay_id']}"
    with house.visitor("operator") as operator:
        page = operator.get(path).text
        assert 'id="goals"' in page, "operations see that there is a goal"
        told = page.partition('id="goals"')[2].partition("</section>")[0]
        said = re.findall(r"Sagt ([^<·]+?)\s*[·<]", told)
        assert said, "when it was said"
        assert all(re.fullmatch(r"\d{1,2}\.\d{1,2}\.\d{4}", day) for day in said), "a day has no hour"
        assert words not in page
        assert operator.act(f"{path}/goals", {"purpose": "care"}).status_code == 404
        assert words not in operator.get(path).text
    with house.visitor("clinician") as clinician:
        assert words not in clinician.get(path).text
        assert "purpose=missing" in clinician.act(f"{path}/goals", {}).headers["location"]
        assert words not in clinician.get(path).text
        assert clinician.act(f"{path}/goals", {"purpose": "care"}).status_code == 303
        assert words in clinician.get(path).text
        line = AuditReader(house.services.ledger).lines(AuditFilter(act="goals-opened"))[0]
        assert (line.who.name, line.purpose) == ("clinician", "care")
    with house.visitor("clinician") as again:
        assert words not in again.get(path).text, "another session"


def test_a_purpose_lasts_a_while_only(house: House) -> None:
    with house.visitor("operator") as visitor:
        id = messages(visitor)[1]
        visitor.act(f"/console/messages/{id}/content", {"purpose": "danger"})
        assert 'id="xml"' in visitor.get(f"/console/messages/{id}").text
        house.services.ledger.write_now(
            lambda session: session._connection.execute("UPDATE openings SET until = 1")
        )
        assert 'id="xml"' not in visitor.get(f"/console/messages/{id}").text


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_pages_and_no_others(house: House, role: str) -> None:
    with house.visitor(role) as visitor:
        for route in routes(house.services):
            right = route.need.right
            if (
                right is None
                or "{" in route.path
                or "GET" not in route.methods
                or route.path.endswith("/live")
            ):
                continue
            answer = visitor.get(route.path)
            if right in MAY[role]:  # type: ignore[index]
                assert answer.status_code in (200, 303), (role, route.path)
            else:
                assert answer.status_code == 404, (role, route.path)


# --- whose messages


def own(house: House, organisation: Any) -> set[str]:
    """Our ids of what an organisation sends or receives, as the ledger says."""
    partner = house.services.partners.named(organisation.name)
    assert partner is not None
    marks = ",".join("?" * len(partner.her_ids))
    rows = house.services.ledger.reading().execute(
        f"SELECT id FROM messages WHERE sender_her IN ({marks}) OR receiver_her IN ({marks})",
        (*partner.her_ids, *partner.her_ids),  # type: ignore[arg-type]
    )
    return {row["id"] for row in rows.fetchall()}


def everything(house: House) -> set[str]:
    rows = house.services.ledger.reading().execute("SELECT id FROM messages", {}).fetchall()
    return {row["id"] for row in rows}


def places(house: House, foreign: str) -> dict[str, str]:
    """For each part of an address that names something: something of the others'."""
    delivery = house.services.ledger.reading().execute(
        "SELECT d.delivery_id FROM deliveries d JOIN messages m ON m.sequence = d.message WHERE m.id = :id",
        {"id": foreign},
    )
    vendor = Vendor("http://127.0.0.1:9/")  # nobody is there: the play is over at once
    plan = Plan(vendor, "municipality", HOSPITAL.name, (HOSPITAL.her_id, HOSPITAL.her_id))
    run = house.services.plays.start(plan, ["well-behaved"], HOSPITAL.name, datetime.now(UTC))
    return {
        "id": foreign,
        "delivery": str(delivery.fetchone()[0]),
        "her": SERVICES["lyngvik"].her_id,
        "action": "resend",
        "form": "json",
        "change": "pause",
        "stay": _stay_of_others(house),
        "clock": _clock_of(house, _stay_of_others(house)),
        "token": run.token,
    }


def _stay_of_others(house: House) -> str:
    """A stay that Bjørkelia has no part in."""
    rows = house.services.ledger.reading().execute(
        "SELECT stay_id FROM stays WHERE municipality_her = :her", {"her": LYNGVIK.her_id}
    )
    return str(rows.fetchone()["stay_id"])


def _clock_of(house: House, stay: str) -> str:
    """A deadline of a stay."""
    rows = house.services.ledger.reading().execute(
        "SELECT clock_id FROM clocks WHERE stay_id = :stay", {"stay": stay}
    )
    return str(rows.fetchone()["clock_id"])


COMMON = frozenset(
    {"/console/errors/{code}", "/console/mappings/{code}", "/console/static/{name}", "/console/{rest:path}"}
)
"""Pages that are nobody's in particular."""
MEASURES = "/console/measures/{measure}"
"""Every measure is there for everybody; what it counts is one's own."""


@pytest.mark.parametrize("kind", ["drift", "lege", "revisor"])
def test_what_belongs_to_others_does_not_exist(house: House, kind: str) -> None:
    """Every route with something in its address, filled with something of the others', answers 404."""
    foreign = sorted(own(house, LYNGVIK) - own(house, BJORKELIA))[0]
    named = places(house, foreign)
    with house.visitor(f"{BJORKELIA.her_id}.{kind}") as visitor:
        token = visitor.token()
        for route in routes(house.services):
            names = re.findall(r"\{(\w+)(?::\w+)?\}", route.path)
            if route.path in COMMON or route.path.startswith(MEASURES) or not names:
                continue
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: named[part[1]], route.path)
            for method in route.methods:
                form = {"form_token": token, "purpose": "danger", "why": "prøver", "to": HOSPITAL.her_id}
                answer = visitor.post(path, form) if method == "POST" else visitor.get(path)
                assert answer.status_code == 404, (method, path)


@pytest.mark.parametrize("kind", ["drift", "lege", "revisor"])
def test_lists_show_only_ones_own(house: House, kind: str) -> None:
    mine = own(house, BJORKELIA)
    foreign = everything(house) - mine
    assert foreign
    with house.visitor(f"{BJORKELIA.her_id}.{kind}") as visitor:
        seen = set(messages(visitor, "/console/flow?receipts=1"))
        assert seen
        assert seen <= mine
        for route in routes(house.services):
            if "{" in route.path or "GET" not in route.methods or route.path.endswith("/live"):
                continue
            page = visitor.get(route.path, follow_redirects=True).text
            assert not [id for id in foreign if id in page], route.path
        for id in sorted(mine):
            page = visitor.get(f"/console/messages/{id}").text
            assert not [each for each in foreign if each in page]


@pytest.mark.parametrize("kind", ["drift", "lege", "revisor"])
def test_a_measure_is_ones_own_and_not_broken_down(house: House, kind: str) -> None:
    with house.visitor(f"{BJORKELIA.her_id}.{kind}") as visitor:
        for asked in ("", "?by=trust", "?by=care-level&stratum=3", "?period=month&stratum=unknown"):
            page = visitor.get(f"/console/measures/notice-within-24-hours{asked}")
            assert page.status_code == 200
            assert 'name="by"' not in page.text
        for form in ("csv", "json"):
            assert visitor.get(f"/console/measures/notice-within-24-hours/export.{form}").status_code == 200


def test_a_measure_is_broken_down_by_all_that_measures_know(house: House) -> None:
    with house.visitor("operator") as visitor:
        for by in DIMENSIONS:
            page = visitor.get(f"/console/measures/notice-within-24-hours?by={by}").text
            assert f'value="{by}" selected' in page
            assert all(f'value="{each}"' in page for each in DIMENSIONS)
            for link in re.findall(r'href="([^"]*stratum=[^"]*)"', page):
                part = visitor.get(unescape(link))
                assert part.status_code == 200
                assert 'aria-current="true"' in part.text


@pytest.mark.parametrize(
    ("by", "code", "name", "english"),
    [
        ("priority-group", "frail-older", "Skrøpelige eldre", "Frail older people"),
        ("care-level-28", "3", "Hjemmesykepleie", "Home nursing, with or without practical help"),
        ("age-group", "67+", "67 år og eldre", "67 years and older"),
        ("helsefellesskap", "nord", "nord", "nord"),
        ("trust", HOSPITAL.her_id, HOSPITAL.name, HOSPITAL.name),
        ("care-level", "unknown", "Ikke oppgitt", "Not stated"),
    ],
)
def test_a_part_of_a_measure_has_a_name(
    house: House, by: Dimension, code: str, name: str, english: str
) -> None:
    assert part_name(house.services, by, code, NORWEGIAN) == name
    assert part_name(house.services, by, code, ENGLISH) == english


# --- settings


@pytest.mark.parametrize(
    ("console", "key"),
    [
        ({"address": "https://somlos.example"}, "console.sign_in"),
        ({"address": "http://somlos.example", "sign_in": "local"}, "console.address"),
        ({"address": "https://somlos.example/path", "sign_in": "local"}, "console.address"),
        ({"sign_in": "nobody"}, "console.sign_in"),
        ({"lock_after": 0}, "console.lock_after"),
    ],
)
def test_settings_that_are_not_safe_are_refused(console: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        from_content({"console": console})
    assert refused.value.path == key


def test_a_demo_has_no_accounts() -> None:
    with pytest.raises(ConfigurationError) as refused:
        from_content({"gateway": {"demo": True}, "console": {"sign_in": "local"}})
    assert refused.value.path == "console.sign_in"


# --- who has an account


@pytest.mark.parametrize(
    ("name", "role", "organisation", "code"),
    [
        ("14834120012", "operator", None, "accounts.bad-name"),
        ("Stor Bokstav", "operator", None, "accounts.bad-name"),
        ("per", "king", None, "accounts.unknown-role"),
        ("per", "operator", "Ukjent kommune", "accounts.unknown-organisation"),
        ("per", "clinician", None, "accounts.needs-organisation"),
        ("operator", "operator", None, "accounts.exists"),
    ],
)
def test_an_account_that_cannot_be(
    house: House, name: str, role: str, organisation: str | None, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        asyncio.run(house.services.accounts.create(name, role, organisation, "test"))
    assert refused.value.code == code


def test_no_password_stands_in_the_ledger(house: House, tmp_path: Path) -> None:
    house.services.ledger.reading().execute("PRAGMA wal_checkpoint", {})
    for file in Path(house.services.ledger._database.path).parent.iterdir():  # type: ignore[attr-defined]
        assert PASSWORD.encode() not in file.read_bytes()


def test_equal_passwords_are_kept_differently(house: House) -> None:
    rows = house.services.accounts.reader.accounts()
    assert all(row.password_hash.startswith("$argon2id$") for row in rows)
    assert len({row.password_hash for row in rows}) == len(rows)
