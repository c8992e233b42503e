"""What people and we made of an alert in Azure's own portal."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.incident.events import Event

AlertState: TypeAlias = Literal["New", "Acknowledged", "Closed"]
_ALERT = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/(?:.+/)?providers/microsoft\.alertsmanagement"
    r"/alerts/[^/?#]{1,100}",
    re.IGNORECASE,
)


def is_azure_alert(fingerprint: str) -> bool:
    """Return whether a fingerprint is the ARM id of an alert of Azure Monitor."""
    return bool(_ALERT.fullmatch(fingerprint))


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The state of an alert as Azure has it. Who is a name without its domain."""

    state: AlertState
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureMarked(Event):
    """We set the state, or found it as we would have set it."""

    alert: str
    state: AlertState


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureChanged(Event):
    """Somebody set the state in the portal."""

    alert: str
    state: AlertState
    who: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRefused(Event):
    """We may not set the state. Told once an endpoint, until it is granted."""

    reason: str
