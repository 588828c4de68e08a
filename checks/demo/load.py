"""Play the story through the house's own actions, with the clock set back: what people see is what the actions made."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from checks.catalogue.models import Check, State
from checks.demo import (
    buckets,
    calls,
    changes,
    drills,
    impacts,
    jobs,
    objectives,
    operations,
    parts,
    readers,
    reviews,
    rotas,
    runbooks,
    sheets,
    works,
)
from checks.demo.reports import REPORTS, DemoFollowUp, DemoReport
from checks.demo.story import (
    APART,
    APART_AGES,
    CHECKS,
    OPEN,
    OPEN_AGES,
    PLOTS,
    RELATED,
    TWICE,
    TWICE_AGE,
    TWICE_FOR,
    TWICE_REASON,
    WAITING,
    Beat,
    DemoCheck,
    Plot,
)
from incidents.alerts import mutes
from incidents.follow_ups import actions as follow_ups
from incidents.models import (
    ChecklistStep,
    Component,
    ComponentInterval,
    Contact,
    Domain,
    Incident,
    IncidentLink,
    Page,
    Postmortem,
    Reaction,
    TimelineEvent,
)
from incidents.postmortems import actions as postmortems
from incidents.response import actions as response
from incidents.response import checklist, closing, corrections, decisions, duties, impact, linking, redactions
from incidents.statuspage import actions as statuspage
from incidents.statuspage import day_records
from opsportal.models import User
from opsportal.roles import Role

_HISTORY = timedelta(days=90)
_CHANNELS = {
    "devops-sre": ("#ops-alerts", "Gateway, DNS, backups"),
    "backend": ("#team-backend", "API, ingest, search, exports"),
    "frontend": ("#team-frontend", "Web shop, status page look"),
    "payments": ("#team-payments", "Checkout, providers, webhooks"),
    "support": ("#team-support", "Tickets, status page words"),
}
_CONTACTS = {
    "primary-on-call": "@sre-oncall",
    "secondary-on-call": "@be-oncall",
    "status-page-admin": "@support-manager",
    "security-contact": "@sre-lead",
}


@dataclass(frozen=True)
class Loaded:
    """What the demo holds now."""

    incidents: int
    checks: int


def is_loaded() -> bool:
    """True once the demo's checks exist."""
    return Check.objects.filter(key=CHECKS[0].key).exists()


def load(*, at: datetime) -> Loaded:
    """Everything or nothing. News of the past wakes nobody: what the actions queued for after the commit is dropped."""
    with transaction.atomic():
        cast = {role.value: User.objects.add(role.value, role) for role in Role}
        _set_back_page(at)
        _fill_ownership()
        rotas.load(cast, at)
        parts.make(cast["publisher"], at - _HISTORY)
        checks = [_check(story, at) for story in CHECKS]
        parts.link()
        practice = list(drills.DRILLS)
        for plot, start in _in_order(at):
            while practice and practice[0].begins(at) < start:
                drills.play(practice.pop(0), cast, at)
            _play(plot, start, cast, until=at)
        _belong_together(cast["responder"], at)
        parts.correct(cast["publisher"])
        changes.load(cast, at)
        works.plan(cast["publisher"], at)
        runbooks.play(cast, at)
        runbooks.follow(cast["responder"], at)
        readers.load(at)
        calls.load(cast, at)
        operations.load(cast["responder"], at=at)
        mutes.mute(
            dedup_key="check:help-centre", until=at + timedelta(hours=12), by=cast["responder"], at=at,
            reason="The help centre moves to its new host today.",
        )  # fmt: skip
        Reaction.objects.filter(done_at=None).update(done_at=at)
        checks += jobs.load(at)
        _buckets([*checks, *Check.objects.filter(is_own=True)], at)
        objectives.promise(cast["admin"], at)
        sheets.sign(cast["responder"], at)
        drills.hold_duties(cast["responder"], at)
        reviews.hold(cast, at)
        day_records.write(at)
        connection.run_on_commit.clear()
    statuspage.rebuild(at)
    return Loaded(incidents=Incident.objects.count(), checks=Check.objects.count())


def _in_order(at: datetime) -> list[tuple[Plot, datetime]]:
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    past = [(plot, midnight - timedelta(days=plot.days_ago) + timedelta(hours=plot.hour)) for plot in PLOTS]
    now = [(plot, at - age) for plot, age in zip(OPEN, OPEN_AGES, strict=True)]
    now += [(plot, at - age) for plot, age in zip(APART, APART_AGES, strict=True)]
    return sorted([*past, *now, (TWICE, at - TWICE_AGE)], key=lambda one: one[1])


