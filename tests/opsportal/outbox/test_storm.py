"""A storm: nothing lost, nothing doubled, every receiver in its turn, people's words first, memory and budgets kept."""

import os
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from opsportal.outbox import actions, sending
from opsportal.outbox.models import Delivery, Route
from tests.opsportal.outbox import sinks, storm

pytestmark = pytest.mark.django_db

MESSAGES = 5000 if os.environ.get("OPSPORTAL_FULL") else 350
MEGABYTES = 40
# Mail has half as many hands. With few messages a busy machine decides which hand is slow; then nobody is left out.
LEAST_SHARE = 0.3 if MESSAGES > 1000 else 0.0


def test_a_storm_arrives_whole_and_once_in_fair_turns_and_people_first(settings, monkeypatch):
    settings.PROBE_ALLOWED_INTERNAL, settings.EMAIL_CONFIGURED = ["127.0.0.0/8"], True
    settings.EMAIL_BACKEND = "opsportal.outbox.channels.mail.BoundedBackend"
    with sinks.crowd() as crowd:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", crowd.mail.port
        due = storm.queue(MESSAGES, storm.receivers(crowd, at=timezone.now()), at=timezone.now())
        Route.objects.update(per_minute=100_000)
        before = megabytes()
        limit = time.monotonic() + 300
        while Delivery.objects.waiting().exists():
            assert time.monotonic() < limit, Counter(Delivery.objects.values_list("state", "last_error"))
            actions.deliver_due()
        arrivals = crowd.arrivals()

    assert {one.key for one in arrivals} == set(due)
    assert storm.doubled(arrivals) == 0
    assert storm.smallest_share(arrivals, due) > LEAST_SHARE
    assert storm.written_ahead(arrivals, due) <= 4 * sending.AT_ONCE_ON_ONE_WAY  # hands that overtake one another
    assert megabytes() - before < MEGABYTES


def test_one_receivers_small_budget_holds_back_only_its_own(settings, queue, add_destination):
    with sinks.crowd() as crowd:
        for name, count in (("small", 40), ("large", 40)):
            to = add_destination(f"{crowd.url}{name}", name=name)
            for number in range(count):
                queue(f"{name}{number}", channel="webhook", destination=name, to=to)
            if name == "small":
                Route.objects.filter(name=to.route_name).update(per_minute=10)
        began = timezone.now()

        actions.deliver_due()

        came = Counter(one.place for one in crowd.arrivals())
    minutes = 1 + round((minute(timezone.now()) - minute(began)).total_seconds() / 60)
    assert came["large"] == 40
    assert came["small"] == 8 * minutes
    assert Delivery.objects.waiting().count() == 40 - came["small"]


def megabytes() -> float:
    """What this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
