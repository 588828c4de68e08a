"""Every address of what workers do."""

from opsportal.rooms import room

app_name = "checks"

urlpatterns = [
    room("checks.catalogue.bulk.urls"),
    room("checks.catalogue.urls"),
    room("checks.history.urls"),
    room("checks.jobs.urls"),
    room("checks.slo.urls"),
    room("checks.review.urls"),
    room("checks.trends.urls"),
    room("checks.daily.urls"),
    room("checks.operations.urls"),
]
