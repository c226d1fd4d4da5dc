"""How can two messages be seen to be about the same patient, without keeping the patient's number? (DESIGN §4.10)

The patient key is HMAC-SHA256 of the identity number, under a key that stands in the settings, in the environment
(SOMLOS_PATIENT_KEY), or, where the ledger is a file, in a file of its own beside it, made once, readable by its owner
only. Nodes that share a ledger must be given the key: none of them may make one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.errors import ConfigurationError, Unavailable
from gateway.settings import Gateway

VARIABLE: Final = "SOMLOS_PATIENT_KEY"
SHORTEST: Final = 16  # characters of a key that was chosen by somebody


class PatientKeys:
    """Makes patient keys with one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, number: str) -> str:
        """The patient key (hex) of an identity number; white space in it counts for nothing."""
        return self._mark(f"patient:{''.join(number.split())}")

    @property
    def fingerprint(self) -> str:
        """Tells whether this is the secret the ledger was begun with, and nothing else."""
        return self._mark("fingerprint")

    def _mark(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode(), "sha256").hex()


def load(gateway: Gateway, environment: Mapping[str, str] = os.environ) -> PatientKeys:
    """The patient keys of an installation.

    :raises ConfigurationError: the key is too short or missing, or its file can be read by others.
    :raises Unavailable: us.ledger-not-opened: its file cannot be made or read.
    """
    given = gateway.patient_key.get_secret_value() if gateway.patient_key else environment.get(VARIABLE)
    if given is not None:
        if len(given) < SHORTEST:
            raise _too_short("gateway.patient_key")
        return PatientKeys(given.encode())
    if not gateway.ledger.startswith("sqlite:"):
        raise ConfigurationError(
            "configuration.secret-missing", path="gateway.patient_key", details={"accepted": VARIABLE}
        )
    ledger = Path(gateway.ledger.removeprefix("sqlite:"))
    return PatientKeys(_from_file(ledger.with_name(ledger.name + ".patient-key")))


def _from_file(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ConfigurationError("configuration.key-file-unsafe", path=str(path))
        content = path.read_bytes().strip()
    except OSError:
        raise Unavailable("us.ledger-not-opened", path=str(path)) from None
    if len(content) < SHORTEST:
        raise _too_short(str(path))
    return content


def _too_short(place: str) -> ConfigurationError:
    return ConfigurationError("configuration.bad-value", path=place, details={"accepted": f"≥ {SHORTEST} ×"})


def _make(path: Path) -> None:
    """Write a new key, whole and durable, before anything is made with it; a file that came meanwhile is kept."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, secrets.token_hex(32).encode())
        os.fsync(descriptor)
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        os.close(descriptor)
        temporary.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
