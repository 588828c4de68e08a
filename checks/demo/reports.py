"""What the demo's incidents taught: reports and what they left to do, in roles' words. Days count from the end."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoFollowUp:
    """One promise. `done` and `verified` are days after the end; `retest` and `due` too."""

    title: str
    type: str
    owner: str
    due: int
    done: int | None = None
    proof: str = ""
    retest: int | None = None
    verified: int | None = None
    dropped: str = ""


@dataclass(frozen=True)
class DemoReport:
    """One report by the title of its incident. Empty texts stay as drafted; `state` is where it ends."""

    prevention: str = ""
    summary: str = ""
    root_cause: str = ""
    mitigation: str = ""
    went_well: str = ""
    went_lucky: str = ""
    went_badly: str = ""
    memory: tuple[int, str] | None = None
    public: str = ""
    state: str = "reviewed"
    follow_ups: tuple[DemoFollowUp, ...] = ()


REPORTS = {
    "Ingest answers 503 for one request in five": DemoReport(
        prevention="The limit of file handles stands in the node's image, and a check warns at 80 % of it.",
        follow_ups=(
            DemoFollowUp(
                "Warn at 80 % of file handles on each ingest node",
                "detective",
                "@sre-oncall",
                10,
                8,
                "/checks/ingest-browser/",
                40,
                42,
            ),
        ),
    ),
    "Ingest outage after certificate change": DemoReport(
        summary="No events were taken in for 19 minutes; senders that repeat lost nothing, about 4 % do not. "
        "API requests from new connections failed as well.",
        root_cause="The certificate was put in place without its intermediate. The check of certificates looked at "
        "the expiry date alone, and the test before the change ran on a machine that had the intermediate from before.",
        mitigation="1. The old certificate was put back after nine minutes.\n2. The full chain was built and tried "
        "from outside.\n3. It was put in place on one node, then on all.",
        prevention="A change of certificates is tried from a machine that trusts nothing but the public roots. The "
        "check follows the whole chain.",
        went_well="The old certificate was still at hand, and everybody knew where.",
        went_lucky="It happened at two in the morning, when requests are at a fifth of the day's.",
        went_badly="The certificate contact could not be reached for eleven minutes.",
        memory=(5, "The certificate contact was phoned, no answer"),
        follow_ups=(
            DemoFollowUp(
                "The check follows the whole chain, not the expiry date alone",
                "detective",
                "@sre-lead",
                7,
                6,
                "/checks/ingest-browser/",
                36,
                38,
            ),
            DemoFollowUp(
                "Try each certificate from a machine without our own roots",
                "preventative",
                "@be-lead",
                14,
                13,
                "/checks/status-page/",
                90,
            ),
            DemoFollowUp("Second contact for the certificate account", "corrective", "@sre-lead", 10, 9, "/ownership/"),
        ),
    ),
    "API p95 above two seconds": DemoReport(
        prevention="A migration that drops an index says which query it served; the benchmark runs after it.",
    ),
    "Payment events arrive twelve minutes late": DemoReport(
        prevention="Every call to a provider has a time limit below the interval of the queue.",
        follow_ups=(
            DemoFollowUp(
                "Time limits of all provider calls in one table",
                "preventative",
                "@payments-lead",
                14,
                12,
                "/checks/payment-events/",
                75,
            ),
        ),
    ),
    "Sign-in fails for one person in ten": DemoReport(
        prevention="A node whose clock is off by more than five seconds takes itself out.",
        follow_ups=(
            DemoFollowUp(
                "Warn when a node's clock is off by five seconds",
                "detective",
                "@sre-oncall",
                14,
                dropped="The platform does it since its last release.",
            ),
        ),
    ),
    "Ingest surge, writes throttled": DemoReport(
        prevention="Limits per sender, so that one cannot take the place of all.",
        follow_ups=(DemoFollowUp("Limits per sender at the edge", "preventative", "@be-lead", 54),),
    ),
    "API down in one region": DemoReport(
        summary="One request in three failed for 21 minutes, those from one region all of them. Requests that were "
        "sent again reached another region after a minute on average.",
        root_cause="The provider's network was down in that region. Our names pointed there for ten more minutes, "
        "because the health check that moves them asks from inside the same region.",
        mitigation="1. Traffic was moved to the other two regions by hand.\n2. Their limits were raised by half.\n3. "
        "It was moved back over two hours, once the provider said that it was over.",
        prevention="Health of a region is asked from the other two. Moving traffic is rehearsed each month.",
        went_well="The two other regions carried everything without more errors.",
        went_badly="The runbook for moving traffic named a tool that is gone since spring.",
        follow_ups=(
            DemoFollowUp(
                "Ask for a region's health from the other regions",
                "detective",
                "@sre-lead",
                21,
                18,
                "/checks/api-health/",
                45,
            ),
            DemoFollowUp("Write the runbook for moving traffic anew", "corrective", "@sre-oncall", 7, 5, "/ownership/"),
        ),
    ),
    "Payment event signatures refused": DemoReport(
        prevention="Workers read a new signing key without a restart, and the old one counts for another hour.",
        follow_ups=(
            DemoFollowUp("Workers take a new signing key without a restart", "preventative", "@payments-lead", 20),
            DemoFollowUp(
                "Alarm when more than 2 % of signatures are refused",
                "detective",
                "@payments-oncall",
                10,
                9,
                "/checks/payment-events/",
                40,
            ),
        ),
    ),
    "Dashboard blank after release": DemoReport(
        summary="The dashboard stayed blank for everybody for nine minutes on a working day. Nothing was lost; about a "
        "third of those who had it open came back within the hour.",
        root_cause="The release lacked one file of the bundle: its name had changed between building and packing. The "
        "check after a release asked for the page, which answers even when its script is missing.",
        mitigation="1. The release was rolled back.\n2. The bundle was built again and compared with its list.",
        prevention="Packing compares the files with the list that the build wrote, and fails when one is missing. The "
        "check after a release looks for a word that only the script writes.",
        went_well="Rolling back took two minutes, as it says in the runbook.",
        went_lucky="The person who released looked at the dashboard at once.",
        went_badly="The check stayed green the whole time.",
        memory=(-3, "The release was started from the pipeline"),
        public="On that day the dashboard stayed blank for nine minutes because a release was not complete. We took it "
        "back at once. Releases now compare their files before they go out, and we check what people see, not only "
        "that a page answers.",
        state="published",
        follow_ups=(
            DemoFollowUp(
                "Packing fails when a file of the list is missing",
                "preventative",
                "@fe-lead",
                7,
                4,
                "/checks/dashboard/",
                34,
            ),
            DemoFollowUp(
                "Check the dashboard for a word that only its script writes",
                "detective",
                "@fe-oncall",
                17,
            ),
        ),
    ),
    "Payment intake times out": DemoReport(
        went_badly="The slow query was known from the week before.",
        state="draft",
        follow_ups=(
            DemoFollowUp("End queries of the intake after five seconds", "preventative", "@payments-lead", 14),
        ),
    ),
}
