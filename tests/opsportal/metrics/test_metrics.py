"""`/metrics`: who may read it, what stands in it, and that rules and dashboard ask for nothing that is not there."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.http import HttpResponse
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from incidents.models import Incident, Obligation
from opsportal import env, health, health_figures
from opsportal.audit.models import AuditEvent
from opsportal.metrics import house, times
from tests.incidents.cast import open_incident
from tests.portals import ROOT, run_python

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-twenty-four-characters"
MONITORING = ROOT / "docs" / "monitoring"


@pytest.fixture(autouse=True)
def _answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked in a thread with a connection of its own, which the tests of /health/ready do."""
    monkeypatch.setattr(health, "database_state", lambda: "ok")


def scrape(**headers: str) -> HttpResponse:
    return Client().get("/metrics", headers=headers)  # type: ignore[return-value]


def families(text: str) -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(text)}


@pytest.fixture
def figures() -> dict[str, Metric]:
    with override_settings(METRICS_TOKEN=TOKEN):
        Client().get("/health/live")
        answer = scrape(Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    return families(answer.text)


def value(found: dict[str, Metric], name: str, **labels: str) -> float:
    return next(sample.value for sample in found[name].samples if sample.labels == labels)


def test_nobody_reads_it_until_somebody_was_let_in():
    answer = scrape()

    assert answer.status_code == 404
    assert "METRICS_TOKEN" in answer.text


@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_the_token_it_is_refused_and_written_down(said: str):
    with override_settings(METRICS_TOKEN=TOKEN):
        answer = scrape(Authorization=said)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert AuditEvent.objects.get(act="access.denied").object == "GET metrics"


def test_a_network_that_is_allowed_needs_no_token():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("METRICS_NETWORKS", "10.1.0.0/16")
        networks = env.networks("METRICS_NETWORKS")
    with override_settings(METRICS_NETWORKS=networks):
        inside, outside = (
            Client().get("/metrics", REMOTE_ADDR=address).status_code for address in ("10.1.2.3", "10.2.2.3")
        )

    assert (inside, outside) == (200, 401)


def test_a_token_that_can_be_guessed_does_not_start_a_portal(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("METRICS_TOKEN", "prometheus")

    with pytest.raises(SystemExit, match="METRICS_TOKEN needs 24 characters"):
        env.refuse_bad_values()


def test_the_house_says_how_it_is(responder):
    Incident.objects.filter(pk=open_incident(by=responder).pk).update(severity="SEV-1")
    Obligation.objects.all().delete()
    now = timezone.now()
    Obligation.objects.create(
        kind="acknowledge", subject="INC-1", due_at=now - timedelta(hours=1), created_at=now - timedelta(hours=2)
    )

    found = families(house.exposition().decode())

    assert value(found, "opsportal_database_up") == 1
    assert value(found, "opsportal_incidents_open", severity="SEV-1") == 1
    assert value(found, "opsportal_incidents_open", severity="SEV-2") == 0
    assert value(found, "opsportal_obligations_late", kind="acknowledge") == 1
    assert value(found, "opsportal_outbox_age_seconds") == 0
    assert {sample.labels["state"] for sample in found["opsportal_checks"].samples} >= {"healthy", "paused"}
    assert 0 < value(found, "opsportal_disk_used_ratio") < 1


def test_a_database_that_is_away_is_said_and_the_rest_is_given_all_the_same(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "database_state", lambda: "timeout")

    found = families(house.exposition().decode())

    assert list(found) == ["opsportal_database_up"]
    assert value(found, "opsportal_database_up") == 0


def test_requests_and_queries_are_timed_without_an_address_in_a_label(client_as, viewer):
    client_as(viewer).get("/incidents/")

    found = families(times.exposition().decode())

    labels = [sample.labels for sample in found["opsportal_request_seconds"].samples]
    assert {"area": "incidents", "status": "2xx"} in labels
    assert not any("/" in word for one in labels for word in one.values() if word != "+Inf")
    counts = [one for one in found["opsportal_query_seconds"].samples if one.name.endswith("_count")]
    assert counts[0].value > 0


def test_every_figure_says_what_it_means_and_carries_the_house_in_its_name(figures: dict[str, Metric]):
    assert all(name.startswith("opsportal_") for name in figures)
    assert all(family.documentation.endswith(".") for family in figures.values())


def test_two_processes_add_up_in_one_folder(tmp_path: Path):
    script = (
        "import django; django.setup(); from opsportal.metrics import times; "
        "times.REQUESTS.labels('checks', '2xx').observe(0.02); print(times.exposition().decode())"
    )
    told = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "opsportal.settings"}

    run_python("-c", script, environment=told)
    answer = run_python("-c", script, environment=told)

    assert 'opsportal_request_seconds_count{area="checks",status="2xx"} 2.0' in answer.stdout, answer.stderr


def known_names() -> set[str]:
    """As series: what a query may name."""
    names = {house._named(figure.name)[0] for figure in health_figures.all_figures()} | {house.UP}
    for family in text_string_to_metric_families(times.exposition().decode()):
        suffixes = ("_bucket", "_count", "_sum") if family.type == "histogram" else ("_total",)
        names |= {family.name + suffix for suffix in suffixes}
    return names


def asked() -> Iterator[tuple[str, str]]:
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(asked()), ids=[where for where, _ in asked()])
def test_rules_and_dashboard_ask_for_what_there_is(where: str, expression: str):
    named = set(re.findall(r"\bopsportal_\w+", expression))

    assert named or "up{" in expression
    assert named <= known_names()


def test_every_figure_is_documented():
    text = (MONITORING / "README.md").read_text()
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in known_names()}

    assert [name for name in sorted(families) if f"`{name}`" not in text] == []


def test_each_alert_says_what_to_do():
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["action"].endswith(".")


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not on PATH")
def test_promtool_finds_nothing_to_say():
    text = house.exposition() + times.exposition()

    for argv, given in ((["check", "metrics"], text), (["check", "rules", str(MONITORING / "alerts.yml")], b"")):
        done = subprocess.run(["promtool", *argv], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
