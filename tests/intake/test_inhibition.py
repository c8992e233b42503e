"""What explains what, and that nothing is hidden which stands alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incident import AlertReceived, Incident, Kind
from bot.triage.inhibition import COLLECTION, TOLERANCE, cause, doubted
from tests.cards import samples
from tests.conftest import NOW
from tests.incidents import ENDPOINT, alert

KINDS = get_args(Kind)


def incident(key: str, kind: str, minutes: float = 0, **changes: Any) -> Incident:
    """Return an incident of one alert that began some minutes after NOW."""
    at = NOW + timedelta(minutes=minutes)
    told = replace(alert(kind=kind, fingerprint=key, starts_at=at), **changes)
    event = AlertReceived(at=at, alert=told, delivery="d")
    return Incident(
        id=key, group_key=f"{ENDPOINT} {kind}", endpoint=ENDPOINT, history=(event,)
    )


DOWN = incident("A-1", "availability")
BAD = incident("A-2", "data-quality")


@pytest.mark.parametrize(
    ("hidden", "others", "by"),
    [
        (incident("A-9", "data-drift", 10), [DOWN, BAD], "A-1"),
        (incident("A-9", "data-quality", 10), [DOWN], "A-1"),
        (incident("A-9", "prediction-drift", 10), [BAD], "A-2"),
        (incident("A-9", "prediction-drift", 10), [BAD, DOWN], "A-1"),
        (incident("A-9", "prediction-drift", -10), [BAD], "A-2"),
    ],
)
def test_a_consequence_is_explained_by_its_cause(
    hidden: Incident, others: list[Incident], by: str
) -> None:
    found = cause(hidden, others)
    assert found is not None
    assert by == found.incident
    assert found.reason


@pytest.mark.parametrize(
    ("hidden", "others"),
    [
        (incident("A-9", "data-drift", 10), [BAD]),  # bad data is no reason to drift
        (incident("A-9", "errors", 10), [DOWN]),
        (incident("A-9", "data-drift", -60), [DOWN]),  # it drifted before
        (incident("A-9", "data-drift", 10, severity=0), [DOWN]),
        (incident("A-9", "data-drift", 10), [replace(DOWN, endpoint="/elsewhere")]),
        (
            incident("A-9", "data-drift", 10),
            [incident("A-1", "availability", status="resolved")],
        ),
    ],
)
def test_what_stands_alone_is_shown(hidden: Incident, others: list[Incident]) -> None:
    """
    A hidden alert that nobody else explains would be a lost one.
    """
    assert cause(hidden, others) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(-60, 60), st.integers(0, 4)),
        min_size=1,
        max_size=8,
    )
)
def test_somebody_is_always_told(found: list[tuple[str, int, int]]) -> None:
    """
    Incidents must not hide each other in a circle.
    """
    every = [
        incident(f"A-{n}", kind, minutes, severity=severity)
        for n, (kind, minutes, severity) in enumerate(found)
    ]
    causes = {i.id: cause(i, every) for i in every}
    for one in every:
        seen = [one.id]
        while behind := causes[seen[-1]]:
            assert behind.incident not in seen
            seen.append(behind.incident)
        assert causes[seen[-1]] is None


def test_no_drift_is_not_known_while_no_data_is_collected() -> None:
    """
    An empty window has no drift in it; that is no comfort.
    """
    calm = replace(samples.report(), verdict="not breached", sentence="No drift.")
    broken = incident("A-7", "silence", rule=COLLECTION)
    over = incident("A-7", "silence", rule=COLLECTION, status="resolved")

    assert "not enough data" == doubted(calm, [broken]).verdict
    assert "A-7" in doubted(calm, [broken]).sentence
    assert calm == doubted(calm, [over, DOWN])
    drifted = replace(calm, verdict="breached")
    assert drifted == doubted(drifted, [broken])
    assert timedelta() < TOLERANCE
