"""Find out what really changed: fetch the windows, run the engine, look at the health."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import TypeVar

from bot.incident import (
    EndpointState,
    EvaluateSignals,
    Health,
    Incident,
    SignalsEvaluated,
)
from bot.ports import Impossible, Unavailable, Windows, Workspace
from bot.signals import Report
from bot.signals.health import LATENCIES
from bot.signals.load import USED
from bot.signals.serving import KINDS
from bot.store import Due, Leader
from bot.triage.inhibition import doubted
from bot.watch import Endpoint
from bot.worker import costs, drifted
from bot.worker.figures import Window, Wish, serving
from bot.worker.hush import opened
from bot.worker.means import Means, record
from bot.worker.rows import disclosed
from bot.worker.truth import models, wanted
from cards import findings

T = TypeVar("T")
HEALTH_WINDOW = timedelta(minutes=30)  # at most, and for what has no window itself
LEAST_WINDOW = timedelta(minutes=10)
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
    asked = wish(incident, endpoint, means.clock())
    health = await found.health(asked.window, state)
    also = await found.also(means, asked, state)
    report, windows = await found.report(means, kind=asked.kind)
    also += tuple(await found.models(windows, asked))
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
                await costs.costs(
                    self,
                    azure,
                    means.watch,
                    endpoint,
                    state,
                    now,
                    drawn=wish.kind == "cost",
                )
            )
        return tuple(found)

    async def report(
        self, means: Means, *, kind: str = ""
    ) -> tuple[Report | None, Windows | None]:
        """Return what the monitor's data say, and their rows where these were read."""
        if not self.endpoint.monitor:
            self.missing["signals"] = "the watch list names no monitor"
            return None, None
        rows = wanted(self.endpoint, kind)
        asked = await self.part(
            "signals", drifted.report(means, self.endpoint, rows=rows)
        )
        if asked is None:
            return None, None
        found, left_out, windows = asked
        if left_out:
            words = f"{left_out} columns: the watch list does not let them be looked at"
            self.missing["protected columns"] = words
        return found, windows

    async def models(self, windows: Windows | None, wish: Wish) -> list[Report]:
        shown = disclosed(windows, self.endpoint)[0] if windows else None
        return await models(self, self.workspace, self.endpoint, shown, wish.kind)
