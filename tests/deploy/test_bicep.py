"""deploy/main.bicep, offline: against Azure's types, and what nobody may be given."""

import json
import re
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


def test_closed_means_no_public_address() -> None:
    """
    One store left open makes the other two private endpoints an ornament.
    """
    main = (DEPLOY / "main.bicep").read_text("utf-8")
    shut = "publicNetworkAccess: closed ? 'Disabled' : 'Enabled'"
    text = {path.name: path.read_text("utf-8") for path in FILES}

    assert {"keep.bicep": 2, "database.bicep": 1} == {
        name: count for name, t in text.items() if (count := t.count(shut))
    }
    assert 2 == text["keep.bicep"].count("defaultAction: closed ? 'Deny' : 'Allow'")
    # whoever is let in from all of Azure is so while it is open only
    assert "firewallRules@2024-08-01' = if (!closed)" in text["database.bicep"]
    assert ["blob", "vault", "postgresqlServer"] == re.findall(r"group: '(\w+)'", main)
    assert 3 == main.count("'modules/private.bicep' = if (closed)")
    assert "dependsOn: [wayToStorage, wayToVault, wayToDatabase]" in main


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
    assert "useCommonAlertSchema: true" in text["actions.bicep"]
    assert "msaAppType: 'SingleTenant'" in text["bot.bicep"]


def test_the_database_is_verified_by_roots_that_the_image_has() -> None:
    """
    Psycopg's wheel looks for `system` in a folder of its own that is not there: with it no
    program starts. Tried with a server whose certificate another root had signed.
    """
    apps = (DEPLOY / "modules/apps.bicep").read_text("utf-8")
    addresses = re.findall(r"value: 'postgresql://[^']*'", apps)

    assert 2 == len(addresses)
    assert all(address.endswith("/watchkeeper?${verified}'") for address in addresses)
    assert (
        "verified = 'sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt'"
        in apps
    )


def test_a_second_run_is_one_that_azure_takes() -> None:
    """
    Every upgrade runs the template again: a locked policy must not be set, and a topic has
    its right to write dead letters before its subscription needs that.
    """
    main, keep = (
        (DEPLOY / name).read_text("utf-8")
        for name in ("main.bicep", "modules/keep.bicep")
    )

    assert "immutabilityPolicies@2024-01-01' = if (!evidenceLocked) {" in keep
    assert "dependsOn: [apps, letters]" in main
    assert "principalId: topics[i].outputs.principalId" in main
    # two endpoints of one workspace: the same assignment, by two modules
    assert 3 == len(re.findall(r"@batchSize\(1\).*\nmodule \w+Roles ", main))
    # names of bots are the world's
    assert re.search(r"module bot .*\n.*\n.*\n +name: '\$\{name\}-\$\{suffix\}'", main)


def test_each_identity_gets_its_own_role() -> None:
    """
    Two names swapped in one line, and who reads may write.
    """
    main = (DEPLOY / "main.bicep").read_text("utf-8")
    pairs = re.findall(r"(\w+)RoleId: .*?roles\.outputs\.(\w+)Id\b", main)

    assert {
        ("ruleReader", "ruleReader"),
        ("reader", "reader"),
        ("executor", "executor"),
        ("alertState", "alertState"),
    } == set(pairs)
    assert "executorId: executor.properties.principalId" in main
    assert "readerId: reader.properties.principalId" in main
