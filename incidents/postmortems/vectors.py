"""What the search looks through in reports, and with which weights: the expression of an index (models.py)."""

from django.contrib.postgres.search import SearchVector

from incidents.response.vectors import CONFIG

REPORT = (
    SearchVector("summary", weight="A", config=CONFIG)
    + SearchVector("root_cause", weight="B", config=CONFIG)
    + SearchVector("mitigation", "prevention", "went_well", "went_lucky", "went_badly", weight="C", config=CONFIG)
)
