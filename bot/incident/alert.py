"""Who, and what a source told us: Actor, Alert and the readings it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal[
    0, 1, 2, 3, 4
]  # Azure Monitor: Sev0 critical .. Sev4 verbose
Kind: TypeAlias = Literal[
    "data-drift",
    "prediction-drift",
    "data-quality",
    "attribution-drift",
    "performance",
    "latency",
    "errors",
    "availability",
    "traffic",
    "cost",
    "resource",  # CPU, memory, capacity
    "silence",  # the alert that should have come and did not
    "platform",  # service health, security, policy: about Azure, not the model
    "change",  # not a fault: something was deployed, registered or run
]

MISSED = "found in Azure's list"  # label of an alert whose own call never came
RULE_ID = "rule id"  # label with the ARM id of the rule that fired, where it is told


class Refused(Exception):
    """The command does not apply now. Its text is shown to the person as it stands."""


def aware(moment: datetime) -> datetime:
    """Return `moment`; ValueError when it has no time zone."""
    if moment.utcoffset() is None:
        msg = "a time needs its zone"
        raise ValueError(msg)
    return moment


@dataclass(frozen=True, slots=True)
class Actor:
    """An account: tenant and Entra object id, lower case. The name is only shown."""

    tenant: str
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One measured figure that an alert carries, as its sender judged it."""

    metric: str
    value: float | None
    threshold: float | None
    breached_when: Literal["above", "below", "outside", "unknown"] = "unknown"
    feature: str = ""
    unit: str = ""

    @property
    def breached(self) -> bool | None:
        """Return whether the value is past its limit on the bad side; None: not known.

        >>> Reading(
        ...     metric="Accuracy", value=0.93, threshold=0.9, breached_when="below"
        ... ).breached
        False
        """
        if self.value is None or self.threshold is None:
            return None
        match self.breached_when:
            case "above":
                return self.value > self.threshold
            case "below":
                return self.value < self.threshold
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One notice from one source.

    `fingerprint` names the condition, not the notice: every repeat and the final
    "resolved" of one Azure Monitor alert carry the same one.
    """

    source: str  # the module in bot.sources that read it
    kind: Kind
    fingerprint: str
    status: Literal["firing", "resolved"]
    severity: Severity
    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    rule: str = ""  # alert rule or monitoring signal, by name
    description: str = ""
    resources: tuple[str, ...] = ()  # ARM ids it is about, lower case
    endpoint: str = ""  # as the payload's own dimensions name it
    deployment: str = ""
    monitor: str = ""  # Azure ML monitor (schedule or experiment) by name
    window: tuple[datetime, datetime] | None = None
    readings: tuple[Reading, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        aware(self.starts_at)