def _set_back_page(at: datetime) -> None:
    Page.objects.update(name="Harbour")
    Component.objects.update(created_at=at - _HISTORY, updated_at=at - _HISTORY, start_date=(at - _HISTORY).date())
    ComponentInterval.objects.update(started_at=at - _HISTORY)


def _fill_ownership() -> None:
    for slug, (channel, services) in _CHANNELS.items():
        Domain.objects.filter(slug=slug).update(contact=channel, services=services)
    for slug, handle in _CONTACTS.items():
        Contact.objects.filter(slug=slug).update(handle=handle)


def _check(story: DemoCheck, at: datetime) -> Check:
    check = Check(
        key=story.key,
        name=story.name,
        kind="http",
        spec={"url": f"portal:{story.path}"},
        domain=Domain.objects.get(slug=story.domain),
        parent=Check.objects.get(key=story.parent) if story.parent else None,
        severity=story.severity,
        state=State.PAUSED if story.is_paused else State.HEALTHY,
        state_since=at - timedelta(days=2),
        every_seconds=60,
        next_due=at,
        created_at=at - _HISTORY,
    )
    if story.is_flapping:
        turns = [at - timedelta(minutes=ago) for ago in (34, 27, 21, 16, 9, 4)]
        check.state, check.beneath, check.state_since = State.FLAPPING, State.HEALTHY, turns[-1]
        check.turns, check.flap_minutes = [one.timestamp() for one in turns], 1440
    check.save()
    return check


