"""The texts of the console: key → (bokmål, English).

The words are those of DESIGN §3. A text that names a value writes it in braces; `one|many` is chosen by `n`.
"""

from __future__ import annotations

from gateway.console.catalogue_accounts import ACCOUNTS
from gateway.console.catalogue_mappings import MAPPINGS
from gateway.console.catalogue_partners import PARTNERS
from gateway.console.catalogue_pathways import PATHWAYS
from gateway.console.catalogue_work import WORK
from gateway.console.catalogue_workbench import WORKBENCH
from gateway.console.names import NAMES
from gateway.console.names_pathway import PATHWAY_NAMES

_COMMON: dict[str, tuple[str, str]] = {
    "product": ("Sømløs", "Sømløs"),
    "product.tagline": ("Sammen om pasientforløpet", "Together through the patient's pathway"),
    "skip": ("Hopp til hovedinnhold", "Skip to main content"),
    "nav.label": ("Hovedmeny", "Main menu"),
    "nav.home": ("Oppfølging", "Follow-up"),
    "nav.flow": ("Flyt", "Flow"),
    "nav.find": ("Finn", "Find"),
    "nav.pathways": ("Forløp", "Pathways"),
    "nav.measures": ("Måltall", "Measures"),
    "nav.partners": ("Partnere", "Partners"),
    "nav.workbench": ("Verksted", "Workbench"),
    "nav.mappings": ("Oversettelse", "Translation"),
    "nav.audit": ("Revisjon", "Audit"),
    "nav.errors": ("Feilkatalog", "Error catalogue"),
    "language.switch": ("English", "Norsk"),
    "language.label": ("Show this page in English", "Vis siden på norsk"),
    "demo.banner": ("Demo: bare syntetiske pasienter.", "Demo: synthetic patients only."),
    "demo.more": (
        "Personer og virksomheter er oppdiktet, derfor kan innholdet vises.",
        "People and organisations are made up, which is why content can be shown.",
    ),
    "footer.time": (
        "Alle tidspunkter er norsk tid (Europe/Oslo).",
        "All times are Norwegian time (Europe/Oslo).",
    ),
    "footer.loaded": ("Siden ble hentet {time}.", "The page was loaded at {time}."),
    "breadcrumb": ("Brødsmulesti", "Breadcrumb"),
    "none": ("Ingen", "None"),
    "unknown": ("ikke oppgitt", "not stated"),
    "months": (
        "januar februar mars april mai juni juli august september oktober november desember",
        "January February March April May June July August September October November December",
    ),
    "months.short": (
        "jan. feb. mars apr. mai juni juli aug. sep. okt. nov. des.",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    ),
    "time.day": ("{day}. {month}", "{day} {month}"),
    "time.full": ("{day}. {month} {year} kl. {clock} ({zone})", "{day} {month} {year} at {clock} ({zone})"),
    "unit.second": ("s", "s"),
    "unit.minute": ("min", "min"),
    "unit.hour": ("t", "h"),
    "unit.day": ("d", "d"),
    "owner.sender": ("Avsender", "Sender"),
    "owner.receiver": ("Mottaker", "Receiver"),
    "owner.network": ("Nettet mellom oss", "The network between us"),
    "owner.us": ("Vi som drifter Sømløs", "We who run Sømløs"),
    "owner.nobody": ("Ingen, det går av seg selv", "Nobody, it moves by itself"),
}

