"""Addresses of the calendar, its rotas and the handles."""

from django.urls import path

from incidents.oncall import feed_views, ownership_files, rota_views, views

urlpatterns = [
    path("oncall/", views.week, name="oncall"),
    path("oncall/now/", views.on_call_now, name="oncall_now"),
    path("oncall/domains/<slug:slug>/", views.on_call_domain, name="oncall_domain"),
    path("oncall/marks/", views.marks, name="oncall_marks"),
    path("oncall/take/", views.take, name="oncall_take"),
    path("oncall/calendars/", feed_views.calendars, name="oncall_calendars"),
    path("oncall/calendar/<str:token>.ics", feed_views.calendar, name="oncall_calendar"),
    path("oncall/handles/", rota_views.handle_list, name="oncall_handles"),
    path("oncall/handles/<str:handle>/", rota_views.holder, name="oncall_holder"),
    path("ownership/ownership.csv", ownership_files.as_csv, name="ownership_csv"),
    path("ownership/ownership.yaml", ownership_files.as_yaml, name="ownership_yaml"),
    path("ownership/import/", ownership_files.import_yaml, name="ownership_import"),
    path("oncall/rotas/new/", rota_views.rota_new, name="oncall_rota_new"),
    path("oncall/rotas/<slug:slug>/", rota_views.rota, name="oncall_rota"),
    path("oncall/rotas/<slug:slug>/end/", rota_views.rota_end, name="oncall_rota_end"),
    path("oncall/rotas/<slug:slug>/stand-in/", views.stand_in, name="oncall_stand_in"),
    path("oncall/overrides/<int:pk>/end/", views.call_off, name="oncall_call_off"),
]
