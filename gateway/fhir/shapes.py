"""Is the whole resource sound? Answered fast, without saying why not.

Objects of one type come in few shapes (names in their order). What follows from the shape alone (no unknown names,
all required ones, one value of each choice, the invariants that only ask what is there) is decided once. For each sound
shape a function is then written and compiled that only tests the values: for a CodeableConcept of coding and text

    def sound(node, walk):
        v0, v1, = node.values()
        if v0.__class__ is not list or not v0: return False
        for item in v0:
            if not (item is a sound Coding): return False
        if not (v1 is a string): return False
        return True

which takes a third of the time of a loop over rules. Where no such function fits (a shape that is not sound, too many
shapes), the explaining check of that object is asked. The answers are the same; a test compares them on thousands of
damaged resources.

The text of a function is made of variable numbers and constants of ours only, never of names or values of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.fhir.canonical import DATA_ABSENT_REASON, NATIONAL_SETS
from gateway.fhir.objects import Member, Rules, check_shadow, check_shadow_list, check_shape
from gateway.fhir.primitives import MAX_TEXT, check_string, check_uri
from gateway.fhir.problem import Check, Walk
from gateway.fhir.profiles import OURS, check_extension, extension_values
from gateway.fhir.structure import compiled_type, resource_check

Sound = Callable[[dict[str, Any], Walk], object]
"""Whether a node is sound (by truth); notes references and resources in the walk as the explaining check does."""

MAX_SHAPES: Final = 4_000
"""Shapes kept in all; so that nobody can fill the memory with new ones."""

KNOWN_ADDRESSES: Final = frozenset({DATA_ABSENT_REASON, *extension_values(), *NATIONAL_SETS.values()})
"""Addresses that stand in almost every message and need no look at their letters."""


class Shapes:
    """The functions of one type, by shape."""

    __slots__ = ("explain", "known", "rules", "type_name", "unplanned")

    total = 0

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.rules, self.explain = compiled_type(type_name)
        self.known: dict[tuple[str, ...], Sound] = {}
        self.unplanned: Sound = self._first_time

    def _first_time(self, node: dict[str, Any], walk: Walk) -> object:
        if Shapes.total < MAX_SHAPES and _is_sound_shape(node, self.rules):
            sound = self.known[tuple(node)] = _written(node, self.rules, self.type_name)
            Shapes.total += 1
            return sound(node, walk)
        return self.explain(node, walk) is None


_shapes: dict[str, Shapes] = {}
_resources: dict[str, Shapes] = {}
"""Those of resource types."""


def is_sound(node: Any, walk: Walk) -> object:
    """Whether a resource of whatever type it says is sound throughout."""
    if node.__class__ is not dict:
        return False
    type_name = node.get("resourceType")
    if type_name.__class__ is not str:
        return False
    shapes = _resources.get(type_name)
    if shapes is None:
        if resource_check(type_name) is None:
            return False
        shapes = _resources[type_name] = _shapes_of(type_name)
    begin = len(walk.references)
    sound = (shapes.known.get(tuple(node)) or shapes.unplanned)(node, walk)
    walk.resources[id(node)] = (begin, len(walk.references))
    return sound


def _shapes_of(type_name: str) -> Shapes:
    shapes = _shapes.get(type_name)
    return shapes if shapes is not None else _shapes.setdefault(type_name, Shapes(type_name))


def _is_sound_shape(node: dict[str, Any], rules: Rules) -> bool:
    """Whether the names need no further look: all known, and no rule about presence broken."""
    if check_shape(node, rules) is not None:
        return False
    return all(invariant.holds(node) for invariant in rules.invariants if invariant.by_shape)


def _written(node: dict[str, Any], rules: Rules, type_name: str) -> Sound:
    """The function for the shape of `node`."""
    constants: dict[str, Any] = {
        "check_string": check_string,
        "sound_uri": _sound_uri,
        "KNOWN": KNOWN_ADDRESSES,
    }
    constants |= {"is_sound": is_sound, "each_primitive": _each_primitive, "each_resource": _each_resource}
    values = {name: f"v{at}" for at, name in enumerate(node)}
    lines = [f"{', '.join(values.values())}, = node.values()"]
    for name, value in values.items():
        member = rules.members.get(name)
        if member is not None and _holds_objects(member) and member.repeats:
            lines += _test_of_each(value, member, constants)
        elif member is None:
            shadow = _shadow_test(value, values.get(name[1:]), rules.shadows[name[1:]], rules, constants)
            lines.append(f"if not ({shadow}): return False")
        elif name != "resourceType":
            lines.append(
                f"if not ({_test(value, member, constants, beside=f'_{name}' in values)}): return False"
            )
    tests = [
        f"{_constant(constants, invariant.holds)}(node)"
        for invariant in rules.invariants
        if not invariant.by_shape and invariant.concerns(node)
    ]
    if type_name == "Extension":
        rightly = _constant(constants, _addresses_that_may_hold(node))
        tests.append(f"({values['url']} in {rightly} or {_constant(constants, _is_ours_rightly)}(node))")
    source = "\n    ".join(["def sound(node, walk):", *lines, f"return {' and '.join(tests) or 'True'}\n"])
    exec(source, constants)
    sound: Sound = constants["sound"]
    return sound


def _constant(constants: dict[str, Any], value: Any) -> str:
    name = f"k{len(constants)}"
    constants[name] = value
    return name


def _test(value: str, member: Member, constants: dict[str, Any], *, beside: bool = False) -> str:
    """The expression that is true when the variable holds a sound value of that member (`beside` its ``_name``)."""
    if member.type == "Resource":
        return f"each_resource({value}, walk)" if member.repeats else f"is_sound({value}, walk)"
    if _holds_objects(member):
        return _object_test(value, member, constants)
    if member.repeats and not member.is_object:
        return f"each_primitive({value}, {beside}, {_constant(constants, member.item)}, walk)"
    if member.is_object:
        return f"{_constant(constants, member.check)}({value}, walk) is None"
    return _primitive_test(value, member, constants)


def _holds_objects(member: Member) -> bool:
    """Whether its values are objects of one type, each of which may have any sound shape."""
    return member.is_object and not member.bound and member.type != "Resource"


def _shadow_test(
    shadow: str, value: str | None, repeats: bool, rules: Rules, constants: dict[str, Any]
) -> str:
    """The expression for a ``_name``, beside the variable that holds the value if there is one."""
    check = _constant(constants, check_shadow_list if repeats else check_shadow)
    beside = str(value) if repeats else str(value is not None)
    explained = f"{check}({beside}, {shadow}, {_constant(constants, rules.element)}, walk) is None"
    if repeats:
        return explained
    element = Member("Element", True, False, False, None, None, rules.element, rules.element)
    return f"({_object_test(shadow, element, constants)} or {explained})"


def _test_of_each(items: str, member: Member, constants: dict[str, Any]) -> list[str]:
    """The lines that leave the function where the variable does not hold a list of sound objects."""
    noted = f"walk.references.append((item, {_constant(constants, member.targets)})) is None"
    test = _sound_object("item", member, constants)
    return [
        f"if {items}.__class__ is not list or not {items}: return False",
        f"for item in {items}:",
        f"    if not ({f'{noted} and ' if member.type == 'Reference' else ''}{test}): return False",
    ]


def _object_test(value: str, member: Member, constants: dict[str, Any]) -> str:
    test = _sound_object(value, member, constants)
    if member.type != "Reference":
        return test
    return f"walk.references.append(({value}, {_constant(constants, member.targets)})) is None and {test}"


def _sound_object(value: str, member: Member, constants: dict[str, Any]) -> str:
    """The expression that is true when the variable holds one sound object. By far the most References are only an
    address that was looked at before."""
    shapes = _shapes_of(member.type)
    known, unplanned = _constant(constants, shapes.known), _constant(constants, shapes.unplanned)
    sound = f"({known}.get(tuple({value})) or {unplanned})({value}, walk)"
    if member.type == "Reference":
        address = f"(address := {value}.get('reference')).__class__ is str and address in walk.addresses"
        sound = f"((len({value}) == 1 and {address}) or {sound})"
    return f"{value}.__class__ is dict and {sound}"


def _primitive_test(value: str, member: Member, constants: dict[str, Any]) -> str:
    if member.codes is not None:
        return f"{value}.__class__ is str and {value} in {_constant(constants, member.codes)}"
    if member.type == "boolean":
        return f"({value} is True or {value} is False)"
    if member.type in ("string", "markdown"):
        plain = f"{value}.__class__ is str and {value}.isprintable() and 0 < len({value}) <= {MAX_TEXT}"
        return f"({plain} or check_string({value}, walk) is None)"
    if member.type == "uri":
        known = f"{value}.__class__ is str and ({value} in KNOWN or {value} in walk.addresses)"
        return f"({known} or sound_uri({value}, walk))"
    if member.type == "code":
        plain = f"{value}.__class__ is str and {value}.isalnum() and len({value}) <= {MAX_TEXT}"
        return f"({plain} or {_constant(constants, member.check)}({value}, walk) is None)"
    return f"{_constant(constants, member.check)}({value}, walk) is None"


def _sound_uri(value: Any, walk: Walk) -> bool:
    if check_uri(value, walk) is not None:
        return False
    walk.addresses.add(value)
    return True


def _each_primitive(items: Any, beside: bool, check: Check, walk: Walk) -> bool:
    """A list of primitives; beside a ``_name`` nulls are seen when that is checked."""
    if items.__class__ is not list or not items:
        return False
    return all((beside and item is None) or check(item, walk) is None for item in items)


def _each_resource(items: Any, walk: Walk) -> bool:
    return items.__class__ is list and bool(items) and all(is_sound(item, walk) for item in items)


def _addresses_that_may_hold(node: dict[str, Any]) -> frozenset[str]:
    """The addresses of those of our extensions that may have the names that this one has."""
    return frozenset(url for url in extension_values() if check_extension({**node, "url": url}) is None)


def _is_ours_rightly(extension: dict[str, Any]) -> bool:
    return not extension["url"].startswith(OURS) or check_extension(extension) is None
