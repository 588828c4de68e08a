"""Kinds that look into databases, by the name of an environment variable."""

import re
from typing import Any

import sqlparse
from django import forms
from sqlparse.exceptions import SQLParseError

from checks.catalogue.forms.base import SpecForm, env_name
from checks.probes import query_benchmark, sql_aggregate

_DSN_HELP = (
    "The name of the variable that holds the connection string, such as REPORTS_DATABASE_URL. "
    "A read-only role is enough."
)
_TABLE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?")
_MIGRATION = re.compile(r"[a-z_][a-z0-9_]{0,62}\.[a-zA-Z0-9_]{1,120}")
_COLUMN = r"^[a-z_][a-z0-9_]{0,62}\Z"
# Words that change something, or that wait for somebody; a read-only transaction would refuse most of them anyway.
_NO_QUESTION = re.compile(
    r"\b(insert|update|delete|merge|truncate|drop|alter|create|grant|revoke|copy|call|do|into|set_config|nextval"
    r"|pg_(?:terminate|cancel)_backend|pg_sleep\w*|pg_read_\w+|pg_ls_\w+|lo_\w+|dblink\w*|pg_advisory\w+)\b",
    re.IGNORECASE,
)


def text_area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "autocomplete": "off", "class": "mono"})


def only_select(query: str) -> str:
    """The query without its last semicolon; ValidationError when it is anything but one SELECT."""
    try:
        statements = [one for one in sqlparse.parse(query) if str(one).strip(" \n\t;")]
        bare = sqlparse.format(query, strip_comments=True).strip().rstrip(";")
    except (SQLParseError, RecursionError):
        raise forms.ValidationError("This query is nested too deeply to be read. Write a simpler one.") from None
    if len(statements) != 1 or str(statements[0].get_type()) != "SELECT":  # type: ignore[no-untyped-call]
        raise forms.ValidationError("Write one SELECT and nothing else.")
    outside = re.sub(r"'(?:[^']|'')*'", "''", bare)
    if found := _NO_QUESTION.search(outside):
        raise forms.ValidationError(f"A question may not say {found.group().upper()}.")
    return bare


class DsnForm(SpecForm):
    """What all of them have."""

    dsn_env = forms.CharField(max_length=64, label="Environment variable", help_text=_DSN_HELP)

    def clean_dsn_env(self) -> str:
        return env_name(self.cleaned_data["dsn_env"])


class DatabaseForm(DsnForm):
    """A PostgreSQL database: does it answer, and is what should be there?"""

    spec_fields = ("dsn_env", "tables", "migrations", "max_lag_ms", "max_query_ms", "max_pool_percent", "measure")

    tables = forms.CharField(
        required=False,
        max_length=4000,
        label="Required tables",
        widget=text_area(2),
        help_text="Divided by blanks, such as orders billing.invoices.",
    )
    migrations = forms.CharField(
        required=False,
        max_length=8000,
        label="Expected migrations",
        widget=text_area(2),
        help_text="Names such as orders.0012_totals, or how many must be applied at least, such as 48. "
        "Read from django_migrations.",
    )
    max_lag_ms = forms.FloatField(
        required=False, min_value=1, label="Most replication lag in ms", help_text="100 is a good ceiling."
    )
    max_query_ms = forms.FloatField(
        required=False,
        min_value=1,
        label="Longest running query in ms",
        help_text="200 is a good ceiling where no reports run. The role needs pg_read_all_stats.",
    )
    max_pool_percent = forms.FloatField(
        required=False,
        min_value=1,
        max_value=100,
        label="Most connections in use, per cent",
        help_text="Of those the server admits; 80 leaves time to act.",
    )
    measure = forms.ChoiceField(
        required=False,
        choices=[
            ("", "None"),
            ("lag", "Replication lag"),
            ("query", "Longest running query"),
            ("pool", "Connections in use"),
        ],
        label="Number to keep",
    )

    def clean_tables(self) -> str:
        names = str(self.cleaned_data["tables"]).replace(",", " ").split()
        if not all(_TABLE_NAME.fullmatch(name) for name in names):
            raise forms.ValidationError("Write names of tables in small letters, such as orders or billing.invoices.")
        return " ".join(names)

    def clean_migrations(self) -> str:
        names = str(self.cleaned_data["migrations"]).replace(",", " ").split()
        is_number = len(names) == 1 and names[0].isascii() and names[0].isdecimal() and 0 < len(names[0]) < 6
        if not is_number and not all(_MIGRATION.fullmatch(name) for name in names):
            raise forms.ValidationError("Write names such as orders.0012_totals, or one number.")
        return " ".join(names)


