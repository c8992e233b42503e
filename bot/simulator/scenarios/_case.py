"""A case study: the loan workspace under other names, with data and a course of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from aiohttp import web
from numpy.random import Generator

from bot.simulator import people
from bot.simulator.azure.access import grant
from bot.simulator.azure.activity import log
from bot.simulator.azure.arm import key, put
from bot.simulator.azure.asked import affect
from bot.simulator.azure.blobs import folder as blob_folder
from bot.simulator.azure.firing import breach, metric, seed_rules
from bot.simulator.azure.gate import ENDPOINT_WRITE
from bot.simulator.azure.notices import listening
from bot.simulator.azure.operations import WRITE, plan, remember
from bot.simulator.azure.state import AZURE
from bot.simulator.identity import EXECUTOR, READER, TENANT
from bot.simulator.scenarios import _workspace as loan
from bot.simulator.scenarios._scenario import Course, Lifetime, Scenario
from bot.simulator.world import WORLD, Document, World
from bot.watch import (
    Approval,
    Endpoint,
    Escalation,
    ServiceLevels,
    SignalRule,
    WatchList,
)

_REFERENCE_ROWS, _HOURLY_ROWS, _HOURS = 12_000, 400, 24
_SEED = 20261124


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What one case differs in from the loan workspace."""

    name: str
    title: str
    names: Mapping[str, str]  # words of the loan workspace -> ours, the longest first
    rows: Callable[[Generator, int, bool], pa.Table]  # random, how many, shifted
    found: Mapping[str, Sequence[Document]]  # what Azure's monitor says, by kind
    signals: Mapping[str, str]  # Azure's names of its signals, by kind
    rules: tuple[SignalRule, ...]
    levels: ServiceLevels
    course: Course
    begins: str  # kind of the alert that comes by itself
    peak: float = 1.0  # the traffic when it does
    tier: int = 1
    latency_p95_ms: float = 250
    p95_ms: Mapping[str, float] = field(
        default_factory=lambda: {"blue": 184.0, "green": 171.0}
    )
    rpm: float = 240.0
    shifted: bool = True
    hours: int = 24  # that have the shift, the newest
    predictions: tuple[str, ...] = ("score",)
    segments: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    escalation: Escalation | None = None

    def called(self, text: str) -> str:
        for old, new in self.names.items():
            text = text.replace(old, new)
        return text

    @property
    def endpoint(self) -> str:
        return self.called(loan.ENDPOINT)


def scenario(case: Case) -> Scenario:
    return Scenario(
        name=case.name,
        title=case.title,
        seed=lambda world, folder, now: _seed(case, world, folder, now),
        watch=lambda: _watch(case),
        story=lambda delay_s: _story(case, delay_s),
        course=case.course,
    )


def _seed(case: Case, world: World, folder: Path, now: datetime) -> None:
    world.put("azure", "blobs", {"folder": str(folder / "blobs")})
    endpoint = key(case.endpoint)
    if world.get("arm", endpoint) is None:
        plan(world, seconds=1.0)
        for document in (*loan.documents(), *loan.runs(now)):
            put(world, json.loads(case.called(json.dumps(document))))
        remember(world, endpoint)
        usual = {"rpm": case.rpm, "errors": 0.0009, "p95_ms": dict(case.p95_ms)}
        world.put("metrics", endpoint, {"usual": usual, "changes": []})
        told = {
            "workspace": case.called(loan.WORKSPACE),
            "name": case.called(loan.MONITOR),
            "signal": case.signals.get("data-drift", ""),
            "signals": dict(case.signals),
            "rows": {kind: list(rows) for kind, rows in case.found.items()},
        }
        world.put("monitor", endpoint, told)
        world.put("azure", "data", {"shifted": case.shifted})
        _governed(case, world, now)
    put(world, json.loads(case.called(json.dumps(next(loan.runs(now))))))
    shifted = bool((world.get("azure", "data") or {}).get("shifted"))
    _write(case, world, now, shifted=shifted, anew=False)


