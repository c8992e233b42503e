"""Histories as they come to be in months, for packs and for their speed."""

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.approval.oversight import EndpointLocked, GateAnswered
from bot.evidence import anchor
from bot.evidence.shelf import Folder, keep
from bot.incident import (
    Acknowledged,
    Actor,
    CardShown,
    DecisionRecorded,
    Event,
    EvidenceCollected,
    Incident,
)
from bot.store import Leader, Store
from bot.store.log import Log, heads
from tests.cards import samples
from tests.conftest import NOW
from tests.evidence.conftest import KEY
from tests.incidents import ENDPOINT, received

PRIYA = Actor("t", "o-1", "Priya Raman")
SETTINGS = {
    "id": ENDPOINT,
    "owner": "Priya Raman",
    "channel": "model-alerts",
    "tier": 1,
    "model": "loan-prescreening",
    "signals": [{"metric": "JensenShannonDistance", "threshold": 0.1}],
    "levels": {"acknowledge_minutes": 30, "decide_minutes": 240},
}


def monitor(at: datetime, *, without: frozenset[int] = frozenset()) -> dict[str, Any]:
    """Return a daily monitor as seen at `at`, with its last 30 days of runs.

    `without`: days back on which it did not run.
    """
    day = at.replace(hour=3, minute=15, second=0, microsecond=0)
    runs = [
        {
            "name": f"run-{day - timedelta(days=back):%Y%m%d}",
            "status": "Completed",
            "started": (day - timedelta(days=back)).isoformat(),
            "ended": None,
        }
        for back in range(30)
        if back not in without and day - timedelta(days=back) <= at
    ]
    limit = {"signal": "drift", "kind": "DataDrift", "metric": "js", "data_type": "n"}
    return {
        "name": "loan-drift-daily",
        "enabled": True,
        "frequency": "day",
        "interval": 1,
        "limits": [{**limit, "threshold": 0.1}],
        "assets": [],
        "runs": runs,
        "set_by": "Priya Raman",
        "set_at": None,
    }


def story(chance: random.Random, at: datetime, number: int) -> list[Event]:
    """Return what happened in one incident, whose alert came at `at`."""
    samples_history = samples.HISTORIES["rolled-back" if number % 50 == 0 else "firing"]
    shift = at - samples_history[0].at
    events = [_at(e, shift, f"R-{at:%y%m%d}{number}") for e in samples_history]
    first = received(at, fingerprint=f"f-{number}", starts_at=at)
    events = [first if i == 0 else e for i, e in enumerate(events)]
    card = CardShown(
        at=at + timedelta(minutes=2), conversation="c", activity="1", revision=2
    )
    events.insert(2, card)
    later = at + timedelta(minutes=chance.randrange(5, 90))
    events.append(Acknowledged(at=later, by=PRIYA))
    if number % 3 == 0:
        later += timedelta(minutes=chance.randrange(5, 400))
        record = DecisionRecorded(
            at=later,
            by=PRIYA,
            choice="retrain",
            reason="the mix of applicants moved",
            expires_at=later + timedelta(days=30),
        )
        events.append(record)
    if number % 10:
        done = received(
            later + timedelta(hours=2),
            fingerprint=f"f-{number}",
            status="resolved",
            starts_at=at,
        )
        events.append(done)
    return events


def _at(event: Event, shift: timedelta, request: str) -> Event:
    named: dict[str, Any] = {"at": event.at + shift}
    if hasattr(event, "request"):
        named["request"] = request
    return replace(event, **named)


async def months(
    store: Store, folder: Path, count: int, start: datetime, days: int
) -> None:
    """Write `count` incidents over `days` with evidence, sealed and anchored."""
    chance = random.Random(7)  # noqa: S311 a seed, to write the same again
    shelf = Folder(folder)
    leader = await Leader.elect(store, "driver")
    log = Log(store, KEY)
    settings = await _object(shelf, "settings", SETTINGS)
    for number in range(count):
        at = start + timedelta(days=days) * number / count
        look = monitor(at.replace(hour=12), without=frozenset({3}))
        digests = {
            "settings": settings,
            "monitor": await _object(shelf, "monitor", look),
        }
        events = story(chance, at, number)
        frozen = EvidenceCollected(
            at=at + timedelta(minutes=1),
            endpoint=ENDPOINT,
            digests=digests,
            missing={"alert rule": "unsupported: no alert names a rule"},
        )
        new = Incident(id="", group_key=f"g-{number}", endpoint=ENDPOINT)
        await store.append(new, [*events[:2], frozen, *events[2:]])
        if number % 20 == 0:
            await log.seal(at, fence=leader.epoch)
    while await log.seal(start + timedelta(days=days), fence=leader.epoch):
        pass
    leader.resign()
    await anchor.keep(shelf, await store.read(heads), KEY.public_key())


async def every_table(store: Store, folder: Path) -> None:
    """Write rows of every table that a check covers, sealed and anchored.

    Five incidents that came from real deliveries, one of them with a rollback; a call
    that was no alert; an answer of the gate.
    """
    leader = await Leader.elect(store, "driver")
    log = Log(store, KEY)
    kinds = ("latency", "errors", "traffic", "data-drift", "cost")
    for number, kind in enumerate(kinds):
        at = NOW + timedelta(hours=number)
        body = f'{{"alert": {number}, "text": "{"x" * 900 * number}"}}'.encode()
        came = await store.accept("alerts", body, at)
        new = Incident(id="", group_key=f"{ENDPOINT} {kind}", endpoint=ENDPOINT)
        first = received(at, fingerprint=f"f-{number}", starts_at=at, kind=kind)
        more = samples.HISTORIES["rolled-back"][1:] if kind == "data-drift" else ()
        await store.append(new, [replace(first, delivery=came), *more])
        await store.settle({came: ""}, at, fence=leader.epoch)
        await log.seal(at, fence=leader.epoch)
    await _besides(store, log, leader.epoch)
    fresh = await store.read(partial(heads, above=await anchor.last(Folder(folder))))
    await anchor.keep(Folder(folder), fresh, KEY.public_key())
    leader.resign()


async def _besides(store: Store, log: Log, fence: int) -> None:
    stray = await store.accept("events", b"[]", NOW)
    await store.settle({stray: "not an alert: empty"}, NOW, fence=fence)
    answer = GateAnswered(
        at=NOW,
        by=None,
        number="G-1",
        deployment="green",
        passed=True,
        reasons=(),
        seen=("A-1/1",),
    )
    locked = EndpointLocked(at=NOW, by=PRIYA, reason="audit")
    await store.append(await store.ledger(ENDPOINT), [answer, locked])
    await log.seal(NOW, fence=fence)


async def _object(shelf: Folder, name: str, content: object) -> str:
    document = {"part": name, "content": content}
    return await keep(shelf, json.dumps(document, sort_keys=True).encode())
