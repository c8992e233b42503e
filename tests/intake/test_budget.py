"""Never more than Teams takes, and always room for a Sev0."""

from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.teams.throttle import PER_CONVERSATION, Throttle
from bot.worker.budget import PLAIN, URGENT, Budget

asked = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=300)


@given(asked)
def test_what_the_budget_lets_through_teams_does_too(
    asked: list[tuple[float, bool]],
) -> None:
    budget, teams = Budget(), Throttle()
    now = 0.0
    for pause, urgent in asked:
        now += pause
        if budget.wait("c", now, urgent=urgent) == 0:
            budget.count("c", now)
            assert 0 == teams.wait("c", now)


@given(asked)
def test_waiting_as_long_as_it_says_is_enough(
    asked: list[tuple[float, bool]],
) -> None:
    budget = Budget()
    now = 0.0
    for pause, urgent in asked:
        now += pause + budget.wait("c", now + pause, urgent=urgent) + 1e-6
        assert 0 == budget.wait("c", now, urgent=urgent)
        budget.count("c", now)


def test_plain_messages_leave_room_in_every_window() -> None:
    """
    Whatever was sent before, a Sev0 may go at once, and an answer to a person after it.
    """
    limits = zip(PLAIN, URGENT, PER_CONVERSATION, strict=True)
    for plain, urgent, theirs in limits:
        assert plain[0] < urgent[0] < theirs[0]
        assert {plain[1]} == {urgent[1]} | {theirs[1]}
