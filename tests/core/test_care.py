"""Who has an incident: give back, assign, snooze, note; and who is called when."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import commands
from bot.consequences import follow
from bot.incident import (
    Acknowledged,
    Assigned,
    Escalate,
    Escalated,
    Event,
    Incident,
    Refused,
    Snoozed,
    SnoozeEnded,
    StartClocks,
    Unacknowledged,
    Wake,
)
from bot.triage.chain import running, steps
from bot.watch import Escalation
from tests.conftest import NOW
from tests.core.test_commands import (
    JONAS,
    OPEN,
    PRIYA,
    WATCH,
    WATCHED,
    ask,
    decide,
)
from tests.incidents import received

MINUTE = timedelta(minutes=1)


def test_an_incident_is_given_back() -> None:
    taken = decide("ack", ask(PRIYA, OPEN))

    given_back = decide("unack", ask(JONAS, taken))

    assert "firing" == given_back.status
    assert given_back.acknowledgement is None


def test_what_nobody_has_cannot_be_given_back() -> None:
    with pytest.raises(Refused, match="neither acknowledged nor snoozed"):
        decide("unack", ask(PRIYA, OPEN))


def test_a_person_is_assigned_and_still_has_to_acknowledge() -> None:
    assigned = decide("assign", ask(PRIYA, OPEN, person="@Jonas Weber"))

    assert ("Jonas Weber", "firing") == (assigned.assignee, assigned.status)


@pytest.mark.parametrize("person", ["Ana Silva", "Chris Doyle", "Sam Okafor"])
def test_who_may_not_act_is_given_nothing(person: str) -> None:
    with pytest.raises(Refused, match="may not act"):
        decide("assign", ask(PRIYA, OPEN, person=person))


def test_a_snooze_has_an_end_and_a_reason() -> None:
    asleep = decide("snooze", ask(PRIYA, OPEN, until="2h partner feed is late"))

    assert asleep.snooze is not None
    assert (NOW + timedelta(hours=2), "partner feed is late") == (
        asleep.snooze.until,
        asleep.snooze.reason,
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("2h", "Say why"),
        ("later", "Until when"),
        ("3 days feed", "24 hours at most"),
        ("1 min feed", "over already"),
        ("until 2020-01-01 feed", "over already"),
    ],
)
def test_a_snooze_without_them_is_refused(said: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        decide("snooze", ask(PRIYA, OPEN, until=said))


@given(st.integers(-100_000, 100_000), st.floats(0.1, 720))
def test_no_snooze_is_longer_than_its_limit(minutes: int, limit: float) -> None:
    endpoint = WATCHED.model_copy(update={"snooze_limit_hours": limit})
    try:
        asleep = decide(
            "snooze", ask(PRIYA, OPEN, endpoint, until=f"{minutes}m", reason="feed")
        )
    except Refused:
        return
    assert asleep.snooze is not None
    length = asleep.snooze.until - NOW
    assert 5 * MINUTE <= length <= timedelta(hours=limit)


def test_a_note_needs_words() -> None:
    with pytest.raises(Refused, match="Write what"):
        decide("note", ask(PRIYA, OPEN, text=" "))


@pytest.mark.parametrize("verb", ["ack", "unack", "assign", "snooze", "note"])
def test_nothing_is_changed_without_a_role(verb: str) -> None:
    assert commands()[verb].roles
    assert "viewer" not in commands()[verb].roles


# -- who is called --------------------------------------------------------------------


def test_the_chain_goes_from_owner_to_team_to_risk() -> None:
    endpoint = WATCHED.model_copy(update={"tier": 1})

    chain = steps(endpoint, WATCH, NOW)

    assert ["owner", "team", "risk"] == [s.to for s in chain]
    assert [15, 30, 60] == [(s.at - NOW) / MINUTE for s in chain]
    assert (("Priya Raman",), ("Sam Okafor",)) == (chain[0].names, chain[2].names)
    assert "Chris Doyle" not in chain[1].names  # a guest is never called


def test_an_endpoint_may_have_its_own_chain() -> None:
    rule = Escalation(team_minutes=5, team=("Jonas Weber",))
    endpoint = WATCHED.model_copy(update={"escalation": rule})

    assert [("team", ("Jonas Weber",))] == [
        (s.to, s.names) for s in steps(endpoint, WATCH, NOW)
    ]


def test_the_clocks_start_with_the_alert_and_again_when_it_is_given_back() -> None:
    new = Incident(id="A-1", group_key="g", endpoint=OPEN.endpoint)
    taken = OPEN.having(Acknowledged(at=NOW, by=PRIYA))
    back = Unacknowledged(at=NOW, by=PRIYA)

    assert StartClocks(1) in [f.effect for f in follow(new, (received(),))]
    assert StartClocks(3) in [f.effect for f in follow(taken, (back,))]


def test_a_worse_alert_ends_a_snooze() -> None:
    asleep = OPEN.having(Snoozed(at=NOW, by=PRIYA, until=NOW + 60 * MINUTE, reason="x"))
    same = received(fingerprint="f-2")
    worse = received(fingerprint="f-3")
    object.__setattr__(worse.alert, "severity", 0)

    assert not [f for f in follow(asleep, (same,)) if isinstance(f.effect, Wake)]
    assert Wake(2, worse=True) in [f.effect for f in follow(asleep, (worse,))]


STEPS = st.sampled_from(["ack", "unack", "snooze", "wake", "alert", "call", "assign"])


@given(st.lists(STEPS, max_size=25))
def test_whoever_has_it_nobody_is_called(path: list[str]) -> None:
    """
    Whatever people did before: while somebody has it, or it sleeps, no clock runs, and
    a circle is never called twice for one waiting.
    """
    incident, now = OPEN, NOW
    for step in path:
        now += MINUTE
        incident = incident.having(*_happens(step, incident, now))
        taken = incident.acknowledgement or incident.snooze
        chain = running(incident, WATCHED, WATCH)
        assert not (taken and (incident.unattended or chain))
        called = incident.every(Escalated)
        assert len({(e.since, e.step) for e in called}) == len(called)


def _happens(  # noqa: PLR0911 one line a step
    step: str, incident: Incident, now: datetime
) -> tuple[Event, ...]:
    chain = running(incident, WATCHED, WATCH)
    match step:
        case "ack" if not incident.acknowledgement:
            return (Acknowledged(at=now, by=PRIYA),)
        case "unack" if incident.acknowledgement or incident.snooze:
            return (Unacknowledged(at=now, by=PRIYA),)
        case "snooze":
            return (Snoozed(at=now, by=PRIYA, until=now + 60 * MINUTE, reason="x"),)
        case "wake" if incident.snooze:
            return (SnoozeEnded(at=now),)
        case "alert":
            return (received(now, fingerprint=f"f-{now.minute}"),)
        case "call" if chain:
            number, due = chain[0]
            since = incident.unattended
            return (Escalated(at=now, to=due.to, step=number, since=since),)
        case "assign":
            return (Assigned(at=now, by=PRIYA, person="Jonas Weber"),)
    return ()


def test_an_escalation_to_risk_is_told_elsewhere_too() -> None:
    called = Escalated(at=NOW, to="risk", step=2, since=1, names=("Sam Okafor",))

    kinds = [type(f.effect).__name__ for f in follow(OPEN, (called,))]

    assert ["ShowCard", "Reply", "TellOwner"] == kinds
    assert Escalate(1, 2) == Escalate(1, 2)
