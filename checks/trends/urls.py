"""Addresses of trends."""

from django.urls import path

from checks.trends import views

urlpatterns = [
    path("trends/", views.house, name="trends"),
    path("trends/export.csv", views.as_csv, name="trends-csv"),
    path("trends/export.json", views.as_json, name="trends-json"),
    path("trends/domain/<slug:slug>/", views.of_domain, name="trends-domain"),
    path("trends/check/<slug:key>/", views.of_check, name="trends-check"),
]
