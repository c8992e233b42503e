"""deploy/entra.sh, with a stand-in for `az` that keeps what it was told to make."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.children import inherited

SCRIPT = Path(__file__).parents[2] / "deploy" / "entra.sh"
AZ = r"""#!/usr/bin/env bash
echo "$@" | tr '\n' ' ' >> "$AZ_LOG"; echo >> "$AZ_LOG"
made() { grep -q -- "$1" "$AZ_LOG.made" 2>/dev/null; }
case "$*" in
  "ad app list"*bot*) made bot && echo bot-app || true ;;
  "ad app list"*) made alerts && echo alerts-app || true ;;
  "ad app create"*bot*) echo bot >> "$AZ_LOG.made"; echo bot-app ;;
  "ad app create"*) echo alerts >> "$AZ_LOG.made"; echo alerts-app ;;
  "ad app update"*) echo roles >> "$AZ_LOG.made" ;;
  "ad app show"*appRoles*) made roles && echo role-id || true ;;
  "ad app show"*) echo alerts-object ;;
  "ad sp show"*) made "sp $5" && echo "sp-$5" || exit 3 ;;
  "ad sp create"*) echo "sp $5" >> "$AZ_LOG.made"; echo "sp-$5" ;;
  "ad signed-in-user show"*) [ -z "${AZ_PIPELINE:-}" ] && echo me || exit 1 ;;
  "account show"*user.name*) echo pipeline ;;
  "rest --method GET"*) [ "$(grep -c assigned "$AZ_LOG.made")" -ge 3 ] && echo yes || true ;;
  "rest --method POST"*) echo assigned >> "$AZ_LOG.made" ;;
  "account show"*) echo tenant-id ;;
  "ad app federated-credential list"*) made trusted && echo yes || true ;;
  "ad app federated-credential create"*) echo trusted >> "$AZ_LOG.made" ;;
esac
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    az = tmp_path / "az"
    az.write_text(AZ)
    az.chmod(0o755)
    return {
        **inherited(),
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "AZ_LOG": str(tmp_path / "log"),
    }


def run(environment: dict[str, str], *words: str) -> tuple[int, str, list[str]]:
    """Return exit code, output, and the calls of `az` that change something."""
    log = Path(environment["AZ_LOG"])
    log.write_text("")
    done = subprocess.run(
        [SCRIPT, *words], env=environment, capture_output=True, text=True, check=False
    )
    changes = [
        line
        for line in log.read_text().splitlines()
        if any(word in line for word in (" create ", " update ", "--method POST"))
    ]
    return done.returncode, done.stdout, changes


def test_it_registers_two_apps_and_permits_two_callers(
    environment: dict[str, str],
) -> None:
    code, output, changes = run(environment, "apps")

    assert 0 == code
    assert [
        "botAppId=bot-app", "alertsAppId=alerts-app", "alertsObjectId=alerts-object",
    ] == output.splitlines()  # fmt: skip
    update = next(line for line in changes if line.startswith("ad app update"))
    roles = json.loads(update[update.index("[") : update.rindex("]") + 1])
    assert ["ActionGroupsSecureWebhook", "AzureEventGridSecureWebhookSubscriber"] == [
        role["value"] for role in roles
    ]
    posts = [line for line in changes if "--method POST" in line]
    assert 3 == len(posts)
    assert "sp-461e8683-5575-4561-ac7f-899cc907d62a" in posts[0]
    assert "sp-4962773b-9cdb-44cf-a8bf-237846a00ab7" in posts[1]
    # Event Grid asks that of who makes the subscription, and a person's role can be given
    assert '"principalId": "me"' in posts[2]
    assert ["Application", "User"] == roles[1]["allowedMemberTypes"]
    assert ["Application"] == roles[0]["allowedMemberTypes"]
    assert any("appRoleAssignmentRequired=true" in line for line in changes)
    assert not any("credential reset" in line or "password" in line for line in changes)


def test_a_second_run_makes_nothing(environment: dict[str, str]) -> None:
    """
    People run a script again when they are not sure; two bots would be the price.
    """
    run(environment, "apps")
    code, _, changes = run(environment, "apps")

    assert 0 == code
    assert [
        "ad sp update --id alerts-app --set appRoleAssignmentRequired=true "
    ] == changes


def test_a_pipeline_may_make_the_subscription(environment: dict[str, str]) -> None:
    """
    Who deploys need not be who registered the apps, and need not be a person.
    """
    given = environment | {"AZ_PIPELINE": "yes"}
    code, _, changes = run(given, "subscriber", "alerts-app")

    assert 0 == code
    assert '"principalId": "sp-pipeline"' in changes[-1]


def test_the_identity_vouches_for_the_bot(environment: dict[str, str]) -> None:
    code, _, changes = run(environment, "trust", "bot-app", "principal-id")
    again, _, more = run(environment, "trust", "bot-app", "principal-id")

    assert (0, 0, []) == (code, again, more)
    given = json.loads(changes[0][changes[0].index("{") :])
    assert "principal-id" == given["subject"]
    assert "https://login.microsoftonline.com/tenant-id/v2.0" == given["issuer"]
    assert ["api://AzureADTokenExchange"] == given["audiences"]


def test_without_words_it_says_how(environment: dict[str, str]) -> None:
    code, _, changes = run(environment)

    assert (2, []) == (code, changes)
