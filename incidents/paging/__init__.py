"""Telling people: how each is reached, whom an alarm calls and when the backup, and why it called or kept silent."""
