"""Which certificates do the tests show each other? Made by OpenSSL when they are asked for, with any dates."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

ORGANISATION = "/C=NO/O=Lyngmo kommune/serialNumber=974760673/CN=epj.lyngmo.example"
PERSON = "/C=NO/CN=Kari Nordmann/SN=Nordmann/GN=Kari"
CONFIG = """
[ca]
default_ca = made
[made]
dir = {folder}
database = {folder}/index
new_certs_dir = {folder}
serial = {folder}/serial
private_key = {folder}/ca.key
certificate = {folder}/ca.pem
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
countryName = optional
organizationName = optional
serialNumber = optional
commonName = optional
SN = optional
GN = optional
[req]
distinguished_name = nobody
[nobody]
[issuer]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[holder]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
"""
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path

    @property
    def der(self) -> bytes:
        """The certificate itself."""
        text = self.certificate.read_text("ascii")
        return ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN") :])

    def server(self, *, clients: Path | None = None) -> ssl.SSLContext:
        """How a server shows it; `clients`: it lets in only those with a certificate of this issuer."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.certificate, self.key)
        if clients is not None:
            tls.load_verify_locations(clients)
            tls.verify_mode = ssl.CERT_REQUIRED
        return tls


class Authority:
    """Issues certificates."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._number = folder, 0
        self._config = folder / "openssl.cnf"
        self._config.write_text(CONFIG.format(folder=folder), "utf-8")
        (folder / "index").touch()
        (folder / "serial").write_text("01\n", "ascii")
        self.certificate = folder / "ca.pem"
        subject = ("-subj", "/C=NO/O=Prøveutstederen AS", "-utf8")
        files = ("-keyout", str(folder / "ca.key"), "-out", str(self.certificate))
        kind = ("-x509", "-extensions", "issuer", "-nodes", "-days", "3650")
        self._run("req", *kind, *NEW_KEY, *subject, *files, *self._with_config)

    def issue(
        self,
        *,
        ends: timedelta,
        subject: str = ORGANISATION,
        begins: timedelta | None = None,
        password: str = "",
    ) -> Issued:
        """A certificate for 127.0.0.1; `begins` and `ends` from now (a long time ago, if it has ended already)."""
        self._number += 1
        request, certificate, key = (self._folder / f"{self._number}.{end}" for end in ("csr", "pem", "key"))
        protection = ("-passout", f"pass:{password}") if password else ("-nodes",)
        names = ("-subj", subject, "-utf8", "-addext", "subjectAltName=IP:127.0.0.1")
        self._run(
            *("req", "-new", *NEW_KEY, *protection, *names, "-keyout", str(key), "-out", str(request)),
            *self._with_config,
        )
        now = datetime.now(UTC)
        start = begins if begins is not None else min(timedelta(hours=-1), ends - timedelta(days=365))
        dates = ("-startdate", f"{now + start:%Y%m%d%H%M%SZ}", "-enddate", f"{now + ends:%Y%m%d%H%M%SZ}")
        files = ("-in", str(request), "-out", str(certificate))
        kind = ("-batch", "-notext", "-extensions", "holder")
        self._run("ca", *kind, *self._with_config, *dates, *files)
        return Issued(certificate, key)

    @property
    def _with_config(self) -> tuple[str, str]:
        return ("-config", str(self._config))

    def _run(self, *command: str) -> None:
        done = subprocess.run(["openssl", *command], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
