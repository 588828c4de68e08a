"""Every address that the public page answers from its files, as a form; a test holds it against what is built."""

import re

_DOCUMENTS = (
    r"summary|status|components|incidents(?:/unresolved)?|scheduled-maintenances(?:/(?:upcoming|active))?"  # JSON
)
ANSWERED = tuple(
    re.compile(form)
    for form in (
        r"/status/",
        r"/status/subscribe/",
        r"/status/history/",
        r"/status/history/\d{4}-\d{2}/",
        r"/status/incidents/\w+/",
        r"/status/maintenance/",
        r"/status/maintenance/\w+/",
        r"/status/maintenance\.ics",
        r"/status/components/",
        r"/status/components/\w+/badge\.svg",
        r"/status/components/\w+/intervals\.(?:json|csv)",
        r"/status/components/\w+/maintenance\.ics",
        r"/status/badge\.svg",
        rf"(?:/status)?/api/v2/(?:{_DOCUMENTS})\.json",
        r"(?:/status)?/history\.(?:atom|rss)",
    )
)


def form_of(path: str) -> str:
    """The form that a path has, or nothing."""
    return next((one.pattern for one in ANSWERED if one.fullmatch(path)), "")
