"""The privacy guard: how long a kilobyte of on-call text takes, and the worst hostile text; time of the processor."""

import os
import random
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")

SHAPES = (
    *("a", "a.", "a@b.b.b.", "-", "eyJ", "https://", "password ", "key=", "curl -u ", "user ", "0", "%41", " ?token="),
    *("//a:b@", "\n", "token is "),
)
REQUEST_ID = "6f1b2c3d-1111-4222-8333-abcdefabcdef"
TRACE = (
    "Traceback (most recent call last):\n" + '  File "/srv/opsportal/views.py", line 12, in room\n' * 20 + "OSError: no"
)


def run() -> dict[str, float]:
    """Milliseconds a log line and a kilobyte, seconds for the worst of 16 shapes of 64 KB, recall and false alarms."""
    import django

    django.setup()
    from opsportal import logs
    from opsportal.privacy import guard, scanning
    from tests.opsportal.privacy import corpus

    lines = [line.text for seed in range(500, 504) for line in (*corpus.negatives(seed), *corpus.positives(seed))]
    random.Random(1).shuffle(lines)
    text = "\n".join(lines)
    spent = sorted(_ms(scanning.look, text[place : place + 1024]) for place in range(0, len(text) - 1024, 1024))
    hostile = [
        _ms(scanning.look, (shape * scanning.MAX_CHARACTERS)[: scanning.MAX_CHARACTERS]) / 1000 for shape in SHAPES
    ]
    secrets = [line for line in corpus.positives(505) if line.kind in corpus.MUST_BLOCK]
    people = [line for line in corpus.positives(505) if line.kind in corpus.MUST_WARN]
    harmless = list(corpus.negatives(505))
    line = {"event": "answered", "method": "GET", "path": "/incidents/12/", "status": 500, "request_id": REQUEST_ID}
    trace = {"event": "Internal Server Error: /incidents/12/", "request_id": REQUEST_ID, "exception": TRACE}
    logged = [
        sorted(_ms(lambda one: logs.redact(None, "", dict(one)), event) for _ in range(200)) for event in (line, trace)
    ]
    return {
        "log_line_p50_ms": logged[0][100],
        "log_line_p95_ms": logged[0][190],
        "log_traceback_p50_ms": logged[1][100],
        "p50_ms_per_kb": spent[len(spent) // 2],
        "p95_ms_per_kb": spent[int(len(spent) * 0.95)],
        "worst_hostile_64kb_s": max(hostile),
        "block_recall_percent": 100 * sum(guard.judge(line.text).word == "block" for line in secrets) / len(secrets),
        "people_recall_percent": 100 * sum(guard.judge(line.text).word != "pass" for line in people) / len(people),
        "false_alarms_percent": 100 * sum(guard.judge(line.text).word != "pass" for line in harmless) / len(harmless),
    }


def _ms(look: Callable[[Any], object], given: object) -> float:
    started = time.thread_time()
    look(given)
    return 1000 * (time.thread_time() - started)
