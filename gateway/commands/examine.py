"""How is an input of a command examined? Its bytes are fetched; one that cannot be is a finding too."""

from __future__ import annotations

import os
from functools import cache

from gateway import examination
from gateway.commands.inputs import Input
from gateway.errors import issue
from gateway.examination import Examined


def examine(source: Input) -> Examined:
    """Fetch, read and validate one input; whatever is wrong is a finding, never an exception."""
    _know_own_extensions()
    try:
        data = source.read()
    except OSError:
        return Examined(source.name, b"", None, None, (issue("command.cannot-read", layer="xml"),))
    return examination.examine(source.name, data)


@cache
def _know_own_extensions() -> None:
    """What the installation's mapping definitions write is known to the validator."""
    if os.environ.get("SOMLOS_MAPPINGS"):
        from gateway.translate import extensions

        extensions.publish()
