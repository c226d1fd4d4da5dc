"""The texts of sign-in, roles, purposes and the audit: key → (bokmål, English)."""

from __future__ import annotations

ACCOUNTS: dict[str, tuple[str, str]] = {
    "sign_in.title": ("Logg inn", "Sign in"),
    "sign_in.lead": (
        "Konsollen er for dem som drifter og følger opp meldinger mellom sykehus og kommune.",
        "The console is for those who run and follow up messages between hospital and municipality.",
    ),
    "sign_in.failed": (
        "Brukernavn eller passord er feil, eller kontoen er låst. Etter flere feil låses den en stund.",
        "User name or password is wrong, or the account is locked. After several mistakes it is locked for a while.",
    ),
    "sign_in.name": ("Brukernavn", "User name"),
    "sign_in.password": ("Passord", "Password"),
    "sign_in.do": ("Logg inn", "Sign in"),
    "sign_in.help": (
        "Har du ingen konto eller har du glemt passordet? Spør den som drifter løsningen.",
        "No account, or the password is forgotten? Ask whoever runs the service.",
    ),
    "account.title": ("Min konto", "My account"),
    "account.role": ("Rolle", "Role"),
    "account.organisation": ("Virksomhet", "Organisation"),
    "account.all": ("Alle", "All"),
    "account.must_change": (
        "Passordet ditt er laget av en annen. Velg et eget før du går videre.",
        "Your password was made by somebody else. Choose one of your own before you go on.",
    ),
    "account.change": ("Nytt passord", "New password"),
    "account.old": ("Nåværende passord", "Present password"),
    "account.new": ("Nytt passord", "New password"),
    "account.hint": (
        "Minst {shortest} tegn. Flere vanlige ord etter hverandre er lett å huske og vanskelig å gjette.",
        "At least {shortest} characters. Several common words in a row are easy to remember and hard to guess.",
    ),
    "account.repeated": ("Gjenta det nye passordet", "Repeat the new password"),
    "account.differ": ("De to nye passordene er ikke like.", "The two new passwords are not the same."),
    "account.do": ("Bytt passord", "Change password"),
    "account.sign_out": ("Logg ut", "Sign out"),
    "role.operator": ("Drift", "Operations"),
    "role.engineer": ("Integrasjon", "Integration"),
    "role.vendor": ("Leverandør", "Vendor"),
    "role.clinician": ("Kliniker", "Clinician"),
    "role.auditor": ("Revisor", "Auditor"),
    "purpose.label": ("Hvorfor trenger du å lese dette?", "Why do you need to read this?"),
    "purpose.choose": ("Velg formål", "Choose a purpose"),
    "purpose.words": ("Utdyp, for eksempel saksnummer", "More about it, for example a case number"),
    "purpose.hint": (
        "Ingen pasientopplysninger her. Formålet, navnet ditt og tidspunktet blir loggført og kan leses av revisor.",
        "No patient data here. The purpose, your name and the time are recorded and can be read by the auditor.",
    ),
    "purpose.missing": (
        "Velg et formål. Er det et annet enn dem på listen, beskriv det med minst ti tegn, uten pasientopplysninger.",
        "Choose a purpose. If it is not on the list, describe it in at least ten characters, without patient data.",
    ),
    "purpose.open": ("Vis innholdet", "Show the content"),
    "purpose.undelivered": ("Meldingen er ikke kommet fram", "The message has not arrived"),
    "purpose.deviation": ("Et avvik er meldt", "A deviation was reported"),
    "purpose.danger": ("Fare for pasienten", "Danger to the patient"),
    "purpose.translation": ("Oversettelsen skal kontrolleres", "The translation is to be checked"),
    "purpose.care": ("Jeg gir pasienten helsehjelp", "I give the patient care"),
    "purpose.other": ("Annet", "Something else"),
    "page.foreign.title": ("Skjemaet kan ikke brukes", "The form cannot be used"),
    "page.foreign.text": (
        "Det er for gammelt, eller det kom ikke fra denne siden. Ingenting er endret. Hent siden på nytt.",
        "It is too old, or it did not come from this site. Nothing was changed. Load the page again and retry.",
    ),
    "page.signed-out.title": ("Du er logget ut", "You are signed out"),
    "page.signed-out.text": (
        "Økten er over. Ingenting er endret. Logg inn og prøv igjen.",
        "The session is over. Nothing was changed. Sign in and try again.",
    ),
    "page.413.title": ("Det du sendte, er for stort", "What you sent is too large"),
    "page.413.text": ("Ingenting er tatt imot.", "Nothing was taken in."),
}
