"""Addresses of drills, of one drill, and of scenarios."""

from django.urls import path

from incidents.drills import scenario_views, views

_ONE = "drills/DRILL-<int:number>/"
_SCENARIO = "drills/scenarios/<slug:slug>/"

urlpatterns = [
    path("drills/", views.drill_list, name="drills"),
    path("drills/plan/", scenario_views.plan, name="drill_plan"),
    path("drills/scenarios/new/", scenario_views.new, name="scenario_new"),
    path(_SCENARIO, scenario_views.scenario, name="scenario"),
    path(_SCENARIO + "edit/", scenario_views.edit, name="scenario_edit"),
    path(_SCENARIO + "file/", scenario_views.as_file, name="scenario_file"),
    path(_SCENARIO + "retire/", scenario_views.retire, name="scenario_retire"),
    path(_SCENARIO + "bring-back/", scenario_views.bring_back, name="scenario_bring_back"),
    path(_SCENARIO + "start/", views.start, name="drill_start"),
    path(_ONE, views.drill, name="drill"),
    path(_ONE + "preview/", views.preview, name="drill_preview"),
    path(_ONE + "publish/", views.publish, name="drill_publish"),
    path(_ONE + "mitigate/", views.mitigate, name="drill_mitigate"),
    path(_ONE + "injects/<int:position>/send/", views.send, name="drill_send"),
    path(_ONE + "finish/", views.finish, name="drill_finish"),
    path(_ONE + "stop/", views.stop, name="drill_stop"),
    path(_ONE + "lessons/", views.lessons, name="drill_lessons"),
]
