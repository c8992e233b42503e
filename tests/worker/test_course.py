"""The course of an alert's figure: on the card as a line with its limit, and kept."""

import json

import pytest

from tests.cards import reading
from tests.house import QUIET, Opened, blobs, build

__all__ = ["blobs", "build"]


@pytest.mark.parametrize(
    ("kind", "feature", "limit"),
    [("latency", "latency P95", 250.0), ("errors", "5xx answers", 0.01)],
)
async def test_the_last_hour_is_drawn_against_its_limit(
    build: Opened, kind: str, feature: str, limit: float
) -> None:
    house = await build(endpoint=QUIET)
    await house.alert(kind, deployment="blue")
    card = (await house.shown(f"{feature[0].upper()}{feature[1:]} over time"))["card"]

    also = (await house.event("SignalsEvaluated"))["also"]
    course = next(r["course"] for r in also if r["signal"] == "endpoint-health")
    assert (feature, limit) == (course["feature"], course["limit"])
    assert 11 <= len(course["points"]) <= 13  # an hour, in fives of minutes
    [chart] = reading.charts(card)
    assert ("Chart.Line", "Limit") == (chart["type"], chart["data"][1]["legend"])
    scale = 100 if feature == "5xx answers" else 1
    assert limit * scale == chart["data"][1]["values"][0]["y"]
    assert len(course["points"]) == len(chart["data"][0]["values"])
    assert "The limit is" in json.dumps(chart["fallback"])
