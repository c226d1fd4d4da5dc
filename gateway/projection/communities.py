"""To which helsefellesskap did a hospital trust and a municipality belong on a day, as the settings say it?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from gateway.settings_pathway import Community

CommunityOf = Callable[[str, str | None, date], str | None]
"""Trust, municipality (HER-ids of level 1), day → the code of the helsefellesskap; None: none holds both that day."""


def communities_of(communities: Iterable[Community]) -> CommunityOf:
    """By the configured communities; of several that hold both, the one that came into force last."""
    known = sorted(communities, key=lambda each: each.valid_from, reverse=True)

    def found(trust: str, municipality: str | None, day: date) -> str | None:
        return next(
            (
                each.code
                for each in known
                if trust in each.trusts and municipality in each.municipalities
                if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)
            ),
            None,
        )

    return found
