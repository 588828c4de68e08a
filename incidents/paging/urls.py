"""Addresses of how people are told."""

from django.urls import path

from incidents.paging import marks_views, views

urlpatterns = [
    path("paging/", views.paging, name="paging"),
    path("paging/marks/", marks_views.marks, name="paging_marks"),
    path("paging/rules/<str:slug>/", views.rule, name="paging_rule"),
    path("reach/", views.reach, name="reach"),
    path("reach/<int:pk>/ask/", views.ask, name="reach_ask"),
    path("reach/<int:pk>/first/", views.first, name="reach_first"),
    path("reach/<int:pk>/remove/", views.remove, name="reach_remove"),
    path("reach/proof/<str:token>/", views.proof, name="reach_proof"),
    path("incidents/INC-<int:number>/calls/", views.of_incident, name="incident_calls"),
]
