"""What does a code mean, and from which code set does an element take its codes?

The code sets are data (`codes/*.txt`: set number, title, then code and Norwegian display), as is the table
element → code set (`elements.txt`), because many coded elements carry no S attribute. A set is named by its
four digits or by its OID under `OID_ROOT`. A set marked `partial` holds only some of its codes: absence
there proves nothing. Codes travel unchanged whatever stands here; this is for display and for findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

OID_ROOT = "2.16.578.1.12.4.1.1."
"""Every code set NNNN has the OID `OID_ROOT` + NNNN."""
OTHER_ROOTS = (
    "http://helsedir.no/fhir/CodeSystem/no-kodeverk-",
    "https://finnkode.helsedirektoratet.no/adm/collections/",
)
"""Addresses in use for the same sets beside ``urn:oid:`` (the number follows): taken, never written."""
OTHER_ADDRESSES = {
    "http://hl7.org/fhir/sid/icpc-2": "7170",
    "http://hl7.org/fhir/sid/icd-10-no": "7110",
    "http://www.whocc.no/atc": "7180",
}
"""Sets that have an address of their own: address → number."""
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class CodeSet:
    """A code set: code → Norwegian display."""

    number: str
    title: str
    complete: bool
    """Whether every code of the set is here, so that an absent code is an unknown one."""
    codes: dict[str, str]

    @property
    def oid(self) -> str:
        """The OID that the S attribute carries."""
        return OID_ROOT + self.number

    def code_of(self, display: str) -> str | None:
        """The code whose display this is (letter case aside); None when there is none."""
        return self._by_display.get(display.strip().casefold())

    @cached_property
    def _by_display(self) -> dict[str, str]:
        return {text.casefold(): code for code, text in reversed(self.codes.items())}


def number_of(address: str) -> str:
    """The four digits of a set given as OID, `urn:oid:` URI, one of the other addresses in use, or digits; other
    input comes back as it is."""
    address = address.strip()
    if address.startswith("http"):
        for root in OTHER_ROOTS:
            if address.startswith(root) and address[len(root) :].isdigit():
                return address[len(root) :]
        return OTHER_ADDRESSES.get(address, address)
    return address.removeprefix("urn:oid:").removeprefix(OID_ROOT)


def addresses_of(number: str) -> tuple[str, ...]:
    """The other addresses under which a set is known, beside its `urn:oid:`."""
    own = (address for address, meant in OTHER_ADDRESSES.items() if meant == number)
    return (*(root + number for root in OTHER_ROOTS), *own)


def code_sets() -> tuple[CodeSet, ...]:
    """All code sets that are held here, by number."""
    return tuple(sorted(_code_sets().values(), key=lambda each: each.number))


def code_set(oid_or_number: str) -> CodeSet | None:
    """The code set; None when it is not held here."""
    return _code_sets().get(number_of(oid_or_number))


def display(oid_or_number: str, code: str) -> str | None:
    """The Norwegian display of a code; None when set or code are not held here."""
    found = code_set(oid_or_number)
    return found.codes.get(code) if found else None


def is_known(oid_or_number: str, code: str) -> bool:
    """Whether the code stands in the set; False also when the set is not held here (see
    `CodeSet.complete`)."""
    return display(oid_or_number, code) is not None


def code_sets_of(element: str) -> tuple[str, ...]:
    """Numbers of the sets an element may use; `element` is a local name or `Parent/Name` (or a longer
    path)."""
    steps = element.split("/")
    table = elements()
    return table.get("/".join(steps[-2:])) or table.get(steps[-1]) or ()


@cache
def _code_sets() -> dict[str, CodeSet]:
    sets: dict[str, CodeSet] = {}
    for file in sorted((_FOLDER / "codes").glob("*.txt")):
        for block in file.read_text("utf-8").split("\n\n"):
            lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
            if lines:
                found = _code_set(lines)
                sets[found.number] = found
    return sets


def _code_set(lines: list[str]) -> CodeSet:
    number, title = lines[0].split(None, 1)
    partial = title.startswith("partial ")
    codes = dict(line.strip().split(None, 1) for line in lines[1:])
    return CodeSet(number, title.removeprefix("partial "), not partial, codes)


@cache
def elements() -> dict[str, tuple[str, ...]]:
    """Coded element (a name, or `Parent/Name`) → the numbers of the sets it may use."""
    table: dict[str, tuple[str, ...]] = {}
    for line in (_FOLDER / "elements.txt").read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            element, *sets = line.split()
            table[element] = tuple(sets)
    return table
