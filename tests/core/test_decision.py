"""When an incident of tier 1 is over: not before somebody says what they make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.consequences import follow
from bot.incident import (
    Actor,
    DecisionExpired,
    DecisionRecorded,
    Event,
    ExpireDecision,
    Incident,
    Reply,
)
from bot.store import codec
from tests.conftest import NOW
from tests.incidents import ENDPOINT, received

SAM = Actor("t", "sam", "Sam Okafor")
FIRED, OVER = (replace(received(status=s), tier=1) for s in ("firing", "resolved"))
RECORD = DecisionRecorded(
    at=NOW, by=SAM, choice="accept", reason="seen", expires_at=NOW + timedelta(days=1)
)
RAN_OUT = DecisionExpired(at=NOW + timedelta(days=1), decided=2)


def incident(*history: Event) -> Incident:
    return Incident(id="A-1", group_key="g", endpoint=ENDPOINT, history=history)


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((FIRED,), "firing"),
        ((FIRED, OVER), "undecided"),
        ((FIRED, OVER, RECORD), "resolved"),
        ((FIRED, RECORD), "firing"),
        ((FIRED, RECORD, OVER), "resolved"),
        ((FIRED, RECORD, RAN_OUT, OVER), "undecided"),
        ((FIRED, RECORD, RAN_OUT, RECORD, OVER), "resolved"),
        ((replace(FIRED, tier=2), replace(OVER, tier=2)), "resolved"),
        ((replace(FIRED, tier=0), replace(OVER, tier=0)), "resolved"),  # old histories
    ],
)
def test_tier_one_is_over_with_a_decision(
    history: tuple[Event, ...], status: str
) -> None:
    assert status == incident(*history).status


def test_the_thread_is_told_once_that_a_decision_is_missing() -> None:
    before = incident(FIRED)
    told = [f.effect for f in follow(before, (OVER,)) if isinstance(f.effect, Reply)]

    assert [Reply(2)] == told


def test_a_decision_is_looked_at_again_when_it_runs_out() -> None:
    due = [f for f in follow(incident(FIRED), (RECORD,)) if f.due_at > NOW]

    assert [(ExpireDecision(2), RECORD.expires_at)] == [
        (f.effect, f.due_at) for f in due
    ]


def test_a_history_from_before_the_tier_was_kept_is_read() -> None:
    body = codec.dump(FIRED).replace(',"tier":1', "")

    assert replace(FIRED, tier=0) == codec.read_event("AlertReceived", 1, body)
