"""The faults that can meet a rollback, by their names, and where each is tried.

`runs` of a fault says how often it is to be tried before the answer is believed: a test
does so once, `make faults` as often as is said.
"""

import json

from tests.conftest import FIXTURES

FAULTS = json.loads((FIXTURES / "azure" / "faults.json").read_text("utf-8"))
_KILLS = "test_kill.test_a_kill_at_every_await_leaves_one_put_and_the_truth"
COVERED = {
    "kill-approve.after_audit_before_put": _KILLS,
    "kill-rollback.after_put_before_store": _KILLS,
    "kill-rollback.during_lro_poll": _KILLS,
    "sigterm-inflight": "test_matrix.test_told_to_stop_it_hands_the_move_over",
    "two-instances": "test_matrix.test_two_executors_send_one_put",
    "token-fail": "test_matrix.test_an_identity_that_fails_delays_and_changes_nothing",
    "token-expires-mid": "test_matrix.test_a_token_may_run_out_while_azure_works",
    "arm-429": "test_faults.test_what_azure_refuses_is_told_as_not_done",
    "lro-stuck": (
        "test_faults.test_a_stuck_operation_is_nobodys_success_and_holds_the_endpoint"
    ),
    "lro-succeeded-but-traffic-differs": (
        "test_faults.test_an_operation_that_ends_badly_is_told_as_not_done"
    ),
    "put-timeout-applied": (
        "test_faults.test_a_change_that_arrived_without_an_answer_is_read_back"
    ),
    "traffic-changed-between": "test_matrix.test_what_changes_after_the_put_is_told",
    "deployment-gone": (
        "test_faults.test_the_executor_refuses_a_world_that_was_not_approved"
    ),
    "endpoint-updating": (
        "test_faults.test_the_executor_refuses_a_world_that_was_not_approved"
    ),
    "clock-back": ("test_machine.test_no_way_around_the_rules_in_ten_thousand_steps"),
}


def runs(test: str) -> int:
    """Return how often a test has to run for the faults that it stands for, 1 for none."""
    named = {i for i, place in COVERED.items() if place.split(".")[1] == test}
    return max((int(f["runs"]) for f in FAULTS if f["id"] in named), default=1)
