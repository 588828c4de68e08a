"""Look through what was stored before a rule was there. Numbers by field only."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models

from opsportal.privacy import guard
from opsportal.privacy.fields import GuardedTextField

BATCH = 500


@dataclass(frozen=True)
class FieldReport:
    """One guarded field of one table: rows read, rows with a secret, rows with a person, and how often each kind."""

    name: str
    rows: int
    block: int
    warn: int
    kinds: Counter[str] = field(default_factory=Counter)


def guarded_fields() -> Iterator[tuple[type[models.Model], str]]:
    """Every field of every app that the guard watches over."""
    for model in apps.get_models():
        for one in model._meta.concrete_fields:
            if isinstance(one, GuardedTextField):
                yield model, one.name


def rescan() -> Iterator[FieldReport]:
    """Read everything once. Changes nothing: what to do with a row is a person's decision."""
    for model, name in guarded_fields():
        rows = block = warn = 0
        kinds: Counter[str] = Counter()
        for text in model._default_manager.values_list(name, flat=True).iterator(chunk_size=BATCH):
            rows += 1
            verdict = guard.judge(text or "")
            block += verdict.word == "block"
            warn += verdict.word == "warn"
            kinds.update(one.kind for one in verdict.findings)
        yield FieldReport(f"{model._meta.label_lower}.{name}", rows, block, warn, kinds)
