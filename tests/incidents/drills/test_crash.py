"""A worker that is killed in the middle of a drill leaves whole steps, and the next sweep ends everything."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from incidents.alerts.models import Alert
from incidents.drills import ending
from incidents.drills.models import Drill
from incidents.obligations.models import Obligation
from incidents.response.models import Incident
from opsportal.models import User
from tests.incidents.drills.cast import detected

# In a process of its own: everything of the end is written, and it is killed before the commit.
_KILLED = """
import os, signal, sys
import django
django.setup()
from django.utils import timezone
from incidents.drills import ending
usual = ending.audit.record
def record(act, **given):
    if act.startswith("drill."):
        print("at the end", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    return usual(act, **given)
ending.audit.record = record
ending.keep(at=timezone.now())
"""


@pytest.mark.full
@pytest.mark.serial
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_ends_a_drill_leaves_nothing_half_done(responder: User) -> None:
    drill = detected(responder, at=timezone.now() - timedelta(hours=3))

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "opsportal.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert "at the end" in killed.stdout
    drill.refresh_from_db()
    assert (drill.state, drill.flag) == ("running", "status_5xx"), "nothing of the end was kept"
    ending.keep(at=timezone.now())
    drill.refresh_from_db()
    assert (drill.state, drill.flag) == ("expired", "")
    assert not Incident.objects.filter(mode="drill", closed_at=None).exists()
    assert not Alert.objects.filter(is_drill=True, resolved_at=None).exists()
    assert not Obligation.objects.open().exists()
    assert Drill.objects.count() == 1
