"""Addresses of acts on many checks."""

from django.urls import path

from checks.catalogue.bulk import views

urlpatterns = [
    path("checks/many/", views.bulk_newest, name="bulk"),
    path("checks/many/ask/", views.bulk_ask, name="bulk-ask"),
    path("checks/many/do/", views.bulk_do, name="bulk-do"),
    path("checks/many/<int:number>/", views.bulk_progress, name="bulk-progress"),
]
