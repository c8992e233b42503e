"""Find out what really changed: fetch the windows, run the engine, look at the health."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from bot import signals
from bot.evidence import policy
from bot.incident import EndpointState, EvaluateSignals, Health, SignalsEvaluated
from bot.inhibition import doubted
from bot.ports import Impossible, Unavailable, Windows, Workspace
from bot.signals import Report
from bot.signals.catalogue import named
from bot.signals.together import together
from bot.store import Due, Leader
from bot.watch import Endpoint, SignalRule
from bot.worker.hush import opened
from bot.worker.means import Means, record

T = TypeVar("T")
HEALTH_WINDOW = timedelta(minutes=30)
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
    health = await found.health(means, state)
    report = await found.report(means)
    if report is not None:
        report = doubted(report, await opened(means, endpoint.id))
    event = SignalsEvaluated(
        at=means.clock(),
        report=report,
        health=health,
        state=state,
        missing=found.missing,
    )
    await record(means, due.incident, lambda _: (event,), leader, done=due.id)


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

    async def health(
        self, means: Means, state: EndpointState | None
    ) -> tuple[Health, ...]:
        end = means.clock()
        start = end - HEALTH_WINDOW
        names = ["", *([d.name for d in state.deployments] if state else [])]
        found = []
        for name in names:
            asked = self.workspace.health(self.endpoint.id, name, start, end)
            found.append(await self.part(f"health of {name or 'the endpoint'}", asked))
        return tuple(h for h in found if h is not None)

    async def report(self, means: Means) -> Report | None:
        if not self.endpoint.monitor:
            self.missing["signals"] = "the watch list names no monitor"
            return None
        for name in {r.signal for r in self.endpoint.signals} - OF_ROWS:
            self.missing[name] = "only Azure ML computes it; the engine sees no labels"
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
        if r.signal in OF_ROWS:
            rule = signals.Rule(
                metric=r.metric, threshold=r.threshold, columns=r.columns
            )
            rules.setdefault(_signal(r), []).append(rule)
    return together([_of_signal(windows, name, asked) for name, asked in rules.items()])


def _signal(rule: SignalRule) -> str:
    """Return the signal of a rule; a metric of data quality says itself what it is."""
    own = named(rule.metric).signal
    return rule.signal if own == "data-drift" else own


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
