"""What do the codes mean that a page shows: message types, statuses, formats, states, events?

Names of the field in bokmål and English: type codes of 8279, status codes of 7309, our own states and events.
"""

from __future__ import annotations

_TYPES: dict[str, tuple[str, str]] = {
    "LOG_INNLAGT": ("Melding om innlagt pasient", "Notice of admitted patient"),
    "LOG_UTSKRIVNINGSKLAR": ("Melding om utskrivningsklar pasient", "Notice of patient ready for discharge"),
    "LOG_AVMELDING": ("Avmelding av utskrivningsklar pasient", "Patient no longer ready for discharge"),
    "LOG_UTSKREVET": ("Melding om utskrevet pasient", "Notice of discharged patient"),
    "LOG_DOD": ("Orientering om dødsfall", "Notice of death"),
    "PASIENTLOGISTIKK": ("Pasientlogistikk", "Patient logistics"),
    "INNLEGGELSESRAPPORT": ("Innleggelsesrapport", "Admission report"),
    "HELSEOPPL_SOKNAD": ("Helseopplysninger ved søknad", "Health information for services"),
    "HELSEOPPLYSNINGER_LEGE": ("Helseopplysninger til lege", "Health information to physician"),
    "ORIENTERING_TJENESTETILBUD": ("Orientering om tjenestetilbud", "Notice of services granted"),
    "MEDISINSKE_OPPLYSNINGER": ("Medisinske opplysninger", "Medical information"),
    "UTSKRIVNINGSRAPPORT": ("Utskrivningsrapport", "Discharge report"),
    "EPIKRISE": ("Epikrise", "Discharge summary"),
    "HENVISNING": ("Henvisning", "Referral"),
    "DIALOG_FORESPORSEL": ("Forespørsel", "Enquiry"),
    "DIALOG_SVAR": ("Svar på forespørsel", "Answer to enquiry"),
    "DIALOG_HELSEFAGLIG": ("Helsefaglig dialog", "Clinical dialogue"),
    "DIALOG_AVVIK": ("Avviksmelding", "Deviation notice"),
    "DIALOG_NOTAT": ("Dialognotat", "Dialogue note"),
    "EPJ-EKSTRAKT": ("EPJ-innhold", "Record extract"),
    "MELDING_FRAVAR": ("Melding om fravær", "Notice of absence"),
    "FRAVARSMELDING": ("Fraværsmelding", "Notice of absence"),
    "APPREC": ("Applikasjonskvittering", "Application receipt"),
}

_STATUSES: dict[str, tuple[str, str]] = {
    "N": ("Ny", "New"),
    "M": ("Endring", "Change"),
    "A": ("Tillegg", "Addition"),
    "C": ("Kansellering", "Cancellation"),
    "H": ("Historikk", "History"),
}

_FORMATS: dict[str, tuple[str, str]] = {
    "plo-1.6": ("PLO 1.6 (XML)", "PLO 1.6 (XML)"),
    "plo-1.5": ("PLO 1.5 (XML)", "PLO 1.5 (XML)"),
    "fhir-r4": ("FHIR R4", "FHIR R4"),
    "apprec-1.0": ("AppRec 1.0 (XML)", "AppRec 1.0 (XML)"),
    "apprec-1.1": ("AppRec 1.1 (XML)", "AppRec 1.1 (XML)"),
    "dialog-1.0": ("Dialogmelding 1.0 (XML)", "Dialogue message 1.0 (XML)"),
    "dialog-1.1": ("Dialogmelding 1.1 (XML)", "Dialogue message 1.1 (XML)"),
    "msghead": ("Hodemelding 1.2 (XML)", "Envelope 1.2 (XML)"),
}

