"""Addresses of packets."""

from django.urls import path

from incidents.handovers import views

urlpatterns = [
    path("oncall/hand-overs/", views.hand_overs, name="hand_overs"),
    path("oncall/hand-overs/<int:pk>/", views.hand_over, name="hand_over"),
    path("oncall/hand-overs/<int:pk>/take/", views.take, name="hand_over_take"),
    path("oncall/rotas/<slug:slug>/hand-over/", views.offer, name="hand_over_offer"),
]
