"""Address of the leak screen."""

from django.urls import path

from opsportal.leaks import views

app_name = "leaks"

urlpatterns = [path("settings/leak/", views.leak, name="leak")]
