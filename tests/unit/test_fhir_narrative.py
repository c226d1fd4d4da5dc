"""Is a narrative that could harm a reader refused, and an ordinary one not?"""

from __future__ import annotations

import pytest

from gateway.fhir.validate import validate


def judge(div: str) -> list[str]:
    """The codes found for a Patient with this div."""
    text = {"status": "generated", "div": div}
    return [found.code for found in validate({"resourceType": "Patient", "text": text})]


def inside(content: str) -> list[str]:
    """The codes found for this content of a div."""
    return judge(f'<div xmlns="http://www.w3.org/1999/xhtml">{content}</div>')


@pytest.mark.parametrize(
    "content",
    [
        "Går i trapper &amp; ute",
        "<p>x</p><ul><li><b>y</b></li></ul>",
        '<table class="grid"><tbody><tr><td colspan="2" style="color: red">x</td></tr></tbody></table>',
        '<a href="https://example.org/x">x</a> <a href="#a">y</a> <a href="Patient/1">z</a>',
        '<img src="data:image/png;base64,AAAA" alt=""/>',
        '<img src="#picture"/>',
        "<!-- c -->x",
        '<p lang="nb" xml:lang="nb">x</p>',
        "&#160;x",
    ],
)
def test_allowed(content: str) -> None:
    assert inside(content) == []


@pytest.mark.parametrize(
    "content",
    [
        "",
        "  \n",
        "<p/>",
        "<!-- only a comment -->",
        "<p>x",
        "&nbsp;",
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" JavaScript:alert(1)">x</a>',
        '<a href="java&#9;script:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<img src="javascript:alert(1)"/>',
        '<img src="data:image/svg+xml;base64,AAAA"/>',
        '<p style="width: expression(alert(1))">x</p>',
        '<p style="background: u\\72l(x)">x</p>',
        "<form>x</form>",
        "<iframe/>x",
        "<style>p {}</style>x",
        '<svg xmlns="http://www.w3.org/2000/svg"/>x',
        '<p xmlns="urn:other">x</p>',
        "<?php x ?>x",
        "<b>" * 300 + "x" + "</b>" * 300,
    ],
)
def test_refused(content: str) -> None:
    assert inside(content) == ["fhir.bad-narrative"]


@pytest.mark.parametrize(
    "content",
    [
        '<img src="https://example.org/x.png"/>',
        '<img src="//example.org/x.png"/>',
        '<p style="background: url(https://example.org/x.png)">x</p>',
    ],
)
def test_fetching_is_a_warning(content: str) -> None:
    assert inside(content) == ["fhir.narrative-fetches"]


@pytest.mark.parametrize(
    "div",
    [
        "<div>x</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml">x</p>',
        "x",
        '<!DOCTYPE div [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>',
        '<!DOCTYPE div SYSTEM "https://example.org/x.dtd"><div xmlns="http://www.w3.org/1999/xhtml">x</div>',
        '<div xmlns="http://www.w3.org/1999/xhtml">\ud800</div>',
    ],
)
def test_other_documents_are_refused(div: str) -> None:
    assert judge(div) == ["fhir.bad-narrative"]
