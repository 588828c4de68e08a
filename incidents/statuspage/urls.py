"""Addresses of the staff side; the public page's own are answered ahead of Django (opsportal/responder.py)."""

from django.urls import path

from incidents.statuspage import views

urlpatterns = [
    path("statuspage/", views.board, name="publish"),
    path("statuspage/components/new/", views.component_new, name="component_new"),
    path("statuspage/components/<slug:public_id>/", views.component_edit, name="component_edit"),
    path("statuspage/components/<slug:public_id>/status/", views.component_status, name="component_status"),
    path("incidents/INC-<int:number>/public/", views.public_panel, name="public_panel"),
    path("incidents/INC-<int:number>/public/save/", views.public_save, name="public_save"),
    path("incidents/INC-<int:number>/public/publish/", views.public_publish, name="public_publish"),
    path("incidents/INC-<int:number>/public/discard/", views.public_discard, name="public_discard"),
]
