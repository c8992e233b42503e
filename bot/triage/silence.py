"""The alert that should have come and did not: is anybody still watching the model?

Pure. Each check has a name, and says in words what is wrong, "" when all is well, or
nothing at all when Azure did not tell.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.incident import Health, Plan
from bot.ports import Series
from bot.signals.upkeep import last_seen
from bot.triage.inhibition import COLLECTION, DELIVERY, EVENTS, MONITOR, TRAFFIC
from bot.watch import Listening

__all__ = [
    "COLLECTION",
    "DELIVERY",
    "EVENTS",
    "MONITOR",
    "SEVERITY",
    "TRAFFIC",
    "collection",
    "events",
    "monitor",
    "traffic",
]
SEVERITY: Mapping[str, int] = {
    MONITOR: 2,
    TRAFFIC: 1,
    COLLECTION: 2,
    DELIVERY: 1,
    EVENTS: 1,
}
_LENGTH = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=31),
}
_LEAST = timedelta(minutes=1)
_GRACE = timedelta(hours=1)  # compute has to be found before a run begins
_BAD = ("failed", "canceled", "notresponding")


def monitor(plan: Plan, listening: Listening, now: datetime) -> str:
    """Return what is wrong with the runs of a monitor.

    It is late when it has not begun for one and a half of its intervals, or for as many
    hours as the watch list says.
    """
    if not plan.enabled:
        return f"the monitor {plan.name} is switched off"
    every = _LENGTH.get(plan.frequency.lower(), timedelta(days=1)) * plan.interval
    longest = 1.5 * every + _GRACE
    if listening.monitor_hours:
        longest = timedelta(hours=listening.monitor_hours)
    last = max((run.started for run in plan.runs if run.started), default=None)
    limit = longest / max(every, _LEAST)
    late = last_seen(plan.name, last, now=now, every=max(every, _LEAST), limit=limit)
    if last is None:
        return f"the monitor {plan.name} has no run that Azure knows of"
    if late.verdict == "breached":
        return (
            f"the monitor {plan.name} last ran on {last:%Y-%m-%d %H:%M} UTC; "
            f"it should run every {_words(every)}"
        )
    newest = max((r for r in plan.runs if r.started), key=lambda r: r.started or now)
    if newest.status.lower() in _BAD:
        return f"the last run of the monitor {plan.name} {newest.status.lower()}"
    return ""


def traffic(health: Health, minutes: float) -> str | None:
    """Return whether nobody has asked the endpoint anything; None: not known."""
    if health.requests is None:
        return None
    return "" if health.requests > 0 else f"no request came for {minutes:g} minutes"


def collection(errors: Sequence[Series], window: timedelta) -> str | None:
    """Return whether inputs or outputs were lost on their way to storage."""
    values = [v for one in errors for v in one.values if v is not None]
    if not errors:
        return None
    lost = sum(values)
    if not lost:
        return ""
    return f"{lost:g} data collection errors in {window.total_seconds() / 60:g} minutes"


def events(state: str) -> str:
    """Return what is wrong with an event subscription; "" as its state: it is gone."""
    if not state:
        return "its Event Grid subscription is gone: no event of the workspace arrives"
    bad = state.lower() in ("failed", "deleting")
    return f"its Event Grid subscription is {state.lower()}" if bad else ""


def _words(every: timedelta) -> str:
    hours = every.total_seconds() / 3600
    whole = hours >= 24 and hours % 24 == 0  # noqa: PLR2004 hours of a day
    return f"{hours / 24:g} days" if whole else f"{hours:g} hours"
