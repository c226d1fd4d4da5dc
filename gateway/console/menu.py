"""Which entries does the menu have for this person?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.accounts.roles import Right, Viewer


@dataclass(frozen=True)
class Entry:
    """One entry of the menu; its word is the text `nav.<name>`."""

    name: str
    address: str
    right: Right


ENTRIES: Final = (
    Entry("home", "/console", "home"),
    Entry("flow", "/console/flow", "messages"),
    Entry("find", "/console/find", "messages"),
    Entry("pathways", "/console/pathways", "pathways"),
    Entry("measures", "/console/measures", "measures"),
    Entry("partners", "/console/partners", "partners"),
    Entry("workbench", "/console/workbench", "workbench"),
    Entry("mappings", "/console/mappings", "workbench"),
    Entry("audit", "/console/audit", "audit"),
    Entry("errors", "/console/errors", "errors"),
)


def menu(viewer: Viewer) -> tuple[Entry, ...]:
    """The pages this person may open."""
    return tuple(entry for entry in ENTRIES if viewer.may(entry.right))


def landing(viewer: Viewer) -> str:
    """The first page this person may open."""
    return menu(viewer)[0].address
