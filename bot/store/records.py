"""What the store hands out, and the ways in which it says no."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from bot.incident import Effect

# The door that it came in by; "own": found out by ourselves
Route: TypeAlias = Literal["alerts", "events", "own"]
Role: TypeAlias = Literal["driver", "executor"]


class Conflict(Exception):
    """Someone else wrote to this incident first. Load it again and decide again."""


class Deposed(Exception):
    """Another process leads now; what this one wanted to write was not written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An effect whose time has come. `attempts`: earlier ones that did not end.

    `rank` is the severity of what it is about, `endpoint` its ARM id; both may be empty.
    """

    id: int
    incident: str
    effect: Effect
    due_at: datetime
    attempts: int
    rank: int = 0
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    id: str
    route: Route
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhandled:
    """A delivery that no incident came of, and why."""

    id: str
    route: str
    received_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the index of incidents."""

    id: str
    endpoint: str
    group_key: str
    status: str
    request: str
    revision: int
    opened_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unposted:
    """A card that stands nowhere yet, as far as we know: it can wait."""

    job: int
    rank: int
    tried: bool  # Teams did not take it, or not that we know of
    incident: str
    endpoint: str
    group_key: str
    status: str
