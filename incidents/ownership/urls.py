"""Addresses of the matrix and its rows."""

from django.urls import path

from incidents.ownership import place_views, views

urlpatterns = [
    path("ownership/", views.ownership, name="ownership"),
    path("ownership/domains/<slug:slug>/", views.domain, name="ownership_domain"),
    path("ownership/contacts/<slug:slug>/", views.contact, name="ownership_contact"),
    path("ownership/places/new/", place_views.place_new, name="ownership_place_new"),
    path("ownership/places/<int:pk>/", place_views.place, name="ownership_place"),
    path("ownership/places/<int:pk>/remove/", place_views.place_remove, name="ownership_place_remove"),
    path("ownership/history/", place_views.history, name="ownership_history"),
]
