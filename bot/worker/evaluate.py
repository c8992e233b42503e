"""Find out what really changed: fetch the windows, run the engine, look at the health."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot import signals
from bot.evidence import policy
from bot.incident import (
    EndpointState,
    EvaluateSignals,
    Health,
    Incident,
    SignalsEvaluated,
)
from bot.inhibition import doubted
from bot.ports import Impossible, Unavailable, Windows, Workspace
from bot.signals import Report
from bot.signals.health import LATENCIES
from bot.signals.load import USED
from bot.signals.serving import KINDS
from bot.signals.together import together
from bot.store import Due, Leader
from bot.watch import Endpoint
from bot.worker import costs
from bot.worker.figures import Window, Wish, serving
from bot.worker.hush import opened
from bot.worker.means import Means, record
from cards import findings

T = TypeVar("T")
HEALTH_WINDOW = timedelta(minutes=30)  # at most, and for what has no window itself
LEAST_WINDOW = timedelta(minutes=10)
OF_ROWS = frozenset({"data-drift", "prediction-drift", "data-quality"})
PATIENCE = 3  # attempts before the card says what is missing instead of waiting on


async def evaluate(
    means: Means, due: Due, effect: EvaluateSignals, leader: Leader
) -> None:
    """Record what was found; parts that could not be had are named, not left out."""
    if means.workspace is None:
        raise Impossible("this process does not read Azure")
    incident = await means.incident(due)
    endpoint = means.endpoint(incident)
    found = Findings(means.workspace, endpoint, patient=due.attempts < PATIENCE)
    state = await found.part("deployments", found.workspace.state(endpoint.id))
    wanted = wish(incident, endpoint, means.clock())
    health = await found.health(wanted.window, state)
    also = await found.also(means, wanted, state)
    report = await found.report(means)
    if report is not None:
        report = doubted(report, await opened(means, endpoint.id))
    event = SignalsEvaluated(
        at=means.clock(),
        report=report,
        health=health,
        state=state,
        missing=found.missing,
        also=also,
    )
    await record(means, due.incident, lambda _: (event,), leader, done=due.id)


def wish(incident: Incident, endpoint: Endpoint, now: datetime) -> Wish:
    """Return what to look at: the time that the alert is about, up to now.

    An alert of five minutes is not judged by half an hour, most of which was well.
    """
    alert = findings.lead(incident)
    start = now - HEALTH_WINDOW
    if alert and alert.status == "firing" and alert.kind in KINDS:
        begun = alert.window[0] if alert.window else alert.starts_at - LEAST_WINDOW
        start = min(max(start, begun), now - LEAST_WINDOW)
    ours = {gauge.name for gauge in (*LATENCIES.values(), *USED)}
    known = endpoint.limits
    told = tuple(
        (reading.metric, reading.threshold)
        for reading in (alert.readings if alert else ())
        if reading.metric in ours
        and reading.metric not in known
        and reading.threshold is not None
        and reading.breached_when == "above"
    )
    kind = alert.kind if alert else ""
    return Wish(window=(start, now), kind=kind, limits=told)


class Findings:
    """Collects parts and, by name, why others are missing."""

    def __init__(
        self, workspace: Workspace, endpoint: Endpoint, *, patient: bool
    ) -> None:
        self.workspace = workspace
        self.endpoint = endpoint
        self.missing: dict[str, str] = {}
        self._patient = patient

    async def part(self, name: str, asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except Unavailable as error:
            if self._patient:
                raise
            self.missing[name] = str(error)
        except Impossible as error:
            self.missing[name] = str(error)
        return None

    @property
    def gaps(self) -> dict[str, str]:
        return self.missing

    async def health(
        self, window: Window, state: EndpointState | None
    ) -> tuple[Health, ...]:
        start, end = window
        names = ["", *([d.name for d in state.deployments] if state else [])]
        found = []
        for name in names:
            asked = self.workspace.health(self.endpoint.id, name, start, end)
            found.append(await self.part(f"health of {name or 'the endpoint'}", asked))
        return tuple(h for h in found if h is not None)

    async def also(
        self, means: Means, wish: Wish, state: EndpointState | None
    ) -> tuple[Report, ...]:
        """Return what is not about rows: how it served, and what is asked besides."""
        azure, endpoint = self.workspace, self.endpoint
        found = [await serving(self, azure, endpoint, state, wish)]
        if costs.wanted(means.watch, endpoint, wish.kind):
            now = means.clock()
            found.append(
                await costs.costs(self, azure, means.watch, endpoint, state, now)
            )
        return tuple(found)

    async def report(self, means: Means) -> Report | None:
        if not self.endpoint.monitor:
            self.missing["signals"] = "the watch list names no monitor"
            return None
        asked = self.workspace.windows(self.endpoint, means.clock())
        windows = await self.part("signals", asked)
        if windows is None:
            return None
        found, left_out = await compared(windows, self.endpoint)
        if left_out:
            words = f"{left_out} columns: the watch list does not let them be looked at"
            self.missing["protected columns"] = words
        return found


async def compared(windows: Windows, endpoint: Endpoint) -> tuple[Report, int]:
    """Return the report of both sides, and how many columns may not be looked at."""
    shown, left_out = _disclosed(windows, endpoint)
    found = await asyncio.to_thread(_compare, shown, endpoint)
    return policy.report(found, endpoint.disclosure), left_out


def _disclosed(windows: Windows, endpoint: Endpoint) -> tuple[Windows, int]:
    """Return the windows without columns that may not be looked at, and how many."""
    sides = (windows.reference, windows.production)
    kept = [policy.columns(side.column_names, endpoint.disclosure) for side in sides]
    every = {name for side in sides for name in side.column_names}
    shown = replace(
        windows, reference=sides[0].select(kept[0]), production=sides[1].select(kept[1])
    )
    return shown, len(every - {name for names in kept for name in names})


def _compare(windows: Windows, endpoint: Endpoint) -> Report:
    """Return drift, and the other signals of rows that the watch list has rules for."""
    rules: dict[str, list[signals.Rule]] = {"data-drift": []}
    for r in endpoint.signals:
        if r.kind in OF_ROWS:
            rule = signals.Rule(
                metric=r.metric, threshold=r.threshold, columns=r.columns
            )
            rules.setdefault(r.kind, []).append(rule)
    return together([_of_signal(windows, name, asked) for name, asked in rules.items()])


def _of_signal(windows: Windows, signal: str, rules: Sequence[signals.Rule]) -> Report:
    return signals.evaluate(
        windows.reference,
        windows.production,
        rules,
        signal=signal,
        reference_name=windows.reference_name,
        production_name=windows.production_name,
        reference_window=windows.reference_window,
        production_window=windows.production_window,
    )
