"""What Azure itself lists: alerts that fired, and who is sent events."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import DecodeError, HttpResponseError

from bot.azure.arm import Arm

VERSION = "2019-05-05-preview"
EVENTS_VERSION = "2025-02-15"
_PATH = "/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts"


async def alerts(
    arm: Arm, subscription: str, span: tuple[datetime, datetime]
) -> tuple[Mapping[str, Any], ...]:
    """Return the alerts that changed in `span`; DecodeError when they are no alerts."""
    when = "/".join(f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in span)
    found = await arm.children(
        _PATH.format(subscription), version=VERSION, query={"customTimeRange": when}
    )
    for alert in found:
        told = alert.get("properties")
        if not isinstance(alert.get("id"), str) or not isinstance(told, dict):
            raise DecodeError(message="not an alert")
        if not isinstance(told.get("essentials"), dict):
            raise DecodeError(message="an alert without essentials")
    return tuple(found)


async def subscription(arm: Arm, path: str) -> str:
    """Return the provisioning state of an event subscription, "" when there is none."""
    try:
        found = await arm.get(path, version=EVENTS_VERSION)
    except HttpResponseError as error:
        if error.status_code == HTTPStatus.NOT_FOUND:
            return ""
        raise
    return str(found.properties.get("provisioningState") or "unknown")
