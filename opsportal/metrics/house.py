"""The figures of the house as Prometheus families. Rooms register theirs with opsportal.health_figures."""

from collections.abc import Iterator

import structlog
from django.db import DatabaseError
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from opsportal import health, health_figures

log = structlog.get_logger("opsportal.metrics")
_PERCENT = "_percent"
UP = "opsportal_database_up"


class House(Collector):
    """Read when somebody asks. A database that does not answer leaves its figures out and says so in one."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        is_up = health.database_state() == "ok"
        yield _plain(UP, "1 while the database answers and has every migration.", float(is_up))
        if not is_up:
            return
        for figure in health_figures.all_figures():
            yield from _family(figure)


def exposition() -> bytes:
    """The figures now, in the text format."""
    registry = CollectorRegistry()
    registry.register(House())
    return bytes(generate_latest(registry))


def _family(figure: health_figures.Figure) -> Iterator[GaugeMetricFamily]:
    """One that cannot be read is left out: the others are still true."""
    try:
        found = figure.values()
    except DatabaseError:
        log.exception("a figure could not be read", figure=figure.name)
        return
    name, share = _named(figure.name)
    family = GaugeMetricFamily(name, figure.words, labels=[figure.label] if figure.label else None)
    for label, value in found.items():
        family.add_metric([label] if figure.label else [], value * share)
    if found:
        yield family


def _plain(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _named(name: str) -> tuple[str, float]:
    """Prometheus counts in shares of one.

    >>> _named("disk_used_percent")
    ('opsportal_disk_used_ratio', 0.01)
    """
    if name.endswith(_PERCENT):
        return f"opsportal_{name.removesuffix(_PERCENT)}_ratio", 0.01
    return f"opsportal_{name}", 1.0
