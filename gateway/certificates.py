"""Whose is a certificate, who issued it, and from when until when does it hold?

Pure. It reads of an X.509 certificate (RFC 5280) only what people need to renew it in time, and judges nothing:
whether a certificate is genuine and trusted is OpenSSL's work, whenever a connection is made.

Of the names only the organisation is told, with its organisation number where one stands there (as in a Norwegian
enterprise certificate), else a host name. A certificate of a person names its employer, or nobody.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID

from gateway.identifiers import organisation_number

CertificateKind = Literal["server", "client", "trusted", "signing", "encryption"]
"""The partner's server's; ours that we show; an issuer we trust; the partner's for signing and for encryption."""

LONGEST_NAME: Final = 200
_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """What is told of one certificate."""

    fingerprint: str
    """SHA-256 of it, in hexadecimal digits: what two people compare on the telephone."""
    subject: str
    """The organisation, else the host; empty: it names neither."""
    issuer: str
    valid_from: datetime
    valid_to: datetime

    @property
    def in_pairs(self) -> str:
        """The fingerprint as other tools show it: pairs of digits, never to be taken for a number."""
        return ":".join(self.fingerprint[at : at + 2] for at in range(0, len(self.fingerprint), 2)).upper()


@dataclass(frozen=True)
class Named:
    """A certificate that an endpoint depends on."""

    endpoint: str
    """Its first HER-id."""
    kind: CertificateKind
    certificate: Certificate


def certificates_in(file: bytes) -> tuple[bytes, ...]:
    """The certificates of a file, as DER, in the order of the file: PEM with one or more, or DER with one.

    :raises ValueError: what stands as PEM is none.
    """
    if _PEM not in file:
        return (file,)
    try:
        return tuple(each.public_bytes(Encoding.DER) for each in x509.load_pem_x509_certificates(file))
    except x509.InvalidVersion:
        raise ValueError("no certificate") from None


def certificate_of(der: bytes) -> Certificate:
    """What a certificate says.

    :raises ValueError: it is none.
    """
    with (
        warnings.catch_warnings()
    ):  # of what RFC 5280 forbids and some issuers did: it is still to be renewed in time
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            read = x509.load_der_x509_certificate(der)
            return Certificate(
                fingerprint=hashlib.sha256(der).hexdigest(),
                subject=_named(read.subject),
                issuer=_named(read.issuer),
                valid_from=read.not_valid_before_utc,
                valid_to=read.not_valid_after_utc,
            )
        except x509.InvalidVersion:
            raise ValueError("no certificate") from None


def _named(name: x509.Name) -> str:
    """The organisation of a name, with its number; else its host; else nothing."""
    organisation, host = _first(name, NameOID.ORGANIZATION_NAME), _first(name, NameOID.COMMON_NAME)
    if not organisation:
        return host if _HOST.fullmatch(host) else ""
    for attribute in (NameOID.ORGANIZATION_IDENTIFIER, NameOID.SERIAL_NUMBER):
        number = _first(name, attribute).removeprefix("NTRNO-")
        if organisation_number(number):
            return f"{organisation} ({number})"
    return organisation


def _first(name: x509.Name, attribute: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(attribute)
    text = str(found[0].value) if found else ""
    return "".join(c for c in text if c.isprintable()).strip()[:LONGEST_NAME]
