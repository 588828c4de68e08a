"""A value that cannot be what its name is for ends the start in one line that names the variable and shows no value."""

from itertools import chain

import pytest
import yaml

from opsportal import env
from tests.portals import run_python

WORD = "marker"  # stands in every bad value, so that a line that shows it is noticed

BAD = [
    ("ENVIRONMENT", WORD),
    ("LAUNCH_MODE", WORD),
    ("SECURITY_HEADERS_ENABLED", WORD),
    ("MFA_REQUIRED", WORD),
    ("SSO_ENABLED", WORD),
    ("BILLING_ENABLED", WORD),
    ("ZERO_TRUST_ENABLED", WORD),
    ("OPSPORTAL_DB_POOL", WORD),
    ("DATABASE_PREPARES", WORD),
    ("MAX_REQUEST_BODY_BYTES", f"1 {WORD}"),
    ("MAX_REQUEST_BODY_BYTES", "0"),
    ("INGEST_MAX_BATCH_ITEMS", "-5"),
    ("SESSION_HOURS", "12h"),
    ("SESSION_IDLE_MINUTES", "1.5"),
    ("API_REQUESTS_PER_MINUTE", WORD),
    ("API_STRANGER_REQUESTS_PER_MINUTE", "99999999999999"),
    ("OPSPORTAL_STATEMENT_TIMEOUT_MS", WORD),
    ("OPSPORTAL_MIN_FREE_MB", WORD),
    ("BASE_URL", f"{WORD}.example.org"),
    ("BASE_URL", "https://"),
    ("OPSPORTAL_INTERNAL_URL", f"ftp://{WORD}"),
    ("SSO_ISSUER", WORD),
    ("PASSWORD_LEAKS_FILE", WORD),
    ("GITHUB_API_URL", WORD),
    ("SLACK_WEBHOOK_URL", f"hooks.example.org/{WORD}"),
    ("STATUS_HOST", f"https://{WORD}.example.org"),
    ("STATUS_HOST", f"*.{WORD}.example.org"),
    ("ALLOWED_HOSTS", f"good.example.org,https://{WORD}.example.org"),
    ("ALERT_EMAIL", f"ops@example.org, {WORD}"),
    ("EMAIL_FROM", WORD),
    ("GITHUB_ISSUES_REPO", WORD),
    ("TRUSTED_PROXIES", f"10.0.0.1, {WORD}"),
    ("TRUSTED_PROXIES", "10.0.0.0/33"),
    ("METRICS_NETWORKS", f"10.0.0.1, {WORD}"),
    ("METRICS_TOKEN", WORD),
    ("PROBE_ALLOWED_INTERNAL", WORD),
    ("PROBE_FOLDERS", WORD),
    ("PROBE_FOLDERS", f"/srv/{WORD},/"),
    ("PROBE_ALLOWED_INTERNAL", f"10.0.0.0/8,{WORD}:99999"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db/name?{WORD}=1"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db/name?sslmode"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db/name?sslmode={WORD}"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db/name?connect_timeout={WORD}"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db/name?pool=true"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db:port/name"),
    ("DATABASE_URL", f"postgresql://u:{WORD}@db"),
    ("POSTGRES_DSN_PROD", f"postgresql://u:{WORD}@db/name?{WORD}=1"),
    ("DATABASE_MIGRATE_URL", f"mysql://u:{WORD}@db/name"),
    ("REDIS_URL", WORD),
    ("REDIS_URL", f"redis://:{WORD}@redis:port/0"),
    ("REDIS_URL", f"redis://:{WORD}@redis:6379/{WORD}"),
    ("REDIS_URL", f"redis://:{WORD}@redis:6379/0?{WORD}=1"),
    ("REDIS_URL", f"redis://:{WORD}@redis:6379/0?socket_timeout={WORD}"),
    ("REDIS_URL", "unix://"),
    ("EMAIL_URL", WORD),
    ("EMAIL_URL", f"imap://u:{WORD}@mail:25"),
    ("EMAIL_URL", f"smtp://u:{WORD}@mail:port"),
    ("EMAIL_URL", f"smtp://u:{WORD}@mail:25?timeout={WORD}"),
    ("PRIVACY_PATTERNS_FILE", f"/nowhere/{WORD}.toml"),
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in {name for name, _ in BAD} | {"DATABASE_URL"}:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_value_nobody_can_read_is_one_line_with_the_name_and_without_the_value(name, value, monkeypatch):
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as refusal:
        env.refuse_bad_values()

    said = str(refusal.value.code)
    assert said.startswith(name)
    assert said.endswith(".")
    assert "\n" not in said
    assert WORD not in said


@pytest.mark.parametrize(
    ("address", "environment", "is_taken"),
    [
        ("https://id.example.org/realms/ops/", "production", True),
        ("http://id.example.org", "development", False),
        ("http://127.0.0.1:8080", "development", True),
        ("http://localhost:8080", "ci", True),
        ("http://localhost:8080", "production", False),
        ("http://localhost.example.org", "development", False),
        ("https://", "development", False),
        ("ldap://id.example.org", "development", False),
    ],
)
def test_an_identity_provider_is_asked_over_https_or_on_this_machine(address, environment, is_taken, monkeypatch):
    monkeypatch.setenv("SSO_ISSUER", address)
    monkeypatch.setenv("ENVIRONMENT", environment)

    if is_taken:
        assert env.issuer("SSO_ISSUER") == address.rstrip("/")
        return
    with pytest.raises(SystemExit, match="SSO_ISSUER must be the https address"):
        env.issuer("SSO_ISSUER")


def test_every_name_with_a_form_stands_in_this_table():
    assert set(env._CHECKS) <= {name for name, _ in BAD}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAUNCH_MODE", "OFF"),
        ("ALLOWED_HOSTS", ".example.org,localhost,[::1],*"),
        ("EMAIL_FROM", "Night desk <desk@example.org>"),
        ("TRUSTED_PROXIES", "10.0.0.1, 2001:db8::/32"),
        ("PROBE_ALLOWED_INTERNAL", "10.0.0.0/8, db.internal:5432, [::1]:80"),
        ("PROBE_FOLDERS", "/srv/backups, /var/lib/dumps"),
        ("DATABASE_URL", "postgresql://u:p%2F@/name?host=/run/postgresql&sslmode=verify-full&application_name=portal"),
        ("REDIS_URL", "rediss://:secret@redis/3?socket_timeout=2"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("EMAIL_URL", "smtp://localhost"),
    ],
)
def test_what_operators_write_is_taken(name, value, monkeypatch):
    monkeypatch.setenv(name, value)

    env.refuse_bad_values()


