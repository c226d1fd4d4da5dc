"""Can an operator make, close and unlock accounts, over HTTP and from a terminal, and nobody else?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from gateway.app import create_app
from gateway.cli import cli
from gateway.settings_load import from_content
from tests.support.live_server import live_server
from tests.support.two_partners import HOSPITAL_SECRET, client_of, configured

OPERATOR = "operator-secret"


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A gateway with sign-in."""
    secret = hashlib.sha256(OPERATOR.encode()).hexdigest()
    more = from_content({"operator": {"bearer_sha256": secret}, "console": {"sign_in": "local"}})
    made = configured(tmp_path_factory.mktemp("gateway"))
    settings = made.model_copy(update={"operator": more.operator, "console": more.console})
    with live_server(create_app(settings)) as url:
        yield url


def run(base_url: str, *arguments: str) -> Any:
    environment = {"SOMLOS_ADDRESS": base_url, "SOMLOS_OPERATOR_SECRET": OPERATOR, "LC_ALL": "C.UTF-8"}
    return CliRunner().invoke(cli, ["accounts", *arguments], env=environment)


def sign_in(base_url: str, name: str, password: str) -> int:
    form = {"name": name, "password": password}
    answer = httpx.post(
        f"{base_url}/console/sign-in", data=form, headers={"origin": base_url}, trust_env=False, timeout=60
    )
    return answer.status_code


def test_from_a_terminal(base_url: str) -> None:
    made = run(base_url, "create", "kari", "--role", "operator", "--json")
    assert made.exit_code == 0, made.output
    first = json.loads(made.stdout)
    assert (first["name"], first["role"], first["state"]) == ("kari", "operator", "first-password")
    assert sign_in(base_url, "kari", first["password"]) == 303
    listed = run(base_url, "list")
    assert "kari" in listed.output
    assert first["password"] not in listed.output
    second = json.loads(run(base_url, "new-password", "kari", "--json").stdout)
    assert sign_in(base_url, "kari", first["password"]) == 401
    assert sign_in(base_url, "kari", second["password"]) == 303
    assert "disabled" in run(base_url, "disable", "Kari").output  # as it may be written at the sign-in, too
    assert sign_in(base_url, "kari", second["password"]) == 401
    assert run(base_url, "enable", "kari").exit_code == 0
    assert sign_in(base_url, "kari", second["password"]) == 303
    assert "shown only now" in run(base_url, "create", "ola", "--role", "vendor").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "14834120012", "--role", "operator"),
        ("create", "per", "--role", "clinician"),
        ("create", "per", "--role", "operator", "--organisation", "Ukjent"),
        ("disable", "ukjent"),
        ("new-password", "ukjent"),
    ],
)
def test_what_cannot_be_is_refused_in_our_words(base_url: str, arguments: tuple[str, ...]) -> None:
    done = run(base_url, *arguments)
    assert done.exit_code == 1
    assert "[accounts." in done.output


def test_a_wrong_role_is_wrong_usage(base_url: str) -> None:
    assert run(base_url, "create", "per", "--role", "king").exit_code == 2


@pytest.mark.parametrize("secret", ["", HOSPITAL_SECRET])
def test_only_operators(base_url: str, secret: str) -> None:
    with (
        client_of(base_url, secret)
        if secret
        else httpx.Client(base_url=base_url, trust_env=False, timeout=60) as client
    ):
        assert client.get("/ops/accounts").status_code == 401
        body = {"name": "inntrenger", "role": "operator", "by": "x"}
        assert client.post("/ops/accounts", json=body).status_code == 401
    with client_of(base_url, OPERATOR) as operator:
        names = {each["name"] for each in operator.get("/ops/accounts").json()["accounts"]}
    assert "inntrenger" not in names
