"""What the caller may do at a scope, as Azure's role assignments add up to it.

Source: the Permissions API, GET {scope}/providers/Microsoft.Authorization/permissions.
It speaks of whoever asks, so neither identity needs to read role assignments.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.azure.arm import Arm

VERSION = "2022-04-01"
_ML = "Microsoft.MachineLearningServices/workspaces"
_ENDPOINT = frozenset(
    {
        f"{_ML}/onlineEndpoints/read",
        f"{_ML}/onlineEndpoints/deployments/read",
    }
)
WRITE = f"{_ML}/onlineEndpoints/write"
READS = _ENDPOINT | {  # at the endpoint, by serve; most come from its workspace
    f"{_ML}/schedules/read",
    f"{_ML}/jobs/read",
    f"{_ML}/data/versions/read",
    f"{_ML}/datastores/read",
    "Microsoft.Insights/metrics/read",
    "Microsoft.Insights/eventtypes/values/read",
    "Microsoft.AlertsManagement/alerts/read",
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
}
TRAINS = frozenset({f"{_ML}/jobs/read", f"{_ML}/jobs/write"})  # by the third identity
MOVES = _ENDPOINT | {WRITE}  # at the endpoint, by execute
MARKS = frozenset(  # by the bot's identity, where it sets the state of alerts
    {
        "Microsoft.AlertsManagement/alerts/read",
        "Microsoft.AlertsManagement/alerts/changestate/action",
    }
)
# Rights whose holder could do harm that no part of this program ever does.
HARMFUL = frozenset(
    {
        f"{_ML}/onlineEndpoints/delete",
        f"{_ML}/onlineEndpoints/listkeys/action",
        f"{_ML}/onlineEndpoints/score/action",
        "Microsoft.Authorization/roleAssignments/write",
    }
)


async def granted(arm: Arm, scope: str) -> list[Mapping[str, Any]]:
    """Return the caller's permissions at `scope`; azure.core errors as they come."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    return await arm.children(path, version=VERSION)


def held(permissions: Iterable[Mapping[str, Any]], wanted: Iterable[str]) -> set[str]:
    """Return those of `wanted` that the permissions allow.

    A right that one role withholds (notActions) may still come from another.

    >>> owner = {"actions": ["*"], "notActions": ["*/listKeys/action"]}
    >>> sorted(held([owner], ["A/b/write", "a/B/listkeys/action"]))
    ['A/b/write']
    """
    every = list(permissions)
    return {
        action
        for action in wanted
        if any(
            _named(action, each.get("actions"))
            and not _named(action, each.get("notActions"))
            for each in every
        )
    }


def _named(action: str, patterns: Any) -> bool:
    return any(
        re.fullmatch(re.escape(str(p)).replace(r"\*", ".*"), action, re.IGNORECASE)
        for p in patterns or ()
    )
