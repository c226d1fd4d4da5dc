"""Do the flows of `pathway_flows.toml` end in the stays and clocks written there, in whatever order they arrive?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.pathway.stays import stays_of
from gateway.pathway.timeline import timeline_of
from tests.support.flows import (
    FLOWS,
    at,
    by_name,
    expected,
    the_decisions,
    the_events,
    the_statements,
    told,
)


@pytest.mark.parametrize("flow", FLOWS, ids=by_name)
def test_a_flow_ends_as_the_table_says(flow: dict[str, Any]) -> None:
    found = stays_of(the_events(flow), the_decisions(flow), the_statements(flow))
    assert told(found, at(flow["now"])) == expected(flow)


@pytest.mark.parametrize("flow", FLOWS, ids=by_name)
@given(data=st.data())
@settings(max_examples=25)
def test_and_so_in_any_order_of_arrival_with_any_duplicates(
    flow: dict[str, Any], data: st.DataObject
) -> None:
    events = the_events(flow)
    again = data.draw(st.lists(st.sampled_from(events), max_size=3))
    late = [replace(event, accepted=event.accepted + timedelta(days=2)) for event in again]
    arrived = data.draw(st.permutations(events + late))
    decided = data.draw(st.permutations(the_decisions(flow)))
    said = data.draw(st.permutations(the_statements(flow)))
    found = stays_of(arrived, decided, said)
    in_order = stays_of(events, the_decisions(flow), the_statements(flow))
    assert told(found, at(flow["now"])) == expected(flow)
    assert [timeline_of(stay) for stay in found.stays] == [timeline_of(stay) for stay in in_order.stays]