_FLOW: dict[str, tuple[str, str]] = {
    "flow.title": ("Meldingsflyt", "Message flow"),
    "flow.lead": (
        "Alt som går mellom sykehus og kommune, nyeste først.",
        "Everything that travels between hospital and municipality, newest first.",
    ),
    "flow.live": ("Oppdateres direkte", "Updating live"),
    "flow.live.paused": ("Satt på pause", "Paused"),
    "flow.live.lost": ("Mistet kontakten, prøver igjen", "Connection lost, trying again"),
    "flow.live.pause": ("Sett på pause", "Pause"),
    "flow.live.resume": ("Fortsett", "Resume"),
    "flow.live.new": ("Meldingslisten er oppdatert.", "The list of messages was updated."),
    "flow.numbers": ("Nøkkeltall", "Key figures"),
    "tile.today.hint": ("melding mottatt|meldinger mottatt", "message received|messages received"),
    "tile.waiting": ("Venter", "Waiting"),
    "tile.waiting.hint": ("på levering eller kvittering", "for delivery or receipt"),
    "tile.delivered": ("Til levert", "To delivery"),
    "tile.delivered.hint": ("i snitt, fra vi har den", "on average, from when it is here"),
    "tile.answered": ("Til kvittert", "To receipt"),
    "tile.answered.hint": ("i snitt, fra mottakeren har den", "on average, from when the receiver has it"),
    "span.24h": ("Siste 24 timer", "Last 24 hours"),
    "span.7d": ("Siste 7 dager", "Last 7 days"),
    "filter.span": ("Tall for", "Figures for"),
    "matrix.title": ("Hvem sender til hvem", "Who sends to whom"),
    "matrix.table": ("Tabell over hvem som sender til hvem", "Table of who sends to whom"),
    "matrix.lead": (
        "Antall meldinger, tid til levert og til kvittert.",
        "Messages, time to delivery and to receipt.",
    ),
    "matrix.after": ("levert {delivered}, kvittert {answered}", "delivered {delivered}, receipt {answered}"),
    "matrix.negative": ("{n} avvist|{n} avvist", "{n} rejected|{n} rejected"),
    "matrix.overdue": ("{n} over frist|{n} over frist", "{n} overdue|{n} overdue"),
    "flow.taken": ("Tatt imot", "Taken in"),
    "tile.overdue": ("Over frist", "Overdue"),
    "tile.overdue.hint": ("mangler kvittering", "receipt is missing"),
    "tile.handed": ("Til oppfølging", "Needs a person"),
    "tile.handed.hint": ("venter på et menneske", "waiting for somebody to act"),
    "chart.title.24h": ("Meldinger siste 24 timer", "Messages in the last 24 hours"),
    "chart.title.7d": ("Meldinger siste 7 dager", "Messages in the last 7 days"),
    "chart.desc": (
        "Antall meldinger mottatt. Flest: {most} fra {start}. Til sammen {n}, av dem {negative} avvist.",
        "Messages received. Most: {most} from {start}. {n} in all, {negative} of them rejected.",
    ),
    "chart.negative": ("Avvist", "Rejected"),
    "chart.empty": (
        "Ingen meldinger mottatt.",
        "No messages received.",
    ),
    "chart.table": ("Vis tallene", "Show the figures"),
    "chart.hour": ("Tid", "Time"),
    "chart.count": ("Meldinger", "Messages"),
    "chart.now": ("nå", "now"),
    "filter.title": ("Avgrens listen", "Narrow the list"),
    "filter.partner": ("Partner", "Partner"),
    "filter.type": ("Meldingstype", "Message type"),
    "filter.state": ("Tilstand", "State"),
    "filter.any": ("Alle", "All"),
    "filter.receipts": ("Vis også kvitteringer", "Show receipts as well"),
    "filter.apply": ("Vis", "Show"),
    "filter.clear": ("Nullstill", "Clear"),
    "table.caption": ("Meldinger, nyeste først", "Messages, newest first"),
    "table.time": ("Tid", "Time"),
    "table.route": ("Fra og til", "From and to"),
    "table.from": ("Fra", "From"),
    "table.to": ("til", "to"),
    "table.message": ("Melding", "Message"),
    "table.state": ("Tilstand", "State"),
    "table.receipt": ("Kvittering", "Receipt"),
    "table.age": ("Alder", "Age"),
    "table.empty": ("Ingen meldinger her ennå.", "No messages here yet."),
    "table.empty.hint": (
        "Når en melding kommer, dukker den opp her av seg selv.",
        "When a message arrives, it appears here by itself.",
    ),
    "table.empty.filtered": ("Ingen meldinger passer med utvalget.", "No messages match the selection."),
    "paging.label": ("Sider", "Pages"),
    "paging.older": ("Eldre meldinger", "Older messages"),
    "paging.newest": ("Til de nyeste", "Back to the newest"),
    "paging.old": (
        "Du ser eldre meldinger. Listen oppdateres ikke.",
        "These are older messages. The list does not update.",
    ),
    "receipt.none": ("–", "–"),
    "receipt.none.long": ("Ingen kvittering ventes", "No receipt is expected"),
    "receipt.missing": ("Mangler", "Missing"),
    "receipt.awaited": ("Ventes", "Awaited"),
    "receipt.1": ("OK", "OK"),
    "receipt.2": ("Avvist", "Rejected"),
    "receipt.3": ("Delvis OK", "OK in part"),
}

