"""Do the small parts of the console say what they should: texts, times, colours, the chart?"""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from re import sub
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import console
from gateway.console import web
from gateway.console.catalogue import TEXTS
from gateway.console.chart import HEIGHT, bars_of
from gateway.console.content import loss_view
from gateway.console.highlight import LONGEST_RUN, MOST_LINES, SHORT_GROUP, Document, Kind, highlight
from gateway.console.message import _EVENT_LOOKS, _sender_id, size
from gateway.console.states import _LOOKS, FILTER_STATES
from gateway.console.texts import ENGLISH, NORWEGIAN
from gateway.console.times import age, shown, span
from gateway.errors import CATALOGUE
from gateway.ledger.operations import AlarmKind
from gateway.ledger.trail import SENTENCES
from gateway.operations.alarms import CODES
from gateway.translate import convert
from tests.support import born
from tests.support import born_bundles as by_hand

FOLDER = Path(console.__file__).parent
NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def plain(document: Document) -> list[str]:
    """The shown lines without colour and indentation."""
    return [unescape(sub("<[^>]*>", "", line.markup)) for line in document.lines]


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_stands_in_both_languages_with_the_same_values(key: str) -> None:
    norwegian, english = TEXTS[key]
    fields = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (norwegian, english)
    ]
    assert norwegian.strip()
    assert english.strip()
    assert fields[0] == fields[1]
    assert norwegian.count("|") == english.count("|")


COMPOSED = ("type", "status", "state", "step", "section", "format", "owner", "unit", "tile", "receipt", "ack", "effect",
            "lost", "loss", "page", "bytes", "filter", "delivery", "content", "language",
            "nav", "role", "purpose", "home", "alarm", "action", "effect", "done", "change", "condition",
            "environment", "transport", "act", "detail", "clock", "stay", "timeline", "task",
            "voice", "goal", "span", "chart", "partner", "severity", "layer", "pathway", "measure", "plan", "person",
            "roundtrip", "plays", "register", "certificate", "trial", "payment")  # fmt: skip
"""First parts of keys that the code puts together."""


def test_every_text_is_used() -> None:
    code = "".join(
        file.read_text()
        for file in FOLDER.rglob("*")
        if file.suffix in (".py", ".html") and not file.name.startswith("catalogue")
    )
    assert [
        key
        for key in TEXTS
        if key.partition(".")[0] not in COMPOSED and f'"{key}"' not in code and f"'{key}'" not in code
    ] == []


def test_every_state_has_a_word_and_can_be_asked_for() -> None:
    assert all(f"state.{name}" in TEXTS for name in _LOOKS)
    assert all(f"state.{name}" in TEXTS for name in FILTER_STATES)
    assert all(f"step.{name}" in TEXTS for name in _LOOKS if name != "received")


def test_every_alarm_has_a_name_and_a_sentence() -> None:
    for kind in get_args(AlarmKind):
        assert f"alarm.{kind}" in TEXTS
    assert set(CODES) <= set(get_args(AlarmKind))
    assert all(code in CATALOGUE for code in CODES.values())


def test_the_console_knows_the_look_of_every_event_it_names() -> None:
    assert set(_EVENT_LOOKS) <= set(SENTENCES)


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert NORWEGIAN.or_code("type", "NOE_NYTT") == "NOE_NYTT"
    assert NORWEGIAN.or_code("type", "EPIKRISE") == "Epikrise"


def test_times_are_norwegian_and_name_their_zone() -> None:
    today = shown(datetime(2026, 11, 21, 13, 3, 22, tzinfo=UTC), NOW, NORWEGIAN)
    assert (today.short, today.exact) == ("14:03", "14:03:22")
    assert today.full == "21. november 2026 kl. 14:03:22 (Europe/Oslo, CET)"
    assert today.machine == "2026-11-21T13:03:22Z"
    summer = shown(datetime(2025, 7, 1, 22, 30, tzinfo=UTC), NOW, ENGLISH)
    assert summer.short == "2 Jul 2025 00:30"
    assert "CEST" in summer.full


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 t"), (172_800, "2 d")],
)
def test_spans_use_their_largest_unit(seconds: float, said: str) -> None:
    assert span(seconds, NORWEGIAN) == said
    assert age(NOW - timedelta(seconds=seconds), NOW, NORWEGIAN) == said


@pytest.mark.parametrize(("octets", "said"), [(812, "812 B"), (20_123, "20 kB"), (1_440_000, "1,4 MB")])
def test_sizes(octets: int, said: str) -> None:
    assert size(octets, NORWEGIAN) == said


def test_the_chart_ends_with_the_running_hour() -> None:
    starts = [NOW.replace(minute=0) - timedelta(hours=hours) for hours in (3, 2, 1, 0)]
    bars, bad = bars_of(starts, ([0, 4, 2, 1], [0, 2, 0, 0]), by_day=False)
    assert [bar.start for bar in bars] == ["20:00", "21:00", "22:00", "23:00"]
    assert [bar.kind for bar in bars] == ["bar-none", "bar-some", "bar-some", "bar-now"]
    assert bars[1].height == HEIGHT
    assert bad[1].height == HEIGHT / 2


def test_days_are_norwegian_days() -> None:
    starts = [NOW.replace(minute=0) + timedelta(hours=hours) for hours in (0, 1, 2)]
    (bars,) = bars_of(starts, ([1, 2, 3],), by_day=True)
    assert [(bar.start, bar.count) for bar in bars] == [("21.11.", 1), ("22.11.", 5)]


