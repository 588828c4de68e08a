"""Addresses of the list, the form and what is done to a check."""

from django.urls import path

from checks.catalogue import code_views, list_views, views

urlpatterns = [
    path("checks/", list_views.check_list, name="list"),
    path("checks/table/", list_views.check_table, name="table"),
    path("checks/new/", views.check_new, name="new"),
    path("checks/new/try/", views.check_new_try, name="new-try"),
    path("checks/as-code/", code_views.as_code, name="as-code"),
    path("checks/as-code/export/", code_views.export, name="export"),
    path("checks/health/", views.check_health, name="health"),
    path("checks/domain/<slug:slug>/", views.check_domain, name="domain"),
    path("checks/<slug:key>/edit/", views.check_edit, name="edit"),
    path("checks/<slug:key>/edit/try/", views.check_edit_try, name="edit-try"),
    path("checks/<slug:key>/run/", views.check_run, name="run"),
    path("checks/<slug:key>/pause/", views.check_pause, name="pause"),
    path("checks/<slug:key>/resume/", views.check_resume, name="resume"),
    path("checks/<slug:key>/archive/", views.check_archive, name="archive"),
    path("checks/<slug:key>/take-back/", views.check_take_back, name="take-back"),
    path("checks/<slug:key>/remove/", views.check_remove, name="remove"),
]
