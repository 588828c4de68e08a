"""Every address of what people do."""

from opsportal.rooms import room

app_name = "incidents"

urlpatterns = [
    room("incidents.board.urls"),
    room("incidents.ownership.urls"),
    room("incidents.handovers.urls"),
    room("incidents.oncall.urls"),
    room("incidents.runbooks.urls"),
    room("incidents.response.urls"),
    room("incidents.alerts.urls"),
    room("incidents.paging.urls"),
    room("incidents.follow_ups.urls"),
    room("incidents.postmortems.urls"),
    room("incidents.statuspage.urls"),
    room("incidents.changes.urls"),
    room("incidents.drills.urls"),
    room("incidents.duties.urls"),
    room("incidents.subscribers.urls"),
    room("incidents.search.urls"),
    room("incidents.metrics.urls"),
]
