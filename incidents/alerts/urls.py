"""Addresses of the alerts."""

from django.urls import path

from incidents.alerts import views

urlpatterns = [
    path("alerts/", views.alert_list, name="alerts"),
    path("alerts/<int:pk>/acknowledge/", views.acknowledge, name="alert_acknowledge"),
    path("incidents/INC-<int:number>/alerts/", views.of_incident, name="incident_alerts"),
]
