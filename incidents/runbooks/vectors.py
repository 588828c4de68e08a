"""What the search looks through in runbooks, and with which weights: the expression of an index (models.py)."""

from django.contrib.postgres.search import SearchVector

CONFIG = "english"
RUNBOOK = (
    SearchVector("title", weight="A", config=CONFIG)
    + SearchVector("tokens", weight="B", config=CONFIG)
    + SearchVector("body", weight="C", config=CONFIG)
)
