"""What Azure said of an endpoint when we looked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

Traffic: TypeAlias = Mapping[str, int]  # percent by deployment; a missing one means 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment as Azure described it when we looked. None: Azure did not say."""

    name: str
    model: str = ""  # "credit-risk:14"
    provisioning_state: str = ""  # "Succeeded", "Updating", "Failed" …
    instances: int | None = None
    instance_type: str = ""
    concurrency: int | None = None  # requests that one instance takes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointState:
    """The live state of an endpoint at one moment, with a digest of Azure's words."""

    at: datetime
    traffic: Traffic
    deployments: tuple[Deployment, ...]
    provisioning_state: str
    digest: str  # sha256 of the raw GET body
    tags: Mapping[str, str] = field(default_factory=dict)
    mirror: Traffic = field(default_factory=dict)  # percent of copies by deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a deployment or endpoint served in one window. None: not known."""

    start: datetime
    end: datetime
    deployment: str = ""  # "": the whole endpoint
    requests: float | None = None  # in the window
    error_rate: float | None = None  # 0 to 1
    latency_p95_ms: float | None = None
    availability: float | None = None  # 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    result: Literal["passed", "failed", "not known"]
    text: str
