"""Loan pre-screening: after a rate rise, other people apply than the model learnt from.

Version 14 (blue) serves 90 % and has never seen them; version 13 (green) is at hand.
A few seconds after the start, the daily monitor finds six features over their limits.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.simulator import people
from bot.simulator.azure.access import grant
from bot.simulator.azure.activity import log
from bot.simulator.azure.arm import key, put
from bot.simulator.azure.blobs import folder as blob_folder
from bot.simulator.azure.firing import breach, seed_rules
from bot.simulator.azure.gate import ENDPOINT_WRITE, ML
from bot.simulator.azure.notices import listening
from bot.simulator.azure.operations import WRITE, plan, remember
from bot.simulator.azure.state import AZURE
from bot.simulator.hands import Hands, Measured, at, detected
from bot.simulator.identity import EXECUTOR, READER, TENANT
from bot.simulator.scenarios._applicants import (
    write_production,
    write_reference,
    write_this_hour,
)
from bot.simulator.scenarios._scenario import Lifetime, Scenario
from bot.simulator.scenarios._workspace import (
    ACCOUNT,
    CONTAINER,
    ENDPOINT,
    LOG_WORKSPACE,
    MONITOR,
    PRODUCTION_PATH,
    REFERENCE_PATH,
    TARGET_PATH,
    TRAINING,
    WORKSPACE,
    documents,
    runs,
)
from bot.simulator.world import WORLD, World
from bot.watch import (
    Approval,
    Endpoint,
    Retraining,
    ServiceLevels,
    SignalRule,
    WatchList,
)

_SIGNAL = "loan_data_drift"
_STORY = "loan-drift"
_TARGET_ROWS = 800  # what green took in this hour: enough to judge its drift
# What Azure's monitor computed, over its limit of 0.1; measured on the seeded rows.
_FOUND = {
    "interest_rate": 0.3512,
    "employment_years": 0.2541,
    "debt_to_income": 0.2506,
    "loan_purpose": 0.2473,
    "annual_income": 0.1758,
    "loan_amount": 0.1736,
}
_NULLS = {"savings_balance": 0.083}


def seed(world: World, folder: Path, now: datetime) -> None:
    """Fill the world, once, and bring the production data up to `now`, every time.

    `folder` gets the simulated Blob Storage; about 10 MB.
    """
    blobs = folder / "blobs"
    world.put("azure", "blobs", {"folder": str(blobs)})
    if world.get("arm", key(WORKSPACE)) is None:
        plan(world, seconds=2.0)
        for document in (*documents(), *runs(now)):
            put(world, document)
        remember(world, key(ENDPOINT))
        usual = {"rpm": 240.0, "errors": 0.0009}
        usual["p95_ms"] = {"blue": 184.0, "green": 171.0}  # type: ignore[assignment]
        world.put("metrics", key(ENDPOINT), {"usual": usual, "changes": []})
        world.put("monitor", key(ENDPOINT), _monitor())
        world.put("azure", "data", {"shifted": True})
        _governed(world, now)
    put(world, next(runs(now)))  # last night's, also when it is started again
    shifted = bool((world.get("azure", "data") or {}).get("shifted", True))
    container = blobs / ACCOUNT / CONTAINER
    write_reference(container / REFERENCE_PATH)
    write_production(container / PRODUCTION_PATH, now, shifted=shifted)
    target = container / TARGET_PATH
    write_this_hour(target, now, rows=_TARGET_ROWS, shifted=shifted)


def _governed(world: World, now: datetime) -> None:
    """Let there be alert rules, people with rights, and a past in the activity log."""
    seed_rules(world, ENDPOINT, by=people.PRIYA.oid, at=now - timedelta(days=21))
    grant(world, ENDPOINT, EXECUTOR, "Watchkeeper: rollback executor", ENDPOINT_WRITE)
    group = "/".join(WORKSPACE.split("/")[:5])
    grant(world, WORKSPACE, READER, "Watchkeeper: reader", "*/read")
    grant(world, group, people.PRIYA.oid, "AzureML Data Scientist", f"{ML}/*")
    grant(world, "/".join(group.split("/")[:3]), people.SAM.oid, "Reader", "*/read")
    deployed = f"{WRITE.rsplit('/', 1)[0]}/deployments/write"
    blue = f"{ENDPOINT}/deployments/blue"
    log(world, blue, deployed, by=people.PRIYA.oid, at=now - timedelta(hours=30))
    log(world, ENDPOINT, WRITE, by=people.PRIYA.oid, at=now - timedelta(hours=5))


def _monitor() -> dict[str, Any]:
    def row(metric: str, limit: float, feature: str, value: float) -> dict[str, Any]:
        return {
            "metric_value": value,
            "metric_name": metric,
            "threshold_value": limit,
            "group": feature,
        }

    drift = [row("JensenShannonDistance", 0.1, f, v) for f, v in _FOUND.items()]
    nulls = [row("NullValueRate", 0.05, f, v) for f, v in _NULLS.items()]
    return {
        "workspace": WORKSPACE,
        "name": MONITOR,
        "signal": _SIGNAL,
        "rows": {"data-drift": drift, "data-quality": nulls},
    }


def watch() -> dict[str, Any]:
    """Return the watch list of this scenario, as its file would hold it."""
    loan = Endpoint(
        id=ENDPOINT,
        owner=people.PRIYA.person,
        channel=people.ALERTS.key,
        tier=1,
        model="loan-prescreening",
        monitor=MONITOR,
        log_workspace=LOG_WORKSPACE,
        signals=(SignalRule(metric="JensenShannonDistance", threshold=0.1),),
        predictions=("score",),
        segments=("application_channel",),
        prices={"Standard_DS3_v2": 0.27},
        latency_p95_ms=250,
        availability=0.999,
        rollback_target="green",
        retraining=Retraining(job=TRAINING),
        levels=ServiceLevels(
            detect_minutes=1440, acknowledge_minutes=60, decide_minutes=480
        ),
        approval=Approval(people=(people.MEI.person, people.LENA.person)),
    )
    listed = WatchList(
        tenant=TENANT,
        people=tuple(people.people()),
        channels=people.channels(),
        currency="EUR",
        endpoints=(loan,),
    )
    return listed.model_dump(mode="json")


def story(delay_s: float) -> Lifetime:
    """Return the context for `app.cleanup_ctx` that lets the drift be found once."""

    async def lifetime(app: web.Application) -> AsyncIterator[None]:
        attach(app)
        task = asyncio.create_task(_drift(app, delay_s))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    return lifetime


async def _drift(app: web.Application, delay_s: float) -> None:
    """Fire the alert, unless it was fired before a restart.

    Its id is kept before it is sent, so one that a kill interrupted goes out again as
    the same event, which the bot's door takes for the repeat that it is.
    """
    world = app[WORLD]
    told = world.get("story", _STORY) or {"event": str(uuid4()), "delivery": ""}
    delivered = world.get("delivery", told["delivery"]) or {}
    if delivered.get("done"):
        return
    world.put("story", _STORY, told)
    await listening(app)
    await asyncio.sleep(delay_s)
    sent = breach(app, key(ENDPOINT), "data-drift", told["event"], {})
    world.put("story", _STORY, {**told, "delivery": sent["delivery"]})


def attach(app: web.Application) -> None:
    """Let POST /sim/azure/data write this scenario's production data anew."""

    async def rewrite(shifted: bool) -> None:  # noqa: FBT001 - the remote control's
        world = app[WORLD]
        container = blob_folder(world) / ACCOUNT / CONTAINER
        await asyncio.to_thread(
            write_production,
            container / PRODUCTION_PATH,
            datetime.now(UTC),
            shifted=shifted,
            anew=True,
        )
        await asyncio.to_thread(
            write_this_hour,
            container / TARGET_PATH,
            datetime.now(UTC),
            rows=_TARGET_ROWS,
            shifted=shifted,
            anew=True,
        )
        world.put("azure", "data", {"shifted": shifted})

    app[AZURE].rewrite = rewrite