@pytest.mark.parametrize(
    ("address", "tls", "ssl", "port"),
    [
        ("smtp://mail", False, False, 25),
        ("smtp+tls://u:p@mail:587", True, False, 587),
        ("smtp+tls://mail", True, False, 587),
        ("submission://mail", True, False, 587),
        ("smtp+ssl://mail", False, True, 465),
        ("smtps://mail:4465", False, True, 4465),
        ("smtp://mail:2525?tls=true", True, False, 2525),
    ],
)
def test_the_address_of_a_mail_server_says_how_it_is_spoken_to(address, tls, ssl, port, monkeypatch):
    monkeypatch.setenv("EMAIL_URL", address)

    found = env.email("EMAIL_URL", "")

    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"], found["EMAIL_PORT"]) == (tls, ssl, port)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (("manage.py", "doctor"), "PROBE_ALLOWED_INTERNAL", "foo"),
        (("-c", "import opsportal.wsgi"), "DATABASE_URL", f"postgresql://u:{WORD}@db/name?{WORD}=1"),
        (("-m", "celery", "-A", "opsportal.celery", "worker"), "REDIS_URL", f"redis://:{WORD}@redis:6379/{WORD}"),
        (("-m", "opsportal.launch", "--port", "1"), "TRUSTED_PROXIES", WORD),
    ],
)
def test_every_program_ends_with_1_and_that_line_and_no_trace(words, name, value):
    ended = run_python(*words, environment={name: value})

    assert ended.returncode == 1, ended.stderr
    assert name in ended.stderr
    assert "Traceback" not in ended.stderr
    assert WORD not in ended.stdout + ended.stderr


def test_the_page_s_own_name_is_not_the_one_that_staff_use(monkeypatch):
    monkeypatch.setenv("BASE_URL", "https://ops.example.org")
    monkeypatch.setenv("STATUS_HOST", "OPS.example.org")
    with pytest.raises(SystemExit, match="staff would be locked out"):
        env.refuse_bad_values()

    monkeypatch.setenv("STATUS_HOST", "Status.example.org")
    env.refuse_bad_values()
    assert env.status_host() == "status.example.org"


@pytest.mark.parametrize("workflow", ["ops_daily", "prod_verify"])
def test_workflows_pass_every_name_that_production_may_require(workflow: str) -> None:
    """A portal with billing on would fail there for a name that nobody can hand in."""
    read = yaml.safe_load((env.ROOT / f".github/workflows/{workflow}.yml").read_text())

    passed = set(read["jobs"][workflow]["env"])

    wanted = {*env.REQUIRED_ALWAYS, *env.REQUIRED_WHEN, *chain(*env.REQUIRED_WHEN.values())}
    assert wanted <= passed
    assert ("OPSPORTAL_TOKEN" in passed) == (workflow == "prod_verify")
