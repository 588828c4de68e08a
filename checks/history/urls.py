"""Addresses of one check's page, of its figures as CSV, and of the door its job reports at."""

from django.urls import path

from checks.history import views

urlpatterns = [
    path("changes/CHG-<int:pk>/checks/", views.around_change, name="around_change"),
    path("checks/<slug:key>/", views.check_detail, name="detail"),
    path("checks/<slug:key>/history.csv", views.check_history, name="history"),
    path("checks/<slug:key>/door/", views.check_door, name="door"),
]
