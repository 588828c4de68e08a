"""Addresses of signing in and of people."""

from django.urls import URLPattern

app_name = "accounts"

urlpatterns: list[URLPattern] = []