def _governed(case: Case, world: World, now: datetime) -> None:
    month_ago = now - timedelta(days=28)
    seed_rules(world, case.endpoint, by=people.PRIYA.oid, at=month_ago)
    grant(world, case.endpoint, EXECUTOR, "Watchkeeper: executor", ENDPOINT_WRITE)
    workspace = case.called(loan.WORKSPACE)
    grant(world, workspace, READER, "Watchkeeper: reader", "*/read")
    log(world, case.endpoint, WRITE, by=people.PRIYA.oid, at=now - timedelta(hours=7))


def _write(
    case: Case, world: World, now: datetime, *, shifted: bool, anew: bool
) -> None:
    """Write training data and the last 24 full hours; what is there stays, unless `anew`."""
    container = blob_folder(world) / loan.ACCOUNT / loan.CONTAINER
    reference = container / case.called(loan.REFERENCE_PATH) / "rows.parquet"
    if not reference.exists():
        random = np.random.default_rng(_SEED)
        _file(reference, case.rows(random, _REFERENCE_ROWS, False))  # noqa: FBT003
    this_hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for back in range(_HOURS, 0, -1):
        hour = this_hour - timedelta(hours=back)
        place = container / case.called(loan.PRODUCTION_PATH) / f"{hour:%Y/%m/%d/%H}"
        if anew or not (place / "rows.parquet").exists():
            random = np.random.default_rng([_SEED, int(hour.timestamp()) // 3600])
            moved = shifted and back <= case.hours
            _file(place / "rows.parquet", case.rows(random, _HOURLY_ROWS, moved))


def _file(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    pq.write_table(table, draft)
    draft.replace(path)


def _watch(case: Case) -> dict[str, Any]:
    watched = Endpoint.model_validate(
        {
            "id": case.endpoint,
            "owner": people.PRIYA.person,
            "channel": people.ALERTS.key,
            "tier": case.tier,
            "model": case.called("loan-prescreening"),
            "monitor": case.called(loan.MONITOR),
            "log_workspace": loan.LOG_WORKSPACE,
            "signals": case.rules,
            "predictions": case.predictions,
            "segments": case.segments,
            "prices": {"Standard_DS3_v2": 0.27},
            "latency_p95_ms": case.latency_p95_ms,
            "availability": 0.999,
            "rollback_target": "green",
            "approval": Approval(people=(people.MEI.person, people.LENA.person)),
            "levels": case.levels,
            "disclosure": {"protected": case.protected},
            "retraining": {"job": case.called(loan.TRAINING)},
            "escalation": case.escalation,
        }
    )
    listed = WatchList(
        tenant=TENANT,
        people=tuple(people.people()),
        channels=people.channels(),
        currency="EUR",
        endpoints=(watched,),
    )
    return listed.model_dump(mode="json", exclude_unset=True)


def _story(case: Case, delay_s: float) -> Lifetime:
    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        async def rewrite(shifted: bool) -> None:  # noqa: FBT001 the remote control's
            world, now = app[WORLD], datetime.now(UTC)
            await asyncio.to_thread(
                _write, case, world, now, shifted=shifted, anew=True
            )
            world.put("azure", "data", {"shifted": shifted})

        app[AZURE].rewrite = rewrite
        task = asyncio.create_task(_begin(case, app, delay_s))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return lifetime


async def _begin(case: Case, app: web.Application, delay_s: float) -> None:
    """Fire what the case begins with, once, whatever restarts come between."""
    world = app[WORLD]
    told = world.get("story", case.name) or {"event": str(uuid4()), "delivery": ""}
    delivered = world.get("delivery", told["delivery"]) or {}
    if delivered.get("done"):
        return
    world.put("story", case.name, told)
    await listening(app)
    await asyncio.sleep(delay_s)
    endpoint = key(case.endpoint)
    if case.begins in ("latency", "errors"):
        affect(world, endpoint, "", {"traffic": case.peak}, over=False)
        body = {"deployment": "blue"}
        sent = metric(app, endpoint, body, case.begins, "fired")
    else:
        sent = breach(app, endpoint, case.begins, told["event"], {})
    world.put("story", case.name, {**told, "delivery": sent["delivery"]})


def breached(metric: str, limit: float, **values: float) -> list[Document]:
    """Return rows as Azure's component writes them, one a feature."""
    return [
        {
            "metric_value": value,
            "metric_name": metric,
            "threshold_value": limit,
            "group": feature,
        }
        for feature, value in values.items()
    ]
