"""Which roles are there, and what may each of them see and do?

Pure. A right belongs to a kind of page or action; whose messages a person sees is decided beside it, by the
organisation the person belongs to. What a person may not see does not exist for that person.

| role      | Norwegian         | is there to                                                               |
|-----------|-------------------|---------------------------------------------------------------------------|
| operator  | drift             | see at once what is stuck, and act on it                                  |
| engineer  | integrasjon       | connect and mend partners; act; use the workbench                         |
| vendor    | leverandør        | use the workbench, and nothing else                                       |
| clinician | kliniker (leser)  | read the messages, stays and goals of the own organisation, for a purpose |
| auditor   | revisor           | see who did and read what; no content                                     |
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

Role = Literal["operator", "engineer", "vendor", "clinician", "auditor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Right = Literal[
    "home",  # what needs a person
    "messages",  # flow, trail, codes, loss report's paths; never content
    "content",  # XML, FHIR and texts, after a stated purpose
    "patient",  # find by identity number, after a stated purpose
    "act",  # resend, redirect, cancel, hand over
    "partners",  # endpoints and how they are
    "endpoints",  # pause, drain, resume, test message
    "pathways",  # stays, clocks, tasks
    "goals",  # the patient's own words, after a stated purpose
    "measures",
    "workbench",
    "audit",
    "errors",  # the error catalogue
    "own",  # the own account
]
RIGHTS: Final[tuple[Right, ...]] = get_args(Right)

_EVERYBODY: Final[frozenset[Right]] = frozenset({"errors", "own"})
MAY: Final[dict[Role, frozenset[Right]]] = {
    "operator": _EVERYBODY
    | {
        "home",
        "messages",
        "content",
        "patient",
        "act",
        "partners",
        "endpoints",
        "pathways",
        "measures",
        "workbench",
    },
    "engineer": _EVERYBODY
    | {"home", "messages", "content", "act", "partners", "endpoints", "measures", "workbench"},
    "vendor": _EVERYBODY | {"workbench"},
    "clinician": _EVERYBODY | {"messages", "content", "patient", "pathways", "goals", "measures"},
    "auditor": _EVERYBODY | {"messages", "partners", "measures", "audit"},
}
BOUND: Final[frozenset[Role]] = frozenset({"clinician"})
"""Roles that always belong to one organisation: nobody reads about patients of all of them."""


@dataclass(frozen=True)
class Person:
    """What any way of signing in has to tell about somebody."""

    name: str
    """As it stands in trail and audit."""
    role: Role
    organisation: str | None
    """Name of a partner: only what that partner sends or receives is seen; None: everything."""


@dataclass(frozen=True)
class Viewer:
    """Who looks at a page, and what that person may see and do."""

    person: Person | None
    """None: nobody has to sign in here (this machine only)."""
    rights: frozenset[Right]
    her_ids: frozenset[str] | None = None
    """Messages to or from these are seen; None: all."""
    form_token: str = field(default="", repr=False)
    """What a form must carry to be this person's."""
    session: str = field(default="", repr=False)
    """Names the session in the ledger; empty: there is none."""
    must_change: bool = False
    """The password is to be changed before anything else."""

    def may(self, right: Right) -> bool:
        """Whether the person has a right."""
        return right in self.rights

    def sees(self, *her_ids: str | None) -> bool:
        """Whether something between these HER-ids is this person's to see."""
        return self.her_ids is None or not self.her_ids.isdisjoint(her_ids)

    @property
    def name(self) -> str | None:
        """Who it is, for trail and audit."""
        return self.person.name if self.person else None
