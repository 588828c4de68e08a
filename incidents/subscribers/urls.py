"""Addresses of readers, which the snapshot's responder passes on, and of the staff side."""

from django.urls import path

from incidents.subscribers import reader_views, views

urlpatterns = [
    path("status/subscribe/", reader_views.subscribe, name="reader_subscribe"),
    path("status/confirm/<str:token>/", reader_views.confirm, name="reader_confirm"),
    path("status/manage/<str:token>/", reader_views.manage, name="reader_manage"),
    path("status/unsubscribe/<str:token>/", reader_views.unsubscribe, name="reader_unsubscribe"),
    path("statuspage/subscribers/", views.subscribers, name="subscribers"),
    path("statuspage/subscribers/find/", views.find, name="subscriber_find"),
    path("statuspage/subscribers/add/", views.add, name="subscriber_add"),
    path("statuspage/subscribers/import/", views.bring_in, name="subscriber_import"),
    path("statuspage/subscribers/export/", views.export, name="subscriber_export"),
    path("statuspage/subscribers/<int:pk>/remove/", views.remove, name="subscriber_remove"),
    path("statuspage/audience/", views.audience, name="audience"),
    path("statuspage/told/<str:key>/", views.told, name="told"),
]
