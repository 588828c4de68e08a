"""Addresses of readers, which the snapshot's responder passes on, and of the staff side."""

from django.urls import path

from incidents.subscribers import reader_views

urlpatterns = [
    path("status/subscribe/", reader_views.subscribe, name="reader_subscribe"),
    path("status/confirm/<str:token>/", reader_views.confirm, name="reader_confirm"),
    path("status/manage/<str:token>/", reader_views.manage, name="reader_manage"),
    path("status/unsubscribe/<str:token>/", reader_views.unsubscribe, name="reader_unsubscribe"),
]
