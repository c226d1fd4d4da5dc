"""Which pages of the console does every test of all pages visit?"""

from __future__ import annotations

from tests.browser.conftest import Console

OWN_WORDS = "Ny rutine ved innleggelse"
"""What a person writes in a form stands on a page as it was written, whatever language the page has."""


def kinds_of_pages(console: Console) -> dict[str, str]:
    """A name and an address for every kind of page."""
    return {
        name: path
        for name, path in all_pages(console).items()
        if not name.startswith(("message-", "flow-filtered"))
    } | {
        "message": console.message("rejected"),
        "message-in-trouble": console.message("retrying"),
    }


def all_pages(console: Console) -> dict[str, str]:
    """A name and an address for every kind of page, and for every state a message can be shown in."""
    messages = {f"message-{state}": console.message(state) for state in sorted(console.messages)}
    return {
        "home": "/console",
        "alarms": "/console/alarms?all=1",
        "find": "/console/find",
        "find-found": "/console/find?type=LOG_INNLAGT",
        "find-nothing": "/console/find?id=nothing-of-the-kind",
        "pathways": "/console/pathways",
        "stay": console.stay,
        "measures": "/console/measures",
        "measure": "/console/measures/notice-within-24-hours",
        "partners": "/console/partners",
        "register": "/console/partners/register",
        "partner-pause": f"/console/partners/{console.endpoint}/pause",
        "partner-test": f"/console/partners/{console.endpoint}/test",
        "act-resend": console.action("rejected", "resend"),
        "act-redirect": console.action("handed", "redirect"),
        "act-impossible": console.action("cancelled", "resend"),
        "flow": "/console/flow",
        "flow-filtered": "/console/flow?state=rejected&type=LOG_INNLAGT",
        "flow-nothing": "/console/flow?state=sending&type=EPIKRISE",
        "refused": "/console/refused",
        "workbench": "/console/workbench",
        "plays": "/console/workbench/plays",
        "mappings": "/console/mappings",
        "mapping": "/console/mappings/LOG_DOD",
        "errors": "/console/errors",
        "error": "/console/errors/transport.unreachable",
        **messages,
    }
