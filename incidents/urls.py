"""Every address of what people do."""

from django.urls import include, path

app_name = "incidents"

urlpatterns = [
    path("", include("incidents.board.urls")),
    path("", include("incidents.ownership.urls")),
    path("", include("incidents.handovers.urls")),
    path("", include("incidents.oncall.urls")),
    path("", include("incidents.runbooks.urls")),
    path("", include("incidents.response.urls")),
    path("", include("incidents.alerts.urls")),
    path("", include("incidents.paging.urls")),
    path("", include("incidents.follow_ups.urls")),
    path("", include("incidents.postmortems.urls")),
    path("", include("incidents.statuspage.urls")),
    path("", include("incidents.changes.urls")),
    path("", include("incidents.drills.urls")),
    path("", include("incidents.duties.urls")),
    path("", include("incidents.subscribers.urls")),
    path("", include("incidents.search.urls")),
    path("", include("incidents.metrics.urls")),
]
