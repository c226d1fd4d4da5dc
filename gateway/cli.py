"""How is `somlos` called? Names, options and exit codes (0 all well, 1 some input invalid or lossy, 2 wrong usage).

Nothing heavy is imported before a command needs it, and no message of a library reaches the user.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway import __version__
from gateway.commands import partners as partners  # adds its commands to those of operators
from gateway.commands import pathways as pathways  # the same
from gateway.commands import quarantine as quarantine  # the same
from gateway.commands import quarter
from gateway.commands.accounts import accounts
from gateway.commands.mappings import mappings
from gateway.commands.measures import measures
from gateway.commands.operations import operations
from gateway.commands.profiles import profiles
from gateway.commands.screen import Language, language_of_locale, messages
from gateway.commands.simulate import simulate
from gateway.errors import CATALOGUE, SomlosError

if TYPE_CHECKING:
    from gateway.commands.inputs import Inputs

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class LanguageChoice(StrEnum):
    """What the command speaks."""

    NORWEGIAN = "no"
    ENGLISH = "en"


class Target(StrEnum):
    """What to convert to."""

    FHIR = "fhir"
    PLO_16 = "plo-1.6"
    PLO_15 = "plo-1.5"


InputArgument = Annotated[
    list[str], typer.Argument(metavar="INPUT...", help="Files, folders, or - for standard input.")
]
LangOption = Annotated[
    LanguageChoice | None, typer.Option("--lang", help="Norwegian or English; default: by locale.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

cli = typer.Typer(
    name="somlos",
    help="Care messages between hospital and municipality: PLO XML and FHIR R4, kept safe, delivered, receipts home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

bench = typer.Typer(help="Measure: figures with their conditions.", no_args_is_help=True)
cli.add_typer(bench, name="bench")
cli.add_typer(operations, name="ops")
cli.add_typer(measures, name="measures")
cli.add_typer(simulate, name="simulate")
simulate.command("quarter")(quarter.make)
simulate.command("load")(quarter.load)
cli.add_typer(accounts, name="accounts")
cli.add_typer(profiles, name="profiles")
cli.add_typer(mappings, name="mappings")


def _language(choice: LanguageChoice | None) -> Language:
    if choice is None:
        return language_of_locale()
    return "no" if choice is LanguageChoice.NORWEGIAN else "en"


@cli.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Somlos."""
    if version:
        print(f"somlos {__version__}")
        raise typer.Exit


@cli.command()
def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="End after the story.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the gateway; 0: any free one.")] = 0,
    folder: Annotated[Path | None, typer.Option(help="Keep settings and ledger here.")] = None,
    lang: LangOption = None,
) -> None:
    """Tell the whole story with simulated record systems, then show the console."""
    from gateway.simulator.demo import run

    raise typer.Exit(run(exit_after=exit_after, port=port, folder=folder, language=_language_of_demo(lang)))


def _language_of_demo(choice: LanguageChoice | None) -> Language:
    """The story is Norwegian; English only for those who ask."""
    return "en" if choice is LanguageChoice.ENGLISH else "no"


@cli.command()
def serve(
    config: Annotated[Path | None, typer.Option(help="The settings (TOML).")] = None, lang: LangOption = None
) -> None:
    """Run the gateway."""
    from gateway.commands.serve import run

    raise typer.Exit(run(config, _language(lang)))


@cli.command()
def convert(
    inputs: InputArgument,
    to: Annotated[Target | None, typer.Option(help="Default: the other format.")] = None,
    out: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE|DIR")] = None,
    loss: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write what was lost, a JSON object a line.")
    ] = None,
    lang: LangOption = None,
) -> None:
    """Write each message in the other format."""
    from gateway.commands.convert import run
    from gateway.commands.outputs import NeedsFolder, Outputs, OverInput

    language = _language(lang)
    gathered = _gather(inputs, language)
    try:
        outputs = Outputs(gathered, out)
        if loss is not None and outputs.is_input(Path(loss)):
            raise OverInput
    except OverInput:
        raise _usage(
            {
                "no": "Resultatet ville erstattet en inndatafil.",
                "en": "The result would replace an input file.",
            },
            language,
        ) from None
    except NeedsFolder:
        raise _usage(
            {"no": "Flere meldinger trenger -o MAPPE.", "en": "Several messages need -o DIR."}, language
        ) from None
    raise typer.Exit(run(gathered, outputs, to=to.value if to else None, loss=loss, language=language))


