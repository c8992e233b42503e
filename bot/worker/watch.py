"""Afterwards: does the endpoint serve better or worse than before the move?

And is it still this move that serves: somebody may have changed the traffic by hand.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bot.approval.oversight import OutcomeWatched, holder
from bot.approval.preconditions import find
from bot.approval.proposal import busiest, in_words, shares
from bot.consequences import between
from bot.incident import (
    Change,
    EndpointState,
    Event,
    Health,
    Incident,
    ShiftStarted,
    SignalsEvaluated,
    TrafficShifted,
    WatchOutcome,
)
from bot.ports import Impossible, Unavailable
from bot.signals import Report
from bot.signals.health import ERRORS
from bot.store import Due, Leader
from bot.worker import drifted
from bot.worker.evaluate import Findings
from bot.worker.figures import Wish, serving
from bot.worker.hush import NotYet
from bot.worker.means import Means, record
from bot.worker.rollback import others

PATIENCE = 5  # attempts before the card says what is not known
SLOWER = 1.25  # times the latency before, and at least so many milliseconds more
SLOWER_MS = 20.0
MORE_ERRORS = 0.005  # of all requests, more than before


async def watch(means: Means, due: Due, effect: WatchOutcome, leader: Leader) -> None:
    """Compare the minutes after a move with as many before it."""
    incident = await means.incident(due)
    moved = _moved(incident, effect.request)
    known = [e.request for e in incident.every(OutcomeWatched)]
    if moved is None or effect.request in known:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    if effect.early:
        await _early(means, due, incident, moved, leader)
        return
    event = await _compared(means, incident, moved, patient=due.attempts < PATIENCE)
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


async def _early(
    means: Means, due: Due, incident: Incident, moved: TrafficShifted, leader: Leader
) -> None:
    """Look whether the move still stands, until its minutes are over: then all is compared.

    A move of ours that follows it is no news to anybody: the last look tells of it.
    Raises NotYet as long as it stands.
    """
    over = means.clock() >= moved.at + timedelta(minutes=moved.watch_minutes)
    if not over and means.workspace:
        live = await means.workspace.state(incident.endpoint)
        if shares(live.traffic) == shares(moved.after):
            raise NotYet("the move stands", between(moved))
        ours = await _ours(means, incident, moved)
        over = bool(ours)
    if over or means.workspace is None:
        await means.store.outbox.finish(due.id, leader.role, fence=leader.epoch)
        return
    event = OutcomeWatched(
        at=means.clock(),
        request=moved.request,
        before=(),
        after=(),
        unknown=(
            "how it serves: its traffic was changed before the minutes were over",
        ),
        target=busiest(moved.after),
        moved_on=f"traffic is {in_words(live.traffic)} by now",
    )
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


def _moved(incident: Incident, request: str) -> TrafficShifted | None:
    every = incident.every(TrafficShifted)
    return next((e for e in reversed(every) if e.request == request), None)


async def _compared(
    means: Means, incident: Incident, moved: TrafficShifted, *, patient: bool
) -> Event:
    span = timedelta(minutes=moved.watch_minutes)
    started = _began(incident, moved)
    unknown = list[str]()
    windows: list[tuple[Health, ...]] = []
    target = busiest(moved.after)
    for name, start, parts in (
        ("before", started - span, ("",)),
        ("after", moved.at, ("", target)),
    ):
        try:
            found = await _health(means, incident, (start, start + span), parts)
        except (Unavailable, Impossible) as error:
            if patient and isinstance(error, Unavailable):
                raise
            unknown.append(f"how it served {name} the move: {error}")
            found = ()
        windows.append(found)
    before, after = windows
    moments = (started - span, moved.at)
    kept = [await _served(means, incident, at, span) for at in moments]
    drift, was = await _drift(means, incident, moved, unknown, patient=patient), None
    if drift:
        was = _report_before(incident, started)
    unknown += _unmeasured(target, after)
    moved_on = await _moved_on(means, incident, moved, unknown, patient=patient)
    slower = worse(before[0], after[0], (kept[0], kept[1])) if before and after else ()
    return OutcomeWatched(
        at=means.clock(),
        request=moved.request,
        before=before,
        after=after,
        worse=(*slower, *drifted_more(was, drift)),
        unknown=tuple(unknown),
        target=target,
        drift=drift,
        drift_before=was,
        moved_on=moved_on,
        served=kept[1],
        served_before=kept[0],
    )


async def _moved_on(
    means: Means,
    incident: Incident,
    moved: TrafficShifted,
    unknown: list[str],
    *,
    patient: bool,
) -> str:
    """Return what is served instead of what the move left, "" when it still stands."""
    if means.workspace is None:
        return ""
    began = _began(incident, moved)
    try:
        live = await means.workspace.state(incident.endpoint)
        lines = await means.workspace.changes(incident.endpoint, began, means.clock())
    except (Unavailable, Impossible) as error:
        if patient and isinstance(error, Unavailable):
            raise
        unknown.append(f"whether anybody has changed it since: {error}")
        return ""
    if shares(live.traffic) != shares(moved.after):
        ours = await _ours(means, incident, moved)
        return ours or f"traffic is {in_words(live.traffic)} by now"
    unknown += [
        *deployed_anew(moved, live),
        *touched(incident.endpoint, lines, moved),
    ]
    return ""


def deployed_anew(moved: TrafficShifted, live: EndpointState) -> Iterator[str]:
    for name in sorted(shares(moved.after)):
        then, now = find(moved.state, name), find(live, name)
        if then and now and then.model != now.model:
            words = f"{name} runs {now.model or 'another model'} by now"
            yield f"what is this move's doing: {words}"


def touched(
    endpoint: str, lines: Sequence[Change], moved: TrafficShifted
) -> Iterator[str]:
    """Yield that somebody changed the endpoint and changed it back, by Azure's log.

    Our own operation began before it was read back, so its late lines are known by
    their correlation.
    """
    ours = {c.correlation for c in lines if c.at <= moved.at}
    for line in reversed(lines):
        write = line.operation.lower().endswith("/onlineendpoints/write")
        here = write and line.resource.lower() == endpoint.lower()
        failed = line.status.lower() in ("failed", "canceled")
        if here and not failed and line.correlation not in ours:
            words = f"the endpoint was changed at {line.at:%H:%M} UTC and changed back"
            yield f"what is this move's doing: {words}"
            return


def _unmeasured(target: str, after: Sequence[Health]) -> Iterator[str]:
    """Yield that Azure has no figures of the target alone."""
    alone = next((h for h in after if h.deployment), None)
    if after and (alone is None or alone.requests is None):
        yield f"how {target} serves alone: Azure has no figures of it for these minutes"


def _began(incident: Incident, moved: TrafficShifted) -> datetime:
    """Return when this very move began: a later one may have, in the same incident."""
    every = reversed(incident.every(ShiftStarted))
    return next((e.at for e in every if e.request == moved.request), moved.at)


async def _ours(means: Means, incident: Incident, moved: TrafficShifted) -> str:
    """Return which later request of ours moved traffic, or is at it; "" when none is.

    Asked after Azure was read: the endpoint is held before anything of ours is seen there.
    """
    held = holder(await means.store.ledger(incident.endpoint))
    if held and held.request != moved.request:
        return f"{held.request} is moving traffic"
    every = (incident, *await others(means, incident))
    later = [e for i in every for e in i.every(TrafficShifted) if e.at > moved.at]
    newest = max(later, key=lambda e: e.at, default=None)
    if newest is None:
        return ""
    return f"{newest.request} moved traffic on at {newest.at:%H:%M} UTC"


async def _drift(
    means: Means,
    incident: Incident,
    moved: TrafficShifted,
    unknown: list[str],
    *,
    patient: bool,
) -> Report | None:
    """Return how what the target took in since the move differs from the reference."""
    endpoint, target = means.endpoint(incident), busiest(moved.after)
    if means.workspace is None or not (endpoint.monitor and endpoint.signals):
        return None
    try:
        report, _, _ = await drifted.report(
            means, endpoint, deployment=target, since=moved.at
        )
    except (Unavailable, Impossible) as error:
        if patient and isinstance(error, Unavailable):
            raise
        unknown.append(f"the drift of {target}: {error}")
        return None
    if report.verdict in ("not enough data", "cannot compute"):
        unknown.append(f"the drift of {target}: {report.sentence}")
    return report


def _report_before(incident: Incident, moment: datetime) -> Report | None:
    every = incident.every(SignalsEvaluated)
    known = (e.report for e in reversed(every) if e.at <= moment and e.report)
    return next(known, None)


async def _health(
    means: Means,
    incident: Incident,
    span: tuple[datetime, datetime],
    parts: Sequence[str],
) -> tuple[Health, ...]:
    """Return a window of the whole endpoint (""), and of each deployment named."""
    if means.workspace is None:
        raise Impossible("this process does not read Azure")
    endpoint = means.endpoint(incident).id
    found = [await means.workspace.health(endpoint, p, *span) for p in parts]
    return tuple(found)


async def _served(
    means: Means, incident: Incident, start: datetime, span: timedelta
) -> Report | None:
    """Return how the endpoint kept its limits; what could not be had stands in it."""
    if means.workspace is None:
        return None
    endpoint = means.endpoint(incident)
    looked = Findings(means.workspace, endpoint, patient=False)
    wish = Wish(window=(start, start + span))
    return await serving(looked, means.workspace, endpoint, None, wish)


def worse(
    before: Health,
    after: Health,
    served: tuple[Report | None, Report | None] = (None, None),
) -> tuple[str, ...]:
    """Return which measures are clearly worse after the move, in words.

    `served` are the engine's reports of both: more errors that chance alone may have
    made, in a few requests, are not more.
    """
    found = []
    old, new = before.error_rate, after.error_rate
    chance = _may_be_chance(*served)
    if old is not None and new is not None and new > old + MORE_ERRORS and not chance:
        found.append(f"errors {new:.1%}, before {old:.1%}")
    slow, fast = after.latency_p95_ms, before.latency_p95_ms
    if (
        slow is not None
        and fast is not None
        and slow > max(fast * SLOWER, fast + SLOWER_MS)
    ):
        found.append(f"P95 latency {slow:.0f} ms, before {fast:.0f} ms")
    return tuple(found)


def _may_be_chance(before: Report | None, after: Report | None) -> bool:
    """Return whether the intervals of both error rates meet; unknown ones do not."""
    spans = [
        result.interval
        for report in (before, after)
        for result in (report.results if report else ())
        if result.metric == ERRORS.name and result.interval
    ]
    return len(spans) == 2 and spans[1][0] <= spans[0][1]  # noqa: PLR2004 both sides


def drifted_more(before: Report | None, after: Report | None) -> tuple[str, ...]:
    """Return that more features drift after the move, in words; () when they do not."""
    if before is None or after is None or after.verdict != "breached":
        return ()
    old, new = over(before), over(after)
    if new <= old:
        return ()
    return (f"{new} of {len(after.results)} features have drifted, before {old}",)


def over(report: Report) -> int:
    """Return how many features are over their limit."""
    return len({r.feature for r in report.results if r.verdict == "breached"})
