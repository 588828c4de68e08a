"""What integrations need is closed at rest: rotation in three steps, wrong keys refused, nothing printed."""

import os
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from opsportal.errors import Refused
from opsportal.outbox.models import Destination
from opsportal.secrets import actions, keys
from opsportal.secrets.models import KeyProof
from opsportal.secrets.sealed import Sealed, seal

pytestmark = pytest.mark.django_db

NAME = "INTEGRATION_ENCRYPTION_KEY"
OLD, NEW, WRONG = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def data_dir(tmp_path: Path, settings, monkeypatch) -> Path:
    """A data folder without a key of its own, and a database that no key has closed."""
    settings.DATA_DIR = tmp_path
    monkeypatch.delenv(NAME, raising=False)
    KeyProof._default_manager.all().delete()
    return tmp_path


def use(monkeypatch, *given: str) -> None:
    monkeypatch.setenv(NAME, ",".join(given))


def destination() -> Destination:
    return Destination.objects.create(
        name="Partner", channel="webhook", address=seal("https://hook.example/marker"), created_by="admin"
    )


def test_a_rotation_in_three_steps_keeps_every_secret_readable(data_dir, monkeypatch):
    use(monkeypatch, OLD)
    actions.require_key()
    one = destination()

    use(monkeypatch, NEW, OLD)
    one.refresh_from_db()
    assert one.address.open() == "https://hook.example/marker"
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    use(monkeypatch, NEW)
    actions.require_key()

    one.refresh_from_db()
    assert one.address.open() == "https://hook.example/marker"
    assert out.getvalue() == "rotate_keys status=ok secrets=2\n"


def test_a_wrong_key_refuses_to_start_and_names_the_variable_only(data_dir, monkeypatch):
    use(monkeypatch, OLD)
    actions.require_key()
    use(monkeypatch, WRONG)

    with pytest.raises(SystemExit) as end:
        actions.refuse_wrong_key()
    with pytest.raises(CommandError) as step:
        actions.require_key_after_migrate(using="default")

    for said in (str(end.value), str(step.value)):
        assert NAME in said
        assert OLD not in said and WRONG not in said


def test_rotating_with_a_wrong_key_changes_nothing(data_dir, monkeypatch):
    use(monkeypatch, OLD)
    actions.require_key()
    one = destination()
    use(monkeypatch, WRONG)

    with pytest.raises(SystemExit):
        call_command("rotate_keys", stdout=StringIO(), stderr=StringIO())

    use(monkeypatch, OLD)
    one.refresh_from_db()
    assert one.address.open() == "https://hook.example/marker"


def test_development_makes_its_own_key_once_and_readable_by_us_only(data_dir):
    first = seal("value")

    file = data_dir / "integration_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    made = file.read_text()
    assert first.open() == "value"
    assert file.read_text() == made


def test_a_rotation_without_the_name_renews_the_key_of_the_folder(data_dir):
    actions.require_key()
    one, before = destination(), (data_dir / "integration_key").read_text()

    assert actions.rotate(by="shell") == 2

    after = (data_dir / "integration_key").read_text()
    assert after.split(",")[1] == before and after.split(",")[0] != before
    one.refresh_from_db()
    assert one.address.open() == "https://hook.example/marker"


def test_production_needs_the_name(data_dir, settings):
    from opsportal.env import Posture

    settings.POSTURE = Posture("production", launch_mode=False)

    with pytest.raises(Refused, match=NAME):
        keys.ring()


def test_a_key_that_is_no_fernet_key_works_when_long_and_is_refused_when_short(data_dir, monkeypatch):
    use(monkeypatch, "a sentence that is long enough")
    assert seal("value").open() == "value"

    use(monkeypatch, "short")
    with pytest.raises(Refused) as refusal:
        keys.ring()
    assert "short" not in refusal.value.sentence.replace("shorter", "")


def test_a_closed_value_shows_nothing_and_plain_text_cannot_be_saved(data_dir):
    sealed = seal("marker")

    assert "marker" not in f"{sealed!r} {sealed}"
    assert sealed.token not in f"{sealed!r} {sealed}"
    assert not Sealed()
    with pytest.raises(TypeError, match="plain text"):
        Destination.objects.create(name="x", channel="webhook", address="https://plain.example", created_by="a")  # type: ignore[misc]


def test_nothing_readable_is_in_the_row(data_dir):
    destination()

    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM opsportal_destination")
        assert "marker" not in str(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_the_web_process_does_not_start_with_a_wrong_key(monkeypatch, tmp_path):
    KeyProof._default_manager.all().delete()
    use(monkeypatch, OLD)
    actions.require_key()
    env = {**os.environ, NAME: WRONG, "OPSPORTAL_DATA_DIR": str(tmp_path)}

    started = subprocess.run(
        [sys.executable, "-c", "import opsportal.wsgi"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert started.returncode == 1
    assert NAME in started.stderr
    assert WRONG not in started.stderr and OLD not in started.stderr
