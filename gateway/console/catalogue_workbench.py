"""The texts of the workbench and of the conformance plays: key → (bokmål, English)."""

from __future__ import annotations

WORKBENCH: dict[str, tuple[str, str]] = {
    "nav.workbench": ("Verksted", "Workbench"),
    "workbench.title": ("Verksted", "Workbench"),
    "workbench.lead": (
        "Prøv en melding: er den gyldig, hva blir den i det andre formatet, og hva ville avsenderen fått til svar? "
        "Ingenting av det du limer inn, blir lagret. Bruk oppdiktede pasienter.",
        "Try a message: is it valid, what does it become in the other format, and what would its sender be answered? "
        "Nothing of what you paste is stored. Use made-up patients.",
    ),
    "workbench.text": ("Melding", "Message"),
    "workbench.text.hint": (
        "Lim inn en PLO-melding eller en kvittering (XML), eller en FHIR-melding (JSON).",
        "Paste a PLO message or a receipt (XML), or a FHIR message Bundle (JSON).",
    ),
    "workbench.file": ("… eller en fil", "… or a file"),
    "workbench.do": ("Prøv meldingen", "Try the message"),
    "workbench.empty": ("Lim inn en melding, eller velg en fil.", "Paste a message, or choose a file."),
    "workbench.result": ("Resultat", "Result"),
    "workbench.no_type": ("ukjent type", "unknown type"),
    "workbench.valid": ("Gyldig", "Valid"),
    "workbench.invalid": ("Ugyldig", "Invalid"),
    "workbench.findings": ("Funn", "Findings"),
    "workbench.nothing": ("Ingenting å bemerke.", "Nothing to remark."),
    "workbench.severity": ("Alvor", "Severity"),
    "workbench.what": ("Hva", "What"),
    "workbench.where": ("Hvor", "Where"),
    "workbench.line": ("Linje {number}", "Line {number}"),
    "workbench.more": ("{n} funn til.|{n} funn til.", "{n} more finding.|{n} more findings."),
    "workbench.answer": ("Svaret avsenderen ville fått", "The answer the sender would get"),
    "workbench.answer.accepted": (
        "202: meldingen ville blitt tatt imot. Kvitteringen kommer fra mottakeren, ikke herfra.",
        "202: the message would be taken. The receipt comes from the receiver, not from here.",
    ),
    "workbench.answer.negative": (
        "Meldingen ville blitt avvist med denne negative kvitteringen.",
        "The message would be refused with this negative receipt.",
    ),
    "workbench.answer.outcome": (
        "Meldingen ville blitt avvist med denne OperationOutcome.",
        "The message would be refused with this OperationOutcome.",
    ),
    "workbench.answer.problem": (
        "Meldingen ville blitt avvist med feilkoden {code}. Så lite kunne leses at ingen kvittering kan lages.",
        "The message would be refused with the error code {code}. So little could be read that no receipt can be made.",
    ),
    "workbench.answer.no_her": (
        "Meldingen ville blitt avvist med feilkoden {code}. Denne installasjonen har ingen egen HER-id og kan derfor "
        "ikke sende kvittering.",
        "The message would be refused with the error code {code}. This installation has no HER-id of its own and "
        "therefore cannot send a receipt.",
    ),
    "workbench.translation": ("Oversettelse", "Translation"),
    "workbench.given": ("Slik du limte den inn", "As you pasted it"),
    "workbench.other": ("I det andre formatet", "In the other format"),
    "workbench.not_translated": (
        "Meldingen følger ikke sitt skjema og kan ikke oversettes. Funnene sier hvorfor.",
        "The message does not follow its schema and cannot be translated. The findings say why.",
    ),
    "severity.error": ("Feil", "Error"),
    "severity.warning": ("Advarsel", "Warning"),
    "severity.information": ("Merk", "Note"),
    "layer.xml": ("Lesing", "Reading"),
    "layer.schema": ("Skjema", "Schema"),
    "layer.rules": ("Regler", "Rules"),
    "layer.profile": ("Profil", "Profile"),
    "roundtrip.lossless": ("Fram og tilbake: tapsfri", "There and back: lossless"),
    "roundtrip.equivalent": ("Fram og tilbake: likeverdig", "There and back: equivalent"),
    "roundtrip.lossy": ("Fram og tilbake: med tap", "There and back: lossy"),
    "plays.title": ("Samsvarsprøver", "Conformance plays"),
    "plays.lead": (
        "En simulert motpart spiller et helt opphold mot endepunktet: velvillig, sen, dobbel, avvisende, taus eller "
        "med en feil. Pasienten er oppdiktet, og bare endepunkter merket som test kan prøves.",
        "A simulated counterpart plays a whole stay against the endpoint: well-behaved, late, duplicate, negative, "
        "silent or with a fault. The patient is made up, and only endpoints marked as test can be tried.",
    ),
    "plays.target": ("Endepunkt", "Endpoint"),
    "plays.side": ("Motparten spiller", "The counterpart plays"),
    "plays.hospital": ("Sykehuset", "The hospital"),
    "plays.municipality": ("Kommunen", "The municipality"),
    "plays.behaviour": ("Motparten er", "The counterpart is"),
    "plays.receipt_seconds": ("Så lenge kan en kvittering ta", "How long a receipt may take"),
    "plays.wait_seconds": ("Vent på meldingene du selv sender", "Wait for the messages you send yourself"),
    "plays.no_wait": ("Ikke vent", "Do not wait"),
    "plays.seconds": ("{n} sekunder", "{n} seconds"),
    "plays.start": ("Start prøven", "Start the play"),
    "plays.choose": (
        "Velg et endepunkt og minst én måte motparten oppfører seg på.",
        "Choose an endpoint and at least one way for the counterpart to behave.",
    ),
    "plays.too_many": (
        "Så mange prøver som denne maskinen tillater, er i gang. Prøv igjen når en av dem er ferdig.",
        "As many plays as this machine allows are under way. Try again when one of them is over.",
    ),
    "plays.no_target": (
        "Ingen partner er satt opp med et HTTP-endepunkt merket som test.",
        "No partner is configured with an HTTP endpoint marked as test.",
    ),
    "plays.command": ("Det samme fra kommandolinjen:", "The same from the command line:"),
    "plays.runs": ("Tidligere prøver", "Earlier plays"),
    "plays.when": ("Startet", "Started"),
    "plays.outcome": ("Utfall", "Outcome"),
    "plays.running": ("Pågår", "Under way"),
    "plays.good": ("Ingenting brutt", "Nothing broken"),
    "plays.bad": ("Noe ble brutt", "Something was broken"),
    "plays.run": ("Samsvarsprøve", "Conformance play"),
    "plays.endpoint": ("Endepunkt", "Endpoint"),
    "plays.inbox": ("Send kvitteringer og meldinger hit", "Send receipts and messages here"),
    "plays.inbox.hint": (
        "Sett denne adressen som motpartens mottak i EPJ-et mens prøven går.",
        "Set this address as the counterpart's inbox in the EPJ while the play lasts.",
    ),
    "plays.progress": ("Motpart {done} av {of}.", "Counterpart {done} of {of}."),
    "plays.messages": ("Melding {done} av {of}.", "Message {done} of {of}."),
    "plays.reload": ("Oppdater", "Reload"),
    "plays.failed": (
        "Prøven stanset på grunn av en feil hos oss. Start den på nytt.",
        "The play ended because of a fault of ours. Start it again.",
    ),
    "plays.report": ("Last ned rapporten", "Download the report"),
}
