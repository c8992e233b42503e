"""Who has an incident in hand, who was called, and until when it may sleep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.incident.alert import Actor
from bot.incident.events import Event

Circle: TypeAlias = Literal["owner", "team", "risk"]  # who is called, one after another


@dataclass(frozen=True, slots=True, kw_only=True)
class Unacknowledged(Event):
    """Whoever had it gives it back; this ends a snooze too."""

    by: Actor
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Event):
    by: Actor
    person: str  # as the watch list names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Snoozed(Event):
    """Nobody is reminded until then. The alert itself goes on."""

    by: Actor
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeEnded(Event):
    worse: bool = False  # a more severe alert has ended it before its time


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    by: Actor
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    """Nobody had acknowledged it in time, so these people are called."""

    to: Circle
    step: int  # of the chain, from 0
    since: int  # seq of the event from which nobody had it
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldElsewhere(Event):
    """What the channel could not be told, or another one is told as well."""

    seq: int  # of the event that it was about
    way: str  # "personal chat", "workflow", "channel risk"; "": there was none
    conversation: str = ""
    activity: str = ""
