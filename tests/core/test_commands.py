"""What people may ask for, and what they are told when they may not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import Ask, Words, commands
from bot.commands.reading import LONGEST, understand
from bot.commands.rollback import propose
from bot.incident import (
    Acknowledged,
    Actor,
    Deployment,
    EndpointState,
    Health,
    Incident,
    Refused,
    RollbackApproved,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    Snoozed,
)
from bot.simulator import people
from bot.simulator.identity import TENANT
from bot.watch import Approval, Endpoint, WatchList
from tests.conftest import NOW
from tests.incidents import ENDPOINT, NEW, received

WATCHED = Endpoint(id=ENDPOINT, owner="Priya Raman", channel="model-alerts")
WATCH = WatchList(
    tenant=TENANT,
    people=tuple(people.people()),
    channels=people.channels(),
    endpoints=(WATCHED,),
)
STATE = EndpointState(
    at=NOW,
    traffic={"blue": 90, "green": 10},
    deployments=(
        Deployment(name="blue", model="loan:14", provisioning_state="Succeeded"),
        Deployment(name="green", model="loan:13", provisioning_state="Succeeded"),
    ),
    provisioning_state="Succeeded",
    digest="sha256:0",
)
OPEN = Incident(
    id="A-1", group_key=NEW.group_key, endpoint=ENDPOINT, history=(received(),)
)


def actor(account: people.Account) -> Actor:
    return Actor(account.tenant, account.oid, account.name)


PRIYA, JONAS, MEI = map(actor, (people.PRIYA, people.JONAS, people.MEI))
LENA, LENA_ADMIN = map(actor, (people.LENA, people.LENA_ADMIN))


def ask(
    who: Actor, incident: Incident, endpoint: Endpoint = WATCHED, **words: str
) -> Ask:
    person = WATCH.person(who)
    assert person is not None
    return Ask(
        actor=who,
        person=person,
        now=NOW,
        watch=WATCH,
        incident=incident,
        endpoint=endpoint,
        # Nothing was measured here, which every approval takes upon itself.
        words={"accepts": "true", **words},
    )


def said(words: Words) -> Ask:
    """Return what Priya asks for with these words, about the open incident."""
    return replace(ask(PRIYA, OPEN), words=words)


def requested(
    by: Actor = JONAS, endpoint: Endpoint = WATCHED, **changes: object
) -> Incident:
    asked = RollbackAsked(at=NOW, by=by, reason="rates rose")
    proposal = propose(asked, 2, endpoint, STATE, [], request="R-1", now=NOW)
    assert isinstance(proposal, RollbackRequested)
    return OPEN.having(asked, proposal)


def decide(verb: str, asked: Ask) -> Incident:
    decision = commands()[verb].decide
    assert decision is not None
    return asked.incident.having(*decision(asked))


def test_every_command_tells_how_it_is_used() -> None:
    for verb, command in commands().items():
        assert command.usage.startswith(verb)
        assert command.does
        assert command.decide or command.card


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("help", "help", {"verb": ""}),
        ("ACK 42", "ack", {"incident": "42", "note": ""}),
        ("ack\u00a042\u00a0on it", "ack", {"incident": "42", "note": "on it"}),
        ("acknowledge A-42", "ack", {"incident": "A-42", "note": ""}),
        ("alerts credit", "alerts", {"endpoint": "credit"}),
        ("approve R-7", "approve", {"request": "R-7", "reason": ""}),
        ("approve 7", "approve", {"request": "R-7", "reason": ""}),
        (
            "reject r7 \u201cnot now\u201d",
            "reject",
            {"request": "R-7", "reason": "not now"},
        ),
        (
            "rollback 42 to green rates rose",
            "rollback",
            {"incident": "42", "target": "green", "reason": "rates rose"},
        ),
        (
            "rollback loan-prescreening rates rose",
            "rollback",
            {"incident": "loan-prescreening", "target": "", "reason": "rates rose"},
        ),
    ],
)
def test_what_is_typed_is_understood(text: str, verb: str, words: Words) -> None:
    command, found = understand(text)

    assert (verb, words) == (command.verb, found)


def test_a_typo_is_answered_with_the_nearest_command() -> None:
    with pytest.raises(Refused, match='Did you mean "rollback"'):
        understand("rolback 42 because")


@given(st.text(max_size=LONGEST * 2))
def test_nothing_that_is_typed_breaks_the_reader(text: str) -> None:
    try:
        command, _ = understand(text)
    except Refused:
        return
    assert command.verb in commands()


def test_a_rollback_needs_a_reason() -> None:
    with pytest.raises(Refused, match="Say why"):
        decide("rollback", ask(JONAS, OPEN, reason="  "))


def test_a_second_request_waits_for_the_first() -> None:
    with pytest.raises(Refused, match="R-1 already waits"):
        decide("rollback", ask(PRIYA, requested(), reason="me too"))


def test_another_person_approves() -> None:
    incident = decide("approve", ask(MEI, requested()))

    assert incident.approved


def test_nobody_approves_what_they_asked_for() -> None:
    incident = requested(by=LENA)

    with pytest.raises(Refused, match="someone else"):
        decide("approve", ask(LENA, incident))


def test_a_second_account_is_the_same_person() -> None:
    """
    Four eyes belong to two people, not to two accounts of one.
    """
    with pytest.raises(Refused, match="someone else"):
        decide("approve", ask(LENA_ADMIN, requested(by=LENA)))


@pytest.mark.parametrize("who", [people.JONAS, people.ANA, people.GUEST])
def test_only_approvers_approve(who: people.Account) -> None:
    with pytest.raises(Refused, match=r"cannot decide|guest"):
        decide("approve", ask(actor(who), requested(by=PRIYA)))


def test_two_approvals_are_two_people() -> None:
    endpoint = WATCHED.model_copy(update={"approval": Approval(count=2)})
    incident = decide("approve", ask(MEI, requested(endpoint=endpoint), endpoint))

    assert not incident.approved
    with pytest.raises(Refused, match="second person"):
        decide("approve", ask(MEI, incident, endpoint))
    assert decide("approve", ask(LENA, incident, endpoint)).approved


def test_an_expired_request_is_not_approved() -> None:
    incident = requested()
    request = incident.request
    assert request is not None
    late = Ask(
        actor=MEI,
        person=WATCH.people[2],
        now=request.expires_at,
        watch=WATCH,
        incident=incident,
        endpoint=WATCHED,
    )

    with pytest.raises(Refused, match="expired"):
        decide("approve", late)


def test_a_decided_request_is_not_decided_again() -> None:
    incident = decide("approve", ask(MEI, requested()))

    with pytest.raises(Refused, match="not waiting"):
        decide("reject", ask(LENA, incident, reason="too late"))


def test_a_rejection_needs_a_reason() -> None:
    with pytest.raises(Refused, match="needs a reason"):
        decide("reject", ask(MEI, requested()))


def test_the_requester_may_take_it_back() -> None:
    incident = decide("reject", ask(JONAS, requested(), reason="my mistake"))

    assert incident.waiting is None


def test_a_resolved_alert_needs_no_acknowledgement() -> None:
    with pytest.raises(Refused, match="resolved"):
        decide("ack", ask(PRIYA, OPEN.having(received(status="resolved"))))


def test_acknowledging_twice_names_the_first() -> None:
    incident = decide("ack", ask(PRIYA, OPEN))

    with pytest.raises(Refused, match="already acknowledged by Priya Raman"):
        decide("ack", ask(JONAS, incident))


@pytest.mark.parametrize(
    ("verb", "who", "words"),
    [
        ("ack", people.ANA, "Who can: "),
        ("rollback", people.MEI, "Who can: "),
        ("ack", people.GUEST, "guest"),
        ("help", people.OUTSIDER, "this organisation"),
    ],
)
def test_a_refusal_says_who_can(verb: str, who: people.Account, words: str) -> None:
    with pytest.raises(Refused, match=words):
        commands()[verb].permit(actor(who), WATCH)


@pytest.mark.parametrize(
    ("target", "words"),
    [("pink", "not deployed"), ("blue", "already takes all traffic")],
)
def test_an_impossible_target_ends_the_ask(target: str, words: str) -> None:
    state = EndpointState(
        at=NOW,
        traffic={"blue": 100},
        deployments=STATE.deployments,
        provisioning_state="Succeeded",
        digest="",
    )
    asked = RollbackAsked(at=NOW, by=JONAS, reason="r", target=target)

    found = propose(asked, 2, WATCHED, state, [], request="R-1", now=NOW)

    assert isinstance(found, RollbackImpossible)
    assert words in found.reason


def test_the_proposal_names_every_deployment_and_adds_up() -> None:
    request = requested().request
    assert request is not None

    assert {"blue": 0, "green": 100} == request.traffic
    assert STATE == request.captured
    assert NOW + timedelta(hours=1) == request.expires_at


def test_an_unhealthy_target_is_shown_as_such() -> None:
    asked = RollbackAsked(at=NOW, by=JONAS, reason="r")
    health = Health(start=NOW, end=NOW, deployment="green", error_rate=0.2)

    found = propose(asked, 2, WATCHED, STATE, [health], request="R-1", now=NOW)

    assert isinstance(found, RollbackRequested)
    assert "failed" == next(c.result for c in found.checks if c.name == "health")


def test_what_was_not_measured_is_not_known() -> None:
    request = requested().request
    assert request is not None

    assert {"health", "capacity", "lock"} == {
        c.name for c in request.checks if c.result == "not known"
    }


def test_an_approval_for_another_request_counts_for_nothing() -> None:
    stray = RollbackApproved(at=NOW, by=MEI, request="R-9", person="Mei Chen")

    assert not requested().having(stray).approved


@pytest.mark.parametrize(
    "typed",
    [
        "note 1 {}",
        "snooze 1 2h {}",
        "decide 1 accept {}",
        f"rollback {WATCHED.name} {{}}",
    ],
)
def test_a_record_is_not_cut_without_a_word(typed: str) -> None:
    """
    What stays as evidence would end in the middle of a sentence, and nobody would know.
    """
    command, words = understand(typed.format("why " * 400))
    assert command.decide is not None

    with pytest.raises(Refused, match=r"too long to keep: .* Nothing was changed"):
        command.decide(said(words))


def test_who_is_on_it_is_known_whatever_else_they_say() -> None:
    command, words = understand("ack 1 " + "why " * 400)
    assert command.decide is not None

    [taken] = command.decide(said(words))
    assert isinstance(taken, Acknowledged)
    assert (500, "\u2026") == (len(taken.note), taken.note[-1])


def test_a_quotation_keeps_its_quotes() -> None:
    command, words = understand("snooze 1 2h see \u201crunbook 7\u201d")
    assert command.decide is not None

    [made] = command.decide(said(words))
    assert isinstance(made, Snoozed)
    assert 'see "runbook 7"' == made.reason