async def course(hands: Hands) -> list[Measured]:
    """Drift, a decision on what was shown, a rollback by two people."""
    card = await hands.first("CardShown")
    evaluated = await hands.event("SignalsEvaluated")
    frozen = await hands.event("EvidenceCollected")
    await hands.press("priya", "Acknowledge", "A-1")
    await hands.press("priya", "Request rollback", "A-1", reason="others apply now")
    await hands.press("mei", "Approve rollback", "A-1")
    moved = await hands.event("TrafficShifted")
    await hands.say("priya", "decide A-1 rollback version 13 knows such applicants")
    decided = await hands.event("DecisionRecorded")
    kept = {"settings", "monitor", "signal report"} & set(frozen["digests"])
    served = ", ".join(f"{n} {p}%" for n, p in sorted(moved["after"].items()))
    return [
        detected(
            "drift is on a card within one business day",
            card,
            evaluated,
            timedelta(days=1),
        ),
        Measured(
            objective="the thresholds in force are frozen with the decision",
            measured=", ".join(sorted(kept)),
            met=len(kept) == 3 and at(frozen) <= at(decided),  # noqa: PLR2004 all three
        ),
        Measured(
            objective="traffic moves after a second person's approval, and is read back",
            measured=served,
            met=moved["after"].get("green") == 100,  # noqa: PLR2004 percent
        ),
        Measured(
            objective="the decision has a reason and an end",
            measured=f"{decided['choice']}: {decided['reason']}",
            met=bool(decided["reason"] and decided["expires_at"]),
        ),
    ]


SCENARIO = Scenario(
    name="loan",
    title="Loan pre-screening: the applicants change after a rate rise",
    seed=seed,
    watch=watch,
    story=story,
    course=course,
)
