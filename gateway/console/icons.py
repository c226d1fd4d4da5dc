"""Which shapes mark states and actions? Drawn here, 20 by 20, stroked in the colour of the text around them."""

from __future__ import annotations

from markupsafe import Markup

_SHAPES = {
    "globe": (
        '<circle cx="10" cy="10" r="7.25"/>'
        '<path d="M2.75 10h14.5M10 2.75c2.5 2 3.5 4.5 3.5 7.25s-1 5.25-3.5'
        ' 7.25c-2.5-2-3.5-4.5-3.5-7.25s1-5.25 3.5-7.25Z"/>'
    ),
    "info": '<circle cx="10" cy="10" r="7.25"/><path d="M10 9.25v4.25M10 6.5v.01"/>',
    "question": (
        '<circle cx="10" cy="10" r="7.25"/>'
        '<path d="M7.75 8a2.25 2.25 0 1 1 3.4 1.95c-.7.4-1.15.8-1.15 1.55M10 14v.01"/>'
    ),
    "check": '<circle cx="10" cy="10" r="7.25"/><path d="m6.75 10.25 2.25 2.25 4.25-4.75"/>',
    "check-part": (
        '<circle cx="10" cy="10" r="7.25" stroke-dasharray="3 2.2"/>'
        '<path d="m6.75 10.25 2.25 2.25 4.25-4.75"/>'
    ),
    "sent": '<path d="M3.5 10h11M10.5 5.5 15 10l-4.5 4.5"/>',
    "clock": '<circle cx="10" cy="10" r="7.25"/><path d="M10 6v4.25l2.75 1.75"/>',
    "again": '<path d="M16 10a6 6 0 1 1-1.9-4.4M16.25 3v3.25H13"/>',
    "pause": '<circle cx="10" cy="10" r="7.25"/><path d="M8.25 7.25v5.5M11.75 7.25v5.5"/>',
    "cross": '<circle cx="10" cy="10" r="7.25"/><path d="m7.5 7.5 5 5M12.5 7.5l-5 5"/>',
    "stop": '<circle cx="10" cy="10" r="7.25"/><path d="m5 15 10-10"/>',
    "warning": '<path d="M10 3.25 17.5 16.5h-15L10 3.25ZM10 8.5v3.75M10 14.4v.01"/>',
    "person": '<circle cx="10" cy="6.75" r="3"/><path d="M4 16.75c.5-3.25 2.9-5 6-5s5.500 1.750 6 5"/>',
    "envelope": (
        '<rect x="2.75" y="4.5" width="14.5" height="11" rx="1.5"/>'
        '<path d="m3.25 5.75 6.750 5.250 6.750-5.250"/>'
    ),
    "letter": '<path d="M5 2.750h7l3.500 3.500v11H5zM12 2.750v3.500h3.500M7.750 10.250h5M7.750 13.250h5"/>',
    "inbox": '<path d="M3 11.500 5.250 4.250h9.500L17 11.500v4.250H3zM3 11.500h4l1 2h4l1-2h4"/>',
    "dot": '<circle cx="10" cy="10" r="3.250"/>',
}

ICONS: dict[str, Markup] = {
    name: Markup(shape) for name, shape in _SHAPES.items()
}  # constants above, no input
"""Icon name → the inside of its `<svg>`."""
