"""Does a report name the place of each value that was not carried as it is?"""

from __future__ import annotations

import re
import time

import pytest
from lxml import etree

from gateway.emessage.read import EMessage, read
from gateway.translate import convert
from gateway.translate.loss import Counted, Loss, Places, element_path
from gateway.translate.roundtrip import missing
from tests.support import born_bundles as by_hand
from tests.support.born import message

TREE = etree.fromstring("<a xmlns='urn:x'><b/><c><d/><e/><d><f/></d></c><b><d/></b><g/><b/><g/></a>")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (".", "a"),
        ("{*}c", "a/c"),
        ("{*}b[1]", "a/b[1]"),
        ("{*}b[2]/{*}d", "a/b[2]/d"),
        ("{*}b[3]", "a/b[3]"),
        ("{*}g[2]", "a/g[2]"),
        ("{*}c/{*}d[1]", "a/c/d[1]"),
        ("{*}c/{*}e", "a/c/e"),
        ("{*}c/{*}d[2]/{*}f", "a/c/d[2]/f"),
    ],
)
def test_a_place_has_numbers_where_there_are_several_of_a_name(path: str, place: str) -> None:
    found = TREE.find(path)
    assert found is not None
    assert element_path(found) == place


def test_places_of_one_message_do_not_disturb_each_other() -> None:
    places = Places()
    elements = [*TREE.iter(), *reversed(list(TREE.iter()))]
    assert [places.of(each) for each in elements] == [element_path(each) for each in elements]


def test_same_names_of_two_name_spaces_are_counted_apart() -> None:
    tree = etree.fromstring("<a><b/><b xmlns='urn:x'/><b/></a>")
    assert [element_path(each) for each in tree] == ["a/b[1]", "a/b", "a/b[2]"]


def test_values_in_an_extension_are_counted_and_named_one_by_one() -> None:
    counted = Counted()
    counted.extended(TREE[1], None, "ext(x)", 2)
    counted.extended(TREE[1], "id", "ext(y)", 1)
    assert counted.extension == 3
    in_x, in_y = Loss("a/c", "ext(x)", "extension"), Loss("a/c/@id", "ext(y)", "extension")
    assert counted.losses() == (in_x, in_x, in_y)


def test_the_time_of_a_comparison_grows_with_the_message_and_not_with_its_square() -> None:
    """Half of 20 000 elements are missing: with the square it took minutes."""
    source = etree.fromstring(f"<m>{'<a>1</a>' * 10_000}{'<b>1</b>' * 10_000}</m>")
    result = etree.fromstring(f"<m>{'<b>1</b>' * 10_000}</m>")
    begin = time.process_time()
    found = missing(source, result)
    assert time.process_time() - begin < 5
    assert (len(found), found[0], found[-1]) == (10_000, "m/a[1]", "m/a[10000]")


def test_of_several_those_are_missing_of_which_nothing_is_left() -> None:
    source = etree.fromstring(
        "<m><a><new>1</new></a><a><old>2</old><new>3</new></a><a><new/></a><a><c><old>4</old></c></a></m>"
    )
    result = etree.fromstring("<m><a><old>2</old></a><a><c><old>4</old></c></a></m>")
    assert missing(source, result) == ("m/a[1]/new", "m/a[2]/new", "m/a[3]/new")


def test_an_element_that_held_nothing_is_named_where_the_older_version_has_none() -> None:
    """It says that there is such a thing: a tentative time that nobody knows yet."""
    newer = to_plo_1_6(b"<po:InformasjonOmTentativTime/>")
    made = convert(newer, "plo-1.5")
    assert [(each.source.rpartition("/")[2], each.severity) for each in made.loss.lost] == [
        ("InformasjonOmTentativTime", "information")
    ]


def to_plo_1_6(time_of_visit: bytes) -> EMessage:
    """A discharge report with an appointment of that kind."""
    visit = {"resourceType": "Appointment", "status": "proposed", "description": "Sykehuset"}
    stay = by_hand.stay("finished", period={"start": "2026-03-08", "end": "2026-03-12"})
    made = convert(message("UTSKRIVNINGSRAPPORT", [stay, visit]), "plo-1.6").data
    kind = rb"<po:InformasjonOmTentativTime>.*</po:InformasjonOmTentativTime>"
    return read(re.sub(kind, time_of_visit, made))


def test_what_marks_up_a_text_is_named_where_only_the_text_is_left() -> None:
    marked = etree.fromstring('<a><q><p class="x">to <i lang="nb">linjer</i></p></q></a>')
    assert missing(marked, etree.fromstring("<a><q>to linjer</q></a>")) == ("a/q/p/@class", "a/q/p/i")
