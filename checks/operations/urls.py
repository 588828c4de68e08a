"""Addresses of operations and their runs."""

from django.urls import path

from checks.operations import step_views, views

urlpatterns = [
    path("operations/", views.operations, name="operations"),
    path("operations/run/", views.new, name="operation_new"),
    path("operations/step/", step_views.run_step, name="operation_step"),
    path("operations/checks/<slug:key>/", step_views.state_chip, name="state-chip"),
    path("operations/runs/<int:pk>/", views.operation_run, name="operation_run"),
    path("operations/runs/<int:pk>/cancel/", views.cancel, name="operation_cancel"),
    path("operations/<slug:key>/", views.operation, name="operation"),
    path("operations/<slug:key>/plan/", views.plan, name="operation_plan"),
]
