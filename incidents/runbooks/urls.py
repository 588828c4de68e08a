"""Addresses of the list, of one runbook, of its versions, and of files."""

from django.urls import path

from incidents.runbooks import edit_views, file_views, following_views, marks_views, views

_ONE = "runbooks/<slug:slug>/"

urlpatterns = [
    path("runbooks/", views.runbook_list, name="runbooks"),
    path("runbooks/new/", edit_views.new, name="runbook_new"),
    path("runbooks/import/", file_views.import_runbooks, name="runbook_import"),
    path("runbooks/export.zip", file_views.everything, name="runbook_export"),
    path("runbooks/marks/", marks_views.marks, name="runbook_marks"),
    path(_ONE, views.runbook, name="runbook"),
    path(_ONE + "edit/", edit_views.edit, name="runbook_edit"),
    path(_ONE + "verify/", views.verify, name="runbook_verify"),
    path(_ONE + "use/", views.use, name="runbook_use"),
    path(_ONE + "uses/", views.uses, name="runbook_uses"),
    path(_ONE + "follow/", following_views.follow, name="runbook_follow"),
    path(_ONE + "uses/<int:pk>/", following_views.following, name="runbook_following"),
    path(_ONE + "uses/<int:pk>/steps/<int:number>/", following_views.step, name="runbook_step"),
    path(_ONE + "uses/<int:pk>/end/", following_views.end, name="runbook_end"),
    path(_ONE + "shipped/", views.shipped, name="runbook_shipped"),
    path(_ONE + "retire/", views.retire, name="runbook_retire"),
    path(_ONE + "bring-back/", views.bring_back, name="runbook_bring_back"),
    path(_ONE + "history/", edit_views.history, name="runbook_history"),
    path(_ONE + "history/<int:number>/", edit_views.version, name="runbook_version"),
    path(_ONE + "markdown/", file_views.markdown, name="runbook_markdown"),
    path(_ONE + "print/", views.print_page, name="runbook_print"),
]
