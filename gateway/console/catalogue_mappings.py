"""The texts of the mapping tables: key → (bokmål, English)."""

from __future__ import annotations

MAPPINGS: dict[str, tuple[str, str]] = {
    "mappings.title": ("Oversettelsen, regel for regel", "The mapping, rule by rule"),
    "mappings.lead": (
        "Hvor hvert element i en e-melding står i FHIR, og regelen som sier det. Samme regel gjelder begge veier.",
        "Where each element of an e-message stands in FHIR, and the rule that says so. One rule holds for both ways.",
    ),
    "mappings.messages": ("Meldingstyper", "Message types"),
    "mappings.tables": ("Tabeller", "Tables"),
    "mappings.rules": ("{n} regel|{n} regler", "{n} rule|{n} rules"),
    "mappings.own": ("{n} egen|{n} egne", "{n} of its own|{n} of its own"),
    "mappings.own.none": (
        "Denne installasjonen bruker bare våre definisjoner.",
        "This installation uses our definitions only.",
    ),
    "mappings.own.some": (
        "Denne installasjonen har satt noen egne definisjoner i stedet for våre; de er merket i tabellene.",
        "This installation has put definitions of its own in the place of some of ours; the tables mark them.",
    ),
    "mappings.version": ("Definisjonenes versjon: {version}", "Version of the definitions: {version}"),
    "mappings.envelope": ("Hodemelding", "Envelope"),
    "mappings.required": ("Det e-meldingen krever", "What the e-message requires"),
    "mappings.placement": ("Plass i e-meldingen", "Place in the e-message"),
    "mappings.rendering": ("Som tekst i e-meldingen", "As text in the e-message"),
    "mappings.source": ("E-melding", "E-message"),
    "mappings.number": ("Antall", "Number"),
    "mappings.type": ("Type", "Type"),
    "mappings.target": ("FHIR", "FHIR"),
    "mappings.how": ("Hvordan", "How"),
    "mappings.code_set": ("Kodeverk", "Code set"),
    "mappings.rule": ("Regel", "Rule"),
    "mappings.by": ("Overstyrt av", "Overridden by"),
    "mappings.by.us": ("–", "–"),
    "mappings.by.own": ("installasjonen", "the installation"),
    "mappings.only": ("bare {version}", "{version} only"),
}
