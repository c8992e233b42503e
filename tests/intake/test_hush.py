"""Silences and explained incidents, in the house: recorded always, posted when due."""

import json
from datetime import UTC, datetime, timedelta

from bot.incident import ShowCard
from bot.store import Store
from tests.house import QUIET, House, Opened
from tests.intake.test_storm import SAMPLE, named, send
from tests.story.remote import until


def about(metric: str, name: str, severity: int = 2, condition: str = "Fired") -> bytes:
    """Return a metric alert; its kind follows from the metric."""
    document = json.loads(SAMPLE.read_bytes())
    document["data"]["essentials"] |= {
        "alertId": f"/subscriptions/s/alerts/{name}",
        "alertRule": name,
        "alertTargetIDs": [named(0)],
        "severity": f"Sev{severity}",
        "monitorCondition": condition,
        "firedDateTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:00Z}",
    }
    for one in document["data"]["alertContext"]["condition"]["allOf"]:
        one["metricName"] = metric
    return json.dumps(document).encode()


async def test_a_silenced_endpoint_gets_no_card_until_it_speaks_again(
    house: House,
) -> None:
    """
    An upgrade at night must not wake anybody, and must not lose an alert either.
    """
    await house.say("priya", "silence loan-prescreening 2h planned upgrade")
    await house.told("Noted on loan-prescreening: silence.")
    await house.sim_post("azure/alerts", kind="latency")
    await until("it to be hidden", house.types, lambda t: "AlertHidden" in t)
    hidden = await house.event("AlertHidden")

    assert [] == await house.cards()
    assert "Priya Raman has silenced the endpoint: planned upgrade" == hidden["reason"]
    await house.say("priya", "unsilence loan-prescreening")
    [card] = await until("the card", house.cards)
    assert "Firing" in str(card)


async def test_what_ends_in_a_silence_is_recorded_and_not_posted(
    build: Opened,
) -> None:
    house = await build(endpoint={**QUIET, "tier": 3})
    await house.say("priya", "silence loan-prescreening 2h planned upgrade")
    await house.told("Noted on loan-prescreening: silence.")
    await house.sim_post("azure/alerts", kind="latency")
    await until("it to be hidden", house.types, lambda t: "AlertHidden" in t)
    await house.sim_post("azure/alerts", kind="latency", status="resolved")
    await house.say("priya", "unsilence loan-prescreening")
    await house.told("Noted on loan-prescreening: unsilence.")

    store = Store.open(house.settings.database_url, role="looking on")
    await until("its card to be given up", lambda: _nothing_to_show(store))
    store.close()
    assert 2 == (await house.types()).count("AlertReceived")
    assert [] == await house.cards()


async def _nothing_to_show(store: Store) -> bool:
    """Return whether no card waits, however long it was set back."""
    due = await store.outbox.due("driver", datetime.now(UTC) + timedelta(days=1))
    return not any(isinstance(d.effect, ShowCard) for d in due)


async def test_broken_collection_makes_no_drift_not_known_wherever_it_is_asked(
    build: Opened,
) -> None:
    """
    On its own card, in the status, and at the gate of a release.
    """
    house = await build(endpoint={**QUIET, "tier": 3})
    assert 202 == await send(house, about("DataCollectionErrorsPerMinute", "lost"))
    await house.shown("Collected data of loan-prescreening gets lost")
    await house.say("priya", "status loan-prescreening")
    said = await house.told("Drift is not known")
    url = f"{house.bot}/api/gate/loan-prescreening/blue"
    answer = await house.get(url)

    assert "data collection has been broken since" in said
    assert answer["pass"] is False
    assert "whether it drifts is not known" in answer["reasons"][0]


async def test_who_may_not_silence_is_refused(house: House) -> None:
    await house.say("priya", "silence loan-prescreening forever because")
    await house.told("For how long?")
    await house.say("priya", "silence loan-prescreening 2h")
    said = await house.told("Say why")
    await house.alert()

    assert "silenced" not in said
    assert 1 == len(await house.cards()), "it is told"


async def test_an_endpoint_that_is_down_explains_its_slowness(house: House) -> None:
    """
    One cause, one card; what it explains is named on it and is not lost.
    """
    assert 202 == await send(house, about("Availability", "down", severity=1))
    [first] = await until("the cause's card", house.cards)
    assert 202 == await send(house, about("RequestLatency_P95", "slow"))
    card = await house.shown("Explains")
    hidden = await house.event("AlertHidden", "A-2")

    assert first["id"] == card["id"]
    assert "A-1" == hidden["behind"]
    assert 1 == len(await house.cards())
    over = about("Availability", "down", severity=1, condition="Resolved")
    assert 202 == await send(house, over)
    await until("its own card", house.cards, lambda c: len(c) > 1)
