"""How is this installation configured, and is what the operator wrote safe to start with?

`load` reads one TOML file into frozen models. Every mistake is one `ConfigurationError` that names the key; the value
is never repeated, because it may be a secret. Secrets are references ("env:NAME") or SHA-256 hashes, so the file itself
holds none. A relative path in the file is relative to the file's own folder.

Without a credential for every partner the gateway listens on loopback only (DESIGN §4.13).
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError

from gateway.errors import ConfigurationError
from gateway.settings_base import HerId, Model, Seconds
from gateway.settings_faults import fault_of, line_of
from gateway.settings_operations import AlarmSettings, MeasureSettings, ReplaySettings, Retention
from gateway.settings_pathway import AgreementSettings, Community, DayRateSettings, PathwaySettings

MessageFormat = Literal["plo-1.6", "plo-1.5", "fhir-r4"]
Environment = Literal["test", "production"]
HoldLevel = Literal["error", "warning", "information", "never"]
TransportName = Literal["http", "directory", "memory"]

HOUR = 3600.0  # seconds
DAY = 24 * HOUR  # seconds

CERTIFICATE_FILES = (
    "client_certificate",
    "client_key",
    "trusted_ca",
    "signing_certificate",
    "encryption_certificate",
)
"""Keys of an endpoint that name a file."""

_BAD_VALUE = "configuration.bad-value"
_DUPLICATE = "configuration.duplicate-her-id"


class Endpoint(Model):
    """How messages reach some of a partner's HER-ids, and which formats and types they take there."""

    her_ids: tuple[HerId, ...] = Field(min_length=1)
    transport: TransportName
    format: MessageFormat
    url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    """Address for transport http: no user or password inside it."""
    path: str | None = None
    """Folder for transport directory."""
    poll_s: Seconds = 1.0
    """Transport directory: seconds between two looks into in/."""
    keep_read: bool = True
    """Transport directory: what was taken over from in/ is kept in done/ (else deleted)."""
    types: tuple[str, ...] = ("*",)
    """Codes of 8279 this endpoint takes in `format`; "*" takes all."""
    pass_on: tuple[str, ...] = ()
    """Codes of 8279 this endpoint takes as they were sent, byte for byte, whatever `format` says."""
    bearer: str | None = Field(default=None, repr=False)
    """The secret this gateway shows to the partner; "env:NAME" reads it from the environment."""
    hold_losses: HoldLevel = "error"
    """A translation that lost something of this severity, or a graver one, is held for a person before it is sent."""
    hold_findings: HoldLevel = "never"
    """The same for what is wrong with a message by the rules, also where it goes out as it was sent."""
    refuse_translated_signed: bool = False
    """Refuse a signed message that would have to be translated: the signature cannot follow."""
    first_wait_s: Seconds = 5.0
    max_wait_s: Seconds = 15 * 60.0
    give_up_after_s: Seconds = 3 * DAY
    """How long after acceptance a delivery is tried before it goes to a person."""
    receipt_deadline_s: Seconds = DAY
    """How long after the transport accepted a receipt may take before it is overdue."""
    concurrency: int = Field(default=8, ge=1, le=256)
    """Most deliveries under way at the same time: a slow partner holds no more than these."""
    client_certificate: str | None = None
    """Our certificate that is shown to the partner, a file (PEM; its issuers may follow it). Read at start, as those
    below."""
    client_key: str | None = None
    """Its private key (PEM), where that is a file of its own."""
    client_key_password: str | None = Field(default=None, repr=False)
    """What opens the key; "env:NAME" reads it from the environment."""
    trusted_ca: str | None = None
    """Issuers (PEM) of the partner's server: only these are trusted; absent: those this machine trusts."""
    signing_certificate: str | None = None
    """The partner's, as the address register has it (PEM or DER). The gateway neither signs nor encrypts: it watches
    when it ends, for the software that does."""
    encryption_certificate: str | None = None
    """The same, for encryption."""
    drain_per_second: Annotated[float, Field(gt=0)] | None = None
    """How fast (deliveries a second, by all nodes together) a backlog is sent after an outage, a pause or a start;
    None: as fast as the endpoint takes them."""

    @property
    def is_secure(self) -> bool:
        """Whether messages travel to it over TLS."""
        return self.transport == "http" and (self.url or "").lower().startswith("https:")


