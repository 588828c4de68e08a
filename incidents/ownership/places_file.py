"""Where to look, as a part of the file of the matrix: a list below its domain, or below `house`."""

from typing import Any

from incidents.ownership import actions, queries
from incidents.ownership.actions import Spot
from incidents.ownership.forms import PlaceForm
from incidents.ownership.models import Domain, Place
from opsportal.as_code import Wrong, said_of
from opsportal.models import User

HOUSE = "house"
_FIELDS = ("kind", "name", "url", "note")
_MOST = 50
_SHAPE = f"Write a list of places, at most {_MOST}, each with {', '.join(_FIELDS)}."

Lines = dict[tuple[str, ...], int]


def shown() -> dict[str, list[dict[str, str]]]:
    """Every place below the slug of its domain or `house`; an empty list where there is none."""
    slugs = [*(one.slug for one in queries.matrix()), HOUSE]
    found: dict[str, list[dict[str, str]]] = {slug: [] for slug in slugs}
    for place in queries.places():
        words = {name: getattr(place, name) for name in _FIELDS if getattr(place, name)}
        found[place.domain.slug if place.domain else HOUSE].append(words)
    return found


def import_places(
    slug: str, domain: Domain | None, wanted: Any, at_line: Lines, *, by: User
) -> tuple[bool, list[Wrong]]:
    """Make it the list of this domain, or of the house: whether that changed anything, and every fault."""
    spots, wrong = _read(slug, domain, wanted, at_line)
    if wrong:
        return False, wrong
    missing, others = list(spots), list[Place]()
    for place in queries.places():
        if place.domain != domain:
            continue
        if (spot := _spot(place)) in missing:
            missing.remove(spot)
        else:
            others.append(place)
    is_changed = bool(missing or others)
    for spot in missing:
        if (before := _like(spot, others)) is None:
            actions.add_place(spot, by=by)
        else:
            others.remove(before)
            actions.change_place(before, spot, seen=before.version, by=by)
    for place in others:
        actions.remove_place(place, by=by)
    return is_changed, []


def _spot(place: Place) -> Spot:
    return Spot(place.kind, place.domain, place.name, place.url, place.note)


def _like(spot: Spot, places: list[Place]) -> Place | None:
    """The place that this one was: of the same name, or at the same address."""
    named = (one for one in places if (one.kind, one.name) == (spot.kind, spot.name))
    return next(named, None) or next((one for one in places if one.url == spot.url), None)


def _read(slug: str, domain: Domain | None, wanted: Any, at_line: Lines) -> tuple[list[Spot], list[Wrong]]:
    spots, wrong, line = list[Spot](), list[Wrong](), at_line.get((slug, "places"), 0)
    if not isinstance(wanted, list) or len(wanted) > _MOST:
        return [], [Wrong(slug, "places", _SHAPE, line)]
    for number, one in enumerate(wanted):
        path = (slug, "places", str(number))
        if not isinstance(one, dict) or any(isinstance(value, dict | list) for value in one.values()):
            wrong.append(Wrong(slug, "places", _SHAPE, at_line.get(path, line)))
            continue
        if not one.keys() <= {*_FIELDS}:
            wrong.append(Wrong(slug, "places", f"A place has {', '.join(_FIELDS)}.", at_line.get(path, line)))
            continue
        typed = {name: str(value or "") for name, value in one.items()}
        form = PlaceForm(typed | {"domain": domain.slug if domain else ""})
        if form.is_valid():
            spots.append(form.spot)
            continue
        for name, errors in form.errors.as_data().items():
            sentence = said_of(errors)
            if any(error.code == "invalid_choice" for error in errors):
                sentence = f"Write one of {', '.join(Place.Kind.values)}."
            place = at_line.get((*path, name), at_line.get(path, line))
            wrong.append(Wrong(slug, f"places, {name}", sentence, place))
    return spots, wrong
