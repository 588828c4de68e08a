"""A definition of every kind that sets whatever can be set, for tests of files and programs."""

from typing import Any

URL = "https://shop.example/"
# Of each kind one or more configurations that together say every field of it.
SPECS: dict[str, list[dict[str, Any]]] = {
    "drill": [{}],
    "http": [
        {
            "url": URL,
            "expect": "200-299, 401",
            "keyword": 'it\'s: "fine" # yes',
            "max_latency_ms": 800,
            "keyword_absent": "null",
            "json_path": "items[0].state",
            "json_equals": "true",
            "min_tls_days": 14,
            "headers": {"Authorization": "CHECK_SHOP_TOKEN", "X-Plan": "CHECK_PLAN"},
            "connection": "fresh",
        },
        {"url": URL, "expect": "200", "json_path": "build", "artifact_of": "backend"},
        {"url": URL, "expect": "200", "method": "HEAD"},
    ],
    "limit_guard": [
        {"mode": "body", "url": URL, "bytes": 2097152, "code": "PAYLOAD_TOO_LARGE", "code_path": "error.code"},
        {
            "mode": "batch",
            "url": URL,
            "items": 501,
            "item": '{"a": 1}',
            "list_name": "items",
            "expect": "400, 413",
            "code": "X",
            "code_path": "code",
        },
        {
            "mode": "rate",
            "url": URL,
            "within": 60,
            "let_through": 50,
            "plan": "free",
            "headers": {"X-Key": "CHECK_KEY"},
        },
    ],
    "prometheus": [
        {
            "url": "https://prom.example/",
            "query": "sum(\n  up\n)",
            "judge": "bounds",
            "least": 0.0,
            "most": 1e-05,
            "volume_query": "sum(rate(x[1h]))",
            "volume_least": 100.0,
            "headers": {"Authorization": "CHECK_PROM"},
        },
        {
            "url": "https://prom.example/",
            "query": "up",
            "judge": "baseline",
            "factor": 2.5,
            "direction": "both",
            "floor": 0.005,
        },
    ],
    "json_metrics": [
        {
            "url": URL,
            "numbers": "delivered_total >= 1\nrates.hold 0..0.2",
            "volume_path": "delivered_total",
            "volume_least": 0.0,
            "headers": {"X-Key": "CHECK_KEY"},
        }
    ],
    "tcp": [{"host": "db.example", "port": 5432}],
    "tls": [{"host": "shop.example", "port": 443, "min_days": 14, "server_name": "www.shop.example"}],
    "dns": [
        {
            "name_asked": "shop.example",
            "record": "A",
            "match": "equals",
            "expected": "192.0.2.1\n192.0.2.2",
            "server": "9.9.9.9",
        }
    ],
    "database": [
        {
            "dsn_env": "REPORTS_DATABASE_URL",
            "tables": "orders billing.invoices",
            "migrations": "48",
            "max_lag_ms": 100.0,
            "max_query_ms": 200.0,
            "max_pool_percent": 80.0,
            "measure": "lag",
        }
    ],
    "sql_aggregate": [
        {
            "dsn_env": "REPORTS_DATABASE_URL",
            "query": "SELECT 1 AS n,\n  2 AS m",
            "column": "n",
            "low": 0.0,
            "high": 7.5,
            "volume_column": "m",
            "least_volume": 3.0,
            "timeout_ms": 5000,
        }
    ],
    "query_benchmark": [
        {
            "dsn_env": "REPORTS_DATABASE_URL",
            "queries": "one: SELECT 1\ntwo: SELECT 2",
            "rounds": 10,
            "max_mean_ms": 250.0,
            "max_p95_ms": 400.0,
            "max_slower_percent": 50.0,
        }
    ],
    "redis": [{"url_env": "REDIS_URL", "max_memory_percent": 90.0}],
    "celery_queue": [{"url_env": "REDIS_URL", "queue": "celery", "max_backlog": 0, "max_age_seconds": 300.0}],
    "env_contract": [{"preset": "launch", "names": "MAIL_FROM SENTRY_DSN", "values": "BILLING_ENFORCEMENT=strict"}],
    "backup_age": [
        {"source": "report", "report": "a-heartbeat-0", "max_age_hours": 26.0},
        {"source": "file", "pattern": "nightly/*.dump", "least_bytes": 1024, "max_age_hours": 26.0},
        {"source": "address", "url": URL, "max_age_hours": 0.5, "headers": {"Authorization": "CHECK_BUCKET"}},
    ],
    "restore_drill": [
        {"source": "report", "report": "a-token-report-0", "max_age_hours": 840.0},
        {"source": "file", "pattern": "drill.log", "least_bytes": 1, "max_age_hours": 840.0},
        {"source": "address", "url": URL, "max_age_hours": 840.0, "headers": {"X-Key": "CHECK_BUCKET"}},
    ],
    "heartbeat": [
        {"period_minutes": 60.0, "grace_minutes": 5.0, "max_run_minutes": 30.0},
        {"cron": "30 3 * * 1-5", "time_zone": "Europe/Berlin", "grace_minutes": 0.0},
    ],
    "token_report": [{"command": "nightly_export", "number": "rows", "max_age_minutes": 1560.0}],
    "portal": [{"figure": "outbox_age_seconds", "ceiling": 120.0}],
}
# Everything beside name, kind, domain and configuration, each with another value than the usual one.
SETTINGS: dict[str, Any] = {
    "severity": "SEV-1",
    "every_seconds": 300,
    "fail_after": 4,
    "ok_after": 3,
    "is_daily": False,
    "rule": "rate",
    "of_runs": 9,
    "fail_share": 40,
    "share_minutes": 30,
    "ok_share": 5,
    "hold_seconds": 300,
    "flap_turns": 0,
    "flap_minutes": 60,
    "is_canary": False,
    "has_own_incident": True,
    "ends_by_hand": True,
    "remind_hours": 4,
}


def key_of(kind: str, number: int) -> str:
    return f"a-{kind.replace('_', '-')}-{number}"
