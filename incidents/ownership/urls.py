"""Addresses of the matrix and its rows."""

from django.urls import path

from incidents.ownership import views

urlpatterns = [
    path("ownership/", views.ownership, name="ownership"),
    path("ownership/domains/<slug:slug>/", views.domain, name="ownership_domain"),
    path("ownership/contacts/<slug:slug>/", views.contact, name="ownership_contact"),
]