_MESSAGE: dict[str, tuple[str, str]] = {
    "message.facts": ("Om meldingen", "About the message"),
    "message.from": ("Fra", "From"),
    "message.to": ("Til", "To"),
    "message.received": ("Mottatt her", "Received here"),
    "message.generated": ("Skrevet av avsender", "Written by the sender"),
    "message.format": ("Format inn", "Format received"),
    "message.id": ("Vår id", "Our id"),
    "message.msgid": ("Avsenders meldings-id", "The sender's message id"),
    "message.her": ("HER-id {her}", "HER-id {her}"),
    "message.signed.yes": ("Ja", "Yes"),
    "message.ack": ("Ønsker kvittering", "Wants a receipt"),
    "ack.J": ("Ja", "Yes"),
    "ack.N": ("Nei", "No"),
    "ack.F": ("Bare ved feil", "Only on error"),
    "message.msgid.hidden": ("Vises ikke: den har en uventet form", "Not shown: its form is unexpected"),
    "message.signed": ("Signert av avsender", "Signed by the sender"),
    "message.body_unknown": (
        "Dette innholdet har vi ingen grammatikk for. Konvolutten er kontrollert, innholdet går uendret videre.",
        "There is no grammar for this content here. The envelope was checked, the content is passed on unchanged.",
    ),
    "trail.title": ("Hendelser", "Trail"),
    "trail.after": ("etter {span}", "after {span}"),
    "trail.empty": ("Ingen hendelser er skrevet ned.", "Nothing has been written down."),
    "delivery.title": ("Levering|Leveringer", "Delivery|Deliveries"),
    "delivery.to": ("Til {name}", "To {name}"),
    "delivery.format": ("Leveres som", "Delivered as"),
    "delivery.sent": ("Overtatt av mottakeren", "Taken by the receiver"),
    "delivery.final": ("Avsluttet", "Finished"),
    "delivery.due": ("Nytt forsøk", "Next attempt"),
    "delivery.same": ("uendret, byte for byte", "unchanged, byte for byte"),
    "delivery.attempts": ("Forsøk", "Attempts"),
    "delivery.says": ("Mottakeren svarte", "The receiver answered"),
    "delivery.next": ("Neste steg", "Next step"),
    "delivery.who": ("Hvem handler", "Who acts"),
    "delivery.deadline": ("Frist for kvittering", "Receipt is due"),
    "delivery.none": ("Meldingen har ingen leveringer.", "The message has no deliveries."),
    "receipts.about": ("Kvitterer for", "Receipt for"),
    "receipts.title": ("Kvitteringer", "Receipts"),
    "receipts.none": ("Ingen kvittering er kommet ennå.", "No receipt has come yet."),
    "receipts.not_expected": (
        "En kvittering får ingen kvittering selv.",
        "A receipt gets no receipt of its own.",
    ),
    "receipts.at_once": ("på under ett sekund", "in less than a second"),
    "receipts.after": ("etter {span}", "after {span}"),
    "effect.repeated": ("sier det samme som den første", "says the same as the first"),
    "effect.contradictory": ("motsier den første", "contradicts the first"),
    "effect.unexpected": ("meldingen var kansellert her", "the message was cancelled here"),
    "versions.title": ("I samme samtale", "In the same conversation"),
    "versions.answered": ("meldingen denne svarer på", "the message this one answers"),
    "versions.answer": ("svar på denne", "answer to this one"),
    "versions.this": ("denne", "this one"),
    "versions.parent": ("forrige versjon", "previous version"),
    "versions.child": ("neste versjon", "next version"),
    "content.title": ("Innhold", "Content"),
    "content.lead": (
        "Det avsenderen sendte, det mottakeren fikk, og det som skiller dem.",
        "What the sender sent, what the receiver got, and the difference between them.",
    ),
    "content.hidden": ("Innholdet vises ikke her.", "The content is not shown here."),
    "content.hidden.why": (
        "Helseopplysninger kan bare leses med et oppgitt formål, og lesingen blir loggført.",
        "Health information is read only for a stated purpose, and the reading is recorded.",
    ),
    "content.hidden.role": (
        "Rollen du har nå, gir ikke tilgang til innholdet. Uten innlogging vises det bare i demo.",
        "Your present role gives no access to the content. Without sign-in it is shown in a demo only.",
    ),
    "content.reading": ("Til lesing", "For reading"),
    "content.reading.lead": (
        "Alt som står i meldingen, uten koding.",
        "All that the message says, without markup.",
    ),
    "content.xml": ("XML", "XML"),
    "content.fhir": ("FHIR", "FHIR"),
    "content.loss": ("Tapsrapport", "Loss report"),
    "content.received": ("Slik vi mottok den", "As we received it"),
    "content.delivered": ("Slik mottakeren fikk den", "As the receiver got it"),
    "content.to_deliver": ("Slik mottakeren får den", "As the receiver will get it"),
    "content.for_reading": ("Oversatt for lesing", "Translated for reading"),
    "content.too_large": (
        "Meldingen er for stor til å oversettes bare for lesing.",
        "The message is too large to be translated for reading only.",
    ),
    "content.laid_out": ("Linjeskift er satt inn for lesing.", "Line breaks were put in for reading."),
    "content.left_out": (
        "{n} linje til er ikke vist.|{n} linjer til er ikke vist.",
        "{n} more line is not shown.|{n} more lines are not shown.",
    ),
    "content.jump": ("Gå til", "Go to"),
    "loss.verdict.none": ("Ingenting gikk tapt", "Nothing was lost"),
    "loss.verdict.some": (
        "{n} verdi gikk tapt|{n} verdier gikk tapt",
        "{n} value was lost|{n} values were lost",
    ),
    "loss.verdict.assumed": (
        "{n} opplysning er antatt|{n} opplysninger er antatt",
        "{n} statement was assumed|{n} statements were assumed",
    ),
    "loss.verdict.same": ("Ingen oversettelse, ingen tap", "No translation, no loss"),
    "loss.total": ("Verdier i kilden", "Values in the source"),
    "loss.native": ("I målets egne felt", "In the target's own fields"),
    "loss.extension": ("I utvidelser", "In extensions"),
    "loss.exact": ("Bare som kildetekst", "As source text only"),
    "loss.lost": ("Tapt", "Lost"),
    "lost.lost": ("Fikk ikke plass", "Could not be held"),
    "lost.rendered": ("Gjengitt som tekst", "Rendered as text"),
    "lost.extension": ("I en utvidelse", "In an extension"),
    "elements.title": ("Element for element", "Element by element"),
    "elements.lead": (
        "E-meldingen ved siden av FHIR, etter reglene for oversettelsen.",
        "The e-message beside FHIR, by the rules of the translation.",
    ),
    "elements.count": ("{n} element|{n} elementer", "{n} element|{n} elements"),
    "elements.value": ("Verdi", "Value"),
    "elements.how": ("Hvordan", "How"),
    "lost.native": ("Eget element", "Own element"),
    "lost.implied": ("Følger av stedet", "Implied by its place"),
    "lost.assumed": ("Antatt", "Assumed"),
    "lost.exact": ("Som kildetekst", "As source text"),
    "loss.path": ("Sted i kilden", "Place in the source"),
    "loss.what": ("Hva skjedde", "What happened"),
    "loss.notes": ("Merknader", "Notes"),
    "loss.assumed": (
        "Antatt fordi målet krever det:",
        "Assumed, because the target demands it:",
    ),
    "loss.version": ("Oversettelsesregler, versjon {version}", "Translation rules, version {version}"),
    "loss.caption": ("Verdier som ikke kom hele over", "Values that did not come across whole"),
    "loss.carried": (
        "{n} verdi kom hel over, uten eget felt i målet|{n} verdier kom hele over, uten eget felt i målet",
        "{n} value came across whole, with no field of its own in the target|{n} values came across whole, with no field of their own in the target",  # noqa: E501
    ),
    "bytes.B": ("{n} B", "{n} B"),
    "bytes.kB": ("{n} kB", "{n} kB"),
    "bytes.MB": ("{n} MB", "{n} MB"),
}

