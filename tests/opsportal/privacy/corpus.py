"""On-call text by seed: secrets and identifiers of 47 kinds, harmless lines of 34 kinds, disguises of eight kinds.

Nothing in it is real. The guard was written against the seeds below 100; the tests use others.
"""

# ruff: noqa: E501 - tables of examples

import base64
import json
import random
import string
import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

HEX, DIGITS, LETTERS = "0123456789abcdef", string.digits, string.ascii_letters
WORD62, URLSAFE, B64 = LETTERS + DIGITS, LETTERS + DIGITS + "-_", LETTERS + DIGITS + "+/"
Random = random.Random


class Line(NamedTuple):
    kind: str
    text: str
    value: str


def chars(r: Random, alphabet: str, least: int, most: int = 0) -> str:
    return "".join(r.choices(alphabet, k=r.randint(least, most or least)))


def password(r: Random) -> str:
    word = r.choice(
        [
            "Summer",
            "Winter",
            "correct",
            "horse",
            "Tiger",
            "monkey",
            "blue",
            "checkout",
            "River",
            "admin",
            "Kaffee",
            "Sonne",
            "dragon",
            "velvet",
        ]
    )
    makers: list[Callable[[], str]] = [
        lambda: f"{word}{r.randint(10, 9999)}!",
        lambda: chars(r, WORD62, 12, 24),
        lambda: f"{word}-{chars(r, WORD62, 4)}-{r.randint(10, 99)}",
        lambda: chars(r, WORD62 + "!@#%^*_-+", 14, 20) + "7a",
        lambda: f"{word}#{r.randint(100, 999)}${chars(r, LETTERS, 3)}",
        lambda: f"{word.title()}{chars(r, DIGITS, 4)}",
    ]
    return r.choice(makers)()


def host(r: Random) -> str:
    return r.choice(
        ["db-1.internal", "10.4.2.17", "pg.prod.example.com", "localhost", "orders-db.cluster-x1.eu-west-1.rds.amazonaws.com",
         "cache.svc.cluster.local", "mq1", "[fd00::12]"]
    )  # fmt: skip


def user(r: Random) -> str:
    return r.choice(["app", "root", "postgres", "svc_orders", "admin", "deploy", "reporting-ro", "sa"])


def url_dsn(*schemes: str, path: str = "app") -> Callable[[Random], str]:
    def made(r: Random) -> str:
        secret = password(r).replace("@", "%40").replace("#", "%23").replace("/", "%2F").replace("%2", "%252")
        who = r.choice([user(r), user(r), ""]) if "redis" in schemes else user(r)
        end = r.choice([f"/{path}", f":5432/{path}", f":6379/{r.randint(0, 9)}", f"/{path}?sslmode=require"])
        return f"{r.choice(schemes)}://{who}:{secret}@{host(r)}{end}"

    return made


def keyword_dsn(r: Random) -> str:
    secret = chars(r, WORD62, 8, 16) + "1"
    return r.choice(
        [f"host={host(r)} port=5432 dbname=app user={user(r)} password={secret} sslmode=require",
         f"Server=tcp:{host(r)},1433;Database=orders;User ID={user(r)};Password={secret};Encrypt=True",
         f"Driver={{ODBC Driver 18 for SQL Server}};Server={host(r)};Uid=sa;Pwd={secret};",
         f"{user(r)}:{secret}@tcp({host(r)}:3306)/orders?parseTime=true",
         f"jdbc:sqlserver://{host(r)}:1433;databaseName=app;user=sa;password={secret}",
         f"jdbc:oracle:thin:{user(r)}/{secret}@{host(r)}:1521:ORCL"]
    )  # fmt: skip