@cli.command()
def validate(inputs: InputArgument, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Check each message against its standard and its business rules."""
    from gateway.commands.validate import run

    language = _language(lang)
    raise typer.Exit(run(_gather(inputs, language), as_json=as_json, language=language))


@cli.command()
def roundtrip(inputs: InputArgument, as_json: JsonOption = False, lang: LangOption = None) -> None:
    """Take each message to the other format and back, and tell what is left."""
    from gateway.commands.roundtrip import run

    language = _language(lang)
    raise typer.Exit(run(_gather(inputs, language), as_json=as_json, language=language))


@bench.command("convert")
def bench_convert(
    message: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A PLO message; default: the story's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 9,
    seconds: Annotated[float, typer.Option(min=0.001, help="For each piece of work in each round.")] = 0.4,
    lang: LangOption = None,
) -> None:
    """What a translation costs, as a ratio to the least that any translator must do."""
    from gateway.commands.bench import run_convert

    raise typer.Exit(
        run_convert(message, rounds=rounds, seconds=seconds, as_json=as_json, language=_language(lang))
    )


@bench.command("delivery")
def bench_delivery(
    phases: Annotated[
        list[str] | None,
        typer.Argument(help="pass-through, whole-way, paced, dead-partner, look-up; default: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    runs: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 3,
    short: Annotated[
        bool, typer.Option("--short", help="Few messages: whether it works, not how fast.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Where the ledgers lie meanwhile.")
    ] = None,
    postgres: Annotated[
        str | None, typer.Option(help="Address of a database where schemas may be made; default: SQLite.")
    ] = None,
    nodes: Annotated[int, typer.Option(min=1, help="Gateways at work; several need --postgres.")] = 1,
    lang: LangOption = None,
) -> None:
    """How many messages a second the gateway delivers, at which price; proves in each run that none is lost."""
    from gateway.commands.bench_delivery import run_delivery

    raise typer.Exit(
        run_delivery(
            phases or [],
            runs=runs,
            short=short,
            folder=folder,
            postgres=postgres,
            nodes=nodes if postgres else 1,
            as_json=as_json,
            language=_language(lang),
        )
    )


def _gather(names: list[str], language: Language) -> Inputs:
    from gateway.commands.inputs import gather

    found = gather(names)
    for path in found.passed_over:
        words = {"no": "ikke en melding, hoppet over", "en": "not a message, passed over"}
        messages().print(f"{path}: {words[language]}", style="dim", markup=False)
    if found.missing:
        words = {"no": "Finnes ikke: ", "en": "Does not exist: "}
        raise _usage({key: word + ", ".join(found.missing) for key, word in words.items()}, language)
    if not found.chosen:
        words = {
            "no": "Ingen meldinger i mappen. Mapper i den leses ikke.",
            "en": "No messages in the folder. Folders inside it are not read.",
        }
        raise _usage(words, language)
    return found


def _usage(sentence: dict[str, str], language: Language) -> typer.Exit:
    messages().print(sentence[language], markup=False)
    return typer.Exit(EXIT_USAGE)


def main() -> None:
    """The entry point: what no command has caught is told in our words, without a traceback."""
    try:
        cli()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader has enough: nothing to tell
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except SomlosError as error:
        print(str(error), file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        if os.environ.get("SOMLOS_DEBUG"):
            raise
        print(f"{CATALOGUE['us.internal'].en} [us.internal, {type(error).__name__}]", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
