"""What must follow in the world; each effect is safe to perform twice."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class EvaluateSignals:
    """Fetch the windows, run the signal engine, look at the endpoint's health."""


@dataclass(frozen=True, slots=True)
class FindChanges:
    """Read what was done to the endpoint just before the first alert."""


@dataclass(frozen=True, slots=True)
class CollectEvidence:
    """Freeze what the evaluation rests on, outside the database."""

    seq: int  # of the SignalsEvaluated event


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Post the incident's card, or update it where it already stands."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Tell the incident's thread of one event: an edit of the card notifies nobody."""

    seq: int


@dataclass(frozen=True, slots=True)
class CaptureState:
    """Look at the endpoint before the asked rollback is shown to anyone."""

    asked: int  # seq of the RollbackAsked event


@dataclass(frozen=True, slots=True)
class ShiftTraffic:
    """Carry out an approved rollback. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class FollowShift:
    """See how a move ends that outlasted our patience. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class AwaitExecutor:
    """See whether anybody carries out what was approved; due again until it is done."""

    request: str


@dataclass(frozen=True, slots=True)
class WatchOutcome:
    """Compare how the endpoint serves after a move with before; due a while after it."""

    request: str
    early: bool = False  # before the minutes are over: does the move still stand?


@dataclass(frozen=True, slots=True)
class ExpireRequest:
    """Close the request if nobody decided it; due when it expires."""

    request: str


@dataclass(frozen=True, slots=True)
class ExpireDecision:
    """Tell that a decision holds no longer, if the incident is still open; due then."""

    decided: int  # seq of the DecisionRecorded


@dataclass(frozen=True, slots=True)
class ProposeRetraining:
    """Make a request of the decision to train the model again."""

    decided: int  # seq of the DecisionRecorded


@dataclass(frozen=True, slots=True)
class SubmitRetraining:
    """Submit the job of an approved request. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class FollowRetraining:
    """See how the submitted job ends. The executor's alone."""

    request: str


@dataclass(frozen=True, slots=True)
class Fold:
    """Name in one message all incidents whose own cards would be too many now."""

    conversation: str


@dataclass(frozen=True, slots=True)
class Listen:
    """See whether an endpoint is still watched by Azure; comes back by itself."""

    endpoint: str  # ARM id


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Take in what Azure lists and did not tell us. None: what is just past, again."""

    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a typed command in the conversation where it was given."""

    conversation: str
    reply_to: str
    card: str  # a module in `cards` that renders it
    about: Mapping[str, str] = field(default_factory=dict)
    shown: str = (
        ""  # the message that says it is being looked up; it becomes the answer
    )
    alone: str = ""  # Entra object id of who is answered in their own chat with us
    name: str = ""  # of that person
    asked_in: str = ""  # the conversation that is told so


@dataclass(frozen=True, slots=True)
class StartClocks:
    """Nobody has the incident since the event `seq`: set the timers of its chain."""

    seq: int


@dataclass(frozen=True, slots=True)
class Escalate:
    """Call the next circle, unless somebody has it by then; due when its clock ends."""

    since: int
    step: int


@dataclass(frozen=True, slots=True)
class Wake:
    """End the snooze that was recorded as `seq`; due when it ends."""

    seq: int
    worse: bool = False


@dataclass(frozen=True, slots=True)
class SendDigest:
    """Post the digest of a channel and set the timer for the next day's."""

    channel: str  # a key of the watch list's channels
    day: str  # "2026-11-23", where the channel is


@dataclass(frozen=True, slots=True)
class RemoveCopy:
    """Delete a second copy of a card, found by a click on it."""

    conversation: str
    activity: str


@dataclass(frozen=True, slots=True)
class TellOwner:
    """Something cannot be shown in the channel: tell it another way."""

    seq: int  # of the EffectParked, or of the Escalated that another channel is told


@dataclass(frozen=True, slots=True)
class MarkInAzure:
    """Set the state of the incident's alerts in Azure to what was decided here."""

    seq: int  # of the event that decided it


@dataclass(frozen=True, slots=True)
class LookInAzure:
    """See what somebody decided in Azure's portal; due again while it is open."""


Effect: TypeAlias = (
    EvaluateSignals
    | CollectEvidence
    | ShowCard
    | Reply
    | CaptureState
    | ShiftTraffic
    | FollowShift
    | AwaitExecutor
    | WatchOutcome
    | ExpireRequest
    | ExpireDecision
    | ProposeRetraining
    | SubmitRetraining
    | FollowRetraining
    | Fold
    | Listen
    | Reconcile
    | Answer
    | StartClocks
    | Escalate
    | Wake
    | SendDigest
    | RemoveCopy
    | TellOwner
    | MarkInAzure
    | LookInAzure
    | FindChanges
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """An effect and when it is due; queued together with the event it follows from."""

    effect: Effect
    due_at: datetime
