"""The watch list (watchkeeper.yaml): which endpoints, whose, and who may do what."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from bot.incident import Actor, Alert

Role: TypeAlias = Literal["viewer", "operator", "owner", "approver", "risk"]
Guid: TypeAlias = Annotated[
    str,
    StringConstraints(
        to_lower=True, pattern=r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
    ),
]
ArmEndpoint: TypeAlias = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        pattern=r"(?i)^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
        r"microsoft\.machinelearningservices/workspaces/[^/]+/onlineendpoints/[^/]+$",
    ),
]
ArmScope: TypeAlias = Annotated[
    str,
    StringConstraints(to_lower=True, pattern=r"(?i)^/subscriptions/[^/]+(/[^/]+)*$"),
]
_CHANNEL = re.compile(r"@thread\.(?!v2$)")  # in a channel's id; a group chat's has v2
_LOGS = re.compile(
    r"/microsoft\.(operationalinsights/workspaces|insights/(components|scheduledqueryrules))"
    r"/[^/]+$"
)
_NAMED = r"(?<![a-z0-9-]){}(?![a-z0-9-])"  # a whole name in a sentence
_IN_WORKSPACE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers"
    r"/microsoft\.machinelearningservices/workspaces/[^/]+"
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(_Strict):
    """One human being; several accounts can be theirs, and count as one person."""

    name: str
    accounts: tuple[Guid, ...] = Field(min_length=1)
    guest: bool = False
    roles: tuple[Role, ...] = ("viewer",)


class Channel(_Strict):
    """A Teams channel by its thread id ("19:…@thread.tacv2")."""

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


class SignalRule(_Strict):
    """A metric the engine recomputes, and the limit that we alert on."""

    metric: str
    threshold: float
    signal: str = "data-drift"
    columns: tuple[str, ...] = ()  # () = all that both sides have


Tier: TypeAlias = Literal[1, 2, 3]


class Approval(_Strict):
    """Who lets a change run: so many different people, each with one of the roles."""

    people: tuple[str, ...] = ()  # names from `people`; () = everyone with a role
    roles: tuple[Role, ...] = ("approver",)
    count: int = Field(default=1, ge=1, le=5)
    valid_minutes: float = Field(default=60, gt=0, le=1440)


class Escalation(_Strict):
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


KEPT_DAYS: Mapping[Tier, int] = {1: 2557, 2: 1827, 3: 1096}  # 7, 5 and 3 years


class Retraining(_Strict):
    """The job that trained the model; approved, it is submitted again on newer data."""

    # Its name in the workspace.
    job: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=255)


class Disclosure(_Strict):
    """What may be kept and shown of the data that a monitor compares."""

    columns: tuple[str, ...] = ()  # only these; () = all that are not protected
    protected: tuple[str, ...] = ()  # never read: attributes that must not be shown
    least_count: int = Field(default=20, ge=20)  # rows before a category has a name


class ServiceLevels(_Strict):
    """How long a step may take, in minutes; None: no target. See bot.levels."""

    detect_minutes: float | None = Field(default=None, gt=0)  # data complete -> card
    acknowledge_minutes: float | None = Field(
        default=None, gt=0
    )  # all from the card on
    decide_minutes: float | None = Field(default=None, gt=0)
    resolve_minutes: float | None = Field(default=None, gt=0)

    def target(self, step: str) -> timedelta | None:
        """Return the target of "detect", "acknowledge", "decide" or "resolve"."""
        minutes: float | None = getattr(self, f"{step}_minutes")
        return None if minutes is None else timedelta(minutes=minutes)


class Listening(_Strict):
    """Whose silence about an endpoint is an incident."""

    monitor: bool = False  # its monitor has to run, on its own schedule
    monitor_hours: float | None = Field(default=None, gt=0)  # or this often
    collection: bool = False  # no data collection errors
    traffic_minutes: float | None = Field(default=None, ge=5)  # without any request
    # The Event Grid subscription that brings its events, by ARM id
    events: Annotated[
        str,
        StringConstraints(
            pattern=r"(?i)^(/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
            r"/Microsoft\.EventGrid/systemTopics/[^/]+/eventSubscriptions/[^/]+)?$"
        ),
    ] = ""

    @property
    def on(self) -> bool:
        checks = (self.monitor, self.collection, self.traffic_minutes, self.events)
        return any(checks)


class Endpoint(_Strict):
    id: ArmEndpoint
    owner: str
    channel: str  # a key of `channels`
    tier: Tier = 2
    model: str = ""
    monitor: str = ""  # name of the Azure ML monitor schedule
    log_workspace: str = ""  # Log Analytics workspace id, for KQL
    # ARM ids outside its subscription whose alerts may call it by its short name
    scopes: tuple[ArmScope, ...] = ()
    signals: tuple[SignalRule, ...] = ()
    latency_p95_ms: float | None = None
    availability: float | None = None
    rollback_target: str = ""  # deployment
    retraining: Retraining | None = None
    watch_minutes: float = Field(default=15, gt=0, le=240)  # after a move
    approval: Approval = Approval()  # else what `approvals` says of its tier
    escalation: Escalation | None = None  # else what `escalations` says of its tier
    snooze_limit_hours: float = Field(default=24, gt=0, le=720)
    disclosure: Disclosure = Disclosure()
    listening: Listening = Listening()
    levels: ServiceLevels = ServiceLevels()  # what it leaves out, its tier says

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[-1]

    @property
    def workspace(self) -> str:
        return self.id.split("/")[8]


class WatchList(_Strict):
    """The whole file. Names in it are checked against each other when it is read."""

    tenant: Guid
    people: tuple[Person, ...] = ()
    channels: Mapping[str, Channel] = {}
    approvals: Mapping[Tier, Approval] = {}  # by tier, where an endpoint says nothing
    escalations: Mapping[Tier, Escalation] = {}  # by tier
    # Days that frozen objects are kept after an incident's last event, by tier
    retention_days: Mapping[Tier, Annotated[int, Field(ge=1)]] = {}
    risk_channel: str = ""  # a key of `channels`, told last; "": the incident's own
    levels: Mapping[Tier, ServiceLevels] = {}  # likewise, target by target
    endpoints: tuple[Endpoint, ...] = ()

    @model_validator(mode="after")
    def _by_tier(self) -> Self:
        endpoints = tuple(
            e.model_copy(update={"approval": self.approvals[e.tier]})
            if e.tier in self.approvals and "approval" not in e.model_fields_set
            else e
            for e in self.endpoints
        )
        endpoints = tuple(self._with_levels(e) for e in endpoints)
        object.__setattr__(self, "endpoints", endpoints)  # frozen from here on
        return self

    def _with_levels(self, endpoint: Endpoint) -> Endpoint:
        tier = self.levels.get(endpoint.tier, ServiceLevels())
        own = {
            name: getattr(endpoint.levels, name)
            for name in endpoint.levels.model_fields_set
        }
        merged = tier.model_copy(update=own)
        return endpoint.model_copy(update={"levels": merged})

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        people = {p.name for p in self.people}
        if self.risk_channel and self.risk_channel not in self.channels:
            raise ValueError(
                f"risk_channel: no channel is called {self.risk_channel!r}"
            )
        for endpoint in self.endpoints:
            if endpoint.channel not in self.channels:
                raise ValueError(
                    f"{endpoint.name}: no channel is called {endpoint.channel!r}"
                )
            team = self.escalation(endpoint).team
            for name in (endpoint.owner, *endpoint.approval.people, *team):
                if name not in people:
                    raise ValueError(
                        f"{endpoint.name}: nobody is called {name!r} in people"
                    )
        accounts = [a for p in self.people for a in p.accounts]
        if twice := {a for a in accounts if accounts.count(a) > 1}:
            raise ValueError(f"two people share the account {min(twice)}")
        return self

    def person(self, actor: Actor) -> Person | None:
        """Return who this account belongs to; another tenant's is nobody's."""
        if actor.tenant != self.tenant:
            return None
        return next((p for p in self.people if actor.id in p.accounts), None)

    def approvers(self, endpoint: Endpoint) -> tuple[Person, ...]:
        """Return who may decide a change of `endpoint`; a guest never may."""
        rule = endpoint.approval
        return tuple(
            p
            for p in self.people
            if not p.guest
            and set(rule.roles) & set(p.roles)
            and (not rule.people or p.name in rule.people)
        )

    def escalation(self, endpoint: Endpoint) -> Escalation:
        """Return who is called when about an alert that nobody acknowledges."""
        by_tier = self.escalations.get(endpoint.tier, BY_TIER[endpoint.tier])
        return endpoint.escalation or by_tier

    def kept_days(self, tier: Tier) -> int:
        """Return for how long a tier's frozen objects are kept, in days."""
        return self.retention_days.get(tier, KEPT_DAYS[tier])

    def in_sight(self, arm_id: str, conversation: str) -> bool:
        """Return whether a conversation may see an endpoint: its channel, or a chat."""
        endpoint = self.endpoint(arm_id)
        if endpoint is None:
            return False
        if not _CHANNEL.search(conversation):
            return True
        return self.channels[endpoint.channel].id == conversation

    def endpoint(self, arm_id: str) -> Endpoint | None:
        """Return the watched endpoint with this ARM id, in any letter case."""
        wanted = arm_id.lower()
        return next((e for e in self.endpoints if e.id == wanted), None)

    def named(self, name: str) -> tuple[Endpoint, ...]:
        """Return the watched endpoints with this short name, in any letter case."""
        return tuple(e for e in self.endpoints if e.name == name.lower())

    def of_model(self, name: str) -> tuple[Endpoint, ...]:
        """Return the endpoints that serve a model, or that have this short name."""
        wanted = name.lower()
        return tuple(
            e
            for e in self.endpoints
            if wanted in (e.name, e.model.lower(), e.model.lower().partition(":")[0])
        )

    @property
    def workspaces(self) -> frozenset[str]:
        """Return the ARM ids of all workspaces that hold a watched endpoint."""
        return frozenset(_workspace(e.id) for e in self.endpoints)

    def about(self, alert: Alert) -> tuple[Endpoint, ...]:
        """Return every watched endpoint among the alert's targets, else `resolve`'s."""
        resources = {r.lower().rstrip("/") for r in alert.resources}
        hit = [e for e in self.endpoints if any(_covers(e.id, r) for r in resources)]
        if len(hit) > 1:
            return tuple(hit)
        one = self.resolve(alert)
        return (one,) if one else ()

    def resolve(self, alert: Alert) -> Endpoint | None:
        """Return the watched endpoint that `alert` is about, or None.

        In order: an ARM id that is the endpoint or lies below it; the endpoint that a
        dimension names; the monitor by name. A short name counts only where the alert
        may speak of it: see `_within`.
        """
        resources = tuple(r.lower().rstrip("/") for r in alert.resources)
        for resource in resources:
            for endpoint in self.endpoints:
                if _covers(endpoint.id, resource):
                    return endpoint
        within = self._within(resources)
        if alert.endpoint:
            named = [e for e in within if e.name == alert.endpoint.lower()]
            if len(named) == 1:
                return named[0]
        monitor = alert.monitor.lower()
        found = [e for e in within if monitor and e.monitor.lower() == monitor]
        if alert.kind == "silence" and resources and not alert.readings:
            found = self._deafened(alert, within)
        return found[0] if len(found) == 1 else None

    def mentioned(self, alert: Alert) -> Endpoint | None:
        """Return the endpoint that a rule over a log workspace speaks of, or None.

        Whose whole name they hold, if only one's; else the one that lists the alert's
        resource in its `scopes`, if only one does.
        """
        resources = tuple(r.lower().rstrip("/") for r in alert.resources)
        if not resources or not all(_LOGS.search(r) for r in resources):
            return None
        words = f"{alert.rule} {alert.description}".lower()
        within = self._within(resources)
        named = [
            e for e in within if re.search(_NAMED.format(re.escape(e.name)), words)
        ]
        listed = [e for e in within if any(r in e.scopes for r in resources)]
        for found in (named, listed):
            if len(found) == 1:
                return found[0]
        return None

    def _deafened(self, alert: Alert, within: tuple[Endpoint, ...]) -> list[Endpoint]:
        """Return who is told that the events of a whole workspace come no more.

        Whose `listening` names the subscription; else the endpoint where it hurts most.
        """
        here = [e for e in within if _workspace(e.id) in alert.resources]
        last = f"/{alert.rule.lower()}"
        told = [e for e in here if e.listening.events.lower().endswith(last)]
        return (told or sorted(here, key=lambda e: e.tier))[:1]

    def _within(self, resources: tuple[str, ...]) -> tuple[Endpoint, ...]:
        """Return the endpoints that an alert about `resources` may call by short name.

        A name is only unique in its workspace: an alert that names workspaces means
        one of those. Else (a log rule is about its Log Analytics workspace) it must
        come from the endpoint's own subscription, or from what `scopes` lists.
        """
        if not resources:
            return self.endpoints
        if named := {_workspace(r) for r in resources} - {""}:
            return tuple(e for e in self.endpoints if _workspace(e.id) in named)
        return tuple(
            e
            for e in self.endpoints
            for scope in [("/".join(e.id.split("/")[:3]), *e.scopes)]
            if any(_covers(s, r) for s in scope for r in resources)
        )


def _covers(scope: str, resource: str) -> bool:
    """Return whether an ARM id is `scope` or lies below it, by whole segments."""
    return resource == scope or resource.startswith(scope + "/")


def _workspace(arm_id: str) -> str:
    """Return the Azure ML workspace in an ARM id, "" when it names none."""
    found = _IN_WORKSPACE.match(arm_id)
    return found.group() if found else ""
