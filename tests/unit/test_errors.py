"""Is the catalogue complete, well formed and true to 8221, and does the code use only what is in it?"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gateway import errors, terminology
from gateway.errors import CATALOGUE, CatalogueEntry, Refusal, SomlosError, Unreadable, issue
from gateway.ledger import trail

CODE = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)*")
GATEWAY = Path(errors.__file__).parent


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE.keys())
def test_entry(entry: CatalogueEntry) -> None:
    assert CODE.fullmatch(entry.code)
    for norwegian, english in ((entry.no, entry.en), (entry.next_step_no, entry.next_step_en)):
        assert norwegian.endswith(".")
        assert english.endswith(".")
        assert len(norwegian) > 5
        assert norwegian != english
        assert not re.search(r"[æøåÆØÅ]", english)
    assert entry.apprec is None or terminology.display("8221", entry.apprec) is not None


def test_sentences_tell_entries_of_a_section_apart() -> None:
    for text in ("no", "en"):
        sentences = [(entry.code.split(".")[0], getattr(entry, text)) for entry in CATALOGUE.values()]
        assert len(set(sentences)) == len(sentences)


SECTIONS = {code.partition(".")[0] for code in CATALOGUE}
NOT_USED_YET = {
    *("fhir.invariant", "routing.patient-number-required", "routing.patient-number-wrong"),
    *("routing.quarantined", "translate.lossy", "translate.not-in-version"),
}
"""For what follows; a code leaves this list when it is used, or the catalogue when it never will be."""


def texts_of(file: Path) -> set[str]:
    """The texts in a module that look like codes of the catalogue, but for the names of log events."""
    nodes = list(ast.walk(ast.parse(file.read_text("utf-8"))))
    events = {
        id(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).startswith(("log.", "_log."))
    }
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in events}
    found = {text for text in texts if isinstance(text, str) and CODE.fullmatch(text)}
    return {text for text in found if text.partition(".")[0] in SECTIONS}


def test_every_code_used_in_the_gateway_is_in_the_catalogue() -> None:
    used = {
        code: file.relative_to(GATEWAY)
        for file in GATEWAY.rglob("*.py")
        if not {"console", "conformance"}
        & set(file.parts)  # keys of texts and names of checks look like codes
        for code in texts_of(file)
    }
    unknown = {
        f"{file}: {code}" for code, file in used.items() if code not in {**CATALOGUE, **trail.SENTENCES}
    }
    assert not unknown
    assert len(used) > 100
    unused = {code for code in CATALOGUE if code not in used and not code.startswith("invariant.")}
    assert unused <= NOT_USED_YET


def test_broken_notation_is_named(tmp_path: Path) -> None:
    (tmp_path / "xml.txt").write_text("xml.a sender final -\n  Nei.\n  No.\n  Rett.\n", "utf-8")
    with pytest.raises(ValueError, match=r"xml\.txt, line 1"):
        errors.load_catalogue(tmp_path)
    (tmp_path / "xml.txt").write_text("xml.a nobody final -\n  Nei.\n  No.\n  Rett.\n  Correct.\n", "utf-8")
    with pytest.raises(ValueError, match="owner"):
        errors.load_catalogue(tmp_path)
    entry = "xml.a sender final -\n  Nei.\n  No.\n  Rett.\n  Correct.\n"
    (tmp_path / "xml.txt").write_text(entry * 2, "utf-8")
    with pytest.raises(ValueError, match="twice"):
        errors.load_catalogue(tmp_path)


def test_an_error_speaks_only_catalogue_sentences() -> None:
    error = Unreadable("xml.not-well-formed", line=7, details={"bytes": 12})
    assert isinstance(error, SomlosError)
    assert str(error) == f"xml.not-well-formed: {CATALOGUE['xml.not-well-formed'].en} (line 7)"
    assert error.entry.owner == "sender"
    assert error.details == {"bytes": 12}
    with pytest.raises(KeyError):
        Refusal("routing.no-such-code")


def test_issue_carries_both_languages() -> None:
    found = issue("schema.bad-value", layer="schema", path="MsgHead/MsgInfo/GenDate", line=4)
    assert found.as_json() == {
        "severity": "error",
        "code": "schema.bad-value",
        "layer": "schema",
        "path": "MsgHead/MsgInfo/GenDate",
        "line": 4,
        "message": CATALOGUE["schema.bad-value"].en,
        "message_no": CATALOGUE["schema.bad-value"].no,
    }
    assert found.entry.apprec == "T02"
