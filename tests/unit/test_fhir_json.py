"""Is JSON read strictly, and written with every digit?"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Unreadable
from gateway.fhir.json import MAX_BYTES, MAX_DEPTH, read, write


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json.empty-input"),
        (b" \n\t", "json.empty-input"),
        (b"\xef\xbb\xbf", "json.empty-input"),
        (b"<MsgHead/>", "json.not-json"),
        (b'{"a": 1,}', "json.not-json"),
        (b'{"a": 1} x', "json.not-json"),
        (b'{"a": 01}', "json.not-json"),
        (b'{"a": "\x01"}', "json.not-json"),
        (b'{"a": "\\ud800"}', "json.not-json"),
        (b'{"a": NaN}', "json.not-a-number"),
        (b'{"a": [1, -Infinity]}', "json.not-a-number"),
        (b'{"a": "\xff"}', "json.not-utf-8"),
        (b'{"a": "\xed\xa0\x80"}', "json.not-utf-8"),
        ('{"a": 1}'.encode("utf-16"), "json.not-utf-8"),
        ('{"a": 1}'.encode("utf-16-be"), "json.not-utf-8"),
        (b"[]", "json.not-an-object"),
        (b'"text"', "json.not-an-object"),
        (b"null", "json.not-an-object"),
        (b'{"a": ' + b"1" * 5000 + b"}", "json.number-too-long"),
        (b'{"a": 1.' + b"1" * 5000 + b"}", "json.number-too-long"),
        (b'{"a": 1e99999999999999999999}', "json.number-too-long"),
        (b'{"a": 1e99999999}', "json.number-too-long"),
        (b'{"a": -2.5E-1001}', "json.number-too-long"),
        (b'{"a":' * MAX_DEPTH + b"{}" + b"}" * MAX_DEPTH, "json.too-deep"),
        (b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}", "json.too-deep"),
        (b'{"a":' * 100_000, "json.too-deep"),
        # strings that would close what is open, if their brackets counted
        (b'{"a":[' + b'"]",[' * MAX_DEPTH + b'"["]' + b',"["]' * MAX_DEPTH + b"}", "json.too-deep"),
        (b'{"a":[' + b'"\\"]",[' * MAX_DEPTH + b'"["]' + b',"[\\n"]' * MAX_DEPTH + b"}", "json.too-deep"),
        (b'{"a":[' + b'"\\\\",[' * MAX_DEPTH + b"]" * MAX_DEPTH + b"]}", "json.too-deep"),
        (b'{"a":[' + b"[]," * 2_000_000 + b"[]]}", "json.too-many-values"),
        (b'{"a":"' + b"x" * MAX_BYTES + b'"}', "json.too-large"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else value,
)
def test_refused(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert refusal.value.code == code


def test_the_line_is_named() -> None:
    with pytest.raises(Unreadable) as refusal:
        read(b'{\n "a": 1,\n "b": x\n}')
    assert refusal.value.line == 3


def test_a_number_that_is_long_only_when_written_out_is_found() -> None:
    with pytest.raises(Unreadable) as refusal:
        read(b'{"resourceType":"Observation",\n"valueQuantity":{"unit":"1e2000","value":1e2000}}')
    assert (refusal.value.path, refusal.value.line) == ("valueQuantity.value", 2)
    assert read(b'{"a":1e1000}') == {"a": Decimal("1e1000")}


def test_the_deepest_level_allowed() -> None:
    read(b'{"a":' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1))
    read(b'{"a":' * (MAX_DEPTH - 1) + b'{"]":"\\"}[["}' + b"}" * (MAX_DEPTH - 1))


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"a" :2}',
        b'{"a" :1,"a"\n:2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"a":1,"a":1}]}',
        b'{"a\\\\":1,"b":1,"b":2}',
        b'{"a":"\\":","b":1,"b":2}',
        b'{"a":":","b":1,"b":2}',
    ],
)
def test_duplicate_keys_are_refused(data: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(data)
    assert refusal.value.code == "json.duplicate-key"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"\\":","b":":x","c" : "\\" :"}',
        b'{":":1,"a\\\\":{"b":[":",":"]}}',
        b'{"a":{"b":1},"c":{"b":1}}',
    ],
)
def test_keys_that_only_look_doubled_are_read(data: bytes) -> None:
    assert read(data) == json.loads(data)


_TEXT = st.text(alphabet='"\\: ab', max_size=4)
_TREES = st.recursive(
    _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(_TEXT, inner), max_size=3).map(tuple),
)


def _json_of(tree: Any, colon: str) -> str:
    """JSON in which tuples are objects, so that an object can have a key twice."""
    if isinstance(tree, str):
        return json.dumps(tree)
    if isinstance(tree, list):
        return "[" + ",".join(_json_of(item, colon) for item in tree) + "]"
    return "{" + ",".join(json.dumps(key) + colon + _json_of(value, colon) for key, value in tree) + "}"


def _has_duplicates(tree: Any) -> bool:
    if isinstance(tree, str):
        return False
    if isinstance(tree, list):
        return any(_has_duplicates(item) for item in tree)
    keys = [key for key, _ in tree]
    return len(set(keys)) < len(keys) or any(_has_duplicates(value) for _, value in tree)


@given(tree=_TREES, colon=st.sampled_from([":", " :", ": ", "\n:"]))
def test_duplicates_are_found_in_any_text(tree: Any, colon: str) -> None:
    tree = (("top", tree),)
    data = _json_of(tree, colon).encode()
    try:
        read(data)
        refused = False
    except Unreadable as refusal:
        assert refusal.code == "json.duplicate-key"
        refused = True
    assert refused == _has_duplicates(tree)


def test_decimals_keep_their_digits() -> None:
    data = b'{"a":72.50,"b":1E+2,"c":-0.0,"d":100000000000000000000000000.10,"e":7}'
    resource = read(data)
    assert resource["a"] == Decimal("72.50")
    assert isinstance(resource["e"], int)
    assert write(resource) == data


def test_a_byte_order_mark_is_dropped() -> None:
    assert read(b'\xef\xbb\xbf{"a":"\xc3\xa6"}') == {"a": "æ"}


_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | _TEXTS
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(value=st.dictionaries(_TEXTS, _VALUES, max_size=4))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    data = write(value)
    assert write(read(data)) == data


@given(data=st.binary(max_size=60) | st.text(alphabet='{}[]":,0123e.-+\\u tfn', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(read(data), dict)
    except Unreadable as refusal:
        assert refusal.code.startswith("json.")


def test_null_character_is_refused_and_what_only_looks_like_it_is_not() -> None:
    with pytest.raises(Unreadable) as caught:
        read(b'{"a": "x",\n "b": "\\\\\\u0000"}')
    assert (caught.value.code, caught.value.line) == ("json.null-character", 2)
    assert read(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}
