"""What some kinds have to know before a batch: reports of jobs, last week's figures.

Read in the thread that has the database, by one question for each kind however many checks there are.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from checks.catalogue.kinds import KINDS, Asked
from checks.probes.context import KNOWN


def with_known(asked: Iterable[Asked], at: datetime) -> dict[int, Mapping[str, Any]]:
    """Each check's configuration by its number, with what is known of it where its kind wants that."""
    groups: dict[str, list[Asked]] = {}
    for one in asked:
        groups.setdefault(one.kind, []).append(one)
    found: dict[int, Mapping[str, Any]] = {}
    for slug, ones in groups.items():
        reads = KINDS[slug].reads
        known = reads(ones, at) if reads else {}
        for one in ones:
            found[one.check_id] = {**one.spec, KNOWN: known[one.check_id]} if one.check_id in known else one.spec
    return found
