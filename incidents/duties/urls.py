"""Addresses of duties: the list, the calendar as a file, one duty and what is done about it."""

from django.urls import path

from incidents.duties import edit_views, views

_ONE = "duties/<slug:slug>/"

urlpatterns = [
    path("duties/", views.duty_list, name="duties"),
    path("duties/new/", edit_views.new, name="duty_new"),
    path("duties/calendar.ics", views.calendar, name="duty_calendar"),
    path(_ONE, views.duty, name="duty"),
    path(_ONE + "edit/", edit_views.edit, name="duty_edit"),
    path(_ONE + "hold/", views.hold, name="duty_hold"),
    path(_ONE + "waive/", views.waive, name="duty_waive"),
    path(_ONE + "retire/", edit_views.retire, name="duty_retire"),
    path(_ONE + "bring-back/", edit_views.bring_back, name="duty_bring_back"),
]
