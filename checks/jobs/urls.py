"""Addresses where jobs report (Healthchecks' shape) and where they hand in token lines."""

from django.urls import path

from checks.jobs import views

urlpatterns = [
    path("ping/<str:ping>", views.ping, name="ping"),
    path("ping/<str:ping>/<str:said>", views.ping, name="ping-said"),
    path("api/v1/reports/<str:key>", views.report, name="report"),
]
