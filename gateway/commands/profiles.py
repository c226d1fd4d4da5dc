"""How are our FHIR definitions handed to other tools?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.mappings import FolderOption, LangOption, language_of, use
from gateway.commands.screen import Language, messages

STANDARD_OUTPUT = "-"

profiles = typer.Typer(help="Our FHIR profiles, code systems and concept maps.", no_args_is_help=True)


@profiles.command("export")
def export_command(
    out: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE|DIR", help="Default: named by version, here."),
    ] = None,
    folder: FolderOption = None,
    lang: LangOption = None,
) -> None:
    """Write them as a FHIR package (.tgz) that other tools install, with the extensions of the installation's own
    mapping definitions."""
    raise typer.Exit(export(out, folder, language_of(lang)))


def export(out: str | None, folder: Path | None, language: Language) -> int:
    """Write the package; 1 when it cannot be written, else 0."""
    from gateway.fhir import package
    from gateway.translate import extensions

    use(folder)
    extensions.publish()
    made, manifest = package.package(), package.manifest()
    if out == STANDARD_OUTPUT:
        sys.stdout.buffer.write(made)
        return 0
    path = Path(out or f"{manifest['name']}-{manifest['version']}.tgz")
    if path.is_dir():
        path = path / f"{manifest['name']}-{manifest['version']}.tgz"
    try:
        path.write_bytes(made)
    except OSError:
        sentence = {"no": "Kan ikke skrives: ", "en": "Cannot be written: "}[language]
        messages().print(f"{sentence}{path}", markup=False)
        return 1
    print(path)
    return 0
