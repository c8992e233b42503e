"""Who changed what, by which rule, who can reach it: real clients, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.azure import AzureWorkspace
from bot.ports import Impossible, Unavailable
from bot.simulator.identity import EXECUTOR
from bot.simulator.people import JONAS, PRIYA
from bot.simulator.world import WORLD
from bot.watch import Endpoint
from tests.azure.conftest import ARM, Sim

DAY = timedelta(days=2)
RULE = (
    "/".join(ARM.split("/")[:5])
    + "/providers/microsoft.insights/metricalerts/latency-p95"
)


async def test_the_log_says_who_changed_what_newest_first(
    workspace: AzureWorkspace, sim: Sim
) -> None:
    """
    The first question after an alert: what was changed just before?
    """
    await sim.post("/sim/azure/traffic", traffic={"blue": 50, "green": 50})
    now = datetime.now(UTC) + timedelta(seconds=1)
    found = await workspace.changes(ARM, now - DAY, now)

    assert [JONAS.oid, PRIYA.oid, PRIYA.oid] == [c.by for c in found]
    assert "onlineendpoints/loan-prescreening" == found[0].name
    assert "deployments/blue" == found[2].name
    assert all("@" not in repr(c) and "203.0.113" not in repr(c) for c in found)


async def test_another_resource_of_the_group_is_left_out(
    workspace: AzureWorkspace,
) -> None:
    now = datetime.now(UTC)
    found = await workspace.changes(f"{ARM}-other", now - DAY, now)

    assert () == found


async def test_a_rule_tells_its_limit_and_who_set_it(workspace: AzureWorkspace) -> None:
    found = await workspace.rule(RULE)

    assert ("latency-p95", True, 2, "PT5M") == (
        found.name,
        found.enabled,
        found.severity,
        found.window,
    )
    assert "250" in repr(found.criteria)
    assert PRIYA.oid == found.set_by
    assert found.set_at is not None


async def test_a_rule_whose_setter_cannot_be_read_is_still_told(
    workspace: AzureWorkspace, sim: Sim
) -> None:
    await sim.fail("GET", "eventtypes", times=3, status=403)
    found = await workspace.rule(RULE)

    assert ("latency-p95", "", None) == (found.name, found.set_by, found.set_at)


async def test_a_rule_that_is_gone_or_of_another_kind(
    workspace: AzureWorkspace,
) -> None:
    with pytest.raises(Impossible, match="knows nothing"):
        await workspace.rule(RULE + "-2")
    with pytest.raises(Impossible, match="Not a rule"):
        await workspace.rule(ARM + "/../../secrets")


async def test_the_plan_tells_limits_assets_and_runs(
    workspace: AzureWorkspace, watched: Endpoint
) -> None:
    found = await workspace.plan(watched)

    assert (True, "day", 1) == (found.enabled, found.frequency, found.interval)
    assert {0.1} == {limit["threshold"] for limit in found.limits}
    assert ["loan-reference:1", "loan-inputs:1"] == [a.name for a in found.assets]
    assert "Completed" in {run.status for run in found.runs}
    with pytest.raises(Impossible, match="No monitor"):
        await workspace.plan(watched.model_copy(update={"monitor": ""}))


async def test_access_tells_direct_roles_before_inherited_ones(
    workspace: AzureWorkspace,
) -> None:
    found = await workspace.access(ARM)

    assert (EXECUTOR, False) == (found[0].principal, found[0].inherited)
    assert any(a.scope == ARM for a in found)
    assert {"Reader", "AzureML Data Scientist", "Watchkeeper: reader"} == {
        a.role for a in found if a.inherited
    }


async def test_access_tells_of_conditions_data_and_management_groups(
    workspace: AzureWorkspace, sim: Sim
) -> None:
    """
    Who may read the data alone has no action at all, and is still somebody who can.
    """
    world = sim.app[WORLD]
    group = "/providers/Microsoft.Management/managementGroups/mg-risk"
    role = f"{ARM.split('/resourcegroups/')[0]}/providers/microsoft.authorization/"
    role += "roledefinitions/own"
    reads = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    may = {"actions": [], "dataActions": [reads]}
    world.put(
        "role",
        role,
        {"id": role, "properties": {"roleName": "Rows", "permissions": [may]}},
    )
    given = {
        "scope": group,
        "principalId": "P-1",
        "principalType": "Group",
        "roleDefinitionId": role,
        "condition": "@Resource[x] StringEquals 'y'",
    }
    world.put("assignment", "own", {"name": "own", "properties": given})
    [found] = [a for a in await workspace.access(ARM) if a.role == "Rows"]

    assert (group.lower(), True) == (found.scope, found.inherited)
    assert ((reads,), given["condition"]) == (found.actions, found.condition)


@pytest.mark.parametrize("status", [403, 429, 500])
async def test_what_cannot_be_read_is_told_in_words(
    workspace: AzureWorkspace, watched: Endpoint, sim: Sim, status: int
) -> None:
    wanted = Impossible if status == 403 else Unavailable
    now = datetime.now(UTC)
    await sim.fail("GET", "roleAssignments", times=1, status=status)
    with pytest.raises(wanted):
        await workspace.access(ARM)
    await sim.fail("GET", "schedules", times=1, status=status)
    with pytest.raises(wanted):
        await workspace.plan(watched)
    await sim.fail("GET", "eventtypes", times=1, status=status)
    with pytest.raises(wanted):
        await workspace.changes(ARM, now - DAY, now)
