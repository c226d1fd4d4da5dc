"""What lies in a quarter's folder: the gateway's settings, and the ground truth as tables (CSV).

    quarter.json     what was simulated
    somlos.toml      settings for a gateway that takes it: every partner is played by the in-memory transport
    stays.csv        a line a stay: what happened
    ready.csv        a line each time a patient was declared ready
    checklists.csv   a line for each checklist of a plan that was done
    goals.csv        a line a goal

Times are UTC (ISO 8601), days are days in Norway; an empty field means that it did not happen.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.pathway.calendar import day_of
from gateway.simulator.quarter.region import ADMISSIONS, TRUST, Municipality
from gateway.simulator.quarter.truth import Quarter, Stay

TABLES: Final = {
    "stays": (
        "stay", "patient", "municipality", "admitted", "admitted_day", "ended", "ended_day", "died", "discharged_to",
        "need", "notice", "epikrise", "epikrise_day", "age", "plan", "asked_day", "answer",
    ),
    "ready": ("stay", "ready_day", "told", "told_day", "replied", "limit_hours", "ended", "ended_day"),
    "checklists": ("stay", "checklist", "done_day"),
    "goals": ("stay", "voice", "stated_day", "review_day", "evaluated_day", "followed_up_day"),
}  # fmt: skip


def write(
    folder: Path, quarter: Quarter, places: Sequence[Municipality], stays: Sequence[Stay], port: int
) -> None:
    """Write everything that lies in the folder. OSError: it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "quarter.json").write_bytes(msgspec.json.format(msgspec.json.encode(asdict(quarter))) + b"\n")
    (folder / "somlos.toml").write_text(settings(quarter, places, port), encoding="utf-8")
    rows = {"stays": _stays, "ready": _ready, "checklists": _checklists, "goals": _goals}
    for name, columns in TABLES.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([_text(value) for value in row] for row in rows[name](stays))


def read(folder: Path) -> Quarter:
    """The quarter of a folder. OSError, ValueError: there is none."""
    return msgspec.json.decode((folder / "quarter.json").read_bytes(), type=Quarter)


def settings(quarter: Quarter, places: Sequence[Municipality], port: int) -> str:
    """The configuration of a gateway for this helsefellesskap."""
    gateway = {
        "listen": f"127.0.0.1:{port}",
        "ledger": "sqlite:somlos.db",
        "environment": "test",
        "demo": True,
        "her_id": "88900001",
        "name": "Sømløs (simulert kvartal)",
    }
    lines = [
        "# Made by `somlos simulate quarter`: made-up partners, synthetic patients.",
        *_table("[gateway]", gateway),
        *_table("[pathway]", {"share": 1.0}),
    ]
    lines += _partner(TRUST.organisation, (TRUST.organisation_her, TRUST.service_her, ADMISSIONS.service_her))
    for place in places:
        lines += _partner(
            place.nurses.organisation, (place.her_id, place.nurses.service_her, place.office.service_her)
        )
        doctors = place.doctors
        lines += _partner(doctors.organisation, (doctors.organisation_her, doctors.service_her))
    for place in places:
        lines += _agreement(quarter, place)
    community = {
        "name": "Helsefellesskapet Fjordheimen (simulert)",
        "code": "fjordheimen",
        "trusts": [TRUST.organisation_her],
        "municipalities": [place.her_id for place in places],
    }
    lines += [*_table("[[community]]", community), f"valid_from = {quarter.begin.replace(month=1, day=1)}"]
    return "\n".join(lines) + "\n"


def _partner(name: str, her_ids: tuple[str, ...]) -> list[str]:
    endpoint = {
        "her_ids": her_ids,
        "transport": "memory",
        "format": "plo-1.6",
        "pass_on": ["EPIKRISE", "DIALOG_SVAR"],
    }
    partner = {"name": name, "her_ids": her_ids, "environment": "test", "ack_default": "N"}
    return [*_table("[[partner]]", partner), *_table("[[partner.endpoint]]", endpoint)]


def _agreement(quarter: Quarter, place: Municipality) -> list[str]:
    agreement = {
        "trust": TRUST.organisation_her,
        "municipality": place.her_id,
        "source": f"Simulert samarbeidsavtale med {place.name}",
    }
    lines = [*_table("[[agreement]]", agreement), f"valid_from = {quarter.begin.replace(month=1, day=1)}"]
    if place.reply_limit_hours is not None:
        lines.append(
            f'reply = {{ amount = {place.reply_limit_hours}, unit = "hours", source = "Simulert", '
            f"warn_before_hours = 1 }}"
        )
    return lines


def _table(name: str, values: dict[str, Any]) -> list[str]:
    """A TOML table; JSON writes strings, numbers, lists and booleans as TOML does."""
    return ["", name, *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)


def _stays(stays: Iterable[Stay]) -> Iterator[Sequence[Any]]:
    for stay in stays:
        plan = stay.plan
        yield (
            stay.number, stay.person.number, stay.municipality.her_id, stay.admitted, day_of(stay.admitted), stay.ended,
            day_of(stay.ended), stay.died, "" if stay.died else stay.to, stay.need, stay.notice, stay.epikrise,
            day_of(stay.epikrise) if stay.epikrise else None, stay.person.age_on(day_of(stay.ended)), plan is not None,
            day_of(plan.asked) if plan and plan.asked else None, plan.answer if plan else None,
        )  # fmt: skip


def _ready(stays: Iterable[Stay]) -> Iterator[Sequence[Any]]:
    for stay in stays:
        for ready in stay.ready:
            ended = ready.withdrawn or stay.ended
            limit = stay.municipality.reply_limit_hours
            told = ready.told, day_of(ready.told)
            yield stay.number, day_of(ready.at), *told, ready.replied, limit, ended, day_of(ended)


def _checklists(stays: Iterable[Stay]) -> Iterator[Sequence[Any]]:
    for stay in stays:
        for number, done in sorted((stay.plan.checklists if stay.plan else {}).items()):
            yield stay.number, number, day_of(done)


def _goals(stays: Iterable[Stay]) -> Iterator[Sequence[Any]]:
    for stay in stays:
        for goal in stay.plan.goals if stay.plan else ():
            evaluated = day_of(goal.evaluated) if goal.evaluated else None
            followed = day_of(goal.followed_up) if goal.followed_up else None
            yield stay.number, goal.voice, day_of(goal.stated), goal.review, evaluated, followed
