"""What does a person see while the database cannot be reached, and once it can?"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from gateway.app import create_app
from gateway.settings_load import from_content
from tests.support import stores
from tests.support.live_server import live_server
from tests.support.two_partners import configured

pytestmark = pytest.mark.skipif(not stores.has_postgres(), reason=stores.WITHOUT_POSTGRES)


@pytest.fixture
def database() -> Iterator[str]:
    """The name of a database of the test's own."""
    name = f"somlos_{secrets.token_hex(6)}"
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
        try:
            yield name
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def away(name: str) -> Iterator[None]:
    """The database lets nobody in, and nobody stay."""
    with psycopg.connect(stores.POSTGRES, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_the_console_says_that_its_ledger_cannot_be_reached(tmp_path: Path, database: str) -> None:
    address = "postgresql://?" + "&".join(
        f"{key}={value}"
        for key, value in psycopg.conninfo.conninfo_to_dict(
            make_conninfo(stores.POSTGRES, dbname=database)
        ).items()
    )
    made = configured(tmp_path, ledger=address, patient_key=stores.PATIENT_KEY)
    settings = made.model_copy(update={"console": from_content({"console": {"sign_in": "local"}}).console})
    with (
        live_server(create_app(settings)) as url,
        httpx.Client(base_url=url, headers={"origin": url}, trust_env=False, timeout=60) as browser,
    ):
        form = {"name": "kari", "password": "feil"}
        assert browser.post("/console/sign-in", data=form).status_code == 401
        with away(database):
            for answer in (
                browser.post("/console/sign-in", data=form),
                browser.get("/console/flow", headers={"cookie": "somlos=en-gammel-okt"}),
            ):
                assert answer.status_code == 503
                assert "Hovedboken kan ikke nås nå" in answer.text
                assert "Prøv igjen om litt" in answer.text
        for _ in range(50):  # the node connects anew by itself
            answer = browser.post("/console/sign-in", data=form)
            if answer.status_code == 401:
                break
        assert answer.status_code == 401
