"""The two handshakes by which Event Grid asks leave to send us events.

Event Grid's own schema posts an event whose code we echo; CloudEvents asks by OPTIONS.
Its `validationUrl` is never fetched: an address from a payload is not ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from bot.callers import Denied
from bot.incident.arm import arm_id
from bot.sources import NotAnAlert
from bot.strict_json import NotJson, parse

ORIGIN = "eventgrid.azure.net"
_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"
_LONGEST_CODE = 256
_WORKSPACE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers"
    r"/microsoft\.machinelearningservices/workspaces/[^/]+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Which subscriptions may be made to us; an empty set allows any of its kind.

    `marked`: an event of Event Grid's schema must carry the `aeg-` headers.
    """

    names: frozenset[str] = frozenset()  # of event subscriptions, lower case
    topics: frozenset[str] = frozenset()  # ARM ids of workspaces, lower case
    marked: bool = False

    def topic(self, given: object) -> bool:
        """Return whether `given` may be the topic: not when it names another workspace.

        A topic of another form (custom, partner, none) decides nothing: the token has
        said who asks, and refusing it would cut the events off for good.

        >>> risk = "/subscriptions/s/resourceGroups/g/providers/"
        >>> risk += "Microsoft.MachineLearningServices/workspaces/risk"
        >>> ours = Allowed(topics=frozenset({risk.lower()}))
        >>> ours.topic(risk), ours.topic(risk + "-2"), ours.topic("any topic")
        (True, False, True)
        """
        text = given.strip() if isinstance(given, str) else ""
        named = _WORKSPACE.match(arm_id(text) or text.lower())
        return not (self.topics and named) or named.group() in self.topics


def code(headers: Mapping[str, str], body: bytes, allowed: Allowed) -> str | None:
    """Return the code to echo, or None when the request is no handshake.

    Raises NotAnAlert for a broken handshake, Denied for a subscription not ours.
    """
    kind = headers.get("aeg-event-type", "").strip().lower()
    if kind == "subscriptionvalidation":
        return _echo(headers, _event(body), allowed)
    if not kind and allowed.marked and b'"specversion"' not in body:
        raise NotAnAlert("the aeg-event-type header is missing")
    if not kind and _VALIDATION.encode() in body:
        return _echo(headers, _event(body), allowed)
    return None


def permission(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that let Event Grid, and nobody else, send without a limit.

    It asks without a token: the handshake grants a rate, not access.
    """
    if headers.get("WebHook-Request-Origin", "").strip().lower() != ORIGIN:
        raise Denied(403, "only Event Grid may ask to send here")
    return {"WebHook-Allowed-Origin": ORIGIN, "WebHook-Allowed-Rate": "*"}


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        found = parse(body)
    except NotJson as error:
        raise NotAnAlert(f"not JSON: {error}") from None
    match found:
        case [{"eventType": kind} as event] if kind == _VALIDATION:
            return cast("Mapping[str, Any]", event)
    raise NotAnAlert("the body is not one subscription validation event")


def _echo(
    headers: Mapping[str, str], event: Mapping[str, Any], allowed: Allowed
) -> str:
    data = event.get("data")
    found = data.get("validationCode") if isinstance(data, dict) else None
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_CODE:
        raise NotAnAlert("validationCode is not a text")
    name = headers.get("aeg-subscription-name", "").lower()
    if allowed.names and name not in allowed.names:
        raise Denied(403, "this event subscription is not one of ours")
    if not allowed.topic(event.get("topic")):
        raise Denied(403, "this topic is not one of ours")
    return found
