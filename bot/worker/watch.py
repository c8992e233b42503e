"""Afterwards: does the endpoint serve better or worse than before the move?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.incident import (
    Event,
    Health,
    Incident,
    ShiftStarted,
    SignalsEvaluated,
    TrafficShifted,
    WatchOutcome,
)
from bot.oversight import OutcomeWatched
from bot.ports import Impossible, Unavailable
from bot.proposal import busiest
from bot.signals import Report
from bot.signals.health import ERRORS
from bot.store import Due, Leader
from bot.worker.evaluate import Findings
from bot.worker.figures import Wish, serving
from bot.worker.means import Means, record
from bot.worker.rows import compared

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
    event = await _compared(means, incident, moved, patient=due.attempts < PATIENCE)
    await record(means, incident.id, lambda _: (event,), leader, done=due.id)


def _moved(incident: Incident, request: str) -> TrafficShifted | None:
    every = incident.every(TrafficShifted)
    return next((e for e in reversed(every) if e.request == request), None)


async def _compared(
    means: Means, incident: Incident, moved: TrafficShifted, *, patient: bool
) -> Event:
    span = timedelta(minutes=moved.watch_minutes)
    started = _began(incident, moved)
    unknown = list(_again(incident, moved))
    windows: list[tuple[Health, ...]] = []
    for name, start in (("before", started - span), ("after", moved.at)):
        try:
            found = await _health(means, incident, start, span)
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
    slower = worse(before[0], after[0], (kept[0], kept[1])) if before and after else ()
    return OutcomeWatched(
        at=means.clock(),
        request=moved.request,
        before=before,
        after=after,
        worse=(*slower, *drifted_more(was, drift)),
        unknown=tuple(unknown),
        target=busiest(moved.after),
        drift=drift,
        drift_before=was,
        served=kept[1],
        served_before=kept[0],
    )


def _began(incident: Incident, moved: TrafficShifted) -> datetime:
    """Return when this very move began: a later one may have, in the same incident."""
    every = reversed(incident.every(ShiftStarted))
    return next((e.at for e in every if e.request == moved.request), moved.at)


def _again(incident: Incident, moved: TrafficShifted) -> Iterator[str]:
    """Yield what moved meanwhile: the minutes afterwards are then not of one target."""
    end = moved.at + timedelta(minutes=moved.watch_minutes)
    for later in incident.every(TrafficShifted):
        if moved.at < later.at < end and later.request != moved.request:
            yield f"{later.request} moved traffic again at {later.at:%H:%M} UTC"


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
        windows = await means.workspace.windows(
            endpoint, means.clock(), deployment=target, since=moved.at
        )
    except (Unavailable, Impossible) as error:
        if patient and isinstance(error, Unavailable):
            raise
        unknown.append(f"the drift of {target}: {error}")
        return None
    report, _ = await compared(windows, endpoint)
    if report.verdict in ("not enough data", "cannot compute"):
        unknown.append(f"the drift of {target}: {report.sentence}")
    return report


def _report_before(incident: Incident, moment: datetime) -> Report | None:
    every = incident.every(SignalsEvaluated)
    known = (e.report for e in reversed(every) if e.at <= moment and e.report)
    return next(known, None)


async def _health(
    means: Means, incident: Incident, start: datetime, span: timedelta
) -> tuple[Health, ...]:
    if means.workspace is None:
        raise Impossible("this process does not read Azure")
    endpoint = means.endpoint(incident).id
    return (await means.workspace.health(endpoint, "", start, start + span),)


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