class Partner(Model):
    """An organisation with HER-ids: what its credential may send and fetch for, and how to reach it."""

    name: str = Field(min_length=1, max_length=200)
    her_ids: tuple[HerId, ...] = Field(min_length=1)
    """HER-ids of level 1 and level 2 that its credential covers."""
    bearer_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 (hex) of the bearer secret the partner shows us."""
    environment: Environment | None = None
    """Marks the partner (DESIGN §4.11); absent: as the gateway; absent there too: not marked, nothing is refused."""
    ack_default: Literal["J", "N", "F"] = "J"
    """What a message of this partner means when it does not say whether a receipt is wanted (7304)."""
    accepts_apprec: Literal["1.0", "1.1"] = "1.0"
    endpoint: tuple[Endpoint, ...] = ()
    """May be empty: a partner that only sends, and fetches its receipts."""


class Gateway(Model):
    """The gateway itself."""

    listen: str = Field(default="127.0.0.1:8600", pattern=r"^\S+:[0-9]{1,5}$")
    ledger: str = Field(default="sqlite:somlos.db", pattern=r"^(sqlite:.+|postgres(ql)?://.+)$")
    environment: Environment | None = None
    her_id: HerId | None = None
    """The gateway's own HER-id: sender of its negative receipts."""
    name: str = "Sømløs"
    demo: bool = False
    """Synthetic patients only: the console says so and shows content without a stated purpose. Never in production."""
    max_body_bytes: int = Field(default=35_000_000, ge=1024)
    patient_key: SecretStr | None = None
    """Key of the patient key (HMAC); absent: SOMLOS_PATIENT_KEY, else one generated beside the ledger."""
    lease_s: float = Field(default=60.0, ge=1)
    """How long a node has a lane or a folder to itself without saying so anew: after a node has died, others wait this
    long before they take over its work. An attempt to send is cut off well before it ends."""
    workers: int | None = Field(default=None, ge=0, le=64)
    """How many processes read and translate beside the gateway's own, once there is much to do; absent: as many as the
    machine has further cores. 0 is best where several gateways share a machine."""
    parked_limit_s: Seconds = DAY
    """How long a correction or cancellation waits for its original before it goes to a person."""
    mappings_dir: Path | None = None
    """A folder with mapping definitions of this installation; checked before they are taken into use."""

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`; an IPv6 host stands in brackets there and without here."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class Operator(Model):
    """Who may use /ops and /metrics from another machine; without a secret only this machine may."""

    bearer_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 (hex) of the bearer secret of the operators."""


class ConsoleSettings(Model):
    """Who may open the console. Without sign-in only this machine may."""

    sign_in: Literal["none", "local"] = "none"
    """`local`: accounts that `somlos accounts` makes, kept in the ledger."""
    address: str | None = Field(default=None, pattern=r"^https?://[^\s/@?#]+$")
    """Where people reach the console, through the proxy that speaks TLS: `https://` and the host. Absent: only this
    machine reaches it."""
    idle_s: Seconds = 30 * 60.0
    """A session ends when it was not used for so long."""
    longest_s: Seconds = 12 * HOUR
    """… and when it is this old."""
    lock_after: int = Field(default=5, ge=1, le=100)
    """Wrong passwords in a row before an account is locked …"""
    lock_s: Seconds = 15 * 60.0
    """… for so long."""

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.address is not None and self.address.startswith("https://")


class Settings(Model):
    """The whole configuration of one installation."""

    gateway: Gateway = Gateway()
    operator: Operator = Operator()
    console: ConsoleSettings = ConsoleSettings()
    alarm: AlarmSettings = AlarmSettings()
    replay: ReplaySettings = ReplaySettings()
    retention: Retention = Retention()
    pathway: PathwaySettings = PathwaySettings()
    measures: MeasureSettings = MeasureSettings()
    partner: tuple[Partner, ...] = ()
    agreement: tuple[AgreementSettings, ...] = ()
    day_rate: tuple[DayRateSettings, ...] = ()
    community: tuple[Community, ...] = ()


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read, resolve and check a configuration file.

    :raises ConfigurationError: the file cannot be read, is no TOML, or says something that cannot be or is not safe.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        content = tomllib.loads(text)
    except OSError:
        raise ConfigurationError("configuration.file-missing", path=str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError("configuration.not-toml", path=str(path), line=line_of(error)) from None
    return from_content(content, folder=path.resolve().parent, environment=environment)


def from_content(
    content: Mapping[str, Any], *, folder: Path | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Check configuration that is already in memory; relative paths belong to `folder` (default: the working folder).

    :raises ConfigurationError: as `load`.
    """
    resolved = _with_secrets(content, environment, at="")
    try:
        settings = Settings.model_validate(resolved)
    except ValidationError as error:
        raise fault_of(error) from None
    settings = _with_paths(settings, folder or Path.cwd())
    check(settings)
    return settings


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
            raise ConfigurationError("configuration.bad-value", path=f"{key}.her_ids")
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


def _with_secrets(value: Any, environment: Mapping[str, str], at: str) -> Any:
    """Replace every "env:NAME" by the variable's value."""
    if isinstance(value, Mapping):
        return {
            key: _with_secrets(item, environment, f"{at}.{key}" if at else key) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_with_secrets(item, environment, f"{at}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, str) and value.startswith("env:"):
        found = environment.get(value.removeprefix("env:"))
        if not found:
            raise ConfigurationError("configuration.secret-missing", path=at)
        return found
    return value


def _with_paths(settings: Settings, folder: Path) -> Settings:
    """Make every relative path absolute, seen from `folder`."""
    gateway = settings.gateway
    changes: dict[str, Any] = {}
    if gateway.ledger.startswith("sqlite:"):
        changes["ledger"] = f"sqlite:{folder / gateway.ledger.removeprefix('sqlite:')}"
    if gateway.mappings_dir is not None:
        changes["mappings_dir"] = folder / gateway.mappings_dir
    partners = tuple(
        partner.model_copy(
            update={"endpoint": tuple(_endpoint_in(folder, each) for each in partner.endpoint)}
        )
        for partner in settings.partner
    )
    return settings.model_copy(update={"gateway": gateway.model_copy(update=changes), "partner": partners})


def _endpoint_in(folder: Path, endpoint: Endpoint) -> Endpoint:
    named = {key: getattr(endpoint, key) for key in ("path", *CERTIFICATE_FILES)}
    return endpoint.model_copy(
        update={key: str(folder / file) for key, file in named.items() if file is not None}
    )
