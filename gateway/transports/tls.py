"""Which certificate do we show a partner, whose do we trust, and which one were we shown?

The files that an endpoint names are read once, at start, so that a mistake in them is told before anything is sent; a
renewed file is taken into use by starting again. OpenSSL judges certificates; here they are only carried.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx

from gateway.certificates import Certificate, CertificateKind, Named, certificate_of, certificates_in
from gateway.errors import ConfigurationError
from gateway.settings import Endpoint, Settings

FILES: Final[dict[CertificateKind, str]] = {
    "client": "client_certificate",
    "trusted": "trusted_ca",
    "signing": "signing_certificate",
    "encryption": "encryption_certificate",
}
"""The keys of an endpoint's settings."""
LARGEST_FILE: Final = 1_000_000


def certificates_of(settings: Settings) -> tuple[Named, ...]:
    """The certificates in the files that the settings name. Of issuers, the one that ends first.

    :raises ConfigurationError: configuration.certificate-…: a file cannot be used; the key is named.
    """
    return tuple(
        each
        for n, partner in enumerate(settings.partner)
        for m, endpoint in enumerate(partner.endpoint)
        for each in _of_endpoint(endpoint, f"partner[{n}].endpoint[{m}]")
    )


def _of_endpoint(endpoint: Endpoint, at: str) -> Iterator[Named]:
    for kind, key in FILES.items():
        file = getattr(endpoint, key)
        if file is None:
            continue
        found = _read(Path(file), f"{at}.{key}")
        chosen = min(found, key=lambda each: each.valid_to) if kind == "trusted" else found[0]
        yield Named(endpoint.her_ids[0], kind, chosen)
    if endpoint.client_certificate is not None or endpoint.trusted_ca is not None:
        _try(endpoint, at)


def _read(file: Path, key: str) -> tuple[Certificate, ...]:
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST_FILE)
    except OSError:
        raise ConfigurationError("configuration.certificate-missing", path=key) from None
    try:
        return tuple(certificate_of(der) for der in certificates_in(data))
    except ValueError:
        raise ConfigurationError("configuration.certificate-unreadable", path=key) from None


def _try(endpoint: Endpoint, at: str) -> None:
    """Whether OpenSSL takes what the endpoint names."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if endpoint.trusted_ca is not None:
        try:
            tls.load_verify_locations(endpoint.trusted_ca)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(
                "configuration.certificate-unreadable", path=f"{at}.trusted_ca"
            ) from None
    key = endpoint.client_key
    if key is not None and not _can_be_read(Path(key)):
        raise ConfigurationError("configuration.certificate-missing", path=f"{at}.client_key")
    try:
        _show(tls, endpoint)
    except (OSError, ssl.SSLError, ValueError):
        name = "client_certificate" if key is None else "client_key"
        raise ConfigurationError("configuration.certificate-key", path=f"{at}.{name}") from None


def _can_be_read(file: Path) -> bool:
    try:
        with file.open("rb"):
            return True
    except OSError:
        return False


def _show(tls: ssl.SSLContext, endpoint: Endpoint) -> None:
    """Have our certificate shown. A password is always given: else OpenSSL asks at the terminal, and waits."""
    if endpoint.client_certificate is not None:
        password = endpoint.client_key_password or ""
        tls.load_cert_chain(endpoint.client_certificate, endpoint.client_key, lambda: password)


def context_for(endpoint: Endpoint, seen: Callable[[str, bytes], None]) -> ssl.SSLContext:
    """How connections to an endpoint are secured; `seen` is told host and certificate (DER) of each server.

    Without `trusted_ca` the public issuers are trusted, and those that this machine was told to trust: such
    a context takes a fifth of a second and a megabyte to make, and is for all endpoints of a port that name no files.
    """
    if endpoint.trusted_ca is not None:
        tls = ssl.create_default_context(cafile=endpoint.trusted_ca)
    else:
        tls = httpx.create_ssl_context(trust_env=False)
        tls.load_default_certs()
    _show(tls, endpoint)

    class Seeing(ssl.SSLObject):
        """Tells of the server's certificate once it has been found genuine."""

        def do_handshake(self) -> None:
            super().do_handshake()
            shown = self.getpeercert(binary_form=True)
            if shown is not None:
                seen(self.server_hostname or "", shown)

    tls.sslobject_class = Seeing
    return tls
