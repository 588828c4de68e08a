"""Addresses of the alerts."""

from django.urls import path

from incidents.alerts import advice_views, mute_views, views

urlpatterns = [
    path("alerts/", views.alert_list, name="alerts"),
    path("alerts/mute/", mute_views.mute, name="mute"),
    path("alerts/mutes/<int:pk>/end/", mute_views.mute_end, name="mute_end"),
    path("alerts/<int:pk>/end/", views.end, name="alert_end"),
    path("alerts/<int:pk>/acknowledge/", views.acknowledge, name="alert_acknowledge"),
    path("incidents/INC-<int:number>/alerts/", views.of_incident, name="incident_alerts"),
    path("incidents/INC-<int:number>/runbooks/", advice_views.of_incident, name="incident_runbooks"),
    path("incidents/INC-<int:number>/runbooks/<slug:slug>/take/", advice_views.take, name="take_steps"),
]
