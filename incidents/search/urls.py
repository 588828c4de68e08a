"""The addresses of the search."""

from django.urls import path

from incidents.search import views

urlpatterns = [
    path("search/", views.search, name="search"),
    path("search/top/", views.top, name="top"),
]
