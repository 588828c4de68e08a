"""Addresses of the daily sheet."""

from django.urls import path

from checks.daily import views

urlpatterns = [
    path("daily/", views.sheet, name="daily"),
    path("daily/sign/", views.sign, name="daily-sign"),
    path("daily/all/", views.history, name="daily-all"),
    path("daily/<str:on>/", views.day, name="daily-day"),
]
