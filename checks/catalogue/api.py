"""Checks for programs: the same forms and actions as on the screens, behind scopes instead of buttons."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.timezone import now
from ninja import Query, Router, Status

from checks.catalogue import actions, definitions
from checks.catalogue.api_schemas import (
    GRAINS,
    ChangeBody,
    CheckOut,
    CheckQuery,
    DefineBody,
    FlipOut,
    MuteBody,
    PauseBody,
    ResultOut,
    ResultQuery,
    check_out,
    result_out,
)
from checks.catalogue.definitions import Definition, Entry, Faulty
from checks.catalogue.filters import ARCHIVED
from checks.catalogue.models import Check
from incidents.alerts import mutes
from opsportal.api.access import ApiRequest, Scoped
from opsportal.api.errors import ApiError
from opsportal.api.pages import PageOf, PageQuery, cut
from opsportal.errors import Refused

router = Router(tags=["Checks"])
READ, RUN, WRITE = Scoped("checks:read"), Scoped("checks:run"), Scoped("checks:write")
_BESIDE = ("domain", "component", "parent")


# --- read -------------------------------------------------------------------------------------------------------------


@router.get("/checks", response=PageOf[CheckOut], auth=READ, summary="List checks")
def list_checks(request: ApiRequest, query: Query[CheckQuery]) -> dict[str, object]:
    """Those in use, in the order of their keys; with `state=archived` those that are archived.

    What was silent for too long says `insufficient_data`, whatever it said last.
    """
    at = now()
    rows = Check.objects.as_shown(at).select_related(*_BESIDE)
    rows = rows.exclude(archived_at=None) if query.state == ARCHIVED else rows.in_use()
    if query.state and query.state != ARCHIVED:
        rows = rows.showing(query.state)
    if query.kind:
        rows = rows.filter(kind=query.kind)
    if query.domain:
        rows = rows.filter(domain__slug=query.domain)
    purpose = {"list": "checks", "state": query.state, "kind": query.kind, "domain": query.domain}
    page = cut(rows, by=["key"], query=query, purpose=purpose)
    muted = mutes.of(page.rows, at)
    items = [check_out(one, mutes.covering(muted, one.dedup_key, one.domain_id), at) for one in page.rows]
    return {"items": items, "next": page.next}


@router.get("/checks/{slug:key}", response=CheckOut, auth=READ, summary="Read a check")
def read_check(request: ApiRequest, key: str) -> dict[str, Any]:
    """Its definition and how it stands; also an archived one, as `archived_at` says."""
    return _told(key)


@router.get("/checks/{slug:key}/results", response=PageOf[ResultOut], auth=READ, summary="List results")
def list_results(request: ApiRequest, key: str, query: Query[ResultQuery]) -> dict[str, object]:
    """Totals, newest first: minutes of 14 days, hours of 400, days of five years, ISO weeks of ten. UTC.

    Where no worker ran there may be no row; what it missed is counted as unknown as soon as one runs again.
    """
    rows = GRAINS[query.grain]._default_manager.filter(check_id=_check(key).pk)
    if query.since is not None:
        rows = rows.filter(bucket__gte=query.since)
    if query.until is not None:
        rows = rows.filter(bucket__lt=query.until)
    purpose = {"list": "results", "of": key, **query.dict(exclude={"limit", "cursor"})}
    page = cut(rows, by=["-bucket"], query=query, purpose=purpose)
    return {"items": [result_out(one) for one in page.rows], "next": page.next}


@router.get("/checks/{slug:key}/flips", response=PageOf[FlipOut], auth=READ, summary="List changes of state")
def list_flips(request: ApiRequest, key: str, query: Query[PageQuery]) -> dict[str, object]:
    """When it turned, and why, newest first."""
    page = cut(_check(key).flips.all(), by=["-at", "-id"], query=query, purpose={"list": "flips", "of": key})
    return {"items": page.rows, "next": page.next}


# --- define -----------------------------------------------------------------------------------------------------------


@router.post("/checks", response={201: CheckOut}, auth=WRITE, summary="Define a check")
def define_check(request: ApiRequest, body: DefineBody) -> Status[dict[str, Any]]:
    """Its first run is due at once. 409 KEY_TAKEN when there is a check with this key."""
    entry = body.dict(exclude_unset=True, exclude={"key"})
    if body.key and (sentence := definitions.refused_key(body.key)):
        raise _unfit([definitions.Fault("key", sentence)])
    found = _read(entry, None)
    check = actions.add_check(
        kind=found.kind, spec=found.spec, settings=found.settings, by=request.auth.user, at=now(), key=body.key
    )
    return Status(201, _told(check.key))


@router.patch("/checks/{slug:key}", response=CheckOut, auth=WRITE, summary="Change a check")
def change_check(request: ApiRequest, key: str, body: ChangeBody) -> dict[str, Any]:
    """Key, kind and history stay. 409 CHECK_CHANGED when it is not as `seen` says any more."""
    check = _check(key)
    entry = definitions.entry_of(check) | body.dict(exclude_none=True, exclude={"seen"})
    found = _read(entry, check)
    actions.edit_check(check, spec=found.spec, settings=found.settings, by=request.auth.user, at=now(), seen=body.seen)
    return _told(key)


@router.post("/checks/{slug:key}/archive", response=CheckOut, auth=WRITE, summary="Archive a check")
def archive_check(request: ApiRequest, key: str) -> dict[str, Any]:
    """It does not run, and is listed by `state=archived` alone. Its history stays.

    An alert that fires ends as one that nobody saw recover, and its incident stays open.
    """
    return _steer(request, key, actions.archive)


@router.post("/checks/{slug:key}/take-back", response=CheckOut, auth=WRITE, summary="Restore an archived check")
def take_check_back(request: ApiRequest, key: str) -> dict[str, Any]:
    """It is in use again, and stays paused until somebody resumes it."""
    actions.take_back(_check(key), by=request.auth.user)
    return _told(key)


@router.delete("/checks/{slug:key}", response={204: None}, auth=WRITE, summary="Remove a check")
def remove_check(request: ApiRequest, key: str) -> Status[None]:
    """For good, with its flips. Only a paused one, and none of the portal's own."""
    actions.remove(_check(key), by=request.auth.user, at=now())
    return Status(204, None)


