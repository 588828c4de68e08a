"""Checks from a file: all of it or nothing, what would happen shown before, and what stands as it is left alone."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from checks.catalogue import actions, code, definitions, window
from checks.catalogue.definitions import Definition, Entry, Faulty
from checks.catalogue.models import Check
from checks.catalogue.states import Rule
from incidents.alerts import actions as alerts
from opsportal import as_code
from opsportal.accounts.models import User
from opsportal.as_code import ImportRefused, Wrong
from opsportal.audit import actions as audit
from opsportal.errors import Refused

_SHOWN = 60


@dataclass(frozen=True)
class Turn:
    """A field that gets another value."""

    field: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """What a check that exists would become."""

    key: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Plan:
    """What an import does, or would do."""

    added: tuple[str, ...]
    changed: tuple[Change, ...]
    left: int
    beside: int
    """Checks that the file does not name; nothing happens to them."""
    widened: tuple[str, ...] = ()
    """Checks whose share looks further back than the file says, since it could not come true otherwise."""


def export() -> str:
    """Every check in use as a file; the same checks are the same bytes."""
    rows = Check.objects.in_use().select_related("domain", "component", "parent").order_by("key")
    return code.write({check.key: definitions.entry_of(check) for check in rows})


def rehearse(text: str | bytes, *, by: User, at: datetime) -> Plan:
    """What an import would do."""
    return as_code.rehearse(import_checks, text, by=by, at=at)


@transaction.atomic
def import_checks(text: str | bytes, *, by: User, at: datetime) -> Plan:
    """Add and change what the file says, and leave the rest; ImportRefused with every fault, and nothing is stored."""
    entries = code.read(text)
    actions.lock_families()
    taking = _Taking(by, at)
    taking.look_at(entries)
    taking.store()
    taking.set_parents()
    if taking.wrong:
        raise ImportRefused(_placed(taking.wrong, text), "check")
    if taking.added or taking.changed:
        said = f"{len(taking.added)} added, {len(taking.changed)} changed"
        audit.record("check.import", by=by.username, object=said)
    return Plan(
        tuple(sorted(taking.added)),
        tuple(sorted(taking.changed, key=lambda one: one.key)),
        taking.left,
        Check.objects.in_use().exclude(key__in=entries).count(),
        tuple(sorted(taking.widened)),
    )


@dataclass
class _Taking:
    """One import under way."""

    by: User
    at: datetime
    wrong: list[Wrong] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    left: int = 0
    widened: list[str] = field(default_factory=list)
    # What has to be stored, by key: as it was written, and the check as it was.
    to_store: dict[str, tuple[Entry, Check | None]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def look_at(self, entries: Mapping[str, Any]) -> None:
        """Set aside what says the same; lock the others, in the order in which results lock them.

        And with them, before anything is counted or told, their parents and what their new rules may end.
        """
        everyone = Check.objects.select_related("domain", "component", "parent").order_by("pk")
        before = {check.key: check for check in everyone.filter(key__in=entries)}
        for number, (key, entry) in enumerate(entries.items(), start=1):
            if sentence := definitions.refused_key(key):
                self.wrong.append(Wrong(f"number {number}", "key", sentence))
            elif not isinstance(entry, dict):
                self.wrong.append(Wrong(key, "", "Write the check's fields below its key."))
            elif key in before and before[key].archived_at is not None:
                self.wrong.append(Wrong(key, "", "Under this key is an archived check. Restore it first."))
            elif key in before and definitions.plain(entry) == definitions.plain(definitions.entry_of(before[key])):
                self.left += 1
            else:
                self.to_store[key] = entry, before.get(key)
        parents = {str(entry.get("parent") or "") for entry, _ in self.to_store.values()}
        rows = everyone.filter(key__in=parents.union(self.to_store)).select_for_update(of=("self",))
        fresh = {check.key: check for check in rows}
        alerts.hold(
            check.dedup_key
            for key, (entry, _) in self.to_store.items()
            if (check := fresh.get(key)) is not None and _may_end_alerts(check, entry)
        )
        self.to_store = {key: (entry, fresh.get(key)) for key, (entry, _) in self.to_store.items()}

    def store(self) -> None:
        """Without parents, which may come later in the file; jobs before the backups that hear of them."""
        for key, (entry, check) in sorted(self.to_store.items(), key=lambda one: _waits_for_job(one[1][0])):
            try:
                found = definitions.read({**entry, "parent": None}, check=check, is_from_file=True)
                with transaction.atomic():
                    self._store(key, entry, found, check)
            except Faulty as faulty:
                self.wrong += [Wrong(key, one.field, one.sentence) for one in faulty.faults]
            except Refused as refusal:
                self.wrong.append(Wrong(key, "", refusal.sentence))

    def _store(self, key: str, entry: Entry, found: Definition, check: Check | None) -> None:
        parent = str(entry.get("parent") or "")
        if check is None:
            added = actions.add_check(
                kind=found.kind, spec=found.spec, settings=found.settings, by=self.by, at=self.at, key=key
            )
            self.added.append(added.key)
        else:
            turns = _turns(check, found, parent)
            if not turns:
                self.left += 1
                return
            settings = {**found.settings, "parent": None}
            actions.edit_check(check, spec=found.spec, settings=settings, by=self.by, at=self.at)
            self.changed.append(Change(key, turns))
        if _is_too_narrow(found.settings):
            self.widened.append(key)
        if parent:
            self.parents[key] = parent

    def set_parents(self) -> None:
        """Once all are there; those that could not be stored are no news a second time."""
        failed = {one.entry for one in self.wrong}
        rows = Check.objects.in_bulk({*self.parents, *self.parents.values()}, field_name="key")
        for key, parent in self.parents.items():
            if parent in failed:
                continue
            if parent not in rows:
                self.wrong.append(Wrong(key, "parent", "There is no check with this key, here or in the file."))
                continue
            try:
                with transaction.atomic():
                    actions.stand_on(rows[key], rows[parent])
            except Refused as refusal:
                self.wrong.append(Wrong(key, "parent", refusal.sentence))


def _placed(wrong: list[Wrong], text: str | bytes) -> list[Wrong]:
    """The faults with their lines: the field's, or its check's where the field is missing; first things first."""
    lines = code.lines(text)
    for number, key in enumerate([path[0] for path in lines if len(path) == 1], start=1):
        lines[f"number {number}",] = lines[key,]

    def line_of(one: Wrong) -> int:
        path = (one.entry, *one.field.split("."))
        return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), 0)

    return sorted((replace(one, line=line_of(one)) for one in wrong), key=lambda one: one.line)


def _is_too_narrow(settings: Mapping[str, Any]) -> bool:
    every, fails, minutes = (int(settings[name]) for name in ("every_seconds", "fail_after", "share_minutes"))
    narrow = window.refusal(every_seconds=every, fail_after=fails, minutes=minutes)
    return bool(settings["rule"] == Rule.RATE and narrow)


def _may_end_alerts(check: Check, entry: Entry) -> bool:
    """Whether rules of its alerts change, as far as can be told before the entry is read."""
    said = definitions.plain({name: entry.get(name) for name in ("ends_by_hand", "remind_hours")})
    now = definitions.plain({"ends_by_hand": check.ends_by_hand, "remind_hours": check.remind_hours})
    return any((said[name] or usual) != now[name] for name, usual in (("ends_by_hand", "false"), ("remind_hours", "0")))


def _waits_for_job(entry: Entry) -> bool:
    spec = entry.get("spec")
    return isinstance(spec, dict) and bool(spec.get("report"))


def _turns(check: Check, found: Definition, parent: str) -> tuple[Turn, ...]:
    """Which fields change, and how, in a few words."""
    after = copy.copy(check)
    for name, value in {"spec": found.spec, **found.settings}.items():
        if name != "parent":
            setattr(after, name, value)
    old, new = _flat(definitions.entry_of(check)), _flat({**definitions.entry_of(after), "parent": parent})
    return tuple(
        Turn(name, _short(old.get(name, "")), _short(new.get(name, "")))
        for name in dict.fromkeys([*old, *new])
        if old.get(name, "") != new.get(name, "")
    )


def _flat(entry: Entry, before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in definitions.plain(entry).items():
        found |= _flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return found


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