_STATES: dict[str, tuple[str, str]] = {
    "received": ("Mottatt", "Received"),
    "queued": ("I kø", "Queued"),
    "retrying": ("Prøver igjen", "Trying again"),
    "parked": ("Venter på original", "Waits for original"),
    "sending": ("Sendes", "Sending"),
    "sent": ("Sendt", "Sent"),
    "overdue": ("Over frist", "Overdue"),
    "acknowledged": ("Kvittert", "Acknowledged"),
    "acknowledged-in-part": ("Kvittert med feil", "Acknowledged with errors"),
    "rejected": ("Avvist", "Rejected"),
    "cancelled": ("Kansellert", "Cancelled"),
    "delivered": ("Levert", "Delivered"),
    "handed": ("Til oppfølging", "Needs a person"),
    "settled": ("Tatt hånd om", "Taken care of"),
}

_STEPS: dict[str, tuple[str, str]] = {
    "queued": ("Sendes av seg selv når det er dens tur.", "Is sent by itself when its turn comes."),
    "retrying": ("Nytt forsøk {due}. Vi gir oss {deadline}.", "Next attempt {due}. We give up {deadline}."),
    "soon": ("straks", "at once"),
    "parked": (
        "Sendes når den opprinnelige meldingen er kommet. Kommer den ikke innen {deadline}, tar en person over.",
        "Is sent when the original message has come. If it has not come by {deadline}, a person takes over.",
    ),
    "sending": ("Overføres akkurat nå.", "Is being transferred right now."),
    "sent": ("Mottakeren kvitterer innen {deadline}.", "The receiver acknowledges by {deadline}."),
    "overdue": (
        "Ta kontakt med mottakeren; meldingen er overført.",
        "Contact the receiver; the message was transferred.",
    ),
    "acknowledged": ("Ingenting gjenstår.", "Nothing remains to be done."),
    "acknowledged-in-part": (
        "Les hva mottakeren ikke kunne ta imot.",
        "Read what the receiver could not take.",
    ),
    "rejected": (
        "Les årsaken i kvitteringen, rett og send på nytt.",
        "Read the reason in the receipt, correct and send again.",
    ),
    "cancelled": ("Ingenting gjenstår.", "Nothing remains to be done."),
    "delivered": ("Ingenting gjenstår.", "Nothing remains to be done."),
    "handed": ("En person må avgjøre hva som skal skje.", "A person must decide what is to happen."),
    "settled": (
        "En person har tatt hånd om den. Begrunnelsen står i hendelsene.",
        "A person has taken care of it. The reason stands in the trail.",
    ),
}

_SECTIONS: dict[str, tuple[str, str]] = {
    "xml": ("Lesing av XML", "Reading XML"),
    "json": ("Lesing av JSON", "Reading JSON"),
    "schema": ("Skjema", "Schema"),
    "rules": ("Regler for meldingene", "Rules of the messages"),
    "fhir": ("FHIR", "FHIR"),
    "translate": ("Oversettelse", "Translation"),
    "routing": ("Avsender, mottaker og rekkefølge", "Sender, receiver and order"),
    "receipt": ("Kvitteringer", "Receipts"),
    "transport": ("Overføring", "Transfer"),
    "api": ("Grensesnitt", "Interface"),
    "configuration": ("Oppsett", "Configuration"),
    "command": ("Kommandolinjen", "Command line"),
    "mapping": ("Egne definisjoner", "Own definitions"),
    "us": ("Hos oss", "On our side"),
    "operations": ("Drift", "Operations"),
    "accounts": ("Kontoer", "Accounts"),
    "invariant": ("Reglene i FHIR", "Rules of FHIR"),
    "records": ("FHIR-ressurser", "FHIR resources"),
}

NAMES: dict[str, tuple[str, str]] = {
    **{f"type.{code}": names for code, names in _TYPES.items()},
    **{f"status.{code}": names for code, names in _STATUSES.items()},
    **{f"state.{code}": names for code, names in _STATES.items()},
    **{f"step.{code}": names for code, names in _STEPS.items()},
    **{f"section.{code}": names for code, names in _SECTIONS.items()},
    **{f"format.{code}": names for code, names in _FORMATS.items()},
}

MESSAGE_TYPES: tuple[str, ...] = tuple(code for code in _TYPES if code != "APPREC")
"""Codes of 8279 one can narrow the flow to."""
