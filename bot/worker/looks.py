"""What is asked of an endpoint itself: how it stands, serves and drifts, looked at now."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bot.commands.span import span
from bot.incident import OPEN, EndpointState, Health
from bot.levels import OfModel, by_model
from bot.ports import Impossible, Unavailable, Workspace
from bot.signals import Report
from bot.signals.load import COLLECTION, TRAFFIC, USED
from bot.triage.inhibition import doubted
from bot.watch import Endpoint
from bot.worker import costs
from bot.worker.awaited import unmanned
from bot.worker.evaluate import Findings
from bot.worker.figures import Wish, serving
from bot.worker.hush import opened
from bot.worker.means import Forgotten, Means
from bot.worker.reads import readings
from cards import access, drift, health, owner, status
from cards.executor import silence
from cards.view import Rendered, View

T = TypeVar("T")
LOOK_S = 20.0  # for all that one answer asks of Azure; what does not come is missing
HOUR = timedelta(hours=1)
LONGEST = timedelta(days=30)
WEEK = timedelta(weeks=1)
ASKED = (
    USED[0].name,
    USED[1].name,
    COLLECTION.name,
)  # CPU and memory, and what is lost
MONTH = timedelta(days=30)  # of service levels
_COUNTED = 200  # incidents in it, the newest
READ_DAYS = 30  # of readings of evidence, in the access review


def endpoint_of(means: Means, about: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that is asked about; Forgotten when nobody watches it."""
    found = means.watch.endpoint(about.get("on", ""))
    if found is None:
        raise Forgotten(about.get("on", "").rsplit("/", 1)[-1])
    return found


async def show_status(means: Means, about: Mapping[str, str]) -> Rendered:
    endpoint, looks = endpoint_of(means, about), _Looks(means)
    now = means.clock()
    state = await looks.part("traffic", looks.azure.state(endpoint.id))
    served = await _health(looks, endpoint, state, now - HOUR, now)
    wish = Wish(window=(now - HOUR, now))
    report = await serving(looks, looks.azure, endpoint, state, wish)
    return status.render(
        endpoint,
        means.links,
        now,
        state=state,
        health=served,
        report=report,
        open_alerts=await _open(means, endpoint),
        gaps=looks.gaps,
        levels=await _levels(means, endpoint, now),
        unmanned=silence(await unmanned(means)),
    )


async def _levels(means: Means, endpoint: Endpoint, now: datetime) -> Sequence[OfModel]:
    """Return what the steps took in the incidents of the last month."""
    listed = await means.store.incidents(endpoint=endpoint.id, limit=_COUNTED)
    recent = [one.id for one in listed if now - one.opened_at < MONTH]
    found = [await means.store.load(key) for key in recent]
    return by_model(((i, endpoint) for i in found if i is not None), now)


async def show_health(means: Means, about: Mapping[str, str]) -> Rendered:
    endpoint, looks, now = endpoint_of(means, about), _Looks(means), means.clock()
    length = span(about.get("window", ""), HOUR, LONGEST)
    state = await looks.part("deployments", looks.azure.state(endpoint.id))
    served = await _health(looks, endpoint, state, now - length, now)
    usual = (TRAFFIC.name,) if length <= WEEK else ()  # else the weeks overlap
    wish = Wish(window=(now - length, now), besides=(*ASKED, *usual))
    report = await serving(looks, looks.azure, endpoint, state, wish)
    priced = costs.wanted(means.watch, endpoint, "")
    cost = (
        await costs.costs(looks, looks.azure, means.watch, endpoint, state, now)
        if priced
        else None
    )
    grain = _grain(length)
    asked = looks.azure.series(
        endpoint.id,
        "RequestLatency_P95",
        now - length,
        now,
        interval=grain,
        aggregation="Average",
    )
    series = await looks.part("latency over time", asked)
    points = [
        (t, v)
        for one in (series or ())[:1]
        for t, v in zip(one.times, one.values, strict=True)
        if v is not None
    ]
    return health.render(
        endpoint,
        means.links,
        now,
        health=served,
        report=report,
        cost=cost,
        latency=points,
        gaps=looks.gaps,
    )


async def show_drift(means: Means, about: Mapping[str, str]) -> Rendered:
    endpoint, looks = endpoint_of(means, about), _Looks(means)
    found = Findings(looks.azure, endpoint, patient=False)
    report = await looks.part("signals", _report(found, means))
    if report is not None:
        report = doubted(report, await opened(means, endpoint.id))
    return drift.render(
        endpoint,
        means.links,
        means.clock(),
        report=report,
        feature=about.get("feature", ""),
        gaps={**found.missing, **looks.gaps},
    )


async def _report(found: Findings, means: Means) -> Report | None:
    return (await found.report(means))[0]


async def show_owner(means: Means, about: Mapping[str, str]) -> Rendered:
    return owner.render(endpoint_of(means, about), means.watch, means.clock())


async def show_access(means: Means, about: Mapping[str, str]) -> Rendered:
    endpoint, looks = endpoint_of(means, about), _Looks(means)
    found = await looks.part("role assignments", looks.azure.access(endpoint.id))
    return access.render(
        endpoint,
        means.watch,
        means.clock(),
        assignments=found,
        reads=await readings(means, endpoint.id, READ_DAYS),
        days=READ_DAYS,
        gaps=looks.gaps,
    )


class _Looks:
    """Asks Azure for one thing after the other and keeps why something did not come."""

    def __init__(self, means: Means) -> None:
        if means.workspace is None:
            raise Impossible("this process does not read Azure")
        self.azure: Workspace = means.workspace
        self.gaps: dict[str, str] = {}
        self._end = asyncio.get_running_loop().time() + LOOK_S

    async def part(self, name: str, asked: Awaitable[T]) -> T | None:
        try:
            async with asyncio.timeout_at(self._end):
                return await asked
        except TimeoutError:
            self.gaps[name] = "Azure did not answer in time"
        except (Unavailable, Impossible) as error:
            self.gaps[name] = str(error)
        return None


async def _health(
    looks: _Looks,
    endpoint: Endpoint,
    state: EndpointState | None,
    start: datetime,
    end: datetime,
) -> list[Health]:
    names = ["", *([d.name for d in state.deployments] if state else [])]
    found = []
    for name in names[:9]:
        asked = looks.azure.health(endpoint.id, name, start, end)
        found.append(await looks.part(f"health of {name or 'the endpoint'}", asked))
    return [h for h in found if h is not None]


async def _open(means: Means, endpoint: Endpoint) -> list[View]:
    listed = await means.store.incidents(status=OPEN, endpoint=endpoint.id, limit=50)
    found = [await means.store.load(each.id) for each in listed]
    return [means.view(i) for i in found if i is not None]


def _grain(length: timedelta) -> timedelta:
    """Return an interval that Azure has, for some two dozen points at most."""
    for most, grain in ((2, 5), (8, 30), (30, 60), (24 * 8, 360)):
        if length <= timedelta(hours=most):
            return timedelta(minutes=grain)
    return timedelta(days=1)
