"""What can go wrong, whose move is it, and in which words do we say so?

Every refusal, finding and failure carries a code of the catalogue. The catalogue is data: one text file a
section in `catalogue/` (the part of a code before its dot names the file), read once at import. An entry is
five lines:

    xml.empty-input   sender  final  T01         code, owner, final or retry, its code in 8221 (- for none)
      Meldingen er tom.                          Norwegian sentence
      The message is empty.                      English sentence
      Send meldingen på nytt.                    next step, Norwegian
      Send the message again.                    next step, English

Owner says who can put it right: sender, receiver, network (somebody between us), us. `retry` means that the
same thing may succeed later without being changed. Sentences hold no content of a message and no words of a
library: the place is said by path and line, facts (sizes, element names, HER-ids, message ids) by
`SomlosError.details`.

The tree of exceptions; what is not exceptional is a value (Accepted | Duplicate | Refused, Delivered |
Deferred | Rejected):

    SomlosError
    ├── Unreadable           input that cannot be read at all                    xml.* json.*
    ├── NotTranslatable      read and valid, but the other format cannot say it  translate.*
    ├── Refusal              intake or the API does not take it                  routing.* api.* fhir.*
    ├── Unavailable          we cannot do it now: storage, shutting down         us.*
    └── ConfigurationError   the settings are wrong, nothing is started          configuration.*
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

Owner = Literal["sender", "receiver", "network", "us"]
Severity = Literal["error", "warning", "information"]
Layer = Literal["xml", "schema", "rules", "profile"]
Fact = str | int | float | bool | None

FOLDER = Path(__file__).with_name("catalogue")


@dataclass(frozen=True)
class CatalogueEntry:
    """One thing that can go wrong, in both languages, with the person whose move it is."""

    code: str
    no: str
    en: str
    owner: Owner
    next_step_no: str
    next_step_en: str
    retry: bool
    """The same thing may succeed later without being changed."""
    apprec: str | None
    """Code of 8221 for a receipt; None where no receipt can say it."""


def _entries(section: str, text: str) -> Iterator[CatalogueEntry]:
    """The entries of one section; ValueError with section and line when the notation is broken."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    kept = [(number, line) for number, line in lines if line and not line.startswith("#")]
    for at in range(0, len(kept), 5):
        number, heading = kept[at]
        fields = heading.split()
        sentences = [line for _, line in kept[at + 1 : at + 5]]
        if len(fields) != 4 or len(sentences) != 4 or not fields[0].startswith(f"{section}."):
            raise ValueError(f"catalogue/{section}.txt, line {number}: not an entry")
        code, owner, retry, apprec = fields
        if owner not in get_args(Owner) or retry not in ("retry", "final"):
            raise ValueError(f"catalogue/{section}.txt, line {number}: unknown owner or retry")
        yield CatalogueEntry(
            code=code,
            no=sentences[0],
            en=sentences[1],
            owner=cast(Owner, owner),
            next_step_no=sentences[2],
            next_step_en=sentences[3],
            retry=retry == "retry",
            apprec=None if apprec == "-" else apprec,
        )


def load_catalogue(folder: Path = FOLDER) -> dict[str, CatalogueEntry]:
    """The whole catalogue, code to entry; ValueError when a code stands twice."""
    catalogue: dict[str, CatalogueEntry] = {}
    for file in sorted(folder.glob("*.txt")):
        for entry in _entries(file.stem, file.read_text("utf-8")):
            if entry.code in catalogue:
                raise ValueError(f"catalogue/{file.name}: {entry.code} stands twice")
            catalogue[entry.code] = entry
    return catalogue


CATALOGUE: dict[str, CatalogueEntry] = load_catalogue()


class SomlosError(Exception):
    """An error with a code of the catalogue; `str()` is the code and the English sentence, safe to log."""

    def __init__(
        self,
        code: str,
        *,
        path: str | None = None,
        line: int | None = None,
        details: dict[str, Fact] | None = None,
    ) -> None:
        """`path` and `line` name the place in the input; `details` are machine facts, never content or
        names."""
        self.code = code
        self.entry = CATALOGUE[code]
        self.path = path
        self.line = line
        self.details: dict[str, Fact] = dict(details or {})
        super().__init__(code)

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line else ""
        return f"{self.code}: {self.entry.en}{place}"


class Unreadable(SomlosError):
    """The input could not be read as a message at all."""


class NotTranslatable(SomlosError):
    """The message was read, but the target format cannot be made of it."""


class Refusal(SomlosError):
    """Intake or the API does not take what was sent; nothing of it is kept."""


class Unavailable(SomlosError):
    """We cannot do it now, through no fault of the sender; asking again later is right."""


class ConfigurationError(SomlosError):
    """The settings cannot be used; `path` names the key."""


@dataclass(frozen=True)
class Issue:
    """One finding about an input: what, where and how grave; never its content."""

    severity: Severity
    code: str
    layer: Layer
    path: str | None
    """The place, written with element names: MsgHead/MsgInfo/Type,
    Bundle.entry[2].resource.ofType(Goal).lifecycleStatus."""
    line: int | None
    """Line of the input, from 1; None where the input has no lines to name."""
    message: str
    """English sentence of the catalogue."""
    message_no: str
    """Norwegian sentence of the catalogue."""

    @property
    def entry(self) -> CatalogueEntry:
        """The catalogue entry: owner, next step, 8221 code."""
        return CATALOGUE[self.code]

    def as_json(self) -> dict[str, str | int | None]:
        """The finding as the command line and the API write it (DESIGN §6)."""
        return {
            "severity": self.severity,
            "code": self.code,
            "layer": self.layer,
            "path": self.path,
            "line": self.line,
            "message": self.message,
            "message_no": self.message_no,
        }


def issue(
    code: str, *, severity: Severity = "error", layer: Layer, path: str | None = None, line: int | None = None
) -> Issue:
    """The finding `code` at a place, with the catalogue's sentences; KeyError for a code the catalogue does
    not know."""
    entry = CATALOGUE[code]
    return Issue(severity, code, layer, path, line, entry.en, entry.no)


def issue_of(error: SomlosError, layer: Layer = "xml") -> Issue:
    """An exception told as a finding, for the tools that list findings."""
    return issue(error.code, layer=layer, path=error.path, line=error.line)
