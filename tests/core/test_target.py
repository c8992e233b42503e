"""Where a rollback goes when nobody names it: back to what served well, or nowhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.approval.preconditions import Surroundings
from bot.approval.proposal import Served, last_calm, propose
from bot.incident import (
    Deployment,
    RollbackAsked,
    RollbackImpossible,
    RollbackRequested,
)
from bot.watch import Endpoint
from tests.conftest import NOW
from tests.core.test_commands import JONAS, STATE
from tests.incidents import ENDPOINT

NAMES = ("blue", "Green", "old")
LIVE = replace(
    STATE,
    traffic={"blue": 90, "Green": 10},
    deployments=tuple(
        Deployment(name=n, model=f"m:{n}", provisioning_state="Succeeded")
        for n in NAMES
    ),
)


def served(**shares: tuple[float, ...]) -> Served:
    """Return requests a minute by hour, the newest last, ended at `NOW`."""
    return {
        name: [
            (NOW - timedelta(hours=len(each) - n), requests)
            for n, requests in enumerate(each)
        ]
        for name, each in shares.items()
    }


def ago(first: int, last: int) -> tuple[object, object]:
    """Return an incident from `first` to `last` hours ago."""
    return (NOW - timedelta(hours=first), NOW - timedelta(hours=last))


@pytest.mark.parametrize(
    ("history", "incidents", "target"),
    [
        (served(Green=(90, 90, 5), blue=(10, 10, 95)), [], "Green"),
        (served(GREEN=(90, 90, 5), blue=(10, 10, 95)), [], "Green"),
        # one name in two spellings is one deployment
        (served(green=(30, 0), GREEN=(30, 0), blue=(40, 9)), [], "Green"),
        # while an incident was open, whoever served is no proof
        (served(old=(90, 0, 0), Green=(0, 90, 0), blue=(0, 0, 9)), [ago(2, 1)], "old"),
        (served(Green=(90, 0), blue=(0, 90)), [ago(9, 0)], ""),
        # half of it is no majority, and no traffic is none
        (served(Green=(50, 0), blue=(50, 9)), [], ""),
        (served(Green=(0, 0), blue=(0, 9)), [], ""),
        # deleted meanwhile; the one before it is still there
        (served(old=(9, 0, 0), gone=(0, 9, 0), blue=(0, 0, 9)), [], "old"),
        (served(gone=(9, 9), blue=(0, 1)), [], ""),
        # the one that serves now is no way back
        (served(blue=(9, 9, 9)), [], ""),
        ({}, [], ""),
    ],
)
def test_it_goes_back_to_the_last_that_served_most_while_all_was_well(
    history: Served, incidents: list[tuple[object, object]], target: str
) -> None:
    assert target == last_calm(history, incidents, LIVE)  # type: ignore[arg-type]


def _asked(target: str, listed: str, usual: str) -> str:
    """Return the target that comes of it, or why there is none."""
    found = propose(
        RollbackAsked(at=NOW, by=JONAS, reason="rates rose", target=target),
        2,
        Endpoint(id=ENDPOINT, owner="Priya", channel="c", rollback_target=listed),
        LIVE,
        (),
        request="R-1",
        now=NOW,
        around=Surroundings(usual=usual),
    )
    if isinstance(found, RollbackImpossible):
        return found.reason
    assert isinstance(found, RollbackRequested)
    assert {n: 100 if n == found.target else 0 for n in NAMES} == found.traffic
    return found.target


@pytest.mark.parametrize(
    ("target", "listed", "usual", "found"),
    [
        ("OLD", "green", "blue", "old"),
        ("", "GREEN", "old", "Green"),
        ("", "", "old", "old"),
        ("blue", "green", "", "blue"),  # all of it to the one that has most
        ("pink", "green", "old", "pink is not deployed; there is blue, Green, old"),
        ("", "pink", "old", "pink is not deployed; there is blue, Green, old"),
        ("", "", "", "name the deployment to move to; there is blue, Green, old"),
    ],
)
def test_who_is_named_goes_before_the_list_and_that_before_the_past(
    target: str, listed: str, usual: str, found: str
) -> None:
    assert found == _asked(target, listed, usual)


def test_of_two_the_other_one_is_meant_where_nothing_tells() -> None:
    """
    At three in the night a question costs minutes; two people see its name anyway.
    """
    two = replace(LIVE, traffic={"blue": 100}, deployments=LIVE.deployments[:2])
    asked = RollbackAsked(at=NOW, by=JONAS, reason="rates rose")
    listed = Endpoint(id=ENDPOINT, owner="Priya", channel="c")

    found = propose(asked, 2, listed, two, (), request="R-1", now=NOW)

    assert isinstance(found, RollbackRequested)
    assert "Green" == found.target