def jwt(r: Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")

    return ".".join(
        [
            part({"alg": "HS256", "typ": "JWT"}),
            part({"sub": chars(r, DIGITS, 8), "exp": 1_790_000_000}),
            chars(r, URLSAFE, 43),
        ]
    )


def private_key(r: Random) -> str:
    name = r.choice(["RSA ", "EC ", "OPENSSH ", "", "ENCRYPTED "])
    body = "\n".join(chars(r, B64, 64) for _ in range(r.randint(1, 4)))
    return f"-----BEGIN {name}PRIVATE KEY-----\n{body}\n-----END {name}PRIVATE KEY-----"


def luhn(r: Random, prefix: str, length: int) -> str:
    body = prefix + chars(r, DIGITS, length - len(prefix) - 1)
    total = sum(
        (d * 2 - 9 if d > 4 else d * 2) if place % 2 == 0 else d for place, d in enumerate(map(int, reversed(body)))
    )
    return body + str(-total % 10)


def card(r: Random) -> str:
    number = r.choice([luhn(r, "4", 16), luhn(r, "53", 16), luhn(r, "37", 15), luhn(r, "6011", 16)])
    gap = r.choice(["", " ", "-"])
    return gap.join(
        [number[:4], number[4:10], number[10:]] if len(number) == 15 else [number[n : n + 4] for n in range(0, 16, 4)]
    )


def iban(r: Random) -> str:
    country, length = r.choice([("DE", 18), ("FR", 23), ("NL", 14), ("GB", 18), ("AT", 16), ("ES", 20)])
    body = (
        chars(r, string.ascii_uppercase, 4) + chars(r, DIGITS, length - 4)
        if country in {"NL", "GB"}
        else chars(r, DIGITS, length)
    )
    check = 98 - int("".join(str(int(one, 36)) for one in f"{body}{country}00")) % 97
    whole = f"{country}{check:02}{body}"
    return r.choice([whole, " ".join(whole[n : n + 4] for n in range(0, len(whole), 4))])


def phone(r: Random) -> str:
    def d(n: int) -> str:
        return chars(r, DIGITS, n)

    return r.choice(
        [f"+49 {r.randint(150, 179)} {d(7)}", f"+1-{r.randint(212, 989)}-{r.randint(200, 999)}-{d(4)}", f"+44 20 7{d(3)} {d(4)}",
         f"({r.randint(212, 989)}) {r.randint(200, 999)}-{d(4)}", f"{r.randint(212, 989)}-{r.randint(200, 999)}-{d(4)}",
         f"+33 6 {d(2)} {d(2)} {d(2)} {d(2)}", f"+49{r.randint(150, 179)}{d(8)}", f"0{r.randint(151, 179)} {d(7)}1"]
    )  # fmt: skip


def email(r: Random) -> str:
    first, last = (
        r.choice(["jane", "ola", "mehmet", "li", "marie", "søren", "j"]),
        r.choice(["doe", "nguyen", "garcia", "o-neil", "muller", "kim"]),
    )
    return f"{first}{r.choice(['.', '_', '', '+test'])}{last}{r.choice(['', '7', '88'])}@{r.choice(['example.com', 'mail.example.co.uk', 'gmail.com', 'kunde.de', 'acme.io'])}"


def public_ip(r: Random) -> str:
    return r.choice(
        [f"{r.choice([81, 93, 185, 203, 52])}.{r.randint(0, 255)}.{r.randint(0, 255)}.{r.randint(1, 254)}",
         f"2a02:{chars(r, HEX, 4)}:{chars(r, HEX, 3)}::{chars(r, HEX, 4)}", f"2001:db8:{chars(r, HEX, 4)}:1:{chars(r, HEX, 4)}:0:0:1"]
    )  # fmt: skip


def user_id(r: Random) -> str:
    value = r.choice(
        [str(uuid.UUID(int=r.getrandbits(128))), chars(r, "123456789", 5, 8), f"usr_{chars(r, DIGITS + 'abcdef', 10)}7"]
    )
    word = r.choice(
        ["user", "customer", "tenant", "account", "Kunde", "user_id", "customer id", "account_id", "member"]
    )
    glue = r.choice([" ", "=", ": ", " #"]) if not word.endswith("id") else r.choice(["=", ": ", " "])
    return r.choice(
        [
            f"{word}{glue}{value}",
            f"{word}{glue}{value}",
            f"GET /api/v1/users/{value}/orders",
            f'{{"user_id": "{value}"}}',
        ]
    )


def named(*names: str, made: Callable[[Random], str] = password) -> Callable[[Random], str]:
    """A setting in one of the ways people paste it."""

    def paste(r: Random) -> str:
        name, value = r.choice(names), made(r)
        low = name.lower()
        return r.choice(
            [f"{name}={value}", f'{name}="{value}"', f"export {name}='{value}'", f"{low}: {value}", f'{low}: "{value}"', f'"{low}": "{value}"',
             f"-e {name}={value}", f"--set {low}={value}", f"{low} = '{value}'", f"- name: {name}\n  value: {value}", f"{{'{low}': '{value}'}}",
             f"--{low.replace('_', '-')}={value}", f"{name}:{value}", f"<{low}>{value}</{low}>"]
        )  # fmt: skip

    return paste


def prose_password(r: Random) -> str:
    value = password(r)
    return r.choice(
        [f"the password is {value}", f"password for the staging db is {value}", f"pw: {value}", f"I reset the root password to {value}",
         f"the new admin password is `{value}`", f"das Passwort ist {value}", f"le mot de passe est {value}", f"la contraseña es {value}",
         f"log in with admin / {value}", f"creds are admin:{value}", f'use "{value}" as the password', f"passwd {value} works on all replicas",
         f"temp password {value}, change it later", f"password (for grafana): {value}", f"Passwort für die Datenbank lautet {value}",
         f"sshpass -p {value} ssh deploy@bastion", f"mysql -h db-1 -u root -p{value} orders", f"ALTER USER app WITH PASSWORD '{value}'",
         f"redis-cli -h cache -a {value} ping", f"curl -u deploy:{value} https://registry.example.com/v2/"]
    ).replace("horse", "Horse")  # fmt: skip


MUST_BLOCK: dict[str, Callable[[Random], str]] = {
    "postgres_url": url_dsn("postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"),
    "mysql_url": url_dsn("mysql", "mysql+pymysql", "mariadb", "jdbc:mysql"),
    "mongodb_url": url_dsn("mongodb", "mongodb+srv"),
    "redis_url": url_dsn("redis", "rediss"),
    "broker_url": url_dsn("amqp", "amqps", "nats", "kafka", "mqtt"),
    "other_dsn": url_dsn("clickhouse", "mssql+pyodbc", "cockroachdb", "snowflake", "oracle", "couchbase", "ldap", "smtp", "sftp"),
    "keyword_dsn": keyword_dsn,
    "url_password": url_dsn("https", "http", "git+https", path="v2/"),
    "url_token": lambda r: f"https://{r.choice(['shop', 'api', 'files'])}.example/{r.choice(['v1/export', 'health', 'a.csv', 'cb'])}?{r.choice(['', 'region=eu&', 'id=7&'])}"
    f"{r.choice(['access_token', 'token', 'api_key', 'apikey', 'sig', 'X-Amz-Signature', 'auth_token', 'key', 'client_secret'])}={chars(r, WORD62, 20, 44)}{r.choice(['', '&x=1'])}",
    "sentry_dsn": lambda r: f"https://{chars(r, HEX, 32)}{r.choice(['', ':' + chars(r, HEX, 32)])}@o{r.randint(1000, 99999)}.ingest.sentry.io/{r.randint(1000, 999999)}",
    "bearer": lambda r: r.choice(["Authorization: Bearer {}", "bearer {}", "-H 'Authorization: Bearer {}'", "authorization=Bearer {}", "Bearer token {}"]).format(chars(r, URLSAFE, 24, 64)),
    "basic_auth": lambda r: r.choice(["Authorization: Basic {}", "'authorization': 'Basic {}'", "basic {}"]).format(base64.b64encode(f"{user(r)}:{password(r)}".encode()).decode()),
    "jwt": jwt,
    "aws_key_id": lambda r: f"{r.choice(['AKIA', 'ASIA'])}{chars(r, string.ascii_uppercase + '234567', 16)}",
    "aws_secret": named("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", made=lambda r: chars(r, B64, 40)),
    "gcp_key": lambda r: r.choice([f"AIza{chars(r, URLSAFE, 35)}", f"ya29.{chars(r, URLSAFE, 60)}", f"GOCSPX-{chars(r, URLSAFE, 28)}"]),
    "azure": lambda r: r.choice([f"DefaultEndpointsProtocol=https;AccountName=logs;AccountKey={chars(r, B64, 86)}==;EndpointSuffix=core.windows.net",
                                 f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey={chars(r, B64, 43)}=",
                                 f"AZURE_CLIENT_SECRET={chars(r, WORD62, 3)}8Q~{chars(r, URLSAFE, 34)}", f"https://logs.blob.core.windows.net/a?sv=2022-11-02&se=2026&sig={chars(r, WORD62, 43)}%3D"]),
    "stripe": lambda r: f"{r.choice(['sk_live_', 'rk_live_', 'sk_test_', 'whsec_'])}{chars(r, WORD62, 24, 40)}",
    "slack_token": lambda r: f"xox{r.choice('bpas')}-{chars(r, DIGITS, 11)}-{chars(r, DIGITS, 12)}-{chars(r, WORD62, 24)}",
    "chat_webhook": lambda r: r.choice([f"https://hooks.slack.com/services/T{chars(r, string.ascii_uppercase + DIGITS, 8)}/B{chars(r, string.ascii_uppercase + DIGITS, 8)}/{chars(r, WORD62, 24)}",
                                        f"https://discord.com/api/webhooks/{chars(r, DIGITS, 18)}/{chars(r, URLSAFE, 68)}"]),
    "github": lambda r: r.choice([f"gh{r.choice('pous')}_{chars(r, WORD62, 36)}", f"github_pat_{chars(r, WORD62, 22)}_{chars(r, WORD62, 59)}"]),
    "gitlab": lambda r: f"{r.choice(['glpat-', 'gldt-', 'glrt-'])}{chars(r, URLSAFE, 20)}",
    "llm": lambda r: r.choice([f"sk-ant-api03-{chars(r, URLSAFE, 90)}AA", f"sk-proj-{chars(r, URLSAFE, 48)}", f"sk-{chars(r, WORD62, 48)}", f"hf_{chars(r, LETTERS, 34)}", f"gsk_{chars(r, WORD62, 52)}"]),
    "telegram": lambda r: r.choice(["{}", "https://api.telegram.org/bot{}/sendMessage"]).format(f"{chars(r, '123456789', 10)}:AA{chars(r, URLSAFE, 33)}"),
    "sendgrid": lambda r: f"SG.{chars(r, URLSAFE, 22)}.{chars(r, URLSAFE, 43)}",
    "twilio": lambda r: r.choice([f"SK{chars(r, HEX, 32)}", named("TWILIO_AUTH_TOKEN", made=lambda q: chars(q, HEX, 32))(r)]),
    "vault": lambda r: f"hvs.{chars(r, URLSAFE, 24, 90)}",
    "digitalocean": lambda r: f"dop_v1_{chars(r, HEX, 64)}",
    "registry": lambda r: r.choice([f"npm_{chars(r, WORD62, 36)}", f"pypi-AgEIcHlwaS5vcmc{chars(r, URLSAFE, 60)}", f"dckr_pat_{chars(r, URLSAFE, 27)}", f"//registry.npmjs.org/:_authToken={uuid.UUID(int=r.getrandbits(128))}"]),
    "private_key": private_key,
    "env_password": named("DB_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASS", "SMTP_PASSWORD", "PGPASSWORD", "ADMIN_PWD", "spring.datasource.password", "password"),
    "env_secret": named("CLIENT_SECRET", "STRIPE_WEBHOOK_SECRET", "API_KEY", "ZERO_TRUST_API_KEY", "DD_APP_KEY", "JWT_SECRET", "ENCRYPTION_KEY", "AUTH_TOKEN", "access_token", made=lambda r: chars(r, r.choice([WORD62, HEX, URLSAFE]), 24, 48) + "4b"),
    "prose_password": prose_password,
    "prose_token": lambda r: r.choice(["the api key is {}", "api key for the billing client: {}", "token for prod is `{}`", "rotated the token, new one is token {}", "use api_key {} for now", "our secret key was {}", "Der API-Schlüssel: {}", "the access token {} leaked"]).format(chars(r, WORD62, 28, 40) + "x9"),
    "session_cookie": lambda r: r.choice([f"Cookie: sessionid={chars(r, WORD62, 32)}; theme=dark", f"Set-Cookie: session={chars(r, URLSAFE, 40)}; HttpOnly", f"curl -b 'sessionid={chars(r, HEX, 32)}' https://a.example/", f"JSESSIONID={chars(r, HEX.upper(), 32)}", f"cookie: _session={chars(r, URLSAFE, 60)}"]),
    "django_key": lambda r: r.choice([f"SECRET_KEY = 'django-insecure-{chars(r, string.ascii_lowercase + DIGITS + '!@#$%^&*(-_=+)', 50)}'", f"SECRET_KEY={chars(r, string.ascii_lowercase + DIGITS + '!@#^&*(-_=+)', 49)}3"]),
    "fernet_key": lambda r: r.choice(["{}", "INTEGRATION_ENCRYPTION_KEY={}", "FERNET_KEY: {}", "Fernet(b'{}')"]).format(base64.urlsafe_b64encode(r.randbytes(32)).decode()),
    "k8s_secret": lambda r: r.choice([f"kind: Secret\ndata:\n  password: {base64.b64encode(password(r).encode()).decode()}", f"kubectl create secret generic db --from-literal=password={password(r)}", f'{{"kind":"Secret","data":{{"pw.txt":"{base64.b64encode(password(r).encode()).decode()}"}}}}', f".dockerconfigjson: {base64.b64encode(json.dumps({'auths': {'r.example': {'auth': 'YWJjOmRlZg=='}}}).encode()).decode()}"]),
    "operations_vendor": lambda r: r.choice([f"glsa_{chars(r, WORD62, 32)}_{chars(r, HEX, 8)}", f"NRAK-{chars(r, string.ascii_uppercase + DIGITS, 27)}", f"tskey-auth-{chars(r, WORD62, 12)}-{chars(r, WORD62, 30)}", f"dp.st.prd.{chars(r, WORD62, 40)}", f"sntrys_{chars(r, WORD62, 60)}"]),
    "own_token": lambda r: f"opsp_{chars(r, WORD62, 32)}_{chars(r, WORD62, 6)}",
}  # fmt: skip
MUST_WARN: dict[str, Callable[[Random], str]] = {
    "email": email,
    "phone": phone,
    "public_ip": public_ip,
    "card": card,
    "iban": iban,
    "ssn": lambda r: f"{r.randint(100, 665)}-{r.randint(10, 99)}-{r.randint(1000, 9999)}",
    "user_id": user_id,
}
FRAMES = (
    "{}", "it dies with {} on start", "can somebody check {}?", "03:12 deploy failed: {}", "WARN [worker-3] config: {}", "> {}", "* tried {} - no luck", "`{}`",
    "2026-11-21T03:12:44Z api-7d9f8b6c5-x2x4z ERROR connect failed url={}", '{{"level": "error", "msg": "{}"}}', "see {} (from the runbook).", "habe {} gefunden, bitte drehen",
    "on a trouvé {} dans les logs", "```\n{}\n```", "\u201c{}\u201d", "# {}", "Traceback (most recent call last):\n  File \"app.py\", line 12, in connect\nValueError: {}", "- {}",
    "Kunde meldet: {}", "$ echo {}", "encontramos {} en el ticket", "details: {}; rolled back to 9b1deb4", "{}  # pragma: allowlist secret", "hi all, {} was in the paste, pls rotate",
)  # fmt: skip
PLAIN_FRAMES = (
    "{}",
    "> {}",
    "```\n{}\n```",
    "03:12 {}",
    "found in the paste:\n{}",
    "{}  # nosec",
    "on prod: {}",
    "- {}",
)
BARE = {"env_password", "env_secret", "aws_secret", "prose_password", "prose_token", "session_cookie", "k8s_secret", "private_key", "azure", "keyword_dsn", "twilio", "registry", "user_id", "django_key", "bearer", "basic_auth"}  # fmt: skip


def positives(seed: int, each: int = 9) -> Iterator[Line]:
    r = Random(seed)
    for kind, make in {**MUST_BLOCK, **MUST_WARN}.items():
        for _ in range(each):
            value = make(r)
            yield Line(kind, r.choice(PLAIN_FRAMES if kind in BARE else FRAMES).format(value), value)


def _u(r: Random) -> str:
    return str(uuid.UUID(int=r.getrandbits(128)))


def _h(r: Random, n: int) -> str:
    return chars(r, HEX, n)


def _n(r: Random) -> str:
    return f"{r.randint(5_000, 90_000_000):,}"


NAMES = ("SECRET_KEY", "POSTGRES_DSN_PROD", "STRIPE_SECRET_KEY", "DATABASE_URL", "SSO_CLIENT_SECRET", "INTEGRATION_ENCRYPTION_KEY", "REDIS_PASSWORD", "API_TOKEN")  # fmt: skip
HARMLESS: dict[str, tuple[Callable[[Random], str], ...]] = {
    "request_id": (lambda r: f"request_id={_u(r)} status=500", lambda r: f"X-Request-Id: {_h(r, 32)}", lambda r: f"req {_u(r)} timed out after 30s", lambda r: f"see request id req_{chars(r, WORD62, 14)}", lambda r: f'{{"request_id": "{_h(r, 16)}", "path": "/api/v1/orders"}}'),
    "trace_id": (lambda r: f"trace_id={_h(r, 32)} span_id={_h(r, 16)}", lambda r: f"traceparent: 00-{_h(r, 32)}-{_h(r, 16)}-01", lambda r: f"trace {_h(r, 32)} shows the slow query"),
    "git_sha": (lambda r: f"rolled back to {_h(r, 40)}", lambda r: f"commit {_h(r, 7)} broke it", lambda r: f"{_h(r, 9)}..{_h(r, 9)} main -> main", lambda r: f"deployed {_h(r, 12)} to prod at 03:12", lambda r: f"HEAD is now at {_h(r, 8)} fix token refresh"),
    "image_digest": (lambda r: f"image sha256:{_h(r, 64)}", lambda r: f"registry.example.com:5000/shop/api@sha256:{_h(r, 64)}", lambda r: f"ghcr.io/acme/worker:v1.{r.randint(1, 40)}.0@sha256:{_h(r, 64)} pulled"),
    "ticket_link": (lambda r: f"https://jira.example.com/browse/OPS-{r.randint(100, 9999)}", lambda r: f"see INC-{r.randint(1, 900)} and #{r.randint(100, 99999)}", lambda r: f"https://github.com/acme/shop/pull/{r.randint(1, 9999)}#issuecomment-{r.randint(10**9, 10**10)}"),
    "celery_task_id": (lambda r: f"Task checks.run[{_u(r)}] succeeded in 0.{r.randint(100, 999)}s", lambda r: f"celery task {_u(r)} retried 3 times", lambda r: f"task_id={_u(r)} queue=default"),
    "pod_name": (lambda r: f"pod api-{_h(r, 10)}-{chars(r, 'bcdfghjklmnpqrstvwxz2456789', 5)} OOMKilled", lambda r: f"user-service-{_h(r, 9)}-{chars(r, 'bcdfghjklmnpqrstvwxz2456789', 5)} restarted", lambda r: f"auth-token-worker-{r.randint(0, 9)} CrashLoopBackOff", lambda r: f"kubectl logs account-api-{_h(r, 10)}-{chars(r, 'bcdfghjklmnpqrstvwxz2456789', 5)} -n prod"),
    "metric_line": (lambda r: f"http_requests_total{{status=\"500\",route=\"/login\"}} {r.randint(1, 10**7)}", lambda r: f"active_users={r.randint(1000, 10**6)} login_failures={r.randint(1, 9999)}", lambda r: f"password_reset_requests_total {r.randint(1, 10**6)}", lambda r: f"token_refresh_latency_ms p50={r.randint(1, 90)} p95={r.randint(100, 900)} p99={r.randint(1000, 9000)}", lambda r: f"session_count={r.randint(1000, 10**6)} key_rotation_age_days={r.randint(1, 90)}"),
    "token_line": (lambda r: "db_verify status=fail reason=db_connect_failed", lambda r: f"ops_daily check=portal-live status=healthy samples={r.randint(1, 9999)} availability=99.97 p95_ms=12", lambda r: "ops_daily_watchdog status=insufficient_data reason=delivered_total_0", lambda r: "prod_config status=fail reason=missing_env", lambda r: f"backup status=ok tables={r.randint(10, 99)} rows={r.randint(1000, 10**7)}", lambda r: "token=delivered_total_0 exit=2"),
    "env_names": (lambda r: f"missing={r.choice(NAMES)}", lambda r: f"set {r.choice(NAMES)} and {r.choice(NAMES)} (names only)", lambda r: f"{r.choice(NAMES)} is not set in prod", lambda r: f"{r.choice(NAMES)}=<from the vault>", lambda r: f"export {r.choice(NAMES)}=${{{r.choice(NAMES)}}}", lambda r: f"{r.choice(NAMES)}, {r.choice(NAMES)}: rotate both", lambda r: f"{r.choice(NAMES)}=***"),
    "aggregate": (lambda r: f"{_n(r)} users affected, {r.randint(5, 90)} tenants, 0 orders lost", lambda r: f"{r.randint(5, 90)} % of customers see 502 since 03:12 UTC", lambda r: f"affected accounts: {_n(r)} of {_n(r)}", lambda r: f"count(*) = {r.randint(1000, 10**8)}", lambda r: f"users {r.randint(1000, 99999)} errors {r.randint(1, 9999)}", lambda r: "fewer than 5 customers wrote in"),
    "version": (lambda r: f"upgraded nginx to 1.{r.randint(10, 30)}.{r.randint(0, 9)}", lambda r: f"v{r.randint(1, 9)}.{r.randint(0, 40)}.{r.randint(0, 20)}-rc{r.randint(1, 9)} is out", lambda r: f"Chrome/{r.randint(90, 140)}.0.{r.randint(4000, 7000)}.{r.randint(10, 99)}", lambda r: f"driver version 4.{r.randint(1, 9)}.{r.randint(0, 200)}.{r.randint(1, 9)}", lambda r: "@types/node@20.11.5 and left-pad@1.3.0"),
    "timestamp": (lambda r: f"at 2026-11-{r.randint(10, 28)}T03:{r.randint(10, 59)}:44.{r.randint(100, 999)}Z", lambda r: f"ts={r.randint(1_700_000_000, 1_799_999_999)}", lambda r: f"since {r.randint(1_700_000_000_000, 1_799_999_999_999)} ms", lambda r: f"2026-11-21 03:{r.randint(10, 59)}:07 +0000", lambda r: f"20261121T03{r.randint(10, 59)}00Z"),
    "big_count": (lambda r: f"queue at {_n(r)}", lambda r: f"offset {r.randint(10**10, 10**12)} lag {r.randint(10**5, 10**7)}", lambda r: f"{r.randint(10**9, 10**10)} bytes written", lambda r: f"heap {r.randint(10**8, 10**9)} of {r.randint(10**9, 10**10)}"),
    "hex_colour": (lambda r: f"#{_h(r, 6)} is the red", lambda r: f"color: #{_h(r, 3)}; background: #{_h(r, 8)}"),
    "private_ip": (lambda r: f"traffic from 10.{r.randint(0, 255)}.{r.randint(0, 255)}.0/24 is fine", lambda r: f"node 192.168.{r.randint(0, 255)}.{r.randint(1, 254)}:8080 down", lambda r: f"172.{r.randint(16, 31)}.0.{r.randint(1, 254)} -> 10.0.0.{r.randint(1, 254)} refused", lambda r: "listen on 0.0.0.0 and ::1, 127.0.0.1 works", lambda r: "fe80::1%eth0 only, fd00:12::7 too"),
    "uuid": (lambda r: f"deployment {_u(r)} finished", lambda r: f"event id {_u(r)} sent twice", lambda r: f"Idempotency-Key: {_u(r)}", lambda r: f"outbox row {_u(r)} waits"),
    "password_talk": (lambda r: "password reset pages answer 500 since 03:12 UTC", lambda r: "the password field does not accept umlauts", lambda r: f"password policy is min {r.randint(8, 16)} characters", lambda r: "login with passwords works, passkeys do not", lambda r: "password: required", lambda r: f"password hashing is argon2id, takes {r.randint(50, 400)}ms", lambda r: "wrong password for 12% of logins, was 3% before", lambda r: "the password was rotated at 03:12, ask the vault"),
    "token_talk": (lambda r: "token refresh loops since the deploy", lambda r: "bearer token expired, rotate it", lambda r: f"token bucket empty, {r.randint(100, 999)} req/s dropped", lambda r: f"the token is valid for {r.randint(5, 60)} minutes", lambda r: "Authorization: Bearer <token>", lambda r: "Authorization header missing", lambda r: "api key for stripe was rotated by billing", lambda r: "use the token from the vault, path kv/prod/api"),
    "secret_talk": (lambda r: "kubectl get secret db-credentials -n prod", lambda r: "secretKeyRef: {name: db-credentials, key: password}", lambda r: "vault kv get secret/prod/app", lambda r: f"secret rotation took {r.randint(1, 90)}s", lambda r: "secret: db-credentials-v2", lambda r: "AWS Secrets Manager is slow in eu-west-1", lambda r: "the secret is in 1Password, item checkout-prod"),
    "plain_url": (lambda r: f"https://status.example.com/incidents/{chars(r, string.ascii_lowercase + DIGITS, 12)}", lambda r: f"https://grafana.example.com/d/{chars(r, WORD62, 9)}/checkout?orgId=1&from=now-6h", lambda r: "https://shop.example/list?sort_key=created_at&q=keyboard&page_token=CAEQAA", lambda r: "GET /api/v1/orders?limit=50&cursor=20 502", lambda r: "http://localhost:8000/health/ready"),
    "placeholder_dsn": (lambda r: "postgresql://USER:PASSWORD@HOST:5432/db", lambda r: "postgres://app:***@db-1/app", lambda r: "redis://:${REDIS_PASSWORD}@cache:6379/0", lambda r: "postgresql://app@db-1.internal:5432/app", lambda r: "amqp://<user>:<password>@mq/", lambda r: "mysql://{user}:{password}@db/app"),
    "shell": (lambda r: "kubectl rollout undo deploy/api -n prod", lambda r: "ssh deploy@bastion.internal 'uptime'", lambda r: "docker login -u deploy --password-stdin registry.example.com", lambda r: "git clone git@github.com:acme/shop.git", lambda r: "curl -sS -o /dev/null -w '%{http_code}' https://shop.example/health", lambda r: "psql -h db-1 -U app -c 'select 1'", lambda r: "mysql -u root -p orders", lambda r: "pg_dump --no-password -Fc app > app.dump"),
    "sql": (lambda r: f"select count(*) from users where created_at > '2026-11-{r.randint(10, 28)}'", lambda r: "ALTER TABLE account ADD COLUMN token_hash varchar(64)", lambda r: f"update rows={r.randint(100, 99999)} where tenant_id is null"),
    "log": (lambda r: f"INFO [main] GET /api/users 200 {r.randint(1, 900)}ms", lambda r: "ERROR password authentication failed for user \"app\"", lambda r: "FATAL: remaining connection slots are reserved", lambda r: f"level=warn msg=\"session expired\" count={r.randint(1, 999)}", lambda r: f"[{r.randint(100, 99999)}] WARN key not found: cart, miss ratio 0.{r.randint(10, 99)}", lambda r: 'java.sql.SQLException: Access denied for user (using password: YES)'),
    "stack": (lambda r: f'File "/app/auth/token.py", line {r.randint(10, 900)}, in verify', lambda r: f"at com.acme.auth.TokenService.refresh(TokenService.java:{r.randint(10, 900)})", lambda r: "KeyError: 'password'", lambda r: f"panic: runtime error at 0x{_h(r, 12)}"),
    "code": (lambda r: "password = os.environ['DB_PASSWORD']", lambda r: "token: ${{ secrets.GITHUB_TOKEN }}", lambda r: "if not user.check_password(raw): return None", lambda r: "password: str | None = None", lambda r: "SECRET_KEY = env('SECRET_KEY')", lambda r: "api_key = settings.STRIPE_API_KEY"),
    "our_tokens": (lambda r: f"user:{r.choice('abcdef')}{_h(r, 11)} cannot pay", lambda r: "[removed: database connection string] was in the paste", lambda r: "password=[removed: password]"),
    "chat": (lambda r: "ask @sre-oncall in #ops-alerts", lambda r: "handing over to @mira at 08:00 CET", lambda r: "Kunden sehen 502 beim Bezahlen, Passwort-Reset geht", lambda r: "on monitore, le token bucket se vide", lambda r: "thx! key takeaway: alert earlier", lambda r: "per user 1200 requests are allowed"),
    "order_id": (lambda r: f"order {r.randint(10**5, 10**9)} paid twice", lambda r: f"invoice INV-2026-{r.randint(1000, 9999)}", lambda r: f"psp event evt_{chars(r, WORD62, 24)} replayed", lambda r: f"batch 2026-11-21-{r.randint(1, 99):02}"),
    "cloud_resource": (lambda r: f"i-{_h(r, 17)} in eu-west-1a is impaired", lambda r: f"vpc-{_h(r, 17)}, subnet-{_h(r, 8)}", lambda r: f"s3://logs-prod/2026/11/21/{_h(r, 8)}.gz", lambda r: f"arn:aws:lambda:eu-west-1:function/checkout-{r.randint(1, 9)}"),
    "checksum": (lambda r: f"md5 {_h(r, 32)} of the dump", lambda r: f"sha256sum: {_h(r, 64)}  app.dump", lambda r: f"ETag: \"{_h(r, 32)}\"", lambda r: f"integrity sha384-{chars(r, B64, 64)}", lambda r: f"SHA256:{chars(r, B64, 43)} host key changed"),
    "cron": (lambda r: "*/5 * * * * /usr/bin/ops_daily --mode=ci", lambda r: "next run 03:15, then every 5 min"),
    "percentages": (lambda r: f"p95 {r.randint(100, 900)} ms, errors {r.randint(0, 9)}.{r.randint(0, 99)} %", lambda r: f"burn rate {r.randint(1, 14)}.4x over 1h, budget 43.2 min", lambda r: f"cpu 0.{r.randint(10, 99)} mem {r.randint(1, 16)}Gi disk 81%"),
}  # fmt: skip
NEVER = ("request_id", "metric_line", "token_line", "env_names", "aggregate", "git_sha", "pod_name")
QUIET_FRAMES = ("{}", "{}", "> {}", "03:12 {}", "fyi {}", "```\n{}\n```", "- {}", "seen again: {}", "{}, so far")


def negatives(seed: int, each: int = 12) -> Iterator[Line]:
    r = Random(seed)
    for kind, makers in HARMLESS.items():
        for _ in range(each):
            yield Line(kind, r.choice(QUIET_FRAMES).format(r.choice(makers)(r)), "")


def _wide(value: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in value)


def _wrapped(r: Random, value: str) -> str:
    place = r.randint(len(value) // 3, 2 * len(value) // 3)
    return value[:place] + r.choice(["\n", "\n  ", "\\\n", "\n> "]) + value[place:]


DISGUISES: dict[str, Callable[[Random, str], str]] = {
    "zero_width": lambda r, v: r.choice("\u200b\u200c\u2060\ufeff").join([v[: len(v) // 2], v[len(v) // 2 :]]),
    "percent": lambda r, v: "".join(f"%{ord(one):02X}" if not one.isalnum() or r.random() < 0.2 else one for one in v),
    "entities": lambda r, v: "".join(f"&#{ord(one)};" if not one.isalnum() or r.random() < 0.2 else one for one in v),
    "full_width": lambda r, v: _wide(v),
    "wrapped": _wrapped,
    "base64": lambda r, v: base64.b64encode(v.encode()).decode(),
    "fenced": lambda r, v: f"```env\n{v}\n```",
    "pragma": lambda r, v: f"{v}  # gitleaks:allow pragma: allowlist secret nosec",
}
DISGUISED = ("postgres_url", "aws_key_id", "github", "stripe", "jwt", "slack_token", "gitlab", "sendgrid", "url_password", "vault", "env_password")  # fmt: skip


def evasions(seed: int, each: int = 2) -> Iterator[Line]:
    r = Random(seed)
    for name, hide in DISGUISES.items():
        for kind in DISGUISED:
            for _ in range(each):
                value = MUST_BLOCK[kind](r)
                yield Line(name, r.choice(("{}", "use {} for now", "log: {}")).format(hide(r, value)), value)
