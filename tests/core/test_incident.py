"""An incident is the fold of its history, in whatever order the notices came."""

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from bot.consequences import follow
from bot.incident import (
    Acknowledged,
    Actor,
    CardShown,
    EvaluateSignals,
    MarkInAzure,
    Reply,
    ShowCard,
    StartClocks,
)
from tests.conftest import NOW
from tests.incidents import NEW, received

PRIYA = Actor("t", "o-1", "Priya Raman")
LATER = NOW + timedelta(hours=1)


def test_the_final_state_does_not_depend_on_the_order_of_delivery() -> None:
    """
    Action groups deliver Resolved before Fired, and Fired again after Resolved.
    """
    notices = [
        received(status="firing"),
        received(status="firing"),
        received(status="resolved"),
    ]

    found = {NEW.having(*order).status for order in permutations(notices)}

    assert {"resolved"} == found


def test_a_condition_that_fires_anew_is_firing() -> None:
    incident = NEW.having(
        received(), received(status="resolved"), received(starts_at=LATER)
    )

    assert "firing" == incident.status


def test_it_is_resolved_when_all_its_conditions_are() -> None:
    incident = NEW.having(
        received(), received(fingerprint="f-2"), received(status="resolved")
    )

    assert "firing" == incident.status
    done = incident.having(received(fingerprint="f-2", status="resolved"))
    assert "resolved" == done.status


@given(st.permutations(range(6)), st.integers(1, 6))
def test_repeats_change_nothing(order: list[int], times: int) -> None:
    """
    The same delivery arrives up to six times.
    """
    notices = [received(fingerprint=f"f-{n}") for n in order for _ in range(times)]

    incident = NEW.having(*notices)

    assert 6 == len(incident.alerts)
    assert () == follow(incident, (notices[0],))


def test_a_new_alert_is_looked_into_and_shown() -> None:
    effects = [f.effect for f in follow(NEW, (received(),))]

    assert [ShowCard(), EvaluateSignals(), StartClocks(1)] == effects


def test_an_acknowledgement_is_told_to_the_thread() -> None:
    incident = NEW.having(received())

    effects = [f.effect for f in follow(incident, (Acknowledged(at=NOW, by=PRIYA),))]

    assert [ShowCard(), Reply(2), MarkInAzure(2)] == effects


def test_showing_the_card_does_not_ask_to_show_the_card() -> None:
    shown = CardShown(at=NOW, conversation="c", activity="1", revision=1)

    assert () == follow(NEW.having(received()), (shown,))
