"""Silence is told, what was missed is fetched, and both end by themselves."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import application
from bot.incident import (
    AlertReceived,
    Follow,
    Health,
    Incident,
    Plan,
    Reconcile,
    Run,
)
from bot.ports import Series
from bot.sources import own
from bot.store import Leader, Store
from bot.triage import silence
from bot.triage.inhibition import COLLECTION
from bot.watch import Listening
from bot.worker.intake import take
from bot.worker.listen import tell
from bot.worker.means import Means
from bot.worker.reconcile import RESTS, about
from bot.worker.rounds import Rounds
from tests import incidents
from tests.conftest import NOW
from tests.house import QUIET, House, Opened
from tests.intake.test_storm import named, notice, send
from tests.intake.test_taking import means
from tests.story.remote import until

DAILY = Plan(name="daily", enabled=True, frequency="day", interval=1, limits=())


def ran(hours: float, status: str = "Completed") -> Plan:
    return replace(
        DAILY,
        runs=(Run(name="r", status=status, started=NOW - timedelta(hours=hours)),),
    )


@pytest.mark.parametrize(
    ("plan", "listening", "said"),
    [
        (ran(30), Listening(), ""),
        (ran(40), Listening(), "last ran on"),
        (ran(3), Listening(monitor_hours=2), "last ran on"),
        (ran(40), Listening(monitor_hours=48), ""),
        (ran(3, "Failed"), Listening(), "the last run of the monitor daily failed"),
        (DAILY, Listening(), "no run"),
        (replace(ran(3), enabled=False), Listening(), "switched off"),
    ],
)
def test_a_monitor_that_does_not_run_is_a_silence(
    plan: Plan, listening: Listening, said: str
) -> None:
    found = silence.monitor(plan, listening, NOW)

    assert bool(said) == bool(found)
    assert said in found


def test_what_azure_does_not_tell_is_no_silence() -> None:
    """
    An outage of the metrics must not call people about missing traffic.
    """
    nothing = Health(start=NOW, end=NOW)
    empty = Series(
        metric="m", unit="Count", aggregation="Total", times=(NOW,), values=(None,)
    )

    assert silence.traffic(nothing, 30) is None
    assert silence.traffic(replace(nothing, requests=0.0), 30)
    assert "" == silence.traffic(replace(nothing, requests=3.0), 30)
    assert silence.collection((), timedelta(minutes=30)) is None
    assert "" == silence.collection((empty,), timedelta(minutes=30))
    lost = replace(empty, values=(2.0,))
    assert "2 data" in str(silence.collection((lost,), timedelta(minutes=30)))


async def test_after_a_gap_azure_is_asked_what_it_fired(
    means: Means, store: Store
) -> None:
    """
    For as long as nobody drove, and a little before.
    """
    gone = datetime.now(UTC) - timedelta(minutes=20)
    await store.beat(gone)
    await Rounds(means).begin()
    due = await store.outbox.due("driver", datetime.now(UTC))
    [asked] = [d.effect for d in due if isinstance(d.effect, Reconcile)]

    assert asked.since is not None
    assert asked.since < gone
    beat = await store.last_beat()
    assert beat is not None
    assert beat > gone
    assert 0 == (await store.outbox.waiting())["due"]


def fired(minutes: float, condition: str = "Fired") -> dict[str, Any]:
    """Return an alert as Azure lists it, fired so long ago."""
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    name = "0b1c2d3e-aaaa-4bbb-8ccc-000000000009"
    path = "/subscriptions/44444444-aaaa-4bbb-8ccc-000000000004/providers"
    return {
        "id": f"{path}/Microsoft.AlertsManagement/alerts/{name}",
        "name": name,
        "type": "Microsoft.AlertsManagement/alerts",
        "properties": {
            "essentials": {
                "severity": "Sev1",
                "signalType": "Metric",
                "alertState": "New",
                "monitorCondition": condition,
                "targetResource": named(0),
                "alertRule": "latency-p95",
                "startDateTime": at.isoformat(),
            }
        },
    }


async def ask(house: House, hours: float) -> None:
    """Ask as `watchkeeper reconcile` does, from beside the service."""
    store = Store.open(house.settings.database_url, role="reconcile")
    now = datetime.now(UTC)
    effect = Reconcile(since=now - timedelta(hours=hours))
    await store.outbox.queue("", Follow(effect=effect, due_at=now))
    store.close()


async def test_an_alert_whose_call_never_came_gets_its_card(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "tier": 3})
    house.world.put("alert", "missed", fired(20))
    await ask(house, 1)
    card = await house.shown("Missed")
    await ask(house, 1)
    house.world.put("alert", "missed", fired(20, "Resolved"))
    await ask(house, 1)
    await house.shown("Resolved")

    assert "latency" in str(card).lower()
    assert 2 == (await house.types()).count("AlertReceived")
    assert 1 == len(await house.cards())


async def test_the_command_tells_what_was_missed(build: Opened, tmp_path: Path) -> None:
    """
    Who asks after an outage wants to read it here, and once.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    house.world.put("alert", "missed", fired(20))
    told = ["reconcile", "--hours", "1", "--database", house.settings.database_url]

    async def typed(*more: str) -> tuple[int, str]:
        done = await asyncio.to_thread(
            CliRunner().invoke, application(), [*told, *more]
        )
        return done.exit_code, done.output

    code, text = await typed()
    again, output = await typed("--format", "json")
    await house.stop("serve")
    late, nothing = await typed("--wait", "0.1")
    wrong, refused = await typed("--database", f"sqlite:///{tmp_path / 'none'}")

    assert 0 == code
    assert "1 alert was missed\n  Sev1 Fired 2" in text
    assert "UTC latency-p95 (loan-prescreening)" in text
    assert (0, []) == (again, json.loads(output[output.index("{") :])["missed"])
    assert "the running service has 30 s to answer" in output
    assert (2, True) == (late, "there is no answer yet: a service was last" in nothing)
    assert f"{datetime.now(UTC):%Y-%m-%d}" in nothing
    assert (2, True) == (wrong, "there is no database at" in refused)
    assert not (tmp_path / "none").exists()


