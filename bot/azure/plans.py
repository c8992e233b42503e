"""Monitors, alert rules and role assignments, read as ARM's own documents."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from azure.core.exceptions import HttpResponseError

from bot.azure.arm import Arm
from bot.incident import Asset, Assignment, Plan, Rule, Run
from bot.ports import Impossible

_VERSIONS = {
    "metricalerts": "2018-03-01",
    "scheduledqueryrules": "2023-12-01",
    "activitylogalerts": "2020-10-01",
}
_ROLES = "2022-04-01"
_RULE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.insights/"
    r"(metricalerts|scheduledqueryrules|activitylogalerts)/[^/?#]+"
)
_MOST_RUNS = 30
_ASSET = re.compile(r"(?:azureml:|.*/data/)([\w.-]+)(?::|/versions/)([\w.-]+)")
# Parts of a rule's criteria that may hold a query, with names out of people's data.
_UNSHOWN = frozenset({"query", "queryText", "resourceIdColumn"})


async def rule(arm: Arm, name: str) -> Rule:
    """Return the alert rule with the ARM id `name`."""
    found = _RULE.fullmatch(name.lower())
    if found is None:
        raise Impossible("Not a rule of Azure Monitor that can be read.")
    document = await arm.get(name, version=_VERSIONS[found[1]])
    properties = document.properties
    by, at = _set(document.body, properties)
    return Rule(
        id=name.lower(),
        name=str(document.body.get("name") or name.rsplit("/", 1)[-1]),
        enabled=_bool(properties.get("enabled")),
        severity=_int(properties.get("severity")),
        criteria=_shown(properties.get("criteria") or properties.get("condition")),
        window=str(properties.get("windowSize") or ""),
        every=str(properties.get("evaluationFrequency") or ""),
        set_by=by,
        set_at=at,
    )


async def plan(arm: Arm, workspace: str, monitor: str) -> Plan:
    """Return a monitor of `workspace` (ARM id) with its assets and latest runs."""
    document = await arm.get(f"{workspace}/schedules/{quote(monitor)}")
    properties = document.properties
    trigger = properties.get("trigger") or {}
    definition = (properties.get("action") or {}).get("monitorDefinition") or {}
    signals = definition.get("signals") or {}
    by, at = _set(document.body, properties)
    return Plan(
        name=monitor,
        enabled=bool(properties.get("isEnabled")),
        frequency=str(
            trigger.get("frequency") or trigger.get("expression") or ""
        ).lower(),
        interval=_int(trigger.get("interval")) or 1,
        limits=tuple(_limits(signals)),
        assets=tuple([await _asset(arm, workspace, a) for a in _assets(signals)]),
        runs=await _runs(arm, workspace, monitor),
        set_by=by,
        set_at=at,
    )


async def access(arm: Arm, resource: str) -> tuple[Assignment, ...]:
    """Return who can reach `resource`: assignments on it, and on all that holds it."""
    path = f"{resource}/providers/Microsoft.Authorization/roleAssignments"
    wanted = resource.lower().rstrip("/")
    roles: dict[str, tuple[str, tuple[str, ...]]] = {}
    found = []
    for each in await arm.children(path, version=_ROLES, filter="atScope()"):
        properties = each.get("properties") or {}
        role = str(properties.get("roleDefinitionId") or "")
        if role not in roles:
            roles[role] = await _role(arm, role)
        scope = str(properties.get("scope") or "").lower().rstrip("/")
        found.append(
            Assignment(
                principal=str(properties.get("principalId") or "").lower(),
                kind=str(properties.get("principalType") or ""),
                role=roles[role][0],
                actions=roles[role][1],
                scope=scope or "/",
                inherited=scope != wanted,
                condition=str(properties.get("condition") or ""),
            )
        )
    return tuple(sorted(found, key=lambda a: (a.inherited, a.role, a.principal)))


async def _role(arm: Arm, role: str) -> tuple[str, tuple[str, ...]]:
    """Return a role's name and actions; its id when it cannot be read."""
    try:
        properties = (await arm.get(role, version=_ROLES)).properties
    except HttpResponseError:
        return role.rsplit("/", 1)[-1], ()
    allowed = properties.get("permissions") or []
    kinds = ("actions", "dataActions")
    actions = [str(a) for p in allowed for kind in kinds for a in p.get(kind) or []]
    return str(properties.get("roleName") or ""), tuple(actions)


def _limits(signals: Mapping[str, Any]) -> Iterator[Mapping[str, object]]:
    for name, signal in sorted(signals.items()):
        for each in signal.get("metricThresholds") or []:
            yield {
                "signal": name,
                "kind": str(signal.get("signalType") or ""),
                "metric": str(each.get("metric") or ""),
                "data_type": str(each.get("dataType") or ""),
                "threshold": (each.get("threshold") or {}).get("value"),
            }


def _assets(signals: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return name and version of the data assets that the signals read, once each."""
    found: dict[tuple[str, str], None] = {}
    for signal in signals.values():
        for side in ("referenceData", "productionData"):
            given = signal.get(side) or {}
            for one in given if isinstance(given, list) else [given]:
                if named := _ASSET.fullmatch(str(one.get("uri") or "")):
                    found[named[1], named[2]] = None
    return list(found)


async def _asset(arm: Arm, workspace: str, asset: tuple[str, str]) -> Asset:
    name, version = asset
    label = f"{name}:{version}"
    try:
        document = await arm.get(f"{workspace}/data/{name}/versions/{version}")
    except HttpResponseError as error:
        return Asset(name=label, type=f"not read: status {error.status_code}")
    created = (document.body.get("systemData") or {}).get("createdAt")
    return Asset(
        name=label,
        type=str(document.properties.get("dataType") or ""),
        description=str(document.properties.get("description") or "")[:200],
        created_at=_moment(created),
    )


async def _runs(arm: Arm, workspace: str, monitor: str) -> tuple[Run, ...]:
    """Return the latest runs that carry the monitor's name, newest first."""
    found = []
    for job in await arm.children(f"{workspace}/jobs"):
        properties = job.get("properties") or {}
        if str(properties.get("experimentName") or "").lower() != monitor.lower():
            continue
        own = properties.get("properties") or {}
        begun = own.get("StartTimeUtc") or (job.get("systemData") or {}).get(
            "createdAt"
        )
        found.append(
            Run(
                name=str(job.get("name") or ""),
                status=str(properties.get("status") or ""),
                started=_moment(begun),
                ended=_moment(own.get("EndTimeUtc")),
            )
        )
    found.sort(key=lambda r: (r.started is not None, r.started, r.name), reverse=True)
    return tuple(found[:_MOST_RUNS])


def _set(
    body: Mapping[str, Any], properties: Mapping[str, Any]
) -> tuple[str, datetime | None]:
    """Return who changed a resource last, and when."""
    system = body.get("systemData") or {}
    by = str(system.get("lastModifiedBy") or "")
    at = system.get("lastModifiedAt") or properties.get("lastUpdatedTime")
    # Mail addresses stay out; the activity log has the object id instead.
    return ("" if "@" in by else by), _moment(at)


def _shown(criteria: Any) -> dict[str, object]:
    """Return criteria without the text of queries."""
    if not isinstance(criteria, Mapping):
        return {}
    return {
        str(k): [_shown(e) if isinstance(e, Mapping) else e for e in v]
        if isinstance(v, list)
        else v
        for k, v in criteria.items()
        if k not in _UNSHOWN and not isinstance(v, Mapping)
    }


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.utcoffset() is not None else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
