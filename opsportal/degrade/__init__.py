"""Degrade mode: smaller requests for a while, when more comes in than the house can take."""
