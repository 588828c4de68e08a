"""Addresses of the abuse desk."""

from django.urls import path

from opsportal.abuse import views

app_name = "abuse"

urlpatterns = [
    path("abuse/", views.desk, name="desk"),
    path("abuse/<int:pk>/unban/", views.unban, name="unban"),
]
