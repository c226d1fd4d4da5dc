"""How is this installation configured, and is what the operator wrote safe to start with?

One TOML file is read into these frozen models (`settings_load`). Every mistake is one `ConfigurationError` that names
the key; the value is never repeated, because it may be a secret. Secrets are references ("env:NAME") or SHA-256 hashes,
so the file itself holds none. A relative path in the file is relative to the file's own folder.

Without a credential for every partner the gateway listens on loopback only (DESIGN §4.13).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from gateway.settings_base import HerId, Model, Seconds
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
