"""What the worker needs of the world: a workspace to look at and a chat to speak in.

The ports belong to their user; `bot.azure` and `bot.teams` fill them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from bot.approval.retraining import Job
from bot.incident import (
    AlertState,
    Assignment,
    Change,
    EndpointState,
    Health,
    Marked,
    Plan,
    Rule,
    Traffic,
)
from bot.watch import Endpoint

Card: TypeAlias = dict[str, Any]


class Unavailable(Exception):
    """Not now: safe to try again. The text is for a person; no token, no trace."""

    def __init__(self, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Ambiguous(Exception):
    """It may have been done: the answer was lost. Look before repeating it."""


class Impossible(Exception):
    """It will never work as asked: forbidden, not found, refused."""


class TooBig(Impossible):
    """Teams does not take a message of this size; a smaller one may do."""


class Gone(Impossible):
    """The message or conversation is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent to Teams. `Chat.find` knows it by `key`, unless that is empty."""

    text: str = ""
    card: Card | None = None
    summary: str = ""  # one line for the notification
    key: str = ""


class Chat(Protocol):
    async def post(self, conversation: str, message: Message, thread: str = "") -> str:
        """Return the id of the new activity; with `thread`, a reply to that activity.

        Raises Unavailable (known not to be done), Ambiguous, Gone or Impossible.
        """

    async def update(self, conversation: str, activity: str, message: Message) -> None:
        """Replace a message in place. Raises as `post`, but never Ambiguous."""

    async def personal(self, account: str) -> str:
        """Return the id of the chat with an Entra account, opened if need be.

        Raises as `update`; safe to repeat: there is one such chat.
        """

    async def delete(self, conversation: str, activity: str) -> None:
        """Take a message of ours away. Raises as `update`; Gone when it is not there."""

    async def find(self, conversation: str, key: str, text: str = "") -> str | None:
        """Return the id of our message with `key` in its card, or with this text."""


class Workflow(Protocol):
    """A one-way address of Power Automate, for when nothing else is left."""

    async def post(self, message: Message) -> None:
        """Hand the card over; that it was accepted does not mean it is shown.

        Raises Unavailable, Ambiguous or Impossible.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One metric of one resource. A None is a minute for which Azure has no value."""

    metric: str
    unit: str
    aggregation: str
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A KQL result. `partial` says why it is not whole, "" when it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    partial: str = ""
    query: str = ""  # the text that was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Reference and production rows of a monitor, and what to call them."""

    reference: pa.Table
    production: pa.Table
    reference_name: str
    production_name: str
    reference_window: tuple[datetime, datetime] | None
    production_window: tuple[datetime, datetime] | None
    # The rows of production in their order: the hour that their file names, how many.
    hours: tuple[tuple[datetime, int], ...] = ()
    findings: tuple[str, ...] = ()  # what was wrong with the files


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The files of one hour; or of none, where their names tell no hour."""

    at: datetime | None
    files: tuple[str, ...]
    mark: str  # another one as soon as any of the files is another
    size: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """One side of a monitor as it lies in storage; nothing of it has been read."""

    name: str  # "loan-reference:1"
    place: str  # address of what all its files lie below
    window: tuple[datetime, datetime] | None  # None: all of it
    pieces: tuple[Piece, ...]  # in the order of their hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The rows of one piece, and what was wrong with its files."""

    piece: Piece
    table: pa.Table
    findings: tuple[str, ...] = ()


