"""Addresses of the staff side; the public page's own are answered ahead of Django (opsportal/responder.py)."""

from django.urls import path

from incidents.statuspage import backfill_views, component_views, maintenance_views, page_views, update_views, views

urlpatterns = [
    path("statuspage/", views.board, name="publish"),
    path("statuspage/look/", page_views.page_look, name="page_look"),
    path("statuspage/rules/", update_views.publishing_rules, name="publishing_rules"),
    path("statuspage/rules/approval/", update_views.approval_rule, name="approval_rule"),
    path("statuspage/honesty/", views.honesty, name="honesty"),
    path("statuspage/maintenance/", maintenance_views.maintenance_list, name="maintenances"),
    path("statuspage/maintenance/new/", maintenance_views.maintenance_new, name="maintenance_new"),
    path("statuspage/maintenance/rules/<int:pk>/edit/", maintenance_views.series_edit, name="series_edit"),
    path("statuspage/maintenance/rules/<int:pk>/end/", maintenance_views.series_stop, name="series_stop"),
    path("statuspage/maintenance/<slug:public_id>/", maintenance_views.maintenance, name="maintenance"),
    path("statuspage/maintenance/<slug:public_id>/edit/", maintenance_views.maintenance_edit, name="maintenance_edit"),
    path(
        "statuspage/maintenance/<slug:public_id>/announce/",
        maintenance_views.maintenance_announce,
        name="maintenance_announce",
    ),
    path(
        "statuspage/maintenance/<slug:public_id>/<slug:act>/", maintenance_views.maintenance_act, name="maintenance_act"
    ),
    path("statuspage/host-files/aside/", page_views.host_file_aside, name="host_file_aside"),
    path("statuspage/components/", component_views.component_list, name="components"),
    path("statuspage/components/new/", component_views.component_new, name="component_new"),
    path("statuspage/components/<slug:public_id>/", component_views.component_edit, name="component_edit"),
    path("statuspage/components/<slug:public_id>/status/", component_views.component_status, name="component_status"),
    path(
        "statuspage/components/<slug:public_id>/proposal/",
        component_views.component_proposal,
        name="component_proposal",
    ),
    path(
        "statuspage/components/<slug:public_id>/move/<slug:act>/", component_views.component_move, name="component_move"
    ),
    path("statuspage/components/<slug:public_id>/retire/", component_views.component_retire, name="component_retire"),
    path(
        "statuspage/components/<slug:public_id>/restore/", component_views.component_restore, name="component_restore"
    ),
    path("incidents/INC-<int:number>/public/", views.public_panel, name="public_panel"),
    path("incidents/INC-<int:number>/public/afterwards/", backfill_views.public_afterwards, name="public_afterwards"),
    path("incidents/INC-<int:number>/public/save/", views.public_save, name="public_save"),
    path("incidents/INC-<int:number>/public/publish/", views.public_publish, name="public_publish"),
    path("incidents/INC-<int:number>/public/discard/", views.public_discard, name="public_discard"),
    path("incidents/INC-<int:number>/public/approve/", update_views.public_approve, name="public_approve"),
    path("incidents/INC-<int:number>/public/unpublish/", update_views.public_unpublish, name="public_unpublish"),
    path(
        "incidents/INC-<int:number>/public/updates/<slug:public_id>/correct/",
        update_views.update_correct,
        name="update_correct",
    ),
    path(
        "incidents/INC-<int:number>/public/updates/<slug:public_id>/remove/",
        update_views.update_remove,
        name="update_remove",
    ),
]
