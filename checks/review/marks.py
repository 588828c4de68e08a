"""What happened beside the review's chart, kept with its figures: a signed review keeps its marks too."""

from typing import Any

from checks.trends.annotations import Annotation
from checks.trends.chart import NOTHING, Happened
from checks.trends.queries import Trends, happened
from checks.trends.shown import happened_in


def of(found: Trends) -> dict[str, Any]:
    """Letters and strokes in weeks since the first, and by number what they stand for.

    No titles: one that is rewritten or removed later must not live on here. No security incident: viewers read it.
    """
    marks = happened(found, None)
    places = happened_in(found.stretch, marks)
    return {
        "letters": [[round(at, 3), letter] for at, letter in places.letters],
        # Two that no eye could tell apart are one.
        "strokes": sorted({round(at, 2) for at in places.strokes}),
        "incidents": [{**_named(one), "letter": one.letter, "severity": one.severity} for one in marks.incidents],
        "incidents_in_all": marks.all_incidents,
        "changes": [_named(one) for one in marks.changes],
        "changes_in_all": len(marks.strokes),
    }


def drawn(figures: dict[str, Any]) -> Happened:
    """As they were kept; reviews of before have none."""
    kept = figures.get("marks")
    return Happened([(at, letter) for at, letter in kept["letters"]], kept["strokes"]) if kept else NOTHING


def _named(one: Annotation) -> dict[str, str]:
    return {"label": one.label, "url": one.url}
