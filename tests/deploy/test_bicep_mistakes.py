"""Mistakes made on purpose in deploy/*.bicep: the checker has to find each."""

import json
import shutil
from pathlib import Path

import pytest

from tests.deploy import bicep

DEPLOY = Path(__file__).parents[2] / "deploy"


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
    files = {path, copy / "main.bicep"}  # which uses all the others
    return [line for file in files for line in bicep.problems(file)]


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
        # Azure's types leave these lists open; a typing error is all that we would add
        ("modules/keep.bicep", "'TLS1_2'", "'TLS9'", "minimumTlsVersion: 'TLS9' is none of"),
        ("modules/apps.bicep", "'EmptyDir'", "'EmptyDirectory'",
         "storageType: 'EmptyDirectory' is none of"),
        ("modules/database.bicep", "version: '16'", "version: '9'", "version: '9' is none"),
        ("modules/keep.bicep", "closed ? 'Disabled' : 'Enabled'", "closed ? 'Off' : 'Enabled'",
         "publicNetworkAccess: 'Off' is none of"),
        # functions
        ("main.bicep", "uniqueString(resourceGroup", "uniqeString(resourceGroup",
         "var suffix: there is no function uniqeString"),
        ("modules/private.bicep", "first(split(", "frist(split(", "no function frist"),
        ("modules/keep.bicep", "take('${replace(", "take('${replac(",
         "there is no function replac"),
        ("modules/keep.bicep", "take('${name}-${suffix}', 24)", "take('${name}')",
         "keep.bicep: cannot be read"),
        # modules
        ("main.bicep", "'modules/keep.bicep'", "'modules/kept.bicep'",
         "module keep: kept.bicep is not there"),
        ("main.bicep", "group: 'blob'", "group: 'blobs'", "params.group: 'blobs' is none of"),
        ("main.bicep", "    group: 'vault'\n", "", "params.group is missing"),
        ("main.bicep", "closed: closed", "closed: 'yes'", "params.closed: string where bool"),
        ("main.bicep", "database.outputs.id", "database.outputs.ident",
         "outputs.ident: the module has no such output"),
        ("modules/keep.bicep", "output vaultId string", "output vaultKey string",
         "outputs.vaultId: the module has no such output"),
        ("modules/keep.bicep", "output vaultId string", "output vaultId int",
         "output vaultId: value: string where int belongs"),
        ("main.bicep", "  scope: subscription()\n", "",
         "scope: roles.bicep is for a subscription, not a resourceGroup"),
        ("main.bicep", "  scope: subscription()\n", "  scope: resourceGroup()\n",
         "scope: roles.bicep is for a subscription, not a resourceGroup"),
        ("main.bicep",
         "scope: resourceGroup(split(workspace, '/')[4])", "scope: subscription()",
         "scope: topic.bicep is for a resourceGroup, not a subscription"),
        # where a resource lies
        ("modules/keep.bicep", "  parent: blobs\n", "  parent: storage\n",
         "parent: a Microsoft.Storage/storageAccounts is no parent of"),
        ("modules/keep.bicep", "  parent: evidence\n", "", "parent is missing"),
        ("modules/keep.bicep", "  parent: evidence\n", "  parent: serveId\n",
         "parent: no resource of this file"),
        ("modules/keep.bicep", "scope: vault\n", "scope: name\n",
         "scope: a resource belongs there"),
        # names
        ("modules/private.bicep", "param zoneId string", "param zoneId string\nparam name int",
         "name is declared twice"),
        ("modules/private.bicep", "resource link ", "resource zone ", "zone is declared twice"),
        ("modules/private.bicep", "zoneNames[group]", "zoneName[group]",
         "zoneName is not defined"),
        ("modules/private.bicep", "dependsOn: [link]", "dependsOn: [links]",
         "links is not defined"),
        ("main.bicep", "e => contains(e, 'retraining')", "e => contains(x, 'retraining')",
         "x is not defined"),
        ("main.bicep", "split(e.id, '/')[2]", "split(e.idd, '/')[2]",
         "idd is not in that object"),
        ("modules/private.bicep", "var networkId =", "var unusedId = subnetId\nvar networkId =",
         "unusedId is never used"),
        # parameters
        ("main.bicep", "param evidenceDays int = 2557", "param evidenceDays int = '2557'",
         "param evidenceDays: default: string where int belongs"),
        ("main.bicep", "param evidenceDays int = 2557", "param evidenceDays int = 0",
         "default: 0 is beyond minValue 1"),
        ("main.bicep", "name string = 'watchkeeper'", "name string = 'watchkeeper-prod'",
         "default: 'watchkeeper-prod' is beyond maxLength 12"),
        ("modules/private.bicep", "LinkServiceId: targetId", "LinkServiceId: [targetId]",
         "properties.privateLinkServiceId: array where string belongs"),
        ("modules/private.bicep", "ZoneGroups@2024-05-01", "ZoneGroups@2024-13-01",
         "there is no type Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-13-01"),
        ("modules/private.bicep", "groupIds: [group]", "groupId: [group]",
         "properties.groupId: there is no such property"),
        ("modules/keep.bicep", "sku: { family: 'A', name", "sku: { name",
         "properties.sku: family is missing"),
        ("modules/bot.bicep", "resource bot ", "resorce bot ", "bot.bicep: cannot be read"),
        # what Azure's types leave open and Azure refuses
        ("modules/apps.bicep", "failureThreshold: 10", "failureThreshold: 60",
         "failureThreshold: 60 is not from 1 to 10"),
        ("modules/apps.bicep", "targetPort: 3978", "targetPort: 99999",
         "targetPort: 99999 is not from 1 to 65535"),
        ("modules/keep.bicep", "RetentionInDays: 90", "RetentionInDays: 900",
         "softDeleteRetentionInDays: 900 is not from 7 to 90"),
        ("modules/database.bicep", "RetentionDays: 35", "RetentionDays: 36",
         "backupRetentionDays: 36 is not from 7 to 35"),
        ("modules/database.bicep", "storageSizeGB: 32", "storageSizeGB: 31",
         "storageSizeGB: 31 is none of 32, 64"),
        ("modules/logs.bicep", "retentionInDays: 90", "retentionInDays: 7",
         "retentionInDays: 7 is not from 30"),
        ("modules/alerts.bicep", "severity: 2", "severity: 5", "5 is not from 0 to 4"),
        ("modules/alerts.bicep", "evaluationFrequency: 'PT5M'",
         "evaluationFrequency: 'PT7M'", "evaluationFrequency: 'PT7M' is none of"),
        ("modules/events.bicep", "Attempts: 30", "Attempts: 31", "31 is not from 1 to 30"),
        ("modules/keep.bicep", "4633458b-17de", "4633458b-17df",
         "is not the role Key Vault Secrets User"),
        ("modules/keep.bicep", "  scope: vault\n", "", "scope is missing"),
        ("modules/environment.bicep", "  scope: environment\n", "", "scope is missing"),
        ("modules/apps.bicep", "secretRef: 'keys'", "secretRef: 'key'",
         "there is no secret key"),
        ("modules/apps.bicep", "volumeName: 'watch'", "volumeName: 'list'",
         "there is no volume list"),
        ("modules/alerts.bicep", "severity: 2", "severity: -1", "-1 is not from 0 to 4"),
        ("modules/keep.bicep", "RetentionInDays: 90",
         "RetentionInDays: closed ? 5 : 90", "5 is not from 7 to 90"),
        ("main.bicep", "@minValue(1)", "@minValue('1')", "minValue '1' is no number"),
        ("main.bicep", "targetScope = 'resourceGroup'", "targetScope = 'group'",
         "target scope is invalid: group"),
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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("evidenceDays", 0, "evidenceDays: 0 is beyond minValue 1"),
        ("name", "wk", "name: 'wk' is beyond minLength 3"),
        ("name", 7, "name: int where string belongs"),
        ("nmae", "x", "nmae: there is no such parameter"),
        ("botAppId", None, "botAppId is missing"),
    ],
)
def test_a_mistake_in_the_parameter_file_is_found(
    copy: Path, name: str, value: object, said: str
) -> None:
    path = copy / "main.parameters.json"
    document = json.loads(path.read_text("utf-8"))
    document["parameters"][name] = {"value": value}
    if value is None:
        del document["parameters"][name]
    path.write_text(json.dumps(document), "utf-8")

    assert [said] == list(bicep.parameters(path, bicep.read(copy / "main.bicep")))
