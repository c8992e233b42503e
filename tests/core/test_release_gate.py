"""What speaks against a release: every reason by itself, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval import gate
from bot.approval.oversight import (
    EndpointLocked,
    EndpointUnlocked,
    ShiftHeld,
    ShiftReleased,
)
from bot.incident import (
    Actor,
    Deployment,
    EndpointState,
    Event,
    Incident,
    RollbackApproved,
    RollbackRejected,
    RollbackRequested,
    ShiftFailed,
    SignalsEvaluated,
)
from bot.signals import Report
from bot.watch import Endpoint
from tests.conftest import NOW
from tests.incidents import ENDPOINT, alert, received

PRIYA = Actor("t", "priya", "Priya Raman")
WATCHED = Endpoint(id=ENDPOINT, owner="Priya Raman", channel="c", tier=1)
LEDGER = Incident(id="E", group_key="E", endpoint=ENDPOINT)
FIRED = received()
ON_BLUE = replace(FIRED, alert=replace(alert(), deployment="blue"))
SILENT = replace(FIRED, alert=replace(alert(kind="silence"), deployment="blue"))
UNCOLLECTED = replace(
    FIRED, alert=replace(alert(kind="silence"), rule="data-collection")
)
OVER = replace(received(status="resolved"), tier=1)
GONE = replace(OVER, tier=2)  # its incident needs no decision
BREACHED = SignalsEvaluated(
    at=NOW,
    report=Report(
        signal="data-drift",
        mode="sound",
        verdict="breached",
        sentence="",
        results=(),
        reference_rows=1,
        production_rows=1,
    ),
)
ASKED = RollbackRequested(
    at=NOW,
    by=PRIYA,
    request="R-7",
    reason="13 copes",
    target="green",
    captured=EndpointState(
        at=NOW, traffic={}, deployments=(), provisioning_state="", digest=""
    ),
    traffic={"green": 100},
    expires_at=NOW + timedelta(hours=1),
)
YES = RollbackApproved(at=NOW, by=PRIYA, request="R-7")
NO = RollbackRejected(at=NOW, by=PRIYA, request="R-7", reason="not now")
DONE = ShiftFailed(at=NOW, request="R-7", reason="Azure was full", live={})
LOCK = EndpointLocked(at=NOW, by=PRIYA, reason="month end")
FREE = EndpointUnlocked(at=NOW, by=PRIYA, reason="over")
HELD = ShiftHeld(at=NOW, request="R-3")


def reasons(
    deployment: str, history: tuple[Event, ...] = (), ledger: tuple[Event, ...] = ()
) -> tuple[str, ...]:
    incident = Incident(id="A-1", group_key="g", endpoint=ENDPOINT, history=history)
    found = gate.answer(
        WATCHED,
        deployment,
        [incident] if history else [],
        LEDGER.having(*ledger),
        number="G-1",
        now=NOW,
    )
    assert found.passed == (not found.reasons)
    assert found.seen == ((f"A-1/{len(history)}",) if history else ())
    return found.reasons


def test_nothing_speaks_against_it_on_a_quiet_day() -> None:
    assert () == reasons("blue")
    assert () == reasons("blue", (), (LOCK, FREE))
    assert () == reasons("blue", (), (HELD, ShiftReleased(at=NOW, request="R-3")))


@pytest.mark.parametrize(
    ("history", "words"),
    [
        ((ON_BLUE,), ("A-1 is open: data-drift, Sev 2",)),
        ((SILENT,), ("A-1 is open: silence, Sev 2 (its monitor sent no word)",)),
        (
            (UNCOLLECTED,),
            (
                (
                    "A-1 is open: silence, Sev 2 (whether it drifts is not known:"
                    " its data is not all collected)"
                ),
            ),
        ),
        (
            (ON_BLUE, BREACHED),
            (
                "A-1 is open: data-drift, Sev 2",
                "the last signals of A-1 are over their limits",
            ),
        ),
        (
            (ON_BLUE, ASKED),
            ("R-7 on A-1 waits for approval", "A-1 is open: data-drift, Sev 2"),
        ),
        (
            (ON_BLUE, ASKED, YES),
            ("R-7 on A-1 is approved", "A-1 is open: data-drift, Sev 2"),
        ),
        ((GONE, ASKED), ("R-7 on A-1 waits for approval",)),
        ((GONE, replace(ASKED, expires_at=NOW)), ()),
        ((GONE, ASKED, NO), ()),
        ((GONE, ASKED, YES, DONE), ()),
        ((OVER,), ("A-1 is over, but no decision on it is on record",)),
        ((OVER, BREACHED), ("A-1 is over, but no decision on it is on record",)),
    ],
    ids=[
        *("open", "missed monitor", "uncollected", "signals", "asked", "approved"),
        *("outlives its alert", "expired", "rejected", "carried out"),
        *("undecided", "over"),
    ],
)
def test_each_reason_is_told(
    history: tuple[Event, ...], words: tuple[str, ...]
) -> None:
    assert words == reasons("blue", history)


def test_what_is_about_another_deployment_does_not_count() -> None:
    assert () == reasons("green", (ON_BLUE,))
    assert ("A-1 is open: data-drift, Sev 2",) == reasons("green", (FIRED,))


@pytest.mark.parametrize(
    ("deployment", "alerts", "traffic", "counts"),
    [
        ("green", (ON_BLUE,), {"blue": 100, "green": 0}, False),
        ("GREEN", (ON_BLUE,), {"blue": 100}, False),
        ("Green", (ON_BLUE,), {"blue": 90, "green": 10}, True),
        ("green", (ON_BLUE,), None, True),  # who served is not known
        ("green", (FIRED,), {"blue": 100}, True),  # of the endpoint as a whole
        ("Blue", (ON_BLUE,), {"green": 100}, True),
        ("green", (), {"blue": 100}, True),
    ],
)
def test_signals_of_another_deployment_do_not_hold_up_its_successor(
    deployment: str,
    alerts: tuple[Event, ...],
    traffic: dict[str, int] | None,
    *,
    counts: bool,
) -> None:
    """
    While blue is broken, green is what mends it, and its pipeline asks at 0 %.
    """
    state = None if traffic is None else replace(ASKED.captured, traffic=traffic)
    seen = replace(BREACHED, state=state)

    told = reasons(deployment, (*alerts, seen))

    assert counts == any("the last signals of A-1" in why for why in told)


def test_who_has_the_endpoint_is_told_first() -> None:
    locked = reasons("blue", (ON_BLUE,), (LOCK,))
    held = reasons("blue", (), (HELD,))

    assert "Priya Raman locked the endpoint" in locked[0]
    assert "month end" in locked[0]
    assert held[0].startswith("R-3 holds the endpoint")


@pytest.mark.parametrize(
    ("asked", "green", "whole", "words"),
    [
        ("green", "Succeeded", "Succeeded", ()),
        ("GREEN", "Succeeded", "Succeeded", ()),
        ("pink", "Succeeded", "Succeeded", ("pink is not deployed on", "is green")),
        ("green", "Failed", "Succeeded", ("the deployment green is Failed",)),
        ("green", "Succeeded", "Updating", ("loan-prescreening itself is Updating",)),
    ],
)
def test_what_azure_serves_speaks_too(
    asked: str, green: str, whole: str, words: tuple[str, ...]
) -> None:
    """
    A pipeline with a slip of the pen in its deployment must not be told to go.
    """
    state = EndpointState(
        at=NOW,
        traffic={},
        deployments=(Deployment(name="green", provisioning_state=green),),
        provisioning_state=whole,
        digest="",
    )
    live = tuple(gate.standing(WATCHED, asked, state))
    found = gate.answer(WATCHED, asked, [], LEDGER, number="G-1", now=NOW, live=live)

    assert live == found.reasons
    assert found.passed == (not words)
    assert all(w in " ".join(live) for w in words)
