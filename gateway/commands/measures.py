"""How does a person read measures at a terminal? Each command asks /ops/measures of a running gateway.

Address, secret and exit codes are those of `somlos ops`.
"""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.commands.operations import (
    DEFAULT_ADDRESS,
    AddressOption,
    ByOption,
    JsonOption,
    LangOption,
    WhyOption,
)
from gateway.commands.operations_caller import Caller
from gateway.commands.screen import messages, output
from gateway.measures.definitions import MEASURES
from gateway.measures.runchart import STAGES

measures = typer.Typer(
    help="Measures of pathways: figures, run charts, and what teams changed.", no_args_is_help=True
)


class Period(StrEnum):
    """How long a point of the chart is."""

    WEEK = "week"
    MONTH = "month"


class Form(StrEnum):
    """In which form figures are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    FHIR = "fhir"


MeasureArgument = Annotated[str, typer.Argument(metavar="MEASURE", help="Its id: see somlos measures list.")]
PeriodOption = Annotated[Period, typer.Option(help="A figure for each week or month.")]
DimensionOption = Annotated[
    str | None, typer.Option("--by", help="municipality, trust, priority-group, care-level or age-group.")
]
MunicipalityOption = Annotated[
    str | None, typer.Option(help="Only this municipality (HER-id).", metavar="HER-ID")
]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="As it stood then (2026-04-01T00:00:00Z); default: now.")
]
SinceOption = Annotated[str | None, typer.Option(help="First day (YYYY-MM-DD).", metavar="DAY")]
UntilOption = Annotated[str | None, typer.Option(help="Last day (YYYY-MM-DD).", metavar="DAY")]
OutOption = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="Default: the screen.")
]

_LIST: Final = {"id": "measure", "title": "title", "kind": "kind", "better": "better", "version": "version"}
_FIGURES: Final = {
    "stratum": "stratum",
    "period": "period",
    "value": "value",
    "numerator": "numerator",
    "denominator": "denominator",
    "notYetDue": "not yet due",
    "missing": "missing",
    "excluded": "excluded",
}


@measures.command("list")
def listed(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """Every measure."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/measures")
    caller.show(answer, answer["measures"], _LIST)


@measures.command()
def compute(
    measure: MeasureArgument,
    period: PeriodOption = Period.WEEK,
    by: DimensionOption = None,
    municipality: MunicipalityOption = None,
    as_of: AsOfOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    form: Annotated[
        Form, typer.Option("--format", help="Table, JSON, CSV or FHIR MeasureReports.")
    ] = Form.TABLE,
    out: OutOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    lang: LangOption = None,
) -> None:
    """The figures of a measure."""
    _known(measure)
    caller = Caller(address, form is Form.JSON, lang)
    asked = _asked(period, by, municipality, as_of, since, until)
    if form in (Form.CSV, Form.FHIR):
        part = "table" if form is Form.CSV else "fhir"
        _write(caller.fetch(f"/measures/{measure}/{part}", **asked), out)
        return
    answer = caller.get(f"/measures/{measure}", **asked)
    caller.show(answer, [row for stratum in answer["strata"] for row in _rows(answer, stratum)], _FIGURES)


@measures.command()
def chart(
    measure: MeasureArgument,
    period: PeriodOption = Period.WEEK,
    by: DimensionOption = None,
    stratum: Annotated[str | None, typer.Option(help="Which stratum of --by.")] = None,
    municipality: MunicipalityOption = None,
    as_of: AsOfOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    out: OutOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """The run chart of a measure as SVG; --json: what the rules say about it."""
    _known(measure)
    caller = Caller(address, as_json, lang)
    asked = _asked(period, by, municipality, as_of, since, until) | {"stratum": stratum}
    accept = "application/json" if as_json else "image/svg+xml"
    _write(caller.fetch(f"/measures/{measure}/chart", accept=accept, **asked), out)


@measures.command()
def annotate(
    day: Annotated[str, typer.Argument(help="When it was changed (YYYY-MM-DD).")],
    text: Annotated[str, typer.Argument(help="What was changed; nothing about a person.")],
    stage: Annotated[str, typer.Option(help=", ".join(STAGES))] = "utføre",
    effect: Annotated[str, typer.Option(help="note, freeze or new-phase")] = "note",
    measure: Annotated[str | None, typer.Option(help="Only in this measure's charts.")] = None,
    municipality: MunicipalityOption = None,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Note in the charts what a team changed."""
    said = {
        "by": by or getpass.getuser(), "day": day, "text": text, "stage": stage, "effect": effect,
        "measure": measure, "municipality": municipality,
    }  # fmt: skip
    caller = Caller(address, as_json, lang)
    answer = caller.post("/measures/annotations", said)
    caller.show(answer, [answer], {"annotation": "annotation"})


@measures.command()
def publish(
    why: WhyOption,
    by: ByOption = None,
    address: AddressOption = DEFAULT_ADDRESS,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Keep the weekly and monthly MeasureReports, for all of the helsefellesskap to read under /fhir."""
    caller = Caller(address, as_json, lang)
    answer = caller.post("/measures/publish", {"by": by or getpass.getuser(), "why": why})
    caller.show(answer, [answer], {"published": "published"})


@measures.command("annotations")
def noted(
    address: AddressOption = DEFAULT_ADDRESS, as_json: JsonOption = False, lang: LangOption = None
) -> None:
    """What stands in the charts."""
    caller = Caller(address, as_json, lang)
    answer = caller.get("/measures/annotations")
    names = ("annotation", "day", "stage", "text", "effect", "measure", "municipality")
    caller.show(answer, answer["annotations"], {name: name for name in names})


def _known(measure: str) -> None:
    if measure not in MEASURES:
        messages().print(", ".join(MEASURES), markup=False)
        raise typer.Exit(2)


def _asked(
    period: Period,
    by: str | None,
    municipality: str | None,
    as_of: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, Any]:
    return {
        "period": period.value, "by": by, "municipality": municipality, "asOf": as_of, "since": since, "until": until,
    }  # fmt: skip


def _write(content: bytes, out: Path | None) -> None:
    if out is None:
        output().file.write(content.decode())
        return
    try:
        out.write_bytes(content)
    except OSError:
        messages().print(f"{out}: kan ikke skrives / cannot be written", markup=False)
        raise typer.Exit(1) from None


def _rows(answer: dict[str, Any], stratum: dict[str, Any]) -> list[dict[str, Any]]:
    whole = {"period": "", **stratum["total"]}
    return [
        {
            **row,
            "stratum": stratum["name"] or "",
            "value": _value(answer, row),
            "missing": _sum(row["missing"]),
            "excluded": _sum(row["excluded"]),
        }
        for row in (whole, *stratum["periods"])
    ]


def _value(answer: dict[str, Any], row: dict[str, Any]) -> str:
    if row["hidden"]:
        return "<5"
    if row["value"] is None:
        return "–"
    return (
        f"{100 * row['value']:.1f} %" if answer["kind"] == "share" else f"{row['value']:.1f} {answer['unit']}"
    )


def _sum(counts: dict[str, Any]) -> str:
    return "1-4+" if "1-4" in counts.values() else str(sum(counts.values()))
