"""What forbids a move, and what an approver has to take upon themselves by name."""

from dataclasses import replace

import pytest

from bot.approval.preconditions import Surroundings, doubts
from bot.approval.proposal import drifted, propose
from bot.commands.approval import objection
from bot.incident import (
    Deployment,
    EndpointState,
    Health,
    Incident,
    Refused,
    RollbackApproved,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
    Traffic,
)
from tests.conftest import NOW
from tests.core.test_commands import (
    JONAS,
    MEI,
    OPEN,
    STATE,
    WATCH,
    WATCHED,
    ask,
    decide,
    requested,
)
from tests.incidents import ENDPOINT, alert, received

LEDGER = Incident(id="E-1", group_key="ledger", endpoint=ENDPOINT)
ASKED = RollbackAsked(at=NOW, by=JONAS, reason="rates rose", target="green")
GREEN = Deployment(
    name="green",
    model="loan:13",
    provisioning_state="Succeeded",
    instances=2,
    concurrency=4,
)
BUSY = Health(start=NOW, end=NOW.replace(hour=23), requests=100.0, latency_p95_ms=90.0)
WELL = Health(start=NOW, end=NOW, deployment="green", error_rate=0.0)


def proposed(
    state: EndpointState,
    health: tuple[Health, ...] = (BUSY, WELL),
    around: Surroundings | None = None,
) -> RollbackRequested | RollbackImpossible:
    around = around or Surroundings(ledger=LEDGER)
    return propose(
        ASKED, 2, WATCHED, state, health, request="R-1", now=NOW, around=around
    )


def having(green: Deployment = GREEN, **changes: object) -> EndpointState:
    found = replace(STATE, deployments=(STATE.deployments[0], green))
    return replace(found, **changes)  # type: ignore[arg-type]


def test_a_sound_state_leaves_nothing_to_accept() -> None:
    found = proposed(having())

    assert isinstance(found, RollbackRequested)
    assert {"passed"} == {c.result for c in found.checks}
    assert () == doubts(found)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (
            having(replace(GREEN, provisioning_state="Failed")),
            "green is deployed (Fail",
        ),
        (having(replace(GREEN, provisioning_state="Updating")), "(Updating)"),
        (having(replace(GREEN, instances=0)), "0 instances"),
        (having(provisioning_state="Updating"), "in the state Updating"),
        (having(provisioning_state="Deleting"), "in the state Deleting"),
        (having(traffic={"blue": 80, "green": 10}), "traffic adds up to 90%"),
        (having(traffic={}), "traffic adds up to 0%"),
        (having(mirror={"Green": 10}), "takes mirrored traffic (10%)"),
    ],
)
def test_what_azure_would_refuse_or_nobody_could_undo_ends_the_ask(
    state: EndpointState, why: str
) -> None:
    found = proposed(state)

    assert isinstance(found, RollbackImpossible)
    assert why in found.reason


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_broken_endpoint_is_the_approvers_to_move(state: str) -> None:
    """
    Azure takes a change of an endpoint whose last one failed; without it none is mended.
    """
    found = proposed(having(provisioning_state=state))

    assert isinstance(found, RollbackRequested)
    assert {"mend": "failed"} == {c.name: c.result for c in doubts(found)}
    assert "" == drifted(found, having(provisioning_state=state))
    assert "" == drifted(found, having(provisioning_state="Succeeded"))


def test_what_a_broken_endpoint_says_to_serve_may_be_put_again() -> None:
    """
    After a failed change Azure's document may tell what was asked for, not what is so.
    """
    there = {"blue": 0, "green": 100}

    refused = proposed(having(traffic=there))
    found = proposed(having(traffic=there, provisioning_state="Failed"))

    assert isinstance(refused, RollbackImpossible)
    assert "green already takes all traffic" == refused.reason
    assert isinstance(found, RollbackRequested)
    assert there == found.traffic


def test_an_endpoint_that_breaks_after_the_request_is_not_what_was_approved() -> None:
    found = proposed(having())
    assert isinstance(found, RollbackRequested)

    why = drifted(found, having(provisioning_state="Failed"))

    assert "the endpoint is Failed by now" == why


def test_copies_for_another_deployment_are_no_matter() -> None:
    assert isinstance(proposed(having(mirror={"blue": 10})), RollbackRequested)


def test_a_deployment_that_takes_copies_by_now_is_no_longer_what_was_approved() -> None:
    found = proposed(having())
    assert isinstance(found, RollbackRequested)

    assert "mirrored traffic by now" in drifted(found, having(mirror={"green": 5}))


