"""`watchkeeper check` with one right missing at a time: that one is named, where it lacks."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import Running
from tests.deploy.test_check import check, demo, environment

__all__ = ["demo"]

_ML = "Microsoft.MachineLearningServices/workspaces"
_GROUP = "/resourcegroups/rg-risk-prod"
_WORKSPACE = (
    f"{_GROUP}/providers/microsoft.machinelearningservices/workspaces/mlw-risk-prod"
)
_ENDPOINT = f"{_WORKSPACE}/onlineendpoints/loan-prescreening"
_RIGHT = re.compile(
    r"(?i)(?:: |, )(microsoft\.[\w./]+)"
)  # in a line: "missing at …: A, B"


@pytest.fixture
def without(demo: Running) -> Iterator["Without"]:
    yield (taking := Without(demo))
    for identity in ("reader", "executor", "trainer", "bot"):
        taking(identity)


class Without:
    def __init__(self, demo: Running) -> None:
        self._demo = demo

    def __call__(self, identity: str, *rights: str) -> None:
        body = json.dumps({"identity": identity, "without": rights}).encode()
        kind = {"Content-Type": "application/json"}
        at = self._demo.port + 1
        status, said = self._demo.ask("/sim/azure/rights", body, kind, port=at)
        assert 200 == status, said


# By identity, then right and role, each in a line of its own. What is in one group hides
# nothing of the others: asked one by one they would take a minute.
_AT_ONCE = (
    ("reader", {
        "Microsoft.Insights/metrics/read": (_WORKSPACE, "Reader"),
        f"{_ML}/schedules/read": (_WORKSPACE, "Reader"),
        "Microsoft.OperationalInsights/workspaces/query/read":
            ("the log workspace ", "Log Reader"),
        "Microsoft.Insights/metricAlerts/read": (_GROUP, "Rule Reader"),
        "Microsoft.EventGrid/systemTopics/read": (_GROUP, "Rule Reader"),
        "Microsoft.Insights/eventtypes/values/read": (_WORKSPACE, "Reader"),
    }),
    ("reader", {
        f"{_ML}/onlineEndpoints/deployments/read": (_WORKSPACE, "Reader"),
        f"{_ML}/data/versions/read": (_WORKSPACE, "Reader"),
        "Microsoft.Insights/scheduledQueryRules/read": (_GROUP, "Rule Reader"),
        "Microsoft.EventGrid/systemTopics/eventSubscriptions/read":
            (_GROUP, "Rule Reader"),
        "Microsoft.Authorization/roleAssignments/read": (_WORKSPACE, "Reader"),
    }),
    ("reader", {
        f"{_ML}/onlineEndpoints/read": (_WORKSPACE, "Reader"),
        f"{_ML}/datastores/read": (_WORKSPACE, "Reader"),
        "Microsoft.Insights/activityLogAlerts/read": (_GROUP, "Rule Reader"),
        "Microsoft.Authorization/roleDefinitions/read": (_WORKSPACE, "Reader"),
        "Microsoft.AlertsManagement/alerts/read": (_WORKSPACE, "Reader"),
    }),
    ("reader", {
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read":
            ("the container ", "Storage Blob Data Reader"),
        "Microsoft.Insights/actionGroups/read":
            ("/actiongroups/watchkeeper", "Rule Reader"),
        f"{_ML}/jobs/read": (_WORKSPACE, "Reader"),
    }),
    ("reader", {"Microsoft.Authorization/permissions/read": (_WORKSPACE, "Reader")}),
    ("bot", {"Microsoft.AlertsManagement/alerts/changestate/action":
             (_WORKSPACE, "Alert State")}),
    ("executor", {f"{_ML}/onlineEndpoints/write": (_ENDPOINT, "Rollback Executor")}),
    ("executor", {f"{_ML}/onlineEndpoints/read": (_ENDPOINT, "Rollback Executor")}),
    ("trainer", {f"{_ML}/jobs/write": (_WORKSPACE, "Retraining Submitter")}),
)  # fmt: skip


@pytest.mark.parametrize(("identity", "taken"), _AT_ONCE)
def test_the_right_that_is_missing_is_named_and_no_other(
    demo: Running,
    without: Without,
    identity: str,
    taken: dict[str, tuple[str, str]],
) -> None:
    """
    "Forbidden" sends a platform engineer to read six roles; the name of one is a minute.
    """
    moves = identity in ("executor", "trainer")
    program, words = ("execute", ["--executor"]) if moves else ("serve", [])
    without(identity, *(right.lower() for right in taken))

    code, found, text = check(environment(demo, program), *words)

    wrong = [row for row in found.values() if row["level"] != "ok"]
    named = {r.lower() for row in wrong for r in _RIGHT.findall(row["text"])}
    assert {right.lower() for right in taken} == named, text
    for right, (scope, role) in taken.items():
        rows = [row for row in wrong if right.lower() in row["text"].lower()]
        assert all(scope in row["text"].lower() for row in rows), rows
        assert all(f"{role} at " in row["todo"] for row in rows), rows
    assert (1 if identity == "bot" else 2) == code
