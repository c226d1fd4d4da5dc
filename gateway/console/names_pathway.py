"""What do the codes of a pathway mean that a page shows: clocks, conditions, states of a stay, timeline, tasks?"""

from __future__ import annotations

from gateway.projection.definitions import concept_names, plan_definition, published, role_names
from gateway.records.rows import ClockRow


def owner_side(clock: ClockRow) -> str:
    """Whose move a clock is: `municipality` or `hospital`."""
    return "municipality" if clock.owner_her == clock.municipality_her else "hospital"


_CLOCKS: dict[str, tuple[str, str]] = {
    "notice": ("Tidligmelding innen 24 timer", "Early notice within 24 hours"),
    "admission-report": ("Innleggelsesrapport", "Admission report"),
    "reply": (
        "Svar på melding om utskrivningsklar pasient",
        "Reply to notice of patient ready for discharge",
    ),
    "discharge-report": ("Utskrivningsrapport", "Discharge report"),
    "medication-list": ("Legemiddelliste ved utskriving", "Medication list on discharge"),
    "epikrise": ("Epikrise", "Discharge summary"),
    "step.hospital": (
        "Sykehuset sender det som mangler, eller sier fra at det ikke kommer.",
        "The hospital sends what is missing, or says that it will not come.",
    ),
    "step.municipality": (
        "Kommunen sender det som mangler, eller sier fra at det ikke kommer.",
        "The municipality sends what is missing, or says that it will not come.",
    ),
    "state.running": ("Løper", "Running"),
    "state.met": ("Holdt", "Met"),
    "state.missed": ("Ikke holdt", "Missed"),
    "state.cancelled": ("Bortfalt", "Cancelled"),
    "state.unknown": ("Kan ikke avgjøres", "Cannot be decided"),
    "state.warning": ("Snart over frist", "Soon overdue"),
    "state.settled": ("Avklart av en person", "Settled by a person"),
}

_CONDITIONS: dict[str, tuple[str, str]] = {
    "notice-in-time": _CLOCKS["notice"],
    "declared-ready": (
        "Lege har vurdert og dokumentert at pasienten er utskrivningsklar",
        "A physician has judged and documented that the patient is ready for discharge",
    ),
    "told-at-once": (
        "Kommunen varslet samme dag som pasienten ble utskrivningsklar",
        "Municipality notified on the day the patient became ready",
    ),
    "no-place-offered": (
        "Kommunen kunne ikke ta imot, eller hadde ikke svart",
        "The municipality could not receive, or had not answered",
    ),
    "information-follows": (
        "Epikrise eller utskrivningsrapport fulgte pasienten",
        "Discharge summary or discharge report followed the patient",
    ),
    "not-received-in-time": (
        "Kommunen tok ikke imot innen avtalt tid",
        "The municipality did not receive within the agreed time",
    ),
    "municipality-of-stay": (
        "Kommunen er pasientens oppholdskommune",
        "The municipality is the one where the patient stays",
    ),
    "stay-certain": (
        "Meldingene om oppholdet henger sammen",
        "The messages about the stay hold together",
    ),
}

_CONDITION_STATES: dict[str, tuple[str, str]] = {
    "met": ("Oppfylt", "Met"),
    "not-met": ("Ikke oppfylt", "Not met"),
    "unknown": _CLOCKS["state.unknown"],
    "not-applicable": ("Gjelder ikke", "Does not apply"),
}

_BASIS_DAYS: dict[str, tuple[str, str]] = {
    "cannot-receive": ("Kommunen kunne ikke ta imot", "The municipality could not receive"),
    "no-answer": ("Kommunen hadde ikke svart", "The municipality had not answered"),
    "reply-not-coded": (
        "Kommunen hadde svart; en person må lese hva",
        "The municipality had replied; a person must read what",
    ),
}

_STAY: dict[str, tuple[str, str]] = {
    "innlagt": ("Innlagt", "Admitted"),
    "klar": ("Utskrivningsklar", "Ready for discharge"),
    "ute": ("Utskrevet", "Discharged"),
    "død": ("Død", "Dead"),
    "cancelled": ("Kansellert", "Cancelled"),
}

