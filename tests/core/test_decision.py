"""When an incident of tier 1 is over: not before somebody says what they make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands import Ask, commands
from bot.consequences import follow
from bot.incident import (
    Actor,
    DecisionExpired,
    DecisionRecorded,
    Event,
    ExpireDecision,
    Incident,
    Refused,
    Reply,
)
from bot.simulator import people
from bot.simulator.identity import TENANT
from bot.store import codec
from bot.watch import Endpoint, WatchList
from tests.conftest import NOW
from tests.incidents import ENDPOINT, received

WATCH = WatchList(
    tenant=TENANT,
    people=tuple(people.people()),
    channels=people.channels(),
    endpoints=(Endpoint(id=ENDPOINT, owner="Priya Raman", channel="model-alerts"),),
)
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


def decided(text: str) -> DecisionRecorded:
    """Return the record that `decide A-1 …` makes."""
    command = commands()["decide"]
    assert command.decide is not None
    [record] = command.decide(
        Ask(
            actor=SAM,
            person=WATCH.people[0],
            now=NOW,
            watch=WATCH,
            incident=incident(FIRED),
            endpoint=WATCH.endpoints[0],
            words=command.words(text),
        )
    )
    assert isinstance(record, DecisionRecorded)
    return record


@pytest.mark.parametrize(
    ("text", "days", "reason"),
    [
        ("A-1 accept a known season", 30, "a known season"),
        ("A-1 accept a known season for 14 days", 14, "a known season"),
        ("A-1 accept a known season for 2 weeks.", 14, "a known season"),
        ("A-1 accept a known season for 3 months", 90, "a known season"),
        ("A-1 accept incomes changed for good", 30, "incomes changed for good"),
        ("A-1 accept wait until they mend it", 30, "wait until they mend it"),
    ],
)
def test_a_decision_holds_for_as_long_as_is_said(
    text: str, days: int, reason: str
) -> None:
    found = decided(text)

    assert (NOW + timedelta(days=days), reason) == (found.expires_at, found.reason)


def test_a_decision_may_name_the_day_on_which_it_ends() -> None:
    """
    To keep the default and put the day into the reason is a record that misleads.
    """
    day = NOW.date() + timedelta(days=40)
    found = decided(f"A-1 accept a known season, until {day}")

    assert ("a known season", day) == (found.reason, found.expires_at.date())
    for wrong in (
        f"until {NOW.date() - timedelta(days=2)}",
        "for 0 days",
        "for 5000 d",
    ):
        with pytest.raises(Refused, match="holds for 1 to 366 days"):
            decided(f"A-1 accept a known season {wrong}")
