"""Is a certificate read as OpenSSL reads it, does it name no person, and is every damaged one refused?"""

from __future__ import annotations

import base64
import random
import ssl
from datetime import UTC, datetime, timedelta

import pytest

from gateway.certificates import Certificate, certificate_of, certificates_in
from gateway.operations.certificates import Standing, standing
from tests.support.certificates import ORGANISATION, PERSON, Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("days", [-400, 12, 30_000], ids=["ended", "soon", "after 2050"])
def test_it_is_read_as_openssl_reads_it(authority: Authority, days: int) -> None:
    issued = authority.issue(ends=timedelta(days=days))
    said = ssl._ssl._test_decode_cert(str(issued.certificate))  # type: ignore[attr-defined]
    found = certificate_of(issued.der)
    assert found.subject == "Lyngmo kommune (974760673)"
    assert found.issuer == "Prøveutstederen AS"
    assert found.valid_from == datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notBefore"]), UTC)
    assert found.valid_to == datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notAfter"]), UTC)
    assert len(found.fingerprint) == 64
    assert found.in_pairs.replace(":", "").lower() == found.fingerprint


@pytest.mark.parametrize(
    ("subject", "named"),
    [
        (ORGANISATION, "Lyngmo kommune (974760673)"),
        ("/C=NO/O=Lyngmo kommune/serialNumber=14834120012", "Lyngmo kommune"),
        ("/CN=epj.lyngmo.example", "epj.lyngmo.example"),
        ("/CN=Kari Nordmann", ""),
        (PERSON, ""),
    ],
)
def test_it_names_an_organisation_or_a_host_and_never_a_person(
    authority: Authority, subject: str, named: str
) -> None:
    assert certificate_of(authority.issue(ends=timedelta(days=9), subject=subject).der).subject == named


def test_files_hold_one_or_several(authority: Authority) -> None:
    one, two = authority.issue(ends=timedelta(days=1)), authority.issue(ends=timedelta(days=2))
    both = b"Bag Attributes: x\n" + one.certificate.read_bytes() + two.certificate.read_bytes()
    assert certificates_in(both) == (one.der, two.der)
    assert certificates_in(one.der) == (one.der,)
    assert certificates_in(one.certificate.read_bytes().replace(b"\n", b"\r\n")) == (one.der,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(b"0\x03abc") + b"\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"0",
        b"0\x84\xff\xff\xff\xff",
        b"0\x80",
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        [certificate_of(der) for der in certificates_in(data)]


def test_a_damaged_one_is_refused_or_read_and_nothing_else(authority: Authority) -> None:
    der, chance = authority.issue(ends=timedelta(days=9)).der, random.Random(20261122)
    refused = 0
    for _ in range(4000):
        damaged = bytearray(der[: chance.randrange(1, len(der) + 1)] if chance.random() < 0.3 else der)
        for _ in range(chance.choice((1, 1, 2, 8))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            certificate_of(bytes(damaged))
        except ValueError:
            refused += 1
    assert refused > 400


NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begins", "ends", "expected"),
    [
        (timedelta(days=-1), timedelta(days=31), Standing("valid", 31)),
        (timedelta(days=-1), timedelta(days=30), Standing("ending", 30)),
        (timedelta(days=-1), timedelta(seconds=1), Standing("ending", 0)),
        (timedelta(days=-1), timedelta(0), Standing("ended", 0)),
        (timedelta(days=-9), timedelta(days=-3, seconds=-1), Standing("ended", 3)),
        (timedelta(days=1), timedelta(days=90), Standing("not-yet", 90)),
    ],
)
def test_how_it_stands(begins: timedelta, ends: timedelta, expected: Standing) -> None:
    certificate = Certificate("00", "", "", valid_from=NOW + begins, valid_to=NOW + ends)
    assert standing(certificate, NOW, 30) == expected
