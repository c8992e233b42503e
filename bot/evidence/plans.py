"""The monitoring plan against what really ran, as far as anybody looked."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from bot.period import Period

Slot: TypeAlias = Literal["ran", "failed", "missed", "not known"]
_STEPS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_BAD = ("failed", "canceled", "cancelled", "notresponding")
_MOST_SLOTS = 20_000


@dataclass(slots=True, kw_only=True)
class Monitor:
    """One monitor, put together from every time that it was frozen."""

    name: str
    endpoint: str
    looks: list[tuple[datetime, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def newest(self) -> Mapping[str, Any]:
        return max(self.looks, key=lambda look: look[0])[1]

    @property
    def step(self) -> timedelta | None:
        """Return how often it has to run; None: not a plan that we can count."""
        unit = _STEPS.get(str(self.newest.get("frequency")))
        interval = self.newest.get("interval")
        if unit is None or not isinstance(interval, int) or interval < 1:
            return None
        return unit * interval

    @property
    def runs(self) -> dict[str, tuple[datetime, str]]:
        """Return when each known run began and how it ended; the last look wins."""
        found: dict[str, tuple[datetime, str]] = {}
        for _, seen in sorted(self.looks, key=lambda look: look[0]):
            for run in seen.get("runs") or []:
                if begun := run.get("started"):
                    at = datetime.fromisoformat(str(begun))
                    found[str(run["name"])] = (at, str(run["status"]))
        return found

    @property
    def covered(self) -> list[Period]:
        """Return the spans in which a run would have been seen: a look tells backwards.

        From the oldest run that it lists up to the look itself.
        """
        found = []
        for at, seen in self.looks:
            begun = [
                datetime.fromisoformat(str(r["started"]))
                for r in seen.get("runs") or []
                if r.get("started")
            ]
            if begun:
                found.append((min(begun), at))
        return sorted(found)


def monitors(
    looks: Iterable[tuple[str, datetime, Mapping[str, Any]]],
) -> list[Monitor]:
    """Return the monitors in (endpoint, when, frozen part), by endpoint and name."""
    found: dict[tuple[str, str], Monitor] = {}
    for endpoint, at, part in looks:
        name = str(part.get("name") or "")
        monitor = found.setdefault(
            (endpoint, name), Monitor(name=name, endpoint=endpoint)
        )
        monitor.looks.append((at, part))
    return [found[key] for key in sorted(found)]


def slots(monitor: Monitor, period: Period) -> Iterator[tuple[datetime, Slot]]:
    """Yield each time in `period` at which the monitor was due, and whether it ran.

    Due is what the newest run's start and the plan's step give; a run counts for the time
    that it is nearest to, so that one which starts a minute late is not missed. A time
    that no look covers is "not known": nobody saw a gap there, nor a run.
    """
    step = monitor.step
    if step is None:
        return
    runs, covered = sorted(monitor.runs.values()), monitor.covered
    at, place, count = _first(runs, step, period[0]), 0, 0
    while at < period[1] and count < _MOST_SLOTS:
        start, end = at - step / 2, at + step / 2
        while place < len(runs) and runs[place][0] < start:
            place += 1
        within = []
        for begun, status in runs[place:]:
            if begun >= end:
                break
            within.append(status.lower())
        yield at, _slot(within, covered, (start, end))
        at, count = at + step, count + 1


def _first(
    runs: Sequence[tuple[datetime, str]], step: timedelta, start: datetime
) -> datetime:
    """Return the first due time that is not before `start`, which it is without a run."""
    return start + (runs[-1][0] - start) % step if runs else start


def _slot(within: Sequence[str], covered: Sequence[Period], slot: Period) -> Slot:
    if within:
        return "failed" if all(s in _BAD for s in within) else "ran"
    whole = any(start <= slot[0] and slot[1] <= end for start, end in covered)
    return "missed" if whole else "not known"
