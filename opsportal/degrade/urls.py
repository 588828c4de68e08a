"""Addresses of degrade mode."""

from django.urls import path

from opsportal.degrade import views

app_name = "degrade"

urlpatterns = [
    path("settings/limits/", views.limits, name="limits"),
    path("settings/limits/restore/", views.restore, name="restore"),
]
