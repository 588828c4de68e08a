"""Rollups: what happened in each minute, hour, day and week, as counts and a mergeable histogram."""
