"""An alert about how an endpoint serves is answered by the engine, over the real SDKs."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.conftest import FIXTURES
from tests.house import QUIET, House, Opened, blobs, build
from tests.story.remote import Json

__all__ = ["blobs", "build"]
_METRICS = "/providers/Microsoft.Insights/metrics"


async def _also(house: House, signal: str, key: str = "A-1") -> Json:
    found = await house.event("SignalsEvaluated", key)
    return next(r for r in found["also"] if r["signal"] == signal)


def _by_metric(report: Json) -> dict[str, Json]:
    return {result["metric"]: result for result in report["results"]}


async def test_slow_answers_are_judged_by_the_minutes_of_the_alert(
    build: Opened,
) -> None:
    """
    Ten minutes of trouble would vanish in a mean over half an hour.
    """
    rule = {"metric": "p99", "threshold": 5_000, "signal": "endpoint-health"}
    house = await build(endpoint=QUIET | {"signals": [rule]})
    await house.alert("latency", deployment="blue")

    report = await _also(house, "endpoint-health")
    by = _by_metric(report)
    assert await house.shown(report["sentence"])

    assert ("breached", 250.0, "ms") == tuple(
        by["RequestLatency_P95"][k] for k in ("verdict", "threshold", "unit")
    )
    assert by["RequestLatency_P95"]["value"] > 450
    assert by["RequestLatency_P95"]["production_count"] > 1_000
    assert ("not breached", 5_000) == tuple(
        by["RequestLatency_P99"][k] for k in ("verdict", "threshold")
    )
    assert "not breached" == by["ErrorRate"]["verdict"]
    assert 4 == by["RequestsPerMinute"]["reference_count"]  # weeks
    assert report["sentence"].startswith("Latency P95 is ")

    async with house.session.get(f"{house.bot}/evidence/A-1") as answer:
        page = await answer.text()
    assert "How it served, against its limits" in page
    gate = await house.get(f"{house.bot}/api/gate/loan-prescreening/green")
    assert any(report["sentence"].rstrip(".") in why for why in gate["reasons"])


async def test_a_promise_that_azure_breaks_is_told_with_what_it_costs(
    build: Opened,
) -> None:
    def priced(listed: dict[str, Any]) -> None:
        listed |= {"currency": "EUR", "prices": {"standard_ds3_v2": 0.27}}

    rule = {"metric": "CostPerDay", "threshold": 30}
    house = await build(endpoint=QUIET | {"signals": [rule]}, watch=priced)
    await house.alert("errors", deployment="blue")

    by = _by_metric(await _also(house, "endpoint-health"))
    assert ("breached", "share") == (
        by["ErrorRate"]["verdict"],
        by["ErrorRate"]["unit"],
    )
    assert by["ErrorRate"]["interval"][0] > 0.01
    assert "breached" == by["Availability"]["verdict"]

    cost = await _also(house, "cost")
    day = _by_metric(cost)["CostPerDay"]
    assert (32.4, "breached", "EUR") == (
        round(day["value"], 2), day["verdict"], day["unit"]
    )  # fmt: skip
    assert 0.4 < _by_metric(cost)["IdleCapacity"]["value"] < 0.7

    await house.say("priya", "health loan-prescreening 2h")
    told = await house.told("Against its limits")
    assert "over its limit" in told
    assert "Cost a day is 32.40 EUR, over the limit of 30.00 EUR" in told
    await house.say("priya", "status loan-prescreening")
    assert "5xx answers are" in await house.told("1 open alert on")


async def test_a_figure_that_azure_refuses_is_not_health(build: Opened) -> None:
    """
    "Within its limits" about figures that nobody could read would be a lie.
    """
    house = await build(endpoint=QUIET)
    await house.fail("GET", _METRICS, times=40, status=403)
    await house.alert("latency", deployment="blue")

    report = await _also(house, "endpoint-health")

    assert "cannot compute" == report["verdict"]
    assert {"cannot compute"} == {r["verdict"] for r in report["results"]}
    assert await house.shown("we could not check it")


async def test_a_budget_finds_the_endpoint_that_it_pays_for(build: Opened) -> None:
    """
    Azure's own alert names no resource at all: only a budget, and what was spent.
    """
    paid = {"budgets": ["test_actual_COST_budget"], "prices": {"blue": 9, "green": 1}}
    house = await build(
        endpoint=QUIET | paid, watch=lambda listed: listed.update(currency="EUR")
    )
    sample = (FIXTURES / "alerts/cas_budget_actual_test.json").read_text()
    body = sample.replace("2025-04-15T17:53:32.996Z", datetime.now(UTC).isoformat())
    async with house.session.post(
        f"{house.bot}/api/alerts",
        data=body,
        headers={"Content-Type": "application/json"},
    ) as answer:
        assert 202 == answer.status

    cost = await _also(house, "cost")
    card = json.dumps(await house.shown(cost["sentence"]))

    assert 9 * 3 * 24 + 1 * 2 * 24 == round(_by_metric(cost)["CostPerDay"]["value"])
    assert cost["sentence"].startswith("A day costs 696.00 EUR; ")
    assert "loan-prescreening costs more than expected" in card
    assert "EUR/1k" in card
    assert len(cost["course"]["points"]) >= 23
    assert {696} == {round(value) for _, value in cost["course"]["points"]}
    assert "Cost a day over time" in card