def test_xml_places_lead_to_lines() -> None:
    text = b'<?xml version="1.0"?>\n<a:R xmlns:a="u">\n  <a:P/>\n  <a:P>\n    <Q V="1">x &amp; y</Q>\n  </a:P>\n</a:R>'
    document = highlight(text, "xml")
    assert document.places["/R[1]"] == 2
    assert document.places["/R[1]/P[2]/Q[1]"] == 5
    assert plain(document)[4] == '<Q V="1">x &amp; y</Q>'
    assert document.lines[4].indent == 2


def test_json_places_lead_to_lines() -> None:
    long = "x" * SHORT_GROUP
    text = f'{{"entry":[{{"resource":{{"id":"a"}}}},{{"resource":{{"id":"{long}","n":1.50}}}}],"e":{{}}}}'
    document = highlight(text.encode(), "json")
    assert document.laid_out
    line = document.line_of("Bundle.entry[1].resource.n")
    assert line
    assert plain(document)[line - 1] == '"n": 1.50'
    assert '{"resource": {"id": "a"}},' in plain(document), "what is short stays on one line"
    assert plain(document)[-2] == '"e": {}'


def test_markup_in_a_document_is_text() -> None:
    document = highlight(b"<a><![CDATA[<script>alert(1)</script>]]></a>", "xml")
    assert "<script" not in "".join(line.markup for line in document.lines)


def test_one_long_line_of_xml_is_laid_out() -> None:
    text = "<r>" + "".join(f"<item><name>{n}</name></item>" for n in range(600)) + "</r>"
    document = highlight(text.encode(), "xml")
    assert document.laid_out
    assert "".join(plain(document)) == text
    assert "<name>7</name>" in plain(document)


def test_very_long_documents_and_runs_are_cut_and_say_so() -> None:
    document = highlight(b"<a>\n" + b"<b/>\n" * (MOST_LINES + 10) + b"</a>", "xml")
    assert len(document.lines) == MOST_LINES
    assert document.left_out == 12
    run = highlight(b"<a>" + b"QUJD\n" * LONGEST_RUN + b"</a>", "xml")
    assert len("".join(plain(run))) < LONGEST_RUN


def test_prose_is_never_cut() -> None:
    prose = "Pasienten er i bedring. " * LONGEST_RUN
    assert prose.strip() in "".join(plain(highlight(f"<a>{prose}</a>".encode(), "xml")))


def test_the_largest_message_is_shown_quickly() -> None:
    document = highlight(b"<a>\n" + b"<b>x y</b>\n" * 3_000_000 + b"</a>", "xml")
    assert document.left_out > 2_900_000


@pytest.mark.parametrize("kind", ["xml", "json"])
@given(text=st.text(st.sampled_from("<>/=\"'{}[]:,!-?aæ1 \n\\&"), max_size=60))
def test_no_text_breaks_the_reader(kind: Kind, text: str) -> None:
    document = highlight(text.encode(), kind)
    shown_text = "".join(plain(document))
    assert sub(r"\s", "", shown_text) == sub(r"\s", "", text)


@given(data=st.binary(max_size=80))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    highlight(data, "xml")
    highlight(data, "json")


@pytest.mark.parametrize(
    ("id", "is_shown"),
    [
        ("29554920-fd22-11e7-8f1a-0800200c9a66", True),
        ("{29554920-fd22-11e7-8f1a-080020012345}", True),
        ("2.16.578.1.12.4", True),
        ("14834120012", False),
        ("pas:14834120012", False),
        ("148341-20012", False),
        ("x14834120012x", False),
        ("Solveig Fjelltun", False),
        ("<i>", False),
    ],
)
def test_an_id_that_could_hold_something_else_is_not_shown(id: str, is_shown: bool) -> None:
    assert (_sender_id(id, NORWEGIAN) == id) is is_shown


def test_the_declared_encoding_counts() -> None:
    document = highlight(
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>blåbær</a>'.encode("latin-1"), "xml"
    )
    assert plain(document)[1] == "<a>blåbær</a>"


def test_json_places_count_resources_of_a_kind() -> None:
    goal = '{{"resource": {{"id": "{0}", "resourceType": "Goal", "description": {{"text": "{0}"}}}}}}'
    text = '{"entry": [\n' + ",\n".join(goal.format(each) for each in "ab") + "\n]}"
    document = highlight(text.encode(), "json")
    assert document.line_of("Goal[2].description.text") == 3
    assert document.line_of("Bundle.entry[1].resource.description.text") == 3
    assert document.line_of("Bundle") == 1
    assert document.line_of("Goal.description.text") is None


def test_after_the_start_no_page_is_compiled_any_more() -> None:
    web.compile_pages()
    assert web._PAGES.cache is not None
    known = {name for _, name in dict(web._PAGES.cache.items())}
    assert {"message.html", "stay.html"} <= known
    assert known == set(web._PAGES.list_templates())


def test_a_translation_that_says_what_nobody_said_is_not_told_as_one_that_lost_nothing() -> None:
    """A diagnosis that may be the main one or not; PLO 1.5 demands that it is said, and the message is held."""
    condition = {"resourceType": "Condition", "code": {"text": "Hjertesvikt"}, **by_hand.ABOUT}
    report = convert(born.message("INNLEGGELSESRAPPORT", [condition]), "plo-1.5").loss
    assert (report.lost, report.gravest) == ((), "error")
    shown_loss = loss_view(report.as_json(), "", [], ENGLISH)
    assert (shown_loss.verdict.name, shown_loss.verdict.word) == ("lossy", "1 statement was assumed")
    whole = loss_view(convert(by_hand.BUNDLES["admitted_least"](), "plo-1.6").loss.as_json(), "", [], ENGLISH)
    assert whole.verdict.name == "lossless"