async def test_a_missed_log_alert_finds_its_endpoint_beside_a_bad_entry(
    build: Opened,
) -> None:
    """
    Its target is a log workspace; a dimension names the endpoint. What Azure's list
    holds besides, and nobody can read, hides nothing.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    group, name = named(0).split("/providers/")[0], named(0).rsplit("/", 1)[-1]
    alert = fired(20)
    properties = alert["properties"]
    properties["essentials"] |= {
        "signalType": "Log",
        "targetResource": f"{group}/providers/microsoft.operationalinsights"
        "/workspaces/law",
    }
    dimensions = [{"name": "EndpointName", "value": name.upper()}]
    properties["context"] = {"condition": {"allOf": [{"dimensions": dimensions}]}}
    house.world.put("alert", "a-bad", {"id": "/subscriptions/s/alerts/bad"})
    house.world.put("alert", "missed", alert)
    await ask(house, 1)
    card = await house.shown("Missed")

    assert name in str(card)
    # Besides, the card's own alert is read by itself, to follow its state.
    listed = house.requests("GET", "Microsoft.AlertsManagement/alerts")
    [asked] = [r for r in listed if r["path"].rstrip("/").lower().endswith("/alerts")]
    assert 200 == asked["status"]


async def test_an_action_group_that_rests_is_told_of(build: Opened) -> None:
    """
    After failures it calls nobody for a quarter of an hour, and says so to nobody.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    house.world.put("alert", "missed", fired(4))
    store = Store.open(house.settings.database_url, role="reconcile")
    await store.outbox.queue("", Follow(effect=Reconcile(), due_at=NOW))
    store.close()
    card = await house.shown("do not reach us")

    assert "its action group did not call us" in str(card)


