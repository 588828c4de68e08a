"""Addresses of the outbox."""

from django.urls import path

from opsportal.outbox import views

app_name = "outbox"

urlpatterns = [
    path("deliveries/", views.delivery_list, name="list"),
    path("deliveries/replay/", views.replay, name="replay-chosen"),
    path("deliveries/<int:pk>/replay/", views.delivery_replay, name="replay"),
    path("deliveries/way/try/", views.way_try, name="way-try"),
    path("deliveries/way/test/", views.way_test, name="way-test"),
    path("deliveries/way/budget/", views.way_budget, name="way-budget"),
    path("deliveries/destinations/", views.destination_list, name="destinations"),
    path("deliveries/destinations/<int:pk>/test/", views.destination_test, name="destination-test"),
    path("deliveries/destinations/<int:pk>/switch/", views.destination_switch, name="destination-switch"),
    path("deliveries/destinations/<int:pk>/secret/", views.destination_secret, name="destination-secret"),
]
