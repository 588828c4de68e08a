"""What full text looks through, and with which weights.

These are the expressions of two indexes (models.py): PostgreSQL uses an index only for exactly its expression, so they
are written once. A new source of the search gets its expression and its index the same way.
"""

from django.contrib.postgres.search import SearchVector

CONFIG = "english"
HEAD = SearchVector("title", weight="A", config=CONFIG) + SearchVector("summary", weight="B", config=CONFIG)
BODY = SearchVector("body", config=CONFIG)
