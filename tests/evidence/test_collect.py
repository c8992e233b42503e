"""What is frozen when the alert comes, over HTTP with the real clients."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseTimeoutError

from bot.azure import AzureWorkspace
from bot.azure.errors import translated
from bot.incident import Incident, SignalsEvaluated
from bot.ports import Unavailable
from bot.simulator.identity import TENANT
from bot.simulator.people import JONAS, PRIYA, channels, people
from bot.watch import Endpoint, WatchList
from bot.worker.parts import Parts, _why, commands
from tests.azure.conftest import (
    Sim,
    cloud,
    folder,
    identities,
    sim,
    watched,
    workspace,
    world,
)
from tests.house import QUIET, House, Opened
from tests.incidents import ENDPOINT

__all__ = ["cloud", "folder", "identities", "sim", "watched", "workspace", "world"]


async def frozen(house: House) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the parts as they lie on the shelf, and what is missing."""
    event = await house.event("EvidenceCollected")
    found = {}
    for part, digest in event["digests"].items():
        path = Path(house.settings.evidence_url) / "objects" / digest[:2] / digest
        found[part] = json.loads(path.read_bytes())["content"]
    return found, event["missing"]


async def test_an_alert_freezes_what_was_there_and_who_changed_it(
    house: House,
) -> None:
    """
    Months later nobody can ask Azure what a rule said that day, or who had moved traffic.
    """
    await house.sim_post("azure/traffic", traffic={"blue": 80, "green": 20})
    await house.alert()
    found, missing = await frozen(house)

    changes = found["activity log"]["changes"]
    assert JONAS.person == changes[0]["by"]
    assert changes[0]["operation"].endswith("onlineEndpoints/write")
    [rule] = found["alert rule"]
    assert (PRIYA.person, "latency-p95") == (rule["set_by"], rule["name"])
    assert 250 == rule["criteria"]["allOf"][0]["threshold"]
    assert {"blue": 80, "green": 20} == found["deployments"]["traffic"]
    assert "az monitor activity-log list" in found["repeat"]["activity log"]
    for named, command in (
        ("deployment blue", "az ml online-deployment show -n blue -e loan-"),
        ("deployment green", "az ml online-deployment show -n green -e loan-"),
        ("runs", "az ml job list "),
        ("data", "az ml data list "),
        ("metrics", "az monitor metrics list "),
    ):
        assert found["repeat"][named].startswith(command)
    assert "disabled: the watch list names no monitor" == missing["monitor"]


async def test_a_monitor_is_frozen_with_its_limits_data_and_runs(build: Opened) -> None:
    house = await build()
    await house.alert("data-drift")
    found, missing = await frozen(house)

    monitor = found["monitor"]
    assert ("day", True) == (monitor["frequency"], monitor["enabled"])
    assert {0.1} == {limit["threshold"] for limit in monitor["limits"]}
    assert ["loan-reference:1", "loan-inputs:1"] == [
        a["name"] for a in monitor["assets"]
    ]
    assert "Completed" == monitor["runs"][0]["status"]
    assert missing["alert rule"].startswith("unsupported: ")


@pytest.mark.parametrize(("status", "kind"), [(403, "forbidden"), (404, "not found")])
async def test_what_cannot_be_had_is_named_with_why_and_holds_up_nothing(
    build: Opened, status: int, kind: str
) -> None:
    """
    Missing fields are evidence too; "missing" without a reason is none.
    """
    house = await build(endpoint=QUIET)
    for path in ("eventtypes", "metricAlerts", "metricalerts"):
        await house.fail("GET", path, times=9, status=status)
    await house.alert()
    found, missing = await frozen(house)

    assert missing["activity log"].startswith(f"{kind}: ")
    assert missing["alert rule"].startswith(f"{kind}: ")
    assert "metrics" in found


async def test_the_last_try_takes_what_there_is(
    workspace: AzureWorkspace, watched: Endpoint, sim: Sim
) -> None:
    """
    Azure that fails for hours must not keep the rest from being frozen.
    """
    listed = WatchList(
        tenant=TENANT,
        people=tuple(people()),
        channels=channels(),
        endpoints=(watched,),
    )
    seen = SignalsEvaluated(at=datetime.now(UTC), report=None)
    incident = Incident(id="A-1", group_key="", endpoint=watched.id, history=(seen,))

    async def look(*, patient: bool, late: bool = False) -> Parts:
        await sim.fail("GET", "eventtypes", times=1, status=500)
        parts = Parts(workspace, listed, watched, seen, patient=patient, late=late)
        await parts.collect(incident)
        return parts

    with pytest.raises(Unavailable):
        await look(patient=True)
    last = await look(patient=False)
    assert last.missing["activity log"].startswith("not available: ")
    assert "monitor" in last.found
    much_later = await look(patient=False, late=True)
    assert much_later.missing["monitor"].startswith("too late: ")
    assert "metrics" in much_later.found


def test_every_reason_says_its_kind() -> None:
    assert "too late: x" == _why("too late: x")
    assert "not available: Azure does not answer." == _why("Azure does not answer.")
    assert _why("Azure knows nothing of the rule.").startswith("not found: ")
    late = translated(ServiceResponseTimeoutError("read"), "the rule")
    assert "timed out: Azure does not answer about the rule in time." == _why(str(late))
    assert "hunter2" not in _why("It says password=hunter2 is wrong.")


def test_figures_are_asked_again_for_the_time_that_was_looked_at() -> None:
    """
    Who repeats the command a year later wants that afternoon, not the last hour.
    """
    at = datetime(2026, 11, 23, 9, 14, 5, 123, tzinfo=UTC)
    found = commands(Endpoint(id=ENDPOINT, owner="", channel=""), ["blue"], at)
    span = "--start-time 2026-11-23T07:14:05Z --end-time 2026-11-23T09:14:05Z"

    assert found["metrics"].endswith(f"--interval PT5M --aggregation Average {span}")
    assert "--start-time 2026-11-22T09:14:05Z" in found["activity log"]
    assert found["deployment blue"].startswith("az ml online-deployment show -n blue ")
