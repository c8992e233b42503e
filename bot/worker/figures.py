"""Fetch how an endpoint served: Azure Monitor's minutes, for the engine to judge."""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.incident import EndpointState
from bot.ports import Series, Workspace
from bot.signals import Report
from bot.signals.gauge import Gauge
from bot.signals.health import AVAILABILITY, BURN, ERRORS, LATENCIES
from bot.signals.load import COLLECTION, TRAFFIC, USED
from bot.signals.serving import KINDS, Minutes, Served, judge
from bot.watch import Endpoint
from bot.worker.asks import Asks
from bot.worker.course import with_course

T = TypeVar("T")
Window = tuple[datetime, datetime]
_WEEKS = 4
_WEEK = timedelta(weeks=1)
_BASE = frozenset(
    {"RequestLatency_P95", ERRORS.name, AVAILABILITY.name, BURN.name}
)  # two requests of Azure give all of these
_BY_KIND = {  # what an alert of a kind makes worth a look besides
    "latency": ("RequestsPerMinute", "CpuUtilizationPercentage"),
    "errors": ("RequestsPerMinute",),
    "availability": ("RequestsPerMinute",),
    "traffic": ("RequestsPerMinute",),
    "resource": ("RequestsPerMinute", *KINDS["resource"][:2]),
    "silence": KINDS["silence"],
    "data-quality": ("DataCollectionErrorsPerMinute",),
    "cost": ("RequestsPerMinute",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which window to look at, and for what."""

    window: Window
    kind: str = ""  # of the alert that asks
    # Limits of the alert's own rule, where the watch list has none.
    limits: tuple[tuple[str, float], ...] = ()
    besides: tuple[str, ...] = ()  # metrics

    def metrics(self, endpoint: Endpoint) -> frozenset[str]:
        asked = {*endpoint.limits, *(name for name, _ in self.limits)}
        listening = (COLLECTION.name,) if endpoint.listening.collection else ()
        by_kind = _BY_KIND.get(self.kind, ())
        return _BASE | asked | {*by_kind, *listening, *self.besides}


async def serving(
    asks: Asks,
    azure: Workspace,
    endpoint: Endpoint,
    state: EndpointState | None,
    wish: Wish,
) -> Report:
    """Return the verdict on how the endpoint served; never raises for a lack of data."""
    look = _Look(asks, azure, endpoint, wish.window)
    served = await look.served(wish.metrics(endpoint), state)
    limits = {**dict(wish.limits), **endpoint.limits}
    report = judge(served, limits, first=wish.kind, name=endpoint.name)
    return await with_course(asks, azure, endpoint, state, wish.kind, served, report)


class _Look:
    """One look at one window; each part is asked for once."""

    def __init__(
        self, asks: Asks, azure: Workspace, endpoint: Endpoint, window: Window
    ) -> None:
        self._asks, self._azure, self._endpoint = asks, azure, endpoint
        self._window, self._missing = window, dict[str, str]()
        self._grain = grain(window[1] - window[0])

    async def served(
        self, wanted: frozenset[str], state: EndpointState | None
    ) -> Served:
        answers, requests, times = await self._requests()
        latency = {
            gauge.name: minutes
            for gauge in LATENCIES.values()
            if gauge.name in wanted
            and (minutes := await self._latency(gauge, times)) is not None
        }
        used = [g for g in USED if g.name in wanted]
        return Served(
            window=self._window,
            latency=latency,
            requests=requests,
            answers=answers,
            past=await self._past() if TRAFFIC.name in wanted else None,
            used={
                gauge.name: minutes
                for gauge in used
                if (minutes := await self._used(gauge, state)) is not None
            },
            collected=await self._collected() if COLLECTION.name in wanted else None,
            missing=self._missing,
        )

    async def _requests(
        self,
    ) -> tuple[dict[str, float] | None, Minutes | None, list[datetime]]:
        """Return requests by status class, requests a minute, and which minutes."""
        asked = self._series("RequestsPerMinute", split_by="statusCodeClass")
        found = await self._part(
            "requests by status", asked, ERRORS, AVAILABILITY, BURN
        )
        if found is None:
            return None, None, []
        length = self._grain.total_seconds() / 60
        answers: dict[str, float] = {}
        a_minute: dict[datetime, float | None] = {}
        for one in found:
            name = next(iter(one.dimensions.values()), "")
            counted = sum(v for v in one.values if v is not None) * length
            answers[name] = answers.get(name, 0.0) + counted
            for at, value in zip(one.times, one.values, strict=True):
                before = a_minute.get(at)
                a_minute[at] = before if value is None else (before or 0.0) + value
        times = sorted(a_minute)
        return answers, [a_minute[at] for at in times], times

    async def _latency(self, gauge: Gauge, times: list[datetime]) -> Minutes | None:
        found = await self._part(gauge.feature, self._series(gauge.name), gauge)
        if found is None:
            return None
        known = {
            at: value
            for one in found
            for at, value in zip(one.times, one.values, strict=True)
        }
        return [known.get(at) for at in times or sorted(known)]

    async def _past(self) -> list[float] | None:
        """Return the mean requests a minute in the same minutes of past weeks."""
        start, end = self._window
        asked = [
            self._azure.series(
                self._endpoint.id,
                TRAFFIC.name,
                start - _WEEK * back,
                end - _WEEK * back,
                interval=self._grain,
                aggregation="Average",
            )
            for back in range(1, _WEEKS + 1)
        ]
        found = await self._part("traffic of past weeks", _all(asked), TRAFFIC)
        if found is None:
            return None
        weeks = [
            [v for one in week for v in one.values if v is not None] for week in found
        ]
        return [sum(known) / len(known) for known in weeks if known]

    async def _used(self, gauge: Gauge, state: EndpointState | None) -> Minutes | None:
        """Return the busiest instance's use of each minute, of all deployments."""
        busiest: dict[datetime, float] = {}
        for deployment in state.deployments if state else ():
            resource = f"{self._endpoint.id}/deployments/{deployment.name}"
            split = "instanceId"
            asked = self._series(gauge.name, resource=resource, split_by=split)
            what = f"{gauge.feature} of {deployment.name}"
            for one in await self._part(what, asked, gauge) or ():
                for at, value in zip(one.times, one.values, strict=True):
                    if value is not None:
                        busiest[at] = max(value, busiest.get(at, 0.0))
        if state is None:
            self._missing[gauge.name] = "which deployments there are is not known"
        if gauge.name in self._missing:
            return None
        return [busiest[at] for at in sorted(busiest)]

    async def _collected(self) -> tuple[float, float] | None:
        totals = []
        for metric in (COLLECTION.name, "DataCollectionEventsPerMinute"):
            asked = self._series(metric)
            found = await self._part("data collection", asked, COLLECTION)
            if found is None:
                return None
            values = [v for one in found for v in one.values if v is not None]
            totals.append(sum(values) * self._grain.total_seconds() / 60)
        return totals[0], totals[1]

    def _series(
        self, metric: str, *, resource: str = "", split_by: str = ""
    ) -> Coroutine[Any, Any, tuple[Series, ...]]:
        return self._azure.series(
            resource or self._endpoint.id,
            metric,
            *self._window,
            interval=self._grain,
            aggregation="Average",
            split_by=split_by,
        )

    async def _part(self, name: str, asked: Awaitable[T], *of: Gauge) -> T | None:
        """Return a part; one that does not come stands as missing at its figures."""
        found = await self._asks.part(name, asked)
        if found is None:
            why = self._asks.gaps.get(name, "Azure did not say")
            self._missing.update({gauge.name: why for gauge in of})
        return found


async def _all(asked: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return all answers, asked for at once; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asked]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def grain(length: timedelta) -> timedelta:
    """Return an interval that Azure has, for a few hundred points at most."""
    for most, minutes in ((6, 1), (24, 5), (24 * 8, 30)):
        if length <= timedelta(hours=most):
            return timedelta(minutes=minutes)
    return timedelta(hours=1)
