"""Acknowledge: somebody is looking, the rest can go on with their work."""

from bot.commands import Ask, Command, Words
from bot.commands.naming import one, shortened, unquoted
from bot.incident import Acknowledged, Event, Refused

NOTE_LIMIT = 500


def _words(rest: str) -> Words:
    incident, note = one(rest)
    return {"incident": incident, "note": unquoted(note)}


def decide(ask: Ask) -> tuple[Event, ...]:
    incident = ask.incident
    if incident.status in ("undecided", "resolved"):
        raise Refused(f"{incident.id} is resolved; there is nothing to acknowledge.")
    if incident.acknowledgement:
        name = incident.acknowledgement.by.name
        at = f"{incident.acknowledgement.at:%H:%M} UTC"
        raise Refused(f"{incident.id} is already acknowledged by {name} since {at}.")
    note = shortened(ask.words.get("note", ""), NOTE_LIMIT)
    return (Acknowledged(at=ask.now, by=ask.actor, note=note),)


COMMANDS = (
    Command(
        verb="ack",
        usage="ack <incident> [note]",
        does="says that you are looking at it",
        about="incident",
        roles=frozenset({"operator", "owner", "approver"}),
        words=_words,
        decide=decide,
        examples=("ack 42", "ack 42 looks like the partner feed"),
    ),
)
