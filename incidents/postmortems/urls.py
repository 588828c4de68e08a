"""Addresses of the list and of one report."""

from django.urls import path

from incidents.postmortems import dialogs, views

_ONE = "incidents/INC-<int:number>/postmortem/"

urlpatterns = [
    path("postmortems/", views.postmortem_list, name="postmortems"),
    path(_ONE, views.postmortem, name="postmortem"),
    path(_ONE + "begin/", views.begin, name="postmortem_begin"),
    path(_ONE + "save/", views.save, name="postmortem_save"),
    path(_ONE + "lines/", views.line_add, name="postmortem_line_add"),
    path(_ONE + "lines/all/", views.lines_all, name="postmortem_lines_all"),
    path(_ONE + "lines/<int:pk>/remove/", views.line_remove, name="postmortem_line_remove"),
    path(_ONE + "sign/", dialogs.sign, name="postmortem_sign"),
    path(_ONE + "back/", dialogs.back, name="postmortem_back"),
    path(_ONE + "publish/", dialogs.publish, name="postmortem_publish"),
    path(_ONE + "markdown/", views.markdown_file, name="postmortem_markdown"),
    path(_ONE + "print/", views.print_page, name="postmortem_print"),
]
