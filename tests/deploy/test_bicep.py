"""deploy/main.bicep, offline: against Azure's types, and what nobody may be given."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.watch import WatchList
from tests.deploy import bicep
from tests.deploy.bicep import File

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
FILES = sorted(DEPLOY.rglob("*.bicep"))
# Rights that let somebody do more than look; the data file of roles has none but one.
_WRITE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write"
_MARK = "Microsoft.AlertsManagement/alerts/changestate/action"
_SUBMIT = "Microsoft.MachineLearningServices/workspaces/jobs/write"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of deploy/ to make mistakes in."""
    return Path(shutil.copytree(DEPLOY, tmp_path / "deploy"))


def found(copy: Path, name: str, old: str, new: str) -> list[str]:
    """Return what the checker says after `old` became `new` in the file `name`."""
    path = copy / name
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, f"{name} does not say {old!r} any more"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return [
        line for file in sorted(copy.rglob("*.bicep")) for line in bicep.problems(file)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_azure_would_take_it(path: Path) -> None:
    """
    Each property exists, has its type, and none that is required is missing.
    """
    assert [] == bicep.problems(path)


def test_the_parameter_file_fits() -> None:
    main = bicep.read(DEPLOY / "main.bicep")

    assert [] == list(bicep.parameters(DEPLOY / "main.parameters.json", main))


def test_the_example_watch_list_is_one() -> None:
    document = yaml.safe_load((DEPLOY / "watchkeeper.yaml").read_text("utf-8"))

    assert ["loan-prescreening"] == [
        e.name for e in WatchList.model_validate(document).endpoints
    ]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("modules/apps.bicep", "targetPort: 3978", "targetPrt: 3978",
         "properties.configuration.ingress.targetPrt: there is no such property"),
        ("modules/apps.bicep", "targetPort: 3978", "targetPort: '3978'",
         "properties.configuration.ingress.targetPort: string where int belongs"),
        ("modules/keep.bicep", "kind: 'StorageV2'", "kind: 'storageV2'",
         "kind: 'storageV2' is none of"),
        ("modules/keep.bicep", "  sku: { name: 'Standard_ZRS' }\n", "",
         "sku is missing"),
        ("modules/actions.bicep", "actionGroups@2023-01-01", "actionGroups@2023-01-02",
         "there is no type Microsoft.Insights/actionGroups@2023-01-02"),
        ("modules/endpoint.bicep", "workspaces@2025-09-01", "workspaces@2025-09-02",
         "there is no type Microsoft.MachineLearningServices/workspaces@2025-09-02"),
        ("modules/events.bicep", "endpointType: 'WebHook'", "endpointType: 'Webhook'",
         "properties.destination: endpointType 'Webhook' is none of"),
        ("modules/events.bicep", "maxEventsPerBatch: 1", "maxEventsPerBatch: true",
         "properties.destination.properties.maxEventsPerBatch: bool where int"),
        ("modules/database.bicep", "'Burstable'", "false",
         "sku.tier: bool where string belongs"),
        ("modules/logs.bicep", "enabled: true", "etag: 'x', enabled: true",
         "properties.etag: there is no such property"),
        ("modules/alerts.bicep", "threshold: 500", "threshold: []",
         "allOf[0].threshold: array where int belongs"),
        ("modules/bot.bicep", "appId\n    msaAppTenantId", "appIdd\n    msaAppTenantId",
         "appIdd is not defined"),
        ("modules/database.bicep", "fullyQualifiedDomainName", "fqdn",
         "flexibleServers@2024-08-01 has no such property"),
        ("main.bicep", "keep.outputs.vaultUri", "keep.outputs.vaultUrl",
         "outputs.vaultUrl: the module has no such output"),
        ("main.bicep", "    evidenceDays: evidenceDays\n", "",
         "module keep: params.evidenceDays is missing"),
        ("main.bicep", "evidenceDays: evidenceDays", "evidenceDays: name",
         "params.evidenceDays: string where int belongs"),
        ("main.bicep", "    appId: botAppId", "    appId: botAppId\n    password: 'x'",
         "params.password: the module takes no such parameter"),
        ("modules/keep.bicep", "  kind: 'StorageV2'", "  kind: 'StorageV2'\n  id: 'x'",
         "id: Azure writes this property, we cannot"),
        ("modules/apps.bicep", "param image string", "param image string\nparam unusd int",
         "unusd is never used"),
        ("main.bicep", "    appId: botAppId", "    apId: botAppId",
         "params.apId: the module takes no such parameter"),
        ("modules/roles.bicep", "loadJsonContent('../roles/reader", "loadJsonContent('../r",
         "../r.json is not there"),
    ],
)  # fmt: skip
def test_a_mistake_is_found(
    copy: Path, name: str, old: str, new: str, said: str
) -> None:
    """
    A checker that finds nothing in wrong files would prove nothing about right ones.
    """
    lines = found(copy, name, old, new)

    assert any(said in line for line in lines), lines


def resources(file: File, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of one kind, out of their loops and conditions."""
    bodies = []
    for each in file.document.get("resources", {}).values():
        body = each["config"]
        while "config" in body:
            body = body["config"]
        if each["type"] == kind and not each["existing"]:
            bodies.append(body)
    return bodies


def test_the_right_to_write_is_given_at_an_endpoint_alone() -> None:
    """
    An executor role at the workspace would move the traffic of endpoints nobody named.
    """
    given = {
        (path.name, str(body["properties"]["principalId"]), str(body["scope"]))
        for path in FILES
        for body in resources(
            bicep.read(path), "Microsoft.Authorization/roleAssignments"
        )
        if "xecutor" in str(body["properties"])
    }

    assert {("endpoint.bicep", "executorId", "endpoint")} == given


def test_each_right_to_write_is_alone_in_its_role() -> None:
    """
    None can read a key, score, or change anything but an endpoint's traffic; but for
    two that the template never assigns: to submit jobs, and to set an alert's state.
    """
    actions = {
        path.stem: json.loads(path.read_text("utf-8"))["Actions"]
        for path in (DEPLOY / "roles").glob("*.json")
    }
    more = {
        (name, action)
        for name, each in actions.items()
        for action in each
        if not action.endswith("/read")
    }

    expected = {
        ("rollback-executor", _WRITE),
        ("retraining", _SUBMIT),
        ("alert-state", _MARK),
    }
    assert expected == more
    # and the second only where an endpoint names a job
    main = (DEPLOY / "main.bicep").read_text("utf-8")
    assert "filter(watchList.endpoints, e => contains(e, 'retraining'))" in main
    assert 1 == sum("outputs.trainerId" in p.read_text("utf-8") for p in FILES)


def test_every_assignment_has_a_scope() -> None:
    """
    Without one it would hold for the whole resource group.
    """
    for path in FILES:
        for body in resources(
            bicep.read(path), "Microsoft.Authorization/roleAssignments"
        ):
            assert body.get("scope"), path.name


def test_no_password_and_no_shared_key() -> None:
    """
    What can sign in with a secret can be signed in with by whoever finds it.
    """
    text = {path.name: path.read_text("utf-8") for path in FILES}

    assert [] == [n for n, t in text.items() if "listKeys" in t or "@secure" in t]
    assert "passwordAuth: 'Disabled'" in text["database.bicep"]
    assert "allowSharedKeyAccess: false" in text["keep.bicep"]
    assert 3 == sum(t.count("disableLocalAuth: true") + t.count("DisableLocalAuth: true")
                    for t in text.values())  # fmt: skip
    assert "useAadAuth: true" in text["actions.bicep"]
