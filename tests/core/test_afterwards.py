"""Whose doing is what is seen after a move: ours alone, or somebody's since."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.incident import Change, Deployment, EndpointState, TrafficShifted
from bot.worker.watch import deployed_anew, touched
from tests.conftest import NOW
from tests.incidents import ENDPOINT

GREEN = Deployment(name="green", model="loan:13", provisioning_state="Succeeded")
STATE = EndpointState(
    at=NOW,
    traffic={"green": 100},
    deployments=(GREEN,),
    provisioning_state="Succeeded",
    digest="",
)
MOVED = TrafficShifted(
    at=NOW, request="R-1", before={"blue": 100}, after={"green": 100}, state=STATE
)
WRITE = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write"
LINE = Change(
    at=NOW + timedelta(minutes=3),
    operation=WRITE,
    status="Succeeded",
    resource=ENDPOINT,
    correlation="theirs",
)
BEGUN = replace(LINE, at=NOW - timedelta(seconds=9), status="Started", correlation="c")
LATE = replace(LINE, at=NOW + timedelta(seconds=9), correlation="c")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), False),
        ((LATE, BEGUN), False),  # newest first, as Azure's log is read
        ((LINE, LATE, BEGUN), True),
        ((replace(LINE, status="Failed"),), False),
        ((replace(LINE, operation=f"{WRITE.rsplit('/', 1)[0]}/read"),), False),
        ((replace(LINE, resource=f"{ENDPOINT}/deployments/blue"),), False),
        ((replace(LINE, resource=ENDPOINT.upper()),), True),
    ],
)
def test_our_own_operation_is_not_somebody_elses(
    lines: tuple[Change, ...], *, found: bool
) -> None:
    """
    Azure may write the end of our own operation down after we have read it back.
    """
    assert found == bool(list(touched(ENDPOINT, lines, MOVED)))


def test_another_model_on_the_target_is_told() -> None:
    newer = replace(STATE, deployments=(replace(GREEN, model="loan:16"),))

    assert [] == list(deployed_anew(MOVED, STATE))
    assert "green runs loan:16 by now" in next(deployed_anew(MOVED, newer))
