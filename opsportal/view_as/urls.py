"""Addresses of view-as."""

from django.urls import path

from opsportal.view_as import views

app_name = "view_as"

urlpatterns = [
    path("view-as/<username>/", views.start, name="start"),
    path("stop-viewing/", views.stop, name="stop"),
]
