"""What do the API and the console get to work with? The rooms below, put together by `app.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.simulator.conformance.plays import Plays

if TYPE_CHECKING:
    from gateway.accounts.service import Accounts
    from gateway.ledger.patient_key import PatientKeys
    from gateway.ledger.reader import LedgerReader
    from gateway.ledger.store import Ledger
    from gateway.operations.measuring import Measures
    from gateway.operations.service import Operations
    from gateway.operations.trials import Trials
    from gateway.projection.desk import Desk
    from gateway.projection.projector import Projector
    from gateway.records.reader import PathwayReader
    from gateway.routing.credentials import Credentials
    from gateway.routing.dispatch import Dispatcher
    from gateway.routing.intake import Intake
    from gateway.routing.partners import Partners
    from gateway.settings import Settings


@dataclass(frozen=True)
class GatewayServices:
    """One running gateway."""

    settings: Settings
    credentials: Credentials
    """`of_bearer(secret) -> Credential | None`, `of_partner(name) -> Credential`, `open: bool` (none configured)."""
    partners: Partners
    """`owner_of(her_id) -> Partner | None`, `route_to(her_id) -> Route | None`: names for HER-ids, endpoints."""
    intake: Intake
    """`await accept(data, content_type, credential) -> Accepted | Duplicate | Refused`; raises `Unavailable`."""
    reader: LedgerReader
    """What the ledger holds."""
    ledger: Ledger
    """`await changed(since) -> int`: the next version of the ledger after `since`, for pages that update themselves;
    `version`: the present one; `is_ready`: whether it can take messages."""
    dispatcher: Dispatcher
    """`is_running`."""
    operations: Operations
    """What operators may do and see."""
    trials: Trials
    """Tries partners' endpoints out."""
    pathway: PathwayReader
    """Stays, clocks, tasks and goals, as far as `records/` has come."""
    measures: Measures
    """Figures and run charts over all stays and plans, and what teams noted in them."""
    patient_keys: PatientKeys
    """`of(identity number)`: the patient key of a search."""
    accounts: Accounts
    """Who may use the console, who does, and what is noted of it."""
    projector: Projector | None = None
    """Brings `records/` up to date; None: that is switched off."""
    desk: Desk | None = None
    """Takes in what persons and systems say of a pathway: placements, coded answers, resources; None: as above."""
    plays: Plays = field(default_factory=Plays)
    """Conformance plays against endpoints under test; in memory."""
