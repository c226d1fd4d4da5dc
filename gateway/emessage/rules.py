"""Which business rules of the standards does a message break, apart from its schema?

Each rule is a small pure function with an id and a source; what it finds carries a code of the catalogue,
which has the 8221 code of a receipt. Findings are reported and never block a translation; configuration
decides what blocks a delivery. The rules also run on messages that break their schema, so they expect
nothing to be there.

Sources: HIS 80704:2014 (care messages 1.6) with its profiles HIS 1143-1149, MsgHead 1.2, HIS 80415 (AppRec),
the national code sets, and the registers' own descriptions of their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from gateway.emessage import rules_codes, rules_envelope, rules_numbers, rules_receipt
from gateway.emessage.place import finding, local_name
from gateway.emessage.read import EMessage, code_of
from gateway.emessage.rules_envelope import message_status, message_type
from gateway.errors import Issue, issue

__all__ = [
    "DIALOGUE_TYPES",
    "LOGISTICS_NOTICES",
    "MAX_OF_RULE",
    "PLO_BODY_OF_TYPE",
    "RULES",
    "VERSION_OF_DIALOGUE",
    "Rule",
    "check",
    "message_status",
    "message_type",
]

MAX_OF_RULE = 100
"""Most findings of one rule that are told one by one: to name a place takes the longer, the more siblings it has."""

PLO_BODY_OF_TYPE = {
    "INNLEGGELSESRAPPORT": "Innleggelsesrapport",
    "HELSEOPPL_SOKNAD": "HelseopplysningerVedSoknad",
    "HELSEOPPLYSNINGER_LEGE": "Konsultasjon",
    "ORIENTERING_TJENESTETILBUD": "OrienteringOmTjenestetilbud",
    "MEDISINSKE_OPPLYSNINGER": "OverforingMedisinskeOpplysninger",
    "UTSKRIVNINGSRAPPORT": "TverrfagligEpikrise",
    "LOG_INNLAGT": "Pasientlogistikk",
    "LOG_UTSKRIVNINGSKLAR": "Pasientlogistikk",
    "LOG_AVMELDING": "Pasientlogistikk",
    "LOG_UTSKREVET": "Pasientlogistikk",
    "LOG_DOD": "Pasientlogistikk",
    "PASIENTLOGISTIKK": "Pasientlogistikk",
}
"""Message type (8279) of the care messages → root element of the body that it must have."""

DIALOGUE_TYPES = ("DIALOG_FORESPORSEL", "DIALOG_SVAR", "DIALOG_HELSEFAGLIG", "DIALOG_AVVIK", "DIALOG_NOTAT")
"""Message types (8279) whose body is a Dialogmelding."""

VERSION_OF_DIALOGUE = {
    "DIALOG_FORESPORSEL": "dialog-1.0",
    "DIALOG_SVAR": "dialog-1.0",
    "DIALOG_AVVIK": "dialog-1.0",
    "DIALOG_HELSEFAGLIG": "dialog-1.1",
}
"""Type of a dialogue → the version that its profile is of; for a note (DIALOG_NOTAT) we know of none."""
_BODY_OF_TYPE = {
    **PLO_BODY_OF_TYPE,
    **dict.fromkeys(DIALOGUE_TYPES, "Dialogmelding"),
    "TVERRFAGLIG_EPIKRISE": "TverrfagligEpikrise",
    "FODSELS_EPIKRISE": "TverrfagligEpikrise",
    "KONSULTASJON": "Konsultasjon",
}
_LOGISTICS = {  # type → the notice inside, the event that defines it, the events it usually has (9121)
    "LOG_INNLAGT": ("MeldingInnlagtPasient", "1", {"1"}),
    "LOG_UTSKRIVNINGSKLAR": ("MeldingUtskrivningsklarPasient", "3", {"1", "3"}),
    "LOG_AVMELDING": ("AvmeldingUtskrivningsklarPasient", "4", {"1", "3", "4"}),
    "LOG_UTSKREVET": ("MeldingOmUtskrevetPasient", "2", {"2"}),
    "LOG_DOD": ("OrienteringOmDod", "13", {"13"}),
}
LOGISTICS_NOTICES = {message_type: notice for message_type, (notice, _, _) in _LOGISTICS.items()}
"""Message type of patient logistics → the notice that its body has."""
_CONTENT_SET_OF_TYPE = {
    "MEDISINSKE_OPPLYSNINGER": "9138",
    "UTSKRIVNINGSRAPPORT": "9139",
    "HELSEOPPL_SOKNAD": "9140",
}


@dataclass(frozen=True)
class Rule:
    """One business rule: `check` finds where a message breaks it."""

    id: str
    source: str
    applies: str
    """message, receipt or both."""
    check: Callable[[EMessage], Iterator[Issue]]

    def findings(self, message: EMessage) -> Iterator[Issue]:
        """What the rule finds, up to `MAX_OF_RULE`; then one finding says that there are more."""
        found = self.check(message)
        yield from islice(found, MAX_OF_RULE)
        if next(found, None) is not None:
            yield issue("schema.more-findings", severity="information", layer="rules")


def check(message: EMessage) -> tuple[Issue, ...]:
    """What the business rules find in a message or receipt, in the order of the rules."""
    kind = "receipt" if message.standard.startswith("apprec") else "message"
    return tuple(
        found for rule in RULES if rule.applies in (kind, "both") for found in rule.findings(message)
    )


def _body_validated(message: EMessage) -> Iterator[Issue]:
    if message.standard == "msghead" and message_type(message.root) not in PLO_BODY_OF_TYPE:
        place = message.body if message.body is not None else message.root
        yield finding("rules.body-not-validated", "information", place)


def _type_and_body(message: EMessage) -> Iterator[Issue]:
    """The body is the one that the type promises; a known body stands under a type that promises it."""
    kind = message_type(message.root)
    promised = _BODY_OF_TYPE.get(kind or "")
    known = message.standard != "msghead" and message.body is not None
    actual = local_name(message.body) if known and message.body is not None else None
    strict = known or kind in PLO_BODY_OF_TYPE
    if strict and promised != actual:
        place = rules_envelope.find(message.root, "MsgInfo/Type")
        place = message.root if place is None else place
        yield finding("rules.type-body-mismatch", "error", place)


def _dialogue_version(message: EMessage) -> Iterator[Issue]:
    """A dialogue is of the version that its type is agreed in."""
    agreed = VERSION_OF_DIALOGUE.get(message_type(message.root) or "")
    if agreed and message.body is not None and message.standard in {"dialog-1.0", "dialog-1.1"} - {agreed}:
        yield finding("rules.dialogue-version", "warning", message.body)


def _logistics_notice(message: EMessage) -> Iterator[Issue]:
    """The notice inside a logistics message is the one its type names."""
    expected = _LOGISTICS.get(message_type(message.root) or "")
    if expected is None or message.body is None or local_name(message.body) != "Pasientlogistikk":
        return
    notices = {name for name, _, _ in _LOGISTICS.values()}
    for child in message.body:
        if local_name(child) in notices - {expected[0]}:
            yield finding("rules.logistics-content-mismatch", "error", child)


def _logistics_events(message: EMessage) -> Iterator[Issue]:
    """A logistics message has the dated event that defines it (error), and the usual others (warning)."""
    expected = _LOGISTICS.get(message_type(message.root) or "")
    if expected is None or message.body is None or local_name(message.body) != "Pasientlogistikk":
        return
    events = {code for each in message.body.iter("{*}Hendelsekode") if (code := code_of(each))}
    if events != expected[2]:
        yield finding(
            "rules.logistics-event-mismatch",
            "error" if expected[1] not in events else "warning",
            message.body,
        )


def _content_type(message: EMessage) -> Iterator[Issue]:
    """The code for type of content is of the set that belongs to the message type."""
    expected = _CONTENT_SET_OF_TYPE.get(message_type(message.root) or "")
    if expected is None or message.body is None:
        return
    for element in message.body.iter("{*}TypeInnhold"):
        stated = rules_codes.stated_set(element)
        if stated and stated != expected:
            yield finding("rules.content-type-mismatch", "warning", element)


def _notice_of_admission(message: EMessage) -> Iterator[Issue]:
    """The 24-hour notice (9140 = 1) says when the patient is expected to be ready for discharge."""
    if message_type(message.root) != "HELSEOPPL_SOKNAD" or message.body is None:
        return
    kinds = {code_of(each) for each in message.body.iter("{*}TypeInnhold")}
    events = {code_of(each) for each in message.body.iter("{*}Hendelsekode")}
    if "1" in kinds and "3" not in events and message_status(message) == "N":
        yield finding("rules.notice-without-expected-time", "information", message.body)


def _assessment(message: EMessage) -> Iterator[Issue]:
    """A mapped function is assessed 1 to 5, or 9 for not relevant (IPLOS)."""
    for function in () if message.body is None else message.body.iter("{*}KartlagtFunksjon"):
        for value in function.iterchildren("{*}Vurdering"):
            if (value.text or "").strip() not in ("1", "2", "3", "4", "5", "9"):
                yield finding("rules.assessment-out-of-scale", "warning", value)


RULES: tuple[Rule, ...] = (
    Rule("body-checked", "DESIGN: a body without grammar is passed on", "message", _body_validated),
    Rule("type-and-body", "8279; profiles HIS 1143-1149", "message", _type_and_body),
    Rule("dialogue-version", "HIS 1151, 1152, 1077", "message", _dialogue_version),
    Rule("logistics-notice", "HIS 1149", "message", _logistics_notice),
    Rule("logistics-events", "HIS 1149; 9121", "message", _logistics_events),
    Rule("content-type", "HIS 1144, 1147, 1148; 9138-9140", "message", _content_type),
    Rule(
        "notice-of-admission",
        "HIS 1144; regulation of 18.11.2011 no. 1115, section 8",
        "message",
        _notice_of_admission,
    ),
    Rule("assessment-scale", "IPLOS; 9111", "message", _assessment),
    Rule("message-id", "MsgHead 1.2", "message", rules_envelope.message_id),
    Rule("known-type", "8279", "message", rules_envelope.known_type),
    Rule("parties", "HITS 1174; MsgHead 1.2", "message", rules_envelope.parties),
    Rule("patient", "MsgHead 1.2", "message", rules_envelope.patient),
    Rule("processing-status", "MsgHead 1.2; 8113", "message", rules_envelope.processing_status),
    Rule("status", "HIS 80704; 7309", "message", rules_envelope.status),
    Rule(
        "conversation",
        "MsgHead 1.2; guideline on linking of related messages",
        "message",
        rules_envelope.conversation,
    ),
    Rule(
        "numbers",
        "registers of persons, legal entities, addresses, health personnel",
        "both",
        rules_numbers.numbers,
    ),
    Rule("codes", "the national code sets", "both", rules_codes.codes),
    Rule("receipt-kind", "HIS 80415; 8279", "receipt", rules_receipt.kind_and_version),
    Rule("receipt-status", "HIS 80415; 8258, 8221", "receipt", rules_receipt.status_and_errors),
    Rule("receipt-original", "HIS 80415", "receipt", rules_receipt.original),
)
