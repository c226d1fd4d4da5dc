"""How is an input of a command examined? Its bytes are fetched; one that cannot be is a finding too."""

from __future__ import annotations

from gateway import examination
from gateway.commands.inputs import Input
from gateway.errors import issue
from gateway.examination import Examined


def examine(source: Input) -> Examined:
    """Fetch, read and validate one input; whatever is wrong is a finding, never an exception."""
    try:
        data = source.read()
    except OSError:
        return Examined(source.name, b"", None, None, (issue("command.cannot-read", layer="xml"),))
    return examination.examine(source.name, data)
