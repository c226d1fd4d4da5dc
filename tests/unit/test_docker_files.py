"""Do the files in docker/ still fit the project? No container engine runs here: this keeps them true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict
from starlette.requests import Request

from gateway import settings_load
from gateway.console.door import Door
from gateway.errors import ConfigurationError
from gateway.ledger import patient_key

CHECKOUT = Path(__file__).resolve().parents[2]
DOCKER = CHECKOUT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())


GATEWAYS: list[dict[str, Any]] = [COMPOSE["services"]["gateway-1"], COMPOSE["services"]["gateway-2"]]


def _secrets(*names: str) -> dict[str, str]:
    lines = [line for name in names for line in (DOCKER / f"{name}.example").read_text().splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.removeprefix(name).strip() for line in joined.splitlines() if line.startswith(f"{name} ")]


def _copied_from_the_checkout() -> list[str]:
    copies = [line.split() for line in _instructions("COPY") if not line.startswith("--from=")]
    return [source.rstrip("/") for *sources, _target in copies for source in sources]


def test_everything_the_image_copies_is_there_and_not_ignored() -> None:
    allowed = set(re.findall(r"^!(.+)$", (DOCKER / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    copied = _copied_from_the_checkout()
    assert set(copied) == allowed
    assert [source for source in copied if not (CHECKOUT / source).exists()] == []


def test_the_image_has_what_the_build_needs() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"]}
    needed |= set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
    assert needed <= set(_copied_from_the_checkout())
    assert list(project["project"]["scripts"]) == re.findall(r'"(.+)"', _instructions("ENTRYPOINT")[0])


def test_libraries_come_from_the_lock_files_with_hashes() -> None:
    for step in _instructions("RUN"):
        for install in re.findall(r"pip install [^&]+", step):
            assert ("--require-hashes" in install) != ("--no-deps" in install)


def test_the_container_runs_without_rights_and_says_how_it_is() -> None:
    assert _instructions("USER") == ["10001"]
    assert len(_instructions("HEALTHCHECK")) == 1
    for gateway in GATEWAYS:
        assert (gateway["read_only"], gateway["cap_drop"]) == (True, ["ALL"])


def test_compose_names_files_that_exist_and_publishes_on_loopback_only() -> None:
    for gateway in GATEWAYS:
        context = (DOCKER / gateway["build"]["context"]).resolve()
        assert context == CHECKOUT
        assert (context / gateway["build"]["dockerfile"]).is_file()
    named_volumes = set(COMPOSE["volumes"])
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in named_volumes or (DOCKER / source).is_file()


def test_no_secret_is_in_the_files() -> None:
    ignored = (DOCKER / ".gitignore").read_text().split()
    for service in COMPOSE["services"].values():
        assert set(service["env_file"]) <= set(ignored)
        written = [name for name in service.get("environment", {}) if re.search("PASSWORD|KEY|TOKEN", name)]
        assert all(name.endswith("_FILE") for name in written)


def test_the_example_configuration_is_one_the_gateway_takes() -> None:
    loaded = settings_load.load(DOCKER / "somlos.toml", _secrets("gateway.env"))
    published = [port.split(":") for gateway in GATEWAYS for port in gateway["ports"]]
    (port,) = {inside for _, _, inside in published}
    assert len({outside for _, outside, _ in published}) == len(GATEWAYS)
    assert loaded.gateway.address == ("0.0.0.0", int(port))
    assert _instructions("EXPOSE") == [port]
    assert {endpoint.bearer for partner in loaded.partner for endpoint in partner.endpoint} == {"replace-me"}
    assert all(partner.bearer_sha256 for partner in loaded.partner)


def test_the_console_is_reached_from_the_host_and_only_with_an_account() -> None:
    loaded = settings_load.load(DOCKER / "somlos.toml", _secrets("gateway.env"))
    door = Door(loaded, None)
    for gateway in GATEWAYS:
        for port in gateway["ports"]:
            host = port.rpartition(":")[0].encode()
            engine = ("172.18.0.1", 40000)  # who publishes a port calls from the network of the engine
            headers = [(b"host", host)]
            request = Request(
                {
                    "type": "http",
                    "method": "GET",
                    "path": "/console",
                    "query_string": b"",
                    "headers": headers,
                    "client": engine,
                }
            )
            assert door.is_reached(request)
            assert door.viewer(request) is None, "whoever comes has to sign in"


def test_the_gateways_share_the_ledger_that_compose_starts() -> None:
    loaded = settings_load.load(DOCKER / "somlos.toml", _secrets("gateway.env"))
    database = COMPOSE["services"]["postgres"]
    address = conninfo_to_dict(loaded.gateway.ledger)
    assert address == {
        "host": "postgres",
        "user": database["environment"]["POSTGRES_USER"],
        "dbname": database["environment"]["POSTGRES_DB"],
    }
    assert all(each["depends_on"]["postgres"]["condition"] == "service_healthy" for each in GATEWAYS)
    secrets = _secrets("database.env")
    assert secrets["POSTGRES_PASSWORD"] == secrets["PGPASSWORD"]
    for gateway in [*GATEWAYS, database]:
        assert "database.env" in gateway["env_file"]
    given = _secrets(*GATEWAYS[0]["env_file"])
    with pytest.raises(ConfigurationError):  # everybody knows the example's: nobody keeps it by forgetting it
        patient_key.load(loaded.gateway, given)
    patient_key.load(loaded.gateway, given | {patient_key.VARIABLE: "5e" * 32})


def test_the_image_can_reach_postgresql() -> None:
    assert "--requirement requirements-postgres.txt" in DOCKERFILE
    base, more = (
        {line.split("==")[0]: line for line in (CHECKOUT / name).read_text().splitlines() if "==" in line}
        for name in ("requirements.txt", "requirements-postgres.txt")
    )
    assert {name: more.get(name) for name in base} == base
    assert {"psycopg", "psycopg-binary"} == more.keys() - base.keys()


def test_the_example_configuration_needs_the_secrets_it_names() -> None:
    with pytest.raises(ConfigurationError, match="secret-missing"):
        settings_load.load(DOCKER / "somlos.toml", {})
