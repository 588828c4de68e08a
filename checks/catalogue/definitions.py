"""A check in plain words, as files and programs hold it; what they send passes the same form as a person's typing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms

from checks.catalogue import kinds
from checks.catalogue.forms.base import SpecForm
from checks.catalogue.models import Check
from incidents.models import Component, Domain
from opsportal.privacy import guard

Entry = dict[str, Any]
# Those of a check's fields that a definition names by their own name, in the order in which they are written.
PLAIN = (
    *("severity", "every_seconds", "fail_after", "ok_after", "is_daily"),
    *("rule", "of_runs", "fail_share", "share_minutes", "ok_share", "hold_seconds", "flap_turns", "flap_minutes"),
    *("is_canary", "has_own_incident", "ends_by_hand", "remind_hours"),
)
FIELDS = ("name", "kind", "domain", "component", *PLAIN, "parent", "spec")
# What a configuration holds as names with values.
_TABLES = {"headers"}
_KEY = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
# Words that are addresses of screens below /checks/.
RESERVED = {"new", "try", "domain", "health", "as-code", "table", "many"}
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of one check; never what stands in it."""

    field: str
    sentence: str


class Faulty(Exception):  # noqa: N818 - a refusal that is told by its fields
    """A definition that cannot be taken, with every fault in it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True)
class Definition:
    """A definition that may be stored."""

    kind: str
    spec: dict[str, Any]
    settings: dict[str, Any]


def entry_of(check: Check) -> Entry:
    """The check as a definition: settings and configuration, no state, no secret. Reads domain, component, parent."""
    component = check.component
    return {
        "name": check.name,
        "kind": check.kind,
        "domain": check.domain.slug,
        "component": component.name if component is not None and component.retired_at is None else "",
        **{name: getattr(check, name) for name in PLAIN},
        "parent": check.parent.key if check.parent is not None else "",
        "spec": {name: _whole(check.spec[name]) for name in _in_order(check)},
    }


def _in_order(check: Check) -> list[str]:
    """As the form asks, then what it does not know."""
    known = kinds.KINDS[check.kind].form.spec_fields if check.kind in kinds.KINDS else ()
    return sorted(check.spec, key=lambda name: (known.index(name) if name in known else len(known), name))


def _whole(value: Any) -> Any:
    """5.0 and 5 are one number, and are written as one."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def refused_key(key: str) -> str:
    """Why this key cannot be; nothing when it can."""
    if not _KEY.fullmatch(key) or key in RESERVED or guard.judge(key).word == "block":
        return "A key has small letters, digits, - and _, at most 64, and is no word of an address."
    return ""


def plain(entry: Mapping[str, Any]) -> Entry:
    """The same with every value as it is written, so that two can be compared whoever wrote them."""
    return {name: plain(value) if isinstance(value, Mapping) else _written(value) for name, value in entry.items()}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(_whole(value))


def read(entry: Mapping[str, Any], *, check: Check | None = None, is_from_file: bool = False) -> Definition:
    """What may be stored of a definition; Faulty with every fault. What it does not name has its usual value."""
    faults = [Fault(_shown(name), "There is no such field.") for name in entry if name not in FIELDS]
    kind, fault = _kind(entry, check)
    spec = entry.get("spec") or {}
    if fault is None and not isinstance(spec, Mapping):
        fault = Fault("spec", "Write names with their values here.")
    if fault is not None:
        raise Faulty([*faults, fault])
    faults += _shapes(entry, spec, kind.form)
    told = {fault.field for fault in faults}  # what is left is judged too, so that a file need not be sent twice
    entry = {name: value for name, value in entry.items() if _shown(name) not in told}
    spec = {name: value for name, value in spec.items() if f"spec.{_shown(name)}" not in told}
    data, more = _typed(entry, spec, kind)
    faults += [fault for fault in more if fault.field not in told]
    form = kind.form(data, check=check)
    form.is_from_file = is_from_file
    if not form.is_valid() or faults:
        raise Faulty(faults + _of_form(form, {fault.field for fault in faults}))
    if faults := [*_unused(spec, form), *_own(entry, spec, check)]:
        raise Faulty(faults)
    return Definition(kind.slug, form.spec(), form.settings())


def _kind(entry: Mapping[str, Any], check: Check | None) -> tuple[kinds.Kind, Fault | None]:
    named = entry.get("kind") or (check.kind if check is not None else "")
    kind = kinds.KINDS.get(str(named))
    any_kind = next(iter(kinds.KINDS.values()))
    if kind is None:
        return any_kind, Fault("kind", f"Write one of: {', '.join(sorted(kinds.KINDS))}.")
    if check is not None and check.kind != kind.slug:
        return kind, Fault("kind", f"Under this key is a check of kind {check.kind}. Give the new one another key.")
    return kind, None