class SqlAggregateForm(DsnForm):
    """One question whose answer is one row of numbers."""

    spec_fields = ("dsn_env", "query", "column", "low", "high", "volume_column", "least_volume", "timeout_ms")

    query = forms.CharField(
        max_length=4000,
        label="Query",
        widget=text_area(5),
        help_text="One SELECT that answers with one row of numbers, such as "
        "SELECT count(*) AS held FROM payouts WHERE state = 'hold'.",
    )
    column = forms.RegexField(_COLUMN, max_length=63, label="Column", help_text="The number that is judged and kept.")
    low = forms.FloatField(required=False, label="Fails below")
    high = forms.FloatField(required=False, label="Fails above")
    volume_column = forms.RegexField(
        _COLUMN,
        required=False,
        max_length=63,
        label="Volume column",
        help_text="How much data the number is based on; too little says nothing.",
    )
    least_volume = forms.FloatField(required=False, min_value=0, label="Least volume")
    timeout_ms = forms.IntegerField(
        min_value=100,
        max_value=15_000,
        initial=sql_aggregate.TIMEOUT_MS,
        label="Longest time in ms",
        help_text="The server ends the statement then.",
    )

    def clean_query(self) -> str:
        return only_select(str(self.cleaned_data["query"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        low, high = cleaned.get("low"), cleaned.get("high")
        if low is None and high is None and not {"low", "high"} & self.errors.keys():
            self.add_error("high", "Give a lower or an upper bound, or both.")
        elif low is not None and high is not None and low > high:
            self.add_error("high", "The upper bound lies below the lower one.")
        if cleaned.get("least_volume") and not cleaned.get("volume_column"):
            self.add_error("volume_column", "Name the column that the least volume is for.")
        return cleaned


class QueryBenchmarkForm(DsnForm):
    """Named queries that have to stay fast."""

    spec_fields = ("dsn_env", "queries", "rounds", "max_mean_ms", "max_p95_ms", "max_slower_percent")

    queries = forms.CharField(
        max_length=8000,
        label="Queries",
        widget=text_area(5),
        help_text="One a line: a name, a colon, one SELECT. Such as open_orders: SELECT id FROM orders LIMIT 50",
    )
    rounds = forms.IntegerField(min_value=3, max_value=20, initial=query_benchmark.ROUNDS, label="Rounds")
    max_mean_ms = forms.FloatField(min_value=1, initial=query_benchmark.MEAN_MS, label="Most ms, mean")
    max_p95_ms = forms.FloatField(min_value=1, initial=query_benchmark.P95_MS, label="Most ms, p95")
    max_slower_percent = forms.FloatField(
        required=False,
        min_value=10,
        max_value=1000,
        initial=50,
        label="Slower than last week, per cent",
        help_text="The mean of all, against a usual run of last week once it has 20.",
    )

    def clean_queries(self) -> str:
        try:
            named = query_benchmark.parse(str(self.cleaned_data["queries"]))
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None
        if not 1 <= len(named) <= 10:
            raise forms.ValidationError("Write one to ten queries.")
        return "\n".join(f"{name}: {' '.join(only_select(query).split())}" for name, query in named.items())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        queries, most = cleaned.get("queries"), cleaned.get("max_mean_ms")
        if queries and most and not query_benchmark.fits(query_benchmark.parse(queries), most):
            self.add_error(
                "max_mean_ms",
                "So many queries that may take so long do not end in time. Take fewer queries or a lower mean.",
            )
        return cleaned