# --- steer ------------------------------------------------------------------------------------------------------------


@router.post("/checks/{slug:key}/run", response=CheckOut, auth=RUN, summary="Run a check now")
def run_check(request: ApiRequest, key: str) -> dict[str, Any]:
    """Its next run is due at once; `last_run_at` says when it has happened."""
    return _steer(request, key, actions.run_now)


@router.post("/checks/{slug:key}/pause", response=CheckOut, auth=RUN, summary="Pause a check")
def pause_check(request: ApiRequest, key: str, body: PauseBody) -> dict[str, Any]:
    """It does not run meanwhile, and an alert that fires stays as it is."""
    return _steer(request, key, actions.pause, **body.dict())


@router.post("/checks/{slug:key}/resume", response=CheckOut, auth=RUN, summary="Resume a check")
def resume_check(request: ApiRequest, key: str) -> dict[str, Any]:
    """It runs again, without data until its first result."""
    return _steer(request, key, actions.resume)


@router.post("/checks/{slug:key}/mute", response=CheckOut, auth=RUN, summary="Mute the alerts of a check")
def mute_check(request: ApiRequest, key: str, body: MuteBody) -> dict[str, Any]:
    """What comes of it is kept and wakes nobody until the end. Its domain may be muted beside that."""
    mutes.mute(dedup_key=_check(key).dedup_key, **body.dict(), by=request.auth.user, at=now())
    return _told(key)


@router.post("/checks/{slug:key}/unmute", response=CheckOut, auth=RUN, summary="Unmute the alerts of a check")
def unmute_check(request: ApiRequest, key: str) -> dict[str, Any]:
    """Ends its own mutes; one of its whole domain stays."""
    check, at = _check(key), now()
    own = [one for one in mutes.of([check], at) if one.dedup_key == check.dedup_key]
    if not own:
        raise Refused("NOT_MUTED", "This check is not muted by itself.")
    for one in own:
        mutes.end(one, by=request.auth.user, at=at)
    return _told(key)


def _steer(request: ApiRequest, key: str, act: Callable[..., object], **words: Any) -> dict[str, Any]:
    act(_check(key), **words, by=request.auth.user, at=now())
    return _told(key)


def _check(key: str) -> Check:
    return get_object_or_404(Check.objects.select_related(*_BESIDE), key=key)


def _told(key: str) -> dict[str, Any]:
    """The check as it stands now."""
    check, at = _check(key), now()
    return check_out(check, mutes.covering(mutes.of([check], at), check.dedup_key, check.domain_id), at)


def _read(entry: Entry, check: Check | None) -> Definition:
    try:
        return definitions.read(entry, check=check)
    except Faulty as faulty:
        raise _unfit(faulty.faults) from None


def _unfit(faults: list[definitions.Fault]) -> ApiError:
    """Every fault by its field, as for any body."""
    fields = [
        {"field": f"body.{one.field}".rstrip("."), "code": "not_accepted", "message": one.sentence} for one in faults
    ]
    return ApiError(422, fields=fields)
