"""Which rules of R4 hold between the elements of one node?

One table: type (or element, "Appointment.participant") → its invariants, each with R4's id, its severity and a function
over a node whose structure is already sound. The sentences stand in the error catalogue as ``invariant.<id>``.

Left out on purpose: dom-6 (a resource should have a narrative: advice, not a fault), ppc-2 to ppc-5 (they test for
the code system 'something' and can never fire), ctm-1 (needs the resolved member), name rules of conformance
resources (…-0), and the rules of conformance resources that nobody sends us in a message. dom-2 to dom-5, ref-1 and
the Bundle rules that need more than one node stand in `gateway.fhir.references`.
"""

from __future__ import annotations

from typing import Final

from gateway.fhir.invariants.bundles import BUNDLES
from gateway.fhir.invariants.datatypes import DATATYPES
from gateway.fhir.invariants.node import Invariant
from gateway.fhir.invariants.resources import RESOURCES

INVARIANTS: Final[dict[str, tuple[Invariant, ...]]] = {**DATATYPES, **RESOURCES, **BUNDLES}

__all__ = ["INVARIANTS", "Invariant"]
