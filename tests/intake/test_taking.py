"""Deliveries become history in batches, and once."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

from bot.incident import (
    Actor,
    AlertReceived,
    DecisionRecorded,
    EvaluateSignals,
    ShowCard,
)
from bot.simulator.scenarios import scenario
from bot.store import Delivery, Due, Leader, Store
from bot.triage import silence
from bot.watch import WatchList
from bot.worker.intake import take
from bot.worker.listen import tell
from bot.worker.means import Means
from cards import Links
from tests.conftest import FIXTURES, NOW
from tests.incidents import NEW, received

SAM = Actor("t", "sam", "Sam Okafor")
SAMPLE = FIXTURES / "alerts" / "cas_metric_aml_latency_p95.json"


@pytest.fixture
def means(store: Store) -> Means:
    return Means(
        store=store,
        watch=WatchList.model_validate(scenario("none").watch()),
        clock=lambda: datetime.now(UTC),
        random=Random(1),  # noqa: S311
        links=Links("http://127.0.0.1"),
        sign=lambda _what, _revision: "",
    )


@pytest.fixture
def notice(means: Means) -> Callable[..., bytes]:
    """Make the body of a metric alert about the watched endpoint."""
    document: dict[str, Any] = json.loads(SAMPLE.read_bytes())
    essentials = document["data"]["essentials"]
    [endpoint] = means.watch.endpoints
    essentials["alertTargetIDs"] = [endpoint.id]

    def make(name: str, condition: str = "Fired") -> bytes:
        essentials["alertId"] = f"/subscriptions/s/alerts/{name}"
        essentials["monitorCondition"] = condition
        essentials["firedDateTime"] = f"{datetime.now(UTC):%Y-%m-%dT%H:00:00Z}"
        return json.dumps(document).encode()

    return make


async def _accepted(store: Store, bodies: list[bytes]) -> list[Delivery]:
    for body in bodies:
        await store.accept("alerts", body, datetime.now(UTC))
    return await store.new_deliveries(limit=10_000)


async def _due(store: Store) -> list[Due]:
    """Return what looks at the whole incident; clocks run for each by itself."""
    due = await store.outbox.due("driver", datetime.now(UTC))
    return [d for d in due if isinstance(d.effect, ShowCard | EvaluateSignals)]


async def test_a_burst_is_one_incident_and_one_card_to_show(
    means: Means, store: Store, notice: Callable[..., bytes]
) -> None:
    leader = await Leader.elect(store, "driver")
    waiting = await _accepted(store, [notice(f"{n}") for n in range(300)])
    for n in range(0, 300, 100):
        await take(means, waiting[n : n + 100], leader)

    [listed] = await store.incidents()
    assert (300, "firing") == (listed.revision, listed.status)
    assert [] == await store.new_deliveries()
    due = await _due(store)
    assert ["EvaluateSignals", "ShowCard"] == sorted(
        type(d.effect).__name__ for d in due
    )
    assert {listed.endpoint} == {d.endpoint for d in due}
    leader.resign()


async def test_a_decision_that_ran_out_meanwhile_closes_nothing(
    means: Means, store: Store, notice: Callable[..., bytes]
) -> None:
    """
    Back after a night, Azure's Resolved is read before any timer has rung.
    """
    leader = await Leader.elect(store, "driver")
    await take(means, await _accepted(store, [notice("a")]), leader)
    [listed] = await store.incidents()
    incident = await store.load(listed.id)
    assert incident is not None
    then = datetime.now(UTC) - timedelta(hours=1)
    made = DecisionRecorded(
        at=then, by=SAM, choice="accept", reason="seen", expires_at=then
    )
    await store.append(incident, [made])

    await take(means, await _accepted(store, [notice("a", "Resolved")]), leader)

    found = await store.load(listed.id)
    assert found is not None
    assert "undecided" == found.status
    assert [
        "AlertReceived",
        "DecisionRecorded",
        "DecisionExpired",
        "AlertReceived",
    ] == [type(e).__name__ for e in found.history]
    leader.resign()


async def test_what_is_tried_already_does_not_stand_for_a_later_alert(
    means: Means, store: Store, notice: Callable[..., bytes]
) -> None:
    """
    Whoever works on it may have read the incident before the alert was added.
    """
    leader = await Leader.elect(store, "driver")
    await take(means, await _accepted(store, [notice("a")]), leader)
    for one in await _due(store):
        assert await store.outbox.claim(one.id, "driver", fence=leader.epoch)
    await take(means, await _accepted(store, [notice("b")]), leader)

    due = await _due(store)
    assert [0, 0, 1, 1] == sorted(d.attempts for d in due)
    leader.resign()


async def test_batches_that_are_repeated_and_muddled_change_nothing(
    means: Means, store: Store, notice: Callable[..., bytes]
) -> None:
    """
    A kill between the history and the delivery's own mark repeats the whole batch.
    """
    leader = await Leader.elect(store, "driver")
    names = [f"{n}" for n in range(12)]
    bodies = [notice(n) for n in names]
    bodies += [notice(n, "Resolved") for n in names[:-1]]
    waiting = await _accepted(store, bodies)
    chance = random.Random(7)  # noqa: S311 a test that can be repeated
    for _ in range(6):
        chance.shuffle(waiting)
        for n in range(0, len(waiting), 5):
            await take(means, waiting[n : n + 5], leader)

    every = [await store.load(i.id) for i in await store.incidents()]
    alerts = [a for i in every if i for a in i.alerts]
    assert 12 == len(alerts)
    assert ["11"] == [
        a.fingerprint.rpartition("/")[2] for a in alerts if a.status == "firing"
    ]
    assert len(bodies) == sum(
        len(i.every(AlertReceived)) for i in every if i is not None
    )
    leader.resign()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_older_database_learns_where_its_alerts_are(
    store: Store, database_url: str
) -> None:
    await store.append(NEW, [received()])
    with store.engine.begin() as db:
        db.execute(sa.text("DROP TABLE condition"))
        db.execute(sa.text("DROP TABLE reference"))
        db.execute(sa.text("ALTER TABLE outbox DROP COLUMN rank"))
        db.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    store.close()

    again = Store.open(database_url)
    assert {"f-1": {NOW: "A-1"}} == await again.conditions(NEW.group_key, {"f-1"})
    again.close()


async def test_an_alert_about_two_endpoints_opens_one_incident_each(
    means: Means, store: Store, notice: Callable[..., bytes]
) -> None:
    """
    Each owner hears of it, and each incident ends with the one Resolved.
    """
    [first] = means.watch.endpoints
    second = first.model_copy(update={"id": f"{first.id}-2", "tier": 3})
    endpoints = (first.model_copy(update={"tier": 3}), second)
    means = replace(
        means, watch=means.watch.model_copy(update={"endpoints": endpoints})
    )
    leader = await Leader.elect(store, "driver")

    def both(condition: str) -> bytes:
        document = json.loads(notice("one", condition))
        targets = [first.id, f"{second.id}/deployments/green"]
        document["data"]["essentials"]["alertTargetIDs"] = targets
        document["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"] = []
        return json.dumps(document).encode()

    await take(means, await _accepted(store, [both("Fired")]), leader)
    opened = {one.endpoint: one.status for one in await store.incidents()}
    await take(means, await _accepted(store, [both("Resolved"), both("Fired")]), leader)
    listed = await store.incidents()
    found = [await store.load(one.id) for one in listed]

    assert dict.fromkeys((first.id, second.id), "firing") == opened
    assert ["resolved", "resolved"] == [one.status for one in listed]
    assert {(first.id, ""), (second.id, "green")} == {
        (i.endpoint, i.alerts[0].deployment) for i in found if i
    }
    assert [] == await store.unhandled()


async def test_rows_about_two_endpoints_open_one_incident_each(
    means: Means, store: Store
) -> None:
    """
    And a third endpoint, which nobody watches, is listed.
    """
    [first] = means.watch.endpoints
    endpoints = tuple(
        first.model_copy(update={"id": f"{first.id}{more}", "tier": 3})
        for more in ("", "-2")
    )
    means = replace(
        means, watch=means.watch.model_copy(update={"endpoints": endpoints})
    )
    leader = await Leader.elect(store, "driver")
    logs = f"{first.id.split('/providers/')[0]}/providers/microsoft.operationalinsights"

    def told(condition: str) -> bytes:
        document = json.loads(
            (SAMPLE.parent / "cas_log_v2_aml_traffic.json").read_bytes()
        )
        document["data"]["essentials"] |= {
            "alertTargetIDs": [f"{logs}/workspaces/law"],
            "monitorCondition": condition,
            "firedDateTime": f"{datetime.now(UTC):%Y-%m-%dT%H:00:00Z}",
        }
        [rule] = document["data"]["alertContext"]["condition"]["allOf"]
        names = [endpoints[0].name, endpoints[1].name, "nobody-s"]
        document["data"]["alertContext"]["condition"]["allOf"] = [
            {**rule, "dimensions": [{"name": "EndpointName", "value": name}]}
            for name in names
        ]
        return json.dumps(document).encode()

    await take(means, await _accepted(store, [told("Fired")]), leader)
    opened = {one.endpoint: one.status for one in await store.incidents()}
    [unresolved] = await store.unhandled()
    await take(means, await _accepted(store, [told("Resolved")]), leader)

    assert dict.fromkeys((e.id for e in endpoints), "firing") == opened
    assert ["resolved", "resolved"] == [one.status for one in await store.incidents()]
    assert "nobody-s" in unresolved.reason
    leader.resign()


async def test_events_that_come_again_end_the_word_that_they_would_not(
    means: Means, store: Store
) -> None:
    """
    Event Grid says that a subscription was deleted, and nothing when it is made anew.
    """
    [endpoint] = means.watch.endpoints
    means = replace(
        means,
        watch=means.watch.model_copy(
            update={"endpoints": (endpoint.model_copy(update={"tier": 3}),)}
        ),
    )
    leader = await Leader.elect(store, "driver")
    workspace = endpoint.id.split("/onlineendpoints/")[0]

    async def after(kind: str, minutes: int, topic: str = workspace) -> str:
        event = {
            "id": f"{kind}-{minutes}",
            "eventType": kind,
            "topic": topic,
            "subject": "s",
            "eventTime": f"2026-11-27T09:{minutes:02}:00Z",
            "data": {
                "eventSubscriptionId": f"{topic}/eventSubscriptions/drift",
                "ModelName": "m",
                "ModelVersion": 1,
            },
        }
        await store.accept("events", json.dumps([event]).encode(), datetime.now(UTC))
        while waiting := await store.new_deliveries():
            await take(means, waiting, leader)
        [one] = await store.incidents()
        return one.status

    registered = "Microsoft.MachineLearningServices.ModelRegistered"
    gone = "Microsoft.EventGrid.SubscriptionDeletedEvent"

    assert "firing" == await after(gone, 10)
    assert "firing" == await after(registered, 5)  # it was under way before
    assert "firing" == await after(registered, 20, workspace + "-2")
    assert "resolved" == await after(registered, 20)
    assert "resolved" == await after(gone, 10)  # Event Grid repeats itself


async def test_a_subscription_that_is_seen_again_ends_its_own_silence(
    means: Means, store: Store
) -> None:
    """
    Only its own: another one of the workspace may still be gone.
    """
    [endpoint] = means.watch.endpoints
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid"
    path += "/systemTopics/t/eventSubscriptions/"
    leader = await Leader.elect(store, "driver")
    event = {
        "id": "1",
        "eventType": "Microsoft.EventGrid.SubscriptionDeletedEvent",
        "topic": endpoint.id.split("/onlineendpoints/")[0],
        "subject": "s",
        "eventTime": "2026-11-27T09:10:00Z",
        "data": {"eventSubscriptionId": f"{path}Drift"},
    }
    await store.accept("events", json.dumps([event]).encode(), datetime.now(UTC))
    await take(means, await store.new_deliveries(), leader)
    firing = []
    for name in ("another", "drift"):
        listening = endpoint.listening.model_copy(update={"events": path + name})
        seen = endpoint.model_copy(update={"listening": listening})
        await tell(means, seen, {silence.EVENTS: ""})
        await take(means, await store.new_deliveries(), leader)
        incident = await store.newest(f"{endpoint.id} silence event-delivery")
        assert incident
        firing.append([a.status for a in incident.alerts])

    assert [["firing"], ["resolved"]] == firing


async def test_events_by_another_subscription_do_not_end_it(
    means: Means, store: Store
) -> None:
    """
    An event does not say by which one it came; a named one is looked at by itself.
    """
    [endpoint] = means.watch.endpoints
    path = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid"
    path += "/systemTopics/t/eventSubscriptions/"
    listening = endpoint.listening.model_copy(update={"events": path + "Drift"})
    endpoint = endpoint.model_copy(update={"listening": listening, "tier": 3})
    means = replace(
        means, watch=means.watch.model_copy(update={"endpoints": (endpoint,)})
    )
    leader = await Leader.elect(store, "driver")
    topic = endpoint.id.split("/onlineendpoints/")[0]

    async def after(kind: str, minute: int, deleted: str = "") -> list[str]:
        event = {
            "id": f"{kind}-{minute}",
            "eventType": kind,
            "topic": topic,
            "subject": "s",
            "eventTime": f"2026-11-27T09:{minute:02}:00Z",
            "data": {"eventSubscriptionId": path + deleted, "ModelName": "m"},
        }
        await store.accept("events", json.dumps([event]).encode(), datetime.now(UTC))
        while waiting := await store.new_deliveries():
            await take(means, waiting, leader)
        incident = await store.newest(f"{endpoint.id} silence event-delivery")
        return [
            f"{a.fingerprint.rpartition('/')[2]} {a.status}"
            for a in (incident.alerts if incident else ())
        ]

    gone = "Microsoft.EventGrid.SubscriptionDeletedEvent"
    await after(gone, 10, "drift")
    await after(gone, 10 + 1, "models")
    assert ["drift firing", "models resolved"] == await after(
        "Microsoft.MachineLearningServices.ModelRegistered", 20
    )
    await tell(means, endpoint, {silence.EVENTS: ""})
    assert ["drift resolved", "models resolved"] == await after(gone, 10, "drift")


async def test_the_health_of_a_whole_workspace_is_told_and_ends(
    means: Means, store: Store
) -> None:
    """
    It names no endpoint, and every one of the workspace is down with it.
    """
    leader = await Leader.elect(store, "driver")
    [endpoint] = means.watch.endpoints
    document = json.loads(
        (SAMPLE.parent / "cas_resource_health_test.json").read_bytes()
    )
    whole = endpoint.id.split("/onlineendpoints/")[0]
    for condition, state in (("Fired", "Unavailable"), ("Fired", "Available")):
        document["data"]["essentials"] |= {
            "alertId": f"/subscriptions/s/alerts/{state}",
            "alertTargetIDs": [
                whole.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/")
            ],
            "monitorCondition": condition,
            "firedDateTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        properties = document["data"]["alertContext"]["properties"]
        properties |= {"currentHealthStatus": state}
        await take(
            means, await _accepted(store, [json.dumps(document).encode()]), leader
        )
        [found] = await store.incidents()
        incident = await store.load(found.id)
        assert incident is not None
        [alert] = incident.alerts
        assert (endpoint.id, "availability") == (found.endpoint, alert.kind)
        assert alert.title.endswith(f"(the whole workspace {whole.rsplit('/', 1)[-1]})")
        assert alert.status == ("firing" if state == "Unavailable" else "resolved")
    assert [] == await store.unhandled()
    leader.resign()
