"""Is every mistake in the configuration one clear error that names the key, and is nothing unsafe started?"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import ConfigurationError
from gateway.routing.credentials import Credentials
from gateway.settings_load import from_content, load

SECRET = "a-long-secret"
HASH = hashlib.sha256(SECRET.encode()).hexdigest()

EXAMPLE = f"""
[gateway]
listen = "127.0.0.1:8600"
ledger = "sqlite:data/somlos.db"
environment = "test"
her_id = "88899999"

[[partner]]
name = "Havnsund sykehus"
her_ids = ["88810001", "88810012"]
bearer_sha256 = "{HASH}"
accepts_apprec = "1.1"

[[partner.endpoint]]
her_ids = ["88810012"]
transport = "http"
url = "https://epj.example/messages"
format = "plo-1.6"
types = ["*"]
pass_on = ["EPIKRISE"]
bearer = "env:HOSPITAL_SECRET"

[[partner]]
name = "Lyngvik kommune"
her_ids = ["88820001", "88820011"]
bearer_sha256 = "{hashlib.sha256(b"other").hexdigest()}"

[[partner.endpoint]]
her_ids = ["88820011"]
transport = "directory"
path = "folders/lyngvik"
format = "fhir-r4"
"""


def partner(**said: Any) -> dict[str, Any]:
    """A partner with one endpoint."""
    endpoint = {"her_ids": ["2"], "transport": "http", "url": "http://epj.example/", "format": "plo-1.6"}
    return {
        "name": "one",
        "her_ids": ["1", "2"],
        "endpoint": [{**endpoint, **said.pop("endpoint", {})}],
        **said,
    }


def test_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "somlos.toml"
    file.write_text(EXAMPLE, "utf-8")
    settings = load(file, {"HOSPITAL_SECRET": "shown to the hospital"})
    assert settings.gateway.address == ("127.0.0.1", 8600)
    assert settings.gateway.ledger == f"sqlite:{tmp_path / 'data/somlos.db'}"
    hospital, town = settings.partner
    assert hospital.endpoint[0].bearer == "shown to the hospital"
    assert town.endpoint[0].path == str(tmp_path / "folders/lyngvik")
    assert (hospital.accepts_apprec, town.accepts_apprec) == ("1.1", "1.0")


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "somlos.toml"
    file.write_text(EXAMPLE, "utf-8")
    settings = load(file, {"HOSPITAL_SECRET": "shown to the hospital"})
    assert "shown to the hospital" not in repr(settings)


def test_nothing_configured_is_a_gateway_on_loopback() -> None:
    settings = from_content({})
    assert settings.gateway.address[0] == "127.0.0.1"
    assert settings.partner == ()


@pytest.mark.parametrize(
    ("content", "code", "key"),
    [
        ({"gateway": {"lissten": "x"}}, "configuration.unknown-key", "gateway.lissten"),
        ({"partners": []}, "configuration.unknown-key", "partners"),
        ({"partner": [{"her_ids": ["1"]}]}, "configuration.missing-key", "partner[0].name"),
        (
            {"partner": [partner(), {"name": "x", "her_ids": []}]},
            "configuration.bad-value",
            "partner[1].her_ids",
        ),
        ({"partner": [partner(her_ids=["x"])]}, "configuration.bad-value", "partner[0].her_ids[0]"),
        ({"gateway": {"listen": "8600"}}, "configuration.bad-value", "gateway.listen"),
        ({"gateway": {"listen": "127.0.0.1:99999"}}, "configuration.bad-value", "gateway.listen"),
        ({"gateway": {"ledger": "mysql:x"}}, "configuration.bad-value", "gateway.ledger"),
        *(
            (
                {"partner": [partner(endpoint={"url": url})]},
                "configuration.bad-value",
                "partner[0].endpoint[0].url",
            )
            for url in (
                "https://epj.example:99999/",
                "https://epj.example:abc/",
                "https://[::1/",
                "https:///x",
            )
        ),
        (
            {"alarm": {"webhook": "https://watch.example:0/", "base_url": "https://somlos.example"}},
            "configuration.bad-value",
            "alarm.webhook",
        ),
        (
            {
                "partner": [
                    partner(endpoint={"transport": "directory", "path": "epj"}),
                    partner(
                        name="two",
                        her_ids=["3"],
                        endpoint={"her_ids": ["3"], "transport": "directory", "path": "./x/../epj"},
                    ),
                ]
            },
            "configuration.shared-folder",
            "partner[1].endpoint[0].path",
        ),
        ({"gateway": {"environment": "prod"}}, "configuration.bad-value", "gateway.environment"),
        (
            {"partner": [partner(bearer_sha256="secret")]},
            "configuration.bad-value",
            "partner[0].bearer_sha256",
        ),
        (
            {"partner": [partner(endpoint={"format": "hl7v2"})]},
            "configuration.bad-value",
            "partner[0].endpoint[0].format",
        ),
        (
            {"partner": [partner(endpoint={"first_wait_s": 0})]},
            "configuration.bad-value",
            "partner[0].endpoint[0].first_wait_s",
        ),
        (
            {"partner": [partner(endpoint={"url": None})]},
            "configuration.missing-key",
            "partner[0].endpoint[0].url",
        ),
        (
            {"partner": [partner(endpoint={"url": "http://user:secret@epj.example/"})]},
            "configuration.bad-value",
            "partner[0].endpoint[0].url",
        ),
        (
            {"partner": [partner(endpoint={"transport": "directory"})]},
            "configuration.missing-key",
            "partner[0].endpoint[0].path",
        ),
        (
            {"partner": [partner(endpoint={"her_ids": ["3"]})]},
            "configuration.bad-value",
            "partner[0].endpoint[0].her_ids",
        ),
        (
            {"partner": [partner(endpoint={"bearer": "env:NOT_SET"})]},
            "configuration.secret-missing",
            "partner[0].endpoint[0].bearer",
        ),
        (
            {"partner": [partner(), partner(her_ids=["3", "2"], endpoint={"her_ids": ["3"]})]},
            "configuration.bad-value",
            "partner[1].name",
        ),
        (
            {"partner": [partner(), partner(name="two", her_ids=["3", "2"], endpoint={"her_ids": ["3"]})]},
            "configuration.duplicate-her-id",
            "partner[1].her_ids",
        ),
        ({"gateway": {"listen": "0.0.0.0:8600"}}, "configuration.unsafe-binding", "gateway.listen"),
        (
            {"gateway": {"listen": "0.0.0.0:8600"}, "partner": [partner()]},
            "configuration.unsafe-binding",
            "partner[0].bearer_sha256",
        ),
        (
            {"gateway": {"listen": "[::]:8600"}, "partner": [partner()]},
            "configuration.unsafe-binding",
            "partner[0].bearer_sha256",
        ),
    ],
)
def test_mistake_is_one_error_that_names_the_key(content: dict[str, Any], code: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_content(content, environment={})
    assert (caught.value.code, caught.value.path) == (code, key)


def test_open_to_the_network_with_a_credential_for_every_partner() -> None:
    content = {"gateway": {"listen": "0.0.0.0:8600"}, "partner": [partner(bearer_sha256=HASH)]}
    assert from_content(content).gateway.address == ("0.0.0.0", 8600)


@pytest.mark.parametrize("listen", ["localhost:1", "127.0.0.2:1", "[::1]:1"])
def test_loopback_needs_no_credential(listen: str) -> None:
    from_content({"gateway": {"listen": listen}, "partner": [partner()]})


@pytest.mark.parametrize(
    ("key", "value", "accepted"),
    [
        ("environment", "prod", "'test' or 'production'"),
        ("lease_s", 0, "≥ 1.0"),
        ("listen", 5, '"…"'),
        ("ledger", "x.db", "(sqlite:.+|postgres(ql)?://.+)"),
    ],
)
def test_a_bad_value_is_told_with_what_the_key_takes(key: str, value: object, accepted: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        from_content({"gateway": {key: value}})
    assert raised.value.details == {"accepted": accepted}


def test_error_never_repeats_a_value() -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_content({"partner": [partner(bearer_sha256="14834120012")]})
    assert "14834120012" not in f"{caught.value} {caught.value!r} {caught.value.details}"
    assert caught.value.__cause__ is None


def test_file_that_is_no_toml_names_its_line(tmp_path: Path) -> None:
    file = tmp_path / "somlos.toml"
    file.write_text("[gateway]\nlisten = \n", "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert (caught.value.code, caught.value.line) == ("configuration.not-toml", 2)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path / "none.toml")
    assert caught.value.code == "configuration.file-missing"


def test_credential_is_found_by_its_secret_only() -> None:
    credentials = Credentials(from_content({"partner": [partner(bearer_sha256=HASH)]}))
    found = credentials.of_bearer(SECRET)
    assert found is not None
    assert found.partner == "one"
    assert credentials.of_bearer(HASH) is None
    assert credentials.of_bearer("") is None
    assert credentials.anonymous() is None


def test_without_a_secret_a_caller_acts_only_for_partners_that_have_none() -> None:
    two = partner(name="two", her_ids=["3", "4"], endpoint={"her_ids": ["4"]})
    credentials = Credentials(from_content({"partner": [partner(bearer_sha256=HASH), two]}))
    anonymous = credentials.anonymous()
    assert anonymous is not None
    assert anonymous.her_ids == {"3", "4"}
