"""Every card as the JSON that somebody has looked at.

After a wanted change: `WATCHKEEPER_GOLDENS=write pytest tests/cards/test_goldens.py`,
then look at the diff and at the pictures that `python -m tests.cards.screenshots` makes.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.incident import EffectParked
from cards import (
    Rendered,
    alerts,
    approvals,
    dialogs,
    digest,
    dry_run,
    error,
    evidence,
    evidence_list,
    frame,
    help,  # noqa: A004
    looking,
    more,
    owner,
    parked,
    reminder,
    show,
    superseded,
    unresolved,
)
from tests.cards import samples
from tests.cards.rollbacks import MORE

HERE = Path(__file__).parent
LINES = HERE.parent / "fixtures/cards/lines.json"
WRITE = os.environ.get("WATCHKEEPER_GOLDENS") == "write"
CARDS: Mapping[str, Callable[[], Rendered]] = {
    **{
        name: lambda name=name: show(samples.view(name))  # type: ignore[misc]
        for name in samples.HISTORIES
    },
    **{
        name: lambda history=history: show(samples.view(history))  # type: ignore[misc]
        for name, history in MORE.items()
    },
    "retraining-for-a-viewer": lambda: show(
        samples.view(MORE["retraining"], viewer=samples.OMAR)
    ),
    "approvals": lambda: approvals.render(
        [samples.view(MORE["retraining-and-rollback"]), samples.view("approval")],
        samples.after(22),
    ),
    "approval-for-a-viewer": lambda: show(
        samples.view("approval", viewer=samples.OMAR)
    ),
    "approval-of-two": lambda: show(
        samples.view(
            (
                *samples.HISTORIES["approval"][:-1],
                replace(samples.requested, approvals_needed=2),
                samples.approved,
            )
        )
    ),
    "evidence": lambda: evidence.render(samples.view("rolled-back"), "9f2c41d0" * 8),
    "evidence-too-little-data": lambda: evidence.render(
        samples.view("firing-too-little-data")
    ),
    "evidence-without-report": lambda: evidence.render(samples.view("firing-latency")),
    "help": lambda: help.render(samples.HELP, samples.NOTE),
    "alerts": lambda: alerts.render(
        [samples.view(n) for n in ("firing", "acknowledged", "approval", "working")],
        samples.after(161),
    ),
    "alerts-none": lambda: alerts.render([], samples.after(161), "loan-screening"),
    "error": lambda: error.render(
        "You asked for this rollback, so someone else has to approve it.",
        asked="Approve rollback",
        id="R-7",
        who=("Priya Raman", "Mei Chen"),
        reference="7c1f-40aa",
    ),
    "error-unknown-command": lambda: error.render(
        "I do not know \u201crolback\u201d. Did you mean: rollback loan-screening?"
    ),
    "status": lambda: samples.status("firing", "approval"),
    "status-unknown": lambda: samples.status(known=False),
    "dry-run": lambda: dry_run.render(samples.view("firing"), samples.requested),
    "superseded": lambda: superseded.render(samples.view("acknowledged")),
    "digest": lambda: digest.render(samples.DAY),
    "digest-calm": lambda: digest.render(
        digest.Day(
            now=samples.FIRED, watched=14, open=(), fired=0, resolved=0, rollbacks=0
        )
    ),
    "more": lambda: more.render(samples.WAITING, ("A-3", "A-31"), samples.after(12)),
    "more-of-hundreds": lambda: more.render(samples.HUNDREDS, (), samples.after(12)),
    "more-none": lambda: more.render([], ("A-3", "A-31"), samples.after(42)),
    "health": samples.served_for,
    "health-unknown": lambda: samples.served_for(known=False),
    "drift": lambda: samples.drifted(samples.report()),
    "drift-explained": lambda: samples.drifted(samples.EXPLAINED),
    "drift-of-one": lambda: samples.drifted(samples.report(), "annual"),
    "looking": lambda: looking.render("health", "loan-screening"),
    "drift-unknown": lambda: samples.drifted(
        None, signals="The reference data could not be read."
    ),
    "access": samples.reached,
    "access-unknown": lambda: samples.reached(known=False),
    "owner": lambda: owner.render(
        samples.watch(tier=1).endpoints[0], samples.watch(), samples.FIRED
    ),
    "evidence-list": lambda: evidence_list.render(
        [samples.view(n) for n in ("firing", "resolved", "firing-latency")],
        "loan-risk",
        (samples.after(-7 * 24 * 60), samples.after(161)),
        samples.after(161),
    ),
    "help-of-one": lambda: help.one(
        "snooze <incident> <duration> <reason>",
        "lets it sleep: nobody is reminded until then",
        ("snooze 42 2h partner feed is late", "snooze 42 until tomorrow 9:00 fixed"),
        ("operator", "owner"),
    ),
    "dialog-snooze": lambda: dialogs.snooze(samples.view("firing")),
    "dialog-assign": lambda: dialogs.assign(samples.view("firing")),
    "dialog-note": lambda: dialogs.note(samples.view("firing")),
    "reminder": lambda: reminder.render(samples.view("escalated"), samples.escalated),
    "reminder-elsewhere": lambda: reminder.render(
        samples.view("escalated"), samples.escalated, elsewhere=True
    ),
    "smaller": lambda: frame.smaller(
        show(samples.view("firing")),
        "https://watchkeeper.contoso.example/evidence/A-42",
    ),
    "unresolved": lambda: unresolved.render(
        [
            (samples.after(n), f"not on the watch list: cpu-high (churn-scoring-{n})")
            for n in reversed(range(14))
        ],
        samples.after(30),
    ),
    "unresolved-none": lambda: unresolved.render([], samples.after(30)),
    "parked": lambda: parked.render(samples.view("firing-parked")),
    "parked-late": lambda: parked.render(
        samples.view("firing-alone"),
        EffectParked(
            at=samples.after(16),
            effect="ShowCard",
            reason="Teams failed with 503; it may be posted. 11 more wait there.",
            for_good=False,
        ),
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_as_it_was_looked_at(name: str) -> None:
    """
    A card is what people see; no word of it may change by accident.
    """
    card = CARDS[name]().card
    path = HERE / f"{name}.json"
    if WRITE:
        path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")

    assert json.loads(path.read_text()) == card


def test_notification_lines_are_as_they_were_read() -> None:
    """
    The line in the notification and the plain text are all that some people see.
    """
    lines = {n: [r.summary, r.text] for n, r in ((n, c()) for n, c in CARDS.items())}
    if WRITE:
        LINES.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n")

    assert json.loads(LINES.read_text()) == lines


def test_every_golden_has_its_card() -> None:
    """
    A golden that nothing renders any more would be looked at for nothing.
    """
    assert {p.stem for p in HERE.glob("*.json")} == set(CARDS)
