"""What does the mapping say, and may an installation's own definitions be taken into use?"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.operations_caller import LanguageChoice
from gateway.commands.screen import Language, issue_lines, language_of_locale, messages, output

EXIT_USAGE = 2


class Format(StrEnum):
    """How the tables are written."""

    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"


FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--mappings",
        metavar="DIR",
        help="Definitions of the installation; default: SOMLOS_MAPPINGS, else none.",
    ),
]

LangOption = Annotated[
    LanguageChoice | None, typer.Option("--lang", help="Norwegian or English; default: by locale.")
]

mappings = typer.Typer(help="The mapping, readable: every element, its place in FHIR, and the rule.")


@mappings.callback(invoke_without_command=True)
def tables(
    context: typer.Context,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="A message type (8279); default: all.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="One file a page; default: to the screen."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How the tables are written.")] = Format.MARKDOWN,
    folder: FolderOption = None,
    lang: LangOption = None,
) -> None:
    """Write the mapping tables, one page for each message type."""
    if context.invoked_subcommand is None:
        raise typer.Exit(write_tables(types or [], out, form.value, folder, language_of(lang)))


@mappings.command("check")
def check_command(
    folder: FolderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    lang: LangOption = None,
) -> None:
    """Do coverage and round trip hold with the installation's definitions? 0: they can be taken into use."""
    raise typer.Exit(check(folder, as_json, language_of(lang)))


def write_tables(
    types: list[str], out: Path | None, form: str, folder: Path | None, language: Language
) -> int:
    """Write the pages; 2 for a type that has none, 1 when a file cannot be written, else 0."""
    from gateway.commands.mapping_pages import WRITERS
    from gateway.translate import mapping_table

    use(folder)
    unknown = set(types) - set(mapping_table.codes())
    if unknown:
        words = {"no": "Finnes ikke: ", "en": "Does not exist: "}[language]
        messages().print(words + ", ".join(sorted(unknown)), markup=False)
        return EXIT_USAGE
    ending, write = WRITERS[form]
    pages = [mapping_table.page(code) for code in types or mapping_table.codes()]
    if out is None:
        print(write(pages, language), end="")
        return 0
    try:
        out.mkdir(parents=True, exist_ok=True)
        for page in pages:
            (out / f"{page.code}.{ending}").write_text(write([page], language), encoding="utf-8")
    except OSError:
        words = {"no": "Kan ikke skrives: ", "en": "Cannot be written: "}[language]
        messages().print(f"{words}{out}", markup=False)
        return 1
    return 0


def check(folder: Path | None, as_json: bool, language: Language) -> int:
    """Say what is wrong; 1 when anything is, else 0."""
    from gateway.translate import mapping_check, sources

    use(folder)
    faults = mapping_check.check()
    if as_json:
        for fault in faults:
            print(json.dumps(fault.as_json(), ensure_ascii=False))
        return 1 if faults else 0
    for line in issue_lines(faults, language):
        output().print(line)
    if not faults:
        own = len(sources.definitions().own)
        words = {
            "no": f"✓ Dekning og tur-retur holder ({own} egne definisjoner).",
            "en": f"✓ Coverage and round trip hold ({own} definitions of the installation).",
        }
        output().print(words[language], markup=False)
    return 1 if faults else 0


def language_of(choice: LanguageChoice | None) -> Language:
    """What the command speaks: as asked, else as the locale says."""
    return language_of_locale() if choice is None else choice.value


def use(folder: Path | None) -> None:
    """Take the definitions of this folder, if one is named."""
    from gateway.translate import sources

    if folder is not None:
        sources.use(folder.resolve())