_TIMELINE: dict[str, tuple[str, str]] = {
    "admitted": ("Innlagt", "Admitted"),
    "admission-notified": ("Kommunen varslet om innleggelsen", "Municipality notified of the admission"),
    "notice": ("Tidligmelding sendt", "Early notice sent"),
    "ready": ("Utskrivningsklar", "Ready for discharge"),
    "ready-notified": (
        "Kommunen varslet om utskrivningsklar pasient",
        "Municipality notified of ready patient",
    ),
    "withdrawn": ("Ikke lenger utskrivningsklar", "No longer ready for discharge"),
    "discharged": ("Utskrevet", "Discharged"),
    "died": ("Død", "Died"),
    "reply": ("Kommunen svarte", "The municipality replied"),
    "answer": ("Kommunen avklarte mottak", "The municipality settled when it can receive"),
    "admission-report": ("Innleggelsesrapport sendt", "Admission report sent"),
    "discharge-report": ("Utskrivningsrapport sendt", "Discharge report sent"),
    "medication-list": ("Legemiddelliste sendt", "Medication list sent"),
    "epikrise": ("Epikrise sendt", "Discharge summary sent"),
}

_TASKS: dict[str, tuple[str, str]] = {
    "requested": ("Bedt om", "Requested"),
    "ready": ("Klar", "Ready"),
    "in-progress": ("Påbegynt", "In progress"),
    "completed": ("Utført", "Done"),
    "cancelled": ("Bortfalt", "Cancelled"),
    "failed": ("Ikke utført", "Not done"),
    "rejected": ("Avslått", "Declined"),
    "on-hold": ("Utsatt", "On hold"),
    "accepted": ("Tatt imot", "Accepted"),
}

_GOALS: dict[str, tuple[str, str]] = {
    "proposed": ("Foreslått", "Proposed"),
    "planned": ("Planlagt", "Planned"),
    "accepted": ("Godtatt", "Accepted"),
    "active": ("Pågår", "Active"),
    "on-hold": ("Utsatt", "On hold"),
    "completed": ("Avsluttet", "Completed"),
    "cancelled": ("Oppgitt", "Given up"),
    "rejected": ("Avslått", "Declined"),
}

_VOICES: dict[str, tuple[str, str]] = {
    "patient": ("Personens eget mål", "The person's own goal"),
    "vicarious": ("Mål satt av nærstående", "Goal set by somebody close"),
    "professional": ("Fagpersoners mål", "Goal set by professionals"),
}


def _actions() -> dict[str, tuple[str, str]]:
    """The tasks of the plans, as the definitions name them."""
    definitions = [definition for id in published("plans") if (definition := plan_definition(id))]
    return {action.id: (action.title, action.title_en) for each in definitions for action in each.actions}


PATHWAY_NAMES: dict[str, tuple[str, str]] = {
    **{f"clock.{code}": names for code, names in _CLOCKS.items()},
    **{f"payment.condition.{code}": names for code, names in _CONDITIONS.items()},
    **{f"payment.state.{code}": names for code, names in _CONDITION_STATES.items()},
    **{f"payment.day.{code}": names for code, names in _BASIS_DAYS.items()},
    **{f"stay.{code}": names for code, names in _STAY.items()},
    **{f"timeline.{code}": names for code, names in _TIMELINE.items()},
    **{f"task.{code}": names for code, names in _TASKS.items()},
    **{f"goal.{code}": names for code, names in _GOALS.items()},
    **{f"plan.{code}": names for code, names in _actions().items()},
    **{f"person.{code}": names for code, names in role_names().items()},
    **{f"voice.{code}": names for code, names in _VOICES.items()},
    **{f"measure.priority-group.{code}": names for code, names in concept_names("priority-group").items()},
    **{f"measure.care-level.{code}": names for code, names in concept_names("care-level").items()},
}
