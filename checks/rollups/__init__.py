"""Rollups: what happened in each minute, hour and day, as counts and a mergeable histogram."""
