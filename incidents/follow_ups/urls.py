"""Addresses of the list, of one follow-up, and of what an incident left."""

from django.urls import path

from incidents.follow_ups import views

urlpatterns = [
    path("follow-ups/", views.follow_up_list, name="follow_ups"),
    path("follow-ups/<int:pk>/", views.follow_up, name="follow_up"),
    path("follow-ups/<int:pk>/edit/", views.edit, name="follow_up_edit"),
    path("follow-ups/<int:pk>/finish/", views.finish, name="follow_up_finish"),
    path("follow-ups/<int:pk>/verify/", views.verify, name="follow_up_verify"),
    path("follow-ups/<int:pk>/drop/", views.drop, name="follow_up_drop"),
    path("follow-ups/<int:pk>/reopen/", views.reopen, name="follow_up_reopen"),
    path("incidents/INC-<int:number>/follow-ups/", views.of_incident, name="incident_follow_ups"),
    path("incidents/INC-<int:number>/follow-ups/new/", views.new, name="follow_up_new"),
]
