"""The words about certificates and about trying an endpoint out."""

from __future__ import annotations

PARTNERS: dict[str, tuple[str, str]] = {
    "home.certificates": ("Sertifikat utløper", "Certificate expires"),
    "home.certificates.lead": (
        "Når et sertifikat er utløpt, stanser forbindelsen. Det tar tid å skaffe et nytt.",
        "When a certificate has expired, the connection stops. It takes time to get a new one.",
    ),
    "alarm.certificate-ending": ("Sertifikat utløper snart", "Certificate expires soon"),
    "alarm.certificate-ended": ("Sertifikat er utløpt", "Certificate has expired"),
    "certificates.title": ("Sertifikater", "Certificates"),
    "certificates.unseen": (
        "Sertifikatet til partnerens tjener er ikke sett ennå. Det vises etter første forbindelse.",
        "The certificate of the partner's server has not been seen yet. It is shown after the first connection.",
    ),
    "certificate.server": ("Partnerens tjener (TLS)", "The partner's server (TLS)"),
    "certificate.client": ("Vårt, som vi viser partneren (TLS)", "Ours, shown to the partner (TLS)"),
    "certificate.trusted": ("Utsteder vi stoler på (TLS)", "Issuer that is trusted (TLS)"),
    "certificate.signing": ("Partnerens for signering", "The partner's for signing"),
    "certificate.encryption": ("Partnerens for kryptering", "The partner's for encryption"),
    "certificate.valid": (
        "Gyldig, {n} dag igjen|Gyldig, {n} dager igjen",
        "Valid, {n} day left|Valid, {n} days left",
    ),
    "certificate.not-yet": ("Gjelder ikke ennå", "Not valid yet"),
    "certificate.ending": (
        "Utløper om {n} dag|Utløper om {n} dager",
        "Expires in {n} day|Expires in {n} days",
    ),
    "certificate.ending.today": ("Utløper i løpet av et døgn", "Expires within a day"),
    "certificate.ended": (
        "Utløpt for {n} dag siden|Utløpt for {n} dager siden",
        "Expired {n} day ago|Expired {n} days ago",
    ),
    "certificate.ended.today": ("Utløpt siste døgn", "Expired within the last day"),
    "certificate.nobody": ("Navngir ingen virksomhet", "Names no organisation"),
    "certificate.subject": ("Utstedt til", "Issued to"),
    "certificate.issuer": ("Utstedt av", "Issued by"),
    "certificate.ends": ("Gyldig til", "Valid until"),
    "certificate.seen": ("Først sett her", "First seen here"),
    "certificate.fingerprint": ("Fingeravtrykk (SHA-256)", "Fingerprint (SHA-256)"),
    "certificate.effect.ends": (
        "Når det utløper, kan ingenting sendes hit: {types} venter, og går til et menneske etter {limit}.",
        "When it expires, nothing can be sent here: {types} wait, and go to a person after {limit}.",
    ),
    "certificate.effect.ended": (
        "Ingenting kan sendes hit: {types} venter, og går til et menneske etter {limit}.",
        "Nothing can be sent here: {types} wait, and go to a person after {limit}.",
    ),
    "certificate.effect.signing.ends": (
        "Når det utløper, godtas ikke lenger det partneren signerer, av programvaren som kontrollerer det.",
        "When it expires, what the partner signs is no longer accepted by the software that checks it.",
    ),
    "certificate.effect.signing.ended": (
        "Det partneren signerer, godtas ikke av programvaren som kontrollerer det.",
        "What the partner signs is not accepted by the software that checks it.",
    ),
    "certificate.effect.encryption.ends": (
        "Når det utløper, kan programvaren som krypterer, ikke sende til partneren.",
        "When it expires, the software that encrypts cannot send to the partner.",
    ),
    "certificate.effect.encryption.ended": (
        "Programvaren som krypterer, kan ikke sende til partneren.",
        "The software that encrypts cannot send to the partner.",
    ),
    "certificate.types.all": ("alle meldingstyper", "all message types"),
    "certificate.today": (
        "Siste døgn var det {n} melding.|Siste døgn var det {n} meldinger.",
        "In the last day that was {n} message.|In the last day that was {n} messages.",
    ),
    "certificate.also": (
        "Det samme sertifikatet brukes også mot {names}.",
        "The same certificate also serves {names}.",
    ),
    "trial.title": ("Prøv endepunktet", "Try the endpoint"),
    "trial.how": ("Hva skal prøves?", "What is to be tried?"),
    "trial.do": ("Prøv nå", "Try now"),
    "trial.reach": ("Om det kan nås", "Whether it can be reached"),
    "trial.reach.effect": (
        "Ingen melding sendes, og det som venter, sendes ikke av dette.",
        "No message is sent, and what waits is not sent by this.",
    ),
    "trial.reach.effect.http": (
        "En forespørsel uten innhold (HEAD) går til adressen, med vår nøkkel og vårt sertifikat.",
        "A request without content (HEAD) goes to the address, with our secret and our certificate.",
    ),
    "trial.reach.effect.directory": (
        "Vi ser etter om mappen kan skrives. Ingenting legges i den.",
        "It is looked whether the folder can be written. Nothing is put into it.",
    ),
    "trial.reach.effect.memory": ("Endepunktet er i minnet.", "The endpoint is in memory."),
    "trial.message": ("Hele veien, med en testmelding", "The whole way, with a test message"),
    "trial.message.effect": (
        "Et dialognotat fra oss om en syntetisk pasient, merket som test, sendes som alle andre meldinger.",
        "A dialogue note of ours about a synthetic patient, marked as test, is sent like any other message.",
    ),
    "trial.message.lane": (
        "Du kommer til meldingen, der hendelsene og kvitteringen vises når de kommer.",
        "You come to the message, where events and the receipt are shown as they come.",
    ),
    "trial.message.held": (
        "Endepunktet er satt på pause eller tømmes: meldingen venter til det tas i bruk igjen.",
        "The endpoint is paused or being drained: the message waits until it is taken into use again.",
    ),
    "trial.why.hint": (
        "Lagres med navnet ditt. Ingen pasientopplysninger.",
        "Kept with your name. No patient data.",
    ),
    "trial.outcome": ("Resultat", "Result"),
    "trial.reached": ("Svarer", "Answers"),
    "trial.not-reached": ("Svarer ikke som det skal", "Does not answer as it should"),
    "trial.reached.says": (
        "Noen svarer på adressen og slipper oss inn. Om meldinger tas imot, viser bare en melding.",
        "Somebody answers at the address and lets us in. Whether messages are taken, only a message shows.",
    ),
    "trial.took": ("Tid brukt", "Time taken"),
    "trial.status": ("Svar", "Answer"),
    "done.trial": (
        "Testmeldingen er tatt imot hos oss og sendes nå.",
        "The test message was taken in here and is being sent.",
    ),
    "act.endpoint-tried": ("Prøvde om et endepunkt kan nås", "Tried whether an endpoint can be reached"),
    "act.trial-sent": ("Sendte en testmelding", "Sent a test message"),
}