async def test_a_rest_is_not_over_before_its_time(means: Means, store: Store) -> None:
    [endpoint] = means.watch.endpoints
    now = [datetime.now(UTC)]
    means = replace(means, clock=lambda: now[0])
    leader = await Leader.elect(store, "driver")

    async def after(minutes: float, words: str) -> str:
        now[0] += timedelta(minutes=minutes)
        await tell(means, endpoint, {silence.DELIVERY: words}, at_least=RESTS)
        await take(means, await store.new_deliveries(), leader)
        [found] = await store.incidents()
        return found.status

    assert "firing" == await after(0, "nobody called")
    assert "firing" == await after(5, "")
    assert "undecided" == await after(11, "")  # tier 1: a person decides


async def test_each_silence_is_an_incident_of_its_own(
    means: Means, store: Store
) -> None:
    """
    Who mends the monitor cannot mend the traffic; each ends when it is over.
    """
    [endpoint] = means.watch.endpoints
    endpoint = endpoint.model_copy(update={"tier": 3})
    means = replace(
        means, watch=means.watch.model_copy(update={"endpoints": (endpoint,)})
    )
    checks = [silence.MONITOR, silence.TRAFFIC, COLLECTION, silence.DELIVERY]
    checks += [silence.EVENTS]
    leader = await Leader.elect(store, "driver")

    async def after(**found: str) -> dict[str, str]:
        told = {name.replace("_", "-"): words for name, words in found.items()}
        await tell(means, endpoint, dict(told))
        await take(means, await store.new_deliveries(), leader)
        return {
            one.group_key.rpartition(" ")[2]: one.status
            for one in await store.incidents()
        }

    every = {name.replace("-", "_"): "quiet" for name in checks}
    assert dict.fromkeys(checks, "firing") == await after(**every)
    ended = await after(traffic="", monitor_run="still quiet")
    assert {**dict.fromkeys(checks, "firing"), "traffic": "resolved"} == ended
    over = await after(**dict.fromkeys(every, ""))
    assert dict.fromkeys(checks, "resolved") == over
    assert 5 == len(await store.incidents())


async def test_a_silence_of_an_older_version_ends_where_it_is(
    means: Means, store: Store
) -> None:
    """
    Once all silences of an endpoint were one incident, and some are open still.
    """
    [endpoint] = means.watch.endpoints
    begun = datetime.now(UTC) - timedelta(hours=1)
    told = replace(
        incidents.alert(
            kind="silence",
            starts_at=begun,
            fingerprint=f"{endpoint.id} silence traffic",
        ),
        source="own",
        rule=silence.TRAFFIC,
    )
    before = Incident(id="", group_key=f"{endpoint.id} silence", endpoint=endpoint.id)
    await store.append(
        before, [AlertReceived(at=begun, alert=told, delivery="d", tier=3)]
    )
    leader = await Leader.elect(store, "driver")
    await tell(means, endpoint, {silence.TRAFFIC: "", silence.MONITOR: "late"})
    await take(means, await store.new_deliveries(), leader)
    found = {i.id: (i.group_key, i.status) for i in await store.incidents()}

    assert {
        "A-1": (f"{endpoint.id} silence", "undecided"),  # tier 1: a person decides
        "A-2": (f"{endpoint.id} silence monitor-run", "firing"),
    } == found


@pytest.mark.parametrize(
    "alert",
    [
        {},
        {"properties": []},
        {"properties": {"essentials": {"startDateTime": "soon"}}},
        {"properties": {"essentials": {"startDateTime": 5}}},
    ],
)
def test_what_azure_lists_without_a_time_stops_nothing(alert: dict[str, Any]) -> None:
    assert own.last_word(alert) is None


