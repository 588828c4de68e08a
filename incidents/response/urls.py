"""Addresses of the list, the form and the rooms."""

from django.urls import path

from incidents.response import (
    declare_views,
    dialogs,
    duty_dialogs,
    link_views,
    list_views,
    record_views,
    row_views,
    views,
)

urlpatterns = [
    path("incidents/", list_views.incident_list, name="list"),
    path("incidents/export.csv", list_views.incident_export, name="export"),
    path("incidents/new/", declare_views.declare, name="declare"),
    path("incidents/INC-<int:number>/", views.room, name="room"),
    path("incidents/INC-<int:number>/post/", views.post, name="post"),
    path("incidents/INC-<int:number>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("incidents/INC-<int:number>/checklist/<int:position>/", views.tick, name="tick"),
    path("incidents/INC-<int:number>/checklist/<int:position>/skip/", duty_dialogs.skip, name="skip"),
    path("incidents/INC-<int:number>/checklist/<int:position>/unskip/", views.unskip, name="unskip"),
    path("incidents/INC-<int:number>/no-public-impact/", duty_dialogs.no_public_impact, name="no_public_impact"),
    path("incidents/INC-<int:number>/verify/", duty_dialogs.verify, name="verify"),
    path("incidents/INC-<int:number>/close/", duty_dialogs.close, name="close"),
    path("incidents/INC-<int:number>/actions/", dialogs.choose, name="actions"),
    path("incidents/INC-<int:number>/related/", link_views.related_panel, name="related"),
    path("incidents/INC-<int:number>/link/", link_views.link, name="link"),
    path("incidents/INC-<int:number>/unlink/<int:other>/", link_views.unlink, name="unlink"),
    path("incidents/INC-<int:number>/merge/", link_views.merge, name="merge"),
    path("incidents/INC-<int:number>/split/", link_views.split, name="split"),
    path("incidents/INC-<int:number>/severity/", dialogs.severity, name="severity"),
    path("incidents/INC-<int:number>/resolve/", dialogs.resolve, name="resolve"),
    path("incidents/INC-<int:number>/waive/<slug:kind>/", dialogs.waive, name="waive"),
    path("incidents/INC-<int:number>/roles/<slug:role>/", dialogs.role, name="role"),
    path("incidents/INC-<int:number>/roles/<slug:role>/take-over/", dialogs.take_over, name="role_take_over"),
    path("incidents/INC-<int:number>/roles/<slug:role>/<slug:act>/", views.role_act, name="role_act"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/", row_views.row, name="row"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/pin/", row_views.pin, name="row_pin"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/unpin/", row_views.unpin, name="row_unpin"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/correct/", row_views.correct, name="row_correct"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/remove/", row_views.remove, name="row_remove"),
    path("incidents/INC-<int:number>/timeline/<int:pk>/answer/", row_views.answer, name="row_answer"),
    path("incidents/INC-<int:number>/seal/", record_views.seal, name="seal"),
    path("incidents/INC-<int:number>/timeline.<slug:form>", record_views.timeline_file, name="timeline_file"),
]
