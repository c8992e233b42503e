"""What Azure said when asked who changed what, by which rule, and who can reach it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the activity log: something was done to a resource.

    Who did it is an object id; mail and network addresses never get here.
    """

    at: datetime
    operation: (
        str  # "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write"
    )
    status: str  # "Started", "Succeeded", "Failed" …
    resource: str  # ARM id, lower case
    by: str = ""  # Entra object id, lower case; "": Azure did not say
    correlation: str = ""  # the same for all lines of one operation

    @property
    def name(self) -> str:
        """Return the resource as people call it: "onlineendpoints/loan-prescreening"."""
        return "/".join(self.resource.rsplit("/", 2)[-2:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alert rule of Azure Monitor: its limits, and who set them when."""

    id: str
    name: str
    enabled: bool | None
    severity: int | None
    criteria: Mapping[str, object]  # as Azure writes them, without a query's text
    window: str = ""  # ISO 8601 duration
    every: str = ""
    set_by: str = ""  # an object id, or the name that Azure keeps; "": not known
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a monitor. `ended` None: it runs, or Azure did not say."""

    name: str
    status: str  # "Completed", "Failed", "Canceled", "Running" …
    started: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A data asset that a monitor compares."""

    name: str  # "loan-reference:1"
    type: str  # "uri_folder", "mltable"
    description: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A monitor as it is configured: when it runs, what it compares, its limits."""

    name: str
    enabled: bool
    frequency: str  # "day"
    interval: int  # every so many of them
    limits: tuple[Mapping[str, object], ...]  # signal, metric, data type, threshold
    assets: tuple[Asset, ...] = ()
    runs: tuple[Run, ...] = ()  # newest first
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A role that reaches a resource. `inherited`: it was given further up."""

    principal: str  # Entra object id, lower case
    kind: str  # "User", "Group", "ServicePrincipal"
    role: str
    scope: str  # ARM id, lower case, where it was given
    inherited: bool
    actions: tuple[str, ...] = field(default=())  # that the role allows, on data too
    condition: str = ""  # that narrows it, in Azure's own words; "": none


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is otherwise than when we last looked, both in words."""

    what: str  # "traffic", "model of blue"
    was: str
    now: str
