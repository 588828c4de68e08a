"""The processes of bench/outbox.py: one that receives and counts, one that sends."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opsportal.settings")
os.environ["PROBE_ALLOWED_INTERNAL"] = "127.0.0.0/8"
ROOT = Path(__file__).resolve().parent.parent
TIGHT, TIGHT_MESSAGES = 60, 300


def receive(count: int) -> dict[str, float]:
    """Queue the storm, have it sent straight and by the outbox, say how it arrived."""
    from tests.opsportal.outbox import sinks

    with sinks.crowd() as crowd:
        os.environ["EMAIL_URL"] = f"smtp://127.0.0.1:{crowd.mail.port}"
        _set_up()
        from django.utils import timezone

        from opsportal.outbox.models import Delivery, Route
        from tests.opsportal.outbox import storm

        due = storm.queue(count, storm.receivers(crowd, at=timezone.now()), at=timezone.now())
        Route.objects.update(per_minute=100_000)
        straight = _child("straight")
        for heard in (crowd.came, crowd.mail.mails, crowd.mail.arrived):
            heard.clear()
        _tight(crowd.url)
        began = int(time.time() // 60)
        sent = _child("send")
        minutes = 1 + int(time.time() // 60) - began
        arrivals = [one for one in crowd.arrivals() if one.place != "tight"]
        tight = [one for one in crowd.arrivals() if one.place == "tight"]
        waiting = Delivery.objects.waiting().count()
    return {
        "messages": count,
        "straight_per_s": count / straight["seconds"],
        "outbox_per_s": count / sent["seconds"],
        "ratio": straight["seconds"] / sent["seconds"],
        "drained_in_s": sent["seconds"],
        "lost": len(set(due) - {one.key for one in arrivals}),
        "doubled": storm.doubled(arrivals),
        "smallest_share": storm.smallest_share(arrivals, due),
        "machines_before_written": storm.written_ahead(arrivals, due),
        "more_megabytes": sent["megabytes"],
        "tight_came": len(tight),
        "tight_allowed": TIGHT * 4 // 5 * minutes,
        "tight_lost": TIGHT_MESSAGES - len(tight) - waiting,
    }


def send() -> dict[str, float]:
    """What a worker does until nothing but the tight one's messages waits."""
    _set_up()
    from opsportal.outbox import actions
    from opsportal.outbox.models import Delivery

    rest, before, began = Delivery.objects.waiting().exclude(destination="tight"), _megabytes(), time.perf_counter()
    while rest.exists():
        actions.deliver_due()
    return {"seconds": time.perf_counter() - began, "megabytes": _megabytes() - before}


def straight() -> dict[str, float]:
    """The same messages by the same channels with as many hands, and nothing written down."""
    _set_up()
    from opsportal.outbox import channels, letter, sending
    from opsportal.outbox.models import Delivery

    letters = [letter.write(one) for one in Delivery.objects.select_related("to").order_by("pk")]
    began = time.perf_counter()
    with ThreadPoolExecutor(sending.AT_ONCE) as pool:
        failed = [answer.error for answer in pool.map(channels.send, letters) if answer.error]
    assert not failed, failed[:3]
    return {"seconds": time.perf_counter() - began}


def _tight(url: str) -> None:
    from django.utils import timezone

    from opsportal.outbox import actions, destinations
    from opsportal.outbox.models import Route

    at = timezone.now()
    to, _ = destinations.add(name="tight", channel="webhook", address=f"{url}tight", token="", by="storm", at=at)
    for number in range(TIGHT_MESSAGES):
        actions.enqueue(
            key=f"tight:{number}", channel="webhook", destination="tight", to=to, subject="s", body="b", at=at
        )
    Route.objects.filter(name=to.route_name).update(per_minute=TIGHT)


def _child(what: str) -> dict[str, float]:
    argv = [sys.executable, "-m", "bench._outbox", what]
    answer = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: dict[str, float] = json.loads(answer.splitlines()[-1])
    return found


def _set_up() -> None:
    import django

    django.setup()


def _megabytes() -> float:
    """The most this process ever held (getrusage would count its parent's)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["receive", count]:
            print(json.dumps(receive(int(count))))
        case ["send"]:
            print(json.dumps(send()))
        case _:
            print(json.dumps(straight()))
