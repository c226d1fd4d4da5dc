"""When is a medication discontinued, in either format?

9104|2 (Seponering) and MedicationStatement.status `stopped` are the same statement. Other codes of 9104 say nothing
certain of the status (DESIGN §5: `unknown`, not `active`). A status edited in FHIR wins over the code.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway import terminology
from gateway.fhir.canonical import code_system
from gateway.translate.codec import Json

DISCONTINUED = "2"
_CODE_SET = "9104"
_IN_USE = frozenset({"active", "intended", "on-hold"})


def state_status(statement: Json) -> None:
    """Writes the status that the e-message's code means."""
    if _says_discontinued(statement):
        statement["status"] = "stopped"


def is_stated_twice(statement: Json) -> bool:
    """Whether status and code agree that the medication is discontinued: then the status is no value of its own."""
    return statement.get("status") == "stopped" and _says_discontinued(statement)


def disagrees(statement: Json) -> bool:
    """Whether the status says something else of it than the code: edited, or born in FHIR."""
    status = statement.get("status")
    return (status == "stopped") != _says_discontinued(statement) and (
        status == "stopped" or status in _IN_USE
    )


def agree(statement: Json) -> list[Json]:
    """Makes the code say what the status says. The reasons that said otherwise: they are taken away."""
    reasons = statement.get("statusReason", ())
    others = [reason for reason in reasons if not _is_of_the_set(reason)]
    overruled = [reason for reason in reasons if _is_of_the_set(reason)]
    if statement.get("status") == "stopped":
        display = terminology.display(_CODE_SET, DISCONTINUED)
        others.insert(
            0, {"coding": [{"system": code_system(_CODE_SET), "code": DISCONTINUED, "display": display}]}
        )
    if others:
        statement["statusReason"] = others
    else:
        statement.pop("statusReason", None)
    return overruled


def _is_of_the_set(concept: object) -> bool:
    codings = concept.get("coding", ()) if isinstance(concept, dict) else ()
    return any(terminology.number_of(str(coding.get("system", ""))) == _CODE_SET for coding in codings)


def _says_discontinued(statement: Json) -> bool:
    return any(True for _ in saying_discontinued(statement))


def saying_discontinued(statement: Json) -> Iterator[Json]:
    """The codings that say that the medication is discontinued."""
    for reason in statement.get("statusReason", ()):
        for coding in reason.get("coding", ()) if isinstance(reason, dict) else ():
            if (
                coding.get("code") == DISCONTINUED
                and terminology.number_of(str(coding.get("system", ""))) == _CODE_SET
            ):
                yield coding
