"""Addresses of objectives."""

from django.urls import path

from checks.slo import marks_views, views

urlpatterns = [
    path("slo/", views.objective_list, name="slo"),
    path("slo/new/", views.objective_new, name="objective-new"),
    path("slo/as-code/", views.as_code, name="slo-as-code"),
    path("slo/as-code/export/", views.export, name="slo-export"),
    path("slo/marks/", marks_views.marks, name="domain_marks"),
    path("slo/<slug:objective>/", views.objective, name="objective"),
    path("slo/<slug:objective>/edit/", views.objective_edit, name="objective-edit"),
    path("slo/<slug:objective>/archive/", views.objective_archive, name="objective-archive"),
    path("slo/<slug:objective>/restore/", views.objective_restore, name="objective-restore"),
]
