"""Does no GET change anything, and is every bad request to /ops refused clearly, with nothing changed?

Asked of each route that the gateway has: one that is added tomorrow is asked too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from gateway.app import create_app
from gateway.errors import CATALOGUE
from gateway.ledger.store import Ledger
from tests.integration.test_api_operations import ACT, OPERATOR, until, with_operator
from tests.support.live_server import live_server
from tests.support.messages import CANARIES, NURSING, Admission
from tests.support.two_partners import HOSPITAL_SECRET, client_of, post_xml

READ_LOG = frozenset({"audit"})
"""Tables in which reading leaves a trace, as it must."""
REFUSED = range(400, 500)
BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "application/json"),
    "no JSON": (b"{", "application/json"),
    "a list": (b"[]", "application/json"),
    "a word": (b'"resend"', "application/json"),
    "null": (b"null", "application/json"),
    "nobody and no reason": (b"{}", "application/json"),
    "no reason": (b'{"by": "Kari"}', "application/json"),
    "numbers for words": (b'{"by": 1, "why": 2}', "application/json"),
    "a name that is none": (json.dumps({**ACT, CANARIES[0]: CANARIES[1]}).encode(), "application/json"),
    "the same key twice": (b'{"by": "Kari", "why": "a", "why": "b"}', "application/json"),
    "another type": (json.dumps(ACT).encode(), "text/plain"),
    "too large": (json.dumps({**ACT, "why": "x" * 70_000}).encode(), "application/json"),
    "no UTF-8": (b'{"by": "Kari", "why": "\xff"}', "application/json"),
}


@dataclass(frozen=True)
class Served:
    """A gateway that holds a message at rest."""

    app: FastAPI
    url: str
    message: str
    delivery: int

    @property
    def routes(self) -> list[APIRoute]:
        """Every route it has."""
        routers = [getattr(each, "original_router", None) for each in self.app.routes]
        found = [each for router in routers if router for each in router.routes if isinstance(each, APIRoute)]
        assert len(found) > 100
        return found

    def filled(self, path: str) -> str:
        """An address of a route, about what is there."""
        if path.startswith("/ops/deliveries"):
            return path.replace("{id}", str(self.delivery)).replace("{action}", "resend")
        return (
            path.replace("{her_id}", NURSING)
            .replace("{type}", "Encounter")
            .replace("{id}", self.message if "message" in path else "1")
            .replace("{", "")
            .replace("}", "")
        )

    def state(self) -> dict[str, list[Any]]:
        """Everything the ledger holds, by table."""
        ledger: Ledger = self.app.state.services.ledger
        connection = ledger.reading()
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'", {}).fetchall()
        return {
            name: [tuple(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2", {})]  # type: ignore[attr-defined]
            for (name,) in map(tuple, names)
            if name not in READ_LOG and not name.startswith("sqlite_")
        }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    app = create_app(with_operator(tmp_path_factory.mktemp("gateway")))
    with live_server(app) as url, client_of(url, OPERATOR) as operator:
        with client_of(url, HOSPITAL_SECRET) as hospital:
            id = post_xml(hospital, Admission().xml).json()["id"]
        letters = until(lambda: operator.get("/ops/dead-letters").json()["deadLetters"])
        until(lambda: operator.get("/ops/alarms").json()["alarms"])
        services = app.state.services
        moved = "SELECT 1 FROM projections WHERE position > 0 AND position = candidate"
        until(lambda: services.ledger.reading().execute(moved).fetchone())
        uncounted = "SELECT 1 FROM measured WHERE counted IS NULL"
        until(lambda: services.ledger.reading().execute(uncounted).fetchone() is None)
        yield Served(app, url, id, letters[0]["delivery"])


def test_no_get_changes_anything(served: Served) -> None:
    before = served.state()
    assert before["messages"]
    with client_of(served.url, OPERATOR) as operator, client_of(served.url, HOSPITAL_SECRET) as hospital:
        for route in served.routes:
            if "GET" not in (route.methods or ()) or route.path.endswith("/live"):
                continue
            for caller in (operator, hospital):
                answer = caller.get(served.filled(route.path), follow_redirects=False)
                assert answer.status_code < 500, (route.path, answer.text)
                assert served.state() == before, route.path


def test_what_is_posted_badly_to_ops_is_refused_and_changes_nothing(served: Served) -> None:
    posts = [route for route in served.routes if route.path.startswith("/ops") and route.methods == {"POST"}]
    assert len(posts) >= 10
    before = served.state()
    with client_of(served.url, OPERATOR) as operator:
        for route in posts:
            for name, (body, kind) in BAD.items():
                address = served.filled(route.path)
                answer = operator.post(address, content=body, headers={"content-type": kind})
                refused(answer, f"{address}: {name}")
                assert served.state() == before, (address, name)


def test_other_methods_are_refused_and_change_nothing(served: Served) -> None:
    before = served.state()
    with client_of(served.url, OPERATOR) as operator:
        for route in served.routes:
            if not route.path.startswith("/ops"):
                continue
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - (route.methods or set()):
                answer = operator.request(method, served.filled(route.path), json=ACT)
                others = [each for each in served.routes if each.path == route.path]
                if not any(method in (each.methods or ()) for each in others):
                    refused(answer, f"{method} {route.path}")
        assert served.state() == before


def refused(answer: httpx.Response, what: str) -> None:
    """With a code of the catalogue and a next step, and nothing of what was sent."""
    assert answer.status_code in REFUSED, (what, answer.text)
    content = answer.json()
    assert content["code"] in CATALOGUE, what
    assert content["nextStep"]["en"], what
    assert not any(canary in answer.text for canary in CANARIES), what
