"""Addresses of the figures."""

from django.urls import path

from incidents.metrics import views

urlpatterns = [
    path("incidents/metrics/", views.metrics, name="metrics"),
    path("incidents/metrics/export.csv", views.export, name="metrics_export"),
]
