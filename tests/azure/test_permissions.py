"""Which rights a set of role assignments adds up to."""

from collections.abc import Sequence
from typing import Any

import pytest

from bot.azure.permissions import HARMFUL, MOVES, READS, WRITE, held

OWNER = {"actions": ["*"], "notActions": []}
READER = {"actions": ["*/read"], "notActions": []}
CAREFUL = {"actions": ["Microsoft.MachineLearningServices/*"], "notActions": [WRITE]}


@pytest.mark.parametrize(
    ("permissions", "wanted", "expected"),
    [
        ([OWNER], MOVES | HARMFUL, MOVES | HARMFUL),
        ([READER], READS | {WRITE}, READS),
        ([CAREFUL], MOVES, MOVES - {WRITE}),
        ([CAREFUL, OWNER], MOVES, MOVES),  # one role withholds only for itself
        ([{"actions": [WRITE.upper()]}], {WRITE}, {WRITE}),
        ([{"actions": [WRITE + "/x"]}, {"actions": None}, {}], {WRITE}, set()),
        ([{"actions": ["Microsoft.Insights/metrics.read"]}], READS, set()),
        ([], MOVES, set()),
    ],
)
def test_rights_add_up_as_azure_adds_them(
    permissions: Sequence[dict[str, Any]], wanted: set[str], expected: set[str]
) -> None:
    assert expected == held(permissions, wanted)
