"""Addresses of the configuration screen."""

from django.urls import path

from opsportal.doctor import views

app_name = "doctor"

urlpatterns = [path("settings/", views.configuration, name="configuration")]
