"""Benchmarks. Each module here has `run() -> dict[str, float]`: names with their unit at the end, and numbers."""