class Workspace(Protocol):
    """Azure, read with the reader's identity. All raise Unavailable or Impossible."""

    async def state(self, endpoint: str) -> EndpointState:
        """Return traffic and deployments as they are now; `endpoint` is an ARM id."""

    async def captured(self, endpoint: str) -> tuple[EndpointState, bytes]:
        """Return the same with Azure's own bytes, whose SHA-256 is the state's digest."""

    async def series(
        self,
        resource: str,
        metric: str,
        start: datetime,
        end: datetime,
        *,
        interval: timedelta,
        aggregation: str,
        split_by: str = "",
    ) -> tuple[Series, ...]:
        """Return a platform metric of an ARM resource, one series a dimension value."""

    async def health(
        self, endpoint: str, deployment: str, start: datetime, end: datetime
    ) -> Health:
        """Return how an endpoint ("" as deployment) or a deployment served."""

    async def fired(
        self, subscription: str, start: datetime, end: datetime
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the alerts of Azure Monitor that began or changed in that time."""

    async def delivers(self, subscription: str) -> str:
        """Return how an Event Grid subscription stands: "Succeeded"; "": it is gone."""

    async def query(
        self,
        workspace: str,
        query: str,
        parameters: Mapping[str, str],
        start: datetime,
        end: datetime,
    ) -> Rows:
        """Run the constant query with the name `query` in a Log Analytics workspace."""

    async def windows(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> Windows:
        """Return the rows that the endpoint's monitor compares at `now`.

        With a deployment, production is what that one took in, from `since` to `now`.
        """

    async def lying(
        self,
        endpoint: Endpoint,
        now: datetime,
        *,
        deployment: str = "",
        since: datetime | None = None,
    ) -> tuple[Lying, Lying]:
        """Return where the rows of `windows` lie, reference first, and read none."""

    async def taken(self, side: Lying, pieces: Sequence[Piece]) -> tuple[Taken, ...]:
        """Return the rows of some pieces of a side, in their order."""

    async def data(self, endpoint: Endpoint, asset: str) -> pa.Table:
        """Return all rows of a data asset of the endpoint's workspace, "labels:3"."""

    async def changes(
        self, resource: str, start: datetime, end: datetime
    ) -> tuple[Change, ...]:
        """Return the activity log of `resource` and what is below it, newest first.

        Azure keeps it for 90 days and is minutes late.
        """

    async def rule(self, rule: str) -> Rule:
        """Return the alert rule with this ARM id, and who set it last."""

    async def plan(self, endpoint: Endpoint) -> Plan:
        """Return the endpoint's monitor as configured, and its latest runs."""

    async def access(self, resource: str) -> tuple[Assignment, ...]:
        """Return the role assignments that reach `resource`, direct ones first."""

    async def job(self, endpoint: Endpoint, name: str) -> Job:
        """Return a job of the endpoint's workspace."""


class Portal(Protocol):
    """What people make of an alert in Azure Monitor, read and set by its ARM id."""

    async def state(self, alert: str) -> Marked:
        """Return the state as Azure has it. Raises Unavailable or Impossible."""

    async def mark(self, alert: str, state: AlertState, comment: str) -> None:
        """Set the state; safe to repeat. Raises Unavailable or Impossible."""


class Mover(Protocol):
    """The only one who may change traffic; lives in the executor's process alone."""

    async def state(self, endpoint: str) -> EndpointState:
        """Return the live state, read with the executor's identity."""

    async def shift(
        self, endpoint: str, expected: EndpointState, traffic: Traffic
    ) -> EndpointState:
        """PUT `traffic`, follow the operation, read back, return what is there now.

        The body is the raw GET body with properties.traffic changed and nothing else.
        Raises Impossible when nothing was changed, with the reason (live traffic is not
        `expected`, forbidden, conflict); Ambiguous when the PUT may have been applied.
        """


class Trainer(Protocol):
    """The only one who may submit jobs; lives in the executor's process alone.

    Both raise Unavailable or Impossible; `workspace` is an ARM id.
    """

    async def job(self, workspace: str, name: str) -> Job | None:
        """Return a job as it stands, None when the workspace knows none of the name."""

    async def submit(
        self, workspace: str, again: str, name: str, labels: Mapping[str, str]
    ) -> Job:
        """Run the job `again` once more, as `name`, with `labels` besides its own.

        Safe to repeat: Azure takes a name for one job alone. After Unavailable it may
        have been taken, so look first.
        """
