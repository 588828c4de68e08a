"""Addresses of weekly reviews."""

from django.urls import path

from checks.review import views

urlpatterns = [
    path("review/", views.review_list, name="reviews"),
    path("review/<str:week>/", views.review, name="review"),
    path("review/<str:week>/notes/", views.notes, name="review-notes"),
    path("review/<str:week>/again/", views.again, name="review-again"),
    path("review/<str:week>/sign/", views.sign, name="review-sign"),
    path("review/<str:week>/findings/<int:pk>/", views.answer, name="review-answer"),
    path("review/<str:week>/actions/", views.action_new, name="review-action"),
    path("review/<str:week>/actions/<int:pk>/done/", views.action_done, name="review-done"),
]
