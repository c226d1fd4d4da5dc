"""What is wrong with the settings that no single key can tell?

Each HER-id has one owner and one endpoint, who may listen where, what must stand together.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.errors import ConfigurationError
from gateway.settings import Endpoint, Partner, Settings

_BAD_VALUE = "configuration.bad-value"
_DUPLICATE = "configuration.duplicate-her-id"


def check(settings: Settings) -> None:
    """Check what no single key can tell: each HER-id has one owner and one endpoint, and who may listen where.

    :raises ConfigurationError: naming the first key that is wrong.
    """
    _unique(((partner.name, f"partner[{n}].name") for n, partner in enumerate(settings.partner)), _BAD_VALUE)
    secrets = (
        (partner.bearer_sha256, f"partner[{n}].bearer_sha256")
        for n, partner in enumerate(settings.partner)
        if partner.bearer_sha256
    )
    _unique(secrets, _BAD_VALUE)
    owned = (
        (her, f"partner[{n}].her_ids")
        for n, partner in enumerate(settings.partner)
        for her in partner.her_ids
    )
    _unique(owned, _DUPLICATE)
    reached = (
        (her, f"partner[{n}].endpoint[{m}].her_ids")
        for n, partner in enumerate(settings.partner)
        for m, endpoint in enumerate(partner.endpoint)
        for her in endpoint.her_ids
    )
    _unique(reached, _DUPLICATE)
    for number, partner in enumerate(settings.partner):
        _check_partner(partner, f"partner[{number}]")
    _check_folders(settings)
    if settings.gateway.demo and settings.gateway.environment == "production":
        raise ConfigurationError(_BAD_VALUE, path="gateway.demo")
    _check_operations(settings)
    _check_agreements(settings)
    _check_console(settings)
    _check_listening(settings)


def _check_partner(partner: Partner, at: str) -> None:
    for number, endpoint in enumerate(partner.endpoint):
        key = f"{at}.endpoint[{number}]"
        if not set(endpoint.her_ids) <= set(partner.her_ids):
            raise ConfigurationError(_BAD_VALUE, path=f"{key}.her_ids")
        if endpoint.transport == "http" and endpoint.url is None:
            raise ConfigurationError("configuration.missing-key", path=f"{key}.url")
        _check_address(endpoint.url, f"{key}.url")
        if endpoint.transport == "directory" and endpoint.path is None:
            raise ConfigurationError("configuration.missing-key", path=f"{key}.path")
        _check_certificates(endpoint, key)


def _check_folders(settings: Settings) -> None:
    """Whoever writes into a folder sends in its partner's name: two partners cannot share one."""
    owners: dict[str, int] = {}
    for number, partner in enumerate(settings.partner):
        for place, endpoint in enumerate(partner.endpoint):
            if endpoint.transport != "directory" or endpoint.path is None:
                continue
            if owners.setdefault(os.path.normpath(endpoint.path), number) != number:
                key = f"partner[{number}].endpoint[{place}].path"
                raise ConfigurationError("configuration.shared-folder", path=key)


def _check_address(url: str | None, at: str) -> None:
    """An address names a host, and no port that cannot be: elsewhere every use of it would fail."""
    try:
        fits = url is None or (bool(urlsplit(url).hostname) and urlsplit(url).port != 0)
    except ValueError:
        fits = False
    if not fits:
        raise ConfigurationError(_BAD_VALUE, path=at, details={"accepted": "https://host:1–65535/…"})


def _check_certificates(endpoint: Endpoint, at: str) -> None:
    """A key belongs to a certificate, and both to a connection over TLS: elsewhere nobody would ever see them."""
    for name in ("client_key", "client_key_password"):
        if getattr(endpoint, name) is not None and endpoint.client_certificate is None:
            raise ConfigurationError("configuration.missing-key", path=f"{at}.client_certificate")
    for name in ("client_certificate", "trusted_ca"):
        if getattr(endpoint, name) is not None and not endpoint.is_secure:
            raise ConfigurationError("configuration.certificate-without-tls", path=f"{at}.{name}")


def _check_operations(settings: Settings) -> None:
    _check_address(settings.alarm.webhook, "alarm.webhook")
    if settings.alarm.webhook is not None and settings.alarm.base_url is None:
        raise ConfigurationError("configuration.missing-key", path="alarm.base_url")
    bodies, metadata = settings.retention.bodies_days, settings.retention.metadata_days
    if metadata is not None and (bodies is None or bodies > metadata):
        raise ConfigurationError(_BAD_VALUE, path="retention.bodies_days")
    secret = settings.operator.bearer_sha256
    if secret is not None and any(partner.bearer_sha256 == secret for partner in settings.partner):
        raise ConfigurationError(_BAD_VALUE, path="operator.bearer_sha256")


def _check_agreements(settings: Settings) -> None:
    """Of one trust and municipality no two agreements begin on the same day: nobody could tell which holds."""
    pairs = (
        (f"{each.trust}|{each.municipality}|{each.valid_from}", f"agreement[{number}].valid_from")
        for number, each in enumerate(settings.agreement)
    )
    _unique(pairs, _BAD_VALUE)


def _check_console(settings: Settings) -> None:
    """A demo needs no accounts and shows everything, so that only this machine may see it; passwords and sessions cross
    no network in the clear; and nothing is published without sign-in."""
    console, address = settings.console, settings.console.address
    if settings.gateway.demo and console.sign_in != "none":
        raise ConfigurationError(_BAD_VALUE, path="console.sign_in")
    if address is None:
        return
    if console.sign_in == "none":
        raise ConfigurationError("configuration.console-without-sign-in", path="console.sign_in")
    if not console.is_secure and not is_loopback(urlsplit(address).hostname or ""):
        raise ConfigurationError("configuration.console-without-tls", path="console.address")


def _check_listening(settings: Settings) -> None:
    host, port = settings.gateway.address
    if port > 65535:
        raise ConfigurationError(_BAD_VALUE, path="gateway.listen", details={"accepted": "0–65535"})
    if is_loopback(host):
        return
    for number, partner in enumerate(settings.partner):
        if partner.bearer_sha256 is None:
            raise ConfigurationError("configuration.unsafe-binding", path=f"partner[{number}].bearer_sha256")
    if not settings.partner:
        raise ConfigurationError("configuration.unsafe-binding", path="gateway.listen")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _unique(named: Iterable[tuple[str | None, str]], code: str) -> None:
    seen: set[str | None] = set()
    for value, key in named:
        if value in seen:
            raise ConfigurationError(code, path=key)
        seen.add(value)