def _shapes(entry: Mapping[str, Any], spec: Mapping[str, Any], form: type[SpecForm]) -> list[Fault]:
    """One value where one is due, names with values where those are, and no name that the kind does not know."""
    faults = []
    known = {*form.spec_fields, *form.derived_fields}
    for name, value in entry.items():
        is_tick = isinstance(form.base_fields.get(name), forms.BooleanField)
        if name != "spec" and isinstance(value, Mapping | list):
            faults.append(Fault(name, "Write one value here."))
        elif is_tick and _written(value) not in ("true", "false", ""):
            faults.append(Fault(name, "Write true or false."))
    for name, value in spec.items():
        if name not in known:
            faults.append(Fault(f"spec.{_shown(name)}", f"This kind knows: {', '.join(sorted(known))}."))
        elif name in _TABLES and not (isinstance(value, Mapping) or value is None):
            faults.append(Fault(f"spec.{name}", "Write names with their values here."))
        elif isinstance(value, list) or (isinstance(value, Mapping) and name not in _TABLES):
            faults.append(Fault(f"spec.{name}", "Write one value here."))
        elif isinstance(value, Mapping) and any(isinstance(one, Mapping | list) for one in value.values()):
            faults.append(Fault(f"spec.{name}", "Write one value for each name."))
    return faults


@cache
def _usual(slug: str) -> Mapping[str, Any]:
    """What the kind's form begins with, of all that a definition need not say."""
    form = kinds.KINDS[slug].form()
    return {
        name: field.initial
        for name, field in form.fields.items()
        if field.initial is not None and (name in PLAIN or (name in form.spec_fields and field.required))
    }


def _typed(entry: Mapping[str, Any], spec: Mapping[str, Any], kind: kinds.Kind) -> tuple[dict[str, Any], list[Fault]]:
    """What a person would have typed; references are looked up by the names that people know."""
    settings = {name: _written(entry[name]) for name in (*PLAIN, "name", "parent") if entry.get(name) is not None}
    said = {name: value for name, value in spec.items() if value is not None}
    shown = {name: _written(value) for name, value in kind.form().from_spec(said).items()}
    typed = {**{name: _written(value) for name, value in _usual(kind.slug).items()}, **settings, **shown}
    faults = []
    if domain := Domain.objects.filter(slug=str(entry.get("domain") or "")).first():
        typed["domain"] = str(domain.pk)
    else:
        known = ", ".join(Domain.objects.order_by("position", "name").values_list("slug", flat=True))
        faults.append(Fault("domain", f"Write the short name of a domain: {known}."))
    if named := entry.get("component"):
        component = Component.objects.in_use().filter(name=str(named)).first()
        typed["component"] = str(component.pk) if component else ""
        if component is None:
            faults.append(Fault("component", "The status page has no such component."))
    return typed, faults


def _of_form(form: SpecForm, told: set[str]) -> list[Fault]:
    """The form's own sentences. Where it would repeat what was typed, it names what there is instead."""
    found = []
    for name, errors in form.errors.as_data().items():
        field = f"spec.{name}" if name in form.spec_fields else name
        if field in told:
            continue
        for error in errors:
            field_here = form.fields.get(name)
            if error.code == "invalid_choice" and type(field_here) in (forms.ChoiceField, forms.TypedChoiceField):
                choices = [str(one) for one, _ in field_here.choices if one != ""]  # type: ignore[union-attr]
                found.append(Fault(field, f"Write one of: {', '.join(choices)}."))
            else:
                sentences = [one.removesuffix(" We took it out.") for one in error.messages]
                found += [Fault("" if name == "__all__" else field, sentence) for sentence in sentences]
    return found


def _unused(spec: Mapping[str, Any], form: SpecForm) -> list[Fault]:
    """What was said and would be dropped in silence."""
    kept = form.spec()
    lost = [name for name, value in spec.items() if value not in (None, "", {}) and name not in kept]
    wrong = [name for name in form.derived_fields if name in spec and name in kept and spec[name] != kept[name]]
    return [Fault(f"spec.{name}", "This does not count beside the rest. Take it out.") for name in lost] + [
        Fault(f"spec.{name}", f"Here only {kept[name]} can stand, since that is its domain.") for name in wrong
    ]


def _own(entry: Mapping[str, Any], spec: Mapping[str, Any], check: Check | None) -> list[Fault]:
    """The portal's own checks keep their names and what they look at."""
    if check is None or not check.is_own:
        return []
    now = plain(entry_of(check))
    said = {"name": _written(entry.get("name")), "spec": plain(spec)}
    sentence = "The portal's own checks keep this as it is."
    return [Fault(name, sentence) for name, value in said.items() if name in entry and value != now[name]]


def _shown(name: object) -> str:
    """A name that somebody made up, if it looks like one."""
    return str(name) if _PLAIN_NAME.fullmatch(str(name)) else "?"
