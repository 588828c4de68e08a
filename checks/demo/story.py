"""Twelve believable weeks as data: what broke, how bad it was, what people wrote and when.

Names are roles and parts, never people. Minutes count from the declaration.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Beat:
    """One thing somebody did: `kind` is note, decide, answer, correct, remove, public, status or tick.

    `to` is a status, the minutes until a look back and what came of it, or why the newest note is corrected.
    """

    minute: int
    kind: str
    text: str = ""
    to: str = ""
    by: str = "responder"


@dataclass(frozen=True)
class Plot:
    """One incident. `days_ago` and `hour` place it; components and their worst status make the public bars."""

    days_ago: int
    hour: int
    title: str
    public_title: str
    severity: str
    domain: str
    summary: str
    beats: tuple[Beat, ...]
    components: tuple[str, ...] = ()
    worst: str = "operational"
    ticks: int = 12
    nature: str = "standard"
    mode: str = "standard"


@dataclass(frozen=True)
class DemoCheck:
    """A check of the demo. Its target is the portal itself, so that it really runs without a network."""

    key: str
    name: str
    path: str
    domain: str
    severity: str
    usual_ms: float
    weak_days: tuple[int, ...] = ()
    is_paused: bool = False
    # What it stands on, by key; that one comes before it in the list.
    parent: str = ""
    # It turned often of late, and is watched for a whole day.
    is_flapping: bool = False


CHECKS = (
    DemoCheck("api-health", "API health", "/api/v1/health", "backend", "SEV-1", 34.0, (61, 33, 12)),
    DemoCheck("sign-in-page", "Sign-in page", "/login/", "backend", "SEV-2", 82.0, (47,)),
    DemoCheck("status-page", "Public status page", "/status/", "devops-sre", "SEV-2", 6.0),
    DemoCheck("status-json", "Public status JSON", "/api/v2/summary.json", "devops-sre", "SEV-3", 4.0),
    DemoCheck("dashboard", "Dashboard shell", "/login/", "frontend", "SEV-2", 96.0, (75, 19)),
    DemoCheck("payment-events", "Payment event intake", "/health/ready", "payments", "SEV-1", 41.0, (54, 26, 5)),
    DemoCheck("ingest-browser", "Ingest of browser events", "/health/live", "backend", "SEV-1", 22.0, (68, 40, 3)),
    DemoCheck("help-centre", "Help centre", "/login/", "support", "SEV-3", 120.0, (58,)),
    # It asks for something that is not there: one check of the demo really fails, and its alert is real.
    DemoCheck("exports-feed", "Exports feed", "/api/v2/exports.json", "backend", "SEV-3", 48.0, (8, 2)),
    # So what stands on it is blocked, and nobody is told three times.
    DemoCheck("exports-csv", "Exports as CSV", "/health/live", "backend", "SEV-3", 31.0, parent="exports-feed"),
    DemoCheck("exports-mail", "Exports by mail", "/health/live", "backend", "SEV-3", 29.0, parent="exports-feed"),
    DemoCheck("partner-relay", "Partner relay", "/health/live", "payments", "SEV-3", 64.0, is_flapping=True),
    DemoCheck("legacy-import", "Legacy import", "/health/live", "support", "SEV-3", 51.0, is_paused=True),
)


def _run(
    found: str, fix: str, *, public: tuple[str, str, str, str] | None, minutes: tuple[int, int, int]
) -> tuple[Beat, ...]:
    """The usual course: looked, found, mended, watched, closed; with four public messages when it was public."""
    identified, monitoring, resolved = minutes
    beats = [
        Beat(1, "tick"),
        Beat(2, "tick"),
        Beat(4, "note", "Looking at error share and p95 by endpoint. Next word in 15 min."),
        Beat(identified, "status", found, to="identified"),
        Beat(identified + 1, "tick"),
        Beat(identified + 3, "note", fix),
        Beat(monitoring, "status", "Error share is back to its usual level. Watching.", to="monitoring"),
        Beat(resolved, "status", "No new errors for the whole watch time.", to="resolved"),
    ]
    if public:
        at = (7, identified + 4, monitoring + 2, resolved - 1)
        states = ("investigating", "identified", "monitoring", "resolved")
        beats += [
            Beat(minute, "public", text, to=state, by="publisher")
            for minute, state, text in zip(at, states, public, strict=True)
        ]
    return tuple(sorted(beats, key=lambda beat: beat.minute))


def _words(effect: str, cause: str) -> tuple[str, str, str, str]:
    return (
        f"{effect} We are looking into it and write again within 30 minutes.",
        f"{effect} {cause} We are mending it and write again within 30 minutes.",
        "The mending is in place and the service answers as usual. We keep watching.",
        "The service has answered as usual for the whole watch time. Nothing was lost.",
    )


PLOTS = (
    Plot(
        80, 9, "Ingest answers 503 for one request in five", "Events are taken in slowly", "SEV-2", "backend",
        "5xx share of ingest at 21 %, usual 0.2 %.",
        _run("One of four ingest nodes ran out of file handles.", "Node taken out and restarted with a higher limit.",
             public=_words("Some events are taken in late.", "One of four nodes was short of resources."),
             minutes=(14, 31, 62)),
        ("Ingest",), "degraded_performance",
    ),
    Plot(
        75, 14, "Dashboard charts load for ever", "Charts load slowly", "SEV-3", "frontend",
        "Chart requests take 9 s at p95.",
        _run("A new chart asks for a year where a week was meant.", "Flag switched off.", public=None,
             minutes=(20, 35, 50)),
    ),
    Plot(
        68, 2, "Ingest outage after certificate change", "Events cannot be taken in", "SEV-1", "backend",
        "All ingest requests fail since the change of certificates.",
        _run("The new certificate misses the intermediate.", "Old certificate put back, then the full chain.",
             public=_words("Events cannot be taken in.", "A certificate was not complete."), minutes=(9, 19, 55)),
        ("Ingest", "API"), "major_outage", ticks=14,
    ),
    Plot(
        61, 11, "API p95 above two seconds", "Slow answers of the API", "SEV-2", "backend",
        "p95 at 2.4 s, target 0.4 s; requests as usual.",
        _run("A query lost its index in yesterday's migration.", "Index built again, concurrently.",
             public=_words("Requests to the API are slow.", "One database query became slow."), minutes=(18, 44, 80)),
        ("API",), "degraded_performance",
    ),
    Plot(
        58, 16, "Help centre shows old articles", "Old articles in the help centre", "SEV-3", "support",
        "Articles are two days old.", _run("The cache was never cleared.", "Cache cleared, job mended.", public=None,
                                           minutes=(30, 41, 60)),
    ),
    Plot(
        54, 20, "Payment events arrive twelve minutes late", "Payment messages arrive late", "SEV-2", "payments",
        "Backlog at 31,000, usually below 300.",
        _run("The provider answers slowly and our workers wait.", "Time limit lowered, workers doubled.",
             public=_words("Payment messages arrive up to 12 minutes late.", "A provider answers slowly."),
             minutes=(16, 48, 95)),
        ("Notifications",), "degraded_performance",
    ),
    Plot(
        47, 7, "Sign-in fails for one person in ten", "Sign-in fails for some", "SEV-2", "backend",
        "Sign-in success at 89 %, usual 98.9 %.",
        _run("One node has a clock that is 90 s ahead.", "Node taken out, clock service restarted.",
             public=_words("Some people cannot sign in.", "One of our machines had a wrong clock."),
             minutes=(22, 30, 66)),
        ("API", "Dashboard"), "partial_outage",
    ),
    Plot(
        40, 3, "Ingest surge, writes throttled", "Events are taken in slowly", "SEV-2", "backend",
        "Requests at four times the usual.",
        _run("One sender repeats every batch without a pause.", "Batch limit lowered for an hour, sender told.",
             public=_words("Some events are taken in late.", "One sender sends far more than usual."),
             minutes=(12, 40, 90)),
        ("Ingest",), "degraded_performance",
    ),
    Plot(
        33, 13, "API down in one region", "The API cannot be reached from some places", "SEV-1", "devops-sre",
        "No answer from one of three regions.",
        _run("The provider's network is down in that region.", "Traffic moved to the other two.",
             public=_words("The API cannot be reached from some places.", "A network provider has an outage."),
             minutes=(8, 21, 120)),
        ("API",), "partial_outage", ticks=14,
    ),
    Plot(
        26, 22, "Payment event signatures refused", "Payment messages are held back", "SEV-2", "payments",
        "22.8 % of 1,196 events refused, ceiling 2 %.",
        _run("The signing key was turned and one worker kept the old.", "Worker restarted, events sent again.",
             public=_words("Some payment messages are held back.", "A key was changed and not yet known everywhere."),
             minutes=(25, 37, 70)),
        ("Notifications",), "partial_outage",
    ),
    Plot(
        19, 10, "Dashboard blank after release", "The dashboard stays blank", "SEV-1", "frontend",
        "Blank page for everybody since the release.",
        _run("The release misses one file of the bundle.", "Release rolled back.",
             public=_words("The dashboard stays blank.", "A release was not complete."), minutes=(5, 9, 40)),
        ("Dashboard",), "major_outage", ticks=14,
    ),
    Plot(
        12, 5, "Readiness flaps on the API", "Short interruptions of the API", "SEV-3", "backend",
        "Ready and not ready by turns, every 40 s.",
        _run("The pool is one connection short at the minute.", "Pool enlarged.", public=None, minutes=(15, 24, 55)),
    ),
    Plot(
        8, 17, "Exports feed empty", "Exports come late", "SEV-3", "backend", "0 of 48,210 rows exported.",
        _run("The job waits for a lock of last night's migration.", "Lock released, job run again.", public=None,
             minutes=(40, 55, 80)),
    ),
    Plot(
        5, 1, "Payment intake times out", "Payments are slow", "SEV-2", "payments", "p95 at 8 s, one in six times out.",
        _run("A slow query blocks the intake table.", "Query ended, index added.",
             public=_words("Payments are slow and some need a second try.", "One database query blocked others."),
             minutes=(11, 29, 58)),
        ("API",), "degraded_performance",
    ),
    Plot(
        3, 4, "Geo enrichment backlog", "Places are added late", "SEV-3", "backend",
        "Backlog at 120,000, drains slowly.",
        _run("The file of places was read from a slow disk.", "File moved.",
             public=_words("Places are added to events with delay.", "A disk was slow."), minutes=(19, 33, 110)),
        ("Geo enrichment",), "degraded_performance",
    ),
)  # fmt: skip

# Declared a second time by somebody who did not know, and merged into the first open one some minutes later.
TWICE_AGE, TWICE_FOR = timedelta(minutes=29), timedelta(minutes=4)
TWICE = Plot(
    0, 0, "Checkout answers 502 to EU cards", "", "SEV-2", "payments", "One checkout in four ends with a 502.",
    (Beat(2, "note", "Only cards, only the EU. Bank transfers work."),),
)  # fmt: skip
TWICE_REASON = "The 502 is provider A's answer: the same trouble, seen from the checkout."
# What the first open one is related to, by its title.
RELATED = "Payment intake times out"
# Everything of it is done, and somebody only has to close it.
WAITING = "Geo enrichment backlog"

# What viewers do not see, and what counts in no figure; both are over when the demo begins.
APART_AGES = (timedelta(minutes=24), timedelta(minutes=11))
APART = (
    Plot(
        0, 0, "A key of the mail provider stands in a build log", "", "SEV-3", "devops-sre",
        "One key, readable by everybody who may read builds, since this morning's run.",
        (
            Beat(2, "note", "The log is closed. Nobody but the pipeline used the key, says the provider."),
            Beat(4, "decide", "Turn the key now. Mails wait for ten minutes, which nobody notices.", to="6"),
            Beat(6, "status", "A step of the build prints its whole environment.", to="identified"),
            Beat(10, "answer", "Mails leave with the new key, the old one is refused.", to="worked"),
            Beat(14, "status", "The key is turned and the step prints nothing any more.", to="resolved"),
        ),
        nature="security",
    ),
    Plot(
        0, 0, "Rehearsal: is the backup reached by mail and chat?", "", "SEV-2", "support",
        "Nothing is broken. The weekly look whether messages arrive.",
        (
            Beat(3, "note", "Chat after four seconds, mail after nine."),
            Beat(5, "status", "Both arrived, and the backup has answered.", to="resolved"),
        ),
        ticks=0, mode="test",
    ),
)  # fmt: skip

# Still open when the demo begins; ages in minutes before now.
OPEN_AGES = (timedelta(minutes=41), timedelta(hours=3, minutes=5))
OPEN = (
    Plot(
        0, 0, "EU card payments failing at checkout", "Some card payments fail", "SEV-1", "payments",
        "71.4 % of 1,310 payments captured, floor 97 %.",
        (
            Beat(1, "tick"),
            Beat(2, "tick"),
            Beat(3, "note", "Capture share fell from 98 to 71 % within six minutes. Looking at the providers."),
            Beat(5, "note", "A buyer from Graz writes that the order of the two lamps failed three times."),
            Beat(6, "public", "Some card payments in the EU fail. We are looking into it and write again within "
                              "30 minutes.", to="investigating", by="publisher"),
            Beat(8, "remove", "Says more about one buyer than we need to know.", by="publisher"),
            Beat(12, "status", "Provider A answers one call in four with an error.", to="identified"),
            Beat(14, "tick"),
            Beat(16, "public", "Some card payments in the EU fail. We have found the cause with one payment provider "
                               "and move traffic away from it.", to="identified", by="publisher"),
            Beat(24, "decide", "Move the rest of the EU cards to provider B in two steps, if 30 % hold.", to="35"),
            Beat(27, "note", "Capture moved to provider B for 30 % of EU cards. Error share falling from 26 to 32 %. "
                             "Moving the rest in two steps if it holds for ten minutes."),
            Beat(31, "correct", "Capture moved to provider B for 30 % of EU cards. Error share falling from 26 to "
                                "23 %. Moving the rest in two steps if it holds for ten minutes.", to="Swapped"),
            Beat(33, "tick"),
        ),
        ("API", "Notifications"), "partial_outage",
    ),
    Plot(
        0, 0, "Notifications up to 12 minutes late", "Notifications arrive late", "SEV-3", "backend",
        "p95 of delivery at 3 min 40 s, target 2 min.",
        (
            Beat(1, "tick"),
            Beat(8, "note", "Backlog grows since the release at noon. Rolled it back."),
            Beat(20, "status", "A release doubled the size of each message.", to="identified"),
            Beat(95, "status", "Backlog drained to 4,100. Watching for one hour.", to="monitoring"),
        ),
        ("Notifications",), "degraded_performance",
    ),
)  # fmt: skip
