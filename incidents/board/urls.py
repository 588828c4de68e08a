"""The address of Now."""

from django.urls import path

from incidents.board import views

urlpatterns = [path("", views.board, name="now")]
