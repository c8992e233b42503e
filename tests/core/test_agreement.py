"""Who agreed to what, and whether it still counts when it is carried out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval.oversight import EndpointLocked, ShiftHeld
from bot.approval.preconditions import Surroundings
from bot.approval.proposal import drifted, propose
from bot.commands.approval import objection
from bot.incident import (
    EndpointState,
    Incident,
    Refused,
    RollbackApproved,
    RollbackAsked,
    RollbackImpossible,
    RollbackRejected,
    RollbackStale,
    ShiftStarted,
    TrafficShifted,
)
from bot.watch import Approval, WatchList
from tests.conftest import NOW
from tests.core.test_commands import (
    JONAS,
    LENA,
    LENA_ADMIN,
    MEI,
    OPEN,
    PRIYA,
    STATE,
    WATCH,
    WATCHED,
    ask,
    decide,
    requested,
)
from tests.incidents import ENDPOINT

LEDGER = Incident(id="E-1", group_key="ledger", endpoint=ENDPOINT)
TWO = WATCHED.model_copy(update={"approval": Approval(count=2)})
HOUR = timedelta(hours=1)
DEPLOYED = STATE.deployments


def without(*names: str) -> WatchList:
    """Return the watch list from which these people were taken."""
    left = tuple(p for p in WATCH.people if p.name not in names)
    return WATCH.model_copy(update={"people": left})


def approved() -> Incident:
    return decide("approve", ask(MEI, requested()))


def test_a_second_account_is_no_second_person() -> None:
    once = decide("approve", ask(LENA, requested(endpoint=TWO), TWO))

    with pytest.raises(Refused, match="a second person"):
        decide("approve", ask(LENA_ADMIN, once, TWO))


def test_who_asked_has_to_be_known_to_approve_and_to_carry_out() -> None:
    gone = without("Jonas Weber")

    with pytest.raises(Refused, match="not on the watch list any more"):
        decide("approve", replace(ask(MEI, requested()), watch=gone))
    why = objection(approved(), WATCHED, gone, LEDGER, NOW)
    assert "not on the watch list any more" in why


def test_an_approver_who_is_gone_or_lost_the_role_counts_no_more() -> None:
    """
    Between the click and the move: what somebody was at the click decides nothing.
    """
    demoted = tuple(
        p.model_copy(update={"roles": ("viewer",)}) if p.name == "Mei Chen" else p
        for p in WATCH.people
    )
    for watch in (without("Mei Chen"), WATCH.model_copy(update={"people": demoted})):
        why = objection(approved(), WATCHED, watch, LEDGER, NOW)
        assert "0 of 1 approvals count by now" == why


def test_a_stricter_list_asks_for_more_and_a_laxer_one_for_no_less() -> None:
    assert "1 of 2 approvals count by now" == objection(
        approved(), TWO, WATCH, LEDGER, NOW
    )
    half = decide("approve", ask(MEI, requested(endpoint=TWO), TWO))
    assert "it is not approved" == objection(half, WATCHED, WATCH, LEDGER, NOW)
    both = decide("approve", ask(LENA, half, TWO))
    given = both.approvals[0]
    forged = half.having(replace(given, by=MEI))
    assert "" == objection(both, WATCHED, WATCH, LEDGER, NOW)
    assert "1 of 2" in objection(forged, WATCHED, WATCH, LEDGER, NOW)


def test_who_asked_and_approved_is_one_person_whichever_way_it_was_recorded() -> None:
    forged = requested().having(
        RollbackApproved(
            at=NOW,
            by=JONAS,
            request="R-1",
            accepted=("health", "capacity", "lock"),
        )
    )

    why = objection(forged, WATCHED, WATCH, LEDGER, NOW)
    assert "Jonas Weber asked for it and approved it" == why


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (HOUR - timedelta(microseconds=1), ""),
        (HOUR, "R-1 expired at"),
        (-timedelta(minutes=5), ""),  # two machines are never quite agreed
        (-timedelta(minutes=5, microseconds=1), "clock was set back"),
    ],
)
def test_the_moment_of_expiry_is_too_late_and_a_slow_clock_gains_nothing(
    later: timedelta, words: str
) -> None:
    why = objection(approved(), WATCHED, WATCH, LEDGER, NOW + later)
    assert (words in why) if words else why == ""

    click = replace(ask(MEI, requested()), now=NOW + later)
    if words:
        with pytest.raises(Refused, match=words):
            decide("approve", click)
    else:
        assert decide("approve", click).approved


def test_a_lock_or_the_move_of_another_stands_in_the_way() -> None:
    locked = LEDGER.having(EndpointLocked(at=NOW, by=PRIYA, reason="month end"))
    held = LEDGER.having(ShiftHeld(at=NOW, request="R-9"))
    mine = LEDGER.having(ShiftHeld(at=NOW, request="R-1"))

    for ledger in (locked, held):
        assert objection(approved(), WATCHED, WATCH, ledger, NOW)
        with pytest.raises(Refused, match="cannot be carried out"):
            decide("approve", replace(ask(MEI, requested()), ledger=ledger))
    assert "" == objection(approved(), WATCHED, WATCH, mine, NOW)


def test_only_who_asked_withdraws_and_only_before_it_begins() -> None:
    for who in (PRIYA, MEI):
        with pytest.raises(Refused, match="Only Jonas Weber can withdraw"):
            decide("withdraw", ask(who, requested()))
    half = decide("approve", ask(MEI, requested(endpoint=TWO), TWO))
    taken_back = decide("withdraw", ask(JONAS, half, TWO))

    rejected = taken_back.last(RollbackRejected)
    assert rejected is not None
    assert rejected.withdrawn
    with pytest.raises(Refused, match="not waiting any more"):
        decide("approve", ask(LENA, taken_back, TWO))


def test_an_approver_who_thinks_better_of_it_ends_the_request() -> None:
    half = decide("approve", ask(MEI, requested(endpoint=TWO), TWO))
    with pytest.raises(Refused, match="needs a reason"):
        decide("reject", ask(MEI, half, TWO, reason="  "))
    ended = decide("reject", ask(MEI, half, TWO, reason="13 fails too"))

    assert not ended.approved
    with pytest.raises(Refused, match="not waiting any more"):
        decide("approve", ask(LENA, ended, TWO))


def test_an_approval_of_what_is_no_longer_there_ends_the_request() -> None:
    other = replace(STATE, traffic={"blue": 50, "green": 50})
    ended = decide("approve", replace(ask(MEI, requested()), live=other))

    stale = ended.last(RollbackStale)
    assert stale is not None
    assert "blue 50%, green 50% by now" in stale.reason
    assert not ended.approved
    assert decide("approve", replace(ask(MEI, requested()), live=STATE)).approved


# -- what a request that has begun allows ----------------------------------------------

BEGUN = ShiftStarted(at=NOW, request="R-1", before=STATE)
DONE = TrafficShifted(
    at=NOW, request="R-1", before=STATE.traffic, after={"green": 100}, state=STATE
)


def test_what_has_begun_is_neither_withdrawn_nor_begun_again() -> None:
    for history in ((BEGUN,), (BEGUN, DONE)):
        begun = approved().having(*history)
        assert "was carried out before" in objection(begun, WATCHED, WATCH, LEDGER, NOW)
        with pytest.raises(Refused, match="it cannot be stopped"):
            decide("withdraw", ask(JONAS, begun))


def test_nobody_rejects_what_they_may_not_approve() -> None:
    with pytest.raises(Refused, match="cannot decide R-1"):
        decide("reject", ask(PRIYA, requested(), reason="not now"))


def test_nothing_is_asked_while_a_move_is_under_way_or_the_endpoint_is_locked() -> None:
    with pytest.raises(Refused, match="is being carried out right now"):
        decide("rollback", ask(PRIYA, approved(), reason="rates rose"))
    locked = LEDGER.having(EndpointLocked(at=NOW, by=PRIYA, reason="month end"))
    with pytest.raises(Refused, match="Nothing can be moved: Priya Raman locked"):
        decide("rollback", replace(ask(JONAS, OPEN, reason="r"), ledger=locked))


def test_only_a_move_that_was_made_is_undone() -> None:
    done = approved().having(BEGUN, DONE)

    assert decide("undo", ask(JONAS, done, request="R-1", reason="slower"))
    for incident, request in ((done, "R-9"), (approved(), "R-1")):
        with pytest.raises(Refused, match="moved nothing that can be undone"):
            decide("undo", ask(JONAS, incident, request=request, reason="slower"))


@pytest.mark.parametrize(
    ("live", "why"),
    [
        (replace(STATE, deployments=STATE.deployments[:1]), "green does not exist"),
        (replace(STATE, traffic={"blue": 100}), "the traffic is blue 100% by now"),
        (
            replace(
                STATE, deployments=tuple(replace(d, model="loan:16") for d in DEPLOYED)
            ),
            "green runs loan:16 by now",
        ),
        (
            replace(
                STATE,
                deployments=tuple(
                    replace(d, provisioning_state="Updating") for d in DEPLOYED
                ),
            ),
            "the deployment green is Updating",
        ),
    ],
)
def test_what_was_approved_is_this_world_and_no_other(
    live: EndpointState, why: str
) -> None:
    request = requested().request
    assert request is not None

    assert why in drifted(request, live)
    assert "" == drifted(request, replace(STATE, traffic={**STATE.traffic, "old": 0}))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (requested(), "R-1 on A-7 already waits for approval"),
        (approved(), "R-1 on A-7 is being carried out"),
    ],
)
def test_one_request_at_a_time_on_an_endpoint(other: Incident, why: str) -> None:
    around = Surroundings(ledger=LEDGER, others=(replace(other, id="A-7"),))
    asked = RollbackAsked(at=NOW, by=PRIYA, reason="rates rose")

    found = propose(asked, 2, WATCHED, STATE, (), request="R-2", now=NOW, around=around)

    assert isinstance(found, RollbackImpossible)
    assert why in found.reason
