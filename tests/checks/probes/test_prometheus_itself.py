"""The Prometheus of its own package, where it is at hand: it scrapes a target of ours, and the probe asks it."""

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.probes import prometheus
from checks.probes.outcome import ErrorClass, Outcome
from checks.probes.prometheus import WEEK_SECONDS
from tests.checks.conftest import run_probe
from tests.checks.probes.counterparts import service

SERVER, TOOL = shutil.which("prometheus"), shutil.which("promtool")
pytestmark = pytest.mark.skipif(not (SERVER and TOOL), reason="no prometheus and promtool of the package here")

_METRICS = b"""
# TYPE shop_requests_total counter
shop_requests_total{code="200"} 1900
shop_requests_total{code="500"} 100
# TYPE shop_backlog gauge
shop_backlog 12
"""
_CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: shop, static_configs: [{{targets: ["{target}"]}}]}}]
"""
SHARE = 'sum(shop_requests_total{code=~"5.."}) / sum(shop_requests_total)'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that has scraped, and remembers four weeks in which the backlog was 10, 20, 30 and 40."""
    folder = tmp_path_factory.mktemp("prometheus")
    _remember(folder)
    with service(lambda asked: (200, _METRICS, {"Content-Type": "text/plain; version=0.0.4"})) as target:
        (folder / "config.yml").write_text(_CONFIG.format(target=target.removeprefix("http://")))
        port = _free_port()
        server = subprocess.Popen(
            [
                str(SERVER),
                f"--config.file={folder}/config.yml",
                f"--storage.tsdb.path={folder}/data",
                "--storage.tsdb.retention.time=60d",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ]
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/v1/query?query=shop_backlog", b"12")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


def _remember(folder: Path) -> None:
    now = int(time.time())
    lines = [f"shop_backlog {week * 10} {now - week * WEEK_SECONDS + at}" for week in (4, 3, 2, 1) for at in (-60, 60)]
    (folder / "past").write_text("\n".join(["# TYPE shop_backlog gauge", *lines, "# EOF\n"]))
    command = [str(TOOL), "tsdb", "create-blocks-from", "openmetrics", f"{folder}/past", f"{folder}/data"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _wait_for(url: str, words: bytes) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if words in answer.read():
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("Prometheus has not scraped within 60 s")


def run(address: str, **spec: Any) -> Outcome | None:
    return run_probe(prometheus.probe, {"url": address, "judge": "bounds", **spec})


@pytest.mark.parametrize(
    ("query", "most", "value", "error"),
    [
        ("shop_backlog", 12, 12.0, None),
        ("shop_backlog", 11, 12.0, ErrorClass.OUT_OF_BOUNDS),
        (SHARE, 0.05, 0.05, None),
        (SHARE, 0.01, 0.05, ErrorClass.OUT_OF_BOUNDS),
        ("scalar(shop_backlog)", 12, 12.0, None),
        ("shop_requests_total", 5000, None, ErrorClass.MANY_SERIES),
        ("shop_nothing", 1, None, ErrorClass.NO_NUMBER),
        ("shop_backlog / 0", 1, None, ErrorClass.NO_NUMBER),
        ("sum(", 1, None, ErrorClass.CONFIG),
    ],
)
def test_a_query_is_judged_by_what_prometheus_knows(
    address: str, query: str, most: float, value: float | None, error: ErrorClass | None
) -> None:
    outcome = run(address, query=query, most=most)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (error, None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("factor", "error"), [(2, None), (0.4, ErrorClass.OUT_OF_BOUNDS)])
def test_a_number_is_held_against_the_same_hour_of_four_weeks(
    address: str, factor: float, error: ErrorClass | None
) -> None:
    """The median of 10, 20, 30 and 40 is 25, and now it is 12."""
    outcome = run(address, query="shop_backlog", judge="baseline", factor=factor)

    assert outcome is not None
    assert (outcome.error, outcome.value) == (error, 12.0)


def test_without_volume_or_a_past_nothing_is_judged(address: str) -> None:
    assert run(address, query=SHARE, most=0.01, volume_query="sum(shop_requests_total)", volume_least=9000) is None
    assert run(address, query=SHARE, judge="baseline", factor=2) is None
