"""Service levels: how long it took to detect, acknowledge, decide and resolve.

Detection runs from the moment the shifted data was complete to the first card; the other
three clocks run from that card, since nobody can answer what nobody was shown. Pure: who
asks passes the time.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from bot.incident import (
    Acknowledged,
    Alert,
    AlertReceived,
    CardShown,
    DecisionRecorded,
    Event,
    Incident,
    RollbackApproved,
    RollbackRejected,
    SignalsEvaluated,
)
from bot.watch import Endpoint

Step: TypeAlias = Literal["detect", "acknowledge", "decide", "resolve"]
Result: TypeAlias = Literal[
    "met",
    "missed",  # also while it runs: the time is up
    "running",  # with time left
    "not called for",  # the incident was over within the target, without it
    "no target",
    "not measured",  # no card was shown, or no alert came (somebody asked)
]
STEPS: tuple[Step, ...] = get_args(Step)
_DECISIONS = (DecisionRecorded, RollbackApproved, RollbackRejected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One step of one incident. `ended` None: it runs, or it was never started."""

    step: Step
    started: datetime | None
    ended: datetime | None
    target: timedelta | None
    result: Result
    # to the end, or until now while it runs; None: over without it
    took: timedelta | None = None
    # detect only: the shift lies somewhere in its window, so it took this at the most
    at_most: timedelta | None = None

    @property
    def due(self) -> datetime | None:
        """Return when the target is up; None without a start or a target."""
        if self.started is None or self.target is None:
            return None
        return self.started + self.target

    @property
    def open(self) -> bool:
        """Return whether somebody still has to do something about it."""
        return self.ended is None and self.took is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """The four clocks of one incident."""

    incident: str
    endpoint: str  # ARM id
    model: str
    tier: int
    clocks: tuple[Clock, ...]  # one a step, in the order of STEPS

    def clock(self, step: Step) -> Clock:
        return self.clocks[STEPS.index(step)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One step over many incidents. Share, median and p90 are None without a case."""

    step: Step
    measured: int  # ended ones: median and p90 are of these
    met: int
    missed: int
    running: int  # open ones with time left, or without a target
    median: timedelta | None
    p90: timedelta | None  # nearest rank: a value that occurred
    share_met: float | None  # of those that were met or missed


def levels(incident: Incident, endpoint: Endpoint, now: datetime) -> Levels:
    """Return the clocks of `incident` as they stand at `now`."""
    shown = _first(incident, CardShown)
    over = resolved_at(incident)
    ends = {
        "acknowledge": _first(incident, Acknowledged),
        "decide": _first(incident, *_DECISIONS),
        "resolve": over,
    }
    people = [
        _clock(step, shown, ends[step], over, endpoint, now) for step in STEPS[1:]
    ]
    return Levels(
        incident=incident.id,
        endpoint=incident.endpoint,
        model=endpoint.model,
        tier=endpoint.tier,
        clocks=(_detection(incident, shown, endpoint, now), *people),
    )


def summary(measured: Iterable[Levels]) -> tuple[Summary, ...]:
    """Return one summary a step, over all of `measured`."""
    every = list(measured)
    return tuple(_summed(step, [each.clock(step) for each in every]) for step in STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfModel:
    """The four steps of one model in one tier, over some incidents."""

    model: str
    tier: int
    steps: tuple[Summary, ...]  # in the order of STEPS


def by_model(
    found: Iterable[tuple[Incident, Endpoint]], now: datetime
) -> tuple[OfModel, ...]:
    """Return the steps by model and tier; an endpoint without a model is its own.

    Incidents that no alert opened are left out: nobody was waiting for them.
    """
    groups: dict[tuple[str, int], list[Levels]] = {}
    for incident, endpoint in found:
        if incident.alerts:
            key = (endpoint.model or endpoint.name, endpoint.tier)
            groups.setdefault(key, []).append(levels(incident, endpoint, now))
    return tuple(
        OfModel(model=model, tier=tier, steps=summary(several))
        for (model, tier), several in sorted(groups.items())
    )


def shifted(incident: Incident) -> tuple[datetime, datetime] | None:
    """Return when the data shifted: at the earliest, and surely by then.

    The window that the breach was seen in, recomputed or as the alert names it; a
    condition without a window began when its alert says. None: no alert came.
    """
    first = next((e for e in incident.history if isinstance(e, AlertReceived)), None)
    if first is None:
        return None
    early, late = _window(incident, first.alert)
    # A clock that is ahead, or a window still being filled, ends at the notice.
    late = min(late, first.at)
    return min(early, late), late


def resolved_at(incident: Incident) -> datetime | None:
    """Return since when the incident is over, None while it is not."""
    if incident.status != "resolved":
        return None
    if not incident.alerts:
        return incident.history[-1].at if incident.history else None
    so_far = Incident(id="", group_key="", endpoint="")
    since: datetime | None = None
    for event in incident.every(AlertReceived):
        so_far = so_far.having(event)
        if so_far.status != "resolved":
            since = None
        elif since is None:
            since = event.at
    return since


def words(span: timedelta) -> str:
    """Return a span as people say it, two units at most.

    >>> words(timedelta(minutes=125)), words(timedelta(seconds=42))
    ('2 h 5 min', '42 s')
    >>> words(timedelta(days=3, hours=4, minutes=9))
    '3 d 4 h'
    """
    seconds = max(0, int(span.total_seconds()))
    units = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for place, (size, name) in enumerate(units):
        if seconds >= size:
            rest = seconds % size
            below = units[place + 1] if place + 1 < len(units) else None
            more = rest // below[0] if below else 0
            tail = f" {more} {below[1]}" if below and more else ""
            return f"{seconds // size} {name}{tail}"
    return "0 s"


def _window(incident: Incident, alert: Alert) -> tuple[datetime, datetime]:
    found = next((e for e in incident.history if isinstance(e, SignalsEvaluated)), None)
    report = found.report if found else None
    if report and report.verdict == "breached" and report.production_window:
        return report.production_window
    return alert.window or (alert.starts_at, alert.starts_at)


def _detection(
    incident: Incident, shown: datetime | None, endpoint: Endpoint, now: datetime
) -> Clock:
    found = shifted(incident)
    if found is None:
        return _never("detect", endpoint)
    early, late = found
    clock = _clock("detect", late, shown, None, endpoint, now)
    at_most = max((shown or now) - early, timedelta())
    return replace(clock, at_most=at_most if early < late else None)


def _clock(
    step: Step,
    started: datetime | None,
    ended: datetime | None,
    over: datetime | None,
    endpoint: Endpoint,
    now: datetime,
) -> Clock:
    """Return the clock of `step`; `over`: when the incident ended, with or without it."""
    if started is None:
        return _never(step, endpoint)
    target = endpoint.levels.target(step)
    stop = ended or over or now
    took = max(stop - started, timedelta())
    return Clock(
        step=step,
        started=started,
        ended=ended,
        target=target,
        result=_result(took, target, done=ended is not None, over=over is not None),
        took=took if ended or not over else None,
    )


def _result(
    took: timedelta, target: timedelta | None, *, done: bool, over: bool
) -> Result:
    if target is not None and took > target:
        return "missed"
    if over and not done:
        return "not called for"
    if target is None:
        return "no target"
    return "met" if done else "running"


def _never(step: Step, endpoint: Endpoint) -> Clock:
    return Clock(
        step=step,
        started=None,
        ended=None,
        target=endpoint.levels.target(step),
        result="not measured",
    )


def _first(incident: Incident, *kinds: type[Event]) -> datetime | None:
    return next((e.at for e in incident.history if isinstance(e, kinds)), None)


def _median(taken: Sequence[timedelta]) -> timedelta | None:
    if not taken:
        return None
    return timedelta(seconds=statistics.median(t.total_seconds() for t in taken))


def _summed(step: Step, clocks: Sequence[Clock]) -> Summary:
    taken = sorted(c.took for c in clocks if c.ended is not None and c.took is not None)
    met = sum(c.result == "met" for c in clocks)
    missed = sum(c.result == "missed" for c in clocks)
    return Summary(
        step=step,
        measured=len(taken),
        met=met,
        missed=missed,
        running=sum(c.open and c.result != "missed" for c in clocks),
        median=_median(taken),
        p90=taken[math.ceil(0.9 * len(taken)) - 1] if taken else None,
        share_met=met / (met + missed) if met + missed else None,
    )
