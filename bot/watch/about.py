"""Which watched endpoint an alert is about."""

import re

from bot.incident import Alert
from bot.watch.endpoint import Endpoint

_LOGS = re.compile(
    r"/microsoft\.(operationalinsights/workspaces|insights/(components|scheduledqueryrules))"
    r"/[^/]+$"
)
_NAMED = r"(?<![a-z0-9-]){}(?![a-z0-9-])"  # a whole name in a sentence
_SUBSCRIPTION = re.compile(r"/subscriptions/[^/]+")
_IN_WORKSPACE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers"
    r"/microsoft\.machinelearningservices/workspaces/[^/]+"
)


def workspace(arm_id: str) -> str:
    """Return the Azure ML workspace in an ARM id, "" when it names none."""
    found = _IN_WORKSPACE.match(arm_id)
    return found.group() if found else ""


def targets(endpoints: tuple[Endpoint, ...], alert: Alert) -> tuple[Endpoint, ...]:
    """Return every watched endpoint among the alert's targets, else `resolve`'s.

    Where neither finds one, a rule over a log workspace is taken at its words, and what
    is about a whole workspace or subscription is told to the owners there.
    """
    resources = {r.lower().rstrip("/") for r in alert.resources}
    hit = [e for e in endpoints if any(_covers(e.id, r) for r in resources)]
    if len(hit) > 1:
        return tuple(hit)
    one = resolve(endpoints, alert) or mentioned(endpoints, alert)
    return (one,) if one else _below(endpoints, alert)


def wide(alert: Alert) -> str:
    """Return what an alert is about as a whole: the ARM id of a workspace, of a
    subscription where all of Azure speaks; "" for any other.

    Health and the activity log alone: they measure nothing and name no endpoint. Not of
    Azure's list, whose names of them are not those of their calls.
    """
    measured = alert.readings or alert.endpoint or alert.monitor
    if alert.kind not in ("availability", "platform") or measured:
        return ""
    named = [r.lower().rstrip("/") for r in alert.resources]
    if alert.source == "own" or any("/onlineendpoints/" in r for r in named):
        return ""
    if whole := next((r for r in named if workspace(r) == r), ""):
        return whole
    names = (alert.source, alert.fingerprint.partition("|")[0])
    all_of_it = {"service_health", "servicehealth"} & set(names)
    return next((r for r in named if all_of_it and _SUBSCRIPTION.fullmatch(r)), "")


def _below(endpoints: tuple[Endpoint, ...], alert: Alert) -> tuple[Endpoint, ...]:
    """Return whom to tell of what is about all endpoints of a workspace, or more.

    Each owner is told once in each channel: of the endpoint where it hurts most.
    """
    whole = wide(alert)
    told: dict[tuple[str, str], Endpoint] = {}
    here = (e for e in endpoints if whole and _covers(whole, e.id))
    for endpoint in sorted(here, key=lambda e: (e.tier, e.id)):
        told.setdefault((endpoint.owner, endpoint.channel), endpoint)
    return tuple(told.values())


def resolve(endpoints: tuple[Endpoint, ...], alert: Alert) -> Endpoint | None:
    """Return the watched endpoint that `alert` is about, or None.

    In order: an ARM id that is the endpoint or lies below it; the endpoint that a
    dimension names; the monitor or a budget by name. A short name counts only where
    the alert may speak of it: see `_within`.
    """
    resources = tuple(r.lower().rstrip("/") for r in alert.resources)
    for resource in resources:
        for endpoint in endpoints:
            if _covers(endpoint.id, resource):
                return endpoint
    within = _within(endpoints, resources)
    if alert.endpoint:
        named = [e for e in within if e.name == alert.endpoint.lower()]
        if len(named) == 1:
            return named[0]
    monitor = alert.monitor.lower()
    found = [e for e in within if monitor and e.monitor.lower() == monitor]
    if alert.kind == "cost" and (budget := alert.labels.get("budget", "").lower()):
        found = [e for e in within if budget in map(str.lower, e.budgets)]
    if alert.kind == "silence" and resources and not alert.readings:
        found = _deafened(alert, within)
    return found[0] if len(found) == 1 else None


def mentioned(endpoints: tuple[Endpoint, ...], alert: Alert) -> Endpoint | None:
    """Return the endpoint that a rule over a log workspace speaks of, or None.

    Whose whole name they hold, if only one's; else the one that lists the alert's
    resource in its `scopes`, if only one does. Nobody's, when a dimension names another.
    """
    resources = tuple(r.lower().rstrip("/") for r in alert.resources)
    if alert.endpoint or not resources or not all(_LOGS.search(r) for r in resources):
        return None
    words = f"{alert.rule} {alert.description}".lower()
    within = _within(endpoints, resources)
    named = [e for e in within if re.search(_NAMED.format(re.escape(e.name)), words)]
    listed = [e for e in within if any(r in e.scopes for r in resources)]
    for found in (named, listed):
        if len(found) == 1:
            return found[0]
    return None


def _deafened(alert: Alert, within: tuple[Endpoint, ...]) -> list[Endpoint]:
    """Return who is told that the events of a whole workspace come no more.

    Whose `listening` names the subscription; else the endpoint where it hurts most.
    """
    here = [e for e in within if workspace(e.id) in alert.resources]
    last = f"/{alert.rule.lower()}"
    told = [e for e in here if e.listening.events.lower().endswith(last)]
    return (told or sorted(here, key=lambda e: e.tier))[:1]


def _within(
    endpoints: tuple[Endpoint, ...], resources: tuple[str, ...]
) -> tuple[Endpoint, ...]:
    """Return the endpoints that an alert about `resources` may call by short name.

    A name is only unique in its workspace: an alert that names workspaces means
    one of those. Else (a log rule is about its Log Analytics workspace) it must
    come from the endpoint's own subscription, or from what `scopes` lists.
    """
    if not resources:
        return endpoints
    if named := {workspace(r) for r in resources} - {""}:
        return tuple(e for e in endpoints if workspace(e.id) in named)
    return tuple(
        e
        for e in endpoints
        for scope in [("/".join(e.id.split("/")[:3]), *e.scopes)]
        if any(_covers(s, r) for s in scope for r in resources)
    )


def _covers(scope: str, resource: str) -> bool:
    """Return whether an ARM id is `scope` or lies below it, by whole segments."""
    return resource == scope or resource.startswith(scope + "/")
