"""Is the whole resource sound? Answered fast, without saying why not.

Objects of one type come in few shapes (names in their order). What follows from the shape alone (no unknown names,
all required ones, one value of each choice, the invariants that only ask what is there) is decided once. For each sound
shape a function is then written and compiled that only looks at the values: for a CodeableConcept of coding and text

    def sound(node, walk):
     value = node['coding']
     if value.__class__ is not list or not value: return False
     for item in value:
      if not (item is a sound Coding): return False
     walk.texts.append(node['text'])
     return True

Texts, codes, ids and addresses are only gathered there, and looked at together at the end (`gathered`). Rules about
values are asked last, when these are known to be legal. For the few types that most objects are of, one function tells
the commonest shapes apart by their names, without looking the shape up (`FORMS`).

Where no function fits (a shape that is not sound, too many shapes), the explaining check of that object is asked. The
answers are the same; a test compares them on thousands of damaged resources.

The text of a function is made of names of R4 and constants of ours only, never of names or values of the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from gateway.fhir.canonical import DATA_ABSENT_REASON
from gateway.fhir.gathered import are_legal
from gateway.fhir.objects import Member, Rules, check_shadow, check_shadow_list, check_shape
from gateway.fhir.problem import Check, Walk
from gateway.fhir.profiles import OURS, check_extension, extension_values
from gateway.fhir.structure import compiled_type, resource_check

Sound = Callable[[dict[str, Any], Walk], object]
"""Whether a node is sound (by truth); notes references and resources in the walk as the explaining check does."""

MAX_SHAPES: Final = 4_000
"""Shapes kept in all; so that nobody can fill the memory with new ones."""

FORMS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "Bundle.entry": (("fullUrl", "resource"),),
    "CodeableConcept": (("coding",), ("text",), ("coding", "text")),
    "Coding": (("system", "code", "display"), ("system", "code")),
    "Extension": (("url", "valueCode"), ("url", "valueBoolean"), ("url", "valueString")),
    "Identifier": (("system", "value"), ("system", "value", "type"), ("value",)),
    "Reference": (("reference",),),
}
"""By far the most objects are of these few types, and have these names (in any order). What is noted once, a
Reference or a resource, stands in none but last."""

GATHERED: Final = {
    **dict.fromkeys(("string", "markdown"), "texts"),
    **dict.fromkeys(("uri", "url", "canonical"), "addresses"),
    **{
        "code": "codes",
        "id": "ids",
        "dateTime": "times",
        "Bundle.entry.fullUrl": "full_urls",
        "Reference.reference": "pointers",
    },
}
"""The primitive types whose values are looked at together at the end (`gathered`), and where they are gathered."""


class Shapes:
    """The functions of one type, by shape."""

    __slots__ = ("explain", "known", "of_forms", "rules", "type_name", "unplanned")

    total = 0

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        self.rules, self.explain = compiled_type(type_name)
        self.known: dict[tuple[str, ...], Sound] = {}
        self.unplanned: Sound = self._first_time
        self.of_forms = _of_forms(self) if type_name in FORMS else None

    def _first_time(self, node: dict[str, Any], walk: Walk) -> object:
        if Shapes.total < MAX_SHAPES and _is_sound_shape(node, self.rules):
            sound = self.known[tuple(node)] = _written(node, self)
            Shapes.total += 1
            return sound(node, walk)
        return self.explain(node, walk) is None


_shapes: dict[str, Shapes] = {}
_resources: dict[str, Shapes] = {}
"""Those of resource types."""


def is_sound(node: Any, walk: Walk) -> bool:
    """Whether a resource of whatever type it says is sound throughout."""
    return bool(
        _is_sound(node, walk) and are_legal(walk) and all(holds(about) for holds, about in walk.later)
    )


def _is_sound(node: Any, walk: Walk) -> object:
    """The same but for what the walk gathers."""
    try:
        shapes = _resources[node["resourceType"]]
    except (KeyError, TypeError):  # its type is met for the first time, or it is no resource
        if not _is_resource(node):
            return False
        shapes = _resources[node["resourceType"]] = _shapes_of(node["resourceType"])
    begin = len(walk.references)
    sound = (shapes.known.get(tuple(node)) or shapes.unplanned)(node, walk)
    walk.resources[id(node)] = (begin, len(walk.references))
    return sound


def _is_resource(node: Any) -> bool:
    """Whether it is an object that says to be of a resource type of R4."""
    type_name = node.get("resourceType") if node.__class__ is dict else None
    return type_name.__class__ is str and resource_check(type_name) is not None


def _shapes_of(type_name: str) -> Shapes:
    shapes = _shapes.get(type_name)
    return shapes if shapes is not None else _shapes.setdefault(type_name, Shapes(type_name))


def _is_sound_shape(node: dict[str, Any], rules: Rules) -> bool:
    """Whether the names need no further look: all known, and no rule about presence broken."""
    if check_shape(node, rules) is not None:
        return False
    return all(invariant.holds(node) for invariant in rules.invariants if invariant.by_shape)


def _written(names: Iterable[str], shapes: Shapes) -> Sound:
    """The function for one shape."""
    constants = _constants()
    return _compiled(_lines(dict.fromkeys(names), shapes, constants), constants)


def _of_forms(shapes: Shapes) -> Sound:
    """The function for whatever stands where an object of the type should: its forms are told apart here, by how many
    names there are and what is not there when it is asked for. (What was gathered until then is gathered once more.)
    """
    constants = _constants()
    lines = ["if node.__class__ is not dict: return False", "try:"]
    for form in FORMS[shapes.type_name]:
        lines.append(f" if {_looks_like(form, FORMS[shapes.type_name])}:")
        lines += _indented(_indented(_lines(dict.fromkeys(form), shapes, constants)))
    lines.append("except KeyError: pass")
    known, unplanned = _constant(constants, shapes.known), _constant(constants, shapes.unplanned)
    lines.append(f"return ({known}.get(tuple(node)) or {unplanned})(node, walk)")
    return _compiled(lines, constants)


def _looks_like(form: tuple[str, ...], forms: tuple[tuple[str, ...], ...]) -> str:
    """The expression that tells the form from the others of its length."""
    others = {name for other in forms if other != form and len(other) == len(form) for name in other}
    own = [name for name in form if name not in others] if others else []
    return " and ".join([f"len(node) == {len(form)}", *(f"{name!r} in node" for name in own)])


def _constants() -> dict[str, Any]:
    return {"is_sound": _is_sound, "each_primitive": _each_primitive, "each_resource": _each_resource}


def _constant(constants: dict[str, Any], value: Any) -> str:
    name = f"k{len(constants)}"
    constants[name] = value
    return name


def _compiled(lines: list[str], constants: dict[str, Any]) -> Sound:
    exec("\n".join(["def sound(node, walk):", *_indented(lines)]), constants)
    sound: Sound = constants["sound"]
    return sound


def _indented(lines: list[str]) -> list[str]:
    return [f" {line}" for line in lines]


def _lines(shape: dict[str, Any], shapes: Shapes, constants: dict[str, Any]) -> list[str]:
    """The lines that leave the function with the answer about a node with the names of `shape`."""
    lines = []
    rules, type_name = shapes.rules, shapes.type_name
    for name in shape:
        member = rules.members.get(name)
        if member is None:
            lines.append(f"if not ({_shadow_test(name[1:], shape, rules, constants)}): return False")
        elif (type_name, name) == ("Extension", "url"):
            lines += _test_of_extension(shape, constants)
        elif name != "resourceType":
            gathered = GATHERED.get(f"{type_name}.{name}") or GATHERED.get(member.type)
            lines += _test(f"node[{name!r}]", member, gathered, f"_{name}" in shape, constants)
    for invariant in rules.invariants:
        if invariant.by_shape or not invariant.concerns(shape):
            continue
        if invariant.never is not None:
            name, text = invariant.never
            lines.append(
                f"if node[{name!r}].__class__ is not str or {text!r} in node[{name!r}]: return False"
            )
        else:
            lines.append(f"walk.later.append(({_constant(constants, invariant.holds)}, node))")
    return [*lines, "return True"]


def _test(
    value: str, member: Member, gathered: str | None, beside: bool, constants: dict[str, Any]
) -> list[str]:
    """The lines that leave the function where the value of one name is not sound (`beside`: there is a ``_name``)."""
    if _holds_objects(member):
        return _test_of_objects(value, member, constants)
    if gathered is not None and member.codes is None:
        if not member.repeats:
            return [f"walk.{gathered}.append({value})"]
        if not beside:
            return [*_list_test(value), f"walk.{gathered}.extend(value)"]
    return [f"if not ({_value_test(value, member, beside, constants)}): return False"]


def _value_test(value: str, member: Member, beside: bool, constants: dict[str, Any]) -> str:
    """The expression that is true when it is sound."""
    if member.type == "Resource":
        return f"each_resource({value}, walk)" if member.repeats else f"is_sound({value}, walk)"
    if member.repeats and not member.is_object:
        return f"each_primitive({value}, {beside}, {_constant(constants, member.item)}, walk)"
    if member.codes is not None:
        return f"(value := {value}).__class__ is str and value in {_constant(constants, member.codes)}"
    if member.type == "boolean":
        return f"(value := {value}) is True or value is False"
    return f"{_constant(constants, member.check)}({value}, walk) is None"


def _holds_objects(member: Member) -> bool:
    """Whether its values are objects of one type, each of which may have any sound shape."""
    return member.is_object and not member.bound and member.type != "Resource"


def _list_test(value: str) -> list[str]:
    return [f"value = {value}", "if value.__class__ is not list or not value: return False"]


def _shadow_test(name: str, shape: dict[str, Any], rules: Rules, constants: dict[str, Any]) -> str:
    """The expression for the ``_name`` of that name."""
    shadow, repeats = f"node['_{name}']", rules.shadows[name]
    check = _constant(constants, check_shadow_list if repeats else check_shadow)
    beside = f"node.get({name!r})" if repeats else str(name in shape)
    explained = f"{check}({beside}, {shadow}, {_constant(constants, rules.element)}, walk) is None"
    return explained if repeats else f"({_object_test(shadow, 'Element', constants)} or {explained})"


def _test_of_objects(value: str, member: Member, constants: dict[str, Any]) -> list[str]:
    """The lines for a value that should be an object, or a list of such."""
    item = "item" if member.repeats else "value"
    lines = [f"if not ({_object_test(item, member.type, constants)}): return False"]
    if member.type == "Reference":
        lines.insert(0, f"walk.references.append(({item}, {_constant(constants, member.targets)}))")
    if not member.repeats:
        return [f"value = {value}", *lines]
    return [*_list_test(value), "for item in value:", *_indented(lines)]


def _object_test(value: str, type_name: str, constants: dict[str, Any]) -> str:
    """The expression that is true when it is a sound object of the type."""
    shapes = _shapes_of(type_name)
    if shapes.of_forms is not None:
        return f"{_constant(constants, shapes.of_forms)}({value}, walk)"
    known, unplanned = _constant(constants, shapes.known), _constant(constants, shapes.unplanned)
    return f"{value}.__class__ is dict and ({known}.get(tuple({value})) or {unplanned})({value}, walk)"


def _test_of_extension(shape: dict[str, Any], constants: dict[str, Any]) -> list[str]:
    """The lines for the address of an Extension: one of ours holds what it is defined to hold, and so does R4's
    data-absent-reason."""
    return [
        "url = node['url']",
        "if url.__class__ is not str: return False",
        f"if url == {DATA_ABSENT_REASON!r}:",
        f" if not {_constant(constants, _holds_rightly)}(node): return False",
        f"elif url not in {_constant(constants, _addresses_that_may_hold(shape))}:",
        " walk.addresses.append(url)",
        f" if url.startswith({OURS!r}): walk.later.append(({_constant(constants, _holds_rightly)}, node))",
    ]


def _each_primitive(items: Any, beside: bool, check: Check, walk: Walk) -> bool:
    """A list of primitives; beside a ``_name`` nulls are seen when that is checked."""
    if items.__class__ is not list or not items:
        return False
    return all((beside and item is None) or check(item, walk) is None for item in items)


def _each_resource(items: Any, walk: Walk) -> bool:
    return items.__class__ is list and bool(items) and all(_is_sound(item, walk) for item in items)


def _addresses_that_may_hold(node: dict[str, Any]) -> frozenset[str]:
    """The addresses of those of our extensions that may have the names that this one has."""
    return frozenset(url for url in extension_values() if check_extension({**node, "url": url}) is None)


def _holds_rightly(extension: dict[str, Any]) -> bool:
    return check_extension(extension) is None