_ERRORS: dict[str, tuple[str, str]] = {
    "errors.title": ("Feilkatalog", "Error catalogue"),
    "errors.lead": (
        "Hver feil har en fast kode, en eier og et neste steg. Samme kode står i svar, kvittering, logg og her.",
        "Every error has a code, an owner and a next step. The same code stands in answers, receipts, logs and here.",
    ),
    "errors.code": ("Kode", "Code"),
    "errors.owner": ("Hvem handler", "Who acts"),
    "errors.next": ("Neste steg", "Next step"),
    "errors.retry": ("Hjelper det å prøve igjen?", "Does trying again help?"),
    "errors.retry.yes": ("Ja, uten endring", "Yes, without a change"),
    "errors.retry.no": ("Nei, ikke uten endring", "No, not without a change"),
    "errors.apprec": ("Kode i kvittering (8221)", "Code in the receipt (8221)"),
    "errors.apprec.none": ("Ingen kvittering kan si dette", "No receipt can say this"),
    "errors.other": ("På engelsk", "In Norwegian"),
    "errors.section": ("Del av katalogen", "Section of the catalogue"),
    "refused.title": ("Ikke tatt imot", "Not taken in"),
    "refused.lead": (
        "Meldinger vi sa nei til. Avsenderen har dem fortsatt og fikk vite hvorfor.",
        "Messages we said no to. The sender still has them and was told why.",
    ),
    "refused.unread": ("Kunne ikke leses", "Could not be read"),
    "refused.empty": ("Ingen meldinger er avvist ved døren.", "No message has been turned away at the door."),
    "page.403.title": ("Konsollen kan ikke åpnes herfra", "The console cannot be opened from here"),
    "page.403.text": (
        "Konsollen svarer bare på adressen som er satt opp; uten innlogging bare på maskinen den kjører på.",
        "The console answers only at the address that was set up; without sign-in only on the machine it runs on.",
    ),
    "page.404.title": ("Siden finnes ikke", "There is no such page"),
    "page.404.text": (
        "Lenken kan være skrevet feil, eller meldingen finnes ikke her.",
        "The link may be misspelt, or the message is not held here.",
    ),
    "page.500.title": ("Noe gikk galt hos oss", "Something went wrong on our side"),
    "page.500.text": (
        "Ingen meldinger er gått tapt av dette. Prøv å hente siden på nytt om litt.",
        "No messages were lost by this. Try to load the page again in a moment.",
    ),
    "page.503.title": ("Hovedboken kan ikke nås nå", "The ledger cannot be reached now"),
    "page.503.text": (
        "Ingen meldinger er gått tapt av dette. Prøv igjen om litt. Varer det, må drift se etter databasen.",
        "No messages were lost by this. Try again in a moment. If it lasts, operations must look after the database.",
    ),
    "page.back": ("Til forsiden", "To the front page"),
}

TEXTS: dict[str, tuple[str, str]] = (
    _COMMON
    | _FLOW
    | _MESSAGE
    | _ERRORS
    | ACCOUNTS
    | MAPPINGS
    | WORK
    | WORKBENCH
    | NAMES
    | PATHWAY_NAMES
    | PATHWAYS
    | PARTNERS
)
