"""The way of an alert to us: rules, their action groups, Event Grid's subscriptions.

Everything else may be right and no call ever come: a rule without an action group, a
group that calls the address of last year, an event subscription of another app.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from bot.azure.arm import Arm
from bot.azure.cloud import Cloud
from bot.azure.errors import speaking_of
from bot.azure.identity import credential
from bot.callers.entra import audiences
from bot.check.asked import Said, asked
from bot.check.finding import Finding
from bot.check.needed import AWAY, needing, role
from bot.settings import Settings
from bot.watch import Endpoint, WatchList
from cards.figures import count

_INSIGHTS = "providers/Microsoft.Insights"
_KINDS = {  # of alert rules, with the API that lists them
    "metricAlerts": "2018-03-01",
    "scheduledQueryRules": "2023-12-01",
    "activityLogAlerts": "2020-10-01",
}
_GROUPS, _EVENTS = "2023-01-01", "2025-02-15"
_AGAIN = "run the deployment again: deploy/README.md, Install"


async def routes(
    settings: Settings, watch: WatchList, stack: AsyncExitStack
) -> AsyncIterator[Finding]:
    """Yield whether alerts and events of each endpoint are on their way to us."""
    cloud = Cloud(settings.azure_management_url, settings.azure_logs_url)
    arm = Arm(cloud, credential(settings.reader_client_id, stack))
    stack.push_async_callback(arm.close)
    groups: set[str] = set()
    for endpoint in watch.endpoints:
        about = f"alert rules of {endpoint.name}"
        yield await _asked(about, _rules(arm, endpoint, groups), _group_of(endpoint.id))
    for group in sorted(groups):
        about = f"action group {group.rsplit('/', 1)[-1]}"
        yield await _asked(about, _group(arm, group, settings), group)
    for workspace in sorted(watch.workspaces):
        about = f"events of {workspace.rsplit('/', 1)[-1]}"
        yield await _asked(
            about, _events(arm, workspace, settings), _group_of(workspace)
        )


async def _asked(about: str, question: Awaitable[Said], scope: str) -> Finding:
    """Return a finding; what we may not look at is no failure, but nobody knows."""
    return await asked(
        about,
        question,
        refused=role("Rule Reader", scope),
        away=AWAY,
        worst="look",
    )


def _group_of(resource: str) -> str:
    """Return the resource group that an ARM id is in."""
    return "/".join(resource.split("/")[:5])


async def _rules(arm: Arm, endpoint: Endpoint, groups: set[str]) -> Said:
    """Say which rules watch an endpoint; puts their action groups into `groups`."""
    place = _group_of(endpoint.id)
    subject = f"the alert rules in {place.rsplit('/', 1)[-1]}"
    found: list[Mapping[str, Any]] = []
    for kind, version in _KINDS.items():
        path = f"{place}/{_INSIGHTS}/{kind}"
        with needing(f"Microsoft.Insights/{kind}/read", place), speaking_of(subject):
            found += await arm.children(path, version=version)
    watching = [p for p in map(_properties, found) if _covers(p, endpoint)]
    if not watching:
        todo = "make one: deploy/modules/alerts.bicep shows three"
        return "no rule of its resource group watches it", todo
    live = [rule for rule in watching if rule.get("enabled", True)]
    called = {group for rule in live for group in _called(rule)}
    groups |= called
    groups_called = count(len(called), "action group")
    text = f"{len(live)} of {len(watching)} switched on, {groups_called}"
    if not live:
        return text, "switch one on, or no alert ever comes"
    return text, "" if called else "give them the action group of the deployment"


async def _group(arm: Arm, group: str, settings: Settings) -> Said:
    subject = f"the action group {group.rsplit('/', 1)[-1]}"
    right = "Microsoft.Insights/actionGroups/read"
    with needing(right, group), speaking_of(subject):
        found = (await arm.get(group, version=_GROUPS)).properties
    hooks = [h for h in found.get("webhookReceivers") or [] if isinstance(h, dict)]
    ours = [h for h in hooks if _ours(str(h.get("serviceUri")), settings, "alerts")]
    if not ours:
        return f"calls {_hosts(hooks, 'serviceUri')}, not us", _AGAIN
    if not found.get("enabled", True):
        return "calls us, and is switched off", "switch it on"
    if not ours[0].get("useCommonAlertSchema"):
        return "calls us in an old schema", "choose the common alert schema"
    if settings.alert_auth == "entra":
        if not ours[0].get("useAadAuth"):
            return "calls us without a token; all is refused", _AGAIN
        if not _named(ours[0].get("identifierUri"), settings):
            return "asks for tokens of another app than ALERT_AUDIENCE", _AGAIN
    return "calls us, as we want to be called", ""


async def _events(arm: Arm, workspace: str, settings: Settings) -> Said:
    place = _group_of(workspace)
    subject = f"the event topics in {place.rsplit('/', 1)[-1]}"
    right = "Microsoft.EventGrid/systemTopics/read"
    with needing(right, place), speaking_of(subject):
        path = f"{place}/providers/Microsoft.EventGrid/systemTopics"
        topics = [
            str(topic["id"])
            for topic in await arm.children(path, version=_EVENTS)
            if str(_properties(topic).get("source", "")).lower() == workspace
        ]
        found = [
            _properties(each)
            for topic in topics
            for each in await arm.children(
                f"{topic}/eventSubscriptions", version=_EVENTS
            )
        ]
    sent = {id(p): _destination(p) for p in found}
    ours = [
        p
        for p in found
        if _ours(str(sent[id(p)].get("endpointBaseUrl")), settings, "events")
    ]
    if not ours:
        count = (
            f"{len(found)} event subscriptions" if found else "no event subscription"
        )
        return f"{count}, none to us", f"its runs and models stay unseen: {_AGAIN}"
    first, destination = ours[0], sent[id(ours[0])]
    if (state := str(first.get("provisioningState", "Succeeded"))) != "Succeeded":
        return f"a subscription that is {state}", _AGAIN
    app = destination.get("azureActiveDirectoryApplicationIdOrUri")
    if settings.event_auth == "entra" and not _named(app, settings):
        return "its tokens are for another app than ALERT_AUDIENCE", _AGAIN
    if not (
        first.get("deadLetterDestination")
        or first.get("deadLetterWithResourceIdentity")
    ):
        return "sent to us; what cannot be delivered is lost", "set up dead-lettering"
    return "sent to us", ""


def _properties(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found = document.get("properties")
    return found if isinstance(found, dict) else {}


def _destination(subscription: Mapping[str, Any]) -> Mapping[str, Any]:
    found = (
        subscription.get("destination")
        or (subscription.get("deliveryWithResourceIdentity") or {}).get("destination")
        or {}
    )
    return _properties(found)


def _covers(rule: Mapping[str, Any], endpoint: Endpoint) -> bool:
    """Return whether one of a rule's scopes is the endpoint, or holds it or its logs."""
    scopes = [str(s).lower().rstrip("/") for s in rule.get("scopes") or ()]
    return any(
        endpoint.id == scope or endpoint.id.startswith(f"{scope}/") for scope in scopes
    ) or any(scope in endpoint.scopes for scope in scopes)


def _called(rule: Mapping[str, Any]) -> set[str]:
    """Return the action groups of a rule, whichever of three ways it names them."""
    actions = rule.get("actions") or ()
    if isinstance(actions, dict):
        actions = actions.get("actionGroups") or ()
    named = (a.get("actionGroupId") if isinstance(a, dict) else a for a in actions)
    return {str(name).lower() for name in named if name}


def _ours(url: str, settings: Settings, route: str) -> bool:
    """Return whether `url` is our door; a secret in its query does not matter."""
    theirs, own = urlsplit(url), urlsplit(f"{settings.pages}/api/{route}")
    return (theirs.scheme, theirs.netloc.lower(), theirs.path.rstrip("/")) == (
        own.scheme,
        own.netloc.lower(),
        own.path,
    )


def _hosts(hooks: list[dict[str, Any]], name: str) -> str:
    """Return where webhooks lead, without what may be secret in an address."""
    found = {urlsplit(str(hook.get(name))).hostname or "?" for hook in hooks}
    return ", ".join(sorted(found)) or "no webhook"


def _named(app: object, settings: Settings) -> bool:
    known = audiences(settings.alert_audience.removeprefix("api://"))
    return str(app or "").lower() in {a.lower() for a in known}
