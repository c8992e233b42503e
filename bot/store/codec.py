"""Events and effects as JSON rows, and back.

Old rows stay readable for ever: a field that is added later has a default, and a change
that a default cannot bridge gets a new version with a step in `UPGRADES`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter

from bot import incident
from bot.approval import awaited, oversight, retraining
from bot.incident import Effect, Event

VERSION = 1
# (type, version it reads) -> the same row one version later
UPGRADES: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
_MODULES = (
    awaited,
    incident,
    oversight,
    retraining,
)  # whoever defines events is loaded by now
_EVENTS = {kind.__name__: kind for kind in Event.__subclasses__()}
EFFECTS = {kind.__name__: kind for kind in get_args(Effect)}
EXECUTORS = (
    incident.ShiftTraffic,
    incident.FollowShift,
    incident.SubmitRetraining,
    incident.FollowRetraining,
)  # effects that only the executor may perform


class Unreadable(Exception):
    """A row that this version of the program does not know; it is never skipped."""


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def number_of(event: Event) -> str:
    """Return the number of an event by which people find its history, "" without."""
    if isinstance(event, incident.RollbackRequested | retraining.RetrainingRequested):
        return event.request
    return event.number if isinstance(event, oversight.GateAnswered) else ""


def dump(thing: Event | Effect) -> str:
    return _adapter(type(thing)).dump_json(thing).decode()


def read_event(kind: str, version: int, body: str) -> Event:
    """Return the event of a history row; Unreadable if it is from the future."""
    if kind not in _EVENTS or version > VERSION:
        raise Unreadable(f"event {kind} version {version}: update Watchkeeper")
    if version == VERSION:
        event: Event = _adapter(_EVENTS[kind]).validate_json(body)
        return event
    document = TypeAdapter(dict[str, Any]).validate_json(body)
    for step in range(version, VERSION):
        if upgrade := UPGRADES.get((kind, step)):
            document = upgrade(document)
    upgraded: Event = _adapter(_EVENTS[kind]).validate_python(document)
    return upgraded


def read_effect(kind: str, body: str) -> Effect:
    if kind not in EFFECTS:
        raise Unreadable(f"effect {kind}: update Watchkeeper")
    effect: Effect = _adapter(EFFECTS[kind]).validate_json(body)
    return effect