async def test_an_alert_that_came_is_not_taken_in_again(build: Opened) -> None:
    house = await build(endpoint={**QUIET, "tier": 3})
    await house.alert()
    [(name, alert)] = house.world.all("alert")
    essentials = {
        **alert["properties"]["essentials"],
        "startDateTime": f"{datetime.now(UTC) - timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}",
    }
    house.world.put("alert", name, {**alert, "properties": {"essentials": essentials}})
    await ask(house, 1)
    await until("it to be asked", lambda: _asked(house))

    assert 1 == (await house.types()).count("AlertReceived")


async def test_a_call_that_came_and_fitted_nobody_was_not_missed(
    build: Opened,
) -> None:
    """
    It is listed as unresolved; that Azure did not call us would be a lie.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    alert = fired(20)
    document = json.loads(notice(7))
    document["data"]["essentials"]["alertId"] = alert["id"].upper()
    assert 202 == await send(house, json.dumps(document).encode())
    house.world.put("alert", "came", alert)
    await ask(house, 1)
    house.world.put("alert", "missed", {**alert, "id": f"{alert['id']}-2"})
    await ask(house, 1)
    await house.shown("Missed")

    assert 1 == (await house.types()).count("AlertReceived")


async def test_a_missed_alert_about_two_endpoints_is_told_to_both(
    means: Means,
) -> None:
    [first] = means.watch.endpoints
    second = first.model_copy(update={"id": f"{first.id}-2"})
    watch = means.watch.model_copy(update={"endpoints": (first, second)})
    group = first.id.split("/providers/")[0]
    alert = fired(20)
    alert["properties"]["essentials"]["targetResource"] = (
        f"{group}/providers/microsoft.operationalinsights/workspaces/law"
    )
    rows = [
        {"metricValue": n, "dimensions": [{"name": "EndpointName", "value": e.name}]}
        for n, e in enumerate((first, second))
    ]
    alert["properties"]["context"] = {"condition": {"allOf": rows}}
    documents = [
        {"schemaId": own.LISTED, "alert": alert, "endpoint": e.id}
        for e in about(watch, alert)
    ]
    found = [own.parse(d) for d in documents]

    assert (first, second) == about(watch, alert)
    assert [[0], [1]] == [[r.value for r in a.readings] for (a,) in found]
    assert [(first,), (second,)] == [watch.about(a) for (a,) in found]


async def _asked(house: House) -> bool:
    return bool(house.requests("GET", "Microsoft.AlertsManagement/alerts"))


async def test_a_monitor_that_is_late_gets_a_card_of_its_own(build: Opened) -> None:
    late = {"monitor": True, "monitor_hours": 0.001}
    house = await build(endpoint={"signals": [], "listening": late})
    card = await house.shown("does not run as planned")

    assert "last ran on" in str(card) or "no run" in str(card)


async def test_an_event_subscription_that_is_gone_is_told(build: Opened) -> None:
    """
    Without it no breach of any monitor arrives, and all looks calm.
    """
    path = f"{named(0).split('/providers/')[0]}/providers/Microsoft.EventGrid"
    events = f"{path}/systemTopics/mlw/eventSubscriptions/watchkeeper"
    house = await build(endpoint={**QUIET, "listening": {"events": events}})
    card = await house.shown("Azure ML's events about")

    assert "Event Grid subscription is gone" in str(card)


@pytest.mark.parametrize(
    ("state", "said"), [("Succeeded", ""), ("Failed", "failed"), ("", "gone")]
)
def test_a_subscription_that_stands_is_no_silence(state: str, said: str) -> None:
    assert bool(said) == bool(silence.events(state))
    assert said in silence.events(state)


async def test_what_belongs_to_no_endpoint_can_be_asked_for(house: House) -> None:
    """
    An alert about an endpoint that nobody listed is not lost, and not silent for ever.
    """
    assert 202 == await send(house, notice(7))
    await house.say("priya", "alerts unresolved")
    said = await house.told("without an incident")

    assert "not on the watch list" in said


__all__ = ["means"]
