"""Table of contents: every background task of what workers do."""

from checks.catalogue.bulk.tasks import work_off, work_off_all
from checks.evidence.tasks import prove_duties
from checks.operations.tasks import keep_operations, run_operation
from checks.review.tasks import compile_review
from checks.runs.tasks import deliver_flip, deliver_flips, observe
from checks.scheduler.tasks import roll_up, tick, tick_slow
from checks.slo.tasks import watch_budgets

__all__ = [
    "compile_review",
    "deliver_flip",
    "deliver_flips",
    "keep_operations",
    "observe",
    "prove_duties",
    "roll_up",
    "run_operation",
    "tick",
    "tick_slow",
    "watch_budgets",
    "work_off",
    "work_off_all",
]
