"""What Azure itself lists: alerts that fired, and who is sent events."""

import logging
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError

from bot.azure.arm import Arm

log = logging.getLogger(__name__)
VERSION = "2019-05-05-preview"
EVENTS_VERSION = "2025-02-15"
_NAMED = 20  # bad entries that the log names
_PATH = "/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts"


async def alerts(
    arm: Arm, subscription: str, span: tuple[datetime, datetime]
) -> tuple[Mapping[str, Any], ...]:
    """Return the alerts that changed in `span`; what is none of them is logged by name.

    Raises DecodeError when nothing in a list that is not empty is an alert.
    """
    when = "/".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in span)
    found = await arm.children(
        _PATH.format(subscription),
        version=VERSION,
        # With the context come the dimensions: a log alert names its endpoint there.
        query={"customTimeRange": when, "includeContext": "true"},
    )
    wrong = [(n, why) for n, alert in enumerate(found) if (why := _wrong(alert))]
    for position, why in wrong[:_NAMED]:
        log.warning("alert %d of Azure's list is left out: %s", position, why)
    if wrong and len(wrong) == len(found):
        raise DecodeError(message=f"a list of {len(found)} alerts that holds none")
    bad = {position for position, _ in wrong}
    return tuple(alert for n, alert in enumerate(found) if n not in bad)


def _wrong(alert: object) -> str:
    """Return why an entry of the list cannot be read, with its name; "": it can."""
    if not isinstance(alert, dict):
        return "not an object"
    if not isinstance(alert.get("id"), str):
        return "no id"
    told = alert.get("properties")
    if not isinstance(told, dict) or not isinstance(told.get("essentials"), dict):
        return f"{alert['id'].rsplit('/', 1)[-1][:80]!r} has no essentials"
    return ""


async def subscription(arm: Arm, path: str) -> str:
    """Return the provisioning state of an event subscription, "" when there is none."""
    try:
        found = await arm.get(path, version=EVENTS_VERSION)
    except HttpResponseError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return ""
        raise
    return str(found.properties.get("provisioningState") or "unknown")
