"""Addresses of the list, of one change, of freezes, and of what changed before an incident."""

from django.urls import path

from incidents.changes import freeze_views, release_views, room_views, rules_views, views

urlpatterns = [
    path("changes/", views.change_list, name="changes"),
    path("changes/export.csv", views.change_export, name="changes_export"),
    path("changes/new/", views.new, name="change_new"),
    path("changes/CHG-<int:pk>/", views.change, name="change"),
    path("changes/CHG-<int:pk>/start/", views.start, name="change_start"),
    path("changes/CHG-<int:pk>/succeed/", views.succeed, name="change_succeed"),
    path("changes/CHG-<int:pk>/fail/", views.fail, name="change_fail"),
    path("changes/CHG-<int:pk>/roll-back/", views.roll_back, name="change_roll_back"),
    path("changes/CHG-<int:pk>/steps/<int:position>/", release_views.tick, name="change_tick"),
    path("changes/CHG-<int:pk>/sign-off/", release_views.sign, name="change_sign"),
    path("changes/CHG-<int:pk>/announce/", release_views.announce, name="change_announce"),
    path("changes/CHG-<int:pk>/no-verification/", release_views.waive, name="change_waive"),
    path("changes/rules/", rules_views.rules_list, name="change_rules"),
    path("changes/rules/<slug:slug>/", rules_views.edit, name="change_rule"),
    path("changes/freezes/new/", freeze_views.new, name="freeze_new"),
    path("changes/freezes/<int:pk>/lift/", freeze_views.lift, name="freeze_lift"),
    path("incidents/INC-<int:number>/changes/", room_views.of_incident, name="incident_changes"),
    path("incidents/INC-<int:number>/changes/<int:pk>/suspect/", room_views.mark, name="change_suspect"),
    path("incidents/INC-<int:number>/changes/<int:pk>/clear/", room_views.clear, name="change_clear"),
]
