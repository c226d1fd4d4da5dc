"""Which pages of the console does every test of all pages visit?"""

from __future__ import annotations

from tests.browser.conftest import Console


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
        "flow": "/console",
        "flow-filtered": "/console?state=rejected&type=LOG_INNLAGT",
        "flow-nothing": "/console?state=sending&type=EPIKRISE",
        "refused": "/console/refused",
        "workbench": "/console/workbench",
        "plays": "/console/workbench/plays",
        "mappings": "/console/mappings",
        "mapping": "/console/mappings/LOG_DOD",
        "errors": "/console/errors",
        "error": "/console/errors/transport.unreachable",
        **messages,
    }
