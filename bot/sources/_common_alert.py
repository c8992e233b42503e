"""The envelope of Azure Monitor's common alert schema, the same for every kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.incident import RULE_ID, Alert, Kind, Reading, Severity
from bot.incident.arm import arm_id
from bot.sources._fields import (
    DEPLOYMENT,
    ENDPOINT,
    SHORT,
    Document,
    NotAnAlert,
    arm_ids,
    folded,
    is_schema,
    labels,
    line,
    mapping,
    moment,
    name,
    part,
    prose,
    required_moment,
    severity,
)

SCHEMA = "azureMonitorCommonAlertSchema"
_CONDITIONS: dict[str, Literal["firing", "resolved"]] = {
    "fired": "firing",
    "activated": "firing",
    "resolved": "resolved",
    "deactivated": "resolved",
}
_LONGEST_ID = 4 * SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Essentials:
    """What every alert of the common schema says about itself."""

    alert_id: str
    status: Literal["firing", "resolved"]
    severity: Severity
    rule: str
    description: str
    targets: tuple[str, ...]
    fired: datetime
    ended: datetime | None
    notes: Mapping[str, str]


def is_common(document: Document) -> bool:
    """Return whether the schema is the common one, in any letter case."""
    return is_schema(document, SCHEMA)


def service(document: Document) -> str | None:
    """Return the monitoring service, folded ("logalertsv2"); None: another schema."""
    if not is_common(document):
        return None
    essentials = mapping(mapping(document.get("data")).get("essentials"))
    return line(essentials.get("monitoringService")).lower().replace(" ", "")


def context(document: Document) -> Document:
    return mapping(mapping(document.get("data")).get("alertContext"))


def status(value: Any) -> Literal["firing", "resolved"]:
    found = _CONDITIONS.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise NotAnAlert("the alert is neither fired nor resolved")
    return found


def admit(document: Document) -> Document:
    """Return the essentials as they stand when they are enough to keep the alert.

    Whatever passes here is read by `essentials` without an error: the door asks this
    alone, since it answers while the sender waits.
    """
    data = document.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("essentials"), dict):
        raise NotAnAlert("data.essentials is not an object")
    fields: Document = data["essentials"]
    alert_id = fields.get("alertId")
    if not isinstance(alert_id, str) or not 0 < len(alert_id.strip()) <= _LONGEST_ID:
        raise NotAnAlert("alertId is not a text of usual length")
    status(fields.get("monitorCondition"))
    severity(fields.get("severity"))
    required_moment(fields, "firedDateTime")
    return fields


def essentials(document: Document) -> Essentials:
    """Return the envelope. Raises NotAnAlert when what we cannot do without is bad."""
    fields = admit(document)
    fired = required_moment(fields, "firedDateTime")
    ended = moment(fields.get("resolvedDateTime"))
    early = ended is not None and ended < fired
    targets = _ids(fields.get("alertTargetIDs"))  # whatever it is, the alert is kept
    level = severity(fields.get("severity"))
    return Essentials(
        alert_id=line(fields["alertId"], _LONGEST_ID).lower(),
        status=status(fields.get("monitorCondition")),
        severity=2 if level is None else level,  # a budget has none: a warning
        rule=line(fields.get("alertRule")),
        description=prose(fields.get("description")),
        targets=targets or _ids(fields.get("configurationItems")),
        fired=fired,
        ended=None if early else ended,
        notes={
            **(
                {"resolved before it fired": f"{ended:%Y-%m-%d %H:%M} UTC"}
                if early and ended
                else {}
            ),
            **({RULE_ID: rule} if (rule := arm_id(fields.get("alertRuleID"))) else {}),
        },
    )


def _ids(value: Any) -> tuple[str, ...]:
    return arm_ids(value if isinstance(value, list) else [value])


def alert(
    document: Document,
    *,
    source: str,
    kind: Kind,
    title: str = "",
    fingerprint: str = "",
    status: Literal["firing", "resolved"] | None = None,
    readings: tuple[Reading, ...] = (),
    window: tuple[datetime, datetime] | None = None,
    resources: tuple[str, ...] = (),
    dimensions: Mapping[str, str] | None = None,
) -> Alert:
    """Return the Alert of a common-schema document with what its kind adds to it."""
    base = essentials(document)
    named = dimensions or {}
    said = custom(document)  # by the rule's owner: heard where Azure itself is silent
    about = tuple(dict.fromkeys((*base.targets, *resources, *arm_ids(named.values()))))
    return Alert(
        source=source,
        kind=kind,
        fingerprint=fingerprint or base.alert_id,
        status=status or base.status,
        severity=base.severity,
        title=title or base.rule or line(base.description) or "Alert without a name",
        starts_at=base.fired,
        ends_at=base.ended,
        rule=base.rule,
        description=base.description,
        resources=about,
        endpoint=endpoint_of(named, about) or endpoint_of(said, ()),
        deployment=deployment_of(named, about) or deployment_of(said, ()),
        window=window,
        readings=readings,
        labels={**said, **named, **base.notes},
    )


def custom(document: Document) -> dict[str, str]:
    """Return the properties that the rule's owner attached."""
    return labels(
        context(document).get("properties")
        if "condition" in context(document)
        else None,
        mapping(document.get("data")).get("customProperties"),
    )


def endpoint_of(dimensions: Mapping[str, str], resources: tuple[str, ...]) -> str:
    """Return the endpoint that a dimension names, else the first in the resources."""
    return _named(dimensions, ENDPOINT) or next(
        (p for r in resources if (p := part(r, "onlineendpoints"))), ""
    )


def deployment_of(dimensions: Mapping[str, str], resources: tuple[str, ...]) -> str:
    return _named(dimensions, DEPLOYMENT) or next(
        (p for r in resources if (p := part(r, "deployments"))), ""
    )


def _named(dimensions: Mapping[str, str], wanted: tuple[str, ...]) -> str:
    told = {folded(key): value for key, value in dimensions.items()}
    return next((n for key in wanted if (n := name(told.get(key)))), "")