def _buckets(checks: list[Check], at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT checks_make_partitions(%s, %s)", [at - _HISTORY, at + timedelta(days=7)])
    buckets.write(checks, at=at)


def _play(plot: Plot, start: datetime, cast: dict[str, User], *, until: datetime) -> None:
    """One incident from its declaration to where its story stands at `until`."""
    incident = response.declare(
        title=plot.title,
        summary=plot.summary,
        severity=plot.severity,
        domain=Domain.objects.get(slug=plot.domain),
        nature=plot.nature,
        mode=plot.mode,
        by=cast["responder"],
        at=start,
    )
    response.acknowledge(incident, by=cast["responder"], at=start + timedelta(seconds=40))
    impacts.write(incident, by=cast["responder"], at=start + timedelta(seconds=50))
    for beat in plot.beats:
        moment = start + timedelta(minutes=beat.minute)
        if moment < until:
            _do(beat, plot, incident, cast[beat.by], moment)
    incident.refresh_from_db()
    if not incident.is_open and incident.resolved_at:
        _tick_rest(incident, plot.ticks, cast["responder"], incident.resolved_at)
        if plot.title in REPORTS:
            _report(REPORTS[plot.title], plot, incident, cast, incident.resolved_at)
        _finish(plot, incident, cast, incident.resolved_at, until=until)


def _finish(plot: Plot, incident: Incident, cast: dict[str, User], end: datetime, *, until: datetime) -> None:
    """Looked at again within the hour, and closed once nothing is missing; one waits for that."""
    if plot.mode == Incident.Mode.TEST:
        closing.close(incident, by=cast["admin"], at=end + timedelta(minutes=1))
        return
    if plot.severity != "SEV-3":
        note = f"{plot.public_title}: no longer. Error share and p95 as on other days for half an hour."
        duties.verify_recovery(incident, note=note, by=cast["responder"], at=end + timedelta(minutes=35))
    closed_at = end + (timedelta(hours=53) if plot.title in REPORTS else timedelta(hours=3))
    if plot.title != WAITING and closed_at < until and not closing.missing(incident):
        closing.close(incident, by=cast["admin"], at=closed_at)


def _belong_together(by: User, at: datetime) -> None:
    """One incident that two people declared, and one that an earlier one may explain."""
    first, twice, earlier = (Incident.objects.get(title=title) for title in (OPEN[0].title, TWICE.title, RELATED))
    linking.link(first, earlier, relation=IncidentLink.Relation.RELATED, by=by, at=at - TWICE_AGE)
    linking.merge(twice, into=first, reason=TWICE_REASON, by=by, at=at - TWICE_AGE + TWICE_FOR)


def _do(beat: Beat, plot: Plot, incident: Incident, by: User, at: datetime) -> None:
    match beat.kind:
        case "note":
            response.post_note(incident, text=beat.text, by=by, at=at)
        case "decide":
            look_back = at + timedelta(minutes=int(beat.to))
            decisions.decide(incident, text=beat.text, by=by, at=at, check_back_at=look_back)
        case "answer":
            promised = decisions.unanswered(incident)[0]
            decisions.answer(promised, outcome=beat.to, note=beat.text, by=by, at=at)
        case "correct":
            corrections.correct(_note(incident), text=beat.text, reason=beat.to, seen=0, by=by, at=at)
        case "remove":
            redactions.redact(_note(incident), reason=beat.text, by=by, at=at)
        case "status":
            response.change_status(incident, to=beat.to, note=beat.text, by=by, at=at)
            if beat.to == "monitoring":
                impact.mitigate(incident, by=by, at=at)
        case "tick":
            _tick_rest(incident, incident.checklist.exclude(ticked_at=None).count() + 1, by, at)
        case "public":
            _publish(beat, plot, incident, by, at)
        case other:
            raise ValueError(other)


def _note(incident: Incident) -> TimelineEvent:
    """The newest one."""
    return incident.timeline.filter(kind="note").order_by("-id")[0]


def _publish(beat: Beat, plot: Plot, incident: Incident, by: User, at: datetime) -> None:
    worst = "degraded_performance" if beat.to == "monitoring" else plot.worst
    draft = statuspage.save_draft(
        incident,
        title=plot.public_title,
        status=beat.to,
        body=beat.text,
        next_update_at=None if beat.to == "resolved" else at + timedelta(minutes=30),
        components=dict.fromkeys(_public_ids(plot), worst),
        by=by,
        at=at,
    )
    statuspage.publish(draft, by=by, at=at)


def _public_ids(plot: Plot) -> list[str]:
    return list(Component.objects.filter(name__in=plot.components).values_list("public_id", flat=True))


def _report(report: DemoReport, plot: Plot, incident: Incident, cast: dict[str, User], end: datetime) -> None:
    """What the incident taught: drafted at its end, written within hours, signed within the two days."""
    writer, reader = cast["responder"], cast["admin"]
    found = postmortems.draft(incident, at=end)
    assert found is not None, plot.title
    texts = {name: text for name, text in _texts(report, plot).items() if text}
    postmortems.save(found, texts, seen=found.marks, by=writer, at=end + timedelta(hours=5))
    if report.memory:
        minute, text = report.memory
        moment = incident.declared_at + timedelta(minutes=minute)
        postmortems.add_line(found, occurred_at=moment, text=text, by=writer, at=end + timedelta(hours=5))
    for one in report.follow_ups:
        _promise(one, incident, writer, end)
    if report.state == "draft":
        return
    postmortems.ask_review(found, by=writer, at=end + timedelta(hours=20))
    postmortems.review(found, by=reader, at=end + timedelta(hours=30))
    if report.public:
        _tell(report, incident, found, cast["publisher"], end + timedelta(hours=50))


def _texts(report: DemoReport, plot: Plot) -> dict[str, str]:
    """Its own words; what ended the impact is else the note that followed the cause."""
    notes = [beat.text for beat in plot.beats if beat.kind == "note"]
    names = ("summary", "root_cause", "prevention", "went_well", "went_lucky", "went_badly")
    return {name: getattr(report, name) for name in names} | {"mitigation": report.mitigation or notes[-1]}


def _tell(report: DemoReport, incident: Incident, found: Postmortem, by: User, at: datetime) -> None:
    postmortems.publish(found, summary=report.public, by=by, at=at)
    draft = statuspage.offer_summary(incident, summary=report.public, at=at)
    assert draft is not None
    statuspage.publish(draft, by=by, at=at)


def _promise(one: DemoFollowUp, incident: Incident, by: User, end: datetime) -> None:
    made_at = end + timedelta(hours=6)
    plan = follow_ups.Plan(one.title, one.type, one.owner, (end + timedelta(days=one.due)).date())
    promise = follow_ups.add(incident, plan, by=by, at=made_at)
    if one.dropped:
        follow_ups.drop(promise, reason=one.dropped, by=by, at=made_at + timedelta(days=one.due))
    if one.done is not None:
        retest_on = (end + timedelta(days=one.retest)).date() if one.retest else None
        follow_ups.finish(promise, proof=one.proof, retest_on=retest_on, by=by, at=end + timedelta(days=one.done))
    if one.verified is not None:
        follow_ups.verify(promise, by=by, at=end + timedelta(days=one.verified))


def _tick_rest(incident: Incident, count: int, by: User, at: datetime) -> None:
    """Tick steps in order until so many are ticked."""
    for step in ChecklistStep.objects.filter(incident=incident).order_by("position")[:count]:
        if step.ticked_at is None:
            checklist.tick(step, by=by, at=at)
