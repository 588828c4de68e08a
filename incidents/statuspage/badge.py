"""The small picture that other sites embed: the page's state, or one component's, in one word."""

from html import escape

from incidents.statuspage import rollup
from incidents.statuspage.content import Component

_COLOURS = {
    "none": "#0b6b4f",
    "maintenance": "#245a8f",
    "minor": "#6f5000",
    "major": "#9c4100",
    "critical": "#b3152c",
    "unknown": "#414b5c",
    "silent": "#414b5c",
}
_WORDS = {
    "none": "operational",
    "maintenance": "maintenance",
    "minor": "degraded",
    "major": "partial outage",
    "critical": "major outage",
    "unknown": "partly unknown",
    "silent": "unknown",
}
_OF_STATUS = {
    rollup.OPERATIONAL: "none",
    rollup.MAINTENANCE: "maintenance",
    rollup.DEGRADED: "minor",
    rollup.PARTIAL: "major",
    rollup.MAJOR: "critical",
}
_LETTER = 6.6
# What keeps any badge below 1.5 KB, whatever letters its name has.
_LONGEST = 40


def of_component(component: Component) -> bytes:
    """A component by its name, which is cut where it is too long for a badge; unknown while its checks are silent."""
    name = component.full_name
    label = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return svg("silent" if component.unknown_since else _OF_STATUS[component.status], label)


def svg(indicator: str, label: str = "status") -> bytes:
    """White on a colour dark enough for it, and the word beside the colour."""
    word = _WORDS[indicator]
    left, right = round(len(label) * _LETTER) + 14, round(len(word) * _LETTER) + 14
    width = left + right
    said = escape(f"{label}: {word}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{said}">'
        f"<title>{said}</title>"
        f'<rect width="{width}" height="20" rx="4" fill="#414b5c"/>'
        f'<path d="M{left} 0h{right - 4}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4H{left}z" fill="{_COLOURS[indicator]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 14}">{escape(label)}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 14}">{word}</text></g></svg>'
    ).encode()
