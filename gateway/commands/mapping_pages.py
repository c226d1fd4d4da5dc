"""How do the mapping tables look as Markdown, as HTML and as CSV?"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gateway import terminology
from gateway.commands.screen import Language
from gateway.translate import sources
from gateway.translate.mapping_row import Row
from gateway.translate.mapping_table import Page

HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "no": ("E-melding", "Antall", "Type", "FHIR", "Hvordan", "Kodeverk", "Regel", "Overstyrt av"),
    "en": ("E-message", "Number", "Type", "FHIR", "How", "Code set", "Rule", "Overridden by"),
}
OURS: Final = "–"
"""In the last column: the rule is ours."""
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #8884}"
    "td:nth-child(1),td:nth-child(4),td:nth-child(5),td:nth-child(7){font-family:ui-monospace,monospace;"
    "font-size:13px;overflow-wrap:anywhere}td:nth-child(5){overflow-wrap:break-word}"
    "td:nth-child(7){white-space:nowrap}th{position:sticky;top:0;background:Canvas}.own{font-weight:600}"
)


def cells(row: Row) -> tuple[str, ...]:
    """The columns of a row."""
    folder = sources.folder()
    return (
        row.source + (f" ({row.versions})" if row.versions else ""),
        row.cardinality,
        row.type,
        row.target,
        row.how,
        ", ".join(_code_set(number) for number in row.code_sets),
        row.rule,
        str(folder) if row.own and folder else OURS,
    )


def _code_set(number: str) -> str:
    found = terminology.code_set(number)
    return f"{number} {found.title}" if found else number


def markdown(pages: Iterable[Page], language: Language) -> str:
    """The pages one after the other."""
    return "\n".join(_markdown(page, language) for page in pages)


def _markdown(page: Page, language: Language) -> str:
    lines = [f"# {page.title} ({page.code})", ""]
    for section in page.sections:
        heads = HEADS[language]
        lines += [f"## {section.title}", "", _line(heads), _line("---" for _ in heads)]
        lines += [_line(cell.replace("|", "\\|") for cell in cells(row)) for row in section.rows]
        lines.append("")
    return "\n".join(lines)


def _line(columns: Iterable[str]) -> str:
    return f"| {' | '.join(columns)} |"


def web_page(pages: Iterable[Page], language: Language) -> str:
    """One HTML document that needs nothing else."""
    shown = list(pages)
    title = html.escape(shown[0].title if len(shown) == 1 else "Sømløs")
    body = "".join(part for page in shown for part in _web_parts(page, language))
    code = "nb" if language == "no" else "en"
    return (
        f'<!doctype html>\n<html lang="{code}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}</body></html>\n"
    )


def _web_parts(page: Page, language: Language) -> Iterator[str]:
    yield f"<h1>{html.escape(page.title)} ({html.escape(page.code)})</h1>\n"
    heads = "".join(f"<th>{head}</th>" for head in HEADS[language])
    for section in page.sections:
        yield f"<h2>{html.escape(section.title)}</h2>\n<table><thead><tr>{heads}</tr></thead><tbody>\n"
        for row in section.rows:
            mark = ' class="own"' if row.own else ""
            shown = (html.escape(cell) for cell in cells(row))
            yield f"<tr{mark}>{''.join(f'<td>{_breakable(cell)}</td>' for cell in shown)}</tr>\n"
        yield "</tbody></table>\n"


def _breakable(cell: str) -> str:
    """A path breaks between its steps, not within a name; the place of a rule (bodies.map:4) not at all."""
    return cell if ".map:" in cell else re.sub(r"(?<=[/.])(?=[A-Za-z])", "<wbr>", cell)


def comma_separated(pages: Iterable[Page], language: Language) -> str:
    """All rows as one table, with the page in the first column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("8279", *HEADS[language]))
    for page in pages:
        writer.writerows((page.code, *cells(row)) for row in page.rows)
    return out.getvalue()


WRITERS: Final[dict[str, tuple[str, Callable[[Iterable[Page], Language], str]]]] = {
    "markdown": ("md", markdown),
    "html": ("html", web_page),
    "csv": ("csv", comma_separated),
}
"""Format → ending of its files, and how it is written."""
