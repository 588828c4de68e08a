"""Table of contents: every model of what workers do."""

from checks.catalogue.bulk.models import BulkAct
from checks.catalogue.models import Batch, Check
from checks.daily.models import DailyAnswer, DailySheet
from checks.jobs.models import Job
from checks.operations.models import OperationLine, OperationPlan, OperationRun
from checks.review.models import Finding, Review, ReviewAction
from checks.rollups.models import (
    DayBucket,
    HourBucket,
    LastDay,
    LateHour,
    MinuteBucket,
    RunningHour,
    Watermark,
    WeekBucket,
)
from checks.runs.models import Flip
from checks.slo.models import Objective

__all__ = [
    "Batch",
    "BulkAct",
    "Check",
    "DailyAnswer",
    "DailySheet",
    "DayBucket",
    "Finding",
    "Flip",
    "HourBucket",
    "Job",
    "LastDay",
    "LateHour",
    "MinuteBucket",
    "Objective",
    "OperationLine",
    "OperationPlan",
    "OperationRun",
    "Review",
    "ReviewAction",
    "RunningHour",
    "Watermark",
    "WeekBucket",
]