@pytest.mark.parametrize(
    ("health", "left"),
    [
        ((BUSY, replace(WELL, error_rate=0.5)), {"health": "failed"}),
        ((BUSY,), {"health": "not known"}),
        ((WELL,), {"capacity": "not known"}),
        ((replace(BUSY, requests=1e9), WELL), {"capacity": "failed"}),
    ],
)
def test_what_may_be_lived_with_is_left_to_the_approver(
    health: tuple[Health, ...], left: dict[str, str]
) -> None:
    found = proposed(having(), health)

    assert isinstance(found, RollbackRequested)
    assert left == {c.name: c.result for c in doubts(found)}


@pytest.mark.parametrize(
    ("named", "traffic", "left"),
    [
        ("Green", {"blue": 90, "green": 10}, ["green is itself under A-1"]),
        ("blue", {"blue": 10, "green": 90}, []),
        ("", {"blue": 10, "green": 90}, ["green is itself under A-1"]),
        ("", {"blue": 90, "green": 10}, []),
    ],
)
def test_what_the_incident_is_about_is_no_place_to_roll_back_to_unseen(
    named: str, traffic: dict[str, int], left: list[str]
) -> None:
    """
    "Move all to green" asked from the incident about green is a slip, until somebody who
    sees that accepts it.
    """
    about = replace(received(), alert=replace(alert(), deployment=named))
    own = replace(OPEN, history=(about,))

    found = proposed(
        having(traffic=traffic), around=Surroundings(ledger=LEDGER, own=own)
    )

    assert isinstance(found, RollbackRequested)
    assert left == [c.text for c in doubts(found)]


def test_an_approver_has_to_accept_what_failed() -> None:
    ill = proposed(having(), (BUSY, replace(WELL, error_rate=0.5)))
    waiting = OPEN.having(ASKED, ill)

    with pytest.raises(Refused, match=r"50.0% errors.*R-1 anyway"):
        decide("approve", ask(MEI, waiting, accepts="false"))

    approved = decide("approve", ask(MEI, waiting)).last(RollbackApproved)
    assert approved is not None
    assert ("health",) == approved.accepted


def test_who_approves_accepts_what_nobody_knows_and_it_is_on_record() -> None:
    given = decide("approve", ask(MEI, requested(), accepts="false"))

    approved = given.last(RollbackApproved)
    assert approved is not None
    assert ("health", "capacity", "lock") == approved.accepted


def test_the_executor_does_not_count_who_accepted_less() -> None:
    """
    Who can write to the store could record an approval that accepted nothing.
    """
    fair = decide("approve", ask(MEI, requested()))
    given = fair.last(RollbackApproved)
    assert given is not None
    forged = requested().having(replace(given, accepted=("health",)))

    assert "" == objection(fair, WATCHED, WATCH, LEDGER, NOW)
    why = objection(forged, WATCHED, WATCH, LEDGER, NOW)
    assert "0 of 1 approvals count by now" == why


# -- undo ------------------------------------------------------------------------------


def undoing(live: Traffic) -> RollbackRequested | RollbackImpossible:
    done = requested().request
    assert done is not None
    around = Surroundings(ledger=LEDGER, undone=done)
    asked = replace(ASKED, undoes="R-1")
    return propose(
        asked, 2, WATCHED, having(traffic=live), (), request="R-2", now=NOW,
        around=around,
    )  # fmt: skip


def test_an_undo_leads_to_the_split_of_before() -> None:
    found = undoing({"green": 100, "blue": 0})

    assert isinstance(found, RollbackRequested)
    assert STATE.traffic == found.traffic


@pytest.mark.parametrize("live", [{"blue": 50, "green": 50}, {"blue": 100}])
def test_what_somebody_moved_since_is_not_undone(live: Traffic) -> None:
    """
    It would take back the decision of whoever moved it by hand, unseen.
    """
    found = undoing(live)

    assert isinstance(found, RollbackImpossible)
    assert "as R-1 left it" in found.reason


def test_every_deployment_that_an_undo_gives_traffic_has_to_be_ready() -> None:
    done = requested().request
    assert done is not None
    broken = replace(STATE.deployments[0], provisioning_state="Failed")
    state = replace(
        STATE, traffic={"green": 100}, deployments=(broken, STATE.deployments[1])
    )
    asked = replace(ASKED, undoes="R-1")

    found = propose(
        asked, 2, WATCHED, state, (), request="R-2", now=NOW,
        around=Surroundings(ledger=LEDGER, undone=done),
    )  # fmt: skip

    assert isinstance(found, RollbackImpossible)
    assert "blue is deployed (Failed)" in found.reason
    assert OPEN.request is None
