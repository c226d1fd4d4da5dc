"""What happens in the story, in which order, and how must each message end?

The story is this table. `expected` is the final state the gateway must report for the message; `receipt` is the AppRec
status (8258) that must reach the sender, with the error code (8221) of a negative one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

FinalState = Literal["acknowledged", "rejected", "cancelled"]


@dataclass(frozen=True)
class Step:
    """One message of the story."""

    key: str
    """Name of the step; other steps refer to it as parent."""
    at: str
    """When the message is written, on the story's clock."""
    sender: str
    receiver: str
    """Keys of `cast.SERVICES`."""
    patient: str
    type: str
    """Code of 8279."""
    type_text: str
    body: str
    """The story file with the body (XML) or the whole Bundle (JSON)."""
    what: str
    """What the message says, for the person who watches."""
    what_en: str
    status: Literal["N", "M", "C"] = "N"
    parent: str | None = None
    expected: FinalState = "acknowledged"
    receipt: Literal["1", "2"] = "1"
    receipt_code: str | None = None
    late: bool = False
    """The receipt comes late: the story goes on before it is there."""
    values: dict[str, str | None] = field(default_factory=dict)

    @property
    def is_fhir(self) -> bool:
        """Whether the sender writes this message as FHIR."""
        return self.body.endswith(".json")


BUMETANID = {"bumetanid_dose": "1 tablett kl 08 og 13", "bumetanid_remark": "Økt under oppholdet. Vei pasienten to ganger i uken."}
BUMETANID_CORRECTED = {**BUMETANID, "bumetanid_dose": "1 tablett kl 08", "remark": "Endring: riktig dose av bumetanid er 1 tablett kl 08."}

STORY: tuple[Step, ...] = (
    Step("innlagt", "day+0 14:32", "sykehuset", "lyngvik", "solveig", "LOG_INNLAGT", "Melding om innlagt pasient",
         "log-innlagt.xml", "Solveig er innlagt", "Solveig is admitted"),
    Step("innleggelsesrapport", "day+0 15:10", "lyngvik", "innleggelse", "solveig", "INNLEGGELSESRAPPORT",
         "Innleggelsesrapport", "innleggelsesrapport.fhir.json", "Det kommunen vet – og hva som er viktig for henne",
         "What the municipality knows – and what matters to her"),
    Step("varsel", "day+1 09:05", "sykehuset", "lyngvik-saksbehandler", "solveig", "HELSEOPPL_SOKNAD",
         "Helseopplysninger", "varsel-om-innlagt-pasient.xml", "Varsel innen 24 timer", "Notice within 24 hours", late=True),
    Step("feilsendt", "day+1 09:20", "sykehuset", "lyngvik", "arvid", "LOG_INNLAGT", "Melding om innlagt pasient",
         "log-innlagt.xml", "Arvid er innlagt – feil kommune", "Arvid is admitted – wrong municipality",
         expected="rejected", receipt="2", receipt_code="E35"),
    Step("innlagt-arvid", "day+1 09:40", "sykehuset", "bjorkelia", "arvid", "LOG_INNLAGT", "Melding om innlagt pasient",
         "log-innlagt.xml", "Arvid er innlagt – riktig kommune", "Arvid is admitted – right municipality"),
    Step("innleggelsesrapport-arvid", "day+1 10:30", "bjorkelia", "innleggelse", "arvid", "INNLEGGELSESRAPPORT",
         "Innleggelsesrapport", "innleggelsesrapport.xml", "Det kommunen vet om Arvid", "What the municipality knows about Arvid"),
    Step("klar-arvid", "day+2 09:20", "sykehuset", "bjorkelia", "arvid", "LOG_UTSKRIVNINGSKLAR",
         "Melding om utskrivningsklar pasient", "log-utskrivningsklar.xml", "Arvid er utskrivningsklar – sendt for tidlig",
         "Arvid is ready for discharge – sent too early", expected="cancelled"),
    Step("klar-arvid-kansellert", "day+2 09:50", "sykehuset", "bjorkelia", "arvid", "LOG_UTSKRIVNINGSKLAR",
         "Melding om utskrivningsklar pasient", "log-utskrivningsklar.xml", "Kansellering: legen er ikke ferdig",
         "Cancellation: the doctor is not done", status="C", parent="klar-arvid",
         values={"remark": "Kansellering: meldingen ble sendt før legens vurdering var ferdig."}),
    Step("klar", "day+2 10:40", "sykehuset", "lyngvik", "solveig", "LOG_UTSKRIVNINGSKLAR",
         "Melding om utskrivningsklar pasient", "log-utskrivningsklar.xml", "Solveig er utskrivningsklar",
         "Solveig is ready for discharge"),
    Step("tilbakemelding", "day+2 11:55", "lyngvik", "sykehuset", "solveig", "DIALOG_SVAR", "Svar på forespørsel",
         "dialog-svar.xml", "Kommunen kan ta imot i morgen", "The municipality can receive tomorrow", parent="klar"),
    Step("utskrivningsrapport", "day+3 10:50", "sykehuset", "lyngvik", "solveig", "UTSKRIVNINGSRAPPORT",
         "Utskrivningsrapport", "utskrivningsrapport.xml", "Sykepleie, legemidler, mål og tiltak",
         "Nursing, medicines, goals and measures", values=BUMETANID),
    Step("utskrevet", "day+3 11:05", "sykehuset", "lyngvik", "solveig", "LOG_UTSKREVET", "Melding om utskrevet pasient",
         "log-utskrevet.xml", "Solveig er på vei hjem", "Solveig is on her way home"),
    Step("utskrivningsrapport-endret", "day+3 12:15", "sykehuset", "lyngvik", "solveig", "UTSKRIVNINGSRAPPORT",
         "Utskrivningsrapport", "utskrivningsrapport.xml", "Endring: riktig dose av ett legemiddel",
         "Correction: the right dose of one medicine", status="M", parent="utskrivningsrapport", values=BUMETANID_CORRECTED),
    Step("epikrise", "day+3 12:40", "sykehuset", "bjorkelia", "arvid", "EPIKRISE", "Epikrise", "epikrise.xml",
         "Legens epikrise for Arvid", "The doctor's letter for Arvid"),
)  # fmt: skip
"""Fourteen messages: two patients, three partners, one of each way a message can end."""
