"""Adaptive Cards: each module renders one, a pure function of what it is given.

There is one message an incident for its whole life; `show` picks what it shows.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cards import (
    acknowledged,
    approval,
    escalated,
    firing,
    outcome,
    resolved,
    retraining,
    snoozed,
    working,
)
from cards.view import Links, Rendered, Stage, View

__all__ = ["Links", "Rendered", "Stage", "View", "show"]

_STAGES: Final[Mapping[Stage, Callable[[View], Rendered]]] = {
    "firing": firing.render,
    "escalated": escalated.render,
    "acknowledged": acknowledged.render,
    "snoozed": snoozed.render,
    "approval": approval.render,
    "working": working.render,
    "retraining": retraining.render,
    "outcome": outcome.render,
    "undecided": resolved.render,
    "resolved": resolved.render,
}


def show(view: View) -> Rendered:
    """Return what the incident's one message shows now."""
    return _STAGES[view.stage](view)
