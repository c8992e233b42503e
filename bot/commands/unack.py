"""Give an incident back: nobody has it, and a snooze ends."""

from bot.commands import Ask, Command, Words
from bot.commands.naming import one, shortened, unquoted
from bot.incident import Event, Refused, Unacknowledged

NOTE_LIMIT = 500


def _words(rest: str) -> Words:
    incident, note = one(rest)
    return {"incident": incident, "note": unquoted(note)}


def decide(ask: Ask) -> tuple[Event, ...]:
    incident = ask.incident
    if incident.status not in ("firing", "acknowledged"):
        raise Refused(f"{incident.id} fires no more; there is nothing to give back.")
    if not incident.acknowledgement and not incident.snooze:
        raise Refused(f"{incident.id} is neither acknowledged nor snoozed.")
    note = shortened(ask.words.get("note", ""), NOTE_LIMIT)
    return (Unacknowledged(at=ask.now, by=ask.actor, note=note),)


COMMANDS = (
    Command(
        verb="unack",
        usage="unack <incident> [note]",
        does="gives it back: nobody has it, and a snooze ends",
        about="incident",
        roles=frozenset({"operator", "owner", "approver"}),
        words=_words,
        decide=decide,
        examples=("unack 42", "unack 42 back from lunch, still broken"),
    ),
)
