"""Addresses of the staff side; the public page's own are answered ahead of Django (opsportal/responder.py)."""

from django.urls import path

from incidents.statuspage import backfill_views, maintenance_views, views

urlpatterns = [
    path("statuspage/", views.board, name="publish"),
    path("statuspage/components/new/", views.component_new, name="component_new"),
    path("statuspage/components/<slug:public_id>/", views.component_edit, name="component_edit"),
    path("statuspage/components/<slug:public_id>/status/", views.component_status, name="component_status"),
    path("statuspage/maintenance/", maintenance_views.maintenance_list, name="maintenances"),
    path("statuspage/maintenance/new/", maintenance_views.maintenance_new, name="maintenance_new"),
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
    path("incidents/INC-<int:number>/public/", views.public_panel, name="public_panel"),
    path("incidents/INC-<int:number>/public/afterwards/", backfill_views.public_afterwards, name="public_afterwards"),
    path("incidents/INC-<int:number>/public/save/", views.public_save, name="public_save"),
    path("incidents/INC-<int:number>/public/publish/", views.public_publish, name="public_publish"),
    path("incidents/INC-<int:number>/public/discard/", views.public_discard, name="public_discard"),
]
