"""What can happen to a message, and how is it said? The codes of the trail's events, in both languages.

`{…}` in a sentence is filled from the event's `detail`: machine facts only.
"""

from __future__ import annotations

from typing import Final

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "message.accepted": ("Mottatt og lagret", "Received and stored"),
    "message.repeated": (
        "Mottatt på nytt; samme svar, ingenting gjort om igjen",
        "Received again; same answer, nothing redone",
    ),
    "delivery.queued": ("Lagt i kø til mottakeren", "Queued for the receiver"),
    "delivery.parked": ("Venter på den opprinnelige meldingen", "Waits for the original message"),
    "delivery.released": ("Den opprinnelige meldingen er kommet", "The original message has arrived"),
    "delivery.without-original": (
        "Endring uten henvisning til en opprinnelig melding; sendt i rekkefølge",
        "A change that names no original message; sent in order",
    ),
    "delivery.translated": ("Oversatt til {format}", "Translated to {format}"),
    "delivery.attempt": ("Forsøk {attempt} startet", "Attempt {attempt} started"),
    "delivery.deferred": (
        "Forsøk {attempt} lyktes ikke; prøves igjen",
        "Attempt {attempt} did not succeed; tried again later",
    ),
    "delivery.sent": ("Overtatt av mottakerens transport", "Taken over by the receiver's transport"),
    "delivery.delivered": ("Levert; ingen kvittering ventes", "Delivered; no receipt is expected"),
    "delivery.to-fetch": ("Ligger klar til henting hos avsenderen", "Ready to be fetched"),
    "delivery.acknowledged": ("Kvittert av mottakeren", "Acknowledged by the receiver"),
    "delivery.rejected": ("Avvist av mottakeren", "Rejected by the receiver"),
    "delivery.cancelled": ("Kansellert før den ble sendt", "Cancelled before it was sent"),
    "delivery.annuls": (
        "Kansellerte den opprinnelige før den ble sendt",
        "Cancelled the original before it was sent",
    ),
    "delivery.handed": ("Overlatt til en person", "Handed to a person"),
    "delivery.recovered": ("Forsøket ble avbrutt; prøves igjen", "The attempt was interrupted; tried again"),
    "delivery.requeued": ("Lagt i kø på nytt", "Queued once more"),
    "action.trial-sent": ("{by} sendte denne testmeldingen: {why}", "{by} sent this test message: {why}"),
    "action.resent": ("{by} ba om ny sending: {why}", "{by} asked to send it again: {why}"),
    "action.redirected": (
        "{by} sendte den videre til {receiver}: {why}",
        "{by} redirected it to {receiver}: {why}",
    ),
    "action.cancelled": ("{by} kansellerte leveringen: {why}", "{by} cancelled the delivery: {why}"),
    "action.released": ("{by} slapp den tilbakeholdte videre: {why}", "{by} released what was held: {why}"),
    "action.forwarded": (
        "{by} slapp den videre med en merknad til mottakeren: {why}",
        "{by} forwarded it with a note for the receiver: {why}",
    ),
    "action.refused": ("{by} holdt den endelig tilbake: {why}", "{by} refused what was held: {why}"),
    "action.handed-over": ("{by} tok seg av den selv: {why}", "{by} took care of it otherwise: {why}"),
    "message.body-removed": (
        "Innholdet er slettet etter oppbevaringstiden",
        "The content was removed after its time of keeping",
    ),
    "receipt.sent-home": ("Kvitteringen sendes til avsenderen", "The receipt is sent to the sender"),
    "receipt.received": ("Kvittering mottatt: {status}", "Receipt received: {status}"),
    "receipt.repeated": ("Samme kvittering mottatt på nytt", "The same receipt received again"),
    "receipt.contradictory": ("Kvittering som motsier den første", "A receipt that contradicts the first"),
    "receipt.unexpected": (
        "Kvittering på en melding som var kansellert her",
        "A receipt for a message that was cancelled here",
    ),
    "receipt.overdue": (
        "Kvitteringen er ikke kommet innen fristen",
        "The receipt has not come within its limit",
    ),
}


def sentence(code: str, detail: dict[str, str | int | float | bool | None]) -> tuple[str, str]:
    """The Norwegian and the English sentence; an unknown code is shown as it is, never hidden."""
    norwegian, english = SENTENCES.get(code, (code, code))
    try:
        return norwegian.format(**detail), english.format(**detail)
    except (KeyError, IndexError):
        return norwegian, english
