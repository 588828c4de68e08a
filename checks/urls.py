"""Every address of what workers do."""

from django.urls import include, path

app_name = "checks"

urlpatterns = [
    path("", include("checks.catalogue.bulk.urls")),
    path("", include("checks.catalogue.urls")),
    path("", include("checks.history.urls")),
    path("", include("checks.jobs.urls")),
    path("", include("checks.slo.urls")),
    path("", include("checks.review.urls")),
    path("", include("checks.trends.urls")),
    path("", include("checks.daily.urls")),
    path("", include("checks.operations.urls")),
]
