"""What happens in the story, in which order, and how must each message end? The table is `story/story.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Literal

import msgspec

from gateway.simulator.template import story_file

FinalState = Literal["acknowledged", "rejected", "cancelled"]


class Step(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"sender": "from", "receiver": "to"}
):
    """One message of the story."""

    key: str
    """Name of the step; other steps refer to it as parent."""
    at: str
    """When the message is written, on the story's calendar."""
    sender: str
    receiver: str
    """Keys of `cast.SERVICES`."""
    patient: str
    type: str
    """Code of 8279."""
    type_text: str
    body: str
    """The story file with the body (XML) or with the whole Bundle (JSON)."""
    no: str
    en: str
    """What the message says, for the person who watches."""
    status: Literal["N", "M", "C"] = "N"
    parent: str | None = None
    ends: FinalState = "acknowledged"
    """The final state the gateway must report."""
    receipt: str = "1"
    """The receipt that must reach the sender: its status (8258) and, of a negative one, its code (8221)."""
    late: bool = False
    """The receipt comes late: the story goes on before it is there."""
    values: dict[str, str] = {}
    """Texts for the placeholders of the story file."""

    @property
    def is_fhir(self) -> bool:
        """Whether the sender writes this message as FHIR."""
        return self.body.endswith(".json")


class _Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    step: tuple[Step, ...]


@cache
def story(name: str = "story.toml") -> tuple[Step, ...]:
    """The steps in the order in which they happen."""
    return msgspec.convert(tomllib.loads(story_file(name)), _Story).step


def root_of(step: Step, steps: tuple[Step, ...] | None = None) -> Step:
    """The first message of the step's conversation; `steps`: all that happens, when it is another story."""
    known = {each.key: each for each in (story() if steps is None else steps)}
    while step.parent is not None:
        step = known[step.parent]
    return step
