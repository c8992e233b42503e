"""An endpoint, and what is watched about it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from bot.incident.arm import arm_id
from bot.watch.parts import Price, Strict, Tier
from bot.watch.people import Approval, Escalation
from bot.watch.rules import Labels, SignalRule, limits


def _spelled(written: str) -> str:
    """Return an ARM id as alerts have it: its group may hold letters beyond ASCII."""
    return arm_id(written) or written


ArmEndpoint: TypeAlias = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        pattern=r"(?i)^/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
        r"microsoft\.machinelearningservices/workspaces/[^/]+/onlineendpoints/[^/]+$",
    ),
    AfterValidator(_spelled),
]
ArmScope: TypeAlias = Annotated[
    str,
    StringConstraints(to_lower=True, pattern=r"(?i)^/subscriptions/[^/]+(/[^/]+)*$"),
    AfterValidator(_spelled),
]
KEPT_DAYS: Mapping[Tier, int] = {1: 2557, 2: 1827, 3: 1096}  # 7, 5 and 3 years


class ServiceLevels(Strict):
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


class Retraining(Strict):
    """The job that trained the model; approved, it is submitted again on newer data."""

    # Its name in the workspace.
    job: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=255)


class Disclosure(Strict):
    """What may be kept and shown of the data that a monitor compares."""

    columns: tuple[str, ...] = ()  # only these; () = all that are not protected
    protected: tuple[str, ...] = ()  # never read: attributes that must not be shown
    least_count: int = Field(default=20, ge=20)  # rows before a category has a name


class Listening(Strict):
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


class Endpoint(Strict):
    id: ArmEndpoint
    owner: str
    channel: str  # a key of `channels`
    tier: Tier = 2
    model: str = ""
    monitor: str = ""  # name of the Azure ML monitor schedule
    log_workspace: str = ""  # Log Analytics workspace id, for KQL
    # ARM ids outside its subscription whose alerts may call it by its short name
    scopes: tuple[ArmScope, ...] = ()
    # Names of cost budgets that pay for it: their alerts name no resource
    budgets: tuple[str, ...] = ()
    signals: tuple[SignalRule, ...] = ()
    predictions: tuple[str, ...] = ()  # columns that hold what the model said
    segments: tuple[str, ...] = ()  # columns to say which part of the rows shifted
    labels: Labels | None = None  # for the metrics of performance
    target: str = ""  # column that a model of attributions is fitted to
    latency_p95_ms: float | None = Field(default=None, gt=0)
    availability: float | None = Field(default=None, gt=0, le=1)  # share of requests
    # Of one instance an hour, by deployment or instance type; else the list's own
    prices: Mapping[str, Price] = {}
    rollback_target: str = ""  # deployment
    retraining: Retraining | None = None
    watch_minutes: float = Field(default=15, gt=0, le=240)  # after a move
    approval: Approval = Approval()  # else what `approvals` says of its tier
    escalation: Escalation | None = None  # else what `escalations` says of its tier
    snooze_limit_hours: float = Field(default=24, gt=0, le=720)
    disclosure: Disclosure = Disclosure()
    listening: Listening = Listening()
    levels: ServiceLevels = ServiceLevels()  # what it leaves out, its tier says

    @model_validator(mode="after")
    def _names_no_protected_column(self) -> Self:
        """Refuse a rule about a column that is never read: it would only leak its name."""
        protected = {name.lower() for name in self.disclosure.protected}
        named = {
            "segments": self.segments,
            "predictions": self.predictions,
            "target": (self.target,),
            "signals": tuple(c for rule in self.signals for c in rule.columns),
        }
        for where, columns in named.items():
            if any(column.lower() in protected for column in columns):
                raise ValueError(f"{where} names a column that disclosure protects")
        return self

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[-1]

    @property
    def workspace(self) -> str:
        return self.id.split("/")[8]

    @property
    def limits(self) -> Mapping[str, float]:
        """Return the limits of how it serves, by metric; a rule goes before the rest."""
        plain = {
            "RequestLatency_P95": self.latency_p95_ms,
            "Availability": self.availability,
        }
        known = {name: limit for name, limit in plain.items() if limit is not None}
        return {**known, **limits(self.signals, "endpoint-health")}

    @property
    def cost_limits(self) -> Mapping[str, float]:
        return limits(self.signals, "cost")
