"""Every fault of Teams by its name, and the test that meets it.

`make faults` makes all the runs that the list asks for.
"""

from importlib import import_module

from tests.bench.teams import FAULTS, HOW

_SEND = "worker.test_teams_faults.test_a_failed_send_ends_in_one_card"
_FOR_GOOD = "worker.test_delivery.test_the_owner_is_told_what_the_channel_cannot_be"
COVERED = {
    "teams-429-ra": (
        "teams.test_failures.test_retry_after_is_honoured_in_that_conversation_alone"
    ),
    "teams-429-nora": _SEND,
    "teams-412": _SEND,
    "teams-500": _SEND,
    "teams-502": _SEND,
    "teams-503": _SEND,
    "teams-504": _SEND,
    "teams-413": "worker.test_delivery.test_a_card_too_big_for_teams_is_sent_smaller",
    "teams-403": _FOR_GOOD,
    "teams-404": _FOR_GOOD,
    "teams-401": "teams.test_failures.test_a_refused_token_is_fetched_again_once",
    "teams-timeout-after-accept": _SEND,
    "teams-reset": _SEND,
    "teams-slow-drip": "teams.test_failures.test_no_send_takes_longer_than_the_limit",
    "teams-starvation": (
        "intake.test_storm.test_a_storm_is_told_within_the_budget_and_the_worst_first"
    ),
    "teams-down-6h": "worker.test_outage.test_a_return_after_hours_brings_no_storm",
    "teams-update-gone": (
        "worker.test_teams_faults.test_a_deleted_card_is_posted_anew_once"
    ),
}
_LONG = {"teams-starvation", "teams-down-6h"}  # tests that `make faults` repeats


def test_no_fault_is_forgotten() -> None:
    assert set(FAULTS) == set(COVERED) == {*HOW, *_LONG}
    for place in COVERED.values():
        module, _, name = place.rpartition(".")
        assert hasattr(import_module(f"tests.{module}"), name), place
