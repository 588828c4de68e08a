"""Every address, for every role and for nobody: denied by default, and a wrong role never gets in."""

from collections.abc import Iterator, Mapping

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from opsportal.roles import Role

pytestmark = pytest.mark.django_db

# Reachable without signing in, on purpose.
PUBLIC = {
    "live",
    "ready",
    "api-health",
    # For Prometheus, by token or network of its own (tests/opsportal/metrics/).
    "metrics",
    "account_login",
    "account_logout",
    "account_inactive",
    "accounts:login",
    "accounts:logout",
    "accounts:setup",
    "accounts:login-link",
    "accounts:theme",
    # Single sign-on, the second step, and a passkey alone.
    "sso",
    "openid_connect_login",
    "openid_connect_callback",
    "mfa_authenticate",
    "mfa_login_webauthn",
    # Readers of the status page: a link is its own proof (tests/incidents/subscribers/test_reader_pages.py).
    "incidents:reader_subscribe",
    "incidents:reader_confirm",
    "incidents:reader_manage",
    "incidents:reader_unsubscribe",
    # Calendar programs cannot sign in: the address is the secret (tests/incidents/oncall/test_feeds.py).
    "incidents:oncall_calendar",
    # The answer to a question that was sent to a person: who has the link was reached (tests/incidents/paging/).
    "incidents:reach_proof",
    # Jobs report without a session: what they know is proof (tests/checks/jobs/).
    "checks:ping",
    "checks:ping-said",
    "checks:report",
    # What the API is, without anybody's data. Its operations ask for a token: tests/opsportal/api/.
    "api:docs",
    "api:openapi",
    "api:api-root",
}
# Operations of the API, which know tokens and no sign-in page.
OPERATIONS = {
    *("api:list_changes", "api:record_change", "api:read_change", "api:record_result"),
    *("api:read_release", "api:announce_change"),
    *(
        "api:me",
        "api:read_log",
        "api:list_incidents",
        "api:read_incident",
        "api:list_timeline",
        "api:read_event",
        "api:post_note",
    ),
    *("api:declare_incident", "api:rewrite_incident"),
    *("api:post_decision", "api:correct_event", "api:answer_decision", "api:acknowledge_incident"),
    *("api:change_status", "api:change_severity", "api:close_incident"),
    *("api:list_checks", "api:read_check", "api:list_results", "api:list_flips", "api:define_check"),
    *("api:change_check", "api:remove_check", "api:run_check", "api:pause_check", "api:resume_check"),
    *("api:mute_check", "api:unmute_check", "api:archive_check", "api:take_check_back"),
    *("api:read_many", "api:run_many", "api:pause_many", "api:resume_many", "api:mute_many", "api:unmute_many"),
    *("api:move_many", "api:set_many_daily", "api:archive_many", "api:take_many_back"),
    *("api:list_components", "api:read_component", "api:set_component", "api:list_updates", "api:read_update"),
    *("api:save_draft", "api:discard_draft", "api:approve_draft", "api:publish_draft", "api:publish_update"),
    *("api:correct_update", "api:remove_update", "api:unpublish_incident"),
    *("api:read_gate", "api:list_objectives", "api:read_trends"),
    *("api:read_ownership", "api:list_on_call", "api:read_handle", "api:list_rotas", "api:list_shifts"),
    *("api:offer_role", "api:take_over_role", "api:act_on_role"),
}
EXAMPLES = {
    "number": 1,
    "pk": 1,
    "token": "x",
    "key": "portal-live",
    "slug": "backend",
    "kind": "acknowledge",
    "role": "commander",
    "act": "take",
    "handle": "@sre-oncall",
}


def addresses(
    patterns=None, prefix: str = "/", space: str = "", examples: Mapping[str, object] = EXAMPLES
) -> Iterator[tuple[str, str, object]]:
    """Name, example path and view of every address."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from addresses(pattern.url_patterns, route, inner, examples)
        elif isinstance(pattern, URLPattern):
            for name, converter in pattern.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower()
                value = examples.get(name, 1 if kind == "int" else "x")
                route = route.replace(f"<{kind}:{name}>", str(value)).replace(f"<{name}>", str(value))
            yield space + (pattern.name or ""), route, pattern.callback


ALL = sorted(addresses(), key=lambda one: one[1])
STAFF = [(name, path, view) for name, path, view in ALL if name not in PUBLIC | OPERATIONS]


# By the first word of the address: a test for each address would make three people five hundred times.
ROOMS = sorted({path.split("/")[1] for _, path, _ in STAFF})


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_gets_in_without_signing_in(method):
    wrong = {}
    for _, path, _ in STAFF:
        answer = getattr(Client(), method)(path)
        if answer.status_code != 302 or not answer["Location"].startswith("/login/"):
            wrong[path] = answer.status_code

    assert wrong == {}


@pytest.mark.parametrize("room", ROOMS)
def test_a_role_below_the_views_is_refused(room, client_as, viewer, responder, publisher):
    wrong = {}
    for _, path, view in STAFF:
        required = getattr(view, "required_role", None)
        if required is None or path.split("/")[1] != room:  # None: every signed-in person may
            continue
        for person in (viewer, responder, publisher):
            with transaction.atomic():  # what one address changes is no matter of the next
                browser = client_as(person)
                for method in ("get", "post"):
                    status = getattr(browser, method)(path).status_code
                    if (status == 403) is not (Role(person.role).rank < required.rank):
                        wrong[f"{person.role} {method} {path}"] = status
                transaction.set_rollback(True)

    assert wrong == {}


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_no_operation_of_the_api_answers_without_a_token(method, client_as, admin, settings):
    settings.API_STRANGER_REQUESTS_PER_MINUTE = 10_000  # so many in a row would meet the limit instead
    wrong = {}
    for path in [path for name, path, _ in ALL if name in OPERATIONS]:
        for who, browser in (("nobody", Client()), ("admin", client_as(admin))):
            status = getattr(browser, method)(path).status_code
            if status not in (401, 405):
                wrong[f"{who} {path}"] = status

    assert wrong == {}


def test_every_staff_view_says_which_role_it_needs():
    silent = [path for _, path, view in STAFF if not hasattr(view, "required_role")]

    # What a person sets for this browser only, and the list of screens: every signed-in person.
    assert silent == ["/keys/", "/more/"]
