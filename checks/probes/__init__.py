"""Probes: configuration in, one Outcome out. No Django, nothing stored, no text of an exception or an answer."""
