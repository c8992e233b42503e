"""Record what the people responsible make of an incident."""

import re
from datetime import timedelta
from typing import get_args

from bot.commands import Ask, Command, Words
from bot.commands.reading import first_word, unquoted
from bot.incident import Choice, DecisionRecorded, Event, Refused

CHOICES: tuple[Choice, ...] = get_args(Choice)
HOLDS = timedelta(days=30)  # where nothing else is said
LONGEST_DAYS = 366
_UNTIL = re.compile(r"\s*\b(?:for|until)\s+(\d{1,4})\s*(?:d|days?)\s*$", re.IGNORECASE)


def _words(rest: str) -> Words:
    incident, tail = first_word(rest)
    choice, reason = first_word(tail)
    days = ""
    if found := _UNTIL.search(reason):
        days, reason = found[1], reason[: found.start()]
    return {
        "incident": incident,
        "choice": choice,
        "reason": unquoted(reason),
        "days": days,
    }


def decide(ask: Ask) -> tuple[Event, ...]:
    """Return the record: a choice, why, and until when it holds."""
    given = ask.words.get("choice", "").lower().replace("_", "-")
    choice = next((c for c in CHOICES if c == given), None)
    if choice is None:
        raise Refused(f"Decide one of: {', '.join(CHOICES)}.")
    reason = ask.words.get("reason", "").strip()
    if not reason:
        raise Refused("Say why: the record needs a reason.")
    given_days = ask.words.get("days", "")
    if given_days and not (given_days.isascii() and given_days.isdigit()):
        raise Refused("For how many days does it hold? A whole number.")
    days = int(given_days[:5] or HOLDS.days)
    if not 0 < days <= LONGEST_DAYS:
        raise Refused(f"A decision holds for 1 to {LONGEST_DAYS} days.")
    record = DecisionRecorded(
        at=ask.now,
        by=ask.actor,
        choice=choice,
        reason=reason[:500],
        expires_at=ask.now + timedelta(days=days),
    )
    return (record,)


COMMANDS = (
    Command(
        verb="decide",
        usage=f"decide <incident> <{' | '.join(CHOICES)}> <reason> [for <n> days]",
        does="records what you make of an incident",
        about="incident",
        roles=frozenset({"owner", "risk"}),
        words=_words,
        decide=decide,
        examples=(
            "decide 42 retrain incomes have changed for good",
            "decide 42 accept known season for 14 days",
        ),
    ),
)
