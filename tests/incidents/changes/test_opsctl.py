"""`bin/opsctl`: the API from the shell, without a package and without the token in a list of processes."""

import io
import json
import urllib.error
import urllib.request
from datetime import timedelta
from email.message import Message
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from incidents.changes import freezes
from incidents.changes.models import Change
from incidents.changes.release import ChangeNotice
from opsportal.tokens import actions as tokens
from tests.incidents.cast import domain
from tests.portals import ROOT

pytestmark = pytest.mark.django_db
RECORD = ["change", "record", "--kind", "deploy", "--what", "Deploy shop", "--domain", "payments", "--artifact", "v1"]


def loaded() -> Any:
    loader = SourceFileLoader("opsctl", str(ROOT / "bin" / "opsctl"))
    spec = spec_from_loader("opsctl", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def opsctl(responder, monkeypatch, capsys):
    """Run it against this portal: exit code, what stands on stdout as JSON, and the sentence on stderr."""
    scopes = ["changes:read", "changes:write"]
    words: dict[str, Any] = {"name": "shell", "scopes": scopes, "lifetime": timedelta(days=1)}
    issued = tokens.issue(responder, **words, by="cast", at=timezone.now())
    monkeypatch.setenv("OPSPORTAL_TOKEN", issued.text)
    monkeypatch.setenv("OPSPORTAL_URL", "http://localhost:1/")

    def answer(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        place = urlsplit(request.full_url)
        told = Client().generic(
            request.get_method(),
            f"{place.path}?{place.query}",
            request.data or b"",
            content_type="application/json",
            headers=dict(request.header_items()),
        )
        if told.status_code >= 400:
            raise urllib.error.HTTPError("", told.status_code, "", Message(), io.BytesIO(told.content))
        return io.BytesIO(told.content)

    module = loaded()
    monkeypatch.setattr(module._OPENER, "open", answer)

    def run(*arguments: str) -> tuple[int, Any, str]:
        try:
            code = module.main(list(arguments))
        except SystemExit as end:
            code = end.code
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err.strip()

    return run


def test_a_deploy_is_told_ended_announced_and_read(opsctl):
    code, told, _ = opsctl(*RECORD, "--result", "running", "--ticket", "https://tickets.example/7")
    assert (code, told["label"], told["result"]) == (0, Change.objects.get().label, "running")

    assert opsctl("change", "result", told["label"], "succeeded", "--note", "green")[1]["result"] == "succeeded"
    assert opsctl("change", "announce", told["label"]) == (0, None, "")
    _, release, _ = opsctl("change", "release", told["label"])
    assert release["verification"]["met_at"] is None
    assert [one["label"] for one in opsctl("change", "list", "--kind", "deploy")[1]["items"]] == [told["label"]]
    assert opsctl("get", f"changes/{told['number']}")[1]["label"] == told["label"]
    assert ChangeNotice.objects.get().tickets == "https://tickets.example/7"


def test_the_same_key_tells_it_once(opsctl):
    assert [opsctl(*RECORD, "--key", "build-412")[0] for _ in range(2)] == [0, 0]
    assert Change.objects.count() == 1


def test_a_closed_gate_and_a_refusal_are_two_and_say_why(opsctl, admin):
    assert opsctl("gate", "--domain", "payments")[0] == 0
    at = timezone.now()
    freezes.add_window(domain(), reason="Books are closed", starts_at=at, ends_at=None, by=admin, at=at)

    code, told, _ = opsctl("gate", "--domain", "payments")
    assert (code, told["open"]) == (2, False)
    code, told, why = opsctl(*RECORD)
    assert (code, told) == (2, None) and why.startswith("FROZEN: Changes are frozen for Payments")
    assert opsctl(*RECORD, "--override", "Fixes INC-1")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["get", "incidents"], 1, "scope"),
        (["change", "show", "CHG-999999"], 1, "NOT_FOUND"),
        (["post", "changes", "{"], 1, "The body is JSON"),
    ],
)
def test_what_does_not_work_is_one_and_says_why(opsctl, arguments, code, why):
    found, told, said = opsctl(*arguments)

    assert (found, told) == (code, None)
    assert why.lower() in said.lower()


def test_without_a_token_it_says_which_name_to_set(opsctl, monkeypatch):
    monkeypatch.delenv("OPSPORTAL_TOKEN")

    assert "OPSPORTAL_TOKEN" in opsctl("gate")[2]


def test_the_token_goes_nowhere_else(monkeypatch, capsys, http_target):
    monkeypatch.setenv("OPSPORTAL_TOKEN", "a-token")
    monkeypatch.setenv("OPSPORTAL_URL", http_target.url)
    http_target.status, http_target.headers = 302, {"Location": f"{http_target.url}elsewhere"}

    with pytest.raises(SystemExit) as end:
        loaded().main(["get", "me"])

    assert end.value.code == 1
    assert [one.path for one in http_target.requests] == ["/api/v1/me"]
    assert "HTTP 302" in capsys.readouterr().err


def test_a_page_that_is_no_json_is_said(monkeypatch, capsys, http_target):
    monkeypatch.setenv("OPSPORTAL_TOKEN", "a-token")
    monkeypatch.setenv("OPSPORTAL_URL", http_target.url)
    http_target.body = b"<html>"

    with pytest.raises(SystemExit):
        loaded().main(["get", "me"])

    assert "not the API's" in capsys.readouterr().err
