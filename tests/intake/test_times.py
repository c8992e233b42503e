"""Alerts whose own clock cannot be believed."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.consequences import STALE, follow
from bot.incident import AlertReceived, ShowCard
from bot.worker.intake import AHEAD, KEPT_BY_AZURE, timed
from tests.conftest import NOW
from tests.incidents import NEW, alert


@given(st.timedeltas(min_value=-timedelta(days=900), max_value=timedelta(days=900)))
def test_no_start_lies_in_the_future_and_no_replay_calls_anybody(
    ago: timedelta,
) -> None:
    """
    A start in the year 2099 would hide every later alert of the same condition.
    """
    fired = timed(alert(starts_at=NOW + ago), NOW)
    event = AlertReceived(at=NOW, alert=fired, delivery="d")
    called = ShowCard() in [f.effect for f in follow(NEW, (event,))]

    assert fired.starts_at <= NOW + AHEAD
    assert called == (ago >= -KEPT_BY_AZURE)
    assert called != (STALE in fired.labels)


def test_a_late_resolved_is_never_stale() -> None:
    """
    A fault that lasted two months ends with a Resolved that carries the old start.
    """
    ended = timed(alert(status="resolved", starts_at=NOW - timedelta(days=60)), NOW)

    assert {} == ended.labels
