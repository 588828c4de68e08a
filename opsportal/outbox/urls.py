"""Addresses of the outbox."""

from django.urls import path

from opsportal.outbox import views

app_name = "outbox"

urlpatterns = [
    path("deliveries/", views.delivery_list, name="list"),
    path("deliveries/<int:pk>/replay/", views.delivery_replay, name="replay"),
]
