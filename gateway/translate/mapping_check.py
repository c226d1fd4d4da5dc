"""Do coverage and round trip still hold with the definitions in use?

Asked before an installation's own definitions are taken into use. First what the files say: they can be read, name only
what exists, and leave no element of any message without a rule. Then what they do: messages of every type and version,
made from the grammar with everything a message may hold, go to FHIR and back; what comes out must be valid FHIR R4, and
every value must come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gateway import parsing
from gateway.emessage.grammar import STANDARDS
from gateway.emessage.read import read
from gateway.emessage.sample import BODIES, RandomMessage
from gateway.errors import ConfigurationError, Issue, SomlosError, issue
from gateway.fhir import json as fhir_json
from gateway.fhir.validate import validate
from gateway.translate import extensions, sources
from gateway.translate.compiler import definitions, mapping
from gateway.translate.convert import convert
from gateway.translate.coverage import uncovered, unknown_lines
from gateway.translate.documents import bodies
from gateway.translate.notation import MappingError
from gateway.translate.roundtrip import compare

BRANCHES: Final = 5
"""Most branches of a choice in the grammars: so many messages of each body and version have everything."""
MOST_TOLD: Final = 50

_ENVELOPE: Final = (
    ("MsgInfo", "mh:MsgInfo"),
    ("List", "mh:PatientReport"),
    ("Composition", "mh:Document"),
    ("DocumentReference", "mh:Document"),
)
_PLACE_IN_LIST: Final = re.compile(r"\[\d+\]")


def check() -> tuple[Issue, ...]:
    """What is wrong with the definitions in use, each fault once; empty when they can be used."""
    try:
        found = tuple(_unknown()) or tuple(_without_rule())
    except ConfigurationError as error:
        return (_fault("mapping.not-readable", error.path),)
    except MappingError as error:
        return (_fault("mapping.not-readable", f"{error.place}: {error.reason}"),)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        return (_fault("mapping.not-readable", _words_of(error)),)
    return (found or tuple(dict.fromkeys(_tried())))[:MOST_TOLD]


def take_into_use(folder: Path | None) -> None:
    """Translate with the definitions of this folder from now on (None: those that the environment names, if any).

    :raises ConfigurationError: they do not hold; the path names the first place. Nothing may be translated then.
    """
    if folder is not None and folder != sources.folder():
        sources.use(folder)
    if sources.folder() is None:
        return
    faults = check()
    if faults:
        first = faults[0]
        place = f"{first.path}, {first.code}" if first.path else first.code
        raise ConfigurationError("configuration.mappings-unusable", path=place)
    extensions.publish()


def _fault(code: str, path: str | None) -> Issue:
    return issue(code, layer="rules", path=path)


def _words_of(error: Exception) -> str | None:
    """The text of a definition that the compiler could not make sense of; these are our words, not a message's."""
    words = error.args[0] if error.args else None
    return words if isinstance(words, str) and len(words) < 200 else None


def _unknown() -> Iterator[Issue]:
    for place in unknown_lines(definitions()):
        yield _fault("mapping.unknown-name", place)
    for name in sorted(sources.TABLES):
        sources.table(name)


def _without_rule() -> Iterator[Issue]:
    missing: dict[str, None] = {}
    for standard in STANDARDS:
        bound = mapping(standard)
        if standard.startswith("apprec-"):
            parts: tuple[tuple[str, str], ...] = (("AppRec", "ar:AppRec"),)
        else:
            parts = (*_ENVELOPE, *((name, body) for body, name in bodies(bound).items()))
        for name, kind in parts:
            missing |= dict.fromkeys(uncovered(bound, name, kind))
    for place in missing:
        yield _fault("mapping.not-covered", place)


def _messages() -> Iterator[tuple[str, bytes]]:
    for standard in STANDARDS:
        if standard == "msghead":
            continue
        kinds: list[str | None] = list(BODIES) if standard.startswith("plo-") else [None]
        if standard.startswith("dialog-"):
            kinds = ["dia"]
        for body in kinds:
            for branch in range(BRANCHES):
                yield standard, RandomMessage(standard, branch, branch=branch).text(body)
            yield standard, RandomMessage(standard, BRANCHES).text(body)
        if standard.startswith("plo-"):
            yield standard, RandomMessage(standard, 0, branch=0).text("p6", reports=True)


def _tried() -> Iterator[Issue]:
    for standard, data in _messages():
        message = read(data)
        try:
            made = convert(message, "fhir-r4").data
            bundle: dict[str, Any] = fhir_json.read(made)
            for found in validate(bundle):
                if found.severity == "error":
                    yield _fault("mapping.not-valid-fhir", f"{_general(found.path or '')} [{found.code}]")
            back = convert(bundle, standard).data
        except SomlosError as error:
            yield _fault("mapping.fails", f"{error.path or standard} [{error.code}]")
            continue
        except (LookupError, ValueError, AttributeError, TypeError) as error:
            yield _fault("mapping.fails", _words_of(error) or standard)
            continue
        for loss in compare(message.root, parsing.parse_own(back)).losses:
            yield _fault("mapping.lossy", _general(loss.source or loss.target))


def _general(path: str) -> str:
    """A path without the places in lists: the same fault in many messages is one fault."""
    return _PLACE_IN_LIST.sub("", path)
