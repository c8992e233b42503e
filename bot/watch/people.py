"""Who is told, where, and who may decide."""

from collections.abc import Mapping
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from bot.watch.parts import Guid, Strict, Tier

Role: TypeAlias = Literal["viewer", "operator", "owner", "approver", "risk"]


class Person(Strict):
    """One human being; several accounts can be theirs, and count as one person."""

    name: str
    accounts: tuple[Guid, ...] = Field(min_length=1)
    guest: bool = False
    roles: tuple[Role, ...] = ("viewer",)


class Channel(Strict):
    """A Teams channel ("19:…@thread.tacv2"), or a group chat ("19:…@thread.v2")."""

    id: str
    name: str = ""
    time_zone: str = "UTC"
    # As in Alertmanager: how long a new incident gathers alerts before its card is
    # posted, and the least time between edits that more alerts cause. Sev0 waits for
    # neither, and a person's action is always shown at once.
    group_wait_s: float = Field(default=0, ge=0, le=600)
    group_interval_s: float = Field(default=10, ge=0, le=3600)
    digest_at: str = Field(default="", pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")  # local

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no time zone is called {name!r}") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class Approval(Strict):
    """Who lets a change run: so many different people, each with one of the roles."""

    people: tuple[str, ...] = ()  # names from `people`; () = everyone with a role
    roles: tuple[Role, ...] = ("approver",)
    count: int = Field(default=1, ge=1, le=5)
    valid_minutes: float = Field(default=60, gt=0, le=1440)


class Escalation(Strict):
    """Minutes without an acknowledgement until each circle is called; 0: never."""

    owner_minutes: float = Field(default=0, ge=0, le=10080)
    team_minutes: float = Field(default=0, ge=0, le=10080)
    risk_minutes: float = Field(default=0, ge=0, le=10080)
    team: tuple[str, ...] = ()  # names from `people`; () = everyone who may acknowledge


BY_TIER: Mapping[Tier, Escalation] = {  # where the watch list says nothing
    1: Escalation(owner_minutes=15, team_minutes=30, risk_minutes=60),
    2: Escalation(owner_minutes=30, team_minutes=120),
    3: Escalation(owner_minutes=240),
}
