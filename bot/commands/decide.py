"""Record what the people responsible make of an incident."""

import re
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import get_args

from bot.commands import Ask, Command, Words
from bot.commands.naming import bare, first_word, named, reason_in, unquoted, within
from bot.commands.when import until
from bot.incident import Choice, DecisionRecorded, Event, Refused

CHOICES: tuple[Choice, ...] = get_args(Choice)
HOLDS = timedelta(days=30)  # where nothing else is said
LONGEST_DAYS = 366
REASON_LIMIT = 500
_SPAN = re.compile(
    r"\s*\b(?:for|until)\s+(\d{1,4})\s*(d|days?|w|weeks?|months?)\s*\.?\s*$",
    re.IGNORECASE,
)
_DAYS = {"d": 1, "w": 7, "m": 30}  # by the first letter
_UNTIL = re.compile(r"[\s,;]*\b(until|till|til)\s+(\S[^;]*)$", re.IGNORECASE)


def _words(rest: str) -> Words:
    incident, tail = named(rest)
    choice, reason = _choice(tail)
    days = ""
    if found := _SPAN.search(reason):
        days = str(int(found[1]) * _DAYS[found[2][0].lower()])
        reason = reason[: found.start()]
    return {
        "incident": incident,
        "choice": choice,
        "reason": unquoted(reason),
        "days": days,
    }


def _choice(text: str) -> tuple[str, str]:
    """Return what is chosen, as we write it where we know it, and the reason."""
    first, rest = first_word(text)
    if rest and bare(first).lower() in ("to", "as", "it", "is", ""):
        first, rest = first_word(rest)
    word = bare(first).lower().replace("_", "-")
    second, behind = first_word(rest)
    if word == "false" and bare(second).lower() in ("positive", "alarm"):
        word, rest = "false-positive", behind
    return word, re.sub(r"^[:;,]\s*|^[\u2013\u2014-]+\s+", "", rest)


def decide(ask: Ask) -> tuple[Event, ...]:
    """Return the record: a choice, why, and until when it holds."""
    given = ask.words.get("choice", "").lower().replace("_", "-")
    choice = next((c for c in CHOICES if c == given), None)
    if choice is None:
        near = get_close_matches(given, CHOICES, n=1, cutoff=0.6)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise Refused(f"Decide one of: {', '.join(CHOICES)}.{hint}")
    end, reason = _holds(ask)
    if not reason:
        raise Refused("Say why: the record needs a reason.")
    if not ask.now < end <= ask.now + timedelta(days=LONGEST_DAYS):
        raise Refused(f"A decision holds for 1 to {LONGEST_DAYS} days.")
    record = DecisionRecorded(
        at=ask.now,
        by=ask.actor,
        choice=choice,
        reason=within(reason, REASON_LIMIT),
        expires_at=end,
    )
    return (record,)


def _holds(ask: Ask) -> tuple[datetime, str]:
    """Return until when it holds, and the reason without the words that say so.

    A dialog sends the days apart; who types may end with a day: "until 31 Jan".
    """
    reason, days = ask.words.get("reason", "").strip(), ask.words.get("days", "")
    if days and not (days.isascii() and days.isdigit()):
        raise Refused("For how many days does it hold? A whole number.")
    if not days and (found := _UNTIL.search(reason)):
        zone = ask.watch.channels[ask.endpoint.channel].zone
        end, behind = until(f"until {found[2]}", ask.now, zone)
        if end and not behind.strip(" ."):
            return end, reason_in(reason[: found.start()].strip())
    return ask.now + timedelta(days=int(days[:5] or HOLDS.days)), reason_in(reason)


COMMANDS = (
    Command(
        verb="decide",
        usage=f"decide <incident> <{' | '.join(CHOICES)}> <reason> "
        "[for <n> days | until <day>]",
        does="records what you make of an incident",
        about="incident",
        roles=frozenset({"owner", "risk"}),
        words=_words,
        decide=decide,
        examples=(
            "decide 42 retrain incomes have changed for good",
            "decide 42 accept known season for 14 days",
            "decide 42 threshold the limit is too tight until 31 Jan",
        ),
    ),
)
