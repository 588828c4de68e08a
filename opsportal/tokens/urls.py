"""Addresses of the Tokens screen."""

from django.urls import path

from opsportal.tokens import views

app_name = "tokens"

urlpatterns = [
    path("settings/tokens/", views.tokens, name="list"),
    path("settings/tokens/<int:pk>/rotate/", views.rotate, name="rotate"),
    path("settings/tokens/<int:pk>/revoke/", views.revoke, name="revoke"),
]
