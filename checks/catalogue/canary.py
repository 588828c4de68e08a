"""Is there a canary where one is needed? Nobody but the operator knows an address outside that never fails."""

from checks.catalogue.models import Check
from opsportal.doctor.examination import Finding, ok

ADVICE = (
    "While our own network fails, every check of an address would go down. Mark a check of something outside that "
    "never fails as canary, under More rules."
)


def finding() -> Finding:
    """For the doctor: a warning while checks ask addresses and nothing says whether our own network works."""
    if Check.objects.without_a_canary().exists():
        return Finding("canary", "warn", "not_chosen", ADVICE)
    return ok("canary")
