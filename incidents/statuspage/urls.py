"""Addresses of the staff side; the public page's own are answered ahead of Django (opsportal/responder.py)."""

from django.urls import path

from incidents.statuspage import component_views, views

urlpatterns = [
    path("statuspage/", views.board, name="publish"),
    path("statuspage/honesty/", views.honesty, name="honesty"),
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
    path("incidents/INC-<int:number>/public/save/", views.public_save, name="public_save"),
    path("incidents/INC-<int:number>/public/publish/", views.public_publish, name="public_publish"),
    path("incidents/INC-<int:number>/public/discard/", views.public_discard, name="public_discard"),
]
