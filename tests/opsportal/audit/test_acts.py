"""Every sensitive act and every denied one leaves its line: the list is here, and code with another act fails it."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from opsportal.abuse import actions as abuse
from opsportal.abuse.models import Ban
from opsportal.accounts import actions as accounts
from opsportal.accounts import adapter
from opsportal.audit import actions as audit
from opsportal.leaks import actions as leaks
from opsportal.models import ApiToken, AuditEvent, KeyProof, User
from opsportal.outbox import actions as outbox
from opsportal.outbox import destinations
from opsportal.outbox.models import SLACK_ROUTE, Destination
from opsportal.roles import Role
from opsportal.tokens import actions as tokens
from tests.opsportal.test_accounts_factors import code_of
from tests.test_docs import ROOT

pytestmark = pytest.mark.django_db
PASSWORD = "a long walk before the night shift"
WHY = "Support cannot see INC-117"
# Acts whose door is a browser's own device, a provider or a broken database; the tests that walk through it.
ELSEWHERE = {
    "mfa.passkey.add": "test_a_passkey_is_added_and_signs_in_alone",
    "sso.connect": "test_a_verified_address_finds_the_person",
    "destination.add": "test_a_webhook_is_added_its_secret_is_shown_once_and_nothing_is_readable",
}
# Rooms whose acts are all in the table; the wings record too, and say so in their own tests.
ROOMS = ("abuse", "accounts", "api", "audit", "degrade", "leaks", "outbox", "secrets", "tokens", "view_as")


@dataclass(frozen=True)
class Stage:
    """The cast and a browser for each."""

    admin: User
    other: User
    by_admin: Client
    by_other: Client

    def token(self) -> ApiToken:
        made = tokens.issue(
            self.other, name="ci", scopes=["incidents:read"], lifetime=timedelta(days=1), by="admin", at=timezone.now()
        )
        return made.token

    def hook(self) -> Destination:
        return Destination.objects.create(name="Partner", channel="webhook", created_by="admin")

    def ban(self) -> Ban:
        hour = timedelta(hours=1)
        return abuse.ban("0123456789abcdef", reason="guesses names", lasts=hour, by="admin", at=timezone.now())

    def app(self) -> None:
        TOTP.activate(self.other, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


@pytest.fixture
def stage(client_as, admin, responder, settings, tmp_path) -> Stage:
    cache.clear()
    settings.DATA_DIR = tmp_path
    KeyProof._default_manager.all().delete()  # the folder is new and so is its key
    responder.set_password(PASSWORD)
    responder.save()
    return Stage(admin, responder, client_as(admin), client_as(responder))


def sign_in(stage: Stage, password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/login/", {"login": stage.other.username, "password": password})
    return client


def guess_too_often(stage: Stage) -> None:
    for _ in range(6):
        sign_in(stage, "not this one at all")


def first_admin(stage: Stage) -> None:
    User.objects.filter(pk=stage.admin.pk).update(role=Role.VIEWER)
    token = accounts.offer_setup(at=timezone.now())
    form = {"username": "ops", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(f"/setup/{token}/", form)


def use_link(stage: Stage, *, skips_factor: bool = False) -> None:
    token = accounts.offer_login(stage.other, by="shell", at=timezone.now(), skips_factor=skips_factor)
    Client().post(f"/login-link/{token}/")


def lower(stage: Stage) -> None:
    form = {"body_kib": "32", "batch_items": "50", "minutes": "60", "reason": WHY}
    stage.by_admin.post("/settings/limits/", form)


def lower_and_restore(stage: Stage) -> None:
    lower(stage)
    stage.by_admin.post("/settings/limits/restore/")


def over_age(stage: Stage) -> None:
    session = stage.by_other.session
    session["signed_in_at"] -= 13 * 3600
    session.save()
    stage.by_other.get("/more/")


def wrong_code(stage: Stage) -> None:
    stage.app()
    sign_in(stage).post("/login/step/", {"code": "000000"})


def new_password(stage: Stage) -> None:
    form = {"oldpassword": PASSWORD, "password1": PASSWORD + " twice", "password2": PASSWORD + " twice"}
    stage.by_other.post("/account/password/", form)


def first_password(stage: Stage) -> None:
    stage.by_admin.post("/account/password/set/", {"password1": PASSWORD, "password2": PASSWORD})


def add_app(stage: Stage) -> None:
    page = stage.by_other.get("/account/factors/app/").text
    secret = page.partition('id="totp-secret">')[2].partition("<")[0]
    stage.by_other.post("/account/factors/app/", {"code": code_of(secret)})


def remove_app(stage: Stage) -> None:
    stage.app()
    stage.by_other.post("/account/factors/app/remove/")


def remove_passkey(stage: Stage) -> None:
    data = {"name": "key", "credential": {}}
    key = Authenticator.objects.create(user=stage.other, type=Authenticator.Type.WEBAUTHN, data=data)
    stage.by_other.post(f"/account/factors/passkeys/{key.pk}/remove/")


def new_codes(stage: Stage) -> None:
    stage.app()
    stage.by_other.post("/account/factors/codes/new/")


def scope_missing(stage: Stage) -> None:
    made = tokens.issue(
        stage.other, name="x", scopes=["checks:read"], lifetime=timedelta(days=1), by="admin", at=timezone.now()
    )
    Client().get("/api/v1/incidents", headers={"Authorization": f"Bearer {made.text}"})


def deliver_again(stage: Stage) -> None:
    at = timezone.now()
    outbox.enqueue(key="k", channel="slack", destination="x", subject="s", body="b", at=at)
    outbox.replay_event("k", by="admin", at=at)


def people(verb: str, **fields: str) -> Callable[[Stage], object]:
    return lambda stage: stage.by_admin.post(f"/people/{verb}", {"user": stage.other.username, **fields})


def now_with(act: Callable[..., object], **more: object) -> Callable[[Stage], object]:
    return lambda stage: act(by="admin", at=timezone.now(), **more)


OK, DENIED = "ok", "denied"
ACTS: dict[str, tuple[str, str, Callable[[Stage], object]]] = {
    # Ways in.
    "sign_in": ("responder", OK, sign_in),
    "sign_in.refused": ("responder", DENIED, lambda stage: sign_in(stage, "not this one at all")),
    "sign_in.limited": ("unknown", DENIED, guess_too_often),
    "sign_out": ("responder", OK, lambda stage: sign_in(stage).post("/logout/")),
    "setup_link.offer": ("shell", OK, first_admin),
    "user.first_admin": ("ops", OK, first_admin),
    "login_link.offer": ("admin", OK, people("link/")),
    "login_link.use": ("responder", OK, use_link),
    "login.break_glass": ("responder", OK, lambda stage: use_link(stage, skips_factor=True)),
    "session.expire": ("responder", OK, over_age),
    "session.revoke": ("admin", OK, lambda stage: end_one(stage)),
    "session.revoke_all": ("admin", OK, lambda stage: stage.by_admin.post(f"/people/{stage.other.pk}/sessions/")),
    # Passwords and second factors.
    "password.change": ("responder", OK, new_password),
    "password.set": ("admin", OK, first_password),
    "mfa.app.add": ("responder", OK, add_app),
    "mfa.app.remove": ("responder", OK, remove_app),
    "mfa.passkey.remove": ("responder", OK, remove_passkey),
    "mfa.recovery_codes.new": ("responder", OK, new_codes),
    "mfa.refused": ("responder", DENIED, wrong_code),
    "mfa.reset": ("admin", OK, lambda stage: stage.by_admin.post(f"/people/{stage.other.pk}/factor/")),
    # People and roles.
    "user.add": ("admin", OK, lambda stage: stage.by_admin.post("/people/", {"username": "new", "role": "viewer"})),
    "user.role": ("admin", OK, people("role/", role="publisher")),
    "user.deactivate": ("admin", OK, people("deactivate/")),
    "user.activate": ("admin", OK, people("activate/")),
    "access.denied": ("responder", DENIED, lambda stage: stage.by_other.post("/people/role/")),
    # Tokens.
    "token.issue": ("admin", OK, lambda stage: stage.token()),
    "token.rotate": (
        "responder", OK,
        lambda stage: tokens.rotate(stage.token(), overlap=timedelta(), by=stage.other, at=timezone.now()),
    ),
    "token.revoke": ("admin", OK, lambda stage: tokens.revoke(stage.token(), by=stage.admin, at=timezone.now())),
    "token.revoke_all": ("admin", OK, now_with(tokens.revoke_all)),
    "api.use": ("responder", DENIED, scope_missing),
    # Seeing as somebody else.
    "view_as.start": ("admin", OK, lambda stage: stage.by_admin.post("/view-as/responder/", {"reason": WHY})),
    "view_as.end": (
        "admin", OK,
        lambda stage: (
            stage.by_admin.post("/view-as/responder/", {"reason": WHY}), stage.by_admin.post("/stop-viewing/"),
        ),
    ),
    # The log itself.
    "audit.read": ("admin", OK, lambda stage: stage.by_admin.get("/audit/")),
    "audit.export": ("admin", OK, lambda stage: stage.by_admin.get("/audit/export.csv")),
    "chain.verify": ("admin", OK, lambda stage: stage.by_admin.post("/audit/verify/")),
    # Leaks and abuse.
    "session.invalidate_all": ("admin", OK, now_with(leaks.invalidate_all_sessions)),
    "session.invalidate": (
        "admin", OK, lambda stage: leaks.invalidate_sessions_of(stage.other, by="admin", at=timezone.now()),
    ),
    "leak.respond": ("admin", OK, lambda stage: stage.by_admin.post("/settings/leak/", {"reason": WHY})),
    "keys.rotate": ("shell", OK, lambda _: call_command("rotate_keys")),
    "abuse.ban": ("admin", OK, lambda stage: stage.ban()),
    "abuse.unban": (
        "admin", OK,
        lambda stage: abuse.unban(stage.ban(), reason="it was our scanner", by="admin", at=timezone.now()),
    ),
    # Degrade mode.
    "limits.lower": ("admin", OK, lower),
    "limits.restore": ("admin", OK, lower_and_restore),
    # What leaves the house.
    "delivery.replay": ("admin", OK, deliver_again),
    "destination.renew_secret": (
        "admin", OK, lambda stage: destinations.renew_secret(stage.hook(), by="admin", at=timezone.now()),
    ),
    "destination.switch_off": (
        "admin", OK, lambda stage: destinations.switch_off(stage.hook(), by="admin", at=timezone.now()),
    ),
    "destination.switch_on": ("admin", OK, lambda stage: destinations.switch_on(stage.hook(), by="admin")),
    "destination.test": (
        "admin", OK, lambda stage: destinations.test_destination(stage.hook(), by="admin", at=timezone.now()),
    ),
    "destination.budget": ("admin", OK, lambda stage: destinations.set_budget(SLACK_ROUTE, per_minute=7, by="admin")),
}  # fmt: skip


def end_one(stage: Stage) -> None:
    from opsportal.accounts import sessions

    session = stage.by_other.session
    del session["seen_at"]
    session.save()
    stage.by_other.get("/more/")
    living = sessions.living(stage.other)[0].pk
    stage.by_admin.post(f"/people/{stage.other.pk}/sessions/", {"session": living})


@pytest.mark.parametrize("act", ACTS)
def test_the_act_leaves_its_line(stage, act, django_capture_on_commit_callbacks):
    actor, result, do = ACTS[act]

    with django_capture_on_commit_callbacks(execute=True):
        do(stage)

    lines = AuditEvent.objects.filter(act=act).order_by("pk")
    assert [(line.actor, line.result) for line in lines][-1:] == [(actor, result)]


def recorded(room: str) -> set[str]:
    """The acts that the code of a room writes, by their literal names."""
    found: set[str] = set()
    for path in (ROOT / "opsportal" / room).rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or not call.args:
                continue
            of, first = call.func.value, call.args[0]
            is_ours = call.func.attr == "record" and isinstance(of, ast.Name) and of.id in {"audit", "actions"}
            if is_ours and isinstance(first, ast.Constant):
                found.add(str(first.value))
    return found


def test_the_table_knows_every_act_of_the_frame():
    written = set().union(*map(recorded, ROOMS)) | set(adapter._ACTS.values()) | {"chain.verify"}

    assert written == set(ACTS) | set(ELSEWHERE)


def test_acts_that_need_more_than_this_table_are_tested_where_it_says():
    tests = "".join(path.read_text() for path in Path(ROOT / "tests").rglob("test_*.py"))

    assert [name for name in ELSEWHERE.values() if f"def {name}(" not in tests] == []


# --- by which door ----------------------------------------------------------------------------------------------------


def test_a_line_says_by_which_door_it_came(stage):
    stage.by_admin.get("/audit/")
    scope_missing(stage)
    call_command("rotate_keys")
    audit.record("chain.verify", by="portal")

    doors = dict(AuditEvent.objects.order_by("pk").values_list("act", "source"))
    assert [doors[act] for act in ("audit.read", "api.use", "keys.rotate", "chain.verify")] == [
        "web",
        "api",
        "command",
        "system",
    ]


def test_a_wrong_proof_leaves_the_line_of_a_wrong_password(stage):
    stage.by_other.post("/account/again/", {"password": "not this one"})

    lines = AuditEvent.objects.filter(result="denied")
    assert list(lines.values_list("act", "actor")) == [("sign_in.refused", "responder")]


def test_nobody_changes_their_own_role_or_the_last_admin_without_a_line(stage):
    answer = stage.by_admin.post("/people/role/", {"user": "admin", "role": "viewer"})

    assert answer.status_code == 403
    assert "You cannot change your own role" in answer.text
    line = AuditEvent.objects.get(act="access.denied")
    assert (line.actor, line.object) == ("admin", "POST accounts:role")
